"""A picture of a cluster's ways out → tickets for a network team and a registry's owner: from, to, change, check."""

from __future__ import annotations

from whypull.egress.hosts_known import all_known
from whypull.egress.nets import aggregated
from whypull.render.layout import listed
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
    forms = f"`{prog} hosts --known {' '.join(hosts) or 'REGISTRY'} -o azure-firewall` (or {', '.join(_OTHER)})"
    parts = [
        f"# For the network team: let the nodes reach {markdown(named)}", _facts(picture, since),
        "## From", *_inside(picture), *_sources(picture),
        "## To", *_destinations(all_known(hosts), hosts),
        "## Evidence", *_evidence(picture, wanted),
        "## The change", f"Allow TCP from the sources to the destinations above, by name. As rules: {forms}.",
        "## How to check", *_check(hosts, prog),
        f"# For whoever administers {markdown(named)}: let these addresses in", _facts(picture, since),
        "## Addresses to allow", *_sources(picture), *(line for one in compared for line in _list(one)),
        "## Evidence", *_evidence(picture, wanted), "## The change", *_allow(picture, compared, hosts),
        "## How to check", *_check(hosts, prog),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


_OTHER = ("aws-network-firewall", "gcp-firewall", "squid", "cilium", "csv")


def _inside(picture: Picture) -> Iterator[str]:
    """What a firewall between the nodes and the internet sees."""
    if picture.inside:
        yield "Within the network, the nodes themselves (their subnets, if rules are to outlast a node):"
        yield fenced("\n".join(_cut(list(picture.inside))))
        yield "On the internet, the addresses that they leave by:"


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
        read = f", read {one.checked}" if one.checked else ""
        by = f"measured {one.measured}" if one.measured else f"<{one.source}>{read}" if one.source else "its name"
        when = f" ({markdown(one.when)})" if one.when else ""
        rows.append(f"| {markdown(one.host)} | tcp {one.port} | {ROLES.get(one.role, markdown(one.role))}{when} | {by} |")
    return "\n".join(rows)


def _destinations(known: Sequence[ToOpen], hosts: Sequence[str]) -> Iterator[str]:
    yield destinations(known) if hosts else "Name the registries for their hosts: `whypull egress REGISTRY -o markdown`."


def _evidence(picture: Picture, said: Sequence[str]) -> Iterator[str]:
    reasons: dict[tuple[str, str], list[str]] = {}
    for way in _sure(picture):
        reasons.setdefault((way.certainty, "; ".join(way.because[:4])), []).append(way.address)
    lines = [f"- {markdown(listed(addresses))} ({certainty}): {markdown(why)}" for (certainty, why), addresses in reasons.items()]
    if lines:
        yield "\n".join([*lines[:12], *([f"- … and {len(lines) - 12} more"] if len(lines) > 12 else [])])
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


def _allow(picture: Picture, compared: Sequence[Compared], hosts: Sequence[str]) -> Iterator[str]:
    """The commands for registries that have a list of their own, for what that lacks; a sentence for the others."""
    azure = [host for host in hosts if host.endswith(".azurecr.io")]
    lines = []
    for host in azure:
        name = host.partition(".")[0]
        known = next((one for one in compared if one.name.endswith(f" {name}")), None)
        wanted = aggregated(way.address for way in (known.missing if known else _sure(picture)))
        lines += [f"az acr network-rule add --name {name} --ip-address {a}" for a in wanted[:MOST] if ":" not in a]
    if lines:
        yield fenced("\n".join(lines), "sh")
    if len(azure) < len(hosts) or not hosts:
        yield (
            "Add the addresses above to the list of who is let in: of the registry itself, and of any gateway or "
            "firewall before it."
        )
    elif not lines:
        yield "Nothing is missing on its list."


def _check(hosts: Sequence[str], prog: str) -> Iterator[str]:
    yield "From a node (401 or 200 means that the address is let in, 403 that it is not, silence that a firewall drops it):"
    yield fenced(
        "\n".join(
            f"curl -sS -o /dev/null -w '%{{http_code}}\\n' https://{host}/v2/" for host in (hosts or ["REGISTRY"])[:8] if host
        ),
        "sh",
    )
    yield f"Then `{prog} verify pod/NAME -n NAMESPACE` pulls once more where it failed."
