"""What the arguments from a walk share: what was tried, what stopped it, and which controls were run."""

from __future__ import annotations

import json
import re

from whypull.model import HostsSeen, Said
from whypull.steps import Connect, Handshake, Request, Resolve, Tried, Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from whypull.model import Case
    from whypull.proofs import Evidence
    from whypull.steps import Step

REFUSALS = frozenset({401, 403})
_PAGE = r"(?is)^\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype|html|head|body|title)"


def walk(evidence: Evidence) -> tuple[Tried, ...]:
    """Everything that was tried, in order; empty where nobody walked."""
    return tuple(f for f in evidence.case.facts if isinstance(f, Tried))


def stopped_at(facts: Sequence[object]) -> Tried | None:
    """The step that a walk failed at, the furthest where several ways were tried; None where nothing stopped it.

    A failure that a later step overcame is none: another address, the next credential, the registry behind its mirror.
    """
    tried = [f for f in facts if isinstance(f, Tried) and not f.control]
    left = [t for i, t in enumerate(tried) if t.words and not _overcome(t, tried[i + 1 :])]
    return max(left, key=_depth, default=None)  # the first of equals


def failed(evidence: Evidence) -> Tried | None:
    """What stopped the walk of this evidence."""
    return stopped_at(evidence.case.facts)


def went_well(case: Case) -> bool:
    """Whether a walk saw nothing amiss: no control was needed, each answer is one that a pull goes on with, each manifest runs.

    Then none of the arguments has anything to say, and what they need is not loaded.
    """
    tried = [f for f in case.facts if isinstance(f, Tried)]
    if not tried or any(t.control or t.words or not _goes_on(t) for t in tried):
        return False
    if any(isinstance(f, Said | HostsSeen) and getattr(f, "problem", "said") for f in case.facts):
        return False
    from whypull.proofs import Evidence  # noqa: PLC0415 - they import this module
    from whypull.proofs.walked_as_other_clients_go import by_header  # noqa: PLC0415
    from whypull.proofs.walked_to_the_image import digests, kind  # noqa: PLC0415

    evidence = Evidence(case, ())
    return all(argue(evidence) is None for argue in (by_header, kind, digests))


def _goes_on(one: Tried) -> bool:
    """Whether a pull goes on after this step."""
    if not isinstance(one.step, Request):
        return one.outcome.ok
    if one.outcome.text or one.outcome.layer or is_page(one):
        return False
    return one.outcome.status in {200, 206} or (one.outcome.status == 401 and url_of(one).rstrip("/").endswith("/v2"))


def _overcome(one: Tried, later: list[Tried]) -> bool:
    step = one.step
    for other in later:
        again = other.step
        if isinstance(again, Request) and _is_manifest(again) and other.outcome.status == 200 and not _is_blob(one):
            return True
        if isinstance(step, Request) and isinstance(again, Request):
            same = _plain(step.url) == _plain(again.url) or (_is_blob(one) and _last(step.url) == _last(again.url))
            if same and (other.outcome.status in {200, 206} or (step.method == "HEAD" and again.method == "GET")):
                return True
        elif type(step) is type(again) and other.outcome.ok and _place(step) == _place(again):
            return True
    return False


def _is_blob(one: Tried) -> bool:
    return one.role == "storage" or (isinstance(one.step, Request) and "/blobs/" in one.step.url)


def _is_manifest(step: Step) -> bool:
    return isinstance(step, Request) and "/manifests/" in step.url and step.method == "GET"


def _place(step: Step) -> tuple[str, int]:
    return getattr(step, "host", ""), getattr(step, "port", 0)


def _plain(url: str) -> str:
    return url.partition("?")[0]


def _last(url: str) -> str:
    return _plain(url).rpartition("/")[2]


