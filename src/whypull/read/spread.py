"""How far a failure spreads: which images run where, counted while the pods go by, so that no pod is kept for it."""

from __future__ import annotations

from whypull.reference import host_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from whypull.read.object_structs import ContainerStatus, Thing


class Spread:
    """Which nodes run an image, and which run any image of a registry."""

    def __init__(self) -> None:
        self.images: dict[str, set[str]] = {}  # image as its pod names it: nodes on which a container of it runs
        self.hosts: dict[str, set[str]] = {}  # registry host: nodes on which a container from it runs
        self._host_of: dict[str, str] = {}

    def add(self, things: Iterable[Thing]) -> None:
        """Counts the running containers of some pods."""
        for thing in things:
            spec, status = thing.spec, thing.status
            if spec is None or status is None or not spec.nodeName:
                continue
            running = {s.name for s in status.containerStatuses or () if _runs(s)}
            if running:
                for container in spec.containers or ():
                    if container.name in running and container.image:
                        self._count(container.image, spec.nodeName)

    def _count(self, image: str, node: str) -> None:
        nodes = self.images.get(image)
        if nodes is None:
            nodes = self.images[image] = set()
            self._host_of[image] = host_of(image)
        if node not in nodes:
            nodes.add(node)
            self.hosts.setdefault(self._host_of[image], set()).add(node)

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


def _runs(status: ContainerStatus) -> bool:
    return status.state is not None and status.state.running is not None


def _count_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _named(nodes: set[str]) -> str:
    names = sorted(nodes)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
