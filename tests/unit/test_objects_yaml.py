"""Objects as YAML: kubectl's output, several documents, pasted with what stood around it; damaged and hostile ones."""

import io
import time

import api_objects as api
import pytest
import yaml
from api_objects import IMAGE, REFUSED, facts_of, read

from whypull.model import PodSeen, Said
from whypull.read.gather import Gathered
from whypull.read.grouping import cases as cases_of
from whypull.read.inventory import Inventory
from whypull.read.objects import read_objects
from whypull.read.sources import Source
from whypull.read.yaml_objects import Documents

LONG = f'Back-off pulling image "{IMAGE}": ErrImagePull: {REFUSED}'
BAD = [api.pod(f"api-{n}", waiting=("ImagePullBackOff", LONG)) for n in range(4)]
NAMES = [f"api-{n}" for n in range(4)]
FINE = [api.pod(f"web-{n}", running=api.START) for n in range(3)]


class _Indented(yaml.SafeDumper):
    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)


def dump(what, **style):
    return yaml.safe_dump(what, **style)


WHOLE = dump(api.listed(FINE[0], *BAD, FINE[1]))
FORMS = {
    "kubectl's list": WHOLE,
    "folded": dump(api.listed(*BAD), width=60),
    "indented items": yaml.dump(api.listed(*BAD), Dumper=_Indented),
    "kind first": dump({"kind": "PodList", "apiVersion": "v1", "items": [{k: v for k, v in p.items() if k != "kind"} for p in BAD]}, sort_keys=False),
    "documents": "---\n" + "---\n".join(dump(p) for p in BAD),
    "documents with comments": "# from the cluster\n---\n" + "\n---\n# the next\n".join(dump(p) for p in BAD),
    "windows": WHOLE.replace("\n", "\r\n"),
    "fenced": "```yaml\n" + WHOLE + "```\n",
    "after a prompt": "$ kubectl get pods -o yaml\n" + WHOLE,
    "after another prompt": "anna@jump:~$ kubectl get pods -n payments -o yaml\n" + WHOLE + "anna@jump:~$ kubectl get nodes\n",
    "quoted": "".join(f"> {line}\n" for line in WHOLE.splitlines()),
    "plain list": dump(BAD),
    "JSON in YAML": "---\n" + "\n---\n".join(yaml.safe_dump(p, default_flow_style=True) for p in BAD[:0]) + "\n---\n".join(dump(p) for p in BAD),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_failing_pod_of_every_form_is_found_with_its_words(form):
    cases, _ = read(FORMS[form])
    assert [c.pull.pod for c in cases] == NAMES
    assert all(LONG in {s.text for s in facts_of(c, Said)} for c in cases)
    assert all(c.pull.node == "np1-3" and facts_of(c, PodSeen)[0].service_account == "default" for c in cases)


@pytest.mark.parametrize("size", [13, 500, 4096])
@pytest.mark.parametrize("form", FORMS)
def test_it_does_not_matter_where_the_stream_is_cut(form, size):
    data = FORMS[form].encode()
    whole = Documents(iter([data]))
    pieces = Documents(data[i : i + size] for i in range(0, len(data), size))
    names = [[t.metadata and t.metadata.name for batch in r.batches() for t in batch] for r in (whole, pieces)]
    assert names[0] == names[1]
    assert b"".join(whole.texts) == b"".join(pieces.texts)


def test_pods_that_run_are_known_without_being_parsed():
    failed = api.event(f'Failed to pull image "{IMAGE}": {REFUSED}', name="web-1", last="2026-11-20T07:00:00Z")
    managed = {
        **FINE[1],
        "metadata": {
            **FINE[1]["metadata"],
            "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {"f:waiting": {}}}}],
            "ownerReferences": [{"kind": "ReplicaSet", "name": "other", "uid": "z"}],
        },
    }
    assert read(dump(api.listed(managed, failed)))[0] == ()
    assert read(dump(managed) + "---\n" + dump(failed))[0] == ()
    assert len(read(dump(failed))[0]) == 1


@pytest.mark.parametrize("quote", ["'", '"', ""])
def test_a_pod_that_runs_is_not_parsed_however_its_times_are_quoted(quote, monkeypatch):
    monkeypatch.setattr("whypull.read.yaml_gate.yaml.load", None)
    text = dump(api.listed(*FINE)).replace("'2026-11-20T08:00:00Z'", f"{quote}2026-11-20T08:00:00Z{quote}")
    into, inventory = Gathered(), Inventory()
    assert read_objects(text.encode(), into, inventory)
    assert inventory.running == {("payments", f"web-{n}"): (f"uid-web-{n}", api.START) for n in range(3)}


def test_events_nodes_and_secrets_are_read_too():
    made = api.pod(waiting=("ErrImagePull", REFUSED), spec__imagePullSecrets=[{"name": "regcred"}])
    cases, _ = read(
        dump(api.listed(made, api.node(), api.secret(), api.account(), api.event(f"Failed to pull image: {REFUSED}")))
    )
    assert {type(f).__name__ for f in cases[0].facts} == {"Said", "PodSeen", "AccountSeen", "SecretSeen", "NodeSeen"}


def test_dates_numbers_and_words_of_yaml_stay_what_the_api_means():
    text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: 1234\n  namespace: on\n  creationTimestamp: 2026-11-20T08:00:00Z\n  labels: {app: yes, n: 5}\nspec:\n  containers: [{name: api, image: a:1}]\nstatus:\n  containerStatuses:\n  - {name: api, image: a:1, restartCount: 0, state: {waiting: {reason: ErrImagePull, message: null}}}\n"
    cases, _ = read(text)
    assert (cases[0].pull.pod, cases[0].pull.namespace) == ("1234", "on")
    seen = facts_of(cases[0], PodSeen)[0]
    assert seen.created == "2026-11-20T08:00:00Z"
    assert dict(seen.labels) == {"app": "yes", "n": "5"}


@pytest.mark.parametrize("lines", [1, 3, 6])
def test_a_list_that_is_cut_off_gives_what_is_whole(lines):
    text = dump(api.listed(*BAD), width=1000)
    at = text.index("name: api-2")
    cut = "\n".join(text[: text.index("imageID", at)].splitlines()[:-lines]) + '\n        message: "half of a'
    cases, into = read(cut)
    assert [c.pull.pod for c in cases][:2] == ["api-0", "api-1"]
    assert any("breaks off" in note for note in into.notes)


def test_tabs_and_no_break_blanks_for_indentation():
    text = dump(BAD[0], width=1000)
    assert len(read(text.replace("  ", "\t"))[0]) == 1
    assert len(read(text.replace("  ", "\u00a0 "))[0]) == 1


def test_windows_1252_is_read():
    assert len(read(dump(BAD[0]).encode().replace(b"back-off", b"caf\xe9 \x93x\x94"))[0]) == 1


def test_an_error_text_beside_a_fenced_manifest_is_read_too():
    manifest = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: api-0\nspec:\n  containers:\n  - name: api\n    image: registry.shop.example/api:1\n"
    text = f'```yaml\n{manifest}```\nand then the events say\n```\nFailed to pull image "registry.shop.example/api:1": {REFUSED}\n```\n'
    cases, _ = read(text)
    assert any(REFUSED in s.text for c in cases for s in facts_of(c, Said))


ALIASES = "apiVersion: v1\nkind: Pod\na: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)
HOSTILE = {
    "alias bomb": ALIASES,
    "alias to itself": "apiVersion: v1\nkind: Pod\nmetadata: &m\n  labels: *m\n",
    "deep flow": "apiVersion: v1\nkind: Pod\nmetadata: " + "[" * 50_000,
    "deep block": "apiVersion: v1\nkind: Pod\nmetadata:\n" + "".join(" " * n + "a:\n" for n in range(1, 3000)),
    "hundredfold": "apiVersion: v1\nkind: Pod\nmetadata:\n" + "".join(" " * n + "a:\n" for n in range(1, 100)),
    "tag": "apiVersion: v1\nkind: Pod\nmetadata: !!python/object/apply:os.system [id]\n",
    "open quote": 'apiVersion: v1\nkind: Pod\nmetadata: "' + "x\n" * 100_000,
    "keys": "apiVersion: v1\nkind: Pod\nmetadata:\n" + "".join(f"  k{n}: {{a: [b, c]}}\n" for n in range(20_000)),
    "duplicate keys": "apiVersion: v1\nkind: Pod\nkind: Pod\n? [a, b]\n: c\n",
    "control characters": "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\x00\x07b\n",
    "only a head": "apiVersion: v1\nitems:\n",
    "items of nothing": "apiVersion: v1\nitems:\n- \n- -\n- [\n- kind: Pod\n",
    "many damaged": "apiVersion: v1\nitems:\n" + '- kind: Pod\n  "\n' * 2000,
    "endless prompt": "apiVersion: v1\nkind: Pod\n" + "a" * 300_000 + "$ \n",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_yaml_neither_crashes_nor_lasts(what):
    into, inventory = Gathered(), Inventory()
    began = time.process_time()
    assert read_objects(HOSTILE[what].encode(), into, inventory)
    cases_of(into, inventory)
    assert time.process_time() - began < 5


def test_aliases_are_refused_in_one_sentence_and_a_text_with_signs_is_none():
    assert "aliases" in next(iter(read(ALIASES)[1].notes))
    harmless = {**BAD[0], "metadata": {**BAD[0]["metadata"], "annotations": {"a": "x &b and *b", "b": "- &c"}}}
    assert len(read(dump(harmless))[0]) == 1


@pytest.mark.parametrize(
    "text", ["Name: api-0\nNamespace: x\nEvents:\n  apiVersion: v1\n", "kubectl get pods\nNAME READY\n", "hello\n"]
)
def test_what_is_no_object_is_left_whole_for_other_readers(text):
    source = Source("x", io.BytesIO(text.encode()).read)
    assert read_objects(source, Gathered(), Inventory()) is False
    assert bytes(source) == text.encode()
