"""An attached pull secret that the kubelet cannot decode, or takes nothing from."""

from __future__ import annotations

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._refusals import refusal
from whypull.proofs.no_entry_matches_the_image import attached

PROVES = "secret.malformed"


def argue(evidence: Evidence) -> Conclusion | None:
    """Proved for content that the kubelet refuses: it fails every pull of the pod. Likely for what it silently passes over."""
    for secret in attached(evidence):
        if secret.problem:
            words = (f"The kubelet cannot decode Secret {secret.name}: {secret.problem}.",)
            return Conclusion(PROVES, "proved", words, args={"secret": secret.name}, replaces=("*",))
    ignored = [s for s in attached(evidence) if s.ignored]
    if not ignored or len(ignored) != len(attached(evidence)):
        return None
    refused = refusal(evidence)
    if refused is None:
        return None
    words = tuple(f"The kubelet takes nothing from Secret {s.name}: {s.ignored}." for s in ignored[:3])
    certainty = "proved" if refused.failure.sent == "no" else "likely"
    return Conclusion(PROVES, certainty, words, args={"secret": ignored[0].name}, replaces=("*",))  # type: ignore[arg-type] - one of the three words


ARGUMENTS = ((PROVES, argue),)
