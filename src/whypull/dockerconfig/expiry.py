"""When a registry credential stops working, where it says so itself or its kind has a known life. Pure."""

from __future__ import annotations

from binascii import Error as NoBase64
from binascii import a2b_base64

from whypull.dockerconfig.gojson import GoError, loads

# How long tokens of these users live, in seconds, after they were made.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
# https://cloud.google.com/artifact-registry/docs/docker/authentication#token
_LIVES = {"AWS": 12 * 3600, "oauth2accesstoken": 3600}
_LONGEST_TOKEN = 32_768
_LAST_SECOND = 253_402_300_799  # of the year 9999


def expires(username: str, password: str, created: str = "") -> str:
    """The RFC 3339 time (UTC, whole seconds) at which a password stops working; empty where nothing says so.

    A JSON Web Token and an ECR token hold their end; no signature is checked. Others of a known life are
    taken to be as old as `created` (RFC 3339). Nothing is raised; of a token only that time is told.
    """
    end = _written_end(password) if len(password) <= _LONGEST_TOKEN else None
    if end is None and created and username in _LIVES:
        made = _seconds(created)
        end = made + _LIVES[username] if made is not None else None
    return _rfc3339(end) if end is not None else ""


def _written_end(password: str) -> float | None:
    parts = password.split(".")
    if len(parts) == 3 and password.startswith("ey"):
        return _number(parts[1], "exp")
    if len(parts) == 1 and password.startswith("ey"):
        return _number(password, "expiration")
    return None


def _number(encoded: str, name: str) -> float | None:
    """The number of that name in a base64-encoded JSON object."""
    letters = encoded.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    try:
        value = loads(a2b_base64(letters + "=" * (-len(letters) % 4)))
    except (NoBase64, GoError, ValueError):
        return None
    for key, inner in value if isinstance(value, list) else ():
        if key == name and isinstance(inner, float) and 0 < inner <= _LAST_SECOND:
            return inner
    return None


def _seconds(created: str) -> float | None:
    from datetime import UTC, datetime  # noqa: PLC0415 - only for the few kinds with a known life

    try:
        made = datetime.fromisoformat(created)
    except ValueError:
        return None
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp()


def _rfc3339(seconds: float) -> str:
    from time import gmtime, strftime  # noqa: PLC0415 - few entries have an end

    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))
