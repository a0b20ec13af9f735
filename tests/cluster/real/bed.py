"""The cluster as a whole: the lab's world, the servers, the nodes, and pods that just run on them."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import time
import urllib.error

from cluster.real import cgroups, images
from cluster.real.node import ClusterNode, containerd_config
from cluster.real.servers import Servers
from lab import network
from lab.bed import Bed
from lab.node import DISK, drop_in
from lab.scene import BUNDLE, CA_FILE
from lab.services import PROXY_NAMES, RESOLVERS
from lab.start import ROOT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lab.packages import Packages

ARCHIVES = f"{ROOT}/archives"
GATEWAY = "198.51.100.10"  # by which all nodes go out but those with an address of their own
PATIENCE = 240.0


@dataclasses.dataclass(frozen=True)
class Kind:
    """What is particular about a node."""

    version: str = "1.7"
    pool: str = "np1"
    resolver: str = network.ROUTER
    trusts: bool = True
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    sandbox: str = images.PAUSE
    disk: str = DISK
    agent: str = images.AGENT  # the image of the pod that just runs there; empty for none
    own_address: bool = False  # it goes out by one of its own, not by the gateway


# Two nodes for what is broken elsewhere, each with its own runtime and its own way out; others for what is broken in a node.
NODES = {
    "np1-1": Kind(agent=images.PAUSE),
    "np1-2": Kind(version="1.6", own_address=True),
    "np2-1": Kind(pool="np2", environment={"HTTPS_PROXY": f"http://{PROXY_NAMES['denies']}:3128", "NO_PROXY": "localhost"}),
    "np2-2": Kind(pool="np2", resolver=RESOLVERS["SERVFAIL"], agent=images.PAUSE),
    "np3-1": Kind(pool="np3", trusts=False),
    "np3-2": Kind(pool="np3", disk="size=24m", agent=images.PAUSE),
    "np4-1": Kind(pool="np4", sandbox="r200.shop.test/shop/pause:3.10", agent=""),  # the tag is not there
}


class Cluster:
    """Made once in the process that lab.start began."""

    def __init__(self, packages: Packages, binaries: pathlib.Path, etcd: pathlib.Path, busybox: pathlib.Path, group: str) -> None:
        cgroups.enter(group)
        self.bed = Bed(packages)
        self.archives = images.archives(busybox, ARCHIVES)
        self.servers = Servers(binaries, etcd)
        self.nodes: dict[str, ClusterNode] = {}

    def start(self, kinds: Mapping[str, Kind], people: tuple[str, ...] = ()) -> None:
        """Starts servers and nodes, and waits until a pod runs on each. Raises TimeoutError."""
        self.servers.start(tuple(kinds), people)
        for number, (name, kind) in enumerate(kinds.items(), 201):
            self._node(name, number, kind)
        for name in kinds:
            self.until(lambda name=name: self.ready(name), f"{name} is not ready")
        self.until(lambda: self._get("/api/v1/namespaces/kube-system/serviceaccounts/default"), "kube-system has no account")
        agents = [name for name, kind in kinds.items() if kind.agent]
        for name in agents:
            self.servers.make(agent(name, kinds[name].agent))
        for name in agents:
            self.until(lambda name=name: self._runs(name), f"the pod of {name} does not run")

    def _node(self, name: str, number: int, kind: Kind) -> None:
        bed = self.bed
        files = {
            "/etc/resolv.conf": f"nameserver {kind.resolver}\noptions timeout:2 attempts:1\n",
            "/etc/os-release": 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
            "/etc/ca-certificates.conf": "# none\n",
            BUNDLE: bed.ca if kind.trusts else bed.strangers_ca,
            "/etc/containerd/config.toml": containerd_config(kind.version, kind.sandbox),
            "/root/ca.crt": bed.ca,
            "/root/registry-ca.crt": bed.ca,  # what printed commands call it
            **bed.client_files,
        }
        if kind.trusts:
            files[CA_FILE] = bed.ca
        if kind.environment:
            files["/etc/systemd/system/containerd.service.d/http-proxy.conf"] = drop_in(kind.environment)
        labels = {"agentpool": kind.pool, "topology.kubernetes.io/zone": f"z{kind.pool[2]}"}
        node = ClusterNode(name, number, bed.packages, kind.version, files, self.servers, labels, kind.disk)
        if not kind.own_address:
            node.leave_as(GATEWAY)
        node.start()
        node.load(*self.archives)
        node.join()
        self.nodes[name] = node

    def ready(self, name: str) -> bool:
        """Whether the API says that a node is ready."""
        conditions = self._get(f"/api/v1/nodes/{name}").get("status", {}).get("conditions") or ()
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def _runs(self, name: str) -> bool:
        states = self._get(f"/api/v1/namespaces/kube-system/pods/agent-{name}")["status"].get("containerStatuses") or ()
        return bool(states) and "running" in states[0]["state"]

    def _get(self, path: str) -> Any:
        try:
            return self.servers.api("GET", path)
        except urllib.error.HTTPError as e:
            if e.code == 404:
                return {}
            raise

    @staticmethod
    def until(true: Any, words: str, seconds: float = PATIENCE) -> None:
        """Waits until something is so. Raises TimeoutError with the words."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(words)
            time.sleep(0.2)


def agent(node: str, image: str) -> dict[str, Any]:
    """A pod of the cluster's own that runs on a node and has pulled nothing."""
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"agent-{node}", "namespace": "kube-system"},
        "spec": {
            "nodeName": node, "hostNetwork": True, "tolerations": [{"operator": "Exists"}], "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "agent", "image": image, "imagePullPolicy": "Never"}],
        },
    }  # fmt: skip


def made_folder() -> str:
    """A folder for files of the run."""
    os.makedirs(f"{ROOT}/run", exist_ok=True)
    return f"{ROOT}/run"
