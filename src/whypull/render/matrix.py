"""Who sees what: a table of nodes and stages, for a terminal and as JSON."""

from __future__ import annotations

from whypull.model import STAGES
from whypull.render.layout import wrap
from whypull.render.safe import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Protocol

    from whypull.model import Diagnosis

    class Row(Protocol):
        """One node and what it sees (vantage.matrix.Row)."""

        node: str
        kind: str
        address: str
        path: dict[str, str] | None
        diagnosis: Diagnosis | None
        why_not: str


_MARKS = {"passed": "✓", "failed": "✗", "not reached": "·", "not looked": "?"}
_SHOWN = ("dns", "network", "proxy", "tls", "registry", "auth", "image")


def table(rows: Sequence[Row], differences: Sequence[str], width: int) -> str:
    """The matrix and what differs in it; newline at its end."""
    names = [plain(row.node) for row in rows]
    first = max([len("node"), *(len(n) for n in names)])
    stages = [s for s in _SHOWN if any(row.path and row.path.get(s) not in {None, "not looked"} for row in rows)]
    head = "  " + "node".ljust(first) + "  " + "  ".join(stages)
    lines = ["Who sees what, each walked from the node itself:", head]
    for row, name in zip(rows, names, strict=True):
        lines += _line(row, name, first, stages, width)
    lines.append("")
    for sentence in differences:
        lines += wrap(plain(sentence), width)
    return "\n".join(lines) + "\n"


def _line(row: Row, name: str, first: int, stages: Sequence[str], width: int) -> list[str]:
    if row.path is None:
        return wrap(f"not walked from: {plain(row.why_not)}", width, f"  {name.ljust(first)}  ")
    marks = "  ".join(_MARKS.get(row.path.get(stage, ""), "?").ljust(len(stage)) for stage in stages)
    words = "works" if row.diagnosis is None else row.diagnosis.findings[0].cause
    seen_as = f" (seen as {plain(row.address)})" if row.address else ""
    return [f"  {name.ljust(first)}  {marks}  {words}{seen_as}"]


def as_list(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The matrix for -o json."""
    return [
        {
            "node": row.node,
            "kind": row.kind,
            "address": row.address,
            "path": {s: row.path[s] for s in STAGES if s in row.path} if row.path is not None else {},
            "cause": row.diagnosis.findings[0].cause if row.diagnosis else "",
            "works": row.path is not None and row.diagnosis is None,
            "why_not": row.why_not,
        }
        for row in rows
    ]
