"""whypull hosts: every host and port that the pull of an image really used, measured."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from whypull.cli import FOUND, OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from whypull.model import Case
    from whypull.steps import Tried

FORMATS = ("table", "csv", "json", "firewall")
EPILOG = """\
As the nodes of the cluster meet them, for its failing pulls:
  whypull hosts [TARGET] --from node|ssh

The hosts that a registry's documentation names, as text for a firewall or proxy, without asking anybody:
  whypull hosts --known REGISTRY... [-o azure-firewall|aws-network-firewall|gcp-firewall|squid|cilium|no-proxy|csv]
"""
ROLES = {"registry": "registry", "token": "token service", "storage": "storage", "mirror": "mirror", "proxy": "proxy"}


@dataclass(frozen=True, slots=True)
class Host:
    """One host that was asked."""

    host: str
    port: int
    role: str
    reached: bool
    addresses: tuple[str, ...] = ()


def parser() -> ArgumentParser:
    """The verb's arguments."""
    from whypull.commands import options  # noqa: PLC0415
    from whypull.commands.walk_options import add_walk  # noqa: PLC0415

    made = options.parser("hosts", "Every host and port that the pull of these images uses, measured from here.", EPILOG)
    add_walk(made)
    made.set_defaults(depth="layers", save=None)
    made.add_argument("-o", "--output", choices=FORMATS, default="table", help="how it is written (table)")
    return made


def run(args: Sequence[str]) -> int:
    """Walks the images to their layers and lists the hosts. Returns 1 where one of them could not be reached."""
    from whypull.commands.check import walk_all  # noqa: PLC0415

    if "--known" in args:
        from whypull.commands import hosts_known  # noqa: PLC0415

        return hosts_known.run(args)
    from whypull.commands import hosts_on_nodes  # noqa: PLC0415 - only who comes here pays for it

    if hosts_on_nodes.is_meant(args):
        return hosts_on_nodes.run(args)
    chosen = parser().parse_args(args)
    hosts = hosts_of(walk_all(chosen))
    sys.stdout.write(written(hosts, chosen.output, "this machine"))
    return OK if all(h.reached for h in hosts) else FOUND


def hosts_of(cases: Sequence[Case]) -> list[Host]:
    """The hosts of some walks, each once, in the order in which they were met."""
    from whypull.steps import Connect, Request, Resolve, Tried  # noqa: PLC0415

    met: dict[tuple[str, int], Host] = {}
    names: dict[str, tuple[str, ...]] = {}
    for tried in (f for case in cases for f in case.facts if isinstance(f, Tried)):
        if isinstance(tried.step, Resolve) and not tried.step.server:
            names[tried.step.host] = tried.outcome.addresses
        if tried.control or not isinstance(tried.step, Connect | Request):
            continue
        host, port = _place(tried)
        old = met.get((host, port))
        reached = tried.outcome.ok or (old is not None and old.reached)
        met[host, port] = Host(host, port, old.role if old else tried.role, reached, names.get(host, ()))
    for name, addresses in names.items():
        if not any(h.host == name for h in met.values()):
            met[name, 443] = Host(name, 443, "registry", reached=False, addresses=addresses)
    return list(met.values())


def _place(tried: Tried) -> tuple[str, int]:
    from whypull.probe.visit import Endpoint  # noqa: PLC0415
    from whypull.steps import Request  # noqa: PLC0415

    if isinstance(tried.step, Request):
        end = Endpoint.of_url(tried.step.url, role=tried.role)
        return end.host, end.port
    return tried.step.host, getattr(tried.step, "port", 443)


def written(hosts: Sequence[Host], form: str, vantage: str) -> str:
    """The list in one of FORMATS; `vantage` is from where it was measured."""
    if form == "table":
        return table(hosts, vantage)
    return {"csv": as_csv, "json": as_json, "firewall": firewall}[form](hosts)


def table(hosts: Sequence[Host], vantage: str) -> str:
    """Columns for people."""
    rows = [("HOST", "PORT", "WHAT IT IS", "REACHED", "ADDRESSES")]
    rows += [
        (h.host, str(h.port), ROLES.get(h.role, h.role), "yes" if h.reached else "no", " ".join(h.addresses[:4])) for h in hosts
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[4]]).rstrip() for row in rows]
    return "\n".join(lines) + f"\n\nMeasured from {vantage}; a registry may send others to other storage hosts.\n"


def as_csv(hosts: Sequence[Host]) -> str:
    """host,port,role,reached,addresses."""
    import csv  # noqa: PLC0415
    import io  # noqa: PLC0415

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("host", "port", "role", "reached", "addresses"))
    writer.writerows((h.host, h.port, h.role, str(h.reached).lower(), " ".join(h.addresses)) for h in hosts)
    return out.getvalue()


def as_json(hosts: Sequence[Host]) -> str:
    """One document with a list."""
    import json  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    return json.dumps({"schema": "whypull/1", "hosts": [asdict(h) for h in hosts]}, indent=2) + "\n"


def firewall(hosts: Sequence[Host]) -> str:
    """Lines for a firewall's list: protocol, host, port, and what it is for."""
    return "".join(f"tcp {h.host} {h.port}  # {ROLES.get(h.role, h.role)}\n" for h in hosts)
