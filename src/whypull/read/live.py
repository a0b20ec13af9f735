"""A cluster → its failing pulls: what is asked of the API, in which order, and nothing that is not needed.

First the pods of the scope, page by page; then, for those that fail, their events, secrets, accounts and nodes.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from whypull.model import Reading
from whypull.read.asking import Asking, selector_of, valid_name
from whypull.read.cluster import ApiError, Cluster
from whypull.read.gather import Gathered
from whypull.read.grouping import cases
from whypull.read.inventory import Inventory
from whypull.read.object_structs import Thing
from whypull.read.spread import Spread
from whypull.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeAlias

    from whypull.model import Case, NodeSeen, Pull
    from whypull.read.kubeconfig import Access

    Say: TypeAlias = Callable[[str], None]

FEW = 8  # pods or nodes that are asked for one by one; beyond it a list is cheaper
MOST_SECRETS = 400
WORKLOADS = {
    "deployment": "/apis/apps/v1/namespaces/{ns}/deployments/{name}",
    "replicaset": "/apis/apps/v1/namespaces/{ns}/replicasets/{name}",
    "daemonset": "/apis/apps/v1/namespaces/{ns}/daemonsets/{name}",
    "statefulset": "/apis/apps/v1/namespaces/{ns}/statefulsets/{name}",
    "job": "/apis/batch/v1/namespaces/{ns}/jobs/{name}",
    "cronjob": "/apis/batch/v1/namespaces/{ns}/cronjobs/{name}",
}


class NotThere(Exception):
    """What the user named is not in the cluster, or may not be seen; the message says which."""


class _Listed(Struct):
    kind: str = ""
    items: list[Thing] = []


_list = Decoder(_Listed)
_thing = Decoder(Thing)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which pods are meant."""

    namespace: str = "default"
    everywhere: bool = False  # -A
    kind: str = ""  # pod, node, or a workload's kind
    name: str = ""
    selector: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at a cluster gave."""

    reading: Reading
    inventory: Inventory
    spread: Spread
    lacking: tuple[str, ...]  # sentences on rights that are missing
    pods: int
    calls: int
    bytes: int
    walked: dict[Pull, Case] = field(default_factory=dict)  # what was seen from a vantage besides, once somebody walked


def look(cluster: Cluster, scope: Scope, say: Say) -> Looked:
    """Looks at the pods of a scope and at all that their failing pulls need.

    `say` is told of progress. Raises NotThere, ApiError, Unreachable, BadKubeconfig.
    """
    view = _View(Asking(cluster), scope, say)
    try:
        view.look_at_pods()
        view.look_at_the_rest()
    finally:
        view.asking.close()
    view.spread.settle()
    into, inventory = view.into, view.inventory
    reading = Reading(cases(into, inventory, "cluster"), tuple(into.notes), tuple(into.asks), "the cluster")
    return Looked(reading, inventory, view.spread, tuple(view.asking.lacking), view.pods, view.asking.calls, view.asking.bytes)


def all_nodes(access: Access, looked: Looked) -> dict[str, NodeSeen]:
    """Every node of the cluster; those that were looked at where you may not list them. Raises Unreachable."""
    with Cluster(access) as cluster:
        try:
            for page in cluster.pages("/api/v1/nodes"):
                looked.inventory.add_all(_list.decode(page).items, "Node")
        except ApiError:
            return looked.inventory.nodes
    return looked.inventory.nodes


class _View:
    """One look while it lasts."""

    def __init__(self, asking: Asking, scope: Scope, say: Say) -> None:
        self.asking = asking
        self.scope = scope
        self.say = say
        self.into = Gathered()
        self.inventory = Inventory()
        self.spread = Spread()
        self.pods = 0

    # ------------------------------------------------------------ pods

    def look_at_pods(self) -> None:
        """The pods of the scope."""
        scope = self.scope
        if scope.name and not valid_name(scope.name):
            raise NotThere(f"{scope.name!r} can be no name in Kubernetes")
        if scope.kind == "pod":
            self._one_pod()
        elif scope.kind == "node":
            self._list_pods("", {"fieldSelector": f"spec.nodeName={scope.name}"})
            if not self.pods:
                self._must_exist(f"/api/v1/nodes/{scope.name}", "node")
        elif scope.kind:
            for selector in self._selectors():
                self._list_pods(scope.namespace, {"labelSelector": selector})
        else:
            self._list_pods(
                "" if scope.everywhere else scope.namespace, {"labelSelector": scope.selector} if scope.selector else {}
            )

    def _one_pod(self) -> None:
        path = f"/api/v1/namespaces/{self.scope.namespace}/pods/{self.scope.name}"
        pod = _thing.decode(self._must_exist(path, "pod"))
        self._add([pod])

    def _must_exist(self, path: str, kind: str) -> bytes:
        try:
            return self.asking.cluster.get(path)
        except ApiError as e:
            where = "" if kind == "node" else f" in namespace {self.scope.namespace}"
            if e.status == 404:
                raise NotThere(f"there is no {kind} {self.scope.name}{where}") from e
            if e.status == 403:
                raise NotThere(f"you may not get {kind} {self.scope.name}{where}: {e}") from e
            raise

    def _selectors(self) -> Iterator[str]:
        """The label selectors of a workload's pods; a cron job has them through its jobs."""
        scope = self.scope
        path = WORKLOADS[scope.kind].format(ns=scope.namespace, name=scope.name)
        found = json.loads(self._must_exist(path, scope.kind))
        if scope.kind != "cronjob":
            yield selector_of(found.get("spec"))
            return
        for page in self.asking.cluster.pages(f"/apis/batch/v1/namespaces/{scope.namespace}/jobs"):
            for job in json.loads(page).get("items") or ():
                if any(
                    o.get("name") == scope.name and o.get("kind") == "CronJob"
                    for o in job["metadata"].get("ownerReferences") or ()
                ):
                    yield selector_of(job.get("spec"))

    def _list_pods(self, namespace: str, query: dict[str, str]) -> None:
        path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        try:
            for page in self.asking.cluster.passing_pages(path, query):
                self._add(_list.decode(page).items)
                self.say(f"{self.pods:,} pods looked at")
        except ApiError as e:
            if e.status != 403:
                raise
            self.asking.refused(e, "list", "pods", namespace)
            if namespace or self.scope.kind == "node":
                raise NotThere(
                    f"you may not list pods{f' in namespace {namespace}' if namespace else ' of all namespaces'}: {e}"
                ) from e
            self._list_pods(self.scope.namespace, query)
        except DecodeError as e:
            raise ApiError(200, "", f"the API server's list of pods cannot be read: {e}") from e

    def _add(self, things: list[Thing]) -> None:
        self.pods += len(things)
        self.spread.add(things)
        self.inventory.add_all(things, "Pod")

    # ------------------------------------------------------------ what failing pulls need

    def look_at_the_rest(self) -> None:
        """Events, accounts, secrets and nodes of the pods that may have a failing pull."""
        suspects = {key: record for key, record in self.inventory.pods.items() if _suspect(record)}
        if not suspects:
            return
        self.say(f"{len(suspects):,} pods are not all there; asking for what their pulls need")
        wanted = [*self._events(suspects), *self._nodes(suspects), *self._accounts(suspects), *self._owners(suspects)]
        for answer in self.asking.each(self._ask, wanted):
            for things, kind in answer:
                self.inventory.add_all(things, kind)
        self._secrets(suspects)

    def _ask(self, cluster: Cluster, wanted: _Wanted) -> list[tuple[list[Thing], str]]:
        found = []
        try:
            if wanted.one:
                found.append(([_thing.decode(cluster.get(wanted.path))], wanted.kind))
            else:
                found += [(_list.decode(page).items, wanted.kind) for page in cluster.pages(wanted.path, wanted.query)]
        except ApiError as e:
            if not self.asking.refused(e, "get" if wanted.one else "list", wanted.resource, wanted.namespace):
                raise
        return found

    def _events(self, suspects: Iterable[tuple[str, str]]) -> Iterator[_Wanted]:
        keys = list(suspects)
        namespaces = sorted({ns for ns, _ in keys})
        if len(keys) <= FEW:
            for namespace, name in keys:
                query = {"fieldSelector": f"involvedObject.name={name}"}
                yield _Wanted(f"/api/v1/namespaces/{namespace}/events", "Event", "events", namespace, query)
            return
        query = {"fieldSelector": "involvedObject.kind=Pod,type=Warning"}
        if self.scope.everywhere and len(namespaces) > FEW:
            yield _Wanted("/api/v1/events", "Event", "events", "", query)
            return
        for namespace in namespaces:
            yield _Wanted(f"/api/v1/namespaces/{namespace}/events", "Event", "events", namespace, query)

    def _nodes(self, suspects: dict[tuple[str, str], Any]) -> Iterator[_Wanted]:
        names = sorted({record.node for record in suspects.values() if record.node})
        if len(names) <= FEW:
            images = {c.image for record in suspects.values() for c in record.spec.containers or ()}
            fine = {node for image in images for node in self.spread.images.get(image, ())}.difference(names)
            for name in (*names, *sorted(fine)[: FEW - len(names)]):  # those beside which the failing ones can be held
                yield _Wanted(f"/api/v1/nodes/{quote(name)}", "Node", "nodes", "", one=True)
        else:
            yield _Wanted("/api/v1/nodes", "Node", "nodes", "", {})

    def _accounts(self, suspects: dict[tuple[str, str], Any]) -> Iterator[_Wanted]:
        for namespace, name in sorted({(ns, r.spec.serviceAccountName or "default") for (ns, _), r in suspects.items()})[
            :MOST_SECRETS
        ]:
            path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{quote(name)}"
            yield _Wanted(path, "ServiceAccount", "serviceaccounts", namespace, one=True)

    def _owners(self, suspects: dict[tuple[str, str], Any]) -> Iterator[_Wanted]:
        """The ReplicaSets and Jobs that own failing pods: their own owners are what somebody wrote."""
        paths = {"ReplicaSet": WORKLOADS["replicaset"], "Job": WORKLOADS["job"]}
        owners = {(ns, *record.owner()) for (ns, _), record in suspects.items()}
        for namespace, kind, name in sorted(owners)[:MOST_SECRETS]:
            if kind in paths and valid_name(name):
                yield _Wanted(paths[kind].format(ns=namespace, name=name), kind, f"{kind.lower()}s", namespace, one=True)

    # ------------------------------------------------------------ secrets

    def _secrets(self, suspects: dict[tuple[str, str], Any]) -> None:
        """Only the secrets that pods name, each by its name; where one is missing, in which namespaces it is."""
        named = {(ns, s.name) for (ns, _), r in suspects.items() for s in r.spec.imagePullSecrets or () if s.name}
        missing = []
        for key, answer in self.asking.each(self._secret, sorted(named)[:MOST_SECRETS]):
            if answer is None:
                continue
            if answer:
                self.inventory.add_all([_thing.decode(answer)], "Secret")
            else:
                missing.append(key)
        elsewhere = dict(self.asking.each(self._elsewhere, sorted({name for _, name in missing})))
        for namespace, name in missing:
            self.inventory.secret_missing(namespace, name, tuple(ns for ns in elsewhere.get(name, ()) if ns != namespace))

    def _secret(self, cluster: Cluster, key: tuple[str, str]) -> tuple[tuple[str, str], bytes | None]:
        """A secret; empty where it is not there, None where it may not be seen."""
        namespace, name = key
        try:
            return key, cluster.get(f"/api/v1/namespaces/{namespace}/secrets/{quote(name)}")
        except ApiError as e:
            if e.status == 404:
                return key, b""
            if self.asking.refused(e, "get", "secrets", namespace):
                return key, None
            raise

    def _elsewhere(self, cluster: Cluster, name: str) -> tuple[str, tuple[str, ...]]:
        """The namespaces that have a secret of this name: their names only, no content."""
        accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
        found: list[str] = []
        try:
            for page in cluster.pages("/api/v1/secrets", {"fieldSelector": f"metadata.name={name}"}, accept=accept):
                found += [item["metadata"].get("namespace", "") for item in json.loads(page).get("items") or ()]
        except ApiError as e:
            if e.status not in {403, 404}:
                raise
        return name, tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One question."""

    path: str
    kind: str
    resource: str
    namespace: str
    query: dict[str, str] | None = None
    one: bool = False


def _suspect(record: Any) -> bool:
    """Whether a pod may have a failing pull: a container waits for its image, or nothing is known of it yet."""
    return record.status.phase in {"Pending", "Running", "Unknown", "", None} and any(
        c.state in {"failing", "open"} for c in record.containers.values()
    )
