"""For whom an order is and what they bring: what a cashier chooses, and what becomes of prices."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier


def total(who: Cashier) -> Locator:
    """Where the order's total stands."""
    return who.page.locator(".order .pay")


def chosen(who: Cashier, key: str) -> Locator:
    """The order's row for something that was chosen."""
    return who.page.locator(f".chosen [data-choice='{key}']")


def offers(who: Cashier, tab: str) -> Locator:
    """The panel at one of its parts."""
    who.order()
    who.press(who.page.locator(".ways .customer"))
    panel = who.page.locator("section.panel")
    who.press(panel.locator(".tabs").get_by_role("button", name=tab, exact=True))
    return panel


def present(who: Cashier, code: str) -> None:
    """A coupon typed by hand."""
    offers(who, "Coupon").get_by_label("Code").fill(code)
    who.push("Take coupon")


def selling(cashier: MakeCashier, store: DemoStore, name: str = "Mia") -> Cashier:
    """Signed on, the till open."""
    who: Cashier = cashier(at=store)
    who.open()
    who.sign_on(name)
    who.open_till(5)
    return who


def free_of_an_order(who: Cashier) -> None:
    """Void what is open, and be ready for the next customer."""
    who.menu("Void order")
    who.push("Test")
    who.push("Void order")
    expect(who.page.get_by_text("Ready for the next customer")).to_be_visible()


