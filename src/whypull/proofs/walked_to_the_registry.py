"""The walk asked /v2/: is it a registry, does it work, and whom does it refuse?"""

from __future__ import annotations

import json
import re

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import answers, control, header, where
from whypull.steps import Request, Tried

_NAMED_ADDRESS = re.compile(r"(?i)(?:client|source|request|your)(?: with)? ip(?: address)?:? ?['\"(]?(?P<ip>[0-9a-f][0-9a-f.:]{5,44})")
_PAGE = re.compile(r"(?is)^\s*<(?:!doctype|html|head|\?xml)")


def service(evidence: Evidence) -> Conclusion | None:
    """A page, another service's 404, or a 5xx where a registry's answer should be."""
    pings = answers(evidence, "registry", "/v2/")
    if not pings:
        return None
    first = pings[0]
    status, body = first.outcome.status, first.outcome.body
    said = f"GET {_url(first)} {where(first)} is answered with {status} {first.outcome.reason}"
    if status >= 500:
        return Conclusion("registry.server-error", "proved", (f"{said}.",), replaces=("*",))
    if status == 200 and _PAGE.match(body):
        return Conclusion("registry.not-a-registry", "proved", (f"{said} and a page for people.",), replaces=("*",))
    if status == 404 and not header(first, "docker-distribution-api-version") and not _is_json(body):
        return Conclusion("registry.not-a-registry", "proved", (f"{said}, which no registry does there.",), replaces=("*",))
    return None


def everybody_is_refused(evidence: Evidence) -> Conclusion | None:
    """The same 403 without credentials: it is not about who asks, so it is about from where."""
    refusals = [t for t in answers(evidence, "registry", controls=True) if t.outcome.status in {403, 451}]
    if not refusals:
        return None
    first = refusals[0]
    named = _NAMED_ADDRESS.search(first.outcome.body)
    if named:
        words = (f"The registry names the address itself, {where(first)}: {named['ip']}.",)
        return Conclusion("auth.ip-not-allowed", "proved", words, args={"ip": named["ip"]}, replaces=("*",))
    anonymous = control(evidence, "credentials", Request)
    same = anonymous is not None and anonymous.outcome.status == first.outcome.status and anonymous.outcome.body == first.outcome.body
    at_the_door = isinstance(first.step, Request) and _url(first).endswith("/v2/") and not first.step.credentials
    if not (same or at_the_door) or _is_json(first.outcome.body):
        return None
    words = (
        f"{first.outcome.status} {where(first)} already without credentials: it is not about who asks.",
        "The answer is a page of a gateway, not the registry's own JSON." if _PAGE.match(first.outcome.body) else "The answer is not the registry's own JSON.",
    )
    return Conclusion("auth.ip-not-allowed", "likely", words, replaces=("*",))


def failing(evidence: Evidence) -> Conclusion | None:
    """A 5xx or 429 behind /v2/."""
    for one in answers(evidence, "registry"):
        status = one.outcome.status
        if status == 429:
            return Conclusion("registry.rate-limited", "proved", (_quoted(one),), replaces=("*",))
        if status >= 500:
            return Conclusion("registry.server-error", "proved", (_quoted(one),), replaces=("*",))
    return None


def storage(evidence: Evidence) -> Conclusion | None:
    """The registry answers, and the host that it redirects to does not serve this vantage."""
    from whypull.proofs._walked import first_failed  # noqa: PLC0415

    failed = first_failed(evidence)
    if failed is None or failed.role != "storage":
        return None
    answered = answers(evidence, "registry")
    if not answered:
        return None
    status = failed.outcome.status
    if status and status not in {401, 403, 407, 451}:
        return None
    host = _url(failed) if isinstance(failed.step, Request) else getattr(failed.step, "host", "")
    words = (f"The registry answers and redirects to {host}.", f"There, {where(failed)}: {_quoted(failed) if status else failed.outcome.text}")
    return Conclusion("registry.blob-host-blocked", "proved", words, args={"url_host": host.split("/")[2] if "/" in host else host}, replaces=("*",))


def _quoted(tried: Tried) -> str:
    outcome = tried.outcome
    body = " ".join(outcome.body.split())[:200]
    return f'{_url(tried)} says {outcome.status} {outcome.reason}{f", {body}" if body else ""}.'


def _url(tried: Tried) -> str:
    return tried.step.url.partition("?")[0] if isinstance(tried.step, Request) else ""


def _is_json(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


ARGUMENTS = (
    ("registry.not-a-registry", service),
    ("auth.ip-not-allowed", everybody_is_refused),
    ("registry.rate-limited", failing),
    ("registry.blob-host-blocked", storage),
)
