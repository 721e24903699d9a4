"""A demo store as its own process, and a cashier who works its register page in a real browser."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import shutil
import signal
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import cache
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from attrs import define, field
from playwright.sync_api import ElementHandle, Error, Locator, Page, expect
from websockets import Origin
from websockets.sync.client import connect

from actors.world import SystemWorld
from tests.ports import free_port
from tests.warm import fork

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = {"Ana": "1111", "Ben": "2222", "Mia": "9999"}
TYPING_MS = 55  # between keys, as a quick person types; a scanner is ten times faster
START_S = 30.0
_SOCKETS = shutil.ignore_patterns("*.ipc")
LOOK_S, NEAR_PX = 0.55, 30.0  # a second press at a place comes when its first one was looked at


def code_of(name: str) -> str:
    """A code of the demo catalog's item."""
    rows = (ROOT / "countertop/demo_data/catalog.csv").read_text().splitlines()
    for row in rows:
        cells = row.split(",")
        if cells[2] == name:
            return cells[1].split("|")[0]
    raise AssertionError(f"the demo catalog has no {name}")


def with_city_tax(percent: str) -> str:
    """The German rules in a port that taxes all goods itself."""
    german = json.loads((ROOT / "countertop" / "packs" / "de.json").read_text())
    german["jurisdictions"].append({"id": "DE-PORT", "kind": "city", "parent": "DE"})
    german["rules"].append(
        {
            "id": "PORT-dues",
            "jurisdiction": "DE-PORT",
            "tax_type": "dues",
            "entries": [{"start": "2020-01-01", "value": percent, "source": "made up"}],
        }
    )
    return json.dumps(german)


