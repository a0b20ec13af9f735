"""Diagnoses → JSON: the contract of schema.json beside this file, stable from the first release; fields may be added."""

from __future__ import annotations

import json

from whypull.model import Reading
from whypull.render.redaction import without_credentials
from whypull.render.safe import escaped_for_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from whypull.model import Diagnosis, Finding, Pull

SCHEMA = "whypull/1"


def document(diagnoses: Sequence[Diagnosis], reading: Reading) -> str:
    """One JSON document with all diagnoses, `diagnoses` empty where no pull failed; ends with a newline."""
    return dumps(as_dict(diagnoses, reading))


def dumps(fields: dict[str, Any]) -> str:
    """Fields as JSON for people and programs: indented, hostile characters as escapes; ends with a newline."""
    return escaped_for_json(json.dumps(fields, indent=2, ensure_ascii=False)) + "\n"


def line(one: Diagnosis) -> str:
    """One diagnosis as one line of JSON, without a newline."""
    shown, _ = without_credentials([one], Reading())
    return escaped_for_json(json.dumps({"schema": SCHEMA, **_diagnosis(shown[0])}, ensure_ascii=False))


def as_dict(diagnoses: Sequence[Diagnosis], reading: Reading) -> dict[str, Any]:
    """The document before it is written; nothing in it looks like a credential."""
    diagnoses, reading = without_credentials(diagnoses, reading)
    return {
        "schema": SCHEMA,
        "diagnoses": [_diagnosis(one) for one in diagnoses],
        "notes": list(reading.notes),
        "ask": list(reading.ask),
        "seen": reading.seen,
    }


def _diagnosis(one: Diagnosis) -> dict[str, Any]:
    return {
        "verdict": one.verdict,
        "pull": _pull(one.pull),
        "findings": [_finding(finding) for finding in one.findings],
        "path": dict(one.path),
        "path_facts": dict(one.path_facts),
        "ask": list(one.ask),
        "vantage": one.vantage,
        "count": one.count,
        "pulls": [_pull(pull) for pull in one.pulls or (one.pull,)],
        "since": one.since,
        "said": one.said,
        "notes": list(one.notes),
    }


def _pull(pull: Pull) -> dict[str, str]:
    return {
        "image": pull.image,
        "namespace": pull.namespace,
        "pod": pull.pod,
        "container": pull.container,
        "node": pull.node,
        "runtime": pull.runtime,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "cause": finding.cause,
        "certainty": finding.certainty,
        "title": finding.title,
        "args": dict(finding.args),
        "because": list(finding.because),
        "fixes": [{"who": f.who, "do": f.do, "run": f.run, "wait": f.wait} for f in finding.fixes],
    }
