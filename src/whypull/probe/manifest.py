"""The manifest by tag and by digest, why it is refused, and from an index to the platform's own. Pure, as the walk is."""

from __future__ import annotations

import json

from whypull.probe.authorise import scope_of, token, ways_of_asking
from whypull.probe.blobs import blobs
from whypull.probe.challenge import Challenge, challenge_of
from whypull.probe.platforms import child_for
from whypull.probe.redirects import REDIRECTS, followed
from whypull.probe.visit import asked, under
from whypull.steps import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from whypull.probe.visit import Visit
    from whypull.probe.walk import Asked, Trail, Walk
    from whypull.steps import Outcome

INDEX_TYPES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFEST_TYPES = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
ACCEPT = (*INDEX_TYPES, *MANIFEST_TYPES, "application/vnd.docker.distribution.manifest.v1+prettyjws")
LIMIT = 4 * 1024 * 1024  # bytes: containerd and containers/image read no more of a manifest
NO_SUCH = "whypull-no-such-repository"  # the control of a repository that certainly is not there
_HEXADECIMAL = "0123456789abcdef"
_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}


def content(trail: Trail, at: Visit, ping: Outcome) -> Generator[Asked, Outcome, bool]:
    """Credentials, then the manifest, then what it names; whether all that was asked for came."""
    repository = at.endpoint.repository or trail.reference.path
    challenge = challenge_of(ping)
    ways = [""]
    if ping.status == 401:
        ways = yield from ways_of_asking(trail, at, challenge, scope_of(repository))
    if trail.target.depth == "auth":
        return (yield from _known(at, ways))
    return (yield from _by_any(trail, at, repository, challenge, ways))


def _known(at: Visit, ways: list[str]) -> Generator[Asked, Outcome, bool]:
    """Where Basic is asked for, only a request tells whether the password is right."""
    for way in ways:
        if way.startswith("basic:"):
            answer = yield from asked(at, Request("GET", at.endpoint.url("/"), credentials=way))
            if answer.status != 401:
                return answer.ok
    return any(not way.startswith("basic:") for way in ways)


def _by_any(trail: Trail, at: Visit, repository: str, challenge: Challenge, ways: list[str]) -> Generator[Asked, Outcome, bool]:
    """The manifest with each credential in turn; a registry that is open at /v2/ may ask for one here only."""
    url = at.endpoint.url(f"/{repository}/manifests/{trail.reference.tag_or_digest}")
    left, challenged = list(ways), bool(challenge.scheme)
    if not left and trail.anonymous:
        yield from under(followed(trail, at, _manifest(url, trail.anonymous)), "credentials")
    while left:
        way = left.pop(0)
        head = yield from followed(trail, at, Request("HEAD", url, credentials=way, accept=ACCEPT))
        if head.status == 401 and not challenged:
            challenged, challenge = True, challenge_of(head)
            left = yield from ways_of_asking(trail, at, challenge, scope_of(repository))
            if left != [""]:
                continue
        if head.layer == "redirect" or not head.status or head.status in REDIRECTS:
            continue
        answer = yield from _whole(trail, at, repository, url, way, head)
        if answer.ok and answer.status == 200:
            return (yield from _named_by(trail, at, repository, answer, way))
        yield from _refused(trail, at, repository, challenge, answer, url, way)
    return False


def _manifest(url: str, way: str) -> Request:
    return Request("GET", url, credentials=way, accept=ACCEPT, limit=LIMIT)


def _whole(trail: Trail, at: Visit, repository: str, url: str, way: str, head: Outcome) -> Generator[Asked, Outcome, Outcome]:
    """The manifest itself: by the digest that HEAD gave, as containerd asks; by tag where it gave none, or refused."""
    digest = next((v for n, v in head.headers if n == "docker-content-digest"), "")
    if head.status != 200 or not is_digest(digest):
        return (yield from followed(trail, at, _manifest(url, way)))
    by_digest = at.endpoint.url(f"/{repository}/manifests/{digest}")
    answer = yield from followed(trail, at, _manifest(by_digest, way))
    if answer.status != 200 and by_digest != url:
        yield from under(followed(trail, at, _manifest(url, way)), "digest")
    return answer


def _refused(trail: Trail, at: Visit, repository: str, challenge: Challenge, answer: Outcome, url: str, way: str) -> Walk:
    """The controls of a refusal: without credentials, another repository, the list of tags."""
    if not answer.ok:
        return
    if answer.status in {401, 403}:
        if way:
            yield from under(_anonymously(trail, at, challenge, url, scope_of(repository)), "credentials")
        if challenge.scheme == "bearer" or answer.status == 403:
            yield from under(_elsewhere(trail, at, repository, challenge, way), "repository")
    if answer.status == 404:
        tags = Request("GET", at.endpoint.url(f"/{repository}/tags/list?n=20"), credentials=way)
        yield from under(followed(trail, at, tags), "tag")


def _anonymously(trail: Trail, at: Visit, challenge: Challenge, url: str, scope: str) -> Walk:
    """The same request from nobody: with the token that anybody gets, where tokens are asked for."""
    way = ""
    if challenge.scheme == "bearer":
        way = yield from token(trail, at, challenge, scope, "")
    yield from followed(trail, at, _manifest(url, way))


def _elsewhere(trail: Trail, at: Visit, repository: str, challenge: Challenge, way: str) -> Walk:
    """The same request for a repository that is not there: a registry that hides answers alike, one that does not says 404."""
    other = f"{repository.rpartition('/')[0]}/{NO_SUCH}".lstrip("/")
    if challenge.scheme == "bearer":
        way = yield from token(trail, at, challenge, scope_of(other), trail.tokens.get(way, ""))
    yield from followed(trail, at, _manifest(at.endpoint.url(f"/{other}/manifests/latest"), way))


def _named_by(trail: Trail, at: Visit, repository: str, answer: Outcome, way: str) -> Generator[Asked, Outcome, bool]:
    """From an index to the platform's manifest, from a manifest to its config and layers."""
    document = document_of(answer)
    if document is None:
        return False
    if isinstance(document.get("manifests"), list):
        child = child_for(document, trail.target.platform)
        if not is_digest(child):
            return False
        answer = yield from followed(trail, at, _manifest(at.endpoint.url(f"/{repository}/manifests/{child}"), way))
        document = document_of(answer) if answer.ok and answer.status == 200 else None
        if document is None:
            return False
    if trail.target.depth != "layers":
        return True
    return (yield from blobs(trail, at, repository, document, way))


def is_digest(text: str) -> bool:
    """Whether a text is a digest that a registry can be asked for."""
    algorithm, _, value = text.partition(":")
    return len(value) == _LENGTHS.get(algorithm) and not value.strip(_HEXADECIMAL)


def document_of(answer: Outcome) -> dict[str, Any] | None:
    """The JSON object of a manifest's answer; None where it is none, or was cut."""
    if answer.cut:
        return None
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
