"""A node's own files and process → facts about how it pulls one image. Pure over what was read (see read/node_files.py)."""

from __future__ import annotations

from whypull.model import FlawSeen, HostsSeen, NodeConfigSeen
from whypull.redact import redacted
from whypull.reference import InvalidReference, parse
from whypull.runtimeconfig import containerd_toml, k3s_registries, lint, proxy_lint, resolv_conf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Fact
    from whypull.runtimeconfig.flaws import Flaw
    from whypull.runtimeconfig.lint import NodeFiles

MOST_FLAWS = 40


def facts_of(image: str, seen: NodeFiles) -> tuple[Fact, ...]:
    """NodeConfigSeen, HostsSeen for the image's registry, and a FlawSeen for each mistake; no credential in any of them.

    An image that is no reference yields the node's configuration alone.
    """
    config = containerd_toml.parse(seen.files, seen.version) if seen.runtime != "cri-o" else containerd_toml.ContainerdConfig()
    try:
        reference = parse(image)
    except InvalidReference:
        return (_config(seen, config, ()),)
    hosts = lint.hosts_of(reference, seen, config)
    names = [asked.base.split("/")[2].partition(":")[0] for asked in hosts.asked]
    flaws = (*lint.flaws_for(reference, seen), *_of_k3s(seen))
    return (
        _config(seen, config, (*names, reference.domain.partition(":")[0])),
        HostsSeen(
            registry=hosts.registry,
            runtime=seen.runtime,
            source=hosts.source,
            hosts=tuple(redacted(asked.base) for asked in hosts.asked),
            ignored=tuple(redacted(words) for words in hosts.ignored),
            problem=redacted(hosts.problem),
            broken=hosts.broken,
        ),
        *(_fact(flaw) for flaw in flaws[:MOST_FLAWS]),
    )


def _config(seen: NodeFiles, config: containerd_toml.ContainerdConfig, names: tuple[str, ...]) -> NodeConfigSeen:
    process = proxy_lint.of_environment(seen.environment or {})
    unit, _ = lint.written(seen)
    planned = [(v.file, v.name.upper(), v.value) for v in unit.values() if v.name.upper() in proxy_lint.NAMES]
    other = [one for one in (*planned, *lint.elsewhere(seen)) if process.get(one[1]) != one[2]]
    return NodeConfigSeen(
        node=seen.node,
        runtime=f"{seen.runtime} {seen.version}".strip(),
        running=seen.running,
        config_path=config.config_path,
        proxies=tuple((name, proxy_lint.without_userinfo(value)) for name, value in process.items()),
        proxies_elsewhere=tuple((file, name, proxy_lint.without_userinfo(value)) for file, name, value in other),
        nameservers=resolv_conf.nameservers_of(seen.files.get(resolv_conf.PATH, "")),
        host_entries=_entries(seen.files.get("/etc/hosts", ""), set(names)),
        space=seen.space,
        clock=seen.clock,
    )


def _entries(text: str, names: set[str]) -> tuple[tuple[str, str], ...]:
    """What /etc/hosts says of some names."""
    found = []
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        found += [(words[0], name) for name in words[1:] if name in names]
    return tuple(found)


def _of_k3s(seen: NodeFiles) -> tuple[Flaw, ...]:
    """What is wrong in a registries.yaml."""
    import yaml  # noqa: PLC0415 - only where there is one

    from whypull.runtimeconfig.flaws import Flaw  # noqa: PLC0415

    found: tuple[Flaw, ...] = ()
    for path in k3s_registries.PATHS:
        if path not in seen.files:
            continue
        try:
            document = yaml.safe_load(seen.files[path])
        except (yaml.YAMLError, ValueError, RecursionError):
            found += (Flaw("registries-yaml", path, "it is no YAML: k3s does not start, or goes on without it", stops=True),)
        else:
            found += k3s_registries.of_document(document, path).flaws
    return found


def _fact(flaw: Flaw) -> FlawSeen:
    return FlawSeen(flaw.kind, flaw.file, redacted(flaw.words), flaw.stops, redacted(flaw.repair))
