"""Card payments as people see them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.altered import altered
from engine.books import Books
from engine.limits import NS_PER_S
from engine.order.pricing import price_shown
from engine.order.state import Order
from engine.payment.events import Problem, Standing
from engine.payment.exposure import Exposure, brand_exposure, exposure, oldest_ns, untold
from engine.payment.state import Payment, Payments, is_counted, tip_in
from engine.payment.tips import shares
from engine.settings import RegisterSetup, TipChoices
from engine.terminal import UNDOING, CardShown, Kind
from engine.views.payment_shapes import (
    CardStateView,
    CeilingView,
    OpenTabView,
    PaymentsView,
    PaymentView,
    TabView,
    TipView,
)

UNKNOWN_IS_LISTED_S = 30
Shown = tuple[str, str]


def payment_view(
    payment: Payment,
    *,
    now_ns: int,
    shows: Shown = ("", ""),
    is_going_back: bool = False,
    is_counted: bool = False,
    paid_with: CardShown | None = None,
    tried: tuple[Payment, ...] = (),
) -> PaymentView:
    """One payment; `shows` is what its terminal shows meanwhile: a stable word, its own text.
    `is_going_back`: its terminal is still to be asked to take it back.
    `is_counted` is of what was to go back: whether a sale was completed with it. `paid_with` is the
    card that it was paid with: that is told where the terminal tells none. `tried` are the tries to
    take it back that it stands for, oldest first."""
    asked, answer = payment.asked, payment.answer
    card = CardShown() if answer is None else answer.card
    if paid_with is not None and not (card.number or card.brand):
        card = paid_with
    return PaymentView(
        asked.payment_id,
        asked.order_id,
        asked.register,
        asked.operator,
        asked.terminal,
        asked.kind.value,
        payment.standing.value,
        payment.problem.value,
        payment.amount_minor,
        _tip_minor(payment),
        "" if answer is None else answer.code,
        "" if answer is None else answer.detail,
        card.number,
        card.brand,
        _age_s(payment, now_ns),
        payment.is_cancel_asked,
        payment.problem is Problem.UNRESOLVED,
        payment.reason,
        *(shows if payment.is_open else ("", "")),
        asked.entry.value,
        asked.tender,
        is_counted,
        asked.of_refund,
        is_going_back,
        *_told_of_tries(tried, now_ns),
    )


def _told_of_tries(tried: tuple[Payment, ...], now_ns: int) -> tuple[str, int]:
    """What the last of them came to, and how long ago it was asked for."""
    if not tried:
        return "", 0
    last = tried[-1]
    assert last.answer is not None, "what is over was heard of"
    return last.answer.code, _age_s(last, now_ns)


_FOR_CUSTOMERS = {Standing.REQUESTED: "terminal", Standing.UNKNOWN: "checking"}


def card_state(payment: Payment | None) -> CardStateView | None:
    """What the customer sees of the payment of their order; of what was taken back, nothing, nor of
    what is only reserved: nothing is charged yet."""
    if payment is None or payment.asked.kind in UNDOING:
        return None
    if payment.is_approved and payment.asked.kind is Kind.RESERVATION:
        return None
    ended = "approved" if payment.is_approved else "not_paid"
    state = _FOR_CUSTOMERS.get(payment.standing, ended)
    tip_minor = _tip_minor(payment)
    if not payment.is_approved:
        tip_minor += payment.asked.tip_minor
    return CardStateView(state, payment.asked.kind.value, _charged_minor(payment), tip_minor)


def _charged_minor(payment: Payment) -> int:
    """All that is on the card, or is to be."""
    if payment.is_approved and payment.answer is not None:
        return payment.answer.amount_minor
    return payment.asked.amount_minor + payment.asked.tip_on_top_minor


def tip_view(order: Order, registers: Mapping[str, RegisterSetup]) -> TipView | None:
    """What the customer is asked, or was."""
    tip, setup = order.tip, registers.get(order.register)
    if tip is None or setup is None:
        return None
    offered = setup.tip_choices or TipChoices()
    return TipView(
        tip.amount_minor,
        tip.tip_minor is not None,
        tip.tip_minor or 0,
        offered.percents_ppm,
        shares(offered, tip.amount_minor),
        offered.amounts_minor,
        offered.own_minor_max,
    )


def tab_view(order: Order, payments: Payments) -> TabView | None:
    """The card an order's bill is open on."""
    tab = order.tab
    if tab is None:
        return None
    shown = tab.card.card
    is_let_go = tab.card.payment_id in payments.asked_back()
    return TabView(tab.reserved_minor, tab.tip_minor, shown.number, shown.brand, is_let_go)


def open_tabs(books: Books, now_ns: int) -> tuple[OpenTabView, ...]:
    """Every tab of the store, oldest first."""
    found = [(order.tab, order) for order in books.live.orders.values() if order.tab is not None]
    found.sort(key=lambda entry: entry[0].opened_ns)
    return tuple(
        OpenTabView(
            order.id,
            order.label,
            order.register,
            order.opened_by,
            order.live_lines()[0].item.name if order.live_lines() else "",
            tab.reserved_minor,
            price_shown(order, books.tariff_of(order)).total_minor,
            tab.tip_minor,
            tab.card.card.number,
            tab.card.card.brand,
            max(0, now_ns - tab.opened_ns) // NS_PER_S if tab.opened_ns else 0,
            tab.card.terminal,
        )
        for tab, order in found
    )


