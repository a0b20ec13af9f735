"""Which lines of a log can be about a pull: literals are looked for in whole blocks, so a healthy line costs little.

A block is searched once for each of a few literals that between them stand in every line of interest; only the lines
around a hit are looked at again. One line at a time costs four times as much.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from mmap import mmap
    from typing import TypeAlias

    Log: TypeAlias = "str | bytes | bytearray | memoryview | mmap | Iterable[str] | Iterable[bytes]"

BLOCK = 1024 * 1024
LONGEST_LINE = 256 * 1024
LONGEST_RECORD = 64 * 1024
MOST_LINES = 200  # of one klog block (err=< … >)
MOST_HEADLESS = 20  # lines without a head that belong to the error before them

NEEDLES = (b"mage", b"ailed", b" pull", b" host=")
JSON_NEEDLES = (*NEEDLES, b"next host", b'"MESSAGE":[')
LINE_NEEDLES = (
    b"PullImage", b"ull image", b"ImagePull", b"ulling image", b"ulled image", b"next host", b"etch failed", b"mage pull",
    b"InvalidImageName", b"mageInspect", b"ImageNeverPull", b"sandbox image", b"mage tag", b"images/create", b"pull after",
    b"pull secret", b"pull QPS", b"redential", b"hosts.toml", b"load plugin", b".sock", b"unknown service", b'"MESSAGE":[',
    b"illegal base64", b"load TOML", b"failed to pull", b"pull access", b"`host` tree", b"image err",
    b"unpacking image", b"ImageStatus",
)  # fmt: skip
_BY_PART = tuple(
    (part, tuple(n for n in LINE_NEEDLES if part in n and not any(p in n for p in earlier)))
    for part, earlier in ((b"ull", ()), (b"mage", (b"ull",)), (b"", (b"ull", b"mage")))
)  # a line without "ull" need not be searched for the needles that have it


def may_tell(line: bytes) -> bool:
    """Whether a line can be about a pull at all."""
    return _told(line) if any(n in line for n in JSON_NEEDLES) else False


def _told(line: bytes) -> bool:
    if line[:1] == b"I" and b"mage" not in line and b"pull" not in line:
        return False  # what klog calls information is about a pull only where it names one
    for part, needles in _BY_PART:
        if part in line:
            for needle in needles:
                if needle in line:
                    return True
    return False


def records(log: Log) -> Iterator[str]:
    """The lines that can be about a pull, in order, each with the lines that continue it (joined by newlines)."""
    carry = b""
    for piece in blocks(log):
        block = carry + piece if carry else piece
        carry = b""
        for start, end in _hits(block):
            if end >= len(block) - 1 and len(block) - start < LONGEST_RECORD and len(piece) >= BLOCK:
                carry = block[start:]  # it may go on in the next block
                break
            yield _text(block[start:end])
    if carry:
        yield _text(carry)


def blocks(log: Log) -> Iterator[bytes]:
    """A log as blocks of whole lines, about BLOCK bytes each. A line beyond LONGEST_LINE is cut."""
    if isinstance(log, str):
        log = log.encode("utf-8", "surrogatepass")
    if isinstance(log, (bytes, bytearray, memoryview)) or hasattr(log, "rfind"):
        yield from _cut(log)  # type: ignore[arg-type]  # an mmap has no type of its own at run time
        return
    waiting: list[bytes] = []
    size = 0
    for line in log:  # what has no rfind is iterated
        data = line.encode("utf-8", "surrogatepass") if isinstance(line, str) else bytes(line)
        if not data.endswith(b"\n"):
            data += b"\n"
        waiting.append(data if len(data) <= BLOCK else data[:LONGEST_LINE] + b"\n")
        size += len(data)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _cut(data: bytes | bytearray | memoryview | mmap) -> Iterator[bytes]:
    at, total = 0, len(data)
    while at < total:
        block = bytes(data[at : at + BLOCK])
        if at + BLOCK < total:
            last = block.rfind(b"\n")
            if last >= 0:
                block = block[: last + 1]
            else:
                at = _after_line(data, at + BLOCK, total)
                yield block[:LONGEST_LINE] + b"\n"
                continue
        at += len(block)
        yield block


def _after_line(data: bytes | bytearray | memoryview | mmap, at: int, total: int) -> int:
    """The start of the first line after `at`: the rest of a line that is too long is passed over."""
    while at < total:
        found = bytes(data[at : at + BLOCK]).find(b"\n")
        if found >= 0:
            return at + found + 1
        at += BLOCK
    return total


def _hits(block: bytes) -> Iterator[tuple[int, int]]:
    """Where the records of interest begin and end, in order."""
    lines: dict[int, int] = {}
    find, rfind = block.find, block.rfind
    for needle in JSON_NEEDLES if block[:1] == b"{" else NEEDLES:
        at = find(needle)
        while at >= 0:
            start = rfind(b"\n", 0, at) + 1
            end = find(b"\n", at)
            if end < 0:
                end = len(block)
            lines[start] = end
            at = find(needle, end)
    done = 0
    for start in sorted(lines):
        if start < done:
            continue
        if _told(block[start : lines[start]]):
            first, done = _whole(block, start, lines[start])
            yield first, done


# ---------------------------------------------------------------- lines that belong together

_PREFIX = re.compile(rb'[^"\[\]{}=\n]{0,100}\[\d{1,10}\]: ?|\d{4}-\d\d-\d\dT\S{8,24} std(?:out|err) [FP] ')
_HEAD = re.compile(
    rb'\s*(?:[IWEF]\d{4} \d\d:|"?(?:time|level|ts|msg)"?=|\{|(?:TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[|'
    rb"\w+\.? {1,2}\d{1,2} \d\d:|\d{4}[-/]\d\d|\[|\d\d:\d\d:\d\d|==>|--|[*$#>] |\S+@\S+[:~]|<\d)"
)
_KLOG_ERROR = re.compile(rb"[EWF]\d{4} \d\d:\d\d:\d\d\.\d{1,9} +\d{1,10} [\w.-]{1,80}:\d{1,6}\] ")
_INSIDE = re.compile(rb"\t|        | >(?:\s|$)")


def body(line: bytes) -> bytes:
    """The line without journald's or the CRI log file's prefix."""
    found = _PREFIX.match(line)
    return line[found.end() :] if found else line


def opens_block(line: bytes) -> bool:
    """Whether klog goes on with an indented block of a value's lines."""
    return line.rstrip(b"\r").endswith(b"=<")


