"""Scenes for the transcript at a card terminal: payments, tabs, offline, tips, pairing."""

from __future__ import annotations

from typing import Any

import attrs

from engine import limits
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    TenderCash,
    UndoTender,
    UndoTendering,
    VoidOrder,
)
from engine.payment.commands import (
    AdjustTip,
    AnswerTip,
    AskTip,
    CancelPayment,
    CaptureTab,
    CloseException,
    HearPayment,
    KeepPayment,
    LeaveTip,
    OpenTab,
    RaiseTab,
    ReleaseTab,
    ReportUpload,
    RequestPayment,
    ReverseAgain,
    ReverseTender,
    SetOfflinePolicy,
    SetPaymentAside,
)
from engine.payment.events import BrandCeiling, OfflinePolicy
from engine.payment.state import Payment
from engine.terminal import Verdict
from engine.terminals import PairTerminal, TerminalProtocol, UnpairTerminal
from tests import card_shop
from tests.engine.transcript import Transcript


def letters(count: int) -> str:
    """A text of that length."""
    return "x" * count


def _answers(told: Transcript, verdict: Verdict, number: int, **changes: Any) -> None:
    """The terminal of the first register answers, if it was asked anything."""
    payment = told.shop.books.payments.at_terminal("terminal/1")
    if payment is not None:
        said = card_shop.told(payment, verdict, number, **changes)
        told.say(HearPayment(payment.asked.payment_id, said), admin=True)


def cards() -> Transcript:
    """Card payments: asked, taken, doubtful, taken back, with tips, and what is refused."""
    told = Transcript(card_shop.card_shop())
    told.title("What cannot be asked")
    told.say(RequestPayment(), AddLine("wine"), RequestPayment(800), RequestPayment(-1))
    told.say(RequestPayment(0, "none", 1), ReverseTender(1), ReverseAgain("none"), AskTip())
    told.say(CancelPayment("none"), SetPaymentAside("none", "x"), CloseException("none", "x"))
    told.say(AdjustTip(100), CaptureTab(), ReleaseTab(), RaiseTab(100), AnswerTip(100))
    told.say(KeepPayment("none", card_shop.told(_sold(told), Verdict.APPROVED)), admin=True)
    told.title("Taken in parts, refused, and in doubt")
    first = card_shop.running(told.shop).asked.payment_id
    told.say(
        RequestPayment(), AddLine("milk"), TenderCash(100), CompleteOrder(), CancelPayment(first)
    )
    told.say(RequestPayment(), register="2")
    _answers(told, Verdict.DECLINED, 2, code="05", detail="declined")
    told.say(RequestPayment(300))
    payment = card_shop.running(told.shop)
    told.say(
        KeepPayment(payment.asked.payment_id, card_shop.told(payment, Verdict.APPROVED, 3)),
        admin=True,
    )
    _answers(told, Verdict.APPROVED, 3)
    told.say(RequestPayment())
    doubtful = card_shop.running(told.shop).asked.payment_id
    _answers(told, Verdict.UNKNOWN, 4)
    told.say(
        CompleteOrder(), SetPaymentAside(doubtful, " "), SetPaymentAside(doubtful, letters(600))
    )
    told.say(SetPaymentAside(doubtful, "line down"), SetPaymentAside(doubtful, "line down"))
    told.say(TenderCash(499), CompleteOrder())
    paid = card_shop.told(payment, Verdict.APPROVED, 4, amount_minor=499, asked_minor=499)
    told.say(HearPayment(doubtful, paid, True), CloseException(doubtful, ""), admin=True)
    told.say(
        CloseException(doubtful, letters(limits.NOTE_LENGTH_MAX + 1)),
        CloseException(doubtful, "sent back"),
    )
    told.title("Given back")
    sale = payment.asked.order_id
    told.say(
        AddReturnLine(sale, 1, 1000, "corked"),
        RequestPayment(0, sale, 9),
        RequestPayment(0, sale, 1),
    )
    _answers(told, Verdict.APPROVED, 5)
    told.say(RequestPayment(0, sale, 9), RequestPayment(0, sale, 1))
    _answers(told, Verdict.APPROVED, 5)
    told.say(TenderCash(-499), CompleteOrder())
    told.title("Taken back before the end")
    told.say(AddLine("wine"), RequestPayment(300))
    _answers(told, Verdict.APPROVED, 6)
    told.say(UndoTender(1), ReverseTender(9), ReverseTender(1), ReverseTender(1))
    _answers(told, Verdict.DECLINED, 7)
    told.say(ReverseAgain("none"), ReverseTender(1))
    _answers(told, Verdict.APPROVED, 8)
    told.say(UndoTendering(), VoidOrder("gone"))
    told.books()
    return told


