"""The plan of the house: who may import whom, with the reason, and how large a module may grow."""

import ast
import os
import pathlib
import statistics
import sys

import pytest

SRC = pathlib.Path(__file__).resolve().parent.parent / "src" / "whypull"
FILES = sorted(p for p in SRC.rglob("*.py") if p.name != "_index.py")

# part: (what it may import of the package, why no more)
MAY = {
    "model": ({"steps"}, "the nouns know nothing of anybody"),
    "steps": (set(), "the nouns of a walk"),
    "addresses": (set(), "what kind of address this is needs nobody"),
    "records": (set(), "what the nouns are made with"),
    "lazy": (set(), "what texts are searched with"),
    "reference": ({"model"}, "a grammar needs nobody"),
    "dockerconfig": ({"model"}, "decoding a file needs nobody"),
    "keyring": ({"model", "reference", "dockerconfig"}, "which credentials match is a pure question"),
    "redact": (set(), "the last line of defence must not depend on what it guards"),
    "causes": ({"model"}, "the catalogue is data"),
    "proofs": ({"model", "steps", "addresses", "reference", "keyring", "dynatrace"}, "an argument looks at facts only"),
    "dynatrace": ({"model", "reference", "keyring", "redact"}, "who pulls what: objects and diagnoses are handed in"),
    "match": ({"model", "causes", "proofs"}, "words against pages"),
    "wording": ({"model", "causes", "proofs", "reference"}, "names into sentences"),
    "path": ({"model", "steps"}, "facts to stages"),
    "diagnose": ({"model", "steps", "causes", "match", "proofs", "path", "wording"}, "pure: readers and sockets are handed in"),
    "read": (
        {
            "model",
            "steps",
            "casefile",
            "reference",
            "keyring",
            "dockerconfig",
            "redact",
            "runtimeconfig",
            "probe.proxy_rules",
            "dynatrace",
        },
        "what others saw becomes facts; it concludes nothing; the API server may be behind a proxy too",
    ),
    "render": (
        {"model", "steps", "causes", "wording", "redact", "dynatrace", "egress"},
        "a diagnosis becomes a string; a page's title is worded as a finding's is; a ticket names sources and hosts to open",
    ),
    "casefile": ({"model", "steps"}, "facts to JSON and back"),
    "runtimeconfig": ({"model", "reference"}, "a runtime's configuration is text; who read it is another's matter"),
    "probe": (
        {"model", "steps", "addresses", "reference", "runtimeconfig", "redact"},
        "the pull walked again becomes facts; it concludes nothing",
    ),
    "vantage": (
        {"model", "steps", "reference", "keyring", "dockerconfig", "runtimeconfig", "read", "probe", "diagnose", "proofs"},
        "brings the walk to the node that fails, says from where it was seen, and tries what arguments ask for",
    ),
    "egress": (
        {"model", "steps", "addresses", "redact", "read.blast", "probe.proxy_rules"},
        "which addresses nodes leave from, and what has to be opened for them: answers of others become a picture",
    ),
    "remedy": ({"model", "keyring"}, "what a fix would change, as objects; a command applies it"),
    "demo": (set(), "servers that know nothing of who walks against them"),
    "commands": (None, "thin, and may use all"),
    "cli": ({"commands", "render"}, "arguments and exit codes; an error's words are outside text too"),
    "__main__": ({"cli"}, "python -m whypull"),
    "__init__": ({"model", "read", "diagnose"}, "the library's door"),
}
NO_THIRD_PARTY = {
    "model",
    "steps",
    "addresses",
    "casefile",
    "runtimeconfig",
    "reference",
    "keyring",
    "dockerconfig",
    "diagnose",
    "match",
    "path",
    "wording",
    "proofs",
    "redact",
    "causes",
    "dynatrace",
}
MAY_HOLD_SOCKETS = {
    "probe/wire.py",
    "probe/dial.py",
    "probe/shell.py",
    "probe/tls.py",
    "probe/trust.py",
    "probe/http1.py",
    "probe/http1_odd.py",
    "probe/dns.py",
    "read/cluster.py",
    "read/api_http.py",
}  # wire, dial and shell open them for a walk, cluster for the API server; tls, http1, dns and api_http are handed them
SOCKETS = {"socket", "ssl", "http", "urllib", "asyncio", "socketserver", "h11"}


def part(path):
    relative = path.relative_to(SRC)
    return relative.parts[0].removesuffix(".py")


def imported(path):
    """Every module that the file imports, as a dotted name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            if node.module == "whypull":
                yield from (f"whypull.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_imports_flow_one_way(path):
    mine = part(path)
    assert mine in MAY, f"{mine} is not in the plan"
    allowed, why = MAY[mine]
    if allowed is None:
        return
    for name in imported(path):
        words = name.split(".")
        if words[0] == "whypull" and len(words) > 1 and not words[1].startswith("__"):
            assert words[1] in {mine, "records", "lazy"} or {words[1], ".".join(words[1:3])} & allowed, (
                f"{mine} may not import {name}: {why}"
            )


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_who_may_open_sockets_and_use_third_parties(path):
    mine = part(path)
    for name in imported(path):
        top = name.split(".")[0]
        if mine != "demo" and str(path.relative_to(SRC)) not in MAY_HOLD_SOCKETS and name != "urllib.parse":
            assert top not in SOCKETS, f"{path.name} must not open sockets ({name})"
        if mine in NO_THIRD_PARTY:
            assert top in sys.stdlib_module_names | {"whypull"}, f"{mine} is pure: no {top}"


def test_modules_stay_small():
    lengths = {str(p.relative_to(SRC)): len(p.read_text(encoding="utf-8").splitlines()) for p in FILES}
    assert {name: n for name, n in lengths.items() if n > 400} == {}
    assert statistics.median(lengths.values()) <= 150


def test_no_cause_is_listed_outside_its_page():
    pages = {f"{p.parent.name}.{p.stem}" for p in (SRC / "causes").glob("*/*.md")}
    listed = {p.name: sum(f'"{cause}"' in p.read_text(encoding="utf-8") for cause in pages) for p in FILES}
    assert {name: n for name, n in listed.items() if n > 14} == {}, "a list of causes beside the pages"


def test_every_cause_of_the_catalogue_has_its_page():
    plan = pathlib.Path(__file__).resolve().parents[2] / "shared" / "causes.yaml"
    if not os.path.exists(plan):
        pytest.skip("the list of ids that the pages are held to is not on this machine")
    import yaml

    wanted = {c["id"] for c in yaml.safe_load(plan.read_text(encoding="utf-8"))["causes"]}
    pages = {f"{p.parent.name}.{p.stem}" for p in (SRC / "causes").glob("*/*.md")}
    assert pages == wanted
