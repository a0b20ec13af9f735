"""The registry wants credentials, and the pod (as admitted) names no pull secret: none could be sent from there."""

from __future__ import annotations

from whypull.model import PodSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._refusals import cloud_registry, refusal

PROVES = "secret.not-attached"


def argue(evidence: Evidence) -> Conclusion | None:
    """Proved where the text says that none were sent and no node provider serves this registry; else likely."""
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    refused = refusal(evidence)
    if pod is None or pod.pull_secrets or refused is None or refused.failure.sent == "yes":
        return None
    because = (f"The pod's spec.imagePullSecrets is empty; its service account {_account(pod)} added none at admission.",)
    if cloud_registry(refused.failure):
        return Conclusion(
            "secret.provider-failed",
            "likely",
            (*because, "For this registry the credentials come from the node's credential provider, and none came."),
            odds=80,
            replaces=("auth.credentials-missing",),
        )
    said_none = refused.failure.sent == "no"
    return Conclusion(
        PROVES,
        "proved" if said_none else "likely",
        because,
        replaces=("*",) if said_none else ("auth.credentials-missing", "auth.credentials-rejected"),
    )


def _account(pod: PodSeen) -> str:
    return repr(pod.service_account) if pod.service_account else "(default)"


ARGUMENTS = ((PROVES, argue),)
