"""key=value fields and quoted texts as klog, logfmt, klogr and logrus write them: taken apart, unquoted, never guessed.

Go quotes a text with strconv.Quote; a text that quotes a quoted text is escaped once a layer
(https://pkg.go.dev/strconv#Quote). klog writes a value that has newlines as a block: key=<, tab-indented lines, " >"
(https://github.com/kubernetes/klog/blob/main/internal/serialize/keyvalues.go).
"""

from __future__ import annotations

import re

from whypull.lazy import regex

MAX_FIELDS = 64  # of one line; what follows is left alone
MOST_LAYERS = 6  # of quoting that are undone one by one; what is deeper loses its backslashes only

_ESCAPE = regex(r"\\(?:([abfnrtv\\\"'/])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))")
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_DEEP = regex(r'(?<!\\)\\++(")')


def unquote(text: str) -> str:
    """The text without one layer of escapes. What is no escape of Go or JSON stays as it is."""
    if "\\" not in text:
        return text
    if text.count("\\") == text.count('\\"') and "\\\\" not in text:
        return text.replace('\\"', '"')
    return _ESCAPE.sub(_meant, text)


def _meant(found: re.Match[str]) -> str:
    if found[1]:
        return _PLAIN.get(found[1], found[1])
    if found[5]:
        return chr(int(found[5], 8))
    code = int(found[2] or found[3] or found[4], 16)
    return "\ufffd" if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else chr(code)


def plain(text: str) -> str:
    r"""The text with all its layers of quoting undone: no \" is left in it. Linear, and twice is as once."""
    for _ in range(MOST_LAYERS):
        if '\\"' not in text:
            return text
        text = unquote(text)
    return _DEEP.sub(r"\1", text) if '\\"' in text else text


_KEY = regex(r'[\s,]*+"?([A-Za-z_][\w./-]{0,63})"?=')
_NEXT = regex(r'\s"?[A-Za-z_][\w./-]{0,63}"?=')
_QUOTED = regex(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(?=[\s,;)\]}]|$)', re.DOTALL)
_CLOSE = regex(r'(?<!\\)"(?=\s{1,8}"?[A-Za-z_][\w./-]{0,63}"?=|\s{0,8}$)')
_BLOCK_END = regex(r"\n\s?>(?=\s|$)")
_BARE = regex(r"[^\s\"]\S*+")


def quoted(text: str, at: int = 0) -> tuple[str, int] | None:
    """The quoted text that begins at `at` without its quotes and one layer of escapes, and where it ends.

    None where no quote begins there. Somebody who pastes loses backslashes: then the text ends at the quote after
    which a key or the end of the line stands, or at the end of the line.
    """
    if text[at : at + 1] != '"':
        return None
    found = _QUOTED.match(text, at)
    if found:
        return unquote(found[1]), found.end()
    close = _CLOSE.search(text, at + 1)
    if close:
        return unquote(text[at + 1 : close.start()]), close.end()
    return unquote(text[at + 1 :]), len(text)


_WORDY = frozenset({"error", "err", "msg"})


def pairs(text: str, at: int = 0) -> dict[str, str]:
    """The key=value fields from `at` on: "key"="v" (klogr), key=v, key="v" and klog's blocks. First one wins."""
    fields: dict[str, str] = {}
    for _ in range(MAX_FIELDS):
        key = _KEY.match(text, at)
        if key is None:
            ahead = _NEXT.search(text, at)
            if ahead is None:
                break
            at = ahead.start()
            continue
        value, at = _value(text, key.end())
        if key[1] in _WORDY and at < len(text) and text[key.end()] != '"':
            more = _NEXT.search(text, at)  # a writer that quotes nothing: the words go on to the next key
            stop = more.start() if more else len(text)
            value, at = f"{value}{text[at:stop]}", stop
        fields.setdefault(key[1], value)
    return fields


def _value(text: str, at: int) -> tuple[str, int]:
    first = text[at : at + 1]
    if first == '"':
        whole = _QUOTED.match(text, at)
        if whole and (whole.end() >= len(text) or _KEY.match(text, whole.end()) or text[whole.end() :].isspace()):
            return unquote(whole[1]), whole.end()
        close = _CLOSE.search(text, at + 1)  # PullImage "x" failed" error=…: a backslash was lost
        if close:
            return unquote(text[at + 1 : close.start()]), close.end()
        return (unquote(whole[1]), whole.end()) if whole else (unquote(text[at + 1 :]), len(text))
    if first == "<" and text[at + 1 : at + 2] in {"\n", ""}:
        end = _BLOCK_END.search(text, at)
        stop = end.start() if end else len(text)
        return _dedented(text[at + 2 : stop]), end.end() if end else stop
    bare = _BARE.match(text, at)
    return (bare[0], bare.end()) if bare else ("", at)


def _dedented(block: str) -> str:
    return "\n".join(line.removeprefix("\t").removeprefix("        ") for line in block.split("\n")).strip()
