"""Takes one text about a pull apart: who wrote it, which host failed, what that host is to the pull.

Nothing is cut before the catalogue has seen it; wrappers are looked through, not removed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from whypull.lazy import regex
from whypull.model import Failure
from whypull.reference import host_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Role

_JSON_ESCAPE = regex(r"(?<!\\)\\++u(00[0-9a-fA-F]{2}|20[0-9a-fA-F]{2})")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " "})
_DOUBLED = regex(r'""([^"]{1,400})""')
_ZERO_WIDTH = regex("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


# What people put where they took a name or an address out: its blanks are no end of it.
_TAKEN_OUT = regex(
    r"(?i)[\[<](?:\w{1,20}[ _-]){0,3}(?:deleted|redacted|removed|masked|hidden|omitted)(?:[ _-]\w{1,20}){0,3}[\]>]"
)


def fold(text: str) -> str:
    """The text as patterns see it: quotes unescaped through all layers, typographic ones made plain, blanks folded."""
    if "\\" in text:
        text = _JSON_ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
        text = re.sub(r"(?<!\\)\\++([\"'])", r"\1", text)
        text = re.sub(r"(?<!\\)\\++[nrt](?![a-z])", " ", text)
    if not text.isascii():
        text = _ZERO_WIDTH.sub("", text.translate(_QUOTES))
    if "[" in text or "<" in text:
        text = _TAKEN_OUT.sub("redacted", text)
    if '""' in text:
        text = _DOUBLED.sub(r'"\1"', text)
    return " ".join(text.split())


# How the innermost errors of a pull end. Screens, tickets and log shippers cut texts there: after the bar, within a word.
_ENDS = tuple(
    (len(e.partition("|")[0]), e.replace("|", ""))
    for e in (
        "certificate signed by unk|nown authority", "certificate has exp|ired or is not yet valid",
        "server gave HT|TP response to HTTPS client", "no such h|ost", "i/o t|imeout", "connection ref|used",
        "connection res|et by peer", "no route t|o host", "network is un|reachable", "context dead|line exceeded",
        "request canceled while wait|ing for connection", "Client.Timeout exc|eeded while awaiting headers",
        "no space l|eft on device", "manifest unk|nown", "authentication req|uired",
        "requested access to the res|ource is denied", "401 Un|authorized", "403 Forb|idden", "404 Not F|ound",
        "429 Too M|any Requests", "500 Internal S|erver Error", "502 Bad G|ateway", "503 Service U|navailable",
        "504 Gateway T|ime-out", "no match for pl|atform in manifest", "no matching mani|fest for",
        "no basic auth cr|edentials", "toomanyreq|uests: You have reached your pull rate limit", "server misbe|having",
        "pull access denied, repository does not ex|ist or may require authorization",
    )
)  # fmt: skip


def _completed(core: str) -> str:
    """The text with its last words made whole where it was cut within an end that is known."""
    bare = core.rstrip(" .…\"'\\")
    tail = bare[-80:]
    for least, end in _ENDS:
        if end[:least] not in tail:
            continue
        for n in range(least, len(end)):
            if end[n].isalnum() and end[n - 1].isalnum() and tail.endswith(end[:n]) and not tail[:-n][-1:].isalnum():
                return bare + end[n:]
    return core


# ---------------------------------------------------------------- one text, several attempts

_AGGREGATE = regex(
    r'(?:[Ff]ailed to pull image "[^"]*":|ErrImagePull:|[Pp]ull image "[^"]*" failed:|"StartContainer"[^\[]{0,300}?:) ?"?\['
)
_ELEMENT = regex(
    r", (?=rpc error: code = |failed to (?:pull|resolve|copy|authorize)|Error response from daemon|"
    r"initializing source|reading manifest|pinging container|unable to (?:retrieve|pull)|Get \"?https?://|Head \"?https?://)"
)
_ARTIFACT = regex(r"pull image err: (?P<image>.{1,20000}?); artifact err: ")
_MIRRORS = regex(r"\(Mirrors also failed: (?P<mirrors>\[.*?\])\): (?P<primary>.*)")
_MIRROR = regex(r"\[(?P<one>[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]")


@lru_cache(maxsize=512)  # a cluster says the same of hundreds of pods
def failures(text: str, image: str = "") -> tuple[Failure, ...]:
    """Every failed attempt that the text tells of: one for most, one a credential or mirror for aggregates.

    `image` is the image as the place shows it where the text stood; the text's own words win.
    """
    core = _completed(fold(text))
    artifact = _ARTIFACT.search(core)
    if artifact:
        core = core[: artifact.start()] + artifact["image"]
    image = image_in(core) or image
    mirrors = _MIRRORS.search(core)
    if mirrors:
        head = core[: mirrors.start()]
        parts = [_take(text, head + m["one"], image, mirror=True) for m in _MIRROR.finditer(mirrors["mirrors"])]
        return (*parts, _take(text, head + mirrors["primary"], image))
    aggregate = _AGGREGATE.search(core)
    if aggregate:
        elements = _ELEMENT.split(core[aggregate.end() :])
        if len(elements) > 1:
            return tuple(_take(text, core[: aggregate.end() - 1] + e, image) for e in elements)
    return (_take(text, core, image),)


# ---------------------------------------------------------------- which image

_IMAGE = tuple(
    regex(p)
    for p in (
        r'[Ff]ailed to get sandbox image "([^"]+)"',
        r'[Ff]ailed pulling image "([^"]+)"',
        r'[Ff]ailed to pull image "([^"]+)"',
        (
            r"\b(?:Pull|Pulling|pulling|PullImage|Pull image|[Pp]ulling image|Container image|to pull and unpack image|"
            "resolve (?:reference|image)|default image tag|image pull failed for|Failed to inspect image)"
            r'[: ]+"([^"\s]{2,600}(?: [^"\s]{1,300})?)"'
        ),
        (
            r"[Ff]ailed to pull image(?:: (?=\S*[/:@])| )(?!(?:with|from|for|on|in|due|because|after|as|since|at|by|to|and|or|"
            r"when|while|is|was|but|unauthorized|denied|rpc|error|x509|tls|dial|net|Get|Head|manifest|toomanyrequests|context|"
            r"no|not|unexpected|received|failed|unknown|forbidden|timeout|access|pull|invalid|requested)\b)"
            r"([^\s\"\[,;]+[\w])(?=[\s:,\"””'’])"
        ),
        r"image pull failed for ([^\s,\"]+),",
        r"[Ee]rror pulling image:? ([a-z0-9][^\s\"\[,;()]*\w)(?=:? )",
        (
            r"(?:docker|podman|nerdctl|crictl|crane|buildah) (?:-[-\w]+(?:[= ][^\s-]\S*)? )*pull "
            r"(?:(?:--(?:creds|username|password|platform|auth|authfile|cert-dir|policy|pod-config|annotation)|-[au]) \S+ |"
            r"-[-\w]+(?:=\S+)? )*([\w][^\s]*)"
        ),
        r"ctr (?:[^\n]{0,200}? )?(?:i|images?) pull (?:-[-\w]+(?:=\S+)? |--hosts-dir \S+ )*([\w][^\s]*)",
        r"Trying to pull (?:repository )?([^\s]+?)(?:\.\.\.| \.\.\.)",
        r"(?<!\+)docker://([^\s\"',]+?)(?::?[\s\"',]|:? |$)",
        r"(?:manifest for|pull access denied for|repository) ([^\s,]+[\w])(?:,| not found| does not exist)",
        r"Unable to find image '([^']+)' locally",
        r"FROM ([\w][^\s]+)",
        r'image="([^"]{2,600})"',
    )
)
_MANIFEST_OF = regex(r"[Rr]eading manifest (\S+) in ([^\s:]+(?::\d+)?[^\s:]*):")


def image_in(core: str) -> str:
    """The image that a folded text speaks of, as written there; empty where it names none."""
    low = core.lower()
    if "image" in low or "pull" in low or "docker" in low or "manifest" in low or "from " in low:
        for pattern in _IMAGE:
            found = pattern.search(core)
            if found and found[1][0] != "/":
                return found[1].rstrip(".:,")
            if found:
                return found[1]
        found = _MANIFEST_OF.search(core)
        if found:
            joint = "@" if ":" in found[1] else ":"
            return found[2] + joint + found[1]
    return ""


# ---------------------------------------------------------------- which host, and what it is to the pull

_REQUEST = regex(
    r'(?P<method>Get|Head|Post|GET|HEAD|POST) (?:request to )?["\']?(?P<url>https?://[^\s"\']+?)["\']?(?=:? |:$|["\']|$|,)'
)
_ELIDED = "://..."  # whoever wrote it down left the host out
_STATUS_URL = regex(r"(?P<url>https?://[^\s\"']+?)(?::)? (?P<status>[1-5]\d\d) [A-Z]")
_PULLING_FROM = regex(r"pulling from host (?P<host>\S+) failed with status code \[[^\]]*\]: (?P<status>\d{3})")
_PINGING = regex(r"pinging (?:container|docker) registry (?P<host>[^\s:/]+(?::\d+)?)")
_STATUS = tuple(
    regex(p)
    for p in (
        r"unexpected status(?: code)?(?: \[[^\]]*\])?(?: from \w+ request to \S+)?:? (?:https?://\S+ )?(?P<status>[1-5]\d\d) ",
        r"(?:invalid|unexpected) (?:HTTP )?status(?: code)?(?: from registry)?:? (?P<status>[1-5]\d\d)",
        r"StatusCode: (?P<status>[1-5]\d\d)",
        r"error parsing HTTP (?P<status>[1-5]\d\d) response",
        r"unexpected http code: (?P<status>[1-5]\d\d)",
        r"API error \((?P<status>[1-5]\d\d)\)",
    )
)
_TOKEN = regex(
    r"failed to fetch (?:anonymous|oauth) token|[Rr]equesting bear?er token|unable to retrieve auth token|"
    r"fetch(?:ing)? token|decod\w+ (?:bearer )?token|/(?:oauth2/)?(?:v2/)?token\?|/oauth2/token|"
    r"/jwt/auth\?|/v2/auth\?|/service/token\?|"
    r"/api/docker/[^/\s]+/v2/token|[?&]scope=repository"
)
_STORAGE = regex(
    r"(?:error pulling|parsing) image configuration|failed to copy: |httpReadSeeker|[Rr]eading blob|[Ff]etching blob|"
    r"[Ww]riting blob|/docker/registry/v2/|/registry-v2/"
)
_STORAGE_HOST = regex(
    r"cloudfront\.net|cloudflare\.docker\.com|cloudfront\.docker\.com|r2\.cloudflarestorage\.com|"
    r"\bs3[.-][\w.-]*amazonaws\.com|storage\.googleapis\.com|blob\.core\.windows\.net|\.data\.azurecr\.io|"
    r"data\.mcr\.microsoft\.com|"
    r"cdn\.mscr\.io|pkg-containers\.githubusercontent\.com|cdn\d*\.quay\.io|quaycdn|azurefd\.net|azureedge\.net|"
    r"cdn\.registry\.gitlab-static\.net|starport-layer-bucket"
)
# Hosts that are asked in place of a registry and never by a registry's redirect: public mirrors, and caches on the node itself.
_MIRROR_HOST = regex(
    r"^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::|$)|(?:^|\.)(?:docker\.mirrors\.ustc\.edu\.cn|mirror\.aliyuncs\.com|"
    r"registry\.docker-cn\.com|docker\.m\.daocloud\.io|mirror\.gcr\.io|mirror\.ccs\.tencentyun\.com)$|"
    r"^(?:hub-|docker-|registry-)?mirror\d*\."
)
_BLOB_PATH = regex(r"/v2/\S+/(?:blobs|manifests)/|/v2/?$|/v1/|/v0/")
_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "cdn-registry-1.docker.io"})
_PHRASES = ("Proxy Authentication Required", "Forbidden", "Service Unavailable", "Bad Gateway", "Gateway Timeout", "Bad Request")
_ADDRESS = regex(r"dial (?:tcp|udp)6? \[?(?P<address>[0-9a-fA-F.:]+?)\]?:(?P<port>\d+)|->\[?(?P<peer>[0-9a-fA-F.:]+?)\]?:\d+")


def _take(text: str, core: str, image: str, *, mirror: bool = False) -> Failure:
    url = _failing_url(core)
    host = _host(url) or _spoken_to(core)
    own = canonical(host_of(image)) if image else ""
    if not own and url and _BLOB_PATH.search(_without_query(url)) and "?ns=" not in url:
        own = canonical(host)
    return Failure(
        text=text,
        core=core,
        image=image,
        code=_grpc_code(core),
        host=host,
        role="mirror" if mirror else _role(core, url, host, own),
        own_host=own,
        url=_without_query(url),
        status=_status(core),
        sent=_sent(core),
        by=writer(core),
        sandbox="sandbox image" in core or "failed to create pod sandbox" in core.lower() or "createPodSandbox" in core,
    )


def canonical(host: str) -> str:
    """A registry host under its one name: every name of Docker Hub is docker.io; port 443 is left out."""
    host = host.lower().removesuffix(":443")
    return "docker.io" if host in _HUB else host


def address_in(core: str) -> str:
    """The address that was dialled or spoken to, if the text shows one."""
    found = _ADDRESS.search(core)
    return (found["address"] or found["peer"]) if found else ""


def _failing_url(core: str) -> str:
    """The innermost request's URL: `Head "https://reg/…": Get "https://auth/token…": …` failed at the second."""
    last = ""
    for found in _REQUEST.finditer(core):
        last = found["url"] if _ELIDED not in found["url"].replace("…", "...") else ""
    if last:
        return last
    status = _STATUS_URL.search(core)
    return status["url"] if status else ""


