"""What kubelets from 1.20 to 1.36 write of a failed pull, end to end: each form through `whypull` against an API server.

Formats: pkg/kubelet/images and pkg/kubelet/kuberuntime of the versions named; names of our own.
"""

import base64
import json

import pytest
from tests.cluster import apiserver
from tests.cluster.apiserver import ApiServer
from tests.cluster.objects import LATER, TIME, account, cluster, event, meta, node, pod, pull_secret

from whypull.cli import main

IMAGE = "registry.shop.example/payments/api:1.4.2"
RESOLVE = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
REQUEST = 'failed to do request: Head "https://registry.shop.example/v2/payments/api/manifests/1.4.2": '
ANONYMOUS = RESOLVE + (
    "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials"
)
UNKNOWN_CA = RESOLVE + REQUEST + "tls: failed to verify certificate: x509: certificate signed by unknown authority"
NO_HOST = RESOLVE + REQUEST + "dial tcp: lookup registry.shop.example on 10.0.0.2:53: no such host"
BUSY = RESOLVE + (
    "unexpected status from HEAD request to https://registry.shop.example/v2/payments/api/manifests/1.4.2: 503 Service Unavailable"
)
BACK_OFF = f'Back-off pulling image "{IMAGE}"'


@pytest.fixture
def ask(tmp_path, capsys, monkeypatch):
    """Runs whypull against objects; returns (exit code, document)."""

    def run(*objects, args=("-n", "shop"), denied=()):
        with ApiServer(cluster(*objects), denied=denied) as server:
            path = tmp_path / "config"
            path.write_text(json.dumps(apiserver.kubeconfig(server.url, namespace="shop")))
            monkeypatch.setenv("KUBECONFIG", str(path))
            code = main([*args, "-o", "json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def waiting(
    reason, message, *, version, image=IMAGE, policy="IfNotPresent", runtime="containerd://1.7.24", images=(), secrets=()
):
    """A pod that waits in this state, its account and its node."""
    made = pod("web-0", image, message, reason=reason, secrets=secrets)
    made["spec"]["containers"][0]["imagePullPolicy"] = policy
    made["status"]["containerStatuses"][0]["state"]["waiting"] = {
        "reason": reason,
        **({"message": message} if message is not None else {}),
    }
    return made, account(), node("np1-1", kubelet=version, runtime=runtime, images=images)


def said(message, reason="Failed", **more):
    """An event on the pod as the kubelet records it; `container` empty where it concerns the whole pod."""
    made = event("web-0", message, IMAGE, reason=reason, raw=True, **{k: v for k, v in more.items() if k in {"type", "count"}})
    if not more.get("container", "web"):
        made["involvedObject"].pop("fieldPath")
    return made


def found(answer):
    return [[f["cause"] for f in d["findings"]] for d in answer["diagnoses"]]


def certainty(answer):
    return answer["diagnoses"][0]["findings"][0]["certainty"]


# ---------------------------------------------------------------- how the state is worded

JUST_FAILED = {
    "1.20, docker": ("v1.20.15", "docker://19.3.15", "ErrImagePull",
        'rpc error: code = Unknown desc = Error response from daemon: Get "https://registry.shop.example/v2/": x509: certificate signed by unknown authority'),
    "1.27 keeps the code": ("v1.27.16", "containerd://1.6.36", "ErrImagePull", f"rpc error: code = Unknown desc = {UNKNOWN_CA}"),
    "1.28 strips it": ("v1.28.15", "containerd://1.7.24", "ErrImagePull", UNKNOWN_CA),
    "1.32 in back-off": ("v1.32.9", "containerd://2.0.5", "ImagePullBackOff", f"{BACK_OFF}: ErrImagePull: {UNKNOWN_CA}"),
    "1.36 in back-off": ("v1.36.0", "containerd://2.2.1", "ImagePullBackOff", f"{BACK_OFF}: ErrImagePull: {UNKNOWN_CA}"),
    "1.33, CRI-O": ("v1.33.4", "cri-o://1.33.2", "ErrImagePull",
        (f"unable to pull image or OCI artifact: pull image err: initializing source docker://{IMAGE}: pinging container registry registry.shop.example: "
        'Get "https://registry.shop.example/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority; artifact err: '
        'get manifest: build image source: pinging container registry registry.shop.example: Get "https://registry.shop.example/v2/": tls: failed to '
        "verify certificate: x509: certificate signed by unknown authority")),
}  # fmt: skip


@pytest.mark.parametrize("form", JUST_FAILED)
def test_the_same_cause_in_the_words_of_each_version(ask, form):
    version, runtime, reason, message = JUST_FAILED[form]
    code, answer = ask(*waiting(reason, message, version=version, runtime=runtime))
    assert (code, found(answer)) == (1, [["tls.unknown-authority"]])


def test_a_bare_back_off_of_which_the_events_are_gone_is_not_guessed_at(ask):
    """1.31 and older: the spam filter drops the warnings, and only the Normal event stays."""
    objects = [*waiting("ImagePullBackOff", BACK_OFF, version="v1.31.4"), said(BACK_OFF, "BackOff", type="Normal", count=5959)]
    code, answer = ask(*objects)
    assert code == 3
    assert all(f["certainty"] == "possible" for d in answer["diagnoses"] for f in d["findings"])


@pytest.mark.parametrize("version", ["v1.28.15", "v1.36.0"])
@pytest.mark.parametrize("backing_off", [False, True])
def test_a_registry_that_is_unavailable(ask, version, backing_off):
    text = f"image pull failed for {IMAGE} because the registry is unavailable: {BUSY}"
    state = ("ImagePullBackOff", f"{BACK_OFF}: RegistryUnavailable: {text}") if backing_off else ("RegistryUnavailable", text)
    code, answer = ask(*waiting(*state, version=version))
    assert (code, found(answer)) == (1, [["registry.server-error"]])


def test_a_signature_that_is_not_accepted(ask):
    text = f"image pull failed for {IMAGE} because the signature validation failed: Source image rejected: A signature was required, but no signature exists"
    code, answer = ask(*waiting("SignatureValidationFailed", text, version="v1.31.4", runtime="cri-o://1.31.2"))
    assert (code, found(answer)) == (1, [["image.policy-rejected"]])


@pytest.mark.parametrize(
    ("version", "noun"), [("v1.27.16", "image reference"), ("v1.28.15", "image name"), ("v1.36.0", "image name")]
)
def test_a_name_that_is_none(ask, version, noun):
    image = "registry.shop.example/Payments:1"
    text = f'Failed to apply default image tag "{image}": couldn\'t parse {noun} "{image}": invalid reference format: repository name (Payments) must be lowercase'
    objects = [
        *waiting("InvalidImageName", text, version=version, image=image),
        said(text, "InspectFailed"),
        said("Error: InvalidImageName"),
    ]
    code, answer = ask(*objects)
    assert (code, found(answer), certainty(answer)) == (1, [["spec.invalid-reference"]], "proved")


@pytest.mark.parametrize(("version", "name"), [("v1.31.4", IMAGE), ("v1.32.9", "")])
def test_an_image_that_cannot_be_inspected(ask, version, name):
    """From 1.32 on the message names no image."""
    text = (
        f'Failed to inspect image "{name}": rpc error: code = Unavailable desc = connection error: desc = "transport: Error while '
        'dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"'
    )
    code, answer = ask(*waiting("ImageInspectError", text, version=version), said(text, "InspectFailed"))
    assert (code, found(answer)) == (1, [["node.runtime-unavailable"]])
    assert answer["diagnoses"][0]["pull"]["image"] == IMAGE


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_secret_that_the_kubelet_cannot_retrieve(ask, elsewhere):
    """1.28 and newer say so in an event of the pod as a whole."""
    words = "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed."
    objects = [
        *waiting("ErrImagePull", ANONYMOUS, version="v1.28.15", secrets=["regcred"]),
        said(words, "FailedToRetrieveImagePullSecret", container=""),
    ]
    code, answer = ask(*objects, *([pull_secret("regcred", "tools")] if elsewhere else []))
    assert (code, found(answer)) == (1, [["secret.not-found"]])


@pytest.mark.parametrize("may_see_it", [True, False])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"auths": {"registry.shop.example": {"auth": "not*base64"}}}, "illegal base64 data at input byte 3"),
        ({"auths": {"registry.shop.example": {"auth": "cm9ib3Q="}}}, "unable to parse auth field, must be formatted as base64(username:password)"),
    ],
)  # fmt: skip
def test_a_secret_that_cannot_be_read(ask, content, words, may_see_it):
    """1.33 and newer: the raw error is the reason, and there is neither a Pulling nor a Failed-to-pull event."""
    secret = pull_secret("regcred")
    secret["data"][".dockerconfigjson"] = base64.b64encode(json.dumps(content).encode()).decode()
    objects = [*waiting(words, None, version="v1.33.4", secrets=["regcred"]), said(f"Error: {words}"), secret]
    code, answer = ask(*objects, denied=() if may_see_it else [("get", "secrets")])
    assert (code, found(answer)) == (1, [["secret.malformed"]])
    assert may_see_it or certainty(answer) != "proved"


