"""A demo store, a real Chromium, and a cashier with both. Without a Chromium these tests skip."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, sync_playwright

from tests.e2e.shop import ROOT, Cashier, DemoStore, MakeCashier
from tests.ports import free_port

WEB = ROOT / "countertop" / "web"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBUG_PORT = free_port()  # takes keys that do not wait for one another
ARGUMENTS = [
    f"--remote-debugging-port={DEBUG_PORT}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, PHONE = (1024, 768), (390, 844)
PATIENCE_MS = 8_000
HAS_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember of each test whether it failed, for what is done after it."""
    report = yield
    item.stash[HAS_FAILED] = item.stash.get(HAS_FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests: the system's, or the one Playwright fetched."""
    if not (WEB / "register" / "index.html").is_file():
        pytest.skip("the front ends are not built; run ./run build")
    program = os.environ.get("COUNTERTOP_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), ""
    )
    with sync_playwright() as playwright:
        if not program and not Path(playwright.chromium.executable_path).is_file():
            pytest.skip(
                "no Chromium found. Install the package chromium, or run "
                "`python -m playwright install chromium`, or name one in COUNTERTOP_CHROMIUM"
            )
        started = playwright.chromium.launch(executable_path=program or None, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[DemoStore]:
    """A fresh demo store for the tests of one file."""
    demo = DemoStore(tmp_path_factory.mktemp("demo"))
    demo.start()
    yield demo
    demo.stop()


@pytest.fixture
def fresh_store(tmp_path: Path, browser: Browser) -> Iterator[DemoStore]:
    """A demo store for one test alone."""
    demo = DemoStore(tmp_path / "demo")
    demo.start()
    yield demo
    demo.stop()


@pytest.fixture
def cashier(
    browser: Browser, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeCashier]:
    """Makes cashiers: `cashier(size=…, theme=…, touch=…, at=…, zone=…)`; their pages close
    afterwards. `zone` is the one that the browser's machine stands in, if it is another.

    Each has a window of its own. A page that throws fails the test. Where a test fails, what its
    pages showed is kept beside the folders of the stores.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def make(
        size: tuple[int, int] = WIDE,
        theme: str = "light",
        *,
        touch: bool = False,
        at: DemoStore | None = None,
        language: str = "en-GB",
        zone: str | None = None,
    ) -> Cashier:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            has_touch=touch,
            locale=language,
            timezone_id=zone,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        return Cashier(page, at or request.getfixturevalue("store"), touch, DEBUG_PORT)

    yield make
    if request.node.stash.get(HAS_FAILED, False):
        folder = tmp_path_factory.mktemp("shown")
        for number, page in enumerate(page for one in contexts for page in one.pages):
            with contextlib.suppress(Error):
                page.screenshot(path=folder / f"{number}.png")
    for context in contexts:
        try:
            context.close()
        except Error:
            continue
    assert not faults, faults


@pytest.fixture
def who(cashier: MakeCashier, fresh_store: DemoStore) -> Cashier:
    """Mia at register 1 of a fresh store, signed on, the till still shut."""
    found = cashier(at=fresh_store)
    found.open()
    found.sign_on("Mia")
    return found
