"""`whypull egress` whole: formats, files in place of a cluster, rights that are missing, lists, tickets."""

import csv
import io
import json

import pytest
import yaml
from tests.egress import aws_world as aws
from tests.egress import azure_world as az
from tests.egress import clis, live
from tests.egress import google_world as gcp
from tests.egress.test_aws import MAIN, VIA_A, VIA_B
from tests.egress.test_azure import PIP1, base, show

from whypull.cli import main

REFUSED = "Failed to pull image \"shopacr.azurecr.io/shop/api:1.4.2\": denied: client with IP '203.0.113.20' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."


def world(**more):
    cluster = az.cluster(ips=(PIP1,), pools=(az.pool_of("edge", enableNodePublicIP=True),))
    return base(cluster, **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")), **more)


NODES = [*az.nodes(), *az.nodes(2, "edge", ("198.51.100.7", "198.51.100.8"))]


def refusals():
    return [live.event(REFUSED, NODES[0].name)]


def test_the_registry_of_a_failing_pull_is_looked_at_by_itself(tmp_path):
    code, out, _ = live.run(tmp_path, NODES, world(**{"az acr show": az.registry(rules=("203.0.113.10",))}), events=refusals())
    flat = " ".join(out.split())
    assert "shopacr.azurecr.io named it in its refusal to aks-np1-30000000-vmss000000" in flat
    assert "Held against the network rules of shopacr" in out
    assert "✗ missing: 198.51.100.7, 198.51.100.8, 203.0.113.20" in out
    assert "stale, used by no node of this cluster: 203.0.113.10" in flat
    assert code == 1
    assert all(len(line) <= 100 for line in out.splitlines())


def test_one_pool_over_two_subnets_is_told_apart(tmp_path):
    nodes = [aws.node("a", "10.0.1.10"), aws.node("b", "10.0.2.10", instance="i-0aaaaaaaaaaaaaaa2")]
    gateways = (aws.nat(aws.NAT_A, ["203.0.113.20"]), aws.nat(aws.NAT_B, ["203.0.113.21"]))
    _, out, _ = live.run(tmp_path, nodes, aws.answers(routes=(VIA_A, VIA_B, MAIN), gateways=gateways), "--width", "140")
    assert f"1 node of pool workers, subnet {aws.PRIVATE_A}" in out
    assert f"1 node of pool workers, subnet {aws.PRIVATE_B}" in out


def test_codes(tmp_path):
    good = ("--allow-list", "203.0.113.20", "198.51.100.0/24")
    assert live.run(tmp_path, NODES, world())[0] == 0
    assert live.run(tmp_path, NODES, world(), *good)[0] == 0
    assert live.run(tmp_path, NODES, world(), "--allow-list", "203.0.113.20")[0] == 1
    assert live.run(tmp_path, [], world())[0] == 3


def test_a_list_in_a_file(tmp_path):
    path = tmp_path / "allowed.txt"
    path.write_text("# shopacr\n203.0.113.20\n198.51.100.0/24\n192.0.2.1\n", encoding="utf-8")
    code, out, _ = live.run(tmp_path, NODES, world(), "--allow-list", str(path))
    assert code == 0
    assert "all 3 known addresses are on it" in out
    assert "192.0.2.1" in out
    path.write_text("203.0.113.999\n", encoding="utf-8")
    code, _, err = live.run(tmp_path, NODES, world(), "--allow-list", str(path))
    assert (code, "line 1" in err) == (2, True)
    code, _, err = live.run(tmp_path, NODES, world(), "--allow-list", str(tmp_path / "none"))
    assert (code, "cannot be read" in err) == (2, True)


def test_json_csv_and_cidrs(tmp_path):
    _, out, _ = live.run(tmp_path, NODES, world(), "-o", "json")
    document = json.loads(out)
    assert document["schema"] == "whypull/1"
    assert document["egress"]["cidrs"] == ["198.51.100.7", "198.51.100.8", "203.0.113.20"]
    assert document["egress"]["known"]
    _, out, _ = live.run(tmp_path, NODES, world(), "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {(r["address"], r["certainty"], r["nodes"]) for r in rows} == {
        ("203.0.113.20", "likely", "2"),
        ("198.51.100.7", "likely", "1"),
        ("198.51.100.8", "likely", "1"),
    }
    _, out, _ = live.run(tmp_path, NODES, world(), "-o", "cidr")
    assert out == "198.51.100.7\n198.51.100.8\n203.0.113.20\n"
    _, out, _ = live.run(tmp_path, NODES, {}, "-o", "cidr")
    assert "# possible, not certain: 198.51.100.7" in out
    assert "# not complete" in out
    assert not [line for line in out.splitlines() if not line.startswith("#")]


def test_per_node(tmp_path):
    _, out, _ = live.run(tmp_path, NODES, world(), "--per-node", "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {r["node"]: (r["address"], r["certainty"]) for r in rows} == {
        "aks-np1-30000000-vmss000000": ("203.0.113.20", "likely"),
        "aks-np1-30000000-vmss000001": ("203.0.113.20", "likely"),
        "aks-edge-30000000-vmss000000": ("198.51.100.7", "likely"),
        "aks-edge-30000000-vmss000001": ("198.51.100.8", "likely"),
    }
    _, out, _ = live.run(tmp_path, NODES, {}, "--per-node")
    assert "aks-np1-30000000-vmss000000   ?" in out
    assert "outbound type is not known" in out
    _, out, _ = live.run(tmp_path, az.nodes(), base(az.cluster("none")), "--per-node")
    assert "none" in out


def test_the_ticket_can_be_sent_as_it_is(tmp_path):
    _, out, _ = live.run(
        tmp_path, NODES, world(**{"az acr show": az.registry(rules=("203.0.113.10",))}), "-o", "markdown", events=refusals()
    )
    for part in ("# For the network team", "## From", "10.20.0.4/31", "203.0.113.20", "## To", "| shopacr.azurecr.io | tcp 443 |", "failing since 2026-11-20 08:00 UTC",
                 "## Evidence", REFUSED, "## The change", "az acr network-rule add --name shopacr --ip-address 203.0.113.20", "## How to check", "https://shopacr.azurecr.io/v2/",
                 "# For whoever administers shopacr.azurecr.io"):  # fmt: skip
        assert part in out, part
    assert "--ip-address 203.0.113.10" not in out


def test_rights_that_are_missing_in_the_cluster(tmp_path):
    code, out, _ = live.run(tmp_path, NODES, world(), denied={("list", "nodes")})
    assert "You may not list nodes" in out
    assert code == 3
    code, out, _ = live.run(tmp_path, NODES, world(), denied={("list", "events")}, events=refusals())
    assert "You may not list events in all namespaces" in " ".join(out.split())
    assert "203.0.113.20" in out
    assert code == 0


def test_hostile_words_of_a_registry_do_not_reach_the_terminal(tmp_path):
    text = "Failed to pull image \"shopacr.azurecr.io/a:1\": client with IP '203.0.113.20' is not allowed \x1b[2J"
    for form in ("text", "markdown", "csv", "json"):
        _, out, _ = live.run(tmp_path, NODES, world(), "-o", form, events=[live.event(text, "np\x1b[31m1")])
        assert "\x1b" not in out


# ---------------------------------------------------------------- files


def files(folder, **documents):
    paths = []
    for name, document in documents.items():
        path = folder / f"{name}.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        paths.append(str(path))
    return paths


def nodes_list(nodes):
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [live.object_of(n) | {"kind": "Node", "apiVersion": "v1"} for n in nodes],
    }


