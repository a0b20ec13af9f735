"""What reading 20,000 pods costs: CPU and peak memory, against decoding the same bytes with msgspec alone.

    PYTHONPATH=src python bench/pods.py            # both forms, from a file and from a pipe
    PYTHONPATH=src python bench/pods.py make compact 20000 > pods.json

The pods are made up; their shape and size (8 KB compact, 25 KB indented) are those of a Deployment's pods with
managedFields. Each measurement is a process of its own; the best of five counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PODS = 20_000
BAD_EVERY = 67  # 299 of 20,000
RUNS = 5


def pod(number: int) -> dict[str, Any]:
    """One pod as the API server has it; every 67th cannot pull its image, every 200th crash-loops."""
    name = f"web-{number:05d}"
    namespace = f"team-{number % 200:03d}"
    image = f"registry-{number % 7}.shop.example:5000/team-{number % 200:03d}/web:{number % 90}.4.2"
    containers = [_container("web", image), _container("istio-proxy", "docker.io/istio/proxyv2:1.20.3")]
    status: dict[str, Any] = {
        "phase": "Running",
        "conditions": [_condition(kind, "True") for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")],
        "hostIP": f"10.0.{number % 250}.7",
        "podIP": f"10.244.{number % 250}.{number % 199}",
        "startTime": "2026-11-20T08:00:00Z",
        "containerStatuses": [_running(c["name"], c["image"], number) for c in containers],
        "qosClass": "Burstable",
    }
    if number % BAD_EVERY == 0:
        status["phase"] = "Pending"
        status["containerStatuses"][0] |= _cannot_pull(image)
    elif number % 200 == 0:
        status["containerStatuses"][0]["state"] = {
            "waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}
        }
    return {
        "metadata": _metadata(name, namespace, number),
        "spec": {
            "volumes": [{"name": f"v{i}", "configMap": {"name": f"cm-{i}", "defaultMode": 420}} for i in range(8)],
            "containers": containers,
            "restartPolicy": "Always",
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "web",
            "nodeName": f"node-{number % 500}",
            "imagePullSecrets": [{"name": "regcred"}],
            "tolerations": [
                {"key": f"node.kubernetes.io/{k}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
                for k in ("not-ready", "unreachable")
            ],
        },
        "status": status,
    }


def _metadata(name: str, namespace: str, number: int) -> dict[str, Any]:
    fields = {
        f'k:{{"name":"web"}}.{i}': {".": {}, "f:image": {}, "f:name": {}, "f:resources": {}, "f:waiting": {}} for i in range(22)
    }
    return {
        "name": name,
        "generateName": "web-",
        "namespace": namespace,
        "uid": f"6f1c{number:08d}-0000-4000-8000-000000000000",
        "resourceVersion": str(1_000_000 + number),
        "creationTimestamp": "2026-11-20T08:00:00Z",
        "labels": {"app": "web", "pod-template-hash": "5d8f", "team": namespace, "app.kubernetes.io/name": "web"},
        "annotations": {"checksum/config": "a" * 64, "prometheus.io/scrape": "true"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d8f", "uid": "1", "controller": True}],
        "managedFields": [
            {
                "manager": "kube-controller-manager",
                "operation": "Update",
                "apiVersion": "v1",
                "time": "2026-11-20T08:00:00Z",
                "fieldsType": "FieldsV1",
                "fieldsV1": {"f:metadata": fields, "f:spec": fields if number % 3 else {}},
            }
        ],
    }


def _container(name: str, image: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "env": [{"name": f"SETTING_{i}", "value": f"value of setting {i}"} for i in range(14)],
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "volumeMounts": [{"name": f"v{i}", "readOnly": True, "mountPath": f"/etc/config/{i}"} for i in range(8)],
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10, "failureThreshold": 3},
        "terminationMessagePath": "/dev/termination-log",
        "imagePullPolicy": "IfNotPresent",
    }


def _condition(kind: str, status: str) -> dict[str, Any]:
    return {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": "2026-11-20T08:00:00Z"}


def _running(name: str, image: str, number: int) -> dict[str, Any]:
    return {
        "name": name,
        "state": {"running": {"startedAt": "2026-11-20T08:00:03Z"}},
        "lastState": {},
        "ready": True,
        "restartCount": 0,
        "image": image,
        "imageID": f"registry.shop.example/web@sha256:{number:064d}",
        "containerID": f"containerd://{number:064d}",
        "started": True,
    }


def _cannot_pull(image: str) -> dict[str, Any]:
    why = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
    message = f'Back-off pulling image "{image}": ErrImagePull: rpc error: code = NotFound desc = {why}'
    return {"state": {"waiting": {"reason": "ImagePullBackOff", "message": message}}, "ready": False, "imageID": ""}


def pieces(form: str, count: int) -> Iterator[str]:
    """A list of pods as text: "compact" like the API server's, "indented" like kubectl's -o json."""
    if form == "compact":
        yield '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"2000000"},"items":['
        for number in range(count):
            yield ("," if number else "") + json.dumps(pod(number), separators=(",", ":"))
        yield "]}\n"
        return
    yield '{\n    "apiVersion": "v1",\n    "items": [\n'
    for number in range(count):
        whole = {"apiVersion": "v1", "kind": "Pod", **pod(number)}
        text = json.dumps(whole, indent=4, sort_keys=True).replace("\n", "\n        ")
        yield ("        " if number == 0 else ",\n        ") + text
    yield '\n    ],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n'


READ = """
import resource, sys
from whypull.read.gather import Gathered
from whypull.read.inventory import Inventory
from whypull.read.objects import read_objects
from whypull.read.sources import open_sources
into, inventory = Gathered(), Inventory()
for source in open_sources(sys.argv[1:], sys.stdin.buffer):
    with source as opened:
        assert read_objects(opened, into, inventory)
