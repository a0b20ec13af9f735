"""Performs a step with sockets: the only module of the package that opens one outside demo/ and the cluster reader.

Rules: one connection a step; nothing is retried, followed or asked again behind the walk's back; every exception becomes
an outcome with its layer, errno and words; sizes and times are bounded.
"""

from __future__ import annotations

import hashlib
import re
import ssl
import time

from whypull.probe import dial
from whypull.probe.dial import joined, looked_up, of_error
from whypull.probe.vault import Vault
from whypull.records import dataclass, field, replace
from whypull.redact import redacted
from whypull.steps import Connect, Handshake, Outcome, Request, Resolve, Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any

    from whypull.probe.http1 import Answer
    from whypull.probe.trust import Store, Trust
    from whypull.steps import Step

AGENT = "whypull (https://github.com/whypull/whypull)"
BLOCKED = ("169.254.", "fe80:", "fd00:ec2:", "metadata.")  # what metadata services of clouds begin with
STEP_SECONDS = 10.0


@dataclass(slots=True)
class Wire:
    """What a performer knows of its vantage: trust store, client certificate, credentials, and how long it may take."""

    vault: Vault = field(default_factory=Vault)
    nameservers: tuple[str, ...] = ()  # who stands for the system's resolver (address, or address#port); empty: the system
    search: tuple[str, ...] = ()  # search domains, where nameservers stand for the system
    ca_file: str = ""  # added to the system's store
    stores: dict[str, Store] = field(default_factory=dict)  # further trust stores, by the name that steps call them by
    client_certificate: tuple[str, str] = ("", "")
    seconds: float = STEP_SECONDS  # of one step
    deadline: float = 0.0  # of the whole walk, monotonic; 0 for none
    plain_http: bool = False  # the registry itself speaks HTTP, so its token service may too
    proxies: dict[str, str] = field(default_factory=dict, repr=False)  # shown URL → "user:password"
    opener: Callable[[str, int, float], socket.socket | Outcome] | None = None  # connections from elsewhere: a node's shell
    resolver: Callable[[Resolve, float], Outcome] | None = None  # and look-ups
    road: Callable[[str, int], tuple[str, int]] | None = None  # where an address and port really are: the demo's loopback
    instead: dict[type, Callable[[Any, float], Outcome]] = field(default_factory=dict)  # who does a kind of step from elsewhere
    _trust: Trust | None = field(default=None, repr=False)

    def perform(self, step: Step) -> Outcome:
        """What came of one step. Never raises but KeyboardInterrupt."""
        started = time.monotonic()
        acts: dict[type, Callable[[Any, float], Outcome]] = {
            Resolve: self._resolve,
            Connect: self._connect,
            Tunnel: self._tunnel,
            Handshake: self._handshake,
            Request: self._request,
        }
        until = started + self.seconds
        if self.deadline:
            until = min(until, self.deadline)
        if until <= started:
            return Outcome(ok=False, layer="deadline", text="the time for this walk is used up")
        outcome = (self.instead.get(type(step)) or acts[type(step)])(step, until)
        return _stamped(outcome, started)

    def _resolve(self, step: Resolve, until: float) -> Outcome:
        if self.resolver is not None:
            return self.resolver(step, until)
        if step.server or self.nameservers:
            from whypull.probe.dns import ask, ask_as_a_stub  # noqa: PLC0415 - dnspython only where a nameserver is asked by itself

            seconds = max(0.05, min(5.0, until - time.monotonic()))
            return ask(step, seconds) if step.server else ask_as_a_stub(step.host, self.nameservers, self.search, seconds)
        return looked_up(step, until)

    def _connect(self, step: Connect, until: float) -> Outcome:
        if is_blocked(step.address):
            return blocked(step.address)
        opened = self._open(step.address, step.port, until)
        if isinstance(opened, Outcome):
            return opened
        with opened:
            return Outcome(ok=True, peer=joined(step.address, step.port))

    def _open(self, address: str, port: int, until: float, segment: int = 0) -> socket.socket | Outcome:
        if self.opener is not None:
            if segment:
                return Outcome(ok=False, layer="not-here", text="the size of segments cannot be set from there")
            return self.opener(address, port, until)
        return dial.opened(address, port, until, segment, self.road)

    def _tunnel(self, step: Tunnel, until: float) -> Outcome:
        tunnel = self._through(step, step.host, step.port, until, credentials=step.credentials)
        if isinstance(tunnel, Outcome):
            return tunnel
        with tunnel:
            return Outcome(ok=True, peer=step.proxy, status=200)

    @property
    def trust(self) -> Trust:
        """The trust stores, made when first asked for."""
        if self._trust is None:
            from whypull.probe.trust import Trust  # noqa: PLC0415

            self._trust = Trust(self.stores, self.ca_file, self.client_certificate)
        return self._trust

    def _handshake(self, step: Handshake, until: float) -> Outcome:
        from whypull.probe.tls import read_chain, shake  # noqa: PLC0415

        whole = self.trust.is_whole(step.trust) or step.old_protocols
        while True:
            opened = self._way(step, step.host, step.port, until)
            if isinstance(opened, Outcome):
                return opened
            try:
                outcome = shake(opened, step, self.trust.context(step.trust, old=step.old_protocols), until)
            except (OSError, ValueError) as e:
                opened.close()
                return _unusable(step.trust, e)
            if not outcome.verify or whole:
                break
            self.trust.complete(step.trust)
            whole = True
        if not outcome.verify or outcome.chain:
            return outcome
        again = self._way(step, step.host, step.port, until)
        if isinstance(again, Outcome):
            return outcome
        return replace(outcome, chain=read_chain(again, step.server_name or step.host, until))

    def _secured(
        self, way: Callable[[], socket.socket | Outcome], host: str, trust: str, until: float, *, verify: bool = True
    ) -> socket.socket | Outcome:
        """A TLS connection over a way to a host; where the store's cheap part does not know its CA, the whole store is asked."""
        from whypull.probe.tls import wrap  # noqa: PLC0415

        whole = self.trust.is_whole(trust) or not verify
        while True:
            opened = way()
            if isinstance(opened, Outcome):
                return opened
            try:
                secure = wrap(opened, host, self.trust.context(trust, verify=verify), until)
            except (OSError, ValueError) as e:
                opened.close()
                return _unusable(trust, e)
            if whole or not isinstance(secure, Outcome) or not secure.verify:
                return secure
            self.trust.complete(trust)
            whole = True

    def _request(self, step: Request, until: float) -> Outcome:
        parted = parts_of(step)
        if isinstance(parted, Outcome):
            return parted
        scheme, host, port, rest = parted
        if scheme == "http" and step.proxy:
            opened = self._to_proxy(step.proxy, step.proxy_address, until)
            rest = step.url.partition("#")[0]
        elif scheme == "http":
            opened = self._way(step, host, port, until)
        else:
            verify = not step.insecure
            opened = self._secured(lambda: self._way(step, host, port, until), host, step.trust, until, verify=verify)
        if isinstance(opened, Outcome):
            return opened
        with opened:
            return self.exchange_over(opened, step, host, port, rest, until)

    def exchange_over(self, sock: socket.socket, step: Request, host: str, port: int, target: str, until: float) -> Outcome:
        from whypull.probe.http1 import exchange  # noqa: PLC0415

        authority = host if port in {80, 443} else f"{host}:{port}"
        headers = [("Host", authority), ("User-Agent", AGENT), ("Accept-Encoding", "identity"), ("Connection", "close")]
        headers += [("Accept", ", ".join(step.accept))] if step.accept else [("Accept", "*/*")]
        if step.range_end:
            headers.append(("Range", f"bytes=0-{step.range_end}"))
        if step.keeps and (self.plain_http or step.url.lower().startswith("https://")):
            self.vault.trust(step.credentials.partition(":")[2], authority)  # a token service, vetted by the walk
        authorization = self.vault.header(step.credentials, authority) if step.credentials else ""
        if authorization:
            headers.append(("Authorization", authorization))
        try:
            answer = exchange(sock, step.method, target, headers, limit=step.limit, deadline=until)
        except (TimeoutError, OSError) as e:
            return of_error(e, "http", "awaiting headers")
        return self._answered(step, answer)

    def _answered(self, step: Request, answer: Answer) -> Outcome:
        if not answer.status:
            return Outcome(ok=False, layer="protocol" if answer.problem != "EOF" else "http", text=answer.problem)
        text = answer.problem
        first = "" if _is_text(answer.body) else answer.body[:8].hex()
        if step.keeps.startswith("issuer:"):
            self.trust.keep_issuer(step.keeps, _der(answer.body))
            body = ""
        elif step.keeps and answer.status == 200:
            body, text = self.vault.keep_token(step.keeps, answer.body)
        else:
            body = "" if first else answer.body.decode("utf-8", "replace")
        return Outcome(
            ok=True,
            layer="protocol" if answer.problem else "",
            text=text,
            status=answer.status,
            reason=answer.reason,
            headers=safe_headers(answer.headers),
            body=redacted(self.vault.scrub(body)) if not step.accept else self.vault.scrub(body),
            first=first,
            cut=answer.cut,
            size=len(answer.body),
            digest="sha256:" + hashlib.sha256(answer.body).hexdigest() if answer.whole else "",
        )

    # ------------------------------------------------------------ ways to a host

    def _way(self, step: Handshake | Request, host: str, port: int, until: float) -> socket.socket | Outcome:
        if step.proxy:
            return self._through(step, host, port, until, credentials="proxy")
        return self._open(step.address or host.strip("[]"), port, until, step.segment)

    def _to_proxy(self, proxy: str, address: str, until: float) -> socket.socket | Outcome:
        from whypull.probe.proxy_rules import port_of  # noqa: PLC0415

        try:
            host, port = port_of(proxy)
        except ValueError:
            return Outcome(ok=False, layer="proxy", text=f"proxyconnect tcp: {proxy} has no valid port")
        if proxy.lower().startswith("https://"):
            opened = self._secured(lambda: self._open(address or host, port, until), host, "node", until)
        else:
            opened = self._open(address or host, port, until)
        return as_proxy(opened) if isinstance(opened, Outcome) else opened

    def _through(
        self, step: Tunnel | Handshake | Request, host: str, port: int, until: float, *, credentials: str = ""
    ) -> socket.socket | Outcome:
        from base64 import b64encode  # noqa: PLC0415

        from whypull.probe.http1 import exchange  # noqa: PLC0415

        opened = self._to_proxy(step.proxy, step.proxy_address, until)
        if isinstance(opened, Outcome):
            return opened
        authority = f"{host}:{port}"
        headers = [("Host", authority), ("User-Agent", AGENT)]
        pair = self.proxies.get(step.proxy) if credentials else None
        if pair:
            headers.append(("Proxy-Authorization", "Basic " + b64encode(pair.encode()).decode("ascii")))
        try:
            answer = exchange(opened, "CONNECT", authority, headers, limit=4096, deadline=until)
        except (TimeoutError, OSError) as e:
            opened.close()
            return as_proxy(of_error(e, "proxy", "awaiting the proxy's answer"))
        if 200 <= answer.status < 300:
            return opened
        opened.close()
        words = answer.reason or answer.problem or f"status {answer.status}"
        return Outcome(
            ok=False,
            layer="proxy",
            text=words,
            status=answer.status,
            reason=answer.reason,
            headers=safe_headers(answer.headers),
            body=redacted(self.vault.scrub(answer.body.decode("utf-8", "replace"))),
        )