# ---------------------------------------------------------------- images whose credentials were verified (1.33, on from 1.35)

NEVER = f'Container image "{IMAGE}" is not present with pull policy of Never'


def never(version, images):
    return [
        *waiting("ErrImageNeverPull", NEVER, version=version, policy="Never", images=images),
        said(NEVER, "ErrImageNeverPull"),
        said("Error: ErrImageNeverPull"),
    ]


@pytest.mark.parametrize("version", ["v1.20.15", "v1.31.4", "v1.36.0"])
def test_an_image_that_may_not_be_pulled_and_is_not_there(ask, version):
    code, answer = ask(*never(version, [("quay.io/shop/base:1",)]))
    assert (code, found(answer)) == (1, [["spec.never-pull"]])


@pytest.mark.parametrize("version", ["v1.35.0", "v1.36.0"])
def test_an_image_that_is_there_and_was_not_verified_for_this_pod(ask, version):
    code, answer = ask(*never(version, [(IMAGE,)]))
    assert (code, found(answer)) == (1, [["secret.not-verified"]])


def test_before_the_gate_an_image_that_is_there_was_not_refused_for_its_credentials(ask):
    _, answer = ask(*never("v1.31.4", [(IMAGE,)]))
    assert "secret.not-verified" not in found(answer)[0]


