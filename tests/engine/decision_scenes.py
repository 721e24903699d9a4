"""Scenes for the transcript: each decider is asked all it accepts and all it refuses."""

from __future__ import annotations

from typing import Any

import attrs

from engine import limits
from engine.catalog import ChangeItem, CodeEntry, InstallSegment, RemoveItem, row_of
from engine.decision import Approval
from engine.foreign import ForeignCurrency
from engine.order.commands import (
    AddLine,
    AddNote,
    AddOpenLine,
    AddReturnLine,
    ChangeQuantity,
    CompleteOrder,
    DiscountLine,
    DiscountOrder,
    OpenOrder,
    OverridePrice,
    ReprintReceipt,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    TenderForeign,
    UndoTender,
    UndoTendering,
    VoidLine,
    VoidOrder,
)
from engine.order.events import (
    Audience,
)
from engine.order.figures import DiscountKind
from engine.order.given import Note
from engine.outbox import EffectOutcome, FinishEffect, StartEffect
from engine.register import CloseDay, EndTraining, StartTraining
from engine.settings import (
    ConfigureStore,
    DefineRegister,
    RegisterDefined,
    RegisterSetup,
    RoundingMode,
    SetForeignCurrencies,
    SetTaxClasses,
    TaxClass,
)
from engine.staff import (
    AddOperator,
    ChangePin,
    DefineRole,
    OperatorAdded,
    Right,
    RoleDefined,
    SignOff,
    SignOn,
)
from engine.till import (
    CloseTill,
    CountTill,
    Denomination,
    ForeignCount,
    OpenDrawer,
    OpenTill,
    PayIn,
    PayOut,
)
from native import PriceBook, SegmentBuilder
from tests.engine.transcript import Transcript
from tests.shop import TAXES, Shop, item, rules

PERCENT, AMOUNT = DiscountKind.PERCENT, DiscountKind.AMOUNT
CUSTOMER, INTERNAL = Audience.CUSTOMER, Audience.INTERNAL
YES, NO = Approval("max", True), Approval("max", False)
DEAREST = limits.UNIT_PRICE_MICROS_MAX


def letters(count: int) -> str:
    """A text of that length."""
    return "x" * count


def ringing() -> Transcript:
    """Opening, lines by code, by id and by hand, and every line that cannot be."""
    told = Transcript(Shop.selling())
    told.title("An order opens by name, or with its first line")
    told.say(OpenOrder("sale-1"), OpenOrder("sale-2"), OpenOrder("sale-1"))
    told.say(OpenOrder(letters(65)), OpenOrder(letters(64)), register="2")
    told.title("Lines by code and by id")
    told.say(AddLine("bread"), AddLine("", "milk"), AddLine("case-water"), AddLine("4000417025005"))
    told.say(AddLine("cheese", "", 477, 20), AddLine("wine", "", 3000))
    told.title("What rings nothing up")
    told.say(AddLine("", "nothing"), AddLine(letters(65)), AddLine(" bread"), AddLine("nothing"))
    told.say(
        AddLine("14000417025006"),
        AddLine("4000417025006"),
        AddLine("40004173"),
        AddLine("123"),
        AddLine("flowers"),
    )
    told.title("Quantities")
    most = limits.QUANTITY_MILLI_MAX
    told.say(AddLine("bread", "", 0), AddLine("bread", "", -1000), AddLine("bread", "", 1))
    told.say(AddLine("bread", "", most), AddLine("bread", "", most + 1), AddLine("bread", "", 1500))
    told.say(AddLine("cheese", "", 500, 499), AddLine("cheese", "", 500, 500))
    told.say(AddLine("cheese", "", 500, -1), AddLine("bread", "", 2000, 1000))
    told.title("Lines by hand")
    told.say(AddOpenLine(" Tulips ", 5_000_000, "standard", 2000, "Garden"))
    told.say(AddOpenLine(letters(120), 0, "reduced", 1000, letters(120)))
    told.say(AddOpenLine("  ", 1, "reduced"), AddOpenLine(letters(121), 1, "reduced"))
    told.say(AddOpenLine("A", 1, "reduced", 1000, letters(121)), AddOpenLine("A", 1, "none"))
    told.say(AddOpenLine("A", -1, "reduced"), AddOpenLine("A", DEAREST + 1, "reduced"))
    told.say(AddOpenLine("A", 1, "reduced", 500))
    told.title("A total beyond reason")
    told.say(AddOpenLine("A", DEAREST, "reduced", 1_000_000), VoidLine(10))
    told.say(*(VoidLine(line) for line in range(1, 10)))
    told.say(AddOpenLine("A", DEAREST, "reduced", 1_000_000))
    told.say(AddOpenLine("A", 10_000, "reduced"))
    told.books()
    return told


