"""A process of its own that removes a pod when the run that made it ends without having done so: also after a kill -9."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.read.kubeconfig import Access

_STAND = "import sys; sys.path.insert(0, sys.argv[1]); from whypull.vantage.guard import stand; stand(sys.argv[2:])"
_PACKAGES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_RELEASED = b"done\n"


class Guard:
    """Stands by one pod from before it is made until release(). It is told nothing secret: it reads the kubeconfig itself."""

    def __init__(self, access: Access, kubeconfig: str, namespace: str, name: str) -> None:
        path = os.path.abspath(os.path.expanduser(kubeconfig)) if kubeconfig else ""
        context = access.context if access.context != "in-cluster" else ""
        headers = [f"{header}={value}" for header, value in access.impersonate]
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-c", _STAND, _PACKAGES, namespace, name, path, context, *headers],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a terminal's Ctrl-C does not end it
        )

    def release(self) -> None:
        """Lets it go: the pod is gone, or was never made. May be called again."""
        pipe = self._process.stdin
        assert pipe is not None
        if pipe.closed:
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            pipe.write(_RELEASED)
            pipe.close()
            self._process.wait(5)


def stand(words: list[str]) -> None:
    """What the guard's process does: waits, and removes the pod where nobody lets it go."""
    if sys.stdin.buffer.readline() == _RELEASED:
        return
    from dataclasses import replace  # noqa: PLC0415 - only who comes here pays for it

    from whypull.read.cluster import ApiError, Cluster, Unreachable  # noqa: PLC0415 - rarely needed
    from whypull.read.kubeconfig import BadKubeconfig, access  # noqa: PLC0415 - only who comes here pays for it

    namespace, name, kubeconfig, context, *headers = words
    now = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
    with contextlib.suppress(Unreachable, BadKubeconfig):
        found = access(kubeconfig, context, namespace)
        as_whom = tuple((header.partition("=")[0], header.partition("=")[2]) for header in headers)
        for seconds in (0, 2):  # the request that makes it may still be under way
            time.sleep(seconds)
            with Cluster(replace(found, impersonate=as_whom)) as cluster, contextlib.suppress(ApiError):
                cluster.send("DELETE", f"/api/v1/namespaces/{namespace}/pods/{name}", now)
                return
