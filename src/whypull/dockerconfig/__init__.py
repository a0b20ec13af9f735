"""What the kubelet reads in a pull secret or a node's docker config, and its words for what it cannot. Pure.

The rules are those of https://github.com/kubernetes/kubernetes/tree/master/pkg/credentialprovider (config.go,
secrets/secrets.go) and of Go's encoding/base64.
"""

from __future__ import annotations

import re
from binascii import a2b_base64

from whypull.dockerconfig.expiry import expires
from whypull.dockerconfig.gojson import GoError, kind_of, loads
from whypull.model import AuthEntry
from whypull.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from whypull.dockerconfig.gojson import Pairs, Value

MOST_BYTES = 4 << 20  # a Secret holds 1 MiB at most; a node's file is bounded by nobody
JSON_TYPE, JSON_KEY = "kubernetes.io/dockerconfigjson", ".dockerconfigjson"
LEGACY_TYPE, LEGACY_KEY = "kubernetes.io/dockercfg", ".dockercfg"
HELPERS = ("credsStore", "credHelpers")

_READ = ("username", "password", "email", "auth")
# What people and tools write into an entry that the kubelet does not read.
_NOT_READ = (
    "identitytoken", "registrytoken", "auths", "credsStore", "credHelpers",
    "token", "access_token", "bearer", "user", "pass", "login", "authorization",
)  # fmt: skip
# Usernames that say which kind of credential it is, and are the same for everybody.
_WELL_KNOWN = frozenset({
    "AWS", "oauth2accesstoken", "_json_key", "_json_key_base64", "00000000-0000-0000-0000-000000000000",
    "$oauthtoken", "iamapikey", "iambearer", "gitlab-ci-token", "x-access-token", "x-token-auth",
})  # fmt: skip
_ENTRY_TYPE = "credentialprovider.dockerConfigEntryWithAuth"
_GO_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


