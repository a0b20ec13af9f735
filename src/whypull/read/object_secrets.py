"""A Secret's object → what the kubelet takes from it, without its values: they do not leave dockerconfig."""

from __future__ import annotations

import re
from binascii import Error as NoBase64
from binascii import a2b_base64

from msgspec import DecodeError, ValidationError
from msgspec.json import Decoder

from whypull.dockerconfig import JSON_KEY, LEGACY_KEY, decode
from whypull.model import SecretSeen
from whypull.read.object_structs import Metadata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from msgspec import Raw

    from whypull.read.object_structs import Thing

_CONFIGS = (JSON_KEY, LEGACY_KEY)
_MOST_ENTRIES = 200
_MOST_KEYS = 50
_SHORTEST = 24  # letters of base64: no docker config is that short, and the API refuses what is no JSON object
_PLACEHOLDER = re.compile(r"(?i)redact|remov|hidden|omit|mask|elide|sanitiz|xxxx|\*\*\*|\.\.\.|[<\[(]")
_texts = Decoder(dict[str, str | None])


def secret_seen(thing: Thing) -> SecretSeen:
    """The facts of a secret. Where its content was taken out before it was given to us, that is no fault of the secret."""
    meta = thing.metadata or Metadata()
    kind, created = thing.type or "Opaque", meta.creationTimestamp or ""
    data = _data(thing.data, encoded=True) | _data(thing.stringData, encoded=False)
    if (not thing.data and not thing.stringData) or _taken_out(data):
        ignored = "" if kind.startswith("kubernetes.io/dockerc") else decode(kind, {}).ignored
        return SecretSeen(meta.namespace or "", meta.name or "", kind, created, ignored=ignored, keys=tuple(data)[:_MOST_KEYS])
    decoded = decode(kind, {k: v for k, v in data.items() if v is not None}, created)
    return SecretSeen(
        namespace=meta.namespace or "",
        name=meta.name or "",
        type=kind,
        created=created,
        entries=decoded.entries[:_MOST_ENTRIES],
        problem=decoded.problem,
        ignored=decoded.ignored,
        keys=tuple(data)[:_MOST_KEYS],
    )


def _data(raw: Raw, *, encoded: bool) -> dict[str, bytes | None]:
    """The data by key, without the API's base64; None for a value that is none."""
    try:
        found = _texts.decode(raw) if raw and raw != b"null" else {}
    except (DecodeError, ValidationError, UnicodeDecodeError):
        return {}
    return {key: _plain(value or "", encoded=encoded) if key in _CONFIGS else b"-" for key, value in found.items()}


def _plain(value: str, *, encoded: bool) -> bytes | None:
    if not encoded:
        return value.encode("utf-8", "replace")
    if not value.startswith("e") and (len(value) < _SHORTEST or _PLACEHOLDER.search(value)):
        return None
    try:
        return a2b_base64(value, strict_mode=True)
    except (NoBase64, ValueError):
        return None


def _taken_out(data: dict[str, bytes | None]) -> bool:
    """Whether the docker config's place holds no base64: the API never gives that out, so somebody blanked it."""
    return any(key in data and data[key] is None for key in _CONFIGS)
