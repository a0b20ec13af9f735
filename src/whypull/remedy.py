"""A diagnosis → the changes inside the cluster that end it: copy or make a pull secret, name it, make the pods anew. Pure.

Only what is safe and can be taken back: nothing is deleted but pods of an owner that makes them anew, nothing is replaced.
"""

from __future__ import annotations

from whypull.keyring import explain
from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from whypull.model import AccountSeen, Diagnosis, SecretSeen

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
WORKLOADS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}
ABOUT = ("secret.not-found", "secret.not-attached", "secret.registry-mismatch", "auth.credentials-missing", "secret.malformed")


@dataclass(frozen=True, slots=True)
class Change:
    """One change, as the API takes it and as a person would write it. `body` may hold a secret's data; `shown` never does."""

    does: str  # a sentence: "copies the pull secret pull from namespace tools into shop"
    method: str
    path: str
    body: Mapping[str, Any]
    content_type: str = "application/json"
    shown: str = ""  # the kubectl command that does the same

    def __repr__(self) -> str:
        """What it does, without its body."""
        return f"Change({self.does!r})"


class NoRemedy(Exception):
    """There is no safe change inside the cluster for this; the message says why, and who can end it."""


def copied(secret: Mapping[str, Any], namespace: str, name: str) -> Change:
    """A Secret object of another namespace made here, without what belonged to the old one."""
    meta = secret.get("metadata", {})
    labels = meta.get("labels") or {}
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, **({"labels": labels} if labels else {})},
        "type": secret.get("type", ""),
        "data": secret.get("data") or {},
    }
    old, was = meta.get("namespace", ""), meta.get("name", "")
    only = f'{{apiVersion,kind,type,data,metadata:{{name:"{name}"}}}}'
    return Change(
        f"copies the pull secret {was} from namespace {old} to {name} in {namespace}",
        "POST",
        f"/api/v1/namespaces/{namespace}/secrets",
        body,
        shown=f"kubectl get secret {was} -n {old} -o json | jq '{only}' | kubectl apply -n {namespace} -f -",
    )


def made(namespace: str, name: str, server: str, user: str, password: str) -> Change:
    """A new pull secret."""
    import json  # noqa: PLC0415
    from base64 import b64encode  # noqa: PLC0415

    auth = b64encode(f"{user}:{password}".encode()).decode()
    content = json.dumps({"auths": {server: {"username": user, "password": password, "auth": auth}}})
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": b64encode(content.encode()).decode()},
    }
    return Change(
        f"makes the pull secret {name} in namespace {namespace} for {server}",
        "POST",
        f"/api/v1/namespaces/{namespace}/secrets",
        body,
        shown=f"kubectl create secret docker-registry {name} -n {namespace} --docker-server={server} --docker-username='<user>' "
        "--docker-password='<password>'",
    )


def attached(account: AccountSeen, secret: str) -> Change | None:
    """The service account with the secret among its pull secrets; None where it is there already."""
    if secret in account.pull_secrets:
        return None
    names = [*account.pull_secrets, secret]
    listed = ",".join(f'{{"name":"{name}"}}' for name in names)
    patch = f'{{"imagePullSecrets":[{listed}]}}'
    return Change(
        f"names {secret} in service account {account.name} of namespace {account.namespace}",
        "PATCH",
        f"/api/v1/namespaces/{account.namespace}/serviceaccounts/{account.name}",
        {"imagePullSecrets": [{"name": name} for name in names]},
        MERGE,
        f"kubectl patch serviceaccount {account.name} -n {account.namespace} --type=merge -p '{patch}'",
    )


def restarted(owner: str, namespace: str, now: str) -> Change:
    """The owner's pods made anew, as `kubectl rollout restart` does. `now` is RFC 3339. Raises NoRemedy for other owners."""
    kind, _, name = owner.partition("/")
    resource = WORKLOADS.get(kind)
    if resource is None:
        what = f"The pod's owner is {owner}" if owner else "The pod has no owner"
        raise NoRemedy(f"{what}: nothing here makes it anew. Delete and create it yourself; it keeps what it was made with.")
    stamp = {"kubectl.kubernetes.io/restartedAt": now}
    return Change(
        f"makes the pods of {kind.lower()} {name} anew: what an account names reaches a pod only when it is made",
        "PATCH",
        f"/apis/apps/v1/namespaces/{namespace}/{resource}/{name}",
        {"spec": {"template": {"metadata": {"annotations": stamp}}}},
        STRATEGIC,
        f"kubectl rollout restart {kind.lower()}/{name} -n {namespace}",
    )


def fitting(image: str, secrets: Iterable[SecretSeen]) -> list[str]:
    """Names of the secrets of which the kubelet would send credentials for this image."""
    return [s.name for s in secrets if explain(image, [s]).would_send == "credentials"]


def about(one: Diagnosis) -> str:
    """The secret cause that a diagnosis has. Raises NoRemedy, with who can end it, for any other."""
    causes = [finding.cause for finding in one.findings]
    for cause in causes:
        if cause in ABOUT:
            return cause
    first = one.findings[0] if one.findings else None
    who = first.fixes[0].who if first and first.fixes else ""
    title = f"{first.title} [{first.cause}]. " if first else "The cause is not known. "
    raise NoRemedy(f"{title}No change inside the cluster ends that{f'; it is for {who}' if who else ''}.")


def in_order(changes: Sequence[Change | None]) -> list[Change]:
    """The changes that there are, each once."""
    found: dict[tuple[str, str], Change] = {}
    for change in changes:
        if change is not None:
            found.setdefault((change.method, change.path), change)
    return list(found.values())
