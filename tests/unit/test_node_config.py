"""What a node's own files say: every layout of config.toml, units, proxies, policies, registries.yaml; and what is passed over."""

from __future__ import annotations

import os
import stat
import subprocess
import tomllib

import pytest

from whypull.model import FlawSeen, HostsSeen, NodeConfigSeen
from whypull.read.node import facts_of
from whypull.read.node_files import collect
from whypull.reference import parse
from whypull.runtimeconfig import containerd_toml, hosts_repair, k3s_registries, policy_json, proxy_lint, resolv_conf, systemd_env
from whypull.runtimeconfig.lint import NodeFiles, elsewhere, flaws_for

IMAGE = "registry.shop.example/payments/api:1.4.2"
HOST = "registry.shop.example"
MAIN = containerd_toml.MAIN
CRI, IMAGES = containerd_toml.CRI, containerd_toml.IMAGES
HOSTS_TOML = f"/etc/containerd/certs.d/{HOST}/hosts.toml"
RESOLV = {"/etc/resolv.conf": "nameserver 10.0.0.2\n"}


def node(version: str = "1.7.24", environment: dict[str, str] | None = None, **files: str) -> NodeFiles:
    """A node with containerd of a version; keywords are not paths, so files come as a mapping in `files`."""
    texts = {**RESOLV, **files.pop("files", {})}  # type: ignore[dict-item]
    return NodeFiles(
        texts, runtime="containerd", version=version, environment={} if environment is None else environment, running="yes"
    )


def kinds(seen: NodeFiles, image: str = IMAGE) -> list[str]:
    """The kinds of flaws of a node for an image."""
    return [flaw.kind for flaw in flaws_for(parse(image), seen)]


def config(registry: str, layout: int = 2, plugin: str = CRI, before: str = "") -> str:
    """A config.toml with one [registry] table."""
    return f'version = {layout}\n{before}\n[plugins."{plugin}".registry]\n{registry}\n'


# ---------------------------------------------------------------- config.toml


@pytest.mark.parametrize(
    ("layout", "plugin", "version"),
    [(1, "cri", "1.6.20"), (2, CRI, "1.6.20"), (2, CRI, "1.7.24"), (2, CRI, "2.1.9"), (3, IMAGES, "2.1.9"), (2, IMAGES, "2.1.9")],
)
def test_the_registry_table_of_each_layout(layout: int, plugin: str, version: str) -> None:
    """containerd 1 reads its old table, 2 its new one and the old one of an older layout."""
    found = containerd_toml.parse({MAIN: config('config_path = "/etc/containerd/certs.d"', layout, plugin)}, version)
    assert (found.config_path, found.layout, found.flaws) == ("/etc/containerd/certs.d", layout, ())


@pytest.mark.parametrize(("layout", "plugin", "version"), [(3, CRI, "2.1.9"), (2, IMAGES, "1.7.24"), (2, "cri", "1.7.24")])
def test_a_table_under_another_name_is_passed_over(layout: int, plugin: str, version: str) -> None:
    """The folder that it names is not read."""
    found = containerd_toml.parse({MAIN: config('config_path = "/etc/containerd/certs.d"', layout, plugin)}, version)
    assert (found.config_path, [f.kind for f in found.flaws]) == ("", ["wrong-plugin-table"])


def test_what_is_built_in() -> None:
    """Before 2.2 nothing, from 2.2 on a list of folders."""
    assert containerd_toml.parse({}, "2.1.9").config_path == ""
    assert containerd_toml.parse({}, "2.2.0").config_path == "/etc/containerd/certs.d:/etc/docker/certs.d"


