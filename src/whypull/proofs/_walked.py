"""What the arguments from a walk share: what was tried, what failed first, and which controls were run."""

from __future__ import annotations

from whypull.steps import Request, Tried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.proofs import Evidence
    from whypull.steps import Step


def walk(evidence: Evidence) -> tuple[Tried, ...]:
    """Everything that was tried, in order; empty where nobody walked."""
    return tuple(f for f in evidence.case.facts if isinstance(f, Tried))


def first_failed(evidence: Evidence) -> Tried | None:
    """The first step that failed and is no control."""
    return next((t for t in walk(evidence) if t.words and not t.control), None)


def control(evidence: Evidence, name: str, kind: type[Step] | None = None) -> Tried | None:
    """The last control of that name (and kind of step)."""
    found = [t for t in walk(evidence) if t.control == name and (kind is None or isinstance(t.step, kind))]
    return found[-1] if found else None


def answers(evidence: Evidence, role: str, ending: str = "", *, controls: bool = False) -> list[Tried]:
    """The HTTP answers of hosts in one role, whose URL has `ending` in it."""
    return [
        t
        for t in walk(evidence)
        if isinstance(t.step, Request)
        and t.role == role
        and t.outcome.status
        and ending in t.step.url
        and (controls or not t.control)
    ]


def header(tried: Tried, name: str) -> str:
    """One header of an answer; empty where it has none."""
    return next((value for key, value in tried.outcome.headers if key == name), "")


def where(tried: Tried) -> str:
    """From where it was tried, for a sentence."""
    return "from here" if tried.vantage == "here" else f"from {tried.vantage}"
