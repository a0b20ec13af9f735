"""`kubectl describe pod`: the containers' blocks and the events below them, of one pod or several, whole or in part.

Layouts: pkg/describe/describe.go of kubectl. A waiting container's message is never printed there, its reason is.
"""

from __future__ import annotations

from whypull.lazy import regex
from whypull.model import Pull, Said
from whypull.read.about import about_a_pull
from whypull.read.event import STATES, assigned, take_event
from whypull.read.healed import overcome
from whypull.read.instead import of_state
from whypull.read.message import fold, image_in
from whypull.records import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from whypull.read.event_row import EventRow
    from whypull.read.gather import Gathered

_FIELD = regex(r"(?P<indent>\s*)(?P<key>[A-Z][\w ()/-]{1,40}?):(?:\s+(?P<value>\S.*?))?\s*$")
_NAMED = regex(r"(?P<indent>\s*)(?P<name>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?):\s*$")
_PARTS = {"Containers": "containers", "Init Containers": "initContainers", "Ephemeral Containers": "ephemeralContainers"}
_RUNTIMES = {"docker": "docker", "containerd": "containerd", "cri-o": "cri-o", "docker-pullable": "docker"}
_DONE = frozenset({"Running", "Terminated"})
_OF_A_POD = regex(
    r"(?m)^\s*(?:(?:Init |Ephemeral )?Containers|QoS Class|Node-Selectors|Image\(s\)|Restart Count|"
    r"PodScheduled|Controlled By):?\s"
)


@dataclass
class Container:
    """One container's block."""

    name: str
    part: str = "containers"
    image: str = ""
    state: str = ""  # Waiting, Running, Terminated
    reason: str = ""
    last_reason: str = ""
    runtime: str = ""

    @property
    def pulled(self) -> bool:
        """Whether its image is on the node: it runs, has ended, or is started over and over."""
        return self.state in _DONE or self.reason in {"CrashLoopBackOff", "RunContainerError"}


@dataclass
class Pod:
    """What the block says above its events."""

    name: str = ""
    namespace: str = ""
    node: str = ""
    status: str = ""
    reason: str = ""
    containers: tuple[Container, ...] = ()

    def pull(self, container: Container | None = None) -> Pull:
        """The pull of one of its containers, or of the pod as a whole."""
        if container is None:
            return Pull(namespace=self.namespace, pod=self.name, node=self.node)
        return Pull(container.image, self.namespace, self.name, container.name, self.node, container.runtime)


def is_pod(lines: Sequence[str]) -> bool:
    """Whether a block that begins with "Name:" describes a pod; a node, secret or service looks alike at first."""
    return bool(_OF_A_POD.search("\n".join(lines[:400])))


def pod_of(lines: Sequence[str]) -> Pod:
    """What the lines above the events tell. Lines without indentation, as chats leave them, are read as well."""
    pod = Pod()
    containers: list[Container] = []
    part, last, indent = "", False, -1
    for line in lines:
        named = _NAMED.match(line) if part else None
        if named and (indent < 0 or len(named["indent"]) == indent):
            indent = len(named["indent"])
            containers.append(Container(named["name"], part))
            last = False
            continue
        found = _FIELD.match(line)
        if found is None:
            continue
        key, value = found["key"], found["value"] or ""
        if key in _PARTS:
            part, indent = _PARTS[key], -1
            if value.endswith(":") and _NAMED.match(value):  # its lines were joined
                containers.append(Container(value[:-1], part))
        elif key in {"Conditions", "Volumes", "QoS Class", "Events"}:
            part = ""
        elif part and containers:
            last = key == "Last State" or (last and key != "State")
            _field(containers[-1], key, value, last=last)
        elif not part:
            _of_pod(pod, key, value)
    pod.containers = tuple(containers)
    return pod


def _of_pod(pod: Pod, key: str, value: str) -> None:
    if key == "Name" and not pod.name:
        pod.name = value.split(maxsplit=1)[0] if value else ""
    elif key == "Namespace" and not pod.namespace:
        pod.namespace = value.split(maxsplit=1)[0] if value else ""
    elif key == "Node" and not pod.node and value not in {"<none>", "/"}:
        pod.node = value.partition("/")[0]
    elif key == "Status" and not pod.status:
        pod.status = value
    elif key == "Reason" and not pod.reason and not pod.containers:
        pod.reason = value
    elif key == "Image(s)" and value:
        pod.containers = ()


