"""A CONNECT proxy on loopback: open, with a password, or refusing."""

from __future__ import annotations

import contextlib
import socket
import threading

from whypull.demo.http import Answer, read, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def proxy(
    routes: Mapping[str, int], *, account: tuple[str, str] = ("", ""), refuse: Answer | None = None
) -> Callable[[socket.socket], None]:
    """A connection's handler. `routes` maps host:port to a port of loopback; `account` is asked for; `refuse` answers all."""

    def serve(connection: socket.socket) -> None:
        asked = read(connection)
        if asked is None:
            return
        if account[0] and asked.basic != account:
            wants = (("Proxy-Authenticate", 'Basic realm="shop proxy"'),)
            connection.sendall(written(Answer(407, b"a password, please", wants, kind="text/plain")))
        elif refuse is not None:
            connection.sendall(written(refuse))
        elif asked.method != "CONNECT" or asked.target not in routes:  # a name that this proxy cannot resolve
            connection.sendall(written(Answer(503, b"cannot reach it", kind="text/plain")))
        else:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", routes[asked.target]), timeout=10) as far:
                _join(connection, far)

    return serve


def _join(near: socket.socket, far: socket.socket) -> None:
    other = threading.Thread(target=_copy, args=(far, near), daemon=True)
    other.start()
    _copy(near, far)
    other.join(10)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(16384):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
