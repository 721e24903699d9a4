"""Two registers, any commands in any order: the books agree with a schoolbook after each one."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.books import decide
from engine.decision import Command, Decision
from engine.image import state_hash
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    ChangeQuantity,
    CompleteOrder,
    DiscountLine,
    DiscountOrder,
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
)
from engine.order.events import (
    OrderCompleted,
)
from engine.order.figures import DiscountKind, LineFigures
from engine.order.state import Order
from engine.register import CloseDay, DayClosed, EndTraining, StartTraining, Totals
from engine.till import CloseTill, CountTill, Denomination, OpenDrawer, OpenTill, PayIn, PayOut
from tests.draws import examples
from tests.properties.journaled_shop import JournaledShop
from tests.properties.naive_shop import (
    NaiveCash,
    NaiveDay,
    NaiveLine,
    NaiveOrder,
    NaiveSide,
    NaiveTill,
    nearest,
)
from tests.shop import Shop

PERCENT, AMOUNT = DiscountKind.PERCENT, DiscountKind.AMOUNT
GOODS = {
    "bread": (350, "reduced", True),
    "milk": (129, "reduced", True),
    "wine": (799, "standard", True),
    "cheese": (1299, "reduced", True),
    "book": (1200, "reduced", False),
}
REGISTERS = st.sampled_from(("1", "2"))
LINES = st.integers(1, 6)
WITHIN = "return_must_be_within_sold"
FULL = WITHIN, "return_must_be_what_was_paid"


class TwoRegisters(RuleBasedStateMachine):
    """Sends commands to the books and does the same sums beside them, its own way."""

    @initialize(inclusive=st.booleans(), step=st.sampled_from((1, 5, 10)))
    def open_shop(self, inclusive: bool, step: int) -> None:
        """A float of 100.00 in the first drawer and none in the second."""
        self.inclusive, self.step = inclusive, step
        self.shop = self.make_shop()
        self.shop.ok(OpenTill(()), "2")
        self.sides = {False: NaiveSide({"1": NaiveTill([10_000]), "2": NaiveTill()})}
        self.sides[True] = NaiveSide()
        self.practising: set[str] = set()
        for register in ("1", "2"):
            self.scan(register, "bread", 3)
            self.scan(register, "wine", 2)
            self.discount_order(register, percent=False, value=101)
            self.settle(register, "exact", again=False)

    def make_shop(self) -> Shop | JournaledShop:
        """Books in memory that decide what is sent, once."""
        return Shop.selling(prices_include_tax=self.inclusive, cash_step_minor=self.step)

    # ------------------------------------------------------------------------------- helpers

    def decide_twice(self, body: Any, register: str) -> None:
        """Deciding is the same twice and changes nothing."""
        before = state_hash(self.shop.books)
        command = Command("dry", register, "max", body, self.shop.stamp())
        first, second = (decide(command, self.shop.books) for _ in range(2))
        assert first == second
        assert state_hash(self.shop.books) == before

    def send(self, body: Any, register: str) -> Decision:
        """Decide twice without effect, then for good; a refusal changes nothing."""
        self.decide_twice(body, register)
        before = state_hash(self.shop.books)
        decision = self.shop.when(body, register)
        if decision.refused is not None:
            assert state_hash(self.shop.books) == before
        return decision

    def refused(self, body: Any, register: str) -> str:
        """Send what must be refused; the code."""
        decision = self.send(body, register)
        assert decision.refused is not None, f"{body} was accepted"
        return decision.refused.code

    def accepted(self, body: Any, register: str) -> dict[str, Any]:
        """Send what must be accepted; the answer."""
        decision = self.send(body, register)
        assert decision.refused is None, f"{body}: {decision.refused}"
        return decision.answer

    def side(self, register: str) -> NaiveSide:
        """The schoolbook a register writes in now."""
        return self.sides[register in self.practising]

    def pick(self, register: str, which: int) -> str:
        """One of the completed orders."""
        sold = self.side(register).sold
        return sold[which % len(sold)]

    def order(self, register: str) -> NaiveOrder | None:
        """The schoolbook's current order."""
        entry = self.side(register).current.get(register)
        return None if entry is None else entry[1]

    def total(self, order: NaiveOrder) -> int:
        """What the schoolbook makes of an order."""
        return order.total(inclusive=self.inclusive)

    def changeable(self, register: str, body: Any) -> NaiveOrder | None:
        """The order a change may reach; where there is none, the change is refused."""
        order = self.order(register)
        if order is None:
            assert self.refused(body, register) == "order_must_be_open"
            return None
        if order.tendering:
            assert self.refused(body, register) == "order_must_not_be_tendering"
            return None
        return order

    def line(self, order: NaiveOrder, number: int) -> NaiveLine | None:
        """A line that counts."""
        if number > len(order.lines) or not order.lines[number - 1].live:
            return None
        return order.lines[number - 1]

    def sale_line(self, register: str, body: Any) -> NaiveLine | None:
        """The sale line a change means, or None after checking why it is refused."""
        order = self.changeable(register, body)
        if order is None:
            return None
        line = self.line(order, body.line)
        if line is None:
            assert self.refused(body, register) == "line_must_exist"
        elif line.fixed is not None:
            assert self.refused(body, register) == "line_must_not_be_a_return"
            return None
        return line

    def count_coins(self, register: str) -> None:
        """What coins pay of the order, which stands from when its figures freeze."""
        side = self.side(register)
        order_id, order = side.current[register]
        if not order.tendering:
            side.settle_coins(order_id, order, self.total(order), self.step)

    def is_counted_otherwise(self, register: str) -> bool:
        """Whether something else had gone back of its sales when its coins were counted."""
        side = self.side(register)
        order_id, order = side.current[register]
        return self.step > 1 and order.went != side.went(order_id, order)

    def note_back(self, register: str, total: int) -> None:
        """Money that goes back is of its sales from the moment it is on the counter."""
        side = self.side(register)
        order_id, order = side.current[register]
        if total < 0:
            for sale, back in side.backs(order_id, order, total, self.step).items():
                side.cash[sale].gone[order_id] = back

    def totals_agree(self, answer: dict[str, Any], register: str) -> None:
        """The answer's total is the schoolbook's."""
        order = self.order(register)
        assert order is not None
        assert answer["total_minor"] == self.total(order)

    # ------------------------------------------------------------------------------ ringing up

    def ring(self, body: Any, line: NaiveLine, register: str) -> None:
        """A new line, on a new order where there is none."""
        order = self.order(register)
        if order is not None and order.tendering:
            assert self.refused(body, register) == "order_must_not_be_tendering"
            return
        answer = self.accepted(body, register)
        if order is None:
            order = NaiveOrder()
            self.side(register).current[register] = (answer["order_id"], order)
        order.lines.append(line)
        assert answer["line"] == len(order.lines)
        self.totals_agree(answer, register)

    @rule(register=REGISTERS, code=st.sampled_from(sorted(GOODS)), count=st.integers(1, 12))
    def scan(self, register: str, code: str, count: int) -> None:
        """Some pieces, or some grams of cheese."""
        price, tax_class, discountable = GOODS[code]
        quantity_milli = count * 83 if code == "cheese" else count * 1000
        line = NaiveLine(code, price, quantity_milli, tax_class, discountable)
        self.ring(AddLine(code, "", quantity_milli), line, register)

    @rule(register=REGISTERS, price=st.integers(0, 3_000), standard=st.booleans())
    def type_in(self, register: str, price: int, standard: bool) -> None:
        """A typed name and price."""
        tax_class = "standard" if standard else "reduced"
        line = NaiveLine("", price, 1000, tax_class)
        self.ring(AddOpenLine("Thing", price * 10_000, tax_class), line, register)

    @rule(register=REGISTERS)
    def scan_unknown(self, register: str) -> None:
        """A code nobody knows changes nothing."""
        order = self.order(register)
        code = self.refused(AddLine("unknown"), register)
        tendering = order is not None and order.tendering
        assert code == ("order_must_not_be_tendering" if tendering else "code_must_be_known")

    @rule(register=REGISTERS, number=LINES, count=st.integers(1, 9))
    def change_quantity(self, register: str, number: int, count: int) -> None:
        """Another number of pieces."""
        body = ChangeQuantity(number, count * 1000)
        line = self.sale_line(register, body)
        if line is not None:
            answer = self.accepted(body, register)
            line.quantity_milli = count * 1000
            self.totals_agree(answer, register)

    @rule(register=REGISTERS, number=LINES, price=st.integers(0, 2_000))
    def override(self, register: str, number: int, price: int) -> None:
        """Another price."""
        body = OverridePrice(number, price * 10_000, "dent")
        line = self.sale_line(register, body)
        if line is not None:
            answer = self.accepted(body, register)
            line.price_minor = price
            self.totals_agree(answer, register)

    @rule(register=REGISTERS, number=LINES, percent=st.booleans(), value=st.integers(0, 900))
    def discount_line(self, register: str, number: int, percent: bool, value: int) -> None:
        """Some tenths of a percent, or an amount, off a line."""
        body = DiscountLine(number, PERCENT, value * 1000) if percent else (
            DiscountLine(number, AMOUNT, value)
        )  # fmt: skip
        line = self.sale_line(register, body)
        if line is None:
            return
        if not line.discountable and value:
            assert self.refused(body, register) == "line_must_be_discountable"
            return
        answer = self.accepted(body, register)
        line.percent_ppm = value * 1000 if percent else 0
        line.off_minor = 0 if percent else value
        self.totals_agree(answer, register)

    @rule(register=REGISTERS, percent=st.booleans(), value=st.integers(0, 999))
    def discount_order(self, register: str, percent: bool, value: int) -> None:
        """Some tenths of a percent, or an amount, off everything."""
        body = DiscountOrder(PERCENT, value * 1000) if percent else DiscountOrder(AMOUNT, value)
        order = self.changeable(register, body)
        if order is not None:
            answer = self.accepted(body, register)
            order.percent_ppm = value * 1000 if percent else 0
            order.off_minor = 0 if percent else value
            self.totals_agree(answer, register)

    @rule(register=REGISTERS, number=LINES)
    def void_line(self, register: str, number: int) -> None:
        """A line is taken out, a return line too."""
        order = self.changeable(register, VoidLine(number))
        if order is None:
            return
        line = self.line(order, number)
        if line is None:
            assert self.refused(VoidLine(number), register) == "line_must_exist"
            return
        answer = self.accepted(VoidLine(number), register)
        line.live = False
        self.totals_agree(answer, register)

    @rule(register=REGISTERS)
    def void_order(self, register: str) -> None:
        """The whole order is given up, unless money is on it."""
        order = self.order(register)
        if order is None:
            assert self.refused(VoidOrder("left"), register) == "order_must_be_open"
        elif order.tenders:
            assert self.refused(VoidOrder("left"), register) == "tenders_must_be_undone"
        else:
            self.accepted(VoidOrder("left"), register)
            del self.side(register).current[register]
            self.side(register).days[register].voided_orders += 1

    # --------------------------------------------------------------------------------- parking

    @rule(register=REGISTERS)
    def park(self, register: str) -> None:
        """Parked where lines are on it."""
        order = self.changeable(register, SuspendOrder())
        if order is None:
            return
        if not order.live():
            assert self.refused(SuspendOrder(), register) == "lines_must_be_present"
            return
        order_id = self.accepted(SuspendOrder(), register)["order_id"]
        assert self.side(register).current.pop(register)[0] == order_id
        self.side(register).parked[order_id] = order

    @rule(register=REGISTERS, which=st.integers(0, 9))
    def take_up(self, register: str, which: int) -> None:
        """Any register takes up a parked order with the total it had."""
        if not self.side(register).parked:
            return
        order_id = sorted(self.side(register).parked)[which % len(self.side(register).parked)]
        if register in self.side(register).current:
            assert self.refused(ResumeOrder(order_id), register) == "order_must_not_be_open"
            return
        answer = self.accepted(ResumeOrder(order_id), register)
        self.side(register).current[register] = (order_id, self.side(register).parked.pop(order_id))
        self.totals_agree(answer, register)

    # ---------------------------------------------------------------------------- goods come back

    @rule(register=REGISTERS, which=st.integers(0, 9), number=LINES, count=st.integers(1, 4))
    def bring_back(self, register: str, which: int, number: int, count: int) -> None:
        """Part of a sold line, while it is not all back; the money is never more than was paid."""
        if not self.side(register).sold:
            return
        order_id = self.pick(register, which)
        original = self.shop.order(order_id)
        line = original.line_at(number)
        if line is None or line.source is not None:
            return
        quantity_milli = count * (83 if line.item.unit == "kg" else 1000)
        body = AddReturnLine(order_id, number, quantity_milli, "no need")
        order = self.order(register)
        if order is not None and order.tendering:
            assert self.refused(body, register) == "order_must_not_be_tendering"
            return
        source = (order_id, number)
        mine = [] if order is None else [
            entry for entry in order.live() if entry.source == source
        ]  # fmt: skip
        side = self.side(register)
        before_milli = side.back_milli.get(source, 0)
        gone = before_milli + sum(entry.quantity_milli for entry in mine)
        if gone + quantity_milli > side.sold_milli[source]:
            assert self.refused(body, register) == "return_must_be_within_sold"
            return
        answer = self.accepted(body, register)
        if order is None:
            order = NaiveOrder()
            self.side(register).current[register] = (answer["order_id"], order)
        assert answer["total_minor"] <= 0
        added = self.shop.order(answer["order_id"]).lines[-1]
        assert added.source is not None
        back = NaiveLine(line.item.item_id, 0, quantity_milli, line.item.tax_class)
        back.fixed, back.fixed_tax = answer["total_minor"], added.source.tax_minor
        back.source, back.back_before_milli = source, before_milli
        order.lines.append(back)

    # ---------------------------------------------------------------------------------- paying

    @rule(register=REGISTERS)
    def start_paying(self, register: str) -> None:
        """The figures freeze."""
        order = self.changeable(register, StartTendering())
        if order is None:
            return
        if not order.live():
            assert self.refused(StartTendering(), register) == "lines_must_be_present"
            return
        decision = self.send(StartTendering(), register)
        late = self.side(register).too_late(order)
        self.count_coins(register)
        if decision.refused is not None:
            assert decision.refused.code in late
            return
        assert WITHIN not in late
        order.tendering = True
        self.totals_agree(decision.answer, register)
        assert decision.answer["cash_due_minor"] == order.in_coins(self.total(order), self.step)

    @rule(register=REGISTERS)
    def stop_paying(self, register: str) -> None:
        """The figures thaw once every tender is back."""
        order = self.order(register)
        if order is None:
            assert self.refused(UndoTendering(), register) == "order_must_be_open"
        elif not order.tendering:
            assert self.refused(UndoTendering(), register) == "order_must_be_tendering"
        elif order.tenders:
            assert self.refused(UndoTendering(), register) == "tenders_must_be_undone"
        else:
            self.accepted(UndoTendering(), register)
            order.tendering = False

    @rule(register=REGISTERS, how=st.sampled_from(("exact", "exact", "part", "over")))
    def hand_over(self, register: str, how: str) -> None:
        """Cash is taken where something is due, and paid out only to the cent."""
        order = self.order(register)
        if order is None or not order.live() or len(order.tenders) >= 20:
            return
        self.count_coins(register)
        total = self.total(order)
        due, exact = order.due(total, self.step), order.in_coins(total, self.step)
        amount = {"exact": exact, "part": nearest(Fraction(due, 3)), "over": exact + 1_000}[how]
        decision = self.send(TenderCash(amount), register)
        code = None if decision.refused is None else decision.refused.code
        late = self.side(register).too_late(order)
        is_other = due < 0 and self.is_counted_otherwise(register)
        if code in FULL:
            assert code in late or (is_other and code != WITHIN)
            return
        assert not is_other
        if due == 0 or (total > 0) != (due > 0):
            assert code == "amount_must_still_be_due"
        elif due < 0 and amount != exact:
            assert code == "refund_must_be_exact"
        elif due > 0 and amount <= 0 and exact > 0:
            assert code == "amount_must_be_positive"
        else:
            assert code is None
            order.tendering = True
            self.note_back(register, total)
            order.tenders[decision.answer["tender"]] = amount
            assert decision.answer["rounding_minor"] == order.rounding(total, self.step)
            left = order.due(total, self.step)
            assert decision.answer["due_minor"] == (max(left, 0) if due > 0 else left)

    @rule(register=REGISTERS, which=st.integers(1, 4))
    def hand_back(self, register: str, which: int) -> None:
        """A tender goes back before the sale is over."""
        order = self.order(register)
        if order is None or not order.tendering:
            return
        if which not in order.tenders:
            assert self.refused(UndoTender(which), register) == "tender_must_exist"
            return
        answer = self.accepted(UndoTender(which), register)
        assert answer["returned_minor"] == order.tenders.pop(which)
        for cash in self.side(register).cash.values():
            cash.gone.pop(self.side(register).current[register][0], None)

    @rule(register=REGISTERS)
    def complete(self, register: str) -> None:
        """The sale is over when nothing is due: the next number, the change, the drawer."""
        entry = self.side(register).current.get(register)
        if entry is None or not entry[1].tendering:
            expected = "order_must_be_open" if entry is None else "order_must_be_tendering"
            assert self.refused(CompleteOrder(), register) == expected
            return
        order_id, order = entry
        total = self.total(order)
        left = order.due(total, self.step)
        decision = self.send(CompleteOrder(), register)
        code = None if decision.refused is None else decision.refused.code
        late = self.side(register).too_late(order)
        if code in FULL:
            assert code in late
            return
        if left > 0 or (left < 0 and (total < 0 or not order.tenders)):
            assert code == "order_must_be_paid"
            return
        assert code is None
        assert WITHIN not in late
        self.completed(register, order_id, order, decision.answer)

    def completed(
        self, register: str, order_id: str, order: NaiveOrder, answer: dict[str, Any]
    ) -> None:
        """The frozen figures and every sum that follows from them."""
        total = self.total(order)
        rounding = order.rounding(total, self.step)
        handed = sum(order.tenders.values())
        change = handed - total - rounding
        self.side(register).receipts[register] += 1
        series = "T" if register in self.practising else ""
        assert answer == {
            "order_id": order_id,
            "receipt_number": f"{series}{register}-{self.side(register).receipts[register]:06d}",
            "total_minor": total,
            "rounding_minor": rounding,
            "change_minor": change,
        }
        figures = self.shop.order(order_id).figures
        assert figures is not None
        assert sum(row.total_minor for row in figures.lines) == total
        assert sum(row.base_minor + row.tax_minor for row in figures.taxes) == total
        taxes: dict[str, int] = {}
        for row in figures.taxes:
            taxes[row.tax_class] = taxes.get(row.tax_class, 0) + row.tax_minor
        assert taxes == order.taxes(inclusive=self.inclusive)
        assert total + rounding == handed - change
        if order.tenders:
            self.side(register).tills[register].moves.append(handed - change)
        day = self.side(register).days[register]
        day.sales.append(total)
        day.rounding += rounding
        day.cash += handed - change
        self.side(register).grand[register] += total
        self.side(register).complete(order_id, order)
        goods = -sum(line.fixed or 0 for line in order.live())
        worth = max(goods, nearest(Fraction(goods, self.step)) * self.step)
        cash = NaiveCash(max(0, total) + goods, handed - change + worth)
        self.side(register).cash[order_id] = cash
        del self.side(register).current[register]

    @rule(register=REGISTERS, which=st.integers(0, 9))
    def print_again(self, register: str, which: int) -> None:
        """A copy takes no number and moves no money."""
        if self.side(register).sold:
            self.accepted(
                ReprintReceipt(self.pick(register, which)),
                register,
            )

    @rule(register=REGISTERS, how=st.sampled_from(("exact", "over")), again=st.booleans())
    def settle(self, register: str, how: str, again: bool) -> None:
        """What is on the register is paid and completed at once."""
        self.hand_over(register, how)
        order = self.order(register)
        if again and order is not None and order.due(self.total(order), self.step) > 0:
            self.hand_over(register, "exact")
        if order is not None and not order.tendering:
            self.start_paying(register)
        self.complete(register)

    @rule(
        register=REGISTERS,
        which=st.integers(0, 9),
        number=st.integers(1, 3),
        count=st.integers(1, 2),
    )
    def bring_back_at_once(self, register: str, which: int, number: int, count: int) -> None:
        """A refund from goods on the counter to money in the hand."""
        if self.order(register) is None:
            self.bring_back(register, which, number, count)
            self.settle(register, "exact", again=False)

    # ------------------------------------------------------------------------------ the drawer

    @rule(register=REGISTERS, amount=st.integers(1, 20_000), pay_in=st.booleans())
    def move_money(self, register: str, amount: int, pay_in: bool) -> None:
        """In always, out while it is there."""
        till, day = self.side(register).tills[register], self.side(register).days[register]
        body = PayIn(amount, "x") if pay_in else PayOut(amount, "x")
        if not pay_in and amount > till.expected():
            assert self.refused(body, register) == "amount_must_be_in_till"
            return
        self.accepted(body, register)
        till.moves.append(amount if pay_in else -amount)
        day.paid_in += amount if pay_in else 0
        day.paid_out += 0 if pay_in else amount

    @rule(register=REGISTERS)
    def no_sale(self, register: str) -> None:
        """The drawer opens and is counted."""
        self.accepted(OpenDrawer("look"), register)
        self.side(register).days[register].no_sales += 1

    @rule(register=REGISTERS, counted=st.integers(0, 30_000), close_day=st.booleans())
    def count(self, register: str, counted: int, close_day: bool) -> None:
        """Count, close, perhaps the Z, and the next session with what was counted."""
        order, till, day = (
            self.order(register),
            self.side(register).tills[register],
            self.side(register).days[register],
        )
        sheet = (Denomination(1, counted),)
        if order is not None and order.tendering:
            assert self.refused(CountTill(sheet), register) == "order_must_not_be_tendering"
            return
        answer = self.accepted(CountTill(sheet), register)
        assert answer["expected_minor"] == till.expected()
        closed = self.accepted(CloseTill(), register)
        assert closed["difference_minor"] == counted - till.expected()
        day.over_short += counted - till.expected()
        if close_day:
            self.close_day(register, order is not None)
        self.accepted(OpenTill(sheet), register)
        self.side(register).tills[register] = NaiveTill([counted])

    def close_day(self, register: str, order_is_open: bool) -> None:
        """The Z holds the sums of everything since the last one, once."""
        if order_is_open:
            assert self.refused(CloseDay(), register) == "order_must_not_be_open"
            return
        answer = self.accepted(CloseDay(), register)
        self.side(register).z_numbers[register] += 1
        day = self.side(register).days[register]
        assert answer["z_number"] == self.side(register).z_numbers[register]
        assert answer["total_minor"] == sum(day.sales)
        event = self.shop.events(DayClosed)[-1]
        assert event.grand_total_minor == self.side(register).grand[register]
        self.side(register).days[register] = NaiveDay()
        assert self.refused(CloseDay(), register) == "day_must_have_business"

    @rule(register=REGISTERS)
    def practise(self, register: str) -> None:
        """Training begins or ends between two orders; it has books and a till of its own."""
        is_on = register in self.practising
        wanted, wrong = (
            (EndTraining(), StartTraining()) if is_on else (StartTraining(), EndTraining())
        )
        if self.order(register) is not None:
            assert self.refused(wanted, register) == "order_must_not_be_open"
            return
        code = "training_must_not_be_on" if is_on else "training_must_be_on"
        assert self.refused(wrong, register) == code
        self.accepted(wanted, register)
        self.practising ^= {register}
        if register not in self.side(register).tills:
            assert self.refused(OpenDrawer("look"), register) == "till_must_be_open"
            self.accepted(OpenTill((Denomination(500, 1),)), register)
            self.side(register).tills[register] = NaiveTill([500])

    # ------------------------------------------------------------------------------ always so

    @invariant()
    def drawers_agree(self) -> None:
        """Expected = float + cash sales - refunds + in - out, in every drawer."""
        for training, side in self.kept():
            for register, till in side.tills.items():
                books = self.shop.books.side(training=training)
                assert books.till(register).expected_minor() == till.expected()

    @invariant()
    def totals_add_up(self) -> None:
        """Running totals are the sums of completed sales; tenders are total and rounding."""
        for training, side in self.kept():
            books = self.shop.books.side(training=training)
            for register, day in side.days.items():
                position = books.position(register)
                totals_agree(position.totals, day)
                assert position.next_receipt == side.receipts[register] + 1
                assert position.grand_total_minor == side.grand[register]

    @invariant()
    def nothing_is_refunded_twice(self) -> None:
        """Of every sold line no more came back than was sold, and no more than was paid for it."""
        for _, side in self.kept():
            for order_id in side.sold:
                returned_agree(self.shop.order(order_id), side)

    def kept(self) -> Iterator[tuple[bool, NaiveSide]]:
        """Both schoolbooks, once there are any."""
        yield from getattr(self, "sides", {}).items()

    def teardown(self) -> None:
        """Receipt numbers have no gap, and the day replayed is the same day."""
        if not hasattr(self, "sides"):
            return
        sales = [fact for fact in self.shop.facts if isinstance(fact.event, OrderCompleted)]
        for training, side in self.kept():
            for register, count in side.receipts.items():
                numbers = [
                    fact.event.receipt_sequence
                    for fact in sales
                    if (fact.training, fact.event.register) == (training, register)
                ]
                assert numbers == list(range(1, count + 1))
        assert state_hash(self.shop.replayed()) == state_hash(self.shop.books)


