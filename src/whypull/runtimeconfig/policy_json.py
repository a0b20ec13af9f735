"""containers-policy.json: which rule decides for an image, and whether it lets anything in. Pure.

https://github.com/containers/image/blob/main/docs/containers-policy.json.5.md
"""

from __future__ import annotations

import json

from whypull.runtimeconfig.flaws import Flaw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.reference import Reference

PATH = "/etc/containers/policy.json"
_KINDS = {"insecureAcceptAnything", "reject", "signedBy", "sigstoreSigned"}


def rule_for(reference: Reference, text: str) -> tuple[str, str, str]:
    """(scope, kind, problem): the most specific scope that names this image, the kind of its first requirement.

    `problem` is in the words of containers/image where the file itself cannot be used: then every pull fails.
    """
    try:
        document = json.loads(text)
    except ValueError as e:
        return "", "", f'invalid policy in "{PATH}": {e}'
    if not isinstance(document, dict) or not isinstance(document.get("default"), list):
        return "", "", f'invalid policy in "{PATH}": default policy is missing'
    transports = document.get("transports")
    docker = transports.get("docker", {}) if isinstance(transports, dict) else {}
    for scope in (*_scopes(reference), ""):
        if isinstance(docker, dict) and scope in docker:
            return scope, _kind(docker[scope]), ""
    return "default", _kind(document["default"]), ""


def flaws_of(reference: Reference, text: str) -> tuple[Flaw, ...]:
    """What of a policy stops this image's pull."""
    scope, kind, problem = rule_for(reference, text)
    if problem:
        return (Flaw("policy-broken", PATH, problem, stops=True),)
    if kind == "reject":
        return (
            Flaw(
                "policy-rejects",
                PATH,
                f"the policy for {scope or 'all of docker'} is reject: no image of it is let in",
                stops=True,
            ),
        )
    if kind and kind not in _KINDS:
        return (Flaw("policy-broken", PATH, f'invalid policy in "{PATH}": unknown requirement type "{kind}"', stops=True),)
    return ()


def _scopes(reference: Reference) -> list[str]:
    """From the whole reference over its namespaces to the host, and wildcards of the host's domain."""
    whole = f"{reference.domain}/{reference.path}"
    found = [f"{whole}:{reference.tag or 'latest'}"] if not reference.digest else [f"{whole}@{reference.digest}"]
    while "/" in whole:
        found.append(whole)
        whole = whole.rpartition("/")[0]
    found.append(reference.domain)
    labels = reference.domain.partition(":")[0].split(".")
    return found + ["*." + ".".join(labels[n:]) for n in range(1, len(labels))]


def _kind(requirements: object) -> str:
    first = requirements[0] if isinstance(requirements, list) and requirements else {}
    return str(first.get("type", "")) if isinstance(first, dict) else ""
