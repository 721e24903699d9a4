"""One suite for whatever carries messages: a mailbox, nng in a process, nng between processes, and
the simulated link. An actor cannot tell them apart."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import trio
import trio.testing
from attrs import define, field

from actors import link_peer
from actors.errors import AbsentError, BusyError, NoAnswerError, OversizedError
from actors.limits import ITEM_BYTES_MAX, LINK_ASKS_MAX, STALE_S
from actors.link import RawDialer, RawRouter
from actors.link_simulated import Faults, SimulatedLink
from actors.links import LinkEvent, Links, Port
from actors.mailbox import Mailbox
from actors.messages import Accepted, DeviceState, DeviceStatus, Perform
from actors.node import Node
from actors.world import ManualWorld, SystemWorld, World

ROOT = Path(__file__).parents[2]
_numbers = itertools.count()
PRINTER = "printer/1"


@define
class Carrier:
    """`asker` reaches addresses under `printer` at `home`; they are one node where no link is."""

    kind: str
    asker: Node
    home: Node
    asker_links: Links | None = None
    home_links: Links | None = None
    events: list[LinkEvent] = field(factory=list)
    lose_home: Callable[[], None] = lambda: None

    def kinds(self) -> list[str]:
        """The events seen at the asker so far."""
        return [event.kind for event in self.events]


@contextlib.asynccontextmanager
async def linked(
    kind: str,
    dialling: Port,
    listening: Port,
    world: World,
    versions: tuple[int, int] = (1, 1),
    grace_s: float = STALE_S,
) -> AsyncIterator[Carrier]:
    """Two nodes joined by two ports; the asker dials. Leaves both running."""
    asker, home = Node("store", world), Node("devices", world)
    carrier = Carrier(kind, asker, home)
    carrier.asker_links = Links(
        asker, on_event=carrier.events.append, version=versions[0], grace_s=grace_s
    )
    carrier.home_links = Links(home, version=versions[1])
    carrier.asker_links.dial(dialling, "devices")
    carrier.home_links.listen(listening)
    asker.route("printer", "devices")
    home.route("register", "store")
    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()
        carrier.lose_home = scope.cancel

        async def run_home() -> None:
            assert carrier.home_links is not None
            with scope:
                await carrier.home_links.run()
            if isinstance(listening, RawRouter):
                listening.close()

        nursery.start_soon(run_home)
        await nursery.start(carrier.asker_links.run)
        yield carrier
        nursery.cancel_scope.cancel()


@contextlib.contextmanager
def nng_ports(url: str) -> Iterator[tuple[RawDialer, RawRouter]]:
    """A dialler and a router at `url`, closed afterwards."""
    router = RawRouter(url)
    dialer = RawDialer(url)
    try:
        yield dialer, router
    finally:
        dialer.close()
        router.close()


def url_for(kind: str, folder: Path) -> str:
    """An address nobody else uses."""
    return f"{kind}://{folder}/{next(_numbers)}" if kind == "ipc" else f"inproc://{folder}"


@contextlib.asynccontextmanager
async def carried(kind: str, folder: Path) -> AsyncIterator[Carrier]:
    """A carrier of any kind, joined."""
    world = SystemWorld()
    dialling: Port
    listening: Port
    with contextlib.ExitStack() as stack:
        if kind == "mailbox":
            node = Node("store", world)
            yield Carrier(kind, node, node)
            return
        if kind == "simulated":
            link = SimulatedLink(ManualWorld(1, follow=True))
            dialling, listening = link.dialling, link.listening
        else:
            dialling, listening = stack.enter_context(nng_ports(url_for(kind, folder)))
        async with linked(kind, dialling, listening, world, grace_s=0.3) as carrier:
            assert carrier.asker_links is not None
            assert carrier.home_links is not None
            with trio.fail_after(10):
                await carrier.asker_links.wait_up("devices")
                await carrier.home_links.wait_up("store")
            yield carrier


every = pytest.mark.parametrize("kind", ["mailbox", "inproc", "ipc", "simulated"])
links_only = pytest.mark.parametrize("kind", ["inproc", "ipc", "simulated"])


async def echo(mailbox: Mailbox) -> None:
    """Answer every ask with what it brought."""
    async for envelope in mailbox:
        envelope.answer(envelope.body)


async def until(condition: Callable[[], bool]) -> None:
    """Wait, within ten seconds, for something another process or thread brings about."""
    with trio.fail_after(10):
        while not condition():  # noqa: ASYNC110 - what is waited for cannot set an event here
            await trio.sleep(0.005)


async def wait_down(links: Links) -> None:
    """Until the only peer there ever was is not met any more."""
    await until(lambda: not links.statistics()[0].up)


@every
async def test_ask_and_answer(kind: str, tmp_path: Path, nursery: trio.Nursery) -> None:
    """Registered messages and plain data arrive as they were, and so do their answers."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER)
        nursery.start_soon(echo, mailbox)
        status = DeviceStatus(PRINTER, DeviceState.READY, detail="café €")
        for body in (Perform("e1", {"name": "x", "data": {"n": 2**53}}), Accepted(), status):
            assert await carrier.asker.ask(PRINTER, body, timeout_s=5) == body
        for plain in (None, 0, "", [1, [2]], {"a": {"b": None}}):
            assert await carrier.asker.ask(PRINTER, plain, timeout_s=5) == plain
        carrier.home.close(PRINTER)


