"""A failing pull → whose it is of Dynatrace's parts, and who pulls it there."""

from __future__ import annotations

from whypull.dynatrace import CSI_DAEMONSET, Part
from whypull.dynatrace.injection import is_injected
from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from whypull.dynatrace import DynaKube, Injected, Installation
    from whypull.model import Pull

# Containers of Dynatrace's own pods: https://github.com/Dynatrace/dynatrace-operator (cmd, pkg/controllers)
_CONTAINERS = {
    "dynatrace-oneagent": "OneAgent", "activegate": "ActiveGate", "codemodule-download": "code modules",
    "provisioner": "CSI driver", "server": "CSI driver", "registrar": "CSI driver", "liveness-probe": "CSI driver",
    "csi-init": "CSI driver", "operator": "operator", "webhook": "webhook", "webhook-cert-generator": "operator",
    "extension-controller": "extension controller", "sql-executor": "SQL extension executor",
    "collector": "OpenTelemetry collector", "node-config-collector": "node configuration collector",
    "kubemon": "Kubernetes monitoring", "edge-connect": "EdgeConnect",
}  # fmt: skip
_PODS = (("dynatrace-operator-", "operator"), ("dynatrace-webhook-", "webhook"), (f"{CSI_DAEMONSET}-", "CSI driver"))


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose a failing pull is."""

    part: str
    label: str  # as a subject: "The init container that Dynatrace adds to pods of payments"
    injected: Injected | None = None  # in an application's pod
    in_application: bool = False


def whose(pull: Pull, dynakube: DynaKube | None, installed: Installation, parts: Sequence[Part]) -> Whose | None:
    """The part that a failing pull is of; None where it is none of Dynatrace's."""
    one = next((i for i in installed.injected if (i.namespace, i.pod) == (pull.namespace, pull.pod) and _its(i, pull)), None)
    own = {ns for _, ns, _, _ in installed.images} | ({dynakube.namespace} if dynakube else set()) or {"dynatrace"}
    if one is not None or (pull.namespace not in own and is_injected(pull.container, pull.image)):
        namespace = pull.namespace or "an application"
        if _is_codemodules(pull.image, dynakube, one):
            what = "image volume" if one and one.volume == "image" else "init container"
            label = f"The code modules image (the {what} that Dynatrace adds to pods of {namespace})"
            return Whose("code modules", label, one, in_application=True)
        label = f"The init container that Dynatrace adds to pods of {namespace}"
        return Whose("injected init container", label, one, in_application=True)
    if pull.namespace and pull.namespace not in own:
        return None
    name = _own_part(pull, parts)
    return Whose(name, f"Dynatrace's {name}" if name != "OneAgent" else "OneAgent") if name else None


def _its(injected: Injected, pull: Pull) -> bool:
    """Whether the pull is of the container (or the image volume) that was added, not of one that the author wrote."""
    if injected.volume_image and pull.image == injected.volume_image:
        return True
    return pull.container == injected.container if pull.container else bool(pull.image) and pull.image == injected.image


def _is_codemodules(image: str, dynakube: DynaKube | None, injected: Injected | None) -> bool:
    if injected is not None and injected.volume_image and image == injected.volume_image:
        return True
    if dynakube is not None and dynakube.codemodules_image:
        return _name(image) == _name(dynakube.codemodules_image)
    return "codemodules" in image.replace("-", "")


def _own_part(pull: Pull, parts: Sequence[Part]) -> str:
    """The part of a pull in Dynatrace's own namespace."""
    if pull.container in {"dynatrace-operator", "init"} and "-oneagent-" in pull.pod:
        return "OneAgent"  # its own init container
    by_pod = next((part for prefix, part in _PODS if pull.pod.startswith(prefix)), "")
    if by_pod:
        return by_pod
    if pull.container in _CONTAINERS and pull.container not in {"server", "collector", "operator"}:
        return _CONTAINERS[pull.container]
    same = [part.name for part in parts if part.puller == "kubelet" and part.image and _name(part.image) == _name(pull.image)]
    if same:
        return same[0]
    return _CONTAINERS.get(pull.container, "") if "dynatrace" in pull.image else ""


def _name(image: str) -> str:
    """An image without tag and digest."""
    bare = image.partition("@")[0]
    head, colon, tail = bare.rpartition(":")
    return head if colon and "/" not in tail else bare
