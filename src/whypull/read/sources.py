"""Arguments and standard input → named streams of bytes: files, folders, archives, pipes. Nothing is written anywhere."""

from __future__ import annotations

import os
import stat

from whypull.read.encodings import as_utf8, looks_binary, to_text
from whypull.redact import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO, Self

__all__ = ["Source", "Unreadable", "looks_binary", "open_sources", "to_text"]

BLOCK = 1 << 20
HEAD = 64 * 1024
PIPE = 64 * 1024
MAX_SOURCE = 4 << 30  # bytes read of one stream
MAX_WHOLE = 64 << 20  # bytes held of one stream at a time
MAX_LINE = 1 << 20
MAX_NAME = 300


class Unreadable(ValueError):
    """What was named cannot be read; the message is one sentence for the user."""


class Stopped(Exception):
    """A stream ended before its end; the message says why. What came before it counts."""


class Source:
    """One named stream of bytes, in UTF-8 if it was text at all. It is read once, before the next one is asked for.

    `source[:n]` looks ahead at most 64 KiB; then either `bytes(source)`, `within`, `blocks` or `texts`.
    `notes` says afterwards what was left out, one sentence each.
    """

    def __init__(self, name: str, read: Callable[[int], bytes] | None = None, hint: str = "") -> None:
        self.name = printable(name)
        self.hint = hint  # objects, log, container log, or empty
        self.notes: list[str] = []
        self._read = read
        self._ahead = b""
        self._started = read is None
        self._ended = read is None
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the stream and of what is held of it."""
        self._read, self._ahead, self._started, self._ended = None, b"", True, True

    def __getitem__(self, part: slice) -> bytes:
        """The first `part.stop` bytes, at most 64 KiB, without consuming them. Raises Unreadable."""
        stop = HEAD if part.stop is None else min(part.stop, HEAD)
        self._fill(stop)
        return bytes(self._ahead[part.start : stop : part.step])

    def __bytes__(self) -> bytes:
        """All of it, at most 64 MiB; a note says what was cut. May be asked for again. Raises Unreadable."""
        self._fill(MAX_WHOLE + 1)
        if len(self._ahead) > MAX_WHOLE:
            self._ahead = self._ahead[:MAX_WHOLE]
            self._end(f"of {self.name} only the first {MAX_WHOLE >> 20} MB were read")
        return self._ahead

    def within(self, limit: int) -> bytes | None:
        """All of it where it has at most `limit` bytes, else None; nothing is consumed. Raises Unreadable."""
        self._fill(limit + 1)
        return self._ahead if len(self._ahead) <= limit else None

    def blocks(self) -> Iterator[bytes]:
        """All of it in pieces, of about 1 MiB but for the first. Consumes it. Raises Unreadable."""
        self._fill(1)
        if self._ahead:
            first, self._ahead = self._ahead, b""
            yield first
        while not self._ended:
            block = self._next()
            if block:
                yield block

    def texts(self) -> Iterator[str]:
        """All of it as text in pieces of whole lines; of a line over 1 MiB the rest is dropped, with a note."""
        rest, skipping = b"", False
        for block in self.blocks():
            if skipping:
                _, newline, block = block.partition(b"\n")  # noqa: PLW2901 - the rest of the line is gone for good
                skipping = not newline
                if skipping:
                    continue
            rest += block
            end = rest.rfind(b"\n") + 1
            if end:
                yield to_text(rest[:end])
                rest = rest[end:]
            if len(rest) > MAX_LINE:
                yield to_text(rest[:MAX_LINE]) + "\n"
                rest, skipping = b"", True
                self._note(f"of a line of {self.name} only the first {MAX_LINE >> 20} MB were read")
        if rest:
            yield to_text(rest)

    def _fill(self, size: int) -> None:
        """Reads ahead until `size` bytes are held or the stream ends."""
        if len(self._ahead) >= size or self._ended:
            return
        held = [self._ahead]
        count = len(self._ahead)
        while count < size and not self._ended:
            held.append(self._next())
            count += len(held[-1])
        self._ahead = b"".join(held)

    def _next(self) -> bytes:
        try:
            data = self._read(BLOCK) if self._read else b""
            if not self._started and self._read:
                self._started = True
                data, self._read = as_utf8(data + self._more(4 - len(data)), self._read)
        except Stopped as stop:
            if stop.args[0]:
                self._note(stop.args[0])
            data = b""
        except OSError as error:
            if not self._seen:
                raise Unreadable(f"{self.name} cannot be read: {error.strerror or error}") from None
            self._note(f"{self.name} could not be read to its end: {error.strerror or error}")
            data = b""
        self._seen += len(data)
        if self._seen > MAX_SOURCE:
            self._note(f"of {self.name} only the first {MAX_SOURCE >> 30} GB were read")
            data = b""
        self._ended = not data
        return data

    def _more(self, missing: int) -> bytes:
        """A pipe may give a single byte first: a mark has up to four."""
        data = b""
        while self._read and len(data) < missing:
            more = self._read(BLOCK)
            if not more:
                break
            data += more
        return data

    def _end(self, sentence: str) -> None:
        self._note(sentence)
        self._ended, self._read = True, None

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


def remark(name: str, sentence: str) -> Source:
    """A source without bytes that only says something."""
    source = Source(name)
    source.notes.append(sentence)
    return source


def printable(name: str) -> str:
    """A name for a terminal: what cannot be printed becomes "?", its length is bounded, and a credential is no name."""
    name = redacted(name[: 16 * MAX_NAME])
    name = name.encode("utf-8", "replace").decode("utf-8")
    shown = name if name.isprintable() else "".join(c if c.isprintable() else "?" for c in name)
    return shown if len(shown) <= MAX_NAME else shown[: MAX_NAME - 1] + "…"


def open_sources(args: Sequence[str], stdin: BinaryIO | None) -> Iterator[Source]:
    """The streams of what was named (files, folders, archives, "-"), or of standard input where nothing was.

    Each is to be read before the next is asked for. Raises Unreadable: at once for what does not exist or may not be
    read, later for what turns out to be broken.
    """
    named = list(dict.fromkeys(args)) or ["-"]
    kinds = [_kind(name, stdin) for name in named]
    return _opened(named, kinds, stdin)


def _kind(name: str, stdin: BinaryIO | None) -> str:
    """Whether it is a folder, a file, or standard input. Raises Unreadable."""
    shown = printable(name)
    if name in {"-", "/dev/stdin"}:
        if stdin is None or stdin.closed:
            raise Unreadable("there is nothing to read: no file is named, and standard input is closed")
        return "stdin"
    try:
        mode = os.stat(name).st_mode
    except (ValueError, FileNotFoundError):
        raise Unreadable(f"there is no file or folder {shown}") from None
    except OSError as error:
        raise Unreadable(f"{shown} cannot be read: {error.strerror}") from None
    if stat.S_ISDIR(mode):
        wanted, kind = os.R_OK | os.X_OK, "folder"
    elif stat.S_ISREG(mode) or stat.S_ISFIFO(mode):
        wanted, kind = os.R_OK, "file"
    else:
        raise Unreadable(f"{shown} is a {'socket' if stat.S_ISSOCK(mode) else 'device'}, not a file")
    if not os.access(name, wanted):
        raise Unreadable(f"you have no right to read the {kind} {shown}")
    return kind


def _opened(named: list[str], kinds: list[str], stdin: BinaryIO | None) -> Iterator[Source]:
    for name, kind in zip(named, kinds, strict=True):
        if kind == "folder":
            from whypull.read.folders import folder  # noqa: PLC0415 - a pasted text needs neither of them

            yield from folder(name)
        elif kind == "stdin" and stdin is not None:
            yield from _stream("standard input", _piped(getattr(stdin, "read1", stdin.read)))
        else:
            try:
                file = open(name, "rb", buffering=0)  # noqa: SIM115 - closed by who reads it
            except OSError as error:
                raise Unreadable(f"{printable(name)} cannot be read: {error.strerror}") from None
            with file:
                yield from _stream(name, file.read, file)


def _piped(read1: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """Reads what has come, not only what fills a block: at most what a pipe holds, for more is only allocated in vain."""
    return lambda size: read1(min(size, PIPE))


def _stream(name: str, read: Callable[[int], bytes], file: BinaryIO | None = None) -> Iterator[Source]:
    """One stream as named: an archive's members, or the stream itself."""
    from whypull.read.archives import Flow, archive_kind, members  # noqa: PLC0415 - only its light part is used here

    flow = Flow(read, file)
    try:
        head = flow.peek(HEAD)
    except OSError as error:
        raise Unreadable(f"{printable(name)} cannot be read: {error.strerror or error}") from None
    kind = archive_kind(head)
    if kind:
        yield from members(name, flow, kind)
        return
    if looks_binary(head):
        raise Unreadable(f"{printable(name)} is neither text nor an archive that can be read")
    yield Source(name, flow.read)
