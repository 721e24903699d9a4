"""Ringing up: what each command records and everything that is refused."""

from __future__ import annotations

import pytest

from engine import limits
from engine.catalog import CodeEntry, ItemChanged
from engine.charge.decide import SetCharges
from engine.charge.model import ChargeKind, ChargeRule, Deposit
from engine.foreign import ForeignCurrency
from engine.order.commands import (
    AddLine,
    AddNote,
    AddOpenLine,
    ChangeQuantity,
    CompleteOrder,
    CompOrder,
    DiscountLine,
    DiscountOrder,
    OpenOrder,
    OverridePrice,
    ReprintReceipt,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    UndoTender,
    UndoTendering,
    VoidLine,
    VoidOrder,
    WaiveCharge,
)
from engine.order.events import (
    Audience,
    LineAdded,
    LineDiscounted,
    LinePriceOverridden,
    LineQuantityChanged,
    LineVoided,
    Noted,
    OrderDiscounted,
    OrderOpened,
    OrderResumed,
    OrderSuspended,
    OrderVoided,
    ReceiptReprinted,
)
from engine.order.figures import DiscountKind
from engine.order.offered import Tariff
from engine.order.pricing import price
from engine.order.refusal import Refusal
from engine.register import StartTraining
from engine.settings import SetForeignCurrencies, SetTaxClasses
from engine.views.build import register_view
from tests.shop import TAXES, Shop, item

PERCENT, AMOUNT = DiscountKind.PERCENT, DiscountKind.AMOUNT
IN_ORDER = [
    ChangeQuantity(1, 2000),
    OverridePrice(1, 1_000_000, "dent"),
    DiscountLine(1, PERCENT, 100_000),
    DiscountOrder(PERCENT, 100_000),
    AddNote(Audience.CUSTOMER, "hello"),
    VoidLine(1),
    SuspendOrder(),
]


def open_with(*codes: str) -> Shop:
    """A shop whose register 1 has rung these codes up."""
    shop = Shop.selling()
    shop.ring(*codes)
    return shop


# ------------------------------------------------------------------------------------ opening


def test_an_order_opens_by_itself_or_by_name() -> None:
    """The first scan opens an order under the command's id; a client may name its own."""
    shop = Shop.selling()
    first = shop.ring("bread")
    assert first == f"c{shop.sent}"
    assert shop.events(OrderOpened) == [OrderOpened(first, "1", "max")]
    assert shop.ok(OpenOrder("0192-ab"), "2")["order_id"] == "0192-ab"


def test_orders_that_cannot_open() -> None:
    """Not over another one, not under a used id or an odd one, whichever side used it."""
    shop = Shop.selling()
    used = shop.sell("bread")
    assert shop.no(OpenOrder(used)) == Refusal.ORDER_ID_MUST_BE_NEW
    for odd in ("a b", "a/b", "ä", "x" * 65):
        assert shop.no(OpenOrder(odd)) == Refusal.TEXT_MUST_BE_SHORT
    shop.ok(OpenOrder("mine"))
    assert shop.no(OpenOrder("other")) == Refusal.ORDER_MUST_NOT_BE_OPEN
    assert shop.no(OpenOrder("mine"), "2") == Refusal.ORDER_ID_MUST_BE_NEW
    shop.ok(StartTraining(), "2")
    assert shop.no(OpenOrder("mine"), "2") == Refusal.ORDER_ID_MUST_BE_NEW


def test_a_store_without_rules_sells_nothing() -> None:
    """Before the store is set up there is no currency to sell in."""
    shop = Shop()
    ready = Shop.open()
    shop.given(*(fact.event for fact, _ in ready.posted[1:]))
    shop.books.staff.signed_on["1"] = "max"
    assert shop.no(OpenOrder()) == Refusal.STORE_MUST_BE_SET_UP
    assert shop.no(AddLine("bread")) == Refusal.STORE_MUST_BE_SET_UP


def test_a_full_disk_finishes_what_is_open_and_begins_nothing() -> None:
    """With the disk nearly full the open sale completes and no new one opens."""
    shop = open_with("bread")
    shop.books.disk_nearly_full = True
    shop.ok(AddLine("milk"))
    shop.pay()
    assert shop.no(AddLine("bread")) == Refusal.STORE_MUST_HAVE_DISK_SPACE
    assert shop.no(OpenOrder()) == Refusal.STORE_MUST_HAVE_DISK_SPACE


