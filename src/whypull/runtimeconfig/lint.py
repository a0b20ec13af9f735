"""All that is wrong on a node for one image: what stops the runtime, what it passes over, and why others worked there. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from whypull.runtimeconfig import (
    Hosts,
    containerd_toml,
    hosts_repair,
    hosts_toml,
    policy_json,
    proxy_lint,
    registries_conf,
    resolv_conf,
    systemd_env,
)
from whypull.runtimeconfig.flaws import Flaw, pastable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from whypull.reference import Reference

# Where people write a proxy that no service reads, or that another service reads.
ELSEWHERE = ("/etc/environment", "/etc/profile.d/", "/etc/profile", "/root/.bashrc", "/etc/apt/apt.conf.d/", "/etc/yum.conf",
             "/etc/dnf/dnf.conf", "/etc/sysconfig/proxy", "/etc/wgetrc", "/root/.docker/config.json")  # fmt: skip
OTHERS = ("kubelet", "docker", "crio", "containerd", "k3s", "k3s-agent", "rke2-server", "rke2-agent")


@dataclass(frozen=True, slots=True)
class NodeFiles:
    """What was read of a node. Pure data: who read it is another's matter (read/node_files.py)."""

    files: Mapping[str, str] = field(default_factory=dict)  # absolute path → text
    present: frozenset[str] = frozenset()  # further paths that exist, files and folders
    runtime: str = ""  # containerd, cri-o, docker; empty where none was found
    version: str = ""
    environment: Mapping[str, str] | None = None  # of the runtime's process; None where it was not seen
    running: str = ""  # yes, no; empty where nobody looked
    space: tuple[tuple[str, int, int, int, int], ...] = ()
    clock: str = ""
    node: str = ""

    def has(self, path: str) -> bool:
        """Whether a path exists on the node."""
        return path in self.files or path in self.present

    def below(self, folder: str) -> dict[str, str]:
        """The files below a folder, by their path in it."""
        return {p[len(folder) + 1 :]: t for p, t in self.files.items() if p.startswith(f"{folder}/")}


def hosts_of(reference: Reference, seen: NodeFiles, config: containerd_toml.ContainerdConfig) -> Hosts:
    """The hosts that this node's runtime asks for an image."""
    registry = reference.domain
    if seen.runtime == "cri-o":
        return registries_conf.hosts_for(reference.written, seen.below("/etc/containers"), version=seen.version)
    if config.config_path:
        for folder in config.config_path.split(":"):
            below, inside = seen.below(folder), _folders(seen, folder)
            if any(name in inside or any(p.startswith(f"{name}/") for p in below) for name in hosts_toml.folders_for(registry)):
                return hosts_toml.hosts_for(registry, below, version=seen.version, folders=inside)
    plain = hosts_toml.hosts_for(registry, {}, version=seen.version)
    endpoints = config.mirrors.get(registry, config.mirrors.get("*", ())) if not config.config_path else ()
    if not endpoints:
        return plain
    below = {f"{registry}/hosts.toml": "".join(f'[host."{e}"]\n' for e in endpoints)}
    made = hosts_toml.hosts_for(registry, below, version=seen.version)
    return Hosts(registry, made.asked, config.file, made.ignored, made.problem)


def flaws_for(reference: Reference, seen: NodeFiles) -> tuple[Flaw, ...]:
    """Everything that is wrong for an image's pull on a node, what stops it first."""
    found: list[Flaw] = []
    if seen.runtime != "cri-o":
        config = containerd_toml.parse(seen.files, seen.version)
        found += config.flaws
        found += _not_read(reference, seen, config)
        found += _of_hosts(hosts_of(reference, seen, config), reference, seen, config)
    else:
        text = seen.files.get(policy_json.PATH)
        if text is not None:
            found += policy_json.flaws_of(reference, text)
        elif seen.files or seen.present:
            words = f"open {policy_json.PATH}: no such file or directory: CRI-O refuses every image"
            found.append(Flaw("policy-missing", policy_json.PATH, words, stops=True))
    found += of_proxies(seen)
    if seen.files:
        found += resolv_conf.flaws_of(seen.files.get(resolv_conf.PATH))
    found += _why_others_worked(reference, seen)
    return tuple(sorted(dict.fromkeys(found), key=lambda flaw: not flaw.stops))


