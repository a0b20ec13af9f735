"""whypull as a user of the cluster runs it: a process of its own with a kubeconfig, and Debian's kubectl on PATH."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time

from lab.start import ROOT, SOURCE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pathlib
    from typing import Any

    from cluster.real.servers import Servers

HOME = f"{ROOT}/home"
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclasses.dataclass(frozen=True)
class Ran:
    """What a run gave."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def document(self) -> dict[str, Any]:
        """The answer of a run with -o json. Raises ValueError with what was said instead."""
        try:
            found: dict[str, Any] = json.loads(self.out)
        except ValueError as e:
            raise ValueError(f"exit {self.code}: {self.out[-500:]}{self.err[-1500:]}") from e
        return found


class Shell:
    """A user's terminal: whypull, kubectl and ssh with this user's rights."""

    def __init__(self, servers: Servers, kubectl: pathlib.Path) -> None:
        self.servers, self.kubectl = servers, kubectl
        os.makedirs(f"{HOME}/bin", exist_ok=True)
        self.path = f"{HOME}/bin:{kubectl.parent}:{SYSTEM}"

    def environment(self, user: str = "admin") -> dict[str, str]:
        """What the user's programs are given."""
        return {
            "PATH": self.path, "HOME": HOME, "KUBECONFIG": self.servers.kubeconfig(user), "PYTHONPATH": SOURCE,
            "WHYPULL_DEBUG": "1", "LC_ALL": "C.UTF-8",
        }  # fmt: skip

    def whypull(self, *args: str, user: str = "admin", text: str = "", seconds: float = 300.0) -> Ran:
        """Runs whypull to its end, without a terminal."""
        return self._run([sys.executable, "-m", "whypull", *args], user, text, seconds)

    def started(self, *args: str) -> subprocess.Popen[str]:
        """whypull while it runs, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "whypull", *args], env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=HOME, start_new_session=True,
        )  # fmt: skip

    def sh(self, script: str, seconds: float = 60.0) -> Ran:
        """Runs lines of a terminal."""
        return self._run(["bash", "-c", script], "admin", "", seconds)

    def _run(self, command: list[str], user: str, text: str, seconds: float) -> Ran:
        began = time.monotonic()
        done = subprocess.run(
            command,
            env=self.environment(user),
            input=text,
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=HOME,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr, round(time.monotonic() - began, 2))
