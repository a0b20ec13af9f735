"""The only module that talks to the Kubernetes API: one connection, requests, pages of lists, watches.

The API's own rules: https://kubernetes.io/docs/reference/using-api/api-concepts/ (chunks, 410, watch bookmarks).
"""

from __future__ import annotations

import json
import os
import socket
import time
import zlib
from urllib.parse import quote, urlencode, urlsplit

from whypull import __version__
from whypull.read.api_answer import ApiError, Memory, failure_of, following
from whypull.read.api_http import BrokenAnswer, Exchange, Unwritable
from whypull.read.credential_plugin import credential
from whypull.read.kubeconfig import BadKubeconfig

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping
    from types import TracebackType
    from typing import Any, Self
    from urllib.parse import SplitResult

    from whypull.read.api_http import Response
    from whypull.read.kubeconfig import Access

__all__ = ["ApiError", "Cluster", "Unreachable"]

PAGE = 500  # objects a page: the server's memory, not ours, is what smaller pages spare
TIMEOUT = 30.0  # seconds of silence on one connection
PATIENCE = 60.0  # seconds that one request may wait in all for a server that says "later"
ATTEMPTS = 4
LARGEST = 512 * 1024 * 1024  # bytes of one answer
LATER = frozenset({429, 500, 502, 503, 504})


class Unreachable(Exception):
    """The API server gave no answer; the message says how it failed and at which address."""


