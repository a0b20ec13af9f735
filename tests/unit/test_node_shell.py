"""A node read through its shell: the same facts as from its files."""

import subprocess
from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st

from whypull.read.node_files import collect
from whypull.read.node_shell import NodeRead, completed, script, second_script, taken, whole
from whypull.runtimeconfig.lint import NodeFiles


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


def second(paths, files):
    text = second_script(tuple(map(str, paths)), files)
    return subprocess.run(["sh", "-c", text], capture_output=True, check=True, timeout=60).stdout


CA = "-----BEGIN CERTIFICATE-----\nYSByb290\n-----END CERTIFICATE-----\n"


def test_of_files_that_a_configuration_names_only_a_ca_s_certificates_are_read(tmp_path):
    ca, key, gone = tmp_path / "ca.pem", tmp_path / "client.pem", tmp_path / "gone.pem"
    ca.write_text(f"{CA}-----BEGIN PRIVATE KEY-----\ns3kr1t-of-the-ca\n-----END PRIVATE KEY-----\n")
    key.write_text("s3kr1t-of-the-client")
    toml = f'[host."https://a.example"]\n  ca = "{ca}"\n  client = [["{key}", "{key}"]]\n'
    output = second((ca, key, gone), {"/etc/containerd/certs.d/a.example/hosts.toml": toml})
    read = completed(NodeRead(NodeFiles()), output)
    assert dict(read.authorities) == {str(ca): CA}
    assert read.files.present >= {str(ca), str(key)}
    assert str(gone) not in read.files.present
    assert b64encode(b"s3kr1t") not in output


def test_a_path_that_a_shell_could_act_on_is_not_asked_for(tmp_path):
    mark = tmp_path / "touched"
    paths = (f"/etc/$(touch {mark})", f"/etc/a b; touch {mark}", f"/etc/`touch {mark}`", f"/etc/a' ; touch {mark} '")
    toml = "".join(f'ca = "{path}"\n' for path in paths)
    text = second_script(paths, {"/etc/containerd/certs.d/a.example/hosts.toml": toml})
    assert "touch" not in text
    second(paths, {"x.toml": toml})
    assert not mark.exists()


@given(st.binary(max_size=400))
def test_any_output_is_read(noise):
    taken(noise)
    taken(b"@file /etc/hosts\n" + noise + b"\n@space /x\n" + noise)


def test_a_cut_output_yields_what_came():
    output = ran()
    assert not whole(output[: len(output) // 2])
    assert taken(output[: len(output) // 2]).files.files
