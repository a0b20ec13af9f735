"""A pod's object → what it shows of each of its containers' pulls, and of other troubles.

Forms of waiting.reason and waiting.message: pkg/kubelet/images of Kubernetes 1.20 to 1.36. Up to 1.31 a back-off names no
cause; from 1.32 on it does; from 1.33 on an unreadable pull secret's raw error stands as the reason itself.
"""

from __future__ import annotations

from itertools import chain

from msgspec import DecodeError, ValidationError
from msgspec.json import Decoder

from whypull.model import PodSeen
from whypull.read.injectors import injected_by, worth_keeping
from whypull.read.object_structs import Metadata, Owner, Spec, Status
from whypull.records import dataclass
from whypull.redact import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final, Literal, TypeAlias

    from msgspec import Raw

    from whypull.read.object_structs import Container, ContainerStatus, Thing

    Is: TypeAlias = Literal["failing", "pulled", "troubled", "open"]

IMAGE_REASONS: Final = frozenset({
    "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
    "RegistryUnavailable", "SignatureValidationFailed",
})  # fmt: skip
_OPEN: Final = frozenset({"ContainerCreating", "PodInitializing", "", None})
_UNPACKING: Final = ("error unpacking image", "failed to extract layer", "mismatched image rootfs")
_MOST_LABELS: Final = 60
_texts: Final = Decoder(dict[str, str | None])
_owners: Final = Decoder(list[Owner])


@dataclass(slots=True)
class ContainerSeen:
    """One container of a pod: what it wants, and how far its pull has come."""

    name: str
    image: str
    policy: str
    state: Is
    reason: str = ""
    message: str = ""
    since: str = ""  # when it began to run
    image_id: str = ""


class PodRecord:
    """One pod that does not run as a whole, or that something else is to be told of."""

    __slots__ = ("containers", "meta", "name", "namespace", "node", "spec", "status", "uid")

    def __init__(self, thing: Thing) -> None:
        self.meta = thing.metadata or Metadata()
        self.spec = thing.spec or Spec()
        self.status = thing.status or Status()
        self.namespace = self.meta.namespace or ""
        self.name = self.meta.name or self.meta.generateName or ""
        self.uid = self.meta.uid or ""
        self.node = self.spec.nodeName or ""
        self.containers = {c.name: c for c in _containers(self.spec, self.status)}
        self.meta.labels, self.meta.annotations = self.meta.labels.copy(), self.meta.annotations.copy()
        self.status.conditions = self.status.conditions.copy()
        self.meta.ownerReferences = self.meta.ownerReferences.copy()  # else it holds on to the whole input

    def owner(self) -> tuple[str, str]:
        """Kind and name of its controller, else of its first owner; empty where it has none."""
        return owner_of(self.meta)

    def seen(self, container: str, owner: str, runs_on: tuple[tuple[str, str], ...] = ()) -> PodSeen:
        """The facts for the pull of one container; empty names where the object does not tell."""
        spec, mine = self.spec, self.containers.get(container)
        annotations = texts(self.meta.annotations)
        return PodSeen(
            service_account=spec.serviceAccountName or "",
            pull_secrets=tuple(s.name for s in spec.imagePullSecrets or () if s.name),
            pull_policy=mine.policy if mine else "",
            owner=owner,
            created=self.meta.creationTimestamp or "",
            phase=self.status.phase or "",
            image_id=mine.image_id if mine else "",
            other_images=tuple(dict.fromkeys(c.image for c in self.containers.values() if c.name != container and c.image)),
            labels=tuple(sorted(texts(self.meta.labels).items())[:_MOST_LABELS]),
            annotations=tuple((k, redacted(v)[:200]) for k, v in sorted(annotations.items()) if worth_keeping(k))[:_MOST_LABELS],
            injected_by=injected_by(mine.name, mine.image, annotations) if mine else "",
            runs_on=runs_on,
        )


def owner_of(meta: Metadata) -> tuple[str, str]:
    """Kind and name of an object's controller, else of its first owner."""
    try:
        owners = _owners.decode(meta.ownerReferences) if meta.ownerReferences else []
    except (DecodeError, ValidationError, UnicodeDecodeError):
        owners = []
    owner = next((o for o in owners if o.controller), owners[0] if owners else Owner())
    return owner.kind, owner.name


def texts(raw: Raw) -> dict[str, str]:
    """Labels or annotations; empty where there are none or they are of another form."""
    try:
        return {k: v or "" for k, v in (_texts.decode(raw) or {}).items()} if raw and raw != b"null" else {}
    except (DecodeError, ValidationError, UnicodeDecodeError):
        return {}


def _containers(spec: Spec, status: Status) -> Iterator[ContainerSeen]:
    """Every container that the spec or the status names."""
    states: dict[str, ContainerStatus] = {
        c.name: c
        for c in chain(
            status.containerStatuses or (), status.initContainerStatuses or (), status.ephemeralContainerStatuses or ()
        )
    }
    wanted: dict[str, Container] = {
        c.name: c for c in chain(spec.containers or (), spec.initContainers or (), spec.ephemeralContainers or ())
    }
    for name in dict.fromkeys((*wanted, *states)):
        yield _container(name, wanted.get(name), states.get(name))


def _container(name: str, wanted: Container | None, seen: ContainerStatus | None) -> ContainerSeen:
    image = (wanted.image if wanted else None) or (seen.image if seen else None) or ""
    made = ContainerSeen(name, image, (wanted.imagePullPolicy if wanted else None) or "", "open")
    if seen is None:
        return made
    made.image_id = seen.imageID or ""
    state = seen.state
    if state is None:
        return made
    if state.running is not None:
        made.state, made.since = "pulled", state.running.startedAt or ""
    elif state.terminated is not None:
        made.state, made.since = "pulled", state.terminated.finishedAt or ""
        made.reason = state.terminated.reason or ""
    elif state.waiting is not None:
        made.reason, made.message = state.waiting.reason or "", state.waiting.message or ""
        made.state = _waiting(made.reason, made.message)
    return made


def _waiting(reason: str, message: str) -> Is:
    """What a waiting.reason says of the pull. containerd unpacks some images only when it makes the container."""
    if reason == "CreateContainerError" and any(words in message for words in _UNPACKING):
        return "failing"
    if reason in IMAGE_REASONS or " " in reason.strip():
        return "failing"  # words instead of a name: an error of the image step, raw (kubelet 1.33 and newer)
    return "open" if reason in _OPEN else "troubled"


def runs(status: Status) -> bool:
    """Whether all that the kubelet tells of a pod is that its containers run or have run: quick, for 20,000 of them."""
    for group in (status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses):
        if group is None:
            continue
        for one in group:
            state = one.state
            if state is None or state.waiting is not None:
                return False
    return bool(status.containerStatuses)
