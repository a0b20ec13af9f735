"""A pull secret that the pod names does not exist in its namespace, so the kubelet sent nothing from it."""

from __future__ import annotations

from whypull.model import PodSeen, SecretAbsent, SecretSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._refusals import refusal

PROVES = "secret.not-found"


def argue(evidence: Evidence) -> Conclusion | None:
    """Proved where every named secret is absent and the registry refused; likely where another one is there."""
    absent = [f for f in evidence.case.facts if isinstance(f, SecretAbsent)]
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    if not absent or refusal(evidence) is None:
        return None
    named = set(pod.pull_secrets) if pod else {a.name for a in absent}
    there = [
        f
        for f in evidence.case.facts
        if isinstance(f, SecretSeen) and f.name in named and f.namespace == absent[0].namespace
    ]
    return Conclusion(
        PROVES,
        "likely" if there else "proved",
        tuple(_words(a) for a in absent),
        args={"secret": absent[0].name, "namespace": absent[0].namespace},
        replaces=() if there else ("*",),
    )


def _words(absent: SecretAbsent) -> str:
    words = f"The pod names the pull secret {absent.name}; namespace {absent.namespace} has no Secret of that name."
    if absent.elsewhere:
        words += f" One is in {', '.join(absent.elsewhere[:3])}: a pod reads only its own namespace."
    return words


ARGUMENTS = ((PROVES, argue),)