@every
async def test_who_sends(kind: str, tmp_path: Path) -> None:
    """An envelope says who sends it, and from which node the link proved it to come."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER)
        assert carrier.asker.post_for("register/1").tell_nowait(PRINTER, "hello")
        with trio.fail_after(5):
            envelope = await mailbox.get()
        assert (envelope.body, envelope.sender) == ("hello", "register/1")
        assert envelope.reply is None
        assert not envelope.answer("nobody asked")
        assert envelope.peer == ("" if kind == "mailbox" else "store")


@every
async def test_order_of_one_sender(kind: str, tmp_path: Path) -> None:
    """What one sender sends arrives in the order it was sent, tells and asks alike."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER, capacity=1_024)
        for number in range(700):
            assert carrier.asker.tell_nowait(PRINTER, number)
        seen: list[object] = []
        async with trio.open_nursery() as nursery:

            async def read() -> None:
                while len(seen) < 701:
                    envelope = await mailbox.get()
                    seen.append(envelope.body)
                    envelope.answer(None)

            nursery.start_soon(read)
            with trio.fail_after(5):
                await carrier.asker.ask(PRINTER, 700, timeout_s=5)
        assert seen == list(range(701))


@every
async def test_a_full_mailbox_is_busy(kind: str, tmp_path: Path) -> None:
    """When the mailbox is full an ask is refused at once, and what waits is not disturbed."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER, capacity=2)
        assert carrier.home.tell_nowait(PRINTER, 1)
        assert carrier.home.tell_nowait(PRINTER, 2)
        with trio.fail_after(5), pytest.raises(BusyError, match="full"):
            await carrier.asker.ask(PRINTER, 3, timeout_s=60)
        assert [envelope.body for envelope in mailbox.drain_nowait(9)] == [1, 2]


@every
async def test_an_empty_address_is_absent(kind: str, tmp_path: Path) -> None:
    """An address nobody lives at is absent, at once."""
    async with carried(kind, tmp_path) as carrier:
        with (
            trio.fail_after(5),
            pytest.raises(AbsentError, match="nothing was delivered") as caught,
        ):
            await carrier.asker.ask(PRINTER, 1, timeout_s=60)
        assert caught.value.address == PRINTER


@every
async def test_silence_is_no_answer(kind: str, tmp_path: Path) -> None:
    """Without an answer in time nobody knows; one that comes late is counted and harms nothing."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER)
        with pytest.raises(NoAnswerError, match=r"within 0\.2 s"):
            await carrier.asker.ask(PRINTER, 1, timeout_s=0.2)
        envelopes = mailbox.drain_nowait(9)
        if envelopes:
            envelopes[0].answer("late")
            await until(lambda: carrier.asker.statistics().late == 1)
        assert carrier.asker.statistics().unanswered == 1


