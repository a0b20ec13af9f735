"""What the objects of a cluster add to the words of a pull: each argument, with near misses that it must not take."""

import base64
import json

import api_objects as api
import pytest
from api_objects import IMAGE, REFUSED, read

from whypull.diagnose import diagnose
from whypull.read.message import failures

NAMES = {"spec__imagePullSecrets": [{"name": "regcred"}]}
TLS = {**api.secret("web-tls", content=b"{}"), "type": "kubernetes.io/tls", "data": {"tls.key": "eA=="}}
BARE_403 = f'failed to resolve reference "{IMAGE}": unexpected status from HEAD request to https://registry.shop.example/v2/payments/api/manifests/1.4.2: 403 Forbidden'
HUB = 'failed to pull and unpack image "docker.io/library/api:dev": failed to resolve reference "docker.io/library/api:dev": docker.io/library/api:dev: not found'
TIMEOUT = f'failed to resolve reference "{IMAGE}": failed to do request: Head "https://registry.shop.example/v2/payments/api/manifests/1.4.2": dial tcp 203.0.113.9:443: i/o timeout'
FULL = f'failed to pull and unpack image "{IMAGE}": failed to extract layer sha256:0: mount callback failed on /tmp/x: write /x: input/output error'


def failing(text=REFUSED, **more):
    return api.pod(waiting=("ErrImagePull", text), **more)


def answer(*objects):
    """[(cause, certainty)] of the only failing pull, best first; and the diagnosis."""
    cases, _ = read(api.listed(*objects))
    assert len(cases) == 1
    found = diagnose(cases[0], failures)
    return [(f.cause, f.certainty) for f in found.findings], found


def causes(*objects):
    return answer(*objects)[0]


# ---------------------------------------------------------------- secret.not-found


def test_a_named_secret_that_the_namespace_does_not_have_is_proved():
    found, diagnosis = answer(failing(**NAMES), TLS, api.secret("regcred", "shop"))
    assert found == [("secret.not-found", "proved")]
    assert "One is in shop" in diagnosis.findings[0].because[0]
    assert diagnosis.findings[0].args["secret"] == "regcred"


def test_it_is_likely_where_the_list_may_be_of_some_secrets_only():
    assert causes(failing(**NAMES), api.secret("other")) == [("secret.not-found", "likely")]


def test_it_is_likely_where_another_named_secret_is_there():
    two = failing(spec__imagePullSecrets=[{"name": "regcred"}, {"name": "second"}])
    other = api.secret("second", auths={"other.example": {"auth": api.basic("u", "p")}})
    assert set(causes(two, TLS, other)) == {("secret.not-found", "likely"), ("secret.registry-mismatch", "likely")}


@pytest.mark.parametrize("text", [TIMEOUT, f"{IMAGE}: not found", BARE_403])
def test_a_missing_secret_does_not_explain_another_failure(text):
    assert ("secret.not-found", "proved") not in causes(failing(text, **NAMES), TLS)
    assert ("secret.not-found", "likely") not in causes(failing(text, **NAMES), TLS)


def test_where_the_named_secret_is_not_in_the_input_both_readings_stand():
    assert causes(failing(**NAMES)) == [("secret.not-found", "possible"), ("secret.registry-mismatch", "possible")]


# ---------------------------------------------------------------- secret.not-attached


def test_no_pull_secret_at_all_is_likely_and_never_proved():
    assert causes(failing()) == [("secret.not-attached", "likely")]


def test_a_fitting_secret_of_the_namespace_is_named():
    _, diagnosis = answer(failing(), api.secret("shop-pull"))
    assert diagnosis.findings[0].args["secret"] == "shop-pull"
    assert "shop-pull" in diagnosis.findings[0].because[1]
    _, diagnosis = answer(failing(), api.secret("other", auths={"other.example": {"auth": api.basic("u", "p")}}))
    assert diagnosis.findings[0].args.get("secret", "") != "other"


def test_an_account_that_was_patched_after_the_pod_was_made_is_said():
    _, diagnosis = answer(failing(), api.account(secrets=["regcred"]))
    assert diagnosis.findings[0].cause == "secret.not-attached"
    assert "until it is made anew" in diagnosis.findings[0].because[0]


@pytest.mark.parametrize("text", [BARE_403, TIMEOUT, f"{IMAGE}: not found"])
def test_no_secret_is_no_likely_cause_of_a_403_or_another_failure(text):
    assert ("secret.not-attached", "likely") not in causes(failing(text))


def test_for_a_cloud_registry_it_is_the_nodes_provider():
    image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/payments/api:1"
    made = api.pod(containers=[{"name": "api", "image": image}], waiting=("ErrImagePull", REFUSED.replace(IMAGE, image)))
    assert causes(made)[0] == ("secret.provider-failed", "likely")


# ---------------------------------------------------------------- secret.registry-mismatch, malformed, registry-host-missing


