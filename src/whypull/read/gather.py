"""Where every reader puts what it saw: texts about pulls, objects, and plain words on what else the input is."""

from __future__ import annotations

from functools import lru_cache

from whypull.lazy import regex
from whypull.model import Case, Pull, Said
from whypull.records import dataclass
from whypull.redact import redacted

MAX_HEARD = 20_000  # texts kept apart; beyond it only repeats of known ones are counted
MAX_TEXT = 64 * 1024  # characters kept of one text
_UNSEEN = regex("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


@dataclass(frozen=True, slots=True)
class Heard:
    """One text, and the pull it is about as far as the place where it stood shows."""

    pull: Pull
    said: Said


class Gathered:
    """What the readers of one input found. Readers only add; reading.py makes cases of it."""

    def __init__(self) -> None:
        self.heard: dict[tuple[Pull, str, str, str], Heard] = {}  # repeats are folded, their counts added
        self.notes: dict[str, None] = {}
        self.asks: dict[str, None] = {}
        self.took: dict[str, None] = {}
        self.cases: list[Case] = []  # that were saved whole
        self.pulled: set[Pull] = set()  # pulls that the input shows as done

    def hear(self, pull: Pull, said: Said) -> None:
        """Adds a text about a pull (or a bare state: text empty, reason set). Repeats are folded and counted."""
        key = (pull, said.text[:MAX_TEXT], said.reason, said.via)
        old = self.heard.get(key)
        if old is not None:
            self.heard[key] = Heard(old.pull, _more(old.said, said))
        elif len(self.heard) < MAX_HEARD:
            self.heard[key] = Heard(_named(pull), _kept(said))
        else:
            self.note(f"there are more than {MAX_HEARD:,} different failures in this input: the first ones are explained")

    def note(self, sentence: str) -> None:
        """Adds a sentence on what the input shows instead of a failed pull."""
        self.notes.setdefault(sentence)

    def ask(self, command: str) -> None:
        """Adds a command whose output would show more."""
        self.asks.setdefault(command)

    def take_for(self, what: str) -> None:
        """Says what a part of the input was taken for: "kubectl describe pod", "kubelet log", …"""
        self.took.setdefault(what)


def _kept(said: Said) -> Said:
    """The text without credentials and without what a terminal would act on, and not longer than is kept."""
    text = _clean(said.text[:MAX_TEXT])
    return said if text == said.text else Said(text, said.by, said.via, said.reason, said.count, said.first, said.last)


@lru_cache(maxsize=256)  # a cluster says the same of hundreds of pods
def _clean(text: str) -> str:
    return _UNSEEN.sub("", redacted(text))


def _named(pull: Pull) -> Pull:
    """Names that can be printed; an image's may hold an account's password: https://user:password@host/name."""
    image = redacted(pull.image) if "@" in pull.image or "?" in pull.image else pull.image
    names = (image, pull.namespace, pull.pod, pull.container, pull.node, pull.runtime)
    if image == pull.image and all(map(str.isprintable, names)):
        return pull
    return Pull(*(_UNSEEN.sub("", name).replace("\n", " ") for name in names))


def _more(old: Said, new: Said) -> Said:
    return Said(old.text, old.by, old.via, old.reason, old.count + new.count, old.first or new.first, new.last or old.last)
