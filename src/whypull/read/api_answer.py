"""What the API server's answers say besides objects: failures, where a list goes on, and the memory that they come in."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.read.api_http import Response

FIRST = 256 << 10  # bytes of a memory that has not held an answer yet


class ApiError(Exception):
    """The API server answered with a failure. str() is a sentence for people."""

    def __init__(self, status: int, reason: str, message: str, following: str = "") -> None:
        super().__init__(message or f"the API server answers {status} {reason}")
        self.status = status
        self.reason = reason
        self.following = following  # of a 410: the token with which a list may go on


class Memory:
    """One stretch of memory that answers are received into, one after the other: a fresh one for each costs a fifth more."""

    def __init__(self) -> None:
        self._held = bytearray()

    def received(self, response: Response, largest: int) -> memoryview:
        """An answer's body, up to `largest` bytes; the next answer overwrites it. Raises what reading raises."""
        held, got = self._room(min(response.length or FIRST, largest), 0), 0
        while came := response.readinto(memoryview(held)[got:largest]):
            got += came
            if got == len(held) and not response.ended:
                held = self._room(min(2 * got, largest), got)
        return memoryview(held)[:got]

    def _room(self, wanted: int, kept: int) -> bytearray:
        """At least `wanted` bytes, the first ones of which are those that were there. Nobody may hold the old ones' place."""
        if len(self._held) < wanted:
            larger = bytearray(wanted + wanted // 4)
            larger[:kept] = self._held[:kept]
            self._held = larger
        return self._held


def failure_of(response: Response, content: bytes) -> ApiError:
    """The Status object that the server answered with; a proxy's page is none and is cut to its first words."""
    message, reason, token = "", response.reason or "", ""
    try:
        status = json.loads(content)
        message, reason = str(status.get("message") or ""), str(status.get("reason") or reason)
        token = str((status.get("metadata") or {}).get("continue") or "")
    except (ValueError, AttributeError, RecursionError):
        message = f"answered {response.status} {reason}: {' '.join(content[:200].decode('utf-8', 'replace').split())}"
    return ApiError(response.status, reason, message[:1000], token)


def following(page: bytes | memoryview) -> str:
    """The list's metadata.continue. It stands in the first bytes of an API server's list; else the page is decoded."""
    head = bytes(page[:1000])
    at = head.find(b'"continue":"')
    if at >= 0:
        end = head.find(b'"', at + 12)
        if end > 0:
            return head[at + 12 : end].decode()
    if b'"metadata":{' in head and b'"items":' in head:
        return ""
    try:
        return str(json.loads(bytes(page)).get("metadata", {}).get("continue") or "")
    except (ValueError, AttributeError, RecursionError):
        return ""
