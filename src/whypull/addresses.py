"""What kind of address a name led to: one that anybody may reach, one of a site's own, or none that can serve a node. Pure."""

from __future__ import annotations

# https://www.iana.org/assignments/iana-ipv4-special-registry. Not ipaddress.is_private: it counts documentation nets in.
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
# Registries that are nowhere but on the public internet: no customer has a private endpoint of them.
_PUBLIC_ONLY = (
    "docker.io", "ghcr.io", "quay.io", "registry.k8s.io", "k8s.gcr.io", "public.ecr.aws", "mcr.microsoft.com",
    "registry.gitlab.com", "registry.redhat.io", "registry.access.redhat.com", "cdn.quay.io", "production.cloudflare.docker.com",
    "pkg-containers.githubusercontent.com",
)  # fmt: skip


def kind(address: str) -> str:
    """public, private, loopback, link-local or unspecified; empty for what is no address."""
    bare = address.strip("[]").partition("%")[0]
    if ":" not in bare and not bare.replace(".", "").isdigit():
        return ""
    import ipaddress  # noqa: PLC0415 - only for what looks like an address

    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    if found.is_unspecified:
        return "unspecified"
    if found.is_loopback:
        return "loopback"
    if found.is_link_local:
        return "link-local"
    nets = (ipaddress.ip_network(net) for net in _PRIVATE)
    return "private" if any(found.version == net.version and found in net for net in nets) else "public"


def literal(host: str) -> bool:
    """Whether a host is an address already."""
    return bool(kind(host))


def private(host: str) -> bool:
    """Whether a host is a literal that the public internet does not reach, or localhost."""
    return host.lower().rstrip(".") == "localhost" or kind(host) in {"private", "loopback", "link-local", "unspecified"}


def public_only(host: str) -> bool:
    """Whether a host is of a registry that has public addresses only."""
    host = host.lower().rstrip(".")
    return any(host == name or host.endswith(f".{name}") for name in _PUBLIC_ONLY)


def cannot_serve(host: str, address: str) -> bool:
    """Whether no registry of that name can be at that address: nowhere, or at home for one that is public only."""
    found = kind(address)
    if literal(host) or host.lower().rstrip(".") == "localhost" or host.lower().endswith(".localhost"):
        return False
    return found == "unspecified" or (found in {"private", "loopback", "link-local"} and public_only(host))


def doubtful(host: str, address: str) -> bool:
    """Whether an address is odd enough for its name to ask every nameserver by itself."""
    return cannot_serve(host, address) or (not literal(host) and kind(address) in {"loopback", "link-local"} and "." in host)
