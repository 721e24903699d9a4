"""A shop in memory for engine tests: given facts, when commands, then facts or a refusal."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from attrs import define, field

from engine.books import Books, decide, post
from engine.catalog import CodeEntry, Item, ItemChanged
from engine.decision import EVENTS, Approval, Command, Decision, Fact
from engine.document import Document
from engine.effects import EFFECTS, Print
from engine.order.commands import AddLine, CompleteOrder, StartTendering, TenderCash
from engine.order.state import Order
from engine.outbox import EffectRequested
from engine.record import HeadMark
from engine.requests import effects_of
from engine.settings import (
    RegisterDefined,
    RegisterSetup,
    RoundingMode,
    RoundingScope,
    StoreConfigured,
    StoreRules,
    TaxClass,
    TaxClassesSet,
)
from engine.staff import OperatorAdded, Right, RoleDefined, SignedOn
from engine.stamp import Stamp
from engine.till import Denomination, OpenTill
from engine.wire import canonical, parse
from native import PriceBook

START_NS = 1_795_000_000_000_000_000
CASHIER = tuple(
    r
    for r in Right
    if r
    in (
        Right.SELL,
        Right.OPEN_PRICE,
        Right.DISCOUNT,
        Right.VOID_LINE,
        Right.TILL,
        Right.REPRINT,
        Right.X_REPORT,
        Right.NO_SALE,
    )
)
EVERYTHING = tuple(r for r in Right if r not in (Right.EFFECTS, Right.NONE))


def rules(**changes: Any) -> StoreRules:
    """The test shop's rules; German food rates, prices with tax."""
    base: dict[str, Any] = {
        "name": "Corner Shop",
        "address": ("1 High Street",),
        "tax_number": "VAT 123",
        "currency": "EUR",
        "prices_include_tax": True,
        "rounding_scope": RoundingScope.RATE_DOCUMENT,
        "rounding_mode": RoundingMode.HALF_UP,
        "cash_step_minor": 1,
        "cash_mode": RoundingMode.HALF_UP,
        "time_zone": "Europe/Berlin",
        "cutoff_s": 4 * 3600,
        "language": "en",
        "receipt_footer": "Thank you",
    }
    return StoreRules(**{**base, **changes})


def item(item_id: str, name: str, price_minor: int, **changes: Any) -> Item:
    """An item whose code is its id."""
    base: dict[str, Any] = {
        "item_id": item_id,
        "name": name,
        "department": "Food",
        "tax_class": "reduced",
        "unit_price_micros": price_minor * 10_000,
        "codes": (CodeEntry(item_id),),
    }
    return Item(**{**base, **changes})


ITEMS = (
    item("bread", "Bread", 350),
    item("milk", "Milk", 129),
    item("wine", "Wine", 799, tax_class="standard", department="Drinks"),
    item("cheese", "Comté", 1299, unit="kg"),
    item("book", "Book", 1200, discountable=False),
    item("flowers", "Flowers", 0, open_price=True),
    item(
        "water",
        "Water",
        60,
        codes=(CodeEntry("4000417025005"), CodeEntry("case-water", 6_000_000, 12_000)),
    ),
)
TAXES = (
    TaxClass("standard", "VAT", 190_000, "A"),
    TaxClass("reduced", "VAT reduced", 70_000, "B"),
)


