"""AWS's names: commands of aws, ids that may become arguments, tags. Pure."""

from __future__ import annotations

import re

from whypull.egress.nouns import Command
from whypull.egress.told import items, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ID = re.compile(r"(?:vpc|subnet|nat|eni|vpce|sg|rtb|tgw|igw|eigw|i)-[0-9a-f]{8,32}")


def command(*args: str, why: str) -> Command:
    """A question to aws, answered as JSON."""
    return Command(("aws", *args, "--output", "json"), why)


def valid(name: str) -> bool:
    """Whether a text is an id of EC2's: what becomes an argument must."""
    return bool(_ID.fullmatch(name))


def of_vpc(region: str, vpc: str) -> list[Command]:
    """The questions that a VPC's ways out need."""
    where = ("--region", region, "--filters", f"Name=vpc-id,Values={vpc}")
    return [
        command("ec2", "describe-subnets", *where, why="the VPC's subnets"),
        command("ec2", "describe-route-tables", *where, why="where each subnet's default route leads"),
        command(
            "ec2",
            "describe-nat-gateways",
            "--region",
            region,
            "--filter",
            f"Name=vpc-id,Values={vpc}",
            why="the NAT gateways' addresses",
        ),
        command("ec2", "describe-vpc-endpoints", *where, why="which registries are reached without leaving the VPC"),
    ]


def tagged(thing: Any, otherwise: str) -> str:
    """What a thing is called: its Name tag with its id, or the id alone."""
    name = next((text(tag, "Value") for tag in items(thing, "Tags") if text(tag, "Key") == "Name"), "")
    return f"{otherwise} ({name})" if name else otherwise
