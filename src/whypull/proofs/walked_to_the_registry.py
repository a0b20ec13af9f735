"""The walk asked /v2/ and the manifest: is it a registry, does it work, and whom does it refuse?"""

from __future__ import annotations

import re

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._fingerprints import page_of
from whypull.proofs._walked import (
    answers,
    control,
    document_of,
    failed,
    header,
    host_of,
    is_page,
    pings,
    quoted,
    settled_by_words,
    url_of,
    where,
)  # fmt: skip
from whypull.steps import Request, Tried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Certainty

_NAMED_ADDRESS = re.compile(
    r"(?i)(?:client|source|request|your)(?: with)? ip(?: address)?:? ?['\"(]?(?P<ip>[0-9a-f][0-9a-f.:]{5,44})['\")]? "
    r"(?:is|has|was)? ?(?:not|been blocked|blocked|denied|forbidden)"
)
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def page(evidence: Evidence) -> Conclusion | None:
    """A page whose author is known, in the registry's place."""
    stop = failed(evidence)
    known = [*answers(evidence, "registry"), *answers(evidence, "storage")]
    if not _at_service(stop, known):
        return None
    for one in known:
        found = page_of(one.outcome)
        if found is not None:
            certainty: Certainty = "proved" if found.certainty == "proved" else "likely"
            cause = "registry.blob-host-blocked" if _is_storage(one, stop) else found.cause
            words = (f"What {host_of(one)} sends {where(one)} is a page of {found.who}.", quoted(one))
            return Conclusion(cause, certainty, words, args={"url_host": host_of(one), "who": found.who}, replaces=("*",))
    return None


def _at_service(stop: Tried | None, known: list[Tried]) -> bool:
    """Whether the walk ended at what the service answered, and not before it."""
    if stop is None or stop.role == "storage":
        return any(t.outcome.status in REDIRECTS and t.role == "registry" for t in known) or stop is not None
    return isinstance(stop.step, Request) and stop.role in {"registry", "storage"} and bool(stop.outcome.status)


def _is_storage(one: Tried, stop: Tried | None) -> bool:
    return one.role == "storage" and stop is not None and "/blobs/" in url_of(stop)


def service(evidence: Evidence) -> Conclusion | None:
    """A page, another service's 404, or a 5xx where a registry's answer should be."""
    asked = pings(evidence)
    if not asked or _manifest_came(evidence):
        return None
    first = asked[0]
    status = first.outcome.status
    said = f"GET {url_of(first)} {where(first)} is answered with {status} {first.outcome.reason}"
    if status >= 500:
        return Conclusion("registry.server-error", "proved", (quoted(first),), replaces=("*",))
    if status == 200 and is_page(first):
        return Conclusion("registry.not-a-registry", "proved", (f"{said} and a page for people.",), replaces=("*",))
    if status in REDIRECTS:
        place = header(first, "location")[:200]
        login = next((t for t in answers(evidence, "storage") if is_page(t)), None)
        words = (f"{said} to {place}.", *((f"{url_of(login)} is a page for people.",) if login else ()))
        return Conclusion("registry.not-a-registry", "proved" if login else "likely", words, replaces=("*",))
    if status in {404, 405, 410} and not header(first, "docker-distribution-api-version") and document_of(first) is None:
        return Conclusion("registry.not-a-registry", "proved", (f"{said}, which no registry does there.",), replaces=("*",))
    return None


def _manifest_came(evidence: Evidence) -> bool:
    return any(t.outcome.status == 200 and document_of(t) for t in answers(evidence, "registry", "/manifests/"))


def login(evidence: Evidence) -> Conclusion | None:
    """The manifest is a page for people: containerd takes it for a manifest and complains of its media type."""
    for one in [*answers(evidence, "registry", "/manifests/"), *answers(evidence, "storage", "")]:
        if one.outcome.status == 200 and is_page(one) and not answers(evidence, "registry", "/blobs/"):
            words = (f"{url_of(one)} is answered with 200 and a page for people.",)
            return Conclusion("registry.not-a-registry", "proved", words, replaces=("*",))
    return None


def protocol(evidence: Evidence) -> Conclusion | None:
    """What comes after the handshake is no HTTP, or HTTP that breaks off or breaks its own rules."""
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Request) or stop.role != "registry":
        return None
    return _broken_answer(stop, stop.step) if stop.outcome.status else _no_answer(evidence, stop, stop.step)


