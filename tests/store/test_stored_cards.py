"""Cards taken while the bank is away, through the whole store, at terminals of both protocols.

A terminal approves alone and stores; the store holds it to its ceilings. Once the host is back it
pays or refuses what was stored, and the store finds out by itself, journals each result once, and
puts what was refused before a person.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import pytest
from attrs import define

from engine.limits import NS_PER_S
from engine.payment.events import OfflineUploaded, PaymentHeard, UploadSource
from engine.settlement.model import Acquirer, RowKind, SettlementRow
from engine.settlement.presented import day_of
from engine.upcast import event_of
from engine.wire import unstructure
from hardware.terminal.nexo import play
from hardware.terminal.nexo.fake import NexoFake
from hardware.terminal.zvt.fake import TerminalFake
from hardware.terminal.zvt.person import Plan
from tests.store.harness import eventually, open_counter, open_shop, own_config
from tests.store.test_terminal_days import KINDS, CardShop, nexo_shop, zvt_shop

POLICY: dict[str, Any] = {
    "payment_minor": 1000,
    "operator_minor": 9000,
    "register_minor": 9000,
    "total_minor": 9000,
    "age_s": 3600,
    "tip_minor_max": 100,
}


def plan(cards: CardShop, *, refused: bool = False, tip_minor: int = 0) -> Any:
    """Somebody taps; the bank pays later, or refuses."""
    if isinstance(cards.terminal, TerminalFake):
        return Plan(card="tap", host_result=0x05 if refused else 0, tip_minor=tip_minor)
    why = "05 Do not honour" if refused else ""
    return play.Plan(card="tap", host_refusal=why, tip_minor=tip_minor)


@define
class Offline:
    """A shop whose terminal has lost its bank, and takes up to 50.00 alone."""

    cards: CardShop

    @property
    def books(self) -> Any:
        """What is not settled."""
        return self.cards.shop.store.books.payments

    async def allow(self, **changes: Any) -> None:
        """The shop's rules."""
        await self.cards.shop.office("payment.set_offline_policy", policy=POLICY | changes)

    async def cut_off(self) -> None:
        """The shop's rules, and no bank."""
        await self.allow()
        self.cards.terminal.offline_max_minor = 5000
        self.cards.terminal.is_offline = True

    async def pay(self, code: str, **changes: Any) -> dict[str, Any]:
        """Ring up and ask for a card; how the payment stands once it is over."""
        shop = self.cards.shop
        await shop.do("order.add_line", code=code)
        self.cards.terminal.plans.append(plan(self.cards, **changes))
        asked = await shop.do("payment.request")

        async def is_over() -> bool:
            return not self.books.open

        await eventually(is_over, "a payment that is over", patience_s=40)
        found: dict[str, Any] = (await shop.look("register.state"))["payment"]
        if found["payment_id"] == asked["payment_id"] and found["standing"] == "offline_approved":
            await shop.do("order.complete")
        return found

    async def told(self, count: int) -> None:
        """Until so many results are in the journal, and nothing is at risk."""

        async def is_told() -> bool:
            return len(self.results()) >= count and not self.books.offline

        await eventually(is_told, "results of what was stored", patience_s=90)

    def results(self) -> list[OfflineUploaded]:
        """What was journaled of what became of them."""
        found = []
        for record in self.cards.shop.records():
            if record.name == "payment.uploaded/1":
                event = event_of(record)
                assert isinstance(event, OfflineUploaded)
                found.append(event)
        return found


ONE_TOO_MANY: tuple[dict[str, Any], ...] = (
    {"payment_minor": 798},
    {"operator_minor": 2396},
    {"register_minor": 2396},
    {"total_minor": 2396},
    {"brands": ["visa", "girocard"]},
    {"brand_limits": [{"brand": "mastercard", "limit_minor": 2396}]},
    {"age_s": 0},
)
"""Each ceiling so low that a third bottle of wine, at 7.99, is past it, and only that one."""


