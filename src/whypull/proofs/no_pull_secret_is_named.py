"""The registry wants credentials, and the pod (as admitted) names no pull secret: none could be sent from there."""

from __future__ import annotations

from whypull.keyring import explain
from whypull.model import AccountSeen, PodSeen, SecretSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._refusals import cloud_registry, refusal, unasked, wants_credentials
from whypull.proofs.image_is_already_on_the_node import unverified

PROVES = "secret.not-attached"


def argue(evidence: Evidence) -> Conclusion | None:
    """Likely, never proved: a node may have credentials of its own, or a provider that failed. Possible for a bare 401 or 403."""
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    refused = refusal(evidence)
    if pod is None or pod.pull_secrets or refused is None or refused.failure.sent == "yes" or unverified(evidence):
        return None
    because = _because(evidence, pod)
    if cloud_registry(refused.failure):
        return Conclusion(
            "secret.provider-failed",
            "likely",
            (*because, "For this registry the credentials come from the node's credential provider, and none came."),
            odds=80,
            replaces=("auth.credentials-missing",),
        )
    args = _fitting(evidence)
    if wants_credentials(evidence) is None or unasked(refused):
        return Conclusion(PROVES, "possible", because, args=args, odds=60)
    return Conclusion(PROVES, "likely", because, args=args, replaces=("auth.credentials-missing", "image.repository-not-found"))


def _because(evidence: Evidence, pod: PodSeen) -> tuple[str, ...]:
    account = next((f for f in evidence.case.facts if isinstance(f, AccountSeen)), None)
    name = pod.service_account or "default"
    if account is not None and account.pull_secrets:
        words = (
            f"The pod's spec.imagePullSecrets is empty, although its service account {name!r} names "
            f"{', '.join(account.pull_secrets[:3])} now: that came after the pod was made, and an account's secrets are copied "
            "into a pod only then. The fix does not reach this pod until it is made anew."
        )
        return (words,)
    empty = ", which names none," if account is not None else ""
    words = f"The pod's spec.imagePullSecrets is empty; its service account {name!r}{empty} added none at admission."
    fitting = _fitting(evidence)
    return (words, f"Secret {fitting['secret']} of this namespace has an entry for this image.") if fitting else (words,)


def _fitting(evidence: Evidence) -> dict[str, str]:
    """A secret of the namespace that would match the image: what is to be attached."""
    for secret in evidence.case.facts:
        if isinstance(secret, SecretSeen) and _matches(evidence.case.pull.image, secret):
            return {"secret": secret.name}
    return {}


def _matches(image: str, secret: SecretSeen) -> bool:
    return bool(image) and explain(image, [secret]).would_send == "credentials"


ARGUMENTS = ((PROVES, argue),)
