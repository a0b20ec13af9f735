"""An OpenShift image stream → the imports of it that failed: the API server pulls the manifest there, not a node.

Conditions: https://github.com/openshift/api/blob/master/image/v1/types.go (ImportSuccess of a tag's event list).
"""

from __future__ import annotations

from whypull.model import Pull, Said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from whypull.read.object_structs import Thing


def failed_imports(stream: Thing) -> Iterator[tuple[Pull, Said]]:
    """What each tag says of the import that failed last, with the image that it was to come from."""
    meta, wanted = stream.metadata, {}
    for tag in (stream.spec.tags if stream.spec else None) or ():
        if tag.name and tag.origin and tag.origin.name:
            wanted[tag.name] = tag.origin.name
    for tag in (stream.status.tags if stream.status else None) or ():
        for condition in tag.conditions or ():
            if condition.type == "ImportSuccess" and condition.status == "False" and condition.message:
                pull = Pull(wanted.get(tag.tag or "", ""), (meta.namespace if meta else None) or "")
                yield pull, Said(condition.message, "openshift", "status", condition.reason or "")
