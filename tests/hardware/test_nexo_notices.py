"""What a nexo terminal tells unasked, and who else may post there."""

from __future__ import annotations

import pytest
import trio

from actors.terminal_messages import Heard, Request
from actors.web.exchange import HttpError
from actors.world import SystemWorld
from hardware.terminal.nexo import envelope, voice
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.client import NoticeDoor, Terminal, exchange
from hardware.terminal.nexo.crypto import SecurityKey
from hardware.terminal.nexo.http import HttpNotices, question
from hardware.terminal.nexo.identity import context
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.nexo.play import Plan
from hardware.terminal.nexo.reading import MessageError
from hardware.transport import TcpPlace
from native import NexoMessage
from tests.hardware.nexo_rig import ADDRESS, KEEPER, KEY, POI_ID, NexoShop, open_nexo, papers
from tests.hardware.nexo_rig import profile as told_profile
from tests.hardware.terminal_rig import sale

HEAD = m.Header("Payment", "AB12CD34EF", "register-1", POI_ID)
NOTICE_HEAD = m.Header("Display", "", "register-1", POI_ID, "Request", "Device", "1")
LOCAL = NoticeDoor("127.0.0.1", 0)


async def wait_door(shop: NexoShop) -> None:
    """Wait until notices are heard, and have the terminal post them there."""
    with trio.fail_after(5):
        while not shop.device.door_port:  # noqa: ASYNC110
            await trio.sleep(0.01)
    shop.fake.notices = ("127.0.0.1", shop.device.door_port)


async def nothing(_: NexoMessage) -> bool:
    """Takes no message aside."""
    await trio.lowlevel.checkpoint()
    return False


def sealed(plain: bytes, header: m.Header = NOTICE_HEAD, key: SecurityKey = KEY) -> bytes:
    """A notice as it is posted."""
    return envelope.close(header, plain, key, bytes(16), "SaleToPOIRequest")


async def test_what_the_customer_does_meanwhile() -> None:
    """Each step at the terminal is told to who asked for the payment, in the house's words."""
    async with open_nexo(TcpOutlet(), door=LOCAL) as shop:
        await wait_door(shop)
        shop.fake.plans.append(Plan(card="insert"))
        heard = await shop.rig.post.ask(ADDRESS, Request("r1", sale(), KEEPER), timeout_s=10)
        assert isinstance(heard, Heard)
        expected = ["at_terminal", "insert_card", "card_inserted", "enter_pin", "waiting_for_host"]
        assert expected == shop.progress[:5]
        with trio.fail_after(5):
            while len(shop.fake.notice_answers) < 5:  # noqa: ASYNC110
                await trio.sleep(0.01)
        assert {200} == set(shop.fake.notice_answers)
        assert ("ended", "") == (shop.device.requests.shown.code, shop.device.requests.shown.text)


async def test_a_name_heard_before_the_line_broke() -> None:
    """The terminal's own name for a payment, told by a notice, stands in the doubt."""
    async with open_nexo(TcpOutlet(), door=LOCAL) as shop:
        await wait_door(shop)
        shop.fake.plans.append(Plan(lose="reply"))
        doubt = await shop.device.request(sale())
        (entry,) = shop.fake.ledger.entries
        assert f"{entry.poi.time_stamp} {entry.poi.transaction_id}" == doubt.identity.reference


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{}", 400),
        (voice.display(HEAD, "PIN_ENTERED", None), 400),
        (sealed(voice.display(HEAD, "PIN_ENTERED", None), key=SecurityKey("store-1", 1, "x")), 400),
        (sealed(voice.display(HEAD, "PIN_ENTERED", None), HEAD), 400),
        (sealed(voice.event(HEAD, "Shutdown")), 400),
        (sealed(voice.display(HEAD, "PIN_ENTERED", None)), 200),
    ],
    ids=["empty", "object", "unsealed", "other key", "other header", "other event head", "right"],
)
async def test_who_may_post(body: bytes, status: int) -> None:
    """Only what is sealed with the shop's key is heard; anything else is refused and changes
    nothing."""
    async with open_nexo(TcpOutlet(), door=LOCAL) as shop:
        await wait_door(shop)
        shown = shop.device.requests.shown
        await shop.fake.tell(body)
        assert [status] == shop.fake.notice_answers
        assert (status != 200) == (shown == shop.device.requests.shown)


async def test_another_terminals_notice() -> None:
    """A notice about another terminal of the same key is not shown at this one."""
    other = m.Header("Display", "", "register-1", "V400m-1", "Request", "Device", "1")
    async with open_nexo(TcpOutlet(), door=LOCAL) as shop:
        await wait_door(shop)
        await shop.fake.tell(sealed(voice.display(other, "PIN_ENTERED", None), other))
        assert [403] == shop.fake.notice_answers


