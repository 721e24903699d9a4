"""The story of a card taken without a bank: what an acquirer's file says of it is the shop's answer
too, and of what nobody tells a person sees how old it is."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from actors.view_clearing_reads import said_of
from engine.credit.rules import ReturnRules, SetReturnRules
from engine.order.commands import (
    AddReturnLine,
    CompleteOrder,
    RefundToCredit,
    StartTendering,
    TenderCash,
)
from engine.order.refusal import Refusal as OrderRefusal
from engine.payment.commands import (
    CloseException,
    ReportUpload,
    RequestPayment,
    ReverseAgain,
    ReverseTender,
    SetOfflinePolicy,
)
from engine.payment.events import OfflinePolicy, OfflineUploaded, Problem, UploadSource
from engine.payment.refusal import Refusal
from engine.payment.state import Payment
from engine.payment.terminal_day import TerminalDayAsked, TerminalDayHeard
from engine.settlement.decide import ImportSettlement, StageSettlement
from engine.settlement.model import PresentedRow, RowKind, SettlementRow
from engine.terminal import Identity, Verdict
from engine.views.payments import payments_view
from tests.card_shop import card_shop, hear, running, told
from tests.clearing_shop import Clearing, paid
from tests.shop import Shop

WINE = 799
POLICY = OfflinePolicy(5000, 9000, 9000, 9000, 3600)


def offline_shop() -> Clearing:
    """A shop that takes cards without a bank, and whose acquirer sends files."""
    clearing = Clearing(card_shop())
    clearing.terms()
    clearing.shop.ok(SetOfflinePolicy(POLICY), admin=True)
    return clearing


def taken(clearing: Clearing, number: int, reference: str = "") -> str:
    """A bottle of wine by a card that no bank has seen; the payment."""
    shop = clearing.shop
    shop.ring("wine")
    payment_id: str = shop.ok(RequestPayment())["payment_id"]
    name = Identity("29001234", number, number, "1126", "101500", reference)
    hear(shop, Verdict.APPROVED, number, is_offline=True, identity=name)
    shop.ok(CompleteOrder())
    return payment_id


def declined(number: int, **more: Any) -> SettlementRow:
    """What a file says of one that the bank refused when it was presented."""
    row = attrs.evolve(paid(number, WINE), kind=RowKind.DECLINED)
    return attrs.evolve(row, **more)


@pytest.mark.feature("PAY-07", part="the result by the acquirer's file")
def test_a_file_tells_what_became_of_what_was_stored() -> None:
    """Captured there, it is paid; declined there, a person sees to it, and the clearing account
    holds only what was paid. The next file says the same, and nothing more is written down."""
    clearing = offline_shop()
    shop = clearing.shop
    first, second, third = (taken(clearing, number) for number in (1, 2, 3))
    clearing.settle([paid(1, WINE, 12), declined(2), paid(9, 500, 1)])
    results = shop.events(OfflineUploaded)
    assert results == [
        OfflineUploaded(first, True, UploadSource.FILE),
        OfflineUploaded(second, False, UploadSource.FILE, "declined_in_file"),
    ]
    assert [*shop.books.payments.offline] == [third]
    (late,) = shop.books.payments.exceptions.values()
    assert (late.asked.payment_id, late.problem) == (second, Problem.UPLOAD_DECLINED)
    account = clearing.account()
    assert (account.captured_minor, account.cleared_minor) == (2 * WINE, WINE + 500)
    clearing.settle([paid(1, WINE, 12), declined(2)])
    assert len(shop.events(OfflineUploaded)) == 2
    assert shop.no(ReportUpload(first, is_paid=True), admin=True) == Refusal.PAYMENT_MUST_EXIST


def test_a_name_says_it_too_and_likeness_does_not() -> None:
    """By our own name of a payment or the acquirer's; by numbers only of the terminal, its day and
    the amount."""
    clearing = offline_shop()
    by_ours, by_theirs, like = (
        taken(clearing, 1),
        taken(clearing, 2, "T1.8PSP2"),
        taken(clearing, 3),
    )
    plain: dict[str, Any] = {"terminal_id": "", "trace": None, "date": ""}
    clearing.settle(
        [
            attrs.evolve(paid(0, WINE), own_reference=by_ours, **plain),
            attrs.evolve(paid(0, WINE), reference="8PSP2", **plain),
            paid(3, WINE, date="2026-11-25"),
            paid(3, WINE, date="2025-11-26"),
            paid(3, WINE + 1),
            paid(3, WINE, terminal_id="29009999"),
            attrs.evolve(paid(3, WINE), kind=RowKind.CHARGEBACK),
        ]
    )
    assert [one.payment_id for one in clearing.shop.events(OfflineUploaded)] == [by_ours, by_theirs]
    assert [*clearing.shop.books.payments.offline] == [like]


def test_a_file_counts_whole_and_a_second_try_is_paid() -> None:
    """Rows that were only staged tell nothing; declined and then paid, it is paid."""
    clearing = offline_shop()
    shop = clearing.shop
    payment_id = taken(clearing, 1)
    shop.ok(StageSettlement("a" * 64, 0, "bank", (declined(1),)), admin=True)
    assert shop.events(OfflineUploaded) == []
    assert shop.replayed().settling == shop.books.settling
    shop.ok(StageSettlement("a" * 64, 1, "bank", (paid(1, WINE),)), admin=True)
    shop.ok(ImportSettlement("a" * 64, "file", 2, 2), admin=True)
    assert shop.events(OfflineUploaded) == [OfflineUploaded(payment_id, True, UploadSource.FILE)]
    # Told by the terminal before the file came, the file adds nothing.
    other = taken(clearing, 2)
    shop.ok(StageSettlement("b" * 64, 0, "bank", (declined(2),)), admin=True)
    shop.ok(ReportUpload(other, True, UploadSource.TERMINAL), admin=True)
    shop.ok(ImportSettlement("b" * 64, "file", 1, 1), admin=True)
    assert len(shop.events(OfflineUploaded)) == 2


def in_doubt(clearing: Clearing, register: str) -> Payment:
    """A bottle of wine by a card whose terminal was cut off before it answered."""
    shop = clearing.shop
    shop.ring("wine", register=register)
    shop.ok(RequestPayment(), register)
    payment = running(shop, register)
    hear(shop, Verdict.UNKNOWN, register=register, identity=Identity())
    return payment


@pytest.mark.parametrize("way", ["by numbers", "by the acquirer's name", "by our own name"])
def test_a_file_that_came_before_the_payment_was_known_tells_of_it(way: str) -> None:
    """Two answers are lost, a file has what became of both, and only then the store hears that both
    were taken without a bank: what the file said is known, and nothing of what is only like it."""
    clearing = offline_shop()
    shop = clearing.shop
    payments = [in_doubt(clearing, register) for register in ("1", "2")]
    ids = tuple(one.asked.payment_id for one in payments)
    plain: dict[str, Any] = {"terminal_id": "", "trace": None, "date": ""}
    more: list[dict[str, Any]] = [{}, {}]
    if way == "by the acquirer's name":
        more = [plain | {"reference": f"8PSP{number}"} for number in (1, 2)]
    elif way == "by our own name":
        more = [plain | {"own_reference": payment_id} for payment_id in ids]
    clearing.settle([paid(1, WINE, 12, **more[0]), declined(2, **more[1]), paid(3, WINE + 1)])
    clearing.fold()
    assert said_of(clearing.db, ids) == ()
    like = in_doubt_and_heard(clearing, payments)
    assert shop.events(OfflineUploaded) == [], "the file counted before"
    clearing.fold()
    assert said_of(clearing.db, (*ids, like)) == (
        PresentedRow(ids[0], True),
        PresentedRow(ids[1], False),
    )
    clearing.settle([paid(2, WINE, 12, **more[1])])
    clearing.fold()
    assert said_of(clearing.db, ids[1:]) == (PresentedRow(ids[1], True),), "tried again, it is paid"


def in_doubt_and_heard(clearing: Clearing, payments: list[Payment]) -> str:
    """The lost answers come, and one more of which no file tells; the payment that this is."""
    shop = clearing.shop
    for number, payment in enumerate(payments, 1):
        name = Identity("29001234", number, number, "1126", "101500", f"T{number}.8PSP{number}")
        hear(
            shop,
            Verdict.APPROVED,
            number,
            register=str(number),
            payment=payment,
            is_offline=True,
            is_inquiry=True,
            identity=name,
        )
        shop.ok(CompleteOrder(), str(number))
    return taken(clearing, 3)


@pytest.mark.feature("PAY-07", part="what stays untold, with its age")
def test_what_nobody_tells_is_listed_with_its_age_and_stays_at_risk() -> None:
    """Past the age that the shop allows it is before a person, who cannot say that money moved."""
    clearing = offline_shop()
    shop = clearing.shop
    payment_id = taken(clearing, 1)
    age_ns = POLICY.age_s * 10**9
    taken_ns = shop.books.payments.offline[payment_id].requested_ns
    assert payments_view(shop.books, now_ns=taken_ns + age_ns, register="1").exceptions == ()
    late_ns = taken_ns + age_ns + 10**9
    view = payments_view(shop.books, now_ns=late_ns, register="1")
    (shown,) = view.exceptions
    assert (shown.problem, shown.age_s) == ("untold", POLICY.age_s + 1)
    assert (shown.amount_minor, shown.brand, shown.operator) == (WINE, "Visa", "max")
    assert view.offline_minor == WINE
    assert shop.no(ReverseAgain(payment_id)) == Refusal.PAYMENT_MUST_EXIST
    early = CloseException(payment_id, "in the statement of 3 June")
    assert shop.no(early) == Refusal.PAYMENT_MUST_EXIST, "somebody may still tell"
    shop.now_ns = late_ns
    shop.ring("bread")
    shop.ok(RequestPayment())
    running = shop.books.payments.at_terminal("terminal/1")
    assert running is not None
    assert not running.asked.offline_allowed, "too old is as bad as too much"


def test_what_was_taken_while_the_clock_was_ahead_is_not_young_for_years() -> None:
    """A day too far, it would be new until that day has come: no card is taken beside it, and
    somebody looks into it. A second's correction changes nothing."""
    clearing = offline_shop()
    shop = clearing.shop
    ahead_ns = 86_400 * 10**9
    shop.now_ns += ahead_ns
    payment_id = taken(clearing, 1)
    shop.now_ns -= 2 * 10**9
    assert payments_view(shop.books, now_ns=shop.now_ns, register="1").exceptions == ()
    shop.now_ns -= ahead_ns
    view = payments_view(shop.books, now_ns=shop.now_ns, register="1")
    assert [(one.payment_id, one.problem) for one in view.exceptions] == [(payment_id, "untold")]
    assert view.oldest_s > view.age_limit_s
    shop.ring("bread")
    shop.ok(RequestPayment())
    running = shop.books.payments.at_terminal("terminal/1")
    assert running is not None
    assert not running.asked.offline_allowed
    shop.ok(CloseException(payment_id, "in the statement of 3 June"))


