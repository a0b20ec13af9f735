"""Archives (tar, zip, gzip, and those within one another) → their members as sources, unpacked nowhere but in memory.

Limits hold against archives made to exhaust a machine: bytes unpacked, their ratio to the bytes read, members, depth.
"""

from __future__ import annotations

from whypull.read.encodings import looks_binary
from whypull.read.sources import HEAD, Source, Stopped, Unreadable, printable, remark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO
    from zipfile import ZipFile

MAX_UNPACKED = 4 << 30  # bytes, over all members and layers of one archive
MAX_RATIO = 300
RATIO_FROM = 64 << 20  # a small file may repeat itself as it likes
MAX_MEMBERS = 50_000
MAX_DEPTH = 3  # .gz of .tar in .zip
MAX_HEADER = 1 << 20  # of one tar member
MAX_ZIP = 256 << 20  # a zip must be held as a whole where it comes through a pipe or lies in another archive
MAX_ZIP_LISTING = 32 << 20

_UNREAD = (
    (b"\xfd7zXZ\0", "xz"), (b"BZh", "bzip2"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "rar"), (b"\x04\x22\x4d\x18", "lz4"),
)  # fmt: skip


class Flow:
    """A stream that can be looked into before it is read."""

    def __init__(self, read: Callable[[int], bytes], file: BinaryIO | None = None) -> None:
        self._read = read
        self._ahead = b""
        self.file = file  # where the stream is a file from its start: zip needs to seek
        self.count = 0  # bytes taken from below

    def peek(self, size: int) -> bytes:
        """The next bytes, at least `size` of them unless the stream ends."""
        while len(self._ahead) < size:
            data = self._read(HEAD)
            if not data:
                break
            self.count += len(data)
            self._ahead += data
        return self._ahead

    def read(self, size: int = HEAD) -> bytes:
        """At most `size` bytes; none at the end."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        data = self._read(size)
        self.count += len(data)
        return data


class Budget:
    """What one archive may still cost."""

    def __init__(self, name: str) -> None:
        self.name = printable(name)
        self.unpacked = 0
        self.members = 0
        self.over = False

    def spend(self, size: int, packed: int) -> None:
        """Counts unpacked bytes, and the packed ones that a layer has read so far. Raises Stopped."""
        self.unpacked += size
        if self.unpacked > MAX_UNPACKED:
            self.stop(f"{self.name} unpacks to more than {MAX_UNPACKED >> 30} GB: the rest was not read")
        if self.unpacked > RATIO_FROM and self.unpacked > MAX_RATIO * max(packed, 1):
            self.stop(f"{self.name} unpacks to more than {MAX_RATIO} times its size: the rest was not read")

    def enter(self) -> None:
        """Counts a member. Raises Stopped."""
        self.members += 1
        if self.members > MAX_MEMBERS:
            self.stop(f"{self.name} has more than {MAX_MEMBERS:,} members: the rest was not read")

    def stop(self, sentence: str) -> None:
        """Ends the reading of the whole archive. Raises Stopped."""
        self.over = True
        raise Stopped(sentence)


def archive_kind(head: bytes) -> str:
    """ "gzip", "zip", "tar", the name of a kind that is not read ("xz", …), or empty."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head[257:262] == b"ustar":
        return "tar"
    return next((kind for magic, kind in _UNREAD if head.startswith(magic)), "")


def members(name: str, flow: Flow, kind: str) -> Iterator[Source]:
    """What an archive holds. Raises Unreadable where it is broken from the start or of a kind that is not read."""
    found = False
    try:
        for source in _unfold(name, flow, kind, Budget(name), 0):
            found = found or not source.notes
            yield source
    except Stopped as stop:
        if not found:
            raise Unreadable(str(stop)) from None
        yield remark(name, str(stop))


def _unfold(name: str, flow: Flow, kind: str, budget: Budget, depth: int) -> Iterator[Source]:
    if kind == "gzip":
        opened = _gzip(name, flow, budget)
        yield from _member(name.removesuffix(".gz"), opened, budget, depth + 1)
    elif kind == "tar":
        yield from _tar(name, flow, budget, depth)
    elif kind == "zip":
        yield from _zip(name, flow, budget, depth)
    else:
        raise Stopped(f"{printable(name)} is packed with {kind}, which is not read: unpack it and name the folder")


def _member(name: str, flow: Flow, budget: Budget, depth: int) -> Iterator[Source]:
    """One member: an archive again, a text, or something that is left alone."""
    try:
        head = flow.peek(512)
        kind = archive_kind(head)
        if kind and depth < MAX_DEPTH:
            yield from _unfold(name, flow, kind, budget, depth)
        elif depth == 1 and not kind and looks_binary(flow.peek(4096)):
            raise Stopped(f"{printable(name)} is neither text nor an archive that can be read")  # noqa: TRY301
        elif not kind and not looks_binary(flow.peek(4096)):
            yield _text(name, flow)
    except Stopped as stop:
        if budget.over or depth == 1:
            raise
        yield remark(name, str(stop))


def _text(name: str, flow: Flow) -> Source:
    from whypull.read.folders import hint  # noqa: PLC0415 - folders uses archives for what it finds

    return Source(name, flow.read, hint(name))


