"""The user's own ssh as the way to a node: its arguments, its failures in words, and its end. `ssh` is a stub that runs the script here."""

import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest

from whypull.demo.listener import Listener, refused_port
from whypull.demo.registry import PASSWORD
from whypull.probe.shell import NodeLost, Shell
from whypull.probe.vault import Vault
from whypull.vantage.node_walk import NodeWalk, Wanted
from whypull.vantage.transports import Ssh

TARGET = "ops@np1-3.shop.example"
STUB = """#!/bin/sh
printf '%s\\n' "$@" >>{log}
{first}
for last; do :; done
exec sh -c "$last"
"""


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    """Puts a stub on PATH that does `first` before it runs the script; gives the file of arguments it was called with."""

    def put(first=""):
        log = tmp_path / "arguments"
        stub = tmp_path / "bin" / "ssh"
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(STUB.format(log=log, first=first), encoding="ascii")
        stub.chmod(0o755)
        monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")
        return log

    return put


def options(argv):
    return {argv[i + 1] for i, word in enumerate(argv) if word == "-o"}


def test_the_arguments_are_the_user_s_ssh_without_a_question():
    argv = list(Ssh(TARGET).command("echo hello; cat /etc/resolv.conf"))
    assert argv[:2] == ["ssh", "-T"]
    assert {"BatchMode=yes", "ConnectTimeout=10", "ControlMaster=auto", "ControlPersist=60"} <= options(argv)
    assert "ControlPath=~/.ssh/whypull-%C" in options(argv)
    assert not any(o.startswith(("StrictHostKeyChecking", "UserKnownHostsFile")) for o in options(argv)), (
        "keys are the user's matter"
    )
    assert argv[-3:-1] == ["--", TARGET]
    sh, option, script = shlex.split(argv[-1])
    assert (sh, option) == ("sh", "-c")
    assert script.endswith("; export PATH; echo hello; cat /etc/resolv.conf")
    assert shlex.split(list(Ssh(TARGET, become_root=True).command("id"))[-1])[:4] == ["sudo", "-n", "sh", "-c"]
    assert list(Ssh(TARGET, ("-p", "2222")).command("id"))[-5:-1] == ["-p", "2222", "--", TARGET]


def test_tools_that_a_plain_ssh_does_not_find_are_found():
    remote = list(Ssh(TARGET).command('echo "$PATH"'))[-1]
    said = subprocess.run(["sh", "-c", remote], capture_output=True, text=True, check=True, env={"PATH": "/bin:/usr/bin"}).stdout
    assert said.startswith("/bin:/usr/bin:")
    assert {"/usr/local/bin", "/usr/sbin", "/opt/bin"} <= set(said.strip().split(":"))


@pytest.mark.parametrize("script", ["echo 'a b'", 'printf "%s\\n" "$HOME"', "a\nb", "true; # '\"$(x)`y`"])
def test_a_script_arrives_as_it_was_written(script):
    remote = list(Ssh(TARGET).command(f"cat <<'END'\n{script}\nEND"))[-1]
    said = subprocess.run(["sh", "-c", remote], capture_output=True, text=True, check=True).stdout
    assert said == script + "\n"


@pytest.mark.parametrize("target", ["-oProxyCommand=id", "a b", "np1;id", "", "x@-host y", "$(id)"])
def test_what_is_no_target_is_a_sentence_and_never_an_option(target):
    with pytest.raises(NodeLost, match="is no ssh target"):
        Shell(Ssh(target)).look()


def test_tools_are_found_and_connections_made_over_it(ssh):
    log = ssh()
    shell = Shell(Ssh(TARGET))
    shell.look()
    assert "cat" in shell.tools
    with Listener(lambda sock, _=None: sock.sendall(b"hello")) as there:
        opened = shell.open("127.0.0.1", there.port, time.monotonic() + 5)
        with opened, opened.makefile("rb") as stream:
            opened.settimeout(5)
            assert stream.read() == b"hello"
    shell.close()
    assert log.read_text(encoding="utf-8").count(TARGET) == 2


def test_no_credential_is_an_argument_and_none_is_left_in_the_process_list(ssh):
    log = ssh()
    with Listener(lambda *_: None) as there:
        image = f"127.0.0.1:{there.port}/payments/api:1.4.2"
        vault = Vault()
        vault.add("pull", "robot", PASSWORD, hosts=(f"127.0.0.1:{there.port}",))
        shell = Shell(Ssh(TARGET))
        walk = NodeWalk(shell, "np1-3")
        walk.begin()
        tuple(walk.facts(Wanted(image, ("pull",), vault)))
        shell.close()
    assert PASSWORD not in log.read_text(encoding="utf-8")


SAID = {
    "an unknown host key": "Host key verification failed.",
    "no key that fits": "ops@np1-3.shop.example: Permission denied (publickey,password).",
    "nobody there": "ssh: connect to host np1-3.shop.example port 22: No route to host",
    "a closed port": "ssh: connect to host np1-3.shop.example port 22: Connection refused",
    "no such name": "ssh: Could not resolve hostname np1-3.shop.example: Name or service not known",
    "a silent host": "ssh: connect to host np1-3.shop.example port 22: Connection timed out",
}


@pytest.mark.parametrize("words", SAID.values(), ids=SAID)
def test_what_ssh_says_is_what_the_user_hears(ssh, words):
    ssh(f"echo 'Warning: noise before it' >&2; echo '{words}' >&2; exit 255")
    with pytest.raises(NodeLost) as lost:
        NodeWalk(Shell(Ssh(TARGET)), "np1-3").begin()
    assert str(lost.value) == f"the node's shell cannot be run: {words}"


def test_a_login_banner_on_stdout_is_no_tool(ssh):
    ssh("echo 'bash curl openssl: for authorised staff of the shop only'")
    shell = Shell(Ssh(TARGET))
    shell.look()
    assert "shop" not in " ".join(shell.tools)
    shell.close()


def test_no_ssh_at_all_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NodeLost, match="ssh cannot be run: no such file or directory"):
        Shell(Ssh(TARGET)).look()


def test_ssh_that_breaks_in_the_middle_is_no_failure_of_the_pull(ssh, tmp_path):
    ssh()
    shell = Shell(Ssh(TARGET))
    walk = NodeWalk(shell, "np1-3")
    walk.begin()
    ssh("echo 'client_loop: send disconnect: Broken pipe' >&2; exit 255")
    with pytest.raises(NodeLost, match="client_loop: send disconnect"):
        tuple(walk.facts(Wanted(f"127.0.0.1:{refused_port()}/payments/api:1.4.2")))
    shell.close()


def test_ctrl_c_ends_it_with_what_it_started(ssh, tmp_path):
    mark = "6317.25"  # seconds that nothing else on this machine sleeps
    ssh(f"exec {shutil.which('sleep')} {mark}")
    code = "import sys\nfrom whypull.probe.shell import Shell\nfrom whypull.vantage.transports import Ssh\nShell(Ssh(sys.argv[1])).look()"
    root = pathlib.Path(__file__).resolve().parents[2] / "src"
    env = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen([sys.executable, "-c", code, TARGET], env=env, stderr=subprocess.PIPE, text=True)
    assert _soon(lambda: mark in _commands(), 10)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert time.monotonic() - began < 3
    assert _soon(lambda: mark not in _commands(), 3)


def _soon(true, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.05)
    return False


def _commands():
    from tests.loopback.test_shell import commands

    return "\n".join(line for line in commands() if line.startswith(("sleep", "/usr/bin/sleep", "/bin/sleep")))
