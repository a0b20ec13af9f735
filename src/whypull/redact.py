"""Takes credentials out of a text: where facts are born, and once more before anything is shown.

What is hidden: values of a URL's query but for a few harmless ones, user and password in URLs, Authorization headers,
bearer and basic credentials, JSON web tokens, docker config values, private keys, well-known token shapes, and what
command lines and environments call a password. Rules are gated by literals, so that a clean text costs microseconds.
"""

from __future__ import annotations

import re
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = tuple[tuple[str, ...], str, str | Callable[[re.Match[str]], str]]

HIDDEN = "REDACTED"
LONGEST = 1 << 20  # characters that are looked at; a longer text is cut there

# Query values that say what was asked for, and open nothing. All others are hidden: a signature has many names.
_HARMLESS = frozenset({
    "scope", "service", "ns", "n", "last", "timeout", "limit", "watch", "resourceversion", "labelselector", "fieldselector",
    "grant_type", "access_type", "offline_token", "client_id", "x-amz-algorithm", "x-amz-date", "x-amz-expires",
    "x-amz-signedheaders", "x-goog-algorithm", "x-goog-date", "x-goog-expires", "x-goog-signedheaders", "expires", "se", "st",
    "sp", "sv", "sr", "spr", "skt", "ske", "sks", "skv", "arch", "flavor", "fromimage", "tag", "platform", "digest", "mount",
    "from",
})  # fmt: skip

_END = r"[^\s\"'<>\\,;)\]}]"  # what a bare value is made of
_SAID = (
    "password|passwd|pwd|passphrase|identitytoken|registrytoken|refresh_?token|access_?token|id_?token|client_?secret|"
    r"private_key|secret_?access_?key|session_?token|api_?key|auth|token|\.dockerconfigjson|\.dockercfg"
)
_HEADERS = (
    "x-registry-auth", "x-registry-config", "private-token", "job-token", "x-jfrog-art-api", "x-api-key", "x-vault-token",
    "cookie", "set-cookie", "api-token",
)  # fmt: skip
_ENVIRONMENT = (
    r"[A-Za-z0-9_]{0,60}(?:PASSWORD|PASSWD|_TOKEN|SECRET_KEY|ACCESS_KEY|API_KEY|APIKEY|CLIENT_SECRET)|(?:docker[-_]?)?password|passwd|"
    r"token|access_token|refresh_token|identitytoken|sig|signature|client_secret|aws_secret_access_key|aws_session_token"
)
_OPTIONS = "password|passwd|pass|token|registry-token|identity-token|auth|api-key|secret|client-secret"
_QUOTE = r"(?:\\*[\"'])?"
_URL = r"[a-z][a-z0-9+.-]{1,20}:(?:\\?/){2}"
_SHAPES = (
    r"gh[pousr]_[A-Za-z0-9]{16,255}", r"github_pat_\w{20,255}", r"gl(?:pat|dt|rt|cbt|oas|ptt|ft|imt|soat)-[\w.-]{8,300}",
    r"dckr_[po]at_[\w-]{8,100}", r"AKCp[A-Za-z0-9]{10,100}", r"dt0[a-z]\d\d\.[A-Z0-9]{8,64}(?:\.[A-Z0-9]{8,128})?",
    r"xox[abprs]-[\w-]{10,200}", r"npm_[A-Za-z0-9]{20,60}", r"hvs\.[\w-]{20,300}", r"ya29\.[\w.-]{20,2000}", r"AIza[\w-]{30,45}",
    r"cmVmdGtu[A-Za-z0-9+/=]{16,200}",
)  # fmt: skip


def _query(found: re.Match[str]) -> str:
    harmless = found["name"].lower() in _HARMLESS
    return found[0] if harmless or not found["value"] else f"{found['mark']}{found['name']}={HIDDEN}"


def _basic(found: re.Match[str]) -> str:
    """ "Basic" before base64 of user:password; "basic authentication" is no credential."""
    from binascii import Error, a2b_base64  # noqa: PLC0415 - hardly a text has it

    value = found["value"]
    try:
        plain = a2b_base64(value + "=" * (-len(value) % 4))
    except (Error, ValueError):
        return found[0]
    return f"{found['mark']}{HIDDEN}" if b":" in plain else found[0]


