"""ECR as the nodes' VPC reaches it: endpoints, their policies and security groups, what registry and role allow. Pure.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html (dkr and api as interfaces, S3 for the layers).
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase

from whypull.egress.aws_names import command, valid
from whypull.egress.aws_routes import route_table
from whypull.egress.nets import covers
from whypull.egress.told import get, items, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from whypull.egress.nouns import Command, Registry
    from whypull.egress.told import Told

_HOST = re.compile(r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)")
PULLING = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability")
READERS = (
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEC2ContainerRegistryPowerUser",
    "AmazonEC2ContainerRegistryFullAccess",
)


def registries(
    wanted: Sequence[Registry],
    told: Told,
    wants: list[Command],
    region: str,
    vpcs: Mapping[str, set[str]],
    instances: Sequence[Any],
) -> Iterator[str]:
    """Sentences on each private ECR registry: does its traffic leave the VPC at all, and who could refuse it."""
    for registry in wanted:
        found = _HOST.fullmatch(registry.host.lower().partition(":")[0])
        if not found:
            continue
        own = found["region"] == region
        if own:
            for vpc, subnets in vpcs.items():
                yield from _endpoints(told, wants, region, vpc, subnets, registry.host)
        else:
            yield (
                f"{registry.host} is in another region than the nodes: VPC endpoints of {region} do not serve it, "
                "it is reached over the internet."
            )
        yield from _policies(told, wants, found["region"], registry.host)
        yield from _role(told, wants, instances)


def _endpoints(told: Told, wants: list[Command], region: str, vpc: str, subnets: set[str], host: str) -> Iterator[str]:
    if not told.heard_of("aws vpc endpoint"):
        return
    here = [e for e in told.of("aws vpc endpoint") if text(e, "VpcId") == vpc and text(e, "State").lower() == "available"]
    by_service = {
        name: [e for e in here if text(e, "ServiceName").endswith(f".{region}.{name}")] for name in ("ecr.dkr", "ecr.api", "s3")
    }
    dkr, api, s3 = (by_service[name] for name in ("ecr.dkr", "ecr.api", "s3"))
    if not dkr and not api:
        yield f"VPC {vpc} has no endpoint for ECR: {host} is reached by the addresses above."
        return
    private = [e for e in dkr if get(e, "PrivateDnsEnabled")]
    if private:
        yield (
            f"{host} is reached through endpoint {text(private[0], 'VpcEndpointId')} of VPC {vpc}: it sees no "
            "public address, an allow-list does not matter."
        )
    elif dkr:
        yield f"Endpoint {text(dkr[0], 'VpcEndpointId')} has no private DNS: nodes still get the public address of {host}."
    if not dkr:
        yield f"VPC {vpc} has an endpoint for ecr.api but none for ecr.dkr: {host} itself is reached by the addresses above."
    if not api:
        yield f"VPC {vpc} has no endpoint for ecr.api: nodes get their ECR tokens over the internet."
    yield from _layers(told, region, s3, subnets)
    for one in (*dkr, *api):
        yield from _guarded(told, wants, region, one, subnets)
    for one in (*dkr, *api, *s3):
        yield from _policy(one, region)


def _layers(told: Told, region: str, endpoints: Sequence[Any], subnets: set[str]) -> Iterator[str]:
    """Layers come from S3: a gateway endpoint serves the subnets whose route table it is in."""
    gateways = [e for e in endpoints if text(e, "VpcEndpointType") == "Gateway"]
    if endpoints and not gateways:
        yield "Layers come from S3 through its interface endpoint, where that has private DNS for all requests."
        return
    tables = {str(t) for e in gateways for t in items(e, "RouteTableIds")}
    without = sorted(s for s in subnets if text(route_table(told, s), "RouteTableId") not in tables)
    if without:
        bucket = f"prod-{region}-starport-layer-bucket.s3.{region}.amazonaws.com"
        yield (
            f"Layers for subnet {', '.join(without)} come from {bucket} over the internet: no S3 gateway endpoint "
            "is in their route table."
        )


def _guarded(told: Told, wants: list[Command], region: str, endpoint: Any, subnets: set[str]) -> Iterator[str]:
    """Whether an interface endpoint's security groups let the nodes' subnets in on 443."""
    groups = [text(g, "GroupId") for g in items(endpoint, "Groups") if valid(text(g, "GroupId"))]
    if not groups:
        return
    wants.append(
        command("ec2", "describe-security-groups", "--region", region, "--group-ids", *groups, why="whom the endpoint lets in")
    )
    known = [g for g in told.of("aws security group") if text(g, "GroupId") in groups]
    if not known or any(
        items(p, "UserIdGroupPairs") or items(p, "PrefixListIds") for g in known for p in items(g, "IpPermissions") if _https(p)
    ):
        return  # not seen, or by security group, which the nodes' own groups would have to be held against
    open_to = [text(r, "CidrIp") for g in known for p in items(g, "IpPermissions") if _https(p) for r in items(p, "IpRanges")]
    shut = [
        s
        for s in sorted(subnets)
        if not any(covers(block, text(told.one("aws subnet", SubnetId=s), "CidrBlock")) for block in open_to)
    ]
    if shut:
        yield (
            f"The security group of endpoint {text(endpoint, 'VpcEndpointId')} ({', '.join(groups)}) does not open 443 to subnet "
            f"{', '.join(shut)}: connections from there time out."
        )


def _https(permission: Any) -> bool:
    protocol = text(permission, "IpProtocol")
    low, high = get(permission, "FromPort", 0), get(permission, "ToPort", 65535)
    return protocol == "-1" or (protocol == "tcp" and isinstance(low, int) and isinstance(high, int) and low <= 443 <= high)


def _policy(endpoint: Any, region: str) -> Iterator[str]:
    """Whether an endpoint's policy lets a pull through. A policy with conditions is shown, not judged."""
    service = text(endpoint, "ServiceName").partition(f"{region}.")[2]
    name = f"{service} endpoint {text(endpoint, 'VpcEndpointId')}"
    s3 = service == "s3"
    wanted = (
        ("s3:GetObject",) if s3 else PULLING if text(endpoint, "ServiceName").endswith(".dkr") else ("ecr:GetAuthorizationToken",)
    )
    resource = f"arn:aws:s3:::prod-{region}-starport-layer-bucket/x" if s3 else ""
    verdict = judged(text(endpoint, "PolicyDocument"), wanted, resource)
    if verdict == "no":
        what = f"the bucket prod-{region}-starport-layer-bucket" if s3 else ", ".join(wanted)
        yield f"The policy of the {name} does not allow {what}: {'layers are' if s3 else 'pulls are'} refused with 403."
    elif verdict == "conditions":
        yield (
            f"The policy of the {name} has conditions or denials that decide case by case: look at it before you "
            "blame the address."
        )


