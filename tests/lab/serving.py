"""The servers of the world: the project's own faulty registry at addresses of its own, with certificates good and broken.

Everything runs in threads of the lab's process; only the sockets are made inside the world's network namespace.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
import ssl
import threading
import time

from lab import images, network
from lab.doors import Door
from lab.doors import refusal as error
from whypull.demo import listener
from whypull.demo.authority import Authority
from whypull.demo.http import Answer, Asked, read, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.images import Image

    App = Callable[["Visitor"], Answer]

REPOSITORY, TAG = "shop/api", "1.4.2"
BELOW_HTTP = {"reset": listener.reset, "hang up": listener.hang_up, "silent": listener.silent}


@dataclasses.dataclass(frozen=True)
class Visitor:
    """A request, and the address that it comes from."""

    asked: Asked
    address: str


class At(listener.Listener):
    """A server of the demo at an address of the world instead of loopback."""

    def __init__(self, serve: object, context: ssl.SSLContext | None, address: str, port: int) -> None:
        with network.inside(network.WORLD):
            super().__init__(serve, context)  # type: ignore[arg-type]
            self._socket.close()
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            self._socket = socket.create_server((address, port), family=family, backlog=64)
        self.port = port


def http(app: App) -> Callable[[socket.socket], None]:
    """A connection's handler: requests one after the other until the client goes."""

    def serve(connection: socket.socket) -> None:
        asked = read(connection)
        with contextlib.suppress(OSError):
            if asked is None:
                connection.sendall(written(Answer(400, b"Client sent an HTTP request to an HTTPS server.\n", kind="text/plain")))
                return
            answer = app(Visitor(asked, connection.getpeername()[0]))
            whole = written(answer, head_only=asked.method == "HEAD")
            if answer.phrase not in {"stall", "cut"}:
                connection.sendall(whole)
                _drain(connection)
                return
            connection.sendall(whole[: -len(answer.body) // 2])
            if answer.phrase == "stall":
                time.sleep(listener.LONGEST)

    return serve


def parent(address_of: Callable[[str], str]) -> Callable[[socket.socket], None]:
    """A proxy's parent: it connects to where a name leads in the lab."""

    def serve(connection: socket.socket) -> None:
        asked = read(connection)
        if asked is None or asked.method != "CONNECT":
            return
        host, _, port = asked.target.rpartition(":")
        with network.inside(network.WORLD):
            far = socket.create_connection((address_of(host), int(port)), timeout=10)
        with far:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(far, connection), daemon=True)
            back.start()
            _copy(connection, far)
            back.join(10)

    return serve


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(16384):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _drain(connection: socket.socket) -> None:
    """Reads what else the client sends: a connection closed before that would end in a reset, and the answer with it."""
    connection.settimeout(2)
    while connection.recv(16384):
        pass


@dataclasses.dataclass
class LabRegistry:
    """A registry with one image that a runtime can really unpack, and a switch for each fault."""

    kind: str = "good"
    auth: str = ""
    realm: str = ""
    everything: Answer | None = None
    ping: Answer | None = None
    manifest: Answer | None = None  # by tag
    by_digest: Answer | None = None
    blob: Answer | None = None
    redirect_blobs: str = ""
    redirect_manifests: str = ""
    allowed: frozenset[str] | None = None  # addresses that may ask at all
    refusal: Answer | None = None  # what the others get
    refuse_head: bool = False
    repository: str = REPOSITORY
    tag: str = TAG
    seen: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)
    image: Image = dataclasses.field(default_factory=images.Image)

    def __post_init__(self) -> None:
        self.image = images.image(self.kind)
        self.door = Door(self.auth, self.realm, self.repository)

    def __call__(self, visitor: Visitor) -> Answer:
        """The answer to one request."""
        asked = visitor.asked
        self.seen.append((asked.method, asked.path, visitor.address))
        if self.allowed is not None and visitor.address not in self.allowed:
            return self.refusal or error(403, "DENIED", f"client with IP '{visitor.address}' is not allowed access")
        if self.everything is not None:
            return self.everything
        if self.refuse_head and asked.method == "HEAD":
            return Answer(403, b"", kind="text/html")
        at_door = asked.path in {"/v2/", "/v2"}
        refused = self.door.refuses(asked)
        if at_door:
            return self.ping or refused or Answer(200, b"{}", (("Docker-Distribution-Api-Version", "registry/2.0"),))
        return refused or self._content(asked)

    def _content(self, asked: Asked) -> Answer:
        parts = asked.path.removeprefix("/v2/").rsplit("/", 2)
        if len(parts) != 3 or parts[0] != self.repository:
            return error(404, "NAME_UNKNOWN", "repository name not known to registry")
        if parts[1:] == ["tags", "list"]:
            return Answer(200, json.dumps({"name": self.repository, "tags": [self.tag]}).encode())
        return self._manifest(asked, parts[2]) if parts[1] == "manifests" else self._blob(asked, parts[2])

    def _manifest(self, asked: Asked, name: str) -> Answer:
        by_tag = not name.startswith("sha256:")
        wrong = self.manifest if by_tag else self.by_digest
        if wrong is not None:
            return wrong
        if self.redirect_manifests:
            return Answer(307, b"", (("Location", f"{self.redirect_manifests}{asked.path}"),))
        key = self.image.top if name == self.tag else name
        if key not in self.image.store:
            return error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        kind, data = self.image.store[key]
        return Answer(200, data, (("Docker-Content-Digest", key),), kind=kind)

    def _blob(self, asked: Asked, name: str) -> Answer:
        if self.redirect_blobs:
            return Answer(307, b"", (("Location", f"{self.redirect_blobs}{asked.path}?X-Signature=not-a-secret"),))
        if self.blob is None:
            return self.stored(asked, name)
        if self.blob.phrase in {"stall", "cut"}:  # the right bytes, and too few of them
            return dataclasses.replace(self.stored(asked, name), phrase=self.blob.phrase)
        return self.blob

    def stored(self, asked: Asked, name: str) -> Answer:
        """A blob as storage sends it, or the range of it that was asked for."""
        if name not in self.image.store:
            return error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        data = self.image.store[name][1]
        wanted = asked.headers.get("range", "").removeprefix("bytes=").partition("-")
        if wanted[0].isdigit():
            first, last = int(wanted[0]), int(wanted[2] or len(data) - 1)
            span = (("Content-Range", f"bytes {first}-{min(last, len(data) - 1)}/{len(data)}"),)
            return Answer(206, data[first : last + 1], span, kind="application/octet-stream")
        return Answer(200, data, kind="application/octet-stream")


