"""DynaKubes of every served version of the API, and as each command prints them."""

import json

import pytest
import yaml
from tests.dynatrace import objects as of

from whypull.cli import main
from whypull.dynatrace.dynakube import KNOWN, dynakube_of
from whypull.dynatrace.installation import Objects
from whypull.dynatrace.parts import parts_of
from whypull.read.dynatrace_objects import Material, objects_in

SPEC = {
    "apiUrl": f"https://{of.TENANT}/api",
    "customPullSecret": "shop-registry",
    "proxy": {"valueFrom": "shop-proxy"},
    "trustedCAs": "shop-ca",
    "oneAgent": {"cloudNativeFullStack": {"image": of.ONEAGENT, "codeModulesImage": of.CODEMODULES, "namespaceSelector": {"matchLabels": {"team": "shop"}}}},
    "activeGate": {"capabilities": ["routing"], "image": of.ACTIVEGATE},
}  # fmt: skip
DESCRIBED = f"""\
Name:         shop
Namespace:    dynatrace
Labels:       <none>
Annotations:  feature.dynatrace.com/node-image-pull: true
              feature.dynatrace.com/no-proxy: 10.0.0.0/8
API Version:  dynatrace.com/v1beta5
Kind:         DynaKube
Metadata:
  Creation Timestamp:  2026-11-20T08:00:00Z
  Generation:          3
Spec:
  Active Gate:
    Capabilities:
      routing
      kubernetes-monitoring
    Image:             {of.ACTIVEGATE}
  API URL:             https://{of.TENANT}/api
  Custom Pull Secret:  shop-registry
  One Agent:
    Cloud Native Full Stack:
      Code Modules Image:  {of.CODEMODULES}
      Image:               {of.ONEAGENT}
      Namespace Selector:
        Match Labels:
          Team:  shop
      Tolerations:
        Effect:    NoSchedule
        Key:       node-role.kubernetes.io/control-plane
        Operator:  Exists
        Effect:    NoSchedule
        Key:       node-role.kubernetes.io/master
        Operator:  Exists
  Proxy:
    Value From:  shop-proxy
  Trusted C As:  shop-ca
Status:
  Conditions:
    Last Transition Time:  2026-11-20T08:00:00Z
    Message:               Token ready
    Reason:                TokenReady
    Status:                True
    Type:                  Tokens
    Last Transition Time:  2026-11-20T08:00:00Z
    Message:               Created
    Reason:                SecretCreated
    Status:                True
    Type:                  PullSecret
  Phase:                   Running
Events:                    <none>
"""


def whole(version, **more):
    return {
        "apiVersion": f"dynatrace.com/{version}", "kind": "DynaKube",
        "metadata": {"name": "shop", "namespace": "dynatrace"}, "spec": {**SPEC, **more},
    }  # fmt: skip


@pytest.mark.parametrize("version", sorted(KNOWN - {"v1alpha1"}))
def test_every_version_is_read(version):
    one = dynakube_of(whole(version))
    assert (one.name, one.namespace, one.version, one.host) == ("shop", "dynatrace", version, of.TENANT)
    assert (one.mode, one.oneagent_image, one.codemodules_image) == ("cloudNativeFullStack", of.ONEAGENT, of.CODEMODULES)
    assert (one.activegate, one.activegate_image) == (True, of.ACTIVEGATE)
    assert (one.pull_secret, one.proxy_secret, one.trusted_cas) == ("shop-registry", "shop-proxy", "shop-ca")
    assert one.selector == "team=shop"


@pytest.mark.parametrize(("version", "says", "csi"), [
    ("v1beta1", {"useCSIDriver": True}, True), ("v1beta1", {}, False), ("v1beta2", {"useCSIDriver": False}, False),
    ("v1beta3", {}, None), ("v1beta6", {}, None),
])  # fmt: skip
def test_who_pulls_where_a_version_says_it_and_where_none_does(version, says, csi):
    kube = of.dynakube(version=version, mode="applicationMonitoring", inside={"codeModulesImage": of.CODEMODULES, **says})
    assert dynakube_of(kube).wants_csi is csi
    found = next(p for p in parts_of(dynakube_of(kube), Objects().settled()) if p.name == "code modules")
    assert found.puller == {True: "csi", False: "kubelet", None: "unknown"}[csi]


