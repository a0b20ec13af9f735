"""Which failures in a list of events were overcome: the same image was pulled for the same pod later on.

Only ages as kubectl prints them are held against each other; where both are the same, nothing is known.
"""

from __future__ import annotations

from whypull.lazy import regex
from whypull.read.message import fold, image_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from whypull.read.event_row import EventRow

_AGE = regex(r"(?:(\d+)y)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_SECONDS = (365 * 86_400, 86_400, 3_600, 60, 1)
_DONE = regex(r'(?:Successfully pulled image|[Cc]ontainer image) "(?P<image>[^"]+)"')
_FAILED = ("Failed to pull image", "Back-off pulling image", "Failed to inspect image")


def seconds(age: str) -> int | None:
    """An age as kubectl prints it ("2m57s") in seconds; None for a date or <unknown>."""
    found = _AGE.fullmatch(age)
    if not age or found is None:
        return None
    return sum(int(n or 0) * unit for n, unit in zip(found.groups(), _SECONDS, strict=True))


def overcome(rows: Sequence[EventRow]) -> set[int]:
    """The places of the rows that tell of a pull which a later row shows as done."""
    done: dict[tuple[str, str, str], int] = {}
    for row in rows:
        pulled = _DONE.match(fold(row.message)) if row.reason == "Pulled" else None
        age = seconds(row.last) if pulled else None
        if pulled and age is not None:
            key = (row.namespace, row.name, pulled["image"])
            done[key] = min(age, done.get(key, age))
    return {at for at, row in enumerate(rows) if _is_older(row, done)} if done else set()


def _is_older(row: EventRow, done: dict[tuple[str, str, str], int]) -> bool:
    message = fold(row.message)
    age = seconds(row.last) if message.startswith(_FAILED) else None
    since = done.get((row.namespace, row.name, image_in(message))) if age is not None else None
    return age is not None and since is not None and age > since
