"""The walk asked the token service, with and without credentials: does it work, whom does it know, what does it grant?"""

from __future__ import annotations

import re

from whypull.model import PodSeen, SecretAbsent
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._refusals import cloud_registry
from whypull.proofs._walked import (
    REFUSALS,
    answers,
    control,
    controls,
    document_of,
    failed,
    header,
    host_of,
    pings,
    quoted,
    settled_by_words,
    url_of,
    walk,
    where,
)  # fmt: skip
from whypull.steps import Request, Tried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Certainty

TYPE_CHECKING = False

SUCH = "whypull-no-such-repository"


def service(evidence: Evidence) -> Conclusion | None:
    """The token service cannot be reached, fails, or answers something else than a token."""
    stop = failed(evidence)
    unusable = next((t for t in _requests(evidence, "token") if t.outcome.layer == "refused-by-us"), None)
    if unusable is not None and stop is not None:
        realm = re.search(r'realm="([^"]*)"', " ".join(header(t, "www-authenticate") for t in answers(evidence, "registry")))
        named = f"{realm[1][:120]!r}" if realm else "no realm at all"
        words = (f"The challenge names {named} as its realm, which no client can ask: {unusable.outcome.text}.",)
        return Conclusion("auth.token-endpoint", "proved", words, replaces=("*",))
    if stop is not None and stop.role == "token" and not stop.outcome.status:
        sent = f"The registry sends its clients to the token service {host_of(stop)}."
        there = f"There, {where(stop)}: {stop.outcome.text or stop.words}."
        return Conclusion("auth.token-endpoint", "proved", (sent, there), args={"url_host": host_of(stop)}, replaces=("*",))
    if _came(evidence) or (stop is not None and stop.outcome.status == 429):
        return None
    for one in answers(evidence, "token"):
        if one.outcome.status >= 500 or one.outcome.status == 404:
            words = (f"The token service answers {one.outcome.status} {one.outcome.reason} {where(one)}.",)
            return Conclusion("auth.token-endpoint", "proved", words, args={"url_host": host_of(one)}, replaces=("*",))
        if one.outcome.status == 200 and one.outcome.text == "no token":
            words = (f"The token service answers 200 {where(one)}, without a token in it.",)
            return Conclusion("auth.token-endpoint", "proved", words, args={"url_host": host_of(one)}, replaces=("*",))
    return _withheld(evidence)


def _came(evidence: Evidence) -> bool:
    """Whether somebody's credential, or nobody's, opened the manifest after all."""
    return any(t.outcome.status == 200 for t in answers(evidence, "registry", "/manifests/"))


def _withheld(evidence: Evidence) -> Conclusion | None:
    """A realm that may be given no credentials: what a runtime would have done there is not seen."""
    one = next((t for t in _requests(evidence, "token") if t.step.credentials.startswith("withheld:")), None)  # type: ignore[union-attr]
    if one is None or not isinstance(one.step, Request) or failed(evidence) is None:
        return None
    problem = one.step.credentials.partition(":")[2]
    lines = [f"{problem[:1].upper()}{problem[1:]}: no credentials were sent there."]
    sure: Certainty = "likely"
    if "of another domain" in problem:
        lines.append(f"If it may see them: --trust-realm {host_of(one)}.")
        sure = "possible"
    return Conclusion("auth.token-endpoint", sure, tuple(lines), args={"url_host": host_of(one)}, replaces=("*",))


def _requests(evidence: Evidence, role: str) -> list[Tried]:
    return [t for t in walk(evidence) if t.role == role and isinstance(t.step, Request)]