def changing() -> Transcript:
    """Quantities, prices, discounts, notes, voids, parking."""
    told = Transcript(Shop.selling())
    told.title("Without an order")
    told.say(ChangeQuantity(1, 1000), SuspendOrder(), StartTendering(), VoidOrder("x"))
    told.say(OpenOrder("sale-1"), SuspendOrder(), StartTendering())
    told.say(AddLine("bread"), AddLine("wine"), AddLine("book"), AddLine("cheese", "", 1000, 50))
    told.title("Quantities")
    told.say(ChangeQuantity(1, 3000), ChangeQuantity(4, 333), ChangeQuantity(9, 1000))
    told.say(ChangeQuantity(1, 0), ChangeQuantity(1, 1500), ChangeQuantity(0, 1000))
    told.title("Prices")
    told.say(OverridePrice(2, 5_000_000, " dented "), OverridePrice(2, 0, letters(120)))
    told.say(OverridePrice(9, 1, "x"), OverridePrice(2, -1, "x"), OverridePrice(2, 1, " "))
    told.say(OverridePrice(2, DEAREST, "x"), OverridePrice(2, DEAREST + 1, "x"))
    told.say(OverridePrice(2, 1, letters(121)), OverridePrice(2, 7_990_000, "as it was"))
    told.title("Discounts")
    told.say(DiscountLine(1, PERCENT, 100_000, "regular"), DiscountLine(2, AMOUNT, 99))
    told.say(DiscountLine(3, PERCENT, 1), DiscountLine(3, PERCENT, 0), DiscountLine(9, AMOUNT, 1))
    told.say(DiscountLine(1, PERCENT, 1_000_000), DiscountLine(1, PERCENT, 1_000_001))
    told.say(DiscountLine(1, AMOUNT, limits.AMOUNT_MINOR_MAX), DiscountLine(1, AMOUNT, -1))
    told.say(DiscountLine(1, AMOUNT, limits.AMOUNT_MINOR_MAX + 1))
    told.say(DiscountLine(1, AMOUNT, 1, letters(120)), DiscountLine(1, AMOUNT, 1, letters(121)))
    told.say(DiscountOrder(PERCENT, 33_333, "club"), DiscountOrder(AMOUNT, 101, letters(120)))
    told.say(DiscountOrder(PERCENT, -1), DiscountOrder(AMOUNT, 1, letters(121)))
    told.say(
        ChangeQuantity(1, 2000), OverridePrice(1, 9_000_000, "dear"), AddNote(CUSTOMER, "x", 1)
    )
    told.title("Notes")
    told.say(AddNote(CUSTOMER, "hello"), AddNote(INTERNAL, "no salt", 1), AddNote(CUSTOMER, "x", 9))
    told.say(AddNote(CUSTOMER, ""), AddNote(CUSTOMER, letters(280 * 8)))
    told.say(AddNote(CUSTOMER, letters(280 * 8 + 1)))
    told.title("Taken out")
    told.say(VoidLine(2, "changed his mind"), VoidLine(2), VoidLine(0), VoidLine(9))
    told.say(VoidLine(3, letters(120)), VoidLine(1, letters(121)))
    told.say(ChangeQuantity(2, 1000), AddNote(CUSTOMER, "x", 2), AddLine("milk"))
    told.title("Parked and taken up")
    told.say(SuspendOrder(letters(280 * 8 + 1)), SuspendOrder(letters(280 * 8)))
    told.say(ResumeOrder("nothing"), ResumeOrder("sale-1"), register="2")
    told.say(ResumeOrder("sale-1"))
    told.say(OpenOrder("sale-1"), OpenOrder("sale-2"), ResumeOrder("sale-1"))
    told.say(SuspendOrder("Mrs Lamb"), register="2")
    told.say(AddLine("milk"), SuspendOrder("back soon"), ResumeOrder("sale-1"))
    told.title("Given up")
    told.say(VoidOrder(" "), VoidOrder(letters(121)), VoidOrder(" forgot her purse "))
    told.say(ResumeOrder("sale-1"), ResumeOrder("sale-2"), VoidOrder(letters(120)))
    told.books()
    return told


