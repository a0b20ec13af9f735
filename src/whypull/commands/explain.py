"""whypull explain: what somebody said → the cause, who can fix it and how; or the page of one cause."""

from __future__ import annotations

import os
import sys

from whypull.cli import FOUND, OK, UNDECIDED, UsageError, called

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from whypull.model import Diagnosis, Reading

EPILOG = """\
what it reads by itself, from standard input, files, directories, .tar.gz and .zip, or as an argument:
  kubectl describe pod, get events, get pods, get … -o json|yaml, cluster-info dump, must-gather,
  kubelet, containerd, CRI-O and dockerd logs, the output of crictl, ctr, nerdctl, podman, docker,
  skopeo, or just the message

examples:
  kubectl describe pod web-0 -n shop | whypull explain
  kubectl get pods,events,secrets,sa,nodes -A -o json | whypull explain
  journalctl -fu kubelet | whypull explain --lines -o json
  whypull explain 'Failed to pull image "registry.shop.example/api:1": … no such host'
  whypull explain auth.ip-not-allowed
"""


def run(args: Sequence[str]) -> int:
    """Explains what was given. Returns the exit code; raises UsageError for what cannot be read."""
    from whypull.commands import options  # noqa: PLC0415

    chosen = options.plain(args) or parser().parse_args(args)
    if chosen.lines:
        from whypull.commands import lines  # noqa: PLC0415

        return lines.run(chosen)
    page = _page(chosen, options.width(chosen.width))
    if page:
        print(page, end="")
        return OK
    reading = _read(chosen.what)
    return show(reading, chosen)


def show(reading: Reading, chosen: Namespace) -> int:
    """Diagnoses a reading, prints it as asked, and returns the exit code."""
    from whypull.diagnose import diagnoses_of  # noqa: PLC0415
    from whypull.read.message import failures  # noqa: PLC0415

    diagnoses = diagnoses_of(reading, failures)
    sys.stdout.write(rendered(diagnoses, reading, chosen))
    return exit_code(diagnoses)


def exit_code(diagnoses: Sequence[Diagnosis]) -> int:
    """0 nothing failed, 1 a cause was found, 3 where nothing but undecided ones were."""
    if not diagnoses:
        return OK
    return FOUND if any(d.verdict == "cause" for d in diagnoses) else UNDECIDED


def rendered(diagnoses: Sequence[Diagnosis], reading: Reading, chosen: Namespace) -> str:
    """The answer in the format that was asked for."""
    from whypull.commands import options  # noqa: PLC0415

    if chosen.output == "json":
        from whypull.render.as_json import document  # noqa: PLC0415

        return document(diagnoses, reading)
    if chosen.output == "yaml":
        from whypull.render.as_yaml import document as as_yaml  # noqa: PLC0415

        return as_yaml(diagnoses, reading)
    if chosen.output == "markdown":
        from whypull.render.ticket import ticket  # noqa: PLC0415

        return ticket(diagnoses, reading, prog=called())
    from whypull.render.style import Style  # noqa: PLC0415
    from whypull.render.terminal import screen  # noqa: PLC0415

    style = Style(colour=options.colour(chosen.color))
    return screen(diagnoses, reading, width=options.width(chosen.width), style=style, prog=called())


def parser() -> ArgumentParser:
    """The verb's arguments."""
    from whypull.commands import options  # noqa: PLC0415

    made = options.parser("explain", "Why the pulls in this input fail, or all about one cause.", EPILOG)
    what = made.add_argument("what", nargs="*", metavar="FILE|TEXT|CAUSE", help="standard input where nothing is named")
    what.complete = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}  # type: ignore[attr-defined]  # shtab.FILE
    made.add_argument("--lines", action="store_true", help="a stream: one answer a failed pull, as it comes")
    options.add_output(made)
    return made


def _page(chosen: Namespace, width: int) -> str:
    """The page of a cause, if that is what was asked for."""
    if len(chosen.what) != 1 or os.path.exists(chosen.what[0]):
        return ""
    wanted = chosen.what[0]
    stage, dot, _ = wanted.partition(".")
    from whypull.model import STAGES  # noqa: PLC0415

    if stage not in STAGES or " " in wanted:
        return ""
    if not dot:
        raise UsageError(f"{wanted} is a stage of the pull path; its causes: {called()} causes --stage {wanted}")
    from whypull.causes import body, catalogue  # noqa: PLC0415

    cause = catalogue().get(wanted)
    if cause is None:
        from difflib import get_close_matches  # noqa: PLC0415

        near = get_close_matches(wanted, catalogue(), n=3, cutoff=0.4)
        raise UsageError(f"there is no cause {wanted!r}; near it: {', '.join(near) or f'see {called()} causes'}")
    if chosen.output == "markdown":
        return body(wanted)
    from whypull.commands import options  # noqa: PLC0415
    from whypull.render.page import explain_page, fields_of  # noqa: PLC0415

    if chosen.output in {"json", "yaml"}:
        return options.dumps(chosen.output, {"schema": "whypull/1", "cause": {**fields_of(cause), "body": body(wanted)}})
    from whypull.render.style import Style  # noqa: PLC0415

    return explain_page(cause, body(wanted), width, Style(colour=options.colour(chosen.color)))


def _read(what: Sequence[str]) -> Reading:
    from whypull.read.reading import read_sources, read_text  # noqa: PLC0415

    text = _as_text(what)
    if text:
        return read_text(text)
    if not what and sys.stdin.isatty():
        print("Paste what Kubernetes said, then Ctrl-D ({called()} explain --help tells what it reads):", file=sys.stderr)
    from whypull.read.sources import Unreadable, open_sources  # noqa: PLC0415

    try:
        return read_sources(open_sources(what, sys.stdin.buffer))
    except Unreadable as e:
        raise UsageError(str(e)) from e


def _as_text(what: Sequence[str]) -> str:
    """The arguments as one message, where they are no files: a message has blanks or is a reason of Kubernetes."""
    if not what or any(w == "-" or os.path.exists(w) for w in what):
        return ""
    if all("." in w or "/" in w for w in what) and " " not in "".join(what):
        return ""  # names of files that are not there, which must be said
    joined = " ".join(what)
    return joined if " " in joined.strip() or joined.isalpha() else ""
