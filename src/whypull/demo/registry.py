"""A registry with one image and one switch a fault, and its token service."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from whypull.demo.http import Answer, Asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OCI = "application/vnd.oci.image"
INDEX, MANIFEST, CONFIG, LAYER = f"{OCI}.index.v1+json", f"{OCI}.manifest.v1+json", f"{OCI}.config.v1+json", f"{OCI}.layer.v1.tar+gzip"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
USER, PASSWORD = "shop-puller", "demo-password-of-nobody"  # noqa: S105 - the demo's own account
REPOSITORY, TAG = "shop/api", "1.4.2"


def digest(data: bytes) -> str:
    """The digest of some content."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def error(status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """A refusal in the registry's own format."""
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Answer(status, body, headers)


def page(status: int, html: str) -> Answer:
    """A page for people where a registry's answer should be."""
    return Answer(status, html.encode(), kind="text/html; charset=utf-8")


@dataclass(slots=True)
class Registry:
    """What is served, and what is wrong with it."""

    auth: str = ""  # "", basic, bearer
    realm: str = ""
    user_agent_403: str = ""
    everything: Answer | None = None  # the answer to any request
    ping: Answer | None = None  # the answer to /v2/
    manifest: Answer | None = None  # the answer for a manifest by tag
    blob: Answer | None = None
    redirect_blobs: str = ""  # the base URL that blobs are sent from
    child_missing: bool = False
    platforms: tuple[str, ...] = ("linux/amd64", "linux/arm64")
    scope_required: str = f"repository:{REPOSITORY}:pull"
    seen: list[tuple[str, str, bool]] = field(default_factory=list)  # method, target, whether it carried credentials
    store: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _top: str = ""

    def __post_init__(self) -> None:
        """Builds the image."""
        layer = _layer()
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
        self.store = {digest(layer): (LAYER, layer), digest(config): (CONFIG, config)}
        children = []
        for platform in self.platforms:
            child = json.dumps({
                "schemaVersion": 2, "mediaType": MANIFEST, "annotations": {"platform": platform},
                "config": _descriptor(CONFIG, config), "layers": [_descriptor(LAYER, layer)],
            }).encode()  # fmt: skip
            os_name, _, arch = platform.partition("/")
            if not self.child_missing:
                self.store[digest(child)] = (MANIFEST, child)
            children.append({**_descriptor(MANIFEST, child), "platform": {"os": os_name, "architecture": arch}})
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).encode()
        self._top = digest(index)
        self.store[self._top] = (INDEX, index)

    def __call__(self, asked: Asked) -> Answer:
        """The answer to one request."""
        self.seen.append((asked.method, asked.target, "authorization" in asked.headers))
        if self.everything is not None:
            return self.everything
        refused = self._refused(asked)
        if asked.path in {"/v2/", "/v2"}:
            return self.ping or refused or Answer(200, b"{}", (("Docker-Distribution-Api-Version", "registry/2.0"),))
        return refused or self._content(asked)

    def _refused(self, asked: Asked) -> Answer | None:
        if self.auth == "basic" and asked.basic != (USER, PASSWORD):
            return error(401, "UNAUTHORIZED", "authentication required", (("WWW-Authenticate", 'Basic realm="shop"'),))
        if self.auth == "bearer" and (asked.path in {"/v2/", "/v2"} or self.scope_required not in _scopes(asked.bearer)):
            if asked.bearer and asked.path in {"/v2/", "/v2"}:
                return None
            extra = ',error="insufficient_scope"' if asked.bearer else ""
            challenge = f'Bearer realm="{self.realm}",service="shop",scope="{self.scope_required}"{extra}'
            return error(401, "UNAUTHORIZED", "authentication required", (("WWW-Authenticate", challenge),))
        return None

    def _content(self, asked: Asked) -> Answer:
        parts = asked.path.removeprefix("/v2/").rsplit("/", 2)
        if asked.path.endswith("/tags/list"):
            name = asked.path.removeprefix("/v2/").removesuffix("/tags/list")
            if name != REPOSITORY:
                return error(404, "NAME_UNKNOWN", "repository name not known to registry")
            return Answer(200, json.dumps({"name": REPOSITORY, "tags": [TAG]}).encode())
        if len(parts) != 3 or parts[1] not in {"manifests", "blobs"}:
            return error(404, "UNSUPPORTED", "The operation is unsupported.")
        repository, kind, name = parts
        if repository != REPOSITORY:
            return error(404, "NAME_UNKNOWN", "repository name not known to registry")
        return self._manifest(name) if kind == "manifests" else self._blob(asked, name)

    def _manifest(self, name: str) -> Answer:
        if self.manifest is not None and not name.startswith("sha256:"):
            return self.manifest
        key = self._top if name == TAG else name
        if key not in self.store:
            return error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        media_type, data = self.store[key]
        return Answer(200, data, (("Docker-Content-Digest", key),), kind=media_type)

    def _blob(self, asked: Asked, name: str) -> Answer:
        if self.redirect_blobs:
            return Answer(307, b"", (("Location", f"{self.redirect_blobs}{asked.path}?X-Demo-Signature=not-a-secret"),))
        return self.blob or self.stored(name)

    def stored(self, name: str) -> Answer:
        """A blob as storage would send it."""
        if name not in self.store:
            return error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        return Answer(200, self.store[name][1], kind="application/octet-stream")


def storage(registry: Registry, refuse: Answer | None = None) -> Any:
    """The host that a registry redirects to."""
    return lambda asked: refuse or registry.stored(asked.path.rpartition("/")[2])


def token_service(grant: tuple[str, ...] = (f"repository:{REPOSITORY}:pull",), broken: Answer | None = None) -> Any:
    """A token service that knows one account; `grant` are the scopes that its tokens hold."""

    def serve(asked: Asked) -> Answer:
        if broken is not None:
            return broken
        if asked.basic[0] and asked.basic != (USER, PASSWORD):
            return error(401, "UNAUTHORIZED", "incorrect username or password")
        wanted = parse_qs(asked.target.partition("?")[2]).get("scope", [])
        scopes = [s for s in grant if s in wanted] if asked.basic[0] else []
        return Answer(200, json.dumps({"token": _token(scopes), "expires_in": 300}).encode())

    return serve


def _token(scopes: list[str]) -> str:
    access = [dict(zip(("type", "name", "actions"), (*s.split(":")[:2], s.split(":")[2].split(",")), strict=True)) for s in scopes]
    parts = ({"alg": "none"}, {"access": access}, "demo")
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)


def _scopes(token: str) -> list[str]:
    parts = token.split(".")
    if len(parts) != 3:
        return []
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    return [f"{a['type']}:{a['name']}:{','.join(a['actions'])}" for a in claims.get("access", [])]


def _descriptor(media_type: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def _layer() -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        info = tarfile.TarInfo("hello")
        info.size = 6
        tar.addfile(info, io.BytesIO(b"hello\n"))
    return gzip.compress(raw.getvalue(), mtime=0)
