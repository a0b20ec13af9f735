"""What a step and its outcome look like once they are facts: without the signed values that a redirect carries. Pure."""

from __future__ import annotations

import re

from whypull.records import replace
from whypull.steps import Outcome, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.steps import Step

_PLAIN = frozenset({"scope", "service", "ns", "n", "client_id"})
_VALUE = r"([?&])([^=&#\s]{1,200})=([^&#\s]*)"
_USERINFO = r"(https?://)[^/@\s]{1,500}@"
LARGEST_BODY = 64 * 1024


def url_without_values(url: str) -> str:
    """A URL whose query values are gone, but those that only say what is asked for; without userinfo."""
    if "@" in url:
        url = re.sub(_USERINFO, r"\1", url)
    if "?" not in url:
        return url
    return re.sub(_VALUE, lambda m: m[0] if m[2].lower() in _PLAIN else f"{m[1]}{m[2]}=[redacted]", url)


def step_as_fact(step: Step) -> Step:
    """The step, with a URL that may be shown."""
    return replace(step, url=url_without_values(step.url)) if isinstance(step, Request) else step


def outcome_as_fact(outcome: Outcome) -> Outcome:
    """The outcome, with headers that may be shown and a body of at most 64 KiB."""
    headers = tuple((n, url_without_values(v) if n == "location" else v) for n, v in outcome.headers)
    cut = outcome.cut or len(outcome.body) > LARGEST_BODY
    return replace(outcome, headers=headers, body=outcome.body[:LARGEST_BODY], cut=cut)
