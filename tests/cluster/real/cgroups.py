"""A part of the machine's control groups that the cluster has to itself, so that what its containers leave there can be removed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess

TOP = "/sys/fs/cgroup"
PREFIX = "whypull-cluster-"
_CLONE_NEWCGROUP = 0x02000000
_COMMON = frozenset({"rw", "ro", "nosuid", "nodev", "noexec", "relatime", "noatime"})


def make(name: str) -> None:
    """Makes a group of this name in every hierarchy."""
    for at in hierarchies():
        path = f"{at}/{name}"
        os.makedirs(path, exist_ok=True)
        for file in ("cpuset.cpus", "cpuset.mems"):  # empty in a new group, which then takes no process
            with contextlib.suppress(OSError), open(f"{at}/{file}", encoding="ascii") as above:
                value = above.read()
                with open(f"{path}/{file}", "w", encoding="ascii") as below:
                    below.write(value)


def enter(name: str) -> None:
    """Moves the calling process into that group, and shows it the group as the whole, in a namespace of its own.

    What it starts, and runc below that, sees nothing else. Raises OSError.
    """
    mounted = _mounted()
    for at in mounted:
        with open(f"{at}/{name}/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWCGROUP):
        raise OSError(ctypes.get_errno(), "unshare")
    for at, options in mounted.items():
        subprocess.run(["umount", at], check=True)  # of this mount namespace only
        subprocess.run(["mount", "-t", "cgroup", "-o", options, "cgroup", at], check=True)


def remove(name: str) -> None:
    """Removes the group with all that is below it. Groups with processes in them stay."""
    for at in hierarchies():
        for folder, _, _ in os.walk(f"{at}/{name}", topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def left() -> list[str]:
    """The names of groups that earlier runs left behind."""
    return sorted({name for at in hierarchies() for name in os.listdir(at) if name.startswith(PREFIX)})


def hierarchies() -> list[str]:
    """Where the hierarchies of version 1 are mounted; empty on a machine that has none."""
    return list(_mounted())


def _mounted() -> dict[str, str]:
    """Mount point → the option that names the hierarchy: its controllers, or a name."""
    with open("/proc/mounts", encoding="ascii") as file:
        mounted = [line.split() for line in file]
    found = {}
    for words in mounted:
        if words[2] == "cgroup" and words[1].startswith(TOP):
            named = [o for o in words[3].split(",") if o not in _COMMON]
            found[words[1]] = ",".join(("none", *named) if any(o.startswith("name=") for o in named) else named)
    return found
