"""The catalogue: one Markdown page a cause. This module hands out what a run needs of it, and no more.

Patterns come from an index that is made when the package is built (hatch_build.py); a source checkout whose pages are
newer than its index reads the pages themselves, which costs some 100 ms and is always right.
"""

from __future__ import annotations

import os
from functools import cache, lru_cache
from itertools import starmap

from whypull.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

HERE = os.path.dirname(os.path.abspath(__file__))


class Says(NamedTuple):
    """One text that a cause is recognised by."""

    cause: str
    text: str  # a regular expression, searched in Failure.core
    gates: tuple[str, ...]  # lower-case literals; one of them must be in the lower-cased core
    proves: bool = False
    odds: int = 0  # 1..99: of a hundred failures that say this and no more, how many have this cause
    source: str = ""
    runtime: str = ""
    versions: str = ""
    also: tuple[tuple[str, ...], ...] = ()  # further literals: one of each of these sets must be there too


class FixLine(NamedTuple):
    """A fix as the page has it, with {fields} still to fill."""

    who: str
    do: str = ""
    run: str = ""
    on: str = ""  # registry or platform that it is meant for; empty for all
    wait: str = ""


class Cause(NamedTuple):
    """One page without its body."""

    id: str
    title: str
    decide: str = ""  # one step that confirms or excludes this cause
    retired: str = ""
    guide: int = 0  # section of the troubleshooting guide that it automates
    says: tuple[Says, ...] = ()
    fixes: tuple[FixLine, ...] = ()

    @property
    def stage(self) -> str:
        """The stage of the pull path at which it stops the pull."""
        return self.id.partition(".")[0]


def page_path(cause: str) -> str:
    """The file of a cause, whether it exists or not."""
    stage, _, name = cause.partition(".")
    return os.path.join(HERE, stage, name + ".md")


def page_files() -> list[tuple[str, os.stat_result]]:
    """Every page as (cause id, its stat), sorted by id."""
    found = []
    for stage in os.scandir(HERE):
        if stage.is_dir() and not stage.name.startswith("_"):
            found += [(f"{stage.name}.{f.name[:-3]}", f.stat()) for f in os.scandir(stage.path) if f.name.endswith(".md")]
    return sorted(found, key=lambda item: item[0])


def stamp() -> tuple[tuple[str, int, int], ...]:
    """What tells whether the pages of a checkout are those that the index was made of."""
    return tuple((cause, st.st_size, st.st_mtime_ns) for cause, st in page_files())


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Cause]:
    """All causes by id, in the order of the pull path. Raises ValueError for a page that breaks the format."""
    try:
        from whypull.causes import _index  # noqa: PLC0415 - made at build time, may be absent in a checkout
    except ImportError:
        return _from_pages()
    if _index.STAMP and stamp() != _index.STAMP:
        return _from_pages()
    return {row[0]: Cause(*row[:5], tuple(starmap(Says, row[5])), tuple(starmap(FixLine, row[6]))) for row in _index.CAUSES}


def _from_pages() -> dict[str, Cause]:
    from whypull.causes.page import load_all  # noqa: PLC0415 - tomllib is only needed without an index

    return load_all()


@lru_cache(maxsize=1)
def patterns() -> tuple[Says, ...]:
    """Every text of every cause that is not retired."""
    return tuple(says for cause in catalogue().values() if not cause.retired for says in cause.says)


@cache
def compiled(text: str) -> re.Pattern[str]:
    """A pattern, compiled when its gate has opened for the first time."""
    import re  # noqa: PLC0415

    return re.compile(text)


def body(cause: str) -> str:
    """The page's Markdown below its header. Raises KeyError for an id that does not exist."""
    path = page_path(cause)
    if cause not in catalogue():
        raise KeyError(cause)
    with open(path, encoding="utf-8") as file:
        return file.read().partition("+++\n")[2].partition("\n+++\n")[2].lstrip("\n")
