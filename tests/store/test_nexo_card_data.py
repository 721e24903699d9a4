"""A store takes cards from a nexo terminal that tells too much, and keeps none of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.wire import canonical
from tests.canaries import Canaries, card_like
from tests.nexo_canaries import leaking_nexo
from tests.store.harness import eventually
from tests.store.memory import in_memory
from tests.store.test_terminal_days import CardShop, nexo_shop

CANARIES = Canaries.seeded(20261127)
PATIENCE_S = 60.0


async def _pay(cards: CardShop, card: str, /, **changes: Any) -> dict[str, Any]:
    """A card payment of what is due, by a terminal that tells too much; once it has its end."""
    cards.terminal.plans.append(leaking_nexo(card, **changes))  # type: ignore[arg-type]
    asked = await cards.shop.do("payment.request")

    async def ended() -> Any:
        payment = (await cards.shop.look("register.state"))["payment"]
        is_it = payment is not None and payment["payment_id"] == asked["payment_id"]
        return payment if is_it and payment["standing"] not in ("requested", "unknown") else None

    payment: dict[str, Any] = await eventually(ended, "the payment's end", PATIENCE_S)
    return payment


async def _a_day(cards: CardShop) -> list[Any]:
    """Sales with every card: declined, lost and asked for again, taken."""
    seen: list[Any] = []
    shop = cards.shop
    for number, card in enumerate(CANARIES.cards):
        await shop.do("order.add_line", code="bread")
        if number % 4 == 0:
            seen.append(await _pay(cards, card, decline="Refusal", reason=f"CARD {card}"))
            seen.append(await _pay(cards, card))
        elif number % 4 == 1:
            seen.append(await _pay(cards, card, lose="reply"))
        else:
            seen.append(await _pay(cards, card, card="tap"))
        seen.append(await shop.do("order.complete"))
    for name in ("register.state", "display.state", "store.status"):
        seen.append(await shop.look(name, admin=name.startswith("store")))
    return seen


@pytest.mark.feature(
    "PAY-08", part="a nexo terminal: a store's files, log and messages, and the device's RAM"
)
async def test_no_card_number_of_a_nexo_terminal_stays(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """After payments with sixteen cards, told in every field and every way of writing, no file, no
    line of the log, no answer and no memory of the process that opens the seals has a number."""
    async with nexo_shop(folder, one_process=False) as cards:
        seen = await _a_day(cards)
        standings = [one["standing"] for one in seen if "standing" in one]
        assert standings.count("approved") == 16
        assert standings.count("declined") == 4
        (child,) = (one for one in cards.shop.store.children if one.name == "devices")
        assert child.process is not None
        assert child.starts == 1
        assert in_memory(CANARIES, child.process.pid) == []
        records = [canonical([one.name, one.data]) for one in cards.shop.records()]
    log = "".join(capfd.readouterr())
    said = canonical(seen) + b"\n".join(records) + log.encode()
    masked = {f"{card[:6]}******{card[-4:]}" for card in CANARIES.cards}
    kept = [one for one in masked if one.encode() in said]
    assert len(kept) == 12, "what was lost is told again as the terminal remembers it"
    assert CANARIES.search(said) == []
    assert card_like(said) == []
    assert CANARIES.search_folder(folder) == []
