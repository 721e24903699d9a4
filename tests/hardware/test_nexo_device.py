"""A nexo terminal over TLS: every command, every ending, what may not be trusted, the books."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import attrs
import pytest
import trio
import trio.testing

from actors.messages import Accepted, DeviceState, Failure
from actors.terminal_messages import Abort, Heard, Inquire, Look, Request, Settle
from engine.terminal import (
    Answer,
    Condition,
    Identity,
    Kind,
    SettledTotal,
    Settlement,
    Transaction,
    Verdict,
)
from hardware.terminal.limits import NS_PER_S, WHOLE_NS
from hardware.terminal.nexo import limits, naming
from hardware.terminal.nexo.device import NexoDevice
from hardware.terminal.nexo.identity import WORDS
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.nexo.papers import Papers, new_authority
from hardware.terminal.nexo.play import Plan
from hardware.terminal.nexo.profile import Carrier
from hardware.transport import ByteStream, TcpPlace
from tests.hardware.nexo_rig import (
    ADDRESS,
    KEEPER,
    POI_ID,
    MemoryOutlet,
    NexoShop,
    authority,
    now,
    open_nexo,
    papers,
    profile,
    simulated,
)
from tests.hardware.terminal_rig import asked_for, sale

LIVE = f"{POI_ID}.live.terminal.adyen.com"


# -------------------------------------------------------------------------------- every command


@pytest.mark.feature("HW-07", part="nexo terminals over TLS, against a simulated one")
async def test_every_nexo_command() -> None:
    """Sale, tip, refund, reversal, status and end of day, over TLS on a real socket: the
    terminal's books say what the answers say."""
    async with open_nexo(TcpOutlet()) as shop:
        device, ledger = shop.device, shop.fake.ledger
        with trio.fail_after(20):
            assert Condition(is_ready=True, code="ready") == await device.status()
            paid = await device.request(sale(1250))
            assert (Verdict.APPROVED, "ok", 1250) == (paid.verdict, paid.code, paid.amount_minor)
            assert POI_ID == paid.identity.terminal_id
            assert paid.identity.reference
            assert ("541333******0010", "mc", "contactless") == (
                paid.card.number, paid.card.brand, paid.card.entry)  # fmt: skip
            assert "123456" == paid.authorisation
            assert ["merchant", "customer"] == [slip.kind for slip in paid.slips]
            assert "EUR  12.50" == paid.slips[0].lines[1].text
            shop.fake.plans.append(Plan(card="insert", tip_minor=150))
            tipped = await device.request(attrs.evolve(sale(1000), tip_allowed=True))
            assert (1150, 150, "ok") == (tipped.amount_minor, tipped.tip_minor, tipped.code)
            assert ("chip", "online_pin") == (tipped.card.entry, tipped.card.verification)
            refund = await device.request(attrs.evolve(sale(300), kind=Kind.REFUND))
            assert (Verdict.APPROVED, 2100) == (refund.verdict, ledger.booked_minor)
            undone = await device.reverse(paid)
            assert (Verdict.APPROVED, 850) == (undone.verdict, ledger.booked_minor)
            again = await device.reverse(paid)
            assert (Verdict.ABORTED, "function_not_allowed") == (again.verdict, again.code)
            day = await device.settle()
            assert (Verdict.APPROVED, 850) == (day.verdict, day.amount_minor)
            assert day.totals == (
                SettledTotal("mc", 2, 2400),
                SettledTotal("mc", 1, -300),
                SettledTotal("mc", 1, -1250, 1),
            )
            assert () == (await device.settle()).totals
        expected = {"Diagnosis", "Payment", "Reversal", "TransactionStatus", "Reconciliation"}
        assert expected == set(shop.fake.heard)


async def test_nexo_by_messages() -> None:
    """What other actors ask is answered, and the same request twice moves money once."""
    async with open_nexo(TcpOutlet()) as shop:
        ask = shop.rig.post.ask
        heard = await ask(ADDRESS, Request("r1", sale(), KEEPER), timeout_s=10)
        assert isinstance(heard, Heard)
        assert Verdict.APPROVED is heard.answer.verdict
        assert heard == await ask(ADDRESS, Request("r1", sale(), KEEPER), timeout_s=10)
        assert 1250 == shop.fake.ledger.booked_minor
        assert Failure("nothing_runs") == await ask(ADDRESS, Abort("r1"), timeout_s=5)
        assert isinstance(await ask(ADDRESS, Look(), timeout_s=5), Condition)
        assert isinstance(await ask(ADDRESS, Settle(), timeout_s=5), Settlement)
        assert isinstance(await ask(ADDRESS, "else", timeout_s=5), Failure)
        assert [(Verdict.UNKNOWN, "not_completed_ok")] == [
            (one.verdict, one.code) for one in shop.kept
        ]
        assert heard.answer.identity == shop.kept[0].identity
        assert ["at_terminal"] == shop.progress
        (entry,) = shop.fake.ledger.payments
        assert naming.service_id_of("r1") == entry.header.service_id


