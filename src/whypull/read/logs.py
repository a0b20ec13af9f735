"""Log lines of kubelets and runtimes → texts about pulls, with the pod, container, image and node that the line shows.

A line is heard for what it says of a pull, not for the words in it. The wrappers of one failure (the kubelet logs it
three to four times) come off, so that repeats fold.
"""

from __future__ import annotations

import re

from whypull.lazy import regex
from whypull.model import Pull, Said
from whypull.read.about import about_a_pull, surely_a_failed_pull
from whypull.read.event import STATES, take_event
from whypull.read.gather import Heard
from whypull.read.log_fields import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from whypull.read.gather import Gathered
    from whypull.read.log_line import LogLine

_PULL_IMAGE = re.compile(
    r'^(?:PullImage|ImageStatus(?: for image)?|Pull image|Failed to pull image) \{?"(?P<image>[^"]{1,600}?)"{0,2}\}?'
    r'(?: from image service)? failed"?(?:: (?P<error>.*))?$',
    re.DOTALL,
)
_FROM_SERVICE = re.compile(r"^(?:(?:PullImage|ImageStatus) from image service failed|Failed to pull image)")
_START_FAILED = re.compile(
    r"container &?Container\{Name:(?P<container>[^,]{1,80}),Image:(?P<image>[^,]{0,600}),.*?start failed "
r"in pod (?P<pod>[^\s(]{1,520})\([^)]*\): "
    r"(?P<state>\w+): (?P<error>.*)$", re.DOTALL,
)  # fmt: skip
_STARTING = re.compile(
    r'failed to "StartContainer" for "(?P<container>[^"]{1,80})" with (?P<state>\w+): "?(?P<error>.*?)'
    r'"?(?=\]?\s*$|, failed to ")',
    re.DOTALL,
)
_POD_OLD = re.compile(r'(?:pod \S{1,60} \(\\*"|[Ff]or pod \\*"|in pod )(?P<pod>[a-z0-9][a-z0-9.-]{0,252}_[a-z0-9-]{1,63})[("\\]')
_SANDBOX = re.compile(r"sandbox image|failed pulling image|pull(?:ing)? (?:and unpack )?(?:pause )?image|unpacking image")
_SANDBOX_OF = re.compile(r"PodSandboxMetadata\{Name:(?P<pod>[^,]{1,253}),Uid:[^,]{0,64},Namespace:(?P<namespace>[^,]{1,63}),")
_RETURNS = re.compile(
    '(?:PullImage "(?P<a>[^"]+)" returns image reference|Pulled image "(?P<b>[^"]+)"|Successfully pulled '
    r'image "(?P<c>[^"]+)"|^Pulled image: (?P<d>\S+))'
)
_BEGINS = re.compile(r'^PullImage "(?P<image>[^"]{1,600})"$')
_NEXT_HOST = re.compile(r"^(?:trying next host|fetch failed)")
_MANIFEST_URL = re.compile(
    r"https?://(?P<host>[^/\s\"'\\]+)/v2/(?P<path>[^\s\"'?\\]+)"
    r"/manifests/(?P<tag>[^\s\"'?\\:,]+(?::[0-9a-f]{64})?)(?:\?ns=(?P<ns>[^&\s\"'\\]+))?"
)
_DOCKERD = re.compile(
    "^(?:Error (?:getting|contacting|from) [vV][12] registry|Not continuing with pull after error|Attempting next endpoint for "
"pull after error|Error trying v2 registry|"
    r"Handler for POST \S*/images/create\S* returned error|Error pulling image)"
)  # fmt: skip
_CONFIG = re.compile(
    r"hosts\.toml|(?:failed|unable) to load (?:plugin|CRI)|load plugin|`?mirrors`? cannot be set|"
    r"registries\.conf|failed to load TOML|unknown key in TOML.{0,400}registry|unknown service "
    r"\S*[iI]mageService"
)
_CREDENTIALS = re.compile(
    r"(?i)credential[ -]?provider|CRI auth plugin|pull secret|image pull credentials|imagepullsecret|illegal base64 data|"
    "dockerconfigjson"
)
_RUNTIME_GONE = re.compile(
    r"dial unix \S*(?:containerd|crio|dockerd|dockershim|docker|podman|k3s|rke2)\S*\.sock|"
    "container runtime (?:is )?(?:down|not)|CRI v1 |unknown service runtime"
)
_WEAK = re.compile(
    r"mirror resolve retries exhausted|http-proxy\.conf\S* (?:Failed|.{0,40}ignoring)|pull secret loaded.*not found"
)
_REGISTRY = regex(r"oci://|docker://|/v2/\S+/(?:manifests|blobs)/")
_QUIET = frozenset({"debug", "trace"})
_KUBELET_FILES = (
    "kube", "pod_workers.go", "remote_", "kubelet", "plugin.go", "plugins.go", "provider.go", "image_manager.go", "event.go",
    "serialized_image_pull", "log.go",
)  # fmt: skip


