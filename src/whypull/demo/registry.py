"""A registry with one image and one switch a fault, and its token service."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs

from whypull.demo.http import Answer, Asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OCI = "application/vnd.oci.image"
INDEX, MANIFEST, CONFIG, LAYER = (
    f"{OCI}.index.v1+json",
    f"{OCI}.manifest.v1+json",
    f"{OCI}.config.v1+json",
    f"{OCI}.layer.v1.tar+gzip",
)
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
USER, PASSWORD = "shop-puller", "demo-password-of-nobody"
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
    by_digest: Answer | None = None  # and by digest
    head: Answer | None = None  # and to HEAD
    tags: Answer | None = None
    blob: Answer | None = None
    kind: str = ""  # the media type that manifests are sent with, instead of their own
    damage: bytes = b""  # appended to every manifest that is asked for by digest
    damage_blobs: bytes = b""  # appended to every blob
    open_door: bool = False  # /v2/ answers 200 to everybody, and the rest asks for credentials
    hides: bool = False  # answers for a repository that is not there as for one that may not be seen
    headers: tuple[tuple[str, str], ...] = ()  # added to every answer
    layer_kind: str = ""
    redirect_blobs: str = ""  # the base URL that blobs are sent from
    child_missing: bool = False
    single: bool = False  # one manifest, no index
    platforms: tuple[str, ...] = ("linux/amd64", "linux/arm64")
    seen: list[tuple[str, str, bool]] = field(default_factory=list)  # method, target, whether it carried credentials
    store: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _top: str = ""

    def __post_init__(self) -> None:
        """Builds the image."""
        layer = _layer()
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
        kind = self.layer_kind or LAYER
        self.store = {digest(layer): (kind, layer), digest(config): (CONFIG, config)}
        children = []
        for platform in self.platforms:
            child = json.dumps({
                "schemaVersion": 2, "mediaType": MANIFEST, "annotations": {"platform": platform},
                "config": _descriptor(CONFIG, config), "layers": [_descriptor(kind, layer)],
            }).encode()  # fmt: skip
            os_name, _, arch = platform.partition("/")
            if not self.child_missing:
                self.store[digest(child)] = (MANIFEST, child)
            children.append({**_descriptor(MANIFEST, child), "platform": {"os": os_name, "architecture": arch}})
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).encode()
        self._top = str(children[0]["digest"]) if self.single else digest(index)
        self.store.setdefault(self._top, (INDEX, index))

    def __call__(self, asked: Asked) -> Answer:
        """The answer to one request."""
        self.seen.append((asked.method, asked.target, "authorization" in asked.headers))
        answer = self._answer(asked)
        return replace(answer, headers=(*answer.headers, *self.headers)) if self.headers else answer

    def _answer(self, asked: Asked) -> Answer:
        if self.everything is not None:
            return self.everything
        door = asked.path in {"/v2/", "/v2"}
        refused = None if door and self.open_door else self._refused(asked)
        if door:
            return self.ping or refused or Answer(200, b"{}", (("Docker-Distribution-Api-Version", "registry/2.0"),))
        return refused or self._content(asked)

    def _refused(self, asked: Asked) -> Answer | None:
        if self.auth == "basic" and asked.basic != (USER, PASSWORD):
            return error(401, "UNAUTHORIZED", "authentication required", (("WWW-Authenticate", 'Basic realm="shop"'),))
        if self.auth == "bearer":
            return self._without_scope(asked)
        return None

    def _without_scope(self, asked: Asked) -> Answer | None:
        """What who has no token for a repository is told: who has one for another one learns that there is none."""
        if asked.path in {"/v2/", "/v2"} and asked.bearer:
            return None
        wanted = f"repository:{asked.path.removeprefix('/v2/').rsplit('/', 2)[0]}:pull" if asked.path != "/v2/" else ""
        if wanted and (wanted in _scopes(asked.bearer) or (asked.bearer and REPOSITORY not in wanted and not self.hides)):
            return None
        extra = ',error="insufficient_scope"' if asked.bearer else ""
        scope = f',scope="{wanted}"' if wanted else ""
        challenge = f'Bearer realm="{self.realm}",service="shop"{scope}{extra}'
        return error(401, "UNAUTHORIZED", "authentication required", (("WWW-Authenticate", challenge),))

    def _content(self, asked: Asked) -> Answer:
        parts = asked.path.removeprefix("/v2/").rsplit("/", 2)
        if asked.path.endswith("/tags/list"):
            name = asked.path.removeprefix("/v2/").removesuffix("/tags/list")
            if name != REPOSITORY:
                return error(404, "NAME_UNKNOWN", "repository name not known to registry")
            return self.tags or Answer(200, json.dumps({"name": REPOSITORY, "tags": [TAG]}).encode())
        if len(parts) != 3 or parts[1] not in {"manifests", "blobs"}:
            return error(404, "UNSUPPORTED", "The operation is unsupported.")
        repository, kind, name = parts
        if repository != REPOSITORY:
            return error(404, "NAME_UNKNOWN", "repository name not known to registry")
        return self._manifest(asked, name) if kind == "manifests" else self._blob(asked, name)

    def _manifest(self, asked: Asked, name: str) -> Answer:
        by_digest = name.startswith("sha256:")
        special = self.head if asked.method == "HEAD" else None
        special = special or (self.by_digest if by_digest else self.manifest)
        if special is not None:
            return special
        key = self._top if name == TAG else name
        if key not in self.store:
            return error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        media_type, data = self.store[key]
        data += self.damage if by_digest else b""
        return Answer(200, data, (("Docker-Content-Digest", key),), kind=self.kind or media_type)

    def _blob(self, asked: Asked, name: str) -> Answer:
        if self.redirect_blobs:
            return Answer(307, b"", (("Location", f"{self.redirect_blobs}{asked.path}?X-Demo-Signature=not-a-secret"),))
        return self.blob or self.stored(name, asked.headers.get("range", ""))

    def stored(self, name: str, wanted: str = "") -> Answer:
        """A blob as storage would send it, whole or the range that is wanted."""
        if name not in self.store:
            return error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        data = self.store[name][1] + self.damage_blobs
        if wanted.startswith("bytes=0-"):
            end = int(wanted.removeprefix("bytes=0-")) + 1
            place = (("Content-Range", f"bytes 0-{min(end, len(data)) - 1}/{len(data)}"),)
            return Answer(206, data[:end], place, kind="application/octet-stream")
        return Answer(200, data, kind="application/octet-stream")


def storage(registry: Registry, refuse: Answer | None = None) -> Any:
    """The host that a registry redirects to."""
    return lambda asked: refuse or registry.stored(asked.path.rpartition("/")[2], asked.headers.get("range", ""))


def token_service(
    *, deny: tuple[str, ...] = (), public: bool = False, anonymous: bool = True, broken: Answer | None = None
) -> Any:
    """A token service that knows one account, which may pull everything but what is in `deny` (repositories).

    `public`: everybody may pull; `anonymous`: who says no name gets a token all the same, with nothing in it.
    """

    def serve(asked: Asked) -> Answer:
        if broken is not None:
            return broken
        known = asked.basic == (USER, PASSWORD)
        if (asked.basic[0] or not anonymous) and not known:
            return error(401, "UNAUTHORIZED", "incorrect username or password" if asked.basic[0] else "authentication required")
        wanted = parse_qs(asked.target.partition("?")[2]).get("scope", [])
        scopes = [s for s in wanted if (known or public) and s.split(":")[1] not in deny]
        return Answer(200, json.dumps({"token": _token(scopes), "expires_in": 300}).encode())

    return serve


def _token(scopes: list[str]) -> str:
    access = [
        dict(zip(("type", "name", "actions"), (*s.split(":")[:2], s.split(":")[2].split(",")), strict=True)) for s in scopes
    ]
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
