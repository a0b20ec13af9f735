"""The same steps from another node end otherwise: what differs is where they come from."""

from __future__ import annotations

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import answers, walk
from whypull.proofs._walked import failed as stopped
from whypull.steps import Connect, Handshake, Request, Resolve

CONTROL = "vantage"  # a step of another node


def let_in(evidence: Evidence) -> Conclusion | None:
    """403 for this node and an answer for another one, with the same credentials: it is the address that is refused."""
    refused = [t for t in answers(evidence, "registry") if t.outcome.status in {403, 451}]
    others = [t for t in walk(evidence) if t.control == CONTROL and isinstance(t.step, Request)]
    if not refused or not isinstance(refused[0].step, Request):
        return None
    url = refused[0].step.url
    same = [t for t in others if isinstance(t.step, Request) and t.step.url == url and 0 < t.outcome.status < 500]
    fine = [t for t in same if t.outcome.status not in {403, 451}]
    if not fine:
        return None
    named = _named(refused[0].outcome.body)
    words = (
        f"{refused[0].vantage} is answered with {refused[0].outcome.status} at {url}.",
        f"{fine[0].vantage} asks the same in the same moment and is let in ({fine[0].outcome.status}): it is fine.",
        *([f"The registry says that it sees {refused[0].vantage} as {named}."] if named else []),
    )
    return Conclusion("auth.ip-not-allowed", "proved", words, args={"ip": named} if named else {}, replaces=("*",))


def another_server(evidence: Evidence) -> Conclusion | None:
    """At the same address another node meets another certificate: on this node's way, somebody else answers."""
    failed = stopped(evidence)
    if failed is None or not isinstance(failed.step, Handshake) or not failed.outcome.chain:
        return None
    mine = failed.outcome.chain[0]
    for other in walk(evidence):
        step = other.step
        if other.control != CONTROL or not isinstance(step, Handshake) or not other.outcome.ok or not other.outcome.chain:
            continue
        if (step.address, step.port) == (failed.step.address, failed.step.port) and other.outcome.chain[0].sha256 != mine.sha256:
            words = (
                f"At {step.address}, {failed.vantage} is shown a certificate of {mine.subject},",
                f"{other.vantage} one of {other.outcome.chain[0].subject}.",
                "One address, two servers: on this node's way the connection is turned to another one.",
            )
            return Conclusion("network.intercepted", "proved", words, args={"address": step.address}, replaces=("*",))
    return None


def another_address(evidence: Evidence) -> Conclusion | None:
    """This node's resolver gives an address at which the registry is not; another node's gives one at which it is."""
    failed = stopped(evidence)
    if failed is None or not isinstance(failed.step, (Connect, Handshake)):
        return None
    host, mine = failed.step.host, failed.step.address
    others = [t for t in walk(evidence) if t.control == CONTROL and getattr(t.step, "host", "") == host and t.outcome.ok]
    known = next((t for t in others if isinstance(t.step, Resolve) and t.outcome.addresses), None)
    shaken = next((t for t in others if isinstance(t.step, Handshake)), None)
    if known is None or shaken is None or mine in known.outcome.addresses:
        return None
    words = (
        f"{failed.vantage} is told that {host} is {mine}; there: {failed.outcome.text}.",
        f"{known.vantage} is told {', '.join(known.outcome.addresses[:3])}, and meets the registry there.",
    )
    return Conclusion("dns.wrong-address", "proved", words, args={"address": mine}, replaces=("*",))


def _named(body: str) -> str:
    import re  # noqa: PLC0415

    found = re.search(r"(?i)\bip(?: address)?\W{1,4}([0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f:]{3,39}:[0-9a-f:]*)", body)
    return found[1] if found else ""


ARGUMENTS = (
    ("auth.ip-not-allowed", let_in),
    ("network.intercepted", another_server),
    ("dns.wrong-address", another_address),
)
