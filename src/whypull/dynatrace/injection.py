"""Which container of a pod Dynatrace's webhook has added, and how the code modules come: by what it is, not by its name alone.

Names: `install-oneagent` up to operator 1.3, `dynatrace-operator` since 1.4; the image is the operator's own, or the code
modules' where there is no CSI driver. What the webhook changes:
https://docs.dynatrace.com/docs/ingest-from/setup-on-k8s/reference/workload-mutation
"""

from __future__ import annotations

import re

from whypull.dynatrace import CSI_DRIVER, Injected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

_NAMES = re.compile(r"install-oneagent|dynatrace-operator|metadata-enrichment|data-ingest-enrichment|oneagent-.+")
_IMAGES = re.compile(r"dynatrace-operator|dynatrace-bootstrapper|code-?modules|\.dynatrace\.com/|/dynatrace/", re.IGNORECASE)
_COMMANDS = frozenset({"init", "bootstrap"})  # the operator's sub-commands for application pods
_ARGUMENTS = ("--config-directory", "--input-directory", "--source=/opt/dynatrace/oneagent", "--target=/mnt/bin")
_MARKS = (
    "dynakube.dynatrace.com/injected", "oneagent.dynatrace.com/injected", "metadata-enrichment.dynatrace.com/injected",
    "data-ingest.dynatrace.com/injected", "oneagent.dynatrace.com/inject",
)  # fmt: skip
_ASKS = (
    "dynatrace.com/inject", "oneagent.dynatrace.com/inject", "metadata-enrichment.dynatrace.com/inject",
    "data-ingest.dynatrace.com/inject",
)  # fmt: skip
_VOLUMES = ("oneagent-bin", "dynatrace-codemodules")


def is_injected(name: str, image: str, args: Sequence[str] = (), annotations: Mapping[str, str] | None = None) -> bool:
    """Whether a container is one that the webhook adds: two of name, image, command and the pod's annotations must agree."""
    signs = (
        _NAMES.fullmatch(name) is not None,
        _IMAGES.search(image) is not None,
        bool(args) and (args[0] in _COMMANDS or any(a.startswith(_ARGUMENTS) for a in args)),
        any(annotations.get(mark, "").lower() == "true" for mark in _MARKS) if annotations else False,
    )
    return sum(signs) >= 2 and (signs[0] or signs[1] or signs[2])


def injected_of(pod: Mapping[str, Any]) -> Injected | None:
    """What the webhook has done to one pod; None where nothing shows that it did anything."""
    meta, spec, status = _table(pod, "metadata"), _table(pod, "spec"), _table(pod, "status")
    annotations = {k: str(v) for k, v in _table(meta, "annotations").items()}
    labels = _table(meta, "labels")
    if labels.get("app.kubernetes.io/managed-by") == "dynatrace-operator" or labels.get("app.kubernetes.io/name") in {
        "dynatrace-operator", "oneagent", "activegate",
    }:  # fmt: skip
        return None  # a part of Dynatrace itself
    volume, volume_image = _volume(spec)
    found = next(
        (
            c
            for c in _list(spec, "initContainers")
            if is_injected(str(c.get("name", "")), str(c.get("image", "")), [str(a) for a in c.get("args") or ()], annotations)
        ),
        None,
    )
    if found is None and not (volume and any(annotations.get(mark, "").lower() == "true" for mark in _MARKS)):
        return None
    name = str((found or {}).get("name", ""))
    state = next((s for s in _list(status, "initContainerStatuses") if s.get("name") == name), {})
    return Injected(
        namespace=str(meta.get("namespace") or ""),
        pod=str(meta.get("name") or meta.get("generateName") or ""),
        container=name,
        image=str((found or {}).get("image") or ""),
        volume=volume,
        volume_image=volume_image,
        pull_secrets=tuple(str(s.get("name")) for s in _list(spec, "imagePullSecrets") if s.get("name")),
        account=str(spec.get("serviceAccountName") or ""),
        node=str(spec.get("nodeName") or ""),
        turned_on=next((f"{a}: {annotations[a]}" for a in _ASKS if annotations.get(a, "").lower() == "true"), ""),
        waits=_reason(state) in {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"},
        failed=_failed(state),
    )


def _volume(spec: Mapping[str, Any]) -> tuple[str, str]:
    """How the code modules come, and the image of an image volume."""
    for one in _list(spec, "volumes"):
        csi = one.get("csi")
        if isinstance(csi, dict) and csi.get("driver") == CSI_DRIVER:
            return "csi", ""
        if one.get("name") in _VOLUMES:
            image = one.get("image")
            if isinstance(image, dict):
                return "image", str(image.get("reference") or "")
            return ("emptyDir", "") if "emptyDir" in one else ("", "")
    return "", ""


def _reason(status: Mapping[str, Any]) -> str:
    return str(_table(_table(status, "state"), "waiting").get("reason") or "")


def _failed(status: Mapping[str, Any]) -> bool:
    """Whether the container ran and ended badly: then its image was pulled."""
    for key in ("state", "lastState"):
        code = _table(_table(status, key), "terminated").get("exitCode")
        if isinstance(code, int) and code:
            return True
    return False


def _table(thing: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = thing.get(key)
    return found if isinstance(found, dict) else {}


def _list(thing: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
    found = thing.get(key)
    yield from (one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()
