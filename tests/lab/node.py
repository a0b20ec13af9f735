"""A node: a real containerd with its own network, mounts, resolver, environment, trust store, certs.d and disk.

Its files lie where a node has them (/etc/containerd, /etc/resolv.conf, /etc/systemd/system/containerd.service.d, …), on an
overlay that only this node sees, so that a printed fix can be carried out to the letter.
"""

from __future__ import annotations

import base64
import contextlib
import glob
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import time

from lab import cri, network
from lab.start import ROOT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.cri import Pulled
    from lab.packages import Packages

DISK = "size=96m"
OFF = ("btrfs", "zfs", "devmapper", "aufs", "native", "blockfile", "erofs")
MOUNTS = """
set -e
for place in etc var root tmp; do
  mount -t overlay -o lowerdir=/$place,upperdir=$1/$place,workdir=$1/$place-work lab /$place
done
mount -t tmpfs lab /etc/ssl/certs
mount -t tmpfs lab /usr/local && mkdir -p /usr/local/bin /usr/local/share/ca-certificates
mount -t tmpfs lab /usr/share/ca-certificates
mkdir -p /var/lib/containerd && mount -t tmpfs -o $2 lab /var/lib/containerd
[ "$3" = /usr/bin/containerd ] || mount --bind $3 /usr/bin/containerd
cp $1/bin/* /usr/local/bin/
mount --bind $1/run /run
mount -o remount,ro,bind /
mkdir -p /run/systemd/resolve && echo "nameserver $4" > /run/systemd/resolve/resolv.conf
echo ready
exec sleep infinity
"""
# What a node has and the lab's does not: systemd, the kubelet's tools. Each does what the lab can carry out of it.
_SHIMS = {
    "systemctl": """#!/bin/sh
# A restart is written down, and the lab carries it out.
case "$*" in *restart*containerd*|*start*containerd*|*start*crio*|*reload*crio*) touch /run/restart-containerd ;; esac
""",
    "sudo": """#!/bin/sh
while case "$1" in -*) true ;; *) false ;; esac; do shift; done
exec "$@"
""",
    "crictl": """#!/bin/sh
# Nothing runs on this node, so every image is one that nothing uses.
case "$*" in *rmi*--prune*) for i in $(ctr -n k8s.io images ls -q); do ctr -n k8s.io images rm --sync "$i"; done ;; esac
""",
}


_HOLDERS: set[int] = set()


def holders() -> tuple[int, ...]:
    """The pids whose mounts are those of the nodes that there are now."""
    return tuple(_HOLDERS)


SKOPEO = "skopeo"  # stands for CRI-O: both pull with containers/image
CRIO = {
    "/etc/crio/crio.conf": "[crio]\n",
    "/etc/containers/policy.json": '{"default": [{"type": "insecureAcceptAnything"}]}\n',
    "/etc/containers/registries.conf": "# none\n",
    "/etc/containers/registries.conf.d/000-shortnames.conf": "# none\n",
}


