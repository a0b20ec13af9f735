"""From options to a walk: credentials into the vault, settings into the target, and steps that walks share."""

from __future__ import annotations

import os
import threading

from whypull.cli import UsageError
from whypull.records import dataclass, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from whypull.commands.credentials import Names
    from whypull.model import Fact
    from whypull.probe.proxy_rules import ProxySettings
    from whypull.probe.wire import Wire
    from whypull.runtimeconfig import Hosts
    from whypull.steps import Outcome, Step

    Perform = Callable[[Step], Outcome]

AT_ONCE = 8  # connections at a time


class Together:
    """A performer that does a step once, however many walks ask for it, and at most eight at a time."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform
        self._lock = threading.Lock()
        self._done: dict[Step, Outcome] = {}
        self._doing: dict[Step, threading.Lock] = {}
        self._places = threading.Semaphore(AT_ONCE)

    def perform(self, step: Step) -> Outcome:
        """The step's outcome, from this walk or another."""
        with self._lock:
            mine = self._doing.setdefault(step, threading.Lock())
        with mine:
            if step not in self._done:
                with self._places:
                    self._done[step] = self._perform(step)
            return self._done[step]


@dataclass(slots=True)
class Settings:
    """How the runtime at this vantage would pull, as far as a call says so."""

    proxy: ProxySettings | None = None
    known_proxy: str = ""
    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    platform: str = "linux/amd64"
    depth: str = "manifest"
    insecure: bool = False
    plain_http: bool = False
    client_certificate: bool = False
    realms: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    runtime: str = ""
    version: str = ""
    certs_d: dict[str, str] = field(default_factory=dict)  # containerd's config_path: path → text
    certs_folder: str = ""  # where those paths are, for the CA files that they name
    registries_conf: dict[str, str] = field(default_factory=dict)  # CRI-O's: path → text

    def hosts_for(self, image: str) -> Hosts | None:
        """What the runtime's configuration makes of an image; None where none was given. Raises InvalidReference."""
        if self.registries_conf:
            from whypull.runtimeconfig import registries_conf  # noqa: PLC0415

            return registries_conf.hosts_for(image, self.registries_conf, version=self.version)
        if self.certs_d or self.certs_folder:
            from whypull.reference import parse  # noqa: PLC0415
            from whypull.runtimeconfig import hosts_toml  # noqa: PLC0415

            return hosts_toml.hosts_for(parse(image).domain, self.certs_d, version=self.version)
        return None


def facts_of(image: str, settings: Settings, names: Names, wire: Wire, perform: Perform) -> Iterator[Fact]:
    """Walks one image with the settings of a call, and gives what is known and seen, as it comes."""
    from whypull.model import HostsSeen, Said  # noqa: PLC0415
    from whypull.probe.walk import Target, pull, run  # noqa: PLC0415
    from whypull.reference import InvalidReference, parse  # noqa: PLC0415

    yield from names.facts(image)
    try:
        reference = parse(image)
        hosts = settings.hosts_for(image)
    except InvalidReference as e:
        yield Said(f'couldn\'t parse image name "{image[:500]}": {e}', by="whypull", via="walk", reason="InvalidImageName")
        return
    stores: tuple[str, ...] = ()
    if hosts is not None:
        runtime = "cri-o" if settings.registries_conf else "containerd"
        stores, problem = _stores(hosts, settings, wire)
        hosts = replace(hosts, problem=hosts.problem or problem)
        asked = tuple(a.base for a in hosts.asked)
        yield HostsSeen(hosts.registry, runtime, hosts.source, asked, hosts.ignored, hosts.problem, hosts.broken)
        if hosts.problem:
            yield Said(f'failed to resolve reference "{reference.normalised}": {hosts.problem}', by="whypull", via="walk")
            return
    target = Target(
        image=image,
        credentials=names.for_image(image),
        proxy=settings.proxy,
        known_proxy=settings.known_proxy,
        nameservers=settings.nameservers,
        search=settings.search,
        platform=settings.platform,
        depth=settings.depth,
        insecure=settings.insecure,
        plain_http=settings.plain_http,
        hosts=hosts.asked if hosts else (),
        stores=stores,
        meant=_meant(hosts, settings, wire) if hosts else (),
        client_certificate=settings.client_certificate,
        realms=settings.realms,
        others=tuple(h for h in (*settings.others, *names.hosts()) if h != reference.domain),
    )
    yield from run(pull(target), perform, "here", image)


