"""`whypull` against an API server that speaks the real protocol from objects of our own."""

import json

import pytest
from tests.cluster import apiserver
from tests.cluster.apiserver import ApiServer
from tests.cluster.objects import account, cluster, deployment, event, node, pod, pull_secret, replica_set, running

from whypull.cli import main

REFUSED = (
    'failed to pull and unpack image "registry.shop.example/payments/api:1.4.2": failed to resolve reference '
    '"registry.shop.example/payments/api:1.4.2": pull access denied, repository does not exist or may require authorization: '
    "authorization failed: no basic auth credentials"
)
UNKNOWN_CA = (
    'failed to pull and unpack image "{image}": failed to resolve reference "{image}": failed to do request: Head '
    '"https://registry.shop.example/v2/payments/api/manifests/1.4.2": tls: failed to verify certificate: x509: certificate '
    "signed by unknown authority"
)
IMAGE = "registry.shop.example/payments/api:1.4.2"


@pytest.fixture
def ask(tmp_path, capsys, monkeypatch):
    """Runs whypull against objects; returns (exit code, document or text, server)."""

    def run(objects, *args, form="json", **server_options):
        faults = server_options.pop("faults", ())
        with ApiServer(objects, **server_options) as server:
            path = tmp_path / "config"
            path.write_text(json.dumps(apiserver.kubeconfig(server.url, namespace="shop")))
            monkeypatch.setenv("KUBECONFIG", str(path))
            server.faults += faults
            code = main([*args, *(["-o", form] if form != "text" else [])] if args else ["-n", "shop", "-o", form])
            out = capsys.readouterr()
        return code, json.loads(out.out) if form == "json" and code != 2 else out.out + out.err, server

    return run


def causes(document):
    return [[f["cause"] for f in d["findings"]] for d in document["diagnoses"]]


def test_a_secret_that_no_pod_names(ask):
    objects = cluster(pod("web-0", IMAGE, REFUSED), account(), node("np1-1"), event("web-0", REFUSED, IMAGE))
    code, answer, _ = ask(objects, "-n", "shop")
    assert code == 1
    assert causes(answer) == [["secret.not-attached"]]
    assert answer["diagnoses"][0]["pull"] == {
        "image": IMAGE, "namespace": "shop", "pod": "web-0", "container": "web", "node": "np1-1", "runtime": "containerd",
    }  # fmt: skip


def test_a_secret_that_is_only_in_another_namespace(ask):
    objects = cluster(pod("web-0", IMAGE, REFUSED, secrets=["pull"]), account(), node("np1-1"), pull_secret("pull", "tools"))
    code, answer, server = ask(objects, "pod/web-0")
    assert code == 1
    assert causes(answer) == [["secret.not-found"]]
    assert "tools" in json.dumps(answer["diagnoses"][0]["findings"])
    assert "/api/v1/namespaces/shop/secrets/pull" in server.paths()
    assert "/api/v1/namespaces/shop/secrets" not in server.paths(), "only the secrets that pods name are read"


def test_a_secret_for_another_host(ask):
    objects = cluster(
        pod("web-0", IMAGE, REFUSED, secrets=["pull"]),
        account(),
        node("np1-1"),
        pull_secret("pull", host="registry.shop.example:5000"),
    )
    assert causes(ask(objects, "pod", "web-0")[1]) == [["secret.registry-mismatch"]]


@pytest.mark.parametrize("kind", ["deploy/web", "rs/web-5d8f", "pod/web-5d8f-0"])
def test_a_workload_is_found_through_its_selector(ask, kind):
    objects = cluster(
        pod("web-5d8f-0", IMAGE, REFUSED, labels={"app": "web"}, owner=("ReplicaSet", "web-5d8f")),
        pod("other-0", "quay.io/x/y:1", REFUSED.replace("registry.shop.example/payments/api:1.4.2", "quay.io/x/y:1")),
        account(), node("np1-1"), replica_set("web-5d8f", "web", {"app": "web"}), deployment("web", {"app": "web"}),
    )  # fmt: skip
    code, answer, _ = ask(objects, kind)
    assert code == 1
    assert [d["pull"]["pod"] for d in answer["diagnoses"]] == ["web-5d8f-0"]


def test_many_pods_and_two_causes_are_two_diagnoses(ask):
    pods = [pod(f"web-{n}", IMAGE, REFUSED, node=f"np1-{n % 40}") for n in range(300)]
    pods += [pod(f"api-{n}", f"hub.shop.example/api{n % 3}:1", UNKNOWN_CA.format(image=f"hub.shop.example/api{n % 3}:1").replace(
        "registry.shop.example", "hub.shop.example"), node=f"np2-{n % 4}") for n in range(200)]  # fmt: skip
    objects = cluster(*pods, account(), *(node(f"np1-{n}") for n in range(40)), *(node(f"np2-{n}", pool="np2") for n in range(4)))
    code, answer, server = ask(objects, "-A")
    assert code == 1
    assert sorted((d["findings"][0]["cause"], d["count"]) for d in answer["diagnoses"]) == [
        ("secret.not-attached", 300), ("tls.unknown-authority", 200),
    ]  # fmt: skip
    assert len(server.requests) < 20


def test_a_back_off_without_a_cause_takes_it_from_the_older_event(ask):
    objects = cluster(
        pod("web-0", IMAGE, f'Back-off pulling image "{IMAGE}"', reason="ImagePullBackOff"), account(), node("np1-1"),
        event("web-0", UNKNOWN_CA.format(image=IMAGE), IMAGE),
        event("web-0", f'Back-off pulling image "{IMAGE}"', IMAGE, reason="BackOff", type="Normal", raw=True),
    )  # fmt: skip
    assert causes(ask(objects, "pod/web-0")[1]) == [["tls.unknown-authority"]]


