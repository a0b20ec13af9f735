"""Events as objects: joined to their container, past ones left out, in both of the API's forms."""

import api_objects as api
import pytest
from api_objects import IMAGE, REFUSED, facts_of, read

from whypull.model import Said

FAILED = f'Failed to pull image "{IMAGE}": {REFUSED}'
BACKOFF = f'Back-off pulling image "{IMAGE}"'
LATER = "2026-11-20T09:00:00Z"


def texts(case):
    return {s.text for s in facts_of(case, Said)}


def test_the_informative_event_counts_although_the_newest_is_a_back_off():
    cases, _ = read(
        api.listed(api.event(FAILED), api.event("Error: ErrImagePull"), api.event(BACKOFF, "BackOff", last=LATER, type="Normal"))
    )
    assert len(cases) == 1
    assert cases[0].pull.container == "api"
    assert cases[0].pull.image == IMAGE
    assert cases[0].pull.node == "np1-3"
    assert FAILED in texts(cases[0])


def test_counts_and_times_are_kept():
    said = next(s for s in facts_of(read(api.event(FAILED))[0][0], Said))
    assert (said.count, said.first, said.last, said.by, said.via, said.reason) == (
        4, "2026-11-20T08:00:10Z", "2026-11-20T08:05:00Z", "kubelet", "event", "Failed",
    )  # fmt: skip


@pytest.mark.parametrize("path", ["spec.containers{api}", "spec.initContainers{api}", "spec.ephemeralContainers{api}"])
def test_the_field_path_names_the_container(path):
    assert read(api.event(FAILED, path=path))[0][0].pull.container == "api"


def test_events_k8s_io_with_series_and_deprecated_fields():
    made = {
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "x", "namespace": "payments", "creationTimestamp": api.START},
        "regarding": {"kind": "Pod", "name": "api-0", "namespace": "payments", "fieldPath": "spec.containers{api}"},
        "note": FAILED, "reason": "Failed", "type": "Warning", "reportingController": "kubelet", "reportingInstance": "np1-7", "eventTime": "2026-11-20T08:00:01.000000Z",
        "series": {"count": 12, "lastObservedTime": "2026-11-20T08:30:00.000000Z"},
        "deprecatedFirstTimestamp": None, "deprecatedCount": 3, "deprecatedSource": {},
    }  # fmt: skip
    cases, _ = read(made)
    said = facts_of(cases[0], Said)[0]
    assert (said.text, said.count, said.first, said.last) == (
        FAILED,
        12,
        "2026-11-20T08:00:01.000000Z",
        "2026-11-20T08:30:00.000000Z",
    )
    assert (cases[0].pull.node, cases[0].pull.container) == ("np1-7", "api")


def test_deprecated_fields_are_read_where_there_is_no_series():
    made = api.event("", involvedObject=None, regarding={"kind": "Pod", "name": "api-0", "namespace": "payments"}, note=FAILED, count=None,
                     firstTimestamp=None, lastTimestamp=None, source=None, deprecatedCount=7, deprecatedFirstTimestamp=api.START, deprecatedLastTimestamp=LATER,
                     deprecatedSource={"component": "kubelet", "host": "np1-9"})  # fmt: skip
    cases, _ = read(made)
    said = facts_of(cases[0], Said)[0]
    assert (said.count, said.first, said.last, cases[0].pull.node) == (7, api.START, LATER, "np1-9")


def test_events_and_the_pod_are_one_case_with_the_image_as_the_pod_names_it():
    short = "shop/api:2"
    made = api.pod(
        containers=[{"name": "api", "image": short}], waiting=("ImagePullBackOff", f'Back-off pulling image "{short}"')
    )
    cases, _ = read(
        api.listed(made, api.event(f'Failed to pull image "{short}": failed to resolve reference "docker.io/shop/api:2": x'))
    )
    assert len(cases) == 1
    assert cases[0].pull.image == short
    assert len(facts_of(cases[0], Said)) == 2


def test_an_event_without_a_field_path_goes_to_the_container_with_its_image():
    two = [{"name": "api", "image": IMAGE}, {"name": "web", "image": "registry.shop.example/web:1"}]
    cases, _ = read(api.listed(api.pod(containers=two, waiting=("ErrImagePull", "")), api.event(FAILED, path="")))
    assert [c.pull.container for c in cases] == ["api"]
    assert FAILED in texts(cases[0])


def test_the_pause_image_is_a_pull_of_its_own_and_has_no_pods_secrets():
    text = 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "registry.shop.example/pause:3.10": failed to pull image "registry.shop.example/pause:3.10": x'
    made = api.pod(waiting=("ContainerCreating", ""), spec__imagePullSecrets=[{"name": "regcred"}])
    cases, _ = read(api.listed(made, api.event(text, "FailedCreatePodSandBox", path=""), api.secret()))
    assert [(c.pull.container, c.pull.image) for c in cases] == [("sandbox", "registry.shop.example/pause:3.10")]
    assert not [f for f in cases[0].facts if not isinstance(f, Said)]


def test_a_sandbox_that_was_made_later_is_past():
    text = 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "registry.shop.example/pause:3.10": failed to pull image "registry.shop.example/pause:3.10": x'
    sandbox = api.event(text, "FailedCreatePodSandBox", path="")
    later = api.event(FAILED, last=LATER)
    assert [c.pull.container for c in read(api.listed(sandbox, later))[0]] == ["api"]
    assert [c.pull.container for c in read(api.listed(sandbox, api.pod(waiting=("ErrImagePull", REFUSED))))[0]] == ["api"]


