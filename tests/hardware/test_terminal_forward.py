"""What a ZVT terminal took offline: sent when asked, told by its numbers, never in a sale's way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from actors.disk import SYSTEM_DISK, Disk
from actors.messages import Accepted, Failure
from actors.terminal_messages import Forward, Forwarded, KeepUpload, StoredPayment
from engine.terminal import Answer, Identity, Kind, Verdict
from hardware.terminal.limits import UNCLAIMED_MAX
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.codec import StatusInfo
from hardware.terminal.zvt.outcome import uploaded
from hardware.terminal.zvt.person import Plan
from hardware.terminal.zvt.unclaimed import Unclaimed
from tests.hardware.terminal_rig import ADDRESS, BrokenDisk, Shop, open_shop, sale, simulated

BOOKS = "books"


class Desk:
    """A shop whose terminal took cards alone, and who writes down what became of them."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.told: list[KeepUpload] = []
        self.refusals = 0
        self.taken: list[Answer] = []

    async def run(self) -> None:
        """Write down, or refuse to so many times."""
        async for envelope in self.shop.rig.node.open(BOOKS):
            body = envelope.body
            assert isinstance(body, KeepUpload)
            if self.refusals:
                self.refusals -= 1
                envelope.answer(Failure("disk_full"))
            else:
                self.told.append(body)
                envelope.answer(Accepted())

    async def take(self, *host_results: int) -> None:
        """A card for each, with what the bank will say of it."""
        self.shop.fake.offline_max_minor, self.shop.fake.is_offline = 5000, True
        for host_result in host_results:
            self.shop.fake.plans.append(Plan(card="tap", host_result=host_result))
            answer = await self.shop.device.request(sale(1000 + len(self.taken)))
            assert (answer.verdict, answer.is_offline) == (Verdict.APPROVED, True)
            self.taken.append(answer)

    async def ask(self) -> str:
        """What became of all of them? How the question ended."""
        stored = tuple(
            StoredPayment(f"p{number}", answer) for number, answer in enumerate(self.taken)
        )
        forwarded = await self.shop.rig.post.ask(ADDRESS, Forward(stored, BOOKS), timeout_s=300)
        assert isinstance(forwarded, Forwarded)
        return forwarded.code

    async def heard(self, control: int, count: int = 1) -> None:
        """Until the terminal heard a command so many times."""
        while self.shop.fake.heard.count(control) < count:  # noqa: ASYNC110
            await trio.sleep(0.01)

    def results(self) -> list[tuple[str, Verdict, str]]:
        """What was written down, in order."""
        return [(one.payment_id, one.answer.verdict, one.answer.code) for one in self.told]


@asynccontextmanager
async def desk(folder: Path | None = None, disk: Disk = SYSTEM_DISK) -> AsyncIterator[Desk]:
    """Open one at a simulated cable, whose device has its files in `folder`."""
    end, world = simulated()
    world.disk = disk
    async with trio.open_nursery() as nursery, open_shop(end, world=world, folder=folder) as shop:
        found = Desk(shop)
        nursery.start_soon(found.run)
        yield found
        nursery.cancel_scope.cancel()


async def test_each_is_told_once_the_host_is_back(autojump_clock: trio.testing.MockClock) -> None:
    """Away, nothing is told and nothing concluded; back, one is paid and one refused, once."""
    async with desk() as one:
        await one.take(0, 0x05)
        assert await one.ask() == "no_connection"
        assert one.results() == []
        one.shop.fake.is_offline = False
        assert await one.ask() == "ok"
        assert one.results() == [
            ("p0", Verdict.APPROVED, "ok"),
            ("p1", Verdict.DECLINED, "declined_05"),
        ]
        assert one.shop.fake.ledger.booked_minor == 1000
        assert await one.ask() == "ok"
        assert len(one.told) == 2


