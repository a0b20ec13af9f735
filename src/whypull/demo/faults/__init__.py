"""The faults, one function each: what is broken, and nothing else. The name of the function is the fault's name.

A module a stage of the pull path; each is imported by `faults()`, which is the only list there is.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from whypull.demo.stage import Stage

    Break = Callable[[Stage], None]

MODULES = (
    "healthy",
    "reference",
    "names",
    "connections",
    "proxies",
    "certificates",
    "registries",
    "tokens",
    "images",
    "runtimes",
)
ONE_LINE = 78  # characters
_FAULTS: dict[str, Fault] = {}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the cause that it is, and what a walk may say of it at most."""

    name: str
    cause: str  # empty for a pull that works
    break_it: Break
    certainty: str = "proved"
    why_not_proved: str = ""
    beside: tuple[str, ...] = ()  # causes that fit as well, where no walk from here decides

    @property
    def words(self) -> str:
        """What is broken, as its function's name and first sentence say it."""
        said = (self.break_it.__doc__ or "").strip().removesuffix(".")
        name = self.name.replace("_", " ").capitalize()
        both = f"{name}: {said[:1].lower() if said[1:2].islower() else said[:1]}{said[1:]}"
        return next((words for words in (both, said) if len(words) <= ONE_LINE), name)


def fault(cause: str, *, why_not_proved: str = "", beside: tuple[str, ...] = (), certainty: str = "") -> Callable[[Break], Break]:
    """Registers a fault under its function's name, with the cause that it is; "" for a healthy pull."""

    def add(function: Break) -> Break:
        sure = certainty or ("likely" if why_not_proved else "proved")
        _FAULTS[function.__name__] = Fault(function.__name__, cause, function, sure, why_not_proved, beside)
        return function

    return add


def faults() -> Mapping[str, Fault]:
    """Every fault by its name, in the order of the pull path."""
    from importlib import import_module  # noqa: PLC0415

    for name in MODULES:
        import_module(f"{__name__}.{name}")
    return _FAULTS
