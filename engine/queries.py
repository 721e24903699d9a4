"""What may be asked without changing anything, and the shape of each answer."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from engine.staff import Right
from engine.views import shapes, till_shapes
from engine.views.clearing_shapes import ClearingView, PaymentFeesView
from engine.views.credit_shapes import CreditsView, CreditView
from engine.views.offer_shapes import OrderPromotionsView
from engine.views.paylink_shapes import PaylinksView
from engine.views.payment_shapes import OpenTabView, PaymentsView
from engine.views.terminals import TerminalsView, TerminalTestView
from engine.wire import Registry

QUERIES = Registry("query")


@QUERIES.name("store.state")
@frozen
class StoreState:
    """Before signing on: rules, registers, people. Answers `StoreView`."""


@QUERIES.name("store.status")
@frozen
class StoreStatus:
    """Health. Answers `StatusView`."""


@QUERIES.name("register.state")
@frozen
class RegisterState:
    """Everything the register shows. Answers `RegisterView`."""


@QUERIES.name("display.state")
@frozen
class DisplayState:
    """The customer's view of the register. Answers `DisplayView`."""


@QUERIES.name("orders.suspended")
@frozen
class SuspendedOrders:
    """Parked orders of the store. Answers a list of `SuspendedView`."""


@QUERIES.name("order.get")
@frozen
class GetOrder:
    """Any order, live or ended. Answers `OrderView`, or the refusal order_must_exist."""

    order_id: str


@QUERIES.name("order.explain")
@frozen
class ExplainOrder:
    """Why every line of an order costs what it costs, live or ended. Answers `OrderReasonsView`, or
    the refusal order_must_exist."""

    order_id: str


@QUERIES.name("order.why_not")
@frozen
class WhyNoPromotions:
    """What every promotion in force takes off the register's current order, else the clause that
    fails. Answers `OrderPromotionsView`, or the refusal order_must_be_open."""


@QUERIES.name("receipts.find")
@frozen
class FindReceipts:
    """Completed sales whose number contains `text`, newest first. Answers `ReceiptRow`s."""

    text: str = ""
    limit: int = 20


@QUERIES.name("receipt.get")
@frozen
class GetReceipt:
    """A receipt as it was printed. Answers `ReceiptView`."""

    order_id: str


@QUERIES.name("catalog.search")
@frozen
class SearchCatalog:
    """Best matches first. Answers `ItemView`s."""

    text: str
    limit: int = 24


@QUERIES.name("catalog.grid")
@frozen
class CatalogGrid:
    """Tiles of a department, of all where it is empty. Answers `GridView`."""

    department: str = ""
    limit: int = 200


@QUERIES.name("till.state")
@frozen
class TillState:
    """The register's till, blind where it must be. Answers `TillView`."""


@QUERIES.name("till.counts")
@frozen
class TillCounts:
    """Closed sessions, newest first. Answers `TillCountView`s."""

    limit: int = 20


@QUERIES.name("report.x")
@frozen
class XReport:
    """Running totals since the last Z; changes nothing. Answers `ReportView`.

    Refused as `till_must_be_counted` to whoever may not see the expected cash, while the till is
    open and its count is not locked: the totals would tell what to count.
    """


@QUERIES.name("report.z")
@frozen
class ZReport:
    """A Z by number, the last where it is 0. Answers `ReportView`."""

    z_number: int = 0


@QUERIES.name("activity.find")
@frozen
class FindActivity:
    """What people did, newest first, before position `before` (0: the newest). `operator` is who
    did or allowed it; empty filters take everything. Answers `ActivityRow`s."""

    operator: str = ""
    register: str = ""
    business_date: str = ""
    before: int = 0
    limit: int = 50


@QUERIES.name("payments.open")
@frozen
class OpenPayments:
    """Card payments that are not settled, and what was taken offline. Answers `PaymentsView`."""


@QUERIES.name("credit.get")
@frozen
class GetCredit:
    """What is left of a note of store credit. Answers `CreditView`, or the refusals
    credit_must_be_known and credit_must_not_be_spent."""

    code: str


@QUERIES.name("credits.list")
@frozen
class ListCredits:
    """The ledger of store credit, newest first; whoever reads a code can spend it. Answers
    `CreditsView`."""

    limit: int = 100


@QUERIES.name("clearing.state")
@frozen
class ClearingState:
    """Card money on its way to the bank: what terminals took, what acquirers' files have of it, and
    every difference. Answers `ClearingView`.

    `acquirer` "" takes all. `days` are the newest business dates, `limit` the items, oldest first.
    `explained` lists those too that somebody explained.
    """

    acquirer: str = ""
    days: int = 31
    limit: int = 100
    explained: bool = False


@QUERIES.name("clearing.fees")
@frozen
class FindPaymentFees:
    """What each card payment of a business date costs by the rate cards, in the order they were
    taken, after the payment `after` (empty: from the first). Answers `PaymentFeesView`."""

    business_date: str
    acquirer: str = ""
    limit: int = 200
    after: str = ""


