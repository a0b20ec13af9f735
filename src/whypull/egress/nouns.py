"""The nouns of egress: a way out, the nodes that take it, the question that a cloud's CLI answers. Pure."""

from __future__ import annotations

from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Certainty


@dataclass(frozen=True, slots=True)
class Command:
    """One read-only question to a cloud's CLI."""

    argv: tuple[str, ...]
    why: str = ""  # what its answer tells, as the rest of "it tells …"
    context: tuple[tuple[str, str], ...] = ()  # what the answer itself does not say: ("_region", "europe-west1")


@dataclass(frozen=True, slots=True)
class Way:
    """One address that traffic leaves by.

    proved: somebody outside saw it. likely: the configuration that decides says so. possible: it is there, and
    something that could decide otherwise was not seen.
    """

    address: str  # an address, or a CIDR where any address of it may be taken
    certainty: Certainty
    because: tuple[str, ...]  # never empty
    by: str  # "NAT gateway", "load balancer", "node's own address", "firewall", …
    lasts: str = ""  # how long this address stays, one sentence
    node: str = ""  # where it is one node's own


@dataclass(frozen=True, slots=True)
class Out:
    """What the configuration says of the ways out of one subnet or pool."""

    ways: tuple[Way, ...] = ()
    unknown: str = ""  # as in Group
    ask: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes that leave the same way."""

    names: tuple[str, ...]  # "pool np1", "subnet subnet-0a1", "zone 1": what they have in common
    nodes: tuple[str, ...]
    ways: tuple[Way, ...] = ()
    unknown: str = ""  # why it is not known, or not wholly; one sentence
    ask: tuple[str, ...] = ()  # what would tell: commands, or a sentence on whom to ask
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AllowList:
    """Who is let in, as a registry's own configuration or the user's file has it."""

    name: str  # "network rules of shopacr", a file's name
    entries: tuple[str, ...]  # addresses and CIDRs as written


@dataclass(frozen=True, slots=True)
class Found:
    """What one cloud's answers say of its nodes."""

    groups: tuple[Group, ...] = ()
    wants: tuple[Command, ...] = ()  # what is needed next, or could not be had
    notes: tuple[str, ...] = ()
    account: str = ""  # whom the CLI speaks for: "subscription shop-prod, as dev@shop.example"
    lists: tuple[AllowList, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """An address that somebody outside saw a node come from."""

    address: str
    node: str  # empty where nobody says which
    because: str  # one sentence
    host: str = ""  # the registry that saw it


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry that the nodes are to reach."""

    host: str
    addresses: tuple[str, ...] = ()  # what its name leads to
    seen_from: str = ""  # "here", "node np1-3": who resolved it


@dataclass(frozen=True, slots=True)
class Picture:
    """How a cluster's nodes leave, all clouds and observations together."""

    groups: tuple[Group, ...]
    notes: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    wants: tuple[Command, ...] = ()  # what could not be asked
    lacking: tuple[str, ...] = ()  # sentences: a CLI that is missing, rights that are
    lists: tuple[AllowList, ...] = ()
    registries: tuple[Registry, ...] = ()
    nodes: int = 0
    inside: tuple[str, ...] = ()  # the nodes' own addresses within their network, as CIDRs: what a firewall on the way sees