def paying() -> Transcript:
    """Tendering, cash, rounding, change, completion, and all that stops them."""
    told = Transcript(Shop.selling(cash_step_minor=5))
    told.title("Frozen, and open again")
    told.say(OpenOrder("sale-1"), AddLine("milk"), AddLine("wine"), UndoTendering(), UndoTender(1))
    told.say(CompleteOrder(), StartTendering(), StartTendering(), AddLine("milk"))
    told.say(AddOpenLine("A", 1, "reduced"), ChangeQuantity(1, 2000), SuspendOrder(), VoidLine(1))
    told.say(
        AddReturnLine("sale-1", 1, 1000, "x"), CountTill(()), UndoTendering(), AddLine("bread")
    )
    told.title("Cash in parts")
    told.say(TenderCash(0), TenderCash(-1), TenderCash(limits.AMOUNT_MINOR_MAX + 1))
    told.say(TenderCash(500), CompleteOrder(), UndoTendering(), VoidOrder("x"), UndoTender(2))
    told.say(UndoTender(1), UndoTender(1), TenderCash(300), TenderCash(700), TenderCash(500))
    told.say(TenderCash(1), UndoTender(2), TenderCash(2000), UndoTender(3), UndoTender(4))
    told.say(TenderCash(1300), CompleteOrder(), CompleteOrder(), UndoTendering())
    told.title("Rounded up, down and away")
    told.say(AddLine("wine"), TenderCash(800), CompleteOrder())
    told.say(AddLine("cheese", "", 236), TenderCash(305), CompleteOrder())
    told.say(AddOpenLine("A", 20_000, "reduced"), TenderCash(0), CompleteOrder())
    told.say(AddOpenLine("A", 0, "reduced"), TenderCash(0), CompleteOrder(), StartTendering())
    told.say(CompleteOrder())
    told.title("Tenders have a limit")
    told.say(AddLine("wine", "", 9000), *(TenderCash(1) for _ in range(21)))
    told.say(TenderCash(limits.AMOUNT_MINOR_MAX), *(UndoTender(number) for number in (5, 20)))
    told.say(TenderCash(10_000), CompleteOrder())
    told.title("No till, no cash")
    told.say(AddLine("bread"), TenderCash(350), register="2")
    told.say(OpenTill((Denomination(100, 3),)), TenderCash(350), CompleteOrder(), register="2")
    told.title("A till that is closed while a sale waits for its end")
    told.say(AddLine("bread"), TenderCash(100), UndoTender(1), UndoTendering())
    told.say(CountTill((Denomination(10, 1),)), StartTendering(), TenderCash(350), CloseTill())
    told.say(OpenTill(()), TenderCash(350), CompleteOrder())
    told.books()
    return told


