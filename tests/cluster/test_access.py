"""How the cluster is reached: each behaviour of kubectl, against a TLS API server, with the real kubectl beside it."""

import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile

import pytest
from tests.cluster import apiserver
from tests.cluster.apiserver import ApiServer
from tests.cluster.client import kubectl

from whypull.demo.authority import Authority
from whypull.read.cluster import ApiError, Cluster, Unreachable
from whypull.read.kubeconfig import BadKubeconfig, access

PODS = {"pods": [{"metadata": {"name": f"web-{n}", "namespace": "shop"}, "spec": {}, "status": {}} for n in range(7)]}
KUBECTL, WHY_NOT = kubectl()


@pytest.mark.skipif(not KUBECTL, reason=WHY_NOT)
def test_the_real_kubectl_is_beside_it():
    assert subprocess.run([KUBECTL, "version", "--client"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def ca():
    with tempfile.TemporaryDirectory() as folder:
        yield Authority(folder)


@pytest.fixture
def server(ca):
    pair = ca.server(["127.0.0.1", "api.shop.test"])
    context = apiserver.tls_context(*pair)
    with ApiServer(PODS, tls=context, token="right-token") as running:
        yield running


@pytest.fixture
def write(tmp_path, ca, server):
    """Writes a kubeconfig for the server and returns its path."""

    def made(user=None, name="config", **more):
        with open(ca.root_file, "rb") as file:
            root = file.read()
        document = apiserver.kubeconfig(server.url, root, user or {"token": "right-token"}, namespace="shop", **more)
        path = tmp_path / name
        path.write_text(json.dumps(document))
        return str(path)

    return made


def plugin(tmp_path, body, name="log-in"):
    path = tmp_path / name
    path.write_text(f"#!{sys.executable}\nimport json, os, sys\n{body}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def exec_user(command, version="v1", **more):
    return {
        "exec": {"apiVersion": f"client.authentication.k8s.io/{version}", "command": command, "interactiveMode": "Never", **more}
    }


def listed(path, **flags):
    """What whypull gets: how many pods the server lists."""
    with Cluster(access(path, **flags)) as cluster:
        return sum(len(json.loads(page)["items"]) for page in cluster.pages("/api/v1/namespaces/shop/pods", limit=3))


def by_kubectl(path, *flags, env=None):
    done = subprocess.run(
        [KUBECTL, "--kubeconfig", path, "get", "--raw", "/api/v1/namespaces/shop/pods", *flags],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **(env or {})},
    )  # fmt: skip
    return done.returncode == 0


def agree(path, **flags):
    """whypull and kubectl get through, or neither does; returns which."""
    try:
        ours = listed(path, **flags) == 7
    except (ApiError, Unreachable, BadKubeconfig):
        ours = False
    if KUBECTL:
        assert by_kubectl(path, *[f"--{k}={v}" for k, v in flags.items()]) == ours
    return ours


def test_a_token(write):
    assert agree(write())
    assert not agree(write({"token": "wrong-token"}))


def test_a_token_file_relative_to_the_kubeconfig(write, tmp_path):
    (tmp_path / "token").write_text("right-token\n")
    assert agree(write({"tokenFile": "token"}))


def test_a_client_certificate_in_the_file(tmp_path, ca):
    context = apiserver.tls_context(*ca.server(["127.0.0.1"]), client_ca=ca.root_file)
    certificate, key = ca.server(["dev"])
    user = {"client-certificate": certificate, "client-key": key}
    root = pathlib.Path(ca.root_file).read_bytes()
    with ApiServer(PODS, tls=context) as server:
        path = tmp_path / "config"
        path.write_text(json.dumps(apiserver.kubeconfig(server.url, root, user)))
        assert agree(str(path))
        data = {f"{k}-data": apiserver.base64.b64encode(pathlib.Path(v).read_bytes()).decode() for k, v in user.items()}
        path.write_text(json.dumps(apiserver.kubeconfig(server.url, root, data)))
        assert agree(str(path))
        path.write_text(json.dumps(apiserver.kubeconfig(server.url, root, {})))
        assert not agree(str(path))


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_credential_plugin(write, tmp_path, version):
    if (
        version == "v1"
        and KUBECTL
        and "v1.20" in subprocess.run([KUBECTL, "version", "--client"], capture_output=True, text=True, check=False).stdout
    ):
        kubectl_knows = False  # v1 came with 1.22
    else:
        kubectl_knows = True
    body = (
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "assert info['kind'] == 'ExecCredential' and os.environ['ACCOUNT'] == 'dev' and sys.argv[1:] == ['get-token']\n"
        f"print(json.dumps({{'kind': 'ExecCredential', 'apiVersion': 'client.authentication.k8s.io/{version}', 'status': {{'token': 'right-token'}}}}))"
    )
    command = plugin(tmp_path, body)
    path = write(exec_user(command, version, args=["get-token"], env=[{"name": "ACCOUNT", "value": "dev"}]))
    assert listed(path) == 7
    if kubectl_knows:
        assert agree(path)


def test_a_plugin_is_asked_again_when_its_token_has_run_out(write, tmp_path, server):
    command = plugin(
        tmp_path,
        f"first = not os.path.exists({str(tmp_path / 'ran')!r})\nopen({str(tmp_path / 'ran')!r}, 'w').close()\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',"
        " 'status': {'token': 'stale' if first else 'right-token'}}))",
    )
    assert listed(write(exec_user(command))) == 7


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit(3)", "exit code 3"),
        ("print('hello s3kr1t')", "printed no ExecCredential"),
        (
            "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1alpha1', 'status': {'token': 's3kr1t'}}))",
            "the kubeconfig wants",
        ),
        ("print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'status': {}}))", "neither a token nor"),
    ],
)
def test_a_plugin_that_does_not_serve_is_a_sentence(write, tmp_path, body, words):
    path = write(exec_user(plugin(tmp_path, body)))
    with pytest.raises(BadKubeconfig, match=words) as raised:
        listed(path)
    assert "s3kr1t" not in str(raised.value)


