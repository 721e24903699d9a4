"""Bugs on paper, in a day's report and in what can be searched, planted as those of
`planted.py`."""

from __future__ import annotations

import contextlib
import re
from typing import Any, NoReturn, cast
from unittest import mock

import attrs

from actors.view_folds import FOLDS
from engine import receipt, register, requests
from engine.order import tendering
from engine.order.pricing import price
from tests.simulation.planted import Bug

# Their own names and those they took from elsewhere are changed alike.
PAPER, ASKED = cast(Any, receipt), cast(Any, requests)
Planted = contextlib.AbstractContextManager[Any]


def total_printed_wrong() -> Planted:
    """Every receipt asks for a whole unit more than it came to."""
    blocks = PAPER._total_blocks

    def dearer(order: Any, *rest: Any) -> Any:
        total_minor = order.figures.total_minor + 100
        figures = attrs.evolve(order.figures, total_minor=total_minor)
        return blocks(attrs.evolve(order, figures=figures), *rest)

    return mock.patch.object(receipt, "_total_blocks", dearer)


def day_printed_wrong() -> Planted:
    """A Z's paper leaves a cent of the day out."""
    document = ASKED.z_document

    def less(closed: Any, *rest: Any, **named: Any) -> Any:
        totals = attrs.evolve(closed.totals, total_minor=closed.totals.total_minor - 1)
        return document(attrs.evolve(closed, totals=totals), *rest, **named)

    return mock.patch.object(requests, "z_document", less)


def tax_printed_wrong() -> Planted:
    """Every receipt has a cent more of each tax."""
    blocks = PAPER.rule_blocks

    def more(row: Any, *rest: Any) -> Any:
        return blocks(attrs.evolve(row, tax_minor=row.tax_minor + 1), *rest)

    return mock.patch.object(receipt, "rule_blocks", more)


def head_printed_wrong() -> Planted:
    """The head on a receipt names another record."""
    text = PAPER.text

    def astray(words: str, **named: Any) -> Any:
        mark = re.fullmatch(r"(Journal )(\d+)(·\w+)", words)
        return text(f"{mark[1]}{int(mark[2]) + 7}{mark[3]}" if mark else words, **named)

    return mock.patch.object(receipt, "text", astray)


def head_not_printed() -> Planted:
    """Receipts say nothing of the journal."""
    text = PAPER.text

    def silent(words: str, **named: Any) -> Any:
        return text("-" if words.startswith("Journal ") else words, **named)

    return mock.patch.object(receipt, "text", silent)


def receipts_not_found() -> Planted:
    """The view of receipts can fold no sale."""

    def broken(*_: Any) -> NoReturn:
        raise ValueError("planted")

    return mock.patch.dict(FOLDS, {"receipts": broken})


def _days(change: Any) -> Planted:
    """Tamper with a register's running totals after each sale."""
    with_sale = register._with_sale

    def tampered(totals: Any, event: Any) -> Any:
        return change(totals, with_sale(totals, event))

    return mock.patch.object(register, "_with_sale", tampered)


def tenders_doubled() -> Planted:
    """A day counts every payment twice."""

    def doubled(before: Any, after: Any) -> Any:
        had = before.tenders
        twice = {kind: 2 * sum_ - had.get(kind, 0) for kind, sum_ in after.tenders.items()}
        return attrs.evolve(after, tenders=twice)

    return _days(doubled)


def tax_left_out() -> Planted:
    """A day has sales and no tax in them."""
    return _days(lambda before, after: attrs.evolve(after, tax_minor=before.tax_minor))


def tax_of_a_cent_more() -> Planted:
    """Each line is taxed a cent more, and so is the sale, all in good order."""

    def taxed(order: Any, tariff: Any) -> Any:
        figures = price(order, tariff)
        lines = tuple(attrs.evolve(line, tax_minor=line.tax_minor + 1) for line in figures.lines)
        more = len(lines)
        first, *rest = figures.taxes
        taxes = (attrs.evolve(first, tax_minor=first.tax_minor + more), *rest)
        return attrs.evolve(figures, lines=lines, taxes=taxes, tax_minor=figures.tax_minor + more)

    return mock.patch.object(tendering, "price", taxed)


PAPER_BUGS: dict[str, Bug] = {
    "total_printed_wrong": Bug(total_printed_wrong, ("P2_paper_says_what_was_sold",)),
    "day_printed_wrong": Bug(day_printed_wrong, ("P2_paper_says_what_was_sold",)),
    "tax_printed_wrong": Bug(tax_printed_wrong, ("P2_paper_says_what_was_sold",)),
    "head_printed_wrong": Bug(head_printed_wrong, ("J5_a_printed_head_is_in_the_journal",)),
    "head_not_printed": Bug(head_not_printed, ("J5_a_printed_head_is_in_the_journal",)),
    "receipts_not_found": Bug(receipts_not_found, ("Y1_no_view_stands_still",)),
    "tenders_doubled": Bug(tenders_doubled, ("Z1_day_is_what_was_sold",)),
    "tax_left_out": Bug(tax_left_out, ("Z1_day_is_what_was_sold",)),
    "tax_of_a_cent_more": Bug(tax_of_a_cent_more, ("T3_tax_is_in_every_line",)),
}
