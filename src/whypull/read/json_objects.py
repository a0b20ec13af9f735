"""JSON of objects, as a stream → typed objects, in batches: a list's items are decoded as they come, never held as a whole.

Forms: lists (`kubectl get … -o json`, the API's own), arrays, single objects, objects one after the other (a dump, JSON
lines), with or without text between them. Where an input ends too early, what is whole of it counts.
"""

from __future__ import annotations

import re

from msgspec import DecodeError, ValidationError
from msgspec.json import Decoder

from whypull.read.object_repair import closed, lenient
from whypull.read.object_structs import Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 64 << 20  # bytes of one object
MOST_TEXT = 4 << 20  # bytes kept of the text between objects
PIECE = 64 << 10
LONGEST_ITEM = 4 << 20  # a list's item that is longer is looked for bracket by bracket
FAULTS = (DecodeError, ValidationError, UnicodeDecodeError, RecursionError)

_LIST = re.compile(
    rb'\{\s*+(?:"(?:kind|apiVersion|metadata|selfLink)"\s*+:\s*+(?:"[^"\\]*+"|\{[^{}\[\]]*+\}|null)\s*+,\s*+)*+"items"\s*+:\s*+\[(?P<gap>\s*+)(?=\{)'
)
_ARRAY = re.compile(rb"\[(?P<gap>\s*+)(?=\{)")
_LIST_KIND = re.compile(rb'"kind"\s*:\s*"(\w*)List"')
_VALUE = re.compile(rb"\{\s*+[\"}]|\[\s*+[\[{\"\]]")
_OPENING = re.compile(rb'\{\s*+"[^"\\]{1,80}+"\s*+:')
_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+([{}\[\]])', re.DOTALL)
_LOGS = re.compile(rb"==== START logs for container .*")
_LOGS_END = re.compile(rb"==== END logs for container .*\n?")
_NEWLINE = re.compile(rb"\n")
_BLANK = re.compile(rb"[ \t\r\n,\x1e]*+")
_things = Decoder(list[Thing])


