"""An order as its events left it."""

from __future__ import annotations

from enum import Enum
from typing import assert_never

from attrs import frozen

from engine import limits
from engine.altered import altered
from engine.charge.model import ChargeFigures
from engine.coupon.model import CouponUse, Presented
from engine.order.events import (
    ChannelChosen,
    ChargeWaived,
    Circumstance,
    CouponPresented,
    CouponWithdrawn,
    CustomerGroupChosen,
    DiningChosen,
    GuestsTold,
    LineAdded,
    LineComped,
    LineDiscounted,
    LinePriceOverridden,
    LineQuantityChanged,
    LineVoided,
    Noted,
    OrderComped,
    OrderCompleted,
    OrderDiscounted,
    OrderEvent,
    OrderExempted,
    OrderOpened,
    OrderResumed,
    OrderReturned,
    OrderSuspended,
    OrderVoided,
    PromotionChosen,
    PromotionsHeld,
    ReceiptReprinted,
    ReturnLineAdded,
    RewardChosen,
    TenderChosen,
)
from engine.order.figures import CashBack, Figures, LineItem, ReturnOf, Tab, TenderFigures, Tip
from engine.order.given import Chosen, Discount, Note, Refunded, Waived, refunded_after
from engine.order.tender_events import (
    AnyTendered,
    CardTendered,
    CashTendered,
    CashWentBack,
    CreditTendered,
    ForeignTendered,
    LinkTendered,
    NotOwedTendered,
    TabClosed,
    TabOpened,
    TenderingStarted,
    TenderingUndone,
    TenderRefunded,
    TenderUndone,
    TenderUnpaid,
    TipAdjusted,
    TipAnswered,
    TipAsked,
    TipLeft,
    tab_after,
    tender_of,
    tip_after,
    unpaid_after,
)
from engine.promotion.held import Held
from engine.promotion.model import PromotionShare, promotion_shares_sum
from engine.record import HeadMark
from engine.taxation import Dining, Exemption, TaxShare, shares_sum


class Phase(Enum):
    """Where an order stands. COMPLETED and VOIDED are the ends."""

    OPEN = "open"
    SUSPENDED = "suspended"
    TENDERING = "tendering"
    COMPLETED = "completed"
    VOIDED = "voided"


@frozen
class Line:
    """One line. `returned_*` count what later orders gave back, as positive amounts; `comp` is why
    it is given away, "" where it is not.

    `listed_micros` is the unit price before somebody set another, None where nobody did.
    """

    line: int
    item: LineItem
    quantity_milli: int
    discount: Discount | None = None
    notes: tuple[Note, ...] = ()
    voided: bool = False
    source: ReturnOf | None = None
    tare_milli: int = 0
    overridden: bool = False
    returned_milli: int = 0
    returned_total_minor: int = 0
    returned_tax_minor: int = 0
    listed_micros: int | None = None
    returned_taxes: tuple[TaxShare, ...] = ()
    linked_to: int = 0
    comp: str = ""
    returned_promotions: tuple[PromotionShare, ...] = ()


@frozen
class Completion:
    """How it ended: what the receipt and every report copy."""

    operator: str
    register: str
    receipt_number: str
    tenders: tuple[TenderFigures, ...]
    rounding_minor: int
    change_minor: int
    at_ns: int
    utc_offset_s: int
    business_date: str
    head: HeadMark | None = None
    coupons: tuple[CouponUse, ...] = ()


