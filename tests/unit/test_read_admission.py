"""Pods that an admission policy turns away for where their images come from, and what builds on pods and looks images up."""

import pytest

from whypull import explain


def _named(text):
    return [found.cause for told in explain(text) for found in told.findings]


@pytest.mark.parametrize(
    "text",
    [
        (
            "Error from server ([denied by allowed-repos] container <api> has an invalid image repo <shop/api>, allowed repos are "
            '["registry.shop.example/"]): error when creating "pod.yaml": admission webhook "validation.gatekeeper.sh" denied the request'
        ),
        'admission webhook "validation.gatekeeper.sh" denied the request: [registries] Pod contains images from unapproved registries: {"shop"}',
        'pods "api" is forbidden: image policy webhook backend denied one or more images: Denied by cluster admission rule',
    ],
)
def test_a_policy_about_registries(text):
    assert _named(text) == ["image.policy-rejected"]


def test_a_policy_about_labels_is_no_pull():
    assert not explain(
        'admission webhook "validation.gatekeeper.sh" denied the request: [owner] you must provide labels: {"owner"}'
    )


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            (
                'failed to create task run pod "build": translating TaskSpec to Pod: Get "https://registry.shop.example/v2/": '
                "dial tcp 192.0.2.10:443: i/o timeout. Maybe missing or invalid Task shop/build"
            ),
            "network.timeout",
        ),
        (
            (
                'Revision "api-1" failed with message: Unable to fetch image "registry.shop.example/api:1.4.2": unsupported status '
                "code 500; body: <html><head><title>500 Internal Server Error</title></head></html>."
            ),
            "registry.server-error",
        ),
        (
            (
                'E1122 08:55:29.120000    1411 kuberuntime_manager.go:273] "Failed to register CRI auth plugins" '
                'err="plugin binary executable /opt/credential-provider/shop-provider did not exist"'
            ),
            "secret.provider-failed",
        ),
    ],
)
def test_controllers_that_look_images_up(text, cause):
    assert cause in _named(text)


def test_a_task_of_a_runtime_is_no_pull():
    assert not explain(
        "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process"
    )
