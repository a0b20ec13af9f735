"""Where a node runs, by its providerID and labels: cloud, account, region, zone, and what the cloud calls it. Pure.

https://kubernetes.io/docs/concepts/architecture/cloud-controller/ and each cloud's controller for the form of the id.
"""

from __future__ import annotations

import re

from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import NodeSeen

_AZURE = re.compile(
    r"azure:///subscriptions/(?P<account>\w[\w-]*)/resourceGroups/(?P<group>[\w(][\w.()-]*)/providers/Microsoft\.Compute/"
    r"(?:virtualMachineScaleSets/(?P<set>\w[\w.-]*)/virtualMachines/(?P<name>\w+)|virtualMachines/(?P<machine>[\w.-]+))",
    re.IGNORECASE,
)
_AWS = re.compile(r"aws:///(?P<zone>[a-z0-9-]+)/(?P<name>i-[0-9a-f]{8,17})")
_FARGATE = re.compile(r"aws:///(?P<zone>[a-z0-9-]+)/.{0,100}?(?P<name>fargate-[\w.-]+)")
_GOOGLE = re.compile(r"gce://(?P<account>[a-z0-9][a-z0-9.:-]*)/(?P<zone>[a-z0-9][a-z0-9-]*)/(?P<name>[a-z0-9-]+)")
_REGION = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
_ZONE = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one node runs. What is not known is empty."""

    cloud: str  # azure, aws, google; else the providerID's scheme, or empty
    account: str = ""  # subscription, project
    group: str = ""  # Azure: the node resource group
    region: str = ""
    zone: str = ""
    scale_set: str = ""
    name: str = ""  # instance id, instance name, number in the scale set
    fargate: bool = False


def place(node: NodeSeen) -> Place:
    """Where a node runs."""
    labels = dict(node.labels)
    zone = next((labels[n] for n in _ZONE if labels.get(n)), "")
    region = next((labels[n] for n in _REGION if labels.get(n)), "")
    found = _AZURE.fullmatch(node.provider)
    if found:
        return Place(
            "azure", found["account"].lower(), found["group"], region, zone, found["set"] or "", found["name"] or found["machine"]
        )
    found = _AWS.fullmatch(node.provider) or _FARGATE.fullmatch(node.provider)
    if found:
        fargate = found["name"].startswith("fargate-")
        return Place(
            "aws", region=_safe(region) or _of_zone(found["zone"]), zone=found["zone"], name=found["name"], fargate=fargate
        )
    found = _GOOGLE.fullmatch(node.provider)
    if found:
        return Place("google", found["account"], region=found["zone"].rpartition("-")[0], zone=found["zone"], name=found["name"])
    return Place(node.provider.partition("://")[0][:40], region=region, zone=zone)


def external(node: NodeSeen) -> tuple[str, ...]:
    """The node's external addresses, as its object has them."""
    return tuple(dict.fromkeys(address for kind, address in node.addresses if kind == "ExternalIP" and address))


def internal(node: NodeSeen) -> tuple[str, ...]:
    """The node's internal addresses."""
    return tuple(dict.fromkeys(address for kind, address in node.addresses if kind == "InternalIP" and address))


def _safe(region: str) -> str:
    """A label's region where it can be one: it becomes an argument of a command."""
    return region if re.fullmatch(r"[a-z]{2}[a-z0-9-]{3,30}", region) else ""


def _of_zone(zone: str) -> str:
    """The region of eu-west-1a and of the local zone us-west-2-lax-1a."""
    found = re.match(r"[a-z]{2}(?:-[a-z]+)+-\d", zone)
    return found[0] if found else ""