async def test_another_registers_notice() -> None:
    """Registers that share a terminal are each told of all its customers: one shows its own."""
    other = m.Header("Display", "", "register-2", POI_ID, "Request", "Device", "1")
    async with open_nexo(TcpOutlet(), door=LOCAL) as shop:
        await wait_door(shop)
        shown = shop.device.requests.shown
        await shop.fake.tell(sealed(voice.display(other, "PIN_ENTERED", None), other))
        assert [403] == shop.fake.notice_answers
        assert shown == shop.device.requests.shown


async def test_the_door_is_not_held_open() -> None:
    """Connections that say nothing, too much or nonsense cost a place for a moment, and no more."""
    async with open_nexo(TcpOutlet(), door=LOCAL) as shop:
        await wait_door(shop)
        streams = [
            await trio.open_tcp_stream("127.0.0.1", shop.device.door_port) for _ in range(12)
        ]
        await streams[0].send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await streams[1].send_all(b"\xff" * 100_000)
        with trio.fail_after(5):
            for stream in (streams[0], streams[1], streams[11]):
                try:
                    assert b"" == await stream.receive_some(10)
                except trio.BrokenResourceError:
                    pass
        for stream in streams:
            await stream.aclose()
        body = sealed(voice.display(HEAD, "PIN_ENTERED", None))
        with trio.fail_after(5):
            while 200 not in shop.fake.notice_answers:
                await shop.fake.tell(body)
        assert "waiting_for_host" == shop.device.requests.shown.code


async def test_a_door_that_is_taken() -> None:
    """A port another program holds costs the notices, not the payments."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    async with listeners[0], open_nexo(TcpOutlet(), door=NoticeDoor("127.0.0.1", port)) as shop:
        assert 1250 == (await shop.device.request(sale())).amount_minor
        assert 0 == shop.device.door_port


async def test_a_door_with_a_certificate() -> None:
    """Live terminals post over TLS; a door with a certificate hears them."""
    door = NoticeDoor("127.0.0.1", 0, papers().server())
    async with open_nexo(TcpOutlet(), door=door) as shop:
        await wait_door(shop)
        shop.fake.notices = None
        place = TcpPlace("127.0.0.1", shop.device.door_port)
        body = sealed(voice.display(HEAD, "WAIT_FOR_PIN", None))
        profile = told_profile()
        terminal = Terminal(
            place, context(profile.authority_pem), profile, SystemWorld().random_bytes
        )
        answer, line = await exchange(terminal, body, 10**10, nothing)
        await line.drop()
        assert answer is not None
        assert 200 == answer.status
        assert "enter_pin" == shop.device.requests.shown.code


# ----------------------------------------------------------------------------------------- HTTP


def answer_of(*pieces: bytes) -> tuple[int, bytes, bool]:
    """What a question makes of an answer in these pieces."""
    asked = question("x:8443", "/nexo/", b"{}")
    for piece in pieces:
        if (answer := asked.heard(piece)) is not None:
            return answer.status, answer.body, answer.is_kept
    raise AssertionError("it never ended")


def test_answers_of_http() -> None:
    """By length, in chunks, to the end of the connection, byte by byte: the same answer."""
    plain = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    assert (200, b"{}", True) == answer_of(plain)
    assert (200, b"{}", True) == answer_of(chunked)
    assert (200, b"{}", True) == answer_of(b"HTTP/1.1 100 Continue\r\n\r\n" + plain)
    for whole in (plain, chunked):
        assert (200, b"{}", True) == answer_of(*(bytes([one]) for one in whole))
    assert (204, b"", True) == answer_of(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert (200, b"{}", False) == answer_of(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", b"")
    assert (500, b"", True) == answer_of(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ((b"",), "http_broken"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", b""), "http_broken"),
        ((b"\x00\x01\x02\r\n\r\n",), "http_broken"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",), "http_broken"),
        ((b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,), "http_broken"),
        ((b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 60_000] * 6), "too_long"),
    ],
)
def test_broken_answers_of_http(pieces: tuple[bytes, ...], code: str) -> None:
    """An answer that breaks off, lies or never ends is refused by name."""
    with pytest.raises(HttpError) as caught:
        answer_of(*pieces)
    assert code == caught.value.code


def test_posts_one_after_the_other() -> None:
    """A connection may post again; what is no post is refused."""
    http = HttpNotices()
    for body in (b"{}", b"{ }"):
        assert ("/nexo/", body) == http.heard(question("x", "/nexo/", body).data)
        assert b" 200 " in http.reply(200)
        assert http.again()
    with pytest.raises(MessageError, match="method_unknown"):
        HttpNotices().heard(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    with pytest.raises(MessageError, match="http_broken"):
        HttpNotices().heard(b"\xff\xff\r\n\r\n")
    with pytest.raises(MessageError, match="too_long"):
        HttpNotices().heard(question("x", "/", b"x" * 300_000).data)
