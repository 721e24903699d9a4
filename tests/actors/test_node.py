"""The directory of one node and its post."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing
from attrs import define, field

from actors.actor import Post
from actors.errors import AbsentError, BusyError, NoAnswerError
from actors.mailbox import Envelope, Mailbox
from actors.messages import Accepted, Perform
from actors.node import Node
from actors.world import ManualWorld


@define
class RecordingPeer:
    """A peer that answers with its name and keeps what it was given."""

    name: str
    seen: list[Envelope] = field(factory=list)

    def ask_nowait(self, envelope: Envelope, timeout_s: float) -> RecordingPeer:
        """Take it."""
        self.seen.append(envelope)
        return self

    async def wait(self) -> Any:
        """Answer at once."""
        await trio.lowlevel.checkpoint()
        return self.name

    def tell_nowait(self, envelope: Envelope) -> bool:
        """Take it."""
        self.seen.append(envelope)
        return True


async def echo(mailbox: Mailbox) -> None:
    """Answer every ask with what it brought."""
    async for envelope in mailbox:
        envelope.answer(envelope.body)


def as_post(node: Node) -> Post:
    """What mypy checks: a node is a post, and so is what it gives its actors."""
    posts: list[Post] = [node, node.post_for("x")]
    return posts[1]


async def test_ask_and_answer(nursery: trio.Nursery) -> None:
    """An ask reaches the actor as the same object, signed, and its answer comes back."""
    node = Node("store", ManualWorld())
    mailbox = node.open("printer/1")
    body = Perform("e1", {})

    async def actor() -> None:
        envelope = await mailbox.get()
        assert envelope.body is body
        assert (envelope.sender, envelope.peer, envelope.to) == ("x", "", "printer/1")
        envelope.answer(Accepted())

    nursery.start_soon(actor)
    assert await as_post(node).ask("printer/1", body, timeout_s=1) == Accepted()
    assert node.statistics().asked == 1


async def test_an_ask_that_is_passed_on_is_answered_by_the_other(nursery: trio.Nursery) -> None:
    """Whoever asked hears what was made of the other's answer, once; the one between does not wait,
    and where the other is not there, or ends, the asker is told that and not something of it."""
    node = Node("store", ManualWorld())
    front, back = node.open("front"), node.open("back")

    async def pass_all_on() -> None:
        async for envelope in front:
            to = str(envelope.body)
            await node.post_for("front").pass_on(envelope, to, "question", lambda said: f"{said}!")

    async def answer() -> None:
        envelope = await back.get()
        assert (envelope.body, envelope.sender) == ("question", "front")
        envelope.answer("yes")
        await back.get()
        back.fail_open_asks("it died")

    nursery.start_soon(pass_all_on)
    nursery.start_soon(answer)
    assert await node.ask("front", "back", timeout_s=1) == "yes!"
    with pytest.raises(NoAnswerError, match="it died"):
        await node.ask("front", "back", timeout_s=1)
    with pytest.raises(AbsentError, match="not in node"):
        await node.ask("front", "nobody", timeout_s=1)
    back.close()
    with pytest.raises(AbsentError, match="nobody lives here"):
        await node.ask("front", "back", timeout_s=1)


async def test_what_is_passed_on_waits_for_room(nursery: trio.Nursery) -> None:
    """A full mailbox costs the asker time, not its question."""
    node = Node("store", ManualWorld())
    front, back = node.open("front"), node.open("back", capacity=1)
    back.put_nowait(Envelope("", "back", "x", "earlier"))

    async def pass_on() -> None:
        envelope = await front.get()
        await node.post_for("front").pass_on(envelope, "back", envelope.body, lambda said: said)

    nursery.start_soon(pass_on)
    asked = node.ask_nowait("front", "later", timeout_s=1)
    await trio.testing.wait_all_tasks_blocked()
    nursery.start_soon(echo, back)
    assert await asked.wait() == "later"


async def test_nobody_home() -> None:
    """An address nobody holds is absent, and a tell there is not queued."""
    node = Node("store", ManualWorld())
    with pytest.raises(AbsentError, match="no way"):
        await node.ask("printer/1", 1, timeout_s=1)
    assert not node.tell_nowait("printer/1", 1)
    assert node.statistics().absent == 1


async def test_no_answer_in_time(autojump_clock: trio.testing.MockClock) -> None:
    """An actor that does not answer costs its asker the timeout, and its late answer is counted."""
    node = Node("store", ManualWorld())
    mailbox = node.open("a")
    with pytest.raises(NoAnswerError, match="within 2 s"):
        await node.ask("a", 1, timeout_s=2)
    envelope = await mailbox.get()
    envelope.answer("late")
    envelope.answer("later")
    assert (node.statistics().unanswered, node.statistics().late) == (1, 2)


async def test_a_door_is_told_busy_and_an_actor_waits(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """On a full mailbox the node's own ask fails at once; an actor's waits, then says busy too."""
    node = Node("store", ManualWorld())
    mailbox = node.open("a", capacity=1)
    assert node.tell_nowait("a", "first")
    assert not node.tell_nowait("a", "second")
    began = trio.current_time()
    with pytest.raises(BusyError):
        await node.ask("a", 2, timeout_s=5)
    assert trio.current_time() == began
    with pytest.raises(BusyError, match="stayed full"):
        await node.post_for("x").ask("a", 2, timeout_s=5)
    assert trio.current_time() == began + 5
    async with trio.open_nursery() as inner:
        inner.start_soon(echo, mailbox)
        assert await node.post_for("x").ask("a", 3, timeout_s=5) == 3
        node.close("a")


async def test_closing_an_address_answers_its_asks(autojump_clock: trio.testing.MockClock) -> None:
    """Undelivered asks of a closed address are absent, not left to time out."""
    node = Node("store", ManualWorld())
    node.open("a")
    async with trio.open_nursery() as nursery:

        async def asking() -> None:
            with pytest.raises(AbsentError):
                await node.ask("a", 1, timeout_s=60)

        nursery.start_soon(asking)
        await trio.testing.wait_all_tasks_blocked()
        node.close("a")
        node.close("a")
    assert node.addresses() == []


async def test_the_longest_road_wins() -> None:
    """Routes cover whole segments, the longest first, and what lives here before all of them."""
    node = Node("store", ManualWorld())
    peers = {name: RecordingPeer(name) for name in ("devices", "lane", "rest")}
    for peer in peers.values():
        node.add_peer(peer)
    node.route("printer", "devices")
    node.route("printer/lane-2", "lane")
    assert await node.ask("printer/receipt-1", 1, timeout_s=1) == "devices"
    assert await node.ask("printer/lane-2", 1, timeout_s=1) == "lane"
    with pytest.raises(AbsentError):
        await node.ask("printers", 1, timeout_s=1)
    node.route("", "rest")
    assert await node.ask("printers", 1, timeout_s=1) == "rest"
    assert node.tell_nowait("ledger/1", "x")
    assert peers["rest"].seen[-1].body == "x"
    node.open("printer/receipt-1")
    assert node.tell_nowait("printer/receipt-1", "here")
    assert len(peers["devices"].seen) == 1


async def test_a_route_to_an_unknown_peer_is_absent() -> None:
    """A road whose node has not been met yet leads nowhere, without waiting."""
    node = Node("store", ManualWorld())
    node.route("printer", "devices")
    with pytest.raises(AbsentError):
        await node.ask("printer/1", 1, timeout_s=60)


async def test_delivery_from_a_link_stays_here() -> None:
    """A message from a link is never passed on to a third node."""
    node = Node("store", ManualWorld())
    node.add_peer(RecordingPeer("devices"))
    node.route("", "devices")
    with pytest.raises(AbsentError, match="not in node store"):
        node.deliver_nowait(Envelope("1", "printer/1", "", 1))


@pytest.mark.parametrize("address", ["", "x" * 129, "a\nb"])
def test_odd_addresses_are_refused(address: str) -> None:
    """Empty, endless and unprintable addresses are errors."""
    with pytest.raises(ValueError, match="not an address"):
        Node("store", ManualWorld()).open(address)


def test_an_address_lives_once() -> None:
    """Opening an address twice is an error until it is closed."""
    node = Node("store", ManualWorld())
    node.open("a")
    with pytest.raises(ValueError, match="already lives"):
        node.open("a")
    node.close("a")
    assert node.open("a") is node.mailbox("a")
