"""Pod Security of the time of 1.20: a policy that everybody may use, and one that lets pods into the host, for kube-system alone."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_ANY = {"rule": "RunAsAny"}
_RULES = {"seLinux": _ANY, "runAsUser": _ANY, "supplementalGroups": _ANY, "fsGroup": _ANY}
POLICIES: dict[str, dict[str, Any]] = {
    "all": {
        "privileged": True, "allowPrivilegeEscalation": True, "allowedCapabilities": ["*"], "volumes": ["*"], "hostNetwork": True,
        "hostIPC": True, "hostPID": True, "hostPorts": [{"min": 0, "max": 65535}], **_RULES,
    },
    "restricted": {"privileged": False, "volumes": ["configMap", "emptyDir", "projected", "secret", "downwardAPI"], **_RULES},
}  # fmt: skip
_WHO = {"all": "system:serviceaccounts:kube-system", "restricted": "system:authenticated"}
_RBAC = "rbac.authorization.k8s.io"


def make(api: Callable[..., Any]) -> None:
    """Makes both, before there is a pod: without a policy that admits it, no pod is made at all.

    https://v1-20.docs.kubernetes.io/docs/concepts/policy/pod-security-policy/
    """
    for name, spec in POLICIES.items():
        policy = {"apiVersion": "policy/v1beta1", "kind": "PodSecurityPolicy", "metadata": {"name": name}, "spec": spec}
        api("POST", "/apis/policy/v1beta1/podsecuritypolicies", policy)
        rule = {"apiGroups": ["policy"], "resources": ["podsecuritypolicies"], "resourceNames": [name], "verbs": ["use"]}
        role = {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": f"policy-{name}"}, "rules": [rule]}
        api("POST", f"/apis/{_RBAC}/v1/clusterroles", role)
        bound = {
            "apiVersion": f"{_RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": f"policy-{name}"},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": f"policy-{name}"},
            "subjects": [{"kind": "Group", "name": _WHO[name], "apiGroup": _RBAC}],
        }  # fmt: skip
        api("POST", f"/apis/{_RBAC}/v1/clusterrolebindings", bound)