def returning() -> Transcript:
    """Returns against an original: whole, in parts, racing each other, and never too much."""
    told = Transcript(Shop.selling())
    told.say(OpenOrder("sale-1"), AddLine("milk", "", 3000), AddLine("cheese", "", 333))
    told.say(AddLine("wine"), VoidLine(3), DiscountOrder(AMOUNT, 100), TenderCash(1000))
    told.say(AddReturnLine("sale-1", 1, 1000, "x"), CompleteOrder())
    told.title("What cannot go back")
    told.say(AddReturnLine("nothing", 1, 1000, "x"), AddReturnLine("sale-1", 3, 1000, "x"))
    told.say(AddReturnLine("sale-1", 4, 1000, "x"), AddReturnLine("sale-1", 1, 0, "x"))
    told.say(AddReturnLine("sale-1", 1, -1000, "x"), AddReturnLine("sale-1", 1, 500, "x"))
    told.say(AddReturnLine("sale-1", 1, 1000, " "), AddReturnLine("sale-1", 1, 1000, letters(121)))
    told.say(AddReturnLine("sale-1", 1, 4000, "x"), OpenOrder("open"), AddLine("milk"))
    told.say(AddReturnLine("open", 1, 1000, "x"), VoidOrder("enough"))
    told.say(AddReturnLine("open", 1, 1000, "x"))
    told.title("In parts, to the last cent")

    def settle(register: str = "1") -> None:
        told.say(StartTendering(), register=register)
        order = told.shop.books.live.current(register)
        if order is not None and order.figures is not None:
            told.say(TenderCash(order.figures.total_minor), CompleteOrder(), register=register)

    told.say(OpenOrder("back-1"), AddReturnLine("sale-1", 1, 1000, letters(120)))
    told.say(AddReturnLine("sale-1", 2, 100, " stale "), AddReturnLine("sale-1", 1, 1000, "sour"))
    told.say(ChangeQuantity(1, 1000), OverridePrice(1, 1, "x"), DiscountLine(1, PERCENT, 1))
    told.say(AddReturnLine("sale-1", 1, 2000, "x"), VoidLine(3))
    told.say(AddReturnLine("sale-1", 1, 1000, "x"))
    told.say(StartTendering(), TenderCash(-1), TenderCash(0), TenderCash(1), CompleteOrder())
    told.say(TenderCash(-341), TenderCash(-341), UndoTender(1), UndoTendering())
    told.title("Two registers and one last bottle")
    told.say(OpenTill((Denomination(1000, 5),)), register="2")
    told.say(OpenOrder("back-2"), AddReturnLine("sale-1", 1, 2000, "x"), register="2")
    settle("2")
    told.say(StartTendering(), TenderCash(-341), CompleteOrder(), VoidLine(1), StartTendering())
    told.say(VoidLine(4), AddReturnLine("sale-1", 1, 1000, "x"))
    settle()
    told.say(AddReturnLine("sale-1", 2, 233, "x"), AddReturnLine("sale-1", 1, 1000, "x"))
    settle()
    told.title("An odd cent goes back with the first of two")
    told.say(OpenOrder("halves"), AddOpenLine("A", 5_000, "reduced", 2000), TenderCash(5))
    told.say(CompleteOrder(), AddReturnLine("halves", 1, 1000, "x"))
    settle()
    told.say(AddReturnLine("halves", 1, 1000, "x"), StartTendering(), CompleteOrder())
    told.title("An exchange, and copies")
    told.say(OpenOrder("sale-2"), AddLine("wine"), TenderCash(799), CompleteOrder())
    told.say(OpenOrder("exchange"), AddReturnLine("sale-2", 1, 1000, "x"), AddLine("bread"))
    settle()
    told.say(AddReturnLine("exchange", 1, 1000, "x"), ReprintReceipt("exchange"))
    told.say(ReprintReceipt("nothing"), ReprintReceipt("open"), ReprintReceipt("back-1"))
    told.books()
    return told


def without_tax() -> Transcript:
    """Prices without tax: it comes on top."""
    told = Transcript(Shop.selling(prices_include_tax=False))
    told.say(AddLine("bread"), AddLine("wine"), StartTendering(), TenderCash(2000), CompleteOrder())
    told.books()
    return told