@frozen
class Order:
    """`register` is where it is current, or "" while suspended. Lines are numbered from 1.

    `touched_ns` and `utc_offset_s` are of the stamp of its last fact: what it costs is of then.
    `channel` "" is across the counter; `member` is the customer's number, `comp` why all of it is
    given away. `charges` are those of a sale, numbered downwards from -1, as what goes back.
    `refunded` is how much of each tender of a sale went back so far, positive; `unpaid` are those
    by card that the shop has nothing of. `tab` is the card an amount is reserved on, `tip` what
    the customer is asked on our own screen. `points` is what was told of the member's balance,
    `rewards` the promotions it is to be spent on; `tender` how it will be paid, "" where nobody
    said. `cash_back` is what had gone back in cash of the sales its goods come from; `held` what
    it has of promotions limited for each member or by a budget, while it is rung up.
    """

    id: str
    opened_by: str
    register: str
    phase: Phase = Phase.OPEN
    lines: tuple[Line, ...] = ()
    discount: Discount | None = None
    notes: tuple[Note, ...] = ()
    label: str = ""
    figures: Figures | None = None
    tenders: tuple[TenderFigures, ...] = ()
    tender_count: int = 0
    completion: Completion | None = None
    training: bool = False
    version: int = 0
    touched_ns: int = 0
    utc_offset_s: int = 0
    dining: Dining | None = None
    exemption: Exemption | None = None
    customer_group: str = ""
    member: str = ""
    channel: str = ""
    coupons: tuple[Presented, ...] = ()
    chosen: tuple[Chosen, ...] = ()
    comp: str = ""
    guests: int = 0
    waived: tuple[Waived, ...] = ()
    charges: tuple[Line, ...] = ()
    refunded: tuple[Refunded, ...] = ()
    tab: Tab | None = None
    points: int = 0
    rewards: tuple[str, ...] = ()
    tender: str = ""
    tip: Tip | None = None
    unpaid: tuple[int, ...] = ()
    cash_back: tuple[CashBack, ...] = ()
    held: tuple[Held, ...] = ()

    def line_at(self, line: int) -> Line | None:
        """Line number `line` unless it is voided or never was; below zero, a charge of a sale."""
        if line < 0:
            return next((entry for entry in self.charges if entry.line == line), None)
        if not 1 <= line <= len(self.lines) or self.lines[line - 1].voided:
            return None
        return self.lines[line - 1]

    def is_comped(self, line: Line) -> bool:
        """Whether a line is given away, by itself or with the order; what goes back, a charge and a
        deposit never are."""
        if line.source is not None or line.line < 0 or line.linked_to:
            return False
        return bool(line.comp or self.comp)

    def deposit_of(self, line: int) -> Line | None:
        """The deposit that goes with a line, unless it is voided or there is none."""
        return next((e for e in self.lines if e.linked_to == line and not e.voided), None)

    def live_lines(self) -> tuple[Line, ...]:
        """The lines that count."""
        return tuple(line for line in self.lines if not line.voided)

    def refunded_minor(self, tender: int) -> int:
        """How much of a tender went back so far."""
        return sum(entry.amount_minor for entry in self.refunded if entry.tender == tender)

    def tendered_minor(self) -> int:
        """What was handed over so far."""
        return sum(tender.amount_minor for tender in self.tenders)

    def held_minor(self, promotion: str) -> int:
        """Minor units it holds of a promotion with a limit or a budget: as paid, else rung up."""
        if self.figures is not None:
            return -self.figures.promotion_amount_minor(promotion)
        return sum(entry.amount_minor for entry in self.held if entry.promotion == promotion)


def opened(event: OrderOpened, *, training: bool, at: tuple[int, int, str]) -> Order:
    """The order an opening makes; `at` as in `evolve`."""
    return Order(
        event.order_id,
        event.operator,
        event.register,
        training=training,
        version=1,
        touched_ns=at[0],
        utc_offset_s=at[1],
        channel=event.channel,
    )


def evolve(order: Order, event: OrderEvent, *, at: tuple[int, int, str]) -> Order:
    """The order after `event`; `at` is the stamp's (now_ns, utc_offset_s, business_date)."""
    changed = _evolve(order, event, at)
    return altered(changed, version=order.version + 1, touched_ns=at[0], utc_offset_s=at[1])


def tendered(order: Order, event: AnyTendered) -> Order:
    """The order with one tender more."""
    more = (*order.tenders, tender_of(event))
    # A tip is given with one share, however that is paid in the end: who pays the next is asked
    # anew. A question that nobody answered yet stands while somebody else pays by link.
    is_asked = order.tip is not None and order.tip.tip_minor is None
    tip = order.tip if is_asked and not isinstance(event, CardTendered) else None
    return altered(order, tenders=more, tender_count=event.tender, tip=tip)


