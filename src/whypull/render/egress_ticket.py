"""A picture of a cluster's ways out → one ticket for a network team or a registry's owner: sources, destinations, change, check."""

from __future__ import annotations

from whypull.egress.hosts_known import all_known
from whypull.egress.nets import aggregated
from whypull.render.open_hosts import ROLES
from whypull.render.safe import fenced, markdown
from whypull.render.words import since as since_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from whypull.egress.allowlist import Compared
    from whypull.egress.hosts_known import ToOpen
    from whypull.egress.nouns import Picture, Way

MOST = 60  # addresses or hosts of one list
MOST_SAID = 3


def ticket(picture: Picture, compared: Sequence[Compared], said: Iterable[str], since: str = "", prog: str = "whypull") -> str:
    """Two tickets in one Markdown text, newline at its end: for the network, and for who lets addresses in."""
    hosts = [one.host for one in picture.registries]
    named = ", ".join(hosts) or "the registries"
    wanted = [text for text in said if not hosts or any(host in text for host in hosts)]
    parts = [f"# For the network team: let the nodes reach {markdown(named)}", _facts(picture, since)]
    parts += ["## From: the nodes' addresses as the internet sees them", *_sources(picture)]
    parts += ["## To: hosts and ports", *_destinations(all_known(hosts), hosts)]
    parts += ["## Evidence", *_evidence(picture, wanted)]
    parts += [
        "## The change",
        f"Allow TCP from the sources to the destinations above, by name. As rules: `{prog} hosts --known {' '.join(hosts) or 'REGISTRY'} -o azure-firewall` (or {', '.join(_OTHER)}).",
    ]
    parts += ["## How to check", *_check(hosts, prog)]
    parts += [f"# For whoever administers {markdown(named)}: let these addresses in", _facts(picture, since)]
    parts += ["## Addresses to allow", *_sources(picture), *(line for one in compared for line in _list(one))]
    parts += [
        "## Evidence",
        *_evidence(picture, wanted),
        "## The change",
        *_allow(picture, hosts),
        "## How to check",
        *_check(hosts, prog),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


_OTHER = ("aws-network-firewall", "gcp-firewall", "squid", "cilium", "csv")


def _facts(picture: Picture, since: str) -> str:
    rows = [f"- Nodes: {picture.nodes:,}", *(f"- {markdown(one)}" for one in picture.accounts)]
    failing = since_words(since)
    return "\n".join([*rows, *([f"- Pulls are {markdown(failing)}"] if failing else [])])


def _sure(picture: Picture) -> list[Way]:
    return [way for group in picture.groups for way in group.ways if way.certainty != "possible"]


def _sources(picture: Picture) -> Iterator[str]:
    """The addresses, and what is not known of them."""
    sure = _sure(picture)
    if sure:
        yield fenced("\n".join(_cut(aggregated(way.address for way in sure))))
    else:
        yield "No address is known for certain yet."
    maybe = aggregated(w.address for g in picture.groups for w in g.ways if w.certainty == "possible")
    if maybe:
        yield f"Possible, to be confirmed first: {markdown(', '.join(_cut(maybe)))}."
    lasting = dict.fromkeys(f"{way.by}: {way.lasts}" for way in sure if way.lasts)
    if lasting:
        yield "\n".join(f"- {markdown(one)}" for one in list(lasting)[:8])
    for words in list(dict.fromkeys(group.unknown for group in picture.groups if group.unknown))[:6]:
        yield f"Not known: {markdown(words)}"


def _cut(lines: Sequence[str]) -> list[str]:
    return [*lines[:MOST], *([f"… and {len(lines) - MOST} more"] if len(lines) > MOST else [])]


def destinations(hosts: Sequence[ToOpen]) -> str:
    """Hosts and ports as a Markdown table."""
    rows = ["| Host | Port | What it is | Known by |", "| --- | --- | --- | --- |"]
    for one in hosts[:MOST]:
        by = f"measured {one.measured}" if one.measured else f"{one.source}, read {one.checked}" if one.source else "its name"
        when = f" ({one.when})" if one.when else ""
        rows.append(
            f"| {markdown(one.host)} | tcp {one.port} | {ROLES.get(one.role, one.role)}{markdown(when)} | {markdown(by)} |"
        )
    return "\n".join(rows)


def _destinations(known: Sequence[ToOpen], hosts: Sequence[str]) -> Iterator[str]:
    yield destinations(known) if hosts else "Name the registries for their hosts: `whypull egress REGISTRY -o markdown`."


def _evidence(picture: Picture, said: Sequence[str]) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for way in _sure(picture):
        for because in way.because:
            reasons.setdefault(f"{because} ({way.certainty})", []).append(way.address)
    lines = [
        f"- {markdown(', '.join(a[:4]) + (f' and {len(a) - 4} more' if len(a) > 4 else ''))}: {markdown(b)}"
        for b, a in list(reasons.items())[:12]
    ]
    if lines:
        yield "\n".join(lines)
    for text in list(dict.fromkeys(said))[:MOST_SAID]:
        yield fenced(text[:2000])
    if not lines and not said:
        yield "None but the request itself."


def _list(one: Compared) -> Iterator[str]:
    """What is missing on a list, and what is stale."""
    missing = aggregated(way.address for way in one.missing)
    if missing:
        yield f"Missing on {markdown(one.name)}:"
        yield fenced("\n".join(_cut(missing)))
    if one.stale:
        words = "used by no node any more" if one.sure else "used by no way out that is known, to be confirmed"
        yield f"On {markdown(one.name)} and {words}: {markdown(', '.join(_cut(one.stale)))}."


def _allow(picture: Picture, hosts: Sequence[str]) -> Iterator[str]:
    """The command for registries that have a list of their own; a sentence for the others."""
    addresses = [a for a in aggregated(way.address for way in _sure(picture)) if ":" not in a]
    azure = [host for host in hosts if host.endswith(".azurecr.io")]
    lines = [
        f"az acr network-rule add --name {host.partition('.')[0]} --ip-address {a}" for host in azure for a in addresses[:MOST]
    ]
    if lines:
        yield fenced("\n".join(lines), "sh")
    if len(azure) < len(hosts) or not hosts:
        yield "Add the addresses above to the list of who is let in: of the registry itself, and of any gateway or firewall before it."


def _check(hosts: Sequence[str], prog: str) -> Iterator[str]:
    yield "From a node (401 or 200 means that the address is let in, 403 that it is not, silence that a firewall drops it):"
    yield fenced(
        "\n".join(
            f"curl -sS -o /dev/null -w '%{{http_code}}\\n' https://{host}/v2/" for host in (hosts or ["REGISTRY"])[:8] if host
        ),
        "sh",
    )
    yield f"Then `{prog} verify pod/NAME -n NAMESPACE` pulls once more where it failed."
