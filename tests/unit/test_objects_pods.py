"""Pods as objects: which pulls they show as failing, in the words of kubelets from 1.20 to 1.36, and what they are instead."""

import api_objects as api
import pytest
from api_objects import IMAGE, REFUSED, facts_of, read

from whypull.model import AccountSeen, NodeSeen, PodSeen, Said

FORMS = {
    "1.31 just failed": ("ErrImagePull", f"rpc error: code = NotFound desc = {REFUSED}"),
    "1.31 in back-off": ("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"'),
    "1.32 in back-off": ("ImagePullBackOff", f'Back-off pulling image "{IMAGE}": ErrImagePull: {REFUSED}'),
    "registry unavailable": ("RegistryUnavailable", f"image pull failed for {IMAGE} because the registry is unavailable: x"),
    "signature": ("SignatureValidationFailed", f"image pull failed for {IMAGE} because the signature validation failed: x"),
    "invalid name": (
        "InvalidImageName",
        'Failed to apply default image tag "X/y": couldn\'t parse image name "X/y": invalid reference format',
    ),
    "never": ("ErrImageNeverPull", f'Container image "{IMAGE}" is not present with pull policy of Never'),
    "no message": ("ImagePullBackOff", ""),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_a_waiting_container_is_a_case_with_its_words(form):
    reason, message = FORMS[form]
    cases, _ = read(api.pod(waiting=(reason, message)))
    assert len(cases) == 1
    pull = cases[0].pull
    assert (pull.image, pull.namespace, pull.pod, pull.container, pull.node) == (IMAGE, "payments", "api-0", "api", "np1-3")
    assert [(s.text, s.reason, s.via) for s in facts_of(cases[0], Said)] == [(message, reason, "status")]


def test_the_raw_error_of_an_unreadable_secret_stands_as_the_reason():
    cases, _ = read(api.pod(waiting=("illegal base64 data at input byte 4", "")))
    assert [s.text for s in facts_of(cases[0], Said)] == ["illegal base64 data at input byte 4"]


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing", "CrashLoopBackOff", "CreateContainerConfigError"])
def test_other_waiting_reasons_are_no_failed_pull(reason):
    cases, _ = read(api.pod(waiting=(reason, "x")))
    assert cases == ()


@pytest.mark.parametrize(
    ("field", "spec"), [("initContainerStatuses", "initContainers"), ("ephemeralContainerStatuses", "ephemeralContainers")]
)
def test_init_and_ephemeral_containers_count(field, spec):
    waiting = [
        {"name": "extra", "image": "x", "imageID": "", "state": {"waiting": {"reason": "ErrImagePull", "message": REFUSED}}}
    ]
    made = api.pod(
        running=api.START,
        **{f"spec__{spec}": [{"name": "extra", "image": "registry.shop.example/tools/net:2"}], f"status__{field}": waiting},
    )
    cases, _ = read(made)
    assert [(c.pull.container, c.pull.image) for c in cases] == [("extra", "registry.shop.example/tools/net:2")]


def test_only_the_containers_that_wait_fail():
    two = [{"name": "api", "image": IMAGE}, {"name": "web", "image": "nginx:1.29"}]
    made = api.pod(containers=two, waiting=("ErrImagePull", REFUSED))
    made["status"]["containerStatuses"].append(
        {"name": "web", "image": "nginx:1.29", "imageID": "x", "state": {"running": {"startedAt": api.START}}}
    )
    cases, _ = read(made)
    assert [c.pull.container for c in cases] == ["api"]
    assert facts_of(cases[0], PodSeen)[0].other_images == ("nginx:1.29",)


def test_a_pods_facts():
    made = api.pod(
        waiting=("ErrImagePull", REFUSED),
        metadata__ownerReferences=[{"kind": "ReplicaSet", "name": "api-5d8f", "controller": True}],
        metadata__labels={"app": "api"},
        spec__imagePullSecrets=[{"name": "regcred"}, {"name": ""}, {}],
        spec__serviceAccountName="deployer",
    )
    replicas = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": "api-5d8f",
            "namespace": "payments",
            "ownerReferences": [{"kind": "Deployment", "name": "api", "controller": True}],
        },
    }
    cases, _ = read(
        api.listed(made, replicas, api.account("deployer", secrets=["regcred"]), api.node(images=[["a:1", "a@sha256:0"]]))
    )
    seen, account, there = (facts_of(cases[0], kind)[0] for kind in (PodSeen, AccountSeen, NodeSeen))
    assert seen.pull_secrets == ("regcred",)
    assert (seen.service_account, seen.owner, seen.pull_policy, seen.created) == (
        "deployer",
        "Deployment/api",
        "IfNotPresent",
        api.START,
    )
    assert seen.labels == (("app", "api"),)
    assert account.pull_secrets == ("regcred",)
    assert (there.kubelet, there.runtime, there.arch, there.images) == (
        "v1.32.4",
        "containerd://1.7.24",
        "amd64",
        ("a:1", "a@sha256:0"),
    )
    assert there.addresses == (("InternalIP", "10.0.3.7"),)


