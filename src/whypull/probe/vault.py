"""Holds the credentials and tokens of a walk by name. Nothing here is ever shown: repr, errors and outcomes have names only."""

from __future__ import annotations

import re

_TOKEN_FIELDS = ("token", "access_token", "refresh_token", "id_token")


class Vault:
    """User-password pairs by name, and bearer tokens by the handle under which a step keeps them."""

    __slots__ = ("_pairs", "_tokens", "_trusted")

    def __init__(self) -> None:
        self._pairs: dict[str, tuple[str, str]] = {}
        self._tokens: dict[str, str] = {}
        self._trusted: dict[str, set[str]] = {}

    def __repr__(self) -> str:
        """Names only."""
        return f"Vault({sorted(self._pairs)}, {len(self._tokens)} tokens)"

    def add(self, name: str, user: str, password: str, hosts: tuple[str, ...]) -> None:
        """Keeps a pair, and the hosts (host or host:port) that may be shown it."""
        self._pairs[name] = (user, password)
        self._trusted[name] = {_usual(h) for h in hosts}

    def trust(self, name: str, host: str) -> None:
        """Lets a vetted token service see a pair."""
        if name in self._trusted:
            self._trusted[name].add(_usual(host))

    def header(self, credentials: str, host: str) -> str:
        """The Authorization value for a host; empty for none, and for a host that may not see it.

        A token's handle is token:HOST:NAME:SCOPE: two registries may have a repository of the same path.
        """
        from base64 import b64encode  # noqa: PLC0415

        kind, _, name = credentials.partition(":")
        if kind == "basic" and name in self._pairs and _usual(host) in self._trusted[name]:
            user, password = self._pairs[name]
            return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")
        token = self._tokens.get(credentials)
        return f"Bearer {token}" if token and credentials.startswith(f"token:{_usual(host)}:") else ""

    def keep_token(self, handle: str, body: bytes) -> tuple[str, str]:
        """Keeps the token of a token service's answer. Returns the answer without it, and "" or "no token"."""
        import json  # noqa: PLC0415 - only where there is a token

        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return body.decode("utf-8", "replace"), "no token"
        if not isinstance(document, dict):
            return "", "no token"
        token = document.get("token") or document.get("access_token")
        safe = {k: v for k, v in document.items() if k not in _TOKEN_FIELDS}
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]{1,65536}", token):
            return json.dumps(safe), "no token"
        self._tokens[handle] = token
        granted = _granted(token)
        if granted is not None:
            safe["access"] = granted
        return json.dumps(safe), ""

    def scrub(self, text: str) -> str:
        """The text without any value that is held here, should the other side send one back."""
        values = [p for pair in self._pairs.values() for p in pair[1:]] + list(self._tokens.values())
        for value in values:
            if len(value) > 3:
                text = text.replace(value, "[redacted]")
        return text


def _usual(host: str) -> str:
    """A host in lower case, without the port that is understood."""
    return host.lower().removesuffix(":443").removesuffix(":80")


def _granted(token: str) -> object | None:
    """What a distribution token grants (its `access` claim); None where the token does not say."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    import json  # noqa: PLC0415
    from base64 import urlsafe_b64decode  # noqa: PLC0415

    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    access = claims.get("access") if isinstance(claims, dict) else None
    return access if isinstance(access, list) else None
