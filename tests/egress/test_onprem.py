"""Bare metal and on-prem: what a node's own routes say, and what they cannot say."""

import pytest
from tests.egress import clis, live
from tests.egress.look import notes, seen, unknown, ways

from whypull.egress import onprem
from whypull.egress.node_routes import NodeWays, Route, read, script
from whypull.model import NodeSeen

SCRIPTED = """\
whypull-part node
np1-1
whypull-part default
default via 10.0.3.1 dev eth0 proto dhcp src 10.0.3.7 metric 100
whypull-part rule
0:\tfrom all lookup local
32766:\tfrom all lookup main
32767:\tfrom all lookup default
whypull-part get 203.0.113.9
203.0.113.9 via 10.0.3.1 dev eth0 src 10.0.3.7 uid 0
    cache
whypull-part get 2001:db8::1
RTNETLINK answers: Network is unreachable
whypull-part proxy
"""


def node(name="np1-1", address="10.0.3.7", *, external="", pool="np1", provider=""):
    addresses = [("InternalIP", address), *([("ExternalIP", external)] if external else [])]
    return NodeSeen(
        name=name,
        provider=provider,
        labels=(("node.kubernetes.io/instance-group", pool), ("kubernetes.io/hostname", name)),
        addresses=tuple(addresses),
    )


def told(name="np1-1", **more):
    """What one node says, with parts of its answer replaced."""
    text = SCRIPTED.replace("np1-1", name)
    for old, new in more.get("swap", {}).items():
        assert old in text
        text = text.replace(old, new)
    return read(name, text + more.get("end", ""))


def test_an_answer_of_iproute2():
    known = read("", SCRIPTED)
    assert known == NodeWays(
        "np1-1",
        (Route("203.0.113.9", "10.0.3.7", "10.0.3.1", "eth0"), Route("2001:db8::1", problem="Network is unreachable")),
        ("default via 10.0.3.1 dev eth0 proto dhcp src 10.0.3.7 metric 100",),
    )


def test_an_answer_of_busybox():
    known = told(
        swap={
            "203.0.113.9 via 10.0.3.1 dev eth0 src 10.0.3.7 uid 0\n    cache": "203.0.113.9 via 10.0.3.1 dev eth0  src 10.0.3.7 "
        }
    )
    assert known.routes[0] == Route("203.0.113.9", "10.0.3.7", "10.0.3.1", "eth0")


def test_the_script_asks_for_both_families_and_quotes_what_it_is_given():
    text = script(("203.0.113.9", "$(reboot)", "2001:db8:7::9"), "https://echo.shop.example/'; reboot; '")
    assert "ip route get 203.0.113.9" in text
    assert "ip -6 route get 2001:db8:7::9" in text
    assert "$(reboot)" not in text
    assert "'https://echo.shop.example/'\"'\"'; reboot; '\"'\"''" in text
    assert "curl" not in script(("203.0.113.9",)), "nobody is asked who was not named"


def test_nobody_asked(tmp_path, monkeypatch):
    found = seen(tmp_path, monkeypatch, [node(external="203.0.113.7")], {})
    assert ways(found) == {("203.0.113.7", "possible")}
    assert "No CLI that whypull asks tells" in unknown(found)
    assert "whypull egress --from node" in found.groups[0].ask


def test_a_node_with_a_public_source_address(tmp_path, monkeypatch):
    known = told(swap={"via 10.0.3.1 dev eth0 src 10.0.3.7 uid": "via 203.0.113.1 dev eth0 src 203.0.113.7 uid"})
    found = seen(tmp_path, monkeypatch, [node()], {}, ways={"np1-1": known})
    assert ways(found) == {("203.0.113.7", "likely")}
    assert found.groups[0].ways[0].node == "np1-1"
    assert not unknown(found)


