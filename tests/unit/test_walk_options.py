"""The short way to read a command line of `check` gives what argparse gives, or leaves it to argparse."""

import pytest

from whypull.commands.check import parser
from whypull.commands.walk_options import plain

LINES = [
    ["a.example/x:1"],
    ["a.example/x:1", "b.example/y:2", "--depth", "layers", "-o", "json"],
    ["--ca", "ca.pem", "a.example/x:1", "--timeout", "2.5", "--insecure"],
    ["a.example/x:1", "--pull-secret", "a.yaml", "--pull-secret", "b.yaml", "--trust-realm", "auth.example"],
    ["a.example/x:1", "--proxy", "", "--no-proxy", ".example", "--platform", "linux/arm64", "--plain-http"],
    ["a.example/x:1", "--username", "me", "--password-stdin", "--save", "case.json", "--color", "never", "--output", "markdown"],
]


@pytest.mark.parametrize("line", LINES)
def test_both_read_the_same(line):
    assert vars(plain(line)) == vars(parser().parse_args(line))


@pytest.mark.parametrize(
    "line",
    [
        [], ["--help"], ["-h", "a"], ["a", "--depth", "deep"], ["a", "--timeout", "soon"], ["a", "--unknown"], ["a", "--ca"],
        ["a", "--ca=ca.pem"], ["a", "--", "b"], ["a", "-ojson"], ["a", "--width", "80"], ["--ca", "--insecure", "a"],
    ],
)  # fmt: skip
def test_the_rest_is_left_to_argparse(line):
    assert plain(line) is None
