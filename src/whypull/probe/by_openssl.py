"""Steps done by a node's `openssl s_client`: it dials and shakes hands, and HTTP is spoken here through what it has opened.

Its words become the outcomes that sockets would have given. What it cannot tell is said to be so (layer "not-here").
"""

from __future__ import annotations

import re
import shlex
from base64 import b64decode
from time import monotonic

from whypull.probe.chain import certificates
from whypull.probe.few_tools import not_here, way_of
from whypull.probe.relays import failed, late
from whypull.probe.shell import heard_from, is_place, joined
from whypull.probe.tls import GO_CIPHERS, go_refuses, worded
from whypull.probe.wire import blocked, is_blocked, parts_of
from whypull.records import replace
from whypull.steps import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from whypull.probe.few_tools import Way
    from whypull.probe.shell import Shell
    from whypull.probe.wire import Wire
    from whypull.steps import Certificate, Connect, Handshake, Request, Tunnel

_STATE = "SSL_connect:"  # the first state is told once TCP, and the proxy's tunnel, stand
_ADDRESS = re.compile(r"[0-9.]+|.*:.*")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_REFUSED = re.compile(r"verify error:num=(\d+):([^\n]+)")
_CONNECT = re.compile(r"HTTP CONNECT failed[,:]?\s*(?:reason=)?\s*(\d{3})[ \t]*([^\n]*)")
_SHAKEN = re.compile(r"New, (TLSv[\d.]+|SSLv3)[^,\n]*, Cipher is (?!\(NONE\))(\S+)")
_REASON = re.compile(r"error:[0-9A-Fa-f]+:SSL routines:[^:\n]*:([^:\n]+)")
# Linux's numbers, which s_client prints
_DIALLED = {"1": "operation not permitted", "13": "permission denied", "22": "invalid argument",
            "97": "address family not supported", "99": "cannot assign requested address", "101": "network is unreachable",
            "104": "connection reset", "110": "timed out", "111": "connection refused", "113": "no route to host"}  # fmt: skip
_BROKEN = {"0": ("EOF", "EOF"), "32": ("EPIPE", "broken pipe"), "104": ("ECONNRESET", "connection reset by peer")}
_SEGMENT = "the size of segments cannot be set from there"


