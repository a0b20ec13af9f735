"""Diagnoses → the screen: what is wrong, how certain, why we dare to say so, who ends it with which command.

Prose is wrapped to the width; what can be pasted and what is quoted as a command never is.
"""

from __future__ import annotations

from whypull.model import STAGES, Reading
from whypull.render import style as marks
from whypull.render import words
from whypull.render.layout import cells, counted, listed, wrap
from whypull.render.pasting import has_here_document, parts, pastable
from whypull.render.redaction import without_credentials
from whypull.render.safe import block, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whypull.model import Diagnosis, Finding, Fix
    from whypull.render.style import Style

MOST_SCREENS = 5  # shown in full; the others in two lines each
MOST_OWNERS = 4  # ways out that a screen shows; the page has all
MOST_NOTES = 6
LONGEST_QUOTE = 1_500  # characters of the decisive text on a screen; -o json has all of it
LONGEST_FACT = 400
_WALKABLE = frozenset({"dns", "network", "proxy", "tls", "registry", "auth", "image"})
_HOLD = "\0"  # stands for a painted mark while a line is laid out


def screen(diagnoses: Sequence[Diagnosis], reading: Reading, width: int, style: Style, prog: str = "whypull") -> str:
    """The whole answer for a terminal of `width` columns, newline at its end. `prog` is how the user calls this program."""
    diagnoses, reading = without_credentials(diagnoses, reading)
    return "\n".join(_Screen(reading, width, style, prog).lines(diagnoses)) + "\n"


def in_a_line(one: Diagnosis) -> str:
    """A diagnosis as one line of a stream, without a newline: mark, causes with their certainty, and which pull it is about."""
    (one,), _ = without_credentials([one], Reading())
    mark = marks.FAILED if one.verdict == "cause" else marks.UNKNOWN
    what = " | ".join(f"{f.cause} ({f.certainty}): {f.title}" for f in one.findings) or f"unknown: {one.said}"
    where = " ".join(dict.fromkeys(part for part in (words.hit(one), one.pull.image) if part))
    return f"{mark} {_shortened(plain(what))}{f'  [{plain(where)}]' if where else ''}"


