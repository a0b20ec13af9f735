"""Handshakes with the standard library's ssl, and what it can be made to tell of those that fail.

OpenSSL verifies, without VERIFY_X509_STRICT (Go does not ask for it), and with what Go refuses besides: no SAN, TLS
below 1.2. A failed verification is followed by a second, unverified handshake, only to read the chain.
"""

from __future__ import annotations

import re
import ssl
import threading
import time

from whypull.probe.chain import MOST_NAMES, certificates
from whypull.records import replace
from whypull.steps import Certificate, Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence
    from typing import Any

    from whypull.steps import Handshake

_STRICT = getattr(ssl, "VERIFY_X509_STRICT", 0)


# What Go 1.22 and newer offer for TLS 1.2: no RSA key exchange, no finite-field Diffie-Hellman.
GO_CIPHERS = ":".join(
    f"ECDHE-{kind}-{rest}"
    for rest in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
    for kind in ("ECDSA", "RSA")
)
_seen = threading.local()
_CERTIFICATE_REQUEST = 13


def make_context(
    trust: str, ca_files: Sequence[str], client: tuple[str, str], *, old: bool = False, verify: bool = True, system: bool = True
) -> ssl.SSLContext:
    """The settings of one trust store. Raises OSError or ssl.SSLError for files that cannot be read or used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags &= ~_STRICT
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if hasattr(context, "_msg_callback"):  # private since 3.8; without it a wish for a client certificate is not seen
        context._msg_callback = _message  # noqa: SLF001 - there is no public way
    if not old:
        context.set_ciphers(GO_CIPHERS)
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    if not verify or old:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif trust == "bundled":
        import certifi  # noqa: PLC0415 - the public roots, where the vantage's own are in doubt

        context.load_verify_locations(certifi.where())
    else:
        if system:
            _look_up_lazily(context)
        for name in ca_files:
            context.load_verify_locations(name)
    if client[0]:
        context.load_cert_chain(client[0], client[1] or None)
    return context


def _look_up_lazily(context: ssl.SSLContext) -> None:
    """The part of the system's store that costs nothing: its folder, where OpenSSL looks a CA up by its hash when it needs it."""
    folder = ssl.get_default_verify_paths().capath
    if folder:
        context.load_verify_locations(capath=folder)


def complete(context: ssl.SSLContext) -> None:
    """Adds the rest of the system's store: reading a file of 140 roots costs 26 ms, so it waits until a chain needs it."""
    context.load_default_certs()


def wrap(sock: socket.socket, host: str, context: ssl.SSLContext, until: float) -> ssl.SSLSocket | Outcome:
    """A TLS connection on a socket, or the words of its failure (the socket is closed then)."""
    try:
        sock.settimeout(max(0.05, until - time.monotonic()))
        return context.wrap_socket(sock, server_hostname=host.strip("[]"))
    except (OSError, ValueError, UnicodeError) as e:
        sock.close()
        return failed(e)


def shake(sock: socket.socket, step: Handshake, context: ssl.SSLContext, until: float) -> Outcome:
    """One handshake: version, cipher and chain where it succeeds; alert or verification words where it does not."""
    _seen.client_certificate = False
    secure = wrap(sock, step.server_name or step.host, context, until)
    if isinstance(secure, Outcome):
        return replace(secure, wants_client_certificate=_seen.client_certificate)
    with secure:
        chain = _chain(secure)
        refused = go_refuses(chain) if secure.context.verify_mode != ssl.CERT_NONE else ""
        return Outcome(
            ok=not refused,
            layer="tls" if refused else "",
            text=refused,
            verify=refused,
            version=secure.version() or "",
            cipher=(secure.cipher() or ("",))[0],
            chain=chain,
            wants_client_certificate=_seen.client_certificate,
        )


