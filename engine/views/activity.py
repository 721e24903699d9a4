"""Who did what, when and where: every fact that a person or the office brought about, as a row.

The journal is the log: nothing here can leave a fact out, and nothing can switch it off. A row
only says it shortly enough for a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.record import Record
from engine.views.shapes import ActivityRow

_REQUESTED: Final = "payment.requested/1"
_HEARD: Final = "payment.heard/1"
# Facts whose amount of money is worth a glance, and where it stands.
_AMOUNTS: Final = {
    "till.opened/1": ("float_minor",),
    "till.paid_in/1": ("amount_minor",),
    "till.paid_out/1": ("amount_minor",),
    "till.counted/1": ("counted_minor",),
    "till.closed/1": ("difference_minor",),
    "register.day_closed/1": ("totals", "total_minor"),
    "order.cash_tendered/1": ("amount_minor",),
    "order.cash_tendered/2": ("amount_minor",),
    "order.card_tendered/1": ("amount_minor",),
    "order.foreign_tendered/1": ("amount_minor",),
    "order.link_tendered/1": ("amount_minor",),
    "order.not_owed_tendered/1": ("amount_minor",),
    "order.credit_tendered/1": ("amount_minor",),
    "order.tab_opened/1": ("tab", "reserved_minor"),
    "order.tip_adjusted/1": ("tip_minor",),
    "order.tip_answered/1": ("tip_minor",),
    "order.tender_refunded/1": ("amount_minor",),
    _REQUESTED: ("asked", "amount_minor"),
    _HEARD: ("answer", "amount_minor"),
    "paylink.requested/1": ("asked", "amount_minor"),
    "paylink.confirmed/1": ("told", "amount_minor"),
    "paylink.strayed/1": ("told", "amount_minor"),
    "order.completed/1": ("figures", "total_minor"),
    "order.returned/1": ("total_minor",),
    "order.voided/1": ("total_minor",),
}
# What a fact is about: the first of these that it has.
_SUBJECTS: Final = (
    ("receipt_number",),
    ("item", "name"),
    ("item_id",),
    ("setup", "name"),
    ("role",),
    ("command_name",),
    ("presented", "coupon"),
    ("promotion",),
    ("group",),
    ("coupon",),
    ("order_id",),
    ("source",),
)
# Nobody is signed on yet, or not any more, when these happen: they name the person themselves.
_NAMES_ITS_PERSON: Final = frozenset(
    ("staff.signed_on/1", "staff.signed_off/1", "staff.pin_rejected/1", "staff.approval_given/1")
)


def row_of(record: Record) -> ActivityRow | None:
    """The row of a fact; None for what only the store's own devices did."""
    data = record.data
    if record.name.startswith("effect."):
        return None
    operator = data["operator"] if record.name in _NAMES_ITS_PERSON else record.operator
    amount = _at(data, _AMOUNTS.get(record.name, ("",)))
    if record.name == _HEARD:
        # Nothing was approved; of what nobody knows a nought would say that nothing was charged.
        amount = amount or None
    return ActivityRow(
        record.position,
        record.stamp.now_ns,
        record.stamp.utc_offset_s,
        record.stamp.business_date,
        record.register,
        operator,
        data.get("approver", ""),
        record.name.partition("/")[0],
        _subject(record.name, data),
        amount if isinstance(amount, int) else None,
        data.get("reason", ""),
        record.kind == "training",
    )


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        # Facts are plain data: asked for what it is, a mapping costs more than the look itself.
        data = data.get(key) if type(data) is dict else None
    return data


def _subject(name: str, data: Mapping[str, Any]) -> str:
    if name in ("staff.operator_added/1", "staff.pin_changed/1"):
        return str(data["operator"])
    if name == _REQUESTED:
        return str(data["asked"]["kind"])
    if name == _HEARD:
        return f"{data['answer']['kind']} {data['standing']}"
    found = (_at(data, path) for path in _SUBJECTS)
    return next((value for value in found if isinstance(value, str) and value), "")