def till_and_day() -> Transcript:
    """Float, moves, count, close; the register's X and Z; practice."""
    told = Transcript(Shop.selling("ana"))
    told.title("Money in and out")
    told.say(PayIn(500, " coins "), PayOut(300, "milk"), OpenDrawer("look"), OpenTill(()))
    told.say(PayIn(500, " coins "), PayOut(300, "milk"), PayIn(1, letters(120)), approval=YES)
    told.say(OpenDrawer("look"), OpenDrawer(" "), OpenDrawer(letters(121)))
    told.say(OpenDrawer(letters(120)))
    told.say(PayIn(0, "x"), PayIn(limits.AMOUNT_MINOR_MAX + 1, "x"), PayIn(1, " "), approval=YES)
    told.say(PayOut(10_202, "x"), PayOut(1, letters(121)), PayOut(-1, "x"), approval=YES)
    told.say(PayIn(limits.AMOUNT_MINOR_MAX, "the bank"), approval=YES)
    told.say(PayOut(limits.AMOUNT_MINOR_MAX, "the bank"), PayOut(10_201, "all"), approval=YES)
    told.say(PayIn(10_201, "again"), approval=YES)
    told.say(AddLine("wine"), TenderCash(1000), CompleteOrder())
    told.say(AddLine("bread"), VoidOrder("gone"), approval=YES)
    told.title("Counted")
    most = limits.DENOMINATIONS_MAX
    told.say(CloseTill(), CountTill((Denomination(0, 1),)), CountTill((Denomination(1, -1),)))
    told.say(CountTill((Denomination(1, 1_000_000),)))
    told.say(CountTill((Denomination(5, 1), Denomination(5, 2))))
    told.say(CountTill((Denomination(limits.AMOUNT_MINOR_MAX + 1, 1),)))
    told.say(CountTill(tuple(Denomination(value, 1) for value in range(1, most + 2))))
    told.say(CountTill((Denomination(1000, 10), Denomination(1, 999_999), Denomination(7, 0))))
    told.say(CountTill(()), PayIn(1, "x"), OpenDrawer("x"), AddLine("milk"), TenderCash(129))
    told.say(CloseDay(), VoidOrder("no till"), CloseDay(), approval=YES)
    told.say(CloseTill(), CloseTill(), PayOut(1, "x"), approval=YES)
    told.title("The day")
    told.say(CloseDay(), CloseDay(), approval=YES)
    told.say(OpenTill(tuple(Denomination(value, 1) for value in range(1, most + 1))))
    told.say(CountTill((Denomination(limits.AMOUNT_MINOR_MAX, 1),)), CloseTill())
    told.say(CloseDay(), approval=YES)
    told.title("Practice")
    told.say(EndTraining(), StartTraining(), approval=YES)
    told.say(StartTraining(), OpenTill((Denomination(100, 2),)), AddLine("bread"), approval=YES)
    told.say(EndTraining(), StartTraining(), TenderCash(400), CompleteOrder(), approval=YES)
    told.say(OpenDrawer("look"), CountTill(()), CloseTill(), CloseDay(), approval=YES)
    told.say(
        AddOpenLine("A", 10_000, "standard"), SuspendOrder("later"), EndTraining(), approval=YES
    )
    told.say(EndTraining(), ResumeOrder(f"c{told.shop.sent - 2}"), approval=YES)
    told.books()
    return told


def people() -> Transcript:
    """Roles, people, PINs, lock-outs, approvals."""
    told = Transcript(Shop.selling())
    told.title("Roles")
    told.say(DefineRole("baker", (Right.SELL, Right.TILL, Right.SELL)), DefineRole("", ()))
    told.say(DefineRole(letters(24), ()), DefineRole(letters(25), ()), DefineRole("a\n", ()))
    told.say(DefineRole("a", (Right.EFFECTS,)), DefineRole("a", (Right.SELL, Right.NONE)))
    told.title("People")
    told.say(AddOperator("eva", "Eva", "baker", pin_hash="h"), AddOperator("eva", "E", "baker"))
    told.say(AddOperator("bo", "Bo", "nobody", pin_hash="h"), AddOperator("bo", "Bo", "baker"))
    told.say(AddOperator(letters(24), "X", "baker", pin_hash="h"))
    told.say(AddOperator(letters(25), "X", "baker", pin_hash="h"))
    for odd in ("q", "", "b o", "bö", "system"):
        told.say(AddOperator(odd, "Bo", "baker", pin_hash="h"))
    told.say(ChangePin("eva", pin_hash="h2"), ChangePin("bo", pin_hash="h"), ChangePin("eva"))
    told.title("Signing on and off")
    told.say(SignOn("bo"), SignOn("eva", pin_correct=True), SignOff(), SignOff())
    told.say(SignOn("eva", pin_correct=True), SignOn("ana", pin_correct=True), OpenDrawer("x"))
    told.title("Wrong PINs wait longer and longer")
    told.say(*(SignOn("max") for _ in range(5)))
    told.say(SignOn("max", pin_correct=True), SignOn("max"))
    told.wait(57)
    told.say(SignOn("max", pin_correct=True), SignOn("max"), SignOn("max", pin_correct=True))
    for seconds in (119, 239, 479, 899, 899, 899):
        told.wait(seconds)
        told.say(SignOn("max"))
    told.wait(898)
    told.say(SignOn("max", pin_correct=True))
    told.say(SignOn("max", pin_correct=True))
    told.say(SignOn("max"), SignOn("ana", pin_correct=True))
    told.title("A second person")
    told.say(PayIn(1, "x"))
    told.say(PayIn(1, "x"), approval=NO)
    told.say(PayIn(1, "x"), approval=YES)
    told.say(PayIn(1, "x"), approval=Approval("nobody", True))
    told.say(PayIn(1, "x"), approval=Approval("eva", True))
    told.say(PayIn(0, "x"), AddLine("bread"), approval=YES)
    told.say(*(PayIn(1, "x") for _ in range(5)), approval=Approval("eva", False))
    told.say(PayIn(1, "x"), approval=Approval("eva", True))
    told.say(ChangePin("eva", pin_hash="h3"), approval=YES)
    told.say(PayIn(1, "x"), approval=Approval("eva", True))
    told.say(AddLine("bread"), register="9")
    told.say(SignOff(), AddLine("bread"), AddLine("bread"), register="2")
    told.books()
    return told


