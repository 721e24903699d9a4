"""What the model knows of tenders that came later: choices, points, store credit, tabs and tips."""

from __future__ import annotations

from typing import Any, Final

from tests.simulation.model import FOLDS, Fold, Model, Order, Row

_ENDS_A_TIP: Final = (
    "order.cash_tendered/2",
    "order.foreign_tendered/1",
    "order.credit_tendered/1",
    "order.link_tendered/1",
)


def _order(model: Model, row: Row, data: dict[str, Any]) -> Order:
    order = model.orders[data["order_id"]]
    order.last_position = row.position
    return order


def _reward_chosen(model: Model, row: Row, data: dict[str, Any]) -> None:
    rewards = _order(model, row, data).rewards
    (rewards.discard if data["withdrawn"] else rewards.add)(data["promotion"])


def _tender_chosen(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).chosen_tender = data["tender"]


def _credit_tendered(model: Model, row: Row, data: dict[str, Any]) -> None:
    code = data["credit"]["code"]
    _order(model, row, data).credits[data["tender"]] = (code, data["amount_minor"])


def _link_tendered(model: Model, row: Row, data: dict[str, Any]) -> None:
    paylink_id = data["link"]["paylink_id"]
    _order(model, row, data).links[data["tender"]] = (paylink_id, data["amount_minor"])


def _not_owed_tendered(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).left_out[data["tender"]] = data["amount_minor"]


def _tab_opened(model: Model, row: Row, data: dict[str, Any]) -> None:
    order = _order(model, row, data)
    order.tab, order.tab_tip_minor = data["tab"]["card"]["payment_id"], data["tab"]["tip_minor"]


def _tip_adjusted(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).tab_tip_minor = data["tip_minor"]


def _tab_closed(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).tab = ""


def _tip_asked(model: Model, row: Row, data: dict[str, Any]) -> None:
    order = _order(model, row, data)
    order.tip_of_minor, order.tip_minor = data["amount_minor"], None


def _tip_answered(model: Model, row: Row, data: dict[str, Any]) -> None:
    _order(model, row, data).tip_minor = data["tip_minor"]


def _tip_left(model: Model, row: Row, data: dict[str, Any]) -> None:
    order = _order(model, row, data)
    order.tip_of_minor, order.tip_minor = 0, None


def _ends_the_tip(fold: Fold) -> Fold:
    """What somebody said of a tip was for the share that is paid now, though not by card."""

    def folded(model: Model, row: Row, data: dict[str, Any]) -> None:
        fold(model, row, data)
        order = model.orders[data["order_id"]]
        if order.tip_minor is not None:
            order.tip_of_minor, order.tip_minor = 0, None

    return folded


FOLDS.update(
    {
        "order.reward_chosen/1": _reward_chosen,
        "order.tender_chosen/1": _tender_chosen,
        "order.credit_tendered/1": _credit_tendered,
        "order.link_tendered/1": _link_tendered,
        "order.not_owed_tendered/1": _not_owed_tendered,
        "order.tab_opened/1": _tab_opened,
        "order.tip_adjusted/1": _tip_adjusted,
        "order.tab_closed/1": _tab_closed,
        "order.tip_asked/1": _tip_asked,
        "order.tip_answered/1": _tip_answered,
        "order.tip_left/1": _tip_left,
    }
)
FOLDS.update({name: _ends_the_tip(FOLDS[name]) for name in _ENDS_A_TIP})
