"""Pull secrets are attached, and the kubelet's keyring takes no entry of them for this image."""

from __future__ import annotations

from whypull.keyring import explain
from whypull.model import PodSeen, SecretSeen
from whypull.proofs import Conclusion, Evidence
from whypull.proofs._refusals import refusal, unasked, wants_credentials

PROVES = "secret.registry-mismatch"


def attached(evidence: Evidence) -> list[SecretSeen]:
    """The pull secrets that the pod names and that are there, in the pod's order."""
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    seen = {f.name: f for f in evidence.case.facts if isinstance(f, SecretSeen)}
    return [seen[name] for name in (pod.pull_secrets if pod else ()) if name in seen]


def mismatch(evidence: Evidence) -> Conclusion | None:
    """Proved where all named secrets are known, none matches, and the text shows that nothing was sent; else likely."""
    secrets = attached(evidence)
    pod = next((f for f in evidence.case.facts if isinstance(f, PodSeen)), None)
    refused = refusal(evidence)
    if not secrets or refused is None or refused.failure.sent == "yes" or pod is None or not evidence.case.pull.image:
        return None
    if any(s.problem or s.ignored for s in secrets) or host_left_out(evidence) is not None:
        return None
    trace = explain(evidence.case.pull.image, secrets)
    if trace.would_send != "nothing" or not trace.entries:
        return None
    whole = len(secrets) == len(pod.pull_secrets) and refused.failure.sent == "no"
    open_ = wants_credentials(evidence) is None or unasked(refused)
    named = next((e for e in trace.entries if e.suggest), trace.entries[0])
    return Conclusion(
        PROVES,
        "proved" if whole else "possible" if open_ else "likely",
        tuple(f"Secret {e.secret}, entry {e.key}: {e.why}." for e in trace.entries[:4]),
        args={"secret": named.secret, "key": named.key, "suggest": named.suggest or trace.suggest},
        replaces=("*",) if whole else ("auth.credentials-missing",),
        odds=60 if open_ and not whole else 95,
    )


def host_left_out(evidence: Evidence) -> Conclusion | None:
    """The image names no registry, and the attached secret is for one that is not Docker Hub."""
    image = evidence.case.pull.image
    secrets = attached(evidence)
    first = image.partition("/")[0]
    if not image or not secrets or "." in first or ":" in first.partition("@")[0].rpartition("/")[0] or first == "localhost":
        return None
    keys = [e.key.removeprefix("https://").partition("/")[0] for s in secrets for e in s.entries]
    if not keys or any("docker" in k for k in keys) or evidence.lets_in("image.", "auth.", "spec.", "secret.") is None:
        return None
    return Conclusion(
        "spec.registry-host-missing",
        "likely",
        (f"{image} names no registry host, so the runtime asks Docker Hub; the pod's pull secret is for {keys[0]}.",),
        args={"meant": f"{keys[0]}/{image}", "host": keys[0]},
        replaces=("*",),
    )


ARGUMENTS = ((PROVES, mismatch), ("spec.registry-host-missing", host_left_out))
