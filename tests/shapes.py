"""Strategies for any class the wire knows: every field drawn, defaults too, within what fits it."""

from __future__ import annotations

import enum
import typing
from functools import cache
from types import UnionType
from typing import Any

import attrs
from hypothesis import strategies as st

# What the wire carries: whole numbers of 64 bits, and text that UTF-8 can hold.
INTS = st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 5_000)
TEXTS = st.text(max_size=12) | st.sampled_from(("", "1", "bread", "cheese", "standard", "max"))
PLAIN_DATA = st.dictionaries(st.text(max_size=5), INTS | st.text(max_size=5), max_size=2)


@cache
def instances(cls: type) -> st.SearchStrategy[Any]:
    """Any instance of an attrs class, its fields drawn from their types."""
    hints = typing.get_type_hints(cls)
    fields = {field.name: values(hints[field.name]) for field in attrs.fields(cls)}
    return st.builds(cls, **fields)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is int:
        return INTS
    if hint is str:
        return TEXTS
    if hint is bool:
        return st.booleans()
    if hint is bytes:
        return st.binary(max_size=12)
    if hint is type(None):
        return st.none()
    if hint == dict[str, Any]:
        return PLAIN_DATA
    if origin is tuple:
        assert args[1] is Ellipsis
        return st.lists(values(args[0]), max_size=3).map(tuple)
    if origin is frozenset:
        return st.frozensets(values(args[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(values(args[0]), values(args[1]), max_size=2)
    if origin in (typing.Union, UnionType):
        return st.one_of(*map(values, args))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(list(hint))
    assert attrs.has(hint), f"no strategy draws {hint}"
    return instances(hint)


def sample(hint: Any) -> Any:
    """One plain value of a field's type, always the same: for looking at shapes, not at values."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in (int, str, bool, bytes):
        return {int: 7, str: "seven", bool: True, bytes: b"seven"}[hint]
    if hint is Any:
        return ["plain", 7]
    if hint == dict[str, Any]:
        return {"plain": 7}
    if origin is tuple:
        return (sample(args[0]),)
    if origin is frozenset:
        return frozenset((sample(args[0]),))
    if origin is dict:
        return {sample(args[0]): sample(args[1])}
    if origin in (typing.Union, UnionType):
        return sample(args[0])
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return list(hint)[-1]
    hints = typing.get_type_hints(hint)
    return hint(**{field.name: _of_field(field.name, hints) for field in attrs.fields(hint)})


def _of_field(name: str, hints: dict[str, Any]) -> Any:
    # An anchor takes nothing but a hash for one.
    return "07" * 32 if name == "hash" and hints[name] is str else sample(hints[name])
