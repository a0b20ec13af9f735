"""Dynatrace in a cluster: which of its images are in play, who pulls each, and what stops them. Pure, over objects and texts.

Who pulls decides which proxy, trust and secret count: the kubelet has the node's and the pod's own namespace's, the CSI
driver has those of the DynaKube (https://docs.dynatrace.com/docs/ingest-from/setup-on-k8s/reference/code-modules-delivery-modes).
"""

from __future__ import annotations

from whypull.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypeAlias

    from whypull.model import Certainty, Fix, SecretSeen

    Puller: TypeAlias = Literal["kubelet", "csi", "download", "unknown"]

KUBELET = "the kubelet of each node"
CSI = "the CSI driver, from its own pod"
DOWNLOAD = "nobody: it is a ZIP that is downloaded from the tenant"
UNKNOWN = "not known: it depends on whether the CSI driver is installed"
PULLERS: Mapping[str, str] = {"kubelet": KUBELET, "csi": CSI, "download": DOWNLOAD, "unknown": UNKNOWN}

CSI_DRIVER = "csi.oneagent.dynatrace.com"
CSI_DAEMONSET = "dynatrace-oneagent-csi-driver"
NAMESPACE_LABEL = "dynakube.internal.dynatrace.com/instance"


@dataclass(frozen=True, slots=True)
class DynaKube:
    """What a DynaKube wants, whichever version of its API it is written in."""

    name: str
    namespace: str = ""
    version: str = ""  # of the API: v1beta5
    host: str = ""  # of apiUrl, with its port if it has one: the tenant, and its registry
    mode: str = ""  # classicFullStack, cloudNativeFullStack, applicationMonitoring, hostMonitoring, or empty
    oneagent_image: str = ""
    oneagent_version: str = ""
    activegate: bool = False
    activegate_image: str = ""
    codemodules_image: str = ""
    codemodules_version: str = ""
    wants_csi: bool | None = None  # useCSIDriver of v1beta1 and v1beta2; None where the version has no such field
    node_image_pull: bool = False  # feature.dynatrace.com/node-image-pull
    public_registry: bool = False  # then the tenant's registry is not used, nor its pull secret
    volume_type: str = ""  # feature flag or annotation: image, csi, ephemeral
    others: tuple[tuple[str, str], ...] = ()  # further parts that are switched on: (name, image or empty)
    pull_secret: str = ""  # spec.customPullSecret
    proxy: str = ""  # spec.proxy.value, without an account
    proxy_secret: str = ""  # spec.proxy.valueFrom
    no_proxy: str = ""
    trusted_cas: str = ""  # a ConfigMap
    tokens: str = ""  # the Secret with the API's tokens
    selector: str = ""  # of the namespaces that are injected, as labels
    automatic: bool = True  # feature.dynatrace.com/automatic-injection
    phase: str = ""
    conditions: tuple[tuple[str, str, str, str], ...] = ()  # type, status, reason, message

    @property
    def has_proxy(self) -> bool:
        """Whether its own components are told of a proxy."""
        return bool(self.proxy or self.proxy_secret)

    @property
    def injects(self) -> bool:
        """Whether code modules go into application pods."""
        return self.mode in {"cloudNativeFullStack", "applicationMonitoring"}

    @property
    def tenant_secret(self) -> str:
        """The pull secret that the operator writes for the tenant's registry."""
        return f"{self.name}-pull-secret"


@dataclass(frozen=True, slots=True)
class Injected:
    """One pod that Dynatrace's webhook has changed."""

    namespace: str
    pod: str
    container: str = ""  # the init container that it added
    image: str = ""
    volume: str = ""  # how the code modules come: csi, emptyDir, image; empty where the pod shows none
    volume_image: str = ""  # of an image volume
    pull_secrets: tuple[str, ...] = ()
    account: str = ""
    node: str = ""
    turned_on: str = ""  # the pod's annotation that asked for it, as "key: value"
    waits: bool = False  # its container has no image yet
    failed: bool = False  # the init container ran and failed


@dataclass(frozen=True, slots=True)
class Installation:
    """What the other objects show: the operator's workloads, injected pods, labelled namespaces, secrets."""

    operator_version: str = ""
    images: tuple[tuple[str, str, str, tuple[str, ...]], ...] = ()  # part, namespace, image, pull secrets of its pods
    csi: bool | None = None  # None: nobody looked
    injected: tuple[Injected, ...] = ()
    namespaces: Mapping[str, str] = field(default_factory=dict)  # namespace: DynaKube that its label names
    labels_seen: bool = False  # whether namespaces were looked at
    secrets: Mapping[tuple[str, str], SecretSeen] = field(default_factory=dict)
    absent: frozenset[tuple[str, str]] = frozenset()  # secrets that were asked for by name and are not there
    keys: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)  # ConfigMap: its keys
    proxy_forms: Mapping[tuple[str, str], str] = field(default_factory=dict)  # proxy secret: what is wrong with its value
    webhook: str = ""  # MutatingWebhookConfiguration


@dataclass(frozen=True, slots=True)
class Part:
    """One image (or archive) of Dynatrace's, and who fetches it."""

    name: str  # "OneAgent", "code modules", …
    puller: Puller
    image: str = ""
    host: str = ""  # registry, or the tenant where it is downloaded
    known_from: str = ""  # "spec", "status", "a pod", "the tenant's default"
    namespace: str = ""  # whose secrets count; empty: each application's own
    secrets: tuple[str, ...] = ()
    proxy: str = ""  # sentences on what counts
    trust: str = ""
    test: str = ""  # from where to test it, as a command


@dataclass(frozen=True, slots=True)
class Download:
    """A download of the injection's own, or of an agent, that failed inside a container: no image pull."""

    component: str  # "the injected init container", "the CSI driver", "OneAgent"
    reason: str  # a key of logs.REASONS
    words: str
    host: str = ""
    proxy: str = ""
    hidden: bool = False  # the container ended as if it had succeeded


@dataclass(frozen=True, slots=True)
class CsiPull:
    """A pull of the code modules image by the CSI driver that failed, in go-containerregistry's words."""

    image: str
    words: str
    at: str = ""
    dynakube: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that stops Dynatrace's images, or its injection: whose, who pulls, why, and the way out."""

    what: str  # the headline, one sentence
    part: str
    puller: Puller
    causes: tuple[str, ...] = ()  # ids of the catalogue, best first; empty where no pull fails
    certainty: Certainty = "possible"
    because: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    decide: str = ""  # the step that decides, where more than one cause fits
    count: int = 0  # pods
    of: int = 0  # of so many


@dataclass(frozen=True, slots=True)
class Picture:
    """One DynaKube (or an installation without one), all its parts, and what is wrong with them."""

    dynakube: DynaKube | None
    installation: Installation
    parts: tuple[Part, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    notes: tuple[str, ...] = ()
