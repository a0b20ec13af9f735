"""The node reports that its disk is full, and what the pull says leaves that open."""

from __future__ import annotations

from whypull.model import NodeSeen
from whypull.proofs import Conclusion, Evidence

PROVES = "node.disk-full"
_OF_DISK = {"DiskPressure", "FreeDiskSpaceFailed", "ImageGCFailed", "NodeHasDiskPressure"}
_OPEN = {"unpack.layer-failed", "node.pull-stalled", PROVES}


def argue(evidence: Evidence) -> Conclusion | None:
    """Likely where a text of the pull lets a full disk in; possible where the pull says nothing, or only that unpacking fails."""
    node = next((f for f in evidence.case.facts if isinstance(f, NodeSeen)), None)
    if node is None or not _OF_DISK.intersection(node.pressure):
        return None
    best = evidence.candidates[0] if evidence.candidates else None
    if best is not None and (best.cause not in _OPEN or best.odds >= 100):
        return None
    signs = ", ".join(p for p in node.pressure if p in _OF_DISK)
    words = (f"Node {node.name} reports {signs}.",)
    let_in = evidence.lets_in(PROVES) is not None
    return Conclusion(PROVES, "likely" if let_in else "possible", words, args={"node": node.name}, odds=90 if let_in else 60)


ARGUMENTS = ((PROVES, argue),)
