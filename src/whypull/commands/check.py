"""whypull check: the pull walked again from here, step by step, with the evidence and the controls."""

from __future__ import annotations

import sys
import time

from whypull.cli import INTERRUPTED, OK, UNDECIDED, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from whypull.commands.walking import Settings
    from whypull.model import Case, Diagnosis, Fact
    from whypull.probe.wire import Wire

EPILOG = """\
credentials are read from a file or standard input, never from an argument, and are never shown:
  whypull check shopacr.azurecr.io/shop/api:1.4.2 --docker-config ~/.docker/config.json
  kubectl get secret acr-pull -n shop -o yaml > secret.yaml && whypull check IMAGE --pull-secret secret.yaml
  pass show registry | whypull check IMAGE --username robot --password-stdin

as the runtime on a node would go: its mirrors, its proxy, its resolver
  whypull check IMAGE --certs-d /etc/containerd/certs.d --proxy http://proxy:3128 --no-proxy .corp.example
  whypull check IMAGE --registries-conf /etc/containers/registries.conf --resolver 10.0.0.2
  whypull check IMAGE --proxy ''        the runtime has no proxy, although this shell has one

It walks from this machine. A node has its own resolver, proxy, trust store and outgoing address, and may see it differently.
"""


def parser() -> ArgumentParser:
    """The verb's arguments."""
    from whypull.commands import options  # noqa: PLC0415
    from whypull.commands.walk_options import SAVE, add_walk  # noqa: PLC0415

    made = options.parser("check", "Walks the pull of images again, from here, and says what stops it.", EPILOG)
    add_walk(made, SAVE)
    options.add_output(made)
    return made


def run(args: Sequence[str]) -> int:
    """Walks the images and prints what was found. Returns the exit code; raises UsageError."""
    from whypull.commands.explain import exit_code, rendered  # noqa: PLC0415
    from whypull.commands.walk_options import plain  # noqa: PLC0415
    from whypull.model import Reading  # noqa: PLC0415

    chosen = plain(args) or parser().parse_args(args)
    if chosen.insecure:
        words = "certificates are not verified: whoever answers is believed, and is sent the credentials."
        print(f"whypull: --insecure: {words}", file=sys.stderr)
    cases = walk_all(chosen)
    found = [(case, diagnosis_of(case)) for case in cases]
    if chosen.save:
        _save(next((case for case, one in found if one), cases[0]), chosen.save)
    diagnoses = _grouped([one for _, one in found if one])
    reading = Reading(tuple(cases), notes=tuple(notes(found, chosen.ended)))
    whole = all(chosen.ended)
    if diagnoses or whole or chosen.output != "text":
        sys.stdout.write(rendered(diagnoses, reading, chosen))
    else:
        sys.stdout.write("\n  ".join(("? Nothing failed so far, and not all was walked.", *reading.notes)) + "\n")
    if chosen.stopped:
        return INTERRUPTED
    return exit_code(diagnoses) if diagnoses else OK if whole else UNDECIDED


def _grouped(diagnoses: list[Diagnosis]) -> list[Diagnosis]:
    if not diagnoses:
        return []
    from whypull.diagnose import together  # noqa: PLC0415 - not where everything went well

    return together(diagnoses)


def diagnosis_of(case: Case) -> Diagnosis | None:
    """The diagnosis of a walk; None for one on which nothing failed."""
    from whypull.proofs._walked import went_well  # noqa: PLC0415

    if went_well(case):
        return None
    from whypull.diagnose import diagnose  # noqa: PLC0415
    from whypull.read.message import failures  # noqa: PLC0415

    one = diagnose(case, failures)
    return one if one.findings or one.said else None


def notes(found: Sequence[tuple[Case, Diagnosis | None]], ended: Sequence[bool]) -> list[str]:
    """What the screen says besides: what was seen of images that can be pulled from here, and whose view this is."""
    from whypull.commands.seen import remarks, summary  # noqa: PLC0415

    words = [summary(case, ended=end) for (case, one), end in zip(found, ended, strict=True) if one is None][:20]
    words += list(dict.fromkeys(remark for case, _ in found for remark in remarks(case)))[:10]
    return [*words, "Walked from this machine: a node's resolver, proxy, trust store and outgoing address may differ."]


