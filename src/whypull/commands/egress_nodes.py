"""Nodes are asked for their own routes, one of each pool and zone, by a pod there or over ssh."""

from __future__ import annotations

from whypull.cli import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from typing import Any

    from whypull.commands.egress_input import Input
    from whypull.egress.node_routes import NodeWays
    from whypull.egress.nouns import Registry
    from whypull.model import NodeSeen
    from whypull.vantage.ladder import Ladder

MOST = 24  # nodes in one run
AT_ONCE = 4


def asked(chosen: Namespace, given: Input, registries: Sequence[Registry], say: Any) -> dict[str, NodeWays]:
    """What the chosen nodes say. Those that cannot be reached are said in `given.lacking`. Raises UsageError."""
    from whypull.vantage.ladder import Ladder, NeedsConsent  # noqa: PLC0415

    if given.access is None:
        raise UsageError(
            "--from asks nodes through the cluster, which --from-file leaves alone: use --node-script on the node instead"
        )
    names = chosen.node or representatives(given.nodes)
    unknown = set(chosen.node) - {node.name for node in given.nodes}
    if given.nodes and unknown:
        raise UsageError(f"there is no node {', '.join(sorted(unknown))}")
    if len(names) > MOST:
        given.lacking.append(f"{len(names) - MOST} of {len(names)} kinds of nodes were not asked: name some with --node.")
    ladder = Ladder(given.access, chosen)
    targets = [address for one in registries for address in one.addresses[:2]]
    found: dict[str, NodeWays] = {}
    first, rest = names[:1], names[1:MOST]
    try:
        for name in first:  # by itself, for it may have to ask whether a pod may be made
            say(f"asking node {name}")
            _take(_one(ladder, name, targets, chosen), name, found, given)
        for name, answer in zip(
            rest, ladder.side_by_side(lambda n: _one(ladder, n, targets, chosen), rest, AT_ONCE), strict=True
        ):
            _take(answer, name, found, given)
    except NeedsConsent as e:
        raise UsageError(f"{e}.") from e
    return found


def representatives(nodes: Sequence[NodeSeen]) -> list[str]:
    """One node of each pool and zone."""
    from whypull.read.blast import class_of  # noqa: PLC0415

    kinds: dict[tuple[str, str], str] = {}
    for node in sorted(nodes, key=lambda one: one.name):
        classes = class_of(node)
        kinds.setdefault((classes.get("pool", ""), classes.get("zone", "")), node.name)
    return list(kinds.values())


def _one(ladder: Ladder, name: str, targets: Sequence[str], chosen: Namespace) -> NodeWays | str:
    """What a node says, or why it says nothing."""
    from whypull.egress.node_routes import read, script  # noqa: PLC0415
    from whypull.vantage.ladder import NodeLost, NoVantage  # noqa: PLC0415

    try:
        with ladder.shell(name, chosen.vantage) as shell:
            ran = shell.run(script(targets, chosen.echo), 60)
    except (NoVantage, NodeLost) as e:
        return str(e)
    known = read(name, ran.out.decode("utf-8", "replace"))
    return known if known.routes else f"its ip command gives no routes ({' '.join(ran.err.split())[:120] or 'no words'})"


def _take(answer: NodeWays | str, name: str, found: dict[str, NodeWays], given: Input) -> None:
    if isinstance(answer, str):
        given.lacking.append(f"Node {name} was not asked: {answer.rstrip('.')}.")
        return
    found[name] = answer
    given.lacking += [f"Node {name}: {problem}." for problem in answer.problems]
