"""What whypull is asked in the cluster besides: all nodes, other vantages, missing rights, interruptions; and what is left of it."""

from __future__ import annotations

import json
import os
import signal
import time

from cluster.real import webhook
from cluster.real.faults import all_broken
from cluster.real.place import thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cluster.real.asking import Ran, Shell
    from cluster.real.bed import Cluster
    from cluster.real.servers import Servers

PEOPLE = ("reader", "walker", "stranger")
_READS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
_MAKES = {"apiGroups": [""], "resources": ["pods"], "verbs": ["create", "delete"]}
_NODES = {"apiGroups": [""], "resources": ["nodes", "events", "serviceaccounts", "secrets"], "verbs": ["get", "list"]}
ROLES = {"reader": [_READS], "walker": [_READS, _MAKES, _NODES]}  # the walker may make a pod and not exec into it
WAITED = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
OURS = "app.kubernetes.io/managed-by=whypull"
REFUSING = ("guarded", "tight", "strict")  # namespaces in which no pod of a node is let in
SLOW = "syn-dropped"  # its walk waits for an answer that never comes


def grant(servers: Servers) -> None:
    """Gives people the rights of ROLES; who is not in it has none."""
    for name, rules in ROLES.items():
        servers.make(thing("ClusterRole", name) | {"apiVersion": "rbac.authorization.k8s.io/v1", "rules": rules})
        bound = {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}}
        bound["subjects"] = [{"kind": "User", "name": name, "apiGroup": "rbac.authorization.k8s.io"}]  # type: ignore[assignment]
        servers.make(thing("ClusterRoleBinding", name) | {"apiVersion": "rbac.authorization.k8s.io/v1", **bound})


def reached(servers: Servers) -> dict[str, bool | None]:
    """Namespace → True where every pod's pull has failed, False where every image is there, None while neither is so."""
    found: dict[str, list[bool | None]] = {}
    failed = {e["involvedObject"]["namespace"] for e in servers.api("GET", "/api/v1/events")["items"] if _tells(e)}
    for pod in servers.api("GET", "/api/v1/pods")["items"]:
        space = pod["metadata"]["namespace"]
        states = pod["status"].get("initContainerStatuses") or pod["status"].get("containerStatuses") or [{}]
        waiting = (states[0].get("state") or {}).get("waiting", {}).get("reason", "")
        if states[0].get("imageID"):
            found.setdefault(space, []).append(False)
        else:
            bad = waiting in WAITED or waiting == "ContainerCreating"
            found.setdefault(space, []).append(True if bad and space in failed else None)
    return {space: states[0] if len(set(states)) == 1 else None for space, states in found.items()}


def told(servers: Servers, namespace: str) -> dict[str, Any]:
    """What the API says of a namespace's pods, for a person."""
    at = f"/api/v1/namespaces/{namespace}"
    events = [(e["lastTimestamp"], e["reason"], e["message"][:300]) for e in servers.api("GET", f"{at}/events")["items"]]
    return {namespace: [p["status"] for p in servers.api("GET", f"{at}/pods")["items"]], "events": events}


def _tells(event: dict[str, Any]) -> bool:
    said = event.get("message", "")
    return (event["reason"] == "Failed" and not said.startswith("Error: ImagePullBackOff")) or event["reason"] in {
        "FailedCreatePodSandBox", "InspectFailed", "ErrImageNeverPull",
    }  # fmt: skip


# ---------------------------------------------------------------- questions


def all_nodes(cluster: Cluster, shell: Shell) -> dict[str, Any]:
    """The matrix of a pull that an allow-list refuses to one node."""
    screen = shell.whypull("-n", "allow-list-json", "--from", "all-nodes", "--yes")
    told = shell.whypull("-n", "allow-list-page", "--from", "all-nodes", "--yes", "-o", "json")
    return {"screen": screen.out, "json": told.document, "seen as": cluster.nodes["np1-2"].seen_as}


def the_runtime(_: Cluster, shell: Shell) -> dict[str, Any]:
    """The runtime's own pull, through the CRI on the node."""
    return shell.whypull("-n", "registry-503", "--from", "cri", "--yes", "-o", "json").document


