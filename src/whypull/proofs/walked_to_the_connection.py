"""The walk dialled the registry's addresses: who answered, who refused, who was silent."""

from __future__ import annotations

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import first_failed, walk, where
from whypull.steps import Connect, Handshake

_ERRORS = {
    "ECONNREFUSED": "network.refused", "ETIMEDOUT": "network.timeout", "EHOSTUNREACH": "network.unreachable",
    "ENETUNREACH": "network.unreachable", "EADDRNOTAVAIL": "network.unreachable", "EACCES": "network.unreachable",
    "EPERM": "network.unreachable", "ECONNRESET": "network.reset", "EPIPE": "network.reset", "EOF": "network.reset",
}  # fmt: skip


def connection(evidence: Evidence) -> Conclusion | None:
    """Proved by the error of each address, if all have the same; the address is part of what was seen."""
    failed = first_failed(evidence)
    if failed is None or not isinstance(failed.step, Connect) or failed.role != "registry":
        return None
    tries = [t for t in walk(evidence) if isinstance(t.step, Connect) and t.role == "registry" and not t.control]
    if any(t.outcome.ok for t in tries):
        return None
    causes = {_ERRORS.get(t.outcome.errno, "") for t in tries}
    if len(causes) != 1 or "" in causes:
        return None
    words = tuple(f"Dialled {where(t)}: {t.outcome.text}." for t in tries[:4])
    return Conclusion(causes.pop(), "proved", words, args={"address": failed.step.address}, replaces=("*",))


def handshake(evidence: Evidence) -> Conclusion | None:
    """Proved where TCP opened and the handshake was met with silence, a reset or another protocol."""
    failed = first_failed(evidence)
    if failed is None or not isinstance(failed.step, Handshake) or failed.role != "registry" or failed.outcome.verify:
        return None
    text, error = failed.outcome.text, failed.outcome.errno
    if "first record does not look like" in text or "malformed HTTP" in text:
        return Conclusion("tls.plain-http", "proved", (f"The port answers TLS with something else {where(failed)}: {text}.",), replaces=("*",))
    if error == "ETIMEDOUT":
        return Conclusion("network.tls-stalled", "proved", (f"TCP opens {where(failed)}; the handshake is never answered.",), replaces=("*",))
    if error in {"ECONNRESET", "EPIPE", "EOF"} and not failed.outcome.wants_client_certificate:
        words = (f"TCP opens {where(failed)}; the connection is closed during the handshake ({text}).",)
        return Conclusion("network.reset", "proved", words, replaces=("*",))
    return None


ARGUMENTS = (("network.refused", connection), ("network.tls-stalled", handshake))
