"""The wire to a nexo terminal, cut at every byte, outside and inside of TLS."""

from __future__ import annotations

import os
import sys
from collections import Counter

import pytest
import trio
import trio.testing

from engine.terminal import Verdict
from hardware.terminal.nexo.outlet import Limits
from hardware.terminal.nexo.play import Plan
from hardware.terminal.nexo.profile import Carrier
from tests.hardware.nexo_rig import NexoShop, open_nexo, simulated
from tests.hardware.terminal_rig import sale

# All of it takes minutes; the ordinary run takes a sample.
EVERY = os.environ.get("HYPOTHESIS_PROFILE") == "night"
SAMPLE = 61


def _layer(shop: NexoShop, name: str) -> Limits:
    return shop.fake.raw if name == "wire" else shop.fake.plain


async def _bytes(layer: str, carrier: Carrier) -> tuple[int, int]:
    """How many bytes a payment takes, told and asked."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world, carrier=carrier) as shop:
        limits = _layer(shop, layer)
        sent, heard = limits.sent_bytes, limits.heard_bytes
        await shop.device.request(sale(1250))
        return limits.sent_bytes - sent, limits.heard_bytes - heard
    raise AssertionError


async def _cut(shop: NexoShop, layer: str, place: str, after: int, plan: Plan) -> str:
    """One payment whose connection breaks after so many bytes; then the truth is asked for."""
    ledger, limits = shop.fake.ledger, _layer(shop, layer)
    before_minor, before = ledger.booked_minor, ledger.charges
    shop.fake.plans.clear()
    shop.fake.plans.append(plan)
    setattr(limits, place, after)
    answer = await shop.device.request(sale(1250))
    limits.mend()
    first = answer.verdict
    await shop.idle()
    if answer.verdict is Verdict.UNKNOWN:
        answer = await shop.device.inquire(answer)
    moved_minor, where = ledger.booked_minor - before_minor, (layer, place, after, answer)
    assert moved_minor == answer.amount_minor, where
    assert ledger.charges - before == (1 if moved_minor else 0), where
    if answer.verdict is Verdict.UNKNOWN:
        assert answer.code == "not_found", where
    return f"{first.value} {answer.code}"


@pytest.mark.feature("NEW-07", part="the wire to a nexo terminal, at every byte, without intents")
@pytest.mark.feature("PAY-09", part="a nexo terminal's side: asking after a cut at every byte")
@pytest.mark.parametrize("layer", ["wire", "within"])
@pytest.mark.parametrize("carrier", list(Carrier), ids=lambda one: one.value)
async def test_nexo_cut_at_every_byte(
    layer: str,
    carrier: Carrier,
    autojump_clock: trio.testing.MockClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Wherever the connection is cut, at every byte at night, what is known after asking is what
    the terminal booked; there is one charge or none, and never a second."""
    seen: Counter[str] = Counter()
    sent, heard = await _bytes(layer, carrier)
    outlet, world = simulated()
    async with open_nexo(outlet, world=world, carrier=carrier) as shop:
        assert Verdict.APPROVED is (await shop.device.request(sale(500))).verdict
        for place, count in (("cut_after", sent), ("deaf_after", heard)):
            for after in range(1, count + 1, 1 if EVERY else SAMPLE):
                seen[await _cut(shop, layer, place, after, Plan())] += 1
        declined = Plan(decline="Refusal")
        for after in range(1, sent + 1, 7 if EVERY else 7 * SAMPLE):
            seen[await _cut(shop, layer, "cut_after", after, declined)] += 1
        payments = shop.fake.heard.count("Payment")
    kinds = {one.split()[0] for one in seen}
    assert {"unknown", "aborted"} <= kinds if layer == "wire" else {"unknown"} <= kinds
    assert {"unknown ok", "unknown not_found", "unknown declined"} <= set(seen)
    assert payments <= sum(seen.values()) + 1
    with capsys.disabled():
        told = ", ".join(f"{count} {one}" for one, count in sorted(seen.items()))
        what = f"cuts of a nexo payment by {carrier.value}, {layer}"
        sys.stdout.write(f"\n{what}: {sum(seen.values())} ({told})\n")
