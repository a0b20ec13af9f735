"""Creates the node pod, waits until it is inside the host, and sees to it that it goes away, also after a kill -9."""

from __future__ import annotations

import json
import re
import secrets
import time

from whypull.read.cluster import ApiError, Unreachable
from whypull.vantage.guard import Guard
from whypull.vantage.node_pod import DEADLINE, LABELS, ended, entered, entrances, manifest, refusal
from whypull.vantage.transports import Exec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Any, Self

    from whypull.read.cluster import Cluster

EVENTS_EVERY = 3.0  # seconds
PATIENCE = 60.0  # seconds for a pod that pulls nothing to start


class NoPod(Exception):
    """The pod could not be made or did not start; the message says why, and what else there is."""


class NodePod:
    """A pod on one node while it lasts. Use as a context manager; `transport` runs commands on the node."""

    def __init__(
        self, cluster: Cluster, node: Mapping[str, Any], image: str, namespace: str, kubectl: tuple[str, ...],
        given_up: Callable[[], bool] = lambda: False, kubeconfig: str = "",
    ) -> None:  # fmt: skip
        self.cluster = cluster
        self.node = node
        self.namespace = namespace
        self.kubectl = kubectl
        self.given_up = given_up
        self.kubeconfig = kubeconfig
        suffix = secrets.token_hex(3)
        stem = "".join(c if c.isalnum() or c == "-" else "-" for c in node["metadata"]["name"])[:40].strip("-")
        self.name = f"whypull-{stem}-{suffix}"
        self.manifest = manifest(self.name, namespace, node, image)
        self.transport: Exec | None = None
        self._guard: Guard | None = None

    def __enter__(self) -> Self:
        """Creates the pod and waits for it. Raises NoPod."""
        self._guard = Guard(self.cluster.access, self.kubeconfig, self.namespace, self.name)
        try:
            self._create()
            container = self._wait()
        except BaseException:
            self.remove()
            raise
        info = self.node.get("status", {}).get("nodeInfo", {})
        ways = {w.name: w.words for w in entrances(info.get("architecture", "amd64"), info.get("osImage", ""))}
        self.transport = Exec(self.kubectl, self.namespace, self.name, container, ways[container])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Removes the pod."""
        self.remove()

    def remove(self) -> None:
        """Removes the pod at once; the guard removes it where this does not come about. May be called from any thread."""
        path = f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"
        try:
            with self.cluster.again() as cluster:
                cluster.send("DELETE", path, {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0})
        except (ApiError, Unreachable):
            return  # the guard tries again at the end of the run (also what is not there: it may be in the making)
        self._release()

    def _release(self) -> None:
        if self._guard is not None:
            self._guard.release()

    def _create(self) -> None:
        try:
            self.cluster.send("POST", f"/api/v1/namespaces/{self.namespace}/pods", self.manifest)
        except ApiError as e:
            self._release()
            raise NoPod(refusal(str(e), self.namespace)) from e

    def _wait(self) -> str:
        """The container that got into the host."""
        path = f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"
        where = self.node["metadata"]["name"]
        until = time.monotonic() + PATIENCE
        phase = said = ""
        asked = time.monotonic()
        while time.monotonic() < until:
            if self.given_up():
                raise NoPod("it was given up.")
            pod = json.loads(self.cluster.get(path))
            inside = entered(pod)
            if inside:
                return inside
            why = ended(pod)
            if why:
                raise NoPod(f"the pod on {where} did not get into the host: {' '.join(why.split())[:300]}")
            phase = pod.get("status", {}).get("phase", "")
            if time.monotonic() > asked + EVENTS_EVERY:
                asked, said = time.monotonic(), self._warned()
                if "sandbox image" in said:
                    raise NoPod(f"no pod starts on {where}: {_sandbox(said)}")
            time.sleep(0.25)
        if said:
            raise NoPod(f"the pod on {where} does not start: {said}")
        raise NoPod(f"the pod on {where} is still {phase or 'unseen'} after {PATIENCE:.0f} s: does its kubelet run?")

    def _warned(self) -> str:
        """What the kubelet's last warning about the pod says; empty where there is none, or it may not be seen."""
        query = {"fieldSelector": f"involvedObject.name={self.name},type=Warning"}
        try:
            events = json.loads(self.cluster.get(f"/api/v1/namespaces/{self.namespace}/events", query)).get("items") or ()
        except (ApiError, Unreachable):
            return ""
        return " ".join(str(events[-1].get("message", "")).split())[:300] if events else ""


def _sandbox(said: str) -> str:
    """Which image every pod of the node lacks, where a warning names it; else the warning."""
    found = re.search(r'sandbox image \\?"([^"\\]+)', said)
    return f"its sandbox image {found[1]} is not there and cannot be pulled" if found else said


def sweep(cluster: Cluster, namespace: str) -> int:
    """Removes node pods of earlier runs that are past their deadline; how many. Lacking rights are no error here."""
    selector = ",".join(f"{key}={value}" for key, value in LABELS.items())
    removed = 0
    try:
        listed = json.loads(cluster.get(f"/api/v1/namespaces/{namespace}/pods", {"labelSelector": selector}))
        for pod in listed.get("items") or ():
            if _age(pod) > DEADLINE:
                cluster.send("DELETE", f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}")
                removed += 1
    except (ApiError, Unreachable):
        return removed
    return removed


def _age(pod: Mapping[str, Any]) -> float:
    """Seconds since the pod was made."""
    from datetime import UTC, datetime  # noqa: PLC0415

    created = pod.get("metadata", {}).get("creationTimestamp") or ""
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()
    except ValueError:
        return 0.0
