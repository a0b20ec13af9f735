"""JSON as Go's encoding/json reads it, with its words for what is malformed. Pure.

The words are those of https://github.com/golang/go/blob/master/src/encoding/json/scanner.go. Python's own
module reads another language (NaN, a limit of its own on depth) and says it in other words.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    # Objects keep order and duplicates, which decide what Go makes of them; arrays are only said to be there.
    Pairs: TypeAlias = list[tuple[str, "Value"]]
    Value: TypeAlias = "str | float | bool | tuple[()] | Pairs | None"

DEEPEST = 10_000
_END = "unexpected end of JSON input"
_KINDS = {str: "string", float: "number", bool: "bool", tuple: "array", list: "object"}
_LITERALS: dict[str, tuple[str, Value]] = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_NAMED = {
    "'": "\\'", "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f",
    "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip


class GoError(ValueError):
    """What Go would say. Its message never holds more of the input than one character."""


def loads(data: bytes) -> Value:
    """The value of a JSON text. Raises GoError with encoding/json's words."""
    # Go says "invalid character ' '" of a literal that ends too soon: it looks at a blank after the end.
    return _Scan(data.decode("latin-1") + " ").value()


def kind_of(value: Value) -> str:
    """Go's name for the kind of a value that is not null: string, number, bool, array or object."""
    return _KINDS[type(value)]


class _Scan:
    """One text, a character for each byte, and how far it was read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.white = re.compile(r"[ \t\r\n]*")
        self.plain = re.compile(r'[^"\\\x00-\x1f]*')
        self.digits = re.compile("[0-9]*")

    def value(self) -> Value:
        """The whole text's value. Depth costs no recursion."""
        open_: list[tuple[Pairs | None, str]] = []  # containers around, innermost last; None for an array
        while True:
            done, value = self._begin(open_)
            while done:
                if not open_:
                    self._expect_end()
                    return value
                around, key = open_[-1]
                if around is not None:
                    around.append((key, value))
                done, value = self._after(open_)

    def _begin(self, open_: list[tuple[Pairs | None, str]]) -> tuple[bool, Value]:
        """Reads where a value begins: (True, the value), or (False, None) where it is a container's first."""
        char = self._next_visible()
        if char == '"':
            return True, self._string()
        if char in "{[":
            return self._open(char, open_)
        if char in _LITERALS:
            return True, self._literal(*_LITERALS[char])
        if char == "-" or char in "0123456789":
            return True, self._number()
        raise self._bad("looking for beginning of value")

    def _open(self, char: str, open_: list[tuple[Pairs | None, str]]) -> tuple[bool, Value]:
        if len(open_) >= DEEPEST:
            raise self._bad("exceeded max depth")
        self.at += 1
        if self._next_visible() == ("}" if char == "{" else "]"):
            self.at += 1
            return True, [] if char == "{" else ()
        open_.append(([], self._key()) if char == "{" else (None, ""))
        return False, None

    def _after(self, open_: list[tuple[Pairs | None, str]]) -> tuple[bool, Value]:
        """Reads on after a value: (True, the container) where it closes, (False, None) where one follows."""
        around, _ = open_[-1]
        char = self._next_visible()
        if char == ("]" if around is None else "}"):
            self.at += 1
            open_.pop()
            return True, () if around is None else around
        if char != ",":
            raise self._bad("after array element" if around is None else "after object key:value pair")
        self.at += 1
        if around is not None:
            open_[-1] = (around, self._key())
        return False, None

    def _key(self) -> str:
        if self._next_visible() != '"':
            raise self._bad("looking for beginning of object key string")
        key = self._string()
        if self._next_visible() != ":":
            raise self._bad("after object key")
        self.at += 1
        return key

    def _string(self) -> str:
        self.at += 1
        parts = []
        while True:
            end = self._end_of(self.plain)
            parts.append(_utf8(self.text[self.at : end]))
            self.at = end
            char = self._char()
            if char == '"':
                self.at += 1
                return _pairs_joined("".join(parts))
            if char != "\\":
                raise self._bad("in string literal")
            self.at += 1
            parts.append(self._escape())

    def _escape(self) -> str:
        char = self._char()
        if char != "u":
            if char not in _ESCAPES:
                raise self._bad("in string escape code")
            self.at += 1
            return _ESCAPES[char]
        for _ in range(4):
            self.at += 1
            if self._char() not in "0123456789abcdefABCDEF":
                raise self._bad(r"in \u hexadecimal character escape")
        self.at += 1
        return chr(int(self.text[self.at - 4 : self.at], 16))

    def _literal(self, word: str, value: Value) -> Value:
        for wanted in word:
            if self._char() != wanted:
                raise self._bad(f"in literal {word} (expecting '{wanted}')")
            self.at += 1
        return value

    def _number(self) -> float:
        start = self.at
        self.at += self.text[start] == "-"
        if self._char() == "0":
            self.at += 1
        else:
            self._digits("in numeric literal")
        if self._char() == ".":
            self.at += 1
            self._digits("after decimal point in numeric literal")
        if self._char() in "eE":
            self.at += 1
            self.at += self._char() in "+-"
            self._digits("in exponent of numeric literal")
        return float(self.text[start : self.at])

    def _digits(self, context: str) -> None:
        end = self._end_of(self.digits)
        if end == self.at:
            raise self._bad(context)
        self.at = end

    def _expect_end(self) -> None:
        self.at = self._end_of(self.white)
        if self.at < len(self.text):
            raise self._bad("after top-level value")

    def _next_visible(self) -> str:
        self.at = self._end_of(self.white)
        return self._char()

    def _char(self) -> str:
        if self.at >= len(self.text):
            raise GoError(_END)
        return self.text[self.at]

    def _end_of(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        return found.end() if found else self.at

    def _bad(self, context: str) -> GoError:
        return GoError(f"invalid character {_quoted(self.text[self.at])} {context}")


def _quoted(char: str) -> str:
    """A byte as Go's quoteChar prints it: as the character of that number."""
    if char in _NAMED:
        return f"'{_NAMED[char]}'"
    if char < " " or char == "\x7f":
        return f"'\\x{ord(char):02x}'"
    return f"'{char}'" if char == " " or char.isprintable() else f"'\\u{ord(char):04x}'"


def _utf8(text: str) -> str:
    """Bytes as text, with one replacement character for each byte that is no UTF-8, as in Go."""
    if text.isascii():
        return text
    return re.sub("[\udc80-\udcff]", "\ufffd", text.encode("latin-1").decode("utf-8", "surrogateescape"))


def _pairs_joined(text: str) -> str:
    r"""Surrogates written as \ud83d\ude00 become the character that they mean; a lone one is replaced."""
    if text.isascii():
        return text

    def joined(found: re.Match[str]) -> str:
        if len(found[0]) == 1:
            return "\ufffd"
        high, low = ord(found[0][0]), ord(found[0][1])
        return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)

    return re.sub("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]", joined, text)
