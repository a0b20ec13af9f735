"""containers/image's registries.conf, which CRI-O and Podman pull by: prefixes, rewriting, mirrors, short names. Pure.

https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md
"""

from __future__ import annotations

from whypull.records import dataclass, field, replace
from whypull.reference import parse
from whypull.runtimeconfig import HUB, HUB_HOST, Asked, Hosts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from whypull.reference import Reference
    from whypull.runtimeconfig import Files

MAIN = "registries.conf"
DROP_INS = "registries.conf.d"
ETC = "/etc/containers/"


@dataclass(slots=True)
class _Settings:
    """The files merged, as sysregistriesv2 merges them."""

    registries: dict[str, dict[str, Any]] = field(default_factory=dict)  # prefix → table
    sources: dict[str, str] = field(default_factory=dict)  # prefix → file
    search: list[str] = field(default_factory=list)
    mode: str = ""  # enforcing, permissive, disabled
    aliases: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


class _Refused(Exception):
    """The runtime's own words for a configuration that it cannot use."""


def hosts_for(image: str, files: Files, *, version: str = "") -> Hosts:
    """The hosts that CRI-O asks for an image, as the pod names it, in its order.

    `files` maps "registries.conf" and "registries.conf.d/NAME.conf" to texts. `version` is CRI-O's ("1.33.1"): from 1.34
    on `short-name-mode = "enforcing"` refuses a short name with several candidates. Raises InvalidReference for a bad image.
    """
    reference = parse(image)
    try:
        settings = _merged(files)
        if reference.domain == HUB and _short(image):
            return _of_short_name(image, reference, settings, version)
        return _of_name(reference, settings)
    except _Refused as e:
        return Hosts(reference.domain, (), MAIN, problem=str(e))


def _short(image: str) -> bool:
    first, slash, _ = image.partition("/")
    return not slash or not ("." in first or ":" in first or first == "localhost" or first != first.lower())


def _of_short_name(image: str, reference: Reference, settings: _Settings, version: str) -> Hosts:
    """A name without a registry: an alias, or one candidate for each search registry."""
    name = image.partition("@")[0]
    name = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    tail = image[len(name) :]
    if name in settings.aliases:
        alias = parse(settings.aliases[name] + tail)
        return _spelt_out(_of_name(alias, settings), alias)
    if not settings.search:
        words = (
            f'short-name "{image}" did not resolve to an alias and no unqualified-search registries are defined in "{ETC}{MAIN}"'
        )
        return Hosts(reference.domain, (), MAIN, tuple(settings.ignored), words)
    if len(settings.search) > 1 and settings.mode == "enforcing" and not _permissive(version):
        words = f"short name mode is enforcing, but image name {image} returns ambiguous list"
        return Hosts(reference.domain, (), MAIN, tuple(settings.ignored), words)
    meant = [parse(f"{host}/{name}{tail}") for host in settings.search]
    found = [_spelt_out(_of_name(one, settings), one) for one in meant]
    asked = tuple(one for hosts in found for one in hosts.asked)
    problem = "" if asked else next((h.problem for h in found if h.problem), "")
    return Hosts(found[0].registry, asked, MAIN, found[0].ignored, problem)


def _spelt_out(hosts: Hosts, meant: Reference) -> Hosts:
    """The hosts with the repository of what a short name stands for: it is not the image's own."""
    return replace(hosts, asked=tuple(replace(a, repository=a.repository or meant.path) for a in hosts.asked))


def _permissive(version: str) -> bool:
    """CRI-O before 1.34 tries every search registry whatever the mode says."""
    parts = version.lstrip("v").split(".")
    return len(parts) > 1 and parts[0].isdigit() and parts[1].isdigit() and (int(parts[0]), int(parts[1])) < (1, 34)


def _of_name(reference: Reference, settings: _Settings) -> Hosts:
    text = f"{reference.name}{f':{reference.tag}' if reference.tag else ''}{f'@{reference.digest}' if reference.digest else ''}"
    prefix, length = max(((p, _match(text, p)) for p in settings.registries), key=lambda found: found[1], default=("", -1))
    if length < 0:
        return Hosts(reference.domain, (_plain(reference),), ignored=tuple(settings.ignored))
    table = settings.registries[prefix]
    source = settings.sources[prefix]
    if table.get("blocked"):
        words = f"registry {reference.domain} is blocked in {ETC}{MAIN} or {ETC}{DROP_INS}"
        return Hosts(reference.domain, (), source, tuple(settings.ignored), words)
    digested = bool(reference.digest)
    asked = []
    for mirror in table.get("mirror", []):
        when = mirror.get("pull-from-mirror", "")
        skip = when == "tag-only" if digested else (table.get("mirror-by-digest-only") or when == "digest-only")
        if not skip:
            asked.append(_asked(text, length, mirror, reference, mirror_of=reference.domain))
    asked.append(_asked(text, length, table, reference))
    return Hosts(reference.domain, tuple(asked), source, tuple(settings.ignored))