def test_an_owner_that_is_not_in_the_input_is_named_as_the_pod_does():
    made = api.pod(
        waiting=("ErrImagePull", REFUSED), metadata__ownerReferences=[{"kind": "StatefulSet", "name": "api", "controller": True}]
    )
    assert facts_of(read(made)[0][0], PodSeen)[0].owner == "StatefulSet/api"


@pytest.mark.parametrize(
    ("name", "image", "annotations", "who"),
    [
        ("istio-proxy", "registry.shop.example/istio/proxyv2:1.24.1", {"sidecar.istio.io/status": "{}"}, "Istio"),
        ("linkerd-proxy", "cr.l5d.io/linkerd/proxy:edge-26.1", {"linkerd.io/proxy-version": "edge-26.1"}, "Linkerd"),
        ("vault-agent-init", "hashicorp/vault:1.20", {"vault.hashicorp.com/agent-inject": "true"}, "Vault"),
        (
            "install-oneagent",
            "public.ecr.aws/dynatrace/dynatrace-operator:v1.6",
            {"oneagent.dynatrace.com/injected": "true"},
            "Dynatrace",
        ),
        ("api", IMAGE, {"sidecar.istio.io/status": "{}"}, ""),
        ("envoy", "envoyproxy/envoy:v1.36", {}, ""),
        ("vault-agent", "registry.shop.example/tools/agent:3", {}, ""),
    ],
)
def test_injected_containers_are_known_by_name_image_and_annotations(name, image, annotations, who):
    made = api.pod(
        containers=[{"name": name, "image": image}],
        waiting=("ErrImagePull", REFUSED),
        metadata__annotations={**annotations, "note": "own"},
    )
    seen = facts_of(read(made)[0][0], PodSeen)[0]
    assert seen.injected_by == who
    assert "note" not in dict(seen.annotations)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (api.pod(waiting=("CrashLoopBackOff", "back-off 5m0s restarting failed container")), "CrashLoopBackOff"),
        (api.pod(waiting=("CreateContainerConfigError", 'secret "db" not found')), 'secret "db" not found'),
        (api.pod(node="", status__containerStatuses=[], status__conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient cpu."}]), "Insufficient cpu"),
        (api.pod(status__reason="Evicted", status__phase="Failed", status__message="The node was low on resource: memory."), "low on resource"),
    ],
)  # fmt: skip
def test_another_failure_is_said_in_one_sentence(made, words):
    cases, into = read(made)
    assert cases == ()
    assert len(into.notes) == 1
    assert words in next(iter(into.notes))


def test_many_pods_of_one_trouble_are_one_sentence():
    _, into = read(api.listed(*(api.pod(f"web-{n}", waiting=("CrashLoopBackOff", "x")) for n in range(40))))
    assert len(into.notes) == 1
    assert "37 more" in next(iter(into.notes))


def test_running_pods_say_nothing():
    cases, into = read(
        api.listed(
            api.pod(running=api.START),
            api.pod(
                "job-1",
                status__containerStatuses=[{"name": "api", "image": IMAGE, "state": {"terminated": {"reason": "Completed"}}}],
            ),
        )
    )
    assert cases == ()
    assert not into.notes


def test_a_token_in_a_status_text_does_not_become_a_fact():
    url = "https://auth.shop.example/token?sig=" + "Zm9v" * 12
    cases, _ = read(api.pod(waiting=("ErrImagePull", f"{REFUSED}: {url}")))
    assert "Zm9v" * 12 not in repr(cases)


def test_objects_of_other_kinds_are_left_alone():
    dynakube = {
        "apiVersion": "dynatrace.com/v1beta5",
        "kind": "DynaKube",
        "metadata": {"name": "dk"},
        "spec": {"apiUrl": "https://x"},
        "status": {"phase": "Error", "conditions": "odd"},
    }
    cases, into = read(api.listed(dynakube, api.pod(waiting=("ErrImagePull", REFUSED))))
    assert [c.pull.pod for c in cases] == ["api-0"]
    assert not into.notes
