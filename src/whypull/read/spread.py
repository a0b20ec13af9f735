"""How far a failure spreads: which images run where, counted while the pods go by, so that no pod is kept for it."""

from __future__ import annotations

from whypull.reference import host_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from whypull.read.object_structs import Status, Thing


class Spread:
    """Which nodes run an image, and which run any image of a registry."""

    def __init__(self) -> None:
        self.images: dict[str, set[str]] = {}  # image as its pod names it: nodes on which a container of it runs
        self.hosts: dict[str, set[str]] = {}  # registry host: nodes on which a container from it runs
        self._names: dict[str, str] = {}  # of nodes: each is kept once, not once a pod

    def add(self, things: Iterable[Thing]) -> None:
        """Counts the running containers of some pods."""
        images, names = self.images, self._names
        for thing in things:
            spec, status = thing.spec, thing.status
            if spec is None or status is None or not spec.nodeName:
                continue
            node = names.setdefault(spec.nodeName, spec.nodeName)
            # The loop of every pod of the cluster: a healthy pod's containers are taken without looking them up by name.
            running: set[str] | None = None
            for one in status.containerStatuses or ():
                if one.state is None or one.state.running is None:
                    running = _running(status)
                    break
            for container in spec.containers or () if status.containerStatuses else ():
                image = container.image
                if not image or (running is not None and container.name not in running):
                    continue
                nodes = images.get(image)
                if nodes is None:
                    images[image] = {node}
                else:
                    nodes.add(node)

    def settle(self) -> None:
        """Sorts what was counted by registry. Called once, when all pods have gone by."""
        known: dict[str, str] = {}
        for image, nodes in self.images.items():
            self.hosts.setdefault(_host(image, known), set()).update(nodes)

    def notes(self, image: str, nodes: Iterable[str]) -> tuple[str, ...]:
        """What the cluster's other pods say of a pull that fails on these nodes: one sentence each."""
        bad = {node for node in nodes if node}
        same, host = self.images.get(image, set()), host_of(image)
        registry = self.hosts.get(host, set())
        found = []
        if same - bad:
            found.append(f"The same image runs on {_count_of(len(same - bad), 'other node')}.")
        if same & bad:
            found.append(f"A container of the same image runs on {_named(same & bad)}: the image is there.")
        if registry - bad and not same - bad:
            found.append(f"Other images of {host} run on {_count_of(len(registry - bad), 'other node')}.")
        if registry & bad and not same & bad:
            found.append(f"Other images of {host} run on {_named(registry & bad)}, so that node has pulled from it before.")
        elif not registry and self.images:
            found.append(f"No container of the pods that were looked at runs an image of {host}.")
        return tuple(found)


def _host(image: str, known: dict[str, str]) -> str:
    """An image's registry host. What runs has a well-formed name, so its first part decides: 12,000 images are of 7 hosts."""
    first, slash, _ = image.partition("/")
    if not slash or not ("." in first or ":" in first):
        return host_of(image)
    if first not in known:
        known[first] = host_of(image)
    return known[first]


def _running(status: Status) -> set[str]:
    return {s.name for s in status.containerStatuses or () if s.state is not None and s.state.running is not None}


def _count_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _named(nodes: set[str]) -> str:
    names = sorted(nodes)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
