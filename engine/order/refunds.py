"""To which tenders a refund goes: never more of one than it paid, net of what went back before.

All cash of a sale is one tender here, named by the first of them: coins are not told apart, and
notes of another currency go back as cash of the store's own. What a customer paid with goods in an
exchange (tender 0) goes back in cash.

Goods of several sales may come back at once: each sale's tenders give back what its own goods are
worth and no more, or there is nothing left of them when the rest of its goods comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from engine import limits
from engine.decision import Fact
from engine.order.context import OrderContext, stream_of
from engine.order.figures import NOT_OWED, GaveBack, TenderFigures
from engine.order.given import Refunded
from engine.order.state import Order
from engine.order.tender_events import (
    TenderRefunded,
    TenderUnpaid,
)

GOODS = 0


def originals_of(order: Order, originals: Mapping[str, Order]) -> list[Order]:
    """The sales that goods of `order` came back from, in the order of its lines."""
    ids = {line.source.order_id: None for line in order.live_lines() if line.source is not None}
    return [originals[entry] for entry in ids if entry in originals]


def left_of(original: Order) -> dict[int, int]:
    """What is left of each tender of a completed sale, by its number, in minor units. Cash without
    what rounding added: a return is rounded with those before it. Nothing of what was never
    paid."""
    return {
        number: minor - original.refunded_minor(number)
        for number, minor in paid_of(original).items()
        if minor > original.refunded_minor(number)
    }


def paid_of(original: Order) -> dict[int, int]:
    """What each tender of a completed sale brought the shop, goods among them."""
    completion, figures = original.completion, original.figures
    assert completion is not None
    assert figures is not None
    paid: dict[int, int] = {}
    cash = [tender for tender in completion.tenders if tender.is_cash()]
    for tender in completion.tenders:
        if not tender.is_cash() and tender.amount_minor > 0:
            paid[tender.tender] = tender.amount_minor
    if cash:
        kept = sum(tender.amount_minor for tender in cash) - completion.change_minor
        paid[cash[0].tender] = kept - completion.rounding_minor
    back = {line.line for line in original.live_lines() if line.source is not None}
    with_goods = -sum(row.total_minor for row in figures.lines if row.line in back)
    if any(minor > 0 for minor in paid.values()):
        # Paid in part for other goods that came back, it had no more of those than was not given
        # back for them, nor left out as owed to nobody.
        with_goods += sum(min(0, tender.amount_minor) for tender in completion.tenders)
    if with_goods > 0:
        paid[GOODS] = with_goods
    return {number: minor for number, minor in paid.items() if number not in original.unpaid}


def left_for(order: Order, original: Order) -> dict[int, int]:
    """What `order` may still give back of each tender of a sale, by its number: what is left of it,
    as far as that sale's goods that come back go. Each by itself; together they may be more."""
    most_minor = _still_back_minor(order, original)
    return {
        number: min(left_minor, most_minor)
        for number, left_minor in left_of(original).items()
        if most_minor > 0
    }


def shares_of(
    order: Order,
    originals: Mapping[str, Order],
    amount_minor: int,
    gives: Callable[[Order, int], bool],
) -> tuple[GaveBack, ...]:
    """Of which tenders `order` gives `amount_minor` back, or as much of it as there is. `gives`
    says which do, by their sale and number."""
    shares: list[GaveBack] = []
    open_minor = amount_minor
    for original in originals_of(order, originals):
        most_minor = _still_back_minor(order, original)
        for number, left_minor in left_of(original).items():
            share_minor = min(left_minor, most_minor, open_minor)
            if share_minor > 0 and gives(original, number):
                shares.append(GaveBack(original.id, number, share_minor))
                open_minor -= share_minor
                most_minor -= share_minor
    return tuple(shares)


def _still_back_minor(order: Order, original: Order) -> int:
    """What goods of a sale that come back with `order` are worth, less what tenders of `order`
    gave back of that sale before."""
    return goods_minor(order, original.id) - given_minor(order.tenders, original.id)


