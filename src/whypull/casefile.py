"""A case as a JSON file: bug report, test fixture and wire format in one. Holds no secret, because no fact does. Pure."""

from __future__ import annotations

import dataclasses
import json

from whypull import model, steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from whypull.model import Case

SCHEMA = "whypull-case/1"
LARGEST = 8 * 1024 * 1024  # characters of a case file
MOST_FACTS = 2_000
_KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        model.Said, model.PodSeen, model.AccountSeen, model.SecretSeen, model.SecretAbsent, model.NodeSeen, model.HostsSeen,
        model.NodeConfigSeen, model.FlawSeen,
        model.AuthEntry, model.Pull, steps.Tried, steps.Resolve, steps.Connect, steps.Tunnel, steps.Handshake,
        steps.Request, steps.Outcome, steps.Certificate,
    )
}  # fmt: skip


class NotACase(ValueError):
    """The text is no case file, or one of a schema that this version does not know; the message says which."""


def dumps(case: Case) -> str:
    """The case as JSON of at most 8 MiB, facts beyond 2,000 left out. What is at its default is left out too.

    A case that would be larger keeps less of the bodies that a walk read, and at last fewer of its facts.
    """
    facts = [_plain(fact) for fact in case.facts[:MOST_FACTS]]
    for longest in (None, 4096, 256, 0):
        for fact in facts if longest is not None else ():
            _shorten(fact, longest or 0)
        text = _document(case, facts)
        if len(text) <= LARGEST:
            return text
    while len(text) > LARGEST:
        facts = facts[: len(facts) // 2]
        text = _document(case, facts)
    return text


def _document(case: Case, facts: list[Any]) -> str:
    document = {"schema": SCHEMA, "pull": _fields(case.pull), "vantage": case.vantage, "facts": facts}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _shorten(fact: dict[str, Any], longest: int) -> None:
    """Cuts the body of an answer; the digest and size that were seen stay."""
    outcome = fact.get("outcome")
    if isinstance(outcome, dict) and len(outcome.get("body", "")) > longest:
        outcome["body"] = outcome["body"][:longest]
        outcome["cut"] = True


def loads(text: str) -> Case:
    """The case of a file; `loads(dumps(case)) == case`. Raises NotACase."""
    if len(text) > LARGEST:
        raise NotACase(f"a case file has at most {LARGEST // 1024 // 1024} MiB, this has more")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise NotACase(f"no JSON: {e}") from e
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise NotACase(f"this version reads {SCHEMA}, the file is {schema!r}")
    try:
        facts = tuple(_made(fact) for fact in document["facts"][:MOST_FACTS])
        return model.Case(model.Pull(**document["pull"]), facts, str(document["vantage"]))
    except (KeyError, TypeError, AttributeError, RecursionError) as e:
        raise NotACase(f"a fact of it is damaged ({e})") from e


def is_case(text: str) -> bool:
    """Whether a text looks like a case file, whatever its schema's version."""
    return text.lstrip()[:1] == "{" and '"whypull-case/' in text[:200]


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {"is": type(value).__name__, **_fields(value)}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _fields(value: Any) -> dict[str, Any]:
    found = {}
    for field in dataclasses.fields(value):
        have = getattr(value, field.name)
        if have != field.default:
            found[field.name] = _plain(have)
    return found


def _made(value: Any) -> Any:
    """The object of a decoded JSON value: lists are tuples, tables are facts of a known kind."""
    if isinstance(value, list):
        return tuple(_made(one) for one in value)
    if isinstance(value, dict):
        kind = _KINDS[value["is"]]
        known = {field.name for field in dataclasses.fields(kind)}
        return kind(**{name: _made(one) for name, one in value.items() if name in known})
    return value