def test_a_private_source_is_translated_somewhere_and_that_is_unknown(tmp_path, monkeypatch):
    found = seen(tmp_path, monkeypatch, [node()], {}, ways={"np1-1": told()})
    assert ways(found) == set()
    assert "10.0.3.7 by 10.0.3.1" in unknown(found)
    assert any("firewall" in ask for ask in found.groups[0].ask)


def test_what_an_echo_service_saw_is_proved(tmp_path, monkeypatch):
    known = told(end="whypull-part echo 4\n203.0.113.80\nwhypull-part echo 6\ncurl: (7) Couldn't connect to server\n")
    assert known.echoed == ("203.0.113.80",)
    assert "IPv6" in known.problems[0]
    found = seen(tmp_path, monkeypatch, [node()], {}, ways={"np1-1": known})
    assert ways(found) == {("203.0.113.80", "proved")}
    assert not unknown(found), "the one node was asked, and somebody outside saw it"


def test_what_an_echo_service_saw_of_one_node_says_nothing_of_its_neighbour(tmp_path, monkeypatch):
    echo = {"end": "whypull-part echo 4\n{}\nwhypull-part echo 6\nnothing\n"}
    nodes = [node(), node("np1-2", "10.0.3.8")]
    first = told(end=echo["end"].format("203.0.113.80"))
    found = seen(tmp_path, monkeypatch, nodes, {}, ways={"np1-1": first})
    assert [(group.nodes, bool(group.ways), bool(group.unknown)) for group in found.groups] == [
        (("np1-1",), True, False), (("np1-2",), False, True),
    ]  # fmt: skip
    second = told("np1-2", end=echo["end"].format("203.0.113.81"))
    both = seen(tmp_path, monkeypatch, nodes, {}, ways={"np1-1": first, "np1-2": second})
    assert not unknown(both)
    assert ways(both) == {("203.0.113.80", "proved"), ("203.0.113.81", "proved")}


@pytest.mark.parametrize("page", ["<html>1.2.3.4 and 5.6.7.8</html>", "error", "", "999.1.1.1"])
def test_an_echo_that_names_no_or_several_addresses_is_none(page):
    assert told(end=f"whypull-part echo 4\n{page}\n").echoed == ()


def test_json_of_an_echo_service():
    assert told(end='whypull-part echo 4\n{"ip": "203.0.113.80"}\n').echoed == ("203.0.113.80",)


def test_two_uplinks_and_policy_rules_are_said(tmp_path, monkeypatch):
    second = "metric 100\ndefault via 192.168.9.1 dev bond1 metric 200"
    known = told(swap={"metric 100": second, "32766:": "100:\tfrom all fwmark 0x20000/0xf0000 lookup 201\n32766:"})
    words = notes(seen(tmp_path, monkeypatch, [node()], {}, ways={"np1-1": known}))
    assert "more than one uplink (bond1, eth0)" in words
    assert "1 policy rules of its own" in words


def test_no_route_at_all(tmp_path, monkeypatch):
    known = told(
        swap={"203.0.113.9 via 10.0.3.1 dev eth0 src 10.0.3.7 uid 0\n    cache": "RTNETLINK answers: Network is unreachable"}
    )
    found = seen(tmp_path, monkeypatch, [node()], {}, ways={"np1-1": known})
    assert "has no route to 203.0.113.9: Network is unreachable" in notes(found)
    assert ways(found) == set()


def test_nodes_that_were_not_asked_stay_unknown(tmp_path, monkeypatch):
    known = told(swap={"via 10.0.3.1 dev eth0 src 10.0.3.7 uid": "via 203.0.113.1 dev eth0 src 203.0.113.7 uid"})
    found = seen(tmp_path, monkeypatch, [node(), node("np1-2", "10.0.3.8")], {}, ways={"np1-1": known})
    by_node = {g.nodes: bool(g.unknown) for g in found.groups}
    assert by_node == {("np1-1",): False, ("np1-2",): True}


