"""The auditor's own plain model of a shop, folded from records read as JSON.

It knows nothing of the engine: a schoolbook with its own price list and its own sums. What it
cannot explain it leaves to the invariants, which compare it with what the store says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from attrs import define, field, frozen

from tests.simulation import model_cards
from tests.simulation.facts import (
    BUN,
    COINS,
    GIN,
    PARTY,
    PRICES,
    SERVICE_PPM,
    TAX_PPM,
    TO_GO,
    TO_GO_PRICES,
    TRADE,
    TRADE_PRICES,
    VOUCHER_MINOR,
)
from tests.simulation.model_cash import came_in, coins_back, rounding_minor, tender_refunded
from tests.simulation.model_offers import off_minor, part_minor, spirits_taxes
from tests.simulation.model_stored import Stored

KICK_NS = 3_000_000_000


def buns_free(count: int) -> int:
    """Of so many buns."""
    return count // 3


@frozen
class Row:
    """One record as it lies in the journal; `body` is its payload, `seen_ns` the steady time at
    which the auditor saw it, right after its commit."""

    position: int
    kind: str
    stream: str
    name: str
    command_id: str
    hash: bytes
    payload: bytes
    body: dict[str, Any]
    seen_ns: int

    @property
    def data(self) -> dict[str, Any]:
        """The fact itself."""
        fact: dict[str, Any] = self.body["data"]
        return fact

    @property
    def register(self) -> str:
        """Where it was said."""
        return str(self.body["register"])


@define
class OrderLine:
    """A line: its own amount, and what a return of it would find left. `list_minor` is what its
    unit costs for whom and how it is bought, where that is not the goods' own price."""

    item: str
    price_minor: int
    quantity: int
    discount: tuple[str, int] = ("amount", 0)
    source: tuple[str, int] | None = None
    refund_minor: int = 0
    returned: int = 0
    returned_minor: int = 0
    returned_tax_minor: int = 0
    is_given_away: bool = False
    list_minor: int | None = None

    @property
    def unit_minor(self) -> int:
        """What one of them costs here."""
        return self.price_minor if self.list_minor is None else self.list_minor

    def total_minor(self) -> int:
        """What it comes to; negative for a return."""
        if self.source is not None:
            return self.refund_minor
        if self.is_given_away:
            return 0
        amount = self.unit_minor * self.quantity
        if self.item == GIN:
            return amount + sum(spirits_taxes(amount))
        kind, value = self.discount
        if kind == "percent":
            # Half a cent goes up: the shop's rule, worked out here once more.
            return amount - (amount * value * 2 + 1_000_000) // 2_000_000
        return amount - value


