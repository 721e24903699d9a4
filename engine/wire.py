"""Stable names and bytes: every class that leaves a process has a `name/version` here.

A class path never reaches a journal or a socket, so code can move without changing a fact.
Structuring is strict: an `int` is never taken from a float, a bool or a string, and an unknown
field is an error that names its path.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from operator import attrgetter
from typing import Any, TypeVar

import attrs
import cattrs
import orjson
from cattrs.errors import IterableValidationError, IterableValidationNote
from cattrs.fns import identity
from cattrs.gen import (
    make_dict_structure_fn,
    make_dict_unstructure_fn,
    make_mapping_structure_fn,
    override,
)

from engine.building import quick_structure

T = TypeVar("T")
H = TypeVar("H", bound=Callable[..., Any])
_CANONICAL = orjson.OPT_SORT_KEYS
_ATOMS = frozenset((str, int, bool, type(None)))


class WireError(ValueError):
    """Bytes or fields that are not what their name promises; `problems` say where and why."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def _strict(expected: type) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        if type(value) is not expected:
            raise TypeError(f"expected {expected.__name__}, got {type(value).__name__}")
        return value

    return structure


def _structure_bytes(value: Any, _: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"expected hexadecimal text, got {type(value).__name__}")
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise ValueError("expected hexadecimal text") from None


def _once(factory: Callable[[type], H]) -> Callable[[type], H]:
    """A factory of hooks that makes one a class. The library makes another for each field that
    holds such a class, and forgets all of them whenever it first meets a mapping."""
    made: dict[type, H] = {}

    def remembering(cls: type) -> H:
        hook = made.get(cls)
        if hook is None:
            hook = made[cls] = factory(cls)
        return hook

    return remembering


def _attrs_structure(converter: cattrs.Converter) -> Callable[[type], Callable[[Any, Any], Any]]:
    def factory(cls: type) -> Callable[[Any, Any], Any]:
        def make() -> Callable[[Any, Any], Any]:
            return make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True)

        if not converter.detailed_validation:
            # The long one asks what is there by name, so what is no object fails in it anyhow.
            return quick_structure(cls, converter.get_structure_hook, make) or make()
        inner = make()

        def structure(value: Any, target: Any) -> Any:
            # Plain data is a dict nearly always, and asking for that first is ten times as quick.
            if type(value) is not dict and not isinstance(value, Mapping):
                raise TypeError(f"expected an object, got {type(value).__name__}")
            return inner(value, target)

        return structure

    return _once(factory)


def _attrs_unstructure(converter: cattrs.Converter) -> Callable[[type], Callable[[Any], Any]]:
    def factory(cls: type) -> Callable[[Any], Any]:
        fields: dict[str, Any] = {
            entry.name: override(omit_if_default=False) for entry in attrs.fields(cls)
        }
        return make_dict_unstructure_fn(cls, converter, **fields)

    return _once(factory)


def _plain_unstructure(converter: cattrs.Converter) -> Callable[[Any], Any]:
    """For what says of itself only that it is plain data, which nearly all of it is already."""

    def plain(value: Any) -> Any:
        kind = type(value)
        if kind in _ATOMS:
            return value
        if kind is dict:
            return {
                key if type(key) is str else plain(key): entry
                if type(entry) in _ATOMS
                else plain(entry)
                for key, entry in value.items()
            }
        if kind is list:
            return [entry if type(entry) in _ATOMS else plain(entry) for entry in value]
        return converter.unstructure(value)

    return plain


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _enum_structure(kind: type[Enum]) -> Callable[[Any, Any], Any]:
    """By a look into what it has; what it has not, or cannot have, is told what it has."""
    known = kind._value2member_map_

    def structure(value: Any, _: Any) -> Any:
        try:
            return known[value]
        except (KeyError, TypeError):
            choices = ", ".join(map(str, known))
            raise ValueError(f"expected one of {choices}") from None

    return structure


def _is_sequence_of(value: Any) -> bool:
    return typing.get_origin(value) is tuple


def _is_variadic(value: Any) -> bool:
    args = typing.get_args(value)
    return _is_sequence_of(value) and len(args) == 2 and args[1] is Ellipsis


def _tuple_unstructure(converter: cattrs.Converter) -> Callable[[Any], Callable[[Any], Any]]:
    def factory(target: Any) -> Callable[[Any], Any]:
        kind = typing.get_args(target)[0]
        if attrs.has(kind):
            return lazily(kind)
        hook = converter.get_unstructure_hook(kind, cache_result=False)
        if hook is identity:
            return list
        return lambda entries: [hook(entry) for entry in entries]

    def lazily(kind: Any) -> Callable[[Any], Any]:
        # Making a hook costs a millisecond, and most of what may be listed never is.
        hook: Callable[[Any], Any] | None = None

        def unstructure_entries(entries: Any) -> list[Any]:
            nonlocal hook
            if not entries:
                return []
            if hook is None:
                hook = converter.get_unstructure_hook(kind)
            each = hook
            return [each(entry) for entry in entries]

        return unstructure_entries

    return factory


