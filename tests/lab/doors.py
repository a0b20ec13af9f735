"""Who is let in: Basic, or a token of a service that knows one account."""

from __future__ import annotations

import base64
import dataclasses
import json
from urllib.parse import parse_qs

from lab.services import PASSWORD, USER
from whypull.demo.http import Answer, Asked


def refusal(status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """A refusal in the registry's own format."""
    return Answer(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode(), headers)


@dataclasses.dataclass(frozen=True)
class Door:
    """How a registry asks for credentials: not at all, Basic, or a bearer token of `realm`."""

    auth: str = ""
    realm: str = ""
    repository: str = ""

    def refuses(self, asked: Asked) -> Answer | None:
        """The 401 for a request that brings too little; None for one that may come in."""
        at_door = asked.path.rstrip("/") == "/v2"
        scope = f"repository:{self.repository}:pull"
        if self.auth == "basic" and asked.basic != (USER, PASSWORD):
            return _wants('Basic realm="shop"')
        if self.auth != "bearer" or (asked.bearer and (at_door or scope in _scopes(asked.bearer))):
            return None
        extra = ',error="insufficient_scope"' if asked.bearer else ""
        return _wants(f'Bearer realm="{self.realm}",service="shop",scope="{scope}"{extra}')


def token_service(asked: Asked, grant: tuple[str, ...] | None = None, broken: Answer | None = None) -> Answer:
    """A token service's answer; `grant` are the scopes that its tokens hold, None for what is asked for by who is known.

    It has no POST, as GitLab's has none: the runtime then asks again with GET.
    """
    if broken is not None:
        return broken
    if asked.method == "POST":
        return Answer(405, b"", (("Allow", "GET"),))
    if asked.basic[0] and asked.basic != (USER, PASSWORD):
        return refusal(401, "UNAUTHORIZED", "incorrect username or password")
    wanted = parse_qs(asked.target.partition("?")[2]).get("scope", [])
    held = [s for s in wanted if asked.basic[0] and (grant is None or s in grant)]
    return Answer(200, json.dumps({"token": _token(held), "expires_in": 300}).encode())


def _wants(challenge: str) -> Answer:
    return refusal(401, "UNAUTHORIZED", "authentication required", (("WWW-Authenticate", challenge),))


def _token(scopes: list[str]) -> str:
    access = [{"type": s.split(":")[0], "name": s.split(":")[1], "actions": s.split(":")[2].split(",")} for s in scopes]
    parts = ({"alg": "none"}, {"access": access}, "lab")
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)


def _scopes(token: str) -> list[str]:
    parts = token.split(".")
    if len(parts) != 3:
        return []
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return [f"{a['type']}:{a['name']}:{','.join(a['actions'])}" for a in claims.get("access", [])]