async def test_what_was_not_written_down_is_told_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The terminal hears that it arrived only after it was written down."""
    async with desk() as one:
        await one.take(0x05)
        one.shop.fake.is_offline = False
        one.refusals = 3
        assert await one.ask() == "not_kept"
        assert one.told == []
        assert await one.ask() == "ok"
        assert one.results() == [("p0", Verdict.DECLINED, "declined_05")]


async def test_a_sale_goes_before(autojump_clock: trio.testing.MockClock) -> None:
    """Asked for a payment in the middle, the terminal stops sending and takes the card; the rest is
    told another time."""
    async with desk() as one:
        await one.take(0, 0, 0, 0, 0)
        one.shop.fake.is_offline = False
        one.refusals = 1  # so that it takes a while
        ended: list[str] = []

        async def ask() -> None:
            ended.append(await one.ask())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await one.heard(codec.SEND_OFFLINE)
            one.shop.fake.plans.append(Plan(card="tap"))
            answer = await one.shop.device.request(sale(777))
        assert (answer.verdict, answer.is_offline) == (Verdict.APPROVED, False)
        assert ended == ["aborted_at_terminal"]
        assert codec.ABORT in one.shop.fake.heard
        assert len(one.told) < 5
        assert await one.ask() == "ok"
        assert sorted(one.payment_id for one in one.told) == [f"p{n}" for n in range(5)]


async def test_while_somebody_pays_it_is_not_asked(autojump_clock: trio.testing.MockClock) -> None:
    """The question waits; nothing is sent."""
    async with desk() as one:
        await one.take(0)
        one.shop.fake.is_offline = False
        one.shop.fake.plans.append(Plan(card="none"))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(one.shop.device.request, sale(777))
            await one.heard(codec.AUTHORISE, count=2)
            assert await one.ask() == "terminal_busy"
        assert codec.SEND_OFFLINE not in one.shop.fake.heard


async def test_a_terminal_that_knows_no_such_command_is_asked_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Until its next connection; its end of day tells them."""
    async with desk() as one:
        await one.take(0x05, 0)
        one.shop.fake.is_offline, one.shop.fake.cannot_send = False, True
        assert await one.ask() == "refused_function_not_possible"
        assert await one.ask() == "function_not_supported"
        assert one.shop.fake.heard.count(codec.SEND_OFFLINE) == 1
        day = await one.shop.device.settle()
        assert (day.verdict, day.amount_minor) == (Verdict.APPROVED, 1001)
        assert one.results() == [
            ("p0", Verdict.DECLINED, "declined_05"),
            ("p1", Verdict.APPROVED, "ok"),
        ]


