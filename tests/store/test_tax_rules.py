"""Tax rules in a running store: kept over a restart, and a customer's name nowhere but on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.wire import unstructure
from tests.store.harness import open_counter, open_shop
from tests.tax_shop import rule, setup

CUSTOMER = "Embassy of Somewhere"
VAT = rule("vat", 190_000, included=True)


@pytest.mark.feature("TAX-03", part="the customer is a token in the journal and a name on paper")
async def test_an_exempt_customers_name_is_on_paper_and_not_in_the_journal(folder: Path) -> None:
    """The screen and the receipt name who is exempt; the journal's bytes do not; after a restart
    the order is as it was."""
    wanted = {
        "certificate": "C-77",
        "customer": CUSTOMER,
        "reason": "Diplomat",
        "valid_until": "2099-12-31",
        "tax_types": ["VAT"],
    }
    async with open_counter(folder) as counter, open_shop(folder, counter=counter) as shop:
        await shop.office("taxes.set", setup=unstructure(setup(VAT)))
        await shop.do("order.add_line", code="wine")
        assert (await shop.do("order.exempt", **wanted))["total_minor"] == 671
        before = shop.store.books.live.orders
    async with open_counter(folder) as counter, open_shop(folder, counter=counter) as shop:
        assert before == shop.store.books.live.orders
        order = (await shop.look("register.state"))["order"]
        assert (order["total_minor"], order["exemption"]["customer"]) == (671, CUSTOMER)
        seen = (await shop.look("display.state"))["order"]
        assert seen["exemption"]["customer"] == ""
        await shop.do("order.tender_cash", amount_minor=671)
        await shop.do("order.complete")
        (paper,) = await counter.wait_receipts(1)
        assert CUSTOMER in paper
        assert "C-77, Diplomat" in paper
        (fact,) = shop.records("order.exempted/1")
        assert fact.data["customer"].startswith("~p1.")
    assert CUSTOMER.encode() not in (folder / "data" / "journal.db").read_bytes()
