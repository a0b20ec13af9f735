"""k3s' and RKE2's registries.yaml, from which they write containerd's hosts.toml at their start. Pure.

https://docs.k3s.io/installation/private-registry
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from whypull.runtimeconfig.flaws import Flaw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PATHS = ("/etc/rancher/k3s/registries.yaml", "/etc/rancher/rke2/registries.yaml")
_TOP = {"mirrors", "configs", "auths"}
_MIRROR = {"endpoint", "rewrite"}
_CONFIG = {"auth", "tls"}
_TLS = {"ca_file", "cert_file", "key_file", "insecure_skip_verify"}
_AUTH = {"username", "password", "auth", "identity_token", "token"}


@dataclass(frozen=True, slots=True)
class K3sRegistries:
    """What the file says, without credentials."""

    mirrors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # registry or "*" → endpoints
    authorities: Mapping[str, str] = field(default_factory=dict)  # host → ca_file
    insecure: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()  # hosts with credentials of the node's own
    flaws: tuple[Flaw, ...] = ()


def of_document(document: object, path: str = PATHS[0]) -> K3sRegistries:
    """The registries of a decoded file. Whatever is not understood is a flaw."""
    if document is None:
        return K3sRegistries()
    if not isinstance(document, dict):
        return K3sRegistries(flaws=(Flaw("registries-yaml", path, "it is no mapping: k3s does not start", stops=True),))
    flaws = [_unknown(path, "", key, _TOP) for key in document if key not in _TOP]
    mirrors, configs = _table(document.get("mirrors")), _table(document.get("configs"))
    for host, mirror in mirrors.items():
        flaws += [_unknown(path, f"mirrors.{host}.", key, _MIRROR) for key in _table(mirror) if key not in _MIRROR]
        flaws += _of_host(path, f"mirrors: {host}", host)
    for host, config in configs.items():
        flaws += [_unknown(path, f"configs.{host}.", key, _CONFIG) for key in _table(config) if key not in _CONFIG]
        for part, known in (("tls", _TLS), ("auth", _AUTH)):
            flaws += [
                _unknown(path, f"configs.{host}.{part}.", key, known)
                for key in _table(_table(config).get(part))
                if key not in known
            ]
        flaws += _of_host(path, f"configs: {host}", host)
    tls = {host: _table(_table(config).get("tls")) for host, config in configs.items()}
    return K3sRegistries(
        mirrors={str(h): tuple(map(str, _table(m).get("endpoint") or ())) for h, m in mirrors.items()},
        authorities={str(h): str(t["ca_file"]) for h, t in tls.items() if t.get("ca_file")},
        insecure=tuple(str(h) for h, t in tls.items() if t.get("insecure_skip_verify")),
        accounts=tuple(str(h) for h, c in configs.items() if _table(c).get("auth")),
        flaws=tuple(flaws),
    )


def _unknown(path: str, where: str, key: object, known: set[str]) -> Flaw:
    words = f"{where}{str(key)[:60]} is no key of it ({', '.join(sorted(known))}), and is passed over"
    return Flaw("registries-yaml-key", path, words)


def _of_host(path: str, where: str, host: object) -> list[Flaw]:
    if re.match(r"https?://", str(host)):
        return [Flaw("registries-yaml-host", path, f"{where} has a scheme: keys are hosts, with the port if there is one")]
    return []


def _table(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}
