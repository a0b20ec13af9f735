"""Dataclasses and named tuples that cost nothing until they are used: the same names, for a start that is short.

The standard decorator compiles six methods a class, which with its own imports is 30 ms of every start for the nouns of this
package, a third of what a whole explanation may take. Here `__init__` is compiled when a class is first instantiated, and the
other methods are shared. Type checkers see the standard ones; so do dataclasses.fields, asdict and is_dataclass at run time.
What the package does not use (inheritance, order, kw_only, InitVar, ClassVar) is not there.
"""

from __future__ import annotations

from operator import attrgetter, itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, field, replace
    from typing import Any, NamedTuple, NoReturn, TypeVar

    T = TypeVar("T")

__all__ = ["NamedTuple", "dataclass", "field", "replace"]

_MISSING: Any = object()


class _Field:
    """A field with a factory, or one that a representation leaves out."""

    __slots__ = ("default", "default_factory", "repr")

    def __init__(self, *, default: Any = _MISSING, default_factory: Any = _MISSING, repr: bool = True) -> None:  # noqa: A002
        self.default, self.default_factory, self.repr = default, default_factory, repr


class _Plan:
    """What is known of one class: its fields in order, and whether it is frozen."""

    __slots__ = ("fields", "frozen", "get", "names")

    def __init__(self, fields: dict[str, _Field], *, frozen: bool) -> None:
        self.fields, self.frozen, self.names = fields, frozen, tuple(fields)
        self.get: Callable[[Any], Any] = attrgetter(*fields) if fields else _nothing

    def values(self, one: Any) -> tuple[Any, ...]:
        """The values of an object's fields."""
        got = self.get(one)
        return got if len(self.names) != 1 else (got,)


def _nothing(_: object) -> tuple[()]:
    return ()


def _dataclass(cls: Any = None, /, *, frozen: bool = False, slots: bool = False) -> Any:
    """As dataclasses.dataclass, for classes without bases."""
    if cls is None:
        return lambda late: _made(late, frozen=frozen, slots=slots)
    return _made(cls, frozen=frozen, slots=slots)


def _made(cls: type, *, frozen: bool, slots: bool) -> type:
    body = dict(vars(cls))
    fields: dict[str, _Field] = {}
    for name in body.get("__annotations__", ()):
        given = body.pop(name, _MISSING)
        fields[name] = given if isinstance(given, _Field) else _Field(default=given)
        if not slots and fields[name].default is not _MISSING:
            body[name] = fields[name].default
    plan = _Plan(fields, frozen=frozen)
    body.pop("__dict__", None)
    body.pop("__weakref__", None)
    if slots:
        body["__slots__"] = plan.names
    body |= {
        "__init__": _first_init, "__eq__": _eq, "__repr__": body.get("__repr__", _repr), "__match_args__": plan.names,
        "__hash__": _hash if frozen else None, "__record__": plan, "__dataclass_fields__": _StandardFields(),
        "__getstate__": _getstate, "__setstate__": _setstate,
    }  # fmt: skip
    if frozen:
        body |= {"__setattr__": _refuse, "__delattr__": _refuse}
    made = type(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _first_init(self: Any, *args: Any, **named: Any) -> None:
    """The first object of a class: compiles its __init__, as the standard decorator does for all classes at once."""
    cls = type(self)
    init = _compiled_init(cls)
    cls.__init__ = init
    init(self, *args, **named)


def _compiled_init(cls: Any) -> Any:
    plan: _Plan = cls.__record__
    known: dict[str, Any] = {"_set": object.__setattr__, "_missing": _MISSING}
    parameters, lines = ["self"], []
    for name, one in plan.fields.items():
        value = name
        if one.default_factory is not _MISSING:
            known[f"_make_{name}"] = one.default_factory
            parameters.append(f"{name}=_missing")
            value = f"_make_{name}() if {name} is _missing else {name}"
        elif one.default is not _MISSING:
            known[f"_default_{name}"] = one.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        lines.append(f"  _set(self, {name!r}, {value})" if plan.frozen else f"  self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("  self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines or ["  pass"]), known)  # noqa: S102 - names of fields
    init = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    plan: _Plan = self.__record__
    return plan.get(self) == plan.get(other)


def _hash(self: Any) -> int:
    plan: _Plan = self.__record__
    return hash(plan.get(self))


def _repr(self: Any) -> str:
    plan: _Plan = self.__record__
    shown = (f"{name}={getattr(self, name)!r}" for name, one in plan.fields.items() if one.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(self: Any, name: str, *_: object) -> NoReturn:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - only for whoever breaks the rule

    raise FrozenInstanceError(f"cannot change field {name!r} of a {type(self).__name__}")


def _getstate(self: Any) -> tuple[Any, ...]:
    plan: _Plan = self.__record__
    return plan.values(self)


def _setstate(self: Any, state: tuple[Any, ...]) -> None:
    for name, value in zip(self.__record__.names, state, strict=True):
        object.__setattr__(self, name, value)


def _replaced(one: Any, /, **changes: Any) -> Any:
    """As dataclasses.replace."""
    plan: _Plan = one.__record__
    return type(one)(**{**dict(zip(plan.names, plan.values(one), strict=True)), **changes})


class _StandardFields:
    """What dataclasses.fields, asdict and is_dataclass look at, made when one of them does."""

    def __get__(self, one: object, cls: Any) -> Any:
        import dataclasses  # noqa: PLC0415 - the point of this module

        plan: _Plan = cls.__record__
        body: dict[str, Any] = {"__annotations__": cls.__annotations__, "__module__": cls.__module__}
        for name, field_ in plan.fields.items():
            given = {k: getattr(field_, k) for k in ("default", "default_factory") if getattr(field_, k) is not _MISSING}
            body[name] = dataclasses.field(repr=field_.repr, **given)
        standard: Any = dataclasses.dataclass(type(cls.__name__, (), body))
        cls.__dataclass_fields__ = standard.__dataclass_fields__
        return cls.__dataclass_fields__


class _NamedTuple(tuple):  # type: ignore[type-arg]  # Any is not imported at run time
    """As typing.NamedTuple, for a class whose fields are its annotations."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _field_defaults: dict[str, Any] = {}  # noqa: RUF012 - the name and kind of the standard one

    def __init_subclass__(cls) -> None:
        cls._fields = tuple(cls.__annotations__)
        cls._field_defaults = {name: vars(cls)[name] for name in cls._fields if name in vars(cls)}
        cls.__match_args__ = cls._fields  # type: ignore[misc,attr-defined]
        for place, name in enumerate(cls._fields):
            setattr(cls, name, property(itemgetter(place)))

    def __new__(cls, *args: Any, **named: Any) -> Any:
        if len(args) == len(cls._fields) and not named:
            return tuple.__new__(cls, args)
        given = {**cls._field_defaults, **dict(zip(cls._fields, args, strict=False)), **named}
        if len(args) > len(cls._fields) or set(given) != set(cls._fields) or set(named) & set(cls._fields[: len(args)]):
            raise TypeError(f"{cls.__name__}() takes the fields {', '.join(cls._fields)}")
        return tuple.__new__(cls, [given[name] for name in cls._fields])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in zip(self._fields, self, strict=True))})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def _replace(self, **changes: Any) -> Any:
        return type(self)(**{**self._asdict(), **changes})


if not TYPE_CHECKING:
    NamedTuple, dataclass, field, replace = _NamedTuple, _dataclass, _Field, _replaced
