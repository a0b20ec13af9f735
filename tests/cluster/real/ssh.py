"""An sshd on a node, and the user's own ssh that reaches it: Debian's, with keys of this run."""

from __future__ import annotations

import os
import pathlib
import subprocess
import time

from cluster.real.asking import HOME
from lab.start import ROOT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cluster.real.node import ClusterNode

_CONFIG = """\
Port 22
HostKey /etc/ssh/lab_host
AuthorizedKeysFile /etc/ssh/lab_users
PermitRootLogin yes
PasswordAuthentication no
UsePAM no
StrictModes no
PidFile none
Subsystem sftp /bin/false
"""
_USER = "Host 10.77.*\n  User root\n  IdentityFile {home}/.ssh/key\n  UserKnownHostsFile /dev/null\n  StrictHostKeyChecking no\n  LogLevel ERROR\n"
_NOBODY = "sshd:x:992:65534::/run/sshd:/usr/sbin/nologin\n"


class Ssh:
    """The programs, below `folder`, and the user's key."""

    def __init__(self, folder: pathlib.Path) -> None:
        libraries = [str(p) for p in (*folder.glob("lib/*-linux-gnu"), *folder.glob("usr/lib/*-linux-gnu"))]
        self.folder, self.library_path = folder, ":".join(libraries)
        os.makedirs(f"{HOME}/.ssh", mode=0o700, exist_ok=True)
        os.makedirs(f"{HOME}/bin", exist_ok=True)
        self._key(f"{HOME}/.ssh/key")
        _write(f"{HOME}/.ssh/config", _USER.format(home=HOME))
        _write(f"{HOME}/bin/ssh", f'#!/bin/sh\nLD_LIBRARY_PATH={self.library_path} exec {folder}/usr/bin/ssh "$@"\n', 0o755)
        # ssh looks for its files in the home that the password file names; that of this process tree names the lab's.
        users = pathlib.Path("/etc/passwd").read_text(encoding="utf-8").splitlines(keepends=True)
        _write(f"{ROOT}/passwd", "".join(f"root:x:0:0:root:{HOME}:/bin/bash\n" if u.startswith("root:") else u for u in users))
        subprocess.run(["mount", "--bind", f"{ROOT}/passwd", "/etc/passwd"], check=True)

    def _key(self, path: str) -> str:
        program = [f"{self.folder}/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path]
        subprocess.run(program, env={"LD_LIBRARY_PATH": self.library_path}, check=True, capture_output=True)
        return pathlib.Path(path).read_text(encoding="ascii")

    def serve(self, node: ClusterNode) -> None:
        """Starts an sshd on the node and waits for it. Raises RuntimeError."""
        host = self._key(f"{ROOT}/{node.name}-host-key")
        users = pathlib.Path("/etc/passwd").read_text(encoding="utf-8").replace(HOME, "/root")
        node.write({
            "/etc/ssh/sshd_config": _CONFIG, "/etc/ssh/lab_host": host, "/etc/passwd": users + ("" if "sshd:" in users else _NOBODY),
            "/etc/ssh/lab_users": pathlib.Path(f"{HOME}/.ssh/key.pub").read_text(encoding="ascii"),
        })  # fmt: skip
        os.chmod(f"{node.root}/etc/ssh/lab_host", 0o600)
        os.makedirs(f"{node.root}/run/sshd", mode=0o755, exist_ok=True)
        with open(f"{node.folder}/sshd.log", "wb") as log:
            subprocess.Popen(
                [*node._inside(), f"{self.folder}/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/sshd_config"],
                env={"LD_LIBRARY_PATH": self.library_path}, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
            )  # fmt: skip
        for _ in range(50):
            time.sleep(0.1)
            if "listening" in pathlib.Path(f"{node.folder}/sshd.log").read_text(encoding="utf-8").lower():
                return
        raise RuntimeError(pathlib.Path(f"{node.folder}/sshd.log").read_text(encoding="utf-8")[-500:])


def _write(path: str, text: str, mode: int = 0o600) -> None:
    pathlib.Path(path).write_text(text, encoding="utf-8")
    pathlib.Path(path).chmod(mode)
