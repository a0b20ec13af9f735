"""whypull verify: pulls the image once more, on the same node, with the same account and secrets, and runs nothing."""

from __future__ import annotations

import json
import secrets
import sys
import time

from whypull.cli import FOUND, OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from typing import Any

    from whypull.model import Pull
    from whypull.read.cluster import Cluster

EPILOG = """\
examples:
  whypull verify pod/web-0 -n shop              the container whose pull fails, on its own node
  whypull verify deploy/web -n shop --node np1-4
  whypull verify pod/web-0 --container api      a certain container

It makes a pod with the same image, service account and pull secrets, imagePullPolicy Always and a command that does not
exist, waits until the kubelet says that it pulled or why it did not, and removes the pod. Nothing of the application runs.
"""
EVERY = 0.5  # seconds between looks


def run(args: Sequence[str]) -> int:
    """0 where the pull works, 1 where it fails (with the diagnosis). Raises UsageError."""
    from whypull.commands import cluster as live  # noqa: PLC0415
    from whypull.read.cluster import ApiError, Cluster, Unreachable  # noqa: PLC0415

    chosen = parser().parse_args(args)
    scope = live.scope_of(chosen)
    if not scope.kind or scope.kind == "node":
        raise UsageError("verify what? Name a pod or a workload: whypull verify pod/NAME or deploy/NAME")
    access = live.reach(chosen)
    with live.progress(chosen) as say:
        try:
            with Cluster(access, timeout=chosen.request_timeout) as cluster:
                return _verify(cluster, access.namespace, chosen, say)
        except (ApiError, Unreachable) as e:
            raise UsageError(f"{e}.") from e


def parser() -> ArgumentParser:
    """The arguments."""
    from whypull.commands import cluster as live  # noqa: PLC0415
    from whypull.commands import options  # noqa: PLC0415

    made = options.parser("verify", "Proves that a pull works now, without running the application.", EPILOG)
    made.add_argument("target", nargs="+", metavar="TARGET", help="pod/NAME, deploy/NAME, ds, sts, rs, job, cronjob")
    live.add_cluster(made)
    made.add_argument(
        "--container", default="", metavar="NAME", help="the container (else the one whose pull fails, else the first)"
    )
    made.add_argument("--node", default="", metavar="NAME", help="another node than the pod's own")
    made.add_argument("--timeout", type=float, default=300, metavar="SECONDS", help="how long to wait for the pull (300)")
    options.add_output(made)
    return made


def _verify(cluster: Cluster, namespace: str, chosen: Namespace, say: Any) -> int:
    pod = one_pod(cluster, namespace, chosen)
    pull = pull_of(pod, chosen.container, chosen.node)
    from whypull.read.cluster import ApiError  # noqa: PLC0415 - only who comes here pays for it
    from whypull.vantage.guard import Guard  # noqa: PLC0415 - only who comes here pays for it
    from whypull.vantage.pull_only import manifest  # noqa: PLC0415

    name = f"whypull-verify-{secrets.token_hex(4)}"
    made = manifest(name, pod, pull, node=chosen.node)
    path = f"/api/v1/namespaces/{pull.namespace}/pods"
    guard = Guard(cluster.access, chosen.kubeconfig, pull.namespace, name)
    try:
        _create(cluster, path, made, pull)
    except (ApiError, UsageError):  # after an interruption it may have been made all the same: then the guard removes it
        guard.release()
        raise
    try:
        say(f"pulling {pull.image} on {pull.node or 'a node'}")
        said, failed = _watched(cluster, f"{path}/{name}", pull, chosen.timeout, say)
        return _answer(cluster, pull, said, failed, f"{path}/{name}", chosen)
    finally:
        if _remove(cluster, f"{path}/{name}"):
            guard.release()


def one_pod(cluster: Cluster, namespace: str, chosen: Namespace) -> dict[str, Any]:
    """The pod that is meant, or of a workload's the one whose pull fails. Raises UsageError."""
    from dataclasses import replace  # noqa: PLC0415

    from whypull.commands import cluster as live  # noqa: PLC0415
    from whypull.read.cluster import ApiError  # noqa: PLC0415
    from whypull.read.live import NotThere, look  # noqa: PLC0415

    scope = replace(live.scope_of(chosen), namespace=namespace)
    name = scope.name
    if scope.kind != "pod":
        try:
            looked = look(cluster.again(), scope, lambda _: None)
        except NotThere as e:
            raise UsageError(f"{e}.") from e
        names = (
            [c.pull.pod for c in looked.reading.cases]
            + [n for _, n in looked.inventory.pods]
            + [n for _, n in looked.inventory.running]
        )
        if not names:
            raise UsageError(
                f"{scope.kind} {scope.name} has no pod at the moment: there is nothing to take account and secrets from."
            )
        name = names[0]
    try:
        found: dict[str, Any] = json.loads(cluster.get(f"/api/v1/namespaces/{namespace}/pods/{name}"))
    except ApiError as e:
        if e.status == 404:
            raise UsageError(f"there is no pod {name} in namespace {namespace}.") from e
        raise
    return found


