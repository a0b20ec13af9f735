"""The runtime's own configuration decides whom it asks: mirrors that fail, files that it passes over, hosts it may not ask."""

from __future__ import annotations

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import (
    answers,
    control,
    document_of,
    failed,
    host_of,
    hosts_seen,
    is_page,
    passed_over,
    url_of,
    walk,
    where,
)  # fmt: skip
from whypull.steps import Connect, Handshake, Request, Resolve, Tried, Tunnel


def stops(evidence: Evidence) -> Conclusion | None:
    """The configuration itself ends the pull before anybody is asked."""
    hosts = hosts_seen(evidence)
    if hosts is None or not hosts.problem:
        return None
    who, by = hosts.runtime or "the runtime", hosts.source or "its configuration"
    words = [f"By {by} {who} says: {hosts.problem}.", *hosts.ignored[:2]]
    cause = "node.runtime-config"
    if "short name" in hosts.problem or "short-name" in hosts.problem:
        cause = "spec.short-name-ambiguous"
    elif "no resolve hosts" in hosts.problem:
        words.append("No host that it names may both pull and resolve, so no tag can be looked up: no image is missing.")
    return Conclusion(cause, "proved", tuple(words), args={"file": hosts.source}, replaces=("*",))


def mirrors(evidence: Evidence) -> Conclusion | None:
    """A mirror fails, and the registry itself is not reached instead; or the mirror answers with what is no manifest."""
    believed = [t for t in answers(evidence, "mirror", "/manifests/") if t.outcome.status == 200]
    page = next((t for t in believed if is_page(t) or _no_document(t)), None)
    if page is not None:
        said = f"The mirror {host_of(page)} answers {url_of(page)} with 200 and no manifest"
        words = (f"{said}: it is believed, and nobody else is asked.",)
        return Conclusion("node.mirror-failed", "proved", words, args=_named(page), replaces=("*",))
    failing = [t for t in walk(evidence) if t.role == "mirror" and t.words and not t.control]
    stop = failed(evidence)
    if not failing or stop is None:
        return None
    mirror = failing[-1]
    if stop.role != "mirror" and not isinstance(stop.step, Resolve | Connect | Tunnel | Handshake):
        return None
    why = [f"The mirror {host_of(mirror)}, {where(mirror)}: {_said(mirror)}."]
    if stop.role != "mirror":
        why.append(f"The registry itself is not reached instead: {stop.outcome.text or stop.outcome.verify}.")
    return Conclusion("node.mirror-failed", "proved", tuple(why), args=_named(mirror), replaces=("*",))


def _said(one: Tried) -> str:
    return one.outcome.text or f"{one.outcome.status} {one.outcome.reason}"


def _named(mirror: Tried) -> dict[str, str]:
    return {"url_host": host_of(mirror), "mirror": host_of(mirror)}


def _no_document(one: Tried) -> bool:
    return isinstance(one.step, Request) and one.step.method == "GET" and document_of(one) is None


def dropped(evidence: Evidence) -> Conclusion | None:
    """The file for this registry, or a key of it, is passed over, and the pull fails where it would have helped.

    Proved where the CA that it means makes the certificate trusted; likely otherwise.
    """
    hosts, stop = hosts_seen(evidence), failed(evidence)
    if hosts is None or stop is None or not passed_over(hosts):
        return None
    if not isinstance(stop.step, Resolve | Connect | Tunnel | Handshake):
        return None
    unknown = [i for i in hosts.ignored if "does not know" in i]
    said = stop.outcome.verify or stop.outcome.text
    words = [*(hosts.ignored[:1] if hosts.broken else unknown[:2]), f"Without it, {where(stop)}: {said}."]
    meant = control(evidence, "configuration", Handshake)
    if meant is not None and meant.outcome.ok:
        words.append("With the CA that it means, the certificate is trusted.")
        return Conclusion("node.runtime-config", "proved", tuple(words), args={"file": hosts.source}, replaces=("*",))
    return Conclusion("node.runtime-config", "likely", tuple(words), args={"file": hosts.source}, replaces=("*",))


ARGUMENTS = (
    ("node.runtime-config", stops),
    ("node.mirror-failed", mirrors),
    ("node.runtime-config", dropped),
)