@pytest.mark.feature("PAY-07")
@KINDS
async def test_taken_without_a_bank_and_known_once_it_is_back(folder: Path, open_kind: Any) -> None:
    """Two cards within the ceilings, and a third that is past one of each kind in turn is not
    charged; then the bank is back, pays one and refuses one: each is journaled once, by itself,
    frees what it held, and the refused one is before a person."""
    async with open_kind(folder) as cards:
        offline, shop = Offline(cards), cards.shop
        await offline.cut_off()
        first = await offline.pay("wine")
        second = await offline.pay("wine", refused=True)
        assert [one["standing"] for one in (first, second)] == ["offline_approved"] * 2
        view = await shop.look("payments.open")
        used = {one["ceiling"]: one["used_minor"] for one in view["ceilings"]}
        assert used == {"payment": 0, "operator": 1598, "register": 1598, "total": 1598}
        for past in ONE_TOO_MANY:
            await offline.allow(**past)
            third = await offline.pay("wine")
            assert third["standing"] in ("aborted", "declined"), past
            assert await _exposed(shop) == cards.terminal.ledger.booked_minor == 1598, past
            await shop.do("order.undo_tendering")
            await shop.do("order.void", reason="left")
        cards.terminal.is_offline = False
        await offline.told(2)
        results = {one.payment_id: one for one in offline.results()}
        assert len(offline.results()) == len(results) == 2
        assert results[first["payment_id"]].is_paid
        assert not results[second["payment_id"]].is_paid
        assert {one.source for one in results.values()} == {UploadSource.TERMINAL}
        view = await shop.look("payments.open")
        assert view["offline_minor"] == view["offline_count"] == 0
        (late,) = view["exceptions"]
        assert (late["problem"], late["amount_minor"]) == ("upload_declined", 799)
        assert (late["payment_id"], late["order_id"]) == (second["payment_id"], second["order_id"])
        assert late["brand"] in ("mastercard", "mc")
        assert late["operator"] == "max"
        assert cards.terminal.ledger.booked_minor == 799
        # Nothing of it is asked for again, and nothing is told twice.
        await cards.pay("wine")
        assert cards.terminal.ledger.booked_minor == 2 * 799
        day = await cards.end_day()
        # What it took back at once is counted by a nexo terminal and unknown here.
        assert (day["verdict"], day["differences"]) == ("approved", [])
        assert sum(one["amount_minor"] for one in day["ours"]) == 2 * 799
        assert sum(one["amount_minor"] for one in day["told"]) == 2 * 799
        assert len(offline.results()) == 2


@pytest.mark.feature("PAY-07")
@KINDS
async def test_a_day_that_ends_as_the_bank_comes_back(folder: Path, open_kind: Any) -> None:
    """A terminal's day is ended before anybody asked what became of two cards that were taken
    without the bank: it is asked first, each result is kept, and the totals agree."""
    async with open_kind(folder) as cards:
        offline, shop = Offline(cards), cards.shop
        await offline.cut_off()
        paid = await offline.pay("wine")
        refused = await offline.pay("bread", refused=True)
        assert not offline.results()
        cards.terminal.is_offline = False
        day = await cards.end_day()
        assert (day["verdict"], day["differences"]) == ("approved", [])
        assert sum(one["amount_minor"] for one in day["told"]) == paid["amount_minor"] == 799
        results = {one.payment_id: one.is_paid for one in offline.results()}
        assert results == {paid["payment_id"]: True, refused["payment_id"]: False}
        assert await _exposed(shop) == 0


OPEN_ENDED: tuple[dict[str, Any], ...] = (
    {"brands": ["mastercard"]},
    {"brand_limits": [{"brand": "amex", "limit_minor": 0}]},
    {"tip_minor_max": 0},
    {"payment_minor": 898},
)
"""What a bottle of wine by a card of Mastercard fits in, and what may become of it does not."""


