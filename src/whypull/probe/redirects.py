"""A request and its redirects, each to a host that is visited first; credentials stay with the first host. Pure."""

from __future__ import annotations

from whypull.addresses import kind, private
from whypull.probe.visit import Endpoint, asked, visit
from whypull.records import replace
from whypull.steps import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from whypull.probe.visit import Visit
    from whypull.probe.walk import Asked, Trail
    from whypull.steps import Request

MOST_REDIRECTS = 10  # as Go's client
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def followed(trail: Trail, at: Visit, request: Request, control: str = "") -> Generator[Asked, Outcome, Outcome]:
    """The last answer; layer "redirect" where the next host was not reached or may not be asked."""
    answer = yield from asked(at, request, control)
    if not answer.ok or answer.status not in REDIRECTS:
        return answer
    from urllib.parse import urljoin  # noqa: PLC0415 - only where there is a redirect

    url, place = request.url, at
    for _ in range(MOST_REDIRECTS):
        if not answer.ok or answer.status not in REDIRECTS:
            return answer
        try:
            url = urljoin(url, next((v for n, v in answer.headers if n == "location"), ""))
            endpoint = Endpoint.of_url(url, role="storage", insecure=at.endpoint.insecure)
        except ValueError:
            return Outcome(ok=False, layer="redirect")
        if not may_be_sent_to(endpoint, at):
            return Outcome(ok=False, layer="redirect")
        same = endpoint.origin == at.endpoint.origin
        place = at if same else (yield from visited(trail, endpoint))
        if not place.reached:
            return Outcome(ok=False, layer="redirect")
        answer = yield from asked(place, replace(request, url=url, credentials=request.credentials if same else ""), control)
    return answer


def may_be_sent_to(endpoint: Endpoint, at: Visit) -> bool:
    """Whether a registry may send us there: to this machine itself only one that is on it."""
    here = private(endpoint.host) and kind(endpoint.host) != "private"
    return not here or private(at.endpoint.host) or kind(at.address) == "loopback"


def visited(trail: Trail, endpoint: Endpoint) -> Generator[Asked, Outcome, Visit]:
    """The visit of a host, made once a walk."""
    known = trail.visits.get(endpoint.origin)
    if known is None:
        known = yield from visit(endpoint, trail.target)
        trail.visits[endpoint.origin] = known
    return known
