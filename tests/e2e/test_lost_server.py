"""The store server dies in the middle of an order, or is slow: the page says so, and goes on where
it was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.crash.building import NoShimError, shim
from tests.crash.plans import Harm
from tests.e2e.shop import LOOK_S, Cashier, DemoStore, MakeCashier, code_of


@pytest.mark.feature("OFF-05", part="register page")
def test_the_same_order_goes_on_after_a_kill(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path
) -> None:
    """kill -9 mid-order: said plainly, nothing sold meanwhile, then the same lines and the sale."""
    ana: Cashier = cashier(at=fresh_store)
    page = ana.page
    ana.open()
    ana.sign_on("Ana")
    ana.open_till(5)
    ana.tap("Flat white")
    ana.tap("Brownie")
    expect(ana.lines).to_have_count(2)

    fresh_store.kill()
    lost = page.get_by_role("alertdialog")
    expect(lost).to_be_visible()
    expect(lost).to_contain_text("The store server cannot be reached")
    expect(lost).to_contain_text("2 lines is safe")
    (artefacts / "screenshots").mkdir(exist_ok=True)
    page.screenshot(path=artefacts / "screenshots" / "server-lost.png")
    ana.scan(code_of("Espresso"))
    refused = page.get_by_role("alert").filter(has_text="Nothing was added or paid")
    expect(refused.first).to_be_attached()
    expect(ana.lines).to_have_count(2)

    fresh_store.start()
    expect(lost).to_have_count(0, timeout=15_000)
    expect(page.locator(".strip .item").first).to_contain_text("Online")
    expect(ana.lines).to_have_count(2)
    expect(ana.lines.first).to_contain_text("Flat white")
    ana.tap("Espresso")
    expect(ana.lines).to_have_count(3)
    ana.pay()
    ana.tender("€50.00")
    expect(page.locator(".change")).to_be_visible()


def test_a_reloaded_page_finds_its_order_and_its_payment(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """A page loaded again mid-payment shows the same order, the money taken and what is due."""
    ana: Cashier = cashier(at=fresh_store)
    page = ana.page
    ana.open()
    ana.sign_on("Ana")
    ana.open_till(5)
    ana.tap("Flat white")
    ana.pay()
    ana.digits("100")
    ana.push("Take €1.00")
    expect(page.locator(".figure")).to_contain_text("2.80")
    page.reload()
    expect(page.locator(".figure")).to_contain_text("2.80")
    expect(page.locator(".tenders")).to_contain_text("1.00")
    ana.tender("Exact")
    expect(page.get_by_text("Change", exact=True)).to_be_visible()


@pytest.mark.parametrize("ending", ["js", pytest.param("css", marks=breadth)])
def test_a_panel_that_cannot_be_fetched_stops_no_sale(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path, ending: str
) -> None:
    """The file of the other panels, or of their looks, is gone: said in its place, selling goes on,
    a reload helps."""
    ana: Cashier = cashier(at=fresh_store)
    page = ana.page
    page.route(f"**/assets/panels-*.{ending}", lambda route: route.abort())
    ana.open()
    ana.sign_on("Ana")
    ana.open_till(5)
    ana.tap("Flat white")
    ana.menu("Reports")
    lost = page.get_by_role("alert").filter(has_text="could not be fetched")
    expect(lost).to_be_visible()
    page.screenshot(path=artefacts / "screenshots" / "panel-lost.png")
    lost.get_by_role("button", name="Back to the items").click()
    ana.tap("Espresso")
    expect(ana.lines).to_have_count(2)

    page.unroute(f"**/assets/panels-*.{ending}")
    ana.menu("Reports")
    lost.get_by_role("button", name="Load the page again").click()
    expect(ana.lines).to_have_count(2)
    ana.menu("Reports")
    expect(page.get_by_role("heading", name="Reports")).to_be_visible()


def slow_disk(store: DemoStore) -> dict[str, str]:
    """What to start a store with, for each sync of its journal to take over a second and a half."""
    try:
        library = shim()
    except NoShimError as error:
        pytest.skip(str(error))
    slow = Harm("slow", "sync", "journal.db-wal", forever=True, sleep_ms=1600)
    place = {"LD_PRELOAD": str(library), "COUNTERTOP_SHIM_DIRECTORY": str(store.folder / "data")}
    return place | slow.environment()


@breadth
def test_a_page_says_that_a_slow_disk_saves(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path
) -> None:
    """Whoever waits for more than a second is told why and for how long; what is pressed again
    meanwhile is done once."""
    slow = slow_disk(fresh_store)
    ana: Cashier = cashier(at=fresh_store)
    page = ana.page
    saving = page.locator(".saving[aria-hidden=true]")
    told = page.locator(".unseen[aria-live=polite]")
    state = page.locator(".strip .item").first
    ana.open()
    ana.sign_on("Ana")
    ana.open_till(5)
    fresh_store.stop()
    fresh_store.start(**slow)
    expect(state).to_contain_text("Online", timeout=15_000)
    ana.tap("Flat white")
    expect(saving).to_be_visible()
    expect(told).to_contain_text("The store server is still saving")
    expect(state).to_contain_text(re.compile(r"Saving for \d s"))
    page.screenshot(path=artefacts / "screenshots" / "saving.png")
    expect(ana.lines).to_have_count(1, timeout=15_000)
    expect(saving).to_have_count(0, timeout=15_000)
    expect(state).to_contain_text("Online")
    ana.pay()
    ana.tender("€20.00")
    page.wait_for_timeout(LOOK_S * 1000)
    page.locator(".quick .btn", has_text="€20.00").click()
    expect(saving).to_be_visible()
    expect(page.locator(".change")).to_contain_text("16.20", timeout=15_000)


@breadth
def test_nothing_is_saved_for_less_than_no_time(who: Cashier) -> None:
    """The clock on the page may be older than a tap: ordinary taps say nothing of waiting."""
    watch = """() => {
      window.said = [];
      const strip = document.querySelector('.strip .item');
      new MutationObserver(() => window.said.push(strip.innerText))
        .observe(strip, { subtree: true, childList: true, characterData: true });
    }"""
    who.page.evaluate(watch)
    for name in ("Espresso", "Croissant", "Flat white"):
        who.tap(name)
        who.page.wait_for_timeout(350)
    expect(who.lines).to_have_count(3)
    assert not [text for text in who.page.evaluate("window.said") if "-" in text]