def test_what_nobody_knows_is_listed_though_the_clock_went_back() -> None:
    """Else nobody could set it aside before the clock is where it was, and its terminal is kept."""
    shop = card_shop()
    shop.ring("wine")
    payment_id = shop.ok(RequestPayment())["payment_id"]
    hear(shop, Verdict.UNKNOWN, code="no_answer")
    shop.now_ns -= 3600 * 10**9
    view = payments_view(shop.books, now_ns=shop.now_ns, register="1")
    assert [one.payment_id for one in view.exceptions] == [payment_id]


def test_what_nobody_tells_is_closed_by_a_person_with_what_they_found() -> None:
    """It says of no money that it moved; cards are taken offline again, and what is told later
    changes nothing."""
    clearing = offline_shop()
    shop = clearing.shop
    payment_id = taken(clearing, 1)
    shop.now_ns += (POLICY.age_s + 1) * 10**9
    close = CloseException(payment_id, "in the statement of 3 June")
    assert shop.no(attrs.evolve(close, finding=" ")) == OrderRefusal.REASON_MUST_BE_GIVEN
    shop.ok(close)
    view = payments_view(shop.books, now_ns=shop.now_ns, register="1")
    assert (view.exceptions, view.offline_minor) == ((), 0)
    assert shop.events(OfflineUploaded) == []
    late = ReportUpload(payment_id, False, UploadSource.TERMINAL)
    assert shop.no(late, admin=True) == Refusal.PAYMENT_MUST_EXIST
    assert shop.replayed().payments == shop.books.payments
    shop.ring("bread")
    shop.ok(RequestPayment())
    running = shop.books.payments.at_terminal("terminal/1")
    assert running is not None
    assert running.asked.offline_allowed


