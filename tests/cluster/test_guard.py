"""What a run made is removed also where the run cannot do it any more: killed, or its removal refused."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from tests.cluster import apiserver
from tests.cluster.apiserver import ApiServer
from tests.cluster.objects import account, cluster, node, pod

from whypull.read.kubeconfig import access
from whypull.vantage.guard import Guard

IMAGE = "registry.shop.example/payments/api:1.4.2"


@pytest.fixture
def server(tmp_path, monkeypatch):
    """An API server with one failing pod; KUBECONFIG names it."""
    with ApiServer(cluster(pod("web-0", IMAGE, "not found"), account(), node("np1-1")), token="t0k3n-of-nobody") as running:
        path = tmp_path / "config"
        path.write_text(json.dumps(apiserver.kubeconfig(running.url, namespace="shop", user={"token": "t0k3n-of-nobody"})))
        monkeypatch.setenv("KUBECONFIG", str(path))
        yield running


def names(server):
    return [one["metadata"]["name"] for one in server.objects["pods"]]


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_pod_of_a_verify_that_was_killed_goes(server, how):
    running = subprocess.Popen([sys.executable, "-m", "whypull", "verify", "pod/web-0"], env={**os.environ})
    assert until(lambda: len(names(server)) == 2)
    running.send_signal(how)
    running.wait()
    assert until(lambda: names(server) == ["web-0"]), names(server)


def test_a_guard_that_is_let_go_touches_nothing(server):
    guard = Guard(access(), "", "shop", "web-0")
    guard.release()
    guard.release()
    assert guard._process.returncode == 0
    assert names(server) == ["web-0"]
    assert server.requests == []


def test_a_guard_whose_run_is_gone_removes_the_pod_as_the_same_user(server):
    found = access()
    guard = Guard(found, os.environ["KUBECONFIG"], "shop", "web-0")
    guard._process.stdin.close()
    assert guard._process.wait(20) == 0
    assert names(server) == []


def test_a_guard_is_told_no_credential(server, monkeypatch):
    seen = []
    monkeypatch.setattr(subprocess, "Popen", lambda words, **_: seen.extend(words))
    Guard(access(), "", "shop", "web-0")
    assert access().token == "t0k3n-of-nobody"
    assert seen[-4:] == ["shop", "web-0", "", "lab"]
    assert not any("t0k3n" in word for word in seen)
