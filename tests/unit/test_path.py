"""The stages of a pull: no mark without a fact, whether it comes from a text, an object or a walk."""

from whypull import explain
from whypull.diagnose import diagnose
from whypull.model import AuthEntry, Case, NodeSeen, Pull, Said, SecretSeen
from whypull.path import facts, states
from whypull.read.message import failures
from whypull.steps import Certificate, Connect, Handshake, Outcome, Request, Resolve, Tried, Tunnel

HOST, IMAGE = "registry.shop.example", "registry.shop.example/shop/api:1"
V2 = f"https://{HOST}/v2"
CHAIN = (Certificate(HOST, "Shop CA", "2026-01-01T00:00:00Z", "2027-03-02T00:00:00Z"),)


def stages(*seen):
    """States and facts of a walk in which no cause was found."""
    case = Case(Pull(IMAGE), seen, "here")
    path = states((), None, case)
    return {s: v for s, v in path.items() if v != "not looked"}, facts(path, (), None, case)


def tried(step, role="registry", control="", **outcome):
    return Tried(step, Outcome(**{"ok": True, **outcome}), "here", role, control)


def test_each_step_of_a_walk_is_a_fact():
    path, seen = stages(
        tried(Resolve(HOST), addresses=("203.0.113.7",)),
        tried(Connect(HOST, "203.0.113.7", 443), ms=12),
        tried(Handshake(HOST, "203.0.113.7", 443), chain=CHAIN, version="TLSv1.3"),
        tried(Request("GET", f"{V2}/"), status=401, reason="Unauthorized"),
        tried(Request("GET", "https://auth.shop.example/token?scope=x"), role="token", status=200),
        tried(Request("GET", f"{V2}/shop/api/manifests/1"), status=200, digest="sha256:ab"),
    )
    assert set(path.values()) == {"passed"}
    assert seen == {
        "dns": "registry.shop.example → 203.0.113.7",
        "network": "203.0.113.7:443 took the connection in 12 ms",
        "tls": "certificate valid until 2027-03-02, trusted, TLSv1.3",
        "registry": "/v2/ answers 401 Unauthorized",
        "auth": "the registry let the caller in",
        "image": "manifest sha256:ab",
    }


def test_one_address_that_answers_is_enough():
    path, seen = stages(
        tried(Connect(HOST, "203.0.113.7", 443), ms=3),
        tried(Connect(HOST, "2001:db8::7", 443), ok=False, text="network is unreachable"),
    )
    assert path == {"network": "passed"}
    assert seen["network"].startswith("203.0.113.7:443")


def test_a_control_is_no_part_of_the_pull():
    assert stages(tried(Resolve(HOST), control="resolver", addresses=("203.0.113.7",))) == ({}, {})


def test_what_failed_has_no_mark_before_a_cause_is_found():
    assert stages(tried(Resolve(HOST), ok=False, rcode="NXDOMAIN")) == ({}, {})


def test_other_hosts_are_no_stage_of_the_registry():
    assert stages(tried(Resolve("storage.shop.example"), role="storage", addresses=("203.0.113.9",))) == ({}, {})


def test_a_tunnel_is_the_proxy():
    _, seen = stages(tried(Tunnel("http://proxy.shop.example:3128", HOST, 443), role="proxy", status=200))
    assert seen == {"proxy": f"http://proxy.shop.example:3128 opens the way to {HOST}:443"}


def test_a_walk_that_is_refused():
    refused = tried(
        Request("GET", f"{V2}/shop/api/manifests/1"), ok=False, status=403, reason="Forbidden", body='{"errors": [1]}'
    )
    words = (
        f'failed to resolve reference "{IMAGE}": unexpected status from GET request to {V2}/shop/api/manifests/1: 403 Forbidden'
    )
    case = Case(Pull(IMAGE), (Tried(refused.step, refused.outcome, "here", "registry", "", words),), "here")
    one = diagnose(case, failures)
    assert one.path["auth"] == "failed"
    assert one.path_facts["auth"] == '403 Forbidden  "{"errors": [1]}"'


def test_a_text_shows_what_came_before_it():
    one = explain(
        f'Failed to pull image "{IMAGE}": failed to do request: Head "{V2}/shop/api/manifests/1": dial tcp 203.0.113.7:443: i/o timeout'
    )[0]
    assert (one.path["dns"], one.path["network"], one.path["tls"]) == ("passed", "failed", "not reached")
    assert one.path_facts["dns"] == f"{HOST} → 203.0.113.7"
    assert "i/o timeout" in one.path_facts["network"]


def test_who_sends_a_pull_on_was_reached():
    one = explain(
        f'Failed to pull image "{IMAGE}": failed to authorize: failed to fetch anonymous token: unexpected status from GET request '
        "to https://auth.shop.example/token?service=x: 500 Internal Server Error"
    )[0]
    assert [one.path[stage] for stage in ("dns", "network", "tls", "registry", "auth")] == [*["passed"] * 4, "failed"]
    assert one.path_facts["registry"] == "it sent the pull to a token service"
    assert "network" not in one.path_facts, "what is known of the token service's host is not the registry's"
    assert one.findings[0].fixes[0].who == "whoever runs the token service auth.shop.example"


def test_objects_are_facts():
    secret = SecretSeen("shop", "regcred", entries=(AuthEntry("registry.shop.example"),))
    path, seen = stages(secret, NodeSeen("np1-3", ready="True"), Said("x"))
    assert path == {"secret": "passed", "node": "passed"}
    assert seen == {"secret": "regcred can be read, and is for registry.shop.example", "node": "np1-3 is Ready"}


def test_who_and_where_stand_in_the_middle_of_a_line():
    fixes = (
        explain(
            f'Failed to pull image "{IMAGE}": failed to do request: Head "{V2}/shop/api/manifests/1": dial tcp 203.0.113.7:443: i/o timeout'
        )[0]
        .findings[0]
        .fixes
    )
    assert [fix.who for fix in fixes if fix.who[0].isupper()] == []
    assert any("ip route get 203.0.113.7" in fix.run for fix in fixes)
