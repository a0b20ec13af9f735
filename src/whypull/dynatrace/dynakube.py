"""A DynaKube's object → what it wants, from v1alpha1 to v1beta6 and v1, as JSON, YAML or `kubectl describe` shows it.

Fields by version: https://docs.dynatrace.com/docs/ingest-from/setup-on-k8s/reference/dynakube-parameters and the CRDs in
https://github.com/Dynatrace/dynatrace-operator/tree/main/config/crd/bases. A version that is not known yet is read by the
same names: they have moved seldom.
"""

from __future__ import annotations

from whypull.dynatrace import DynaKube
from whypull.redact import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MODES = ("cloudNativeFullStack", "applicationMonitoring", "classicFullStack", "hostMonitoring")
KNOWN = frozenset({"v1alpha1", "v1beta1", "v1beta2", "v1beta3", "v1beta4", "v1beta5", "v1beta6", "v1"})
_FLAG = "feature.dynatrace.com/"
# part, where its presence is asked for, where its image is named
_OTHERS = (
    ("log monitoring", "logMonitoring", "templates.logMonitoring.imageRef"),
    ("extension controller", "extensions", "templates.extensionExecutionController.imageRef"),
    ("SQL extension executor", "extensions.databases", "templates.sqlExtensionExecutor.imageRef"),
    ("OpenTelemetry collector", "telemetryIngest", "templates.otelCollector.imageRef"),
    ("node configuration collector", "kspm", "templates.kspmNodeConfigurationCollector.imageRef"),
    ("Kubernetes monitoring", "kubernetesMonitoring", "kubernetesMonitoring.imageRef"),
)
_MISSING = object()


def is_dynakube(thing: object) -> bool:
    """Whether a decoded object is a DynaKube."""
    return (
        isinstance(thing, dict)
        and str(look(thing, "kind") or "").lower() == "dynakube"
        and (str(look(thing, "apiVersion") or "").startswith("dynatrace.com/"))
    )


def dynakube_of(thing: dict[str, Any]) -> DynaKube:
    """What one DynaKube wants. Never raises; what is of another form than expected counts as not there."""
    flags = _flags(thing)
    mode = next((m for m in MODES if _has(thing, f"spec.oneAgent.{m}")), "")
    at = f"spec.oneAgent.{mode}"
    legacy = not mode and _has(thing, "spec.classicFullStack")  # v1alpha1
    status = text(thing, "status.oneAgent.source")
    public = _true(flags.get("public-registry")) or _true(flags.get("use-public-registry"))
    own_image = mode if mode != "applicationMonitoring" else ""
    return DynaKube(
        name=text(thing, "metadata.name") or text(thing, "name"),
        namespace=text(thing, "metadata.namespace") or text(thing, "namespace"),
        version=text(thing, "apiVersion").rpartition("/")[2],
        host=_host(text(thing, "spec.apiUrl")),
        mode="classicFullStack" if legacy else mode,
        oneagent_image=_image(text(thing, f"{at}.image") if own_image else "", text(thing, "status.oneAgent.imageID")),
        oneagent_version=text(thing, f"{at}.version") or text(thing, "status.oneAgent.version"),
        activegate=_activegate(thing),
        activegate_image=_image(text(thing, "spec.activeGate.image"), text(thing, "status.activeGate.imageID")),
        codemodules_image=_image(text(thing, f"{at}.codeModulesImage"), text(thing, "status.codeModules.imageID")),
        codemodules_version=text(thing, "status.codeModules.version") or text(thing, f"{at}.version"),
        wants_csi=_wants_csi(thing, mode),
        node_image_pull=_true(flags.get("node-image-pull")),
        public_registry=public or status == "public-registry" or _true(text(thing, "status.apiToken.platform")),
        volume_type=flags.get("volume-type", ""),
        others=tuple(_others(thing)),
        pull_secret=text(thing, "spec.customPullSecret"),
        proxy=redacted(text(thing, "spec.proxy.value")),
        proxy_secret=text(thing, "spec.proxy.valueFrom"),
        no_proxy=flags.get("no-proxy", ""),
        trusted_cas=text(thing, "spec.trustedCAs"),
        tokens=text(thing, "spec.tokens") or text(thing, "metadata.name") or text(thing, "name"),
        selector=_selector(look(thing, f"{at}.namespaceSelector") or look(thing, "spec.namespaceSelector")),
        automatic=flags.get("automatic-injection", "true").lower() != "false",
        phase=text(thing, "status.phase"),
        conditions=tuple(_conditions(thing)),
    )


