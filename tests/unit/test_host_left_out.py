"""An image that names no registry beside a pull secret for one: the secret is right, and is for where the image should be."""

from __future__ import annotations

import pytest

from whypull.diagnose import diagnose
from whypull.model import AuthEntry, Case, PodSeen, Pull, Said, SecretSeen
from whypull.read.message import failures
from whypull.steps import Connect, Handshake, Outcome, Request, Resolve, Tried

HUB = "registry-1.docker.io"
SAID = (
    'Failed to pull image "{image}": rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/{image}": failed to '
    'resolve reference "docker.io/{image}": pull access denied, repository does not exist or may require authorization: server '
    "message: insufficient_scope: authorization failed"
)


def tried(step, role="registry", words="", **outcome):
    return Tried(step, Outcome(**{"ok": True, **outcome}), "node np1-1", role, "", words)


def walk(image):
    repository, _, tag = image.partition(":")
    url = f"https://{HUB}/v2/{repository}/manifests/{tag}"
    return (
        tried(Resolve(HUB), addresses=("203.0.113.40",)),
        tried(Connect(HUB, "203.0.113.40", 443)),
        tried(Handshake(HUB, "203.0.113.40", 443), version="TLSv1.3"),
        tried(
            Request("GET", url), status=401, reason="Unauthorized",
            words=f"unexpected status from GET request to {url}: 401 Unauthorized",
        ),
    )  # fmt: skip


def seen(image, key, *, walked):
    pod = PodSeen("default", ("shop-pull",), "Always")
    secret = SecretSeen("shop", "shop-pull", "kubernetes.io/dockerconfigjson", entries=(AuthEntry(key, True, True),))
    facts = (Said(SAID.format(image=image), "kubelet", "event", "Failed"), pod, secret, *(walk(image) if walked else ()))
    return diagnose(Case(Pull(image, "shop", "web-0", "web", "np1-1"), facts, "node np1-1"), failures)


@pytest.mark.parametrize("walked", [False, True])
def test_the_missing_host_is_named_and_not_the_secret(walked):
    one = seen("payments/api:1.4.2", "registry.shop.example", walked=walked)
    assert [f.cause for f in one.findings] == ["spec.registry-host-missing"]
    assert one.findings[0].args["meant"] == "registry.shop.example/payments/api:1.4.2"


def test_a_key_that_is_nearly_docker_hubs_is_the_secrets_matter_with_the_right_key_in_the_fix():
    one = seen("payments/api:1.4.2", "registry-1.docker.io", walked=True)
    assert [f.cause for f in one.findings] == ["secret.registry-mismatch"]
    assert "https://index.docker.io/v1/" in " ".join(f.do + f.run for f in one.findings[0].fixes)
    assert not any("<suggest>" in f.do + f.run for f in one.findings[0].fixes)