def test_a_plugin_that_is_not_installed_shows_its_hint(write):
    path = write(exec_user("log-in-that-is-not-there", installHint="Install it with: brew install log-in"))
    with pytest.raises(BadKubeconfig, match="not installed. Install it with"):
        listed(path)


def test_the_server_name_of_the_certificate_can_be_another(write):
    assert agree(write(cluster={"tls-server-name": "api.shop.test"}))
    assert not agree(write(cluster={"tls-server-name": "other.shop.test"}))


def test_without_verification(write):
    cluster = {"insecure-skip-tls-verify": True, "certificate-authority-data": None}
    assert agree(write(cluster=cluster))


def test_a_stranger_s_ca_is_said_so(write, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    with open(Authority(str(other)).root_file, "rb") as file:
        data = apiserver.base64.b64encode(file.read()).decode()
    path = write(cluster={"certificate-authority-data": data})
    assert not agree(path)
    with pytest.raises(Unreachable, match="certificate that the kubeconfig's CA does not cover"):
        listed(path)


def test_impersonation_is_sent_for_it_narrows_rights(write, server):
    user = {"token": "right-token", "as": "jane", "as-groups": ["devs", "ops"], "as-user-extra": {"reason": ["help"]}}
    assert listed(write(user)) == 7
    names = [(k, v) for _, _, _, h in server.requests for k, v in h.items() if k.startswith("Impersonate")]
    assert ("Impersonate-User", "jane") in names
    assert ("Impersonate-Group", "ops") in names
    assert ("Impersonate-Extra-reason", "help") in names


def test_a_proxy_is_used(write):
    from whypull.demo.listener import Listener
    from whypull.demo.proxy import proxy

    host, port = (
        "127.0.0.1",
        int(json.loads(pathlib.Path(write()).read_text())["clusters"][0]["cluster"]["server"].rpartition(":")[2]),
    )
    with Listener(proxy({f"{host}:{port}": port})) as way:
        assert agree(write(cluster={"proxy-url": f"http://127.0.0.1:{way.port}"}))
    assert not agree(write(cluster={"proxy-url": f"http://127.0.0.1:{way.port}"}))


def test_several_files_are_merged_and_the_first_that_names_a_thing_wins(write, tmp_path, monkeypatch):
    first, second = write(name="a"), write({"token": "wrong-token"}, name="b")
    missing = str(tmp_path / "is-not-there")
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([missing, first, second]))
    assert access().token == "right-token"
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([second, first]))
    assert access().token == "wrong-token"