# ---------------------------------------------------------------- fields by their names, however they are written


def look(thing: object, path: str) -> object:
    """What stands at a path of names; None where nothing does. `Api URL`, as describe writes it, is apiUrl."""
    for name in path.split("."):
        if not isinstance(thing, dict):
            return None
        if name not in thing:
            folded = name.lower()
            name = next((k for k in thing if isinstance(k, str) and k.replace(" ", "").lower() == folded), name)  # noqa: PLW2901
        thing = thing.get(name)
    return thing


def text(thing: object, path: str) -> str:
    """The text at a path; empty where there is none."""
    found = look(thing, path)
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found).strip() if isinstance(found, (str, int, float)) else ""


def _has(thing: object, path: str) -> bool:
    """Whether a field is there at all: `cloudNativeFullStack: {}` switches it on, null does not."""
    *above, last = path.split(".")
    parent = look(thing, ".".join(above)) if above else thing
    if not isinstance(parent, dict):
        return False
    found = next((v for k, v in parent.items() if isinstance(k, str) and k.replace(" ", "").lower() == last.lower()), _MISSING)
    return found is not _MISSING and found is not None


def _flags(thing: object) -> dict[str, str]:
    """Feature flags: the annotations of that prefix, without it."""
    found = look(thing, "metadata.annotations") or look(thing, "annotations")
    if not isinstance(found, dict):
        return {}
    flags = {k: str(v).strip() for k, v in found.items() if isinstance(k, str) and isinstance(v, (str, bool, int))}
    named = {k.removeprefix(_FLAG): v for k, v in flags.items() if k.startswith(_FLAG)}
    named.setdefault("volume-type", flags.get("oneagent.dynatrace.com/volume-type", ""))
    return named


def _true(value: str | None) -> bool:
    return (value or "").lower() in {"true", "1", "t"}


def _image(wanted: str, known: str) -> str:
    """The image that is asked for, else the one that the operator found."""
    return (wanted or known).removeprefix("docker-pullable://").removeprefix("docker://")


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2] if "://" in url else ""


def _activegate(thing: object) -> bool:
    capabilities = look(thing, "spec.activeGate.capabilities")
    if capabilities:
        return True
    return _true(text(thing, "spec.routing.enabled")) or _true(text(thing, "spec.kubernetesMonitoring.enabled"))


def _wants_csi(thing: object, mode: str) -> bool | None:
    """v1beta1 and v1beta2 said it; later ones take the driver where it is installed."""
    if text(thing, "apiVersion").rpartition("/")[2] not in {"v1beta1", "v1beta2"}:
        return None
    if mode == "applicationMonitoring":
        return _true(text(thing, "spec.oneAgent.applicationMonitoring.useCSIDriver"))
    return True if mode == "cloudNativeFullStack" else None


def _others(thing: object) -> Iterator[tuple[str, str]]:
    for name, switch, reference in _OTHERS:
        if _has(thing, f"spec.{switch}") and look(thing, f"spec.{switch}.enabled") is None:
            yield name, _reference(look(thing, f"spec.{reference}"))


def _reference(found: object) -> str:
    """repository with tag or digest; the digest wins, as the operator writes it."""
    repository, tag, digest = text(found, "repository"), text(found, "tag"), text(found, "digest")
    if not repository:
        return ""
    return f"{repository}@{digest}" if digest else f"{repository}:{tag}" if tag else repository


def _selector(found: object) -> str:
    """A label selector as people write it."""
    if not isinstance(found, dict):
        return ""
    labels = look(found, "matchLabels")
    terms = [f"{k}={v}" for k, v in labels.items()] if isinstance(labels, dict) else []
    expressions = look(found, "matchExpressions")
    for one in expressions if isinstance(expressions, list) else ():
        values = look(one, "values")
        listed = ",".join(map(str, values)) if isinstance(values, list) else ""
        terms.append(f"{text(one, 'key')} {text(one, 'operator').lower()}" + (f" ({listed})" if listed else ""))
    return ", ".join(terms)


def _conditions(thing: object) -> Iterator[tuple[str, str, str, str]]:
    found = look(thing, "status.conditions")
    for one in found if isinstance(found, list) else ():
        yield text(one, "type"), text(one, "status"), text(one, "reason"), redacted(text(one, "message"))[:500]
