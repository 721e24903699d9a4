"""Who works here and what each may do: roles, rights, PIN sign-on, lock-out, manager override.

PIN hashes arrive ready made and PINs arrive already checked (`pin_correct`): hashing takes a
thread, a decision never waits.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, assert_never

import attrs
from attrs import frozen

from engine import limits
from engine.altered import altered
from engine.decision import COMMANDS, EVENTS, SYSTEM, Approval, Command, Decision, Fact, refuse
from engine.personal import Personal

STREAM = "staff"


class Right(Enum):
    """What a role may allow. Every command needs exactly one; nothing is allowed unless granted."""

    SELL = "sell"
    OPEN_PRICE = "open_price"
    DISCOUNT = "discount"
    PRICE_OVERRIDE = "price_override"
    COMP = "comp"
    EMPLOYEE_PRICES = "employee_prices"
    VOID_LINE = "void_line"
    VOID_ORDER = "void_order"
    REFUND = "refund"
    REPRINT = "reprint"
    TILL = "till"
    PAID_IN_OUT = "paid_in_out"
    NO_SALE = "no_sale"
    EXPECTED_CASH = "expected_cash"
    X_REPORT = "x_report"
    Z_REPORT = "z_report"
    ACTIVITY = "activity"
    TRAINING = "training"
    CATALOG = "catalog"
    STAFF = "staff"
    SETTINGS = "settings"
    TAX_EXEMPT = "tax_exempt"
    PAYMENT_EXCEPTIONS = "payment_exceptions"
    RETURN_WITHOUT_RECEIPT = "return_without_receipt"
    KEYED_CARDS = "keyed_cards"
    EFFECTS = "effects"  # the store's own actors only
    NONE = "none"  # signing on and off


# ------------------------------------------------------------------------------------- Events


@EVENTS.name("staff.role_defined/1")
@frozen
class RoleDefined:
    """What a role may do from here on."""

    role: str
    rights: tuple[Right, ...]


@EVENTS.name("staff.operator_added/1")
@frozen
class OperatorAdded:
    """A person who may sign on. `name` is personal: a token of subject `operator/<id>`."""

    operator: str
    name: Annotated[str, Personal("operator")]
    role: str
    pin_hash: str


@EVENTS.name("staff.pin_changed/1")
@frozen
class PinChanged:
    """A new PIN; its failures are forgotten."""

    operator: str
    pin_hash: str


@EVENTS.name("staff.signed_on/1")
@frozen
class SignedOn:
    """An operator took over a register; whoever was there before is off."""

    operator: str
    register: str


@EVENTS.name("staff.signed_off/1")
@frozen
class SignedOff:
    """A register has nobody on it; its current order stays."""

    operator: str
    register: str


@EVENTS.name("staff.pin_rejected/1")
@frozen
class PinRejected:
    """A wrong PIN; `failures` in a row, and until when the operator is locked (0: not)."""

    operator: str
    register: str
    failures: int
    locked_until_ns: int


@EVENTS.name("staff.approval_given/1")
@frozen
class ApprovalGiven:
    """A second person let this one command through."""

    approver: str
    operator: str
    register: str
    right: Right
    command_id: str
    command_name: str


StaffEvent = (
    RoleDefined | OperatorAdded | PinChanged | SignedOn | SignedOff | PinRejected | ApprovalGiven
)

# -------------------------------------------------------------------------------------- State


@frozen
class Operator:
    """A person; `failures` counts wrong PINs since the last right one."""

    id: str
    name: str
    role: str
    pin_hash: str
    failures: int = 0
    locked_until_ns: int = 0


@frozen
class Staff:
    """Everyone, every role, and who is on which register."""

    roles: dict[str, frozenset[Right]] = attrs.field(factory=dict)
    operators: dict[str, Operator] = attrs.field(factory=dict)
    signed_on: dict[str, str] = attrs.field(factory=dict)

    def allows(self, operator: str, right: Right) -> bool:
        """Whether `operator` has `right`; unknown people have none."""
        if operator == SYSTEM:
            return right in _SYSTEM_RIGHTS
        person = self.operators.get(operator)
        return person is not None and right in self.roles.get(person.role, frozenset())


_SYSTEM_RIGHTS = frozenset(
    (Right.CATALOG, Right.STAFF, Right.SETTINGS, Right.EFFECTS, Right.NONE, Right.X_REPORT)
)


def evolve(state: Staff, event: StaffEvent) -> Staff:
    """The staff after `event`."""
    match event:
        case RoleDefined():
            return altered(state, roles={**state.roles, event.role: frozenset(event.rights)})
        case OperatorAdded():
            person = Operator(event.operator, event.name, event.role, event.pin_hash)
            return _with(state, person)
        case PinChanged():
            person = state.operators[event.operator]
            return _with(
                state,
                altered(person, pin_hash=event.pin_hash, failures=0, locked_until_ns=0),
            )
        case SignedOn():
            person = altered(state.operators[event.operator], failures=0, locked_until_ns=0)
            signed_on = {**state.signed_on, event.register: event.operator}
            return altered(_with(state, person), signed_on=signed_on)
        case SignedOff():
            signed_on = {k: v for k, v in state.signed_on.items() if k != event.register}
            return altered(state, signed_on=signed_on)
        case PinRejected():
            person = altered(
                state.operators[event.operator],
                failures=event.failures,
                locked_until_ns=event.locked_until_ns,
            )
            return _with(state, person)
        case ApprovalGiven():
            person = altered(state.operators[event.approver], failures=0, locked_until_ns=0)
            return _with(state, person)
        case _:
            assert_never(event)


def _with(state: Staff, person: Operator) -> Staff:
    return altered(state, operators={**state.operators, person.id: person})


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("staff.define_role")
@frozen
class DefineRole:
    """Set a role's rights."""

    role: str
    rights: tuple[Right, ...]