def _is_mapping(value: Any) -> bool:
    return typing.get_origin(value) is dict


def _mapping_structure(converter: cattrs.Converter) -> Callable[[Any], Callable[[Any, Any], Any]]:
    """For the one that names what is wrong: the library says what Python did not find in it."""

    def factory(target: Any) -> Callable[[Any, Any], Any]:
        inner = make_mapping_structure_fn(target, converter)

        def structure(value: Any, _: Any) -> Any:
            if not isinstance(value, Mapping):
                raise TypeError(f"expected an object, got {type(value).__name__}")
            return inner(value, target)

        return structure

    return factory


def _entry(converter: cattrs.Converter, index: int, item: Any, target: Any) -> Any:
    """One entry of a list; a fault carries its index, which becomes part of its path."""
    try:
        return converter.structure(item, target)
    except Exception as error:
        error.add_note(IterableValidationNote(f"entry {index}", index, target))
        raise


def _entries(converter: cattrs.Converter, value: Any, targets: tuple[Any, ...]) -> tuple[Any, ...]:
    entries, faults = [], []
    for index, (item, target) in enumerate(zip(value, targets, strict=True)):
        try:
            entries.append(_entry(converter, index, item, target))
        except Exception as error:  # noqa: BLE001
            faults.append(error)
    if faults:
        raise IterableValidationError("entries", faults, tuple)
    return tuple(entries)


def _structure_tuple(converter: cattrs.Converter) -> Callable[[Any], Callable[[Any, Any], Any]]:
    def factory(target: Any) -> Callable[[Any, Any], Any]:
        args = typing.get_args(target)
        variadic = len(args) == 2 and args[1] is Ellipsis
        hook: Callable[[Any, Any], Any] | None = None

        def structure_quickly(value: Any, _: Any) -> tuple[Any, ...]:
            nonlocal hook
            # Plain data has lists, and asking for that first is ten times as quick.
            if type(value) is not list and not isinstance(value, list | tuple):
                raise TypeError(f"expected a list, got {type(value).__name__}")
            if not value:
                return ()
            if hook is None:
                # Asked for now and not before: a class may hold a tuple of its own kind.
                hook = converter.get_structure_hook(args[0])
            each, target = hook, args[0]
            return tuple([each(item, target) for item in value])

        def structure(value: Any, _: Any) -> tuple[Any, ...]:
            if not isinstance(value, list | tuple):
                raise TypeError(f"expected a list, got {type(value).__name__}")
            if not variadic and len(value) != len(args):
                raise TypeError(f"expected {len(args)} entries, got {len(value)}")
            targets = (args[0],) * len(value) if variadic else args
            return _entries(converter, value, targets)

        return structure_quickly if variadic and not converter.detailed_validation else structure

    return factory


def _is_set_of(value: Any) -> bool:
    return typing.get_origin(value) is frozenset


def _structure_set(converter: cattrs.Converter) -> Callable[[Any], Callable[[Any, Any], Any]]:
    def factory(kind: Any) -> Callable[[Any, Any], Any]:
        (arg,) = typing.get_args(kind)

        def structure(value: Any, _: Any) -> frozenset[Any]:
            target: Any = types.GenericAlias(tuple, (arg, ...))
            found: tuple[Any, ...] = converter.structure(value, target)
            if len(set(found)) != len(found):
                raise ValueError("expected each entry once")
            return frozenset(found)

        return structure

    return factory


def make_converter(*, detailed: bool) -> cattrs.Converter:
    """The strict converter; `detailed` names every faulty path and costs several times as much."""
    converter = cattrs.Converter(
        detailed_validation=detailed, forbid_extra_keys=True, unstruct_collection_overrides={}
    )
    for primitive in (int, str, bool, float):
        converter.register_structure_hook(primitive, _strict(primitive))
    converter.register_structure_hook(bytes, _structure_bytes)
    converter.register_unstructure_hook(bytes, bytes.hex)
    converter.register_structure_hook_factory(_is_enum, _enum_structure)
    # The property `value` is one of Python's, and looks for what it finds here.
    converter.register_unstructure_hook_factory(_is_enum, lambda _: attrgetter("_value_"))
    converter.register_structure_hook_factory(_is_sequence_of, _structure_tuple(converter))
    # A set has no order of its own, and bytes must be one: it is written as a sorted list.
    converter.register_structure_hook_factory(_is_set_of, _structure_set(converter))
    if detailed:
        converter.register_structure_hook_factory(_is_mapping, _mapping_structure(converter))
    converter.register_unstructure_hook_factory(_is_set_of, lambda _: sorted)
    plain = _plain_unstructure(converter)
    converter.register_unstructure_hook_func(lambda kind: kind in (Any, dict, list), plain)
    converter.register_unstructure_hook_factory(_is_variadic, _tuple_unstructure(converter))
    converter.register_structure_hook_factory(attrs.has, _attrs_structure(converter))
    converter.register_unstructure_hook_factory(attrs.has, _attrs_unstructure(converter))
    return converter