def password(evidence: Evidence) -> Conclusion | None:
    """Credentials were sent and refused: by the token service, or by a registry that asks for Basic."""
    if _came(evidence) or settled_by_words(evidence) or failed(evidence) is None:
        return None
    for one in answers(evidence, "token"):
        if one.outcome.status in {400, 401, 403} and isinstance(one.step, Request) and one.step.credentials.startswith("basic:"):
            if one.outcome.status == 403:
                return Conclusion("auth.forbidden", "likely", (quoted(one),), replaces=("*",))
            return Conclusion("auth.credentials-rejected", "proved", (quoted(one), *_public(evidence)), replaces=("*",))
    for one in answers(evidence, "registry"):
        if one.outcome.status == 401 and isinstance(one.step, Request) and one.step.credentials.startswith("basic:"):
            words = (f"{url_of(one)} refuses the credentials that were sent: 401.", quoted(one), *_public(evidence))
            return Conclusion("auth.credentials-rejected", "proved", words, replaces=("*",))
    return None


def _public(evidence: Evidence) -> list[str]:
    """Whether nobody's credentials open the same manifest: then the ones that are sent are what stops the pull."""
    anonymous = [t for t in controls(evidence, "credentials", Request) if "/manifests/" in url_of(t)]
    if any(t.outcome.status == 200 for t in anonymous):
        return ["Without credentials the manifest comes: the image is public, and the credentials are what stops the pull."]
    return []


CLEAR = 80  # odds of words that an argument from a bare status does not overrule


def nobody(evidence: Evidence) -> Conclusion | None:
    """The registry wants credentials, and the walk had none to send."""
    if _sent(evidence) or settled_by_words(evidence) or failed(evidence) is None or _why_is_seen(evidence):
        return None
    last = "No credentials were given to this walk."
    for one in answers(evidence, "token"):
        if one.outcome.status == 401:
            return Conclusion("auth.credentials-missing", "proved", (quoted(one), last), replaces=("*",))
    refused = next((t for t in answers(evidence, "registry", "/manifests/") if t.outcome.status in REFUSALS), None)
    if refused is None:
        return None
    if any("basic" in header(t, "www-authenticate").lower()[:6] for t in [*pings(evidence), refused]):
        return Conclusion("auth.credentials-missing", "proved", (quoted(refused), last), replaces=("*",))
    if refused.outcome.status == 403 and not answers(evidence, "token"):
        return None
    return _hidden_or(evidence, refused, "auth.credentials-missing", last)


def not_attached(evidence: Evidence) -> Conclusion | None:
    """The registry wants credentials, and the pod names no pull secret. Likely: a node may have credentials of its own."""
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    if pod is None or pod.pull_secrets or _sent(evidence) or settled_by_words(evidence) or failed(evidence) is None:
        return None
    refused = next(
        (t for t in [*answers(evidence, "token"), *answers(evidence, "registry", "/manifests/")] if t.outcome.status == 401), None
    )
    asks = refused is not None and (refused.role == "token" or header(refused, "www-authenticate").lower().startswith("basic"))
    if refused is None or not asks or any(cloud_registry(f) for f in evidence.failures[:1]):
        return None
    words = (quoted(refused), "The walk came without credentials, as the kubelet does: the pod's spec.imagePullSecrets is empty.")
    return Conclusion("secret.not-attached", "likely", words, replaces=("auth.", "image.repository-not-found"))


def _why_is_seen(evidence: Evidence) -> bool:
    """Whether the cluster shows why none were sent: that is a cause of its own."""
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    absent = any(isinstance(f, SecretAbsent) for f in evidence.case.facts)
    return absent or (pod is not None and not pod.pull_secrets)


def _sent(evidence: Evidence) -> bool:
    """Whether credentials were sent, or would have been if they had been let."""
    return any(isinstance(t.step, Request) and t.step.credentials.startswith(("basic:", "withheld:")) for t in walk(evidence))


def _hidden_or(evidence: Evidence, refused: Tried, cause: str, *words: str) -> Conclusion:
    """A refusal beside that for a repository that certainly is not there: told apart, or undecided where they are alike."""
    other = next((t for t in reversed(controls(evidence, "repository", Request)) if "/manifests/" in url_of(t)), None)
    if other is not None and other.outcome.status == 404 and SUCH in url_of(other):
        words = (*words, "For a repository that is not there the same registry answers 404: this one is there.")
        return Conclusion(cause, "proved", (quoted(refused), *words), replaces=("*",))
    if other is not None:
        words = (*words, "For a repository that is not there it answers the same: it hides what may not be seen.")
    return Conclusion(cause, "possible", (quoted(refused), *words), replaces=("auth.", "registry."), odds=60)


