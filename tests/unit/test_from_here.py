"""A walk from whypull's own machine says what it can of the node's pull, and never more."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from whypull.diagnose import diagnose
from whypull.model import Case, Diagnosis, Finding, Pull, Reading, Said
from whypull.read.message import failures
from whypull.steps import Connect, Outcome, Request, Resolve, Tried
from whypull.vantage.from_nodes import again, seen_from_here

HOST = "registry.shop.example"
PULL = Pull(f"{HOST}/payments/api:1.4.2", "shop", "web-0", "web", "np1-3")


def diagnosis(*causes, certainty="possible", **args):
    findings = tuple(Finding(c, certainty, f"title of {c}", ("so",), args) for c in causes)
    return Diagnosis("cause" if len(causes) == 1 else "undecided", PULL, findings)


def tried(step, **outcome):
    return Tried(step, Outcome(**{"ok": False, **outcome}), "here", "registry", "", "words")


RESOLVED = tried(Resolve(HOST))
DIALLED = tried(Connect(HOST, "203.0.113.7", 443))
ASKED = tried(Request("GET", f"https://{HOST}/v2/payments/api/manifests/1.4.2"), ok=True, status=404)


@pytest.mark.parametrize("stop", [RESOLVED, DIALLED])
def test_a_name_or_way_that_is_missing_here_is_no_answer_about_the_node(stop):
    made = diagnosis("dns.server-failure", certainty="proved")
    one = diagnosis("auth.forbidden", "auth.ip-not-allowed")
    told = seen_from_here(one, made, stop)
    assert told.findings == one.findings
    assert "words [dns.server-failure]" in told.notes[0], "its own words: a title would name the node"
    assert "--from node" in told.notes[0]


def test_the_same_end_here_proves_nothing_of_the_node():
    made = diagnosis("network.timeout", certainty="proved")
    told = seen_from_here(diagnosis("network.timeout"), made, DIALLED)
    assert [f.certainty for f in told.findings] == ["possible"]
    assert "in the same way" in told.notes[0]


def test_the_address_that_a_registry_sees_here_is_not_the_nodes():
    made = diagnosis("auth.ip-not-allowed", certainty="proved", ip="203.0.113.99")
    told = seen_from_here(diagnosis("auth.forbidden", "auth.ip-not-allowed"), made, ASKED)
    assert "203.0.113.99" not in str([f.args for f in told.findings])
    assert [f.cause for f in told.findings] == ["auth.forbidden", "auth.ip-not-allowed"]


def test_what_the_registry_has_is_the_same_for_both_and_likely_at_most():
    made = diagnosis("image.tag-not-found", certainty="proved")
    told = seen_from_here(diagnosis("image.tag-not-found", "image.repository-not-found"), made, ASKED)
    assert [(f.cause, f.certainty) for f in told.findings] == [("image.tag-not-found", "likely")]


def test_where_the_cluster_shows_no_reason_a_way_that_is_missing_here_is_possible_at_most():
    told = seen_from_here(diagnosis(), diagnosis("network.timeout", certainty="proved"), DIALLED)
    assert [(f.cause, f.certainty) for f in told.findings] == [("network.timeout", "possible")]


def test_everything_that_works_here_is_said_as_that():
    one = diagnosis("network.timeout")
    told = seen_from_here(one, diagnosis("network.timeout"), None)
    assert told.findings == one.findings
    assert "every step works" in told.notes[0]


FINE = (
    Tried(Resolve(HOST), Outcome(ok=True, addresses=("203.0.113.7",)), "node np1-3", "registry"),
    Tried(
        Request("GET", f"https://{HOST}/v2/payments/api/manifests/1.4.2"), Outcome(ok=True, status=200), "node np1-3", "registry"
    ),
)


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time is after", True),
        ('container image "{image}" is not present with pull policy of Never', False),
    ],
)
def test_a_cause_that_only_words_prove_is_said_to_be_mended_perhaps_where_the_walk_comes_through(text, noted):
    said = Said(f'Failed to pull image "{PULL.image}": ' + text.format(image=PULL.image), "kubelet", "event", "Failed")
    looked = SimpleNamespace(reading=Reading((Case(PULL, (said,), "cluster"),)), walked={})
    one = diagnose(looked.reading.cases[0], failures)
    told = again(one, looked, FINE, "node np1-3")
    assert any("every step works" in note for note in told.notes) == noted