@define
class Shop:
    """Books with two registers, a cashier and a manager; commands get ids and a moving clock."""

    books: Books = field(factory=Books)
    now_ns: int = START_NS
    business_date: str = "2026-11-23"
    sent: int = 0
    facts: list[Fact] = field(factory=list)
    posted: list[tuple[Fact, Stamp]] = field(factory=list)

    @staticmethod
    def open(**changes: Any) -> Shop:
        """A shop with rules, items and people; nobody signed on yet."""
        shop = Shop()
        shop.given(
            StoreConfigured(rules(**changes)),
            TaxClassesSet(TAXES),
            RegisterDefined(RegisterSetup("1", "Front", "printer/1", "drawer/1", "display/1")),
            RegisterDefined(RegisterSetup("2", "Back")),
            RoleDefined("cashier", CASHIER),
            RoleDefined("manager", EVERYTHING),
            OperatorAdded("ana", "Ana", "cashier", "hash"),
            OperatorAdded("max", "Max", "manager", "hash"),
            *(ItemChanged(entry) for entry in ITEMS),
        )
        return shop

    @staticmethod
    def selling(operator: str = "max", **changes: Any) -> Shop:
        """An open shop with `operator` at register 1 and a float of 100.00 in its till."""
        shop = Shop.open(**changes)
        shop.given(SignedOn(operator, "1"), SignedOn("max", "2"))
        shop.ok(OpenTill((Denomination(1000, 10),)))
        return shop

    def stamp(self) -> Stamp:
        """The next moment, a second later."""
        self.now_ns += 1_000_000_000
        return Stamp(self.now_ns, 3600, self.business_date)

    def head(self) -> HeadMark:
        """What a journal of all facts so far would show on a receipt; its digits are made up."""
        position = len(self.posted)
        return HeadMark(position, sha256(str(position).encode()).hexdigest()[:8])

    def given(self, *events: Any, stream: str = "given") -> None:
        """Post facts as if they had happened."""
        for event in events:
            self._post(Fact(stream, event), self.stamp())

    def _post(self, fact: Fact, stamp: Stamp) -> None:
        post(self.books, fact, stamp)
        self.posted.append((fact, stamp))

    def when(
        self,
        body: Any,
        register: str = "1",
        *,
        approval: Approval | None = None,
        admin: bool = False,
    ) -> Decision:
        """Decide a command and post what it decides."""
        self.sent += 1
        operator = "system" if admin else self.books.staff.signed_on.get(register, "")
        command = Command(
            f"c{self.sent}", register, operator, body, self.stamp(), approval, self.head()
        )
        decision = decide(command, self.books)
        for fact in decision.facts:
            self._post(fact, command.stamp)
            self.facts.append(fact)
        for fact in effects_of(command, decision.facts, self.books):
            self._post(fact, command.stamp)
            self.facts.append(fact)
        return decision

    def ok(self, body: Any, register: str = "1", **how: Any) -> dict[str, Any]:
        """As `when`, and it is accepted; its answer."""
        decision = self.when(body, register, **how)
        assert decision.refused is None, f"{type(body).__name__}: {decision.refused}"
        return decision.answer

    def no(self, body: Any, register: str = "1", **how: Any) -> str:
        """As `when`, and it is refused; the code."""
        decision = self.when(body, register, **how)
        assert decision.refused is not None, f"{type(body).__name__} was accepted"
        return decision.refused.code

    def events(self, kind: type) -> list[Any]:
        """Every fact of a kind so far, oldest first."""
        return [fact.event for fact in self.facts if isinstance(fact.event, kind)]

    def refused(self, body: Any, register: str = "1", **how: Any) -> dict[str, Any]:
        """As `when`, and it is refused; the refusal's figures."""
        decision = self.when(body, register, **how)
        assert decision.refused is not None, f"{type(body).__name__} was accepted"
        return decision.refused.fields

    def ring(self, *codes: str, register: str = "1") -> str:
        """Scan codes one after the other; the order's id."""
        answers = [self.ok(AddLine(code), register) for code in codes]
        return str(answers[-1]["order_id"])

    def pay(self, amount_minor: int | None = None, register: str = "1") -> dict[str, Any]:
        """Take cash for the current order, exactly what is due unless told; complete it."""
        if amount_minor is None:
            amount_minor = self.ok(StartTendering(), register)["cash_due_minor"]
        if amount_minor:
            self.ok(TenderCash(amount_minor), register)
        return self.ok(CompleteOrder(), register)

    def sell(self, *codes: str, register: str = "1") -> str:
        """A whole sale paid exactly; the order's id."""
        order_id = self.ring(*codes, register=register)
        self.pay(register=register)
        return order_id

    def order(self, order_id: str) -> Order:
        """An order wherever it is."""
        places = (self.books.live.orders, self.books.training.orders, self.books.archive)
        return next(place[order_id] for place in places if order_id in place)

    def printed(self) -> list[Document]:
        """Every document asked of a printer so far, oldest first."""
        effects = [EFFECTS.unpack(event.effect) for event in self.events(EffectRequested)]
        return [effect.document for effect in effects if isinstance(effect, Print)]

    def replayed(self, segments: dict[str, PriceBook] | None = None) -> Books:
        """New books from everything that was posted, through stored form and back."""
        books = Books(segments=segments or {})
        for fact, stamp in self.posted:
            event = EVENTS.unpack(parse(canonical(EVENTS.pack(fact.event))))
            post(books, Fact(fact.stream, event, fact.training), stamp)
        return books
