"""The walk asked for the manifest, by tag and by digest, and for what it names."""

from __future__ import annotations

import re

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import answers, control, document_of, failed, header, is_page, url_of, walk
from whypull.steps import Request, Tried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_RUNS = frozenset({"application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json"})
_AT_DIGEST = r"/(?:manifests|blobs)/([a-z0-9]+:[0-9a-f]{32,128})$"


def missing(evidence: Evidence) -> Conclusion | None:
    """404 for the manifest: the list of tags tells whether the repository is there."""
    stop = failed(evidence)
    manifests = [t for t in answers(evidence, "registry", "/manifests/") if not is_page(t)]
    gone = next((t for t in manifests if t.outcome.status == 404), None)
    if gone is None or stop is None or stop.outcome.status != 404 or "/manifests/" not in url_of(stop):
        return None
    if any(t.outcome.status == 200 and "manifests" in (document_of(t) or {}) for t in manifests):
        words = ("The index is there; the manifest that it names for this platform answers 404.",)
        return Conclusion("image.variant-missing", "proved", words, replaces=("*",))
    tags = control(evidence, "tag", Request)
    if tags is None:
        return None
    if tags.outcome.status == 200 and isinstance((document_of(tags) or {}).get("tags"), list | None):
        words = (f"The manifest answers 404; the repository is there, with the tags {_tags(tags)}.",)
        return Conclusion("image.tag-not-found", "proved", words, args={"tags": _tags(tags)}, replaces=("*",))
    if tags.outcome.status == 404:
        asked = isinstance(gone.step, Request) and bool(gone.step.credentials) and not gone.step.credentials.startswith("token::")
        words = ("The manifest answers 404, and so does the repository's list of tags.",)
        return Conclusion(
            "image.repository-not-found", "proved" if asked and _as_somebody(evidence) else "likely", words, replaces=("*",)
        )
    return None


def _as_somebody(evidence: Evidence) -> bool:
    """Whether credentials were sent and taken."""
    return any(
        isinstance(t.step, Request) and t.step.credentials.startswith("basic:") and t.outcome.status in {200, 404}
        for t in walk(evidence)
    )


def without_host(evidence: Evidence) -> Conclusion | None:
    """The reference names no registry; Docker Hub does not have it, and a registry that the credentials are for does."""
    found = [
        t for t in walk(evidence) if t.control.startswith("registry ") and "/manifests/" in url_of(t) and t.outcome.status == 200
    ]
    stop = failed(evidence)
    if not found or stop is None:
        return None
    host = found[0].control.partition(" ")[2]
    image = evidence.case.pull.image
    words = (
        f"{image} names no registry host, so Docker Hub was asked, and does not have it.",
        f"{host} has it: {url_of(found[0])} answers 200.",
    )
    return Conclusion(
        "spec.registry-host-missing", "proved", words, args={"meant": f"{host}/{image}", "host": host}, replaces=("*",)
    )


def kind(evidence: Evidence) -> Conclusion | None:
    """The manifest came and is not what a node can run: another platform, schema 1, an artifact, encrypted layers."""
    came = [t for t in answers(evidence, "registry", "/manifests/") + answers(evidence, "storage") if t.outcome.status == 200]
    documents = [d for t in came if (d := document_of(t)) is not None and ("manifests" in d or "schemaVersion" in d)]
    if not documents:
        return None
    document = documents[-1]
    if document.get("schemaVersion") == 1:
        return Conclusion(
            "image.unsupported-format", "proved", ("The manifest is of schema 1.",), args={"how": "schema 1"}, replaces=("*",)
        )
    children = document.get("manifests")
    if isinstance(children, list):
        return _platforms(evidence, children)
    config = document.get("config")
    media = str(config.get("mediaType", "")) if isinstance(config, dict) else ""
    if media and media not in _RUNS:
        words = (f"The manifest's config is of type {media[:120]}: it is no container image.",)
        return Conclusion("image.unsupported-format", "proved", words, args={"how": media[:120]}, replaces=("*",))
    layers = document.get("layers")
    encrypted = [
        one
        for one in (layers if isinstance(layers, list) else [])
        if isinstance(one, dict) and "+encrypted" in str(one.get("mediaType"))
    ]
    if encrypted:
        words = (f"{len(encrypted)} layer(s) are of type {str(encrypted[0]['mediaType'])[:120]}: they need a key to be opened.",)
        return Conclusion("image.unsupported-format", "proved", words, args={"how": "encrypted"}, replaces=("*",))
    return None


