"""Facts → Diagnosis: match, argue, rank, silence consequences, group. Pure; imports no third party."""

from __future__ import annotations

from whypull.match import PROVED, candidates, symptoms
from whypull.model import STAGES, Case, Diagnosis, HostsSeen, NodeConfigSeen, Said
from whypull.path import facts, states
from whypull.proofs import Candidate, Conclusion, Evidence, arguments, remarks
from whypull.records import dataclass, replace
from whypull.steps import Tried
from whypull.wording import ask_for, finding_of, scope_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from whypull.model import Certainty, Failure, Pull, Reading, Role

    Apart = Callable[[str, str], tuple[Failure, ...]]

MOST = 3  # causes that an undecided answer lists
DOMINATES = 4  # the best is the answer where it is that many times likelier than the second
KEPT = 8  # a candidate below an eighth of the best is not listed


@dataclass(frozen=True, slots=True)
class _Judged:
    """One pull with its causes chosen, before anything is put into words: of many alike, only the first is."""

    case: Case
    chosen: tuple[Candidate, ...]
    said: Said | None  # the text that it rests on
    failure: Failure | None

    @property
    def since(self) -> str:
        """When its decisive text was first said."""
        return self.said.first if self.said else ""


def diagnoses_of(reading: Reading, apart: Apart) -> list[Diagnosis]:
    """The diagnoses of all that an input holds, grouped; empty where no pull failed."""
    groups: dict[tuple[object, ...], list[_Judged]] = {}
    for case in reading.cases:
        one = _judged(case, apart)
        if one.chosen or not _is_hearsay(case):
            groups.setdefault(_class_of(one), []).append(one)
    return _largest_first(_of_all(group) for group in groups.values())


def _is_hearsay(case: Case) -> bool:
    """Whether nothing but words that sound like a pull speaks for one: without a cause to name, that is no alarm."""
    texts = [f for f in case.facts if isinstance(f, Said)]
    return bool(texts) and all(said.via == "hearsay" for said in texts)


def diagnose(case: Case, apart: Apart) -> Diagnosis:
    """The diagnosis of one failing pull. `apart` takes one text apart (read.message.failures, handed in: pure stays pure)."""
    return _worded(_judged(case, apart))


def _judged(case: Case, apart: Apart) -> _Judged:
    attempts = [(said, failure) for said in _texts(case) for failure in apart(said.text, case.pull.image)]
    attempts += _walked(case, apart)
    judged = [(said, failure, candidates(failure)) for said, failure in attempts]
    if not any(found for _, _, found in judged):
        judged = [(said, failure, symptoms(failure)) for said, failure in attempts]
    found = _furthest(judged)
    evidence = Evidence(case, _merged(found, judged), tuple(f for _, f, _ in judged))
    ranked = _argued(evidence)
    said, failure = _decisive(ranked, found, attempts)
    return _Judged(case, tuple(_choose(ranked)), said, failure)


def _worded(one: _Judged) -> Diagnosis:
    case, failure = one.case, one.failure
    findings = tuple(finding_of(c, case) for c in one.chosen)
    decided = len(findings) == 1
    path = states(findings, failure, case)
    return Diagnosis(
        verdict="cause" if decided else "undecided",
        pull=case.pull,
        findings=findings,
        path=path,
        path_facts=facts(path, findings, failure, case),
        ask=() if decided and findings[0].certainty == "proved" else ask_for(one.chosen, case),
        vantage=case.vantage,
        count=1,
        pulls=(case.pull,),
        since=one.since,
        said=one.said.text if one.said else "",
        notes=remarks(case),
    )


def _texts(case: Case) -> list[Said]:
    """The texts in the order in which they were chosen by the reader; empty states say nothing."""
    return [f for f in case.facts if isinstance(f, Said) and f.text]


def _walked(case: Case, apart: Apart) -> list[tuple[Said, Failure]]:
    """The step that stopped a walk, in a runtime's words; what came after it, or was overcome, is a consequence or a control."""
    if not any(isinstance(f, Tried) for f in case.facts):
        return []
    from whypull.proofs._walked import stopped_at  # noqa: PLC0415 - only where somebody walked

    tried = stopped_at(case.facts)
    if tried is None:
        return []
    said = Said(tried.words, by="whypull", via="walk", first=tried.outcome.at)
    role: Role = tried.role  # type: ignore[assignment]
    return [(said, replace(f, role=role or f.role)) for f in apart(tried.words, case.pull.image)]


