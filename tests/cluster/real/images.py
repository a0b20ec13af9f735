"""Images that nodes have without a pull, as archives that `ctr images import` reads: a pause, and a busybox with its applets."""

from __future__ import annotations

import gzip
import io
import json
import os
import pathlib
import tarfile

from lab.images import CONFIG, INDEX, LAYER, MANIFEST, digest

PAUSE = "registry.k8s.io/pause:3.9"  # no shell in it
AGENT = "registry.k8s.io/kube-agent:1.20"  # a busybox
APPLETS = ("sh", "sleep", "cat", "chroot", "true", "ls", "env")


def archives(busybox: pathlib.Path, folder: str, arch: str = "amd64") -> tuple[str, str]:
    """The paths of both images' archives."""
    os.makedirs(folder, exist_ok=True)
    program = busybox.read_bytes()
    pause = _layer({"sleep": program}, {})  # busybox is what it is called: this one can sleep and nothing else
    agent = _layer({"bin/busybox": program}, {f"bin/{name}": "busybox" for name in APPLETS})
    made = (
        (PAUSE, pause, ["/sleep", "1000000"], f"{folder}/pause.tar"),
        (AGENT, agent, ["/bin/sleep", "1000000"], f"{folder}/agent.tar"),
    )
    for name, layer, command, path in made:
        _archive(name, layer, command, arch, path)
    return made[0][3], made[1][3]


def _layer(files: dict[str, bytes], links: dict[str, str]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as out:
        for name in ("host", "proc", "sys", "dev", "etc", *({"bin"} if links else ())):
            info = tarfile.TarInfo(name)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            out.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            out.addfile(info, io.BytesIO(data))
        for name, to in links.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, to
            out.addfile(info)
    return raw.getvalue()


def _archive(name: str, layer: bytes, command: list[str], arch: str, path: str) -> None:
    """An OCI layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md) as one tar."""
    packed = gzip.compress(layer, 1, mtime=0)
    config = {
        "architecture": arch, "os": "linux", "config": {"Entrypoint": command, "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
    }  # fmt: skip
    blobs: dict[str, bytes] = {}

    def described(kind: str, data: bytes, **more: object) -> dict[str, object]:
        blobs[digest(data)] = data
        return {"mediaType": kind, "digest": digest(data), "size": len(data), **more}

    manifest = {
        "schemaVersion": 2, "mediaType": MANIFEST, "config": described(CONFIG, json.dumps(config).encode()),
        "layers": [described(LAYER, packed)],
    }  # fmt: skip
    named = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    top = described(MANIFEST, json.dumps(manifest).encode(), annotations=named, platform={"os": "linux", "architecture": arch})
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [top]}
    members = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": json.dumps(index).encode()}
    members |= {f"blobs/{key.replace(':', '/')}": data for key, data in blobs.items()}
    with tarfile.open(path, "w") as out:
        for member, data in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
