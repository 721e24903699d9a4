"""What an order is priced under, and what of the store's offer counts for its lines: the price of
each, what promotions take off, and why one takes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from engine.altered import altered
from engine.circumstances import Circumstances
from engine.money import minor_digits
from engine.offers import Offers
from engine.order.circumstances import Asking, business_year, circumstances_of
from engine.order.state import Line, Order
from engine.price_list.model import Resolved
from engine.promotion.deals import HELD_BY_OPEN_ORDER, LIMIT_REACHED, NOT_IN_FORCE, WhyNot
from engine.promotion.held import Holder
from engine.promotion.model import LinePromotion
from engine.settings import Settings
from engine.tax import day_of
from engine.tax_book import TaxBook


@frozen
class Tariff:
    """What an order is priced under: the store's rules, what it offers, and the moment that windows
    are held against. `as_held` is for eyes: of what another order may have as well it has no more
    than it holds, whatever is free by now."""

    settings: Settings
    offers: Offers | None = None
    now_ns: int = 0
    utc_offset_s: int = 0
    taxes: TaxBook | None = None
    as_held: bool = False

    def day(self) -> str:
        """The ISO date in the store's own time."""
        return day_of(self.now_ns, self.utc_offset_s)


def around(order: Order, tariff: Tariff) -> Circumstances:
    rules = tariff.settings.required()
    return circumstances_of(
        order, rules, tariff.taxes, now_ns=tariff.now_ns, utc_offset_s=tariff.utc_offset_s
    )


def at_their_prices(
    order: Order, tariff: Tariff, micros: int
) -> tuple[tuple[Line, ...], list[Resolved] | None]:
    """The lines that count at the prices that count, and why, None where no prices are set; what
    goes back has its price already."""
    lines = order.live_lines()
    if tariff.offers is None or not tariff.offers.prices.version:
        return lines, None
    sold = [line for line in lines if line.source is None]
    rows = iter(
        tariff.offers.prices.table.resolve(
            [(e.item, e.quantity_milli, _keeps_price(e)) for e in sold],
            around(order, tariff),
            micros,
        )
    )
    priced, resolved = [], []
    for line in lines:
        row = next(rows) if line.source is None else Resolved(line.item.unit_price_micros)
        resolved.append(row)
        if row.unit_price_micros != line.item.unit_price_micros:
            item = altered(line.item, unit_price_micros=row.unit_price_micros)
            line = altered(line, item=item)
        priced.append(line)
    return tuple(priced), resolved


def _keeps_price(line: Line) -> bool:
    """Whether no price list changes it: somebody set its price, or it is a deposit."""
    return line.overridden or line.item.open_price or line.linked_to > 0


def unit_price_of(order: Order, tariff: Tariff, line: int) -> int:
    """The unit price in micros that counts for a line now."""
    digits = minor_digits(tariff.settings.required().currency)
    lines, _ = at_their_prices(order, tariff, 10 ** (6 - digits))
    return next(entry.item.unit_price_micros for entry in lines if entry.line == line)


def _asking(order: Order, tariff: Tariff, offers: Offers) -> Asking:
    rules = tariff.settings.required()
    year = business_year(rules, now_ns=tariff.now_ns, utc_offset_s=tariff.utc_offset_s)
    is_limited = offers.deals is not None and bool(offers.deals.capped)
    others = offers.open_orders.values() if is_limited else ()
    # Of hundreds that are parked few hold anything, and each limit asks all of them.
    holders = tuple(e for e in others if (e.held or e.figures is not None) and e.id != order.id)
    around_it = around(order, tariff)
    return Asking(order, around_it, offers.redeemed, year, holders, as_held=tariff.as_held)


def taken_off(
    order: Order,
    lines: tuple[Line, ...],
    resolved: list[Resolved] | None,
    tariff: Tariff,
    digits: int,
) -> list[tuple[LinePromotion, ...]]:
    """What promotions take off each line; nothing off what goes back or is given away."""
    offers = tariff.offers
    if offers is None or offers.deals is None:
        return [()] * len(lines)
    sold = [at for at, line in enumerate(lines) if _is_sold(order, line)]
    found = offers.deals.take_off(
        [(lines[at].item, lines[at].quantity_milli, floor_of(resolved, at)) for at in sold],
        _asking(order, tariff, offers),
        digits,
    )
    taken: list[tuple[LinePromotion, ...]] = [()] * len(lines)
    for at, entries in zip(sold, found, strict=True):
        taken[at] = entries
    return taken


def taken_now(order: Order, tariff: Tariff) -> list[tuple[LinePromotion, ...]]:
    """What promotions take off each line that counts, without what all of it comes to."""
    digits = minor_digits(tariff.settings.required().currency)
    lines, resolved = at_their_prices(order, tariff, 10 ** (6 - digits))
    return taken_off(order, lines, resolved, tariff, digits)


def floor_of(resolved: list[Resolved] | None, at: int) -> int:
    return 0 if resolved is None else resolved[at].floor_micros


def _is_sold(order: Order, line: Line) -> bool:
    return line.source is None and not order.is_comped(line)


def why_not(order: Order, tariff: Tariff, promotions: Sequence[str]) -> list[WhyNot]:
    """What each of `promotions` (ids) takes off an order, else why it takes nothing."""
    offers = tariff.offers
    if offers is None or offers.deals is None:
        return [WhyNot(NOT_IN_FORCE) for _ in promotions]
    digits = minor_digits(tariff.settings.required().currency)
    lines, resolved = at_their_prices(order, tariff, 10 ** (6 - digits))
    asking = _asking(order, altered(tariff, as_held=False), offers)
    found = offers.deals.why_not(
        [
            (line.item, line.quantity_milli, floor_of(resolved, at))
            for at, line in enumerate(lines)
            if _is_sold(order, line)
        ],
        asking,
        promotions,
        digits,
    )
    if not asking.others:
        return found
    by_id = {one.id: one for one in offers.deals.promotions}
    return [
        _held(why, asking.holder(by_id[one])) if why.code == LIMIT_REACHED else why
        for one, why in zip(promotions, found, strict=True)
    ]


def _held(why: WhyNot, holder: Holder | None) -> WhyNot:
    """The same, plainly where the limit is reached by another open order."""
    return why if holder is None else WhyNot(HELD_BY_OPEN_ORDER, held_at=holder.register)


def promotion_names(tariff: Tariff) -> dict[str, str]:
    """What people read of the promotions in force, by id."""
    deals = None if tariff.offers is None else tariff.offers.deals
    return {} if deals is None else {one.id: one.name for one in deals.promotions}
