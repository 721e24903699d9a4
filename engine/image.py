"""The books as plain data and back: what a snapshot stores and a state hash is made of.

Personal fields are tokens here as everywhere, so two stores' hashes agree whoever holds the keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from attrs import frozen

from engine import catalog
from engine.books import Books
from engine.catalog import ItemChanged, ItemRemoved
from engine.charge.decide import Charges
from engine.charge.model import ChargeRule, Deposit
from engine.coupon import redeemed
from engine.coupon.redeemed import Redeemed, RedeemedImage
from engine.credit import ledger
from engine.credit.ledger import Credits, CreditsImage
from engine.credit.rules import ReturnRules
from engine.foreign import ForeignCurrency
from engine.order.state import Order
from engine.outbox import PendingEffect
from engine.paylink.state import Paylink, Paylinks
from engine.payment.events import OfflinePolicy
from engine.payment.state import NO_PART, Payment, Payments
from engine.payment.terminal_day import TerminalDay
from engine.price_list.decide import Prices
from engine.price_list.model import PriceSet
from engine.price_list.upload import Upload
from engine.promotion.decide import Promotions
from engine.promotion.model import Policy, Promotion
from engine.register import Position
from engine.settings import PastRules, RegisterSetup, Settings, StoreRules, TaxClass
from engine.settlement.decide import Settling
from engine.side import Side
from engine.staff import Operator, Right, Staff
from engine.tax_book import TaxSetup
from engine.taxes import PastNeeds, Taxes
from engine.terminal import Identity
from engine.terminals import PairedTerminal
from engine.till import Till
from engine.wire import WireError, canonical, structure, unstructure


@frozen
class _SideImage:
    orders: tuple[Order, ...]
    tills: dict[str, Till]
    positions: dict[str, Position]


@frozen
class _PaymentsImage:
    open: tuple[Payment, ...]
    exceptions: tuple[Payment, ...]
    offline: tuple[Payment, ...]
    latest: dict[str, Payment]
    policy: OfflinePolicy
    days: tuple[TerminalDay, ...] | None = None
    remembered: dict[str, Identity] | None = None
    settled: dict[str, tuple[Identity, ...]] | None = None
    overnight: dict[str, tuple[str, ...]] | None = None


@frozen
class _PaylinksImage:
    open: tuple[Paylink, ...]
    exceptions: tuple[Paylink, ...]
    settled: tuple[Paylink, ...]
    latest: dict[str, Paylink]


@frozen
class _Image:
    position: int
    rules: StoreRules | None
    tax_classes: tuple[TaxClass, ...]
    registers: tuple[RegisterSetup, ...]
    settings_version: int
    past_rules: tuple[PastRules, ...]
    segment_hash: str
    catalog_version: int
    changed: tuple[ItemChanged, ...]
    removed: tuple[ItemRemoved, ...]
    overlay_order: str
    promotions: tuple[Promotion, ...]
    promotion_policy: Policy
    promotions_version: int
    prices: PriceSet
    prices_version: int
    charges: tuple[ChargeRule, ...]
    deposits: tuple[Deposit, ...]
    redeemed: RedeemedImage
    roles: dict[str, tuple[Right, ...]]
    operators: tuple[Operator, ...]
    signed_on: dict[str, str]
    live: _SideImage
    training: _SideImage
    training_on: dict[str, bool]
    outbox: tuple[PendingEffect, ...]
    taxes: TaxSetup | None
    taxes_version: int
    past_taxes: tuple[PastNeeds, ...]
    payments: _PaymentsImage
    foreign: tuple[ForeignCurrency, ...]
    price_upload: Upload | None = None
    returns: ReturnRules | None = None
    credits: CreditsImage | None = None
    settling: Settling | None = None
    paylinks: _PaylinksImage | None = None
    terminals: tuple[PairedTerminal, ...] | None = None


def _side_image(side: Side) -> _SideImage:
    return _SideImage(tuple(side.orders.values()), dict(side.tills), dict(side.positions))


def image_of(books: Books) -> dict[str, Any]:
    """Everything of the books that is state, as plain data."""
    overlay = books.catalog.overlay
    image = _Image(
        books.position,
        books.settings.rules,
        tuple(books.settings.tax_classes.values()),
        tuple(books.settings.registers.values()),
        books.settings.version,
        books.settings.past,
        books.catalog.segment_hash,
        books.catalog.version,
        tuple(event for event in overlay if isinstance(event, ItemChanged)),
        tuple(event for event in overlay if isinstance(event, ItemRemoved)),
        "".join("c" if isinstance(event, ItemChanged) else "r" for event in overlay),
        books.promotions.promotions,
        books.promotions.policy,
        books.promotions.version,
        books.prices.prices,
        books.prices.version,
        books.charges.rules,
        books.charges.deposits,
        redeemed.image_of(books.redeemed),
        {
            role: tuple(sorted(rights, key=lambda right: right.value))
            for role, rights in books.staff.roles.items()
        },
        tuple(books.staff.operators.values()),
        dict(books.staff.signed_on),
        _side_image(books.live),
        _side_image(books.training),
        dict(books.training_on),
        tuple(books.outbox.values()),
        books.taxes.setup,
        books.taxes.version,
        books.taxes.past,
        _payments_image(books.payments, is_told=_has_card(books.live.orders.values())),
        tuple(books.settings.foreign.values()),
        books.price_upload,
        None if books.returns == ReturnRules() else books.returns,
        _credits_image(books.credits),
        None if books.settling == Settling() else books.settling,
        _paylinks_image(books.paylinks),
        tuple(books.terminals.values()) or None,
    )
    plain: dict[str, Any] = unstructure(image)
    for name in ("price_upload", "returns", "credits", "settling", "paylinks", "terminals"):
        if plain[name] is None:
            # Nearly always: so the hashes of states without one stay what they were.
            del plain[name]
    if image.payments.overnight is None:
        del plain["payments"]["overnight"]
    if image.payments.days is None:
        for name in ("days", "remembered", "settled"):
            del plain["payments"][name]
    return plain


def _credits_image(credits: Credits) -> CreditsImage | None:
    return ledger.image_of(credits) if credits.notes or len(credits.spent) else None


def _has_card(orders: Iterable[Order]) -> bool:
    """Whether an open order was paid in part by card. Only then can there be anything `overnight`,
    and it is told then, so that an image of before it was known is not taken for one without."""
    return any(tender.card is not None for order in orders for tender in order.tenders)


def _payments_image(payments: Payments, *, is_told: bool) -> _PaymentsImage:
    # Without a payment there is no day, and the hashes of such states stay what they were.
    is_used = bool(payments.latest or payments.days)
    return _PaymentsImage(
        tuple(payments.open.values()),
        tuple(payments.exceptions.values()),
        tuple(payments.offline.values()),
        dict(payments.latest),
        payments.policy,
        tuple(payments.days.values()) if is_used else None,
        dict(payments.remembered) if is_used else None,
        dict(payments.settled) if is_used else None,
        dict(payments.overnight) if is_told else None,
    )


def _payments_from(image: _PaymentsImage) -> Payments:
    if image.days is None and image.latest:
        raise WireError(("what terminals took today is not there",))
    if image.remembered is None and image.latest:
        raise WireError(("what terminals remember is not there",))
    if image.settled is None and image.latest:
        raise WireError(("which transactions settled a payment is not there",))
    if any(entry.day_part == NO_PART for entry in (*image.open, *image.exceptions, *image.offline)):
        raise WireError(("which part of a terminal's day a payment was asked for in is not there",))

    def by_id(entries: tuple[Payment, ...]) -> dict[str, Payment]:
        return {entry.asked.payment_id: entry for entry in entries}

    return Payments(
        by_id(image.open),
        by_id(image.exceptions),
        by_id(image.offline),
        dict(image.latest),
        image.policy,
        {day.terminal: day for day in image.days or ()},
        dict(image.remembered or {}),
        dict(image.settled or {}),
        dict(image.overnight or {}),
    )


def _paylinks_image(links: Paylinks) -> _PaylinksImage | None:
    """None where there never was one."""
    if links == Paylinks():
        return None
    return _PaylinksImage(
        tuple(links.open.values()),
        tuple(links.exceptions.values()),
        tuple(links.settled.values()),
        dict(links.latest),
    )


def _paylinks_from(image: _PaylinksImage | None) -> Paylinks:
    if image is None:
        return Paylinks()

    def by_id(entries: tuple[Paylink, ...]) -> dict[str, Paylink]:
        return {entry.asked.paylink_id: entry for entry in entries}

    places = (by_id(image.open), by_id(image.exceptions), by_id(image.settled))
    return Paylinks(*places, dict(image.latest))


def state_hash(books: Books) -> str:
    """SHA-256 (hexadecimal) of the canonical bytes of the books' state."""
    return sha256(canonical(image_of(books))).hexdigest()