def _evolve(order: Order, event: OrderEvent, at: tuple[int, int, str]) -> Order:
    match event:
        case OrderOpened():
            raise AssertionError("an order opens once")
        case (
            LineAdded()
            | ReturnLineAdded()
            | LineQuantityChanged()
            | LinePriceOverridden()
            | LineDiscounted()
            | LineVoided()
            | OrderReturned()
            | LineComped()
        ):
            return _evolve_line(order, event)
        case (
            CustomerGroupChosen()
            | ChannelChosen()
            | PromotionChosen()
            | CouponPresented()
            | CouponWithdrawn()
            | OrderComped()
            | GuestsTold()
            | ChargeWaived()
            | RewardChosen()
            | TenderChosen()
            | DiningChosen()
            | OrderExempted()
            | PromotionsHeld()
        ):
            return _evolve_circumstances(order, event)
        case OrderDiscounted():
            return altered(order, discount=_discount(event))
        case Noted():
            return _noted(order, event)
        case OrderVoided():
            return altered(order, phase=Phase.VOIDED)
        case OrderSuspended():
            return altered(order, phase=Phase.SUSPENDED, register="", label=event.label)
        case OrderResumed():
            # Parked while it was being paid, it is being paid still.
            phase = Phase.OPEN if order.figures is None else Phase.TENDERING
            return altered(order, phase=phase, register=event.register)
        case TenderingStarted():
            return altered(order, phase=Phase.TENDERING, figures=event.figures)
        case CashWentBack():
            return altered(order, cash_back=event.sales)
        case TenderingUndone():
            return altered(order, phase=Phase.OPEN, figures=None, tip=None, cash_back=())
        case CashTendered() | ForeignTendered() | CreditTendered():
            return tendered(order, event)
        case CardTendered() | LinkTendered() | NotOwedTendered():
            return tendered(order, event)
        case TenderRefunded():
            return altered(order, refunded=refunded_after(order.refunded, event))
        case TenderUnpaid():
            return altered(order, unpaid=unpaid_after(order.unpaid, order.tenders, event))
        case TabOpened() | TipAdjusted() | TabClosed():
            return altered(order, tab=tab_after(order.tab, event, now_ns=at[0]))
        case TipAsked() | TipAnswered() | TipLeft():
            return altered(order, tip=tip_after(order.tip, event))
        case TenderUndone():
            kept = tuple(t for t in order.tenders if t.tender != event.tender)
            return altered(order, tenders=kept)
        case OrderCompleted():
            return _completed(order, event, at)
        case ReceiptReprinted():
            return order
        case _:
            assert_never(event)


def _evolve_line(
    order: Order,
    event: LineAdded
    | ReturnLineAdded
    | LineQuantityChanged
    | LinePriceOverridden
    | LineDiscounted
    | LineVoided
    | OrderReturned
    | LineComped,
) -> Order:
    match event:
        case LineAdded():
            new = Line(
                event.line,
                event.item,
                event.quantity_milli,
                tare_milli=event.tare_milli,
                linked_to=event.linked_to,
            )
            return altered(order, lines=(*order.lines, new))
        case ReturnLineAdded():
            new = Line(event.line, event.item, event.quantity_milli, source=event.source)
            return altered(order, lines=(*order.lines, new))
        case _:
            pass
    if event.line < 0:
        # A charge is numbered by its rule, whichever others there were.
        line = next(entry for entry in order.charges if entry.line == event.line)
    else:
        line = order.lines[event.line - 1]
    match event:
        case LineQuantityChanged():
            # The new quantity is net by itself; a tare of before would no longer explain it.
            line = altered(line, quantity_milli=event.quantity_milli, tare_milli=0)
        case LinePriceOverridden():
            item = altered(line.item, unit_price_micros=event.new_unit_price_micros)
            listed = line.listed_micros
            if listed is None:
                listed = event.old_unit_price_micros
            line = altered(line, item=item, overridden=True, listed_micros=listed)
        case LineDiscounted():
            line = altered(line, discount=_discount(event))
        case LineVoided():
            line = altered(line, voided=True)
        case LineComped():
            line = altered(line, comp=event.reason)
        case OrderReturned():
            line = altered(
                line,
                returned_milli=line.returned_milli + event.quantity_milli,
                returned_total_minor=line.returned_total_minor + event.total_minor,
                returned_tax_minor=line.returned_tax_minor + event.tax_minor,
                returned_taxes=shares_sum(line.returned_taxes, event.taxes),
                returned_promotions=promotion_shares_sum(
                    (*line.returned_promotions, *event.promotions)
                ),
            )
        case _:
            assert_never(event)
    if event.line < 0:
        kept = (line if entry.line == line.line else entry for entry in order.charges)
        return altered(order, charges=tuple(kept))
    return altered(order, lines=replaced(order.lines, line))