def test_nothing_fails(ask):
    code, answer, _ = ask(cluster(running("web-0", IMAGE), account(), node("np1-1")), "-n", "shop")
    assert (code, answer["diagnoses"]) == (0, [])
    code, text, _ = ask(cluster(running("web-0", IMAGE)), "-n", "shop", form="text")
    assert "1 pods of the namespace were looked at" in text.replace("\n", " ")


def test_what_other_pods_say_of_it(ask):
    objects = cluster(
        pod("web-0", IMAGE, UNKNOWN_CA.format(image=IMAGE), node="np2-1"), running("web-1", IMAGE, node="np1-1"), account(),
        node("np2-1", pool="np2"), node("np1-1"),
    )  # fmt: skip
    notes = ask(objects, "-n", "shop")[1]["diagnoses"][0]["notes"]
    assert "The same image runs on 1 other node." in notes


# ---------------------------------------------------------------- rights


RIGHTS = [
    (("get", "secrets"), "You may not get secrets in namespace shop."),
    (("get", "nodes"), "You may not get nodes."),
    (("list", "events"), "You may not list events in namespace shop."),
    (("get", "serviceaccounts"), "You may not get serviceaccounts in namespace shop."),
]


@pytest.mark.parametrize("mask", range(1, 13))
def test_rights_that_are_missing_are_named_and_the_rest_goes_on(ask, mask):
    missing = [right for n, right in enumerate(RIGHTS) if mask >> n & 1]
    objects = cluster(
        pod("web-0", IMAGE, UNKNOWN_CA.format(image=IMAGE), secrets=["pull"]), account(), node("np1-1"), pull_secret("pull"),
        event("web-0", UNKNOWN_CA.format(image=IMAGE), IMAGE),
    )  # fmt: skip
    code, answer, _ = ask(objects, "-n", "shop", denied=[right for right, _ in missing])
    assert code == 1
    assert causes(answer) == [["tls.unknown-authority"]]
    for _, sentence in missing:
        assert sentence in answer["notes"]


def test_only_one_namespace_may_be_seen(ask):
    objects = cluster(pod("web-0", IMAGE, UNKNOWN_CA.format(image=IMAGE)), account(), node("np1-1"))
    code, answer, _ = ask(objects, "-A", denied=[("list", "pods", "")])
    assert code in {1, 2}
    if code == 1:
        assert "You may not list pods in all namespaces." in answer["notes"]


def test_pods_may_not_be_seen_at_all(ask):
    code, text, _ = ask(cluster(), "-n", "shop", denied=[("list", "pods")])
    assert code == 2
    assert "you may not list pods in namespace shop" in text


# ---------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["pod/web-9"], "there is no pod web-9 in namespace shop"),
        (["deploy/web-9"], "there is no deployment web-9 in namespace shop"),
        (["node/np9-9"], "there is no node np9-9"),
        (["pod/UPPER"], "can be no name"),
        (["pod/"], "which pod?"),
        (["pod/a", "pod/b"], "one target at a time"),
    ],
)
def test_a_target_that_is_not_there(ask, args, words):
    code, text, _ = ask(cluster(), *args)
    assert code == 2
    assert words in text


def test_no_secret_is_shown_in_any_format(ask):
    objects = cluster(
        pod("web-0", IMAGE, REFUSED, secrets=["pull"]), account(), node("np1-1"), pull_secret("pull", password="s3kr1t-t1rk3s")
    )
    for form in ("json", "yaml", "markdown", "text"):
        assert "s3kr1t" not in json.dumps(ask(objects, "-n", "shop", form=form)[1])


@pytest.mark.parametrize("fault", [apiserver.later("0"), apiserver.cut, apiserver.gone("")])
def test_trouble_of_the_api_server_is_overcome(ask, fault):
    objects = cluster(*(pod(f"web-{n}", IMAGE, REFUSED) for n in range(3)), account(), node("np1-1"))
    code, answer, _ = ask(objects, "-n", "shop", faults=[apiserver.times(1, fault, "pods")])
    assert code == 1
    assert answer["diagnoses"][0]["count"] == 3


def test_only_nodes_of_one_pool_are_said_to_fail_where_others_run_the_image(ask):
    failing = [pod(f"web-{n}", IMAGE, UNKNOWN_CA.format(image=IMAGE), node=f"np1-{n}") for n in (1, 2)]
    nodes = [node("np1-1"), node("np1-2"), node("np2-1", pool="np2"), node("np3-1", pool="np3")]
    objects = cluster(*failing, running("web-3", IMAGE, node="np2-1"), account(), *nodes)
    code, answer, server = ask(objects, "-n", "shop")
    assert code == 1
    (one,) = answer["diagnoses"]
    assert "Only nodes of pool np1 fail; images of registry.shop.example run on 1 other." in one["notes"]
    assert sorted(path for path in server.paths() if "/nodes/" in path) == [
        "/api/v1/nodes/np1-1", "/api/v1/nodes/np1-2", "/api/v1/nodes/np2-1",
    ]  # fmt: skip


def test_a_pod_that_fails_where_nobody_else_pulls_from_its_registry_tells_nothing_of_pools(ask):
    failing = pod("web-0", IMAGE, UNKNOWN_CA.format(image=IMAGE), node="np1-1")
    other = pod("api-0", "quay.shop.example/api:2", UNKNOWN_CA.format(image="quay.shop.example/api:2"), node="np2-1")
    objects = cluster(
        failing,
        other,
        running("billing-0", "docker.io/billing:2", node="np2-1"),
        account(),
        node("np1-1"),
        node("np2-1", pool="np2"),
    )
    answer = ask(objects, "-n", "shop")[1]
    assert not [note for one in answer["diagnoses"] for note in one["notes"] if "Only nodes" in note]