async def _one(plan: Plan, transaction: Transaction, **options: Any) -> tuple[Answer, NexoShop]:
    """One transaction with a terminal like that; what the register is told."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        for name, value in options.items():
            setattr(shop.fake, name, value)
        shop.fake.plans.append(plan)
        return await shop.device.request(transaction), shop
    raise AssertionError


def _noise(data: bytes) -> bytes:
    return b"<html>busy</html>"


def _flipped(data: bytes) -> bytes:
    at = data.index(b'"NexoBlob":"') + 40
    return data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]


@pytest.mark.parametrize(
    ("plan", "options", "verdict", "code", "booked_minor"),
    [
        (Plan(card="insert"), {}, Verdict.APPROVED, "ok", 1250),
        (Plan(card="tap"), {}, Verdict.APPROVED, "ok", 1250),
        (Plan(tip_minor=150), {}, Verdict.APPROVED, "ok", 1400),
        (Plan(prints=False), {}, Verdict.APPROVED, "ok", 1250),
        (Plan(partial_minor=1000), {}, Verdict.PARTIALLY_APPROVED, "ok", 1000),
        (Plan(says="12.51"), {}, Verdict.APPROVED, "amount_differs", 1250),
        (Plan(says="12.505"), {}, Verdict.UNKNOWN, "amount_wrong", 1250),
        (Plan(decline="Refusal", reason="05"), {}, Verdict.DECLINED, "declined", 0),
        (Plan(decline="InvalidCard"), {}, Verdict.DECLINED, "card_invalid", 0),
        (Plan(decline="Cancel"), {}, Verdict.ABORTED, "aborted_at_terminal", 0),
        (Plan(card="none"), {}, Verdict.ABORTED, "aborted_at_terminal", 0),
        (Plan(), {"is_paper_out": True}, Verdict.ABORTED, "device_out", 0),
        (Plan(), {"is_offline": True}, Verdict.ABORTED, "no_connection", 0),
        (Plan(), {"is_offline": True, "offline_max_minor": 2000}, Verdict.APPROVED, "ok", 1250),
        (Plan(lose="request"), {}, Verdict.UNKNOWN, "link_lost", 0),
        (Plan(lose="reply"), {}, Verdict.UNKNOWN, "link_lost", 1250),
        (Plan(status=503), {}, Verdict.UNKNOWN, "http_503", 1250),
        (Plan(mangle=lambda _: b""), {}, Verdict.UNKNOWN, "empty_answer", 1250),
        (Plan(mangle=_noise), {}, Verdict.UNKNOWN, "not_json", 1250),
        (Plan(mangle=_flipped), {}, Verdict.UNKNOWN, "seal_broken", 1250),
        (Plan(mangle=lambda data: data * 400), {}, Verdict.UNKNOWN, "too_long", 1250),
        (Plan(is_rejected=True), {}, Verdict.UNKNOWN, "not_delivered", 0),
        (Plan(delay_s=300), {}, Verdict.APPROVED, "ok", 1250),
    ],
)
async def test_what_a_nexo_terminal_may_do(
    plan: Plan,
    options: dict[str, object],
    verdict: Verdict,
    code: str,
    booked_minor: int,
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Each ending has its verdict and its word, and nothing that is not known is claimed."""
    asked = attrs.evolve(sale(partial_allowed=True), offline_allowed=True)
    answer, shop = await _one(plan, asked, **options)
    assert (verdict, code) == (answer.verdict, answer.code)
    assert booked_minor == shop.fake.ledger.booked_minor
    paid = verdict in (Verdict.APPROVED, Verdict.PARTIALLY_APPROVED)
    assert (paid and shop.fake.is_offline) == answer.is_offline
    if paid:
        assert (1251 if code == "amount_differs" else booked_minor) == answer.amount_minor
        assert plan.tip_minor == answer.tip_minor
    if verdict is Verdict.DECLINED:
        assert plan.reason == answer.detail
    assert answer.identity.is_told, "whatever was sent has a name"


# -------------------------------------------------------------------------------- doubts


