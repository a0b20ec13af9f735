"""What the pod asks for, and the Secret that it names."""

from __future__ import annotations

import base64
import json

from whypull.demo.faults import fault
from whypull.demo.faults.setting import private
from whypull.demo.registry import PASSWORD, USER, Registry, token_service
from whypull.demo.stage import HOST, HUB, HUB_TOKEN, Stage

JSON_TYPE = "kubernetes.io/dockerconfigjson"


@fault("spec.invalid-reference")
def upper_case_in_the_path(stage: Stage) -> None:
    """A repository in upper case."""
    stage.serve_registry()
    stage.name_image(repository="Shop/API")


@fault("spec.registry-host-missing")
def host_was_left_out(stage: Stage) -> None:
    """shop/api without the registry's name: the runtime asks Docker Hub, which has no such repository."""
    stage.https(HUB_TOKEN, token_service(deny=("shop/api",)))
    stage.https(HUB, Registry(auth="bearer", realm=f"https://{HUB_TOKEN}/token", hides=True))
    stage.serve_registry()
    stage.image = "shop/api:1.4.2"
    stage.others = (HOST,)


@fault("spec.short-name-ambiguous")
def short_name_of_two_registries(stage: Stage) -> None:
    """CRI-O may not guess which of two registries is meant."""
    stage.serve_registry()
    stage.image, stage.runtime = "shop/api:1.4.2", "cri-o"
    stage.registries_conf = {
        "registries.conf": f'unqualified-search-registries = ["{HOST}", "docker.io"]\nshort-name-mode = "enforcing"\n'
    }


def _config(key: str) -> bytes:
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return json.dumps({"auths": {key: {"auth": auth}}}).encode()


@fault("secret.malformed")
def secret_is_no_json(stage: Stage) -> None:
    """The Secret's content cannot be decoded."""
    private(stage)
    stage.secret = (JSON_TYPE, {".dockerconfigjson": b'{"auths": {"registry.shop.test": {"auth": "@@@"}}}'})


@fault("secret.malformed")
def secret_of_the_wrong_type(stage: Stage) -> None:
    """An Opaque Secret: the kubelet takes nothing from it, and says nothing."""
    private(stage)
    stage.secret = ("Opaque", {".dockerconfigjson": _config(HOST)})


@fault("secret.registry-mismatch")
def secret_for_another_host(stage: Stage) -> None:
    """The Secret is right, for another registry."""
    private(stage)
    stage.secret = (JSON_TYPE, {".dockerconfigjson": _config("registry.other.test")})


@fault("secret.registry-mismatch")
def secret_for_another_port(stage: Stage) -> None:
    """The Secret names a port that the image does not."""
    private(stage)
    stage.secret = (JSON_TYPE, {".dockerconfigjson": _config(f"{HOST}:5000")})


@fault("")
def healthy_with_a_secret(stage: Stage) -> None:
    """The Secret matches."""
    private(stage)
    stage.secret = (JSON_TYPE, {".dockerconfigjson": _config(f"https://{HOST}/v1/")})
