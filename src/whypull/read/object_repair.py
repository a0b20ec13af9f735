"""JSON that is cut off, wrapped or of unexpected types → the objects that can still be made of it."""

from __future__ import annotations

import json
import re

from msgspec import DecodeError, ValidationError
from msgspec.json import decode, encode
from msgspec.structs import fields

from whypull.read.object_structs import Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LARGEST = 8 << 20  # bytes of an object that are looked at twice
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},"]', re.DOTALL)
_FAULTS = (DecodeError, ValidationError, RecursionError, UnicodeError, TypeError)
_CLOSERS = {b"{": b"}", b"[": b"]"}


def closed(data: bytes) -> bytes:
    """The beginning of a JSON value, closed behind its last complete part; empty where nothing is complete.

    A text that was cut is dropped, never shown as if it were whole.
    """
    stack: list[bytes] = []
    safe = 0
    for token in _TOKEN.finditer(data[:LARGEST]):
        first = token[0][:1]
        if first in _CLOSERS:
            stack.append(_CLOSERS[first])
            safe = token.end()
        elif first in {b"}", b"]"}:
            if not stack:
                break
            stack.pop()
            safe = token.end()
        elif first == b",":
            safe = token.start()
        elif len(token[0]) == 1:
            break  # a text without an end
    return data[:safe] + b"".join(reversed(stack)) if safe > 1 else b""


def lenient(value: bytes) -> Thing | None:
    """The object of a JSON text that is not quite as it should be: wrong encoding, raw newlines, fields of another type."""
    if len(value) > LARGEST:
        return None
    text = value.decode("utf-8", "replace")
    try:
        return decode(text, type=Thing)
    except _FAULTS:
        pass
    try:
        plain = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return thing_of(plain)


def thing_of(plain: Any) -> Thing | None:
    """The typed object of decoded JSON or YAML; fields that are of another type are left out. None for what is no table."""
    if not isinstance(plain, dict):
        return None
    try:
        return decode(encode(plain), type=Thing, strict=False)
    except _FAULTS:
        return _by_field(plain)


def _by_field(plain: dict[Any, Any]) -> Thing:
    thing = Thing()
    for field in fields(Thing):
        if field.name in plain:
            try:
                one = decode(encode({field.name: plain[field.name]}), type=Thing, strict=False)
            except _FAULTS:
                continue
            setattr(thing, field.name, getattr(one, field.name))
    return thing