inventory.settle(into)
print(len(into.heard))
"""
DECODE = """
import mmap, sys, msgspec
S = msgspec.Struct
class W(S, gc=False): reason: str | None = None; message: str | None = None
class St(S, gc=False): waiting: W | None = None
class C(S, gc=False): name: str = ""; image: str = ""; state: St | None = None; imageID: str = ""
class Stat(S, gc=False): phase: str = ""; containerStatuses: list[C] | None = None
class SC(S, gc=False): name: str = ""; image: str = ""; imagePullPolicy: str = ""
class N(S, gc=False): name: str = ""
class Sp(S, gc=False): nodeName: str = ""; containers: list[SC] | None = None; imagePullSecrets: list[N] | None = None; serviceAccountName: str = ""
class M(S, gc=False): name: str = ""; namespace: str = ""; creationTimestamp: str | None = None
class P(S, gc=False): metadata: M; spec: Sp; status: Stat
class L(S, gc=False): items: list[P]
with open(sys.argv[1], "rb") as file:
    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    items = msgspec.json.decode(data, type=L).items
print(sum(any(c.state and c.state.waiting and "Pull" in c.state.waiting.reason for c in p.status.containerStatuses) for p in items))
"""


def measure(code: str, args: list[str], stdin: str = "") -> tuple[float, float, str]:
    """CPU seconds (user and system), peak RSS in MB and the output of the best of five processes."""
    best = (float("inf"), 0.0, "")
    for _ in range(RUNS):
        feed = subprocess.Popen(["cat", stdin], stdout=subprocess.PIPE) if stdin else None
        child = subprocess.Popen(
            [sys.executable, "-c", code, *args], stdin=feed.stdout if feed else None, stdout=subprocess.PIPE, text=True
        )
        out = child.stdout.read() if child.stdout else ""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if feed:
            feed.wait()
        if child.returncode:
            raise SystemExit(f"the measured process failed with {child.returncode}")
        best = min(best, (used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.strip()))
    return best


def main() -> None:
    """Makes both files, measures, and prints a table."""
    with tempfile.TemporaryDirectory() as folder:
        for form in ("compact", "indented"):
            path = os.path.join(folder, form + ".json")
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(pieces(form, PODS))
            print(f"{form}: {PODS} pods, {os.path.getsize(path) / 1e6:.0f} MB")
            base = 0.0
            for what, code, args, stdin in (
                ("python -c pass", "", [], ""),
                ("msgspec alone, mmap", DECODE, [path], ""),
                ("whypull, file", READ, [path], ""),
                ("whypull, pipe", READ, [], path),
            ):
                cpu, rss, out = measure(code, args, stdin)
                base = cpu if code is DECODE else base
                ratio = f"{cpu / base:4.2f} ×" if base else ""
                print(f"  {what:22} {cpu:5.2f} s CPU  {rss:5.0f} MB  found {out or '-':>4}  {ratio}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        sys.stdout.writelines(pieces(sys.argv[2], int(sys.argv[3])))
    else:
        main()
