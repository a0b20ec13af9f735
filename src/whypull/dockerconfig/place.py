"""Which images the key of a docker config entry stands for, as the kubelet compares them. Pure.

The rules are those of https://github.com/kubernetes/kubernetes/blob/master/pkg/credentialprovider/keyring.go
(Add, URLsMatch) and of Go's net/url, net.SplitHostPort and path/filepath.Match beneath it.
"""

from __future__ import annotations

import re

from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    # What one position of a pattern lets in, as ranges of characters; None for a star.
    Token: TypeAlias = tuple[tuple[str, str], ...] | None


@dataclass(frozen=True, slots=True)
class Place:
    """What a key, or an image's repository, comes to when it is compared."""

    index: str = ""  # host, port and path as one text: what keys are sorted by
    labels: tuple[str, ...] = ()  # the host at its dots
    port: str = ""
    path: str = ""  # "" or with its slash
    error: str = ""  # why it is no URL: then it matches nothing

    @property
    def host(self) -> str:
        """The host without its port."""
        return ".".join(self.labels)


def key_place(key: str) -> Place:
    """What a docker config's key stands for."""
    try:
        host, path = _url(re.sub("^https?://", "", key))
    except ValueError as error:
        return Place(error=str(error))
    if path.startswith(("/v1/", "/v2/")):
        path = path[3:]
    # The index is a text, and is taken apart again at each look-up.
    return place(host if path in {"", "/"} else host + path)


def place(text: str) -> Place:
    """What a repository's full name, or an index, stands for."""
    try:
        host, path = _url(text)
    except ValueError as error:
        return Place(index=text, error=str(error))
    name, port = _host_port(host)
    return Place(text, tuple(name.split(".")), port, path)


def fits(key: Place, target: Place) -> bool:
    """Whether the kubelet takes the key for this target: by port, path's beginning, and label by label."""
    return (
        not (key.error or target.error)
        and key.port == target.port
        and target.path.startswith(key.path)
        and labels_fit(key.labels, target.labels)
    )


def labels_fit(patterns: tuple[str, ...], labels: tuple[str, ...]) -> bool:
    """Whether there are as many patterns as labels, and each label is covered by its pattern."""
    return len(patterns) == len(labels) and all(map(_glob, patterns, labels))


def _url(rest: str) -> tuple[str, str]:
    """Host with port, and decoded path, of https://<rest>. Raises ValueError with net/url's words."""
    rest, _, fragment = rest.partition("#")
    if re.search(r"[\x00-\x1f\x7f]", rest):
        raise ValueError("net/url: invalid control character in URL")
    authority, slash, path = rest.partition("?")[0].partition("/")
    account, at, host = authority.rpartition("@")
    if at and not re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=%@:-]*", account):
        raise ValueError("net/url: invalid userinfo")
    _check_host(host)
    host, path, *_ = [_unescaped(part) for part in (host, slash + path, account, fragment)]
    return host, path


def _check_host(host: str) -> None:
    if host.startswith("["):
        end = host.rfind("]") + 1
        if not end:
            raise ValueError("missing ']' in host")
    else:
        end = host.rfind(":") if ":" in host else len(host)
    if not re.fullmatch("(?::[0-9]*)?", host[end:]):
        raise ValueError(f'invalid port "{host[end:]}" after host')
    if strange := re.search(r"[^A-Za-z0-9._~!$&'()*+,;=:\[\]<>\"%\x80-\U0010ffff-]", host):
        raise ValueError(f'invalid character "{strange[0]}" in host name')
    if ascii_escape := re.search("%(?!25)[0-7][0-9A-Fa-f]", host):
        raise ValueError(f'invalid URL escape "{ascii_escape[0]}"')


def _unescaped(text: str) -> str:
    if bad := re.search(r"%(?![0-9A-Fa-f]{2}).{0,2}", text, re.DOTALL):
        raise ValueError(f'invalid URL escape "{bad[0]}"')
    if "%" not in text:
        return text
    parts = re.split("%([0-9A-Fa-f]{2})", text)
    data = [bytes.fromhex(p) if n % 2 else p.encode("utf-8", "surrogatepass") for n, p in enumerate(parts)]
    return b"".join(data).decode("utf-8", "surrogateescape")


def _host_port(host: str) -> tuple[str, str]:
    """net.SplitHostPort; (host, "") where that would fail."""
    found = re.fullmatch(r"\[([^\[\]]*)\]:([^:\[\]]*)", host) or re.fullmatch(r"([^:\[\]]*):([^:\[\]]*)", host)
    return (found[1], found[2]) if found else (host, "")


def _glob(pattern: str, label: str) -> bool:
    """filepath.Match of one label: * and [a-z]. In time that grows with the product of both lengths."""
    if "*" not in pattern and "[" not in pattern:
        return pattern == label
    tokens = _tokens(pattern)
    if tokens is None:
        return False
    at, token, star, mark = 0, 0, -1, 0
    while at < len(label):
        wanted = tokens[token] if token < len(tokens) else ()
        if wanted is None:
            star, mark, token = token, at, token + 1
        elif any(low <= label[at] <= high for low, high in wanted):
            at, token = at + 1, token + 1
        elif star >= 0:
            mark += 1
            at, token = mark, star + 1
        else:
            return False
    return all(t is None for t in tokens[token:])


def _tokens(pattern: str) -> list[Token] | None:
    """The positions of a pattern; None where Go calls it malformed."""
    # What else a pattern knows (?, ^ and the backslash) a URL's host cannot hold.
    tokens: list[Token] = []
    for found in re.finditer(r"\[((?:[^\]-](?:-[^\]-])?)+)\]|(.)", pattern, re.DOTALL):
        if found[1]:
            ranges = re.findall(r"([^\]-])(?:-([^\]-]))?", found[1], re.DOTALL)
            tokens.append(tuple((low, high or low) for low, high in ranges))
        elif found[2] == "[":
            return None
        else:
            tokens.append(None if found[2] == "*" else ((found[2], found[2]),))
    return tokens
