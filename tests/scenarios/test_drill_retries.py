"""A register that is never sure: every command sent again and again, at once, later and late."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest

from actors.asks import Reply, Submit
from actors.world import World
from engine.wire import canonical
from tests.store.harness import OwnShop, assert_verified, open_shop

SALES = 6
_HEAD = re.compile("Journal [0-9]+·[0-9a-f]{8}")


def _day(world: World, operator_on: str = "1") -> list[Submit]:
    """What a register sends on a small day, each command with its id."""
    script: list[tuple[str, dict[str, Any]]] = []
    for number in range(SALES):
        script += [
            ("order.add_line", {"code": code}) for code in ("bread", "milk")[: 1 + number % 2]
        ]
        if number == 2:
            script += [("order.add_line", {"code": "no-such-code"})]
        if number == 3:
            script += [("till.pay_in", {"amount_minor": 500, "reason": "coins"})]
        script += [("order.tender_cash", {"amount_minor": 1_000}), ("order.complete", {})]
    script += [
        ("till.count", {"denominations": [{"value_minor": 100, "count": 100}]}),
        ("till.close", {}),
        ("register.close_day", {}),
    ]
    return [Submit(world.new_id(), operator_on, name, data) for name, data in script]


def _same(first: Reply, again: Reply) -> bool:
    return (first.ok, first.data, first.refusal) == (again.ok, again.data, again.refusal)


async def _restless(shop: OwnShop, day: list[Submit], dice: random.Random) -> dict[str, Reply]:
    """Send each command one to three times in one go, with repeats of earlier ones between.

    A refusal without facts changed nothing and is decided afresh; what was accepted stands.
    """
    heard: dict[str, Reply] = {}
    for number, submit in enumerate(day):
        batch = [submit] * dice.randint(1, 3)
        batch += dice.sample(day[:number], min(number, dice.randrange(3)))
        dice.shuffle(batch)
        for sent, reply in zip(batch, await shop.together(*batch), strict=True):
            first = heard.setdefault(sent.id, reply)
            assert first.ok == reply.ok, sent
            assert not first.ok or _same(first, reply), sent
    return heard


def _facts(shop: OwnShop) -> list[tuple[str, str, str]]:
    """Every fact of the register, without the one time that is in them and the journal's head."""
    facts = []
    for record in shop.records():
        data = dict(record.data)
        data.pop("head", None)
        if record.name == "register.day_closed/1":
            data["totals"] = {**data["totals"], "since_ns": 0}
        if record.register == "1":
            told = _HEAD.sub("Journal", canonical(data).decode())
            facts.append((record.command_id, record.name, told))
    return facts


@pytest.mark.feature("OFF-08", part="any pattern of repeats of a command makes one record")
@pytest.mark.parametrize("seed", range(4))
async def test_any_pattern_of_repeats_is_one_day(tmp_path: Path, seed: int) -> None:
    """However often, when and beside what a command is repeated, before and after a restart: the
    journal holds what it holds where each was sent once, and every answer is the first one."""
    dice = random.Random(seed)
    async with open_shop(tmp_path / "restless") as shop:
        day = _day(shop.world)
        heard = await _restless(shop, day, dice)
        restless = _facts(shop)
    async with open_shop(tmp_path / "restless", ready=False) as shop:
        for submit, reply in zip(day, await shop.together(*day), strict=True):
            if reply.refusal is None:
                assert _same(heard[submit.id], reply)
        assert _facts(shop) == restless
        config = shop.store.config
    assert_verified(config)
    async with open_shop(tmp_path / "calm") as shop:
        for submit in day:
            await shop.together(submit)
        calm = _facts(shop)
    ids = {submit.id for submit in day}
    assert [fact for fact in restless if fact[0] in ids] == [f for f in calm if f[0] in ids]
    assert len([1 for _, name, _ in restless if name == "order.completed/1"]) == SALES
