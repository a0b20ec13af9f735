"""EKS: the ways out of a VPC, each from answers as aws prints them, and the exact set of addresses that must come of it."""

import pytest
from tests.egress import aws_world as aws
from tests.egress.clis import Fails, asked
from tests.egress.look import because, notes, seen, unknown, ways

ECR = f"{aws.ACCOUNT}.dkr.ecr.{aws.REGION}.amazonaws.com"
VIA_A = aws.table("rtb-0aaaaaaaaaaaaaaaa", [aws.default(NatGatewayId=aws.NAT_A)], subnets=(aws.PRIVATE_A,))
VIA_B = aws.table("rtb-0bbbbbbbbbbbbbbbb", [aws.default(NatGatewayId=aws.NAT_B)], subnets=(aws.PRIVATE_B,))
MAIN = aws.table("rtb-0dddddddddddddddd", [aws.default(GatewayId=aws.IGW)], main=True)
TWO = [
    aws.node("ip-10-0-1-10", "10.0.1.10"),
    aws.node("ip-10-0-2-10", "10.0.2.10", instance="i-0aaaaaaaaaaaaaaa2", zone="eu-west-1b"),
]


def test_one_nat_gateway_a_zone(tmp_path, monkeypatch):
    answers = aws.answers(
        routes=(VIA_A, VIA_B, MAIN),
        gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"], tag="nat-a"), aws.nat(aws.NAT_B, ["203.0.113.21"])),
    )
    found = seen(tmp_path, monkeypatch, TWO, answers)
    by_node = {node: {w.address for w in g.ways} for g in found.groups for node in g.nodes}
    assert by_node == {"ip-10-0-1-10": {"203.0.113.20"}, "ip-10-0-2-10": {"203.0.113.21"}}
    assert {c for _, c in ways(found)} == {"likely"}
    assert "nat-a" in because(found, "203.0.113.20")
    assert "rtb-0aaaaaaaaaaaaaaaa" in because(found, "203.0.113.20")
    assert not unknown(found)
    assert found.wants == ()
    assert aws.ACCOUNT in found.accounts[0]
    assert sum(line.startswith("aws ec2 describe-instances") for line in asked(tmp_path)) == 1, "one instance tells the VPC"


