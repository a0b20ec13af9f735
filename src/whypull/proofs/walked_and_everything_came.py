"""The walk got all that it asked for, down to the layers: what failed is not on the way, nor at the registry."""

from __future__ import annotations

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import failed, url_of, walk
from whypull.steps import Request


def unpacking(evidence: Evidence) -> Conclusion | None:
    """Words of unpacking, and a registry that serves: a runtime holds layers against their digests before it unpacks them."""
    found = evidence.lets_in("unpack.layer-failed")
    if found is None or not evidence.candidates or evidence.candidates[0].cause != found.cause or failed(evidence) is not None:
        return None
    blobs = [t for t in walk(evidence) if isinstance(t.step, Request) and "/blobs/" in url_of(t) and not t.control]
    if not blobs or not all(t.outcome.status in {200, 206} for t in blobs):
        return None
    words = (
        "The walk got the manifest, the config and the beginning of each layer, all as announced.",
        "The runtime had the layers whole, with the right digests: it checks them before it unpacks.",
    )
    return Conclusion(found.cause, "likely", words, replaces=("image.corrupt", "image.unsupported-format"))


ARGUMENTS = (("unpack.layer-failed", unpacking),)
