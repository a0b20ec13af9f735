"""Whether a pull secret has an entry for an image: the kubelet and the CSI driver do not match keys in the same way."""

from __future__ import annotations

from whypull.keyring import explain
from whypull.reference import host_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.dynatrace import Puller
    from whypull.model import SecretSeen


def fits(image: str, secret: SecretSeen, puller: Puller) -> bool:
    """Whether credentials of this secret would be sent for the image.

    The CSI driver takes the key whose host is the registry's, whatever path stands behind it, and knows no wildcards
    (https://github.com/docker/cli/blob/master/cli/config/credentials/file_store.go); the kubelet's rules are keyring's.
    """
    if puller != "csi":
        return any(entry.matched for entry in explain(image, [secret]).entries)
    host = host_of(image)
    hosts = {_host(entry.key) for entry in secret.entries}
    return host in hosts or (host == "docker.io" and "index.docker.io" in hosts)


PUBLIC = frozenset({"public.ecr.aws", "docker.io", "quay.io", "gcr.io", "ghcr.io", "mcr.microsoft.com", "registry.k8s.io"})
_OF_NODES = (".dkr.ecr.", ".azurecr.", "-docker.pkg.dev")  # nodes of that cloud have credentials of their own


def must_fit(host: str, puller: Puller) -> bool:
    """Whether a secret without an entry for this host is a fault by itself: not for public images, nor where nodes log in."""
    return host not in PUBLIC and not (puller == "kubelet" and any(mark in host for mark in _OF_NODES))


def goes_out(host: str, tenant: str) -> bool:
    """Whether a registry is surely out in the internet, where a site's proxy leads: the tenant's, or a public one."""
    return bool(host) and (host == tenant or host in PUBLIC or any(mark in host for mark in _OF_NODES))


def _host(key: str) -> str:
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]