class Node:
    """One node. `files` are path → content; the environment of containerd comes from its systemd drop-ins."""

    ALONE = ("unshare", "--mount", "--propagation", "private")  # the namespaces that it has besides its network's
    MOUNTS = MOUNTS

    def __init__(
        self, name: str, number: int, packages: Packages, version: str, files: Mapping[str, str], disk: str = DISK
    ) -> None:
        self.name = name
        self.number = number
        self.version = version
        self.folder = f"{ROOT}/nodes/{name}"
        self.socket = f"{self.folder}/run/containerd/containerd.sock"
        self._runtime: subprocess.Popen[bytes] | None = None
        for part in ("etc", "var", "root", "tmp"):
            os.makedirs(f"{self.folder}/{part}")
            os.makedirs(f"{self.folder}/{part}-work")
        os.makedirs(f"{self.folder}/run")
        os.makedirs(f"{self.folder}/bin")
        for tool, script in _SHIMS.items():
            shim = pathlib.Path(self.folder, "bin", tool)
            shim.write_text(script, encoding="ascii")
            shim.chmod(0o755)
        self.address, self.seen_as = network.attach(name, number)
        own = packages.containerds.get(version, packages.tools)
        binary = "/usr/bin/containerd" if own == packages.tools else str(own / "usr/bin/containerd")
        self.given: dict[str, str] = {}  # the environment that the runtime's process has
        self._holder = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{name}", *self.ALONE, "sh", "-c", self.MOUNTS, "sh", self.folder, disk, binary, network.ROUTER],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd="/",
        )  # fmt: skip
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the mounts of {name} failed")
        _HOLDERS.add(self._holder.pid)
        self.root = f"/proc/{self._holder.pid}/root"
        self.write(files)

    # ------------------------------------------------------------ files and commands

    def write(self, files: Mapping[str, str]) -> None:
        """Writes files of the node; an empty text removes one."""
        for path, text in files.items():
            at = pathlib.Path(self.root + path)
            if not text:
                at.unlink(missing_ok=True)
                continue
            at.parent.mkdir(parents=True, exist_ok=True)
            at.unlink(missing_ok=True)
            at.write_text(text, encoding="utf-8")

    def run(self, script: str, text: str = "", seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Runs a script on the node, as its administrator would; a restart of containerd that it asks for is carried out."""
        command = [
            *self._inside(),
            "env",
            "-i",
            "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "bash",
            "-c",
            script,
        ]
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False, timeout=seconds, cwd="/")
        asked = pathlib.Path(self.folder, "run/restart-containerd")
        if asked.exists():
            asked.unlink()
            self.restart()
        return done

    def _inside(self) -> list[str]:
        return ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", f"--net=/proc/{self._holder.pid}/ns/net"]

    @property
    def environment(self) -> dict[str, str]:
        """What systemd would give containerd: the Environment= lines of its drop-ins, later ones winning."""
        found: dict[str, str] = {}
        service = "crio" if self.version == SKOPEO else "containerd"
        for path in sorted(glob.glob(f"{self.root}/etc/systemd/system/{service}.service.d/*.conf")):
            text = pathlib.Path(path).read_text(encoding="utf-8").replace("\\\n", " ")
            for line in re.findall(r"^\s*Environment=(.*)$", text, re.MULTILINE):
                found.update(word.split("=", 1) for word in shlex.split(line) if "=" in word)
        return found

    # ------------------------------------------------------------ the runtime

    @property
    def pid(self) -> int:
        """The runtime's process."""
        assert self._runtime is not None
        return self._runtime.pid

    @property
    def runs(self) -> bool:
        """Whether the runtime's process is there."""
        return self._runtime is not None and self._runtime.poll() is None

    def start(self) -> None:
        """Starts containerd and waits for its socket; one that dies at once is left dead (that can be the fault)."""
        self.given = self.environment
        if self.version == SKOPEO:
            return
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self.given}
        with open(f"{self.folder}/containerd.log", "ab") as log:
            self._runtime = subprocess.Popen(
                [*self._inside(), "/usr/bin/containerd"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            )
        with contextlib.suppress(TimeoutError):
            cri.wait_for(self.socket, 20.0 if self._runtime.poll() is None else 0.1)
            cri.ready(self.socket)

    def stop(self) -> None:
        """Ends containerd."""
        if self._runtime is not None:
            self._runtime.kill()
            self._runtime.wait()

    def restart(self) -> None:
        """Ends containerd and starts it with the environment that its drop-ins have now."""
        self.stop()
        pathlib.Path(self.socket).unlink(missing_ok=True)
        self.start()

    def pull(self, image: str, account: tuple[str, str] = ("", ""), seconds: float = 60.0) -> Pulled:
        """One pull: over CRI, or by skopeo with what CRI-O's service would have."""
        if self.version == SKOPEO:
            return self._skopeo(image, account, seconds)
        return cri.pull(self.socket, image, *account, seconds=seconds)

    def _skopeo(self, image: str, account: tuple[str, str], seconds: float) -> Pulled:
        """What skopeo's copy into a folder says on standard error, where it fails."""
        host = image.partition("/")[0]
        auths = {host: {"auth": base64.b64encode(":".join(account).encode()).decode()}} if account[0] else {}
        self.write({"/root/auth.json": json.dumps({"auths": auths})})
        given = " ".join(shlex.quote(f"{name}={value}") for name, value in self.given.items())
        copy = f"skopeo copy --src-authfile /root/auth.json {shlex.quote(f'docker://{image}')} dir:/var/lib/containers/pulled"
        started = time.monotonic()
        done = self.run(f"mkdir -p /var/lib/containers; env {given} timeout {seconds:.0f} {copy}", seconds=seconds + 10)
        took = time.monotonic() - started
        if done.returncode == 124:
            return cri.Pulled(False, "", "", took)  # it tries on and on, and says nothing
        return cri.Pulled(done.returncode == 0, "", done.stderr.strip(), took)

    @property
    def log(self) -> str:
        """What containerd wrote."""
        return pathlib.Path(self.folder, "containerd.log").read_text(encoding="utf-8", errors="replace")

    def remove(self) -> None:
        """Ends the node; its disk goes with its mounts."""
        self.stop()
        _HOLDERS.discard(self._holder.pid)
        self._holder.send_signal(signal.SIGKILL)
        self._holder.wait()
        network.detach(self.name, self.number, self.address)
        for _ in range(20):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not os.path.exists(self.folder):
                return
            time.sleep(0.05)


def config_toml(version: str, registry: str = 'config_path = "/etc/containerd/certs.d"', more: str = "") -> str:
    """A config.toml in the layout of this containerd, with this [registry] table and `more` below the image plugin."""
    layout, plugin = (3, "io.containerd.cri.v1.images") if version.startswith("2") else (2, "io.containerd.grpc.v1.cri")
    off = ", ".join(f'"io.containerd.snapshotter.v1.{name}"' for name in OFF)
    off += ', "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing", "io.containerd.nri.v1.nri"'
    return (
        f"version = {layout}\ndisabled_plugins = [{off}]\n\n"
        f"[plugins.'{plugin}']\n{more}\n[plugins.'{plugin}'.registry]\n{registry}\n"
    )


def drop_in(environment: Mapping[str, str]) -> str:
    """A systemd drop-in that sets an environment."""
    lines = "".join(f'Environment="{name}={value}"\n' for name, value in environment.items())
    return f"[Service]\n{lines}"
