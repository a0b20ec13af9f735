"""What the clouds' CLIs answered, by what each answer is; an answer out of a file counts like one that was asked for. Pure."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from whypull.egress.nouns import Command, Found

ROUNDS = 12  # an answer may raise the next question, but not for ever
_AWS = {
    "Reservations": "reservation", "Subnets": "subnet", "RouteTables": "route table", "NatGateways": "nat gateway",
    "VpcEndpoints": "vpc endpoint", "NetworkInterfaces": "network interface", "SecurityGroups": "security group",
    "pullThroughCacheRules": "pull through rule", "AttachedPolicies": "attached policy",
}  # fmt: skip
_GOOGLE = re.compile(r"compute#(\w+)")
_AZURE = re.compile(r"/providers/(microsoft\.[\w.]+/.+)$")


class Told:
    """Everything that was told so far, and which questions were asked."""

    def __init__(self) -> None:
        self._things: dict[str, list[dict[str, Any]]] = {}  # a kind with no things: it was told that there are none
        self.asked: dict[tuple[str, ...], str] = {}  # argv → why there is no answer; empty where there is one

    def hear(self, command: Command, answer: object, problem: str = "") -> None:
        """Takes the answer to a question; `problem` says why there is none."""
        self.asked[command.argv] = problem
        if not problem:
            self.take(answer, dict(command.context))

    def take(self, document: object, context: Mapping[str, str] | None = None) -> bool:
        """Takes a decoded answer; whether anything in it was recognised."""
        taken = False
        for kind, thing in _things(document):
            held = self._things.setdefault(kind, [])
            held += [{**thing, **(context or {})}] if thing else []
            taken = True
        return taken

    def heard_of(self, kind: str) -> bool:
        """Whether anything was told of a kind, be it that there is none."""
        return kind in self._things

    def of(self, kind: str) -> list[dict[str, Any]]:
        """All things of a kind: "aws subnet", "google router", "microsoft.network/natgateways", …"""
        return self._things.get(kind, [])

    def one(self, kind: str, **fields: str) -> dict[str, Any] | None:
        """The first thing of a kind whose fields have these values; letter case does not matter, as in Azure's ids."""
        wanted = {name: value.lower() for name, value in fields.items()}
        for thing in self.of(kind):
            if all(str(get(thing, name, "")).lower() == value for name, value in wanted.items()):
                return thing
        return None

    def answered(self, command: Command) -> bool:
        """Whether this question has an answer."""
        return self.asked.get(command.argv) == ""

    def failed(self, command: Command) -> str:
        """Why this question has no answer; empty where it has one or was not asked."""
        return self.asked.get(command.argv, "")


def settle(
    look: Callable[[Told], Found], told: Told, perform: Callable[[Sequence[Command]], Iterable[tuple[Command, object, str]]]
) -> Found:
    """Looks, asks what is wanted, and looks again until nothing new is wanted.

    `perform` answers questions: (question, decoded answer, why there is none).
    """
    found = look(told)
    for _ in range(ROUNDS):
        new = [one for one in dict.fromkeys(found.wants) if one.argv not in told.asked]
        if not new:
            break
        heard = False
        for command, answer, problem in perform(new):
            told.hear(command, answer, problem)
            heard = True
        if not heard:
            break
        found = look(told)
    return found


def get(thing: object, name: str, default: Any = None) -> Any:
    """A field of a thing, whatever its letter case: az has written privateIpAddress and privateIPAddress."""
    if not isinstance(thing, dict):
        return default
    if name in thing:
        return thing[name] if thing[name] is not None else default
    low = name.lower()
    for key, value in thing.items():
        if isinstance(key, str) and key.lower() == low:
            return value if value is not None else default
    return default


def items(thing: object, *names: str) -> list[Any]:
    """A list that is reached by field names; empty where there is none."""
    for name in names:
        thing = get(thing, name)
    return [one for one in thing if one is not None] if isinstance(thing, list) else []


def text(thing: object, *names: str) -> str:
    """A text that is reached by field names; empty where there is none."""
    for name in names:
        thing = get(thing, name)
    return thing if isinstance(thing, str) else ""


def _things(document: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each thing of an answer with its kind; a list that is empty with nothing."""
    if isinstance(document, list):
        for one in document:
            yield from _things(one) if isinstance(one, dict) else ()
        return
    if not isinstance(document, dict):
        return
    for key, kind in _AWS.items():
        if isinstance(document.get(key), list):
            yield f"aws {kind}", {}
            yield from ((f"aws {kind}", one) for one in document[key] if isinstance(one, dict))
            return
    kind = _kind(document)
    if kind == "google instance":
        document = {
            key: value for key, value in document.items() if key != "metadata"
        }  # it holds the kubelet's bootstrap secrets
    if kind:
        yield kind, _flat(document) if kind.startswith("microsoft.") else document


def _kind(document: dict[str, Any]) -> str:
    """What a thing is; empty for what is not known."""
    return _aws_kind(document) or _google_kind(document) or _azure_kind(document)


def _aws_kind(document: dict[str, Any]) -> str:
    if {"Account", "UserId", "Arn"} <= document.keys():
        return "aws caller"
    if "InstanceProfile" in document:
        return "aws instance profile"
    if "policyText" in document and "registryId" in document:
        return "aws repository policy" if "repositoryName" in document else "aws registry policy"
    return ""


def _google_kind(document: dict[str, Any]) -> str:
    google = _GOOGLE.fullmatch(str(document.get("kind", "")))
    if google:
        return f"google {google[1]}"
    if isinstance(document.get("nodePools"), list) and "location" in document:
        return "google cluster"
    if re.search(r"/repositories/[^/]+$", str(document.get("name", ""))) and "format" in document:
        return "google repository"
    if set(document) <= {"account", "status"} and document.get("account"):
        return "google account"
    return ""


def _azure_kind(document: dict[str, Any]) -> str:
    if "tenantId" in document and "environmentName" in document:
        return "azure account"
    return _azure_type(str(document.get("id", "")))


def _azure_type(resource: str) -> str:
    """A resource id's type in lower case: microsoft.network/virtualnetworks/subnets. Empty for what is no id."""
    found = _AZURE.search(resource.lower())
    if not found or not resource.startswith("/subscriptions/"):
        return ""
    words = found[1].rpartition("/providers/")[2].split("/")
    return "/".join([words[0], *words[1::2]])


def _flat(thing: Any) -> Any:
    """A resource as `az TYPE show` prints it, also where `az resource show` puts its fields under properties."""
    if isinstance(thing, list):
        return [_flat(one) for one in thing]
    if not isinstance(thing, dict):
        return thing
    flat = {key: _flat(value) for key, value in thing.items() if key != "properties"}
    inner = thing.get("properties")
    return {**_flat(inner), **flat} if isinstance(inner, dict) else flat
