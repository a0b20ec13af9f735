"""Nodes with few tools: who does the steps there, and what that costs.

First a relay, through which everything is spoken here (shell.py); else the node's openssl; else its curl.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from whypull.probe.proxy_rules import port_of
from whypull.probe.relays import failed
from whypull.probe.shell import is_place, joined
from whypull.probe.wire import as_proxy
from whypull.steps import Connect, Handshake, Outcome, Request, Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.probe.shell import Shell
    from whypull.probe.wire import Wire

OLDEST = {"openssl": (1, 1), "curl": (7, 49)}  # that have -proxy, and --connect-to; hosts with older ones have bash


class Way(NamedTuple):
    """Where a step dials: the registry's address or its proxy's, as it is called, and where that really is."""

    address: str
    port: int
    at: tuple[str, int]
    proxied: bool

    @property
    def target(self) -> str:
        """address:port, as Go writes it."""
        return joined(self.address, self.port)


def way_of(wire: Wire, step: Connect | Tunnel | Handshake | Request, host: str, port: int) -> Way | Outcome:
    """Where a step dials; or why it cannot."""
    proxy = "" if isinstance(step, Connect) else step.proxy
    if isinstance(step, Connect | Handshake | Request) and not proxy:
        address = step.address or host.strip("[]")
    else:
        assert not isinstance(step, Connect)
        if not proxy.lower().startswith("http://"):
            return not_here(f"the tools of this node cannot go through {proxy}")
        try:
            name, port = port_of(proxy)
        except ValueError:
            return Outcome(ok=False, layer="proxy", text=f"proxyconnect tcp: {proxy} has no valid port")
        address = step.proxy_address or name
    if not is_place(address, port):
        odd = failed("no such address", joined(address, port))
        return as_proxy(odd) if proxy else odd
    return Way(address, port, wire.road(address, port) if wire.road else (address, port), bool(proxy))


def not_here(words: str) -> Outcome:
    """A step that the node's tools cannot do, or whose failure they do not tell apart from another."""
    return Outcome(ok=False, layer="not-here", text=words)


def equip(wire: Wire, shell: Shell) -> None:
    """Lets a performer's steps be done from a node, with what the node has."""
    wire.resolver = shell.resolve
    wire.opener = shell.open
    if shell.relay:
        return
    curl = None
    if has(shell, "curl"):
        from whypull.probe.by_curl import ByCurl  # noqa: PLC0415

        curl = ByCurl(shell, wire)
    if has(shell, "openssl"):
        from whypull.probe.by_openssl import ByOpenssl  # noqa: PLC0415

        openssl = ByOpenssl(shell, wire, curl.request if curl else None)
        tunnel = curl.tunnel if curl else openssl.tunnel  # curl shows all that the proxy answers
        wire.instead = {
            Connect: openssl.connect, Tunnel: tunnel, Handshake: openssl.handshake, Request: openssl.request,
        }  # fmt: skip
    elif curl is not None:
        wire.instead = {Connect: curl.connect, Tunnel: curl.tunnel, Handshake: curl.handshake, Request: curl.request}


def version(shell: Shell, tool: str) -> tuple[int, int]:
    """The first two numbers of what a tool says of its version; zeros where it says none."""
    found = re.search(r"(\d+)\.(\d+)", shell.versions.get(tool, ""))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def has(shell: Shell, tool: str) -> bool:
    """Whether the node has openssl or curl, and new enough to be of use."""
    return tool in shell.tools and version(shell, tool) >= OLDEST[tool]


def costs(shell: Shell) -> tuple[str, ...]:
    """One sentence for each check that a missing tool costs on the node."""
    from whypull.probe.node_names import asks_by_udp  # noqa: PLC0415

    tools, found = shell.tools, []
    if not shell.relay:
        none = "The node has neither bash nor python3, perl, socat or an nc that says when it is connected and closed"
        if has(shell, "openssl"):
            found.append(f"{none}: connections are made and judged by its openssl.")
            if not has(shell, "curl"):
                found.append("Without curl, nothing is asked in plain HTTP, and of a proxy's refusal only the status is seen.")
        elif has(shell, "curl"):
            found.append(f"{none}, and no openssl: connections are made and judged by its curl.")
        else:
            found.append(f"{none}, no curl and no openssl: no connection can be tried from it.")
        if has(shell, "openssl") or has(shell, "curl"):
            found.append("Whether large packets are lost on the way (MTU) cannot be tried.")
    if not tools & {"getent", "nslookup", "dig"} and not shell.relay and "curl" not in tools:
        found.append("The node has no getent, nslookup, dig or curl: names cannot be looked up from it.")
    elif "getent" not in tools:
        found.append("The node has no getent: its own way of looking up names (nsswitch, hosts file) is not seen.")
    if not (asks_by_udp(shell) or shell.relay or tools & {"nslookup", "dig"}):
        found.append("No nameserver can be asked by itself from this node.")
    return tuple(found)
