"""What is shown: the JSON contract, YAML with the same content, widths, and that outside text cannot act on a reader."""

import json
import pathlib
import re

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import answers

import whypull
from whypull.model import STAGES, Diagnosis, Finding, Fix, Pull, Reading
from whypull.render import as_json, as_yaml, layout, pasting, safe, words
from whypull.render.style import Style
from whypull.render.terminal import screen
from whypull.render.ticket import ticket

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((pathlib.Path(whypull.__file__).parent / "render" / "schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)
CAPTURED = ROOT.parent / "shared" / "captured"
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")

texts = st.text(st.characters(codec=None, categories=None), max_size=60) | st.sampled_from(
    [
        "\x1b[2J",
        "a\u202eb",
        "``` x",
        "- x",
        "1. x",
        "漢字" * 30,
        "x" * 300,
        "a\nb\r\nc",
        "<b>",
        "[a](b)",
        "\udc80",
        "https://x.example/" + "y" * 200,
    ]
)
pulls = st.builds(Pull, texts, texts, texts, texts, texts, texts)
fixes = st.builds(Fix, texts, texts, texts, texts)
findings = st.builds(
    Finding,
    st.sampled_from(["tls.expired", "auth.forbidden", "dns.no-such-host"]),
    st.sampled_from(["proved", "likely", "possible"]),
    texts,
    st.lists(texts, min_size=1, max_size=3).map(tuple),
    st.dictionaries(st.sampled_from(["host", "ip"]), texts),
    st.lists(fixes, max_size=3).map(tuple),
)
paths = st.fixed_dictionaries({s: st.sampled_from(["passed", "failed", "not reached", "not looked"]) for s in STAGES})


@st.composite
def diagnoses(draw):
    found = tuple(draw(st.lists(findings, max_size=3)))
    every = tuple(draw(st.lists(pulls, min_size=1, max_size=4)))
    return Diagnosis(
        "cause" if len(found) == 1 else "undecided",
        every[0],
        found,
        draw(paths),
        draw(st.dictionaries(st.sampled_from(STAGES), texts)),
        tuple(draw(st.lists(texts, max_size=2))),
        draw(st.sampled_from(["paste", "here", "node np1-3"]) | texts),
        len(every),
        every,
        draw(texts | st.sampled_from(["4m36s", "2026-11-22T08:51:17Z"])),
        draw(texts),
        tuple(draw(st.lists(texts, max_size=2))),
    )


readings = st.builds(
    Reading, notes=st.lists(texts, max_size=2).map(tuple), ask=st.lists(texts, max_size=2).map(tuple), seen=texts
)


def shapes(schema, value, where="$"):
    """Every path of a value that its schema does not describe."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, dict):
        for key, inner in value.items():
            known = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if known is None:
                yield f"{where}.{key}"
            else:
                yield from shapes(known, inner, f"{where}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from shapes(schema["items"], inner, f"{where}[]")


def held_to_the_contract(text):
    value = json.loads(text)
    VALID.validate(value)
    assert list(shapes(SCHEMA, value)) == []
    return value


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", answers.every())
def test_json_is_as_its_schema_says(name):
    found = answers.every()[name]
    value = held_to_the_contract(as_json.document(found, answers.reading_of(*found)))
    assert len(value["diagnoses"]) == len(found)
    for one in found:
        VALID.evolve(schema={**SCHEMA["$defs"]["diagnosis"], "$defs": SCHEMA["$defs"]}).validate(json.loads(as_json.line(one)))


def test_json_of_nothing():
    value = held_to_the_contract(as_json.document([], Reading(notes=("Nothing.",))))
    assert value["diagnoses"] == []
    assert value["notes"] == ["Nothing."]


def test_a_wrong_document_is_found():
    value = json.loads(as_json.document([answers.undecided()], Reading()))
    value["diagnoses"][0]["verdict"] = "cause"
    assert list(VALID.iter_errors(value))
    value["diagnoses"][0]["verdict"] = "undecided"
    value["diagnoses"][0]["surprise"] = 1
    assert list(shapes(SCHEMA, value)) == ["$.diagnoses[].surprise"]


HEALTHY = ("client-cert-ok", "proxy-ok", "secret-right")
EXAMPLES = sorted((ROOT / "examples").glob("*-*.*")) + (sorted(CAPTURED.glob("*/describe.txt")) if CAPTURED.is_dir() else [])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_examples_are_as_the_schema_says(path):
    found = whypull.explain(path.read_bytes())
    assert bool(found) != (path.name == "describe-crash-loop.txt" or path.parent.name.startswith(HEALTHY))
    held_to_the_contract(as_json.document(found, Reading()))


@settings(max_examples=150, deadline=None)
@given(st.lists(diagnoses(), max_size=3), readings, st.integers(60, 200))
def test_nothing_that_is_shown_acts_on_its_reader(found, reading, width):
    document = as_json.document(found, reading)
    held_to_the_contract(document)
    in_yaml = as_yaml.document(found, reading)
    assert yaml.safe_load(in_yaml) == json.loads(document)
    shown = screen(found, reading, width, Style())
    for text in (document, in_yaml, shown, ticket(found, reading)):
        assert not CONTROLS.search(text)
        text.encode()


@settings(max_examples=150, deadline=None)
@given(diagnoses(), st.integers(60, 200))
def test_the_width_is_kept_by_all_but_commands(one, width):
    commands = {"      " + line.rstrip() for f in one.findings for fix in f.fixes for line in safe.block(fix.run).split("\n")}
    for line in screen([one], Reading(), width, Style()).splitlines():
        if layout.cells(line) > width and line.rstrip() not in commands:
            assert line.startswith(("      ", "  whypull ")), line


@given(texts, st.integers(20, 200))
def test_wrapping_loses_no_character(text, width):
    flat = safe.plain(text)
    lines = layout.wrap(flat, width, "  ")
    assert "".join("".join(lines).split()) == "".join(flat.split())
    assert all(layout.cells(line) <= width for line in lines)


@given(texts)
def test_a_fence_cannot_be_ended_from_inside(text):
    first, *inside, last = safe.fenced(text).split("\n")
    assert set(first) == {"`"}
    assert last == first
    assert all(not line.strip().startswith(first) for line in inside)


def test_markdown_is_only_text():
    assert (
        safe.markdown("# *a* [b](https://c.example) <i> | `x` ~~y~~ _z_")
        == r"\# \*a\* \[b\](https:\//c.example) \<i\> \| \`x\` \~\~y\~\~ \_z\_"
    )
    assert safe.markdown("- a") == r"\- a"
    assert safe.markdown("1. a") == r"1\. a"
    assert safe.markdown("a\n# b") == r"a \# b"


STEPS = {
    "kubectl describe pod web-0 -n shop": ["$kubectl describe pod web-0 -n shop"],
    "curl -sSi https://a.example/v2/ on np1-3, without credentials: 403 means …": ["$curl -sSi https://a.example/v2/", "on np1-3, without credentials: 403 means …"],
    "kubectl get pod x -o jsonpath='{.a}{\"\\n\"}: on': empty means none.": ["$kubectl get pod x -o jsonpath='{.a}{\"\\n\"}: on'", "empty means none."],
    "skopeo inspect docker://a.example/b:1, logged in as the user: it asks with GET.": ["$skopeo inspect docker://a.example/b:1", "logged in as the user: it asks with GET."],
    "Compare both: getent ahosts a.example and others.": ["Compare both: getent ahosts a.example and others."],
    "curl -sSi https://a.example/v2/ | head -1, on np1-3: 200": ["$curl -sSi https://a.example/v2/ | head -1", "on np1-3: 200"],
    "On np1-3: openssl s_client -connect a.example:443 </dev/null 2>&1 | grep -E 's:|i:|Verify'. The last i: is the CA.": [
        "On np1-3:", "$openssl s_client -connect a.example:443 </dev/null 2>&1 | grep -E 's:|i:|Verify'", "The last i: is the CA.",
    ],
    "On np1-3: getent ahosts a.example, nslookup a.example. NXDOMAIN confirms it.": ["On np1-3:", "$getent ahosts a.example", "$nslookup a.example", "NXDOMAIN confirms it."],
    "On np1-3: curl -sSI https://a.example/v2/. 407 confirms it.": ["On np1-3:", "$curl -sSI https://a.example/v2/", "407 confirms it."],
    "On np1-3: for p in $(pidof crio); do cat /proc/$p/environ; done. Empty confirms it.": ["On np1-3:", "$for p in $(pidof crio); do cat /proc/$p/environ; done", "Empty confirms it."],
    "On np1-3: curl -sSIL the blob URL with a token.": ["On np1-3: curl -sSIL the blob URL with a token."],
    "skopeo inspect docker://a.example/b:1 and crictl pull a.example/b:1, on np1-3: both work.": ["$skopeo inspect docker://a.example/b:1", "$crictl pull a.example/b:1", "on np1-3: both work."],
    "nc -zv a.example 443 (or the port in the text): refused?": ["$nc -zv a.example 443", "(or the port in the text): refused?"],
}  # fmt: skip


@pytest.mark.parametrize("text", STEPS)
def test_a_step_is_what_to_paste_and_what_to_make_of_it(text):
    assert [("$" if can_be_pasted else "") + part for can_be_pasted, part in pasting.parts(text)] == STEPS[text]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("68s", "failing for 68 s"),
        ("4m36s", "failing for 4 min"),
        ("2h13m", "failing for 2 h 13 min"),
        ("3d4h", "failing for 3 d 4 h"),
        ("2026-11-22T08:51:17Z", "failing since 2026-11-22 08:51 UTC"),
        ("2026-11-22T08:51:17.123456+01:00", "failing since 2026-11-22 08:51 +01:00"),
        ("", ""),
        ("<unknown>", ""),
        ("yesterday", ""),
    ],
)
def test_since_when(text, said):
    assert words.since(text) == said


def test_wide_characters_take_two_columns():
    assert layout.cells("漢字") == 4
    assert layout.cells("e\u0301") == 1
    assert all(layout.cells(line) <= 20 for line in layout.wrap("漢字" * 40, 20, "  "))


def test_a_command_is_never_wrapped_nor_hidden():
    run = (
        "kubectl create secret docker-registry regcred --docker-server=registry.shop.example --docker-username='<user>' --docker-password='<token>' -n "
        + "x" * 80
    )
    found = Finding("auth.forbidden", "likely", "t", ("b",), {}, (Fix("you", run=run),))
    one = Diagnosis("cause", Pull(), (found,))
    assert f"      {run}\n" in screen([one], Reading(), 60, Style())


def test_a_credential_that_was_filled_in_is_hidden_from_a_command():
    url = "https://user:hunter2hunter2@registry.shop.example/v2/"
    found = Finding(
        "auth.forbidden", "likely", f"{url} refuses", (f"It says {url}.",), {"url": url}, (Fix("you", run=f"curl {url}"),)
    )
    one = Diagnosis("cause", Pull(image=url), (found,), said=url, path_facts={"auth": url}, ask=(f"curl {url}",), notes=(url,))
    reading = Reading(notes=(url,), ask=(url,))
    for text in (
        screen([one], reading, 80, Style()),
        ticket([one], reading),
        as_json.document([one], reading),
        as_yaml.document([one], reading),
        as_json.line(one),
    ):
        assert "hunter2" not in text


def test_a_group_in_several_namespaces_is_told_to_do_it_in_each():
    every = tuple(Pull("a.example/b:1", space, "web-0") for space in ("shop", "cart", "mail"))
    found = Finding("secret.not-attached", "likely", "t", ("b",), {}, (Fix("you", run="kubectl get sa default -n shop\nls"),))
    one = Diagnosis("cause", every[0], (found,), count=3, pulls=every)
    said = "The commands name shop; the same is needed for the namespaces cart, mail."
    assert said in " ".join(screen([one], Reading(), 80, Style()).split())
    assert said in ticket([one], Reading())
    alone = Diagnosis("cause", every[0], (found,), pulls=every[:1])
    assert "The commands name" not in screen([alone], Reading(), 80, Style())
