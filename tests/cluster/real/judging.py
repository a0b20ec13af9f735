"""What a run is judged by: each fault's answer against the truth, and the few lines that are worth reading where one is wrong."""

from __future__ import annotations

from cluster.real.faults import all_broken
from lab.asking import verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WRONG = ("WRONG", "WRONG AND PROVED", "missed")


def by_namespace(answer: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Namespace → the diagnoses that name a pull in it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in answer["diagnoses"]:
        for namespace in {pull["namespace"] for pull in one.get("pulls") or [one["pull"]]}:
            found.setdefault(namespace, []).append(one)
    return found


def judged(answer: dict[str, Any], *, walked: bool) -> dict[str, tuple[str, str]]:
    """Name of a fault or control → (verdict's word, what was named). Of a walk nothing but the cause itself will do."""
    named = by_namespace(answer)
    found = {}
    for broken in all_broken():
        diagnoses = named.get(broken.name, [])
        if len(diagnoses) > 1:
            found[broken.name] = ("WRONG", "it is torn into several diagnoses")
            continue
        causes = [[f["cause"], f["certainty"]] for one in diagnoses for f in one["findings"]]
        word = verdict(causes, broken.cause, () if walked and broken.proved else broken.others)
        found[broken.name] = (word, ", ".join(" ".join(one) for one in causes))
    return found


def wrong(answer: dict[str, Any], *, walked: bool) -> dict[str, tuple[str, str]]:
    """Those of judged() that are wrong or not named."""
    return {name: (word, said) for name, (word, said) in judged(answer, walked=walked).items() if word in WRONG}


def groups(answer: dict[str, Any]) -> dict[str, int]:
    """Namespace → how many pulls its one diagnosis has."""
    return {namespace: max(one["count"] for one in found) for namespace, found in by_namespace(answer).items()}
