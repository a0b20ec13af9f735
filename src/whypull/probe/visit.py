"""Reaching one host: its name, its addresses, the proxy if there is one, and the handshake. Pure, as the walk is."""

from __future__ import annotations

import re

from whypull.addresses import cannot_serve, kind
from whypull.probe.naming import addresses_of, of_each_nameserver
from whypull.probe.proxy_rules import port_of, proxy_for, shown
from whypull.records import dataclass, replace
from whypull.steps import Connect, Handshake, Outcome, Request, Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from whypull.probe.walk import Asked, Target, Walk

MOST_ADDRESSES = 8  # of one host; a pull would not try more either
MOST_SILENT = 2  # addresses of one family that may time out before the rest of it is left out
PORTS = {"https": 443, "http": 80}
URL = r"(?i)(https?)://(\[[^\]]+\]|[^/:?#@\s]+)(?::(\d{1,5}))?([/?][^\s#]*)?(?:#.*)?"  # scheme, host, port, path with its query


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host with a port and a path prefix, and what it is to the pull."""

    scheme: str
    host: str
    port: int
    path: str = "/v2"
    role: str = "registry"
    insecure: bool = False
    trust: str = "node"  # the trust store by its name
    ns: str = ""  # the registry's name, which containerd adds to every request at another host
    repository: str = ""  # the repository's path here; empty: the image's own
    credentials: bool = True  # whether the pull's credentials may be used here
    client_certificate: bool = False
    http_too: bool = False  # plain HTTP is tried where the host does not speak TLS

    @classmethod
    def of_url(cls, url: str, role: str, *, insecure: bool = False) -> Endpoint:
        """The endpoint of a URL. Raises ValueError for one without http(s), host or a port that is no number."""
        found = re.fullmatch(URL, url)
        if found is None or int(found[3] or 1) > 65535:
            raise ValueError(f"no http(s) URL: {url[:200]!r}")
        scheme, host, port, path = found[1].lower(), found[2].lower(), found[3], (found[4] or "").partition("?")[0]
        return cls(scheme, host, int(port) if port else PORTS[scheme], path.rstrip("/"), role, insecure)

    @property
    def authority(self) -> str:
        """host:port, the port left out where it is the usual one: what credentials are kept for."""
        return self.host if self.port in PORTS.values() else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """scheme://host:port, the port left out where it is the usual one."""
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"

    @property
    def base(self) -> str:
        """The origin with the path prefix."""
        return self.origin + self.path

    def url(self, rest: str) -> str:
        """The URL of a path below the base, with ?ns= where the host stands in for another registry."""
        return f"{self.base}{rest}{('&' if '?' in rest else '?') + 'ns=' + self.ns if self.ns else ''}"


@dataclass(frozen=True, slots=True)
class Visit:
    """Whether and how a host was reached."""

    endpoint: Endpoint
    reached: bool = False
    address: str = ""
    proxy: str = ""
    proxy_address: str = ""


def under(walk: Walk, control: str) -> Walk:
    """The same steps, as controls of this name: what comes of them stops no pull."""
    try:
        step, role, own = next(walk)
        while True:
            step, role, own = walk.send((yield step, role, own or control))
    except StopIteration as end:
        return end.value


def visit(endpoint: Endpoint, target: Target) -> Generator[Asked, Outcome, Visit]:
    """Reaches a host as the runtime would: through its proxy if one is set for it, else at each address in turn."""
    proxy = ""
    if target.proxy is not None:
        proxy = proxy_for(endpoint.scheme, endpoint.host.strip("[]"), endpoint.port, target.proxy)
    return (yield from _through(endpoint, target, proxy) if proxy else _direct(endpoint, target))


def asked(at: Visit, request: Request, control: str = "") -> Generator[Asked, Outcome, Outcome]:
    """One request to a host that was reached, over the way that reached it."""
    end = at.endpoint
    way = replace(request, address=at.address, proxy=at.proxy, proxy_address=at.proxy_address, insecure=end.insecure)
    return (yield replace(way, trust=end.trust), end.role, control)


# ---------------------------------------------------------------- without a proxy


def _direct(endpoint: Endpoint, target: Target) -> Generator[Asked, Outcome, Visit]:
    from whypull.probe.secure import handshake  # noqa: PLC0415 - it asks back for a visit of its own

    addresses = yield from addresses_of(endpoint.host, endpoint.role, target)
    open_ones = yield from _opened(endpoint, addresses)
    if not open_ones:
        if addresses and not cannot_serve(endpoint.host, addresses[0]):
            yield from elsewhere(endpoint, target, addresses)
        yield from _by_known_proxy(endpoint, target)
        return Visit(endpoint)
    way = Visit(endpoint, True, open_ones[0])
    if endpoint.scheme == "http" or (yield from handshake(way, target)):
        return way
    for other in open_ones[1:2]:
        yield Handshake(endpoint.host, other, endpoint.port, trust=endpoint.trust), endpoint.role, "address"
    yield from elsewhere(endpoint, target, addresses)
    return replace(way, reached=False)


