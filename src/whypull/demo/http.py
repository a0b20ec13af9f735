"""Just enough of HTTP/1.1 to be a registry, a token service and a proxy that misbehave on purpose."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    App = Callable[["Asked"], "Answer"]

LONGEST_HEAD = 64 * 1024
PHRASES = {
    200: "OK", 206: "Partial Content", 301: "Moved Permanently", 307: "Temporary Redirect", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 407: "Proxy Authentication Required",
    412: "Precondition Failed", 429: "Too Many Requests", 451: "Unavailable For Legal Reasons", 500: "Internal Server Error",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def basic(self) -> tuple[str, str]:
        """User and password of a Basic header (Authorization or Proxy-Authorization); empty where there is none."""
        for name in ("authorization", "proxy-authorization"):
            kind, _, value = self.headers.get(name, "").partition(" ")
            if kind.lower() == "basic":
                user, _, password = base64.b64decode(value).decode("utf-8", "replace").partition(":")
                return user, password
        return "", ""

    @property
    def bearer(self) -> str:
        """The bearer token; empty where there is none."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        return value if kind.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; `raw` is sent as it is instead."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = "application/json"
    phrase: str = ""
    raw: bytes = b""


def server(app: App) -> Callable[[socket.socket], None]:
    """A connection's handler: one request, one answer, closed."""

    def serve(connection: socket.socket) -> None:
        asked = read(connection)
        if asked is None:
            with contextlib.suppress(OSError):
                connection.sendall(written(Answer(400, kind="text/plain")))
        else:
            with contextlib.suppress(OSError):
                connection.sendall(written(app(asked), head_only=asked.method == "HEAD"))

    return serve


def read(connection: socket.socket) -> Asked | None:
    """The request's head; None for a connection that ends or says something else first."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < LONGEST_HEAD:
        more = connection.recv(4096)
        if not more:
            return None
        data += more
        if not data[:1].isalpha():
            return None
    lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3:
        return None
    pairs = (line.partition(":") for line in lines[1:])
    return Asked(words[0], words[1], {name.strip().lower(): value.strip() for name, _, value in pairs})


def written(answer: Answer, *, head_only: bool = False) -> bytes:
    """The bytes of a response."""
    if answer.raw:
        return answer.raw
    phrase = answer.phrase or PHRASES.get(answer.status, "Status")
    lines = [f"HTTP/1.1 {answer.status} {phrase}", f"Content-Type: {answer.kind}", f"Content-Length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1", "replace")
    return head if head_only else head + answer.body
