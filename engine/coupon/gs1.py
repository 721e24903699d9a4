"""GS1 coupons: the global coupon number and the North American data strings.

Source: GS1 General Specifications, application identifiers 255, 8110 and 8112; North American
Coupon Application Guideline Using GS1 DataBar Expanded Symbols, data of AI 8110.
"""

from __future__ import annotations

from attrs import frozen

from engine.catalog import check_digit_is_right

_SYMBOLOGIES = ("]C1", "]e0", "]d2", "]Q3")  # what a scanner may put before a GS1 data string
_FNC1 = "\x1d"
_GCN_DIGITS = 13
_GCN_SERIAL_MAX = 12
_OFFER_DIGITS = 6
_CENTS_OFF = "0"


class Gs1Error(ValueError):
    """A data string that is a coupon's and cannot be taken as meant; the words say what is not
    understood."""


@frozen
class Gcn:
    """A global coupon number of 13 digits, with a serial where every coupon has its own."""

    number: str
    serial: str


@frozen
class NorthAmerican:
    """A North American coupon. `value_minor` is what it saves in cents, 0 where the string does not
    say; dates are ISO, "" where there is none."""

    company: str
    offer: str
    value_minor: int = 0
    starts: str = ""
    ends: str = ""
    serial: str = ""


class _Digits:
    """A string that is taken from the front."""

    def __init__(self, text: str) -> None:
        self.rest = text

    def take(self, count: int, what: str) -> str:
        taken, self.rest = self.rest[:count], self.rest[count:]
        if len(taken) < count:
            raise Gs1Error(f"{what} is cut short")
        return taken

    def sized(self, low: int, high: int, add: int, what: str) -> str:
        """Digits after one that says how many there are, `add` more than it reads."""
        size = int(self.take(1, what))
        if not low <= size <= high:
            raise Gs1Error(f"the length of {what} is {size}")
        return self.take(size + add, what)


def read_gs1(code: str) -> Gcn | NorthAmerican | None:
    """The coupon behind a scanned data string; None where it is none of GS1's.

    Raises:
        Gs1Error: it is one, and is wrong or says what is not understood.
    """
    text = code
    for mark in _SYMBOLOGIES:
        text = text.removeprefix(mark)
    text = text.strip(_FNC1).replace("(", "").replace(")", "")
    if not (text.isascii() and text.isdigit()):
        return None
    if text.startswith("255") and len(text) - 3 >= _GCN_DIGITS:
        return _gcn(text[3:])
    if text.startswith("8110"):
        return _offer(_Digits(text[4:]))
    if text.startswith("8112"):
        return _positive_offer(_Digits(text[4:]))
    if text.startswith("8111"):
        raise Gs1Error("loyalty points (8111) are not understood")
    return None


def _gcn(text: str) -> Gcn | None:
    if len(text) > _GCN_DIGITS + _GCN_SERIAL_MAX:
        return None
    number = text[:_GCN_DIGITS]
    if not check_digit_is_right(number):
        raise Gs1Error("the check digit of the coupon number is wrong")
    return Gcn(number, text[_GCN_DIGITS:])


def _positive_offer(digits: _Digits) -> NorthAmerican:
    """AI 8112: a coupon whose terms are in a file; only its names are in the string."""
    if digits.take(1, "the format") not in ("0", "1"):
        raise Gs1Error("the format of a positive offer file coupon is not understood")
    funder = digits.sized(0, 6, 6, "the funder")
    offer = digits.take(_OFFER_DIGITS, "the offer code")
    serial = digits.sized(0, 9, 6, "the serial number")
    if digits.rest:
        raise Gs1Error("there is more after the serial number")
    return NorthAmerican(funder, offer, serial=serial)


def _offer(digits: _Digits) -> NorthAmerican:
    """AI 8110. What must be bought is the promotion's to say; its fields are read past."""
    company = digits.sized(0, 6, 6, "the company prefix")
    offer = digits.take(_OFFER_DIGITS, "the offer code")
    value = int(digits.sized(1, 5, 0, "the save value"))
    digits.sized(1, 5, 0, "the purchase requirement")
    digits.take(1, "the purchase requirement code")
    digits.take(3, "the family code")
    starts = ends = serial = ""
    meaning = _CENTS_OFF
    last = ""
    while digits.rest:
        field = digits.take(1, "a field")
        if field <= last:
            raise Gs1Error(f"field {field} is out of order")
        last = field
        match field:
            case "3":
                ends = _date(digits.take(6, "the expiration date"))
            case "4":
                starts = _date(digits.take(6, "the start date"))
            case "5":
                serial = digits.sized(0, 9, 6, "the serial number")
            case "9":
                meaning = digits.take(4, "the miscellaneous field")[0]
            case _:
                raise Gs1Error(f"optional field {field} is not understood")
    if meaning != _CENTS_OFF:
        raise Gs1Error(f"save value code {meaning} is not understood")
    return NorthAmerican(company, offer, value, starts, ends, serial)


def _date(text: str) -> str:
    """`261231` is 2026-12-31; coupons do not outlive their century."""
    year, month, day = text[:2], text[2:4], text[4:]
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        raise Gs1Error(f"{text} is no date")
    return f"20{year}-{month}-{day}"
