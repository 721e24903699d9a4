"""Which payment a row of a settlement file is of, whichever of the two comes first."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import attrs
import pytest

from engine.order.commands import AddLine, AddReturnLine, CompleteOrder
from engine.paylink.commands import RequestPaylink
from engine.payment.commands import ReportUpload, RequestPayment, SetOfflinePolicy
from engine.payment.events import OfflinePolicy
from engine.provider import LinkState
from engine.settlement.model import Acquirer, RowKind, SettlementRow
from engine.terminal import Identity, Verdict
from tests.card_shop import card_shop, hear
from tests.clearing_shop import BANK, RATES, Clearing, link_names, paid
from tests.link_shop import PROVIDER, with_provider
from tests.link_shop import hear as hear_link

WINE, BREAD = 799, 350
OWN = Acquirer("bank", "Bank", ("terminal/1",), rates=RATES)
OTHER = Acquirer("other", "Other", ("terminal/2",), rates=RATES)


def shop_with(*acquirers: Acquirer) -> Clearing:
    """A shop that has these acquirers."""
    clearing = Clearing(card_shop())
    clearing.terms(*acquirers)
    return clearing


def sell(clearing: Clearing, code: str, trace: int | None, receipt: int | None, **more: Any) -> str:
    """One item by card, to its receipt, with the terminal's numbers; the payment's id."""
    shop = clearing.shop
    shop.ok(AddLine(code))
    shop.ok(RequestPayment())
    name = Identity("29001234", trace, receipt, "1126", "101500")
    payment_id: str = hear(shop, Verdict.APPROVED, identity=name, **more)["payment_id"]
    shop.ok(CompleteOrder())
    return payment_id


def listed(clearing: Clearing) -> list[tuple[str, str, int]]:
    """Whose differences are listed, which, and what is in clearing for each."""
    items = clearing.view("2026-12-24").items
    return sorted((item.acquirer, item.kind, item.difference_minor) for item in items)


# -------------------------------------------------------------------------------- whose it is


@pytest.mark.parametrize("is_early", [True, False])
@pytest.mark.parametrize("rest", [True, False])
def test_a_file_of_another_acquirer_settles_nothing_of_this_one(rest: bool, is_early: bool) -> None:
    """A file read under the wrong name: its rows are unknown there, what was taken waits for the
    right one, and that is found once it comes."""
    clearing = shop_with(OWN, attrs.evolve(OTHER, terminals=() if rest else OTHER.terminals))
    clearing.settle([], "bank")
    if is_early:
        clearing.settle([paid(1, WINE, 12)], "other")
        clearing.fold()
    sell(clearing, "wine", 1, 1)
    if not is_early:
        clearing.settle([paid(1, WINE, 12)], "other")
    assert listed(clearing) == [("bank", "missing_there", WINE), ("other", "unknown_here", -WINE)]
    clearing.settle([paid(1, WINE, 12)], "bank")
    assert listed(clearing) == [("other", "unknown_here", -WINE)]


@pytest.mark.parametrize("is_early", [True, False])
def test_a_file_of_who_has_no_link_settles_none(is_early: bool) -> None:
    """Whoever has the provider settles what it took, and not whoever has the terminals."""
    clearing = Clearing(card_shop())
    shop = clearing.shop
    with_provider(shop, "1")
    clearing.terms(BANK, Acquirer("web", "Web", providers=(PROVIDER,), rates=RATES))
    shop.ring("wine")
    paylink_id = shop.ok(RequestPaylink())["paylink_id"]
    row = SettlementRow(RowKind.PAYMENT, WINE, 36, "1", "2026-11-26", f"P-{paylink_id}")
    if is_early:
        clearing.settle([row])
        clearing.fold()
    hear_link(shop, paylink_id, LinkState.PAID)
    assert link_names(clearing) == [row.reference]
    if not is_early:
        clearing.settle([row])
    assert listed(clearing) == [("bank", "unknown_here", -WINE)]
    clearing.settle([row], "web")
    assert listed(clearing) == [("bank", "unknown_here", -WINE)]
    found = {one.acquirer: one.clearing_minor for one in clearing.view().acquirers}
    assert found == {"bank": -WINE, "web": 0}


@pytest.mark.parametrize("is_named", [True, False])
def test_either_bank_settles_what_was_taken_about_the_day_of_a_change(is_named: bool) -> None:
    """The terminal went over to the new bank a day late, or early: each bank's file has what it
    has, also of the other one's days, whichever way the old one had the terminal; and the old one
    still pays when it is left out."""
    old = attrs.evolve(OWN, terminals=OWN.terminals if is_named else ())
    new = attrs.evolve(OWN, id="new", since="2026-11-25")
    clearing = shop_with(old, new)
    for number, day in enumerate(("2026-11-24", "2026-11-24", "2026-11-25", "2026-11-25"), 1):
        clearing.shop.business_date = day
        sell(clearing, "wine", number, number)
    clearing.settle([paid(1, WINE, 12), paid(3, WINE, 12)], "bank")
    clearing.settle([paid(2, WINE, 12)], "new")
    assert listed(clearing) == [("new", "missing_there", WINE)]
    clearing.settle([paid(5, WINE, 12)], "bank")
    clearing.fold()
    clearing.terms(new)
    sell(clearing, "wine", 5, 5)
    assert listed(clearing) == [("new", "missing_there", WINE)]


def test_what_nobody_has_is_settled_by_whoever_has_it_in_a_file() -> None:
    """No terms name the terminal: a file that has its payment is believed."""
    clearing = shop_with(attrs.evolve(OWN, terminals=("terminal/9",)))
    sell(clearing, "wine", 1, 1)
    clearing.settle([paid(1, WINE, 12)])
    assert (listed(clearing), clearing.account().clearing_minor) == ([], 0)


def test_a_refund_at_another_acquirers_terminal_is_of_its_payment() -> None:
    """Paid at the first counter, given back at the second: each acquirer's file has its own row,
    and both are of one account."""
    clearing = shop_with(OWN, OTHER)
    sell(clearing, "wine", 1, 1)
    shop = clearing.shop
    (order,) = shop.books.archive
    shop.ok(AddReturnLine(order, 1, 1000, "broken"), "2")
    shop.ok(RequestPayment(), "2")
    name = Identity("29005678", 7, 7, "1126", "101500")
    hear(shop, Verdict.APPROVED, register="2", identity=name)
    shop.ok(CompleteOrder(), "2")
    clearing.settle([paid(1, WINE, 12)], "bank")
    clearing.settle([paid(7, -WINE, 0, terminal_id="29005678")], "other")
    assert listed(clearing) == []


def test_rows_look_again_when_their_acquirer_is_given_the_terminal() -> None:
    """The terms named the wrong terminal: once they are put right, the file that came before is of
    what was taken there, and prices it as agreed."""
    clearing = shop_with(OWN, OTHER)
    sell(clearing, "wine", 1, 1)
    clearing.settle([paid(1, WINE, 12)], "other")
    assert ("other", "unknown_here", -WINE) in listed(clearing)
    mended = attrs.evolve(OTHER, terminals=OWN.terminals)
    clearing.terms(attrs.evolve(OWN, terminals=OTHER.terminals), mended)
    assert listed(clearing) == []
    (fee,) = clearing.fees()
    assert (fee.acquirer, fee.settled, fee.fee_charged_minor) == ("other", True, 12)


@pytest.mark.parametrize(("acquirer", "is_told"), [("bank", True), ("other", False)])
def test_a_file_of_another_acquirer_declines_nothing(acquirer: str, is_told: bool) -> None:
    """What was taken offline at a terminal is told of by whoever has the terminal, and stays at
    risk whatever another one's file says."""
    clearing = shop_with(OWN, OTHER)
    clearing.shop.ok(SetOfflinePolicy(OfflinePolicy(5000, 5000, 5000, 5000, 3600)), admin=True)
    payment_id = sell(clearing, "wine", 1, 1, is_offline=True)
    clearing.settle([attrs.evolve(paid(1, WINE), kind=RowKind.DECLINED)], acquirer)
    payments = clearing.shop.books.payments
    assert (payment_id in payments.exceptions, payment_id in payments.offline) == (
        is_told,
        not is_told,
    )


