"""Cloud NAT: which gateway serves a subnetwork, and its addresses, also those that Google allocates by itself. Pure.

Auto-allocated addresses are in no list of addresses, only in the router's status:
https://cloud.google.com/nat/docs/ports-and-addresses#addresses
"""

from __future__ import annotations

from whypull.egress.google_names import command, last, project_of, region_of, valid
from whypull.egress.nouns import Out, Way
from whypull.egress.told import get, items, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from whypull.egress.nouns import Command
    from whypull.egress.told import Told

AUTO = (
    "Allocated by Google: it stays while it is in use, others come when more ports are needed; reserve addresses "
    "to have them fixed."
)
RESERVED = "A reserved address: static."
_ALL = ("ALL_SUBNETWORKS_ALL_IP_RANGES", "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES")


def by_nat(told: Told, wants: list[Command], network: str, subnet: str, region: str, project: str) -> Out:
    """The addresses of the Cloud NAT gateway that serves this subnetwork's primary range, which is the nodes'."""
    listing = command("compute", "routers", "list", f"--project={project}", why="the Cloud NAT gateways")
    wants.append(listing)
    seen = told.answered(listing) or told.of("google router")
    serving = [
        (r, n) for r in told.of("google router") if _of(r, network, region) for n in items(r, "nats") if _serves(n, subnet)
    ]
    if not seen:
        return Out(unknown="Which Cloud NAT gateway serves the nodes was not seen.")
    if not serving:
        words = (
            f"The nodes have no external address, and no Cloud NAT gateway of {region} serves subnetwork "
            f"{last(subnet)}: no way to the internet."
        )
        return Out(notes=(f"{words} Google's own registries may still be reached by Private Google Access.",))
    ways: list[Way] = []
    ask: list[str] = []
    notes: list[str] = []
    unknown = ""
    for router, nat in serving:
        out = _of_gateway(told, wants, router, nat, region, project)
        ways += out.ways
        unknown = unknown or out.unknown
        ask += out.ask
        notes += out.notes
    return Out(tuple(ways), unknown, tuple(ask), tuple(notes))


def _of(router: Any, network: str, region: str) -> bool:
    same = last(text(router, "network")) == last(network) and project_of(text(router, "network")) in {project_of(network), ""}
    return same and region_of(text(router, "region")) == region


def _serves(nat: Any, subnet: str) -> bool:
    """Whether a gateway translates the primary range of a subnetwork. Gateways between networks (PRIVATE) lead nowhere."""
    if text(nat, "type") == "PRIVATE":
        return False
    if text(nat, "sourceSubnetworkIpRangesToNat") in _ALL:
        return True
    for one in items(nat, "subnetworks"):
        ranges = [str(r) for r in items(one, "sourceIpRangesToNat")]
        if last(text(one, "name")) == last(subnet) and (not ranges or {"ALL_IP_RANGES", "PRIMARY_IP_RANGE"} & set(ranges)):
            return True
    return False


def _of_gateway(told: Told, wants: list[Command], router: Any, nat: Any, region: str, project: str) -> Out:
    name = text(nat, "name")
    because = f"Cloud NAT {name} of router {text(router, 'name')} in {region}"
    context = (("_router", text(router, "name")), ("_region", region))
    asked = command(
        "compute", "routers", "get-status", text(router, "name"), f"--region={region}", f"--project={project}",
        why="the addresses that Cloud NAT uses, also those that are in no list", context=context,
    )  # fmt: skip
    wants += [asked] if valid(text(router, "name")) else []
    status, ambiguous = _status(told, router, name, region)
    notes = _by_rules(nat, name)
    auto = text(nat, "natIpAllocateOption") != "MANUAL_ONLY"
    if auto:
        if status is None:
            return Out(unknown=f"{because} allocates its addresses by itself; they were not seen.", notes=notes)
        certainty: Any = "possible" if ambiguous else "likely"
        ways = [
            Way(str(ip), certainty, (f"{because}, allocated automatically",), "Cloud NAT", AUTO)
            for ip in items(status, "autoAllocatedNatIps")
        ]
        ways += [
            Way(
                str(ip),
                certainty,
                (f"{because}, being drained",),
                "Cloud NAT",
                "It is being drained: only old connections use it.",
            )
            for ip in items(status, "drainAutoAllocatedNatIps")
        ]
        unsure = (
            f"Several routers have a NAT gateway named {name}, and whose status this is, the answer does not say."
            if ambiguous
            else ""
        )
        return Out(tuple(ways), unsure if ways else f"{because} uses no address at the moment.", notes=notes)
    return _manual(told, wants, nat, status, because, project, notes)


def _manual(told: Told, wants: list[Command], nat: Any, status: Any, because: str, project: str, notes: tuple[str, ...]) -> Out:
    """Reserved addresses: by their links in the list of addresses, else as the status has them."""
    links = [str(one) for field in ("natIps",) for one in items(nat, field)]
    links += [str(one) for rule in items(nat, "rules") for one in items(rule, "action", "sourceNatActiveIps")]
    wants.append(command("compute", "addresses", "list", f"--project={project}", why="the reserved addresses of Cloud NAT"))
    known = {text(a, "selfLink").partition("/projects/")[2]: a for a in told.of("google address")}
    ways, missing = [], []
    for link in dict.fromkeys(links):
        found = known.get(link.partition("/projects/")[2])
        if found is None:
            missing.append(last(link))
        else:
            ways.append(
                Way(text(found, "address"), "likely", (f"{because}, reserved as {text(found, 'name')}",), "Cloud NAT", RESERVED)
            )
    if missing and status is not None:
        told_of = {w.address for w in ways}
        ips = [str(ip) for ip in items(status, "userAllocatedNatIps")]
        ways += [Way(ip, "likely", (f"{because}, reserved",), "Cloud NAT", RESERVED) for ip in ips if ip not in told_of]
        missing = missing if len(ways) < len(dict.fromkeys(links)) else []
    return Out(
        tuple(ways), f"Of {because}, the reserved addresses {', '.join(missing)} were not seen." if missing else "", notes=notes
    )


def _status(told: Told, router: Any, nat: str, region: str) -> tuple[Any, bool]:
    """A gateway's status, and whether it might be another one's of the same name: an answer does not name its router."""
    twins = sum(1 for r in told.of("google router") for n in items(r, "nats") if text(n, "name") == nat)
    for answer in told.of("google routerStatusResponse"):
        known = text(answer, "_router")
        if known and (known != text(router, "name") or text(answer, "_region") != region):
            continue
        network = text(answer, "result", "network")
        if network and last(network) != last(text(router, "network")):
            continue
        for one in items(answer, "result", "natStatus"):
            if text(one, "name") == nat:
                return one, not known and twins > 1
    return None, False


def _by_rules(nat: Any, name: str) -> tuple[str, ...]:
    rules = [text(rule, "match") for rule in items(nat, "rules")]
    notes = [f"Cloud NAT {name} uses other addresses for some destinations: {'; '.join(rules[:4])}."] if rules else []
    if get(nat, "drainNatIps"):
        notes.append(f"Cloud NAT {name} is draining {len(items(nat, 'drainNatIps'))} addresses: new connections do not use them.")
    return tuple(notes)
