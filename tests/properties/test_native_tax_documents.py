"""The floor taxes documents as fractions do, and every sum of what it answers agrees."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import native
from tests.draws import examples
from tests.native import tax_twin

MODES = ("half_up", "half_even", "up", "down")
UNITS = ("piece", "litre", "kg", "degree")

policies = st.tuples(
    st.sampled_from(("unit", "line", "rate_document", "document")),
    st.sampled_from(MODES),
    st.sampled_from(("tax_first", "net_first")),
    st.sampled_from(("largest", "first", "last", "biggest")),
    st.sampled_from(("rounded", "exact")),
    st.sampled_from(MODES),
    st.sampled_from(("gross", "net")),
)


@st.composite
def taxes(draw: st.DrawFn) -> tax_twin.TaxTuple:
    """One tax of any kind that has a meaning."""
    kind = draw(st.sampled_from(("percent", "percent", "percent", "per_unit", "division")))
    value = {
        "percent": st.sampled_from((0, 25_000, 60_000, 70_000, 99_750, 190_000, 1_000_000)),
        "per_unit": st.sampled_from((0, 250_000, 1_000_000, 137)),
        "division": st.sampled_from((0, 6_500, 30_000, 90_000, 180_000)),
    }[kind]
    charge = "charged"
    if kind != "division":
        charge = draw(st.sampled_from(("charged", "charged", "charged", "reverse", "exempt")))
    included = draw(st.booleans())
    affects = draw(st.booleans()) and charge == "charged"
    threshold = cap = None
    per = st.sampled_from(("item", "receipt"))
    if kind == "percent" and draw(st.integers(0, 3)) == 0:
        threshold = (draw(st.integers(0, 900)), draw(st.booleans()), draw(per), draw(st.booleans()))
    if kind == "percent" and draw(st.integers(0, 4)) == 0:
        over = "item" if included or affects else draw(per)
        cap = (draw(st.sampled_from(("tax", "base"))), draw(st.integers(0, 400)), over)
    unit = draw(st.sampled_from(UNITS)) if kind == "per_unit" else ""
    return kind, draw(value), unit, included, affects, draw(st.booleans()), charge, threshold, cap


@st.composite
def lines(draw: st.DrawFn, count: int) -> tax_twin.LineTuple:
    """A line, sold or brought back, by the piece or by a measure."""
    price = draw(st.one_of(st.integers(0, 12_000_000), st.sampled_from((1_080_000, 990_000))))
    quantity = draw(st.sampled_from((1_000, 2_000, 3_000, 333, 1_275, 0)))
    unit = draw(st.sampled_from(("piece", "piece", *UNITS)))
    turned = draw(st.sampled_from((1, 1, 1, -1)))
    listed = draw(st.lists(st.integers(0, count - 1), max_size=4, unique=True))
    measures = [(name, draw(st.integers(-900, 2_000))) for name in UNITS if name != unit]
    off = draw(st.sampled_from((0, 0, 0, 1, 150)))
    return price * draw(st.sampled_from((1, 1, -1))), quantity * turned, unit, off, listed, measures


@st.composite
def documents(draw: st.DrawFn) -> tuple[Any, ...]:
    """The arguments of `tax_document`."""
    table = draw(st.lists(taxes(), min_size=1, max_size=5))
    rows = draw(st.lists(lines(len(table)), max_size=6))
    return rows, table, draw(policies), draw(st.integers(0, 4))


def plain(done: native.TaxedDocument) -> dict[str, Any]:
    """The extension's answer as the twin gives it."""

    def fields(row: object) -> dict[str, Any]:
        names = [name for name in dir(row) if name.endswith(("_minor", "_e5", "_index"))]
        return {name: getattr(row, name) for name in names}

    return {
        **fields(done),
        "lines": [
            {**fields(line), "taxes": [fields(tax) for tax in line.taxes]} for line in done.lines
        ],
        "taxes": [fields(tax) for tax in done.taxes],
    }


@settings(max_examples=examples(400), deadline=None)
@given(documents())
def test_the_floor_taxes_as_fractions_do(document: tuple[Any, ...]) -> None:
    """Whatever the floor answers, the slow twin answers too, to the last hundred-thousandth."""
    try:
        done = native.tax_document(*document)
    except native.CoreError as error:
        # Caps inside a price whose amounts have both signs may fit no net, or several.
        assume("some net fits" not in str(error) and "128 bits" not in str(error))
        with pytest.raises(tax_twin.NoFiguresError):
            tax_twin.tax_document(*document)
        return
    assert tax_twin.tax_document(*document) == plain(done)


