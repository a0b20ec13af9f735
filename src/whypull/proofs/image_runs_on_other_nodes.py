"""The same image came to other nodes while this one was refused: what differs is the node, not the image or the right to it."""

from __future__ import annotations

from whypull.model import PodSeen, Said
from whypull.proofs import Conclusion, Evidence

PROVES = "auth.ip-not-allowed"


def refused_here_only(evidence: Evidence) -> Conclusion | None:
    """A 403 that only this node gets: likely its address where another node got the image later than this one failed."""
    best = evidence.candidates[0] if evidence.candidates else None
    if best is None or best.cause not in {"auth.forbidden", PROVES} or best.odds >= 100 or best.failure.status not in {0, 403}:
        return None
    nodes = _others(evidence)
    if not nodes:
        return None
    later = _later(evidence)
    words = f"The same image runs on {', '.join(later or nodes)}"
    if not later:
        return Conclusion(PROVES, "possible", (f"{words}; when it was pulled there is open.",), odds=max(70, best.odds))
    because = (f"{words}, where it was started after it had failed here: the image is there, and it is not the whole registry.",)
    return Conclusion(PROVES, "likely", because, replaces=("auth.forbidden",), odds=90)


def is_there(evidence: Evidence) -> Conclusion | None:
    """A registry that gave the image to another node later has it: it is not the tag or repository that is missing."""
    missing = evidence.lets_in("image.repository-not-found", "image.tag-not-found")
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    if missing is None or missing.odds >= 100 or pod is None or pod.pull_policy != "Always" or not _later(evidence):
        return None
    if len(evidence.candidates) == 1:
        return None
    return Conclusion(missing.cause, "possible", ("Another node got this image later.",), rejects=True)


def _others(evidence: Evidence) -> list[str]:
    """Other nodes on which the image runs."""
    here = evidence.case.pull.node
    return [n for f in evidence.case.facts if isinstance(f, PodSeen) and here for n, _ in f.runs_on if n != here][:3]


def _later(evidence: Evidence) -> list[str]:
    """Those of them on which it began after it had failed here."""
    here = evidence.case.pull.node
    failed = min((f.first for f in evidence.case.facts if isinstance(f, Said) and "T" in f.first), default="")
    if not failed or not here:
        return []
    return [
        n
        for f in evidence.case.facts
        if isinstance(f, PodSeen)
        for n, since in f.runs_on
        if n != here and since[:19] > failed[:19]
    ][:3]


ARGUMENTS = ((PROVES, refused_here_only), ("image.repository-not-found", is_there))