@define
class Order:
    """An order as rung up; `receipt` is empty until it is completed. `notes` are those of other
    currencies by tender: which, how much of it, and what it counts for. `coin_minor` is the
    smallest coin of the moment its tendering began, `coins_back` what each refund in cash gives
    back, to the cent and in coins by sale."""

    id: str
    register: str
    lines: dict[int, OrderLine] = field(factory=dict)
    tenders: dict[int, int] = field(factory=dict)
    cards: dict[int, int] = field(factory=dict)
    notes: dict[int, tuple[str, int, int]] = field(factory=dict)
    terminals: dict[int, str] = field(factory=dict)
    payments: dict[int, str] = field(factory=dict)
    receipt: str = ""
    voided: bool = False
    suspended: bool = False
    last_position: int = 0
    guests: int = 0
    voucher: str = ""
    group: str = ""
    dining: str = ""
    is_exempt: bool = False
    points: int = 0
    rewards: set[str] = field(factory=set)
    chosen_tender: str = ""
    credits: dict[int, tuple[str, int]] = field(factory=dict)
    links: dict[int, tuple[str, int]] = field(factory=dict)
    left_out: dict[int, int] = field(factory=dict)
    tips: dict[int, int] = field(factory=dict)
    service_back_minor: int = 0
    tab: str = ""
    coin_minor: int = 1
    tab_tip_minor: int = 0
    tip_of_minor: int = 0
    tip_minor: int | None = None
    coins_back: dict[int, tuple[int, Counter[str]]] = field(factory=dict)

    def reprice(self) -> None:
        """Look up what its goods cost, after a line, the group or the dining option changed."""
        for line in self.lines.values():
            prices = {
                **(TRADE_PRICES if self.group == TRADE else {}),
                **(TO_GO_PRICES if self.dining == TO_GO else {}),
            }
            line.list_minor = None if line.source is not None else prices.get(line.item)

    def paid_minor(self) -> int:
        """What cards, notes of other currencies, store credit and links paid; the rest of the
        price is cash."""
        return self.paid_by().total()

    def paid_by(self) -> Counter[str]:
        """The same by means of payment."""
        return Counter(
            card=sum(self.cards.values()),
            foreign=sum(worth for *_, worth in self.notes.values()),
            credit=sum(amount for _, amount in self.credits.values()),
            link=sum(amount for _, amount in self.links.values()),
            not_owed=sum(self.left_out.values()),
        )

    def total_minor(self) -> int:
        """The sum of its lines, less every third bun and the voucher, with service for many."""
        total = sum(line.total_minor() for line in self.lines.values())
        if self.is_exempt:
            # The tax is in each line's price, and is taken out of each line by itself.
            total -= sum(tax_within(line.total_minor()) for line in self.lines.values())
        return total - self.less_minor() + self.service_minor()

    def less_minor(self) -> int:
        """What promotions take off what is sold."""
        less = buns_free(self.buns()) * PRICES[BUN]
        less += sum(off_minor(self, line) for line in self.lines.values())
        return less + VOUCHER_MINOR if self.has_voucher_used() else less

    def service_minor(self) -> int:
        """What is charged for service, on what is sold."""
        if self.guests < PARTY:
            return 0
        sold = sum(line.total_minor() for line in self.lines.values() if line.source is None)
        return part_minor(sold - self.less_minor(), SERVICE_PPM)

    def buns(self) -> int:
        """How many are sold."""
        return sum(
            line.quantity for line in self.lines.values()
            if line.source is None and line.item == BUN
        )  # fmt: skip

    def has_voucher_used(self) -> bool:
        """Whether a voucher takes something off: it is for wine."""
        wine = (e for e in self.lines.values() if e.item == "wine" and e.source is None)
        return bool(self.voucher) and any(not line.is_given_away for line in wine)

    def is_open(self) -> bool:
        """Whether it is still to be finished."""
        return not self.receipt and not self.voided


def tax_within(total_minor: int) -> int:
    """Half a cent goes up, away from nought."""
    twice = (2 * abs(total_minor) * TAX_PPM + 1_000_000 + TAX_PPM) // (2 * (1_000_000 + TAX_PPM))
    return twice if total_minor >= 0 else -twice


@define
class TillSession:
    """The money of one till session, by its own sums; `notes` lie apart, by currency."""

    session: int
    float_minor: int
    cash_minor: int = 0
    paid_minor: int = 0
    counted_minor: int | None = None
    notes: dict[str, int] = field(factory=dict)
    is_closed: bool = False

    def expected_minor(self) -> int:
        """What the drawer should hold."""
        return self.float_minor + self.cash_minor + self.paid_minor


@define
class Day:
    """What happened at a register since its last Z, by the auditor's own sums."""

    z_number: int = 0
    sales: int = 0
    total_minor: int = 0
    receipts: int = 0
    tenders: Counter[str] = field(factory=Counter)
    tax_minor: int = 0


@define
class Effect:
    """What the world was asked to do."""

    id: str
    address: str
    kind: str
    title: str
    is_copy: bool
    expires_ns: int
    committed_ns: int
    started: int = 0
    kicks: int = 0
    is_over: bool = False


