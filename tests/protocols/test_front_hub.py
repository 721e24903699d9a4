"""What a door follows: told once, told again, healed when news was lost, let go at the end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import trio
import trio.testing
from attrs import define, field

from actors.asks import Follow, News, Reply, Unfollow
from actors.mailbox import Mailbox
from actors.node import Node
from actors.world import ManualWorld, World
from protocols.front.hub import Hub, Published
from protocols.limits import FOLLOW_RETRY_S, LEASE_RENEW_S


@define(eq=False)
class Ear:
    """A conversation that keeps what it hears."""

    heard: list[Published] = field(factory=list)

    def hear(self, news: Published) -> None:
        """Keep it."""
        self.heard.append(news)

    def positions(self) -> list[int]:
        """How far each news was."""
        return [news.position for news in self.heard]


@define(eq=False)
class Rig:
    """A hub in a node, with the mailbox of `broadcast` and a register that answers by rote and
    keeps what it is only told."""

    node: Node
    hub: Hub
    broadcast: Mailbox
    position: int = 1
    heard: list[Any] = field(factory=list)

    def told(self) -> list[Any]:
        """What `broadcast` was told since last time."""
        return [envelope.body for envelope in self.broadcast.drain_nowait(64)]

    def publish(self, topic: str, register: str, position: int) -> None:
        """Give news to the hub."""
        self.node.tell_nowait(self.hub.address, News(topic, register, 1, position, {"n": position}))


async def _answer(rig: Rig, mailbox: Mailbox) -> None:
    async for envelope in mailbox:
        if isinstance(envelope.body, Follow | Unfollow):
            rig.heard.append(envelope.body)
            continue
        view = {"n": rig.position}
        envelope.answer(Reply(ok=True, data=view, epoch=1, position=rig.position))


@contextlib.asynccontextmanager
async def running(capacity: int = 64) -> AsyncIterator[Rig]:
    """A running hub."""
    world: World = ManualWorld(follow=True)
    node = Node("store", world)
    rig = Rig(node, Hub(), node.open("broadcast", capacity))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_answer, rig, node.open("register/1"))
        mailbox = node.open(rig.hub.address)
        nursery.start_soon(rig.hub.run, mailbox, node.post_for(rig.hub.address), world)
        await trio.testing.wait_all_tasks_blocked()
        yield rig
        nursery.cancel_scope.cancel()


async def test_many_followers_are_one_follower_to_the_store(autojump_clock: Any) -> None:
    """The first to follow is told on at once and the last to leave too; those between are not."""
    async with running() as rig:
        address = rig.hub.address
        assert [Follow(address, "events")] == rig.told()
        first, second = Ear(), Ear()
        rig.hub.follow("register", "1", first)
        rig.hub.follow("register", "1", second)
        assert [Follow(address, "register", "1")] == rig.told()
        rig.publish("register", "1", 5)
        rig.publish("register", "2", 6)
        await trio.testing.wait_all_tasks_blocked()
        assert ([5], [5]) == (first.positions(), second.positions())
        assert first.heard[0].payload() is second.heard[0].payload(), "bytes are made once"
        rig.hub.unfollow("register", "1", first)
        assert [] == rig.told()
        rig.hub.unfollow("register", "1", second)
        rig.hub.unfollow("register", "1", second)
        assert [Unfollow(address, "register", "1")] == rig.told()


async def test_leases_are_renewed(autojump_clock: Any) -> None:
    """Everything followed is told again within the lease, so that a restarted store learns it."""
    async with running() as rig:
        rig.hub.follow("display", "1", Ear())
        rig.told()
        await trio.sleep(LEASE_RENEW_S + 0.1)
        assert {"events", "display"} == {follow.topic for follow in rig.told()}


async def test_codes_are_asked_of_their_register_and_given_to_one(autojump_clock: Any) -> None:
    """Of two screens that ask for what the scanner reads, the one that began last has it alone."""
    async with running() as rig:
        rig.told()
        first, second = Ear(), Ear()
        rig.hub.follow("scans", "1", first)
        rig.hub.follow("scans", "1", second)
        await trio.testing.wait_all_tasks_blocked()
        address = rig.hub.address
        assert [Follow(address, "scans", "1")] == rig.heard
        rig.publish("scans", "1", 0)
        await trio.testing.wait_all_tasks_blocked()
        assert ([], [0]) == (first.positions(), second.positions())
        rig.hub.unfollow("scans", "1", second)
        rig.publish("scans", "1", 0)
        await trio.testing.wait_all_tasks_blocked()
        assert ([0], [0]) == (first.positions(), second.positions())
        await trio.sleep(LEASE_RENEW_S + 0.1)
        assert 2 == len(rig.heard), "the lease is renewed"
        rig.hub.unfollow("scans", "1", first)
        await trio.testing.wait_all_tasks_blocked()
        assert Unfollow(address, "scans", "1") == rig.heard[-1]
        assert {"events"} == {follow.topic for follow in rig.told()}


async def test_a_full_broadcast_is_told_a_little_later(autojump_clock: Any) -> None:
    """A follow that found no room is not forgotten until the next renewal."""
    async with running(capacity=1) as rig:
        rig.hub.follow("display", "1", Ear())
        assert ["events"] == [follow.topic for follow in rig.told()]
        await trio.sleep(FOLLOW_RETRY_S + 0.1)
        assert ["display"] == [follow.topic for follow in rig.told()]


async def test_lost_news_is_missed_for_seconds_only(autojump_clock: Any) -> None:
    """When news never came, the view is asked for and handed out; what came is not said twice."""
    async with running() as rig:
        ear, facts = Ear(), Ear()
        rig.hub.follow("register", "1", ear)
        rig.hub.follow("events", "", facts)
        rig.publish("register", "1", 1)
        await trio.sleep(3 * LEASE_RENEW_S + 0.1)
        assert [1] == ear.positions()
        rig.position = 9
        await trio.sleep(3 * LEASE_RENEW_S + 0.1)
        assert [1, 9] == ear.positions()
        assert 9 == facts.positions()[-1]
        assert (1, 9) == (rig.hub.head.epoch, rig.hub.head.position)