class Certificates:
    """The lab's CA, and the TLS settings that servers have of it, by what is wrong with them; made once for each."""

    def __init__(self, folder: str) -> None:
        self.good = Authority(folder, "shop internal CA")
        self.stranger = Authority(folder, "stranger CA")
        self.another = Authority(folder, "some public CA")  # what a node trusts that was not told of the good one

    def context(self, kind: str, name: str) -> ssl.SSLContext:
        """TLS settings for a server that is called `name` (or has this address)."""
        good = self.good
        if kind == "stranger":
            return self.stranger.context(self.stranger.server([name]))
        if kind == "client":
            return good.context(good.server([name]), client=True)
        if kind == "tls 1.1":
            return good.context(good.server([name]), newest=ssl.TLSVersion.TLSv1_1)
        if kind == "no cipher":
            context = good.context(good.server([name]))
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("ECDHE-ECDSA-CAMELLIA256-SHA384:@SECLEVEL=0")
            return context
        names, options = {
            "good": ([name], {}),
            "expired": ([name], {"days": (-40, -10)}),
            "tomorrow": ([name], {"days": (5, 40)}),
            "other name": (["other.shop.test"], {}),
            "no name": ([name], {"san": False}),
            "no chain": ([name], {"chain": False}),
        }[kind]
        return good.context(good.server(names, **options))
