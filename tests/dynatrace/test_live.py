"""The verb against an API server: which version it takes, what it asks for, and what it says where it may not see."""

import json

import pytest
from tests.cluster import apiserver
from tests.cluster.apiserver import ApiServer
from tests.dynatrace import objects as of

from whypull.cli import main

MORE = {
    "dynakubes": ("/apis/dynatrace.com/v1beta5", "DynaKube"), "configmaps": ("/api/v1", "ConfigMap"),
    "mutatingwebhookconfigurations": ("/apis/admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
}  # fmt: skip
GROUP = {
    "kind": "APIGroup", "name": "dynatrace.com", "preferredVersion": {"version": "v1beta5"},
    "versions": [{"version": "v1beta5"}, {"version": "v1beta4"}],
}  # fmt: skip


@pytest.fixture
def ask(tmp_path, capsys, monkeypatch):
    """Runs whypull against objects; returns (exit code, document or text, server)."""
    monkeypatch.setattr(apiserver, "RESOURCES", {**apiserver.RESOURCES, **MORE})

    def discovery(handler):
        if handler.path.split("?")[0] != "/apis/dynatrace.com":
            return False
        handler.send(200, GROUP)
        return True

    def run(objects, *args, group=True, **server_options):
        kinds = {kind: name for name, (_, kind) in apiserver.RESOURCES.items()}
        stored = {}
        for one in objects:
            stored.setdefault(kinds[one["kind"]], []).append(one)
        with ApiServer(stored, **server_options) as server:
            path = tmp_path / "config"
            path.write_text(json.dumps(apiserver.kubeconfig(server.url, namespace="payments")))
            monkeypatch.setenv("KUBECONFIG", str(path))
            server.faults += [discovery] if group else []
            code = main(["dynatrace", *args, "-A", "-o", "json"])
            out = capsys.readouterr()
        return code, json.loads(out.out) if out.out else out.err, server

    return run


def webhook():
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "dynatrace-webhook"},
    }


def test_the_whole_picture_of_a_cluster(ask):
    kube = of.dynakube(customPullSecret="shop-registry", trustedCAs="shop-ca", inside={"codeModulesImage": of.CODEMODULES})
    ca = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "shop-ca", "namespace": "dynatrace"},
        "data": {"ca.crt": "x"},
    }
    code, answer, server = ask([
        kube, *of.installed(), webhook(), of.namespace("payments"), of.namespace("other", of=""), ca,
        of.pull_secret("shop-pull-secret", of.TENANT), of.application(said=of.REFUSED),
    ])  # fmt: skip
    seen = answer["dynatrace"][0]
    assert code == 1
    assert seen["operator"] == "1.7.2"
    assert {p["name"]: p["puller"] for p in seen["parts"]}["code modules"] == "csi"
    assert sorted(c for t in seen["troubles"] for c in t["causes"]) == [
        "secret.not-attached",
        "secret.not-found",
        "tls.unknown-authority",
    ]
    assert {method for method, *_ in server.requests} == {"GET"}
    assert not [p for p in server.paths() if p.endswith("/secrets")], "secrets are asked for by name"


def test_without_the_csi_driver_the_kubelet_or_a_download(ask):
    _, answer, _ = ask([of.dynakube(), *of.installed(csi=False), webhook(), of.namespace("payments")])
    assert {p["name"]: p["puller"] for p in answer["dynatrace"][0]["parts"]}["code modules"] == "download"


def test_a_cluster_without_dynatrace(ask):
    code, answer, _ = ask([], group=False)
    assert code == 0
    assert any("is not installed" in note for note in answer["notes"])


def test_rights_that_are_missing_are_said_and_the_rest_goes_on(ask):
    denied = [("list", "namespaces"), ("get", "secrets"), ("list", "daemonsets")]
    code, answer, _ = ask([of.dynakube(customPullSecret="c"), *of.installed(), webhook()], denied=denied)
    assert code == 0
    assert {p["name"]: p["puller"] for p in answer["dynatrace"][0]["parts"]}["code modules"] in {"unknown", "download"}
    for words in ("list namespaces", "get secrets", "list daemonsets"):
        assert any(words in note for note in answer["notes"]), words


def test_dynakubes_that_may_not_be_listed(ask):
    code, answer, _ = ask([of.dynakube(), *of.installed()], denied=[("list", "dynakubes")])
    assert code == 0
    assert any("list dynakubes.dynatrace.com" in note for note in answer["notes"])


def test_an_affected_pod_is_attributed_by_itself_in_the_cluster(tmp_path, capsys, monkeypatch):
    pods = [of.application(f"api-{n}", said=of.REFUSED) for n in range(3)]
    with ApiServer({"pods": pods}) as server:
        path = tmp_path / "config"
        path.write_text(json.dumps(apiserver.kubeconfig(server.url)))
        monkeypatch.setenv("KUBECONFIG", str(path))
        assert main(["-A", "-o", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["diagnoses"]
    assert [(d["count"], d["findings"][0]["cause"]) for d in found] == [(3, "secret.not-attached")]
    assert any("Dynatrace's webhook added the container dynatrace-operator" in note for note in found[0]["notes"])
    assert any("whypull dynatrace -n payments" in note for note in found[0]["notes"])
