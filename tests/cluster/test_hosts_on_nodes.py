"""`whypull hosts --from …`: the hosts of failing pulls, as their nodes meet them. `ssh` is a stub that runs the script here."""

import json

import pytest
from tests.cluster import apiserver
from tests.cluster.apiserver import ApiServer
from tests.cluster.objects import account, cluster, event, node, pod, running

from whypull.cli import UsageError, main
from whypull.commands import hosts_on_nodes
from whypull.demo.http import server
from whypull.demo.listener import Listener, refused_port
from whypull.demo.registry import REPOSITORY, Registry

SSH = '#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n'
WORDS = 'failed to do request: Head "https://{image}": dial tcp 127.0.0.1:443: connect: connection refused'


@pytest.fixture
def ask(tmp_path, capsys, monkeypatch):
    """Runs whypull hosts against a cluster in which the pull of an image fails; returns exit code, stdout, stderr."""

    def run(image, *args, ssh=SSH, fails=True):
        words = WORDS.format(image=image)
        objects = [pod("web-0", image, words), account(), node("np1-1"), event("web-0", words, image)] if fails else [account()]
        stub = tmp_path / "bin" / "ssh"
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(ssh, encoding="ascii")
        stub.chmod(0o755)
        monkeypatch.setenv("PATH", f"{stub.parent}:/usr/bin:/bin")
        with ApiServer(cluster(*objects)) as api:
            path = tmp_path / "config"
            path.write_text(json.dumps(apiserver.kubeconfig(api.url, namespace="shop")))
            monkeypatch.setenv("KUBECONFIG", str(path))
            code = main(["hosts", "-n", "shop", "--from", "ssh", *args])
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


def test_a_host_that_refuses_is_listed_as_not_reached(ask):
    port = refused_port()
    code, out, _ = ask(f"127.0.0.1:{port}/payments/api:1.4.2")
    assert code == 1
    assert out.splitlines()[1].split() == ["127.0.0.1", str(port), "registry", "no"]
    assert "Measured from node np1-1;" in out


def test_a_host_that_answers_is_listed_as_reached(ask):
    with Listener(server(Registry())) as there:
        code, out, _ = ask(f"127.0.0.1:{there.port}/{REPOSITORY}:1.4.2", "-o", "json")
    found = json.loads(out)["hosts"]
    assert [(h["host"], h["port"], h["role"], h["reached"]) for h in found] == [("127.0.0.1", there.port, "registry", True)]
    assert code == 0


def test_a_node_that_cannot_be_reached_is_a_sentence(ask):
    code, out, err = ask(
        "127.0.0.1:1/a:1", ssh="#!/bin/sh\necho 'ssh: connect to host np1-1 port 22: Connection refused' >&2\nexit 255\n"
    )
    assert (code, out) == (3, "")
    assert err.startswith("Not walked from np1-1: ")
    assert "Connection refused" in err


def test_where_no_pull_fails_there_is_nothing_to_walk(ask):
    code, out, _ = ask("127.0.0.1:1/a:1", fails=False)
    assert (code, out.partition(",")[0]) == (0, "No pull fails there")


def test_a_pod_is_made_only_by_who_agrees(tmp_path, monkeypatch):
    words = WORDS.format(image="127.0.0.1:1/a:1")
    others = running("db-0", "registry.shop.example/db:1")
    with ApiServer(cluster(pod("web-0", "127.0.0.1:1/a:1", words), others, account(), node("np1-1"))) as api:
        path = tmp_path / "config"
        path.write_text(json.dumps(apiserver.kubeconfig(api.url, namespace="shop")))
        monkeypatch.setenv("KUBECONFIG", str(path))
        with pytest.raises(UsageError, match="--yes"):
            hosts_on_nodes.run(["-n", "shop", "--from", "node"])
