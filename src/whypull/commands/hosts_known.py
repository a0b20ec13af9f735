"""whypull hosts --known: the hosts that registries' own documentation names, as text for a firewall or proxy."""

from __future__ import annotations

import json
import sys

from whypull.cli import OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence
    from typing import Any

EPILOG = """\
examples:
  whypull hosts --known docker.io 123456789012.dkr.ecr.eu-west-1.amazonaws.com
  whypull hosts --known shopacr.azurecr.io -o azure-firewall
  whypull hosts --known harbor:registry.example.com -o squid
  whypull hosts IMAGE -o json > met.json && whypull hosts --known ghcr.io --measured met.json

It asks nothing. What a registry's documentation says is not what your pulls meet: measure with whypull hosts IMAGE.
"""


def parser() -> ArgumentParser:
    """The arguments."""
    from whypull.commands import options  # noqa: PLC0415
    from whypull.render.open_hosts import FORMS  # noqa: PLC0415

    made = options.parser("hosts", "The hosts to open for registries, by their documentation.", EPILOG)
    made.add_argument("--known", nargs="+", required=True, metavar="REGISTRY", help="a registry's host, an image, or harbor:HOST")
    made.add_argument("--measured", default="", metavar="FILE", help="what `whypull hosts IMAGE -o json` met: marked, and added")
    made.add_argument("--source", nargs="+", default=[], metavar="CIDR", help="where nodes come from, for rules that name it")
    made.add_argument("-o", "--output", choices=tuple(FORMS), default="table", help="how it is written (table)")
    return made


def run(args: Sequence[str]) -> int:
    """Prints the hosts. Returns 0; raises UsageError."""
    from whypull.commands.egress_input import host_of, text_of  # noqa: PLC0415
    from whypull.egress.hosts_known import all_known, with_measured  # noqa: PLC0415
    from whypull.egress.nets import networks  # noqa: PLC0415
    from whypull.render.open_hosts import written  # noqa: PLC0415

    chosen = parser().parse_args(args)
    wrong = next((one for one in chosen.source if not networks(one)), "")
    if wrong:
        raise UsageError(f"--source {wrong!r} is no address and no CIDR")
    names = [word if word.partition(":")[0] in {"harbor", "artifactory", "gitlab"} else host_of(word) for word in chosen.known]
    hosts = all_known(dict.fromkeys(names))
    if chosen.measured:
        hosts = with_measured(hosts, _met(text_of(chosen.measured), chosen.measured))
    sys.stdout.write(written(hosts, chosen.output, chosen.source))
    return OK


def _met(text: str, path: str) -> list[dict[str, Any]]:
    try:
        listed = json.loads(text)["hosts"]
        return [one for one in listed if isinstance(one, dict) and int(one.get("port") or 443)]
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise UsageError(f"{path} is no output of whypull hosts -o json") from e