def _keep(found: re.Match[str]) -> str:
    return f"{found['mark']}{HIDDEN}{found['rest']}" if "rest" in found.re.groupindex else f"{found['mark']}{HIDDEN}"


_NAMES = ('auth"', "auth\\", "auth'", "passw", "pwd", "passphrase", 'token"', "token\\", "token'", "secret", "key", ".dockerc")
_KEYS = (
    "auth:", 'auth":', "word:", 'word":', "token:", 'token":', "key:", 'key":', "secret:", 'secret":', "passwd", "pwd",
    "passphrase", ".dockerc",
)  # fmt: skip

# The literals of which one must be in the lower-cased text, and the pattern; what it calls `mark` and `rest` stays.
_MARKED: tuple[tuple[tuple[str, ...], str], ...] = (
    # user:password@host, first where the password holds a slash or an @
    (("@",), rf"(?P<mark>{_URL})[^\s\"'/@:<>]{{0,500}}:(?!\d{{1,5}}(?:/|$))[^\s\"'<>]{{1,2000}}(?P<rest>@(?!sha\d))"),
    (("@",), rf"(?P<mark>{_URL})[^/\s\"'<>\\]{{1,2000}}(?P<rest>@)"),
    # a header's value has a scheme or quotes, or is one long token: "authorization: authorization failed" is none
    (
        ("uthorization",),
        (
            rf"(?P<mark>authorization{_QUOTE}\s{{0,4}}[:=]\s{{0,4}}{_QUOTE}\[?(?:basic|bearer|token|negotiate|digest|aws4-hmac-sha256)"
            r"[ =:]{1,3})(?=[^\s\"']{0,300}[\d._=+/-]|[^\s\"']{12})[^\"'\\\r\n]{1,20000}"
        ),
    ),
    (("uthorization",), r"(?P<mark>authorization\\*[\"']\s{0,4}[:=]\s{0,4}\\*[\"'])(?!REDACTED)[^\"'\\\r\n]{1,20000}"),
    (("uthorization",), r"(?P<mark>authorization\s{0,4}[:=]\s{0,4})(?=[^\s\"']{0,300}\d)[^\s\"':,]{12,20000}"),
    (
        _HEADERS,
        (
            rf"(?P<mark>(?:{'|'.join(_HEADERS)}){_QUOTE}\s{{0,4}}[:=]\s{{0,4}}{_QUOTE}(?:api-token )?)"
            r"[^\s\"'\\][^\"'\\\r\n]{0,20000}"
        ),
    ),
    (("bearer ",), r"(?P<mark>\bbearer\s{1,4})(?!realm|token|auth)(?=[^\s\"']{0,300}[\d._-])[A-Za-z0-9._~+/=-]{12,20000}"),
    # "auth":"…" through any layers of quoting, also where the closing quote was lost
    (
        _NAMES,
        (
            rf"(?P<mark>(?:\\{{0,15}}[\"'])(?:{_SAID})(?P<q>\\{{0,15}}[\"'])\s{{0,8}}:\s{{0,8}}(?P=q))"
            r"(?:(?!(?<!\\)(?P=q))[\s\S]){1,200000}"
        ),
    ),
    # the same as lines of YAML, and blocks below them
    (
        _KEYS,
        (
            rf"(?m)(?P<mark>(?:^|(?<=\\n))[ \t>|*-]{{0,40}}[\"']?(?:{_SAID})[\"']?:[ \t]{{1,20}}(?:!!\w+ )?"
            r"[|>]?[+-]?[ \t]{0,4}(?:\n[ \t]{1,40})?)"
            r"[^\s\"'|>\\][^\s\\]{3,200000}(?:\n[ \t]{2,40}[A-Za-z0-9+/=]{40,400})*(?=[ \t\"',}]{0,8}(?:$|\\{1,15}n|\\{0,15}\"))"
        ),
    ),
    # command lines and environments
    (("--",), rf"(?P<mark>--(?:docker-)?(?:{_OPTIONS})(?:=|\s{{1,4}})[\"']?)(?![-\"']){_END}[^\s\"'\\]{{0,5000}}"),
    (
        ("creds", "--user", " -u"),
        r"(?P<mark>(?:--(?:src-|dest-)?creds|--user|-u)(?:=|\s{1,4})[\"']?[^\s\"':]{1,200}:)[^\s\"']{1,5000}",
    ),
    ((" login",), r"(?P<mark>\blogin\b[^\n|]{0,300}?\s-p[= ]?[\"']?)[^\s\"'-][^\s\"']{0,5000}"),
    (
        (" login",),
        r"(?P<mark>\b(?:echo|printf)\s{1,4}(?:-n\s)?(?:\\*[\"'])?)[^\s\"'|][^\"'|\n]{0,5000}?(?P<rest>(?:\\*[\"'])?\s{0,4}\|[^\n]{0,60}\blogin\b)",
    ),
    (
        ("passw", "token=", "token =", "_key", "api_key", "apikey", "sig=", "signature=", "client_secret"),
        rf"(?P<mark>\b(?:{_ENVIRONMENT})\s{{0,2}}=\s{{0,2}}{_QUOTE}){_END}[^\s\"'\\&,]{{0,20000}}",
    ),
    (("aws_",), r"(?P<mark>aws_(?:secret_access_key|session_token)[\"']?\s{0,4}[:=]\s{0,4}[\"']?)[^\s\"']{1,5000}"),
)

