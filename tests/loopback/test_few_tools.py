"""Nodes that have only openssl, only curl, only busybox or only bash: the same causes as over sockets, or honestly none.

Faults of the demo, on loopback. "Honestly none" is a walk that met no failure and says that it did not come to its end.
"""

import pathlib
import re
import shutil
import time

import pytest
from tests.loopback import few

import whypull.probe.wire
from whypull.commands import demo
from whypull.commands.check import diagnosis_of
from whypull.demo.faults import faults
from whypull.demo.registry import PASSWORD, USER
from whypull.demo.stage import Stage
from whypull.model import Case, Pull
from whypull.probe.few_tools import equip
from whypull.probe.node_names import read_dig, read_nslookup
from whypull.probe.shell import Shell
from whypull.probe.trust import Store
from whypull.steps import Outcome, Resolve
from whypull.vantage.node_walk import unfinished

NODES = {
    "openssl": ("openssl",),
    "curl": ("curl",),
    "both": ("openssl", "curl"),
    "busybox": ("busybox",),
    "bash": ("bash", "getent"),
}
FAULTS = faults()
CHOSEN = (
    "healthy", "healthy_with_token", "healthy_through_proxy", "port_is_closed", "firewall_drops", "no_route",
    "only_ipv6_and_none_here", "connection_is_reset", "connection_is_closed", "name_is_filtered", "closed_before_the_answer",
    "handshake_never_ends", "signed_by_a_stranger", "chain_is_incomplete", "connection_is_inspected", "certificate_expired",
    "certificate_of_tomorrow", "certificate_for_another_name", "certificate_without_names", "wants_a_client_certificate",
    "speaks_only_old_tls", "speaks_only_rsa_key_exchange", "speaks_plain_http", "speaks_another_protocol", "proxy_is_down",
    "proxy_refuses", "proxy_wants_a_password", "proxy_hangs_up", "proxy_that_speaks_tls", "proxy_with_the_wrong_scheme",
    "address_is_not_allowed", "wrong_password", "wrong_password_at_the_token_service", "token_without_the_scope",
    "realm_in_the_clear", "tag_was_never_pushed", "repository_does_not_exist", "storage_is_blocked", "layer_is_gone",
    "registry_never_answers", "name_does_not_exist",
)  # fmt: skip
# What a node's tools do not tell apart from something else, or cannot do; everything else is told.
UNTOLD = {
    "openssl": {"proxy_hangs_up", "proxy_that_speaks_tls", "proxy_with_the_wrong_scheme", "realm_in_the_clear"},
    "curl": {"proxy_with_the_wrong_scheme"},
    "both": {"proxy_with_the_wrong_scheme"},
    "busybox": set(),
    "bash": set(),
}


@pytest.fixture(scope="module", params=NODES)
def node(request, tmp_path_factory):
    """The node's name here, and its shell."""
    tools = NODES[request.param]
    if "busybox" in tools and isinstance(few.fetched(), str):
        pytest.skip(few.fetched())
    shell = Shell(few.Few(few.folder(tmp_path_factory.mktemp("node") / "bin", *tools)))
    shell.look()
    yield request.param, shell
    shell.close()


@pytest.fixture
def on_node(node, monkeypatch):
    """Walks one fault of the demo by what the node has; names are looked up from here, by the stage's nameserver."""
    sockets = whypull.probe.wire.Wire

    def wire(*, ca_file, nameservers, road, **rest):
        made = sockets(road=road, **rest)
        equip(made, node[1])
        made.resolver, made.nameservers = None, nameservers
        made.stores["node"] = Store(pem=pathlib.Path(ca_file).read_text(encoding="ascii"), alone=True)
        if node[1].relay:
            made.opener = lambda address, port, until: node[1].open(*road(address, port), until)
        return made

    monkeypatch.setattr(whypull.probe.wire, "Wire", wire)

    def walk(name):
        with Stage() as stage:
            FAULTS[name].break_it(stage)
            stage.resolve()
            case = Case(Pull(image=stage.image), tuple(demo.walk(stage, seconds=2.5)), "here")
        return diagnosis_of(case), case

    return walk


@pytest.mark.parametrize("name", CHOSEN)
def test_the_same_cause_as_over_sockets_or_honestly_none(node, on_node, name):
    fault = FAULTS[name]
    one, case = on_node(name)
    if name in UNTOLD[node[0]]:
        assert one is None
        assert unfinished(case.facts), "a walk that stopped for want of a tool is called whole"
        return
    assert not unfinished(case.facts)
    if not fault.cause:
        assert one is None
        return
    assert one is not None
    assert [f.cause for f in one.findings] == [fault.cause, *fault.beside]
    assert one.findings[0].certainty == fault.certainty


def test_no_credential_stands_in_a_command(node, on_node):
    told = node[1].transport.told
    told.clear()
    assert on_node("healthy_with_token")[0] is None
    assert on_node("wrong_password_at_the_token_service")[0] is not None
    assert told
    from base64 import b64encode

    secret = [PASSWORD, b64encode(f"{USER}:{PASSWORD}".encode()).decode(), "Bearer ", "Basic "]
    assert [s for s in secret for script in told if s in script] == []


def test_nothing_is_left_on_the_node(node, on_node):
    on_node("handshake_never_ends")
    on_node("tag_was_never_pushed")
    node[1].close()
    mine = f"{node[1].transport.at}/sh"
    until = time.monotonic() + 8
    while time.monotonic() < until and any(mine in line for line in _commands()):
        time.sleep(0.1)
    assert [line for line in _commands() if mine in line] == []


def _commands():
    from tests.loopback.test_shell import commands

    return list(commands())


# ---------------------------------------------------------------- names


