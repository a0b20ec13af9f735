"""The plain kind of YAML that kubectl and installers write kubeconfigs in: blocks of tables, lists and simple words.

Importing PyYAML costs 11 ms, a tenth of a look at a small namespace. What is read here is read as PyYAML reads it (a test holds
the two together); a text with anything else in it is left to PyYAML.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEEPEST = 20
_KEY = r"[A-Za-z_][A-Za-z0-9_./-]*"
_LINE = re.compile(rf"(?P<indent> *)(?P<item>- )?(?:(?P<key>{_KEY}):(?: (?P<value>\S.*))?|(?P<word>\S.*))")
# A word that is no number, date or other type; with blanks only where no part could end a key or begin a comment.
_WORD = re.compile(r"[A-Za-z/][]A-Za-z0-9_./+=@:~[-]*(?<!:)|(?:--)?[A-Za-z/][A-Za-z0-9_./+=@~-]*(?: [A-Za-z0-9_./+=@~-]+)*")
_QUOTED = re.compile(r"\"[^\"\\]*\"|'[^']*'")
_TYPED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_VALUES: dict[str, Any] = {"true": True, "false": False, "null": None, '""': "", "''": ""}


class NotPlain(Exception):
    """The text has what only PyYAML understands."""


def load(text: str) -> Any:
    """The document of a text. Raises NotPlain for anything that is not beyond doubt."""
    if not text.isascii() or not text.replace("\n", "").isprintable():
        raise NotPlain
    lines = _Lines(text)
    found = lines.block(0, 0)
    if lines.now is not None:
        raise NotPlain
    return found


class _Lines:
    """The lines that are still to be read; `now` is the next one, as (indent, whether a list's item, key, value)."""

    def __init__(self, text: str) -> None:
        rows = text.split("\n")
        if rows[0] == "---":
            del rows[0]
        self._rows = iter([row for row in rows if row.strip() and not row.lstrip().startswith("#")])
        self.now = self._next()

    def _next(self) -> tuple[int, bool, str | None, str | None] | None:
        row = next(self._rows, None)
        if row is None:
            return None
        found = _LINE.fullmatch(row.rstrip(" "))
        if not found:
            raise NotPlain
        return len(found["indent"]), bool(found["item"]), found["key"], found["value"] if found["key"] else found["word"]

    def block(self, indent: int, depth: int) -> Any:
        """The table or list whose lines begin at this indent."""
        if self.now is None or self.now[0] != indent or depth > DEEPEST:
            raise NotPlain
        return self._list(indent, depth) if self.now[1] else self._table(indent, depth)

    def _list(self, indent: int, depth: int) -> list[Any]:
        found: list[Any] = []
        while self.now is not None and self.now[0] == indent and self.now[1]:
            _, _, key, value = self.now
            if key is None:
                self.now = self._next()
                found.append(_simple(value))
            else:
                self.now = (indent + 2, False, key, value)  # "- name: x" begins a table two columns further on
                found.append(self._table(indent + 2, depth + 1))
        self._must_end(indent)
        return found

    def _table(self, indent: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.now is not None and self.now[0] == indent and not self.now[1]:
            _, _, key, value = self.now
            if key is None or key.lower() in _TYPED or key in found:
                raise NotPlain
            self.now = self._next()
            found[key] = self._under(indent, depth) if value is None else _simple(value)
        self._must_end(indent)
        return found

    def _under(self, indent: int, depth: int) -> Any:
        """What stands below a key without a value: deeper lines, a list at the key's own indent, or nothing."""
        if self.now is not None and (self.now[0] > indent or (self.now[0] == indent and self.now[1])):
            return self.block(self.now[0], depth + 1)
        return None

    def _must_end(self, indent: int) -> None:
        if self.now is not None and self.now[0] > indent:
            raise NotPlain  # a text that goes on in the next line


def _simple(value: str | None) -> Any:
    if value is None:
        raise NotPlain
    if value in _VALUES:
        return _VALUES[value]
    if value in {"{}", "[]"}:
        return {} if value == "{}" else []
    if _QUOTED.fullmatch(value):
        return value[1:-1]
    if not _WORD.fullmatch(value) or value.lower() in _TYPED:
        raise NotPlain
    return value
