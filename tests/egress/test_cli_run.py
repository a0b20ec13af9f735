"""The clouds' CLIs: what each says when it has no answer becomes one sentence, nothing hangs, nothing is changed."""

import time

import pytest
from tests.egress import aws_world as aws
from tests.egress import azure_world as az
from tests.egress import clis, live
from tests.egress import google_world as gcp
from tests.egress.test_azure import PIP1, base, show

from whypull.egress.cli_run import NotReadOnly, performer, reads_only, run
from whypull.egress.cli_words import said
from whypull.egress.nouns import Command

AWS_NODE = aws.node("ip-10-0-1-10", "10.0.1.10")


def words(*args):
    return Command(tuple(args))


@pytest.mark.parametrize(("cli", "error", "sentence"), [
    ("az", "ERROR: Please run 'az login' to setup account.", "az is not logged in"),
    ("az", "ERROR: AADSTS700082: The refresh token has expired due to inactivity.", "az is not logged in"),
    ("az", "ERROR: The subscription of '1111-2222' doesn't exist in cloud 'AzureCloud'.", "not to subscription 1111-2222"),
    ("az", "ERROR: (AuthorizationFailed) The client 'dev@shop.example' with object id 'x' does not have authorization to perform action 'Microsoft.Network/natGateways/read' over scope '/subscriptions/y' or the scope is invalid. If access was recently granted, please refresh your credentials.", "may not do Microsoft.Network/natGateways/read"),
    ("az", "ERROR: (ResourceGroupNotFound) Resource group 'rg-shop' could not be found.", "finds no rg-shop"),
    ("az", "ERROR: The command requires the extension azure-firewall. Unable to prompt for extension install confirmation as no tty available.", "lacks its extension azure-firewall"),
    ("aws", '\nUnable to locate credentials. You can configure credentials by running "aws configure".', "aws is not logged in"),
    ("aws", "\nError when retrieving token from sso: Token has expired and refresh failed", "aws is not logged in"),
    ("aws", "\nAn error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token included in the request is expired", "aws is not logged in"),
    ("aws", "\nThe config profile (shop) could not be found", "no profile shop"),
    ("aws", "\nAn error occurred (UnauthorizedOperation) when calling the DescribeNatGateways operation: You are not authorized to perform this operation.", "may not call DescribeNatGateways"),
    ("aws", "\nAn error occurred (AccessDenied) when calling the GetInstanceProfile operation: User: arn:aws:iam::1:user/dev is not authorized to perform: iam:GetInstanceProfile on resource: x", "may not do iam:GetInstanceProfile"),
    ("aws", "\nAn error occurred (InvalidInstanceID.NotFound) when calling the DescribeInstances operation: The instance ID 'i-0a' does not exist", "does not know i-0a"),
    ("gcloud", "ERROR: (gcloud.container.clusters.list) You do not currently have an active account selected.", "gcloud is not logged in"),
    ("gcloud", "ERROR: (gcloud.compute.routers.list) There was a problem refreshing your current auth tokens: Reauthentication failed.", "gcloud is not logged in"),
    ("gcloud", "ERROR: (gcloud.compute.routers.list) Some requests did not succeed:\n - Required 'compute.routers.list' permission for 'projects/shop-prod'", "permission compute.routers.list"),
    ("gcloud", "ERROR: (gcloud.container.clusters.list) ResponseError: code=403, message=Kubernetes Engine API has not been used in project 1 before or it is disabled.", "not on in that project"),
    ("gcloud", "ERROR: (gcloud.compute.networks.subnets.describe) Could not fetch resource:\n - The resource 'projects/x/regions/y/subnetworks/z' was not found", "does not find it"),
    ("az", "", "nothing, and failed"),
    ("aws", "something new entirely\n", "aws says: something new entirely"),
])  # fmt: skip
def test_words(cli, error, sentence):
    found = said(cli, error)
    assert sentence in found
    assert "\n" not in found


def test_a_secret_in_an_error_does_not_come_out():
    found = said("az", "ERROR: https://shop.blob.core.windows.net/x?sv=1&sig=AbCdEf0123456789AbCdEf0123456789AbCdEf012345 failed")
    assert "AbCdEf0123456789AbCdEf" not in found


def test_a_slow_cli_is_ended_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", clis.install(tmp_path, {"az aks list": lambda _: "sleep 30 & sleep 30; echo '[]'"}))
    began = time.monotonic()
    assert run(words("az", "aks", "list"), 0.5) == (None, "az did not answer within 0.5 s")
    assert time.monotonic() - began < 5


def test_no_answer_and_no_json(tmp_path, monkeypatch):
    monkeypatch.setenv(
        "PATH", clis.install(tmp_path, {"az aks list": clis.Raw("Traceback"), "aws ec2 describe-subnets": clis.Raw("")})
    )
    assert run(words("az", "aks", "list")) == (None, "the answer of az is no JSON")
    assert run(words("aws", "ec2", "describe-subnets")) == ([], "")
    assert run(words("gcloud", "compute", "routers", "list"))[1] == "gcloud is not installed here (or not on PATH)"