def parts_of(step: Request) -> tuple[str, str, int, str] | Outcome:
    """Scheme, host, port and the rest of a request's URL; or why it is not sent."""
    from whypull.probe.visit import URL  # noqa: PLC0415 - the walk has it loaded

    found = re.fullmatch(URL, _ascii(step.url))
    if found is None:
        return Outcome(ok=False, layer="refused-by-us", text=f"no http(s) URL: {redacted(step.url[:300])}")
    scheme, host, rest = found[1].lower(), found[2], found[4] or "/"
    if is_blocked(host.strip("[]")) or is_blocked(step.address):
        return blocked(host)
    return scheme, host, int(found[3] or (443 if scheme == "https" else 80)), rest


def is_blocked(host: str) -> bool:
    return host.lower().startswith(BLOCKED) or host == "100.100.100.200"


def blocked(host: str) -> Outcome:
    return Outcome(ok=False, layer="refused-by-us", text=f"{host} is a link-local or metadata address")


def _unusable(trust: str, error: Exception) -> Outcome:
    """A CA or client certificate that cannot be loaded: a runtime stops there, too."""
    words = (getattr(error, "strerror", "") or str(error)).lower()
    return Outcome(ok=False, layer="tls", text=f"the certificates of {trust} cannot be used: {words}", errno="EBADCERT")


