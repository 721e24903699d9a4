"""A device whose settings cannot be, beside others that are well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from hardware.settings import DeviceSettings
from tests.store.harness import OwnShop, eventually, open_counter, open_shop, own_config

PLACE = "tcp://127.0.0.1:1"
NEXO: dict[str, Any] = {
    "protocol": "nexo", "serial": "V400m-324688179", "key_identifier": "shop", "key_version": 1,
    "passphrase": "p@ssw0rd", "authority_file": "nobody-has-this.pem",
}  # fmt: skip
WRONG = {
    "a certificate that is not there": NEXO,
    "a passphrase that is not ASCII": {**NEXO, "passphrase": "pässwörd"},
    "a protocol nobody speaks": {"protocol": "opi"},
}


async def _state_of(shop: OwnShop, address: str) -> dict[str, Any]:
    devices = (await shop.look("register.state"))["devices"]
    found: list[dict[str, Any]] = [one for one in devices if one["address"] == address]
    return found[0] if found else {"code": ""}


async def _ended(shop: OwnShop, payment_id: str) -> dict[str, Any] | None:
    payment = (await shop.look("register.state"))["payment"]
    is_over = payment["payment_id"] == payment_id and payment["standing"] != "requested"
    return payment if is_over else None


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("one_process", [True, False], ids=["one process", "three processes"])
async def test_one_wrong_device_takes_no_other_with_it(
    folder: Path, wrong: str, *, one_process: bool
) -> None:
    """The terminal's entry cannot be: the register says so, a card payment there comes to nothing
    at once, and the receipts of every other sale print."""
    async with open_counter(folder) as counter:
        others = [one for one in counter.devices() if one.kind != "terminal"]
        terminal = DeviceSettings("terminal/1", "terminal", PLACE, **WRONG[wrong])
        config = own_config(folder, one_process=one_process, devices=(*others, terminal))
        async with open_shop(folder, config=config, with_children=True, ready=False) as shop:
            places = {kind: f"{kind}/1" for kind in ("printer", "drawer", "display", "scanner")}
            setup = {"id": "1", "name": "Front", "terminal": "terminal/1", **places}
            await shop.office("settings.define_register", setup=setup)
            await shop.open_register()

            async def is_said() -> bool:
                return (await _state_of(shop, "terminal/1"))["code"] == "not_set_up"

            await eventually(is_said, "what is wrong with the terminal", 60.0)
            told = await _state_of(shop, "terminal/1")
            assert told["state"] == "failed"
            assert "terminal/1 was not started" in told["detail"]
            assert NEXO["passphrase"] not in told["detail"]
            tried = await shop.look("terminals.test", terminal="terminal/1")
            assert (tried["code"], tried["detail"]) == ("not_set_up", told["detail"])
            await shop.do("order.add_line", code="bread")
            asked = await shop.do("payment.request")
            payment = await eventually(
                lambda: _ended(shop, asked["payment_id"]), "the payment's end", 60.0
            )
            assert (payment["standing"], payment["code"]) == ("aborted", "not_sent")
            await shop.do("order.tender_cash", amount_minor=5000)
            await shop.do("order.complete")
            assert len(await counter.wait_receipts(1)) == 1
            if not one_process:
                (child,) = (one for one in shop.store.children if one.name == "devices")
                assert child.starts == 1


async def test_what_a_wrong_printer_was_to_print_waits_and_says_why(folder: Path) -> None:
    """It is on the list of what waits, with the reason, and the sale went through."""
    async with open_counter(folder) as counter:
        printer, *others = counter.devices()
        config = own_config(folder, devices=(attrs.evolve(printer, protocol="star"), *others))
        async with open_shop(folder, config=config, with_children=True, ready=False) as shop:
            places = {kind: f"{kind}/1" for kind in ("printer", "drawer", "display", "scanner")}
            setup = {"id": "1", "name": "Front", "terminal": "", **places}
            await shop.office("settings.define_register", setup=setup)
            await shop.open_register()
            await shop.sell("milk")

            async def is_said() -> bool:
                waiting = [one for one in await shop.queue() if one["kind"] == "printer.print/1"]
                return [one["reason"] for one in waiting] == ["not_set_up"]

            await eventually(is_said, "why the receipt waits", 60.0)
