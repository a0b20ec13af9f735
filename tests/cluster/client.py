"""The real kubectl for tests: this machine's, else Debian's, unpacked beside the machine. No root is needed."""

from __future__ import annotations

import fcntl
import functools
import shutil

from tests.cluster import kubernetes

from lab.packages import NotHere

SUITE = "trixie"  # 1.32; bookworm's 1.20 does not know exec v1


@functools.lru_cache(maxsize=1)
def kubectl() -> tuple[str, str]:
    """(path, ""), or ("", why there is none)."""
    found = shutil.which("kubectl")
    if found:
        return found, ""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return "", "no kubectl, and no apt to fetch Debian's"
    try:
        kubernetes.CACHE.mkdir(parents=True, exist_ok=True)
        with open(kubernetes.CACHE / "client.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return str(kubernetes._unpacked(SUITE, "kubernetes-client") / "usr/bin/kubectl"), ""
    except (NotHere, OSError, StopIteration) as e:
        return "", f"no kubectl, and Debian's cannot be fetched: {e}"
