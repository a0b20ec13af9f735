"""containerd's config.toml of every layout, with its imports: where the registries are said, and what is passed over. Pure.

https://github.com/containerd/containerd/blob/main/docs/cri/registry.md and …/cmd/containerd/server/config/config.go
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
import tomllib
from dataclasses import dataclass, field, replace

from whypull.runtimeconfig.flaws import Flaw, pastable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAIN = "/etc/containerd/config.toml"
CERTS_D = "/etc/containerd/certs.d"
CRI, IMAGES = "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images"
_OFF = {"cri", CRI, IMAGES, "io.containerd.cri.v1.runtime"}


@dataclass(frozen=True, slots=True)
class ContainerdConfig:
    """What a config.toml, with all that it imports, says about registries. Credentials in it are not kept."""

    layout: int = 0  # the file's version: 1, 2 or 3; 0 where there is no file
    config_path: str = ""
    mirrors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # registry → endpoints, of the old style
    tls: Mapping[str, str] = field(default_factory=dict)  # registry → ca_file (or "") of a [configs."…".tls] table
    file: str = MAIN  # where the [registry] table stands
    root: str = "/var/lib/containerd"
    flaws: tuple[Flaw, ...] = ()


def parse(files: Mapping[str, str], version: str = "", main: str = MAIN) -> ContainerdConfig:
    """The configuration of a containerd of this version ("1.7.24"; empty where it is not known).

    `files` maps absolute paths to texts: `main` and whatever its `imports` may name.
    """
    text = files.get(main)
    if text is None:
        return ContainerdConfig(config_path=_built_in(version))
    try:
        documents = [(main, tomllib.loads(text))]
        documents += [(p, tomllib.loads(files[p])) for p in _imports(documents[0][1], main, files)]
    except tomllib.TOMLDecodeError as e:
        words = f"containerd cannot read its configuration ({e}) and does not start"
        return ContainerdConfig(flaws=(Flaw("toml-broken", main, words, stops=True),))
    layout = _number(documents[0][1].get("version"))
    flaws: list[Flaw] = []
    plugins, where = _plugins(documents, flaws)
    _switched_off(documents, flaws)
    registry, file = _registry(plugins, where, layout, version, flaws)
    configs = _table(registry.get("configs"))
    found = ContainerdConfig(
        layout=layout,
        config_path=_text(registry.get("config_path")) or (_built_in(version) if not registry.get("mirrors") else ""),
        mirrors={k: tuple(map(str, _table(v).get("endpoint") or ())) for k, v in _table(registry.get("mirrors")).items()},
        tls={k: _text(_table(_table(v).get("tls")).get("ca_file")) for k, v in configs.items() if _table(v).get("tls")},
        file=file,
        root=_text(documents[0][1].get("root")) or "/var/lib/containerd",
    )
    flaws += _together(found, file, version, "registry]" in re.sub(r"[ \"']", "", files[file]))
    return replace(found, flaws=tuple(flaws))


def _imports(document: dict[str, Any], main: str, files: Mapping[str, str]) -> list[str]:
    """The imported files, in their order: a pattern each, relative to the file that names them."""
    found: list[str] = []
    for pattern in document.get("imports") or ():
        whole = posixpath.normpath(posixpath.join(posixpath.dirname(main), str(pattern)))
        found += [p for p in sorted(files) if fnmatch.fnmatchcase(p, whole) and p != main and p not in found]
    return found


def _plugins(documents: list[tuple[str, dict[str, Any]]], flaws: list[Flaw]) -> tuple[dict[str, Any], dict[str, str]]:
    """Plugin → its table and the file that it is from: a later file's table takes the place of an earlier one as a whole."""
    tables: dict[str, Any] = {}
    where: dict[str, str] = {}
    for path, document in documents:
        for name, table in _table(document.get("plugins")).items():
            if _table(_table(tables.get(name)).get("registry")) and name in {"cri", CRI, IMAGES}:
                words = f"it replaces the whole plugin table of {where[name]}, the registries that are said there with it"
                flaws.append(Flaw("import-replaces", path, words))
            tables[name], where[name] = table, path
    return tables, where


def _switched_off(documents: list[tuple[str, dict[str, Any]]], flaws: list[Flaw]) -> None:
    for path, document in documents:
        off = _OFF & {str(name) for name in document.get("disabled_plugins") or ()}
        if off:
            words = (
                f'disabled_plugins names "{min(off)}": the kubelet\'s interface is not served, ctr and docker work all the same'
            )
            flaws.append(
                Flaw("cri-disabled", path, words, stops=True, repair=_restart(f"sudo sed -i '/disabled_plugins/d' {path}"))
            )


