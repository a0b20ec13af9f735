"""Lines that a terminal or a mail program broke → the text as it was written.

Whether a break stood for a blank or fell inside a word is seen from the width, from open quotes and URLs, and from the
words that runtimes use.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

USUAL = frozenset({80, 90, 100, 110, 120, 132, 140, 150, 160, 180, 200})  # columns of terminals
NEAR = 15  # columns: about the longest word
NARROWEST = 60  # columns: what is shorter was not broken by a width

# Words of kubelets, runtimes and registries that a hard break cuts in two.
_WORDS = frozenset(
    (  # noqa: SIM905 - words are read better as words
        "access address addresses anonymous api architecture assign assigned attempting attempts authenticating "
        "authentication authority authorization authorize authorized available backoff canceled cancelled certificate "
        "certificates configuration connect connecting connection container containerd content context copying couldn "
        "create created credentials daemon deadline default denied descriptor device dialing digest docker download "
        "encountered endpoint error errors events exceeded exception exist exists expired extract extracting failed "
        "failes failure fetch fetching forbidden format gateway handshake image images implementation implemented "
        "incorrect increase initializing input inspect insufficient internal invalid kubelet latest layer layers library "
        "limit location lookup manifest manifests matching memory message misbehaving mismatch network normal oauth "
        "operation output parse password peer permission permitted pinging platform policy present process provided proxy "
        "proxyconnect pull pulled pulling rate reached read reading reference refused register registries registry "
        "rejected remote repository request requested require required reset resolution resolve response restarting "
        "retrieve route runtime sandbox scheduler secret secrets server service signature signed source space status "
        "succeed successfully support supported tag temporary timed timeout token toomanyrequests transport "
        "unauthenticated unauthorized unavailable unexpected unknown unpack unreachable upgrade username valid validate "
        "verified verify warning "
    ).split()
)  # fmt: skip

_LEFT = re.compile(r"[A-Za-z]+$")
_RIGHT = re.compile(r"[A-Za-z]+")
_OPEN_QUERY = re.compile(r"[?&][\w.%-]{1,60}=[\w.%+/:~-]*$")


def width_of(lines: Sequence[str], least: int = 2) -> int:
    """The width at which lines were broken hard, 0 where there is none.

    Then the long lines all have it to the column; where a program breaks between words, they come near it.
    """
    lengths = [len(line) for line in lines]
    longest = max(lengths, default=0)
    full = lengths.count(longest)
    near = sum(length >= longest - NEAR for length in lengths)
    return longest if longest >= NARROWEST and full >= least and full * 10 >= near * 7 else 0


def unwrapped(lines: Sequence[str], width: int = 0) -> str:
    """One text of several lines: halves of words, names and URLs are put together, other breaks stay newlines."""
    if not lines:
        return ""
    longest = max(map(len, lines))
    by_chance = not width and longest in USUAL  # one line may be as long as that
    if by_chance:
        width = longest
    whole = [lines[0]]
    for at, line in enumerate(lines[1:]):
        before = lines[at]
        broken = _broken(before, line, width) and not (by_chance and _ends_with_a_word(before, line))
        whole.append(line if broken else "\n" + line.strip())
    return "".join(whole)


def _broken(before: str, after: str, width: int) -> bool:
    """Whether the break fell inside a word."""
    after = after.rstrip()
    if not before or not after or before[-1].isspace() or after[0].isspace() or len(before) < NARROWEST:
        return False
    left, right = _LEFT.search(before), _RIGHT.match(after)
    if left and right:
        a, b = left[0].lower(), right[0].lower()
        if a + b in _WORDS and not (a in _WORDS and b in _WORDS):
            return True
        if a in _WORDS and b in _WORDS:
            return False
    if width and len(before) == width:
        return True
    return _inside_name(before.rsplit(None, 1)[-1], after.split(None, 1)[0])


def _ends_with_a_word(before: str, after: str) -> bool:
    """Whether a line ends with a word of its own that the next line does not go on with."""
    left, right = _LEFT.search(before), _RIGHT.match(after)
    if not left or not right or before[: left.start()][-1:] not in {" ", '"', ":"}:
        return False
    return left[0].lower() in _WORDS and (left[0] + right[0]).lower() not in _WORDS


def _inside_name(tail: str, head: str) -> bool:
    """Whether a URL, an image's name, a digest or an address goes on in the next line."""
    if tail.count('"') % 2 and '"' in head and re.search(r"[/.:@-]", tail):
        return '"' not in head[:1] or not tail.endswith((":", "="))
    if _OPEN_QUERY.search(tail):
        return bool(re.match(r"[\w%&=+/.~-]", head))
    if "://" in tail and tail[-1] in "/-_=&?%" and re.match(r"[\w%.?&-]", head):
        return True
    if re.search(r"sha256:[0-9a-f]{0,63}$", tail) and re.match(r"[0-9a-f]{4,}", head):
        return True
    return bool(re.search(r"(?:^|[^\w.:])\d{1,3}\.(?:\d{1,3}\.){0,2}\d{0,3}$", tail) and re.match(r"\.?\d{1,3}(?:\.|:\d)", head))