def the_log(_: Cluster, shell: Shell) -> str:
    """The log API of a kubelet that has none."""
    return shell.whypull("-n", "registry-503", "--from", "node-logs").out


def here(_: Cluster, shell: Shell) -> dict[str, Any]:
    """From where whypull runs, which is not the node."""
    return shell.whypull("-n", "allow-list-json", "--from", "here", "-o", "json").document


def no_terminal(_: Cluster, shell: Shell) -> dict[str, Any]:
    """A pod is wanted and nobody can be asked."""
    return _as_dict(shell.whypull("-n", "registry-503", "--from", "node"))


def without_rights(_: Cluster, shell: Shell) -> dict[str, Any]:
    """Who may see pods only; who may make a pod and not exec into it; who may see nothing."""
    wanted = ("-n", "registry-503", "--from", "node", "--yes")
    return {
        "reader": _as_dict(shell.whypull(*wanted, user="reader")),
        "walker": _as_dict(shell.whypull(*wanted, user="walker")),
        "stranger": _as_dict(shell.whypull(*wanted, user="stranger")),
        "fix": _as_dict(shell.whypull("fix", "-n", "secret-not-attached", user="reader")),
        "verify": _as_dict(shell.whypull("verify", "pod/api", "-n", "registry-503", user="reader")),
    }


def refused(cluster: Cluster, shell: Shell) -> dict[str, Any]:
    """Pod Security, a quota that has no room, and a webhook: each in the namespace that is named for the node's pod."""
    for name in REFUSING:
        cluster.servers.make(thing("Namespace", name, labels={"policies": name}))
        path = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        cluster.until(lambda path=path: cluster._get(path).get("secrets"), f"{name} has no account")
    cluster.servers.make(thing("ResourceQuota", "none", "tight", spec={"hard": {"pods": "0"}}))
    cluster.until(lambda: cluster._get("/api/v1/namespaces/tight/resourcequotas/none").get("status", {}).get("hard"), "no quota")
    webhook.guard(cluster, "strict")
    wanted = ("-n", "registry-503", "--from", "node", "--yes", "--node-pod-namespace")
    return {
        "pod security": _as_dict(shell.whypull(*wanted, "guarded", user="walker")),
        "quota": _as_dict(shell.whypull(*wanted, "tight")),
        "webhook": _as_dict(_refused_by_webhook(cluster, shell, wanted)),
    }


def _refused_by_webhook(cluster: Cluster, shell: Shell, wanted: tuple[str, ...]) -> Ran:
    """The answer once the API server asks the webhook: it hears of a new one within a second or so."""
    ran = shell.whypull(*wanted, "strict")
    for _ in range(20):
        if webhook.SAYS in " ".join(ran.out.split()):
            break
        time.sleep(0.5)
        ran = shell.whypull(*wanted, "strict")
    return ran


def interrupted(cluster: Cluster, shell: Shell) -> dict[str, Any]:
    """Ctrl-C, as a terminal sends it, and kill -9, both in the middle of a walk; and of a verify."""
    walk = ("-n", SLOW, "--from", "node", "--yes")
    several = ("-A", "--from", "node", "--yes")
    check = ("verify", "pod/api", "-n", SLOW)
    number = next(n for n, broken in enumerate(all_broken(), 1) if broken.name == SLOW)
    egress = ("egress", "--from", "node", "--node", "np1-1", "--yes", "--no-cloud", "--echo", f"http://198.18.{number}.1/")
    return {
        "ctrl-c": _interrupted(cluster, shell, walk, _ctrl_c),
        "ctrl-c of many": _interrupted(cluster, shell, several, _ctrl_c),
        "ctrl-c of egress": _interrupted(cluster, shell, egress, _ctrl_c),
        "ctrl-c of verify": _interrupted(cluster, shell, check, _ctrl_c),
        "term": _interrupted(cluster, shell, walk, lambda pid: os.kill(pid, signal.SIGTERM)),
        "kill -9": _interrupted(cluster, shell, walk, lambda pid: os.kill(pid, signal.SIGKILL)),
        "kill -9 of many": _interrupted(cluster, shell, several, lambda pid: os.kill(pid, signal.SIGKILL)),
        "kill -9 of verify": _interrupted(cluster, shell, check, lambda pid: os.kill(pid, signal.SIGKILL)),
    }


