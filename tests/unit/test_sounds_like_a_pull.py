"""Texts without any of the words that only a pull has: weak words that add up, and ends that were cut off."""

import pytest

from whypull import explain
from whypull.read.about import about_a_pull, sounds_like_a_pull
from whypull.read.message import failures

PULLS = {
    "a builder's own words": "shop-worker: image registry.shop.example/payments/api:1.4.2 could not be fetched: 401 Unauthorized",
    "a console": "Container api: the image tag 1.4.2 is unknown to the repository, HTTP 404",
    "a deployer": "deploy of payments halted, registry answered 503 for layer sha256:5f70bf18a086",
}
OTHERS = {
    "a container that had started": "docker run registry.shop.example/payments/api:1.4.2\n* Trying 203.0.113.7:443\n* connection refused",
    "another host": "docker image payments/api:1.4.2 is up: GET https://api.shop.example/users/42 returned 404 not found",
    "a cache's note": "registry cache: payments/api:1.4.2 digest is not found in proxy cache, fetch it from remote repo",
    "the runtime that starts": 'image registry.shop.example/payments/api:1.4.2: OCI runtime create failed: exec: "/run.sh": not found',
    "no symptom": "image registry.shop.example/payments/api:1.4.2 is being pulled from the registry",
}


@pytest.mark.parametrize("name", PULLS)
def test_weak_words_add_up(name):
    assert not about_a_pull(PULLS[name])
    assert sounds_like_a_pull(PULLS[name])
    (found,) = explain(PULLS[name])
    assert found.findings
    assert all(f.certainty == "possible" for f in found.findings)


@pytest.mark.parametrize("name", OTHERS)
def test_what_was_under_way_instead_weighs_against_it(name):
    assert not sounds_like_a_pull(OTHERS[name])


HEAD = 'failed to do request: Head "https://registry.shop.example/v2/payments/api/manifests/1": '


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("http: server gave HTTP res", "server gave HTTP response to HTTPS client"),
        ("x509: certificate signed by unk…", "certificate signed by unknown authority"),
        ("dial tcp 203.0.113.7:443: connect: connection ref", "connection refused"),
    ],
)
def test_an_end_that_was_cut_off_is_read_as_the_one_that_it_begins(cut, whole):
    (failure,) = failures(HEAD + cut)
    assert failure.core.endswith(whole)


@pytest.mark.parametrize(
    "end", ["x509: certificate ", "connection re", "dial tcp 203.0.113.7:443: i/o timeout", "no such", "reconnection ref"]
)
def test_an_end_that_may_be_two_or_is_whole_is_left(end):
    (failure,) = failures(HEAD + end)
    assert failure.core == (HEAD + end).strip()


def test_an_event_without_the_kubelets_first_words():
    rows = "Warning  Failed  kubelet  Error: ErrImagePull\nWarning  Failed  kubelet  rpc error: code = NotFound desc = manifest unknown: 1.4.2"
    found = explain(rows)[0]
    assert found.findings[0].cause == "image.tag-not-found"


def test_an_event_of_others_who_asked_a_registry():
    row = (
        "Warning  UnpackPackage  7s (x6 over 40s)  packages/shop.example  cannot unpack package: GET "
        "https://registry.shop.example/v2/payments/api/manifests/1.4.2: DENIED: requested access to the resource is denied"
    )
    (found,) = explain(row)
    assert found.findings[0].cause.startswith(("auth.", "image."))


@pytest.mark.parametrize(
    "text",
    [
        "curl -s -X DELETE https://registry.shop.example/v2/payments/api/blobs/sha256:5f70bf18 {'errors': [{'code': 'BLOB_UNKNOWN'}]}",
        '# HELP http_requests Requests\nhttp_requests{endpoint="/v2/payments/api/manifests/1",status="500"} 1',
        "web.RegistryCleaner - Deleting manifest sha256:5f70bf18a086 of payments/api:1.4.2: 404 not found",
    ],
)
def test_a_deletion_or_a_metric_is_no_pull(text):
    assert explain(text) == []