def test_what_the_bank_refused_is_not_given_back() -> None:
    """Nothing was taken, so nothing goes back; the refusal is told in the bank's words."""
    clearing = offline_shop()
    shop = clearing.shop
    payment_id = taken(clearing, 1)
    result = ReportUpload(payment_id, False, UploadSource.TERMINAL, "declined_05", "Do not honour")
    shop.ok(result, admin=True)
    (shown,) = payments_view(shop.books, now_ns=shop.now_ns, register="1").exceptions
    assert (shown.problem, shown.code, shown.detail) == (
        "upload_declined",
        "declined_05",
        "Do not honour",
    )
    assert shop.no(ReverseAgain(payment_id)) == Refusal.PAYMENT_MUST_BE_APPROVED


@pytest.mark.parametrize("by_file", [False, True])
def test_goods_that_the_bank_never_paid_bring_no_money(*, by_file: bool) -> None:
    """Once the bank refused it, and for good: neither its card gives back for it, nor the drawer,
    whether a person has seen to it or not. What cash paid of the same sale goes back."""
    clearing = offline_shop()
    shop = clearing.shop
    order_id = shop.ring("wine", "wine")
    payment_id: str = shop.ok(RequestPayment(WINE))["payment_id"]
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(TenderCash(WINE))
    shop.ok(CompleteOrder())
    if by_file:
        clearing.settle([declined(1)])
    else:
        shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    shop.ok(AddReturnLine(order_id, 1, 1000, "corked"))
    assert shop.no(RequestPayment()) == Refusal.TENDER_MUST_HAVE_BEEN_PAID
    shop.ok(CloseException(payment_id, "the customer never came back"))
    assert shop.no(RequestPayment(0, order_id, 1)) == Refusal.TENDER_MUST_HAVE_BEEN_PAID
    shop.ok(TenderCash(-WINE))
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order_id, 2, 1000, "corked"))
    assert shop.no(RequestPayment()) == Refusal.TENDER_MUST_HAVE_BEEN_PAID
    assert shop.no(TenderCash(-WINE)) == Refusal.TENDER_MUST_HAVE_BEEN_PAID


