"""One failed attempt → the causes that its words let in, each with its odds. Pure."""

from __future__ import annotations

from functools import lru_cache

from whypull.causes import compiled, patterns
from whypull.lazy import regex
from whypull.proofs import Candidate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.causes import Says
    from whypull.model import Failure

PROVED = 100
WEAK = 3  # odds up to which words are a bare symptom: a status, an errno, a noun
LONGEST = 16_000  # characters of one message that patterns are held against; its middle is passed over beyond that

# What people have named is masked for weak words: an image kube-proxy is no proxy, a container "config" no configuration.
_PATHS = regex(r"(?P<site>https?://[^/\s\"]{1,300})/[^\s\"]+")
_NAMES = regex(r'"[\w./:@-]{1,300}"|(?<![\w/.-])(?:[\w.-]+/)+[\w.:@-]+|(?<![\w/.-])[a-z0-9]+-[\w-]*\d[\w-]*')

# Which host failed comes before how it failed: what a symptom becomes when the host was not the registry.
_OF_ROLE = {
    "token": "auth.token-endpoint",
    "storage": "registry.blob-host-blocked",
    "mirror": "node.mirror-failed",
    "proxy": "proxy.unreachable",
}
_SYMPTOMS = ("dns.", "network.")
_ROLE_WORDS = {
    "token": "{url_host} is the registry's token service, not the registry itself.",
    "storage": "{url_host} is the host that the registry sends layers from, not the registry itself.",
    "mirror": "{url_host} is a mirror or cache, not the image's own registry.",
    "proxy": "The connection to the proxy failed, so the registry was never spoken to.",
}
_SECOND = 6  # a second reading is kept at a sixth: shown only where something else lifts it


@lru_cache(maxsize=512)  # a cluster says the same of hundreds of pods
def candidates(failure: Failure) -> tuple[Candidate, ...]:
    """What the words of one attempt let in, best first, one a cause; empty for words that no page knows."""
    return _best(_found(failure, _within(failure.core), weak=False))


@lru_cache(maxsize=512)
def symptoms(failure: Failure) -> tuple[Candidate, ...]:
    """What a bare status, errno or noun in it lets in, at the lowest odds: for failures in nobody's own words."""
    core = _within(failure.core)
    core = core.replace(failure.image, "…") if failure.image else core
    return _best(_found(failure, _NAMES.sub("…", _PATHS.sub(r"\g<site>/…", core)), weak=True))


def _within(core: str) -> str:
    return core if len(core) <= LONGEST else core[: LONGEST // 2] + " … " + core[-LONGEST // 2 :]


def _best(found: dict[str, Candidate]) -> tuple[Candidate, ...]:
    turned = [c for candidate in found.values() for c in _host_decides(candidate)]
    best: dict[str, Candidate] = {}
    for candidate in turned:
        if candidate.cause not in best or candidate.odds > best[candidate.cause].odds:
            best[candidate.cause] = candidate
    return tuple(sorted(best.values(), key=lambda c: -c.odds))


def _found(failure: Failure, core: str, *, weak: bool) -> dict[str, Candidate]:
    """The best candidate a cause, of the patterns that are weak or of those that are not."""
    found: dict[str, Candidate] = {}
    low = core.lower()
    for says in patterns():
        if (0 < says.odds <= WEAK) is not weak or not _may_match(says, low):
            continue
        match = compiled(says.text).search(core)
        if match is None:
            continue
        odds = PROVED if says.proves else says.odds
        old = found.get(says.cause)
        if old is None or odds > old.odds:
            args = {k: v for k, v in match.groupdict().items() if v}
            words = args.pop("says", match[0])  # a pattern that looks at the whole text names the part to quote
            found[says.cause] = Candidate(says.cause, odds, failure, (_quote(words),), args)
    return found


def _may_match(says: Says, low: str) -> bool:
    """Whether every literal that the pattern needs is in the text: compiling a pattern costs more than a hundred of these."""
    for gate in says.gates:
        if gate in low:
            break
    else:
        return False
    return all(any(literal in low for literal in literals) for literals in says.also)


def _quote(words: str) -> str:
    words = words.strip(" :,\"'")
    return f'It says "{words}".' if len(words) <= 160 else f'It says "{words[:100]} … {words[-50:]}".'


def _host_decides(candidate: Candidate) -> tuple[Candidate, ...]:
    """The rule of the host: a symptom at the token service, storage host, mirror or proxy is that host's cause."""
    role = candidate.failure.role
    cause = candidate.cause
    target = _OF_ROLE.get(role)
    if target is None or cause == target:
        return (candidate,)
    symptom = cause.startswith(_SYMPTOMS)
    if role == "storage":
        return _storage_decides(candidate, target)
    if role == "proxy":
        return (_become(candidate, target),) if symptom else (candidate,)
    if symptom or cause.startswith("tls.") or cause == "registry.server-error":
        return (_become(candidate, target), _fade(candidate))
    if role == "mirror" and cause.startswith(("registry.", "auth.", "image.tag", "image.repo", "proxy.")):
        return (_become(candidate, target), _fade(candidate, 3))
    return (candidate,)


def _storage_decides(candidate: Candidate, target: str) -> tuple[Candidate, ...]:
    if candidate.cause == "network.reset" and not candidate.failure.url:  # data was moving: that host had let the pull in
        return (candidate, _fade(_become(candidate, target), 2))
    if candidate.cause.startswith(_SYMPTOMS):
        return (_become(candidate, target), _fade(candidate))
    return (candidate, _fade(_become(candidate, target), 3)) if candidate.cause.startswith("tls.") else (candidate,)


def _become(candidate: Candidate, cause: str) -> Candidate:
    failure = candidate.failure
    words = _ROLE_WORDS[failure.role].format(url_host=failure.host or "the host that was spoken to")
    odds = min(candidate.odds, 94)
    return Candidate(cause, odds, failure, (*candidate.because, words), {**candidate.args, "how": candidate.cause})


def _fade(candidate: Candidate, by: int = _SECOND) -> Candidate:
    odds = max(1, min(candidate.odds, 94) // by)
    return Candidate(candidate.cause, odds, candidate.failure, candidate.because, candidate.args)
