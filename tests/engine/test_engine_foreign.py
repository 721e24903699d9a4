"""Notes of other currencies: what they are worth, who may set the rates, what a till expects."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import limits, settings, till
from engine.foreign import ForeignCurrency, ForeignNotes, ForeignTotal, least_minor, worth_minor
from engine.image import state_hash
from engine.order.commands import (
    AddReturnLine,
    CompleteOrder,
    StartTendering,
    TenderCash,
    TenderForeign,
    UndoTender,
)
from engine.order.events import (
    OrderCompleted,
)
from engine.order.figures import TenderFigures
from engine.order.refusal import Refusal
from engine.order.tender_events import ForeignTendered, TenderingStarted
from engine.outbox import EffectRequested
from engine.payment.commands import RequestPayment
from engine.register import CloseDay, EndTraining, StartTraining
from engine.settings import ConfigureStore, ForeignCurrenciesSet, SetForeignCurrencies
from engine.terminal import Verdict
from engine.till import (
    CloseTill,
    CountTill,
    Denomination,
    ForeignCount,
    ForeignDifference,
    OpenTill,
    PayOut,
    TillClosed,
    TillCounted,
)
from engine.views.build import order_view, store_view, till_view
from engine.views.till_shapes import ForeignCurrencyView, ForeignDueView
from tests.card_shop import hear, with_terminal
from tests.shop import Shop, rules

DOLLARS = ForeignCurrency("USD", 921_000, 500)
YEN = ForeignCurrency("JPY", 6_123, 1_000)
FRANCS = ForeignCurrency("CHF", 1_047_300)
TAKEN = (DOLLARS, YEN, FRANCS)


def taking(*currencies: ForeignCurrency, **changes: Any) -> Shop:
    """A shop that sells at register 1 and takes notes of these currencies, or of three."""
    shop = Shop.selling(**changes)
    shop.ok(SetForeignCurrencies(currencies or TAKEN))
    return shop


def paid(shop: Shop, currency: str, amount_minor: int, *codes: str) -> dict[str, Any]:
    """A sale paid with notes of a currency alone; the answer of its completion."""
    shop.ring(*codes)
    shop.ok(TenderForeign(currency, amount_minor))
    return shop.ok(CompleteOrder())


# ------------------------------------------------------------------------------------- Rates


@given(
    amount=st.integers(0, limits.AMOUNT_MINOR_MAX),
    rate=st.integers(1, limits.UNIT_PRICE_MICROS_MAX),
    pair=st.permutations(("EUR", "JPY", "KWD", "CLF", "USD")),
)
def test_a_worth_is_the_exact_one_rounded_once(amount: int, rate: int, pair: list[str]) -> None:
    """Whatever digits two currencies have, a worth is at most half a minor unit from exact."""
    digits = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3, "CLF": 4}
    currency, home = pair[:2]
    exact = Fraction(amount, 10 ** digits[currency]) * Fraction(rate, 10**6) * 10 ** digits[home]
    worth = worth_minor(amount, rate, currency=currency, home=home)
    assert -Fraction(1, 2) < worth - exact <= Fraction(1, 2)


@given(
    due=st.integers(1, 10**6),
    rate=st.integers(100, 10**9),
    note=st.sampled_from((0, 1, 500, 1_000)),
    currency=st.sampled_from(("USD", "JPY", "KWD")),
)
def test_the_least_that_pays_pays(due: int, rate: int, note: int, currency: str) -> None:
    """What a customer is told to hand over is enough, whole notes, and one note less is not."""
    taken = ForeignCurrency(currency, rate, note)
    least = least_minor(due, taken, "EUR")
    assert least % (note or 1) == 0
    assert worth_minor(least, rate, currency=currency, home="EUR") >= due
    assert worth_minor(least - (note or 1), rate, currency=currency, home="EUR") < due


@pytest.mark.parametrize(
    ("currencies", "refusal"),
    [
        ((ForeignCurrency("USD", 0),), settings.Refusal.RATE_MUST_BE_IN_RANGE),
        ((ForeignCurrency("USD", -1),), settings.Refusal.RATE_MUST_BE_IN_RANGE),
        ((ForeignCurrency("USD", 10**12 + 1),), settings.Refusal.RATE_MUST_BE_IN_RANGE),
        ((ForeignCurrency("EUR", 10**6),), settings.Refusal.CURRENCY_MUST_BE_FOREIGN),
        ((ForeignCurrency("ZZZ", 10**6),), settings.Refusal.CURRENCY_MUST_HAVE_KNOWN_DIGITS),
        ((ForeignCurrency("usd", 10**6),), settings.Refusal.CURRENCY_MUST_HAVE_KNOWN_DIGITS),
        ((ForeignCurrency("", 10**6),), settings.Refusal.CURRENCY_MUST_HAVE_KNOWN_DIGITS),
        ((DOLLARS, DOLLARS), settings.Refusal.CURRENCIES_MUST_BE_DISTINCT),
        ((DOLLARS,) * 21, settings.Refusal.CURRENCIES_LIMIT_REACHED),
        ((attrs.evolve(YEN, note_minor=-1),), settings.Refusal.NOTE_MUST_NOT_BE_NEGATIVE),
        (
            (attrs.evolve(YEN, note_minor=limits.AMOUNT_MINOR_MAX + 1),),
            settings.Refusal.NOTE_MUST_NOT_BE_NEGATIVE,
        ),
    ],
)
def test_rates_no_store_could_have(currencies: tuple[ForeignCurrency, ...], refusal: str) -> None:
    """A rate of nothing, the store's own currency, an unknown one or one twice change nothing."""
    shop = taking()
    assert shop.no(SetForeignCurrencies(currencies)) == refusal
    assert tuple(shop.books.settings.foreign.values()) == TAKEN


