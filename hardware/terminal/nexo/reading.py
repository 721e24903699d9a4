"""JSON of a terminal, read with bounds and without card data.

What may not be kept goes here, before anything else sees it: members that carry card data are
dropped, and in every text runs of digits that could be a card number are masked.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen

from hardware.terminal.nexo import limits
from native import mask_card_numbers

# fmt: off
WITHHELD = frozenset({
    "SensitiveCardData", "ProtectedCardData", "PAN", "TrackData", "Track1", "Track2", "Track3",
    "ExpiryDate", "CardSeqNumb", "CVV", "CardholderPIN", "EncrPINBlock", "ProtectedPIN",
    "CapturedSignature", "ProtectedSignature", "CheckData", "MobileData", "CardholderName",
    "Password",
})
# fmt: on


SEALED = "NexoBlob"


class MessageError(Exception):
    """A message that cannot be taken for what it claims to be; `code` is a stable word."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


class Number(str):
    """A JSON number in the very digits it was written with."""

    __slots__ = ()


def plain_text(text: str) -> str:
    """A text of the wire as one that may be kept: card numbers masked, no half characters."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return mask_card_numbers(text)


def read_json(data: bytes) -> dict[str, Any]:
    """The object that `data` is, without card data; numbers are `Number`.

    Raises:
        MessageError: `too_long`, `not_utf8`, `not_json`, `number_wrong`, `member_doubled`,
            `too_deep`, `too_many_members` or `not_an_object`.
    """
    if len(data) > limits.MESSAGE_BYTES_MAX:
        raise MessageError("too_long", f"{len(data)} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MessageError("not_utf8", f"at {error.start}") from None
    try:
        value = json.loads(
            text,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_no_constant,
            object_pairs_hook=_members,
        )
    except RecursionError:
        raise MessageError("too_deep") from None
    except json.JSONDecodeError as error:
        raise MessageError("not_json", f"{error.msg} at {error.pos}") from None
    if not isinstance(value, dict):
        raise MessageError("not_an_object")
    cleaned: dict[str, Any] = _Cleaner().clean(value, 0)
    return cleaned


def _number(literal: str) -> Number:
    if len(literal) > limits.NUMBER_CHARS_MAX:
        raise MessageError("number_wrong", f"{len(literal)} characters")
    return Number(literal)


def _no_constant(name: str) -> None:
    raise MessageError("number_wrong", name)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Two readers would disagree which of them counts.
        raise MessageError("member_doubled")
    return found


class _Cleaner:
    """One walk over a message."""

    def __init__(self) -> None:
        self._seen = 0

    def clean(self, value: Any, depth: int) -> Any:
        self._seen += 1
        if self._seen > limits.MEMBERS_MAX:
            raise MessageError("too_many_members")
        if depth > limits.DEPTH_MAX:
            raise MessageError("too_deep")
        match value:
            case Number():
                return value if mask_card_numbers(str(value)) == value else None
            case str():
                return plain_text(value)
            case dict():
                # What is sealed says nothing yet, and a changed letter would break the seal.
                return {
                    plain_text(name): inner if name == SEALED else self.clean(inner, depth + 1)
                    for name, inner in value.items()
                    if name not in WITHHELD
                }
            case list():
                return [self.clean(inner, depth + 1) for inner in value]
        return value


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
        """A whole number that is not below nought; None for anything else."""
        value = self.values.get(name)
        if isinstance(value, Number) and value.isdecimal() and value.isascii():
            return int(value)
        return None
