"""The page where the shop says how much it takes by card while no bank can be asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier
from tests.e2e.test_looks import each_screen
from tests.e2e.test_offline_page import POLICY, tapped

FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
TITLE = "Cards without the bank"
SUMS = {
    "In one payment": "10.00",
    "By one person": "40.00",
    "At one register": "30",
    "At all registers together": "40.00",
    "Hours until": "1.00",
    "Tip typed at the terminal": "2.50",
}


@pytest.fixture
def who(who: Cashier, fresh_store: DemoStore) -> Cashier:
    """Mia, who may set things up, at register 1, whose terminal has lost its bank."""
    fresh_store.key("take_alone")
    fresh_store.key("go_offline")
    return who


def typed(who: Cashier, **changes: str) -> None:
    """Type every limit, with some changed, and save."""
    for label, text in (SUMS | changes).items():
        who.page.get_by_label(re.compile(f"^{label}")).fill(text)
    who.push("Save these limits")


def shares(who: Cashier) -> list[int]:
    """How full each bar is, in percent of its width, in their order."""
    bars = who.page.locator(".offline .bar i")
    expect(bars.first).to_be_attached()
    widths = bars.evaluate_all("all => all.map(i => i.style.width)")
    return [int(width.rstrip("%")) for width in widths]


@pytest.mark.feature("PAY-07", part="its ceilings are set on a page that shows what is in use")
def test_limits_are_set_and_what_is_in_use_is_shown(who: Cashier) -> None:
    """Nothing is allowed at first. What is typed counts from then on, a card taken without the bank
    shows in every bar it fills, and the limits stand there as they were typed."""
    page = who.page
    who.menu(TITLE)
    expect(page.get_by_label("In one payment")).to_have_value("0.00")
    room = page.locator(".room")
    expect(room).to_contain_text("Cash and store credit go on as always.")
    expect(room).to_contain_text("No cards: the shop allows none without the bank.")
    expect(room).to_contain_text("Not without the bank: card numbers typed at the terminal")
    expect(page.get_by_role("button", name="Every kind")).to_have_attribute("aria-pressed", "true")
    who.push("Mastercard", exact=True)
    page.locator(".brands").get_by_label("Mastercard").fill("20")
    typed(who)
    expect(page.get_by_text("These limits are in force from now on.").first).to_be_visible()
    assert shares(who) == [0, 0, 0, 0]
    who.push("Back", exact=True)
    tapped(who, "Flat white")
    assert who.store.counter()["terminal"]["booked_minor"] == 380
    who.menu(TITLE)
    for label, text in SUMS.items():
        field = page.get_by_label(re.compile(f"^{label}"))
        expect(field).to_have_value("30.00" if text == "30" else text)
    for words in (
        "€3.80 of €40.00 in use by you",
        "€3.80 of €30.00 in use at this register",
        "€3.80 of €20.00 in use",
        "The oldest is",
    ):
        expect(page.get_by_text(words)).to_be_visible()
    expect(room).to_contain_text(
        "up to €26.20 more at this register, at most €10.00 in one payment"
    )
    expect(room).to_contain_text("Only Mastercard.")
    who.push("Back", exact=True)
    who.press(page.locator("button.strip:visible"))
    expect(page.locator("dialog[open]")).to_contain_text("up to €26.20 more at this register")
    page.keyboard.press("Escape")
    who.menu(TITLE)
    person, register, total, _, brand = shares(who)
    assert (person, register, total, brand) == (10, 13, 10, 19)


@breadth
def test_limits_that_contradict_or_cannot_be_read_are_not_taken(who: Cashier) -> None:
    """The page says so, beside the field that it is about, and what was in force stays; no kind of
    card at all is not to be saved."""
    page = who.page
    who.menu(TITLE)
    typed(who, **{"In one payment": "50"})
    expect(page.get_by_text("These ceilings contradict each other").first).to_be_visible()
    page.get_by_label("In one payment").fill("ten")
    expect(page.locator(".offline .alarm")).to_contain_text("“ten” cannot be read")
    page.get_by_label("Hours until").fill("1,000.50")
    for label, text in (("In one payment", "ten"), ("Hours until", "1,000.50")):
        beside = f"“{text}” cannot be read. Type a number such as 25.00."
        expect(page.get_by_label(label)).to_have_accessible_description(beside)
    page.get_by_label("Hours until").fill("1.00")
    expect(who.button("Save these limits")).to_be_disabled()
    page.get_by_label("In one payment").fill("10,5")
    who.push("Every kind")
    expect(page.get_by_text("Choose at least one kind of card")).to_be_visible()
    expect(who.button("Save these limits")).to_be_disabled()
    who.push("Every kind")
    who.push("Save these limits")
    expect(page.get_by_text("These limits are in force from now on.").first).to_be_visible()
    expect(page.get_by_label("In one payment")).to_have_value("10.50")


@breadth
def test_only_who_may_set_things_up_has_the_page(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """A cashier has no such page, and the store takes no limits from one."""
    ana = cashier(at=fresh_store)
    ana.open()
    ana.sign_on("Ana")
    ana.push("More", exact=True)
    expect(ana.button(TITLE)).to_have_count(0)
    refused = fresh_store.command("payment.set_offline_policy", {"policy": POLICY})["refusal"]
    assert "right_must_be_granted" == refused["code"]


@breadth
def test_the_page_is_clean_in_every_size_theme_and_language(
    who: Cashier, cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path
) -> None:
    """With something in use, as a picture of each; axe finds nothing; nothing is wider than the
    screen."""
    answer = fresh_store.command("payment.set_offline_policy", {"policy": POLICY})
    assert answer.get("ok"), answer
    tapped(who, "Flat white")
    problems: list[str] = []
    for found, eye, words in each_screen(cashier, fresh_store, artefacts, "offline"):
        expect(found.page.locator(".sale")).to_be_visible()
        found.order()
        found.push(words["order.more"], exact=True)
        found.push(words["menu.offline"], exact=True)
        expect(found.page.locator(".offline .bar")).to_have_count(5)
        eye(found, "offline-limits")
        if not found.page.evaluate(FITS):
            eye.found.append(f"{eye.suffix}: wider than the screen")
        problems += eye.found
    assert not problems, "\n".join(["", *problems])
