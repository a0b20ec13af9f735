"""whypull explain --lines: a stream of log lines in, one answer a failed pull out, as it comes."""

from __future__ import annotations

import sys
from dataclasses import replace

from whypull.cli import FOUND, OK, UNDECIDED, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator

    from whypull.model import Diagnosis, Pull

MOST_KNOWN = 1024


def run(chosen: Namespace) -> int:
    """Follows standard input, or the named files one after the other, until it ends. Returns the exit code."""
    if chosen.output in {"yaml", "markdown"}:
        raise UsageError(f"--lines writes text or json, not {chosen.output}")
    write = _as_json if chosen.output == "json" else _as_text
    verdicts = set()
    for one in answers(_lines(chosen.what)):
        verdicts.add(one.verdict)
        sys.stdout.write(write(one) + "\n")
        sys.stdout.flush()
    if not verdicts:
        return OK
    return FOUND if "cause" in verdicts else UNDECIDED


def answers(lines: Iterable[bytes]) -> Iterator[Diagnosis]:
    """One diagnosis for every line that says why a pull failed; constant memory."""
    from whypull.diagnose import diagnose  # noqa: PLC0415
    from whypull.read.grouping import case_of  # noqa: PLC0415
    from whypull.read.message import failures  # noqa: PLC0415
    from whypull.read.stream import follow  # noqa: PLC0415

    known: dict[tuple[Pull, str], Diagnosis | None] = {}  # the same pull fails with the same words again and again
    for heard in follow(iter(lines)):
        key = (heard.pull, heard.said.text)
        if key not in known:
            if len(known) >= MOST_KNOWN:
                del known[next(iter(known))]
            case = case_of(heard)
            known[key] = diagnose(case, failures) if case is not None else None
        found = known[key]
        if found is not None:
            yield replace(found, since=heard.said.first)


def _lines(what: list[str]) -> Iterator[bytes]:
    longest = 1 << 20
    if not what:
        yield from _bounded(sys.stdin.buffer.readline, longest)
        return
    for name in what:
        try:
            with open(name, "rb") as file:
                yield from _bounded(file.readline, longest)
        except OSError as e:
            raise UsageError(f"{name} cannot be read: {(e.strerror or str(e)).lower()}") from e


def _bounded(readline: Callable[[int], bytes], longest: int) -> Iterator[bytes]:
    """Lines of at most `longest` bytes: what is beyond is no log line, and memory stays bounded."""
    while line := readline(longest):
        yield line
        while not line.endswith(b"\n") and (line := readline(longest)):
            pass


def _as_json(one: Diagnosis) -> str:
    from whypull.render.as_json import line  # noqa: PLC0415

    return line(one)


def _as_text(one: Diagnosis) -> str:
    from whypull.render.terminal import in_a_line  # noqa: PLC0415

    return in_a_line(one)
