"""The attached credentials match, and their time was over when the pull failed."""

from __future__ import annotations

from whypull.keyring import explain
from whypull.model import PodSeen, Said
from whypull.proofs import Conclusion, Evidence
from whypull.proofs.no_entry_matches_the_image import attached

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import AuthEntry, SecretSeen

PROVES = "auth.token-expired"


def argue(evidence: Evidence) -> Conclusion | None:
    """Likely where a matching entry's own end (a JWT's exp, an ECR token's) lies before the pull; possible by its age alone.

    A secret that is written anew by a job may keep its old creationTimestamp: its age proves little.
    """
    when = _when(evidence)
    if not when or evidence.lets_in("auth.") is None:
        return None
    secrets = attached(evidence)
    matching = {(e.secret, e.key) for e in explain(evidence.case.pull.image, secrets).entries if e.matched}
    for secret in secrets:
        for entry in secret.entries:
            if entry.expires and (secret.name, entry.key) in matching and entry.expires < when:
                words = (f"The credentials in Secret {secret.name} ended at {entry.expires}; the pull failed at {when}.",)
                if _by_age(secret, entry):
                    words = (f"{words[0]} (By the Secret's age: it was made at {secret.created}.)",)
                    return Conclusion(PROVES, "possible", words, args={"secret": secret.name}, odds=80)
                return Conclusion(PROVES, "likely", words, args={"secret": secret.name}, replaces=("auth.",))
    return None


def still_good(evidence: Evidence) -> Conclusion | None:
    """Every matching entry says itself that it ends after the newest text of the pull: it had not run out."""
    tried = max((f.last or f.first for f in evidence.case.facts if isinstance(f, Said)), default="")
    if "T" not in tried or evidence.lets_in(PROVES) is None:
        return None
    secrets = attached(evidence)
    matching = {(e.secret, e.key) for e in explain(evidence.case.pull.image, secrets).entries if e.matched}
    ends = [(s, e) for s in secrets for e in s.entries if (s.name, e.key) in matching]
    if not ends or not all(e.expires > tried and not _by_age(s, e) for s, e in ends):
        return None
    return Conclusion(PROVES, "possible", (f"The credentials end at {ends[0][1].expires}.",), rejects=True)


def _when(evidence: Evidence) -> str:
    """A time at which the pull was tried (RFC 3339): that of its newest text, else the pod's own, which came before it."""
    times = [f.last or f.first for f in evidence.case.facts if isinstance(f, Said)]
    times += [f.created for f in evidence.case.facts if isinstance(f, PodSeen)]
    return max((t for t in times if "T" in t), default="")


def _by_age(secret: SecretSeen, entry: AuthEntry) -> bool:
    """Whether an end was only reckoned from the secret's age, for want of one of its own."""
    from datetime import datetime  # noqa: PLC0415 - few entries have an end

    try:
        life = datetime.fromisoformat(entry.expires) - datetime.fromisoformat(secret.created)
    except (ValueError, TypeError):
        return False
    return life.total_seconds() in {3600, 12 * 3600}


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


ARGUMENTS = ((PROVES, argue), (PROVES, still_good), ("auth.credentials-missing", sent))
