"""One HTTP/1.1 exchange over a socket, with h11: bounded, nothing retried, nothing followed.

An HTTP client would retry, redirect and hide what a proxy or registry said; those are the evidence.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import h11

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
    except h11.LocalProtocolError as e:
        return Answer(problem=f"the request cannot be written: {e}")


def _read(connection: h11.Connection, sock: socket.socket, limit: int, deadline: float, *, connect: bool) -> Answer:
    response: h11.Response | None = None
    body = bytearray()
    received = 0
    try:
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                sock.settimeout(_left(deadline))
                data = sock.recv(CHUNK)
                received += len(data)
                if not data and not received:
                    return Answer(problem="EOF")
                connection.receive_data(data)
            elif isinstance(event, h11.Response):
                response = event
                if len(event.headers) > MOST_HEADERS:
                    return _answer(response, b"", problem=f"{len(event.headers)} header fields")
                if connect and 200 <= event.status_code < 300:
                    return _answer(response, b"")
            elif isinstance(event, h11.Data):
                body += event.data[: limit - len(body)]
                if len(body) >= limit:
                    return _answer(response, bytes(body), cut=True)
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed) or event is h11.PAUSED:
                return _answer(response, bytes(body), whole=True)
    except h11.RemoteProtocolError as e:
        if response is not None:
            return _answer(response, bytes(body), problem=str(e))
        return Answer(problem=_words(connection, e))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline of this step has passed")
    return left


def _words(connection: h11.Connection, error: h11.RemoteProtocolError) -> str:
    """What came instead of HTTP: its first bytes say more than the parser's complaint."""
    first = bytes(connection.trailing_data[0][:40])
    return f"malformed HTTP response {first!r}" if first else f"malformed HTTP response: {error}"


def _answer(
    response: h11.Response | None, body: bytes, *, cut: bool = False, whole: bool = False, problem: str = ""
) -> Answer:
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
