"""One HTTP/1.1 exchange over a socket: bounded, nothing retried, nothing followed.

An HTTP client would retry, redirect and hide what a proxy or registry said; those are the evidence. An answer of the plain
kind (a whole head, one Content-Length) is read here; every other is h11's to judge (http1_odd.py): importing it costs 16 ms,
a fifth of a walk on loopback, and a test holds the two to the same answers.
"""

from __future__ import annotations

import time

from whypull.records import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

MOST_HEADER_BYTES = 64 * 1024
MOST_HEADERS = 200
CHUNK = 16 * 1024
_TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, or the words of why there is none."""

    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    cut: bool = False
    whole: bool = False  # the body came to its end
    problem: str = ""  # what broke the protocol, in words
    date: str = ""


def exchange(
    sock: socket.socket, method: str, target: str, headers: Sequence[tuple[str, str]], *, limit: int, deadline: float
) -> Answer:
    """Sends one request and reads its answer, at most `limit` bytes of body, until `deadline` (monotonic seconds).

    Raises TimeoutError and OSError as the socket does; a protocol that is broken is an Answer with a problem.
    """
    request = written(method, target, headers)
    if not request:
        return Answer(problem="the request cannot be written: a control character, or what is not ASCII, in it")
    sock.sendall(request)
    seen = bytearray()
    while b"\r\n\r\n" not in seen and len(seen) < MOST_HEADER_BYTES and b"HTTP".startswith(seen[:4]):
        sock.settimeout(left(deadline))
        data = sock.recv(CHUNK)
        if not data:
            if not seen:
                return Answer(problem="EOF")
            break
        seen += data
    plain = None if method == "CONNECT" else _plain_head(bytes(seen), method)
    if plain is None:
        from whypull.probe.http1_odd import judged  # noqa: PLC0415 - only what is odd

        return judged(sock, bytes(seen), method, target, headers, limit, deadline)
    return _with_body(sock, *plain, limit, deadline)


def written(method: str, target: str, headers: Sequence[tuple[str, str]]) -> bytes:
    """A request without a body as bytes; empty where something in it would be another line, or is not ASCII."""
    parts = [method, target, *(part for pair in headers for part in pair)]
    if not target or " " in target or not all(part.isascii() and part.isprintable() for part in parts):
        return b""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("ascii")


def _plain_head(seen: bytes, method: str) -> tuple[Answer, int, bytes] | None:
    """An answer with its head, the length of its body, and what of that came already; None for one that is not plain."""
    head, end, rest = seen.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    status = _plain_status(first)
    if not end or status is None or len(lines) >= MOST_HEADERS or len(head) > MOST_HEADER_BYTES:
        return None
    headers = tuple(pair for line in lines if (pair := _plain_field(line)))
    lengths = [value for name, value in headers if name == "content-length"]
    bodiless = method == "HEAD" or status[0] in {204, 304}
    odd = len(headers) != len(lines) or any(name in {"transfer-encoding", "upgrade"} for name, _ in headers)
    if odd or len(lengths) > 1 or not (bodiless or lengths) or not all(n.isdigit() and len(n) < 13 for n in lengths):
        return None
    date = next((value for name, value in headers if name == "date"), "")
    answer = Answer(status[0], status[1][:200], headers, whole=True, date=date)
    return answer, 0 if bodiless else int(lengths[0]), b"" if bodiless else rest


def _plain_status(line: bytes) -> tuple[int, str] | None:
    code, reason = line[9:12], line[13:]
    plain = line.startswith(b"HTTP/1.1 ") and code.isdigit() and b"200" <= code < b"600" and line[12:13] == b" "
    return (int(code), reason.decode("ascii")) if plain and _printable(reason) else None


def _plain_field(line: bytes) -> tuple[str, str] | None:
    name, colon, value = line.partition(b":")
    value = value.strip(b" \t")
    if not colon or not name or name.translate(None, _TOKEN) or not _printable(value):
        return None
    return name.decode("ascii").lower(), value.decode("ascii")


def _printable(text: bytes) -> bool:
    return text.isascii() and text.decode("ascii").isprintable()


def _with_body(sock: socket.socket, answer: Answer, length: int, rest: bytes, limit: int, deadline: float) -> Answer:
    """The answer with its body: whole, cut at the limit, or with the words of why it ended early."""
    body = bytearray(rest[:length])
    wanted = min(length, limit)
    problem = ""
    try:
        while len(body) < wanted:
            sock.settimeout(left(deadline))
            data = sock.recv(CHUNK)
            if not data:
                got = f"received {len(body)} bytes, expected {length}"
                problem = f"peer closed connection without sending complete message body ({got})"
                break
            body += data[: length - len(body)]
    except OSError as e:
        words = "i/o timeout" if isinstance(e, TimeoutError) else (e.strerror or str(e)).lower()
        problem = f"{words} after {len(body)} bytes of the body"
    cut = not problem and length > limit
    return replace(answer, body=bytes(body[:limit]), cut=cut, whole=not cut and not problem, problem=problem)


def left(deadline: float) -> float:
    """The seconds until a deadline. Raises TimeoutError where it has passed."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the deadline of this step has passed")
    return seconds