def test_an_attached_secret_for_another_host_is_proved_where_nothing_was_sent():
    found, diagnosis = answer(failing(**NAMES), api.secret(auths={"registry.shop.example:5000": {"auth": api.basic("u", "p")}}))
    assert found == [("secret.registry-mismatch", "proved")]
    assert "port" in diagnosis.findings[0].because[0]


def test_an_attached_secret_that_matches_is_no_mismatch():
    assert "secret.registry-mismatch" not in dict(causes(failing(**NAMES), api.secret()))


def test_a_mismatch_is_likely_at_most_where_not_all_named_secrets_are_known():
    two = failing(spec__imagePullSecrets=[{"name": "regcred"}, {"name": "second"}])
    assert causes(two, api.secret(auths={"other.example": {"auth": api.basic("u", "p")}}))[0][1] != "proved"


def test_a_secret_of_the_wrong_type_is_proved_where_nothing_was_sent_and_no_cause_of_a_timeout():
    assert causes(failing(**NAMES), api.secret(kind="Opaque")) == [("secret.malformed", "proved")]
    assert "secret.malformed" not in dict(causes(failing(TIMEOUT, **NAMES), api.secret(kind="Opaque")))


def test_content_that_the_kubelet_cannot_decode_is_proved_unless_the_registry_was_asked_all_the_same():
    broken = api.secret(content=b'{"auths":{"registry.shop.example":{"auth":"###"}}}')
    raw = "illegal base64 data at input byte 0"
    assert causes(api.pod(waiting=(raw, ""), **NAMES), broken) == [("secret.malformed", "proved")]
    assert ("secret.malformed", "proved") not in causes(failing(TIMEOUT, **NAMES), broken)


def test_an_image_without_host_and_a_secret_for_another_registry():
    made = api.pod(
        containers=[{"name": "api", "image": "payments/api:1"}],
        waiting=("ErrImagePull", REFUSED.replace(IMAGE, "docker.io/payments/api:1")),
        **NAMES,
    )
    assert (
        causes(made, api.secret())[0] == ("secret.registry-mismatch", "proved")
        or causes(made, api.secret())[0][0] == "spec.registry-host-missing"
    )
    hub = api.secret(auths={"https://index.docker.io/v1/": {"auth": api.basic("u", "p")}})
    assert "spec.registry-host-missing" not in dict(causes(made, hub))


# ---------------------------------------------------------------- auth.token-expired

ECR = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/payments/api:1"
DENIED = f'failed to resolve reference "{ECR}": unexpected status from HEAD request to https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/payments/api/manifests/1: 403 Forbidden'


def ecr(token, created=api.START):
    return api.secret(auths={ECR.partition("/")[0]: {"auth": api.basic("AWS", token)}}, created=created)


def token(expiration):
    return base64.b64encode(json.dumps({"payload": "x", "expiration": expiration}).encode()).decode()


def ecr_pod(created="2026-11-22T00:00:00Z"):
    return api.pod(
        containers=[{"name": "api", "image": ECR}], waiting=("ErrImagePull", DENIED), metadata__creationTimestamp=created, **NAMES
    )


def test_a_token_that_ended_before_the_pull_is_likely():
    found, diagnosis = answer(ecr_pod(), ecr(token(1_795_000_000)))  # 2026-11-18
    assert found[0] == ("auth.token-expired", "likely")
    assert "ended at 2026-11-18" in diagnosis.findings[0].because[0]


def test_a_token_that_had_not_ended_is_none_of_it():
    assert ("auth.token-expired", "likely") not in causes(ecr_pod(), ecr(token(1_895_000_000)))


def test_a_token_whose_age_alone_tells_is_possible():
    found, diagnosis = answer(ecr_pod(), ecr("opaque"))
    assert found[0] == ("auth.token-expired", "possible")
    assert "By the Secret's age" in diagnosis.findings[0].because[0]
    _, diagnosis = answer(ecr_pod("2026-11-20T09:00:00Z"), ecr("opaque"))
    assert not any("By the Secret's age" in b for f in diagnosis.findings for b in f.because)


def test_a_token_that_was_still_good_at_the_last_try_is_excluded():
    failed = api.event(f'Failed to pull image "{ECR}": {DENIED}', last="2026-11-22T00:05:00Z")
    assert "auth.token-expired" in dict(causes(ecr_pod(), failed))
    assert "auth.token-expired" not in dict(causes(ecr_pod(), failed, ecr(token(1_895_000_000))))


# ---------------------------------------------------------------- what is on the node


def local(**more):
    made = {"name": "api", "image": "api:dev", "imagePullPolicy": "Always", **more}
    return api.pod(containers=[made], waiting=("ErrImagePull", HUB))


def test_an_image_that_was_loaded_into_the_node_under_the_policy_always():
    assert causes(local(), api.node(images=[["docker.io/library/api:dev"]]))[0] == ("spec.always-pull", "likely")


