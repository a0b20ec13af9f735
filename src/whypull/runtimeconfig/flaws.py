"""What is wrong in a node's configuration, one sentence each, and what to paste. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SAFE = re.compile(r"[A-Za-z0-9._:/@%+=\[\]-]+")


@dataclass(frozen=True, slots=True)
class Flaw:
    """One mistake: `stops` where it stops pulls by itself, else the runtime passes over it without an error in the pod."""

    kind: str
    file: str
    words: str  # what is wrong, and what follows from it
    stops: bool = False
    repair: str = ""  # commands for a shell on the node; empty where they depend on what is meant


def pastable(*values: str) -> bool:
    """Whether values may stand in a shell command without quotes."""
    return all(_SAFE.fullmatch(value) for value in values)
