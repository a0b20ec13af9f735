"""Bytes as they come (UTF-8, UTF-16 of PowerShell, broken) → text, and whether they are text at all."""

from __future__ import annotations

import codecs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 8192
_CONTROLS = bytes(range(7)) + bytes((14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 31, 127))
_MAGIC = (
    b"\x7fELF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"SQLite format 3\0",
)


def wide_encoding(head: bytes) -> tuple[str, int]:
    """The codec of UTF-16 or UTF-32 bytes and the length of their mark; ("", 0) for anything else.

    Without a mark, bytes of which every second one is NUL count as UTF-16: a copied PowerShell file has lost its mark.
    """
    for mark, codec in _BOMS:
        if head.startswith(mark):
            return codec, len(mark)
    sample = head[: _SAMPLE & ~1]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half >= 8 and max(even, odd) > 0.6 * half and min(even, odd) < 0.05 * half:
        return ("utf-16-le" if odd > even else "utf-16-be"), 0
    return "", 0


def to_text(data: bytes) -> str:
    """The text of some bytes. Never raises: what is not valid becomes U+FFFD; NUL bytes (holes in a log) are dropped."""
    codec, mark = wide_encoding(data[:_SAMPLE])
    if codec:
        return data[mark:].decode(codec, "replace").replace("\0", "")
    text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    return text.replace("\0", "") if "\0" in text else text


def looks_binary(data: bytes) -> bool:
    """Whether the first 8 KiB are no text: a known file type, or more than a tenth control and invalid bytes.

    NUL bytes alone do not count: a log has holes of them after a power failure.
    """
    sample = bytes(data[:_SAMPLE])
    if sample.startswith(_MAGIC):
        return True
    codec, mark = wide_encoding(sample)
    if codec:
        text = sample[mark:].decode(codec, "replace")
        return _share(text.count("\ufffd") + sum(c < " " and c not in "\t\n\r\f\x1b\b" for c in text), len(text))
    solid = sample.replace(b"\0", b"")
    if not solid:
        return bool(sample)
    controls = len(solid) - len(solid.translate(None, _CONTROLS))
    invalid = solid.decode("utf-8", "replace").count("\ufffd")
    return _share(controls + invalid, len(solid))


def _share(bad: int, size: int) -> bool:
    return bad > 3 and bad * 10 > size


def as_utf8(head: bytes, read: Callable[[int], bytes]) -> tuple[bytes, Callable[[int], bytes]]:
    """The first bytes of a stream and its reader, both in UTF-8 without a mark, whatever it was written in."""
    codec, mark = wide_encoding(head)
    if not codec:
        return head.removeprefix(codecs.BOM_UTF8), read
    decoder = codecs.getincrementaldecoder(codec)("replace")

    def narrow(size: int) -> bytes:
        while True:
            data = read(size)
            text = decoder.decode(data, not data)
            if text or not data:
                return text.encode("utf-8", "replace")

    return decoder.decode(head[mark:]).encode("utf-8", "replace"), narrow
