"""From a subnet of a VPC to the addresses that its nodes leave by: route table, gateway, appliance, NAT in a row. Pure."""

from __future__ import annotations

from whypull.addresses import kind
from whypull.egress.aws_names import command, tagged, valid
from whypull.egress.nets import covers, networks
from whypull.egress.nouns import Out, Way
from whypull.egress.places import external, internal
from whypull.egress.told import get, items, text
from whypull.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from whypull.egress.nouns import Command
    from whypull.egress.told import Told
    from whypull.model import NodeSeen

DEEPEST = 4  # gateways in a row
STATIC = "An elastic address: static while the NAT gateway stays."
OWN = "It is the node's own and changes when the node is replaced, unless it is an elastic address."
_TRANSIT = (
    ("TransitGatewayId", "transit gateway"), ("CoreNetworkArn", "core network (Cloud WAN)"),
    ("VpcPeeringConnectionId", "peered VPC"),
    ("LocalGatewayId", "local gateway (Outpost)"), ("CarrierGatewayId", "carrier gateway (Wavelength)"),
)  # fmt: skip


def leave(told: Told, wants: list[Command], region: str, subnet: str, nodes: Sequence[NodeSeen]) -> Out:
    """How nodes of a subnet reach the internet, over IPv4 and, where they have such addresses, IPv6."""
    four = _by(told, wants, region, subnet, nodes, "0.0.0.0/0", ())
    if not any(":" in address for node in nodes for address in internal(node)):
        return four
    six = _by(told, wants, region, subnet, nodes, "::/0", ())
    unknown = six.unknown if not six.unknown or six.unknown == four.unknown else f"IPv6: {six.unknown}"
    return Out(
        (*four.ways, *(w for w in six.ways if w not in four.ways)),
        four.unknown or unknown,
        tuple(dict.fromkeys((*four.ask, *six.ask))),
        tuple(dict.fromkeys((*four.notes, *six.notes))),
    )


def route_table(told: Told, subnet: str) -> Any:
    """The route table of a subnet: its own, else the VPC's main one; None where it was not seen."""
    vpc = text(told.one("aws subnet", SubnetId=subnet), "VpcId")
    main = None
    for table in told.of("aws route table"):
        for association in items(table, "Associations"):
            if text(association, "SubnetId") == subnet:
                return table
            if get(association, "Main") is True and vpc and text(table, "VpcId") == vpc:
                main = table
    return main


def _by(
    told: Told,
    wants: list[Command],
    region: str,
    subnet: str,
    nodes: Sequence[NodeSeen],
    destination: str,
    before: tuple[str, ...],
) -> Out:
    """What the default route of a subnet leads to; `before` is what was passed on the way to it."""
    table = route_table(told, subnet)
    version = "IPv6" if ":" in destination else "IPv4"
    if table is None:
        return Out(unknown=f"The route table of subnet {subnet} was not seen.")
    name = tagged(table, text(table, "RouteTableId"))
    route = next(
        (
            r
            for r in items(table, "Routes")
            if destination in {text(r, "DestinationCidrBlock"), text(r, "DestinationIpv6CidrBlock")}
        ),
        None,
    )
    others = _narrower(table, destination)
    notes = (f"Route table {name} sends {', '.join(others)} another way than by the default route.",) if others else ()
    if route is None:
        lists = [text(r, "DestinationPrefixListId") for r in items(table, "Routes")]
        told_of = f" (prefix lists {', '.join(filter(None, lists))} are not looked into)" if any(lists) else ""
        return Out(
            notes=(
                f"Route table {name} of subnet {subnet} has no default route for {version}: no way to the internet{told_of}.",
                *notes,
            )
        )
    if text(route, "State") == "blackhole":
        return Out(
            notes=(f"The default route for {version} of route table {name} is a blackhole: what it leads to is gone.", *notes)
        )
    if len(before) > DEEPEST:
        return Out(unknown=f"The default routes lead in a circle: {', '.join(before)}.")
    out = _target(told, wants, region, route, nodes, (*before, f"route table {name}"), destination)
    return replace(out, notes=(*out.notes, *notes))


def _narrower(table: Any, destination: str) -> list[str]:
    """Routes for parts of the public internet beside the default route."""
    found = []
    for route in items(table, "Routes"):
        block = text(route, "DestinationCidrBlock") or text(route, "DestinationIpv6CidrBlock")
        if not block or block == destination or (":" in block) != (":" in destination) or text(route, "GatewayId") == "local":
            continue
        if block != "64:ff9b::/96" and not _private(block):
            found.append(block)
    return found[:6]


