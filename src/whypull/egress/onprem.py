"""Nodes that no cloud tells of: what their own objects and routes say, and what is mistaken for their way out. Pure."""

from __future__ import annotations

from whypull.addresses import kind
from whypull.egress.nouns import Found, Group, Way
from whypull.egress.places import external, place
from whypull.egress.proxies import through_proxy
from whypull.read.blast import class_of
from whypull.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from whypull.egress.node_routes import NodeWays, Route
    from whypull.egress.nouns import Registry
    from whypull.model import NodeSeen

OWN = "It is the node's own and goes with the node."
ASK = "Ask whoever runs the firewall: which public address are these nodes translated to?"
# API groups and what their parts are not: the way by which a node pulls.
_PARTS = {
    "metallb.io": "MetalLB announces addresses for traffic that comes in; pulls do not leave by them.",
    "kube-vip.io": "kube-vip's addresses are for traffic that comes in; pulls do not leave by them.",
    "cilium.io": "Cilium's egress gateways are for pods' traffic; pulls are the nodes' own traffic and do not pass them.",
    "crd.projectcalico.org": "Calico's natOutgoing and egress gateways are for pods' traffic; pulls are the nodes' own.",
    "k8s.ovn.org": "OVN's EgressIP is for pods' traffic; pulls are the nodes' own and do not pass it.",
}


def look(nodes: Sequence[NodeSeen], ways: Mapping[str, NodeWays]) -> Found:
    """The groups of these nodes: by what their routes say where those were asked, else by pool."""
    told: dict[tuple[str, str], list[NodeSeen]] = {}
    for node in nodes:
        known = ways.get(node.name)
        key = (_pool(node), _by_gateway(known) if known else "")
        told.setdefault(key, []).append(node)
    return Found(tuple(_group(pool, members, ways) for (pool, _), members in told.items()))


def parts(groups: Iterable[str]) -> Iterator[str]:
    """Sentences on parts of the cluster that have addresses, and are no way out of nodes. `groups`: the API's groups."""
    there = set(groups)
    yield from (words for name, words in _PARTS.items() if name in there)


def _pool(node: NodeSeen) -> str:
    classes = class_of(node)
    return classes.get("pool", "") or (f"zone {classes['zone']}" if classes.get("zone") else "")


def _by_gateway(known: NodeWays) -> str:
    return " ".join(f"{r.gateway} {r.device} {r.problem}" for r in known.routes)


def _group(pool: str, nodes: Sequence[NodeSeen], ways: Mapping[str, NodeWays]) -> Group:
    names = (pool if pool.startswith("zone ") else f"pool {pool}",) if pool else ("nodes",)
    group = Group(names, tuple(n.name for n in nodes))
    asked = [known for n in nodes if (known := ways.get(n.name))]
    if not asked:
        own = tuple(
            Way(a, "possible", ("node ExternalIP",), "node's own address", OWN, n.name) for n in nodes for a in external(n)
        )
        cloud = place(nodes[0]).cloud
        why = f"No CLI that whypull asks tells by which addresses these nodes{f' ({cloud})' if cloud else ''} leave."
        return replace(group, ways=own, unknown=why, ask=("whypull egress --from node", ASK))
    return _by_routes(group, asked)


def _by_routes(group: Group, asked: Sequence[NodeWays]) -> Group:
    """What the routes of some of a group's nodes say."""
    found: list[Way] = []
    hidden: list[tuple[str, Route]] = []
    notes: list[str] = []
    for known in asked:
        for route in known.routes:
            if route.problem:
                if ":" not in route.to:
                    notes.append(f"Node {known.node} has no route to {route.to}: {route.problem}.")
            elif kind(route.source) == "public":
                found.append(_own(known.node, route))
            elif kind(route.source) == "private" and ":" not in route.to and not known.echoed:
                hidden.append((known.node, route))
    unknown, ask = _translated(hidden)
    return replace(group, ways=tuple(found), unknown=unknown, ask=ask, notes=tuple(dict.fromkeys((*notes, *_peculiar(asked)))))


def _own(node: str, route: Route) -> Way:
    via = f" via {route.gateway}" if route.gateway else ""
    return Way(
        route.source,
        "likely",
        (f"route of {node} to {route.to}:{via} on {route.device}, source {route.source}",),
        "node's own address",
        OWN,
        node,
    )


def _translated(hidden: Sequence[tuple[str, Route]]) -> tuple[str, tuple[str, ...]]:
    if not hidden:
        return "", ()
    node, route = hidden[0]
    gateways = sorted({r.gateway or r.device for _, r in hidden})
    why = (
        f"Node {node} leaves with its private address {route.source} by {', '.join(gateways[:4])}: a router or firewall "
        "behind it "
        "translates that, to an address which the node cannot see."
    )
    return why, (ASK, "whypull egress --from node --echo URL   # a service of your own that answers with the caller's address")


def _peculiar(asked: Sequence[NodeWays]) -> Iterator[str]:
    """More than one uplink, and rules that choose among them."""
    for known in asked:
        uplinks = {words[words.index("dev") + 1] for line in known.defaults if "dev" in (words := line.split())[:-1]}
        if len(uplinks) > 1:
            yield (
                f"Node {known.node} has more than one uplink ({', '.join(sorted(uplinks))}): which one is taken may "
                "change with a failure."
            )
        if known.rules:
            yield (
                f"Node {known.node} has {len(known.rules)} policy rules of its own: other programs may leave "
                "another way than this route says."
            )


def with_proxies(groups: Iterable[Group], ways: Mapping[str, NodeWays], registries: Sequence[Registry]) -> Iterator[Group]:
    """The groups, with the proxies that their nodes' runtimes use."""
    for group in groups:
        known = next((ways[name] for name in group.nodes if name in ways and ways[name].proxy), None)
        if known is None or "proxy" in group.unknown:
            yield group
        else:
            source = f"the environment of the runtime on {known.node}"
            yield through_proxy(group, known.proxy, known.no_proxy.split(","), registries, source)