class Objects:
    """The objects of one stream of JSON. `texts` is what stood between them, `notes` what could not be read."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.texts: list[bytes] = []
        self.notes: list[str] = []
        self.listed = False  # whether the last batch came from a list
        self.kind = ""  # of that list's items, where the list says it
        self._pieces = _pieces(blocks)
        self._held = b""
        self._at = 0  # how far what is held has been read
        self._ended = False

    def batches(self) -> Iterator[list[Thing]]:
        """The objects, in the order of the stream."""
        while self._start():
            found = _LIST.match(self._held, self._at) or _ARRAY.match(self._held, self._at)
            if found:
                listed = self._held[self._at] == ord("{")
                kind = _LIST_KIND.search(found[0])
                self.listed, self.kind = listed, kind[1].decode() if kind else ""
                self._at = found.end()
                yield from self._items(found["gap"])
                self.listed, self.kind = False, ""
                if listed:
                    self._leave()
            else:
                yield self._things(self._value())

    # ------------------------------------------------------------ one list

    def _items(self, gap: bytes) -> Iterator[list[Thing]]:
        """The items of a list whose first one begins here; afterwards its closing bracket is gone."""
        opening = _OPENING.match(self._held, self._at)
        between = b"}," + gap + opening[0] if opening else b""
        while True:
            cut = self._held.rfind(between, self._at) if between else -1
            if cut > 0:
                try:
                    batch = _things.decode(b"".join((b"[", memoryview(self._held)[self._at : cut + 1], b"]")))
                except FAULTS:
                    pass  # the list ends before the cut, or an item is not as it should be: one by one
                else:
                    yield batch
                    self._at = cut + 2 + len(gap)
                    continue
            elif between and self._more():
                if len(self._held) > LONGEST_ITEM:
                    between = b""
                continue
            yield self._things(self._value())
            if self._after_item():
                return

    def _after_item(self) -> bool:
        """Passes over what stands behind an item. Whether it was the list's end."""
        while self._skip_blanks(b" \t\r\n") and self._more():
            pass
        mark = self._held[self._at : self._at + 1]
        if mark == b",":
            self._at += 1
            while self._skip_blanks(b" \t\r\n") and self._more():
                pass
            return self._at == len(self._held)
        if mark == b"]":
            self._at += 1
        else:
            self._cut_short()
        return True

    def _leave(self) -> None:
        """Passes over what stands in a list's object behind its items."""
        at, depth = _end(self._held, self._at, 1)
        while depth:
            at -= self._at
            if not self._more():
                self._at = len(self._held)
                return
            at, depth = _end(self._held, at, depth)
        self._at = at

    # ------------------------------------------------------------ one value

    def _value(self) -> bytes:
        """Takes the object or array that begins here, closed where the stream ends in it; empty where nothing is whole."""
        at, depth = _end(self._held, self._at, 0)
        while depth:
            at -= self._at
            if len(self._held) - self._at > LARGEST:
                self._note(f"An object has more than {LARGEST >> 20} MB: it and what follows it were not read.")
                self._held, self._at, self._ended = b"", 0, True
                return b""
            if not self._more(len(self._held) - self._at):
                self._cut_short()
                rest, self._at = self._held[self._at :], len(self._held)
                return closed(rest)
            at, depth = _end(self._held, at, depth)
        value = self._held[self._at : at]
        self._at = at
        return value

    def _things(self, value: bytes) -> list[Thing]:
        """The objects of one value."""
        if not value:
            return []
        try:
            return _things.decode(b"".join((b"[", value, b"]")) if value[:1] == b"{" else value)
        except FAULTS:
            thing = lenient(value)
            return [thing] if thing is not None else []

    # ------------------------------------------------------------ between values

    def _start(self) -> bool:
        """Goes to the next value; False at the end of the stream."""
        while True:
            self._at = _blank_end(self._held, self._at)
            if len(self._held) - self._at < 4096 and self._more():
                continue
            if self._at == len(self._held):
                return False
            if _VALUE.match(self._held, self._at):
                return True
            self._text()

    def _text(self) -> None:
        """Passes over a line that is no JSON; a dump's container logs are passed over whole: they are the application's."""
        logs = bool(_LOGS.match(self._held, self._at))
        end = _LOGS_END if logs else _NEWLINE
        while not (found := end.search(self._held, self._at)):
            if logs:
                self._at = max(self._at, len(self._held) - 4096)  # a log may be long, its end's mark is short
            if len(self._held) - self._at > MOST_TEXT or not self._more():
                break
        at, self._at = self._at, found.end() if found else len(self._held)
        if not logs and sum(map(len, self.texts)) < MOST_TEXT:
            self.texts.append(self._held[at : self._at])

    def _skip_blanks(self, blanks: bytes) -> bool:
        """Passes over blanks. Whether nothing else is held."""
        while self._held[self._at : self._at + 1] and self._held[self._at] in blanks:
            self._at += 1
        return self._at == len(self._held)

    def _more(self, size: int = 1) -> bool:
        """Holds at least so many more bytes of the stream, and lets go of what was read; False at its end."""
        pieces = [memoryview(self._held)[self._at :]]
        while size > 0 and not self._ended:
            piece = next(self._pieces, None)
            if piece is None:
                self._ended = True
            else:
                pieces.append(piece)
                size -= len(piece)
        if len(pieces) > 1:
            self._held, self._at = b"".join(pieces), 0
        return len(pieces) > 1

    def _cut_short(self) -> None:
        self._note("The input ends in the middle of an object or a list: what is whole of it was read.")

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


def _pieces(blocks: Iterator[bytes]) -> Iterator[memoryview]:
    """A stream in small pieces: memory that stays in the processor's cache is decoded a third faster."""
    for block in blocks:
        view = memoryview(block)
        for at in range(0, len(view), PIECE):
            yield view[at : at + PIECE]


def _blank_end(data: bytes, at: int) -> int:
    found = _BLANK.match(data, at)
    return found.end() if found else at


def _end(data: bytes, at: int, depth: int) -> tuple[int, int]:
    """Where the value ends in which `at` lies that many brackets deep: (position behind it, 0), or where to go on."""
    while found := _BRACKET.match(data, at):
        at = found.end()
        depth += 1 if found[1] in b"{[" else -1
        if depth <= 0:
            return at, 0
    return at, max(depth, 1)
