"""A stream of log lines, event rows or messages → one text a failed pull, as it comes; constant memory."""

from __future__ import annotations

from dataclasses import replace

from whypull.model import Pull, Said
from whypull.read import log_gate as gate
from whypull.read.about import surely_a_failed_pull
from whypull.read.clean import cleaned
from whypull.read.describe import take_rows
from whypull.read.event_row import event_row
from whypull.read.gather import Gathered, Heard
from whypull.read.log_line import take_apart
from whypull.read.logs import heard_in
from whypull.read.message import fold, image_in
from whypull.redact import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_REMEMBERED = 4096  # failures that are not said again within one attempt


def follow(lines: Iterable[bytes]) -> Iterator[Heard]:
    """One Heard for every failed attempt that a line tells of. The several lines of one attempt count once.

    The kubelet first logs the image, and in the same breath the pod: the first waits for the second.
    """
    said: dict[tuple[str, str], str] = {}
    waiting: Heard | None = None
    for record in _records(lines):
        for heard in _heard(record):
            if waiting is not None and _same(waiting, heard):
                waiting = None
                heard = Heard(replace(heard.pull, image=heard.pull.image or _image(heard)), heard.said)  # noqa: PLW2901 - completed
            elif waiting is not None:
                yield from _new(waiting, said)
                waiting = None
            if heard.said.by == "kubelet" and not heard.pull.pod and heard.pull.image:
                waiting = heard
            else:
                yield from _new(heard, said)
    if waiting is not None:
        yield from _new(waiting, said)


def _same(first: Heard, second: Heard) -> bool:
    """Whether a second line tells of the same attempt."""
    return second.said.by == "kubelet" and _error(first) == _error(second)


def _error(heard: Heard) -> str:
    return fold(heard.said.text[-400:])[-200:]


def _image(heard: Heard) -> str:
    return image_in(fold(heard.said.text))


def _new(heard: Heard, said: dict[tuple[str, str], str]) -> Iterator[Heard]:
    """The text, unless it has been told of this pull in the same minute."""
    key = (heard.pull.pod or heard.pull.image, _error(heard))
    minute = _minute(heard.said.last)
    if said.get(key) == minute and minute:
        return
    said.pop(key, None)
    said[key] = minute
    if len(said) > MOST_REMEMBERED:
        del said[next(iter(said))]
    yield Heard(heard.pull, _safe(heard.said))


def _safe(said: Said) -> Said:
    return Said(redacted(said.text), said.by, said.via, said.reason, said.count, said.first, said.last)


def _records(lines: Iterable[bytes]) -> Iterator[str]:
    """Lines of interest, each with those that continue it: klog's blocks and errors with line breaks."""
    waiting: list[bytes] = []
    in_block = False
    for line in lines:
        line = line.rstrip(b"\r\n")  # noqa: PLW2901 - without its end
        if waiting:
            more = (in_block and gate.inside_block(line)) or (not in_block and gate.headless(line))
            if more and len(waiting) < gate.MOST_LINES:
                waiting.append(line)
                if in_block and gate.closes_block(line):
                    yield gate.join(waiting)
                    waiting = []
                continue
            yield gate.join(waiting)
            waiting = []
        if not gate.may_tell(line):
            continue
        in_block = gate.opens_block(line)
        if in_block or gate.may_continue(line):
            waiting = [line]
        else:
            yield line.decode("utf-8", "replace")
    if waiting:
        yield gate.join(waiting)


def _heard(record: str) -> Iterator[Heard]:
    record = cleaned(record)
    line = take_apart(record)
    if line.form:
        yield from heard_in(line)
        return
    row = event_row(record)
    if row is not None:
        into = Gathered()
        take_rows([row], into)
        yield from into.heard.values()
    elif surely_a_failed_pull(record):
        yield Heard(Pull(), Said(record, via="log"))


def _minute(time: str) -> str:
    """A time as logs print it ("2026-11-22T08:55:29.1Z", "11-22 08:55:29.123456") without its seconds; empty for none."""
    hour, colon, rest = time.partition(":")
    return f"{hour}:{rest[:2]}" if colon else ""
