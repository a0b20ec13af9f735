"""whypull egress: every address from which this cluster's nodes reach a registry, how sure that is, and who lets them in."""

from __future__ import annotations

import sys

from whypull.cli import FOUND, OK, UNDECIDED, UsageError, called

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from whypull.commands.egress_input import Input
    from whypull.egress.allowlist import Compared
    from whypull.egress.node_routes import NodeWays
    from whypull.egress.nouns import AllowList, Command, Found, Picture, Registry
    from whypull.egress.told import Told
    from whypull.model import NodeSeen

FORMATS = ("text", "json", "csv", "cidr", "markdown")
EPILOG = """\
examples:
  whypull egress                                  by the cluster's objects and your logged-in az, aws or gcloud
  whypull egress shopacr.azurecr.io -v            and what that registry's own rules say; the questions asked are shown
  whypull egress --allow-list allowed.txt         what is missing on a list, and what is stale
  whypull egress --from node --yes                the nodes' own routes too, by a pod on one node of each pool
  whypull egress -o cidr                          for pasting into an allow-list
  whypull egress -o markdown registry.example.com a ticket for the network team
  whypull egress --from-file nodes.json az-aks-list.json …
                                                  nothing is asked: from outputs of the commands that it names

Only questions are asked, none that changes something. An echo service is asked only where you name one.
Exit codes: 0 all is known, and on the list; 1 something is missing on it; 3 not all is known.
"""


def parser() -> ArgumentParser:
    """The verb's arguments."""
    from whypull.commands import options  # noqa: PLC0415
    from whypull.commands.cluster import add_cluster  # noqa: PLC0415

    made = options.parser("egress", "Which addresses the nodes of the cluster leave from.", EPILOG)
    made.add_argument("registries", nargs="*", metavar="REGISTRY", help="a registry's host or an image of it")
    add_cluster(made)
    made.add_argument("--allow-list", nargs="+", default=[], metavar="FILE|CIDR", help="compare with a list of who is let in")
    made.add_argument(
        "--from-file", nargs="+", default=[], metavar="FILE", help="outputs of kubectl, az, aws, gcloud, a node; - for stdin"
    )
    made.add_argument(
        "--from", dest="vantage", choices=("node", "ssh"), default="", help="ask the nodes' routes, one node a pool"
    )
    made.add_argument("--node", action="append", default=[], metavar="NAME", help="with --from: this node (repeatable)")
    made.add_argument("--echo", default="", metavar="URL", help="with --from: what this service says that it sees")
    made.add_argument(
        "--node-script", action="store_true", help="print what to run on a node for --from-file, and do nothing else"
    )
    made.add_argument("--yes", action="store_true", help="make the node pods without asking")
    made.add_argument("--ssh", default="", metavar="[USER@]HOST", help="with --from ssh: where, if not the node's own address")
    made.add_argument(
        "--node-pod-namespace", default="kube-system", metavar="NAME", help="where node pods are made (kube-system)"
    )
    made.add_argument("--per-node", action="store_true", help="a line for each node (text and csv)")
    made.add_argument("--no-cloud", action="store_true", help="do not run az, aws or gcloud")
    made.add_argument(
        "--cloud-timeout", type=float, default=30.0, metavar="SECONDS", help="for one command of a cloud's CLI (30)"
    )
    made.add_argument("-v", "--verbose", action="store_true", help="show the commands that are run")
    made.add_argument("-o", "--output", choices=FORMATS, default="text", help="how the answer is written (text)")
    made.add_argument("--width", type=int, default=0, metavar="N", help="columns, 60 to 200 (the terminal's)")
    return made


def run(args: Sequence[str]) -> int:
    """Looks, asks, compares, prints. Returns the exit code; raises UsageError."""
    from whypull.egress.allowlist import compare  # noqa: PLC0415

    chosen = parser().parse_args(args)
    if chosen.echo and not chosen.echo.startswith(("https://", "http://")):
        raise UsageError(f"--echo {chosen.echo}: a URL starts with https://")
    if chosen.node_script:
        from whypull.egress.node_routes import script  # noqa: PLC0415

        print(script((), chosen.echo))
        return OK
    if chosen.echo and not (chosen.vantage or chosen.from_file):
        raise UsageError("--echo tells what a node comes from only when a node asks: add --from node or --from ssh")
    allowed = _lists(chosen.allow_list)
    picture, refused = _look(chosen)
    compared = [compare(picture, one) for one in (*allowed, *picture.lists)]
    sys.stdout.write(_rendered(picture, compared, refused, chosen))
    return _code(picture, compared)


def _code(picture: Picture, compared: Sequence[Compared]) -> int:
    if any(one.missing for one in compared):
        return FOUND
    open_ones = not picture.groups or any(g.unknown for g in picture.groups) or any(one.doubtful for one in compared)
    return UNDECIDED if open_ones else OK


