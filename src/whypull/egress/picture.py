"""All that was found together: clouds, nodes' routes, what registries saw. Where two disagree, that is said. Pure."""

from __future__ import annotations

from whypull.addresses import kind
from whypull.egress.nets import covers, networks
from whypull.egress.nouns import Group, Picture, Way
from whypull.egress.onprem import with_proxies
from whypull.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from whypull.egress.node_routes import NodeWays
    from whypull.egress.nouns import Found, Registry, Seen

ECHO = "an echo service saw {node} come from it"


def paint(
    founds: Sequence[Found],
    seen: Iterable[Seen],
    ways: Mapping[str, NodeWays],
    registries: Sequence[Registry],
    notes: Iterable[str] = (),
) -> Picture:
    """The picture of a cluster's ways out."""
    observed = tuple(seen)
    heard_of = {one.node for one in observed}
    groups = list(with_proxies((_addresses_only(g, heard_of) for found in founds for g in found.groups), ways, registries))
    for one in observed:
        groups = list(_observed(groups, one))
    merged = tuple(_merged(groups))
    said = [*(n for found in founds for n in found.notes), *_private(registries), *notes]
    return Picture(
        merged,
        tuple(dict.fromkeys(said)),
        tuple(found.account for found in founds if found.account),
        tuple(dict.fromkeys(w for found in founds for w in found.wants)),
        (),
        tuple(one for found in founds for one in found.lists),
        tuple(registries),
        len({name for group in merged for name in group.nodes}),
    )


def echoes(ways: Mapping[str, NodeWays]) -> Iterator[Seen]:
    """What an echo service saw of nodes, as observations."""
    from whypull.egress.nouns import Seen as Observation  # noqa: PLC0415

    for known in ways.values():
        for address in known.echoed:
            yield Observation(address, known.node, ECHO.format(node=known.node))


def _private(registries: Sequence[Registry]) -> Iterator[str]:
    """Registries whose name leads to a private address: there no allow-list of public addresses decides."""
    for one in registries:
        kinds = {kind(address) for address in one.addresses} - {""}
        if kinds == {"private"}:
            yield (
                f"{one.host} resolves to {', '.join(one.addresses[:3])} ({one.seen_from}): a private address, so an "
                "allow-list of "
                "public addresses does not matter where nodes resolve it likewise."
            )
        elif "private" in kinds:
            yield f"{one.host} resolves to public and private addresses ({one.seen_from}): which one a node takes is not certain."


def _addresses_only(group: Group, heard_of: set[str]) -> Group:
    """The group without ways whose address is none, as in an answer of another version. One that has no way says why.

    `heard_of` are nodes whose address somebody outside saw: it is not a way yet.
    """
    kept = tuple(way for way in group.ways if networks(way.address))
    if len(kept) != len(group.ways):
        return replace(group, ways=kept, unknown=group.unknown or "An answer names something as an address that is none.")
    if kept or group.unknown or group.notes or group.ask or heard_of & set(group.nodes):
        return group
    return replace(group, unknown="The answers name no address.")


def _observed(groups: Sequence[Group], seen: Seen) -> Iterator[Group]:
    """The groups with one observation taken in."""
    mine = [g for g in groups if seen.node in g.nodes] if seen.node else list(groups) if len(groups) == 1 else []
    if not mine:
        covered = [g for g in groups if any(covers(w.address, seen.address) for w in g.ways)]
        if not covered:
            nodes = (seen.node,) if seen.node else ()
            yield from groups
            yield Group(("seen by a registry",), nodes, (_way(seen),))
            return
        mine = covered
    for group in groups:
        yield _with(group, seen) if group in mine else group


def _with(group: Group, seen: Seen) -> Group:
    fitting = [w for w in group.ways if covers(w.address, seen.address)]
    if fitting:
        ways = tuple(
            replace(w, certainty="proved", because=tuple(dict.fromkeys((*w.because, seen.because)))) if w in fitting else w
            for w in group.ways
        )
        return replace(group, ways=ways)
    doubt = ""
    ways = group.ways
    if any(w.certainty == "likely" and (not w.node or w.node == seen.node) for w in ways):
        doubt = (
            f"{seen.because}: {seen.address}, which the configuration does not explain. A proxy or firewall in the path, or a "
            "change since: the other addresses are in doubt."
        )
        ways = tuple(
            replace(w, certainty="possible") if w.certainty == "likely" and (not w.node or w.node == seen.node) else w
            for w in ways
        )
    return replace(group, ways=(_way(seen), *ways), unknown=group.unknown or doubt, notes=group.notes)


def _way(seen: Seen) -> Way:
    return Way(seen.address, "proved", (seen.because,), "seen from outside", "How long it stays is not known.", "")


def _merged(groups: Iterable[Group]) -> Iterator[Group]:
    """Groups that leave the same way as one."""
    same: dict[object, list[Group]] = {}
    for group in groups:
        own = any(way.node for way in group.ways)
        key = (
            (tuple((w.address, w.certainty, w.by) for w in group.ways), group.unknown, group.ask)
            if not own
            else (group.names, group.nodes)
        )
        same.setdefault(key, []).append(group)
    for members in same.values():
        if len(members) == 1:
            yield members[0]
            continue
        because: dict[str, tuple[str, ...]] = {}
        for group in members:
            for way in group.ways:
                because[way.address] = tuple(dict.fromkeys((*because.get(way.address, ()), *way.because)))
        yield replace(
            members[0],
            names=tuple(dict.fromkeys(name for g in members for name in g.names)),
            nodes=tuple(dict.fromkeys(node for g in members for node in g.nodes)),
            ways=tuple(replace(w, because=because[w.address]) for w in members[0].ways),
            notes=tuple(dict.fromkeys(note for g in members for note in g.notes)),
        )
