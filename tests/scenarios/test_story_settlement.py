"""The story of card money: what each payment costs, and how it arrives at the bank to the cent."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from actors.view_clearing_folds import Money, put_money
from actors.view_clearing_reads import payment_fees
from actors.view_clearing_schema import row_of
from engine import limits
from engine.order.commands import AddLine, AddReturnLine, CompleteOrder, VoidOrder
from engine.payment.commands import (
    CloseException,
    ReportUpload,
    RequestPayment,
    ReverseTender,
    SetOfflinePolicy,
)
from engine.payment.ending_days import EndTerminalDay, HearTerminalDay
from engine.payment.events import OfflinePolicy
from engine.payment.state import Payment
from engine.payment.terminal_day import Taken
from engine.queries import FindPaymentFees
from engine.settlement.decide import ExplainItem, Refusal, StageSettlement
from engine.settlement.model import Acquirer, Presence, Rate, RowKind, SettlementRow
from engine.terminal import CardEntry, CardShown, Identity, Kind, SettledTotal, Settlement, Verdict
from engine.views.clearing_shapes import PaymentFeesView
from tests.card_shop import VISA, card_shop, hear, set_aside
from tests.clearing_shop import BANK, RATES, Clearing, link_names, paid, payout
from tests.link_shop import PROVIDER, sold, with_provider

KEYED = attrs.evolve(VISA, entry="keyed")
ONLINE = attrs.evolve(VISA, entry="online")
AMEX = CardShown("374245******0005", "American Express", entry="contactless")
WINE, BREAD, BOOK = 799, 350, 1200


def sell(
    clearing: Clearing,
    code: str,
    number: int,
    card: CardShown = VISA,
    entry: CardEntry = CardEntry.READ,
) -> None:
    """One item by card, to its receipt."""
    shop = clearing.shop
    shop.ok(AddLine(code))
    shop.ok(RequestPayment(entry=entry))
    hear(shop, Verdict.APPROVED, number, card=card)
    shop.ok(CompleteOrder())


def end_day(clearing: Clearing, told: Settlement) -> None:
    """End the terminal's day, and hear that of it."""
    asked = clearing.shop.ok(EndTerminalDay())
    day = HearTerminalDay(asked["terminal"], asked["day_id"], told)
    assert clearing.shop.ok(day, admin=True)["day_id"] == asked["day_id"]


def bank_shop() -> Clearing:
    """A shop whose acquirer has terms."""
    clearing = Clearing(card_shop())
    clearing.terms()
    return clearing


@pytest.mark.feature("BO-12")
def test_fees_are_known_and_files_reconcile_to_nothing_with_every_difference_listed() -> None:
    """In person, keyed and online, at a terminal's payment page and by link, each payment's fee is
    known as soon as it is captured; the acquirer's file brings clearing to nothing, and what is
    wrong in another is listed."""
    clearing = Clearing(card_shop())
    with_provider(clearing.shop, "1")
    clearing.terms(attrs.evolve(BANK, terminals=("terminal/1",), providers=(PROVIDER,)))
    sell(clearing, "wine", 1)
    sell(clearing, "wine", 2, KEYED)
    sell(clearing, "wine", 3, ONLINE)
    sell(clearing, "wine", 4, AMEX)
    sold(clearing.shop, "wine")
    fees = [(one.presence, one.brand, one.fee_minor, one.settled) for one in clearing.fees()]
    # 0.9 % + 5, 2.9 % + 30, 1.4 % + 25 and 1.95 % + 8 of 7.99.
    assert fees == [
        ("in_person", "Visa", 12, False),
        ("keyed", "Visa", 53, False),
        ("online", "Visa", 36, False),
        ("in_person", "American Express", 24, False),
        ("online", "wallet", 36, False),
    ]
    account = clearing.account()
    assert (account.clearing_minor, account.waiting_minor) == (5 * WINE, 5 * WINE)
    assert account.fee_expected_minor == 161
    rows = [paid(1, WINE, 12), paid(2, WINE, 53), paid(3, WINE, 36), paid(4, WINE, 24)]
    by_link = SettlementRow(RowKind.PAYMENT, WINE, 36, "1", reference=link_names(clearing)[0])
    clearing.settle([*rows, by_link, payout(5 * WINE - 161)])
    account = clearing.account()
    assert (account.clearing_minor, account.held_minor) == (0, 0)
    assert (account.fee_charged_minor, account.paid_out_minor) == (161, 5 * WINE - 161)
    assert clearing.kinds() == []
    assert [one.fee_charged_minor for one in clearing.fees()] == [12, 53, 36, 24, 36]
    assert all(one.settled for one in clearing.fees())

    for number in range(11, 16):
        sell(clearing, "bread", number)
    wrong = [
        paid(11, BREAD, 8, batch="5"),
        paid(12, BREAD - 50, 8, batch="5"),
        paid(13, BREAD, 9, batch="5"),
        paid(14, BREAD, 8, batch="5"),
        paid(14, BREAD, 8, batch="6"),
        paid(99, 1000, 14, batch="6"),
        payout(1300, batch="5"),
    ]
    clearing.settle(wrong)
    items = {item.kind: item for item in clearing.view().items}
    found = {
        kind: (one.difference_minor, one.ours_minor, one.theirs_minor)
        for kind, one in items.items()
    }
    assert found == {
        "amount_differs": (50, 350, 300),
        "fee_differs": (1, 8, 9),
        "paid_twice": (-350, 350, 700),
        "unknown_here": (-1000, 0, 1000),
        "missing_there": (350, 350, 0),
        "payout_differs": (17, 1317, 1300),
    }
    assert items["missing_there"].age_days == 7
    assert items["unknown_here"].line == 6
    account = clearing.account()
    assert account.clearing_minor == 50 - 350 - 1000 + 350
    assert account.waiting_minor == 0