def test_a_node_s_own_way_of_names_is_taken_by_curl_where_it_has_nothing_else(tmp_path):
    shell = Shell(few.Few(few.folder(tmp_path / "bin", "curl")))
    shell.look()
    try:
        assert set(shell.resolve(Resolve("localhost"), time.monotonic() + 8).addresses) & {"127.0.0.1", "::1"}
        failed = shell.resolve(Resolve("no-such-name.invalid"), time.monotonic() + 15)
        assert (failed.ok, failed.layer) == (False, "dns")
    finally:
        shell.close()


def test_a_node_that_can_ask_nobody_says_so(tmp_path):
    shell = Shell(few.Few(few.folder(tmp_path / "bin", "openssl")))
    shell.look()
    for step in (Resolve("registry.shop.test"), Resolve("registry.shop.test", "A", "127.0.0.1")):
        assert shell.resolve(step, time.monotonic() + 5).layer == "not-here"


DIG = """
; <<>> DiG 9.18.28 <<>> @203.0.113.53 registry.shop.test A
;; ->>HEADER<<- opcode: QUERY, status: {status}, id: 4711
;; QUESTION SECTION:
;registry.shop.test.		IN	A

{answer}
;; SERVER: 203.0.113.53#53(203.0.113.53) (UDP)
"""
ASKED = Resolve("registry.shop.test", "A", "203.0.113.53")


def test_dig_is_read():
    answer = "registry.shop.test.	60	IN	CNAME	edge.shop.test.\nedge.shop.test.	60	IN	A	203.0.113.7\n"
    found = read_dig(ASKED, DIG.format(status="NOERROR", answer=answer))
    assert (found.ok, found.addresses, found.canonical, found.rcode) == (True, ("203.0.113.7",), ("edge.shop.test",), "NOERROR")
    assert read_dig(ASKED, DIG.format(status="NXDOMAIN", answer="")).rcode == "NXDOMAIN"
    assert read_dig(ASKED, DIG.format(status="SERVFAIL", answer="")).rcode == "SERVFAIL"
    silent = read_dig(ASKED, ";; connection timed out; no servers could be reached\n")
    assert (silent.errno, silent.rcode) == ("ETIMEDOUT", "")


def test_nslookup_of_bind_and_of_busybox_is_read():
    bind = "Server:\t\t203.0.113.53\nAddress:\t203.0.113.53#53\n\nName:\tregistry.shop.test\nAddress: 203.0.113.7\n"
    assert read_nslookup(ASKED, bind).addresses == ("203.0.113.7",)
    busybox = "Server:\t\t203.0.113.53\nAddress:\t203.0.113.53:53\n\nName:\tregistry.shop.test\nAddress: 203.0.113.7\n\n"
    assert read_nslookup(ASKED, busybox).addresses == ("203.0.113.7",)
    head = "Server:\t\t203.0.113.53\nAddress:\t203.0.113.53#53\n\n"
    gone = read_nslookup(ASKED, head + "** server can't find registry.shop.test: NXDOMAIN\n")
    assert (gone.ok, gone.rcode, gone.addresses) == (False, "NXDOMAIN", ())
    assert read_nslookup(ASKED, head + "** server can't find registry.shop.test: SERVFAIL\n").rcode == "SERVFAIL"
    empty = read_nslookup(ASKED, head + "*** Can't find registry.shop.test: No answer\n")
    assert (empty.ok, empty.rcode) == (False, "NOERROR")
    assert read_nslookup(ASKED, ";; connection timed out; no servers could be reached\n").errno == "ETIMEDOUT"
    assert read_nslookup(ASKED, "nslookup: write to '203.0.113.53': Connection refused\n").errno == "ECONNREFUSED"


# ---------------------------------------------------------------- what is missing is said


def costs(*tools, **versions):
    return " ".join(Shell(None, tools=frozenset(tools), versions=versions).costs())


def test_what_a_missing_tool_costs_is_said():
    assert costs("bash", "dd", "od", "getent") == ""
    assert "no getent" in costs("bash", "dd", "od")
    new = {"openssl": "OpenSSL 3.0.2 15 Mar 2022", "curl": "curl 7.81.0 (x86_64-pc-linux-gnu)"}
    both = costs("openssl", "curl", "getent", **new)
    assert "judged by its openssl" in both
    assert "plain HTTP" not in both
    assert "nothing is asked in plain HTTP" in costs("openssl", "getent", openssl=new["openssl"])
    assert "judged by its curl" in costs("curl", "getent", curl=new["curl"])
    assert "MTU" in costs("curl", "getent", curl=new["curl"])
    assert "no connection can be tried" in costs("getent")
    assert "No nameserver can be asked by itself" in costs("openssl", "getent", openssl=new["openssl"])


def test_tools_that_are_too_old_are_none():
    assert "no connection can be tried" in costs("openssl", "curl", "getent", openssl="OpenSSL 1.0.2k", curl="curl 7.29.0")


@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
def test_a_value_of_curl_s_configuration_stays_one_value():
    from whypull.probe.by_curl import _config

    lines = _config([("header", 'X: a"b\\c\nurl = "http://203.0.113.9/"')]).decode().splitlines()
    assert lines == [r'header = "X: a\"b\\curl = \"http://203.0.113.9/\""']


def test_a_broken_way_to_the_node_is_no_failure_of_the_pull():
    class Breaking:
        def command(self, script):
            return ["sh", "-c", "echo 'client_loop: send disconnect: Broken pipe' >&2; exit 255"]

    shell = Shell(Breaking(), tools=frozenset({"bash"}))
    assert isinstance(shell.open("203.0.113.7", 443, time.monotonic() + 3), Outcome)
    assert re.match(r"the way to the node broke: client_loop: send disconnect", shell.lost())
    shell.close()
