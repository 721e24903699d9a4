"""Card payments in the engine: every refusal by name, and the ceilings of what is taken offline."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import limits
from engine.image import books_from, image_of
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    TenderCash,
    UndoTender,
    UndoTendering,
    VoidOrder,
)
from engine.order.refusal import Refusal as OrderRefusal
from engine.payment.commands import (
    AskTip,
    CancelPayment,
    CloseException,
    HearPayment,
    KeepPayment,
    ReportUpload,
    RequestPayment,
    ReverseAgain,
    ReverseTender,
    SetOfflinePolicy,
    SetPaymentAside,
)
from engine.payment.events import (
    BrandCeiling,
    OfflinePolicy,
    OfflinePolicySet,
    PaymentRequested,
    Problem,
    Standing,
)
from engine.payment.exposure import brand_exposure, exposure
from engine.payment.refusal import Refusal
from engine.payment.state import Payment
from engine.register import StartTraining
from engine.settings import DefineRegister
from engine.terminal import CardShown, Identity, Kind, Verdict
from engine.till import OpenTill
from engine.views.payments import payments_view
from tests.card_shop import (
    card_shop,
    hear,
    paid_by_card,
    running,
    told,
    with_terminal,
    with_tip_screen,
)
from tests.shop import Shop


def asking(**changes: Any) -> Shop:
    """A shop whose register 1 waits for its terminal over a bottle of wine."""
    shop = card_shop(**changes)
    shop.ring("wine")
    shop.ok(RequestPayment())
    return shop


def test_a_request_is_refused_before_a_terminal_hears_of_it() -> None:
    """From the order outwards: none, training, no terminal, no number, nothing due, too much."""
    shop = card_shop()
    assert shop.no(RequestPayment()) == OrderRefusal.ORDER_MUST_BE_OPEN
    shop.ok(StartTraining())
    shop.ring("wine")
    assert shop.no(RequestPayment()) == Refusal.ORDER_MUST_BE_LIVE
    plain = Shop.selling()
    plain.ring("wine")
    assert plain.no(RequestPayment()) == Refusal.TERMINAL_MUST_BE_SET_UP
    odd = card_shop(currency="XPF")
    odd.ring("wine")
    assert odd.no(RequestPayment()) == Refusal.CURRENCY_MUST_HAVE_A_NUMBER
    shop = card_shop()
    shop.ring("wine")
    assert shop.no(RequestPayment(800)) == Refusal.CARD_AMOUNT_MUST_BE_DUE
    assert shop.no(RequestPayment(-1)) == Refusal.CARD_AMOUNT_MUST_BE_DUE
    shop.ok(TenderCash(1000))
    assert shop.no(RequestPayment()) == OrderRefusal.AMOUNT_MUST_STILL_BE_DUE
    assert not shop.books.payments.open


def test_tenders_have_a_limit_by_card_too() -> None:
    """The twenty-first is not asked for, nor its customer for a tip."""
    shop = card_shop()
    shop.ring("wine")
    for number in range(limits.TENDERS_PER_ORDER_MAX):
        shop.ok(RequestPayment(1))
        hear(shop, Verdict.APPROVED, number + 1)
    assert shop.no(RequestPayment(1)) == OrderRefusal.TENDERS_LIMIT_REACHED
    with_tip_screen(shop)
    assert shop.no(AskTip(1)) == OrderRefusal.TENDERS_LIMIT_REACHED


def test_while_a_terminal_works_its_order_waits() -> None:
    """No other tender, no way back, no end: the answer may come any moment."""
    shop = asking()
    for body in (TenderCash(799), UndoTendering(), CompleteOrder(), VoidOrder("x"), UndoTender(1)):
        assert shop.no(body) == OrderRefusal.TERMINAL_MUST_BE_DONE
    assert shop.no(RequestPayment()) == Refusal.PAYMENT_MUST_BE_SETTLED
    shop.ring("bread", register="2")
    assert shop.ok(RequestPayment(), "2")["standing"] == "requested"


def test_its_order_waits_for_each_terminal_that_works_on_it() -> None:
    """One is in doubt, and another takes back what could not be before: no coins meanwhile, no way
    back and no end."""
    shop = card_shop()
    shop.ring("wine", "bread")
    shop.ok(RequestPayment(350))
    hear(shop, Verdict.APPROVED)
    shop.ok(ReverseTender(1))
    failed = running(shop).asked.payment_id
    hear(shop, Verdict.DECLINED, 2)
    setup = shop.books.settings.registers["1"]
    shop.ok(DefineRegister(attrs.evolve(setup, terminal="terminal/9")), admin=True)
    shop.ok(RequestPayment())
    at_other = shop.books.payments.at_terminal("terminal/9")
    hear(shop, Verdict.UNKNOWN, 3, payment=at_other)
    shop.ok(ReverseAgain(failed))
    for body in (TenderCash(799), UndoTendering(), CompleteOrder()):
        assert shop.no(body) == OrderRefusal.TERMINAL_MUST_BE_DONE
    hear(shop, Verdict.APPROVED, 4)
    shop.ok(TenderCash(1149))
    shop.ok(CompleteOrder())


def test_a_terminal_has_one_open_payment() -> None:
    """An unknown one keeps its terminal, though its order is long paid."""
    shop = asking()
    hear(shop, Verdict.UNKNOWN)
    shop.pay(799)
    shop.ring("bread")
    assert shop.no(RequestPayment()) == Refusal.TERMINAL_MUST_BE_FREE
    assert shop.ok(TenderCash(350))["due_minor"] == 0


def test_what_is_over_cannot_be_kept_cancelled_or_set_aside() -> None:
    """Each says what the payment would have to be."""
    shop = asking()
    payment = running(shop)
    payment_id = payment.asked.payment_id
    assert shop.no(SetPaymentAside(payment_id, "x")) == Refusal.PAYMENT_MUST_BE_UNKNOWN
    hear(shop, Verdict.UNKNOWN)
    assert shop.no(CancelPayment(payment_id)) == Refusal.PAYMENT_MUST_BE_OPEN
    assert shop.no(SetPaymentAside(payment_id, "")) == OrderRefusal.REASON_MUST_BE_GIVEN
    hear(shop, Verdict.DECLINED)
    assert shop.no(SetPaymentAside(payment_id, "x")) == Refusal.PAYMENT_MUST_BE_OPEN
    late = KeepPayment(payment_id, told(payment, Verdict.APPROVED))
    assert shop.no(late, admin=True) == Refusal.PAYMENT_MUST_BE_OPEN
    heard = HearPayment(payment_id, told(payment, Verdict.APPROVED))
    assert shop.no(heard, admin=True) == Refusal.PAYMENT_MUST_EXIST
    assert shop.no(CloseException(payment_id, "x")) == Refusal.PAYMENT_MUST_EXIST
    assert shop.no(ReverseAgain(payment_id)) == Refusal.PAYMENT_MUST_EXIST
    assert shop.no(ReportUpload(payment_id, is_paid=True), admin=True) == Refusal.PAYMENT_MUST_EXIST


def test_only_what_was_approved_is_taken_back() -> None:
    """A payment set aside while unknown moved no money that anybody knows of."""
    shop = asking()
    payment_id = running(shop).asked.payment_id
    hear(shop, Verdict.UNKNOWN)
    shop.ok(SetPaymentAside(payment_id, "dead"))
    assert shop.books.payments.exceptions[payment_id].problem is Problem.UNRESOLVED
    assert shop.no(ReverseAgain(payment_id)) == Refusal.PAYMENT_MUST_BE_APPROVED


def test_what_a_sale_was_completed_with_is_not_taken_back() -> None:
    """The receipt of the sale tells of it: it goes back by a return."""
    shop = card_shop()
    paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    payment_id = running(shop).asked.payment_id
    hear(shop, Verdict.DECLINED, 2)
    shop.ok(CompleteOrder())
    assert shop.no(ReverseAgain(payment_id)) == Refusal.PAYMENT_MUST_NOT_BE_COUNTED


def test_what_has_no_receipt_number_is_not_asked_back() -> None:
    """No terminal can be asked for it: a tender stays, and what came too late is before a person,
    who is told so by name where they try."""
    no_receipt = Identity("29001234", 5, None, "1126", "101500")
    shop = asking()
    hear(shop, Verdict.APPROVED, identity=no_receipt)
    assert shop.no(ReverseTender(1)) == Refusal.PAYMENT_MUST_BE_NUMBERED
    shop.ok(CompleteOrder())
    shop.ring("wine")
    shop.ok(RequestPayment())
    late = running(shop)
    hear(shop, Verdict.UNKNOWN)
    shop.ok(UndoTendering())
    shop.ok(VoidOrder("left"))
    hear(shop, Verdict.APPROVED, 2, payment=late, identity=no_receipt)
    assert shop.books.payments.at_terminal("terminal/1") is None
    assert shop.books.payments.exceptions[late.asked.payment_id].problem is Problem.LATE
    assert shop.no(ReverseAgain(late.asked.payment_id)) == Refusal.PAYMENT_MUST_BE_NUMBERED


def test_a_refund_that_went_by_its_payment_is_final() -> None:
    """No terminal takes it back: a tender stays, and so does one that came too late. Its receipt
    has the card that paid, though none was read."""
    by_payment = Identity(
        "29001234", None, 2, "1126", "101500", "2026Z SIM2.REF2", is_of_payment=True
    )
    shop = card_shop()
    sold = paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    order_id = shop.ok(AddReturnLine(sold, 1, 1000, "x"))["order_id"]
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, identity=by_payment, card=CardShown())
    (tender,) = shop.order(order_id).tenders
    assert tender.card is not None
    assert tender.card.card == CardShown("************0119", "Visa")
    assert shop.no(ReverseTender(1)) == Refusal.REFUND_MUST_BE_REVERSIBLE
    shop.ok(CompleteOrder())
    sold = paid_by_card(shop, "wine", number=3)
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(sold, 1, 1000, "x"))
    shop.ok(RequestPayment())
    late = running(shop)
    hear(shop, Verdict.UNKNOWN)
    shop.ok(UndoTendering())
    shop.ok(VoidOrder("left"))
    hear(shop, Verdict.APPROVED, payment=late, identity=by_payment)
    assert shop.books.payments.exceptions[late.asked.payment_id].problem is Problem.LATE
    assert shop.no(ReverseAgain(late.asked.payment_id)) == Refusal.REFUND_MUST_BE_REVERSIBLE


def test_a_card_tender_is_handed_back_by_its_terminal() -> None:
    """Cash by hand, a card by the terminal, and each of what there is."""
    shop = card_shop()
    shop.ring("wine")
    assert shop.no(ReverseTender(1)) == OrderRefusal.ORDER_MUST_BE_TENDERING
    shop.ok(TenderCash(100))
    assert shop.no(ReverseTender(1)) == Refusal.TENDER_MUST_BE_BY_CARD
    assert shop.no(ReverseTender(9)) == OrderRefusal.TENDER_MUST_EXIST
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED)
    assert shop.no(UndoTender(2)) == OrderRefusal.TENDER_MUST_BE_IN_CASH


def test_refunds_know_their_tenders() -> None:
    """Cash only for what cash paid; a card only for what that card paid."""
    shop = card_shop()
    by_card = paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    in_cash = shop.sell("bread")
    shop.ok(AddReturnLine(by_card, 1, 1000, "x"))
    assert shop.no(TenderCash(-799)) == OrderRefusal.REFUND_MUST_GO_TO_ITS_TENDER
    shop.ok(VoidOrder("x"))
    shop.ok(AddReturnLine(in_cash, 1, 1000, "x"))
    assert shop.no(RequestPayment()) == Refusal.TENDER_MUST_BE_BY_CARD
    shop.pay()
    assert shop.ok(AddReturnLine(by_card, 1, 1000, "x"))["total_minor"] == -799
    shop.ok(RequestPayment(400))
    assert shop.no(RequestPayment()) == Refusal.PAYMENT_MUST_BE_SETTLED


def test_a_refund_never_exceeds_its_tender() -> None:
    """Two cards paid half each; neither gives back more than its half."""
    shop = card_shop()
    order_id = shop.ring("wine", "wine")
    for number, amount in ((1, 700), (2, 898)):
        shop.ok(RequestPayment(amount))
        hear(shop, Verdict.APPROVED, number)
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order_id, 1, 1000, "x"))
    too_much = RequestPayment(799, order_id, 1)
    assert shop.no(too_much) == Refusal.REFUND_MUST_BE_WITHIN_TENDER
    assert shop.ok(RequestPayment(0, order_id, 1))["amount_minor"] == 700
    hear(shop, Verdict.APPROVED, 3)
    assert shop.ok(RequestPayment())["amount_minor"] == 99
    assert running(shop).asked.source_tender == 2


@pytest.mark.parametrize(
    "policy",
    [
        OfflinePolicy(-1),
        OfflinePolicy(100, 50, 500, 500, 60),
        OfflinePolicy(100, 500, 500, 500, limits.OFFLINE_AGE_S_MAX + 1),
        OfflinePolicy(1, 1, 1, 1, 1, ("Visa",) * (limits.BRANDS_MAX + 1)),
    ],
)
def test_ceilings_that_cannot_be(policy: OfflinePolicy) -> None:
    """Nothing changes."""
    shop = card_shop()
    assert shop.no(SetOfflinePolicy(policy)) == Refusal.POLICY_MUST_BE_CONSISTENT
    assert shop.events(OfflinePolicySet) == []


def test_ceilings_may_be_as_high_as_any_amount() -> None:
    """Each of them, and not a cent more."""
    shop, most = card_shop(), limits.AMOUNT_MINOR_MAX
    highest = OfflinePolicy(most, most, most, most, 60)
    shop.ok(SetOfflinePolicy(highest))
    for over in (
        attrs.evolve(highest, payment_minor=most + 1),
        attrs.evolve(highest, operator_minor=most + 1),
        attrs.evolve(highest, register_minor=most + 1),
        attrs.evolve(highest, total_minor=most + 1),
        attrs.evolve(highest, tip_minor_max=most + 1),
        attrs.evolve(highest, tip_minor_max=-1),
    ):
        assert shop.refused(SetOfflinePolicy(over)) == {"maximum_minor": most}


@pytest.mark.parametrize("amount_minor", [799, 900])
def test_a_part_that_is_no_part_is_not_what_was_asked_for(amount_minor: int) -> None:
    """A terminal that says part of it and tells all of it, or more, is not believed: the money goes
    back, and it is named as what differs."""
    shop = asking()
    hear(shop, Verdict.PARTIALLY_APPROVED, amount_minor=amount_minor)
    assert running(shop).asked.kind is Kind.REVERSAL
    assert [entry.problem for entry in shop.books.payments.exceptions.values()] == [Problem.DIFFERS]


def test_without_a_policy_nothing_is_taken_offline() -> None:
    """A terminal that did it all the same has to take it back."""
    shop = asking()
    assert not running(shop).asked.offline_allowed
    hear(shop, Verdict.APPROVED, is_offline=True)
    assert running(shop).asked.kind is Kind.REVERSAL
    assert [entry.problem for entry in shop.books.payments.exceptions.values()] == [Problem.OFFLINE]


def offline_shop(policy: OfflinePolicy) -> Shop:
    """A shop that takes cards offline up to these ceilings, selling at two registers."""
    shop = card_shop()
    shop.ok(OpenTill(()), "2")
    shop.ok(SetOfflinePolicy(policy))
    return shop


def test_a_card_of_another_brand_is_not_taken_offline() -> None:
    """The ceilings say which cards the shop trusts."""
    shop = offline_shop(OfflinePolicy(5000, 5000, 5000, 5000, 3600, ("Mastercard",)))
    shop.ring("wine")
    shop.ok(RequestPayment())
    assert running(shop).asked.offline_allowed
    hear(shop, Verdict.APPROVED, is_offline=True)
    assert running(shop).asked.kind is Kind.REVERSAL
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 3, is_offline=True, card=CardShown(brand="MASTERCARD"))
    assert [entry.standing for entry in shop.books.payments.offline.values()] == [
        Standing.OFFLINE_APPROVED
    ]


def test_what_a_terminal_stored_past_a_ceiling_is_not_kept() -> None:
    """The card and the tip it turned out to be pass what was asked for: the terminal learns that
    before its answer counts; within the ceilings, it is kept."""
    policy = OfflinePolicy(
        5000, 5000, 5000, 5000, 3600, brand_limits=(BrandCeiling("Mastercard", 1000),)
    )
    shop = offline_shop(policy)
    shop.ring("wine")
    shop.ok(RequestPayment())
    payment = running(shop)
    mastercard, visa = CardShown(brand="MASTERCARD"), CardShown(brand="Visa")
    due_minor = payment.asked.amount_minor
    assert due_minor < 1000

    def kept(amount_minor: int, card: CardShown) -> KeepPayment:
        alone = told(payment, Verdict.APPROVED, is_offline=True, card=card)
        return KeepPayment(payment.asked.payment_id, attrs.evolve(alone, amount_minor=amount_minor))

    assert shop.no(kept(1001, mastercard), admin=True) == Refusal.PAYMENT_MUST_BE_WITHIN_CEILINGS
    assert shop.no(kept(5001, visa), admin=True) == Refusal.PAYMENT_MUST_BE_WITHIN_CEILINGS
    whose = {"payment_id": payment.asked.payment_id}
    assert shop.refused(kept(5001, visa), admin=True) == whose
    shop.ok(kept(due_minor, mastercard), admin=True)
    for books in (shop.books, shop.replayed()):
        at_risk = [brand_exposure(books.payments, brand) for brand in ("mc", "visa", "")]
        assert at_risk == [due_minor, 0, 0], "of the card it is, though nobody knows how it ended"


def test_a_brand_counts_what_could_not_be_taken_back() -> None:
    """Against the rules, and stored all the same: it takes up the ceiling of its brand until
    somebody told what became of it."""
    policy = OfflinePolicy(1000, 9000, 9000, 9000, 3600, brand_limits=(BrandCeiling("visa", 1000),))
    shop = offline_shop(policy)

    def stored(number: int) -> str:
        shop.ring("wine")
        shop.ok(RequestPayment())
        payment_id = running(shop).asked.payment_id
        hear(shop, Verdict.APPROVED, number, is_offline=True)
        return payment_id

    first = stored(1)
    shop.ok(CompleteOrder())
    second = stored(2)
    assert shop.books.payments.exceptions[second].problem is Problem.OFFLINE
    hear(shop, Verdict.DECLINED, 3)
    shop.pay(799)
    shop.ok(ReportUpload(first, is_paid=True), admin=True)
    assert brand_exposure(shop.books.payments, "visa") == 799
    third = stored(4)
    assert shop.books.payments.exceptions[third].problem is Problem.OFFLINE
    hear(shop, Verdict.APPROVED, 5)
    shop.pay(799)
    shop.ok(ReportUpload(second, is_paid=True), admin=True)
    assert stored(6) not in shop.books.payments.exceptions


@pytest.mark.parametrize("is_in_time", [False, True])
def test_a_terminal_may_not_store_while_what_it_has_is_too_old(*, is_in_time: bool) -> None:
    """The customer took ten minutes: what was young enough when the terminal was asked is not now.
    What it was let store in time counts, however late that is heard of."""
    shop = offline_shop(OfflinePolicy(5000, 20_000, 20_000, 20_000, 90))
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(CompleteOrder())
    shop.now_ns += 60 * limits.NS_PER_S
    shop.ring("wine")
    shop.ok(RequestPayment())
    slow = running(shop)
    assert slow.asked.offline_allowed
    alone = told(slow, Verdict.APPROVED, 2, is_offline=True)
    stored = KeepPayment(slow.asked.payment_id, alone)
    if is_in_time:
        shop.ok(stored, admin=True)
    shop.now_ns += 600 * limits.NS_PER_S
    if not is_in_time:
        assert shop.no(stored, admin=True) == Refusal.PAYMENT_MUST_BE_WITHIN_CEILINGS
    hear(shop, Verdict.APPROVED, 2, is_offline=True)
    listed = [entry.problem for entry in shop.books.payments.exceptions.values()]
    assert listed == ([] if is_in_time else [Problem.OFFLINE])


@pytest.mark.parametrize("more_ns", [0, 1])
def test_what_is_as_old_as_it_may_be_is_young_enough(more_ns: int) -> None:
    """Ninety seconds are within ninety seconds, and nothing is beyond."""
    shop = offline_shop(OfflinePolicy(5000, 20_000, 20_000, 20_000, 90))
    shop.ring("wine")
    shop.ok(RequestPayment())
    since_ns = running(shop).requested_ns
    hear(shop, Verdict.APPROVED, 1, is_offline=True)
    shop.ok(CompleteOrder())
    shop.ring("wine")
    shop.now_ns = since_ns + 89 * limits.NS_PER_S + more_ns  # a command takes a second
    shop.ok(RequestPayment())
    assert running(shop).requested_ns == since_ns + 90 * limits.NS_PER_S + more_ns
    assert running(shop).asked.offline_allowed is (more_ns == 0)


@pytest.mark.feature("NEW-15", part="a terminal is told what fits at worst; in any order elsewhere")
def test_a_terminal_is_told_that_it_may_only_where_the_worst_fits() -> None:
    """With all that may be added there, and whatever card it is: nobody knows either before. What
    it may be storing counts so until it is told, for each kind of card; one that cannot be told is
    asked all the same."""
    policy = OfflinePolicy(1000, 5000, 5000, 5000, 3600, tip_minor_max=201)
    visa = (BrandCeiling("visa", 1798),)
    shop = offline_shop(policy)

    def asked(**changes: Any) -> tuple[int, bool]:
        shop.ok(SetOfflinePolicy(attrs.evolve(policy, **changes)))
        if shop.books.live.current("1") is None:
            shop.ring("wine")
        shop.ok(RequestPayment())
        found = running(shop).asked
        hear(shop, Verdict.DECLINED)
        return found.alone_minor_max, found.offline_allowed

    assert asked() == (1000, True)
    assert asked(tip_minor_max=202) == (0, True), "with a tip it is more than one payment may be"
    assert asked(tip_minor_max=0) == (0, True), "nobody knows how much may be added"
    assert asked(brands=("visa",)) == (0, True), "it may be another card"
    assert asked(brand_limits=(BrandCeiling("amex", 999),)) == (0, True)
    assert asked(brand_limits=(BrandCeiling("amex", 1000),)) == (1000, True)
    assert asked(payment_minor=798) == (0, False)
    with_terminal(shop, "1", tips=False)
    assert asked(tip_minor_max=0, brand_limits=visa) == (799, True)
    shop.ok(RequestPayment())
    shop.ring("wine", register="2")
    shop.ok(RequestPayment(), "2")
    assert running(shop, "2").asked.alone_minor_max == 0, "the first may be of Visa, with a tip"
    assert brand_exposure(shop.books.payments, "visa") == 799
    hear(shop, Verdict.UNKNOWN)
    assert brand_exposure(shop.books.payments, "visa") == 799
    rows = payments_view(shop.books, now_ns=0, register="1").ceilings
    assert {row.ceiling: (row.used_minor, row.pending_minor) for row in rows} == {
        "payment": (0, 0),
        "operator": (1598, 1598),
        "register": (799, 799),
        "total": (1598, 1598),
        "brand": (799, 799),
    }


def test_a_card_that_its_terminal_does_not_name_may_be_of_any_kind() -> None:
    """It counts for each kind that has a ceiling, and is within each, or it is taken back."""
    ceilings = (BrandCeiling("visa", 5000), BrandCeiling("amex", 1000))
    shop = offline_shop(OfflinePolicy(5000, 5000, 5000, 5000, 3600, brand_limits=ceilings))
    for number, problem in ((1, None), (2, Problem.OFFLINE)):
        shop.ring("wine")
        shop.ok(RequestPayment())
        payment_id = running(shop).asked.payment_id
        hear(shop, Verdict.APPROVED, number, is_offline=True, card=CardShown(brand="debit"))
        listed = shop.books.payments.exceptions.get(payment_id)
        assert (None if listed is None else listed.problem) == problem
        shop.when(CompleteOrder())
    assert [brand_exposure(shop.books.payments, one) for one in ("visa", "amex")] == [1598, 1598]


def test_a_late_decline_is_put_before_a_person() -> None:
    """Paid in the end, it is forgotten; declined, somebody must see to it."""
    shop = offline_shop(OfflinePolicy(5000, 9000, 9000, 9000, 3600))
    for number in (1, 2):
        shop.ring("wine")
        shop.ok(RequestPayment())
        hear(shop, Verdict.APPROVED, number, is_offline=True)
        shop.ok(CompleteOrder())
    paid, declined = list(shop.books.payments.offline)
    shop.ok(ReportUpload(paid, is_paid=True), admin=True)
    why = ReportUpload(declined, is_paid=False, code="51", detail="not enough funds")
    assert shop.ok(why, admin=True)["standing"] == "offline_approved"
    assert not shop.books.payments.offline
    listed = shop.books.payments.exceptions[declined]
    assert listed.problem is Problem.UPLOAD_DECLINED
    assert listed.answer is not None
    assert (listed.answer.code, listed.answer.detail) == ("51", "not enough funds")


def test_a_terminal_may_not_store_what_is_beyond_a_ceiling() -> None:
    """Its own approval, not allowed, of another brand, or with a tip that is too much, is not
    written down: it takes it back."""
    shop = offline_shop(OfflinePolicy(900, 900, 900, 900, 3600, ("visa",)))
    shop.ring("wine")
    shop.ok(RequestPayment())
    payment = running(shop)

    def answer(**changes: Any) -> KeepPayment:
        told_now = told(payment, Verdict.APPROVED, is_offline=True, **changes)
        return KeepPayment(payment.asked.payment_id, told_now)

    for beyond in (answer(amount_minor=901, tip_minor=102), answer(card=CardShown(brand="jcb"))):
        assert shop.no(beyond, admin=True) == Refusal.PAYMENT_MUST_BE_WITHIN_CEILINGS
    shop.ok(answer(amount_minor=900, tip_minor=101), admin=True)
    assert exposure(shop.books.payments, register="1", operator="max").total_minor == 900


@pytest.mark.parametrize("of_one", [1000, 2000])
def test_what_a_terminal_may_be_storing_counts_already(of_one: int) -> None:
    """Two registers ask at once for what only one may take offline, whether it is too much for the
    operator or only for the store."""
    shop = offline_shop(OfflinePolicy(900, of_one, of_one, 1000, 3600))
    for register in ("1", "2"):
        shop.ring("wine", register=register)
        shop.ok(RequestPayment(), register)
    allowed = [running(shop, register).asked.offline_allowed for register in ("1", "2")]
    assert allowed == [True, False]
    hear(shop, Verdict.DECLINED)
    shop.ok(RequestPayment())
    assert running(shop).asked.offline_allowed


def test_what_was_set_aside_may_still_be_stored() -> None:
    """Freeing the terminal does not free the ceiling: nobody knows what it keeps."""
    shop = offline_shop(OfflinePolicy(900, 900, 900, 900, 3600))
    shop.ring("wine")
    shop.ok(RequestPayment())
    payment_id = running(shop).asked.payment_id
    hear(shop, Verdict.UNKNOWN)
    shop.ok(SetPaymentAside(payment_id, "terminal gone"))
    assert exposure(shop.books.payments, register="1", operator="max").total_minor == 799
    shop.ok(RequestPayment())
    assert not running(shop).asked.offline_allowed
    hear(shop, Verdict.DECLINED)
    shop.ok(CloseException(payment_id, "nothing was stored"))
    assert exposure(shop.books.payments, register="1", operator="max").total_minor == 0


POLICIES = st.sampled_from(
    (
        OfflinePolicy(900, 1000, 1000, 1000, 90),
        OfflinePolicy(900, 1700, 1700, 1700, 90),
        OfflinePolicy(900, 2000, 1700, 2500, 90),
    )
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("ask", "offline", "online", "decline", "unknown", "upload", "wait")),
        st.sampled_from(("1", "2")),
    ),
    max_size=40,
)


@pytest.mark.feature("NEW-15", part="the ceilings in any interleaving; shown on screen elsewhere")
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, POLICIES)
def test_no_interleaving_takes_more_offline_than_allowed(
    steps: list[tuple[str, str]], policy: OfflinePolicy
) -> None:
    """Two registers ask, hear and upload as they like: no ceiling is ever passed, not even by what
    terminals may be storing at that moment."""
    shop = offline_shop(policy)
    for number, (step, register) in enumerate(steps, 1):
        payment = shop.books.payments.at_terminal(f"terminal/{register}")
        if step == "ask" and payment is None:
            if shop.books.live.current(register) is None:
                shop.ok(AddLine("wine"), register)
            shop.when(RequestPayment(), register)
        elif step == "upload" and shop.books.payments.offline:
            first = next(iter(shop.books.payments.offline))
            shop.ok(ReportUpload(first, is_paid=number % 2 == 0), admin=True)
        elif step == "wait":
            shop.now_ns += 60 * limits.NS_PER_S
        elif payment is not None:
            _answer(shop, step, register, number)
        _within_ceilings(shop, policy)


def _answer(shop: Shop, step: str, register: str, number: int) -> None:
    """The terminal says something; a paid order is completed."""
    verdict = {"decline": Verdict.DECLINED, "unknown": Verdict.UNKNOWN}.get(step, Verdict.APPROVED)
    allowed = running(shop, register).asked.offline_allowed
    hear(shop, verdict, number, register=register, is_offline=step == "offline" and allowed)
    shop.when(CompleteOrder(), register)


def _within_ceilings(shop: Shop, policy: OfflinePolicy) -> None:
    for register in ("1", "2"):
        risk = exposure(shop.books.payments, register=register, operator="max")
        assert risk.total_minor <= policy.total_minor
        assert risk.register_minor <= policy.register_minor
        assert risk.operator_minor <= policy.operator_minor


def test_the_books_know_which_payment_a_terminal_must_remember() -> None:
    """The newest payment or refund that a terminal told by a name of its own, declined ones too: a
    payment in doubt has the one before it, whoever died meanwhile. A terminal that only counts, an
    answer that is a doubt, a reversal and what was set aside before it change nothing."""
    shop = card_shop()

    def named(number: int, name: str) -> Identity:
        return Identity("V400m-1", receipt=number, reference=name)

    def ask() -> Payment:
        shop.ok(RequestPayment())
        told = shop.events(PaymentRequested)[-1]
        assert told.remembered == running(shop).remembered, "whoever asks the terminal is told"
        return running(shop)

    shop.ring("wine")
    assert ask().remembered is None, "its first one"
    hear(shop, Verdict.DECLINED, identity=named(1, "T1"))
    assert ask().remembered == named(1, "T1")
    hear(shop, Verdict.UNKNOWN, identity=named(2, "T2"))
    assert running(shop).remembered == named(1, "T1"), "as long as it is open"
    aside = running(shop)
    shop.ok(SetPaymentAside(aside.asked.payment_id, "the customer left"))
    assert ask().remembered == named(1, "T1")
    hear(shop, Verdict.ABORTED, identity=Identity("V400m-1", receipt=3))
    assert ask().remembered == named(1, "T1"), "what never began has no name"
    hear(shop, Verdict.APPROVED, identity=named(4, "T4"))
    hear(shop, Verdict.DECLINED, payment=aside, identity=named(2, "T2"))
    shop.ok(ReverseTender(1))
    assert running(shop).remembered == named(4, "T4")
    hear(shop, Verdict.APPROVED, identity=named(5, "T5"))
    again = books_from(image_of(shop.books), None)
    for books in (shop.books, shop.replayed(), again):
        assert books.payments.remembered == {"terminal/1": named(4, "T4")}
    ask()
    hear(shop, Verdict.APPROVED, 7)
    shop.ok(CompleteOrder())
    shop.ring("wine")
    assert ask().remembered == named(4, "T4"), "its numbers alone name nothing for ever"
