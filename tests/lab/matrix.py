"""Every fault on one containerd, a dozen side by side: broken for real, asked about, put right, and pulled again.

Runs in the process that lab.start began: `python -m lab.matrix VERSION FILE [FAULT …]` writes a line of JSON for each fault.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from lab import asking, packages
from lab.bed import Bed
from lab.faults import all_faults
from lab.node import holders
from lab.scene import Scene
from lab.start import ROOT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lab.cri import Pulled
    from lab.faults import Fault

SIDE_BY_SIDE = 12
SLOW = ("dropped", "stalls", "black-hole", "silent", "not-configured", "not-restarted")  # these wait; they begin first


def main(version: str, path: str, names: list[str]) -> None:
    """Runs the matrix and writes its lines."""
    started = time.monotonic()
    bed = Bed(packages.fetched())
    up = time.monotonic() - started
    numbered = [
        (number, fault) for number, fault in enumerate(all_faults(), 1) if (fault.name in names if names else fault.fits(version))
    ]
    numbered.sort(key=lambda one: not any(word in one[1].name for word in SLOW))
    watch = Memory()
    watch.start()
    with open(path, "w", encoding="utf-8") as out, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for row in pool.map(lambda one: guarded(bed, one[0], version, one[1]), numbered):
            out.write(json.dumps(row) + "\n")
            out.flush()
        whole = {"runtime": version, "up": round(up, 2), "seconds": round(time.monotonic() - started), "mib": watch.most >> 20}
        out.write(json.dumps(whole) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the first process of its namespace: everything else in it ends with it


class Memory(threading.Thread):
    """Samples what the lab's processes and its disks in memory take together; `most` is the largest sum, in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0

    def run(self) -> None:
        """Every two seconds, until the process ends."""
        while True:
            self.most = max(self.most, _resident() + _in_memory())
            time.sleep(2)


def _resident() -> int:
    """The proportional set size of every process of the lab's process namespace."""
    total = 0
    for entry in glob.glob("/proc/[0-9]*/smaps_rollup"):
        with contextlib.suppress(OSError), open(entry, encoding="ascii") as file:
            total += next((int(line.split()[1]) for line in file if line.startswith("Pss:")), 0) * 1024
    return total


def _in_memory() -> int:
    """What lies on the tmpfs of the lab and on the disks of its nodes."""
    disks = [ROOT, *(f"/proc/{pid}/root/var/lib/containerd" for pid in holders())]
    total = 0
    for disk in disks:
        with contextlib.suppress(OSError):
            found = os.statvfs(disk)
            total += (found.f_blocks - found.f_bfree) * found.f_frsize
    return total


def guarded(bed: Bed, number: int, version: str, fault: Fault) -> dict[str, Any]:
    """One fault's row; an error of the lab's own is a row too."""
    try:
        return one_fault(bed, number, version, fault)
    except Exception:  # noqa: BLE001 - one broken scene must not end the others
        return {"fault": fault.name, "cause": fault.cause, "error": traceback.format_exc()}


def one_fault(bed: Bed, number: int, version: str, fault: Fault) -> dict[str, Any]:
    """Breaks it, pulls, asks the three questions."""
    started = time.monotonic()
    scene = Scene(bed, number, version, fault.world, fault.client)
    try:
        scene.start()
        pulled = scene.pull(fault.seconds)
        row = {"fault": fault.name, "cause": fault.cause, "image": scene.image, **_of(pulled)}
        row |= asking.questions(scene, fault, pulled)
        row["seconds"] = round(time.monotonic() - started, 1)
        return row
    finally:
        scene.remove()


def _of(pulled: Pulled) -> dict[str, Any]:
    return {"ok": pulled.ok, "code": pulled.code, "text": pulled.text, "took": round(pulled.seconds, 1)}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
