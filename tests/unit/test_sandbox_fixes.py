"""The pause image is the node's: what is printed for it is never a change to a pod or a pull secret."""

from __future__ import annotations

import pytest

from whypull.diagnose import diagnose
from whypull.model import Case, Pull, Said
from whypull.read.message import failures

PAUSE = "registry.shop.example/shop/pause:3.10"
SAID = (
    'Failed to create pod sandbox: rpc error: code = {code} desc = failed to get sandbox image "{image}": failed to pull image "{image}": '
    'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {why}'
)
WHY = (
    ("NotFound", f"{PAUSE}: not found"),
    ("Unknown", "pulling from host registry.shop.example failed with status code [manifests 3.10]: 401 Unauthorized"),
    ("Unknown", 'failed to do request: Head "https://registry.shop.example/v2/shop/pause/manifests/3.10": dial tcp 203.0.113.7:443: i/o timeout'),
)  # fmt: skip


@pytest.mark.parametrize(("code", "why"), WHY)
def test_who_mends_it_administers_nodes_or_what_they_reach(code, why):
    text = SAID.format(code=code, image=PAUSE, why=why)
    facts = (Said(text, "kubelet", "event", "FailedCreatePodSandBox"),)
    one = diagnose(Case(Pull(PAUSE, "shop", "web-0", "sandbox", "np1-4"), facts, "cluster"), failures)
    assert one.findings
    for finding in one.findings:
        assert not [fix.who for fix in finding.fixes if " owns the " in fix.who]
        assert not [fix.run for fix in finding.fixes if "kubectl set image" in fix.run or "kubectl create secret" in fix.run]
        own = [fix for fix in finding.fixes if "sandbox_image" in fix.do]
        assert len(own) == 1
        assert f"sed -i 's#{PAUSE}#<image that is there>#'" in own[0].run
        concerns_the_image = finding.cause.partition(".")[0] in {"spec", "secret", "auth", "image"}
        assert (finding.fixes[0] is own[0]) == concerns_the_image
