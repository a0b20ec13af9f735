"""Objects in the API's form, with names of our own: what a kubelet, old or new, would have written."""

import base64
import json

from whypull.read.gather import Gathered
from whypull.read.grouping import cases
from whypull.read.inventory import Inventory
from whypull.read.objects import read_objects

IMAGE = "registry.shop.example/payments/api:1.4.2"
REFUSED = (
    f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": pull access denied, repository does not '
    "exist or may require authorization: authorization failed: no basic auth credentials"
)
START = "2026-11-20T08:00:00Z"


def pod(name="api-0", namespace="payments", *, waiting=None, running="", containers=None, node="np1-3", **more):
    """A pod with one container `api`, or those given; `waiting` is (reason, message), `running` since when."""
    wanted = containers or [{"name": "api", "image": IMAGE, "imagePullPolicy": "IfNotPresent"}]
    status = {"phase": "Running" if running else "Pending", "containerStatuses": []}
    for one in wanted:
        state = {"running": {"startedAt": running}} if running else {}
        if waiting and one is wanted[0]:
            state = {"waiting": {"reason": waiting[0], **({"message": waiting[1]} if waiting[1] else {})}}
        if state:
            ids = "registry.shop.example/x@sha256:" + "0" * 64 if running else ""
            status["containerStatuses"].append(
                {"name": one["name"], "image": one["image"], "imageID": ids, "state": state, "ready": bool(running)}
            )
    made = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}", "creationTimestamp": START},
        "spec": {"nodeName": node, "serviceAccountName": "default", "containers": wanted},
        "status": status,
    }
    for path, value in more.items():
        part, _, key = path.partition("__")
        made[part][key] = value
    return made


def event(
    message,
    reason="Failed",
    *,
    name="api-0",
    namespace="payments",
    path="spec.containers{api}",
    last="2026-11-20T08:05:00Z",
    **more,
):
    """An event of core/v1 as the kubelet records it."""
    about = {"apiVersion": "v1", "kind": "Pod", "name": name, "namespace": namespace, "uid": f"uid-{name}"}
    if path:
        about["fieldPath"] = path
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name}.18", "namespace": namespace, "creationTimestamp": START},
        "involvedObject": about,
        "reason": reason,
        "message": message,
        "source": {"component": "kubelet", "host": "np1-3"},
        "firstTimestamp": "2026-11-20T08:00:10Z",
        "lastTimestamp": last,
        "count": 4,
        "type": "Warning",
        **more,
    }


def secret(
    name="regcred", namespace="payments", *, auths=None, content=None, kind="kubernetes.io/dockerconfigjson", created=START
):
    """A pull secret; `auths` are its entries, `content` the bytes of another content."""
    if content is None:
        content = json.dumps(
            {"auths": auths if auths is not None else {"registry.shop.example": {"auth": basic("robot", "s3cr3t-of-the-shop")}}}
        ).encode()
    key = ".dockercfg" if kind.endswith("dockercfg") else ".dockerconfigjson"
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": kind,
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": created},
        "data": {key: base64.b64encode(content).decode()},
    }


def basic(user, password):
    """The auth of a docker config's entry."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def account(name="default", namespace="payments", secrets=()):
    """A service account."""
    made = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}
    return {**made, "imagePullSecrets": [{"name": s} for s in secrets]} if secrets else made


def node(
    name="np1-3", *, images=(), kubelet="v1.32.4", runtime="containerd://1.7.24", ready="True", message="", pressure=(), **more
):
    """A node; `images` are lists of names."""
    conditions = [
        {"type": kind, "status": "True" if kind in pressure else "False"}
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"agentpool": "np1", "kubernetes.io/arch": "amd64"}},
        "spec": {"providerID": "azure:///subscriptions/x/np1-3"},
        "status": {
            "conditions": [
                *conditions,
                {"type": "Ready", "status": ready, "message": message or "kubelet is posting ready status"},
            ],
            "nodeInfo": {
                "containerRuntimeVersion": runtime,
                "kubeletVersion": kubelet,
                "operatingSystem": "linux",
                "architecture": "amd64",
                "osImage": "Ubuntu 24.04",
                **more,
            },
            "images": [{"names": names, "sizeBytes": 1} for names in images],
            "addresses": [{"type": "InternalIP", "address": "10.0.3.7"}],
        },
    }


def listed(*objects, kind="List"):
    """What `kubectl get … -o json` prints of several objects."""
    return {"apiVersion": "v1", "items": list(objects), "kind": kind, "metadata": {"resourceVersion": ""}}


def read(*documents):
    """(cases, gathered) of documents: bytes, text, or what is written as JSON."""
    into, inventory = Gathered(), Inventory()
    for document in documents:
        text = document if isinstance(document, (bytes, str)) else json.dumps(document)
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        assert read_objects(data, into, inventory)
    return cases(into, inventory), into


def facts_of(case, kind):
    """The facts of one kind."""
    return [f for f in case.facts if isinstance(f, kind)]
