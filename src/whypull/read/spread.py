"""How far a failure spreads: which images run where, counted while the pods go by, so that no pod is kept for it."""

from __future__ import annotations

from whypull.reference import host_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from whypull.read.object_structs import Thing


class Spread:
    """Which nodes run an image, and which run any image of a registry."""

    def __init__(self) -> None:
        self._seen: set[tuple[str | None, str]] = set()  # (image as its pod names it, node on which a container of it runs)
        self.images: dict[str, set[str]] = {}
        self.hosts: dict[str, set[str]] = {}  # registry host: nodes on which a container from it runs

    def add(self, things: Iterable[Thing]) -> None:
        """Counts the running containers of some pods."""
        seen = self._seen
        for thing in things:
            spec, status = thing.spec, thing.status
            if spec is None or status is None or not spec.nodeName:
                continue
            node, states = spec.nodeName, status.containerStatuses or ()
            # The loop of every pod of the cluster: a healthy pod's containers are taken without looking them up by name.
            if all(s.state is not None and s.state.running is not None for s in states):
                if states:
                    seen.update((container.image, node) for container in spec.containers or ())
            else:
                running = {s.name for s in states if s.state is not None and s.state.running is not None}
                seen.update((container.image, node) for container in spec.containers or () if container.name in running)

    def settle(self) -> None:
        """Sorts what was counted by image and by registry. Called once, when all pods have gone by."""
        host_of_image: dict[str, str] = {}
        for image, node in self._seen:
            if not image:
                continue
            nodes = self.images.get(image)
            if nodes is None:
                nodes = self.images[image] = set()
                host_of_image[image] = host_of(image)
            nodes.add(node)
        for image, nodes in self.images.items():
            self.hosts.setdefault(host_of_image[image], set()).update(nodes)
        self._seen.clear()

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


def _count_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _named(nodes: set[str]) -> str:
    names = sorted(nodes)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
