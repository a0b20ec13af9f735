"""One line of a table of events → its columns, whichever kubectl printed it and whatever became of its blanks.

Layouts: describe (Type Reason Age From Message; before 1.8 FirstSeen LastSeen Count From SubObjectPath Type Reason
Message), get events (LAST SEEN TYPE REASON OBJECT MESSAGE; -o wide; before 1.14 LAST SEEN FIRST SEEN COUNT NAME KIND …),
`kubectl events`, and lists of consoles that keep only some of the columns. The columns are told by what stands in them.
"""

from __future__ import annotations

import re

from whypull.lazy import regex
from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

FARTHEST: Final = 420  # characters before the type: two dates and the longest names


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as printed; what the layout does not show is empty."""

    reason: str
    message: str
    type: str = ""  # Normal, Warning
    last: str = ""  # age or date of the last time
    first: str = ""
    count: int = 1
    source: str = ""  # kubelet, default-scheduler, …
    node: str = ""
    kind: str = ""  # of the object, in lower case
    namespace: str = ""
    name: str = ""
    part: str = ""  # containers, initContainers, ephemeralContainers
    container: str = ""


_SPAN = (
    r"(?:<unknown>|<invalid>|-?\d+(?:\.\d+)?(?:ms|[smhdy])(?:\d+(?:ms|[smhd])){0,3}|"
    r"\d{4}-\d\d-\d\dT[\d:.]{5,18}(?:Z|[+-]\d\d:\d\d)?)"
)
_AGE = regex(rf"(?P<last>{_SPAN})(?:\s+\(x(?P<count>\d{{1,9}}) over (?P<first>{_SPAN})\))?(?=[\s,|]|$)")
_DATE = regex(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} \w{3} \d{4} [\d:]{5,8} [-+]\d{4}(?: [A-Z]{3,5})?")
_TYPED = regex(
    r"(?:^|(?<=[\s|>*\"'(,]))(?P<type>Normal|Warning)[\s|,\"]+(?P<reason>[A-Z][A-Za-z]{2,60})(?=[\s|,:\"]|$)[\s|,:\"]*"
)
_PATH = regex(r"spec\.(?P<part>containers|initContainers|ephemeralContainers)\{(?P<container>[^}\s]{1,80})\}:?\s*")
_BRACED = regex(r"\{(?P<source>[\w./-]{1,80})[ ,]{0,3}(?P<node>[^\s{}]{0,253})\s*\}\s*")
_SOURCE = regex(
    "(?P<source>kubelet|[a-z][a-z0-9]*(?:-[a-z0-9]+)*-(?:scheduler|controller|manager|operator|"
    "provisioner|autoscaler|plugin|reconciler)|multus|karpenter|taint-eviction-controller)"
    r"(?:,\s*(?P<node>[^\s,]{1,253}))?(?=[\s|]|$)[\s|]*"
)
_WORD_SOURCE = regex(r"(?P<source>[a-z][\w./:-]{0,100})(?:, (?P<node>[a-z0-9][\w.-]{0,252}))?(?:\s{2,}|\t)")
_OBJECT = regex(r"(?P<kind>[A-Za-z][A-Za-z.]{1,60})/(?P<name>[A-Za-z0-9][\w.-]{0,252})(?=\s|$)\s*")
_EVENT_NAME = regex(r"(?<!\S)(?P<name>[a-z0-9][a-z0-9.-]{0,252})\.[0-9a-f]{10,16}(?=\s|$)")
_TAIL = regex(rf"(?:\s{{2,}}|\t)(?P<first>{_SPAN})\s+(?P<count>\d{{1,9}})\s+\S{{1,253}}\.[0-9a-f]{{10,16}}\s*$")
_KIND = regex(r"(?<!\S)(Pod|Node|ReplicaSet|Deployment|StatefulSet|DaemonSet|Job|CronJob|PersistentVolumeClaim)(?=\s|$)")

# Rows without a type: only reasons and messages that kubelets write about pulls and containers.
_UNTYPED = regex(
    "(?P<reason>Failed|BackOff|InspectFailed|FailedSync|FailedCreatePodSandBox|ErrImageNeverPull|"
"FailedToRetrieveImagePullSecret|Pulling|Pulled|Unhealthy|"
    r"FailedMount|FailedScheduling|pulling|pulled|failed|failedSync|backOff|inspectFailed)[\s|,:\"]+"
)  # fmt: skip
_OPENERS = regex(
    r"(?i)[\"'(]{0,3}(?:\(combined from similar events\): )?(?:Failed to (?:pull|apply default image|"
"inspect image|create pod)|Failed create pod|Error: |Error syncing pod|"
    r"Back-off |Pulling image|Successfully pulled|Container image |Unable to retrieve some image pull|MountVolume|\d+/\d+ nodes)"
)  # fmt: skip


def event_row(line: str) -> EventRow | None:
    """The line's columns, or None for a line that is no row of events."""
    if len(line) < 12:
        return None
    found = _TYPED.search(line, 0, FARTHEST)
    if found:
        before = line[: found.start()]
        if not _are_columns(before):
            return None
        return _columns(before, found["type"], found["reason"], line[found.end() :])
    return _untyped(line)