def pull_of(pod: dict[str, Any], container: str, node: str = "") -> Pull:
    """Which pull of a pod is meant: the named container's, else the failing one's, else the first's. Raises UsageError."""
    from whypull.model import Pull  # noqa: PLC0415

    spec, status = pod["spec"], pod.get("status", {})
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ()), *(spec.get("ephemeralContainers") or ())]
    waiting = [
        s.get("name")
        for key in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
        for s in status.get(key) or ()
        if (s.get("state") or {}).get("waiting", {}).get("reason", "")
        in {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"}
    ]
    wanted = container or (waiting[0] if waiting else (spec.get("containers") or [{}])[0].get("name", ""))
    found = next((c for c in containers if c.get("name") == wanted), None)
    if found is None:
        names = ", ".join(c.get("name", "") for c in containers)
        raise UsageError(f"pod {pod['metadata']['name']} has no container {wanted!r}; it has: {names}.")
    meta = pod["metadata"]
    return Pull(found["image"], meta.get("namespace", ""), meta["name"], wanted, node or spec.get("nodeName", ""))


def _create(cluster: Cluster, path: str, made: dict[str, Any], pull: Pull) -> None:
    from whypull.read.cluster import ApiError  # noqa: PLC0415
    from whypull.vantage.pull_only import refused_by, yielding  # noqa: PLC0415 - only who comes here pays for it

    wanted: dict[str, Any] | None = made
    while wanted is not None:
        try:
            cluster.send("POST", path, wanted)
        except ApiError as e:
            if e.status != 403:
                raise
            wanted = yielding(wanted, str(e))
            if wanted is None:
                raise UsageError(f"the pod that would pull cannot be made: {refused_by(str(e), pull)}") from e
        else:
            return


def _watched(cluster: Cluster, path: str, pull: Pull, seconds: float, say: Any) -> tuple[str, str]:
    """(how it is known that it pulled, or empty; the reason of its failure, or empty)."""
    from whypull.vantage.pull_only import pulled, refused  # noqa: PLC0415

    began = time.monotonic()
    while time.monotonic() - began < seconds:
        pod = json.loads(cluster.get(path))
        said = pulled(pod)
        if said:
            return _in_its_words(cluster, path, said), ""
        failed = refused(pod)
        if failed:
            return "", failed
        say(f"pulling {pull.image} on {pull.node or 'a node'}, {time.monotonic() - began:.0f} s")
        time.sleep(EVERY)
    return "", ""


def _events(cluster: Cluster, path: str) -> list[dict[str, Any]]:
    from whypull.read.cluster import ApiError  # noqa: PLC0415

    _, namespace, _, name = path.rsplit("/", maxsplit=3)
    try:
        page = cluster.get(f"/api/v1/namespaces/{namespace}/events", {"fieldSelector": f"involvedObject.name={name}"})
    except ApiError:
        return []
    found: list[dict[str, Any]] = json.loads(page).get("items") or []
    return found


def _in_its_words(cluster: Cluster, path: str, said: str) -> str:
    """The kubelet's own sentence, where the event is there already."""
    return next((str(e.get("message")) for e in _events(cluster, path) if e.get("reason") == "Pulled"), said)


def _answer(cluster: Cluster, pull: Pull, said: str, failed: str, path: str, chosen: Namespace) -> int:
    from whypull.render.safe import plain  # noqa: PLC0415

    where = f"node {pull.node}" if pull.node else "a node that the scheduler chose"
    if said:
        if chosen.output in {"json", "yaml"}:
            from whypull.commands import options  # noqa: PLC0415

            sys.stdout.write(options.dumps(chosen.output, {"schema": "whypull/1", "diagnoses": [], "notes": [f"pulled: {said}"]}))
        else:
            print(plain(f"✓ {pull.image} is pulled on {where}: {said}"))
            print("  Pods that still wait try again by themselves, every 5 minutes at most; at once:")
            print(plain(f"    kubectl delete pod {pull.pod} -n {pull.namespace}"))
        return OK
    if not failed:
        seconds = f"{chosen.timeout:.0f} s"
        print(plain(f"? {pull.image} is neither pulled nor refused on {where} after {seconds}: queued, very large, or stuck."))
        return 3
    return _why(cluster, pull, path, chosen)


def _why(cluster: Cluster, pull: Pull, path: str, chosen: Namespace) -> int:
    """The diagnosis of the verifying pod's own failure: the next cause, if the first one is mended."""
    from dataclasses import replace  # noqa: PLC0415

    from whypull.commands import cluster as live  # noqa: PLC0415
    from whypull.diagnose import diagnoses_of  # noqa: PLC0415
    from whypull.read.live import Scope, look  # noqa: PLC0415
    from whypull.read.message import failures  # noqa: PLC0415

    scope = Scope(pull.namespace, kind="pod", name=path.rpartition("/")[2])
    looked = look(cluster.again(), scope, lambda _: None)
    found = [
        replace(d, pull=replace(d.pull, pod=pull.pod, container=pull.container)) for d in diagnoses_of(looked.reading, failures)
    ]
    live.print_out(found, looked.reading, chosen)
    return FOUND


def _remove(cluster: Cluster, path: str) -> bool:
    """Whether the pod is gone."""
    from whypull.read.cluster import ApiError, Unreachable  # noqa: PLC0415

    try:
        cluster.send("DELETE", path, {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0})
    except (ApiError, Unreachable) as e:
        if isinstance(e, ApiError) and e.status == 404:
            return True
        print(
            f"whypull: the pod {path.rpartition('/')[2]} could not be removed ({e}); it ends by itself after 15 minutes.",
            file=sys.stderr,
        )
        return False
    return True
