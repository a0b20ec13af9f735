"""A real registry (Debian's docker-registry, with TLS and htpasswd) and skopeo, found on this machine or unpacked beside it."""

import contextlib
import glob
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

from whypull.demo.authority import Authority
from whypull.demo.registry import CONFIG, INDEX, LAYER, MANIFEST, PASSWORD, REPOSITORY, TAG, USER, Registry, digest

CACHE = pathlib.Path(__file__).resolve().parents[2] / ".cache" / "beside"
PACKAGES = ("docker-registry", "skopeo", "libgpgme11", "libassuan0", "libdevmapper1.02.1", "libgpg-error0")
HERE = "127.0.0.1"


def tools():
    """Environment with docker-registry and skopeo on its PATH; the reason why there is none, as a str."""
    if shutil.which("docker-registry") and shutil.which("skopeo"):
        return dict(os.environ)
    root = CACHE / "root"
    if not (root / "usr/bin/skopeo").exists():
        why = _fetched(root)
        if why:
            return why
    libraries = ":".join(
        sorted({os.path.dirname(p) for p in glob.glob(f"{root}/usr/lib/*/*.so*") + glob.glob(f"{root}/lib/*/*.so*")})
    )
    return {**os.environ, "PATH": f"{root}/usr/bin:{os.environ['PATH']}", "LD_LIBRARY_PATH": libraries}


def _fetched(root):
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return "docker-registry and skopeo are not here, and this is no Debian to fetch them from"
    debs = CACHE / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["apt-get", "download", *PACKAGES], cwd=debs, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        return "docker-registry and skopeo are not here, and cannot be fetched: " + done.stderr.strip().splitlines()[-1][:120]
    for deb in debs.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(deb), str(root)], check=True)
    return ""


def free_port():
    with socket.socket() as one:
        one.bind((HERE, 0))
        return one.getsockname()[1]


class RealRegistry:
    """docker-registry on loopback with one image of two platforms. Use as a context manager."""

    def __init__(self, env, folder, authority, *, tls=True, auth=True):
        self.env, self.folder, self.authority, self.tls, self.auth = env, pathlib.Path(folder), authority, tls, auth
        self.port = free_port()
        self.storage = self.folder / "storage"

    @property
    def image(self):
        return f"{HERE}:{self.port}/{REPOSITORY}:{TAG}"

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [
            "version: 0.1",
            "log: {level: error, accesslog: {disabled: true}}",
            "storage:",
            f"  filesystem: {{rootdirectory: {self.storage}}}",
            "  delete: {enabled: true}",
        ]
        lines += ["http:", f"  addr: {HERE}:{self.port}"]
        if self.tls:
            cert, key = self.authority.server([HERE])
            lines += ["  tls:", f"    certificate: {cert}", f"    key: {key}"]
        if self.auth:
            (self.folder / "htpasswd").write_text(f"{USER}:{_bcrypt(PASSWORD)}\n")
            lines += ["auth:", f"  htpasswd: {{realm: shop, path: {self.folder / 'htpasswd'}}}"]
        config = self.folder / "config.yml"
        config.write_text("\n".join(lines) + "\n")
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(["docker-registry", "serve", str(config)], env=self.env, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection((HERE, self.port), 1):
                break
            time.sleep(0.02)
        try:
            self._push()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(5)
        self.log.close()

    def _push(self):
        layout = self.folder / "layout"
        blobs = layout / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        made = Registry()
        for name, (_, data) in made.store.items():
            (blobs / name.partition(":")[2]).write_bytes(data)
        top = next(n for n, (kind, _) in made.store.items() if kind == INDEX)
        descriptor = {
            "mediaType": INDEX,
            "digest": top,
            "size": len(made.store[top][1]),
            "annotations": {"org.opencontainers.image.ref.name": TAG},
        }
        (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [descriptor]}))
        (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        flags = ["--dest-creds", f"{USER}:{PASSWORD}"] if self.auth else []
        flags += ["--dest-tls-verify=false"]
        skopeo(
            self.env, "copy", "--all", "--insecure-policy", *flags, f"oci:{layout}:{TAG}", f"docker://{self.image}", check=True
        )

    def tagged(self, tag):
        """The same image under another tag."""
        flags = ["--src-creds", f"{USER}:{PASSWORD}", "--dest-creds", f"{USER}:{PASSWORD}"] if self.auth else []
        other = f"{HERE}:{self.port}/{REPOSITORY}:{tag}"
        flags += ["--src-tls-verify=false", "--dest-tls-verify=false", "--all", "--insecure-policy"]
        skopeo(self.env, "copy", *flags, f"docker://{self.image}", f"docker://{other}", check=True)
        return other

    def forget_blob(self, kind):
        """Takes a blob of a media type out of the storage."""
        made = Registry()
        for name in [n for n, (k, _) in made.store.items() if k == kind]:
            sha = name.partition(":")[2]
            shutil.rmtree(self.storage / "docker/registry/v2/blobs/sha256" / sha[:2] / sha)

    def forget_manifests(self):
        """Takes the platforms' manifests away and keeps the index."""
        made = Registry()
        for name in [n for n, (k, _) in made.store.items() if k == MANIFEST]:
            sha = name.partition(":")[2]
            shutil.rmtree(self.storage / "docker/registry/v2/repositories" / REPOSITORY / "_manifests/revisions/sha256" / sha)


__all__ = ["CONFIG", "HERE", "LAYER", "PASSWORD", "USER", "Authority", "RealRegistry", "digest", "free_port", "skopeo", "tools"]


def skopeo(env, verb, *args, check=False, timeout=30):
    """What skopeo says; its own credentials and configuration are left out."""
    quiet = {**env, "REGISTRY_AUTH_FILE": "/nonexistent/auth.json"}
    done = subprocess.run(["skopeo", verb, *args], env=quiet, capture_output=True, text=True, timeout=timeout, check=False)
    if check and done.returncode:
        raise AssertionError(done.stderr)
    return done


def _bcrypt(password):
    """A password's hash by the C library, which Debian's has bcrypt in."""
    import ctypes

    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    return library.crypt(password.encode(), b"$2y$04$abcdefghijklmnopqrstuu").decode()
