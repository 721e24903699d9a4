"""Amounts, quantities, rates and words as people read them, in each language there is."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.money import (
    NOTATIONS,
    format_micros,
    format_minor,
    format_money,
    format_quantity,
    format_rate,
    minor_digits,
)
from engine.words import CATALOGUES, words_of


@pytest.mark.parametrize(
    ("amount_minor", "currency", "language", "shown"),
    [
        (0, "EUR", "en", "0.00"),
        (5, "EUR", "en", "0.05"),
        (-5, "EUR", "en", "-0.05"),
        (123_456_789, "EUR", "en", "1,234,567.89"),
        (-1_234_567, "EUR", "de", "-12.345,67"),
        (1_234_567, "EUR", "fr", "12\u00a0345,67"),
        (100_000, "EUR", "xx", "1,000.00"),
        (1_234, "JPY", "en", "1,234"),
        (0, "JPY", "en", "0"),
        (1_234, "BHD", "en", "1.234"),
        (12_345, "CLF", "en", "1.2345"),
    ],
)
def test_amounts(amount_minor: int, currency: str, language: str, shown: str) -> None:
    """As many decimals as the currency has, grouped and signed as the language does."""
    assert format_minor(amount_minor, currency, language) == shown


@pytest.mark.parametrize(
    ("amount_minor", "currency", "language", "shown"),
    [
        (1_250, "EUR", "en", "€12.50"),
        (-1_250, "EUR", "en", "-€12.50"),
        (1_250, "EUR", "de", "12,50 €"),
        (-1_250, "EUR", "fr", "-12,50 €"),
        (1_250, "CHF", "en", "CHF 12.50"),
        (-1_250, "CHF", "en", "-CHF 12.50"),
        (1_250, "SEK", "de", "12,50 SEK"),
    ],
)
def test_amounts_with_their_currency(
    amount_minor: int, currency: str, language: str, shown: str
) -> None:
    """The symbol stands where the language puts it, the sign before all."""
    assert format_money(amount_minor, currency, language) == shown


@given(st.integers(-(10**12), 10**12), st.sampled_from(("EUR", "JPY", "BHD")),
       st.sampled_from(sorted(NOTATIONS)))  # fmt: skip
def test_no_digit_is_lost(amount_minor: int, currency: str, language: str) -> None:
    """What is shown has the amount's digits and sign, whatever the notation."""
    shown = format_minor(amount_minor, currency, language)
    digits = "".join(letter for letter in shown if letter in string.digits)
    assert int(digits) == abs(amount_minor)
    assert shown.startswith("-") == (amount_minor < 0)
    if amount_minor:
        micros = amount_minor * 10 ** (6 - minor_digits(currency))
        assert format_micros(micros, currency, language) == shown


@pytest.mark.parametrize(
    ("micros", "shown"),
    [(12_990_000, "12.99"), (100_000, "0.10"), (1_234_567, "1.234567"), (1_500, "0.0015")],
)
def test_unit_prices_show_every_digit_they_have(micros: int, shown: str) -> None:
    """Two decimals at least, and as many more as the price needs."""
    assert format_micros(micros, "EUR") == shown
    assert format_micros(-micros, "EUR") == f"-{shown}"
    assert format_micros(0, "EUR") == "0.00"


@pytest.mark.parametrize(
    ("quantity_milli", "unit", "language", "shown"),
    [
        (2000, "piece", "en", "2"),
        (-2000, "piece", "en", "-2"),
        (457, "kg", "en", "0.457 kg"),
        (-457, "kg", "de", "-0,457 kg"),
        (12_000, "l", "fr", "12,000 l"),
    ],
)
def test_quantities(quantity_milli: int, unit: str, language: str, shown: str) -> None:
    """Pieces are bare numbers, everything else has three decimals and its unit."""
    assert format_quantity(quantity_milli, unit, language) == shown


@pytest.mark.parametrize(
    ("rate_ppm", "language", "shown"),
    [
        (0, "en", "0 %"),
        (70_000, "en", "7 %"),
        (99_750, "de", "9,975 %"),
        (1_000_000, "fr", "100 %"),
    ],
)
def test_rates(rate_ppm: int, language: str, shown: str) -> None:
    """Percent without needless zeros."""
    assert format_rate(rate_ppm, language) == shown


@pytest.mark.feature("BO-17", part="the words of printed documents in three languages")
def test_an_unknown_language_is_written_as_english() -> None:
    """A store whose language has no notation yet still shows every figure."""
    for show in (
        lambda language: format_minor(-123_456, "EUR", language),
        lambda language: format_money(123_456, "EUR", language),
        lambda language: format_micros(1_234_500, "EUR", language),
        lambda language: format_quantity(1_234, "kg", language),
        lambda language: format_rate(99_750, language),
    ):
        assert show("xx") == show("en")


def test_catalogues_are_complete() -> None:
    """Every language has every word, none is empty, and each has a notation for amounts."""
    keys = CATALOGUES["en"].keys()
    assert len(CATALOGUES) >= 3
    for language, words in CATALOGUES.items():
        assert words.keys() == keys, language
        assert all(word.strip() == word and word for word in words.values()), language
        assert language in NOTATIONS
    assert words_of("xx") is CATALOGUES["en"]


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_large_words_leave_room_for_the_amount(language: str) -> None:
    """Total and refund are printed twice as wide: on 42 columns a word and 1,234.56 fit."""
    words = words_of(language)
    amount = format_money(-123_456, "EUR", language)
    assert all(len(words[key]) + 1 + len(amount) <= 21 for key in ("total", "refund"))
