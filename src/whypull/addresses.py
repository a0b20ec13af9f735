"""What kind of address a name led to: one that anybody may reach, one of a site's own, or none that can serve a node. Pure."""

from __future__ import annotations

# https://www.iana.org/assignments/iana-ipv4-special-registry. Not ipaddress.is_private: it counts documentation nets in.
_PRIVATE = ((10, 0, 255), (172, 16, 31), (192, 168, 168), (100, 64, 127))  # first octet, second from, second to
# Registries that are nowhere but on the public internet: no customer has a private endpoint of them.
_PUBLIC_ONLY = (
    "docker.io", "ghcr.io", "quay.io", "registry.k8s.io", "k8s.gcr.io", "public.ecr.aws", "mcr.microsoft.com",
    "registry.gitlab.com", "registry.redhat.io", "registry.access.redhat.com", "cdn.quay.io", "production.cloudflare.docker.com",
    "pkg-containers.githubusercontent.com",
)  # fmt: skip


def kind(address: str) -> str:
    """public, private, loopback, link-local or unspecified; empty for what is no address."""
    bare = address.strip("[]").partition("%")[0]
    if ":" in bare:
        return _kind_of_six(bare)
    parts = bare.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() and len(p) < 4 and int(p) < 256 for p in parts):
        return ""
    first, second, *rest = map(int, parts)
    if first == second == sum(rest) == 0:
        return "unspecified"
    if first == 127:
        return "loopback"
    if (first, second) == (169, 254):
        return "link-local"
    return "private" if any(first == net and low <= second <= high for net, low, high in _PRIVATE) else "public"


def _kind_of_six(bare: str) -> str:
    import ipaddress  # noqa: PLC0415 - only for IPv6

    try:
        found = ipaddress.IPv6Address(bare)
    except ValueError:
        return ""
    if found.ipv4_mapped:
        return kind(str(found.ipv4_mapped))
    if found.is_unspecified:
        return "unspecified"
    if found.is_loopback:
        return "loopback"
    if found.is_link_local:
        return "link-local"
    return "private" if found.packed[0] & 0xFE == 0xFC else "public"


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
