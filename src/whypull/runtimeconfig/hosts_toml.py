"""containerd's certs.d: which folder, which hosts in which order, and what it passes over in silence. Pure.

https://github.com/containerd/containerd/blob/main/core/remotes/docker/config/hosts.go
"""

from __future__ import annotations

import posixpath
import re
import tomllib

from whypull.records import replace
from whypull.runtimeconfig import Asked, Hosts, upstream_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from whypull.runtimeconfig import Files

DEFAULT = "_default"
_CAPABILITIES = {"pull", "resolve", "push", "referrers"}
_KEYS = {
    "capabilities", "ca", "client", "skip_verify", "header", "override_path", "dial_timeout", "server", "host",
}  # fmt: skip
# Keys that people write for the right one; containerd passes them over without a word.
_MEANT = {
    "insecure_skip_verify": "skip_verify", "insecure": "skip_verify", "skipverify": "skip_verify", "ca_file": "ca",
    "cafile": "ca", "ca_cert": "ca", "cacert": "ca", "cert_file": "client", "key_file": "client", "servers": "server",
    "endpoint": 'a table [host."https://…"]', "hosts": 'a table [host."https://…"]', "mirror": 'a table [host."https://…"]',
    "overridepath": "override_path", "capability": "capabilities",
}  # fmt: skip


class _Refused(Exception):
    """What makes containerd drop the whole file; the message is for people."""


def folders_for(registry: str) -> tuple[str, ...]:
    """The folders that containerd looks for below config_path, in its order: the first that exists is used alone."""
    host, sep, port = registry.rpartition(":")
    marked = f"{host}_{port}_" if sep and port.isdigit() else registry
    return tuple(dict.fromkeys((marked, registry, DEFAULT)))


def hosts_for(registry: str, files: Files, *, version: str = "", folders: Iterable[str] = ()) -> Hosts:
    """The hosts that containerd asks for a registry (as in the normalised reference: "docker.io", "host:5000").

    `files` maps paths below config_path ("docker.io/hosts.toml") to texts; `folders` names empty folders besides.
    `version` is containerd's ("1.7.24"): before 2.0 a file without a [host] table is dropped.
    """
    have = {path.partition("/")[0] for path in files if "/" in path} | set(folders)
    folder = next((f for f in folders_for(registry) if f in have), "")
    if not folder:
        return Hosts(registry, (upstream_of(registry),))
    path = f"{folder}/hosts.toml"
    text = files.get(path, "")
    if not text:
        return _certificates(registry, folder, files)
    try:
        asked, ignored = _parsed(text, registry, folder, version)
    except (_Refused, tomllib.TOMLDecodeError) as e:
        plain = _certificates(registry, folder, files)
        words = f"containerd cannot use {path} ({e}) and goes on as if it were not there; only its log says so"
        return replace(plain, source=path, ignored=(words, *plain.ignored), broken=True, meant=_meant(text, folder))
    if folder == DEFAULT:
        ignored = (*ignored, f"{path} is for every registry without a folder of its own; {registry} has none")
    meant = _meant(text, folder) if any("does not know" in words for words in ignored) else ()
    return _capable(Hosts(registry, asked, path, ignored, meant=meant))


def _meant(text: str, folder: str) -> tuple[str, ...]:
    """The CA files that a text speaks of, whether containerd reads it or not: at most four."""
    found = re.findall(r"""(?im)^\s*(?:ca|ca_?files?|ca_?certs?)\s*=\s*\[?\s*["']([^"'\n]{1,300})["']""", text)
    return tuple(_below(folder, path) for path in dict.fromkeys(found))[:4]


def _capable(hosts: Hosts) -> Hosts:
    """A tag is asked of hosts that may pull and resolve; where there is none, the pull ends there."""
    if any(a.pull and a.resolve for a in hosts.asked):
        return hosts
    return replace(hosts, problem="no resolve hosts: not found")


def _parsed(text: str, registry: str, folder: str, version: str) -> tuple[tuple[Asked, ...], tuple[str, ...]]:
    document = tomllib.loads(text)
    tables = document.get("host", {})
    if "host" not in document and _before(version, 2):
        raise _Refused("invalid `host` tree: before 2.0 a file without a [host] table is dropped")
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise _Refused("`host` is no table of tables")
    ignored = list(_unknown(document, "", folder))
    asked = []
    for url, table in tables.items():
        ignored += _unknown(table, f'[host."{url}"]: ', folder)
        asked.append(_host(url, table, registry, folder))
    server = document.get("server", "")
    if not isinstance(server, str):
        raise _Refused("`server` is no string")
    root = _host(server, document, registry, folder) if server else _default(document, registry, folder)
    return (*asked, replace(root, upstream=True)), tuple(ignored)


