"""Which credentials a challenge calls for, and the token service that turns them into a token. Pure, as the walk is."""

from __future__ import annotations

from whypull.addresses import kind, private
from whypull.probe.challenge import Challenge, realm_problem
from whypull.probe.redirects import visited
from whypull.probe.visit import Endpoint, Visit, asked, under
from whypull.records import replace
from whypull.steps import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from whypull.probe.walk import Asked, Trail
    from whypull.steps import Outcome


def scope_of(repository: str) -> str:
    """What a pull asks a token for."""
    return f"repository:{repository}:pull"


def ways_of_asking(trail: Trail, at: Visit, challenge: Challenge, scope: str) -> Generator[Asked, Outcome, list[str]]:
    """The credentials that the runtime would ask with, in its order, as steps name them; [""] for none.

    Empty where the token service gave none for any of them.
    """
    names = list(trail.target.credentials) if at.endpoint.credentials else []
    if challenge.scheme == "basic":
        return [f"basic:{name}" for name in names] or [""]
    if challenge.scheme != "bearer":
        return [""]
    ways = []
    for name in names or [""]:
        handle = yield from token(trail, at, challenge, scope, name)
        if handle:
            ways.append(handle)
    if not ways and names:
        anonymous = yield from under(token(trail, at, challenge, scope, ""), "credentials")
        trail.anonymous = anonymous or trail.anonymous
    return ways


def token(trail: Trail, at: Visit, challenge: Challenge, scope: str, name: str) -> Generator[Asked, Outcome, str]:
    """The handle of a token from the service that the challenge names, on its own host; empty where there is none.

    A realm that may see no credentials is asked without; the step says why.
    """
    handle = f"token:{at.endpoint.authority}:{name}:{scope}"
    if handle in trail.tokens:
        return handle
    url = challenge.token_url(scope)
    problem = realm_problem(challenge.realm, at.endpoint, trail.target.realms)
    try:
        endpoint = Endpoint.of_url(challenge.realm, role="token", insecure=at.endpoint.insecure)
    except ValueError:
        yield Request("GET", url, credentials=f"withheld:{problem}"), "token", ""
        return ""
    service = at
    if endpoint.origin != at.endpoint.origin:
        service = yield from visited(trail, replace(endpoint, trust=at.endpoint.trust))
        if not service.reached:
            return ""
        if not problem and kind(service.address) not in {"", "public"} and _foreign(service.address, at, trail):
            problem = f"the realm's host is on the private address {service.address}, the registry is not"
    credentials = (f"withheld:{problem}" if problem else f"basic:{name}") if name else ""
    way = Visit(replace(endpoint, trust=at.endpoint.trust), True, service.address, service.proxy, service.proxy_address)
    answer = yield from asked(way, Request("GET", url, credentials=credentials, keeps=handle))
    if answer.ok and answer.status == 200 and answer.text != "no token":
        trail.tokens[handle] = name
        return handle
    return ""


def _foreign(address: str, at: Visit, trail: Trail) -> bool:
    """Whether an address is of a site that the registry's is not of: what a public registry has no business to name."""
    own = at.address or at.endpoint.host
    return private(address) and not private(own) and bool(kind(own)) and at.endpoint.host not in trail.target.realms
