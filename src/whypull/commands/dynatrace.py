"""whypull dynatrace: which of Dynatrace's images are in play, who pulls each, and what stops them or their injection."""

from __future__ import annotations

import sys

from whypull.cli import FOUND, OK, UNDECIDED, UsageError, called

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from whypull.dynatrace import CsiPull, Picture
    from whypull.model import Diagnosis
    from whypull.read.dynatrace_objects import Material

EPILOG = """\
what it reads:
  without a file, the cluster that kubectl would talk to; with files or a pipe, what they hold:
  kubectl get dynakube,pods,deploy,ds,sts,ns,secrets -A -o yaml (or json), kubectl describe dynakube,
  the log of the CSI driver's provisioner, of an injected init container, of OneAgent

examples:
  whypull dynatrace                      the whole picture of this cluster
  whypull dynatrace -n payments          with the injected pods of one namespace
  kubectl get dynakube -A -o yaml | whypull dynatrace
  kubectl logs -n dynatrace ds/dynatrace-oneagent-csi-driver -c provisioner | whypull dynatrace
  kubectl logs pod/web-0 -c dynatrace-operator | whypull dynatrace

Exit code 1 where something is wrong, of a pull or of a download of the injection's own.
"""


def parser() -> ArgumentParser:
    """The verb's arguments."""
    from whypull.commands import options  # noqa: PLC0415
    from whypull.commands.cluster import add_cluster  # noqa: PLC0415

    made = options.parser("dynatrace", "Dynatrace's images: which, from where, who pulls each, and what stops them.", EPILOG)
    what = made.add_argument("what", nargs="*", metavar="FILE", help="files, directories, archives; - is standard input")
    what.complete = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}  # type: ignore[attr-defined]  # shtab.FILE
    add_cluster(made)
    options.add_output(made)
    return made


def run(args: Sequence[str]) -> int:
    """Looks or reads, and prints the picture. Returns the exit code; raises UsageError."""
    chosen = parser().parse_args(args)
    given = _given(chosen)
    material, diagnoses, notes = _from_input(given) if given else _from_cluster(chosen)
    pictures = pictures_of(material, diagnoses)
    sys.stdout.write(written(pictures, [*material.notes, *notes], chosen))
    return exit_code(pictures)


def pictures_of(material: Material, diagnoses: Sequence[Diagnosis]) -> tuple[Picture, ...]:
    """One picture for each DynaKube."""
    from whypull.dynatrace.picture import pictures  # noqa: PLC0415

    return pictures(material.objects, diagnoses, csi_diagnoses(material.pulls), material.downloads)


def csi_diagnoses(pulls: Sequence[CsiPull]) -> list[tuple[CsiPull, Diagnosis]]:
    """The CSI driver's failing pulls, one for each image, diagnosed from all that it said of it."""
    from whypull.diagnose import diagnose  # noqa: PLC0415
    from whypull.model import Case, Pull, Said  # noqa: PLC0415
    from whypull.read.message import failures  # noqa: PLC0415

    found = []
    for image in dict.fromkeys(pull.image for pull in pulls):
        said = [pull for pull in pulls if pull.image == image]
        texts = tuple(Said(one.words, by="dynatrace-csi", via="log", first=one.at, last=one.at) for one in said)
        found.append(
            (said[-1], diagnose(Case(Pull(image=image, namespace="dynatrace", container="provisioner"), texts), failures))
        )
    return found


def exit_code(pictures: Sequence[Picture]) -> int:
    """0 nothing wrong, 1 a cause was found, 3 where nothing but undecided ones were."""
    troubles = [trouble for one in pictures for trouble in one.troubles]
    if not troubles:
        return OK
    decided = any(len(t.causes) == 1 or t.certainty != "possible" or (not t.causes and t.puller == "download") for t in troubles)
    return FOUND if decided else UNDECIDED