def test_an_import_replaces_the_whole_plugin_table() -> None:
    """Files are merged, plugin tables are not."""
    files = {
        MAIN: config('config_path = "/etc/containerd/certs.d"', before='imports = ["conf.d/*.toml"]'),
        "/etc/containerd/conf.d/10-runtime.toml": f'version = 2\n[plugins."{CRI}"]\nsandbox_image = "pause:3.9"\n',
    }
    found = containerd_toml.parse(files, "1.7.24")
    assert found.config_path == ""
    assert [(f.kind, f.file) for f in found.flaws] == [("import-replaces", "/etc/containerd/conf.d/10-runtime.toml")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("version = 2\n[plugins\n", "toml-broken"),
        ('version = 2\ndisabled_plugins = ["cri"]\n', "cri-disabled"),
        (
            config(f'config_path = "/c"\n[plugins."{CRI}".registry.mirrors."{HOST}"]\nendpoint = ["https://m.shop.example"]'),
            "mirrors-beside-config-path",
        ),
        (
            config(f'config_path = "/c"\n[plugins."{CRI}".registry.configs."{HOST}".tls]\nca_file = "/ca.pem"'),
            "tls-beside-config-path",
        ),
    ],
)
def test_what_keeps_the_kubelet_from_being_served(text: str, kind: str) -> None:
    """The first flaw that stops everything."""
    found = flaws_for(parse(IMAGE), node(files={MAIN: text}))
    assert (found[0].kind, found[0].stops) == (kind, True)


def test_a_ca_in_the_old_table_is_ignored_by_containerd_2_and_read_by_1() -> None:
    """registry.configs.….tls."""
    text = config(f'[plugins."{CRI}".registry.configs."{HOST}".tls]\nca_file = "/etc/ssl/shop.pem"')
    assert "tls-table-ignored" in kinds(node("2.1.9", files={MAIN: text}))
    assert "tls-table-ignored" not in kinds(node("1.7.24", files={MAIN: text}))


def test_the_old_style_is_moved_by_commands_that_do_it(tmp_path: object) -> None:
    """The printed repair is run: the mirror is in hosts.toml then, and config.toml is whole and free of it."""
    table = f'config_path = "{tmp_path}/certs.d"\n[plugins."{CRI}".registry.mirrors."{HOST}"]\n  endpoint = ["https://m.shop.example"]'
    main = f"{tmp_path}/config.toml"
    text = config(table) + f'[plugins."{CRI}".containerd]\ndefault_runtime_name = "runc"\n'
    with open(main, "w", encoding="utf-8") as file:
        file.write(text)
    flaw = containerd_toml.parse({main: text}, "1.7.24", main).flaws[0]
    os.mkdir(f"{tmp_path}/bin")
    for name, script in (("sudo", 'exec "$@"'), ("systemctl", "exit 0")):
        with open(f"{tmp_path}/bin/{name}", "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(f"{tmp_path}/bin/{name}", stat.S_IRWXU)
    subprocess.run(
        ["sh", "-ec", flaw.repair], check=True, env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}, stdout=subprocess.DEVNULL
    )
    with open(main, "rb") as file:
        now = tomllib.load(file)["plugins"][CRI]
    assert now == {"registry": {"config_path": f"{tmp_path}/certs.d"}, "containerd": {"default_runtime_name": "runc"}}
    with open(f"{tmp_path}/certs.d/{HOST}/hosts.toml", "rb") as file:
        made = tomllib.load(file)
    assert made == {"server": f"https://{HOST}", "host": {"https://m.shop.example": {"capabilities": ["pull", "resolve"]}}}


# ---------------------------------------------------------------- hosts.toml


@pytest.mark.parametrize(
    "text",
    [
        f'server = "https://{HOST}\n[host."https://{HOST}"]\n  ca = "/etc/ssl/shop.pem"\n',
        f'server = "https://{HOST}"\n[host."https://{HOST}"]\n  capabilities = ["pull", "resolv"]\n  ca = "/etc/ssl/shop.pem"\n',
        f'server = "https://{HOST}"\nca = "/etc/ssl/shop.pem"\n',
        f'server = "https://{HOST}"\n[host."https://{HOST}"]\n  ca_file = "/etc/ssl/shop.pem"\n',
    ],
)
def test_a_file_that_is_passed_over_is_written_anew_with_its_ca(text: str) -> None:
    """The repair's file is TOML that containerd takes, with what the broken one meant."""
    repair = hosts_repair.repaired(text, HOST, HOSTS_TOML)
    done = subprocess.run(["sh", "-c", repair.splitlines()[1].partition(" | ")[0]], capture_output=True, text=True, check=True)
    table = {"capabilities": ["pull", "resolve"], "ca": "/etc/ssl/shop.pem"}
    assert tomllib.loads(done.stdout) == {"server": f"https://{HOST}", "host": {f"https://{HOST}": table}}