@every
async def test_answering_twice(kind: str, tmp_path: Path, nursery: trio.Nursery) -> None:
    """The first answer counts; a second is counted where it was given."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER)

        was_heard: list[bool] = []

        async def twice() -> None:
            envelope = await mailbox.get()
            was_heard.extend((envelope.answer(1), envelope.answer(2)))

        nursery.start_soon(twice)
        assert await carrier.asker.ask(PRINTER, "x", timeout_s=5) == 1
        assert was_heard == [True, False]
        await until(lambda: carrier.home.statistics().late == 1)


@every
async def test_an_actors_end_reaches_its_askers(
    kind: str, tmp_path: Path, nursery: trio.Nursery
) -> None:
    """Asks in a mailbox that closes are absent; asks an actor took and died of have no answer."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER)
        errors: list[type[Exception]] = []

        async def asking() -> None:
            try:
                await carrier.asker.ask(PRINTER, 1, timeout_s=60)
            except (AbsentError, NoAnswerError) as error:
                errors.append(type(error))

        nursery.start_soon(asking)
        with trio.fail_after(5):
            await mailbox.get()
        mailbox.fail_open_asks("it died")
        await until(lambda: errors == [NoAnswerError])
        nursery.start_soon(asking)
        await until(lambda: len(mailbox) == 1)
        carrier.home.close(PRINTER)
        await until(lambda: errors == [NoAnswerError, AbsentError])


@every
async def test_many_at_once(kind: str, tmp_path: Path, nursery: trio.Nursery) -> None:
    """Hundreds of asks at the same time each get their own answer."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER, capacity=LINK_ASKS_MAX)
        nursery.start_soon(echo, mailbox)
        answers: dict[int, object] = {}

        async def one(number: int) -> None:
            answers[number] = await carrier.asker.ask(PRINTER, [number], timeout_s=30)

        async with trio.open_nursery() as askers:
            for number in range(600):
                askers.start_soon(one, number)
        assert answers == {number: [number] for number in range(600)}
        carrier.home.close(PRINTER)


@links_only
async def test_both_ways_over_one_connection(
    kind: str, tmp_path: Path, nursery: trio.Nursery
) -> None:
    """The node that was dialled asks back over the same connection."""
    async with carried(kind, tmp_path) as carrier:
        nursery.start_soon(echo, carrier.asker.open("register/1"))
        assert await carrier.home.ask("register/1", "scanned", timeout_s=5) == "scanned"
        carrier.asker.close("register/1")


@links_only
async def test_size_limit(kind: str, tmp_path: Path, nursery: trio.Nursery) -> None:
    """A megabyte passes either way; more is refused before it is sent, and the link lives on."""
    async with carried(kind, tmp_path) as carrier:
        nursery.start_soon(echo, carrier.home.open(PRINTER))
        large = "x" * (ITEM_BYTES_MAX - 200)
        assert await carrier.asker.ask(PRINTER, large, timeout_s=10) == large
        with pytest.raises(OversizedError):
            await carrier.asker.ask(PRINTER, "x" * ITEM_BYTES_MAX, timeout_s=5)
        assert not carrier.asker.tell_nowait(PRINTER, "x" * ITEM_BYTES_MAX)
        assert await carrier.asker.ask(PRINTER, 1, timeout_s=5) == 1
        carrier.home.close(PRINTER)


@links_only
async def test_an_answer_too_large(kind: str, tmp_path: Path, nursery: trio.Nursery) -> None:
    """An answer no link carries becomes no-answer, and says why."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER)

        async def boast() -> None:
            (await mailbox.get()).answer("x" * ITEM_BYTES_MAX)

        nursery.start_soon(boast)
        with pytest.raises(NoAnswerError, match="too large"):
            await carrier.asker.ask(PRINTER, 1, timeout_s=5)


