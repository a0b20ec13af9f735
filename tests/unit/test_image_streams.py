"""OpenShift's image streams: an import that failed is a pull that failed, in JSON, in YAML and in a list."""

import json

from whypull import explain


def stream(message, reason="Unauthorized", status="False"):
    return {
        "kind": "ImageStream",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": "api", "namespace": "payments"},
        "spec": {
            "tags": [{"name": "1.4.2", "from": {"kind": "DockerImage", "name": "registry.shop.example/payments/api:1.4.2"}}]
        },
        "status": {
            "tags": [
                {
                    "tag": "1.4.2",
                    "items": None,
                    "conditions": [{"type": "ImportSuccess", "status": status, "reason": reason, "message": message}],
                }
            ]
        },
    }


MESSAGE = (
    'Internal error occurred: registry.shop.example/payments/api:1.4.2: Get "https://registry.shop.example/v2/": '
    "dial tcp: lookup registry.shop.example on 172.30.0.10:53: no such host"
)


def test_a_failed_import_is_heard_with_the_image_it_was_to_bring():
    (one,) = explain(json.dumps(stream(MESSAGE, "InternalError")))
    assert [f.cause for f in one.findings] == ["dns.no-such-host"]
    assert one.pull.image == "registry.shop.example/payments/api:1.4.2"
    assert one.pull.namespace == "payments"


def test_in_a_list():
    (one,) = explain(json.dumps({"apiVersion": "v1", "kind": "List", "items": [stream(MESSAGE, "InternalError")]}))
    assert [f.cause for f in one.findings] == ["dns.no-such-host"]


def test_as_yaml():
    yaml = f"""apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: api
  namespace: payments
status:
  tags:
  - conditions:
    - message: '{MESSAGE}'
      reason: InternalError
      status: "False"
      type: ImportSuccess
    items: null
    tag: 1.4.2
"""
    (one,) = explain(yaml)
    assert [f.cause for f in one.findings] == ["dns.no-such-host"]


def test_an_import_that_came_off_is_no_failure():
    assert explain(json.dumps(stream(MESSAGE, status="True"))) == []


def test_a_registry_s_answer_belongs_to_the_error_above_it():
    text = """unknown: unexpected status from HEAD request to https://registry.shop.example/v2/payments/api/manifests/1.4.2: 400 Bad Request
{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"""
    (one,) = explain(text)
    assert one.findings[0].cause == "image.tag-not-found"
