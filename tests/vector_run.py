"""A published case rung up: screen, frozen sale, paper, day's totals and refund agree with it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from attrs import frozen

from countertop.conform_case import Case, read_case
from engine.fields import FieldsError
from engine.money import format_minor
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    ChooseChannel,
    ChooseCustomerGroup,
    ChoosePromotion,
    ChooseReward,
    ChooseTender,
    CompleteOrder,
    DiscountLine,
    DiscountOrder,
    ExemptOrder,
    PresentCoupon,
    StartTendering,
    TenderCash,
)
from engine.order.figures import DiscountKind, Figures
from engine.tax_document import Charge
from engine.views.build import order_view
from engine.views.shapes import OrderView
from tests.shop import Shop
from tests.tax_shop import figures_of, sums_agree
from tests.vector_shop import (
    CURRENCIES,
    BeyondError,
    Counter,
    counter_for,
    line_discounts,
    offer,
)

VECTORS = Path(__file__).parent / "vectors"
Command = (
    AddLine
    | ChooseChannel
    | ChooseCustomerGroup
    | ChoosePromotion
    | ChooseReward
    | ChooseTender
    | ExemptOrder
)


@frozen
class Held:
    """What came of a folder of cases: how many an order held, how many figures were compared, what
    differed, and why others are beyond an order."""

    done: int
    figures: int
    wrong: list[str]
    beyond: dict[str, int]


@cache
def cases(folder: str) -> dict[str, Case]:
    """Every published case of a folder that the reader understands, by file and id."""
    found = {}
    for path in sorted((VECTORS / folder).glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        for value in told["cases"] if isinstance(told, dict) else told:
            try:
                case = read_case(value)
            except FieldsError:
                continue
            found[f"{path.stem}/{case.id}"] = case
    return found


def exempted(case: Case) -> ExemptOrder | None:
    """What frees the order of what the case does not charge."""
    used = {tax for line in case.lines for tax in line.taxes}
    free = {case.tax_ids[at] for at in used if case.taxes[at].charge is Charge.EXEMPT}
    reverse = any(case.taxes[at].charge is Charge.REVERSE for at in used)
    if not free and not reverse:
        return None
    named = ("C-1", "Acme", "case") if free else ("", "", "")
    who = "r" if reverse else ""
    return ExemptOrder(*named, tax_types=frozenset(free), customer_class=who)


def around_order(case: Case) -> list[Command]:
    """What is said of an order beside its goods, in the commands a register has for it."""
    around = case.around
    found: list[Command] = []
    here = around.circumstances
    if here.customer_group or here.points or around.chosen:
        member = "77" if here.points or around.chosen else ""
        found.append(ChooseCustomerGroup(here.customer_group, member, here.points))
    if around.circumstances.channel:
        found.append(ChooseChannel(around.circumstances.channel))
    found += [ChoosePromotion(name, "case") for name in around.given]
    rewards = {one.id for one in case.promotions if one.is_chosen()}
    found += [ChooseReward(name) for name in around.chosen if name in rewards]
    if here.tender and any(one.tenders for one in case.promotions):
        found.append(ChooseTender(here.tender))
    free = exempted(case)
    return found if free is None else [*found, free]


def rung_up(case: Case, counter: Counter) -> str | None:
    """The order with every line of the case; None where a line was refused."""
    shop = counter.shop
    order_id = ""
    for at, (code, line) in enumerate(zip(counter.items, case.lines, strict=True), 1):
        bodies: list[Command] = [AddLine(code, "", line.quantity_milli)]
        bodies += around_order(case) if at == 1 else []
        for body in bodies:
            decision = shop.when(body)
            if decision.refused is not None:
                return None
            order_id = decision.answer.get("order_id", order_id)
    for code in case.around.coupons:
        shop.when(PresentCoupon(code))
    discount(case, shop)
    return order_id


def discount(case: Case, shop: Shop) -> None:
    """What people take off: each percentage as such, where a register can say it."""
    for at, off_minor in enumerate(line_discounts(case), 1):
        given = case.goods[at - 1].discounts
        if len(given) == 1 and given[0].is_percent and given[0].value:
            shop.ok(DiscountLine(at, DiscountKind.PERCENT, given[0].value))
        elif off_minor:
            if case.promotions and len(given) > 1:
                raise BeyondError("two discounts of a line")
            shop.ok(DiscountLine(at, DiscountKind.AMOUNT, off_minor))
    if len(case.discounts) > 1:
        raise BeyondError("two discounts of an order")
    for one in case.discounts:
        kind = DiscountKind.PERCENT if one.is_percent else DiscountKind.AMOUNT
        if one.value:
            shop.ok(DiscountOrder(kind, one.value))


def told(figures: Figures, case: Case) -> dict[str, int]:
    """The figures by the paths of published cases."""
    got = {
        "price": sum(row.net_minor for row in figures.lines),
        "net": sum(row.base_minor for row in figures.lines),
        "tax": figures.tax_minor,
        "gross": figures.total_minor,
    }
    for row in figures.taxes:
        path = f"per_tax[{row.tax_class}]"
        got |= {
            f"{path}.base": row.base_minor,
            f"{path}.tax": row.tax_minor,
            f"{path}.uncharged": row.uncharged_minor,
        }
    for one in case.promotions:
        mine = [e for line in figures.lines for e in line.promotions if e.promotion == one.id]
        got |= {
            f"per_promotion[{one.id}].amount": -sum(entry.amount_minor for entry in mine),
            f"per_promotion[{one.id}].vendor": -sum(entry.vendor_minor for entry in mine),
            f"per_promotion[{one.id}].points": sum(entry.points for entry in mine),
        }
    for at, line in enumerate(figures.lines):
        path = f"per_line[{at}]"
        for one in case.promotions:
            off = -sum(e.amount_minor for e in line.promotions if e.promotion == one.id)
            got[f"{path}.promotions[{one.id}].amount"] = off
        got |= {
            f"{path}.price": line.net_minor,
            f"{path}.order_discount": -line.order_discount_minor,
            f"{path}.net": line.base_minor,
            f"{path}.tax": line.tax_minor,
            f"{path}.gross": line.total_minor,
        }
        for tax in line.taxes:
            own = f"{path}.taxes[{figures.taxes[tax.tax_index].tax_class}]"
            got |= {
                f"{own}.base": tax.base_minor,
                f"{own}.tax": tax.tax_minor,
                f"{own}.uncharged": tax.uncharged_minor,
            }
    return got


def agree(case: Case, got: dict[str, int]) -> int:
    """Hold the figures against what the case expects; how many were held."""
    held = 0
    for want in case.wanted:
        if want.path.endswith(".exact") or want.path.startswith("cash."):
            continue
        assert want.value == got.get(want.path), want.path
        held += 1
    return held


def cash_agrees(case: Case, due_minor: int, total_minor: int) -> None:
    """What cash rounds to, where all of it is paid so."""
    if case.cash is None or case.cash.other_tenders_minor:
        return
    for want in case.wanted:
        if want.path == "cash.due":
            assert want.value == due_minor
        if want.path == "cash.rounding":
            assert want.value == due_minor - total_minor


def run(case: Case) -> int:
    """Ring a case up, look, pay, print, sum up and take back; how many figures were held."""
    if case.around.circumstances.tender not in ("", "cash"):
        raise BeyondError("paid by card, which has a story of its own")
    counter = counter_for(case)
    shop = counter.shop
    if not offer(shop, case):
        assert case.refused, "promotions were refused"
        return 1
    order_id = rung_up(case, counter)
    if case.refused:
        assert order_id is None
        return 1
    assert order_id is not None, "a line was refused"
    books = shop.books
    view = order_view(shop.order(order_id), books)
    cash_agrees(case, view.cash_due_minor, view.total_minor)
    pay(shop)
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    held = agree(case, told(figures, case))
    assert (view.total_minor, view.tax_minor) == (figures.total_minor, figures.tax_minor)
    assert [(row.base_minor, row.tax_minor) for row in view.taxes] == [
        (row.base_minor, row.tax_minor) for row in figures.taxes
    ]
    totals = books.live.position("1").totals
    assert sorted((row.tax_class, row.base_minor, row.tax_minor) for row in totals.taxes) == sorted(
        (row.tax_class, row.base_minor, row.tax_minor) for row in figures.taxes
    )
    printed = [block.right for block in shop.printed()[-1].blocks if " Net " in block.left]
    language = CURRENCIES[case.minor_digits]
    assert printed == [format_minor(row.tax_minor, language) for row in figures.taxes]
    promotions_agree(case, view, figures, shop)
    refunded(shop, order_id)
    return held


def promotions_agree(case: Case, view: OrderView, figures: Figures, shop: Shop) -> None:
    """What promotions took is the same on screen, on paper and in the day's totals, and the total
    stands on the paper."""
    currency = CURRENCIES[case.minor_digits]
    frozen = [[(e.name, e.amount_minor) for e in row.promotions] for row in figures.lines]
    assert [[(e.name, e.amount_minor) for e in row.promotions] for row in view.lines] == frozen
    blocks = shop.printed()[-1].blocks
    names = {f"  {one.name}" for one in case.promotions}
    assert [(block.left, block.right) for block in blocks if block.left in names] == [
        (f"  {name}", format_minor(off, currency)) for row in frozen for name, off in row
    ]
    (total,) = [block.right for block in blocks if block.left == "Total" and block.large]
    assert total.endswith(format_minor(figures.total_minor, currency))
    day = {e.promotion: e.amount_minor for e in shop.books.live.position("1").totals.promotions}
    for one in case.promotions:
        taken = [
            e.amount_minor for r in figures.lines for e in r.promotions if e.promotion == one.id
        ]
        assert day.get(one.id, 0) == -sum(taken)


def pay(shop: Shop) -> None:
    """Exactly what is due in cash; nothing, where coins round it away."""
    started = shop.ok(StartTendering())
    if started["total_minor"]:
        shop.ok(TenderCash(started["cash_due_minor"]))
    shop.ok(CompleteOrder())


def refunded(shop: Shop, order_id: str) -> None:
    """Everything goes back, and the day ends at nothing by line and by tax."""
    sold = shop.order(order_id)
    for line in sold.lines:
        shop.ok(AddReturnLine(order_id, line.line, line.quantity_milli, "back"))
    back = shop.books.live.position("1").current_order
    pay(shop)
    figures, given = figures_of(shop, order_id), figures_of(shop, back)
    sums_agree(given)
    assert [-row.tax_minor for row in figures.lines] == [row.tax_minor for row in given.lines]
    assert (-figures.total_minor, -figures.tax_minor) == (given.total_minor, given.tax_minor)
    totals = shop.books.live.position("1").totals
    assert totals.total_minor == 0
    assert {(0, 0, 0)} == {
        (row.base_minor, row.tax_minor, row.uncharged_minor) for row in totals.taxes
    } or not totals.taxes


def run_all(folder: str) -> Held:
    """Run every case of a folder."""
    beyond: dict[str, int] = {}
    figures = done = 0
    wrong = []
    for name, case in cases(folder).items():
        try:
            figures += run(case)
            done += 1
        except BeyondError as error:
            beyond[str(error)] = beyond.get(str(error), 0) + 1
        except AssertionError as error:
            wrong.append(f"{name}: {str(error).splitlines()[0]}")
    return Held(done, figures, wrong, beyond)
