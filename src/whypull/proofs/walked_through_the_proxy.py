"""The walk asked the proxy for a tunnel, heard its own words, and tried the registry without it; or the other way round."""

from __future__ import annotations

import re

from whypull.addresses import kind
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import control, failed, quoted, shook, where
from whypull.steps import Connect, Handshake, Request, Resolve, Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.steps import Tried

# What becomes the proxy's host where the variable is written wrongly (golang.org/x/net/http/httpproxy, parseProxy).
_NO_HOST = re.compile(r"""https?|ftp|socks5?h?|.*["'$<>{}=,;].*|""", re.IGNORECASE)


def not_told(evidence: Evidence) -> Conclusion | None:
    """The registry is out of reach directly, and answers through a proxy that the runtime is not told of."""
    stop = failed(evidence)
    tunnel, shaken = control(evidence, "proxy", Tunnel), control(evidence, "proxy", Handshake)
    if stop is None or stop.role == "proxy" or not isinstance(stop.step, Resolve | Connect | Handshake):
        return None
    if tunnel is None or not tunnel.outcome.ok or not isinstance(tunnel.step, Tunnel) or not shook(shaken):
        return None
    words = (
        f"Directly, {where(stop)}: {stop.outcome.text}.",
        f"Through {tunnel.step.proxy}, which the runtime is not told of, the registry answers.",
    )
    return Conclusion("proxy.not-configured", "proved", words, args={"proxy": tunnel.step.proxy}, replaces=("*",))


def reached(evidence: Evidence) -> Conclusion | None:
    """The proxy's own name or port fails."""
    stop = failed(evidence)
    if stop is None or stop.role != "proxy" or not isinstance(stop.step, Resolve | Connect):
        return None
    words = [f"Tried {where(stop)}: {stop.outcome.text}.", *_direct(evidence)]
    cause = "proxy.unreachable"
    if _NO_HOST.fullmatch(stop.step.host):
        words.append(f'"{stop.step.host}" is no host: it is what Go makes of a proxy variable that it cannot parse.')
        cause = "proxy.misconfigured"
    return Conclusion(cause, "proved", tuple(words), args={"proxy": stop.step.host}, replaces=("*",))


def refused(evidence: Evidence) -> Conclusion | None:
    """The proxy answered CONNECT: a password, a refusal, or words that are not HTTP."""
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Tunnel):
        return None
    outcome, proxy = stop.outcome, stop.step.proxy
    asked = f"CONNECT {stop.step.host}:{stop.step.port}"
    if not outcome.status:
        return _no_http(evidence, stop, asked)
    words = (f'{proxy} answers {asked} with "{outcome.status} {outcome.reason}".', *_direct(evidence))
    cause = "proxy.denied"
    if outcome.status == 407:
        cause = "proxy.auth-required"
    elif shook(control(evidence, "proxy", Handshake)):
        cause = "proxy.bypass-missing"
    return Conclusion(cause, "proved", words, args={"proxy": proxy}, replaces=("*",))


def _no_http(evidence: Evidence, stop: Tried, asked: str) -> Conclusion:
    """What is no answer to CONNECT: the other scheme, proved by trying it; a proxy that closes."""
    assert isinstance(stop.step, Tunnel)
    proxy, text = stop.step.proxy, stop.outcome.text
    args = {"proxy": proxy}
    direct = _direct(evidence)
    plain = control(evidence, "scheme", Tunnel)
    if proxy.startswith("https://") and ("first record" in text or (plain is not None and plain.outcome.status)):
        words = (f"{proxy} does not speak TLS: {text}. Its URL has to begin with http://.", *direct)
        return Conclusion("proxy.misconfigured", "proved", words, args=args, replaces=("*",))
    other = control(evidence, "scheme", Handshake)
    if shook(other):
        words = (f"{proxy} does not answer {asked} ({text}), and speaks TLS: its URL has to begin with https://.", *direct)
        return Conclusion("proxy.misconfigured", "proved", words, args=args, replaces=("*",))
    if "certificate" in text or "x509" in text:
        words = (f"The proxy's own certificate is not trusted {where(stop)}: {text}.", *direct)
        return Conclusion("tls.unknown-authority", "likely", words, args=args, replaces=("*",))
    if stop.outcome.errno == "ETIMEDOUT":
        words = (f"{proxy} takes the connection and does not answer {asked}: {text}.", *direct)
        return Conclusion("proxy.denied", "likely", words, args=args, replaces=("*",))
    words = (f"{proxy} takes the connection, hears {asked}, and closes it: {text}.", *direct)
    bypass = shook(control(evidence, "proxy", Handshake))
    return Conclusion("proxy.bypass-missing" if bypass else "proxy.denied", "proved", words, args=args, replaces=("*",))


def opened_on_the_way(evidence: Evidence) -> Conclusion | None:
    """Behind the proxy comes a certificate that is not trusted, without it the registry's own, which is.

    A registry on a private address has no business with the proxy; for one on the internet the proxy's CA is what is missing.
    """
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Handshake) or not stop.step.proxy or not stop.outcome.verify:
        return None
    direct = control(evidence, "proxy", Handshake)
    if direct is None or not direct.outcome.ok or not isinstance(direct.step, Handshake):
        return None
    issuer = stop.outcome.chain[-1].issuer if stop.outcome.chain else "an unknown CA"
    words = (
        f"Through {stop.step.proxy} the certificate of {stop.step.host} is issued by {issuer}, not trusted {where(stop)}.",
        "Without the proxy the registry's own certificate comes, and is trusted: the proxy opens what it carries.",
    )
    cause = "proxy.bypass-missing" if kind(direct.step.address) == "private" else "tls.unknown-authority"
    args = {"proxy": stop.step.proxy, "issuer": issuer, "how": "inspection"}
    return Conclusion(cause, "proved", words, args=args, replaces=("*",))


def by_status(evidence: Evidence) -> Conclusion | None:
    """A plain-http registry through a proxy: the proxy's refusal is the request's own status."""
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Request) or not stop.step.proxy or not stop.step.url.startswith("http://"):
        return None
    if stop.outcome.status == 407:
        return Conclusion("proxy.auth-required", "proved", (quoted(stop),), args={"proxy": stop.step.proxy}, replaces=("*",))
    return None


def _direct(evidence: Evidence) -> list[str]:
    """What the registry said without the proxy."""
    shaken = control(evidence, "proxy", Handshake)
    if shaken is not None:
        return ["Without the proxy the registry itself answers."] if shook(shaken) else []
    connected = control(evidence, "proxy", Connect)
    if connected is not None and not connected.outcome.ok:
        return [f"Without the proxy it cannot be reached either: {connected.outcome.text}."]
    return []


ARGUMENTS = (
    ("proxy.not-configured", not_told),
    ("proxy.unreachable", reached),
    ("proxy.denied", refused),
    ("proxy.bypass-missing", opened_on_the_way),
    ("proxy.auth-required", by_status),
)