def _ctrl_c(pid: int) -> None:
    os.killpg(pid, signal.SIGINT)


def _interrupted(cluster: Cluster, shell: Shell, args: tuple[str, ...], end: Callable[[int], None]) -> dict[str, Any]:
    """What is left a few seconds after it was stopped while its pod was there."""
    process = shell.started(*args)
    cluster.until(lambda: pods(cluster.servers), f"{args} makes no pod")
    time.sleep(2)
    there = len(pods(cluster.servers))
    began = time.monotonic()
    end(process.pid)
    out, err = process.communicate(timeout=240)
    took = time.monotonic() - began
    until = time.monotonic() + 60
    while (pods(cluster.servers) or children()) and time.monotonic() < until:
        time.sleep(0.2)
    return {
        "there": there, "code": process.returncode, "took": round(took, 1), "gone after": round(time.monotonic() - began, 1),
        "pods": pods(cluster.servers), "children": children(), "err": err[-600:], "out": out[-200:],
    }  # fmt: skip


QUESTIONS = (all_nodes, the_runtime, the_log, here, no_terminal, without_rights, refused, interrupted)


def by_ssh(shell: Shell) -> dict[str, Any]:
    """The user's own ssh into the node; and one that is not there."""
    return {
        "json": shell.whypull("-n", "port-closed", "--from", "ssh", "-o", "json").document,
        "nobody": _as_dict(shell.whypull("-n", "registry-503", "--from", "ssh")),
        "children": children(),
    }


def _as_dict(ran: Ran) -> dict[str, Any]:
    return {"code": ran.code, "out": ran.out, "err": ran.err[-1500:], "seconds": ran.seconds}


# ---------------------------------------------------------------- what is left


def pods(servers: Servers) -> list[str]:
    """The pods that whypull made and that are there."""
    found = servers.api("GET", f"/api/v1/pods?labelSelector={OURS.replace('/', '%2F').replace('=', '%3D')}")["items"]
    return [f"{p['metadata']['namespace']}/{p['metadata']['name']}" for p in found]


def children() -> list[str]:
    """Processes that a run of whypull started and that are still there: kubectl, ssh, guards, whypull itself."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if any(
            mark in words
            for mark in ("kubectl exec", "/kubectl --", "-m whypull", "whypull-np", "whypull-verify", "/usr/bin/ssh ")
        ):
            found.append(words[:200])
    return [words for words in found if "cluster.real.main" not in words]


def everything(servers: Servers) -> dict[str, list[str]]:
    """Names of all that whypull could have made or changed, by kind."""
    kinds = {"namespaces": "/api/v1/namespaces", "secrets": "/api/v1/secrets", "serviceaccounts": "/api/v1/serviceaccounts"}
    kinds["deployments"] = "/apis/apps/v1/deployments"
    return {kind: sorted(_key(item) for item in servers.api("GET", path)["items"]) for kind, path in kinds.items()}


def _key(item: dict[str, Any]) -> str:
    meta = item["metadata"]
    named = json.dumps(item.get("imagePullSecrets") or "")
    return f"{meta.get('namespace', '')}/{meta['name']} {named} {meta.get('generation', '')}"


def left(servers: Servers, before: dict[str, list[str]] | None) -> dict[str, Any]:
    """What is there and was not before: pods of whypull's, processes, changed objects (the namespace of a question apart)."""
    changed = {}
    for kind, names in everything(servers).items() if before else ():
        new = sorted(set(names) ^ set((before or {})[kind]))
        changed[kind] = [name for name in new if not name.lstrip("/").startswith(REFUSING)]
    return {"pods": pods(servers), "processes": children(), "changed": {kind: names for kind, names in changed.items() if names}}
