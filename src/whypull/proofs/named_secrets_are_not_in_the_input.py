"""The registry got no credentials although the pod names pull secrets: one is missing, or none is for this image."""

from __future__ import annotations

from whypull.model import PodSeen, SecretAbsent, SecretSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._refusals import wants_credentials

_WORDS = "The pod names {names}, and nothing was sent from there; the Secret itself is not in this input."


def absent(evidence: Evidence) -> Conclusion | None:
    """Possible, in place of the bare lack of credentials: it does not exist in the pod's namespace."""
    return _either("secret.not-found", 60, evidence)


def mismatched(evidence: Evidence) -> Conclusion | None:
    """Possible: it is there, and has no entry for this image, or none that the kubelet can read."""
    return _either("secret.registry-mismatch", 55, evidence)


def _either(cause: str, odds: int, evidence: Evidence) -> Conclusion | None:
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    refused = wants_credentials(evidence)
    if pod is None or not pod.pull_secrets or refused is None or refused.failure.sent != "no":
        return None
    known = {f.name for f in evidence.case.facts if isinstance(f, (SecretAbsent, SecretSeen))}
    if known.intersection(pod.pull_secrets):
        return None
    words = (_WORDS.format(names=", ".join(pod.pull_secrets[:3])),)
    return Conclusion(
        cause, "possible", words, args={"secret": pod.pull_secrets[0]}, replaces=("auth.credentials-missing",), odds=odds
    )


ARGUMENTS = (("secret.not-found", absent), ("secret.registry-mismatch", mismatched))
