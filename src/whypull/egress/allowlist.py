"""An allow-list against the addresses that nodes leave by: what is missing on it, and what nobody uses any more. Pure."""

from __future__ import annotations

import csv
import io
import json
import re

from whypull.addresses import kind
from whypull.egress.nets import collapsed, networks, within
from whypull.egress.nouns import AllowList
from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from whypull.egress.nouns import Picture, Way

LARGEST = 4 * 1024 * 1024  # characters of a list
_WORD = re.compile(r"[0-9A-Fa-f:.]+(?:/[0-9.]{1,15})?(?:\s*-\s*[0-9A-Fa-f:.]+)?")


class BadList(ValueError):
    """The text has no address in it, or something that should be one and is none; the message says which."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One allow-list held against the ways out."""

    name: str
    missing: tuple[Way, ...]  # leave by it, and are not let in
    doubtful: tuple[Way, ...]  # perhaps leave by it, and would not be let in
    stale: tuple[str, ...]  # entries that no known way out uses
    sure: bool  # whether all ways out are known, so that stale means unused
    odd: tuple[str, ...] = ()  # sentences on entries that can never match
    covered: int = 0


def parse(name: str, text: str) -> AllowList:
    """A list of addresses, CIDRs and ranges: one a line, with commas, as CSV or as JSON; # starts a comment. Raises BadList."""
    if len(text) > LARGEST:
        raise BadList(f"{name} is too large for an allow-list")
    stripped = text.lstrip()
    if stripped[:1] in {"[", "{", '"'}:
        try:
            entries = [word for word in _strings(json.loads(text)) if networks(word)]
        except (ValueError, RecursionError):
            if stripped[:1] != '"':
                raise BadList(f"{name} starts like JSON and is none") from None
            entries = list(_lines(name, text))
    else:
        entries = list(_lines(name, text))
    if not entries:
        raise BadList(f"{name} has no address and no CIDR in it")
    return AllowList(name, tuple(dict.fromkeys(entries)))


def _strings(thing: object) -> Iterator[str]:
    if isinstance(thing, str):
        yield thing.strip()
    elif isinstance(thing, list):
        for one in thing:
            yield from _strings(one)
    elif isinstance(thing, dict):
        for one in thing.values():
            yield from _strings(one)


def _lines(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        bare = re.split(r"#|;|//", line, maxsplit=1)[0]
        found = False
        cells = next(csv.reader(io.StringIO(bare)), [])
        for cell in cells:
            words = cell.split() if not re.search(r"\s-\s", cell) else [cell]
            for word in words:
                if networks(word.strip()):
                    found = True
                    yield word.strip()
                elif re.match(r"\d{1,3}\.\d", word):
                    raise BadList(f"{name}, line {number}: {word[:60]!r} is no address, CIDR or range")
        if not found and bare.strip() and len(cells) == 1 and _WORD.fullmatch(bare.strip()):
            raise BadList(f"{name}, line {number}: {bare.strip()[:60]!r} is no address, CIDR or range")


def compare(picture: Picture, allowed: AllowList) -> Compared:
    """What of the picture an allow-list lacks, and what it has that the picture does not use."""
    wide = [(net, entry) for entry in allowed.entries for net in networks(entry)]
    ways = list({(w.address, w.certainty == "possible"): w for g in picture.groups for w in g.ways}.values())
    sure_ones = {w.address for w in ways if w.certainty != "possible"}
    missing, doubtful, covered = [], [], 0
    used: set[str] = set()
    whole = collapsed(net for net, _ in wide)
    for way in ways:
        mine = networks(way.address)
        used.update(entry for net, entry in wide if any(within(net, m) or within(m, net) for m in mine))
        if mine and all(any(within(m, net) for net in whole) for m in mine):
            covered += way.certainty != "possible" or way.address not in sure_ones
        elif way.certainty != "possible":
            missing.append(way)
        elif way.address not in sure_ones:
            doubtful.append(way)
    known = (
        bool(picture.groups) and not any(g.unknown for g in picture.groups) and not any(w.certainty == "possible" for w in ways)
    )
    stale = tuple(entry for entry in allowed.entries if entry not in used)
    return Compared(allowed.name, tuple(missing), tuple(doubtful), stale, known, tuple(_odd(allowed.entries)), covered)


def _odd(entries: Iterable[str]) -> Iterator[str]:
    private = [
        e for e in entries if any(kind(str(net.network_address)) == "private" and net.prefixlen > 3 for net in networks(e))
    ]
    if private:
        yield (
            f"{', '.join(private[:6])}: private, so a registry on the internet never sees it; it can match only by a private way."
        )
    if any(net.prefixlen == 0 for e in entries for net in networks(e)):
        yield "The list has an entry for all addresses: it lets everybody in."
