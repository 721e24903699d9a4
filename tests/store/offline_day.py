"""`python -m tests.store.offline_day FOLDER`: a shop's work with no network but its own loopback.

Meant to be started in a network namespace of its own. Prints what happened as JSON.
"""

from __future__ import annotations

import fcntl
import json
import logging
import socket
import struct
import sys
from pathlib import Path
from typing import Any

import structlog
import trio

from hardware.terminal.zvt.person import Plan
from tests.store.harness import (
    CounterTop,
    OwnShop,
    eventually,
    open_counter,
    open_shop,
    own_config,
)

_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1


def raise_loopback() -> None:
    """Bring up `lo`, which is down in a new network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        fcntl.ioctl(door, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def way_out() -> str:
    """Why nothing outside can be reached; an empty text if something can."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        try:
            door.connect(("192.0.2.1", 53))
        except OSError as error:
            return str(error)
    return ""


async def _switch(shop: OwnShop) -> float:
    """Hand register 1 from one person to the other and back; the longer of the two, in seconds."""
    longest = 0.0
    for operator, pin in (("ana", "1111"), ("max", "1234")):
        began = trio.current_time()
        await shop.do("staff.sign_on", operator=operator, pin=pin)
        longest = max(longest, trio.current_time() - began)
    return longest


async def _day(shop: OwnShop, counter: CounterTop, heard: dict[str, Any]) -> None:
    async def is_ready() -> bool:
        devices = (await shop.look("register.state"))["devices"]
        return len(devices) == 5 and {device["state"] for device in devices} == {"ready"}

    await eventually(is_ready, "five devices that are ready")
    heard["switch_s"] = await _switch(shop)
    wrong = [await shop.refused("staff.sign_on", "2", operator="ana", pin="9999") for _ in range(6)]
    heard["wrong_pins"] = wrong
    kicks = counter.kicks()
    await counter.scanner.scan("4000417025005")

    async def is_scanned() -> bool:
        order = (await shop.look("register.state"))["order"]
        return order is not None and len(order["lines"]) == 1

    await eventually(is_scanned, "the scanned line")
    await shop.do("order.add_line", code="bread")
    await counter.display.wait_shows(*heard["lines"])
    await shop.do("order.tender_cash", amount_minor=1000)
    heard["sale"] = await shop.do("order.complete")
    heard["receipt"] = (await counter.wait_receipts(1))[0]
    await counter.wait_kicks(kicks + 1)
    await shop.open_register("2")
    await shop.do("order.add_line", code="wine")
    await shop.do("order.suspend", label="Green coat")
    (parked,) = await shop.look("orders.suspended", "2")
    heard["parked"] = parked["label"]
    await shop.do("order.resume", "2", order_id=parked["order_id"])
    await shop.do("order.tender_cash", "2", amount_minor=799)
    heard["other"] = await shop.do("order.complete", "2")
    await _card(shop, counter, heard)


async def _card(shop: OwnShop, counter: CounterTop, heard: dict[str, Any]) -> None:
    """A card at the terminal of register 1, to its receipt."""
    counter.terminal.plans.append(Plan(card="insert"))
    await shop.do("order.add_line", code="wine")
    await shop.do("payment.request")

    async def is_over() -> bool:
        payment = (await shop.look("register.state"))["payment"]
        return payment is not None and payment["standing"] not in ("requested", "unknown")

    await eventually(is_over, "a payment that is over")
    heard["payment"] = (await shop.look("register.state"))["payment"]
    heard["card_sale"] = await shop.do("order.complete")
    heard["booked_minor"] = counter.terminal.ledger.booked_minor


async def _main(folder: Path) -> None:
    heard: dict[str, Any] = {
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "way_out": way_out(),
        "lines": ["Bread           3.50", "Total           4.10"],
    }
    config = own_config(folder, one_process=False)
    async with (
        open_counter(folder) as counter,
        open_shop(folder, counter=counter, config=config) as shop,
    ):
        with trio.fail_after(30):
            await _day(shop, counter, heard)
    sys.stdout.write(json.dumps(heard))


def main() -> None:
    """Sell, and tell."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    raise_loopback()
    trio.run(_main, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
