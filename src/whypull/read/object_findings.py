"""What the objects of an input show, as a whole → texts about failing pulls, and plain sentences on other troubles."""

from __future__ import annotations

from whypull.model import Pull, Said
from whypull.read.object_structs import conditions_of
from whypull.redact import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from whypull.read.gather import Gathered
    from whypull.read.inventory import Inventory
    from whypull.read.object_events import EventSeen
    from whypull.read.object_pods import ContainerSeen, PodRecord

_MOST_NAMED = 3
_LONGEST = 300


def say(inventory: Inventory, into: Gathered) -> None:
    """Says to the gathering which pulls fail, and what else is wrong."""
    troubles = Troubles()
    failing = _pods(inventory, into, troubles)
    for pull, said in inventory.imports:
        into.hear(pull, said)
    if inventory.events:
        failing |= _events(inventory, into, troubles, failing)
        _missing_secrets(inventory, into, failing)
    for sentence in troubles.sentences():
        into.note(sentence)
    if not into.heard and not inventory.events:
        _ask(inventory, into)


def _ask(inventory: Inventory, into: Gathered) -> None:
    """A pod that waits for its first container says why only in its events."""
    for record in inventory.pods.values():
        if (
            record.node
            and record.status.phase == "Pending"
            and any(c.reason == "ContainerCreating" for c in record.containers.values())
        ):
            into.note(
                f"Pod {_named((record.namespace, record.name), '')} waits for its containers to be made; its events say why."
            )
            into.ask(f"kubectl describe pod {record.name} -n {record.namespace or '<namespace>'}")
            return


# ---------------------------------------------------------------- pods


def _pods(inventory: Inventory, into: Gathered, troubles: Troubles) -> set[tuple[str, str]]:
    """The pods of which the status itself says that a pull fails."""
    failing = set()
    for key, record in inventory.pods.items():
        for one in record.containers.values():
            if one.state == "failing":
                into.hear(_pull(record, one), _status(one))
                failing.add(key)
            elif one.state == "troubled":
                troubles.add(one.reason, _named(key, one.name), one.message)
        _whole_pod(record, troubles)
    return failing


def _status(one: ContainerSeen) -> Said:
    if " " in one.reason.strip():  # kubelet 1.33 and newer: the raw error is the reason; older ones called it ErrImagePull
        return Said(_whole(one.reason, one.message), by="kubelet", via="status", reason="ErrImagePull")
    return Said(one.message, by="kubelet", via="status", reason=one.reason)


def _whole(reason: str, message: str) -> str:
    return reason if reason in message or not message or message in reason else f"{reason}: {message}"


def _pull(record: PodRecord, one: ContainerSeen) -> Pull:
    return Pull(one.image, record.namespace, record.name, one.name, record.node)


def _whole_pod(record: PodRecord, troubles: Troubles) -> None:
    status, name = record.status, f"{record.namespace}/{record.name}".strip("/")
    if status.reason == "Evicted":
        troubles.add("Evicted", name, status.message or "")
    for condition in conditions_of(status):
        if condition.type == "PodScheduled" and condition.status == "False" and condition.reason == "Unschedulable":
            troubles.add("Unschedulable", name, condition.message or "", event=True)


def _named(pod: tuple[str, str], container: str) -> str:
    name = f"{pod[0]}/{pod[1]}".strip("/")
    return f"{name} (container {container})" if container else name


# ---------------------------------------------------------------- events