def _folders(seen: NodeFiles, folder: str) -> set[str]:
    return {p[len(folder) + 1 :].partition("/")[0] for p in (*seen.present, *seen.files) if p.startswith(f"{folder}/")}


def _not_read(reference: Reference, seen: NodeFiles, config: containerd_toml.ContainerdConfig) -> Iterator[Flaw]:
    """A folder for this registry below certs.d, and a config.toml that does not name certs.d."""
    folder = containerd_toml.CERTS_D
    name = next((n for n in hosts_toml.folders_for(reference.domain) if n in _folders(seen, folder)), "")
    if not name or folder in config.config_path.split(":") or any(flaw.stops for flaw in config.flaws):
        return
    table = "registry]" in seen.files.get(config.file, "").replace('"', "").replace("'", "").replace(" ", "")
    repair = containerd_toml.moved(config, table=table) if config.mirrors or config.tls else ""
    added = f"{containerd_toml.config_path_added(config, table=table)}\nsudo systemctl restart containerd"
    words = f"config.toml has no registry.config_path, so {folder}/{name} is not read at all"
    yield Flaw("config-path-missing", config.file, words, repair=repair or added)


def _of_hosts(hosts: Hosts, reference: Reference, seen: NodeFiles, config: containerd_toml.ContainerdConfig) -> Iterator[Flaw]:
    base = next((f for f in config.config_path.split(":") if f"{f}/{hosts.source}" in seen.files), "")
    path = f"{base}/{hosts.source}" if base else hosts.source
    repair = (
        hosts_repair.repaired(seen.files[path], reference.domain, path) if path in seen.files and path.endswith(".toml") else ""
    )
    for words in hosts.ignored:
        kind = "hosts-toml-void" if hosts.broken else "hosts-toml-passed-over"
        yield Flaw(kind, path, words, repair=repair)
    if hosts.problem:
        yield Flaw("no-host-to-ask", path, f"no host may resolve tags: pulls end in {hosts.problem!r}", stops=True, repair=repair)
    for asked in hosts.asked:
        for ca in asked.ca:
            whole = ca if ca.startswith("/") else f"{base}/{ca}"
            if not seen.has(whole):
                again = f"sudo cp registry-ca.crt {whole}" if pastable(whole) else ""
                yield Flaw(
                    "ca-missing",
                    path,
                    f"it names the CA {whole}, which is not there: every pull from it ends there",
                    stops=True,
                    repair=again,
                )


# ---------------------------------------------------------------- proxies


def written(seen: NodeFiles) -> tuple[dict[str, systemd_env.Variable], tuple[Flaw, ...]]:
    """What the runtime's service would be given if it were started now."""
    service = {"cri-o": "crio"}.get(seen.runtime, seen.runtime or "containerd")
    return systemd_env.environment_of(service, seen.files)


def of_proxies(seen: NodeFiles) -> tuple[Flaw, ...]:
    """What is wrong with the runtime's proxy: in its process, in its unit, and in places that it never reads."""
    unit, flaws = written(seen)
    found = list(flaws)
    process = proxy_lint.of_environment(seen.environment) if seen.environment is not None else {}
    files = {v.name: v.file for v in unit.values()}
    values = {v.name: v.value for v in unit.values()}
    where = next((files[n] for n in (*proxy_lint.NAMES, *map(str.lower, proxy_lint.NAMES)) if n in files), "")
    found += proxy_lint.flaws_of((seen.environment or {}) if process else values, where or "the runtime's environment")
    planned = proxy_lint.of_environment(values)
    if seen.environment is not None and planned != process and planned:
        words = "the running process does not have what stands here: it was started before, or systemd was not reloaded"
        found.append(Flaw("proxy-not-restarted", where, words, repair=restart(seen)))
    if not process.get("HTTPS_PROXY") and not planned.get("HTTPS_PROXY") and seen.environment is not None:
        found += [_elsewhere(file, value, seen) for file, name, value in elsewhere(seen) if name == "HTTPS_PROXY"][:1]
    return tuple(found)