def test_the_runtime_s_proxy_is_what_registries_see_and_its_password_is_not(tmp_path, monkeypatch):
    known = told(end="HTTPS_PROXY=http://robot:pa55-word@proxy.shop.example:3128\nno_proxy=.shop.example,10.0.0.0/8\n")
    assert "pa55" not in repr(known)
    found = seen(tmp_path, monkeypatch, [node()], {}, ways={"np1-1": known}, registries=("ghcr.io",))
    assert "proxy.shop.example:3128" in unknown(found)
    exempt = seen(tmp_path, monkeypatch, [node()], {}, ways={"np1-1": known}, registries=("registry.shop.example",))
    assert "Pulls go through the proxy" not in unknown(exempt)


def test_a_proxy_on_a_cloud_s_node_counts_too(tmp_path, monkeypatch):
    from tests.egress import google_world as gcp

    one = gcp.node(0, external="192.0.2.5")
    known = read(one.name, SCRIPTED + "HTTPS_PROXY=http://proxy.shop.example:3128\n")
    answers = gcp.answers(clusters=[gcp.cluster("shop-gke", gcp.pool(private=False))])
    found = seen(tmp_path, monkeypatch, [one], answers, ways={one.name: known})
    assert ways(found) == {("192.0.2.5", "possible")}
    assert "proxy.shop.example" in unknown(found)


def test_parts_of_the_cluster_that_are_no_way_out():
    words = " ".join(onprem.parts(["apps", "metallb.io", "cilium.io", "crd.projectcalico.org"]))
    assert "MetalLB" in words
    assert "Cilium" in words
    assert "Calico" in words
    assert not list(onprem.parts(["apps", "batch"]))


# ---------------------------------------------------------------- over ssh, whole

FAKE_SSH = '#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n'
NOBODY_S_ENVIRONMENT = "#!/bin/sh\n"  # the machine that runs the tests may have a runtime with a proxy
FAKE_IP = """#!/bin/sh
case "$*" in
  "route show default") echo "default via 203.0.113.1 dev eth0" ;;
  "rule show") printf '0:\\tfrom all lookup local\\n32766:\\tfrom all lookup main\\n32767:\\tfrom all lookup default\\n' ;;
  "route get"*) echo "$3 via 203.0.113.1 dev eth0 src 203.0.113.7 uid 0" ;;
  *) echo "RTNETLINK answers: Network is unreachable" >&2; exit 2 ;;
esac
"""


def test_over_ssh(tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in (("ssh", FAKE_SSH), ("ip", FAKE_IP), ("tr", NOBODY_S_ENVIRONMENT)):
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    code, out, err = live.run(tmp_path, [node()], {}, "--from", "ssh", path=clis.path_of(tools))
    assert "203.0.113.7" in out, err
    assert "likely" in out
    assert code == 0, out


def test_a_node_that_cannot_be_reached_is_said_and_the_rest_goes_on(tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "ssh").write_text(
        "#!/bin/sh\necho 'ssh: connect to host 10.0.3.7 port 22: Connection refused' >&2\nexit 255\n", encoding="utf-8"
    )
    (tools / "ssh").chmod(0o755)
    code, out, _ = live.run(tmp_path, [node()], {}, "--from", "ssh", path=clis.path_of(tools))
    assert "Connection refused" in out
    assert "No CLI that whypull asks tells" in " ".join(out.split())
    assert code == 3


def test_a_pod_on_nodes_needs_consent(tmp_path):
    code, _, err = live.run(tmp_path, [node()], {}, "--from", "node", path=clis.path_of(tmp_path))
    assert code == 2
    assert "--yes" in err


def test_echo_needs_a_node_and_a_url(tmp_path):
    code, _, err = live.run(tmp_path, [node()], {}, "--echo", "https://echo.shop.example/")
    assert (code, "--from node" in err) == (2, True)
    code, _, err = live.run(tmp_path, [node()], {}, "--from", "ssh", "--echo", "file:///etc/shadow")
    assert (code, "https://" in err) == (2, True)
