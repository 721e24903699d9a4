"""Two actors: the one that holds a node's anchor, and the store's, which keeps all of them up.

An anchor is replaced by compare and swap: the store says which one it believes the node holds, and
a node that holds another says so instead of taking the new one. So every anchor the store did not
put there itself is held against the journal before it is overwritten, whenever a node comes.
"""

from __future__ import annotations

from pathlib import Path

import structlog
import trio
from attrs import frozen

from actors.actor import Post
from actors.anchors import Anchor, AnchorError, AnchorFile, Finding
from actors.asks import Committed
from actors.errors import PostError
from actors.limits import ANCHOR_EVERY_S, ANCHOR_TIMEOUT_S
from actors.mailbox import Mailbox
from actors.messages import MESSAGES
from actors.world import World

log = structlog.get_logger()


@MESSAGES.name("anchor.hold")
@frozen
class HoldAnchor:
    """The store to `anchor/<node>`: hold `anchor` in place of `believed`. Answered `Held`."""

    anchor: Anchor
    believed: Anchor | None = None


@MESSAGES.name("anchor.held")
@frozen
class Held:
    """What a node holds now. `note` tells people what it had to set aside, "" for nothing."""

    anchor: Anchor | None
    note: str = ""


@frozen
class CheckAnchor:
    """The store's `anchors` to `bookkeeper`: what does the anchor that `node` holds say, None for
    nothing held; answered `Checked`. In one node only."""

    node: str
    anchor: Anchor | None


@frozen
class Checked:
    """The journal's durable head, None while it holds nothing, and what was found."""

    head: Anchor | None
    finding: Finding | None


@frozen
class LinkUp:
    """The store's links to `anchors`: this node is met, anew or again."""

    node: str


class AnchorActor:
    """*Owns* its node's anchor file. *Receives* `HoldAnchor`. *Sends* nothing but answers.
    *If it dies* it reads its file again; what was being written is there whole or not at all.
    """

    def __init__(self, directory: Path, node: str) -> None:
        self.address = f"anchor/{node}"
        self._directory = directory
        self._node = node

    async def run(self, mailbox: Mailbox, post_office: Post, world: World) -> None:
        """Live until cancelled."""
        file = AnchorFile(self._directory, self._node, world.disk)
        await world.in_thread(file.load)
        while True:
            envelope = await mailbox.get()
            body = envelope.body
            if not isinstance(body, HoldAnchor):
                log.warning("message_not_understood", kind=type(body).__name__)
                continue
            if body.believed == file.held:
                try:
                    await world.in_thread(file.keep, body.anchor)
                except OSError as error:
                    # A full disk must not stop this node's devices; the store asks again.
                    log.warning("anchor_not_written", node=self._node, reason=str(error))
            envelope.answer(Held(file.held, file.note))


class AnchorKeeper:
    """*Owns* what the store believes each node holds, and what the anchors brought to light.
    *Receives* `Committed`, `LinkUp`. *Sends* `CheckAnchor` to `bookkeeper` and, at most once a
    second to each, `HoldAnchor` to `anchor/<node>`. *If it dies* the process ends: it dies of a
    journal that is not the one a node has seen, on which nothing may be sold silently.
    """

    address = "anchors"

    def __init__(self, nodes: tuple[str, ...], data_dir: Path) -> None:
        self.held: dict[str, Anchor] = {}
        self.notices: dict[str, None] = {}
        self._nodes = nodes
        self._data_dir = data_dir
        self._due = set(nodes)
        self._changed = trio.lowlevel.ParkingLot()

    async def run(self, mailbox: Mailbox, post_office: Post, world: World) -> None:
        """Live until cancelled.

        Raises:
            AnchorError: a node has seen another journal than this one.
        """
        async with trio.open_nursery() as nursery:
            for node in self._nodes:
                nursery.start_soon(self._keep, node, post_office, world)
            while True:
                envelope = await mailbox.get()
                match envelope.body:
                    case Committed():
                        self._due.update(self._nodes)
                    case LinkUp(node) if node in self._nodes:
                        self.held.pop(node, None)
                        self._due.add(node)
                    case LinkUp():
                        continue
                    case _:
                        log.warning("message_not_understood", kind=type(envelope.body).__name__)
                self._changed.unpark_all()

    def concerns(self, _: Committed) -> bool:
        """Whether a node's anchor would be left behind; one that is due asks for the head anyway.

        Called by the bookkeeper for each batch, in the same process.
        """
        return not self._due.issuperset(self._nodes)

    def note(self, *findings: Finding) -> None:
        """Tell people, in the log and for as long as the process lives in its health."""
        for finding in findings:
            self._tell(finding.node, finding.detail)

    def _tell(self, node: str, notice: str) -> None:
        if notice and notice not in self.notices:
            log.warning("anchor", node=node, notice=notice)
            self.notices[notice] = None

    async def _keep(self, node: str, post_office: Post, world: World) -> None:
        while True:
            while node not in self._due:
                await self._changed.park()
            self._due.discard(node)
            try:
                up = await self._bring_up(node, post_office)
            except PostError:
                up = False
            if not up:
                self._due.add(node)
            await world.sleep(ANCHOR_EVERY_S)

    async def _bring_up(self, node: str, post_office: Post) -> bool:
        """Have a node hold the head; True where it does."""
        checked = await self._check(node, None, post_office)
        # A second time where it held what was not believed, once that was found to be harmless.
        for _ in range(2):
            if checked.head is None:
                return True
            wish = HoldAnchor(checked.head, self.held.get(node))
            answer = await post_office.ask(f"anchor/{node}", wish, timeout_s=ANCHOR_TIMEOUT_S)
            if not isinstance(answer, Held):
                return False
            self._tell(node, answer.note)
            if answer.anchor is None:
                self.held.pop(node, None)
            else:
                self.held[node] = answer.anchor
            if answer.anchor == checked.head:
                return True
            checked = await self._check(node, answer.anchor, post_office)
        return False

    async def _check(self, node: str, anchor: Anchor | None, post_office: Post) -> Checked:
        checked = await post_office.ask(
            "bookkeeper", CheckAnchor(node, anchor), timeout_s=ANCHOR_TIMEOUT_S
        )
        assert isinstance(checked, Checked)
        if checked.finding is not None:
            if checked.finding.refuses:
                raise AnchorError((checked.finding,), self._data_dir)
            self.note(checked.finding)
        return checked