def test_rates_need_a_store_and_the_right() -> None:
    """Before the store has a currency there is no rate to it; a cashier sets none."""
    body = SetForeignCurrencies((DOLLARS,))
    assert Shop().no(body, admin=True) == settings.Refusal.STORE_MUST_BE_SET_UP
    assert Shop.selling("ana").no(body) == "right_must_be_granted"


def test_rates_are_facts_that_replace_each_other() -> None:
    """All of them are set at once; screens read them with the digits of each."""
    shop = taking()
    shop.ok(SetForeignCurrencies((YEN,)))
    assert shop.events(ForeignCurrenciesSet)[-1] == ForeignCurrenciesSet((YEN,))
    assert store_view(shop.books, "s").foreign == (ForeignCurrencyView("JPY", 6_123, 1_000, 0),)
    shop.ok(SetForeignCurrencies(()))
    assert store_view(shop.books, "s").foreign == ()
    shop.ring("bread")
    assert shop.no(TenderForeign("JPY", 1_000)) == Refusal.CURRENCY_MUST_BE_TAKEN


def test_rates_are_to_one_currency() -> None:
    """A store that opens in another currency after all takes no notes at the old one's rates; any
    other change of its rules leaves them."""
    shop = taking()
    shop.ok(ConfigureStore(rules(name="Corner", currency="EUR")))
    assert set(shop.books.settings.foreign) == {"USD", "JPY", "CHF"}
    for body in (CountTill(()), CloseTill(), CloseDay()):
        shop.ok(body)
    shop.ok(ConfigureStore(rules(currency="USD")))
    assert shop.books.settings.foreign == {}
    assert state_hash(shop.replayed()) == state_hash(shop.books)


# ------------------------------------------------------------------------------------ Tenders


def test_notes_are_taken_at_their_rate() -> None:
    """The tender keeps what was handed over and at which rate; the rate may change afterwards."""
    shop = taking()
    shop.ring("wine")
    answer = shop.ok(TenderForeign("USD", 2_000))
    assert (answer["worth_minor"], answer["due_minor"], answer["change_minor"]) == (1_842, 0, 1_043)
    shop.ok(SetForeignCurrencies((attrs.evolve(DOLLARS, rate_micros=500_000),)))
    assert shop.ok(CompleteOrder())["change_minor"] == 1_043
    notes = ForeignNotes("USD", 2_000, 921_000)
    assert shop.events(ForeignTendered) == [ForeignTendered(answer["order_id"], 1, 1_842, notes)]
    (sold,) = shop.events(OrderCompleted)
    assert sold.tenders == (TenderFigures(1, "foreign", 1_842, foreign=notes),)
    assert (sold.cash_minor, sold.till_session) == (-1_043, 1)


