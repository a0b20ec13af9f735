"""The node is not linux/amd64, for which nearly every image is built, and the text lets a missing variant in."""

from __future__ import annotations

from whypull.model import NodeSeen
from whypull.proofs import Conclusion, Evidence

PROVES = "image.platform-mismatch"


def argue(evidence: Evidence) -> Conclusion | None:
    """Likely where a text lets it in without settling it, and the node's system or processor is a rarer one."""
    node = next((f for f in evidence.case.facts if isinstance(f, NodeSeen)), None)
    let_in = evidence.lets_in(PROVES)
    if node is None or let_in is None or let_in.odds >= 100 or not node.arch or (node.os, node.arch) == ("linux", "amd64"):
        return None
    words = (f"Node {node.name} is {node.os or 'linux'}/{node.arch}.",)
    return Conclusion(PROVES, "likely", words, args={"node": node.name, "platform": f"{node.os or 'linux'}/{node.arch}"})


ARGUMENTS = ((PROVES, argue),)