@cache
def prepared(options: tuple[str, ...]) -> Path:
    """The folder of a demo store that was set up, opened and ended, for others to begin with."""
    folder = Path(tempfile.mkdtemp(prefix="demo-store-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    demo = DemoStore(folder, options=options, is_prepared=False)
    demo.start()
    demo.stop()
    return demo.data


@define
class DemoStore:
    """`countertop demo` on a port and a folder of its own, with `options` of its command line.

    Where it `is_prepared` it begins as one that was set up before: that takes half of a start. With
    `has_nodes` it is three processes, as in a shop.
    """

    folder: Path
    port: int = field(factory=free_port)
    options: tuple[str, ...] = ()
    is_prepared: bool = True
    has_nodes: bool = False
    process: ForkServerProcess | None = None

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, **environment: str) -> None:
        """Start it and wait until it is open; what it said goes into its folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.data.exists() and self.is_prepared:
            shutil.copytree(prepared(self.options), self.data, ignore=_SOCKETS)
        told = self.folder / "told.txt"
        told.write_text("")
        words = ("demo", "--data", str(self.data), "--port", str(self.port), *self.options)
        together = () if self.has_nodes else ("--one-process",)
        self.process = fork((*words, *together), told, **environment)
        deadline = time.monotonic() + START_S
        while b"store is open" not in told.read_bytes():
            if self.process.exitcode is not None or time.monotonic() > deadline:
                said = told.read_text(errors="replace")
                raise AssertionError(f"the demo store did not open:\n{said[-3000:]}")
            time.sleep(0.02)

    @property
    def data(self) -> Path:
        """Its directory."""
        return self.folder / "data"

    def _import(self, *words: str) -> None:
        told = self.folder / "imported.txt"
        process = fork(("import", *words, "--data", str(self.data)), told)
        process.join()
        assert process.exitcode == 0, told.read_text(errors="replace")

    def import_german_taxes(self, *, city_percent: str = "") -> None:
        """Tax rules in place of its tax classes; with a city's own tax on everything besides."""
        likes: tuple[str, ...] = ("--like", "reduced=food", "--like", "zero=food")
        pack = "DE"
        if city_percent:
            pack = str(self.folder / "port.json")
            Path(pack).write_text(with_city_tax(city_percent))
            likes = (*likes, "--jurisdiction", "DE-PORT")
        self._import("taxes", pack, *likes)

    def change_price(self, name: str, price_minor: int, *, department: str = "") -> None:
        """Import an item of the demo catalog anew, at another price; in another department."""
        rows = (ROOT / "countertop/demo_data/catalog.csv").read_text().splitlines()
        row = next(row.split(",") for row in rows if row.split(",")[2] == name)
        cells = rows[0].split(",")
        row[cells.index("price_minor")] = str(price_minor)
        if department:
            row[cells.index("department")] = department
        file = self.folder / "catalog.csv"
        file.write_text(f"{rows[0]}\n{','.join(row)}\n")
        self._import("catalog", str(file))

    def add_promotions(self, text: str) -> None:
        """Promotions written in TOML, beside those of the demo."""
        own = (ROOT / "countertop" / "demo_data" / "promotions.toml").read_text()
        file = self.folder / "promotions.toml"
        file.write_text(f"{own}\n{text}")
        self._import("promotions", str(file))

    def kill(self) -> None:
        """Pull its plug."""
        assert self.process is not None
        self.process.kill()
        self.process.join()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """It does nothing meanwhile, and answers afterwards what it was asked."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    @contextlib.contextmanager
    def held_node(self, kind: str) -> Iterator[None]:
        """Its node of that kind, a process of its own, does nothing meanwhile."""
        assert self.process is not None
        told = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = [child for thread in told for child in thread.read_text().split()]
        words = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
        found = [int(child) for child, said in words.items() if f"\0{kind}\0".encode() in said]
        assert len(found) == 1, words
        os.kill(found[0], signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(found[0], signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self.process is not None
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process is None or self.process.exitcode is not None:
            return
        self._signal(signal.SIGINT)
        self.process.join(10)
        if self.process.exitcode is None:
            self.kill()

    # ------------------------------------------------------------ the simulated counter beside it

    def counter(self) -> dict[str, Any]:
        """What stands on the counter: receipts (newest first), drawer, paper, display."""
        with urllib.request.urlopen(f"{self.url}/counter/state.json") as reply:
            found: dict[str, Any] = json.load(reply)
            return found

    def do(self, what: str, **more: str | int) -> None:
        """Somebody at the counter does something, such as `paper_out`."""
        body = json.dumps({"do": what, **more}).encode()
        headers = {"content-type": "application/json", "origin": self.url}
        request = urllib.request.Request(f"{self.url}/counter/do", body, headers)
        with urllib.request.urlopen(request) as reply:
            assert reply.status == 200

    def key(self, key: str, amount_minor: int = 0) -> None:
        """A key of the card terminal, or a trouble, once it is possible there."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            terminal = self.counter()["terminal"]
            if key in (*terminal["keys"], *terminal["troubles"]):
                self.do("terminal", key=key, amount_minor=amount_minor)
                return
            time.sleep(0.05)
        raise AssertionError(f"the terminal never waited for {key}: {terminal}")

    def wait_shown(self) -> list[str]:
        """What the card terminal shows, once it is asked for money and waits for a card."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            terminal = self.counter()["terminal"]
            if terminal["keys"]:  # else it may show yet how the last payment ended
                shown: list[str] = terminal["shown"]
                return shown
            time.sleep(0.05)
        raise AssertionError("nobody asked the terminal for money in 10 s")

    def command(self, name: str, data: dict[str, Any], register: str = "1") -> dict[str, Any]:
        """What a program beside the page asks for, as whoever is signed on there."""
        with urllib.request.urlopen(f"{self.url}/session.json") as reply:
            token = json.load(reply)["token"]
        address = f"ws://127.0.0.1:{self.port}/ws"
        with connect(address, origin=Origin(self.url), max_size=None) as door:
            hello = {"type": "hello", "version": 1, "token": token, "register": register}
            door.send(json.dumps({**hello, "client": "counter"}))
            wish = {"type": "command", "id": SystemWorld().new_id(), "name": name, "data": data}
            while True:
                frame: dict[str, Any] = json.loads(door.recv(timeout=10))
                if frame["type"] == "welcome":
                    door.send(json.dumps(wish))
                elif frame["type"] in ("answer", "fault"):
                    return frame

    def picture(self, number: int) -> bytes:
        """A printed receipt as a picture (PNG)."""
        with urllib.request.urlopen(f"{self.url}/counter/receipt/{number}.png") as reply:
            found: bytes = reply.read()
            return found

    def wait_receipts(self, count: int) -> str:
        """The newest receipt's text, once `count` have come out of the printer."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            receipts = self.counter()["receipts"]
            if receipts and receipts[0]["number"] >= count:
                text: str = receipts[0]["text"]
                return text
            time.sleep(0.05)
        raise AssertionError(f"the printer has not printed {count} receipts in 10 s")


@define
class Cashier:
    """Hands at a register page. `touch` taps the screen where it can, else clicks. `debug_port` is
    where their scanner is plugged in."""

    page: Page
    store: DemoStore
    touch: bool = False
    debug_port: int = 0
    pressed: tuple[str, float, float, float] = ("", 0.0, 0.0, 0.0)
    held: ElementHandle | None = None

    def open(self, register: str = "1") -> None:
        """Load the register's page."""
        self.page.goto(f"{self.store.url}/register/?register={register}")

    @property
    def phone(self) -> bool:
        """Whether the page shows one side at a time."""
        size = self.page.viewport_size
        return size is not None and size["width"] < 760

    def press(self, target: Locator) -> None:
        """Touch it, with whatever this cashier touches things; another thing at the same place,
        or the same one that has come again, once they have seen that it is there."""
        name, x, y, at = self.pressed
        box = element = None
        # What is drawn anew just now is elsewhere than what was pressed before.
        with contextlib.suppress(Error):
            target.scroll_into_view_if_needed()
            box = target.bounding_box()
            element = target.element_handle()
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) if box else (0.0, 0.0)
        near = abs(middle[0] - x) + abs(middle[1] - y) < NEAR_PX
        soon = at + LOOK_S - time.monotonic()
        if near and soon > 0 and (name != str(target) or not self._stands()):
            self.page.wait_for_timeout(soon * 1000)
        self._press(target)
        self.pressed, self.held = (str(target), *middle, time.monotonic()), element

    def _stands(self) -> bool:
        """Whether what was pressed last is on the page still."""
        with contextlib.suppress(Error):
            return self.held is not None and bool(self.held.evaluate("one => one.isConnected"))
        return False

    def _press(self, target: Locator) -> None:
        if self.touch:
            target.tap()
        else:
            target.click()

    def button(self, name: str | re.Pattern[str], *, exact: bool = False) -> Locator:
        """The visible button of that name, the dialog's first where one is open."""
        area = self.page.locator("dialog[open]")
        scope = area if area.count() else self.page
        return scope.get_by_role("button", name=name, exact=exact).filter(visible=True).first

    def push(self, name: str | re.Pattern[str], *, exact: bool = False) -> None:
        """Press the button of that name."""
        self.press(self.button(name, exact=exact))

    def type(self, text: str) -> None:
        """Type as a person does."""
        self.page.keyboard.type(text, delay=TYPING_MS)

    def digits(self, text: str) -> None:
        """Digits into the keypad: by touch its keys, else the keyboard."""
        if not self.touch:
            self.type(text)
            self.page.wait_for_function(
                "() => new Promise(done => setTimeout(() => done(true), 80))"
            )
            return
        for digit in text:
            self.press(self.page.locator(".pad").last.get_by_role("button", name=digit, exact=True))

    def scan(self, code: str, *, ends: bool = True) -> None:
        """What a keyboard-wedge scanner sends; one that is set so ends with no Enter."""
        Wedge(self.debug_port, self.page).scan_all([code], 1, ends=ends)

    # -------------------------------------------------------------------------------- the work

    def sign_on(self, name: str) -> None:
        """Choose the face, give the PIN."""
        self.press(self.page.locator(".face", has_text=name))
        self.digits(PEOPLE[name])
        self.push("Sign on")
        expect(self.page.locator(".sale")).to_be_visible()

    def items(self) -> None:
        """The side of the items, on a phone."""
        if self.phone:
            self.press(self.page.locator(".tab[role=tab]").first)

    def order(self) -> None:
        """The side of the order, on a phone."""
        if self.phone:
            self.press(self.page.locator(".tab[role=tab]").last)

    def menu(self, entry: str) -> None:
        """An entry of the menu."""
        expect(self.page.locator("dialog[open]")).to_have_count(0)
        self.order()
        self.push("More", exact=True)
        self.push(entry, exact=True)
        expect(self.page.locator(".menu")).to_have_count(0)

    def open_till(self, tens: int = 5) -> None:
        """Open the till with some ten-euro notes."""
        self.menu("Till")
        for _ in range(tens):
            self.push("One €10.00 more")
        self.push(re.compile("Open with"))
        expect(self.page.get_by_text(re.compile("The till is open with")).first).to_be_visible()

    def tap(self, name: str) -> None:
        """A tile of the grid."""
        self.items()
        self.press(self.page.locator(".tile", has_text=name).first)

    @property
    def lines(self) -> Locator:
        """The order's lines."""
        return self.page.locator(".order li[data-line]")

    def pay(self) -> None:
        """Go to payment."""
        area = ".bottom .pay" if self.phone else ".order .pay"
        self.press(self.page.locator(area))
        expect(self.page.locator("section.pay")).to_be_visible()

    def tender(self, amount: str) -> None:
        """A quick amount, such as `€20.00`."""
        self.press(self.page.locator(".quick .btn", has_text=amount).first)

    def next_order(self) -> None:
        """Done with this customer."""
        self.push("New order")
        expect(self.page.locator(".tiles")).to_be_visible()

    def bring_back(self, name: str) -> None:
        """One piece of the latest sale is taken back, and its money is to be given back."""
        self.menu("Return goods")
        self.page.locator(".receipts .entry").first.click()
        self.push(f"{name}: one more")
        self.push("Faulty")
        self.push("Take back 1 line")
        expect(self.lines).to_have_count(1)
        self.pay()

    def allow(self, name: str) -> None:
        """A second person's PIN in the dialog that asks for it."""
        dialog = self.page.locator("dialog[open]")
        self.press(dialog.locator("li button", has_text=name))
        self.digits(PEOPLE[name])
        self.push("Allow once")
        expect(dialog).to_have_count(0)