@links_only
async def test_one_id_runs_once(kind: str, tmp_path: Path) -> None:
    """Asking again with the same id after no answer gives the first answer and runs nothing."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER)
        async with trio.open_nursery() as nursery:

            async def ask_in_vain() -> None:
                with pytest.raises(NoAnswerError):
                    await carrier.asker.ask(PRINTER, "pay", timeout_s=1, ask_id="one")

            nursery.start_soon(ask_in_vain)
            with trio.fail_after(5):
                envelope = await mailbox.get()
        envelope.answer("paid")
        again = await carrier.asker.ask(PRINTER, "pay", timeout_s=5, ask_id="one")
        assert again == "paid"
        assert mailbox.statistics().taken == 1
        assert len(mailbox) == 0


@links_only
async def test_an_unknown_message_is_not_delivered(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message whose name the other side does not know is absent there, not lost."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER)
        monkeypatch.setattr(link_peer, "to_wire", lambda body: ("no.such_message", {}))
        with pytest.raises(AbsentError, match="not understood"):
            await carrier.asker.ask(PRINTER, Accepted(), timeout_s=5)
        assert len(mailbox) == 0


@links_only
async def test_other_versions_are_refused(kind: str, tmp_path: Path) -> None:
    """A node of another link version is refused before any message, and the reason is kept."""
    dialling: Port
    listening: Port
    with contextlib.ExitStack() as stack:
        if kind == "simulated":
            link = SimulatedLink(ManualWorld(1, follow=True))
            dialling, listening = link.dialling, link.listening
        else:
            dialling, listening = stack.enter_context(nng_ports(url_for(kind, tmp_path)))
        async with linked(kind, dialling, listening, SystemWorld(), (1, 2)) as carrier:
            await until(lambda: "refused" in carrier.kinds())
            with pytest.raises(AbsentError, match="speaks link version 2, not 1"):
                await carrier.asker.ask(PRINTER, 1, timeout_s=60)
            assert "up" not in carrier.kinds()


@links_only
async def test_closed_addresses_stay_closed(kind: str, tmp_path: Path) -> None:
    """Where a node exposes only some addresses, the others are absent to its peers."""
    async with carried(kind, tmp_path) as carrier:
        assert carrier.home_links is not None
        for peer in carrier.home_links._peers.values():
            peer._exposes = lambda name, address: (name, address) == ("store", "printer/2")
        carrier.home.open(PRINTER)
        open_to_all = carrier.home.open("printer/2")
        with pytest.raises(AbsentError, match="not open to node store"):
            await carrier.asker.ask(PRINTER, 1, timeout_s=5)
        assert carrier.asker.tell_nowait("printer/2", 1)
        with trio.fail_after(5):
            await open_to_all.get()


@pytest.mark.parametrize("seed", range(6))
async def test_a_bad_connection(seed: int, autojump_clock: trio.testing.MockClock) -> None:
    """Over a link that loses, doubles and delays frames, each ask runs once and is answered."""
    world = ManualWorld(seed, follow=True)
    link = SimulatedLink(world, Faults(lose=0.15, duplicate=0.15, delay_s=0.2))
    ran: list[object] = []
    async with linked("simulated", link.dialling, link.listening, world) as carrier:
        mailbox = carrier.home.open(PRINTER, capacity=256)

        async def work() -> None:
            async for envelope in mailbox:
                ran.append(envelope.body)
                envelope.answer(envelope.body)

        assert carrier.asker_links is not None
        answers: list[object] = []

        async def ask(number: int) -> None:
            answers.append(await carrier.asker.ask(PRINTER, number, timeout_s=300))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(work)
            for number in range(60):
                await carrier.asker_links.wait_up("devices")
                nursery.start_soon(ask, number)
                await trio.sleep(world.random())
            await until(lambda: len(answers) == 60)
            carrier.home.close(PRINTER)
        assert sorted(map(str, ran)) == sorted(map(str, range(60)))
        assert sorted(map(str, answers)) == sorted(map(str, range(60)))
        assert link.lost > 0


async def test_a_short_break_loses_nothing(autojump_clock: trio.testing.MockClock) -> None:
    """When a connection breaks and comes back, the session goes on where it was."""
    world = ManualWorld(3, follow=True)
    link = SimulatedLink(world)
    async with linked("simulated", link.dialling, link.listening, world) as carrier:
        assert carrier.asker_links is not None
        await carrier.asker_links.wait_up("devices")
        mailbox = carrier.home.open(PRINTER)
        answers: list[object] = []
        async with trio.open_nursery() as nursery:

            async def ask(body: str) -> None:
                answers.append(await carrier.asker.ask(PRINTER, body, timeout_s=30))

            nursery.start_soon(ask, "taken before the break")
            envelope = await mailbox.get()
            nursery.start_soon(ask, "lost in the break")
            await trio.testing.wait_all_tasks_blocked()
            mailbox.drain_nowait(9)
            link.cut()
            await wait_down(carrier.asker_links)
            envelope.answer("answered in the break")
            with pytest.raises(AbsentError, match="not connected"):
                await carrier.asker.ask(PRINTER, "during", timeout_s=30)
            assert not carrier.asker.tell_nowait(PRINTER, "during")
            await trio.sleep(2)
            link.mend()
            await carrier.asker_links.wait_up("devices")
            await trio.sleep(1)
            assert answers == ["answered in the break"]
            nursery.cancel_scope.cancel()
        assert "restarted" not in carrier.kinds()


async def test_a_long_break_is_a_loss(autojump_clock: trio.testing.MockClock) -> None:
    """A peer that stays away for seconds is given up: its asks have no answer, long before their
    own time is over; when it is back, asking works again."""
    world = ManualWorld(4, follow=True)
    link = SimulatedLink(world)
    async with linked("simulated", link.dialling, link.listening, world) as carrier:
        assert carrier.asker_links is not None
        await carrier.asker_links.wait_up("devices")
        mailbox = carrier.home.open(PRINTER)
        async with trio.open_nursery() as nursery:

            async def ask() -> None:
                with pytest.raises(NoAnswerError, match="did not come back"):
                    await carrier.asker.ask(PRINTER, 1, timeout_s=3_000)

            nursery.start_soon(ask)
            assert (await mailbox.get()).body == 1
            link.cut()
            began = trio.current_time()
        assert 3 <= trio.current_time() - began < 4
        link.mend()
        await carrier.asker_links.wait_up("devices")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(echo, mailbox)
            assert await carrier.asker.ask(PRINTER, 2, timeout_s=5) == 2
            carrier.home.close(PRINTER)


async def test_an_answer_for_a_process_that_ended_is_nobodys(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Whoever answers an ask of a process that ended since is told so; its successor, which never
    asked, hears nothing of it."""
    world = ManualWorld(6, follow=True)
    link = SimulatedLink(world)
    home = Node("devices", world)
    mailbox, envelopes = home.open(PRINTER), []
    links = Links(home)
    links.listen(link.listening)

    @contextlib.asynccontextmanager
    async def life() -> AsyncIterator[Node]:
        asker = Node("store", world)
        own = Links(asker)
        own.dial(link.dialling, "devices")
        asker.route("printer", "devices")
        async with trio.open_nursery() as nursery:
            await nursery.start(own.run)
            await own.wait_up("devices")
            yield asker
            nursery.cancel_scope.cancel()
        link.cut()
        link.mend()

    async with trio.open_nursery() as nursery:
        await nursery.start(links.run)
        async with life() as first:
            for number in range(2):
                first.ask_nowait(PRINTER, number, timeout_s=60)
                envelopes.append(await mailbox.get())
            assert envelopes[0].answer("in time")
        async with life() as second:
            assert not envelopes[1].answer("too late")
            nursery.start_soon(echo, mailbox)
            assert await second.ask(PRINTER, "anew", timeout_s=5) == "anew"
            assert (home.statistics().late, second.statistics().late) == (1, 0)
        home.close(PRINTER)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("late", range(10))