def _gzip(name: str, flow: Flow, budget: Budget) -> Flow:
    import gzip  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    unpacked = gzip.GzipFile(fileobj=flow, mode="rb")  # type: ignore[call-overload]  # needs no more than read()
    produced = 0

    def read(size: int) -> bytes:
        nonlocal produced
        try:
            data: bytes = unpacked.read1(size)
        except (OSError, EOFError, zlib.error):
            what = f"is broken after {produced} bytes" if produced else "is no whole gzip file"
            raise Stopped(f"{printable(name)} {what}: the rest could not be read") from None
        produced += len(data)
        budget.spend(len(data), flow.count)
        return data

    return Flow(read)


class _Fuel:
    """Lets tarfile read no more than one header's worth beyond a member: its headers are held in memory whole."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self.position = 0
        self.limit = MAX_HEADER

    def read(self, size: int) -> bytes:
        if self.position > self.limit:
            return b""
        data = self._flow.read(size)
        self.position += len(data)
        return data


def _tar(name: str, flow: Flow, budget: Budget, depth: int) -> Iterator[Source]:
    import tarfile  # noqa: PLC0415

    fuel = _Fuel(flow)
    broken = Stopped(f"{printable(name)} is broken or was cut: the rest of it could not be read")
    failures = (tarfile.TarError, OSError, EOFError, ValueError, OverflowError, KeyError)
    try:
        tar = tarfile.open(fileobj=fuel, mode="r|", errorlevel=0)  # type: ignore[call-overload]  # noqa: SIM115 - needs no more than read()
    except failures:
        raise broken from None
    while True:
        try:
            member = tar.next()
            tar.members = []  # else it keeps each of them
            if member is None:
                return
            if member.issparse():
                raise Stopped(f"{printable(name)} holds sparse files, which are not read: unpack it and name the folder")
            stream = tar.extractfile(member) if member.isreg() else None
        except failures:
            raise broken from None
        budget.enter()
        budget.spend(0, flow.count)
        fuel.limit = member.offset_data + member.size + MAX_HEADER
        if stream is not None and wanted(member.name):
            yield from _member(f"{name}: {member.name}", Flow(_guarded(stream.read, broken, failures)), budget, depth + 1)
        if budget.over:
            return


def _guarded(read: Callable[[int], bytes], broken: Stopped, failures: tuple[type[Exception], ...]) -> Callable[[int], bytes]:
    def guarded(size: int) -> bytes:
        try:
            return read(size)
        except failures:
            raise broken from None

    return guarded


def _zip(name: str, flow: Flow, budget: Budget, depth: int) -> Iterator[Source]:
    import zipfile  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    failures = (
        zipfile.BadZipFile, OSError, EOFError, ValueError, OverflowError, NotImplementedError, RuntimeError, zlib.error,
    )  # fmt: skip
    file = _seekable(name, flow)
    broken = Stopped(f"{printable(name)} is no whole zip archive")
    try:
        _check_listing(name, file)
        archive = zipfile.ZipFile(file)
    except failures:
        raise broken from None
    for info in archive.infolist():
        budget.enter()
        if info.is_dir() or not wanted(info.filename):
            continue
        shown = f"{name}: {info.filename}"
        if info.flag_bits & 1:
            yield remark(shown, f"{printable(shown)} is encrypted and was not read")
            continue
        read = _zip_read(archive, info.filename, failures, printable(shown), budget, max(info.compress_size, 1))
        yield from _member(shown, Flow(read), budget, depth + 1)
        if budget.over:
            return


def _zip_read(
    archive: ZipFile,
    member: str,
    failures: tuple[type[Exception], ...],
    shown: str,
    budget: Budget,
    packed: int,
) -> Callable[[int], bytes]:
    """Reads one member, opened at the first byte that is asked for."""
    opened: list[Callable[[int], bytes]] = []
    own = Budget(shown)

    def read(size: int) -> bytes:
        try:
            if not opened:
                opened.append(archive.open(member).read)
            data = opened[0](size)
        except failures:
            raise Stopped(f"{shown} is broken and could not be read") from None
        budget.spend(len(data), MAX_UNPACKED)
        own.spend(len(data), packed)
        return data

    return read


def _seekable(name: str, flow: Flow) -> BinaryIO:
    """The zip archive as something that can seek: its file, else all of it in memory. Raises Stopped."""
    if flow.file is not None and flow.file.seekable():
        return flow.file
    import io  # noqa: PLC0415

    held = io.BytesIO()
    while data := flow.read():
        held.write(data)
        if held.tell() > MAX_ZIP:
            raise Stopped(f"{printable(name)} is too large to be read through a pipe: save it and name the file")
    return held


def _check_listing(name: str, file: BinaryIO) -> None:
    """Refuses a listing that would fill the memory before a single member is read. Raises Stopped or OSError."""
    size = file.seek(0, 2)
    start = file.seek(max(0, size - 65_557))
    tail = file.read(size - start)
    end = tail.rfind(b"PK\5\6")
    listing = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if listing > MAX_ZIP_LISTING or (end >= 20 and tail[end - 20 : end - 16] == b"PK\6\7"):
        raise Stopped(f"{printable(name)} has too many members to be read: unpack it and name the folder")
    file.seek(0)


def wanted(path: str) -> bool:
    """Whether a member is worth reading, by its name."""
    from whypull.read.folders import worth_reading  # noqa: PLC0415

    return worth_reading(path)
