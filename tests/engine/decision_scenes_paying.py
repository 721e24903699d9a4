"""More scenes for the transcript: charges, acquirers and their files, links, store credit."""

from __future__ import annotations

from typing import Any

import attrs

from engine import limits
from engine.charge.decide import SetCharges
from engine.charge.model import ChargeKind, ChargeRule, Deposit
from engine.credit.rules import PriceRule, ReturnRules, SetReturnRules
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    AddReturnWithoutReceipt,
    ChooseChannel,
    ChooseCustomerGroup,
    ChooseDining,
    ChoosePromotion,
    ChooseReward,
    ChooseTender,
    CompleteOrder,
    CompLine,
    CompOrder,
    ExemptOrder,
    RefundToCredit,
    TellGuests,
    TenderCash,
    TenderCredit,
    UndoTender,
    UndoTendering,
    VoidOrder,
    WaiveCharge,
)
from engine.paylink.commands import (
    CancelPaylink,
    CloseLinkException,
    ExpirePaylink,
    HearPaylink,
    RequestPaylink,
    ReverseLinkTender,
    SendBackPaylink,
)
from engine.provider import LinkState
from engine.settings import SetTenderRules
from engine.settlement.decide import ExplainItem, ImportSettlement, SetTerms, StageSettlement
from engine.settlement.model import Acquirer, Presence, Rate, RowKind, SettlementRow
from engine.taxation import Dining
from engine.tender_rules import TenderRule
from tests import link_shop
from tests.engine.transcript import Transcript
from tests.shop import Shop

PARTY = ChargeRule("party", "Gratuity", ChargeKind.GRATUITY, 100_000, guests_min=6)
FEE = ChargeRule("delivery", "Delivery", ChargeKind.FEE, 0, 350, "standard", channels=("phone",))
RATE = Rate(Presence.IN_PERSON, 9_000, 5)
BANK = Acquirer("bank", "Card Bank", rates=(RATE,), days=3)
LONG = "x" * (limits.NAME_LENGTH_MAX + 1)
FILE, OTHER = "0a" * 32, "0b" * 32
ROW = SettlementRow(RowKind.PAYMENT, 799, 12, "1", "2026-11-26", terminal_id="29001234", trace=1)


def letters(count: int) -> str:
    """A text of that length."""
    return "x" * count


def charging() -> Transcript:
    """Charges and deposits that can be and cannot, who is charged, and who is let off."""
    told = Transcript(Shop.selling())
    told.title("Charges that cannot be")
    for changes in (
        {"id": ""}, {"id": letters(65)}, {"name": " "}, {"name": LONG},
        {"percent_ppm": 0}, {"percent_ppm": -1}, {"percent_ppm": limits.PPM + 1},
        {"amount_minor": 1}, {"percent_ppm": 0, "amount_minor": limits.AMOUNT_MINOR_MAX + 1},
        {"guests_min": -1}, {"guests_min": limits.GUESTS_MAX + 1}, {"dinings": (letters(70),)},
        {"tax_class": letters(70)},
    ):  # fmt: skip
        told.say(SetCharges((attrs.evolve(PARTY, **changes),)), admin=True)
    told.say(
        SetCharges((PARTY, PARTY)), SetCharges((PARTY,) * (limits.CHARGES_MAX + 1)), admin=True
    )
    told.title("Deposits that cannot be")
    for deposits in (
        (Deposit("wine", "none"),), (Deposit(letters(70), "milk"),), (Deposit("wine", "cheese"),),
        (Deposit("wine", "flowers"),), (Deposit("wine", "milk"), Deposit("milk", "bread")),
        (Deposit("wine", "milk"),) * 2, (Deposit("wine", "milk"),) * (limits.DEPOSITS_MAX + 1),
    ):  # fmt: skip
        told.say(SetCharges((), deposits), admin=True)
    told.title("Whom they are charged")
    most = attrs.evolve(PARTY, id=letters(64), percent_ppm=limits.PPM, guests_min=limits.GUESTS_MAX)
    most = attrs.evolve(most, name=LONG[1:])
    told.say(SetCharges((PARTY, most, FEE), (Deposit("wine", "milk"),)), admin=True)
    told.say(TellGuests(6), WaiveCharge("party"), AddLine("wine", "", 2000))
    told.say(TellGuests(-1), TellGuests(limits.GUESTS_MAX + 1), TellGuests(5), TellGuests(6))
    told.say(WaiveCharge("none"), WaiveCharge("party", letters(201)), WaiveCharge("party", "late"))
    told.say(WaiveCharge("party", "", True), ChooseChannel("phone"), ChooseChannel(letters(65)))
    told.say(ChooseChannel("none"), ChooseDining(Dining.TAKEAWAY), TellGuests(limits.GUESTS_MAX))
    told.say(CompLine(1), CompLine(9, "spilt"), CompLine(1, "spilt"), CompLine(1, "", True))
    told.say(CompOrder(), CompOrder(letters(201)), CompOrder("x"), CompOrder("", True))
    told.say(ChooseCustomerGroup("none"), ChooseCustomerGroup("", letters(65)))
    told.say(ChooseCustomerGroup("", "7", -1), ChooseCustomerGroup("", "7", 120))
    told.say(ChooseReward("none"), ChoosePromotion("none", "x"), ChooseTender("gold"))
    told.say(ExemptOrder("12", "Ltd", "resale"), ExemptOrder("", "", ""), TenderCash(10_000))
    told.say(CompleteOrder(), TellGuests(2), WaiveCharge("party", "late"))
    told.books()
    return told


