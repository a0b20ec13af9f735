"""Addresses, CIDRs and ranges as networks: what covers what, and the fewest CIDRs for a set. Pure."""

from __future__ import annotations

import ipaddress
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_WRITTEN = re.compile(r"(?=.*[:.])[0-9A-Fa-f:.]+(?:/[0-9.]{1,15})?")


def networks(entry: str) -> list[Network]:
    """The networks that an entry stands for: an address, a CIDR or a range a-b; none where it is no such thing."""
    low, dash, high = (part.strip() for part in entry.partition("-"))
    try:
        if dash:
            return list(ipaddress.summarize_address_range(ipaddress.ip_address(low), ipaddress.ip_address(high)))
        return [ipaddress.ip_network(low, strict=False)] if _WRITTEN.fullmatch(low) else []
    except (ValueError, TypeError):
        return []


def within(part: Network, whole: Network) -> bool:
    """Whether a network lies in another one; those of two families never do."""
    if isinstance(part, ipaddress.IPv4Network):
        return isinstance(whole, ipaddress.IPv4Network) and part.subnet_of(whole)
    return isinstance(whole, ipaddress.IPv6Network) and part.subnet_of(whole)


def covers(whole: str, part: str) -> bool:
    """Whether an address or CIDR is, or holds, another one. Texts that are none cover only themselves."""
    outer, inner = networks(whole), networks(part)
    if not outer or not inner:
        return whole == part
    return all(any(within(one, net) for net in outer) for one in inner)


def collapsed(nets: Iterable[Network]) -> list[Network]:
    """The fewest networks that hold exactly these, IPv4 first."""
    listed = list(nets)
    four = ipaddress.collapse_addresses(net for net in listed if isinstance(net, ipaddress.IPv4Network))
    six = ipaddress.collapse_addresses(net for net in listed if isinstance(net, ipaddress.IPv6Network))
    return [*four, *six]


def aggregated(addresses: Iterable[str]) -> list[str]:
    """Addresses and CIDRs as the fewest CIDRs that hold exactly them; a single address stands without /32."""
    found = collapsed(net for address in addresses for net in networks(address))
    return [str(net.network_address) if net.prefixlen == net.max_prefixlen else str(net) for net in found]


def valid(text: str) -> str:
    """An address in its usual form; empty for what is none."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""
