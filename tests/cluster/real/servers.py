"""The control plane: etcd, API server, controller manager and scheduler, in the lab's router namespace."""

from __future__ import annotations

import json
import os
import secrets
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from cluster.real import policies
from cluster.real.keys import Keys
from lab import network
from lab.start import ROOT

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pathlib
    from typing import Any

AT = f"{ROOT}/kubernetes"
URL = f"https://{network.ROUTER}:6443"
ETCD = "http://127.0.0.1:2379"
PATIENCE = 240.0  # seconds until all of them answer


class Servers:
    """The running control plane. Ends with the process tree that it runs in."""

    def __init__(self, binaries: pathlib.Path, etcd: pathlib.Path) -> None:
        os.makedirs(AT)
        self.binaries, self.etcd = binaries, etcd
        self.keys = Keys(f"{AT}/pki")
        self.tokens = {"admin": secrets.token_hex(16), "kube-controller-manager": secrets.token_hex(16)}
        self.tokens["kube-scheduler"] = secrets.token_hex(16)
        self._running: list[subprocess.Popen[bytes]] = []
        self._context = ssl.create_default_context(cafile=self.keys.ca)

    def start(self, nodes: tuple[str, ...], people: tuple[str, ...] = ()) -> None:
        """Starts all of them. Nodes and people must be named now: tokens are read once. Raises TimeoutError."""
        self.tokens |= {name: secrets.token_hex(16) for name in (*nodes, *people)}
        with open(f"{AT}/tokens.csv", "w", encoding="ascii") as file:
            file.writelines(f"{token},{_user(name, nodes)}\n" for name, token in self.tokens.items())
        self._run(str(self.etcd), "--data-dir", f"{AT}/etcd", "--listen-client-urls", ETCD, "--advertise-client-urls", ETCD,
                  "--listen-peer-urls", "http://127.0.0.1:2380", "--unsafe-no-fsync", "--log-level", "error")  # fmt: skip
        self._api_server()
        self.wait("/readyz")
        policies.make(self.api)
        for name in ("kube-controller-manager", "kube-scheduler"):
            self._controller(name)

    def _api_server(self) -> None:
        keys = self.keys
        self._run(
            "kube-apiserver", f"--etcd-servers={ETCD}", "--advertise-address", network.ROUTER, "--bind-address", network.ROUTER,
            "--secure-port=6443", f"--tls-cert-file={keys.server[0]}", f"--tls-private-key-file={keys.server[1]}",
            f"--token-auth-file={AT}/tokens.csv", "--authorization-mode=Node,RBAC", "--service-cluster-ip-range=10.96.0.0/16",
            f"--kubelet-client-certificate={keys.client[0]}", f"--kubelet-client-key={keys.client[1]}",
            "--kubelet-preferred-address-types=InternalIP", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={keys.accounts}", f"--service-account-signing-key-file={keys.accounts}",
            "--enable-admission-plugins=PodSecurityPolicy", "--max-requests-inflight=2000", "--max-mutating-requests-inflight=1000", "--profiling=false",
        )  # fmt: skip

    def _controller(self, name: str) -> None:
        config = self.kubeconfig(name)
        if name == "kube-scheduler":
            self._run(name, f"--kubeconfig={config}", "--leader-elect=false", "--port=0")
            return
        self._run(
            name, f"--kubeconfig={config}", "--leader-elect=false", "--port=0", "--use-service-account-credentials=false",
            f"--service-account-private-key-file={self.keys.accounts}", f"--root-ca-file={self.keys.ca}",
            "--pod-eviction-timeout=1h", "--node-monitor-grace-period=5m", "--kube-api-qps=200", "--kube-api-burst=400",
        )  # fmt: skip

    def kubeconfig(self, name: str, namespace: str = "default") -> str:
        """The path of a kubeconfig for one of the names that have a token."""
        path = f"{AT}/{name}.kubeconfig"
        cluster = {"server": URL, "certificate-authority": self.keys.ca}
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": name, "user": {"token": self.tokens[name]}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": name, "namespace": namespace}}],
        }  # fmt: skip
        with open(path, "w", encoding="ascii") as file:
            json.dump(config, file)
        return path

    def api(self, method: str, path: str, body: Any = None, *, kind: str = "application/json", user: str = "admin") -> Any:
        """One request; the decoded answer. Raises urllib.error.HTTPError."""
        headers = {"Authorization": f"Bearer {self.tokens[user]}", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(URL + path, data, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self._context))
        with opener.open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text[:1] in b"{[" else text.decode()

    def make(self, thing: dict[str, Any]) -> Any:
        """Creates an object."""
        return self.api("POST", collection(thing), thing)

    def wait(self, path: str, seconds: float = PATIENCE) -> None:
        """Waits until a path answers. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while True:
            try:
                self.api("GET", path)
            except (OSError, urllib.error.HTTPError) as e:
                if time.monotonic() > until:
                    raise TimeoutError(f"{path}: {e}") from e
                time.sleep(0.1)
            else:
                return

    def _run(self, program: str, *args: str) -> None:
        name = os.path.basename(program)
        with open(f"{AT}/{name}.log", "wb") as log:
            command = [program if program.startswith("/") else str(self.binaries / program), *args]
            self._running.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/"))


_PLACES = {
    "Deployment": "apis/apps/v1", "StatefulSet": "apis/apps/v1", "DaemonSet": "apis/apps/v1", "Job": "apis/batch/v1",
    "ClusterRole": "apis/rbac.authorization.k8s.io/v1", "ClusterRoleBinding": "apis/rbac.authorization.k8s.io/v1",
}  # fmt: skip


def collection(thing: dict[str, Any]) -> str:
    """The path to which an object of this kind is posted."""
    kind, namespace = thing["kind"], thing["metadata"].get("namespace", "")
    where = f"/namespaces/{namespace}" if namespace else ""
    return f"/{_PLACES.get(kind, 'api/v1')}{where}/{kind.lower()}s"


def _user(name: str, nodes: tuple[str, ...]) -> str:
    """user, uid, groups of a line of the token file."""
    if name in {"admin", "kube-controller-manager"}:
        return f'{name},{name},"system:masters"'
    if name in nodes:
        return f'system:node:{name},{name},"system:nodes"'
    return f'system:{name},{name},""' if name.startswith("kube-") else f'{name},{name},""'
