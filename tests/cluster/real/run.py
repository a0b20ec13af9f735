"""Starts a whole run in namespaces of its own and gives back what came of it."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time

from cluster import kubernetes
from cluster.real import cgroups
from lab import packages
from lab.start import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SECONDS = 1500  # until a run is given up, however slow the machine


def measured(only: Sequence[str] = ()) -> dict[str, Any]:
    """The run's findings; `only` names faults, and then no other questions are asked.

    Raises packages.NotHere where this machine cannot have a cluster, RuntimeError where it broke.
    """
    if not cgroups.hierarchies():
        raise packages.NotHere("the cluster's kubelet needs control groups of version 1, and this machine has none")
    binaries = kubernetes.built()
    for name in cgroups.left():
        cgroups.remove(name)
    group = f"{cgroups.PREFIX}{os.getpid()}"
    cgroups.make(group)
    asked = {"servers": binaries.servers, "etcd": binaries.etcd, "busybox": binaries.busybox, "kubectl": binaries.kubectl,
             "openssh": binaries.openssh, "group": group, "only": " ".join(only)}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/run.json"
        process = start(packages.fetched(), "cluster.real.main", [path, json.dumps({k: str(v) for k, v in asked.items()})])
        try:
            process.wait(SECONDS)
        finally:
            process.kill()
            process.wait()
            _without(group)
        if not os.path.exists(path):
            raise RuntimeError("the cluster's run ended without a result")
        with open(path, encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        return found | {"group": group}


def _without(group: str) -> None:
    """Removes the run's control group once the last of its processes is gone, which the kernel ends by itself."""
    for _ in range(100):
        cgroups.remove(group)
        if group not in cgroups.left():
            return
        time.sleep(0.1)


if __name__ == "__main__":
    json.dump(measured(sys.argv[1:]), sys.stdout)