def test_flags_beat_the_file(write):
    path = write()
    assert access(path, namespace="other").namespace == "other"
    assert access(path).namespace == "shop"
    with pytest.raises(BadKubeconfig, match="no context 'prod'; there are: lab"):
        access(path, context="prod")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no valid YAML"),
        ("- a\n- b\n", "holds no table"),
        ("current-context: x\n", "no context 'x'"),
        ("apiVersion: v1\n", "sets no current-context"),
        ("password: s3kr1t: [", "no valid YAML"),
    ],
)
def test_a_broken_kubeconfig_is_a_sentence_without_its_content(tmp_path, content, words):
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(BadKubeconfig, match=words) as raised:
        access(str(path))
    assert "s3kr1t" not in str(raised.value)


def test_no_kubeconfig_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(BadKubeconfig, match="no kubeconfig"):
        access()


def test_inside_a_pod(tmp_path, monkeypatch):
    (tmp_path / "token").write_text("right-token")
    (tmp_path / "namespace").write_text("tools")
    monkeypatch.setattr("whypull.read.kubeconfig.IN_CLUSTER", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")
    found = access()
    assert (found.server, found.namespace, found.context) == ("https://10.0.0.1:6443", "tools", "in-cluster")


def test_nothing_of_a_credential_is_in_a_repr(write):
    found = access(write({"username": "dev", "password": "s3kr1t-p", "token": "s3kr1t-t"}))
    assert "s3kr1t" not in repr(found)


def test_300_contexts(write, tmp_path):
    document = json.loads(pathlib.Path(write()).read_text())
    for kind, inner in (("clusters", "cluster"), ("contexts", "context"), ("users", "user")):
        first = document[kind][0]
        document[kind] = [{"name": f"{kind}-{n}", inner: first[inner]} for n in range(300)] + document[kind]
    path = tmp_path / "large"
    path.write_text(json.dumps(document))
    assert listed(str(path)) == 7


# ---------------------------------------------------------------- trouble on the way


@pytest.mark.parametrize("pages", [1, 2])
def test_a_server_that_says_later_is_asked_later(write, server, pages):
    server.faults.append(apiserver.times(pages, apiserver.later("0")))
    assert listed(write()) == 7


def test_a_server_that_always_says_later_is_said_so(write, server):
    server.faults.append(apiserver.times(99, apiserver.later("0")))
    with pytest.raises(ApiError, match="too many requests"):
        listed(write())


def test_a_list_goes_on_after_a_410_with_the_token_of_the_answer(write, server):
    hits = []

    def once(handler):
        if handler.query.get("continue") == "3" and not hits:
            hits.append(1)
            apiserver.gone("3")(handler)
            return True
        return False

    server.faults.append(once)
    assert listed(write()) == 7
    assert hits


def test_a_connection_that_breaks_in_mid_page_is_tried_again(write, server):
    server.faults.append(apiserver.times(1, apiserver.cut))
    assert listed(write()) == 7


def test_an_api_server_that_is_not_there(write):
    path = write(cluster={"server": "https://127.0.0.1:1"})
    with pytest.raises(Unreachable, match="127.0.0.1:1 cannot be asked: connection refused"):
        listed(path)


def test_a_slow_server_ends_at_the_time_that_was_given(write, server):
    server.delay = 3
    with Cluster(access(write()), timeout=0.5) as cluster, pytest.raises(Unreachable, match="timed out"):
        cluster.get("/api/v1/pods")


def test_a_refusal_names_verb_and_resource(write, server):
    server.denied.add(("list", "secrets"))
    with Cluster(access(write())) as cluster, pytest.raises(ApiError, match='cannot list resource "secrets"') as raised:
        cluster.get("/api/v1/secrets")
    assert raised.value.status == 403


def test_large_answers_come_packed(write, server):
    server.objects["pods"][0]["metadata"]["annotations"] = {"x": "y" * 400_000}
    with Cluster(access(write())) as cluster:
        assert len(cluster.get("/api/v1/pods")) > 400_000
        assert cluster.bytes < 100_000
