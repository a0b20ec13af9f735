"""A TCP server on loopback, a thread a connection, that can also misbehave below HTTP."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Any, Self

    Serve = Callable[[socket.socket], None]

LONGEST = 60.0  # seconds that a connection of the demo may live


class Listener:
    """Accepts on 127.0.0.1 and hands each connection to `serve`. Use as a context manager."""

    def __init__(self, serve: Serve, context: ssl.SSLContext | None = None) -> None:
        self._serve = serve
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        """Starts to accept."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the port and what is still open."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.close()
        self._thread.join(2)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            connection.settimeout(LONGEST)
            if self._context is not None:
                with self._context.wrap_socket(connection, server_side=True) as secure:
                    self._serve(secure)
            else:
                self._serve(connection)
        self._open.discard(connection)


def reset(connection: socket.socket) -> None:
    """Closes with RST instead of FIN, after the first bytes came."""
    with contextlib.suppress(OSError):
        connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hang_up(connection: socket.socket) -> None:
    """Closes without a word, after the first bytes came."""
    with contextlib.suppress(OSError):
        connection.recv(4096)


def silent(connection: socket.socket) -> None:
    """Reads and never answers."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end and connection.recv(4096):
        pass


class Full:
    """A port whose queue is full: the kernel drops every further SYN, as a firewall does. Use as a context manager."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(0)
        self.port: int = self._socket.getsockname()[1]
        self._queued: list[socket.socket] = []

    def __enter__(self) -> Self:
        """Fills the queue."""
        for _ in range(16):
            one = socket.socket()
            one.settimeout(0.05)
            self._queued.append(one)
            try:
                one.connect(("127.0.0.1", self.port))
            except OSError:
                return self  # the queue is full: this SYN was dropped already
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it all."""
        for one in (*self._queued, self._socket):
            one.close()


def black_hole(context: ssl.SSLContext, serve: Serve, *, after_handshake: bool = False) -> Serve:
    """Serves who announced small segments only: large ones never arrive, as behind a tunnel that drops what it must split.

    Before the handshake's certificate, or, with `after_handshake`, in the body of a blob.
    """

    def handle(connection: socket.socket) -> None:
        small = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) < 1000
        if not small and not after_handshake:
            silent(connection)
            return
        with context.wrap_socket(connection, server_side=True) as secure:
            way: Any = secure if small else _Half(secure)
            serve(way)

    return handle


def by_name(context: ssl.SSLContext, name: str, serve: Serve) -> Serve:
    """Cuts off whoever says a name in the handshake (SNI), as a filter on the way does."""

    def handle(connection: socket.socket) -> None:
        if name.encode() in connection.recv(4096, socket.MSG_PEEK):
            reset(connection)
            return
        with context.wrap_socket(connection, server_side=True) as secure:
            serve(secure)

    return handle


class _Half:
    """A socket that swallows what is long, but its beginning."""

    def __init__(self, secure: socket.socket) -> None:
        self._secure = secure
        self._blob = False

    def recv(self, size: int) -> bytes:
        data = self._secure.recv(size)
        self._blob = self._blob or b"/blobs/" in data
        return data

    def sendall(self, data: bytes) -> None:
        if not self._blob:
            self._secure.sendall(data)
            return
        head, _, body = data.partition(b"\r\n\r\n")
        self._secure.sendall(head + b"\r\n\r\n" + body[:40])
        silent(self._secure)


def banner(words: bytes) -> Serve:
    """Speaks first, in another protocol."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(words)
        hang_up(connection)

    return serve


def refused_port() -> int:
    """A port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
