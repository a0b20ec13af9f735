"""The pod that lets a walk start from a node that cannot pull anything: an image that is there, policy Never. Pure.

The host's root is mounted read-only and the host's own tools are run in it. An image without a shell (pause,
distroless) serves too: the host's dynamic loader is a program that starts the host's chroot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

DEADLINE = 600  # seconds after which the kubelet ends the pod, whatever becomes of us
LABELS = {
    "app.kubernetes.io/name": "whypull",
    "app.kubernetes.io/component": "node-walk",
    "app.kubernetes.io/managed-by": "whypull",
}
HOST = "/host"
WITHOUT_SHELL = ("talos", "bottlerocket")  # hosts that have no shell at all; said, not tried
# Images of the cluster's own parts: public, small, and on every node; since kubelet 1.35 an image that needed
# credentials may be refused to a pod that has none (https://kubernetes.io/docs/concepts/containers/images/).
_PUBLIC = re.compile(
    r"^(?:registry\.k8s\.io|k8s\.gcr\.io|mcr\.microsoft\.com|gke\.gcr\.io|public\.ecr\.aws|docker\.io|quay\.io|"
    r"\d{12}\.dkr\.ecr\.[^/]+/(?:eks|amazon)/)"
)
_SHELLED = re.compile(r"busybox|alpine|debian|ubuntu|kube-proxy|calico|cilium|flannel|aws-node|amazon-k8s-cni|canal|weave")


class NoImage(Exception):
    """No image is known to be on the node; the message says where was looked."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """One way from a container into the host's root."""

    name: str  # of the container that tries it
    words: tuple[str, ...]  # argv up to the host's shell


def entrances(architecture: str, os_image: str) -> tuple[Entrance, ...]:
    """The ways to try on a node, the likeliest for its OS first. The loader must be named by its real path:
    /lib64/ld-linux… is an absolute link that does not resolve from outside the host's root."""
    triple, loader = (
        ("aarch64-linux-gnu", "ld-linux-aarch64.so.1")
        if architecture == "arm64"
        else ("x86_64-linux-gnu", "ld-linux-x86-64.so.2")
    )
    debian = _by_loader("debian", f"/usr/lib/{triple}/{loader}", f"/usr/lib/{triple}", "/usr/sbin/chroot")
    fedora = _by_loader("rhel", f"/usr/lib64/{loader}", "/usr/lib64", "/usr/sbin/chroot")
    other = _by_loader("lib64", f"/usr/lib64/{loader}", "/usr/lib64", "/usr/bin/chroot")
    lib = _by_loader("lib", f"/usr/lib/{loader}", "/usr/lib64", "/usr/sbin/chroot")
    musl_name = "aarch64" if architecture == "arm64" else "x86_64"
    musl = _by_loader("musl", f"/lib/ld-musl-{musl_name}.so.1", "/lib", "/usr/sbin/chroot")
    own = Entrance("own", ("chroot", HOST))
    debianlike = any(word in os_image.lower() for word in ("ubuntu", "debian", "azure"))
    first, second = (debian, fedora) if debianlike else (fedora, debian)
    return (first, own, second, other, *((lib,) if architecture == "arm64" else ()), musl)


def _by_loader(name: str, loader: str, libraries: str, chroot: str) -> Entrance:
    return Entrance(name, (HOST + loader, "--library-path", HOST + libraries, HOST + chroot, HOST))


def image_on(node: Mapping[str, Any], pods: Iterable[Mapping[str, Any]]) -> str:
    """An image that is certainly on the node: of a container that runs there, the cluster's own parts first.

    `node` and `pods` are API objects. Raises NoImage.
    """
    name = node.get("metadata", {}).get("name", "")
    running = []
    for pod in pods:
        spec = pod.get("spec", {})
        if spec.get("nodeName") != name:
            continue
        states = {s.get("name"): s for s in pod.get("status", {}).get("containerStatuses") or ()}
        for container in spec.get("containers") or ():
            state = states.get(container.get("name"), {})
            if state.get("imageID") and "running" in (state.get("state") or {}):
                running.append((_liking(container["image"], pod), container["image"]))
    if running:
        return str(min(running)[1])
    listed = [n for image in node.get("status", {}).get("images") or () for n in image.get("names") or () if "@" not in n]
    if listed:
        return str(min(listed, key=lambda n: (not _PUBLIC.match(n), len(n))))
    raise NoImage(f"no container runs on {name}, and its status lists no image")