def test_one_that_was_pulled_from_there_once_leaves_the_missing_tag_first():
    there = api.node(images=[["docker.io/library/api@sha256:" + "0" * 64, "docker.io/library/api:dev"]])
    assert causes(local(), there)[0] != ("spec.always-pull", "likely")


def test_another_tag_another_policy_or_another_failure_is_no_case_of_it():
    assert "spec.always-pull" not in dict(causes(local(), api.node(images=[["docker.io/library/api:prod"]])))
    assert "spec.always-pull" not in dict(
        causes(local(imagePullPolicy="IfNotPresent"), api.node(images=[["docker.io/library/api:dev"]], kubelet="v1.30.0"))
    )
    always = [{"name": "api", "image": IMAGE, "imagePullPolicy": "Always"}]
    assert "spec.always-pull" not in dict(
        causes(api.pod(containers=always, waiting=("ErrImagePull", TIMEOUT)), api.node(images=[[IMAGE]]))
    )


NEVER = f'Container image "{IMAGE}" is not present with pull policy of Never'


def never():
    return api.pod(containers=[{"name": "api", "image": IMAGE, "imagePullPolicy": "Never"}], waiting=("ErrImageNeverPull", NEVER))


@pytest.mark.parametrize(("kubelet", "images", "cause"), [
    ("v1.35.0", [[IMAGE]], "secret.not-verified"),
    ("v1.33.2", [[IMAGE]], "secret.not-verified"),
    ("v1.32.9", [[IMAGE]], "spec.never-pull"),
    ("v1.35.0", [["other:1"]], "spec.never-pull"),
])  # fmt: skip
def test_never_and_the_image_is_there(kubelet, images, cause):
    assert causes(never(), api.node(kubelet=kubelet, images=images))[0][0] == cause


@pytest.mark.parametrize(
    ("kubelet", "first"), [("v1.35.1", ("secret.not-verified", "likely")), ("v1.32.4", ("secret.not-attached", "likely"))]
)
def test_a_kubelet_that_verifies_asks_the_registry_although_the_image_is_there(kubelet, first):
    assert causes(failing(), api.node(kubelet=kubelet, images=[[IMAGE]]))[0] == first
    assert "secret.not-verified" not in dict(causes(failing(), api.node(kubelet=kubelet, images=[["x:1"]])))


# ---------------------------------------------------------------- the node itself


def test_a_node_whose_runtime_is_down():
    down = api.node(ready="False", message="container runtime is down")
    assert causes(api.pod(waiting=("ImagePullBackOff", "")), down) == [("node.runtime-unavailable", "proved")]
    assert "node.runtime-unavailable" not in dict(causes(failing(), down))
    assert causes(api.pod(waiting=("ImagePullBackOff", "")), api.node()) == []


def test_a_node_without_room():
    assert causes(api.pod(waiting=("ImagePullBackOff", "")), api.node(pressure=("DiskPressure",))) == [
        ("node.disk-full", "possible")
    ]
    assert "node.disk-full" not in dict(causes(api.pod(waiting=("ImagePullBackOff", "")), api.node(pressure=("MemoryPressure",))))
    assert "node.disk-full" not in dict(causes(failing(TIMEOUT), api.node(pressure=("DiskPressure",))))
    event = api.event(
        "Failed to garbage collect required amount of images.",
        "FreeDiskSpaceFailed",
        involvedObject={"kind": "Node", "name": "np1-3"},
    )
    assert causes(api.pod(waiting=("ImagePullBackOff", "")), api.node(), event) == [("node.disk-full", "possible")]


def test_a_403_that_only_this_node_gets():
    event = api.event(f'Failed to pull image "{IMAGE}": {BARE_403}')
    made = failing(BARE_403)
    elsewhere = api.pod("api-1", running="2026-11-20T08:30:00Z", node="np1-4")
    assert causes(made, event, elsewhere)[0] == ("auth.ip-not-allowed", "likely")
    earlier = api.pod("api-1", running="2026-11-19T08:30:00Z", node="np1-4")
    assert ("auth.ip-not-allowed", "likely") not in causes(made, event, earlier)
    same = api.pod("api-1", running="2026-11-20T08:30:00Z", node="np1-3")
    assert ("auth.ip-not-allowed", "likely") not in causes(made, event, same)
    assert ("auth.ip-not-allowed", "likely") not in causes(made, event)


def test_the_nodes_architecture_settles_a_text_that_lets_a_missing_variant_in():
    text = f'failed to pull and unpack image "{IMAGE}": no match for platform in manifest: not found'
    assert causes(failing(text), api.node(architecture="arm64"))[0][0] == "image.platform-mismatch"
    assert "image.platform-mismatch" not in dict(causes(failing(f"{IMAGE}: not found"), api.node(architecture="arm64")))
