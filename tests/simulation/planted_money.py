"""Bugs in what comes back, in rewards, store credit, tabs and tips, planted as those of
`planted.py`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import attrs

from engine.credit.ledger import Credits
from engine.order import held_goods, tendering
from engine.order.events import OrderReturned
from engine.order.pricing import price
from engine.order.tender_events import TabClosed
from engine.payment import asking, outcome
from engine.payment import state as payment_state
from engine.payment.events import PaymentRequested
from engine.payment.state import Payments
from tests.simulation.planted import Bug

Planted = contextlib.AbstractContextManager[Any]


def _gone_back(change: Callable[[OrderReturned], OrderReturned | None]) -> Planted:
    """Tamper with what is noted of goods that go back."""
    facts = held_goods.returned_facts

    def tampered(order: Any) -> Any:
        found = [(original, change(event)) for original, event in facts(order)]
        return [(original, event) for original, event in found if event is not None]

    return mock.patch.object(tendering, "returned_facts", tampered)


def taxes_back_under_each_other() -> Planted:
    """Of two taxes each gets what the other gives back."""
    return _gone_back(lambda event: attrs.evolve(event, taxes=event.taxes[::-1]))


def charge_good_for_ever() -> Planted:
    """Nobody notes that a charge went back."""
    return _gone_back(lambda event: None if event.line < 0 else event)


def promotions_stay_spent() -> Planted:
    """What a promotion took off goods that went back stays on its account."""
    return _gone_back(
        lambda event: attrs.evolve(
            event, promotions=tuple(one for one in event.promotions if one.points)
        )
    )


def points_kept() -> Planted:
    """The member's points stay with the shop when the cakes go back."""
    return _gone_back(
        lambda event: attrs.evolve(
            event, promotions=tuple(attrs.evolve(one, points=0) for one in event.promotions)
        )
    )


def points_uncounted() -> Planted:
    """A reward asks for no more points than there are ten times over."""

    def generous(order: Any, tariff: Any) -> Any:
        return price(attrs.evolve(order, points=10 * order.points), tariff)

    return mock.patch.object(tendering, "price", generous)


def any_tender_pays() -> Planted:
    """The price for who pays by card is good for cash as well."""
    return mock.patch.object(tendering, "why_not_paid_by", return_value=None)


def credit_never_less() -> Planted:
    """A note pays, and has as much as before."""
    return mock.patch.object(Credits, "spend")


def credit_forgotten() -> Planted:
    """A note of a round amount is printed, and not in the ledger."""
    issue = Credits.issue

    def forgetful(self: Credits, note: Any) -> None:
        if note.issued_minor % 10:
            issue(self, note)

    return mock.patch.object(Credits, "issue", forgetful)


@contextlib.contextmanager
def cash_without_a_receipt() -> Iterator[None]:
    """Goods nobody paid for bring cash."""
    with (
        mock.patch.object(tendering, "comes_back_alone", return_value=False),
        mock.patch.object(tendering, "in_cash", return_value=()),
    ):
        yield


def tab_open_after_its_capture() -> Planted:
    """What was captured is still reserved for the store, and is let go again."""
    tendered = outcome._tendered

    def kept(*args: Any) -> Any:
        return [fact for fact in tendered(*args) if not isinstance(fact.event, TabClosed)]

    return mock.patch.object(outcome, "_tendered", kept)


def raised_and_not_let_go() -> Planted:
    """A raised tab holds the first amount too, for weeks."""
    reserved = outcome._reserved

    def kept(*args: Any) -> Any:
        return [e for e in reserved(*args) if not isinstance(e.event, PaymentRequested)]

    return mock.patch.object(outcome, "_reserved", kept)


def tip_on_any_part() -> Planted:
    """What was given for the whole bill is charged with each part of it."""
    sale = asking._sale

    def tipped(
        order: Any, body: Any, terminal: str, amount_minor: int, *rest: Any, tip: Any
    ) -> Any:
        if tip is not None:
            tip = attrs.evolve(tip, amount_minor=amount_minor)
        return sale(order, body, terminal, amount_minor, *rest, tip=tip)

    return mock.patch.object(asking, "_sale", tipped)