def _stores(hosts: Hosts, settings: Settings, wire: Wire) -> tuple[tuple[str, ...], str]:
    """The trust store of each host by a name that the performer knows, "node" where it has none; and why one is unusable."""
    from whypull.probe.trust import Store  # noqa: PLC0415

    names, problem = [], ""
    for asked in hosts.asked:
        if not asked.ca and not asked.client:
            names.append("node")
            continue
        name = f"{hosts.source} ({asked.base})"
        pair = asked.client[0] if asked.client else ("", "")
        there = [os.path.join(settings.certs_folder, path) if path else "" for path in (*asked.ca, *pair)]
        wire.stores[name] = Store(tuple(there[: len(asked.ca)]), (there[-2], there[-1]))
        names.append(name)
        problem = problem or wire.trust.unusable(name)
    return tuple(names), problem


def _meant(hosts: Hosts, settings: Settings, wire: Wire) -> tuple[str, ...]:
    """Trust stores of the CA files that a passed-over file speaks of, as far as they can be used."""
    from whypull.probe.trust import Store  # noqa: PLC0415

    for path in hosts.meant:
        wire.stores[f"meant: {path}"] = Store((os.path.join(settings.certs_folder, path),))
    return tuple(name for path in hosts.meant if not wire.trust.unusable(name := f"meant: {path}"))


def let_see(names: Names, settings: Settings, wire: Wire, images: list[str]) -> None:
    """Lets a mirror see the pull's credentials where the runtime would send them, and only over verified TLS."""
    from whypull.reference import InvalidReference  # noqa: PLC0415

    for image in images:
        try:
            hosts = settings.hosts_for(image)
        except InvalidReference:
            continue
        for asked in hosts.asked if hosts else ():
            if asked.credentials and asked.base.startswith("https://") and not asked.skip_verify:
                for name in names.for_image(image):
                    wire.vault.trust(name, asked.base.split("/")[2])


# ---------------------------------------------------------------- what this machine says of itself


def own_proxy() -> ProxySettings:
    """The proxy of this shell."""
    from whypull.probe.proxy_rules import of_environment  # noqa: PLC0415

    return of_environment(os.environ)


def own_resolver(path: str = "/etc/resolv.conf") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The nameservers (at most three) and search domains of this machine's configuration."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.split() for line in file.read(64 * 1024).splitlines()]
    except OSError:
        return (), ()
    servers = tuple(words[1] for words in lines if len(words) > 1 and words[0] == "nameserver")[:3]
    search = [words[1:] for words in lines if words and words[0] in {"search", "domain"}]
    return servers, tuple(search[-1][:6]) if search else ()


def folder_of(path: str, suffixes: tuple[str, ...]) -> dict[str, str]:
    """The text files of a folder and its sub-folders, by their path below it. Raises UsageError."""
    if not os.path.isdir(path):
        raise UsageError(f"{path} is no folder")
    found: dict[str, str] = {}
    for here, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            if name.endswith(suffixes) and len(found) < 2000:
                full = os.path.join(here, name)
                found[os.path.relpath(full, path)] = read_text(full)
    return found


def read_text(path: str, largest: int = 1024 * 1024) -> str:
    """A file as text. Raises UsageError."""
    return read_bytes(path, largest).decode("utf-8", "replace")


def read_bytes(path: str, largest: int = 1024 * 1024) -> bytes:
    """The start of a file. Raises UsageError."""
    try:
        with open(path, "rb") as file:
            return file.read(largest)
    except OSError as e:
        raise UsageError(f"{path} cannot be read: {(e.strerror or str(e)).lower()}") from e