@pytest.mark.parametrize("value", ["$(reboot)", "`id`", "a;b", "x' y", "a b", 'q"q'])
def test_nothing_of_a_file_reaches_a_shell_unless_it_is_harmless(value: str) -> None:
    """A value that a shell could act on makes no command at all."""
    assert (
        hosts_repair.repaired(f"server = 'https://{HOST}'\n[host.'https://{value}']\nca = '/x'\n", HOST, HOSTS_TOML).count(value)
        == 0
    )
    text = config(f"[plugins.\"{CRI}\".registry.mirrors.'{value}']\nendpoint = ['https://m.shop.example']").replace(
        "registry]\n", 'registry]\nconfig_path = "/c"\n', 1
    )
    assert all(value not in flaw.repair for flaw in containerd_toml.parse({MAIN: text}, "1.7.24").flaws)


def test_a_folder_that_nobody_reads() -> None:
    """certs.d has the registry, config.toml does not name certs.d; the repair fits the file that is there."""
    files = {MAIN: config(""), HOSTS_TOML: f'[host."https://{HOST}"]\nca = "/etc/ssl/shop.pem"\n'}
    found = [f for f in flaws_for(parse(IMAGE), node(files=files)) if f.kind == "config-path-missing"]
    assert "/a config_path" in found[0].repair
    found = [f for f in flaws_for(parse(IMAGE), node(files={**files, MAIN: "version = 2\n"})) if f.kind == "config-path-missing"]
    assert "tee -a" in found[0].repair


def test_a_ca_that_is_named_and_not_there_stops_the_pull() -> None:
    """Present paths are known."""
    files = {
        MAIN: config('config_path = "/etc/containerd/certs.d"'),
        HOSTS_TOML: f'[host."https://{HOST}"]\nca = "/etc/ssl/shop.pem"\n',
    }
    assert "ca-missing" in kinds(node(files=files))
    there = NodeFiles({**RESOLV, **files}, frozenset({"/etc/ssl/shop.pem"}), "containerd", "1.7.24")
    assert "ca-missing" not in kinds(there)


# ---------------------------------------------------------------- systemd and proxies

UNIT = "/usr/lib/systemd/system/containerd.service"
DROP = "/etc/systemd/system/containerd.service.d/http-proxy.conf"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('Environment="HTTPS_PROXY=http://p:3128"', "http://p:3128"),
        ("Environment=HTTPS_PROXY=http://p:3128 NO_PROXY=a", "http://p:3128"),
        ("Environment=HTTPS_PROXY='http://p:3128'", "http://p:3128"),
        ("Environment=\"HTTPS_PROXY='http://p:3128'\"", "'http://p:3128'"),
        ('Environment="HTTPS_PROXY=http://u:p%%40ss@p:3128"', "http://u:p%40ss@p:3128"),
    ],
)
def test_environment_lines_as_systemd_reads_them(line: str, value: str) -> None:
    """Quotes around a word or its value are systemd's, quotes within are the value's; %% is a percent sign."""
    found, _ = systemd_env.environment_of("containerd", {DROP: f"[Service]\n{line}\n"})
    assert found["HTTPS_PROXY"].value == value


