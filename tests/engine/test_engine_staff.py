"""People: roles, PINs, lock-out, manager override, and who may do what."""

from __future__ import annotations

import pytest

from engine import limits
from engine.decision import Approval
from engine.order.commands import AddLine, OverridePrice
from engine.staff import (
    AddOperator,
    ApprovalGiven,
    ChangePin,
    DefineRole,
    OperatorAdded,
    PinRejected,
    Refusal,
    Right,
    RoleDefined,
    SignedOff,
    SignedOn,
    SignOff,
    SignOn,
)
from tests.shop import Shop


def test_a_role_is_a_set_of_rights() -> None:
    """Defining a role again replaces its rights; what stands twice counts once."""
    shop = Shop.open()
    shop.ok(DefineRole("helper", (Right.SELL, Right.SELL, Right.TILL)), admin=True)
    assert shop.events(RoleDefined) == [RoleDefined("helper", (Right.SELL, Right.TILL))]
    shop.ok(DefineRole("helper", ()), admin=True)
    assert shop.books.staff.roles["helper"] == frozenset()


def test_roles_that_cannot_be_are_refused() -> None:
    """A role has a short name, none of the store's own rights, and there is an end to them."""
    shop = Shop.open()
    for name in ("", "r" * 25, "a\nb"):
        assert shop.no(DefineRole(name, ()), admin=True) == Refusal.ROLE_MUST_BE_SHORT
    for right in (Right.EFFECTS, Right.NONE):
        body = DefineRole("helper", (right,))
        assert shop.no(body, admin=True) == Refusal.RIGHTS_MUST_BE_GRANTABLE
    for number in range(len(shop.books.staff.roles), limits.ROLES_MAX):
        shop.given(RoleDefined(f"role {number}", ()))
    assert shop.no(DefineRole("helper", ()), admin=True) == Refusal.ROLES_LIMIT_REACHED
    shop.ok(DefineRole("cashier", (Right.SELL,)), admin=True)


def test_a_person_is_added_with_a_hash_and_never_a_pin() -> None:
    """The fact holds the hash that was made beforehand; the PIN is nowhere in it."""
    shop = Shop.open()
    shop.ok(AddOperator("eve", "Eve", "cashier", pin="4711", pin_hash="h"), admin=True)
    assert shop.events(OperatorAdded) == [OperatorAdded("eve", "Eve", "cashier", "h")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (AddOperator("eve", "Eve", "nobody", pin_hash="h"), Refusal.ROLE_MUST_EXIST),
        (AddOperator("ana", "Ana", "cashier", pin_hash="h"), Refusal.OPERATOR_MUST_BE_NEW),
        (AddOperator("system", "X", "cashier", pin_hash="h"), Refusal.OPERATOR_MUST_BE_NEW),
        (AddOperator("", "X", "cashier", pin_hash="h"), Refusal.OPERATOR_ID_MUST_BE_SHORT),
        (AddOperator("a b", "X", "cashier", pin_hash="h"), Refusal.OPERATOR_ID_MUST_BE_SHORT),
        (AddOperator("e" * 25, "X", "cashier", pin_hash="h"), Refusal.OPERATOR_ID_MUST_BE_SHORT),
        (AddOperator("eve", "Eve", "cashier"), Refusal.PIN_MUST_BE_DIGITS),
        (ChangePin("eve", pin_hash="h"), Refusal.OPERATOR_MUST_EXIST),
        (ChangePin("ana"), Refusal.PIN_MUST_BE_DIGITS),
    ],
)
def test_people_who_cannot_be_are_refused(body: object, code: str) -> None:
    """Each fault of a new person or a new PIN has its name, and nothing is recorded."""
    shop = Shop.open()
    assert shop.no(body, admin=True) == code
    assert not shop.facts


def test_people_have_a_limit() -> None:
    """The register of people ends somewhere."""
    shop = Shop.open()
    for number in range(2, limits.OPERATORS_MAX):
        shop.given(OperatorAdded(f"p{number}", "", "cashier", "h"))
    one = AddOperator("late", "", "cashier", pin_hash="h")
    assert shop.no(one, admin=True) == Refusal.OPERATORS_LIMIT_REACHED


@pytest.mark.feature("STF-01", part="signing on hands the register over, wrong PINs throttled")
def test_signing_on_takes_the_register_over() -> None:
    """The answer names the person and their rights; whoever was there before is off."""
    shop = Shop.open()
    shop.ok(SignOn("ana", pin_correct=True))
    answer = shop.ok(SignOn("max", pin_correct=True))
    assert answer["name"] == "Max"
    assert "price_override" in answer["rights"]
    assert shop.books.staff.signed_on == {"1": "max"}
    assert shop.events(SignedOn) == [SignedOn("ana", "1"), SignedOn("max", "1")]


def test_signing_off_leaves_the_order() -> None:
    """Nobody is on the register, its order is still there, and nothing can be rung up."""
    shop = Shop.selling("ana")
    order_id = shop.ring("bread")
    shop.ok(SignOff())
    assert shop.events(SignedOff) == [SignedOff("ana", "1")]
    assert shop.no(AddLine("milk")) == Refusal.OPERATOR_MUST_BE_SIGNED_ON
    assert shop.no(SignOff()) == Refusal.OPERATOR_MUST_BE_SIGNED_ON
    shop.ok(SignOn("max", pin_correct=True))
    assert shop.ok(AddLine("milk"))["order_id"] == order_id


