"""A terminal at the end of a real cable, and of one that is cut at every byte."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from actors.errors import NoAnswerError
from actors.messages import Accepted, DeviceState, Failure
from actors.terminal_messages import Abort, Heard, Inquire, Look, Request, Settle
from engine.terminal import Answer, Condition, Kind, SettledTotal, Settlement, Verdict
from hardware.carrier import TcpCarrier
from hardware.terminal.limits import COMPLETION_NS, NS_PER_S, REPLY_NS
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.memory import Memory
from hardware.terminal.zvt.person import Plan
from hardware.terminal.zvt.session import ZvtSession
from tests.hardware.terminal_rig import (
    ADDRESS,
    KEEPER,
    Shop,
    about,
    asked_for,
    open_shop,
    real,
    sale,
    simulated,
)

CARRIERS = ("tcp", "pty")
# All of it takes a minute; the ordinary run takes a sample.
EVERY = os.environ.get("HYPOTHESIS_PROFILE") == "night"


# -------------------------------------------------------------------------------- every command


@pytest.mark.feature("HW-07", part="ZVT terminals over TCP and serial, against a simulated one")
@pytest.mark.parametrize("carrier", CARRIERS)
async def test_every_command(carrier: str, tmp_path: Path) -> None:
    """Sale, refund, reversal, reservation, capture, release, status and end of day, on a real
    socket and a pty: the terminal's books say what the answers say."""
    end, is_serial = real(carrier, tmp_path)
    async with open_shop(end, is_serial=is_serial) as shop:
        device, ledger = shop.device, shop.fake.ledger
        with trio.fail_after(20):
            assert (await device.status()) == Condition(is_ready=True, code="ready")
            paid = await device.request(sale(1250))
            assert (paid.verdict, paid.code, paid.amount_minor) == (Verdict.APPROVED, "ok", 1250)
            assert paid.identity.terminal_id == "52500001"
            assert (paid.identity.receipt, paid.identity.trace) == (1, 1)
            assert paid.card.number == "541333******0010"
            assert paid.authorisation == "123456"
            assert [slip.kind for slip in paid.slips] == ["merchant", "customer"]
            assert ledger.booked_minor == 1250
            refund = await device.request(attrs.evolve(sale(300), kind=Kind.REFUND))
            assert (refund.verdict, ledger.booked_minor) == (Verdict.APPROVED, 950)
            undone = await device.reverse(paid)
            assert (undone.verdict, ledger.booked_minor) == (Verdict.APPROVED, -300)
            again = await device.reverse(paid)
            assert (again.verdict, again.code) == (Verdict.ABORTED, "already_reversed")
            tab = await device.request(attrs.evolve(sale(5000), kind=Kind.RESERVATION))
            assert (tab.verdict, ledger.booked_minor) == (Verdict.APPROVED, -300)
            closed = await device.request(about(Kind.CAPTURE, tab.identity, 4200))
            assert (closed.verdict, ledger.booked_minor) == (Verdict.APPROVED, 3900)
            other = await device.request(attrs.evolve(sale(700), kind=Kind.RESERVATION))
            freed = await device.request(about(Kind.RELEASE, other.identity, 700))
            assert (freed.verdict, ledger.booked_minor) == (Verdict.APPROVED, 3900)
            day = await device.settle()
            assert (day.verdict, day.amount_minor) == (Verdict.APPROVED, 3900)
            assert day.totals == (SettledTotal("mastercard", 2, 3900),)
            assert (await device.settle()).amount_minor == 0
        expected = {0x0600, 0x0501, 0x0620, 0x0601, 0x0631, 0x0630, 0x0622, 0x0624, 0x0625, 0x0650}
        assert expected <= set(shop.fake.heard)


