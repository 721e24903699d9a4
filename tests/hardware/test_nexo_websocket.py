"""nexo messages over a WebSocket within TLS: the same conversation, notices on the same line."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
import trio
import trio.testing

from actors.messages import Accepted, DeviceState
from actors.terminal_messages import Abort, Heard, Request
from actors.web.sockets import WebSocket
from engine.terminal import Verdict
from hardware.terminal.limits import NS_PER_S
from hardware.terminal.nexo import codec, envelope
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.crypto import NONCE_BYTES
from hardware.terminal.nexo.http import HttpNotices
from hardware.terminal.nexo.limits import MESSAGE_BYTES_MAX, SHAKE_NS
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.nexo.play import Plan
from hardware.terminal.nexo.profile import Carrier
from hardware.transport import ByteStream, TcpPlace
from tests.hardware.nexo_rig import (
    ADDRESS,
    KEEPER,
    KEY,
    POI_ID,
    MemoryOutlet,
    Near,
    open_nexo,
    papers,
    profile,
    simulated,
)
from tests.hardware.terminal_rig import asked_for, sale

WEBSOCKET = Carrier.WEBSOCKET
TAKEN = ["at_terminal", "insert_card", "card_inserted", "enter_pin", "waiting_for_host"]


async def test_what_happens_at_the_terminal_comes_on_the_same_line() -> None:
    """With no door for notices: each step is told before the answer, and the answer is none."""
    async with open_nexo(TcpOutlet(), carrier=WEBSOCKET) as shop:
        shop.fake.plans.append(Plan(card="insert"))
        heard = await shop.rig.post.ask(ADDRESS, Request("r1", sale(1250), KEEPER), timeout_s=10)
        assert isinstance(heard, Heard)
        assert TAKEN == shop.progress[:5]
        assert 1250 == shop.fake.ledger.booked_minor


@pytest.mark.parametrize(
    ("plan", "verdict", "code"),
    [
        (Plan(decline="Refusal"), Verdict.DECLINED, "declined"),
        (Plan(is_rejected=True), Verdict.UNKNOWN, "not_delivered"),
        (Plan(status=500), Verdict.UNKNOWN, "link_lost"),
        (Plan(lose="reply"), Verdict.UNKNOWN, "link_lost"),
        (Plan(mangle=lambda sealed: sealed[:-40]), Verdict.UNKNOWN, ""),
        (Plan(mangle=lambda one: one + b" " * MESSAGE_BYTES_MAX), Verdict.UNKNOWN, "too_long"),
        (Plan(mangle=lambda sealed: b"\xff" + sealed), Verdict.UNKNOWN, "http_broken"),
    ],
    ids=["declined", "rejected", "closed otherwise", "lost", "cut", "too long", "no text"],
)
async def test_what_a_terminal_may_do_on_a_websocket(
    plan: Plan, verdict: Verdict, code: str, autojump_clock: trio.testing.MockClock
) -> None:
    """Whatever it answers, or does not: a verdict, and after asking the terminal's own truth. What
    cannot be read is said at once, as it is by POST."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world, carrier=WEBSOCKET) as shop:
        shop.fake.plans.append(plan)
        answer = await shop.device.request(sale(1250))
        assert verdict is answer.verdict
        assert code in ("", answer.code)
        if verdict is Verdict.UNKNOWN:
            await shop.idle()
            answer = await shop.device.inquire(answer)
        assert shop.fake.ledger.booked_minor == answer.amount_minor
        assert Verdict.APPROVED is (await shop.device.request(sale(300))).verdict