def acquirers() -> Transcript:
    """Terms of acquirers that can be and cannot."""
    told = Transcript(Shop.selling())
    told.title("Terms")
    many = attrs.evolve(BANK, rates=(RATE,) * (limits.RATES_PER_ACQUIRER_MAX + 1))
    named = attrs.evolve(BANK, terminals=("terminal/1",) * (limits.REGISTERS_MAX + 1))
    for wrong in ((BANK,) * (limits.ACQUIRERS_MAX + 1), (many,), (named,), (BANK, BANK)):
        told.say(SetTerms(wrong), admin=True)
    for changes in (
        {"id": ""}, {"id": letters(65)}, {"name": LONG}, {"terminals": (LONG,)}, {"days": -1},
        {"days": limits.SETTLEMENT_DAYS_MAX + 1}, {"since": "2026-2-1"}, {"since": "20260201"},
        {"terminals": ("terminal/1", "terminal/1")},
    ):  # fmt: skip
        told.say(SetTerms((attrs.evolve(BANK, **changes),)), admin=True)
    told.say(SetTerms((BANK, attrs.evolve(BANK, id="other"))), admin=True)
    for changed in (
        {"rate_ppm": -1}, {"rate_ppm": limits.PPM + 1}, {"fixed_minor": -1},
        {"fixed_minor": limits.AMOUNT_MINOR_MAX + 1}, {"refund_fixed_minor": -1},
        {"since": "x"}, {"until": "x"}, {"since": "2026-02-02", "until": "2026-02-01"},
        {"brand": LONG},
    ):  # fmt: skip
        told.say(
            SetTerms((attrs.evolve(BANK, rates=(attrs.evolve(RATE, **changed),)),)), admin=True
        )
    first, then = attrs.evolve(RATE, until="2026-01-31"), attrs.evolve(RATE, since="2026-02-01")
    visa = attrs.evolve(RATE, brand="Visa", rate_ppm=limits.PPM)
    for rates in (
        (first, attrs.evolve(then, since="2026-01-31")), (then, first), (RATE, RATE),
        (visa, attrs.evolve(visa, brand="visa")),
        (RATE, visa, attrs.evolve(RATE, presence=Presence.KEYED)),
    ):  # fmt: skip
        told.say(SetTerms((attrs.evolve(BANK, rates=rates),)), admin=True)
    told.books()
    return told


