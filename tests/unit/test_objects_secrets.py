"""Secrets and accounts as objects: what the kubelet takes from them, whether one is absent, and no value of any anywhere."""

import json

import api_objects as api
import pytest
from api_objects import REFUSED, facts_of, read

from whypull.model import AccountSeen, SecretAbsent, SecretSeen

FAILING = {"waiting": ("ErrImagePull", REFUSED), "spec__imagePullSecrets": [{"name": "regcred"}]}
TLS = {**api.secret("web-tls", content=b"{}"), "type": "kubernetes.io/tls", "data": {"tls.key": "eA==", "tls.crt": "eA=="}}


def secrets(*documents):
    return facts_of(read(*documents)[0][0], SecretSeen)


def absent(*documents):
    return facts_of(read(*documents)[0][0], SecretAbsent)


def test_a_pull_secret_without_its_values():
    found = secrets(api.listed(api.pod(**FAILING), api.secret()))
    assert [(s.name, s.namespace, s.type, s.keys, s.problem, s.ignored) for s in found] == [
        ("regcred", "payments", "kubernetes.io/dockerconfigjson", (".dockerconfigjson",), "", "")
    ]
    assert [(e.key, e.has_username, e.has_password, e.username) for e in found[0].entries] == [
        ("registry.shop.example", True, True, "")
    ]


def test_no_value_of_a_secret_is_in_any_fact():
    other = {
        **api.secret("db", content=b"x"),
        "type": "Opaque",
        "data": {"password": "aHVudGVyMi1odW50ZXIy"},
        "stringData": {"token": "glpat-" + "z" * 20},
    }
    annotated = api.secret("regcred")
    annotated["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(api.secret())}
    cases, into = read(api.listed(api.pod(**FAILING), annotated, other))
    shown = repr(cases) + repr(into.__dict__)
    for value in (
        "s3cr3t-of-the-shop",
        api.basic("robot", "s3cr3t-of-the-shop"),
        "hunter2",
        "aHVudGVyMi1odW50ZXIy",
        "glpat-",
        annotated["data"][".dockerconfigjson"],
    ):
        assert value not in shown


@pytest.mark.parametrize(
    ("made", "problem", "ignored"),
    [
        (api.secret(kind="Opaque"), "", "type Opaque"),
        (api.secret(content=b'{"auths":{}}'), "", '"auths" is empty'),
        (api.secret(content=b'{"auth":{"h":{}}}'), "", '"auth" where "auths"'),
        (api.secret(content=b'{"auths":{"h":{"auth":"###"}}}'), "illegal base64 data", ""),
        (api.secret(content=b"ZXlKaGRYUm9jeUk2ZTMxOVpYbEthR1JZVW05amVVazJ"), "invalid character 'Z'", ""),
        (
            api.secret(kind="kubernetes.io/dockercfg", content=b'{"registry.shop.example":{"username":"u","password":"p"}}'),
            "",
            "",
        ),
    ],
)
def test_what_the_kubelet_makes_of_a_content(made, problem, ignored):
    found = secrets(api.listed(api.pod(**FAILING), made))[0]
    assert problem in found.problem if problem else not found.problem
    assert ignored in found.ignored if ignored else not found.ignored


@pytest.mark.parametrize("value", ["", "REDACTED", "**REDACTED**", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "<hidden>", "eyJhd..."])
def test_a_content_that_was_taken_out_is_no_fault_of_the_secret(value):
    made = api.secret()
    made["data"][".dockerconfigjson"] = value
    found = secrets(api.listed(api.pod(**FAILING), made))[0]
    assert (found.problem, found.ignored, found.entries) == ("", "", ())


def test_a_secret_without_any_data_in_the_input():
    made = api.secret()
    del made["data"]
    found = secrets(api.listed(api.pod(**FAILING), made))[0]
    assert (found.problem, found.ignored, found.entries) == ("", "", ())


def test_secrets_of_the_namespace_that_the_pod_does_not_name_are_seen_and_those_of_others_are_not():
    found = secrets(api.listed(api.pod(waiting=("ErrImagePull", REFUSED)), api.secret(), TLS, api.secret("regcred", "other")))
    assert [(s.namespace, s.name) for s in found] == [("payments", "regcred")]


# ---------------------------------------------------------------- absent


def test_nothing_is_absent_where_no_secrets_were_listed():
    assert absent(api.listed(api.pod(**FAILING), api.account())) == []
    assert absent(api.listed(api.pod(**FAILING)), api.secret("other")) == []
    assert absent(api.listed(api.pod(**FAILING), api.secret("regcred", "other"))) == []


def test_absent_beyond_doubt_where_the_list_holds_what_nobody_picks():
    assert absent(api.listed(api.pod(**FAILING), TLS)) == [SecretAbsent("payments", "regcred", (), True)]
    assert absent(api.pod(**FAILING), {"kind": "SecretList", **api.listed(api.secret("other"), kind="SecretList")}) == [
        SecretAbsent("payments", "regcred", (), True)
    ]


def test_absent_by_all_appearances_where_somebody_may_have_named_the_secrets():
    assert absent(api.listed(api.pod(**FAILING), api.secret("other"))) == [SecretAbsent("payments", "regcred", (), False)]


def test_where_one_of_that_name_is_elsewhere():
    found = absent(api.listed(api.pod(**FAILING), TLS, api.secret("regcred", "shop"), api.secret("regcred", "base")))
    assert found == [SecretAbsent("payments", "regcred", ("base", "shop"), True)]


def test_an_empty_file_of_secrets_is_a_list_without_any(tmp_path):
    from whypull.read.reading import read_sources
    from whypull.read.sources import open_sources

    (tmp_path / "pod.json").write_text(json.dumps(api.pod(**FAILING)))
    (tmp_path / "secrets.json").write_text(json.dumps(api.listed()))
    reading = read_sources(open_sources([str(tmp_path)], None))
    assert facts_of(reading.cases[0], SecretAbsent) == [SecretAbsent("payments", "regcred", (), False)]


def test_a_must_gather_names_the_namespace_of_an_empty_list(tmp_path):
    from whypull.read.reading import read_sources
    from whypull.read.sources import open_sources

    core = tmp_path / "must-gather" / "namespaces" / "payments" / "core"
    core.mkdir(parents=True)
    (core / "pods.yaml").write_text(json.dumps(api.listed(api.pod(**FAILING), kind="PodList")))
    (core / "secrets.yaml").write_text(json.dumps(api.listed(kind="SecretList")))
    reading = read_sources(open_sources([str(tmp_path)], None))
    assert facts_of(reading.cases[0], SecretAbsent) == [SecretAbsent("payments", "regcred", (), True)]


def test_the_account_of_the_pod_and_no_other():
    made = api.pod(waiting=("ErrImagePull", REFUSED), spec__serviceAccountName="deployer")
    cases, _ = read(
        api.listed(made, api.account("deployer", secrets=["regcred"]), api.account("default"), api.account("deployer", "other"))
    )
    assert facts_of(cases[0], AccountSeen) == [AccountSeen("deployer", "payments", ("regcred",))]
