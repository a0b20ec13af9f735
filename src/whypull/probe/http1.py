"""One HTTP/1.1 exchange over a socket, with h11: bounded, nothing retried, nothing followed.

An HTTP client would retry, redirect and hide what a proxy or registry said; those are the evidence.
"""

from __future__ import annotations

import time

import h11

from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

MOST_HEADER_BYTES = 64 * 1024
MOST_HEADERS = 200
CHUNK = 16 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, or the words of why there is none."""

    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    cut: bool = False
    whole: bool = False  # the body came to its end
    problem: str = ""  # what broke the protocol, in words
    date: str = ""


def exchange(
    sock: socket.socket, method: str, target: str, headers: Sequence[tuple[str, str]], *, limit: int, deadline: float
) -> Answer:
    """Sends one request and reads its answer, at most `limit` bytes of body, until `deadline` (monotonic seconds).

    Raises TimeoutError and OSError as the socket does; a protocol that is broken is an Answer with a problem.
    """
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEADER_BYTES)
    try:
        request = connection.send(h11.Request(method=method, target=target, headers=list(headers)))
        sock.sendall((request or b"") + (connection.send(h11.EndOfMessage()) or b""))
        return _read(connection, sock, limit, deadline, connect=method == "CONNECT")
    except (h11.LocalProtocolError, UnicodeError) as e:
        return Answer(problem=f"the request cannot be written: {e}")


def _read(connection: h11.Connection, sock: socket.socket, limit: int, deadline: float, *, connect: bool) -> Answer:
    response: h11.Response | None = None
    body = bytearray()
    try:
        response = _head(connection, sock, deadline)
        if response is None or len(response.headers) > MOST_HEADERS:
            return _answer(response, b"", problem=f"{len(response.headers)} header fields" if response else "EOF")
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


def _head(connection: h11.Connection, sock: socket.socket, deadline: float) -> h11.Response | None:
    """The response's head; None where the other side closed without a byte."""
    received = 0
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            sock.settimeout(_left(deadline))
            data = sock.recv(CHUNK)
            received += len(data)
            if not data and not received:
                return None
            connection.receive_data(data)
        elif isinstance(event, h11.Response):
            return event


def _body(connection: h11.Connection, sock: socket.socket, body: bytearray, limit: int, deadline: float) -> bool:
    """Fills `body` up to `limit` bytes; whether it came to its end."""
    while len(body) < limit:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            sock.settimeout(_left(deadline))
            connection.receive_data(sock.recv(CHUNK))
        elif isinstance(event, h11.Data):
            body += event.data[: limit - len(body)]
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed) or event is h11.PAUSED:
            return True
    event = connection.next_event()
    return isinstance(event, h11.EndOfMessage)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline of this step has passed")
    return left


def _words(connection: h11.Connection, error: h11.RemoteProtocolError) -> str:
    """What came instead of HTTP: its first bytes say more than the parser's complaint."""
    first = bytes(connection.trailing_data[0][:40])
    return f"malformed HTTP response {first!r}" if first else f"malformed HTTP response: {error}"


def _answer(response: h11.Response | None, body: bytes, *, cut: bool = False, whole: bool = False, problem: str = "") -> Answer:
    if response is None:
        return Answer(problem=problem or "EOF")
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
