"""Kubernetes objects as JSON or YAML, in any of the forms in which they are handed on → the inventory."""

from __future__ import annotations

import re

from msgspec import DecodeError, ValidationError
from msgspec.json import Decoder

from whypull.read.object_edges import first_byte, unquoted, without_edges
from whypull.read.object_structs import Thing
from whypull.read.sources import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from whypull.read.gather import Gathered
    from whypull.read.inventory import Inventory
    from whypull.read.json_objects import Objects
    from whypull.read.yaml_objects import Documents

DEEPEST = 4  # lists in watch events in lists
QUOTED = 16 << 20  # bytes of a text whose lines are quoted

_JSON = re.compile(
    rb'"apiVersion"\s*:\s*"|"kind"\s*:\s*"[A-Z]\w*List"|"items"\s*:\s*\[\s*(?:\{\s*"(?:metadata|apiVersion|kind)"|\])|"involvedObject"\s*:\s*\{|'
    rb'"type"\s*:\s*"(?:ADDED|MODIFIED|DELETED|BOOKMARK)"\s*,\s*"object"|"(?:containerStatuses|waiting)"\s*:\s*[\[{]'
)
_OF_SECRETS = re.compile(r"(?:^|[/\\])secrets?\.(?:json|ya?ml)$")
_list = Decoder(list[Thing])
_one = Decoder(Thing)
_FAULTS = (DecodeError, ValidationError, UnicodeDecodeError, RecursionError)


def read_objects(data: bytes | memoryview | Source, into: Gathered, inventory: Inventory) -> bool:
    """Adds the objects of an input to the inventory. False where it holds none: then nothing of it was consumed."""
    source = data if isinstance(data, Source) else _source(bytes(data))
    head = source[:]
    first = first_byte(head)
    if first == b">":
        whole = source.within(QUOTED)
        if whole is None:
            return False
        source = _source(unquoted(whole))
        head = source[:]
        first = first_byte(head)
    reader: Objects | Documents
    if first in {b"{", b"["}:
        if head.lstrip()[:1] == b"{" and b'"whypull-case/' in head[:200]:
            return _case(source, into)
        if not _JSON.search(head):
            return False
        from whypull.read.json_objects import Objects  # noqa: PLC0415

        reader = Objects(source.blocks())
    else:
        from whypull.read.yaml_objects import Documents, begins_with_objects  # noqa: PLC0415 - PyYAML costs 20 ms

        if not begins_with_objects(head):
            return False
        reader = Documents(source.blocks())
    into.take_for(f"Kubernetes objects ({'JSON' if first in {b'{', b'['} else 'YAML'})")
    _add(reader, source.name, inventory)
    _tell([*source.notes, *reader.notes], reader.texts, into)
    return True


def _source(data: bytes) -> Source:
    from io import BytesIO  # noqa: PLC0415

    return Source("the input", BytesIO(data).read)


def _add(reader: Objects | Documents, name: str, inventory: Inventory) -> None:
    count = 0
    for batch in reader.batches():
        for kind, listed, things in _unwrapped(batch, reader.kind, listed=reader.listed):
            count += len(things)
            inventory.add_all(things, kind, listed=listed)
    if not count and _OF_SECRETS.search(name):
        inventory.secrets_empty(name)


def _unwrapped(
    things: list[Thing], kind: str = "", *, listed: bool = False, depth: int = 0
) -> Iterator[tuple[str, bool, list[Thing]]]:
    """Objects with the kind of their list, taken out of lists, watch events and tables, as (kind, listed, objects)."""
    plain = []
    for thing in things:
        if depth < DEEPEST and (thing.items or thing.object or thing.rows):
            yield from _inner(thing, depth + 1)
        else:
            plain.append(thing)
    if plain:
        yield kind, listed, plain


def _inner(thing: Thing, depth: int) -> Iterator[tuple[str, bool, list[Thing]]]:
    try:
        if thing.object:
            if thing.type != "DELETED":
                yield from _unwrapped([_one.decode(thing.object)], depth=depth)
        elif thing.items:
            kind = (thing.kind or "").removesuffix("List")
            yield from _unwrapped(_list.decode(thing.items), kind, listed=True, depth=depth)
        else:
            from whypull.read.object_tables import rows_of  # noqa: PLC0415 - rare

            yield "", False, rows_of(thing)
    except _FAULTS:
        return


def _tell(notes: Iterable[str], texts: Iterable[bytes], into: Gathered) -> None:
    for note in notes:
        into.note(note)
    text = without_edges(b"".join(texts))
    if text.strip():
        from whypull.read.paste import read_paste  # noqa: PLC0415

        read_paste(text, into)


def _case(source: Source, into: Gathered) -> bool:
    """A saved case is replayed as it is."""
    from whypull.casefile import NotACase, loads  # noqa: PLC0415

    try:
        into.cases.append(loads(bytes(source).decode("utf-8", "replace")))
    except NotACase as error:
        into.note(f"This case file cannot be read: {error}.")
    else:
        into.take_for("case file")
    return True