def _elsewhere(file: str, value: str, seen: NodeFiles) -> Flaw:
    words = f"a proxy is named here ({proxy_lint.without_userinfo(value)}), which the container runtime never reads"
    repair = drop_in(seen, value) if "@" not in value and pastable(value) else ""
    return Flaw("proxy-elsewhere", file, words, repair=repair)


def drop_in(seen: NodeFiles, proxy: str, bypass: str = "localhost,127.0.0.1,10.0.0.0/8,.svc,.cluster.local") -> str:
    """Commands that give the runtime's service a proxy."""
    service = {"cri-o": "crio"}.get(seen.runtime, seen.runtime or "containerd")
    folder = f"/etc/systemd/system/{service}.service.d"
    lines = rf'[Service]\nEnvironment="HTTPS_PROXY={proxy}" "HTTP_PROXY={proxy}" "NO_PROXY={bypass}"\n'
    return f"sudo mkdir -p {folder}\nprintf '{lines}' | sudo tee {folder}/http-proxy.conf\n{restart(seen)}"


def restart(seen: NodeFiles) -> str:
    """The command after which the runtime has what its unit says."""
    service = {"cri-o": "crio"}.get(seen.runtime, seen.runtime or "containerd")
    return f"sudo systemctl daemon-reload && sudo systemctl restart {service}"


def elsewhere(seen: NodeFiles) -> list[tuple[str, str, str]]:
    """(file, variable, value) of proxies that stand on the node and are not the runtime's, values as written."""
    found = []
    service = {"cri-o": "crio"}.get(seen.runtime, seen.runtime or "containerd")
    for other in OTHERS:
        if other != service:
            unit, _ = systemd_env.environment_of(other, seen.files)
            found += [(v.file, v.name.upper(), v.value) for v in unit.values() if v.name.upper() in proxy_lint.NAMES and v.value]
    for path, text in sorted(seen.files.items()):
        if path in ELSEWHERE or any(path.startswith(folder) for folder in ELSEWHERE if folder.endswith("/")):
            found += [(path, name, value) for name, value in _assigned(text)]
    return list(dict.fromkeys(found))


def _assigned(text: str) -> Iterator[tuple[str, str]]:
    """HTTPS_PROXY and the like in a shell's, apt's or yum's words."""
    import re  # noqa: PLC0415

    for raw in text.splitlines():
        line = raw.strip().removeprefix("export ").strip()
        found = re.match(r"""(?i)(?:Acquire::)?(https?|no)(?:_|::)proxy[\s=:]+["']?([^"';\s]+)""", line)
        if found and not line.startswith(("#", "//")):
            yield f"{found[1].upper()}_PROXY", found[2]
        elif line.lower().startswith("proxy=") and line[6:].strip():
            yield "HTTPS_PROXY", line[6:].strip()


# ---------------------------------------------------------------- why others worked


def _why_others_worked(reference: Reference, seen: NodeFiles) -> Iterator[Flaw]:
    host = reference.domain
    docker = f"/etc/docker/certs.d/{host}"
    if seen.runtime == "containerd" and any(p.startswith(f"{docker}/") for p in (*seen.files, *seen.present)):
        yield Flaw(
            "docker-certs",
            docker,
            f"docker trusts {host} by the files here; containerd does not look here for the kubelet's pulls",
        )
    login = "/root/.docker/config.json"
    if f'"{host}"' in seen.files.get(login, ""):
        words = (
            f"docker and nerdctl log in to {host} with this file; the kubelet sends the pod's pull secrets, never a user's login"
        )
        yield Flaw("docker-login", login, words)
