"""A part of the machine's control groups that the cluster has to itself, so that what its containers leave there can be removed."""

from __future__ import annotations

import contextlib
import os
import subprocess

TOP = "/sys/fs/cgroup"
PREFIX = "whypull-cluster-"


def make(name: str) -> None:
    """Makes a group of this name in every hierarchy of version 1, and those of version 2 where there is no other."""
    for at in hierarchies():
        path = f"{at}/{name}"
        os.makedirs(path, exist_ok=True)
        for file in ("cpuset.cpus", "cpuset.mems"):  # empty in a new group, which then takes no process
            with contextlib.suppress(OSError), open(f"{at}/{file}", encoding="ascii") as above:
                value = above.read()
                with open(f"{path}/{file}", "w", encoding="ascii") as below:
                    below.write(value)


def enter(name: str) -> None:
    """Shows that group as the whole to the calling process's mount namespace: runc's absolute paths end up below it."""
    for at in hierarchies():
        subprocess.run(["mount", "--bind", f"{at}/{name}", at], check=True)


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
    """The mounted hierarchies that a runtime of version 1 uses."""
    with open("/proc/mounts", encoding="ascii") as file:
        mounted = [line.split() for line in file]
    found = [words[1] for words in mounted if words[2] == "cgroup" and words[1].startswith(TOP)]
    return sorted(set(found)) or [TOP]
