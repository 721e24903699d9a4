"""One contract for every door: WebSocket and nng take the same frames and give the same answers."""

from __future__ import annotations

import contextlib
import json
import resource
import traceback
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
import trio
from attrs import define

from actors.errors import PostError
from actors.link_client import PlainRequester, open_requester
from actors.web.sockets import Gone, WebSocket, connect
from actors.world import SystemWorld
from protocols.front import session
from protocols.front.client import open_client
from protocols.front.client_types import FaultError, RefusedError
from protocols.front.tokens import Access, Tokens
from protocols.limits import CLIENT_FRAME_BYTES_MAX, FRAME_BYTES_MAX, OUTSTANDING_MAX
from tests.contracts.door_rig import ADMIN, EPOCH, FRONT, Rig, open_rig

pytestmark = pytest.mark.feature("NEW-21", part="conformance of doors")
KINDS = ("websocket", "nng")
CONTRACT: dict[str, Callable[[str, Path], Any]] = {}  # each test without pytest around it
WORLD = SystemWorld()
HELLO = {"type": "hello", "version": 1, "token": FRONT, "register": "1"}
Frame = dict[str, Any]


class Raw(Protocol):
    """A bare connection: bytes out, frames back."""

    async def say(self, payload: bytes | Frame) -> Frame:
        """Send, and give the next frame that comes back."""
        ...


@define(eq=False)
class RawWebSocket:
    """Over a WebSocket."""

    socket: WebSocket

    async def say(self, payload: bytes | Frame) -> Frame:
        if isinstance(payload, bytes) and b"\xff" in payload:
            await self.socket.send_binary(payload)
        else:
            await self.socket.send(payload if isinstance(payload, bytes) else _bytes(payload))
        return await self.hear()

    async def hear(self) -> Frame:
        frame: Frame = json.loads(await self.socket.receive())
        return frame


@define(eq=False)
class RawNng:
    """Over an nng request."""

    requester: PlainRequester

    async def say(self, payload: bytes | Frame) -> Frame:
        body = payload if isinstance(payload, bytes) else _bytes(payload)
        frame: Frame = json.loads(await self.requester.request(body, 5.0))
        return frame


def _bytes(frame: Frame) -> bytes:
    return json.dumps(frame).encode()


def command(name: str, frame_id: str = "", **data: Any) -> Frame:
    """A command frame with a fresh id."""
    return {"type": "command", "id": frame_id or WORLD.new_id(), "name": name, "data": data}


@contextlib.asynccontextmanager
async def raw(rig: Rig, kind: str) -> AsyncIterator[Any]:
    """A bare connection to a door."""
    if kind == "websocket":
        socket = await connect(rig.bound.websocket_url, message_bytes_max=CLIENT_FRAME_BYTES_MAX)
        try:
            yield RawWebSocket(socket)
        finally:
            await socket.close()
    else:
        async with open_requester(rig.nng_url) as requester:
            yield RawNng(requester)


@contextlib.asynccontextmanager
async def greeted(
    folder: Path, kind: str, hello: Frame | None = None
) -> AsyncIterator[tuple[Rig, Any]]:
    """A rig and a connection that was welcomed."""
    async with open_rig(folder) as rig, raw(rig, kind) as connection:
        welcome = await connection.say(hello or HELLO)
        assert welcome["type"] == "welcome", welcome
        yield rig, connection


def within(seconds: float) -> Callable[[Any], Any]:
    """Fail a test that takes longer, instead of hanging."""

    def wrap(test: Any) -> Any:
        @pytest.mark.parametrize("kind", KINDS)
        async def limited(kind: str, tmp_path: Path) -> None:
            with trio.fail_after(seconds):
                await test(kind, tmp_path)

        limited.__name__, limited.__doc__ = test.__name__, test.__doc__
        CONTRACT[test.__name__] = test
        return limited

    return wrap


# -------------------------------------------------------------------------------------- the hello


@within(10)
async def test_a_hello_with_the_token_is_welcomed(kind: str, folder: Path) -> None:
    """The welcome names the store, where it is, and how often to give a sign of life."""
    async with open_rig(folder) as rig, raw(rig, kind) as connection:
        welcome = await connection.say(HELLO)
        assert {
            "type": "welcome",
            "version": 1,
            "store": "s-1",
            "epoch": EPOCH,
            "position": 0,
            "heartbeat_s": 15,
        } == welcome


