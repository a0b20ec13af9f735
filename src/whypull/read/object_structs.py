"""The few fields of Kubernetes objects that a failed pull needs, as typed structs: everything else is skipped unread.

One struct stands for every kind, so that a list of mixed kinds is decoded in one go. Field names are the API's
(https://kubernetes.io/docs/reference/kubernetes-api/); every field may be missing or null.
"""

# ruff: noqa: N815 - the names are those of the API

from __future__ import annotations

from typing import Any

from msgspec import DecodeError, Raw, Struct, ValidationError, field
from msgspec.json import Decoder, decode, encode

NO = Raw()  # not there


class Named(Struct, gc=False):
    """A reference by name."""

    name: str | None = None


class Owner(Struct, gc=False):
    """An entry of metadata.ownerReferences."""

    kind: str = ""
    name: str = ""
    controller: bool | None = None


class Metadata(Struct, gc=False):
    """metadata; labels and annotations stay undecoded until they are asked for."""

    name: str | None = None
    generateName: str | None = None
    namespace: str | None = None
    uid: str | None = None
    creationTimestamp: str | None = None
    deletionTimestamp: str | None = None
    labels: Raw = NO
    annotations: Raw = NO
    ownerReferences: Raw = NO


class Container(Struct, gc=False):
    """An entry of spec.containers, initContainers or ephemeralContainers."""

    name: str = ""
    image: str | None = None
    imagePullPolicy: str | None = None


class Condition(Struct, gc=False):
    """A condition of a pod, a node or an image stream's tag."""

    type: str = ""
    status: str | None = None
    reason: str | None = None
    message: str | None = None


class StreamTag(Struct, gc=False):
    """An entry of spec.tags or status.tags of OpenShift's image streams."""

    name: str | None = None
    tag: str | None = None
    origin: Named | None = field(default=None, name="from")
    conditions: list[Condition] | None = None


class Spec(Struct, gc=False):
    """spec of a pod, node or image stream."""

    nodeName: str | None = None
    containers: list[Container] | None = None
    initContainers: list[Container] | None = None
    ephemeralContainers: list[Container] | None = None
    imagePullSecrets: list[Named] | None = None
    serviceAccountName: str | None = None
    providerID: str | None = None
    tags: list[StreamTag] | None = None


class Waiting(Struct, gc=False):
    """state.waiting."""

    reason: str | None = None
    message: str | None = None


class Running(Struct, gc=False):
    """state.running."""

    startedAt: str | None = None


class Terminated(Struct, gc=False):
    """state.terminated."""

    reason: str | None = None
    finishedAt: str | None = None


class State(Struct, gc=False):
    """state of a container."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Struct, gc=False):
    """An entry of status.containerStatuses and its two sisters."""

    name: str = ""
    image: str | None = None
    imageID: str | None = None
    restartCount: int | None = None
    state: State | None = None


class NodeInfo(Struct, gc=False):
    """status.nodeInfo."""

    containerRuntimeVersion: str | None = None
    kubeletVersion: str | None = None
    operatingSystem: str | None = None
    architecture: str | None = None
    osImage: str | None = None


class NodeImage(Struct, gc=False):
    """An entry of status.images."""

    names: list[str] | None = None


class Address(Struct, gc=False):
    """An entry of status.addresses."""

    type: str = ""
    address: str | None = None


class Status(Struct, gc=False):
    """status of a pod, node, workload or image stream."""

    phase: str | None = None
    reason: str | None = None
    message: str | None = None
    containerStatuses: list[ContainerStatus] | None = None
    initContainerStatuses: list[ContainerStatus] | None = None
    ephemeralContainerStatuses: list[ContainerStatus] | None = None
    conditions: Raw = NO  # asked for of the few pods that do not run
    nodeInfo: NodeInfo | None = None
    images: list[NodeImage] | None = None
    addresses: list[Address] | None = None
    tags: list[StreamTag] | None = None


class Reference(Struct, gc=False):
    """involvedObject (core/v1) or regarding (events.k8s.io) of an event."""

    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    uid: str | None = None
    fieldPath: str | None = None


class EventSource(Struct, gc=False):
    """source (core/v1) or deprecatedSource (events.k8s.io) of an event."""

    component: str | None = None
    host: str | None = None


class Series(Struct, gc=False):
    """series of an event."""

    count: int | None = None
    lastObservedTime: str | None = None


class Thing(Struct, gc=False):
    """Any object: the fields of all kinds that are read."""

    apiVersion: str | None = None
    kind: str | None = None
    metadata: Metadata | None = None
    spec: Spec | None = None
    status: Status | None = None
    # Event
    involvedObject: Reference | None = None
    regarding: Reference | None = None
    reason: str | None = None
    message: str | None = None
    note: str | None = None
    type: str | None = None  # of a Secret too
    count: int | None = None
    deprecatedCount: int | None = None
    firstTimestamp: str | None = None
    lastTimestamp: str | None = None
    deprecatedFirstTimestamp: str | None = None
    deprecatedLastTimestamp: str | None = None
    eventTime: str | None = None
    series: Series | None = None
    source: EventSource | None = None
    deprecatedSource: EventSource | None = None
    reportingComponent: str | None = None
    reportingController: str | None = None
    reportingInstance: str | None = None
    # Secret
    data: Raw = NO
    stringData: Raw = NO
    # ServiceAccount
    imagePullSecrets: list[Named] | None = None
    # what holds other objects: a list, a watch event, a table
    items: Raw = NO
    object: Raw = NO
    rows: Raw = NO
    columnDefinitions: Raw = NO


class Column(Struct, gc=False):
    """An entry of a Table's columnDefinitions."""

    name: str = ""


class Row(Struct, gc=False):
    """A row of a Table."""

    cells: list[str | int | float | bool | None] | None = None
    object: Raw = NO


_conditions = Decoder(list[Condition] | None)


def conditions_of(status: Status) -> list[Condition]:
    """The conditions of a pod or node; empty where there are none or they are of another form."""
    try:
        return (_conditions.decode(status.conditions) or []) if status.conditions else []
    except (DecodeError, ValidationError, UnicodeDecodeError, RecursionError):
        return []


def thing_of(plain: dict[str, Any]) -> Thing:
    """An object that is decoded already (labels and the like become Raw again). Raises msgspec.ValidationError."""
    return decode(encode(plain), type=Thing)