def _liking(image: str, pod: Mapping[str, Any]) -> tuple[bool, bool, bool, bool]:
    """What is liked least sorts last: private images, those of the user's own namespaces, Windows' ones."""
    system = pod.get("metadata", {}).get("namespace") == "kube-system"
    secrets = bool(pod.get("spec", {}).get("imagePullSecrets"))
    return (not (system and not secrets), secrets, not _PUBLIC.match(image), not _SHELLED.search(image))


def manifest(name: str, namespace: str, node: Mapping[str, Any], image: str) -> dict[str, Any]:
    """The pod: one container for each way into the host, all with the same image; those whose way exists run.

    Needs no pull, no service account and no scheduler; is ended by the kubelet after DEADLINE seconds.
    """
    info = node.get("status", {}).get("nodeInfo", {})
    ways = entrances(info.get("architecture", "amd64"), info.get("osImage", ""))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": dict(LABELS),
            "annotations": {"whypull.dev/purpose": "walks a failing image pull again from this node; safe to delete"},
        },
        "spec": {
            "nodeName": node["metadata"]["name"],
            "hostNetwork": True,
            "dnsPolicy": "Default",
            "restartPolicy": "Never",
            "activeDeadlineSeconds": DEADLINE,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}],
            "containers": [_container(way, image) for way in ways],
            "volumes": [{"name": "host", "hostPath": {"path": "/"}}],
        },
    }


def _container(way: Entrance, image: str) -> dict[str, Any]:
    return {
        "name": way.name,
        "image": image,
        "imagePullPolicy": "Never",
        "command": [*way.words, "/bin/sh", "-c", f"sleep {DEADLINE}"],
        "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
        "securityContext": {
            "runAsUser": 0,
            "runAsNonRoot": False,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            # chroot into the host; the runtime's environment (its proxy) is in /proc, readable with PTRACE only.
            "capabilities": {"drop": ["ALL"], "add": ["SYS_CHROOT", "SYS_PTRACE", "DAC_READ_SEARCH"]},
        },
        "volumeMounts": [{"name": "host", "mountPath": HOST, "readOnly": True}],
    }


def entered(pod: Mapping[str, Any]) -> str:
    """The name of a container that got into the host; empty while none runs."""
    for state in pod.get("status", {}).get("containerStatuses") or ():
        if "running" in (state.get("state") or {}):
            return str(state.get("name"))
    return ""


def ended(pod: Mapping[str, Any]) -> str:
    """Why no container will ever run, in the runtime's or kubelet's words; empty while one may."""
    status = pod.get("status", {})
    states = [s.get("state") or {} for s in status.get("containerStatuses") or ()]
    words = [str(d.get("message") or d.get("reason") or "") for s in states for d in s.values() if isinstance(d, dict)]
    waiting = [s["waiting"].get("reason", "") for s in states if "waiting" in s]
    never = {"ErrImageNeverPull", "InvalidImageName", "CreateContainerError", "RunContainerError", "CreateContainerConfigError"}
    if status.get("phase") == "Failed" or (states and all("terminated" in s for s in states)):
        return status.get("message") or next(filter(None, words), "all its containers ended")
    if states and waiting and len(waiting) == len(states) and all(reason in never for reason in waiting):
        return next(filter(None, words), waiting[0])
    return ""


def refusal(message: str, namespace: str) -> str:
    """An admission refusal in plain words, with the way around it."""
    low = message.lower()
    if "podsecurity" in low or "pod security" in low:
        return (
            f"Pod Security of namespace {namespace} refuses a pod that mounts the host ({_first(message)}). "
            "Name a namespace that may: --node-pod-namespace NAME, or walk over ssh: --from ssh."
        )
    if "security context constraint" in low or "scc" in low:
        return (
            f"OpenShift's security context constraints refuse it in {namespace}: your user may use no privileged one there. "
            "Use a namespace whose service accounts may (oc adm policy add-scc-to-user), or walk over ssh: --from ssh."
        )
    if "denied the request" in low or "admission webhook" in low:
        said = _first(message).rstrip(".")
        return f"An admission webhook refuses the pod: {said}. Ask for an exception, or walk over ssh: --from ssh."
    if "exceeded quota" in low:
        return f"The quota of namespace {namespace} is used up. Name another one: --node-pod-namespace NAME."
    return _first(message)


def _first(message: str) -> str:
    return " ".join(message.split())[:300]
