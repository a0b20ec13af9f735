"""Faults injected into real runtimes: the true cause, or an honest undecided, whichever of the texts is given."""

import json
import pathlib

import pytest

from whypull import explain

CAPTURED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "captured"
FAULTS = sorted(p for p in CAPTURED.glob("*/") if (p / "meta.json").exists()) if CAPTURED.exists() else []
TEXTS = ("describe.txt", "kubelet.log", "containerd.log")

# What a text cannot show: then the answer may be another one, but it is never called certain.
CANNOT_SHOW = {
    "secret": TEXTS,  # which secrets there are is in no text; "unauthorized" is all that these say
    "credential-provider-fails": TEXTS,
    "hosts-toml-syntax": ("describe.txt", "kubelet.log"),  # containerd logs it and passes the file over
    "http-to-https-server": TEXTS,  # a server that hangs up on plain HTTP says no word
    "pull-qps": ("containerd.log",),  # the kubelet's own limit
    "unknown-layer-type": ("containerd.log",),  # found out when the container is made, and not logged
    "runtime-stops": ("containerd.log",),
}

pytestmark = pytest.mark.skipif(not FAULTS, reason="the captured faults are not on this machine")


def told(fault):
    return json.loads((fault / "meta.json").read_text(encoding="utf-8"))


def shows(fault, name):
    short = fault.name.partition("--")[0]
    return all(not short.startswith(prefix) or name not in texts for prefix, texts in CANNOT_SHOW.items())


def cases(*, shown, healthy=False):
    return [
        pytest.param(fault, name, id=f"{fault.name}-{name}")
        for fault in FAULTS
        for name in TEXTS
        if (fault / name).exists() and shows(fault, name) is shown and (told(fault)["cause"] == "ok") is healthy
    ]


@pytest.mark.parametrize(("fault", "name"), cases(shown=True))
def test_the_true_cause_is_named(fault, name):
    found = explain((fault / name).read_bytes())
    names = [[f.cause for f in one.findings] for one in found if told(fault)["image"] in {p.image for p in one.pulls} | {""}]
    names = names or [[f.cause for f in one.findings] for one in found]
    assert any(told(fault)["cause"] in few for few in names), names
    assert all(len(few) <= 3 for few in names)


@pytest.mark.parametrize(("fault", "name"), cases(shown=False))
def test_what_a_text_cannot_show_is_not_called_certain(fault, name):
    for one in explain((fault / name).read_bytes()):
        assert all(f.certainty == "possible" for f in one.findings if f.cause != told(fault)["cause"]), one.findings


@pytest.mark.parametrize("fault", [f for f in FAULTS if told(f)["cause"] == "ok"], ids=lambda f: f.name)
def test_a_pull_that_works_is_no_failure(fault):
    assert explain((fault / "describe.txt").read_bytes()) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.name)
def test_a_describe_tells_whose_pull_it_is(fault):
    namespace, _, pod = told(fault)["pod"].partition("/")
    for one in explain((fault / "describe.txt").read_bytes()):
        assert (one.pull.namespace, one.pull.pod) == (namespace, pod)
        assert one.count == 1
