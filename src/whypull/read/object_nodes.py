"""A node's object → what it shows of its runtime, its disk and the images that are on it."""

from __future__ import annotations

from whypull.model import NodeSeen
from whypull.read.object_pods import texts
from whypull.read.object_structs import Metadata, NodeInfo, Spec, Status, conditions_of
from whypull.redact import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.read.object_structs import Thing

_MOST = 200
_LONGEST = 2_000


def node_seen(thing: Thing) -> NodeSeen:
    """The facts of a node. Its images are at most the 50 largest (the kubelet's nodeStatusMaxImages)."""
    meta, spec, status = thing.metadata or Metadata(), thing.spec or Spec(), thing.status or Status()
    info = status.nodeInfo or NodeInfo()
    conditions = conditions_of(status)
    ready = next((c for c in conditions if c.type == "Ready"), None)
    return NodeSeen(
        name=meta.name or "",
        ready=(ready.status or "") if ready else "",
        message=redacted((ready.message or "")[:_LONGEST]) if ready else "",
        pressure=tuple(c.type for c in conditions if c.type.endswith("Pressure") and c.status == "True"),
        runtime=info.containerRuntimeVersion or "",
        kubelet=info.kubeletVersion or "",
        os=info.operatingSystem or "",
        arch=info.architecture or "",
        os_image=info.osImage or "",
        provider=spec.providerID or "",
        images=tuple(name for image in status.images or () for name in image.names or ())[:_MOST],
        labels=tuple(sorted(texts(meta.labels).items())[:_MOST]),
        addresses=tuple((a.type, a.address or "") for a in status.addresses or ())[:_MOST],
    )