class Cluster:
    """One connection to one API server. Not for several threads; `again()` makes another of the same access."""

    def __init__(self, access: Access, timeout: float = TIMEOUT) -> None:
        self.access = access
        self.timeout = timeout
        self.bytes = 0  # received, as they came over the wire
        self.calls = 0
        self._url = urlsplit(access.server)
        self._token = ""
        self._certificate: tuple[bytes, bytes] = (access.certificate, access.key)
        self._context: ssl.SSLContext | None = None
        self._connection: Exchange | None = None
        self._memory = Memory()

    def again(self) -> Cluster:
        """Another connection that shares what the first one has learnt of credentials and trust."""
        other = Cluster(self.access, self.timeout)
        other._token, other._certificate, other._context = self._token, self._certificate, self._context
        return other

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Closes the connection."""
        self.close()

    def close(self) -> None:
        """Closes the connection; the next request opens one again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # ------------------------------------------------------------ what is asked

    def get(self, path: str, query: Mapping[str, str] | None = None, accept: str = "application/json") -> bytes:
        """One answer's body. Raises ApiError, Unreachable, BadKubeconfig."""
        return self.send("GET", path, query=query, accept=accept)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> bytes:
        """Sends one request; waits and asks again where the server says so. Raises ApiError, Unreachable, BadKubeconfig."""
        return bytes(self._answer(method, path, body, query or {}, content_type, accept))

    def _answer(
        self, method: str, path: str, body: object, query: Mapping[str, str], content_type: str, accept: str
    ) -> bytes | memoryview:
        """An answer's body, in memory that the next answer may overwrite."""
        target = _target(self._url.path, path, query)
        payload = None if body is None else json.dumps(body).encode()
        headers = {"Accept": accept, "Accept-Encoding": "gzip", **({"Content-Type": content_type} if payload else {})}
        until = time.monotonic() + PATIENCE
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            try:
                response = self._ask(method, target, payload, headers)
                content = self._whole(response)
            except (OSError, BrokenAnswer) as e:
                self.close()
                # Only a question may be asked twice: a change may have been made although its answer was lost.
                if last or method != "GET" or not _passing(e):
                    raise self._unreachable(e) from e
                time.sleep(min(0.2 * 2**attempt, 2))
                continue
            if response.status < 400:
                return content
            if response.status == 401 and attempt == 0 and self._renewed():
                continue
            wait = _seconds(response, attempt)
            again = response.status in LATER and not last and (method == "GET" or response.status == 429)
            if again and time.monotonic() + wait < until:
                time.sleep(wait)
                continue
            raise failure_of(response, bytes(content))
        raise AssertionError("unreachable")

    def pages(
        self, path: str, query: Mapping[str, str] | None = None, limit: int = PAGE, accept: str = "application/json"
    ) -> Iterator[bytes]:
        """A list's pages, each a whole answer. After a 410 it goes on with the token that the server offers, or starts anew.

        Raises ApiError, Unreachable, BadKubeconfig.
        """
        for page in self.passing_pages(path, query, limit, accept):
            yield bytes(page)

    def passing_pages(
        self, path: str, query: Mapping[str, str] | None = None, limit: int = PAGE, accept: str = "application/json"
    ) -> Iterator[bytes | memoryview]:
        """As pages, each in memory that the next one overwrites: what is kept of a page must be copied while it is there."""
        asked = dict(query or {})
        token, restarts = "", 0
        while True:
            more = {"limit": str(limit), **({"continue": token} if token else {})}
            try:
                page = self._answer("GET", path, None, {**asked, **more}, "", accept)
            except ApiError as e:
                if e.status != 410 or restarts >= 3:
                    raise
                restarts += 1
                token = e.following
                continue
            token = following(page)
            yield page
            if not token:
                return

    def watch(self, path: str, query: Mapping[str, str], seconds: int) -> Iterator[bytes]:
        """Lines of a watch, each one JSON event, until it ends by itself. Raises ApiError, Unreachable."""
        asked = {**query, "watch": "1", "timeoutSeconds": str(seconds), "allowWatchBookmarks": "true"}
        target = _target(self._url.path, path, asked)
        try:
            response = self._ask("GET", target, None, {"Accept": "application/json"})
            if response.status >= 400:
                raise failure_of(response, bytes(self._whole(response)))
            while line := response.readline(LARGEST):
                self.bytes += len(line)
                yield line
        except (OSError, BrokenAnswer) as e:
            raise self._unreachable(e) from e
        finally:
            self.close()  # an unfinished answer must not be taken for the next one's

    # ------------------------------------------------------------ how it is asked

    def _ask(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> Response:
        connection = self._connected()
        url = self._url
        sent = [("Host", url.netloc.rpartition("@")[2]), ("User-Agent", f"whypull/{__version__}"), *headers.items()]
        sent += self.access.impersonate
        authorization = self._authorization()
        if authorization:
            sent.append(("Authorization", authorization))
        if url.scheme == "http" and (proxy := self._proxy()):
            target = f"http://{url.netloc.rpartition('@')[2]}{target}"
            sent += _proxy_login(proxy.username, proxy.password).items()
        self.calls += 1
        return connection.ask(method, target, sent, body)

    def _whole(self, response: Response) -> bytes | memoryview:
        content = self._memory.received(response, LARGEST)
        self.bytes += len(content)
        if response.will_close or not response.ended:
            self.close()
        if response.headers.get("content-encoding", "") != "gzip":
            return content
        opened = zlib.decompressobj(wbits=31)
        try:
            return opened.decompress(content, LARGEST)
        except zlib.error as e:
            raise BrokenAnswer(f"its answer cannot be unpacked ({e})") from e

    def _authorization(self) -> str:
        access = self.access
        if access.plugin is not None and not self._token and not self._certificate[0]:
            self._log_in()
        token = self._token or access.token
        if access.token_file:
            # Read anew for each request: a projected token is rotated under the running process.
            try:
                with open(access.token_file, encoding="utf-8") as file:
                    token = file.read().strip()
            except OSError as e:
                raise BadKubeconfig(
                    f"the token file {access.token_file} cannot be read: {(e.strerror or str(e)).lower()}."
                ) from e
        if token:
            return f"Bearer {token}"
        if access.user:
            from base64 import b64encode  # noqa: PLC0415

            return "Basic " + b64encode(f"{access.user}:{access.password}".encode()).decode()
        return ""

    def _log_in(self) -> None:
        assert self.access.plugin is not None
        got = credential(self.access.plugin)
        self._token = got.token
        if got.certificate:
            self._certificate = (got.certificate, got.key)
            self._context = None
            self.close()

    def _renewed(self) -> bool:
        """After a 401: asks the plugin once more. False where there is nothing to renew."""
        if self.access.plugin is None:
            return bool(self.access.token_file)
        self._token = ""
        self._log_in()
        return True

    def _connected(self) -> Exchange:
        if self._connection is not None:
            return self._connection
        if self.access.plugin is not None and not self._token and not self._certificate[0]:
            self._log_in()  # before the connection: the plugin may bring its client certificate
        host, secure = self._url.hostname or "", self._url.scheme == "https"
        port = self._url.port or (443 if secure else 80)
        proxy = self._proxy()
        at = (proxy.hostname or "", proxy.port or (443 if proxy.scheme == "https" else 80)) if proxy else (host, port)
        sock = socket.create_connection((_encoded(at[0]), at[1]), timeout=self.timeout)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if proxy and secure:
                _tunnel(sock, host, port, _proxy_login(proxy.username, proxy.password))
            if secure:
                # The certificate is held against another name than the one dialled: tls-server-name, a proxy.
                sock = self._trust().wrap_socket(sock, server_hostname=_encoded(self.access.server_name or host))
        except BaseException:
            sock.close()
            raise
        self._connection = Exchange(sock)
        return self._connection

    def _proxy(self) -> SplitResult | None:
        url = self.access.proxy or _environment_proxy(self._url.scheme, self._url.hostname or "", self._url.port)
        if not url:
            return None
        found = urlsplit(url if "://" in url else f"http://{url}")
        if found.scheme not in {"http", "https"}:
            raise BadKubeconfig(f"the cluster's proxy is a {found.scheme} proxy; whypull can use http ones. kubectl can do both.")
        return found

    def _trust(self) -> ssl.SSLContext:
        """One context for all connections: what the kubeconfig says of CA, client certificate and verification."""
        if self._context is not None:
            return self._context
        import ssl  # noqa: PLC0415 - 6 ms that a server without TLS need not cost

        access = self.access
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)  # cluster CAs of old kubeadm would fail it
            if access.insecure:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            elif access.ca_data:
                context.load_verify_locations(cadata=access.ca_data.decode("ascii", "replace"))
            elif access.ca_file:
                context.load_verify_locations(cafile=access.ca_file)
            else:
                context.load_default_certs()
            if self._certificate[0]:
                _load_pair(context, *self._certificate)
        except (OSError, ValueError) as e:
            raise BadKubeconfig(f"the CA or client certificate of context {access.context!r} cannot be used: {e}.") from e
        self._context = context
        return context

    def _unreachable(self, error: Exception) -> Unreachable:
        server = self._url.netloc.rpartition("@")[2]
        if distrusted := getattr(error, "verify_message", ""):
            return Unreachable(
                f"the API server {server} shows a certificate that the kubeconfig's CA does not cover: {distrusted}"
            )
        words = (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
        return Unreachable(f"the API server {server} cannot be asked: {words}")


def _encoded(host: str) -> Any:
    """A name as bytes: as a text it would be taken for an international one, and the tables for those read."""
    return host.encode() if host.isascii() else host


def _tunnel(sock: socket.socket, host: str, port: int, login: Mapping[str, str]) -> None:
    """Has a proxy open the way. Raises OSError with its words."""
    name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    answer = Exchange(sock).ask("CONNECT", name, [("Host", name), *login.items()])
    if answer.status != 200:
        raise OSError(f"tunnel connection failed: {answer.status} {answer.reason}")


def _load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Loads a client pair. OpenSSL takes files only: one that only its owner may read, and that is gone at once."""
    import tempfile  # noqa: PLC0415 - rarely needed

    descriptor, path = tempfile.mkstemp(prefix="whypull-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(certificate + b"\n" + key)
        context.load_cert_chain(path)
    finally:
        os.unlink(path)


def _environment_proxy(scheme: str, host: str, port: int | None) -> str:
    """The proxy of HTTPS_PROXY and NO_PROXY, as kubectl (Go) reads them."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return ""
    from whypull.probe.proxy_rules import of_environment, proxy_for  # noqa: PLC0415

    settings = of_environment(os.environ)
    return proxy_for(scheme, host, port or (443 if scheme == "https" else 80), settings)


def _proxy_login(user: str | None, password: str | None) -> dict[str, str]:
    if not user:
        return {}
    from base64 import b64encode  # noqa: PLC0415
    from urllib.parse import unquote  # noqa: PLC0415

    pair = f"{unquote(user)}:{unquote(password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(pair.encode()).decode()}


def _target(base: str, path: str, query: Mapping[str, str] | None) -> str:
    asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
    return base.rstrip("/") + path + asked


def _passing(error: Exception) -> bool:
    """Whether a failure may be gone a moment later: a broken connection, but no name, certificate or refusal."""
    broken = isinstance(error, BrokenAnswer | ConnectionResetError | BrokenPipeError) or type(error).__name__ == "SSLEOFError"
    return broken and not isinstance(error, Unwritable)


def _seconds(response: Response, attempt: int) -> float:
    """How long the server asks to wait; else a little longer each time."""
    value = response.headers.get("retry-after", "")
    return min(float(value), PATIENCE) if value.isdigit() else 0.3 * 2**attempt
