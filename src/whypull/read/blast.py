"""Is it only nodes of one pool, zone or architecture that fail? Compared with the nodes that run images, by their labels."""

from __future__ import annotations

from whypull.reference import host_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from whypull.model import NodeSeen
    from whypull.read.live import Looked

# What clouds and installers call a node's pool, in the order in which the first one that is there is taken.
POOLS = (
    "kubernetes.azure.com/agentpool", "agentpool", "eks.amazonaws.com/nodegroup", "alpha.eksctl.io/nodegroup-name",
    "karpenter.sh/nodepool", "cloud.google.com/gke-nodepool", "node.kubernetes.io/instance-group", "machine.openshift.io/pool",
    "worker.gardener.cloud/pool", "doks.digitalocean.com/node-pool", "kops.k8s.io/instancegroup",
)  # fmt: skip
_CLASSES = (
    ("pool", POOLS),
    ("zone", ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")),
    ("architecture", ("kubernetes.io/arch", "beta.kubernetes.io/arch")),
)


def class_of(node: NodeSeen) -> dict[str, str]:
    """A node's pool, zone, architecture and runtime, as far as its labels and status tell."""
    labels = dict(node.labels)
    found = {kind: next((labels[name] for name in names if labels.get(name)), "") for kind, names in _CLASSES}
    found["architecture"] = found["architecture"] or node.arch
    found["runtime"] = node.runtime.replace("://", " ")
    return {kind: value for kind, value in found.items() if value}


def only_nodes_of(failing: Iterable[str], image: str, looked: Looked) -> Iterator[str]:
    """One sentence for each class that all failing nodes share, and no node on which images of the same registry run.

    A node that has not pulled from there says nothing: one failing pod alone is always of one pool.
    """
    nodes: Mapping[str, NodeSeen] = looked.inventory.nodes
    host, names = host_of(image), set(failing)
    bad = [nodes[name] for name in names if name in nodes]
    good = [nodes[name] for name in looked.spread.hosts.get(host, set()) - names if name in nodes]
    if not bad or not good:
        return
    others = f"{len(good):,} other{'' if len(good) == 1 else 's'}"
    for kind in ("pool", "zone", "architecture", "runtime"):
        values = {class_of(node).get(kind, "") for node in bad}
        if len(values) == 1 and "" not in values and values.isdisjoint(class_of(node).get(kind, "") for node in good):
            yield f"Only nodes of {kind} {values.pop()} fail; images of {host} run on {others}."