class _Screen:
    """One screen being written: what all its parts need."""

    def __init__(self, reading: Reading, width: int, style: Style, prog: str) -> None:
        self.reading, self.width, self.style, self.prog = reading, width, style, prog

    def lines(self, diagnoses: Sequence[Diagnosis]) -> Iterator[str]:
        known = [one for one in diagnoses if one.findings or one.said]
        bare = [one for one in diagnoses if not one.findings and not one.said]
        if not diagnoses:
            yield from self.nothing()
            return
        if len(known) > 1:
            what = "root causes" if all(one.verdict == "cause" for one in known) else "problems"
            pulls = counted(sum(one.count for one in known), "pull")
            yield from self.prose(f"{len(known)} {what} stop {pulls}:", "")
            yield ""
        for number, one in enumerate(known):
            if number:
                yield ""
            yield from self.one(one) if number < MOST_SCREENS else self.short(one)
        if bare:
            yield from [""] if known else []
            yield from self.status_only(bare)
        yield from self.besides(diagnoses)

    # ------------------------------------------------------------ one diagnosis

    def one(self, one: Diagnosis) -> Iterator[str]:
        yield from self.headline(one)
        yield from self.hits(one)
        yield from self.path(one)
        if one.verdict == "cause":
            yield from self.how_we_know(one, one.findings[0])
            yield from self.fixes(one, one.findings[0].fixes, one.findings[0].cause)
            yield from self.asks(one, "To be certain")
        elif one.findings:
            yield from self.candidates(one)
            yield from self.asks(one, "What decides")
            yield from self.quote(one, "What was said")
        else:
            yield from self.quote(one, "What was said")
            yield from self.asks(one, "What to paste next" if one.ask else "")
            yield from self.walk(one)
            yield from self.prose("If you find out what it was: the text and its cure are a welcome report.", "  ")
        for note in one.notes[:MOST_NOTES]:
            yield from self.prose(note, "  ")
        yield from self.onward(one)

    def short(self, one: Diagnosis) -> Iterator[str]:
        yield from self.headline(one)

    def headline(self, one: Diagnosis) -> Iterator[str]:
        mark = marks.FAILED if one.verdict == "cause" else marks.UNKNOWN
        identity = f"[{one.findings[0].cause}]" if one.verdict == "cause" else ""
        title = plain(words.title_of(one))
        lines = wrap(title, self.width, "  ")
        lines = [self.style.paint("strong", line[2:]) for line in lines]
        if identity:
            fits = cells(title) + 2 + 3 + len(identity) <= self.width
            painted = self.style.paint("quiet", identity)
            lines = [lines[0] + "   " + painted] if fits else [*lines, painted]
        yield f"{self.style.mark(mark)} {lines[0]}"
        yield from ("  " + line for line in lines[1:])
        certainty = one.findings[0].certainty if one.verdict == "cause" else "undecided" if one.findings else "unknown"
        image = "" if one.pull.image in title else one.pull.image
        parts = [certainty, image, words.hit(one), words.when(one, self.reading)]
        yield from self.dotted([plain(part) for part in parts if part])

    def dotted(self, parts: Sequence[str]) -> Iterator[str]:
        line = ""
        for part in parts:
            longer = f"{line} · {part}" if line else part
            if line and cells(longer) + 2 > self.width:
                yield from wrap(line, self.width, "  ")
                line = part
            else:
                line = longer
        yield from wrap(line, self.width, "  ")

    def hits(self, one: Diagnosis) -> Iterator[str]:
        pulls = words.all_pulls(one)
        rows = [("pods", words.pods(pulls)), ("nodes", words.nodes(pulls)), ("images", words.images(pulls))]
        rows = [(name, values) for name, values in rows if len(values) > 1]
        if rows:
            yield ""
        for name, values in rows:
            yield from wrap(plain(listed(values)), self.width, f"  {name:<8}")

    # ------------------------------------------------------------ the path

    def path(self, one: Diagnosis) -> Iterator[str]:
        settled = [stage for stage in STAGES if one.path.get(stage) in {"passed", "failed"}]
        if not settled:
            return
        yield ""
        yield from self.headings(plain(_path_title(one.vantage)))
        for stage in settled:
            state = one.path[stage]
            mark = self.style.mark(marks.MARKS[state])
            fact = _shortened(plain(words.stage_fact(one, stage)))
            yield from self.marked(mark, wrap(fact, self.width, f"    {_HOLD} {stage:<9} ", " " * 16))
        for state, says in (("not reached", "not reached"), ("not looked", "not looked at")):
            stages = [stage for stage in STAGES if one.path.get(stage, "not looked") == state]
            if stages:
                mark = self.style.mark(marks.MARKS[state])
                yield from self.marked(mark, wrap(f"{says}: {', '.join(stages)}", self.width, f"    {_HOLD} ", " " * 6))

    @staticmethod
    def marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
        yield lines[0].replace(_HOLD, mark, 1)
        yield from lines[1:]

    # ------------------------------------------------------------ why we dare

    def how_we_know(self, one: Diagnosis, finding: Finding) -> Iterator[str]:
        yield ""
        yield self.heading(words.weight(finding.certainty))
        for fact in words.because(finding):
            yield from self.prose(_shortened(plain(fact)), "    ")
        excluded = words.excluded(one)
        if excluded:
            yield from self.prose(excluded, "    ")
        yield from self.quote(one, "")

    def quote(self, one: Diagnosis, title: str) -> Iterator[str]:
        if not one.said:
            return
        if title:
            yield ""
            yield self.heading(title)
        yield from self.prose(words.speaker(one, self.reading) + ":", "    ")
        for line in _cut(block(one.said)).split("\n"):
            yield from wrap(line.strip(), self.width, "      ")

    def candidates(self, one: Diagnosis) -> Iterator[str]:
        yield ""
        yield self.heading("What fits, the likeliest first")
        shared = [fact for fact in words.because(one.findings[0]) if all(fact in f.because for f in one.findings)]
        for fact in shared:
            yield from self.prose(_shortened(plain(fact)), "    ")
        for number, finding in enumerate(one.findings, 1):
            identity = self.style.paint("quiet", f"[{finding.cause}]")
            yield from wrap(plain(finding.title), self.width, f"    {number}  ", " " * 7)
            yield f"       {identity} {finding.certainty}"
            for fact in [fact for fact in words.because(finding) if fact not in shared][:3]:
                yield from self.prose(_shortened(plain(fact)), " " * 7)
            if finding.fixes:
                first = finding.fixes[0]
                what = plain(first.do) or "see its page"
                yield from self.prose(f"Then, {plain(first.who)}: {what}", " " * 7)

    # ------------------------------------------------------------ what to do

    def fixes(self, one: Diagnosis, fixes: Sequence[Fix], cause: str) -> Iterator[str]:
        owners = list(words.by_owner(fixes))
        for number, (who, theirs) in enumerate(owners[:MOST_OWNERS]):
            yield ""
            yield from self.headings(f"{'Or' if number else 'Fix'}, by {plain(who)}")
            for alternative, fix in enumerate(theirs):
                yield from [""] if alternative else []
                if fix.do:
                    yield from self.prose(plain(fix.do), "    ")
                yield from self.commands(fix.run)
                if fix.wait:
                    yield from self.prose(plain(fix.wait), "    ")
        besides = words.elsewhere(one, fixes)
        if besides:
            yield ""
            yield from self.prose(besides, "    ")
        if len(owners) > MOST_OWNERS:
            yield from self.prose(f"{len(owners) - MOST_OWNERS} more: {self.prog} explain {cause}", "    ")

    def commands(self, run: str) -> Iterator[str]:
        """What can be pasted, as it is; a here-document ends at a word in the first column, so it is not indented."""
        before = "" if has_here_document(run) else "      "
        for line in block(run).split("\n") if run else ():
            yield before + self.style.paint("command", line)

    def asks(self, one: Diagnosis, title: str) -> Iterator[str]:
        if not one.ask or not title:
            return
        yield ""
        yield self.heading(title)
        for text in one.ask:
            yield from self.step(text)

    def step(self, text: str) -> Iterator[str]:
        found = parts(plain(text))
        before = "    "
        for can_be_pasted, words_ in found:
            if can_be_pasted:
                yield from self.commands(words_ if len(found) > 1 else self.piped(words_))
                before = " " * 8
            else:
                yield from self.prose(words_, before)

    def walk(self, one: Diagnosis) -> Iterator[str]:
        """The command that walks this pull, which needs no known words."""
        if words.walked(one):
            return
        pull = one.pull
        if pull.pod and pastable(f"{pull.namespace}/{pull.pod}"):
            where = f" -n {pull.namespace}" if pull.namespace else ""
            command = f"{self.prog} pod/{pull.pod}{where} --from node"
        elif pastable(pull.image):
            command = f"{self.prog} check {pull.image}"
        else:
            return
        yield ""
        yield self.heading("To walk the pull again, which needs no words")
        yield from self.commands(command)
        yield ""

    def onward(self, one: Diagnosis) -> Iterator[str]:
        if not one.findings:
            return
        yield ""
        for finding in one.findings:
            yield self.style.paint("quiet", f"  {self.prog} explain {finding.cause}")
        on_the_way = {finding.cause.partition(".")[0] for finding in one.findings} & _WALKABLE
        if on_the_way and not words.walked(one) and one.findings[0].certainty != "proved" and pastable(one.pull.image):
            yield self.style.paint("quiet", f"  {self.prog} check {one.pull.image}")

    # ------------------------------------------------------------ no cause at all

    def status_only(self, bare: Sequence[Diagnosis]) -> Iterator[str]:
        if len(bare) == 1:
            yield from self.headline(bare[0])
        else:
            title = f"{len(bare)} pulls fail; this input shows that they do, not why"
            yield f"{self.style.mark(marks.UNKNOWN)} {self.style.paint('strong', title)}"
            who = words.pods(pull for one in bare for pull in words.all_pulls(one))
            yield from wrap(plain(listed(who, 8)), self.width, "  ") if who else ()
        yield ""
        yield self.heading("What to paste next")
        for ask in bare[0].ask:
            yield from self.commands(self.piped(plain(ask)))
        if len(bare) > 1:
            yield from self.prose("or all of it at once:", "    ")
            spaces = {one.pull.namespace for one in bare}
            only = next(iter(spaces))
            where = f"-n {only}" if len(spaces) == 1 and pastable(only) else "-A"
            yield from self.commands(self.piped(f"kubectl get pods,events,secrets,sa,nodes {where} -o json"))

    def nothing(self) -> Iterator[str]:
        walked = bool(self.reading.cases)
        title = "Nothing failed: what was asked for came." if walked else "No failed image pull in this input."
        yield f"{self.style.mark(marks.PASSED)} {self.style.paint('strong', title)}"
        if self.reading.seen:
            yield from self.prose(f"It was read as: {plain(self.reading.seen)}.", "  ")
        for note in self.reading.notes[:MOST_NOTES]:
            yield from self.prose(plain(note), "  ")
        yield from self.more_notes()
        if self.reading.ask:
            yield ""
            yield self.heading("What to paste next")
            for ask in self.reading.ask:
                yield from self.commands(self.piped(plain(ask)))

    def besides(self, diagnoses: Sequence[Diagnosis]) -> Iterator[str]:
        if self.reading.notes:
            yield ""
            yield self.heading("Besides")
            for note in self.reading.notes[:MOST_NOTES]:
                yield from self.prose(plain(note), "    ")
            yield from self.more_notes()
        asked = {ask for one in diagnoses for ask in one.ask}
        rest = [ask for ask in self.reading.ask if ask not in asked]
        if rest:
            yield ""
            yield self.heading("More would show with")
            for ask in rest:
                yield from self.commands(self.piped(plain(ask)))

    def more_notes(self) -> Iterator[str]:
        rest = len(self.reading.notes) - MOST_NOTES
        if rest > 0:
            yield from self.prose(f"… and {rest} more of that kind (-o json has all).", "  ")

    def piped(self, command: str) -> str:
        """A read-only command with the way back to this program, where it is one."""
        reads = command.startswith(("kubectl get ", "kubectl describe ", "journalctl ", "oc get ", "oc describe "))
        return f"{command} | {self.prog} explain" if reads and "|" not in command and ": " not in command else command

    # ------------------------------------------------------------ lines

    def heading(self, text: str) -> str:
        return "  " + self.style.paint("strong", text)

    def headings(self, text: str) -> Iterator[str]:
        for line in wrap(text, self.width, "  "):
            yield "  " + self.style.paint("strong", line[2:])

    def prose(self, text: str, before: str) -> Iterator[str]:
        yield from wrap(plain(text), self.width, before)


def _path_title(vantage: str) -> str:
    if vantage in {"paste", ""}:
        return "The pull, as far as this input shows"
    if vantage == "cluster":
        return "The pull, as far as the cluster's objects and events show"
    if vantage == "here":
        return "The pull, walked again from here (not from the node)"
    return f"The pull, walked again from {vantage}"


def _shortened(fact: str) -> str:
    if len(fact) <= LONGEST_FACT:
        return fact
    return f"{fact[: LONGEST_FACT * 3 // 4]} … {fact[-LONGEST_FACT // 4 :]}"


def _cut(text: str) -> str:
    if len(text) <= LONGEST_QUOTE:
        return text
    head, tail = LONGEST_QUOTE * 3 // 4, LONGEST_QUOTE // 4
    return f"{text[:head]}\n… {len(text) - head - tail:,} characters left out here (-o json has all) …\n{text[-tail:]}"