@pytest.mark.feature("PAY-09", part="a nexo terminal asked after a lost answer or a crash")
@pytest.mark.parametrize(
    "plan",
    [
        Plan(lose="reply"), Plan(status=503), Plan(mangle=_noise), Plan(mangle=_flipped),
        Plan(mangle=lambda _: b""), Plan(lose="reply", decline="Refusal"),
        Plan(lose="reply", tip_minor=150), Plan(lose="reply", partial_minor=1000),
    ],
)  # fmt: skip
async def test_every_doubt_is_settled_by_asking(
    plan: Plan, autojump_clock: trio.testing.MockClock
) -> None:
    """However the answer was lost, the terminal's memory says what became of it, to the cent."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.plans.append(plan)
        doubt = await shop.device.request(sale(partial_allowed=True))
        assert Verdict.UNKNOWN is doubt.verdict
        told = await shop.device.inquire(doubt)
        assert shop.fake.ledger.booked_minor == told.amount_minor
        expected = Verdict.PARTIALLY_APPROVED if plan.partial_minor else Verdict.APPROVED
        assert (Verdict.DECLINED if plan.decline else expected) is told.verdict
        assert 1 == shop.fake.heard.count("Payment")
        paid = told.verdict is not Verdict.DECLINED
        assert (["merchant", "customer"] if paid else []) == [slip.kind for slip in told.slips]


async def test_not_found_and_forgotten(autojump_clock: trio.testing.MockClock) -> None:
    """A message that never arrived is not found, by a terminal that remembers; one that lost its
    memory, or has none yet, proves nothing."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        device, fake = shop.device, shop.fake
        fake.plans.append(Plan(lose="request"))
        first = await device.request(sale())
        assert "no_identity_before" == (await device.inquire(first)).code
        assert Verdict.APPROVED is (await device.request(sale())).verdict
        fake.plans.append(Plan(lose="request"))
        doubt = await device.request(sale())
        told = await device.inquire(doubt)
        assert (Verdict.UNKNOWN, "not_found") == (told.verdict, told.code)
        fake.forget()
        told = await device.inquire(doubt)
        assert (Verdict.UNKNOWN, "memory_lost") == (told.verdict, told.code)


