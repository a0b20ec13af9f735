"""HTTP/1.1 over a connection that stays, as an API server speaks it: requests written, answers read into memory of the caller.

The standard library's client would do; the e-mail parser that it reads headers with is 13 ms of every start. What RFC 9112 has
and API servers and their proxies never send (folded headers, several lengths) is refused, not guessed.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence
    from io import BufferedReader

LONGEST_LINE = 64 * 1024
MOST_HEADERS = 200
BUFFER = 64 * 1024


class BrokenAnswer(Exception):
    """What came is no HTTP, or it ended too early."""


class Unwritable(BrokenAnswer):
    """What was to be sent is nothing that HTTP can carry; asking again is of no use."""


class Exchange:
    """One connection; its socket is handed in, with TLS and timeout. One request at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._file: BufferedReader = sock.makefile("rb")

    def close(self) -> None:
        """Closes the connection."""
        self._file.close()
        self.sock.close()

    def ask(self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes | None = None) -> Response:
        """Sends a request and reads the answer's head. Raises OSError, BrokenAnswer."""
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "", ""])
        if not head.isascii() or head.count("\n") != len(lines) + 1 or head.count("\r") != len(lines) + 1:
            raise Unwritable("a credential or name has a character that no HTTP header may have")
        self.sock.sendall(head.encode("ascii") + (body or b""))
        while True:
            status, reason = self._status()
            fields = self._headers()
            if status != 100:  # "go on": the answer itself follows
                return Response(self._file, status, reason, fields)

    def _status(self) -> tuple[int, str]:
        line = self._file.readline(LONGEST_LINE)
        if not line:
            raise ConnectionResetError("the connection was closed without an answer")
        version, _, rest = line.decode("latin-1").partition(" ")
        code, _, reason = rest.strip().partition(" ")
        if version not in {"HTTP/1.1", "HTTP/1.0"} or len(code) != 3 or not (code.isascii() and code.isdigit()):
            raise BrokenAnswer("what answers does not speak HTTP")
        return int(code), reason

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for _ in range(MOST_HEADERS):
            line = self._file.readline(LONGEST_LINE)
            if line in {b"\r\n", b"\n"}:
                return found
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or not line.endswith(b"\n") or name != name.strip():
                raise BrokenAnswer("the answer's headers cannot be read")
            name = name.lower()
            if name == "content-length" and found.get(name, value.strip()) != value.strip():
                raise BrokenAnswer("the answer has two lengths")
            found[name] = value.strip()
        raise BrokenAnswer("the answer has too many headers")


class Response:
    """An answer: its head, and its body as it comes. Header names are in lower case."""

    def __init__(self, file: BufferedReader, status: int, reason: str, headers: Mapping[str, str]) -> None:
        self.status, self.reason, self.headers = status, reason, headers
        self.length: int | None = None  # bytes that are still to come; None where nobody has said
        self.will_close = "close" in headers.get("connection", "").lower()
        self._file = file
        self._in_chunks = "chunked" in headers.get("transfer-encoding", "").lower()
        self._left = 0  # of the chunk that is being read
        self._held = b""  # read of a line that has not ended
        if status in {204, 304} or status < 200:
            self.length, self._in_chunks = 0, False
        elif not self._in_chunks:
            self.length = _number(headers["content-length"], 10) if "content-length" in headers else None
            self.will_close = self.will_close or self.length is None
        self._ended = self.length == 0

    @property
    def ended(self) -> bool:
        """Whether the body was read to its end."""
        return self._ended

    def readinto(self, memory: memoryview) -> int:
        """Fills the memory as far as the body goes; how much came, 0 at its end. Raises OSError, BrokenAnswer."""
        got = 0
        while got < len(memory) and not self._ended:
            got += self._some(memory[got:])
        return got

    def readline(self, limit: int) -> bytes:
        """The body's next line, as soon as it is there; empty at its end. Raises OSError, BrokenAnswer."""
        parts, piece = [self._held], memoryview(bytearray(BUFFER))
        while b"\n" not in parts[-1] and not self._ended and sum(map(len, parts)) < limit:
            # Of a chunk no more than it has: what a server has not sent yet must not be waited for.
            most = self._chunk() if self._in_chunks else 0
            parts.append(bytes(piece[: self._some(piece[:most])]) if most else self._line_of_file(limit))
        line, newline, self._held = b"".join(parts).partition(b"\n")
        return line + newline

    def _line_of_file(self, limit: int) -> bytes:
        """A line of a body without chunks."""
        if self._in_chunks or self._ended:
            return b""
        line = self._file.readline(limit if self.length is None else min(limit, self.length))
        self._came(len(line))
        return line

    def _some(self, memory: memoryview) -> int:
        """What comes next of the body, at most a chunk."""
        if self._in_chunks:
            left = self._chunk()
            if not left:
                return 0
            got = self._read(memory[:left])
            if not got:
                raise BrokenAnswer("the answer ended too early")
            self._left -= got
            if not self._left and self._file.readline(LONGEST_LINE) not in {b"\r\n", b"\n"}:
                raise BrokenAnswer("the answer's chunks cannot be read")
            return got
        got = self._read(memory if self.length is None else memory[: self.length])
        self._came(got)
        return got

    def _came(self, got: int) -> None:
        if self.length is not None:
            if not got:
                raise BrokenAnswer(f"the answer ended too early: {self.length} bytes of it are missing")
            self.length -= got
        self._ended = not got or self.length == 0

    def _read(self, memory: memoryview) -> int:
        return self._file.readinto(memory)

    def _chunk(self) -> int:
        """How much is left of this chunk, else how large the next one is; 0 after the last."""
        if not self._left and not self._ended:
            size, _, _ = self._file.readline(LONGEST_LINE).partition(b";")
            self._left = _number(size.strip().decode("latin-1"), 16)
            if not self._left:
                while self._file.readline(LONGEST_LINE) not in {b"\r\n", b"\n", b""}:
                    pass  # trailers
                self._ended = True
        return self._left


def _number(text: str, base: int) -> int:
    digits = "0123456789abcdef"[:base]
    if not text or len(text) > 15 or text.lower().strip(digits):
        raise BrokenAnswer("the answer does not say how long it is")
    return int(text, base)
