"""hosts.toml as containerd reads it: folders, order, paths, capabilities, trust, and what it passes over in silence."""

import pytest

from whypull.runtimeconfig import Asked, upstream_of
from whypull.runtimeconfig.hosts_toml import folders_for, hosts_for

REG = "registry.shop.example"


def of(text, registry=REG, folder="", **more):
    return hosts_for(registry, {f"{folder or registry}/hosts.toml": text}, **more)


def bases(hosts):
    return [a.base for a in hosts.asked]


@pytest.mark.parametrize(
    ("registry", "folders"),
    [
        ("docker.io", ("docker.io", "_default")),
        ("registry.shop.example:5000", ("registry.shop.example_5000_", "registry.shop.example:5000", "_default")),
        ("[fd00::5]:5000", ("[fd00::5]_5000_", "[fd00::5]:5000", "_default")),
    ],
)
def test_folders(registry, folders):
    assert folders_for(registry) == folders


@pytest.mark.parametrize(
    ("registry", "base"),
    [
        ("docker.io", "https://registry-1.docker.io/v2"),
        ("localhost", "https://localhost/v2"),
        ("localhost:5000", "http://localhost:5000/v2"),
        ("127.0.0.1:443", "https://127.0.0.1:443/v2"),
        ("[::1]:5000", "http://[::1]:5000/v2"),
        ("localhost.shop.example:5000", "https://localhost.shop.example:5000/v2"),
        ("10.0.0.5:5000", "https://10.0.0.5:5000/v2"),
    ],
)
def test_the_default_upstream(registry, base):
    assert upstream_of(registry).base == base
    assert bases(hosts_for(registry, {})) == [base]


def test_the_first_folder_that_exists_is_used_alone():
    files = {
        f"{REG}_5000_/hosts.toml": '[host."https://a.example"]\n',
        f"{REG}:5000/hosts.toml": '[host."https://b.example"]\n',
        "_default/hosts.toml": '[host."https://c.example"]\n',
    }
    assert bases(hosts_for(f"{REG}:5000", files))[0] == "https://a.example/v2"
    assert bases(hosts_for(REG, files))[0] == "https://c.example/v2"
    assert bases(hosts_for(REG, files, folders=[REG])) == [f"https://{REG}/v2"], "an empty folder hides _default"


def test_hosts_in_the_order_of_the_file_and_the_server_last():
    hosts = of('server = "https://up.example"\n[host."https://two.example"]\n[host."https://one.example"]\n')
    assert bases(hosts) == ["https://two.example/v2", "https://one.example/v2", "https://up.example/v2"]
    assert [a.upstream for a in hosts.asked] == [False, False, True]
    assert [a.ns for a in hosts.asked] == [REG] * 3


def test_without_a_server_the_registry_itself_comes_last():
    hosts = of('[host."https://m.example"]\n', registry="docker.io")
    assert bases(hosts) == ["https://m.example/v2", "https://registry-1.docker.io/v2"]
    assert hosts.asked[1].ns == ""


@pytest.mark.parametrize(
    ("url", "settings", "base"),
    [
        ("https://m.example/v2/", "", "https://m.example/v2"),
        ("https://m.example/", "", "https://m.example/v2"),
        ("https://m.example/cache/hub", "", "https://m.example/cache/hub/v2"),
        ("https://m.example/cache/hub", "override_path = true", "https://m.example/cache/hub"),
        ("https://m.example/v2/cache/hub", "override_path = true", "https://m.example/v2/cache/hub"),
        ("https://m.example/v2/cache/hub", "", "https://m.example/v2/cache/hub/v2"),
        ("m.example:5000", "", "https://m.example:5000/v2"),
        ("http://m.example:5000", "", "http://m.example:5000/v2"),
    ],
)
def test_paths(url, settings, base):
    assert bases(of(f'[host."{url}"]\n{settings}\n'))[0] == base


def test_http_with_tls_settings_is_tried_with_https_first():
    first = of('[host."http://m.example"]\nskip_verify = true\n').asked[0]
    assert first.https_first
    assert first.skip_verify
    assert not of('[host."http://m.example"]\n').asked[0].https_first


def test_trust_of_each_table_is_its_own():
    hosts = of('ca = "root.crt"\n[host."https://m.example"]\nca = ["/etc/a.crt", "b/../b.crt"]\nclient = [["c.cert", "c.key"]]\n')
    assert hosts.asked[0].ca == ("/etc/a.crt", f"{REG}/b.crt")
    assert hosts.asked[0].client == ((f"{REG}/c.cert", f"{REG}/c.key"),)
    assert hosts.asked[1] == Asked(f"https://{REG}/v2", upstream=True, ca=(f"{REG}/root.crt",))


def test_a_tag_needs_a_host_that_may_resolve():
    hosts = of('server = "https://m.example"\ncapabilities = ["pull"]\n[host."https://n.example"]\ncapabilities = ["pull"]\n')
    assert hosts.problem == "no resolve hosts: not found"
    assert not of('[host."https://n.example"]\ncapabilities = ["pull"]\n').problem, "the registry itself is asked last"


@pytest.mark.parametrize(
    "text",
    [
        "[host.\n",
        '[host."https://m.example"]\ncapabilities = ["pull", "fetch"]\n',
        '[host."https://m.example"]\nskip_verify = "true"\n',
        '[host."https://m.example"]\nca = 5\n',
        'host = "https://m.example"\n',
    ],
)
def test_a_file_that_cannot_be_used_is_as_none_and_that_is_said(text):
    hosts = of(text)
    assert bases(hosts) == [f"https://{REG}/v2"]
    assert hosts.broken
    assert "only its log says so" in hosts.ignored[0]


def test_before_2_0_a_file_without_a_host_table_is_dropped():
    text = 'server = "https://m.example"\n'
    assert of(text, version="1.7.24").broken
    assert bases(of(text, version="2.1.9")) == ["https://m.example/v2"]
    assert not of('server = "https://m.example"\n[host."https://n.example"]\n', version="1.6.20").broken


@pytest.mark.parametrize(("key", "meant"), [("insecure_skip_verify", "skip_verify"), ("ca_file", "ca"), ("endpoint", "a table")])
def test_a_key_that_containerd_does_not_know_is_named_with_the_right_one(key, meant):
    hosts = of(f'[host."https://m.example"]\n{key} = true\n')
    assert not hosts.broken
    assert f"{key!r}" in hosts.ignored[0]
    assert meant in hosts.ignored[0]


def test_a_folder_of_certificates():
    files = {f"{REG}/ca.crt": "x", f"{REG}/me.cert": "x", f"{REG}/me.key": "x", f"{REG}/alone.cert": "x"}
    hosts = hosts_for(REG, files)
    assert hosts.asked[0].ca == (f"{REG}/ca.crt",)
    assert hosts.asked[0].client == ((f"{REG}/me.cert", f"{REG}/me.key"),)
    assert "alone.key" in hosts.ignored[0]
    broken = hosts_for(REG, {**files, f"{REG}/hosts.toml": "["})
    assert broken.asked[0].ca == (f"{REG}/ca.crt",), "a damaged file falls back to the certificates beside it"


def test_the_default_folder_is_named():
    assert "_default" in of('[host."https://m.example"]\n', folder="_default").ignored[0]
