"""The relay through a node's shell: each tool that a node may have, against real sockets on loopback."""

import socket
import time

import dns.message
import pytest

from whypull.demo.listener import Listener
from whypull.demo.names import Names
from whypull.probe.shell import _RELAYS, NodeLost, Shell
from whypull.steps import Outcome, Resolve


class Here:
    """The transport of the tests: this machine's own sh."""

    def command(self, script):
        return ["sh", "-c", script]


class Nowhere:
    def command(self, script):
        return ["sh", "-c", "echo 'ssh: connect to host np1-3 port 22: Connection refused' >&2; exit 255"]


@pytest.fixture
def node():
    shell = Shell(Here())
    shell.look()
    yield shell
    shell.close()


def soon(seconds=5):
    return time.monotonic() + seconds


def through(shell, tool):
    if tool not in shell.tools:
        pytest.skip(f"this machine has no {tool}")
    shell.tools = (shell.tools - frozenset(_RELAYS)) | {tool}
    return shell


def echo(sock):
    while data := sock.recv(65536):
        sock.sendall(data)


@pytest.mark.parametrize("tool", list(_RELAYS))
def test_bytes_of_all_values_pass_both_ways(node, tool):
    with Listener(lambda sock, _=None: echo(sock)) as there:
        opened = through(node, tool).open("127.0.0.1", there.port, soon())
        assert not isinstance(opened, Outcome), opened
        sent = bytes(range(256)) * 300
        with opened:
            opened.settimeout(5)
            opened.sendall(sent)
            got = b""
            while len(got) < len(sent):
                got += opened.recv(65536)
        assert got == sent


@pytest.mark.parametrize("tool", ["bash", "python3", "perl"])
def test_a_refused_connection_is_told_as_go_tells_it(node, tool):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    failed = through(node, tool).open("127.0.0.1", port, soon())
    assert failed == Outcome(
        ok=False, layer="tcp", text=f"dial tcp 127.0.0.1:{port}: connect: connection refused", errno="ECONNREFUSED",
        peer=f"127.0.0.1:{port}",
    )  # fmt: skip


def test_the_end_of_the_other_side_is_seen(node):
    with Listener(lambda sock, _=None: sock.sendall(b"bye")) as there:
        opened = node.open("127.0.0.1", there.port, soon())
        with opened, opened.makefile("rb") as stream:
            opened.settimeout(5)
            assert stream.read() == b"bye"


@pytest.mark.parametrize("address", ["1.2.3.4; touch /tmp/x", "$(id)", "'", "a b", "", "x" * 300])
def test_what_is_no_address_never_reaches_the_shell(node, address):
    assert node.open(address, 443, soon()).layer == "tcp"
    assert node.resolve(Resolve(address), soon()).layer == "dns"
    assert node.resolve(Resolve("registry.shop.test", "A", address or "x y"), soon()).layer == "dns"


TABLE = {"registry.shop.test": ("10.1.2.3",), "gone.shop.test": "NXDOMAIN", "broken.shop.test": "SERVFAIL"}


def asks(node, address):
    # A label of ten letters puts a newline's byte into the question.
    assert node.resolve(Resolve("tenletters.shop.test", "A", address), soon()).rcode == "NXDOMAIN"
    assert node.resolve(Resolve("registry.shop.test", "A", address), soon()).addresses == ("10.1.2.3",)
    assert node.resolve(Resolve("gone.shop.test", "A", address), soon()).rcode == "NXDOMAIN"
    assert node.resolve(Resolve("broken.shop.test", "A", address), soon()).rcode == "SERVFAIL"


def test_a_nameserver_is_asked_from_the_node(node):
    with Names(TABLE) as names:
        asks(node, names.address)


def test_a_nameserver_is_asked_by_tcp_where_the_node_has_no_tool_for_udp(node):
    node.tools -= {"dd"}

    def by_tcp(sock):
        size = int.from_bytes(sock.recv(2), "big")
        answer = names._answer(dns.message.from_wire(sock.recv(size))).to_wire()
        sock.sendall(len(answer).to_bytes(2, "big") + answer)

    with Names(TABLE) as names, Listener(by_tcp) as there:
        asks(node, f"127.0.0.1#{there.port}")


def test_a_nameserver_that_is_not_there(node):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failed = node.resolve(Resolve("registry.shop.test", "A", f"127.0.0.1#{port}"), soon())
    assert failed.errno == "ECONNREFUSED"
    assert "connection refused" in failed.text


def test_the_node_s_own_way_of_names(node):
    assert "127.0.0.1" in node.resolve(Resolve("localhost"), soon()).addresses
    assert not node.resolve(Resolve("no-such-name.invalid"), soon(8)).ok


def test_a_node_that_is_lost_is_a_sentence():
    with pytest.raises(NodeLost, match="np1-3 port 22: Connection refused"):
        Shell(Nowhere()).look()


def test_what_a_missing_tool_costs_is_said():
    assert "judged by openssl's or curl's words" in Shell(Here(), tools=frozenset({"curl", "openssl", "getent"})).costs()[0]
    assert Shell(Here(), tools=frozenset({"bash", "dd", "od", "getent"})).costs() == ()
    assert "no getent" in Shell(Here(), tools=frozenset({"bash", "dd", "od"})).costs()[0]


def test_nothing_is_left_running(node):
    with Listener(lambda sock, _=None: time.sleep(0.2)) as there:
        opened = node.open("127.0.0.1", there.port, soon())
        opened.close()
        processes = list(node._processes)
        node.close()
        assert all(p.poll() is not None for p in processes)