class ByOpenssl:
    """The steps that a node's openssl does; `plain` does requests in plain HTTP, where the node has something for it."""

    def __init__(self, shell: Shell, wire: Wire, plain: Callable[[Request, float], Outcome] | None = None) -> None:
        self.shell = shell
        self.wire = wire
        self.plain = plain

    def connect(self, step: Connect, until: float) -> Outcome:
        """TCP only: s_client is ended once it begins to shake hands."""
        if is_blocked(step.address):
            return blocked(step.address)
        way = way_of(self.wire, step, step.host, step.port)
        if isinstance(way, Outcome):
            return way
        heard = self.shell.hear(_client(way), until, enough=lambda _, err: _STATE in err)
        return Outcome(ok=True, peer=way.target) if _STATE in heard.err else _not_opened(way, heard.err, overdue=heard.late)

    def tunnel(self, step: Tunnel, until: float) -> Outcome:
        """A proxy's answer to CONNECT: its status and reason, which is all that s_client tells of it."""
        if step.credentials and step.proxy in self.wire.proxies:
            return _no_password()
        way = way_of(self.wire, step, step.host, step.port)
        if isinstance(way, Outcome):
            return way
        if not is_place(step.host.strip("[]"), step.port):
            return not_here(f"{step.host} is no name that may stand in a command")
        command = _client(way, step.host, step.port)
        heard = self.shell.hear(command, until, enough=lambda _, err: _STATE in err or bool(_CONNECT.search(err)))
        return Outcome(ok=True, peer=step.proxy, status=200) if _STATE in heard.err else _no_tunnel(heard.err)

    def handshake(self, step: Handshake, until: float) -> Outcome:
        """The handshake as the step has it, verified by the store that it names."""
        way = self._way(step, step.host, step.port)
        if isinstance(way, Outcome):
            return way
        name = step.server_name or step.host
        pem = "" if step.old_protocols else self.wire.trust.pem(step.trust)
        settings = f"-msg -showcerts {_server(name)} {_settings(old=step.old_protocols)} {_verified(name, pem)}"
        given = f"{pem}\nend\n".encode() if pem else b""
        heard = self.shell.hear(f"{_client(way, step.host, step.port)} {settings}", until, given, fed=bool(pem))
        if _STATE not in heard.err:
            return _not_opened(way, heard.err, overdue=heard.late)
        out = heard.out.decode("utf-8", "replace")
        wants = "CertificateRequest" in out
        refused = None if step.old_protocols else _REFUSED.search(heard.err)
        shaken, chain = _SHAKEN.search(out), chain_in(out)
        if refused is not None:
            return replace(_distrusted(refused[1], refused[2], name, chain), wants_client_certificate=wants)
        if shaken is None:
            return replace(_not_shaken(heard.err, overdue=heard.late), wants_client_certificate=wants)
        lacking = "" if step.old_protocols else go_refuses(chain)
        return Outcome(
            ok=not lacking,
            layer="tls" if lacking else "",
            text=lacking,
            verify=lacking,
            version=shaken[1],
            cipher=shaken[2],
            chain=chain,
            wants_client_certificate=wants,
        )

    def request(self, step: Request, until: float) -> Outcome:
        """One request through the connection that s_client opens and verifies; nothing is sent where it does not verify."""
        parted = parts_of(step)
        if isinstance(parted, Outcome):
            return parted
        scheme, host, port, rest = parted
        if scheme == "http":
            none = not_here("this node has no tool that speaks plain HTTP")
            return self.plain(step, until) if self.plain is not None else none
        way = self._way(step, host, port)
        if isinstance(way, Outcome):
            return way
        pem = "" if step.insecure else self.wire.trust.pem(step.trust)
        verified = "" if step.insecure else _verified(host, pem) + " -verify_return_error"
        command = f"{_client(way, host, port)} -quiet {_server(host)} {_settings()} {verified}"
        sock, process = self.shell.start(command, until, fed=bool(pem))
        with sock:
            try:
                sock.settimeout(max(0.05, until - monotonic()))
                sock.sendall(f"{pem}\nend\n".encode() if pem else b"")
            except OSError:
                pass  # it ended at once, and its words say why
            outcome = self.wire.exchange_over(sock, step, host, port, rest, until)
        if outcome.status:
            return outcome
        return _unanswered(outcome, way, host, heard_from(process, monotonic() + 1).err, insecure=step.insecure)

    def _way(self, step: Handshake | Request, host: str, port: int) -> Way | Outcome:
        if step.segment:
            return not_here(_SEGMENT)
        if step.proxy and step.proxy in self.wire.proxies:
            return _no_password()
        if not is_place(host.strip("[]"), port):
            return not_here(f"{host} is no name that may stand in a command")
        return way_of(self.wire, step, host, port)


# ---------------------------------------------------------------- commands


def _client(way: Way, host: str = "", port: int = 0) -> str:
    at = shlex.quote(joined(*way.at))
    to = f"-proxy {at} -connect {joined(host.strip('[]'), port)}" if way.proxied else f"-connect {at}"
    return f"exec openssl s_client -state {to}"


def _server(name: str) -> str:
    bare = name.strip("[]")
    return "" if _ADDRESS.fullmatch(bare) else f"-servername {shlex.quote(bare)}"


def _settings(*, old: bool = False) -> str:
    """What Go offers; or, as a control, all that OpenSSL has."""
    return "-cipher ALL:@SECLEVEL=0" if old else f"-no_ssl3 -no_tls1 -no_tls1_1 -cipher {GO_CIPHERS}"


def _verified(name: str, pem: str) -> str:
    """Against the name, and against the CAs in descriptor 3; without those, against the node's own."""
    bare = name.strip("[]")
    against = f"-verify_ip {bare.partition('%')[0]}" if _ADDRESS.fullmatch(bare) else f"-verify_hostname {shlex.quote(bare)}"
    return f"{against} {'-CAfile /dev/fd/3' if pem else ''}"


