"""Reading data that people write, field by field: what is not understood is refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

_Word = TypeVar("_Word", bound=Enum)
_Read = TypeVar("_Read")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?")


class FieldsError(Exception):
    """Data that cannot be taken as meant: a code, where it stands, and what was found there."""

    def __init__(self, code: str, where: str, found: object = "") -> None:
        """`code` is stable; the rest is for a person."""
        self.code, self.where, self.found = code, where, str(found)[:80]
        super().__init__(f"{code} at {where}" + (f": {self.found}" if self.found else ""))


def scaled(text: object, decimals: int, where: str) -> int:
    """Decimal text as an integer with `decimals` decimals; exact, or refused."""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise FieldsError("number_must_be_decimal_text", where, text)
    whole, _, fraction = text.lstrip("-").partition(".")
    if len(fraction.rstrip("0")) > decimals:
        raise FieldsError(f"decimals_must_be_at_most_{decimals}", where, text)
    size = int(whole + fraction.rstrip("0").ljust(decimals, "0"))
    return -size if text.startswith("-") else size


def decimal_text(value: int, decimals: int) -> str:
    """An integer with `decimals` decimals as text: `-105` of 2 is `-1.05`."""
    digits = str(abs(value)).rjust(decimals + 1, "0")
    text = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return f"-{text}" if value < 0 else text


class Fields:
    """One object. Each field is taken once; `done` refuses what was not asked for."""

    def __init__(self, value: object, where: str) -> None:
        """`where` is the path to the object, for messages."""
        if not isinstance(value, dict):
            raise FieldsError("value_must_be_an_object", where, value)
        self._rest: dict[str, Any] = dict(value)
        self.where = where

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self.where}.{name}" if self.where else name

    def has(self, name: str) -> bool:
        """Whether the field is there and was not taken yet."""
        return name in self._rest

    def names(self) -> list[str]:
        """The fields that were not taken yet, in order."""
        return list(self._rest)

    def take(self, name: str) -> Any:
        """A field that must be there, as it stands."""
        if name not in self._rest:
            raise FieldsError("field_must_be_present", self.at(name))
        return self._rest.pop(name)

    def text(self, name: str, default: str | None = None) -> str:
        """A text."""
        if default is not None and name not in self._rest:
            return default
        value = self.take(name)
        if not isinstance(value, str):
            raise FieldsError("value_must_be_text", self.at(name), value)
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        value = self._rest.pop(name, default)
        if not isinstance(value, bool):
            raise FieldsError("value_must_be_true_or_false", self.at(name), value)
        return value

    def whole(self, name: str) -> int:
        """A whole number."""
        value = self.take(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise FieldsError("value_must_be_a_whole_number", self.at(name), value)
        return value

    def number(self, name: str, decimals: int) -> int:
        """Decimal text as an integer with so many decimals."""
        return scaled(self.take(name), decimals, self.at(name))

    def number_or_none(self, name: str, decimals: int) -> int | None:
        """The same, or None where the field is missing."""
        return self.number(name, decimals) if name in self._rest else None

    def word(self, name: str, kind: type[_Word], default: _Word) -> _Word:
        """One of the words of an enumeration."""
        if name not in self._rest:
            return default
        value = self.take(name)
        for entry in kind:
            if entry.value == value:
                return entry
        raise FieldsError("word_must_be_known", self.at(name), value)

    def entries(self, name: str) -> list[tuple[Any, str]]:
        """The entries of a list with their paths; empty where the field is missing."""
        value = self._rest.pop(name, [])
        if not isinstance(value, list):
            raise FieldsError("value_must_be_a_list", self.at(name), value)
        return [(entry, f"{self.at(name)}[{at}]") for at, entry in enumerate(value)]

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where the field is missing."""
        found = []
        for value, where in self.entries(name):
            if not isinstance(value, str):
                raise FieldsError("value_must_be_text", where, value)
            found.append(value)
        return tuple(found)

    def objects(self, name: str) -> list[Fields]:
        """The entries of a list of objects."""
        return [Fields(entry, where) for entry, where in self.entries(name)]

    def each(self, name: str, read: Callable[[Fields], _Read]) -> tuple[_Read, ...]:
        """What `read` makes of each object of a list; it must ask for every field there is."""
        found = []
        for row in self.objects(name):
            found.append(read(row))
            row.done()
        return tuple(found)

    def inner(self, name: str) -> Fields | None:
        """An object inside, or None."""
        if name not in self._rest:
            return None
        return Fields(self.take(name), self.at(name))

    def done(self) -> None:
        """Refuse what nobody asked for: a field that is not known might change a figure."""
        if self._rest:
            raise FieldsError("field_must_be_known", self.at(min(self._rest)))