def test_a_screen_says_how_much_pays() -> None:
    """While something is due the order has the least of each currency that pays it."""
    shop = taking(DOLLARS, YEN)
    order_id = shop.ring("wine")
    assert order_view(shop.order(order_id), shop.books).foreign_due == ()
    shop.ok(StartTendering())
    # 7.99 is 8.68 dollars, in notes of five; 1,304.9 yen, in notes of a thousand.
    due = (ForeignDueView("USD", 1_000), ForeignDueView("JPY", 2_000))
    assert order_view(shop.order(order_id), shop.books).foreign_due == due
    shop.ok(TenderForeign("USD", 500))
    view = order_view(shop.order(order_id), shop.books)
    assert (view.due_minor, view.foreign_due[0].amount_minor) == (799 - 461, 500)
    (tender,) = view.tenders
    assert (tender.kind, tender.amount_minor) == ("foreign", 461)
    assert (tender.currency, tender.foreign_minor, tender.rate_micros) == ("USD", 500, 921_000)
    shop.ok(TenderCash(338))
    assert order_view(shop.order(order_id), shop.books).foreign_due == ()


def test_what_is_not_taken() -> None:
    """Refused by name, and nothing of it is kept: no tender, no frozen figures."""
    shop = taking()
    shop.ring("wine")
    assert shop.no(TenderForeign("GBP", 500)) == Refusal.CURRENCY_MUST_BE_TAKEN
    assert shop.no(TenderForeign("EUR", 500)) == Refusal.CURRENCY_MUST_BE_TAKEN
    assert shop.no(TenderForeign("USD", 0)) == Refusal.AMOUNT_MUST_BE_POSITIVE
    assert shop.no(TenderForeign("USD", -500)) == Refusal.AMOUNT_MUST_BE_POSITIVE
    assert shop.no(TenderForeign("USD", 501)) == Refusal.NOTES_MUST_BE_WHOLE
    assert shop.refused(TenderForeign("USD", 501)) == {"currency": "USD", "note_in_minor": 500}
    huge = limits.AMOUNT_MINOR_MAX
    assert shop.no(TenderForeign("USD", huge + 500)) == Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT
    assert shop.no(TenderForeign("CHF", huge)) == Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT
    assert shop.events(ForeignTendered) == shop.events(TenderingStarted) == []
    shop.ok(TenderForeign("USD", 1_000))
    assert shop.no(TenderForeign("USD", 500)) == Refusal.AMOUNT_MUST_STILL_BE_DUE
    assert shop.no(TenderCash(1)) == Refusal.AMOUNT_MUST_STILL_BE_DUE


def test_coins_worth_nothing_here() -> None:
    """An amount that rounds to nothing is no tender."""
    shop = taking(ForeignCurrency("VND", 38))
    shop.ring("wine")
    assert shop.no(TenderForeign("VND", 131)) == Refusal.AMOUNT_MUST_BE_POSITIVE
    assert shop.ok(TenderForeign("VND", 132))["worth_minor"] == 1


def test_as_cash_it_needs_an_order_a_till_and_room() -> None:
    """No order, no line, no float or too many tenders: as for cash."""
    shop = taking()
    assert shop.no(TenderForeign("USD", 500)) == Refusal.ORDER_MUST_BE_OPEN
    shop.ring("wine", register="2")
    assert shop.no(TenderForeign("USD", 500), "2") == Refusal.TILL_MUST_BE_OPEN
    shop.ring("wine")
    for _ in range(limits.TENDERS_PER_ORDER_MAX):
        shop.ok(TenderForeign("CHF", 1))
    assert shop.no(TenderForeign("CHF", 1)) == Refusal.TENDERS_LIMIT_REACHED


def test_the_very_notes_go_back() -> None:
    """A tender that is undone gives back the notes, not their worth; nothing stays of it."""
    shop = taking()
    order_id = shop.ring("wine")
    shop.ok(TenderForeign("USD", 500))
    answer = shop.ok(UndoTender(1))
    told = {"returned_minor": 461, "currency": "USD", "foreign_minor": 500}
    assert answer == {"order_id": order_id, **told}
    shop.pay(1_000)
    assert shop.books.live.till("1").foreign == ()
    assert shop.books.live.till("1").expected_minor() == 10_000 + 799


