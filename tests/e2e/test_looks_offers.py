"""What is chosen for an order, in both themes and sizes: kept as pictures, and read by axe."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier
from tests.e2e.test_customer_and_offers import chosen, offers, present
from tests.e2e.test_looks import AXE, SIZES, Look

FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
NAMES = {
    "en": ("Customer", "Coupon", "Promotion", "Tax-exempt", "On the house"),
    "de": ("Kunde", "Gutschein", "Aktion", "Steuerfrei", "Aufs Haus"),
    "fr": ("Client", "Bon", "Promotion", "Exonéré", "Offert"),
}


@breadth
@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=breadth)])
@pytest.mark.parametrize("size", [pytest.param("1024x768", marks=breadth), "390x844"])
def test_customer_and_offers_are_clean_and_kept_as_pictures(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path, size: str, theme: str
) -> None:
    """axe finds nothing on the panel's parts, the order's rows, the reasons and the display."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    fresh_store.import_german_taxes()
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    look = Look(folder, f"offers-{size}-{theme}")
    mia: Cashier = cashier(SIZES[size], theme, at=fresh_store)
    customer: Cashier = cashier(SIZES[size], theme, at=fresh_store)
    customer.page.goto(f"{fresh_store.url}/display/?register=1")
    mia.open()
    mia.sign_on("Mia")
    for name in ("Flat white", "Croissant", "Dark chocolate"):
        mia.tap(name)
    mia.order()
    look(mia, "ways")
    for tab in NAMES["en"]:
        offers(mia, tab)
        look(mia, f"choices-{tab.lower().replace(' ', '-')}")
    panel = offers(mia, "Customer")
    mia.push("Regulars", exact=True)
    panel.get_by_label("Member number").fill("4711")
    mia.push("Price the order")
    expect(panel).to_have_count(0)
    for code in ("HARBOUR", "WELCOME-AB12CD"):
        present(mia, code)
        expect(panel).to_have_count(0)
    mia.order()
    mia.push("Take away", exact=True)
    mia.press(mia.lines.nth(2).locator("button").first)
    mia.push("Give", exact=True)
    look(mia, "line-give")
    mia.push("Goodwill")
    mia.push("Give it away")
    expect(mia.lines.nth(2)).to_contain_text("On the house")
    expect(chosen(mia, "group")).to_contain_text("Member 4711")
    mia.page.locator(".lines").evaluate("list => list.scrollTo(0, list.scrollHeight)")
    look(mia, "chosen")
    expect(customer.page.locator("footer")).to_contain_text("Take away")
    look(customer, "display-offers")
    mia.push("Why?")
    expect(mia.page.locator(".promotions li").first).to_be_visible()
    mia.page.locator(".promotions").scroll_into_view_if_needed()
    look(mia, "why-not")
    assert not look.found, "\n".join(["", *look.found])


@breadth
@pytest.mark.parametrize("language", ["de", pytest.param("fr", marks=breadth)])
@pytest.mark.parametrize("size", [pytest.param("1024x768", marks=breadth), "390x844"])
def test_longer_words_fit(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path, size: str, language: str
) -> None:
    """Nothing is wider than the screen in a language with longer words, and no button is cut."""
    fresh_store.import_german_taxes()
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    mia: Cashier = cashier(SIZES[size], at=fresh_store, language=language)
    page = mia.page
    page.add_init_script(f"localStorage.setItem('countertop.language', '{language}')")
    mia.open()
    mia.press(page.locator(".face", has_text="Mia"))
    mia.digits("9999")
    page.keyboard.press("Enter")
    mia.tap("Flat white")
    mia.order()
    mia.press(mia.lines.first.locator("button").first)
    page.screenshot(path=folder / f"90-line-{language}-{size}.png")
    assert page.evaluate(FITS)
    for tab in NAMES[language]:
        offers(mia, tab)
        assert page.evaluate(FITS), tab
        cut = (
            "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)"
        )
        buttons = page.locator("section.panel .btn, .order .btn").filter(visible=True)
        assert buttons.evaluate_all(cut) == [], tab
    page.screenshot(path=folder / f"91-choices-{language}-{size}.png")
    mia.order()
    page.screenshot(path=folder / f"92-order-{language}-{size}.png")
