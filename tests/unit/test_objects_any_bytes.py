"""Any bytes at all, and outputs of kubectl with bytes changed: no reader of objects crashes, and no secret gets out."""

import json

import api_objects as api
import yaml
from api_objects import REFUSED
from hypothesis import given, settings
from hypothesis import strategies as st

from whypull.read.gather import Gathered
from whypull.read.grouping import cases
from whypull.read.inventory import Inventory
from whypull.read.objects import read_objects

PASSWORD = "Zq7-never-shown-9xW"
SECRET = api.secret(auths={"registry.shop.example": {"auth": api.basic("robot", PASSWORD), "password": PASSWORD}})
OBJECTS = api.listed(
    api.pod(waiting=("ErrImagePull", REFUSED), spec__imagePullSecrets=[{"name": "regcred"}]),
    api.pod("web-0", running=api.START), api.event(f"Failed to pull image: {REFUSED}"), api.node(images=[["a:1"]]), api.account(), SECRET,
)  # fmt: skip
TEXTS = [
    json.dumps(OBJECTS).encode(),
    json.dumps(OBJECTS, indent=4).encode(),
    yaml.safe_dump(OBJECTS).encode(),
    "\n".join(map(json.dumps, OBJECTS["items"])).encode(),
]
NEEDLES = [PASSWORD, SECRET["data"][".dockerconfigjson"], api.basic("robot", PASSWORD)]


def shown(data):
    into, inventory = Gathered(), Inventory()
    read_objects(data, into, inventory)
    return repr(cases(into, inventory)) + repr(into.notes)


@given(st.binary(max_size=400))
def test_any_bytes(data):
    shown(data)
    shown(b'{"apiVersion":"v1","items":[{"kind":"Pod",' + data)
    shown(b"apiVersion: v1\nitems:\n- " + data)


@settings(deadline=None)
@given(
    st.sampled_from(TEXTS),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 40)), min_size=1, max_size=6),
)
def test_changed_outputs(text, changes):
    for where, put, cut in changes:
        at = int(where * len(text))
        text = text[:at] + put + text[at + cut :]
    shown(text)


@settings(deadline=None)
@given(st.sampled_from(TEXTS), st.floats(0, 1))
def test_an_output_that_ends_anywhere_shows_no_secret(text, where):
    found = shown(text[: int(where * len(text))])
    assert not [needle for needle in NEEDLES if needle in found]


def test_a_whole_output_shows_no_secret():
    for text in TEXTS:
        found = shown(text)
        assert "regcred" in found
        assert not [needle for needle in NEEDLES if needle in found]
