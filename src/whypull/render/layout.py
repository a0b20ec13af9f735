"""Lines of a given width: characters that take two columns are counted as two, tokens longer than a line are broken."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def cells(text: str) -> int:
    """The columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_cell, text))


def _cell(character: str) -> int:
    if character < "\u0300":
        return 1
    from unicodedata import category, east_asian_width  # noqa: PLC0415 - only for names beyond Latin letters

    if category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1


def wrap(text: str, width: int, first: str = "", rest: str | None = None, *, whole: Sequence[str] = ()) -> list[str]:
    """Prose in lines of at most `width` columns; `first` and `rest` stand before the first line and before the others.

    A word that is longer than a line is broken, unless one of `whole` is in it: an address stays one that can be clicked.
    """
    rest = " " * cells(first) if rest is None else rest
    room = max(8, width - max(cells(first), cells(rest)))
    lines: list[str] = []
    line, used, fresh = first, cells(first), True
    for piece in (piece for word in text.split(" ") for piece in _pieces(word, room, whole)):
        size = cells(piece)
        if not fresh and used + 1 + size > width:
            lines.append(line)
            line, used, fresh = rest, cells(rest), True
        line += piece if fresh else " " + piece
        used += size + (not fresh)
        fresh = False
    return [one.rstrip() for one in (*lines, line)]


def _pieces(word: str, width: int, whole: Sequence[str]) -> Iterator[str]:
    """A word, in pieces where it is wider than a line."""
    while cells(word) > width and not any(mark in word for mark in whole):
        taken = used = 0
        while used + _cell(word[taken]) <= width:
            used += _cell(word[taken])
            taken += 1
        yield word[:taken]
        word = word[taken:]
    yield word


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names as a list for people, shortened: "a, b, c and 38 more"."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 pod", "41 pods"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
