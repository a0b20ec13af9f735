"""Logs of Dynatrace's own containers → pulls by the CSI driver that failed, and downloads that failed inside a container.

They write one JSON object a line (zap; https://github.com/Dynatrace/dynatrace-operator/blob/main/pkg/logd/logger.go). The CSI
driver says a failed pull at level info, as `err` of "failed to extract agent binaries from image via proxy" or `error` of
"pullImageInfo", in the words of https://github.com/google/go-containerregistry. OneAgent's image writes plain lines.
"""

from __future__ import annotations

import json
import re

from whypull.dynatrace import CsiPull, Download
from whypull.redact import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, Final

LONGEST = 256 * 1024
MOST = 1000  # failures kept of one log

_SAYS = r"\b(?:error|HTTP|status(?: code)?:?)"
# What stands in the way of a download: (reason, what its words look like), the first that fits counts.
REASONS: Final = (
    ("proxy-login", re.compile(r"(?i)proxy authentication required")),
    ("proxy", re.compile(r'(?i)proxyconnect|socks connect|Get "[^"]+": (?:Forbidden|Bad Gateway|Service Unavailable)$')),
    ("authority", re.compile(r"(?i)unknown authority|local issuer certificate|self[- ]signed certificate")),
    ("certificate", re.compile(r"(?i)x509:|tls: |certificate ")),
    ("name", re.compile(r"(?i)no such host|server misbehaving|lookup \S+(?: on \S+)?: .{0,80}(?:i/o timeout|refused)")),
    ("space", re.compile(r"(?i)no space left on device|disk quota exceeded")),
    ("token", re.compile(rf"(?i){_SAYS} 401\b|token (?:authentication failed|is expired)|\bunauthorized\b")),
    ("rights", re.compile(rf"(?i){_SAYS} 403\b|missing.{{0,20}} scope|not permitted")),
    ("version", re.compile(rf"(?i){_SAYS} (?:400|404)\b|version .{{0,60}}not (?:found|available)|constraint")),
    ("throttled", re.compile(rf"(?i){_SAYS} 429\b|too many requests|request limit")),
    ("server", re.compile(rf"(?i){_SAYS} 5\d\d\b")),
    ("unreachable", re.compile(
        r"(?i)i/o timeout|connection (?:refused|reset|timed out)|no route to host|network is unreachable|deadline exceeded|"
        r"Client\.Timeout|handshake timeout|\bEOF\b"
    )),
)  # fmt: skip

_PULL = re.compile(
    r'^(?:getting (?:image|reference) "(?P<image>[^"]{1,600})": |saving v1\.Image img as an OCI Image Layout at path \S{1,300}: |'
    r'parsing reference "(?P<bad>[^"]{0,600})":? ?)'
)
_DOWNLOADS = re.compile(r"/deployment/installer/agent\b")
_INSTALLERS = frozenset({"oneagent-url", "installer-url", "url"})
_STARTERS = frozenset({"injection-startup", "standalone-init", "standalone", "bootstrap", "bootstrapper", "install-oneagent"})
_MASKED = re.compile(r"error has been masked|error was suppressed")
_FAILS = re.compile(r"(?i)fail|error|masked|suppressed|unable")
_AGENT_STARTS = re.compile(
    r"Downloading agent to \S+ via (?:https?://(?P<host>[^/\s:]+))?|Started agent deployment as a container"
)
_AGENT_FAILS = re.compile(r"(?:^|\s)(?:\d\d:\d\d:\d\d )?Error: (?:Download failed|Failed to download)(?P<rest>.{0,300})")
_HOST = re.compile(r'https?://(?:[^/\s"@]{1,200}@)?(?P<host>[^/\s":?]{1,253})')
_PROXY = re.compile(r"proxyconnect tcp: (?:dial tcp:? )?(?:lookup )?(?P<proxy>\[?[\w.:-]{1,253}\]?)")


def read_log(lines: Iterable[str]) -> tuple[list[CsiPull], list[Download]]:
    """What the lines of one container's log say, repeats folded, in order. What a later line shows as mended is left out."""
    log = _Log()
    for line in lines:
        log.take(line[:LONGEST])
    return list(log.pulls.values()), list(log.downloads.values())


