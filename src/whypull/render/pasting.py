"""A step of the catalogue, taken apart: what to paste into a shell, and what to make of its answer."""

from __future__ import annotations

_PROGRAMS = frozenset({
    "aws", "az", "cat", "chronyc", "cp", "crane", "crictl", "crio", "ctr", "curl", "date", "df", "dig", "docker", "echo", "env",
    "gcloud", "getent", "grep", "head", "helm", "ip", "journalctl", "jq", "kubectl", "ls", "mount", "nc", "nerdctl", "nslookup",
    "oc", "openssl", "ping", "podman", "ps", "resolvectl", "skopeo", "ss", "ssh", "sudo", "systemctl", "tail", "test",
    "timedatectl", "tracepath", "whypull",
})  # fmt: skip
_PROSE = frozenset({
    "on", "from", "shows", "says", "means", "answers", "against", "without", "with", "once", "and", "then", "while", "in",
    "at", "as", "logged", "to", "for",
})  # fmt: skip
_SPOKEN = frozenset({"the", "a", "an", "your", "each", "any"})  # a command with one of these is a description of a command
_PASTABLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@%+=-")


def pastable(word: str) -> bool:
    """Whether a word can stand in a shell command as it is: nothing in it that a shell or an option parser acts on."""
    return bool(word) and word[0] != "-" and _PASTABLE.issuperset(word)


def has_here_document(run: str) -> bool:
    """Whether a command reads lines that follow it, up to a word (<<'EOF')."""
    _, arrows, word = run.partition("<<")
    return bool(arrows) and word.lstrip("- '\"\\")[:1].isalpha()


def parts(text: str) -> list[tuple[bool, str]]:
    """A step as (whether it can be pasted, text) in its order: "On np1-3:", `openssl …`, "The last i: is …"."""
    found: list[tuple[bool, str]] = []
    where, rest = _where(text)
    if where and _command(rest)[0]:
        found.append((False, where))
    else:
        rest = text
    while rest:
        bare = rest.removeprefix("then ").removeprefix("and ")
        run, behind = _command(bare)
        if not run:
            return [*found, (False, rest)]
        found.append((True, run))
        rest = behind
    return found


def _where(text: str) -> tuple[str, str]:
    """The place that a step begins with ("On np1-3:"), and the rest."""
    place, colon, rest = text.partition(": ")
    return (place + colon.rstrip(), rest) if colon and place.startswith(("On ", "From ", "In ")) else ("", text)


def _command(text: str) -> tuple[str, str]:
    """The command that a text begins with, and what is behind it; empty where it does not begin with one."""
    words = text.split(" ")
    if words[0] == "for" and "done" in text:
        loop, done, rest = text.partition("; done")
        return loop + done, rest.lstrip(".;:, ")
    if words[0] not in _PROGRAMS:
        return "", text
    quote = ""  # the quote, or the bracket of a <name of several words>, that is open
    for number, word in enumerate(words):
        if not quote and word in _SPOKEN:
            return "", text
        if not quote and number > 1 and (word in _PROSE or word.startswith("(")):
            return " ".join(words[:number]), " ".join(words[number:])
        quote = _open_quote(word, quote)
        if not quote and (word[-1:] in {":", ",", ";"} or _ends_sentence(words, number)):
            return " ".join(words[: number + 1])[:-1], " ".join(words[number + 1 :])
    return text, ""


def _ends_sentence(words: list[str], number: int) -> bool:
    """Whether a full stop behind this word ends a command: no path ends here, and no option or pipe follows."""
    word, after = words[number], words[number + 1] if number + 1 < len(words) else ""
    return (
        word.endswith(".")
        and (not word.endswith(("/.", "..")) or "://" in word)
        and word != "."
        and after[:1] not in {"-", "|", ">", "&"}
    )


def _open_quote(word: str, quote: str) -> str:
    """The quote or <placeholder that is still open after a word; </dev/null opens none."""
    for position, character in enumerate(word):
        if not quote and character == "<" and word[position + 1 : position + 2].isalpha():
            quote = ">"
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
    return quote
