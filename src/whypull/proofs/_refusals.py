"""What the arguments about secrets share: is this a refusal for want of credentials, and of whom?"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Failure
    from whypull.proofs import Candidate, Evidence

_REFUSALS = (
    "auth.credentials-missing", "auth.credentials-rejected", "auth.forbidden", "auth.token-expired",
    "image.repository-not-found", "secret.not-found", "secret.not-attached", "secret.registry-mismatch",
    "secret.provider-failed", "secret.malformed",
)  # fmt: skip
_CLOUD = (".dkr.ecr.", ".dkr-ecr.", ".azurecr.", "-docker.pkg.dev", "gcr.io")


def refusal(evidence: Evidence) -> Candidate | None:
    """The candidate that shows that the registry refused for who asked; None for a failure of another kind.

    A bare 404 does not count: a repository that is missing reads the same to everybody.
    """
    best = evidence.candidates[0] if evidence.candidates else None
    if best is None or best.cause not in _REFUSALS or best.odds >= 100:
        return None
    if best.cause == "image.repository-not-found" and not _hides(best):
        return None
    return best


def wants_credentials(evidence: Evidence) -> Candidate | None:
    """The candidate that shows that the registry asked for credentials; a 403 may refuse an address, a right or an account."""
    best = refusal(evidence)
    if best is None or best.cause in {"auth.forbidden", "auth.token-expired", "auth.credentials-rejected"}:
        return None
    return best


def unasked(candidate: Candidate) -> bool:
    """Whether the answer was a bare 401 or 403, so that it is open whether credentials came along."""
    return candidate.failure.status in {401, 403} and not candidate.failure.sent


def _hides(candidate: Candidate) -> bool:
    """Whether the words also fit a repository that exists and is hidden from who may not see it."""
    core = candidate.failure.core
    return any(w in core for w in ("denied", "insufficient_scope", "nauthorized", "401", "403", "authorization"))


def cloud_registry(failure: Failure) -> bool:
    """Whether nodes of that registry's cloud get credentials from a provider rather than from a Secret."""
    host = failure.own_host or failure.host
    return any(mark in host for mark in _CLOUD)