def judged(policy: str, actions: Sequence[str], resource: str) -> str:
    """ "yes", "no", or "conditions" where a policy cannot be judged by its words alone; "yes" for none at all (full access)."""
    if not policy:
        return "yes"
    try:
        statements = json.loads(policy).get("Statement")
    except (ValueError, AttributeError, RecursionError):
        return "conditions"
    allowed: set[str] = set()
    for one in statements if isinstance(statements, list) else [statements]:
        touched = {
            a for a in actions if _matches(get(one, "Action"), a) and (not resource or _matches(get(one, "Resource"), resource))
        }
        if touched and (get(one, "Condition") or text(one, "Effect") == "Deny"):
            return "conditions"
        if get(one, "NotAction") or get(one, "NotResource"):
            return "conditions"
        allowed |= touched
    return "yes" if allowed >= set(actions) else "no"


def _matches(patterns: Any, value: str) -> bool:
    listed = patterns if isinstance(patterns, list) else [patterns]
    return any(isinstance(p, str) and fnmatchcase(value.lower(), p.lower()) for p in listed)


def _policies(told: Told, wants: list[Command], region: str, host: str) -> Iterator[str]:
    """The registry's own policy, and caches that pull by themselves."""
    wants.append(command("ecr", "get-registry-policy", "--region", region, why="whom the registry's policy lets in"))
    wants.append(
        command(
            "ecr",
            "describe-pull-through-cache-rules",
            "--region",
            region,
            why="which repositories are caches of another registry",
        )
    )
    policy = told.one("aws registry policy", registryId=host.partition(".")[0])
    if policy is not None:
        yield f"{host} has a registry policy; it governs replication and caches, and the repository's own policy who may pull."
    for rule in told.of("aws pull through rule"):
        prefix, upstream = text(rule, "ecrRepositoryPrefix"), text(rule, "upstreamRegistryUrl")
        yield f"Repositories {prefix}/… are a cache of {upstream}: ECR fetches from there by itself, the nodes need only {host}."


def _role(told: Told, wants: list[Command], instances: Sequence[Any]) -> Iterator[str]:
    """Whether the nodes' role may read from ECR, as far as attached policies tell."""
    profiles = sorted({text(i, "IamInstanceProfile", "Arn") for i in instances} - {""})[:4]
    for arn in profiles:
        name = arn.rpartition("/")[2]
        if not re.fullmatch(r"[\w+=,.@-]{1,128}", name) or name.startswith("-"):
            continue
        wants.append(command("iam", "get-instance-profile", "--instance-profile-name", name, why="the nodes' role"))
        profile = next(
            (get(p, "InstanceProfile") for p in told.of("aws instance profile") if text(p, "InstanceProfile", "Arn") == arn), None
        )
        for role in items(profile, "Roles"):
            rolename = text(role, "RoleName")
            if not re.fullmatch(r"[\w+=,.@]{1}[\w+=,.@-]{0,63}", rolename):
                continue
            asked = command(
                "iam", "list-attached-role-policies", "--role-name", rolename, why="whether the nodes' role may read from ECR"
            )
            asked = type(asked)(asked.argv, asked.why, (("_role", rolename),))
            wants.append(asked)
            attached = [text(p, "PolicyName") for p in told.of("aws attached policy") if text(p, "_role") in {rolename, ""}]
            if told.answered(asked) and not set(attached) & set(READERS):
                yield (
                    f"The nodes' role {rolename} has none of AWS's policies for reading from ECR attached "
                    f"({', '.join(attached[:6]) or 'none at all'}): "
                    "unless one of its own allows it, pulls from ECR are refused for the role, not for the address."
                )
