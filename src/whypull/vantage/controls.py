"""What is tried besides the pull itself because of what stands in a node's files: one thing changed at a time. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from whypull.model import FlawSeen, NodeConfigSeen
from whypull.proofs.walked_as_the_hosts_file_says import CONTROL as HOSTS_FILE
from whypull.proofs.walked_as_the_runtime_is_configured import CONTROL as PASSED_OVER
from whypull.proofs.walked_as_the_runtime_is_configured import TRUST_LOST
from whypull.runtimeconfig import containerd_toml
from whypull.steps import Connect, Handshake, Resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from whypull.dockerconfig import Decoded
    from whypull.model import Fact
    from whypull.probe.walk import Walk
    from whypull.runtimeconfig.lint import NodeFiles
    from whypull.steps import Tried

_CA = re.compile(r"""(?im)^\s*ca(?:_?file|_?cert)?\s*=\s*\[?\s*["']([^"'\n]+)""")


def controls(tried: Sequence[Tried], facts: Sequence[Fact], seen: NodeFiles, trust: Callable[[tuple[str, ...]], object]) -> Walk:
    """What a node's own files let one try besides: the CA in what is passed over, a name's address without /etc/hosts.

    `trust` is told of the CA files of the node that make the trust store PASSED_OVER.
    """
    shaken = next((t for t in tried if isinstance(t.step, Handshake) and t.outcome.verify and not t.control), None)
    flaws = [f for f in facts if isinstance(f, FlawSeen) and f.kind in TRUST_LOST]
    if shaken is not None and flaws and isinstance(shaken.step, Handshake):
        named = dict.fromkeys(ca for f in flaws for ca in _authorities(seen, f.file, shaken.step.host))
        files = tuple(ca for ca in named if ca.startswith("/") and seen.has(ca))
        if files:
            trust(files)
            yield replace(shaken.step, trust=PASSED_OVER), shaken.role, PASSED_OVER
    config = next((f for f in facts if isinstance(f, NodeConfigSeen)), None)
    for host in dict.fromkeys(name for _, name in config.host_entries) if config else ():
        for server in config.nameservers[:1] if config else ():
            answer = yield Resolve(host, "A", server), "registry", HOSTS_FILE
            for address in answer.addresses[:1]:
                at = next((t.step for t in tried if isinstance(t.step, Connect) and t.step.host == host), None)
                if at is not None and address != at.address:
                    yield Connect(host, address, at.port), "registry", HOSTS_FILE


def _authorities(seen: NodeFiles, file: str, host: str) -> Iterator[str]:
    """CA files that a configuration names for a host, whether or not its runtime reads it that far."""
    texts = [seen.files.get(file, ""), seen.files.get(f"{containerd_toml.CERTS_D}/{host}/hosts.toml", "")]
    for text in texts:
        yield from _CA.findall(text)


def other_registries(secrets: Sequence[Decoded], host: str) -> tuple[str, ...]:
    """Registries that the pod's credentials are for, other than the image's: where a reference may have meant to go."""
    keys = (entry.key.partition("://")[2] or entry.key for decoded in secrets for entry in decoded.entries)
    found = dict.fromkeys(key.partition("/")[0] for key in keys)
    return tuple(name for name in found if name and name not in {host, "index.docker.io", "docker.io"} and "*" not in name)


__all__ = ["PASSED_OVER", "controls", "other_registries"]