@define
class Wedge:
    """A scanner that types into the page through the browser's own input, never waiting for it.

    Keys are stamped when they are pressed, as those of a real keyboard are, whenever the browser
    comes to them, and each code is sent at its own moment whether or not the page keeps up.
    """

    port: int
    page: Page

    def scan_all(
        self, codes: list[str], per_second: int, *, ends: bool = True, late_s: float = 0.0
    ) -> float:
        """Send every code, with its Enter where it `ends`; how many a second it came to. All keys
        but the first reach a busy machine's page `late_s` after it."""
        session = self.page.context.new_cdp_session(self.page)
        page_id = session.send("Target.getTargetInfo")["targetInfo"]["targetId"]
        session.detach()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/json/list") as reply:
            targets = json.load(reply)
        target = next(entry for entry in targets if entry["id"] == page_id)
        began = time.monotonic()
        with connect(target["webSocketDebuggerUrl"], max_size=None) as browser:
            number = 0
            for at, code in enumerate(codes):
                time.sleep(max(0.0, began + at / per_second - time.monotonic()))
                keys, pressed_s = [*code, *(["Enter"] if ends else [])], time.time()
                events = []
                for key in keys:
                    for kind in ("keyDown", "keyUp"):
                        number += 1
                        pressed_s += 0.001
                        events.append(json.dumps(_key_event(number, kind, key, pressed_s)))
                # Each lot at once: whoever sends it must not be taken for a slow hand.
                for lot in (events[:2], events[2:]) if late_s else (events,):
                    with browser.protocol_mutex:
                        for event in lot:
                            browser.protocol.send_text(event.encode())
                        browser.socket.sendall(b"".join(browser.protocol.data_to_send()))
                    time.sleep(late_s)
            took_s = time.monotonic() - began
            answered = 0
            while answered < number:
                answered += "id" in json.loads(browser.recv(timeout=10))
        return len(codes) / took_s


def _key_event(number: int, kind: str, key: str, at_s: float) -> dict[str, Any]:
    """One key event, pressed at that moment, as Chromium's protocol has it. Source: CDP,
    Input.dispatchKeyEvent."""
    enter = key == "Enter"
    code = 13 if enter else ord(key.upper())
    parameters = {"type": kind, "key": key, "windowsVirtualKeyCode": code, "timestamp": at_s}
    if kind == "keyDown":
        parameters["text"] = "\r" if enter else key
    return {"id": number, "method": "Input.dispatchKeyEvent", "params": parameters}


MakeCashier = Callable[..., Cashier]
"""Makes cashiers, each with a page of its own; see the fixture `cashier`."""
