"""The node has the image, and the kubelet goes to a registry for it, or refuses it, all the same."""

from __future__ import annotations

from whypull.model import NodeSeen, PodSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._refusals import refusal
from whypull.reference import InvalidReference, parse

PROVES = "spec.always-pull"
NOT_VERIFIED = "secret.not-verified"
_GATE = 33  # KubeletEnsureSecretPulledImages: there from 1.33 on,
_DEFAULT = 35  # on by default from 1.35 on


def argue(evidence: Evidence) -> Conclusion | None:
    """Policy Always, the image on the node, and a registry that does not give it.

    Likely where the image was loaded into the node (the node knows no digest of that repository), else possible: then it
    was pulled from there once.
    """
    pod, node = _seen(evidence)
    image = evidence.case.pull.image
    best = evidence.candidates[0] if evidence.candidates else None
    if pod is None or node is None or best is None or pod.pull_policy != "Always" or not _listed(image, node):
        return None
    if best.cause not in {
        "image.tag-not-found",
        "image.repository-not-found",
        "spec.registry-host-missing",
        PROVES,
    } and not refusal(evidence):
        return None
    loaded = not _has_digest(image, node)
    return Conclusion(
        PROVES,
        "likely" if loaded else "possible",
        (
            f"{image} is on node {node.name} already (node.status.images), and imagePullPolicy is Always.",
            *(
                ("The node knows no digest of that repository: the image was built or loaded there, not pulled.",)
                if loaded
                else ()
            ),
        ),
        args={"node": node.name},
        odds=90 if loaded else 40,
    )


def unverified(evidence: Evidence) -> Conclusion | None:
    """The image is there, and the kubelet checks whether this pod's credentials were ever verified for it.

    Likely for a refusal under a kubelet that checks by default, or under Never; else possible. Source:
    https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/image_manager.go
    """
    pod, node = _seen(evidence)
    if pod is None or node is None or not _listed(evidence.case.pull.image, node):
        return None
    minor = _minor(node.kubelet)
    if minor < _GATE:
        return None
    if pod.pull_policy == "Never" and evidence.lets_in("spec.never-pull", NOT_VERIFIED):
        return _not_verified(node, "likely", 95, ("spec.never-pull",))
    if pod.pull_policy != "IfNotPresent" or refusal(evidence) is None:
        return None
    if minor < _DEFAULT:
        return _not_verified(node, "possible", 40, ())
    return _not_verified(node, "likely", 95, ("auth.credentials-missing", "image.repository-not-found"))


def _not_verified(node: NodeSeen, certainty: Certainty, odds: int, replaces: tuple[str, ...]) -> Conclusion:
    when = "checks" if _minor(node.kubelet) >= _DEFAULT else "can check (a feature gate)"
    words = (
        f"The image is on node {node.name} (node.status.images), and its kubelet {node.kubelet} {when} "
        "whether a pod's credentials were verified for it."
    )
    return Conclusion(NOT_VERIFIED, certainty, (words,), args={"node": node.name}, replaces=replaces, odds=odds)


def _seen(evidence: Evidence) -> tuple[PodSeen | None, NodeSeen | None]:
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    node = next((f for f in evidence.case.facts if isinstance(f, NodeSeen)), None)
    return pod, node


def _listed(image: str, node: NodeSeen) -> bool:
    wanted = _name(image)
    return bool(wanted) and any(wanted == _name(listed) for listed in node.images)


def _has_digest(image: str, node: NodeSeen) -> bool:
    """Whether the node knows a digest of the image's repository, as it does of all that it pulled from there."""
    try:
        repository = parse(image).name
        return any("@" in listed and parse(listed).name == repository for listed in node.images)
    except InvalidReference:
        return False


def _name(image: str) -> str:
    try:
        return parse(image).normalised
    except InvalidReference:
        return ""


def _minor(version: str) -> int:
    parts = version.lstrip("v").split(".")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Certainty

ARGUMENTS = ((PROVES, argue), (NOT_VERIFIED, unverified))
