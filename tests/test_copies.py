"""What copying does to posted failures changes no answer, or next to none: breaks, quotes, fences, colours, one line."""

import json
import pathlib
import textwrap

import pytest

from whypull import explain

CASES = pathlib.Path(__file__).resolve().parents[2] / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the posted failures are not on this machine")


def cut(text, width):
    return "\n".join(line[i : i + width] for line in text.split("\n") for i in range(0, max(len(line), 1), width))


def mailed(text):
    return "\n".join(
        "\n".join(textwrap.wrap(line, 76, break_long_words=False, break_on_hyphens=False)) or line for line in text.split("\n")
    )


# name: (what is done to the text, how many of a hundred answers must stay the same)
COPIES = {
    "CRLF": (lambda t: t.replace("\n", "\r\n"), 99),
    "fence": (lambda t: f"We see:\n\n```\n{t}\n```\n\nAny ideas?", 99),
    "quoted": (lambda t: "".join(f"> {line}\n" for line in t.split("\n")), 98),
    "squeezed": (lambda t: "\n".join(" ".join(line.split()) for line in t.split("\n")), 98),
    "colour": (lambda t: "\x1b[31m" + t.replace(" ", " \x1b[0m", 3) + "\x1b[0m", 99),
    "typographic": (lambda t: t.replace('"', "”"), 98),
    "80 columns": (lambda t: cut(t, 80), 95),
    "120 columns": (lambda t: cut(t, 120), 95),
    "mail": (mailed, 94),
    "one line": (lambda t: " ".join(t.split("\n")), 94),
}


def rows(name):
    return [json.loads(line) for line in (CASES / name).read_text(encoding="utf-8").splitlines()]


def first(text):
    return [f.cause for one in explain(text)[:1] for f in one.findings]


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_has_the_same_answer(copy):
    change, least = COPIES[copy]
    messages = rows("messages.jsonl")
    other = [r["id"] for r in messages if first(r["text"]) != first(change(r["text"]))]
    assert len(other) * 100 <= (100 - least) * len(messages), other


@pytest.mark.parametrize("copy", [c for c in COPIES if c != "one line"])
def test_a_copy_raises_no_alarm(copy):
    change = COPIES[copy][0]
    assert [r["id"] for r in rows("negatives.jsonl") if explain(change(r["text"]))] == []
