"""Points that buy something, and prices for one way of paying, at the register page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier, code_of
from tests.e2e.test_customer_and_offers import chosen, free_of_an_order, offers, selling, total
from tests.e2e.test_looks import AXE, SIZES, Look

REWARD = """
[[promotion]]
id = "free-croissant"
name = "Free croissant"
selections = [{ items = ["1011"] }]
benefit = { kind = "each", off = { kind = "percent", value = 1_000_000 } }
costs_points = 100
limit_per_cart = 1
"""
CASH = """
[[promotion]]
id = "cash-price"
name = "Cash price"
benefit = { kind = "cart", off = { kind = "percent", value = 50_000 } }
tenders = ["cash"]
"""


def member(who: Cashier, number: str, points: int) -> None:
    """Say who the customer is, and what is on the card."""
    panel = offers(who, "Customer")
    panel.get_by_label("Member number").fill(number)
    panel.get_by_label("Points on the card").fill(str(points))
    who.push("Price the order")
    expect(panel).to_have_count(0)


def test_a_members_card_is_scanned_into_its_field(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """While the cursor stands there, and only then: goods are rung up as ever. By a scanner that
    types, and by one on the register's cable."""
    mia = selling(cashier, fresh_store)
    field = offers(mia, "Customer").get_by_label("Member number")
    field.focus()
    fresh_store.do("scan", code="M-00471100814")
    expect(field).to_have_value("M-00471100814")
    mia.scan("M-00471100815")
    expect(field).to_have_value("M-00471100815")
    expect(mia.lines).to_have_count(0)
    mia.push("Price the order")
    expect(mia.page.locator(".chosen")).to_contain_text("Member M-00471100815")
    offers(mia, "Customer")
    mia.scan(code_of("Croissant"))
    expect(mia.lines).to_have_count(1)
    fresh_store.do("scan", code=code_of("Espresso"))
    expect(mia.lines).to_have_count(2)
    free_of_an_order(mia)


@pytest.mark.feature("LOY-01", part="a reward is chosen at the register page")
def test_a_member_spends_points_on_a_reward(cashier: MakeCashier, fresh_store: DemoStore) -> None:
    """Without a member none can be chosen; with points it takes something off, and may go again."""
    fresh_store.add_promotions(REWARD)
    mia = selling(cashier, fresh_store)
    for name in ("Flat white", "Croissant"):
        mia.tap(name)
    expect(total(mia)).to_contain_text("6.40")
    panel = offers(mia, "Reward")
    expect(panel.get_by_role("button", name="Free croissant")).to_be_disabled()
    member(mia, "4711", 150)
    panel = offers(mia, "Reward")
    expect(panel).to_contain_text("150 points")
    mia.press(panel.get_by_role("button", name="Free croissant"))
    expect(total(mia)).to_contain_text("3.80")
    expect(mia.page.locator(".chosen")).to_contain_text("100 of 150 points spent")
    mia.push("Take off: Free croissant")
    expect(total(mia)).to_contain_text("6.40")
    free_of_an_order(mia)


@breadth
def test_a_price_for_cash_is_chosen_and_holds(cashier: MakeCashier, fresh_store: DemoStore) -> None:
    """The choice is there only because a promotion needs it; it prices, and is taken back."""
    fresh_store.add_promotions(CASH)
    mia = selling(cashier, fresh_store)
    mia.tap("Flat white")
    expect(total(mia)).to_contain_text("3.80")
    panel = offers(mia, "Way of paying")
    mia.press(panel.get_by_role("button", name="Cash", exact=True))
    expect(total(mia)).to_contain_text("3.61")
    expect(chosen(mia, "tender")).to_contain_text("Cash")
    panel = offers(mia, "Way of paying")
    mia.press(panel.get_by_role("button", name="Any way"))
    expect(total(mia)).to_contain_text("3.80")


@breadth
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_rewards_are_clean_and_kept_as_pictures(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path, size: str, theme: str
) -> None:
    """axe finds nothing on the two parts of the panel and on what the order shows of them."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    fresh_store.add_promotions(REWARD + CASH)
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    look = Look(folder, f"rewards-{size}-{theme}")
    mia: Cashier = cashier(SIZES[size], theme, at=fresh_store)
    mia.open()
    mia.sign_on("Mia")
    for name in ("Flat white", "Croissant"):
        mia.tap(name)
    member(mia, "4711", 150)
    panel = offers(mia, "Reward")
    look(mia, "choices-reward")
    mia.press(panel.get_by_role("button", name="Free croissant"))
    expect(panel).to_have_count(0)
    panel = offers(mia, "Way of paying")
    look(mia, "choices-tender")
    mia.press(panel.get_by_role("button", name="Cash", exact=True))
    mia.order()
    expect(mia.page.locator(".chosen")).to_contain_text("100 of 150 points spent")
    look(mia, "chosen-rewards")
    assert not look.found, "\n".join(["", *look.found])


@breadth
def test_an_answer_that_comes_late_leaves_the_next_choice_open(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """Whoever has turned to another tab before the last choice was answered stays there."""
    fresh_store.add_promotions(CASH)
    mia = selling(cashier, fresh_store)
    mia.tap("Flat white")
    panel = offers(mia, "Customer")
    with fresh_store.held():
        mia.press(panel.get_by_role("button", name="Price the order"))
        mia.press(panel.locator(".tabs").get_by_role("button", name="Way of paying", exact=True))
        expect(panel.get_by_role("button", name="Cash", exact=True)).to_be_disabled()
    expect(panel.get_by_role("button", name="Cash", exact=True)).to_be_enabled()