@pytest.mark.feature("PAY-15", part="priced as typed, whatever the terminal calls it")
@pytest.mark.parametrize("entry", [CardEntry.KEYED, CardEntry.PHONE])
def test_a_number_that_was_typed_is_priced_so_though_the_terminal_calls_it_read(
    entry: CardEntry,
) -> None:
    """A phone order whose card the terminal tells as chip costs what the acquirer asks for cards
    that were not there; the same card put in costs less."""
    clearing = bank_shop()
    sell(clearing, "wine", 1)
    sell(clearing, "wine", 2, entry=entry)
    assert VISA.entry == "chip"
    found = [(one.presence, one.fee_minor) for one in clearing.fees()]
    assert found == [("in_person", 12), ("keyed", 53)]


def test_what_is_not_due_yet_waits() -> None:
    """A payment is missing only when its days are over and files are there at all."""
    clearing = bank_shop()
    sell(clearing, "wine", 1)
    sell(clearing, "bread", 2)
    assert clearing.kinds("2027-11-30") == [], "no file was ever imported"
    clearing.settle([paid(1, WINE, 12)])
    assert clearing.kinds("2026-11-25") == []
    assert clearing.account("2026-11-25").waiting_minor == BREAD
    assert clearing.kinds("2026-11-26") == ["missing_there"]
    assert clearing.account("2026-11-26").waiting_minor == 0


def test_what_was_taken_back_is_in_a_file_twice_or_not_at_all() -> None:
    """Both are right; only the payment without what took it back is an item in time."""
    clearing = bank_shop()
    shop = clearing.shop
    shop.ok(AddLine("wine"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 1)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 3)
    shop.ok(CompleteOrder())
    clearing.settle([paid(3, WINE, 12)])
    assert clearing.account().clearing_minor == 0
    assert clearing.kinds() == []
    clearing.settle([paid(1, WINE, 12, batch="2")])
    assert clearing.kinds() == ["missing_there"]
    clearing.settle([paid(2, -WINE, 0, batch="3")])
    assert (clearing.account().clearing_minor, clearing.kinds()) == (0, [])


