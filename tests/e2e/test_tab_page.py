"""Tabs at the register page: opened with an authorisation, raised, closed with tip and total."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier
from tests.e2e.test_looks import each_screen

ASKED = "Ask the customer to tap or insert the card"
FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def reserve(who: Cashier, digits: str) -> None:
    """Type an amount and have the terminal reserve it."""
    who.digits(digits)
    who.push(re.compile("^Reserve €"))
    expect(who.page.get_by_text(ASKED)).to_be_visible()


def kinds(who: Cashier) -> list[tuple[str, str, str]]:
    """What the terminal remembers, newest first."""
    found = who.store.counter()["terminal"]["transactions"]
    return [(entry["kind"], entry["amount"], entry["ended"]) for entry in found]


@pytest.mark.feature("PAY-05", part="at the register page")
def test_a_tab_is_opened_raised_parked_found_and_closed_with_a_tip(who: Cashier) -> None:
    """The card is charged once, at the end, with the final total and the tip."""
    page = who.page
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    who.menu("Tabs")
    reserve(who, "500")
    who.store.key("tap")
    mine = page.locator(".mine")
    expect(mine).to_contain_text("Mastercard ··0010")
    expect(mine).to_contain_text("5.00")
    who.push("Back", exact=True)
    who.tap("Croissant")
    expect(who.lines).to_have_count(2)
    who.menu("Tabs")
    expect(page.get_by_text("The bill is above what is reserved")).to_be_visible()
    who.push("Reserve more")
    expect(who.button(re.compile("^Reserve €0"))).to_be_disabled()
    reserve(who, "2000")
    who.store.key("tap")
    expect(mine).to_contain_text("20.00")
    expect(page.get_by_text("The bill is above what is reserved")).to_have_count(0)
    who.push("Park", exact=True)
    page.locator("dialog input").fill("table 4")
    page.locator("dialog .btn.main").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    entry = page.locator(".tabs .entry")
    expect(entry).to_contain_text("table 4")
    expect(entry).to_contain_text(re.compile(r"\d+ (s|min)"))
    expect(entry).to_contain_text("€20.00 reserved")
    for words in ("€6.40", "Mastercard ··0010", "Mia", "Card terminal (1)", "open for"):
        expect(entry).to_contain_text(words)
    entry.click()
    expect(mine).to_contain_text("table 4")
    expect(mine).to_contain_text(re.compile(r"open for \d+ (s|min).*Card terminal \(1\)"))
    expect(mine).to_contain_text("6.40")
    who.push("Close the tab")
    who.push("Write down the tip")
    who.digits("60")
    who.push(re.compile("^Keep a tip of €0.60"))
    who.push(re.compile("^Charge €7.00 to the tab"))
    expect(page.locator(".done")).to_contain_text("and a tip of €0.60")
    assert [
        ("capture", "EUR 7.00", "approved"),
        ("release", "EUR 5.00", "approved"),
        ("reservation", "EUR 20.00", "approved"),
        ("reservation", "EUR 5.00", "reversed"),
    ] == kinds(who)
    assert 700 == who.store.counter()["terminal"]["booked_minor"]


def test_a_tab_before_the_first_line_declined_and_then_paid_in_cash(who: Cashier) -> None:
    """A declined card opens nothing; a bill that is paid another way gives the card back first."""
    page = who.page
    who.open_till()
    who.menu("Tabs")
    reserve(who, "1000")
    who.store.key("decline")
    expect(page.get_by_text("The card was declined")).to_be_visible()
    expect(page.get_by_text("Nothing was changed at the card")).to_be_visible()
    who.push("Try again")
    reserve(who, "1000")
    who.store.key("tap")
    expect(page.locator(".mine")).to_contain_text("10.00")
    expect(who.button("Close the tab")).to_be_disabled()
    who.push("Back", exact=True)
    who.tap("Espresso")
    expect(who.lines).to_have_count(1)
    who.pay()
    expect(page.get_by_role("button", name=re.compile("^Charge €2.20"))).to_be_visible()
    who.tender("€5.00")
    expect(page.get_by_text("The bill is paid another way")).to_be_visible()
    who.push("Give up the reservation")
    expect(page.locator(".done")).to_contain_text("Change")
    assert 0 == who.store.counter()["terminal"]["booked_minor"]


@breadth
def test_a_reservation_in_doubt_is_told_how_it_ended(who: Cashier) -> None:
    """A second one is refused only while nobody knows: then the refusal goes, and what became of
    the first is said. Activity says what was asked for, and what the store did by itself."""
    page = who.page
    who.menu("Tabs")
    reserve(who, "500")
    who.store.key("cut")
    expect(page.get_by_text("Nobody knows yet what became of the reservation")).to_be_visible()
    who.press(page.locator(".talk .stop", has_text="Back"))
    expect(page.locator(".talk")).to_have_count(0)
    who.digits("500")
    who.push(re.compile("^Reserve €"))
    notice = page.locator(".order .notice")
    expect(notice).to_contain_text("not known yet")
    who.store.key("plug")
    told = "Reserving on a card, €5.00: never began. Nothing was changed at the card."
    expect(notice).to_contain_text(told, timeout=45_000)
    who.menu("Activity")
    asked = page.locator(".activity .entry", has_text="Mia asked the card terminal:")
    expect(asked).to_contain_text("asked the card terminal: Reserving on a card")
    # Nobody in an office did what the store found out by itself.
    page.get_by_label("Person").select_option("system")
    entries = page.locator(".activity .entry")
    heard = entries.filter(has_text="The store heard from the terminal")
    expect(heard.first).to_be_visible()
    expect(entries.filter(has_text="Office heard")).to_have_count(0)


@breadth
def test_tabs_are_clean_in_every_size_theme_and_language(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path
) -> None:
    """Each state as a picture; axe finds nothing; nothing is wider than the screen."""
    screens = list(each_screen(cashier, fresh_store, artefacts, "tabs"))

    def each(name: str, key: str) -> None:
        for found, look, words in screens:
            text = re.split(r"\{\w+\}", words[key])[0].strip()
            expect(found.page.get_by_text(text).filter(visible=True).first).to_be_visible()
            look(found, name)
            if not found.page.evaluate(FITS):
                look.found.append(f"{name} ({look.suffix}): wider than the screen")

    first = screens[0][0]
    first.sign_on("Mia")
    first.tap("Flat white")
    for found, _, words in screens:
        expect(found.lines).to_have_count(1)
        found.order()
        found.push(words["order.more"], exact=True)
        found.push(words["menu.tabs"], exact=True)
    each("tabs-open", "tabs.open_more")
    reserve(first, "300")
    each("tabs-asked", "card_shows.insert_card")
    fresh_store.key("tap")
    each("tabs-mine", "tabs.over")
    first.push("Close the tab")
    for found, _, _ in screens:
        found.items()
        expect(found.page.locator("section.pay .tab")).to_be_visible()
    each("tabs-close", "tabs.write_tip")
    for found, _, words in screens:
        found.push(words["tabs.write_tip"])
    each("tabs-tip", "common.back")
    problems = [problem for _, look, _ in screens for problem in look.found]
    assert not problems, "\n".join(["", *problems])
