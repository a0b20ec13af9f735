"""An attached pull secret that the kubelet cannot decode, or takes nothing from."""

from __future__ import annotations

from whypull.model import PodSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._refusals import refusal, unasked, wants_credentials
from whypull.proofs.no_entry_matches_the_image import attached

PROVES = "secret.malformed"


def argue(evidence: Evidence) -> Conclusion | None:
    """Proved for content that the kubelet refuses: it fails every pull of the pod. Likely for what it silently passes over."""
    asked = any(c.stage not in {"spec", "secret"} for c in evidence.candidates)  # then the kubelet could read all of them
    for secret in attached(evidence):
        if secret.problem and not asked:
            undecodable = (f"The kubelet cannot decode Secret {secret.name}: {secret.problem}.",)
            return Conclusion(PROVES, "proved", undecodable, args={"secret": secret.name}, replaces=("*",))
    ignored = [s for s in attached(evidence) if s.ignored]
    if not ignored or len(ignored) != len(attached(evidence)):
        return None
    refused = refusal(evidence)
    if refused is None:
        return None
    words = tuple(f"The kubelet takes nothing from Secret {s.name}: {s.ignored}." for s in ignored[:3])
    args = {"secret": ignored[0].name}
    if refused.failure.sent == "no" and len(ignored) == len(_named(evidence)):
        return Conclusion(PROVES, "proved", words, args=args, replaces=("*",))
    if refused.failure.sent == "yes" or wants_credentials(evidence) is None or unasked(refused):
        return Conclusion(PROVES, "possible", words, args=args, odds=60)
    return Conclusion(PROVES, "likely", words, args=args, replaces=("auth.credentials-missing", "image.repository-not-found"))


def _named(evidence: Evidence) -> tuple[str, ...]:
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    return pod.pull_secrets if pod else ()


ARGUMENTS = ((PROVES, argue),)
