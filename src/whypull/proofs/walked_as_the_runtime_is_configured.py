"""The node's configuration stops its runtime, or the runtime passes over the very part that this pull needs."""

from __future__ import annotations

import re

from whypull.model import Fix, FlawSeen, HostsSeen, NodeConfigSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import failed as stopped
from whypull.proofs._walked import walk
from whypull.steps import Handshake, Request

NOT_SERVED = {"mirrors-beside-config-path", "tls-beside-config-path", "cri-disabled", "toml-broken"}
TRUST_LOST = {
    "hosts-toml-void", "hosts-toml-passed-over", "config-path-missing", "config-path-list", "tls-table-ignored",
    "wrong-plugin-table", "import-replaces",
}  # fmt: skip
SAFE = re.compile(r"[A-Za-z0-9.:-]+")
CONTROL = "passed over"  # a handshake with the CA that stands in what the runtime passes over
WHO = "whoever administers the nodes"
WAIT = (
    "hosts.toml is read at the next pull, config.toml when containerd starts. The kubelet retries by itself, every 5 min at most."
)


def not_served(evidence: Evidence) -> Conclusion | None:
    """The runtime does not serve the kubelet, and its configuration says why."""
    found = evidence.lets_in("node.runtime-config", "node.runtime-unavailable")
    flaws = [f for f in _flaws(evidence) if f.kind in NOT_SERVED]
    if not flaws or (found is None and evidence.failures):
        return None
    return Conclusion("node.runtime-config", "proved", _words(flaws), replaces=("*",), fixes=_fixes(flaws))


def stops_running(evidence: Evidence) -> Conclusion | None:
    """Nobody answers on the socket, no runtime's process is there, and its configuration does not say why."""
    found = evidence.lets_in("node.runtime-unavailable")
    config = next((f for f in evidence.case.facts if isinstance(f, NodeConfigSeen)), None)
    if found is None or config is None or config.running != "no":
        return None
    words = (*found.because, "No process of a container runtime runs on the node.")
    fix = Fix(WHO, run="sudo systemctl start containerd && sudo journalctl -u containerd -n 20 --no-pager", wait="At once.")
    return Conclusion("node.runtime-unavailable", "proved", words, replaces=("*",), fixes=(fix,))


def nobody_to_ask(evidence: Evidence) -> Conclusion | None:
    """The files leave no host that may be asked, or name a CA that is not there: the runtime ends every pull with just that."""
    hosts = next((f for f in evidence.case.facts if isinstance(f, HostsSeen) and f.problem), None)
    flaws = [f for f in _flaws(evidence) if f.kind in {"no-host-to-ask", "ca-missing"}]
    said = " ".join(f.core for f in evidence.failures)
    fits = [f for f in flaws if f.kind == "ca-missing" and "CA cert" in said]
    fits += [f for f in flaws if hosts and hosts.problem.partition(":")[0] in said]
    if not fits:
        return None
    return Conclusion("node.runtime-config", "proved", _words(fits), replaces=("*",), fixes=_fixes(fits))


def trust_is_lost(evidence: Evidence) -> Conclusion | None:
    """The registry's certificate is not trusted, and what the node has against that is passed over.

    Proved where a handshake with the CA that stands there verifies.
    """
    flaws = [f for f in _flaws(evidence) if f.kind in TRUST_LOST and not f.stops]
    failed = stopped(evidence)
    handshake = failed is not None and isinstance(failed.step, Handshake) and bool(failed.outcome.verify)
    if not flaws or not (handshake or (failed is None and evidence.lets_in("tls.unknown-authority"))):
        return None
    control = next((t for t in walk(evidence) if t.control == CONTROL and isinstance(t.step, Handshake)), None)
    if control is not None and not control.outcome.ok:
        return None
    words = _words(flaws)
    if control is None:
        return Conclusion("node.runtime-config", "likely", words, replaces=("*",), fixes=_fixes(flaws))
    words += (f"With the CA that stands there, the certificate of {control.step.host} verifies.",)  # type: ignore[union-attr]
    return Conclusion("node.runtime-config", "proved", words, replaces=("*",), fixes=_fixes(flaws))


def scheme(evidence: Evidence) -> Conclusion | None:
    """The configuration says http:// for a registry that answers as those do that speak HTTPS."""
    hosts = next((f for f in evidence.case.facts if isinstance(f, HostsSeen) and f.source), None)
    found = evidence.lets_in("tls.plain-http")
    if hosts is None or found is None:
        return None
    stopped_by = stopped(evidence)
    clear = [base.removeprefix("http://").partition("/")[0] for base in hosts.hosts if base.startswith("http://")]
    told = stopped_by is not None and isinstance(stopped_by.step, Request) and "HTTPS server" in stopped_by.outcome.body
    name = next((n for n in clear if SAFE.fullmatch(n)), "")
    if not told or not name:
        return None
    words = (*found.because, f"{hosts.source} says http:// for {name}.")
    run = f"sudo grep -rl http://{name} /etc/containerd/certs.d | xargs -r sudo sed -i.old 's|http://{name}|https://{name}|g'"
    return Conclusion("tls.plain-http", "proved", words, replaces=("*",), fixes=(Fix(WHO, run=run, wait=WAIT),))


def _flaws(evidence: Evidence) -> list[FlawSeen]:
    return [f for f in evidence.case.facts if isinstance(f, FlawSeen)]


def _words(flaws: list[FlawSeen]) -> tuple[str, ...]:
    return tuple(f"{f.file}: {f.words}." for f in flaws[:4])


def _fixes(flaws: list[FlawSeen]) -> tuple[Fix, ...]:
    repairs = dict.fromkeys(f.repair for f in flaws if f.repair)
    return tuple(Fix(WHO, run=repair, wait=WAIT) for repair in list(repairs)[:2])


ARGUMENTS = (
    ("node.runtime-config", not_served),
    ("node.runtime-unavailable", stops_running),
    ("node.runtime-config", nobody_to_ask),
    ("node.runtime-config", trust_is_lost),
    ("tls.plain-http", scheme),
)