def _target(
    told: Told,
    wants: list[Command],
    region: str,
    route: Any,
    nodes: Sequence[NodeSeen],
    before: tuple[str, ...],
    destination: str,
) -> Out:
    gateway, nat = text(route, "GatewayId"), text(route, "NatGatewayId")
    if nat:
        return _by_nat(told, wants, region, nat, before)
    if gateway.startswith("igw-") or text(route, "EgressOnlyInternetGatewayId"):
        return _own(told, nodes, before, gateway or text(route, "EgressOnlyInternetGatewayId"), destination)
    if gateway.startswith("vpce-"):
        return _by_endpoint(told, wants, region, gateway, nodes, before, destination)
    if text(route, "NetworkInterfaceId"):
        return _by_instance(told, wants, region, text(route, "NetworkInterfaceId"), before)
    return _beyond(route, gateway, region, before)


def _beyond(route: Any, gateway: str, region: str, before: tuple[str, ...]) -> Out:
    """The default route leads out of the VPC to where this VPC's own configuration says no more."""
    if gateway.startswith("vgw-"):
        words = f"The default route ({before[-1]}) leads into the virtual private gateway {gateway}"
        return _elsewhere(words, "the site behind it", ())
    for field, words in _TRANSIT:
        name = text(route, field)
        if name:
            filters = f"--region {region} --filters Name=transit-gateway-id,Values={name}"
            ask = (f"aws ec2 describe-transit-gateway-attachments {filters}",) if valid(name) and name.startswith("tgw-") else ()
            return _elsewhere(
                f"The default route ({before[-1]}) leads into the {words} {name}", f"whoever runs that {words}", ask
            )
    return Out(unknown=f"The default route ({before[-1]}) leads to something that whypull does not know.")


def _elsewhere(where: str, whom: str, ask: tuple[str, ...]) -> Out:
    why = f"{where}: the nodes leave by an address of what lies behind it, which this VPC does not show."
    return Out(unknown=why, ask=(*ask, f"Ask {whom} which public addresses are used."))


def _by_nat(told: Told, wants: list[Command], region: str, nat: str, before: tuple[str, ...]) -> Out:
    found = told.one("aws nat gateway", NatGatewayId=nat)
    if found is None:
        if valid(nat):
            wants.append(
                command(
                    "ec2",
                    "describe-nat-gateways",
                    "--region",
                    region,
                    "--nat-gateway-ids",
                    nat,
                    why="that NAT gateway's addresses",
                )
            )
        return Out(unknown=f"The addresses of NAT gateway {nat} were not seen.")
    name = tagged(found, nat)
    if text(found, "ConnectivityType") == "private":
        return _by(told, wants, region, text(found, "SubnetId"), (), "0.0.0.0/0", (*before, f"private NAT gateway {name}"))
    state = text(found, "State")
    if state not in {"available", ""}:
        return Out(notes=(f"NAT gateway {name} is {state}: nothing leaves by it.",))
    because = f"{', '.join((*before, f'NAT gateway {name}'))}"
    lasts = STATIC
    notes = []
    if text(found, "AvailabilityMode") == "regional":
        notes.append(f"NAT gateway {name} is a regional one: it takes on further addresses when it grows into another zone.")
    addresses = [
        a for a in items(found, "NatGatewayAddresses") if text(a, "Status") not in {"failed", "disassociating", "unassigning"}
    ]
    ways = tuple(Way(text(a, "PublicIp"), "likely", (because,), "NAT gateway", lasts) for a in addresses if text(a, "PublicIp"))
    return Out(ways, "" if ways else f"NAT gateway {name} shows no public address.", (), tuple(notes))


def _own(told: Told, nodes: Sequence[NodeSeen], before: tuple[str, ...], gateway: str, destination: str) -> Out:
    """The way through an internet gateway: each node by its own public address."""
    if not nodes:
        return Out(notes=(f"{before[-2]} is behind internet gateway {gateway} without a public address: no way out by it.",))
    if ":" in destination:
        return _own_six(told, nodes, before, gateway)
    because = f"{before[-1]} leads to internet gateway {gateway}, node ExternalIP"
    ways = tuple(
        Way(a, "likely", (because,), "node's own address", OWN, n.name) for n in nodes for a in external(n) if ":" not in a
    )
    bare = [n.name for n in nodes if not any(":" not in a for a in external(n))]
    if not bare:
        return Out(ways)
    words = f"{len(bare)} of {len(nodes)} nodes here" if len(nodes) > 1 else f"Node {bare[0]}"
    verb = "have" if len(bare) > 1 else "has"
    return Out(
        ways,
        notes=(
            f"{words} {verb} no public address, and the default route leads to internet gateway {gateway}: no way out over IPv4.",
        ),
    )


