"""A whole log, of any size: searched in blocks, so that its healthy lines cost next to nothing."""

from __future__ import annotations

from whypull.read.log_gate import records
from whypull.read.log_line import take_apart
from whypull.read.logs import Log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from whypull.read.gather import Gathered
    from whypull.read.sources import Source

LONGEST_LINE = 4 << 20  # bytes that are held of a line without an end


def is_log(head: str) -> bool:
    """Whether most of the first lines have a log's form."""
    lines = [line for line in head.splitlines()[:60] if line.strip()][:30]
    return bool(lines) and 2 * sum(bool(take_apart(line[:4096]).form) for line in lines) > len(lines)


def read_whole_log(data: bytes | Source, into: Gathered, *, strict: bool = False) -> None:
    """Adds what a log says about pulls. `strict`: an application's, of which only sure words count."""
    into.take_for("container log" if strict else "log")
    log = Log(into, strict=strict)
    source = data if isinstance(data, (bytes, bytearray, memoryview)) else _whole_lines(data)
    for record in records(source):
        log.take(record)
    log.close()


def _whole_lines(source: Source) -> Iterator[bytes]:
    """The source's blocks, cut at the ends of lines."""
    rest = b""
    for block in source.blocks():
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        elif len(rest) < LONGEST_LINE:
            rest += block
    if rest:
        yield rest + b"\n"