@pytest.mark.feature("NEW-15", part="a terminal that can be told is told to ask its bank")
async def test_a_terminal_that_can_be_told_stores_nothing_that_is_not_certain(folder: Path) -> None:
    """Which card it is and what is added there nobody knows before: where one of them could pass a
    ceiling a nexo terminal asks its bank, and moves no money that would have to come back. Where
    none could, it takes the card alone."""
    async with nexo_shop(folder) as cards:
        offline, shop, terminal = Offline(cards), cards.shop, cards.terminal
        assert isinstance(terminal, NexoFake)
        setup = attrs.asdict(shop.store.books.settings.registers["1"]) | {"tips": True}
        await shop.office("settings.define_register", setup=setup)
        await offline.cut_off()
        for changes in OPEN_ENDED:
            await offline.allow(**changes)
            assert (await offline.pay("wine"))["standing"] == "aborted", changes
            assert await _exposed(shop) == 0, changes
            assert terminal.ledger.charges == 0, changes
            await shop.do("order.undo_tendering")
            await shop.do("order.void", reason="left")
        await offline.allow()
        assert (await offline.pay("wine", tip_minor=100))["standing"] == "offline_approved"
        assert await _exposed(shop) == 899


async def _exposed(shop: Any) -> int:
    view = await shop.look("payments.open")
    return int(view["offline_minor"])


async def test_a_store_that_began_anew_asks_on(folder: Path) -> None:
    """What was stored before a restart is at risk after it, asked about, and told; a line that is
    down meanwhile costs time and nothing else."""
    config = own_config(folder)
    async with open_counter(folder) as counter:
        terminal = counter.terminal
        async with open_shop(folder, counter=counter, config=config) as shop:
            cards = CardShop(shop, terminal, lambda: Plan(card="tap"))
            await cards.ready()
            offline = Offline(cards)
            await offline.cut_off()
            assert (await offline.pay("wine", refused=True))["standing"] == "offline_approved"
        await terminal.cut()
        terminal.is_offline = False
        async with open_shop(folder, counter=counter, config=config) as shop:
            offline = Offline(CardShop(shop, terminal, lambda: Plan(card="tap")))
            assert await _exposed(shop) == 799
            await terminal.plug()
            await offline.told(1)
            (result,) = offline.results()
            assert (result.is_paid, result.code) == (False, "declined_05")
            assert await _exposed(shop) == 0


async def test_a_file_that_was_quicker_than_the_store_is_heard(folder: Path) -> None:
    """Files have what became of two cards before the store knows of them; as soon as it does, both
    count as told, one paid and one refused, with the terminal still cut off from its bank."""
    async with zvt_shop(folder) as cards:
        offline, shop = Offline(cards), cards.shop
        await cards.pay("wine")
        (first,) = [event_of(one) for one in shop.records() if one.name == "payment.heard/1"]
        assert isinstance(first, PaymentHeard)
        name = first.answer.identity
        assert name.trace is not None
        day = day_of(name.date, shop.world.now_ns() // NS_PER_S)
        await shop.office("settlement.set_terms", acquirers=unstructure((Acquirer("b", "Bank"),)))
        for kind, trace in ((RowKind.PAYMENT, name.trace + 1), (RowKind.DECLINED, name.trace + 2)):
            row = SettlementRow(kind, 799, date=day, terminal_id=name.terminal_id, trace=trace)
            file = sha256(kind.value.encode()).hexdigest()
            rows = unstructure((row,))
            await shop.office("settlement.stage", file=file, part=0, acquirer="b", rows=rows)
            await shop.office("settlement.import", file=file, name="early", parts=1, rows=1)
        await offline.cut_off()
        asked = [(await offline.pay("wine"))["payment_id"] for _ in range(2)]
        await offline.told(2)
        assert cards.terminal.is_offline
        results = {one.payment_id: one for one in offline.results()}
        assert results == {
            asked[0]: OfflineUploaded(asked[0], True, UploadSource.FILE),
            asked[1]: OfflineUploaded(asked[1], False, UploadSource.FILE, "declined_in_file"),
        }
        (late,) = (await shop.look("payments.open"))["exceptions"]
        assert (late["problem"], late["payment_id"]) == ("upload_declined", asked[1])