def tabs() -> Transcript:
    """A tab that is raised and captured, and one that is let go."""
    told = Transcript(card_shop.card_shop())
    told.title("Tabs")
    told.say(
        AddLine("wine"),
        OpenTab(0),
        OpenTab(limits.AMOUNT_MINOR_MAX + 1),
        OpenTab(2_000),
        OpenTab(2_000),
    )
    _answers(told, Verdict.APPROVED, 9)
    told.say(AddLine("milk"), RaiseTab(0), RaiseTab(1_000), RaiseTab(3_000))
    _answers(told, Verdict.APPROVED, 10)
    told.say(CaptureTab(), CaptureTab(), ReleaseTab())
    _answers(told, Verdict.APPROVED, 11)
    told.say(CompleteOrder(), AdjustTip(-1), AdjustTip(0), AdjustTip(100), OpenTab(1_000))
    told.title("A tab that is let go")
    told.say(AddLine("wine"), OpenTab(1_000))
    _answers(told, Verdict.DECLINED, 12)
    told.say(OpenTab(1_000))
    _answers(told, Verdict.APPROVED, 13)
    told.say(ReleaseTab())
    _answers(told, Verdict.APPROVED, 14)
    told.say(VoidOrder("left"))
    told.books()
    return told


def offline_and_tips() -> Transcript:
    """What may be taken offline, and what customers add."""
    told = Transcript(card_shop.card_shop())
    told.title("Offline")
    policy = OfflinePolicy(1_000, 2_000, 2_000, 3_000, 3_600)
    for wrong in (
        {"payment_minor": -1},
        {"age_s": -1},
        {"brands": ("Visa",) * 99},
        {"brands": ("",)},
    ):
        told.say(SetOfflinePolicy(attrs.evolve(policy, **wrong)), admin=True)
    ceilings = tuple(BrandCeiling(str(at), 0) for at in range(limits.BRANDS_MAX + 1))
    for most in (ceilings, ceilings[1:], ceilings[:1] * 2):
        told.say(SetOfflinePolicy(attrs.evolve(policy, brand_limits=most)), admin=True)
    told.say(
        SetOfflinePolicy(policy), ReportUpload("none", True), ReportUpload("c2", True), admin=True
    )
    told.say(AddLine("bread"), RequestPayment())
    _answers(told, Verdict.APPROVED, 12, is_offline=True)
    told.say(CompleteOrder())
    told.title("Tips")
    card_shop.with_tip_screen(told.shop)
    told.say(
        AddLine("wine"), AskTip(), AnswerTip(-1), AnswerTip(limits.AMOUNT_MINOR_MAX), AnswerTip(80)
    )
    told.say(AnswerTip(80), LeaveTip("ana"), RequestPayment())
    _answers(told, Verdict.APPROVED, 13)
    told.say(CompleteOrder())
    told.books()
    return told


def _sold(told: Transcript) -> Payment:
    """A payment that is asked for now, said like every command."""
    told.say(RequestPayment())
    return card_shop.running(told.shop)


def paired() -> Transcript:
    """Terminals that are paired and unpaired, and those that cannot be."""
    told = Transcript(card_shop.card_shop())
    told.title("Pairing")
    here, there = "tcp://10.0.0.7:20007", "tcp://10.0.0.8:20007"
    for name, where, serial in (
        ("printer/1", here, "52500001"), ("terminal/1", "tcp://8.8.8.8:1", "52500001"),
        ("terminal/1", "serial:///dev/x", "52500001"), ("terminal/1", here, "5250"),
        ("terminal/1", here, "5250000x"), ("terminal/1", here, "\u06652500001"),
        ("terminal/1", here, "52500001"), ("terminal/2", here, "52500002"),
        ("terminal/2", there, "52500001"), ("terminal/2", there, "52500002"),
    ):  # fmt: skip
        told.say(PairTerminal(name, where, serial), admin=True)
    nexo, beyond = TerminalProtocol.NEXO, "tcp://10.0.0.9:8443"
    told.say(
        PairTerminal("terminal/3", beyond, "52500003", nexo),
        PairTerminal("terminal/3", beyond, "V400m-324688179", nexo),
        admin=True,
    )
    told.say(AddLine("wine"), RequestPayment())
    told.say(
        UnpairTerminal("terminal/1"),
        UnpairTerminal("terminal/9"),
        UnpairTerminal("terminal/2"),
        admin=True,
    )
    told.say(PairTerminal("terminal/1", "tcp://10.0.0.9:20007", "52500009"), admin=True)
    told.books()
    return told


SCENES = {scene.__name__: scene for scene in (cards, tabs, offline_and_tips, paired)}
