"""Ways to the node's shell: exec into a pod there, or the user's own ssh. Arguments of local processes; no credential in them."""

from __future__ import annotations

import contextlib
import re
import shlex
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


_CONTROL = "ControlPath=~/.ssh/whypull-%C"
# What an image's environment or a plain ssh leaves out, and where nodes have crictl and the like.
_PATH = "PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin; export PATH; "


@dataclass(frozen=True, slots=True)
class Exec:
    """kubectl exec into a container of the node pod, and from there into the host's root."""

    kubectl: tuple[str, ...]  # kubectl with --kubeconfig, --context and impersonation as the user gave them
    namespace: str
    pod: str
    container: str
    enter: tuple[str, ...]  # how the container's process gets into the host's root; ends before the shell

    def command(self, script: str) -> Sequence[str]:
        """The local process that runs the script by the host's sh."""
        where = ("exec", "-i", "-n", self.namespace, self.pod, "-c", self.container, "--")
        return (*self.kubectl, *where, *self.enter, "/bin/sh", "-c", _PATH + script)


@dataclass(frozen=True, slots=True)
class Ssh:
    """The user's own ssh, with their own configuration, keys and agent."""

    target: str  # [user@]host, as ssh takes it
    options: tuple[str, ...] = ()
    become_root: bool = False

    def command(self, script: str) -> Sequence[str]:
        """The local process that runs the script by the node's sh."""
        if not re.fullmatch(r"(?:[\w.\\+-]+@)?[\w.:%\[\]-]+", self.target) or self.target.startswith("-"):
            raise ValueError(f"{self.target!r} is no ssh target")
        inner = f"sh -c {shlex.quote(_PATH + script)}"
        # One connection is kept for the walk's many commands; without finish() it ends a minute after the last one.
        shared = ("-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", _CONTROL)
        remote = f"sudo -n {inner}" if self.become_root else inner
        return ("ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", *shared, *self.options, "--", self.target, remote)

    def finish(self) -> None:
        """Ends the connection that was kept."""
        import subprocess  # noqa: PLC0415 - only who comes here pays for it

        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603 - the user's own ssh
                ["ssh", "-o", _CONTROL, *self.options, "-O", "exit", "--", self.target],  # noqa: S607
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=10, check=False,
            )  # fmt: skip
