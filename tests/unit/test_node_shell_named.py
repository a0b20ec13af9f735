"""CA files that a node's configuration names, wherever they lie, are read in a second look; keys stay on the node."""

import subprocess

from whypull.read.node_shell import NodeRead, completed, named, second_script
from whypull.runtimeconfig.lint import NodeFiles

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"


def looked(read):
    paths = named(read)
    done = subprocess.run(["sh", "-c", second_script(paths, read.files.files)], capture_output=True, check=True)
    assert b"c2VjcmV0" not in done.stdout
    return completed(read, done.stdout)


def node(folder, text):
    return NodeRead(NodeFiles(files={f"{folder}/certs.d/registry.shop.example/hosts.toml": text}))


def test_a_ca_file_outside_of_the_usual_folders_is_read(tmp_path):
    ca = tmp_path / "shop-ca.txt"
    ca.write_text(CERTIFICATE + KEY)
    read = looked(node(tmp_path, f'ca = "{ca}"\n'))
    assert dict(read.authorities) == {str(ca): CERTIFICATE}
    assert read.files.has(str(ca))


def test_a_client_certificate_is_known_to_be_there_and_not_read(tmp_path):
    pair = tmp_path / "client.pem"
    pair.write_text(CERTIFICATE + KEY)
    read = looked(node(tmp_path, f'client = [["{pair}", "{pair}"]]\n'))
    assert read.authorities == ()
    assert read.files.has(str(pair))


def test_a_file_that_is_not_there_stays_unknown(tmp_path):
    read = looked(node(tmp_path, f'ca = ["{tmp_path}/gone.pem"]\n'))
    assert read.authorities == ()
    assert not read.files.has(f"{tmp_path}/gone.pem")


def test_a_path_that_a_shell_could_act_on_is_not_handed_to_it(tmp_path):
    ran = tmp_path / "ran"
    read = node(tmp_path, f'ca = "/tmp/$(touch {ran})"\n')
    assert named(read) == ()
    assert not ran.exists()
