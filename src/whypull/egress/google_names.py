"""Google's names: commands of gcloud, resource links, the cluster that nodes are of. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from whypull.egress.nouns import Command
from whypull.egress.told import items, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from whypull.egress.told import Told
    from whypull.model import NodeSeen

_LINK = re.compile(r"projects/([a-z0-9.:-]+)/(?:regions/([a-z0-9-]+)/)?(?:global/)?\w+/([\w.-]+)$")


def command(*args: str, why: str, fields: str = "", context: tuple[tuple[str, str], ...] = ()) -> Command:
    """A question to gcloud, answered as JSON; only `fields` where some of it is nobody's business (client keys, metadata)."""
    return Command(("gcloud", *args, f"--format=json({fields})" if fields else "--format=json", "--quiet"), why, context)


def valid(name: str) -> bool:
    """Whether a text is a name of Google's: what becomes an argument must."""
    return bool(re.fullmatch(r"[a-z][a-z0-9-]{0,62}", name))


def last(link: str) -> str:
    """The name that a resource link ends with."""
    return link.rstrip("/").rpartition("/")[2]


def project_of(link: str) -> str:
    """The project that a resource link names; empty where it names none."""
    found = _LINK.search(link)
    return found[1] if found else ""


def region_of(link: str) -> str:
    """The region that a link names: of a regional resource, or of a region itself."""
    found = _LINK.search(link)
    return (found[2] or "") if found and found[2] else last(link)


def cluster_of(told: Told, nodes: Sequence[NodeSeen], server: str) -> Any:
    """The cluster that the nodes are of: by the API server's address, else by their names; None where it is not clear."""
    clusters = told.of("google cluster")
    host = urlsplit(server).hostname or ""
    for one in clusters if host else ():
        ends = {
            text(one, "endpoint"),
            text(one, "privateClusterConfig", "privateEndpoint"),
            text(one, "privateClusterConfig", "publicEndpoint"),
        }
        ends |= {text(one, "controlPlaneEndpointsConfig", "dnsEndpointConfig", "endpoint")}
        ends |= {
            text(one, "controlPlaneEndpointsConfig", "ipEndpointsConfig", name) for name in ("privateEndpoint", "publicEndpoint")
        }
        if host in ends - {""}:
            return one
    named = [one for one in clusters if nodes and _named(nodes[0].name, text(one, "name"))]
    pools = {text(p, "name") for one in named for p in items(one, "nodePools")}
    mine = {dict(n.labels).get("cloud.google.com/gke-nodepool", "") for n in nodes}
    fitting = [one for one in named if mine <= ({text(p, "name") for p in items(one, "nodePools")} | {""})] if pools else named
    return fitting[0] if len(fitting) == 1 else None


def _named(node: str, cluster: str) -> bool:
    """Whether a node can be of a cluster: gke-CLUSTER-POOL-…, of which long names are cut."""
    return bool(cluster) and (
        node.startswith((f"gke-{cluster}-", f"gk3-{cluster}-")) or (len(cluster) > 20 and node[4:24] == cluster[:20])
    )


def subnetwork_of(cluster: Any, pool: Any, region: str) -> tuple[str, str]:
    """Network and subnetwork of a pool, as projects/P/global/networks/N and projects/P/regions/R/subnetworks/S."""
    network = text(cluster, "networkConfig", "network") or text(cluster, "network")
    subnet = (
        text(pool, "networkConfig", "subnetwork") or text(cluster, "networkConfig", "subnetwork") or text(cluster, "subnetwork")
    )
    if subnet and "/" not in subnet:
        subnet = f"projects/{project_of(network)}/regions/{region}/subnetworks/{subnet}"
    return network, subnet
