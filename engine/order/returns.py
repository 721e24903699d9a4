"""Returns against the original: never more than was sold, never more or less than was paid."""

from __future__ import annotations

from collections.abc import Iterator

from engine import limits
from engine.decision import Decision, refuse
from engine.money import minor_digits
from engine.order.bundle_returns import Back, backs, gone_of, has_rest_priced_again, item_of
from engine.order.commands import AddReturnLine
from engine.order.context import OrderContext
from engine.order.due import due_of
from engine.order.events import ReturnLineAdded
from engine.order.figures import ReturnOf
from engine.order.held_goods import as_others_leave, has_moved_money, with_held
from engine.order.refunds import is_bound, lacks_money, not_owed
from engine.order.refusal import Refusal
from engine.order.returned_promotions import promotions_back, promotions_fit
from engine.order.returned_taxes import part_back, taxes_back, taxes_fit
from engine.order.state import Line, Order
from engine.order.tender_events import NotOwedTendered
from engine.order.without_receipt import comes_back_alone


def add_return_line(order: Order, body: AddReturnLine, context: OrderContext) -> Decision:
    """Decide to take back `body.quantity_milli` of a sold line.

    The money is the part of the line's paid total that brings the sum of all its returns to the
    exact share of what has then gone back, so any order of partial returns ends at what was paid.
    Where a promotion of the sale says so, the goods that stay are priced again for it.

    Refuses:
        order_must_exist, order_must_be_completed, return_without_receipt_must_stand_alone,
        lines_limit_reached, line_must_exist,
        line_must_not_be_a_return, quantity_must_be_positive, quantity_must_be_whole,
        reason_must_be_given, return_must_be_within_sold, lines_limit_reached, in that order.
    """
    original = context.originals.get(body.order_id)
    if original is None or original.training != context.training:
        return refuse(Refusal.ORDER_MUST_EXIST, order_id=body.order_id)
    if original.completion is None or original.figures is None:
        return refuse(Refusal.ORDER_MUST_BE_COMPLETED, order_id=original.id)
    original = with_held(original, order, context)
    if comes_back_alone(order):
        return refuse(Refusal.RETURN_WITHOUT_RECEIPT_MUST_STAND_ALONE)
    if len(order.lines) >= limits.LINES_PER_ORDER_MAX:
        return refuse(Refusal.LINES_LIMIT_REACHED, maximum=limits.LINES_PER_ORDER_MAX)
    sold = original.line_at(body.line)
    if sold is None:
        return refuse(Refusal.LINE_MUST_EXIST, line=body.line)
    if sold.source is not None:
        return refuse(Refusal.LINE_MUST_NOT_BE_A_RETURN, line=body.line)
    if body.quantity_milli <= 0:
        return refuse(Refusal.QUANTITY_MUST_BE_POSITIVE, quantity_milli=body.quantity_milli)
    if sold.item.unit == "piece" and body.quantity_milli % limits.PIECE_MILLI:
        return refuse(Refusal.QUANTITY_MUST_BE_WHOLE, quantity_milli=body.quantity_milli)
    if not 1 <= len(body.reason.strip()) <= limits.REASON_LENGTH_MAX:
        return refuse(Refusal.REASON_MUST_BE_GIVEN)
    pending = _pending(order, original.id, body.line)
    gone_milli = sold.returned_milli + sum(-line.quantity_milli for line in pending)
    left_milli = sold.quantity_milli - gone_milli
    if body.quantity_milli > left_milli:
        return refuse(Refusal.RETURN_MUST_BE_WITHIN_SOLD, left_milli=max(0, left_milli))
    if has_rest_priced_again(original, sold):
        # What stays is priced, and of what is no longer there nothing can be.
        gone = _gone_elsewhere(order, original)
        if gone is not None:
            return gone
    going = _backs(original, sold, pending, order, body.quantity_milli, context)
    if len(order.lines) + len(going) > limits.LINES_PER_ORDER_MAX:
        return refuse(Refusal.LINES_LIMIT_REACHED, maximum=limits.LINES_PER_ORDER_MAX)
    facts = tuple(
        context.fact(event, order.id)
        for event in _added(order, original, going, body.quantity_milli, body.reason.strip())
    )
    total = -sum(entry.total_minor for entry in going)
    answer = {"order_id": order.id, "line": len(order.lines) + 1, "total_minor": total}
    return Decision(facts, answer)


