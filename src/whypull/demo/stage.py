"""One fault set up for real: servers on loopback, names, a CA, and the target that a walk is pointed at."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass, field

from whypull.demo.authority import Authority
from whypull.demo.http import server
from whypull.demo.listener import Listener
from whypull.demo.names import Names
from whypull.demo.registry import PASSWORD, REPOSITORY, TAG, USER, Registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from whypull.demo.listener import Serve

HOST, TOKEN_HOST, STORAGE_HOST, PROXY_HOST = (
    "registry.shop.test", "auth.shop.test", "storage.shop.test", "proxy.shop.test",
)  # fmt: skip
LOOPBACK = ("127.0.0.1",)


@dataclass(slots=True)
class Stage:
    """The servers of one fault while it lasts. Use as a context manager; `image` is what to pull."""

    image: str = ""
    user: str = USER
    password: str = PASSWORD
    with_credentials: bool = False
    https_proxy: str = ""
    platform: str = "linux/amd64"
    depth: str = "layers"
    ca_file: str = ""
    nameserver: str = ""
    registry: Registry = field(default_factory=Registry)
    authority: Authority | None = None
    names: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __enter__(self) -> Stage:
        """Makes the folder and the CA."""
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="whypull-demo-"))
        self.authority = Authority(folder)
        self.ca_file = self.authority.root_file
        self.names = {HOST: LOOPBACK, TOKEN_HOST: LOOPBACK, STORAGE_HOST: LOOPBACK, PROXY_HOST: LOOPBACK}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stops every server and removes the folder."""
        self._stack.__exit__(kind, error, trace)

    def ca(self) -> Authority:
        """The stage's own CA."""
        assert self.authority is not None
        return self.authority

    def listen(self, name: str, serve: Serve, context: ssl.SSLContext | None = None) -> int:
        """Starts a server under a name and returns its port."""
        listener = self._stack.enter_context(Listener(serve, context))
        self.ports[name] = listener.port
        return listener.port

    def https(self, name: str, app: Callable[..., object], context: ssl.SSLContext | None = None) -> int:
        """Starts an HTTPS server whose certificate is right, unless a context says otherwise."""
        made = context or self.ca().context(self.ca().server([name]))
        return self.listen(name, server(app), made)  # type: ignore[arg-type] - an app answers with an Answer

    def serve_registry(self, context: ssl.SSLContext | None = None, **faults: object) -> Registry:
        """Starts the registry with its faults, and names the image after it."""
        self.registry = Registry(**faults)  # type: ignore[arg-type] - the faults are the registry's own fields
        self.https(HOST, self.registry, context)
        self.name_image()
        return self.registry

    def name_image(self, repository: str = REPOSITORY, tag: str = TAG) -> None:
        """The image that is pulled from the stage's registry."""
        self.image = f"{HOST}:{self.ports[HOST]}/{repository}:{tag}"

    def resolve(self, changes: Mapping[str, str | tuple[str, ...]] | None = None) -> None:
        """Starts the nameserver, last of all."""
        names = self._stack.enter_context(Names({**self.names, **(changes or {})}))
        self.nameserver = names.address