async def test_a_new_device_asks_for_what_the_books_remember(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A node that died before the terminal heard anything leaves a device that knows of nothing
    before it: what the books know tells a terminal that never heard from one that forgot."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        for decline in ("", "Refusal"):
            shop.fake.plans.append(Plan(decline=decline))
            before = await shop.device.request(sale())
            shop.fake.plans.append(Plan(lose="request"))
            doubt = attrs.evolve(await shop.device.request(sale()), before=Identity(POI_ID))
            await shop.rig.kill(ADDRESS)
            shop.device = NexoDevice(ADDRESS, outlet, profile())
            shop.rig.start(shop.device)
            asked = [
                await shop.rig.post.ask(ADDRESS, Inquire("i", doubt, remembered), timeout_s=30)
                for remembered in (None, before.identity)
            ]
            assert ["no_identity_before", "not_found"] == [one.answer.code for one in asked]
            assert before.identity.reference, "it is named, declined or not"
        shop.fake.forget()
        forgot = await shop.rig.post.ask(
            ADDRESS, Inquire("i", doubt, before.identity), timeout_s=30
        )
        assert "memory_lost" == forgot.answer.code


async def test_reboot_within_a_nexo_payment(autojump_clock: trio.testing.MockClock) -> None:
    """A terminal that is switched off within a payment tells, once back, that nothing was paid."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.plans.append(Plan(card="none"))
        answers = await _while_paying(shop, shop.fake.reboot)
        assert (Verdict.UNKNOWN, "link_lost") == (answers[0].verdict, answers[0].code)
        await shop.idle()
        told = await shop.rig.post.ask(ADDRESS, Inquire("i", answers[0]), timeout_s=30)
        assert isinstance(told, Heard)
        assert (Verdict.ABORTED, "aborted_at_terminal") == (told.answer.verdict, told.answer.code)
        assert 0 == shop.fake.ledger.booked_minor


async def _while_paying(
    shop: NexoShop, do: Callable[[], Any], after_s: float = 2, **more: Any
) -> list[Answer]:
    """Do something in the middle of a payment; what the payment was answered."""
    answers: list[Answer] = []

    async def pay() -> None:
        answers.append(await shop.device.request(sale(**more)))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pay)
        await trio.sleep(after_s)
        await do()
    return answers


async def test_the_device_dies_within_a_payment(autojump_clock: trio.testing.MockClock) -> None:
    """After a crash the request's own id finds what the terminal did, and asking for the payment
    once more cannot charge twice: the terminal knows its name, and tells of the first."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.plans.append(Plan(delay_s=5))
        shop.rig.node.post_for("x").tell_nowait(ADDRESS, Request("r1", sale()))
        await trio.sleep(1)
        await shop.rig.kill(ADDRESS)
        device = NexoDevice(ADDRESS, outlet, profile())
        shop.rig.start(device)
        bare = Answer(Verdict.UNKNOWN, Kind.SALE, 1250, currency_code=978)
        told = await shop.rig.post.ask(ADDRESS, Inquire("r1", bare), timeout_s=30)
        assert isinstance(told, Heard)
        assert (Verdict.APPROVED, 1250) == (told.answer.verdict, told.answer.amount_minor)
        again = await shop.rig.post.ask(ADDRESS, Request("r1", sale()), timeout_s=30)
        assert isinstance(again, Heard)
        assert told.answer.identity == again.answer.identity
        assert (Verdict.APPROVED, 1250) == (again.answer.verdict, again.answer.amount_minor)
        assert (1, 1250) == (shop.fake.ledger.charges, shop.fake.ledger.booked_minor)


async def test_asked_once_more_while_it_runs(autojump_clock: trio.testing.MockClock) -> None:
    """A payment asked for again after a crash, while the customer still looks for the card, is
    that payment: it is waited for."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.plans.append(Plan(delay_s=30))
        shop.rig.node.post_for("x").tell_nowait(ADDRESS, Request("r1", sale()))
        await trio.sleep(1)
        await shop.rig.kill(ADDRESS)
        shop.rig.start(NexoDevice(ADDRESS, outlet, profile()))
        again = await shop.rig.post.ask(ADDRESS, Request("r1", sale()), timeout_s=60)
        assert isinstance(again, Heard)
        assert (Verdict.APPROVED, 1250) == (again.answer.verdict, again.answer.amount_minor)
        assert (1, 1250) == (shop.fake.ledger.charges, shop.fake.ledger.booked_minor)


async def test_a_terminal_that_does_not_know_yet_what_it_is_at(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The cable was out for a moment while the customer looks for the card, and the terminal knows
    of the payment only once it is over: until then it is not said to be unknown there."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        await shop.device.request(sale())
        shop.fake.tells_late = True
        shop.fake.plans.append(Plan(delay_s=60))

        async def cut_soon() -> None:
            await trio.sleep(5)
            await shop.fake.cut()
            await shop.fake.plug()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(cut_soon)
            known = await shop.device.request(sale())
        assert (Verdict.UNKNOWN, "link_lost") == (known.verdict, known.code)
        codes: list[str] = []
        while known.verdict is Verdict.UNKNOWN:
            await trio.sleep(2)
            known = await shop.device.inquire(known)
            codes.append(known.code)
        assert ("in_progress", "ok") == (codes[0], codes[-1])
        assert "not_found" not in codes
        assert 2500 == shop.fake.ledger.booked_minor


async def test_a_payment_that_was_given_up_does_not_arrive_afterwards(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system goes on sending what a cable did not take, for a minute or two: a terminal would
    ask for a card when it is back in, and nobody waits for that."""
    forgotten: list[ByteStream] = []
    monkeypatch.setattr("hardware.terminal.nexo.secured.forget_unsent", forgotten.append)
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        assert (await shop.device.request(sale())).verdict is Verdict.APPROVED
        assert not forgotten, "what was answered had arrived"
        shop.fake.hangs = True
        assert (await shop.device.request(sale())).verdict is Verdict.UNKNOWN
        assert forgotten, "the payment; the question what became of it may find nobody to ask"


@pytest.mark.feature("PAY-08", part="a nexo terminal that tells too much, over TLS")
async def test_a_nexo_terminal_that_tells_too_much() -> None:
    """A card number anywhere in an answer reaches nobody who is told of the payment."""
    card = "5413330089020011"
    leak = {
        "Response": {"AdditionalResponse": f"refusalReason=CARD+{card}&pan={card}"},
        "PaymentResult": {
            "PaymentInstrumentData": {
                "CardData": {
                    "MaskedPan": card,
                    "SensitiveCardData": {"PAN": card, "TrackData": [{"TrackValue": card}]},
                }
            }
        },
        "PaymentReceipt": [
            {"OutputContent": {"OutputText": [{"Text": f"name=Card&value={card}"}]}}
        ],
    }
    async with open_nexo(TcpOutlet()) as shop:
        shop.fake.plans.append(Plan(extra=leak))
        heard = await shop.rig.post.ask(ADDRESS, Request("r1", sale(), KEEPER), timeout_s=10)
        assert isinstance(heard, Heard)
        assert (Verdict.APPROVED, "CARD 541333******0011") == (
            heard.answer.verdict, heard.answer.detail)  # fmt: skip
        assert "541333******0011" == heard.answer.card.number
        assert "Card  541333******0011" == heard.answer.slips[0].lines[0].text
        said = repr(heard) + repr(shop.kept) + repr(shop.rig.statuses) + repr(shop.device.session)
        assert card not in said


async def test_silence_of_a_nexo_terminal(autojump_clock: trio.testing.MockClock) -> None:
    """A terminal that takes a payment and then says nothing costs two minutes and an answer to
    the question after it; then the payment is in doubt, and the state says so."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.hangs = True
        begun = trio.current_time()
        answer = await shop.device.request(sale())
        assert (Verdict.UNKNOWN, "no_reply") == (answer.verdict, answer.code)
        waited_s = (limits.QUIET_NS + limits.SHORT_NS) / NS_PER_S
        assert waited_s <= trio.current_time() - begun < waited_s + 2
        assert waited_s * NS_PER_S < WHOLE_NS
        await trio.sleep(limits.SHORT_NS / NS_PER_S)
        await shop.rig.wait_state(ADDRESS, DeviceState.STALE, "no_answer")
        shop.fake.hangs = False
        heard = len(shop.rig.statuses)
        await shop.ready(after=heard)


# ------------------------------------------------------------------------- aborted, one by one


async def test_nexo_aborted_from_the_register(autojump_clock: trio.testing.MockClock) -> None:
    """The cashier can end a payment nobody comes for; the terminal says whether in time."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.plans.append(Plan(card="none"))

        async def end() -> None:
            assert Accepted() == await shop.rig.post.ask(
                ADDRESS, Abort(asked_for(shop.device)), timeout_s=3
            )

        begun = trio.current_time()
        (answer,) = await _while_paying(shop, end)
        assert (Verdict.ABORTED, "aborted_at_terminal") == (answer.verdict, answer.code)
        assert trio.current_time() - begun < 5
        assert "Abort" in shop.fake.heard
        assert Verdict.APPROVED is (await shop.device.request(sale())).verdict


async def test_a_cancel_that_found_no_way_is_told_once_there_is_one(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The cable was out when the cashier pressed cancel: a terminal that still waits for a card is
    told when it is asked what became of the payment, and does not go on until nobody comes."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.plans.append(Plan(card="none"))

        async def cancel() -> None:
            await outlet.unplug()
            await shop.rig.post.ask(ADDRESS, Abort("r1"), timeout_s=3)

        (doubt,) = await _while_paying(shop, cancel)
        assert (Verdict.UNKNOWN, "link_lost") == (doubt.verdict, doubt.code)
        await outlet.plug()
        begun = trio.current_time()
        inquire = Inquire("i", doubt, is_cancel_asked=True)
        told = await shop.rig.post.ask(ADDRESS, inquire, timeout_s=30)
        assert (Verdict.ABORTED, "aborted_at_terminal") == (told.answer.verdict, told.answer.code)
        assert trio.current_time() - begun < 5
        assert 1 == shop.fake.heard.count("Abort")


class _SlowAtFirst:
    """The first connection takes a second more, as one whose first packet was lost does."""

    def __init__(self, outlet: MemoryOutlet) -> None:
        self.outlet, self.opened = outlet, 0

    async def open(self) -> ByteStream:
        """As `hardware.transport.connect`."""
        self.opened += 1
        if self.opened == 1:
            await trio.sleep(1)
        return await self.outlet.open()


@pytest.mark.parametrize("carrier", list(Carrier))
@pytest.mark.parametrize("presses", [1, 3])
async def test_a_cancel_does_not_overtake_its_payment(
    presses: int, carrier: Carrier, autojump_clock: trio.testing.MockClock
) -> None:
    """The cashier presses while the payment is still on its way: the terminal hears of the payment
    first, and then that it is over."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world, carrier=carrier) as shop:
        shop.fake.plans.append(Plan(card="none"))
        shop.device.place = _SlowAtFirst(outlet)
        shop.fake.heard.clear()

        async def cancel() -> None:
            for _ in range(presses):
                said = await shop.rig.post.ask(ADDRESS, Abort(asked_for(shop.device)), timeout_s=3)
                assert Accepted() == said

        begun = trio.current_time()
        (answer,) = await _while_paying(shop, cancel, 0.2)
        assert (Verdict.ABORTED, "aborted_at_terminal") == (answer.verdict, answer.code)
        assert trio.current_time() - begun < 3
        assert ["Payment", "Abort"] == shop.fake.heard[:2]


async def test_a_cancel_that_overtook_its_payment_is_told_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """What was written first may be read last: pressed once, the terminal that asks for a card
    after it heard the cancel is told once more."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.plans.append(Plan(card="none"))
        posted, late = shop.fake._posted, [1.0]

        async def read_late(body: bytes, socket: Any = None) -> Any:
            if late:
                await trio.sleep(late.pop())
            return await posted(body, socket)

        shop.fake._posted = read_late  # type: ignore[method-assign]
        shop.fake.heard.clear()
        begun = trio.current_time()
        (answer,) = await _while_paying(shop, shop.device.abort, 0.2)
        assert (Verdict.ABORTED, "aborted_at_terminal") == (answer.verdict, answer.code)
        assert trio.current_time() - begun < 1 + limits.ABORT_AGAIN_NS / NS_PER_S
        assert ["Abort", "Payment", "Abort"] == shop.fake.heard[:3]


async def test_one_nexo_payment_at_a_time(autojump_clock: trio.testing.MockClock) -> None:
    """While one payment runs another is refused at once, with nothing sent; a terminal somebody
    else uses says that it is busy."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.plans.append(Plan(card="none"))
        seconds: list[Answer] = []

        async def second() -> None:
            seconds.append(await shop.device.request(sale(99)))
            await shop.device.abort()

        await _while_paying(shop, second)
        assert (Verdict.ABORTED, "terminal_busy") == (seconds[0].verdict, seconds[0].code)
        assert 1 == shop.fake.heard.count("Payment")
        shop.fake.plans.append(Plan(card="none"))
        other = NexoDevice("terminal/two", outlet, profile(sale_id="register-2"))
        shop.rig.start(other)

        async def elsewhere() -> None:
            seconds.append(await other.request(sale(99)))
            await shop.device.abort()

        await _while_paying(shop, elsewhere)
        assert (Verdict.ABORTED, "busy_at_terminal") == (seconds[1].verdict, seconds[1].code)
        assert 0 == shop.fake.ledger.booked_minor


# -------------------------------------------------------------------------------------- the books


@pytest.mark.parametrize("refusals", [1, 2, 3])
async def test_nexo_takes_back_what_is_not_written_down(
    refusals: int, autojump_clock: trio.testing.MockClock
) -> None:
    """Where the keeper cannot write it is asked twice more, and then the sale is taken back."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.refusals = refusals
        heard = await shop.rig.post.ask(ADDRESS, Request("r", sale(), KEEPER), timeout_s=60)
        assert isinstance(heard, Heard)
        told = heard.answer
        if refusals <= 2:
            assert Verdict.APPROVED is told.verdict
            assert 1250 == shop.fake.ledger.booked_minor
        else:
            assert (Verdict.ABORTED, "taken_back") == (told.verdict, told.code)
            assert (0, 1) == (shop.fake.ledger.booked_minor, shop.fake.ledger.charges)
            assert "reversing" in shop.progress
            again = await shop.device.inquire(attrs.evolve(told, verdict=Verdict.UNKNOWN))
            assert (Verdict.ABORTED, "taken_back") == (again.verdict, again.code)


async def test_a_lost_taking_back_is_in_doubt(autojump_clock: trio.testing.MockClock) -> None:
    """Where nobody heard whether it was taken back, asking tells, whichever it was."""
    for lose, verdict, booked_minor in (("reply", Verdict.ABORTED, 0),
                                        ("request", Verdict.APPROVED, 1250)):  # fmt: skip
        outlet, world = simulated()
        async with open_nexo(outlet, world=world) as shop:
            shop.refusals = 3
            shop.fake.plans += [Plan(), Plan(lose=lose)]
            heard = await shop.rig.post.ask(ADDRESS, Request("r", sale(), KEEPER), timeout_s=60)
            assert isinstance(heard, Heard)
            doubt = heard.answer
            assert (Verdict.UNKNOWN, "take_back_unknown") == (doubt.verdict, doubt.code)
            told = await shop.device.inquire(doubt)
            assert verdict is told.verdict
            assert booked_minor == shop.fake.ledger.booked_minor == told.amount_minor


async def test_books_that_are_not_there(autojump_clock: trio.testing.MockClock) -> None:
    """A keeper that does not exist cannot write down that it is begun: the terminal hears
    nothing."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        ask = Request("r", sale(), "payments/nobody")
        heard = await shop.rig.post.ask(ADDRESS, ask, timeout_s=60)
        assert isinstance(heard, Heard)
        assert (Verdict.ABORTED, "not_sent") == (heard.answer.verdict, heard.answer.code)
        assert not shop.fake.ledger.payments


async def test_nexo_is_named_before_it_is_begun(autojump_clock: trio.testing.MockClock) -> None:
    """What is written down first is enough to ask for the sale, whatever goes away after that."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        await shop.rig.post.ask(ADDRESS, Request("r", sale(), KEEPER), timeout_s=60)
        (doubt,) = shop.doubts
        told = await shop.device.inquire(doubt)
        assert (Verdict.APPROVED, 1250) == (told.verdict, told.amount_minor)


# ------------------------------------------------------------------------- who may be trusted


def _papers(common: str = LIVE, **days: int) -> Papers:
    return authority().vouch(common, now(), **days)


@pytest.mark.feature("HW-07", part="a swapped nexo terminal raises an alarm, by its certificate")
@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (lambda: _papers(from_days=-30, to_days=-1), "certificate_expired"),
        (lambda: _papers(from_days=1), "certificate_not_yet_valid"),
        (lambda: new_authority(now()).vouch(LIVE, now()), "certificate_unknown"),
        (lambda: _papers("V400m-111111111.live.terminal.adyen.com"), "other_terminal"),
        (lambda: _papers(f"{POI_ID}.test.terminal.adyen.com"), "other_terminal"),
        (lambda: _papers("legacy-terminal-certificate.live.terminal.adyen.com"), "other_terminal"),
        (lambda: _papers(f"x{LIVE}"), "other_terminal"),
        (lambda: _papers(POI_ID), "other_terminal"),
    ],
)
async def test_a_certificate_that_is_not_this_terminals(
    shown: Callable[[], Papers], code: str
) -> None:
    """A terminal that cannot prove to be the shop's is an alarm in plain words, and is asked for
    nothing: not one byte of a payment reaches it."""
    async with open_nexo(TcpOutlet(), shown=shown(), is_ready=False) as shop:
        await shop.rig.wait_state(ADDRESS, DeviceState.FAILED, code)
        assert WORDS[code] == shop.rig.statuses[-1].detail
        with trio.fail_after(10):
            while not shop.device.session.is_idle:  # noqa: ASYNC110
                await trio.sleep(0.01)
            answer = await shop.device.request(sale())
        assert (Verdict.ABORTED, code) == (answer.verdict, answer.code)
        assert [] == shop.fake.heard