def settlement_files() -> Transcript:
    """Files in parts and whole, rows that cannot be, and what is found of a difference."""
    told = Transcript(Shop.selling())
    told.say(SetTerms((BANK,)), admin=True)
    told.title("Files")
    told.say(
        StageSettlement(FILE, 0, letters(70), ()), StageSettlement("x", 0, "bank", ()), admin=True
    )
    told.say(StageSettlement(FILE[:-1] + "g", 0, "bank", ()), admin=True)
    told.say(StageSettlement(FILE, 1, "bank", ()), ImportSettlement(FILE, "f", 1, 1), admin=True)
    most = limits.AMOUNT_MINOR_MAX
    for kind, gross, fee in (
        (RowKind.PAYMENT, 0, None), (RowKind.PAYMENT, most + 1, None),
        (RowKind.PAYMENT, 1, most + 1),
        (RowKind.REFUND, 1, None), (RowKind.DECLINED, -1, None), (RowKind.FEE, 1, 1),
        (RowKind.FEE, 0, None), (RowKind.CHARGEBACK, 0, None), (RowKind.PAYOUT, -most - 1, None),
    ):  # fmt: skip
        row = SettlementRow(kind, gross, fee)
        told.say(StageSettlement(FILE, 0, "bank", (ROW, row)), admin=True)
    for wrong_row in (
        {"batch": letters(65)}, {"reference": letters(65)}, {"own_reference": letters(65)},
        {"terminal_id": letters(65)}, {"brand": letters(65)}, {"trace": -1}, {"receipt": 10**12},
        {"date": "26-11-26"},
    ):  # fmt: skip
        told.say(StageSettlement(FILE, 0, "bank", (attrs.evolve(ROW, **wrong_row),)), admin=True)
    told.say(StageSettlement(FILE, 0, "bank", (ROW,) * 2), admin=True)
    told.say(StageSettlement(FILE, 0, "bank", (attrs.evolve(ROW, gross_minor=0),)), admin=True)
    told.say(
        StageSettlement(FILE, 2, "bank", ()), StageSettlement(OTHER, 1, "bank", ()), admin=True
    )
    told.say(StageSettlement(FILE, 1, "bank", (ROW, attrs.evolve(ROW, gross_minor=-1))), admin=True)
    told.say(StageSettlement(FILE, 1, "bank", (attrs.evolve(ROW, trace=10**12 - 1),)), admin=True)
    told.say(ImportSettlement(OTHER, "f", 2, 3), ImportSettlement(FILE, "f", 1, 3), admin=True)
    told.say(ImportSettlement(FILE, "f", 2, 2), ImportSettlement(FILE, LONG, 2, 3), admin=True)
    told.say(ImportSettlement(FILE, LONG[1:], 2, 3), ImportSettlement(FILE, "f", 2, 3), admin=True)
    told.say(StageSettlement(FILE, 0, "bank", (ROW,)), admin=True)
    told.title("Differences")
    told.say(
        ExplainItem("", "x"), ExplainItem(letters(limits.ITEM_ID_LENGTH_MAX + 1), "x"), admin=True
    )
    told.say(
        ExplainItem("i", " "), ExplainItem("i", letters(limits.NOTE_LENGTH_MAX + 1)), admin=True
    )
    told.say(ExplainItem("i", " asked the bank "), admin=True)
    told.books()
    return told


def _link(told: Transcript, number: int = -1) -> str:
    """The id of a link that is open; the last one unless told otherwise."""
    return list(told.shop.books.paylinks.open)[number]


def _hears(told: Transcript, name: str, state: LinkState, **changes: Any) -> None:
    said = link_shop.told(link_shop.link_of(told.shop, name), state, **changes)
    told.say(HearPaylink(link_shop.PROVIDER, said), admin=True)


