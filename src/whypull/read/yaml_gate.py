"""One YAML document or item → typed objects, if it can tell of a pull; what is harmful or of no use is not parsed.

Aliases are refused: no object of the API has one, and a few lines of them unfold to gigabytes. Nesting is bounded by
libyaml (1,000 levels). Where a document ends too early, the lines before the damage count.
"""

from __future__ import annotations

import re

import yaml

from whypull.read.object_repair import thing_of
from whypull.read.object_structs import ContainerStatus, Metadata, Running, State, Status, Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TRIES = 6
_KIND = re.compile(rb"^(?:[ \t]{0,8}|[ \t]{0,6}- )kind:[ \t]*[\"']?(\w+)", re.MULTILINE)
_MANAGED = re.compile(rb"^( +)managedFields:[ \t]*\n(?:\1[- ][^\n]*\n)+", re.MULTILINE)
_ANCHOR = re.compile(rb"(?:^|[\s\[{,:-])&[A-Za-z0-9_-]")
_ALIAS = re.compile(rb"(?:^|[\s\[{,:-])\*[A-Za-z0-9_-]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_BROKEN = re.compile(rb"^[ \t]+waiting:|Evicted|Unschedulable", re.MULTILINE)
_RUNS = re.compile(rb"^[ \t]+startedAt:[ \t]*[\"']?([0-9TZ:.+-]+)", re.MULTILINE)
_EVENT = re.compile(rb"[Ii]mage|[Pp]ull|Failed|BackOff|Created|Started|Evicted|[Dd]isk")
_READ = frozenset({
    b"Pod", b"Event", b"Secret", b"Node", b"ServiceAccount", b"ReplicaSet", b"Deployment", b"StatefulSet", b"DaemonSet", b"Job",
    b"CronJob", b"ReplicationController", b"DeploymentConfig", b"Rollout", b"ImageStream",
})  # fmt: skip


class Refused(ValueError):
    """A document that is not parsed; the message is one sentence."""


if TYPE_CHECKING:
    _Safe = yaml.SafeLoader
else:
    _Safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # without libyaml the slow one


class _Loader(_Safe):
    """Takes every scalar but null for a text: the API's own types are known, and a date is no date here."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own form
        first: [(tag, pattern) for tag, pattern in found if tag == "tag:yaml.org,2002:null"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def ours(piece: bytes, kind: str) -> bool:
    """Whether an object is of a kind, and says words, that can tell of a pull. `kind` is that of its list."""
    found = _KIND.search(piece)
    name = kind.encode() if kind or found is None else found[1]
    if name == b"Event":
        return bool(_EVENT.search(piece))
    return name in _READ or name.endswith(b"List") or not name or found is None


def quick(piece: bytes, kind: str) -> Thing | None:
    """A pod in which nothing waits, without parsing it; None for anything else."""
    found = _KIND.search(piece)
    if (kind.encode() or (found[1] if found else b"")) != b"Pod" or _BROKEN.search(_without_managed_fields(piece)):
        return None
    starts = _RUNS.findall(piece)
    name, namespace, uid = (_of_metadata(piece, field) for field in (b"name", b"namespace", b"uid"))
    if not starts or not name or (b"\nstatus:" not in piece and b"\n  status:" not in piece):
        return None
    running = ContainerStatus(state=State(running=Running(max(starts).decode())))
    return Thing(
        kind="Pod", metadata=Metadata(name=name, namespace=namespace, uid=uid), status=Status(containerStatuses=[running])
    )


def _of_metadata(piece: bytes, field: bytes) -> str:
    """A direct field of the object's metadata, where it stands in one plain line."""
    found = re.search(rb"^(?P<in> *(?:- )?)metadata:[ \t]*\n(?:(?P<deep> +)[^\n]*\n)(?:(?P=deep)[^\n]*\n)*?", piece, re.MULTILINE)
    if found is None:
        return ""
    block = re.compile(rb"^" + found["deep"] + field + rb":[ \t]*[\"']?([^\s\"']+)", re.MULTILINE).search(piece, found.start())
    return block[1].decode("utf-8", "replace") if block else ""


def _without_managed_fields(piece: bytes) -> bytes:
    return _MANAGED.sub(b"", piece) if b"managedFields:" in piece else piece


def parsed(piece: bytes) -> tuple[list[Thing], bytes]:
    """The objects of a document, and what could not be parsed at its end. Raises Refused."""
    piece = _without_managed_fields(piece).replace(b"\r\n", b"\n")  # lengths are compared below
    if _ALIAS.search(piece) and _ANCHOR.search(piece) and _has_alias(piece):
        raise Refused("A YAML document with aliases was not read: no object of Kubernetes has any.")
    text = _clean(piece)
    for _ in range(_TRIES):
        try:
            return _things(yaml.load(text, _Loader)), piece[len(text.encode("utf-8", "replace")) :]  # noqa: S506 - a safe loader
        except RecursionError:
            break
        except yaml.YAMLError as error:
            cut = _cut(text, error)
            if cut is None:
                break
            text = cut
    raise Refused("A YAML document is damaged and was not read.")


def _things(plain: Any) -> list[Thing]:
    found = [thing_of(one) for one in (plain if isinstance(plain, list) else [plain])]
    return [thing for thing in found if thing is not None]


def _clean(piece: bytes) -> str:
    """The text of a document as YAML accepts it: no control characters, no tabs or no-break blanks for indentation."""
    try:
        text = piece.decode("utf-8")
    except UnicodeDecodeError:
        text = piece.decode("cp1252", "replace")
    text = _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n"))
    if "\t" in text or "\xa0" in text:
        text = re.sub(r"^[ \t\xa0-]*", lambda m: m[0].replace("\t", "  ").replace("\xa0", " "), text, flags=re.MULTILINE)
    return text


def _cut(text: str, error: yaml.YAMLError) -> str | None:
    """The text before the line from which on it could not be parsed; None where nothing is left."""
    marks = [m.line for m in (getattr(error, "context_mark", None), getattr(error, "problem_mark", None)) if m is not None]
    if not marks:
        return None
    lines = text.splitlines(keepends=True)
    line = min(marks)
    if line >= len(lines):
        line = len(lines) - 1
    return "".join(lines[:line]) if line > 0 else None


def _has_alias(piece: bytes) -> bool:
    """Whether a document really has an alias, not only a text that looks like one. Nothing is unfolded by this."""
    try:
        return any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(_clean(piece), _Loader))
    except (yaml.YAMLError, RecursionError):
        return True