async def test_trusted_by_name() -> None:
    """A test terminal where that is said, and a terminal whose own certificate was given."""
    test = _papers(f"{POI_ID}.test.terminal.adyen.com")
    async with open_nexo(TcpOutlet(), shown=test, told=profile(is_test=True)) as shop:
        assert Verdict.APPROVED is (await shop.device.request(sale())).verdict
    own = _papers()
    told = profile(authority_pem=own.certificate_pem.decode())
    async with open_nexo(TcpOutlet(), shown=own, told=told) as shop:
        assert Verdict.APPROVED is (await shop.device.request(sale())).verdict


async def test_something_else_at_the_address() -> None:
    """What does not speak TLS is told apart from what is not there."""
    async with trio.open_nursery() as nursery:

        async def web(stream: trio.SocketStream) -> None:
            async with stream:
                await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                await stream.receive_some(1)

        listeners = await nursery.start(trio.serve_tcp, web, 0)
        place = TcpPlace("127.0.0.1", listeners[0].socket.getsockname()[1])
        async with open_nexo(TcpOutlet(), is_ready=False) as shop:
            shop.device.place = place
            await shop.rig.wait_state(ADDRESS, DeviceState.FAILED, "not_secured")
        nursery.cancel_scope.cancel()


async def test_another_key(autojump_clock: trio.testing.MockClock) -> None:
    """A terminal with another passphrase or version understands nothing, and the state says so."""
    outlet, world = simulated()
    other = attrs.evolve(profile().key, passphrase="another one")
    async with open_nexo(outlet, world=world, key=other, is_ready=False) as shop:
        await shop.rig.wait_state(ADDRESS, DeviceState.FAILED, "http_400")
        assert WORDS["http_400"] == shop.rig.statuses[-1].detail
        answer = await shop.device.request(sale())
        assert (Verdict.UNKNOWN, "http_400") == (answer.verdict, answer.code)
        assert (0, "seal_broken") == (shop.fake.ledger.charges, shop.fake.shown)
        shop.fake.key = profile().key
        await shop.ready()


