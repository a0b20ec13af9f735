"""The walk asked for the manifest, by tag and by digest, and for what it names."""

from __future__ import annotations

import json
import re

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import answers, control
from whypull.steps import Request, Tried

_RUNS = re.compile(r"application/vnd\.(?:docker\.container\.image\.v1|oci\.image\.config\.v1)\+json")


def missing(evidence: Evidence) -> Conclusion | None:
    """404 for the manifest: the list of tags tells whether the repository is there."""
    manifests = answers(evidence, "registry", "/manifests/")
    gone = next((t for t in manifests if t.outcome.status == 404), None)
    if gone is None:
        return None
    if any(t.outcome.status == 200 for t in manifests):
        words = ("The index is there; the manifest that it names for this platform answers 404.",)
        return Conclusion("image.variant-missing", "proved", words, replaces=("*",))
    tags = control(evidence, "tag", Request)
    if tags is None:
        return None
    if tags.outcome.status == 200:
        words = (f"The manifest answers 404; the repository is there, with the tags {_tags(tags)}.",)
        return Conclusion("image.tag-not-found", "proved", words, replaces=("*",))
    if tags.outcome.status == 404:
        asked = isinstance(gone.step, Request) and bool(gone.step.credentials)
        words = ("The manifest answers 404, and so does the repository's list of tags.",)
        return Conclusion("image.repository-not-found", "proved" if asked else "likely", words, replaces=("*",))
    return None


def kind(evidence: Evidence) -> Conclusion | None:
    """The manifest came and is not what a node can run: another platform, schema 1, an artifact."""
    came = [t for t in answers(evidence, "registry", "/manifests/") if t.outcome.status == 200]
    if not came:
        return None
    document = _document(came[-1])
    if document is None:
        return None
    if document.get("schemaVersion") == 1:
        return Conclusion("image.unsupported-format", "proved", ("The manifest is of schema 1.",), replaces=("*",))
    children = document.get("manifests")
    if isinstance(children, list) and len(came) == 1 and not _asked_for_child(evidence):
        has = sorted({_platform(c) for c in children if isinstance(c, dict)} - {""})
        words = (f"The index names {', '.join(has[:8]) or 'no platform'}, and none for this node.",)
        return Conclusion("image.platform-mismatch", "proved", words, args={"platforms": ", ".join(has[:8])}, replaces=("*",))
    config = document.get("config")
    media = str(config.get("mediaType", "")) if isinstance(config, dict) else ""
    if media and not _RUNS.fullmatch(media):
        words = (f"The manifest's config is of type {media[:120]}: it is no container image.",)
        return Conclusion("image.unsupported-format", "proved", words, replaces=("*",))
    return None


def blobs(evidence: Evidence) -> Conclusion | None:
    """The manifest is there and a blob that it names is gone."""
    for role in ("registry", "storage"):
        gone = next((t for t in answers(evidence, role, "/blobs/") if t.outcome.status == 404), None)
        if gone is not None and isinstance(gone.step, Request):
            name = gone.step.url.partition("?")[0].rpartition("/")[2]
            return Conclusion("image.blob-missing", "proved", (f"The manifest names {name[:80]}; that blob answers 404.",), replaces=("*",))
    return None


def digests(evidence: Evidence) -> Conclusion | None:
    """What came by digest is not what the digest says."""
    for one in answers(evidence, "registry", "/manifests/sha256:"):
        wanted = one.step.url.partition("?")[0].rpartition("/")[2] if isinstance(one.step, Request) else ""
        if one.outcome.status == 200 and one.outcome.digest and one.outcome.digest != wanted:
            words = (f"Asked for {wanted}; what came has the digest {one.outcome.digest}.",)
            return Conclusion("image.corrupt", "proved", words, replaces=("*",))
    return None


def _asked_for_child(evidence: Evidence) -> bool:
    return any(isinstance(t.step, Request) and "/manifests/sha256:" in t.step.url for t in answers(evidence, "registry"))


def _platform(child: dict[str, object]) -> str:
    has = child.get("platform")
    return f"{has.get('os')}/{has.get('architecture')}" if isinstance(has, dict) else ""


def _document(one: Tried) -> dict[str, object] | None:
    try:
        document = json.loads(one.outcome.body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _tags(answer: Tried) -> str:
    tags = (_document(answer) or {}).get("tags")
    return ", ".join(str(t)[:40] for t in tags[:6]) if isinstance(tags, list) and tags else "(none listed)"


ARGUMENTS = (
    ("image.tag-not-found", missing),
    ("image.unsupported-format", kind),
    ("image.blob-missing", blobs),
    ("image.corrupt", digests),
)