# What is a credential by its own shape.
_PLAIN: tuple[tuple[tuple[str, ...], str], ...] = (
    (("eyj",), r"\beyJ[A-Za-z0-9_-]{6,20000}\.[A-Za-z0-9_-]{2,20000}(?:\.[A-Za-z0-9_-]{0,20000})?"),
    # base64 of a JSON object, such as a docker config: {" or { and a line break
    (("eyj", "ewo", "eya", "ew0", "ewk"), r"(?<![A-Za-z0-9+/=_-])(?:eyJ|ewo|eyA|ew0|ewk)[A-Za-z0-9+/_-]{24,200000}={0,2}"),
    (("akia", "asia"), r"\b(?:AKIA|ASIA)[A-Z0-9]{12,20}\b"),
    (
        (
            "gh",
            "glpat-",
            "gldt-",
            "glrt-",
            "glcbt-",
            "gloas-",
            "dckr_",
            "akcp",
            "dt0",
            "xox",
            "npm_",
            "hvs.",
            "ya29.",
            "aiza",
            "cmvmdgtu",
        ),
        rf"\b(?:{'|'.join(_SHAPES)})",
    ),
)

_KEY_BLOCK = (
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,20000}?"
    r"(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)"
)
_QUERY = r"(?P<mark>(?:[?&;]|\\{1,15}u0026|%26)(?:amp;)?)(?P<name>[A-Za-z][\w.%-]{0,60})=(?P<value>[^&\s\"'<>\\)\]}]{0,20000})"
_BASIC = r"(?P<mark>\bbasic\s{1,4})(?P<value>[A-Za-z0-9+/]{6,20000}={0,2})"


@lru_cache(maxsize=1)
def _rules() -> tuple[Rule, ...]:
    """Each rule as (literals of which one must be in the lower-cased text, pattern, what is put there)."""
    return (
        (("private key-----",), _KEY_BLOCK, HIDDEN),
        (("?", "&", "u0026", "%26"), _QUERY, _query),
        *((gates, pattern, _keep) for gates, pattern in _MARKED),
        (("basic ",), _BASIC, _basic),
        *((gates, pattern, HIDDEN) for gates, pattern in _PLAIN),
    )


@lru_cache(maxsize=64)
def _compiled(pattern: str, flags: int) -> re.Pattern[str]:
    return re.compile(pattern, flags)


def redacted(text: str) -> str:
    """The text without its credentials, each replaced by REDACTED. Twice is as once; never raises."""
    if len(text) > LONGEST:
        text = text[:LONGEST]
    low = text.lower()
    for gates, pattern, put in _rules():
        for gate in gates:
            if gate in low:
                text = _compiled(pattern, 0 if put is HIDDEN else re.IGNORECASE).sub(put, text)
                break
    return text
