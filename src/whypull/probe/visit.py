"""Reaching one host: its name, its addresses, the proxy if there is one, and the handshake. Pure, as the walk is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from whypull.probe.proxy_rules import port_of, proxy_for, shown
from whypull.steps import Connect, Handshake, Outcome, Request, Resolve, Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from whypull.probe.walk import Asked, Target

MOST_ADDRESSES = 8  # of one host; a pull would not try more either
PORTS = {"https": 443, "http": 80}
_OLD_TLS = {"handshake_failure", "protocol_version", "insufficient_security", "unsupported_protocol", "no_shared_cipher"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host with a port and a path prefix, and what it is to the pull."""

    scheme: str
    host: str
    port: int
    path: str = "/v2"
    role: str = "registry"
    insecure: bool = False

    @classmethod
    def of_url(cls, url: str, role: str, *, insecure: bool = False) -> Endpoint:
        """The endpoint of a URL. Raises ValueError for one without http(s), host or a port that is no number."""
        found = re.fullmatch(r"(https?)://(\[[^\]]+\]|[^/:?#]+)(?::(\d{1,5}))?([^?#]*).*", url, re.S)
        if found is None:
            raise ValueError(f"no http(s) URL: {url[:200]!r}")
        scheme, host, port, path = found[1], found[2], found[3], found[4]
        return cls(scheme, host, int(port) if port else PORTS[scheme], path.rstrip("/"), role, insecure)

    @property
    def origin(self) -> str:
        """scheme://host:port, the port left out where it is the usual one."""
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"

    @property
    def base(self) -> str:
        """The origin with the path prefix."""
        return self.origin + self.path


@dataclass(frozen=True, slots=True)
class Visit:
    """Whether and how a host was reached."""

    endpoint: Endpoint
    reached: bool = False
    address: str = ""
    proxy: str = ""
    proxy_address: str = ""


def visit(endpoint: Endpoint, target: Target) -> Generator[Asked, Outcome, Visit]:
    """Reaches a host as the runtime would: through its proxy if one is set for it, else at each address in turn."""
    proxy = ""
    if target.proxy is not None:
        proxy = proxy_for(endpoint.scheme, endpoint.host.strip("[]"), endpoint.port, target.proxy)
    if proxy:
        return (yield from _through(endpoint, target, proxy))
    addresses = yield from _addresses(endpoint.host, endpoint.role, target)
    for address in addresses[:MOST_ADDRESSES]:
        opened = yield Connect(endpoint.host, address, endpoint.port), endpoint.role, ""
        if not opened.ok:
            continue
        way = Visit(endpoint, True, address)
        if endpoint.scheme == "http" or (yield from _handshake(way, target)):
            return way
        return replace(way, reached=False)
    return Visit(endpoint)


def _addresses(host: str, role: str, target: Target) -> Generator[Asked, Outcome, tuple[str, ...]]:
    """The system's addresses of a host; where it has none, or to compare, each nameserver is asked by itself."""
    bare = host.strip("[]")
    if re.fullmatch(r"[\d.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*", bare):
        return (bare,)
    own = yield Resolve(bare), role, ""
    if own.ok and own.addresses:
        return own.addresses
    for server in target.nameservers:
        for family in ("A", "AAAA"):
            yield Resolve(bare, family, server), role, "resolver"
    return ()


def _through(endpoint: Endpoint, target: Target, proxy: str) -> Generator[Asked, Outcome, Visit]:
    """Reaches a host through a proxy: its name, its port, its own verdict on the tunnel."""
    host, port = port_of(proxy)
    safe = shown(proxy)
    addresses = yield from _addresses(host, "proxy", target)
    opened, at = Outcome(ok=False), ""
    for at in addresses[:MOST_ADDRESSES]:
        opened = yield Connect(host, at, port), "proxy", ""
        if opened.ok:
            break
    if not opened.ok:
        yield from _direct(endpoint, target)
        return Visit(endpoint, proxy=safe)
    if endpoint.scheme == "http":
        return Visit(endpoint, True, "", safe, at)
    credentials = "proxy" if "@" in proxy else ""
    tunnel = yield Tunnel(safe, endpoint.host, endpoint.port, credentials, at), "proxy", ""
    if not tunnel.ok:
        yield from _direct(endpoint, target)
        return Visit(endpoint, proxy=safe)
    way = Visit(endpoint, True, "", safe, at)
    return way if (yield from _handshake(way, target)) else replace(way, reached=False)


def _direct(endpoint: Endpoint, target: Target) -> Generator[Asked, Outcome, None]:
    """The control of a proxy that does not serve: does the registry answer without it?"""
    own = yield Resolve(endpoint.host.strip("[]")), endpoint.role, "proxy"
    for address in own.addresses[:1]:
        opened = yield Connect(endpoint.host, address, endpoint.port), endpoint.role, "proxy"
        if opened.ok and endpoint.scheme == "https":
            yield Handshake(endpoint.host, address, endpoint.port), endpoint.role, "proxy"


def _handshake(at: Visit, target: Target) -> Generator[Asked, Outcome, bool]:
    """The handshake, and the controls that tell its failures apart."""
    endpoint = at.endpoint
    plain = Handshake(endpoint.host, at.address, endpoint.port, at.proxy, at.proxy_address)
    first = replace(plain, client_certificate=target.client_certificate)
    shaken = yield first, endpoint.role, ""
    if shaken.ok:
        return True
    if shaken.chain:
        yield replace(plain, trust="bundled"), endpoint.role, "trust"
        return endpoint.insecure
    if shaken.alert in _OLD_TLS:
        yield replace(plain, old_protocols=True), endpoint.role, "protocol"
    return False


def asked(at: Visit, request: Request, control: str = "") -> Generator[Asked, Outcome, Outcome]:
    """One request to a host that was reached, over the way that reached it."""
    whole = replace(
        request, address=at.address, proxy=at.proxy, proxy_address=at.proxy_address, insecure=at.endpoint.insecure
    )
    return (yield whole, at.endpoint.role, control)
