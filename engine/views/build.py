"""From the books to what people look at; the same figures, never computed another way."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.books import Books
from engine.explain import explain
from engine.money import minor_digits
from engine.order.due import due_of
from engine.order.events import (
    Audience,
)
from engine.order.figures import Figures, LineFigures
from engine.order.given import Discount, Note
from engine.order.offered import Tariff, promotion_names, why_not
from engine.order.pricing import price_shown
from engine.order.state import Line, Order, Phase, charge_line
from engine.outbox import PendingEffect
from engine.payment.tips import is_asked
from engine.register import DayClosed, Position
from engine.side import Side
from engine.staff import Operator, Right, Staff
from engine.tax_paper import letters_of
from engine.till import Till
from engine.views.credits import returns_view
from engine.views.foreign import currency_views, digits_of, due_views, till_rows
from engine.views.offer_shapes import ChargeView, ChosenView, CouponView, OfferView
from engine.views.offers import choices_of
from engine.views.paylinks import paylink_shown, paylink_view, register_paylink
from engine.views.payments import (
    card_state,
    listed,
    payment_view,
    register_payment,
    tab_view,
    tip_view,
)
from engine.views.shapes import (
    DeviceView,
    DiscountView,
    DisplayView,
    GridView,
    ItemView,
    LineView,
    NoteView,
    OperatorView,
    OrderReasonsView,
    OrderView,
    PromotionView,
    QueueEntry,
    RegisterView,
    ReportView,
    StoreView,
    SuspendedView,
)
from engine.views.taxes import exemption_view, tax_views, taxes_view
from engine.views.tenders import may_wait, tender_views
from engine.views.till_shapes import TillView
from native import ItemRow, PriceBook

_WELL = frozenset(("ok", "open", "closed", "paper_near_end"))


def _discount(discount: Discount | None) -> DiscountView | None:
    if discount is None:
        return None
    return DiscountView(discount.kind, discount.value, discount.reason)


def _notes(notes: tuple[Note, ...], *, internal: bool) -> tuple[NoteView, ...]:
    return tuple(
        NoteView(note.audience, note.text)
        for note in notes
        if internal or note.audience is Audience.CUSTOMER
    )


def _line(
    line: Line, row: LineFigures, book: PriceBook, letter: str, *, internal: bool
) -> LineView:
    item = line.item
    found = book.find_item(item.item_id) if item.item_id else None
    return LineView(
        line.line,
        item.item_id,
        item.name,
        item.variation,
        item.department,
        item.unit,
        line.quantity_milli,
        line.tare_milli,
        row.unit_price_micros if row.unit_price_micros >= 0 else item.unit_price_micros,
        row.amount_minor,
        row.line_discount_minor,
        row.order_discount_minor,
        row.net_minor,
        row.total_minor,
        item.tax_class,
        _discount(line.discount),
        _notes(line.notes, internal=internal),
        line.overridden,
        item.open_price,
        "" if line.source is None else line.source.receipt_number,
        line.returned_milli,
        "" if found is None else found.image,
        tuple(PromotionView(entry.name, entry.amount_minor) for entry in row.promotions),
        row.price_list,
        row.was_micros,
        line.comp if internal else "",
        row.comp_minor,
        letter,
        line.linked_to,
        row.list_name,
        0 if line.source is None else line.source.priced_again_by,
        line.source is not None and not line.source.has_receipt(),
    )


def _coupons(order: Order, figures: Figures, tariff: Tariff) -> tuple[CouponView, ...]:
    """What each coupon gives, and why one gives nothing while that can change."""
    names = promotion_names(tariff)
    shown = []
    for entry in order.coupons:
        gives = figures.promotion_amount_minor(entry.promotion)
        asks = not gives and order.completion is None and order.phase is not Phase.VOIDED
        why = why_not(order, tariff, (entry.promotion,))[0].code if asks else ""
        name = names.get(entry.promotion, entry.coupon)
        shown.append(CouponView(entry.code, entry.promotion, name, gives, why))
    return tuple(shown)


def _charges(
    order: Order, figures: Figures, tariff: Tariff, *, internal: bool
) -> tuple[ChargeView, ...]:
    """What rules added, and after it what somebody let go."""
    back = {line.line for line in order.charges if line.returned_milli}
    shown = [
        ChargeView(
            entry.line,
            entry.charge,
            entry.name,
            entry.kind,
            entry.percent_ppm,
            entry.amount_minor,
            entry.line in back,
        )
        for entry in figures.charges
    ]
    rules = () if tariff.offers is None else tariff.offers.charges.rules
    names = {rule.id: rule for rule in rules}
    for waived in order.waived if internal else ():
        rule = names.get(waived.charge)
        if rule is not None:
            own = (0, rule.id, rule.name, rule.kind, rule.percent_ppm, 0)
            shown.append(ChargeView(*own, returned=False, waived=waived.reason))
    return tuple(shown)


def _chosen(order: Order, tariff: Tariff) -> tuple[ChosenView, ...]:
    names = promotion_names(tariff) if order.chosen else {}
    return tuple(
        ChosenView(entry.promotion, names.get(entry.promotion, entry.promotion), entry.reason)
        for entry in order.chosen
    )


def _rewards(order: Order, tariff: Tariff) -> tuple[OfferView, ...]:
    names = promotion_names(tariff) if order.rewards else {}
    return tuple(OfferView(one, names.get(one, one)) for one in order.rewards)


def order_view(order: Order, books: Books, *, internal: bool = True) -> OrderView:
    """An order as shown; `internal` False leaves out what a customer must not see."""
    settings, book = books.settings, books.catalog.book
    rules = settings.required()
    tariff = books.tariff_of(order)
    figures: Figures = price_shown(order, tariff)
    rows = {row.line: row for row in figures.lines}
    completion = order.completion
    due = due_of(order, figures, rules)
    left = 0 if completion is not None or order.phase is Phase.VOIDED else due.left_minor
    change = 0 if due.goes_back or not order.tenders else max(-left, 0)
    rounding = due.rounding_minor if completion is None else completion.rounding_minor
    lines = order.live_lines()
    everything = (*lines, *map(charge_line, figures.charges))
    letters = letters_of(everything, figures, settings.tax_classes)
    return OrderView(
        order.id,
        order.phase.value,
        order.training,
        order.label if internal else "",
        tuple(
            _line(line, rows[line.line], book, letters[line.line], internal=internal)
            for line in lines
        ),
        _discount(order.discount),
        _notes(order.notes, internal=internal),
        figures.subtotal_minor,
        -figures.discount_minor,
        figures.tax_minor,
        tax_views(figures, settings.tax_classes, letters),
        figures.total_minor,
        left + change,
        due.in_cash_minor if left + change else 0,
        rounding,
        tender_views(order),
        change if completion is None else completion.change_minor,
        "" if completion is None else completion.receipt_number,
        "" if completion is None else completion.business_date,
        0 if completion is None else completion.at_ns,
        order.version,
        order.customer_group if internal else "",
        order.member if internal else "",
        order.channel,
        _coupons(order, figures, tariff),
        _chosen(order, tariff) if internal else (),
        order.comp if internal else "",
        figures.comp_minor,
        figures.dining,
        exemption_view(order, internal=internal),
        order.guests,
        _charges(order, figures, tariff, internal=internal),
        tab_view(order, books.payments) if internal else None,
        due_views(due, settings) if order.phase is Phase.TENDERING and left > 0 else (),
        order.points if internal else 0,
        figures.points_spent(),
        _rewards(order, tariff) if internal else (),
        order.tender,
        tip_view(order, settings.registers) if internal else None,
        may_wait(order, books.payments) if internal else False,
    )


def reasons_view(order: Order, books: Books) -> OrderReasonsView:
    """Why an order costs what it costs, under the rules its figures were made by."""
    figures = price_shown(order, books.tariff_of(order))
    rules = books.settings.at(figures.settings_version()).required()
    lines = explain(order, figures, rules)
    return OrderReasonsView(order.id, lines, figures.total_minor, figures.rules)


def operator_view(person: Operator, staff: Staff, *, with_rights: bool) -> OperatorView:
    """A person, with what they may do where that matters."""
    rights = sorted(right.value for right in staff.roles.get(person.role, frozenset()))
    return OperatorView(person.id, person.name, person.role, tuple(rights) if with_rights else ())


def till_view(till: Till, *, may_see_expected: bool, currencies: Collection[str] = ()) -> TillView:
    """A till, and what it holds of `currencies` beside the store's own. Until the count is locked
    only those with the right see what should be in it."""
    counted = till.counted_minor
    show = counted is not None or may_see_expected
    expected = till.expected_minor() if show and till.session else None
    return TillView(
        till.session,
        till.is_open,
        counted is not None,
        till.opened_by,
        till.opened_ns,
        till.float_minor,
        expected,
        counted,
        None if counted is None else counted - till.expected_minor(),
        till_rows(till, currencies, shows_expected=show and till.session > 0),
    )


def queue_view(
    books: Books, addresses: frozenset[str], now_ns: int, devices: dict[str, DeviceView]
) -> tuple[QueueEntry, ...]:
    """What is on its way to `addresses` (all where it is empty), oldest first, and why it waits."""
    return tuple(
        _queue_entry(entry, now_ns, devices.get(entry.address))
        for entry in books.outbox.values()
        if not addresses or entry.address in addresses
    )


def _why(entry: PendingEffect, device: DeviceView | None) -> str:
    """What the last try said; else what is wrong with the device; "" while all is well."""
    if entry.reason:
        return entry.reason
    if device is None:
        return "not_heard_of"
    return "" if device.state == "ready" and device.code in _WELL else device.code


def _queue_entry(entry: PendingEffect, now_ns: int, device: DeviceView | None) -> QueueEntry:
    document = entry.effect["data"].get("document")
    title = document["title"] if isinstance(document, dict) else ""
    age_s = max(0, now_ns - entry.requested_ns) // 10**9
    return QueueEntry(
        entry.effect_id,
        entry.address,
        entry.effect["name"],
        title,
        age_s,
        entry.tries,
        _why(entry, device),
    )


def register_view(
    books: Books,
    register: str,
    *,
    epoch: int,
    now_ns: int,
    devices: dict[str, DeviceView],
    last_order: Order | None,
    shows: Mapping[str, tuple[str, str]] | None = None,
) -> RegisterView:
    """Everything a register's screen shows; `shows` is what terminals show, by payment."""
    setup = books.settings.registers[register]
    training = books.is_training(register)
    side = books.side(training=training)
    operator = books.staff.signed_on.get(register, "")
    person = books.staff.operators.get(operator)
    order = side.current(register)
    devices_of = (
        setup.printer,
        setup.drawer,
        setup.display,
        setup.scanner,
        setup.terminal,
        setup.provider,
    )
    own = frozenset(address for address in devices_of if address)
    done = "" if last_order is None else last_order.id
    payment = None if training else register_payment(books, register, done)
    link = None if training else register_paylink(books, register)
    shown = ("", "") if payment is None else (shows or {}).get(payment.asked.payment_id, ("", ""))
    goes_back = payment is not None and books.payments.is_going_back(payment)
    sees = books.staff.allows(operator, Right.EXPECTED_CASH)
    return RegisterView(
        epoch,
        books.position,
        register,
        setup.name,
        None if person is None else operator_view(person, books.staff, with_rights=True),
        training,
        None if order is None else order_view(order, books),
        None if last_order is None else order_view(last_order, books),
        _suspended_count(side),
        till_view(
            side.till(register),
            may_see_expected=sees,
            currencies=books.settings.foreign.keys(),
        ),
        side.position(register).z_number,
        queue_view(books, own, now_ns, devices) if own else (),
        tuple(devices.get(a, DeviceView(a, "starting", "not_heard_of", "")) for a in sorted(own)),
        setup.terminal,
        None
        if payment is None
        else payment_view(payment, now_ns=now_ns, shows=shown, is_going_back=goes_back),
        len(listed(books, now_ns)) + len(books.paylinks.exceptions),
        returns_view(books),
        setup.provider,
        None if link is None else paylink_view(link, now_ns=now_ns),
        bool(setup.terminal) and setup.tip_choices is not None,
        _offer_version(books),
    )


