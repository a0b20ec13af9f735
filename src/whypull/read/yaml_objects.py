"""YAML of objects, as a stream → typed objects: item by item, and only those that can tell of a pull are parsed at all.

PyYAML parses 3 MB a second, so a gate of bytes stands before it (yaml_gate).
"""

from __future__ import annotations

import re

from whypull.read.object_edges import BREAK, COMMENT
from whypull.read.yaml_gate import Refused, ours, parsed, quick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from whypull.read.object_structs import Thing

LARGEST = 8 << 20  # bytes of one item, or of a document that is no list
HEAD = 64 * 1024
MOST_TEXT = 4 << 20  # bytes kept of the text between documents

_TOP = re.compile(
    rb"^[ \t]*(?:- )?(?:apiVersion|kind|items|involvedObject|regarding|containerStatuses|waiting)[ \t]*:(?:[ \t\r]|$)",
    re.MULTILINE,
)
_ITEMS = re.compile(rb"^items:[ \t]*\r?\n(?:[ \t]*\r?\n)*(?P<indent> *)(?=- )", re.MULTILINE)
_LIST_KIND = re.compile(rb"^kind:[ \t]*\"?(\w*)List\"?[ \t]*\r?$", re.MULTILINE)


def looks_like_objects(text: bytes) -> bool:
    """Whether a document names itself as an object or a list of the API, at the left edge of its text."""
    found = _TOP.search(text)
    return found is not None and not COMMENT.sub(b"", text[: found.start()]).strip()


def begins_with_objects(head: bytes) -> bool:
    """Whether one of the documents in a text's beginning is of objects."""
    return any(looks_like_objects(part) for part in BREAK.split(head))


class Documents:
    """The objects of one stream of YAML. `texts` is what stood between them, `notes` what could not be read."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.texts: list[bytes] = []
        self.notes: list[str] = []
        self.listed = False  # whether the last batch came from a list
        self.kind = ""  # of that list's items, where the list says it
        self._blocks = blocks
        self._held = b""
        self._ended = False

    def batches(self) -> Iterator[list[Thing]]:
        """The objects, in the order of the stream."""
        while self._filled():
            items, end = _ITEMS.search(self._held, 0, HEAD), BREAK.search(self._held, 0, HEAD)
            if items and not (end and end.start() < items.start()) and looks_like_objects(self._held[: items.end()]):
                yield from self._items(items)
            else:
                yield self._document(self._until(BREAK))

    def _items(self, items: re.Match[bytes]) -> Iterator[list[Thing]]:
        """The items of the list that begins here."""
        kind = _LIST_KIND.search(self._held, 0, items.start())
        self.listed, self.kind = True, kind[1].decode() if kind else ""
        self._held = self._held[items.start("indent") :]
        indent = items["indent"]
        less = str(len(indent)).encode()
        end = re.compile(rb"^(?=" + indent + rb"- | {0," + less + rb"}[^\s#-]|---|\.\.\.[ \t\r\n])", re.MULTILINE)
        while self._held.startswith(indent + b"- "):
            yield self._one(self._until(end, skip=len(indent) + 2), self.kind)
        self.listed, self.kind = False, ""
        trailer = self._until(BREAK)
        if not re.match(rb"\s*(?:(?:apiVersion|kind|metadata):|$)", trailer):
            self._text(trailer)

    def _document(self, document: bytes) -> list[Thing]:
        if not document.strip():
            return []
        if not looks_like_objects(document):
            self._text(document)
            return []
        return self._one(document, "")

    def _one(self, piece: bytes, kind: str) -> list[Thing]:
        """The objects of an item or a document, if it is of a kind that can tell of a pull."""
        if len(piece) > LARGEST:
            self._note(f"An object has more than {LARGEST >> 20} MB and was not read.")
            return []
        if not ours(piece, kind):
            return []
        known = quick(piece, kind)
        if known is not None:
            return [known]
        try:
            things, rest = parsed(piece)
        except Refused as refused:
            self._note(str(refused))
            return []
        if rest:
            self._note("A YAML document breaks off or is damaged: what is whole of it was read.")
            if rest.lstrip(b"\r\n")[:1].isalpha() and not looks_like_objects(rest):
                self._text(rest)
        return things

    def _until(self, end: re.Pattern[bytes], skip: int = 0) -> bytes:
        """Takes what comes before the next such line, which is dropped as far as the pattern covers it."""
        at = skip
        while True:
            found = end.search(self._held, at)
            if found and found.end() < len(self._held):
                break
            at = max(skip, self._held.rfind(b"\n") + 1)
            if len(self._held) > LARGEST or not self._more():
                break
        cut, on = (found.start(), found.end()) if found else (len(self._held), len(self._held))
        taken, self._held = self._held[:cut], self._held[on:]
        return taken

    def _filled(self) -> bool:
        """Holds as much of the stream as a list's head may have; False at its end."""
        while len(self._held) < HEAD and self._more():
            pass
        return bool(self._held)

    def _more(self) -> bool:
        block = b"" if self._ended else next(self._blocks, b"")
        self._ended = self._ended or not block
        self._held = self._held + block if self._held else block
        return not self._ended

    def _text(self, text: bytes) -> None:
        if text.strip() and sum(map(len, self.texts)) < MOST_TEXT:
            self.texts.append(text)

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)