def _is_text(body: bytes) -> bool:
    return b"\0" not in body[:512] and body[:2] != b"\x1f\x8b"


def _der(body: bytes) -> bytes:
    """A certificate as DER, whether it came so or as PEM; empty where it is none."""
    if body.lstrip().startswith(b"-----BEGIN"):
        try:
            return ssl.PEM_cert_to_DER_cert(body.decode("ascii", "replace").strip())
        except ValueError:
            return b""
    return body if body[:1] == b"\x30" else b""


def as_proxy(failed: Outcome) -> Outcome:
    """The failure of a proxy's own connection, under the words that Go has for it."""
    text = failed.text if failed.text.startswith("proxyconnect") else f"proxyconnect tcp: {failed.text}"
    return Outcome(
        ok=False, layer="proxy", text=text, errno=failed.errno, peer=failed.peer, chain=failed.chain, verify=failed.verify
    )


_HIDDEN = ("authorization", "cookie", "token", "secret", "password")


def _ascii(url: str) -> str:
    """A URL with what is not ASCII in it escaped, as Go's client writes it; a host that is not stays, and is refused."""
    return "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode("utf-8", "replace")) for c in url)


def safe_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The first 60 headers, none that could carry a credential; a signed redirect stays for the walk, facts have it without."""
    kept = [(n, v[:8192]) for n, v in headers[:60] if not any(word in n for word in _HIDDEN) or n == "www-authenticate"]
    return tuple(kept)


def _stamped(outcome: Outcome, started: float) -> Outcome:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return replace(outcome, ms=outcome.ms or round((time.monotonic() - started) * 1000), at=now)