@define
class Model:
    """Everything of the shop."""

    orders: dict[str, Order] = field(factory=dict)
    tills: dict[str, TillSession] = field(factory=dict)
    days: dict[str, Day] = field(factory=dict)
    effects: dict[str, Effect] = field(factory=dict)
    begun: dict[str, Effect] = field(factory=dict)
    completions: dict[str, dict[str, Any]] = field(factory=dict)
    sales: int = 0
    by_card: dict[str, int] = field(factory=dict)
    cards: model_cards.Cards = field(factory=dict)
    stored: Stored = field(factory=Stored)
    tendered: dict[str, int] = field(factory=dict)
    coin_minor: int = COINS[0]
    practice: dict[str, None] = field(factory=dict)
    cash_back: Counter[str] = field(factory=Counter)
    coins_out: Counter[str] = field(factory=Counter)
    came: dict[str, tuple[int, int]] = field(factory=dict)

    def day(self, register: str) -> Day:
        """A register's day so far."""
        return self.days.setdefault(register, Day())

    def fold(self, row: Row) -> None:
        """Take in one record; those it has no use for pass."""
        fold = FOLDS.get(row.name)
        if fold is not None:
            fold(self, row, row.data)
        if row.name.startswith(("payment.", "terminal.day_")):
            self.stored.after(self.cards, row.position, row.name, row.data)

    def practise(self, row: Row) -> None:
        """Of practice nothing counts; but printers print it, and its orders are asked about."""
        if row.name == "order.opened/1":
            self.practice[row.data["order_id"]] = None
        elif row.name == "effect.requested/1":
            self.fold(row)

    def expected_total_minor(self, order_id: str) -> int | None:
        """What an order comes to by this model, None for an unknown one."""
        order = self.orders.get(order_id)
        return None if order is None else order.total_minor()


Fold = Callable[[Model, Row, dict[str, Any]], None]


def _opened(model: Model, row: Row, data: dict[str, Any]) -> None:
    model.orders[data["order_id"]] = Order(data["order_id"], data["register"])


def _order(model: Model, row: Row, data: dict[str, Any]) -> Order:
    order = model.orders[data["order_id"]]
    order.last_position = row.position
    return order


def _line_added(model: Model, row: Row, data: dict[str, Any]) -> None:
    order, item = _order(model, row, data), data["item"]
    quantity = data["quantity_milli"] // 1000
    price_minor = item["unit_price_micros"] // 10_000
    order.lines[data["line"]] = OrderLine(item["item_id"], price_minor, quantity)
    order.reprice()


