"""Arithmetic as on paper, for holding cases against: decimals and their own rounding."""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction

_CONTEXT = decimal.Context(prec=60)
_MODES = {
    "half_up": decimal.ROUND_HALF_UP,
    "half_even": decimal.ROUND_HALF_EVEN,
    "up": decimal.ROUND_UP,
    "down": decimal.ROUND_DOWN,
}


def on_paper(value: Fraction, digits: int = 2, mode: str = "half_up") -> str:
    """A figure in major units rounded to `digits` decimals, as text.

    Sixty digits are carried, so a figure that does not end cannot look like a half.
    """
    exact = _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), _MODES[mode], _CONTEXT)
    return f"{rounded + 0:f}" if rounded else f"{abs(rounded):f}"


def total(*texts: str) -> str:
    """The sum of rounded figures, as text."""
    return f"{sum(map(Decimal, texts)):f}"


def less(text: str, *texts: str) -> str:
    """A rounded figure less others, as text."""
    return f"{Decimal(text) - sum(map(Decimal, texts)):f}"