@COMMANDS.name("staff.add_operator")
@frozen
class AddOperator:
    """Add a person. A front end sends `pin`; it is hashed before it gets here, and never kept."""

    operator: str
    name: str
    role: str
    pin: str = ""
    pin_hash: str = ""


@COMMANDS.name("staff.change_pin")
@frozen
class ChangePin:
    """Give a person another PIN, which also unlocks them."""

    operator: str
    pin: str = ""
    pin_hash: str = ""


@COMMANDS.name("staff.sign_on")
@frozen
class SignOn:
    """Sign on at the register that sends this. `pin_correct` is set by the register actor only."""

    operator: str
    pin: str = ""
    pin_correct: bool = False


@COMMANDS.name("staff.sign_off")
@frozen
class SignOff:
    """Sign off; the order stays."""


StaffCommand = DefineRole | AddOperator | ChangePin | SignOn | SignOff


class Refusal:
    """In precedence order; the first five are checked for every command."""

    OPERATOR_MUST_BE_SIGNED_ON = "operator_must_be_signed_on"
    APPROVER_MUST_EXIST = "approver_must_exist"
    OPERATOR_MUST_NOT_BE_LOCKED = "operator_must_not_be_locked"
    PIN_MUST_BE_CORRECT = "pin_must_be_correct"
    RIGHT_MUST_BE_GRANTED = "right_must_be_granted"
    ROLE_MUST_BE_SHORT = "role_must_be_short"
    RIGHTS_MUST_BE_GRANTABLE = "rights_must_be_grantable"
    ROLES_LIMIT_REACHED = "roles_limit_reached"
    ROLE_MUST_EXIST = "role_must_exist"
    OPERATOR_MUST_EXIST = "operator_must_exist"
    OPERATOR_MUST_BE_NEW = "operator_must_be_new"
    OPERATOR_ID_MUST_BE_SHORT = "operator_id_must_be_short"
    PIN_MUST_BE_DIGITS = "pin_must_be_digits"
    OPERATORS_LIMIT_REACHED = "operators_limit_reached"


# ------------------------------------------------------------------------------------- Decide


def authorise(
    state: Staff, command: Command, right: Right, command_name: str
) -> tuple[tuple[Fact, ...], Decision | None]:
    """Whether `command` may go on: (facts to journal with it, None) or ((), the refusal).

    The operator's own right suffices. Else the approval the command carries must come from someone
    who is not locked, whose PIN was right and who has the right; both people and the command are
    then on record.

    Refuses:
        operator_must_be_signed_on, approver_must_exist, operator_must_not_be_locked,
        pin_must_be_correct, right_must_be_granted, in that order.
    """
    if right is Right.NONE:
        return (), None
    if not command.operator:
        return (), refuse(Refusal.OPERATOR_MUST_BE_SIGNED_ON)
    if state.allows(command.operator, right):
        return (), None
    approval = command.approval
    if approval is None:
        return (), refuse(Refusal.RIGHT_MUST_BE_GRANTED, right=right.value)
    failure = check_pin(state, command, approval)
    if failure is not None:
        return (), failure
    if not state.allows(approval.approver, right):
        return (), refuse(Refusal.RIGHT_MUST_BE_GRANTED, right=right.value)
    given = ApprovalGiven(
        approval.approver, command.operator, command.register, right, command.id, command_name
    )
    return (Fact(STREAM, given),), None


