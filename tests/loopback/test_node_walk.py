"""A pull walked through a shell, as from a node: the same proofs as from here, with the node's own roots and resolver."""

import pathlib

import pytest

from whypull.demo.listener import refused_port
from whypull.demo.registry import REPOSITORY, TAG, Registry
from whypull.demo.stage import HOST, Stage
from whypull.diagnose import diagnose
from whypull.model import Case, NodeConfigSeen, Pull
from whypull.probe.shell import NodeLost, Shell
from whypull.read.message import failures
from whypull.records import replace
from whypull.steps import Handshake, Request, Tried
from whypull.vantage.node_walk import NodeWalk, Wanted

ADDRESS = "127.0.0.1"


class Here:
    def command(self, script):
        return ["sh", "-c", script]


@pytest.fixture
def walk():
    shell = Shell(Here(), seconds=5)
    made = NodeWalk(shell, "np1-3")
    made.begin()
    yield made
    shell.close()


def diagnosed(walk, image):
    facts = tuple(walk.facts(Wanted(image)))
    return facts, diagnose(Case(Pull(image, node="np1-3"), facts, "node np1-3"), failures)


def test_a_server_that_hangs_up_after_the_handshake_is_proved_from_the_node(walk):
    with Stage() as stage:
        port = stage.listen(HOST, lambda *_: None, stage.ca().context(stage.ca().server([ADDRESS])))
        facts, one = diagnosed(walk, f"{ADDRESS}:{port}/payments/api:1.4.2")
    assert [(f.cause, f.certainty) for f in one.findings] == [("network.reset", "proved")]
    assert one.vantage == "node np1-3"
    shaken = [f.outcome for f in facts if isinstance(f, Tried) and isinstance(f.step, Handshake)]
    assert "issuer" in shaken[0].verify, "the node's own roots do not have the demo's"
    assert shaken[0].chain, "the chain is read through the relay"


def test_a_port_where_nothing_listens_is_proved_from_the_node(walk):
    _, one = diagnosed(walk, f"{ADDRESS}:{refused_port()}/payments/api:1.4.2")
    assert [(f.cause, f.certainty) for f in one.findings] == [("network.refused", "proved")]


def test_a_pull_that_works_fails_nowhere(walk):
    with Stage() as stage:
        stage.registry = Registry()
        port = stage.https(HOST, stage.registry, stage.ca().context(stage.ca().server([ADDRESS])))
        walk.read = replace(walk.read, roots=pathlib.Path(stage.ca_file).read_text(encoding="ascii"))
        facts = tuple(walk.facts(Wanted(f"{ADDRESS}:{port}/{REPOSITORY}:{TAG}")))
    tried = [f for f in facts if isinstance(f, Tried)]
    assert [t.words for t in tried if t.words and not t.control] == []
    assert any(isinstance(t.step, Request) and "/blobs/" in t.step.url for t in tried)


def test_the_nodes_own_configuration_comes_with_it(walk):
    facts, _ = diagnosed(walk, f"{ADDRESS}:1/a/b:1")
    config = next(f for f in facts if isinstance(f, NodeConfigSeen))
    assert config.node == "np1-3"
    assert config.clock


def test_a_node_whose_shell_cannot_be_reached():
    class Nowhere:
        def command(self, script):
            return ["sh", "-c", "exit 255"]

    with pytest.raises(NodeLost):
        NodeWalk(Shell(Nowhere()), "np1-3").begin()
