"""What every card terminal promises, whatever it speaks: proven over a socket, a pty and TLS.

A terminal to come adds its shop to `KINDS` and passes the same tests.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import attrs
import pytest
import trio
from attrs import frozen

from actors.messages import DeviceState, Failure
from actors.terminal_messages import Heard, Inquire, Look, Request, Settle
from engine.terminal import (
    Answer,
    Condition,
    Kind,
    Settlement,
    Transaction,
    Verdict,
)
from hardware.terminal.card_terminal import CardTerminal
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.nexo.play import Plan as NexoPlan
from hardware.terminal.nexo.profile import Carrier
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.person import Plan as ZvtPlan
from tests.hardware.nexo_rig import NexoShop, open_nexo
from tests.hardware.terminal_rig import ADDRESS, Shop, open_shop, real, sale

AnyShop = Shop | NexoShop
Opened = AbstractAsyncContextManager[Shop] | AbstractAsyncContextManager[NexoShop]


@frozen
class Terminal:
    """One kind of terminal. `lose_reply` has its next payment paid and not told; `remembers` says
    whether it can tell of a transaction after another one."""

    opened: Callable[[Path], Opened]
    lose_reply: Callable[[AnyShop], None]
    remembers: bool


def _zvt(carrier: str) -> Terminal:
    def opened(folder: Path) -> Opened:
        end, is_serial = real(carrier, folder)
        return open_shop(end, is_serial=is_serial)

    def lose_reply(shop: AnyShop) -> None:
        assert isinstance(shop, Shop)
        shop.fake.keeps_unacknowledged = True
        shop.fake.plans.append(ZvtPlan(card="tap", lose=(codec.COMPLETION,)))

    return Terminal(opened, lose_reply, remembers=False)


def _nexo(carrier: Carrier) -> Terminal:
    def lose_reply(shop: AnyShop) -> None:
        assert isinstance(shop, NexoShop)
        shop.fake.plans.append(NexoPlan(lose="reply"))

    return Terminal(lambda _: open_nexo(TcpOutlet(), carrier=carrier), lose_reply, remembers=True)


async def _plug(shop: AnyShop) -> None:
    if isinstance(shop, NexoShop):
        await shop.fake.plug()
    else:
        await shop.fake.carrier.plug()


KINDS = {
    "zvt_tcp": _zvt("tcp"),
    "zvt_pty": _zvt("pty"),
    "nexo_https": _nexo(Carrier.HTTPS),
    "nexo_websocket": _nexo(Carrier.WEBSOCKET),
}
every = pytest.mark.parametrize("kind", KINDS)


def _named(answer: Answer) -> tuple[str, int | None, int | None]:
    """What a transaction is known by, before and after the terminal told of it."""
    identity = answer.identity
    return identity.terminal_id, identity.trace, identity.receipt


async def _ask(shop: AnyShop, body: object) -> object:
    answer: object = await shop.rig.post.ask(ADDRESS, body, timeout_s=20)
    return answer


async def _pay(shop: AnyShop, request_id: str, transaction: Transaction) -> Answer:
    heard = await _ask(shop, Request(request_id, transaction))
    assert isinstance(heard, Heard)
    assert heard.request_id == request_id
    return heard.answer


@every
async def test_it_is_one(kind: str, tmp_path: Path) -> None:
    """A terminal has every method of the interface, and answers each message of it."""
    async with KINDS[kind].opened(tmp_path) as shop:
        terminal: CardTerminal = shop.device
        assert await terminal.status() == Condition(is_ready=True, code="ready")
        assert not await terminal.abort()
        assert await _ask(shop, Look()) == Condition(is_ready=True, code="ready")
        settled = await _ask(shop, Settle())
        assert isinstance(settled, Settlement)
        assert settled.verdict is Verdict.APPROVED
        unknown = await _ask(shop, "anything else")
        assert isinstance(unknown, Failure)


@every
async def test_paid_and_returned(kind: str, tmp_path: Path) -> None:
    """A sale is approved with the terminal's own identity, and a reversal undoes it."""
    async with KINDS[kind].opened(tmp_path) as shop:
        paid = await _pay(shop, "r1", sale(1999))
        assert (paid.verdict, paid.amount_minor, paid.asked_minor) == (Verdict.APPROVED, 1999, 1999)
        assert paid.identity.is_told
        undone = Transaction(Kind.REVERSAL, 1999, 978, paid.identity)
        assert (await _pay(shop, "r2", undone)).verdict is Verdict.APPROVED
        assert shop.fake.ledger.booked_minor == 0


