"""A house with rules of its own: how much over the due, with change or without, with the drawer."""

from __future__ import annotations

import pytest

from engine.foreign import ForeignCurrency
from engine.image import books_from, image_of, state_hash
from engine.order.commands import (
    AddReturnLine,
    CompleteOrder,
    TenderCash,
    TenderForeign,
    UndoTender,
)
from engine.order.refusal import Refusal
from engine.outbox import EffectRequested
from engine.payment.commands import RequestPayment
from engine.settings import Refusal as Wrong
from engine.settings import SetForeignCurrencies, SetTenderRules
from engine.staff import SignOn
from engine.tender_rules import TenderRule
from engine.terminal import Verdict
from engine.wire import canonical, parse
from tests.card_shop import card_shop, hear
from tests.shop import Shop


def kicks(shop: Shop) -> int:
    """How often the drawer was to open so far."""
    return sum(one.address == "drawer/1" for one in shop.events(EffectRequested))


def test_as_long_as_the_house_says_nothing() -> None:
    """Any amount of cash is taken, what is over is change, and the drawer opens for it."""
    shop = Shop.selling()
    shop.ring("wine")
    before = kicks(shop)
    assert shop.ok(TenderCash(50_000))["change_minor"] == 50_000 - 799
    shop.ok(CompleteOrder())
    assert kicks(shop) == before + 1


def test_no_more_over_the_due_than_the_house_takes() -> None:
    """A note that is too big is refused with what would do, nothing is kept, and the same order is
    paid with less; what is taken in parts is over only at its end."""
    shop = Shop.selling()
    shop.ok(SetTenderRules((TenderRule("cash", over_minor_max=2_000, opens_drawer=True),)))
    shop.ring("wine")
    told = shop.refused(TenderCash(5_000))
    assert told == {"tender": "cash", "over_minor": 4_201, "maximum_minor": 2_000}
    assert shop.no(TenderCash(2_800)) == Refusal.TENDER_MUST_NOT_BE_OVER
    assert shop.ok(TenderCash(500))["due_minor"] == 299
    assert shop.no(TenderCash(2_300)) == Refusal.TENDER_MUST_NOT_BE_OVER
    assert shop.ok(TenderCash(2_299))["change_minor"] == 2_000
    assert shop.ok(CompleteOrder())["change_minor"] == 2_000


def test_no_change_is_given() -> None:
    """For foreign notes, or at all: what is due is taken exactly, with the coins' own rounding,
    and less than is due as ever."""
    shop = Shop.selling(cash_step_minor=5)
    shop.ok(SetForeignCurrencies((ForeignCurrency("USD", 921_000, 100),)))
    rules = [
        TenderRule(kind, gives_change=False, opens_drawer=True) for kind in ("cash", "foreign")
    ]
    shop.ok(SetTenderRules(tuple(rules)))
    shop.ring("wine")
    assert shop.refused(TenderForeign("USD", 900))["maximum_minor"] == 0
    assert shop.ok(TenderForeign("USD", 800))["due_minor"] == 799 - 737
    assert shop.no(TenderCash(65)) == Refusal.TENDER_MUST_NOT_BE_OVER
    assert shop.ok(TenderCash(60))["change_minor"] == 0
    assert shop.ok(CompleteOrder())["change_minor"] == 0


def test_a_refund_is_no_tender_over_the_due() -> None:
    """What goes back in cash is not change."""
    shop = Shop.selling()
    shop.ok(SetTenderRules((TenderRule("cash", gives_change=False),)))
    sold = shop.ring("wine")
    assert shop.no(TenderCash(800)) == Refusal.TENDER_MUST_NOT_BE_OVER
    shop.ok(UndoTender(shop.ok(TenderCash(799))["tender"]))
    shop.ok(TenderCash(799))
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(sold, 1, 1_000, "corked"))
    shop.ok(TenderCash(-799))
    assert shop.ok(CompleteOrder())["total_minor"] == -799


def test_the_drawer_opens_for_what_the_house_says() -> None:
    """For card slips it opens where the house wants it; for cash it stays shut where it does not;
    a sale paid in both ways opens it if one of them does."""
    shop = card_shop()
    shop.ok(SetTenderRules((TenderRule("card", opens_drawer=True), TenderRule("cash"))))
    before = kicks(shop)
    shop.ring("wine")
    shop.pay()
    assert kicks(shop) == before
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 1)
    shop.ok(CompleteOrder())
    assert kicks(shop) == before + 1
    shop.ring("wine")
    shop.ok(RequestPayment(300))
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(TenderCash(499))
    shop.ok(CompleteOrder())
    assert kicks(shop) == before + 2


@pytest.mark.parametrize(
    ("rules", "refusal"),
    [
        ((TenderRule("cheque"),), Wrong.TENDER_KIND_MUST_EXIST),
        ((TenderRule("cash"), TenderRule("cash")), Wrong.TENDER_KINDS_MUST_BE_DISTINCT),
        ((TenderRule("cash", over_minor_max=-1),), Wrong.OVER_MUST_BE_IN_RANGE),
        ((TenderRule("cash", over_minor_max=10**15),), Wrong.OVER_MUST_BE_IN_RANGE),
        ((TenderRule("card", over_minor_max=1),), Wrong.OVER_MUST_BE_IN_RANGE),
    ],
)
def test_rules_that_are_none(rules: tuple[TenderRule, ...], refusal: str) -> None:
    """They are refused by name, and what was in force stays."""
    shop = Shop.selling()
    shop.ok(SetTenderRules((TenderRule("cash", gives_change=False),)))
    assert shop.no(SetTenderRules(rules)) == refusal
    shop.ring("wine")
    assert shop.no(TenderCash(800)) == Refusal.TENDER_MUST_NOT_BE_OVER


def test_who_may_say_so_and_how_long_it_holds() -> None:
    """A cashier may not; a kind that is left out is as usual again; a restart changes nothing."""
    shop = Shop.selling()
    shop.ok(SetTenderRules((TenderRule("cash", gives_change=False),)))
    assert state_hash(books_from(parse(canonical(image_of(shop.books))), None)) == state_hash(
        shop.books
    )
    shop.ok(SignOn("ana", pin_correct=True))
    assert shop.no(SetTenderRules(())) == "right_must_be_granted"
    shop.ok(SignOn("max", pin_correct=True))
    shop.ok(SetTenderRules(()))
    shop.ring("wine")
    assert shop.ok(TenderCash(1_000))["change_minor"] == 201
