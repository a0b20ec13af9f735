"""One pull walked from several nodes: who sees what, and what only some of them see."""

from __future__ import annotations

from whypull.diagnose import diagnose
from whypull.model import Case
from whypull.proofs.walked_as_another_node_too import CONTROL as VANTAGE
from whypull.read.blast import class_of
from whypull.read.message import failures
from whypull.records import dataclass, replace
from whypull.steps import Tried
from whypull.vantage.ladder import NodeLost, NoVantage
from whypull.vantage.node_walk import NodeWalk, unfinished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from whypull.model import Diagnosis, Fact, NodeSeen, Pull, StageState
    from whypull.vantage.ladder import Ladder
    from whypull.vantage.node_walk import Wanted

ALL = 8  # nodes of a cluster up to which all are walked; beyond it, one of each kind
MOST = 24
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Row:
    """What one node sees."""

    node: str
    kind: str = ""  # pool, zone, architecture, runtime
    address: str = ""  # that the registry saw, where it says so
    path: Mapping[str, StageState] | None = None  # None where the node could not be walked from
    diagnosis: Diagnosis | None = None  # None where the pull works there
    why_not: str = ""  # why it could not be walked from
    facts: tuple[Fact, ...] = ()  # what was read there and tried from there

    @property
    def works(self) -> bool:
        """Whether the whole pull came off."""
        return self.path is not None and self.diagnosis is None


def chosen_nodes(nodes: Mapping[str, NodeSeen], failing: Sequence[str]) -> list[str]:
    """The nodes to walk from: all of a small cluster, else the first failing ones and one ready node of each kind."""
    if len(nodes) <= ALL:
        return sorted(nodes)
    kinds: dict[tuple[str, ...], str] = {}
    for name in [*failing, *sorted(nodes)]:
        node = nodes.get(name)
        if node is not None and node.ready == "True":
            kinds.setdefault((*class_of(node).values(), "failing" if name in failing else ""), name)
    return list(kinds.values())[:MOST]


def rows(
    pull: Pull, wanted: Wanted, names: Sequence[str], nodes: Mapping[str, NodeSeen], ladder: Ladder, say: Callable[[str], None]
) -> list[Row]:
    """One row a node, in the order of the names."""
    done: list[str] = []

    def one(name: str) -> Row:
        row = _row(pull, wanted, name, nodes.get(name), ladder)
        done.append(name)
        say(f"walked from {len(done)} of {len(names)} nodes")
        return row

    if not names:
        return []
    first = one(names[0])  # alone: it asks for consent
    return compared([first, *ladder.side_by_side(one, names[1:], AT_ONCE)], pull)


def _row(pull: Pull, wanted: Wanted, name: str, node: NodeSeen | None, ladder: Ladder) -> Row:
    kind = " ".join(class_of(node).values()) if node else ""
    try:
        with ladder.shell(name, "node") as shell:
            walk = NodeWalk(shell, name)
            walk.begin()
            platform = f"linux/{node.arch}" if node and node.arch else wanted.platform
            facts = tuple(walk.facts(replace(wanted, platform=platform)))
    except (NoVantage, NodeLost) as e:
        return Row(name, kind, why_not=str(e))
    if cut := unfinished(facts):
        return Row(name, kind, why_not=f"nothing failed so far, but the walk did not come to its end: {cut}")
    return _row_of(name, kind, facts, (), pull)


def _row_of(name: str, kind: str, facts: tuple[Fact, ...], beside: tuple[Tried, ...], pull: Pull) -> Row:
    """The row of what was seen from one node; `beside` is what another node saw in the same moment."""
    made = diagnose(Case(replace(pull, node=name, pod=""), (*facts, *beside), f"node {name}"), failures)
    failed = any(isinstance(f, Tried) and f.words and not f.control for f in facts)
    address = next((f.args["ip"] for f in made.findings if f.args.get("ip")), "")
    return Row(name, kind, address, dict(made.path), made if failed and made.findings else None, facts=facts)


def compared(found: Sequence[Row], pull: Pull) -> list[Row]:
    """The rows again, each failing one held against a node from which the pull works: one variable changed, which is the node."""
    return [row if row.diagnosis is None else _row_of(row.node, row.kind, row.facts, beside(row, found), pull) for row in found]


def beside(row: Row, found: Sequence[Row]) -> tuple[Tried, ...]:
    """The steps of another node from which the pull works, as a control; none where it works from nowhere."""
    other = next((one for one in found if one.works and one.node != row.node), None)
    return tuple(replace(f, control=f.control or VANTAGE) for f in other.facts if isinstance(f, Tried)) if other else ()


def differences(found: Sequence[Row]) -> tuple[str, ...]:
    """What only some of the nodes see, one sentence each."""
    seen = [row for row in found if row.path is not None]
    causes: dict[str, list[Row]] = {}
    for row in seen:
        causes.setdefault(row.diagnosis.findings[0].cause if row.diagnosis else "", []).append(row)
    if len(causes) < 2:
        if seen and "" in causes:
            return (f"All {len(seen)} nodes that were walked from pull it.",)
        return (f"All {len(seen)} nodes that were walked from see the same.",) if len(seen) > 1 else ()
    sentences = []
    for cause, mine in sorted(causes.items(), key=lambda item: (not item[0], len(item[1]))):
        if not cause:
            sentences.append(f"{_names(mine)} pull{'s' if len(mine) == 1 else ''} it.")
            continue
        address = ", ".join(sorted({row.address for row in mine if row.address}))
        where = f", address {address}," if address else ""
        assert mine[0].diagnosis is not None
        see = "sees" if len(mine) == 1 else "see"
        sentences.append(f"Only {_names(mine)}{where} {see} this: {mine[0].diagnosis.findings[0].title} [{cause}].")
    return tuple(sentences)


def _names(found: Sequence[Row]) -> str:
    names = [row.node for row in found]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
