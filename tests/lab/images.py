"""Images that the lab makes, good ones and those that are broken in one way; every image has layers of its own.

A runtime skips a layer whose chain it has, so images that shared one would hide each other's faults.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import json
import os
import tarfile

OCI = "application/vnd.oci.image"
INDEX, MANIFEST, CONFIG = f"{OCI}.index.v1+json", f"{OCI}.manifest.v1+json", f"{OCI}.config.v1+json"
LAYER = f"{OCI}.layer.v1.tar+gzip"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
HELM = "application/vnd.cncf.helm.config.v1+json"


@dataclasses.dataclass(slots=True)
class Image:
    """What a registry holds of one image: digest → (media type, bytes), and the digest that its tag points to."""

    top: str = ""
    store: dict[str, tuple[str, bytes]] = dataclasses.field(default_factory=dict)
    layers: list[str] = dataclasses.field(default_factory=list)
    config: str = ""
    child: str = ""

    def add(self, kind: str, data: bytes) -> dict[str, object]:
        """Stores some content; its descriptor."""
        name = digest(data)
        self.store[name] = (kind, data)
        return {"mediaType": kind, "digest": name, "size": len(data)}

    def tag(self, kind: str, document: dict[str, object]) -> None:
        """Stores a document and lets the tag point to it."""
        self.top = str(self.add(kind, json.dumps(document).encode())["digest"])


def digest(data: bytes) -> str:
    """sha256:…"""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def image(kind: str = "good") -> Image:
    """An image: good, or broken as its kind says. Raises KeyError for a kind that is not known."""
    return _KINDS[kind]()


def tar(size: int = 4096, files: int = 1) -> bytes:
    """A layer's tar with files that no other image has."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as out:
        for _ in range(files):
            content = os.urandom(size)
            info = tarfile.TarInfo(f"srv/{content[:8].hex()}")
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def _built(
    layer: bytes | None = None, kind: str = LAYER, diff: str = "", platforms: tuple[str, ...] = ("linux/amd64", "linux/arm64"),
    size: int = 4096, files: int = 1, index: bool = True,
) -> Image:  # fmt: skip
    made = Image()
    plain = tar(size, files)
    data = gzip.compress(plain, 1, mtime=0) if layer is None else layer
    children = []
    for platform in platforms:
        system, _, arch = platform.partition("/")
        config = {
            "architecture": arch, "os": system, "config": {"Cmd": ["/srv/api"]},
            "rootfs": {"type": "layers", "diff_ids": [diff or digest(plain)]},
        }  # fmt: skip
        first = made.add(CONFIG, json.dumps(config).encode())
        second = made.add(kind, data)
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": first, "layers": [second]}
        child = made.add(MANIFEST, json.dumps(document).encode())
        children.append({**child, "platform": {"os": system, "architecture": arch}})
        if not made.child:
            made.config, made.layers, made.child = str(first["digest"]), [str(second["digest"])], str(child["digest"])
    made.top = made.child
    if index:
        made.tag(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": children})
    return made


def _without(what: str) -> Image:
    made = _built()
    gone = {"layer": made.layers[0], "config": made.config, "child": made.child}[what]
    del made.store[gone]
    return made


def _with_layer_changed(change: object) -> Image:
    made = _built(size=40_000)
    kind, data = made.store[made.layers[0]]
    made.store[made.layers[0]] = kind, change(data)  # type: ignore[operator]
    return made


def _wrong_size() -> Image:
    made = _built(platforms=("linux/amd64",), index=False)
    document = json.loads(made.store[made.top][1])
    document["layers"][0]["size"] += 1000
    made.tag(MANIFEST, document)
    return made


def _wrong_manifest() -> Image:
    """The bytes under the child's digest are another manifest's."""
    made = _built()
    made.store[made.child] = MANIFEST, made.store[made.child][1] + b"\n"
    return made


def _schema1() -> Image:
    made = Image()
    made.tag(
        SCHEMA1, {"schemaVersion": 1, "name": "shop/api", "tag": "1.4.2", "architecture": "amd64", "fsLayers": [], "history": []}
    )
    return made


def _chart() -> Image:
    made = Image()
    config = made.add(HELM, json.dumps({"name": "api", "version": "1.4.2", "apiVersion": "v2"}).encode())
    layer = made.add("application/vnd.cncf.helm.chart.content.v1.tar+gzip", gzip.compress(tar(), 1, mtime=0))
    made.tag(MANIFEST, {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]})
    return made


def _bad_tar() -> Image:
    junk = b"no tar at all, however long one looks at it; " * 40
    return _built(gzip.compress(junk, 1, mtime=0), diff=digest(junk))


_KINDS = {
    "good": _built,
    "large": lambda: _built(size=6_000_000),
    "many files": lambda: _built(size=16, files=400),
    "only arm64": lambda: _built(platforms=("linux/arm64",)),
    "only windows": lambda: _built(platforms=("windows/amd64",)),
    "single arm64": lambda: _built(platforms=("linux/arm64",), index=False),
    "single": lambda: _built(platforms=("linux/amd64",), index=False),
    "child missing": lambda: _without("child"),
    "layer missing": lambda: _without("layer"),
    "config missing": lambda: _without("config"),
    "layer changed": lambda: _with_layer_changed(lambda data: data[:100] + b"?" + data[101:]),
    "layer truncated": lambda: _with_layer_changed(lambda data: data[: len(data) // 2]),
    "size wrong": _wrong_size,
    "manifest changed": _wrong_manifest,
    "schema 1": _schema1,
    "chart": _chart,
    "unknown layer": lambda: _built(kind="application/vnd.shop.layer.v1.squashfs"),
    "encrypted layer": lambda: _built(kind=f"{OCI}.layer.v1.tar+gzip+encrypted"),
    "layer not gzip": lambda: _built(b"plain text where a gzip stream should be\n" * 40),
    "layer no tar": _bad_tar,
    "diff id wrong": lambda: _built(diff="sha256:" + "5" * 64),
}
KINDS = tuple(_KINDS)
