"""What people paste around objects: prompts with their commands, code fences, quote marks, comments."""

from __future__ import annotations

import re

_PROMPT = rb"(?:(?:\[[^\]\n]{1,80}\]|PS [^\n>]{1,80}|[^\s\"'{}\[\]]{0,80})[$#%>] ?)?(?:kubectl|oc|k) [^\n]*"
# A line that ends a document: YAML's own marks, a fence, a prompt.
BREAK = re.compile(
    rb"^(?:---(?:[ \t][^\n]*)?|\.\.\.|[ \t]*(?:```|~~~)[^\n]*|" + _PROMPT + rb"|[$%] [^\n]*)\r?(?:\n|\Z)", re.MULTILINE
)
COMMENT = re.compile(rb"^[ \t]*#[^\n]*", re.MULTILINE)
_EDGE = re.compile(rb"(?:[ \t\r]*\n|" + BREAK.pattern.removeprefix(b"^") + rb"|[ \t]*#[^\n]*\n)*[ \t]*")
_QUOTE = re.compile(rb"^(?:> ?)+", re.MULTILINE)


def first_byte(head: bytes) -> bytes:
    """The first byte that is of no prompt, fence, comment or blank; empty where there is none."""
    found = _EDGE.match(head)
    at = found.end() if found else 0
    return head[at : at + 1]


def unquoted(text: bytes) -> bytes:
    """A text without the marks that a mail or a wiki puts before each of its lines."""
    return _QUOTE.sub(b"", text)


def without_edges(text: bytes) -> bytes:
    """A text without prompts and fences."""
    return BREAK.sub(b"", text)
