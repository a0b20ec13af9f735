"""What a look at a small namespace costs: CPU of `whypull -n NS` against `kubectl get pods -n NS` at the same server, over TLS.

20 pods, one of which cannot pull its image; pods as large as a Deployment's are. kubectl gets the table that it asks for, as
a real API server makes it, and has its discovery cached. Median of paired runs; whypull as installed, with its byte code.
"""

from __future__ import annotations

import compileall
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import pods as generator
import yaml

import cluster

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.cluster import apiserver, objects  # noqa: E402 - found by the path set above

from whypull.demo.authority import Authority  # noqa: E402 - found by the path set above

WHYPULL = str(pathlib.Path(sys.executable).with_name("whypull"))
NAMESPACE, PODS, RUNS, MOST = "team-001", 20, 21, 2.0
COLUMNS = ("Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates")


def namespace_of():
    """The objects of the namespace, by resource."""
    listed = []
    for number in range(PODS):
        one = generator.pod(number * 67 + 1 if number else 0)
        one["metadata"] |= {"name": f"web-{number:02}", "namespace": NAMESPACE}
        one["spec"]["nodeName"] = f"node-{number % 4}"
        listed.append(one)
    name, image = listed[0]["metadata"]["name"], listed[0]["spec"]["containers"][0]["image"]
    text = listed[0]["status"]["containerStatuses"][0]["state"]["waiting"]["message"].partition("desc = ")[2]
    found = objects.cluster(
        objects.event(name, text, image, namespace=NAMESPACE), objects.account("web", NAMESPACE),
        objects.pull_secret("regcred", NAMESPACE), objects.replica_set("web-5d8f", "web", {"app": "web"}, NAMESPACE),
        *(objects.node(f"node-{n}") for n in range(4)),
    )  # fmt: skip
    return {**found, "pods": listed}


def as_table(handler):
    """Answers kubectl's questions for a table, and for what the server has."""
    path = handler.path.partition("?")[0]
    if path in {"/api", "/apis", "/api/v1"}:
        handler.send(200, json.loads(cluster.discovery(path)))
        return True
    if "as=Table" not in handler.headers.get("Accept", ""):
        return False
    rows = [
        {
            "cells": [p["metadata"]["name"], "2/2", p["status"]["phase"], "0", "3d", p["status"]["podIP"], p["spec"]["nodeName"], "<none>", "<none>"],
            "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": p["metadata"]},
        }
        for p in handler.api.objects["pods"]
    ]  # fmt: skip
    columns = [
        {"name": name, "type": "string", "format": "", "description": "", "priority": int(n > 4)}
        for n, name in enumerate(COLUMNS)
    ]
    handler.send(
        200, {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "columnDefinitions": columns, "rows": rows}
    )
    return True


def serve(folder):
    """Serves the namespace until it is killed; writes a kubeconfig."""
    ca = Authority(folder)
    with apiserver.ApiServer(namespace_of(), tls=apiserver.tls_context(*ca.server(["127.0.0.1"])), token="bench") as server:
        server.faults.append(as_table)
        document = apiserver.kubeconfig(server.url, pathlib.Path(ca.root_file).read_bytes(), {"token": "bench"})
        part = pathlib.Path(folder, "part")
        part.write_text(yaml.safe_dump(document), encoding="utf-8")
        part.rename(pathlib.Path(folder, "config"))
        threading.Event().wait()


def main():
    """Measures and prints both, and their ratio."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        print("bench/namespace.py: kubectl is not installed, so there is nothing to compare with.")
        return
    subprocess.run([sys.executable, "-m", "whypull.causes.build"], stdout=subprocess.DEVNULL, check=True)
    compileall.compile_dir(ROOT / "src", quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([sys.executable, os.path.abspath(__file__), "serve", folder])
        config = pathlib.Path(folder, "config")
        try:
            while not config.exists() and server.poll() is None:
                time.sleep(0.1)
            env = {"KUBECONFIG": str(config), "HOME": folder}
            commands = {
                "kubectl get pods -n NS": [kubectl, "get", "pods", "-n", NAMESPACE],
                "whypull -n NS": [WHYPULL, "-n", NAMESPACE],
                "whypull -n NS -o json": [WHYPULL, "-n", NAMESPACE, "-o", "json"],
            }
            times = {name: [] for name in commands}
            for _ in range(RUNS):
                for name, command in commands.items():
                    times[name].append(cluster.measured(command, env))
        finally:
            server.terminate()
            server.wait()
    base = statistics.median(cpu for cpu, _, _ in times["kubectl get pods -n NS"])
    for name, runs in times.items():
        cpu, wall = statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs)
        print(f"{name:<24} {cpu * 1000:6.1f} ms CPU  {wall * 1000:6.1f} ms wall   {cpu / base:5.2f} x kubectl   (at most {MOST})")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2])
    else:
        main()
