"""Opens a TCP connection, or asks the system for a name; every failure is an outcome, in the words that Go has for it."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import threading
import time

from whypull.steps import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from whypull.steps import Resolve


def opened(
    address: str, port: int, until: float, segment: int = 0, road: Callable[[str, int], tuple[str, int]] | None = None
) -> socket.socket | Outcome:
    """A TCP connection to one address (or a name, where a proxy has one)."""
    try:
        return _dialled(*(road(address, port) if road else (address, port)), max(0.05, until - time.monotonic()), segment)
    except (OSError, UnicodeError, OverflowError) as e:
        failed = of_error(e, "tcp", f"dial tcp {joined(address, port)}")
        text = failed.text if failed.errno == "ETIMEDOUT" else failed.text.replace(": ", ": connect: ", 1)
        return Outcome(ok=False, layer="tcp", text=text, errno=failed.errno, peer=joined(address, port))


def _dialled(address: str, port: int, seconds: float, segment: int) -> socket.socket:
    literal = ":" in address or address.replace(".", "").isdigit()
    made = _to_literal(address, port, seconds, segment) if literal else socket.create_connection((address, port), timeout=seconds)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as Go does; else each request waits 40 ms for an old ACK
    return made


def _to_literal(address: str, port: int, seconds: float, segment: int) -> socket.socket:
    """A connection to an address; with `segment`, one over which the other side may send small segments only."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if segment:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
        made.settimeout(seconds)
        made.connect((address, port))
    except BaseException:
        made.close()
        raise
    return made


def looked_up(step: Resolve, until: float) -> Outcome:
    """The system's own way. In a thread of its own: getaddrinfo knows no deadline, and Ctrl-C cannot end it."""
    family = {"A": socket.AF_INET, "AAAA": socket.AF_INET6}.get(step.family, socket.AF_UNSPEC)
    found: list[Outcome] = []

    def look() -> None:
        try:
            answer = socket.getaddrinfo(step.host, None, family, socket.SOCK_STREAM)
            addresses = tuple(dict.fromkeys(str(info[4][0]) for info in answer))
            found.append(Outcome(ok=True, addresses=addresses, rcode="NOERROR"))
        except socket.gaierror as e:
            code = {socket.EAI_NONAME: "NXDOMAIN", socket.EAI_AGAIN: "SERVFAIL"}.get(e.errno or 0, "")
            found.append(Outcome(ok=False, layer="dns", text=f"lookup {step.host}: {e.strerror}", rcode=code))
        except (OSError, UnicodeError) as e:
            found.append(Outcome(ok=False, layer="dns", text=f"lookup {step.host}: {e}"))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(max(0.05, until - time.monotonic()))
    late = Outcome(ok=False, layer="dns", text=f"lookup {step.host}: i/o timeout", errno="ETIMEDOUT")
    return found[0] if found else late


def joined(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def of_error(error: Exception, layer: str, doing: str) -> Outcome:
    """An exception as an outcome, worded as Go's runtimes word it where both mean the same."""
    if isinstance(error, TimeoutError):
        return Outcome(ok=False, layer=layer, text=f"{doing}: i/o timeout", errno="ETIMEDOUT")
    if isinstance(error, ssl.SSLError):
        # Its errno is OpenSSL's own number, no system call's: an 8 is the other side's end, and no ENOEXEC.
        ended = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
        words = "EOF" if ended else (error.reason or str(error)).replace("_", " ").lower()
        return Outcome(ok=False, layer=layer, text=words if ended else f"{doing}: {words}", errno="EOF" if ended else "")
    code = errno.errorcode.get(getattr(error, "errno", 0) or 0, "")
    words = os.strerror(error.errno).lower() if isinstance(error, OSError) and code and error.errno else str(error)
    return Outcome(ok=False, layer=layer, text=f"{doing}: {words}", errno=code)
