"""The forms in which objects come as JSON: lists of all kinds, one after the other, cut off, broken; in pieces of any size."""

import io
import json

import api_objects as api
import pytest
from api_objects import REFUSED, read

from whypull import casefile
from whypull.model import Case, Pull, Said
from whypull.read.gather import Gathered
from whypull.read.grouping import cases as cases_of
from whypull.read.inventory import Inventory
from whypull.read.json_objects import Objects
from whypull.read.objects import read_objects
from whypull.read.sources import Source

BAD = [api.pod(f"api-{n}", waiting=("ErrImagePull", REFUSED)) for n in range(7)]
NAMES = [f"api-{n}" for n in range(7)]


def bare(kind, items, **dump):
    items = [{k: v for k, v in one.items() if k not in {"apiVersion", "kind"}} for one in items]
    return json.dumps(
        {"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "7", "remainingItemCount": 5}, "items": items}, **dump
    )


FORMS = {
    "kubectl's list": json.dumps(api.listed(*BAD), indent=4),
    "compact list": json.dumps(api.listed(*BAD), separators=(",", ":")),
    "the API's list": bare("PodList", BAD, separators=(",", ":")),
    "the API's list, indented": bare("PodList", BAD, indent=2),
    "array": json.dumps(BAD),
    "one after the other": "\n".join(json.dumps(p, indent=4) for p in BAD),
    "JSON lines": "\n".join(json.dumps(p) for p in BAD) + "\n",
    "watch": "\n".join(json.dumps({"type": "ADDED", "object": p}) for p in BAD),
    "kubectl's watch": "\n".join(json.dumps({"type": "MODIFIED", "object": p}, indent=4) for p in BAD),
    "two lists": json.dumps(api.listed(*BAD[:3]), indent=4) + "\n" + json.dumps(api.listed(*BAD[3:]), indent=4),
    "list of lists": json.dumps([api.listed(*BAD[:3]), api.listed(*BAD[3:])]),
    "items that begin differently": json.dumps(api.listed(*(dict(reversed(p.items())) if n % 2 else p for n, p in enumerate(BAD))), indent=4),
    "keys in another order": json.dumps({"items": BAD, "kind": "List", "apiVersion": "v1"}),
    "odd item between": json.dumps(api.listed(*BAD[:3], {"apiVersion": "x/v1", "kind": "Odd", "status": "fine", "metadata": {"labels": [1]}}, *BAD[3:])),
    "empty list before": '{"apiVersion":"v1","items":[],"kind":"List"}' + json.dumps(api.listed(*BAD)),
    "log between": '{"kind":"PodList","apiVersion":"v1","items":[]}\n==== START logs for container api of pod x/y ====\nFailed to pull image "z": no\n'
    "{\n==== END logs for container api of pod x/y ====\n" + json.dumps(api.listed(*BAD)),
    "behind a mark": "\ufeff" + json.dumps(api.listed(*BAD)),
    "after a prompt": "anna@jump:~$ kubectl get pods -o json\n" + json.dumps(api.listed(*BAD), indent=4) + "\nanna@jump:~$ kubectl get nodes\n",
    "fenced": "```json\n" + json.dumps(api.listed(*BAD), indent=4) + "\n```\n",
    "quoted": "\n".join("> " + line for line in json.dumps(api.listed(*BAD), indent=4).splitlines()),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_pod_of_every_form_is_found(form):
    cases, into = read(FORMS[form].removeprefix("\ufeff") if form != "behind a mark" else FORMS[form])
    assert [c.pull.pod for c in cases] == NAMES
    assert not into.notes


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
@pytest.mark.parametrize("form", FORMS)
def test_it_does_not_matter_where_the_stream_is_cut(form, size):
    data = FORMS[form].removeprefix("\ufeff").encode()
    if size == 1 and len(data) > 12_000:
        data = data[:6000]
    if form == "quoted":
        data = data[:0]
    blocks = (data[i : i + size] for i in range(0, len(data), size))
    whole, pieces = Objects(iter([data])), Objects(blocks)
    names = [[t.metadata and t.metadata.name for batch in r.batches() for t in batch] for r in (whole, pieces)]
    assert names[0] == names[1]
    assert whole.notes == pieces.notes


@pytest.mark.parametrize("indent", [None, 4])
def test_a_list_that_is_cut_off_gives_its_whole_items_and_a_note(indent):
    text = json.dumps(api.listed(*BAD), indent=indent)
    cut = text.index('"api-4"')
    cases, into = read(text[:cut])
    assert [c.pull.pod for c in cases] == NAMES[:4]
    assert "ends in the middle" in next(iter(into.notes))


def test_of_an_object_that_is_cut_off_what_is_whole_counts_and_no_half_text():
    text = json.dumps(api.pod(waiting=("ErrImagePull", REFUSED)))
    cases, into = read(text[: text.index("registry.shop.example", text.index("ErrImagePull")) + 12])
    assert [(c.pull.pod, [f.text for f in c.facts if isinstance(f, Said)]) for c in cases] == [("api-0", [""])]
    assert "ends in the middle" in next(iter(into.notes))


def test_deleted_pods_of_a_watch_do_not_fail():
    events = [{"type": "ADDED", "object": BAD[0]}, {"type": "DELETED", "object": BAD[1]}]
    cases, _ = read("\n".join(map(json.dumps, events)))
    assert [c.pull.pod for c in cases] == ["api-0"]


def test_the_last_state_of_a_watch_counts():
    events = [{"type": "ADDED", "object": BAD[0]}, {"type": "MODIFIED", "object": api.pod("api-0", running=api.START)}]
    assert read("\n".join(map(json.dumps, events)))[0] == ()
    assert len(read("\n".join(map(json.dumps, events[::-1])))[0]) == 1


def test_a_table_of_pods_and_one_of_events():
    pods = {
        "kind": "Table", "apiVersion": "meta.k8s.io/v1",
        "columnDefinitions": [{"name": n, "type": "string"} for n in ("Name", "Ready", "Status", "Restarts", "Age", "IP", "Node")],
        "rows": [
            {"cells": ["api-0", "0/1", "Init:ImagePullBackOff", 0, "5m", "<none>", "np1-3"], "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {"name": "api-0", "namespace": "payments"}}},
            {"cells": ["web-0", "1/1", "Running", 0, "5m", "10.0.0.1", "np1-3"], "object": {"metadata": {"name": "web-0", "namespace": "payments"}}},
        ],
    }  # fmt: skip
    cases, _ = read(pods)
    assert [(c.pull.pod, c.pull.namespace, c.pull.node) for c in cases] == [("api-0", "payments", "np1-3")]
    events = {
        "kind": "Table", "apiVersion": "meta.k8s.io/v1",
        "columnDefinitions": [{"name": n} for n in ("Last Seen", "Type", "Reason", "Object", "Message")],
        "rows": [{"cells": ["5m", "Warning", "Failed", "pod/api-0", f'Failed to pull image "x": {REFUSED}'], "object": {"metadata": {"name": "e", "namespace": "payments"}}}],
    }  # fmt: skip
    assert [c.pull.pod for c in read(events)[0]] == ["api-0"]


def test_a_saved_case_is_replayed_as_it_is():
    case = Case(Pull(image="a:1", pod="p"), (Said("Failed to pull image"),), "node np1-3")
    cases, _ = read(casefile.dumps(case))
    assert cases == (case,)


def test_a_damaged_case_is_said_to_be_one():
    cases, into = read('{"schema": "whypull-case/1", "pull": {}}')
    assert cases == ()
    assert "case file cannot be read" in next(iter(into.notes))


@pytest.mark.parametrize(
    "text",
    [
        '{"ts":1700000000000.1,"caller":"kubelet/pod_workers.go:1301","msg":"Error syncing pod, skipping","pod":{"name":"api-0"},"err":"x \\"apiVersion\\": \\"v1\\""}',
        '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}',
        "[INFO] pulling image",
        '["a", "b"]',
        "{not json",
        "Name:  api-0\nAnnotations: apiVersion: v1\nEvents:\n  kind: x\n",
        "",
    ],
)
def test_what_is_no_object_is_left_whole_for_other_readers(text):
    source = Source("x", io.BytesIO(text.encode()).read)
    assert read_objects(source, Gathered(), Inventory()) is False
    assert bytes(source) == text.encode()


def test_what_stands_around_objects_is_read_as_text_and_the_objects_are_not():
    from whypull.read.reading import read_text

    said = f'Failed to pull image "registry.shop.example/web:3": {REFUSED}'
    reading = read_text(json.dumps(api.listed(BAD[0]), indent=4) + f"\nand then\n{said}\n")
    assert sorted(c.pull.image for c in reading.cases) == [api.IMAGE, "registry.shop.example/web:3"]
    assert [c.pull.pod for c in read_text(FORMS["after a prompt"]).cases] == NAMES
    assert {s.via for c in read_text(json.dumps(BAD[0])).cases for s in c.facts if isinstance(s, Said)} == {"status"}


def test_objects_from_several_sources_are_joined():
    into, inventory = Gathered(), Inventory()
    for document in (
        api.secret(),
        api.pod(waiting=("ErrImagePull", ""), spec__imagePullSecrets=[{"name": "regcred"}]),
        api.event(f"Failed to pull image: {REFUSED}"),
    ):
        assert read_objects(json.dumps(document).encode(), into, inventory)
    cases = cases_of(into, inventory)
    assert len(cases) == 1
    assert {type(f).__name__ for f in cases[0].facts} == {"Said", "PodSeen", "SecretSeen"}


HOSTILE = {
    "deep": b'{"apiVersion":"v1","kind":"Pod","metadata":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
    "deep arrays": b'[{"apiVersion":"v1","a":' + b"[" * 200_000,
    "one long text": b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"' + b"x" * 3_000_000,
    "no objects": b'{"apiVersion":' * 3000,
    "windows-1252": b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"caf\xe9"}}',
    "lone surrogate": b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a\\ud800"}}',
    "control characters": b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a\x00\nb"}}',
    "wrong types": b'{"apiVersion":1,"kind":"Pod","metadata":{"name":{}},"spec":[],"status":{"containerStatuses":"x"}}',
    "lists in lists": b'{"apiVersion":"v1","items":[{"items":' * 300,
    "closing": b'{"apiVersion":"v1"}]}}}}]]]',
    "nulls": b'{"apiVersion":null,"kind":null,"items":null,"metadata":null,"spec":null,"status":null}{"kind":"PodList"}',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_json_neither_crashes_nor_lasts(what):
    into, inventory = Gathered(), Inventory()
    read_objects(HOSTILE[what], into, inventory)
    cases_of(into, inventory)


def test_wrong_types_void_only_their_own_field():
    made = api.pod(waiting=("ErrImagePull", REFUSED), spec__imagePullSecrets="regcred")
    made["metadata"]["labels"] = [1, 2]
    made["metadata"]["creationTimestamp"] = 5
    cases, _ = read(made)
    assert [c.pull.container for c in cases] == ["api"]