@within(20)
async def test_a_bad_hello_opens_nothing(kind: str, folder: Path) -> None:
    """A wrong token, version, register or shape is told by its code, and nothing is asked."""
    wrong: list[tuple[Any, str]] = [
        ({**HELLO, "token": "guess"}, "token_wrong"),
        ({**HELLO, "token": ""}, "token_wrong"),
        ({**HELLO, "token": "é" * 9_000}, "token_wrong"),
        ({**HELLO, "version": 2, "colour": "new"}, "version_unsupported"),
        ({**HELLO, "version": 1.0}, "invalid_data"),
        ({**HELLO, "register": "../1"}, "invalid_data"),
        ({**HELLO, "register": "77"}, "register_absent"),
        ({"type": "hello", "version": 1}, "invalid_data"),
        (command("order.open"), "hello_expected"),
        ({"type": "ping", "at": 1}, "hello_expected"),
        (b"\x00\xff\xfe garbage", "malformed"),
        (b"[]", "malformed"),
    ]
    async with open_rig(folder) as rig:
        for frame, code in wrong:
            async with raw(rig, kind) as connection:
                fault = await connection.say(frame)
                assert ("fault", code) == (fault["type"], fault.get("code")), (frame, fault)
                assert fault["detail"]
        assert [] == [ask for ask in rig.shop.asked if ask.name != "store.status"]


@within(10)
async def test_tokens_are_never_quoted(kind: str, folder: Path) -> None:
    """What opens the door stands in no answer, however wrong the hello is."""
    async with open_rig(folder) as rig:
        for frame in (
            {**HELLO, "token": [FRONT]},
            {**HELLO, FRONT: 1},
            {**HELLO, "version": FRONT},
        ):
            async with raw(rig, kind) as connection:
                answer = json.dumps(await connection.say(frame))
                assert '"fault"' in answer
                assert ADMIN not in answer


# ------------------------------------------------------------------------------------- commands


@within(10)
async def test_a_command_is_answered(kind: str, folder: Path) -> None:
    """The answer carries the command's id, the data, and the position it became durable at."""
    async with greeted(folder, kind) as (rig, connection):
        frame = command("order.add_line", code="4006381333931")
        answer = await connection.say(frame)
        assert answer["type"] == "answer"
        assert (frame["id"], True, EPOCH, 1) == (
            answer["id"],
            answer["ok"],
            answer["epoch"],
            answer["position"],
        )
        assert {"order_id": "o", "total_minor": 1, "due_minor": 0} == answer["data"]
        assert [{"name": "order.add_line", "code": "4006381333931"}] == rig.shop.facts


@within(10)
async def test_a_refusal_is_an_answer(kind: str, folder: Path) -> None:
    """A decided no comes back with its code and figures; a broken engine is a fault."""
    async with greeted(folder, kind) as (_, connection):
        refused = await connection.say(command("till.no_sale", reason="change"))
        assert ("answer", False, None) == (refused["type"], refused["ok"], refused["data"])
        assert {"code": "till_must_be_open", "fields": {"register": "1"}} == refused["refusal"]
        broken = await connection.say(command("order.complete"))
        assert ("fault", "engine_fault") == (broken["type"], broken["code"])
        assert broken["id"]


@within(10)
async def test_the_same_id_reaches_the_store_again(kind: str, folder: Path) -> None:
    """A repeated id is passed on, for the store gives its first answer again, and did it once."""
    async with greeted(folder, kind) as (rig, connection):
        frame = command("order.open")
        first = await connection.say(frame)
        second = await connection.say(frame)
        assert first == second
        assert 1 == rig.shop.position
        assert 2 == len([ask for ask in rig.shop.asked if ask.id == frame["id"]])


@within(10)
async def test_an_approval_travels_with_its_command(kind: str, folder: Path) -> None:
    """A second person's PIN reaches the register actor, and no other place."""
    async with greeted(folder, kind) as (rig, connection):
        frame = command("order.void", reason="left")
        answer = await connection.say({**frame, "approval": {"operator": "ada", "pin": "4711"}})
        assert answer["ok"]
        ask = next(ask for ask in rig.shop.asked if ask.id == frame["id"])
        assert ("ada", "4711", False) == (ask.approver, ask.approver_pin, ask.admin)
        assert "4711" not in json.dumps(answer)


