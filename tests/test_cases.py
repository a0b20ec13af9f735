"""Saved cases are tests: what lies in tests/cases/<cause>/ is explained as that cause and no other, by the file alone."""

import json
import pathlib
import subprocess
import sys

import pytest

from whypull.casefile import loads
from whypull.causes import catalogue
from whypull.commands.check import diagnosis_of

CASES = sorted((pathlib.Path(__file__).parent / "cases").glob("*/*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_the_case_is_its_folders_cause(path):
    assert path.parent.name in catalogue()
    one = diagnosis_of(loads(path.read_text(encoding="utf-8")))
    assert one is not None
    assert [f.cause for f in one.findings] == [path.parent.name]
    assert one.findings[0].certainty == "proved"


def test_explain_replays_a_case_to_the_same_answer():
    path = next(p for p in CASES if p.parent.name == "auth.forbidden")
    done = subprocess.run(
        [sys.executable, "-m", "whypull", "explain", str(path), "-o", "json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["diagnoses"]
    one = diagnosis_of(loads(path.read_text(encoding="utf-8")))
    assert [f["cause"] for f in found[0]["findings"]] == ["auth.forbidden"]
    assert found[0]["findings"][0]["because"] == list(one.findings[0].because)
    assert found[0]["vantage"] == "here"


def test_the_arguments_that_no_text_settles_have_their_cases():
    """One for each of them, beside its neighbour."""
    assert {p.parent.name for p in CASES} >= {
        "auth.ip-not-allowed", "auth.forbidden", "auth.credentials-missing", "auth.token-endpoint", "dns.wrong-address",
        "image.variant-missing", "image.tag-not-found", "network.intercepted", "network.tls-stalled", "network.unreachable",
        "node.mirror-failed", "node.pull-stalled", "node.runtime-config", "proxy.bypass-missing", "proxy.misconfigured",
        "proxy.not-configured", "registry.blob-host-blocked", "registry.non-conformant", "spec.registry-host-missing",
        "tls.expired", "tls.unknown-authority",
    }  # fmt: skip