def books_from(image: dict[str, Any], segment: bytes | None) -> Books:
    """The books behind an image; `segment` is the catalog base its hash names.

    Raises:
        WireError: the image is of another shape; replay the journal instead.
    """
    data = structure(image, _Image)
    if data.payments.overnight is None and _has_card(data.live.orders):
        raise WireError(("which tenders are of a terminal's day that is over is not there",))
    edits = (data.overlay_order.count("c"), len(data.overlay_order))
    if edits != (len(data.changed), len(data.changed) + len(data.removed)):
        raise WireError(("the catalog's edits are not as many as their order says",))
    changed, removed = iter(data.changed), iter(data.removed)
    overlay: tuple[ItemChanged | ItemRemoved, ...] = tuple(
        next(changed) if letter == "c" else next(removed) for letter in data.overlay_order
    )
    return Books(
        settings=Settings(
            data.rules,
            {entry.id: entry for entry in data.tax_classes},
            {entry.id: entry for entry in data.registers},
            data.settings_version,
            data.past_rules,
            {entry.currency: entry for entry in data.foreign},
        ),
        catalog=catalog.rebuild(data.segment_hash, data.catalog_version, overlay, segment),
        promotions=Promotions(data.promotions, data.promotion_policy, data.promotions_version),
        prices=Prices(data.prices, data.prices_version),
        charges=Charges(data.charges, data.deposits),
        redeemed=_redeemed_from(data.redeemed),
        staff=Staff(
            {role: frozenset(rights) for role, rights in data.roles.items()},
            {person.id: person for person in data.operators},
            dict(data.signed_on),
        ),
        live=_side_from(data.live),
        training=_side_from(data.training),
        training_on=dict(data.training_on),
        outbox={entry.effect_id: entry for entry in data.outbox},
        position=data.position,
        taxes=Taxes(data.taxes, data.taxes_version, data.past_taxes),
        payments=_payments_from(data.payments),
        price_upload=data.price_upload,
        returns=data.returns or ReturnRules(),
        credits=_credits_from(data.credits),
        settling=data.settling or Settling(),
        paylinks=_paylinks_from(data.paylinks),
        terminals={entry.terminal: entry for entry in data.terminals or ()},
    )


def _redeemed_from(image: RedeemedImage) -> Redeemed:
    try:
        return redeemed.redeemed_from(image)
    except ValueError as error:
        raise WireError((f"codes of coupons: {error}",)) from None


def _credits_from(image: CreditsImage | None) -> Credits:
    try:
        return ledger.credits_from(image or CreditsImage())
    except ValueError as error:
        raise WireError((f"codes of store credit: {error}",)) from None


def _side_from(image: _SideImage) -> Side:
    return Side({order.id: order for order in image.orders}, image.tills, image.positions)
