"""A DynaKube and what is installed → its parts: each image, from which registry, and who fetches it with what.

Sources: https://github.com/Dynatrace/dynatrace-operator/blob/main/pkg/api/latest/dynakube/dynakube_props.go (pull secrets),
…/pkg/controllers/csi/provisioner/install.go (who installs code modules), …/pkg/util/oci/registry/client.go (the CSI driver's
proxy and trust), …/pkg/webhook/mutation/pod/mutator/oneagent/init.go (what the init container is).
"""

from __future__ import annotations

import re

from whypull.dynatrace import CSI_DAEMONSET, Part
from whypull.reference import host_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from whypull.dynatrace import DynaKube, Injected, Installation, Puller

NODE_PROXY = "the node's own, of its container runtime; what the DynaKube says of a proxy does not count"
NODE_TRUST = "the node's own; trustedCAs of the DynaKube does not count"
_PUBLIC = {
    "OpenTelemetry collector": "public.ecr.aws/dynatrace/dynatrace-otel-collector",
    "node configuration collector": "public.ecr.aws/dynatrace/dynatrace-k8s-node-config-collector",
}
OPERATOR_IMAGE = "public.ecr.aws/dynatrace/dynatrace-operator"  # of the Helm chart, https://artifacthub.io/packages/helm/dynatrace/dynatrace-operator


def parts_of(dynakube: DynaKube | None, installed: Installation) -> tuple[Part, ...]:
    """All parts of one DynaKube, and of the operator itself. Without a DynaKube, what its workloads show."""
    found = list(_operator(installed))
    if dynakube is not None:
        found += _agents(dynakube, installed)
        found += _others(dynakube, installed)
        if dynakube.injects:
            found += _codemodules(dynakube, installed)
            found += _init(dynakube, installed)
    return tuple(found)


def kubelet(name: str, image: str, namespace: str, secrets: tuple[str, ...], known_from: str) -> Part:
    """A part that the kubelet pulls. An empty namespace: that of each application."""
    whose = "each application's namespace" if not namespace else ""
    shown = secrets or ((f"what the pods of {whose} name",) if whose else ())
    return Part(
        name, "kubelet", image, host_of(image) if image else "", known_from, namespace, shown,
        NODE_PROXY, NODE_TRUST, f"whypull check {image}" if _named_whole(image) else "",
    )  # fmt: skip


def _named_whole(image: str) -> bool:
    """Whether it has a tag or a digest: the tenant's registry has no latest."""
    return "@" in image or ":" in image.rpartition("/")[2]


def _operator(installed: Installation) -> Iterator[Part]:
    """The operator, its webhook and its CSI driver: one image, of the Helm chart."""
    for name in ("operator", "webhook", "CSI driver"):
        for part, namespace, image, secrets in installed.images:
            if part == name:
                yield kubelet(name, image, namespace, secrets, "its workload")


def pull_secrets(dynakube: DynaKube, version: str = "") -> tuple[str, ...]:
    """The pull secrets of the DynaKube's own pods: the tenant's and the custom one; up to operator 1.2 only one of them."""
    custom = (dynakube.pull_secret,) if dynakube.pull_secret else ()
    if dynakube.public_registry:
        return custom
    if custom and _older(version, (1, 3)):
        return custom
    return (dynakube.tenant_secret, *custom)


def _older(version: str, than: tuple[int, int]) -> bool:
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) < than


def _agents(dynakube: DynaKube, installed: Installation) -> Iterator[Part]:
    """OneAgent and ActiveGate: from the tenant's registry, where nothing else is named."""
    if dynakube.mode in {"classicFullStack", "cloudNativeFullStack", "hostMonitoring"}:
        yield _agent("OneAgent", dynakube.oneagent_image, "linux/oneagent", dynakube, installed)
    if dynakube.activegate:
        yield _agent("ActiveGate", dynakube.activegate_image, "linux/activegate", dynakube, installed)


def _agent(name: str, image: str, path: str, dynakube: DynaKube, installed: Installation) -> Part:
    running = next((i for part, ns, i, _ in installed.images if part == name and ns == dynakube.namespace), "")
    known = "the DynaKube" if image else "its workload" if running else "the tenant's registry is the default"
    default = f"{dynakube.host}/{path}" if dynakube.host and not dynakube.public_registry else ""
    secrets = next(
        (s for part, ns, _, s in installed.images if part == name and ns == dynakube.namespace and s),
        pull_secrets(dynakube, installed.operator_version),
    )
    return kubelet(name, image or running or default, dynakube.namespace, secrets, known)


def _others(dynakube: DynaKube, installed: Installation) -> Iterator[Part]:
    """Further workloads: they get customPullSecret only, never the tenant's secret."""
    custom = (dynakube.pull_secret,) if dynakube.pull_secret else ()
    for name, image in dynakube.others:
        running = next((i for part, ns, i, _ in installed.images if part == name and ns == dynakube.namespace), "")
        known = "the DynaKube" if image else "its workload" if running else "the operator's default"
        yield kubelet(name, image or running or _PUBLIC.get(name, ""), dynakube.namespace, custom, known)


# ---------------------------------------------------------------- code modules


def ways(dynakube: DynaKube, installed: Installation) -> tuple[str, ...]:
    """How code modules come: csi, emptyDir, image; more than one where pods differ, none where nobody can tell."""
    seen = dict.fromkeys(one.volume for one in mine(dynakube, installed) if one.volume)
    if seen:
        return tuple(seen)
    if dynakube.volume_type in {"image", "csi", "ephemeral"}:
        return ("emptyDir" if dynakube.volume_type == "ephemeral" else dynakube.volume_type,)
    if dynakube.wants_csi is not None:
        return ("csi" if dynakube.wants_csi else "emptyDir",)
    return () if installed.csi is None else ("csi",) if installed.csi else ("emptyDir",)


