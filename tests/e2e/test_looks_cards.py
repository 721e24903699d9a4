"""Every view of paying by card, in both themes and sizes: kept as pictures, and read by axe."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier
from tests.e2e.test_looks import AXE, SCREENS, SIZES, Look
from tests.house.test_catalogues import catalogue

FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
ASKED = "Ask the customer to tap or insert the card"


@breadth
def test_every_view_of_cards_is_clean_and_kept_as_a_picture(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path
) -> None:
    """One store and all screens of one register: each shows each state, and axe finds nothing."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    screens: list[tuple[Cashier, Look]] = []
    for size, theme in SCREENS:
        who = cashier(SIZES[size], theme, at=fresh_store)
        who.open()
        screens.append((who, Look(folder, f"cards-{size}-{theme}")))
    screens[0][0].sign_on("Mia")
    Walk(screens, fresh_store).whole()
    found = [problem for _, look in screens for problem in look.found]
    assert not found, "\n".join(["", *found])


class Walk:
    """Through all states with the first screen; what only one page knows is done on each."""

    def __init__(self, screens: list[tuple[Cashier, Look]], store: DemoStore) -> None:
        self.screens = screens
        self.store = store
        self.first = screens[0][0]

    def each(self, name: str, wait: str, do: Callable[[Cashier], None] | None = None) -> None:
        """A picture of each screen once it shows `wait`."""
        for who, look in self.screens:
            if do is not None:
                do(who)
            expect(who.page.get_by_text(re.compile(wait)).filter(visible=True).first).to_be_visible(
                timeout=45_000
            )
            look(who, f"card-{name}")
            if not who.page.evaluate(FITS):
                look.found.append(f"{name} ({look.suffix}): wider than the screen")

    def whole(self) -> None:
        """All of it."""
        first, store = self.first, self.store
        first.open_till()
        for name in ("Flat white", "Flat white", "Croissant", "Espresso"):
            first.tap(name)
        expect(first.lines).to_have_count(3)
        first.pay()
        self.each("pay", "Card €")
        self.each("split-even", "people", lambda who: self.split(who, "Evenly"))
        self.each("split-amount", "Amount of this share", lambda who: who.push("By amount"))
        self.each("split-item", "1 of 2", self.one_of_two)
        for who, _ in self.screens:
            who.push("Evenly")
            who.push("One person more")
            who.push("Split in 3")
        self.each("pay-share", "Share 1 of 3")
        first.push(re.compile("^Card"))
        self.each("asked", ASKED)
        store.key("insert")
        self.each("pin", "The customer types the PIN")
        store.key("pin")
        self.each("pay-in-part", "Share 2 of 3")
        first.push(re.compile("^Card"))
        store.key("decline")
        self.each("declined", "The card was declined")
        ceilings = ("payment_minor", "operator_minor", "register_minor", "total_minor")
        policy = {**dict.fromkeys(ceilings, 2000), "age_s": 3600, "brands": []}
        assert store.command("payment.set_offline_policy", {"policy": policy})["ok"]
        first.push("Try again")
        expect(first.page.get_by_text(ASKED)).to_be_visible()
        store.key("cut")
        self.each("unknown", "Nobody knows yet")
        self.each("doubt", "It is not known yet", lambda who: who.push("Take cash instead"))
        first.tender("€20.00")
        expect(first.page.get_by_text("Give back €")).to_be_visible()
        self.rest()

    def one_of_two(self, who: Cashier) -> None:
        who.push("By item")
        who.push("Flat white: one more in this share")

    def opened(self, who: Cashier) -> None:
        who.menu("Card payments")
        who.press(who.page.locator(".facts"))

    def split(self, who: Cashier, kind: str) -> None:
        who.push("Split")
        who.push(kind)

    def rest(self) -> None:
        """The exception, then a tip, a return and the report."""
        first, store = self.first, self.store
        first.push(re.compile("^Exact amount"))
        expect(first.page.get_by_text("Receipt 1-").first).to_be_visible()
        self.screens[0][1](first, "card-done-mixed")
        first.next_order()
        expect(first.page.get_by_role("button", name="Cards: 1 to settle")).to_be_visible(
            timeout=45_000
        )
        first.tap("Espresso")
        expect(first.page.get_by_role("button", name="Cards: 1 to settle")).to_be_visible()
        self.each("badge", "Espresso")
        self.each("exceptions", "What it was", self.opened)
        self.each("set-aside", "Terminal is broken", lambda who: who.push("Set aside"))
        first.push("Terminal is broken")
        first.page.locator(".exceptions .btn.main").click()
        self.each("exception-aside", "Set aside: Terminal is broken")
        self.each("close", "moves no money", lambda who: who.push("Close with finding"))
        first.push("It is not on the statement")
        first.page.locator(".exceptions .btn.main").click()
        self.each("exceptions-none", "No card payment waits")
        for who, _ in self.screens:
            who.push("Back")
        store.key("plug")
        strip = first.page.locator("button.strip:visible")
        expect(strip).to_contain_text("Devices ready", timeout=45_000)
        first.pay()
        first.push(re.compile("^Card"))
        store.key("tip", 50)
        store.key("tap")
        self.each("done", "Paid by card")
        for who, _ in self.screens:
            who.next_order()
        self.each("report", "Tips Mia", lambda who: who.menu("Reports"))
        for who, _ in self.screens:
            who.push("Back")
        first.menu("Receipts")
        first.page.locator(".receipts .entry").first.click()
        first.push("Return goods")
        first.push("Espresso: one more")
        first.push("Faulty")
        first.push("Take back 1 line")
        expect(first.lines).to_have_count(1)
        first.pay()
        self.each("refund", "Back to Mastercard")
        first.push(re.compile("^Back to Mastercard"))
        self.each("refund-asked", ASKED)
        store.key("tap")
        self.each("refunded", "Given back to the card")


@breadth
def test_cards_fit_on_a_phone_in_every_language(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path
) -> None:
    """German and French are longer: nothing is wider than a phone, and axe finds nothing."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    first = cashier(at=fresh_store)
    screens = []
    for language in ("de", "fr"):
        who = cashier(SIZES["390x844"], "light", at=fresh_store)
        keep = f"localStorage.setItem('countertop.language', '{language}')"
        who.page.add_init_script(keep)
        who.open()
        screens.append((who, Look(folder, f"cards-390x844-{language}"), catalogue(language)))
    first.open()
    first.sign_on("Mia")
    first.open_till()

    def each(name: str, key: str) -> None:
        for who, look, texts in screens:
            text = re.split(r"\{\w+\}", texts[key])[0].strip()
            expect(who.page.get_by_text(text).filter(visible=True).first).to_be_visible()
            look(who, f"card-{name}")
            if not who.page.evaluate(FITS):
                look.found.append(f"{name} ({look.suffix}): wider than the screen")

    for name in ("Flat white", "Croissant"):
        first.tap(name)
    expect(first.lines).to_have_count(2)
    first.pay()
    each("pay", "card.pay")
    first.push(re.compile("^Card"))
    each("asked", "card_shows.insert_card")
    fresh_store.key("decline")
    each("declined", "card_why.declined")
    first.push("Try again")
    expect(first.page.get_by_text(ASKED)).to_be_visible()
    fresh_store.key("cut")
    each("unknown", "card.unknown")
    for who, _, texts in screens:
        who.push(texts["card.other_way"])
    each("doubt", "card.doubt")
    for who, _, texts in screens:
        who.push(texts["split.start"])
    each("split", "split.by_item")
    found = [problem for _, look, _ in screens for problem in look.found]
    assert not found, "\n".join(["", *found])