def totals_agree(totals: Totals, day: NaiveDay) -> None:
    """A register's running totals are what its schoolbook says."""
    assert (totals.sales, totals.total_minor) == (len(day.sales), sum(day.sales))
    assert totals.gross_minor - totals.returned_minor == totals.total_minor
    assert sum(totals.tenders.values()) == totals.total_minor + totals.rounding_minor
    assert (totals.rounding_minor, totals.tenders.get("cash", 0)) == (day.rounding, day.cash)
    assert (totals.paid_in_minor, totals.paid_out_minor) == (day.paid_in, day.paid_out)
    assert (totals.no_sales, totals.voided_orders) == (day.no_sales, day.voided_orders)
    assert totals.over_short_minor == day.over_short
    assert sum(row.total_minor for row in totals.taxes) == totals.total_minor
    assert sum(row.tax_minor for row in totals.taxes) == totals.tax_minor


def returned_agree(original: Order, side: NaiveSide) -> None:
    """What came back of a sale is what the schoolbook says, and the last of it brings the rest."""
    assert original.figures is not None
    rows = {row.line: row for row in original.figures.lines}
    for line in original.live_lines():
        if line.source is None:
            row = rows[line.line]
            assert line.returned_milli == side.back_milli.get((original.id, line.line), 0)
            assert 0 <= line.returned_milli <= line.quantity_milli
            assert 0 <= line.returned_total_minor <= row.total_minor
            if line.returned_milli == line.quantity_milli:
                assert line.returned_total_minor == row.total_minor
                assert line.returned_tax_minor == row.tax_minor


