"""A pull secret that the pod names does not exist in its namespace, so the kubelet sent nothing from it."""

from __future__ import annotations

from whypull.model import PodSeen, SecretAbsent, SecretSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._refusals import refusal, wants_credentials

PROVES = "secret.not-found"


def argue(evidence: Evidence) -> Conclusion | None:
    """Proved where all named secrets are absent beyond doubt and the text says that nothing was sent; else likely."""
    absent = [f for f in evidence.case.facts if isinstance(f, SecretAbsent)]
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    refused = refusal(evidence)
    if not absent or refused is None or refused.failure.sent == "yes":
        return None
    named = set(pod.pull_secrets) if pod else {a.name for a in absent}
    there = [
        f for f in evidence.case.facts if isinstance(f, SecretSeen) and f.name in named and f.namespace == absent[0].namespace
    ]
    told = not there and all(a.sure for a in absent) and refused.failure.sent == "no"
    args = {"secret": absent[0].name, "namespace": absent[0].namespace}
    if wants_credentials(evidence) is None:
        return Conclusion(PROVES, "possible", tuple(_words(a) for a in absent), args=args, odds=60)
    return Conclusion(
        PROVES,
        "proved" if told else "likely",
        tuple(_words(a) for a in absent),
        args=args,
        replaces=() if there else ("*",) if told else ("auth.credentials-missing", "image.repository-not-found"),
    )


def _words(absent: SecretAbsent) -> str:
    words = f"The pod names the pull secret {absent.name}; namespace {absent.namespace} has no Secret of that name."
    if absent.elsewhere:
        words += f" One is in {', '.join(absent.elsewhere[:3])}: a pod reads only its own namespace."
    return words


ARGUMENTS = ((PROVES, argue),)