def _own_six(told: Told, nodes: Sequence[NodeSeen], before: tuple[str, ...], gateway: str) -> Out:
    """IPv6 is not translated: nodes leave by addresses of their subnet."""
    because = f"{before[-1]} leads to {gateway}, node's IPv6 address"
    lasts = "It is the node's own and changes with the node; the subnet's range stays."
    ways = [
        Way(a, "likely", (because,), "node's own address", lasts, n.name)
        for n in nodes
        for a in (*internal(n), *external(n))
        if ":" in a
    ]
    blocks = {text(b, "Ipv6CidrBlock") for s in told.of("aws subnet") for b in items(s, "Ipv6CidrBlockAssociationSet")} - {""}
    mine = sorted(b for b in blocks if any(covers(b, w.address) for w in ways))
    notes = (
        (f"IPv6 leaves with the nodes' own addresses, all of {', '.join(mine)}: allow that range rather than single addresses.",)
        if mine
        else ()
    )
    return Out(tuple(dict.fromkeys(ways)), notes=notes)


def _by_endpoint(
    told: Told,
    wants: list[Command],
    region: str,
    endpoint: str,
    nodes: Sequence[NodeSeen],
    before: tuple[str, ...],
    destination: str,
) -> Out:
    """A gateway load balancer's endpoint: AWS Network Firewall, or an appliance, and then the endpoint's own subnet's route."""
    found = told.one("aws vpc endpoint", VpcEndpointId=endpoint)
    if found is None:
        if valid(endpoint):
            wants.append(
                command(
                    "ec2",
                    "describe-vpc-endpoints",
                    "--region",
                    region,
                    "--vpc-endpoint-ids",
                    endpoint,
                    why="what that endpoint is",
                )
            )
        return Out(unknown=f"The default route ({before[-1]}) leads to endpoint {endpoint}, which was not seen.")
    firewall = any(text(t, "Key") == "AWSNetworkFirewallManaged" for t in items(found, "Tags"))
    words = f"{'AWS Network Firewall' if firewall else 'gateway load balancer'} endpoint {endpoint}"
    subnet = next((str(s) for s in items(found, "SubnetIds")), "")
    out = _by(told, wants, region, subnet, nodes, destination, (*before, words))
    if firewall:
        return out
    ways = tuple(replace(way, certainty="possible") for way in out.ways)
    why = f"Traffic passes an appliance behind endpoint {endpoint}, which may leave by an address of its own."
    return Out(ways, out.unknown or why, (*out.ask, "Ask whoever runs that appliance."), out.notes)


def _by_instance(told: Told, wants: list[Command], region: str, interface: str, before: tuple[str, ...]) -> Out:
    """A NAT instance or appliance in the VPC."""
    found = told.one("aws network interface", NetworkInterfaceId=interface)
    if found is None:
        if valid(interface):
            wants.append(
                command(
                    "ec2",
                    "describe-network-interfaces",
                    "--region",
                    region,
                    "--network-interface-ids",
                    interface,
                    why="the address of that NAT instance",
                )
            )
        return Out(unknown=f"The default route ({before[-1]}) leads to network interface {interface}, which was not seen.")
    address = text(found, "Association", "PublicIp")
    name = text(found, "Attachment", "InstanceId") or interface
    if not address:
        ask = (f"Ask whoever runs instance {name} which public address it leaves by.",)
        return Out(
            unknown=f"The default route ({before[-1]}) leads to instance {name}, which has no public address of its own.", ask=ask
        )
    lasts = (
        "An elastic address: static."
        if text(found, "Association", "AllocationId")
        else "It changes when the instance is replaced."
    )
    return Out((Way(address, "likely", (f"{', '.join(before)}, NAT instance {name}",), "NAT instance", lasts),))


def _private(block: str) -> bool:
    return all(kind(str(net.network_address)) == "private" for net in networks(block))