def failed(error: Exception) -> Outcome:
    """A failed handshake as an outcome: which alert, or why the chain does not verify."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Outcome(ok=False, layer="tls", text=f"certificate verify: {error.verify_message}", verify=error.verify_message)
    if isinstance(error, TimeoutError):
        return Outcome(ok=False, layer="tls", text="net/http: TLS handshake timeout", errno="ETIMEDOUT")
    if isinstance(error, ssl.SSLError):
        reason = "unexpected eof" if isinstance(error, ssl.SSLEOFError) else error.reason or ""
        return worded(reason, str(error))
    import errno  # noqa: PLC0415

    code = errno.errorcode.get(getattr(error, "errno", 0) or 0, "")
    return Outcome(ok=False, layer="tls", text=str(getattr(error, "strerror", "") or error).lower(), errno=code)


def worded(reason: str, whole: str = "") -> Outcome:
    """A failed handshake by OpenSSL's reason ("SSLV3_ALERT_HANDSHAKE_FAILURE", or the same in words), as an outcome."""
    words = (reason or whole).replace("_", " ").lower()
    if "wrong version number" in words or "record layer failure" in words or "http request" in words:
        return Outcome(ok=False, layer="tls", text="tls: first record does not look like a TLS handshake")
    if "eof" in words:
        return Outcome(ok=False, layer="tls", text="EOF", errno="EOF")
    alert = _alert(reason.lower().replace(" ", "_"), whole)
    return Outcome(ok=False, layer="tls", text=f"remote error: tls: {words}" if alert else f"tls: {words}", alert=alert)


def _alert(reason: str, whole: str) -> str:
    if "alert" not in reason and "alert" not in whole.lower():
        return "handshake_failure" if "no_shared_cipher" in reason or "unsupported_protocol" in reason else ""
    return re.sub(r"^(?:tlsv\d+|sslv3|tlsv1)_alert_|^(?:tlsv13|tlsv1|sslv3)_|_?alert_?", "", reason) or "handshake_failure"


def _chain(secure: ssl.SSLSocket) -> tuple[Certificate, ...]:
    """The leaf as OpenSSL decodes it where it verified (decoding the chain by itself costs 80 ms of import); else all of it."""
    decoded: dict[str, Any] = secure.getpeercert() or {}
    if not decoded:
        return certificates(_chain_of(secure))
    from hashlib import sha256  # noqa: PLC0415

    raw = secure.getpeercert(binary_form=True) or b""
    names = tuple(str(value)[:255] for _, value in decoded.get("subjectAltName", ()))[:MOST_NAMES]
    return (
        Certificate(
            subject=_name(decoded.get("subject")),
            issuer=_name(decoded.get("issuer")),
            not_before=rfc3339(str(decoded.get("notBefore", ""))),
            not_after=rfc3339(str(decoded.get("notAfter", ""))),
            names=names,
            serial=str(decoded.get("serialNumber", "")).lower().lstrip("0")[:64],
            sha256=sha256(raw).hexdigest(),
        ),
    )


def _name(parts: Any) -> str:
    short = {"commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU", "countryName": "C"}
    pairs = [(short.get(str(k), str(k)), str(v)) for rdn in parts or () for k, v in rdn]
    return ",".join(f"{k}={v}" for k, v in reversed(pairs))[:500]


def rfc3339(text: str) -> str:
    """OpenSSL's date ("Jun  1 12:00:00 2027 GMT") as RFC 3339. By hand: strptime costs 4 ms of import."""
    parts = text.split()
    if len(parts) != 5 or parts[0] not in _MONTHS or parts[4] != "GMT":
        return ""
    return f"{parts[3]}-{_MONTHS.index(parts[0]) + 1:02}-{int(parts[1]):02}T{parts[2]}Z"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _chain_of(secure: ssl.SSLSocket) -> list[bytes]:
    """The chain as the server sent it (public since 3.13, private and the same since 3.10); else the leaf."""
    raw = getattr(secure, "get_unverified_chain", None) or getattr(getattr(secure, "_sslobj", None), "get_unverified_chain", None)
    if raw is not None:
        found = raw()
        if found:
            return [c if isinstance(c, bytes) else ssl.PEM_cert_to_DER_cert(c.public_bytes()) for c in found]
    leaf = secure.getpeercert(binary_form=True)
    return [leaf] if leaf else []


def go_refuses(chain: Sequence[Certificate]) -> str:
    """What OpenSSL lets pass and Go does not (https://go.dev/doc/go1.15#commonname)."""
    return "" if not chain or chain[0].names else "x509: certificate relies on legacy Common Name field, use SANs instead"


def read_chain(sock: socket.socket, host: str, until: float) -> tuple[Certificate, ...]:
    """The chain of a server that does not verify: the second handshake, unverified, with no request after it."""
    secure = wrap(sock, host, make_context("node", (), ("", ""), verify=False), until)
    if isinstance(secure, Outcome):
        return ()
    with secure:
        return certificates(_chain_of(secure))


def _message(_conn: object, direction: str, _version: object, _content: object, kind: object, _data: bytes) -> None:
    """Sees the handshake's messages go by. A handshake runs in one thread, and a context is shared by several."""
    if direction == "read" and getattr(kind, "value", None) == _CERTIFICATE_REQUEST:
        _seen.client_certificate = True