async def test_a_capture_names_what_the_bank_called_its_reservation(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A terminal that insists on the authorisation takes a capture with it alone, and one that does
    not know the field books the same without."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        device, ledger = shop.device, shop.fake.ledger
        shop.fake.wants_attribute = True
        tab = await device.request(attrs.evolve(sale(5000), kind=Kind.RESERVATION))
        plain = about(Kind.CAPTURE, tab.identity, 4200)
        for other in ("", "654321"):
            refused = await device.request(attrs.evolve(plain, authorisation=other))
            assert (refused.verdict, refused.code) == (Verdict.ABORTED, "protocol_error")
        assert ledger.booked_minor == 0
        whole = attrs.evolve(plain, authorisation=tab.authorisation)
        assert (await device.request(whole)).verdict is Verdict.APPROVED
        shop.fake.wants_attribute, shop.fake.knows_no_attribute = False, True
        tab = await device.request(attrs.evolve(sale(5000), kind=Kind.RESERVATION))
        named = attrs.evolve(about(Kind.CAPTURE, tab.identity, 4200), authorisation="123456")
        assert (await device.request(named)).verdict is Verdict.APPROVED
        assert (ledger.booked_minor, shop.fake.heard.count(codec.CAPTURE)) == (8400, 5)


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_by_messages(carrier: str, tmp_path: Path) -> None:
    """What other actors ask is answered, and the same request twice moves money once."""
    end, is_serial = real(carrier, tmp_path)
    async with open_shop(end, is_serial=is_serial) as shop:
        ask = shop.rig.post.ask
        heard = await ask(ADDRESS, Request("r1", sale(), KEEPER), timeout_s=10)
        assert isinstance(heard, Heard)
        assert heard.answer.verdict is Verdict.APPROVED
        assert await ask(ADDRESS, Request("r1", sale(), KEEPER), timeout_s=10) == heard
        assert shop.fake.ledger.booked_minor == 1250
        assert await ask(ADDRESS, Abort("r1"), timeout_s=5) == Failure("nothing_runs")
        assert isinstance(await ask(ADDRESS, Look(), timeout_s=5), Condition)
        assert isinstance(await ask(ADDRESS, Settle(), timeout_s=5), Settlement)
        assert [one.code for one in shop.kept] == ["not_completed_ok"] * 3
        assert {one.verdict for one in shop.kept} == {Verdict.UNKNOWN}
        assert shop.kept[0].identity == heard.answer.identity
        assert shop.progress[:1] == ["insert_card"]


async def test_what_ends_after_its_asker_left_is_told_to_its_keeper(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The store that began a payment is gone by its end: whoever keeps payments by then hears that
    it is over. One who waits is answered, and nobody else is told anything."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        ask = shop.rig.post.ask
        await ask(ADDRESS, Request("heard", sale(), KEEPER), timeout_s=60)
        assert shop.over == []
        shop.fake.plans.append(Plan(card="none"))
        with pytest.raises(NoAnswerError):
            await ask(ADDRESS, Request("left", sale(), KEEPER), timeout_s=2)
        assert shop.over == []
        await trio.sleep(300)
        assert shop.over == ["left"]
        assert shop.device.requests.answers["left"].verdict is Verdict.ABORTED


async def test_what_was_written_down_with_the_request_is_not_written_down_again() -> None:
    """A terminal begins at once where the request was kept with the very transaction that was its
    last; with another, or none, it has its own word kept first, and without that it hears nothing.
    """
    end, is_serial = real("tcp", Path())
    async with open_shop(end, is_serial=is_serial) as shop:
        ask, found = shop.rig.post.ask, []
        for number in range(4):
            await shop.idle()
            last = shop.device.session.memory.last
            assert last is not None
            older = attrs.evolve(last, receipt=(last.receipt or 0) + 7)
            before = (None, last, older, last)[number]
            shop.may_begin = number in (0, 1)
            heard = await ask(ADDRESS, Request(f"r{number}", sale(), KEEPER, before), timeout_s=10)
            found.append((heard.answer.code, len(shop.doubts)))
        assert found == [("ok", 1), ("ok", 1), ("not_sent", 2), ("ok", 2)]
        assert shop.doubts[1].before == last
        assert shop.fake.ledger.booked_minor == 3 * 1250


@pytest.mark.parametrize("is_called_off", [False, True])
async def test_a_terminal_that_logs_on_has_it_written_down_again(is_called_off: bool) -> None:
    """What takes its time to begin may begin when nobody waits any more: it is asked for first.
    Called off meanwhile, it never begins."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop, trio.open_nursery() as nursery:
        last = shop.device.session.memory.last
        # The terminal takes its time to say what was its last, until somebody asks for a payment.
        asked, recall = trio.Event(), shop.fake._recall

        async def recall_late() -> None:
            await asked.wait()
            await recall()

        shop.fake._recall = recall_late  # type: ignore[method-assign]
        await end.unplug()
        await end.plug()
        await _until(lambda: shop.device.session.is_telling)
        heard: list[Heard] = []

        async def ask() -> None:
            request = Request("r1", sale(), KEEPER, last)
            heard.append(await shop.rig.post.ask(ADDRESS, request, timeout_s=10))

        nursery.start_soon(ask)
        await _until(lambda: "r1" in shop.device.requests.running)
        if is_called_off:
            assert await shop.device.abort()
        asked.set()
        await _until(lambda: bool(heard))
        expected = Verdict.ABORTED if is_called_off else Verdict.APPROVED
        assert heard[0].answer.verdict is expected
        assert len(shop.fake.ledger.entries) == (not is_called_off)
        assert [one.before for one in shop.doubts] == [last]


async def test_what_cannot_be_sent_is_not_written_down(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """At a terminal that is away nothing is begun: written down as begun, and the answer lost on
    its way, it could be found out by nobody."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        heard = len(shop.rig.statuses)
        await end.unplug()
        await shop.rig.wait_state(ADDRESS, DeviceState.ABSENT, after=heard)
        answered = await shop.rig.post.ask(ADDRESS, Request("r1", sale(), KEEPER), timeout_s=10)
        assert (answered.answer.verdict, answered.answer.code) == (Verdict.ABORTED, "not_sent")
        assert shop.doubts == []


async def test_what_was_its_last_is_asked_before_a_payment(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A terminal that was too busy to tell at its log-on is asked before money is; without that,
    a payment whose reply is lost could not be found. One that never tells is paid at all the
    same."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        recall = shop.fake._recall

        async def busy() -> None:
            await shop.fake._send(codec.ACKNOWLEDGE)
            await shop.fake._tell(codec.ABORTION, [("result", 0x6C)])

        for request_id, answers in (("r1", busy), ("r2", recall)):
            shop.fake._recall = answers  # type: ignore[method-assign]
            shop.device.session.memory = Memory()
            shop.fake.heard.clear()
            request = Request(request_id, sale(), KEEPER)
            heard = await shop.rig.post.ask(ADDRESS, request, timeout_s=60)
            assert heard.answer.verdict is Verdict.APPROVED
            assert codec.RECALL in shop.fake.heard[: shop.fake.heard.index(codec.AUTHORISE)]
        assert [one.before and one.before.receipt for one in shop.doubts] == [None, 1]


async def _until(is_so: Callable[[], bool]) -> None:
    """Wait for what stays so once it is so."""
    with trio.fail_after(20):
        while not is_so():  # noqa: ASYNC110
            await trio.sleep(0.001)


async def test_many_in_a_row() -> None:
    """Payments in a row, a thousand at night: sums are equal, and no two are named alike."""
    count = 1_001 if EVERY else 147
    end, is_serial = real("tcp", Path())
    async with open_shop(end, is_serial=is_serial) as shop:
        answers = []
        with trio.fail_after(120):
            for number in range(count):
                shop.fake.plans.append(Plan(card="tap", decline=5 if number % 7 == 3 else 0))
                answers.append(await shop.device.request(sale(100 + number)))
        approved = [one for one in answers if one.verdict is Verdict.APPROVED]
        assert len(approved) == count * 6 // 7
        assert sum(one.amount_minor for one in approved) == shop.fake.ledger.booked_minor
        assert len({one.identity.receipt for one in answers}) == count


# ----------------------------------------------------------------------------------- every fault


async def _one(plan: Plan, **options: object) -> tuple[Answer, Shop]:
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        for name, value in options.items():
            setattr(shop.fake, name, value)
        shop.fake.plans.append(plan)
        return await shop.device.request(sale(partial_allowed=True)), shop
    raise AssertionError


@pytest.mark.parametrize(
    ("plan", "options", "verdict", "code", "booked_minor"),
    [
        (Plan(card="insert"), {}, Verdict.APPROVED, "ok", 1250),
        (Plan(card="tap"), {}, Verdict.APPROVED, "ok", 1250),
        (Plan(tip_minor=150), {}, Verdict.APPROVED, "ok", 1400),
        (Plan(prints=False), {}, Verdict.APPROVED, "ok", 1250),
        (Plan(partial_minor=1000), {}, Verdict.PARTIALLY_APPROVED, "ok", 1000),
        (Plan(says_minor=1251), {}, Verdict.APPROVED, "amount_differs", 1250),
        (Plan(decline=0x05), {}, Verdict.DECLINED, "declined_05", 0),
        (Plan(decline=0x6E), {}, Verdict.DECLINED, "card_blocked", 0),
        (Plan(decline=0x6C), {}, Verdict.ABORTED, "aborted_at_terminal", 0),
        (Plan(card="none"), {}, Verdict.ABORTED, "aborted_at_terminal", 0),
        (Plan(extra=((0xA0, 0xA1),)), {}, Verdict.UNKNOWN, "host_code_a1", 1250),
        (Plan(extra=((0xA0, 0x01),)), {}, Verdict.APPROVED, "ok", 1250),
        (Plan(), {"is_paper_out": True}, Verdict.ABORTED, "printer_not_ready", 0),
        (Plan(), {"is_offline": True}, Verdict.ABORTED, "no_connection", 0),
        (Plan(), {"is_offline": True, "offline_max_minor": 2000}, Verdict.APPROVED, "ok", 1250),
        (Plan(), {"is_registered": False}, Verdict.ABORTED, "refused_not_registered", 0),
        (Plan(lose=(0x8000,)), {}, Verdict.APPROVED, "ok", 1250),
        (Plan(lose=(codec.STATUS_INFO,)), {}, Verdict.UNKNOWN, "link_lost", 0),
        (Plan(lose=(codec.COMPLETION,)), {}, Verdict.UNKNOWN, "link_lost", 1250),
        (Plan(lose=(codec.PRINT_BLOCK,)), {}, Verdict.UNKNOWN, "link_lost", 0),
    ],
)
async def test_what_a_terminal_may_do(
    plan: Plan,
    options: dict[str, object],
    verdict: Verdict,
    code: str,
    booked_minor: int,
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Each ending has its verdict and its word, and nothing that is not known is claimed."""
    answer, shop = await _one(plan, **options)
    assert (answer.verdict, answer.code) == (verdict, code)
    assert shop.fake.ledger.booked_minor == booked_minor
    paid = verdict in (Verdict.APPROVED, Verdict.PARTIALLY_APPROVED)
    assert answer.is_offline == (paid and shop.fake.is_offline)
    if paid:
        assert answer.amount_minor == (1251 if code == "amount_differs" else booked_minor)
        assert answer.tip_minor == plan.tip_minor


async def test_silence_never_hangs(autojump_clock: trio.testing.MockClock) -> None:
    """A terminal that says nothing costs T3 before, and T4 after it accepted, and no more."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        shop.fake.hangs = True
        begun = trio.current_time()
        answer = await shop.device.request(sale())
        assert (answer.verdict, answer.code) == (Verdict.UNKNOWN, "link_lost")
        assert trio.current_time() - begun < REPLY_NS / NS_PER_S + 1
        shop.fake.hangs = False
        await shop.idle()
        shop.fake.plans.append(Plan(card="none"))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(_hang_soon, shop)
            begun = trio.current_time()
            answer = await shop.device.request(sale())
        assert (answer.verdict, answer.code) == (Verdict.UNKNOWN, "link_lost")
        assert trio.current_time() - begun < COMPLETION_NS / NS_PER_S + 4
        assert not [one for one in shop.fake.ledger.entries if one.is_booked]


async def _hang_soon(shop: Shop) -> None:
    await trio.sleep(2)
    shop.fake.hangs = True


async def test_aborted_from_the_register(autojump_clock: trio.testing.MockClock) -> None:
    """The cashier can end a payment nobody comes for; the terminal says whether in time."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        shop.fake.plans.append(Plan(card="none"))
        answers: list[Answer] = []

        async def pay() -> None:
            answers.append(await shop.device.request(sale()))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(pay)
            await trio.sleep(3)
            assert (
                await shop.rig.post.ask(ADDRESS, Abort(asked_for(shop.device)), timeout_s=3)
                == Accepted()
            )
        assert [(one.verdict, one.code) for one in answers] == [
            (Verdict.ABORTED, "aborted_at_terminal")
        ]
        assert not answers[0].card.number, "nobody showed a card"
        assert codec.ABORT in shop.fake.heard
        assert (await shop.device.request(sale())).verdict is Verdict.APPROVED


async def test_a_cancel_of_one_payment_ends_no_other(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """It comes late, when its payment is over and the next customer looks for a card: nothing is
    sent. What names the payment that runs ends it."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        ask = shop.rig.post.ask
        first = await ask(ADDRESS, Request("r1", sale(), KEEPER), timeout_s=60)
        shop.fake.plans.append(Plan(card="none"))
        answers: list[Answer] = []

        async def pay() -> None:
            heard = await ask(ADDRESS, Request("r2", sale(), KEEPER), timeout_s=60)
            answers.append(heard.answer)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(pay)
            await trio.sleep(3)
            assert await ask(ADDRESS, Abort("r1"), timeout_s=3) == Failure("nothing_runs")
            await trio.sleep(3)
            assert codec.ABORT not in shop.fake.heard
            assert await ask(ADDRESS, Abort("r2"), timeout_s=3) == Accepted()
        assert first.answer.verdict is Verdict.APPROVED
        assert answers[0].code == "aborted_at_terminal"


async def test_one_thing_at_a_time(autojump_clock: trio.testing.MockClock) -> None:
    """While one payment runs another is refused at once, with nothing sent."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        shop.fake.plans.append(Plan(card="none"))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(shop.device.request, sale())
            await trio.sleep(1)
            second = await shop.device.request(sale(99))
            assert (second.verdict, second.code) == (Verdict.ABORTED, "terminal_busy")
            assert shop.fake.heard.count(codec.AUTHORISE) == 1
            await shop.device.abort()
        heard = len(shop.rig.statuses)
        await shop.fake.cut()
        await shop.rig.wait_state(ADDRESS, DeviceState.ABSENT, after=heard)
        third = await shop.device.request(sale())
        assert (third.verdict, third.code) == (Verdict.ABORTED, "not_sent")


@pytest.mark.parametrize("refusals", [1, 2, 3])
async def test_what_is_not_written_down_is_taken_back(
    refusals: int, autojump_clock: trio.testing.MockClock
) -> None:
    """Where the keeper cannot write, the terminal waits twice, and then takes the sale back."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        shop.refusals = refusals
        heard = await shop.rig.post.ask(ADDRESS, Request("r", sale(), KEEPER), timeout_s=60)
        assert isinstance(heard, Heard)
        if refusals <= 2:
            assert heard.answer.verdict is Verdict.APPROVED
            assert shop.fake.ledger.booked_minor == 1250
        else:
            assert (heard.answer.verdict, heard.answer.code) == (Verdict.ABORTED, "system_error")
            assert shop.fake.ledger.booked_minor == 0


@pytest.mark.feature("PAY-08", part="a ZVT terminal that tells too much, on a socket and a pty")
@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a_terminal_that_tells_too_much(carrier: str, tmp_path: Path) -> None:
    """A card number in text, a track and a chip's data never reach what anybody is told."""
    card, track = "5413330089020011", bytes.fromhex("5413330089020011D2512201")
    end, is_serial = real(carrier, tmp_path)
    async with open_shop(end, is_serial=is_serial) as shop:
        leak = ((0x23, track), (0x24, card.encode()), (0x3C, f"CARD {card}".encode()))
        shop.fake.plans.append(Plan(extra=leak))
        heard = await shop.rig.post.ask(ADDRESS, Request("r1", sale(), KEEPER), timeout_s=10)
        assert isinstance(heard, Heard)
        assert (heard.answer.verdict, heard.answer.detail) == (
            Verdict.APPROVED,
            "CARD 541333******0011",
        )
        said = repr(heard) + repr(shop.kept) + repr(shop.rig.statuses)
        assert card not in said
        assert track.hex() not in said
        assert shop.device._link.is_clean


async def test_a_terminal_without_paper_is_not_said_to_take_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """It may take a payment all the same, and is asked for it: only one that is barred is not."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        shop.fake.is_paper_out = True
        await shop.device.status()
        await shop.rig.wait_state(ADDRESS, DeviceState.FAILED, "terminal_paper_out")
        assert shop.rig.statuses[-1].detail == "the terminal says terminal_paper_out; look at it"
        assert (await shop.device.request(sale())).code == "printer_not_ready", "it was asked"


@pytest.mark.feature("HW-07", part="paired by address and serial number; a swapped one alarms")
async def test_another_terminal_at_the_address(autojump_clock: trio.testing.MockClock) -> None:
    """A terminal that was swapped raises an alarm, and is asked for nothing."""
    end, world = simulated()
    async with open_shop(end, world=world, profile=Profile(terminal_id="11111111")) as shop:
        await shop.rig.wait_state(ADDRESS, DeviceState.FAILED, "other_terminal")
        assert shop.rig.statuses[-1].detail == (
            "terminal 52500001 answers in place of 11111111, so no payment goes to it; "
            "put the right one back, or change serial in the settings"
        )
        answer = await shop.device.request(sale())
        assert (answer.verdict, answer.code) == (Verdict.ABORTED, "other_terminal")
        await trio.sleep(60)
        assert (await shop.device.status()).code == "other_terminal"
        assert shop.rig.statuses[-1].state is DeviceState.FAILED
        assert codec.AUTHORISE not in shop.fake.heard
        assert shop.fake.heard.count(codec.REGISTER) > 5
        # The right one is put back.
        shop.fake.terminal_id = 11111111
        await shop.ready()
        await shop.idle()
        assert (await shop.device.request(sale())).verdict is Verdict.APPROVED
        assert shop.rig.statuses[-1].detail == "terminal 11111111"


async def test_reboot_within_a_payment(autojump_clock: trio.testing.MockClock) -> None:
    """A terminal that is switched off within a payment is logged on to again and asked."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        shop.fake.plans.append(Plan(card="none"))
        answers: list[Answer] = []

        async def pay() -> None:
            answers.append(await shop.device.request(sale()))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(pay)
            await trio.sleep(2)
            await shop.fake.reboot()
        await shop.idle()
        assert answers[0].verdict is Verdict.UNKNOWN
        told = await shop.rig.post.ask(ADDRESS, Inquire("i", answers[0]), timeout_s=30)
        assert isinstance(told, Heard)
        assert (told.answer.verdict, told.answer.code) == (Verdict.UNKNOWN, "not_found")
        assert shop.fake.ledger.booked_minor == 0


# -------------------------------------------------------------------------------- every cut


async def _cut(place: str, after: int, *, is_serial: bool, keeps: bool) -> str:
    """One payment whose cable is pulled after so many bytes; then the truth is asked for."""
    end, world = simulated()
    async with open_shop(end, world=world, is_serial=is_serial) as shop:
        fake, device = shop.fake, shop.device
        assert (await device.request(sale(500))).verdict is Verdict.APPROVED
        before_minor = fake.ledger.booked_minor
        fake.keeps_unacknowledged = keeps
        setattr(fake, place, after)
        answer = await device.request(sale(1250))
        setattr(fake, place, None)
        await trio.sleep(6)  # as long as the terminal waits for an acknowledgement
        await fake.plug()
        await shop.idle()
        if answer.verdict is Verdict.UNKNOWN:
            answer = await device.inquire(answer)
        moved_minor = fake.ledger.booked_minor - before_minor
        says_paid = answer.verdict is Verdict.APPROVED
        assert moved_minor == (1250 if says_paid else 0), (place, after, answer)
        if answer.verdict is Verdict.UNKNOWN:
            assert answer.code == "not_found"
        return answer.verdict.value
    raise AssertionError


async def _dialogue_bytes(*, is_serial: bool) -> tuple[int, int]:
    """How many bytes a payment takes in each direction."""
    end, world = simulated()
    async with open_shop(end, world=world, is_serial=is_serial) as shop:
        await shop.device.request(sale(500))
        sent, heard = shop.fake.sent_bytes, shop.fake.heard_bytes
        await shop.device.request(sale(1250))
        return shop.fake.sent_bytes - sent, shop.fake.heard_bytes - heard
    raise AssertionError


@pytest.mark.feature("NEW-07", part="the wire to a ZVT terminal, at every byte, without intents")
@pytest.mark.feature("PAY-09", part="the terminal's side: asking after a cut")
@pytest.mark.parametrize("keeps", [False, True], ids=["takes_back", "keeps"])
@pytest.mark.parametrize("is_serial", [False, True], ids=["tcp", "serial"])
async def test_cut_at_every_byte(
    is_serial: bool, keeps: bool, autojump_clock: trio.testing.MockClock
) -> None:
    """Wherever the wire is cut, at every byte at night, what is known is what was booked; once."""
    sent, heard = await _dialogue_bytes(is_serial=is_serial)
    seen = set()
    for place, count in (("cut_after", sent), ("deaf_after", heard)):
        for after in range(1, count + 1, 1 if EVERY else 9):
            seen.add(await _cut(place, after, is_serial=is_serial, keeps=keeps))
    assert {"approved", "unknown"} <= seen


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_garbage_never_kills(carrier: str, tmp_path: Path) -> None:
    """Whatever a terminal sends, the device lives on and takes the next payment."""
    end, is_serial = real(carrier, tmp_path)
    async with open_shop(end, is_serial=is_serial) as shop:
        for noise in (b"\xff" * 40, b"\x10\x02\x04\x0f", b"\x06\x0f\x02", bytes(range(256))):
            await shop.fake.carrier.send(noise)
            await trio.sleep(0.05)
        with trio.fail_after(30):
            while True:
                await shop.idle()
                answer = await shop.device.request(sale())
                if answer.verdict is Verdict.APPROVED:
                    break
                await trio.sleep(0.2)
        assert shop.fake.ledger.booked_minor % 1250 == 0


def test_a_session_that_was_never_opened_sends_nothing() -> None:
    """Before a connection everything is refused, with nothing sent."""
    session = ZvtSession(Profile())
    (done,) = session.transact("j", sale(), 0)
    assert done.result.code == "not_sent"  # type: ignore[union-attr]
    assert session.abort() == (False, [])
    assert session.tick(10**15) == []


async def test_nothing_is_begun_that_could_not_be_asked_for_afterwards() -> None:
    """Which transaction was its last before is written down first; where that cannot be, the
    terminal hears nothing."""
    async with open_shop(TcpCarrier()) as shop:
        found = []
        for name in ("a", "b", "c"):
            shop.may_begin = name != "c"
            request = Request(name, sale(), KEEPER)
            found.append((await shop.rig.post.ask(ADDRESS, request, timeout_s=10)).answer)
        first, second, refused = found
        assert [entry.before for entry in shop.doubts] == [
            first.before,
            first.identity,
            second.identity,
        ]
        assert second.before == first.identity
        assert (refused.verdict, refused.code) == (Verdict.ABORTED, "not_sent")
        assert len(shop.fake.ledger.entries) == 2