def settings_of(chosen: Namespace) -> Settings:
    """How to walk, as the options say. Raises UsageError for files that cannot be used."""
    from whypull.commands import walking  # noqa: PLC0415
    from whypull.probe.proxy_rules import ProxySettings  # noqa: PLC0415

    own = walking.own_proxy()
    no_proxy = own.no_proxy if chosen.no_proxy is None else chosen.no_proxy
    here = chosen.proxy is None
    proxy = ProxySettings(own.https_proxy if here else chosen.proxy, own.http_proxy if here else chosen.proxy, no_proxy)
    servers, search = walking.own_resolver()
    made = walking.Settings(
        proxy=proxy, known_proxy=own.https_proxy if chosen.proxy == "" else "",
        nameservers=(chosen.resolver,) if chosen.resolver else servers, search=() if chosen.resolver else search,
        platform=chosen.platform, depth=chosen.depth, insecure=chosen.insecure, plain_http=chosen.plain_http,
        realms=tuple(chosen.trust_realm), version=chosen.runtime_version,
    )  # fmt: skip
    if chosen.certs_d and chosen.registries_conf:
        raise UsageError("--certs-d is containerd's and --registries-conf is CRI-O's: give one of them")
    if chosen.certs_d:
        made.certs_d = walking.folder_of(chosen.certs_d, (".toml", ".crt", ".cert", ".key"))
        made.certs_folder = chosen.certs_d
    if chosen.registries_conf:
        import os  # noqa: PLC0415

        made.registries_conf = {"registries.conf": walking.read_text(chosen.registries_conf)}
        if os.path.isdir(f"{chosen.registries_conf}.d"):
            drop_ins = walking.folder_of(f"{chosen.registries_conf}.d", (".conf",))
            made.registries_conf |= {f"registries.conf.d/{name}": text for name, text in drop_ins.items()}
    return made


def wire_of(chosen: Namespace, settings: Settings) -> Wire:
    """The performer of a call. Raises UsageError for a CA file that is not there."""
    import os  # noqa: PLC0415

    from whypull.probe.wire import Wire  # noqa: PLC0415

    if chosen.ca and not os.path.isfile(chosen.ca):
        raise UsageError(f"--ca {chosen.ca}: there is no such file")
    if chosen.timeout <= 0:
        raise UsageError("--timeout is a number of seconds above 0")
    wire = Wire(ca_file=chosen.ca or "", plain_http=chosen.plain_http)
    if chosen.resolver:
        wire.nameservers = settings.nameservers
    add_proxies(wire, settings)
    return wire


def add_proxies(wire: Wire, settings: Settings) -> None:
    """Gives the performer the account of each proxy, apart from its URL."""
    known = (settings.proxy.https_proxy, settings.proxy.http_proxy) if settings.proxy else ()
    if not any((*known, settings.known_proxy)):
        return
    from urllib.parse import unquote  # noqa: PLC0415

    from whypull.probe.proxy_rules import as_go_reads, shown  # noqa: PLC0415

    for url in filter(None, map(as_go_reads, (*known, settings.known_proxy))):
        account = url.partition("://")[2].rpartition("@")[0]
        if account:
            wire.proxies[shown(url)] = unquote(account)


def walk_all(chosen: Namespace) -> list[Case]:
    """Walks every image, at most eight at a time; a step that two of them share is done once. Raises UsageError."""
    from whypull.commands.credentials import from_options  # noqa: PLC0415
    from whypull.commands.walking import Together, facts_of, let_see  # noqa: PLC0415
    from whypull.model import Case, Pull  # noqa: PLC0415

    settings = settings_of(chosen)
    wire = wire_of(chosen, settings)
    names = from_options(chosen, wire.vault)
    let_see(names, settings, wire, chosen.images)
    wire.deadline = time.monotonic() + chosen.timeout
    shared = Together(wire.perform)
    seen: list[list[Fact]] = [[] for _ in chosen.images]

    chosen.ended = [False] * len(chosen.images)

    def one(number: int) -> None:
        fact: Fact | None = None
        for fact in facts_of(chosen.images[number], settings, names, wire, shared.perform):
            seen[number].append(fact)
            progress(chosen.images[number], fact)
        chosen.ended[number] = getattr(getattr(fact, "outcome", None), "layer", "") != "deadline"

    from whypull.commands.side_by_side import side_by_side  # noqa: PLC0415

    chosen.stopped = not side_by_side(one, len(chosen.images))
    if chosen.stopped:
        wire.deadline = time.monotonic()  # whoever still walks finds its time used up
        print("whypull: stopped; this is what was seen so far.", file=sys.stderr)
    progress("", None)
    return [Case(Pull(image=i), tuple(s), "here") for i, s in zip(chosen.images, seen, strict=True)]


def progress(image: str, fact: object) -> None:
    """One line on a terminal that says what is being tried; nothing in a pipe."""
    if not sys.stderr.isatty():
        return
    step = getattr(fact, "step", None)
    words = f"{image}: {type(step).__name__.lower()} {getattr(step, 'host', '') or ''} …" if step else ""
    print(f"\r\x1b[K{words[:78]}", end="", file=sys.stderr, flush=True)


def _save(case: Case, path: str) -> None:
    from whypull.casefile import dumps  # noqa: PLC0415

    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(dumps(case))
    except OSError as e:
        raise UsageError(f"{path} cannot be written: {(e.strerror or str(e)).lower()}") from e
