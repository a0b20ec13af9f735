"""A cluster's nodes, and what its events say of refused pulls: only the fields that ways out need, page by page."""

from __future__ import annotations

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from whypull.model import NodeSeen
from whypull.read.cluster import ApiError
from whypull.redact import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from whypull.read.cluster import Cluster

# ruff: noqa: N815 - the names are those of the API


class _Meta(Struct, gc=False):
    name: str | None = None
    namespace: str | None = None
    labels: dict[str, str] | None = None


class _Spec(Struct, gc=False):
    providerID: str | None = None


class _Address(Struct, gc=False):
    type: str = ""
    address: str | None = None


class _Info(Struct, gc=False):
    containerRuntimeVersion: str | None = None
    architecture: str | None = None
    osImage: str | None = None


class _Status(Struct, gc=False):
    addresses: list[_Address] | None = None
    nodeInfo: _Info | None = None


class _Source(Struct, gc=False):
    host: str | None = None


class _Object(Struct, gc=False):
    kind: str | None = None
    metadata: _Meta | None = None
    spec: _Spec | None = None
    status: _Status | None = None
    message: str | None = None
    note: str | None = None  # events.k8s.io
    source: _Source | None = None
    reportingInstance: str | None = None
    firstTimestamp: str | None = None
    lastTimestamp: str | None = None


class _List(Struct):
    items: list[_Object] = []


class _Groups(Struct):
    groups: list[_Meta] = []


class Refused(Struct):
    """What an event says of a failed pull."""

    text: str  # verbatim except for credentials
    node: str = ""
    first: str = ""  # RFC 3339
    last: str = ""


_list = Decoder(_List)
_one = Decoder(_Object)
_groups = Decoder(_Groups)


def nodes(cluster: Cluster) -> list[NodeSeen]:
    """All nodes, without their images. Raises ApiError, Unreachable, BadKubeconfig."""
    return [_node(one) for page in cluster.pages("/api/v1/nodes") for one in _items(page) if one.metadata]


def failed_pulls(cluster: Cluster, namespace: str = "") -> list[Refused]:
    """What the kubelets' events say of failed pulls, in one namespace or all. Raises ApiError, Unreachable, BadKubeconfig."""
    path = f"/api/v1/namespaces/{namespace}/events" if namespace else "/api/v1/events"
    pages = cluster.pages(path, {"fieldSelector": "reason=Failed,involvedObject.kind=Pod"})
    return [one for page in pages for event in _items(page) if (one := _refused(event))]


def api_groups(cluster: Cluster) -> list[str]:
    """The names of the API's groups, which tell what is installed. Raises ApiError, Unreachable, BadKubeconfig."""
    try:
        return [one.name for one in _groups.decode(cluster.get("/apis")).groups if one.name]
    except DecodeError:
        return []


def of_json(content: bytes) -> tuple[list[NodeSeen], list[Refused]]:
    """Nodes and failed pulls of `kubectl get nodes,events -o json`; none for another kind. Raises ValueError."""
    try:
        listed = _list.decode(content).items or [_one.decode(content)]
    except DecodeError as e:
        raise ValueError(f"these are no Kubernetes objects: {e}") from e
    return (
        [_node(one) for one in listed if one.kind == "Node" and one.metadata],
        [found for one in listed if one.kind == "Event" and (found := _refused(one))],
    )


def _items(page: bytes) -> Iterator[_Object]:
    try:
        yield from _list.decode(page).items
    except DecodeError as e:
        raise ApiError(200, "", f"the API server's list cannot be read: {e}") from e


def _node(one: _Object) -> NodeSeen:
    meta, status = one.metadata or _Meta(), one.status or _Status()
    info = status.nodeInfo or _Info()
    return NodeSeen(
        name=meta.name or "",
        runtime=info.containerRuntimeVersion or "",
        arch=info.architecture or "",
        os_image=info.osImage or "",
        provider=(one.spec.providerID if one.spec else "") or "",
        labels=tuple(sorted((meta.labels or {}).items())),
        addresses=tuple((a.type, a.address or "") for a in status.addresses or ()),
    )


def _refused(event: _Object) -> Refused | None:
    text = event.message or event.note or ""
    if "image" not in text.lower():
        return None
    node = (event.source.host if event.source else "") or event.reportingInstance or ""
    return Refused(redacted(text[:20_000]), node, event.firstTimestamp or event.lastTimestamp or "", event.lastTimestamp or "")
