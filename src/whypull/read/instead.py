"""What a failure that is no failed pull is instead, in one plain sentence."""

from __future__ import annotations

import re

from whypull.lazy import regex

# waiting.reason, last state's reason, the STATUS column of get pods, or an event's reason → what it is.
_STATES = {
    "CrashLoopBackOff": "starts and ends again: its image was pulled, see kubectl logs --previous",
    "CreateContainerConfigError": "cannot be configured: a ConfigMap or Secret that it refers to, or one of its keys, is missing",
    "CreateContainerError": "cannot be created by the runtime: its image was pulled",
    "RunContainerError": "cannot be started by the runtime: its image was pulled",
    "StartError": "cannot be started by the runtime: its image was pulled",
    "ContainerCannotRun": "cannot be started by the runtime: its image was pulled",
    "OOMKilled": "was killed for the memory it used: its image was pulled",
    "Error": "ended with an error: its image was pulled",
    "DeadlineExceeded": "ran longer than its deadline",
    "Evicted": "was evicted from its node",
    "PostStartHookError": "fails in its postStart hook: its image was pulled",
}
_EVENTS = {
    "FailedScheduling": "no node takes the pod: nothing is pulled before it is scheduled",
    "Unschedulable": "no node takes the pod: nothing is pulled before it is scheduled",
    "FailedMount": "a volume cannot be mounted: that is no image pull",
    "FailedAttachVolume": "a volume cannot be attached: that is no image pull",
    "FailedMapVolume": "a volume cannot be mapped: that is no image pull",
    "ProvisioningFailed": "a volume cannot be provisioned: that is no image pull",
    "Unhealthy": "a probe fails: the container runs, so its image was pulled",
    "ProbeWarning": "a probe warns: the container runs, so its image was pulled",
    "Evicted": "the pod was evicted",
    "OOMKilling": "a process was killed for the memory it used",
    "SystemOOM": "a process was killed for the memory it used",
    "FailedCreate": "a controller may not create the pod: nothing is pulled before it exists",
    "FailedPreStopHook": "a preStop hook fails: the container ran",
    "FailedPostStartHook": "a postStart hook fails: the image was pulled",
    "FailedKillPod": "a pod cannot be stopped: that is no image pull",
    "NetworkNotReady": "the node's network is not ready: no container starts before",
    "FailedCreatePodSandBox": "the pod's sandbox cannot be made, and not for want of its pause image",
    "ImageGCFailed": "the kubelet cannot clean up images on a node that runs full",
    "FreeDiskSpaceFailed": "the kubelet cannot clean up images on a node that runs full",
    "FailedGetResourceMetric": "metrics are missing: that is no image pull",
}
_CRASH = regex(r"Back-off restarting failed|back-off \S+ restarting failed")
_WANTED = regex(
    r"(?:secrets?|configmaps?) \"[^\"]{1,253}\" not found|couldn't find key|non-existent (?:secret|config)", re.IGNORECASE
)


def of_state(reason: str, what: str) -> str:
    """The sentence for a container or pod in this state ("" where it is healthy, or one of an image pull)."""
    reason = reason.removeprefix("Init:")
    words = _STATES.get(reason)
    return f"{what} {words} ({reason})" if words else ""


def of_event(reason: str, message: str, what: str) -> str:
    """The sentence for an event; "" where it tells of nothing wrong, or of an image pull."""
    prefix = f"{what}: " if what else ""
    if _CRASH.search(message):
        return f"{prefix}a container starts and ends again: its image was pulled (Back-off restarting)"
    if reason == "Failed" and _WANTED.search(message):
        return f"{prefix}a ConfigMap or Secret that a container refers to is missing: that is no image pull"
    if reason == "Failed" and message.startswith("Error:"):
        return f"{prefix}a container cannot be made or started: its image was pulled"
    words = _EVENTS.get(reason)
    return f"{prefix}{words} ({reason})" if words else ""
