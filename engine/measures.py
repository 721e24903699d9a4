"""What one of an item holds besides what it is sold by, which taxes may be by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from engine import limits
from engine.tax_document import Unit

# What an item that is sold by a unit has one of without saying so.
_SOLD_BY: Final = {"l": Unit.LITRE, "kg": Unit.KG}
_WHOLE: Final = limits.PIECE_MILLI * limits.PIECE_MILLI


@frozen
class Measures:
    """Thousandths of litres, kilograms and degrees of one piece, kilogram or metre; 0 where nobody
    said. A degree is what a law counts spirits in, litres × per cent: 0.7 l at 40 % have 28."""

    litres_milli: int = 0
    kilograms_milli: int = 0
    degrees_milli: int = 0

    def parts(self) -> tuple[int, int, int]:
        """As the native floor takes them."""
        return (self.litres_milli, self.kilograms_milli, self.degrees_milli)

    def said(self) -> Iterator[tuple[Unit, int]]:
        """Those that are said."""
        units = (Unit.LITRE, Unit.KG, Unit.DEGREE)
        yield from ((unit, milli) for unit, milli in zip(units, self.parts(), strict=True) if milli)

    def are_in_range(self) -> bool:
        """Whether each is one that an item can have."""
        return all(0 <= milli <= limits.MEASURE_MILLI_MAX for milli in self.parts())

    def repeat_the_unit(self, unit: str) -> bool:
        """Whether what is sold by the litre or kilogram says once more what one of it has."""
        return any(said is _SOLD_BY.get(unit) for said, _ in self.said())


def measures_of(parts: tuple[int, int, int]) -> Measures | None:
    """Measures as the native floor gives them; None where nothing is said."""
    return Measures(*parts) if any(parts) else None


def measured(measures: Measures, quantity_milli: int, factor_milli: int) -> list[tuple[str, int]]:
    """What a line has of each measure, in thousandths, halves away from nought: `factor_milli` is
    what one of its quantity stands for, so that a case has the litres of its bottles."""
    pieces = quantity_milli * factor_milli
    return [
        (unit.value, (2 * pieces * milli + _WHOLE) // (2 * _WHOLE))
        for unit, milli in measures.said()
    ]
