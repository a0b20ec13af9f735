"""One fault's place: a namespace, hosts of its own in the lab's world, and the node on which its pods are to run."""

from __future__ import annotations

import base64
import json

from lab import services
from lab.scene import HOSTS, Scene
from lab.serving import LabRegistry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cluster.real.bed import Cluster
    from cluster.real.faults import Broken

RIGHT = (services.USER, services.PASSWORD)
WRONG = (services.USER, "not-the-password")
SECRET = "shop-pull"
WORKLOAD = "api"


class Place(Scene):
    """A scene on a node that is there for others too."""

    def __init__(self, cluster: Cluster, number: int, broken: Broken) -> None:
        self.cluster, self.broken = cluster, broken
        self.bed, self.number = cluster.bed, number
        self.world, self.client = broken.world, broken.client
        self.hosts = {role: f"{role[0]}{number}.shop.test" for role in HOSTS}
        self.addresses = {role: f"198.18.{number}.{last}" for role, last in HOSTS.items()}
        self.registry = LabRegistry()
        self._servers, self._undo = [], []
        self.account = self.client.account
        self._neighbour = None
        self.node = cluster.nodes[broken.node]
        self.version = self.node.version
        self.image = self.filled(self.client.image)
        self.namespace = broken.name
        self.lay(self.world)
        cluster.servers.make(thing("Namespace", self.namespace))

    def _app(self, role: str, server: Any) -> Callable[[Any], Any]:
        made = super()._app(role, server)
        if self.world.allowed and role == "registry":
            others = {node.seen_as for node in self.cluster.nodes.values() if node is not self.node}
            made.allowed = frozenset(others | ({self.node.seen_as} if self.world.allowed == "node" else set()))
        return made

    def host(self) -> str:
        """The host that a pull secret is for: the image's, or the registry that was meant where the image names none."""
        first = self.image.partition("/")[0]
        return first if "." in first else self.hosts["registry"]

    # ------------------------------------------------------------ objects

    def lay_files(self) -> None:
        """Brings files to the node."""
        self.node.write({self.filled(path): self.filled(text) for path, text in self.client.files.items()})

    def make(self) -> None:
        """Brings objects to the API, the pods last. Raises urllib.error.HTTPError."""
        if self.client.before:
            first = self.node.pull(self.filled(self.client.before))
            if not first.ok:
                raise RuntimeError(f"the image before: {first.text}")
        self.cluster.until(lambda: self._account().get("secrets"), f"the account of {self.namespace} has no token")
        for made in self.broken.objects(self):
            self._put(made)
        for made in self.pods():
            self.cluster.servers.make(made)
        if self.broken.afterwards:
            path = f"/api/v1/namespaces/{self.namespace}/pods"
            self.cluster.until(lambda: self.cluster._get(path).get("items"), f"{self.namespace} has no pod")
            for made in self.broken.afterwards(self):
                self._put(made)

    def _account(self) -> Any:
        return self.cluster._get(f"/api/v1/namespaces/{self.namespace}/serviceaccounts/default")

    def _put(self, made: dict[str, Any]) -> None:
        """Creates an object; a service account that is there already is patched."""
        meta = made["metadata"]
        if made["kind"] == "ServiceAccount" and meta["name"] == "default":
            path = f"/api/v1/namespaces/{meta['namespace']}/serviceaccounts/default"
            body = {key: made[key] for key in made if key not in {"apiVersion", "kind", "metadata"}}
            self.cluster.servers.api("PATCH", path, body, kind="application/merge-patch+json")
        else:
            self.cluster.servers.make(made)

    def pods(self) -> list[dict[str, Any]]:
        """The workloads whose images are not pulled, each bound to a node."""
        made = [self._workload(WORKLOAD, self.image, self.node.name)]
        for number, node in enumerate(self.broken.besides, 1):
            made.append(self._pod(f"web-{number}", f"{self.host()}/shop/web:2.0.{number}", node))
        return made

    def _workload(self, name: str, image: str, node: str) -> dict[str, Any]:
        pod = self._pod(name, image, node)
        if not self.broken.replicas:
            return pod
        labels = pod["metadata"]["labels"]
        template = {"metadata": {"labels": labels}, "spec": pod["spec"]}
        about = {"replicas": self.broken.replicas, "selector": {"matchLabels": labels}, "template": template}
        about["strategy"] = {"type": "Recreate"}
        return thing("Deployment", name, self.namespace, spec=about)

    def _pod(self, name: str, image: str, node: str) -> dict[str, Any]:
        container = {
            "name": WORKLOAD, "image": image, "imagePullPolicy": self.broken.policy,
            "command": ["/srv/api"], "resources": {"requests": {"cpu": "1m"}},
        }  # fmt: skip
        spec: dict[str, Any] = {"containers": [container], "terminationGracePeriodSeconds": 0, **self.broken.spec(self)}
        spec["nodeSelector"] = {"kubernetes.io/hostname": node}
        spec["tolerations"] = [{"operator": "Exists"}]
        return thing("Pod", name, self.namespace, spec=spec, labels={"app": name})


def thing(kind: str, name: str, namespace: str = "", *, labels: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """An object."""
    version = {"Deployment": "apps/v1"}.get(kind, "v1")
    meta = {"name": name, **({"namespace": namespace} if namespace else {}), **({"labels": labels} if labels else {})}
    return {"apiVersion": version, "kind": kind, "metadata": meta, **fields}


def docker_config(host: str, user: str, password: str) -> bytes:
    """A docker config as `kubectl create secret docker-registry` writes it."""
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    return json.dumps({"auths": {host: {"username": user, "password": password, "auth": auth}}}).encode()


def secret(
    namespace: str,
    content: bytes,
    *,
    name: str = SECRET,
    kind: str = "kubernetes.io/dockerconfigjson",
    key: str = ".dockerconfigjson",
) -> dict[str, Any]:
    """A Secret object."""
    return thing("Secret", name, namespace, type=kind, data={key: base64.b64encode(content).decode()})
