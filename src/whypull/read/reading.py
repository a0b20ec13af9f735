"""One entry for everything: recognises what it is given, lets the right readers at it, and makes cases of what they heard."""

from __future__ import annotations

from whypull.model import Reading
from whypull.read.gather import Gathered
from whypull.read.grouping import cases

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from whypull.read.inventory import Inventory
    from whypull.read.sources import Source

SHORT = 256 * 1024


def read_text(text: str) -> Reading:
    """What a text holds. Never raises."""
    return read_bytes(text.encode("utf-8", "surrogatepass"))


def read_bytes(data: bytes) -> Reading:
    """What some bytes hold: objects, text in any encoding, or nothing that can be read. Never raises."""
    into, inventory = Gathered(), _Lazy()
    _one(data, into, inventory)
    return _reading(into, inventory)


def read_sources(sources: Iterable[Source]) -> Reading:
    """What files, directories, archives or standard input hold, together. Raises sources.Unreadable."""
    into, inventory = Gathered(), _Lazy()
    for source in sources:
        with source as opened:
            _one(opened, into, inventory)
            for sentence in opened.notes:
                into.note(sentence)
    return _reading(into, inventory)


class _Lazy:
    """The inventory, made when the first objects are met: a paste needs none."""

    def __init__(self) -> None:
        self.made: Inventory | None = None

    def get(self) -> Inventory:
        if self.made is None:
            from whypull.read.inventory import Inventory  # noqa: PLC0415

            self.made = Inventory()
        return self.made


def _one(data: bytes | Source, into: Gathered, inventory: _Lazy) -> None:
    if b'"logger":"' in (head := bytes(data[:4096])) or b"ownloading agent" in head:
        from whypull.read.dynatrace_logs import tell  # noqa: PLC0415 - its containers' logs only

        tell(data, into)
    if _may_be_objects(data):
        from whypull.read.objects import read_objects  # noqa: PLC0415 - msgspec costs 10 ms

        told = len(into.heard) + len(into.cases)
        objects = inventory.get()
        short = _short(data)
        read = read_objects(data, into, objects)
        if read and (objects.tells or told < len(into.heard) + len(into.cases) or short is None):
            return
        data = data if short is None else short  # a stream has been consumed
    from whypull.read.paste import read_paste  # noqa: PLC0415

    read_paste(data, into)


def _short(data: bytes | Source) -> bytes | None:
    """All of what may be a paste: a manifest, and below it what was said of it. None for what is too large for one."""
    if isinstance(data, (bytes, bytearray)):
        return bytes(data) if len(data) <= SHORT else None
    return data.within(SHORT)


def _may_be_objects(data: bytes | Source) -> bool:
    head = bytes(data[:4096]).lstrip(b"\xef\xbb\xbf \t\r\n")
    return head[:1] in {b"{", b"["} or any(mark in head for mark in (b"apiVersion", b"kind:", b'"items"')) or b"\0" in head[:4]


def _reading(into: Gathered, inventory: _Lazy) -> Reading:
    return Reading(
        cases=cases(into, inventory.made),
        notes=tuple(into.notes),
        ask=tuple(into.asks),
        seen=", ".join(into.took),
    )