def _furthest(judged: list[tuple[Said, Failure, tuple[Candidate, ...]]]) -> tuple[Candidate, ...]:
    """What the attempt that got furthest along the pull path lets in: an earlier stop is what the others are."""
    best: tuple[Candidate, ...] = ()
    best_key = (-1, False, -1)
    for said, _, found in judged:
        if not found:
            continue
        # A walk asks with GET and hears the registry's own sentence, where the runtime's HEAD had none.
        heard = said.via == "walk" and (len(found) == 1 or found[0].odds >= DOMINATES * found[1].odds)
        key = (_depth(found[0]), heard, said.count)
        if key > best_key:
            best, best_key = found, key
    sure = [found for _, _, found in judged if found and found[0].odds >= PROVED]
    # Words with several readings are known to have come no further than the first of them.
    plain = [found for found in sure if best[0].odds < PROVED and _depth(found[0]) >= min(map(_depth, _near(best)))]
    return plain[0] if plain else best


def _near(found: tuple[Candidate, ...]) -> list[Candidate]:
    return [c for c in found[:MOST] if c.odds * KEPT >= found[0].odds]


def _depth(candidate: Candidate) -> int:
    if candidate.cause in {"node.mirror-failed", "node.disk-full", "node.pull-stalled"}:
        return STAGES.index("registry")  # found out on the way, not before the first request
    return STAGES.index(candidate.stage)


def _merged(found: tuple[Candidate, ...], judged: list[tuple[Said, Failure, tuple[Candidate, ...]]]) -> tuple[Candidate, ...]:
    """The furthest attempt's candidates, and those of a missing secret or a mirror that another text of the pull names."""
    have = {c.cause for c in found}
    extra = [
        c
        for _, _, others in judged
        for c in others
        if c.cause in {"secret.not-found", "secret.provider-failed", "node.mirror-failed", "node.runtime-config"}
        and c.cause not in have
    ]
    unique = {c.cause: c for c in extra}
    return (*found, *unique.values())


def _argued(evidence: Evidence) -> list[Candidate]:
    """The candidates after every proof has had its say, best first."""
    ranked = list(evidence.candidates)
    for _, argue in arguments(walked=any(isinstance(f, (Tried, NodeConfigSeen, HostsSeen)) for f in evidence.case.facts)):
        conclusion = argue(evidence)
        if conclusion is None:
            continue
        ranked = _apply(conclusion, ranked, evidence)
        if conclusion.certainty == "proved" and "*" in conclusion.replaces:
            break
    return sorted(ranked, key=lambda c: (-_rank(c), STAGES.index(c.stage)))


def _rank(candidate: Candidate) -> int:
    return {"proved": 300, "likely": 200}.get(candidate.certainty, 0) + candidate.odds


def _apply(conclusion: Conclusion, ranked: list[Candidate], evidence: Evidence) -> list[Candidate]:
    if conclusion.rejects:
        return [c for c in ranked if c.cause != conclusion.cause]
    failure = next((c.failure for c in ranked), None) or next(iter(evidence.failures), None)
    if failure is None:
        from whypull.model import Failure  # noqa: PLC0415 - a pull whose state only is known

        failure = Failure(text="", core="", image=evidence.case.pull.image)
    old = next((c for c in ranked if c.cause == conclusion.cause), None)
    because = (*conclusion.because, *(b for b in (old.because if old else ()) if b not in conclusion.because))
    args = {**(old.args if old else {}), **conclusion.args}
    fixes = tuple(dict.fromkeys((*conclusion.fixes, *(old.fixes if old else ()))))
    new = Candidate(conclusion.cause, conclusion.odds, failure, because, args, conclusion.certainty, fixes)
    return [new, *(c for c in ranked if c.cause != new.cause and not _replaced(c, conclusion))]


def _replaced(candidate: Candidate, conclusion: Conclusion) -> bool:
    return "*" in conclusion.replaces or candidate.cause in conclusion.replaces or f"{candidate.stage}." in conclusion.replaces


