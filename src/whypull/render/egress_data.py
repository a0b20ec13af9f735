"""A picture of a cluster's ways out → JSON, CSV, CIDRs: for programs and for pasting."""

from __future__ import annotations

import csv
import io
import json
import shlex

from whypull.egress.nets import aggregated
from whypull.render.egress_text import lines_of
from whypull.render.safe import escaped_for_json, neutral

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from whypull.egress.allowlist import Compared
    from whypull.egress.nouns import Group, Picture, Way

COLUMNS = ("address", "certainty", "by", "node", "names", "nodes", "because", "lasts")


def as_json(picture: Picture, compared: Sequence[Compared]) -> str:
    """One document, newline at its end; nothing is left out."""
    fields = {
        "nodes": picture.nodes,
        "accounts": list(picture.accounts),
        "groups": [_group(group) for group in picture.groups],
        "cidrs": aggregated(w.address for g in picture.groups for w in g.ways if w.certainty != "possible"),
        "possible": aggregated(w.address for g in picture.groups for w in g.ways if w.certainty == "possible"),
        "known": bool(picture.groups) and not any(group.unknown for group in picture.groups),
        "registries": [{"host": r.host, "addresses": list(r.addresses), "from": r.seen_from} for r in picture.registries],
        "lists": [_list(one) for one in compared],
        "notes": list(picture.notes),
        "lacking": list(picture.lacking),
        "ask": [shlex.join(one.argv) for one in picture.wants],
    }
    return escaped_for_json(json.dumps({"schema": "whypull/1", "egress": fields}, indent=2, ensure_ascii=False)) + "\n"


def _group(group: Group) -> dict[str, Any]:
    return {
        "names": list(group.names),
        "nodes": list(group.nodes),
        "ways": [_way(way) for way in group.ways],
        "unknown": group.unknown,
        "ask": list(group.ask),
        "notes": list(group.notes),
    }


def _way(way: Way) -> dict[str, Any]:
    known = {"address": way.address, "certainty": way.certainty, "by": way.by, "because": list(way.because), "lasts": way.lasts}
    return known | ({"node": way.node} if way.node else {})


def _list(one: Compared) -> dict[str, Any]:
    return {
        "name": one.name,
        "missing": [way.address for way in one.missing],
        "doubtful": [way.address for way in one.doubtful],
        "stale": list(one.stale),
        "sure": one.sure,
        "odd": list(one.odd),
    }


def as_csv(picture: Picture) -> str:
    """A line for each address of each group; nodes without a known way are there with an empty address."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for group in picture.groups:
        names = " | ".join(group.names)
        for way in group.ways:
            cells = (
                way.address,
                way.certainty,
                way.by,
                way.node,
                names,
                str(1 if way.node else len(group.nodes)),
                "; ".join(way.because),
                way.lasts,
            )
            writer.writerow([_cell(cell) for cell in cells])
        if group.unknown or not group.ways:
            words = group.unknown or " ".join(group.notes)
            writer.writerow(
                [
                    _cell(cell)
                    for cell in ("", "unknown" if group.unknown else "none", "", "", names, str(len(group.nodes)), words, "")
                ]
            )
    return out.getvalue()


def per_node(picture: Picture) -> str:
    """node,address,certainty,by: a line for each node and address."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("node", "address", "certainty", "by"))
    writer.writerows([_cell(cell) for cell in line] for line in lines_of(picture))
    return out.getvalue()


def _cell(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    shown = neutral(text).replace("\n", " ")
    return f"'{shown}" if shown[:1] in {"=", "+", "-", "@"} else shown


def as_cidr(picture: Picture) -> str:
    """The known addresses as the fewest CIDRs, one a line; what is only possible stands in comments."""
    sure = aggregated(w.address for g in picture.groups for w in g.ways if w.certainty != "possible")
    maybe = [
        one
        for one in aggregated(w.address for g in picture.groups for w in g.ways if w.certainty == "possible")
        if one not in sure
    ]
    open_ones = sum(len(group.nodes) for group in picture.groups if group.unknown)
    lines = [*sure, *(f"# possible, not certain: {one}" for one in maybe)]
    if open_ones or not picture.groups:
        lines.append(
            f"# not complete: how {open_ones} nodes leave is not (wholly) known"
            if open_ones
            else "# not complete: no node was seen"
        )
    return "".join(f"{line}\n" for line in lines)
