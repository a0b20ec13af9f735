"""Every fault on every runtime that this machine can have: what the text says, what the walk proves, and that the fix heals."""

from __future__ import annotations

import pytest

from lab import packages, score
from lab.faults import all_faults
from lab.start import lock
from whypull import casefile
from whypull.diagnose import diagnose
from whypull.read.message import failures

pytestmark = pytest.mark.lab
KNOWN = ("1.6", "1.7", "2", "skopeo")


@pytest.fixture(scope="session")
def runtimes() -> tuple[str, ...]:
    """The runtimes that this machine can have; skips, with one line, where it can have none."""
    try:
        return score.runtimes()
    except packages.NotHere as e:
        pytest.skip(str(e))


@pytest.mark.parametrize("runtime", KNOWN)
def test_each_fault_is_named_walked_and_healed(runtime: str, runtimes: tuple[str, ...]) -> None:
    """Nothing is wrong, almost all is proved, and what is printed cures; the table in the repository says the same."""
    if runtime not in runtimes:
        pytest.skip(f"the mirror has no containerd {runtime} today")
    with lock():
        rows, whole = score.measured(runtime)
    lines = score.scored(rows, runtime)
    faults = [line for line in lines if line[2] != "-"]
    controls = [line for line in lines if line[2] == "-"]
    why = {row["fault"]: row.get("why", row.get("error", "")) for row in rows}
    assert [(line, why[line[0]][-1500:]) for line in lines if "LAB" in " ".join(line)] == []
    assert [line for line in faults if line[3] in {*score.WRONG, "missed"}] == [], "by the text alone"
    assert [line for line in lines if line[4] in {*score.WRONG, "missed"}] == [], "walked from the node"
    assert [line for line in controls if (line[4], line[5]) != ("nothing", "-")] == [], "nothing is wrong there"
    assert [(line, why[line[0]]) for line in faults if line[5] != "healed"] == []
    assert sum(line[4] in score.RIGHT for line in faults) >= 0.97 * len(faults)
    assert whole["mib"] < 3 * 1024
    kept = [line for line in score.table() if line[1] == runtime]
    assert score.worse(lines, kept) == [], "make lab-score writes the table anew, if this is meant"


def test_there_are_enough_faults_of_every_stage() -> None:
    """At least 90, over all stages, for each containerd; names are used once."""
    for runtime in ("1.6", "1.7", "2"):
        fitting = [fault for fault in all_faults() if fault.cause and fault.fits(runtime)]
        assert len(fitting) >= 90
        stages = {fault.cause.partition(".")[0] for fault in fitting}
        assert stages == {"spec", "secret", "node", "dns", "network", "proxy", "tls", "registry", "auth", "image", "unpack"}
    names = [fault.name for fault in all_faults()]
    assert len(names) == len(set(names))


def test_of_two_nodes_the_one_that_the_allow_list_lacks_is_named(runtimes: tuple[str, ...]) -> None:
    """The answer names the node, the address that the registry saw and what to add, and that the other node is fine."""
    assert runtimes
    with lock():
        rows, _ = score.measured("1.6", ["allow-list-json"])
    one = diagnose(casefile.loads(rows[0]["case"]), failures)
    finding = one.findings[0]
    node, said = one.pull.node, " ".join(finding.because)
    assert (finding.cause, finding.certainty) == ("auth.ip-not-allowed", "proved")
    assert finding.args["ip"].startswith("198.51.100.")
    assert f"node {node} is answered with 403" in said
    assert f"node {node}-2 asks the same in the same moment and is let in" in said
    assert finding.args["ip"] in " ".join(fix.do + fix.run for fix in finding.fixes)