def store_rules() -> Transcript:
    """Rules, tax classes, registers, and what cannot be changed any more."""
    told = Transcript(Shop.selling())
    told.shop.books.time_zones = frozenset(("Europe/Berlin", "Europe/Paris"))

    def configured(**changes: Any) -> None:
        told.say(ConfigureStore(rules(**changes)))

    told.title("Rules")
    for currency in ("CHF", "EU", "EURO", "E1R", "eur"):
        configured(currency=currency)
    configured(prices_include_tax=False)
    for step in (0, 1, limits.CASH_STEPS_MINOR_MAX, limits.CASH_STEPS_MINOR_MAX + 1):
        configured(cash_step_minor=step)
    for cutoff_s in (-1, 0, 86_399, 86_400):
        configured(cutoff_s=cutoff_s)
    configured(time_zone="Mars/" + letters(70))
    configured(time_zone="Europe/Paris", cash_mode=RoundingMode.DOWN)
    for name in ("name", "tax_number", "language"):
        configured(**{name: letters(120)})
        configured(**{name: letters(121)})
    configured(address=(letters(120),) * 10)
    configured(address=(letters(121),))
    configured(address=("a",) * 11)
    configured(receipt_footer=letters(280))
    configured(receipt_footer=letters(281))
    told.title("Fixed by the first sale")
    configured()
    told.say(AddLine("bread"), TenderCash(350), CompleteOrder())
    configured(currency="CHF")
    configured(prices_include_tax=False)
    configured(name="New Name")
    told.title("Tax classes")

    def classes(*entries: TaxClass) -> None:
        told.say(SetTaxClasses(entries))

    many = [TaxClass(f"t{number}", "T", 1, "T") for number in range(limits.TAX_CLASSES_MAX + 1)]
    told.say(SetTaxClasses(()))
    classes(TAXES[0], TAXES[0])
    classes(*many)
    classes(*many[:-1])
    for rate_ppm in (-1, 0, 1_000_000, 1_000_001):
        classes(*TAXES, TaxClass("other", "O", rate_ppm, "O"))
    told.say(AddLine("wine"), AddLine("bread"), VoidLine(2))
    classes(TAXES[1])
    classes(TAXES[0])
    classes(TAXES[1], attrs.evolve(TAXES[0], rate_ppm=200_000))
    told.say(TenderCash(1000), CompleteOrder())
    told.title("Registers")
    told.say(DefineRegister(RegisterSetup("3", "Bar", "printer/3", "drawer/3", "d", "s")))
    for register in ("", letters(12), letters(13), "a b"):
        told.say(DefineRegister(RegisterSetup(register, "R")))
    told.books()
    spare = limits.REGISTERS_MAX - len(told.shop.books.settings.registers)
    told.shop.given(*(RegisterDefined(RegisterSetup(f"r{n}", "R")) for n in range(spare)))
    told.say(DefineRegister(RegisterSetup("one", "R")), DefineRegister(RegisterSetup("r1", "Q")))
    return told