# What real terminals were heard to say where they cannot read what they are asked. Source: reports
# of users of Adyen's libraries, node 762, java 390 and 1430, read 2026-11.
UNREADABLE = b'{"errors": ["Nexo Service: crypto error (3)"], "ServiceID": "-NULL-"}'
KEYLESS = (
    b'{"SaleToPOIResponse":{"MessageHeader":{"MessageCategory":"Diagnosis","MessageClass":'
    b'"Service","MessageType":"Response","POIID":"%s","ProtocolVersion":"3.0"},'
    b'"DiagnosisResponse":{"Response":{"AdditionalResponse":"errors=At%%20SaleToPOIRequest&note='
    b'Direct%%20API%%20REQUIRES%%20payload%%20crypto%%20on%%20live","ErrorCondition":'
    b'"MessageFormat","Result":"Failure"}}}}'
) % POI_ID.encode()
REJECT = (
    b'{"SaleToPOIRequest":{"MessageHeader":{"MessageClass":"Event","MessageCategory":"Event",'
    b'"MessageType":"Notification","POIID":"%s"},"EventNotification":{"EventToNotify":"Reject",'
    b'"EventDetails":"message=Crypto%%20error"}}}'
) % POI_ID.encode()


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        ("400 Bad Request", UNREADABLE, "http_400"), ("200 OK", UNREADABLE, "not_sealed"),
        ("200 OK", KEYLESS, "not_sealed"), ("200 OK", REJECT, "not_sealed"),
        ("400 Bad Request", KEYLESS, "http_400"),
    ],
    ids=["error", "error as an answer", "no key there", "rejected", "no key there, by HTTP"],
)  # fmt: skip
async def test_a_terminal_without_the_shops_key_is_told_as_one(
    status: str, body: bytes, code: str
) -> None:
    """It answers in the clear or with an error of HTTP: the state names the key to compare, at both
    ends, and nothing of what was not sealed is told."""

    async def clear(stream: trio.SocketStream) -> None:
        secured = trio.SSLStream(stream, papers().server(), server_side=True)
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with contextlib.suppress(trio.BrokenResourceError):
            await secured.receive_some()
            await secured.send_all(head + body)
            await secured.receive_some()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, clear, 0)
        async with open_nexo(TcpOutlet(), is_ready=False) as shop:
            shop.device.place = TcpPlace("127.0.0.1", listeners[0].socket.getsockname()[1])
            await shop.rig.wait_state(ADDRESS, DeviceState.FAILED, code)
            detail = shop.rig.statuses[-1].detail
            assert WORDS[code] == detail
            for word in ("key", "identifier", "version", "passphrase", "configuration"):
                assert word in detail
            assert "crypto" not in repr(shop.rig.statuses)
        nursery.cancel_scope.cancel()


