"""The hosts to open: data with its source, and rules that open what is needed and nothing wider."""

import csv
import io
import json
import re
import tomllib

import pytest
import yaml

from whypull.cli import main
from whypull.egress.hosts_known import DATA, all_known, fits, known, registry_of, with_measured
from whypull.render.open_hosts import FORMS, written

ALL = (
    "docker.io", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "public.ecr.aws", "shopacr.azurecr.io", "europe-west1-docker.pkg.dev", "gcr.io", "eu.gcr.io",
    "ghcr.io", "quay.io", "mcr.microsoft.com", "registry.k8s.io", "registry.redhat.io", "registry.gitlab.com", "abc12345.live.dynatrace.com", "shop.jfrog.io",
    "harbor:registry.shop.example", "artifactory:art.shop.example:8443", "gitlab:registry.git.shop.example",
)  # fmt: skip


@pytest.mark.parametrize("registry", ALL)
def test_every_registry_has_itself_and_a_source(registry):
    hosts = known(registry)
    assert hosts[0].role == "registry"
    assert all(re.fullmatch(r"[a-z0-9*][a-z0-9.*-]+", one.host) for one in hosts), "every brace is filled in"
    assert all(one.source.startswith("https://") for one in hosts)


def test_the_data_is_whole():
    with open(DATA, "rb") as file:
        data = tomllib.load(file)["registry"]
    for one in data:
        assert ("match" in one) != ("kind" in one), one["name"]
        assert one["source"].startswith("https://")
        assert one["hosts"][0]["role"] == "registry"
        for host in one["hosts"]:
            assert host["role"] in {"registry", "token", "storage"}
            assert "*" not in host["host"] or host.get("exact") is False
            assert host.keys() <= {"host", "role", "exact", "when", "measured", "port"}


def test_regions_accounts_and_ports_are_filled_in():
    assert [h.host for h in known("123456789012.dkr.ecr.eu-west-1.amazonaws.com")] == [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "api.ecr.eu-west-1.amazonaws.com", "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com",
    ]  # fmt: skip
    assert known("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn")[2].host.endswith(".cn-north-1.amazonaws.com.cn")
    assert (known("harbor:registry.shop.example:8443")[0].host, known("harbor:registry.shop.example:8443")[0].port) == (
        "registry.shop.example",
        8443,
    )


def test_an_unknown_registry_is_itself_and_the_rest_is_to_be_measured():
    (one,) = known("registry.shop.example:5000")
    assert (one.host, one.port, one.source) == ("registry.shop.example", 5000, "")
    assert "whypull hosts IMAGE" in one.when


@pytest.mark.parametrize(
    ("host", "lookalike"),
    [
        ("docker.io", "docker.io.evil.example"),
        ("ghcr.io", "xghcr.io.example"),
        ("mcr.microsoft.com", "mcrxmicrosoft.com"),
        ("quay.io", "quay.io.example"),
    ],
)
def test_a_host_that_only_looks_like_a_known_one_is_not(host, lookalike):
    assert len(known(host)) > 1
    assert len(known(lookalike)) == 1


def test_of_images():
    assert [registry_of(i) for i in ("busybox", "library/busybox", "ghcr.io/a/b:1", "localhost/x", "registry.shop.example:5000/x")] == [
        "docker.io", "docker.io", "ghcr.io", "localhost", "registry.shop.example:5000",
    ]  # fmt: skip


def test_what_pulls_met_is_marked_and_added():
    met = [
        {"host": "westeurope.data.mcr.microsoft.com", "port": 443},
        {"host": "mcr.microsoft.com", "port": 443},
        {"host": "cdn.new.example", "port": 443, "role": "storage"},
    ]
    found = with_measured(known("mcr.microsoft.com"), met)
    assert [(h.host, h.measured) for h in found] == [
        ("mcr.microsoft.com", "by you"),
        ("*.data.mcr.microsoft.com", "by you"),
        ("cdn.new.example", "by you"),
    ]
    assert not fits("*.data.mcr.microsoft.com", "data.mcr.microsoft.com.evil.example")


