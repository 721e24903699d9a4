"""Currencies and the text of amounts; arithmetic on money is in `native`, in minor units."""

from __future__ import annotations

from attrs import frozen

# ISO 4217 minor units that are not 2. Source: ISO 4217 list one, amendment 178.
_MINOR_DIGITS = {
    **dict.fromkeys(("JPY", "KRW", "CLP", "ISK", "VND", "XAF", "XOF", "XPF", "UGX", "PYG"), 0),
    **dict.fromkeys(("BHD", "KWD", "OMR", "JOD", "TND", "IQD", "LYD"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
# ISO 4217 numeric codes of the currencies card terminals are asked in. Source: ISO 4217 list one.
_NUMERIC_CODES = {
    "AED": 784, "AUD": 36, "BGN": 975, "BHD": 48, "BRL": 986, "CAD": 124, "CHF": 756, "CLP": 152,
    "CNY": 156, "CZK": 203, "DKK": 208, "EUR": 978, "GBP": 826, "HKD": 344, "HUF": 348, "IDR": 360,
    "ILS": 376, "INR": 356, "ISK": 352, "JOD": 400, "JPY": 392, "KRW": 410, "KWD": 414, "MXN": 484,
    "MYR": 458, "NOK": 578, "NZD": 554, "OMR": 512, "PHP": 608, "PLN": 985, "QAR": 634, "RON": 946,
    "RSD": 941, "SAR": 682, "SEK": 752, "SGD": 702, "THB": 764, "TND": 788, "TRY": 949, "TWD": 901,
    "UAH": 980, "USD": 840, "VND": 704, "ZAR": 710,
}  # fmt: skip
# ISO 4217 currencies in circulation with 2 digits. Source: ISO 4217 list one, amendment 178.
_WITH_TWO_DIGITS = {
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT",
    "BGN", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF",
    "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR",
    "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF",
    "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP",
    "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR",
    "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK",
    "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD",
    "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP",
    "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "VED", "VES", "WST", "XCD", "YER",
    "ZAR", "ZMW", "ZWG",
}  # fmt: skip
MICROS_PER_MAJOR = 1_000_000


@frozen
class Notation:
    """How a language writes amounts."""

    decimal: str
    group: str
    symbol_first: bool


NOTATIONS = {
    "en": Notation(".", ",", symbol_first=True),
    "de": Notation(",", ".", symbol_first=False),
    # The narrow space U+202F would be finer, but no receipt printer has a letter for it.
    "fr": Notation(",", "\u00a0", symbol_first=False),
}
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "CHF": "CHF"}


def minor_digits(currency: str) -> int:
    """Digits after the point of `currency` (an ISO 4217 code). Source: ISO 4217."""
    return _MINOR_DIGITS.get(currency, 2)


def digits_are_known(currency: str) -> bool:
    """Whether `minor_digits` is sure of `currency`."""
    return currency in _WITH_TWO_DIGITS or currency in _MINOR_DIGITS


def numeric_code(currency: str) -> int:
    """The ISO 4217 number of `currency`; 0 where terminals are not asked in it."""
    return _NUMERIC_CODES.get(currency, 0)


def _grouped(digits: str, separator: str) -> str:
    head = len(digits) % 3
    parts = [digits[:head]] if head else []
    parts += [digits[at : at + 3] for at in range(head, len(digits), 3)]
    return separator.join(parts)


def format_minor(amount_minor: int, currency: str, language: str = "en") -> str:
    """`-1234567` in EUR, en: `-12,345.67`. No symbol; the sign comes first."""
    notation = NOTATIONS.get(language, NOTATIONS["en"])
    digits = minor_digits(currency)
    text = str(abs(amount_minor)).rjust(digits + 1, "0")
    whole, fraction = (text[:-digits], text[-digits:]) if digits else (text, "")
    sign = "-" if amount_minor < 0 else ""
    point = notation.decimal + fraction if digits else ""
    return sign + _grouped(whole, notation.group) + point


def format_money(amount_minor: int, currency: str, language: str = "en") -> str:
    """`format_minor` with the currency's symbol where the language puts it."""
    notation = NOTATIONS.get(language, NOTATIONS["en"])
    text = format_minor(amount_minor, currency, language)
    symbol = _SYMBOLS.get(currency, currency)
    if not notation.symbol_first:
        return f"{text} {symbol}"
    gap = " " if symbol.isalpha() else ""
    return f"-{symbol}{gap}{text[1:]}" if amount_minor < 0 else f"{symbol}{gap}{text}"


def format_micros(unit_price_micros: int, currency: str, language: str = "en") -> str:
    """A unit price with at least the minor digits and no trailing zeros beyond them."""
    notation = NOTATIONS.get(language, NOTATIONS["en"])
    digits = minor_digits(currency)
    text = str(abs(unit_price_micros)).rjust(7, "0")
    whole, fraction = text[:-6], text[-6:].rstrip("0").ljust(digits, "0")
    sign = "-" if unit_price_micros < 0 else ""
    point = notation.decimal + fraction if fraction else ""
    return sign + _grouped(whole, notation.group) + point


def format_quantity(quantity_milli: int, unit: str, language: str = "en") -> str:
    """`2` pieces, `0.457 kg`; whole pieces carry no unit."""
    if unit == "piece" and quantity_milli % 1000 == 0:
        return str(quantity_milli // 1000)
    notation = NOTATIONS.get(language, NOTATIONS["en"])
    text = str(abs(quantity_milli)).rjust(4, "0")
    sign = "-" if quantity_milli < 0 else ""
    return f"{sign}{text[:-3]}{notation.decimal}{text[-3:]} {unit}"


def format_rate(rate_ppm: int, language: str = "en") -> str:
    """`70000` → `7 %`, `99750` → `9.975 %`."""
    notation = NOTATIONS.get(language, NOTATIONS["en"])
    text = str(rate_ppm).rjust(5, "0")
    fraction = text[-4:].rstrip("0")
    return text[:-4] + (notation.decimal + fraction if fraction else "") + " %"