class _Log:
    """One log while it is read."""

    def __init__(self) -> None:
        self.pulls: dict[tuple[str, str], CsiPull] = {}
        self.downloads: dict[tuple[str, str], Download] = {}
        self._component = ""
        self._agent = ""  # the host that OneAgent's own installer downloads from
        self._dynakube = ""
        self._unpacks = ""  # the image that is being unpacked

    def take(self, line: str) -> None:
        if "{" in line and (fields := fields_of(line)):
            self._json(fields)
        elif found := _AGENT_STARTS.search(line):
            self._agent = found["host"] or self._agent or "the tenant"
        elif self._agent and (failed := _AGENT_FAILS.search(line)):
            host = "" if self._agent == "the tenant" else self._agent
            self._download(Download("OneAgent", reason_of(failed["rest"]), redacted(line.strip()), host))

    def _json(self, fields: Mapping[str, Any]) -> None:
        logger, said = str(fields.get("logger") or "").lower(), str(fields.get("msg") or "")
        last = logger.rpartition(".")[2]
        if "csi" in logger or "provisioner" in logger:
            self._component = "the CSI driver"
            self._dynakube = str(fields.get("dynakube") or self._dynakube)
        elif last in _STARTERS:
            self._component = "the injected init container"
        words = str(fields.get("err") or fields.get("error") or "")
        pulled = _PULL.match(words)
        if pulled:
            self._pull(fields, words, pulled)
        elif said == "pullOciImage":
            self._unpacks = str(fields.get("ref.String") or fields.get("ref.Name") or "")
        elif said == "unpackOciImage" and fields.get("targetDir"):
            self.pulls = {key: one for key, one in self.pulls.items() if one.image != self._unpacks}
        elif said in {"unzipped OneAgent package", "OneAgent download finished"}:
            self.downloads.clear()
        elif words and self._is_download(last, said, words):
            host, proxy = _HOST.search(words), _PROXY.search(words)
            self._download(Download(
                self._component or "the injected init container", reason_of(words), redacted(words)[:2000],
                host["host"] if host else "", proxy["proxy"] if proxy else "", bool(_MASKED.search(said)),
            ))  # fmt: skip

    def _pull(self, fields: Mapping[str, Any], words: str, found: re.Match[str]) -> None:
        image = str(fields.get("image") or found["image"] or found["bad"] or self._unpacks)
        one = CsiPull(image, redacted(words)[:4000], str(fields.get("ts") or ""), self._dynakube)
        if len(self.pulls) < MOST:
            self.pulls[image, one.words] = one

    def _is_download(self, logger: str, said: str, words: str) -> bool:
        """Whether an error is one of fetching the agent's archive, and not of another call of the operator's."""
        if _DOWNLOADS.search(words):
            return True
        if "://" in words and "/api" in words:
            return False
        about = logger in _INSTALLERS or (logger in _STARTERS and self._component == "the injected init container")
        return about and bool(_FAILS.search(said)) and reason_of(words) != "unknown"

    def _download(self, one: Download) -> None:
        key = (one.component, one.reason)
        old = self.downloads.get(key)
        better = old is not None and ((one.hidden and not old.hidden) or (one.host != "" and not old.host))
        if better or (old is None and len(self.downloads) < MOST):
            self.downloads[key] = one


def fields_of(line: str) -> dict[str, Any]:
    """The fields of a line's JSON, with or without what carries it (kubectl's --prefix, a time); empty where it has none."""
    start = line.find("{")
    try:
        found = json.loads(line[start:])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and ("msg" in found or "error" in found) else {}


def reason_of(words: str) -> str:
    """Why a download failed, as a key of REASONS; unknown where the words do not say."""
    words = words.strip()
    return next((reason for reason, pattern in REASONS if pattern.search(words)), "unknown")


def looks_like(head: str) -> bool:
    """Whether a text may be a log of one of Dynatrace's containers."""
    return bool(_IS_LOG.search(head))


_IS_LOG: Final = re.compile(
    r'"logger":"(?:[\w.-]*(?:oneagent|csi|dynakube|standalone|injection|bootstrap|dtclient|docker-keychain|oci-keychain|image)[\w.-]*|main)"|'
    r"Downloading agent to |Started agent deployment as a container|getting image \\?\""
)


def of_line(line: str) -> Iterator[CsiPull | Download]:
    """What one line says on its own."""
    pulls, downloads = read_log([line])
    yield from pulls
    yield from downloads
