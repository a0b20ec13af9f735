"""Pieces of objects in a text: `message:` and `reason:` of a waiting container, as YAML or JSON that was cut anyhow."""

from __future__ import annotations

import re

from whypull.model import Pull, Said
from whypull.read.event import STATES
from whypull.read.log_fields import unquote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_KEY = re.compile(
    r'(?P<indent>\s*)(?:- )?"?(?P<key>message|reason|image|name|nodeName|namespace|kind)'
    r'"?\s*:\s*(?P<value>.*?),?\s*$'
)
_ANY_KEY = re.compile(r'\s*(?:- )?"?[A-Za-z][\w./-]{0,60}"?\s*:(?:\s|$)|\s*[\]}]')
_EVENT_REASONS = frozenset(
    {"Failed", "InspectFailed", "ErrImageNeverPull", "FailedCreatePodSandBox", "FailedToRetrieveImagePullSecret", "BackOff"}
)


def fragments(lines: Sequence[str]) -> Iterator[tuple[Pull, Said]]:
    """Every pair of a reason of a failing pull and its message, with the image and names that stand near it."""
    fields = list(_fields(lines))
    for at, (key, value, _) in enumerate(fields):
        if key != "reason" or (value not in STATES and value not in _EVENT_REASONS):
            continue
        near = [fields[i] for i in (at - 1, at + 1) if 0 <= i < len(fields)]
        message = next((v for k, v, _ in near if k == "message"), "")
        if value in _EVENT_REASONS and not re.search(r"(?i)pull|image", message):
            continue
        before = {k: v for k, v, _ in fields[max(0, at - 12) : at] if k in {"image", "name"}}
        pull = Pull(before.get("image", ""), container=before.get("name", "") if before.get("image") else "")
        reason = "ErrImagePull" if value == "Failed" else value
        yield pull, Said(message, "kubelet", "status", reason)


def _fields(lines: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Keys of interest with their values: one line, a quoted scalar over several, or a block below > or |."""
    at = 0
    while at < len(lines):
        found = _KEY.match(lines[at])
        if found is None:
            at += 1
            continue
        value, used = _value(lines, at, found)
        yield found["key"], value, len(found["indent"])
        at += used


def _value(lines: Sequence[str], at: int, found: re.Match[str]) -> tuple[str, int]:
    value = found["value"]
    parts = [value]
    used = 1
    closed = _is_closed(value)
    for line in lines[at + 1 : at + 60]:
        if closed is True or (closed is None and (_ANY_KEY.match(line) or not line.startswith(found["indent"] + " "))):
            break
        if not line.strip() and closed is None:
            break
        parts.append(line.strip())
        used += 1
        if closed is False:
            closed = _ends(value[0], line) or False
    text = " ".join(p for p in parts if p)
    if text[:1] in {">", "|"}:
        text = text.lstrip(">|+-0123456789 ")
    return _unquoted(text.strip()), used


def _is_closed(value: str) -> bool | None:
    """Whether a quoted value ends on its line; None for one that is not quoted."""
    if value[:1] not in {'"', "'"}:
        return None
    return len(value) > 1 and _ends(value[0], value[1:])


def _ends(quote: str, line: str) -> bool:
    line = line.rstrip().rstrip(",")
    if quote == "'":
        return line.endswith("'") and (len(line) - len(line.rstrip("'"))) % 2 == 1
    return bool(re.search(r'(?<!\\)(?:\\\\)*"$', line))


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == '"':
        return unquote(text[1:].removesuffix(",").removesuffix('"'))
    if len(text) > 1 and text[0] == "'":
        return text[1:].removesuffix("'").replace("''", "'")
    return text
