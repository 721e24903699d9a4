"""Actors that die, and what becomes of them."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from actors.actor import Post
from actors.errors import AbsentError, NoAnswerError
from actors.limits import RESTART_HOLD_S
from actors.mailbox import Mailbox
from actors.node import Node
from actors.supervisor import Death, Life, Policy, RestartLimits, supervise
from actors.world import ManualWorld, World


class Fragile:
    """Answers `ping` with how often it was made, and dies of anything else."""

    made = 0

    def __init__(self, address: str = "printer/1") -> None:
        self.address = address
        type(self).made += 1
        self.number = type(self).made

    async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
        """Live until told to die."""
        async for envelope in mailbox:
            if envelope.body != "ping":
                raise RuntimeError(f"cannot {envelope.body}")
            envelope.answer(self.number)


@pytest.fixture(autouse=True)
def _count_from_zero() -> None:
    Fragile.made = 0


class Watch:
    """A node in a following world, and the deaths seen in it."""

    def __init__(self) -> None:
        self.node = Node("devices", ManualWorld(5, follow=True))
        self.deaths: list[Death] = []

    async def kill(self, address: str = "printer/1") -> None:
        """Make the actor die and wait until its supervisor has noticed."""
        assert self.node.tell_nowait(address, "die")
        await trio.testing.wait_all_tasks_blocked()


async def test_an_edge_actor_is_made_anew(autojump_clock: trio.testing.MockClock) -> None:
    """After a death a fresh actor reads the same mailbox, and what waited there is answered."""
    watch = Watch()
    async with supervise(watch.node, on_death=watch.deaths.append) as supervisor:
        supervisor.start(Fragile)
        assert await watch.node.ask("printer/1", "ping", timeout_s=1) == 1
        await watch.kill()
        assert supervisor.statistics()[0].life is Life.WAITING
        assert await watch.node.ask("printer/1", "ping", timeout_s=1) == 2
        assert supervisor.statistics()[0].life is Life.RUNNING
    (death,) = watch.deaths
    assert str(death.error) == "cannot die"
    assert death.again_in_s is not None
    assert 0.005 <= death.again_in_s <= 0.010
    assert watch.node.addresses() == []


async def test_an_ask_it_dies_of_is_told(autojump_clock: trio.testing.MockClock) -> None:
    """The asker whose message killed the actor hears so at once instead of timing out."""
    watch = Watch()
    async with supervise(watch.node, on_death=watch.deaths.append) as supervisor:
        supervisor.start(Fragile)
        began = trio.current_time()
        with pytest.raises(NoAnswerError, match="failed before it answered"):
            await watch.node.ask("printer/1", "explode", timeout_s=30)
        assert trio.current_time() == began
    assert watch.deaths[0].asks_lost == 1


async def test_pauses_double_and_then_it_is_held(autojump_clock: trio.testing.MockClock) -> None:
    """The fifth death within ten seconds holds the actor: absent for thirty, then tried again."""
    watch = Watch()
    async with supervise(watch.node, on_death=watch.deaths.append) as supervisor:
        supervisor.start(Fragile)
        for _ in range(5):
            await watch.kill()
            if len(watch.deaths) < 5:
                await trio.sleep(watch.deaths[-1].again_in_s or 0)
        pauses = [death.again_in_s or 0 for death in watch.deaths]
        for exponent, pause in enumerate(pauses[:4]):
            assert 0.005 * 2**exponent <= pause <= 0.010 * 2**exponent
        assert pauses[4] == RESTART_HOLD_S
        assert watch.deaths[4].held
        assert supervisor.statistics()[0].life is Life.HELD
        with pytest.raises(AbsentError, match="keeps failing"):
            await watch.node.ask("printer/1", "ping", timeout_s=1)
        await trio.sleep(RESTART_HOLD_S + 0.001)
        assert await watch.node.ask("printer/1", "ping", timeout_s=1) == 6


async def test_the_pause_is_capped(autojump_clock: trio.testing.MockClock) -> None:
    """However often it dies, the pause never passes its limit."""
    watch = Watch()
    limits = RestartLimits(deaths_in_window=1_000, delay_s_max=0.05)
    async with supervise(watch.node, on_death=watch.deaths.append, limits=limits) as supervisor:
        supervisor.start(Fragile)
        for _ in range(12):
            await watch.kill()
            await trio.sleep(0.06)
    assert max(death.again_in_s or 0 for death in watch.deaths) <= 0.05


async def test_rare_deaths_start_from_the_short_pause(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """An actor that lived long before it died comes back after the first pause again."""
    watch = Watch()
    async with supervise(watch.node, on_death=watch.deaths.append) as supervisor:
        supervisor.start(Fragile)
        for _ in range(8):
            await watch.kill()
            await trio.sleep(11)
    assert all((death.again_in_s or 1) <= 0.010 for death in watch.deaths)


async def test_a_maker_that_fails_is_a_death(autojump_clock: trio.testing.MockClock) -> None:
    """A factory that raises counts as a death and is tried again; it never loops hot."""
    watch = Watch()
    calls = 0

    def make() -> Fragile:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError("no such device")
        return Fragile()

    async with supervise(watch.node, on_death=watch.deaths.append) as supervisor:
        supervisor.start(make)
        await watch.kill()
        assert await watch.node.ask("printer/1", "ping", timeout_s=1) == 2
    assert [type(death.error) for death in watch.deaths] == [RuntimeError, OSError]


async def test_a_core_actor_takes_the_process_with_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The error of a CORE actor is reported and then raised out of the supervisor."""
    watch = Watch()
    with pytest.RaisesGroup(pytest.RaisesExc(RuntimeError, match="cannot die")):
        async with supervise(watch.node, on_death=watch.deaths.append) as supervisor:
            supervisor.start(Fragile, policy=Policy.CORE)
            supervisor.start(lambda: Fragile("printer/2"))
            assert watch.node.tell_nowait("printer/1", "die")
            await trio.sleep_forever()
    assert [death.again_in_s for death in watch.deaths] == [None]
    assert watch.node.addresses() == []