def test_what_nobody_has_is_declined_by_whichever_file_says_so() -> None:
    """Before an acquirer's first day its terminal is nobody's: a file that tells is believed."""
    later = attrs.evolve(OWN, since="2027-01-01")
    clearing = shop_with(later, OTHER)
    clearing.shop.ok(SetOfflinePolicy(OfflinePolicy(5000, 5000, 5000, 5000, 3600)), admin=True)
    payment_id = sell(clearing, "wine", 1, 1, is_offline=True)
    clearing.settle([attrs.evolve(paid(1, WINE), kind=RowKind.DECLINED)], "other")
    assert payment_id in clearing.shop.books.payments.exceptions


# ---------------------------------------------------------------------------- by which number


def in_every_order(
    steps: tuple[Callable[[Clearing], object], ...],
) -> list[list[tuple[str, str, int]]]:
    """What is listed after these steps, for each order that they may come in."""
    found = []
    for order in permutations(steps):
        clearing = shop_with(BANK)
        for step in order:
            step(clearing)
            clearing.fold()
        found.append(listed(clearing))
    return found


def test_a_row_goes_to_the_payment_of_its_trace_whichever_is_known_first() -> None:
    """The terminal ended its day between two payments, so both have slip 1; the answer to one was
    lost, and it is known only after the file came."""
    rows = [paid(10, WINE, 12, receipt=1), paid(25, WINE, 12, receipt=1)]
    found = in_every_order(
        (
            lambda clearing: sell(clearing, "wine", 10, 1),
            lambda clearing: sell(clearing, "wine", 25, 1),
            lambda clearing: clearing.settle(rows),
        )
    )
    assert found == [[]] * 6


