"""Goods without a receipt come back for store credit, and the credit pays: at the register page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.shop import Cashier, DemoStore, MakeCashier, code_of
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


@pytest.fixture
def mia(cashier: MakeCashier, fresh_store: DemoStore) -> Cashier:
    """Mia where goods come back without a receipt."""
    found: Cashier = cashier(at=fresh_store)
    found.open()
    found.sign_on("Mia")
    allow_it(fresh_store)
    return found


def test_what_is_scanned_for_a_return_comes_back_and_is_not_sold(mia: Cashier) -> None:
    """The panel asks for a scan, so a scan there is of what comes back; typed whole it is one, too.
    What is said then is so without a receipt: of no price that was paid, and of no exchange."""
    page = mia.page
    mia.menu("Return goods")
    mia.push("Return without a receipt")
    panel = page.locator(".without")
    expect(panel.get_by_label("Scan or search the goods")).to_be_focused()
    mia.scan(code_of("Croissant"))
    expect(panel).to_contain_text(f"Code {code_of('Croissant')}")
    expect(mia.lines).to_have_count(0)
    mia.push(re.compile("one more$"))
    mia.push("Faulty")
    mia.push("Take back")
    expect(mia.lines).to_have_count(1)
    expect(mia.lines.first).to_contain_text(re.compile("2.*Croissant.*Without receipt", re.DOTALL))
    notice = page.locator(".order .notice")
    expect(notice).to_contain_text("comes back at the shop’s price for returns")
    expect(notice).not_to_contain_text("price paid")
    mia.menu("Return goods")
    mia.push("Return without a receipt")
    panel.get_by_label("Scan or search the goods").fill(code_of("Espresso"))
    page.keyboard.press("Enter")
    expect(panel).to_contain_text(f"Code {code_of('Espresso')}")
    mia.push("Faulty")
    mia.push("Take back")
    expect(mia.lines).to_have_count(2)
    expect(mia.lines.last).to_contain_text("Without receipt")


def test_what_the_stores_own_scanner_reads_comes_back_too(
    mia: Cashier, fresh_store: DemoStore
) -> None:
    """A scanner on the register's cable is heard by the panel as one that types: what it reads
    there comes back. Afterwards it sells as ever; a note of credit that it reads pays."""
    page = mia.page
    mia.menu("Return goods")
    mia.push("Return without a receipt")
    panel = page.locator(".without")
    expect(panel.get_by_label("Scan or search the goods")).to_be_focused()
    fresh_store.do("scan", code=code_of("Croissant"))
    expect(panel).to_contain_text(f"Code {code_of('Croissant')}")
    expect(mia.lines).to_have_count(0)
    mia.push(re.compile("one more$"))
    mia.push("Faulty")
    mia.push("Take back")
    expect(mia.lines).to_have_count(1)
    expect(mia.lines.first).to_contain_text("Without receipt")
    mia.pay()
    mia.push(re.compile("Give store credit of"))
    found = CODE.search(page.locator("section.done").get_by_role("status").inner_text())
    assert found is not None
    mia.next_order()
    fresh_store.do("scan", code=code_of("Espresso"))
    expect(mia.lines).to_have_count(1)
    expect(mia.lines.first).not_to_contain_text("Without receipt")
    mia.pay()
    fresh_store.do("scan", code=code_of("Croissant"))
    expect(page.locator(".order .notice")).to_contain_text("The order is being paid")
    fresh_store.do("scan", code=found.group())
    expect(page.locator("section.done")).to_contain_text("Store credit")


def test_what_comes_back_by_weight_is_what_was_typed(mia: Cashier) -> None:
    """The weight is seen as its digits are typed, as where it is sold: 457 are 0.457 kg, and 2 was
    never two grams unseen. By its code alone the weight is for somebody to look at."""
    page = mia.page
    choose_goods(mia, "Strawberries")
    weight = page.locator(".without .typed")
    mia.digits("457")
    expect(weight).to_have_text("0.457\u00a0kg")
    page.keyboard.press("Delete")
    mia.digits("2.5")
    expect(weight).to_have_text("2.500\u00a0kg")
    mia.push("Faulty")
    mia.push("Take back")
    expect(mia.lines.first).to_contain_text("2.500\u00a0kg")
    expect(mia.lines.first).to_contain_text("17.25")
    mia.menu("Return goods")
    mia.push("Return without a receipt")
    mia.scan(code_of("Strawberries"))
    mia.push("Faulty")
    mia.push("Take back")
    told = "Strawberries is sold by weight and comes back as 1.000\u00a0kg"
    expect(page.locator(".order .notice")).to_contain_text(told)


@pytest.mark.feature("PAY-11", part="the code on its slip is scanned")
def test_a_scanned_note_of_store_credit_pays(mia: Cashier) -> None:
    """Its bar code is read at the payment, its field open or not, and pays at once; goods
    that are scanned there are no note."""
    page = mia.page
    choose_goods(mia, "Croissant")
    mia.push("Croissant: one more")
    mia.push("Faulty")
    mia.push("Take back")
    mia.pay()
    mia.push(re.compile("Give store credit of"))
    found = CODE.search(page.locator("section.done").get_by_role("status").inner_text())
    assert found is not None
    for is_open in (False, True):
        mia.next_order()
        mia.tap("Croissant")
        expect(mia.lines).to_have_count(1)
        mia.pay()
        if is_open:
            mia.push("Store credit")
        else:
            mia.scan(code_of("Espresso"))
            expect(page.locator(".order .notice")).to_contain_text("The order is being paid")
        mia.scan(found.group())
        expect(page.locator("section.done")).to_contain_text("Store credit")


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
