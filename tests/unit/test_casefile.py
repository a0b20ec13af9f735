"""A case as a file: what is written is what is read, and damage is a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whypull import casefile
from whypull.model import AccountSeen, AuthEntry, Case, NodeSeen, PodSeen, Pull, Said, SecretAbsent, SecretSeen
from whypull.steps import Certificate, Connect, Handshake, Outcome, Request, Resolve, Tried, Tunnel

KINDS = [Said, PodSeen, AccountSeen, SecretSeen, SecretAbsent, NodeSeen, Tried, Pull]
PARTS = [AuthEntry, Certificate, Connect, Handshake, Outcome, Request, Resolve, Tunnel]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)

facts = st.one_of(
    st.builds(Said, text=TEXT, by=TEXT, count=st.integers(1, 10**6)),
    st.builds(
        PodSeen, pull_secrets=st.lists(TEXT, max_size=3).map(tuple), labels=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple)
    ),
    st.builds(SecretSeen, namespace=TEXT, name=TEXT, entries=st.lists(st.builds(AuthEntry, key=TEXT), max_size=2).map(tuple)),
    st.builds(SecretAbsent, namespace=TEXT, name=TEXT),
    st.builds(NodeSeen, name=TEXT, addresses=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple)),
    st.builds(
        Tried,
        step=st.builds(Request, method=TEXT, url=TEXT),
        outcome=st.builds(Outcome, ok=st.booleans(), chain=st.lists(st.builds(Certificate, *[TEXT] * 4), max_size=2).map(tuple)),
    ),
)


@given(st.builds(Case, pull=st.builds(Pull, image=TEXT, pod=TEXT), facts=st.lists(facts, max_size=5).map(tuple), vantage=TEXT))
def test_case_to_json_to_case_is_the_identity(case):
    assert casefile.loads(casefile.dumps(case)) == case


@given(st.text(max_size=200))
def test_any_text_is_a_case_or_a_sentence(text):
    words = "whole"
    try:
        casefile.loads(text)
    except casefile.NotACase as e:
        words = str(e)
    assert words


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", '{"schema": "whypull-case/9"}', '{"schema": "whypull-case/1"}', "[" * 100_000,
        '{"schema": "whypull-case/1", "pull": {}, "vantage": "x", "facts": [{"is": "os.system"}]}',
        '{"schema": "whypull-case/1", "pull": {"no": 1}, "vantage": "x", "facts": []}',
    ],
)  # fmt: skip
def test_damage_is_a_sentence(text):
    with pytest.raises(casefile.NotACase):
        casefile.loads(text)


def test_a_field_of_a_later_version_is_passed_over():
    text = '{"schema": "whypull-case/1", "pull": {}, "vantage": "x", "facts": [{"is": "Said", "text": "a", "later": 1}]}'
    assert casefile.loads(text).facts == (Said("a"),)


def test_a_text_is_recognised():
    assert casefile.is_case(casefile.dumps(Case(Pull())))
    assert not casefile.is_case('{"kind": "Pod"}')


def test_a_case_is_never_larger_than_what_is_read():
    outcome = Outcome(True, status=200, body="x" * 64 * 1024, size=65536, digest="sha256:1")
    facts = tuple(Tried(Request("GET", f"https://registry.shop.example/v2/a/blobs/{n}"), outcome) for n in range(1000))
    text = casefile.dumps(Case(Pull(image="registry.shop.example/a:1"), facts))
    assert len(text) <= casefile.LARGEST
    read = casefile.loads(text)
    assert len(read.facts) == 1000
    assert read.facts[0].outcome.cut
    assert read.facts[0].outcome.digest == "sha256:1"
    said = tuple(Said("y" * 100_000) for _ in range(200))
    assert 0 < len(casefile.loads(casefile.dumps(Case(Pull(), said))).facts) < 200
