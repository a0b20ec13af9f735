"""Which entry of an index a node takes (containerd's platforms.Only: the best match, and lower variants of it). Pure.

https://github.com/containerd/platforms/blob/main/compare.go
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ARM64 = ("v9.5", "v9.4", "v9.3", "v9.2", "v9.1", "v9", "v8.7", "v8.6", "v8.5", "v8.4", "v8.3", "v8.2", "v8.1", "v8")
_ARM = ("v8", "v7", "v6", "v5")
_AMD64 = ("v4", "v3", "v2", "v1")
_USUAL = {"arm64": "v8", "arm": "v7", "amd64": "v1"}


def accepted(platform: str) -> list[tuple[str, str, str]]:
    """(os, architecture, variant) that a node takes, best first, for OS/ARCH[/VARIANT]."""
    os_name, _, rest = platform.partition("/")
    arch, _, variant = rest.partition("/")
    variant = variant or _USUAL.get(arch, "")
    if arch == "amd64":
        lower = _AMD64[_AMD64.index(variant) :] if variant in _AMD64 else (variant,)
        return [*((os_name, arch, v) for v in lower), (os_name, "386", "")]
    if arch == "arm64":
        own = [(os_name, arch, v) for v in _ARM64[_ARM64.index(variant) :]] if variant in _ARM64 else [(os_name, arch, variant)]
        return own + [(os_name, "arm", v) for v in _ARM]
    if arch == "arm" and variant in _ARM:
        return [(os_name, arch, v) for v in _ARM[_ARM.index(variant) :]]
    return [(os_name, arch, variant)]


def child_for(index: dict[str, Any], platform: str) -> str:
    """The digest that an index names for a node; empty where it names none. An entry without a platform fits any."""
    entries = [e for e in index.get("manifests") or [] if isinstance(e, dict)]
    wanted = accepted(platform)
    best, digest = len(wanted), ""
    for entry in entries:
        has = entry.get("platform")
        if not isinstance(has, dict) or not has.get("architecture"):
            continue
        arch = str(has.get("architecture"))
        own = (str(has.get("os")), arch, str(has.get("variant") or _USUAL.get(arch, "")))
        rank = wanted.index(own) if own in wanted else len(wanted)
        if rank < best:
            best, digest = rank, str(entry.get("digest", ""))
    if not digest:
        digest = next((str(e.get("digest", "")) for e in entries if not e.get("platform")), "")
    return digest