def given_minor(tenders: Iterable[TenderFigures], sale_id: str) -> int:
    """What tenders gave back of a sale."""
    return sum(
        share.amount_minor
        for tender in tenders
        for share in tender.gave_back
        if share.order_id == sale_id
    )


def goods_minor(order: Order, sale_id: str) -> int:
    """What goods of a sale that come back with `order` are worth."""
    return -sum(
        line.source.total_minor
        for line in order.live_lines()
        if line.source is not None and line.source.order_id == sale_id
    )


def in_cash(order: Order, amount_minor: int, context: OrderContext) -> tuple[GaveBack, ...] | int:
    """Whose cash a refund of `amount_minor` in cash gives back, or how much there is of it where
    that is less."""
    shares = shares_of(
        order,
        context.originals,
        amount_minor,
        lambda original, number: number == GOODS or tender_at(original, number).is_cash(),
    )
    given_minor = sum(share.amount_minor for share in shares)
    return shares if given_minor == amount_minor else given_minor


def cards_of(order: Order, originals: Mapping[str, Order]) -> Iterator[tuple[Order, TenderFigures]]:
    """The card tenders that goods of `order` were paid with, and their sales."""
    for original in originals_of(order, originals):
        assert original.completion is not None
        for tender in original.completion.tenders:
            if tender.card is not None and tender.amount_minor > 0:
                yield original, tender


def refunded_facts(
    by_order: str, shares: tuple[GaveBack, ...], *, undone: bool = False
) -> list[tuple[str, TenderRefunded]]:
    """What a refund, or its undoing, means for the sales it gives back of."""
    sign = -1 if undone else 1
    facts: list[tuple[str, TenderRefunded]] = []
    for share in shares:
        coins = None if share.coins_minor is None else sign * share.coins_minor
        back_minor = sign * share.amount_minor
        event = TenderRefunded(share.order_id, share.tender, back_minor, by_order, coins)
        facts.append((share.order_id, event))
    return facts


def by_refund(original: Order, refund: str) -> bool:
    """Whether a sale was told of a card refund that no order has, by the stream of that."""
    return any(entry.by_order == refund for entry in original.refunded)


def lacks_money(order: Order, original: Order) -> bool:
    """Whether the goods of a sale that went back, and those that come back with `order`, are worth
    more than the shop has of it, where a card did not pay it or has its money again: no money goes
    back for those, in whatever way, and no other goods, which would be brought back for cash. What
    cards and links have already is gone, and its order ends; so does one that leaves out what is
    not owed."""
    final = [tender for tender in order.tenders if tender.card or tender.link]
    worth_minor = _claimed_minor(order, original)
    if final and worth_minor <= given_minor(final, original.id):
        return False
    is_sound = not original.unpaid and not any(map(_is_of_no_order, original.refunded))
    return not is_sound and _beyond_minor(order, original) > 0


def _beyond_minor(order: Order, original: Order) -> int:
    """How much more the goods of a sale that went back, and those that come back with `order`, are
    worth than the shop has of it, but for what it leaves out."""
    late_minor = sum(entry.amount_minor for entry in original.refunded if _is_of_no_order(entry))
    gone_minor = sum(
        line.returned_total_minor for line in (*original.live_lines(), *original.charges)
    )
    worth_minor = gone_minor + _claimed_minor(order, original)
    return worth_minor + late_minor - sum(paid_of(original).values())


def _claimed_minor(order: Order, original: Order) -> int:
    """What goods of a sale that come back with `order` are worth, but for what it leaves out."""
    return goods_minor(order, original.id) - _left_out_minor(order, original)


