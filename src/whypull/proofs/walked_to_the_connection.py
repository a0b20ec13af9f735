"""The walk dialled the registry's addresses: who answered, who refused, who was silent, and what a single change did to it."""

from __future__ import annotations

from whypull.addresses import kind, private
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import control, failed, host_of, hosts_seen, passed_over, shook, walk, where
from whypull.steps import Connect, Handshake, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.steps import Tried

_ERRORS = {
    "ECONNREFUSED": "network.refused", "ETIMEDOUT": "network.timeout", "EHOSTUNREACH": "network.unreachable",
    "ENETUNREACH": "network.unreachable", "EADDRNOTAVAIL": "network.unreachable", "EACCES": "network.unreachable",
    "EPERM": "network.unreachable", "ECONNRESET": "network.reset", "EPIPE": "network.reset", "EOF": "network.reset",
}  # fmt: skip
_NO_FAMILY = {"ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"}


def connection(evidence: Evidence) -> Conclusion | None:
    """Proved by the error of each address, if all have the same; where IPv6 has no route at all, by that of IPv4."""
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Connect) or stop.role != "registry" or passed_over(hosts_seen(evidence)):
        return None
    tries = [t for t in walk(evidence) if isinstance(t.step, Connect) and t.role == "registry" and not t.control]
    if any(t.outcome.ok for t in tries) or (kind(stop.step.address) == "loopback" and not private(stop.step.host)):
        return None  # the last: a name that leads to this very machine is a matter of the name first
    six = [t for t in tries if ":" in getattr(t.step, "address", "")]
    four = [t for t in tries if t not in six]
    no_six = bool(six) and all(t.outcome.errno in _NO_FAMILY for t in six)
    judged = four if four and no_six else tries
    causes = {_ERRORS.get(t.outcome.errno, "") for t in judged}
    words = [f"Dialled {where(t)}: {t.outcome.text}." for t in tries[:4]]
    if no_six:
        words.append(
            "There is no IPv6 here: what a runtime says of the IPv6 address first is a consequence."
            if four
            else "The name has IPv6 addresses only, and there is no IPv6 here."
        )
    if len(causes) != 1 or "" in causes:
        return None
    one = judged[0].step
    assert isinstance(one, Connect)
    return Conclusion(causes.pop(), "proved", tuple(words), args={"address": one.address}, replaces=("*",))


def handshake(evidence: Evidence) -> Conclusion | None:
    """Proved where TCP opened and the handshake was met with silence, a reset or another protocol."""
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Handshake) or stop.role != "registry" or stop.outcome.verify:
        return None
    text, error = stop.outcome.text, stop.outcome.errno
    if "first record does not look like" in text:
        return _other_protocol(evidence, stop)
    if error == "ETIMEDOUT":
        return _silence(evidence, stop)
    if "excessive message size" in text:
        large = f"The server's certificates are larger than a handshake may be {where(stop)}: it breaks the protocol here."
        return Conclusion("tls.handshake-failure", "likely", (large, f"{text}."), replaces=("*",))
    if error in {"ECONNRESET", "EPIPE", "EOF"} and not stop.outcome.wants_client_certificate:
        words = [f"TCP opens {where(stop)}; the connection is closed during the handshake ({text})."]
        other = control(evidence, "server name", Handshake)
        if shook(other):
            words.append("With another server name in the handshake the same address answers: it is the name that is filtered.")
        elif other is not None:
            words.append("With another server name it is closed as well: it is not the name.")
        return Conclusion("network.reset", "proved", tuple(words), replaces=("*",))
    return None


def _other_protocol(evidence: Evidence, stop: Tried) -> Conclusion:
    words = [f"The port answers TLS with something else {where(stop)}: {stop.outcome.text}."]
    plain = control(evidence, "scheme", Request)
    if plain is not None and plain.outcome.status:
        words.append(f"Asked in plain HTTP, without credentials, it answers {plain.outcome.status} {plain.outcome.reason}.")
    return Conclusion("tls.plain-http", "proved", tuple(words), replaces=("*",))


def _silence(evidence: Evidence, stop: Tried) -> Conclusion:
    words = [f"TCP opens {where(stop)}; the handshake is never answered."]
    args = {}
    small = control(evidence, "segment", Handshake)
    if shook(small):
        words.append("Asked to send small segments, the same server answers: large ones are lost on the way (MTU).")
        args["how"] = "mtu"
    elif small is not None and small.outcome.layer != "not-here":
        words.append("With small segments it is silent as well, so it is not the path's MTU alone.")
    return Conclusion("network.tls-stalled", "proved", tuple(words), args=args, replaces=("*",))


def request(evidence: Evidence) -> Conclusion | None:
    """The handshake was fine, and the first request was met with the end of the connection."""
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Request) or stop.role != "registry" or stop.outcome.status:
        return None
    if stop.outcome.errno in {"ECONNRESET", "EPIPE"} or stop.outcome.text == "EOF":
        words = (f"The connection to {host_of(stop)} opens {where(stop)}, and is closed before an answer: {stop.outcome.text}.",)
        return Conclusion("network.reset", "proved", words, replaces=("*",))
    return None


def stall(evidence: Evidence) -> Conclusion | None:
    """The first bytes of a blob came, the rest did not: proved to be the size where small segments bring it all."""
    stop = failed(evidence)
    if stop is None or not isinstance(stop.step, Request) or stop.outcome.status not in {200, 206}:
        return None
    if "i/o timeout" not in stop.outcome.text:
        return None
    words = [f"{stop.step.url.partition('?')[0]} begins to answer {where(stop)}, and stops: {stop.outcome.text}."]
    small = control(evidence, "segment", Request)
    whole = small is not None and small.outcome.status in {200, 206} and not small.outcome.text
    if whole:
        words.append("Asked to send small segments, the same server sends all of it: large ones are lost on the way (MTU).")
    return Conclusion(
        "node.pull-stalled", "proved" if whole else "likely", tuple(words), args={"how": "mtu"} if whole else {}, replaces=("*",)
    )


ARGUMENTS = (
    ("network.refused", connection),
    ("network.tls-stalled", handshake),
    ("network.reset", request),
    ("node.pull-stalled", stall),
)