async def test_a_cashier_ends_a_payment_over_a_websocket(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The abort goes beside it, on a line of its own, and is answered by nothing."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world, carrier=WEBSOCKET) as shop, trio.open_nursery() as n:
        shop.fake.plans.append(Plan(card="none"))
        n.start_soon(shop.device.request, sale())
        await trio.sleep(1)
        assert Accepted() == await shop.rig.post.ask(
            ADDRESS, Abort(asked_for(shop.device)), timeout_s=3
        )
        with trio.fail_after(5):
            await shop.idle()
        assert "Abort" in shop.fake.heard
        assert 0 == shop.fake.ledger.booked_minor
        assert Verdict.APPROVED is (await shop.device.request(sale())).verdict


async def test_a_pulled_cable_shows_on_an_idle_websocket(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The line of the last question is kept, and its end is noticed at once."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world, carrier=WEBSOCKET) as shop:
        await trio.sleep(20)
        heard, begun = len(shop.rig.statuses), trio.current_time()
        await shop.fake.cut()
        heard = await shop.rig.wait_state(ADDRESS, DeviceState.ABSENT, after=heard)
        await shop.fake.plug()
        await shop.ready(after=heard)
        assert trio.current_time() - begun < 2


@pytest.mark.parametrize("carrier", list(Carrier), ids=lambda one: one.value)
async def test_an_answer_told_twice_is_believed_once(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    """Whatever the terminal answers, it says it once more behind it: each payment has its own end,
    and money moves once for each."""
    reply, send = HttpNotices.reply, WebSocket.send

    def twice(self: HttpNotices, *said: Any) -> bytes:
        return reply(self, *said) * 2

    async def sent_twice(self: WebSocket, said: bytes) -> None:
        await send(self, said)
        await send(self, said)

    monkeypatch.setattr(HttpNotices, "reply", twice)
    monkeypatch.setattr(WebSocket, "send", sent_twice)
    outlet, world = simulated()
    async with open_nexo(outlet, world=world, carrier=carrier) as shop:
        identities = []
        for amount_minor in (1250, 300, 450):
            answer = await shop.device.request(sale(amount_minor))
            await shop.idle()
            if answer.verdict is Verdict.UNKNOWN:
                answer = await shop.device.inquire(answer)
                await shop.idle()
            assert (Verdict.APPROVED, amount_minor) == (answer.verdict, answer.amount_minor)
            identities.append(answer.identity)
        assert 3 == len(set(identities))
        assert 2000 == shop.fake.ledger.booked_minor
        assert 3 == shop.fake.heard.count("Payment")


async def test_the_answer_before_told_again_is_not_this_ones(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """In the middle of a payment of the same amount the one before is told once more: it is not
    taken for this one's, which is asked for where the terminal's own word was not heard."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world, carrier=WEBSOCKET) as shop:
        said: list[bytes] = []

        def note(sealed: bytes) -> bytes:
            said.append(sealed)
            return sealed

        shop.fake.plans.append(Plan(mangle=note))
        first = await shop.device.request(sale(1250))
        await shop.idle()
        shop.fake.plans.append(Plan(tells=(said[0],)))
        second = await shop.device.request(sale(1250))
        assert first.identity != second.identity or second.verdict is Verdict.UNKNOWN
        await shop.idle()
        if second.verdict is Verdict.UNKNOWN:
            second = await shop.device.inquire(second)
        assert (Verdict.APPROVED, 1250) == (second.verdict, second.amount_minor)
        assert first.identity != second.identity
        assert 2500 == shop.fake.ledger.booked_minor
        assert 2 == shop.fake.heard.count("Payment")


def _asked(category: str, body: Mapping[str, object], sale_id: str = "register-1") -> bytes:
    header = m.Header(category, "", sale_id, POI_ID, "Request", "Device", "1")
    members = {"MessageHeader": codec.header_members(header), **body}
    plain = orjson.dumps({"SaleToPOIRequest": members})
    return envelope.close(header, plain, KEY, bytes(NONCE_BYTES), "SaleToPOIRequest")


TEXT = {"OutputFormat": "Text", "OutputText": [{"Text": "Please wait"}]}
SHOWN = {"Device": "CashierDisplay", "InfoQualify": "Display", "OutputContent": TEXT}
DISPLAY = {"DisplayRequest": {"DisplayOutput": [SHOWN]}}
PRINT = {
    "PrintRequest": {
        "PrintOutput": {
            "DocumentQualifier": "Journal",
            "ResponseMode": "NotRequired",
            "OutputContent": TEXT,
        }
    }
}
EVENT = {"EventNotification": {"EventToNotify": "Shutdown", "TimeStamp": "2026-11-26T12:00:00Z"}}


@pytest.mark.parametrize(
    "said",
    [
        _asked("Display", DISPLAY),
        _asked("Print", PRINT),
        _asked("Word", {"WordRequest": {}}),
        _asked("Event", EVENT, "register-2"),
    ],
    ids=["words to show", "lines to print", "a word to come", "another register's event"],
)
async def test_what_a_terminal_asks_of_its_own_is_no_answer(
    said: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    """The terminal may ask the register to show or print something while it waits for a card: that
    is passed over, and the customer's payment is answered after it."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world, carrier=WEBSOCKET) as shop:
        shop.fake.plans.append(Plan(tells=(said,) * 3))
        heard = await shop.rig.post.ask(ADDRESS, Request("r1", sale(1250), KEEPER), timeout_s=10)
        assert isinstance(heard, Heard)
        assert (Verdict.APPROVED, 1250) == (heard.answer.verdict, heard.answer.amount_minor)
        assert 1250 == shop.fake.ledger.booked_minor
        assert ["at_terminal", "insert_card", "card_presented"] == shop.progress[:3]


class _Deaf(MemoryOutlet):
    """TLS stands there, and nothing that is asked is answered."""

    async def open(self) -> ByteStream:
        """As `hardware.transport.connect`."""
        near, far = trio.testing.memory_stream_pair()

        async def serve(stream: trio.abc.Stream) -> None:
            secured = trio.SSLStream(stream, papers().server(), server_side=True)
            with contextlib.suppress(trio.BrokenResourceError):
                while await secured.receive_some():
                    pass

        assert self._in is not None
        self._in[0].start_soon(serve, far)
        await trio.lowlevel.checkpoint()
        return Near(near)


async def test_one_that_opens_no_websocket_was_told_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """TLS stands and the question for a WebSocket is never answered: not a byte of the payment
    left, and the cashier hears so within seconds."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world, carrier=WEBSOCKET) as shop:
        await shop.device.request(sale(1))
        deaf = _Deaf()
        deaf._in = outlet._in
        shop.device.place = deaf
        begun = trio.current_time()
        answer = await shop.device.request(sale(1250))
        assert (Verdict.ABORTED, "not_sent") == (answer.verdict, answer.code)
        assert not answer.identity.is_told
        assert trio.current_time() - begun <= SHAKE_NS / NS_PER_S
        await shop.rig.wait_state(ADDRESS, DeviceState.STALE, "no_answer")


async def test_a_terminal_without_websockets_says_so() -> None:
    """Nothing of a payment is said to who opens none; the register's words name the setting."""

    async def posts_only(stream: trio.SocketStream) -> None:
        secured = trio.SSLStream(stream, papers().server(), server_side=True)
        with contextlib.suppress(trio.BrokenResourceError):
            await secured.receive_some()
            await secured.send_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            await secured.receive_some()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, posts_only, 0)
        async with open_nexo(TcpOutlet(), carrier=WEBSOCKET, is_ready=False) as shop:
            shop.device.place = TcpPlace("127.0.0.1", listeners[0].socket.getsockname()[1])
            await shop.rig.wait_state(ADDRESS, DeviceState.FAILED, "no_websocket")
            assert "carrier" in shop.rig.statuses[-1].detail
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("ours", list(Carrier))
async def test_two_who_do_not_agree_say_nothing_of_money(ours: Carrier) -> None:
    """One posts, the other opens WebSockets: no question is heard, and no payment is approved."""
    (theirs,) = set(Carrier) - {ours}
    told = profile(carrier=ours)
    async with open_nexo(TcpOutlet(), told=told, carrier=theirs, is_ready=False) as shop:
        await shop.rig.wait_state(ADDRESS, DeviceState.ABSENT, "link_lost")
        # Of a POST it is not known what the other side made.
        verdict = Verdict.UNKNOWN if ours is Carrier.HTTPS else Verdict.ABORTED
        assert verdict is (await shop.device.request(sale())).verdict
        assert [] == shop.fake.heard
