"""What `whypull explain` and `whypull -A` say of a pull that Dynatrace's injection brought: by itself, and without a DynaKube."""

import json

import pytest
from tests.dynatrace import objects as of

from whypull import explain
from whypull.cli import main
from whypull.dynatrace.injection import is_injected

DESCRIBE = f"""\
Name:             api-0
Namespace:        payments
Node:             np1-3/10.0.3.7
Annotations:      dynakube.dynatrace.com/injected: true
Init Containers:
  install-oneagent:
    Image:          {of.OPERATOR}
    State:          Waiting
      Reason:       ImagePullBackOff
Events:
  Type     Reason   Age   From     Message
  ----     ------   ----  ----     -------
  Warning  Failed   2m    kubelet  Failed to pull image "{of.OPERATOR}": {of.REFUSED.format(of.OPERATOR)}
"""


def notes(one):
    return " ".join(one.notes)


@pytest.mark.parametrize("container", ["dynatrace-operator", "install-oneagent"])
def test_an_injected_container_is_attributed_from_objects(container):
    pod = of.application(container=container, said=of.REFUSED)
    one = explain(json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod]}))[0]
    assert one.findings[0].cause == "secret.not-attached"
    assert f"Dynatrace's webhook added the container {container}" in notes(one)
    assert "pull secrets of namespace payments" in notes(one)
    assert "whypull dynatrace -n payments" in notes(one)
    assert "Dynatrace's webhook added this container" in one.findings[0].fixes[0].do


def test_an_injected_container_is_attributed_from_a_description():
    one = explain(DESCRIBE)[0]
    assert one.pull.container == "install-oneagent"
    assert "Dynatrace's webhook added the container install-oneagent" in notes(one)


def test_the_applications_own_container_is_not_dynatraces():
    pod = of.application()
    pod["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "ErrImagePull", "message": of.REFUSED.format("x")}}
    one = explain(json.dumps(pod))[0]
    assert one.pull.container == "api"
    assert one.notes == ()
    assert not [f for f in one.findings[0].fixes if "Dynatrace" in f.do]


def test_a_part_of_dynatrace_itself():
    one = explain(json.dumps(of.own_pod("shop-oneagent-x7kq2", "dynatrace-oneagent", of.ONEAGENT, of.TIMEOUT)))[0]
    assert one.findings[0].cause == "network.timeout"
    assert "This is OneAgent of Dynatrace" in notes(one)


def test_a_log_of_the_csi_driver_is_read_as_a_failed_pull_of_its_own():
    words = f'Get "https://{of.REGISTRY}/v2/": dial tcp 203.0.113.9:443: i/o timeout'
    one = explain(of.csi_log(words))[0]
    assert one.pull.image == of.CODEMODULES
    assert one.findings[0].cause == "network.timeout"
    assert "CSI driver pulled this from its own pod, not the kubelet" in notes(one)


def test_a_pull_of_the_csi_driver_that_came_off_later_is_none():
    done = of.written([
        {"logger": "oneagent-image", "msg": "pullOciImage", "ref.String": of.CODEMODULES},
        {"logger": "oneagent-image", "msg": "unpackOciImage", "targetDir": "/data/codemodules/x"},
    ])  # fmt: skip
    assert explain(of.csi_log("unexpected EOF") + done) == []


@pytest.mark.parametrize("masked", [True, False])
def test_a_download_that_fails_is_no_failed_pull(masked, tmp_path, capsys):
    log = of.init_log(
        f'Get "https://{of.TENANT}/api/v1/deployment/installer/agent/x": dial tcp 203.0.113.40:443: i/o timeout', masked
    )
    assert explain(log) == []
    path = tmp_path / "init.log"
    path.write_text(log)
    assert main(["explain", str(path), "-o", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["diagnoses"] == []
    assert any(n.startswith("The image pull is fine, the injection's own download fails") for n in answer["notes"])


def test_oneagents_own_installer():
    log = (
        f"08:00:31 Started agent deployment as a container, PID 6733.\n08:00:31 Downloading agent to /tmp/Dynatrace-OneAgent-Linux.sh via "
        f"https://{of.TENANT}/api/v1/deployment/installer/agent/unix/default/latest?Api-Token=dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.SECRET&arch=x86\n"
        "08:01:02 Error: Download failed\n"
    )
    assert explain(log) == []
    from whypull.read.reading import read_text

    said = " ".join(read_text(log).notes)
    assert "The image pull is fine, a download by OneAgent fails" in said
    assert "SECRET" not in said


QUIET = {
    "a missing pull secret that was not needed": [
        {"logger": "docker-keychain", "msg": "No registry pull secret loaded", "name": "shop-pull-secret", "err": 'secrets "x" not found'},
        {"logger": "oneagent-image", "msg": "installing agent from image"},
    ],
    "the operator's own calls of the tenant": [
        {"level": "error", "msg": "Reconciler error", "controller": "dynakube-controller",
         "error": f'HTTP request: Get "https://{of.TENANT}/api/v1/deployment/installer/gateway/connectioninfo": x509: unknown authority'},
    ],
    "an init container without its environment": [
        {"level": "error", "logger": "main", "msg": "initContainer command failed", "error": "1 envvars missing"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_what_is_neither_a_pull_nor_a_download(name):
    from whypull.dynatrace.logs import read_log

    assert read_log(of.written(QUIET[name]).splitlines()) == ([], [])


@pytest.mark.parametrize(("name", "image", "args", "annotations", "is_one"), [
    ("dynatrace-operator", of.OPERATOR, ["bootstrap"], {}, True),
    ("install-oneagent", "mirror.shop.example/dto:1", ["init"], {}, True),
    ("install-oneagent", of.OPERATOR, [], {}, True),
    ("setup", of.CODEMODULES, ["--config-directory=/x"], {}, True),
    ("dynatrace-operator", "registry.shop.example/shop/tool:1", [], {}, False),
    ("init", "registry.shop.example/shop/migrate:1", ["init"], {}, False),
    ("migrate", "registry.shop.example/shop/migrate:1", [], {"dynakube.dynatrace.com/injected": "true"}, False),
    ("dynatrace-operator", "mirror.shop.example/x:1", [], {"oneagent.dynatrace.com/injected": "true"}, True),
])  # fmt: skip
def test_injection_is_known_by_two_signs(name, image, args, annotations, is_one):
    assert is_injected(name, image, args, annotations) is is_one