class Credential:
    """A username and a password. Only reveal() gives them away: no repr, format, pickle or comparison."""

    __slots__ = ("__password", "__username")

    def __init__(self, username: str, password: str) -> None:
        self.__username = username
        self.__password = password

    def reveal(self) -> tuple[str, str]:
        """Username and password, for who sends them. Bytes that are no UTF-8 are surrogate escapes."""
        return self.__username, self.__password

    def __repr__(self) -> str:
        return "Credential(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a credential is not written anywhere")


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the kubelet takes from one docker config. `credentials` has one for each of `entries`."""

    entries: tuple[AuthEntry, ...] = ()
    problem: str = ""  # in the kubelet's words; then it takes nothing
    ignored: str = ""  # why it silently takes nothing
    credentials: tuple[Credential, ...] = field(default=(), repr=False)


def decode(secret_type: str, data: Mapping[str, bytes], created: str = "") -> Decoded:
    """What the kubelet takes from a Secret. `data` is without the API's base64. Nothing is raised.

    `created` (RFC 3339 or empty) is when its content was made.
    """
    keys = {JSON_TYPE: JSON_KEY, LEGACY_TYPE: LEGACY_KEY}
    key = keys.get(secret_type)
    if key is None:
        return Decoded(ignored=_wrong_type(secret_type or "Opaque", data))
    if key not in data:
        there = f"; it has {', '.join(_short(name) for name in list(data)[:3])}" if data else ""
        return Decoded(ignored=f"no key {key}{there}")
    if not data[key]:
        return Decoded(ignored=f"the value of {key} is empty")
    return decode_config(data[key], legacy=secret_type == LEGACY_TYPE, created=created)


def decode_config(content: bytes, *, legacy: bool = False, created: str = "") -> Decoded:
    """What the kubelet takes from a docker config: config.json, or with `legacy` the older .dockercfg.

    `created` (RFC 3339 or empty) is when its content was made. Nothing is raised. A node's file that is not
    readable stops no pull: the kubelet goes on without it.
    """
    if len(content) > MOST_BYTES:
        return Decoded(ignored=f"{len(content)} bytes: larger than a Secret can be, so it was not read")
    try:
        value = loads(content)
        found = _legacy(value) if legacy else _auths(value)
    except GoError as error:
        return Decoded(problem=str(error))
    helpers = () if legacy else tuple(h for h in HELPERS if any(n.lower() == h.lower() for n in _names(value)))
    return Decoded(
        entries=tuple(entry.seen(key, helpers, created) for key, entry in found.items()),
        ignored="" if found else _nothing(value, helpers),
        credentials=tuple(Credential(entry.username, entry.password) for entry in found.values()),
    )


def _wrong_type(secret_type: str, data: Mapping[str, bytes]) -> str:
    wanted = LEGACY_TYPE if LEGACY_KEY in data and JSON_KEY not in data else JSON_TYPE
    return f"type {_short(secret_type)}: as a pull secret it must be of type {wanted}"


def _nothing(value: Value, helpers: tuple[str, ...]) -> str:
    """Why a docker config that is well-formed yields nothing."""
    names = _names(value)
    if helpers:
        return f'"{helpers[0]}" leaves the credentials to a program of the machine that wrote it: none are in it'
    if any(_folds(name, "auths") for name in names):
        return 'its "auths" is empty'
    if not names:
        return "it is empty"
    if "auth" in names:
        return 'it has "auth" where "auths" belongs'
    return f'it has no "auths" around {", ".join(_short(name) for name in names[:3])}'


def _names(value: Value) -> list[str]:
    return [name for name, _ in value] if isinstance(value, list) else []


# ---------------------------------------------------------------- decoding, as Go does it


class _Entry:
    """The entry of one key, with its values."""

    __slots__ = ("dropped", "password", "username")

    def __init__(self, username: str = "", password: str = "", dropped: tuple[str, ...] = ()) -> None:
        self.username = username
        self.password = password
        self.dropped = dropped

    def seen(self, key: str, helpers: tuple[str, ...], created: str) -> AuthEntry:
        """The same without its values."""
        empty = not (self.username or self.password)
        return AuthEntry(
            key=_without_account(key),
            has_username=bool(self.username),
            has_password=bool(self.password),
            username=self.username if self.username in _WELL_KNOWN else "",
            expires=expires(self.username, self.password, created),
            dropped=(*self.dropped, *helpers) if empty else self.dropped,
        )


def _legacy(value: Value) -> dict[str, _Entry]:
    if value is None:
        return {}
    if not isinstance(value, list):
        raise _mismatch(value, "", "credentialprovider.DockerConfig")
    return {key: _entry(entry, "") for key, entry in value}


def _auths(value: Value) -> dict[str, _Entry]:
    """The entries below "auths". A key that comes twice is the later one's; two "auths" are joined."""
    if value is None:
        return {}
    if not isinstance(value, list):
        raise _mismatch(value, "", "credentialprovider.DockerConfigJSON")
    found: dict[str, _Entry] = {}
    later: list[GoError] = []  # Go goes on after a wrong type of its own, and reports the first at the end
    for name, inner in value:
        if _folds(name, "HttpHeaders"):
            later += _header_faults(inner)
        elif not _folds(name, "auths"):
            continue
        elif inner is None:
            found.clear()
        elif isinstance(inner, list):
            found.update((key, _entry(entry, "DockerConfigJSON.auths")) for key, entry in inner)
        else:
            later.append(_mismatch(inner, "DockerConfigJSON.auths", "credentialprovider.DockerConfig"))
    if later:
        raise later[0]
    return found


def _header_faults(value: Value) -> list[GoError]:
    """The kubelet does not use HttpHeaders, and yet refuses a config in which they are of the wrong form."""
    where = "DockerConfigJSON.HttpHeaders"
    if value is not None and not isinstance(value, list):
        return [_mismatch(value, where, "map[string]string")]
    wrong = [inner for _, inner in value or () if inner is not None and not isinstance(inner, str)]
    return [_mismatch(inner, where, "string") for inner in wrong[:1]]