def _platforms(evidence: Evidence, children: list[Any]) -> Conclusion | None:
    """The last document is an index: proved where no child of it was asked for, because none fits."""
    if failed(evidence) is not None or any(_child_asked(t, children) for t in walk(evidence)):
        return None
    has = sorted({_platform(c) for c in children if isinstance(c, dict)} - {"", "unknown/unknown"})
    words = (f"The index names {', '.join(has[:8]) or 'no platform'}, and none for this node.",)
    return Conclusion("image.platform-mismatch", "proved", words, args={"platforms": ", ".join(has[:8])}, replaces=("*",))


def _child_asked(one: Tried, children: list[Any]) -> bool:
    return any(isinstance(c, dict) and c.get("digest") and url_of(one).endswith(str(c["digest"])) for c in children)


def _platform(child: dict[str, Any]) -> str:
    has = child.get("platform")
    return f"{has.get('os')}/{has.get('architecture')}" if isinstance(has, dict) else ""


def blobs(evidence: Evidence) -> Conclusion | None:
    """The manifest is there and a blob that it names is gone."""
    stop = failed(evidence)
    if stop is None or stop.outcome.status != 404 or not (stop.role == "storage" or "/blobs/" in url_of(stop)):
        return None
    asked = next((t for t in reversed(answers(evidence, "registry", "/blobs/"))), stop)
    name = (re.search(_AT_DIGEST, url_of(asked)) or ["", "a blob"])[1]
    words = (
        f"The manifest names {name[:80]}; that blob answers 404{'' if stop is asked else ' where the registry redirects to'}.",
    )
    return Conclusion("image.blob-missing", "proved", words, args={"digest": name}, replaces=("*",))


def digests(evidence: Evidence) -> Conclusion | None:
    """What came by digest, or by a manifest's word, is not what the digest or the size says."""
    sizes = _sizes(evidence)
    for one in (
        t for t in walk(evidence) if isinstance(t.step, Request) and t.outcome.status in {200, 206} and t.step.method == "GET"
    ):
        named = re.search(_AT_DIGEST, url_of(one))
        if named is None or one.control or is_page(one):
            continue
        wanted, outcome = named[1], one.outcome
        if (
            wanted.startswith("sha256:")
            and outcome.status == 200
            and outcome.digest
            and outcome.digest != wanted
            and not outcome.text
        ):
            words = (f"Asked for {wanted}; what came has the digest {outcome.digest}.",)
            return Conclusion("image.corrupt", "proved", words, args={"digest": wanted}, replaces=("*",))
        total = _total(one)
        if total and wanted in sizes and total != sizes[wanted]:
            words = (f"The manifest says that {wanted} has {sizes[wanted]} bytes; what is there has {total}.",)
            return Conclusion("image.corrupt", "proved", words, args={"digest": wanted}, replaces=("*",))
    return None


def _sizes(evidence: Evidence) -> dict[str, int]:
    """The size of everything that a manifest names, by its digest."""
    found: dict[str, int] = {}
    for one in answers(evidence, "registry", "/manifests/"):
        document = document_of(one) or {}
        config, layers = document.get("config"), document.get("layers")
        for part in [config, *(layers if isinstance(layers, list) else [])]:
            if isinstance(part, dict) and isinstance(part.get("size"), int) and isinstance(part.get("digest"), str):
                found[part["digest"]] = part["size"]
    return found


def _total(one: Tried) -> int:
    """How long a blob is by the answer's own word: of the range, or of the body."""
    whole = header(one, "content-range").rpartition("/")[2] if one.outcome.status == 206 else header(one, "content-length")
    return int(whole) if whole.isdigit() else 0


def _tags(answer: Tried) -> str:
    tags = (document_of(answer) or {}).get("tags")
    return ", ".join(str(t)[:40] for t in tags[:6]) if isinstance(tags, list) and tags else "(none listed)"


ARGUMENTS = (
    ("spec.registry-host-missing", without_host),
    ("image.tag-not-found", missing),
    ("image.unsupported-format", kind),
    ("image.blob-missing", blobs),
    ("image.corrupt", digests),
)
