"""The walk asked for the registry's name, and each nameserver gave its own answer."""

from __future__ import annotations

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import first_failed, walk, where
from whypull.steps import Resolve

_ANSWERS = {"NXDOMAIN": "dns.no-such-host", "NOERROR": "dns.no-such-host", "SERVFAIL": "dns.server-failure", "REFUSED": "dns.server-failure"}


def argue(evidence: Evidence) -> Conclusion | None:
    """Proved by the resolver's own answer code, or by its silence."""
    failed = first_failed(evidence)
    if failed is None or not isinstance(failed.step, Resolve) or failed.role != "registry":
        return None
    outcome = failed.outcome
    asked = [t for t in walk(evidence) if t.control == "resolver" and isinstance(t.step, Resolve)]
    cause = _ANSWERS.get(outcome.rcode) or next((_ANSWERS[t.outcome.rcode] for t in asked if t.outcome.rcode in _ANSWERS), "")
    if not cause:
        cause = "dns.timeout" if outcome.errno == "ETIMEDOUT" else "dns.server-failure"
    words = [f"Asked {where(failed)}: {outcome.text}."]
    words += [f"Nameserver {t.outcome.server} answers {t.outcome.rcode or t.outcome.text} ({t.step.family})." for t in asked[:4]]  # type: ignore[union-attr] - a Resolve, as above
    return Conclusion(cause, "proved", tuple(words), args={"resolver": outcome.server}, replaces=("*",))


ARGUMENTS = (("dns.no-such-host", argue),)
