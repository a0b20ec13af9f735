"""What screens and tickets say in the same words: since when, how many, from where, what is excluded, what to type."""

from __future__ import annotations

import re

from whypull.model import STAGES, Said
from whypull.redact import redacted
from whypull.render.layout import counted, listed
from whypull.steps import Tried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from whypull.model import Diagnosis, Finding, Fix, Pull, Reading

_UNITS = {"d": "d", "h": "h", "m": "min", "s": "s"}
_EXCLUDED = {
    "dns": "the name",
    "network": "the way to the registry",
    "proxy": "the proxy",
    "tls": "the certificate",
    "registry": "the registry's service",
    "auth": "the credentials",
}


def since(text: str) -> str:
    """Since when it fails: "failing for 14 min", "failing since 2026-11-22 08:51 UTC"; empty where nobody says."""
    moment = re.match(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d)?(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?", text)
    if moment:
        zone = "UTC" if moment[3] in {None, "Z"} else moment[3]
        return f"failing since {moment[1]} {moment[2]} {zone}"
    parts = re.findall(r"(\d+)([dhms])", text)
    if not parts or "".join(n + unit for n, unit in parts) != text:
        return ""
    shown = parts[:2] if parts[0][1] in "dh" else parts[:1]
    return "failing for " + " ".join(f"{n} {_UNITS[unit]}" for n, unit in shown)


def when(one: Diagnosis, reading: Reading) -> str:
    """Since when the pull fails; where all that is known is a walk, when that was."""
    said = since(one.since)
    of_walk = any(
        isinstance(f, Tried) and f.outcome.at == one.since for c in reading.cases if c.pull == one.pull for f in c.facts
    )
    return said.replace("failing since", "tried at", 1) if of_walk else said


def walked(one: Diagnosis) -> bool:
    """Whether the pull was tried again, from the vantage that the diagnosis names."""
    return one.vantage not in {"paste", "cluster", ""}


def pods(pulls: Iterable[Pull]) -> list[str]:
    """The pods of some pulls as namespace/name, each once, in their order."""
    return list(dict.fromkeys(f"{p.namespace}/{p.pod}".lstrip("/") for p in pulls if p.pod))


def nodes(pulls: Iterable[Pull]) -> list[str]:
    """The nodes of some pulls, each once, sorted."""
    return sorted({p.node for p in pulls if p.node})


def images(pulls: Iterable[Pull]) -> list[str]:
    """The images of some pulls, each once, in their order."""
    return list(dict.fromkeys(p.image for p in pulls if p.image))


def all_pulls(one: Diagnosis) -> tuple[Pull, ...]:
    """Every pull of a diagnosis; the one that is shown where it lists none."""
    return one.pulls or (one.pull,)


def hit(one: Diagnosis) -> str:
    """Whom it hits: "pod shop/web-0 on np1-3", "41 pods on 3 nodes"; empty where no pod and no node is known."""
    pulls = all_pulls(one)
    of_pods, on = pods(pulls), nodes(pulls)
    place = "" if not on else f" on {on[0]}" if len(on) == 1 else f" on {counted(len(on), 'node')}"
    if len(of_pods) == 1:
        container = one.pull.container
        inside = f", container {container}" if container and not of_pods[0].endswith(container) else ""
        return f"pod {of_pods[0]}{inside}{place}"
    if of_pods:
        return counted(len(of_pods), "pod") + place
    if one.count > 1:
        return counted(one.count, "pull") + place
    return place.removeprefix(" ")


def stage_of(one: Diagnosis) -> str:
    """The stage that failed; empty where it is not settled."""
    return next((stage for stage in STAGES if one.path.get(stage) == "failed"), "")


def excluded(one: Diagnosis) -> str:
    """The usual suspicions that the pull's own progress rules out, as one sentence; empty where there are none."""
    failed = stage_of(one)
    if not failed:
        return ""
    past = [words for stage, words in _EXCLUDED.items() if one.path.get(stage) == "passed"]
    said = []
    if past:
        said.append(f"It is not {_either(past)}: the pull got past {'that' if len(past) == 1 else 'these'}.")
    if failed in {"dns", "network", "proxy", "tls"} and one.path.get("auth") == "not reached":
        said.append("It has nothing to do with credentials: none were asked for yet.")
    return " ".join(said)


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def speaker(one: Diagnosis, reading: Reading) -> str:
    """Who said the decisive text, where, and how often: "The kubelet's event says, 3 times"."""
    heard = (f for c in reading.cases for f in c.facts if isinstance(f, Said) and f.text[:40] == one.said[:40])
    said = next((f for f in heard if redacted(f.text) == one.said), None)
    if said is None:
        return "In a runtime's words" if walked(one) else "The text"
    who = "The kubelet" if said.by == "kubelet" else said.by or "The text"
    where = {"event": "'s event", "status": "'s status", "log": "'s log"}.get(said.via, "") if said.by else ""
    often = f", {said.count:,} times" if said.count > 1 else ""
    return f"{who}{where} says{often}" if said.by else f"{who}{often}"


_PASSED = {
    "spec": "the image's name was accepted",
    "secret": "a pull secret that can be used is there",
    "node": "the node is ready",
    "dns": "the name has an address",
    "network": "the connection opened",
    "proxy": "the proxy let it through",
    "tls": "the handshake was done",
    "registry": "the registry answered",
    "auth": "the registry let the caller in",
    "image": "the image was found",
    "unpack": "the layers were unpacked",
}


def stage_fact(one: Diagnosis, stage: str) -> str:
    """What was seen of a stage that passed or failed; what its state implies where nobody noted more."""
    if one.path_facts.get(stage):
        return one.path_facts[stage]
    if one.path.get(stage) == "passed":
        return _PASSED[stage]
    return "here it stops"


def title_of(one: Diagnosis) -> str:
    """What is wrong, in one sentence with the user's names."""
    if one.verdict == "cause" and one.findings:
        return one.findings[0].title
    what = one.pull.image or "".join(f"The image of {pod}" for pod in pods([one.pull])) or "An image"
    if one.findings:
        return f"{what} cannot be pulled: {_number(len(one.findings))} causes fit"
    if one.said:
        return f"{what} cannot be pulled, and the reason given is not one that whypull knows"
    return f"{what} cannot be pulled; this input shows that it fails, not why"


def _number(count: int) -> str:
    return {1: "one", 2: "two", 3: "three"}.get(count, str(count))


def weight(certainty: str) -> str:
    """The heading over the reasons for a finding of this certainty."""
    return {"proved": "How we know", "likely": "Why this is likely"}.get(certainty, "Why it may be this")


def by_owner(fixes: Sequence[Fix]) -> Iterator[tuple[str, list[Fix]]]:
    """The fixes of one finding, by who can do them, in their order."""
    owners: dict[str, list[Fix]] = {}
    for fix in fixes:
        owners.setdefault(fix.who, []).append(fix)
    yield from owners.items()


def elsewhere(one: Diagnosis, fixes: Sequence[Fix]) -> str:
    """What is needed besides where commands name one namespace or node and the pulls are in several; empty where nothing is."""
    run = " ".join(f"{fix.run} " for fix in fixes)
    said = []
    for what, mine, names in (
        ("namespaces", one.pull.namespace, list(dict.fromkeys(p.namespace for p in all_pulls(one) if p.namespace))),
        ("nodes", one.pull.node, nodes(all_pulls(one))),
    ):
        others = [name for name in names if name != mine]
        if mine and others and f" {mine} " in run.replace("\n", " "):
            said.append(f"The commands name {mine}; the same is needed for the {what} {listed(others)}.")
    return " ".join(said)


def because(finding: Finding) -> list[str]:
    """Why this finding stands, each fact once."""
    return list(dict.fromkeys(finding.because))
