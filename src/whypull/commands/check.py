"""whypull check: the pull walked again from here, step by step, with the evidence and the controls."""

from __future__ import annotations

import sys
import time

from whypull.cli import OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from whypull.model import Case, Diagnosis

EPILOG = """\
credentials are read from a file or standard input, never from an argument, and are never shown:
  whypull check shopacr.azurecr.io/shop/api:1.4.2 --docker-config ~/.docker/config.json
  kubectl get secret acr-pull -n shop -o yaml > secret.yaml && whypull check IMAGE --pull-secret secret.yaml
  pass show registry | whypull check IMAGE --username robot --password-stdin

It walks from this machine. A node has its own resolver, proxy, trust store and outgoing address, and may see it differently.
"""


def parser() -> ArgumentParser:
    """The verb's arguments."""
    from whypull.commands import options  # noqa: PLC0415
    from whypull.probe.walk import DEPTHS  # noqa: PLC0415

    made = options.parser("check", "Walks the pull of images again, from here, and says what stops it.", EPILOG)
    made.add_argument("images", nargs="+", metavar="IMAGE")
    add_walk(made, DEPTHS)
    made.add_argument("--save", metavar="FILE", help="write the facts of the first image, without secrets, as a case")
    options.add_output(made)
    return made


def add_walk(made: ArgumentParser, depths: Sequence[str]) -> None:
    """Adds how to walk: credentials, proxy, trust, resolver, depth, time."""
    made.add_argument("--docker-config", metavar="FILE", help="a docker config.json")
    made.add_argument("--pull-secret", metavar="FILE", action="append", default=[], help="a Secret manifest (repeatable)")
    made.add_argument("--username", metavar="USER")
    made.add_argument("--password-stdin", action="store_true", help="the password is on standard input")
    made.add_argument("--proxy", metavar="URL", help="as the runtime's HTTPS_PROXY (this shell's, where not given)")
    made.add_argument("--no-proxy", metavar="LIST", help="as the runtime's NO_PROXY")
    made.add_argument("--ca", metavar="FILE", help="a CA to trust besides the system's")
    made.add_argument("--resolver", metavar="ADDRESS", help="the nameserver to ask instead of the system's")
    made.add_argument("--platform", default="linux/amd64", metavar="OS/ARCH", help="which variant (linux/amd64)")
    made.add_argument("--insecure", action="store_true", help="go on although the certificate does not verify")
    made.add_argument("--plain-http", action="store_true", help="the registry speaks HTTP")
    made.add_argument("--depth", choices=depths, default="manifest", help="how far to walk (manifest)")
    made.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="for all of it (60)")


def run(args: Sequence[str]) -> int:
    """Walks the images and prints what was found. Returns the exit code; raises UsageError."""
    from whypull.commands.explain import exit_code, rendered  # noqa: PLC0415
    from whypull.diagnose import together  # noqa: PLC0415
    from whypull.model import Reading  # noqa: PLC0415

    chosen = parser().parse_args(args)
    if chosen.insecure:
        print("whypull: --insecure: certificates are not verified; what answers may be anybody.", file=sys.stderr)
    cases = walk_all(chosen)
    if chosen.save:
        _save(cases[0], chosen.save)
    diagnoses = together(d for case in cases if (d := diagnosis_of(case)) is not None)
    reading = Reading(tuple(cases), notes=tuple(notes(cases, diagnoses)))
    sys.stdout.write(rendered(diagnoses, reading, chosen))
    return exit_code(diagnoses) if diagnoses else OK


def diagnosis_of(case: Case) -> Diagnosis | None:
    """The diagnosis of a walk; None for one on which nothing failed."""
    from whypull.diagnose import diagnose  # noqa: PLC0415
    from whypull.read.message import failures  # noqa: PLC0415

    one = diagnose(case, failures)
    return one if one.findings or one.said else None


def notes(cases: Sequence[Case], diagnoses: Sequence[Diagnosis]) -> list[str]:
    """What the screen says besides: which images can be pulled from here, and that a node may see it differently."""
    failing = {pull.image for one in diagnoses for pull in one.pulls}
    fine = [case.pull.image for case in cases if case.pull.image not in failing]
    words = [f"{image}: everything that was asked for came, from here." for image in fine[:20]]
    return [*words, "Walked from this machine: a node's resolver, proxy, trust store and outgoing address may differ."]


def walk_all(chosen: Namespace) -> list[Case]:
    """Walks every image, at most eight at a time; a step that two of them share is done once. Raises UsageError."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    from whypull.commands.walking import Together, wire_for  # noqa: PLC0415

    wire, names = wire_for(chosen)
    wire.deadline = time.monotonic() + chosen.timeout
    shared = Together(wire.perform)
    seen: list[list[object]] = [[] for _ in chosen.images]

    def one(number: int) -> None:
        from whypull.commands.walking import walk_one  # noqa: PLC0415

        for tried in walk_one(chosen.images[number], chosen, names, shared.perform):
            seen[number].append(tried)
            progress(chosen.images[number], tried)

    workers = min(8, len(chosen.images))
    pool = ThreadPoolExecutor(workers)
    try:
        for done in [pool.submit(one, number) for number in range(len(chosen.images))]:
            done.result()
    except KeyboardInterrupt:
        wire.deadline = time.monotonic()  # whoever still walks finds its time used up; what was seen is shown
        print("whypull: stopped; this is what was seen so far.", file=sys.stderr)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        progress("", None)
    from whypull.model import Case, Pull  # noqa: PLC0415

    return [Case(Pull(image=i), tuple(s), "here") for i, s in zip(chosen.images, seen, strict=True)]  # type: ignore[arg-type] - what walk_one yields


def progress(image: str, tried: object) -> None:
    """One line on a terminal that says what is being tried; nothing in a pipe."""
    if not sys.stderr.isatty():
        return
    words = f"{image}: {type(getattr(tried, 'step', None)).__name__.lower()} …" if tried else ""
    print(f"\r\x1b[K{words[:78]}", end="", file=sys.stderr, flush=True)


def _save(case: Case, path: str) -> None:
    from whypull.casefile import dumps  # noqa: PLC0415

    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(dumps(case))
    except OSError as e:
        raise UsageError(f"{path} cannot be written: {(e.strerror or str(e)).lower()}") from e
