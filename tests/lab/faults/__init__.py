"""The faults, as data: what is broken, on which side, the true cause, and who puts it right how."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil

from lab.node import SKOPEO
from lab.scene import PLAIN_CLIENT, PLAIN_WORLD, Client, Server, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@dataclasses.dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and nothing else.

    `how` it is put right: "printed" (commands and files of the printed fix, to the letter, on the node), "secret" (the printed
    fix makes the pull secret), "reference" (the printed fix is another image name: `right`), "asked" (the world does what the
    printed fix asks of whoever owns it: `mend`), "no" (nothing to put right here).
    """

    name: str
    cause: str  # "" for a healthy control
    side: str  # reference, secret, node, resolver, network, proxy, registry, image
    broken: str
    world: World = PLAIN_WORLD
    client: Client = PLAIN_CLIENT
    how: str = "asked"
    mend: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # fields of World that are then otherwise
    by_hand: str = ""  # commands on the node for what the printed fix leaves to its administrator
    asks: tuple[str, ...] = ()  # what the printed answer must name: {seen} is the address by which the world sees the node
    right: str = ""  # the reference that was meant
    text: tuple[str, ...] = ()  # further causes that a careful expert who sees only the text would name
    only: tuple[str, ...] = ()  # containerd versions on which it is a fault; on others it is left out
    seconds: float = 60.0  # how long the pull may take until the kubelet's patience is at its end

    def fits(self, runtime: str) -> bool:
        """Whether it can be had on a runtime: "1.6", "1.7", "2" of containerd, or skopeo, which pulls as CRI-O does."""
        if self.only:
            return runtime in self.only
        client = self.client
        own = (client.registry_toml, client.more_toml, client.stopped, client.before)
        plain = (PLAIN_CLIENT.registry_toml, "", False, "")
        return runtime != SKOPEO or (own == plain and not any("/etc/containerd/" in path for path in client.files))


def healthy(name: str, broken: str, **more: Any) -> Fault:
    """A control: nothing is wrong."""
    return Fault(name, "", "control", broken, how="no", **more)


def all_faults() -> list[Fault]:
    """Every fault and every control, in the order of their modules' names."""
    found = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        found += importlib.import_module(f"{__name__}.{module.name}").FAULTS
    return found


__all__ = ["Client", "Fault", "Server", "World", "all_faults", "healthy"]
