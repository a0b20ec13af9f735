"""The three questions about a fault: what its text alone says, what a walk from the node says, and whether the fix heals it."""

from __future__ import annotations

import whypull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lab.cri import Pulled
    from lab.faults import Fault
    from lab.scene import Scene
    from whypull.model import Diagnosis


def questions(scene: Scene, fault: Fault, pulled: Pulled) -> dict[str, Any]:
    """The answers, as the parts of a row."""
    if pulled.ok:
        return {}
    return {"said": shown(whypull.explain(pulled.event(scene.image)))}


def shown(diagnoses: Sequence[Diagnosis]) -> list[list[str]]:
    """Cause and certainty of each finding of the first diagnosis; empty where nothing is named."""
    return [[f.cause, f.certainty] for f in diagnoses[0].findings] if diagnoses else []


def verdict(found: Sequence[Sequence[str]], cause: str, others: Sequence[str]) -> str:
    """How an answer compares with the truth.

    proved, right: the true cause alone; named: undecided with it among at most three; accepted: what a careful expert would
    say who sees no more; missed: nothing named; WRONG, and WRONG AND PROVED, which is the worst that can be.
    """
    if not found:
        return "missed" if cause else "nothing"
    if not cause:
        return "WRONG"
    causes = [one[0] for one in found]
    if causes == [cause]:
        return "proved" if found[0][1] == "proved" else "right"
    if cause in causes:
        return "named"
    if causes[0] in others and found[0][1] != "proved":
        return "accepted"
    return "WRONG AND PROVED" if found[0][1] == "proved" else "WRONG"