def links() -> Transcript:
    """Payments by link: asked, offered, paid, late, given up, sent back, and what is refused."""
    told = Transcript(link_shop.link_shop())
    told.title("What cannot be asked")
    told.say(RequestPaylink(), AddLine("wine"), RequestPaylink(800), RequestPaylink(-1))
    told.say(RequestPaylink(0, 0), RequestPaylink(0, limits.PAYLINK_LIFE_S_MAX + 1))
    told.say(CancelPaylink("none"), ReverseLinkTender(1), admin=False)
    told.say(SendBackPaylink("none"), CloseLinkException("none", "x"))
    told.say(ExpirePaylink("none"), admin=True)
    told.title("Paid in parts")
    told.say(RequestPaylink(300), RequestPaylink(100), AddLine("milk"), CompleteOrder())
    first = _link(told)
    _hears(told, first, LinkState.OPEN)
    _hears(told, first, LinkState.PAID)
    for wrong in ({"amount_minor": 301}, {"currency": "USD"}, {"provider_reference": "another"}):
        _hears(told, first, LinkState.PAID, **wrong)
    told.say(
        HearPaylink(
            "provider/other", link_shop.told(link_shop.link_of(told.shop, first), LinkState.PAID)
        ),
        admin=True,
    )
    _hears(told, first, LinkState.PAID)
    _hears(told, first, LinkState.FAILED)
    told.say(RequestPaylink())
    second = _link(told)
    told.say(CancelPaylink(second), CancelPaylink(second))
    _hears(told, second, LinkState.CANCELLED)
    told.say(TenderCash(1_000), CompleteOrder())
    told.title("Given back")
    told.say(AddReturnLine("c5", 1, 1000, "corked"), RequestPaylink(0, 900, "c5", 9))
    told.say(RequestPaylink(100, 900, "c5", 1), RequestPaylink(0, 900, "c5", 1))
    if told.shop.books.paylinks.open:
        back = _link(told)
        _hears(told, back, LinkState.OPEN)
        _hears(told, back, LinkState.REFUNDED)
    told.say(TenderCash(-499), CompleteOrder())
    told.title("Paid when nobody waited any more")
    told.say(AddLine("bread"), RequestPaylink())
    late = _link(told)
    _hears(told, late, LinkState.OPEN)
    told.wait(3_600)
    told.say(ExpirePaylink(late), admin=True)
    _hears(told, late, LinkState.FAILED, code="expired")
    _hears(told, late, LinkState.PAID)
    told.say(SendBackPaylink(late), SendBackPaylink(late), CloseLinkException(late, " "))
    told.say(CloseLinkException(late, letters(limits.NOTE_LENGTH_MAX + 1)))
    told.say(CloseLinkException(late, "paid cash"), VoidOrder("gone"))
    told.title("Taken off again before the end")
    told.say(AddLine("wine"), RequestPaylink(300))
    off = _link(told)
    _hears(told, off, LinkState.PAID)
    told.say(UndoTender(1), ReverseLinkTender(9), ReverseLinkTender(1), UndoTendering())
    _hears(told, _link(told), LinkState.REFUNDED)
    told.title("An older one is paid after a newer was asked for")
    told.say(AddLine("milk"), RequestPaylink())
    older = _link(told)
    _hears(told, older, LinkState.OPEN)
    told.wait(3_600)
    told.say(ExpirePaylink(older), admin=True)
    told.say(RequestPaylink())
    _hears(told, _link(told), LinkState.OPEN)
    _hears(told, older, LinkState.PAID)
    told.books()
    return told


def without_receipts() -> Transcript:
    """Goods that come back without a receipt, for money or for store credit that is spent again."""
    told = Transcript(Shop.selling())
    told.title("Rules")
    rules = ReturnRules(True, 5_000, PriceRule.LOWEST, 30, True)
    told.say(AddReturnWithoutReceipt("wine", "", 1000, "found"))
    for ceiling_minor, days in ((-1, 30), (limits.AMOUNT_MINOR_MAX + 1, 30), (0, -1), (0, 99_999)):
        wrong = ReturnRules(True, ceiling_minor, PriceRule.LOWEST, days, True)
        told.say(SetReturnRules(wrong), admin=True)
    told.say(SetReturnRules(rules), admin=True)
    told.say(SetTenderRules((TenderRule("credit"), TenderRule("credit"))), admin=True)
    told.say(
        SetTenderRules((TenderRule("gold"),)), SetTenderRules((TenderRule("cash", -1),)), admin=True
    )
    told.say(AddLine("wine"), TenderCash(799), CompleteOrder())
    told.title("Back")
    told.say(
        AddReturnWithoutReceipt("none", "", 1000, "x"), AddReturnWithoutReceipt("wine", "", 0, "x")
    )
    told.say(
        AddReturnWithoutReceipt("wine"), AddReturnWithoutReceipt("wine", "", 1000, letters(600))
    )
    told.say(
        AddReturnWithoutReceipt("wine", "", 9_000, "x"),
        AddReturnWithoutReceipt("flowers", "", 1000, "x"),
    )
    told.say(
        AddReturnWithoutReceipt("wine", "", 1000, "corked"),
        AddReturnWithoutReceipt("", "milk", 2000, "sour"),
    )
    told.say(
        RefundToCredit(-1),
        RefundToCredit(99_999),
        RefundToCredit(0),
        RefundToCredit(0),
        CompleteOrder(),
    )
    told.title("Spent")
    notes = list(told.shop.books.credits.notes) or ["none"]
    told.say(
        AddLine("bread"),
        TenderCredit("none"),
        TenderCredit(notes[0], -1),
        TenderCredit(notes[0], 99_999),
    )
    told.say(
        TenderCredit(notes[0], 100),
        TenderCredit(notes[0], 100),
        UndoTender(1),
        TenderCredit(notes[0]),
    )
    told.say(TenderCash(1_000), CompleteOrder(), AddLine("milk"), TenderCredit(notes[0].lower()))
    told.books()
    return told


SCENES = {
    scene.__name__: scene
    for scene in (charging, acquirers, settlement_files, links, without_receipts)
}
