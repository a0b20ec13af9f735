"""A cluster → Dynatrace's objects in it: what is asked of the API, and what may not be seen, said with verb and resource."""

from __future__ import annotations

import json
from urllib.parse import quote

from whypull.dynatrace.dynakube import dynakube_of
from whypull.dynatrace.installation import secret_names
from whypull.read.asking import Asking
from whypull.read.cluster import ApiError
from whypull.read.dynatrace_objects import Material

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from whypull.read.cluster import Cluster

GROUP = "/apis/dynatrace.com"
NO_CRD = "This cluster has no DynaKubes: Dynatrace's CRD (dynatrace.com) is not installed."


def look(cluster: Cluster, namespace: str, say: Callable[[str], None]) -> Material:
    """Dynatrace's objects of a cluster. `namespace` narrows the injected pods that are looked at; empty means all.

    Raises Unreachable, BadKubeconfig, and ApiError for what is neither a missing right nor a missing thing.
    """
    found = Material()
    asking = Asking(cluster)
    view = _View(asking, found)
    try:
        view.dynakubes()
        say("the operator's workloads")
        view.workloads()
        view.namespaces()
        say("injected pods")
        view.pods(namespace)
        view.secrets()
    finally:
        asking.close()
    for sentence in asking.lacking:
        found.notes.setdefault(sentence)
    return found


class _View:
    """One look while it lasts."""

    def __init__(self, asking: Asking, found: Material) -> None:
        self.asking = asking
        self.found = found

    def dynakubes(self) -> None:
        """The DynaKubes, in the version that the server prefers."""
        group = self._get(GROUP, "get", "the API group dynatrace.com")
        if group is None:
            self.found.notes.setdefault(NO_CRD)
            return
        preferred = str((group.get("preferredVersion") or {}).get("version") or "")
        served = [str(one.get("version") or "") for one in group.get("versions") or () if isinstance(one, dict)]
        for version in dict.fromkeys([preferred, *served]):
            if not version.startswith("v"):
                continue
            before = len(self.found.objects.dynakubes)
            if self._list(f"{GROUP}/{quote(version)}/dynakubes", "DynaKube", "dynakubes.dynatrace.com") is not False:
                if len(self.found.objects.dynakubes) == before:
                    self.found.notes.setdefault("There is no DynaKube in this cluster.")
                return

    def workloads(self) -> None:
        """Deployments, DaemonSets and StatefulSets of the namespaces that have a DynaKube, or of the operator's usual one."""
        whole = True
        for namespace in self._homes():
            for kind, plural in (("Deployment", "deployments"), ("DaemonSet", "daemonsets"), ("StatefulSet", "statefulsets")):
                done = self._list(f"/apis/apps/v1/namespaces/{quote(namespace)}/{plural}", kind, plural, namespace)
                whole = whole and (done is True or kind != "DaemonSet")
        if whole:
            self.found.objects.workloads_listed()
        webhook = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/dynatrace-webhook"
        one = self._get(webhook, "get", "mutatingwebhookconfigurations")
        if one is not None:
            self.found.add({"kind": "MutatingWebhookConfiguration", **one})

    def namespaces(self) -> None:
        """The namespaces' labels: which ones are injected, and by which DynaKube."""
        self._list("/api/v1/namespaces", "Namespace", "namespaces")

    def pods(self, namespace: str) -> None:
        """The pods, of which only injected ones are kept."""
        path = f"/api/v1/namespaces/{quote(namespace)}/pods" if namespace else "/api/v1/pods"
        self._list(path, "Pod", "pods", namespace)

    def secrets(self) -> None:
        """The secrets and the ConfigMap that a DynaKube names, each by its name."""
        for thing in list(self.found.objects.dynakubes):
            dynakube = dynakube_of(thing)
            for namespace, name in secret_names(dynakube):
                self._named(
                    f"/api/v1/namespaces/{quote(namespace)}/secrets/{quote(name)}", "Secret", "secrets", (namespace, name)
                )
            if dynakube.trusted_cas:
                key = (dynakube.namespace, dynakube.trusted_cas)
                path = f"/api/v1/namespaces/{quote(key[0])}/configmaps/{quote(key[1])}"
                self._named(path, "ConfigMap", "configmaps", key)

    def _homes(self) -> list[str]:
        homes = [dynakube_of(thing).namespace for thing in self.found.objects.dynakubes]
        return list(dict.fromkeys(home for home in homes if home)) or ["dynatrace"]

    def _named(self, path: str, kind: str, resource: str, key: tuple[str, str]) -> None:
        """One object by its name; a secret that is not there is remembered."""
        try:
            self.found.add({"kind": kind, **json.loads(self.asking.cluster.get(path))})
        except ApiError as e:
            if e.status == 404 and kind == "Secret":
                self.found.objects.absent.add(key)
            elif not self.asking.refused(e, "get", resource, key[0]):
                raise
        except ValueError:
            self.found.notes.setdefault(f"The API server's answer for {resource} cannot be read.")

    def _get(self, path: str, verb: str, resource: str) -> dict[str, Any] | None:
        try:
            found = json.loads(self.asking.cluster.get(path))
        except ApiError as e:
            if not self.asking.refused(e, verb, resource):
                raise
            return None
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    def _list(self, path: str, kind: str, resource: str, namespace: str = "") -> bool | None:
        """Adds a list's items. True where it was read, None where it may not be, False where there is no such resource."""
        try:
            for page in self._pages(path):
                for item in page.get("items") or ():
                    if isinstance(item, dict):
                        self.found.add({"apiVersion": page.get("apiVersion", ""), **item, "kind": kind})
        except ApiError as e:
            if not self.asking.refused(e, "list", resource, namespace):
                raise
            return None if e.status == 403 else False
        return True

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        for page in self.asking.cluster.pages(path):
            try:
                found = json.loads(page)
            except ValueError:
                self.found.notes.setdefault(f"A list of the API server ({path}) cannot be read.")
                return
            if isinstance(found, dict):
                yield found
