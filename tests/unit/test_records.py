"""The package's dataclasses behave as the standard ones, of which they spare the start the cost."""

import copy
import dataclasses
import pickle
import re
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whypull import lazy, records
from whypull.causes import Says
from whypull.model import Diagnosis, Finding, Fix, Pull


def pair(frozen, slots):
    """The same class, made by both."""

    def made(decorate, field):
        class Point:
            x: int
            y: str = "y"
            items: list = field(default_factory=list)
            hidden: int = field(default=3, repr=False)

            @property
            def double(self):
                return self.x * 2

        return decorate(frozen=frozen, slots=slots)(Point)

    return made(records.dataclass, records.field), made(dataclasses.dataclass, dataclasses.field)


KINDS = [(True, True), (False, True), (True, False), (False, False)]


@pytest.mark.parametrize(("frozen", "slots"), KINDS)
@pytest.mark.parametrize(
    ("args", "named"), [((1,), {}), ((1, "a"), {"hidden": 4}), ((), {"x": 2, "items": [1]}), ((1, "b", [2], 5), {})]
)
def test_objects_are_the_same(frozen, slots, args, named):
    ours, standard = (cls(*args, **named) for cls in pair(frozen, slots))
    again = type(ours)(*args, **named)
    assert repr(ours) == repr(standard)
    assert dataclasses.asdict(ours) == dataclasses.asdict(standard)
    assert ours == again
    assert ours != standard
    assert ours.double == standard.double
    assert copy.deepcopy(ours) == ours
    assert copy.copy(ours) == ours
    assert records.replace(ours, x=9) == dataclasses.replace(ours, x=9) != ours
    assert type(ours).__match_args__ == type(standard).__match_args__


@pytest.mark.parametrize(("frozen", "slots"), KINDS)
@pytest.mark.parametrize(("args", "named"), [((), {}), ((1, 2, 3, 4, 5), {}), ((1,), {"z": 1}), ((1,), {"x": 1})])
def test_wrong_calls_are_refused_alike(frozen, slots, args, named):
    said = []
    for cls in pair(frozen, slots):
        with pytest.raises(TypeError) as e:
            cls(*args, **named)
        said.append(str(e.value))
    assert said[0] == said[1]


def test_a_factory_makes_a_new_one_each_time():
    ours, _ = pair(frozen=True, slots=True)
    assert ours(1).items is not ours(1).items


def test_frozen_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Pull("a").image = "b"
    with pytest.raises(dataclasses.FrozenInstanceError):
        del Pull("a").image


def test_only_the_frozen_have_a_hash():
    assert hash(Pull("a")) == hash(Pull("a")) != hash(Pull("b"))
    changeable, _ = pair(frozen=False, slots=True)
    with pytest.raises(TypeError):
        hash(changeable(1))


def test_slots_have_no_dict():
    assert not hasattr(Pull("a"), "__dict__")


def test_what_the_standard_library_sees():
    assert dataclasses.is_dataclass(Pull)
    assert dataclasses.is_dataclass(Pull("a"))
    assert [f.name for f in dataclasses.fields(Fix)] == ["who", "do", "run", "wait"]
    assert dataclasses.fields(Fix)[1].default == ""
    assert dataclasses.asdict(Diagnosis("cause", Pull("a"), (Finding("c", "proved", "t", ("b",)),)))["findings"][0][
        "because"
    ] == ("b",)


texts = st.text(max_size=5)


@given(st.builds(Pull, texts, texts, texts), st.builds(Pull, texts, texts, texts))
def test_a_noun_is_its_fields(one, other):
    assert (one == other) == (dataclasses.astuple(one) == dataclasses.astuple(other))
    assert pickle.loads(pickle.dumps(one)) == one
    match one:
        case Pull(image, namespace, pod):
            assert (image, namespace, pod) == (one.image, one.namespace, one.pod)


def test_named_tuples_are_as_the_standard_ones():
    class Ours(records.NamedTuple):
        x: int
        y: str = "y"

        @property
        def double(self):
            return self.x * 2

    class Standard(typing.NamedTuple):
        x: int
        y: str = "y"

    for args, named in [((1,), {}), ((1, "a"), {}), ((), {"x": 2}), ((3,), {"y": "b"})]:
        ours, standard = Ours(*args, **named), Standard(*args, **named)
        assert tuple(ours) == tuple(standard)
        assert repr(ours) == repr(standard).replace("Standard", "Ours")
        assert ours._replace(x=9)._asdict() == standard._replace(x=9)._asdict()
        assert (ours.x, ours.y, ours.double, ours[0]) == (standard.x, standard.y, standard.x * 2, standard[0])
        assert copy.copy(ours) == ours
        assert hash(ours) == hash(standard)
    for args, named in [((), {}), ((1, 2, 3), {}), ((1,), {"z": 1}), ((1,), {"x": 1})]:
        with pytest.raises(TypeError):
            Ours(*args, **named)
    assert pickle.loads(pickle.dumps(Says("a", "b", ()))) == Says("a", "b", ())


def test_a_lazy_pattern_is_a_pattern():
    ours, standard = lazy.regex(r"(?P<a>x)y*", re.IGNORECASE), re.compile(r"(?P<a>x)y*", re.IGNORECASE)
    assert ours.sub("-", "aXyb") == standard.sub("-", "aXyb")
    assert ours.search("aXyb")["a"] == "X"
    assert [m[0] for m in ours.finditer("xyXyy")] == ["xy", "Xyy"]
    assert (ours.pattern, dict(ours.groupindex), ours.flags) == (standard.pattern, dict(standard.groupindex), standard.flags)
    assert ours.fullmatch("z") is None
    with pytest.raises(AttributeError):
        _ = ours.surprise