def written(pictures: Sequence[Picture], notes: Sequence[str], chosen: Namespace) -> str:
    """The picture in the format that was asked for."""
    from whypull.commands import options  # noqa: PLC0415
    from whypull.render import dynatrace as render  # noqa: PLC0415

    if chosen.output in {"json", "yaml"}:
        return options.dumps(chosen.output, render.as_dict(pictures, notes))
    if chosen.output == "markdown":
        return render.as_markdown(pictures, notes)
    from whypull.render.style import Style  # noqa: PLC0415

    style = Style(colour=options.colour(chosen.color))
    return render.screen(pictures, notes, options.width(chosen.width), style, called())


def _asks_the_cluster(chosen: Namespace) -> bool:
    """Whether a flag says that the cluster is meant, whatever standard input is."""
    return bool(chosen.all_namespaces or chosen.namespace or chosen.context or chosen.kubeconfig or chosen.as_user)


def _from_input(data: Sequence[tuple[str, bytes]]) -> tuple[Material, list[Diagnosis], list[str]]:
    """What files or a pipe hold. Raises UsageError where nothing of Dynatrace is in them."""
    from io import BytesIO  # noqa: PLC0415

    from whypull.diagnose import diagnoses_of  # noqa: PLC0415
    from whypull.read.dynatrace_objects import Material  # noqa: PLC0415
    from whypull.read.message import failures  # noqa: PLC0415
    from whypull.read.reading import read_sources  # noqa: PLC0415
    from whypull.read.sources import Source, to_text  # noqa: PLC0415

    material = Material()
    for _, content in data:
        material.read(to_text(content))
    reading = read_sources([Source(name, BytesIO(content).read) for name, content in data])
    said = {pull.words for pull in material.pulls}  # these are the CSI driver's, and diagnosed as such
    diagnoses = [one for one in diagnoses_of(reading, failures) if one.said not in said]
    if not (diagnoses or material.tells):
        raise UsageError(
            "nothing of Dynatrace is in this input; kubectl get dynakube -A -o yaml, or the log of one of its containers, "
            f"would be. {called()} dynatrace --help tells more."
        )
    return material, diagnoses, []


def _given(chosen: Namespace) -> list[tuple[str, bytes]]:
    """The inputs that were named or piped, by name; none where the cluster is meant. Raises UsageError."""
    from whypull.read.sources import Unreadable, open_sources  # noqa: PLC0415

    if not chosen.what and (sys.stdin.isatty() or _asks_the_cluster(chosen)):
        return []
    found = []
    try:
        for source in open_sources(chosen.what, sys.stdin.buffer):
            with source as opened:
                found.append((opened.name, bytes(opened)))
    except Unreadable as e:
        raise UsageError(str(e)) from e
    return found if chosen.what or any(content.strip() for _, content in found) else []


def _from_cluster(chosen: Namespace) -> tuple[Material, list[Diagnosis], list[str]]:
    """What the cluster shows. Raises UsageError where it cannot be reached."""
    from whypull.commands import cluster as verbless  # noqa: PLC0415
    from whypull.diagnose import diagnoses_of  # noqa: PLC0415
    from whypull.read.cluster import ApiError, Cluster, Unreachable  # noqa: PLC0415
    from whypull.read.dynatrace_live import look  # noqa: PLC0415
    from whypull.read.kubeconfig import BadKubeconfig  # noqa: PLC0415
    from whypull.read.live import Scope  # noqa: PLC0415
    from whypull.read.message import failures  # noqa: PLC0415

    with verbless.progress(chosen) as say:
        access = verbless.reach(chosen)
        try:
            with Cluster(access, timeout=chosen.request_timeout) as cluster:
                material = look(cluster, chosen.namespace, say)
        except (BadKubeconfig, Unreachable) as e:
            raise UsageError(f"{str(e).rstrip('.')}.") from e
        except ApiError as e:
            hint = " Log in again, as for kubectl." if e.status == 401 else ""
            raise UsageError(f"the API server refuses: {e}.{hint}") from e
        looked, _ = verbless.seen(chosen, Scope(chosen.namespace, everywhere=not chosen.namespace), say)
    return material, diagnoses_of(looked.reading, failures), list(looked.lacking)
