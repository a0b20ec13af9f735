"""Azure's names: commands of az, resource ids, the cluster that a node is of. Pure."""

from __future__ import annotations

import re

from whypull.egress.nouns import Command
from whypull.egress.places import place
from whypull.egress.told import get, items, text
from whypull.read.blast import class_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from whypull.egress.places import Place
    from whypull.egress.told import Told
    from whypull.model import NodeSeen

_ID = re.compile(r"/subscriptions/\w[\w-]*(?:/[\w.() -]+)+")
_SUBSCRIPTION = re.compile(r"/subscriptions/(\w[\w-]*)(?:/resourcegroups/([\w(][\w.()-]*))?/", re.IGNORECASE)


def command(*args: str, why: str) -> Command:
    """A question to az, answered as JSON."""
    return Command(("az", *args, "-o", "json"), why)


def show(told: Told, verb: str, resource: str, why: str) -> tuple[dict[str, Any] | None, list[Command]]:
    """A resource by its id, and the question for it where it is not known yet."""
    found = next((t for t in told.of(_kind(resource)) if text(t, "id").lower() == resource.lower()), None)
    return (found, []) if found is not None else (None, question(verb, resource, why))


def question(verb: str, resource: str, why: str) -> list[Command]:
    """The question for a resource by its id; none where it is no id, for it becomes an argument."""
    return [command(*verb.split(), "--ids", resource, why=why)] if _ID.fullmatch(resource) else []


def _kind(resource: str) -> str:
    words = resource.lower().rpartition("/providers/")[2].split("/")
    return "/".join([words[0], *words[1::2]])


def subscription_of(resource: str) -> str:
    """The subscription of a resource id, in lower case; empty where it can be none: it becomes an argument."""
    found = _SUBSCRIPTION.match(resource)
    return found[1].lower() if found else ""


def group_of(resource: str) -> str:
    """The resource group of a resource id; empty where it can be none."""
    found = _SUBSCRIPTION.match(resource)
    return (found[2] or "") if found else ""


def name_of(resource: str) -> str:
    """The last word of a resource id."""
    return resource.rstrip("/").rpartition("/")[2]


def pools(nodes: Sequence[NodeSeen]) -> list[tuple[str, list[NodeSeen]]]:
    """The nodes by pool; pools of one name in several node resource groups are several pools."""
    found: dict[tuple[str, str], list[NodeSeen]] = {}
    for node in nodes:
        found.setdefault((place(node).group.lower(), class_of(node).get("pool", "")), []).append(node)
    return [(pool, members) for (_, pool), members in found.items()]


def cluster_of(told: Told, where: Place) -> dict[str, Any] | None:
    """The AKS cluster whose node resource group a node is in."""
    for one in told.of("microsoft.containerservice/managedclusters"):
        same = text(one, "nodeResourceGroup").lower() == where.group.lower()
        if same and text(one, "id").lower().startswith(f"/subscriptions/{where.account}/"):
            return one
    return None


def acted_for(told: Told, accounts: Iterable[str]) -> str:
    """Whom az speaks for, and whether that is the nodes' subscription."""
    seen = told.one("azure account")
    if seen is None:
        return ""
    nodes = sorted(accounts)
    user = text(seen, "user", "name")
    words = f"Azure subscription {text(seen, 'name')} ({text(seen, 'id')}){f', as {user}' if user else ''}"
    if text(seen, "id").lower() not in nodes:
        return f"{words}; the nodes are in subscription {', '.join(nodes)}"
    return words


def virtual_network(subnet: str) -> str:
    """The id of the virtual network that a subnet's id names; empty where it names none."""
    return subnet.rpartition("/subnets/")[0]


def configurations(firewall: Any) -> list[Any]:
    """The address configurations of an Azure firewall that traffic takes; that for its management is not among them."""
    return items(firewall, "ipConfigurations")


def private_address(configuration: Any) -> str:
    """The private address of a configuration."""
    return str(get(configuration, "privateIPAddress", ""))