_fast = make_converter(detailed=False)
_detailed = make_converter(detailed=True)
# What the library finds for a class at each call, found once.
_structure_hooks: dict[Any, Callable[[Any, Any], Any]] = {}
_unstructure_hooks: dict[type, Callable[[Any], Any]] = {}


def structure(data: Any, cls: type[T]) -> T:
    """Build a `cls` from plain data.

    Raises:
        WireError: one entry a fault, each with its path from `$`.
        MemoryError: also in a group.
    """
    # A hook may raise anything: whatever it was, the detailed converter says where.
    try:
        hook = _structure_hooks.get(cls)
        if hook is None:
            hook = _structure_hooks[cls] = _fast.get_structure_hook(cls)
        return hook(data, cls)  # type: ignore[no-any-return]
    except Exception:  # noqa: BLE001
        pass
    try:
        return _detailed.structure(data, cls)
    except Exception as error:
        if _is_of_memory(error):
            raise
        raise WireError(tuple(_problems(error))) from None


def _is_of_memory(error: Exception) -> bool:
    """Whether nothing is wrong with the data: there was no memory to look at it."""
    if isinstance(error, ExceptionGroup):
        return error.subgroup(MemoryError) is not None
    return isinstance(error, MemoryError)


def _problems(error: BaseException) -> Iterator[str]:
    yield from cattrs.transform_error(error, format_exception=_format_problem)


def _format_problem(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return "required field missing"
    if isinstance(error, cattrs.errors.ForbiddenExtraKeysError):
        return f"unknown field {', '.join(sorted(map(str, error.extra_fields)))}"
    return str(error) or type(error).__name__


def unstructure(value: Any) -> Any:
    """Plain data (dicts, lists, ints, text) of an attrs instance; every field is present."""
    kind = type(value)
    hook = _unstructure_hooks.get(kind)
    if hook is None:
        hook = _unstructure_hooks[kind] = _fast.get_unstructure_hook(kind)
    return hook(value)


def canonical(data: Any) -> bytes:
    """The one byte form of plain data: UTF-8 JSON, keys sorted, no white space."""
    return orjson.dumps(data, option=_CANONICAL)


def parse(text: bytes) -> Any:
    """Plain data from JSON bytes.

    Raises:
        WireError: not UTF-8 JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise WireError((f"not valid JSON: {error}",)) from None


class Registry:
    """Wire names of one family of classes (events, commands, effects, messages).

    A name is `noun.verb` for commands and queries and `noun.fact/version` for what is stored.
    """

    def __init__(self, family: str) -> None:
        self.family = family
        self._class_of: dict[str, type] = {}
        self._name_of: dict[type, str] = {}

    def name(self, name: str) -> Callable[[type[T]], type[T]]:
        """Class decorator: register under `name`; a name is given once and never reused."""

        def register(cls: type[T]) -> type[T]:
            if name in self._class_of:
                raise ValueError(f"{self.family} name {name} is already taken")
            self._class_of[name] = cls
            self._name_of[cls] = name
            return cls

        return register

    def name_of(self, value: object) -> str:
        """The registered name of an instance or a class."""
        cls = value if isinstance(value, type) else type(value)
        return self._name_of[cls]

    def class_of(self, name: object) -> type:
        """The class behind `name`.

        Raises:
            WireError: nothing is registered under it.
        """
        found = self._class_of.get(name) if isinstance(name, str) else None
        if found is None:
            raise WireError((f"unknown {self.family} {name!r}"[:200],))
        return found

    def pack(self, value: object) -> dict[str, Any]:
        """`{"name": …, "data": …}`, plain data that `unpack` turns back."""
        return {"name": self.name_of(value), "data": unstructure(value)}

    def unpack(self, packed: Any) -> Any:
        """The instance behind `pack`'s plain data.

        Raises:
            WireError: the shape, the name or a field is not as registered.
        """
        if not isinstance(packed, Mapping) or set(packed) != {"name", "data"}:
            raise WireError((f"a packed {self.family} has exactly name and data",))
        return structure(packed["data"], self.class_of(packed["name"]))

    def items(self) -> list[tuple[str, type]]:
        """Every (name, class), by name."""
        return sorted(self._class_of.items())


def is_optional(annotation: Any) -> bool:
    """Whether `annotation` is `X | None`."""
    origin = typing.get_origin(annotation)
    return origin in (typing.Union, types.UnionType) and type(None) in typing.get_args(annotation)


__all__ = [
    "Registry",
    "WireError",
    "canonical",
    "is_optional",
    "make_converter",
    "parse",
    "structure",
    "unstructure",
]
