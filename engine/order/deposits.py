"""What a line sells by the catalog, and the deposit that goes with it on a line of its own.

A deposit is never discounted, listed otherwise or given away: it comes back for what it is.
"""

from __future__ import annotations

from engine import limits
from engine.altered import altered
from engine.measures import measures_of
from engine.order.context import OrderContext
from engine.order.events import (
    LineAdded,
    LineQuantityChanged,
    OrderEvent,
)
from engine.order.figures import LineItem
from engine.order.state import Line, Order
from native import ItemRow


def line_item(row: ItemRow, context: OrderContext) -> LineItem:
    """What a line of this row sells, in the words and at the price of this moment."""
    return LineItem(
        row.item_id,
        row.name,
        row.variation,
        row.department,
        row.tax_class,
        row.unit,
        row.unit_price_micros,
        row.code,
        row.factor_milli,
        context.book_version,
        row.discountable,
        measures=measures_of(row.measures),
    )


def deposit_for(order_id: str, line: Line, context: OrderContext) -> list[tuple[Line, OrderEvent]]:
    """The line of the deposit that goes with a new line; empty where there is none."""
    wanted = context.offers.charges.deposit_of.get(line.item.item_id)
    row = None if wanted is None else context.book.find_item(wanted)
    # An item that was taken out of the catalog since must not keep its goods from being sold.
    if row is None or row.tax_class not in context.settings.tax_classes:
        return []
    item = altered(line_item(row, context), discountable=False)
    pieces = _pieces(line)
    event = LineAdded(order_id, line.line + 1, item, pieces, 0, line.line)
    return [(Line(event.line, item, pieces, linked_to=line.line), event)]


def deposit_changed(order: Order, line: Line) -> list[tuple[Line, OrderEvent]]:
    """The line of the deposit as it follows its goods' new quantity; empty where there is none."""
    deposit = order.deposit_of(line.line)
    if deposit is None:
        return []
    pieces = _pieces(line)
    event = LineQuantityChanged(order.id, deposit.line, pieces)
    return [(altered(deposit, quantity_milli=pieces), event)]


def _pieces(line: Line) -> int:
    """How many deposits a line has: one for each piece a pack stands for, never part of one."""
    milli = line.quantity_milli * line.item.factor_milli // limits.PIECE_MILLI
    return -(-milli // limits.PIECE_MILLI) * limits.PIECE_MILLI