def _are_columns(before: str) -> bool:
    """Whether what stands before the type are ages, counts, names and sources: no sentence, no log line."""
    before = before.lstrip(" \t|>*-\"'(,").rstrip(" \t|\"'(,")
    if not before:
        return True
    if '"' in before or "=" in before or "]" in before or ": " in before.replace("over ", ""):
        return False
    return bool(_AGE.search(before) or _DATE.search(before) or _BRACED.search(before) or _EVENT_NAME.search(before))


def _untyped(line: str) -> EventRow | None:
    """A row whose type is not shown: "Failed  kubelet  Failed to pull image …", or of the oldest describe."""
    for found in _UNTYPED.finditer(line, 0, FARTHEST):
        before = line[: found.start()]
        if before.strip() and not _are_columns(before):
            continue
        row = _columns(before, "", found["reason"][:1].upper() + found["reason"][1:], line[found.end() :])
        if row and _OPENERS.match(row.message) and (row.source or row.last or row.container or row.name):
            return row
    return None


def _columns(before: str, kind: str, reason: str, after: str) -> EventRow | None:
    """The row of what stands before and after its type and reason."""
    seen: dict[str, str] = {}
    _before(before, seen)
    message = _after(after.strip(), seen)
    tail = _TAIL.search(message)
    if tail:
        message = message[: tail.start()]
        seen["first"], seen["count"] = tail["first"], tail["count"]
    path = _PATH.match(message)
    if path:
        seen["part"], seen["container"] = path["part"], path["container"]
        message = message[path.end() :]
    count = seen.get("count", "1")
    return EventRow(
        reason, message.strip(), kind, seen.get("last", ""), seen.get("first", ""), max(1, int(count)), seen.get("source", ""),
        seen.get("node", ""), seen.get("kind", "").lower(), seen.get("namespace", ""), seen.get("name", ""), seen.get("part", ""),
        seen.get("container", ""),
    )  # fmt: skip


def _before(text: str, seen: dict[str, str]) -> None:
    """Columns that stand before the type, in any order."""
    if not text.strip():
        return
    for pattern in (_PATH, _BRACED, _SOURCE):
        found = pattern.search(text)
        if found:
            seen.update({k: v for k, v in found.groupdict().items() if v})
            text = text[: found.start()] + "  " + text[found.end() :]
    named = _EVENT_NAME.search(text)
    if named:
        seen["name"] = named["name"]
        text = text[: named.start()] + "  " + text[named.end() :]
    kind = _KIND.search(text)
    if kind:
        seen["kind"] = kind[1]
    times = [m[0] for m in _DATE.finditer(text)] or [m["last"] for m in _AGE.finditer(text)]
    counted = _AGE.search(text)
    if counted and counted["count"]:
        seen.update(last=counted["last"], count=counted["count"], first=counted["first"])
    elif times:
        _ages(times, text, seen, old_table="kind" in seen)
    space = re.match(r"\s*([a-z0-9][a-z0-9-]{0,62})\s+", text)  # get events -A
    if space and not _AGE.match(space[1]) and not space[1].isdigit() and times:
        seen["namespace"] = space[1]


def _ages(times: list[str], text: str, seen: dict[str, str], *, old_table: bool) -> None:
    """Old layouts print two times and a count: describe the first time first, get events the last one."""
    if len(times) > 1:
        seen["first"], seen["last"] = (times[1], times[0]) if old_table else (times[0], times[1])
    else:
        seen["last"] = times[0]
    rest = text.rpartition(times[-1])[2]
    number = re.match(r"\s*(\d{1,9})(?=\s|$)", rest)
    if number:
        seen["count"] = number[1]


def _after(text: str, seen: dict[str, str]) -> str:
    """Takes the columns after the reason off, in the order in which kubectl prints them; the rest is the message."""
    age = _AGE.match(text)
    if age:
        seen.update({k: v for k, v in age.groupdict().items() if v})
        text = text[age.end() :].lstrip(" \t|,")
    thing = _OBJECT.match(text)
    if thing:
        seen["kind"], seen["name"] = thing["kind"], thing["name"]
        text = text[thing.end() :]
    path = _PATH.match(text)
    if path:
        seen["part"], seen["container"] = path["part"], path["container"]
        text = text[path.end() :]
    for pattern in (_BRACED, _SOURCE, _WORD_SOURCE):
        source = pattern.match(text)
        if source:
            seen.update({k: v for k, v in source.groupdict().items() if v})
            return text[source.end() :].lstrip(' \t|,"')
    return text