def give_back(clearing: Clearing, order: str, line: int, number: int) -> None:
    """A line of an order comes back, and its money goes back to the card."""
    shop = clearing.shop
    shop.ok(AddReturnLine(order, line, 1000, "broken"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, number)
    shop.ok(CompleteOrder())


def test_a_second_refund_waits_for_its_own_file() -> None:
    """What was given back last month and what is given back today are due each in its time."""
    clearing = bank_shop()
    shop = clearing.shop
    shop.ok(AddLine("wine"))
    sell(clearing, "bread", 1)
    order = next(iter(shop.books.archive))
    give_back(clearing, order, 1, 2)
    clearing.settle([paid(1, WINE + BREAD, 15), paid(2, -WINE, 0)])
    assert clearing.kinds("2026-11-28") == []
    shop.business_date = "2026-11-28"
    give_back(clearing, order, 2, 3)
    assert clearing.kinds("2026-11-28") == []
    assert clearing.account("2026-11-28").waiting_minor == -BREAD
    (item,) = clearing.view("2026-12-01").items
    assert (item.kind, item.difference_minor, item.is_back) == ("amount_differs", -BREAD, True)
    assert clearing.account("2026-12-01").waiting_minor == 0
    clearing.settle([paid(3, -BREAD, 0)])
    assert (clearing.kinds("2026-12-01"), clearing.account().clearing_minor) == ([], 0)


@pytest.mark.parametrize("told", [RowKind.PAYMENT, RowKind.CHARGEBACK])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_refund_that_was_taken_back_is_in_a_file_twice_or_not_at_all(
    told: RowKind, order: tuple[int, int]
) -> None:
    """A cashier's slip: given back, taken back, given back again. The acquirer leaves the first two
    out, or lists both, as a payment or as what undoes a refund; only one of them is an item."""
    clearing = bank_shop()
    shop = clearing.shop
    sell(clearing, "wine", 1)
    shop.ok(AddReturnLine(next(iter(shop.books.archive)), 1, 1000, "broken"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 3)
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 4)
    shop.ok(CompleteOrder())
    clearing.settle([paid(1, WINE, 12), paid(4, -WINE, 0)])
    assert (clearing.account().clearing_minor, clearing.kinds()) == (0, [])
    both = [paid(2, -WINE, 0), attrs.evolve(paid(3, WINE, 0), kind=told)]
    clearing.settle([both[order[0]]])
    assert clearing.kinds("2026-11-24") == []
    assert clearing.kinds() == ["amount_differs"]
    clearing.settle([both[order[1]]])
    account = clearing.account()
    assert (account.clearing_minor, account.waiting_minor, clearing.kinds()) == (0, 0, [])
    assert all(day.open_minor == 0 for day in clearing.view().days)


@pytest.mark.parametrize("listed", [2, 4])
def test_of_two_refunds_taken_back_a_file_may_have_one(listed: int) -> None:
    """3.00 given back and taken back, 2.00 given back and taken back, then all of it: the acquirer
    lists one of the two, there and back, and nothing differs."""
    clearing = bank_shop()
    shop = clearing.shop
    sell(clearing, "wine", 1)
    shop.ok(AddReturnLine(next(iter(shop.books.archive)), 1, 1000, "broken"))
    amounts = {2: 300, 4: 200}
    for number, minor in amounts.items():
        shop.ok(RequestPayment(minor))
        hear(shop, Verdict.APPROVED, number)
        order = shop.books.live.current("1")
        assert order is not None
        shop.ok(ReverseTender(order.tenders[0].tender))
        hear(shop, Verdict.APPROVED, number + 1)
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 6)
    shop.ok(CompleteOrder())
    minor = amounts[listed]
    clearing.settle([paid(1, WINE, 12), paid(6, -WINE, 0)])
    clearing.settle([paid(listed, -minor, 0, batch="2"), paid(listed + 1, minor, 0, batch="2")])
    assert ([], 0, 0) == (
        clearing.kinds(),
        clearing.account().clearing_minor,
        clearing.account().waiting_minor,
    )


def test_a_chargeback_is_money_to_ask_for() -> None:
    """The customer's bank took it back: clearing has it again, until it comes back."""
    clearing = bank_shop()
    sell(clearing, "book", 1)
    back = SettlementRow(RowKind.CHARGEBACK, -BOOK, 0, "2", "2026-11-26",
                         terminal_id="29001234", trace=1)  # fmt: skip
    clearing.settle([paid(1, BOOK, 16), back])
    (item,) = clearing.view().items
    assert (item.kind, item.difference_minor) == ("charged_back", BOOK)
    assert clearing.account().clearing_minor == BOOK
    clearing.settle([attrs.evolve(back, gross_minor=BOOK, batch="3")])
    assert (clearing.account().clearing_minor, clearing.kinds()) == (0, [])


def test_a_wrong_fee_is_told_beside_any_other_difference() -> None:
    """A chargeback, or a refund that no file has yet, does not hide that a fee was too high."""
    clearing = bank_shop()
    sell(clearing, "book", 1)
    order = next(iter(clearing.shop.books.archive))
    clearing.settle([paid(1, BOOK, 116)])
    assert clearing.kinds() == ["fee_differs"]
    (before,) = clearing.view().items
    give_back(clearing, order, 1, 2)
    clearing.settle([attrs.evolve(paid(1, -BOOK, 0, batch="2"), kind=RowKind.CHARGEBACK)])
    found = {item.kind: item for item in clearing.view("2026-12-24").items}
    assert set(found) == {"charged_back", "fee_differs", "missing_there"}
    assert (found["fee_differs"].id, found["fee_differs"].difference_minor) == (before.id, 100)