def _opened(endpoint: Endpoint, addresses: Sequence[str]) -> Generator[Asked, Outcome, list[str]]:
    """Those of a host's addresses that take a connection; each is tried, both families are."""
    fine: list[str] = []
    silent = {True: 0, False: 0}
    for address in _both_families(addresses):
        six = ":" in address
        if silent[six] >= MOST_SILENT:
            continue
        opened = yield Connect(endpoint.host, address, endpoint.port), endpoint.role, ""
        if opened.ok:
            fine.append(address)
        elif opened.errno == "ETIMEDOUT":
            silent[six] += 1
    return fine


def _both_families(addresses: Sequence[str]) -> list[str]:
    """At most eight addresses in the system's order; where one family would fill the list, the other keeps two places."""
    first = list(addresses[:MOST_ADDRESSES])
    for six in (True, False):
        rest = [a for a in addresses[MOST_ADDRESSES:] if (":" in a) == six]
        if rest and not any((":" in a) == six for a in first):
            first[-2:] = rest[:2]
    return first


def elsewhere(endpoint: Endpoint, target: Target, tried: Sequence[str]) -> Walk:
    """The control of the address: where another nameserver has another one, does the registry answer there?"""
    if len(target.nameservers) < 2 or kind(endpoint.host.strip("[]")):
        return
    known = yield from of_each_nameserver(endpoint.host, endpoint.role, target)
    for address in [a for a in known if a not in tried][:2]:
        opened = yield Connect(endpoint.host, address, endpoint.port), endpoint.role, "address"
        if opened.ok and endpoint.scheme == "https":
            yield Handshake(endpoint.host, address, endpoint.port, trust=endpoint.trust), endpoint.role, "address"


def _by_known_proxy(endpoint: Endpoint, target: Target) -> Walk:
    """The control of a site that is left through a proxy only: the proxy is known, and the runtime is not told of it."""
    if not target.known_proxy:
        return
    host = port_of(target.known_proxy)[0]
    for address in (yield from under(addresses_of(host, "proxy", target), "proxy"))[:1]:
        tunnel = Tunnel(shown(target.known_proxy), endpoint.host, endpoint.port, _account(target.known_proxy), address)
        if (yield tunnel, "proxy", "proxy").ok and endpoint.scheme == "https":
            way = Handshake(endpoint.host, "", endpoint.port, tunnel.proxy, address, trust=endpoint.trust)
            yield way, endpoint.role, "proxy"


# ---------------------------------------------------------------- through a proxy


def _account(proxy: str) -> str:
    return "proxy" if "@" in proxy else ""


def _through(endpoint: Endpoint, target: Target, proxy: str) -> Generator[Asked, Outcome, Visit]:
    """Reaches a host through a proxy: its name, its port, its own verdict on the tunnel."""
    from whypull.probe.secure import handshake  # noqa: PLC0415 - it asks back for a visit of its own

    host, port = port_of(proxy)
    safe = shown(proxy)
    lost = Visit(endpoint, proxy=safe)
    opened, at = Outcome(ok=False), ""
    for at in (yield from addresses_of(host, "proxy", target))[:MOST_ADDRESSES]:
        opened = yield Connect(host, at, port), "proxy", ""
        if opened.ok:
            break
    if not opened.ok:
        yield from without_proxy(endpoint)
        return lost
    way = Visit(endpoint, True, "", safe, at)
    if endpoint.scheme == "http":
        return way
    tunnel = yield Tunnel(safe, endpoint.host, endpoint.port, _account(proxy), at), "proxy", ""
    if not tunnel.ok:
        if not tunnel.status:
            yield from _other_scheme(endpoint, host, port, safe, at)
        yield from without_proxy(endpoint)
        return lost
    return way if (yield from handshake(way, target)) else replace(way, reached=False)


def _other_scheme(endpoint: Endpoint, host: str, port: int, proxy: str, at: str) -> Walk:
    """The control of a proxy's scheme: does it speak TLS where its URL says http, or the other way round?"""
    if proxy.startswith("http://"):
        yield Handshake(host, at, port), "proxy", "scheme"
    elif proxy.startswith("https://"):
        yield Tunnel(proxy.replace("https://", "http://", 1), endpoint.host, endpoint.port, "", at), "proxy", "scheme"


def without_proxy(endpoint: Endpoint) -> Walk:
    """The control of a proxy that does not serve: does the registry answer without it?"""
    from whypull.steps import Resolve  # noqa: PLC0415

    bare = endpoint.host.strip("[]")
    own = Outcome(ok=True, addresses=(bare,)) if kind(bare) else (yield Resolve(bare), endpoint.role, "proxy")
    for address in own.addresses[:1]:
        opened = yield Connect(endpoint.host, address, endpoint.port), endpoint.role, "proxy"
        if opened.ok and endpoint.scheme == "https":
            yield Handshake(endpoint.host, address, endpoint.port, trust=endpoint.trust), endpoint.role, "proxy"
