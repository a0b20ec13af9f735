"""What curl says with -v, as the outcomes that sockets would have given: with OpenSSL first, with NSS where that differs."""

from __future__ import annotations

import re

from whypull.probe.by_openssl import chain_in
from whypull.probe.few_tools import not_here
from whypull.probe.relays import failed, late
from whypull.probe.tls import go_refuses, rfc3339, worded
from whypull.probe.wire import as_proxy, safe_headers
from whypull.records import replace
from whypull.steps import Certificate, Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.probe.few_tools import Way
    from whypull.steps import Handshake

OPENED = re.compile(r"\* +(?:Connected to|Established connection)")
SHAKEN = re.compile(r"SSL connection using (\S+) / (\S+)")
_WANTS = re.compile(r"Request CERT \(13\)")
_VERIFY = re.compile(r"(?:SSL certificate problem|certificate verification failed|SSL certificate verify result): ([^\n(]+)")
_MISMATCH = re.compile(r"(?i)subject name matche?s? target|does not match target host|SAN matching|name does not match")
_REASON = re.compile(r"error:[0-9A-Fa-f]+:SSL routines:[^:\n]*:([^:,\n]+)")
TUNNEL = re.compile(
    r"CONNECT tunnel established|Proxy replied 200|Establish(?:ed)? HTTP proxy tunnel[^\n]*\n(?:[^\n]*\n)*?< HTTP/\S+ 200"
)
_WORDS = (
    ("connection reset by peer", "ECONNRESET", "connection reset by peer"),
    ("broken pipe", "EPIPE", "broken pipe"),
    ("ssl_error_syscall", "EOF", "EOF"),
    ("proxy connect aborted", "EOF", "EOF"),
    ("empty reply from server", "EOF", "EOF"),
)


def tunnelled(out: bytes, proxy: str) -> Outcome | None:
    """The proxy's answer to CONNECT, which comes first of all that curl prints; None where there is none."""
    head, end, _ = out.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    found = re.match(r"HTTP/\d\S* (\d{3}) ?(.*)", first)
    if not end or found is None:
        return None
    if found[1].startswith("2"):
        return Outcome(ok=True, peer=proxy, status=200)
    headers = tuple((n.strip().lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines))
    reason = found[2].strip()[:200]
    words = reason or f"status {found[1]}"
    return Outcome(ok=False, layer="proxy", text=words, status=int(found[1]), reason=reason, headers=safe_headers(headers))


def not_opened(way: Way, said: str, *, overdue: bool) -> Outcome:
    if OPENED.search(said) and not way.proxied:
        return not_here(f"this node's curl does not tell what failed: {_last(said)}")
    outcome = late(way.target) if overdue else failed(said, way.target, way.address)
    if not outcome.errno and outcome.layer == "tcp" and "Couldn't connect" in said:
        outcome = not_here(f"this node's curl does not tell why {way.target} cannot be reached")
    return as_proxy(outcome) if way.proxied and outcome.layer == "tcp" else outcome


def not_tunnelled(way: Way, said: str, *, overdue: bool) -> Outcome:
    """No answer of the proxy came: it was not reached, hung up, or is silent."""
    if not OPENED.search(said):
        return not_opened(way, said, overdue=overdue)
    errno, words = _broken(said)
    if errno:
        text = "EOF" if errno == "EOF" else f"awaiting the proxy's answer: {words}"
        return as_proxy(Outcome(ok=False, layer="proxy", text=text, errno="" if errno == "EOF" else errno))
    if overdue:
        return as_proxy(Outcome(ok=False, layer="proxy", text="awaiting the proxy's answer: i/o timeout", errno="ETIMEDOUT"))
    return not_here(f"this node's curl does not tell why the proxy opens no tunnel: {_last(said)}")


