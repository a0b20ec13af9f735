"""The catalogue tests itself: every example on every page is diagnosed as that page says."""

import re

import pytest

from whypull import explain
from whypull.causes import catalogue, compiled, page, page_files, patterns
from whypull.read.message import failures, fold
from whypull.wording import _UNNAMED

EXAMPLES = [e for cause, _ in page_files() for e in page.examples(cause)]
WORDS = {*_UNNAMED, "how"}


def name(example):
    return f"{example.cause}:{example.line}:{example.kind}"


def answers(text):
    return [[f.cause for f in one.findings] for one in explain(text)]


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.kind == "seen"], ids=name)
def test_seen_is_this_cause_and_no_other(example):
    assert answers(example.text) == [[example.cause]]


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.kind == "possible"], ids=name)
def test_seen_possible_is_among_the_candidates(example):
    found = answers(example.text)
    assert len(found) == 1
    assert example.cause in found[0]


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.kind == "other"], ids=name)
def test_a_near_miss_is_the_other_cause(example):
    found = answers(example.text)
    assert found
    assert found[0][:1] == [example.names]
    assert all(example.cause not in names for names in found)


def test_todo_is_still_open():
    """A text that is known and not caught yet; once it is, its block is a `seen`."""
    todo = [e for e in EXAMPLES if e.kind == "todo"]
    assert [name(e) for e in todo if any(e.cause in names for names in answers(e.text))] == []


@pytest.mark.parametrize("cause", list(catalogue()))
def test_every_pattern_is_shown_by_an_example(cause):
    texts = [f.core for e in page.examples(cause) if e.kind in {"seen", "possible"} for f in failures(e.text)]
    texts += [fold(e.text) for e in page.examples(cause) if e.kind in {"seen", "possible"}]
    for says in catalogue()[cause].says:
        assert any(compiled(says.text).search(text) for text in texts), says.text


@pytest.mark.parametrize("cause", list(catalogue()))
def test_the_gate_never_shuts_out_a_match(cause):
    for e in page.examples(cause):
        core = fold(e.text)
        for says in catalogue()[cause].says:
            if compiled(says.text).search(core):
                assert any(gate in core.lower() for gate in says.gates), says.text
                assert all(any(gate in core.lower() for gate in gates) for gates in says.also), says.text


@pytest.mark.parametrize("cause", list(catalogue()))
def test_a_page_is_whole(cause):
    one = catalogue()[cause]
    body = page.examples(cause)
    assert one.title
    assert one.fixes
    assert all(f.who and (f.do or f.run) for f in one.fixes)
    assert one.decide, "what would confirm or exclude it?"
    assert any(e.kind == "other" for e in body) or not one.says
    groups = {g for s in one.says for g in compiled(s.text).groupindex}
    fields = set(re.findall(r"\{([a-z_]+)\}", one.title))
    assert fields <= groups | WORDS, fields - groups - WORDS


def test_no_pattern_costs_much():
    long = "failed to pull image x " * 3000
    for says in patterns():
        compiled(says.text).search(long)
