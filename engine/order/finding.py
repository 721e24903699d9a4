"""What a scan means: the item of a code or an id, and whether a quantity of it can be."""

from __future__ import annotations

from engine import limits
from engine.catalog import check_digit_is_right, code_is_well_formed
from engine.decision import Decision, refuse
from engine.order.context import OrderContext
from engine.order.deposits import line_item
from engine.order.figures import LineItem
from engine.order.refusal import Refusal


def check_quantity(quantity_milli: int, unit: str, tare_milli: int = 0) -> Decision | None:
    """Why this quantity of such a unit cannot be, or None."""
    if quantity_milli <= 0:
        return refuse(Refusal.QUANTITY_MUST_BE_POSITIVE, quantity_milli=quantity_milli)
    if quantity_milli > limits.QUANTITY_MILLI_MAX:
        return refuse(
            Refusal.QUANTITY_MUST_BE_WITHIN_LIMIT, maximum_milli=limits.QUANTITY_MILLI_MAX
        )
    if unit == "piece" and quantity_milli % limits.PIECE_MILLI:
        return refuse(Refusal.QUANTITY_MUST_BE_WHOLE, quantity_milli=quantity_milli)
    if not 0 <= tare_milli < quantity_milli or (unit == "piece" and tare_milli):
        return refuse(Refusal.TARE_MUST_BE_LESS_THAN_QUANTITY, tare_milli=tare_milli)
    return None


def found_item(code: str, item_id: str, context: OrderContext) -> LineItem | Decision:
    """What a code sells, or an item by its id where the code is empty, at its own price.

    Refuses:
        item_must_exist; code_must_be_well_formed, code_must_be_known, code_must_be_unambiguous;
        price_must_be_given, tax_class_must_exist.
    """
    if not code:
        row = context.book.find_item(item_id)
        if row is None:
            return refuse(Refusal.ITEM_MUST_EXIST, item_id=item_id)
    else:
        if not code_is_well_formed(code):
            shown = code[: limits.CODE_LENGTH_MAX]
            return refuse(Refusal.CODE_MUST_BE_WELL_FORMED, code=shown)
        rows = context.book.find_codes(code)
        if not rows:
            return _unknown_code(code)
        if len(rows) > 1:
            names = [row.name for row in rows[:5]]
            return refuse(Refusal.CODE_MUST_BE_UNAMBIGUOUS, code=code, names=names)
        row = rows[0]
    if row.open_price:
        return refuse(Refusal.PRICE_MUST_BE_GIVEN, item_id=row.item_id, name=row.name)
    if row.tax_class not in context.settings.tax_classes:
        return refuse(Refusal.TAX_CLASS_MUST_EXIST, tax_class=row.tax_class)
    return line_item(row, context)


def _unknown_code(code: str) -> Decision:
    gtin = code.isascii() and code.isdigit() and len(code) in (8, 12, 13, 14)
    if gtin and not check_digit_is_right(code):
        return refuse(Refusal.CODE_MUST_BE_WELL_FORMED, code=code, check_digit="wrong")
    return refuse(Refusal.CODE_MUST_BE_KNOWN, code=code)
