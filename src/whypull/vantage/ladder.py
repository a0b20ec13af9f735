"""From which vantage a node's pull is walked, and how each is reached: log API, node pod, ssh, the runtime itself, here."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys

from whypull.probe.shell import NodeLost, Shell
from whypull.read.cluster import ApiError, Cluster, Unreachable
from whypull.vantage.node_pod import WITHOUT_SHELL, NoImage, image_on
from whypull.vantage.node_walk import NodeWalk
from whypull.vantage.running_pod import NodePod, NoPod, sweep
from whypull.vantage.transports import Ssh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, TypeVar

    from whypull.read.kubeconfig import Access

    T = TypeVar("T")

WAYS_ON = "Over ssh, if you have it: --from ssh."


class NoVantage(Exception):
    """A node cannot be walked from in this way; the message says why, and what else there is."""


class NeedsConsent(Exception):
    """Something would be made in the cluster, and nobody can be asked; the message says which flag agrees to it."""


class Ladder:
    """The vantages of one run: how the user's cluster, ssh and consent make nodes reachable."""

    def __init__(self, access: Access, chosen: Namespace) -> None:
        self.access = access
        self.chosen = chosen
        self.agreed = bool(chosen.yes)
        self.given_up = False
        self._pods: list[NodePod] = []

    @contextlib.contextmanager
    def at(self, node: str) -> Iterator[Place]:
        """A node that is reached when it is first needed, and once."""
        with contextlib.ExitStack() as stack:
            yield Place(self, node, stack)

    def side_by_side(self, act: Callable[[str], T], names: Sequence[str], most: int) -> Iterator[T]:
        """What comes of each name, in their order, several at the same time. An interruption removes every pod at once."""
        if not names:
            return
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only who comes here pays for it

        pool = ThreadPoolExecutor(most)
        try:
            yield from pool.map(act, names)
        except BaseException:
            self.given_up = True
            for pod in list(self._pods):
                pod.remove()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    @contextlib.contextmanager
    def shell(self, node: str, how: str) -> Iterator[Shell]:
        """A shell on the node while it lasts: by a pod there ("node", "cri", "all-nodes") or by ssh. Raises NoVantage."""
        with contextlib.ExitStack() as stack:
            if how == "ssh":
                transport: Any = Ssh(self._ssh_target(node))
                stack.callback(transport.finish)
            else:
                transport = stack.enter_context(self._pod(node)).transport
            shell = Shell(transport)
            stack.callback(shell.close)
            yield shell

    # ------------------------------------------------------------ the node pod

    @contextlib.contextmanager
    def _pod(self, node: str) -> Iterator[NodePod]:
        with Cluster(self.access, timeout=self.chosen.request_timeout) as cluster:
            try:
                found = json.loads(cluster.get(f"/api/v1/nodes/{node}"))
                image = self._image(cluster, found)
            except ApiError as e:
                raise NoVantage(f"node {node} cannot be looked at: {e}. {WAYS_ON}") from e
            except NoImage as e:
                raise NoVantage(f"{e}, so there is no image to start a pod with. {WAYS_ON}") from e
            os_image = found.get("status", {}).get("nodeInfo", {}).get("osImage", "")
            if any(word in os_image.lower() for word in WITHOUT_SHELL):
                raise NoVantage(f"{node} runs {os_image}, which has no shell at all: nothing of the host can be run there.")
            namespace = self.chosen.node_pod_namespace
            self._ask(node, image, namespace)
            sweep(cluster, namespace)
            try:
                kubeconfig = self.chosen.kubeconfig
                with NodePod(cluster, found, image, namespace, self.kubectl(), lambda: self.given_up, kubeconfig) as pod:
                    self._pods.append(pod)
                    yield pod
            except NoPod as e:
                raise NoVantage(str(e)) from e

    def _image(self, cluster: Cluster, node: dict[str, Any]) -> str:
        """An image that the node has, from the pods that run there."""
        name = node["metadata"]["name"]
        try:
            pods = json.loads(cluster.get("/api/v1/pods", {"fieldSelector": f"spec.nodeName={name}", "limit": "250"}))
        except ApiError:
            pods = {}
        return image_on(node, pods.get("items") or ())

    def _ask(self, node: str, image: str, namespace: str) -> None:
        """Says what will be made, once, and asks. Raises NeedsConsent where nobody can answer, NoVantage for a no."""
        if self.agreed:
            return
        print(
            f"To walk the pull from {node}, a pod is made there in namespace {namespace}, with an image that the node has\n"
            f"({image}): nothing is pulled. It sees the host's files read-only and the host's network, lives for 10 minutes\n"
            "at most, and is removed at the end.",
            file=sys.stderr,
        )
        if not sys.stdin.isatty():
            raise NeedsConsent("there is no terminal to ask on: say --yes to have the pod made")
        print("Make it? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise NoVantage("no pod was made.")
        self.agreed = True

    def kubectl(self) -> tuple[str, ...]:
        """kubectl as it must be called for this cluster and user. Raises NoVantage where there is none."""
        found = shutil.which("kubectl") or shutil.which("oc")
        if not found:
            raise NoVantage("kubectl is not on PATH, and running a command in a pod goes through it.")
        words = [found]
        if self.chosen.kubeconfig:
            words.append(f"--kubeconfig={self.chosen.kubeconfig}")
        if self.access.context and self.access.context != "in-cluster":
            words.append(f"--context={self.access.context}")
        for header, value in self.access.impersonate:
            flag = {"Impersonate-User": "--as", "Impersonate-Group": "--as-group"}.get(header)
            if flag:
                words.append(f"{flag}={value}")
        return tuple(words)

    # ------------------------------------------------------------ ssh

    def _ssh_target(self, node: str) -> str:
        if self.chosen.ssh:
            return str(self.chosen.ssh)
        with Cluster(self.access, timeout=self.chosen.request_timeout) as cluster:
            try:
                addresses = json.loads(cluster.get(f"/api/v1/nodes/{node}")).get("status", {}).get("addresses") or ()
            except (ApiError, Unreachable):
                return node
        by_type = {a.get("type"): a.get("address") for a in addresses}
        return str(by_type.get("ExternalIP") or by_type.get("InternalIP") or node)

    # ------------------------------------------------------------ the kubelet's log API

    def node_logs(self, node: str) -> bytes:
        """The kubelet's and the runtime's log of a node, through NodeLogQuery. Raises NoVantage where it is not on.

        https://kubernetes.io/docs/concepts/cluster-administration/system-logs/#log-query
        """
        query = {"query": "kubelet", "tailLines": "4000", "pattern": "[Ii]mage"}
        path = f"/api/v1/nodes/{node}/proxy/logs/"
        with Cluster(self.access, timeout=self.chosen.request_timeout) as cluster:
            try:
                found = cluster.get(path, query)
            except ApiError as e:
                raise NoVantage(_log_refusal(e, node)) from e
            except Unreachable as e:
                raise NoVantage(f"the log API of {node} gives no answer: {e}") from e
            for service in ("containerd", "crio"):
                with contextlib.suppress(ApiError, Unreachable):
                    found += b"\n" + cluster.get(path, {**query, "query": service})
        if found.lstrip()[:1] == b"<":
            raise NoVantage(f"the kubelet of {node} lists files instead of answering log queries: NodeLogQuery is not on there.")
        return found


class Place:
    """One node during a run: its shell, and what was read of it, for all that is walked from there."""

    def __init__(self, ladder: Ladder, node: str, stack: contextlib.ExitStack) -> None:
        self.ladder = ladder
        self.node = node
        self._stack = stack
        self._shell: Shell | None = None
        self._walk: NodeWalk | None = None
        self._lost: Exception | None = None

    def shell(self) -> Shell:
        """A shell on the node, as the user chose. Raises NoVantage, NodeLost, NeedsConsent; the same again when asked again."""
        if self._lost is not None:
            raise self._lost
        if self._shell is None:
            try:
                self._shell = self._stack.enter_context(self.ladder.shell(self.node, self.ladder.chosen.vantage))
            except (NoVantage, NodeLost) as e:
                self._lost = e
                raise
        return self._shell

    def walk(self) -> NodeWalk:
        """The node, read and ready to walk from. Raises as shell() does."""
        if self._walk is None:
            walk = NodeWalk(self.shell(), self.node)
            try:
                walk.begin()
            except NodeLost as e:
                self._lost = e
                raise
            self._walk = walk
        return self._walk


def _log_refusal(error: ApiError, node: str) -> str:
    if error.status == 403:
        return f"you may not get nodes/proxy (or nodes/log), so the log of {node} cannot be read: {error}"
    return f"the kubelet of {node} answers no log queries (NodeLogQuery is off): {error.status}"


__all__ = ["Ladder", "NeedsConsent", "NoVantage", "NodeLost", "Place"]