def test_a_namespace_selector_stood_at_the_top_in_the_first_version():
    one = dynakube_of(
        of.dynakube(
            version="v1beta1", namespaceSelector={"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}
        )
    )
    assert one.selector == "a notin (b)"


def test_a_version_that_is_not_known_yet_is_read_and_said(tmp_path, capsys):
    path = tmp_path / "dynakube.yaml"
    path.write_text(yaml.safe_dump(whole("v2")))
    assert main(["dynatrace", str(path)]) == 0
    assert "DynaKubes of v2 are not known here" in " ".join(capsys.readouterr().out.split())


def test_the_tenants_registry_is_the_default_and_its_tag_is_not_guessed():
    found = {p.name: p for p in parts_of(dynakube_of(of.dynakube(activeGate={"capabilities": ["routing"]})), Objects().settled())}
    assert found["OneAgent"].image == f"{of.TENANT}/linux/oneagent"
    assert found["OneAgent"].test == ""
    assert found["ActiveGate"].secrets == ("shop-pull-secret",)


def test_a_public_registry_has_no_tenant_secret():
    found = {
        p.name: p
        for p in parts_of(
            dynakube_of(of.dynakube(flags=[("public-registry", "true")], customPullSecret="c")), Objects().settled()
        )
    }
    assert found["OneAgent"].secrets == ("c",)


def test_up_to_operator_1_2_the_custom_secret_takes_the_place_of_the_tenants():
    objects = Objects()
    for one in of.installed(image="registry.shop.example/dynatrace/dynatrace-operator:v1.2.3"):
        objects.add(one)
    found = {p.name: p for p in parts_of(dynakube_of(of.dynakube(customPullSecret="c")), objects.settled())}
    assert found["OneAgent"].secrets == ("c",)


@pytest.mark.parametrize("written", [
    json.dumps(whole("v1beta5")), json.dumps({"kind": "List", "apiVersion": "v1", "items": [whole("v1beta5")]}),
    json.dumps({"kind": "DynaKubeList", "apiVersion": "dynatrace.com/v1beta5", "items": [{k: v for k, v in whole("x").items() if k in {"metadata", "spec"}}]}),
    yaml.safe_dump(whole("v1beta5")), "$ kubectl get dynakube -n dynatrace -o yaml\n" + yaml.safe_dump(whole("v1beta5")),
    yaml.safe_dump_all([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}, whole("v1beta5")]),
    yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [whole("v1beta5")]}), DESCRIBED,
], ids=["json", "list", "typed list", "yaml", "prompt", "documents", "yaml list", "describe"])  # fmt: skip
def test_every_form_gives_the_same(written):
    material = Material()
    material.read(written)
    assert len(material.objects.dynakubes) == 1
    one = dynakube_of(material.objects.dynakubes[0])
    assert (one.name, one.namespace, one.version) == ("shop", "dynatrace", "v1beta5")
    assert (one.mode, one.oneagent_image, one.codemodules_image) == ("cloudNativeFullStack", of.ONEAGENT, of.CODEMODULES)
    assert (one.activegate_image, one.pull_secret, one.proxy_secret) == (of.ACTIVEGATE, "shop-registry", "shop-proxy")
    assert one.trusted_cas == "shop-ca"


def test_describe_shows_flags_and_conditions():
    one = dynakube_of(next(objects_in(DESCRIBED)))
    assert one.node_image_pull
    assert one.no_proxy == "10.0.0.0/8"
    assert [c[0] for c in one.conditions] == ["Tokens", "PullSecret"]
    assert one.phase == "Running"


@pytest.mark.parametrize("broken", [
    "apiVersion: dynatrace.com/v1beta5\nkind: DynaKube\nspec: [1, 2", '{"apiVersion": "dynatrace.com/v1beta5", "kind": "DynaKube", "spec": 7}',
    '{"apiVersion":"dynatrace.com/v1","kind":"DynaKube","metadata":null,"spec":{"oneAgent":null,"activeGate":[],"proxy":"x"}}', "{" * 100_000,
    '{"apiVersion":"dynatrace.com/v1","kind":"DynaKube","status":{"conditions":[1,null,{"type":3}]}}',
    '{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"dynakube.dynatrace.com/injected":"true"}},"spec":{"volumes":[1],"initContainers":{}}}',
])  # fmt: skip
def test_damaged_objects_end_in_a_picture_or_a_sentence(broken, tmp_path, capsys):
    path = tmp_path / "x"
    path.write_text(broken)
    assert main(["dynatrace", str(path)]) in {0, 1, 2, 3}
    assert "whypull itself failed" not in capsys.readouterr().err


def test_what_is_hostile_stays_text(tmp_path, capsys):
    kube = whole("v1beta5", customPullSecret="x; rm -rf /", proxy={"value": "http://shop:s3cr3t@proxy.shop.example:3128"})
    kube["metadata"]["name"] = "shop\x1b[31m"
    path = tmp_path / "x.json"
    path.write_text(json.dumps([kube]))
    log = tmp_path / "x.log"
    log.write_text(of.csi_log("GET https://registry.shop.example/v2/: UNAUTHORIZED: authentication required; \x1b[2Jgo away"))
    for form in ("text", "json", "yaml", "markdown"):
        main(["dynatrace", str(path), str(log), "-o", form])
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "s3cr3t" not in out
    main(["dynatrace", str(path), str(log), "-o", "json"])
    runs = [f["run"] for t in json.loads(capsys.readouterr().out)["dynatrace"][0]["troubles"] for f in t["fixes"]]
    assert runs
    assert not [run for run in runs if "rm -rf" in run]
