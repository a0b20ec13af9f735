"""The library: one call, typed results, no exception for any content."""

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

import whypull

TYPED = """
import whypull
from whypull import Diagnosis

found: list[Diagnosis] = whypull.explain("text")
again: list[Diagnosis] = whypull.explain(b"bytes")
causes: list[str] = [finding.cause for one in found for finding in one.findings]
image: str = found[0].pull.image
"""


def test_the_types_are_there(tmp_path):
    (tmp_path / "use.py").write_text(TYPED, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(tmp_path / "use.py")],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_importing_it_costs_nothing():
    code = "import sys, whypull; print(len([m for m in sys.modules if m.startswith('whypull')]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "1"


def test_a_message():
    found = whypull.explain('Failed to pull image "a.example/x:1": rpc error: code = Unknown desc = pull QPS exceeded')
    assert [f.cause for f in found[0].findings] == ["node.pull-throttled"]
    assert found[0].pull.image == "a.example/x:1"


def test_nothing():
    assert whypull.explain("") == []
    assert whypull.explain(b"") == []


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_at_all(data):
    assert isinstance(whypull.explain(data), list)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=1000))
def test_any_text_at_all(text):
    assert isinstance(whypull.explain(f'Failed to pull image "x": {text}'), list)
