"""What came from outside, made harmless before it is shown: no control characters, escape sequences or text direction tricks.

They are shown as \\x1b or \\u202e, for a text is evidence, and evidence does not lose characters silently.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# C0 without tab and newline, DEL, C1; then what hides or reorders text: bidi controls and marks, zero-width characters,
# line separators, soft hyphen, byte-order mark, interlinear and tag characters (https://www.unicode.org/reports/tr36/).
_RANGES = (
    (0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200C),
    (0x200E, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xD800, 0xDFFF),
    (0xE0000, 0xE007F),
)  # fmt: skip
_MARKDOWN = {ord(mark): "\\" + mark for mark in "\\`*_[]<>|~#!{}"}


def escaped(code: int) -> str:
    """A character as it is written in an escape: \\x1b, \\u202e, \\U000e0041."""
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_hostile(code: int) -> bool:
    return any(low <= code <= high for low, high in _RANGES)


class _Codes(dict[int, str]):
    """A table for str.translate that is filled as characters are met: all of it at once would cost a start 2 ms."""

    def __init__(self, written: Callable[[int], str]) -> None:
        super().__init__()
        self.written = written

    def __missing__(self, code: int) -> str:
        self[code] = found = self.written(code)
        return found


ESCAPES = _Codes(lambda code: escaped(code) if _is_hostile(code) else chr(code))


def neutral(text: str) -> str:
    """The text with every hostile character written as its escape; tabs and newlines are not hostile."""
    return text if text.isascii() and text.isprintable() else text.translate(ESCAPES)


def is_hostile(text: str) -> bool:
    """Whether a text has a character in it that a terminal or a reader could be misled by."""
    return neutral(text) != text


def plain(text: str) -> str:
    """A text as one harmless line: white space and line breaks are folded into one blank."""
    return neutral(" ".join(text.split(None)))


def block(text: str) -> str:
    """A text of several lines, each harmless; tabs are blanks, line ends are newlines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    return "\n".join(neutral(line).rstrip() for line in lines).strip("\n")


def markdown(text: str) -> str:
    """A text as one line of Markdown prose that is only text: no emphasis, link, image, HTML, heading, list or table."""
    line = plain(text).translate(_MARKDOWN).replace("://", ":\\//").replace("www.", "www\\.")
    first, _, rest = line.partition(" ")
    if first in {"-", "+", "="} or (first[:-1].isdigit() and first[-1:] in {".", ")"}):
        return f"{first[:-1]}\\{first[-1:]} {rest}".rstrip()
    return "\\" + line if line[:1] in {"-", "+", "="} else line


def fenced(text: str, info: str = "") -> str:
    """A text as a fenced Markdown block that it cannot end by itself."""
    inside = block(text)
    longest = run = 0
    for character in inside:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{info}\n{inside}\n{fence}"


def escaped_for_json(written: str) -> str:
    """JSON text with the hostile characters of its strings as JSON's own escapes: the same document, safe to look at."""
    return written if written.isascii() and "\x7f" not in written else written.translate(_JSON_ESCAPES)


def _json_escaped(code: int) -> str:
    if code == ord("\n") or not _is_hostile(code):
        return chr(code)
    if code < 0x10000:
        return f"\\u{code:04x}"
    rest = code - 0x10000
    return f"\\u{0xD800 + (rest >> 10):04x}\\u{0xDC00 + (rest & 0x3FF):04x}"


_JSON_ESCAPES = _Codes(_json_escaped)
