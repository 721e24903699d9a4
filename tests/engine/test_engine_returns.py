"""Taking goods back: against the original, never more than sold, at the price actually paid."""

from __future__ import annotations

from typing import Any

import pytest

from engine import limits
from engine.books import needs
from engine.credit.rules import ReturnRules, ReturnRulesSet
from engine.decision import EVENTS, Fact
from engine.image import state_hash
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    ChangeQuantity,
    CompleteOrder,
    DiscountLine,
    DiscountOrder,
    OverridePrice,
    RefundToCredit,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    UndoTender,
    UndoTendering,
    VoidLine,
)
from engine.order.events import (
    OrderReturned,
    ReturnLineAdded,
)
from engine.order.figures import DiscountKind
from engine.order.refunds import left_of
from engine.order.refusal import Refusal
from engine.register import StartTraining
from engine.settings import RoundingMode, StoreConfigured
from engine.till import OpenTill
from engine.views.build import order_view
from engine.wire import canonical, parse
from tests.shop import Shop, rules
from tests.tax_shop import by_rule, figures_of, rule, ruled, setup

PERCENT, AMOUNT = DiscountKind.PERCENT, DiscountKind.AMOUNT


def sold(*codes: str, quantity_milli: int = 1000, discount_minor: int = 0) -> tuple[Shop, str]:
    """A shop that has sold so many of each code, with an amount off the whole order."""
    shop = Shop.selling()
    shop.ok(OpenTill(()), "2")
    for code in codes:
        order_id = shop.ok(AddLine(code, "", quantity_milli))["order_id"]
    if discount_minor:
        shop.ok(DiscountOrder(AMOUNT, discount_minor))
    shop.pay()
    return shop, order_id


def test_a_return_copies_what_was_paid() -> None:
    """The line is negative, names the receipt, and today's price does not matter."""
    shop, order_id = sold("wine")
    shop.ok(AddReturnLine(order_id, 1, 1000, " corked "))
    (fact,) = shop.events(ReturnLineAdded)
    assert fact.quantity_milli == -1000
    source = fact.source
    assert (source.order_id, source.line, source.receipt_number) == (order_id, 1, "1-000001")
    assert (source.total_minor, source.tax_minor, source.rate_ppm) == (-799, -128, 190_000)
    assert source.reason == "corked"


def test_returns_that_cannot_be() -> None:
    """Each fault has its name, in this order, and nothing is added."""
    shop, order_id = sold("wine", quantity_milli=2000)
    current = shop.ring("milk", register="2")
    shop.ok(VoidLine(1), "2")
    cases = [
        (AddReturnLine("never", 1, 1000, "x"), Refusal.ORDER_MUST_EXIST),
        (AddReturnLine(current, 1, 1000, "x"), Refusal.ORDER_MUST_BE_COMPLETED),
        (AddReturnLine(order_id, 2, 1000, "x"), Refusal.LINE_MUST_EXIST),
        (AddReturnLine(order_id, 1, 0, "x"), Refusal.QUANTITY_MUST_BE_POSITIVE),
        (AddReturnLine(order_id, 1, -1000, "x"), Refusal.QUANTITY_MUST_BE_POSITIVE),
        (AddReturnLine(order_id, 1, 1500, "x"), Refusal.QUANTITY_MUST_BE_WHOLE),
        (AddReturnLine(order_id, 1, 1000, " "), Refusal.REASON_MUST_BE_GIVEN),
        (AddReturnLine(order_id, 1, 3000, "x"), Refusal.RETURN_MUST_BE_WITHIN_SOLD),
    ]
    for body, code in cases:
        assert shop.no(body) == code
    assert shop.refused(AddReturnLine(order_id, 1, 3000, "x")) == {"left_milli": 2000}
    assert not shop.events(ReturnLineAdded)


def test_a_full_order_takes_no_return() -> None:
    """Return lines count as lines."""
    shop, order_id = sold("wine")
    shop.ring(*["bread"] * limits.LINES_PER_ORDER_MAX)
    body = AddReturnLine(order_id, 1, 1000, "x")
    assert shop.no(body) == Refusal.LINES_LIMIT_REACHED


