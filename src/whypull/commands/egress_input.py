"""What `whypull egress` is made from: files that were given, or the cluster; and the registries that are meant."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field

from whypull.cli import UsageError
from whypull.egress.told import Told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from typing import Any

    from whypull.egress.node_routes import NodeWays
    from whypull.egress.nouns import Registry, Seen
    from whypull.model import NodeSeen
    from whypull.read.cluster import ApiError, Cluster
    from whypull.read.nodes import Refused

LARGEST = 512 * 1024 * 1024  # bytes of one file
MOST_HOSTS = 8  # registries of failing pulls that are looked at by themselves


@dataclass(slots=True)
class Input:
    """What was read."""

    nodes: list[NodeSeen] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    ways: dict[str, NodeWays] = field(default_factory=dict)
    told: Told = field(default_factory=Told)
    groups: list[str] = field(default_factory=list)  # of the API
    lacking: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    server: str = ""  # the API server's URL
    access: Any = None

    @property
    def since(self) -> str:
        """Since when refusals with an address in them are seen, RFC 3339; empty where nobody says."""
        return min((one.first for one in self.refused if one.first), default="")


def text_of(path: str) -> str:
    """A file's text; "-" is standard input. Raises UsageError."""
    return bytes_of(path).decode("utf-8", "replace").removeprefix("\ufeff")


def bytes_of(path: str) -> bytes:
    """A file's content; "-" is standard input. Raises UsageError."""
    try:
        if path == "-":
            return sys.stdin.buffer.read(LARGEST)
        with open(path, "rb") as file:
            return file.read(LARGEST)
    except OSError as e:
        raise UsageError(f"{path} cannot be read: {(e.strerror or str(e)).lower()}") from e


def files(paths: Sequence[str]) -> Input:
    """What the files hold: Kubernetes objects, answers of clouds' CLIs, nodes' routes, cases. Raises UsageError."""
    given = Input()
    for path in paths:
        content = bytes_of(path)
        if not content.strip():
            given.notes.append(f"{path} is empty.")
        elif not _take(content, given):
            raise UsageError(
                f"{path} is nothing that whypull egress can read: outputs of kubectl, az, aws, gcloud as JSON, or of "
                "--node-script"
            )
    given.ways = {_node_of(known, given.nodes): known for known in given.ways.values()}
    return given


def _node_of(known: NodeWays, nodes: Sequence[NodeSeen]) -> str:
    """The name of the node whose routes these are: by its host name or the address that it sends from."""
    sources = {route.source for route in known.routes if route.source}
    for node in nodes:
        label = dict(node.labels).get("kubernetes.io/hostname", "")
        if known.node in {node.name, label} or sources & {address for _, address in node.addresses}:
            return node.name
    return known.node


def _take(content: bytes, given: Input) -> bool:
    from whypull.casefile import NotACase, loads  # noqa: PLC0415
    from whypull.egress.node_routes import MARK, read  # noqa: PLC0415
    from whypull.egress.seen import in_case  # noqa: PLC0415

    if content.lstrip().startswith(MARK.encode()):
        known = read("", content.decode("utf-8", "replace"))
        given.ways[known.node] = known
        return True
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return _yaml(content, given)
    if document == []:
        return True  # an answer that nothing is there; whose, it does not say
    if isinstance(document, dict) and str(document.get("schema", "")).startswith("whypull-case/"):
        try:
            case = loads(content.decode("utf-8", "replace"))
        except NotACase as e:
            raise UsageError(str(e)) from e
        given.seen += in_case(case)
        return True
    return _objects(content, given) or given.told.take(document)


def _objects(content: bytes, given: Input) -> bool:
    from whypull.egress.seen import in_event  # noqa: PLC0415
    from whypull.read.nodes import of_json  # noqa: PLC0415

    try:
        nodes, refused = of_json(content)
    except ValueError:
        return False
    given.nodes += nodes
    given.refused += refused
    given.seen += [found for one in refused if (found := in_event(one.text, one.node))]
    return (
        bool(nodes or refused)
        or b'"EventList"' in content[:4096]
        or (b'"kind": "List"' in content and b'"apiVersion": "v1"' in content)
    )


