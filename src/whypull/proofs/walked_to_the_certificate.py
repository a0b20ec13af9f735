"""The walk read the chain that the server really sends, and asked again with other roots and older protocols."""

from __future__ import annotations

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import control, first_failed, walk, where
from whypull.steps import Handshake, Tried

_INTERCEPTORS = (
    "zscaler", "netskope", "palo alto", "fortinet", "fortigate", "blue coat", "bluecoat", "symantec web", "sophos", "mcafee web",
    "forcepoint", "websense", "check point", "checkpoint", "barracuda", "cisco umbrella", "squid", "mitmproxy", "untangle", "kaspersky",
)  # fmt: skip
_DEFAULTS = ("kubernetes ingress controller fake certificate", "traefik default cert", "ingress.local")


def certificate(evidence: Evidence) -> Conclusion | None:
    """Proved by the verifier's word on the chain that was read."""
    failed = first_failed(evidence)
    if failed is None or not isinstance(failed.step, Handshake) or failed.role != "registry" or not failed.outcome.verify:
        return None
    words = failed.words
    if "certificate has expired or is not yet valid" in words:
        return _dates(failed)
    if "is valid for" in words or "legacy Common Name" in words or "not valid for any names" in words:
        return _names(failed)
    if "unknown authority" in words:
        return _authority(failed, evidence)
    return None


def _dates(failed: Tried) -> Conclusion:
    leaf = failed.outcome.chain[0] if failed.outcome.chain else None
    dates = f" It is valid from {leaf.not_before} to {leaf.not_after}; the clock here says {failed.outcome.at}." if leaf else ""
    return Conclusion("tls.expired", "proved", (f"The server's certificate was read {where(failed)}.{dates}",), replaces=("*",))


def _names(failed: Tried) -> Conclusion:
    leaf = failed.outcome.chain[0] if failed.outcome.chain else None
    subject = leaf.subject if leaf else ""
    names = ", ".join(leaf.names[:4]) if leaf and leaf.names else "no name at all"
    words = (f"The certificate that was read {where(failed)} is for {names} ({subject}).",)
    if any(mark in f"{subject} {names}".lower() for mark in _DEFAULTS):
        return Conclusion(
            "network.intercepted", "proved", (*words, "That is an ingress controller's default certificate."), replaces=("*",)
        )
    return Conclusion("tls.hostname-mismatch", "proved", words, args={"names": names}, replaces=("*",))


def _authority(failed: Tried, evidence: Evidence) -> Conclusion:
    chain = failed.outcome.chain
    issuer = chain[-1].issuer if chain else "an unknown CA"
    words = [f"The chain that was read {where(failed)} has {len(chain)} certificate(s); the last is issued by {issuer}."]
    if any(mark in issuer.lower() for mark in _INTERCEPTORS):
        words.append("That issuer is a security gateway: the connection is inspected on its way.")
    elif len(chain) == 1 and not chain[0].self_signed:
        words.append("The server sends no intermediate certificate: the chain is incomplete, or the CA signs servers itself.")
    bundled = control(evidence, "trust", Handshake)
    if bundled is not None and bundled.outcome.ok:
        words.append("The public roots do trust it: it is this trust store that lacks the CA.")
    return Conclusion("tls.unknown-authority", "proved", tuple(words), args={"issuer": issuer}, replaces=("*",))


def client_certificate(evidence: Evidence) -> Conclusion | None:
    """Proved where the server asked for a client certificate, none was sent, and it then closed."""
    asked = [t for t in walk(evidence) if isinstance(t.step, Handshake) and t.outcome.wants_client_certificate and not t.control]
    failed = first_failed(evidence)
    if not asked or failed is None or failed.role != "registry" or failed.outcome.status:
        return None
    words = "The server asks for a client certificate during the handshake"
    words += "; the one that was sent is refused." if asked[0].step.client_certificate else "; none was sent."  # type: ignore[union-attr] - a Handshake, as above
    return Conclusion("tls.client-cert", "proved", (words,), replaces=("*",))


def protocol(evidence: Evidence) -> Conclusion | None:
    """Proved where the same server shakes hands as soon as older protocols and ciphers are offered."""
    failed = first_failed(evidence)
    if failed is None or not isinstance(failed.step, Handshake) or not failed.outcome.alert or failed.role != "registry":
        return None
    older = control(evidence, "protocol", Handshake)
    if older is None or not older.outcome.ok or failed.outcome.wants_client_certificate:
        return None
    words = (
        f"Refused {where(failed)}: {failed.outcome.text}.",
        f"Offered everything, the server chooses {older.outcome.version} with {older.outcome.cipher}.",
    )
    return Conclusion("tls.handshake-failure", "proved", words, replaces=("*",))


ARGUMENTS = (
    ("tls.unknown-authority", certificate),
    ("tls.client-cert", client_certificate),
    ("tls.handshake-failure", protocol),
)
