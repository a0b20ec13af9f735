"""Where every reader puts what it saw: texts about pulls, objects, and plain words on what else the input is."""

from __future__ import annotations

from dataclasses import dataclass

from whypull.model import Case, Pull, Said

MAX_HEARD = 200_000  # texts kept apart; beyond it only repeats of known ones are counted
MAX_TEXT = 64 * 1024  # characters kept of one text


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
        if len(said.text) > MAX_TEXT:
            said = _cut(said)
        key = (pull, said.text, said.reason, said.via)
        old = self.heard.get(key)
        if old is not None:
            self.heard[key] = Heard(pull, _more(old.said, said))
        elif len(self.heard) < MAX_HEARD:
            self.heard[key] = Heard(pull, said)

    def note(self, sentence: str) -> None:
        """Adds a sentence on what the input shows instead of a failed pull."""
        self.notes.setdefault(sentence)

    def ask(self, command: str) -> None:
        """Adds a command whose output would show more."""
        self.asks.setdefault(command)

    def take_for(self, what: str) -> None:
        """Says what a part of the input was taken for: "kubectl describe pod", "kubelet log", …"""
        self.took.setdefault(what)


def _cut(said: Said) -> Said:
    return Said(said.text[:MAX_TEXT], said.by, said.via, said.reason, said.count, said.first, said.last)


def _more(old: Said, new: Said) -> Said:
    return Said(
        old.text, old.by, old.via, old.reason, old.count + new.count, old.first or new.first, new.last or old.last
    )
