"""A node read through its shell: the same facts as from its files."""

import subprocess

from hypothesis import given
from hypothesis import strategies as st

from whypull.read.node_files import collect
from whypull.read.node_shell import script, taken, whole


def ran(shell="sh"):
    done = subprocess.run([shell, "-c", script()], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_this_machine_reads_the_same_through_its_shell_as_through_its_files():
    output = ran()
    assert whole(output)
    there, here = taken(output).files, collect("/")
    assert there.files.keys() == here.files.keys()
    assert there.files == here.files
    assert there.present >= here.present - {p for p in here.present if p.endswith(".key")}
    assert [s[0] for s in there.space] == [s[0] for s in here.space]


def test_the_roots_that_the_node_trusts_come_along():
    roots = taken(ran()).roots
    assert roots == "" or roots.count("BEGIN CERTIFICATE") > 20


def test_dash_and_bash_agree():
    assert taken(ran("dash")).files.files == taken(ran("bash")).files.files


def test_no_private_key_is_read(tmp_path):
    text = script((str(tmp_path / "client.key"), str(tmp_path / "ca.pem")))
    (tmp_path / "client.key").write_text("s3kr1t")
    (tmp_path / "ca.pem").write_text("a root")
    out = subprocess.run(["sh", "-c", text], capture_output=True, check=True, timeout=60).stdout
    found = dict(taken(out).authorities)
    assert found[str(tmp_path / "ca.pem")] == "a root"
    assert str(tmp_path / "client.key") not in found


def test_a_path_that_a_shell_could_act_on_is_not_asked_for():
    assert "touch" not in script(("/etc/$(touch /tmp/x)", "/etc/a b; touch y"))


@given(st.binary(max_size=400))
def test_any_output_is_read(noise):
    taken(noise)
    taken(b"@file /etc/hosts\n" + noise + b"\n@space /x\n" + noise)


def test_a_cut_output_yields_what_came():
    output = ran()
    assert not whole(output[: len(output) // 2])
    assert taken(output[: len(output) // 2]).files.files
