"""Causes that no text settles: one pure function each, over the facts of one pull.

A proof is a module here whose ARGUMENTS are pairs of a cause's id and a function `(evidence) -> Conclusion | None`; the
module is named for the argument that it makes. Adding one is adding a file.
"""

from __future__ import annotations

import os
from functools import lru_cache

from whypull.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from whypull.model import Case, Certainty, Failure, Fix


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cause that a text lets in. `odds` of 100 means that the words prove it."""

    cause: str
    odds: int
    failure: Failure
    because: tuple[str, ...]
    args: Mapping[str, str] = field(default_factory=dict)
    certainty: Certainty = "possible"
    fixes: tuple[Fix, ...] = ()  # what an argument knows to paste, before the page's own

    @property
    def stage(self) -> str:
        """The stage of the pull path that its cause stops."""
        return self.cause.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a proof may look at: the pull's facts, and what its texts let in, best first."""

    case: Case
    candidates: tuple[Candidate, ...]
    failures: tuple[Failure, ...] = ()

    def lets_in(self, *causes: str) -> Candidate | None:
        """The best candidate among these causes; a name that ends in a dot means its whole stage."""
        for candidate in self.candidates:
            if candidate.cause in causes or f"{candidate.stage}." in causes:
                return candidate
        return None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a proof says: this cause, how certain, because of what, and which candidates it explains away."""

    cause: str
    certainty: Certainty
    because: tuple[str, ...]
    args: Mapping[str, str] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()  # ids, or stages written "auth."; "*" for all
    odds: int = 95
    rejects: bool = False  # the argument excludes `cause` instead of naming it
    fixes: tuple[Fix, ...] = ()  # what is to be pasted on this very node, where the argument knows it


def remarks(case: Case) -> tuple[str, ...]:
    """What a pull is read with, whatever its cause: who put the container there, and who pulls it; mostly nothing."""
    from whypull.proofs.injected_by_dynatrace import remarks as by_dynatrace  # noqa: PLC0415 - for the screen, not for proofs

    return by_dynatrace(case)


@lru_cache(maxsize=2)
def arguments(*, walked: bool = True) -> tuple[tuple[str, Callable[[Evidence], Conclusion | None]], ...]:
    """Every proof as (cause id, function), in the order of their modules' names.

    Those named walked_… argue from steps that were tried; where nobody walked they are not even imported, for a start's sake.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    names = sorted(n[:-3] for n in os.listdir(here) if n.endswith(".py") and not n.startswith("_"))
    return tuple(argument for name in names if walked or not name.startswith("walked_") for argument in _module(name).ARGUMENTS)


def _module(name: str) -> ModuleType:
    from importlib import import_module  # noqa: PLC0415 - on the path only when there is something to argue about

    return import_module(f"{__name__}.{name}")