def test_drop_ins_by_name_etc_before_usr_an_empty_line_clears() -> None:
    """The unit first, then its drop-ins in the order of their names."""
    files = {
        UNIT: '[Service]\nEnvironment="A=unit" "B=unit"\n',
        "/etc/systemd/system/containerd.service.d/10.conf": "[Service]\nEnvironment=\nEnvironment=A=ten\n",
        "/run/systemd/system/containerd.service.d/10.conf": "[Service]\nEnvironment=A=run\n",
        "/etc/systemd/system/containerd.service.d/20.conf": "[Service]\nEnvironmentFile=-/etc/default/containerd\n",
        "/etc/default/containerd": 'export C=1\nD="four"\n',
    }
    found, flaws = systemd_env.environment_of("containerd", files)
    assert {name: v.value for name, v in found.items()} == {"A": "ten", "D": "four"}
    assert [f.kind for f in flaws] == ["environment-export"]


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({"HTTPS_PROXY": "'http://p:3128'"}, "proxy-quoted"),
        ({"HTTPS_PROXY": "http://u:a#b@p:3128"}, "proxy-unescaped"),
        ({"HTTPS_PROXY": "ftp://p:3128"}, "proxy-scheme"),
        ({"HTTPS_PROXY": "http://p:port"}, "proxy-port"),
        ({"HTTPS_PROXY": "http://p :3128"}, "proxy-blank"),
        ({"HTTP_PROXY": "http://p:3128"}, "proxy-http-only"),
        ({"ALL_PROXY": "http://p:3128"}, "proxy-all"),
        *(({"HTTPS_PROXY": "p:1", "NO_PROXY": entry}, "no-proxy-entry") for entry in (
            "https://r.example", "10.1", "a b", "reg.*.example", "*corp.example", "r.example/", "10.1.2.*")),
    ],
)  # fmt: skip
def test_proxy_values_that_cannot_work(environment: dict[str, str], kind: str) -> None:
    """Each by its own kind, and no password in any word."""
    found = proxy_lint.flaws_of(environment, DROP)
    assert [f.kind for f in found] == [kind]
    assert "a#b" not in "".join(f.words + f.repair for f in found)