def test_money_goes_back_in_the_stores_own_currency() -> None:
    """Goods paid with notes come back: cash of the store's own, and never more than was kept: for
    notes worth 18.42, 10.45 were change."""
    shop = taking(cash_step_minor=5)
    sold = paid(shop, "USD", 2_000, "wine")["order_id"]
    assert shop.events(OrderCompleted)[0].rounding_minor == -2
    shop.ok(AddReturnLine(sold, 1, 1_000, "corked"))
    assert shop.no(TenderForeign("USD", 500)) == Refusal.REFUND_MUST_BE_IN_OWN_CURRENCY
    assert shop.refused(TenderForeign("USD", 500)) == {"due_minor": -795}
    assert shop.ok(StartTendering())["cash_due_minor"] == -795
    assert shop.refused(TenderForeign("USD", 500)) == {"due_minor": -795}
    shop.ok(TenderCash(-795))
    shop.ok(CompleteOrder())
    assert shop.books.live.till("1").foreign == (ForeignTotal("USD", 2_000, 1_842),)
    assert shop.books.live.till("1").cash_refunds_minor == 795


def test_coins_can_give_the_change() -> None:
    """Notes come to odd amounts; what is over is rounded to coins there are, as a sale is."""
    shop = taking(cash_step_minor=5)
    assert paid(shop, "USD", 2_000, "wine")["change_minor"] == 1_045
    shop.ring("wine")
    shop.ok(TenderForeign("USD", 500))
    assert shop.ok(TenderCash(500))["change_minor"] == 160
    assert shop.ok(CompleteOrder())["rounding_minor"] == 461 + 500 - 160 - 799


@pytest.mark.parametrize(("mode", "change"), [("up", 1_040), ("down", 1_045)])
def test_change_rounds_as_the_sale_does(mode: str, change: int) -> None:
    """A store that rounds its sales up keeps the odd cent of the change, too."""
    shop = taking(cash_step_minor=5, cash_mode=settings.RoundingMode(mode))
    assert paid(shop, "USD", 2_000, "wine")["change_minor"] == change


def test_notes_and_a_card_pay_together() -> None:
    """A card takes to the cent what the notes leave, whatever coins there are; while the terminal
    is at work no note is taken."""
    shop = taking(cash_step_minor=5)
    with_terminal(shop, "1")
    shop.ring("wine")
    shop.ok(TenderForeign("USD", 500))
    assert shop.ok(RequestPayment())["amount_minor"] == 799 - 461
    assert shop.no(TenderForeign("USD", 500)) == Refusal.TERMINAL_MUST_BE_DONE
    hear(shop, Verdict.APPROVED)
    answer = shop.ok(CompleteOrder())
    assert (answer["change_minor"], answer["rounding_minor"]) == (0, 0)
    tenders = shop.books.live.position("1").totals.tenders
    assert tenders == {"foreign": 461, "card": 338}


def test_the_drawer_opens_for_notes() -> None:
    """They have to be put somewhere; in training it stays shut."""
    shop = taking()
    kicks = len(shop.events(EffectRequested))
    paid(shop, "USD", 1_000, "wine")
    assert [event.address for event in shop.events(EffectRequested)[kicks:]] == [
        "drawer/1",
        "printer/1",
    ]


# --------------------------------------------------------------------------------------- Till


def test_each_currency_is_expected_by_itself() -> None:
    """Of each as much as was taken; of the store's own the float less the change."""
    shop = taking()
    paid(shop, "USD", 2_000, "wine")
    paid(shop, "JPY", 1_000, "bread")
    paid(shop, "USD", 500, "bread")
    own = 10_000 + (799 - 1_842) + (350 - 612) + (350 - 461)
    now = shop.books.live.till("1")
    assert now.expected_minor() == own
    assert now.foreign == (ForeignTotal("JPY", 1_000, 612), ForeignTotal("USD", 2_500, 2_303))
    assert shop.no(PayOut(own + 1, "bank")) == till.Refusal.AMOUNT_MUST_BE_IN_TILL


def test_a_count_for_each_currency() -> None:
    """Counted by note, kept as counted; each difference is posted in its own currency, once."""
    shop = taking()
    paid(shop, "USD", 2_000, "wine")
    paid(shop, "JPY", 1_000, "bread")
    home = (Denomination(1, 10_000 - 1_043 - 262),)
    dollars = ForeignCount("USD", (Denomination(1_000, 1), Denomination(500, 1)))
    francs = ForeignCount("CHF", (Denomination(1_000, 1),))
    answer = shop.ok(CountTill(home, (dollars, francs)))
    differences = (
        ForeignDifference("CHF", 0, 1_000, 1_000),
        ForeignDifference("JPY", 1_000, 0, -1_000),
        ForeignDifference("USD", 2_000, 1_500, -500),
    )
    assert answer["difference_minor"] == 0
    assert answer["foreign"] == [attrs.asdict(row) for row in differences]
    assert shop.events(TillCounted)[0].foreign == (francs, dollars)
    shop.ok(CloseTill())
    assert shop.events(TillClosed)[0].foreign == differences
    assert shop.books.live.position("1").totals.foreign == (
        ForeignTotal("CHF", 0, 0, 1_000),
        ForeignTotal("JPY", 1_000, 612, -1_000),
        ForeignTotal("USD", 2_000, 1_842, -500),
    )
    shop.ok(OpenTill(()))
    assert shop.books.live.till("1").differences() == ()


