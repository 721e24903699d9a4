"""A tip asked for on our own screen, before the card; nothing else is done meanwhile."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine import limits, staff
from engine.order.commands import (
    AddLine,
    CompleteOrder,
    StartTendering,
    TenderCash,
    UndoTendering,
    VoidLine,
)
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.tender_events import TipAnswered, TipAsked, TipLeft
from engine.paylink.commands import RequestPaylink
from engine.payment.commands import (
    AnswerTip,
    AskTip,
    LeaveTip,
    RequestPayment,
    ReverseTender,
    SetOfflinePolicy,
)
from engine.payment.events import OfflinePolicy, PaymentRequested, Problem, Standing
from engine.payment.refusal import Refusal
from engine.provider import LinkState
from engine.register import StartTraining
from engine.settings import DefineRegister, TipChoices
from engine.settings import Refusal as SettingsRefusal
from engine.staff import SignOff, SignOn
from engine.terminal import CardEntry, Verdict
from engine.till import OpenDrawer
from engine.views.build import order_view
from tests.card_shop import card_shop, hear, running, with_tip_screen
from tests.link_shop import hear as hear_link
from tests.link_shop import with_provider
from tests.shop import Shop


def tip_shop(*codes: str, **changes: Any) -> tuple[Shop, str]:
    """A bottle of wine at 7.99, its customer asked for a tip."""
    shop = card_shop()
    with_tip_screen(shop, **changes)
    order_id = ""
    for code in codes or ("wine",):
        order_id = shop.ring(code)
    shop.ok(AskTip())
    return shop, order_id


def shown(shop: Shop, order_id: str) -> Any:
    """What a screen shows of the question."""
    return order_view(shop.order(order_id), shop.books).tip


@pytest.mark.feature("PAY-03", part="asked for on our own screen, before the card")
def test_the_answer_is_journaled_before_the_card_and_charged_with_it() -> None:
    """The tip is on the card, and neither in sales nor tax; the report has it by operator."""
    shop, order_id = tip_shop()
    view = shown(shop, order_id)
    assert (view.amount_minor, view.is_answered) == (799, False)
    assert view.shares_minor == (40, 80)
    assert view.amounts_minor == (200,)
    shop.ok(AnswerTip(80))
    shop.ok(RequestPayment())
    asked = running(shop).asked
    assert (asked.amount_minor, asked.tip_on_top_minor, asked.tip_allowed) == (799, 80, False)
    names = [type(fact.event) for fact in shop.facts]
    assert names.index(TipAsked) < names.index(TipAnswered) < names.index(PaymentRequested)
    hear(shop, Verdict.APPROVED)
    shop.ok(CompleteOrder())
    totals = shop.books.live.position("1").totals
    assert (totals.total_minor, totals.tips, totals.tenders) == (799, {"max": 80}, {"card": 799})
    assert sum(row.tax_minor + row.base_minor for row in totals.taxes) == 799
    lines = [f"{block.left}|{block.right}" for block in shop.printed()[-1].blocks]
    assert "  Charged to the card|8.79" in lines


@pytest.mark.parametrize("tip_minor", [0, 40, 200, 1, 5000])
def test_what_is_offered_may_be_given(tip_minor: int) -> None:
    """Nothing, a share, an amount, or one of the customer's own."""
    shop, _ = tip_shop()
    shop.ok(AnswerTip(tip_minor))
    shop.ok(RequestPayment())
    assert running(shop).asked.tip_on_top_minor == tip_minor


def test_nothing_else_is_taken_while_the_customer_is_asked() -> None:
    """From no door and for no noun: lines, money, drawer, people and practice all wait."""
    shop, _ = tip_shop()
    wishes: tuple[Any, ...] = (
        AddLine("bread"),
        VoidLine(1, "x"),
        UndoTendering(),
        StartTendering(),
        TenderCash(799),
        CompleteOrder(),
        RequestPayment(),
        AskTip(),
        OpenDrawer("x"),
        SignOff(),
        SignOn("mia", pin_correct=True),
        StartTraining(),
    )
    count = len(shop.facts)
    for wish in wishes:
        assert shop.no(wish) == Refusal.TIP_MUST_BE_ANSWERED, wish
    assert len(shop.facts) == count
    shop.ring("bread", register="2")
    shop.ok(AnswerTip(0))
    shop.ok(UndoTendering())
    shop.ok(AddLine("bread"))


def test_a_colleague_takes_the_screen_back_and_is_signed_on() -> None:
    """Who turned it may be elsewhere; whose PIN it was serves on, and nobody in another's name."""
    shop, order_id = tip_shop()
    assert shop.no(LeaveTip("nobody", pin_correct=True)) == staff.Refusal.APPROVER_MUST_EXIST
    assert shop.no(LeaveTip("ana")) == staff.Refusal.PIN_MUST_BE_CORRECT
    assert shop.books.staff.operators["ana"].failures == 1
    assert shop.no(AddLine("bread")) == Refusal.TIP_MUST_BE_ANSWERED
    shop.ok(LeaveTip("ana", pin_correct=True))
    assert shown(shop, order_id) is None
    assert shop.books.staff.signed_on["1"] == "ana"
    assert [event.operator for event in shop.events(TipLeft)] == ["ana"]
    assert shop.replayed().staff == shop.books.staff


