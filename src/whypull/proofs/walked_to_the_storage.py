"""The registry answers and sends its clients to another host for manifests or layers: does that one serve this vantage?"""

from __future__ import annotations

import re
from urllib.parse import urljoin

from whypull.addresses import private
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import answers, failed, header, host_of, pings, quoted, url_of, walk, where
from whypull.steps import Request, Tried

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST = 10  # redirects that Go's client follows


def storage(evidence: Evidence) -> Conclusion | None:
    """Proved where the storage host is not reached, or refuses, while the registry answers."""
    stop = failed(evidence)
    if stop is None or stop.role != "storage" or not answers(evidence, "registry"):
        return None
    if any(t.outcome.status in REDIRECTS for t in pings(evidence)):
        return None  # a registry that sends /v2/ itself away is another matter
    if any(t.outcome.status in REDIRECTS for t in pings(evidence)):
        return None  # a registry that sends /v2/ itself away is another matter
    status = stop.outcome.status
    if status and status not in {401, 403, 407, 451}:
        return None
    host = host_of(stop)
    words = (
        f"The registry answers and redirects to {host}.",
        f"There, {where(stop)}: {quoted(stop) if status else stop.outcome.text + '.'}",
    )
    return Conclusion("registry.blob-host-blocked", "proved", words, args={"url_host": host}, replaces=("*",))


def nowhere(evidence: Evidence) -> Conclusion | None:
    """Redirects that nobody can follow: to the client's own machine, to what is no web address, or in a circle."""
    last = _last_redirect(evidence)
    if last is None:
        return None
    place = _joined(url_of(last), header(last, "location"))
    found = re.match(r"(?i)https?://(\[[^\]]+\]|[^/:?#]+)", place)
    if found and private(found[1].strip("[]")):
        words = (f"{url_of(last)} redirects to {found[0]}: on a node that is the node itself, or nobody.",)
        return Conclusion("registry.blob-host-blocked", "proved", words, args={"url_host": found[1]}, replaces=("*",))
    if not found:
        words = (f"{url_of(last)} redirects to {place[:120]!r}, which is no web address.",)
        return Conclusion("registry.non-conformant", "proved", words, replaces=("*",))
    requests = [t for t in walk(evidence) if isinstance(t.step, Request) and t.outcome.status in REDIRECTS]
    turns = [t for t in requests if getattr(t.step, "method", "") == getattr(last.step, "method", "")]
    if len(turns) > MOST:
        words = (f"{url_of(last)} was redirected {MOST} times, and once more: no client follows further.",)
        return Conclusion("registry.non-conformant", "proved", words, replaces=("*",))
    return None


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        return location


def _last_redirect(evidence: Evidence) -> Tried | None:
    """The redirect that the walk ended at for a manifest or a blob: the last request of it that is no control."""
    asked = [t for t in walk(evidence) if isinstance(t.step, Request) and not t.control and t.role in {"registry", "storage"}]
    content = [t for t in asked if "/manifests/" in url_of(t) or "/blobs/" in url_of(t) or t.role == "storage"]
    return content[-1] if content and content[-1].outcome.status in REDIRECTS else None


ARGUMENTS = (("registry.blob-host-blocked", storage), ("registry.non-conformant", nowhere))