def _default(document: dict[str, Any], registry: str, folder: str) -> Asked:
    """The default upstream, with the root table's trust."""
    plain = upstream_of(registry)
    settings = _settings(document, folder)
    skip = plain.skip_verify if document.get("skip_verify") is None else bool(document["skip_verify"])
    return replace(plain, ca=settings.ca, client=settings.client, skip_verify=skip)


def _host(server: str, table: dict[str, Any], registry: str, folder: str) -> Asked:
    if not server.startswith("http"):
        server = f"https://{server}"
    found = re.fullmatch(r"(https?)://([^/?#\s]+)([^?#\s]*)(?:[?#]\S*)?", server)
    if found is None:
        raise _Refused(f"unable to parse server {server[:120]}")
    scheme, authority, path = found[1], found[2].rpartition("@")[2], found[3]
    path = posixpath.normpath(path) if path else ""
    path = "" if path in {"/", "."} else path
    if not path.endswith("/v2") and not table.get("override_path", False):
        path += "/v2"
    settings = _settings(table, folder)
    touched = bool(settings.ca or settings.client or table.get("skip_verify") is not None)
    name = "docker.io" if authority == "registry-1.docker.io" else authority
    return replace(
        settings,
        base=f"{scheme}://{authority}{path}",
        https_first=scheme == "http" and touched,
        ns="" if name == registry else registry,
    )


def _settings(table: dict[str, Any], folder: str) -> Asked:
    """Capabilities, trust and client certificate of one table. Raises _Refused where containerd drops the file."""
    wanted = table.get("capabilities") or []
    if not isinstance(wanted, list) or not all(isinstance(c, str) for c in wanted):
        raise _Refused("`capabilities` is no list of strings")
    can = {c.lower() for c in wanted} or {"pull", "resolve", "push"}
    if can - _CAPABILITIES:
        raise _Refused(f"unknown capability {min(can - _CAPABILITIES)}")
    skip = table.get("skip_verify", False)
    if not isinstance(skip, bool) or not isinstance(table.get("override_path", False), bool):
        raise _Refused("skip_verify and override_path are true or false, without quotes")
    return Asked(
        "", pull="pull" in can, resolve="resolve" in can, skip_verify=skip,
        ca=_authorities(table.get("ca"), folder), client=_pairs(table.get("client"), folder),
    )  # fmt: skip


def _authorities(value: Any, folder: str) -> tuple[str, ...]:
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise _Refused('invalid type for "ca"')
    return tuple(_below(folder, v) for v in values)


def _pairs(value: Any, folder: str) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return ((_below(folder, value), ""),)
    if not isinstance(value, list):
        raise _Refused('invalid type for "client"')
    if value and all(isinstance(v, str) for v in value):
        # One flat list: containerd takes each for a file that holds certificate and key.
        return tuple((_below(folder, v), "") for v in value)
    pairs = []
    for one in value:
        if not isinstance(one, list) or len(one) not in {1, 2} or not all(isinstance(v, str) for v in one):
            raise _Refused('invalid pair for "client"')
        pairs.append((_below(folder, one[0]), _below(folder, one[1]) if len(one) == 2 and one[1] else ""))
    return tuple(pairs)


def _below(folder: str, path: str) -> str:
    """A path as containerd makes it: absolute, or below the folder of its hosts.toml."""
    return path if path.startswith("/") else posixpath.normpath(posixpath.join(folder, path))


def _certificates(registry: str, folder: str, files: Files) -> Hosts:
    """A folder without a usable hosts.toml: its *.crt are CAs, *.cert with *.key a client's pair (Docker's pattern)."""
    names = sorted(p for p in files if posixpath.dirname(p) == folder)
    pairs = [(n, f"{n[:-5]}.key") for n in names if n.endswith(".cert")]
    whole = tuple((cert, key) for cert, key in pairs if key in files)
    ignored = tuple(f"{cert} has no {key} beside it" for cert, key in pairs if key not in files)
    upstream = replace(upstream_of(registry), ca=tuple(n for n in names if n.endswith(".crt")), client=whole)
    return Hosts(registry, (upstream,), folder if upstream.ca or whole else "", ignored)


def _unknown(table: dict[str, Any], where: str, folder: str) -> Iterable[str]:
    for key in table:
        if key in _KEYS and not (where and key in {"server", "host"}):
            continue
        meant = _MEANT.get(key.lower().replace("-", "_"))
        hint = f"; the key is {meant}" if meant else ""
        yield f"{folder}/hosts.toml: {where}containerd does not know {key!r} and passes it over{hint}"


def _before(version: str, major: int) -> bool:
    first = version.lstrip("v").partition(".")[0]
    return first.isdigit() and int(first) < major