async def test_a_terminal_that_calls_itself_otherwise(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The right certificate and another name inside: not delivered, by its own word."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world, poi_id="V400m-1", is_ready=False) as shop:
        await shop.rig.wait_state(ADDRESS, DeviceState.FAILED, "not_delivered")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"poi_id": "324688179"}, "poi_id"), ({"sale_id": ""}, "sale_id"),
        ({"path": "nexo"}, "path"), ({"authority_pem": "no certificate"}, "authority_pem"),
        ({"currency_code": 1}, "currency_unknown"),
    ],
)  # fmt: skip
def test_settings_of_a_nexo_terminal(changes: dict[str, object], words: str) -> None:
    """A terminal described wrongly is refused before it is asked for anything."""
    outlet, _ = simulated()
    with pytest.raises(ValueError, match=words):
        NexoDevice(ADDRESS, outlet, profile(**changes))
    assert "p@ssw0rd" not in repr(profile())


# --------------------------------------------------------------------------------------- the link


async def test_idle_connections_let_go(autojump_clock: trio.testing.MockClock) -> None:
    """A terminal that closes idle connections is asked no more often for it, and stays ready."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.keeps_connections = False
        await trio.sleep(120)
        asked = shop.fake.heard.count("Diagnosis")
        await trio.sleep(300)
        assert 8 <= shop.fake.heard.count("Diagnosis") - asked <= 12
        assert DeviceState.READY is shop.rig.statuses[-1].state


async def test_a_pulled_cable_is_noticed_at_once(autojump_clock: trio.testing.MockClock) -> None:
    """Where the terminal keeps a connection open, a pull shows at once, and so does its end."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        await trio.sleep(20)
        heard, begun = len(shop.rig.statuses), trio.current_time()
        await shop.fake.cut()
        heard = await shop.rig.wait_state(ADDRESS, DeviceState.ABSENT, after=heard)
        await shop.fake.plug()
        await shop.ready(after=heard)
        assert trio.current_time() - begun < 2


@pytest.mark.slow
async def test_a_thousand_in_a_row() -> None:
    """A thousand payments one after the other, declines between: sums are equal to the cent, no
    two are named alike, and nothing is left open."""
    async with open_nexo(TcpOutlet()) as shop:
        answers = []
        with trio.fail_after(300):
            for number in range(1_001):
                decline = "Refusal" if number % 7 == 3 else ""
                shop.fake.plans.append(Plan(decline=decline, prints=False))
                answers.append(await shop.device.request(sale(100 + number)))
        paid = [one for one in answers if one.verdict is Verdict.APPROVED]
        assert 858 == len(paid)
        assert sum(one.amount_minor for one in paid) == shop.fake.ledger.booked_minor
        assert 1_001 == len({one.identity.receipt for one in answers})
        day = await shop.device.settle()
        assert shop.fake.ledger.booked_minor == day.amount_minor
        assert {} == shop.device._posts
