"""What one event says: a pull that fails, one that was done, or something else. For tables and objects alike.

Reasons and messages are the kubelet's: pkg/kubelet/events/event.go, pkg/kubelet/images/image_manager.go,
pkg/kubelet/kuberuntime/kuberuntime_container.go.
"""

from __future__ import annotations

import re

from whypull.lazy import regex
from whypull.read.about import about_a_pull, asks_a_registry, surely_a_failed_pull
from whypull.read.instead import of_event
from whypull.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Pull, Said
    from whypull.read.gather import Gathered

STATES = (
    "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable",
    "SignatureValidationFailed",
)  # fmt: skip
_COMBINED = "(combined from similar events): "
_STATE = regex(rf"Error: (?P<state>{'|'.join(STATES)})[\s.]*$")
_PULLED = regex(r"(?:Successfully pulled image|Container image|Image) \"(?P<image>[^\"]+)\"(?! is not present)", re.IGNORECASE)
_PULLING = regex(r"pulling image \"(?P<image>[^\"]+)\"", re.IGNORECASE)
_ASSIGNED = regex(r"[Ss]uccessfully assigned (?:(?P<namespace>[^\s/]+)/)?(?P<pod>\S+) to (?P<node>\S+)")
_STARTING = regex(r'failed to "StartContainer" for "(?P<container>[^"]+)" with (?P<state>\w+)')
# Kubelet 1.33 and newer give the error of an unreadable pull secret raw, and no other event.
_RAW = regex(
    r"(?:Error: )?(?:illegal base64 data at input byte \d|unable to parse auth field, must be formatted|"
    "unexpected end of JSON input|"
    r"invalid character .{1,20} (?:looking for|after|in )|json: cannot unmarshal)"
)
# The runtime's error without the kubelet's "Failed to pull image": as consoles and people shorten it.
_UNWRAPPED = (
    "rpc error: code", "Error response from daemon", "failed to resolve", "failed to pull", "failed to copy", "unauthorized:",
    "denied:", "toomanyrequests:", "manifest unknown", "manifest for ", "pull access denied", "initializing source",
    "reading manifest", "pinging container registry",
)  # fmt: skip
_OF_OTHERS = ("pod", "po", "pods", "")
RUNTIME_SOCKET = regex(r"dial unix \S*(?:containerd|crio|dockershim|cri-dockerd|docker|k3s)\S*\.sock")
SANDBOX = regex(r"sandbox image|failed pulling image|[Ff]ailed to pull image|pull and unpack|error unpacking image")


def assigned(message: str) -> re.Match[str] | None:
    """Of the scheduler's message: namespace, pod and node."""
    return _ASSIGNED.search(" ".join(message.split())) if "assigned" in message else None


def pulling(message: str) -> str:
    """The image that a pull was begun for."""
    found = _PULLING.match(message)
    return found["image"] if found else ""


def take_event(into: Gathered, pull: Pull, reason: str, message: str, said: Said, kind: str = "") -> None:
    """Adds what an event says. `pull` is whom it is about, `said` has its count and times; its text is not read."""
    text = " ".join(message.split()).removeprefix(_COMBINED)
    if reason in {"Pulled", "Created", "Started"}:
        found = _PULLED.match(text) if reason == "Pulled" else None
        if found:
            into.pulled.add(replace(pull, image=found["image"]))
        return
    if reason in {"Pulling", "Scheduled", "Killing"}:
        return
    state = _STATE.match(text)
    if state:
        into.hear(pull, replace(said, text=message, reason=state["state"]))
    elif _of_a_pull(reason, text):
        into.hear(_placed(pull, reason, text), replace(said, text=message, reason=_reason(reason)))
    elif (
        kind in _OF_OTHERS
        or asks_a_registry(text)
        or reason in {"FreeDiskSpaceFailed", "ImageGCFailed"}
        or "denied the request" in text
    ):
        if surely_a_failed_pull(text) or asks_a_registry(text) or ("denied the request" in text and about_a_pull(text)):
            into.hear(pull, replace(said, text=message, reason=reason))
        else:
            _instead(into, pull, reason, text)


def _of_a_pull(reason: str, text: str) -> bool:
    """Whether the kubelet writes this reason and message about an image that it cannot get."""
    if reason in {"InspectFailed", "ErrImageNeverPull", "FailedToRetrieveImagePullSecret"}:
        return True
    if reason == "BackOff":
        return "pulling image" in text
    if reason == "FailedCreatePodSandBox":
        return bool(SANDBOX.search(text)) or (bool(RUNTIME_SOCKET.search(text)))
    if reason == "FailedSync":
        return any(s in text for s in STATES) or bool(SANDBOX.search(text))
    if reason == "Failed" and (_RAW.match(text) or "error unpacking image" in text or text.startswith(_UNWRAPPED)):
        return not text.startswith(_UNWRAPPED) or about_a_pull(text)
    return text.startswith(("Failed to pull image", "Failed to inspect image", "Failed to apply default image"))


def _placed(pull: Pull, reason: str, text: str) -> Pull:
    if reason == "FailedCreatePodSandBox" or "sandbox image" in text:
        return replace(pull, container="sandbox")
    starting = _STARTING.search(text)
    return replace(pull, container=starting["container"]) if starting and not pull.container else pull


def _reason(reason: str) -> str:
    """The waiting reason that the kubelet sets together with this event."""
    if reason == "Failed":
        return "ErrImagePull"
    if reason == "BackOff":
        return "ImagePullBackOff"
    return reason


def _instead(into: Gathered, pull: Pull, reason: str, text: str) -> None:
    what = f"pod {pull.pod}" if pull.pod else ""
    sentence = of_event(reason, text, what)
    if sentence:
        into.note(sentence)
