"""What of each tax goes back with part of a line, so that all its returns end at what was paid."""

from __future__ import annotations

from collections.abc import Callable

from engine.order.figures import Figures, LineFigures
from engine.order.state import Line
from engine.taxation import ReturnTax, TaxShare, shares_sum
from native import apportion


def taxes_back(
    figures: Figures, row: LineFigures, sold: Line, pending: list[Line], gone_milli: int
) -> tuple[ReturnTax, ...]:
    """Each tax's part that goes back so that `gone_milli` of the sold line are settled exactly.

    Empty where tax classes taxed the line.
    """
    taken = _taken(sold, pending)
    weights = [gone_milli, sold.quantity_milli - gone_milli]
    return taxes_by(
        figures, row, taken, lambda whole, gone_minor: part_back(whole, weights, gone_minor)
    )


def taxes_by(
    figures: Figures,
    row: LineFigures,
    taken: tuple[TaxShare, ...],
    going: Callable[[int, int], int],
) -> tuple[ReturnTax, ...]:
    """Each tax of a line with what `going` says goes back of (all of it, what already went)."""
    found = []
    for at, tax in enumerate(row.taxes):
        rule = figures.taxes[tax.tax_index].rule
        assert rule is not None, "a tax of a line is one of a rule"
        went = taken[at] if at < len(taken) else TaxShare()
        share = TaxShare(
            going(tax.base_minor, went.base_minor),
            going(tax.tax_minor, went.tax_minor),
            going(tax.uncharged_minor, went.uncharged_minor),
        )
        found.append(ReturnTax(rule, share))
    return tuple(found)


def part_back(whole_minor: int, weights: list[int], gone_minor: int) -> int:
    """What goes back of an amount of a line, so that as much of it as `weights` says first is
    settled exactly, where `gone_minor` went before. An amount below nought goes back as one: odd
    cents can leave a line there that are rounded up, and then are a tax that is not owed."""
    left_minor: int = apportion(whole_minor, weights)[0] - gone_minor
    # Returns rung up side by side may each have taken the odd cent: then none of it is left.
    return max(0, left_minor) if whole_minor >= 0 else min(0, left_minor)


def taxes_fit(row: LineFigures, sold: Line, pending: list[Line], *, ended: bool) -> bool:
    """Whether no tax of a line gave back more than it came to, or other than that where it
    `ended`."""
    taken = _taken(sold, pending)
    if not taken:
        return True
    paid = tuple(TaxShare(tax.base_minor, tax.tax_minor, tax.uncharged_minor) for tax in row.taxes)
    if ended:
        return taken == paid
    lefts = [whole.less(went) for went, whole in zip(taken, paid, strict=True)]
    return all(
        left_minor >= 0 or whole_minor < 0
        for left, whole in zip(lefts, paid, strict=True)
        for left_minor, whole_minor in (
            (left.base_minor, whole.base_minor),
            (left.tax_minor, whole.tax_minor),
            (left.uncharged_minor, whole.uncharged_minor),
        )
    )


def _taken(sold: Line, pending: list[Line]) -> tuple[TaxShare, ...]:
    taken = sold.returned_taxes
    for line in pending:
        assert line.source is not None, "only a line that goes back is pending"
        taken = shares_sum(taken, tuple(entry.share for entry in line.source.taxes))
    return taken