def _evolve_circumstances(
    order: Order,
    event: Circumstance,
) -> Order:
    match event:
        case DiningChosen():
            return altered(order, dining=event.dining)
        case OrderExempted():
            return altered(order, exemption=event.exemption())
        case CustomerGroupChosen():
            return altered(
                order, customer_group=event.group, member=event.member, points=event.points
            )
        case RewardChosen():
            kept_rewards = tuple(one for one in order.rewards if one != event.promotion)
            more = () if event.withdrawn else (event.promotion,)
            return altered(order, rewards=(*kept_rewards, *more))
        case ChannelChosen():
            return altered(order, channel=event.channel)
        case TenderChosen():
            return altered(order, tender=event.tender)
        case PromotionChosen():
            chosen = tuple(entry for entry in order.chosen if entry.promotion != event.promotion)
            if event.reason:
                chosen = (*chosen, Chosen(event.promotion, event.reason))
            return altered(order, chosen=chosen)
        case PromotionsHeld():
            return altered(order, held=event.held)
        case CouponPresented():
            return altered(order, coupons=(*order.coupons, event.presented))
        case CouponWithdrawn():
            kept = tuple(entry for entry in order.coupons if entry.code != event.code)
            return altered(order, coupons=kept)
        case OrderComped():
            return altered(order, comp=event.reason)
        case GuestsTold():
            return altered(order, guests=event.guests)
        case ChargeWaived():
            waived = tuple(entry for entry in order.waived if entry.charge != event.charge)
            if event.reason:
                waived = (*waived, Waived(event.charge, event.reason))
            return altered(order, waived=waived)
        case _:
            assert_never(event)


def charge_line(charge: ChargeFigures) -> Line:
    """A charge as a line to be taxed and to go back: one piece, never discounted."""
    item = LineItem(
        "",
        charge.name,
        "",
        "",
        charge.tax_class,
        "piece",
        charge.unit_price_micros,
        "",
        limits.PIECE_MILLI,
        0,
        discountable=False,
    )
    return Line(charge.line, item, limits.PIECE_MILLI)


def replaced(lines: tuple[Line, ...], line: Line) -> tuple[Line, ...]:
    """The lines with `line` in the place of its number."""
    return (*lines[: line.line - 1], line, *lines[line.line :])


def _discount(event: LineDiscounted | OrderDiscounted) -> Discount | None:
    return Discount(event.kind, event.value, event.reason) if event.value else None


def _noted(order: Order, event: Noted) -> Order:
    note = Note(event.audience, event.text)
    if event.line == 0:
        return altered(order, notes=(*order.notes, note))
    line = order.lines[event.line - 1]
    line = altered(line, notes=(*line.notes, note))
    return altered(order, lines=replaced(order.lines, line))


def _completed(order: Order, event: OrderCompleted, at: tuple[int, int, str]) -> Order:
    completion = Completion(
        event.operator,
        event.register,
        event.receipt_number,
        event.tenders,
        event.rounding_minor,
        event.change_minor,
        *at,
        event.head,
        event.coupons,
    )
    return altered(
        order,
        phase=Phase.COMPLETED,
        register="",
        figures=event.figures,
        completion=completion,
        charges=tuple(map(charge_line, event.figures.charges)),
    )