def test_a_sale_made_at_the_terminal_itself_is_none_of_ours() -> None:
    """Its row has a trace that nothing here has, and the receipt number of one of ours."""
    found = in_every_order(
        (
            lambda clearing: sell(clearing, "wine", 1, 1),
            lambda clearing: clearing.settle([paid(99, 500, 8, receipt=1)]),
        )
    )
    nowhere = [("bank", "missing_there", WINE), ("bank", "unknown_here", -500)]
    assert found == [nowhere] * 2


def test_a_payment_without_a_trace_is_found_by_its_receipt_number() -> None:
    """A terminal that tells no trace: the receipt number says which it is, though the file knows
    the trace; a payment of that trace goes before it, also where it comes last."""
    by_receipt = in_every_order(
        (
            lambda clearing: sell(clearing, "wine", None, 1),
            lambda clearing: clearing.settle([paid(10, WINE, 12, receipt=1)]),
        )
    )
    assert by_receipt == [[]] * 2
    by_trace = in_every_order(
        (
            lambda clearing: sell(clearing, "bread", None, 1),
            lambda clearing: sell(clearing, "wine", 10, 1),
            lambda clearing: clearing.settle([paid(10, WINE, 12, receipt=1)]),
        )
    )
    assert by_trace == [[("bank", "missing_there", BREAD)]] * 6


def test_a_receipt_number_alone_that_two_payments_have_names_neither() -> None:
    """A file without trace numbers, and two payments of one day with one receipt number: a person
    must look, whichever was known first."""
    row = attrs.evolve(paid(1, WINE, 12, receipt=1), trace=None)
    one = in_every_order(
        (
            lambda clearing: sell(clearing, "wine", 10, 1),
            lambda clearing: clearing.settle([row]),
        )
    )
    assert one == [[]] * 2
    both = in_every_order(
        (
            lambda clearing: sell(clearing, "wine", 10, 1),
            lambda clearing: sell(clearing, "bread", 25, 1),
            lambda clearing: clearing.settle([row]),
        )
    )
    missing = ("bank", "missing_there")
    unknown = ("bank", "unknown_here", -WINE)
    assert both == [[(*missing, BREAD), (*missing, WINE), unknown]] * 6


@pytest.mark.parametrize("is_early", [True, False])
def test_of_two_with_one_name_the_other_one_is_meant_once_the_first_is_none(is_early: bool) -> None:
    """Two payments have one receipt number, and one of them, taken offline, is declined: the row is
    of the other, whether it came before or after."""
    clearing = shop_with(BANK)
    clearing.shop.ok(SetOfflinePolicy(OfflinePolicy(5000, 5000, 5000, 5000, 3600)), admin=True)
    declined = sell(clearing, "bread", 10, 1, is_offline=True)
    sell(clearing, "wine", 25, 1)
    row = attrs.evolve(paid(1, WINE, 12, receipt=1), trace=None)
    if is_early:
        clearing.settle([row])
        assert len(listed(clearing)) == 3
    clearing.shop.ok(ReportUpload(declined, is_paid=False), admin=True)
    if not is_early:
        clearing.settle([row])
    assert listed(clearing) == []