def test_coins_of_one_sale_are_one_tender() -> None:
    """Counted out in two parts, they go back as one sum: no coin is told from another."""
    shop = Shop.selling()
    order_id = shop.ring("wine")
    shop.ok(StartTendering())
    shop.ok(TenderCash(500))
    shop.ok(TenderCash(400))
    shop.ok(CompleteOrder())
    assert left_of(shop.order(order_id)) == {1: 799}


def test_a_tender_is_shown_with_what_went_back_of_it() -> None:
    """Whoever gives money back sees what is left of each tender of the sale."""
    shop, order_id = sold("bread", quantity_milli=3000)
    shop.ok(AddReturnLine(order_id, 1, 2000, "x"))
    shop.pay()
    (tender,) = order_view(shop.order(order_id), shop.books).tenders
    assert (1050, 700) == (tender.amount_minor, tender.refunded_minor)


def test_a_return_is_not_changed_and_not_returned() -> None:
    """Its quantity, price and discount are the original's; it cannot go back itself."""
    shop, order_id = sold("wine")
    back = shop.ok(AddReturnLine(order_id, 1, 1000, "x"))["order_id"]
    bodies = [ChangeQuantity(1, 2000), OverridePrice(1, 1, "x"), DiscountLine(1, PERCENT, 1)]
    assert {shop.no(body) for body in bodies} == {Refusal.LINE_MUST_NOT_BE_A_RETURN}
    shop.pay()
    again = AddReturnLine(back, 1, 1000, "x")
    assert shop.no(again) == Refusal.LINE_MUST_NOT_BE_A_RETURN


def test_nothing_is_added_to_a_return_being_paid() -> None:
    """A frozen order takes no return line either."""
    shop, order_id = sold("wine", quantity_milli=2000)
    shop.ring("bread")
    shop.ok(StartTendering())
    body = AddReturnLine(order_id, 1, 1000, "x")
    assert shop.no(body) == Refusal.ORDER_MUST_NOT_BE_TENDERING


def test_training_returns_nothing_real() -> None:
    """A practice order cannot take back what was really sold."""
    shop, order_id = sold("wine")
    shop.ok(StartTraining())
    body = AddReturnLine(order_id, 1, 1000, "x")
    assert shop.no(body) == Refusal.ORDER_MUST_EXIST


def test_partial_returns_end_exactly_at_what_was_paid() -> None:
    """Three for 10.00 go back one by one: 3.33, 3.34 and 3.33 leave nothing."""
    shop, order_id = sold("bread", quantity_milli=3000, discount_minor=50)
    back = []
    for _ in range(3):
        shop.ok(AddReturnLine(order_id, 1, 1000, "x"))
        back.append(shop.pay()["total_minor"])
    assert back == [-333, -334, -333]
    line = shop.order(order_id).lines[0]
    assert (line.returned_milli, line.returned_total_minor) == (3000, 1000)
    figures = shop.order(order_id).figures
    assert figures is not None
    assert line.returned_tax_minor == figures.lines[0].tax_minor
    assert len(shop.events(OrderReturned)) == 3


@pytest.mark.parametrize(("price_minor", "paid_minor"), [(1007, 1005), (1008, 1010)])
def test_a_sale_rounded_to_coins_comes_back_whole_in_cash(
    price_minor: int, paid_minor: int
) -> None:
    """What rounding took or added is no part of what the tender can give back: all goods of a cash
    sale go back in cash, at once or one by one, for what the coins make of it."""
    for at_once in (True, False):
        shop = Shop.selling(cash_step_minor=5)
        shop.ok(AddOpenLine("Thing", (price_minor - 203) * 10_000, "standard"))
        order_id = shop.ok(AddOpenLine("Other", 203 * 10_000, "standard"))["order_id"]
        done = shop.pay()
        assert paid_minor == done["total_minor"] + done["rounding_minor"]
        assert sum(left_of(shop.order(order_id)).values()) == price_minor
        for line in (1, 2):
            shop.ok(AddReturnLine(order_id, line, 1000, "x"))
            if not at_once:
                shop.pay()
        if at_once:
            done = shop.pay()
            assert -paid_minor == done["total_minor"] + done["rounding_minor"]
        assert not left_of(shop.order(order_id))


