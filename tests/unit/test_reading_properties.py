"""Any bytes at all: no reader crashes, hangs, or fills the memory; and what it reads does not depend on how it came."""

import io
import json
import pathlib
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whypull import explain
from whypull.read.clean import cleaned, lines_of
from whypull.read.event_row import event_row
from whypull.read.gather import MAX_HEARD
from whypull.read.log_line import take_apart
from whypull.read.reading import read_bytes, read_sources, read_text
from whypull.read.sources import Source, open_sources
from whypull.read.stream import follow

DESCRIBE = (pathlib.Path(__file__).resolve().parents[2] / "examples" / "describe-unknown-ca.txt").read_text(encoding="utf-8")
LOG = (
    'E1122 08:55:29.120000    1411 remote_image.go:180] "PullImage from image service failed" err="rpc error: code = Unknown desc = failed to pull and unpack image \\"a.example/b:1\\": EOF" image="a.example/b:1"\n'
    'time="2026-11-22T08:55:29Z" level=error msg="PullImage \\"a.example/b:1\\" failed" error="failed to resolve reference \\"a.example/b:1\\": EOF"\n'
)
YAML = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-0\nstatus:\n  containerStatuses:\n  - image: a.example/b:1\n    name: web\n    state:\n      waiting:\n        message: 'rpc error: EOF'\n        reason: ErrImagePull\n"
JSON = json.dumps(
    {
        "kind": "List",
        "apiVersion": "v1",
        "items": [
            {
                "kind": "Event",
                "reason": "Failed",
                "message": 'Failed to pull image "a.example/b:1": EOF',
                "involvedObject": {"kind": "Pod", "name": "web-0", "namespace": "shop"},
            }
        ],
    }
)
SEEDS = [DESCRIBE, LOG, YAML, JSON]
PIECES = ['"', "\\", "'", "`", "|", "│", "{", "}", "[", "<", ">", "\n", "\r\n", "\t", "\0", "\x1b[2J", "\u202e", "\u200b", "spec.containers{", "Events:\n", "Name: x\n", "message: '", "reason: ErrImagePull\n", "err=<\n\t", 'time="', "```\n", "$ docker pull ", " (x", "---\n", "&a ", "*a", "=" * 50, 'Failed to pull image "', "E1122 08:55:29.120000 1 a.go:1] "]  # fmt: skip


@st.composite
def damaged(draw):
    """A real output with a few pieces put in, taken out or doubled."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 200))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            text = text[:at] + draw(st.sampled_from(PIECES)) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + length :]
        elif kind == 2:
            text = text[:at] + text[at : at + length] * 3 + text[at:]
        else:
            other = draw(st.sampled_from(SEEDS))
            text = text[:at] + other[at % len(other) :][:length] + text[at:]
    return text


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=3000))
def test_any_bytes(data):
    read_bytes(data)
    list(follow(iter(data.splitlines(keepends=True))))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_damaged_outputs(text):
    assert isinstance(explain(text), list)
    list(follow(iter(text.encode("utf-8", "replace").splitlines(keepends=True))))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=600))
def test_the_parts_take_any_text(text):
    for line in lines_of(text):
        event_row(line)
        take_apart(line)
    assert cleaned(cleaned(text)) == cleaned(text) or "&" in text


@settings(max_examples=100, deadline=None)
@given(damaged(), st.integers(1, 5000))
def test_a_stream_in_pieces_says_what_the_whole_says(text, size):
    data = text.encode("utf-8", "replace")
    buffer = io.BytesIO(data)
    pieces = read_sources([Source("x", lambda most: buffer.read(min(most, size)))])
    whole = read_bytes(data)
    if "\0" in text[:4096]:
        return  # a file of NUL bytes is refused by its first bytes alone
    assert [c.pull for c in pieces.cases] == [c.pull for c in whole.cases]


@settings(max_examples=200, deadline=None)
@given(damaged())
def test_no_control_or_bidi_character_is_in_what_is_shown(text):
    for one in explain(text):
        for shown in (one.pull.image, one.pull.pod, one.pull.namespace, one.pull.container, one.pull.node):
            assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e]", shown), repr(shown)


HOSTILE = {
    "quotes": 'Failed to pull image "' + '\\"' * 200_000,
    "brackets": "[" * 300_000,
    "braces": '{"a":' * 100_000,
    "escapes": "\\" * 300_000 + '"',
    "one word": "Warning " * 60_000,
    "events on a line": "Warning Failed kubelet " * 20_000,
    "equals": "a=" * 150_000,
    "blanks": " " * 500_000 + "x",
    "lines": "\n" * 400_000,
    "rows": "Normal Pulled 1s kubelet x\n" * 10_000,
    "names": "Name: x\n" * 20_000,
    "klog block": 'E1122 08:55:29.120000 1 a.go:1] "x" err=<\n' + "\tFailed to pull image\n" * 20_000,
    "fences": "```\n" * 50_000,
    "messages": "message: 'x\n" * 10_000 + "reason: ErrImagePull\n",
    "prompts": "$ docker pull a\n" * 10_000,
    "bars": "│ x │\n" * 20_000,
    "entities": "&quot;" * 60_000,
    "tags": "<code>" * 50_000,
    "aggregate": 'Failed to pull image "a": [' + "rpc error: code = Unknown desc = x, " * 5_000,
    "mirrors": "(Mirrors also failed: [" + "[a: b] " * 20_000 + "]): x",
    "query": "https://a.example/?" + "a=b&" * 50_000,
    "dots": "dial tcp " + "1." * 100_000,
    "spans": "1s " * 100_000 + "Warning Failed",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_seconds_at_most(name):
    started = time.process_time()
    explain(HOSTILE[name])
    assert time.process_time() - started < 10


def test_more_failures_than_are_kept_apart(tmp_path):
    rows = "".join(f'Warning Failed 9s kubelet Failed to pull image "a.example/b:{i}": EOF\n' for i in range(MAX_HEARD + 10))
    reading = read_text(rows)
    assert len(reading.cases) == MAX_HEARD
    assert any("more than" in note for note in reading.notes)


def test_a_binary_file_is_a_sentence(tmp_path):
    (tmp_path / "a").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(ValueError, match="neither text nor an archive"):
        read_sources(open_sources([str(tmp_path / "a")], None))
    assert read_bytes(bytes(range(256)) * 20).notes == ("the input is no text: nothing can be read from it",)
