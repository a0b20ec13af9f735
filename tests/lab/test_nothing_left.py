"""After the lab nothing is left of it, however it ended, and the machine is as it was."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest

from lab import packages, score
from lab.start import SOURCE, TESTS, lock

pytestmark = pytest.mark.lab
SYSCTLS = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding", "vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops")
FOLDERS = ("/etc", "/etc/containerd", "/etc/containers", "/etc/ssl/certs", "/root", "/run", "/var/lib", "/usr/local/bin")
FAULTS = ("syn-dropped", "handshake-stalls", "proxy-right", "name-right")
MIDDLE = "import sys; from lab import score; score.measured('1.6', sys.argv[1:])"


@pytest.fixture(autouse=True)
def _possible() -> None:
    try:
        packages.fetched()
    except packages.NotHere as e:
        pytest.skip(str(e))


def machine() -> dict[str, object]:
    """What of the machine the lab must not touch."""
    found: dict[str, object] = {name: _read(f"/proc/sys/{name}") for name in SYSCTLS}
    found |= {path: hashlib.sha256(_read(path)).hexdigest() for path in ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf")}
    found |= {folder: sorted(os.listdir(folder)) for folder in FOLDERS if os.path.isdir(folder) and folder != "/run"}
    found["named network namespaces"] = sorted(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else []
    found["the lab's folder"] = os.path.exists("/run/lab")
    found["mounts"] = [line for line in _read("/proc/self/mounts").decode().splitlines() if line.startswith("lab ")]
    found["nft"] = subprocess.run([*_nft(), "list", "tables"], capture_output=True, text=True, check=False).stdout
    return found


def _read(path: str) -> bytes:
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return file.read()
    return b""


def _nft() -> list[str]:
    tools = packages.fetched().tools
    libraries = f"LD_LIBRARY_PATH={tools}/usr/lib/x86_64-linux-gnu"
    return ["env", libraries, f"{tools}/usr/sbin/nft"]


def namespaces(pid: int) -> set[str]:
    """The network, mount and process namespaces of a process."""
    found = set()
    for kind in ("net", "mnt", "pid_for_children"):
        with contextlib.suppress(OSError):
            found.add(os.readlink(f"/proc/{pid}/ns/{kind}"))
    return found


def below(pid: int) -> list[int]:
    """A process and all that came of it."""
    children: dict[int, list[int]] = {}
    for entry in glob.glob("/proc/[0-9]*/stat"):
        words = _read(entry).rpartition(b")")[2].split()
        if words:
            children.setdefault(int(words[1]), []).append(int(entry.split("/")[2]))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def test_after_kill_9_in_the_middle_of_it_nothing_is_left_and_a_second_start_is_fine() -> None:
    """Namespaces, mounts, processes, firewall, files: all end with the process that began them."""
    with lock():
        before = machine()
        environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{SOURCE}"}
        running = subprocess.Popen([sys.executable, "-c", MIDDLE, *FAULTS], env=environment)
        family = _grown(running.pid)
        mine = namespaces(os.getpid())
        theirs = {one for pid in family for one in namespaces(pid)} - mine
        assert len(theirs) > 6, "network, mounts and processes of the lab, and of its nodes"
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert _gone(family[1:]) == []
        held = {one for entry in glob.glob("/proc/[0-9]*") for one in namespaces(int(entry.split("/")[2]))}
        assert held & theirs == set()
        assert machine() == before
        rows, whole = score.measured("1.6", ["name-right"])
        assert [(row["fault"], row["ok"], row["walked"]) for row in rows] == [("name-right", True, [])]
        assert whole["up"] < 30
        assert glob.glob(str(packages.CACHE / "rows-*")) == []
        assert machine() == before


def _grown(pid: int) -> list[int]:
    """The lab's processes once its nodes' runtimes are among them."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        family = below(pid)
        if sum(_read(f"/proc/{one}/comm") == b"containerd\n" for one in family) >= 2:
            return family
        time.sleep(0.1)
    raise AssertionError("the lab does not come up")


def _gone(pids: list[int]) -> list[int]:
    """Those that are still there after a while."""
    until = time.monotonic() + 10
    left = pids
    while left and time.monotonic() < until:
        left = [pid for pid in left if os.path.exists(f"/proc/{pid}") and b"\nState:\tZ" not in _read(f"/proc/{pid}/status")]
        time.sleep(0.1)
    return left
