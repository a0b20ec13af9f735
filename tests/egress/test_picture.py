"""Clouds, routes and what registries saw, together: agreement proves, contradiction is said."""

import pytest
from tests.egress import azure_world as az
from tests.egress.look import because, seen, unknown, ways
from tests.egress.test_azure import PIP1, base, show

from whypull.egress.nouns import Found, Group, Registry, Seen, Way
from whypull.egress.picture import paint
from whypull.egress.seen import in_case, in_event, in_text
from whypull.model import Case, Pull, Said
from whypull.steps import Outcome, Request, Tried

ACR = "denied: client with IP '203.0.113.20' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."


def aks(tmp_path, monkeypatch, *observed):
    answers = base(az.cluster(ips=(PIP1,)), **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")))
    return seen(tmp_path, monkeypatch, az.nodes(), answers, observed=observed)


def test_what_a_registry_saw_proves_what_the_cloud_says(tmp_path, monkeypatch):
    found = aks(tmp_path, monkeypatch, Seen("203.0.113.20", "aks-np1-30000000-vmss000000", "shopacr named it"))
    assert ways(found) == {("203.0.113.20", "proved")}
    assert "shopacr named it" in because(found, "203.0.113.20")
    assert "load balancer" in because(found, "203.0.113.20")
    assert not unknown(found)


def test_another_address_than_the_cloud_says_is_proved_and_puts_the_rest_in_doubt(tmp_path, monkeypatch):
    found = aks(tmp_path, monkeypatch, Seen("198.51.100.99", "aks-np1-30000000-vmss000000", "shopacr named it"))
    assert ways(found) == {("198.51.100.99", "proved"), ("203.0.113.20", "possible")}
    assert "does not explain" in unknown(found)


def test_an_observation_without_a_node_proves_only_what_covers_it():
    groups = (
        Group(("pool a",), ("a",), (Way("203.0.113.16/28", "likely", ("prefix",), "NAT gateway"),)),
        Group(("pool b",), ("b",), (Way("198.51.100.1", "likely", ("address",), "NAT gateway"),)),
    )
    found = paint([Found(groups)], [Seen("203.0.113.20", "", "it named it")], {}, ())
    assert ways(found) == {("203.0.113.16/28", "proved"), ("198.51.100.1", "likely")}
    stranger = paint([Found(groups)], [Seen("192.0.2.9", "", "it named it")], {}, ())
    assert ways(stranger) == {("203.0.113.16/28", "likely"), ("198.51.100.1", "likely"), ("192.0.2.9", "proved")}


def test_groups_that_leave_alike_are_one_with_all_their_names_and_reasons():
    groups = tuple(Group((f"pool {p}",), (p,), (Way("203.0.113.1", "likely", (f"route of {p}",), "NAT gateway"),)) for p in "abc")
    found = paint([Found(groups)], (), {}, ())
    assert len(found.groups) == 1
    assert found.groups[0].names == ("pool a", "pool b", "pool c")
    assert found.groups[0].nodes == ("a", "b", "c")
    assert because(found, "203.0.113.1") == "route of a route of b route of c"


def test_groups_with_different_reasons_for_not_knowing_stay_apart():
    groups = (Group(("pool a",), ("a",), unknown="x"), Group(("pool b",), ("b",), unknown="y"))
    assert len(paint([Found(groups)], (), {}, ()).groups) == 2


def test_a_registry_with_a_private_address_needs_no_public_allow_list():
    words = " ".join(paint([], (), {}, [Registry("registry.shop.example", ("10.9.0.7",), "from here")]).notes)
    assert "does not matter" in words
    mixed = " ".join(paint([], (), {}, [Registry("registry.shop.example", ("10.9.0.7", "203.0.113.4"), "from here")]).notes)
    assert "not certain" in mixed
    assert not paint([], (), {}, [Registry("registry.shop.example", ("203.0.113.4",), "from here")]).notes


# ---------------------------------------------------------------- which texts name an address


@pytest.mark.parametrize(("text", "address"), [
    (ACR, "203.0.113.20"),
    ("denied: client with IP \\u0027x", ""),
    ("<h1>Access denied</h1> Your IP: 203.0.113.7", "203.0.113.7"),
    ("Your IP address is 203.0.113.7 and may not come in", "203.0.113.7"),
    ("source IP 2001:db8::7 is not in the allow-list", "2001:db8::7"),
    ("access denied for IP 203.0.113.7", "203.0.113.7"),
    ("IP address 203.0.113.7 has been blocked", "203.0.113.7"),
    ('{"errors":[{"code":"DENIED","message":"client with IP \'203.0.113.20\' is not allowed access."}]}', "203.0.113.20"),
    ("dial tcp 203.0.113.9:443: i/o timeout", ""),
    ("lookup registry.shop.example on 10.0.0.53:53: no such host", ""),
    ("x509: cannot validate certificate for 203.0.113.9 because it doesn't contain any IP SANs", ""),
    ("x509: certificate is valid for 10.0.0.1, not 203.0.113.1", ""),
    ("client with IP '999.1.1.1' is not allowed", ""),
    ("failed to pull image version 1.2.3.4: 403 Forbidden", ""),
])  # fmt: skip
def test_texts(text, address):
    assert in_text(text) == address


def test_an_event_names_node_and_registry():
    one = in_event(f'Failed to pull image "shopacr.azurecr.io/shop/api:1": {ACR}', "np1-3")
    assert (one.address, one.node, one.host) == ("203.0.113.20", "np1-3", "shopacr.azurecr.io")
    assert in_event("Failed to pull image: 403 Forbidden", "np1-3") is None


def test_a_case_s_walk_from_a_node_counts_and_one_from_here_does_not():
    step = Request("GET", "https://registry-1.docker.io/v2/library/busybox/manifests/1")
    answered = Outcome(ok=True, status=200, headers=(("docker-ratelimit-source", "203.0.113.31"),))
    refused = Outcome(ok=True, status=403, body=ACR)
    from_node = Case(Pull(node="np1-3"), (Tried(step, answered, "node np1-3"), Tried(step, refused, "node np1-3")), "node np1-3")
    assert {(s.address, s.node) for s in in_case(from_node)} == {("203.0.113.31", "np1-3"), ("203.0.113.20", "np1-3")}
    here = Case(Pull(), (Tried(step, answered, "here"), Tried(step, refused, "here")), "here")
    assert list(in_case(here)) == []
    said = Case(Pull(node="np1-3"), (Said(ACR),))
    assert [s.address for s in in_case(said)] == ["203.0.113.20"]