def _yaml(content: bytes, given: Input) -> bool:
    """kubectl's -o yaml: the same objects."""
    import yaml  # noqa: PLC0415

    if b"apiVersion:" not in content[:4096] or b"kind:" not in content[: 1024 * 1024]:
        return False
    try:
        document = yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    return _objects(json.dumps(document, default=str).encode(), given)


# ---------------------------------------------------------------- the cluster


def cluster(chosen: Namespace, given: Input, say: Any) -> None:
    """Reads nodes, refused pulls and API groups of the cluster that kubectl would talk to. Raises UsageError."""
    from whypull.commands.cluster import reach  # noqa: PLC0415
    from whypull.read.cluster import ApiError, Cluster, Unreachable  # noqa: PLC0415
    from whypull.read.kubeconfig import BadKubeconfig  # noqa: PLC0415
    from whypull.read.nodes import api_groups, nodes  # noqa: PLC0415

    access = reach(chosen)
    given.access, given.server = access, access.server
    try:
        with Cluster(access, timeout=chosen.request_timeout) as one:
            try:
                given.nodes += nodes(one)
            except ApiError as e:
                _lacks(
                    e,
                    given,
                    "You may not list nodes, so where they are is not known: kubectl get nodes -o json, by somebody who may.",
                )
            say(f"{len(given.nodes):,} nodes looked at")
            _events(one, access.namespace, given)
            try:
                given.groups += api_groups(one)
            except ApiError as e:
                _lacks(e, given, "You may not list the API's groups.")
    except (BadKubeconfig, Unreachable) as e:
        raise UsageError(f"{str(e).rstrip('.')}.") from e
    except ApiError as e:
        hint = " Log in again, as for kubectl." if e.status == 401 else ""
        raise UsageError(f"the API server refuses: {e}.{hint}") from e


def _events(one: Cluster, namespace: str, given: Input) -> None:
    from whypull.egress.seen import in_event  # noqa: PLC0415
    from whypull.read.cluster import ApiError  # noqa: PLC0415
    from whypull.read.nodes import failed_pulls  # noqa: PLC0415

    for where in ("", namespace):
        try:
            given.refused += failed_pulls(one, where)
            break
        except ApiError as e:
            scope = f"namespace {where}" if where else "all namespaces"
            _lacks(e, given, f"You may not list events in {scope}: what registries saw is not known there.")
    given.seen += [found for event in given.refused if (found := in_event(event.text, event.node))]


def _lacks(error: ApiError, given: Input, words: str) -> None:
    if error.status == 404:
        return
    if error.status != 403:
        raise error
    given.lacking.append(words)


# ---------------------------------------------------------------- the registries that are meant


def registries(chosen: Namespace, given: Input) -> list[Registry]:
    """The registries of a call, with what their names lead to from here; else those of failing pulls. Raises UsageError."""
    from whypull.egress.nouns import Registry as Wanted  # noqa: PLC0415
    from whypull.egress.seen import registry_in  # noqa: PLC0415

    if chosen.registries:
        named = list(dict.fromkeys(host_of(word) for word in chosen.registries))
        return [Wanted(host, () if chosen.from_file else _addresses(host), "from here") for host in named]
    hosts = [host for one in given.refused if (host := registry_in(one.text))]
    return [Wanted(host) for host in list(dict.fromkeys(hosts))[:MOST_HOSTS]]


def host_of(word: str) -> str:
    """The registry host that a word names: a host, a URL or an image. Raises UsageError."""
    from whypull.reference import InvalidReference, parse  # noqa: PLC0415

    bare = word.partition("://")[2] if "://" in word else word
    bare = bare.rstrip("/")
    first = bare.partition("/")[0]
    if "/" not in bare and ("." in bare or ":" in bare or bare == "localhost"):
        return first.lower()
    try:
        return parse(bare).domain.lower()
    except InvalidReference as e:
        raise UsageError(f"{word!r} is neither a registry's host nor an image: {e}") from e


def _addresses(host: str) -> tuple[str, ...]:
    """What a registry's name leads to, from here; none where it leads nowhere."""
    from whypull.probe.wire import Wire  # noqa: PLC0415
    from whypull.steps import Resolve  # noqa: PLC0415

    name = "registry-1.docker.io" if host == "docker.io" else host.partition(":")[0] if host.count(":") == 1 else host
    return Wire().perform(Resolve(name)).addresses