def closes_block(line: bytes) -> bool:
    """Whether this line ends klog's block."""
    return body(line).startswith(b" >")


def inside_block(line: bytes) -> bool:
    """Whether this may be a line of klog's block."""
    return bool(_INSIDE.match(body(line)))


def headless(line: bytes) -> bool:
    """Whether a line has text but no head of its own: it continues the one before."""
    rest = body(line)
    return bool(rest.strip()) and not _HEAD.match(rest)


def may_continue(line: bytes) -> bool:
    """Whether lines without a head that follow belong to this one: klog prints an error's newlines as they are."""
    rest = body(line)
    head = _KLOG_ERROR.match(rest)
    return bool(head) and rest[head.end() : head.end() + 1] != b'"'  # type: ignore[union-attr]  # head is true here


def _whole(block: bytes, start: int, end: int) -> tuple[int, int]:
    """The record that the line at block[start:end] is part of."""
    line = block[start:end]
    if not line.startswith((b"E", b"{", b"time=")) and inside_block(line):
        start, end = _back(block, start, end)
        line = block[start:end]
    if opens_block(line):
        for _ in range(MOST_LINES):
            if end >= len(block):
                break
            begin, end = end + 1, _line_end(block, end + 1)
            if closes_block(block[begin:end]):
                break
        return start, end
    if may_continue(line):
        for _ in range(MOST_HEADLESS):
            stop = _line_end(block, end + 1)
            if end + 1 >= len(block) or not headless(block[end + 1 : stop]):
                break
            end = stop
    return start, end


def _back(block: bytes, start: int, end: int) -> tuple[int, int]:
    """The line that opened klog's block, or the same line where none did."""
    at = start
    for _ in range(MOST_LINES):
        if at == 0:
            break
        stop, at = at - 1, block.rfind(b"\n", 0, at - 1) + 1
        line = block[at:stop]
        if opens_block(line):
            return at, stop
        if not inside_block(line):
            break
    return start, end


def _line_end(block: bytes, at: int) -> int:
    found = block.find(b"\n", at)
    return len(block) if found < 0 else found


def join(lines: list[bytes]) -> str:
    """The lines of one record as a text: what carries the later ones is left out."""
    return "\n".join((line if not i else body(line)).decode("utf-8", "replace").rstrip("\r") for i, line in enumerate(lines))


def _text(record: bytes) -> str:
    if b"\n" not in record:
        return record[:LONGEST_LINE].decode("utf-8", "replace")
    return join(record[:LONGEST_RECORD].rstrip(b"\n").split(b"\n"))