@pytest.mark.parametrize("version", ["v1.35.0", "v1.36.0"])
def test_an_image_that_is_there_and_is_pulled_again_without_credentials(ask, version):
    """IfNotPresent, image on the node, and yet a pull: its credentials were never verified for this pod."""
    objects = [
        *waiting("ErrImagePull", ANONYMOUS, version=version, images=[(IMAGE,)]),
        said(f'Pulling image "{IMAGE}"', "Pulling", type="Normal"),
    ]
    code, answer = ask(*objects)
    assert code in {1, 3}
    assert "secret.not-verified" in found(answer)[0]


def test_a_pull_that_cannot_be_recorded(ask):
    """The kubelet writes down what it is about to pull; the file system's words are the state's reason."""
    words = "write /var/lib/kubelet/image_manager/pulling/sha256-7f3a.tmp: no space left on device"
    recorded = f'Failed to record image pull intent for container image "{IMAGE}": {words}'
    code, answer = ask(*waiting(words, None, version="v1.35.0"), said(recorded), said(f"Error: {words}"))
    assert (code, found(answer)) == (1, [["node.disk-full"]])


# ---------------------------------------------------------------- events


def test_an_event_of_the_newer_api_seen_through_the_older_one(ask):
    """events.k8s.io writes eventTime and series, and leaves source, count and the two timestamps empty."""
    made = said(f'Failed to pull image "{IMAGE}": {NO_HOST}')
    made |= {
        "source": {},
        "count": None,
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": "2026-11-20T08:00:01.123456Z",
    }
    made |= {
        "reportingComponent": "kubelet",
        "reportingInstance": "np1-1",
        "series": {"count": 7, "lastObservedTime": "2026-11-20T08:09:01.000000Z"},
    }
    code, answer = ask(*waiting("ImagePullBackOff", BACK_OFF, version="v1.31.4"), made)
    assert (code, found(answer)) == (1, [["dns.no-such-host"]])