def begun(line: LogLine) -> str:
    """The image whose pull a runtime says that it begins."""
    found = _BEGINS.match(line.message)
    return found["image"] if found else ""


def done(line: LogLine) -> str:
    """The image, by its short name, that a runtime says that it has pulled."""
    found = _RETURNS.search(line.message) if "ulled" in line.message or "returns" in line.message else None
    return short(next(g for g in found.groups() if g)) if found else ""


def heard_in(line: LogLine, into: Gathered | None = None) -> Iterator[Heard]:
    """What one line says about pulls that failed: mostly one text, several where it speaks of several containers.

    `into` takes events and notes; without it they are passed over.
    """
    if line.level in _QUIET:
        return
    by = _writer(line)
    if line.source == "event.go" or line.message == "Event occurred":
        if into is not None:
            _event(line, into)
        return
    if by == "kubelet" and line.form != "logfmt":
        yield from _of_kubelet(line, into)
    else:
        yield from _of_runtime(line, by)


def _writer(line: LogLine) -> str:
    for name in ("kubelet", "containerd", "crio", "cri-o", "cri-dockerd", "dockerd", "docker"):
        if line.program.startswith(name):
            return {"crio": "cri-o", "dockerd": "docker"}.get(name, name)
    if line.form == "klog" or line.source.startswith(_KUBELET_FILES):
        return "kubelet" if line.source.startswith(_KUBELET_FILES) or not line.source else "klog"
    return ""


# ---------------------------------------------------------------- the kubelet


def _of_kubelet(line: LogLine, into: Gathered | None) -> Iterator[Heard]:
    error, message, fields = line.error, line.message, line.fields
    pod = _pod(fields.get("pod", ""))
    pulled = _PULL_IMAGE.match(message)
    if pulled or (_FROM_SERVICE.match(message) and error):
        image = pulled["image"] if pulled else fields.get("image", "")
        text = plain((pulled["error"] if pulled else "") or error)
        reason = "ImageInspectError" if message.startswith("ImageStatus") else "ErrImagePull"
        yield _heard(line, Pull(image, *pod, node=line.node), text, reason, "kubelet")
        return
    whole = error or plain(message)
    found = _START_FAILED.search(whole)
    if found:
        yield from _started(line, found, found["pod"], found["image"], into)
        return
    starts = list(_STARTING.finditer(whole))
    if starts:
        place = fields.get("pod", "") or _old_pod(message)
        for start in starts:
            yield from _started(line, start, place, "", into)
        return
    if _SANDBOX.search(whole) and surely_a_failed_pull(whole):
        namespace, name = pod if pod != ("", "") else _pod(_old_pod(message))
        yield _heard(line, Pull("", namespace, name, "sandbox", line.node), whole, "FailedCreatePodSandBox", "kubelet")
    elif surely_a_failed_pull(whole) or (error and surely_a_failed_pull(message)):
        yield _heard(line, Pull(fields.get("image", ""), *pod, node=line.node), _joined(message, error), "", "kubelet")
    elif line.level not in {"info", ""} and (_CREDENTIALS.search(message) or _CREDENTIALS.search(error)):
        yield _heard(line, Pull("", *pod, node=line.node), _joined(message, error), "", "kubelet")


def _started(line: LogLine, found: re.Match[str], place: str, image: str, into: Gathered | None) -> Iterator[Heard]:
    """A container that could not be started: for want of its image, or for another reason."""
    namespace, pod = _pod(place)
    if found["state"] not in STATES and not surely_a_failed_pull(found["error"]):
        if into is not None:
            from whypull.read.instead import of_state  # noqa: PLC0415 - on the way of other failures only

            sentence = of_state(found["state"], f"container {found['container']} of pod {pod}")
            if sentence and len(into.notes) < 100:
                into.note(sentence)
        return
    text = plain(found["error"]).strip()
    if text.startswith("["):
        text = f"{found['state']}: {text}"
    yield _heard(line, Pull(image, namespace, pod, found["container"], line.node), text, found["state"], "kubelet")


def _pod(place: str) -> tuple[str, str]:
    """Namespace and name of "namespace/name" or "name_namespace"."""
    namespace, slash, name = place.partition("/")
    if slash:
        return namespace, name
    name, _, namespace = place.partition("_")
    return namespace.partition("(")[0], name


