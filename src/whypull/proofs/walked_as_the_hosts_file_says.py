"""The node's own /etc/hosts gives the registry an address, and the nameserver has another one."""

from __future__ import annotations

from whypull.model import Fix, NodeConfigSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import failed as stopped
from whypull.proofs._walked import walk
from whypull.steps import Connect, Handshake, Request, Resolve

CONTROL = "hosts file"  # the nameserver's address of a name that the node has in /etc/hosts


def argue(evidence: Evidence) -> Conclusion | None:
    """Proved where the registry answers at the nameserver's address, and not at the one of the file."""
    config = next((f for f in evidence.case.facts if isinstance(f, NodeConfigSeen)), None)
    failed = stopped(evidence)
    if config is None or not config.host_entries or failed is None or isinstance(failed.step, Request):
        return None
    host = getattr(failed.step, "host", "")
    written = [address for address, name in config.host_entries if name == host]
    if not written or not isinstance(failed.step, (Connect, Handshake)) or failed.step.address not in written:
        return None
    controls = [t for t in walk(evidence) if t.control == CONTROL]
    known = [a for t in controls if isinstance(t.step, Resolve) for a in t.outcome.addresses]
    words: tuple[str, ...] = (f"/etc/hosts of the node says {written[0]} for {host}.",)
    if not known or set(known) <= set(written):
        return None
    words += (f"The nameserver says {', '.join(known[:3])}.",)
    reached = any(isinstance(t.step, (Connect, Handshake)) and t.outcome.ok for t in controls)
    if reached:
        words += (f"At {known[0]} the registry answers from there.",)
    run = f"sudo sed -i.old '/[[:space:]]{host.replace('.', '[.]')}/d' /etc/hosts"
    fix = Fix("whoever administers the nodes", run=run, wait="At once.")
    return Conclusion(
        "dns.wrong-address", "proved" if reached else "likely", words, args={"address": written[0]}, replaces=("*",), fixes=(fix,)
    )


ARGUMENTS = (("dns.wrong-address", argue),)
