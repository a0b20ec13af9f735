"""A real Kubernetes, built once from Debian's source package with the compiler of its time; kept by its version.

bookworm's source package `kubernetes` is the only one of Debian that has the kubelet and the servers (1.20); its vendored
reflect2 crashes under Go 1.18 and later, hence bullseye's Go 1.15.
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import sys

from lab import packages
from lab.packages import KEYRING, NotHere

# Outside the tree: a build takes minutes, and a fresh checkout has no news for it.
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "whypull-tests" / "cluster"
SERVERS = ("kubelet", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
BUILD_MINUTES = 40
OPENSSH = ("openssh-server", "openssh-client", "libwrap0", "libfido2-1", "libcbor0.8", "libedit2")


@dataclasses.dataclass(frozen=True)
class Kubernetes:
    """Where the binaries are: the four servers, kubectl and etcd, and a busybox that needs no library."""

    servers: pathlib.Path
    etcd: pathlib.Path
    kubectl: pathlib.Path
    busybox: pathlib.Path
    openssh: pathlib.Path  # a folder with sshd, ssh and ssh-keygen, and the libraries that a plain Debian lacks
    version: str


def built() -> Kubernetes:
    """The binaries, built where they are missing (about 8 minutes on two cores). Raises NotHere."""
    packages.why_not()
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        version = _source_version()
        servers = CACHE / f"kubernetes-{version}"
        if not all((servers / name).exists() for name in SERVERS):
            _build(version, servers)
        etcd = _unpacked("bookworm", "etcd-server") / "usr/bin/etcd"
        kubectl = _unpacked("bookworm", "kubernetes-client") / "usr/bin/kubectl"
        busybox = _unpacked("bookworm", "busybox-static")
        programs = (p for p in (busybox / "bin/busybox", busybox / "usr/bin/busybox") if p.exists())
        return Kubernetes(servers, etcd, kubectl, next(programs), _together("openssh", OPENSSH), version)


def _lists(suite: str, *, source: bool = False) -> pathlib.Path:
    """apt's own lists for one suite, beside the machine's."""
    at = CACHE / "apt" / (suite + ("-src" if source else ""))
    for folder in ("lists/partial", "cache/archives/partial"):
        (at / folder).mkdir(parents=True, exist_ok=True)
    kind = "deb-src" if source else "deb"
    mirror = packages._mirror()
    (at / "sources.list").write_text(f"{kind} [signed-by={KEYRING}] {mirror} {suite} main\n", encoding="ascii")
    if not any(at.glob("lists/*_Packages*")) and not any(at.glob("lists/*_Sources*")):
        _apt(at, "update")
    return at


def _apt(at: pathlib.Path, *args: str) -> str:
    options = {
        "Dir::Etc::sourcelist": at / "sources.list", "Dir::Etc::sourceparts": "/dev/null", "Dir::State::lists": at / "lists",
        "Dir::Cache": at / "cache", "Debug::NoLocking": "1", "Acquire::Languages": "none", "Acquire::Retries": "2",
        "APT::Sandbox::User": "root",
    }  # fmt: skip
    command = ["apt-get", *(f"-o{name}={value}" for name, value in options.items()), *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=at, env={**os.environ, "LC_ALL": "C"})
    if done.returncode:
        raise NotHere(f"the cluster needs Debian's packages: {(done.stderr.strip().splitlines() or ['apt-get failed'])[-1]}")
    return done.stdout


def _unpacked(suite: str, name: str) -> pathlib.Path:
    """One package, unpacked; fetched where it is not there."""
    done = CACHE / f"{suite}-{name}"
    if done.exists():
        return done
    at = _lists(suite)
    for old in at.glob(f"{name}_*.deb"):
        old.unlink()
    _apt(at, "download", name)
    part = CACHE / f"{suite}-{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", next(at.glob(f"{name}_*.deb")), part], check=True)
    part.rename(done)
    return done


def _together(name: str, wanted: tuple[str, ...]) -> pathlib.Path:
    """Several packages of bookworm in one folder."""
    done = CACHE / f"bookworm-{name}-with-libraries"
    if not done.exists():
        part = CACHE / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        for one in wanted:
            shutil.copytree(_unpacked("bookworm", one), part, symlinks=True, dirs_exist_ok=True)
        part.rename(done)
    return done


def _source_version() -> str:
    kept = sorted(CACHE.glob("kubernetes-*"))
    if kept and all((kept[0] / name).exists() for name in SERVERS):
        return kept[0].name.partition("-")[2]
    at = _lists("bookworm", source=True)
    printed = _apt(at, "source", "--print-uris", "--download-only", "kubernetes")
    found = re.search(r"kubernetes_(\S+?)\.dsc", printed)
    if not found:
        raise NotHere("the cluster needs Debian's source package of kubernetes, and the mirror has none")
    return re.sub(r"[^0-9A-Za-z.]", "-", found[1].replace("%2b", "+").replace("%3a", ":"))


def _build(version: str, into: pathlib.Path) -> None:
    """Unpacks the source, makes the one generated file that it lacks, and compiles the servers."""
    at = _lists("bookworm", source=True)
    if not any(at.glob("kubernetes_*.orig.tar.*")):
        _apt(at, "source", "--download-only", "kubernetes")
    go = _go()
    work = CACHE / "build"
    shutil.rmtree(work, ignore_errors=True)
    tree = work / "src/k8s.io/kubernetes"
    tree.mkdir(parents=True)
    orig = next(at.glob("kubernetes_*.orig.tar.*"))
    subprocess.run(["tar", "-xf", orig, "-C", tree, "--strip-components=1"], check=True)
    debian = next(at.glob("kubernetes_*.debian.tar.*"))
    subprocess.run(["tar", "-xf", debian, "-C", tree], check=True)
    series = (tree / "debian/patches/series").read_text(encoding="utf-8").split()
    for patch in series:
        subprocess.run(["patch", "-p1", "-s", "-i", tree / "debian/patches" / patch], cwd=tree, check=True)
    environment = {
        **os.environ, "GOROOT": str(go), "GOPATH": str(work), "GO111MODULE": "on", "GOFLAGS": "-mod=vendor", "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local", "PATH": f"{go}/bin:{os.environ['PATH']}", "GOCACHE": str(work / "cache"), "HOME": str(work),
    }  # fmt: skip
    _openapi(tree, environment)
    part = into.with_suffix(".part")
    part.mkdir(exist_ok=True)
    stamp = f"-X k8s.io/component-base/version.gitVersion=v{_plain(version)} -X k8s.io/client-go/pkg/version.gitVersion=v{_plain(version)}"
    _run(
        ["go", "build", "-p", "2", "-ldflags", f"-s -w {stamp}", "-o", f"{part}/", *(f"./cmd/{name}" for name in SERVERS)],
        tree,
        environment,
    )
    part.rename(into)
    shutil.rmtree(work, ignore_errors=True)


def _plain(version: str) -> str:
    """1.20.2 of 1.20.5-really1.20.2-1."""
    return (re.search(r"really(\d+\.\d+\.\d+)", version) or re.match(r"(\d+\.\d+\.\d+)", version))[1]


def _go() -> pathlib.Path:
    """Go 1.15 as one tree."""
    done = CACHE / "go1.15"
    if done.exists():
        return done
    part = CACHE / "go1.15.part"
    shutil.rmtree(part, ignore_errors=True)
    program, source = _unpacked("bullseye", "golang-1.15-go"), _unpacked("bullseye", "golang-1.15-src")
    shutil.copytree(source / "usr/share/go-1.15", part, symlinks=True)
    shutil.copytree(program / "usr/lib/go-1.15", part, symlinks=True, dirs_exist_ok=True, ignore=_links_to_share)
    share = program / "usr/share/go-1.15"
    if share.exists():
        shutil.copytree(share, part, symlinks=True, dirs_exist_ok=True)
    part.rename(done)
    return done


def _links_to_share(folder: str, names: list[str]) -> list[str]:
    """Links from lib to share: both are one tree here."""
    return [name for name in names if os.path.islink(os.path.join(folder, name))]


def _openapi(tree: pathlib.Path, environment: dict[str, str]) -> None:
    """pkg/generated/openapi/zz_generated.openapi.go: the API server panics without it, and no package ships it."""
    target = tree / "pkg/generated/openapi/zz_generated.openapi.go"
    if target.exists() and target.stat().st_size > 100_000:
        return
    marked = subprocess.run(
        ["grep", "-rl", "--include=*.go", "-e", "+k8s:openapi-gen=", "pkg", "staging/src", "vendor/k8s.io"],
        cwd=tree, capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    folders = sorted(
        {_package(os.path.dirname(path)) for path in marked if not path.endswith("_test.go") and "testdata" not in path}
    )
    _run(["go", "build", "-o", "openapi-gen-built", "./vendor/k8s.io/kube-openapi/cmd/openapi-gen"], tree, environment)
    _run(
        [
            "./openapi-gen-built", "--input-dirs", ",".join(folders), "--output-package", "k8s.io/kubernetes/pkg/generated/openapi",
            "--output-base", str(tree.parents[1]), "--output-file-base", "zz_generated.openapi",
            "--go-header-file", "hack/boilerplate/boilerplate.generatego.txt", "--report-filename", str(tree / "violations.list"),
        ],
        tree, {**environment, "GO111MODULE": "off", "GOFLAGS": ""},
    )  # fmt: skip


def _package(folder: str) -> str:
    """The import path of a folder of the tree."""
    for prefix in ("staging/src/", "vendor/"):
        if folder.startswith(prefix):
            return folder[len(prefix) :]
    return f"k8s.io/kubernetes/{folder}"


def _run(command: list[str], where: pathlib.Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["nice", "-n", "10", *command],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_MINUTES * 60,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} {command[1]} failed: {done.stderr[-3000:]}")


if __name__ == "__main__":
    print(built(), file=sys.stderr)
