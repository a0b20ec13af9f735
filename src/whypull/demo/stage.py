"""One fault set up for real: servers on loopback, names, a CA, and the target that a walk is pointed at.

The names lead to documentation addresses (RFC 5737, RFC 3849) on the usual ports, and `road` leads those to loopback:
so a registry is at 203.0.113.7:443, a dead address is dead, and nothing ever leaves this machine.
"""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass, field

from whypull.demo import listener
from whypull.demo.authority import Authority
from whypull.demo.http import server
from whypull.demo.listener import Listener
from whypull.demo.names import Names
from whypull.demo.registry import PASSWORD, REPOSITORY, TAG, USER, Registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any, Self

    from whypull.demo.http import App
    from whypull.demo.listener import Serve

HOST, TOKEN_HOST, STORAGE_HOST, PROXY_HOST, MIRROR_HOST, CA_HOST = (
    "registry.shop.test", "auth.shop.test", "storage.shop.test", "proxy.shop.test", "mirror.shop.test", "ca.shop.test",
)  # fmt: skip
HUB, HUB_TOKEN = "registry-1.docker.io", "auth.docker.io"
ADDRESSES = {
    HOST: "203.0.113.7", TOKEN_HOST: "203.0.113.8", STORAGE_HOST: "203.0.113.9", MIRROR_HOST: "203.0.113.20",
    CA_HOST: "203.0.113.21", HUB: "203.0.113.30", HUB_TOKEN: "203.0.113.31", PROXY_HOST: "203.0.113.128",
}  # fmt: skip
OTHER, SIX = "203.0.113.77", "2001:db8::7"
PROXY_PORT = 3128
LOOPBACK = "127.0.0.1"
NOWHERE = ("255.255.255.255", 9)  # the kernel answers a TCP connection to a broadcast address with ENETUNREACH, and sends nothing


@dataclass(slots=True)
class Stage:
    """The servers of one fault while it lasts. Use as a context manager; `image` is what to pull."""

    image: str = ""
    user: str = USER
    password: str = PASSWORD
    with_credentials: bool = False
    secret: tuple[str, dict[str, bytes]] = ("", {})  # a pull secret's type and data, as the API holds it
    https_proxy: str = ""
    no_proxy: str = ""
    known_proxy: str = ""
    certs_d: dict[str, str] = field(default_factory=dict)  # containerd's config_path: path → text
    registries_conf: dict[str, str] = field(default_factory=dict)  # CRI-O's: path → text
    runtime: str = ""
    platform: str = "linux/amd64"
    depth: str = "layers"
    insecure: bool = False
    realms: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    ca_file: str = ""
    nameservers: list[str] = field(default_factory=list)
    registry: Registry = field(default_factory=Registry)
    authority: Authority | None = None
    names: dict[str, str | bytes | tuple[str, ...]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)  # a name's port on loopback
    roads: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    closed: int = 0  # a port on which nothing listens
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __enter__(self) -> Self:
        """Makes the folder and the CA."""
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="whypull-demo-"))
        self.authority = Authority(folder)
        self.ca_file = self.authority.root_file
        self.names = {name: (address,) for name, address in ADDRESSES.items()}
        self.closed = listener.refused_port()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stops every server and removes the folder."""
        self._stack.__exit__(kind, error, trace)

    def ca(self) -> Authority:
        """The stage's own CA."""
        assert self.authority is not None
        return self.authority

    def road(self, address: str, port: int) -> tuple[str, int]:
        """Where an address and port of the stage really are: a server on loopback, or a port on which nothing listens."""
        return self.roads.get((address, port), (LOOPBACK, self.closed))

    def lead(self, name: str, local: int, port: int = 443, address: str = "") -> None:
        """Leads a name's address to a port of loopback, on its usual port and on that number itself."""
        self.ports[name] = local
        for outside in (port, local):
            self.roads[address or ADDRESSES[name], outside] = (LOOPBACK, local)

    def listen(self, name: str, serve: Serve, context: ssl.SSLContext | None = None, port: int = 443, address: str = "") -> int:
        """Starts a server under a name and returns its port of loopback."""
        started = self._stack.enter_context(Listener(serve, context))
        self.lead(name, started.port, port, address)
        return started.port

    def https(self, name: str, app: App, context: ssl.SSLContext | None = None, address: str = "") -> int:
        """Starts an HTTPS server whose certificate is right, unless a context says otherwise."""
        made = context or self.ca().context(self.ca().server([name]))
        return self.listen(name, server(app), made, address=address)

    def drop(self, name: str, address: str = "", port: int = 443) -> None:
        """Lets connections to a name's address get no answer."""
        silent = self._stack.enter_context(listener.Full())
        self.roads[address or ADDRESSES[name], port] = (LOOPBACK, silent.port)

    def cut_off(self, address: str, port: int = 443) -> None:
        """Lets an address have no route."""
        self.roads[address, port] = NOWHERE

    def serve_registry(self, context: ssl.SSLContext | None = None, **faults: Any) -> Registry:
        """Starts the registry with its faults, and names the image after it."""
        self.registry = Registry(**faults)
        self.https(HOST, self.registry, context)
        self.name_image()
        return self.registry

    def name_image(self, repository: str = REPOSITORY, tag: str = TAG) -> None:
        """The image that is pulled from the stage's registry."""
        self.image = f"{HOST}/{repository}:{tag}"

    def resolve(self, changes: Mapping[str, str | bytes | tuple[str, ...]] | None = None) -> None:
        """Starts a nameserver with the stage's names and changes to them."""
        names = self._stack.enter_context(Names({**self.names, **(changes or {})}))
        self.nameservers.append(names.address)