HOSTS = all_known(["docker.io", "registry.k8s.io", "shopacr.azurecr.io", "harbor:registry.shop.example:8443"])


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_form_names_what_it_opens_and_what_it_leaves_out(form):
    text = written(HOSTS, form)
    for one in HOSTS:
        bare = one.host.lstrip("*")
        assert (
            bare in text
            or bare.replace(".", r"\.") in text.replace(r"\-", "-")
            or re.escape(bare).replace(r"\*", "[^.]+") in text
        ), one.host
    assert text.endswith("\n")


@pytest.mark.parametrize("form", ["azure-firewall", "aws-network-firewall", "gcp-firewall", "squid", "no-proxy", "cilium"])
def test_no_form_opens_more_than_it_was_given(form):
    rules = "\n".join(line for line in written(HOSTS, form).splitlines() if not line.startswith("#"))
    for too_wide in (".amazonaws.com", "*.amazonaws.com", ".pkg.dev", "*.pkg.dev", ".azurecr.io", "*.azurecr.io", "*.io"):
        assert not re.search(rf"(?<![\w.*\]+-]){re.escape(too_wide)}(?![\w.])", rules), too_wide


def test_aws_network_firewall_is_json_after_the_comments():
    text = written(HOSTS, "aws-network-firewall")
    group = json.loads("\n".join(line for line in text.splitlines() if not line.startswith("#")))
    targets = group["RulesSource"]["RulesSourceList"]["Targets"]
    assert ".blob.core.windows.net" in targets
    assert all(re.fullmatch(r"\.?[a-z0-9][a-z0-9.-]+", one) for one in targets)


def test_cilium_is_yaml_with_the_names():
    policy = yaml.safe_load(written(HOSTS, "cilium"))
    names = [n for rule in policy["spec"]["egress"] for n in rule.get("toFQDNs", ())]
    assert {"matchName": "registry-1.docker.io"} in names
    assert {"matchPattern": "*.blob.core.windows.net"} in names
    assert policy["spec"]["egress"][-1]["toPorts"] == [{"ports": [{"port": "8443", "protocol": "TCP"}]}]


def test_squid_names_ports_and_sources():
    text = written(HOSTS, "squid", ("10.20.0.0/22",))
    assert "acl whypull_ports port 443 8443" in text
    assert "acl whypull_nodes src 10.20.0.0/22" in text
    assert "http_access allow CONNECT whypull_registries whypull_ports whypull_nodes" in text
    quay = written(all_known(["quay.io"]), "squid")
    assert "dstdomain .quay.io" not in quay


def test_no_proxy_is_a_go_list():
    line = next(line for line in written(HOSTS, "no-proxy").splitlines() if line.startswith("NO_PROXY="))
    names = line.removeprefix("NO_PROXY=").split(",")
    assert "registry-1.docker.io" in names
    assert all(re.fullmatch(r"\.?[a-z0-9][a-z0-9.-]+", name) for name in names)


def test_csv_has_all(capsys):
    assert main(["hosts", "--known", "docker.io", "ghcr.io", "-o", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [r["host"] for r in rows][:2] == ["registry-1.docker.io", "auth.docker.io"]
    assert rows[-1]["host"] == "pkg-containers.githubusercontent.com"


def test_the_command_line(tmp_path, capsys):
    assert main(["hosts", "--known", "ghcr.io/shop/api:1", "https://quay.io/v2/"]) == 0
    assert "cdn.quay.io" in capsys.readouterr().out
    assert main(["hosts", "--known", "bad host!"]) == 2
    assert main(["hosts", "--known", "ghcr.io", "--source", "x"]) == 2
    assert main(["hosts", "--known"]) == 2
    (tmp_path / "met.json").write_text('{"schema": "whypull/1", "hosts": [{"host": "ghcr.io", "port": 443}]}', encoding="utf-8")
    assert main(["hosts", "--known", "ghcr.io", "--measured", str(tmp_path / "met.json")]) == 0
    assert "measured by you" in capsys.readouterr().out
    (tmp_path / "met.json").write_text("[]", encoding="utf-8")
    assert main(["hosts", "--known", "ghcr.io", "--measured", str(tmp_path / "met.json")]) == 2


def test_a_host_name_that_is_none_never_becomes_a_rule():
    from whypull.egress.hosts_known import ToOpen

    text = written((ToOpen("evil.example; rm -rf /", "registry", "x"), ToOpen("fine.example", "registry", "x")), "squid")
    assert "rm -rf" not in text
    assert "fine.example" in text
