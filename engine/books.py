"""The books: all live state, and the one place where commands are routed and events posted.

`decide` never changes anything; `post` never refuses. Completed and voided orders leave the books;
`needs` names those a command looks back at, and they are fetched into `archive` beforehand.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field

from engine import catalog, limits, outbox, register, settings, staff, taxes, terminals, till
from engine.altered import altered
from engine.charge import decide as charges
from engine.charge.decide import Charges, ChargesSet, SetCharges
from engine.coupon import decide as coupons
from engine.coupon.decide import CouponsIssued, IssueCoupons
from engine.coupon.redeemed import Redeemed
from engine.credit import rules as return_rules
from engine.credit.ledger import Credits
from engine.credit.rules import ReturnRules, ReturnRulesSet, SetReturnRules
from engine.decision import COMMANDS, SYSTEM, Command, Decision, Fact, refuse
from engine.looking_back import SettlesReturns, looks_back
from engine.offers import Offers
from engine.order import decide as orders
from engine.order.commands import (
    AddReturnLine,
    OpenOrder,
    OrderCommand,
    ReprintReceipt,
    ResumeOrder,
)
from engine.order.context import OrderContext
from engine.order.coupons import sources_of
from engine.order.credited import follow_sale as follow_credit
from engine.order.events import (
    OrderCompleted,
    OrderEvent,
    OrderOpened,
    OrderReturned,
    OrderVoided,
    ReceiptReprinted,
)
from engine.order.offered import Tariff
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.state import Order, Phase, opened
from engine.order.state import evolve as evolve_order
from engine.order.tender_events import TenderRefunded, TenderUnpaid
from engine.outbox import Outbox
from engine.paylink import decide as paylink_decisions
from engine.paylink import state as paylink_state
from engine.paylink.commands import HearPaylink, PaylinkCommand
from engine.paylink.context import PaylinkContext
from engine.paylink.events import PaylinkEvent
from engine.paylink.state import Paylinks
from engine.paylink.withdrawing import with_links_withdrawn
from engine.payment import decide as payment_decisions
from engine.payment import ending_days, tips
from engine.payment import state as payment_state
from engine.payment.asking import moving_money
from engine.payment.commands import PaymentCommand
from engine.payment.context import PaymentContext
from engine.payment.events import PaymentEvent
from engine.payment.state import Payments
from engine.payment.terminal_day import TerminalDayEvent
from engine.price_list import decide as prices
from engine.price_list import upload as price_upload
from engine.price_list.decide import Prices, PricesSet, SetPrices
from engine.price_list.upload import Upload
from engine.promotion import decide as promotions
from engine.promotion.decide import Promotions, PromotionsSet, SetPromotions
from engine.record import Restored
from engine.register import DayClosed, TrainingEnded, TrainingStarted
from engine.rights import rights_of
from engine.settings import Settings
from engine.settlement import decide as settlement
from engine.side import Side
from engine.staff import Staff
from engine.stamp import Stamp
from engine.taxes import SetTaxes, Taxes, TaxesSet
from engine.terminals import TerminalCommand, TerminalEvent, Terminals
from native import PriceBook

_ENDED = (Phase.COMPLETED, Phase.VOIDED)


@define
class Books:
    """Everything that is so now.

    `archive` holds fetched ended orders and is no part of state, nor are `segments`, the staged
    ones, and what the machine says: its disk, and the time zones it knows (empty: not asked).
    """

    settings: Settings = field(factory=Settings)
    catalog: catalog.Catalog = field(factory=catalog.Catalog)
    promotions: Promotions = field(factory=Promotions)
    prices: Prices = field(factory=Prices)
    charges: Charges = field(factory=Charges)
    redeemed: Redeemed = field(factory=Redeemed)
    staff: Staff = field(factory=Staff)
    live: Side = field(factory=Side)
    training: Side = field(factory=Side)
    training_on: dict[str, bool] = field(factory=dict)
    outbox: Outbox = field(factory=dict)
    position: int = 0
    archive: dict[str, Order] = field(factory=dict)
    segments: dict[str, PriceBook] = field(factory=dict)
    disk_nearly_full: bool = False
    time_zones: frozenset[str] = frozenset()
    taxes: Taxes = field(factory=Taxes)
    payments: Payments = field(factory=Payments)
    price_upload: Upload | None = None
    returns: ReturnRules = field(factory=ReturnRules)
    credits: Credits = field(factory=Credits)
    settling: settlement.Settling = field(factory=settlement.Settling)
    paylinks: Paylinks = field(factory=Paylinks)
    terminals: Terminals = field(factory=dict)

    def side(self, *, training: bool) -> Side:
        """The side facts of that kind belong to."""
        return self.training if training else self.live

    def is_training(self, register_id: str) -> bool:
        """Whether a register practises."""
        return self.training_on.get(register_id, False)

    def offers(self) -> Offers:
        """Promotions in force, compiled for the catalog in force, and prices."""
        deals = self.promotions.deals(self.catalog.book, self.catalog.version)
        return Offers(deals, self.prices, self.redeemed, self.charges, self.live.orders)

    def tariff_of(self, order: Order) -> Tariff:
        """What an order nobody touches now is priced under: the moment of its last fact counts, and
        what it held by then, or it would show what the next order takes away."""
        moment = (order.touched_ns, order.utc_offset_s)
        as_held = not order.training
        return Tariff(self.settings, self.offers(), *moment, self.taxes.book(), as_held)

    def sold_anything(self) -> bool:
        """Whether a live sale was ever completed."""
        return any(position.next_receipt > 1 for position in self.live.positions.values())


# ------------------------------------------------------------------------------------- Needs


def needs(register_id: str, body: Any, books: Books) -> frozenset[str]:
    """Ids of ended orders a command looks back at and `books.archive` lacks.

    Pure, and repeated until nothing is missing. An id that never was stays in the set.
    """
    match body:
        case AddReturnLine() | ReprintReceipt() | ResumeOrder():
            wanted = {body.order_id}
        case OpenOrder():
            wanted = {body.order_id} if body.order_id else set()
        case _ if isinstance(body, SettlesReturns):
            side = books.side(training=books.is_training(register_id))
            wanted = sources_of(side.current(register_id))
        case HearPaylink():
            link = books.paylinks.open.get(body.told.reference)
            wanted = sources_of(
                None if link is None else books.live.orders.get(link.asked.order_id)
            )
        case _:
            return frozenset()
    at_hand = (books.archive, books.live.orders, books.training.orders)
    return frozenset(entry for entry in wanted if not any(entry in place for place in at_hand))


# ------------------------------------------------------------------------------------- Decide


def decide(command: Command, books: Books) -> Decision:
    """Decide one command; pure.

    Refuses:
        register_must_exist; those of `staff.authorise`; then those of the noun.
    """
    body = command.body
    known = command.register in books.settings.registers
    if not known and command.operator != SYSTEM:
        return refuse(register.Refusal.REGISTER_MUST_EXIST, register=command.register)
    current = books.side(training=books.is_training(command.register)).current(command.register)
    facts: tuple[Fact, ...] = ()
    for right in rights_of(body, books.prices.groups, current):
        given, refused = staff.authorise(books.staff, command, right, COMMANDS.name_of(body))
        if refused is not None:
            return refused
        facts += given
    approver = _approver(command, facts)
    decision = _route(command, books, approver)
    if decision.refused is not None or not facts:
        return decision
    return altered(decision, facts=facts + decision.facts)


def _approver(command: Command, facts: tuple[Fact, ...]) -> str:
    return command.approval.approver if facts and command.approval is not None else ""


def _route(command: Command, books: Books, approver: str) -> Decision:
    body = command.body
    training = books.is_training(command.register)
    side = books.side(training=training)
    position = side.position(command.register)
    locked = tips.why_locked(command, side.current(command.register))
    if locked is not None:
        return locked
    if isinstance(body, OrderCommand):
        return _order(command, books, approver)
    if isinstance(body, PaymentCommand | ending_days.TerminalDayCommand):
        return _payment(command, books, approver)
    if isinstance(body, PaylinkCommand):
        return _paylink(command, books, approver)
    if isinstance(body, till.TillCommand):
        order = side.current(command.register)
        tendering = order is not None and order.phase is Phase.TENDERING
        return till.decide(
            side.till(command.register),
            command,
            body,
            approver=approver,
            training=training,
            tendering=tendering,
            currencies=books.settings.foreign.keys(),
        )
    if isinstance(body, staff.StaffCommand):
        return staff.decide(books.staff, command, body)
    if isinstance(body, register.RegisterCommand):
        is_open = side.till(command.register).is_open
        return register.decide(position, command, body, till_open=is_open, training=training)
    if isinstance(body, settings.SettingsCommand):
        return settings.decide(books.settings, body, _surroundings(books))
    if isinstance(body, catalog.CatalogCommand):
        staged = isinstance(body, catalog.InstallSegment) and body.segment_hash in books.segments
        return catalog.decide(books.catalog, body, books.settings, segment_staged=staged)
    if isinstance(body, SetPromotions):
        return promotions.decide(body, books.settings, books.catalog.book)
    if isinstance(body, SetTaxes):
        return taxes.decide(body, books.settings, _surroundings(books))
    if isinstance(body, SetPrices):
        return prices.decide(body, books.settings, books.catalog.book)
    if isinstance(body, price_upload.UploadCommand):
        return price_upload.decide(books.price_upload, body, books.settings, books.catalog.book)
    if isinstance(body, SetReturnRules):
        return return_rules.decide(body, books.settings)
    if isinstance(body, SetCharges):
        return charges.decide(body, books.settings, books.catalog.book)
    if isinstance(body, IssueCoupons):
        return coupons.decide(body, books.promotions.coupon_rules(), books.redeemed)
    if isinstance(body, settlement.SettlementCommand):
        settling, orders = books.settling, books.live.orders
        return settlement.decide(
            settling, body, books.settings, books.payments, orders, command.operator
        )
    if isinstance(body, outbox.OutboxCommand):
        return outbox.decide(books.outbox, body)
    if isinstance(body, TerminalCommand):
        return terminals.decide(books.terminals, body, books.payments, books.live.orders)
    raise AssertionError(f"no decider takes {type(body).__name__}")


def _surroundings(books: Books) -> settings.Surroundings:
    classes = {
        line.item.tax_class
        for side in (books.live, books.training)
        for order in side.orders.values()
        for line in order.live_lines()
    }
    classes |= {rule.tax_class for rule in books.charges.rules if rule.tax_class}
    setup = books.taxes.setup
    return settings.Surroundings(
        books.sold_anything(),
        frozenset(classes),
        books.time_zones,
        None if setup is None else setup.categories,
        books.live.is_counting() or books.training.is_counting(practice=True),
    )


def _payment(command: Command, books: Books, approver: str) -> Decision:
    context = _order_context(command, books, approver)
    order = books.side(training=context.training).current(command.register)
    around = PaymentContext(books.payments, order, books.live.orders, context)
    if isinstance(command.body, ending_days.TerminalDayCommand):
        return ending_days.decide(command.body, around)
    return payment_decisions.decide(command, around, books.staff)


def _paylink(command: Command, books: Books, approver: str) -> Decision:
    order = books.side(training=books.is_training(command.register)).current(command.register)
    around = _order_context(command, books, approver)
    context = PaylinkContext(books.paylinks, order, books.live.orders, around)
    decision = paylink_decisions.decide(command.body, context)
    return with_links_withdrawn(decision, books.paylinks, command.operator)


def _order_context(command: Command, books: Books, approver: str) -> OrderContext:
    training = books.is_training(command.register)
    side = books.side(training=training)
    position = side.position(command.register)
    originals = _originals(books) if looks_back(command.body) else {}
    return OrderContext(
        command.id,
        command.register,
        command.operator,
        approver,
        command.stamp,
        books.settings,
        books.catalog.book,
        books.catalog.version,
        training,
        side.till(command.register).selling_session(),
        position.next_receipt,
        len(side.orders),
        books.disk_nearly_full,
        originals,
        command.head,
        books.offers(),
        side.orders,
        books.taxes.book(),
        not training and books.payments.runs_for(position.current_order),
        books.returns,
        books.credits,
        books.payments.out_of_reach(),
        moving_money(books.payments),
        books.payments.exceptions,
        not training and books.payments.of_order(position.current_order) is not None,
    )


def _order(command: Command, books: Books, approver: str) -> Decision:
    body = command.body
    training = books.is_training(command.register)
    side = books.side(training=training)
    position = side.position(command.register)
    context = _order_context(command, books, approver)
    originals = context.originals
    order = side.orders.get(position.current_order)
    match body:
        case ReprintReceipt():
            order = _of_side(originals.get(body.order_id), training)
        case ResumeOrder():
            if order is not None:
                return refuse(OrderRefusal.ORDER_MUST_NOT_BE_OPEN, order_id=order.id)
            order = _of_side(originals.get(body.order_id), training)
        case _:
            pass
    decision = orders.decide(order, body, context)
    return with_links_withdrawn(decision, books.paylinks, command.operator)


def _originals(books: Books) -> dict[str, Order]:
    """Every order at hand. An id is taken whichever side took it: streams are named by it."""
    return {**books.archive, **books.live.orders, **books.training.orders}


def _of_side(order: Order | None, training: bool) -> Order | None:
    return None if order is None or order.training != training else order


# --------------------------------------------------------------------------------------- Post


def post(books: Books, fact: Fact, stamp: Stamp) -> None:
    """Make `fact` part of the books. Asserts rather than ignores: a fact that does not fit is a
    bug that must end the process."""
    event = fact.event
    if isinstance(event, OrderEvent):
        _post_order(books, fact, event, stamp)
    elif isinstance(event, outbox.OutboxEvent):
        outbox.evolve(books.outbox, event, now_ns=stamp.now_ns)
    elif isinstance(event, PaymentEvent):
        payment_state.evolve(books.payments, event, now_ns=stamp.now_ns)
    elif isinstance(event, TerminalDayEvent):
        payment_state.evolve_days(books.payments, event)
        payment_state.note_overnight(books.payments, event, books.live.orders.values())
    elif isinstance(event, settlement.SettlementEvent):
        settlement.evolve(books.settling, event)
    elif isinstance(event, PaylinkEvent):
        paylink_state.evolve(books.paylinks, event, now_ns=stamp.now_ns)
    elif isinstance(event, till.TillEvent):
        _post_till(books, fact, event, stamp)
    elif isinstance(event, staff.StaffEvent):
        books.staff = staff.evolve(books.staff, event)
    elif isinstance(event, settings.SettingsEvent):
        books.settings = settings.evolve(books.settings, event)
    elif isinstance(event, catalog.CatalogEvent):
        segment = None
        if isinstance(event, catalog.SegmentInstalled):
            segment = books.segments.get(event.segment_hash)
        books.catalog = catalog.evolve(books.catalog, event, segment)
    elif isinstance(event, PromotionsSet):
        books.promotions = promotions.evolve(books.promotions, event)
    elif isinstance(event, TaxesSet):
        books.taxes = taxes.evolve(books.taxes, event)
    elif isinstance(event, PricesSet):
        books.prices = prices.evolve(books.prices, event)
    elif isinstance(event, price_upload.UploadEvent):
        books.prices, books.price_upload = price_upload.evolve(
            books.prices, books.price_upload, event
        )
    elif isinstance(event, ChargesSet):
        books.charges = charges.evolve(event)
    elif isinstance(event, ReturnRulesSet):
        books.returns = event.rules
    elif isinstance(event, TerminalEvent):
        books.terminals = terminals.evolve(books.terminals, event)
        books.payments.lasts.clear()
    elif isinstance(event, CouponsIssued):
        books.redeemed.issue(event.coupon, event.keys)
    elif isinstance(event, register.RegisterEvent):
        _post_register(books, fact, event)
    else:
        assert isinstance(event, Restored), f"no state follows {type(event).__name__}"
        books.payments.lasts.clear()


def _post_order(books: Books, fact: Fact, event: OrderEvent, stamp: Stamp) -> None:
    side = books.side(training=fact.training)
    at = (stamp.now_ns, stamp.utc_offset_s, stamp.business_date)
    if isinstance(event, OrderOpened):
        side.orders[event.order_id] = opened(event, training=fact.training, at=at)
    elif event.order_id in side.orders:
        order = evolve_order(side.orders[event.order_id], event, at=at)
        if order.phase in _ENDED:
            del side.orders[event.order_id]
            books.payments.overnight.pop(event.order_id, None)
            books.archive[event.order_id] = order
        else:
            side.orders[event.order_id] = order
    elif event.order_id in books.archive:
        books.archive[event.order_id] = evolve_order(books.archive[event.order_id], event, at=at)
    else:
        # Replay: what went back to an ended order is read from its own stream when needed.
        looked_back = OrderReturned | ReceiptReprinted | TenderRefunded | TenderUnpaid
        assert isinstance(event, looked_back), "an order opens first"
    side.follow(event, stamp)
    if isinstance(event, OrderCompleted) and not fact.training:
        _follow_sale(books, event, stamp)


def _follow_sale(books: Books, event: OrderCompleted, stamp: Stamp) -> None:
    """Count what a live sale gave, and what it made of store credit."""
    follow_credit(books.credits, event, stamp)
    taken: dict[str, int] = {}
    for entry in (entry for row in event.figures.lines for entry in row.promotions):
        taken[entry.promotion] = taken.get(entry.promotion, 0) - entry.amount_minor
    if taken or event.restored:
        books.redeemed.follow_sale(
            taken,
            event.coupons,
            event.restored,
            member=event.member,
            business_date=stamp.business_date,
        )


def post_end(books: Books, fact: Fact, stamp: Stamp) -> None:
    """Post the end of an order none of whose earlier facts was posted.

    An order that ended leaves the books, so this is all that is left of it there.
    """
    assert isinstance(fact.event, OrderCompleted | OrderVoided), "only an end stands for an order"
    books.side(training=fact.training).follow(fact.event, stamp)
    if isinstance(fact.event, OrderCompleted) and not fact.training:
        _follow_sale(books, fact.event, stamp)


def _post_till(books: Books, fact: Fact, event: till.TillEvent, stamp: Stamp) -> None:
    side = books.side(training=fact.training)
    before = side.till(event.register)
    side.tills[event.register] = till.evolve(before, event, now_ns=stamp.now_ns)
    if isinstance(event, register.TillFact):
        position = side.position(event.register)
        side.positions[event.register] = register.follow_till(position, event, now_ns=stamp.now_ns)


def _post_register(books: Books, fact: Fact, event: register.RegisterEvent) -> None:
    match event:
        case DayClosed():
            side = books.side(training=fact.training)
            before = side.position(event.register)
            side.positions[event.register] = register.close_position(before, event)
        case TrainingStarted():
            books.training_on[event.register] = True
        case TrainingEnded():
            books.training_on.pop(event.register, None)


def forget_archive(books: Books) -> None:
    """Let go of fetched orders; called between batches."""
    books.archive.clear()


assert limits.ORDERS_OPEN_MAX > limits.REGISTERS_MAX, "every register must be able to sell"
