"""Facts → the state of each stage of the pull path, and what was seen of it. A stage passed only where a fact shows it. Pure."""

from __future__ import annotations

import re

from whypull.model import STAGES, NodeSeen, SecretSeen
from whypull.steps import Connect, Request, Resolve, Tried, Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from whypull.model import Case, Failure, Finding, StageState
    from whypull.steps import Outcome

_OWN = frozenset({"registry", ""})  # the roles of the registry itself; a mirror's or storage host's troubles are no stage's

# What the registry itself had done before it sent the pull on to another host: a challenge, a manifest.
_AFTER = {"token": ("spec", "dns", "network", "tls", "registry"), "storage": ("spec", "dns", "network", "tls")}


def states(findings: tuple[Finding, ...], failure: Failure | None, case: Case) -> dict[str, StageState]:
    """The state of every stage, in order: what the failing text implies, and what objects show."""
    path: dict[str, StageState] = dict.fromkeys(STAGES, "not looked")
    failed = _failed_stage(findings)
    for stage in _implied(failure):
        path[stage] = "passed"
    for stage, (passed, _) in _walked(case).items():
        path[stage] = "passed" if passed else path[stage]
    if any(isinstance(f, SecretSeen) and f.entries and not f.problem for f in case.facts) and failed != "secret":
        path["secret"] = "passed"  # noqa: S105 - a stage
    if any(isinstance(f, NodeSeen) and f.ready == "True" for f in case.facts) and failed != "node":
        path["node"] = "passed"
    if failed:
        path[failed] = "failed"
        for stage in STAGES[STAGES.index(failed) + 1 :]:
            if stage != "proxy" and failed not in {"secret", "node"}:
                path[stage] = "not reached"
    return path


def facts(path: Mapping[str, StageState], findings: tuple[Finding, ...], failure: Failure | None, case: Case) -> dict[str, str]:
    """One line for each stage that passed or failed, where there is one: what was seen of it, never what is concluded."""
    seen: dict[str, str] = {}
    walked = _walked(case)
    for stage in STAGES:
        if path[stage] in {"passed", "failed"}:
            passed, fact = walked.get(stage, (False, ""))
            agrees = passed == (path[stage] == "passed")
            fact = (fact if agrees else "") or _of_objects(stage, path[stage], case)
            if not fact and not walked:
                fact = _failed(findings) if path[stage] == "failed" else _of_text(stage, failure)
            if fact:
                seen[stage] = fact
    return seen


def _failed(findings: tuple[Finding, ...]) -> str:
    """The words that all candidates rest on."""
    shared = {finding.because[0] for finding in findings}
    words = shared.pop() if len(shared) == 1 else ""
    return words.removeprefix("It says ").removesuffix(".").strip('"') if words.startswith("It says ") else ""


def _of_objects(stage: str, state: StageState, case: Case) -> str:
    if state != "passed":
        return ""
    for fact in case.facts:
        if stage == "node" and isinstance(fact, NodeSeen) and fact.ready == "True":
            return f"{fact.name} is Ready"
        if stage == "secret" and isinstance(fact, SecretSeen) and fact.entries and not fact.problem:
            return f"{fact.name} can be read, and is for {', '.join(entry.key for entry in fact.entries[:3])}"
    return ""


def _of_text(stage: str, failure: Failure | None) -> str:
    """What the text itself shows of a stage that it got past."""
    if failure is None:
        return ""
    if failure.role in _AFTER:
        return "it sent the pull to a token service" if stage == "registry" else ""
    found = re.search(r"dial tcp6? \[?([0-9a-fA-F.:]+?)\]?:\d+|->\[?([0-9a-fA-F.:]+?)\]?:\d+", failure.core)
    if stage == "dns" and found:
        return f"{failure.host or 'the name'} → {found[1] or found[2]}"
    if stage == "network" and failure.host:
        return f"{failure.host} took the connection"
    if stage == "tls" and failure.status:
        return f"an answer came over HTTPS: {failure.status}"
    return ""


