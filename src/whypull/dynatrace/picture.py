"""Objects, diagnoses and logs → the whole picture of Dynatrace: one for each DynaKube."""

from __future__ import annotations

from whypull.dynatrace import Picture
from whypull.dynatrace.dynakube import KNOWN, dynakube_of
from whypull.dynatrace.parts import mine, parts_of
from whypull.dynatrace.troubles import troubles_of
from whypull.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whypull.dynatrace import CsiPull, Download, DynaKube, Installation
    from whypull.dynatrace.installation import Objects
    from whypull.model import Diagnosis


def pictures(
    objects: Objects,
    diagnoses: Sequence[Diagnosis] = (),
    csi: Sequence[tuple[CsiPull, Diagnosis]] = (),
    downloads: Sequence[Download] = (),
) -> tuple[Picture, ...]:
    """One picture for each DynaKube; one without a DynaKube where only logs or workloads are there."""
    installed = objects.settled()
    if csi and installed.csi is None:
        installed = replace(installed, csi=True)  # it speaks, so it is there
    dynakubes: list[DynaKube | None] = [dynakube_of(thing) for thing in objects.dynakubes]
    one_only = len(dynakubes) <= 1
    found = []
    for dynakube in dynakubes or [None]:
        parts = parts_of(dynakube, installed)
        theirs = [d for d in diagnoses if one_only or _is_of(d, dynakube, installed)]
        pulls = [(pull, d) for pull, d in csi if one_only or not pull.dynakube or (dynakube and pull.dynakube == dynakube.name)]
        troubles = troubles_of(
            dynakube, installed, parts, theirs, pulls, downloads if dynakube is (dynakubes or [None])[0] else ()
        )
        found.append(Picture(dynakube, installed, parts, troubles, tuple(_notes(dynakube, installed))))
    return tuple(found)


def _is_of(one: Diagnosis, dynakube: DynaKube | None, installed: Installation) -> bool:
    """Whether a failing pull is this DynaKube's: by the label of its namespace, or the name of its pod."""
    if dynakube is None:
        return True
    if one.pull.namespace in installed.namespaces:
        return installed.namespaces[one.pull.namespace] == dynakube.name
    return one.pull.namespace == dynakube.namespace and (one.pull.pod.startswith(f"{dynakube.name}-") or "-" not in one.pull.pod)


def _notes(dynakube: DynaKube | None, installed: Installation) -> Iterator[str]:
    if dynakube is None:
        return
    if dynakube.version not in KNOWN:
        version = dynakube.version or "this version"
        yield f"DynaKubes of {version} are not known here: the fields were read by the names of the newest known one."
    if dynakube.injects and not dynakube.automatic:
        yield "Injection is not automatic: only pods with oneagent.dynatrace.com/inject: true are changed."
    injected = mine(dynakube, installed)
    if injected:
        waiting = sum(one.waits for one in injected)
        where = len({one.namespace for one in injected})
        many, spread = ("s are" if len(injected) != 1 else " is"), ("s" if where != 1 else "")
        yield (
            f"{len(injected):,} pod{many} injected, in {where} namespace{spread}; {waiting:,} of them wait for the image of what "
            "was added."
        )
    failed = sum(one.failed for one in injected)
    if failed:
        yield f"In {failed:,} of them the added container ran and failed: its image was pulled, its log tells why."