@pytest.mark.parametrize("count", [4, 5])
@pytest.mark.parametrize("mode", [RoundingMode.HALF_UP, RoundingMode.UP, RoundingMode.DOWN])
def test_pieces_that_come_back_one_by_one_bring_no_more_coins(
    count: int, mode: RoundingMode
) -> None:
    """Pieces at 0.03 where the smallest coin is 0.05: one by one, day by day, they bring in all
    what they would bring at once, never more on the way, and each other sale is rounded by itself.
    """
    shop = Shop.selling(cash_step_minor=5, cash_mode=mode)
    sales = []
    for _ in range(3):
        sales.append(shop.ok(AddOpenLine("Screw", 30_000, "standard", count * 1000))["order_id"])
        shop.pay()
    at_once, *one_by_one = sales
    shop.ok(AddReturnLine(at_once, 1, count * 1000, "x"))
    most_minor = _coins_back(shop)
    given_minor = 0
    for piece in range(count):
        for sale in one_by_one:
            shop.ok(AddReturnLine(sale, 1, 1000, "x"))
            if piece != 1:  # The second pieces of both come back together.
                given_minor += _coins_back(shop)
        if piece == 1:
            given_minor += _coins_back(shop)
        assert given_minor <= 2 * most_minor
        shop.now_ns += 86_400 * 10**9
    assert given_minor == 2 * most_minor


def test_two_registers_do_not_both_round_up_what_goes_back() -> None:
    """Both began to pay back a piece of one sale: once the first gave its coins, the second has to
    ask anew what coins pay of its own."""
    shop = Shop.selling(cash_step_minor=5)
    shop.ok(OpenTill(()), "2")
    sale = shop.ok(AddOpenLine("Screw", 30_000, "standard", 2000))["order_id"]
    shop.pay()
    for register in ("1", "2"):
        shop.ok(AddReturnLine(sale, 1, 1000, "x"), register)
        assert shop.ok(StartTendering(), register)["cash_due_minor"] == -5
    shop.ok(TenderCash(-5))
    assert shop.no(TenderCash(-5), "2") == Refusal.RETURN_MUST_BE_WHAT_WAS_PAID
    shop.ok(CompleteOrder())
    shop.ok(UndoTendering(), "2")
    shop.ok(VoidLine(1), "2")
    shop.ok(AddReturnLine(sale, 1, 1000, "x"), "2")
    assert shop.ok(StartTendering(), "2")["cash_due_minor"] == 0
    current = shop.books.live.current("2")
    assert current is not None
    assert order_view(current, shop.books).cash_due_minor == 0
    assert state_hash(shop.replayed()) == state_hash(shop.books)
    assert shop.ok(TenderCash(0), "2")["rounding_minor"] == 3
    shop.ok(CompleteOrder(), "2")


@pytest.mark.parametrize(("before", "after"), [(5, 10), (5, 1), (10, 5), (5, 30), (1, 10)])
def test_a_smallest_coin_that_changes_between_returns_brings_no_coin_more(
    before: int, after: int
) -> None:
    """Ten screws at 0.03, most of them back before the smallest coin is another one: what went back
    counts as it was paid, and in the end no more coins go back than came."""
    for first in range(1, 10):
        shop = Shop.selling(cash_step_minor=before)
        sale = shop.ok(AddOpenLine("Screw", 30_000, "standard", 10_000))["order_id"]
        came_minor = shop.ok(StartTendering())["cash_due_minor"]
        shop.pay(came_minor)
        back_minor = 0
        for piece in range(10):
            if piece == first:
                shop.given(StoreConfigured(rules(cash_step_minor=after)))
            shop.ok(AddReturnLine(sale, 1, 1000, "x"))
            back_minor += _coins_back(shop)
            owed_minor = 3 * (piece + 1) - back_minor
            coin = after if piece >= first else before
            assert 2 * owed_minor <= coin or back_minor > came_minor - coin
        assert came_minor - after < back_minor <= came_minor


