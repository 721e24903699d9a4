"""A shop near a border: foreign notes at the rate on the board, change at home, counted apart."""

from __future__ import annotations

from typing import Any

import pytest

from engine.document import BlockKind
from engine.foreign import ForeignCurrency, ForeignTotal
from engine.image import books_from, image_of, state_hash
from engine.order.commands import AddReturnLine, CompleteOrder, TenderCash, TenderForeign
from engine.order.events import (
    OrderCompleted,
)
from engine.order.refusal import Refusal
from engine.register import CloseDay, DayClosed
from engine.settings import SetForeignCurrencies
from engine.staff import SignOn
from engine.till import CloseTill, CountTill, Denomination, ForeignCount, TillClosed
from tests.shop import Shop

RATES = (ForeignCurrency("CHF", 1_047_300, 1_000), ForeignCurrency("USD", 921_000, 500))


def at_the_border(**changes: Any) -> Shop:
    """A shop with its rates set by the manager and Ana, a cashier, at register 1."""
    shop = Shop.selling(**changes)
    shop.ok(SetForeignCurrencies(RATES))
    shop.ok(SignOn("ana", pin_correct=True))
    return shop


def columns_of(document: Any) -> list[tuple[str, str]]:
    """The rows of a paper that have a left and a right side."""
    return [(e.left, e.right) for e in document.blocks if e.kind is BlockKind.COLUMNS]


@pytest.mark.feature("CHK-15")
def test_a_day_with_foreign_notes() -> None:
    """Foreign notes are accepted at a set rate, change is in home currency, and the drawer is
    counted per currency: taken, told on paper, given back at home, counted blind, closed."""
    shop = at_the_border()
    # Wine at 7.99: twenty dollars count for 18.42, and 10.43 comes back in euros.
    shop.ring("wine")
    assert shop.ok(TenderForeign("USD", 2_000))["worth_minor"] == 1_842
    wine = shop.ok(CompleteOrder())
    assert wine["change_minor"] == 1_043
    receipt = columns_of(shop.printed()[-1])
    assert ("USD 20.00 at 0.921", "18.42") in receipt
    assert ("Change", "10.43") in receipt
    # Francs, dollars and euros together pay for a book and a bread, 15.50.
    shop.ring("book", "bread")
    assert shop.ok(TenderForeign("CHF", 1_000))["due_minor"] == 1_550 - 1_047
    assert shop.ok(TenderForeign("USD", 500))["due_minor"] == 1_550 - 1_047 - 461
    assert shop.ok(TenderCash(100))["change_minor"] == 58
    shop.ok(CompleteOrder())
    # What goes back is euros, whatever it was paid with.
    shop.ok(SignOn("max", pin_correct=True))
    shop.ok(AddReturnLine(wine["order_id"], 1, 1_000, "corked"))
    assert shop.no(TenderForeign("USD", 1_000)) == Refusal.REFUND_MUST_BE_IN_OWN_CURRENCY
    shop.ok(TenderCash(-799))
    shop.ok(CompleteOrder())
    # The drawer: a hundred euros and what came and went; five dollars are missing.
    own = 10_000 - 1_043 + (100 - 58) - 799
    assert shop.books.live.till("1").expected_minor() == own
    count = CountTill(
        (Denomination(1, own),),
        (
            ForeignCount("CHF", (Denomination(1_000, 1),)),
            ForeignCount("USD", (Denomination(1_000, 2),)),
        ),
    )
    told = {row["currency"]: row for row in shop.ok(count)["foreign"]}
    assert {name: row["difference_minor"] for name, row in told.items()} == {"CHF": 0, "USD": -500}
    assert (told["USD"]["expected_minor"], told["USD"]["counted_minor"]) == (2_500, 2_000)
    shop.ok(CloseTill())
    (closed,) = shop.events(TillClosed)
    assert (closed.difference_minor, [row.difference_minor for row in closed.foreign]) == (
        0,
        [0, -500],
    )
    shop.ok(CloseDay())
    (day,) = shop.events(DayClosed)
    assert day.totals.foreign == (
        ForeignTotal("CHF", 1_000, 1_047),
        ForeignTotal("USD", 2_500, 2_303, -500),
    )
    tenders = day.totals.tenders
    assert tenders == {"foreign": 3_350, "cash": own - 10_000}
    assert sum(tenders.values()) == day.totals.total_minor + day.totals.rounding_minor
    paper = columns_of(shop.printed()[-1])
    for row in (("Foreign notes", "33.50"), ("  CHF 10.00", "10.47"), ("  USD 25.00", "23.03")):
        assert row in paper
    assert ("  Over / short", "USD -5.00") in paper
    _replays(shop)


def _replays(shop: Shop) -> None:
    """History and a snapshot both lead to the same books."""
    assert state_hash(shop.replayed()) == state_hash(shop.books)
    assert state_hash(books_from(image_of(shop.books), None)) == state_hash(shop.books)


def test_a_z_before_the_notes_are_counted_elsewhere() -> None:
    """Each register's Z has its own notes and nobody else's, and the next one starts anew."""
    shop = at_the_border()
    shop.ring("wine")
    shop.ok(TenderForeign("USD", 1_000))
    shop.ok(CompleteOrder())
    for body in (CountTill((), (ForeignCount("USD", (Denomination(1_000, 1),)),)), CloseTill()):
        shop.ok(body)
    shop.ok(SignOn("max", pin_correct=True))
    shop.ok(CloseDay())
    assert shop.events(DayClosed)[0].totals.foreign == (ForeignTotal("USD", 1_000, 921),)
    assert shop.books.live.position("1").totals.foreign == ()
    assert shop.books.live.position("2").totals.foreign == ()


def test_a_five_cent_country_gives_change_in_five_cents() -> None:
    """Notes at an odd rate never ask for a coin there is not: what is kept plus what is given back
    is what was handed over, and what is given back can be paid."""
    shop = at_the_border(cash_step_minor=5)
    for codes in (("milk",), ("wine",), ("bread", "milk"), ("book",)):
        shop.ring(*codes)
        shop.ok(TenderForeign("USD", 2_000))
        shop.ok(CompleteOrder())
    for sold in shop.events(OrderCompleted):
        assert sold.change_minor % 5 == 0
        total = sold.figures.total_minor
        assert total + sold.rounding_minor == 1_842 - sold.change_minor
        assert abs(sold.rounding_minor) <= 2
