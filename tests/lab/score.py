"""The score of the lab: fault × runtime × (text, walk, healed), one table that is kept in the repository.

`python -m lab.score --write` (make lab-score) runs the matrix on every runtime that this machine can have and writes it anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from lab import packages
from lab.asking import verdict
from lab.faults import all_faults
from lab.start import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "score.tsv")
HEAD = ("fault", "runtime", "cause", "text", "walk", "healed")
WRONG = ("WRONG", "WRONG AND PROVED")
RIGHT = ("proved", "right", "nothing")
LONGEST = 900  # seconds for one runtime, whatever happens


def measured(runtime: str, names: Sequence[str] = ()) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of a run of the matrix on one runtime, and what the run took. Raises RuntimeError where it broke."""
    fetched = packages.fetched()
    _tidy()
    path = str(packages.CACHE / f"rows-{os.getpid()}.jsonl")
    with open(path, "w", encoding="utf-8"):
        pass
    running = start(fetched, "lab.matrix", [runtime, path, *names], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        _, said = running.communicate(timeout=LONGEST)
        with open(path, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
    finally:
        running.kill()
        running.wait()
        os.unlink(path)
    if not rows or "up" not in rows[-1]:
        raise RuntimeError(f"the lab broke on {runtime}: {said[-2000:]}")
    return rows[:-1], rows[-1]


def _tidy() -> None:
    """Removes what a run left whose process is no more."""
    for path in packages.CACHE.glob("rows-*.jsonl"):
        if not os.path.exists(f"/proc/{path.stem.removeprefix('rows-')}"):
            path.unlink(missing_ok=True)


def worse(lines: Sequence[tuple[str, ...]], kept: Sequence[tuple[str, ...]]) -> list[str]:
    """What differs from the kept table for the worse, and faults that it does not have or has besides."""
    now, before = ({line[0]: line for line in table} for table in (lines, kept))
    found = [f"{name} is in the table, and was not run" for name in sorted(set(before) - set(now))]
    found += [f"{name} is not in the table" for name in sorted(set(now) - set(before))]
    for name in sorted(set(now) & set(before)):
        for column in (3, 4, 5):
            if _rank(now[name][column]) < _rank(before[name][column]):
                found.append(f"{name}, {HEAD[column]}: {before[name][column]} in the table, {now[name][column]} now")
    return found


ORDER = ("WRONG AND PROVED", "WRONG", "LAB BROKE", "not", "missed", "accepted", "named", "right", "proved")


def _rank(word: str) -> int:
    """How good an answer is; what is no answer at all is as good as the best."""
    return ORDER.index(word) if word in ORDER else len(ORDER)


def scored(rows: Sequence[Mapping[str, Any]], runtime: str) -> list[tuple[str, ...]]:
    """A line of the table for each row of the matrix, in the order of the faults' names."""
    faults = {fault.name: fault for fault in all_faults()}
    lines = []
    for row in rows:
        fault = faults[row["fault"]]
        if "error" in row:
            lines.append((fault.name, runtime, fault.cause, "LAB BROKE", "LAB BROKE", "LAB BROKE"))
            continue
        text = verdict(row.get("said"), fault.cause, fault.text)
        walk = verdict(row["walked"], fault.cause, ())
        if row["ok"] == bool(fault.cause):
            text = "LAB: the pull worked" if row["ok"] else "LAB: the pull failed"
        lines.append((fault.name, runtime, fault.cause or "-", text, walk, row.get("healed", "-")))
    return sorted(lines)


def table() -> list[tuple[str, ...]]:
    """The table as it is kept."""
    with open(TABLE, encoding="utf-8") as file:
        return [tuple(line.rstrip("\n").split("\t")) for line in file][1:]


def write(lines: Sequence[tuple[str, ...]]) -> None:
    """Keeps a table."""
    with open(TABLE, "w", encoding="utf-8") as file:
        file.writelines("\t".join(line) + "\n" for line in (HEAD, *sorted(lines)))


def runtimes() -> tuple[str, ...]:
    """The runtimes that this machine can have. Raises packages.NotHere."""
    return (*packages.fetched().containerds, "skopeo")


def main() -> int:
    """Measures, prints what is not right, and writes the table where it is asked to."""
    chosen = [a for a in sys.argv[1:] if not a.startswith("-")] or list(runtimes())
    lines = [line for line in table() if line[1] not in chosen] if os.path.exists(TABLE) else []
    for runtime in chosen:
        rows, whole = measured(runtime)
        found = scored(rows, runtime)
        lines += found
        print(whole)
        why = {row["fault"]: row.get("why", row.get("error", "")) for row in rows}
        for line in found:
            if line[3] in WRONG or "LAB" in line[3] or line[4] not in RIGHT or line[5] == "not":
                print("  ", *line, "|", why[line[0]][-300:] if line[5] == "not" or "LAB" in line[3] else "")
    if "--write" in sys.argv:
        write(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
