"""The credentials of a call: which of them an image would be pulled with, and what may be said of them."""

from __future__ import annotations

import sys

from whypull.cli import UsageError
from whypull.commands.walking import read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from whypull.dockerconfig import Decoded
    from whypull.model import Fact, SecretSeen
    from whypull.probe.vault import Vault

STDIN = "--username"
LARGEST = 1024 * 1024


class Names:
    """The credentials of a call by name. Their values are in the vault only."""

    def __init__(self) -> None:
        self.secrets: list[SecretSeen] = []
        self.typed = False

    def for_image(self, image: str) -> tuple[str, ...]:
        """The names of the credentials that a kubelet would send for this image, in its order."""
        if self.typed:
            return (STDIN,)
        from whypull.keyring import explain  # noqa: PLC0415

        return tuple(f"{e.secret}:{e.key}" for e in explain(image, self.secrets).matching if not e.empty)

    def hosts(self) -> tuple[str, ...]:
        """The registries that the secrets are for, Docker Hub left out."""
        keys = [e.key.partition("://")[2] or e.key for s in self.secrets for e in s.entries]
        return tuple(dict.fromkeys(k.partition("/")[0] for k in keys if k and "docker.io" not in k and "*" not in k))

    def facts(self, image: str) -> Iterator[Fact]:
        """The secrets as facts, as if a pod named them: without values."""
        if self.secrets and image:
            from whypull.model import PodSeen  # noqa: PLC0415

            yield PodSeen(pull_secrets=tuple(s.name for s in self.secrets))
            yield from self.secrets


def from_options(chosen: Namespace, vault: Vault) -> Names:
    """Reads what the options name, and puts it into the vault. Raises UsageError."""
    names = Names()
    if chosen.password_stdin != bool(chosen.username):
        raise UsageError("--username and --password-stdin go together")
    if chosen.username:
        names.typed = True
        password = sys.stdin.readline(LARGEST).rstrip("\r\n")
        vault.add(STDIN, chosen.username, password, tuple(filter(None, map(host, chosen.images))))
    if chosen.docker_config:
        from whypull.dockerconfig import decode_config  # noqa: PLC0415

        decoded = decode_config(read_bytes(chosen.docker_config, LARGEST))
        if decoded.problem or decoded.ignored:
            raise UsageError(f"{chosen.docker_config}: nothing can be taken from it: {decoded.problem or decoded.ignored}")
        take(names, vault, "docker-config", decoded, chosen.images)
    for path in chosen.pull_secret:
        take(names, vault, *_manifest(path), chosen.images)
    return names


def take(names: Names, vault: Vault, name: str, decoded: Decoded, images: list[str], kind: str = "") -> None:
    """Puts one decoded config into the vault: each pair may be shown to the hosts of the images that it matches."""
    from whypull.keyring import explain  # noqa: PLC0415
    from whypull.model import SecretSeen  # noqa: PLC0415

    seen = SecretSeen("", name, kind, entries=tuple(decoded.entries), problem=decoded.problem, ignored=decoded.ignored)
    names.secrets.append(seen)
    hosts: dict[str, list[str]] = {}
    for image in images:
        for fits in explain(image, [seen]).matching:
            hosts.setdefault(fits.key, []).append(host(image))
    for entry, held in zip(decoded.entries, decoded.credentials, strict=True):
        if entry.key in hosts:
            user, password = held.reveal()
            vault.add(f"{name}:{entry.key}", user, password, tuple(hosts[entry.key]))


def host(image: str) -> str:
    """The host that is spoken to for an image; empty for what is no reference."""
    from whypull.reference import InvalidReference, parse  # noqa: PLC0415

    try:
        return parse(image).registry_host
    except InvalidReference:
        return ""


def _manifest(path: str) -> tuple[str, Decoded]:
    """Name and content of a Secret manifest. Raises UsageError."""
    import binascii  # noqa: PLC0415
    from base64 import b64decode  # noqa: PLC0415

    import yaml  # noqa: PLC0415

    from whypull.dockerconfig import decode  # noqa: PLC0415

    try:
        found = yaml.safe_load(read_bytes(path, LARGEST))
        found = found if found["kind"] == "Secret" else found["items"][0]
        data = {key: b64decode(value) for key, value in (found.get("data") or {}).items()}
        data.update({key: value.encode() for key, value in (found.get("stringData") or {}).items()})
        name = str(found["metadata"]["name"])
        created = str(found["metadata"].get("creationTimestamp") or "")
        return name, decode(str(found.get("type", "")), data, created)
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, UnicodeError, ValueError, binascii.Error) as e:
        raise UsageError(f"{path} is no Secret manifest") from e
