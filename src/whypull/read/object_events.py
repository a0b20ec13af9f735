"""Events of core/v1 and events.k8s.io → what each of them says about a pull, if anything.

Message formats: pkg/kubelet/events and pkg/kubelet/images of Kubernetes 1.20 to 1.36.
"""

from __future__ import annotations

import re
from functools import lru_cache

from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, Literal, TypeAlias

    from whypull.read.object_structs import Thing

    Kind: TypeAlias = Literal["failed", "secret", "pulling", "done", "trouble", ""]

LONGEST: Final = 64 * 1024
_FIELD: Final = re.compile(r"^spec\.(?:containers|initContainers|ephemeralContainers)\{(.{1,253})\}$")
_FAILED: Final = re.compile(
    r"Failed to pull image |[Bb]ack-off pulling image |Failed to apply default image tag |Failed to inspect image |"
    r"is not present with pull policy of Never|Failed to record image pull intent|sandbox image|"
    r"error unpacking image|failed to extract layer|mismatched image rootfs|dial unix \S{1,200}\.sock|"
    r"(?:Error: |with )(?:ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName|ImageInspectError|"
    r"RegistryUnavailable|SignatureValidationFailed)\b"
)
# Kubelet 1.33 and newer give the error of an unreadable pull secret raw, and no other event.
RAW: Final = re.compile(
    r"^(?:Error: )?(?:\S+: )?(?:illegal base64 data at input byte \d|unable to parse auth field, must be formatted|"
    r"unexpected end of JSON input|invalid character .{1,20} (?:looking for|after|in )|json: cannot unmarshal)"
)
_DONE: Final = frozenset({"Pulled", "Created", "Started"})
_TROUBLE: Final = frozenset({
    "BackOff", "FailedScheduling", "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "Failed", "Evicted",
    "FailedCreate", "OutOfmemory", "OutOfcpu", "OutOfpods", "NodeAffinity",
})  # fmt: skip
DISK: Final = frozenset({"FreeDiskSpaceFailed", "ImageGCFailed", "NodeHasDiskPressure"})


@dataclass(frozen=True, slots=True)
class EventSeen:
    """One event, in the same form whatever API it came from."""

    about: str  # kind of the object: Pod, Node, ReplicaSet, …
    namespace: str
    name: str
    uid: str
    container: str
    node: str  # where the kubelet that wrote it runs; empty where no kubelet did
    reason: str
    text: str
    count: int
    first: str
    last: str


def event_of(thing: Thing) -> EventSeen | None:
    """The event; None where it says of nothing what it is about."""
    about = thing.involvedObject or thing.regarding
    if about is None:
        return None
    source = thing.source or thing.deprecatedSource
    by = (source.component if source else None) or thing.reportingComponent or thing.reportingController or ""
    series = thing.series
    made = (thing.metadata.creationTimestamp if thing.metadata else None) or ""
    first = thing.firstTimestamp or thing.deprecatedFirstTimestamp or thing.eventTime or made
    last = (series.lastObservedTime if series else None) or thing.lastTimestamp or thing.deprecatedLastTimestamp or first
    field = _FIELD.match(about.fieldPath or "")
    kubelet = by == "kubelet"
    return EventSeen(
        about=about.kind or "",
        namespace=about.namespace or (thing.metadata.namespace if thing.metadata else None) or "",
        name=about.name or "",
        uid=about.uid or "",
        container=field[1] if field else "",
        node=((source.host if source else None) or thing.reportingInstance or "") if kubelet else "",
        reason=thing.reason or "",
        text=(thing.message or thing.note or "")[:LONGEST],
        count=max((series.count if series else None) or thing.count or thing.deprecatedCount or 1, 1),
        first=first,
        last=last,
    )


def kind_of(event: EventSeen) -> Kind:
    """What an event says: that a pull failed, began or is done, that a pull secret is missing, or of another trouble."""
    return _kind(event.reason, event.text)


@lru_cache(maxsize=1024)  # a cluster says the same of thousands of pods, and each is asked for several times
def _kind(reason: str, text: str) -> Kind:
    if reason in _DONE:
        return "done"
    if reason == "Pulling":
        return "pulling"
    if reason == "FailedToRetrieveImagePullSecret":
        return "secret"
    if _FAILED.search(text) or reason in {"ErrImageNeverPull", "InspectFailed"}:
        return "failed"
    if reason == "Failed" and RAW.match(text):
        return "failed"
    return "trouble" if reason in _TROUBLE else ""
