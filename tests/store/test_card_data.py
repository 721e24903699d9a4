"""A store takes cards from a terminal that tells too much, and keeps none of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from engine.wire import canonical
from hardware.terminal.zvt.person import Plan
from tests.canaries import Canaries, card_like, encodings, half_bytes, leaking_plan
from tests.store.harness import CounterTop, OwnShop, eventually, open_counter, open_shop, own_config
from tests.store.memory import in_memory

CANARIES = Canaries.seeded(20261126, 8)
CODES = ("4000417025005", "4006381333931", "5449000000996")
PATIENCE_S = 60.0  # of a busy machine: the devices node is a process that must start


async def _with_terminal(shop: OwnShop) -> None:
    """Give register 1 its terminal, and wait until the store has heard from it."""
    places = {kind: f"{kind}/1" for kind in ("printer", "drawer", "display", "scanner", "terminal")}
    setup = {"id": "1", "name": "Register 1", "tips": True, **places}
    await shop.office("settings.define_register", setup=setup)

    async def is_ready() -> bool:
        devices = (await shop.look("register.state"))["devices"]
        return any((one["address"], one["code"]) == ("terminal/1", "ok") for one in devices)

    await eventually(is_ready, "the terminal to be ready", PATIENCE_S)


async def _pay(shop: OwnShop, counter: CounterTop, plan: Plan) -> dict[str, Any]:
    """Ask for a card payment of what is due; the payment once it has its end."""
    counter.terminal.plans.append(plan)
    asked = await shop.do("payment.request")

    async def ended() -> Any:
        payment = (await shop.look("register.state"))["payment"]
        is_it = payment is not None and payment["payment_id"] == asked["payment_id"]
        return payment if is_it and payment["standing"] not in ("requested", "unknown") else None

    payment: dict[str, Any] = await eventually(ended, "the payment's end", PATIENCE_S)
    return payment


async def _sell(
    shop: OwnShop, counter: CounterTop, number: str, /, **changes: Any
) -> dict[str, Any]:
    await shop.do("order.add_line", code="bread")
    return await _pay(shop, counter, leaking_plan(number, **changes))


async def _a_day(shop: OwnShop, counter: CounterTop) -> list[Any]:
    """Sales that are declined, lost, paid in part, with a tip and whole; and a return."""
    seen: list[Any] = []
    cards = iter(CANARIES.cards)
    seen.append(await _sell(shop, counter, next(cards), decline=0x05))
    seen.append(await _pay(shop, counter, leaking_plan(next(cards), decline=0x6C)))
    seen.append(await _pay(shop, counter, leaking_plan(next(cards), partial_minor=100)))
    seen.append(await _pay(shop, counter, leaking_plan(next(cards), breaks=True)))
    seen.append(await shop.do("order.complete"))
    seen.append(await _sell(shop, counter, next(cards), tip_minor=50, by_line=True))
    seen.append(await shop.do("order.complete"))
    seen.append(await _sell(shop, counter, next(cards), card="tap"))
    seen.append(await shop.do("order.complete"))
    for name in ("register.state", "display.state", "store.status"):
        seen.append(await shop.look(name, admin=name.startswith("store")))
    return seen


@pytest.mark.feature(
    "PAY-08", part="a store's files, paper, log and messages, and the device's RAM"
)
async def test_no_card_number_stays_in_a_store(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """After a day of payments, no file of the store, no paper, no line of the log, no answer and no
    memory of the process that reads the terminal has a card number in it, in any writing."""
    config = own_config(folder, one_process=False)
    async with (
        open_counter(folder) as counter,
        open_shop(folder, counter=counter, config=config) as shop,
    ):
        counter.terminal.operator = False
        await _with_terminal(shop)
        seen = await _a_day(shop, counter)
        assert [one["standing"] for one in seen[:4]] == [
            *("declined", "aborted", "partially_approved", "approved")
        ]
        papers = await counter.wait_receipts(3)
        (child,) = (one for one in shop.store.children if one.name == "devices")
        assert child.process is not None
        assert child.starts == 1
        assert in_memory(CANARIES, child.process.pid) == []
        records = [canonical([one.name, one.data]) for one in shop.records()]
    log = "".join(capfd.readouterr())
    said = canonical(seen) + b"\n".join(records) + log.encode() + "\n".join(papers).encode()
    masked = {f"{card[:6]}{'*' * (len(card) - 10)}{card[-4:]}" for card in CANARIES.cards}
    assert len([card for card in masked if card.encode() in said]) >= 5, "payments were kept"
    assert CANARIES.search(said) == []
    assert card_like(said, CODES) == []
    assert CANARIES.search_folder(folder) == []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        assert card_like(path.read_bytes(), CODES) == [], path


async def test_the_search_of_a_memory_finds_what_is_there() -> None:
    """A process that does hold a card number is found out, as letters and as half bytes."""
    card = CANARIES.cards[1]
    program = (
        "import sys, time\n"
        "held = sys.stdin.read().split()\n"
        "packed = bytes.fromhex(held[1])\n"
        "sys.stdout.write('ready')\n"
        "sys.stdout.flush()\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{card} {half_bytes(card).hex()}".encode())
        process.stdin.close()
        assert await trio.to_thread.run_sync(process.stdout.read, 5) == b"ready"
        found = {leak.encoding for leak in in_memory(CANARIES, process.pid)}
        process.kill()
    assert {"ascii", "bcd"} <= found
    assert {name for name, _ in encodings(card)} >= found
