"""Reads a node's files below a root path, and its runtime's process by its pid: this machine, a mounted host, a container.

The thin adapter before read/node.py: it opens files and knows nothing of what they mean. Nothing is written.
"""

from __future__ import annotations

import datetime as dt
import glob
import os
import re
import subprocess

from whypull.runtimeconfig.lint import NodeFiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST = 512 * 1024  # bytes of one file
MOST = 2_000  # files
SERVICES = ("containerd", "crio", "docker", "kubelet", "k3s", "k3s-agent", "rke2-server", "rke2-agent")
UNITS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
RANCHER = "/var/lib/rancher/*/agent/etc/containerd"
PATTERNS = (
    "/etc/containerd/*.toml", "/etc/containerd/conf.d/*.toml", "/etc/containerd/config.d/*.toml",
    "/etc/containerd/certs.d/*/*.toml", "/etc/containers/registries.conf", "/etc/containers/registries.conf.d/*.conf",
    "/etc/containers/registries.d/*.yaml", "/etc/containers/policy.json", "/etc/crio/crio.conf", "/etc/crio/crio.conf.d/*",
    "/etc/docker/daemon.json", "/etc/rancher/k3s/registries.yaml", "/etc/rancher/rke2/registries.yaml",
    f"{RANCHER}/config.toml", f"{RANCHER}/certs.d/*/hosts.toml",
    *(f"{folder}/{service}.service{end}" for folder in UNITS for service in SERVICES for end in ("", ".d/*.conf")),
    "/etc/default/*", "/etc/sysconfig/*", "/etc/environment", "/etc/profile", "/etc/profile.d/*.sh", "/etc/apt/apt.conf.d/*",
    "/etc/yum.conf", "/etc/dnf/dnf.conf", "/etc/wgetrc", "/root/.bashrc", "/etc/resolv.conf", "/etc/hosts", "/etc/hostname",
    "/etc/os-release",
)  # fmt: skip
EXISTING = ("/etc/containerd/certs.d/*", "/etc/containerd/certs.d/*/*", "/etc/docker/certs.d/*/*", "/etc/containers/certs.d/*/*",
            "/usr/local/share/ca-certificates/*", "/etc/pki/ca-trust/source/anchors/*")  # fmt: skip
STORES = ("/var/lib/containerd", "/var/lib/containers", "/var/lib/docker", "/var/lib/kubelet")
RUNTIMES = {"containerd": "containerd", "crio": "cri-o", "dockerd": "docker"}


def collect(root: str = "/", pid: int = 0, node: str = "") -> NodeFiles:
    """What a node's files below `root` hold, and what the runtime's process has: its environment and version.

    `pid` is the runtime's on this machine; 0 looks for one whose root is `root`. What cannot be read is left out.
    """
    root = root.rstrip("/")
    pid = pid or _found(root)
    name, version = _runtime(root, pid)
    files = dict(_files(root))
    if pid == 0 and not name:
        name = "cri-o" if any(p.startswith("/etc/crio/") for p in files) else "containerd"
    present = {p[len(root) :] for pattern in EXISTING for p in glob.glob(root + pattern)}
    present |= {ca for ca in paths_named(files) if os.path.exists(root + ca)}
    return NodeFiles(
        files=files,
        present=frozenset(present),
        runtime=name,
        version=version,
        environment=_environment(pid),
        running="yes" if pid else "no",
        space=tuple(_space(root)),
        clock=dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        node=node or files.get("/etc/hostname", "").strip(),
    )


def _files(root: str) -> Iterator[tuple[str, str]]:
    seen = 0
    for pattern in PATTERNS:
        for path in sorted(glob.glob(root + pattern)):
            real = _within(root, path[len(root) :])
            if os.path.isfile(real) and seen < MOST:
                text = _text(real)
                if text is not None:
                    seen += 1
                    yield path[len(root) :], text


def _text(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST).decode("utf-8", "replace")
    except OSError:
        return None


def paths_named(files: Mapping[str, str]) -> set[str]:
    """Absolute paths that configurations name: whether they exist decides what a runtime does."""
    texts = [text for name, text in files.items() if name.endswith((".toml", ".yaml"))]
    return {path for text in texts for path in re.findall(r"""["'](/[^"'\n]{1,200})["']""", text)}


def _within(root: str, path: str) -> str:
    """Where a path of the node lies on this machine: an absolute link of the node's leads to the node's own files."""
    for _ in range(16):
        try:
            to = os.readlink(root + path)
        except OSError:
            return root + path
        path = os.path.normpath(os.path.join(os.path.dirname(path), to))
    return root + path


def _found(root: str) -> int:
    """The pid of a runtime that sees this root; 0 where there is none."""
    try:
        mine = os.stat(root or "/")
    except OSError:
        return 0
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            name = os.path.basename(os.readlink(f"/proc/{entry}/exe"))
            its = os.stat(f"/proc/{entry}/root/")
        except OSError:
            continue
        if name in RUNTIMES and (its.st_dev, its.st_ino) == (mine.st_dev, mine.st_ino):
            return int(entry)
    return 0


def _runtime(root: str, pid: int) -> tuple[str, str]:
    """Name and version: asked of the process's own binary, else of the package list."""
    if pid:
        try:
            name = RUNTIMES.get(os.path.basename(os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")), "")
            said = subprocess.run(  # noqa: S603 - the runtime's own binary, for its version
                [f"/proc/{pid}/exe", "--version"], capture_output=True, text=True, check=False, timeout=5, env={}
            ).stdout
        except (OSError, subprocess.SubprocessError):
            return "", ""
        found = re.search(r"\bv?(\d+\.\d+(?:\.\d+)?)", said.replace("github.com/containerd/containerd", ""))
        return name, found[1] if found else ""
    text = _text(f"{root}/var/lib/dpkg/status") or ""
    found = re.search(r"^Package: containerd(?:\.io)?\n(?:.+\n)*?Version: (?:\d+:)?(\d+\.\d+\.\d+)", text, re.MULTILINE)
    return ("containerd", found[1]) if found else ("", "")


def _environment(pid: int) -> dict[str, str] | None:
    if not pid:
        return None
    text = _text(f"/proc/{pid}/environ")
    if text is None:
        return None
    pairs = (one.partition("=") for one in text.split("\0"))
    return {name: value for name, sep, value in pairs if sep and "PROXY" in name.upper()}


def _space(root: str) -> Iterator[tuple[str, int, int, int, int]]:
    for path in STORES:
        try:
            found = os.statvfs(root + path)
        except OSError:
            continue
        yield path, found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, found.f_favail, found.f_files
