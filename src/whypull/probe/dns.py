"""One question to one nameserver, with dnspython: the rcode, the CNAME chain and the addresses as they came.

No cache, no retry without EDNS, no second server: what a stub resolver would repair silently is what is looked for.
"""

from __future__ import annotations

import socket
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from whypull.records import replace
from whypull.steps import Outcome, Resolve

MOST_CNAMES = 16


def ask(step: Resolve, timeout: float) -> Outcome:
    """What one nameserver says of a host; never raises. `timeout` in seconds, for UDP and, where it was cut, TCP."""
    started = time.monotonic()
    address, _, port = step.server.partition("#")
    try:
        question = dns.message.make_query(step.host.rstrip(".") + ".", step.family or "A", use_edns=0, payload=1232)
        answer = _by_udp(question, address, int(port or 53), timeout)
        if answer.flags & dns.flags.TC:
            answer = dns.query.tcp(question, address, timeout=timeout, port=int(port or 53))
    except dns.exception.Timeout:
        return _failed(step, "i/o timeout", "ETIMEDOUT", started)
    except OSError as e:
        return _failed(step, f"read: {(e.strerror or str(e)).lower()}", _errno(e), started)
    except (dns.exception.DNSException, ValueError) as e:
        return _failed(step, f"server misbehaving: {type(e).__name__}", "", started)
    return _outcome(step, answer, started)


def _by_udp(question: dns.message.Message, address: str, port: int, timeout: float) -> dns.message.Message:
    """Over a connected socket, as a resolver asks: so a closed port is heard of (ICMP), and is no silence."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect((address, port))
        sock.setblocking(False)
        return dns.query.udp(question, address, timeout=timeout, port=port, sock=sock)


def ask_as_a_stub(host: str, servers: tuple[str, ...], search: tuple[str, ...], timeout: float) -> Outcome:
    """A and AAAA of a host as Go's resolver asks: the next server only where one is silent or fails, then the search list."""
    until = time.monotonic() + timeout
    names = [host] if "." in host else []
    names += [f"{host}.{domain}" for domain in search] if not host.endswith(".") else []
    first: Outcome | None = None
    for name in names or [host]:
        answer = Outcome(ok=False, layer="dns", text=f"lookup {host}: i/o timeout", errno="ETIMEDOUT")
        for number, server in enumerate(servers):
            left = max(0.05, (until - time.monotonic()) / (len(servers) - number))
            answer = _both(name, server, left)
            if answer.ok or answer.rcode in {"NXDOMAIN", "NOERROR"}:
                break
        if answer.ok:
            return answer
        first = first or answer
    assert first is not None
    return first


def _both(host: str, server: str, timeout: float) -> Outcome:
    four = ask(Resolve(host, "A", server), timeout / 2)
    six = ask(Resolve(host, "AAAA", server), timeout / 2) if four.rcode in {"NOERROR", "NXDOMAIN"} else four
    if not four.addresses and not six.addresses:
        return four
    return replace(four, ok=True, layer="", text="", addresses=four.addresses + six.addresses, ms=four.ms + six.ms)


def _outcome(step: Resolve, answer: dns.message.Message, started: float) -> Outcome:
    rcode = dns.rcode.to_text(answer.rcode())
    addresses, names = [], []
    for rrset in answer.answer:
        if rrset.rdtype == dns.rdatatype.CNAME:
            names += [str(r.target).rstrip(".") for r in rrset][:MOST_CNAMES]
        elif rrset.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}:
            addresses += [r.address for r in rrset]
    text = "" if addresses else {"NXDOMAIN": "no such host", "NOERROR": "no such host (NODATA)"}.get(rcode, "server misbehaving")
    return Outcome(
        ok=bool(addresses),
        layer="" if addresses else "dns",
        text=f"lookup {step.host} on {step.server}: {text}" if text else "",
        ms=round((time.monotonic() - started) * 1000),
        addresses=tuple(addresses[:64]),
        rcode=rcode,
        canonical=tuple(names[:MOST_CNAMES]),
        server=step.server,
    )


def _failed(step: Resolve, words: str, errno: str, started: float) -> Outcome:
    return Outcome(
        ok=False,
        layer="dns",
        text=f"lookup {step.host} on {step.server}: {words}",
        errno=errno,
        ms=round((time.monotonic() - started) * 1000),
        server=step.server,
    )


def _errno(error: OSError) -> str:
    import errno  # noqa: PLC0415

    return errno.errorcode.get(error.errno or 0, "")


# ---------------------------------------------------------------- for who carries the packets himself (a node's shell)


def question(step: Resolve) -> bytes:
    """The query of a step, as it goes over the wire."""
    asked = dns.message.make_query(step.host.rstrip(".") + ".", step.family or "A", use_edns=0, payload=1232)
    return asked.to_wire()


def answered(step: Resolve, wire: bytes, started: float) -> Outcome:
    """The outcome of an answer that came over the wire; bytes that are no DNS message are a misbehaving server."""
    try:
        return _outcome(step, dns.message.from_wire(wire), started)
    except (dns.exception.DNSException, ValueError) as e:
        return _failed(step, f"server misbehaving: {type(e).__name__}", "", started)


def unanswered(step: Resolve, words: str, errno: str, started: float) -> Outcome:
    """The outcome of a question that got no answer, with the words of why."""
    return _failed(step, words, errno, started)
