"""The objects of an input, kept until all of it is read: which pulls they show as failing, and what they tell of each."""

from __future__ import annotations

import re

from whypull.model import AccountSeen, SecretAbsent
from whypull.read.object_pods import PodRecord, owner_of, runs
from whypull.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Final

    from whypull.model import Fact, NodeSeen, Pull, Said, SecretSeen
    from whypull.read.gather import Gathered
    from whypull.read.object_events import EventSeen
    from whypull.read.object_structs import Spec, Status, Thing

MOST_EVENTS: Final = 200_000
MOST_NODES: Final = 8  # on which an image runs
MOST_SECRETS: Final = 20  # that are there and that the pod does not name
_MOST_OWNERS: Final = 5
_OWNED: Final = frozenset({
    "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController", "DeploymentConfig",
    "Rollout",
})  # fmt: skip


class Inventory:
    """What the objects show. Readers add; `settle` says it to the gathering when all is read; `facts` tells of one pull."""

    def __init__(self) -> None:
        self.pods: dict[tuple[str, str], PodRecord] = {}
        self.running: dict[tuple[str, str], tuple[str, str]] = {}  # (namespace, pod): (uid, when its last container began)
        self.runs: dict[str, dict[str, str]] = {}  # image as its containers name it: {node: since when}
        self.events: list[EventSeen] = []
        self.nodes: dict[str, NodeSeen] = {}
        self.disks: dict[str, dict[str, None]] = {}  # node: reasons of events on its disk
        self.accounts: dict[tuple[str, str], AccountSeen] = {}
        self.secrets: dict[tuple[str, str], SecretSeen] = {}
        self.owners: dict[tuple[str, str, str], tuple[str, str]] = {}  # (namespace, kind, name): (kind, name)
        self.listed: dict[str, bool] = {}  # namespaces whose secrets were listed: True where that is beyond doubt
        self.imports: list[tuple[Pull, Said]] = []  # that failed, of image streams
        self.missing: dict[tuple[str, str], tuple[str, ...]] = {}  # secrets that were asked for by name: where else they are
        # made when the first fact is asked for, and no more is read
        self._pods_named: dict[str, list[str]] | None = None
        self._secrets_in: dict[str, list[str]] | None = None
        self._namespaces_of: dict[str, list[str]] | None = None
        self._pods_in: set[str] | None = None
        self._known: dict[str, str] = {}  # namespaces: each is kept once, not once a pod
        self.listed_nowhere = False  # a list of secrets was empty, and does not say of which namespace

    # ------------------------------------------------------------ what readers add

    def add_all(self, things: Iterable[Thing], kind: str = "", *, listed: bool = False) -> None:
        """Adds objects; `kind` is that of a list whose items do not name theirs. `listed`: they came as a list."""
        secrets: list[SecretSeen] = []
        for thing in things:
            is_a = thing.kind or kind
            if is_a == "Pod":
                self._pod(thing)
            elif is_a == "Event":
                self._event(thing)
            elif is_a == "Secret":
                secrets.append(self._secret(thing))
            elif is_a == "Node":
                self._node(thing)
            elif is_a == "ServiceAccount":
                self._account(thing)
            elif is_a == "ImageStream":
                self._imports(thing)
            elif is_a in _OWNED:
                self._owned(thing, is_a)
        if listed and secrets:
            self.secrets_listed({s.namespace for s in secrets}, sure=kind == "Secret" or any(not _for_pulls(s) for s in secrets))

    def secrets_listed(self, namespaces: Iterable[str], *, sure: bool) -> None:
        """Says that the secrets of these namespaces were listed. Not sure where somebody may have named the ones that came."""
        for namespace in namespaces:
            self.listed[namespace] = self.listed.get(namespace, False) or sure

    def secret_missing(self, namespace: str, name: str, elsewhere: tuple[str, ...]) -> None:
        """Says that a secret was asked for by name and is not there; `elsewhere` are namespaces that have one of that name."""
        self.missing[namespace, name] = elsewhere

    def secrets_empty(self, where: str) -> None:
        """Says that a list of secrets has none; `where` is its path, which may name the namespace (a must-gather's does)."""
        found = re.search(r"(?:^|/)namespaces/([a-z0-9.-]+)/", where)
        if found:
            self.secrets_listed([found[1]], sure=True)
        else:
            self.listed_nowhere = True

    def _pod(self, thing: Thing) -> None:
        status, meta = thing.status, thing.metadata
        if status is not None and meta is not None and runs(status):
            namespace = meta.namespace or ""
            key = (self._known.setdefault(namespace, namespace), meta.name or "")
            self.running[key] = (meta.uid or "", self._runs(thing.spec, status))
            self.pods.pop(key, None)  # a stream of changes: the last one counts
            return
        record = PodRecord(thing)
        self.pods[record.namespace, record.name] = record
        self.running.pop((record.namespace, record.name), None)

    def _runs(self, spec: Spec | None, status: Status) -> str:
        """Remembers where the images of a running pod run. When its last container began. Runs 150,000 times: no detours."""
        since = ""
        node = (spec.nodeName if spec else None) or ""
        for one in status.containerStatuses or ():
            running = one.state.running if one.state else None
            if running is None:
                continue
            began = running.startedAt or ""
            if began > since:  # noqa: PLR1730 - max() is a call
                since = began
            if one.image and node:
                nodes = self.runs.get(one.image)
                if nodes is None:
                    self.runs[one.image] = {node: began}
                elif node not in nodes:
                    if len(nodes) < MOST_NODES:
                        nodes[node] = began
                elif began > nodes[node]:
                    nodes[node] = began
        return since

    def _node(self, thing: Thing) -> None:
        from whypull.read.object_nodes import node_seen  # noqa: PLC0415 - a list of pods alone needs none of these

        node = node_seen(thing)
        self.nodes[node.name] = node

    def _event(self, thing: Thing) -> None:
        from whypull.read.object_events import DISK, event_of  # noqa: PLC0415

        event = event_of(thing)
        if event is None:
            return
        if event.about == "Node":
            if event.reason in DISK:
                self.disks.setdefault(event.name, {}).setdefault(event.reason)
        elif len(self.events) < MOST_EVENTS:
            self.events.append(event)

    def _secret(self, thing: Thing) -> SecretSeen:
        from whypull.read.object_secrets import secret_seen  # noqa: PLC0415

        secret = secret_seen(thing)
        self.secrets[secret.namespace, secret.name] = secret
        return secret

    def _imports(self, thing: Thing) -> None:
        from whypull.read.image_streams import failed_imports  # noqa: PLC0415 - OpenShift only

        if len(self.imports) < MOST_EVENTS:
            self.imports += failed_imports(thing)

    def _account(self, thing: Thing) -> None:
        meta = thing.metadata
        if meta is None or not meta.name:
            return
        names = tuple(s.name for s in thing.imagePullSecrets or () if s.name)
        self.accounts[meta.namespace or "", meta.name] = AccountSeen(meta.name, meta.namespace or "", names)

    def _owned(self, thing: Thing, kind: str) -> None:
        meta = thing.metadata
        if meta is not None and meta.name:
            self.owners[meta.namespace or "", kind, meta.name] = owner_of(meta)

    # ------------------------------------------------------------ what is made of it

    @property
    def tells(self) -> bool:
        """Whether any object tells how a pod fares: a manifest does not."""
        fares = any(record.status.phase for record in self.pods.values())
        return bool(self.events or self.running or fares or self.nodes or self.secrets)

    def settle(self, into: Gathered) -> None:
        """Says to the gathering which pulls fail and what else is wrong. Called once, when all is read."""
        from whypull.read.object_findings import say  # noqa: PLC0415 - it needs this module's nouns

        say(self, into)

    def facts(self, pull: Pull) -> tuple[Fact, ...]:
        """What the objects tell of one pull: its pod, account, secrets and node, as far as they are in the input."""
        found: list[Fact] = []
        record = self._record(pull)
        if record is not None and pull.container != "sandbox":  # the pause image is pulled without the pod's credentials
            seen = record.seen(pull.container, self._owner(record), self._runs_on(pull.image))
            found.append(seen)
            account = self.accounts.get((record.namespace, seen.service_account or "default"))
            if account is not None:
                found.append(account)
            found += self._secrets(record.namespace, seen.pull_secrets)
        node = self.nodes.get(pull.node or (record.node if record else ""))
        if node is not None:
            found.append(self._with_disk(node))
        return tuple(found)

    def _runs_on(self, image: str) -> tuple[tuple[str, str], ...]:
        """Where else an image runs; a status names it as the runtime does, a pod as its author did."""
        from whypull.reference import InvalidReference, parse  # noqa: PLC0415

        try:
            full = parse(image).normalised
        except InvalidReference:
            full = image
        return tuple({**self.runs.get(full, {}), **self.runs.get(image, {})}.items())

    def _record(self, pull: Pull) -> PodRecord | None:
        if pull.namespace or not pull.pod:
            return self.pods.get((pull.namespace, pull.pod))
        named = self._namespaces(pull.pod)
        return self.pods[named[0], pull.pod] if len(named) == 1 else None

    def _namespaces(self, pod: str) -> list[str]:
        """The namespaces that have a pod of this name."""
        if self._pods_named is None:
            self._pods_named = _grouped((name, namespace) for namespace, name in self.pods)
        return self._pods_named.get(pod, [])

    def _owner(self, record: PodRecord) -> str:
        """The topmost owner that the input shows: what its author wrote, and where a fix belongs."""
        kind, name = record.owner()
        for _ in range(_MOST_OWNERS):
            above = self.owners.get((record.namespace, kind, name))
            if not above or not above[1]:
                break
            kind, name = above
        return f"{kind}/{name}" if name else ""

    def _secrets(self, namespace: str, named: tuple[str, ...]) -> Iterator[Fact]:
        for name in named:
            secret = self.secrets.get((namespace, name))
            if secret is not None:
                yield secret
            elif (namespace, name) in self.missing:
                yield SecretAbsent(namespace, name, self.missing[namespace, name])
            elif (sure := self._listed(namespace)) is not None:
                elsewhere = tuple(sorted(ns for ns in self._secrets_named(name) if ns != namespace))
                yield SecretAbsent(namespace, name, elsewhere, sure)
        if self._secrets_in is None:
            self._secrets_in = _grouped((ns, name) for (ns, name), secret in self.secrets.items() if _for_pulls(secret))
        others = [name for name in self._secrets_in.get(namespace, ()) if name not in named]
        yield from (self.secrets[namespace, name] for name in others[:MOST_SECRETS])

    def _secrets_named(self, name: str) -> list[str]:
        """The namespaces that have a secret of this name."""
        if self._namespaces_of is None:
            self._namespaces_of = _grouped((name, namespace) for namespace, name in self.secrets)
        return self._namespaces_of.get(name, [])

    def _listed(self, namespace: str) -> bool | None:
        """Whether the input lists a namespace's secrets: True beyond doubt, False by all appearances, None not at all."""
        if namespace in self.listed:
            return self.listed[namespace]
        if not self.listed_nowhere:
            return None
        if self._pods_in is None:
            self._pods_in = {ns for ns, _ in self.pods} | {ns for ns, _ in self.running}
        return False if self._pods_in == {namespace} else None

    def _with_disk(self, node: NodeSeen) -> NodeSeen:
        reasons = self.disks.get(node.name)
        return replace(node, pressure=tuple(dict.fromkeys((*node.pressure, *reasons)))) if reasons else node


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _for_pulls(secret: SecretSeen) -> bool:
    return secret.type in {"kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"}
