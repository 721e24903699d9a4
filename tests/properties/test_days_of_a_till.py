"""Days of a shop with promotions, charges, discounts and every tender: each Z is what its receipts
say, and when all goods have come back every tax, promotion and price has, too."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.charge.decide import SetCharges
from engine.charge.model import ChargeKind, ChargeRule
from engine.coupon.model import CouponKind, CouponRule
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    ChangeQuantity,
    ChooseTender,
    CompleteOrder,
    CompLine,
    DiscountLine,
    DiscountOrder,
    OverridePrice,
    PresentCoupon,
    StartTendering,
    SuspendOrder,
)
from engine.order.events import OrderCompleted
from engine.order.figures import DiscountKind
from engine.order.state import Order
from engine.promotion.decide import SetPromotions
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Off,
    OffKind,
    Promotion,
    ReturnPolicy,
    Selection,
)
from engine.register import CloseDay, DayClosed, Totals
from engine.settlement.model import Acquirer, Presence, Rate
from engine.till import CloseTill, CountTill, Denomination, ForeignCount, OpenTill, PayIn, PayOut
from tests.clearing_shop import Clearing
from tests.draws import examples
from tests.link_shop import PROVIDER
from tests.properties.money_world import FLOAT_MINOR, REGISTERS
from tests.properties.test_money_any_order import GOODS, Cashiers

STEPS = 100
FREE = Off(OffKind.PERCENT, 1_000_000)
TENTH = Off(OffKind.PERCENT, 333_333)
FIFTH = Off(OffKind.PERCENT, 199_999)
FOOD = (Selection(("bread", "milk", "wine")),)
CHARGES = (
    ChargeRule("service", "Service", ChargeKind.SERVICE, 123_456, tax_class="standard"),
    ChargeRule("bag", "Bag", ChargeKind.FEE, amount_minor=35),
)
BANK = Acquirer("bank", "Bank", rates=(Rate(Presence.IN_PERSON, 9_000, 5),))
WEB = Acquirer("web", "Web", rates=(Rate(Presence.ONLINE, 14_000, 25),), providers=(PROVIDER,))


class Days(Cashiers):
    """Banks pay what was stored, so that all may come back."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.is_dark = False
        again = self.chance.choice(tuple(ReturnPolicy))
        trio = Promotion("trio", "3 for 2", Benefit(BenefitKind.BUY_GET, FREE, buy=2, get=1),
                         FOOD, returns=again, vendor_ppm=333_333)  # fmt: skip
        mail = CouponRule("mail", CouponKind.GENERIC, "MAIL")
        tenth = Promotion("mail", "Mail", Benefit(BenefitKind.CART, TENTH), (Selection(GOODS),),
                          coupon=mail, returns=self.chance.choice(tuple(ReturnPolicy)))  # fmt: skip
        by_card = Promotion("card", "By card", Benefit(BenefitKind.CART, FIFTH), FOOD,
                            tenders=("card",), returns=self.chance.choice(tuple(ReturnPolicy)),
                            vendor_ppm=500_000)  # fmt: skip
        self.shop.ok(SetPromotions((trio, tenth, by_card)), admin=True)
        self.shop.ok(SetCharges(self.chance.choice(((), CHARGES))), admin=True)
        self.clearing = Clearing(self.shop)
        self.clearing.terms(BANK, WEB)
        self.since: dict[str, list[OrderCompleted]] = {one: [] for one in REGISTERS}
        self.notes = {one: Counter[str]() for one in REGISTERS}

    def do(self, body: Any, register: str = "1", *, admin: bool = False) -> Any:
        decision = super().do(body, register, admin=admin)
        for fact in decision.facts:
            if isinstance(fact.event, OrderCompleted):
                event = fact.event
                self.since[event.register].append(event)
                for tender in event.tenders:
                    if tender.foreign is not None:
                        notes = self.notes[event.register]
                        notes[tender.foreign.currency] += tender.foreign.amount_minor
        return decision

    def bank_tells(self, payment_id: str, *, is_paid: bool) -> None:
        super().bank_tells(payment_id, is_paid=True)

    def day_ends(self, register: str) -> None:
        """Terminals go on."""

    def step(self) -> None:
        drawn, register = self.chance.random(), self.chance.choice("12")
        if drawn < 0.04:
            self.close(register)
        elif drawn < 0.08:
            minor = self.chance.randint(1, 2_000)
            goes_in = self.chance.random() < 0.6
            body = PayIn(minor, "x") if goes_in else PayOut(minor, "x")
            if self.do(body, register).refused is None:
                self.drawers[register] += minor if goes_in else -minor
        elif drawn < 0.2:
            self.do(self._cheaper(), register)
        else:
            super().step()

    def _bring_back(self, register: str) -> None:
        """Some pieces of some lines, or all of all."""
        sale = self.chance.choice(list(self.sold))
        is_whole = self.chance.random() < 0.4
        for line in self._left(self.shop.order(sale)):
            most_milli = line.quantity_milli - line.returned_milli
            if line.item.unit == "piece":
                some_milli = self.chance.randint(1, max(1, most_milli // 1_000)) * 1_000
            else:
                some_milli = self.chance.randint(1, most_milli)
            if is_whole or self.chance.random() < 0.5:
                back_milli = most_milli if is_whole else some_milli
                self.do(AddReturnLine(sale, line.line, back_milli, "x"), register)

    def _cheaper(self) -> Any:
        percent = DiscountKind.PERCENT
        return self.chance.choice(
            (
                PresentCoupon("MAIL"),
                DiscountLine(1, percent, 77_777, "x"),
                DiscountOrder(DiscountKind.AMOUNT, 33, "x"),
                DiscountOrder(percent, 111_111, "x"),
                AddLine("cheese", quantity_milli=self.chance.randint(1, 2_000)),
                AddLine("milk", quantity_milli=3_000),
                AddLine("wine", quantity_milli=2_000),
                ChangeQuantity(1, 3_000),
                CompLine(2, "x"),
                OverridePrice(1, self.chance.randint(1, 999) * 9_999, "x"),
                ChooseTender(self.chance.choice(("card", "card", ""))),
            )
        )

    def close(self, register: str) -> None:
        """Count the drawer, and make the Z; what is rung up goes on after it."""
        self.settle()
        order = self.shop.books.live.current(register)
        if order is not None and self.do(SuspendOrder("x"), register).refused is not None:
            return
        counted = tuple(
            ForeignCount(name, (Denomination(minor, 1),))
            for name, minor in self.notes[register].items() if minor
        )  # fmt: skip
        coins = (Denomination(self.drawers[register], 1),) if self.drawers[register] else ()
        self.shop.ok(CountTill(coins, counted), register)
        self.shop.ok(CloseTill(), register)
        is_nothing = self.shop.books.live.position(register).totals == Totals()
        if not is_nothing:
            self.shop.ok(CloseDay(), register)
            self.assert_says(self.shop.events(DayClosed)[-1].totals, register)
            self.since[register] = []
        self.shop.ok(OpenTill((Denomination(1000, 10),)), register)
        self.drawers[register] = FLOAT_MINOR
        self.notes[register].clear()

    def assert_says(self, totals: Totals, register: str) -> None:
        """The totals are what the receipts say, each added by hand."""
        sales, tenders, tips = self.since[register], Counter[str](), 0
        taxes: Counter[Any] = Counter()
        sold = back = 0
        for event in sales:
            rows = {row.line: row for row in event.figures.lines}
            for line in self.shop.order(event.order_id).lines:
                if line.line in rows and line.source is not None:
                    back -= rows[line.line].total_minor
                elif line.line in rows:
                    sold += rows[line.line].total_minor
            sold += sum(row.total_minor for row in event.figures.lines if row.line < 0)
            for tender in event.tenders:
                tenders[tender.kind] += tender.amount_minor
                tips += 0 if tender.card is None else tender.card.tip_minor
            tenders["cash"] -= event.change_minor
            for tax in event.figures.taxes:
                taxes[tax.rate_ppm] += tax.tax_minor
        assert (totals.sales, totals.gross_minor, totals.returned_minor) == (len(sales), sold, back)
        assert totals.total_minor == sold - back
        assert +Counter(totals.tenders) == +tenders
        assert -Counter(totals.tenders) == -tenders
        assert sum(totals.tenders.values()) == totals.total_minor + totals.rounding_minor
        assert sum(totals.tips.values()) == tips
        told: Counter[Any] = Counter()
        for tax in totals.taxes:
            told[tax.rate_ppm] += tax.tax_minor
        assert (+told, -told) == (+taxes, -taxes)
        assert totals.tax_minor == sum(taxes.values())
        assert totals.over_short_minor == 0
        assert not [one for one in totals.foreign if one.over_short_minor]
        assert totals.promotion_minor == sum(row.amount_minor for row in totals.promotions)

    # ------------------------------------------------------------------------- all comes back

    def bring_all_back(self) -> None:
        """Every line and charge that can be."""
        for sale in list(self.sold):
            for line in self._left(self.shop.order(sale)):
                left_milli = line.quantity_milli - line.returned_milli
                self.do(AddReturnLine(sale, line.line, left_milli, "x"))
            # What cost nothing brings nothing.
            self.do(StartTendering())
            self.do(CompleteOrder())
            self.end_all()

    @staticmethod
    def _left(sale: Order) -> list[Any]:
        return [
            line
            for line in (*sale.live_lines(), *sale.charges)
            if line.source is None and line.quantity_milli > line.returned_milli
        ]

    def assert_all_is_back(self) -> None:
        """Of each sale but those whose cards did not pay, or have money back by no return."""
        if any(map(self._left, map(self.shop.order, self.sold))):
            for sale in map(self.shop.order, self.sold):
                is_sound = not sale.unpaid and all("/" not in one.by_order for one in sale.refunded)
                assert not (is_sound and self._left(sale)), "what was paid comes back"
            return
        sums: Counter[Any] = Counter()
        for event in self.sold.values():
            sums["total"] += event.figures.total_minor
            for tax in event.figures.taxes:
                sums["tax", tax.rate_ppm] += tax.tax_minor
                sums["base", tax.rate_ppm] += tax.base_minor
            for row in event.figures.lines:
                for one in row.promotions:
                    sums["promotion", one.promotion] += one.amount_minor
                    sums["vendor", one.promotion] += one.vendor_minor
            for share in event.figures.promotions_back:
                sums["promotion", share.promotion] += share.amount_minor
                sums["vendor", share.promotion] += share.vendor_minor
        assert not {key: minor for key, minor in sums.items() if minor}

    def assert_clearing_agrees(self) -> None:
        """Banks and provider have what clearing says, for the fees of the rate card: those of what
        was taken and not taken back."""
        accounts = {one.acquirer: one for one in self.clearing.view().acquirers}
        kept = [
            minor
            for payment_id, minor in self.bank.items()
            if minor > 0 and payment_id not in (*self.undoes, *self.undoes.values())
        ]
        paid = [minor for minor in self.provider.values() if minor > 0]
        really = {
            "bank": (self.bank_minor(), sum(_fee_minor(minor, 9, 5) for minor in kept)),
            "web": (sum(self.provider.values()), sum(_fee_minor(minor, 14, 25) for minor in paid)),
        }
        for acquirer, (captured_minor, fee_minor) in really.items():
            told = accounts.get(acquirer)
            sums = (0, 0) if told is None else (told.captured_minor, told.fee_expected_minor)
            assert (captured_minor, fee_minor) == sums


def _fee_minor(minor: int, thousandths: int, fixed_minor: int) -> int:
    """A part of an amount, halves up, and a fixed part."""
    return (2 * minor * thousandths + 1_000) // 2_000 + fixed_minor


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_z_is_its_receipts_and_all_comes_back(seed: int) -> None:
    """Two registers, some days, and then everybody brings back everything."""
    days = Days(seed)
    for _ in range(STEPS):
        days.step()
    days.end_all()
    days.assert_clearing_agrees()
    days.bring_all_back()
    for register in REGISTERS:
        days.assert_says(days.shop.books.live.position(register).totals, register)
    days.assert_all_is_back()