def _host(url: str) -> str:
    rest = url.partition("://")[2]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return authority.rpartition("@")[2].lower()


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def _spoken_to(core: str) -> str:
    for pattern in (_PULLING_FROM, _PINGING):
        found = pattern.search(core)
        if found:
            return found["host"].lower()
    found = re.search(r"lookup ([\w.-]+\.[\w-]+)(?: on |:)", core)
    return found[1].lower() if found else ""


def _role(core: str, url: str, host: str, own: str) -> Role:  # noqa: PLR0911 - one rule after the other
    if "proxyconnect" in core:
        return "proxy"
    if ("?ns=" in core or "&ns=" in core) and not (host and own and _same_site(host, own)):
        return "mirror"  # the registry itself, written with its port in hosts.toml, is asked with ns as well
    if _TOKEN.search(core):
        return "registry" if host and own and canonical(host) == own else "token"
    if host and own and canonical(host) == own:
        return "registry"
    if own and _PULLING_FROM.search(core) and not _same_site(host, own):
        return "mirror"  # the host that was asked, never one that it redirected to
    if _STORAGE_HOST.search(host or core):
        return "storage"
    if own and url and host and not _same_site(host, own) and not own.endswith(f".{host}"):
        return "mirror" if _MIRROR_HOST.search(host) else "storage"
    if (not url or (not own and not _BLOB_PATH.search(_without_query(url)))) and _STORAGE.search(core):
        return "storage"
    return "registry" if host or own else ""


