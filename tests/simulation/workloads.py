"""What cashiers do: one function a workload, registered with how often it comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from attrs import frozen

from tests.simulation.facts import APART, BUN, FRANC, FRANC_NOTE_MINOR, PARTY, PRICES, VOUCHER

if TYPE_CHECKING:
    from tests.simulation.fronts import Front

CODES = tuple(code for code in PRICES if code not in APART)
VOUCHERS = 6


@frozen
class Workload:
    """Something a cashier does from beginning to end; `weight` is how often among all, of which
    what is done `by_card` is done more often at a terminal that only some registers have."""

    name: str
    weight: int
    run: Callable[[Front], Awaitable[None]]
    by_card: bool = False


WORKLOADS: dict[str, Workload] = {}


def workload(
    weight: int, *, by_card: bool = False
) -> Callable[[Callable[[Front], Awaitable[None]]], Workload]:
    """Decorator: let every front end do this, `weight` times in a hundred or so."""

    def register(run: Callable[[Front], Awaitable[None]]) -> Workload:
        assert run.__name__ not in WORKLOADS, f"the workload {run.__name__} is registered twice"
        made = Workload(run.__name__, weight, run, by_card)
        WORKLOADS[made.name] = made
        return made

    return register


async def ring_up(front: Front) -> int:
    """One to five lines, now and then in a hurry; what they come to."""
    codes = [front.chance.choice(CODES) for _ in range(front.chance.choice((1, 2, 2, 3, 3, 4, 5)))]
    lines = [{"code": code, "quantity_milli": 1000 * front.chance.choice((1, 1, 1, 2, 5))}
             for code in codes]  # fmt: skip
    first, *rest = lines
    answers = [await front.do("order.add_line", **first)]
    if rest and front.chance.random() < front.habits.hurry:
        answers += await front.hurry("order.add_line", *rest)
    else:
        answers += [await front.do("order.add_line", **line) for line in rest]
    return max(int(answer["total_minor"]) for answer in answers)


@workload(70)
async def sale(front: Front) -> None:
    """Ring up, take cash, complete."""
    due = await ring_up(front)
    done = await front.pay(due)
    front.receipts.append(done["order_id"])


@workload(8)
async def sale_with_second_thoughts(front: Front) -> None:
    """A line is taken out again, another changed, one made cheaper; the tender is undone once."""
    await ring_up(front)
    last = await front.do("order.add_line", code="tea")
    other = await front.do("order.add_line", code="wine")
    await front.do("order.void_line", line=last["line"], reason="not wanted")
    await front.do("order.change_quantity", line=other["line"], quantity_milli=3000)
    ppm = front.chance.randrange(1, 50) * 10_000
    await front.do("order.discount_line", line=other["line"], kind="percent", value=ppm,
                   reason="old stock")  # fmt: skip
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    taken = await front.do("order.tender_cash", amount_minor=due)
    await front.do("order.undo_tender", tender=taken["tender"])
    done = await front.pay(due)
    front.receipts.append(done["order_id"])


@workload(5)
async def park(front: Front) -> None:
    """An order is put aside for whoever takes it up."""
    await ring_up(front)
    await front.do("order.suspend", label="")


@workload(5)
async def take_up(front: Front) -> None:
    """The oldest parked order is taken up, unless somebody else was quicker, and paid."""
    parked = await front.look("orders.suspended")
    if parked:
        await front.do("order.resume", order_id=parked[0]["order_id"])
        due = (await front.do("order.start_tendering"))["cash_due_minor"]
        await front.pay(due)


@workload(5)
async def refund(front: Front) -> None:
    """Part of an earlier sale of this register comes back."""
    if not front.receipts:
        return
    order_id = front.chance.choice(front.receipts)
    await front.do("order.add_return_line", order_id=order_id, line=1, quantity_milli=1000,
                   reason="damaged")  # fmt: skip
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    await front.pay(due)


@workload(3)
async def give_up_an_order(front: Front) -> None:
    """The customer walks away, now and then with half of it paid: nothing is thrown away before
    that is handed back."""
    due = await ring_up(front)
    if front.chance.random() < 0.4:
        await front.do("order.start_tendering")
        await front.do("order.tender_cash", amount_minor=due // 2)
    await front.do("order.void", reason="customer left")


@workload(3)
async def move_cash(front: Front) -> None:
    """Change from the bank, a taxi paid from the drawer, and a look into it."""
    amount = front.chance.randrange(100, 5_000)
    which = front.chance.choice(("till.pay_in", "till.pay_out", "till.no_sale"))
    if which == "till.no_sale":
        await front.do(which, reason="change for a customer")
    else:
        await front.do(which, amount_minor=amount, reason="bank")


@workload(2)
async def reprint(front: Front) -> None:
    """A customer wants the receipt once more."""
    if front.receipts:
        await front.do("order.reprint_receipt", order_id=front.chance.choice(front.receipts))


@workload(2)
async def change_till(front: Front) -> None:
    """The till is counted, notes of another currency too, closed and opened again."""
    francs = {"value_minor": FRANC_NOTE_MINOR, "count": front.chance.randrange(4)}
    await front.do("till.count", denominations=[{"value_minor": 100, "count": 100}],
                   foreign=[{"currency": FRANC, "denominations": [francs]}])  # fmt: skip
    await front.do("till.close")
    await front.do("till.open", denominations=[{"value_minor": 1000, "count": 10}])


@workload(8)
async def sale_of_buns(front: Front) -> None:
    """Three for two, over several lines."""
    for _ in range(front.chance.choice((1, 2, 3))):
        quantity = 1000 * front.chance.choice((1, 1, 2, 4))
        await front.do("order.add_line", code=BUN, quantity_milli=quantity)
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    done = await front.pay(due)
    front.bundles.append(done["order_id"])


@workload(8)
async def buns_come_back(front: Front) -> None:
    """One or two of them, of a sale of any register; another may be at the same."""
    sales = [sale for other in front.sim.fronts for sale in other.bundles]
    if not sales:
        return
    order_id = front.chance.choice(sales)
    for line in front.chance.choice(((1,), (2,), (1, 1), (2, 1))):
        await front.do("order.add_return_line", order_id=order_id, line=line, quantity_milli=1000,
                       reason="stale")  # fmt: skip
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    await front.pay(due)


@workload(8)
async def sale_with_a_voucher(front: Front) -> None:
    """A code that is good once, which others may have copied, for a bottle of wine."""
    await front.do("order.add_line", code="wine")
    await front.do("order.add_line", code="bread")
    code = f"{VOUCHER}{front.chance.randrange(VOUCHERS):09}"
    await front.do("order.present_coupon", code=code)
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    done = await front.pay(due)
    front.vouchers.append(done["order_id"])


@workload(3)
async def all_of_a_voucher_sale_comes_back(front: Front) -> None:
    """Its code is good again."""
    if not front.vouchers:
        return
    order_id = front.vouchers.pop()
    for line in (1, 2):
        await front.do("order.add_return_line", order_id=order_id, line=line, quantity_milli=1000,
                       reason="corked")  # fmt: skip
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    await front.pay(due)


@workload(5)
async def large_party(front: Front) -> None:
    """So many guests that service is charged, or one too few."""
    await ring_up(front)
    await front.do("order.tell_guests", guests=PARTY - 1 + front.chance.randrange(3))
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    done = await front.pay(due)
    front.receipts.append(done["order_id"])


@workload(5)
async def give_a_line_away(front: Front) -> None:
    """The shop pays for one of the goods."""
    await ring_up(front)
    last = await front.do("order.add_line", code="tea")
    await front.do("order.comp_line", line=last["line"], reason="it took too long")
    due = (await front.do("order.start_tendering"))["cash_due_minor"]
    await front.pay(due)