def test_who_counts_out_to_the_cent_has_no_more_coins_back() -> None:
    """0.03 in cents, where the smallest coin that goes back is 0.05, is not worth one."""
    shop = Shop.selling(cash_step_minor=5)
    sale = shop.ok(AddOpenLine("Screw", 30_000, "standard"))["order_id"]
    shop.pay(3)
    shop.ok(AddReturnLine(sale, 1, 1000, "x"))
    assert _coins_back(shop) == 0


def test_what_was_paid_with_goods_goes_back_as_coins_round_it() -> None:
    """A screw at 0.03 for one at 0.03: no coin came, and who brings it back has what 0.03 is."""
    shop = Shop.selling(cash_step_minor=5)
    first = shop.ok(AddOpenLine("Screw", 30_000, "standard"))["order_id"]
    shop.pay()
    shop.ok(AddReturnLine(first, 1, 1000, "x"))
    other = shop.ok(AddOpenLine("Nail", 30_000, "standard"))["order_id"]
    shop.pay()
    shop.ok(AddReturnLine(other, 2, 1000, "x"))
    assert _coins_back(shop) == 5


def test_coins_taken_back_and_paid_again_are_no_more() -> None:
    """One register pays 0.02 back, and another, that counts on it, 0.05 for the third cent. The
    first takes its own back and pays again: those 0.05 are there already."""
    shop = Shop.selling(cash_step_minor=5)
    shop.ok(OpenTill(()), "2")
    sale = shop.ok(AddOpenLine("Pin", 10_000, "standard", 3000))["order_id"]
    shop.pay()
    shop.ok(AddReturnLine(sale, 1, 2000, "x"))
    first = shop.ok(TenderCash(0))["tender"]
    shop.ok(AddReturnLine(sale, 1, 1000, "x"), "2")
    shop.ok(TenderCash(-5), "2")
    shop.ok(CompleteOrder(), "2")
    shop.ok(UndoTender(first))
    assert shop.no(TenderCash(0)) == Refusal.RETURN_MUST_BE_WHAT_WAS_PAID
    shop.ok(UndoTendering())
    assert _coins_back(shop) == 0
    assert state_hash(shop.replayed()) == state_hash(shop.books)


def test_cash_given_before_store_credit_was_undone_is_counted_to_the_cent() -> None:
    """Coins were paid for the rest of a return whose larger part was store credit; that is undone,
    and cash gives it too. All of it went back then, as coins round all of it."""
    shop = Shop.selling(cash_step_minor=5)
    shop.given(ReturnRulesSet(ReturnRules(store_credit=True)))
    shop.ring("wine")
    sale = shop.ok(AddOpenLine("Screw", 30_000, "standard"))["order_id"]
    shop.pay()
    for line in (1, 2):
        shop.ok(AddReturnLine(sale, line, 1000, "x"))
    note = shop.ok(RefundToCredit(799))["tender"]
    second = shop.ok(TenderCash(-5))["tender"]
    shop.ok(UndoTender(note))
    assert shop.ok(TenderCash(-795))["rounding_minor"] == 2
    (gone,) = shop.order(sale).refunded
    assert (802, 800) == (gone.amount_minor, gone.coins_minor)
    shop.ok(UndoTender(second))
    (gone,) = shop.order(sale).refunded
    assert (799, 795) == (gone.amount_minor, gone.coins_minor)
    shop.ok(TenderCash(-5))
    shop.ok(CompleteOrder())
    assert not left_of(shop.order(sale))


