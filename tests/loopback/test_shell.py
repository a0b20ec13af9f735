"""The relay through a node's shell: each tool that a node may have, against real sockets on loopback."""

import contextlib
import os
import shutil
import socket
import threading
import time

import dns.message
import pytest
from tests.loopback import few

from whypull.demo.listener import Full, Listener
from whypull.demo.names import Names
from whypull.demo.stage import NOWHERE
from whypull.probe.relays import RELAYS
from whypull.probe.shell import NodeLost, Shell
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


RELAYING = ("bash", "python3", "perl", "socat", "nc.traditional", "busybox")


@pytest.fixture(params=RELAYING)
def relaying(request, tmp_path):
    """A node that has this one tool for connections, and else what POSIX has."""
    shell = only(tmp_path, request.param)
    yield shell
    shell.close()


def only(at, *tools):
    if set(tools) & set(few.PLACES) and isinstance(few.fetched(), str):
        pytest.skip(few.fetched())
    if not set(tools) & {*few.PLACES, "python3"} and not all(map(shutil.which, tools)):
        pytest.skip(f"this machine has no {' and '.join(tools)}")
    shell = Shell(few.Few(few.folder(at / "bin", *tools)))
    shell.look()
    return shell


def echo(sock):
    while data := sock.recv(65536):
        sock.sendall(data)


def whole(opened, sent):
    opened.settimeout(10)
    threading.Thread(target=opened.sendall, args=(sent,), daemon=True).start()
    got = b""
    while len(got) < len(sent) and (data := opened.recv(65536)):
        got += data
    return got


def test_each_node_of_the_tests_has_its_one_relay(relaying):
    assert relaying.relay in RELAYS
    assert len(relaying.tools & set(RELAYS)) == 1


def test_an_nc_that_does_not_end_with_the_other_side_is_no_relay(tmp_path):
    node = only(tmp_path, "nc.openbsd")
    assert node.relay == ""
    assert "an nc that says when it is connected and closed" in node.costs()[0]


def test_bytes_of_all_values_pass_both_ways(relaying):
    sent = bytes(range(256)) * 3000
    with Listener(lambda sock, _=None: echo(sock)) as there:
        opened = relaying.open("127.0.0.1", there.port, soon())
        assert not isinstance(opened, Outcome), opened
        with opened:
            assert whole(opened, sent) == sent


def test_a_refused_connection_is_told_as_go_tells_it(relaying):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert relaying.open("127.0.0.1", port, soon()) == Outcome(
        ok=False, layer="tcp", text=f"dial tcp 127.0.0.1:{port}: connect: connection refused", errno="ECONNREFUSED",
        peer=f"127.0.0.1:{port}",
    )  # fmt: skip


def test_a_dropped_connection_is_a_timeout_in_time(relaying):
    with Full() as there:
        began = time.monotonic()
        failed = relaying.open("127.0.0.1", there.port, soon(1.5))
    assert (failed.layer, failed.errno) == ("tcp", "ETIMEDOUT")
    assert failed.text == f"dial tcp 127.0.0.1:{there.port}: i/o timeout"
    assert time.monotonic() - began < 4


def test_an_address_without_a_route_is_unreachable(relaying):
    assert relaying.open(*NOWHERE, soon()).errno in {"ENETUNREACH", "EACCES"}  # a broadcast address: python3 may not, it says


def test_ipv6_is_dialled_or_honestly_not(relaying):
    with contextlib.closing(socket.socket(socket.AF_INET6)) as there:
        try:
            there.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 on loopback")
        there.listen()
        port = there.getsockname()[1]
        opened = relaying.open("::1", port, soon())
        if isinstance(opened, Outcome):
            assert opened.layer == "not-here"
            assert "no IPv6" in opened.text
            assert "(UNKNOWN)" in relaying.run("nc -v -n -w 1 127.0.0.1 1").err, "the traditional nc is the only one"
            return
        with opened, there.accept()[0] as far:
            far.sendall(b"six")
            assert opened.recv(10) == b"six"
    failed = relaying.open("::1", port, soon())
    assert (failed.errno, failed.text) == ("ECONNREFUSED", f"dial tcp [::1]:{port}: connect: connection refused")


def test_what_comes_after_our_end_was_closed_still_comes(relaying):
    def late(sock, _=None):
        sock.recv(100)
        time.sleep(0.4)
        sock.sendall(b"late" * 50000)

    with Listener(late) as there:
        opened = relaying.open("127.0.0.1", there.port, soon())
        with opened, opened.makefile("rb") as stream:
            opened.settimeout(8)
            opened.sendall(b"x")
            opened.shutdown(socket.SHUT_WR)
            assert stream.read(200000) == b"late" * 50000


def test_a_hundred_relays_leave_no_process_and_no_descriptor(relaying):
    mine = f"{relaying.transport.at}/sh"
    with Listener(lambda sock, _=None: sock.recv(1)) as there:
        fds = len(os.listdir("/proc/self/fd"))
        for number in range(100):
            opened = relaying.open("127.0.0.1", there.port, soon())
            assert not isinstance(opened, Outcome), opened
            if number % 2:
                opened.sendall(b"x")
                opened.settimeout(5)
                assert opened.recv(1) == b""
            opened.close()
        relaying.close()
        assert gone(mine, there.port)
        until = time.monotonic() + 3  # the server's own side is in this process, too
        while len(os.listdir("/proc/self/fd")) > fds + 1 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(os.listdir("/proc/self/fd")) <= fds + 1


def test_a_relay_ends_on_the_node_although_nobody_ends_it(relaying, monkeypatch):
    """As after kill -9 of the client where the stream to the node stays open; without `timeout` on the node."""
    monkeypatch.setattr("whypull.probe.shell.SLACK", 1)
    with Listener(lambda sock, _=None: time.sleep(20)) as there:
        opened = relaying.open("127.0.0.1", there.port, soon(1))
        assert not isinstance(opened, Outcome), opened
        assert not gone(f"{relaying.transport.at}/sh", there.port, 0.1)
        assert gone(f"{relaying.transport.at}/sh", there.port, 6)
        opened.close()


def gone(sh, port, seconds=5.0):
    """Whether nothing that a node of the tests runs is left: its shells by their path, what they started by the port."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(sh in line or (str(port) in line and "pytest" not in line) for line in commands()):
            return True
        time.sleep(0.05)
    return False


def commands():
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and int(name) != os.getpid():
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    yield file.read().replace(b"\0", b" ").decode("utf-8", "replace")


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


def test_nothing_is_left_running(node):
    with Listener(lambda sock, _=None: time.sleep(0.2)) as there:
        opened = node.open("127.0.0.1", there.port, soon())
        opened.close()
        processes = list(node._processes)
        node.close()
        assert all(p.poll() is not None for p in processes)