def _entry(value: Value, where: str) -> _Entry:
    """One entry; `where` is the field that Go would name, empty at the top. Raises GoError."""
    if value is None:
        return _Entry()
    if not isinstance(value, list):
        raise _mismatch(value, where, _ENTRY_TYPE)
    fields = dict.fromkeys(_READ, "")
    wrong: list[GoError] = []
    for name, inner in value:
        known = next((f for f in _READ if _folds(name, f)), "")
        if isinstance(inner, str) and known:
            fields[known] = inner
        elif inner is not None and known:
            wrong.append(_mismatch(inner, where or f"dockerConfigEntryWithAuth.{known}", "string"))
    if wrong:
        raise wrong[0]
    dropped = _dropped(value)
    if fields["auth"]:
        return _Entry(*_split_auth(fields["auth"]), dropped)
    return _Entry(fields["username"], fields["password"], dropped)


def _dropped(entry: Pairs) -> tuple[str, ...]:
    there = {name.lower() for name, value in entry if value not in (None, "", [])}
    return tuple(name for name in _NOT_READ if name.lower() in there)


def _folds(name: str, field_name: str) -> bool:
    """Whether Go takes a name for that field: case does not matter."""
    return len(name) == len(field_name) and name.casefold() == field_name.lower()


def _mismatch(value: Value, where: str, wanted: str) -> GoError:
    place = f"Go struct field {where}" if where else "Go value"
    return GoError(f"json: cannot unmarshal {kind_of(value)} into {place} of type {wanted}")


def _split_auth(auth: str) -> tuple[str, str]:
    padded = auth.strip(_GO_BLANKS).endswith("=")
    decoded = go_base64(auth.encode("utf-8", "surrogatepass"), padded=padded)
    username, colon, password = decoded.decode("utf-8", "surrogateescape").partition(":")
    if not colon:
        raise GoError("unable to parse auth field, must be formatted as base64(username:password)")
    return username, password


def go_base64(text: bytes, *, padded: bool) -> bytes:
    """What Go's StdEncoding decodes, RawStdEncoding if not padded. Raises GoError with a byte's number."""
    stranger = re.search(rb"[^A-Za-z0-9+/\r\n]", text)
    end = stranger.start() if stranger else len(text)
    letters = re.sub(rb"[\r\n]+", b"", text[:end])
    wrong = _padding_fault(text, end, len(letters) % 4, padded=padded)
    if wrong is not None:
        raise GoError(f"illegal base64 data at input byte {wrong}")
    return a2b_base64(letters + b"=" * (-len(letters) % 4))


def _padding_fault(text: bytes, end: int, over: int, *, padded: bool) -> int | None:
    """The number of the byte that Go stops at, or None. `over`: letters after the last whole four."""
    if end == len(text):
        return end - over if over == 1 or (over and padded) else None
    if not padded or text[end] != ord("=") or over < 2:
        return end
    after = _visible(text, end + 1)
    if over == 2:
        if after == len(text):
            return after
        if text[after] != ord("="):
            return after - 1
        after = _visible(text, after + 1)
    return after if after < len(text) else None


def _visible(text: bytes, at: int) -> int:
    while at < len(text) and text[at] in b"\r\n":
        at += 1
    return at


# ---------------------------------------------------------------- names that may be shown


def _without_account(key: str) -> str:
    """A key without the account and the query that a URL may have; it matches the same images as before."""
    found = re.match(r"((?:https?://)?)([^/?#]*)@", key)
    if found:
        # What is no valid account stays so: the kubelet ignores the entry for it.
        valid = re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*", found[2])
        key = f"{found[1]}{'***' if valid else '<hidden>'}@{key[found.end() :]}"
    return re.sub(r"^([^?#]*)\?[^#]+", r"\1?***", key)


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:60]}…"
