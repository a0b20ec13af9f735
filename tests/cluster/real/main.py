"""A whole run: the cluster comes up, everything is broken, whypull is asked in every way, what it prints is done, and what is left is counted.

`python -m cluster.real.main FILE` in the process that lab.start began; FILE is then what there is to judge, as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import sys
import time
import traceback

from cluster.real import letting_in, questions
from cluster.real.asking import Shell
from cluster.real.bed import NODES, Cluster
from cluster.real.faults import all_broken
from cluster.real.healing import heal
from cluster.real.place import Place
from cluster.real.ssh import Ssh
from lab import packages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PATIENCE = 600.0  # seconds until every pod has failed that will
HOSTS_FILE = 6.0  # seconds after which a runtime written in Go has /etc/hosts anew (net/hosts.go, cacheMaxAge)


def main(path: str, asked: dict[str, str]) -> None:
    """Runs all of it and writes what came."""
    run: dict[str, Any] = {"seconds": {}}
    try:
        _whole(run, asked)
    except Exception:  # noqa: BLE001 - what there is so far is worth reading
        run["error"] = traceback.format_exc()
    pathlib.Path(path).write_text(json.dumps(run), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # the first process of its namespace: everything else in it ends with it


def _whole(run: dict[str, Any], asked: dict[str, str]) -> None:
    timed = _timed(run)
    cluster = Cluster(packages.fetched(), pathlib.Path(asked["servers"]), pathlib.Path(asked["etcd"]),
                      pathlib.Path(asked["busybox"]), asked["group"])  # fmt: skip
    with timed("up"):
        cluster.start(NODES, questions.PEOPLE)
    shell = Shell(cluster.servers, pathlib.Path(asked["kubectl"]))
    questions.grant(cluster.servers)
    with timed("broken"):
        places = _broken(cluster, asked["only"].split())
    with timed("failing"):
        _failing(cluster, places)
    before = questions.everything(cluster.servers)
    run["all"] = shell.whypull("-A", "--from", "none", "-o", "json").document
    with timed("all"):
        run["screen"] = shell.whypull("-A").out
    with timed("from nodes"):
        run["walked"] = shell.whypull("-A", "--from", "node", "--yes", "-o", "json").document
    run["asked"] = {}
    for question in questions.QUESTIONS if not asked["only"] else ():
        with timed(question.__name__):
            run["asked"][question.__name__] = question(cluster, shell)
    if not asked["only"]:
        Ssh(pathlib.Path(asked["openssh"])).serve(cluster.nodes["np1-2"])
        with timed("ssh"):
            run["asked"]["ssh"] = questions.by_ssh(shell)
    run["left"] = questions.left(cluster.servers, before)
    for place in places:
        if place.namespace == "allow-list-json":
            with timed("letting in"):
                run["asked"]["letting in"] = letting_in.asked(place, shell)
    with timed("healed"):
        run["healed"] = _healed(places, run["walked"], shell)
    run["left after healing"] = questions.left(cluster.servers, None)
    run["log"] = {name: node.kubelet_log[-2000:] for name, node in cluster.nodes.items()}


def _timed(run: dict[str, Any]) -> Callable[[str], contextlib.AbstractContextManager[None]]:
    @contextlib.contextmanager
    def timed(name: str) -> Any:
        began = time.monotonic()
        try:
            yield
        finally:
            run["seconds"][name] = round(time.monotonic() - began, 1)
            print(name, run["seconds"][name], file=sys.stderr, flush=True)

    return timed


def _broken(cluster: Cluster, only: list[str]) -> list[Place]:
    """Everything broken. A place's number is in its hosts' names and addresses; PAUSE's stands in a node's configuration."""
    numbered = [(200 if b.name == "pause-image" else n, b) for n, b in enumerate(all_broken(), 1) if not only or b.name in only]
    places = [Place(cluster, n, b) for n, b in numbered]
    for place in places:
        place.lay_files()
    time.sleep(HOSTS_FILE)
    for place in places:
        place.make()
    return places


def _failing(cluster: Cluster, places: list[Place]) -> None:
    """Waits until every pod has failed as it will, and the controls have their images. Raises TimeoutError."""
    waiting = {place.namespace: place for place in places}
    until = time.monotonic() + PATIENCE
    while waiting:
        reached = questions.reached(cluster.servers)
        waiting = {name: place for name, place in waiting.items() if bool(place.broken.cause) is not reached.get(name)}
        if waiting and time.monotonic() > until:
            raise TimeoutError(f"not as expected: {[questions.told(cluster.servers, name) for name in sorted(waiting)]}")
        time.sleep(0.5)


def _healed(places: list[Place], answer: dict[str, Any], shell: Shell) -> dict[str, list[str]]:
    """Namespace → what came of the printed fix."""
    found: dict[str, list[str]] = {}
    by_namespace = {p["namespace"]: one for one in answer["diagnoses"] for p in one.get("pulls") or [one["pull"]]}
    for place in places:
        if place.broken.heal:
            one = by_namespace.get(place.namespace)
            try:
                found[place.namespace] = list(heal(place, one, shell) if one else ("not", "no diagnosis"))
            except Exception:  # noqa: BLE001 - the others go on
                found[place.namespace] = ["not", traceback.format_exc()[-1500:]]
    return found


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