def _offer_version(books: Books) -> int:
    """Another number whenever anything was changed that tiles and choices of a screen are made of.
    Of charges a screen knows only whether there are any; their changes are not counted."""
    set_whole = (books.promotions.version, books.prices.version, books.taxes.version)
    changes = books.catalog.version + sum(set_whole) + books.settings.version
    return 2 * changes + bool(books.charges.rules)


def _suspended_count(side: Side) -> int:
    return sum(1 for order in side.orders.values() if order.phase is Phase.SUSPENDED)


def display_view(
    books: Books, register: str, *, epoch: int, last_order: Order | None
) -> DisplayView:
    """What the customer may see."""
    settings = books.settings
    rules = settings.required()
    side = books.side(training=books.is_training(register))
    order = side.current(register)
    return DisplayView(
        epoch,
        books.position,
        register,
        settings.registers[register].display,
        rules.name,
        rules.currency,
        minor_digits(rules.currency),
        rules.language,
        None if order is None else order_view(order, books, internal=False),
        None if last_order is None else order_view(last_order, books, internal=False),
        None if order is None else paylink_shown(books, order.id),
        None if order is None or order.training else card_state(register_payment(books, register)),
        is_asked(order),
    )


def suspended_views(books: Books, *, training: bool) -> tuple[SuspendedView, ...]:
    """Parked orders, oldest first."""
    side = books.side(training=training)
    return tuple(
        SuspendedView(
            order.id,
            order.label,
            len(order.live_lines()),
            price_shown(order, books.tariff_of(order)).total_minor,
            order.live_lines()[0].item.name if order.live_lines() else "",
            order.opened_by,
        )
        for order in side.orders.values()
        if order.phase is Phase.SUSPENDED
    )


