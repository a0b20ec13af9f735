"""Who answers: block pages, registries and issuers by their marks, from fingerprints.toml beside this module."""

from __future__ import annotations

import os
import re
from functools import lru_cache

from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from whypull.steps import Outcome


@dataclass(frozen=True, slots=True)
class Page:
    """A page that somebody sends in a registry's place, and the cause that it is."""

    who: str
    cause: str
    certainty: str


def page_of(outcome: Outcome) -> Page | None:
    """Whose page an answer is; None for one that is not known."""
    for entry in _entries().get("page", []):
        if _fits(entry, outcome):
            return Page(entry["who"], entry["cause"], entry["certainty"])
    return None


def registry_of(outcome: Outcome) -> str:
    """Which registry software or service an answer to /v2/ is from; empty where it does not tell."""
    return next((str(entry["who"]) for entry in _entries().get("registry", []) if _fits(entry, outcome)), "")


def issuer_of(names: str, kind: str) -> str:
    """Whose certificate a subject or issuer is: `kind` is "gateway" or "default"; empty for one that is not known."""
    low = names.lower()
    return next(
        (str(e["who"]) for e in _entries().get("issuer", []) if e["kind"] == kind and any(m in low for m in e["marks"])), ""
    )


def _fits(entry: dict[str, Any], outcome: Outcome) -> bool:
    """Whether every mark of an entry is in an answer: its statuses, its headers, its body."""
    if "status" in entry and outcome.status not in entry["status"]:
        return False
    for name, pattern in entry.get("headers", {}).items():
        if not any(key == name and re.search(pattern, value, re.IGNORECASE) for key, value in outcome.headers):
            return False
    return "body" not in entry or bool(re.search(entry["body"], outcome.body[:16_384], re.IGNORECASE | re.DOTALL))


@lru_cache(maxsize=1)
def _entries() -> dict[str, list[dict[str, Any]]]:
    import tomllib  # noqa: PLC0415 - read only where a walk has something to hold against it

    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "fingerprints.toml"), "rb") as file:
        return tomllib.load(file)