class Greedy(Fragile):
    """Asks for more memory than there is."""

    async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
        """Fail of it at the first message."""
        async with trio.open_nursery():
            await mailbox.get()
            raise MemoryError("no more")


async def test_without_memory_any_actor_takes_the_process_with_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """There is none for the others either, and none for making the actor anew."""
    watch = Watch()
    with pytest.RaisesGroup(pytest.RaisesExc(MemoryError, match="no more")):
        async with supervise(watch.node, on_death=watch.deaths.append) as supervisor:
            supervisor.start(lambda: Greedy("printer/1"))
            assert watch.node.tell_nowait("printer/1", "anything")
            await trio.sleep(RESTART_HOLD_S)
            raise AssertionError("it lives on")
    assert [(type(death.error), death.again_in_s) for death in watch.deaths] == [
        (MemoryError, None)
    ]


async def test_a_lack_of_memory_ends_the_process_with_other_errors_beside_it() -> None:
    """An actor that runs out of memory, and of whose tasks another fails as it ends, is as little
    made anew as one that says nothing else."""

    class Greedy(Fragile):
        async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
            """Run out of memory in one task; another fails to clean up."""

            async def untidy() -> None:
                try:
                    await trio.sleep_forever()
                finally:
                    raise OSError("it could not be closed")

            async with trio.open_nursery() as nursery:
                nursery.start_soon(untidy)
                await trio.testing.wait_all_tasks_blocked()
                raise MemoryError("no more")

    watch = Watch()
    with pytest.RaisesGroup(MemoryError, OSError, flatten_subgroups=True):
        async with supervise(watch.node, on_death=watch.deaths.append) as supervisor:
            supervisor.start(Greedy)
            await trio.sleep(1)
    assert [death.again_in_s for death in watch.deaths] == [None]


async def test_coming_back_is_dying(autojump_clock: trio.testing.MockClock) -> None:
    """An actor that returns from run has died: it is made anew like any other."""

    class Brief(Fragile):
        async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
            """Return at once, the first time."""
            if self.number > 1:
                await super().run(mailbox, post, world)

    watch = Watch()
    async with supervise(watch.node, on_death=watch.deaths.append) as supervisor:
        supervisor.start(Brief)
        await trio.sleep(1)
        assert supervisor.statistics()[0].last_error.startswith("ActorReturnedError")
        assert len(watch.deaths) == 1


async def test_an_error_beside_a_cancellation(autojump_clock: trio.testing.MockClock) -> None:
    """Errors of an actor's own tasks are unwrapped; one raised while it is cancelled is reported
    and does not escape."""

    class Stubborn(Fragile):
        async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
            """Fail while being cancelled."""
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                try:
                    await trio.sleep_forever()
                finally:
                    raise ValueError("could not tidy up")

    watch = Watch()
    async with supervise(watch.node, on_death=watch.deaths.append) as supervisor:
        supervisor.start(Stubborn)
        await trio.testing.wait_all_tasks_blocked()
        await supervisor.stop("printer/1")
        assert supervisor.statistics() == ()
    assert [str(death.error) for death in watch.deaths] == ["could not tidy up"]


async def test_stop_closes_the_address(autojump_clock: trio.testing.MockClock) -> None:
    """Stopping an actor ends its task, its mailbox and the asks it held; stopping twice is fine."""
    watch = Watch()

    class Silent(Fragile):
        async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
            """Take one message and never answer it."""
            await mailbox.get()
            await trio.sleep_forever()

    async with supervise(watch.node) as supervisor, trio.open_nursery() as nursery:
        supervisor.start(Silent)

        async def asking() -> None:
            with pytest.raises(NoAnswerError, match="stopped"):
                await watch.node.ask("printer/1", 1, timeout_s=60)

        nursery.start_soon(asking)
        await trio.testing.wait_all_tasks_blocked()
        await supervisor.stop("printer/1")
        await supervisor.stop("printer/1")
        assert watch.node.addresses() == []


async def test_actors_ask_each_other(autojump_clock: trio.testing.MockClock) -> None:
    """An actor's post reaches its neighbour and signs with the actor's address."""
    senders: list[str] = []

    class Asker(Fragile):
        async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
            """Pass pings on to the printer."""
            async for envelope in mailbox:
                senders.append(envelope.sender)
                envelope.answer(await post.ask("printer/1", envelope.body, timeout_s=1))

    watch = Watch()
    async with supervise(watch.node) as supervisor:
        supervisor.start(Fragile)
        supervisor.start(lambda: Asker("asker"))
        assert await watch.node.ask("asker", "ping", timeout_s=1) == 1
    assert senders == ["devices"]
