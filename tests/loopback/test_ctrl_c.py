"""Ctrl-C at any step: the whole process ends within a second, with what was seen so far."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from whypull.demo import listener
from whypull.demo.authority import Authority
from whypull.demo.http import Answer
from whypull.demo.http import server as http_server
from whypull.demo.listener import Full, Listener

HERE = "127.0.0.1"
LONGEST = 1.0


class Silent:
    """A nameserver that never answers."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HERE, 0))
        self.port = self.socket.getsockname()[1]
        return self

    def __exit__(self, *_):
        self.socket.close()


def stuck_at_manifest(asked):
    if asked.path.endswith("/v2/"):
        return Answer(200, b"{}")
    time.sleep(30)
    return Answer(200)


def interrupted(*args, stdin=None, after=None):
    """Starts check, waits for the server to be asked (or half a second), sends SIGINT; seconds until the end, and the process."""
    command = [sys.executable, "-m", "whypull", "check", *args]
    running = subprocess.Popen(
        command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "80"}
    )
    if after:
        assert after.wait(20), "it did not even begin"
    time.sleep(0.4)
    started = time.monotonic()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=10)
    return time.monotonic() - started, running.returncode, out, err


@pytest.fixture
def conf(tmp_path):
    path = tmp_path / "registries.conf"
    path.write_text("")
    return str(path)


def told(serve):
    """A server that says when it was asked."""
    asked = threading.Event()

    def handle(connection):
        asked.set()
        serve(connection)

    return asked, handle


@pytest.mark.parametrize("where", ["dns", "connect", "handshake", "request"])
def test_at_any_step(where, conf, tmp_path):
    authority = Authority(str(tmp_path))
    asked, serve = told(http_server(stuck_at_manifest))
    silent_asked, silent = told(listener.silent)
    with (
        Silent() as nameserver,
        Full() as full,
        Listener(silent) as handshake,
        Listener(serve, authority.context(authority.server([HERE]))) as request,
    ):
        args, event = {
            "dns": (["registry.shop.test/a:1", "--resolver", f"{HERE}#{nameserver.port}"], None),
            "connect": ([f"{HERE}:{full.port}/a:1"], None),
            "handshake": ([f"{HERE}:{handshake.port}/a:1"], silent_asked),
            "request": ([f"{HERE}:{request.port}/a:1", "--ca", authority.root_file], asked),
        }[where]
        if event is None:
            time.sleep(0.2)
        seconds, code, out, err = interrupted(*args, "--registries-conf", conf, after=event)
    assert seconds < LONGEST
    assert "Traceback" not in err
    assert code == 130
    assert "stopped" in err
    if where in {"handshake", "request"}:
        assert "127.0.0.1" in out
        assert "everything that was asked for came" not in out


def test_with_many_images(conf, tmp_path):
    authority = Authority(str(tmp_path))
    asked, serve = told(http_server(stuck_at_manifest))
    with Listener(serve, authority.context(authority.server([HERE]))) as request:
        images = [f"{HERE}:{request.port}/shop/app{n}:1" for n in range(30)]
        seconds, code, _, err = interrupted(*images, "--ca", authority.root_file, "--registries-conf", conf, after=asked)
    assert seconds < LONGEST
    assert code == 130
    assert "Traceback" not in err


def test_while_a_password_is_waited_for():
    seconds, code, _, err = interrupted("registry.shop.test/a:1", "--username", "me", "--password-stdin", stdin=subprocess.PIPE)
    assert seconds < LONGEST
    assert code == 130
    assert "Traceback" not in err