async def test_one_that_was_taken_back_is_not_presented(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Reversed before the host heard of it, nothing is told of it."""
    async with desk() as one:
        await one.take(0)
        one.shop.fake.ledger.entries[0].is_reversed = True
        one.shop.fake.is_offline = False
        assert await one.ask() == "ok"
        assert one.told == []


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.APPROVED),
        ({"is_offline": True}, None),
        ({"amount_minor": None}, Verdict.APPROVED),
        ({"amount_minor": 999}, None),
        ({"result": 0x05}, Verdict.DECLINED),
        ({"result": 0x6E}, Verdict.DECLINED),
        ({"host_result": 0xA1}, None),
        ({"result": 0xA3}, None),
        ({"result": 0x6C}, None),
        ({"result": None}, None),
        ({"trace": 8}, None),
        ({"receipt": 8}, None),
        ({"terminal_id": "52500002"}, None),
    ],
)
async def test_only_its_own_end_is_its_result(
    changes: dict[str, Any], verdict: Verdict | None, autojump_clock: trio.testing.MockClock
) -> None:
    """Another number, amount or terminal is another payment's; what failed on the way is no end."""
    async with desk() as one:
        await one.take(0)
    stored = one.taken[0]
    names = {name: changes[name] for name in ("trace", "receipt", "terminal_id") if name in changes}
    info = codec.StatusInfo(
        result=0,
        amount_minor=stored.amount_minor,
        identity=attrs.evolve(stored.identity, **names),
        authorisation="9",
    )
    rest = {name: value for name, value in changes.items() if name not in names}
    answer = uploaded(stored, attrs.evolve(info, **rest))
    assert (None if answer is None else answer.verdict) == verdict
    if answer is not None:
        assert not answer.is_offline
        assert answer.amount_minor == (stored.amount_minor if verdict is Verdict.APPROVED else 0)


async def test_a_result_that_came_unasked_counts_once_it_is_asked_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A terminal presents all it has, and each result once: asked about the first of three only,
    it tells of two more, which are written down when somebody asks about them, and not twice."""
    async with desk() as one:
        await one.take(0, 0x05, 0)
        one.shop.fake.is_offline = False
        everything, one.taken = one.taken, one.taken[:1]
        assert await one.ask() == "ok"
        assert one.results() == [("p0", Verdict.APPROVED, "ok")]
        one.taken, one.refusals = everything, 1
        await one.ask()
        assert one.results()[1:] == [("p2", Verdict.APPROVED, "ok")], "one was not written down"
        await one.ask()
        assert one.results()[2:] == [("p1", Verdict.DECLINED, "declined_05")]
        await one.ask()
        assert len(one.told) == 3


async def test_what_came_unasked_outlives_the_devices_node(
    autojump_clock: trio.testing.MockClock, tmp_path: Path
) -> None:
    """Killed after the terminal heard that its results arrived, and before anybody asked about two
    of them, the node knows them when it is back: the terminal does not tell them again."""
    async with desk(tmp_path) as one:
        await one.take(0, 0x05, 0)
        one.shop.fake.is_offline = False
        everything, one.taken = one.taken, one.taken[:1]
        assert await one.ask() == "ok"
        assert not one.shop.fake.ledger.untold(), "all were acknowledged"
        await one.shop.restarted()
        one.taken = everything
        assert await one.ask() == "ok"
        assert sorted(one.results()) == [
            ("p0", Verdict.APPROVED, "ok"),
            ("p1", Verdict.DECLINED, "declined_05"),
            ("p2", Verdict.APPROVED, "ok"),
        ]


async def test_what_came_unasked_is_acknowledged_once_it_is_on_the_disk(
    autojump_clock: trio.testing.MockClock, tmp_path: Path
) -> None:
    """While the disk takes nothing the terminal hears that it may tell it another time, and does;
    then it is known once."""
    disk = BrokenDisk()
    async with desk(tmp_path, disk) as one:
        await one.take(0, 0x05)
        one.shop.fake.is_offline, disk.is_full = False, True
        everything, one.taken = one.taken, one.taken[:1]
        await one.ask()
        (entry,) = one.shop.fake.ledger.untold()
        assert entry.host_result == 0x05
        disk.is_full = False
        assert await one.ask() == "ok"
        assert not one.shop.fake.ledger.untold()
        await one.shop.restarted()
        one.taken = everything
        assert await one.ask() == "ok"
        assert one.results() == [
            ("p0", Verdict.APPROVED, "ok"),
            ("p1", Verdict.DECLINED, "declined_05"),
        ]


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("host_result", [0, 0x05])
async def test_a_bank_that_is_back_while_the_cable_is_out_is_in_the_terminals_books(
    autojump_clock: trio.testing.MockClock, host_result: int, keeps: bool
) -> None:
    """A stored card is paid or refused by its bank before the cable is back: the terminal's books
    say so, it tells the card as the one it took alone, and then once what its bank said of it."""
    async with desk() as one:
        fake = one.shop.fake
        fake.offline_max_minor, fake.is_offline, fake.keeps_unacknowledged = 5000, True, keeps
        fake.plans.append(Plan(card="tap", host_result=host_result, breaks=True))
        asked: list[Answer] = []

        async def pay() -> None:
            asked.append(await one.shop.device.request(sale(1000)))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(pay)
            while fake.is_plugged:  # noqa: ASYNC110
                await trio.sleep(0.01)
            fake.is_offline = False
        (doubt,) = asked
        assert (doubt.verdict, doubt.code) == (Verdict.UNKNOWN, "link_lost")
        await one.shop.reconnected(1)
        (row,) = fake.state()["transactions"]
        ended = "refused later" if host_result else "approved later"
        assert (row["ended"], row["booked"]) == (ended, not host_result)
        known = await one.shop.device.inquire(doubt)
        assert (known.verdict, known.is_offline) == (Verdict.APPROVED, True)
        one.taken.append(known)
        assert await one.ask() == "ok"
        said = (Verdict.DECLINED, "declined_05") if host_result else (Verdict.APPROVED, "ok")
        assert one.results() == [("p0", *said)]
        assert await one.ask() == "ok"
        assert len(one.told) == 1
        assert fake.ledger.booked_minor == (0 if host_result else 1000)


async def test_a_day_that_did_not_end_makes_nothing_older(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Without its bank a terminal ends no day, and its numbers do not begin anew, however often it
    is asked to: what it told before is known yet."""
    async with desk() as one:
        await one.take(0, 0x05)
        one.shop.fake.is_offline = False
        everything, one.taken = one.taken, one.taken[:1]
        assert await one.ask() == "ok"
        one.shop.fake.is_offline = True
        for _ in range(3):
            assert (await one.shop.device.settle()).verdict is Verdict.ABORTED
        one.taken = everything
        await one.ask()
        assert one.results()[1:] == [("p1", Verdict.DECLINED, "declined_05")]


@pytest.mark.parametrize(
    ("trace", "date", "time", "is_it"),
    [
        (7, "1126", "101500", True),
        (7, "1125", "101500", False),  # numbers begin anew each day
        (7, "", "", True),
        (7, "1126", "235900", True),  # traces are counted on: some tell when it was presented
        (None, "1126", "101500", True),
        (None, "1126", "235900", False),  # the second day of that date
        (None, "1126", "", True),
        (None, "1125", "101500", False),
    ],
)
def test_what_another_day_stored_is_not_taken_for_this_ones(
    trace: int | None, date: str, time: str, is_it: bool
) -> None:
    """The same numbers and the same price as a payment of another day: that one was refused, and
    this one is not, nor is what was told of that one lost once this one has its numbers."""
    ours = Identity("1", trace, 3, "1126", "101500")
    taken = Answer(
        Verdict.APPROVED, Kind.SALE, 420, "ok", amount_minor=420, identity=ours, is_offline=True
    )
    theirs = attrs.evolve(ours, date=date, time=time)
    result = StatusInfo(result=0x05, amount_minor=420, identity=theirs)
    answer = uploaded(taken, result)
    assert (answer is not None) == is_it
    told = Unclaimed()
    told.keep(result)
    assert (told.claimed((StoredPayment("p", taken),)) != []) == is_it
    told.forget(ours)
    assert (told.told == ()) == is_it


def test_what_came_unasked_is_not_taken_for_a_later_payment() -> None:
    """Numbers begin anew: a result is forgotten with the next payment of its numbers, and with the
    second end of a day."""
    taken = Answer(
        Verdict.APPROVED,
        Kind.SALE,
        1000,
        "ok",
        amount_minor=1000,
        identity=Identity(terminal_id="1", trace=7, receipt=3),
        is_offline=True,
    )
    result = StatusInfo(result=0, amount_minor=1000, identity=taken.identity)
    asked = (StoredPayment("p", taken),)
    told = Unclaimed()
    told.keep(result)
    told.end_day()
    assert [one.payment_id for _, one, _ in told.claimed(asked)] == ["p"]
    told.end_day()
    assert told.claimed(asked) == []
    told.keep(result)
    told.forget(Identity(terminal_id="1", trace=8, receipt=4))
    assert told.claimed(asked)
    told.forget(taken.identity)
    assert told.claimed(asked) == []
    told.keep(attrs.evolve(result, is_day=True))
    told.keep(attrs.evolve(result, identity=Identity()))
    for number in range(UNCLAIMED_MAX + 1):
        told.keep(
            attrs.evolve(result, identity=Identity(terminal_id="1", trace=number, receipt=number))
        )
    assert len(told.told) == UNCLAIMED_MAX


async def test_one_stored_after_the_host_was_back_is_presented(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host comes back while the receipt of a card taken without it is being printed: the
    simulated terminal presents that one too, and tells of it when asked."""
    async with desk() as one:
        fake = one.shop.fake
        prints = fake._print

        async def back(*args: Any) -> Any:
            fake.is_offline = False
            return await prints(*args)

        monkeypatch.setattr(fake, "_print", back)
        await one.take(0x05)
        assert await one.ask() == "ok"
        assert one.results() == [("p0", Verdict.DECLINED, "declined_05")]