def unpaid(clearing: Clearing, *codes: str) -> str:
    """A sale whose card the bank refused afterwards; the order's id."""
    shop = clearing.shop
    order_id = shop.ring(*codes)
    payment_id = shop.ok(RequestPayment())["payment_id"]
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(CompleteOrder())
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    return order_id


def test_goods_that_the_bank_never_paid_bring_no_store_credit() -> None:
    """A note is money, too."""
    clearing = offline_shop()
    shop = clearing.shop
    shop.ok(SetReturnRules(ReturnRules(store_credit=True)), admin=True)
    shop.ok(AddReturnLine(unpaid(clearing, "wine"), 1, 1000, "corked"))
    assert shop.no(RefundToCredit()) == Refusal.TENDER_MUST_HAVE_BEEN_PAID


def test_goods_that_the_bank_never_paid_are_not_exchanged() -> None:
    """What goes out for them could be brought back for cash."""
    clearing = offline_shop()
    shop = clearing.shop
    shop.ok(AddReturnLine(unpaid(clearing, "wine"), 1, 1000, "corked"))
    shop.ring("wine")
    assert shop.no(StartTendering()) == Refusal.TENDER_MUST_HAVE_BEEN_PAID


def test_no_more_is_exchanged_than_was_paid() -> None:
    """Cash paid one of two bottles: one goes out for one that came back, not one for each."""
    clearing = offline_shop()
    shop = clearing.shop
    order_id = shop.ring("wine", "wine")
    payment_id = shop.ok(RequestPayment(WINE))["payment_id"]
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(TenderCash(WINE))
    shop.ok(CompleteOrder())
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    for line in (1, 2):
        shop.ok(AddReturnLine(order_id, line, 1000, "corked"))
        shop.ring("wine")
        if line == 1:
            shop.ok(StartTendering())
            shop.ok(CompleteOrder())
    assert shop.no(StartTendering()) == Refusal.TENDER_MUST_HAVE_BEEN_PAID


def corked() -> tuple[Shop, str]:
    """A bottle that was paid by a card without the bank comes back; its payment."""
    shop = offline_shop().shop
    order_id = shop.ring("wine")
    payment_id = shop.ok(RequestPayment())["payment_id"]
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order_id, 1, 1000, "corked"))
    return shop, payment_id


