"""docs/guide.md: all eleven sections, each with commands that exist and run, and with what the program prints.

`make screens` writes the screens anew: read each one.
"""

import json
import pathlib
import re
import shlex

import pytest
from tests.cluster import apiserver
from tests.cluster.apiserver import ApiServer
from tests.dynatrace import objects as of

from whypull.cli import VERBS, main

ROOT = pathlib.Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "guide.md"
SCREEN = re.compile(
    r"(<!-- screen: (?P<command>whypull [^\n]*?)(?: \| head -(?P<lines>\d+))? -->\n```\n)(?P<shown>.*?)(```\n<!-- end of the screen -->)",
    re.DOTALL,
)
SPAN = re.compile(r"`(?:kubectl [^`|]*\| )?(whypull [^`]+|whypull)`")


def sections():
    """{number: text}."""
    parts = re.split(r"(?m)^## (\d+)\. ", GUIDE.read_text(encoding="utf-8"))
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


SCREENS = [(m["command"], int(m["lines"] or 0), m["shown"]) for m in SCREEN.finditer(GUIDE.read_text(encoding="utf-8"))]
SPANS = sorted({m[1] for m in SPAN.finditer(GUIDE.read_text(encoding="utf-8"))})


def printed(command, lines, capsys, monkeypatch):
    """What a command prints, from the top of the checkout."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    code = main(shlex.split(command)[1:])
    out = capsys.readouterr()
    assert code in {0, 1, 3}, out.err
    return "".join(f"{line}\n" for line in out.out.splitlines()[: lines or None])


@pytest.mark.parametrize(("command", "lines", "shown"), SCREENS, ids=[c for c, _, _ in SCREENS])
def test_a_screen_is_what_is_printed(command, lines, shown, capsys, monkeypatch):
    assert shown == printed(command, lines, capsys, monkeypatch)


def test_every_section_is_there_and_has_a_screen_and_what_is_right():
    found = sections()
    assert sorted(found) == list(range(1, 12))
    for number, text in found.items():
        assert SCREEN.search(text), number
        assert re.search(r"\*\*What (?:is right|is outdated|the guide leaves out)\.\*\*", text), number
        assert "whypull " in text, number


@pytest.mark.parametrize("command", SPANS)
def test_a_command_exists_and_its_options_are_right(command):
    words = shlex.split(command.replace("<", "").replace(">", ""))[1:]
    from importlib import import_module

    from whypull.commands import cluster

    if not words:
        return
    name = words[0] if words[0] in VERBS else "cluster"
    assert name != "cluster" or cluster.is_meant(words), command
    if "--known" in words:
        name = "hosts_known"
    args = words if name == "cluster" else words[1:]
    import_module(f"whypull.commands.{name}").parser().parse_args(args)


@pytest.mark.parametrize(
    "command", ["-A", "pod/api-0 -n payments", "dynatrace -A", "egress --no-cloud", "fix pod/api-0 -n payments"]
)
def test_what_needs_a_cluster_runs_against_one(command, tmp_path, monkeypatch, capsys):
    pods = [of.application(said=of.REFUSED)]
    node = {"metadata": {"name": "np1-3"}, "spec": {}, "status": {"addresses": [{"type": "InternalIP", "address": "10.0.3.7"}]}}
    with ApiServer({"pods": pods, "nodes": [node]}) as server:
        path = tmp_path / "config"
        path.write_text(json.dumps(apiserver.kubeconfig(server.url, namespace="payments")))
        monkeypatch.setenv("KUBECONFIG", str(path))
        code = main(command.split())
    out = capsys.readouterr()
    assert code in {0, 1, 3}, out.err
    assert "whypull itself failed" not in out.err


def write():
    """Puts what is printed now into the guide."""
    import os
    import subprocess
    import sys

    def anew(found):
        run = [sys.executable, "-m", *shlex.split(found["command"])]
        out = subprocess.run(
            run, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "COLUMNS": "80"}, check=False
        ).stdout
        lines = out.splitlines()[: int(found["lines"]) if found["lines"] else None]
        return found[1] + "".join(f"{line}\n" for line in lines) + found[5]

    GUIDE.write_text(SCREEN.sub(anew, GUIDE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