def _depth(one: Tried) -> tuple[bool, int]:
    """How far a pull had come: what is asked of the registry itself before what is asked of its mirror."""
    step = one.step
    if isinstance(step, Request) and one.role in {"registry", "mirror"}:
        depth = 9 if "/blobs/" in step.url else 8 if "/manifests/" in step.url else 5
        if depth == 8 and one.outcome.status in REFUSALS:
            depth = 7
    elif one.role in {"token", "storage"}:
        depth = 6 if one.role == "token" else 9
    else:
        depth = {Resolve: 1, Connect: 2, Tunnel: 3, Handshake: 4}.get(type(step), 4)
    return one.role != "mirror", depth


def hosts_seen(evidence: Evidence) -> HostsSeen | None:
    """What the runtime's configuration makes of the image's registry; None where it was not read."""
    return next((f for f in evidence.case.facts if isinstance(f, HostsSeen)), None)


def passed_over(hosts: HostsSeen | None) -> bool:
    """Whether the runtime goes on without a file, or a key of it, that somebody wrote for this registry."""
    return hosts is not None and (hosts.broken or any("does not know" in words for words in hosts.ignored))


def control(evidence: Evidence, name: str, kind: type[Step] | None = None) -> Tried | None:
    """The last control of that name (and kind of step)."""
    found = controls(evidence, name, kind)
    return found[-1] if found else None


def controls(evidence: Evidence, name: str, kind: type[Step] | None = None) -> list[Tried]:
    """All controls of that name (and kind of step)."""
    return [t for t in walk(evidence) if t.control == name and (kind is None or isinstance(t.step, kind))]


def shook(one: Tried | None) -> bool:
    """Whether a handshake came about, its certificate trusted or not."""
    return one is not None and (one.outcome.ok or bool(one.outcome.chain))


def answers(evidence: Evidence, role: str, part: str = "", *, controls: bool = False) -> list[Tried]:
    """The HTTP answers of hosts in one role, whose URL has `part` in it."""
    return [
        t
        for t in walk(evidence)
        if isinstance(t.step, Request)
        and t.role == role
        and t.outcome.status
        and part in t.step.url
        and (controls or not t.control)
    ]


def pings(evidence: Evidence) -> list[Tried]:
    """The registry's own answers to /v2/."""
    return [t for t in answers(evidence, "registry") if url_of(t).rstrip("/").endswith("/v2")]


def settled_by_words(evidence: Evidence) -> bool:
    """Whether somebody said the cause in words that leave no second reading: an argument from a status has to be silent."""
    return any(c.odds >= 100 for c in evidence.candidates)


def heard_otherwise(evidence: Evidence) -> bool:
    """Whether a runtime said something of this pull as well; then the walk is not the only witness."""
    return any(isinstance(f, Said) and f.by != "whypull" and f.text for f in evidence.case.facts)


def header(tried: Tried, name: str) -> str:
    """One header of an answer; empty where it has none."""
    return next((value for key, value in tried.outcome.headers if key == name), "")


def where(tried: Tried) -> str:
    """From where it was tried, for a sentence."""
    return "from here" if tried.vantage == "here" else f"from {tried.vantage}"


def url_of(tried: Tried) -> str:
    """The URL without its query; empty for what is no request."""
    return _plain(tried.step.url) if isinstance(tried.step, Request) else ""


def host_of(tried: Tried) -> str:
    """The host that was spoken to, with its port where it is not the usual one."""
    if isinstance(tried.step, Request):
        return ([*tried.step.url.split("/"), "", ""])[2].partition("?")[0]
    return getattr(tried.step, "host", "")


def document_of(tried: Tried) -> dict[str, Any] | None:
    """The JSON object of an answer's body; None where it is none."""
    try:
        document = json.loads(tried.outcome.body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def is_page(tried: Tried) -> bool:
    """Whether an answer's body is a page for people."""
    return "<" in tried.outcome.body[:600] and bool(re.match(_PAGE, tried.outcome.body))


def quoted(tried: Tried) -> str:
    """An answer as a sentence: who said what."""
    outcome = tried.outcome
    body = " ".join(outcome.body.split())[:200]
    extra = body or header(tried, "www-authenticate")[:160]
    return f"{url_of(tried)} says {outcome.status} {outcome.reason}{f': {extra}' if extra else ''}."
