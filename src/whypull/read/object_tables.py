"""kind Table, in which the API gives kubectl its columns → objects with what the columns show."""

from __future__ import annotations

from msgspec import DecodeError, ValidationError
from msgspec.json import Decoder

from whypull.read.object_structs import (
    Column,
    ContainerStatus,
    Metadata,
    Reference,
    Row,
    Spec,
    State,
    Status,
    Thing,
    Waiting,
)  # fmt: skip

TYPE_CHECKING = False

_columns = Decoder(list[Column])
_rows = Decoder(list[Row])
_object = Decoder(Thing)


def rows_of(table: Thing) -> list[Thing]:
    """The objects of a table of pods or events: whole ones where it holds them, else what its columns show."""
    try:
        columns = [c.name.lower() for c in _columns.decode(table.columnDefinitions)] if table.columnDefinitions else []
        rows = _rows.decode(table.rows)
    except (DecodeError, ValidationError, UnicodeDecodeError):
        return []
    made = [_thing(dict(zip(columns, (str(c) for c in row.cells or ()), strict=False)), row) for row in rows]
    return [thing for thing in made if thing is not None]


def _thing(cells: dict[str, str], row: Row) -> Thing | None:
    try:
        thing = _object.decode(row.object) if row.object else Thing()
    except (DecodeError, ValidationError, UnicodeDecodeError):
        thing = Thing()
    if thing.kind not in {None, "PartialObjectMetadata"}:
        return thing
    meta = thing.metadata or Metadata()
    if "status" in cells and "ready" in cells and "name" in cells:
        return _pod(cells, meta)
    if "reason" in cells and "message" in cells and "object" in cells:
        kind, _, name = cells["object"].partition("/")
        about = Reference(kind="Pod" if kind.lower() == "pod" else kind, namespace=meta.namespace, name=name)
        return Thing(kind="Event", metadata=meta, involvedObject=about, reason=cells["reason"], message=cells["message"])
    return None


def _pod(cells: dict[str, str], meta: Metadata) -> Thing:
    """A pod of which only the printed state is known: the container is not."""
    meta.name = meta.name or cells["name"]
    reason = cells["status"].rpartition(":")[2]  # "Init:ImagePullBackOff"
    waiting = None if reason in {"Running", "Completed", "Succeeded"} else State(waiting=Waiting(reason=reason))
    status = Status(containerStatuses=[ContainerStatus(state=waiting or State())])
    node = cells.get("node", "")
    return Thing(kind="Pod", metadata=meta, spec=Spec(nodeName=node if node != "<none>" else ""), status=status)