def test_a_return_from_before_coins_were_kept_ends_as_it_began() -> None:
    """Facts of before do not say how many coins went back: what began with them ends with the coins
    it was told, and what comes after counts on what coins made of those."""
    shop = Shop.selling(cash_step_minor=5)
    sale = shop.ok(AddOpenLine("Screw", 30_000, "standard", 5000))["order_id"]
    shop.pay()
    for _ in range(2):
        shop.ok(AddReturnLine(sale, 1, 1000, "x"))
        back = _coins_back(shop)
    assert back == 0
    shop.ok(AddReturnLine(sale, 1, 1000, "x"))
    assert shop.ok(StartTendering())["cash_due_minor"] == -5
    shop.ok(TenderCash(-5))
    old = Shop()
    for fact, stamp in shop.posted:
        packed = EVENTS.pack(fact.event)
        stripped = _without(packed, "coins_minor", "came_minor")
        old.now_ns = stamp.now_ns
        old._post(
            Fact(fact.stream, EVENTS.unpack(parse(canonical(stripped))), fact.training), stamp
        )
    assert {None} == {entry.coins_minor for entry in old.order(sale).refunded}
    old.sent = shop.sent
    assert old.ok(CompleteOrder())["rounding_minor"] == -2
    old.ok(AddReturnLine(sale, 1, 1000, "x"))
    assert _coins_back(old) == 0


def _without(packed: Any, *names: str) -> Any:
    """Stored data without these fields, wherever they stand."""
    if isinstance(packed, dict):
        return {key: _without(entry, *names) for key, entry in packed.items() if key not in names}
    return [_without(entry, *names) for entry in packed] if isinstance(packed, list) else packed


def _coins_back(shop: Shop) -> int:
    """What coins pay of the return at hand, even where that is none; it is completed."""
    back_minor: int = -shop.ok(StartTendering())["cash_due_minor"]
    shop.ok(TenderCash(-back_minor))
    shop.ok(CompleteOrder())
    return back_minor


def test_lines_of_one_order_share_what_is_left() -> None:
    """Two return lines of the same sold line count together; a voided one counts no more."""
    shop, order_id = sold("bread", quantity_milli=2000)
    shop.ok(AddReturnLine(order_id, 1, 1000, "x"))
    over = AddReturnLine(order_id, 1, 2000, "x")
    assert shop.no(over) == Refusal.RETURN_MUST_BE_WITHIN_SOLD
    shop.ok(VoidLine(1))
    shop.ok(over)
    assert shop.pay()["total_minor"] == -700


def test_the_second_of_two_registers_is_refused() -> None:
    """Both rang up the same return; the first completes, the second is told how much is left."""
    shop, order_id = sold("wine", quantity_milli=2000)
    shop.ok(AddReturnLine(order_id, 1, 2000, "x"))
    shop.ok(AddReturnLine(order_id, 1, 1000, "x"), "2")
    shop.pay()
    for body in (StartTendering(), TenderCash(-799)):
        assert shop.no(body, "2") == Refusal.RETURN_MUST_BE_WITHIN_SOLD
    assert shop.refused(StartTendering(), "2") == {"line": 1, "left_milli": 0}


def test_a_race_is_caught_at_the_last_moment_too() -> None:
    """Both were already paying: the second cannot complete and takes its tender back."""
    shop = Shop.selling()
    shop.ok(OpenTill(()), "2")
    order_id = shop.ring("wine", "book", "book")
    shop.pay()
    for register in ("1", "2"):
        shop.ok(AddReturnLine(order_id, 1, 1000, "x"), register)
        shop.ok(TenderCash(-799), register)
    shop.ok(CompleteOrder())
    assert shop.no(CompleteOrder(), "2") == Refusal.RETURN_MUST_BE_WITHIN_SOLD
    shop.ok(UndoTender(1), "2")
    shop.ok(UndoTendering(), "2")
    shop.ok(VoidLine(1), "2")


def test_registers_do_not_both_refund_the_odd_cent() -> None:
    """Two for 4.99: each register rang one up at 2.50; the second has to ring it up anew."""
    shop, order_id = sold("bread", quantity_milli=2000, discount_minor=201)
    for register in ("1", "2"):
        shop.ok(AddReturnLine(order_id, 1, 1000, "x"), register)
    assert shop.pay()["total_minor"] == -250
    assert shop.no(StartTendering(), "2") == Refusal.RETURN_MUST_BE_WHAT_WAS_PAID
    assert shop.no(TenderCash(-250), "2") == Refusal.RETURN_MUST_BE_WHAT_WAS_PAID
    shop.ok(VoidLine(1), "2")
    shop.ok(AddReturnLine(order_id, 1, 1000, "x"), "2")
    assert shop.pay(register="2")["total_minor"] == -249


