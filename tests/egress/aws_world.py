"""Answers of aws as it prints them, for a VPC of our own in eu-west-1."""

ACCOUNT = "123456789012"
REGION = "eu-west-1"
VPC = "vpc-0a1b2c3d4e5f60718"
IGW, EIGW, TGW = "igw-0aaaaaaaaaaaaaaa1", "eigw-0aaaaaaaaaaaaaaa2", "tgw-0aaaaaaaaaaaaaaa3"
PRIVATE_A, PRIVATE_B, PUBLIC_A = "subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb", "subnet-0cccccccccccccccc"
NAT_A, NAT_B = "nat-0aaaaaaaaaaaaaaaa", "nat-0bbbbbbbbbbbbbbbb"


def node(name, address, *, instance="i-0aaaaaaaaaaaaaaa1", zone="eu-west-1a", external="", pool="workers", six="", provider=""):
    from whypull.model import NodeSeen

    addresses = [("InternalIP", address), ("InternalDNS", f"ip-{address.replace('.', '-')}.eu-west-1.compute.internal")]
    addresses += [("InternalIP", six)] if six else []
    addresses += [("ExternalIP", external)] if external else []
    return NodeSeen(
        name=name, provider=provider or f"aws:///{zone}/{instance}", addresses=tuple(addresses),
        labels=(("eks.amazonaws.com/nodegroup", pool), ("topology.kubernetes.io/region", REGION), ("topology.kubernetes.io/zone", zone)),
    )  # fmt: skip


def caller(account=ACCOUNT):
    return {"UserId": "AROAEXAMPLE:dev", "Account": account, "Arn": f"arn:aws:sts::{account}:assumed-role/developer/dev"}


def instances(*ids, subnet=PRIVATE_A, profile="shop-nodes"):
    return {"Reservations": [{"Groups": [], "OwnerId": ACCOUNT, "ReservationId": "r-1", "Instances": [
        {"InstanceId": one, "SubnetId": subnet, "VpcId": VPC, "PrivateIpAddress": "10.0.1.10", "SecurityGroups": [{"GroupId": "sg-0aaaaaaaaaaaaaaa9"}],
         "IamInstanceProfile": {"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/{profile}"}} for one in ids]}]}  # fmt: skip


def subnet(name, cidr, zone="eu-west-1a", six="", owner=ACCOUNT, tag=""):
    return {
        "AvailabilityZone": zone, "CidrBlock": cidr, "MapPublicIpOnLaunch": False, "OwnerId": owner, "State": "available", "SubnetId": name, "VpcId": VPC,
        "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": six, "Ipv6CidrBlockState": {"State": "associated"}}] if six else [],
        "Tags": [{"Key": "Name", "Value": tag}] if tag else [],
    }  # fmt: skip


def subnets(*more):
    return {
        "Subnets": [
            subnet(PRIVATE_A, "10.0.1.0/24", tag="private-a"),
            subnet(PRIVATE_B, "10.0.2.0/24", "eu-west-1b"),
            subnet(PUBLIC_A, "10.0.101.0/24"),
            *more,
        ]
    }


def table(name, routes, *, subnets=(), main=False):
    associations = [
        {
            "Main": False,
            "RouteTableAssociationId": "rtbassoc-1",
            "RouteTableId": name,
            "SubnetId": one,
            "AssociationState": {"State": "associated"},
        }
        for one in subnets
    ]
    associations += (
        [
            {
                "Main": True,
                "RouteTableAssociationId": "rtbassoc-0",
                "RouteTableId": name,
                "AssociationState": {"State": "associated"},
            }
        ]
        if main
        else []
    )
    local = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}
    return {
        "Associations": associations,
        "OwnerId": ACCOUNT,
        "PropagatingVgws": [],
        "RouteTableId": name,
        "Routes": [local, *routes],
        "Tags": [],
        "VpcId": VPC,
    }


def default(destination="0.0.0.0/0", state="active", **target):
    key = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
    return {key: destination, "Origin": "CreateRoute", "State": state, **target}


def tables(*listed):
    return {"RouteTables": list(listed)}


def nat(name, addresses, *, subnet=PUBLIC_A, connectivity="public", state="available", tag="", **more):
    listed = [
        {
            "AllocationId": f"eipalloc-{n}",
            "PrivateIp": f"10.0.101.{n + 9}",
            "PublicIp": one,
            "IsPrimary": n == 0,
            "Status": "succeeded",
        }
        for n, one in enumerate(addresses)
    ]
    listed = listed or [
        {"NetworkInterfaceId": "eni-0aaaaaaaaaaaaaaa8", "PrivateIp": "10.0.101.9", "IsPrimary": True, "Status": "succeeded"}
    ]
    return {"ConnectivityType": connectivity, "NatGatewayAddresses": listed, "NatGatewayId": name, "State": state, "SubnetId": subnet, "VpcId": VPC,
            "Tags": [{"Key": "Name", "Value": tag}] if tag else [], **more}  # fmt: skip


def endpoint(
    service,
    *,
    kind="Interface",
    tables=(),
    subnets=(PRIVATE_A,),
    groups=("sg-0aaaaaaaaaaaaaaa1",),
    policy=None,
    dns=True,
    tags=(),
    name="",
):
    import json

    full = {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}
    return {
        "VpcEndpointId": name or "vpce-0" + service.replace(".", "")[-7:].rjust(15, "a").translate(str.maketrans("ghijklmnopqrstuvwxyz", "0123456789abcdef0123")),
        "VpcEndpointType": kind, "VpcId": VPC, "ServiceName": service if service.startswith("com.") else f"com.amazonaws.{REGION}.{service}", "State": "available",
        "PolicyDocument": json.dumps(policy or full), "RouteTableIds": list(tables), "SubnetIds": list(subnets) if kind != "Gateway" else [],
        "Groups": [{"GroupId": g, "GroupName": g} for g in groups] if kind == "Interface" else [], "PrivateDnsEnabled": dns and kind == "Interface",
        "Tags": list(tags),
    }  # fmt: skip


def answers(*, routes, gateways=(), endpoints=(), more_subnets=(), **more):
    """What aws answers about this VPC."""
    return {
        "aws sts get-caller-identity": caller(), "aws ec2 describe-instances": instances("i-0aaaaaaaaaaaaaaa1"),
        "aws ec2 describe-subnets": subnets(*more_subnets), "aws ec2 describe-route-tables": tables(*routes),
        "aws ec2 describe-nat-gateways": {"NatGateways": list(gateways)}, "aws ec2 describe-vpc-endpoints": {"VpcEndpoints": list(endpoints)},
        "aws ecr describe-pull-through-cache-rules": {"pullThroughCacheRules": []},
    } | more  # fmt: skip
