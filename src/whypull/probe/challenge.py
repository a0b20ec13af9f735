"""What a registry's 401 asks for, and whether its token service may be given credentials. Pure.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlencode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.probe.visit import Endpoint
    from whypull.steps import Outcome

_PARAMETER = re.compile(r'([a-zA-Z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
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
        query = {"service": self.service, "scope": scope} if self.service else {"scope": scope}
        return f"{self.realm}{'&' if '?' in self.realm else '?'}{urlencode(query)}"


def challenge_of(answer: Outcome) -> Challenge:
    """The challenge that a runtime would follow: Bearer before Basic."""
    headers = [value[:LONGEST] for name, value in answer.headers if name == "www-authenticate"]
    for scheme in ("bearer", "basic"):
        for header in headers:
            if header.lower().startswith(scheme):
                found = {m[1].lower(): m[2] or m[3] or "" for m in _PARAMETER.finditer(header)}
                return Challenge(
                    scheme, found.get("realm", ""), found.get("service", ""), found.get("scope", ""), found.get("error", "")
                )
    return Challenge("other" if headers else "")


def realm_problem(realm: str, registry: Endpoint) -> str:
    """Why no credentials may go to this realm, or why it cannot be used; empty where it may be asked."""
    found = re.fullmatch(r"(?i)(https?)://(\[[^\]]+\]|[^/:?#@]+)(?::\d{1,5})?(?:[/?][^\x00-\x20]*)?", realm)
    if not realm:
        return "the challenge names no realm"
    if found is None:
        return f"the realm is no absolute http(s) URL: {realm[:200]!r}"
    host = found[2].strip("[]").lower()
    if found[1].lower() == "http" and registry.scheme == "https":
        return "the realm is plain http, the registry is https: a password would go in the clear"
    if host == registry.host.strip("[]").lower():
        return ""
    if private(host) and not private(registry.host.strip("[]")):
        return f"the realm is on the private address {host}, the registry is not"
    return ""


def private(host: str) -> bool:
    """Whether a host is a literal of a private, loopback or link-local address, or localhost."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_private or address.is_loopback or address.is_link_local
