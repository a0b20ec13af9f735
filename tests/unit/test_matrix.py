"""Who sees what: which nodes are walked from, what differs between them, and the table of it."""

from __future__ import annotations

import pytest

from whypull.model import Diagnosis, Finding, NodeSeen, Pull
from whypull.render.matrix import as_list, table
from whypull.vantage.matrix import Row, chosen_nodes, differences
from whypull.vantage.running_pod import _sandbox

PULL = Pull("registry.shop.example/payments/api:1.4.2")
FINE = {"dns": "passed", "tls": "passed", "auth": "passed"}
STOPPED = {"dns": "passed", "tls": "passed", "auth": "failed", "image": "not reached"}


def row(name, cause="", address="", **more):
    title = f"registry.shop.example refuses the address that {name} comes from"
    made = Diagnosis("cause", PULL, (Finding(cause, "proved", title, ("so",)),)) if cause else None
    return Row(name, "np1 z1", address, STOPPED if cause else FINE, made, **more)


ROWS = [
    row("np1-1"), row("np1-2", "auth.ip-not-allowed", "203.0.113.9"),
    Row("np1-3", why_not="no pod starts on np1-3: its sandbox image registry.shop.example/pause:3.10 is not there and cannot be pulled"),
]  # fmt: skip


def test_the_one_that_differs_is_a_sentence_with_its_address():
    said = differences(ROWS)
    assert said[0].startswith("Only np1-2, address 203.0.113.9, sees this: registry.shop.example refuses the address")
    assert said[1:] == ("np1-1 pulls it.",)


def test_nodes_that_see_the_same_differ_in_nothing():
    assert differences([row("np1-1"), row("np1-2")]) == ("All 2 nodes that were walked from pull it.",)
    both = [row("np1-1", "auth.ip-not-allowed"), row("np1-2", "auth.ip-not-allowed")]
    assert differences(both) == ("All 2 nodes that were walked from see the same.",)


@pytest.mark.parametrize("width", [60, 80, 130])
def test_the_table_fits_and_cuts_nothing(width):
    shown = table(ROWS, differences(ROWS), width)
    prose = [line for line in shown.splitlines() if "auth.ip-not-allowed (seen as" not in line]
    assert max(map(len, prose)) <= width
    assert "cannot be pulled" in " ".join(shown.split())
    assert "np1-2  ✓    ✓    ✗     auth.ip-not-allowed (seen as 203.0.113.9)" in " ".join(shown.split("\n")).replace(
        "·      ", ""
    )


def test_the_same_in_json():
    told = as_list(ROWS)
    assert [(one["node"], one["cause"], one["address"], one["works"]) for one in told] == [
        ("np1-1", "", "", True), ("np1-2", "auth.ip-not-allowed", "203.0.113.9", False), ("np1-3", "", "", False),
    ]  # fmt: skip


def test_a_large_cluster_is_walked_by_one_node_of_each_kind_and_those_that_fail_first():
    nodes = {
        f"np{pool}-{n}": NodeSeen(f"np{pool}-{n}", "True", labels=(("agentpool", f"np{pool}"),), arch="amd64")
        for pool in range(3) for n in range(100)
    }  # fmt: skip
    chosen = chosen_nodes(nodes, ["np1-42"])
    assert chosen[0] == "np1-42"
    assert len(chosen) == 4
    assert len(chosen_nodes({name: nodes[name] for name in list(nodes)[:8]}, [])) == 8


def test_which_sandbox_image_a_node_lacks():
    said = 'Failed to create pod sandbox: rpc error: code = NotFound desc = failed to get sandbox image "registry.shop.example/pause:3.10": not found'
    assert _sandbox(said) == "its sandbox image registry.shop.example/pause:3.10 is not there and cannot be pulled"
    assert _sandbox("the sandbox image is odd") == "the sandbox image is odd"