def _broken_answer(stop: Tried, step: Request) -> Conclusion | None:
    """An answer that begins as HTTP and does not go on so."""
    text, asked = stop.outcome.text, f"{step.method} {url_of(stop)}"
    if stop.outcome.layer != "protocol" or "i/o timeout" in text:
        return None
    if "closed connection" in text:
        words = (f"The connection ends within the answer to {asked}: {text}.",)
        return Conclusion("network.reset", "likely", words, replaces=("*",))
    words = (f"The registry's answer to {asked} breaks the protocol: {text}.",)
    return Conclusion("registry.non-conformant", "likely", words, replaces=("*",))


def _no_answer(evidence: Evidence, stop: Tried, step: Request) -> Conclusion | None:
    """The handshake was fine, and what follows it is no HTTP, or nothing."""
    text = stop.outcome.text
    if stop.outcome.layer == "protocol":
        cause = "registry.not-a-registry" if "malformed HTTP" in text else "registry.non-conformant"
        words = (f"What answers behind the handshake {where(stop)} is no HTTP: {text}.",)
        sure: Certainty = "proved" if cause == "registry.not-a-registry" and not _ever_answered(evidence) else "likely"
        return Conclusion(cause, sure, words, replaces=("*",))
    if stop.outcome.errno == "ETIMEDOUT":
        words = (f"The handshake is fine {where(stop)}; {step.method} {url_of(stop)} is not answered: {text}.",)
        return Conclusion("registry.server-error", "likely", words, replaces=("*",))
    return None


def _ever_answered(evidence: Evidence) -> bool:
    return bool(answers(evidence, "registry", controls=True))


def everybody_is_refused(evidence: Evidence) -> Conclusion | None:
    """The same 403 without credentials: it is not about who asks, so it is about from where."""
    refusals = [
        t for t in answers(evidence, "registry", controls=True) if t.outcome.status in {403, 451} and t.control != "repository"
    ]
    if not refusals or failed(evidence) is None:
        return None
    named = next(((t, m) for t in refusals if (m := _NAMED_ADDRESS.search(t.outcome.body))), None)
    if named:
        words = (f"The registry names the address itself, {where(named[0])}: {named[1]['ip']}.", _excluded(evidence))
        return Conclusion(
            "auth.ip-not-allowed", "proved", tuple(filter(None, words)), args={"ip": named[1]["ip"]}, replaces=("*",)
        )
    if settled_by_words(evidence):
        return None
    first = refusals[0]
    if any(document_of(t) is not None for t in refusals):
        return None
    anonymous = control(evidence, "credentials", Request)
    at_the_door = any(t.outcome.status in {403, 451} for t in pings(evidence))
    same = anonymous is not None and anonymous.outcome.status == first.outcome.status and bool(anonymous.outcome.body)
    if not (same or at_the_door):
        return None
    what = "a page of a gateway" if any(is_page(t) for t in refusals) else "not JSON"
    words = (
        f"{first.outcome.status} {where(first)} already without credentials: it is not about who asks.",
        f"The answer is {what}, not the registry's own.",
    )
    return Conclusion("auth.ip-not-allowed", "likely", words, replaces=("*",))


def _excluded(evidence: Evidence) -> str:
    """Whether the usual suspicion, the password, is out."""
    door = next((t for t in pings(evidence) if t.outcome.status == 403), None)
    return "It is not the password: the same refusal comes without one." if door else ""


def failing(evidence: Evidence) -> Conclusion | None:
    """A 5xx or 429 behind /v2/, or at the token service."""
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Request) or settled_by_words(evidence):
        return None
    status = stop.outcome.status
    if status == 429:
        left = header(stop, "ratelimit-remaining") or header(stop, "retry-after")
        words = (quoted(stop), *((f"It says how much is left, or how long to wait: {left[:80]}.",) if left else ()))
        return Conclusion("registry.rate-limited", "proved", words, replaces=("*",))
    if status >= 500 and stop.role == "registry":
        return Conclusion("registry.server-error", "proved", (quoted(stop),), replaces=("*",))
    return None


ARGUMENTS = (
    ("network.intercepted", page),
    ("registry.not-a-registry", service),
    ("registry.not-a-registry", login),
    ("registry.not-a-registry", protocol),
    ("auth.ip-not-allowed", everybody_is_refused),
    ("registry.rate-limited", failing),
)
