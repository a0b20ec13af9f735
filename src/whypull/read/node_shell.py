"""The same files and process of a node as read/node_files.py, through its shell: one script out, its output in. Pure.

Private keys are not read; values of the environment are, but only those of proxies.
"""

from __future__ import annotations

import binascii
import dataclasses
import re
from base64 import b64decode

from whypull.read.node_files import EXISTING, LARGEST, PATTERNS, RUNTIMES, STORES, paths_named
from whypull.records import dataclass, replace
from whypull.runtimeconfig.lint import NodeFiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Where a Go program looks for the system's roots, in its order: https://go.dev/src/crypto/x509/root_linux.go
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
)  # fmt: skip
LARGEST_BUNDLE = 4 * 1024 * 1024
MOST_NAMED = 40  # CA files that configurations name
_AUTHORITIES = (
    "/etc/containerd/certs.d/*/*.crt", "/etc/containerd/certs.d/*/*.pem", "/etc/docker/certs.d/*/*.crt",
    "/etc/containers/certs.d/*/*.crt", "/usr/local/share/ca-certificates/*.crt", "/etc/pki/ca-trust/source/anchors/*",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NodeRead:
    """What the script found: the files and the process, the roots that the node trusts, and further CA files."""

    files: NodeFiles
    roots: str = ""  # PEM; empty where the node has no bundle
    authorities: tuple[tuple[str, str], ...] = ()  # path, PEM: of certs.d and of the folders of local CAs


def script() -> str:
    """The script, for a POSIX sh."""
    return _SCRIPT.format(
        patterns=" ".join(PATTERNS),
        existing=" ".join(EXISTING),
        bundles=" ".join(BUNDLES),
        authorities=" ".join(_AUTHORITIES),
        runtimes="|".join(RUNTIMES),
        stores=" ".join(STORES),
        largest=LARGEST,
        bundle=LARGEST_BUNDLE,
    )


# Globs stand unquoted on purpose. A regular file only: a pipe or device would hang the script. Keys are left where they are.
_FUNCTIONS = """\
b() {{ if command -v base64 >/dev/null 2>&1; then base64; else openssl base64; fi; }}
f() {{ k=$1; m=$2; shift 2; for p in "$@"; do case $p in *.key|*-key.pem) continue;; esac
 if [ -f "$p" ] && [ -r "$p" ]; then printf '\\n@%s %s\\n' "$k" "$p"; head -c "$m" "$p" | b; fi; done; }}
"""
_SCRIPT = (
    _FUNCTIONS
    + """\
f file {largest} {patterns}
for p in {existing}; do [ -e "$p" ] && printf '\\n@present %s\\n' "$p"; done
for p in {bundles}; do if [ -s "$p" ]; then f roots {bundle} "$p"; break; fi; done
f ca {largest} {authorities}
for d in /proc/[0-9]*; do n=; read -r n <"$d/comm" 2>/dev/null; case $n in {runtimes})
 printf '\\n@runtime %s %s\\n' "$n" "${{d#/proc/}}"
 v=$("$d/exe" --version 2>/dev/null || "$n" --version 2>/dev/null); printf '@version %s\\n' "$(printf %s "$v" | head -n 1)"
 if [ -r "$d/environ" ] && e=$(tr '\\0' '\\n' <"$d/environ" 2>/dev/null); then
  printf '@environment -\\n'; printf '%s\\n' "$e" | grep -i proxy | b; fi; break;; esac; done
for p in {stores}; do [ -d "$p" ] && {{ printf '\\n@space %s\\n' "$p"
 df -Pk "$p" | tail -n 1; df -Pi "$p" 2>/dev/null | tail -n 1; }}; done
printf '\\n@clock %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
printf '\\n@name %s\\n@end\\n' "$(cat /proc/sys/kernel/hostname 2>/dev/null)"
"""
)


def named(read: NodeRead) -> tuple[str, ...]:
    """Files that the node's configuration names and that the script did not look at."""
    known = {path for path, _ in read.authorities} | read.files.present
    return tuple(sorted(path for path in paths_named(read.files.files) if path not in known and _plain(path)))[:MOST_NAMED]


def second_script(paths: tuple[str, ...], files: Mapping[str, str]) -> str:
    """Which of these paths are there, and the certificates of those that a configuration calls a CA; for completed()."""
    listed = " ".join(path for path in paths if _plain(path))
    called = {ca for text in files.values() for ca in _CA.findall(text)}
    certificates = " ".join(path for path in paths if path in called and _plain(path))
    return _SECOND.format(functions=_FUNCTIONS.format(), paths=listed, certificates=certificates, largest=LARGEST)


# Only certificates: a file of that name may hold a key too, and keys stay on the node.
_SECOND = """\
{functions}
for p in {paths}; do [ -e "$p" ] && printf '\\n@present %s\\n' "$p"; done
for p in {certificates}; do if [ -f "$p" ] && [ -r "$p" ]; then printf '\\n@ca %s\\n' "$p"
 sed -n '/-----BEGIN CERT/,/-----END CERT/p' "$p" | head -c {largest} | b; fi; done
printf '\\n@end\\n'
"""
_CA = re.compile(r"""(?im)^\s*ca(?:_?files?|_?certs?)?\s*=\s*\[?\s*["']([^"'\n]{1,300})""")


def completed(read: NodeRead, output: bytes) -> NodeRead:
    """The same with what an output of second_script() says."""
    more = taken(output)
    seen = dataclasses.replace(read.files, present=read.files.present | more.files.present)
    return replace(read, files=seen, authorities=(*read.authorities, *more.authorities))


def _plain(path: str) -> bool:
    return path.startswith("/") and all(c.isalnum() or c in "/._-" for c in path)


def taken(output: bytes, node: str = "") -> NodeRead:
    """What the script's output says. Lines that are none of its own are passed over; a cut output yields what came."""
    files: dict[str, str] = {}
    authorities: dict[str, str] = {}
    present: set[str] = set()
    space: list[tuple[str, int, int, int, int]] = []
    roots = clock = name = version = hostname = ""
    environment: dict[str, str] | None = None
    for kind, argument, lines in _sections(output.decode("utf-8", "replace")):
        if kind == "file":
            files[argument] = _text(lines)
        elif kind == "ca":
            authorities[argument] = _text(lines)
        elif kind == "roots":
            roots = _text(lines)
        elif kind == "present":
            present.add(argument)
        elif kind == "runtime":
            name = RUNTIMES.get(argument.split(" ")[0], "")
        elif kind == "version":
            version = _number(argument)
        elif kind == "environment":
            pairs = (line.partition("=") for line in _text(lines).splitlines())
            environment = {key: value for key, sep, value in pairs if sep}
        elif kind == "space":
            space += _space(argument, lines)
        elif kind == "clock":
            clock = argument
        elif kind == "name":
            hostname = argument
    seen = NodeFiles(
        files=files,
        present=frozenset(present | set(authorities)),
        runtime=name or ("cri-o" if any(p.startswith("/etc/crio/") for p in files) else "containerd"),
        version=version,
        environment=environment,
        running="yes" if name else "no",
        space=tuple(space),
        clock=clock,
        node=node or hostname,
    )
    return NodeRead(seen, roots, tuple(authorities.items()))


def whole(output: bytes) -> bool:
    """Whether the script came to its end."""
    return b"\n@end" in output


def _sections(text: str) -> Iterator[tuple[str, str, list[str]]]:
    kind, argument = "", ""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("@"):
            if kind:
                yield kind, argument, lines
            kind, _, argument = line[1:].partition(" ")
            lines = []
        elif line.strip():
            lines.append(line.strip())
    if kind:
        yield kind, argument, lines


def _text(lines: list[str]) -> str:
    try:
        return b64decode("".join(lines)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _number(words: str) -> str:
    found = re.search(r"\bv?(\d+\.\d+(?:\.\d+)?)", words)
    return found[1] if found else ""


def _space(path: str, lines: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """df's two lines: 1024-byte blocks, then inodes."""
    columns = [line.split() for line in lines]
    numbers = [[int(c) for c in row[1:4] if c.isdigit()] for row in columns]
    if numbers and len(numbers[0]) == 3:
        inodes = numbers[1] if len(numbers) > 1 and len(numbers[1]) == 3 else [0, 0, 0]
        yield path, numbers[0][2] * 1024, numbers[0][0] * 1024, inodes[2], inodes[0]
