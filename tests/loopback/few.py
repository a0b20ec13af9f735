"""Nodes with few tools: a folder of symlinks as their whole PATH, and relays' tools from the machine's own package mirror.

Packages are unpacked beside the machine (.cache/few), with lists of their own: no root is needed, and nothing is installed.
"""

import fcntl
import functools
import os
import pathlib
import shutil
import subprocess
import sys

CACHE = pathlib.Path(__file__).resolve().parents[2] / ".cache" / "few"
PACKAGES = ("socat", "netcat-openbsd", "netcat-traditional", "busybox-static", "libwrap0", "libbsd0", "libmd0")
PLACES = {
    "socat": ("usr/bin/socat", "usr/bin/socat1"),
    "nc.openbsd": ("bin/nc.openbsd", "usr/bin/nc.openbsd"),
    "nc.traditional": ("bin/nc.traditional", "usr/bin/nc.traditional"),
    "busybox": ("bin/busybox", "usr/bin/busybox"),
}
BASE = ("cat", "head", "tail", "tr", "grep", "df", "date", "sleep", "base64", "env")  # as POSIX has them
APPLETS = (*BASE, "sh", "nc", "nslookup", "timeout", "od", "dd", "printf", "kill")


@functools.cache
def fetched():
    """Tool → path, of those in PLACES; where this machine's apt cannot bring them, the reason as a str."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        root = CACHE / "root"
        if not (root / "done").exists():
            why = _unpacked(root)
            if why:
                return why
    libraries = ":".join(sorted({str(p.parent) for p in root.glob("**/lib*.so*")}))
    made = {}
    for name, places in PLACES.items():
        there = next(root / p for p in places if (root / p).exists())
        made[name] = wrapper = CACHE / "bin" / name
        wrapper.parent.mkdir(exist_ok=True)
        part = wrapper.with_suffix(f".{os.getpid()}")
        part.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {there} "$@"\n', encoding="ascii")
        part.chmod(0o755)
        part.rename(wrapper)
    made["busybox"] = next(root / p for p in PLACES["busybox"] if (root / p).exists())  # static, and it looks at its own name
    return made


def _unpacked(root):
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return "this machine has no apt to bring socat, nc and busybox"
    at = CACHE / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (at / folder).mkdir(parents=True, exist_ok=True)
    own = [f"-oDir::State::lists={at}/lists", f"-oDir::Cache={at}/cache", "-oDebug::NoLocking=1", "-oAcquire::Languages=none"]
    for command in (["update"], ["download", *PACKAGES]):
        done = subprocess.run(
            ["apt-get", *own, "-oAPT::Sandbox::User=root", *command],
            cwd=at,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            return (
                f"apt cannot bring socat, nc and busybox: {(done.stderr.strip().splitlines() or ['no reason given'])[-1][:150]}"
            )
    for deb in at.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(deb), str(root)], check=True)
    (root / "done").touch()
    return ""


def folder(at, *tools):
    """A folder with symlinks to these tools and POSIX's; "busybox" brings busybox for all of those, "nc.…" is the node's nc."""
    at.mkdir()
    if "busybox" in tools:
        for applet in APPLETS:
            (at / applet).symlink_to(fetched()["busybox"])
        return at
    for tool in (*BASE, "sh", *tools):
        name = "nc" if tool.startswith("nc.") else tool
        (at / name).symlink_to(fetched()[tool] if tool in PLACES else _here(tool))
    return at


def _here(tool):
    return os.path.realpath(sys.executable) if tool == "python3" else shutil.which(tool)


class Few:
    """The transport to such a node: its sh, with nothing of this machine's environment."""

    def __init__(self, at, told=None):
        self.at = at
        self.told = told if told is not None else []  # every script that was run

    def command(self, script):
        self.told.append(script)
        return ["env", "-i", f"PATH={self.at}", f"{self.at}/sh", "-c", script]
