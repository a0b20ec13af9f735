"""Image references: grammar, full form, and in plain words what is wrong with a malformed one. Pure.

The rules are those of https://github.com/distribution/reference (regexp.go, normalize.go), which the kubelet,
containerd and CRI-O share.
"""

from __future__ import annotations

import re
from functools import lru_cache

from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCKER_HUB = "docker.io"
DEFAULT_TAG = "latest"
LONGEST_PATH = 255
_SPOKEN_TO = {DOCKER_HUB: "registry-1.docker.io"}
_QUOTES = "[\"'`“”‘’]"
_LINE_ENDS = "\r\n"
_INVISIBLE = r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]"
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_MOST_LOOKED_AT = 4096  # characters of a malformed text that are searched for its fault


class InvalidReference(ValueError):
    """A text that is no image reference. Its message is what the kubelet and the runtimes say of it.

    `wrong` says in plain words what is the matter; `instead` is a reference that would do, or empty.
    """

    def __init__(self, message: str, written: str) -> None:
        super().__init__(message)
        self.written = written
        self.wrong, self.instead = _fault(written[:_MOST_LOOKED_AT], message)


@dataclass(frozen=True, slots=True)
class Reference:
    """An image reference, taken apart. `tag` and `digest` are empty where the text has none."""

    written: str
    domain: str  # docker.io for short names
    path: str  # library/nginx
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """The repository's full name, docker.io/library/nginx: what pull secrets are held against."""
        return f"{self.domain}/{self.path}"

    @property
    def tag_or_digest(self) -> str:
        """What is asked of the registry: the digest, else the tag, else latest."""
        return self.digest or self.tag or DEFAULT_TAG

    @property
    def normalised(self) -> str:
        """The full reference as runtimes print it; a tag beside a digest is dropped, as it is for a pull."""
        return f"{self.name}{'@' if self.digest else ':'}{self.tag_or_digest}"

    @property
    def registry_host(self) -> str:
        """The host that is spoken to, with its port: registry-1.docker.io for docker.io, else the domain."""
        return _SPOKEN_TO.get(self.domain, self.domain)


def parse(text: str) -> Reference:
    """The reference that a pod's image means. Raises InvalidReference with the kubelet's words."""
    message, found = _parse(text)
    if found is None:
        raise InvalidReference(message, text)
    return found


def host_of(text: str) -> str:
    """The registry host that an image text means, be it malformed; docker.io for short names, '' if none."""
    found = _parse(text)[1]
    if found:
        return found.domain
    bare = text[:_MOST_LOOKED_AT].strip().strip("\"'`")
    scheme, separator, rest = bare.partition("://")
    if separator and scheme.isalnum():
        bare = rest
    first, slash, _ = bare.partition("/")
    if scheme == "ko" or not first or re.search(r"[{}$<>()%#\s]", first.partition(":")[0]):
        return ""
    if slash:
        domain = _split(bare)[0]
        return domain if domain == DOCKER_HUB else _host_and_port(first.rpartition("@")[2])
    return _host_and_port(first) if scheme in {"http", "https"} else DOCKER_HUB


def is_docker_hub(repository: str) -> bool:
    """Whether the kubelet falls back to a Docker Hub credential for a repository. localhost/app counts, too.

    The rule is isDefaultRegistryMatch of kubernetes/pkg/credentialprovider/keyring.go.
    """
    first, slash, _ = repository.partition("/")
    if not slash or not first:
        return bool(first)
    return first in {DOCKER_HUB, "index.docker.io"} or not ("." in first or ":" in first)


def _host_and_port(first: str) -> str:
    """What is a host in the first part of a malformed text: a port that is no number is left out."""
    found = re.match(r"(\[[0-9A-Fa-f:]*\]|[A-Za-z0-9_.-]*)(:\d+(?![^:]))?", first)
    return found[0][:LONGEST_PATH] if found else ""


# ---------------------------------------------------------------- the grammar


@lru_cache(maxsize=1)
def _grammar() -> re.Pattern[str]:
    label = r"[a-zA-Z0-9]++(?:-++[a-zA-Z0-9]++)*+"
    host = rf"(?:{label}(?:\.{label})*+|\[[a-fA-F0-9:]++\])"
    component = r"[a-z0-9]++(?:(?:\.|__?|-++)[a-z0-9]++)*+"
    # my_registry.example.com is no domain by this grammar, and yet accepted: as a part of the path.
    domain = rf"(?P<domain>{host}(?::[0-9]++)?|{component})"
    name = rf"(?P<name>{domain}/(?P<path>{component}(?:/{component})*+))"
    tag = r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    algorithm = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*"
    return re.compile(rf"{name}{tag}(?:@(?P<digest>{algorithm}:[0-9a-fA-F]{{32,}}))?")


