"""Which credentials the kubelet would send for an image, and why each entry fits or does not. Pure.

The rules are those of https://github.com/kubernetes/kubernetes/blob/master/pkg/credentialprovider/keyring.go,
the same from 1.25 to 1.36.
"""

from __future__ import annotations

import re

from whypull.dockerconfig import JSON_TYPE, LEGACY_TYPE, Credential, Decoded, decode, decode_config
from whypull.dockerconfig.expiry import expires
from whypull.dockerconfig.place import fits, key_place, labels_fit, place
from whypull.records import dataclass
from whypull.reference import DOCKER_HUB, InvalidReference, is_docker_hub, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, TypeAlias

    from whypull.dockerconfig.place import Place
    from whypull.model import AuthEntry, SecretSeen

    Held: TypeAlias = tuple[SecretSeen, AuthEntry, Place]
    Sends: TypeAlias = Literal["nothing", "anonymous", "credentials", "lookup fails"]

__all__ = [
    "Credential", "Decoded", "EntryTrace", "Trace",
    "decode", "decode_config", "expires", "explain", "key_for",
]  # fmt: skip

_HUB_INDEX = "index.docker.io"
_HUB_KEY = f"https://{_HUB_INDEX}/v1/"
# Hosts of Docker's that people name in a pull secret; none of them is the key that counts.
_HUB_HOSTS = frozenset({
    "registry-1.docker.io", "registry.docker.io", "auth.docker.io", _HUB_INDEX,
    "hub.docker.com", "registry.hub.docker.com", "cloud.docker.com", "index.docker.com", "docker.com",
})  # fmt: skip
_LONGEST_SHOWN = 120


@dataclass(frozen=True, slots=True)
class EntryTrace:
    """One entry held against one image."""

    matched: bool  # the kubelet hands it to the runtime
    secret: str  # the Secret's name, or the node's file
    key: str
    why: str  # plain words, without a full stop
    suggest: str = ""  # the key that would match, where this entry seems to be meant for the image's registry
    empty: bool = False  # it matches, and holds nothing that containerd would send