TestTwoRegisters = pytest.mark.feature("CSH-03")(
    pytest.mark.feature("CHK-09")(TwoRegisters.TestCase)
)
TestTwoRegisters.settings = settings(max_examples=examples(40), stateful_step_count=40)


def test_the_schoolbook_rounds_what_comes_back_piece_by_piece_once() -> None:
    """Two loaves of one sale, one after the other, while a third is on another counter: the second
    brings 3.40, since both together come to 6.73, and the schoolbook had said 3.35."""
    state = TwoRegisters()
    state.open_shop(inclusive=True, step=5)
    state.bring_back(count=1, number=1, register="2", which=0)
    for _ in range(2):
        state.bring_back_at_once(count=1, number=1, register="1", which=0)
    given = [one.coins_minor for one in state.shop.order(state.side("1").sold[0]).refunded]
    assert [335, 340] == given
    state.hand_over("2", "exact")
    state.drawers_agree()
    state.totals_add_up()
    state.nothing_is_refunded_twice()
    state.teardown()


# ------------------------------------------------------------------------ returns of one sale


def _row(rows: tuple[LineFigures, ...], line: int) -> LineFigures:
    return next(row for row in rows if row.line == line)


@pytest.mark.feature("CHK-09")
@pytest.mark.feature("NEW-06", part="by line, total and tax")
@settings(max_examples=examples(80))
@given(
    data=st.data(),
    goods=st.lists(
        st.tuples(st.sampled_from(sorted(GOODS)), st.integers(1, 7)), min_size=1, max_size=4
    ),
    off=st.integers(0, 900),
    inclusive=st.booleans(),
)
def test_any_order_of_partial_returns_ends_exactly(
    data: st.DataObject, goods: list[tuple[str, int]], off: int, inclusive: bool
) -> None:
    """However a sale comes back, by line, total and tax exactly what was paid is paid out."""
    shop = Shop.selling(prices_include_tax=inclusive)
    for code, count in goods:
        quantity_milli = count * 457 if code == "cheese" else count * 1000
        order_id = shop.ok(AddLine(code, "", quantity_milli))["order_id"]
    shop.ok(DiscountOrder(AMOUNT, off))
    shop.pay()
    sold = shop.order(order_id)
    left = {line.line: line.quantity_milli for line in sold.lines}
    while any(left.values()):
        number = data.draw(st.sampled_from([number for number, rest in left.items() if rest]))
        step = 457 if sold.lines[number - 1].item.unit == "kg" else 1000
        quantity_milli = step * data.draw(st.integers(1, left[number] // step))
        answer = shop.ok(AddReturnLine(order_id, number, quantity_milli, "x"))
        left[number] -= quantity_milli
        back = shop.books.live.current("1")
        assert back is not None
        assert answer["total_minor"] <= 0
        if data.draw(st.booleans()):
            shop.pay()
    if shop.books.live.current("1") is not None:
        shop.pay()
    done = shop.order(order_id)
    assert done.figures is not None
    for line in done.lines:
        row = _row(done.figures.lines, line.line)
        assert line.returned_milli == line.quantity_milli
        assert (line.returned_total_minor, line.returned_tax_minor) == (
            row.total_minor,
            row.tax_minor,
        )
    assert shop.books.live.till("1").expected_minor() == 10_000
    totals = shop.books.live.position("1").totals
    assert (totals.total_minor, totals.tax_minor) == (0, 0)
    assert sum(totals.tenders.values()) == 0