@within(10)
async def test_bad_data_is_named_and_never_passed_on(kind: str, folder: Path) -> None:
    """Floats, texts for amounts, unknown fields, forged fields: each is told by where it stands."""
    wrong: list[tuple[Frame, str, str]] = [
        (command("order.tender_cash", amount_minor=5.0), "invalid_data", "amount_minor"),
        (command("order.tender_cash", amount_minor="500"), "invalid_data", "amount_minor"),
        (command("order.tender_cash", amount_minor=True), "invalid_data", "amount_minor"),
        (command("order.tender_cash", amount_minor=None), "invalid_data", "amount_minor"),
        (command("order.tender_cash"), "invalid_data", "amount_minor"),
        (command("order.tender_cash", amount_minor=1, tip=2), "invalid_data", "tip"),
        (command("order.tender_cash", amount_minor=10**30), "invalid_data", "amount_minor"),
        (command("order.tender_cash", amount_minor=2**63), "malformed", "64 bits"),
        (command("order.teleport"), "unknown_name", "order.teleport"),
        (command("effect.start", effect_id="e"), "unknown_name", "effect.start"),
        (command("staff.sign_on", operator="a", pin_correct=True), "invalid_data", "pin_correct"),
        (command("staff.change_pin", operator="a", pin_hash="x"), "invalid_data", "pin_hash"),
        ({**command("order.open"), "id": "7"}, "invalid_data", "UUID"),
        ({**command("order.open"), "colour": 1}, "invalid_data", "colour"),
        ({**command("order.open"), "data": []}, "invalid_data", "data"),
        ({**command("order.open"), "type": "order"}, "malformed", "type"),
    ]
    async with greeted(folder, kind) as (rig, connection):
        for frame, code, place in wrong:
            fault = await connection.say(frame)
            assert (code, frame["id"]) == (fault.get("code"), fault["id"]), (frame, fault)
            assert place in fault["detail"], fault
        assert [] == [ask for ask in rig.shop.asked if ask.name != "store.status"]
        assert (await connection.say(command("order.open")))["ok"], "the conversation goes on"


@within(10)
async def test_what_is_no_json_object_is_malformed(kind: str, folder: Path) -> None:
    """Cut, doubled, deep and foreign bytes are told apart from data, and cost nothing else."""
    twice = b'{"type":"ping","at":1,"\\u0061t":2}'
    deep = b'{"type":"ping","at":' + b"[" * 40 + b"]" * 40 + b"}"
    bottomless = b'{"type":"ping","at":' + b"[" * 30_000
    async with greeted(folder, kind) as (_, connection):
        for payload in (b"{", b"", b"null", b'{"at":1}', twice, deep, bottomless, b'{"a":NaN}'):
            fault = await connection.say(payload)
            assert ("fault", "malformed") == (fault["type"], fault["code"]), (payload[:40], fault)
        pong = await connection.say({"type": "ping", "at": 5})
        assert ("pong", 5) == (pong["type"], pong["at"])


@within(10)
async def test_only_the_office_hears_the_administrator(kind: str, folder: Path) -> None:
    """The administrator's token acts as the store; without a register the others may only look."""
    observer = {**HELLO, "register": ""}
    async with greeted(folder, kind, observer) as (rig, connection):
        for name in ("order.open", "staff.sign_off"):
            assert "not_allowed" == (await connection.say(command(name)))["code"]
        query = {**command("store.state"), "type": "query"}
        assert (await connection.say(query))["ok"]
        peek = {**command("till.state"), "type": "query"}
        assert "not_allowed" == (await connection.say(peek))["code"]
        async with raw(rig, kind) as office:
            await office.say({**observer, "token": ADMIN})
            assert (await office.say(command("catalog.remove_item", item_id="i")))["ok"]
        ask = rig.shop.asked[-1]
        assert ("_office", True) == (ask.register, ask.admin)


