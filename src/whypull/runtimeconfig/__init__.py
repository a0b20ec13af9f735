"""Which hosts a runtime's own configuration makes of an image: containerd's hosts.toml, CRI-O's registries.conf. Pure.

The texts of the files are handed in, whoever read them: this machine, a node over ssh, an archive.
"""

from __future__ import annotations

from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    Files: TypeAlias = Mapping[str, str]  # path below the configuration's folder → text

HUB = "docker.io"
HUB_HOST = "registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class Asked:
    """One host that the runtime asks, and how."""

    base: str  # "https://mirror.shop.example/v2": what the API's paths are appended to
    upstream: bool = False  # the registry itself, its default or what `server` or `location` makes of it
    pull: bool = True  # manifests by digest, and blobs
    resolve: bool = True  # tags
    skip_verify: bool = False
    ca: tuple[str, ...] = ()  # paths of CA files, as the runtime opens them
    client: tuple[tuple[str, str], ...] = ()  # paths of certificate and key; the key empty where it is in the same file
    https_first: bool = False  # http, and https is tried before it (containerd, where TLS settings stand beside http)
    http_too: bool = False  # https, and http is tried after it (CRI-O's `insecure`)
    ns: str = ""  # the registry's name where every request says ?ns=NAME (containerd)
    repository: str = ""  # the repository's path at this host; empty: the image's own
    credentials: bool = True  # whether the pod's credentials are sent here if it asks for some


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of one image in the order in which they are asked."""

    registry: str
    asked: tuple[Asked, ...]
    source: str = ""  # the file that decided, as a path below the folder; empty: the runtime's defaults
    ignored: tuple[str, ...] = ()  # what the runtime passes over without an error in the pod, one sentence each
    problem: str = ""  # the runtime's own words, where the configuration itself stops the pull
    broken: bool = False  # a file is there for this registry, and the runtime goes on as if there were none
    meant: tuple[str, ...] = ()  # paths of CA files that a passed-over file or key speaks of


def localhost(registry: str) -> bool:
    """Whether containerd takes a host for this machine (docker.IsLocalhost)."""
    host = registry.removeprefix("[").partition("]")[0] if registry.startswith("[") else registry.partition(":")[0]
    if host == "localhost":
        return True
    if ":" not in host and not host[:1].isdigit():
        return False
    import ipaddress  # noqa: PLC0415 - a millisecond that a name does not pay

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def upstream_of(registry: str) -> Asked:
    """What containerd asks where nothing is configured for a registry."""
    if registry == HUB:
        return Asked(f"https://{HUB_HOST}/v2", upstream=True)
    if localhost(registry):
        port = registry.rpartition("]")[2].rpartition(":")[2] if ":" in registry.rpartition("]")[2] else ""
        scheme = "https" if port in {"", "443"} else "http"
        return Asked(
            f"{scheme}://{registry}/v2", upstream=True, skip_verify=port != "80", https_first=port not in {"", "443", "80"}
        )
    return Asked(f"https://{registry}/v2", upstream=True)
