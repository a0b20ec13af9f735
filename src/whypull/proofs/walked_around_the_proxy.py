"""The registry cannot be reached directly, and a proxy stands on the node where its runtime does not read it."""

from __future__ import annotations

from whypull.model import Fix, FlawSeen, NodeConfigSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import failed as stopped
from whypull.proofs._walked import walk
from whypull.steps import Connect, Handshake, Request, Resolve, Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Certainty

KINDS = {"proxy-elsewhere", "proxy-not-restarted"}
BROKEN = {"proxy-quoted", "proxy-blank", "proxy-scheme", "proxy-unescaped", "proxy-port"}
WHO = "whoever administers the nodes"
WAIT = "The environment is read once, at the runtime's start. The kubelet retries by itself, every 5 min at most."


def argue(evidence: Evidence) -> Conclusion | None:
    """Proved where a walk through that proxy reaches the registry, and the direct one did not."""
    config = next((f for f in evidence.case.facts if isinstance(f, NodeConfigSeen)), None)
    if config is None or any(name == "HTTPS_PROXY" for name, _ in config.proxies):
        return None
    known = [(file, value) for file, name, value in config.proxies_elsewhere if name == "HTTPS_PROXY"]
    failed = stopped(evidence)
    direct = failed is not None and failed.role in {"registry", "mirror"} and isinstance(failed.step, (Connect, Resolve))
    if not known or not (direct or (failed is None and evidence.lets_in("network.", "dns."))):
        return None
    through = [t for t in walk(evidence) if t.control == "proxy" and isinstance(t.step, (Tunnel, Handshake, Request))]
    file, value = known[0]
    words: tuple[str, ...] = (f"{file} names the proxy {value}; the runtime's process has none.",)
    flaws = [f for f in evidence.case.facts if isinstance(f, FlawSeen) and f.kind in KINDS]
    fixes = tuple(Fix(WHO, run=f.repair, wait=WAIT) for f in flaws if f.repair)[:1]
    if through and not any(t.outcome.ok for t in through):
        return None
    if through:
        words += ("The registry cannot be reached directly from there, and through that proxy it can.",)
    certainty: Certainty = "proved" if through else "likely"
    args = {"proxy": value}
    return Conclusion("proxy.not-configured", certainty, words, args=args, replaces=("*",), fixes=fixes)


def broken(evidence: Evidence) -> Conclusion | None:
    """The value of the runtime's own proxy variable cannot work, and the proxy was not reached."""
    flaws = [f for f in evidence.case.facts if isinstance(f, FlawSeen) and f.kind in BROKEN]
    failed = stopped(evidence)
    at_proxy = failed is not None and (failed.role == "proxy" or failed.outcome.layer == "proxy")
    if not flaws or not (at_proxy or evidence.lets_in("proxy.")):
        return None
    words = tuple(f"{f.file}: {f.words}." for f in flaws[:2])
    return Conclusion("proxy.misconfigured", "proved", words, replaces=("*",), fixes=_repairs(flaws))


def _repairs(flaws: list[FlawSeen]) -> tuple[Fix, ...]:
    return tuple(Fix(WHO, run=f.repair, wait=WAIT) for f in flaws if f.repair)[:1]


ARGUMENTS = (
    ("proxy.not-configured", argue),
    ("proxy.misconfigured", broken),
)
