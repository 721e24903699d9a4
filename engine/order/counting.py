"""The count of an order: its lines at their prices less promotions and discounts, with what rules
charge on top, taxed by tax classes. One call into native, or two where there are charges."""

from __future__ import annotations

from attrs import frozen

from engine import limits
from engine.altered import altered
from engine.charge.model import Asked, ChargeFigures, charged
from engine.money import minor_digits
from engine.order.figures import DiscountKind
from engine.order.given import Discount
from engine.order.offered import Tariff, around, at_their_prices, taken_off
from engine.order.state import Line, Order, charge_line
from engine.price_list.model import Resolved
from engine.promotion.model import LinePromotion
from native import PricedLine, PricedOrder, extend_amount, price_order

_KIND = {DiscountKind.PERCENT: 1, DiscountKind.AMOUNT: 2}


_NONE = 0


_FIXED = 9


_LineInput = tuple[int, int, int, int, int, bool, int, int]


def _line_input(
    line: Line, tax_index: int, left: int | None, micros: int, *, comped: bool
) -> _LineInput:
    """A line for native; `left` is what promotions leave of it in minor units, None where none
    touched it, and `micros` how many micros one minor unit is."""
    item = line.item
    if line.source is not None:
        source = line.source
        return (0, 0, tax_index, _FIXED, 0, False, source.total_minor, source.tax_minor)
    kind, value = _discount_input(line.discount)
    if comped:
        # Giving away is no discount: it may be done with goods that are never discounted.
        whole = (_KIND[DiscountKind.PERCENT], limits.PPM)
        return (item.unit_price_micros, line.quantity_milli, tax_index, *whole, True, 0, 0)
    if left is not None:
        price = left * micros
        return (price, limits.PIECE_MILLI, tax_index, kind, value, item.discountable, 0, 0)
    return (
        item.unit_price_micros,
        line.quantity_milli,
        tax_index,
        kind,
        value,
        item.discountable,
        0,
        0,
    )


def _discount_input(discount: Discount | None) -> tuple[int, int]:
    return (_NONE, 0) if discount is None else (_KIND[discount.kind], discount.value)


def rate_of(line: Line, tariff: Tariff) -> int:
    """The rate in ppm a line is taxed at: today's for a sale, the original's for a return.

    Nought for a sale that rules tax, which comes after.
    """
    if line.source is not None:
        return line.source.rate_ppm
    if tariff.taxes is not None or not line.item.tax_class:
        return 0
    return tariff.settings.tax_classes[line.item.tax_class].rate_ppm


@frozen
class Counted:
    """Native's result beside the lines and rates it belongs to; `rows` and `taken`, what promotions
    took off, are in line order. The lines' items are at the prices that counted; `resolved` says
    why."""

    lines: tuple[Line, ...]
    resolved: list[Resolved] | None
    rows: list[PricedLine]
    taken: list[tuple[LinePromotion, ...]]
    rates: list[tuple[str, int]]
    priced: PricedOrder
    charges: tuple[ChargeFigures, ...] = ()

    def reasons(self) -> list[Resolved]:
        """Why each line's price counted; its own where the store has no price lists."""
        return self.resolved or [Resolved(line.item.unit_price_micros) for line in self.lines]

    def rates_ppm(self) -> list[int]:
        """The rate each line is taxed at by its class; nought where rules tax it."""
        return [rate for _, rate in self.rates]

    def priced_lines(self) -> list[tuple[Line, PricedLine, tuple[LinePromotion, ...]]]:
        """Each line with what became of it."""
        return list(zip(self.lines, self.rows, self.taken, strict=True))


def _left(line: Line, taken: tuple[LinePromotion, ...], digits: int) -> int | None:
    if not taken:
        return None
    amount = extend_amount(line.item.unit_price_micros, line.quantity_milli, digits)
    return amount + sum(entry.amount_minor for entry in taken)


def counted(order: Order, tariff: Tariff) -> Counted:
    digits = minor_digits(tariff.settings.required().currency)
    micros = 10 ** (6 - digits)
    lines, resolved = at_their_prices(order, tariff, micros)
    taken = taken_off(order, lines, resolved, tariff, digits)
    found = _count(order, tariff, lines, resolved, taken)
    charges = _charges(order, tariff, found, micros)
    if not charges:
        return found
    # What a charge comes to hangs on the goods, what its tax does to theirs on the charge.
    lines += tuple(map(charge_line, charges))
    if resolved is not None:
        resolved = resolved + [Resolved(entry.unit_price_micros) for entry in charges]
    found = _count(order, tariff, lines, resolved, taken + [()] * len(charges))
    return altered(found, charges=charges)


def _charges(
    order: Order, tariff: Tariff, found: Counted, micros: int
) -> tuple[ChargeFigures, ...]:
    """What rules add to an order with these goods; nothing to what only goes back."""
    rules = () if tariff.offers is None else tariff.offers.charges.rules
    if not rules:
        return ()
    sold = zip(found.lines, found.rows, strict=True)
    here = around(order, tariff)
    asked = Asked(
        micros,
        sum(row.net_minor for line, row in sold if line.source is None and not line.linked_to),
        order.guests,
        here.channel,
        here.dining,
        frozenset(entry.charge for entry in order.waived),
    )
    return tuple(charged(rules, asked))


def _count(
    order: Order,
    tariff: Tariff,
    lines: tuple[Line, ...],
    resolved: list[Resolved] | None,
    taken: list[tuple[LinePromotion, ...]],
) -> Counted:
    """Lines at their prices, less promotions and discounts, taxed by tax classes."""
    settings = tariff.settings
    rules = settings.required()
    digits = minor_digits(rules.currency)
    micros = 10 ** (6 - digits)
    rates = [(line.item.tax_class, rate_of(line, tariff)) for line in lines]
    table = sorted(set(rates))
    place = {entry: index for index, entry in enumerate(table)}
    inputs = [
        _line_input(
            line, place[rate], _left(line, off, digits), micros, comped=order.is_comped(line)
        )
        for line, rate, off in zip(lines, rates, taken, strict=True)
    ]
    # The odd cents of an order discount go to the first of equals: what is first must not depend
    # on which line was scanned first, or the taxes would.
    by_content = sorted(range(len(inputs)), key=inputs.__getitem__) if order.discount else None
    priced = price_order(
        inputs if by_content is None else [inputs[index] for index in by_content],
        [] if order.discount is None else [_discount_input(order.discount)],
        [rate for _, rate in table],
        rules.prices_include_tax,
        rules.rounding_scope.value,
        rules.rounding_mode.value,
        digits,
    )
    rows = priced.lines
    if by_content is not None:
        place_of = {index: at for at, index in enumerate(by_content)}
        rows = [rows[place_of[index]] for index in range(len(inputs))]
    return Counted(lines, resolved, rows, taken, rates, priced)
