"""Objects of a real cluster with one fault injected at a time: together they show the true cause, alone they never lie about it."""

import json
import pathlib

import pytest

from whypull.diagnose import diagnoses_of
from whypull.read.message import failures
from whypull.read.reading import read_sources
from whypull.read.sources import open_sources

CAPTURED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "captured"
FAULTS = sorted(p.parent.name for p in CAPTURED.glob("*/meta.json")) or ["none"]
ALL = ("pod", "events", "secrets", "serviceaccount", "node")

# What a careful reader may also say, and why the objects cannot tell more.
ALSO = {
    "credential-provider-fails": {"secret.not-attached"},  # no object shows a node's credential provider
    "registry-401-always": {"secret.not-attached"},  # nor that the registry would refuse every credential
    "hosts-toml-syntax": {"dns.no-such-host"},  # containerd says what is wrong in its own log only
    "http-to-https-server": {"node.mirror-failed"},  # a host of hosts.toml that spoke plain HTTP
}
# From the events alone it cannot be told why no credentials were sent.
OF_TEXT = {"secret.not-found", "secret.not-attached", "secret.registry-mismatch", "secret.provider-failed"}


def answers(fault, names):
    if fault == "none":
        pytest.skip("the captured faults are not on this machine")
    folder = CAPTURED / fault
    meta = json.loads((folder / "meta.json").read_text())
    files = [str(folder / f"{name}.json") for name in names if (folder / f"{name}.json").exists()]
    return meta["cause"], diagnoses_of(read_sources(open_sources(files, None)), failures)


def also(fault):
    return ALSO.get(fault.partition("--")[0], set())


@pytest.mark.parametrize("fault", FAULTS)
def test_all_objects_together(fault):
    cause, found = answers(fault, ALL)
    if cause == "ok":
        assert found == []
        return
    assert len(found) == 1
    named = [f.cause for f in found[0].findings]
    assert cause in named or named[0] in also(fault)
    assert not (found[0].findings[0].certainty == "proved" and named[0] != cause)


@pytest.mark.parametrize("fault", FAULTS)
def test_events_alone(fault):
    cause, found = answers(fault, ("events",))
    if cause == "ok":
        assert found == []
        return
    named = [f.cause for f in found[0].findings]
    text_only = {"auth.credentials-missing"} if cause in OF_TEXT else set()
    assert cause in named or named[0] in also(fault) | text_only
    assert not any(f.cause != cause and f.certainty == "proved" for f in found[0].findings)
    assert not any(f.cause.startswith("secret.") and f.certainty != "possible" for f in found[0].findings)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_pod_alone(fault):
    cause, found = answers(fault, ("pod",))
    if cause == "ok":
        assert found == []
        return
    for one in found:
        named = [f.cause for f in one.findings]
        assert not named or cause in named or named[0] in also(fault)
        assert one.verdict == "undecided" or named
        assert not any(f.cause != cause and f.certainty == "proved" for f in one.findings)
        assert named or one.ask
