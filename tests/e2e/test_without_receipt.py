"""Goods without a receipt come back for store credit, and the credit pays: at the register page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.shop import Cashier, DemoStore, MakeCashier
from tests.e2e.test_looks import AXE, SIZES, Look
from tests.e2e.test_looks_offers import FITS

RULES = {
    "without_receipt": True,
    "ceiling_minor": 5_000,
    "price": "today",
    "days": 0,
    "store_credit": False,
}
WORDS = {
    "de": ("Mehr", "Ware zurücknehmen", "Rückgabe ohne Beleg", "Fehlerhaft", "Zurücknehmen"),
    "fr": ("Plus", "Reprendre un article", "Retour sans ticket", "Défectueux", "Reprendre"),
}
CODE = re.compile(r"[0-9A-Z]{12}")


def allow_it(store: DemoStore) -> None:
    """The shop's rules of returns, by whoever is signed on at register 1."""
    answer = store.command("settings.set_return_rules", {"rules": RULES})
    assert answer["ok"], answer


def choose_goods(who: Cashier, name: str) -> None:
    """Find goods in the panel of returns without a receipt."""
    who.menu("Return goods")
    who.push("Return without a receipt")
    who.page.get_by_label("Scan or search the goods").fill(name)
    who.press(who.page.locator(".without .entry", has_text=name).first)


@pytest.mark.feature("CHK-11", part="at the register page, with a manager's PIN")
@pytest.mark.feature("PAY-11", part="at the register page")
def test_a_cashier_takes_goods_back_with_a_managers_pin_and_the_credit_pays(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """Ana finds the goods, Mia lets it through, the note pays the next customer's croissant."""
    mia: Cashier = cashier(at=fresh_store)
    mia.open()
    mia.sign_on("Mia")
    mia.menu("Return goods")
    expect(mia.page.get_by_role("button", name="Return without a receipt")).to_have_count(0)
    allow_it(fresh_store)
    ana: Cashier = cashier(at=fresh_store)
    ana.open()
    ana.menu("Sign off")
    ana.sign_on("Ana")
    choose_goods(ana, "Croissant")
    ana.push("Croissant: one more")
    ana.push("Faulty")
    ana.push("Take back")
    expect(ana.page.locator("dialog")).to_contain_text("Taking goods back without a receipt")
    ana.allow("Mia")
    expect(ana.lines.first).to_contain_text("Without receipt")
    ana.pay()
    expect(ana.page.locator("section.pay")).to_contain_text("there is store credit, no money")
    expect(ana.page.get_by_role("button", name=re.compile("Pay out"))).to_have_count(0)
    printed = fresh_store.counter()["receipts"]
    before = printed[0]["number"] if printed else 0
    ana.push(re.compile("Give store credit of"))
    done = ana.page.locator("section.done")
    expect(done).to_contain_text("Store credit")
    found = CODE.search(done.get_by_role("status").inner_text())
    assert found is not None
    assert found.group() in fresh_store.wait_receipts(before + 2)
    ana.next_order()
    ana.tap("Croissant")
    ana.pay()
    ana.push("Store credit")
    ana.page.get_by_label("Code of the note").fill("0000-0000-0000")
    ana.page.keyboard.press("Enter")
    expect(ana.page.get_by_text("No store credit has the code").first).to_be_visible()
    ana.page.get_by_label("Code of the note").fill(found.group().lower())
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator("section.done")).to_contain_text("Store credit")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_returns_without_a_receipt_are_clean_and_kept_as_pictures(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path, size: str, theme: str
) -> None:
    """axe finds nothing from the search to the note that pays."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    look = Look(folder, f"credit-{size}-{theme}")
    mia: Cashier = cashier(SIZES[size], theme, at=fresh_store)
    mia.open()
    mia.sign_on("Mia")
    allow_it(fresh_store)
    mia.menu("Return goods")
    expect(mia.button("Return without a receipt")).to_be_visible()
    look(mia, "returns")
    mia.push("Return without a receipt")
    mia.page.get_by_label("Scan or search the goods").fill("Croissant")
    expect(mia.page.locator(".without .entry").first).to_be_visible()
    look(mia, "found")
    mia.press(mia.page.locator(".without .entry").first)
    mia.push("Faulty")
    look(mia, "chosen")
    mia.push("Take back")
    mia.order()
    expect(mia.lines.first).to_contain_text("Without receipt")
    look(mia, "line")
    mia.pay()
    look(mia, "pay-back")
    mia.push(re.compile("Give store credit of"))
    expect(mia.page.locator("section.done")).to_contain_text("Store credit")
    look(mia, "note")
    mia.next_order()
    mia.tap("Flat white")
    mia.pay()
    mia.push("Store credit")
    expect(mia.page.get_by_label("Code of the note")).to_be_visible()
    look(mia, "pay-with")
    assert not look.found, "\n".join(["", *look.found])


@pytest.mark.parametrize("language", ["de", "fr"])
def test_longer_words_of_returns_without_a_receipt_fit(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path, language: str
) -> None:
    """Nothing is wider than a phone's screen in a language with longer words."""
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    more, returns, without, faulty, take = WORDS[language]
    mia: Cashier = cashier(SIZES["390x844"], at=fresh_store, language=language)
    page = mia.page
    page.add_init_script(f"localStorage.setItem('countertop.language', '{language}')")
    mia.open()
    mia.press(page.locator(".face", has_text="Mia"))
    mia.digits("9999")
    page.keyboard.press("Enter")
    expect(page.locator(".sale")).to_be_visible()
    allow_it(fresh_store)
    mia.order()
    mia.push(more, exact=True)
    mia.push(returns, exact=True)
    mia.push(without)
    page.locator(".without input").fill("Croissant")
    mia.press(page.locator(".without .entry").first)
    assert page.evaluate(FITS)
    mia.push(faulty)
    page.screenshot(path=folder / f"93-without-{language}.png")
    mia.push(take, exact=True)
    mia.order()
    mia.pay()
    assert page.evaluate(FITS)
    page.screenshot(path=folder / f"94-credit-{language}.png")