def _asked(text: str, length: int, table: dict[str, Any], reference: Reference, mirror_of: str = "") -> Asked:
    """One location with the rest of the reference behind it."""
    location = str(table.get("location") or "")
    rewritten = f"{location}{text[length:]}" if location else text
    name = rewritten.partition("@")[0]
    name = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    domain, _, path = name.partition("/")
    if domain in {HUB, "index.docker.io"} and "/" not in path:
        path = f"library/{path}"
    base = f"https://{HUB_HOST if domain in {HUB, 'index.docker.io'} else domain}/v2"
    insecure = bool(table.get("insecure"))
    return Asked(
        base,
        upstream=not mirror_of,
        skip_verify=insecure,
        http_too=insecure,
        repository="" if path == reference.path else path,
        credentials=not mirror_of or domain == mirror_of,
    )


def _plain(reference: Reference) -> Asked:
    return Asked(f"https://{HUB_HOST if reference.domain == HUB else reference.domain}/v2", upstream=True)


def _match(text: str, prefix: str) -> int:
    """How many characters of a reference a prefix takes; -1 for one that does not match (refMatchingPrefix)."""
    if prefix.startswith("*."):
        at = text.find(prefix[1:])
        if at < 0 or "/" in text[:at]:
            return -1
        end = at + len(prefix) - 1
        return end if end == len(text) or text[end] in ":/@" else -1
    if not text.startswith(prefix):
        return -1
    return len(prefix) if len(text) == len(prefix) or text[len(prefix)] in ":/@" else -1


# ---------------------------------------------------------------- the files


def _merged(files: Files) -> _Settings:
    settings = _Settings()
    drop_ins = sorted(p for p in files if p.startswith(f"{DROP_INS}/") and p.endswith(".conf"))
    for path in [p for p in (MAIN,) if p in files] + drop_ins:
        if files[path].strip():
            _take(settings, _decoded(files[path], path), path)
    return settings


def _decoded(text: str, path: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - 7 ms that only a file with something in it is worth

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise _Refused(f'loading registries configuration "{ETC}{path}": toml: {e}') from e


def _take(settings: _Settings, document: dict[str, Any], path: str) -> None:
    first = document.get("registries")
    if isinstance(first, dict):
        if any(key in document for key in ("registry", "unqualified-search-registries")):
            raise _Refused(f'loading registries configuration "{ETC}{path}": mixing sysregistry v1/v2 is not supported')
        document = _of_version_1(first)
    if "unqualified-search-registries" in document:
        settings.search = [str(h) for h in document["unqualified-search-registries"]]
    settings.mode = str(document.get("short-name-mode") or settings.mode)
    settings.aliases.update({str(k): str(v) for k, v in (document.get("aliases") or {}).items()})
    for table in document.get("registry") or []:
        prefix = str(table.get("prefix") or table.get("location") or "").rstrip("/")
        if not table.get("location") and not prefix.startswith("*."):
            raise _Refused("invalid condition: location is unset and prefix is not in the format: *.example.com")
        if any(not m.get("location") for m in table.get("mirror") or []):
            raise _Refused("invalid condition: mirror location is unset")
        settings.registries[prefix] = table
        settings.sources[prefix] = path


def _of_version_1(tables: dict[str, Any]) -> dict[str, Any]:
    """[registries.search], [registries.insecure] and [registries.block] in the terms of version 2."""

    def listed(name: str) -> list[str]:
        return [str(h) for h in (tables.get(name) or {}).get("registries") or []]

    made: dict[str, dict[str, Any]] = {host: {"location": host} for host in (*listed("insecure"), *listed("block"))}
    for host in listed("insecure"):
        made[host]["insecure"] = True
    for host in listed("block"):
        made[host]["blocked"] = True
    return {"unqualified-search-registries": listed("search"), "registry": list(made.values())}