def _events(inventory: Inventory, into: Gathered, troubles: Troubles, failing: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The pods of which events say that a pull fails and nothing says that it came off later."""
    from whypull.read.object_events import kind_of  # noqa: PLC0415 - a list of pods alone needs none of it

    done = _done(inventory)
    found = set()
    for event in inventory.events:
        kind = kind_of(event)
        key = (event.namespace, event.name)
        if event.about != "Pod":
            if kind in {"trouble", "failed"}:
                _of_workload(event, into, troubles)
        elif kind == "failed" and not _over(event, inventory, done):
            into.hear(_pull_of(event, inventory), _said(event))
            found.add(key)
        elif kind == "trouble" and key not in failing and key not in inventory.running:
            troubles.add(event.reason, _named(key, event.container), event.text, event=True)
    return found


def _done(inventory: Inventory) -> dict[tuple[str, str, str, bool], str]:
    """(namespace, pod, container, made): when it was last said that its image is there, or that it was even made of it.

    Without a container: when anything was last said of one, for which the pod's sandbox must have been there.
    """
    from whypull.read.object_events import kind_of  # noqa: PLC0415

    done: dict[tuple[str, str, str, bool], str] = {}
    for event in inventory.events:
        if event.about == "Pod" and event.container:
            sandbox = (event.namespace, event.name, "", False)
            done[sandbox] = max(done.get(sandbox, ""), event.last)
        if event.about == "Pod" and event.container and kind_of(event) == "done":
            for made in (False, True) if event.reason != "Pulled" else (False,):
                key = (event.namespace, event.name, event.container, made)
                done[key] = max(done.get(key, ""), event.last)
    return done


def _over(event: EventSeen, inventory: Inventory, done: dict[tuple[str, str, str, bool], str]) -> bool:
    """Whether the failure that an event tells of is past: the container ran later, or the pod is another one by now."""
    key = (event.namespace, event.name)
    uid, since = inventory.running.get(key, ("", ""))
    record = inventory.pods.get(key)
    uid = record.uid if record else uid
    if uid and event.uid and uid != event.uid:
        return True
    if key in inventory.running:
        return not since or _by(event.last, since)
    states = record.containers if record else {}
    if event.reason == "FailedCreatePodSandBox" and any(c.state != "open" for c in states.values()):
        return True
    one = states.get(event.container)
    if one is not None and one.state == "failing":
        return False
    if one is not None and one.state in {"pulled", "troubled"}:
        return not one.since or _by(event.last, one.since)
    return _succeeded(event, done)


def _succeeded(event: EventSeen, done: dict[tuple[str, str, str, bool], str]) -> bool:
    """Whether a later event says that it came off."""
    if not event.container and event.reason != "FailedCreatePodSandBox":
        return False
    unpacking = "error unpacking image" in event.text  # may come when the container is made, after the pull
    when = done.get((event.namespace, event.name, event.container, unpacking))
    return when is not None and _by(event.last, when)


def _by(time: str, then: str) -> bool:
    """Whether one RFC 3339 time is not after another, to the second."""
    return time[:19] <= then[:19]


def _pull_of(event: EventSeen, inventory: Inventory) -> Pull:
    record = inventory.pods.get((event.namespace, event.name))
    node = event.node or (record.node if record else "")
    if event.reason == "FailedCreatePodSandBox" or "sandbox image" in event.text:
        return Pull(_image_in(event), event.namespace, event.name, "sandbox", node)
    container, image = event.container, ""
    if record is not None:
        if not container:
            container = _container_of(event, record)
        one = record.containers.get(container)
        image = one.image if one else ""
    return Pull(image, event.namespace, event.name, container, node)


def _container_of(event: EventSeen, record: PodRecord) -> str:
    """The container of an event that names none: the only one with the image of its text."""
    image = _image_in(event)
    same = [one.name for one in record.containers.values() if one.image == image]
    return same[0] if len(same) == 1 else ""


def _image_in(event: EventSeen) -> str:
    from whypull.read.message import fold, image_in  # noqa: PLC0415

    return image_in(fold(event.text))


def _said(event: EventSeen) -> Said:
    from whypull.read.object_events import RAW  # noqa: PLC0415

    reason = "ErrImagePull" if event.reason == "Failed" and RAW.match(event.text) else event.reason
    return Said(event.text, by="kubelet", via="event", reason=reason, count=event.count, first=event.first, last=event.last)


def _of_workload(event: EventSeen, into: Gathered, troubles: Troubles) -> None:
    """What a controller could not create. An admission policy's word on images counts as a failed pull."""
    from whypull.read.about import about_a_pull  # noqa: PLC0415

    if "denied" in event.text and about_a_pull(event.text):
        said = Said(event.text, by="", via="event", reason=event.reason, count=event.count, first=event.first, last=event.last)
        into.hear(Pull(namespace=event.namespace), said)
    else:
        name = f"{event.about} {event.namespace}/{event.name}"
        troubles.add(event.reason, name, event.text, event=True)


def _missing_secrets(inventory: Inventory, into: Gathered, failing: set[tuple[str, str]]) -> None:
    """A pull secret that the kubelet did not find counts where a pull of that pod fails; else it is a left-over."""
    from whypull.read.object_events import kind_of  # noqa: PLC0415

    for event in inventory.events:
        if kind_of(event) != "secret" or event.about != "Pod":
            continue
        key = (event.namespace, event.name)
        if key in failing:
            node = event.node or (inventory.pods[key].node if key in inventory.pods else "")
            into.hear(Pull(namespace=event.namespace, pod=event.name, node=node), _said(event))
        else:
            into.note(f"Pod {_named(key, '')} names a pull secret that is not there; no pull of it fails. {_short(event.text)}")


# ---------------------------------------------------------------- other troubles


class Troubles:
    """Failures that are none of a pull, by their kind."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, bool], dict[str, str]] = {}

    def add(self, kind: str, name: str, words: str, *, event: bool = False) -> None:
        """Adds one of a kind (a waiting reason, or an event's); the first words about a name are kept."""
        self._found.setdefault((kind, event), {}).setdefault(name, words)

    def sentences(self) -> Iterator[str]:
        """One sentence for each kind that is known, with at most three names."""
        if not self._found:
            return
        from whypull.read.instead import of_event, of_state  # noqa: PLC0415

        for (kind, event), names in self._found.items():
            shown = [*names][:_MOST_NAMED]
            more = len(names) - len(shown)
            listed = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
            words = next((w for w in names.values() if w), "")
            sentence = of_event(kind, words, listed) if event else of_state(kind, listed)
            if sentence:
                yield f"{sentence}: {_short(words)}" if words else sentence


def _short(text: str) -> str:
    text = redacted(" ".join(text.split()))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
