"""One other node over a link: what belongs to a session or a process that is over is dropped."""

from __future__ import annotations

from actors.link_codec import Ask, Data, Tell
from actors.link_peer import LinkPeer
from actors.link_session import Session
from actors.mailbox import Mailbox
from actors.node import Node
from actors.world import SystemWorld


def met() -> tuple[LinkPeer, Mailbox]:
    """A front end's node as the store has it, and the door that it speaks to."""
    node = Node("store", SystemWorld())
    return LinkPeer("front", node, lambda _: None, None), node.open("door", 8)


async def test_a_frame_of_an_older_session_is_dropped() -> None:
    """Its number may be just the next one here; taken for that, it would come a second time and the
    real one never."""
    peer, door = met()
    peer.begin(Session(1), "process-a")
    peer.begin(Session(2), "process-a")
    for session, words in ((1, "old"), (2, "new")):
        tell = Tell(f"tell-{session}", "door", "front", None, [words])
        peer.take(Data(session, 1, 0, (tell,)))
    assert [["new"]] == [envelope.body for envelope in door.drain_nowait(8)]


async def test_an_answer_that_comes_after_its_asker_died_answers_nobody_else() -> None:
    """The next process of that name is no heir: its question is asked, whatever number it has."""
    peer, door = met()
    ask = Ask("ask-7", "door", "front", None, None, ["what is due?"])
    peer.begin(Session(1), "process-a")
    peer.take(Data(1, 1, 0, (ask,)))
    (late,) = door.drain_nowait(8)
    peer.begin(Session(2), "process-b")
    assert not late.answer("100")
    peer.take(Data(2, 1, 0, (ask,)))
    (asked,) = door.drain_nowait(8)
    assert asked.answer("200")
