"""The handshake with a host, and the controls that tell its failures apart, one variable each. Pure, as the walk is."""

from __future__ import annotations

from whypull.addresses import kind
from whypull.probe.visit import Endpoint, Visit, asked, under, visit, without_proxy
from whypull.records import replace
from whypull.steps import Handshake, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from whypull.probe.walk import Asked, Target, Walk
    from whypull.steps import Outcome

SMALL_SEGMENT = 536  # what every path carries (RFC 879)
NOBODY = "whypull-control.invalid"  # a server name that no filter knows (RFC 2606)
_OLD_TLS = {"handshake_failure", "protocol_version", "insufficient_security", "unsupported_protocol", "no_shared_cipher"}


def handshake(at: Visit, target: Target) -> Generator[Asked, Outcome, bool]:
    """Shakes hands as the runtime would; whether a request may follow."""
    end = at.endpoint
    plain = Handshake(end.host, at.address, end.port, at.proxy, at.proxy_address, trust=end.trust)
    shaken = yield replace(plain, client_certificate=target.client_certificate or end.client_certificate), end.role, ""
    if shaken.ok:
        return True
    if shaken.verify:
        yield from _distrusted(at, plain, shaken, target)
        return end.insecure and bool(shaken.chain)
    if shaken.alert in _OLD_TLS:
        yield replace(plain, old_protocols=True), end.role, "protocol"
    elif shaken.errno == "ETIMEDOUT" and not at.proxy:
        yield replace(plain, segment=SMALL_SEGMENT), end.role, "segment"
    elif "first record" in shaken.text:
        way = replace(at, endpoint=replace(end, scheme="http"))
        yield from asked(way, Request("GET", f"{way.endpoint.base}/", limit=4096), "scheme")
    elif shaken.errno in {"ECONNRESET", "EOF", "EPIPE"} and not shaken.wants_client_certificate:
        yield replace(plain, server_name=NOBODY), end.role, "server name"
    if at.proxy:
        yield from without_proxy(end)
    return False


def _distrusted(at: Visit, plain: Handshake, shaken: Outcome, target: Target) -> Walk:
    """The controls of a chain that does not verify: other roots, the issuer's certificate, another clock, no proxy."""
    low = shaken.verify.lower()
    role = at.endpoint.role
    if "expired" in low or "not yet valid" in low:
        blind = replace(at, endpoint=replace(at.endpoint, insecure=True))
        yield from asked(blind, Request("GET", f"{at.endpoint.base}/", limit=1024), "clock")
    elif "issuer" in low or "self" in low or "verify the first" in low:
        yield replace(plain, trust="bundled"), role, "trust"
        for name in target.meant:
            yield replace(plain, trust=name), role, "configuration"
        yield from _with_issuer(at, plain, shaken, target)
    if at.proxy:
        yield from without_proxy(at.endpoint)


def _with_issuer(at: Visit, plain: Handshake, shaken: Outcome, target: Target) -> Walk:
    """Fetches the certificate that the chain lacks from where the last one says it is, as a browser does, and tries again."""
    last = shaken.chain[-1] if shaken.chain else None
    if last is None or last.self_signed or not last.issuer_url:
        return
    try:
        place = Endpoint.of_url(last.issuer_url, role="issuer")
    except ValueError:
        return
    if kind(place.host) in {"loopback", "link-local", "unspecified"}:
        return
    found = yield from under(visit(place, target), "intermediate")
    if not found.reached:
        return
    name = f"issuer:{at.endpoint.host}"
    fetched = yield from asked(found, Request("GET", last.issuer_url, limit=16 * 1024, keeps=name), "intermediate")
    if fetched.ok and fetched.status == 200:
        yield replace(plain, trust=name), at.endpoint.role, "intermediate"
