"""The last of several defences: a diagnosis and the notes of a reading without anything that looks like a credential.

Fixes and steps are the catalogue's own words, which name options like --docker-password. In them only the values that were
filled in are looked at, so that a command stays one that can be pasted.
"""

from __future__ import annotations

from functools import lru_cache

from whypull.records import replace
from whypull.redact import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from whypull.model import Diagnosis, Finding, Pull, Reading

_hidden = lru_cache(maxsize=4096)(redacted)


def without_credentials(diagnoses: Iterable[Diagnosis], reading: Reading) -> tuple[list[Diagnosis], Reading]:
    """What is shown of an answer: every text looked at once more."""
    notes = tuple(_hidden(note) for note in reading.notes)
    ask = tuple(_hidden(step) for step in reading.ask)
    return [_diagnosis(one) for one in diagnoses], replace(reading, notes=notes, ask=ask, seen=_hidden(reading.seen))


def _diagnosis(one: Diagnosis) -> Diagnosis:
    secrets = _secrets(value for finding in one.findings for value in finding.args.values())
    return replace(
        one,
        pull=_pull(one.pull),
        findings=tuple(_finding(finding, secrets) for finding in one.findings),
        path_facts={stage: _hidden(fact) for stage, fact in one.path_facts.items()},
        ask=tuple(_filled(step, secrets) for step in one.ask),
        vantage=_hidden(one.vantage),
        pulls=tuple(_pull(pull) for pull in one.pulls or (one.pull,)),
        since=_hidden(one.since),
        said=redacted(one.said),
        notes=tuple(_hidden(note) for note in one.notes),
    )


def _finding(finding: Finding, secrets: Mapping[str, str]) -> Finding:
    return replace(
        finding,
        title=_hidden(_filled(finding.title, secrets)),
        because=tuple(_hidden(fact) for fact in finding.because),
        args={name: _hidden(value) for name, value in finding.args.items()},
        fixes=tuple(
            replace(
                fix,
                who=_filled(fix.who, secrets),
                do=_filled(fix.do, secrets),
                run=_filled(fix.run, secrets),
                wait=_filled(fix.wait, secrets),
            )
            for fix in finding.fixes
        ),
    )


def _pull(pull: Pull) -> Pull:
    fields: Sequence[str] = (pull.image, pull.namespace, pull.pod, pull.container, pull.node, pull.runtime)
    shown = [_hidden(field) for field in fields]
    return pull if shown == list(fields) else type(pull)(*shown)


def _secrets(values: Iterable[str]) -> dict[str, str]:
    """The filled-in values that hold a credential, and what is shown in their place."""
    return {value: _hidden(value) for value in values if _hidden(value) != value}


def _filled(text: str, secrets: Mapping[str, str]) -> str:
    for value, shown in secrets.items():
        text = text.replace(value, shown)
    return text
