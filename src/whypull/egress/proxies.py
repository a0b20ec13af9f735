"""Pulls that go through a proxy: the registry sees the proxy; the nodes' own ways out matter where it is bypassed. Pure."""

from __future__ import annotations

from whypull.probe.proxy_rules import ProxySettings, as_go_reads, bypass, shown
from whypull.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from whypull.egress.nouns import Group, Registry


def through_proxy(group: Group, proxy: str, no_proxy: Iterable[object], registries: Sequence[Registry], source: str) -> Group:
    """The group with what a proxy makes of it; unchanged where there is none, or all registries are exempt from it."""
    url = as_go_reads(proxy) if proxy else ""
    if not url:
        return group
    exempt = where_bypassed([one.host for one in registries], ProxySettings(url, url, ",".join(str(one) for one in no_proxy)))
    if registries and len(exempt) == len(registries):
        return replace(group, notes=(*group.notes, f"The proxy {shown(url)} ({source}) is not used for {', '.join(exempt)}."))
    others = [one.host for one in registries if one.host not in exempt]
    whom = f"{', '.join(others)} see{'s' if len(others) == 1 else ''}" if others else "registries see"
    why = f"Pulls go through the proxy {shown(url)} ({source}): {whom} the proxy's address, not the nodes'."
    ways = tuple(replace(way, certainty="possible") if way.certainty == "likely" else way for way in group.ways)
    note = "The other addresses are taken only for hosts that no_proxy exempts." if ways else ""
    ask = f"Ask whoever runs the proxy {shown(url)} which public addresses it leaves by."
    return replace(group, ways=ways, unknown=why, ask=(*group.ask, ask), notes=(*group.notes, *([note] if note else [])))


def where_bypassed(hosts: Iterable[str], settings: ProxySettings) -> list[str]:
    """The hosts for which the proxy is not used, by Go's rules."""
    found = []
    for host in hosts:
        name, _, port = host.rpartition(":") if host.count(":") == 1 else (host, "", "443")
        if bypass(name, int(port) if port.isdigit() else 443, settings.no_proxy):
            found.append(host)
    return found
