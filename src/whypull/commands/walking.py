"""From options to a walk: credentials into the vault, settings into the target, and steps that walks share."""

from __future__ import annotations

import os
import sys
import threading

from whypull.cli import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

    from whypull.dockerconfig import Decoded
    from whypull.model import SecretSeen
    from whypull.probe.proxy_rules import ProxySettings
    from whypull.probe.wire import Wire
    from whypull.steps import Outcome, Step, Tried

STDIN = "--username"
LARGEST_CONFIG = 1024 * 1024
AT_ONCE = 8  # connections at a time


class Together:
    """A performer that does a step once, however many walks ask for it, and at most eight at a time."""

    def __init__(self, perform: Callable[[Step], Outcome]) -> None:
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


class Names:
    """The credentials of a call by name: which of them an image would be pulled with."""

    def __init__(self) -> None:
        self.decoded: dict[str, Decoded] = {}
        self.secrets: list[SecretSeen] = []
        self.typed = False

    def for_image(self, image: str) -> tuple[str, ...]:
        """The names of the credentials that a kubelet would send for this image, in its order."""
        if self.typed:
            return (STDIN,)
        from whypull.keyring import explain  # noqa: PLC0415

        return tuple(f"{e.secret}:{e.key}" for e in explain(image, self.secrets).matching if not e.empty)


def walk_one(image: str, chosen: Namespace, names: Names, perform: Callable[[Step], Outcome]) -> Iterator[Tried]:
    """Walks one image with the settings of a call. Raises UsageError for an image that is no reference."""
    from whypull.probe.walk import Target, pull, run  # noqa: PLC0415
    from whypull.reference import InvalidReference  # noqa: PLC0415

    target = Target(
        image=image,
        credentials=names.for_image(image),
        proxy=proxy_settings(chosen),
        nameservers=nameservers(chosen),
        platform=chosen.platform,
        depth=chosen.depth,
        insecure=chosen.insecure,
        plain_http=chosen.plain_http,
    )
    try:
        yield from run(pull(target), perform, "here", image)
    except InvalidReference as e:
        raise UsageError(f"{image!r} is no image reference: {e}") from e


def wire_for(chosen: Namespace) -> tuple[Wire, Names]:
    """The performer of a call, with its credentials in the vault. Raises UsageError for files that cannot be used."""
    from whypull.probe.proxy_rules import shown  # noqa: PLC0415
    from whypull.probe.wire import Wire  # noqa: PLC0415

    if chosen.ca and not os.path.isfile(chosen.ca):
        raise UsageError(f"--ca {chosen.ca}: there is no such file")
    wire = Wire(ca_file=chosen.ca or "", nameserver=chosen.resolver or "", plain_http=chosen.plain_http)
    settings = proxy_settings(chosen)
    for url in (settings.https_proxy, settings.http_proxy):
        userinfo = url.partition("://")[2].rpartition("@")[0] or ("" if "://" in url else url.rpartition("@")[0])
        if userinfo:
            from urllib.parse import unquote  # noqa: PLC0415

            wire.proxies[shown(url if "://" in url else f"http://{url}")] = unquote(userinfo)
    return wire, _credentials(chosen, wire)


def proxy_settings(chosen: Namespace) -> ProxySettings:
    """The proxy of a call: as given, else as this shell has it."""
    from whypull.probe.proxy_rules import ProxySettings, of_environment  # noqa: PLC0415

    own = of_environment(os.environ)
    if chosen.proxy is None:
        return own if chosen.no_proxy is None else ProxySettings(own.https_proxy, own.http_proxy, chosen.no_proxy)
    return ProxySettings(chosen.proxy, chosen.proxy, own.no_proxy if chosen.no_proxy is None else chosen.no_proxy)


def nameservers(chosen: Namespace) -> tuple[str, ...]:
    """The nameservers to ask one by one where a name has no address."""
    if chosen.resolver:
        return (chosen.resolver,)
    try:
        with open("/etc/resolv.conf", encoding="utf-8", errors="replace") as file:
            lines = [line.split() for line in file.read(64 * 1024).splitlines()]
    except OSError:
        return ()
    return tuple(words[1] for words in lines if len(words) > 1 and words[0] == "nameserver")[:3]


def _credentials(chosen: Namespace, wire: Wire) -> Names:
    names = Names()
    if chosen.password_stdin != bool(chosen.username):
        raise UsageError("--username and --password-stdin go together")
    if chosen.username:
        names.typed = True
        hosts = tuple(_host(image) for image in chosen.images)
        wire.vault.add(STDIN, chosen.username, sys.stdin.readline(LARGEST_CONFIG).rstrip("\r\n"), hosts)
    if chosen.docker_config:
        from whypull.dockerconfig import decode_config  # noqa: PLC0415

        _take(names, wire, "docker-config", decode_config(_file(chosen.docker_config)), chosen)
    for path in chosen.pull_secret:
        _take(names, wire, *_secret(path), chosen)
    return names


def _take(names: Names, wire: Wire, name: str, decoded: Decoded, chosen: Namespace) -> None:
    """Puts one decoded config into the vault: each pair may be shown to the hosts of the images that it matches."""
    from whypull.keyring import explain  # noqa: PLC0415
    from whypull.model import SecretSeen  # noqa: PLC0415

    if decoded.problem or decoded.ignored:
        raise UsageError(f"{name}: the kubelet takes nothing from it: {decoded.problem or decoded.ignored}")
    seen = SecretSeen("", name, entries=tuple(decoded.entries))
    names.secrets.append(seen)
    hosts: dict[str, list[str]] = {}
    for image in chosen.images:
        for entry in explain(image, [seen]).matching:
            hosts.setdefault(entry.key, []).append(_host(image))
    for entry, held in zip(decoded.entries, decoded.credentials, strict=True):
        if entry.key in hosts:
            user, password = held.reveal()
            wire.vault.add(f"{name}:{entry.key}", user, password, tuple(hosts[entry.key]))


def _host(image: str) -> str:
    from whypull.reference import InvalidReference, parse  # noqa: PLC0415

    try:
        reference = parse(image)
    except InvalidReference as e:
        raise UsageError(f"{image!r} is no image reference: {e}") from e
    return "registry-1.docker.io" if reference.domain == "docker.io" else reference.domain


def _file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST_CONFIG)
    except OSError as e:
        raise UsageError(f"{path} cannot be read: {(e.strerror or str(e)).lower()}") from e


def _secret(path: str) -> tuple[str, Decoded]:
    """Name and content of a Secret manifest. Raises UsageError."""
    import binascii  # noqa: PLC0415
    from base64 import b64decode  # noqa: PLC0415

    import yaml  # noqa: PLC0415

    from whypull.dockerconfig import decode  # noqa: PLC0415

    try:
        found = yaml.safe_load(_file(path))
        data = {key: b64decode(value) for key, value in (found.get("data") or {}).items()}
        data.update({key: value.encode() for key, value in (found.get("stringData") or {}).items()})
        name = str(found["metadata"]["name"])
        created = str(found["metadata"].get("creationTimestamp") or "")
        return name, decode(str(found.get("type", "")), data, created)
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, binascii.Error) as e:
        raise UsageError(f"{path} is no Secret manifest") from e
