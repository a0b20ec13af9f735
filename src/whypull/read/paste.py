"""A pasted text: which of the table, log and output readers can make something of it."""

from __future__ import annotations

from whypull.model import Pull, Said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.read.gather import Gathered


def read_paste(data: bytes, into: Gathered) -> None:
    """Reads one text, of whatever kind. Never raises."""
    text = bytes(data).decode("utf-8", "replace")
    into.hear(Pull(), Said(text, via="output"))
