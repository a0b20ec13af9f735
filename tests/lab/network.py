"""The lab's network: a router between the nodes and the world, with its own address for whatever leaves each node.

    node n ── 10.77.x.y ──┐                                ┌── 198.18.0.0/15 registries, proxies, storage (AnyIP on lo)
    node m ── 10.77.x.z ──┴─ bridge · router (NAT, nft) ───┴── sees 198.51.100.n for node n

All of it lives in namespaces of the lab's own process tree (see start.py), so that it is gone when that is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

ROUTER = "10.77.0.1"  # where the good resolver listens
WORLD = "world"
SETS = ("dropped", "refused", "rejected", "prohibited", "cut", "small")
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_one_at_a_time = threading.Lock()  # nft transactions of several threads would fail each other

_UP = f"""
link set lo up
link add out type veth peer name in netns {WORLD}
addr add 192.0.2.1/30 dev out
addr add 2001:db8:2::1/64 dev out nodad
link set out up
link add nodes address 02:77:ff:00:00:01 type bridge forward_delay 0
addr add {ROUTER}/16 dev nodes
addr add fd77::1/64 dev nodes nodad
link set nodes up
"""
_AFTER = """
route add 198.18.0.0/15 via 192.0.2.2
route add 2001:db8:18::/48 via 2001:db8:2::2
"""
_WORLD = """
link set lo up
addr add 192.0.2.2/30 dev in
addr add 2001:db8:2::2/64 dev in nodad
link set in up
route add 198.51.100.0/24 via 192.0.2.1
route add 192.88.0.0/16 via 192.0.2.1
route add fd77::/64 via 2001:db8:2::1
route add 10.77.0.0/16 via 192.0.2.1
route add local 198.18.0.0/15 dev lo
route add local 2001:db8:18::/48 dev lo
"""
_RULES = """
table inet lab {
  %s
  map egress { type ipv4_addr : ipv4_addr; }
  map turned { type ipv4_addr . ipv4_addr : ipv4_addr; }
  chain prerouting {
    type nat hook prerouting priority dstnat;
    dnat ip to ip saddr . ip daddr map @turned
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    oifname "out" snat ip to ip saddr map @egress
  }
  chain forward {
    type filter hook forward priority filter;
    ip saddr . ip daddr @dropped drop
    ip saddr . ip daddr @refused reject with tcp reset
    ip saddr . ip daddr @rejected reject with icmp type host-unreachable
    ip saddr . ip daddr @prohibited reject with icmp type admin-prohibited
    ip saddr . ip daddr @cut tcp flags & psh == psh reject with tcp reset
    ip daddr . ip saddr @small meta length gt 700 drop
  }
}
"""


def up() -> None:
    """Makes router and world in the namespace of the calling process. Needs `ip` and `nft`, and a private /run."""
    _run("ip", "netns", "add", WORLD)
    ip(_UP)
    ip(_WORLD, WORLD)
    ip(_AFTER)
    # Of this network namespace only. Without a limit, each refused question is answered, not one a second.
    for switch, value in (("ipv4/ip_forward", 1), ("ipv6/conf/all/forwarding", 1), ("ipv4/icmp_ratelimit", 0)):
        with open(f"/proc/sys/net/{switch}", "w", encoding="ascii") as file:
            file.write(str(value))
    nft(_RULES % "\n  ".join(f"set {name} {{ type ipv4_addr . ipv4_addr; }}" for name in SETS))


def ip(batch: str, namespace: str = "") -> None:
    """Runs lines of `ip` in one go."""
    where = ("-n", namespace) if namespace else ()
    _run("ip", *where, "-batch", "-", text=batch)


def nft(rules: str) -> None:
    """Applies rules to the router."""
    with _one_at_a_time:
        _run("nft", "-f", "-", text=rules)


def attach(name: str, number: int) -> tuple[str, str]:
    """A network namespace for a node, joined to the router; its address, and the address that the world sees."""
    own, leaves = f"10.77.{1 + number // 200}.{number % 200 + 2}", seen(number)
    _run("ip", "netns", "add", name)
    hardware = f"02:77:00:00:{number // 256:02x}:{number % 256:02x}"  # the same each time: a router remembers it
    ip(f"link add v{number} type veth peer name eth0 address {hardware} netns {name}\nlink set v{number} master nodes up\n")
    ip(f"link set lo up\naddr add {own}/16 dev eth0\nlink set eth0 up\nroute add default via {ROUTER}\n", name)
    nft(f"add element inet lab egress {{ {own} : {leaves} }}")
    return own, leaves


def seen(number: int) -> str:
    """The address by which the world sees a node."""
    return f"198.51.100.{number + 2}" if number < 250 else f"192.88.{number // 250}.{number % 250 + 2}"


def detach(name: str, number: int, own: str) -> None:
    """Takes a node off the network."""
    with contextlib.suppress(subprocess.CalledProcessError):
        nft(f"delete element inet lab egress {{ {own} }}")
    for command in (("link", "del", f"v{number}"), ("netns", "del", name)):
        subprocess.run(["ip", *command], check=False, capture_output=True)


def block(how: str, node: str, address: str) -> None:
    """Puts a pair of addresses into one of SETS."""
    nft(f"add element inet lab {how} {{ {node} . {address} }}")


def unblock(how: str, node: str, address: str) -> None:
    """Takes it out again."""
    nft(f"delete element inet lab {how} {{ {node} . {address} }}")


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Moves the calling thread into a network namespace for a while: a socket that is made there stays there."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        _setns(there)
        yield
    finally:
        _setns(here)
        os.close(here)
        os.close(there)


def _setns(fd: int) -> None:
    if _libc.setns(fd, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _run(*command: str, text: str = "") -> None:
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[:500]} (input {text[:300]!r})")