def shaken_by(out: bytes, said: str, way: Way, step: Handshake, name: str, *, overdue: bool, verify: bool) -> Outcome:
    """The handshake by curl's words."""
    if way.proxied:
        answer = tunnelled(out, step.proxy)
        if answer is None or not answer.ok:
            return answer or not_tunnelled(way, said, overdue=overdue)
    elif not OPENED.search(said):
        return not_opened(way, said, overdue=overdue)
    wants = bool(_WANTS.search(said))
    chain = chain_in(out.decode("utf-8", "replace")) or _leaf(said)
    refused = refusal(said, name) if verify else None
    if refused is not None:
        return replace(refused, chain=chain, wants_client_certificate=wants)
    shaken = SHAKEN.search(said)
    if shaken is None:
        return replace(not_shaken(said, overdue=overdue), wants_client_certificate=wants)
    lacking = _legacy(said, chain) if verify else ""
    return Outcome(
        ok=not lacking, layer="tls" if lacking else "", text=lacking, verify=lacking, version=shaken[1], cipher=shaken[2],
        chain=chain, wants_client_certificate=wants,
    )  # fmt: skip


def _legacy(said: str, chain: tuple[Certificate, ...]) -> str:
    """A certificate without names: curl takes its common name, as Go does not."""
    if chain and chain[0].sha256:
        return go_refuses(chain)
    return go_refuses((Certificate("", "", "", ""),)) if re.search(r"common name: .*\(matched\)", said) else ""


def refusal(said: str, name: str) -> Outcome | None:
    """A chain that does not verify, in OpenSSL's words, whichever library curl has."""
    found = _VERIFY.search(said)
    if found is not None and "continuing anyway" not in said:
        words = found[1].strip()[:200]
    elif _MISMATCH.search(said):
        what = "IP address" if re.fullmatch(r"[0-9.]+|.*:.*", name.strip("[]")) else "Hostname"
        words = f"{what} mismatch, certificate is not valid for '{name.strip('[]')}'."
    else:
        return None
    return Outcome(ok=False, layer="tls", text=f"certificate verify: {words}", verify=words)


def _leaf(said: str) -> tuple[Certificate, ...]:
    """The server's certificate as far as -v shows it: a curl before 7.88 prints no chain."""

    def line(name: str) -> str:
        found = re.search(rf"(?m)^\* +{name}: (.+?)\s*$", said)
        return found[1][:500] if found else ""

    subject, issuer = line("subject"), line("issuer")
    if not subject and not issuer:
        return ()

    def usual(text: str) -> str:
        return ",".join(reversed([part.strip() for part in re.split(r"[;,]\s*", text)]))

    return (
        Certificate(usual(subject), usual(issuer), rfc3339(line("start date")), rfc3339(line("expire date")),
                    self_signed=subject == issuer),
    )  # fmt: skip


def not_shaken(said: str, *, overdue: bool) -> Outcome:
    reason = _REASON.search(said)
    if reason is not None:
        return worded(reason[1])
    errno, words = _broken(said)
    if errno:
        return Outcome(ok=False, layer="tls", text=words, errno=errno)
    if re.search(r"(?i)record that exceeded|unexpected message|wrong version|packet was received", said):
        return worded("wrong version number")
    if overdue:
        return Outcome(ok=False, layer="tls", text="net/http: TLS handshake timeout", errno="ETIMEDOUT")
    return not_here(f"this node's curl does not tell why the handshake failed: {_last(said)}")


def _broken(said: str) -> tuple[str, str]:
    low = said.lower()
    return next(((errno, words) for sign, errno, words in _WORDS if sign in low), ("", ""))


def unanswered(said: str, outcome: Outcome) -> Outcome:
    """The connection stood, and no answer came."""
    reason = _REASON.search(said)
    if reason is not None and "eof" not in reason[1].lower():
        return Outcome(ok=False, layer="http", text=f"awaiting headers: {reason[1].strip().lower()}")
    errno, words = _broken(said)
    if errno == "EOF":
        return Outcome(ok=False, layer="http", text="EOF")
    if errno:
        return Outcome(ok=False, layer="http", text=f"awaiting headers: {words}", errno=errno)
    if "HTTP/0.9 when not allowed" in said:
        return Outcome(ok=False, layer="protocol", text="malformed HTTP response")
    # curl's end is not the registry's: only what curl says itself tells that the connection was closed.
    silent = outcome.errno == "ETIMEDOUT" or outcome.layer in {"protocol", "refused-by-us", "deadline"}
    return outcome if silent else not_here(f"this node's curl does not tell why no answer came: {_last(said)}")


def _last(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "it says nothing"