def test_the_bank_may_refuse_while_its_goods_are_exchanged() -> None:
    """It is asked once more before the exchange ends."""
    shop, payment_id = corked()
    shop.ring("wine")
    shop.ok(StartTendering())
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert shop.no(CompleteOrder()) == Refusal.TENDER_MUST_HAVE_BEEN_PAID


def test_what_a_card_has_back_already_ends_its_return() -> None:
    """The money is gone, whatever the bank says now: the return is completed as it was."""
    shop, payment_id = corked()
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    shop.ok(CompleteOrder())


def test_what_was_refused_while_it_was_taken_back_moved_nothing() -> None:
    """Its terminal strikes out what its bank refused meanwhile: no money came, and none went back.
    The clearing account counted it as given back, below nought for ever."""
    clearing = offline_shop()
    shop = clearing.shop
    shop.ring("wine")
    payment_id: str = shop.ok(RequestPayment())["payment_id"]
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(ReverseTender(1))
    reversal = running(shop)
    hear(shop, Verdict.UNKNOWN, 2)
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert clearing.account().captured_minor == 0
    hear(shop, Verdict.APPROVED, 2, payment=reversal, is_inquiry=True)
    assert clearing.account().captured_minor == 0
    assert clearing.kinds() == []


def test_what_was_taken_back_in_part_and_then_refused_moved_nothing() -> None:
    """Whichever came first: of what the bank never paid nothing can have gone back."""
    clearing = offline_shop()
    shop = clearing.shop
    shop.ring("wine")
    payment_id: str = shop.ok(RequestPayment())["payment_id"]
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 2, amount_minor=300)
    assert clearing.account().captured_minor == WINE - 300
    shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert clearing.account().captured_minor == 0
    assert clearing.kinds() == []


def test_an_old_result_reads_on() -> None:
    """Journals of before know neither who told nor why."""
    clearing = offline_shop()
    payment_id = taken(clearing, 1)
    clearing.shop.given(OfflineUploaded(payment_id, is_paid=False))
    (late,) = clearing.shop.replayed().payments.exceptions.values()
    assert late.answer is not None
    assert late.answer.code == told(late, Verdict.APPROVED).code


def test_what_was_refused_is_no_part_of_the_terminals_day() -> None:
    """Of a day that goes on it is taken off; a day that ended with it stays as it was told."""
    clearing = offline_shop()
    shop = clearing.shop
    first = taken(clearing, 1)
    taken(clearing, 2)
    shop.ok(ReportUpload(first, is_paid=False), admin=True)
    (row,) = shop.books.payments.days["terminal/1"].parts[-1]
    assert (row.count, row.amount_minor) == (1, WINE)
    (second,) = shop.books.payments.offline
    ended = TerminalDayHeard("d", "terminal/1", Verdict.APPROVED)
    shop.given(TerminalDayAsked("d", "terminal/1", "1", "max"), ended)
    shop.ok(ReportUpload(second, is_paid=False), admin=True)
    assert shop.books.payments.days["terminal/1"].parts == ((),)
    assert shop.replayed().payments == shop.books.payments


@pytest.mark.parametrize("by_file", [False, True], ids=["terminal", "file"])
def test_refused_while_the_customer_is_here_it_is_due_again(*, by_file: bool) -> None:
    """The bank was told before the receipt was printed: the card paid nothing, so cash does,
    whoever says so."""
    clearing = offline_shop()
    shop = clearing.shop
    order_id = shop.ring("wine")
    payment_id: str = shop.ok(RequestPayment())["payment_id"]
    name = Identity("29001234", 1, 1, "1126", "101500")
    hear(shop, Verdict.APPROVED, 1, is_offline=True, identity=name)
    assert [one.kind for one in shop.order(order_id).tenders] == ["card"]
    if by_file:
        clearing.settle([declined(1)])
    else:
        shop.ok(ReportUpload(payment_id, is_paid=False), admin=True)
    assert shop.order(order_id).tenders == ()
    assert shop.no(CompleteOrder()) == OrderRefusal.ORDER_MUST_BE_PAID
    shop.ok(TenderCash(WINE))
    shop.ok(CompleteOrder())
    (late,) = shop.books.payments.exceptions.values()
    assert late.problem is Problem.UPLOAD_DECLINED