def test_only_a_right_pin_takes_the_screen_back() -> None:
    """A wrong one counts as at signing on; the right one leaves no question behind."""
    shop, order_id = tip_shop()
    assert shop.no(LeaveTip("max")) == staff.Refusal.PIN_MUST_BE_CORRECT
    assert shop.books.staff.operators["max"].failures == 1
    assert shop.no(AddLine("bread")) == Refusal.TIP_MUST_BE_ANSWERED
    shop.ok(LeaveTip("max", pin_correct=True))
    assert shop.books.staff.operators["max"].failures == 0
    assert shown(shop, order_id) is None
    assert len(shop.events(TipLeft)) == 1
    assert shop.no(LeaveTip("max", pin_correct=True)) == Refusal.TIP_MUST_BE_ASKED
    shop.ok(RequestPayment())
    # Not asked on our own screen after all: the terminal may.
    assert (running(shop).asked.tip_on_top_minor, running(shop).asked.tip_allowed) == (0, True)


def test_a_declined_card_keeps_the_answer_for_the_next_try() -> None:
    """The customer is not asked twice for the same amount; for another share they are."""
    shop, _ = tip_shop()
    shop.ok(AnswerTip(200))
    shop.ok(RequestPayment())
    hear(shop, Verdict.DECLINED)
    shop.ok(RequestPayment())
    assert running(shop).asked.tip_on_top_minor == 200
    hear(shop, Verdict.DECLINED, 2)
    shop.ok(RequestPayment(400))
    assert running(shop).asked.tip_on_top_minor == 0


def test_each_share_has_its_own_tip_and_can_be_taken_back_with_it() -> None:
    """The answer goes with the card it was given for."""
    shop, order_id = tip_shop("wine", "bread")
    shop.ok(LeaveTip("max", pin_correct=True))
    shop.ok(AskTip(400))
    shop.ok(AnswerTip(40))
    shop.ok(RequestPayment(400))
    hear(shop, Verdict.APPROVED)
    assert shop.order(order_id).tip is None
    shop.ok(RequestPayment())
    assert running(shop).asked.tip_on_top_minor == 0
    hear(shop, Verdict.DECLINED, 2)
    shop.ok(ReverseTender(1))
    assert running(shop).asked.amount_minor == 440
    hear(shop, Verdict.APPROVED, 3)
    assert shop.order(order_id).tenders == ()


def test_the_tip_of_a_guest_whose_card_was_declined_is_not_the_next_ones() -> None:
    """The first pays their half in coins after all; the card of the second, for as much, is asked
    for no tip that somebody else gave."""
    shop, order_id = tip_shop("bread", "bread")
    shop.ok(LeaveTip("max", pin_correct=True))
    shop.ok(AskTip(350))
    shop.ok(AnswerTip(200))
    shop.ok(RequestPayment(350))
    hear(shop, Verdict.DECLINED)
    shop.ok(TenderCash(350))
    assert shown(shop, order_id) is None
    shop.ok(RequestPayment(350))
    assert (running(shop).asked.tip_on_top_minor, running(shop).asked.tip_allowed) == (0, True)
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(CompleteOrder())
    assert shop.books.live.position("1").totals.tips == {}


def test_no_answer_is_charged_where_the_question_is_not_put_any_more() -> None:
    """Who tells a number by phone was asked nothing, nor is anybody once the office switched the
    question off: what a guest answered whose card was declined is not on the next card."""
    shop, order_id = tip_shop()
    shop.ok(AnswerTip(200))
    shop.ok(RequestPayment())
    hear(shop, Verdict.DECLINED)
    shop.ok(RequestPayment(entry=CardEntry.PHONE))
    assert running(shop).asked.tip_on_top_minor == 0
    hear(shop, Verdict.DECLINED, 2)
    setup = shop.books.settings.registers["1"]
    shop.ok(DefineRegister(attrs.evolve(setup, tip_choices=None)))
    assert shop.order(order_id).tip is not None
    shop.ok(RequestPayment())
    assert (running(shop).asked.tip_on_top_minor, running(shop).asked.tip_allowed) == (0, True)


