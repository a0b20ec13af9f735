"""Steps done by a node's curl: it dials, shakes hands and sends what it is told; its -v says how far it came.

Requests are written and answers read by the same code as for sockets (--raw: the bytes as they came). What is secret
reaches curl on stdin. A handshake by curl also asks for the headers of /v2/, for it cannot do with less.
"""

from __future__ import annotations

import re
import shlex
from time import monotonic

from whypull.probe.curl_words import (
    OPENED,
    SHAKEN,
    TUNNEL,
    not_opened,
    not_shaken,
    not_tunnelled,
    refusal,
    shaken_by,
    tunnelled,
    unanswered,
)
from whypull.probe.few_tools import not_here, version, way_of
from whypull.probe.shell import heard_from, is_place, joined
from whypull.probe.tls import GO_CIPHERS
from whypull.probe.wire import AGENT, blocked, is_blocked, parts_of
from whypull.records import replace
from whypull.steps import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from whypull.probe.few_tools import Way
    from whypull.probe.shell import Shell, Talk
    from whypull.probe.wire import Wire
    from whypull.steps import Connect, Handshake, Request, Tunnel

# Some curls (7.88) read a CA file twice where the server is quick, and a descriptor has it once. Nothing was sent then.
_READ_TWICE = re.compile(r"error setting certificate (?:file|verify locations)")
_TRIES = 5
_SEGMENT = "the size of segments cannot be set from there"


class ByCurl:
    """The steps that a node's curl does."""

    def __init__(self, shell: Shell, wire: Wire) -> None:
        self.shell = shell
        self.wire = wire

    def connect(self, step: Connect, until: float) -> Outcome:
        """TCP only: curl is ended once it says that it is connected."""
        if is_blocked(step.address):
            return blocked(step.address)
        way = way_of(self.wire, step, step.host, step.port)
        if isinstance(way, Outcome):
            return way
        command = f"exec curl -q -s -S -v -g -o /dev/null --noproxy '*' https://{joined(*way.at)}/"
        heard = self.shell.hear(command, until, enough=lambda _, err: bool(OPENED.search(err)))
        if OPENED.search(heard.err):
            return Outcome(ok=True, peer=way.target)
        return not_opened(way, heard.err, overdue=heard.late)

    def tunnel(self, step: Tunnel, until: float) -> Outcome:
        """A proxy's answer to CONNECT; its body is not shown by curl."""
        way = self._way(step, step.host, step.port)
        if isinstance(way, Outcome):
            return way
        command = _curl(way, f"https://{joined(step.host.strip('[]'), step.port)}/", "-k")
        given = _config(self._proxy_words(step.proxy, step.credentials))
        heard = self.shell.hear(command, until, given, lambda out, _: b"\r\n\r\n" in out)
        return tunnelled(heard.out, step.proxy) or not_tunnelled(way, heard.err, overdue=heard.late)

    def handshake(self, step: Handshake, until: float) -> Outcome:
        """The handshake as the step has it, verified by the store that it names."""
        way = self._way(step, step.host, step.port)
        if isinstance(way, Outcome):
            return way
        name = step.server_name or step.host
        outcome = self._shaken(step, way, name, until, verify=not step.old_protocols)
        if outcome.verify and not outcome.chain:
            again = self._shaken(step, way, name, until, verify=False)
            return replace(outcome, chain=again.chain)
        return outcome

    def _shaken(self, step: Handshake, way: Way, name: str, until: float, *, verify: bool) -> Outcome:
        pem = self.wire.trust.pem(step.trust) if verify else ""
        url = f"https://{joined(name.strip('[]'), step.port)}/v2/"
        settings = f"-I {_settings(pem, old=step.old_protocols)} -w '%{{certs}}' {'' if verify else '-k'}"
        given = _given(pem, self._proxy_words(step.proxy, "proxy"))
        for _ in range(_TRIES):
            heard = self.shell.hear(_curl(way, url, settings), until, given, fed=True)
            if not _READ_TWICE.search(heard.err):
                break
        return shaken_by(heard.out, heard.err, way, step, name, overdue=heard.late, verify=verify)

    def request(self, step: Request, until: float) -> Outcome:
        """One request and its answer; nothing is sent where the certificate does not verify."""
        parted = parts_of(step)
        if isinstance(parted, Outcome):
            return parted
        scheme, host, port, rest = parted
        way = self._way(step, host, port)
        if isinstance(way, Outcome):
            return way
        if scheme == "http" and step.proxy:
            rest = step.url.partition("#")[0]
        pem = "" if step.insecure or scheme == "http" else self.wire.trust.pem(step.trust)
        settings = f"{_settings(pem) if scheme == 'https' else ''} {'-k' if step.insecure else ''}"
        origin = f"{scheme}://{joined(host.strip('[]'), port)}"
        for _ in range(_TRIES):
            with _Sent(self, step, way, origin, settings, pem, until) as sent:
                outcome = self.wire.exchange_over(sent, step, host, port, rest, until)  # type: ignore[arg-type] # has what is used
                if sent.refusal is not None or not outcome.status:
                    outcome = sent.why(outcome, host)
            if not _READ_TWICE.search(sent.said):
                break
        return outcome

    def _way(self, step: Tunnel | Handshake | Request, host: str, port: int) -> Way | Outcome:
        if getattr(step, "segment", 0):
            return not_here(_SEGMENT)
        if not is_place(host.strip("[]"), port):
            return not_here(f"{host} is no name that may stand in a command")
        return way_of(self.wire, step, host, port)

    def _proxy_words(self, proxy: str, credentials: str) -> list[tuple[str, str]]:
        pair = self.wire.proxies.get(proxy, "") if credentials and proxy else ""
        return [("user-agent", AGENT), *([("proxy-user", pair)] if pair else [])]