def chain_in(said: str) -> tuple[Certificate, ...]:
    """The certificates that stand in a tool's output as PEM, each once, in order: the leaf first."""
    ders = []
    for text in dict.fromkeys("".join(found.split()) for found in _PEM.findall(said)):
        try:
            ders.append(b64decode(text, validate=True))
        except ValueError:
            continue
    return certificates(ders)


# ---------------------------------------------------------------- failures


def _no_password() -> Outcome:
    return not_here("this node's openssl takes a proxy's password on its command line only, where others would see it")


def _not_opened(way: Way, said: str, *, overdue: bool) -> Outcome:
    """No handshake was begun: TCP failed, or the proxy gave no tunnel."""
    if way.proxied:
        return _no_tunnel(said)
    if overdue:
        return late(way.target)
    number = re.search(r"connect:errno=(\d+)", said)
    return failed(f"{said} {_DIALLED.get(number[1], '') if number else ''}", way.target, way.address)


def _no_tunnel(said: str) -> Outcome:
    answer = _CONNECT.search(said)
    if answer is None:
        # It waits for ever where a proxy hangs up, too, so its silence says nothing.
        return not_here("this node's openssl does not tell why the proxy opens no tunnel")
    words = answer[2].strip()[:200]
    return Outcome(ok=False, layer="proxy", text=words or f"status {answer[1]}", status=int(answer[1]), reason=words)


def _distrusted(number: str, words: str, name: str, chain: tuple[Certificate, ...]) -> Outcome:
    """A chain that does not verify, in Python's words for the two that OpenSSL words otherwise (X509_V_ERR_*_MISMATCH)."""
    mismatch = {"62": "Hostname", "64": "IP address"}.get(number)
    said = f"{mismatch} mismatch, certificate is not valid for '{name.strip('[]')}'." if mismatch else words.strip()[:200]
    return Outcome(ok=False, layer="tls", text=f"certificate verify: {said}", verify=said, chain=chain)


def _not_shaken(said: str, *, overdue: bool) -> Outcome:
    """A handshake that was begun and did not come about."""
    reason = _REASON.search(said)
    if reason is not None and "certificate verify failed" not in reason[1]:
        return worded(reason[1].replace("unknown protocol", "wrong version number"))
    broken = _broken(said)
    if broken[0]:
        return Outcome(ok=False, layer="tls", text=broken[1], errno=broken[0])
    if overdue:
        return Outcome(ok=False, layer="tls", text="net/http: TLS handshake timeout", errno="ETIMEDOUT")
    return not_here(f"this node's openssl does not tell why the handshake failed: {said.strip()[-200:]}")


def _broken(said: str) -> tuple[str, str]:
    number = re.search(r"(?:read|write):errno=(\d+)", said)
    return _BROKEN.get(number[1], ("", "")) if number else ("", "")


def _unanswered(outcome: Outcome, way: Way, host: str, said: str, *, insecure: bool) -> Outcome:
    """A request that brought no answer: how far s_client had come says what failed."""
    overdue = outcome.errno == "ETIMEDOUT"
    if _STATE not in said:
        return _not_opened(way, said, overdue=overdue)
    refused = None if insecure else _REFUSED.search(said)
    if refused is not None:
        return _distrusted(refused[1], refused[2], host, ())
    if not ("read finished" in said and "write finished" in said):
        return _not_shaken(said, overdue=overdue)
    reason, broken = _REASON.search(said), _broken(said)
    if reason is not None and "eof" not in reason[1].lower():
        return Outcome(ok=False, layer="http", text=f"awaiting headers: {reason[1].strip().lower()}")
    if broken[0] and broken[0] != "EOF":
        return Outcome(ok=False, layer="http", text=f"awaiting headers: {broken[1]}", errno=broken[0])
    # A broken socket to s_client only says that it has ended: the registry had closed.
    return Outcome(ok=False, layer="http", text="EOF") if outcome.errno in {"EPIPE", "ECONNRESET"} else outcome
