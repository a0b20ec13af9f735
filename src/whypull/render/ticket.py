"""Diagnoses → Markdown, a ticket for each owner: what, since when, the evidence, what to change, how to check."""

from __future__ import annotations

from whypull.render import words
from whypull.render.access import from_and_to
from whypull.render.layout import counted, listed
from whypull.render.pasting import parts, pastable
from whypull.render.redaction import without_credentials
from whypull.render.safe import fenced, markdown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whypull.model import Diagnosis, Finding, Fix, Reading

MOST_NAMES = 8


def ticket(diagnoses: Sequence[Diagnosis], reading: Reading, prog: str = "whypull") -> str:
    """All tickets as one Markdown text, newline at its end. What came from outside is text in it, never markup."""
    diagnoses, reading = without_credentials(diagnoses, reading)
    parts = list(_parts(diagnoses, reading, prog))
    return "\n\n".join("\n\n".join(part) for part in parts) + "\n"


def _parts(diagnoses: Sequence[Diagnosis], reading: Reading, prog: str) -> Iterator[list[str]]:
    if not diagnoses:
        yield ["# No failed image pull in this input", *(markdown(note) for note in reading.notes)]
        return
    for who, entries in _owners(diagnoses).items():
        yield [f"# For {markdown(who)}", *(line for one, fixes in entries for line in _entry(one, fixes, reading, prog))]
    bare = [one for one in diagnoses if not one.findings and not one.said]
    for one in diagnoses:
        if one.verdict != "cause" and (one.findings or one.said or len(bare) == 1):
            yield list(_open(one, reading, prog))
    if len(bare) > 1:
        yield list(_unexplained(bare))


def _owners(diagnoses: Sequence[Diagnosis]) -> dict[str, list[tuple[Diagnosis, list[Fix]]]]:
    """Who can do something, and about what."""
    owners: dict[str, list[tuple[Diagnosis, list[Fix]]]] = {}
    for one in diagnoses:
        if one.verdict == "cause":
            for who, fixes in words.by_owner(one.findings[0].fixes):
                owners.setdefault(who, []).append((one, fixes))
    return owners


def _entry(one: Diagnosis, fixes: Sequence[Fix], reading: Reading, prog: str) -> Iterator[str]:
    finding = one.findings[0]
    yield f"## {markdown(finding.title)}"
    yield _facts(one, reading, f"`{finding.cause}`, {finding.certainty}")
    yield from from_and_to(one, prog)
    yield "### Evidence"
    yield from _evidence(one, finding, reading)
    yield "### What to change"
    for fix in fixes:
        if fix.do:
            yield markdown(fix.do)
        if fix.run:
            yield fenced(fix.run, "sh")
        if fix.wait:
            yield markdown(fix.wait)
    besides = words.elsewhere(one, fixes)
    if besides:
        yield markdown(besides)
    yield "### How to check"
    yield from _check(one, prog)


def _facts(one: Diagnosis, reading: Reading, cause: str) -> str:
    pulls = words.all_pulls(one)
    rows = [
        ("Cause", cause),
        ("Stops", counted(one.count, "pull")),
        ("Images", markdown(listed(words.images(pulls), MOST_NAMES))),
        ("Pods", markdown(listed(words.pods(pulls), MOST_NAMES))),
        ("Nodes", markdown(listed(words.nodes(pulls), MOST_NAMES))),
        ("Runtime", markdown(one.pull.runtime)),
        ("When", markdown(words.when(one, reading))),
    ]
    return "\n".join(f"- {name}: {value}" for name, value in rows if value)


def _evidence(one: Diagnosis, finding: Finding, reading: Reading) -> Iterator[str]:
    facts = [markdown(fact) for fact in words.because(finding)]
    excluded = words.excluded(one)
    yield "\n".join(f"- {fact}" for fact in [*facts, *([excluded] if excluded else [])])
    if one.said:
        yield f"{markdown(words.speaker(one, reading))}:"
        yield fenced(one.said)


def _check(one: Diagnosis, prog: str) -> Iterator[str]:
    pull = one.pull
    if pastable(pull.pod) and (not pull.namespace or pastable(pull.namespace)):
        namespace = f" -n {pull.namespace}" if pull.namespace else ""
        run = f"kubectl describe pod {pull.pod}{namespace} | {prog} explain"
    elif pastable(pull.image):
        run = f"{prog} check {pull.image}"
    else:
        yield "It is done when the next pull succeeds."
        return
    yield f"It is done when this names no `{one.findings[0].cause}` any more:"
    yield fenced(run, "sh")


def _open(one: Diagnosis, reading: Reading, prog: str) -> Iterator[str]:
    """What is not decided yet, and the step that decides."""
    yield f"# To find out first: {markdown(words.title_of(one))}"
    yield _facts(one, reading, "undecided" if one.findings else "unknown")
    for number, finding in enumerate(one.findings, 1):
        yield f"{number}. {markdown(finding.title)} (`{finding.cause}`, {finding.certainty})"
    if one.said:
        yield f"{markdown(words.speaker(one, reading))}:"
        yield fenced(one.said)
    if one.ask:
        yield "### What decides" if one.findings else "### What would show more"
    for ask in one.ask:
        yield from (fenced(words_, "sh") if can_be_pasted else markdown(words_) for can_be_pasted, words_ in parts(ask))
    for finding in one.findings:
        yield f"All about it: `{prog} explain {finding.cause}`"


def _unexplained(bare: Sequence[Diagnosis]) -> Iterator[str]:
    """Pulls of which the input shows only that they fail."""
    yield f"# To find out first: why {len(bare)} pulls fail"
    who = words.pods(pull for one in bare for pull in words.all_pulls(one))
    yield markdown(f"This input shows that they fail, not why: {listed(who, MOST_NAMES)}")
    yield "### What would show more"
    yield fenced("\n".join(dict.fromkeys(ask for one in bare[:3] for ask in one.ask)), "sh")
