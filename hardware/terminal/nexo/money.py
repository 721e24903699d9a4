"""Amounts as nexo writes them: decimals of the major unit, read without a float.

Source: ISO 4217 list one, amendment 178, for the numbers of currencies.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from engine.money import minor_digits
from hardware.terminal.nexo.limits import MINOR_MAX, NUMBER_CHARS_MAX
from hardware.terminal.nexo.reading import MessageError, Number

NUMBERS = {
    "AED": 784, "ALL": 8, "AMD": 51, "ARS": 32, "AUD": 36, "AZN": 944, "BAM": 977, "BGN": 975,
    "BHD": 48, "BRL": 986, "CAD": 124, "CHF": 756, "CLP": 152, "CNY": 156, "COP": 170, "CZK": 203,
    "DKK": 208, "EGP": 818, "EUR": 978, "GBP": 826, "GEL": 981, "HKD": 344, "HUF": 348, "IDR": 360,
    "ILS": 376, "INR": 356, "IQD": 368, "ISK": 352, "JOD": 400, "JPY": 392, "KES": 404, "KRW": 410,
    "KWD": 414, "KZT": 398, "LYD": 434, "MAD": 504, "MDL": 498, "MKD": 807, "MXN": 484, "MYR": 458,
    "NGN": 566, "NOK": 578, "NZD": 554, "OMR": 512, "PEN": 604, "PHP": 608, "PLN": 985, "PYG": 600,
    "QAR": 634, "RON": 946, "RSD": 941, "SAR": 682, "SEK": 752, "SGD": 702, "THB": 764, "TND": 788,
    "TRY": 949, "TWD": 901, "UAH": 980, "UGX": 800, "USD": 840, "UYU": 858, "VND": 704, "XAF": 950,
    "XOF": 952, "XPF": 953, "ZAR": 710,
}  # fmt: skip
LETTERS = {number: letters for letters, number in NUMBERS.items()}


def letters_of(currency_code: int) -> str:
    """The three letters of a currency.

    Raises:
        MessageError: `currency_unknown`, a number that is not in the table.
    """
    try:
        return LETTERS[currency_code]
    except KeyError:
        raise MessageError("currency_unknown", str(currency_code)) from None


def to_major(amount_minor: int, currency: str) -> str:
    """1250 in EUR as `12.50`, a JSON number."""
    digits = minor_digits(currency)
    text = str(abs(amount_minor)).rjust(digits + 1, "0")
    sign = "-" if amount_minor < 0 else ""
    return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)


def to_minor(number: Number, currency: str) -> int:
    """`12.50` or `12.5` in EUR as 1250, exact; never negative.

    Raises:
        MessageError: `currency_unknown`, or `amount_wrong` where it has more digits than the
            currency, or is below nought or above the limit.
    """
    if currency not in NUMBERS:
        raise MessageError("currency_unknown", currency[:8])
    try:
        amount = Decimal(number[:NUMBER_CHARS_MAX])
        if abs(amount.adjusted()) > NUMBER_CHARS_MAX:
            raise MessageError("amount_wrong", number)
        minor = amount.scaleb(minor_digits(currency))
    except InvalidOperation:
        raise MessageError("amount_wrong", number) from None
    if minor != minor.to_integral_value() or not 0 <= minor < MINOR_MAX:
        raise MessageError("amount_wrong", number)
    return int(minor)