def test_a_decline_that_the_bank_approved_is_not_silent() -> None:
    """The terminal said no, and the acquirer settled it: an item that names the payment."""
    clearing = bank_shop()
    shop = clearing.shop
    shop.ok(AddLine("wine"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.DECLINED, 1)
    clearing.settle([paid(1, WINE, 12)])
    (item,) = clearing.view().items
    assert (item.kind, item.difference_minor, item.ours_minor) == ("not_taken_here", -WINE, 0)
    assert item.payment_id
    assert clearing.account().clearing_minor == -WINE


@pytest.mark.parametrize("is_early", [True, False])
@pytest.mark.parametrize("verdict", [Verdict.ABORTED, Verdict.DECLINED])
def test_a_try_that_repeats_the_number_of_a_sale_does_not_hide_it(
    verdict: Verdict, is_early: bool
) -> None:
    """A terminal that numbers what it took, and nothing else, tells its last number, or the next
    one, with a try that came to nothing: the row is of the sale, whichever came first."""
    clearing = bank_shop()
    shop = clearing.shop
    sell(clearing, "wine", 1)
    for number in (1, 2):
        shop.ok(AddLine("milk"))
        shop.ok(RequestPayment())
        hear(shop, verdict, number)
        shop.ok(VoidOrder("left"))
    if is_early:
        clearing.settle([paid(1, WINE, 12), paid(2, BREAD, 8)])
        assert clearing.kinds("2026-11-24") == ["not_taken_here"]
    sell(clearing, "bread", 2)
    if not is_early:
        clearing.settle([paid(1, WINE, 12), paid(2, BREAD, 8)])
    assert (clearing.kinds(), clearing.account().clearing_minor) == ([], 0)


def test_an_offline_payment_that_was_refused_later_is_none() -> None:
    """It was captured when it was taken, and is not any more once it was declined."""
    clearing = bank_shop()
    shop = clearing.shop
    policy = OfflinePolicy(5000, 5000, 5000, 5000, 3600)
    shop.ok(SetOfflinePolicy(policy), admin=True)
    shop.ok(AddLine("wine"))
    shop.ok(RequestPayment())
    payment_id = hear(shop, Verdict.APPROVED, 1, is_offline=True)["payment_id"]
    shop.ok(CompleteOrder())
    assert clearing.account().captured_minor == WINE
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert clearing.account().captured_minor == 0


def test_an_explained_item_is_off_the_list_until_it_changes() -> None:
    """No money moves by an explanation: clearing holds what it held."""
    clearing = bank_shop()
    sell(clearing, "wine", 1)
    clearing.settle([paid(1, WINE - 10, 12)])
    (item,) = clearing.view().items
    clearing.shop.ok(ExplainItem(item.id, "rounding of the acquirer"))
    assert clearing.kinds() == []
    (told,) = clearing.view(explained=True).items
    assert (told.finding, told.explained_by) == ("rounding of the acquirer", "max")
    assert clearing.account().clearing_minor == 10
    clearing.settle([paid(1, 3, 0, batch="2")])
    assert clearing.kinds() == ["amount_differs"]
    clearing.settle([paid(1, 7, 0, batch="3")])
    assert (clearing.account().clearing_minor, clearing.kinds()) == (0, [])


def test_an_item_of_the_longest_names_can_be_explained() -> None:
    """A payout by an acquirer and a batch that are named as long as they may be."""
    bank, batch = attrs.evolve(BANK, id="b" * 64), "x" * 64
    clearing = Clearing(card_shop())
    clearing.terms(bank)
    most = limits.AMOUNT_MINOR_MAX
    row = SettlementRow(RowKind.OTHER, most, -most, batch=batch)
    clearing.settle([row, payout(1, batch)], bank.id)
    (item,) = clearing.view().items
    assert len(item.id) > limits.NAME_LENGTH_MAX
    clearing.shop.ok(ExplainItem(item.id, "asked"))
    assert clearing.kinds() == []


def test_a_shop_that_stops_importing_files_does_not_wait_for_its_list() -> None:
    """Who asks for the oldest of what is overdue asks the database as much however much there is,
    and is told how much that is."""
    clearing = bank_shop()
    sell(clearing, "wine", 1)
    clearing.settle([paid(1, WINE, 12)])
    asked: list[str] = []
    steps: list[int] = []

    def note(_: object, statement: str, __: object) -> bool:
        asked.append(statement)
        return True

    clearing.db.exec_trace = note
    for numbers in (range(2, 8), range(8, 50)):
        for number in numbers:
            sell(clearing, "wine", number)
        clearing.fold()
        asked.clear()
        view = clearing.view("2026-12-24", limit=3)
        steps.append(len(asked))
        assert len(view.items) == 3
        assert view.item_count == numbers[-1] - 1
        (account,) = view.acquirers
        assert (account.clearing_minor, account.waiting_minor) == (view.item_count * WINE, 0)
    assert steps[0] == steps[1] > 0
    clearing.shop.ok(ExplainItem(view.items[0].id, "asked the bank"))
    rest = clearing.view("2026-12-24", limit=3)
    assert view.items[1:] == rest.items[:2]
    assert rest.item_count == view.item_count - 1
    (first, *_) = clearing.view("2026-12-24", limit=3, explained=True).items
    assert first == attrs.evolve(view.items[0], explained_by="max", finding="asked the bank")


def test_other_terms_price_what_no_file_has_told_of() -> None:
    """What was settled keeps the fee it was held against; the rest has the new one."""
    clearing = bank_shop()
    sell(clearing, "wine", 1)
    clearing.settle([paid(1, WINE, 12)])
    sell(clearing, "wine", 2)
    dearer = attrs.evolve(BANK, rates=(Rate(Presence.IN_PERSON, 0, 99),))
    clearing.terms(dearer)
    assert [one.fee_minor for one in clearing.fees()] == [12, 99]
    assert clearing.account().fee_expected_minor == 111
    clearing.terms(attrs.evolve(BANK, rates=RATES[2:]))
    sell(clearing, "wine", 3)
    assert [one.has_rate for one in clearing.fees()] == [True, False, False]
    clearing.settle([paid(3, WINE, 77)])
    assert "fee_differs" not in clearing.kinds("2026-11-24"), "nothing to hold it against"


def test_a_busy_days_fees_come_a_page_at_a_time() -> None:
    """No more than asked for, nor than 500, with how many there are; the rest is asked for after
    the last one of a page, and nothing is told twice. Whoever asks after a payment that is not
    there begins anew."""
    clearing = bank_shop()
    clearing.fold()
    ids = [f"p{number}" for number in range(501)]
    for name in ids:
        taken = Money(name, name, "terminal/1", Kind.SALE, "2026-11-23", 1000, "chip", "visa")
        put_money(clearing.db, taken, ())
    for limit, sizes in ((200, [200, 200, 101]), (9999, [500, 1]), (500, [500, 1])):
        query, pages, found = FindPaymentFees("2026-11-23", limit=limit), [], []
        while (page := payment_fees(clearing.db, query)).payments:
            assert page.payment_count == len(ids)
            pages.append(len(page.payments))
            found += [one.payment_id for one in page.payments]
            query = attrs.evolve(query, after=found[-1])
        assert (pages, found) == (sizes, ids)
    stray = FindPaymentFees("2026-11-23", "bank", 1, "stray")
    assert [one.payment_id for one in payment_fees(clearing.db, stray).payments] == ids[:1]
    nobodys = payment_fees(clearing.db, FindPaymentFees("2026-11-23", "web"))
    assert nobodys == PaymentFeesView((), 0)


def test_each_acquirer_has_its_own_account() -> None:
    """By terminal; what was taken before an acquirer's first day is nobody's to settle."""
    clearing = Clearing(card_shop())
    first = Acquirer("one", "One", ("terminal/1",), rates=RATES)
    second = Acquirer("two", "Two", rates=RATES, since="2026-12-01")
    clearing.terms(first, second)
    sell(clearing, "wine", 1)
    shop = clearing.shop
    shop.ok(AddLine("bread"), "2")
    shop.ok(RequestPayment(), "2")
    hear(shop, Verdict.APPROVED, 7, register="2", identity=Identity("29009999", 7, 7, "1126"))
    one, two, rest = clearing.view().acquirers
    assert (one.captured_minor, two.captured_minor) == (WINE, 0)
    assert (rest.acquirer, rest.captured_minor, rest.waiting_minor) == ("", BREAD, BREAD)
    (nobody,) = [day for day in clearing.view().days if not day.acquirer]
    assert nobody.captured_minor == BREAD


@pytest.mark.parametrize("terminals", [(), ("terminal/1",)])
def test_a_shop_that_changes_its_bank_still_misses_what_the_old_one_owes(
    terminals: tuple[str, ...],
) -> None:
    """What was taken before the new bank's first day stays the old bank's, whichever way the old
    one has the terminal: what it did not pay is missing, and waits for no file of the new one."""
    clearing = Clearing(card_shop())
    old = attrs.evolve(BANK, terminals=terminals)
    clearing.terms(old)
    sell(clearing, "wine", 1)
    sell(clearing, "bread", 2)
    clearing.settle([paid(1, WINE, 12)])
    new = Acquirer("new", "New Bank", ("terminal/1",), rates=RATES, since="2026-12-01")
    for terms in ((old, new), (new,)):
        clearing.terms(*terms)
        (item,) = clearing.view().items
        assert (item.kind, item.acquirer, item.difference_minor) == ("missing_there", "bank", BREAD)
    clearing.shop.business_date = "2026-12-01"
    sell(clearing, "book", 3)
    found = {one.acquirer: one.clearing_minor for one in clearing.view().acquirers}
    assert found == {"new": BOOK, "bank": BREAD}
    clearing.terms(old, new)
    clearing.settle([paid(2, BREAD, 8), payout(WINE + BREAD - 20)])
    clearing.terms(new)
    assert [one.acquirer for one in clearing.view().acquirers] == ["new"], "nothing is open there"


def test_an_acquirer_without_files_leaves_nothing_behind() -> None:
    """Terms that were put right before any file came hold for what was taken before."""
    clearing = Clearing(card_shop())
    clearing.terms(attrs.evolve(BANK, id="bnak"))
    sell(clearing, "wine", 1)
    clearing.terms()
    assert [(one.acquirer, one.clearing_minor) for one in clearing.view().acquirers] == [
        ("bank", WINE)
    ]


def test_takings_that_no_acquirer_has_are_told() -> None:
    """A terminal that no terms name: its takings are with nobody, and not out of sight."""
    clearing = Clearing(card_shop())
    clearing.terms(attrs.evolve(BANK, terminals=("terminal/9",)))
    sell(clearing, "wine", 1)
    bank, nobody = clearing.view("2027-01-30").acquirers
    assert (bank.clearing_minor, nobody.acquirer, nobody.clearing_minor) == (0, "", WINE)
    assert clearing.view(acquirer="bank").acquirers == (clearing.view().acquirers[0],)


def test_each_end_of_day_that_was_lost_is_an_item() -> None:
    """Two evenings without an answer: each is on the list with what was taken in it."""
    clearing = bank_shop()
    for number, code in enumerate(("wine", "bread"), 1):
        sell(clearing, code, number)
        end_day(clearing, Settlement(Verdict.UNKNOWN, "no_answer"))
    sell(clearing, "book", 3)
    end_day(clearing, Settlement(Verdict.APPROVED, totals=(SettledTotal("visa", 1, BOOK),)))
    items = clearing.view().items
    assert sorted((item.kind, item.ours_minor) for item in items) == [
        ("day_not_told", BREAD),
        ("day_not_told", WINE),
    ]


def found_out(clearing: Clearing, payment: Payment, number: int) -> None:
    """The terminal tells at last that it was approved."""
    hear(clearing.shop, Verdict.APPROVED, number, payment=payment, is_inquiry=True)


def test_a_difference_that_was_a_payment_in_doubt_is_none_once_it_is_found_out() -> None:
    """A terminal ends its day, and tells of a payment that nobody here knows of yet."""
    clearing = bank_shop()
    sell(clearing, "bread", 1)
    payment = set_aside(clearing.shop)
    total = SettledTotal("visa", 2, BREAD + WINE)
    end_day(clearing, Settlement(Verdict.APPROVED, totals=(total,)))
    (item,) = clearing.view().items
    assert (item.kind, item.ours_minor, item.theirs_minor) == (
        "day_amount_differs",
        BREAD,
        BREAD + WINE,
    )
    sell(clearing, "book", 3)
    found_out(clearing, payment, 2)
    view = clearing.view()
    (day,) = view.terminals
    assert (view.item_count, day.differences) == (0, ())
    assert day.ours == (Taken("visa", 2, 0, BREAD + WINE),)
    # The next day has nothing of it.
    end_day(clearing, Settlement(Verdict.APPROVED, totals=(SettledTotal("visa", 1, BOOK),)))
    assert clearing.view().item_count == 0


def kept(clearing: Clearing) -> tuple[int, ...]:
    """How many payments whose end was not heard the views keep, how many days for those, and how
    many that the bank may refuse."""
    tables = ("card_asked", "doubted_days", "counted_late")
    rows = (row_of(clearing.db, f"SELECT count(*) FROM {table}") for table in tables)
    return tuple(row[0] for row in rows)


def test_what_no_terminal_told_of_is_an_item_once_it_is_found_out() -> None:
    """The totals of a day were whole without a payment in doubt, which moved money all the same;
    by the next end of day it is no last one any more."""
    clearing = bank_shop()
    payment = set_aside(clearing.shop)
    sell(clearing, "bread", 2)
    end_day(clearing, Settlement(Verdict.APPROVED, totals=(SettledTotal("visa", 1, BREAD),)))
    assert clearing.view().item_count == 0
    sell(clearing, "book", 3)
    end_day(clearing, Settlement(Verdict.APPROVED, totals=(SettledTotal("visa", 1, BOOK),)))
    before = clearing.view().terminals
    found_out(clearing, payment, 1)
    view = clearing.view()
    (item,) = view.items
    assert (item.kind, item.ours_minor, item.theirs_minor) == (
        "day_amount_differs",
        BREAD + WINE,
        BREAD,
    )
    assert view.terminals == before
    assert kept(clearing) == (0, 0, 0)


@pytest.mark.parametrize("did_end", [True, False])
def test_what_is_found_out_is_of_the_day_whose_end_was_lost(did_end: bool) -> None:
    """The answer to an end of day is lost, with a payment before it in doubt; the next totals show
    whether it happened, and what it came to grows by what is found out."""
    clearing = bank_shop()
    sell(clearing, "bread", 1)
    payment = set_aside(clearing.shop)
    end_day(clearing, Settlement(Verdict.UNKNOWN, "no_answer"))
    sell(clearing, "book", 3)
    total = SettledTotal("visa", 1, BOOK)
    if not did_end:
        total = SettledTotal("visa", 3, BREAD + WINE + BOOK)
    end_day(clearing, Settlement(Verdict.APPROVED, totals=(total,)))
    found_out(clearing, payment, 2)
    items = clearing.view().items
    told = [(item.kind, item.ours_minor) for item in items]
    assert told == ([("day_not_told", BREAD + WINE)] if did_end else [])


def test_what_shows_that_a_day_was_ended_at_its_terminal_is_of_the_next() -> None:
    """Its number was told and its end was lost, and the totals were whole without it; found out
    after them it is of that day, and not of the one that nobody heard the end of."""
    clearing = bank_shop()
    sell(clearing, "bread", 5)
    payment = set_aside(clearing.shop)
    sell(clearing, "book", 2)
    end_day(clearing, Settlement(Verdict.APPROVED, totals=(SettledTotal("visa", 1, BOOK),)))
    found_out(clearing, payment, 1)
    told = sorted((item.kind, item.ours_minor) for item in clearing.view().items)
    assert told == [("day_amount_differs", BOOK + WINE), ("day_not_told", BREAD)]


@pytest.mark.parametrize("asks_first", [True, False])
@pytest.mark.parametrize("is_paid", [True, False])
def test_what_the_bank_said_of_a_card_found_out_is_of_that_day(
    asks_first: bool, is_paid: bool
) -> None:
    """A card in doubt was taken without the bank. The terminal asks the bank before it tells the
    totals of its day, or after: neither is a difference, once all of it is known."""
    clearing = bank_shop()
    clearing.shop.ok(SetOfflinePolicy(OfflinePolicy(5000, 5000, 5000, 5000, 36000)), admin=True)
    sell(clearing, "bread", 1)
    payment = set_aside(clearing.shop)
    is_told = is_paid or not asks_first
    total = SettledTotal("visa", 2, BREAD + WINE) if is_told else SettledTotal("visa", 1, BREAD)
    end_day(clearing, Settlement(Verdict.APPROVED, totals=(total,)))
    hear(clearing.shop, Verdict.APPROVED, 2, payment=payment, is_inquiry=True, is_offline=True)
    assert clearing.view().item_count == int(not is_told)
    assert kept(clearing)[2] == 1
    clearing.shop.ok(ReportUpload(payment.asked.payment_id, is_paid=is_paid), admin=True)
    assert clearing.view().item_count == 0
    assert kept(clearing) == (0, 0, 0)


def test_a_card_that_nobody_ever_told_of_keeps_no_day() -> None:
    """It was taken without the bank, and a person closed it."""
    clearing = bank_shop()
    clearing.shop.ok(SetOfflinePolicy(OfflinePolicy(5000, 5000, 5000, 5000, 36000)), admin=True)
    payment = set_aside(clearing.shop)
    end_day(clearing, Settlement(Verdict.APPROVED, totals=(SettledTotal("visa", 1, WINE),)))
    hear(clearing.shop, Verdict.APPROVED, 2, payment=payment, is_inquiry=True, is_offline=True)
    close = CloseException(payment.asked.payment_id, "asked the bank: it was taken")
    clearing.shop.ok(close)
    assert (clearing.view().item_count, kept(clearing)) == (0, (0, 0, 0))


def test_a_card_that_went_back_before_its_bank_heard_of_it_keeps_no_day() -> None:
    """It was taken without the bank, found out on the next day, and taken back by its name."""
    clearing = bank_shop()
    clearing.shop.ok(SetOfflinePolicy(OfflinePolicy(5000, 5000, 5000, 5000, 36000)), admin=True)
    payment = set_aside(clearing.shop)
    end_day(clearing, Settlement(Verdict.APPROVED, totals=(SettledTotal("visa", 1, WINE),)))
    name = Identity("29001234", 2, 2, "1126", "101500", "its name")
    found: dict[str, Any] = {"payment": payment, "is_inquiry": True, "is_offline": True}
    hear(clearing.shop, Verdict.APPROVED, 2, identity=name, **found)
    assert (clearing.view().item_count, kept(clearing)) == (0, (1, 1, 1))
    hear(clearing.shop, Verdict.APPROVED, 3)
    assert (clearing.view().item_count, kept(clearing)) == (0, (0, 0, 0))


def test_a_payment_that_a_person_settled_keeps_no_day() -> None:
    """Nothing more will be told of it, and nothing is kept for that."""
    clearing = bank_shop()
    payment = set_aside(clearing.shop)
    end_day(clearing, Settlement(Verdict.APPROVED, totals=(SettledTotal("visa", 1, WINE),)))
    assert clearing.kinds() == ["day_missing_here"]
    close = CloseException(payment.asked.payment_id, "asked the bank: it was taken")
    clearing.shop.ok(close)
    assert clearing.kinds() == ["day_missing_here"]
    assert kept(clearing) == (0, 0, 0)


def test_the_same_file_is_refused_and_its_rows_elsewhere_count_once() -> None:
    """To the byte it is the same file; another file with its rows has nothing new in it."""
    clearing = bank_shop()
    sell(clearing, "wine", 1)
    rows = [paid(1, WINE, 12), payout(WINE - 12)]
    file = clearing.settle(rows)
    again = StageSettlement(file, 0, "bank", tuple(rows))
    assert clearing.shop.no(again, admin=True) == Refusal.SETTLEMENT_FILE_MUST_BE_NEW
    clearing.settle([*rows, paid(1, WINE, 12)])
    newest, first = clearing.view().files
    assert (first.rows, first.seen_before) == (2, 0)
    assert (newest.rows, newest.seen_before) == (3, 2)
    # Said twice within one file it is two rows, and a payment that is paid twice.
    assert "paid_twice" in clearing.kinds()


def charged(clearing: Clearing) -> int:
    """What files say the acquirer kept."""
    return clearing.account().fee_charged_minor


def test_a_fee_without_any_name_counts_in_each_file_that_says_it_anew() -> None:
    """Two months' files tell the same fee, with no day, batch or reference: it was kept twice. So
    do two files that tell nothing else."""
    clearing = bank_shop()
    fee = SettlementRow(RowKind.FEE, 0, 995)
    clearing.settle([paid(1, WINE, 12), fee])
    clearing.settle([paid(2, WINE, 12), fee])
    assert charged(clearing) == 2 * (12 + 995)
    clearing.settle([fee])
    clearing.settle([fee, paid(3, WINE, 12)])
    assert charged(clearing) == 3 * 12 + 4 * 995
    dated = attrs.evolve(fee, date="2026-11-27")
    clearing.settle([paid(4, WINE, 12), dated])
    clearing.settle([paid(5, WINE, 12), dated])
    assert charged(clearing) == 5 * 12 + 5 * 995, "a day says that it is the same"


def test_a_fee_without_any_name_is_the_same_behind_the_same_row() -> None:
    """The month's file repeats what the days' files said, fees in their places and one said twice
    among them; what it says at another place is new."""
    clearing = bank_shop()
    fee = SettlementRow(RowKind.FEE, 0, 995)
    first = [paid(1, WINE, 12), paid(2, WINE, 12), paid(3, WINE, 12), fee, fee]
    second = [paid(4, WINE, 12), fee, paid(5, WINE, 12)]
    clearing.settle(first)
    clearing.settle(second)
    assert charged(clearing) == 5 * 12 + 3 * 995
    clearing.settle([*first, *second])
    assert charged(clearing) == 5 * 12 + 3 * 995
    assert clearing.view().files[0].seen_before == len(first) + len(second)
    clearing.settle([*first, *second, fee])
    assert charged(clearing) == 5 * 12 + 4 * 995
