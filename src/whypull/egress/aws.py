"""EKS and other nodes on EC2: which addresses they leave by, from subnets, route tables and gateways. Pure.

https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html and …/vpc-nat-gateway.html
"""

from __future__ import annotations

import ipaddress

from whypull.egress.aws_names import command, of_vpc, tagged, valid
from whypull.egress.aws_registry import registries as of_registries
from whypull.egress.aws_routes import leave
from whypull.egress.nouns import Found, Group
from whypull.egress.places import internal, place
from whypull.egress.told import get, items, text
from whypull.read.blast import class_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from whypull.egress.nouns import Command, Registry
    from whypull.egress.told import Told
    from whypull.model import NodeSeen


def look(nodes: Sequence[NodeSeen], told: Told, registries: Sequence[Registry]) -> Found:
    """What the answers so far say of these nodes, all of them AWS's, and what to ask next."""
    wants = [command("sts", "get-caller-identity", why="whom aws is logged in as")]
    groups: list[Group] = []
    notes: list[str] = []
    for region, members in _by_region(nodes).items():
        if not region:
            groups.append(Group(("no region",), tuple(n.name for n in members), unknown="The nodes' region is not known."))
            continue
        made, vpcs = _of_region(region, members, told, wants)
        groups += made
        notes += of_registries(registries, told, wants, region, vpcs, [i for n in members if (i := _instance(told, n))])
    return Found(tuple(groups), tuple(wants), tuple(dict.fromkeys(notes)), _account(told))


def _account(told: Told) -> str:
    caller = told.one("aws caller")
    if caller is None:
        return ""
    words = f"AWS account {text(caller, 'Account')}, as {text(caller, 'Arn')}"
    owners = {text(one, "OwnerId") for one in told.of("aws reservation")} - {"", text(caller, "Account")}
    return f"{words}; the nodes are in account {', '.join(sorted(owners))}" if owners else words


def _by_region(nodes: Sequence[NodeSeen]) -> dict[str, list[NodeSeen]]:
    found: dict[str, list[NodeSeen]] = {}
    for node in nodes:
        found.setdefault(place(node).region, []).append(node)
    return found


def _instance(told: Told, node: NodeSeen) -> Any:
    """The EC2 instance of a node, where it was told of."""
    return _instances(told).get(place(node).name)


def _instances(told: Told) -> dict[str, Any]:
    return {text(i, "InstanceId"): i for r in told.of("aws reservation") for i in items(r, "Instances")}


def _of_region(
    region: str, nodes: Sequence[NodeSeen], told: Told, wants: list[Command]
) -> tuple[list[Group], dict[str, set[str]]]:
    """The groups of one region, and the subnets of the nodes by VPC.

    One instance tells the VPC; a node's subnet is the one that its internal address is in, for subnets do not overlap.
    """
    instances = _instances(told)
    known = [i for node in nodes if (i := instances.get(place(node).name))]
    if not known:
        sample = sorted(place(n).name for n in nodes if place(n).name.startswith("i-"))[:1]
        if sample:
            wants.append(
                command("ec2", "describe-instances", "--region", region, "--instance-ids", *sample, why="the nodes' VPC")
            )
    vpcs = sorted(
        {text(i, "VpcId") for i in known if valid(text(i, "VpcId"))}
        or {v for s in told.of("aws subnet") if valid(v := text(s, "VpcId"))}
    )
    for vpc in vpcs:
        wants += of_vpc(region, vpc)
    subnets = [s for s in told.of("aws subnet") if text(s, "VpcId") in vpcs]
    placed: dict[tuple[str, str], list[NodeSeen]] = {}
    lost: list[NodeSeen] = []
    nets = [(net, s) for s in subnets for net in _networks(s)]
    for node in nodes:
        subnet = text(instances.get(place(node).name), "SubnetId") or _subnet_of(node, nets)
        if subnet:
            placed.setdefault((subnet, class_of(node).get("pool", "")), []).append(node)
        else:
            lost.append(node)
    groups = [_group(key, members, told, wants, region) for key, members in placed.items()]
    if lost:
        groups.append(_lost(region, lost, wants, seen=bool(subnets)))
    of_vpcs: dict[str, set[str]] = {}
    for subnet, _ in placed:
        vpc = text(told.one("aws subnet", SubnetId=subnet), "VpcId")
        of_vpcs.setdefault(vpc, set()).add(subnet)
    return groups, of_vpcs


def _networks(subnet: Any) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    blocks = [text(subnet, "CidrBlock"), *(text(b, "Ipv6CidrBlock") for b in items(subnet, "Ipv6CidrBlockAssociationSet"))]
    for block in filter(None, blocks):
        try:
            yield ipaddress.ip_network(block)
        except ValueError:
            continue


def _subnet_of(node: NodeSeen, nets: Sequence[tuple[Any, Any]]) -> str:
    for address in internal(node):
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            continue
        for net, subnet in nets:
            if found in net:
                return text(subnet, "SubnetId")
    return ""


def _group(key: tuple[str, str], nodes: Sequence[NodeSeen], told: Told, wants: list[Command], region: str) -> Group:
    subnet, pool = key
    found = told.one("aws subnet", SubnetId=subnet)
    zone = text(found, "AvailabilityZone")
    label = f"subnet {tagged(found, subnet)}{f' in {zone}' if zone else ''}"
    out = leave(told, wants, region, subnet, nodes)
    notes = list(out.notes)
    if any(place(node).fargate for node in nodes):
        notes.append("Fargate pulls by itself, through the pod's own network interface in this subnet.")
    if get(found, "OwnerId") and (caller := text(told.one("aws caller"), "Account")) and text(found, "OwnerId") != caller:
        notes.append(
            f"Subnet {subnet} is shared by account {text(found, 'OwnerId')}: its route tables and gateways are seen only there."
        )
    names = (f"pool {pool}", label) if pool else (label,)
    return Group(names, tuple(n.name for n in nodes), out.ways, out.unknown, out.ask, tuple(notes))


def _lost(region: str, nodes: Sequence[NodeSeen], wants: list[Command], *, seen: bool) -> Group:
    names = tuple(n.name for n in nodes)
    if not seen:
        return Group((f"region {region}",), names, unknown="The nodes' VPC and subnets are not known.")
    ids = [place(n).name for n in nodes if place(n).name.startswith("i-")][:100]
    if ids:
        wants.append(
            command("ec2", "describe-instances", "--region", region, "--instance-ids", *ids, why="the subnets of these nodes")
        )
    return Group((f"region {region}",), names, unknown="These nodes' addresses are in no subnet of the VPC.")