@dataclass(frozen=True, slots=True)
class Trace:
    """Every entry held against one image: those that match, in the order of the attempts, then the rest."""

    image: str
    repository: str  # what keys are compared with; empty where the image is no valid reference
    entries: tuple[EntryTrace, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()  # (secret, why) of those from which nothing is taken
    problem: str = ""  # what makes the whole look-up fail: "acr-pull: illegal base64 data at input byte 4"
    suggest: str = ""  # the key that would match this image

    @property
    def matching(self) -> tuple[EntryTrace, ...]:
        """The entries that are tried, in the kubelet's order; none where the look-up fails."""
        return () if self.problem else tuple(e for e in self.entries if e.matched)

    @property
    def would_send(self) -> Sends:
        """What reaches the registry from these secrets; "anonymous" where what matches is empty."""
        if self.problem:
            return "lookup fails"
        if not self.matching:
            return "nothing"
        return "anonymous" if all(e.empty for e in self.matching) else "credentials"

    @property
    def summary(self) -> str:
        """`would_send` as one sentence."""
        if not self.repository:
            return f"The image is no valid reference ({self.problem}), so the kubelet asks nobody."
        order = ", then ".join(f"{_shown(e.key)} of {e.secret}" for e in self.matching)
        return {
            "lookup fails": f"The kubelet cannot read a pull secret ({self.problem}), so it does not pull.",
            "nothing": f"No entry matches {self.repository}, so the kubelet sends no credentials.",
            "anonymous": f"What matches is empty ({order}), so the runtime asks as anonymous.",
            "credentials": f"The kubelet sends {order}.",
        }[self.would_send]


def explain(image: str, secrets: Sequence[SecretSeen], node: Sequence[SecretSeen] = ()) -> Trace:
    """What the kubelet would send for an image, and why. Nothing is raised.

    `secrets` are the pull secrets in the pod's order, `node` the node's own docker config: it is tried after
    them, and passed over where it cannot be read. Credential provider plugins would come last.
    """
    try:
        repository = parse(image).name
    except InvalidReference as error:
        return Trace(image, "", problem=str(error)[:_LONGEST_SHOWN])
    found = [*_keyring(secrets, repository), *_keyring(node, repository)]
    return Trace(
        image,
        repository,
        entries=(*(e for e in found if e.matched), *(e for e in found if not e.matched)),
        unread=tuple((s.name, s.problem or s.ignored) for s in (*secrets, *node) if not s.entries),
        problem=next((f"{s.name}: {s.problem}" for s in secrets if s.problem), ""),
        suggest=key_for(repository),
    )


def key_for(repository: str) -> str:
    """The key under which a credential for this repository's registry belongs; empty where none can match."""
    domain = repository.partition("/")[0]
    if domain.endswith("]"):
        return ""
    return _HUB_KEY if domain == DOCKER_HUB else domain


# ---------------------------------------------------------------- the look-up


def _keyring(secrets: Sequence[SecretSeen], repository: str) -> list[EntryTrace]:
    """The entries that match, longer keys of a host first, then the others as they are written.

    Keys of one secret that come to the same place have no order in Go; here they keep that of the file.
    """
    target = place(repository)
    held = [(s, e, key_place(e.key)) for s in secrets for e in s.entries]
    chosen = [h for h in held if fits(h[2], target)]
    direct = bool(chosen)
    hub = is_docker_hub(repository)
    if hub and not direct:
        chosen = [h for h in held if h[2].index == _HUB_INDEX and not h[2].error]
    chosen.sort(key=lambda h: h[2].index, reverse=True)
    hidden_by = f"{_shown(chosen[0][1].key)} of {chosen[0][0].name}" if hub and direct else ""
    taken = {id(h) for h in chosen}
    return [
        *(_matched(h, target, direct=direct) for h in chosen),
        *(_unmatched(h, target, repository, hidden_by) for h in held if id(h) not in taken),
    ]


def _matched(held: Held, target: Place, *, direct: bool) -> EntryTrace:
    secret, entry, at = held
    empty = not (entry.has_username and entry.has_password)
    why = "the kubelet falls back to Docker Hub's key, as no other one matches"
    if direct:
        fit = "is the image's" if at.labels == target.labels else f"covers {_host(target)}, label by label"
        why = f"the key's host {_host(at)} {fit}{_path_fits(at.path, target.path)}"
    return EntryTrace(True, secret.name, entry.key, why + _content(entry), empty=empty)


def _unmatched(held: Held, target: Place, repository: str, hidden_by: str) -> EntryTrace:
    why, near = _why_not(held, target, hidden_by)
    return EntryTrace(False, held[0].name, held[1].key, why, key_for(repository) if near else "")


# ---------------------------------------------------------------- in plain words


def _path_fits(path: str, whole: str) -> str:
    if path in {"", "/"}:
        return ""
    words = f", and the image's path {_shown(whole)} begins with {_shown(path)}"
    if not path.endswith("/") and whole[len(path) :][:1] not in {"", "/"}:
        words += " (text is compared, not whole parts of the path)"
    return words


def _content(entry: AuthEntry) -> str:
    """What about the entry's content matters for a pull."""
    words = ""
    if not (entry.has_username or entry.has_password):
        words = "; it holds neither username nor password, so containerd asks as anonymous"
    elif not (entry.has_username and entry.has_password):
        missing = "username" if entry.has_password else "password"
        words = f"; its {missing} is empty, so containerd asks as anonymous"
    if entry.dropped:
        words += f"; the kubelet does not read {', '.join(entry.dropped)}"
    return words + (f"; its password ends at {entry.expires}" if entry.expires else "")


def _why_not(held: Held, target: Place, hidden_by: str) -> tuple[str, bool]:
    """Why an entry does not match, and whether it seems to be meant for the image's registry."""
    secret, entry, at = held
    key = entry.key
    if secret.type == LEGACY_TYPE and key == "auths":
        return f'type {LEGACY_TYPE} takes "auths" for a host; this content is for type {JSON_TYPE}', False
    malformed = _malformed(key, at)
    if malformed:
        bare = key_place(re.sub(":[^/:]*$", "", key))
        return malformed, target.host.lower() in key.lower() or labels_fit(bare.labels, target.labels)
    if at.index == _HUB_INDEX and hidden_by:
        return f"{hidden_by} matches, and the kubelet tries {_HUB_INDEX} only where nothing else does", False
    if target.host == DOCKER_HUB and at.host in _HUB_HOSTS:
        return _hub(at), True
    lower = tuple(label.lower() for label in at.labels)
    if labels_fit(lower, tuple(label.lower() for label in target.labels)):
        return _same_host(at, target), True
    return _other_host(key, at, target)


def _malformed(key: str, at: Place) -> str:
    if key != key.strip():
        return "there is a blank before or after the key, so the kubelet ignores the entry"
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:(?=//)", key)
    if scheme and scheme[0] not in {"http:", "https:"}:
        return f"only http:// and https:// are taken off a key, so the kubelet takes {scheme[0]} for its host"
    if not at.error:
        return "" if at.host else "the key has no host"
    if at.error.startswith('invalid port ":') and "*" in at.error:
        return "a port cannot be a wildcard, so the kubelet ignores the entry"
    return f"the key is no valid URL, so the kubelet ignores the entry: {_shown(at.error)}"


def _hub(at: Place) -> str:
    if at.host != _HUB_INDEX:
        return f"{at.host} is no key for Docker Hub: the kubelet looks for {DOCKER_HUB} and for {_HUB_KEY}"
    if at.path in {"/v1", "/v2"}:
        return (
            f"the key is for host {_HUB_INDEX} without the trailing slash of {at.path}/, "
            f'so the kubelet compares the path "{at.path}"'
        )
    return f"for Docker Hub only {_HUB_KEY} itself counts, and this key goes on with {_shown(_rest(at))}"


def _rest(at: Place) -> str:
    return f":{at.port}{at.path}" if at.port else at.path


def _same_host(at: Place, target: Place) -> str:
    if at.port != target.port:
        ports = [f"port {p.port}" if p.port else "no port" for p in (at, target)]
        default = "; the kubelet does not know that 443 is the default" if {at.port, target.port} == {"", "443"} else ""
        return f"the key has {ports[0]} and the image has {ports[1]}{default}"
    if not labels_fit(at.labels, target.labels):
        return f"upper and lower case differ: the key has {at.host}, the image {target.host}"
    path = at.path
    if path in {"/v1", "/v2"}:
        return f'the key ends with {path} without a trailing slash, so the kubelet compares the path "{path}"'
    if ":" in path and target.path.startswith(path.partition(":")[0]):
        return "a tag is no part of a key"
    if "*" in path:
        return "a wildcard works in the host only, not in the path"
    case = " (upper and lower case differ)" if target.path.lower().startswith(path.lower()) else ""
    return f"the key is for paths that begin with {_shown(path)}, and the image's is {_shown(target.path)}{case}"


def _other_host(key: str, at: Place, target: Place) -> tuple[str, bool]:
    if at.labels == target.labels:
        return (
            "the kubelet reads brackets as a set of characters, so no IPv6 key without a port matches",
            False,
        )
    fixed = [label for label in at.labels if "*" not in label]
    related = list(target.labels[len(target.labels) - len(fixed) :]) == fixed
    if len(fixed) < len(at.labels) and len(at.labels) != len(target.labels):
        counts = f"the key has {len(at.labels)}, {_host(target)} has {len(target.labels)}"
        return f"a wildcard covers one label only, and the label count differs: {counts}", related
    parent = f".{target.host}".endswith(f".{at.host}") or f".{at.host}".endswith(f".{target.host}")
    if parent and "." in at.host and "." in target.host:
        return f"the label count differs: a key for {_host(at)} does not cover {_host(target)}", True
    ecr = [re.fullmatch(r"(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\..*", p.host) for p in (at, target)]
    if ecr[0] and ecr[1]:
        what = "account" if ecr[0][1] != ecr[1][1] else "region"
        return f"the key is for {_host(at)}, a registry of another ECR {what} than the image's", True
    dropped = ", as everything from the ? on is dropped" if "?" in key else ""
    return f"the key is for another host, {_host(at)}{dropped}", False


def _host(at: Place) -> str:
    name = f"[{at.host}]" if at.port and ":" in at.host else at.host
    return _shown(f"{name}:{at.port}" if at.port else name)


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