@pytest.mark.parametrize(
    "entry", ["corp.example", ".corp.example", "*.corp.example", "10.0.0.0/8", "10.1.2.3", "*", "r.example:5000", ""]
)
def test_entries_of_no_proxy_that_work(entry: str) -> None:
    """No flaw."""
    assert proxy_lint.flaws_of({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": entry}, DROP) == ()


def test_proxies_that_the_runtime_never_reads() -> None:
    """The kubelet's, a shell's, apt's; and one that is written and not loaded."""
    files = {
        "/etc/systemd/system/kubelet.service.d/p.conf": '[Service]\nEnvironment="HTTPS_PROXY=http://kubelet:3128"\n',
        "/etc/environment": 'https_proxy="http://shell:3128"\n',
        "/etc/apt/apt.conf.d/95proxy": 'Acquire::https::Proxy "http://apt:3128";\n',
    }
    assert {value for _, name, value in elsewhere(node(files=files)) if name == "HTTPS_PROXY"} == {
        "http://kubelet:3128", "http://shell:3128", "http://apt:3128",
    }  # fmt: skip
    assert "proxy-elsewhere" in kinds(node(files=files))
    assert "proxy-elsewhere" not in kinds(node(environment={"HTTPS_PROXY": "http://p:3128"}, files=files))
    written = {DROP: '[Service]\nEnvironment="HTTPS_PROXY=http://p:3128"\n'}
    assert "proxy-not-restarted" in kinds(node(files=written))
    assert "proxy-not-restarted" not in kinds(node(environment={"HTTPS_PROXY": "http://p:3128"}, files=written))


# ---------------------------------------------------------------- the others


@pytest.mark.parametrize(
    ("policy", "kind"),
    [
        ('{"default": [{"type": "reject"}]}', "policy-rejects"),
        ('{"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": {"registry.shop.example": [{"type": "reject"}]}}}', "policy-rejects"),
        ('{"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": {"*.shop.example": [{"type": "reject"}]}}}', "policy-rejects"),
        ('{"default": [{"type": "reject"}], "transports": {"docker": {"registry.shop.example/payments": [{"type": "insecureAcceptAnything"}]}}}', ""),
        ('{"transports": {}}', "policy-broken"),
        ("{", "policy-broken"),
    ],
)  # fmt: skip
def test_the_most_specific_rule_of_a_policy_decides(policy: str, kind: str) -> None:
    """From the image over its namespaces to the host, its domain, and the default."""
    found = policy_json.flaws_of(parse(IMAGE), policy)
    assert [f.kind for f in found] == ([kind] if kind else [])


def test_registries_yaml() -> None:
    """Mirrors, CAs, accounts without their values; what k3s does not know is a flaw."""
    found = k3s_registries.of_document({
        "mirrors": {HOST: {"endpoint": ["https://m.shop.example"]}, "https://other.example": {}},
        "configs": {HOST: {"tls": {"ca_file": "/ca.pem", "insecure": True}, "auth": {"username": "u", "password": "p"}}},
        "mirror": {},
    })  # fmt: skip
    assert (found.mirrors[HOST], found.authorities, found.accounts) == (("https://m.shop.example",), {HOST: "/ca.pem"}, (HOST,))
    assert [f.kind for f in found.flaws] == ["registries-yaml-key", "registries-yaml-host", "registries-yaml-key"]


@pytest.mark.parametrize(
    ("text", "kind"), [(None, "resolv-missing"), ("search a\n", "resolv-empty"), ("nameserver 1.1.1.1\n" * 4, "resolv-many")]
)
def test_resolv_conf(text: str | None, kind: str) -> None:
    """Its flaws."""
    assert [f.kind for f in resolv_conf.flaws_of(text)] == [kind]


def test_why_docker_worked_and_the_kubelet_did_not() -> None:
    """Docker's own certificates and root's login are not the runtime's."""
    files = {f"/etc/docker/certs.d/{HOST}/ca.crt": "x", "/root/.docker/config.json": f'{{"auths": {{"{HOST}": {{}}}}}}'}
    assert {"docker-certs", "docker-login"} <= set(kinds(node(files=files)))


# ---------------------------------------------------------------- facts


def test_facts_hold_no_credential() -> None:
    """A proxy's password, a registry's account in config.toml, anywhere."""
    secret = "pa55word-of-nobody"
    files = {
        MAIN: config(f'[plugins."{CRI}".registry.configs."{HOST}".auth]\nusername = "u"\npassword = "{secret}"'),
        DROP: f'[Service]\nEnvironment="HTTPS_PROXY=http://np:{secret}@proxy.shop.example:3128"\n',
        "/etc/environment": f"https_proxy=http://np:{secret}@other.shop.example:3128\n",
        "/etc/hosts": f"10.1.2.3 {HOST} # here\n10.1.2.4 unrelated.example\n",
    }
    found = facts_of(IMAGE, node(environment={"HTTPS_PROXY": f"http://np:{secret}@proxy.shop.example:3128"}, files=files))
    assert secret not in repr(found)
    seen = next(f for f in found if isinstance(f, NodeConfigSeen))
    assert seen.proxies == (("HTTPS_PROXY", "http://proxy.shop.example:3128"),)
    assert seen.host_entries == (("10.1.2.3", HOST),)
    assert seen.nameservers == ("10.0.0.2",)
    assert any(isinstance(f, HostsSeen) for f in found)


def test_an_image_that_is_no_reference_yields_the_configuration_alone() -> None:
    """No flaw, no host."""
    assert [type(f) for f in facts_of("registry.shop.example/A:1", node())] == [NodeConfigSeen]


def test_a_node_is_read_below_a_root_with_its_own_links(tmp_path: object) -> None:
    """An absolute link of the node's leads to the node's own file, not to this machine's."""
    root = str(tmp_path)
    os.makedirs(f"{root}/etc/containerd/certs.d/{HOST}")
    os.makedirs(f"{root}/run/systemd/resolve")
    for path, text in (
        (MAIN, "version = 2\n"),
        (HOSTS_TOML, "x = 1\n"),
        ("/run/systemd/resolve/resolv.conf", "nameserver 10.9.9.9\n"),
    ):
        with open(root + path, "w", encoding="ascii") as file:
            file.write(text)
    os.symlink("/run/systemd/resolve/resolv.conf", f"{root}/etc/resolv.conf")
    seen = collect(root, node="np1")
    assert (seen.node, seen.running, seen.runtime, seen.environment) == ("np1", "no", "containerd", None)
    assert seen.files["/etc/resolv.conf"] == "nameserver 10.9.9.9\n"
    assert {MAIN, HOSTS_TOML} <= set(seen.files)
    assert any(isinstance(f, FlawSeen) for f in facts_of(IMAGE, seen))
