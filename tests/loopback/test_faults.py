"""Every fault of the demo, walked over real sockets and real TLS: named, proved, and nothing else."""

import pytest

from whypull.casefile import dumps, loads
from whypull.commands.check import diagnosis_of
from whypull.commands.demo import walk_fault
from whypull.demo.faults import FAULTS
from whypull.demo.registry import PASSWORD

# Named, and not proved, for the reason that stands here.
NOT_PROVED = {
    "gateway_refuses_everybody": "a 403 page at the door fits a geo-block, a firewall or a gateway's own rule",
    "realm_in_the_clear": "a runtime would send its password there: what stops the pull is not seen",
    "repository_does_not_exist": "without credentials a registry may hide what is there",
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_named_and_nothing_else(name):
    cause, fault = FAULTS[name]
    one, case = walk_fault(fault)
    if not cause:
        assert one is None
        return
    assert one is not None
    assert [f.cause for f in one.findings] == [cause]
    assert one.findings[0].certainty == ("likely" if name in NOT_PROVED else "proved")
    assert one.findings[0].because
    replayed = diagnosis_of(loads(dumps(case)))
    assert replayed == one
    assert PASSWORD not in dumps(case)
    assert "not-a-secret" not in dumps(case), "a signed value of a redirect"
