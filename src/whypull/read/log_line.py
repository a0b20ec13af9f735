"""Takes one log line apart, whatever wrote and whatever carried it.

Carriers (journald, CRI and docker log files, kubectl, log shippers) are peeled off, then the writer's own form is
read: klog, logfmt, logrus on a terminal, zap and klog JSON. k3s, rke2 and k0s log containerd's line as their message.
"""

from __future__ import annotations

from whypull.lazy import regex
from whypull.read.log_fields import pairs, plain, quoted, unquote
from whypull.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Mapping
    from typing import Any

MAX_LINE = 256 * 1024  # characters looked at
MOST_CARRIERS = 8  # layers peeled off one line

_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. Every field may be empty; `message` alone is the whole text where no form was recognised."""

    message: str
    fields: Mapping[str, str] = field(default_factory=dict)  # unquoted once; a pod is "namespace/name"
    level: str = ""  # debug, info, warning, error, fatal
    time: str = ""  # as printed, of the carrier with the fullest date
    node: str = ""  # the host that the carrier names
    program: str = ""  # kubelet, containerd, crio, dockerd, k3s, …: the carrier's or the component's name
    source: str = ""  # klog's file: remote_image.go
    form: str = ""  # klog, logfmt, logrus, json; empty for a bare text

    @property
    def error(self) -> str:
        """The error's text, wherever this form keeps it, with all quoting undone; empty where it has none."""
        fields = self.fields
        return plain(fields.get("err") or fields.get("error") or fields.get("reason", ""))


class _Taken:
    """What has been learnt of a line while its layers come off."""

    __slots__ = ("fields", "form", "level", "message", "node", "program", "source", "time")

    def __init__(self) -> None:
        self.message = self.level = self.time = self.node = self.program = self.source = self.form = ""
        self.fields: Mapping[str, str] = _NONE

    def stamp(self, time: str) -> None:
        """Keeps the first full date; a date without a year gives way to it."""
        if time and (not self.time or (time[:2] in {"19", "20"} and self.time[:2] not in {"19", "20"})):
            self.time = time


def take_apart(text: str) -> LogLine:
    """The line's parts. Never raises; what has no known form comes back as its message."""
    rest = text[:MAX_LINE].strip("\ufeff\r\n")
    if "\x1b" in rest:
        rest = _ANSI.sub("", rest)
    taken = _Taken()
    for _ in range(MOST_CARRIERS):
        inner = _peel(rest, taken)
        if inner is None:
            break
        rest = inner
    else:
        taken.message = rest
    return LogLine(
        taken.message or ("" if taken.form else rest.strip()), taken.fields, taken.level, taken.time, taken.node,
        taken.program, taken.source, taken.form,
    )  # fmt: skip


