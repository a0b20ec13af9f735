"""`whypull egress` run whole: a small API server, the CLIs on PATH, what it prints."""

import json
import os
import subprocess
import sys

from tests.cluster import apiserver
from tests.egress import clis


def object_of(node):
    """A node's API object."""
    return {
        "metadata": {"name": node.name, "labels": dict(node.labels)}, "spec": {"providerID": node.provider},
        "status": {"addresses": [{"type": kind, "address": value} for kind, value in node.addresses],
                   "nodeInfo": {"containerRuntimeVersion": "containerd://1.7.24", "osImage": "Ubuntu 22.04.5 LTS", "architecture": "amd64"},
                   "images": [{"names": [f"registry.k8s.io/pause:3.{n}"], "sizeBytes": 1} for n in range(10)]},
    }  # fmt: skip


def event(message, node, pod="web-0"):
    """A failed pull's event."""
    return {
        "metadata": {"name": f"{pod}.1", "namespace": "shop"}, "reason": "Failed", "type": "Warning", "message": message, "count": 3,
        "involvedObject": {"kind": "Pod", "name": pod, "namespace": "shop"}, "source": {"component": "kubelet", "host": node},
        "firstTimestamp": "2026-11-20T08:00:00Z", "lastTimestamp": "2026-11-20T08:05:00Z",
    }  # fmt: skip


def run(folder, nodes, answers, *args, events=(), denied=(), path=None, stdin=""):
    """(exit code, standard output, standard error) of `whypull egress ARGS` against a cluster of these nodes."""
    objects = {"nodes": [object_of(node) for node in nodes], "events": list(events)}
    with apiserver.ApiServer(objects, denied=denied) as server:
        config = folder / "kubeconfig"
        config.write_text(json.dumps(apiserver.kubeconfig(server.url)), encoding="utf-8")
        words = [sys.executable, "-m", "whypull", "egress", "--kubeconfig", str(config), *args]
        env = {**os.environ, "PATH": path or clis.install(folder, answers), "COLUMNS": "100"}
        done = subprocess.run(words, env=env, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr
