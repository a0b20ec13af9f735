"""The kubelet says that it cannot get a pull secret: why nothing was sent, if the registry asks for credentials at all."""

from __future__ import annotations

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._refusals import refusal

PROVES = "secret.not-found"


def argue(evidence: Evidence) -> Conclusion | None:
    """Possible, in place of the bare lack of credentials; excluded where the pull failed for another reason.

    The event also stands under pods that pull well (https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kubelet_pods.go,
    getPullSecretsForPod), so that alone it never says more than that a leftover is named.
    """
    named = evidence.lets_in(PROVES)
    others = tuple(c for c in evidence.candidates if c.stage != "secret")
    if named is None or not others:
        return None
    if refusal(Evidence(evidence.case, others, evidence.failures)) is None:
        return Conclusion(PROVES, "possible", ("The pull failed for another reason than credentials.",), rejects=True)
    words = "The kubelet says that it cannot get this pull secret, and the registry refused."
    return Conclusion(PROVES, "possible", (words,), args=named.args, replaces=("auth.credentials-missing",))


ARGUMENTS = ((PROVES, argue),)
