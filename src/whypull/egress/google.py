"""GKE and other nodes on Compute Engine: own external addresses, Cloud NAT, or a route to elsewhere. Pure.

https://cloud.google.com/nat/docs/nat-product-interactions (an interface with an external address never uses Cloud NAT;
Google's own APIs are reached by Private Google Access, not by Cloud NAT).
"""

from __future__ import annotations

from whypull.egress.google_names import cluster_of, command, last, project_of, subnetwork_of
from whypull.egress.google_nat import by_nat
from whypull.egress.google_registry import registries as of_registries
from whypull.egress.nouns import Found, Group, Out, Way
from whypull.egress.places import external, place
from whypull.egress.told import get, items, text
from whypull.read.blast import class_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from whypull.egress.nouns import Command, Registry
    from whypull.egress.told import Told
    from whypull.model import NodeSeen

OWN = "It is the node's own and changes when the node is replaced."


def look(nodes: Sequence[NodeSeen], told: Told, registries: Sequence[Registry], server: str = "") -> Found:
    """What the answers so far say of these nodes, all of them Google's. `server`: the API server's URL tells the cluster."""
    wants = [command("auth", "list", "--filter=status:ACTIVE", why="whom gcloud is logged in as")]
    groups: list[Group] = []
    notes: list[str] = []
    projects = sorted({place(n).account for n in nodes})
    for project in projects:
        mine = [n for n in nodes if place(n).account == project]
        asked = command(
            "container", "clusters", "list", f"--project={project}", why="the cluster's network, and its private pools",
            fields="name,location,endpoint,network,subnetwork,networkConfig,privateClusterConfig,controlPlaneEndpointsConfig,nodePools,nodeConfig",
        )  # fmt: skip
        wants.append(asked)
        cluster = cluster_of(told, mine, server)
        groups += _groups(mine, cluster, told, wants, answered=told.answered(asked))
        notes += of_registries(registries, told, wants, cluster, project)
    account = next((text(one, "account") for one in told.of("google account")), "")
    words = f"Google project {', '.join(projects)}{f', as {account}' if account else ''}" if account else ""
    return Found(tuple(groups), tuple(wants), tuple(dict.fromkeys(notes)), words)


def _groups(nodes: Sequence[NodeSeen], cluster: Any, told: Told, wants: list[Command], *, answered: bool) -> list[Group]:
    """The nodes by pool, and within a pool by whether they have an external address."""
    found: dict[tuple[str, bool, str], list[NodeSeen]] = {}
    for node in nodes:
        four = any(":" not in address for address in external(node))
        found.setdefault((class_of(node).get("pool", ""), four, place(node).region), []).append(node)
    groups = []
    for (pool, four, region), members in found.items():
        profile = next((p for p in items(cluster, "nodePools") if text(p, "name") == pool), None)
        out = _out(members, cluster, profile, told, wants, region, four=four, answered=answered)
        names = (f"pool {pool}",) if pool else (f"zone {place(members[0]).zone}",)
        groups.append(Group(names, tuple(n.name for n in members), out.ways, out.unknown, out.ask, out.notes))
    return groups


def _out(
    nodes: Sequence[NodeSeen],
    cluster: Any,
    pool: Any,
    told: Told,
    wants: list[Command],
    region: str,
    *,
    four: bool,
    answered: bool,
) -> Out:
    project = place(nodes[0]).account
    if cluster is None:
        own = tuple(_own(nodes, "possible"))
        why = (
            f"gcloud shows no cluster of project {project} that these nodes are of."
            if answered
            else "The cluster's network is not known."
        )
        return Out(own, why)
    network, subnet = subnetwork_of(cluster, pool, region)
    host = project_of(network) or project
    listing = command("compute", "routes", "list", f"--project={host}", why="where the network's default route leads")
    wants.append(listing)
    elsewhere, sure = _default_route(told, network, pool)
    if elsewhere:
        return elsewhere
    if four:
        certainty = "likely" if sure else "possible"
        unsure = "" if sure else "The network's default route was not seen."
        own = tuple(_own(nodes, certainty))
        return Out(own, unsure, notes=_drained(own))
    out = by_nat(told, wants, network, subnet, region, host)
    six = tuple(way for way in _own(nodes, "likely") if ":" in way.address)
    if not sure and out.ways:
        ways = tuple(
            Way(w.address, "possible" if w.certainty == "likely" else w.certainty, w.because, w.by, w.lasts, w.node)
            for w in out.ways
        )
        return Out((*ways, *six), "The network's default route was not seen.", out.ask, out.notes)
    return Out((*out.ways, *six), out.unknown, out.ask, out.notes)


def _drained(own: Sequence[Way]) -> tuple[str, ...]:
    return () if len(own) < 2 else ("Nodes with external addresses do not use Cloud NAT, even where there is one.",)


def _own(nodes: Sequence[NodeSeen], certainty: Any) -> list[Way]:
    return [
        Way(a, certainty, ("node ExternalIP",), "node's own address", OWN, node.name) for node in nodes for a in external(node)
    ]


def _default_route(told: Told, network: str, pool: Any) -> tuple[Out | None, bool]:
    """Where the default route leads if not to the internet gateway, and whether routes were seen at all.

    Of several, the one with the lowest priority wins; one with tags holds only for instances that have one of them.
    """
    mine = [
        r
        for r in told.of("google route")
        if last(text(r, "network")) == last(network) and project_of(text(r, "network")) in {project_of(network), ""}
    ]
    tags = {str(t) for t in items(pool, "config", "tags")}
    routes = [
        r
        for r in mine
        if text(r, "destRange") == "0.0.0.0/0" and (not items(r, "tags") or tags & {str(t) for t in items(r, "tags")})
    ]
    if not mine:
        return None, False
    if not routes:
        why = "The network has no default route of its own; one may come from a peer or by BGP."
        return Out(
            unknown=why, ask=("gcloud compute routers get-status <router> --region=<region> --format='json(result.bestRoutes)'",)
        ), True
    first = min(_priority(r) for r in routes)
    away = [r for r in routes if _priority(r) == first and not text(r, "nextHopGateway").endswith("default-internet-gateway")]
    if not away:
        return None, True
    hop = next(
        (f"{what} {last(str(away[0][field]))}" for field, what in _HOPS if away[0].get(field)), "something unknown to whypull"
    )
    why = f"The default route {text(away[0], 'name')} leads to {hop}: the nodes leave by an address of what lies behind it."
    return Out(unknown=why, ask=(f"Ask whoever runs {hop} which public addresses it leaves by.",)), True


def _priority(route: Any) -> int:
    """A route's priority; the lowest wins, and routes of the same one share the traffic."""
    found = get(route, "priority", 1000)
    return found if isinstance(found, int) else 1000


_HOPS = (
    ("nextHopIlb", "load balancer"), ("nextHopInstance", "instance"), ("nextHopIp", "address"),
    ("nextHopVpnTunnel", "VPN tunnel"), ("nextHopPeering", "peered network"), ("nextHopHub", "hub"),
    ("nextHopInterconnectAttachment", "interconnect"),
)  # fmt: skip