def _lists(words: Sequence[str]) -> list[AllowList]:
    """The allow-lists of a call: files each by themselves, addresses and CIDRs together. Raises UsageError."""
    import os  # noqa: PLC0415

    from whypull.egress.allowlist import BadList, parse  # noqa: PLC0415
    from whypull.egress.nets import networks  # noqa: PLC0415

    found: list[AllowList] = []
    typed = [word for word in words if networks(word) and not os.path.exists(word)]
    for path in (word for word in words if word not in typed):
        from whypull.commands.egress_input import text_of  # noqa: PLC0415

        try:
            found.append(parse(path, text_of(path)))
        except BadList as e:
            raise UsageError(f"{e}.") from e
    if typed:
        found.append(parse("the list given", "\n".join(typed)))
    return found


def _look(chosen: Namespace) -> tuple[Picture, Input]:
    """The picture, and what was read for it. Raises UsageError."""
    from whypull.commands import egress_input  # noqa: PLC0415
    from whypull.commands.cluster import progress  # noqa: PLC0415
    from whypull.egress import onprem  # noqa: PLC0415
    from whypull.egress.nets import aggregated  # noqa: PLC0415
    from whypull.egress.picture import echoes, paint  # noqa: PLC0415
    from whypull.egress.places import internal  # noqa: PLC0415
    from whypull.egress.seen import each_once  # noqa: PLC0415
    from whypull.records import replace  # noqa: PLC0415

    with progress(chosen) as say:
        given = egress_input.files(chosen.from_file)
        if not given.nodes:
            if chosen.from_file:
                given.lacking.append("No file has the cluster's nodes in it: kubectl get nodes -o json > nodes.json")
            else:
                egress_input.cluster(chosen, given, say)
        registries = egress_input.registries(chosen, given)
        ways = dict(given.ways)
        if chosen.vantage:
            from whypull.commands.egress_nodes import asked  # noqa: PLC0415

            ways |= asked(chosen, given, registries, say)
        founds = _clouds(chosen, given, registries, ways, say)
    seen = each_once((*given.seen, *echoes(ways)))
    picture = paint(founds, seen, ways, registries, (*given.notes, *onprem.parts(given.groups)))
    problems = _problems(picture.wants, given.told)
    inside = tuple(aggregated(address for node in given.nodes for address in internal(node)))
    lacking = (*given.lacking, *problems)
    return replace(picture, wants=_open(picture.wants, given.told), lacking=lacking, inside=inside), given


def _clouds(
    chosen: Namespace, given: Input, registries: Sequence[Registry], ways: Mapping[str, NodeWays], say: Callable[[str], None]
) -> list[Found]:
    """What each cloud that the nodes are in says of them."""
    from functools import partial  # noqa: PLC0415
    from importlib import import_module  # noqa: PLC0415

    from whypull.egress import onprem  # noqa: PLC0415
    from whypull.egress.cli_run import performer  # noqa: PLC0415
    from whypull.egress.places import place  # noqa: PLC0415
    from whypull.egress.told import settle  # noqa: PLC0415

    by_cloud: dict[str, list[NodeSeen]] = {}
    for node in given.nodes:
        by_cloud.setdefault(place(node).cloud, []).append(node)
    perform = (
        _none if chosen.from_file or chosen.no_cloud else performer(chosen.cloud_timeout, _shown if chosen.verbose else None)
    )
    founds: list[Found] = []
    others: list[NodeSeen] = []
    for cloud, nodes in by_cloud.items():
        if cloud not in {"azure", "aws", "google"}:
            others += nodes
            continue
        say(f"asking {cloud} about {len(nodes):,} nodes")
        more = {"server": given.server} if cloud == "google" else {}
        look: Any = partial(import_module(f"whypull.egress.{cloud}").look, nodes, registries=registries, **more)
        founds.append(settle(look, given.told, perform))
    if others:
        founds.append(onprem.look(others, ways))
    return founds


def _none(_: Sequence[Command]) -> Iterable[tuple[Command, object, str]]:
    """Answers nothing: what is wanted is named instead."""
    return ()


def _shown(words: str) -> None:
    from whypull.render.safe import plain  # noqa: PLC0415

    print(plain(words), file=sys.stderr)


def _open(wants: Iterable[Command], told: Told) -> tuple[Command, ...]:
    """The questions that have no answer."""
    return tuple(one for one in wants if not told.answered(one))


def _problems(wants: Iterable[Command], told: Told) -> list[str]:
    """Why questions have no answer: each reason once."""
    return list(dict.fromkeys(f"{problem}." for one in wants if (problem := told.failed(one))))


def _rendered(picture: Picture, compared: Sequence[Compared], given: Input, chosen: Namespace) -> str:
    from whypull.commands import options  # noqa: PLC0415
    from whypull.render import egress_data, egress_text, egress_ticket  # noqa: PLC0415

    if chosen.output == "json":
        return egress_data.as_json(picture, compared)
    if chosen.output == "csv":
        return egress_data.per_node(picture) if chosen.per_node else egress_data.as_csv(picture)
    if chosen.output == "text" and chosen.per_node:
        return egress_text.per_node(picture, options.width(chosen.width))
    if chosen.output == "cidr":
        return egress_data.as_cidr(picture)
    if chosen.output == "markdown":
        return egress_ticket.ticket(picture, compared, [one.text for one in given.refused], since=given.since, prog=called())
    return egress_text.screen(picture, compared, options.width(chosen.width), prog=called())
