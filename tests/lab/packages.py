"""What the lab runs, from the machine's own Debian mirror, unpacked beside the machine and never installed into it.

bookworm's runtime, registry, proxy, nameserver and firewall, and the containerds of the later suites: which versions they
are is looked up each time (a mirror moves on), and what is there already is not fetched again.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

CACHE = pathlib.Path(__file__).resolve().parents[2] / ".cache" / "lab"
FOUND = CACHE / "found.json"
DAY = 24 * 3600
BASE = "bookworm"
LATER = ("trixie", "sid")
WANTED = (
    "containerd", "docker-registry", "skopeo", "squid", "dnsmasq-base", "nftables", "iproute2", "apache2-utils",
)  # fmt: skip
NOT_NEEDED = re.compile(
    r"^(perl|libperl|libdbi-perl|logrotate|criu|libpopt|iptables|libip6tc|containernetworking|squid-langpack)"
)
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_DEB = re.compile(r"^'(?P<url>[^']+)' (?P<file>\S+\.deb) ", re.MULTILINE)


class NotHere(RuntimeError):
    """The lab cannot run on this machine; the message says why, in one line."""


@dataclasses.dataclass(frozen=True)
class Packages:
    """Where things are: `tools` is laid over /usr; a containerd is a folder with usr/bin/containerd in it."""

    tools: pathlib.Path
    containerds: dict[str, pathlib.Path]  # "1.6", "1.7", "2" → folder


def fetched() -> Packages:
    """What the lab runs, fetched where it is missing. Raises NotHere."""
    why_not()
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = _known()
        if known and time.time() - FOUND.stat().st_mtime < DAY:
            return known
        try:
            made = _looked_up()
        except NotHere:
            if known is None:
                raise
            return known  # the mirror is not reached today: what was fetched before does as well
        FOUND.write_text(json.dumps({"tools": str(made.tools), "containerds": {k: str(v) for k, v in made.containerds.items()}}))
        return made


def _known() -> Packages | None:
    """What an earlier run fetched, where it is still there."""
    if not FOUND.exists():
        return None
    found = json.loads(FOUND.read_text(encoding="utf-8"))
    made = Packages(pathlib.Path(found["tools"]), {k: pathlib.Path(v) for k, v in found["containerds"].items()})
    return made if all(p.is_dir() for p in (made.tools, *made.containerds.values())) else None


def _looked_up() -> Packages:
    """Looked up at the mirror, fetched and unpacked where it is new."""
    mirror = _mirror()
    tools = _unpacked(BASE, _debs(mirror, BASE, "install", WANTED))
    containerds = {}
    for suite in (BASE, *LATER):
        try:
            found = tools if suite == BASE else _unpacked(suite, _debs(mirror, suite, "download", ("containerd",)))
        except NotHere:
            if suite == BASE:
                raise
            continue
        containerds[version_of(found)] = found
    return Packages(tools, containerds)


def why_not() -> None:
    """Raises NotHere where this machine cannot have namespaces or Debian's packages."""
    if os.geteuid() != 0:
        raise NotHere("the lab needs root: network and mount namespaces, nftables, overlay mounts")
    for tool in ("unshare", "nsenter", "mount", "apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise NotHere(f"the lab needs Debian's packages, and this machine has no {tool}")
    tried = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"], capture_output=True, check=False)
    if tried.returncode:
        raise NotHere("the lab needs namespaces, and the kernel allows none here")


def version_of(folder: pathlib.Path) -> str:
    """ "1.7" for a folder with containerd 1.7.24 in it, "2" for any 2.x."""
    said = subprocess.run([folder / "usr/bin/containerd", "--version"], capture_output=True, text=True, check=True)
    major, minor = re.search(r"(\d+)\.(\d+)\.", said.stdout).groups()
    return f"{major}.{minor}" if major == "1" else major


def _mirror() -> str:
    """The mirror that the machine itself uses."""
    texts = [p.read_text(encoding="utf-8") for p in pathlib.Path("/etc/apt").glob("sources.list.d/*.sources")]
    texts += [p.read_text(encoding="utf-8") for p in pathlib.Path("/etc/apt").glob("sources.list*") if p.is_file()]
    for text in texts:
        found = re.search(r"^(?:URIs:|deb(?: \[[^\]]*\])?)\s*(https?://\S+/debian/?)(?:\s|$)", text, re.MULTILINE)
        if found:
            return found[1]
    raise NotHere("the lab needs Debian's packages, and this machine's apt knows no Debian mirror")


def _apt(suite: str, *args: str) -> str:
    at = CACHE / "apt" / suite
    options = {
        "Dir::Etc::sourcelist": at / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": at / "lists",
        "Dir::Cache": at / "cache",
        "Debug::NoLocking": "1",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "APT::Sandbox::User": "root",
    }
    command = ["apt-get", *(f"-o{name}={value}" for name, value in options.items()), *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=at, env={**os.environ, "LC_ALL": "C"})
    if done.returncode:
        raise NotHere(f"the lab needs Debian's packages: {(done.stderr.strip().splitlines() or ['apt-get failed'])[-1]}")
    return done.stdout


def _debs(mirror: str, suite: str, how: str, wanted: tuple[str, ...]) -> dict[str, str]:
    """file → URL of what is wanted of a suite, with the libraries that this machine lacks (`install`) or alone."""
    at = CACHE / "apt" / suite
    for folder in ("lists/partial", "cache/archives/partial"):
        (at / folder).mkdir(parents=True, exist_ok=True)
    (at / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n", encoding="ascii")
    _apt(suite, "update")
    more = ("-y", "--no-install-recommends", "--reinstall") if how == "install" else ()
    printed = _apt(suite, how, "--print-uris", *more, *wanted)
    return {m["file"]: m["url"] for m in _DEB.finditer(printed) if not NOT_NEEDED.match(m["file"])}


def _unpacked(suite: str, debs: dict[str, str]) -> pathlib.Path:
    """The folder with these packages in it, named for their versions; fetched and unpacked where it is not there."""
    name = f"{suite}-{hashlib.sha256(' '.join(sorted(debs)).encode()).hexdigest()[:12]}"
    done = CACHE / name
    if done.exists():
        return done
    part = CACHE / f"{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    names = [f"{file.split('_')[0]}={_version(file)}" for file in debs]
    at = CACHE / "apt" / suite
    _apt(suite, "download", *names)
    for file in debs:
        subprocess.run(["dpkg-deb", "-x", _found(at, file), part], check=True)
    _merge_usr(part)
    part.rename(done)
    for old in at.glob("*.deb"):
        old.unlink()
    return done


def _version(file: str) -> str:
    return file.split("_")[1].replace("%3a", ":")


def _found(at: pathlib.Path, file: str) -> pathlib.Path:
    return next(p for p in at.glob("*.deb") if p.name.replace("%3a", ":") == file.replace("%3a", ":"))


def _merge_usr(root: pathlib.Path) -> None:
    """/lib and /sbin of old packages belong below /usr."""
    for top in ("lib", "sbin", "bin"):
        if (root / top).is_dir() and not (root / top).is_symlink():
            shutil.copytree(root / top, root / "usr" / top, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(root / top)


if __name__ == "__main__":
    print(fetched())
