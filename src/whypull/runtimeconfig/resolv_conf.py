"""resolv.conf as Go's resolver reads it. Pure. https://pkg.go.dev/net#hdr-Name_Resolution"""

from __future__ import annotations

from whypull.runtimeconfig.flaws import Flaw

PATH = "/etc/resolv.conf"
MOST = 3


def nameservers_of(text: str) -> tuple[str, ...]:
    """The nameservers that are asked: the first three; where none is named, this machine itself (Go's default)."""
    found = [words[1] for words in map(str.split, text.splitlines()) if len(words) > 1 and words[0] == "nameserver"]
    return tuple(found[:MOST]) or ("127.0.0.1", "::1")


def flaws_of(text: str | None) -> tuple[Flaw, ...]:
    """What is wrong in it; `None` where the file is not there."""
    if text is None:
        return (Flaw("resolv-missing", PATH, "it is not there (a dangling link?): the runtime asks 127.0.0.1", stops=True),)
    named = [words for words in map(str.split, text.splitlines()) if words[:1] == ["nameserver"]]
    if not named:
        return (Flaw("resolv-empty", PATH, "it names no nameserver: the runtime asks 127.0.0.1", stops=True),)
    if len(named) > MOST:
        return (Flaw("resolv-many", PATH, f"it names {len(named)} nameservers: only the first {MOST} are asked"),)
    return ()