async def test_given_up_while_its_greeting_is_on_the_way(
    late: int, autojump_clock: trio.testing.MockClock
) -> None:
    """The answer to a hello of a session that was given up meanwhile begins nothing: the dialler
    greets anew, and the two agree."""
    world = ManualWorld(late, follow=True)
    link = SimulatedLink(world)
    async with linked("simulated", link.dialling, link.listening, world) as carrier:
        assert carrier.asker_links is not None
        await carrier.asker_links.wait_up("devices")
        mailbox = carrier.home.open(PRINTER)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(echo, mailbox)
            for number in range(3):
                assert await carrier.asker.ask(PRINTER, number, timeout_s=5) == number
            link.cut()
            await wait_down(carrier.asker_links)
            link.faults = Faults(delay_s=0.8)
            await trio.sleep(2.2 + late / 10)
            link.mend()
            with trio.fail_after(20):
                await carrier.asker_links.wait_up("devices")
                await trio.sleep(3)
                assert await carrier.asker.ask(PRINTER, 9, timeout_s=10) == 9
            carrier.home.close(PRINTER)
        assert "garbage" not in carrier.kinds()


async def test_a_silent_peer_is_stale(autojump_clock: trio.testing.MockClock) -> None:
    """A connection that stands but brings nothing for three seconds counts as lost."""
    world = ManualWorld(5, follow=True)
    link = SimulatedLink(world)
    async with linked("simulated", link.dialling, link.listening, world) as carrier:
        assert carrier.asker_links is not None
        await carrier.asker_links.wait_up("devices")
        await trio.sleep(30)
        assert carrier.kinds() == ["up"]
        link.faults = Faults(lose=1.0)
        began = trio.current_time()
        await wait_down(carrier.asker_links)
        assert 2 <= trio.current_time() - began < 4.5
        link.faults = Faults()
        await carrier.asker_links.wait_up("devices")


