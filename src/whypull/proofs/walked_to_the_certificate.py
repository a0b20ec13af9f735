"""The walk read the chain that the server really sends, and asked again with other roots, another clock and older protocols."""

from __future__ import annotations

import time

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._fingerprints import issuer_of
from whypull.proofs._walked import control, failed, header, hosts_seen, passed_over, walk, where
from whypull.steps import Handshake, Request, Tried

SKEW = 600.0  # seconds: two clocks that differ by more than that do not agree


def certificate(evidence: Evidence) -> Conclusion | None:
    """Proved by the verifier's word on the chain that was read."""
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Handshake) or stop.role != "registry" or not stop.outcome.verify:
        return None
    if passed_over(hosts_seen(evidence)):
        return None
    words = stop.words
    if "certificate has expired or is not yet valid" in words:
        return _dates(stop, evidence)
    if "is valid for" in words or "legacy Common Name" in words or "not valid for any names" in words:
        return _names(stop)
    if "unknown authority" in words:
        return _authority(stop, evidence)
    return None


def _dates(stop: Tried, evidence: Evidence) -> Conclusion:
    outcome = stop.outcome
    now = _moment(outcome.at)
    off = next((c for c in outcome.chain if not _moment(c.not_before) <= now <= _moment(c.not_after)), None)
    off = off or (outcome.chain[0] if outcome.chain else None)
    words = [f"The server's certificate was read {where(stop)}."]
    if off:
        what = "It" if off is outcome.chain[0] else f"Its issuer's certificate ({off.subject})"
        words.append(f"{what} is valid from {off.not_before} to {off.not_after}; the clock here says {outcome.at}.")
    clock = control(evidence, "clock", Request)
    args = {"until": off.not_after if off else "", "how": "certificate"}
    theirs = _date(header(clock, "date")) if clock is not None else 0.0
    if theirs and off and abs(theirs - now) > SKEW:
        said = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(theirs))
        words.append(f"The server's own clock says {said}: the two clocks disagree.")
        if _moment(off.not_before) <= theirs <= _moment(off.not_after):
            words.append("By the server's clock the certificate is valid: look at the clock here first.")
            args["how"] = "clock"
    elif theirs:
        words.append("The server's own clock says the same as the one here: it is the certificate.")
    return Conclusion("tls.expired", "proved", tuple(words), args=args, replaces=("*",))


def _moment(text: str) -> float:
    """Seconds since 1970 of an RFC 3339 time; 0 for what is none."""
    from datetime import datetime  # noqa: PLC0415 - 5 ms, where a certificate's dates are in doubt

    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


def _date(text: str) -> float:
    """Seconds since 1970 of an HTTP date; 0 for what is none."""
    from datetime import UTC  # noqa: PLC0415
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - 12 ms, the same

    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _names(stop: Tried) -> Conclusion:
    leaf = stop.outcome.chain[0] if stop.outcome.chain else None
    subject = leaf.subject if leaf else ""
    names = ", ".join(leaf.names[:4]) if leaf and leaf.names else "no name at all"
    words = (f"The certificate that was read {where(stop)} is for {names} ({subject}).",)
    who = issuer_of(f"{subject} {names}", "default")
    if who:
        return Conclusion("network.intercepted", "proved", (*words, f"That is {who}."), args={"names": names}, replaces=("*",))
    return Conclusion("tls.hostname-mismatch", "proved", words, args={"names": names}, replaces=("*",))


def _authority(stop: Tried, evidence: Evidence) -> Conclusion:
    chain = stop.outcome.chain
    issuer = chain[-1].issuer if chain else "an unknown CA"
    words = [f"The chain that was read {where(stop)} has {len(chain)} certificate(s); the last is issued by {issuer}."]
    args = {"issuer": issuer, "how": "unknown CA"}
    default = issuer_of(f"{chain[0].subject} {' '.join(chain[0].names[:8])}", "default") if chain else ""
    if default:
        return Conclusion("network.intercepted", "proved", (*words, f"That is {default}."), args=args, replaces=("*",))
    gateway = issuer_of(f"{issuer} {chain[0].issuer if chain else ''}", "gateway")
    whole = control(evidence, "intermediate", Handshake)
    if whole is not None and whole.outcome.ok:
        words.append(
            "With the issuer's certificate, fetched from where the server's own says it is, the chain verifies: it is not sent."
        )
        args["how"] = "incomplete chain"
    elif gateway:
        words.append(f"That issuer is {gateway}: the connection is opened and inspected on its way.")
        args |= {"how": "inspection", "gateway": gateway}
    elif len(chain) == 1 and not chain[0].self_signed:
        words.append("The server sends no intermediate certificate: the chain is incomplete, or the CA signs servers itself.")
    elif chain and chain[0].self_signed:
        words.append("The server signed its certificate itself.")
        args["how"] = "self-signed"
    bundled = control(evidence, "trust", Handshake)
    if bundled is not None and bundled.outcome.ok:
        words.append("The public roots do trust it: it is this trust store that lacks the CA.")
        args["how"] = "trust store"
    return Conclusion("tls.unknown-authority", "proved", tuple(words), args=args, replaces=("*",))


def client_certificate(evidence: Evidence) -> Conclusion | None:
    """Proved where the server asked for a client certificate, none was sent, and it then closed."""
    asked = [t for t in walk(evidence) if isinstance(t.step, Handshake) and t.outcome.wants_client_certificate and not t.control]
    stop = failed(evidence)
    if not asked or stop is None or stop.role != "registry" or stop.outcome.status:
        return None
    assert isinstance(asked[0].step, Handshake)
    words = "The server asks for a client certificate during the handshake"
    words += "; the one that was sent is refused." if asked[0].step.client_certificate else "; none was sent."
    return Conclusion("tls.client-cert", "proved", (words, f"Then: {stop.outcome.text}."), replaces=("*",))


def protocol(evidence: Evidence) -> Conclusion | None:
    """Proved where the same server shakes hands as soon as older protocols and ciphers are offered."""
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Handshake) or not stop.outcome.alert or stop.role != "registry":
        return None
    older = control(evidence, "protocol", Handshake)
    if older is None or not older.outcome.ok or stop.outcome.wants_client_certificate:
        return None
    words = (
        f"Refused {where(stop)}: {stop.outcome.text}.",
        f"Offered everything, the server chooses {older.outcome.version} with {older.outcome.cipher}.",
    )
    return Conclusion("tls.handshake-failure", "proved", words, args={"version": older.outcome.version}, replaces=("*",))


ARGUMENTS = (
    ("tls.unknown-authority", certificate),
    ("tls.client-cert", client_certificate),
    ("tls.handshake-failure", protocol),
)
