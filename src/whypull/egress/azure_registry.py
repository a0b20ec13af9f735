"""Azure registries as their own configuration has them: who is let in, private endpoints, and whether nodes reach those. Pure.

https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks and …-private-link
"""

from __future__ import annotations

from whypull.egress.azure_names import command, group_of, subscription_of
from whypull.egress.nouns import AllowList
from whypull.egress.told import get, items, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from whypull.egress.nouns import Command, Registry
    from whypull.egress.told import Told

ZONE = "privatelink.azurecr.io"
ZONES = "microsoft.network/privatednszones"


def registries(
    wanted: Sequence[Registry], told: Told, wants: list[Command], networks: Mapping[str, str]
) -> tuple[list[str], tuple[AllowList, ...]]:
    """Sentences on each Azure registry, and its network rules as an allow-list. `networks`: the nodes' own, by id."""
    notes: list[str] = []
    lists = []
    for registry in wanted:
        host = registry.host.lower()
        if not host.endswith((".azurecr.io", ".azurecr.cn", ".azurecr.us")):
            continue
        name = host.partition(".")[0].partition("-")[0]
        account = next((one for one in networks.values() if one), "")
        place = ("--subscription", account) if account else ()
        asked = command("acr", "show", "--name", name, *place, why=f"whom {host} lets in, and its private endpoints")
        wants.append(asked)
        found = next(
            (r for r in told.of("microsoft.containerregistry/registries") if text(r, "loginServer").lower() == host), None
        )
        if found is None:
            continue
        notes += _access(found, host)
        notes += _private(found, host, told, wants, networks)
        if _decides(found):
            entries = tuple(filter(None, (_entry(rule) for rule in items(found, "networkRuleSet", "ipRules"))))
            lists.append(AllowList(f"the network rules of {name}", entries))
    return notes, tuple(lists)


def _entry(rule: Any) -> str:
    return text(rule, "ipAddressOrRange") or text(rule, "value")


def _closed(registry: Any) -> bool:
    return text(registry, "publicNetworkAccess").lower() == "disabled"


def _decides(registry: Any) -> bool:
    """Whether the registry's own list of addresses is what decides."""
    return not _closed(registry) and text(registry, "networkRuleSet", "defaultAction").lower() == "deny"


def _access(registry: Any, host: str) -> Iterator[str]:
    if _closed(registry):
        yield (
            f"{host} has public network access disabled: no allow-list of public addresses matters, only a private endpoint does."
        )
    elif not _decides(registry):
        yield f"{host} lets every address in (its network rules' default action is Allow)."
    if get(registry, "dataEndpointEnabled"):
        hosts = ", ".join(str(h) for h in items(registry, "dataEndpointHostNames"))
        yield f"{host} serves layers from {hosts}: open these as well."
    yield (
        "`az aks check-acr` tries one node with the kubelet's identity: it sees neither pull secrets, nor the "
        "runtime's proxy, nor "
        "pools that leave by another address."
    )


def _private(registry: Any, host: str, told: Told, wants: list[Command], networks: Mapping[str, str]) -> Iterator[str]:
    """Whether nodes get the private endpoint's address: a private zone must be linked to their network."""
    endpoints = [
        text(one, "privateEndpoint", "id")
        for one in items(registry, "privateEndpointConnections")
        if text(one, "privateLinkServiceConnectionState", "status").lower() == "approved"
    ]
    if not endpoints or not networks:
        if endpoints:
            yield f"{host} has a private endpoint; whether the nodes' network resolves it to that was not seen."
        elif _closed(registry):
            yield f"{host} has no approved private endpoint: nothing can reach it."
        return
    accounts = sorted({account for account in networks.values() if account} | {subscription_of(e) for e in endpoints} - {""})
    listings = [command("network", "private-dns", "zone", "list", "--subscription", a, why=f"the zone {ZONE}") for a in accounts]
    wants += listings
    links = []
    for zone in told.of(ZONES):
        if text(zone, "name").lower() != ZONE:
            continue
        group, account = group_of(text(zone, "id")), subscription_of(text(zone, "id"))
        if group and account:
            args = ("network", "private-dns", "link", "vnet", "list", "-g", group, "-z", ZONE, "--subscription", account)
            links.append(command(*args, why="which networks resolve the private name"))
    wants += links
    linked = {text(one, "virtualNetwork", "id").lower() for one in told.of(f"{ZONES}/virtualnetworklinks")}
    missing = [network.rpartition("/")[2] for network in networks if network not in linked]
    if not missing:
        yield (
            f"{host} has a private endpoint, and the nodes' network is linked to {ZONE}: no allow-list of public "
            "addresses matters for it."
        )
    elif links and all(told.answered(one) or linked for one in (*listings, *links)):
        yield (
            f"{host} has a private endpoint, but network {', '.join(missing)} is linked to no zone {ZONE} that az "
            "shows: unless a "
            "nameserver of its own forwards it, its nodes get the registry's public address."
        )
    else:
        yield f"{host} has a private endpoint; whether network {', '.join(missing)} resolves it to that was not seen."