def test_a_question_outlives_what_somebody_else_pays_by_link() -> None:
    """The provider's word comes when it comes, and whoever is asked then may still answer."""
    shop = card_shop()
    with_tip_screen(shop)
    with_provider(shop, "1")
    order_id = shop.ring("bread", "bread")
    paylink_id: str = shop.ok(RequestPaylink(350))["paylink_id"]
    shop.ok(AskTip(350))
    hear_link(shop, paylink_id, LinkState.PAID)
    assert [350] == [tender.amount_minor for tender in shop.order(order_id).tenders]
    shop.ok(AnswerTip(200))
    shop.ok(RequestPayment())
    assert running(shop).asked.tip_on_top_minor == 200
    assert shop.replayed().live.orders == shop.books.live.orders


def test_a_card_with_less_on_it_pays_goods_first() -> None:
    """Of what the terminal approved, only what is beyond the goods is a tip."""
    shop, order_id = tip_shop()
    shop.ok(AnswerTip(200))
    shop.ok(RequestPayment())
    hear(shop, Verdict.PARTIALLY_APPROVED, amount_minor=500, tip_minor=0)
    tender = shop.order(order_id).tenders[0]
    assert tender.card is not None
    assert (tender.amount_minor, tender.card.tip_minor) == (500, 0)


def test_a_tip_the_terminal_did_not_charge_is_no_tip() -> None:
    """What differs from what was asked is before a person and goes back."""
    shop, _ = tip_shop()
    shop.ok(AnswerTip(200))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, amount_minor=999, tip_minor=0)
    problems = [entry.problem for entry in shop.books.payments.exceptions.values()]
    assert problems == [Problem.DIFFERS]


def test_offline_the_tip_counts_against_the_ceilings() -> None:
    """A tip is at risk as goods are."""
    shop = card_shop()
    with_tip_screen(shop)
    shop.ok(SetOfflinePolicy(OfflinePolicy(850, 850, 850, 850, 60)), admin=True)
    shop.ring("wine")
    shop.ok(AskTip())
    shop.ok(AnswerTip(200))
    shop.ok(RequestPayment())
    assert not running(shop).asked.offline_allowed
    hear(shop, Verdict.DECLINED)
    shop.ok(AskTip())
    shop.ok(AnswerTip(40))
    shop.ok(RequestPayment())
    assert running(shop).asked.offline_allowed
    heard = hear(shop, Verdict.APPROVED, 2, is_offline=True)
    assert heard["standing"] == Standing.OFFLINE_APPROVED.value


def test_questions_that_cannot_be() -> None:
    """Each refusal by name."""
    shop = card_shop()
    shop.ring("wine")
    assert shop.no(AskTip()) == Refusal.TIP_CHOICES_MUST_BE_SET_UP
    with_tip_screen(shop)
    assert shop.no(AnswerTip(0)) == Refusal.TIP_MUST_BE_ASKED
    assert shop.no(AskTip(900)) == Refusal.CARD_AMOUNT_MUST_BE_DUE
    shop.ok(AskTip())
    for tip_minor in (-1, 5001):
        assert shop.no(AnswerTip(tip_minor)) == Refusal.TIP_MUST_BE_OFFERED
    shop.ok(AnswerTip(0))
    shop.ok(TenderCash(799))
    assert shop.no(AskTip()) == OrderRefusal.AMOUNT_MUST_STILL_BE_DUE
    shop.ok(CompleteOrder())
    assert shop.no(AnswerTip(0)) == OrderRefusal.ORDER_MUST_BE_OPEN
    assert shop.no(LeaveTip("max", pin_correct=True)) == OrderRefusal.ORDER_MUST_BE_OPEN


def test_what_is_not_offered_any_more_is_not_given() -> None:
    """The office changed the choices while a customer looked at them."""
    shop, _ = tip_shop()
    with_tip_screen(shop, percents_ppm=(150_000,), own_minor_max=0)
    assert shop.no(AnswerTip(80)) == Refusal.TIP_MUST_BE_OFFERED
    shop.ok(AnswerTip(120))


@pytest.mark.parametrize(
    "choices",
    [
        TipChoices(),
        TipChoices(tuple(range(1, limits.TIP_CHOICES_MAX + 2))),
        TipChoices((0,)),
        TipChoices((limits.PPM + 1,)),
        TipChoices(amounts_minor=(-1,)),
        TipChoices((50_000,), own_minor_max=-1),
    ],
)
def test_choices_that_cannot_be(choices: TipChoices) -> None:
    """Nothing to choose, too much of it, or nonsense."""
    shop = card_shop()
    setup = attrs.evolve(shop.books.settings.registers["1"], tip_choices=choices)
    refused = shop.no(DefineRegister(setup), admin=True)
    assert refused == SettingsRefusal.TIP_CHOICES_MUST_BE_IN_RANGE


def test_the_journal_alone_brings_the_question_back() -> None:
    """A store that begins anew still asks, and still takes nothing else."""
    shop, order_id = tip_shop()
    assert shop.replayed().live.orders[order_id] == shop.order(order_id)
    shop.ok(AnswerTip(80))
    assert shop.replayed().live.orders[order_id] == shop.order(order_id)
