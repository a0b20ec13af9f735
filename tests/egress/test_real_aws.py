"""The real aws CLI against a moto server: its own output, and its own words where it has no answer."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import pytest
from tests.egress import aws_world as aws
from tests.egress import clis, live

BIN = pathlib.Path(sys.executable).parent
REGION = "eu-west-1"
LOGIN = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "of-a-test", "AWS_DEFAULT_REGION": REGION}


@pytest.fixture(scope="module")
def endpoint():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            pytest.fail("moto's server did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def vpc(endpoint):
    """A VPC with a private subnet behind a NAT gateway, a public one, and an instance in each."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import boto3

        ec2 = boto3.client("ec2", region_name=REGION, endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="y")
        vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
        private = ec2.create_subnet(VpcId=vpc, CidrBlock="10.40.1.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]["SubnetId"]
        public = ec2.create_subnet(VpcId=vpc, CidrBlock="10.40.2.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]["SubnetId"]
        igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
        address = ec2.allocate_address(Domain="vpc")
        nat = ec2.create_nat_gateway(SubnetId=public, AllocationId=address["AllocationId"])["NatGateway"]["NatGatewayId"]
        for subnet, target in ((private, {"NatGatewayId": nat}), (public, {"GatewayId": igw})):
            table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        found = {}
        for name, subnet in (("private", private), ("public", public)):
            instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]
            found[name] = (instance["InstanceId"], instance["PrivateIpAddress"])
    return {"nat": address["PublicIp"], "gateway": nat, **found}


def whypull(folder, monkeypatch, endpoint, nodes, *args, env=LOGIN):
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        **env,
        "AWS_ENDPOINT_URL": endpoint,
        "HOME": str(folder),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return live.run(folder, nodes, {}, *args, path=f"{BIN}{os.pathsep}{clis.path_of(folder)}")


def test_nat_gateway_and_own_address(tmp_path, monkeypatch, endpoint, vpc):
    nodes = [
        aws.node("ip-10-40-1-9", vpc["private"][1], instance=vpc["private"][0]),
        aws.node("ip-10-40-2-9", vpc["public"][1], instance=vpc["public"][0], external="198.51.100.77", pool="edge"),
    ]
    code, out, err = whypull(tmp_path, monkeypatch, endpoint, nodes, "--allow-list", vpc["nat"], "198.51.100.9", "-o", "json")
    found = json.loads(out)["egress"]
    ways = {way["address"]: way for group in found["groups"] for way in group["ways"]}
    assert set(ways) == {vpc["nat"], "198.51.100.77"}, (out, err)
    assert vpc["gateway"] in ways[vpc["nat"]]["because"][0]
    assert ways["198.51.100.77"]["node"] == "ip-10-40-2-9"
    assert found["known"]
    assert found["ask"] == []
    assert "AWS account 123456789012" in found["accounts"][0]
    assert found["lists"] == [
        {
            "name": "the list given",
            "missing": ["198.51.100.77"],
            "doubtful": [],
            "stale": ["198.51.100.9"],
            "sure": True,
            "odd": [],
        }
    ]
    assert code == 1


def test_its_words_without_a_login(tmp_path, monkeypatch, endpoint, vpc):
    code, out, _ = whypull(
        tmp_path, monkeypatch, endpoint, [aws.node("n", vpc["private"][1], instance=vpc["private"][0])], env={}
    )
    assert code == 3
    assert "aws is not logged in" in out
    assert f"aws ec2 describe-instances --region {REGION} --instance-ids {vpc['private'][0]}" in out


def test_its_words_in_another_account(tmp_path, monkeypatch, endpoint):
    code, out, _ = whypull(tmp_path, monkeypatch, endpoint, [aws.node("n", "10.9.9.9", instance="i-0123456789abcdef0")])
    assert code == 3
    assert "i-0123456789abcdef0: is it the account that the nodes are in?" in " ".join(out.split())


def test_its_words_about_a_profile_that_is_not_there(tmp_path, monkeypatch, endpoint):
    _, out, _ = whypull(tmp_path, monkeypatch, endpoint, [aws.node("n", "10.9.9.9")], env={"AWS_PROFILE": "shop"})
    assert "no profile shop" in out
