"""JSON of a terminal as the floor tells it: with bounds, and without card data.

The floor reads the bytes (`native/core/src/terminal/nexo/`). It makes objects of the members named
there and of no others, and masks whatever could be a card number in them, however it is written.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from hardware.terminal.nexo import limits
from native import CoreError, nexo_read


class MessageError(Exception):
    """A message that cannot be taken for what it claims to be; `code` is a stable word."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


class Number(str):
    """A JSON number in the very digits it was written with."""

    __slots__ = ()


def read_json(data: bytes, poi_id: str = "") -> dict[str, Any]:
    """What may be told of the object that `data` is; numbers are `Number`. `poi_id` is the terminal
    it is expected from, or that it is for: its own name may look like a card number, and is told
    as it stands.

    Raises:
        MessageError: `too_long`, `not_utf8`, `not_json`, `number_wrong`, `member_doubled`,
            `too_deep`, `too_many_members` or `not_an_object`.
    """
    try:
        return nexo_read(data, Number, poi_id)
    except CoreError as error:
        raise MessageError(*error.args) from None


@frozen
class Members:
    """One object of a message, read by name. What is not known is passed over; what is of another
    type counts as not there, except where it is needed."""

    where: str
    values: dict[str, Any]

    def need(self, name: str) -> Members:
        """A member that must be an object.

        Raises:
            MessageError: `member_missing`.
        """
        found = self.child(name)
        if found is None:
            raise MessageError("member_missing", f"{self.where}.{name}")
        return found

    def child(self, name: str) -> Members | None:
        """A member that is an object."""
        value = self.values.get(name)
        return Members(f"{self.where}.{name}", value) if isinstance(value, dict) else None

    def inner(self, name: str) -> Members:
        """The same; an empty one where it is not there."""
        return self.child(name) or Members(f"{self.where}.{name}", {})

    def children(self, name: str) -> list[Members]:
        """The objects of a list; one that stands alone is a list of one."""
        value = self.values.get(name)
        values = value if isinstance(value, list) else [value]
        return [Members(f"{self.where}.{name}", one) for one in values if isinstance(one, dict)]

    def text(self, name: str, most: int = limits.TEXT_CHARS_MAX) -> str:
        """A text, cut at `most` characters; empty where it is not there."""
        value = self.values.get(name)
        return value[:most] if isinstance(value, str) and not isinstance(value, Number) else ""

    def name(self, name: str) -> str:
        """A text that names something.

        Raises:
            MessageError: `text_too_long`; a name is never cut.
        """
        text = self.text(name)
        if len(text) > limits.ID_CHARS_MAX:
            raise MessageError("text_too_long", f"{self.where}.{name}")
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list; one that stands alone is a list of one."""
        value = self.values.get(name)
        values = value if isinstance(value, list) else [value]
        return tuple(one for one in values if isinstance(one, str) and not isinstance(one, Number))

    def pairs(self, name: str) -> dict[str, str]:
        """The pairs of a text; none where it is not there."""
        value = self.values.get(name)
        values = value if isinstance(value, dict) else {}
        return {one: two for one, two in values.items() if isinstance(two, str)}

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.values.get(name)
        return value if isinstance(value, bool) else default

    def number(self, name: str) -> Number | None:
        """A number, or None where it is not there.

        Raises:
            MessageError: `number_wrong` where something else stands there.
        """
        value = self.values.get(name)
        if value is None or isinstance(value, Number):
            return value
        raise MessageError("number_wrong", f"{self.where}.{name}")

    def whole(self, name: str) -> int | None:
        """A whole number from nought to `COUNT_MAX`; None for anything else."""
        return _whole(self.values.get(name))

    def wholes(self, name: str) -> tuple[int | None, ...]:
        """Those of a list; one that stands alone is a list of one."""
        value = self.values.get(name)
        return tuple(map(_whole, value if isinstance(value, list) else [value]))


def _whole(value: object) -> int | None:
    if not (isinstance(value, Number) and value.isdecimal() and value.isascii()):
        return None
    return number if (number := int(value)) <= limits.COUNT_MAX else None
