"""What stands in a paste without a form of its own: messages, output of commands, fragments of objects.

What belongs together is kept together: a command and its output, a paragraph. It is judged at the end, when it is known
whether events or logs have told already.
"""

from __future__ import annotations

import re

from whypull.model import Pull, Said
from whypull.read.about import about_a_pull, informative, sounds_like_a_pull, surely_a_failed_pull
from whypull.read.fragments import fragments
from whypull.read.message import fold, image_in, writer
from whypull.read.wrapped import unwrapped, width_of
from whypull.redact import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.read.gather import Gathered

MOST_LINES = 2_000  # of one section
MOST_SECTIONS = 2_000
MOST_CHARACTERS = 64 * 1024  # of one section
FEW_SECTIONS = 3  # of which one may be a bare error, and the others what was said of it
MOST_STEPS = 200  # lines of a build that are looked back on

# Where in a paragraph the next failure begins: a line that names its own image.
_NEXT = re.compile(
    r"^\W{0,6}(?:\[ERROR ImagePull\]:?\s*)?(?:(?:\S+\s+){0,3}?)(?:Failed to pull image|failed to pull "
    "image|Pull image|PullImage|Back-off pulling image|"
    r'Failed to apply default image tag|Container image)[: ]+"?(?P<image>[^\s"]{3,600})'
)
_COMMAND = re.compile(
    r"(?:(?:sudo|time) )?(?:\S*/)?(?:docker|podman|crictl|ctr|nerdctl|skopeo|buildah|crane|oras|curl|"
    r"kubectl|oc|kubeadm|openssl)\s"
)
_BUILD = re.compile(r"\s*(?:#\d{1,4} |=> |\[\+\] Building )")
_PUSH = re.compile(r"(?i)\bpush(?:es|ing)?\b")
_PUSHES = re.compile(r"\b(?:docker|podman|nerdctl|buildah|skopeo|crane|oras|helm(?: chart)?|ko|img) push\b")
_TOOLS = ("crictl", "podman", "skopeo", "buildah", "nerdctl", "ctr", "crane", "docker", "kubeadm", "oras")


class Loose:
    """The loose lines of one paste."""

    def __init__(self, into: Gathered) -> None:
        self.into = into
        self._sections: list[tuple[list[str], str]] = []  # each with the line that stood before its fence
        self._lines: list[str] = []
        self._command = ""
        self._said_before = ""
        self._overheard: list[str] = []

    def begin(self, command: str) -> None:
        """Begins a section with the command whose output follows."""
        self._command, self._said_before = command, ""
        self._lines = [command]

    def add(self, line: str) -> None:
        """Adds a line to the section."""
        if len(self._lines) < MOST_LINES:
            self._lines.append(line)

    def blank(self) -> None:
        """A blank line: it stays within a section, for commands print such."""
        if self._lines:
            self.add("")

    def overhear(self, line: str) -> None:
        """A line within something of another form, which counts where it is sure and nothing else was said."""
        if len(self._overheard) < MOST_SECTIONS and surely_a_failed_pull(line):
            self._overheard.append(line)

    @property
    def building(self) -> bool:
        """Whether the section is the output of a build: BuildKit draws lines within it."""
        return any(_BUILD.match(line) for line in self._lines[-MOST_STEPS:])

    def end(self, *, at_fence: bool = False) -> None:
        """Ends the section. What stands behind a fence is what the line before it speaks of."""
        solid = [line for line in self._lines if line.strip()]
        if solid and len(self._sections) < MOST_SECTIONS:
            self._sections.append((self._lines, self._said_before))
        self._said_before = solid[-1] if solid and at_fence else ""
        self._lines, self._command = [], ""

    def close(self) -> None:
        """Judges all sections."""
        self.end()
        told = self._told()
        if not told and self._only_pushes():
            return
        for lines, before in self._sections:
            self._judge(lines, before, told=told)
        if not self.into.heard:
            for line in self._overheard:
                self._hear(line)
        if not self._told():
            alone, fails = len(self._sections) <= FEW_SECTIONS, bool(self.into.heard)
            for lines, before in self._sections:
                if not _speaks_of_a_push(before, lines) and sounds_like_a_pull(_whole(lines), alone=alone, fails=fails):
                    self._split(lines)

    def _told(self) -> bool:
        """Whether anything that was heard so far says why."""
        return any(h.said.text and informative(h.said.text) for h in self.into.heard.values())

    def _only_pushes(self) -> bool:
        """Whether the paste shows a push and nobody in it speaks of a pull."""
        lines = [line for section, before in self._sections for line in (*section, before)]
        return any(map(_PUSHES.search, lines)) and not any("pull" in line.lower() or "FROM " in line for line in lines)

    def _judge(self, lines: list[str], before: str, *, told: bool) -> None:
        found = list(fragments(lines))
        for pull, said in found:
            if said.text or not told:
                self.into.hear(pull, said)
        if found:
            return
        whole = _whole(lines)
        if told:
            if surely_a_failed_pull(whole) and informative(whole):
                self._split(lines)
        elif about_a_pull(whole) and not _speaks_of_a_push(before, lines):
            self._split(lines)

    def _split(self, lines: list[str]) -> None:
        """One text a failure where the lines name several images, else one text."""
        pieces: list[list[str]] = [[]]
        images: list[str] = [""]
        for line in lines:
            found = _NEXT.match(line)
            if found and images[-1] and found["image"] != images[-1]:
                pieces.append([])
                images.append("")
            if found:
                images[-1] = found["image"]
            pieces[-1].append(line)
        for piece in pieces:
            text = _whole(piece)
            if len(pieces) == 1 or about_a_pull(text):
                self._hear(text)

    def _hear(self, text: str) -> None:
        text = redacted(text)  # before anything is taken out of it
        core = fold(text[:4096])
        tool = next((t for t in _TOOLS if re.match(rf"(?:sudo )?(?:\S*/)?{t}\b", core)), "")
        via = "output" if surely_a_failed_pull(text) or "pull" in fold(text).lower() else "hearsay"
        self.into.hear(Pull(image_in(fold(text))), Said(text, tool or writer(core), via))
        self.into.take_for("output" if tool else "a message")


def _speaks_of_a_push(before: str, lines: list[str]) -> bool:
    """Whether the sentence before a quoted error says that something was pushed, and neither speaks of a pull."""
    return bool(_PUSH.search(before)) and not any("pull" in line.lower() for line in (before, *lines))


def _whole(lines: list[str]) -> str:
    """The section as one text; a command's line is whole as it stands."""
    if lines and _COMMAND.match(lines[0]):
        return "\n".join((lines[0], unwrapped(lines[1:], width_of(lines[1:])))).strip()[:MOST_CHARACTERS]
    return unwrapped(lines, width_of(lines)).strip()[:MOST_CHARACTERS]
