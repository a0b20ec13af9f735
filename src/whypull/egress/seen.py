"""Addresses that somebody outside saw: a registry that names one in its refusal, a limit counted for one. Pure."""

from __future__ import annotations

import re

from whypull.egress.nets import valid
from whypull.egress.nouns import Seen
from whypull.model import Said
from whypull.steps import Request, Tried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from whypull.model import Case

_ADDRESS = r"['\"(\[]?(?P<ip>(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})\b"
# ACR: client with IP '…' is not allowed access; gateways: Your IP: …, source IP … is not in the list, denied for IP …
_NAMED = (
    re.compile(
        r"(?i)\b(?:client|source|remote|requesting|request|your)(?: with)? ip(?:v[46])?(?: address)?(?: is)?\s?[:=]?\s?"
        + _ADDRESS
    ),
    re.compile(
        rf"(?i)\b(?:denied|blocked|forbidden|refused|not allowed|rejected) (?:for|from) (?:the )?ip(?: address)?:?\s?{_ADDRESS}"
    ),
    re.compile(
        rf"(?i)\bip(?: address)?:?\s?{_ADDRESS}['\")\]]? (?:is |has been |was )?"
        r"(?:not (?:allowed|permitted|authorized|whitelisted|in the)|blocked|banned|denied|rejected)"
    ),
)
_IMAGE = re.compile(r"[Ff]ailed to pull (?:and unpack )?image \"?([^\s\":/]+(?:\.[^\s\":/]+|:\d+)[^\s\"/]*)/")
LIMITED = "docker-ratelimit-source"  # https://docs.docker.com/docker-hub/usage/pulls/


def in_text(text: str) -> str:
    """The address that a refusal names; empty where it names none."""
    for pattern in _NAMED:
        found = pattern.search(text)
        if found and (address := valid(found["ip"])):
            return address
    return ""


def in_event(text: str, node: str) -> Seen | None:
    """What an event's message says that the registry saw; None where it says nothing of it."""
    address = in_text(text)
    host = registry_in(text)
    if not address:
        return None
    return Seen(address, node, f"{host or 'the registry'} named it in its refusal{f' to {node}' if node else ''}", host)


def in_case(case: Case) -> Iterator[Seen]:
    """What the facts of one pull say that somebody outside saw."""
    node = case.pull.node or (case.vantage.removeprefix("node ") if case.vantage.startswith("node ") else "")
    for fact in case.facts:
        if isinstance(fact, Said):
            found = in_event(fact.text, node)
            if found:
                yield found
        elif isinstance(fact, Tried) and isinstance(fact.step, Request) and not fact.step.proxy:
            yield from _walked(fact, fact.vantage.removeprefix("node ") if fact.vantage.startswith("node ") else "")


def _walked(fact: Tried, node: str) -> Iterator[Seen]:
    """A walk from a node; one from here says nothing of nodes."""
    if not node or not isinstance(fact.step, Request):
        return
    host = fact.step.url.partition("://")[2].partition("/")[0]
    limited = valid(dict(fact.outcome.headers).get(LIMITED, ""))
    if limited:
        yield Seen(limited, node, f"{host} counts the pulls of {node} for it", host)
    named = in_text(fact.outcome.body) if fact.outcome.status in {401, 403, 451} else ""
    if named:
        yield Seen(named, node, f"{host} named it in its refusal to {node}", host)


def registry_in(text: str) -> str:
    """The registry host of the image that a failed pull's message names."""
    found = _IMAGE.search(text)
    return found[1].lower() if found else ""


def each_once(seen: Iterable[Seen]) -> tuple[Seen, ...]:
    """Observations, each address of a node once."""
    return tuple({(one.address, one.node): one for one in seen}.values())