def test_open_orders_have_a_limit() -> None:
    """A store that parks without end is told so before it runs out of room."""
    shop = Shop.selling()
    for number in range(limits.ORDERS_OPEN_MAX):
        shop.given(OrderOpened(f"o{number}", "2", "max"))
    assert shop.no(AddLine("bread")) == Refusal.ORDERS_LIMIT_REACHED


def test_without_an_order_there_is_nothing_to_change() -> None:
    """Every command on the current order needs one."""
    shop = Shop.selling()
    bodies = [
        *IN_ORDER,
        StartTendering(),
        UndoTendering(),
        TenderCash(1),
        UndoTender(1),
        CompleteOrder(),
        VoidOrder("x"),
    ]
    assert {shop.no(body) for body in bodies} == {Refusal.ORDER_MUST_BE_OPEN}


def test_a_frozen_order_does_not_change() -> None:
    """While it is being paid nothing is rung up, changed or parked."""
    shop = open_with("bread")
    shop.ok(StartTendering())
    bodies = [*IN_ORDER, AddLine("milk"), AddOpenLine("x", 1, "standard"), StartTendering()]
    assert {shop.no(body) for body in bodies} == {Refusal.ORDER_MUST_NOT_BE_TENDERING}


# ------------------------------------------------------------------------------------- adding


def test_a_line_keeps_the_words_and_the_price_of_its_moment() -> None:
    """The fact copies the item, its price, the code used and the catalog's version."""
    shop = open_with("wine")
    (added,) = shop.events(LineAdded)
    assert (added.line, added.quantity_milli, added.tare_milli) == (1, 1000, 0)
    assert (added.item.name, added.item.department) == ("Wine", "Drinks")
    assert (added.item.unit_price_micros, added.item.code) == (7_990_000, "wine")
    assert added.item.price_book == shop.books.catalog.version
    shop.given(ItemChanged(item("wine", "Better wine", 999, tax_class="standard")))
    assert shop.order(added.order_id).lines[0].item.name == "Wine"


def test_an_item_may_be_rung_up_by_its_id() -> None:
    """A tile or a search result names the item; no code is needed."""
    shop = Shop.selling()
    answer = shop.ok(AddLine(item_id="wine", quantity_milli=2000))
    assert (answer["line"], answer["net_minor"], answer["total_minor"]) == (1, 1598, 1598)
    assert shop.no(AddLine(item_id="beer")) == Refusal.ITEM_MUST_EXIST
    assert shop.no(AddLine()) == Refusal.ITEM_MUST_EXIST


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("nothing", Refusal.CODE_MUST_BE_KNOWN),
        ("4000417025012", Refusal.CODE_MUST_BE_KNOWN),
        ("4000417025006", Refusal.CODE_MUST_BE_WELL_FORMED),
        (" bread", Refusal.CODE_MUST_BE_WELL_FORMED),
        ("bread\n", Refusal.CODE_MUST_BE_WELL_FORMED),
        ("\x00", Refusal.CODE_MUST_BE_WELL_FORMED),
        ("9" * 65, Refusal.CODE_MUST_BE_WELL_FORMED),
        ("flowers", Refusal.PRICE_MUST_BE_GIVEN),
    ],
)
def test_codes_that_ring_nothing_up(code: str, refusal: str) -> None:
    """Unknown, misread, malformed or without a price: no line, no order, and the reason."""
    shop = Shop.selling()
    assert shop.no(AddLine(code)) == refusal
    assert not shop.events(OrderOpened)


def test_an_ambiguous_code_names_what_it_may_mean() -> None:
    """Two items whose codes are one GTIN in two lengths: the cashier chooses, not the store."""
    shop = Shop.selling()
    for name, code in (("old", "036000291452"), ("new", "0036000291452")):
        shop.given(ItemChanged(item(name, name.title(), 100, codes=(CodeEntry(code),))))
    assert shop.no(AddLine("00036000291452")) == Refusal.CODE_MUST_BE_UNAMBIGUOUS
    assert sorted(shop.refused(AddLine("00036000291452"))["names"]) == ["New", "Old"]
    assert shop.ok(AddLine("036000291452"))["name"] == "Old"