# ---------------------------------------------------------------------------------------- limits


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@within(30)
async def test_a_frame_of_10_mb_is_cut_off(kind: str, folder: Path) -> None:
    """It is never read whole; the door goes on with everybody else, and memory stays where it
    was."""
    huge = b'{"type":"ping","at":"' + b"x" * 10_000_000 + b'"}'
    async with greeted(folder, kind) as (rig, good):
        before = _peak_kib()
        for _ in range(3):
            async with raw(rig, kind) as bad:
                await bad.say(HELLO)
                with pytest.raises((Gone, PostError)):
                    await _say_huge(bad, huge)
                if kind == "websocket":
                    assert 1009 == bad.socket.close_code
        assert (await good.say(command("order.open")))["ok"]
        assert _peak_kib() - before < 60_000, "three frames of 10 MB were read whole"


async def _say_huge(connection: Any, huge: bytes) -> None:
    if isinstance(connection, RawNng):
        # Larger than this client would send: another client would not ask.
        connection.requester._dialer._send_nowait(b"\x80\x00\x00\x01", huge)
        with trio.fail_after(5):
            while connection.requester.joined:
                await connection.requester._change.wait()
        await connection.requester.request(b"x", 0.0)
    else:
        await connection.say(huge)


@within(10)
async def test_a_frame_a_little_too_large_is_told_so(kind: str, folder: Path) -> None:
    """A frame beyond the limit gets its code before the connection ends."""
    large = b'{"type":"ping","pad":"' + b"x" * FRAME_BYTES_MAX + b'"}'
    async with greeted(folder, kind) as (_, connection):
        fault = await connection.say(large)
        assert "frame_too_large" == fault["code"]
        assert str(FRAME_BYTES_MAX) in fault["detail"]
        if kind == "websocket":
            with pytest.raises(Gone, match="1009 frame_too_large"):
                await connection.hear()
        else:
            assert "hello_expected" == (await connection.say({"type": "ping", "at": 1}))["code"]


@within(30)
async def test_a_thousand_pings_are_answered_in_order(kind: str, folder: Path) -> None:
    """A sign of life costs the store nothing and is never confused with another."""
    async with greeted(folder, kind) as (rig, connection):
        for at in range(1_000):
            pong = await connection.say({"type": "ping", "at": at})
            assert ("pong", at, EPOCH) == (pong["type"], pong["at"], pong["epoch"])
        assert 1 == len(rig.shop.asked), "pings reach nobody but the door"


@within(20)
async def test_too_many_at_once_are_told_busy(kind: str, folder: Path) -> None:
    """Beyond the limit nothing is done, and the same id succeeds once others are answered."""
    async with greeted(folder, kind) as (rig, connection):
        rig.shop.held = trio.Event()
        frames = [command("order.open") for _ in range(OUTSTANDING_MAX)]
        late = command("order.open")
        seen: list[Frame] = []
        if kind == "websocket":
            for frame in frames:
                await connection.socket.send(_bytes(frame))
            seen.append(await connection.say(late))
            rig.shop.held.set()
            answers = [await connection.hear() for _ in frames]
        else:
            answers = []

            async def ask(frame: Frame) -> None:
                answers.append(await connection.say(frame))

            # A connection of nng may have only so many requests at once, so the last one goes in
            # beside them by its own number.
            async with trio.open_nursery() as nursery:
                for frame in frames:
                    nursery.start_soon(ask, frame)
                await _wait_outstanding(rig)
                seen.append(await _ask_beside(connection, late))
                rig.shop.held.set()
        assert ("busy", late["id"]) == (seen[0]["code"], seen[0]["id"])
        assert "same id" in seen[0]["detail"]
        assert {frame["id"] for frame in frames} == {answer["id"] for answer in answers}
        assert (await connection.say(late))["ok"]
        assert OUTSTANDING_MAX + 1 == rig.shop.position


async def _wait_outstanding(rig: Rig) -> None:
    while rig.shop.waiting < OUTSTANDING_MAX:
        await rig.shop.changed.wait()


async def _ask_beside(connection: RawNng, frame: Frame) -> Frame:
    requester = connection.requester
    requester._window.total_tokens += 1
    return await connection.say(frame)


# ------------------------------------------------------------------------------------- the client