def test_a_message_that_was_combined_from_similar_ones(ask):
    made = said(f'(combined from similar events): Failed to pull image "{IMAGE}": {NO_HOST}')
    code, answer = ask(*waiting("ImagePullBackOff", BACK_OFF, version="v1.31.4"), made)
    assert (code, found(answer)) == (1, [["dns.no-such-host"]])


@pytest.mark.parametrize("version", ["v1.20.15", "v1.36.0"])
def test_a_sandbox_image(ask, version):
    """The runtime pulls it by itself; the containers only wait to be made."""
    pause = "registry.shop.example/pause:3.9"
    text = (
        f'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "{pause}": failed to pull image "{pause}": '
        f'failed to pull and unpack image "{pause}": failed to resolve reference "{pause}": failed to do request: Head '
        '"https://registry.shop.example/v2/pause/manifests/3.9": dial tcp 203.0.113.7:443: i/o timeout'
    )
    objects = [*waiting("ContainerCreating", None, version=version), said(text, "FailedCreatePodSandBox", container="")]
    code, answer = ask(*objects)
    assert (code, found(answer)) == (1, [["network.timeout"]])
    assert (answer["diagnoses"][0]["pull"]["image"], answer["diagnoses"][0]["pull"]["container"]) == (pause, "sandbox")


def test_an_image_that_is_mounted_as_a_volume(ask):
    """ImageVolume: the events are the pod's, the image is no container's."""
    volume = "registry.shop.example/models/large:7"
    text = NO_HOST.replace(IMAGE, volume).replace("payments/api/manifests/1.4.2", "models/large/manifests/7")
    made, *rest = waiting("ContainerCreating", None, version="v1.35.0")
    made["spec"]["volumes"] = [{"name": "model", "image": {"reference": volume, "pullPolicy": "IfNotPresent"}}]
    code, answer = ask(made, *rest, said(f'Failed to pull image "{volume}": {text}', container=""))
    assert (code, found(answer)) == (1, [["dns.no-such-host"]])
    assert answer["diagnoses"][0]["pull"]["image"] == volume


@pytest.mark.parametrize("words", ["already present on machine", "already present on machine and can be accessed by the pod"])
def test_an_image_that_is_there_is_no_failure(ask, words):
    made, *rest = waiting("ContainerCreating", None, version="v1.35.0")
    code, answer = ask(made, *rest, said(f'Container image "{IMAGE}" {words}', "Pulled", type="Normal"))
    assert (code, found(answer)) == (0, [])


# ---------------------------------------------------------------- fields that are not there, and fields that are new


def test_the_least_that_an_api_server_may_send(ask):
    """Old servers, and those that drop fields: no labels, no owner, no conditions, no account, nulls for lists."""
    made = {
        "_resource": "pods",
        "metadata": {"name": "web-0", "namespace": "shop", "labels": None, "ownerReferences": None, "creationTimestamp": None},
        "spec": {"containers": [{"name": "web", "image": IMAGE}], "initContainers": None, "imagePullSecrets": None},
        "status": {
            "phase": "Pending", "conditions": None, "initContainerStatuses": None,
            "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "ErrImagePull", "message": UNKNOWN_CA}}}],
        },
    }  # fmt: skip
    code, answer = ask(made)
    assert (code, found(answer)) == (1, [["tls.unknown-authority"]])


