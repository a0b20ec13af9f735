"""Facts → the state of each stage of the pull path. A stage passed only where a fact shows it. Pure."""

from __future__ import annotations

from whypull.model import STAGES, NodeSeen, SecretSeen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Case, Failure, Finding, StageState


def states(findings: tuple[Finding, ...], failure: Failure | None, case: Case) -> dict[str, StageState]:
    """The state of every stage, in order: what the failing text implies, and what objects show."""
    path: dict[str, StageState] = dict.fromkeys(STAGES, "not looked")
    failed = _failed_stage(findings)
    for stage in _implied(failure):
        path[stage] = "passed"
    if any(isinstance(f, SecretSeen) and f.entries and not f.problem for f in case.facts) and failed != "secret":
        path["secret"] = "passed"
    if any(isinstance(f, NodeSeen) and f.ready == "True" for f in case.facts) and failed != "node":
        path["node"] = "passed"
    if failed:
        path[failed] = "failed"
        for stage in STAGES[STAGES.index(failed) + 1 :]:
            if stage != "proxy" and failed not in {"secret", "node"}:
                path[stage] = "not reached"
    return path


def _failed_stage(findings: tuple[Finding, ...]) -> str:
    """The stage that stopped the pull, where all candidates agree on it."""
    stages = {f.cause.partition(".")[0] for f in findings}
    return stages.pop() if len(stages) == 1 else ""


def _implied(failure: Failure | None) -> tuple[str, ...]:
    """What must have worked for this text to be written: an HTTP answer needs a name, a connection and a handshake."""
    if failure is None or failure.role not in {"registry", ""}:
        return ()
    core = failure.core
    secure = not failure.url.startswith("http://")
    if failure.status or "httpReadSeeker" in core or "failed to copy" in core or "extract layer" in core:
        return ("spec", "dns", "network", "tls") if secure else ("spec", "dns", "network")
    if "x509: " in core or "remote error: tls" in core:
        return ("spec", "dns", "network")
    if "dial tcp" in core and "lookup" not in core:
        return ("spec", "dns") if failure.url and not _literal(failure.host) else ("spec",)
    return ("spec",) if failure.url else ()


def _literal(host: str) -> bool:
    return host.replace(".", "").replace(":", "").isdigit() or host.startswith("[")
