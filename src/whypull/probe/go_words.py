"""What a walk saw, in the words that a runtime would have had for it: so that one catalogue reads both. Pure."""

from __future__ import annotations

import json

from whypull.steps import Connect, Handshake, Request, Resolve, Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.steps import Outcome, Tried

_VERIFY = (
    ("certificate has expired", "certificate has expired or is not yet valid: current time {now} is after {until}"),
    ("not yet valid", "certificate has expired or is not yet valid: current time {now} is before {since}"),
    ("hostname mismatch", "certificate is valid for {names}, not {host}"),
    ("ip address mismatch", "certificate is valid for {names}, not {host}"),
    ("legacy common name", "certificate relies on legacy Common Name field, use SANs instead"),
    ("self-signed", "certificate signed by unknown authority"),
    ("self signed", "certificate signed by unknown authority"),
    ("local issuer", "certificate signed by unknown authority"),
    ("unable to verify", "certificate signed by unknown authority"),
)


def words(tried: Tried, image: str = "") -> str:
    """The runtime's words for a step that failed; empty for one that worked or that says nothing of the pull."""
    step, outcome = tried.step, tried.outcome
    if outcome.layer in {"deadline", "not-here"}:
        return ""
    if isinstance(step, Request):
        return _of_request(step, outcome, tried.role, image)
    return "" if outcome.ok else f'Get "https://{_host(step)}/v2/": {_of_way(step, outcome, tried.role)}'


def _of_way(step: Resolve | Connect | Tunnel | Handshake, outcome: Outcome, role: str) -> str:
    """Why the registry was not reached: by name, address, proxy or handshake."""
    dialling = "proxyconnect tcp: " if role == "proxy" else ""
    if isinstance(step, Resolve):
        return f"{dialling}dial tcp: {_of_resolve(step, outcome)}"
    if isinstance(step, Connect):
        return f"{dialling}{outcome.text}"
    return outcome.text if isinstance(step, Tunnel) else _of_handshake(step, outcome)


def _host(step: Resolve | Connect | Tunnel | Handshake) -> str:
    port = getattr(step, "port", 443)
    return step.host if port == 443 else f"{step.host}:{port}"


def _of_resolve(step: Resolve, outcome: Outcome) -> str:
    on = f" on {step.server}:53" if step.server else ""
    if outcome.rcode in {"NXDOMAIN", "NOERROR"}:
        return f"lookup {step.host}{on}: no such host"
    if outcome.errno == "ETIMEDOUT":
        return f"lookup {step.host}{on}: i/o timeout"
    if outcome.errno:
        return f"lookup {step.host}{on}: read udp: {outcome.text.rpartition(': ')[2]}"
    return f"lookup {step.host}{on}: server misbehaving"


def _of_handshake(step: Handshake, outcome: Outcome) -> str:
    low = outcome.verify.lower()
    leaf = outcome.chain[0] if outcome.chain else None
    for sign, text in _VERIFY:
        if sign in low:
            names = ", ".join(leaf.names[:5]) if leaf else ""
            if "{names}" in text and not names:
                return "x509: certificate is not valid for any names, but wanted to match " + step.host
            filled = text.format(
                now=outcome.at or "now",
                until=leaf.not_after if leaf else "its end",
                since=leaf.not_before if leaf else "its start",
                names=names,
                host=step.host,
            )
            return f"tls: failed to verify certificate: x509: {filled}"
    if outcome.verify:
        return f"tls: failed to verify certificate: x509: {outcome.verify}"
    return outcome.text


def _of_request(step: Request, outcome: Outcome, role: str, image: str) -> str:
    safe = step.url.partition("?")[0]
    method = step.method.capitalize()
    if not outcome.status:
        return f'{"failed to fetch token: " if role == "token" else ""}{method} "{safe}": {outcome.text}' if outcome.text else ""
    if outcome.status < 400:
        # A token service that gives none is not the protocol's matter: the answer is whole.
        return f'failed to copy: {method} "{safe}": {outcome.text}' if outcome.layer == "protocol" else ""
    if outcome.status == 401 and safe.rstrip("/").endswith("/v2"):
        return ""
    status = f"{outcome.status} {outcome.reason}".strip()
    said = f"unexpected status from {step.method} request to {safe}: {status}{_said(outcome)}"
    if role == "token":
        return f"failed to authorize: failed to fetch {'oauth' if step.credentials else 'anonymous'} token: {said}"
    if "/blobs/" in safe or role == "storage":
        return f"failed to copy: httpReadSeeker: failed open: {said}"
    name = f' "{image}"' if image else ""
    return f"failed to resolve reference{name}: {said}"


def _said(outcome: Outcome) -> str:
    """The registry's own words after the status, as containerd prints them."""
    try:
        document = json.loads(outcome.body)
    except (ValueError, RecursionError):
        return f" {outcome.body[:2000]}" if outcome.body.strip() else ""
    errors = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(errors, list):
        return ""
    parts = [
        f"{str(e.get('code', '')).lower().replace('_', ' ')}: {e.get('message', '')}" for e in errors[:5] if isinstance(e, dict)
    ]
    return " " + "; ".join(parts)