def test_a_pod_of_1_36_with_all_that_is_new(ask):
    """A native sidecar that waits, resize and resource status, observedGeneration, users, claims, stop signals."""
    made, *rest = waiting("PodInitializing", None, version="v1.36.0")
    made["metadata"] |= {
        "generation": 3,
        "managedFields": [{"manager": "kubelet", "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {}}}],
    }
    made["spec"] |= {
        "hostUsers": False, "resourceClaims": [{"name": "gpu", "resourceClaimName": "gpu-0"}], "schedulingGates": [],
        "resources": {"requests": {"cpu": "1"}}, "hostnameOverride": "web",
        "initContainers": [{"name": "mesh", "image": "registry.shop.example/mesh/proxy:2", "imagePullPolicy": "IfNotPresent", "restartPolicy": "Always",
                            "lifecycle": {"stopSignal": "SIGUSR1"}}],
    }  # fmt: skip
    text = UNKNOWN_CA.replace(IMAGE, "registry.shop.example/mesh/proxy:2").replace(
        "payments/api/manifests/1.4.2", "mesh/proxy/manifests/2"
    )
    made["status"] |= {
        "observedGeneration": 3, "resize": "", "qosClass": "Burstable", "hostIPs": [{"ip": "10.0.3.7"}], "podIPs": [{"ip": "10.244.1.9"}],
        "conditions": [{"type": "PodReadyToStartContainers", "status": "True", "observedGeneration": 3, "lastProbeTime": None, "lastTransitionTime": TIME}],
        "initContainerStatuses": [{
            "name": "mesh", "image": "registry.shop.example/mesh/proxy:2", "imageID": "", "ready": False, "restartCount": 0, "started": False,
            "lastState": {}, "allocatedResources": {"cpu": "1"}, "resources": {}, "volumeMounts": [], "user": {"linux": {"uid": 0, "gid": 0}},
            "state": {"waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "registry.shop.example/mesh/proxy:2": ErrImagePull: {text}'}},
        }],
    }  # fmt: skip
    code, answer = ask(made, *rest)
    assert (code, found(answer)) == (1, [["tls.unknown-authority"]])
    assert answer["diagnoses"][0]["pull"]["container"] == "mesh"


@pytest.mark.parametrize("version", ["v1.25.16", "v1.36.0"])
def test_an_ephemeral_container(ask, version):
    image = "registry.shop.example/tools/debug:1"
    text = NO_HOST.replace(IMAGE, image).replace("payments/api/manifests/1.4.2", "tools/debug/manifests/1")
    made, *rest = waiting("ErrImagePull", "", version=version)
    made["spec"]["ephemeralContainers"] = [
        {"name": "debugger", "image": image, "targetContainerName": "web", "imagePullPolicy": "IfNotPresent"}
    ]
    made["status"] = {
        "phase": "Running",
        "containerStatuses": [{"name": "web", "image": IMAGE, "imageID": f"registry.shop.example/payments/api@sha256:{'a' * 64}", "state": {"running": {"startedAt": LATER}}}],
        "ephemeralContainerStatuses": [{"name": "debugger", "image": image, "imageID": "", "state": {"waiting": {"reason": "ErrImagePull", "message": text}}}],
    }  # fmt: skip
    code, answer = ask(made, *rest)
    assert (code, found(answer)) == (1, [["dns.no-such-host"]])
    assert (answer["diagnoses"][0]["pull"]["container"], answer["diagnoses"][0]["pull"]["image"]) == ("debugger", image)


def test_a_node_that_says_nothing_of_itself(ask):
    made, an_account, _ = waiting("ErrImagePull", UNKNOWN_CA, version="")
    code, answer = ask(
        made, an_account, {"_resource": "nodes", "metadata": meta("np1-1", ""), "status": {"conditions": None, "images": None}}
    )
    assert (code, found(answer)) == (1, [["tls.unknown-authority"]])
