"""The node's own Ready condition says that the container runtime does not answer."""

from __future__ import annotations

from whypull.model import NodeSeen
from whypull.proofs import Conclusion, Evidence

PROVES = "node.runtime-unavailable"
_WORDS = ("container runtime is down", "container runtime not ready", "runtime not ready")


def argue(evidence: Evidence) -> Conclusion | None:
    """Proved by the kubelet's word, unless a text of this pull shows that the runtime did pull and was refused."""
    node = next((f for f in evidence.case.facts if isinstance(f, NodeSeen)), None)
    if node is None or node.ready == "True" or not any(w in node.message.lower() for w in _WORDS):
        return None
    if any(c.stage not in {"node", "spec"} for c in evidence.candidates):
        return None
    return Conclusion(
        PROVES, "proved", (f'Node {node.name} is not Ready: "{node.message}".',), args={"node": node.name}, replaces=("*",)
    )


ARGUMENTS = ((PROVES, argue),)