_ANSI = regex(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
_KLOG = regex(r"([IWEF])(\d{4} \d\d:\d\d:\d\d(?:\.\d{1,9})?)\s{1,9}(?:\d{1,10}|\?)\s{1,4}([\w.-]{1,80}):\d{1,6}\] ?")
_LOGFMT = regex(r'"?(?:time|level|ts|msg|t|lvl|source|caller)"?=')
_LOGRUS = regex(r"(TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[([^\]\n]{0,40})\]\s?")
_LEVELS = {
    "I": "info", "W": "warning", "E": "error", "F": "fatal",
    "TRAC": "debug", "DEBU": "debug", "INFO": "info", "WARN": "warning", "ERRO": "error", "FATA": "fatal", "PANI": "fatal",
    "trace": "debug", "warn": "warning", "err": "error", "panic": "fatal", "dpanic": "fatal", "critical": "fatal",
}  # fmt: skip


def head_at(text: str) -> bool:
    """Whether a writer's own form begins here: klog, logfmt, logrus or JSON."""
    first = text[:1]
    if first in "IWEF" and first:
        return bool(_KLOG.match(text) or _LOGRUS.match(text))
    return first == "{" or bool(_LOGFMT.match(text) or _LOGRUS.match(text))


def _peel(text: str, taken: _Taken) -> str | None:
    """Takes off one layer: the text inside, or None when the line has been taken apart (or has no form)."""
    text = text.strip(" ")
    first = text[:1]
    if first in "IWEF" and (klog := _KLOG.match(text)):
        _klog(text, klog, taken)
        return None
    if first == "{":
        return _json(text, taken)
    if first in 'tlmsc"' and _LOGFMT.match(text):
        return _logfmt(text, taken)
    if logrus := _LOGRUS.match(text):
        _logrus(text, logrus, taken)
        return None
    return None if taken.form else _carried(text, taken)


# ---------------------------------------------------------------- what the writers write


def _klog(text: str, head: re.Match[str], taken: _Taken) -> None:
    taken.form, taken.level, taken.source = "klog", _LEVELS[head[1]], head[3]
    taken.stamp(f"{head[2][:2]}-{head[2][2:]}")
    at = head.end()
    message = quoted(text, at)
    if message and (message[1] == len(text) or text[message[1]] in " \t\n="):
        if text[message[1] : message[1] + 1] == "=":  # klogr: "msg"="…" "error"="…"
            taken.fields = pairs(text, at)
            taken.message = taken.fields.get("msg", "")
            return
        taken.message, taken.fields = message[0], pairs(text, message[1])
        return
    taken.message = text[at:].strip()
    if '"error"="' in taken.message:  # "controller "msg"="…" "error"="…""
        taken.fields = pairs(taken.message)
        taken.message = taken.fields.get("msg") or taken.message


def _logfmt(text: str, taken: _Taken) -> str | None:
    fields = pairs(text)
    inner = fields.get("msg") or fields.get("message", "")
    if "component" in fields:
        taken.program = fields["component"]
    taken.stamp(fields.get("time") or fields.get("ts", ""))
    if inner and head_at(inner):
        return inner
    level = fields.get("level") or fields.get("lvl", "")
    taken.form, taken.level = "logfmt", _LEVELS.get(level, level)
    taken.message, taken.fields = plain(inner), fields
    return None


_TERMINAL_FIELDS = regex(r"\s+[A-Za-z_][\w./-]{0,63}=[\"\S]")


def _logrus(text: str, head: re.Match[str], taken: _Taken) -> None:
    taken.form, taken.level = "logrus", _LEVELS[head[1]]
    if len(head[2]) > 4:
        taken.stamp(head[2])
    message, at = text[head.end() :], head.end()
    fields = _TERMINAL_FIELDS.search(text, at)
    if fields:
        message, taken.fields = text[at : fields.start()], pairs(text, fields.start())
    taken.message = plain(message.strip())


_LINES = ("MESSAGE", "log", "textPayload", "line", "content")  # keys whose value is another writer's line
_NESTED = ("jsonPayload", "fields", "_source", "attributes", "body")
_NODES = ("_HOSTNAME", "hostname", "node", "node_name", "host", "kubernetes_host", "nodeName")
_PROGRAMS = ("SYSLOG_IDENTIFIER", "_COMM", "component", "program", "process", "ident")
_TIMES = ("time", "ts", "@timestamp", "timestamp", "__REALTIME_TIMESTAMP")
_OBJECTS = frozenset({"pod", "secret", "object", "serviceAccount", "node"})


def _json(text: str, taken: _Taken) -> str | None:
    record = _object(text)
    if record is None:
        taken.form, taken.message = "json", plain(unquote(text))
        return None
    for name in _NESTED:
        nested = record.get(name)
        if isinstance(nested, dict):
            record = {**record, **nested}
    for name in ("kubernetes", "labels", "resource"):
        nested = record.get(name)
        if isinstance(nested, dict):
            taken.node = taken.node or _first(nested, _NODES)
    taken.node = _first(record, _NODES) or taken.node
    taken.program = _first(record, _PROGRAMS) or taken.program
    taken.stamp(_time(_first(record, _TIMES)))
    for name in _LINES:
        inner = _text(record.get(name))
        if inner:
            return inner.strip("\r\n")
    inner = _first(record, ("msg", "message", "M"))
    if inner and head_at(inner):
        return inner
    level = _first(record, ("level", "severity", "L")).lower()
    if not level and "ts" in record and "caller" in record:  # Kubernetes' own JSON: only what informs has a verbosity
        level = "info" if "v" in record else "error"
    taken.form, taken.level = "json", _LEVELS.get(level, level)
    taken.message, taken.fields = plain(inner), {k: _flat(k, v) for k, v in list(record.items())[:64]}
    taken.source = _first(record, ("caller",)).rpartition("/")[2].partition(":")[0]
    return None


def _object(text: str) -> dict[str, Any] | None:
    from json import JSONDecodeError, loads  # noqa: PLC0415 - most logs have no JSON

    try:
        record = loads(text, strict=False)
    except (JSONDecodeError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = record.get(name)
        if isinstance(value, (str, int, float)) and value != "" and not isinstance(value, bool):
            return str(value)
    return ""


def _text(value: object) -> str:
    """journald gives a message with control characters as an array of bytes (`journalctl -o json`)."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(b, int) and 0 <= b < 256 for b in value):
        return bytes(value).decode("utf-8", "replace")
    return ""


def _flat(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and name in _OBJECTS:
        place, called = value.get("namespace", ""), value.get("name", "")
        return f"{place}/{called}" if place else str(called)
    return str(value) if isinstance(value, (int, float)) else ""


def _time(value: str) -> str:
    """RFC 3339 for counts since 1970 in seconds, milli-, micro- or nanoseconds; other texts as they are."""
    number = value.partition(".")[0]
    if not number.isascii() or not number.isdigit() or not 10 <= len(number) <= 19:
        return value
    import datetime as dt  # noqa: PLC0415 - most logs print their time

    seconds = int(number) / 10 ** max(0, len(number) - 10)
    try:
        stamp = dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return value
    return stamp.strftime("%Y-%m-%dT%H:%M:%SZ")


# ---------------------------------------------------------------- what carries them

_DATE = r"\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|\s?[+-]\d\d:?\d\d)?"
_CRI = regex(rf"({_DATE}) (?:stdout|stderr) [FP] ")
_STAMPED = regex(rf"\[?({_DATE})\]?(?=[\s:|IWEFtl{{])[\s:|]*")
_CLOCKED = regex(r"\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?[\s|]+")
_UNIT = regex(r"([^\[\]\"={}|]{0,100}?)([\w@.+-]{1,64})\[\d{1,10}\]: ?")
_SYSLOG = regex(r"(?:<\d{1,3}>\d? ?)?([^\W\d]{3,9}\.? {1,2}\d{1,2} \d\d:\d\d:\d\d|" + _DATE + r") ([\w.-]+) ([\w@.+-]{1,64}): ")
_CLOCK = regex(r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?|\d{10}\.\d{3,6}")
_KUBECTL = regex(r"\[?(?:pod/)?[a-z0-9][\w./-]{0,250}\]? {1,4}(?:\| ?)?(?=[IWEFtl{])")
_KERNEL = regex(r"(?:[\w.:-]{1,80}: )?(?:\w{2,8}: {1,6}\w{2,8}: )?\[ {0,8}[\d.:TZ-]{4,40}\]:? \[?(talos)\]? ")
_ADDRESSED = regex(r"([\w.:-]{1,80}): (?=\{\"|[IWEF]\d{4} \d\d:\d\d:)")  # talosctl logs
_WITHIN = regex(
    r"(?<![\w\"\\])(?:[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9}\s+\d{1,10} [\w.-]{1,80}:\d{1,6}\] |"
    r"time=\\?\"?\d{4}-|level=(?:error|info|warning|fatal) )"
    r"|(?<=:\d\d)[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9}\s+\d"
)
FARTHEST_HEAD = 300  # characters of a log shipper's own prefix


def _carried(text: str, taken: _Taken) -> str | None:
    """What a carrier's prefix was put in front of, or None for a text that is nobody's log line."""
    cri = _CRI.match(text)
    if cri:
        taken.stamp(cri[1])
        return text[cri.end() :]
    unit = _UNIT.match(text)
    if unit and (not unit[1] or _CLOCK.search(unit[1])):
        _journal(unit, taken)
        return text[unit.end() :]
    syslog = _SYSLOG.match(text)
    if syslog and not head_at(syslog[3]):
        taken.stamp(syslog[1])
        taken.node, taken.program = syslog[2], syslog[3]
        return text[syslog.end() :]
    kernel = _KERNEL.match(text)
    if kernel:
        return _talos(text[kernel.end() :], taken)
    return _stamped(text, taken) or _far(text)


def _stamped(text: str, taken: _Taken) -> str | None:
    """What stands behind a time or an address and nothing else."""
    for carrier in (_STAMPED, _CLOCKED, _ADDRESSED):
        found = carrier.match(text)
        if found:
            if carrier is _STAMPED:
                taken.stamp(found[1])
            if carrier is _ADDRESSED:
                taken.node = found[1]
            return text[found.end() :]
    return None


def _far(text: str) -> str | None:
    """A head behind a prefix of unknown kind (stern, loki, grep): the prefix must not be part of the message."""
    within = _WITHIN.search(text, 0, FARTHEST_HEAD + 80)
    if not within or within.start() > FARTHEST_HEAD or within.start() == 0:
        return None
    prefix = text[: within.start()]
    if "ail" in prefix or "rror" in prefix or '="' in prefix:
        return None
    return text[within.start() :]


def _journal(unit: re.Match[str], taken: _Taken) -> None:
    taken.program = unit[2]
    clock = None
    for clock in _CLOCK.finditer(unit[1]):  # noqa: B007 - the last one is wanted
        pass
    if clock is None:
        return
    stamp = unit[1][: clock.end()].strip()
    taken.stamp(_time(stamp[4:] if stamp[4:6] in {"19", "20"} else stamp))  # "Mon 2025-01-20 …" (short-full)
    words = unit[1][clock.end() :].split()
    if words:
        taken.node = words[-1]


def _talos(rest: str, taken: _Taken) -> str | None:
    """`talosctl dmesg`: [talos] message {"component": …, "error": …}."""
    taken.program, taken.form = "talos", "talos"
    at = rest.find(' {"')
    record = _object(rest[at + 1 :]) if at > 0 else None
    taken.message = plain(rest[:at] if record else rest).strip()
    taken.fields = {k: _flat(k, v) for k, v in list(record.items())[:64]} if record else {}
    return None
