"""Answers that are damaged, of another version or hostile: whatever stands where, nothing breaks and nothing becomes an option."""

import copy
import random

import pytest
from tests.egress import aws_world as aws
from tests.egress import azure_world as az
from tests.egress import google_world as gcp
from tests.egress.test_aws import ECR, MAIN, VIA_A
from tests.egress.test_azure import PIP1, base, hub_answers, show

from whypull.egress import aws as of_aws
from whypull.egress import azure as of_azure
from whypull.egress import google as of_google
from whypull.egress.cli_run import reads_only
from whypull.egress.nets import networks
from whypull.egress.nouns import Command, Registry
from whypull.egress.picture import paint
from whypull.egress.told import Told

JUNK = (
    None,
    "",
    "x",
    0,
    -1,
    3.5,
    True,
    [],
    {},
    ["x"],
    {"id": 5},
    "--debug",
    "/subscriptions/x; reboot",
    "999.9.9.9/99",
    "\x1b[2J",
    [[]],
    [None],
    "a" * 2000,
)
IPS = [f"{az.HUBNET}/publicIPAddresses/pip-fw-1"]
FIREWALL = az.firewall_arm(
    f"{az.HUBNET}/azureFirewalls/fw-hub", "10.9.1.4", IPS, f"{az.HUBNET}/virtualNetworks/vnet-hub/subnets/AzureFirewallSubnet"
)
WORLDS = {
    "azure": (of_azure, az.nodes(), base(az.cluster(ips=(PIP1,)), **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")), x=az.registry(endpoints=("/subscriptions/a/b",)))),
    "azure-hub": (of_azure, az.nodes(), hub_answers(FIREWALL, az.public_ip(IPS[0], "203.0.113.50"))),
    "aws": (of_aws, [aws.node("n", "10.0.1.10")], aws.answers(
        routes=(VIA_A, MAIN), gateways=(aws.nat(aws.NAT_A, ["203.0.113.20"]),), endpoints=(aws.endpoint("ecr.dkr"), aws.endpoint("ecr.api"), aws.endpoint("s3", kind="Gateway")))),
    "google": (of_google, [gcp.node(0)], gcp.answers(
        routers=(gcp.router(gcp.nat(), gcp.nat("b", manual=("nat-1",))),), statuses={"shop-router": gcp.status(auto=("203.0.113.20",))}, addresses=(gcp.address("nat-1", "203.0.113.30"),))),
}  # fmt: skip
REGISTRIES = (
    Registry("shopacr.azurecr.io"),
    Registry(ECR),
    Registry("europe-west1-docker.pkg.dev"),
    Registry("registry.shop.example"),
)


def damaged(thing, chance):
    """A copy in which something, somewhere, is something else or not there."""
    if chance.random() < 0.02:
        return copy.deepcopy(chance.choice(JUNK))
    if isinstance(thing, dict):
        return {key: damaged(value, chance) for key, value in thing.items() if chance.random() > 0.01}
    if isinstance(thing, list):
        return [damaged(one, chance) for one in thing]
    return thing


@pytest.mark.parametrize("world", sorted(WORLDS))
def test_nothing_breaks(world):
    module, nodes, answers = WORLDS[world]
    chance = random.Random(world)
    whole = module.look(nodes, _told(answers.values()), REGISTRIES)
    assert any(group.ways for group in whole.groups), "undamaged, it tells an address"
    lost = 0
    for _ in range(400):
        found = module.look(nodes, _told([damaged(one, chance) for one in answers.values()]), REGISTRIES)
        assert {name for group in found.groups for name in group.nodes} == {node.name for node in nodes}, "no node is forgotten"
        for one in found.wants:
            assert isinstance(one, Command)
            assert reads_only(one.argv), one.argv
            assert all(isinstance(word, str) and ";" not in word and "\x1b" not in word for word in one.argv)
            assert "--debug" not in one.argv
        lost += not any(group.ways for group in found.groups)
        for group in paint([found], (), {}, REGISTRIES).groups:
            assert all(networks(way.address) for way in group.ways)
            assert group.unknown or len(group.ways) or group.notes or group.ask, "a group without a way says why"
    assert lost, "some of the damage must have mattered"


def _told(documents):
    told = Told()
    for document in documents:
        told.take(document)
    return told
