"""Azure's ways out that a subnet decides: route tables to firewalls and appliances, NAT gateways, public addresses. Pure."""

from __future__ import annotations

from whypull.egress.azure_names import (
    command,
    configurations,
    name_of,
    private_address,
    question,
    show,
    subscription_of,
    virtual_network,
)
from whypull.egress.nets import covers
from whypull.egress.nouns import Out, Way
from whypull.egress.told import get, items, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from whypull.egress.nouns import Command
    from whypull.egress.told import Told
    from whypull.model import Certainty

STATIC = "Static: it stays until somebody takes it away."
DYNAMIC = "Dynamic: it may change when what it is attached to is stopped."
FIREWALLS = "Microsoft.Network/azureFirewalls"


def by_route(told: Told, wants: list[Command], subnet: Any, outbound: str) -> Out | None:
    """What the subnet's default route says; None where nothing is routed elsewhere than Azure would by itself."""
    table_id = text(subnet, "routeTable", "id")
    name = text(subnet, "name")
    if not table_id:
        if outbound != "userDefinedRouting":
            return None
        return _learnt(f"Subnet {name} has no route table, so its default route comes from a gateway or a virtual hub (BGP).")
    table, wanted = show(told, "network route-table show", table_id, "where the nodes' default route leads")
    wants += wanted
    if table is None:
        return Out(unknown=f"The route table {name_of(table_id)} of subnet {name} was not seen.")
    route = next((r for r in items(table, "routes") if text(r, "addressPrefix") == "0.0.0.0/0"), None)
    if route is not None:
        return _led(told, wants, subnet, route, text(table, "name"))
    if outbound != "userDefinedRouting":
        return None
    return _learnt(f"Route table {text(table, 'name')} has no default route, so it comes from a gateway or a virtual hub (BGP).")


def _led(told: Told, wants: list[Command], subnet: Any, route: Any, table: str) -> Out | None:
    """Where a default route leads; None where it is to the internet, as without one."""
    kind, via = text(route, "nextHopType"), f"route {text(route, 'name')} of {table}"
    if kind == "VirtualAppliance":
        return _by_appliance(told, wants, subnet, text(route, "nextHopIpAddress"), via)
    if kind == "VirtualNetworkGateway":
        return _learnt(
            f"The default route ({via}) leads into the virtual network gateway: the nodes leave by the site behind it."
        )
    if kind == "None":
        return Out(notes=(f"The default route ({via}) drops everything: there is no way to the internet.",))
    return None


def _learnt(why: str) -> Out:
    ask = (
        "az network nic show-effective-route-table --ids <network interface of a node> -o table",
        "Ask whoever runs that gateway or hub which public addresses it leaves by.",
    )
    return Out(unknown=why, ask=ask)


def _by_appliance(told: Told, wants: list[Command], subnet: Any, hop: str, via: str) -> Out:
    """The firewall whose private address is the next hop, here or in a peered network."""
    network_id = virtual_network(text(subnet, "id"))
    network, wanted = show(told, "network vnet show", network_id, "the peered networks, one of which has the firewall")
    wants += wanted
    homes = {network_id.lower(), *_homes_of(network, hop)}
    accounts = sorted({subscription_of(home) for home in homes} - {""})
    listings = [
        command("resource", "list", "--resource-type", FIREWALLS, "--subscription", a, why="the Azure firewalls there")
        for a in accounts
    ]
    wants += listings
    found = [one for one in _firewalls(told, wants) if hop in _hops(one) and _lives_in(one, homes)]
    if len(found) == 1:
        return _of_firewall(told, wants, found[0], f"{via} leads to {hop}")
    if len(found) > 1:
        names = ", ".join(text(f, "name") for f in found)
        return Out(unknown=f"The default route ({via}) leads to {hop}, and several firewalls have that address: {names}.")
    if not all(told.answered(one) for one in listings):
        return Out(unknown=f"The default route ({via}) leads to {hop}; which firewall that is was not seen.")
    why = (
        f"The default route ({via}) leads to {hop}, which is no Azure firewall that az shows: a network appliance, "
        "or a firewall elsewhere."
    )
    ask = (
        "az network firewall list --subscription <subscription of the hub> -o json",
        f"Ask whoever runs {hop} which public addresses it leaves by.",
    )
    return Out(unknown=why, ask=ask)


def _homes_of(network: Any, hop: str) -> Iterable[str]:
    """The peered networks whose address space holds the next hop."""
    for peering in items(network, "virtualNetworkPeerings"):
        spaces = items(peering, "remoteAddressSpace", "addressPrefixes") or items(
            peering, "remoteVirtualNetworkAddressSpace", "addressPrefixes"
        )
        if any(covers(str(space), hop) for space in spaces):
            yield text(peering, "remoteVirtualNetwork", "id").lower()


