"""The objects beside the DynaKubes → what is installed: the operator's workloads, injected pods, namespaces, secrets."""

from __future__ import annotations

import re
from urllib.parse import unquote

from whypull.dynatrace import CSI_DAEMONSET, CSI_DRIVER, NAMESPACE_LABEL, Installation
from whypull.dynatrace.dynakube import look, text
from whypull.dynatrace.injection import injected_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from whypull.dynatrace import DynaKube, Injected
    from whypull.model import SecretSeen

# The workloads' own names: https://github.com/Dynatrace/dynatrace-operator/tree/main/config/helm/chart/default/templates/Common
_WORKLOADS = {"dynatrace-operator": "operator", "dynatrace-webhook": "webhook", CSI_DAEMONSET: "CSI driver"}
_SUFFIXES = (
    ("-oneagent", "OneAgent"), ("-activegate", "ActiveGate"), ("-logmonitoring", "log monitoring"),
    ("-extension-controller", "extension controller"), ("-extensions-controller", "extension controller"),
    ("-otel-collector", "OpenTelemetry collector"), ("-extensions-collector", "OpenTelemetry collector"),
    ("-node-config-collector", "node configuration collector"), ("-kubemon", "Kubernetes monitoring"),
)  # fmt: skip
_OWNERS = {"Deployment", "DaemonSet", "StatefulSet"}
_VERSION = re.compile(r":v?(\d+\.\d+\.\d+)")
_FORBIDDEN = re.compile(r"[ '`,&=+%\\]")


class Objects:
    """Objects as they are met; `settled` is what they show together."""

    def __init__(self) -> None:
        self.dynakubes: list[dict[str, Any]] = []
        self._images: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
        self._injected: list[Injected] = []
        self._namespaces: dict[str, str] = {}
        self._labels_seen = False
        self._secrets: dict[tuple[str, str], SecretSeen] = {}
        self._keys: dict[tuple[str, str], tuple[str, ...]] = {}
        self._proxies: dict[tuple[str, str], str] = {}
        self._csi: bool | None = None
        self._workloads_listed = False
        self._webhook = ""
        self.absent: set[tuple[str, str]] = set()

    def add(self, thing: dict[str, Any]) -> None:
        """Takes one object of any kind; others than those that tell something are passed over."""
        kind = text(thing, "kind")
        if kind in _OWNERS:
            self._workload(thing, kind)
        elif kind == "Pod":
            found = injected_of(thing)
            if found is not None:
                self._injected.append(found)
        elif kind == "Namespace":
            self._labels_seen = True
            labels = look(thing, "metadata.labels")
            if isinstance(labels, dict) and labels.get(NAMESPACE_LABEL):
                self._namespaces[text(thing, "metadata.name")] = str(labels[NAMESPACE_LABEL])
        elif kind == "ConfigMap":
            data = look(thing, "data")
            self._keys[_key(thing)] = tuple(sorted(data)) if isinstance(data, dict) else ()
        elif kind == "CSIDriver" and text(thing, "metadata.name") == CSI_DRIVER:
            self._csi = True
        elif kind == "MutatingWebhookConfiguration" and "dynatrace" in text(thing, "metadata.name"):
            self._webhook = text(thing, "metadata.name")

    def secret(self, seen: SecretSeen, proxy: str | None = None) -> None:
        """Takes a Secret, without its values but for that of its key `proxy`: it is judged and not kept."""
        key = (seen.namespace, seen.name)
        self._secrets[key] = seen
        if proxy is not None:
            self._proxies[key] = proxy_fault(proxy)

    def workloads_listed(self) -> None:
        """Says that all workloads of the operator's namespace were looked at: then a driver that was not met is not there."""
        self._workloads_listed = True

    def settled(self) -> Installation:
        """What the objects show."""
        ways = {one.volume for one in self._injected}
        csi = self._csi
        if csi is None and "csi" in ways:
            csi = True
        elif csi is None and (self._workloads_listed or ways == {"emptyDir"}):
            csi = False
        return Installation(
            operator_version=self._version(),
            images=tuple((part, ns, image, secrets) for (part, ns), (image, secrets) in self._images.items()),
            csi=csi,
            injected=tuple(self._injected),
            namespaces=self._namespaces,
            labels_seen=self._labels_seen,
            secrets=self._secrets,
            absent=frozenset(self.absent),
            keys=self._keys,
            proxy_forms=self._proxies,
            webhook=self._webhook,
        )

    def _version(self) -> str:
        for part in ("operator", "webhook", "CSI driver"):
            for (name, _), (image, _secrets) in self._images.items():
                if name == part and (found := _VERSION.search(image.rpartition("/")[2])):
                    return found[1]
        return ""

    def _workload(self, thing: Mapping[str, Any], kind: str) -> None:
        name, namespace = text(thing, "metadata.name"), text(thing, "metadata.namespace")
        part = _WORKLOADS.get(name) or next((p for suffix, p in _SUFFIXES if name.endswith(suffix)), "")
        if not part or not (name in _WORKLOADS or "dynatrace" in str(look(thing, "metadata.labels"))):
            return
        if kind == "DaemonSet" and name == CSI_DAEMONSET:
            self._csi = True
        spec = look(thing, "spec.template.spec")
        containers = look(spec, "containers")
        image = text(containers[0], "image") if isinstance(containers, list) and containers else ""
        named = look(spec, "imagePullSecrets")
        secrets = tuple(text(s, "name") for s in named) if isinstance(named, list) else ()
        if image:
            self._images[part, namespace] = (image, secrets)


def proxy_fault(value: str) -> str:
    """What is wrong with a proxy's URL for Dynatrace, in words without the URL; empty where nothing is.

    The operator parses it as a URL and refuses some characters in the password
    (https://github.com/Dynatrace/dynatrace-operator/blob/main/pkg/api/validation/dynakube/proxy_url.go).
    """
    url = value.strip("\n")
    if not url.strip():
        return "it is empty"
    if url != url.strip() or '"' in url or url.startswith("'"):
        return "it has blanks or quotes around it"
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in {"http", "https"}:
        return "it does not begin with http:// or https://"
    account, at, _ = rest.rpartition("@")
    if at:
        password = account.partition(":")[2]
        if "/" in account or "#" in account or "?" in account:
            return "its password has a character that ends the host of a URL (/, # or ?): write it percent-encoded"
        if _FORBIDDEN.search(unquote(password)):
            return "its password has a character that Dynatrace refuses even percent-encoded (blank, ', `, comma, &, =, +, %, \\)"
    return ""


def secret_names(dynakube: DynaKube) -> tuple[tuple[str, str], ...]:
    """The secrets of one DynaKube that are worth a look, by namespace and name."""
    names = (dynakube.tenant_secret, dynakube.pull_secret, dynakube.proxy_secret)
    return tuple((dynakube.namespace, name) for name in names if name)


def _key(thing: Mapping[str, Any]) -> tuple[str, str]:
    return text(thing, "metadata.namespace"), text(thing, "metadata.name")
