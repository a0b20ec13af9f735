"""The pull walked on the node itself, as its runtime pulls: its resolver, its process's proxy, its certs.d, its trust store."""

from __future__ import annotations

import time

from whypull.probe.proxy_rules import ProxySettings, shown
from whypull.probe.trust import Store
from whypull.probe.walk import Target, pull, run
from whypull.probe.wire import Wire
from whypull.proofs.walked_as_the_runtime_is_configured import CONTROL as PASSED_OVER
from whypull.read.node import facts_of
from whypull.reference import InvalidReference, parse
from whypull.runtimeconfig import containerd_toml, lint, proxy_lint, resolv_conf
from whypull.vantage.controls import controls, other_registries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from whypull.dockerconfig import Decoded
    from whypull.model import Fact
    from whypull.runtimeconfig.lint import NodeFiles

NAME = "pull-secret"
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
           "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem")  # fmt: skip


def walked(
    image: str, seen: NodeFiles, secrets: Sequence[Decoded] = (), *, depth: str = "layers", seconds: float = 60.0
) -> tuple[Fact, ...]:
    """The facts of the node's configuration for an image, and of a walk from this process, which must be on that node.

    `seen` is what was read of the node (its paths are opened here: CA files, client certificates); `secrets` are the decoded
    pull secrets of the pod. `seconds` bounds the walk. An image that is no reference yields the configuration alone.
    """
    facts = facts_of(image, seen)
    try:
        reference = parse(image)
    except InvalidReference:
        return facts
    config = containerd_toml.parse(seen.files, seen.version) if seen.runtime != "cri-o" else containerd_toml.ContainerdConfig()
    hosts = lint.hosts_of(reference, seen, config)
    if hosts.problem:
        return facts
    wire = Wire(deadline=time.monotonic() + seconds, ca_file=_bundle())
    names = []
    for number, asked in enumerate(hosts.asked):
        name = f"hosts.toml {number + 1}" if asked.ca or asked.client else "node"
        if asked.ca or asked.client:
            base = config.config_path.split(":")[0]
            wire.stores[name] = Store(tuple(_at(base, ca) for ca in asked.ca), _pair(base, asked.client))
        names.append(name)
    proxies = proxy_lint.of_environment(seen.environment or {})
    for value in proxies.values():
        _remember(wire, value)
    known = next((value for _, name, value in lint.elsewhere(seen) if name == "HTTPS_PROXY"), "")
    if not known and not proxies.get("HTTPS_PROXY"):
        unit, _ = lint.written(seen)
        known = next((v.value for v in unit.values() if v.name.upper() == "HTTPS_PROXY"), "")
    if known:
        _remember(wire, known)
    target = Target(
        image=image,
        credentials=_credentials(image, secrets, wire),
        proxy=ProxySettings(proxies.get("HTTPS_PROXY", ""), proxies.get("HTTP_PROXY", ""), proxies.get("NO_PROXY", "")),
        known_proxy="" if proxies.get("HTTPS_PROXY") or not known else known if "://" in known else f"http://{known}",
        nameservers=resolv_conf.nameservers_of(seen.files.get(resolv_conf.PATH, "")),
        depth=depth,
        hosts=hosts.asked,
        stores=tuple(names),
        others=other_registries(secrets, reference.domain),
    )
    vantage = f"node {seen.node}" if seen.node else "the node"
    tried = tuple(run(pull(target), wire.perform, vantage, image))
    extra = controls(tried, facts, seen, lambda files: wire.stores.update({PASSED_OVER: Store(files)}))
    return (*facts, *tried, *run(extra, wire.perform, vantage, image))


def _bundle() -> str:
    """The file of roots that a Go program on this node reads (crypto/x509 root_linux.go)."""
    import os  # noqa: PLC0415

    return next((path for path in BUNDLES if os.path.isfile(path)), "")


def _remember(wire: Wire, value: str) -> None:
    from urllib.parse import unquote  # noqa: PLC0415

    url = value if "://" in value else f"http://{value}"
    userinfo = url.partition("://")[2].rpartition("@")[0]
    if userinfo:
        wire.proxies[shown(url)] = unquote(userinfo)


def _at(base: str, path: str) -> str:
    return path if path.startswith("/") else f"{base}/{path}"


def _pair(base: str, pairs: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    return (_at(base, pairs[0][0]), _at(base, pairs[0][1]) if pairs[0][1] else "") if pairs else ("", "")


def _credentials(image: str, secrets: Sequence[Decoded], wire: Wire) -> tuple[str, ...]:
    """The names of the credentials that the kubelet would send, with their values in the vault."""
    from whypull.keyring import explain  # noqa: PLC0415
    from whypull.model import SecretSeen  # noqa: PLC0415
    from whypull.reference import host_of  # noqa: PLC0415

    seen = [SecretSeen("", f"{NAME}-{n}", entries=tuple(d.entries)) for n, d in enumerate(secrets, 1)]
    host = host_of(image)
    at = "registry-1.docker.io" if host == "docker.io" else host
    held = {
        f"{secret.name}:{entry.key}": one
        for secret, decoded in zip(seen, secrets, strict=True)
        for entry, one in zip(decoded.entries, decoded.credentials, strict=True)
    }
    names = tuple(f"{e.secret}:{e.key}" for e in explain(image, seen).matching if not e.empty)
    for name in names:
        user, password = held[name].reveal()
        wire.vault.add(name, user, password, hosts=(at,))
    return names
