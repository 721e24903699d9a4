"""The published tax cases, rung up: screen, frozen sale, paper, day's totals and refund agree."""

from __future__ import annotations

import pytest

from tests.vector_run import run_all


@pytest.mark.feature("NEW-05", part="register preview, receipt, report and refund of an order")
def test_published_cases_come_out_to_the_cent_on_every_page_of_an_order() -> None:
    """Every case an order can hold: each expected figure, on screen, frozen, on paper, in the day's
    totals, and taken back. What no order can hold is counted by its reason."""
    held = run_all("tax")
    assert held.wrong == []
    assert held.done >= 386, held.beyond
    assert held.figures > 6_000