def not_owed(
    order: Order, originals: Mapping[str, Order], listed: Container[str]
) -> tuple[GaveBack, ...]:
    """What `order`, which cannot begin anew, leaves out: what its goods are worth beyond what the
    shop still has of their sales, or has left after goods that went back for others. A refund that
    no order has, and that is `listed`, may still be taken back: until it is off the list nothing is
    certain."""
    shares: list[GaveBack] = []
    for original in originals_of(order, originals):
        late = [entry for entry in original.refunded if _is_of_no_order(entry)]
        if any(entry.by_order.partition("/")[2] in listed for entry in late):
            return ()
        went_minor = sum(entry.amount_minor for entry in original.refunded)
        has_minor = max(0, sum(paid_of(original).values()) - went_minor)
        left_minor = min(has_minor, sum(left_of(original).values()))
        open_minor = _still_back_minor(order, original)
        beyond_minor = max(open_minor - left_minor, _beyond_minor(order, original))
        share_minor = min(open_minor, beyond_minor)
        numbers = [*original.unpaid, *(entry.tender for entry in late)]
        if share_minor > 0 and numbers:
            shares.append(GaveBack(original.id, numbers[0], share_minor))
    return tuple(shares)


def _left_out_minor(order: Order, original: Order) -> int:
    """What of a sale's goods `order` leaves out already, as owed to nobody."""
    return given_minor((entry for entry in order.tenders if entry.kind == NOT_OWED), original.id)


def _is_of_no_order(entry: Refunded) -> bool:
    """Whether it went back by a card refund that no order has: by a stream, which an id is not."""
    return "/" in entry.by_order


def unpaid_fact(order_id: str, payment_id: str) -> Fact:
    """What it means for a sale that the shop has nothing of a card that paid for it."""
    return Fact(stream_of(order_id), TenderUnpaid(order_id, payment_id))


def is_bound(order: Order, out_of_reach: Container[str]) -> bool:
    """Whether a part of `order` stands for good: it cannot begin anew."""
    return any(stands(tender, out_of_reach) for tender in order.tenders)


def tenders_max(order: Order, context: OrderContext) -> int:
    """How many tenders an order may have. One that cannot begin anew has room for one more of each
    tender that it may still give back of, and for one that pays what is left, so that it can end
    however small the parts were that it gave and took."""
    if not is_bound(order, context.out_of_reach):
        return limits.TENDERS_PER_ORDER_MAX
    sales = originals_of(order, context.originals)
    return limits.TENDERS_PER_ORDER_MAX + sum(len(paid_of(sale)) for sale in sales) + 1


def stands(tender: TenderFigures, out_of_reach: Container[str]) -> bool:
    """Whether nobody at a till can hand a tender back: the customer has it for good, its terminal
    keeps what a card paid, or does not tell that it took back what it was told to, or ended its day
    since (`out_of_reach`). What a link paid goes back by its provider."""
    if tender.card is not None and tender.card.payment_id in out_of_reach:
        return True
    return is_final(tender) and (tender.link is None or tender.amount_minor < 0)


def may_be_parked(order: Order, out_of_reach: Container[str], *, is_in_doubt: bool) -> bool:
    """Whether an order in payment, at which no terminal is at work, can wait as it is: there is
    money in it, and nobody at a till can hand any of it back now. `is_in_doubt` while a terminal
    does not tell what became of a payment of it: no card of it is taken back until then, however
    many paid, and the register goes on."""
    return bool(order.tenders) and all(
        stands(tender, out_of_reach) or (is_in_doubt and tender.card is not None)
        for tender in order.tenders
    )


def is_final(tender: TenderFigures) -> bool:
    """Whether no provider and no terminal can be asked for what was given back by it; for what was
    left out nobody can be asked at all."""
    if tender.card is None:
        return tender.link is not None or tender.kind == NOT_OWED
    identity = tender.card.identity
    return identity.receipt is None or identity.is_of_payment


def tender_at(original: Order, number: int) -> TenderFigures:
    """A tender of a completed sale by its number."""
    assert original.completion is not None
    return next(entry for entry in original.completion.tenders if entry.tender == number)