def _same_site(host: str, own: str) -> bool:
    return canonical(host).partition(":")[0] == own.partition(":")[0]


def _status(core: str) -> int:
    found = _PULLING_FROM.search(core)
    if found:
        return int(found["status"])
    for pattern in _STATUS:
        found = pattern.search(core)
        if found:
            return int(found["status"])
    return 0


def _grpc_code(core: str) -> str:
    found = re.search(r"rpc error: code ?= ?(\w+?)(?:desc|\s|$)", core)
    return found[1] if found else ""


def _sent(core: str) -> str:
    if "fetch anonymous token" in core or "no basic auth credentials" in core or "unauthenticated" in core.lower():
        return "no"
    return "yes" if "fetch oauth token" in core else ""


_WRITERS = (
    ("cri-o", ("initializing source docker://", "pinging container registry", "reading manifest ", "Reading manifest ",
               "short name mode", "short-name ", "Mirrors also failed", "unable to pull image or OCI artifact",
               "Requesting bearer token", "Source image rejected", "error pinging docker registry")),
    ("docker", ("Error response from daemon", "error pulling image configuration", "failed to register layer",
                "may require 'docker login'", "API error (")),
    ("containerd", ("failed to pull and unpack image", "failed to resolve reference", "failed to resolve image",
                    "httpReadSeeker", "failed to do request", "get image config descriptor", "failed to fetch anonymous token",
                    "failed to fetch oauth token", "containerd")),
)  # fmt: skip


def writer(core: str) -> str:
    """Which runtime's words these are: containerd, cri-o (containers/image), docker, or empty."""
    for name, words in _WRITERS:
        if any(word in core for word in words):
            return name
    return ""