class _Sent:
    """What `exchange` takes for a socket: the request that is sent starts curl, and what is received is curl's output."""

    def __init__(self, by: ByCurl, step: Request, way: Way, origin: str, settings: str, pem: str, until: float) -> None:
        self._by, self._step, self._way, self._origin = by, step, way, origin
        self._settings, self._pem, self._until = settings, pem, until
        self._talk: Talk | None = None
        self._tunnel = way.proxied and origin.startswith("https://")
        self._held = b""
        self.refusal: Outcome | None = None
        self.said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._talk is not None:
            sock, process = self._talk
            sock.close()
            if process.poll() is None:
                process.terminate()

    def settimeout(self, seconds: float) -> None:
        if self._talk is not None:
            self._talk[0].settimeout(seconds)

    def sendall(self, request: bytes) -> None:
        head, *lines = request.decode("ascii").rstrip("\r\n").split("\r\n")
        method, target, _ = head.split(" ", 2)
        url = target if target.lower().startswith("http") else self._origin + target
        words = [("url", url), ("request", method), *self._by._proxy_words(self._step.proxy, "proxy")]  # noqa: SLF001
        words += [("header", line) for line in lines if not line.lower().startswith("user-agent:")]
        odd = "--http0.9" if version(self._by.shell, "curl") >= (7, 64) else ""  # an older one lets it pass unasked
        command = _curl(self._way, "", f"-N --raw --path-as-is {odd} {self._settings}", self._origin)
        self._talk = self._by.shell.start(command, self._until, fed=True)
        sock = self._talk[0]
        sock.settimeout(max(0.05, self._until - monotonic()))
        try:
            sock.sendall(_given(self._pem, words))
            sock.shutdown(1)  # SHUT_WR
        except OSError:
            pass  # it ended at once, and its words say why

    def recv(self, size: int) -> bytes:
        assert self._talk is not None
        sock = self._talk[0]
        while self._tunnel:  # the proxy's answer comes before the registry's
            data = sock.recv(size)
            self._held += data
            if b"\r\n\r\n" in self._held or not data or len(self._held) > 65536:
                self._tunnel = False
                answer = tunnelled(self._held, self._step.proxy)
                if answer is None or not answer.ok:
                    self.refusal = answer
                    return b""
                self._held = self._held.partition(b"\r\n\r\n")[2]
        if self._held:
            data, self._held = self._held, b""
            return data
        return sock.recv(size)

    def why(self, outcome: Outcome, host: str) -> Outcome:
        """What failed, by how far curl had come."""
        if self.refusal is not None or self._talk is None:
            return self.refusal or outcome
        overdue = outcome.errno == "ETIMEDOUT"
        self.said = said = heard_from(self._talk[1], monotonic() + 1).err
        secure = self._origin.startswith("https://")
        if self._way.proxied and secure and not TUNNEL.search(said):
            return not_tunnelled(self._way, said, overdue=overdue)
        if not OPENED.search(said):
            return not_opened(self._way, said, overdue=overdue)
        refused = refusal(said, host) if secure and not self._step.insecure else None
        if refused is None and secure and not SHAKEN.search(said):
            return not_shaken(said, overdue=overdue)
        return refused or unanswered(said, outcome)


# ---------------------------------------------------------------- commands


def _curl(way: Way, url: str, settings: str, origin: str = "") -> str:
    """curl, dialling what the step says whatever its URL; the rest of its settings come on stdin."""
    if way.proxied:
        where = f"-x http://{joined(*way.at)} --noproxy '' --proxy-header 'Proxy-Connection: Keep-Alive'"
    else:
        found = re.fullmatch(r"https?://(.+):(\d+)(?:/.*)?", url or origin)
        assert found is not None
        # The demo's loopback has other ports; --connect-to is what can say so.
        at, port = way.at
        where = f"--noproxy '*' --connect-to {shlex.quote(f'{found[1]}:{found[2]}:{_bracketed(at)}:{port}')}"
    given = f" {shlex.quote(url)}" if url else ""
    return f"exec curl -q -s -S -v -g -i --http1.1 {where} {settings} --config -{given}"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _settings(pem: str, *, old: bool = False) -> str:
    """What Go offers, or, as a control, all that there is; and the CAs in descriptor 3 alone."""
    offered = "--tlsv1.0 --ciphers ALL:@SECLEVEL=0" if old else f"--tlsv1.2 --ciphers {GO_CIPHERS}"
    return f"{offered} {'--cacert /dev/fd/3 --capath /dev/null' if pem else ''}"


def _config(words: list[tuple[str, str]]) -> bytes:
    """A config file of curl's, in which nothing is more than one value."""

    def quoted(value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c for c in escaped if c.isprintable()) + '"'

    return "".join(f"{name} = {quoted(value)}\n" for name, value in words).encode()


def _given(pem: str, words: list[tuple[str, str]]) -> bytes:
    return f"{pem}\nend\n".encode() + _config(words)
