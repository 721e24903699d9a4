"""The rules of people: O who may do what, who lets it through, and by which PIN.

Roles and people are those that the journal has by then: what a role may do is what was last said of
it, not what it could do before or will do later.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import define, field

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.facts import PINS, REGISTERS
from tests.simulation.model import Row
from tests.simulation.seen import Answered, Asked

SYSTEM: Final = "system"
WRONG_PINS_FREE: Final = 5
# Which right each fact needs, or one of which; of what is here nothing happens by itself.
RIGHTS_OF: Final = {
    "order.opened/1": ("sell", "refund", "return_without_receipt"),
    "order.line_added/1": ("sell",),
    "order.line_quantity_changed/1": ("sell",),
    "order.line_discounted/1": ("discount",),
    "order.line_comped/1": ("comp",),
    "order.line_voided/1": ("void_line",),
    "order.voided/1": ("void_order",),
    "order.suspended/1": ("sell",),
    "order.resumed/1": ("sell",),
    "order.exempted/1": ("tax_exempt",),
    "order.customer_group_chosen/1": ("sell",),
    "order.dining_chosen/1": ("sell",),
    "order.guests_told/1": ("sell",),
    "order.coupon_presented/1": ("sell",),
    "order.reward_chosen/1": ("sell",),
    "order.tender_chosen/1": ("sell",),
    "order.cash_tendered/2": ("sell",),
    "order.foreign_tendered/1": ("sell",),
    "order.credit_tendered/1": ("sell",),
    "order.completed/1": ("sell",),
    "order.receipt_reprinted/1": ("reprint",),
    "till.opened/1": ("till",),
    "till.counted/1": ("till",),
    "till.closed/1": ("till",),
    "till.paid_in/1": ("paid_in_out",),
    "till.paid_out/1": ("paid_in_out",),
    "till.no_sale/1": ("no_sale",),
    "register.day_closed/1": ("z_report",),
    "register.training_started/1": ("training",),
    "register.training_ended/1": ("training",),
    "settings.store_configured/1": ("settings",),
    "settlement.part_staged/1": ("settings",),
    "settlement.imported/1": ("settings",),
    "staff.role_defined/1": ("staff",),
    "staff.operator_added/1": ("staff",),
}


@define
class _People:
    """Who may what, who is on at which register, and until when somebody is locked out."""

    rights: dict[str, frozenset[str]] = field(factory=dict)
    roles: dict[str, str] = field(factory=dict)
    on: dict[str, str] = field(factory=dict)
    failures: dict[str, int] = field(factory=dict)
    locked_until_ns: dict[str, int] = field(factory=dict)

    def allows(self, operator: str, rights: tuple[str, ...]) -> bool:
        """By the operator's role as it is now; nobody has none."""
        return bool(self.rights.get(self.roles.get(operator, ""), frozenset()) & set(rights))

    def take(self, name: str, data: dict[str, Any]) -> None:
        """What a fact changes about people."""
        match name:
            case "staff.role_defined/1":
                self.rights[data["role"]] = frozenset(data["rights"])
            case "staff.operator_added/1":
                self.roles[data["operator"]] = data["role"]
            case "staff.signed_on/1":
                self.on[data["register"]] = data["operator"]
                self._right_pin(data["operator"])
            case "staff.signed_off/1":
                self.on.pop(data["register"], None)
            case "staff.approval_given/1":
                self._right_pin(data["approver"])
            case "staff.pin_rejected/1":
                self.failures[data["operator"]] = data["failures"]
                self.locked_until_ns[data["operator"]] = data["locked_until_ns"]

    def _right_pin(self, operator: str) -> None:
        self.failures.pop(operator, None)
        self.locked_until_ns.pop(operator, None)