def _backs(
    original: Order,
    sold: Line,
    pending: list[Line],
    order: Order,
    quantity_milli: int,
    context: OrderContext,
) -> list[Back]:
    """What goes back of the sold line, and then of those priced again with it."""
    if has_rest_priced_again(original, sold):
        digits = minor_digits(context.settings.required().currency)
        gone = gone_of(original, _from(order, original.id))
        return backs(original, gone, sold.line, quantity_milli, digits)
    assert original.figures is not None
    gone_milli = sold.returned_milli + sum(-line.quantity_milli for line in pending)
    gone_milli += quantity_milli
    total, tax = _money_back(original, sold, pending, gone_milli)
    row = next(row for row in original.figures.lines if row.line == sold.line)
    taxes = taxes_back(original.figures, row, sold, pending, gone_milli)
    if taxes:
        tax = sum(entry.share.tax_minor for entry in taxes)
    shares = promotions_back(row, sold, pending, gone_milli)
    return [Back(sold.line, total, tax, taxes, shares)]


def _added(
    order: Order, original: Order, going: list[Back], quantity_milli: int, reason: str
) -> Iterator[ReturnLineAdded]:
    """The return line of the goods, and one of no quantity for each line priced again."""
    assert original.completion is not None
    assert original.figures is not None
    rows = {row.line: row for row in original.figures.lines}
    first = len(order.lines) + 1
    for at, entry in enumerate(going):
        sold = original.line_at(entry.line)
        assert sold is not None, "only what was sold goes back"
        source = ReturnOf(
            original.id,
            entry.line,
            original.completion.receipt_number,
            rows[entry.line].rate_ppm,
            -entry.total_minor,
            -entry.tax_minor,
            reason,
            entry.taxes,
            first if at else 0,
            entry.promotions,
        )
        item = item_of(sold, rows[entry.line])
        yield ReturnLineAdded(order.id, first + at, item, 0 if at else -quantity_milli, source)


def lines_with(order: Order, line: int) -> list[int]:
    """A line's number after those of the lines that stand and fall with it: goods that go back and
    the goods priced again for them."""
    found = order.line_at(line)
    assert found is not None, "only a line that counts has company"
    if found.source is None:
        return [line]
    goods = found.source.priced_again_by or line
    others = [
        entry.line
        for entry in order.live_lines()
        if entry.source is not None
        and entry.line != line
        and (entry.line == goods or entry.source.priced_again_by == goods)
    ]
    return [*others, line]


def _from(order: Order, original_id: str) -> list[Line]:
    """The lines of `order` that take back from this sale."""
    return [
        entry
        for entry in order.live_lines()
        if entry.source is not None and entry.source.order_id == original_id
    ]


def _pending(order: Order, original_id: str, line: int) -> list[Line]:
    """The return lines of `order` that already take from this sold line."""
    return [
        entry
        for entry in _from(order, original_id)
        if entry.source is not None and entry.source.line == line
    ]


def _gone_elsewhere(order: Order, original: Order) -> Decision | None:
    """That another register took goods of this sale back since a line of `order` was added for
    them; None where they are all there."""
    for line in _from(order, original.id):
        assert line.source is not None
        sold = original.line_at(line.source.line)
        if sold is None:
            continue
        if _left_milli(sold, _pending(order, original.id, sold.line)) < 0:
            return _no_longer_there(line, sold)
    return None


def _left_milli(sold: Line, pending: list[Line]) -> int:
    """What is left of a sold line once `pending`, whose quantities are below nought, went back; it
    is below nought where others took of it what they want."""
    return sold.quantity_milli - sold.returned_milli + sum(one.quantity_milli for one in pending)


def _no_longer_there(line: Line, sold: Line) -> Decision:
    """A line's goods were taken back by others since it was added."""
    left_milli = max(0, sold.quantity_milli - sold.returned_milli)
    return refuse(Refusal.RETURN_MUST_BE_WITHIN_SOLD, line=line.line, left_milli=left_milli)


def _money_back(
    original: Order, sold: Line, pending: list[Line], gone_milli: int
) -> tuple[int, int]:
    """(total, tax) that go back so that `gone_milli` of the line are settled exactly."""
    assert original.figures is not None
    row = next(entry for entry in original.figures.lines if entry.line == sold.line)
    shares = [gone_milli, sold.quantity_milli - gone_milli]
    total, tax = _gone(sold, pending)
    return part_back(row.total_minor, shares, total), part_back(row.tax_minor, shares, tax)


def _gone(sold: Line, pending: list[Line]) -> tuple[int, int]:
    """(total, tax) that went back of the sold line, or are about to."""
    total, tax = sold.returned_total_minor, sold.returned_tax_minor
    for entry in pending:
        assert entry.source is not None
        total -= entry.source.total_minor
        tax -= entry.source.tax_minor
    return total, tax


def _money_fits(original: Order, sold: Line, pending: list[Line], left_milli: int) -> bool:
    """Whether the line's returns stay within what was paid, and end exactly at it."""
    assert original.figures is not None
    row = next(entry for entry in original.figures.lines if entry.line == sold.line)
    total, tax = _gone(sold, pending)
    ended = left_milli == 0
    if not taxes_fit(row, sold, pending, ended=ended):
        return False
    if not promotions_fit(row, sold, pending, ended=ended):
        return False
    if ended:
        return total == row.total_minor and tax == row.tax_minor
    # An odd cent may have left a line or a tax below nought: no more than nothing goes back early.
    return total <= max(0, row.total_minor) and tax <= max(0, row.tax_minor)


