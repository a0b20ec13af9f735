"""One attempt's words → causes: which host failed, and what is quoted as the reason."""

import pytest

from whypull.match import candidates, symptoms
from whypull.read.message import failures


def best(text):
    (failure,) = failures(text)
    return candidates(failure)[0]


@pytest.mark.parametrize(
    ("host", "cause"),
    [("registry.shop.example", "registry.server-error"), ("cache.shop.example", "node.mirror-failed")],
)
def test_containerd_before_1_6_25_names_the_host_that_it_asked(host, cause):
    text = (
        'Failed to pull image "registry.shop.example/shop/api:1": failed to resolve reference '
        f'"registry.shop.example/shop/api:1": pulling from host {host} failed with status code [manifests 1]: '
        "500 Internal Server Error"
    )
    assert best(text).cause == cause


def test_docker_hub_under_its_registry_name_is_no_mirror():
    text = (
        'failed to resolve reference "docker.io/shop/api:1": pulling from host registry-1.docker.io failed with '
        "status code [manifests 1]: 503 Service Unavailable"
    )
    assert best(f'Failed to pull image "shop/api:1": {text}').cause == "registry.server-error"


def test_a_pattern_that_looks_at_the_whole_text_quotes_the_words_that_decide():
    text = 'Failed to pull image "registry.shop.example/shop/api:1": reading manifest 1 in registry.shop.example/shop/api: '
    assert best(text + "manifest unknown").because == ('It says "manifest unknown".',)


def test_the_quoted_words_are_no_field_of_a_title():
    text = 'Failed to pull image "registry.shop.example/shop/api:1": reading manifest 1 in registry.shop.example/shop/api: '
    assert "says" not in best(text + "manifest unknown").args


def test_an_engine_s_address_is_no_image():
    (failure,) = failures(
        'Error pulling image docker.io/shop/api:1 - 500 Server Error for http+docker://localhost/v1.43/images/create: "Get '
        '"https://registry-1.docker.io/v2/shop/api/manifests/1": dial tcp [2001:db8::5]:443: connect: network is unreachable"'
    )
    assert (failure.image, failure.role) == ("docker.io/shop/api:1", "registry")


def test_a_blob_asked_for_outside_v2_comes_from_a_storage():
    (failure,) = failures(
        'reading blob sha256:0af5: Get "https://cdn.shop.example/b/0af5": dial tcp 203.0.113.7:443: connect: connection refused'
    )
    assert failure.role == "storage"


def test_a_bare_symptom_counts_only_where_no_page_knows_the_words():
    (failure,) = failures('Failed to pull image "registry.shop.example/shop/api:1": the registry answered 520')
    assert candidates(failure) == ()
    assert [c.cause for c in symptoms(failure)] == ["registry.server-error"]


@pytest.mark.parametrize(
    "text",
    [
        'Back-off pulling image "registry.shop.example/mirror/kube-proxy:1"',
        'failed to "StartContainer" for "proxy" with ImagePullBackOff: "Back-off pulling image \\"shop/policy-reporter:1\\""',
        "kube-system   kube-proxy-x2xds   0/1   ImagePullBackOff   0   3m",
        'Pulling image "registry.shop.example/platform/config-reloader:404" from https://registry.shop.example/denied/520',
    ],
)
def test_what_people_have_named_is_no_symptom(text):
    assert [c for failure in failures(text) for c in symptoms(failure)] == []