@QUERIES.name("paylinks.open")
@frozen
class OpenPaylinks:
    """Payments by link that are not settled. Answers `PaylinksView`."""


@QUERIES.name("tabs.open")
@frozen
class OpenTabs:
    """Every tab of the store, oldest first. Answers `OpenTabView`s."""


@QUERIES.name("terminals.state")
@frozen
class TerminalsState:
    """Card terminals as set up, and the search for more. Answers `TerminalsView`."""


@QUERIES.name("terminals.find")
@frozen
class FindTerminals:
    """Look for terminals at these places, and only there: addresses, ranges (`192.0.2.10-40`) and
    networks (`192.0.2.0/24`), 256 in all, and serial ports (`/dev/ttyUSB0`). Answers
    `TerminalsView` at once; ask again for how far it is. Refused as addresses_must_be_local,
    addresses_limit_reached, search_must_be_over."""

    addresses: str


@QUERIES.name("terminals.stop_search")
@frozen
class CancelSearch:
    """End the search; what it found stays. Answers `TerminalsView`."""


@QUERIES.name("terminals.test")
@frozen
class TestTerminal:
    """Ask a terminal how it is; nothing is paid. Answers `TerminalTestView`, or the refusal
    terminal_must_be_paired."""

    __test__ = False  # pytest takes the name for that of a test
    terminal: str


@QUERIES.name("events.since")
@frozen
class EventsSince:
    """Journaled facts after `position`. Answers `EventsView`."""

    position: int
    limit: int = 100


Query = (
    StoreState
    | StoreStatus
    | RegisterState
    | DisplayState
    | SuspendedOrders
    | GetOrder
    | ExplainOrder
    | WhyNoPromotions
    | FindReceipts
    | GetReceipt
    | SearchCatalog
    | CatalogGrid
    | TillState
    | TillCounts
    | XReport
    | ZReport
    | FindActivity
    | OpenPayments
    | GetCredit
    | ListCredits
    | ClearingState
    | FindPaymentFees
    | OpenPaylinks
    | OpenTabs
    | TerminalsState
    | FindTerminals
    | CancelSearch
    | TestTerminal
    | EventsSince
)

# What each answers with; a tuple type means a list.
ANSWERS: Final[dict[type, Any]] = {
    StoreState: shapes.StoreView,
    StoreStatus: shapes.StatusView,
    RegisterState: shapes.RegisterView,
    DisplayState: shapes.DisplayView,
    SuspendedOrders: tuple[shapes.SuspendedView, ...],
    GetOrder: shapes.OrderView,
    ExplainOrder: shapes.OrderReasonsView,
    WhyNoPromotions: OrderPromotionsView,
    FindReceipts: tuple[shapes.ReceiptRow, ...],
    GetReceipt: shapes.ReceiptView,
    SearchCatalog: tuple[shapes.ItemView, ...],
    CatalogGrid: shapes.GridView,
    TillState: till_shapes.TillView,
    TillCounts: tuple[till_shapes.TillCountView, ...],
    XReport: shapes.ReportView,
    ZReport: shapes.ReportView,
    FindActivity: tuple[shapes.ActivityRow, ...],
    OpenPayments: PaymentsView,
    GetCredit: CreditView,
    ListCredits: CreditsView,
    ClearingState: ClearingView,
    FindPaymentFees: PaymentFeesView,
    OpenPaylinks: PaylinksView,
    OpenTabs: tuple[OpenTabView, ...],
    TerminalsState: TerminalsView,
    FindTerminals: TerminalsView,
    CancelSearch: TerminalsView,
    TestTerminal: TerminalTestView,
    EventsSince: shapes.EventsView,
}

# NONE may be asked by anybody who reached the door with its token.
QUERY_RIGHTS: Final[dict[type, Right]] = {
    StoreState: Right.NONE,
    StoreStatus: Right.NONE,
    RegisterState: Right.NONE,
    DisplayState: Right.NONE,
    SuspendedOrders: Right.SELL,
    GetOrder: Right.SELL,
    ExplainOrder: Right.SELL,
    WhyNoPromotions: Right.SELL,
    FindReceipts: Right.SELL,
    GetReceipt: Right.SELL,
    SearchCatalog: Right.SELL,
    CatalogGrid: Right.SELL,
    TillState: Right.NONE,
    TillCounts: Right.EXPECTED_CASH,
    XReport: Right.X_REPORT,
    ZReport: Right.X_REPORT,
    FindActivity: Right.ACTIVITY,
    OpenPayments: Right.SELL,
    GetCredit: Right.SELL,
    ListCredits: Right.ACTIVITY,
    ClearingState: Right.X_REPORT,
    FindPaymentFees: Right.X_REPORT,
    OpenPaylinks: Right.SELL,
    OpenTabs: Right.SELL,
    TerminalsState: Right.SETTINGS,
    FindTerminals: Right.SETTINGS,
    CancelSearch: Right.SETTINGS,
    TestTerminal: Right.SETTINGS,
    EventsSince: Right.SETTINGS,
}
