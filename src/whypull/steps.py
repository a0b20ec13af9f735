"""The nouns of a walk: what is tried, and what came of it. A closed union; no step holds a credential, only its name.

Each step is one connection. Retries, redirects, fallbacks and re-authentication are steps of their own.
"""

from __future__ import annotations

from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Resolve:
    """Ask for the addresses of a host: one question to one nameserver, or to the system (getaddrinfo)."""

    host: str
    family: str = ""  # "A", "AAAA", or empty for what the system gives
    server: str = ""  # address of the nameserver; empty: the system's own way


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a TCP connection to one address, and close it."""

    host: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Tunnel:
    """Ask a proxy for a tunnel (CONNECT)."""

    proxy: str  # scheme://host:port, without userinfo
    host: str
    port: int
    credentials: str = ""  # the name of the proxy's credentials; empty for none
    proxy_address: str = ""  # where the proxy was reached


@dataclass(frozen=True, slots=True)
class Handshake:
    """Do a TLS handshake, read the chain, and verify it against one trust store."""

    host: str
    address: str
    port: int
    proxy: str = ""
    proxy_address: str = ""
    trust: str = (
        "node"  # "node": the vantage's store with --ca; "bundled": public roots; else a store by its name, as a hosts.toml has it
    )
    client_certificate: bool = False
    old_protocols: bool = False  # a control: also TLS 1.0, 1.1 and legacy ciphers, to see what the server speaks
    server_name: str = ""  # a control: another name in the handshake (SNI) than the host's
    segment: int = 0  # a control: the largest segment that the other side may send, in bytes (TCP_MAXSEG)


@dataclass(frozen=True, slots=True)
class Request:
    """Send one HTTP request and read its answer; a redirect is an answer, and is not followed."""

    method: str
    url: str
    address: str = ""  # the address to connect to; empty where a proxy resolves
    proxy: str = ""
    proxy_address: str = ""
    credentials: str = ""  # "" none, "basic:NAME" a user and password, "token:SCOPE" a bearer token got before
    accept: tuple[str, ...] = ()
    range_end: int = 0  # last byte wanted; 0 for all
    limit: int = 64 * 1024  # bytes of the body that are kept
    insecure: bool = False
    keeps: str = ""  # "token:SCOPE" where the answer's token is kept under that name and left out of the outcome
    trust: str = "node"  # as in Handshake
    segment: int = 0  # as in Handshake


Step: TypeAlias = "Resolve | Connect | Tunnel | Handshake | Request"


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of a chain as the server sent it."""

    subject: str
    issuer: str
    not_before: str  # RFC 3339
    not_after: str
    names: tuple[str, ...] = ()  # DNS names and IP addresses of the SAN
    serial: str = ""
    sha256: str = ""
    self_signed: bool = False
    is_ca: bool = False
    issuer_url: str = ""  # where the issuer's certificate can be had (authority information access)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step. Only the fields of its kind are filled."""

    ok: bool
    layer: str = ""  # where it failed: dns, tcp, proxy, tls, http, protocol, deadline, refused-by-us
    text: str = ""  # verbatim words of the failure, or of the other side
    errno: str = ""  # ECONNREFUSED, …
    ms: int = 0
    at: str = ""  # RFC 3339, when it ended
    # Resolve
    addresses: tuple[str, ...] = ()
    rcode: str = ""  # NOERROR, NXDOMAIN, SERVFAIL, REFUSED; NODATA is NOERROR without addresses
    canonical: tuple[str, ...] = ()  # the CNAME chain
    server: str = ""  # who answered
    # Connect, Handshake
    peer: str = ""  # address:port
    version: str = ""  # TLSv1.3
    cipher: str = ""
    chain: tuple[Certificate, ...] = ()
    alert: str = ""  # handshake_failure, certificate_required, …
    wants_client_certificate: bool = False
    verify: str = ""  # OpenSSL's word, empty where it verified: "unable to get local issuer certificate", …
    # Tunnel, Request
    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()  # lower-case names; Authorization-like values left out
    body: str = ""  # at most 64 KiB, decoded, credentials redacted; empty for bytes that are no text
    first: str = ""  # the first eight bytes in hexadecimal, of a body that is no text
    cut: bool = False  # whether there was more
    size: int = 0  # bytes of the body that were read
    digest: str = ""  # sha256:… of a body that was read whole


@dataclass(frozen=True, slots=True)
class Tried:
    """One step and what came of it: what decides the next step is what the proofs read and the screen shows."""

    step: Step
    outcome: Outcome
    vantage: str = "here"
    role: str = ""  # registry, token, storage, mirror, proxy: what the host is to the pull
    control: str = ""  # which one variable was changed, if this is a control: "credentials", "proxy", "trust", …
    words: str = ""  # what a runtime would have said of it; empty where nothing failed
