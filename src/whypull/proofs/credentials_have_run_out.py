"""The attached credentials match, and their time was over when the pull failed."""

from __future__ import annotations

from whypull.keyring import explain
from whypull.model import Said
from whypull.proofs import Conclusion, Evidence
from whypull.proofs.no_entry_matches_the_image import attached

PROVES = "auth.token-expired"


def argue(evidence: Evidence) -> Conclusion | None:
    """Likely where a matching entry's end (a JWT's exp, ECR's twelve hours) lies before the newest text of the pull."""
    when = max((f.last or f.first for f in evidence.case.facts if isinstance(f, Said) and "T" in (f.last or f.first)), default="")
    if not when or evidence.lets_in("auth.") is None:
        return None
    secrets = attached(evidence)
    matching = {(e.secret, e.key) for e in explain(evidence.case.pull.image, secrets).entries if e.matched}
    for secret in secrets:
        for entry in secret.entries:
            if entry.expires and (secret.name, entry.key) in matching and entry.expires < when:
                words = (f"The credentials in Secret {secret.name} ended at {entry.expires}; the pull failed at {when}.",)
                return Conclusion(PROVES, "likely", words, args={"secret": secret.name}, replaces=("auth.",))
    return None


def sent(evidence: Evidence) -> Conclusion | None:
    """A matching entry with a password means that credentials were sent: they are not what is missing."""
    secrets = attached(evidence)
    if not secrets or evidence.lets_in("auth.credentials-missing") is None or not evidence.case.pull.image:
        return None
    if explain(evidence.case.pull.image, secrets).would_send != "credentials":
        return None
    if any(f.sent == "no" for f in evidence.failures):
        return None
    return Conclusion("auth.credentials-missing", "possible", ("A pull secret of the pod matches this image.",), rejects=True)


ARGUMENTS = ((PROVES, argue), ("auth.credentials-missing", sent))