@pytest.mark.parametrize("argv", [
    ("az", "aks", "update", "--name", "list"), ("az", "network", "nat", "gateway", "delete"), ("aws", "ec2", "create-nat-gateway"),
    ("gcloud", "compute", "routers", "delete", "x"), ("rm", "-rf", "list"), ("az", "login"), ("aws", "sts", "assume-role"),
    ("gcloud", "auth", "print-access-token"), ("az", "account", "get-access-token"),
])  # fmt: skip
def test_what_is_no_question_is_not_run(argv):
    assert not reads_only(argv)
    with pytest.raises(NotReadOnly):
        run(Command(argv))


def test_every_question_that_a_cloud_may_ask_is_one_that_reads(tmp_path):
    """All topologies' questions: those that were asked in whole runs."""
    for world, nodes in (
        (base(az.cluster(ips=(PIP1,), subnet=az.NODES)), az.nodes()),
        (aws.answers(routes=()), [AWS_NODE]),
        (gcp.answers(), [gcp.node(0)]),
    ):
        folder = tmp_path / str(len(nodes[0].name))
        folder.mkdir()
        live.run(folder, nodes, world)
        asked = clis.asked(folder)
        assert asked
        assert all(reads_only(line.split()) for line in asked), asked


def test_a_cli_that_is_not_logged_in_is_not_asked_again(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", clis.install(tmp_path, {"az": clis.Fails("ERROR: Please run 'az login' to setup account.")}))
    answers = list(performer(5)([words("az", "aks", "list"), words("az", "account", "show"), words("az", "acr", "show")]))
    assert [bool(problem) for _, _, problem in answers] == [True, True, True]
    assert len(clis.asked(tmp_path)) == 1


def test_two_slow_answers_are_enough(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", clis.install(tmp_path, {"az": lambda _: "sleep 30"}))
    perform = performer(0.3)
    for number in range(4):
        list(perform([words("az", "aks", "show", str(number))]))
    assert len(clis.asked(tmp_path)) == 2


# ---------------------------------------------------------------- whole runs: one sentence, and the rest goes on


@pytest.mark.parametrize(("answers", "nodes", "sentence", "command"), [
    ({}, az.nodes(), "az is not installed here", "az aks list --subscription"),
    ({"az": clis.Fails("ERROR: Please run 'az login' to setup account.")}, az.nodes(), "az is not logged in", "az aks list --subscription"),
    ({"az account show": az.account("other", "shop-test"), "az aks list": clis.Fails(f"ERROR: The subscription of '{az.SUB}' doesn't exist in cloud 'AzureCloud'.")}, az.nodes(), f"not to subscription {az.SUB}", "az aks list"),
    ({}, [AWS_NODE], "aws is not installed here", "aws ec2 describe-instances --region eu-west-1"),
    ({"aws": clis.Raw("<html>proxy</html>")}, [AWS_NODE], "the answer of aws is no JSON", "aws ec2 describe-instances"),
    ({}, [gcp.node(0)], "gcloud is not installed here", "gcloud container clusters list --project=shop-prod"),
    ({"gcloud": clis.Fails("ERROR: (gcloud.auth) PERMISSION_DENIED")}, [gcp.node(0)], "gcloud may not see that", "gcloud container clusters list"),
])  # fmt: skip
def test_whole_runs(tmp_path, answers, nodes, sentence, command):
    code, out, err = live.run(tmp_path, nodes, answers)
    assert sentence in " ".join(out.split()), (out, err)
    assert command in out
    assert "--from-file" in out
    assert code == 3


def test_a_slow_cli_in_a_whole_run(tmp_path):
    began = time.monotonic()
    code, out, _ = live.run(tmp_path, az.nodes(), {"az": lambda _: "sleep 40"}, "--cloud-timeout", "0.5")
    assert "az did not answer within 0.5 s" in out
    assert code == 3
    assert time.monotonic() - began < 20


def test_verbose_shows_what_is_run_and_quiet_does_not(tmp_path):
    answers = base(az.cluster(ips=(PIP1,)), **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")))
    (tmp_path / "v").mkdir()
    (tmp_path / "q").mkdir()
    code, _, err = live.run(tmp_path / "v", az.nodes(), answers, "-v")
    assert code == 0
    assert f"$ az aks list --subscription {az.SUB} -o json" in err
    assert live.run(tmp_path / "q", az.nodes(), answers)[2] == ""


def test_no_cloud(tmp_path):
    code, out, _ = live.run(tmp_path, az.nodes(), {"az account show": az.account()}, "--no-cloud")
    assert clis.asked(tmp_path) == []
    assert "az aks list" in out
    assert code == 3