@lru_cache(maxsize=512)  # one image is asked about many times: its host, its parts, whether it is the same as another
def _parse(text: str) -> tuple[str, Reference | None]:
    """The reference; or the words of distribution/reference and None."""
    if re.fullmatch("[a-f0-9]{64}", text):
        return f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings", None
    domain, remainder = _split(text)
    remote = remainder.partition(":")[0]
    if remote.lower() != remote:
        return f"invalid reference format: repository name ({remote}) must be lowercase", None
    full = f"{domain}/{remainder}"
    found = _grammar().fullmatch(full)
    if found is None:
        lower = full.lower()
        too_high = lower != full and _grammar().fullmatch(lower)
        return "repository name must be lowercase" if too_high else "invalid reference format", None
    path = found["name"] if "_" in found["domain"] else found["path"]
    if len(path) > LONGEST_PATH:
        return f"repository name must not be more than {LONGEST_PATH} characters", None
    digest = found["digest"] or ""
    if message := _wrong_digest(digest):
        return message, None
    return "", Reference(text, found["domain"], found["path"], found["tag"] or "", digest)


def _split(text: str) -> tuple[str, str]:
    """The domain and the rest; the rest is not looked at yet."""
    first, slash, rest = text.partition("/")
    if not slash:
        return DOCKER_HUB, f"library/{text}"
    if first == "index.docker.io":
        first = DOCKER_HUB
    elif first != "localhost" and "." not in first and ":" not in first and first.lower() == first:
        first, rest = DOCKER_HUB, text
    if first == DOCKER_HUB and "/" not in rest:
        rest = f"library/{rest}"
    return first, rest


def _wrong_digest(digest: str) -> str:
    """What github.com/opencontainers/go-digest says of a digest that fits the grammar; '' if it is right."""
    if not digest:
        return ""
    algorithm, _, value = digest.partition(":")
    if algorithm not in _DIGEST_LENGTHS:
        known_form = re.fullmatch(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*", algorithm)
        return "unsupported digest algorithm" if known_form else "invalid checksum digest format"
    if len(value) != _DIGEST_LENGTHS[algorithm]:
        return "invalid checksum digest length"
    return "" if value == value.lower() else "invalid checksum digest format"


# ---------------------------------------------------------------- what is wrong, in plain words


def _fault(text: str, message: str) -> tuple[str, str]:
    """What is wrong, and a reference that would do (or '')."""
    if message.startswith("repository name must not"):
        return f"the repository's name has more than {LONGEST_PATH} characters", ""
    for look in _LOOKS:
        for wrong, instead in look(text):
            return wrong, instead if instead != text and _parse(instead)[1] else ""
    return f"this is no image reference ({message[:120]})", ""


def _placeholders(text: str) -> Iterator[tuple[str, str]]:
    if not text:
        yield "the image is empty", ""
    if text.startswith("ko://"):
        yield "ko:// is a placeholder, in the place of which ko resolve puts the image that it built", ""
    template = re.search(
        r"\$\{[^}]*\}?|\{\{.*?(?:\}\}|$)|\$\([^)]*\)?|%!\w?\([^)]*\)?|#\{[^}]*\}#?|<no value>|<nil>"
        r"|\$[A-Za-z_][A-Za-z0-9_]*|@@\w+@@|%\w+%",
        text,
    )
    if template:
        yield f"the template part {template[0][:80]} was not filled in", ""
    if angle := re.search(r"<[^<>]*>", text):
        yield f"{angle[0][:80]} stands for a value that was not filled in", ""


def _surroundings(text: str) -> Iterator[tuple[str, str]]:
    scheme = re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*)://+", text)
    if scheme:
        rest = _without_account(text[scheme.end() :].strip())
        only_host = scheme[1].lower().startswith("http") and "/" not in rest
        yield f"an image is written without {scheme[1]}://", "" if only_host else rest
    if re.match(r"[^/]*@[^/]*/", text):
        yield (
            "there is an account before the host; credentials belong into a pull secret",
            _without_account(text),
        )
    if re.search(_QUOTES, text):
        yield "there is a quotation mark in it", re.sub(_QUOTES, "", text)
    if text != text.strip():
        yield "there is a blank before or after it", text.strip()
    if blank := re.search(r"\s", text):
        yield f"there is a {'line break' if blank[0] in _LINE_ENDS else 'blank'} in it", ""
    if re.search(_INVISIBLE, text):
        yield "there is an invisible character in it", re.sub(_INVISIBLE, "", text)