@pytest.mark.parametrize(
    ("code", "quantity_milli", "tare_milli", "refusal"),
    [
        ("bread", 0, 0, Refusal.QUANTITY_MUST_BE_POSITIVE),
        ("bread", -1000, 0, Refusal.QUANTITY_MUST_BE_POSITIVE),
        ("bread", 2**62, 0, Refusal.QUANTITY_MUST_BE_WITHIN_LIMIT),
        ("cheese", limits.QUANTITY_MILLI_MAX + 1, 0, Refusal.QUANTITY_MUST_BE_WITHIN_LIMIT),
        ("bread", 1500, 0, Refusal.QUANTITY_MUST_BE_WHOLE),
        ("cheese", 500, 500, Refusal.TARE_MUST_BE_LESS_THAN_QUANTITY),
        ("cheese", 500, -1, Refusal.TARE_MUST_BE_LESS_THAN_QUANTITY),
        ("bread", 1000, 1, Refusal.TARE_MUST_BE_LESS_THAN_QUANTITY),
    ],
)
def test_quantities_that_cannot_be(
    code: str, quantity_milli: int, tare_milli: int, refusal: str
) -> None:
    """Zero, negative, endless, a part of a piece, or a tare that leaves nothing."""
    shop = Shop.selling()
    assert shop.no(AddLine(code, "", quantity_milli, tare_milli)) == refusal
    assert not shop.facts[2:]


def test_open_lines_that_cannot_be() -> None:
    """A typed line needs a name, a tax class there is and a price that is not negative."""
    shop = Shop.selling()
    assert shop.no(AddOpenLine(" ", 100, "standard")) == Refusal.NAME_MUST_BE_SHORT
    assert shop.no(AddOpenLine("n" * 121, 100, "standard")) == Refusal.NAME_MUST_BE_SHORT
    wordy = AddOpenLine("n", 100, "standard", department="d" * 121)
    assert shop.no(wordy) == Refusal.TEXT_MUST_BE_SHORT
    assert shop.no(AddOpenLine("n", 100, "luxury")) == Refusal.TAX_CLASS_MUST_EXIST
    assert shop.no(AddOpenLine("n", -1, "standard")) == Refusal.PRICE_MUST_NOT_BE_NEGATIVE
    over = AddOpenLine("n", limits.UNIT_PRICE_MICROS_MAX + 1, "standard")
    assert shop.no(over) == Refusal.PRICE_MUST_NOT_BE_NEGATIVE
    shop.ok(SetTaxClasses(TAXES[:1]), admin=True)
    assert shop.no(AddLine("bread")) == Refusal.TAX_CLASS_MUST_EXIST


def test_lines_have_a_limit() -> None:
    """The line after the last one possible is refused, typed ones too."""
    shop = Shop.selling()
    shop.ring(*["bread"] * limits.LINES_PER_ORDER_MAX)
    assert shop.no(AddLine("bread")) == Refusal.LINES_LIMIT_REACHED
    assert shop.no(AddOpenLine("n", 1, "standard")) == Refusal.LINES_LIMIT_REACHED


def test_a_total_beyond_reason_is_refused() -> None:
    """An order never comes to more than the largest amount there is."""
    shop = Shop.selling()
    shop.ring("bread")
    dear = AddOpenLine("Palace", limits.UNIT_PRICE_MICROS_MAX, "standard", 99_999_000)
    assert shop.no(dear) == Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT
    shop.ok(OverridePrice(1, limits.UNIT_PRICE_MICROS_MAX, "dear"))
    more = ChangeQuantity(1, limits.QUANTITY_MILLI_MAX)
    assert shop.no(more) == Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT


def test_a_total_beyond_reason_is_refused_whatever_comes_off_it() -> None:
    """Goods that are given away are held to the largest amount too: they may be charged for later,
    with what rules add, and no sum of them leaves the floor's 64 bits."""
    shop = Shop.selling()
    service = ChargeRule("s", "Service", ChargeKind.SERVICE, percent_ppm=1_000_000)
    shop.ok(SetCharges((service,)), admin=True)
    shop.ring("bread")
    shop.ok(CompOrder("opening day"))
    dear = AddOpenLine("Palace", limits.UNIT_PRICE_MICROS_MAX, "standard", 900_000)
    shop.ok(dear)
    assert shop.no(dear) == Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT
    assert shop.no(CompOrder(withdraw=True)) == Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT
    shop.ok(WaiveCharge("s", "opening day"))
    shop.ok(CompOrder(withdraw=True))
    assert shop.no(WaiveCharge("s", withdraw=True)) == Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT


def test_a_screen_is_told_that_charges_came_or_went() -> None:
    """What it was told of the store before, `has_charges` too, is old then."""
    shop = Shop.selling()
    service = ChargeRule("s", "Service", ChargeKind.SERVICE, percent_ppm=100_000)
    seen = [_offer_version(shop)]
    for rules in ((service,), ()):
        shop.ok(SetCharges(rules), admin=True)
        seen.append(_offer_version(shop))
    assert seen[0] != seen[1] != seen[2]


def test_a_screen_is_told_that_rates_changed() -> None:
    """What it was told a note is worth is old with the next rate, and without it."""
    shop = Shop.selling()
    seen = [_offer_version(shop)]
    for rates in ((ForeignCurrency("USD", 921_000),), (ForeignCurrency("USD", 800_000),), ()):
        shop.ok(SetForeignCurrencies(rates), admin=True)
        seen.append(_offer_version(shop))
    assert len(seen) == len(set(seen))


def _offer_version(shop: Shop) -> int:
    view = register_view(shop.books, "1", epoch=1, now_ns=shop.now_ns, devices={}, last_order=None)
    return view.offer_version


def test_a_deposit_beyond_reason_is_refused() -> None:
    """A case counted as if it were pieces asks for more deposits than can be counted: refused in
    words, in a currency with three decimals too."""
    shop = Shop.selling(currency="KWD", prices_include_tax=False)
    pallet = CodeEntry("pallet", 1_000, 99_999_000)
    shop.given(ItemChanged(item("crate", "Crate", 100_000_000)))
    shop.given(ItemChanged(item("can", "Can", 1, codes=(CodeEntry("can"), pallet))))
    shop.ok(SetCharges((), (Deposit("can", "crate"),)), admin=True)
    many = AddLine("pallet", quantity_milli=limits.QUANTITY_MILLI_MAX)
    assert shop.no(many) == Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT


# ----------------------------------------------------------------------------------- changing


def test_a_quantity_changes() -> None:
    """The new quantity counts, the fact records it, and the same bounds hold."""
    shop = open_with("bread")
    assert shop.ok(ChangeQuantity(1, 3000))["total_minor"] == 1050
    assert shop.events(LineQuantityChanged)[0].quantity_milli == 3000
    assert shop.no(ChangeQuantity(1, 0)) == Refusal.QUANTITY_MUST_BE_POSITIVE
    assert shop.no(ChangeQuantity(1, 1)) == Refusal.QUANTITY_MUST_BE_WHOLE


@pytest.mark.parametrize("line", [0, 2, -1, 10**9])
def test_lines_that_are_not_there(line: int) -> None:
    """No command reaches a line that never was; a note on line 0 is on the order."""
    shop = open_with("bread")
    bodies = [
        ChangeQuantity(line, 1000),
        OverridePrice(line, 1, "x"),
        DiscountLine(line, PERCENT, 1),
        VoidLine(line),
    ]
    bodies += [AddNote(Audience.CUSTOMER, "x", line)] if line else []
    assert {shop.no(body) for body in bodies} == {Refusal.LINE_MUST_EXIST}


def test_a_price_override_records_old_new_who_and_why() -> None:
    """Both prices, the person and the reason; without a reason or below zero it is refused."""
    shop = open_with("bread")
    assert shop.no(OverridePrice(1, -1, "x")) == Refusal.PRICE_MUST_NOT_BE_NEGATIVE
    assert shop.no(OverridePrice(1, 1, " ")) == Refusal.REASON_MUST_BE_GIVEN
    assert shop.ok(OverridePrice(1, 3_000_000, " stale "))["total_minor"] == 300
    (fact,) = shop.events(LinePriceOverridden)
    assert (fact.old_unit_price_micros, fact.new_unit_price_micros) == (3_500_000, 3_000_000)
    assert (fact.operator, fact.approver, fact.reason) == ("max", "", "stale")


