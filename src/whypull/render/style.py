"""Colour where it is asked for, and the marks. Words carry the meaning; colour only repeats it."""

from __future__ import annotations

FAILED, PASSED, NOT_REACHED, UNKNOWN = "✗", "✓", "·", "?"
MARKS = {"passed": PASSED, "failed": FAILED, "not reached": NOT_REACHED, "not looked": UNKNOWN}

_CODES = {"bad": "1;31", "good": "32", "ask": "1;33", "strong": "1", "quiet": "2", "command": "36"}
_OF_MARK = {PASSED: "good", FAILED: "bad", NOT_REACHED: "quiet", UNKNOWN: "ask"}


class Style:
    """Paints words for a terminal, or leaves them as they are."""

    __slots__ = ("colour",)

    def __init__(self, *, colour: bool = False) -> None:
        self.colour = colour

    def paint(self, role: str, text: str) -> str:
        """The text in the colour of a role: bad, good, ask, strong, quiet, command."""
        return f"\x1b[{_CODES[role]}m{text}\x1b[0m" if self.colour and text else text

    def mark(self, mark: str) -> str:
        """A mark in its colour."""
        return self.paint(_OF_MARK[mark], mark)