@pytest.mark.feature("PRC-04", part="groups and take-away reprice the cart at the register page")
def test_take_away_and_a_group_price_what_is_on_the_order_already(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """A switch and a group reprice the cart; what is taken off again is priced as before."""
    mia = selling(cashier, fresh_store)
    display: Cashier = cashier(at=fresh_store)
    display.page.goto(f"{fresh_store.url}/display/?register=1")
    for name in ("Flat white", "Croissant"):
        mia.tap(name)
    expect(total(mia)).to_contain_text("6.40")
    eat_in = mia.button("Eat in", exact=True)
    expect(eat_in).to_have_attribute("aria-pressed", "true")
    mia.push("Take away", exact=True)
    expect(total(mia)).to_contain_text("6.00")
    expect(mia.lines.first).to_contain_text("Take-away prices")
    expect(display.page.locator("footer")).to_contain_text("Take away")
    panel = offers(mia, "Customer")
    mia.push("Regulars", exact=True)
    panel.get_by_label("Member number").fill("4711")
    mia.push("Price the order")
    expect(total(mia)).to_contain_text("5.74")
    expect(mia.lines.nth(1)).to_contain_text("was 2.60, now 2.34")
    expect(chosen(mia, "group")).to_contain_text("Member 4711")
    expect(display.page.locator("body")).not_to_contain_text("4711")
    mia.push("Take off: Regulars")
    expect(total(mia)).to_contain_text("6.00")
    mia.press(eat_in)
    expect(total(mia)).to_contain_text("6.40")
    free_of_an_order(mia)
    # It may be said before anything is rung up.
    mia.push("Take away", exact=True)
    expect(mia.button("Take away", exact=True)).to_have_attribute("aria-pressed", "true")
    mia.tap("Espresso")
    expect(total(mia)).to_contain_text("2.00")


@breadth
def test_staff_prices_ask_a_manager(cashier: MakeCashier, fresh_store: DemoStore) -> None:
    """A group of employees is a right of its own; a second person allows it once."""
    ana = selling(cashier, fresh_store, "Ana")
    ana.tap("Croissant")
    offers(ana, "Customer")
    ana.push("Staff", exact=True)
    ana.push("Price the order")
    ana.allow("Mia")
    expect(total(ana)).to_contain_text("2.08")
    expect(chosen(ana, "group")).to_contain_text("Staff")


@pytest.mark.feature("PRC-03", part="typed and scanned, at the register page")
def test_a_coupon_is_typed_or_scanned_once_and_says_why_it_gives_nothing(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """It waits for its goods, gives with them, is refused when used; errors stand at the field."""
    mia = selling(cashier, fresh_store)
    mia.tap("Croissant")
    present(mia, "welcome-ab12cd")
    row = chosen(mia, "coupon-WELCOME-AB12CD")
    expect(row).to_contain_text("None of its items is on the order")
    mia.tap("Flat white")
    expect(row).to_contain_text("−€2.00")
    expect(row).to_contain_text("Coupon WELCOME-AB12CD")
    expect(total(mia)).to_contain_text("4.40")
    mia.scan("HARBOUR")
    expect(chosen(mia, "coupon-HARBOUR")).to_contain_text("−€0.22")
    mia.page.keyboard.press("F8")
    expect(total(mia)).to_contain_text("4.40")
    mia.pay()
    mia.tender("€5.00")
    mia.next_order()
    mia.tap("Flat white")
    present(mia, "WELCOME-AB12CD")
    problem = mia.page.locator("section.panel").get_by_role("alert")
    expect(problem).to_contain_text("This coupon was used before.")
    expect(mia.page.locator(".chosen")).to_have_count(0)
    mia.page.keyboard.press("Escape")
    expect(mia.page.locator("section.panel")).to_have_count(0)
    # Scanned with the scanner on a cable; what undo takes back is the coupon, not the coffee.
    fresh_store.do("scan", code="WELCOME-AB12CE")
    expect(total(mia)).to_contain_text("1.80")
    mia.push("Undo", exact=True)
    expect(total(mia)).to_contain_text("3.80")


@breadth
def test_what_is_given_away_is_kept_apart_from_discounts(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """A line and then the order on the house: not in what was saved, with the reason beside it."""
    mia = selling(cashier, fresh_store)
    for name in ("Flat white", "Croissant"):
        mia.tap(name)
    mia.press(mia.lines.first.locator("button").first)
    mia.push("Give", exact=True)
    mia.push("Goodwill")
    mia.push("Give it away")
    expect(total(mia)).to_contain_text("2.60")
    expect(mia.lines.first).to_contain_text("On the house · Goodwill")
    figures = mia.page.locator(".figures")
    expect(figures).to_contain_text("On the house")
    expect(figures).not_to_contain_text("Saved")
    mia.push("Charge it")
    expect(total(mia)).to_contain_text("6.40")
    offers(mia, "On the house")
    mia.push("Regular customer")
    mia.push("Give the order away")
    expect(total(mia)).to_contain_text("0.00")
    expect(chosen(mia, "comp")).to_contain_text("Regular customer")
    mia.push("Take off: On the house")
    expect(total(mia)).to_contain_text("6.40")


@breadth
@pytest.mark.feature("NEW-22", part="why a promotion does not apply, at the register page")
def test_a_promotion_that_takes_nothing_names_the_clause(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """How many are missing, that a coupon is needed, that a person may give it; as it changes."""
    mia = selling(cashier, fresh_store)
    for name in ("Dark chocolate", "Milk chocolate"):
        mia.tap(name)
    mia.press(mia.lines.first.locator("button").first)
    mia.push("Why?")
    told = mia.page.locator(".promotions li")
    expect(told.first).to_contain_text("3 for 2 on chocolate")
    expect(told.first).to_contain_text("1 more of its items")
    expect(told.filter(has_text="Harbour Days")).to_contain_text("Needs its coupon")
    waited = told.filter(has_text="Sorry for the wait")
    expect(waited).to_contain_text("You may give it: under Customer, Promotion")
    expect(told.filter(has_text="Crisps")).to_contain_text("None of its items is on the order")
    offers(mia, "Promotion")
    mia.push("Sorry for the wait: 10 % off")
    mia.push("Goodwill")
    mia.push("Give promotion")
    expect(chosen(mia, "given-sorry")).to_contain_text("Goodwill")
    mia.push("Take off: Sorry for the wait: 10 % off")
    mia.tap("Dark chocolate")
    mia.press(mia.lines.first.locator("button").first)
    mia.push("Why?")
    expect(told.first).to_contain_text("−€1.49")


@pytest.mark.feature("TAX-03", part="exemption with certificate at the register page")
def test_an_exemption_is_kept_with_its_certificate_and_printed(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """An expired certificate is refused at its field; a valid one frees the order, on paper too.

    The rules take it for granted that goods are taken away, so the coffee is 2.00 with its tax.
    """
    fresh_store.import_german_taxes()
    mia = selling(cashier, fresh_store)
    mia.tap("Espresso")
    panel = offers(mia, "Tax-exempt")
    panel.get_by_label("Certificate number").fill("NATO-77")
    panel.get_by_label("Customer", exact=True).fill("Base Command")
    panel.get_by_label("Reason", exact=True).fill("NATO status")
    panel.get_by_label("Valid until").fill("2020-01-31")
    mia.push("Free of tax")
    expect(panel.get_by_role("alert")).to_contain_text("valid until 2020-01-31")
    panel.get_by_label("Valid until").fill("2099-12-31")
    mia.push("Free of tax")
    expect(chosen(mia, "exempt")).to_contain_text("NATO-77 · Base Command")
    expect(mia.page.locator(".figures .taxes")).to_contain_text("exempt")
    expect(total(mia)).to_contain_text("1.68")
    mia.pay()
    mia.tender("€5.00")
    assert "NATO-77" in fresh_store.wait_receipts(1)


@breadth
@pytest.mark.feature("TAX-03", part="free of some taxes only, at the register page")
def test_an_exemption_may_be_of_one_tax_among_several(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """Freed of a city's dues the order still has its VAT; changed to another tax, and to all.

    In 2.00 with 19 % and 5 % there are 0.31 and 0.08 of tax.
    """
    fresh_store.import_german_taxes(city_percent="5")
    mia = selling(cashier, fresh_store)
    mia.tap("Espresso")
    panel = offers(mia, "Tax-exempt")
    panel.get_by_label("Certificate number").fill("PORT-1")
    panel.get_by_label("Customer", exact=True).fill("Harbour Authority")
    panel.get_by_label("Reason", exact=True).fill("Free of its own dues")
    taxes = panel.get_by_role("group", name="Only these taxes")
    assert ["VAT", "dues"] == taxes.get_by_role("button").all_inner_texts()
    mia.press(taxes.get_by_role("button", name="dues"))
    mia.push("Free of tax")
    expect(chosen(mia, "exempt")).to_contain_text("PORT-1 · Harbour Authority · dues")
    expect(mia.page.locator(".figures .taxes")).to_contain_text("VAT 19 % €0.31")
    expect(total(mia)).to_contain_text("1.92")
    panel = offers(mia, "Tax-exempt")
    taxes = panel.get_by_role("group", name="Only these taxes")
    expect(taxes.get_by_role("button", name="dues")).to_have_attribute("aria-pressed", "true")
    mia.press(taxes.get_by_role("button", name="dues"))
    asked_by = panel.get_by_role("group", name="Only taxes asked by")
    assert ["DE", "DE-PORT"] == asked_by.get_by_role("button").all_inner_texts()
    mia.press(asked_by.get_by_role("button", name="DE", exact=True))
    mia.push("Free of tax")
    expect(chosen(mia, "exempt")).to_contain_text("Harbour Authority · DE")
    expect(total(mia)).to_contain_text("1.69")
    panel = offers(mia, "Tax-exempt")
    asked_by = panel.get_by_role("group", name="Only taxes asked by")
    mia.press(asked_by.get_by_role("button", name="DE", exact=True))
    mia.push("Free of tax")
    expect(total(mia)).to_contain_text("1.61")


@breadth
@pytest.mark.feature("PAY-02", part="by item and by amount at the register page")
def test_who_pays_for_goods_pays_their_part_of_the_charges(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """A party of six with a gratuity of 10 %: each item costs its tenth more, and nobody who comes
    last pays it all."""
    mia = selling(cashier, fresh_store)
    mia.tap("Flat white")
    mia.tap("Croissant")
    offers(mia, "Charges")
    for _ in range(6):
        mia.push("One guest more")
    expect(total(mia)).to_contain_text("7.04")
    mia.pay()
    mia.push("Split")
    mia.push("By item")
    expect(mia.page.locator(".split")).to_contain_text("Charges of €0.64 are shared out")
    mia.page.get_by_role("checkbox", name=re.compile("Croissant")).click()
    mia.push(re.compile("^Pay €2.86"))
    mia.tender("€2.86")
    mia.page.get_by_role("checkbox", name=re.compile("Flat white")).click()
    expect(mia.page.get_by_role("button", name=re.compile("^Pay €4.18"))).to_be_enabled()


@pytest.mark.feature("PRC-05", part="at the register page, the display and on paper")
def test_a_party_is_charged_and_let_off(cashier: MakeCashier, fresh_store: DemoStore) -> None:
    """Six guests pay the gratuity, shown apart on both screens; let go with a reason, brought back,
    and on paper."""
    mia = selling(cashier, fresh_store)
    display: Cashier = cashier(at=fresh_store)
    display.page.goto(f"{fresh_store.url}/display/?register=1")
    for _ in range(5):
        mia.tap("Flat white")
    offers(mia, "Charges")
    for _ in range(6):
        mia.push("One guest more")
    figures = mia.page.locator(".figures")
    expect(figures).to_contain_text("Gratuity, parties of 6 and more 10 %")
    expect(display.page.locator("main")).to_contain_text("Gratuity, parties of 6 and more")
    before = total(mia).inner_text()
    mia.push("Long wait")
    mia.push("Let go")
    expect(mia.page.locator("section.panel")).to_contain_text("let go: Long wait")
    expect(figures).not_to_contain_text("Gratuity")
    mia.push("Bring back")
    expect(total(mia)).to_have_text(before)
    mia.pay()
    mia.tender("€20.90")
    assert "Gratuity, parties of 6 and more 10 %" in " ".join(fresh_store.wait_receipts(1).split())
