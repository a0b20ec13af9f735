"""What ships in examples/ is explained as it says here, and the README shows what the program prints."""

import json
import pathlib

import pytest

from whypull.commands import explain
from whypull.diagnose import diagnoses_of
from whypull.read.message import failures
from whypull.read.reading import read_bytes
from whypull.render.as_json import document
from whypull.render.style import Style
from whypull.render.terminal import screen

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
START, END = "<!-- screen: examples/describe-unknown-ca.txt -->\n```\n", "```\n<!-- end of the screen -->"

# example: (exit code, for each diagnosis its causes)
SAYS = {
    "describe-crash-loop.txt": (0, []),
    "describe-rate-limited.txt": (1, [["registry.rate-limited"]]),
    "describe-unknown-ca.txt": (1, [["tls.unknown-authority"]]),
    "events-403.txt": (3, [["auth.ip-not-allowed", "auth.forbidden"]]),
    "get-pods.txt": (3, [[], []]),
    "kubelet-no-such-host.log": (1, [["dns.no-such-host"]]),
    "objects-registry-mismatch.json": (1, [["secret.registry-mismatch"]]),
}


def read(name):
    reading = read_bytes((ROOT / "examples" / name).read_bytes())
    return diagnoses_of(reading, failures), reading


@pytest.mark.parametrize("name", SAYS)
def test_an_example_is_explained(name):
    found, reading = read(name)
    assert (explain.exit_code(found), [[f.cause for f in one.findings] for one in found]) == SAYS[name]
    assert json.loads(document(found, reading))["schema"] == "whypull/1"


def test_every_example_is_in_the_table():
    assert {p.name for p in (ROOT / "examples").iterdir()} == set(SAYS)


def shown():
    return screen(*read("describe-unknown-ca.txt"), 80, Style())


def test_the_readme_shows_what_is_printed():
    assert README.read_text(encoding="utf-8").partition(START)[2].partition(END)[0] == shown()


def write():
    head, _, rest = README.read_text(encoding="utf-8").partition(START)
    README.write_text(head + START + shown() + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    write()
