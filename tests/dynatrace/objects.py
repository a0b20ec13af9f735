"""Dynatrace's objects by the operator's public CRD and behaviour, with names of our own."""

import base64
import json

TENANT = "abc12345.live.dynatrace.com"
REGISTRY = "registry.shop.example"
OPERATOR = f"{REGISTRY}/dynatrace/dynatrace-operator:v1.7.2"
ONEAGENT = f"{REGISTRY}/dynatrace/oneagent:1.317.0"
ACTIVEGATE = f"{REGISTRY}/dynatrace/activegate:1.317.0"
CODEMODULES = f"{REGISTRY}/dynatrace/codemodules:1.317.0"

REFUSED = (
    'failed to pull and unpack image "{0}": failed to resolve reference "{0}": failed to authorize: failed to fetch anonymous token: '
    "unexpected status from GET request to https://registry.shop.example/token?scope=repository%3Adynatrace%3Apull: 401 Unauthorized"
)
TIMEOUT = (
    'failed to pull and unpack image "{0}": failed to resolve reference "{0}": failed to do request: Head '
    '"https://registry.shop.example/v2/dynatrace/x/manifests/1": dial tcp 203.0.113.9:443: i/o timeout'
)
UNKNOWN_CA = (
    'failed to pull and unpack image "{0}": failed to resolve reference "{0}": failed to do request: Head '
    '"https://registry.shop.example/v2/dynatrace/x/manifests/1": tls: failed to verify certificate: x509: certificate signed by '
    "unknown authority"
)
TENANT_REFUSED = (
    'failed to pull and unpack image "{0}": failed to resolve reference "{0}": unexpected status from HEAD request to '
    "https://abc12345.live.dynatrace.com/v2/linux/oneagent/manifests/1.317.0-raw: 401 Unauthorized"
)


def dynakube(name="shop", namespace="dynatrace", version="v1beta5", mode="cloudNativeFullStack", inside=None, flags=(), **spec):
    """A DynaKube; `inside` is what stands in the mode, `spec` beside it."""
    status = spec.pop("status", None)
    made = {
        "apiVersion": f"dynatrace.com/{version}",
        "kind": "DynaKube",
        "metadata": {"name": name, "namespace": namespace, "annotations": {f"feature.dynatrace.com/{k}": v for k, v in flags}},
        "spec": {"apiUrl": f"https://{TENANT}/api", "oneAgent": {mode: inside or {}} if mode else {}, **spec},
    }
    return {**made, "status": status} if status else made


def workload(name, image, kind="DaemonSet", secrets=(), namespace="dynatrace"):
    """One of the operator's workloads."""
    pod = {"containers": [{"name": "x", "image": image}]}
    if secrets:
        pod["imagePullSecrets"] = [{"name": s} for s in secrets]
    labels = {"app.kubernetes.io/name": "dynatrace-operator"}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"template": {"spec": pod}},
    }


def installed(*, csi=True, image=OPERATOR):
    """The operator, its webhook and, with `csi`, its CSI driver."""
    found = [workload("dynatrace-operator", image, "Deployment"), workload("dynatrace-webhook", image, "Deployment")]
    return [*found, workload("dynatrace-oneagent-csi-driver", image)] if csi else found


