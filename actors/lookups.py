"""Queries the books can answer: reads of live state, of native search, of fetched orders."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from attrs import define, field

from actors.asks import (
    Aside,
    ReadEndingDays,
    ReadPaylinks,
    ReadPayments,
    ReadStored,
    Reply,
    Submit,
)
from actors.journal import Journal
from actors.limits import EVENTS_BYTES_MAX
from actors.messages import DeviceState, DeviceStatus
from actors.terminal_messages import Progress
from actors.world import World
from engine import queries
from engine.books import Books
from engine.decision import SYSTEM, Refused
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.state import Order
from engine.paylink.state import Paylink
from engine.payment.state import Payment, ending
from engine.payment.terminal_day import TerminalDayAsked
from engine.requests import receipt_of
from engine.staff import Refusal, Right
from engine.till import Refusal as TillRefusal
from engine.views import build, credits, offers, paylinks, payments, terminals
from engine.views.shapes import DeviceView, EventsView, EventView, ReceiptView, StatusView
from engine.wire import canonical, unstructure

STALE_NS = 15_000_000_000
EVENTS_MAX = 500
RESULTS_MAX = 200
VERSION = "0.1.0"


@define(eq=False)
class Lookups:
    """Answers queries from the bookkeeper's books; owns nothing but what devices last said."""

    books: Books
    journal: Journal
    last_orders: dict[str, Order]
    devices: dict[str, tuple[DeviceStatus, int]] = field(factory=dict)
    started_ns: int = 0
    disk_nearly_full: bool = False
    progress: dict[str, Progress] = field(factory=dict)

    def heard(self, status: DeviceStatus, now_ns: int) -> bool:
        """Remember what a device said; True where it is news."""
        known = self.devices.get(status.address)
        self.devices[status.address] = (status, now_ns)
        return known is None or known[0] != status

    def device_views(self, now_ns: int) -> dict[str, DeviceView]:
        """Every device heard of; one that fell silent is stale."""
        return {
            address: DeviceView(
                address,
                "stale" if now_ns - heard_ns > STALE_NS else status.state.value,
                status.code,
                status.detail,
            )
            for address, (status, heard_ns) in sorted(self.devices.items())
        }

    def asked_about(
        self, about: ReadPayments | ReadStored | ReadPaylinks | ReadEndingDays
    ) -> tuple[Payment | Paylink | TerminalDayAsked, ...]:
        """What of that kind is open, oldest first."""
        books = self.books
        if isinstance(about, ReadEndingDays):
            return ending(books.payments)
        if isinstance(about, ReadStored):
            return tuple(books.payments.offline.values())
        if isinstance(about, ReadPayments):
            return tuple(books.payments.open.values())
        return books.paylinks.asked_about()

    def aside(self, now_ns: int) -> tuple[Aside, ...]:
        """Payments nobody waits for, and whether the terminal of each can be asked now."""
        payments = self.books.payments
        return tuple(
            Aside(one, self._is_well(terminal, now_ns) and payments.is_free(terminal))
            for one in payments.aside()
            if (terminal := one.asked.terminal)
        )

    def _is_well(self, address: str, now_ns: int) -> bool:
        status, heard_ns = self.devices.get(address, (None, 0))
        is_ready = status is not None and status.state is DeviceState.READY
        return is_ready and now_ns - heard_ns <= STALE_NS

    def answer(self, submit: Submit, query: queries.Query, world: World) -> Reply:
        """The reply to a query, or the refusal of it."""
        refused = self._refused(submit, query)
        if refused is not None:
            return refused
        found = self._find(submit, query, world)
        return found if isinstance(found, Reply) else Reply(ok=True, data=unstructure(found))

    def _refused(self, submit: Submit, query: queries.Query) -> Reply | None:
        right = queries.QUERY_RIGHTS[type(query)]
        if not submit.admin:
            if submit.register not in self.books.settings.registers and not isinstance(
                query, queries.StoreState | queries.StoreStatus
            ):
                return _no("register_must_exist", register=submit.register)
            operator = self.books.staff.signed_on.get(submit.register, "")
            if right is not Right.NONE and not operator:
                return _no(Refusal.OPERATOR_MUST_BE_SIGNED_ON)
            if right is not Right.NONE and not self.books.staff.allows(operator, right):
                return _no(Refusal.RIGHT_MUST_BE_GRANTED, right=right.value)
            if isinstance(query, queries.XReport) and self._counts_blind(submit.register, operator):
                return _no(TillRefusal.TILL_MUST_BE_COUNTED, register=submit.register)
        return None

    def _counts_blind(self, register: str, operator: str) -> bool:
        """Whether an X would tell `operator` what the count of the open till should come to."""
        till = self.books.side(training=self.books.is_training(register)).till(register)
        sees = self.books.staff.allows(operator, Right.EXPECTED_CASH)
        return till.awaits_count() and not sees

    def _find(self, submit: Submit, query: queries.Query, world: World) -> Any:
        books, register = self.books, submit.register
        match query:
            case queries.StoreState():
                return build.store_view(books, self.journal.store_id)
            case queries.StoreStatus():
                return self._status(world)
            case queries.RegisterState() | queries.DisplayState():
                if books.settings.rules is None or register not in books.settings.registers:
                    return _no("store_must_be_set_up")
                return self._screen(register, query, world)
            case queries.SuspendedOrders():
                return build.suspended_views(books, training=books.is_training(register))
            case queries.GetOrder() | queries.ExplainOrder() | queries.GetReceipt():
                return self._order(query)
            case queries.WhyNoPromotions():
                order = books.side(training=books.is_training(register)).current(register)
                if order is None:
                    return _no(OrderRefusal.ORDER_MUST_BE_OPEN)
                return offers.promotions_view(order, books)
            case queries.SearchCatalog():
                found = books.catalog.book.search(query.text[:100], min(query.limit, RESULTS_MAX))
                return tuple(build.item_view(row) for row in found)
            case queries.CatalogGrid():
                return build.grid_view(books.catalog.book, query.department, query.limit)
            case queries.TillState():
                operator = SYSTEM if submit.admin else books.staff.signed_on.get(register, "")
                side = books.side(training=books.is_training(register))
                sees = books.staff.allows(operator, Right.EXPECTED_CASH)
                taken = books.settings.foreign.keys()
                return build.till_view(side.till(register), may_see_expected=sees, currencies=taken)
            case queries.XReport():
                return self._x_report(register, world)
            case queries.OpenPayments():
                return payments.payments_view(
                    books, now_ns=world.now_ns(), register=register, shows=self._shown()
                )
            case queries.GetCredit():
                return _of(credits.credit_view(query.code, books))
            case queries.ListCredits():
                return credits.credits_view(books, query.limit)
            case queries.OpenPaylinks():
                return paylinks.paylinks_view(books, now_ns=world.now_ns())
            case queries.OpenTabs():
                return payments.open_tabs(books, world.now_ns())
            case queries.TerminalsState():
                return terminals.terminals_view(books, self.device_views(world.monotonic_ns()))
            case queries.EventsSince():
                return self._events(query)
            case (
                queries.FindActivity()
                | queries.ClearingState()
                | queries.FindPaymentFees()
                | queries.FindReceipts()
                | queries.TillCounts()
                | queries.ZReport()
                | queries.FindTerminals()
                | queries.CancelSearch()
                | queries.TestTerminal()
            ):
                raise AssertionError("views and the terminal desk answer this")

    def _screen(self, register: str, query: Any, world: World) -> Any:
        epoch = self.journal.head().epoch
        last = self.last_orders.get(register)
        if isinstance(query, queries.DisplayState):
            return build.display_view(self.books, register, epoch=epoch, last_order=last)
        return build.register_view(
            self.books,
            register,
            epoch=epoch,
            now_ns=world.now_ns(),
            devices=self.device_views(world.monotonic_ns()),
            last_order=last,
            shows=self._shown(),
        )

    def _shown(self) -> dict[str, tuple[str, str]]:
        """What terminals show, by payment; of those that are over nothing is kept."""
        for payment_id in sorted(self.progress.keys() - self.books.payments.open.keys()):
            del self.progress[payment_id]
        return {key: (entry.code, entry.text) for key, entry in self.progress.items()}

    def _x_report(self, register: str, world: World) -> Any:
        rules = self.books.settings.required()
        training = self.books.is_training(register)
        stamp = world.stamp(rules.time_zone, rules.cutoff_s)
        return build.x_view(
            self.books.side(training=training).position(register),
            register,
            training=training,
            business_date=stamp.business_date,
            now_ns=stamp.now_ns,
        )

    def _order(self, query: queries.GetOrder | queries.ExplainOrder | queries.GetReceipt) -> Any:
        books = self.books
        order = (
            books.live.orders.get(query.order_id)
            or books.training.orders.get(query.order_id)
            or books.archive.get(query.order_id)
        )
        if order is None:
            return _no("order_must_exist", order_id=query.order_id)
        if isinstance(query, queries.ExplainOrder):
            return build.reasons_view(order, books)
        view = build.order_view(order, books)
        if isinstance(query, queries.GetOrder):
            return view
        if order.completion is None:
            return _no("order_must_be_completed", order_id=query.order_id)
        return ReceiptView(receipt_of(order, books), view)

    def _events(self, query: queries.EventsSince) -> EventsView:
        limit = max(1, min(query.limit, EVENTS_MAX))
        records = self.journal.read(max(0, query.position), limit)
        # One alone fits a frame, whatever it says; of many long ones as many come as do.
        sizes = accumulate(len(canonical(record.data)) for record in records)
        records = records[: max(1, sum(size <= EVENTS_BYTES_MAX for size in sizes))]
        head = self.journal.head()
        last = records[-1].position if records else head.position
        views = tuple(
            EventView(
                record.position,
                record.stream,
                record.name,
                record.kind == "training",
                record.stamp.now_ns,
                record.stamp.business_date,
                record.register,
                record.operator,
                record.data,
            )
            for record in records
        )
        return EventsView(head.epoch, last, last < head.position, views)

    def _status(self, world: World) -> StatusView:
        head = self.journal.head()
        books = self.books
        now_ns = world.now_ns()
        devices = self.device_views(world.monotonic_ns())
        return StatusView(
            VERSION,
            self.journal.store_id,
            head.epoch,
            head.position,
            head.hash.hex(),
            self.started_ns,
            books.catalog.book.item_count,
            len(books.live.orders),
            build.queue_view(books, frozenset(), now_ns, devices),
            tuple(devices.values()),
            self.disk_nearly_full,
        )


def _of(found: object) -> object:
    """What was found, or the refusal of it as a reply."""
    return _no(found.code, **found.fields) if isinstance(found, Refused) else found


def _no(code: str, /, **fields: object) -> Reply:
    return Reply(ok=False, refusal={"code": code, "fields": fields})
