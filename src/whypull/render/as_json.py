"""Diagnoses → JSON: the contract of schema.json beside this file, stable from the first release; fields may be added."""

from __future__ import annotations

import json

from whypull.render.safe import escaped_for_json, redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from whypull.model import Diagnosis, Finding, Pull, Reading

SCHEMA = "whypull/1"


def document(diagnoses: Sequence[Diagnosis], reading: Reading) -> str:
    """One JSON document with all diagnoses, `diagnoses` empty where no pull failed; ends with a newline."""
    return escaped_for_json(json.dumps(as_dict(diagnoses, reading), indent=2, ensure_ascii=False)) + "\n"


def line(one: Diagnosis) -> str:
    """One diagnosis as one line of JSON, without a newline."""
    return escaped_for_json(json.dumps({"schema": SCHEMA, **of_diagnosis(one)}, ensure_ascii=False))


def as_dict(diagnoses: Sequence[Diagnosis], reading: Reading) -> dict[str, Any]:
    """The document before it is written."""
    return {
        "schema": SCHEMA,
        "diagnoses": [of_diagnosis(one) for one in diagnoses],
        "notes": [redacted(note) for note in reading.notes],
        "ask": [redacted(ask) for ask in reading.ask],
        "seen": redacted(reading.seen),
    }


def of_diagnosis(one: Diagnosis) -> dict[str, Any]:
    """One diagnosis: the verdict first, then what it is about, then why."""
    return {
        "verdict": one.verdict,
        "pull": _pull(one.pull),
        "findings": [_finding(finding) for finding in one.findings],
        "path": dict(one.path),
        "path_facts": {stage: redacted(fact) for stage, fact in one.path_facts.items()},
        "ask": [redacted(step) for step in one.ask],
        "vantage": redacted(one.vantage),
        "count": one.count,
        "pulls": [_pull(pull) for pull in one.pulls or (one.pull,)],
        "since": redacted(one.since),
        "said": redacted(one.said),
        "notes": [redacted(note) for note in one.notes],
    }


def _pull(pull: Pull) -> dict[str, str]:
    return {
        "image": redacted(pull.image),
        "namespace": redacted(pull.namespace),
        "pod": redacted(pull.pod),
        "container": redacted(pull.container),
        "node": redacted(pull.node),
        "runtime": redacted(pull.runtime),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "cause": finding.cause,
        "certainty": finding.certainty,
        "title": redacted(finding.title),
        "args": {name: redacted(value) for name, value in finding.args.items()},
        "because": [redacted(fact) for fact in finding.because],
        "fixes": [
            {"who": redacted(f.who), "do": redacted(f.do), "run": redacted(f.run), "wait": redacted(f.wait)}
            for f in finding.fixes
        ],
    }
