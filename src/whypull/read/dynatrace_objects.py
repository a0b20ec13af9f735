"""Texts and files with Dynatrace's objects → plain objects for the picture, and the rest of the text: logs, describes."""

from __future__ import annotations

import json
import re

from whypull.dynatrace.dynakube import is_dynakube
from whypull.dynatrace.installation import Objects
from whypull.dynatrace.logs import looks_like, read_log
from whypull.read.object_secrets import secret_seen
from whypull.read.object_structs import thing_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from whypull.dynatrace import CsiPull, Download

LARGEST = 64 << 20  # characters of one input
DEEPEST = 4
_API_VERSION = re.compile(r"^[ \t]*(?:- )?apiVersion[ \t]*:", re.MULTILINE)
_DOCUMENTS = re.compile(r"^---(?:[ \t].*)?$|^\.\.\.[ \t]*$", re.MULTILINE)
_DESCRIBED = re.compile(r"^API Version:[ \t]+dynatrace\.com/", re.MULTILINE)
_DESCRIPTION = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z][^:\n]{0,120}):(?:[ \t]+(?P<value>.*\S))?[ \t]*$")


class Material:
    """What inputs hold that tells of Dynatrace."""

    def __init__(self) -> None:
        self.objects = Objects()
        self.pulls: list[CsiPull] = []
        self.downloads: list[Download] = []
        self.notes: dict[str, None] = {}

    @property
    def tells(self) -> bool:
        """Whether anything of Dynatrace was found."""
        installed = self.objects.settled()
        return bool(self.objects.dynakubes or installed.injected or installed.images or self.pulls or self.downloads)

    def read(self, text: str) -> None:
        """Takes one input: JSON, YAML, `kubectl describe dynakube`, or a log of one of Dynatrace's containers."""
        text = text[:LARGEST]
        for thing in objects_in(text):
            self.add(thing)
        if looks_like(text):
            pulls, downloads = read_log(text.splitlines())
            self.pulls += pulls
            self.downloads += downloads

    def add(self, thing: dict[str, Any]) -> None:
        """Takes one object; a list's items each."""
        for one in _unwrapped(thing):
            if is_dynakube(one):
                self.objects.dynakubes.append(one)
            elif one.get("kind") == "Secret":
                self._secret(one)
            else:
                self.objects.add(one)

    def _secret(self, thing: dict[str, Any]) -> None:
        from binascii import Error, a2b_base64  # noqa: PLC0415

        try:
            seen = secret_seen(thing_of(thing))
        except Exception as e:
            if type(e).__name__ not in {"ValidationError", "EncodeError"}:
                raise
            return
        data = thing.get("data")
        value = data.get("proxy") if isinstance(data, dict) else None
        try:
            proxy = a2b_base64(value).decode("utf-8", "replace") if isinstance(value, str) and value else None
        except (Error, ValueError):
            proxy = None
        self.objects.secret(seen, proxy)


def _unwrapped(thing: dict[str, Any], kind: str = "", depth: int = 0) -> Iterator[dict[str, Any]]:
    """The objects of a list, or the object itself; items of a typed list may not name their kind."""
    items = thing.get("items")
    name = str(thing.get("kind") or kind)
    if isinstance(items, list) and depth < DEEPEST and (name.endswith("List") or not name):
        inner = name.removesuffix("List")
        for one in items:
            if isinstance(one, dict):
                version = {"apiVersion": thing["apiVersion"]} if inner and "apiVersion" in thing else {}
                yield from _unwrapped({**version, **({"kind": inner} if inner else {}), **one}, depth=depth + 1)
    else:
        yield thing


def objects_in(text: str) -> Iterator[dict[str, Any]]:
    """The objects in a text, whatever stands between them. Never raises."""
    if _DESCRIBED.search(text):
        yield from described(text)
    elif text.lstrip()[:1] in {"{", "["}:
        yield from _json(text)
    elif _API_VERSION.search(text):
        yield from _yaml(text)


def _json(text: str) -> Iterator[dict[str, Any]]:
    decoder, at = json.JSONDecoder(), 0
    while True:
        at = min((p for p in (text.find("{", at), text.find("[", at)) if p >= 0), default=-1)
        if at < 0:
            return
        try:
            found, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("\n", at)
            if at < 0:
                return
            continue
        yield from (one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict) and "kind" in one)


def _yaml(text: str) -> Iterator[dict[str, Any]]:
    import yaml  # noqa: PLC0415 - 15 ms that JSON does not need

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for document in _DOCUMENTS.split(text):
        start = _API_VERSION.search(document)
        if start is None:
            continue
        try:
            found = yaml.load(document[_left_edge(document, start.start()) :], loader)  # noqa: S506 - a safe loader
        except (yaml.YAMLError, ValueError, RecursionError):
            continue
        yield from (one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict))


def _left_edge(document: str, at: int) -> int:
    """Where the object begins: a prompt or a sentence may stand before its first field."""
    before = document[:at].rstrip("\n").rpartition("\n")
    return 0 if not before[2].strip() or ":" in before[2] else at


# ---------------------------------------------------------------- kubectl describe dynakube


def described(text: str) -> Iterator[dict[str, Any]]:
    """The objects that `kubectl describe dynakube` prints: field names in words, indented by two blanks."""
    for block in re.split(r"(?m)^(?=Name:[ \t]+\S)", text):
        if _DESCRIBED.search(block):
            found = _tree([line for line in block.partition("\nEvents:")[0].splitlines() if line.strip()])
            if isinstance(found, dict):
                found.setdefault("kind", "DynaKube")
                yield {
                    **found,
                    "metadata": {
                        "name": str(found.get("Name", "")),
                        "namespace": str(found.get("Namespace", "")),
                        "annotations": _pairs(found.get("Annotations")),
                    },
                }


def _tree(lines: list[str]) -> dict[str, Any] | list[Any]:
    """Lines as a table, or as a list where they are values only or their first name comes again."""
    table: dict[str, Any] = {}
    rows: list[Any] = []
    values: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        indent = len(line) - len(line.lstrip(" "))
        end = at + 1
        while end < len(lines) and len(lines[end]) - len(lines[end].lstrip(" ")) > indent:
            end += 1
        found = _DESCRIPTION.match(line)
        if found is None or (found["value"] is None and end == at + 1 and not line.rstrip().endswith(":")):
            values.append(line.strip())
        else:
            if found["key"] in table:
                rows.append(table)
                table = {}
            below = lines[at + 1 : end]
            if found["value"] and below:  # annotations: the first stands beside the heading
                table[found["key"]] = [found["value"], *(one.strip() for one in below)]
            else:
                table[found["key"]] = _tree(below) if below else found["value"] or {}
        at = end
    if values and not table and not rows:
        return values
    return [*rows, table] if rows else table


def _pairs(found: object) -> dict[str, str]:
    """Annotations: the first stands beside the heading, the others below it, each "key: value"."""
    lines: Iterable[object] = found if isinstance(found, list) else [found] if isinstance(found, str) else ()
    pairs = [str(line).partition(": ") for line in lines]
    if isinstance(found, dict):
        return {str(k): str(v) for k, v in found.items()}
    return {key.strip(): value.strip() for key, mark, value in pairs if mark}