def test_an_image_that_is_unpacked_only_when_the_container_is_made():
    text = "failed to create containerd container: error unpacking image: mismatched image rootfs and manifest layers"
    pulled = api.event(f'Container image "{IMAGE}" already present on machine', "Pulled", last=LATER, type="Normal")
    assert [c.pull.container for c in read(api.listed(api.event(f"Error: {text}"), pulled))[0]] == ["api"]
    assert read(api.listed(api.event(f"Error: {text}"), {**pulled, "reason": "Started"}))[0] == ()
    assert [c.pull.container for c in read(api.pod(waiting=("CreateContainerError", text)))[0]] == ["api"]


def test_a_runtime_that_does_not_answer_is_heard_from_the_sandbox():
    text = 'Failed to create pod sandbox: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"'
    assert [c.pull.container for c in read(api.event(text, "FailedCreatePodSandBox", path=""))[0]] == ["sandbox"]


# ---------------------------------------------------------------- what is past


def test_a_later_success_of_the_same_container_ends_it():
    pulled = api.event(f'Successfully pulled image "{IMAGE}" in 2s (2s including waiting).', "Pulled", last=LATER, type="Normal")
    assert read(api.listed(api.event(FAILED), pulled))[0] == ()
    assert len(read(api.listed(api.event(FAILED, last="2026-11-20T09:30:00Z"), pulled))[0]) == 1
    other = {**pulled, "involvedObject": {**pulled["involvedObject"], "fieldPath": "spec.containers{web}"}}
    assert len(read(api.listed(api.event(FAILED), other))[0]) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_a_container_that_runs_has_its_image_whichever_comes_first(order):
    things = [api.pod(running="2026-11-20T08:10:00Z"), api.event(FAILED)]
    assert read(api.listed(*things[::order]))[0] == ()
    assert read(*things[::order])[0] == ()


def test_a_failure_after_the_start_counts():
    cases, _ = read(api.listed(api.pod(running="2026-11-20T08:01:00Z"), api.event(FAILED)))
    assert len(cases) == 1


def test_events_of_an_earlier_pod_of_that_name_do_not_count():
    made = api.pod(waiting=("ContainerCreating", ""), metadata__uid="another")
    assert read(api.listed(made, api.event(FAILED)))[0] == ()


def test_a_crash_looping_container_was_pulled():
    made = api.pod(waiting=("CrashLoopBackOff", "back-off 5m0s restarting failed container"))
    assert read(api.listed(made, api.event(FAILED)))[0] == ()


# ---------------------------------------------------------------- what is none

NONE = [
    ("BackOff", "Back-off restarting failed container api in pod api-0_payments(uid)", "starts and ends"),
    ("FailedMount", 'MountVolume.SetUp failed for volume "tls": secret "registry-tls" not found', "volume"),
    ("FailedScheduling", "0/3 nodes are available: 3 Insufficient cpu.", "no node takes"),
    (
        "FailedCreatePodSandBox",
        'Failed to create pod sandbox: rpc error: code = Unknown desc = plugin type="calico" failed (add): no such host',
        "sandbox",
    ),
    ("Failed", 'Error: secret "db" not found', "missing"),
]


@pytest.mark.parametrize(("reason", "message", "words"), NONE)
def test_other_events_are_no_failed_pull(reason, message, words):
    cases, into = read(api.event(message, reason))
    assert cases == ()
    assert words in next(iter(into.notes))


@pytest.mark.parametrize("message", ["Container image already present on machine", "Started container api", "Pulling image"])
def test_normal_events_say_nothing(message):
    assert read(api.event(message, "Pulled"))[0] == ()


def test_a_missing_pull_secret_is_a_left_over_where_no_pull_fails():
    text = "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed."
    missing = api.event(text, "FailedToRetrieveImagePullSecret", path="")
    cases, into = read(missing)
    assert cases == ()
    assert "regcred" in next(iter(into.notes))
    cases, _ = read(api.listed(missing, api.event(FAILED)))
    assert len(cases) == 1
    assert text in texts(cases[0])


@pytest.mark.parametrize(
    "message",
    [
        "Error: illegal base64 data at input byte 4",
        "Error: unable to parse auth field, must be formatted as base64(username:password)",
    ],
)
def test_kubelets_from_1_33_say_only_the_raw_error_of_a_pull_secret(message):
    cases, _ = read(api.event(message))
    assert [c.pull.container for c in cases] == ["api"]


def test_what_a_workload_cannot_create_is_said():
    about = {"kind": "ReplicaSet", "name": "api-5d8f", "namespace": "payments"}
    cases, into = read(api.event('pods "api-" is forbidden: exceeded quota: mem', "FailedCreate", involvedObject=about))
    assert cases == ()
    assert "api-5d8f" in next(iter(into.notes))


def test_an_admission_policy_on_images_is_a_failed_pull():
    about = {"kind": "ReplicaSet", "name": "api-5d8f", "namespace": "payments"}
    text = f'Error creating: admission webhook "mutate.kyverno.svc-fail" denied the request: verify-image: failed to verify image {IMAGE}: signature mismatch'
    cases, _ = read(api.event(text, "FailedCreate", involvedObject=about))
    assert [c.pull.namespace for c in cases] == ["payments"]
