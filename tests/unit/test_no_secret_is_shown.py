"""No credential of an input is in any output, whatever the input's form, the place of the credential and the format asked for."""

import base64
import json
import urllib.parse

from hypothesis import given, settings
from hypothesis import strategies as st

from whypull.diagnose import diagnoses_of
from whypull.read.message import failures
from whypull.read.reading import read_bytes
from whypull.render import as_json, as_yaml
from whypull.render.style import Style
from whypull.render.terminal import screen
from whypull.render.ticket import ticket

IMAGE = "registry.shop.example/shop/api:1.4.2"
# Marked at both ends, so that no word of an output is one by accident; the middle is what passwords and tokens are made of.
secrets = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.~", min_size=8, max_size=40).map(
    lambda s: f"Zq7{s}7qZ"
)
users = st.sampled_from(["ci", "robot$shop", "AWS", "oauth2accesstoken", "svc-user@shop.example"])


def signed_url(secret):
    return f"https://storage.shop.example/blobs/sha256/ab?X-Amz-Credential={secret}&X-Amz-Signature={secret}&X-Amz-Date=20261124T031240Z"


def azure_url(secret):
    return f"https://shopdata.blob.core.windows.example/c/ab?se=2026-11-24T03%3A12%3A40Z&sig={urllib.parse.quote(secret)}&sv=2019-02-02"


PLACES = {
    "signed": lambda s, u: f'failed to copy: httpReadSeeker: failed open: failed to do request: Get "{signed_url(s)}": dial tcp 203.0.113.9:443: i/o timeout',
    "azure": lambda s, u: f"failed to copy: httpReadSeeker: failed open: unexpected status code {azure_url(s)}: 403 Forbidden",
    "proxy": lambda s, u: f'failed to do request: Head "https://registry.shop.example/v2/": proxyconnect tcp: parse "http://{urllib.parse.quote(u)}:{urllib.parse.quote(s)}@proxy.shop.example:3128": invalid port',
    "basic": lambda s, u: f"401 Unauthorized (Authorization: Basic {base64.b64encode(f'{u}:{s}'.encode()).decode()})",
    "bearer": lambda s, u: f"unexpected status: 401 Unauthorized, sent header Authorization: Bearer {s}{s}",
    "userinfo": lambda s, u: f'failed to do request: Head "https://{urllib.parse.quote(u)}:{urllib.parse.quote(s)}@registry.shop.example/v2/shop/api/manifests/1.4.2": EOF',
    "token": lambda s, u: f"failed to fetch oauth token: unexpected status from GET request to https://auth.shop.example/token?account={urllib.parse.quote(u)}&refresh_token={urllib.parse.quote(s)}&service=shop: 500",
    "config": lambda s, u: f'parsing docker config: {{"auths":{{"registry.shop.example":{{"username":"{u}","password":"{s}","auth":"{base64.b64encode(f"{u}:{s}".encode()).decode()}"}}}}}}',
}  # fmt: skip


def message(core):
    return f'Failed to pull image "{IMAGE}": failed to pull and unpack image "{IMAGE}": {core}'


def describe(core):
    return (
        f"Name:         api-0\nNamespace:    shop\nNode:         np1-3/10.0.3.7\nContainers:\n  api:\n    Image:          {IMAGE}\n"
        "    State:          Waiting\n      Reason:       ImagePullBackOff\nEvents:\n  Type     Reason     Age                From               Message\n"
        "  ----     ------     ----               ----               -------\n"
        f"  Warning  Failed     28s (x3 over 68s)  kubelet            {message(core)}\n"
    )


def kubelet(core):
    return f'E1124 03:12:41.205010    1043 kuberuntime_image.go:55] "Failed to pull image" err={json.dumps(message(core))} image="{IMAGE}"\n'


def events(core):
    event = {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "api-0.1", "namespace": "shop"}, "type": "Warning", "reason": "Failed",
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "api-0", "fieldPath": "spec.containers{api}"},
        "message": message(core), "source": {"component": "kubelet", "host": "np1-3"}, "count": 3,
    }  # fmt: skip
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [event]})


FORMS = {"message": message, "describe": describe, "kubelet": kubelet, "events": events}


def outputs(data):
    """Every output that a user can ask for, by format."""
    reading = read_bytes(data.encode())
    found = diagnoses_of(reading, failures)
    yield "text", screen(found, reading, 80, Style()) + screen(found, reading, 200, Style(colour=True))
    yield "json", as_json.document(found, reading)
    yield "yaml", as_yaml.document(found, reading)
    yield "markdown", ticket(found, reading)
    yield "lines", "".join(map(as_json.line, found))


def parts(secret, user):
    """What must not be seen: the secret, as it is, escaped for URLs, and inside base64."""
    encoded = base64.b64encode(f"{user}:{secret}".encode()).decode().rstrip("=")
    return {secret, urllib.parse.quote(secret), encoded[8:]}


def held_back(data, secret, user):
    for form, text in outputs(data):
        flat = "".join(text.split())  # a screen may have broken it over two lines
        for part in parts(secret, user):
            assert part not in text, form
            assert part not in flat, form


@settings(max_examples=250, deadline=None)
@given(secrets, users, st.sampled_from(sorted(PLACES)), st.sampled_from(sorted(FORMS)))
def test_a_text_with_a_credential(secret, user, place, form):
    held_back(FORMS[form](PLACES[place](secret, user)), secret, user)


@settings(max_examples=100, deadline=None)
@given(
    secrets, users, st.booleans(), st.sampled_from(["kubernetes.io/dockerconfigjson", "Opaque"]), st.sampled_from(["", "x", "{"])
)
def test_objects_with_a_secret(secret, user, as_string, kind, damage):
    config = (
        json.dumps(
            {
                "auths": {
                    "other.shop.example": {
                        "username": user,
                        "password": secret,
                        "auth": base64.b64encode(f"{user}:{secret}".encode()).decode(),
                    }
                }
            }
        )
        + damage
    )
    held = (
        {"stringData": {".dockerconfigjson": config}}
        if as_string
        else {"data": {".dockerconfigjson": base64.b64encode(config.encode()).decode()}}
    )
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "api-0", "namespace": "shop", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": config}},
        "spec": {"nodeName": "np1-3", "imagePullSecrets": [{"name": "regcred"}], "containers": [{"name": "api", "image": IMAGE, "env": [{"name": "TOKEN", "value": secret}]}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "api", "image": IMAGE, "imageID": "", "ready": False, "restartCount": 0,
            "state": {"waiting": {"reason": "ErrImagePull", "message": "failed to pull: no basic auth credentials"}}}]},
    }  # fmt: skip
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(held)}
    document = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            pod,
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "regcred", "namespace": "shop", "annotations": annotations},
                "type": kind,
                **held,
            },
        ],
    }
    held_back(json.dumps(document), secret, user)
    whole = base64.b64encode(config.encode()).decode()
    assert all(whole[20:60] not in text for _, text in outputs(json.dumps(document)))