def _choose(ranked: list[Candidate]) -> list[Candidate]:
    """One where it is proved or far ahead, else at most three."""
    if not ranked:
        return []
    best = _settled(ranked[0])
    if best.certainty == "proved":
        return [best]
    rest = [c for c in ranked[1:] if c.odds * KEPT >= best.odds]
    if not rest or best.odds >= DOMINATES * rest[0].odds or (best.certainty == "likely" and rest[0].certainty != "likely"):
        return [best]
    return [best, *rest[: MOST - 1]]


def _settled(candidate: Candidate) -> Candidate:
    """Words that prove make it proved; a secret cause is never proved by words, nor a repository's absence."""
    if candidate.odds < PROVED or candidate.certainty != "possible":
        return candidate
    if candidate.stage == "secret" or candidate.cause == "image.repository-not-found":
        return candidate
    proved: Certainty = "proved"
    return Candidate(
        candidate.cause, candidate.odds, candidate.failure, candidate.because, candidate.args, proved, candidate.fixes
    )


def _decisive(
    ranked: list[Candidate], found: tuple[Candidate, ...], attempts: list[tuple[Said, Failure]]
) -> tuple[Said | None, Failure | None]:
    """The text that the answer rests on."""
    wanted = (ranked[0].failure if ranked else None) or (found[0].failure if found else None)
    for said, failure in attempts:
        if failure is wanted:
            return said, failure
    return attempts[0] if attempts else (None, None)


# ---------------------------------------------------------------- many pulls, few causes


def together(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """One diagnosis for all pulls that the same cause stops at the same registry, image or node; the largest first."""
    groups: dict[tuple[object, ...], list[Diagnosis]] = {}
    for one in diagnoses:
        groups.setdefault(_group_key(one), []).append(one)
    return _largest_first(_merge(group) for group in groups.values())


def _largest_first(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    return sorted(diagnoses, key=lambda d: (d.verdict != "cause", not d.findings, -d.count))


def _class_of(one: _Judged) -> tuple[object, ...]:
    """What _group_key says of the diagnosis that this will be."""
    if not one.chosen:
        return ("?", (one.said.text if one.said else "") or one.case.pull)
    best = one.chosen[0]
    causes = tuple(c.cause for c in one.chosen)
    verdict = "cause" if len(causes) == 1 else "undecided"
    return (verdict, causes, best.certainty, _scope(best.cause, one.case.pull, lambda: scope_of(best, one.case)))


def _group_key(one: Diagnosis) -> tuple[object, ...]:
    causes = tuple(f.cause for f in one.findings)
    if not causes:
        return ("?", one.said or one.pull)
    best = one.findings[0]
    return (one.verdict, causes, best.certainty, _scope(best.cause, one.pull, lambda: best.args))


def _scope(cause: str, pull: Pull, fields: Callable[[], Mapping[str, str]]) -> object:
    stage = cause.partition(".")[0]
    if stage == "secret":
        named = fields()
        return (pull.namespace, named.get("secret", ""), named.get("host", ""))
    if stage in {"image", "spec", "unpack"}:
        return pull.image
    if cause in {"node.disk-full", "node.runtime-unavailable", "node.pull-throttled", "node.runtime-config"}:
        return ""
    named = fields()
    return named.get("url_host") or named.get("host", "")


def _of_all(group: list[_Judged]) -> Diagnosis:
    """The first one's diagnosis, for all pulls of the group."""
    first = _worded(group[0])
    notes = (first.notes, *(remarks(one.case) for one in group[1:]))
    return _for_all(first, [one.case.pull for one in group], [one.since for one in group], notes)


def _merge(group: list[Diagnosis]) -> Diagnosis:
    pulls = [pull for one in group for pull in one.pulls]
    return _for_all(group[0], pulls, [one.since for one in group], [one.notes for one in group])


def _for_all(first: Diagnosis, pulls: Iterable[Pull], since: list[str], notes: Iterable[tuple[str, ...]]) -> Diagnosis:
    if len(since) == 1:
        return first
    different = tuple(dict.fromkeys(pulls))
    every_note = tuple(dict.fromkeys(note for some in notes for note in some))
    return replace(first, count=len(different), pulls=different, since=max(since, key=len), notes=every_note)