def _return_added(model: Model, row: Row, data: dict[str, Any]) -> None:
    source, order = data["source"], _order(model, row, data)
    line = OrderLine(data["item"]["item_id"], 0, data["quantity_milli"] // 1000)
    line.source = (source["order_id"], source["line"])
    line.refund_minor = source["total_minor"]
    order.lines[data["line"]] = line


def _quantity_changed(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).lines[data["line"]].quantity = data["quantity_milli"] // 1000


def _discounted(model: Model, row: Row, data: dict[str, Any]) -> None:
    line = _order(model, row, data).lines[data["line"]]
    line.discount = (data["kind"], data["value"])


def _group_chosen(model: Model, row: Row, data: dict[str, Any]) -> None:
    order = _order(model, row, data)
    order.group, order.points = data["group"], data["points"]
    order.reprice()


def _dining_chosen(model: Model, row: Row, data: dict[str, Any]) -> None:
    order = _order(model, row, data)
    order.dining = data["dining"]
    order.reprice()


def _exempted(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).is_exempt = bool(data["certificate"])


def _guests_told(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).guests = data["guests"]


def _comped(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).lines[data["line"]].is_given_away = bool(data["reason"])


def _coupon_presented(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).voucher = data["presented"]["code"]


def _coupon_withdrawn(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).voucher = ""


def _line_voided(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).lines.pop(data["line"])


def _tendered(model: Model, row: Row, data: dict[str, Any]) -> None:
    order = _order(model, row, data)
    order.tenders[data["tender"]] = data["amount_minor"]
    order.coins_back[data["tender"]] = coins_back(model, order, data["gave_back"])
    model.coins_out.update(order.coins_back[data["tender"]][1])


def _tender_refunded(model: Model, row: Row, data: dict[str, Any]) -> None:
    tender_refunded(model, _order(model, row, data), data["tender"], data["amount_minor"])


def _foreign_tendered(model: Model, row: Row, data: dict[str, Any]) -> None:
    notes = data["notes"]
    entry = (notes["currency"], notes["amount_minor"], data["amount_minor"])
    _order(model, row, data).notes[data["tender"]] = entry


def _card_tendered(model: Model, row: Row, data: dict[str, Any]) -> None:
    order = _order(model, row, data)
    order.cards[data["tender"]] = data["amount_minor"]
    terminal = order.terminals[data["tender"]] = data["card"]["terminal"]
    order.tips[data["tender"]] = tip_minor = data["card"]["tip_minor"]
    payment_id = order.payments[data["tender"]] = data["card"]["payment_id"]
    model.tendered[payment_id] = data["amount_minor"] + tip_minor
    model.by_card[terminal] = model.by_card.get(terminal, 0) + data["amount_minor"] + tip_minor


def _tender_undone(model: Model, row: Row, data: dict[str, Any]) -> None:
    order = _order(model, row, data)
    if data["tender"] in order.tenders:
        order.tenders.pop(data["tender"])
        model.coins_out.subtract(order.coins_back.pop(data["tender"])[1])
        return
    if data["tender"] in order.notes:
        order.notes.pop(data["tender"])
        return
    if data["tender"] in order.credits or data["tender"] in order.links:
        (order.credits if data["tender"] in order.credits else order.links).pop(data["tender"])
        return
    took_minor = order.cards.pop(data["tender"]) + order.tips.pop(data["tender"])
    model.by_card[order.terminals[data["tender"]]] -= took_minor
    model.tendered.pop(order.payments.pop(data["tender"]))


def _of_card(fold: Callable[[model_cards.Cards, dict[str, Any]], None]) -> Fold:
    return lambda model, row, data: fold(model.cards, data)


def _voided(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).voided = True


def _suspended(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).suspended = True


def _resumed(model: Model, row: Row, data: dict[str, Any]) -> None:
    order = _order(model, row, data)
    order.suspended, order.register = False, data["register"]


def _tendering_started(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).coin_minor = model.coin_minor


def _completed(model: Model, row: Row, data: dict[str, Any]) -> None:
    order = _order(model, row, data)
    total = order.total_minor()
    in_cash = total - order.paid_minor() + rounding_minor(order)
    model.completions[row.command_id] = data
    order.receipt = data["receipt_number"]
    model.came[order.id] = came_in(order)
    till = model.tills.get(data["register"])
    if (order.tenders or order.notes) and till is not None:
        # Change goes back out of the drawer: what stays is the price as coins pay it, less what
        # else paid it.
        till.cash_minor += in_cash
        for currency, amount, _ in order.notes.values():
            till.notes[currency] = till.notes.get(currency, 0) + amount
    day = model.day(data["register"])
    day.sales += 1
    day.total_minor += total
    day.tenders.update(order.paid_by())
    day.tenders["cash"] += in_cash
    day.tax_minor += sum(line["tax_minor"] for line in data["figures"]["lines"])
    day.receipts += 1
    model.sales += 1


def _returned(model: Model, row: Row, data: dict[str, Any]) -> None:
    order = _order(model, row, data)
    if data["line"] < 0:
        order.service_back_minor += data["total_minor"]
        return
    line = order.lines[data["line"]]
    line.returned += data["quantity_milli"] // 1000
    line.returned_minor += data["total_minor"]
    line.returned_tax_minor += data["tax_minor"]


def _configured(model: Model, row: Row, data: dict[str, Any]) -> None:
    model.coin_minor = data["rules"]["cash_step_minor"]


def _till_opened(model: Model, row: Row, data: dict[str, Any]) -> None:
    model.tills[data["register"]] = TillSession(data["session"], data["float_minor"])


def _paid_in(model: Model, row: Row, data: dict[str, Any]) -> None:
    model.tills[data["register"]].paid_minor += data["amount_minor"]


def _paid_out(model: Model, row: Row, data: dict[str, Any]) -> None:
    model.tills[data["register"]].paid_minor -= data["amount_minor"]


def _counted(model: Model, row: Row, data: dict[str, Any]) -> None:
    model.tills[data["register"]].counted_minor = data["counted_minor"]


def _till_closed(model: Model, row: Row, data: dict[str, Any]) -> None:
    model.tills[data["register"]].is_closed = True


def _day_closed(model: Model, row: Row, data: dict[str, Any]) -> None:
    model.days[data["register"]] = Day(data["z_number"], receipts=model.day(row.register).receipts)


def _requested(model: Model, row: Row, data: dict[str, Any]) -> None:
    effect = data["effect"]
    # How long a kick is worth anything is the shop's rule, not what the record says.
    expires_ns = row.body["stamp"]["now_ns"] + KICK_NS
    document = effect["data"].get("document") or {}
    model.effects[data["effect_id"]] = Effect(
        data["effect_id"],
        data["address"],
        effect["name"],
        str(document.get("title", "")),
        bool(document.get("copy", False)),
        expires_ns,
        row.seen_ns,
    )


def _started(model: Model, row: Row, data: dict[str, Any]) -> None:
    effect = model.effects[data["effect_id"]]
    effect.started += 1
    model.begun[effect.address] = effect


def _finished(model: Model, row: Row, data: dict[str, Any]) -> None:
    effect = model.effects[data["effect_id"]]
    effect.is_over = data["outcome"] in ("done", "expired") or effect.kind != "printer.print/1"


FOLDS: dict[str, Fold] = {
    "order.opened/1": _opened,
    "order.line_added/1": _line_added,
    "order.return_line_added/1": _return_added,
    "order.line_quantity_changed/1": _quantity_changed,
    "order.line_discounted/1": _discounted,
    "order.line_voided/1": _line_voided,
    "order.customer_group_chosen/1": _group_chosen,
    "order.dining_chosen/1": _dining_chosen,
    "order.exempted/1": _exempted,
    "order.guests_told/1": _guests_told,
    "order.line_comped/1": _comped,
    "order.coupon_presented/1": _coupon_presented,
    "order.coupon_withdrawn/1": _coupon_withdrawn,
    "order.tendering_started/1": _tendering_started,
    "order.cash_tendered/2": _tendered,
    "order.foreign_tendered/1": _foreign_tendered,
    "order.card_tendered/1": _card_tendered,
    "order.tender_undone/1": _tender_undone,
    "order.tender_refunded/1": _tender_refunded,
    "payment.requested/1": _of_card(model_cards.requested),
    "payment.kept/1": _of_card(model_cards.kept),
    "payment.heard/1": _of_card(model_cards.heard),
    "payment.set_aside/1": _of_card(model_cards.set_aside),
    "payment.uploaded/1": _of_card(model_cards.uploaded),
    "payment.exception_closed/1": _of_card(model_cards.closed),
    "order.voided/1": _voided,
    "order.suspended/1": _suspended,
    "order.resumed/1": _resumed,
    "order.completed/1": _completed,
    "order.returned/1": _returned,
    "settings.store_configured/1": _configured,
    "till.opened/1": _till_opened,
    "till.paid_in/1": _paid_in,
    "till.paid_out/1": _paid_out,
    "till.counted/1": _counted,
    "till.closed/1": _till_closed,
    "register.day_closed/1": _day_closed,
    "effect.requested/1": _requested,
    "effect.started/1": _started,
    "effect.finished/1": _finished,
}
