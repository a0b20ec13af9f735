"""What a registry's 401 asks for, and whether its token service may be given credentials. Pure.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import re

from whypull.addresses import private
from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.probe.visit import Endpoint
    from whypull.steps import Outcome

_PARAMETER = r'([a-zA-Z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))'
LONGEST = 8 * 1024  # characters of the header that are looked at


@dataclass(frozen=True, slots=True)
class Challenge:
    """One WWW-Authenticate header taken apart."""

    scheme: str = ""  # bearer, basic, other, or empty for none
    realm: str = ""
    service: str = ""
    scope: str = ""
    error: str = ""  # insufficient_scope, invalid_token, …

    def token_url(self, scope: str) -> str:
        """The URL of the token request for a scope."""
        from urllib.parse import urlencode  # noqa: PLC0415 - only where there is a token service

        query = {"service": self.service, "scope": scope} if self.service else {"scope": scope}
        return f"{self.realm}{'&' if '?' in self.realm else '?'}{urlencode(query)}"


def challenge_of(answer: Outcome) -> Challenge:
    """The challenge that a runtime would follow: Bearer before Basic."""
    headers = [value[:LONGEST] for name, value in answer.headers if name == "www-authenticate"]
    for scheme in ("bearer", "basic"):
        for header in headers:
            if header.lower().startswith(scheme):
                found = {m[1].lower(): m[2] or m[3] or "" for m in re.finditer(_PARAMETER, header)}
                return Challenge(
                    scheme, found.get("realm", ""), found.get("service", ""), found.get("scope", ""), found.get("error", "")
                )
    return Challenge("other" if headers else "")


def realm_problem(realm: str, registry: Endpoint, trusted: tuple[str, ...] = ()) -> str:
    """Why no credentials may go to this realm, or why it cannot be used; empty where it may be asked.

    `trusted` are hosts of realms that the user vouches for.
    """
    found = re.fullmatch(r"(?i)(https?)://(\[[^\]]+\]|[^/:?#@\s]+)(?::\d{1,5})?(?:[/?][^\x00-\x20]*)?", realm)
    if not realm:
        return "the challenge names no realm"
    if found is None:
        return f"the realm is no absolute http(s) URL: {realm[:200]!r}"
    if found[1].lower() == "http" and registry.scheme == "https":
        return "the realm is plain http, the registry is https: a password would go in the clear"
    return _foreign(found[2].strip("[]").lower(), registry.host.strip("[]").lower(), trusted)


def _foreign(host: str, own: str, trusted: tuple[str, ...]) -> str:
    if host == own or host in trusted or (private(host) and private(own)):
        return ""
    if private(host):
        return f"the realm is on the private address {host}, the registry is not"
    return "" if related(host, own) else f"the realm is on {host}, which is of another domain than {own}"


# Token services of another domain than their registry's.
_KNOWN = {
    "registry.digitalocean.com": "api.digitalocean.com", "lscr.io": "ghcr.io", "docker.elastic.co": "docker-auth.elastic.co",
    "dhi.io": "auth.docker.io", "registry.developers.crunchydata.com": "access.crunchydata.com",
}  # fmt: skip
# Second-level suffixes under which anybody may register.
_SHARED = frozenset({"co", "com", "net", "org", "gov", "ac", "edu", "or", "ne", "go"})


def related(realm: str, registry: str) -> bool:
    """Whether two hosts belong to one domain, as far as names tell; single labels and addresses do where they are the same."""
    return realm == registry or _KNOWN.get(registry) == realm or (_domain(realm) == _domain(registry) and "." in realm)


def _domain(host: str) -> str:
    labels = host.rstrip(".").split(".")
    if labels[-1].isdigit() or ":" in host:
        return host
    size = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED else 2
    return ".".join(labels[-size:])
