"""What is asked of the registry."""

from __future__ import annotations

import json

from whypull.demo.faults import fault
from whypull.demo.faults.setting import private
from whypull.demo.http import Answer
from whypull.demo.registry import MANIFEST, SCHEMA1, digest, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.demo.stage import Stage


@fault("image.tag-not-found")
def tag_was_never_pushed(stage: Stage) -> None:
    """The repository is there, the tag is not."""
    stage.serve_registry()
    stage.name_image(tag="9.9.9")


@fault("image.repository-not-found", why_not_proved="without credentials a registry may hide what is there")
def repository_does_not_exist(stage: Stage) -> None:
    """A wrong path."""
    stage.serve_registry()
    stage.name_image(repository="shop/apo")


@fault("image.repository-not-found")
def repository_does_not_exist_for_who_may_see(stage: Stage) -> None:
    """A wrong path, asked for with credentials that the registry takes."""
    private(stage)
    stage.name_image(repository="shop/apo")


@fault("image.platform-mismatch")
def no_variant_for_this_node(stage: Stage) -> None:
    """An index without the node's architecture."""
    stage.serve_registry(platforms=("linux/arm64",))


@fault("image.variant-missing")
def variant_was_cleaned_up(stage: Stage) -> None:
    """The index is there, the manifest that it names is gone."""
    stage.serve_registry(child_missing=True)


def _special(stage: Stage, document: dict[str, object], kind: str) -> None:
    body = json.dumps(document).encode()
    answer = Answer(200, body, (("Docker-Content-Digest", digest(body)),), kind=kind)
    stage.serve_registry(manifest=answer, by_digest=answer)


@fault("image.unsupported-format")
def schema_1(stage: Stage) -> None:
    """A manifest of the first schema."""
    _special(stage, {"schemaVersion": 1, "name": "shop/api", "fsLayers": [], "history": []}, SCHEMA1)


@fault("image.unsupported-format")
def helm_chart(stage: Stage) -> None:
    """An artifact that is no image."""
    config = {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "sha256:" + "0" * 64, "size": 2}
    _special(stage, {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}, MANIFEST)


@fault("image.unsupported-format")
def encrypted_layers(stage: Stage) -> None:
    """Layers that no runtime opens without a key."""
    stage.serve_registry(layer_kind="application/vnd.oci.image.layer.v1.tar+gzip+encrypted")


@fault("image.blob-missing")
def layer_is_gone(stage: Stage) -> None:
    """The manifest is there, the blobs are not."""
    stage.serve_registry(blob=error(404, "BLOB_UNKNOWN", "blob unknown to registry"))


@fault("image.corrupt")
def manifest_was_rewritten(stage: Stage) -> None:
    """What comes by digest has another one: something on the way or in the storage changed it."""
    stage.serve_registry(damage=b"\n")


@fault("image.corrupt")
def layer_was_damaged(stage: Stage) -> None:
    """A layer that comes is longer than the manifest says."""
    stage.serve_registry(damage_blobs=b"\0\0\0")
