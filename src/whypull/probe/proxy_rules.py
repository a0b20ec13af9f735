"""Which proxy a Go program takes for a URL, as golang.org/x/net/http/httpproxy reads the environment. Pure.

https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
"""

from __future__ import annotations

import re

from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ipaddress
    from collections.abc import Mapping

_PORTS = {"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """The three variables of a runtime's environment, as written."""

    https_proxy: str = ""
    http_proxy: str = ""
    no_proxy: str = ""

    def __repr__(self) -> str:
        """Without userinfo: a proxy URL may hold a password."""
        return f"ProxySettings({shown(self.https_proxy)!r}, {shown(self.http_proxy)!r}, no_proxy={self.no_proxy!r})"


def of_environment(environment: Mapping[str, str]) -> ProxySettings:
    """The settings of an environment: upper case wins over lower case, ALL_PROXY is not read (as in Go)."""

    def get(name: str) -> str:
        return environment.get(name) or environment.get(name.lower()) or ""

    return ProxySettings(get("HTTPS_PROXY"), get("HTTP_PROXY"), get("NO_PROXY"))


def proxy_for(scheme: str, host: str, port: int, settings: ProxySettings) -> str:
    """The proxy's URL as Go understands what is written, userinfo included; empty for a direct connection.

    A value that Go cannot parse is no proxy to it, without a word: see `unreadable`.
    """
    value = settings.https_proxy if scheme == "https" else settings.http_proxy
    if not value or bypass(host, port, settings.no_proxy):
        return ""
    return as_go_reads(value)


def unreadable(settings: ProxySettings, scheme: str = "https") -> bool:
    """Whether a proxy is written down and Go goes without one, because it cannot parse the value."""
    value = settings.https_proxy if scheme == "https" else settings.http_proxy
    return bool(value) and not as_go_reads(value)


def as_go_reads(value: str) -> str:
    """A proxy variable as scheme://[userinfo@]host[:port] by Go's rules (httpproxy.parseProxy); empty where it gives up.

    Where the value is no URL with a scheme that Go knows, it puts http:// before it and takes what comes of that:
    so a password with a # in it makes "http" the proxy's host.
    """
    for text in (value, f"http://{value}"):
        found = _go_url(text)
        if found is not None and found[0] in _PORTS:
            scheme, userinfo, authority = found
            return f"{scheme}://{userinfo}{'@' if userinfo else ''}{authority}"
    return ""


_USERINFO = r"(?:[A-Za-z0-9\-._:~!$&'()*+,;=@]|%[0-9A-Fa-f]{2})*"
_HOST = r"\[[0-9A-Fa-f:.%A-Za-z]+\](?::[0-9]*)?|(?:[\w\-.~!$&'()*+,;=:<>\"]|%[89A-Fa-f][0-9A-Fa-f])*"
_PORT_AT_END = r"[^:]*|.*:[0-9]*"


def _go_url(text: str) -> tuple[str, str, str] | None:
    """Scheme, userinfo and authority as net/url.Parse has them; None where it fails or finds no scheme."""
    if re.search(r"[\x00-\x1f\x7f]", text):
        return None
    text = text.partition("#")[0]
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    if found is None:
        return None
    rest = text[found.end() :].partition("?")[0]
    if not rest.startswith("//"):
        return (found[1].lower(), "", "") if rest.startswith("/") else None
    authority, slash, path = rest[2:].partition("/")
    if slash and re.search(r"%(?![0-9A-Fa-f]{2})", path):
        return None
    userinfo, _, host = authority.rpartition("@")
    bracketed = host.startswith("[")
    if (
        not re.fullmatch(_USERINFO, userinfo)
        or not re.fullmatch(_HOST, host)
        or not (bracketed or re.fullmatch(_PORT_AT_END, host))
    ):
        return None
    return found[1].lower(), userinfo, host


def bypass(host: str, port: int, no_proxy: str) -> str:
    """The entry of NO_PROXY (or "loopback") that keeps this host from the proxy; empty where none does."""
    host = host.lower().strip("[]").rstrip(".")
    address = _address(host)
    if host == "localhost" or (address and address.is_loopback):
        return "loopback"
    for raw in no_proxy.split(","):
        entry = raw.strip().lower()
        if entry and _matches(entry, host, str(port), address):
            return raw.strip()
    return ""


def _matches(entry: str, host: str, port: str, address: _Address | None) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(entry, address)
    name, entry_port = _split_port(entry)
    if entry_port and entry_port != port:
        return False
    literal = _address(name.strip("[]"))
    if literal is not None:
        return address == literal
    if name.startswith("*."):
        name = name[1:]
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith("." + name)


def _split_port(entry: str) -> tuple[str, str]:
    if entry.startswith("["):
        name, _, port = entry.partition("]")
        return name + "]", port.lstrip(":")
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, ""


def _in_network(entry: str, address: _Address | None) -> bool:
    if address is None:
        return False
    import ipaddress  # noqa: PLC0415 - only where a network is written down and an address asked for

    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _address(text: str) -> _Address | None:
    if ":" not in text and not text[:1].isdigit():
        return None
    import ipaddress  # noqa: PLC0415 - a millisecond that a name does not pay

    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def shown(url: str) -> str:
    """A proxy URL without its userinfo."""
    scheme, sep, rest = url.partition("://")
    if not sep:
        scheme, rest = "", url
    return f"{scheme}{sep}{rest.rpartition('@')[2]}"


def port_of(url: str) -> tuple[str, int]:
    """Host and port of a proxy URL, with Go's default ports. Raises ValueError for a port that is no number."""
    scheme, _, rest = url.partition("://")
    authority = rest.partition("/")[0].rpartition("@")[2]
    host, port = _split_port(authority)
    return host, int(port or _PORTS.get(scheme, "80"))


if TYPE_CHECKING:
    _Address = ipaddress.IPv4Address | ipaddress.IPv6Address
