"""A step of the catalogue, taken apart: what to paste into a shell, and what to make of its answer."""

from __future__ import annotations

_PROGRAMS = frozenset({
    "aws", "az", "cat", "chronyc", "cp", "crictl", "ctr", "curl", "date", "df", "dig", "docker", "echo", "env", "gcloud",
    "getent", "grep", "head", "helm", "ip", "journalctl", "jq", "kubectl", "ls", "mount", "nc", "nerdctl", "nslookup", "oc",
    "openssl", "ping", "podman", "skopeo", "ss", "ssh", "sudo", "systemctl", "tail", "test", "timedatectl", "tracepath",
    "whypull",
})  # fmt: skip
_PROSE = frozenset({
    "on", "from", "shows", "says", "means", "answers", "against", "without", "with", "once", "and", "then", "while", "in",
    "at", "as", "logged", "to", "for",
})  # fmt: skip
_PASTABLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@%+=-")


def pastable(word: str) -> bool:
    """Whether a word can stand in a shell command as it is: nothing in it that a shell or an option parser acts on."""
    return bool(word) and word[0] != "-" and _PASTABLE.issuperset(word)


def step(text: str) -> tuple[str, str]:
    """A step as (what to paste, what to make of it): ("curl -sSi https://…/v2/", "on np1-3, without credentials: 403 …").

    One of the two is empty for a text that is only a command or only prose.
    """
    if text.split(" ", 1)[0] not in _PROGRAMS:
        return "", text
    words = text.split(" ")
    quote = ""
    for number, word in enumerate(words):
        if not quote and number > 1 and word in _PROSE:
            return " ".join(words[:number]), " ".join(words[number:])
        quote = _open_quote(word, quote)
        if not quote and word[-1:] in {":", ",", ";"}:
            return " ".join(words[: number + 1])[:-1], " ".join(words[number + 1 :])
    return text, ""


def _open_quote(word: str, quote: str) -> str:
    """The quote that is still open after a word."""
    for character in word:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
    return quote
