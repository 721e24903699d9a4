"""Two lines of twenty characters for a customer display."""

from __future__ import annotations

from engine.money import format_minor
from engine.views.shapes import DisplayView, OrderView
from engine.words import words_of

WIDTH = 20


def _between(left: str, right: str) -> str:
    """`left` cut so that `right` stands whole at the end."""
    room = max(0, WIDTH - len(right) - 1)
    return f"{left[:room]:<{room}} {right}"[:WIDTH]


def pole_lines(view: DisplayView) -> tuple[str, str]:
    """The last line and the total while selling; the card's amount and where its payment stands
    while a terminal is at work; total and change after; the store's name else."""
    words = words_of(view.language)

    def amount(amount_minor: int) -> str:
        return format_minor(amount_minor, view.currency, view.language)

    order: OrderView | None = view.order
    if order is not None and view.card is not None and order.phase == "tendering":
        word = words[f"pole_{view.card.state}"]
        return _between(words["card"], amount(view.card.amount_minor)), word[:WIDTH]
    if order is not None and order.lines:
        last = order.lines[-1]
        return (
            _between(last.name, amount(last.net_minor)),
            _between(words["total"], amount(order.total_minor)),
        )
    done = view.completed
    if done is not None:
        return (
            _between(words["total"], amount(done.total_minor)),
            _between(words["change"], amount(done.change_minor)),
        )
    return view.store_name[:WIDTH].center(WIDTH).rstrip(), ""
