"""A folder → the files in it that can tell of a pull: a cluster-info dump, a must-gather, or any other.

Layouts: `kubectl cluster-info dump --output-directory` (https://kubernetes.io/docs/reference/kubectl/generated/kubectl_cluster-info/kubectl_cluster-info_dump/),
`oc adm must-gather` (https://docs.openshift.com/container-platform/latest/support/gathering-cluster-data.html).
"""

from __future__ import annotations

import os
import re
import stat

from whypull.read.archives import Flow, archive_kind, members
from whypull.read.encodings import looks_binary
from whypull.read.sources import HEAD, Source, Stopped, Unreadable, printable, remark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_FILES = 5_000
MAX_BYTES = 4 << 30
MAX_ENTRIES = 200_000
MAX_DEPTH = 16

_MUST_GATHER = re.compile(r"(?:^|/)(?:namespaces|cluster-scoped-resources|host_service_logs)/")
_OF_MUST_GATHER = re.compile(
    r"(?:^|/)(?:cluster-scoped-resources/core/nodes(?:/[^/]+)?\.yaml|"
    r"namespaces/[^/]+/core/(?:pods|events|secrets|serviceaccounts)\.yaml|"
    r"namespaces/[^/]+/pods/(?P<pod>[^/]+)/(?P=pod)\.yaml|"
    r"host_service_logs/[^/]+/(?:kubelet|crio)_service\.log)$"
)
_NO_TEXT = re.compile(
    r"(?i)\.(?:png|jpe?g|gif|ico|svg|woff2?|html?|css|js|map|so|bin|exe|db|snap|pprof|heap|core|pyc|class|jar|whl|pdf|mp4)$"
)
_RANKS = (
    (re.compile(r"nodes?(?:\.(?:json|ya?ml)$|/)"), 0),  # first: they tell the runtime of the others
    (re.compile(r"(?:secrets?|serviceaccounts?|sa)\.(?:json|ya?ml)$"), 1),
    (re.compile(r"pods?\.(?:json|ya?ml)$|/pods/"), 2),
    (re.compile(r"events?\.(?:json|ya?ml)$"), 3),
    (re.compile(r"(?:^|/)logs\.txt$"), 5),
)
_OTHERS = 4


def worth_reading(path: str) -> bool:
    """Whether a file in a folder or archive may tell of a pull, by its path with forward slashes."""
    if _MUST_GATHER.search(path):
        return bool(_OF_MUST_GATHER.search(path))
    return not _NO_TEXT.search(path)


def hint(path: str) -> str:
    """What a file is by its name: "objects", "container log", "log", or empty."""
    if path.endswith((".json", ".yaml", ".yml")):
        return "objects"
    if path.endswith("/logs.txt"):
        return "container log"
    return "log" if path.endswith(".log") else ""


def folder(root: str) -> Iterator[Source]:
    """The readable files of a folder, nodes first, container logs last. Raises Unreadable if it cannot be listed.

    Links that lead out of the folder are not followed, nor is any link to a folder. The number of files and their
    size are bounded; a last source without bytes says what was left out.
    """
    left: list[str] = []
    found = _files(root, left)
    total = 0
    for number, (_, path) in enumerate(sorted(found)):
        try:
            size = os.stat(path).st_size
        except OSError:
            continue
        total += size
        if number >= MAX_FILES or total > MAX_BYTES:
            left.append(f"of the {len(found):,} files in {printable(root)} only the first {number:,} were read")
            break
        yield from _file(path, left)
    for sentence in left:
        yield remark(root, sentence)


def _files(root: str, left: list[str]) -> list[tuple[tuple[int, str], str]]:
    """The files worth reading, each as ((rank, path), path)."""
    found: list[tuple[tuple[int, str], str]] = []
    top = os.path.realpath(root)
    todo, looked = [(root, 0)], 0
    denied = 0
    while todo:
        where, depth = todo.pop()
        try:
            entries = list(os.scandir(where))
        except OSError as error:
            if where == root:
                raise Unreadable(f"the folder {printable(root)} cannot be listed: {error.strerror}") from None
            denied += 1
            continue
        looked += len(entries)
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    todo.append((entry.path, depth + 1))
            elif _within(entry, top):
                path = os.path.relpath(entry.path, root).replace(os.sep, "/")
                if worth_reading(path):
                    found.append(((_rank(path), path), entry.path))
        if looked > MAX_ENTRIES:
            left.append(f"{printable(root)} has more than {MAX_ENTRIES:,} files: not all were looked at")
            break
    if denied:
        left.append(f"{denied} folders in {printable(root)} may not be read")
    return found


def _within(entry: os.DirEntry[str], top: str) -> bool:
    """Whether it is a regular file that lies in the folder, also behind a link."""
    try:
        if not entry.is_file():
            return False
        if entry.is_symlink():
            return os.path.commonpath((os.path.realpath(entry.path), top)) == top
    except (OSError, ValueError):
        return False
    return True


def _rank(path: str) -> int:
    return next((rank for pattern, rank in _RANKS if pattern.search(path)), _OTHERS)


def _file(path: str, left: list[str]) -> Iterator[Source]:
    try:
        file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed by who reads it
    except OSError as error:
        left.append(f"{printable(path)} cannot be read: {error.strerror}")
        return
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return
        flow = Flow(_reader(file.read, path), file)
        try:
            head = flow.peek(HEAD)
            kind = archive_kind(head)
            if kind:
                yield from members(path, flow, kind)
            elif not looks_binary(head):
                yield Source(path, flow.read, hint(path))
        except (Unreadable, Stopped) as error:
            left.append(str(error))


def _reader(read: Callable[[int], bytes], path: str) -> Callable[[int], bytes]:
    def guarded(size: int) -> bytes:
        try:
            return read(size)
        except OSError as error:
            raise Stopped(f"{printable(path)} could not be read: {error.strerror}") from None

    return guarded
