"""The name led the walk to an address that cannot serve it, or to another one than where the registry answers."""

from __future__ import annotations

from whypull.addresses import cannot_serve, kind
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import answers, controls, failed, walk, where
from whypull.steps import Connect, Handshake, Resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.steps import Tried

_WHY = {
    "unspecified": "no host has",
    "loopback": "is this machine itself",
    "private": "is private, and this registry is on the internet only",
    "link-local": "is of this network segment only",
}


def address(evidence: Evidence) -> Conclusion | None:
    """Proved for an address that no registry of that name can have, and where another nameserver's address serves."""
    stop, own = failed(evidence), _own(evidence)
    if stop is None or own is None or stop.role != "registry" or not isinstance(stop.step, Connect | Handshake):
        return None
    assert isinstance(own.step, Resolve)
    host, addresses = own.step.host, own.outcome.addresses
    args = {"address": addresses[0]}
    led = f"{host} resolves to {', '.join(addresses[:4])} {where(own)}."
    if all(cannot_serve(host, a) for a in addresses):
        why = _WHY.get(kind(addresses[0]), "serves nobody")
        words = (led, f"{addresses[0]} is an address that {why}.", f"{stop.outcome.text}.")
        return Conclusion("dns.wrong-address", "proved", words, args=args, replaces=("*",))
    others = [t for t in controls(evidence, "address", Handshake) if t.outcome.ok]
    better = next((t.step for t in others if isinstance(t.step, Handshake) and t.step.address not in addresses), None)
    if better is None or answers(evidence, "registry"):
        return None
    words = (
        led,
        f"There: {stop.outcome.text}.",
        f"Another nameserver says {better.address}, and there a server with {host}'s certificate answers.",
    )
    return Conclusion("dns.wrong-address", "proved", words, args={**args, "right": better.address}, replaces=("*",))


def _own(evidence: Evidence) -> Tried | None:
    """What the resolver said of the registry's name."""
    asked = [t for t in walk(evidence) if isinstance(t.step, Resolve) and t.role == "registry" and not t.control]
    return next((t for t in asked if t.outcome.ok and t.outcome.addresses), None)


def own_machine(evidence: Evidence) -> Conclusion | None:
    """A name that leads to this machine, where nothing answers: a sinkhole, or a registry that should run here."""
    stop = failed(evidence)
    if stop is None or stop.role != "registry" or not isinstance(stop.step, Connect):
        return None
    host = stop.step.host
    if kind(stop.step.address) != "loopback" or kind(host) or "." not in host:
        return None
    words = (f"{host} resolves to {stop.step.address}, which is this machine itself; nothing answers there.",)
    return Conclusion("dns.wrong-address", "likely", words, args={"address": stop.step.address}, replaces=("network.",))


ARGUMENTS = (("dns.wrong-address", address), ("dns.wrong-address", own_machine))
