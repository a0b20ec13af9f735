"""An answer that is not plain, judged by h11: chunks, no length, broken heads, interim answers, tunnels."""

from __future__ import annotations

import h11

from whypull.probe.http1 import CHUNK, MOST_HEADER_BYTES, MOST_HEADERS, Answer, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence


def judged(
    sock: socket.socket, seen: bytes, method: str, target: str, headers: Sequence[tuple[str, str]], limit: int, deadline: float
) -> Answer:
    """The answer to a request that was sent already, of which `seen` has come (empty: nothing but its end).

    Raises TimeoutError and OSError as the socket does.
    """
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEADER_BYTES)
    try:
        connection.send(h11.Request(method=method, target=target, headers=list(headers)))
        connection.send(h11.EndOfMessage())
    except (h11.LocalProtocolError, UnicodeError) as e:
        return Answer(problem=f"the request cannot be written: {e}")
    connection.receive_data(seen)
    return _read(connection, sock, limit, deadline, connect=method == "CONNECT")


def _read(connection: h11.Connection, sock: socket.socket, limit: int, deadline: float, *, connect: bool) -> Answer:
    response: h11.Response | None = None
    body = bytearray()
    try:
        response = _head(connection, sock, deadline)
        if len(response.headers) > MOST_HEADERS:
            return _answer(response, b"", problem=f"{len(response.headers)} header fields")
        tunnel = connect and 200 <= response.status_code < 300
        whole = tunnel or _body(connection, sock, body, limit, deadline)
        return _answer(response, bytes(body), cut=not whole, whole=whole)
    except h11.RemoteProtocolError as e:
        return _answer(response, bytes(body), problem=str(e)) if response else Answer(problem=_words(connection, e))
    except OSError as e:
        if response is None:
            raise
        words = "i/o timeout" if isinstance(e, TimeoutError) else (e.strerror or str(e)).lower()
        return _answer(response, bytes(body), problem=f"{words} after {len(body)} bytes of the body")


def _head(connection: h11.Connection, sock: socket.socket, deadline: float) -> h11.Response:
    """The response's head."""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            sock.settimeout(left(deadline))
            connection.receive_data(sock.recv(CHUNK))
        elif isinstance(event, h11.Response):
            return event


def _body(connection: h11.Connection, sock: socket.socket, body: bytearray, limit: int, deadline: float) -> bool:
    """Fills `body` up to `limit` bytes; whether it came to its end."""
    while len(body) < limit:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            sock.settimeout(left(deadline))
            connection.receive_data(sock.recv(CHUNK))
        elif isinstance(event, h11.Data):
            room = limit - len(body)
            body += event.data[:room]
            if len(event.data) > room:
                return False
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed) or event is h11.PAUSED:
            return True
    event = connection.next_event()
    return isinstance(event, h11.EndOfMessage)


def _words(connection: h11.Connection, error: h11.RemoteProtocolError) -> str:
    """What came instead of HTTP: its first bytes say more than the parser's complaint."""
    first = bytes(connection.trailing_data[0][:40])
    return f"malformed HTTP response {first!r}" if first else f"malformed HTTP response: {error}"


def _answer(response: h11.Response, body: bytes, *, cut: bool = False, whole: bool = False, problem: str = "") -> Answer:
    headers = tuple((n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in response.headers)
    return Answer(
        status=response.status_code,
        reason=response.reason.decode("latin-1")[:200],
        headers=headers,
        body=body,
        cut=cut,
        whole=whole,
        problem=problem,
        date=next((v for n, v in headers if n == "date"), ""),
    )