def test_discounts_come_and_go() -> None:
    """A discount is set, replaced and taken off; each is a fact with the person."""
    shop = open_with("bread", "wine")
    assert shop.ok(DiscountLine(1, PERCENT, 100_000, "regular"))["net_minor"] == 315
    assert shop.ok(DiscountLine(1, AMOUNT, 50))["net_minor"] == 300
    assert shop.ok(DiscountOrder(AMOUNT, 99))["total_minor"] == 300 + 799 - 99
    assert shop.ok(DiscountLine(1, AMOUNT, 0))["net_minor"] < 350
    assert shop.ok(DiscountOrder(PERCENT, 0))["total_minor"] == 350 + 799
    assert [fact.operator for fact in shop.events(LineDiscounted)] == ["max"] * 3
    assert [fact.value for fact in shop.events(OrderDiscounted)] == [99, 0]


def test_the_odd_cent_of_a_discount_knows_no_scan_order() -> None:
    """Of two lines alike in price the same one bears it, whichever was scanned first."""
    figures = []
    for codes in (("bread", "rum"), ("rum", "bread")):
        shop = Shop.selling()
        shop.given(ItemChanged(item("rum", "Rum", 350, tax_class="standard")))
        order_id = shop.ring(*codes)
        shop.ok(DiscountOrder(AMOUNT, 1))
        figures.append(price(shop.order(order_id), Tariff(shop.books.settings)))
    assert figures[0].taxes == figures[1].taxes


def test_discounts_that_cannot_be() -> None:
    """Over a hundred percent, negative, wordy, or on what is never discounted."""
    shop = open_with("bread", "book")
    for kind, value in ((PERCENT, 1_000_001), (PERCENT, -1), (AMOUNT, -1), (AMOUNT, 10**12)):
        assert shop.no(DiscountLine(1, kind, value)) == Refusal.DISCOUNT_MUST_BE_WITHIN_LIMIT
        assert shop.no(DiscountOrder(kind, value)) == Refusal.DISCOUNT_MUST_BE_WITHIN_LIMIT
    wordy = "r" * 121
    assert shop.no(DiscountLine(1, PERCENT, 1, wordy)) == Refusal.TEXT_MUST_BE_SHORT
    assert shop.no(DiscountOrder(PERCENT, 1, wordy)) == Refusal.TEXT_MUST_BE_SHORT
    assert shop.no(DiscountLine(2, PERCENT, 1)) == Refusal.LINE_MUST_BE_DISCOUNTABLE
    shop.ok(DiscountLine(2, PERCENT, 0))


def test_notes_stand_on_the_line_or_the_order() -> None:
    """Both kinds are kept in order; empty or endless ones are refused."""
    shop = open_with("bread")
    shop.ok(AddNote(Audience.INTERNAL, "sliced", 1))
    shop.ok(AddNote(Audience.CUSTOMER, "happy birthday"))
    assert [(note.line, note.text) for note in shop.events(Noted)] == [
        (1, "sliced"),
        (0, "happy birthday"),
    ]
    assert shop.no(AddNote(Audience.CUSTOMER, "")) == Refusal.TEXT_MUST_BE_SHORT
    assert shop.no(AddNote(Audience.CUSTOMER, "x" * 3000)) == Refusal.TEXT_MUST_BE_SHORT


def test_notes_have_a_limit() -> None:
    """An order carries no more notes than it may."""
    shop = open_with("bread")
    order_id = next(iter(shop.books.live.orders))
    for _ in range(limits.NOTES_PER_ORDER_MAX):
        shop.given(Noted(order_id, 0, Audience.INTERNAL, "x"))
    assert shop.no(AddNote(Audience.INTERNAL, "x", 1)) == Refusal.NOTES_LIMIT_REACHED


