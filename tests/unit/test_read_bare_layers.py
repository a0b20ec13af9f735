"""What storage and converters say where no word of a pull stands around it, and clouds that start no kubelet."""

import pytest

from whypull import explain


def _named(text):
    return [found.cause for told in explain(text) for found in told.findings]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "ERRO[0011] Error while applying layer: ApplyLayer exit status 1 stdout:  stderr: lchown /srv: invalid argument",
            "unpack.layer-failed",
        ),
        (
            'failed to prepare extraction snapshot "extract-1 sha256:aa": parent snapshot sha256:bb does not exist: not found',
            "unpack.layer-failed",
        ),
        (
            "registry.shop.example/shop/api:1.4.2: resolving |--------------|\nelapsed: 0.6 s total: 0.0 B (0.0 B/s)\nctr: no signatures",
            "image.unsupported-format",
        ),
        ("Error: parsing manifest: unsupported schema version 1", "image.unsupported-format"),
        (
            "The kubelet cannot pull an image from our registry, and nginx says no user/password was provided for basic authentication.",
            "auth.credentials-missing",
        ),
        (
            "The image 'shop.azurecr.io/api:1' in container group 'api' is not accessible. Please check the image and registry credential.",
            "auth.credentials-rejected",
        ),
    ],
)
def test_heard_without_the_words_of_a_pull(text, cause):
    assert cause in _named(text)


@pytest.mark.parametrize(
    "text",
    [
        "Error: unsupported schema version 3 in values.yaml of the chart",
        "nginx: no user/password was provided for basic authentication, client: 192.0.2.10, request: GET /metrics",
        "Error applying migration layer: no signatures",
    ],
)
def test_words_of_others(text):
    assert not explain(text)
