"""The lab's own process tree: every namespace, mount, process and file of a run lives in it and ends with it.

`unshare` gives a process that is the first of its process namespace, so the kernel itself ends all others when it goes, also
after kill -9; named network namespaces, sockets and the disks of nodes lie on a tmpfs over /run that only this tree sees.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys

from lab.packages import CACHE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.packages import Packages

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.path.join(os.path.dirname(TESTS), "src")
ROOT = "/run/lab"  # inside only
SIZE = "2g"
_ALONE = (
    "setpriv",
    "--pdeathsig",
    "KILL",
    "unshare",
    "--mount",
    "--net",
    "--pid",
    "--ipc",
    "--uts",
    "--fork",
    "--kill-child",
    "--mount-proc",
)


def start(packages: Packages, module: str, args: Sequence[str], **pipes: object) -> subprocess.Popen[str]:
    """Starts `python -m module args` alone in its namespaces, with the lab's tools over /usr; it ends when this process does."""
    setup = (
        f"mount -t tmpfs -o size={SIZE},mode=755 lab /run && mkdir -p {ROOT} && mount -t tmpfs lab /dev/shm && "
        f'mount -t overlay -o ro,lowerdir={packages.tools}/usr:/usr lab /usr && exec "$@"'
    )
    command = [*_ALONE, "sh", "-c", setup, "sh", sys.executable, "-m", module, *args]
    environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower() and not k.startswith("SSL_CERT")}
    environment |= {"PYTHONPATH": f"{TESTS}:{SOURCE}", "GRPC_ENABLE_FORK_SUPPORT": "0", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    return subprocess.Popen(command, env=environment, text=True, **pipes)  # type: ignore[call-overload]


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """One lab at a time: two would take each other's processors, and with them the time that they are measured by."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "running", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