# ---------------------------------------------------------------- what a walk saw


def _walked(case: Case) -> dict[str, tuple[bool, str]]:
    """For each stage that a walk came to: whether it passed, and what was seen. Controls are no part of the pull."""
    seen: dict[str, tuple[bool, str]] = {}
    for tried in case.facts:
        if isinstance(tried, Tried) and not tried.control:
            for stage, passed, fact in _of_step(tried):
                if not (stage == "network" and seen.get(stage, (False, ""))[0]):  # one address that answers is enough
                    seen[stage] = (passed, fact)
    return seen


def _of_step(tried: Tried) -> Iterator[tuple[str, bool, str]]:
    step, outcome = tried.step, tried.outcome
    if isinstance(step, Request):
        yield from _of_request(step, tried)
    elif isinstance(step, Tunnel):
        opened = f"{step.proxy} opens the way to {step.host}:{step.port}"
        yield "proxy", outcome.ok, opened if outcome.ok else f"{step.proxy}: {_answer(outcome) or outcome.text}"
    elif tried.role == "proxy":
        yield from [] if outcome.ok else [("proxy", False, f"{step.host}: {outcome.text}")]
    elif tried.role not in _OWN:
        return
    elif isinstance(step, Resolve):
        addresses = f"{step.host} → {', '.join(outcome.addresses[:4])}"
        yield "dns", outcome.ok, addresses if outcome.ok else outcome.text or outcome.rcode
    elif isinstance(step, Connect):
        took = f"{step.address}:{step.port} took the connection in {outcome.ms} ms"
        yield "network", outcome.ok, took if outcome.ok else f"{step.address}:{step.port}: {outcome.text}"
    else:
        yield "tls", outcome.ok, _certificate(outcome) if outcome.ok else outcome.verify or outcome.text or outcome.alert


def _certificate(outcome: Outcome) -> str:
    until = f"certificate valid until {outcome.chain[0].not_after[:10]}, trusted" if outcome.chain else "certificate trusted"
    return f"{until}, {outcome.version}" if outcome.version else until


def _of_request(step: Request, tried: Tried) -> Iterator[tuple[str, bool, str]]:
    outcome, path = tried.outcome, step.url.partition("?")[0]
    status, answer = outcome.status, _answer(outcome)
    if tried.role == "token":
        gave = status == 200 and outcome.text != "no token"
        yield "auth", gave, "the token service gave a token" if gave else f"the token service: {answer or outcome.text}"
    elif tried.role not in _OWN or not status:
        return
    elif status >= 500 or status == 429:
        yield "registry", False, answer
    elif status == 403 or (status == 401 and not path.endswith("/v2/")):
        yield "auth", False, answer
    elif path.endswith("/v2/"):
        yield from [("registry", True, f"/v2/ answers {answer}")] if status in {200, 401} else []
    elif status == 404 or status < 300:
        came = f"{'manifest' if '/manifests/' in path else 'layer'} {outcome.digest or 'came'}"
        yield "auth", True, "the registry let the caller in"
        yield "image", status != 404, answer if status == 404 else came


def _answer(outcome: Outcome) -> str:
    """Status, reason, and the first words of a refusal's body; empty where nothing answered."""
    words = " ".join(outcome.body.split())[:120] if outcome.status >= 402 else ""
    return f"{outcome.status} {outcome.reason}".strip() + (f'  "{words}"' if words else "") if outcome.status else ""


def _failed_stage(findings: tuple[Finding, ...]) -> str:
    """The stage that stopped the pull, where all candidates agree on it."""
    stages = {f.cause.partition(".")[0] for f in findings}
    return stages.pop() if len(stages) == 1 else ""


def _implied(failure: Failure | None) -> tuple[str, ...]:
    """What must have worked for this text to be written: an HTTP answer needs a name, a connection and a handshake."""
    if failure is None or failure.role not in _OWN:
        return _AFTER.get(failure.role, ()) if failure and failure.host != failure.own_host else ()
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