def _without_account(text: str) -> str:
    return re.sub(r"^[^/]*@(?=[^/]*/)", "", text)


def _slashes(text: str) -> Iterator[tuple[str, str]]:
    fewer = re.sub(r"/{2,}", "/", text).strip("/")
    if text.startswith("/"):
        yield "it starts with a slash: what was put before it, mostly the registry, is empty", fewer
    if text.endswith("/"):
        yield "it ends with a slash: the repository's name is missing", ""
    if "//" in text:
        yield "there are two slashes in a row: a part between them is empty", fewer


def _hosts(text: str) -> Iterator[tuple[str, str]]:
    first, slash, rest = text.partition("/")
    if not slash or not re.search(r"[.:]", first):
        return
    if re.fullmatch(r"[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*", first):
        yield "an IPv6 address needs brackets", f"[{first}]/{rest}"
    host, colon, port = first.rpartition(":")
    if colon and not port:
        yield "the registry's port after the colon is empty", f"{host}/{rest}"
    if colon and not port.isdigit() and not _parse(f"{host}/{rest}")[1]:
        yield f"{first[:80]} is no registry host", ""
    if colon and not port.isdigit():
        wrong = f"the registry's port must be a number, not {port[:40]}, and a tag comes last"
        yield wrong, f"{host}/{rest}:{port}"
    if colon and "_" in host:
        yield f"a host name with an underscore cannot have a port: {first[:80]}", ""


def _tags(text: str) -> Iterator[tuple[str, str]]:
    name, at, digest = text.partition("@")
    directory, _, last = name.rpartition("/")
    prefix = f"{directory}/" if directory else ""
    app, colon, tag = last.partition(":")
    if colon and not app:
        yield "the repository's name before the tag is missing", ""
    if colon and not tag:
        yield "the tag after the colon is empty", f"{prefix}{app}{at}{digest}"
    if ":" in tag:
        first_tag, _, last_tag = tag.partition(":")
        yield "there are two colons: a tag can be given only once", f"{prefix}{app}:{last_tag or first_tag}"
    if at and not digest:
        yield "the digest after @ is missing", name
    if len(tag) > 128:
        yield f"the tag has {len(tag)} characters; 128 is the most", ""
    if tag and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", tag):
        fitting = re.sub(r"[^A-Za-z0-9_.-]", "_", tag).lstrip("-.")
        yield f"the tag {tag[:80]} {_tag_fault(tag)}", f"{prefix}{app}:{fitting}{at}{digest}"
    if at:
        yield from _digests(name, digest)


def _tag_fault(tag: str) -> str:
    if tag[0] in "-.":
        return f"starts with {tag[0]}; letters, digits and _ may come first"
    if "+" in tag:
        return "has a +, which a tag cannot have (SemVer's build part is mostly written with _ instead)"
    return "has characters other than letters, digits, _, . and -"


def _digests(name: str, digest: str) -> Iterator[tuple[str, str]]:
    algorithm, colon, value = digest.partition(":")
    wanted = _DIGEST_LENGTHS.get(algorithm.lower(), 0)
    if not colon or not wanted:
        yield "a digest is sha256: and 64 hexadecimal digits", f"{name}@sha256:{digest.lower()}"
    if not re.fullmatch("[0-9a-fA-F]*", value):
        yield "the digest has characters that are no hexadecimal digits", ""
    if len(value) != wanted:
        yield f"a {algorithm} digest has {wanted} hexadecimal digits, this one has {len(value)}", ""
    if digest != digest.lower():
        yield "a digest is written in lower case", f"{name}@{digest.lower()}"


def _names(text: str) -> Iterator[tuple[str, str]]:
    if re.fullmatch("[a-f0-9]{64}", text):
        yield "64 hexadecimal digits alone are taken for an image id, not for a name", ""
    domain, remainder = _split(text)
    path = remainder.partition(":")[0]
    if path.lower() != path:
        written = remainder if text.endswith(remainder) else remainder.removeprefix("library/")
        host, (name, colon, tag) = text.removesuffix(written), written.partition(":")
        yield "a repository's name has no upper-case letters", f"{host}{name.lower()}{colon}{tag}"
    if strange := re.search(r"[^a-z0-9._/@-]", path):
        yield f"a repository's name cannot have the character {strange[0]}", ""
    for component in path.split("/"):
        if not re.fullmatch(r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*", component):
            yield f"{component[:80]} is no name: . _ and - stand between letters or digits, . only once", ""
    yield f"{domain[:80]} is no registry host", ""


_LOOKS: tuple[Callable[[str], Iterator[tuple[str, str]]], ...] = (
    _placeholders, _surroundings, _slashes, _hosts, _tags, _names,
)  # fmt: skip