def told_to_nobody() -> Planted:
    """What a terminal took, and no order wants, is written down and on no list."""
    hear = payment_state._hear

    def forgetful(payments: Any, event: Any) -> None:
        hear(payments, event)
        payments.exceptions.pop(event.payment_id, None)

    return mock.patch.object(payment_state, "_hear", forgetful)


def taken_off_the_screen() -> Planted:
    """What goes back of a payment nobody waited for is what the register shows from then on."""
    return mock.patch.object(payment_state, "_is_of_another", return_value=False)


def asked_no_more() -> Planted:
    """A payment that was set aside is a person's, and no terminal is asked about it again."""
    return mock.patch.object(Payments, "aside", return_value=())


def anothers_money() -> Planted:
    """A terminal is believed that what it did last is what it is asked about."""
    return mock.patch.object(Payments, "is_taken", return_value=False)


def card_without_its_tip() -> Planted:
    """The tender of a card has nothing of the tip that was charged with it."""
    card = outcome._card
    return mock.patch.object(outcome, "_card", lambda *args: attrs.evolve(card(*args), tip_minor=0))


MONEY_BUGS: dict[str, Bug] = {
    "taxes_back_under_each_other": Bug(
        taxes_back_under_each_other,
        ("T2_each_tax_comes_back",),
        sales=60,
        seed=8,
    ),
    "charge_good_for_ever": Bug(
        charge_good_for_ever, ("R1_a_charge_comes_back_once",), sales=200, seed=38
    ),
    "promotions_stay_spent": Bug(
        promotions_stay_spent, ("R2_promotions_come_back_as_they_took",), sales=60
    ),
    "points_kept": Bug(points_kept, ("N1_points_are_spent_as_far_as_they_go",), sales=60, seed=5),
    "points_uncounted": Bug(points_uncounted, ("N1_points_are_spent_as_far_as_they_go",), sales=60),
    "any_tender_pays": Bug(
        any_tender_pays, ("M1_a_price_is_paid_as_it_was_made",), sales=60, seed=3
    ),
    "credit_never_less": Bug(credit_never_less, ("G1_credit_is_conserved",), sales=60, seed=6),
    "credit_forgotten": Bug(credit_forgotten, ("G1_credit_is_conserved",), sales=60, seed=18),
    "cash_without_a_receipt": Bug(
        cash_without_a_receipt, ("G2_no_cash_without_a_receipt",), sales=60, seed=10
    ),
    "tab_open_after_its_capture": Bug(
        tab_open_after_its_capture,
        ("W1_a_tab_is_captured_once_or_let_go", "W2_a_tab_is_closed_with_its_order"),
        sales=60,
        seed=2,
    ),
    "raised_and_not_let_go": Bug(
        raised_and_not_let_go,
        ("W1_a_tab_is_captured_once_or_let_go",),
        sales=60,
        seed=2,
    ),
    "told_to_nobody": Bug(
        told_to_nobody,
        ("C1_money_is_the_terminals",),
        ("terminal_unplugged", "terminal_reboots"),
        sales=60,
    ),
    "taken_off_the_screen": Bug(
        taken_off_the_screen,
        ("C3_the_screen_has_the_payment_in_hand",),
        ("devices_link_bad",),
        sales=100,
        seed=37,
    ),
    "asked_no_more": Bug(asked_no_more, ("L1_everything_drains",), sales=60, seed=39),
    "anothers_money": Bug(
        anothers_money, ("C1_money_is_the_terminals",), ("devices_kill",), sales=100, seed=3
    ),
    "card_without_its_tip": Bug(
        card_without_its_tip,
        ("C1_money_is_the_terminals", "I1_a_tip_is_what_was_said"),
        sales=60,
        seed=7,
    ),
    "tip_on_any_part": Bug(tip_on_any_part, ("I1_a_tip_is_what_was_said",), sales=60, seed=17),
}