@within(20)
async def test_the_client_speaks_to_every_door(kind: str, folder: Path) -> None:
    """Answers, refusals and faults arrive as themselves, and a repeated id is one command."""
    async with (
        open_rig(folder) as rig,
        open_client(rig.url(kind), FRONT, world=rig.world, register="1") as client,
    ):
        once = rig.world.new_id()
        first = await client.command("order.add_line", command_id=once, code="42")
        again = await client.command("order.add_line", command_id=once, code="42")
        assert (1, first) == (first.position, again)
        with pytest.raises(RefusedError, match="till_must_be_open") as refused:
            await client.command("till.no_sale", reason="x")
        assert {"register": "1"} == refused.value.fields
        with pytest.raises(FaultError, match=r"invalid_data.*amount_minor"):
            await client.command("order.tender_cash", amount_minor=1.5)
        assert {"register": "1", "sold": 1, "store": "s-1", "pad": ""} == (
            await client.query("register.state")
        ).data
        assert 1 == (await client.ping()).position


@within(20)
async def test_a_client_with_a_wrong_token_is_told_at_once(kind: str, folder: Path) -> None:
    """The fault is raised as itself, not as a time-out and not in a group."""
    async with open_rig(folder) as rig:
        with pytest.raises(FaultError, match="token_wrong"):
            async with open_client(rig.url(kind), "guess", world=rig.world, register="1"):
                pytest.fail("a wrong token was let in")


@within(30)
async def test_a_subscription_shows_every_change_and_loses_no_fact(kind: str, folder: Path) -> None:
    """Views come as they are now; facts come all of them, in order, from the cursor on."""
    async with (
        open_rig(folder) as rig,
        open_client(
            rig.url(kind), ADMIN, world=rig.world, register="1", hints=rig.hint_url
        ) as watcher,
        open_client(rig.url(kind), FRONT, world=rig.world, register="1") as till,
    ):
        for _ in range(250):
            rig.shop.facts.append({"name": "old"})
        positions: list[int] = []
        async with contextlib.aclosing(watcher.subscribe("events", 100)) as updates:
            async for update in updates:
                positions += [event["position"] for event in update.data["events"]]
                if positions[-1] == 250:
                    await till.command("order.open")
                if positions[-1] == 251:
                    break
        assert list(range(101, 252)) == positions
        async with contextlib.aclosing(watcher.subscribe("register")) as updates:
            seen = [(await anext(updates)).data["sold"]]
            await till.command("order.open")
            seen.append((await anext(updates)).data["sold"])
        assert [251, 252] == seen


@within(20)
async def test_an_answer_beyond_nng_is_a_fault(kind: str, folder: Path) -> None:
    """What nng cannot carry is told by its code, where a WebSocket gives it whole."""
    async with (
        open_rig(folder) as rig,
        open_client(rig.url(kind), FRONT, world=rig.world, register="1") as client,
    ):
        if kind == "websocket":
            found = await client.query("catalog.grid")
            assert 2 << 20 == len(found.data["departments"][0])
        else:
            with pytest.raises(FaultError, match="answer_too_large"):
                await client.query("catalog.grid")


# ------------------------------------------------------------------------------- the kit itself


def _any_token(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tokens, "judge", lambda *_: Access.FRONT)


def _any_data(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(session, "structure", lambda data, cls: data)


def _forgets_ids(patch: pytest.MonkeyPatch) -> None:
    asking = session.Session._asked

    def renamed(self: Any, frame_id: str, *rest: Any, **more: Any) -> Any:
        return asking(self, WORLD.new_id(), *rest, **more)

    patch.setattr(session.Session, "_asked", renamed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("break_it", "caught_by"),
    [
        (_any_token, "test_a_bad_hello_opens_nothing"),
        (_any_data, "test_bad_data_is_named_and_never_passed_on"),
        (_forgets_ids, "test_the_same_id_reaches_the_store_again"),
    ],
)
async def test_the_contract_catches_a_broken_door(
    break_it: Any, caught_by: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A door that lets anybody in, checks nothing or changes ids does not pass."""
    break_it(monkeypatch)
    with pytest.raises((ExceptionGroup, AssertionError)) as caught, trio.fail_after(10):
        await CONTRACT[caught_by](kind, tmp_path)
    assert "AssertionError" in "".join(traceback.format_exception(caught.value))