@settings(max_examples=examples(200), deadline=None)
@given(documents())
def test_every_sum_agrees(document: tuple[Any, ...]) -> None:
    """Lines sum to taxes and to the document, and gross is net and tax, under every policy."""
    try:
        done = native.tax_document(*document)
    except native.CoreError:
        assume(False)
        return
    for line in done.lines:
        assert line.gross_minor == line.net_minor + line.tax_minor
        assert line.tax_minor == sum(tax.tax_minor for tax in line.taxes)
    for name in ("price_minor", "net_minor", "tax_minor", "gross_minor"):
        assert getattr(done, name) == sum(getattr(line, name) for line in done.lines)
    assert done.tax_minor == sum(tax.tax_minor for tax in done.taxes)
    by_tax = [tax for line in done.lines for tax in line.taxes]
    for row in done.taxes:
        mine = [tax for tax in by_tax if tax.tax_index == row.tax_index]
        assert row.base_minor == sum(tax.base_minor for tax in mine)
        assert row.tax_minor == sum(tax.tax_minor for tax in mine)
        assert row.uncharged_minor == sum(tax.uncharged_minor for tax in mine)


@settings(max_examples=examples(100), deadline=None)
@given(documents())
def test_goods_brought_back_undo_their_sale(document: tuple[Any, ...]) -> None:
    """The same lines with every quantity and discount turned round give every figure turned."""
    rows, table, policy, digits = document
    # Odd cents of a tie go to one side whichever way the goods go, so only lines are compared.
    policy = ("line", policy[1], "tax_first", *policy[3:])
    turned = [
        (price, -quantity, unit, -off, listed, [(name, -milli) for name, milli in measures])
        for price, quantity, unit, off, listed, measures in rows
    ]
    try:
        sold = native.tax_document(rows, table, policy, digits)
        back = native.tax_document(turned, table, policy, digits)
    except native.CoreError:
        assume(False)
        return
    assert (-sold.net_minor, -sold.tax_minor) == (back.net_minor, back.tax_minor)


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3),
    policies,
    st.lists(st.integers(0, 10_000_000), min_size=1, max_size=16),
)
def test_any_figure_is_taxed_or_refused(
    figures: list[int], policy: tax_twin.PolicyTuple, rates: list[int]
) -> None:
    """No figure that fits 64 bits makes the floor wrap or fall over."""
    price, quantity, off = figures
    table: list[tax_twin.TaxTuple] = [
        ("percent", rate, "", at % 2 == 0, True, True, "charged", None, None)
        for at, rate in enumerate(rates)
    ]
    rows: list[tax_twin.LineTuple] = [(price, quantity, "piece", off, list(range(len(rates))), [])]
    try:
        done = native.tax_document(rows, table, policy, 4)
    except native.CoreError:
        return
    assert done.gross_minor == done.net_minor + done.tax_minor


@given(
    st.lists(
        st.tuples(
            st.integers(-5_000_000, 20_000_000),
            st.sampled_from((1_000, 2_000, 333, 1_275)),
            st.integers(0, 2),
        ),
        max_size=8,
    ),
    st.booleans(),
    st.sampled_from(("line", "rate_document")),
    st.sampled_from(MODES),
    st.sampled_from((0, 2, 3)),
)
def test_one_rate_a_line_is_what_orders_are_priced_by(
    rows: list[tuple[int, int, int]], inclusive: bool, level: str, mode: str, digits: int
) -> None:
    """An order of plain rates comes to the same in `price_order` and here, line by line."""
    rates = [0, 70_000, 190_000]
    priced = native.price_order(
        [(price, quantity, index, 0, 0, True, 0, 0) for price, quantity, index in rows],
        [],
        rates,
        inclusive,
        level,
        mode,
        digits,
    )
    done = native.tax_document(
        [(price, quantity, "piece", 0, [index], []) for price, quantity, index in rows],
        [("percent", rate, "", inclusive, False, False, "charged", None, None) for rate in rates],
        (level, mode, "tax_first", "largest", "rounded", "half_up", "gross"),
        digits,
    )
    assert [(line.base_minor, line.tax_minor, line.total_minor) for line in priced.lines] == [
        (line.net_minor, line.tax_minor, line.gross_minor) for line in done.lines
    ]
