"""Behind the handshake: credentials, manifest, config and layers, each with the controls that tell its refusals apart. Pure."""

from __future__ import annotations

import json
from urllib.parse import urljoin

from whypull.probe.challenge import Challenge, challenge_of, realm_problem
from whypull.probe.visit import Endpoint, Visit, asked, visit
from whypull.steps import Outcome, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from whypull.probe.walk import Asked, Trail

    Steps = Generator[Asked, Outcome, Outcome]

INDEX_TYPES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFEST_TYPES = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
ACCEPT = (*INDEX_TYPES, *MANIFEST_TYPES, "application/vnd.docker.distribution.manifest.v1+prettyjws")
MANIFEST_LIMIT = 4 * 1024 * 1024  # containerd and containers/image read no more
FIRST_BYTES = 4096
MOST_REDIRECTS = 5
MOST_LAYERS = 128
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def content(trail: Trail, at: Visit, ping: Outcome) -> Generator[Asked, Outcome, bool]:
    """Credentials, then the manifest, then what it names; whether all that was asked for came."""
    repository = trail.reference.path
    ways, challenge = [""], challenge_of(ping)
    if ping.status == 401 or challenge.scheme:
        ways = yield from _authorised(trail, at, challenge, f"repository:{repository}:pull")
    if trail.target.depth == "auth":
        return bool(ways)
    url = f"{at.endpoint.base}/{repository}/manifests/{trail.reference.digest or trail.reference.tag or 'latest'}"
    for way in ways:
        answer = yield from _followed(trail, at, Request("GET", url, credentials=way, accept=ACCEPT, limit=MANIFEST_LIMIT))
        if answer.ok and answer.status == 200:
            return (yield from _named_by(trail, at, answer, way))
        yield from _refused(at, answer, url, way, repository)
    return False


def _authorised(trail: Trail, at: Visit, challenge: Challenge, scope: str) -> Generator[Asked, Outcome, list[str]]:
    """The ways of asking that the runtime would have, in its order: one a credential, or none."""
    names = list(trail.target.credentials)
    if challenge.scheme == "basic":
        return [f"basic:{name}" for name in names] or [""]
    if challenge.scheme != "bearer":
        return [""]
    ways = []
    for name in names or [""]:
        if (yield from _token(trail, at, challenge, scope, name)):
            ways.append(f"token:{name}:{scope}")
    if not ways and names:
        yield from _token(trail, at, challenge, scope, "", control="credentials")
    return ways


def _token(
    trail: Trail, at: Visit, challenge: Challenge, scope: str, name: str, control: str = ""
) -> Generator[Asked, Outcome, bool]:
    """Asks the token service, on its own host; a realm that must not see credentials is asked without, and said."""
    handle = f"token:{name}:{scope}"
    if handle in trail.asked_tokens:
        return True
    problem = realm_problem(challenge.realm, at.endpoint)
    try:
        endpoint = Endpoint.of_url(challenge.realm, role="token", insecure=at.endpoint.insecure)
    except ValueError:
        endpoint = None
    url = challenge.token_url(scope)
    if endpoint is None:
        yield Request("GET", url), "token", "refused"
        return False
    service = at
    if endpoint.origin != at.endpoint.origin:
        known = trail.visits.get(endpoint.origin)
        service = known or (yield from visit(endpoint, trail.target))
        trail.visits[endpoint.origin] = service
        if not service.reached:
            return False
    basic = f"basic:{name}" if name and not problem else ""
    answer = yield from asked(
        Visit(endpoint, True, service.address, service.proxy, service.proxy_address),
        Request("GET", url, credentials=basic, keeps=handle),
        control,
    )
    if answer.ok and answer.status == 200 and answer.text != "no token":
        trail.asked_tokens.add(handle)
        return not (problem and name)
    return False


def _refused(at: Visit, answer: Outcome, url: str, way: str, repository: str) -> Generator[Asked, Outcome, None]:
    """The controls of a refusal: the same without credentials, with HEAD, for the repository instead of the tag."""
    if not answer.ok:
        return
    if answer.status in {401, 403} and way:
        yield from asked(at, Request("GET", url, accept=ACCEPT), "credentials")
    if answer.status == 404:
        tags = Request("GET", f"{at.endpoint.base}/{repository}/tags/list?n=20", credentials=way)
        yield from asked(at, tags, "tag")


def _followed(trail: Trail, at: Visit, request: Request) -> Steps:
    """A request and its redirects, each to a host that is visited first; credentials stay with the first host."""
    answer = yield from asked(at, request)
    url = request.url
    for _ in range(MOST_REDIRECTS):
        if not answer.ok or answer.status not in REDIRECTS:
            return answer
        url = urljoin(url, next((v for n, v in answer.headers if n == "location"), ""))
        try:
            endpoint = Endpoint.of_url(url, role="storage", insecure=at.endpoint.insecure)
        except ValueError:
            return answer
        same = endpoint.origin == at.endpoint.origin
        place = at if same else trail.visits.get(endpoint.origin)
        if place is None:
            place = yield from visit(endpoint, trail.target)
            trail.visits[endpoint.origin] = place
        if not place.reached:
            return Outcome(ok=False, layer="redirect")
        answer = yield from asked(
            place,
            Request("GET", url, credentials=request.credentials if same else "", accept=request.accept,
                    range_end=request.range_end, limit=request.limit),
        )  # fmt: skip
    return answer


def _named_by(trail: Trail, at: Visit, answer: Outcome, way: str) -> Generator[Asked, Outcome, bool]:
    """From an index to the platform's manifest, from a manifest to its config and layers."""
    document = document_of(answer)
    if document is None:
        return False
    repository = trail.reference.path
    if isinstance(document.get("manifests"), list):
        child = child_for(document, trail.target.platform)
        if not child:
            return False
        url = f"{at.endpoint.base}/{repository}/manifests/{child}"
        answer = yield from _followed(trail, at, Request("GET", url, credentials=way, accept=ACCEPT, limit=MANIFEST_LIMIT))
        document = document_of(answer) if answer.ok and answer.status == 200 else None
        if document is None:
            return False
    if trail.target.depth != "layers":
        return True
    whole = True
    for digest in blobs_of(document)[: MOST_LAYERS + 1]:
        url = f"{at.endpoint.base}/{repository}/blobs/{digest}"
        first = Request("GET", url, credentials=way, range_end=FIRST_BYTES - 1, limit=FIRST_BYTES)
        blob = yield from _followed(trail, at, first)
        whole = whole and blob.ok and blob.status in {200, 206}
    return whole


def document_of(answer: Outcome) -> dict[str, Any] | None:
    """The JSON object of a manifest's answer; None where it is none, or was cut."""
    if answer.cut:
        return None
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def child_for(index: dict[str, Any], platform: str) -> str:
    """The digest that an index names for os/arch[/variant]; empty where it names none."""
    wanted = platform.split("/")
    for entry in index.get("manifests", []):
        has = entry.get("platform") if isinstance(entry, dict) else None
        if isinstance(has, dict) and [has.get("os"), has.get("architecture")] == wanted[:2]:
            if len(wanted) < 3 or has.get("variant") in {wanted[2], None, ""}:
                return str(entry.get("digest", ""))
    return ""


def blobs_of(manifest: dict[str, Any]) -> list[str]:
    """The digests of a manifest's config and layers, in the order of a pull."""
    found = [manifest.get("config"), *(manifest.get("layers") or [])]
    return [str(one["digest"]) for one in found if isinstance(one, dict) and one.get("digest")]