@pytest.mark.feature("STF-01", part="signing on hands the register over, wrong PINs throttled")
def test_wrong_pins_lock_longer_and_longer() -> None:
    """Four misses are free, the fifth locks for a minute, each later one doubles it to 15."""
    shop = Shop.open()
    for left in (4, 3, 2, 1, 0):
        assert shop.refused(SignOn("ana"))["tries_left"] == left
    locks = []
    for _ in range(6):
        person = shop.books.staff.operators["ana"]
        locks.append((person.locked_until_ns - shop.now_ns) // limits.NS_PER_S)
        assert shop.no(SignOn("ana", pin_correct=True)) == Refusal.OPERATOR_MUST_NOT_BE_LOCKED
        shop.now_ns = person.locked_until_ns
        assert shop.no(SignOn("ana")) == Refusal.PIN_MUST_BE_CORRECT
    assert locks == [60, 120, 240, 480, 900, 900]
    shop.now_ns += limits.PIN_LOCK_NS_MAX
    shop.ok(SignOn("ana", pin_correct=True))
    assert shop.books.staff.operators["ana"].failures == 0


def test_a_lock_made_by_a_clock_that_ran_ahead_has_a_way_out() -> None:
    """Set back an hour, a day or years, a clock ends no lock early; a new PIN ends it at once."""
    for back_s in (3_600, 86_400, 10 * 365 * 86_400):
        shop = Shop.open()
        for _ in range(limits.PIN_FAILURES_FREE):
            shop.no(SignOn("ana", pin_correct=False))
        shop.now_ns -= back_s * 10**9
        assert shop.no(SignOn("ana", pin_correct=True)) == Refusal.OPERATOR_MUST_NOT_BE_LOCKED
        shop.ok(ChangePin("ana", pin_hash="new"), admin=True)
        shop.ok(SignOn("ana", pin_correct=True))


def test_a_lock_survives_a_restart_and_a_new_pin_ends_it() -> None:
    """Failures are facts: books replayed from them are locked too, until a new PIN."""
    shop = Shop.open()
    for _ in range(limits.PIN_FAILURES_FREE):
        shop.no(SignOn("ana"))
    shop.books = shop.replayed()
    assert shop.no(SignOn("ana", pin_correct=True)) == Refusal.OPERATOR_MUST_NOT_BE_LOCKED
    shop.ok(ChangePin("ana", pin_hash="new"), admin=True)
    shop.ok(SignOn("ana", pin_correct=True))
    assert shop.books.staff.operators["ana"].pin_hash == "new"


def test_unknown_people_cannot_sign_on() -> None:
    """A name nobody has is refused, and no failure is counted for anybody."""
    shop = Shop.open()
    assert shop.no(SignOn("zoe", pin_correct=True)) == Refusal.APPROVER_MUST_EXIST
    assert not shop.facts


def test_a_missing_right_is_named() -> None:
    """Without the right and without anyone's approval the answer says which right it takes."""
    shop = Shop.selling("ana")
    shop.ring("bread")
    body = OverridePrice(1, 1_000_000, "dent")
    assert shop.no(body) == Refusal.RIGHT_MUST_BE_GRANTED
    assert shop.refused(body) == {"right": "price_override"}


@pytest.mark.feature("STF-03")
def test_an_override_names_both_people_and_the_command() -> None:
    """A manager's approval stands beside the fact it allowed: who, for whom, which command."""
    shop = Shop.selling("ana")
    shop.ring("bread")
    shop.ok(OverridePrice(1, 1_000_000, "dent"), approval=Approval("max", True))
    assert shop.events(ApprovalGiven) == [
        ApprovalGiven(
            "max", "ana", "1", Right.PRICE_OVERRIDE, f"c{shop.sent}", "order.override_price"
        )
    ]
    kinds = [type(fact.event).__name__ for fact in shop.facts[-2:]]
    assert kinds == ["ApprovalGiven", "LinePriceOverridden"]


@pytest.mark.feature("STF-03")
def test_an_approval_is_good_for_its_own_command_only() -> None:
    """The next command of the same kind needs its own approval."""
    shop = Shop.selling("ana")
    shop.ring("bread", "milk")
    shop.ok(OverridePrice(1, 1_000_000, "dent"), approval=Approval("max", True))
    assert shop.no(OverridePrice(2, 1_000_000, "dent")) == Refusal.RIGHT_MUST_BE_GRANTED


@pytest.mark.feature("STF-03")
def test_approvals_that_do_not_count() -> None:
    """Somebody unknown, somebody without the right, or a wrong PIN approves nothing."""
    shop = Shop.selling("ana")
    shop.ring("bread")
    body = OverridePrice(1, 1_000_000, "dent")
    assert shop.no(body, approval=Approval("zoe", True)) == Refusal.APPROVER_MUST_EXIST
    assert shop.no(body, approval=Approval("ana", True)) == Refusal.RIGHT_MUST_BE_GRANTED
    assert shop.no(body, approval=Approval("max", False)) == Refusal.PIN_MUST_BE_CORRECT
    assert shop.books.staff.operators["max"].failures == 1
    for _ in range(limits.PIN_FAILURES_FREE - 1):
        shop.no(body, approval=Approval("max", False))
    locked = shop.no(body, approval=Approval("max", True))
    assert locked == Refusal.OPERATOR_MUST_NOT_BE_LOCKED
    assert not shop.events(ApprovalGiven)
    assert len(shop.events(PinRejected)) == limits.PIN_FAILURES_FREE