def test_a_subnet_without_a_table_of_its_own_takes_the_main_one(tmp_path, monkeypatch):
    main = aws.table("rtb-0dddddddddddddddd", [aws.default(NatGatewayId=aws.NAT_A)], main=True)
    answers = aws.answers(routes=(VIA_B, main), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"]),))
    assert ways(seen(tmp_path, monkeypatch, TWO[:1], answers)) == {("203.0.113.20", "likely")}


def test_a_nat_gateway_with_several_addresses(tmp_path, monkeypatch):
    gateway = aws.nat(aws.NAT_A, ["203.0.113.20", "203.0.113.22", "203.0.113.23"])
    gateway["NatGatewayAddresses"][2]["Status"] = "failed"
    found = seen(tmp_path, monkeypatch, TWO[:1], aws.answers(routes=(VIA_A, MAIN), gateways=(gateway,)))
    assert ways(found) == {("203.0.113.20", "likely"), ("203.0.113.22", "likely")}


def test_public_subnet_with_the_nodes_own_addresses(tmp_path, monkeypatch):
    nodes = [aws.node("a", "10.0.101.10", external="198.51.100.10"), aws.node("b", "10.0.101.11", external="198.51.100.11")]
    found = seen(
        tmp_path,
        monkeypatch,
        nodes,
        aws.answers(
            routes=(VIA_A, MAIN), **{"aws ec2 describe-instances": aws.instances("i-0aaaaaaaaaaaaaaa1", subnet=aws.PUBLIC_A)}
        ),
    )
    assert ways(found) == {("198.51.100.10", "likely"), ("198.51.100.11", "likely")}
    assert "changes when the node is replaced" in found.groups[0].ways[0].lasts


def test_a_public_address_is_not_used_where_the_route_leads_to_a_nat_gateway(tmp_path, monkeypatch):
    nodes = [aws.node("a", "10.0.1.10", external="198.51.100.10")]
    answers = aws.answers(routes=(VIA_A, MAIN), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"]),))
    assert ways(seen(tmp_path, monkeypatch, nodes, answers)) == {("203.0.113.20", "likely")}


def test_public_subnet_without_a_public_address_has_no_way_out(tmp_path, monkeypatch):
    answers = aws.answers(
        routes=(MAIN,), **{"aws ec2 describe-instances": aws.instances("i-0aaaaaaaaaaaaaaa1", subnet=aws.PUBLIC_A)}
    )
    found = seen(tmp_path, monkeypatch, [aws.node("a", "10.0.101.10")], answers)
    assert ways(found) == set()
    assert "no way out over IPv4" in notes(found)


def test_transit_gateway_is_unknown_here_and_names_whom_to_ask(tmp_path, monkeypatch):
    table = aws.table("rtb-0aaaaaaaaaaaaaaaa", [aws.default(TransitGatewayId=aws.TGW)], subnets=(aws.PRIVATE_A,))
    found = seen(tmp_path, monkeypatch, TWO[:1], aws.answers(routes=(table, MAIN)))
    assert ways(found) == set()
    assert aws.TGW in unknown(found)
    assert any("describe-transit-gateway-attachments" in ask for ask in found.groups[0].ask)


def test_private_nat_gateway_leads_on(tmp_path, monkeypatch):
    beyond = aws.table("rtb-0eeeeeeeeeeeeeeee", [aws.default(TransitGatewayId=aws.TGW)], subnets=(aws.PRIVATE_B,))
    found = seen(
        tmp_path,
        monkeypatch,
        TWO[:1],
        aws.answers(
            routes=(VIA_A, beyond, MAIN), gateways=(aws.nat(aws.NAT_A, [], subnet=aws.PRIVATE_B, connectivity="private"),)
        ),
    )
    assert ways(found) == set()
    assert aws.TGW in unknown(found)


def test_network_firewall_in_between(tmp_path, monkeypatch):
    fw = "vpce-0ffffffffffffffff"
    table = aws.table("rtb-0aaaaaaaaaaaaaaaa", [aws.default(GatewayId=fw)], subnets=(aws.PRIVATE_A,))
    managed = aws.endpoint(
        "com.amazonaws.vpce.eu-west-1.vpce-svc-0a",
        kind="GatewayLoadBalancer",
        subnets=(aws.PRIVATE_B,),
        tags=({"Key": "AWSNetworkFirewallManaged", "Value": "true"},),
        name=fw,
    )
    gateways = (aws.nat(aws.NAT_B, ["203.0.113.21"]),)
    found = seen(
        tmp_path, monkeypatch, TWO[:1], aws.answers(routes=(table, VIA_B, MAIN), gateways=gateways, endpoints=(managed,))
    )
    assert ways(found) == {("203.0.113.21", "likely")}
    assert "AWS Network Firewall" in because(found, "203.0.113.21")
    appliance = dict(managed, Tags=[])
    other = seen(
        tmp_path / "2", monkeypatch, TWO[:1], aws.answers(routes=(table, VIA_B, MAIN), gateways=gateways, endpoints=(appliance,))
    )
    assert ways(other) == {("203.0.113.21", "possible")}, "an appliance may leave by an address of its own"
    assert "appliance" in unknown(other)


def test_nat_instance(tmp_path, monkeypatch):
    eni = "eni-0aaaaaaaaaaaaaaa7"
    table = aws.table(
        "rtb-0aaaaaaaaaaaaaaaa",
        [aws.default(NetworkInterfaceId=eni, InstanceId="i-0fffffffffffffff1", InstanceOwnerId=aws.ACCOUNT)],
        subnets=(aws.PRIVATE_A,),
    )
    interface = {
        "NetworkInterfaceId": eni,
        "Association": {"AllocationId": "eipalloc-9", "PublicIp": "203.0.113.60"},
        "Attachment": {"InstanceId": "i-0fffffffffffffff1"},
        "VpcId": aws.VPC,
    }
    answers = aws.answers(routes=(table, MAIN), **{"aws ec2 describe-network-interfaces": {"NetworkInterfaces": [interface]}})
    found = seen(tmp_path, monkeypatch, TWO[:1], answers)
    assert ways(found) == {("203.0.113.60", "likely")}
    assert "static" in found.groups[0].ways[0].lasts


def test_a_blackhole_and_a_gateway_that_is_gone_are_no_way_out(tmp_path, monkeypatch):
    table = aws.table("rtb-0aaaaaaaaaaaaaaaa", [aws.default(state="blackhole", NatGatewayId=aws.NAT_A)], subnets=(aws.PRIVATE_A,))
    found = seen(
        tmp_path,
        monkeypatch,
        TWO[:1],
        aws.answers(routes=(table, MAIN), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"], state="deleted"),)),
    )
    assert ways(found) == set()
    assert "blackhole" in notes(found)


def test_isolated_subnet(tmp_path, monkeypatch):
    found = seen(
        tmp_path,
        monkeypatch,
        TWO[:1],
        aws.answers(routes=(aws.table("rtb-0aaaaaaaaaaaaaaaa", [], subnets=(aws.PRIVATE_A,)), MAIN)),
    )
    assert ways(found) == set()
    assert "no default route for IPv4" in notes(found)
    assert not unknown(found)


def test_ipv6_leaves_with_the_nodes_own_addresses_and_the_subnet_s_range_is_named(tmp_path, monkeypatch):
    six = "2001:db8:1:aa00::/64"
    table = aws.table(
        "rtb-0aaaaaaaaaaaaaaaa",
        [aws.default(NatGatewayId=aws.NAT_A), aws.default("::/0", EgressOnlyInternetGatewayId=aws.EIGW)],
        subnets=(aws.PRIVATE_A,),
    )
    answers = aws.answers(routes=(table, MAIN), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"]),))
    answers["aws ec2 describe-subnets"]["Subnets"][0] = aws.subnet(aws.PRIVATE_A, "10.0.1.0/24", six=six)
    found = seen(tmp_path, monkeypatch, [aws.node("a", "10.0.1.10", six="2001:db8:1:aa00::10")], answers)
    assert ways(found) == {("203.0.113.20", "likely"), ("2001:db8:1:aa00::10", "likely")}
    assert six in notes(found)


def test_routes_that_are_narrower_than_the_default_are_said(tmp_path, monkeypatch):
    table = aws.table(
        "rtb-0aaaaaaaaaaaaaaaa",
        [
            aws.default(NatGatewayId=aws.NAT_A),
            aws.default("198.51.100.0/24", TransitGatewayId=aws.TGW),
            aws.default("172.16.0.0/12", TransitGatewayId=aws.TGW),
        ],
        subnets=(aws.PRIVATE_A,),
    )
    found = seen(
        tmp_path, monkeypatch, TWO[:1], aws.answers(routes=(table, MAIN), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"]),))
    )
    assert "198.51.100.0/24" in notes(found)
    assert "172.16" not in notes(found)


def test_nodes_in_no_known_subnet_are_unknown(tmp_path, monkeypatch):
    stray = aws.node("stray", "192.168.7.7", instance="i-0aaaaaaaaaaaaaaa7")
    answers = aws.answers(routes=(VIA_A, VIA_B, MAIN), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"]),))
    found = seen(tmp_path, monkeypatch, [TWO[0], stray], answers)
    assert {n for g in found.groups if g.unknown for n in g.nodes} == {"stray"}


def test_a_node_whose_address_tells_no_subnet_is_asked_for_by_itself(tmp_path, monkeypatch):
    stray = aws.node("stray", "100.64.7.7", instance="i-0aaaaaaaaaaaaaaa7")
    more = {
        "aws ec2 describe-instances --region eu-west-1 --instance-ids i-0aaaaaaaaaaaaaaa7": aws.instances(
            "i-0aaaaaaaaaaaaaaa7", subnet=aws.PRIVATE_B
        )
    }
    gateways = (aws.nat(aws.NAT_A, ["203.0.113.20"]), aws.nat(aws.NAT_B, ["203.0.113.21"]))
    found = seen(tmp_path, monkeypatch, [TWO[0], stray], aws.answers(routes=(VIA_A, VIA_B, MAIN), gateways=gateways, **more))
    assert {n: {w.address for w in g.ways} for g in found.groups for n in g.nodes} == {
        "ip-10-0-1-10": {"203.0.113.20"},
        "stray": {"203.0.113.21"},
    }
    assert not unknown(found)


def test_fargate(tmp_path, monkeypatch):
    name = "fargate-ip-10-0-1-77.eu-west-1.compute.internal"
    fargate = aws.node(name, "10.0.1.77", provider=f"aws:///eu-west-1a/0a1b2c3d4e-aaaa/{name}", pool="")
    answers = aws.answers(routes=(VIA_A, MAIN), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"]),))
    found = seen(tmp_path, monkeypatch, [TWO[0], fargate], answers)
    assert ways(found) == {("203.0.113.20", "likely")}
    assert "Fargate" in notes(found)
    assert {n for g in found.groups for n in g.nodes} == {"ip-10-0-1-10", name}


# ---------------------------------------------------------------- ECR without leaving the VPC


def ecr(tmp_path, monkeypatch, endpoints, **more):
    answers = aws.answers(routes=(VIA_A, MAIN), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"]),), endpoints=endpoints, **more)
    return notes(seen(tmp_path, monkeypatch, TWO[:1], answers, registries=(ECR,)))


S3 = aws.endpoint("s3", kind="Gateway", tables=("rtb-0aaaaaaaaaaaaaaaa",))


def test_all_three_endpoints(tmp_path, monkeypatch):
    words = ecr(tmp_path, monkeypatch, (aws.endpoint("ecr.dkr"), aws.endpoint("ecr.api"), S3))
    assert "an allow-list does not matter" in words
    assert "starport" not in words


def test_dkr_without_s3_sends_layers_over_the_internet(tmp_path, monkeypatch):
    words = ecr(tmp_path, monkeypatch, (aws.endpoint("ecr.dkr"), aws.endpoint("ecr.api")))
    assert "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com over the internet" in words
    elsewhere = aws.endpoint("s3", kind="Gateway", tables=("rtb-0bbbbbbbbbbbbbbbb",))
    assert aws.PRIVATE_A in ecr(tmp_path / "2", monkeypatch, (aws.endpoint("ecr.dkr"), aws.endpoint("ecr.api"), elsewhere))


def test_no_endpoint_at_all(tmp_path, monkeypatch):
    assert "has no endpoint for ECR" in ecr(tmp_path, monkeypatch, ())


def test_no_private_dns(tmp_path, monkeypatch):
    assert "no private DNS" in ecr(tmp_path, monkeypatch, (aws.endpoint("ecr.dkr", dns=False), aws.endpoint("ecr.api"), S3))


def test_an_s3_policy_that_leaves_the_layers_out(tmp_path, monkeypatch):
    policy = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": ["arn:aws:s3:::shop-backups", "arn:aws:s3:::shop-backups/*"],
            }
        ]
    }
    words = ecr(
        tmp_path,
        monkeypatch,
        (
            aws.endpoint("ecr.dkr"),
            aws.endpoint("ecr.api"),
            aws.endpoint("s3", kind="Gateway", tables=("rtb-0aaaaaaaaaaaaaaaa",), policy=policy),
        ),
    )
    assert "does not allow the bucket prod-eu-west-1-starport-layer-bucket" in words


@pytest.mark.parametrize(("statement", "expected"), [
    ({"Effect": "Allow", "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"], "Resource": "*"}, ""),
    ({"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}, "does not allow"),
    ({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": "1"}}}, "case by case"),
    ({"Effect": "Deny", "Action": "ecr:BatchGetImage", "Resource": "*"}, "case by case"),
])  # fmt: skip
def test_policies_of_the_registry_s_endpoint(tmp_path, monkeypatch, statement, expected):
    words = ecr(
        tmp_path,
        monkeypatch,
        (aws.endpoint("ecr.dkr", policy={"Statement": [{"Principal": "*", **statement}]}), aws.endpoint("ecr.api"), S3),
    )
    assert (expected in words) if expected else ("does not allow" not in words and "case by case" not in words)


def test_an_endpoint_s_security_group_that_lets_other_subnets_in(tmp_path, monkeypatch):
    def group(cidr):
        return {
            "SecurityGroups": [
                {
                    "GroupId": "sg-0aaaaaaaaaaaaaaa1",
                    "IpPermissions": [
                        {
                            "IpProtocol": "tcp",
                            "FromPort": 443,
                            "ToPort": 443,
                            "IpRanges": [{"CidrIp": cidr}],
                            "UserIdGroupPairs": [],
                            "PrefixListIds": [],
                        }
                    ],
                }
            ]
        }

    endpoints = (aws.endpoint("ecr.dkr"), aws.endpoint("ecr.api"), S3)
    assert "does not open 443" in ecr(
        tmp_path, monkeypatch, endpoints, **{"aws ec2 describe-security-groups": group("10.0.2.0/24")}
    )
    assert "does not open 443" not in ecr(
        tmp_path / "2", monkeypatch, endpoints, **{"aws ec2 describe-security-groups": group("10.0.0.0/16")}
    )


def test_a_registry_in_another_region_is_reached_over_the_internet(tmp_path, monkeypatch):
    answers = aws.answers(
        routes=(VIA_A, MAIN), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"]),), endpoints=(aws.endpoint("ecr.dkr"),)
    )
    found = seen(tmp_path, monkeypatch, TWO[:1], answers, registries=(ECR.replace("eu-west-1", "us-east-1"),))
    assert "another region" in notes(found)


def test_pull_through_caches_and_the_nodes_role(tmp_path, monkeypatch):
    profile = {
        "InstanceProfile": {
            "Arn": f"arn:aws:iam::{aws.ACCOUNT}:instance-profile/shop-nodes",
            "Roles": [{"RoleName": "shop-node-role"}],
        }
    }
    more = {
        "aws ecr describe-pull-through-cache-rules": {"pullThroughCacheRules": [{"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io", "registryId": aws.ACCOUNT}]},
        "aws iam get-instance-profile": profile, "aws iam list-attached-role-policies": {"AttachedPolicies": [{"PolicyName": "AmazonEKSWorkerNodePolicy", "PolicyArn": "x"}]},
        "aws ecr get-registry-policy": Fails("\nAn error occurred (RegistryPolicyNotFoundException) when calling the GetRegistryPolicy operation: Registry policy does not exist", 254),
    }  # fmt: skip
    answers = aws.answers(routes=(VIA_A, MAIN), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"]),), **more)
    found = seen(tmp_path, monkeypatch, TWO[:1], answers, registries=(ECR,))
    assert "registry-1.docker.io" in notes(found)
    assert "shop-node-role has none" in notes(found)
    assert found.wants == (), "that there is no registry policy is an answer"
    answers["aws iam list-attached-role-policies"]["AttachedPolicies"].append(
        {"PolicyName": "AmazonEC2ContainerRegistryPullOnly", "PolicyArn": "y"}
    )
    assert "has none" not in notes(seen(tmp_path / "2", monkeypatch, TWO[:1], answers, registries=(ECR,)))


def test_rights_that_are_missing(tmp_path, monkeypatch):
    refusal = Fails(
        "\nAn error occurred (UnauthorizedOperation) when calling the DescribeRouteTables operation: You are not authorized to perform this operation. User: arn:aws:sts::1:assumed-role/dev is not authorized to perform: ec2:DescribeRouteTables because no identity-based policy allows the ec2:DescribeRouteTables action",
        254,
    )
    found = seen(
        tmp_path,
        monkeypatch,
        TWO[:1],
        aws.answers(routes=(), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"]),), **{"aws ec2 describe-route-tables": refusal}),
    )
    assert ways(found) == set(), "which of the VPC's gateways is used, only the route table says"
    assert "route table" in unknown(found)
    assert [w.argv[2] for w in found.wants] == ["describe-route-tables"]


def test_another_account_s_login(tmp_path, monkeypatch):
    refusal = Fails(
        "\nAn error occurred (InvalidInstanceID.NotFound) when calling the DescribeInstances operation: The instance ID 'i-0aaaaaaaaaaaaaaa1' does not exist",
        254,
    )
    found = seen(tmp_path, monkeypatch, TWO[:1], aws.answers(routes=(), **{"aws ec2 describe-instances": refusal}))
    assert ways(found) == set()
    assert unknown(found)
