"""Promotions for a means of payment: what they are called, and what pays the price they make.

Such a price is known before money moves: the customer says how it will be paid, the order is priced
for it, and no other tender is taken then. Notes of another currency are no cash here.
"""

from __future__ import annotations

from typing import Final

from engine import limits

CASH: Final = "cash"
CARD: Final = "card"
_BRAND: Final = "card:"


def is_tender(name: str) -> bool:
    """Whether a promotion may be for it: `cash`, `card`, or `card:` and a brand as terminals tell
    it, in letters of any case."""
    if name.casefold() in (CASH, CARD):
        return True
    brand = name[len(_BRAND) :]
    is_short = len(name) <= limits.ID_LENGTH_MAX and brand.isprintable()
    return name.casefold().startswith(_BRAND) and bool(brand.strip()) and is_short


def named_by(tender: str) -> tuple[str, ...]:
    """The names of means of payment that one is: a card of a brand is a card."""
    name = tender.casefold()
    if not name:
        return ()
    return (CARD, name) if name.startswith(_BRAND) else (name,)


def pays(chosen: str, kind: str, brand: str | None = None) -> bool:
    """Whether a tender of this kind pays a price made for the `chosen` one ("": any). A card whose
    brand is not known yet (None) may turn out to be of the right one."""
    name = chosen.casefold()
    if not name.startswith(_BRAND):
        return name in ("", kind)
    return kind == CARD and (brand is None or brand.casefold() == name[len(_BRAND) :])
