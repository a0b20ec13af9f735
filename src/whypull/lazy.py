"""Regular expressions that are compiled when they are first used: a start compiles those that its input needs, not all."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import compile as regex
    from typing import Any

__all__ = ["regex"]


class _Pattern:
    """Stands for a compiled pattern; from its first use on, its methods are that pattern's own, at no cost."""

    __slots__ = (
        "_given", "findall", "finditer", "flags", "fullmatch", "groupindex", "match", "pattern", "search", "split", "sub", "subn",
    )  # fmt: skip

    def __init__(self, text: str, flags: int = 0) -> None:
        self.pattern, self._given = text, flags

    def __getattr__(self, name: str) -> Any:
        """Called once, for slots that are still empty."""
        if name not in self.__slots__:
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self._given)
        for method in self.__slots__[1:]:
            setattr(self, method, getattr(compiled, method))
        return getattr(self, name)


if not TYPE_CHECKING:
    regex = _Pattern