@pytest.mark.parametrize("kind", ["inproc", "ipc"])
async def test_a_lost_peer(kind: str, tmp_path: Path) -> None:
    """When the other node ends, asks it had taken have no answer, and new ones are absent."""
    async with carried(kind, tmp_path) as carrier:
        mailbox = carrier.home.open(PRINTER)
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:

                async def ask() -> None:
                    with pytest.raises(NoAnswerError, match="did not come back"):
                        await carrier.asker.ask(PRINTER, 1, timeout_s=60)

                nursery.start_soon(ask)
                await mailbox.get()
                carrier.lose_home()
        with pytest.raises(AbsentError):
            await carrier.asker.ask(PRINTER, 1, timeout_s=60)
        assert carrier.kinds() == ["up", "down", "given_up"]


CHILD = """
import sys
import trio
from actors.link import RawDialer, RawRouter
from actors.links import Links
from actors.node import Node
from actors.world import SystemWorld

async def main(role, url):
    node = Node("devices", SystemWorld())
    links = Links(node)
    if role == "dials":
        links.dial(RawDialer(url), "store")
    else:
        links.listen(RawRouter(url))
    mailbox = node.open("printer/1")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(links.run)
        async for envelope in mailbox:
            if envelope.body != "silence":
                envelope.answer(envelope.body)

trio.run(main, *sys.argv[1:])
"""


@contextlib.contextmanager
def child(role: str, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real process that holds `printer/1` in a node called `devices`; killed afterwards."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, role, url], cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("role", ["dials", "listens"])
async def test_kill_9_and_another_life(role: str, tmp_path: Path) -> None:
    """A killed process leaves its asks without an answer; its successor is met and serves, on the
    same socket, whichever side had dialled."""
    url = f"ipc://{tmp_path}/link"
    node = Node("store", SystemWorld())
    events: list[LinkEvent] = []
    links = Links(node, on_event=events.append)
    port = RawRouter(url) if role == "dials" else RawDialer(url)
    if isinstance(port, RawRouter):
        links.listen(port)
    else:
        links.dial(port, "devices")
    node.route("printer", "devices")
    with contextlib.closing(port), trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(links.run)
            failed = trio.Event()

            async def ask_silence() -> None:
                with pytest.raises(NoAnswerError):
                    await node.ask(PRINTER, "silence", timeout_s=60)
                failed.set()

            with child(role, url) as first:
                await links.wait_up("devices")
                assert await node.ask(PRINTER, "one", timeout_s=5) == "one"
                nursery.start_soon(ask_silence)
                # the order of one sender holds, so this answer says that the ask before arrived
                await until(lambda: links.statistics()[0].asks_out == 1)
                assert await node.ask(PRINTER, "two", timeout_s=5) == "two"
                first.kill()
                await wait_down(links)
            with child(role, url):
                await links.wait_up("devices")
                await failed.wait()
                assert await node.ask(PRINTER, "three", timeout_s=5) == "three"
            nursery.cancel_scope.cancel()
    assert [event.kind for event in events].count("up") == 2