@pytest.mark.parametrize(
    ("foreign", "refusal"),
    [
        (
            (ForeignCount("USD", (Denomination(0, 1),)),),
            till.Refusal.DENOMINATIONS_MUST_BE_VALID,
        ),
        (
            (ForeignCount("USD", (Denomination(5, 1), Denomination(5, 2))),),
            till.Refusal.DENOMINATIONS_MUST_BE_VALID,
        ),
        ((ForeignCount("USD", ()),) * 2, till.Refusal.CURRENCIES_MUST_BE_DISTINCT),
        ((ForeignCount("GBP", ()),), till.Refusal.CURRENCY_MUST_BE_TAKEN),
    ],
)
def test_a_count_that_cannot_be(foreign: tuple[ForeignCount, ...], refusal: str) -> None:
    """An absurd count of any currency locks nothing."""
    shop = taking()
    assert shop.no(CountTill((), foreign)) == refusal
    assert shop.books.live.till("1").counted_minor is None


def test_notes_of_a_currency_no_longer_taken_are_counted() -> None:
    """They lie in the drawer all the same."""
    shop = taking()
    paid(shop, "USD", 1_000, "wine")
    shop.ok(SetForeignCurrencies(()))
    shop.ok(CountTill((), (ForeignCount("USD", (Denomination(1_000, 1),)),)))


def test_the_count_of_notes_is_blind() -> None:
    """Which currencies to count is shown, how much of them only once the count is locked."""
    shop = taking(DOLLARS, YEN)
    paid(shop, "USD", 2_000, "wine")
    currencies = shop.books.settings.foreign.keys()

    def rows(*, may_see: bool) -> list[tuple[Any, ...]]:
        now = shop.books.live.till("1")
        view = till_view(now, may_see_expected=may_see, currencies=currencies)
        return [attrs.astuple(row) for row in view.foreign]

    assert rows(may_see=False) == [("JPY", 0, None, None, None), ("USD", 2, None, None, None)]
    assert rows(may_see=True) == [("JPY", 0, 0, None, None), ("USD", 2, 2_000, None, None)]
    shop.ok(CountTill((), (ForeignCount("USD", (Denomination(500, 3),)),)))
    assert rows(may_see=False) == [("JPY", 0, 0, 0, 0), ("USD", 2, 2_000, 1_500, -500)]


def test_practice_touches_no_notes() -> None:
    """Notes of a training sale are in the training till alone."""
    shop = taking()
    shop.ok(StartTraining())
    shop.ok(OpenTill(()))
    kicks = len(shop.events(EffectRequested))
    paid(shop, "USD", 1_000, "wine")
    assert [event.address for event in shop.events(EffectRequested)[kicks:]] == ["printer/1"]
    assert shop.books.training.till("1").foreign == (ForeignTotal("USD", 1_000, 921),)
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    shop.ok(EndTraining())
    assert shop.books.live.till("1").foreign == ()
    assert shop.books.live.position("1").totals.foreign == ()


def test_change_for_notes_rounds_as_the_sale_does() -> None:
    """Half a step is rounded away from nought of the sale, though the change is below it."""
    shop = taking(ForeignCurrency("USD", 1_848_000, 500), cash_step_minor=10)
    shop.ring("milk")
    # 1.29 less notes worth 9.24 is -7.95: a sale's half goes up, so the customer gets 7.90.
    assert shop.ok(TenderForeign("USD", 500))["change_minor"] == 790


def test_notes_pay_the_last_cent() -> None:
    """As long as anything is due, a note may be given for it."""
    shop = taking()
    shop.ring("wine")
    shop.ok(TenderCash(798))
    shop.ok(TenderForeign("USD", 500))
    assert shop.no(TenderForeign("USD", 500)) == Refusal.AMOUNT_MUST_STILL_BE_DUE