class _OfPeople(Invariant):
    """A rule that knows who is who at each record."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self.people = _People()

    def after_record(self, row: Row) -> None:
        """It counts from the next one on."""
        self.people.take(row.name, row.data)


@invariant("O1_who_does_it_may")
class WhoDoesItMay(_OfPeople):
    """Whoever does what needs a right is signed on there and has it by then, or somebody who has it
    let this very command through and is named with it; and nobody is named for nothing. A sale
    that a link paid may end by itself: then it is of whoever asked for the link."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._approval: dict[str, Any] = {}
        self._asked_by: dict[str, str] = {}
        self._paid_by_link = ("", "")

    def on_record(self, row: Row) -> None:
        """At each fact of a register."""
        if row.register not in REGISTERS:
            return
        if row.name == "staff.approval_given/1":
            self._given(row)
        elif row.name == "paylink.requested/1":
            self._asked_by[row.data["asked"]["paylink_id"]] = row.data["asked"]["operator"]
        elif row.name == "order.link_tendered/1":
            paylink_id = row.data["link"]["paylink_id"]
            self._paid_by_link = row.command_id, self._asked_by.get(paylink_id, "")
        elif row.name == "order.completed/1" and row.body["operator"] == SYSTEM:
            if self._paid_by_link != (row.command_id, row.data["operator"]):
                self.broken(f"{row.data['receipt_number']} ended by itself: {self._paid_by_link}")
        elif row.name in RIGHTS_OF:
            self._look(row, RIGHTS_OF[row.name])

    def _given(self, row: Row) -> None:
        data = row.data
        self._approval = data
        wanted = row.command_id, row.body["operator"], row.register
        if (data["command_id"], data["operator"], data["register"]) != wanted:
            self.broken(f"{data} stands with the command {wanted}")
        if not self.people.allows(data["approver"], (data["right"],)):
            self.broken(f"{data['approver']} may not {data['right']}, and let it through")
        if self.people.allows(data["operator"], (data["right"],)):
            self.broken(f"{data['operator']} may {data['right']}, and was let through: {data}")

    def _look(self, row: Row, rights: tuple[str, ...]) -> None:
        operator, approver = row.body["operator"], ""
        if operator != self.people.on.get(row.register):
            self.broken(f"{row.name} at {row.register} by {operator}, who is not signed on there")
        if not self.people.allows(operator, rights):
            given = self._approval if self._approval.get("command_id") == row.command_id else {}
            approver = given.get("approver", "")
            if not approver or given["right"] not in rights:
                self.broken(f"{row.name} by {operator}, who may not {rights}; let through: {given}")
        for key, wanted in (("operator", operator), ("approver", approver)):
            if row.data.get(key, wanted) != wanted:
                self.broken(f"{row.name} names {row.data[key]!r} as {key}, not {wanted!r}")


@invariant("O2_a_pin_is_asked_for_each_time")
class APinIsAskedForEachTime(_OfPeople):
    """Who signs on, and who lets a command through, gave the right PIN with it and was not locked
    out; wrong ones are counted, and after some of them nobody gets in for a while."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._approved: dict[str, dict[str, Any]] = {}

    def on_record(self, row: Row) -> None:
        """Where a PIN counted, and where it did not."""
        data = row.data
        if row.name == "staff.approval_given/1":
            self._approved[row.command_id] = data
        if row.name in ("staff.approval_given/1", "staff.signed_on/1"):
            operator = data["approver" if "approver" in data else "operator"]
            now_ns = row.body["stamp"]["now_ns"]
            until_ns = self.people.locked_until_ns.get(operator, 0)
            if now_ns < until_ns:
                self.broken(f"{operator} is locked until {until_ns}, and got in at {now_ns}")
        elif row.name == "staff.pin_rejected/1":
            failures = self.people.failures.get(data["operator"], 0) + 1
            is_locked = data["locked_until_ns"] > row.body["stamp"]["now_ns"]
            wanted = failures, failures >= WRONG_PINS_FREE
            if (data["failures"], is_locked) != wanted:
                self.broken(f"{data} after {failures} wrong PINs in a row")

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """Only what was asked says which PIN it was."""
        if asked.is_query or not answer.ok:
            return
        if asked.name == "staff.sign_on" and PINS[asked.data["operator"]] != asked.data["pin"]:
            self.broken(f"{asked.data['operator']} signed on with {asked.data['pin']}")
        given = self._approved.get(asked.id)
        if given is None:
            return
        if (given["approver"], given["command_name"]) != (asked.approver, asked.name):
            self.broken(f"{asked.name} was let through by {asked.approver}; journaled is {given}")
        if PINS[given["approver"]] != asked.approver_pin:
            self.broken(f"{asked.name} was let through with the PIN {asked.approver_pin!r}")