def register_payment(books: Books, register: str, done: str = "") -> Payment | None:
    """The last card payment of the order a register has in hand; where it has none, of `done`, the
    order it completed last: what was in doubt when cash was taken is heard of after that."""
    payment = books.payments.latest.get(register)
    order = books.live.position(register).current_order or done
    return payment if payment is not None and payment.asked.order_id == order else None


def listed(books: Books, now_ns: int) -> list[Payment]:
    """What is for a person: exceptions, what nobody knows for a while, and what was taken offline
    longer ago than the shop allows without a word of what became of it, oldest first. Of several
    tries to take one payment back, the newest stands for those that moved nothing; where that
    payment is on the list itself, it stands for all of them."""
    waiting = [
        payment
        for payment in books.payments.open.values()
        if payment.standing is Standing.UNKNOWN and _age_s(payment, now_ns) >= UNKNOWN_IS_LISTED_S
    ]
    silent = [
        altered(payment, problem=Problem.UNTOLD) for payment in untold(books.payments, now_ns)
    ]
    exceptions = books.payments.exceptions.values()
    left = [payment for payment in exceptions if not books.payments.is_moot(payment)]
    found = sorted([*left, *waiting, *silent], key=lambda entry: entry.requested_ns)
    newest = {_taken_back(entry): entry for entry in found}
    return [entry for entry in found if entry.is_approved or newest[_taken_back(entry)] is entry]


def _taken_back(payment: Payment) -> tuple[str, str]:
    """What a try to take back is about; of anything else, itself."""
    asked = payment.asked
    is_try = asked.kind in UNDOING and asked.of_payment != ""
    return ("back", asked.of_payment) if is_try else ("", asked.payment_id)


def _paid_with(books: Books, payment: Payment) -> CardShown | None:
    """The card that what goes back was paid with, as far as it is known."""
    asked = payment.asked
    if asked.kind not in UNDOING:
        return None
    original = books.payments.known(asked.of_payment)
    if original is not None and original.answer is not None:
        return original.answer.card
    order = books.live.orders.get(asked.order_id)
    paid = () if order is None else tuple(tender.card for tender in order.tenders)
    if order is not None and order.tab is not None:
        paid = (*paid, order.tab.card)
    for card in paid:
        if card is not None and card.payment_id == asked.of_payment:
            return card.card
    return CardShown(brand=asked.brand)


def payments_view(
    books: Books, *, now_ns: int, register: str = "", shows: Mapping[str, Shown] | None = None
) -> PaymentsView:
    """All that is not settled; ceilings are those of `register` and of who is signed on there.
    `shows` is what terminals show, or showed last, by payment."""
    showed = shows or {}
    operator = books.staff.signed_on.get(register, "")
    risk = exposure(books.payments, register=register, operator=operator)
    return PaymentsView(
        tuple(
            payment_view(
                payment,
                now_ns=now_ns,
                shows=showed.get(payment.asked.payment_id, ("", "")),
                is_going_back=books.payments.is_going_back(payment),
                is_counted=is_counted(payment.asked, books.live.orders),
                paid_with=_paid_with(books, payment),
                tried=books.payments.moot_tries(payment.asked.payment_id),
            )
            for payment in listed(books, now_ns)
        ),
        risk.total_minor,
        books.payments.policy.total_minor,
        len(books.payments.offline),
        oldest_ns(books.payments, now_ns) // NS_PER_S,
        _ceilings(books.payments, risk, register, operator),
        books.payments.policy.age_s,
        books.payments.policy,
    )


def _ceilings(
    payments: Payments, risk: Exposure, register: str, operator: str
) -> tuple[CeilingView, ...]:
    """Each ceiling with what is used of it; none where nothing is taken offline."""
    policy = payments.policy
    if not policy.total_minor:
        return ()
    maybe = exposure(payments, register=register, operator=operator, is_pending=True)
    rows = (
        ("operator", policy.operator_minor, risk.operator_minor, maybe.operator_minor),
        ("register", policy.register_minor, risk.register_minor, maybe.register_minor),
        ("total", policy.total_minor, risk.total_minor, maybe.total_minor),
    )
    brands = tuple(
        CeilingView(
            "brand",
            entry.limit_minor,
            brand_exposure(payments, entry.brand),
            entry.brand,
            brand_exposure(payments, entry.brand, is_pending=True),
        )
        for entry in policy.brand_limits
    )
    sums = (CeilingView(name, limit, used, "", part) for name, limit, used, part in rows)
    return (CeilingView("payment", policy.payment_minor, 0), *sums, *brands)


def _age_s(payment: Payment, now_ns: int) -> int:
    return payment.age_ns(now_ns) // NS_PER_S


def _tip_minor(payment: Payment) -> int:
    """What came on top, or is to; of what came to nothing, what was to."""
    answer = payment.answer
    if answer is None or not payment.is_approved:
        return payment.asked.tip_on_top_minor
    return tip_in(payment.asked, answer)
