"""The pod that proves a fix: the same image, node, service account and secrets, a fresh pull, and nothing that runs. Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from whypull.model import Pull

DEADLINE = 900  # seconds: a large image takes its time
COMMAND = "/whypull-pulls-only-and-runs-nothing"
LABELS = {"app.kubernetes.io/name": "whypull", "app.kubernetes.io/component": "verify", "app.kubernetes.io/managed-by": "whypull"}
# What a container that was pulled and then found no such program says; each means that the pull came off.
_AFTER_THE_PULL = frozenset({
    "RunContainerError", "StartError", "ContainerCannotRun", "CreateContainerError", "CrashLoopBackOff", "Completed", "Error",
})  # fmt: skip
_FAILED = frozenset({
    "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable",
    "SignatureValidationFailed",
})  # fmt: skip


def manifest(name: str, pod: Mapping[str, Any], pull: Pull, *, node: str = "") -> dict[str, Any]:
    """A pod like `pod` (an API object) as far as the pull is concerned, with a command that does not exist.

    `node` pins it to one; empty leaves that to the pod's own node.
    """
    spec = pod.get("spec", {})
    account = spec.get("serviceAccountName") or "default"
    secrets = [{"name": s["name"]} for s in spec.get("imagePullSecrets") or () if s.get("name")]
    made: dict[str, Any] = {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": DEADLINE,
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "serviceAccountName": account,
        "tolerations": [{"operator": "Exists"}],
        "containers": [_container(pull.image)],
    }
    where = node or pull.node or spec.get("nodeName") or ""
    if where:
        made["nodeName"] = where
    if secrets:
        made["imagePullSecrets"] = secrets
    for key in ("runtimeClassName", "nodeSelector"):
        if spec.get(key):
            made[key] = spec[key]
    metadata = {
        "name": name,
        "namespace": pull.namespace or pod.get("metadata", {}).get("namespace", "default"),
        "labels": dict(LABELS),
        # Webhooks that inject containers must leave it alone: only the pull is asked about.
        "annotations": {"sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled", "dynatrace.com/inject": "false"},
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": made}


def _container(image: str) -> dict[str, Any]:
    return {
        "name": "pull",
        "image": image,
        "imagePullPolicy": "Always",
        "command": [COMMAND],
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def yielding(made: Mapping[str, Any], refusal: str) -> dict[str, Any] | None:
    """The pod without what an old admission forbids to be set at all; None where that is not why it was refused.

    A PodSecurityPolicy without the seccomp annotation forbids any profile, OpenShift's restricted SCC any user outside the
    namespace's range: both then choose by themselves. Today's Pod Security wants both to be set, so they are tried first.
    """
    low = refusal.lower()
    context = dict(made["spec"]["containers"][0]["securityContext"])
    if "seccomp may not be set" in low or ("seccomp" in low and "podsecuritypolicy" in low):
        context.pop("seccompProfile", None)
    if "security context constraint" in low or "must be in the ranges" in low:
        context.pop("seccompProfile", None)
        context.pop("runAsUser", None)
    if context == made["spec"]["containers"][0]["securityContext"]:
        return None
    container = {**made["spec"]["containers"][0], "securityContext": context}
    return {**made, "spec": {**made["spec"], "containers": [container]}}


def refused_by(message: str, pull: Pull) -> str:
    """An admission's refusal of this pod in plain words, with what else proves the pull."""
    low, words = message.lower(), " ".join(message.split())[:300]
    if "exceeded quota" in low:
        why = f"the quota of namespace {pull.namespace} has no room for it ({words})"
    elif "podsecurity" in low or "pod security" in low or "security context constraint" in low:
        why = f"Pod Security of namespace {pull.namespace} refuses it, although it asks for nothing ({words})"
    elif "denied the request" in low or "admission webhook" in low:
        why = f"an admission webhook refuses it ({words})"
    else:
        return words
    target = f"pod/{pull.pod} -n {pull.namespace}"
    return f"{why}. Without it: whypull {target} --from node walks the pull, and whypull watch {target} waits for the pod's own."


def pulled(pod: Mapping[str, Any], events: Iterable[Mapping[str, Any]] = ()) -> str:
    """How it is known that the image was pulled: the kubelet's own words or the container's state; empty while it is not."""
    for event in events:
        if event.get("reason") == "Pulled":
            return str(event.get("message", "Successfully pulled image"))
    for status in pod.get("status", {}).get("containerStatuses") or ():
        state = status.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        if "running" in state or ended or waiting.get("reason") in _AFTER_THE_PULL:
            return f"the container got past its pull ({ended.get('reason') or waiting.get('reason') or 'running'})"
        if status.get("imageID"):
            return "the container has its image"
    return ""


def refused(pod: Mapping[str, Any]) -> str:
    """waiting.reason where the pull failed; empty while it goes on."""
    for status in pod.get("status", {}).get("containerStatuses") or ():
        reason = ((status.get("state") or {}).get("waiting") or {}).get("reason", "")
        if reason in _FAILED or " " in reason:
            return str(reason)
    return ""