def test_a_voided_line_stays_on_record() -> None:
    """It no longer counts, its number is not used again, and it cannot be changed."""
    shop = open_with("bread", "milk")
    assert shop.ok(VoidLine(1, "wrong"))["total_minor"] == 129
    (fact,) = shop.events(LineVoided)
    assert (fact.line, fact.reason, fact.operator) == (1, "wrong", "max")
    assert shop.no(ChangeQuantity(1, 2000)) == Refusal.LINE_MUST_EXIST
    assert shop.ok(AddLine("wine"))["line"] == 3
    assert shop.no(VoidLine(2, "r" * 121)) == Refusal.TEXT_MUST_BE_SHORT


def test_a_voided_order_stays_on_record() -> None:
    """It needs a reason, records what it came to, and the register is free."""
    shop = open_with("bread")
    assert shop.no(VoidOrder(" ")) == Refusal.REASON_MUST_BE_GIVEN
    shop.ok(VoidOrder("left"))
    (fact,) = shop.events(OrderVoided)
    assert (fact.reason, fact.operator, fact.total_minor) == ("left", "max", 350)
    assert shop.books.live.current("1") is None


def test_an_order_with_money_on_it_is_not_voided() -> None:
    """The money goes back first."""
    shop = open_with("bread")
    shop.ok(TenderCash(100))
    assert shop.no(VoidOrder("left")) == Refusal.TENDERS_MUST_BE_UNDONE
    shop.ok(UndoTender(1))
    shop.ok(VoidOrder("left"))


# -------------------------------------------------------------------- parking, and printing again


def test_parking_and_taking_up() -> None:
    """Parked with a label here, taken up there, each recorded with its register."""
    shop = open_with("bread")
    order_id = shop.ok(SuspendOrder("blue hat"))["order_id"]
    assert shop.events(OrderSuspended) == [OrderSuspended(order_id, "1", "blue hat")]
    assert shop.ok(ResumeOrder(order_id), "2")["total_minor"] == 350
    assert shop.events(OrderResumed) == [OrderResumed(order_id, "2", "max")]


def test_what_cannot_be_parked() -> None:
    """An order without lines, or under an endless label."""
    shop = Shop.selling()
    shop.ok(OpenOrder())
    assert shop.no(SuspendOrder()) == Refusal.LINES_MUST_BE_PRESENT
    shop.ok(AddLine("bread"))
    assert shop.no(SuspendOrder("x" * 3000)) == Refusal.TEXT_MUST_BE_SHORT
    shop.ok(VoidLine(1))
    assert shop.no(SuspendOrder()) == Refusal.LINES_MUST_BE_PRESENT


def test_what_cannot_be_taken_up() -> None:
    """What never was, what is current elsewhere, what has ended, and anything over another."""
    shop = Shop.selling()
    sold = shop.sell("bread")
    current = shop.ring("milk", register="2")
    assert shop.no(ResumeOrder("never")) == Refusal.ORDER_MUST_EXIST
    assert shop.no(ResumeOrder(current)) == Refusal.ORDER_MUST_BE_SUSPENDED
    assert shop.no(ResumeOrder(sold)) == Refusal.ORDER_MUST_BE_SUSPENDED
    shop.ok(SuspendOrder(), "2")
    shop.ring("wine")
    assert shop.no(ResumeOrder(current)) == Refusal.ORDER_MUST_NOT_BE_OPEN


def test_training_never_takes_up_a_real_order() -> None:
    """A register that practises sees neither the parked orders nor the receipts of the shop."""
    shop = Shop.selling()
    sold = shop.sell("bread")
    parked = shop.ring("milk")
    shop.ok(SuspendOrder())
    shop.ok(StartTraining())
    assert shop.no(ResumeOrder(parked)) == Refusal.ORDER_MUST_EXIST
    assert shop.no(ReprintReceipt(sold)) == Refusal.ORDER_MUST_EXIST


def test_a_reprint_is_logged() -> None:
    """Who asked for which copy is a fact; only a completed sale has a receipt."""
    shop = Shop.selling()
    sold = shop.sell("bread")
    assert shop.ok(ReprintReceipt(sold)) == {"receipt_number": "1-000001"}
    assert shop.events(ReceiptReprinted) == [ReceiptReprinted(sold, "1", "max", "1-000001")]
    assert shop.no(ReprintReceipt("never")) == Refusal.ORDER_MUST_EXIST
    assert shop.no(ReprintReceipt(shop.ring("milk"))) == Refusal.ORDER_MUST_BE_COMPLETED