def mine(dynakube: DynaKube, installed: Installation) -> tuple[Injected, ...]:
    """The pods that this DynaKube's injection has changed: those of namespaces that are labelled with its name."""
    names = installed.namespaces
    return tuple(one for one in installed.injected if names.get(one.namespace, dynakube.name) == dynakube.name)


def _codemodules(dynakube: DynaKube, installed: Installation) -> Iterator[Part]:
    found = ways(dynakube, installed)
    if not found:
        yield Part(
            "code modules", "unknown", dynakube.codemodules_image, _host(dynakube), "the DynaKube", dynakube.namespace,
            pull_secrets(dynakube, installed.operator_version),
            test=f"kubectl get daemonset {CSI_DAEMONSET} -n {dynakube.namespace or 'dynatrace'}",
        )  # fmt: skip
    for way in found:
        yield {"csi": _by_csi, "image": _by_volume}.get(way, _by_init)(dynakube, installed)


def _host(dynakube: DynaKube) -> str:
    return host_of(dynakube.codemodules_image) if dynakube.codemodules_image else dynakube.host


def _by_csi(dynakube: DynaKube, installed: Installation) -> Part:
    """With the CSI driver: it pulls by itself, unless the node does it in a Job."""
    secrets = pull_secrets(dynakube, installed.operator_version)
    if dynakube.node_image_pull:
        return kubelet("code modules", dynakube.codemodules_image, dynakube.namespace, secrets, "the Job codemodule-download")
    how: Puller = "csi" if dynakube.codemodules_image else "download"
    return Part(
        "code modules", how, dynakube.codemodules_image, _host(dynakube), "the DynaKube", dynakube.namespace,
        secrets if how == "csi" else (dynakube.tokens,),
        own_proxy(dynakube), own_trust(dynakube), _csi_logs(dynakube),
    )  # fmt: skip


def _by_volume(dynakube: DynaKube, installed: Installation) -> Part:
    image = next((i.volume_image for i in mine(dynakube, installed) if i.volume_image), dynakube.codemodules_image)
    return kubelet("code modules", image, "", (), "an image volume of each pod")


def _by_init(dynakube: DynaKube, installed: Installation) -> Part:
    """Without the CSI driver: the init container is the image itself, or downloads a ZIP."""
    if _is_self_extracting(dynakube, installed):
        return kubelet("code modules", dynakube.codemodules_image, "", (), "the init container of each pod is this image")
    return Part(
        "code modules", "download", "", dynakube.host, "downloaded by the init container of each pod", "", (dynakube.tokens,),
        own_proxy(dynakube), own_trust(dynakube), _init_logs(dynakube, installed),
    )  # fmt: skip


def _is_self_extracting(dynakube: DynaKube, installed: Installation) -> bool:
    """Whether the code modules image is the init container: a flag from operator 1.5 on, the rule from 1.10 on."""
    image = dynakube.codemodules_image
    if not image:
        return False
    seen = [one.image for one in mine(dynakube, installed) if one.volume in {"emptyDir", ""} and one.image]
    if seen:
        return any(host_of(one) == host_of(image) and one.partition("@")[0] == image.partition("@")[0] for one in seen)
    if _older(installed.operator_version, (1, 5)):
        return False
    return dynakube.node_image_pull or not installed.operator_version or not _older(installed.operator_version, (1, 10))


def _init(dynakube: DynaKube, installed: Installation) -> Iterator[Part]:
    """The init container in the applications' own namespaces."""
    seen = dict.fromkeys(one.image for one in mine(dynakube, installed) if one.image)
    if not seen:
        image = next((i for part, _, i, _ in installed.images if part in {"webhook", "operator"}), "")
        if not (ways(dynakube, installed) == ("emptyDir",) and _is_self_extracting(dynakube, installed)):
            yield kubelet("injected init container", image, "", (), "it is the webhook's own image")
    for image in seen:
        yield kubelet("injected init container", image, "", (), "the injected pods")


def own_proxy(dynakube: DynaKube) -> str:
    """Which proxy the DynaKube's own components use."""
    if not dynakube.has_proxy:
        return "none: the DynaKube names no proxy, and the node's is not used"
    where = f"of the Secret {dynakube.proxy_secret}" if dynakube.proxy_secret else dynakube.proxy
    besides = f", not for {dynakube.no_proxy}" if dynakube.no_proxy else ""
    return f"the DynaKube's, {where}{besides}; the node's is not used"


def own_trust(dynakube: DynaKube) -> str:
    """Which CAs the DynaKube's own components trust."""
    if dynakube.trusted_cas:
        return f"the ConfigMap {dynakube.trusted_cas} besides its image's own roots; the node's are not used"
    return "its image's own roots: the DynaKube names no trustedCAs, and the node's are not used"


def _csi_logs(dynakube: DynaKube) -> str:
    namespace = dynakube.namespace or "dynatrace"
    return f"kubectl logs -n {namespace} daemonset/{CSI_DAEMONSET} -c provisioner | whypull dynatrace"


def _init_logs(dynakube: DynaKube, installed: Installation) -> str:
    one = next((i for i in mine(dynakube, installed) if i.container), None)
    container = one.container if one else "dynatrace-operator"
    where = f"{one.pod} -n {one.namespace}" if one else "<pod> -n <namespace>"
    return f"kubectl logs {where} -c {container} | whypull dynatrace"