def _field(container: Container, key: str, value: str, *, last: bool) -> None:
    if key == "Image" and not container.image:
        container.image = value
    elif key == "State":
        container.state = value
    elif key == "Reason":
        if last:
            container.last_reason = container.last_reason or value
        else:
            container.reason = container.reason or value
    elif key in {"Container ID", "Image ID"} and "://" in value and not container.runtime:
        container.runtime = _RUNTIMES.get(value.partition("://")[0], "")


def take_pod(pod: Pod, into: Gathered) -> None:
    """Adds the states of its containers: failing pulls as bare reasons, other troubles as notes."""
    if pod.reason in {"Evicted", "DeadlineExceeded", "NodeLost"}:
        into.note(of_state(pod.reason, f"pod {pod.name}") or f"pod {pod.name} is gone ({pod.reason})")
    for container in pod.containers:
        what = f"container {container.name} of pod {pod.name}" if pod.name else f"container {container.name}"
        if container.reason in STATES:
            into.hear(pod.pull(container), Said("", by="kubelet", via="status", reason=container.reason))
        elif container.state == "Waiting" and " " in container.reason and about_a_pull(container.reason):
            into.hear(pod.pull(container), Said(container.reason, by="kubelet", via="status"))  # before Kubernetes 1.1
        elif container.pulled:
            into.pulled.add(pod.pull(container))
        for reason in (container.reason, container.last_reason):
            sentence = of_state(reason, what) if reason not in STATES else ""
            if sentence:
                into.note(sentence)
                break


def take_rows(rows: Iterable[EventRow], into: Gathered, pod: Pod | None = None, namespace: str = "") -> None:
    """Adds what events say: below a pod's block, in a table of their own, or in a few lines that were copied."""
    place = pod.pull() if pod else Pull(namespace=namespace)
    rows = list(rows)
    done = overcome(rows) if len(rows) > 1 else set()
    for at, row in enumerate(rows):
        scheduled = assigned(row.message)
        if scheduled and not row.name:
            namespace = scheduled["namespace"] or place.namespace
            place = Pull(namespace=namespace, pod=scheduled["pod"], node=scheduled["node"])
            if pod and not pod.node:
                pod.node = scheduled["node"]
        pull = _pull_of(row, place, pod)
        if pod and _done_since(row, pull, pod):
            into.note(_pulled_now(pull.image or "of pod " + pull.pod))
            continue
        if at in done and (image := image_in(fold(row.message))):
            into.note(_pulled_now(image))  # the events alone may be of several tries: what stopped the first is still told
        said = Said("", row.source or "kubelet", "event", row.reason, row.count, row.first or row.last, row.last)
        take_event(into, pull, row.reason, row.message, said, row.kind)


def _pulled_now(image: str) -> str:
    return f"image {image} could not be pulled for a while, and is pulled now"


def _pull_of(row: EventRow, place: Pull, pod: Pod | None) -> Pull:
    """Whom the event is about: what its own columns show, else the pod above it."""
    if row.name and row.kind in {"pod", "po", "pods", ""}:
        pull = Pull(namespace=row.namespace or place.namespace, pod=row.name, container=row.container, node=row.node)
    elif row.name:
        pull = Pull(namespace=row.namespace, node=row.name if row.kind == "node" else row.node)
    else:
        pull = replace(place, container=row.container, node=row.node or place.node)
    if pod and pod.containers:
        return _with_container(row, pull, pod)
    return pull


def _with_container(row: EventRow, pull: Pull, pod: Pod) -> Pull:
    """The container that an event without a field path is about: the one with its image, or the only one that waits."""
    if pull.container:
        fits = [c for c in pod.containers if c.name == pull.container]
    else:
        image = image_in(fold(row.message))
        fits = [c for c in pod.containers if c.image == image] if image else []
        if not image and row.message.startswith("Error: "):
            fits = [c for c in pod.containers if c.reason in STATES]
    if len(fits) != 1 or "sandbox" in row.message or row.reason == "FailedCreatePodSandBox":
        return pull
    only = fits[0]
    return replace(pull, container=only.name, image=only.image, runtime=pull.runtime or only.runtime)


def _done_since(row: EventRow, pull: Pull, pod: Pod) -> bool:
    """Whether the block shows that what this event tells of has been overcome."""
    if row.type == "Normal" and row.reason != "BackOff":
        return False
    message = " ".join(row.message.split())
    if not message.startswith(
        ("Failed to pull", "Back-off pulling", "Unable to retrieve some image", "Failed to inspect", "Error: ")
    ):
        return False
    if message.startswith("Error: ") and message[7:] not in STATES:
        return False
    if pull.container:
        return any(c.name == pull.container and c.pulled for c in pod.containers)
    return bool(pod.containers) and all(c.pulled for c in pod.containers)
