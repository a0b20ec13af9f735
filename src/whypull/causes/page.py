"""Reads a cause's page: a TOML header between +++ lines, then Markdown whose fenced blocks are its tests."""

from __future__ import annotations

import re
import tomllib
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from whypull.causes import Cause, FixLine, Says, page_files, page_path
from whypull.model import STAGES

HEADER_KEYS = {"title", "decide", "retired", "guide", "says", "fix"}
SAYS_KEYS = {"text", "proves", "odds", "source", "runtime", "versions"}
FIX_KEYS = {"who", "do", "run", "on", "wait"}
DEFAULT_ODDS = 90
SHORTEST_GATE = 3
MOST_LITERALS = 12  # of one further set: a longer one costs more than it spares
FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """A fenced block of a page: `kind` is seen, possible, other or todo; `names` the cause of an `other`."""

    cause: str
    kind: str
    names: str
    text: str
    line: int


def load_all() -> dict[str, Cause]:
    """All pages, in the order of the pull path. Raises ValueError, naming the page, for one that breaks the format."""
    causes = [load(cause) for cause, _ in page_files()]
    causes.sort(key=lambda c: (STAGES.index(c.stage), c.id))
    return {cause.id: cause for cause in causes}


def load(cause: str) -> Cause:
    """One page. Raises ValueError for a broken header, OSError for no such file."""
    with open(page_path(cause), encoding="utf-8") as file:
        text = file.read()
    if not text.startswith("+++\n") or "\n+++\n" not in text:
        raise ValueError(f"{cause}: the page does not start with a TOML header between +++ lines")
    head = text[4:].partition("\n+++\n")[0] + "\n"
    try:
        return _cause(cause, tomllib.loads(head))
    except (tomllib.TOMLDecodeError, KeyError, re.error, TypeError) as e:
        raise ValueError(f"{cause}: {e}") from e


def _cause(cause: str, head: dict[str, Any]) -> Cause:
    stage = cause.partition(".")[0]
    if stage not in STAGES:
        raise ValueError(f"{cause}: no stage {stage!r}")
    _only(cause, head, HEADER_KEYS)
    return Cause(
        id=cause,
        title=head["title"],
        decide=head.get("decide", ""),
        retired=head.get("retired", ""),
        guide=head.get("guide", 0),
        says=tuple(_says(cause, entry) for entry in head.get("says", [])),
        fixes=tuple(_fix(cause, entry) for entry in head.get("fix", [])),
    )


def _says(cause: str, entry: dict[str, Any]) -> Says:
    _only(cause, entry, SAYS_KEYS)
    text = entry["text"]
    proves = entry.get("proves", False)
    return Says(
        cause=cause,
        text=text,
        gates=gates(text),
        also=also(text),
        proves=proves,
        odds=0 if proves else entry.get("odds", DEFAULT_ODDS),
        source=entry.get("source", ""),
        runtime=entry.get("runtime", ""),
        versions=entry.get("versions", ""),
    )


def _fix(cause: str, entry: dict[str, Any]) -> FixLine:
    _only(cause, entry, FIX_KEYS)
    if not entry.get("who") or not (entry.get("do") or entry.get("run")):
        raise ValueError(f"{cause}: a fix has `who`, and `do` or `run`")
    return FixLine(**{key: str(value).strip() for key, value in entry.items()})


def _only(cause: str, table: dict[str, Any], known: set[str]) -> None:
    unknown = set(table) - known
    if unknown:
        raise ValueError(f"{cause}: unknown key {min(unknown)!r}")


def gates(pattern: str) -> tuple[str, ...]:
    """Literals of which one must be in the lower-cased text for the pattern to match at all. Raises ValueError."""
    found = max(_required(_parser.parse(pattern)), key=_strength, default=())
    if _strength(found) < SHORTEST_GATE:
        raise ValueError(f"pattern without a literal of {SHORTEST_GATE} characters: {pattern}")
    return found


def also(pattern: str) -> tuple[tuple[str, ...], ...]:
    """Further sets of literals, of each of which one must be there too; what holds for many texts is behind the first."""
    first = gates(pattern)
    sets = dict.fromkeys(found for found in _required(_parser.parse(pattern)) if found != first)
    return tuple(found for found in sets if _strength(found) >= SHORTEST_GATE and len(found) <= MOST_LITERALS)


def _strength(literals: tuple[str, ...]) -> int:
    return min(map(len, literals), default=0)


def _required(tokens: Any) -> list[tuple[str, ...]]:
    """Every set of literals of which a match of this token sequence has one, in the sequence's order."""
    found: list[tuple[str, ...]] = []
    run: list[str] = []

    def end_run() -> None:
        if run:
            found.append(("".join(run).lower(),))
            run.clear()

    for op, value in tokens:
        if op is _constants.LITERAL:
            run.append(chr(value))
            continue
        end_run()
        if op is _constants.SUBPATTERN:
            found += _required(value[3])
        elif op in {_constants.MAX_REPEAT, _constants.MIN_REPEAT} and value[0] >= 1:
            found += _required(value[2])
        elif op is _constants.BRANCH:
            best = [max(_required(branch), key=_strength, default=()) for branch in value[1]]
            if all(best):
                found.append(tuple(sorted({literal for branch in best for literal in branch})))
    end_run()
    return found


def examples(cause: str) -> list[Example]:
    """The fenced test blocks of a page, in order."""
    with open(page_path(cause), encoding="utf-8") as file:
        text = file.read()
    found = []
    for match in FENCE.finditer(text):
        words = match["info"].split()
        if not words or words[0] not in {"seen", "other", "todo"}:
            continue
        kind = "possible" if words[:2] == ["seen", "possible"] else words[0]
        names = words[1] if kind == "other" and len(words) > 1 else ""
        found.append(Example(cause, kind, names, match["text"], text.count("\n", 0, match.start()) + 1))
    return found
