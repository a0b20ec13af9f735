"""Kubernetes objects for tests, as an API server gives them; names of our own."""

import base64
import json

TIME = "2026-11-20T08:00:00Z"
LATER = "2026-11-20T08:05:00Z"


def cluster(*objects):
    """{resource: [object]} of objects of any kind."""
    found = {}
    for one in objects:
        kind = one.pop("_resource")
        found.setdefault(kind, []).append(one)
    return found


def meta(name, namespace="shop", **more):
    return {
        "name": name,
        **({"namespace": namespace} if namespace else {}),
        "uid": f"uid-{namespace}-{name}",
        "creationTimestamp": TIME,
        **more,
    }


def pod(
    name,
    image,
    message,
    *,
    reason="ErrImagePull",
    node="np1-1",
    namespace="shop",
    secrets=(),
    labels=None,
    owner=None,
    container="web",
):
    refs = [{"kind": owner[0], "name": owner[1], "controller": True, "apiVersion": "apps/v1", "uid": "u"}] if owner else None
    metadata = meta(name, namespace, labels=labels or {}, **({"ownerReferences": refs} if refs else {}))
    return {
        "_resource": "pods",
        "metadata": metadata,
        "spec": {
            "nodeName": node,
            "serviceAccountName": "default",
            "containers": [{"name": container, "image": image, "imagePullPolicy": "IfNotPresent"}],
            **({"imagePullSecrets": [{"name": s} for s in secrets]} if secrets else {}),
        },
        "status": {
            "phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [
                {
                    "name": container,
                    "image": image,
                    "imageID": "",
                    "restartCount": 0,
                    "state": {"waiting": {"reason": reason, "message": _status(image, message, reason)}},
                }
            ],
        },
    }


def _status(image, message, reason):
    return message if reason != "ErrImagePull" else f"rpc error: code = Unknown desc = {message}"


def running(name, image, *, node="np1-1", namespace="shop", labels=None, secrets=()):
    made = pod(name, image, "", node=node, namespace=namespace, labels=labels, secrets=secrets)
    made["status"] = {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [
            {"name": "web", "image": image, "imageID": f"{image.partition(':')[0]}@sha256:{'a' * 64}", "ready": True, "restartCount": 0,
             "state": {"running": {"startedAt": LATER}}}
        ],
    }  # fmt: skip
    return made


def event(name, message, image, *, namespace="shop", reason="Failed", type="Warning", container="web", count=4, raw=False):  # noqa: A002
    text = message if raw else f'Failed to pull image "{image}": rpc error: code = Unknown desc = {message}'
    return {
        "_resource": "events",
        "metadata": meta(f"{name}.{abs(hash((message, reason))) % 10**8:x}", namespace),
        "involvedObject": {"kind": "Pod", "namespace": namespace, "name": name, "uid": f"uid-{namespace}-{name}", "fieldPath": f"spec.containers{{{container}}}"},
        "reason": reason, "message": text, "type": type, "count": count, "firstTimestamp": TIME, "lastTimestamp": LATER,
        "source": {"component": "kubelet", "host": "np1-1"},
    }  # fmt: skip


def account(name="default", namespace="shop", secrets=()):
    return {"_resource": "serviceaccounts", "metadata": meta(name, namespace), "imagePullSecrets": [{"name": s} for s in secrets]}


def node(
    name,
    *,
    pool="np1",
    runtime="containerd://1.7.24",
    kubelet="v1.32.1",
    images=(),
    arch="amd64",
    os_image="Ubuntu 22.04.5 LTS",
    address="10.0.3.7",
):
    return {
        "_resource": "nodes",
        "metadata": meta(name, "", labels={"agentpool": pool, "kubernetes.io/arch": arch, "topology.kubernetes.io/zone": "z1"}),
        "spec": {},
        "status": {
            "conditions": [{"type": "Ready", "status": "True", "message": "kubelet is posting ready status"}],
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "images": [{"names": list(names)} for names in images],
            "nodeInfo": {"containerRuntimeVersion": runtime, "kubeletVersion": kubelet, "operatingSystem": "linux", "architecture": arch, "osImage": os_image},
        },
    }  # fmt: skip


def pull_secret(name, namespace="shop", host="registry.shop.example", user="robot", password="pa55-word"):
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    content = json.dumps({"auths": {host: {"auth": auth}}})
    return {
        "_resource": "secrets", "metadata": meta(name, namespace), "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(content.encode()).decode()},
    }  # fmt: skip


def replica_set(name, deployment, labels, namespace="shop"):
    """A ReplicaSet and, under the same call, its Deployment is `deployment(...)`."""
    refs = [{"kind": "Deployment", "name": deployment, "controller": True, "apiVersion": "apps/v1", "uid": "u"}]
    return {
        "_resource": "replicasets",
        "metadata": meta(name, namespace, ownerReferences=refs),
        "spec": {"selector": {"matchLabels": labels}},
    }


def deployment(name, labels, namespace="shop"):
    return {"_resource": "deployments", "metadata": meta(name, namespace), "spec": {"selector": {"matchLabels": labels}}}
