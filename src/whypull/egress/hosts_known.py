"""Which hosts a pull from a registry uses, by its own documentation: hosts.toml, filled in for one registry's host. Pure.

What a document says and what a pull of one's own met are kept apart: `measured` is empty for the former.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache

from whypull.records import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hosts.toml")
OWN = "measure it: whypull hosts IMAGE, from a node"


@dataclass(frozen=True, slots=True)
class ToOpen:
    """One host that a firewall has to let through, over TCP."""

    host: str  # may have * for a part of it
    role: str  # registry, token, storage
    registry: str  # whose: the registry's host as the user named it
    port: int = 443
    exact: bool = True  # False: a pattern, or a host that may change
    when: str = ""  # which pulls need it, where not all do
    source: str = ""
    checked: str = ""  # date on which the source was read; empty where it was not read anew
    measured: str = ""  # date, or "by you", where a pull met it


def known(registry: str) -> tuple[ToOpen, ...]:
    """The hosts for one registry: its host, docker.io, or KIND:HOST (harbor, artifactory, gitlab) for one of your own.

    A registry that is not known yields itself, with the words that its token service and storage are to be measured.
    """
    kind, _, rest = registry.partition(":")
    for one in _data():
        if one.get("kind") == kind and rest:
            return tuple(_made(one, host, {"host": _name(rest)}, rest) for host in one["hosts"])
    host, port = _name(registry), _port(registry)
    for one in _data():
        found = re.fullmatch(one["match"], host) if "match" in one else None
        if found:
            return tuple(_made(one, entry, found.groupdict(""), registry) for entry in one["hosts"])
    return (ToOpen(host, "registry", registry, port, when=f"its token service and storage may be other hosts: {OWN}"),)


def registry_of(image: str) -> str:
    """The registry's host that an image's name begins with; docker.io where it names none."""
    first, slash, _ = image.partition("/")
    return first.lower() if slash and (("." in first) or (":" in first) or first == "localhost") else "docker.io"


def all_known(registries: Iterable[str]) -> tuple[ToOpen, ...]:
    """The hosts for several registries, each host and port once."""
    found: dict[tuple[str, int], ToOpen] = {}
    for registry in registries:
        for one in known(registry):
            found.setdefault((one.host, one.port), one)
    return tuple(found.values())


def with_measured(hosts: Sequence[ToOpen], met: Sequence[Mapping[str, Any]]) -> tuple[ToOpen, ...]:
    """The hosts with what pulls met: those marked, others added. `met` is the list of `whypull hosts -o json`."""
    seen = {(str(one.get("host", "")).lower(), int(one.get("port") or 443)): one for one in met if one.get("host")}
    found = [
        replace(one, measured="by you") if any(p == one.port and fits(one.host, h) for h, p in seen) else one for one in hosts
    ]
    new = [(h, p) for h, p in seen if not any(one.port == p and fits(one.host, h) for one in hosts)]
    whose = hosts[0].registry if hosts else ""
    found += [ToOpen(h, str(seen[h, p].get("role") or "registry"), whose, p, measured="by you") for h, p in new]
    return tuple(found)


def fits(pattern: str, host: str) -> bool:
    """Whether a host is the one named, or one that a pattern with * stands for."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", "[^ ]+"), host) is not None


def _made(one: dict[str, Any], entry: dict[str, Any], groups: Mapping[str, str], registry: str) -> ToOpen:
    return ToOpen(
        host=entry["host"].format(**groups),
        role=entry["role"],
        registry=registry,
        port=_port(registry) if "{host}" in entry["host"] else entry.get("port", 443),
        exact=entry.get("exact", True),
        when=entry.get("when", ""),
        source=one["source"],
        checked=one.get("checked", ""),
        measured=entry.get("measured", ""),
    )


def _name(registry: str) -> str:
    return (registry.rpartition(":")[0] if re.search(r":\d+$", registry) else registry).lower().rstrip(".")


def _port(registry: str) -> int:
    found = re.search(r":(\d{1,5})$", registry)
    return int(found[1]) if found else 443


@lru_cache(maxsize=1)
def _data() -> list[dict[str, Any]]:
    import tomllib  # noqa: PLC0415 - 8 ms that only this needs

    with open(DATA, "rb") as file:
        return list(tomllib.load(file)["registry"])