def returns_still_fit(order: Order, context: OrderContext) -> Decision | None:
    """Why the order's return lines no longer fit their originals, or None.

    Another register may have taken the same goods back since the line was added, or given money
    back for them, or the odd cent of them: then the line is to be taken out and added again.

    Refuses:
        order_must_exist, return_must_be_within_sold, return_must_be_what_was_paid,
        refund_must_be_owed, goods_must_be_paid_for (which either does from here on),
        tender_must_have_been_paid.
    """
    sales: dict[str, Order] = {}
    for line in order.live_lines():
        if line.source is None or not line.source.has_receipt():
            continue
        sale_id = line.source.order_id
        if sale_id not in sales and sale_id in context.originals:
            sales[sale_id] = with_held(context.originals[sale_id], order, context)
        original = sales.get(sale_id)
        sold = None if original is None else original.line_at(line.source.line)
        if sold is None:
            return refuse(Refusal.ORDER_MUST_EXIST, order_id=sale_id)
        assert original is not None
        pending = _pending(order, original.id, sold.line)
        left_milli = _left_milli(sold, pending)
        if left_milli < 0:
            return _no_longer_there(line, sold)
        if has_rest_priced_again(original, sold):
            fits = _is_still_so(order, original, line, context) or _was_so(
                order, original, line, context
            )
        else:
            fits = _money_fits(original, sold, pending, left_milli)
        if not fits:
            return refuse(Refusal.RETURN_MUST_BE_WHAT_WAS_PAID, line=line.line)
    if any(lacks_money(order, sale) for sale in sales.values()):
        return _leave_out(order, context) or refuse(Refusal.TENDER_MUST_HAVE_BEEN_PAID)
    return None


def _leave_out(order: Order, context: OrderContext) -> Decision | None:
    """The shop has less of a sale than its goods are worth, and a part of the order stands for
    good, so that it cannot begin anew: it is told what of it is owed to nobody, and goes on with
    the rest. Where other goods go out for what is not owed, they are to be paid. None where it may
    begin anew, a terminal may still be moving money for it, or what was given back over the counter
    for what is not owed is to be handed back first.

    Refuses:
        refund_must_be_owed, goods_must_be_paid_for.
    """
    if order.figures is None or context.is_terminal_at_work or order.id in context.moving_money:
        return None
    if not is_bound(order, context.out_of_reach):
        return None
    due_minor = due_of(order, order.figures, context.settings.required()).left_minor
    shares = not_owed(order, context.originals, context.listed)
    left_out_minor = sum(share.amount_minor for share in shares)
    to_pay_minor = due_minor + left_out_minor
    is_over_counter = any(e.amount_minor < 0 and (e.is_cash() or e.credit) for e in order.tenders)
    if left_out_minor <= 0 or (to_pay_minor > 0 and is_over_counter):
        return None
    event = NotOwedTendered(order.id, order.tender_count + 1, -left_out_minor, shares)
    fields = {"left_out_minor": left_out_minor, "due_minor": to_pay_minor}
    told = context.fact(event, order.id)
    if to_pay_minor > 0:
        return refuse(Refusal.GOODS_MUST_BE_PAID_FOR, told, **fields)
    return refuse(Refusal.REFUND_MUST_BE_OWED, told, **fields)


def _is_still_so(order: Order, original: Order, line: Line, context: OrderContext) -> bool:
    """Whether a line priced again would be so now, after what the lines before it take back."""
    source = line.source
    assert source is not None
    goods = order.line_at(source.priced_again_by or line.line)
    if goods is None or goods.source is None:
        return False
    before = (entry for entry in _from(order, original.id) if entry.line < goods.line)
    digits = minor_digits(context.settings.required().currency)
    going = backs(
        original, gone_of(original, before), goods.source.line, -goods.quantity_milli, digits
    )
    found = [_back_of(source)]
    if line is goods:
        found += [
            _back_of(e)
            for e in (entry.source for entry in _from(order, original.id))
            if e is not None and e.priced_again_by == line.line
        ]
        return found == going
    return found[0] in going


def _was_so(order: Order, original: Order, line: Line, context: OrderContext) -> bool:
    """Whether a line priced again stays as it is, because money moved for it: those who took goods
    of its sale back since were told that its own are gone, and it that those are which others held
    before. One that cannot begin anew was looked at when it could."""
    if not has_moved_money(order):
        return False
    if is_bound(order, context.out_of_reach):
        return True
    return _is_still_so(order, as_others_leave(original, order, context), line, context)


def _back_of(source: ReturnOf) -> Back:
    """What a return line says goes back."""
    return Back(
        source.line, -source.total_minor, -source.tax_minor, source.taxes, source.promotions
    )
