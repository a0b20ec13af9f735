"""What is wrong in proxy variables, as Go's programs read them. Pure.

https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
"""

from __future__ import annotations

import ipaddress
import re

from whypull.runtimeconfig.flaws import Flaw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_KNOWN = {"http", "https", "socks5", "socks5h"}


def of_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The proxy variables that a Go program uses of an environment: upper case before lower case, ALL_PROXY not at all."""
    found = {name: environment.get(name) or environment.get(name.lower()) or "" for name in NAMES}
    return {name: value for name, value in found.items() if value}


def without_userinfo(value: str) -> str:
    """A proxy's URL without user and password, whatever is wrong with it."""
    return re.sub(r"""(?s)^(["']?(?:[A-Za-z][A-Za-z0-9+.-]*://)?).*@""", r"\1", value)


def flaws_of(environment: Mapping[str, str], file: str) -> tuple[Flaw, ...]:
    """What is wrong in the proxy variables of an environment, with `file` as where they stand."""
    found = of_environment(environment)
    flaws = [f for name in NAMES[:2] for f in _of_proxy(name, found.get(name, ""), file)]
    flaws += _of_bypass(found.get("NO_PROXY", ""), file)
    if not found.get("HTTPS_PROXY") and found.get("HTTP_PROXY"):
        words = "HTTP_PROXY alone does nothing for https registries: those look at HTTPS_PROXY"
        flaws.append(Flaw("proxy-http-only", file, words))
    if (environment.get("ALL_PROXY") or environment.get("all_proxy")) and not found:
        flaws.append(Flaw("proxy-all", file, "ALL_PROXY is curl's: no container runtime reads it"))
    return tuple(flaws)


def _of_proxy(name: str, value: str, file: str) -> Iterator[Flaw]:
    if not value:
        return
    if value[0] in "\"'" or value[-1] in "\"'":
        yield Flaw(
            "proxy-quoted", file, f"the value of {name} has quotes in it, which become part of the proxy's name", stops=True
        )
        return
    if re.search(r"\s", value.strip()):
        yield Flaw("proxy-blank", file, f"the value of {name} has a blank in it: it is no URL", stops=True)
        return
    scheme = _SCHEME.match(value)
    if scheme and scheme[1].lower() not in _KNOWN:
        yield Flaw("proxy-scheme", file, f"{name} begins with {scheme[1]}://, which Go does not know", stops=True)
    rest = value[scheme.end() :] if scheme else value
    userinfo, at, host = rest.rpartition("@")
    if at and re.search(r"[#/?@\\\[\]^%{}|<>\"` ]", re.sub(r"%[0-9A-Fa-f]{2}", "", userinfo)):
        words = (
            f"user or password in {name} holds a character that must be percent-encoded (# as %23, @ as %40, / as %2F, % as %25)"
        )
        yield Flaw("proxy-unescaped", file, words, stops=True)
    port = host.partition("/")[0].rpartition("]")[2].partition(":")[2]
    if port and not port.isdigit():
        yield Flaw("proxy-port", file, f"the port of {name} is no number", stops=True)


def _of_bypass(value: str, file: str) -> Iterator[Flaw]:
    for raw in value.split(","):
        why = _matches_nothing(raw.strip())
        if why:
            yield Flaw("no-proxy-entry", file, f"NO_PROXY's entry {raw.strip()[:80]!r} matches nothing: {why}")


_NEVER = (
    (r".*://.*", "an entry is a host, not a URL"),
    (r".*[\s;|].*", "entries are parted by commas"),
    (r"(?!\*\.[^*]*$).*\*.*", "a * is understood at the beginning only, as *.example"),
    (r"\.?\d{1,3}(?:\.\d{1,3}){0,2}\.?", "a part of an address is no network: write 10.0.0.0/8"),
)


def _matches_nothing(entry: str) -> str:
    """Why an entry of NO_PROXY never matches a host; empty where it can."""
    if not entry or entry == "*":
        return ""
    if "/" in entry and "://" not in entry:
        try:
            ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return "a slash is for networks only"
        return ""
    return next((why for pattern, why in _NEVER if re.fullmatch(pattern, entry)), "")