def test_what_is_left_of_a_line_goes_back_to_the_cent() -> None:
    """Three for a cent, taken back one by one beside each other, would each give nothing: the last
    is refused, taken out, and rung up again gives the cent."""
    shop = Shop.selling()
    shop.ok(AddOpenLine("Screws", 3_333, "standard"))
    shop.ok(ChangeQuantity(1, 3000))
    shop.pay()
    (order_id,) = shop.books.archive
    for _ in range(3):
        assert shop.ok(AddReturnLine(order_id, 1, 1000, "x"))["total_minor"] == 0
        shop.ok(SuspendOrder())
    for parked in list(shop.books.live.orders)[:2]:
        shop.ok(ResumeOrder(parked))
        shop.pay()
    (last,) = shop.books.live.orders
    shop.ok(ResumeOrder(last))
    assert shop.no(StartTendering()) == Refusal.RETURN_MUST_BE_WHAT_WAS_PAID
    shop.ok(VoidLine(1))
    assert shop.ok(AddReturnLine(order_id, 1, 1000, "x"))["total_minor"] == -1


def test_every_tax_of_a_line_ends_at_what_was_paid_of_it() -> None:
    """Three of a line with taxes of 1 and 2 cents, rung up as returns side by side: each took the
    cent of the larger. Their sum would fit, but three of two cents do not, and the smaller tax
    would never come back: the last is rung up anew."""
    state = rule("state", 10_000)
    city = rule("city", 20_000, jurisdiction="port", affected_by_previous=False)
    shop = ruled(setup(state, city))
    shop.ok(AddOpenLine("Chalk", 330_000, "reduced", 3_000))
    order_id = shop.ok(StartTendering())["order_id"]
    assert {"state": (99, 1), "city": (99, 2)} == by_rule(figures_of(shop, order_id))
    shop.pay(102)
    parked = []
    for _ in range(3):
        answer = shop.ok(AddReturnLine(order_id, 1, 1_000, "x"))
        assert answer["total_minor"] == -34
        parked.append(answer["order_id"])
        shop.ok(SuspendOrder())
    for back in parked[:2]:
        shop.ok(ResumeOrder(back))
        shop.pay()
    shop.ok(ResumeOrder(parked[2]))
    assert shop.no(StartTendering()) == Refusal.RETURN_MUST_BE_WHAT_WAS_PAID
    shop.ok(VoidLine(1))
    shop.ok(AddReturnLine(order_id, 1, 1_000, "x"))
    shop.pay()
    assert {"state": (-33, -1), "city": (-33, 0)} == by_rule(figures_of(shop, parked[2]))


def test_a_payment_names_the_sales_it_looks_back_at() -> None:
    """Between batches ended sales are let go of; paying a refund asks for its original again."""
    shop = Shop.selling()
    sold = shop.sell("bread")
    shop.ok(AddReturnLine(sold, 1, 1000, "stale"))
    assert needs("1", StartTendering(), shop.books) == frozenset()
    shop.books.archive.clear()
    for body in (StartTendering(), TenderCash(-350), CompleteOrder()):
        assert needs("1", body, shop.books) == {sold}
        assert needs("2", body, shop.books) == frozenset()


def test_an_original_that_cannot_be_found_stops_the_refund() -> None:
    """Without the original at hand nobody can say what was paid, so nothing is paid out."""
    shop, order_id = sold("wine")
    shop.ok(AddReturnLine(order_id, 1, 1000, "x"))
    del shop.books.archive[order_id]
    assert shop.refused(StartTendering()) == {"order_id": order_id}
    assert shop.no(StartTendering()) == Refusal.ORDER_MUST_EXIST
