"""The published price cases, rung up: screen, frozen sale, paper, day's totals and refund agree."""

from __future__ import annotations

import pytest

from tests.vector_run import run_all


@pytest.mark.feature("NEW-05", part="promotions on register preview, receipt, report and refund")
def test_promotions_come_out_to_the_cent_on_every_page_of_an_order() -> None:
    """Every price case an order can hold: what each promotion took off each line and what is left,
    on screen, frozen, on paper, in the day's totals, and taken back to nothing."""
    held = run_all("price")
    assert held.wrong == []
    assert held.done >= 230, held.beyond
    assert held.figures > 3_000
