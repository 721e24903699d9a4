"""Building what is just as its class says in a few sweeps over all its fields; all else goes the
long way, which asks about each field and says what is wrong.

A long replay and every frame is made of such data. A day of a hundred thousand sales has five
million fields, and a call for each was a third of the time its replay took.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any

import attrs

Hook = Callable[[Any, Any], Any]
PLAIN = frozenset((int, str, bool))
_NOTHING = object()


def optional_of(annotation: Any) -> Any:
    """The `X` of `X | None`, None where `annotation` is not of that form."""
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return None
    arguments = typing.get_args(annotation)
    others = [entry for entry in arguments if entry is not type(None)]
    return others[0] if len(others) == 1 and len(arguments) == 2 else None


def quick_structure(
    cls: type, hook_of: Callable[[Any], Hook], long_way: Callable[[], Hook]
) -> Hook | None:
    """A hook that builds a `cls` from a dict that has every field and nothing else, each of its own
    type; whatever else it is given goes `long_way`. None where a class is not made like that.

    `hook_of` says how a field is built that is neither text nor number; it is asked when that is
    first needed, as a class may hold its own kind.
    """
    attrs.resolve_types(cls)
    fields = attrs.fields(cls)
    plain = [index for index, entry in enumerate(fields) if entry.type in PLAIN]
    if len(plain) < 2 or not all(
        entry.init and not entry.kw_only and entry.converter is None for entry in fields
    ):
        return None
    count = len(fields)
    get, get_plain = itemgetter(*(entry.name for entry in fields)), itemgetter(*plain)
    kinds = tuple(fields[index].type for index in plain)
    # What another thread may be making just now is there whole or not at all.
    steps: tuple[tuple[int, Any, Any, Hook], ...] = ()
    other: Hook | None = None

    def prepared() -> Iterator[tuple[int, Any, Any, Hook]]:
        for index, entry in enumerate(fields):
            if entry.type not in PLAIN:
                kept = optional_of(entry.type)
                kind = entry.type if kept is None else kept
                # What is left as it is: None, where it may be None; otherwise nothing is.
                yield index, _NOTHING if kept is None else None, kind, hook_of(kind)

    def structure(value: Any, target: Any) -> Any:
        nonlocal steps, other
        if type(value) is dict and len(value) == count:
            try:
                found = [*get(value)]
            except KeyError:
                found = []
            if found and (*map(type, get_plain(found)),) == kinds:
                if not steps and len(plain) != count:
                    steps = tuple(prepared())
                for index, kept, kind, hook in steps:
                    entry = found[index]
                    if entry is not kept:
                        found[index] = hook(entry, kind)
                return cls(*found)
        if other is None:
            other = long_way()
        return other(value, target)

    return structure
