"""The walk asked for the registry's name, and each nameserver gave its own answer."""

from __future__ import annotations

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import controls, failed, hosts_seen, passed_over, where
from whypull.steps import Resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.steps import Tried

_ANSWERS = {
    "NXDOMAIN": "dns.no-such-host",
    "NOERROR": "dns.no-such-host",
    "SERVFAIL": "dns.server-failure",
    "REFUSED": "dns.server-failure",
}


def answer(evidence: Evidence) -> Conclusion | None:
    """Proved by the resolver's own answer code, or by its silence."""
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Resolve) or stop.role != "registry" or passed_over(hosts_seen(evidence)):
        return None
    outcome = stop.outcome
    asked = controls(evidence, "resolver", Resolve)
    cause = _ANSWERS.get(outcome.rcode, "")
    if not outcome.rcode or (outcome.rcode == "SERVFAIL" and not outcome.server):
        # The system says "no address" or "try again" for much; a nameserver asked by itself says which.
        cause = next((_ANSWERS[t.outcome.rcode] for t in asked if t.outcome.rcode in _ANSWERS and not t.outcome.ok), cause)
    if not cause or (asked and all(t.outcome.errno == "ETIMEDOUT" for t in asked)):
        silent = outcome.errno == "ETIMEDOUT" or (bool(asked) and all(t.outcome.errno == "ETIMEDOUT" for t in asked))
        cause = "dns.timeout" if silent else "dns.server-failure"
    refused = any("lookup " in f.core and "connection refused" in f.core for f in evidence.failures)
    if cause == "dns.timeout" and refused:
        return None  # the runtime heard a refusal (ICMP, of which a router sends few) where the walk heard nothing
    words = (f"Asked {where(stop)}: {outcome.text}.", *_each(asked))
    return Conclusion(cause, "proved", words, args={"resolver": outcome.server}, replaces=("*",))


def _each(asked: list[Tried]) -> list[str]:
    """One sentence a nameserver: NODATA and NXDOMAIN are two things, and a second one may know better."""
    lines: dict[str, list[str]] = {}
    for one in asked:
        assert isinstance(one.step, Resolve)
        said = ", ".join(one.outcome.addresses[:3]) or _code(one)
        lines.setdefault(one.step.server, []).append(f"{one.step.family} {said}")
    words = [f"Nameserver {server}: {'; '.join(said)}." for server, said in lines.items()]
    knowing = [s for s in lines if any(t.outcome.ok for t in asked if getattr(t.step, "server", "") == s)]
    if knowing and len(lines) > 1:
        words.append(f"{knowing[0]} knows the name; it is not asked where one before it says that there is none.")
    return words[:5]


def _code(one: Tried) -> str:
    if one.outcome.rcode == "NOERROR":
        return "no data: the name exists, without such an address"
    return one.outcome.rcode or ("no answer" if one.outcome.errno == "ETIMEDOUT" else one.outcome.text.rpartition(": ")[2])


ARGUMENTS = (("dns.no-such-host", answer),)