def egress(capsys, *args):
    code = main(["egress", *args])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_azure_s_outputs_out_of_files(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", clis.install(tmp_path, {"az": clis.Raw("[]")}))
    answers = world()
    given = files(
        tmp_path,
        nodes=nodes_list(NODES),
        aks=answers["az aks list"],
        ip=answers[f"az network public-ip show --ids {PIP1}"],
        who=az.account(),
    )
    code, out, _ = egress(capsys, "--from-file", *given, "-o", "cidr")
    assert (code, out) == (0, "198.51.100.7\n198.51.100.8\n203.0.113.20\n")
    assert clis.asked(tmp_path) == [], "with files nothing is asked"
    code, out, _ = egress(capsys, "--from-file", *given[:2])
    assert code == 3
    assert f"az network public-ip show --ids {PIP1}" in out, "the next question is named"


def test_aws_s_and_google_s_outputs_out_of_files(tmp_path, capsys):
    nodes = [aws.node("ip-10-0-1-10", "10.0.1.10")]
    given = files(
        tmp_path,
        nodes=nodes_list(nodes),
        subnets=aws.subnets(),
        routes={"RouteTables": [VIA_A, MAIN]},
        nat={"NatGateways": [aws.nat(aws.NAT_A, ["203.0.113.20"])]},
        vpce={"VpcEndpoints": []},
    )
    assert egress(capsys, "--from-file", *given, "-o", "cidr")[:2] == (0, "203.0.113.20\n")
    nodes = [gcp.node(0)]
    given = files(
        tmp_path,
        nodes=nodes_list(nodes),
        clusters=[gcp.cluster()],
        routes=[gcp.route()],
        routers=[gcp.router(gcp.nat())],
        status=gcp.status(auto=("203.0.113.30",)),
    )
    assert egress(capsys, "--from-file", *given, "-o", "cidr")[:2] == (0, "203.0.113.30\n")


def test_yaml_of_kubectl_and_a_node_s_own_answer(tmp_path, capsys):
    from tests.egress.test_onprem import SCRIPTED, node

    (tmp_path / "nodes.yaml").write_text(yaml.safe_dump(nodes_list([node()])), encoding="utf-8")
    (tmp_path / "np1-1.txt").write_text(SCRIPTED + "whypull-part echo 4\n203.0.113.80\n", encoding="utf-8")
    _, out, _ = egress(capsys, "--from-file", str(tmp_path / "nodes.yaml"), str(tmp_path / "np1-1.txt"), "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(r["address"], r["certainty"]) for r in rows if r["address"]] == [("203.0.113.80", "proved")]


def test_a_case_file_counts(tmp_path, capsys):
    from whypull.casefile import dumps
    from whypull.model import Case, Pull, Said

    given = files(
        tmp_path,
        nodes=nodes_list(NODES[:2]),
        case=dumps(Case(Pull("shopacr.azurecr.io/a:1", node=NODES[0].name), (Said(REFUSED),))),
    )
    _, out, _ = egress(capsys, "--from-file", *given)
    assert "203.0.113.20  proved" in out


def test_node_script_is_what_a_node_s_sh_can_run(capsys):
    import subprocess

    code, out, _ = egress(capsys, "--node-script")
    assert code == 0
    ran = subprocess.run(["sh"], input=out, capture_output=True, text=True, check=False)
    assert ran.stdout.startswith("whypull-part node")
    assert ran.returncode == 0


@pytest.mark.parametrize(("content", "words"), [
    ("hello\n", "nothing that whypull egress can read"), ("{}", "nothing that whypull egress can read"), ("[1, 2", "nothing that"), ("\x00\x01", "nothing that"),
    ('{"schema": "whypull-case/99"}', "case"),
])  # fmt: skip
def test_files_that_are_nothing(tmp_path, capsys, content, words):
    code, _, err = egress(capsys, "--from-file", *files(tmp_path, x=content))
    assert code == 2
    assert words in err


def test_files_without_nodes_say_so(tmp_path, capsys):
    code, out, _ = egress(capsys, "--from-file", *files(tmp_path, aks=[az.cluster(ips=(PIP1,))]))
    assert code == 3
    assert "kubectl get nodes -o json" in out
    assert egress(capsys, "--from-file", str(tmp_path / "none.json"))[0] == 2


# ---------------------------------------------------------------- many nodes


def test_five_thousand_nodes_in_twelve_pools_fit_a_screen(tmp_path):
    pools = [f"p{n:02d}" for n in range(12)]
    nodes = [
        one
        for n, pool in enumerate(pools)
        for one in az.nodes(417, pool, [f"198.51.{100 + i // 250}.{i % 250 + 1}" for i in range(417)] if n == 11 else ())
    ]
    cluster = az.cluster(ips=(PIP1,))
    cluster["agentPoolProfiles"] = [az.pool_of(p, enableNodePublicIP=p == "p11") for p in pools]
    code, out, _ = live.run(tmp_path, nodes, base(cluster, **show("network public-ip", az.public_ip(PIP1, "203.0.113.20"))))
    assert code == 0
    assert len(out.splitlines()) <= 40
    assert "4,587 nodes of pools p00, p01, p02" in out
    assert "417 addresses in" in out
