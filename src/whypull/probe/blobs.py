"""Config and layers, the first bytes of each; the hosts that they come from are walked, too. Pure, as the walk is."""

from __future__ import annotations

import re

from whypull.probe.redirects import followed
from whypull.probe.secure import SMALL_SEGMENT
from whypull.probe.visit import under
from whypull.records import replace
from whypull.steps import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from whypull.probe.visit import Visit
    from whypull.probe.walk import Asked, Trail
    from whypull.steps import Outcome

FIRST_BYTES = 4096
MOST_LAYERS = 128
_DIGEST = r"[a-z0-9]+:[0-9a-f]{32,128}"


def blobs(trail: Trail, at: Visit, repository: str, manifest: dict[str, Any], way: str) -> Generator[Asked, Outcome, bool]:
    """Asks for the start of every blob; whether each came."""
    whole = True
    for digest, size in blobs_of(manifest)[: MOST_LAYERS + 1]:
        request = Request("GET", at.endpoint.url(f"/{repository}/blobs/{digest}"), credentials=way, limit=FIRST_BYTES)
        if size > FIRST_BYTES or not size:
            request = replace(request, range_end=FIRST_BYTES - 1)
        blob = yield from followed(trail, at, request)
        if "i/o timeout" in blob.text and blob.status in {200, 206} and not at.proxy:
            yield from under(followed(trail, at, replace(request, segment=SMALL_SEGMENT)), "segment")
        whole = whole and blob.ok and blob.status in {200, 206} and not blob.text
        if blob.layer in {"redirect", "deadline"}:
            return False  # the next one would be sent to the same host
    return whole


def blobs_of(manifest: dict[str, Any]) -> list[tuple[str, int]]:
    """(digest, size in bytes) of a manifest's config and layers, in the order of a pull; foreign layers are left out."""
    layers = manifest.get("layers")
    found = [manifest.get("config"), *(layers if isinstance(layers, list) else [])]
    blobs = [
        one for one in found if isinstance(one, dict) and re.fullmatch(_DIGEST, str(one.get("digest"))) and not one.get("urls")
    ]
    return list({str(one["digest"]): one["size"] if isinstance(one.get("size"), int) else 0 for one in blobs}.items())