def for_sale() -> Transcript:
    """Items, codes, removals, segments."""
    told = Transcript(Shop.selling())

    def change(item_id: str = "new", /, price_minor: Any = 100, **changes: Any) -> None:
        told.say(ChangeItem(item(item_id, changes.pop("name", "New"), price_minor, **changes)))

    told.title("Items")
    change(variation="Large", unit="kg", group="g", image="🥐", sort=1, open_price=True)
    for length in (0, 1, 64, 65):
        change(letters(length))
        change(group=letters(length))
    change("a\n")
    change("ö" * 64)
    change(group="ö" * 64)
    for length in (0, 120, 121):
        change(name=letters(length))
        for field in ("variation", "department", "image"):
            change(**{field: letters(length)})
    change(tax_class="none")
    change(unit="box")
    for unit in ("piece", "kg", "l", "m"):
        change(unit=unit)
    for micros in (-1, 0, DEAREST, DEAREST + 1):
        change(unit_price_micros=micros)
    for sort in (-1, 0, limits.SORT_MAX, limits.SORT_MAX + 1):
        change(sort=sort)
    told.title("Codes")

    def coded(*codes: CodeEntry, price_minor: int = 100) -> None:
        change("coded", price_minor, codes=codes)

    coded(*(CodeEntry(f"k{number}") for number in range(limits.CODES_PER_ITEM_MAX + 1)))
    coded(*(CodeEntry(f"k{number}") for number in range(limits.CODES_PER_ITEM_MAX)))
    for code in ("", " a", "a ", "a\n", letters(64), letters(65), "ö" * 64):
        coded(CodeEntry(code))
    coded(CodeEntry("a"), CodeEntry("a"))
    coded(CodeEntry("bread"))
    coded(CodeEntry("0004000417025005"))
    for factor in (0, 1, limits.QUANTITY_MILLI_MAX, limits.QUANTITY_MILLI_MAX + 1):
        coded(CodeEntry("pack", 1, factor))
    for price in (-2, -1, 0, DEAREST, DEAREST + 1):
        coded(CodeEntry("pack", price))
    coded(CodeEntry("pack", -1, 10_000), price_minor=10_000_000)
    coded(CodeEntry("pack", -1, 10_001), price_minor=10_000_000)
    coded(CodeEntry("pack", 1, 10_001), price_minor=10_000_000)
    told.say(AddLine("pack"), RemoveItem("nothing"), RemoveItem("coded"), AddLine("pack"))
    told.title("Segments")
    builder = SegmentBuilder()
    builder.put_item(row_of(item("tea", "Tea", 200)))
    book = PriceBook.from_segment(builder.build())
    shop = told.shop
    told.say(InstallSegment("5e9", shop.books.catalog.version, 1, "tea.csv"))
    shop.books.segments = {"5e9": book}
    told.say(InstallSegment("5e8", shop.books.catalog.version, 1, "tea.csv"))
    told.say(InstallSegment("5e9", shop.books.catalog.version - 1, 1, "tea.csv"))
    told.say(InstallSegment("5e9", shop.books.catalog.version, 1, "tea.csv"))
    told.say(AddLine("", "tea"), AddLine("", "bread"))
    told.books()
    return told


def effects() -> Transcript:
    """Paper and drawers: asked for, begun, ended, too late."""
    told = Transcript(Shop.selling())
    told.title("A sale asks for both")
    told.say(AddLine("bread"), TenderCash(350), CompleteOrder())
    sale = f"c{told.shop.sent}"
    kick, paper = f"{sale}:1", f"{sale}:2"
    told.say(StartEffect("nothing"), FinishEffect("nothing", EffectOutcome.DONE))
    told.say(StartEffect(kick), StartEffect(paper))
    told.say(FinishEffect(kick, EffectOutcome.UNKNOWN, "nobody saw it"))
    told.say(FinishEffect(paper, EffectOutcome.FAILED, "no paper"), StartEffect(paper))
    told.say(FinishEffect(paper, EffectOutcome.UNKNOWN, letters(201)), StartEffect(paper))
    told.books()
    told.say(FinishEffect(paper, EffectOutcome.DONE), FinishEffect(paper, EffectOutcome.DONE))
    told.title("Too late")
    told.say(OpenDrawer("look"))
    late = f"c{told.shop.sent}:1"
    told.say(StartEffect(late), FinishEffect(late, EffectOutcome.FAILED), OpenDrawer("look"))
    late = f"c{told.shop.sent}:1"
    told.say(StartEffect(late, late=True), FinishEffect(late, EffectOutcome.EXPIRED, "too late"))
    told.title("Without cash, without a drawer, without anything")
    told.say(AddOpenLine("A", 0, "reduced"), StartTendering(), CompleteOrder())
    told.shop.given(RegisterDefined(RegisterSetup("1", "Front", "", "drawer/1")))
    told.say(AddLine("bread"), TenderCash(400), CompleteOrder())
    told.shop.given(RegisterDefined(RegisterSetup("1", "Front", "printer/1", "")))
    told.say(AddLine("bread"), TenderCash(400), CompleteOrder(), PayIn(1, "x"))
    told.shop.given(RegisterDefined(RegisterSetup("1", "Front")))
    told.say(AddLine("bread"), TenderCash(400), CompleteOrder())
    told.books()
    return told


