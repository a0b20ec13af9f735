"""A host's addresses, as the system gives them, and what each nameserver says by itself where that decides something. Pure."""

from __future__ import annotations

from whypull.addresses import doubtful, literal
from whypull.steps import Resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from whypull.probe.walk import Asked, Target
    from whypull.steps import Outcome

MOST_SERVERS = 3  # as a resolver reads of /etc/resolv.conf
MOST_DOMAINS = 6


def addresses_of(host: str, role: str, target: Target) -> Generator[Asked, Outcome, tuple[str, ...]]:
    """The system's addresses of a host. Where it has none, or odd ones, each nameserver is asked besides."""
    bare = host.strip("[]")
    if literal(bare):
        return (bare,)
    own = yield Resolve(bare), role, ""
    if own.ok and own.addresses:
        if any(doubtful(bare, address) for address in own.addresses):
            yield from of_each_nameserver(bare, role, target)
        return own.addresses
    known = yield from of_each_nameserver(bare, role, target)
    if not known and "." not in bare.rstrip("."):
        yield from _of_search_domains(bare, role, target)
    return ()


def of_each_nameserver(host: str, role: str, target: Target) -> Generator[Asked, Outcome, tuple[str, ...]]:
    """What every nameserver of the resolver's configuration has for a host, IPv4 and IPv6, asked one by one."""
    found: dict[str, None] = {}
    for server in target.nameservers[:MOST_SERVERS]:
        for family in ("A", "AAAA"):
            answer = yield Resolve(host.strip("[]"), family, server), role, "resolver"
            found.update(dict.fromkeys(answer.addresses))
            if answer.errno == "ETIMEDOUT":
                break  # a silent server is as silent for the other family
    return tuple(found)


def _of_search_domains(host: str, role: str, target: Target) -> Generator[Asked, Outcome, None]:
    """A name without a dot is looked for in each search domain: which of them was tried is worth knowing."""
    for server in target.nameservers[:1]:
        for domain in target.search[:MOST_DOMAINS]:
            yield Resolve(f"{host}.{domain}", "A", server), role, "search"
