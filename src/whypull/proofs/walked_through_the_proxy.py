"""The walk asked the proxy for a tunnel, heard its own words, and tried the registry without it."""

from __future__ import annotations

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import control, first_failed, where
from whypull.steps import Connect, Handshake, Resolve, Tunnel


def reached(evidence: Evidence) -> Conclusion | None:
    """The proxy's own name or port fails."""
    failed = first_failed(evidence)
    if failed is None or failed.role != "proxy" or not isinstance(failed.step, Resolve | Connect):
        return None
    words = [f"Tried {where(failed)}: {failed.outcome.text}.", *_direct(evidence)]
    return Conclusion("proxy.unreachable", "proved", tuple(words), args={"proxy": failed.step.host}, replaces=("*",))


def refused(evidence: Evidence) -> Conclusion | None:
    """The proxy answered CONNECT: a password, a refusal, or words that are not HTTP."""
    failed = first_failed(evidence)
    if failed is None or not isinstance(failed.step, Tunnel):
        return None
    outcome, proxy = failed.outcome, failed.step.proxy
    words = [f'{proxy} answers CONNECT {failed.step.host}:{failed.step.port} with "{outcome.status} {outcome.reason}".', *_direct(evidence)]
    if outcome.status == 407:
        return Conclusion("proxy.auth-required", "proved", tuple(words), args={"proxy": proxy}, replaces=("*",))
    if not outcome.status:
        words[0] = f"{proxy} takes the connection and does not speak as its URL says: {outcome.text}."
        cause = "proxy.misconfigured" if proxy.startswith("https://") or "malformed" in outcome.text else "proxy.denied"
        return Conclusion(cause, "proved" if cause == "proxy.misconfigured" else "likely", tuple(words), args={"proxy": proxy}, replaces=("*",))
    if _reaches_directly(evidence):
        return Conclusion("proxy.bypass-missing", "proved", tuple(words), args={"proxy": proxy}, replaces=("*",))
    return Conclusion("proxy.denied", "proved", tuple(words), args={"proxy": proxy}, replaces=("*",))


def _reaches_directly(evidence: Evidence) -> bool:
    shaken = control(evidence, "proxy", Handshake)
    return shaken is not None and (shaken.outcome.ok or bool(shaken.outcome.chain))


def _direct(evidence: Evidence) -> list[str]:
    """What the registry said without the proxy."""
    shaken = control(evidence, "proxy", Handshake)
    if shaken is not None:
        return ["Without the proxy the registry itself answers."] if _reaches_directly(evidence) else []
    connected = control(evidence, "proxy", Connect)
    if connected is not None and not connected.outcome.ok:
        return [f"Without the proxy it cannot be reached either: {connected.outcome.text}."]
    return []


ARGUMENTS = (("proxy.unreachable", reached), ("proxy.denied", refused))