def _old_pod(message: str) -> str:
    found = _POD_OLD.search(message)
    return found["pod"] if found else ""


def _event(line: LogLine, into: Gathered) -> None:
    """The kubelet's own event, as it logs it."""
    fields = line.fields
    reason, text = fields.get("reason", ""), fields.get("message", "")
    kind = fields.get("kind", "").lower()
    if not reason:
        old = re.search(r"type: '(\w+)' reason: '(\w+)' (.*)$", line.message, re.DOTALL)
        thing = re.search(
            r'Event\(v1\.ObjectReference\{Kind:"(\w+)", Namespace:"([^"]*)", Name:"([^"]*)".*?FieldPath:"([^"]*)"', line.message
        )
        if not old or not thing:
            return
        reason, text, kind = old[2], old[3], thing[1].lower()
        path = re.search(r"\{(.+)\}", thing[4])
        pull = Pull(namespace=thing[2], pod=thing[3], container=path[1] if path else "", node=line.node)
    else:
        path = re.search(r"\{(.+)\}", fields.get("fieldPath", ""))
        namespace, pod = _pod(fields.get("object", ""))
        pull = Pull(namespace=namespace, pod=pod, container=path[1] if path else "", node=line.node)
    take_event(into, pull, reason, plain(text), Said("", "kubelet", "event", reason, 1, line.time, line.time), kind)


# ---------------------------------------------------------------- the runtimes


def _of_runtime(line: LogLine, by: str) -> Iterator[Heard]:
    error, message = line.error, line.message
    if _NEXT_HOST.match(message) or (message.startswith("Reason: ") and "container" in line.fields):
        return  # watchtower's, of a look before the pull: https://containrrr.dev/watchtower/
    pulled = _PULL_IMAGE.match(message)
    if pulled:
        text = f'PullImage "{pulled["image"]}" failed: {plain(pulled["error"] or error)}'
        yield _heard(line, Pull(pulled["image"], node=line.node), text, "ErrImagePull", by or "containerd")
        return
    sandbox = _SANDBOX_OF.search(message)
    text = _joined(message, error)
    if "unknown key in TOML" in message:
        text += f" key={line.fields.get('key', '')}"
    if sandbox:
        said = error or text  # cri-containerd before 1.0 logged with klog, the error within the message
        if _SANDBOX.search(said) and surely_a_failed_pull(said):
            pull = Pull("", sandbox["namespace"], sandbox["pod"], "sandbox", line.node)
            yield _heard(line, pull, said, "FailedCreatePodSandBox", by or "containerd")
        return
    if line.level == "info" and not surely_a_failed_pull(text):
        return
    if _DOCKERD.match(message) or _CONFIG.search(text):
        yield _heard(line, Pull(node=line.node), text, "", by)
    elif surely_a_failed_pull(text) or (about_a_pull(text) and (not _is_application(line, by) or _REGISTRY.search(text))):
        yield _heard(line, Pull(line.fields.get("image", ""), node=line.node), text, "", by)


def _is_application(line: LogLine, by: str) -> bool:
    """Whether somebody else wrote it: an operator's JSON, klog of a controller."""
    return not by and line.form in {"json", "klog"}


def next_host(line: LogLine) -> Heard | None:
    """A host that did not deliver, after which the runtime asks the next: no failure where one of them delivers."""
    if not _NEXT_HOST.match(line.message) or not line.error:
        return None
    url = _MANIFEST_URL.search(line.error)
    image = ""
    if url:
        host = url["ns"] or url["host"]
        image = f"{host}/{url['path']}{'@' if ':' in url['tag'] else ':'}{url['tag']}"
    return _heard(line, Pull(image, node=line.node), f"{line.message}: {line.error}", "", "containerd")


def socket_or_config(line: LogLine) -> Heard | None:
    """A runtime that does not answer: why pulls fail where nothing else is said, and no pull of its own."""
    text = _joined(line.message, line.error)
    if not _WEAK.search(text) and (line.level == "info" or not _RUNTIME_GONE.search(text)):
        return None
    return _heard(line, Pull(node=line.node), text, "", _writer(line))


def _joined(message: str, error: str) -> str:
    message = plain(message)
    return f"{message}: {error}" if error and error not in message else message


def _heard(line: LogLine, pull: Pull, text: str, reason: str, by: str) -> Heard:
    return Heard(pull, Said(text, by, "log", reason, 1, line.time, line.time))


def short(image: str) -> str:
    """An image's name without what Docker Hub's names may leave out."""
    name = image.removeprefix("registry-1.docker.io/").removeprefix("docker.io/").removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] or "@" in name else f"{name}:latest"