@every
async def test_given_back_in_parts(kind: str, tmp_path: Path) -> None:
    """Parts of a payment go back, each once, by whatever name the terminal gives each."""
    async with KINDS[kind].opened(tmp_path) as shop:
        paid = await _pay(shop, "r1", sale(1999))
        answers = [
            await _pay(shop, request_id, Transaction(Kind.REFUND, minor, 978, paid.identity))
            for request_id, minor in (("r2", 500), ("r3", 1400), ("r2", 500))
        ]
        assert {one.verdict for one in answers} == {Verdict.APPROVED}
        assert [one.amount_minor for one in answers] == [500, 1400, 500]
        assert [one.kind for one in answers] == [Kind.REFUND] * 3
        assert len({_named(one) for one in (paid, *answers)}) == 3
        assert shop.fake.ledger.booked_minor == 99


@every
async def test_asked_twice_paid_once(kind: str, tmp_path: Path) -> None:
    """The same request, one after the other or at once, moves money once."""
    async with KINDS[kind].opened(tmp_path) as shop:
        answers: list[Answer] = []

        async def pay() -> None:
            answers.append(await _pay(shop, "r1", sale()))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(pay)
            nursery.start_soon(pay)
        await pay()
        assert len(answers) == 3
        assert all(answer == answers[0] for answer in answers)
        assert shop.fake.ledger.booked_minor == 1250


@every
async def test_unplugged_and_back(kind: str, tmp_path: Path) -> None:
    """A pulled cable is reported, refuses payments with nothing sent, and works once back."""
    async with KINDS[kind].opened(tmp_path) as shop:
        heard = len(shop.rig.statuses)
        await shop.fake.cut()
        heard = await shop.rig.wait_state(ADDRESS, DeviceState.ABSENT, after=heard)
        answer = await _pay(shop, "r1", sale())
        assert (answer.verdict, answer.code) == (Verdict.ABORTED, "not_sent")
        await _plug(shop)
        await shop.ready(after=heard)
        await shop.idle()
        # What was never sent may be asked for again under its own name.
        assert (await _pay(shop, "r1", sale())).verdict is Verdict.APPROVED


@every
async def test_a_lost_reply_is_unknown_until_asked_for(kind: str, tmp_path: Path) -> None:
    """A reply that never came is unknown; asked for, the terminal's own identity settles it, and
    another transaction's does not."""
    async with KINDS[kind].opened(tmp_path) as shop:
        KINDS[kind].lose_reply(shop)
        answers: list[Answer] = []

        async def pay() -> None:
            answers.append(await _pay(shop, "r1", sale()))

        heard = len(shop.rig.statuses)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pay)
            while not shop.fake.ledger.booked_minor:  # noqa: ASYNC110
                await trio.sleep(0.01)
            await shop.fake.cut()
        (doubt,) = answers
        assert (doubt.verdict, doubt.code) == (Verdict.UNKNOWN, "link_lost")
        await _plug(shop)
        await shop.ready(after=heard)
        await shop.idle()
        told = await _ask(shop, Inquire("i1", doubt))
        assert isinstance(told, Heard)
        assert (told.answer.verdict, told.answer.amount_minor) == (Verdict.APPROVED, 1250)
        assert _named(told.answer) == _named(doubt)
        await _pay(shop, "r2", sale())
        told = await _ask(shop, Inquire("i2", doubt))
        assert isinstance(told, Heard)
        if KINDS[kind].remembers:
            assert told.answer.verdict is Verdict.APPROVED
            assert _named(told.answer) == _named(doubt)
        else:
            assert told.answer == attrs.evolve(doubt, code="other_transaction")
        assert shop.fake.ledger.booked_minor == 2500
