"""Fields about a person: how an event says so, and how their text is kept apart from the facts.

A field declared `Annotated[str, Personal("customer_id")]` holds text about the subject that its
neighbour `customer_id` names. At the journal's edge the text is replaced by a token

    ~p1.<subject>.<base64url of nonce and ciphertext, without padding>

so facts, answers, views and logs hold tokens, state hashes are over tokens, and erasing the
subject's key erases the person everywhere while every hash still fits.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Protocol, TypeVar

import attrs
from attrs import frozen

from engine.altered import altered

T = TypeVar("T")

TOKEN = re.compile(r"~p1\.([A-Za-z0-9_/:@-]{1,128})\.([A-Za-z0-9_-]{38,})")
"""A token anywhere in a text; groups: subject, sealed bytes. 38 characters hold an empty text."""

ERASED = "(erased)"
"""What stands where a token's subject was erased."""

_SUBJECT = re.compile(r"[A-Za-z0-9_/:@-]{1,128}")


@frozen
class Personal:
    """Marks a field as text about a person. `subject_field` is the neighbour that names who."""

    subject_field: str


class Sealer(Protocol):
    """What turns text into a token; `actors.personal.Keyring` is one."""

    def seal(self, subject: str, command_id: str, field: str, text: str) -> str:
        """The token of a text; the same arguments give the same token."""
        ...


SubjectOf = Callable[[object, str], str]
"""Names the subject of a field: called with the object that holds it and its `subject_field`."""


def is_token(text: str, subject: str) -> bool:
    """Whether the whole text is one token about `subject`."""
    match = TOKEN.fullmatch(text)
    return match is not None and match[1] == subject


def is_subject(text: str) -> bool:
    """Whether a text can name a subject: 1 to 128 of letters, digits and `_ / : @ -`."""
    return _SUBJECT.fullmatch(text) is not None


def neighbour(owner: object, subject_field: str) -> str:
    """The usual `SubjectOf`: the value of the field beside it."""
    return str(getattr(owner, subject_field))


def personal_fields(cls: type) -> dict[str, str]:
    """Personal field to subject field, of an attrs class itself, not of what it holds."""
    return dict(_marks(cls))


@cache
def _marks(cls: Any) -> tuple[tuple[str, str], ...]:
    hints = typing.get_type_hints(cls, include_extras=True)
    found = [
        (field.name, mark.subject_field)
        for field in attrs.fields(cls)
        for mark in _marks_in(hints[field.name])
    ]
    names = {field.name for field in attrs.fields(cls)}
    for name, subject_field in found:
        if subject_field not in names:
            raise TypeError(f"{cls.__name__}.{name} names no field of its class: {subject_field}")
    return tuple(found)


def _marks_in(annotation: Any) -> Iterator[Personal]:
    for part in getattr(annotation, "__metadata__", ()):
        if isinstance(part, Personal):
            yield part
    for inner in typing.get_args(annotation):
        yield from _marks_in(inner)


def seal_fields(
    value: T,
    command_id: str,
    sealer: Sealer,
    *,
    subject_of: SubjectOf = neighbour,
    path: str = "",
) -> T:
    """The same value with a token in every personal field, however deep it is nested.

    Empty text, None and tokens of the same subject stay. `path` is put before each field's path;
    give the events of one command different ones, such as their number and name.
    """
    return typing.cast(T, _seal(value, command_id, sealer, subject_of, path))


def _seal(value: Any, command_id: str, sealer: Sealer, subject_of: SubjectOf, path: str) -> Any:
    if isinstance(value, tuple | list):
        sealed = [
            _seal(item, command_id, sealer, subject_of, f"{path}[{index}]")
            for index, item in enumerate(value)
        ]
        return type(value)(sealed) if any(map(_is_not, sealed, value)) else value
    if not attrs.has(type(value)):
        return value
    marks = personal_fields(type(value))
    changes: dict[str, Any] = {}
    for field in attrs.fields(type(value)):
        held = getattr(value, field.name)
        where = f"{path}.{field.name}" if path else field.name
        if field.name not in marks:
            after = _seal(held, command_id, sealer, subject_of, where)
        elif isinstance(held, str) and held:
            subject = subject_of(value, marks[field.name])
            # A token of somebody else was typed, not copied from a fact: it is text like any other.
            own = is_token(held, subject)
            after = held if own else sealer.seal(subject, command_id, where, held)
        else:
            after = held
        if after is not held:
            changes[field.alias or field.name] = after
    return altered(value, **changes) if changes else value


def _is_not(one: object, two: object) -> bool:
    return one is not two


def replace_tokens(text: str, open_token: Callable[[str], str | None]) -> str:
    """The text with each token replaced by what it opens to, or by `ERASED`."""

    def replace(match: re.Match[str]) -> str:
        opened = open_token(match[0])
        return ERASED if opened is None else opened

    return TOKEN.sub(replace, text)