def limits_reached() -> Transcript:
    """What there may be only so many of."""
    told = Transcript(Shop.selling())
    books = told.shop.books
    told.title("Lines, notes and tenders")
    told.say(AddLine("bread"))
    order = books.live.orders["c2"]
    note = Note(CUSTOMER, "x")
    notes = (note,) * (limits.NOTES_PER_ORDER_MAX - 2)
    books.live.orders["c2"] = attrs.evolve(order, notes=notes)
    told.say(*(AddNote(CUSTOMER, "x", line) for line in (0, 1, 0)))
    order = books.live.orders["c2"]
    lines = tuple(attrs.evolve(order.lines[0], line=n + 1) for n in range(499))
    books.live.orders["c2"] = attrs.evolve(order, lines=lines)
    told.say(AddLine("milk"), AddLine("milk"), AddReturnLine("c2", 1, 1000, "x"))
    told.title("People and roles")
    spare = limits.OPERATORS_MAX - len(books.staff.operators)
    told.shop.given(*(OperatorAdded(f"o{n}", "O", "cashier", "h") for n in range(spare - 1)))
    told.say(AddOperator("one", "One", "cashier", pin_hash="h"))
    told.say(AddOperator("two", "Two", "cashier", pin_hash="h"))
    spare = limits.ROLES_MAX - len(books.staff.roles)
    told.shop.given(*(RoleDefined(f"r{n}", ()) for n in range(spare - 1)))
    told.say(DefineRole("one", ()), DefineRole("two", ()), DefineRole("one", (Right.SELL,)))
    told.title("Open orders, and a disk nearly full")
    for number in range(limits.ORDERS_OPEN_MAX - 2):
        books.live.orders[f"x{number}"] = order
    told.say(OpenOrder("last"), register="2")
    told.say(SuspendOrder("park"), OpenOrder("over"))
    books.live.orders = {"last": books.live.orders["last"]}
    books.disk_nearly_full = True
    told.say(OpenOrder("full"), AddLine("bread"), AddReturnLine("c2", 1, 1000, "x"))
    told.say(AddLine("bread"), register="2")
    return told


def foreign_notes() -> Transcript:
    """Rates, notes for goods, change in the store's currency, a count for each currency."""
    told = Transcript(Shop.selling(cash_step_minor=5))
    dollars, yen = ForeignCurrency("USD", 921_000, 500), ForeignCurrency("JPY", 6_123)
    told.title("Rates")
    told.say(SetForeignCurrencies((attrs.evolve(dollars, currency="EUR"),)))
    told.say(SetForeignCurrencies((attrs.evolve(yen, currency="ZZZ"),)))
    told.say(SetForeignCurrencies((attrs.evolve(yen, rate_micros=0),)))
    told.say(SetForeignCurrencies((attrs.evolve(yen, note_minor=-1),)))
    told.say(SetForeignCurrencies((yen, yen)), SetForeignCurrencies((yen,) * 21))
    told.say(TenderForeign("USD", 500), SetForeignCurrencies((dollars, yen)))
    told.title("Notes")
    told.say(AddLine("wine"), TenderForeign("GBP", 500), TenderForeign("USD", 501))
    told.say(TenderForeign("USD", 0), TenderForeign("JPY", limits.AMOUNT_MINOR_MAX + 1))
    told.say(TenderForeign("USD", 500), UndoTender(1), TenderForeign("JPY", 500))
    told.say(TenderForeign("USD", 500), TenderForeign("USD", 500), TenderCash(100))
    told.say(CompleteOrder(), AddReturnLine("c10", 1, 1000, "corked"))
    told.say(TenderForeign("USD", 500), TenderCash(-800), CompleteOrder())
    told.title("Counted")
    one = (Denomination(500, 1),)
    told.say(CountTill((), (ForeignCount("GBP", one),)))
    told.say(CountTill((), (ForeignCount("USD", one), ForeignCount("USD", one))))
    told.say(CountTill((), (ForeignCount("USD", one * 2),)))
    told.say(CountTill((), (ForeignCount("USD", one),)), CloseTill(), CloseDay())
    told.books()
    return told


SCENES = {
    scene.__name__: scene
    for scene in (
        ringing, changing, paying, returning, till_and_day, people, store_rules, for_sale, effects,
        limits_reached, without_tax, foreign_notes,
    )
}  # fmt: skip
