"""The shapes people and programs read. Amounts in minor units, quantities in thousandths."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from engine.document import Document
from engine.explain import LineReasons
from engine.order.events import (
    Audience,
)
from engine.order.figures import DiscountKind
from engine.price_list.model import CustomerGroup
from engine.register import Totals
from engine.settings import RegisterSetup, StoreRules, TaxClass
from engine.tax_document import Charge, TaxKind, Unit
from engine.taxation import Dining
from engine.views.credit_shapes import ReturnsView
from engine.views.offer_shapes import (
    ChargeView,
    ChosenView,
    CouponView,
    ExemptionView,
    OfferView,
    PriceListView,
    RewardView,
)
from engine.views.paylink_shapes import PaylinkShown, PaylinkView
from engine.views.payment_shapes import CardStateView, PaymentView, TabView, TipView
from engine.views.till_shapes import ForeignCurrencyView, ForeignDueView, TillView


@frozen
class DiscountView:
    """A manual discount: percent in ppm or an amount in minor units."""

    kind: DiscountKind
    value: int
    reason: str


@frozen
class NoteView:
    """A note and who it is for."""

    audience: Audience
    text: str


@frozen
class PromotionView:
    """What a promotion took off a line, zero or less."""

    name: str
    amount_minor: int


@frozen
class LineView:
    """One line as shown. `amount_minor` is before promotions and discounts, `net_minor` after.

    `unit_price_micros` is the price that counts, of `price_list` ("": the item's own);
    `was_micros` is what the goods cost before a markdown (0: none). `comp` says why the line is
    given away. `linked_to` is the line whose deposit it is; `priced_again_by` the line that came
    back, for goods that stay and cost more without it; `without_receipt` goods that came back so.
    """

    line: int
    item_id: str
    name: str
    variation: str
    department: str
    unit: str
    quantity_milli: int
    tare_milli: int
    unit_price_micros: int
    amount_minor: int
    line_discount_minor: int
    order_discount_minor: int
    net_minor: int
    total_minor: int
    tax_class: str
    discount: DiscountView | None
    notes: tuple[NoteView, ...]
    overridden: bool
    open_price: bool
    return_of: str
    returned_milli: int
    image: str
    promotions: tuple[PromotionView, ...] = ()
    price_list: str = ""
    was_micros: int = 0
    comp: str = ""
    comp_minor: int = 0
    tax_letter: str = ""
    linked_to: int = 0
    list_name: str = ""
    priced_again_by: int = 0
    without_receipt: bool = False


@frozen
class TaxView:
    """One tax of a document. What follows `tax_minor` is set where a tax rule made it.

    `value` is ppm, or micros of the major unit for each `unit` where `kind` is per_unit;
    `uncharged_minor` is what it comes to where the customer does not pay it here.
    """

    tax_class: str
    name: str
    rate_ppm: int
    base_minor: int
    tax_minor: int
    letters: str = ""
    rule: str = ""
    jurisdiction: str = ""
    tax_type: str = ""
    kind: TaxKind = TaxKind.PERCENT
    value: int = 0
    unit: Unit = Unit.PIECE
    charge: Charge = Charge.CHARGED
    uncharged_minor: int = 0
    certificate: str = ""
    holiday: str = ""


@frozen
class TenderView:
    """One tender. `card` is the masked number, "" where it was not by card; `tip_minor` came on
    top of the amount. Notes of another `currency` ("": the store's) have what was handed over in
    its minor units and the rate: what one of its major unit counts for, in micros. `credit` is the
    code of a note of store credit, with what is left of it after. Paid by link, `reference` is the
    provider's own name for it and `method` how, where it said so. `entry` is keyed or phone where
    the card's number was typed. `refunded_minor` is what went back of it since its sale."""

    tender: int
    kind: str
    amount_minor: int
    card: str = ""
    brand: str = ""
    tip_minor: int = 0
    currency: str = ""
    foreign_minor: int = 0
    rate_micros: int = 0
    credit: str = ""
    credit_left_minor: int = 0
    reference: str = ""
    method: str = ""
    entry: str = ""
    refunded_minor: int = 0


@frozen
class OrderView:
    """An order as shown. `due_minor` is what is still to pay, `cash_due_minor` the same in cash.

    `receipt_number` and `change_minor` are set once completed; `saved_minor` is what discounts
    took off, positive. `comp_minor`, zero or less, was given away; why is in `comp` or at lines.
    `dining` is how it is handed over, None where nobody said so and no rule asks. `may_wait` says
    of one in payment that it can be parked as it is: nothing of its money goes back at a till.
    """

    order_id: str
    phase: str
    training: bool
    label: str
    lines: tuple[LineView, ...]
    discount: DiscountView | None
    notes: tuple[NoteView, ...]
    subtotal_minor: int
    saved_minor: int
    tax_minor: int
    taxes: tuple[TaxView, ...]
    total_minor: int
    due_minor: int
    cash_due_minor: int
    rounding_minor: int
    tenders: tuple[TenderView, ...]
    change_minor: int
    receipt_number: str
    business_date: str
    at_ns: int
    version: int
    customer_group: str = ""
    member: str = ""
    channel: str = ""
    coupons: tuple[CouponView, ...] = ()
    chosen: tuple[ChosenView, ...] = ()
    comp: str = ""
    comp_minor: int = 0
    dining: Dining | None = None
    exemption: ExemptionView | None = None
    guests: int = 0
    charges: tuple[ChargeView, ...] = ()
    tab: TabView | None = None
    foreign_due: tuple[ForeignDueView, ...] = ()
    points: int = 0
    points_spent: int = 0
    rewards: tuple[OfferView, ...] = ()
    tender: str = ""
    tip: TipView | None = None
    may_wait: bool = False


@frozen
class OrderReasonsView:
    """Why an order's lines cost what they cost; `rules` names the policy that made the figures."""

    order_id: str
    lines: tuple[LineReasons, ...]
    total_minor: int
    rules: str


@frozen
class OperatorView:
    """A person; `rights` is empty in lists."""

    operator: str
    name: str
    role: str
    rights: tuple[str, ...]


@frozen
class QueueEntry:
    """An effect on its way: what, where to, how old in seconds, why it is not done yet."""

    effect_id: str
    address: str
    kind: str
    title: str
    age_s: int
    tries: int
    reason: str


@frozen
class DeviceView:
    """A device as last heard of."""

    address: str
    state: str
    code: str
    detail: str


@frozen
class RegisterView:
    """Everything a register screen shows, at `position` of `epoch`.

    `terminal` is its card terminal, "" where it has none; `payment` the last card payment of its
    order, or of the last one while it has none; `exceptions` how many of the store a person must
    look at. `provider` is whom it asks for payments by link, "" for nobody, and `paylink` the last
    one of its order. `asks_tips` says that its customers are asked for a tip on our own screen.
    `offer_version` is another with each change of goods, prices, promotions, taxes or settings, and
    when the first charge comes or the last one goes: what a screen was told of them before
    (`store.state`, `catalog.grid`) is old then.
    """

    epoch: int
    position: int
    register: str
    name: str
    operator: OperatorView | None
    training: bool
    order: OrderView | None
    last_order: OrderView | None
    suspended: int
    till: TillView
    z_number: int
    queue: tuple[QueueEntry, ...]
    devices: tuple[DeviceView, ...]
    terminal: str = ""
    payment: PaymentView | None = None
    exceptions: int = 0
    returns: ReturnsView = field(factory=ReturnsView)
    provider: str = ""
    paylink: PaylinkView | None = None
    asks_tips: bool = False
    offer_version: int = 0


@frozen
class DisplayView:
    """What the customer may see: the order without internal notes, then the completed one.

    `display` is the address of the pole display that shows it too, "" where there is none.
    `paylink` is what the customer is asked to pay by link now, `card` the card payment of the
    order; `asks_tip` says that the register's screen asks them for a tip.
    """

    epoch: int
    position: int
    register: str
    display: str
    store_name: str
    currency: str
    minor_digits: int
    language: str
    order: OrderView | None
    completed: OrderView | None
    paylink: PaylinkShown | None = None
    card: CardStateView | None = None
    asks_tip: bool = False


@frozen
class SuspendedView:
    """A parked order in the list."""

    order_id: str
    label: str
    lines: int
    total_minor: int
    first_name: str
    opened_by: str


@frozen
class ItemView:
    """A sellable position in a grid or a search result."""

    item_id: str
    name: str
    variation: str
    department: str
    tax_class: str
    unit: str
    unit_price_micros: int
    open_price: bool
    group: str
    image: str


@frozen
class GridView:
    """Tiles in their fixed order, and the departments there are."""

    departments: tuple[str, ...]
    items: tuple[ItemView, ...]


@frozen
class TaxesView:
    """The tax rules in force: what they were taken from, and the words they know.

    `dinings` are the ways of handing over that some rule tells apart, and `customer_classes` the
    classes some rule names. `own_jurisdictions`, the widest first, and `own_tax_types` are those of
    the rules for where the store lies.
    """

    pack: str
    compiled: str
    jurisdiction: str
    categories: tuple[str, ...]
    tax_types: tuple[str, ...]
    dining: Dining
    dinings: tuple[Dining, ...]
    customer_classes: tuple[str, ...]
    own_jurisdictions: tuple[str, ...] = ()
    own_tax_types: tuple[str, ...] = ()


@frozen
class StoreView:
    """What a screen needs before anybody signs on.

    `dinings` are the ways of handing over to choose from, empty where neither a tax rule nor a
    price list tells any apart; `dining` is the one an order has where nobody chose. `tenders` are
    the means of payment that promotions in force are for.
    """

    store: str
    name: str
    rules: StoreRules | None
    minor_digits: int
    tax_classes: tuple[TaxClass, ...]
    registers: tuple[RegisterSetup, ...]
    operators: tuple[OperatorView, ...]
    item_count: int
    taxes: TaxesView | None = None
    customer_groups: tuple[CustomerGroup, ...] = ()
    promotions_to_give: tuple[OfferView, ...] = ()
    has_coupons: bool = False
    has_charges: bool = False
    dinings: tuple[Dining, ...] = ()
    dining: Dining | None = None
    price_lists: tuple[PriceListView, ...] = ()
    foreign: tuple[ForeignCurrencyView, ...] = ()
    rewards: tuple[RewardView, ...] = ()
    tenders: tuple[str, ...] = ()


@frozen
class ReportView:
    """An X (number 0) or a Z. `foreign_digits` are those of each other currency in it."""

    register: str
    training: bool
    z_number: int
    business_date: str
    at_ns: int
    totals: Totals
    grand_total_minor: int
    foreign_digits: dict[str, int] = field(factory=dict)


@frozen
class ReceiptRow:
    """A completed sale in a list."""

    order_id: str
    receipt_number: str
    register: str
    operator: str
    business_date: str
    at_ns: int
    lines: int
    total_minor: int
    training: bool


@frozen
class ActivityRow:
    """One fact in a person's log. `fact` is its name without version, `subject` what it was about;
    of a card payment its kind, and where it stands once the terminal told (`reversal approved`).
    `amount_minor` is None where no money is told. Who allowed it stands in `approver`."""

    position: int
    at_ns: int
    utc_offset_s: int
    business_date: str
    register: str
    operator: str
    approver: str
    fact: str
    subject: str
    amount_minor: int | None
    reason: str
    training: bool


@frozen
class ReceiptView:
    """A receipt to look at: its blocks and its order."""

    document: Document
    order: OrderView


@frozen
class EventView:
    """One journaled fact, personal fields as tokens unless the reader may see them."""

    position: int
    stream: str
    name: str
    training: bool
    now_ns: int
    business_date: str
    register: str
    operator: str
    data: dict[str, Any]


@frozen
class EventsView:
    """Facts after a cursor, in order; `more` says the limit cut them."""

    epoch: int
    position: int
    more: bool
    events: tuple[EventView, ...]


@frozen
class StatusView:
    """The health of the store in one object."""

    version: str
    store: str
    epoch: int
    position: int
    head: str
    started_ns: int
    item_count: int
    orders_open: int
    queue: tuple[QueueEntry, ...]
    devices: tuple[DeviceView, ...]
    disk_nearly_full: bool