def _registry(
    plugins: dict[str, Any], where: dict[str, str], layout: int, version: str, flaws: list[Flaw]
) -> tuple[dict[str, Any], str]:
    """The [registry] table that this containerd looks at, and its file."""
    major = version.partition(".")[0]
    read = {0: "cri", 1: "cri", 2: CRI}.get(layout, IMAGES)
    for name in ("cri", CRI, IMAGES):
        other = _table(_table(plugins.get(name)).get("registry"))
        if name == read or not other:
            continue
        if name == IMAGES and major not in {"", "0", "1"}:
            read = IMAGES  # containerd 2 takes its own table from an older layout too
            continue
        words = f'[plugins."{name}".registry] is passed over: with version = {layout} the table is [plugins."{read}".registry]'
        repair = _restart(f"sudo sed -i 's/{name.replace('.', '[.]')}/{read}/g' {where[name]}")
        flaws.append(Flaw("wrong-plugin-table", where[name], words, repair=repair))
    return _table(_table(plugins.get(read)).get("registry")), where.get(read, MAIN)


def _together(found: ContainerdConfig, file: str, version: str, table: bool) -> list[Flaw]:
    """What the parts of one configuration do to each other."""
    flaws = []
    later = version.partition(".")[0] not in {"", "0", "1"}
    if found.config_path and found.mirrors:
        words = "registry.mirrors beside registry.config_path: the kubelet's interface is not loaded, pulls end in Unimplemented"
        flaws.append(Flaw("mirrors-beside-config-path", file, words, stops=True, repair=moved(found, table=table)))
    elif found.config_path and found.tls and not later:
        words = "registry.configs.….tls beside registry.config_path: the kubelet's interface is not loaded"
        flaws.append(Flaw("tls-beside-config-path", file, words, stops=True, repair=moved(found, table=table)))
    if found.tls and later:
        words = (
            f"containerd 2 passes over registry.configs.….tls (here of {', '.join(list(found.tls)[:3])}): its CA is not trusted"
        )
        flaws.append(Flaw("tls-table-ignored", file, words, repair=moved(found, table=table)))
    if ":" in found.config_path and version.startswith(("2.1", "2.2", "2.3")):
        words = f"with the transfer service a list of folders ({found.config_path}) is taken for one name: no hosts.toml is read"
        repair = _restart(f"sudo sed -i 's|{found.config_path}|{CERTS_D}|' {file}") if pastable(found.config_path) else ""
        flaws.append(Flaw("config-path-list", file, words, repair=repair))
    return flaws


def moved(found: ContainerdConfig, *, table: bool) -> str:
    """Commands that write the mirrors and CAs of the old style as hosts.toml files, and take them out of config.toml.

    `table` says whether the file has a [registry] table of its own. Empty where a name may not stand in a command.
    """
    folder = found.config_path or CERTS_D
    lines = []
    for host in dict.fromkeys((*found.mirrors, *found.tls)):
        place = f"{folder}/{'_default' if host == '*' else host}"
        endpoints = found.mirrors.get(host, ()) or (() if host == "*" else (f"https://{host}",))
        ca = found.tls.get(host, "")
        if not pastable(place, *endpoints, *([ca] if ca else [])):
            return ""
        text = "" if host == "*" else f'server = "https://{host}"\\n'
        trust = f'  ca = "{ca}"\\n' if ca else ""
        text += "".join(f'[host."{e}"]\\n  capabilities = ["pull", "resolve"]\\n{trust}' for e in endpoints)
        lines.append(f"sudo mkdir -p {place}")
        lines.append(f"[ -e {place}/hosts.toml ] || printf '{text}' | sudo tee {place}/hosts.toml")
    old = f"{found.file}.old"
    lines.append(f"sudo cp {found.file} {old}")
    off = r"/^[ \t]*\[/ { off = /registry[^a-z]*[.][^a-z]*(mirrors|configs)/ } !off"
    lines.append(f"awk '{off}' {old} | sudo tee {found.file} >/dev/null")
    if not found.config_path:
        lines.append(config_path_added(found, table=table))
    return _restart("\n".join(lines))


def config_path_added(found: ContainerdConfig, *, table: bool) -> str:
    """The command that names the folder of hosts.toml in config.toml, in the layout that it has."""
    plugin = {0: CRI, 1: "cri", 2: CRI}.get(found.layout, IMAGES)
    if table:
        return rf"sudo sed -i '/^[ \t]*\[plugins[^#]*registry *\]/a config_path = \"{CERTS_D}\"' {found.file}"
    lines = (
        "version = 2\\n" if not found.layout else ""
    ) + rf"\n[plugins.\"{plugin}\".registry]\n  config_path = \"{CERTS_D}\"\n"
    return f'printf "{lines}" | sudo tee -a {found.file}'


def _restart(commands: str) -> str:
    return f"{commands}\nsudo systemctl restart containerd"


def _built_in(version: str) -> str:
    """Where containerd looks if nothing is said: 2.2 and newer have a list of folders by default, older ones nothing."""
    parts = version.split(".")
    new = len(parts) > 1 and parts[0].isdigit() and parts[1].isdigit() and (int(parts[0]), int(parts[1])) >= (2, 2)
    return f"{CERTS_D}:/etc/docker/certs.d" if new else ""


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 1
