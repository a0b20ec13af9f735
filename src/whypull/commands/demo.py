"""whypull demo: faulty registries on loopback, walked for real, each in two lines and one in full."""

from __future__ import annotations

import sys
import time

from whypull.cli import OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from whypull.demo.faults import Fault
    from whypull.demo.stage import Stage
    from whypull.model import Case, Diagnosis, Fact

IN_FULL = "address_is_not_allowed"
SECONDS = 1.2  # a step may take: silence is one of the faults
# One or two of each stage: what a first look at the tool should see.
SHOWN = (
    "healthy_with_token", "upper_case_in_the_path", "host_was_left_out", "secret_for_another_host", "hosts_toml_is_broken",
    "mirror_is_down_and_the_registry_out_of_reach", "name_without_address", "record_is_stale", "firewall_drops",
    "port_is_closed", "name_is_filtered", "runtime_knows_no_proxy", "proxy_wants_a_password",
    "internal_registry_through_the_proxy", "chain_is_incomplete", "connection_is_inspected", "certificate_expired",
    "certificate_for_another_name", "large_segments_are_lost", "login_page", "tags_but_no_digests", "pull_limit",
    "storage_is_blocked", "address_is_not_allowed", "wrong_password_at_the_token_service", "token_without_the_scope",
    "token_service_has_no_address", "tag_was_never_pushed", "variant_was_cleaned_up", "no_variant_for_this_node",
)  # fmt: skip


def parser() -> ArgumentParser:
    """The verb's arguments."""
    from whypull.commands import options  # noqa: PLC0415

    made = options.parser("demo", "Sets up faulty registries on this machine (loopback only) and walks each of them.")
    made.add_argument("fault", nargs="*", metavar="FAULT", help="only these, in full; see --list")
    made.add_argument("--list", action="store_true", help="all faults and their causes")
    made.add_argument("--all", action="store_true", help="every fault, not only one or two of each stage")
    options.add_output(made)
    return made


def run(args: Sequence[str]) -> int:
    """Walks the faults. Returns 0 where each was named, 1 where one was not. Raises UsageError."""
    from whypull.demo.faults import faults  # noqa: PLC0415

    chosen = parser().parse_args(args)
    known = faults()
    unknown = [name for name in chosen.fault if name not in known]
    if unknown:
        raise UsageError(f"there is no fault {unknown[0]!r}; whypull demo --list names them")
    if chosen.list:
        for name, fault in known.items():
            print(f"{name:<45}{fault.cause or 'nothing is wrong'}")
        return OK
    names = chosen.fault or list(known if chosen.all else SHOWN)
    started = time.monotonic()
    full = set(chosen.fault) or {IN_FULL}
    in_full: list[tuple[Diagnosis, Case]] = []
    right = 0
    for name in names:
        one, case = walk_fault(known[name])
        right += named(one, known[name])
        print(f"{'✗' if one else '✓'} {known[name].words}\n    {_found(one)}", flush=True)
        if one and name in full:
            in_full.append((one, case))
    seconds = time.monotonic() - started
    print(f"\n{len(names)} set up and walked for real, {right} of them named right, in {seconds:.1f} s.")
    for shown in in_full:
        print(f"{'In full' if len(in_full) > 1 else 'One of them in full'}:\n")
        sys.stdout.write(_rendered(shown, chosen))
    print("\nYour own registry:  whypull check registry.example.com/team/app:1.0 --docker-config ~/.docker/config.json")
    print("What a pod says:    kubectl describe pod web-0 | whypull explain")
    return OK if right == len(names) else 1


def walk_fault(fault: Fault) -> tuple[Diagnosis | None, Case]:
    """Sets one fault up, walks it, and gives the diagnosis (None where nothing failed) and the facts."""
    from whypull.commands.check import diagnosis_of  # noqa: PLC0415
    from whypull.demo.stage import Stage  # noqa: PLC0415
    from whypull.model import Case, Pull  # noqa: PLC0415

    with Stage() as stage:
        fault.break_it(stage)
        stage.resolve()
        case = Case(Pull(image=stage.image), tuple(walk(stage)), "here")
    return diagnosis_of(case), case


def walk(stage: Stage, seconds: float = SECONDS, deadline: float = 0.0) -> list[Fact]:
    """What is known and tried on a stage. `seconds` a step may take, `deadline` (monotonic) all of it."""
    from whypull.commands.check import add_proxies  # noqa: PLC0415
    from whypull.commands.credentials import Names, take  # noqa: PLC0415
    from whypull.commands.walking import Settings, facts_of, let_see  # noqa: PLC0415
    from whypull.dockerconfig import decode  # noqa: PLC0415
    from whypull.probe.proxy_rules import ProxySettings  # noqa: PLC0415
    from whypull.probe.wire import Wire  # noqa: PLC0415

    wire = Wire(ca_file=stage.ca_file, seconds=seconds, deadline=deadline, nameservers=tuple(stage.nameservers), road=stage.road)
    names = Names()
    if stage.with_credentials and not stage.secret[0]:
        from whypull.commands.credentials import STDIN, host  # noqa: PLC0415

        names.typed = True
        wire.vault.add(STDIN, stage.user, stage.password, hosts=(host(stage.image),))
    if stage.secret[0]:
        take(names, wire.vault, "shop-pull", decode(stage.secret[0], stage.secret[1]), [stage.image], stage.secret[0])
    settings = Settings(
        proxy=ProxySettings(stage.https_proxy, stage.https_proxy, stage.no_proxy) if stage.https_proxy else None,
        known_proxy=stage.known_proxy,
        nameservers=tuple(stage.nameservers),
        platform=stage.platform,
        depth=stage.depth,
        insecure=stage.insecure,
        realms=stage.realms,
        others=stage.others,
        certs_d=stage.certs_d,
        registries_conf=stage.registries_conf,
        version="2.1.9" if stage.certs_d else "1.34.0",
    )
    add_proxies(wire, settings)
    let_see(names, settings, wire, [stage.image])
    return list(facts_of(stage.image, settings, names, wire, wire.perform))


def named(one: Diagnosis | None, fault: Fault) -> bool:
    """Whether a diagnosis names this fault's cause, as certainly as it can be, and nothing else but what fits as well."""
    if one is None or not fault.cause:
        return one is None and not fault.cause
    return [f.cause for f in one.findings] == [fault.cause, *fault.beside] and one.findings[0].certainty == fault.certainty


def _found(one: Diagnosis | None) -> str:
    if one is None:
        return "the pull works"
    return "; or: ".join(f"{f.title}  [{f.cause}, {f.certainty}]" for f in one.findings) or "nothing that is known"


def _rendered(shown: tuple[Diagnosis, Case], chosen: Namespace) -> str:
    from whypull.commands.explain import rendered  # noqa: PLC0415
    from whypull.model import Reading  # noqa: PLC0415

    one, case = shown
    return rendered([one], Reading((case,)), chosen)
