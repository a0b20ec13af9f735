"""The node has the image, and the pull policy sends the kubelet to a registry all the same."""

from __future__ import annotations

from whypull.model import NodeSeen, PodSeen
from whypull.proofs import Conclusion, Evidence
from whypull.reference import InvalidReference, parse

PROVES = "spec.always-pull"


def argue(evidence: Evidence) -> Conclusion | None:
    """Likely: the image is listed on the node, the policy is Always, and the registry does not give it."""
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    node = next((f for f in evidence.case.facts if isinstance(f, NodeSeen)), None)
    image = evidence.case.pull.image
    if pod is None or node is None or pod.pull_policy not in {"Always", "Never"} or not _listed(image, node):
        return None
    if pod.pull_policy == "Never":
        return _unverified(node, evidence)
    if evidence.lets_in("image.", "auth.", "dns.", "network.", "spec.") is None:
        return None
    return Conclusion(
        PROVES,
        "likely",
        (f"{image} is on node {node.name} already (node.status.images), and imagePullPolicy is Always.",),
        args={"node": node.name},
    )


def _unverified(node: NodeSeen, evidence: Evidence) -> Conclusion | None:
    """Never, and the image is there: only the credential check of kubelet 1.33 and newer refuses then."""
    if evidence.lets_in("spec.never-pull", "secret.not-verified") is None or _minor(node.kubelet) < 33:
        return None
    return Conclusion(
        "secret.not-verified",
        "likely",
        (
            f"The image is on node {node.name} (node.status.images), and its kubelet {node.kubelet} verifies credentials.",
        ),
        args={"node": node.name},
        replaces=("spec.never-pull",),
    )


def _listed(image: str, node: NodeSeen) -> bool:
    wanted = _names(image)
    return bool(wanted) and any(wanted & _names(listed) for listed in node.images)


def _names(image: str) -> set[str]:
    try:
        return {parse(image).normalised}
    except InvalidReference:
        return set()


def _minor(version: str) -> int:
    parts = version.lstrip("v").split(".")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


ARGUMENTS = ((PROVES, argue),)