def _firewalls(told: Told, wants: list[Command]) -> list[Any]:
    """Azure firewalls with their addresses; `az resource list` names them, and each is asked for by itself."""
    whole = {}
    for one in told.of(FIREWALLS.lower()):
        if configurations(one) or get(one, "hubIPAddresses"):
            whole[text(one, "id").lower()] = one
    bare = [text(one, "id") for one in told.of(FIREWALLS.lower()) if text(one, "id").lower() not in whole]
    for resource in bare[:20]:
        wants += question("resource show", resource, "the addresses of that firewall")
    return list(whole.values())


def _hops(firewall: Any) -> set[str]:
    hub = text(firewall, "hubIPAddresses", "privateIPAddress")
    return {private_address(c) for c in configurations(firewall)} | ({hub} if hub else set())


def _lives_in(firewall: Any, homes: set[str]) -> bool:
    """Whether a firewall is in one of the networks. One of a virtual hub is in none that az shows: a peering must lead there."""
    if get(firewall, "hubIPAddresses"):
        return len(homes) > 1
    subnets = [text(c, "subnet", "id") for c in configurations(firewall)]
    return any(virtual_network(subnet).lower() in homes for subnet in subnets if subnet)


def _of_firewall(told: Told, wants: list[Command], firewall: Any, via: str) -> Out:
    name = text(firewall, "name")
    because = f"{via}, Azure firewall {name}"
    subnet_id = next((s for c in configurations(firewall) if (s := text(c, "subnet", "id"))), "")
    if subnet_id:
        subnet, wanted = show(told, "network vnet subnet show", subnet_id, "whether the firewall leaves by a NAT gateway")
        wants += wanted
        gateway = text(subnet, "natGateway", "id")
        if gateway:
            return by_nat_gateway(told, wants, gateway, f"attached to the subnet of Azure firewall {name}")
    hub = items(firewall, "hubIPAddresses", "publicIPs", "addresses")
    ways = [Way(text(one, "address"), "likely", (because,), "firewall", STATIC) for one in hub]
    for configuration in configurations(firewall):
        public = text(configuration, "publicIPAddress", "id")
        if public:
            ways += of_address(told, wants, public, "firewall", because, "likely", STATIC)
    why = "" if ways else f"The public addresses of Azure firewall {name} were not seen."
    return Out(tuple(way for way in ways if way.address), why)


def by_nat_gateway(told: Told, wants: list[Command], resource: str, where: str) -> Out:
    """The addresses and prefixes of a NAT gateway."""
    gateway, wanted = show(told, "network nat gateway show", resource, "the public addresses of the NAT gateway")
    wants += wanted
    name = name_of(resource)
    if gateway is None:
        return Out(unknown=f"The addresses of NAT gateway {name}, {where}, were not seen.")
    because = f"NAT gateway {name}, {where}"
    ways: list[Way] = []
    prefixes = [text(one, "id") for field in ("publicIpPrefixes", "publicIpPrefixesV6") for one in items(gateway, field)]
    for one in prefixes:
        ways += of_prefix(told, wants, one, "NAT gateway", because, "likely")
    for field in ("publicIpAddresses", "publicIpAddressesV6"):
        for one in items(gateway, field):
            ways += of_address(told, wants, text(one, "id"), "NAT gateway", because, "likely", STATIC)
    return Out(tuple(ways), "" if ways else f"The public addresses of NAT gateway {name} were not seen.")


def of_address(
    told: Told,
    wants: list[Command],
    resource: str,
    by: str,
    because: str,
    certainty: Certainty,
    lasts: str,
    within: Iterable[str] = (),
) -> list[Way]:
    """A public address by its id; none where it was not seen, or one of the prefixes `within` has it already."""
    found, wanted = show(told, "network public-ip show", resource, f"the address of {name_of(resource)}")
    wants += wanted
    address = text(found, "ipAddress")
    if not address or any(covers(prefix, address) for prefix in within if prefix):
        return []
    dynamic = text(found, "publicIPAllocationMethod").lower() == "dynamic"
    return [Way(address, certainty, (f"{because} (public address {name_of(resource)})",), by, DYNAMIC if dynamic else lasts)]


def of_prefix(told: Told, wants: list[Command], resource: str, by: str, because: str, certainty: Certainty) -> list[Way]:
    """A public address prefix by its id: any address of it may be taken."""
    found, wanted = show(told, "network public-ip prefix show", resource, f"the range of {name_of(resource)}")
    wants += wanted
    prefix = text(found, "ipPrefix")
    words = f"{because} (prefix {name_of(resource)})"
    return (
        [Way(prefix, certainty, (words,), by, "Static: a prefix stays as it is; any address of it may be used.")]
        if prefix
        else []
    )
