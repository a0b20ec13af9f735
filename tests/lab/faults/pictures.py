"""The image itself, and its unpacking on the node."""

from lab.faults import Client, Fault, Server, World, healthy
from whypull.demo.http import Answer

ABSENT = ("image.tag-not-found", "image.repository-not-found")


def of_kind(kind: str) -> World:
    """A world whose registry has an image of this kind."""
    return World(registry=Server(options={"kind": kind}))


def broken(name: str, cause: str, kind: str, what: str, *text: str, side: str = "image", **more: object) -> Fault:
    """A fault of the image, which somebody pushes again."""
    return Fault(name, cause, side, what, of_kind(kind), mend={"registry": Server()}, text=text, **more)  # type: ignore[arg-type]


RUN = ("1.6", "1.7", "2")  # those that unpack what they pull

FAULTS = [
    healthy("image-single", "a manifest without an index", world=of_kind("single")),
    healthy("image-single-other-platform", "a single manifest of another architecture: the pull takes it", world=of_kind("single arm64")),
    broken("platform-not-in-index", "image.platform-mismatch", "only arm64", "no variant for this architecture", *ABSENT),
    broken("platform-other-system", "image.platform-mismatch", "only windows", "no variant for this system", *ABSENT),
    broken("variant-gone", "image.variant-missing", "child missing", "the index names a manifest that is gone", *ABSENT, "image.blob-missing"),
    broken("schema-1", "image.unsupported-format", "schema 1", "a manifest of the first schema"),
    broken("chart", "image.unsupported-format", "chart", "a Helm chart", only=("1.6",)),
    broken("layer-type-unknown", "image.unsupported-format", "unknown layer", "a layer type that nobody knows", only=("1.6", "1.7")),
    broken("layer-encrypted", "image.unsupported-format", "encrypted layer", "an encrypted layer", only=RUN),
    broken("layer-gone", "image.blob-missing", "layer missing", "a layer is gone from the registry", *ABSENT, "image.variant-missing"),
    broken("config-gone", "image.blob-missing", "config missing", "the config is gone from the registry", *ABSENT, "image.variant-missing"),
    Fault("layer-gone-real", "image.blob-missing", "image", "a layer is gone from the real registry's disk",
          World(real="blob gone"), Client("{hub}/shop{n}/api:1.4.2", "right"), mend={"real": "there"},
          text=(*ABSENT, "image.variant-missing")),
    broken("layer-changed", "image.corrupt", "layer changed", "a layer is not what its digest says"),
    broken("layer-truncated", "image.corrupt", "layer truncated", "a layer is shorter than the manifest says", "network.reset"),
    broken("size-wrong", "image.corrupt", "size wrong", "the manifest says another size", "network.reset", only=RUN),
    broken("manifest-changed", "image.corrupt", "manifest changed", "a manifest is not what its digest says"),
    Fault("layer-cut", "network.reset", "network", "the connection ends within a layer",
          World(registry=Server(options={"blob": Answer(phrase="cut")})), mend={"registry": Server()}, text=("image.corrupt", "node.pull-stalled")),
    broken("layer-not-gzip", "unpack.layer-failed", "layer not gzip", "a layer is no gzip stream", "image.corrupt", "image.unsupported-format", only=RUN),
    broken("layer-no-tar", "unpack.layer-failed", "layer no tar", "a layer is no tar archive", "image.corrupt", "image.unsupported-format", only=RUN),
    broken("diff-id-wrong", "image.corrupt", "diff id wrong", "a layer unpacks to something else than the config says", only=RUN),
]  # fmt: skip
