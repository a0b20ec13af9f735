"""A picture of a cluster's ways out → a screen: addresses with their evidence, what is not known, lists compared."""

from __future__ import annotations

import shlex

from whypull.egress.nets import aggregated
from whypull.records import dataclass
from whypull.render.layout import cells, counted, listed, wrap
from whypull.render.safe import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whypull.egress.allowlist import Compared
    from whypull.egress.nouns import Group, Picture, Way

MOST_ROWS = 24  # a screen
MOST_COMMANDS = 6
MOST_NOTES = 10
SURE = {"proved": "proved", "likely": "likely", "possible": "possible"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: an address, or all the own addresses of some nodes."""

    address: str
    certainty: str
    by: str
    whose: str
    way: Way


def screen(picture: Picture, compared: Sequence[Compared], width: int, prog: str = "whypull") -> str:
    """The whole answer, newline at its end."""
    rows = list(rows_of(picture))
    lines = [*_head(picture, rows, width), ""]
    lines += _table(rows, width)
    lines += _evidence(rows, width)
    lines += _unknown(picture, width)
    for one in compared:
        lines += _compared(one, width)
    lines += _notes("Besides", [*picture.notes, *(n for g in picture.groups for n in g.notes)], width)
    lines += _notes("What could not be seen", picture.lacking, width)
    lines += _commands(picture, width, prog)
    return "\n".join(lines).rstrip("\n") + "\n"


def per_node(picture: Picture, width: int) -> str:
    """A line for each node and address, newline at its end; a node of which nothing is known has a question mark."""
    lines = [("NODE", "ADDRESS", "HOW SURE", "BY"), *((n, a, SURE.get(c, c), by) for n, a, c, by in lines_of(picture))]
    shown = [[plain(cell) for cell in line] for line in lines]
    widths = [max(cells(line[i]) for line in shown) for i in range(3)]
    rows = ("  ".join([*(c + " " * (w - cells(c)) for c, w in zip(line[:3], widths, strict=True)), line[3]]) for line in shown)
    return "\n".join(row.rstrip() for row in rows) + "\n\n" + "\n".join(_unknown(picture, width)).rstrip("\n").lstrip("\n") + "\n"


def lines_of(picture: Picture) -> Iterator[tuple[str, str, str, str]]:
    """Node, address, certainty, by what; sorted by node. Where a node's ways are not all known, one line says unknown."""
    found: list[tuple[str, str, str, str]] = []
    for group in picture.groups:
        for node in group.nodes:
            mine = [w for w in group.ways if not w.node or w.node == node]
            found += [(node, way.address, way.certainty, way.by) for way in mine]
            if group.unknown:
                found.append((node, "?", "unknown", ""))
            elif not mine:
                found.append((node, "none", "", "no way to the internet"))
    yield from sorted(found)


def rows_of(picture: Picture) -> Iterator[Row]:
    """The table's rows: each shared address once, and nodes' own ones together where they are many."""
    split = split_pools(picture)
    shared: dict[tuple[str, str, str], tuple[Way, list[Group]]] = {}
    own: dict[tuple[str, str, tuple[str, ...]], list[Way]] = {}
    for group in picture.groups:
        for way in group.ways:
            if way.node:
                own.setdefault((way.by, way.certainty, group.names), []).append(way)
            else:
                shared.setdefault((way.address, way.certainty, way.by), (way, []))[1].append(group)
    for (address, certainty, by), (way, groups) in shared.items():
        yield Row(address, certainty, by, whose(groups, split), way)
    for (by, certainty, names), ways in own.items():
        if len(ways) <= 4:
            yield from (Row(w.address, certainty, by, f"node {w.node}", w) for w in ways)
            continue
        nets = aggregated(way.address for way in ways)
        shown = nets[0] if len(nets) == 1 else f"{counted(len(ways), 'address', 'addresses')} in {len(nets)} ranges"
        yield Row(shown, certainty, by, f"{counted(len({w.node for w in ways}), 'node')} of {listed(names, 2)}", ways[0])


def whose(groups: Sequence[Group], split: frozenset[str] = frozenset()) -> str:
    """Which nodes leave by it: how many they are (a line that is too long loses names, not numbers), pools, subnets or zones.

    `split`: pools whose nodes leave in more than one way; of these, the subnets or zones are named too.
    """
    names = list(dict.fromkeys(name for group in groups for name in group.names))
    pools = [name.removeprefix("pool ") for name in names if name.startswith("pool ")]
    others = [name for name in names if not name.startswith("pool ")]
    nodes = {node for group in groups for node in group.nodes}
    count = f"{counted(len(nodes), 'node')} of " if nodes else ""
    if not pools:
        return f"{count}{listed(others, 2)}"
    where = f", {listed(others, 1)}" if others and split & set(pools) else ""
    return f"{count}{'pool' if len(pools) == 1 else 'pools'} {listed(pools, 3)}{where}"


def split_pools(picture: Picture) -> frozenset[str]:
    """The pools that are in more than one group."""
    each = [name.removeprefix("pool ") for group in picture.groups for name in set(group.names) if name.startswith("pool ")]
    return frozenset(name for name in each if each.count(name) > 1)


def _head(picture: Picture, rows: Sequence[Row], width: int) -> Iterator[str]:
    open_nodes = {node for group in picture.groups if group.unknown for node in group.nodes}
    known = len({a for g in picture.groups for w in g.ways if w.certainty != "possible" for a in [w.address]})
    if not picture.groups:
        words = "Which addresses the nodes leave from is not known: no node was seen."
    elif known:
        words = f"{counted(picture.nodes, 'node leaves', 'nodes leave')} by {counted(known, 'known address', 'known addresses')}"
        words += f"; for {len(open_nodes):,} of them that is not all that is to know." if open_nodes else "."
    elif open_nodes or rows:
        words = f"Which addresses {counted(picture.nodes, 'node leaves', 'nodes leave')} from is not known for certain."
    else:
        words = f"{counted(picture.nodes, 'node has', 'nodes have')} no way to the internet of their own."
    yield from wrap(words, width)
    for account in picture.accounts:
        yield from wrap(plain(f"Asked: {account}."), width)


def _table(rows: Sequence[Row], width: int) -> Iterator[str]:
    if not rows:
        return
    cols = [
        ("ADDRESS", "HOW SURE", "BY", "WHOSE"),
        *((plain(r.address), SURE[r.certainty], r.by, plain(r.whose)) for r in rows[:MOST_ROWS]),
    ]
    widths = [max(cells(row[i]) for row in cols) for i in range(3)]
    for row in cols:
        start = "  ".join(cell + " " * (w - cells(cell)) for cell, w in zip(row[:3], widths, strict=True))
        room = max(12, width - cells(start) - 2)
        last = row[3] if cells(row[3]) <= room else row[3][: room - 1] + "…"
        yield f"{start}  {last}".rstrip()
    if len(rows) > MOST_ROWS:
        yield f"… and {len(rows) - MOST_ROWS} more rows: -o csv has them all."
    yield ""


def _evidence(rows: Sequence[Row], width: int) -> Iterator[str]:
    """Why each is there, and how long it stays; what is said of several alike is said once."""
    said: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for row in rows:
        said.setdefault((row.way.because, row.way.lasts), []).append(plain(row.address))
    if said:
        yield "How we know, and how long it stays"
    for number, ((because, lasts), addresses) in enumerate(said.items()):
        if number >= 8:
            yield f"  … and {len(said) - 8} more: -o json has them all."
            break
        words = "; ".join(plain(one) for one in because[:3]) + (f"; and {len(because) - 3} more" if len(because) > 3 else "")
        yield from wrap(f"{listed(addresses, 3)}: {words}. {plain(lasts)}".rstrip(), width, "  ", "    ")
    if said:
        yield ""


def _unknown(picture: Picture, width: int) -> Iterator[str]:
    why: dict[tuple[str, tuple[str, ...]], list[Group]] = {}
    for group in picture.groups:
        if group.unknown:
            why.setdefault((group.unknown, group.ask), []).append(group)
    if not why:
        return
    yield "Not known"
    for number, ((words, ask), groups) in enumerate(why.items()):
        if number >= 6:
            yield f"  … and {len(why) - 6} more: -o json has them all."
            break
        yield from wrap(f"? {plain(whose(groups, split_pools(picture)))}: {plain(words)}", width, "  ", "    ")
        for one in ask:
            yield from [f"    {plain(one)}"] if _is_command(one) else wrap(plain(one), width, "    ", "    ")
    yield ""


def _is_command(words: str) -> bool:
    return words.startswith(("az ", "aws ", "gcloud ", "kubectl ", "whypull "))


def _compared(one: Compared, width: int) -> Iterator[str]:
    yield from wrap(f"Held against {plain(one.name)}", width)
    if one.missing:
        yield from _listed_ways("✗ missing:", one.missing, width)
    elif one.covered:
        yield from wrap(
            f"✓ {'all' if one.sure else 'the'} {counted(one.covered, 'known address is', 'known addresses are')} on it",
            width,
            "  ",
        )
    if one.doubtful:
        yield from _listed_ways("? missing, if nodes really leave by it:", one.doubtful, width)
    if one.stale:
        words = "used by no node of this cluster" if one.sure else "used by no way out that is known; not all are"
        yield from wrap(
            f"{'✗ stale' if one.sure else '? perhaps stale'}, {words}: {plain(listed(one.stale, 8))}", width, "  ", "    "
        )
    for odd in one.odd:
        yield from wrap(plain(odd), width, "  ", "    ")
    yield ""


def _listed_ways(words: str, ways: Sequence[Way], width: int) -> Iterator[str]:
    shown = aggregated(way.address for way in ways) or [way.address for way in ways]
    yield from wrap(f"{words} {plain(listed(shown, 12))}", width, "  ", "    ")


def _notes(title: str, notes: Sequence[str], width: int) -> Iterator[str]:
    each = list(dict.fromkeys(notes))
    if not each:
        return
    yield title
    for note in each[:MOST_NOTES]:
        yield from wrap(plain(note), width, "  ", "  ")
    if len(each) > MOST_NOTES:
        yield f"  … and {len(each) - MOST_NOTES} more: -o json has them all."
    yield ""


def _commands(picture: Picture, width: int, prog: str) -> Iterator[str]:
    if not picture.wants:
        return
    yield from wrap("To know more, run these and give their outputs (or have somebody run them who may):", width)
    for one in picture.wants[:MOST_COMMANDS]:
        yield f"  {plain(shlex.join(one.argv))}"
    if len(picture.wants) > MOST_COMMANDS:
        yield f"  … and {len(picture.wants) - MOST_COMMANDS} more: -o json has them all."
    yield f"  {prog} egress --from-file nodes.json FILE …   # nodes.json: kubectl get nodes -o json"