def check_pin(state: Staff, command: Command, approval: Approval) -> Decision | None:
    """Why a PIN does not count, with the failure to journal; None where it does.

    Refuses:
        approver_must_exist, operator_must_not_be_locked, pin_must_be_correct.
    """
    person = state.operators.get(approval.approver)
    if person is None:
        return refuse(Refusal.APPROVER_MUST_EXIST, operator=approval.approver)
    now_ns = command.stamp.now_ns
    # Nought is no lock, also for a clock that stands before 1970.
    if person.locked_until_ns and now_ns < person.locked_until_ns:
        wait_s = (person.locked_until_ns - now_ns) // limits.NS_PER_S + 1
        return refuse(Refusal.OPERATOR_MUST_NOT_BE_LOCKED, operator=person.id, locked_for_s=wait_s)
    if approval.pin_correct:
        return None
    failures = person.failures + 1
    until_ns = 0
    if failures >= limits.PIN_FAILURES_FREE:
        doubled = limits.PIN_LOCK_NS_FIRST << min(failures - limits.PIN_FAILURES_FREE, 10)
        until_ns = now_ns + min(doubled, limits.PIN_LOCK_NS_MAX)
    rejected = PinRejected(person.id, command.register, failures, until_ns)
    left = max(0, limits.PIN_FAILURES_FREE - failures)
    return refuse(Refusal.PIN_MUST_BE_CORRECT, Fact(STREAM, rejected), tries_left=left)


def decide(state: Staff, command: Command, body: StaffCommand) -> Decision:
    """Decide about people.

    Refuses:
        As `Refusal` lists, in that order.
    """
    match body:
        case DefineRole():
            return _define_role(state, body)
        case AddOperator():
            return _add_operator(state, body)
        case ChangePin():
            if body.operator not in state.operators:
                return refuse(Refusal.OPERATOR_MUST_EXIST, operator=body.operator)
            if not body.pin_hash:
                return refuse(Refusal.PIN_MUST_BE_DIGITS)
            return Decision((Fact(STREAM, PinChanged(body.operator, body.pin_hash)),), {})
        case SignOn():
            return _sign_on(state, command, body)
        case SignOff():
            if not command.operator:
                return refuse(Refusal.OPERATOR_MUST_BE_SIGNED_ON)
            off = SignedOff(command.operator, command.register)
            return Decision((Fact(STREAM, off),), {})
        case _:
            assert_never(body)


def _define_role(state: Staff, body: DefineRole) -> Decision:
    if not 1 <= len(body.role) <= 24 or not body.role.isprintable():
        return refuse(Refusal.ROLE_MUST_BE_SHORT)
    if Right.EFFECTS in body.rights or Right.NONE in body.rights:
        return refuse(Refusal.RIGHTS_MUST_BE_GRANTABLE)
    if body.role not in state.roles and len(state.roles) >= limits.ROLES_MAX:
        return refuse(Refusal.ROLES_LIMIT_REACHED, maximum=limits.ROLES_MAX)
    rights = tuple(dict.fromkeys(body.rights))
    return Decision((Fact(STREAM, RoleDefined(body.role, rights)),), {})


def _add_operator(state: Staff, body: AddOperator) -> Decision:
    if body.role not in state.roles:
        return refuse(Refusal.ROLE_MUST_EXIST, role=body.role)
    if body.operator in state.operators:
        return refuse(Refusal.OPERATOR_MUST_BE_NEW, operator=body.operator)
    short = 1 <= len(body.operator) <= 24 and body.operator.isascii()
    if not short or not body.operator.isalnum():
        return refuse(Refusal.OPERATOR_ID_MUST_BE_SHORT)
    if body.operator == SYSTEM:
        return refuse(Refusal.OPERATOR_MUST_BE_NEW, operator=body.operator)
    if not body.pin_hash:
        return refuse(Refusal.PIN_MUST_BE_DIGITS)
    if len(state.operators) >= limits.OPERATORS_MAX:
        return refuse(Refusal.OPERATORS_LIMIT_REACHED, maximum=limits.OPERATORS_MAX)
    added = OperatorAdded(body.operator, body.name, body.role, body.pin_hash)
    return Decision((Fact(STREAM, added),), {})


def _sign_on(state: Staff, command: Command, body: SignOn) -> Decision:
    failure = check_pin(state, command, Approval(body.operator, body.pin_correct))
    if failure is not None:
        return failure
    on = SignedOn(body.operator, command.register)
    person = state.operators[body.operator]
    rights = sorted(r.value for r in state.roles.get(person.role, frozenset()))
    answer = {"operator": person.id, "name": person.name, "role": person.role, "rights": rights}
    return Decision((Fact(STREAM, on),), answer)