def hidden(evidence: Evidence) -> Conclusion | None:
    """Beside a refusal that would be the same for a repository that is missing: it may be missing."""
    if settled_by_words(evidence) or _came(evidence) or failed(evidence) is None:
        return None
    refused = next((t for t in answers(evidence, "registry", "/manifests/") if t.outcome.status in REFUSALS), None)
    other = next((t for t in reversed(controls(evidence, "repository", Request)) if "/manifests/" in url_of(t)), None)
    if refused is None or other is None or other.outcome.status != refused.outcome.status or _withheld(evidence) is not None:
        return None
    if not (answers(evidence, "token") or document_of(refused)) or pings_refuse(evidence):
        return None
    words = (f"{url_of(other)}, which is not there, is answered with {other.outcome.status} as well.",)
    return Conclusion("image.repository-not-found", "possible", words, odds=40)


def pings_refuse(evidence: Evidence) -> bool:
    """Whether the door itself is shut, whatever is asked for."""
    return any(t.outcome.status == 403 for t in pings(evidence)) or any(
        t.outcome.status == 401 for t in answers(evidence, "token")
    )


def scope(evidence: Evidence) -> Conclusion | None:
    """The token was issued for who asked, and does not open what was asked for."""
    refused = [t for t in answers(evidence, "registry", "/manifests/") if t.outcome.status in REFUSALS]
    tokens = [t for t in answers(evidence, "token") if t.outcome.status == 200 and t.outcome.text != "no token"]
    sent = [t for t in tokens if isinstance(t.step, Request) and t.step.credentials.startswith("basic:")]
    if not refused or not sent or settled_by_words(evidence) or failed(evidence) is None or _said_otherwise(evidence):
        return None
    granted = _granted(sent[-1])
    words = ["The token service knows these credentials: it gave them a token."]
    if granted is not None:
        words.append(f"The token grants {granted or 'nothing for this repository'}.")
    return _hidden_or(evidence, refused[-1], "auth.forbidden", *words)


def role(evidence: Evidence) -> Conclusion | None:
    """403 with credentials, and another answer without: it is about who asks."""
    refused = [t for t in answers(evidence, "registry", "/manifests/") if t.outcome.status == 403]
    if not refused or settled_by_words(evidence) or not isinstance(refused[0].step, Request) or answers(evidence, "token"):
        return None
    anonymous = control(evidence, "credentials", Request)
    if not refused[0].step.credentials or anonymous is None or anonymous.outcome.status in {0, 403} or _said_otherwise(evidence):
        return None
    said = f"Without credentials the answer is {anonymous.outcome.status}: it is about who asks."
    return _hidden_or(evidence, refused[-1], "auth.forbidden", said)


def _said_otherwise(evidence: Evidence) -> bool:
    """Whether the registry's own sentence speaks of something else than a right: an account's state, a password's age."""
    first = next(iter(evidence.candidates), None)
    return first is not None and first.stage == "auth" and first.cause != "auth.forbidden" and first.odds >= CLEAR


def _granted(token: Tried) -> str | None:
    access = (document_of(token) or {}).get("access")
    if not isinstance(access, list):
        return None
    return ", ".join(f"{a.get('name')}:{','.join(map(str, a.get('actions') or ()))}" for a in access[:5] if isinstance(a, dict))


ARGUMENTS = (
    ("auth.token-endpoint", service),
    ("auth.credentials-rejected", password),
    ("auth.credentials-missing", nobody),
    ("secret.not-attached", not_attached),
    ("auth.forbidden", scope),
    ("auth.forbidden", role),
    ("image.repository-not-found", hidden),
)
