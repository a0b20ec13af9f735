"""whypull demo: faulty registries on loopback, walked for real, each in two lines and one in full."""

from __future__ import annotations

import sys
import time

from whypull.cli import OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from whypull.demo.stage import Stage
    from whypull.model import Case, Diagnosis

IN_FULL = "address_is_not_allowed"
SECONDS = 1.5  # a step may take; silence is one of the faults


def parser() -> ArgumentParser:
    """The verb's arguments."""
    from whypull.commands import options  # noqa: PLC0415

    made = options.parser("demo", "Sets up faulty registries on this machine (loopback only) and walks each of them.")
    made.add_argument("fault", nargs="*", metavar="FAULT", help="only these; see --list")
    made.add_argument("--list", action="store_true", help="the faults and their causes")
    options.add_output(made)
    return made


def run(args: Sequence[str]) -> int:
    """Walks the faults. Returns 0 where each was named, 1 where one was not. Raises UsageError."""
    from whypull.demo.faults import FAULTS  # noqa: PLC0415

    chosen = parser().parse_args(args)
    unknown = [name for name in chosen.fault if name not in FAULTS]
    if unknown:
        raise UsageError(f"there is no fault {unknown[0]!r}; whypull demo --list names them")
    if chosen.list:
        for name, (cause, _) in FAULTS.items():
            print(f"{name:<40}{cause or 'nothing is wrong'}")
        return OK
    names = chosen.fault or list(FAULTS)
    started = time.monotonic()
    shown: tuple[Diagnosis, Case] | None = None
    right = 0
    for name in names:
        cause, fault = FAULTS[name]
        one, case = walk_fault(fault)
        right += named(one, cause)
        print(f"{'✗' if one else '✓'} {_words(name)}\n    {_found(one)}", flush=True)
        if one and name == (IN_FULL if IN_FULL in names else names[0]):
            shown = one, case
    seconds = time.monotonic() - started
    print(f"\n{len(names)} set up for real, {right} named right, in {seconds:.1f} s. One of them in full:\n")
    if shown:
        _in_full(shown, chosen)
    print("\nYour own registry:  whypull check registry.example.com/team/app:1.0 --docker-config ~/.docker/config.json")
    return OK if right == len(names) else 1


def walk_fault(fault: object) -> tuple[Diagnosis | None, Case]:
    """Sets one fault up, walks it, and gives the diagnosis (None where nothing failed) and the facts."""
    from whypull.commands.check import diagnosis_of  # noqa: PLC0415
    from whypull.demo.stage import Stage  # noqa: PLC0415
    from whypull.model import Case, Pull  # noqa: PLC0415

    with Stage() as stage:
        fault(stage)  # type: ignore[operator] - a fault breaks the stage that it is given
        stage.resolve()
        case = Case(Pull(image=stage.image), tuple(walk(stage)), "here")
    return diagnosis_of(case), case


def walk(stage: Stage) -> list[object]:
    """What was tried on a stage."""
    from whypull.probe.proxy_rules import ProxySettings  # noqa: PLC0415
    from whypull.probe.walk import Target, pull, run  # noqa: PLC0415
    from whypull.probe.wire import Wire  # noqa: PLC0415

    wire = Wire(ca_file=stage.ca_file, seconds=SECONDS, nameserver=stage.nameserver)
    names: tuple[str, ...] = ()
    if stage.with_credentials:
        wire.vault.add("shop-pull", stage.user, stage.password, hosts=(stage.image.partition("/")[0],))
        names = ("shop-pull",)
    target = Target(
        image=stage.image,
        credentials=names,
        proxy=ProxySettings(https_proxy=stage.https_proxy) if stage.https_proxy else None,
        nameservers=(stage.nameserver,),
        platform=stage.platform,
        depth=stage.depth,
    )
    return list(run(pull(target), wire.perform, "here", stage.image))


def named(one: Diagnosis | None, cause: str) -> bool:
    """Whether a diagnosis names this cause and nothing else."""
    return (one is None and not cause) or (one is not None and [f.cause for f in one.findings] == [cause])


def _words(name: str) -> str:
    return name.replace("_", " ")


def _found(one: Diagnosis | None) -> str:
    if one is None:
        return "the pull works"
    return "; ".join(f"{f.title}  [{f.cause}, {f.certainty}]" for f in one.findings) or "nothing that is known"


def _in_full(shown: tuple[Diagnosis, Case], chosen: object) -> None:
    from whypull.commands.explain import rendered  # noqa: PLC0415
    from whypull.model import Reading  # noqa: PLC0415

    one, case = shown
    sys.stdout.write(rendered([one], Reading((case,)), chosen))  # type: ignore[arg-type] - the parsed options
