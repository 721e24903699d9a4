"""Every register the settings name has an actor, from the start and from its definition on."""

from __future__ import annotations

from pathlib import Path

import attrs

from actors.asks import Committed
from actors.errors import PostError
from tests.store.harness import OwnShop, eventually, open_shop


async def _answers(shop: OwnShop, register: str) -> bool:
    try:
        return (await shop.ask("register.state", register, query=True)).ok
    except PostError:
        return False


async def test_a_new_register_sells_at_once(tmp_path: Path) -> None:
    """A register defined while the store runs answers without a restart, and after one."""
    async with open_shop(tmp_path) as shop:
        assert not await _answers(shop, "9")
        await shop.office("settings.define_register", setup={"id": "9", "name": "Market stall"})
        await eventually(lambda: _answers(shop, "9"), "register 9")
        await shop.open_register("9")
        assert (await shop.sell(register="9"))["receipt_number"] == "9-000001"
    async with open_shop(tmp_path, ready=False) as shop:
        assert await _answers(shop, "9"), "it is there before the first question"


async def test_a_registrar_that_died_goes_on(tmp_path: Path) -> None:
    """Made anew it leaves the registers that live alone and still starts new ones."""
    async with open_shop(tmp_path) as shop:
        (record,) = (r for r in shop.records("settings.register_defined/1") if "2" in str(r.data))
        broken = attrs.evolve(record, data={"nothing": 1})
        shop.node.tell_nowait("registrar", Committed(1, 1, (broken,), frozenset()))
        await eventually(lambda: _deaths(shop) == 1, "the registrar to die")
        await shop.office("settings.define_register", setup={"id": "9", "name": "Market stall"})
        await eventually(lambda: _answers(shop, "9"), "register 9")
        assert _deaths(shop) == 1
        await shop.sell()


def _deaths(shop: OwnShop) -> int:
    assert shop.store.supervisor is not None
    found = {entry.address: entry.deaths for entry in shop.store.supervisor.statistics()}
    return found["registrar"]


async def test_defining_a_register_again_keeps_its_actor(tmp_path: Path) -> None:
    """Other devices for a register change its set-up and nothing about who answers."""
    async with open_shop(tmp_path) as shop:
        setup = {"id": "1", "name": "Front", "printer": "printer/7"}
        await shop.office("settings.define_register", setup=setup)
        await shop.sell()
        assert (await shop.look("register.state"))["name"] == "Front"