def item_view(row: ItemRow) -> ItemView:
    """A native row as shown."""
    return ItemView(
        row.item_id,
        row.name,
        row.variation,
        row.department,
        row.tax_class,
        row.unit,
        row.unit_price_micros,
        row.open_price,
        row.group,
        row.image,
    )


def grid_view(book: PriceBook, department: str, limit: int) -> GridView:
    """Tiles in their fixed order."""
    items = tuple(item_view(row) for row in book.grid(department, max(0, min(limit, 500))))
    return GridView(tuple(book.departments()[:60]), items)


def store_view(books: Books, store: str) -> StoreView:
    """What a screen needs before anybody signs on."""
    rules = books.settings.rules
    return StoreView(
        store,
        "" if rules is None else rules.name,
        rules,
        2 if rules is None else minor_digits(rules.currency),
        tuple(books.settings.tax_classes.values()),
        tuple(books.settings.registers.values()),
        tuple(
            operator_view(person, books.staff, with_rights=False)
            for person in books.staff.operators.values()
        ),
        books.catalog.book.item_count,
        taxes_view(books.taxes.setup),
        **choices_of(books),
        foreign=currency_views(books.settings),
    )


def x_view(
    position: Position, register: str, *, training: bool, business_date: str, now_ns: int
) -> ReportView:
    """The running totals; a Z that does not close anything."""
    return ReportView(
        register,
        training,
        0,
        business_date,
        now_ns,
        position.totals,
        position.grand_total_minor,
        digits_of(position.totals),
    )


def z_view(event: DayClosed, *, training: bool, now_ns: int) -> ReportView:
    """A Z as it was made."""
    return ReportView(
        event.register,
        training,
        event.z_number,
        event.business_date,
        now_ns,
        event.totals,
        event.grand_total_minor,
        digits_of(event.totals),
    )
