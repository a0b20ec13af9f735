"""Every fault of the demo, walked over real sockets and real TLS: named, as certain as it can be, and nothing else."""

import pytest

from whypull.casefile import dumps, loads
from whypull.commands.check import diagnosis_of
from whypull.commands.demo import SHOWN, walk_fault
from whypull.demo.faults import faults
from whypull.demo.registry import PASSWORD

FAULTS = faults()

# What no walk can reach, and why: the rest of the catalogue has a fault here.
OUT_OF_REACH = {
    "spec.never-pull": "nothing is pulled: only the node knows which images it has",
    "spec.always-pull": "only the node knows that it has the image",
    "secret.not-found": "only the API server knows which Secrets there are",
    "secret.not-attached": "only the pod and its service account say what is attached",
    "secret.provider-failed": "the provider's plugin runs inside the kubelet",
    "secret.not-verified": "the kubelet keeps the record of whose credentials were verified",
    "node.runtime-unavailable": "a walk does without the runtime",
    "node.pull-throttled": "the kubelet's own limit, before anything is sent",
    "node.disk-full": "nothing is written down by a walk",
    "unpack.layer-failed": "nothing is unpacked by a walk",
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_named_and_nothing_else(name):
    fault = FAULTS[name]
    one, case = walk_fault(fault)
    if not fault.cause:
        assert one is None
        return
    assert one is not None
    assert [f.cause for f in one.findings] == [fault.cause, *fault.beside]
    assert one.findings[0].certainty == fault.certainty, fault.why_not_proved
    assert all(f.because for f in one.findings)
    assert diagnosis_of(loads(dumps(case))) == one
    assert PASSWORD not in dumps(case)
    assert "not-a-secret" not in dumps(case), "a signed value of a redirect"


def test_what_is_not_proved_says_why():
    assert {f.name for f in FAULTS.values() if f.cause and f.certainty != "proved" and not f.why_not_proved} == set()


def test_every_cause_is_reached_or_is_said_to_be_out_of_reach():
    from whypull.causes import catalogue

    reached = {f.cause for f in FAULTS.values() if f.cause}
    assert reached | set(OUT_OF_REACH) == set(catalogue())
    assert reached & set(OUT_OF_REACH) == set()


def test_the_demo_shows_every_stage_that_a_walk_can_reach():
    shown = [FAULTS[name] for name in SHOWN]
    assert len(shown) >= 15
    stages = {f.cause.partition(".")[0] for f in shown if f.cause}
    assert stages == {f.cause.partition(".")[0] for f in FAULTS.values() if f.cause}
