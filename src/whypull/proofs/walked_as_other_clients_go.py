"""The registry answers one way of asking and not the one that the runtime relies on: HEAD, by digest, the media type."""

from __future__ import annotations

import re

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import answers, controls, document_of, header, is_page, url_of
from whypull.steps import Request

_MANIFESTS = frozenset({
    "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+json", "application/vnd.docker.distribution.manifest.v1+prettyjws",
})  # fmt: skip
_USUAL = len("sha256:") + 64
_DIGEST = r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}"


def by_digest(evidence: Evidence) -> Conclusion | None:
    """The tag gives a manifest, and its own digest does not."""
    other = next((t for t in controls(evidence, "digest", Request) if t.outcome.status == 200 and document_of(t)), None)
    refused = next((t for t in answers(evidence, "registry", "/manifests/sha256:") if t.outcome.status >= 400), None)
    if other is None or refused is None:
        return None
    words = (
        f"{url_of(other)} gives the manifest; by its own digest it answers {refused.outcome.status}.",
        "That is how containerd asks for it, once it knows the digest.",
    )
    return Conclusion("registry.non-conformant", "proved", words, args={"how": "digest"}, replaces=("*",))


def by_head(evidence: Evidence) -> Conclusion | None:
    """HEAD is refused where GET works. 405 is no refusal: containerd asks again with GET; nor is 401, which asks who it is."""
    for one in answers(evidence, "registry", "/manifests/"):
        if (
            not isinstance(one.step, Request)
            or one.step.method != "HEAD"
            or one.outcome.status in {200, 401, 405}
            or one.outcome.status < 400
        ):
            continue
        for other in answers(evidence, "registry", "/manifests/"):
            same = isinstance(other.step, Request) and other.step.method == "GET" and other.step.url == one.step.url
            if same and other.outcome.status == 200 and document_of(other) and other.step.credentials == one.step.credentials:  # type: ignore[union-attr]
                words = (f"HEAD {url_of(one)} answers {one.outcome.status}, GET gives the manifest: containerd asks with HEAD.",)
                return Conclusion("registry.non-conformant", "proved", words, args={"how": "HEAD"}, replaces=("*",))
    return None


def by_header(evidence: Evidence) -> Conclusion | None:
    """The headers that containerd goes by: the digest, the length, the media type."""
    for one in answers(evidence, "registry", "/manifests/"):
        if one.outcome.status != 200 or is_page(one):
            continue
        digest, media = header(one, "docker-content-digest"), header(one, "content-type").partition(";")[0].strip().lower()
        head = isinstance(one.step, Request) and one.step.method == "HEAD"
        if head and digest and len(digest) != _USUAL and not re.fullmatch(_DIGEST, digest):
            return _wrong(f'{url_of(one)} has the header Docker-Content-Digest: "{digest[:60]}", which is no digest.', "digest")
        if head and digest and header(one, "content-length") == "0":
            return _wrong(f"HEAD {url_of(one)} says Content-Length: 0, which containerd takes for the manifest's size.", "length")
        document = document_of(one)
        if document is None or not ("manifests" in document or "layers" in document or "fsLayers" in document):
            continue
        if media and media not in _MANIFESTS:
            return _wrong(f"The manifest at {url_of(one)} is sent as {media[:80]}, which no runtime takes for one.", "media type")
    return None


def _wrong(words: str, how: str) -> Conclusion:
    return Conclusion("registry.non-conformant", "proved", (words,), args={"how": how}, replaces=("*",))


ARGUMENTS = (
    ("registry.non-conformant", by_digest),
    ("registry.non-conformant", by_head),
    ("registry.non-conformant", by_header),
)
