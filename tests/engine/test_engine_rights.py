"""Default deny: every command and query needs a right, and only those who have it pass."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.books import Books, decide
from engine.decision import COMMANDS, SYSTEM, Approval, Command
from engine.order import commands as order
from engine.order.figures import DiscountKind
from engine.queries import ANSWERS, QUERIES, QUERY_RIGHTS
from engine.rights import RIGHTS, right_of
from engine.staff import ApprovalGiven, Right, RoleDefined, SignedOn
from engine.stamp import Stamp
from engine.wire import structure
from tests.draws import examples
from tests.shapes import instances, sample
from tests.shop import START_NS, Shop

FREE = {"staff.sign_on", "staff.sign_off"}
OWN = {"effect.start", "effect.finish"}
DENIED = "every command and query needs a right, denied unless granted"


@pytest.mark.feature("STF-02", part=DENIED)
def test_every_command_has_a_right() -> None:
    """The table and the registry name the same commands: none can be forgotten."""
    registered = {cls for _, cls in COMMANDS.items()}
    assert registered == RIGHTS.keys()
    free = {COMMANDS.name_of(cls) for cls, right in RIGHTS.items() if right is Right.NONE}
    assert free == FREE


@pytest.mark.feature("STF-02", part=DENIED)
def test_every_query_has_a_right_and_an_answer() -> None:
    """The tables and the registry name the same queries."""
    registered = {cls for _, cls in QUERIES.items()}
    assert registered == QUERY_RIGHTS.keys() == ANSWERS.keys()


def test_a_command_without_a_right_cannot_be_sent() -> None:
    """A class nobody registered is an error of the program, not a command."""

    @frozen
    class Stray:
        pass

    with pytest.raises(KeyError):
        right_of(Stray())


@pytest.mark.feature("STF-02", part=DENIED)
@pytest.mark.parametrize("name", [name for name, _ in COMMANDS.items() if name not in FREE])
@settings(max_examples=examples(10))
@given(data=st.data())
def test_nobody_does_what_was_not_granted(name: str, data: st.DataObject) -> None:
    """A person with every right but the one it takes is refused, whatever the command says."""
    cls = COMMANDS.class_of(name)
    body = data.draw(instances(cls))
    right = right_of(body)
    shop = Shop.selling("ana")
    others = tuple(r for r in Right if r not in (right, Right.EFFECTS, Right.NONE))
    shop.given(RoleDefined("cashier", others))
    command = Command("c", "1", "ana", body, Stamp(START_NS, 0, "2026-11-23"))
    decision = decide(command, shop.books)
    assert decision.refused is not None
    assert decision.refused.code == "right_must_be_granted"
    assert decision.refused.fields == {"right": right.value}
    assert not decision.facts


@pytest.mark.feature("STF-02", part=DENIED)
def test_nobody_signed_on_may_do_nothing() -> None:
    """Without a person at the register only signing on goes through."""
    shop = Shop.open()
    for name, cls in COMMANDS.items():
        if name in FREE:
            continue
        command = Command("c", "1", "", sample(cls), Stamp(START_NS, 0, "2026-11-23"))
        refused = decide(command, shop.books).refused
        assert refused is not None
        assert refused.code == "operator_must_be_signed_on"


def test_the_store_itself_sells_nothing() -> None:
    """The local administrator sets the store up and reports effects; money is for people."""
    allowed = {
        COMMANDS.name_of(cls)
        for cls, right in RIGHTS.items()
        if Books().staff.allows(SYSTEM, right)
    }
    assert allowed >= OWN | FREE
    assert not any(name.startswith(("order.", "till.", "register.")) for name in allowed)


def test_a_right_is_a_stable_word() -> None:
    """Roles are journaled: the words of rights are distinct and survive the wire."""
    assert len({right.value for right in Right}) == len(Right)
    role = structure({"role": "r", "rights": [right.value for right in Right]}, RoleDefined)
    assert role.rights == tuple(Right)


GIVEN = [
    (order.CompLine(1, "birthday"), order.ChangeQuantity(1, 2_000), Right.COMP),
    (order.OverridePrice(1, 10_000, "dent"), order.ChangeQuantity(1, 2_000), Right.PRICE_OVERRIDE),
    (
        order.DiscountLine(1, DiscountKind.PERCENT, 900_000, "dent"),
        order.ChangeQuantity(1, 2_000),
        Right.DISCOUNT,
    ),
    (order.CompOrder("birthday"), order.ChangeQuantity(1, 2_000), Right.COMP),
    (order.CompOrder("birthday"), order.AddLine("wine"), Right.COMP),
    (order.CompOrder("birthday"), order.AddOpenLine("Hat", 1_000_000, "standard"), Right.COMP),
]


@pytest.mark.parametrize(("allowed", "more", "right"), GIVEN)
def test_what_was_allowed_for_one_is_to_be_allowed_again_for_more(
    allowed: Any, more: Any, right: Right
) -> None:
    """A manager gives one bottle away, or half price: the cashier who rings up a second is asked
    for somebody who may, and so is another register that takes the order up; fewer are free."""
    shop = Shop.selling("ana")
    sells = (Right.SELL, Right.OPEN_PRICE, Right.TILL)
    shop.given(RoleDefined("cashier", sells), SignedOn("ana", "2"))
    order_id = shop.ok(order.AddLine("wine"))["order_id"]
    shop.ok(allowed, approval=Approval("max", pin_correct=True))
    assert {"right": right.value} == shop.refused(more)
    shop.ok(order.SuspendOrder())
    shop.ok(order.ResumeOrder(order_id), "2")
    assert {"right": right.value} == shop.refused(more, "2")
    shop.ok(more, "2", approval=Approval("max", pin_correct=True))
    assert [right] * 2 == [one.right for one in shop.events(ApprovalGiven)]
    if isinstance(more, order.ChangeQuantity):
        shop.ok(order.ChangeQuantity(1, 1_000), "2")


@pytest.mark.parametrize(
    ("allowed", "fewer"),
    [
        (order.DiscountLine(1, DiscountKind.AMOUNT, 500, "dent"), order.ChangeQuantity(1, 1_000)),
        (order.DiscountOrder(DiscountKind.AMOUNT, 500, "late"), order.ChangeQuantity(1, 1_000)),
        (order.DiscountOrder(DiscountKind.AMOUNT, 500, "late"), order.VoidLine(1)),
    ],
)
def test_an_amount_off_many_goods_is_to_be_allowed_again_for_fewer(
    allowed: Any, fewer: Any
) -> None:
    """5.00 off three bottles is no 5.00 off one: a cashier who takes some out is asked for somebody
    who may give it. Of goods that it does not touch, any may go."""
    shop = Shop.selling("ana")
    shop.given(RoleDefined("cashier", (Right.SELL, Right.VOID_LINE)))
    shop.ok(order.AddLine("wine", quantity_milli=3_000))
    shop.ring("book")
    shop.ok(allowed, approval=Approval("max", pin_correct=True))
    assert {"right": "discount"} == shop.refused(fewer)
    is_of_line = isinstance(allowed, order.DiscountLine)
    if is_of_line:
        shop.ok(order.VoidLine(2))
    shop.ok(fewer, approval=Approval("max", pin_correct=True))
    if is_of_line:
        shop.ok(order.VoidLine(1))


def test_a_price_typed_for_one_is_to_be_typed_again_for_more() -> None:
    """Somebody who may type prices rings up a bunch of flowers for the cashier: for a second bunch
    at that price they are asked again, and for fewer nobody is."""
    shop = Shop.selling("ana")
    shop.given(RoleDefined("cashier", (Right.SELL, Right.TILL)))
    typed = order.AddOpenLine("Flowers", 1_000_000, "standard", 2_000)
    assert {"right": "open_price"} == shop.refused(typed)
    shop.ok(typed, approval=Approval("max", pin_correct=True))
    assert {"right": "open_price"} == shop.refused(order.ChangeQuantity(1, 3_000))
    assert 100 == shop.ok(order.ChangeQuantity(1, 1_000))["total_minor"]
    more = shop.ok(order.ChangeQuantity(1, 2_000), approval=Approval("max", pin_correct=True))
    assert 200 == more["total_minor"]


def test_an_amount_off_and_a_discount_of_the_order_ask_for_nobody_again() -> None:
    """An amount is the same for more goods; the order's discount is for what the order holds."""
    shop = Shop.selling("ana")
    shop.given(RoleDefined("cashier", (Right.SELL, Right.TILL)))
    shop.ring("wine")
    allowed = Approval("max", pin_correct=True)
    shop.ok(order.DiscountLine(1, DiscountKind.AMOUNT, 100, "dent"), approval=allowed)
    shop.ok(order.DiscountOrder(DiscountKind.PERCENT, 100_000, "regular"), approval=allowed)
    shop.ok(order.ChangeQuantity(1, 2_000))
    # 10 % of 22.97 are 2.297.
    assert 2297 - 230 == shop.ok(order.AddLine("wine"))["total_minor"]
