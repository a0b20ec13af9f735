"""The walk had pull secrets, the kubelet would have taken nothing from them for this image, and the registry wants some."""

from __future__ import annotations

from whypull.keyring import explain
from whypull.model import PodSeen, SecretSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import REFUSALS, answers, failed, quoted, walk
from whypull.proofs.no_entry_matches_the_image import host_left_out
from whypull.steps import Request


def secrets(evidence: Evidence) -> Conclusion | None:
    """Proved by the secret's own content, and by the registry's refusal of who comes without."""
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    seen = {f.name: f for f in evidence.case.facts if isinstance(f, SecretSeen)}
    named = [seen[name] for name in (pod.pull_secrets if pod else ()) if name in seen]
    if pod is None or not named or len(named) != len(pod.pull_secrets) or not walk(evidence) or _sent(evidence):
        return None
    damaged = next((s for s in named if s.problem), None)
    if damaged is not None:
        words = (f"The kubelet cannot decode Secret {damaged.name}: {damaged.problem}. It does not even begin to pull.",)
        return Conclusion("secret.malformed", "proved", words, args={"secret": damaged.name}, replaces=("*",))
    stop = failed(evidence)
    asked = [*answers(evidence, "token"), *answers(evidence, "registry", "/manifests/")]
    wants = [t for t in asked if t.outcome.status in REFUSALS]
    if stop is None or not wants or stop.outcome.status not in REFUSALS:
        return None
    if all(s.ignored for s in named):
        why = tuple(f"The kubelet takes nothing from Secret {s.name}: {s.ignored}." for s in named[:3])
        args = {"secret": named[0].name}
        return Conclusion("secret.malformed", "proved", (*why, quoted(wants[-1])), args=args, replaces=("*",))
    trace = explain(evidence.case.pull.image, named)
    if trace.would_send != "nothing" or not trace.entries or host_left_out(evidence) is not None:
        return None
    best = next((e for e in trace.entries if e.suggest), trace.entries[0])
    why = tuple(f"Secret {e.secret}, entry {e.key}: {e.why}." for e in trace.entries[:4])
    args = {"secret": best.secret, "key": best.key, "suggest": best.suggest or trace.suggest}
    return Conclusion("secret.registry-mismatch", "proved", (*why, quoted(wants[-1])), args=args, replaces=("*",))


def _sent(evidence: Evidence) -> bool:
    return any(isinstance(t.step, Request) and t.step.credentials.startswith(("basic:", "withheld:")) for t in walk(evidence))


ARGUMENTS = (("secret.registry-mismatch", secrets),)