def namespace(name, of="shop"):
    """A namespace; with `of`, the operator has labelled it for that DynaKube."""
    labels = {"dynakube.internal.dynatrace.com/instance": of} if of else {}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def application(name="api-0", where="payments", *, container="dynatrace-operator", image=OPERATOR, said="", volume="csi", **more):
    """An application's pod after the webhook: `said` is why its init container's image is not there."""
    state = {"waiting": {"reason": "ErrImagePull", "message": said.format(image)}} if said else more.get("state", {})
    volumes = {
        "csi": {"csi": {"driver": "csi.oneagent.dynatrace.com", "readOnly": True}},
        "emptyDir": {"emptyDir": {}},
        "image": {"image": {"reference": CODEMODULES}},
    }
    args = ["bootstrap", "--config-directory=/mnt/config"] if container == "dynatrace-operator" else ["init"]
    spec = {
        "nodeName": "np1-3",
        "serviceAccountName": "api",
        "containers": [{"name": "api", "image": "registry.shop.example/payments/api:1.4.2"}],
        "initContainers": [{"name": container, "image": image, "args": args}],
        "volumes": [{"name": "oneagent-bin", **volumes[volume]}],
    }
    if more.get("secrets"):
        spec["imagePullSecrets"] = [{"name": s} for s in more["secrets"]]
    annotations = {"dynakube.dynatrace.com/injected": "true", "oneagent.dynatrace.com/injected": "true"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": where, "uid": f"uid-{name}", "annotations": annotations},
        "spec": spec,
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [{"name": container, "image": image, "imageID": "", "state": state}],
            "containerStatuses": [
                {"name": "api", "image": "x", "imageID": "", "state": {"waiting": {"reason": "PodInitializing"}}}
            ],
        },
    }


def own_pod(name, container, image, said, where="dynatrace", secrets=()):
    """A pod of Dynatrace's own whose image is not there."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": where,
            "uid": f"uid-{name}",
            "labels": {"app.kubernetes.io/managed-by": "dynatrace-operator"},
        },
        "spec": {
            "nodeName": "np1-3",
            "serviceAccountName": "default",
            "containers": [{"name": container, "image": image}],
            "imagePullSecrets": [{"name": s} for s in secrets],
        },
        "status": {
            "phase": "Pending",
            "containerStatuses": [
                {
                    "name": container,
                    "image": image,
                    "imageID": "",
                    "state": {"waiting": {"reason": "ErrImagePull", "message": said.format(image)}},
                }
            ],
        },
    }


def pull_secret(name, *hosts, where="dynatrace"):
    """A pull secret with entries for hosts."""
    auth = base64.b64encode(b"robot:s3cr3t-of-the-shop").decode()
    content = base64.b64encode(json.dumps({"auths": {h: {"auth": auth} for h in hosts}}).encode()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/dockerconfigjson",
        "metadata": {"name": name, "namespace": where, "creationTimestamp": "2026-11-20T08:00:00Z"},
        "data": {".dockerconfigjson": content},
    }


def opaque(name, where="dynatrace", **values):
    """A Secret of another kind."""
    data = {k: base64.b64encode(v.encode()).decode() for k, v in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": {"name": name, "namespace": where}, "data": data}


def csi_log(words, image=CODEMODULES):
    """What the CSI driver's provisioner logs of a pull that fails."""
    said = f'getting image "{image}": {words}'
    lines = [
        {"logger": "csi-provisioner", "msg": "reconciling DynaKube", "namespace": "dynatrace", "dynakube": "shop"},
        {"logger": "oneagent-image", "msg": "installing agent from image"},
        {"logger": "oneagent-image", "msg": "pullImageInfo", "error": said},
        {"logger": "oneagent-image", "msg": "failed to extract agent binaries from image via proxy", "image": image, "err": said},
    ]
    return written(lines)


def init_log(words, masked=True):
    """What an injected init container logs of a download that fails."""
    end = "This error has been masked to not fail the container." if masked else "error during download"
    lines = [
        {"logger": "injection-startup", "msg": "standalone init started"},
        {"logger": "oneagent-url", "msg": "downloading specific OneAgent package", "version": "1.317.0.20260101-000000"},
        {"level": "error", "logger": "injection-startup", "msg": end, "error": words},
    ]
    return written(lines)


def written(lines):
    """Lines as zap writes them."""
    return "".join(
        json.dumps({"level": "info", "ts": "2026-11-20T08:03:31.000Z", **one}, separators=(",", ":")) + "\n" for one in lines
    )
