"""One trio run: the addresses that live in it, the roads to those that do not, and the post."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import trio
from attrs import frozen

from actors.actor import Asked
from actors.errors import AbsentError, BusyError, NoAnswerError, PostError
from actors.limits import (
    ADDRESS_LENGTH_MAX,
    ADDRESSES_PER_NODE_MAX,
    ASK_TIMEOUT_S_MAX,
    MAILBOX_CAPACITY,
)
from actors.mailbox import (
    Envelope,
    Mailbox,
    MailboxStatistics,
    OneShot,
    deadline_after,
    value_or_raise,
)
from actors.world import World


class Peer(Protocol):
    """Another node, as this one reaches it: over nng, or over a simulated link."""

    name: str

    def ask_nowait(self, envelope: Envelope, timeout_s: float) -> Asked:
        """Queue an ask for there; raises as `DoorPost.ask_nowait` says."""
        ...

    def tell_nowait(self, envelope: Envelope) -> bool:
        """Queue a tell; False where it could not be."""
        ...


class AskedHere:
    """An ask of an actor of this node; the time it may take counts from its making."""

    __slots__ = ("_address", "_timeout_s", "answer", "deadline_s")

    def __init__(self, address: str, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self.answer = OneShot()
        self.deadline_s = trio.current_time() + timeout_s

    async def wait(self) -> Any:
        """The answer."""
        # The bare scope: `move_on_after` wraps it in a generator, and every command asks twice.
        with trio.CancelScope(deadline=self.deadline_s):
            try:
                return value_or_raise(await self.answer.wait())
            finally:
                self.answer.close()
        raise NoAnswerError(self._address, f"no answer within {self._timeout_s:g} s")


@frozen
class NodeAsked:
    """An ask whose end its node counts."""

    _asked: Asked
    _count: Callable[[PostError], None]

    async def wait(self) -> Any:
        """The answer; raises as `Post.ask` says."""
        try:
            return await self._asked.wait()
        except PostError as error:
            self._count(error)
            raise


@frozen
class NodeStatistics:
    """What a node has done since it began; `late` answers came twice or after their asker left."""

    name: str
    addresses: int
    asked: int
    told: int
    busy: int
    absent: int
    unanswered: int
    late: int
    mailboxes: tuple[MailboxStatistics, ...]


class Node:
    """The directory of one process and its post.

    It is itself a `Post` that never waits for room in a mailbox, as doors and links need it;
    `post_for` gives an actor one that does.
    """

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.world = world
        self._mailboxes: dict[str, Mailbox] = {}
        self._roads: dict[str, str] = {}
        self._peers: dict[str, Peer] = {}
        self._asked = self._told = self._busy = self._absent = self._unanswered = self._late = 0

    # ---------------------------------------------------------------------------- the directory

    def open(self, address: str, capacity: int = MAILBOX_CAPACITY) -> Mailbox:
        """Begin to hold `address`, such as `printer/receipt-1`.

        Raises:
            ValueError: it is held already, it is no address, or the node is full.
        """
        if not address or len(address) > ADDRESS_LENGTH_MAX or not address.isprintable():
            raise ValueError(f"not an address: {address[:ADDRESS_LENGTH_MAX]!r}")
        if address in self._mailboxes:
            raise ValueError(f"{address} already lives in node {self.name}")
        if len(self._mailboxes) >= ADDRESSES_PER_NODE_MAX:
            raise ValueError(f"node {self.name} holds {ADDRESSES_PER_NODE_MAX} addresses already")
        mailbox = Mailbox(address, self.world, capacity)
        self._mailboxes[address] = mailbox
        return mailbox

    def close(self, address: str) -> None:
        """Stop holding `address`; asks that wait there are answered absent. Unknown ones pass."""
        mailbox = self._mailboxes.pop(address, None)
        if mailbox is not None:
            mailbox.close()

    def mailbox(self, address: str) -> Mailbox | None:
        """The mailbox of an address held here."""
        return self._mailboxes.get(address)

    def addresses(self) -> list[str]:
        """Every address held here, in order."""
        return sorted(self._mailboxes)

    def add_peer(self, peer: Peer) -> None:
        """Make another node known under its name; the latest of one name counts."""
        self._peers[peer.name] = peer

    def route(self, prefix: str, peer: str) -> None:
        """Say that addresses under `prefix` live at the node called `peer`.

        A prefix is whole segments: `printer` covers `printer/receipt-1`, the longest match wins,
        and an empty one covers all that is left. What lives here always comes first.
        """
        self._roads[prefix] = peer

    def _peer_for(self, address: str) -> Peer | None:
        prefix = address
        while prefix not in self._roads:
            if not prefix:
                return None
            prefix = prefix.rpartition("/")[0]
        return self._peers.get(self._roads[prefix])

    # --------------------------------------------------------------------------------- the post

    def post_for(self, sender: str) -> NodePost:
        """The post of one actor: its asks wait for room in a full mailbox of this node."""
        return NodePost(self, sender)

    async def ask(
        self,
        to: str,
        body: object,
        *,
        timeout_s: float,
        sender: str = "",
        ask_id: str | None = None,
        wait_for_room: bool = False,
    ) -> Any:
        """Send `body` to `to`, wherever it lives, and wait for the answer.

        `ask_id` repeats an earlier ask: the link to another node that still remembers it gives the
        first answer and runs nothing twice; within a node the actor itself must know it.
        `timeout_s` covers all of it, waiting for room included, and is cut to an hour.

        Raises:
            BusyError, AbsentError, NoAnswerError: as `Post.ask` says.
        """
        timeout_s = min(timeout_s, ASK_TIMEOUT_S_MAX)
        envelope = self._asking(to, body, timeout_s, sender, ask_id or "")
        try:
            mailbox = self._mailboxes.get(to)
            if mailbox is None or not wait_for_room:
                return await self._deliver(envelope, timeout_s).wait()
            return await self._ask_here(mailbox, envelope, timeout_s)
        except PostError as error:
            self._count(error)
            raise

    def ask_nowait(self, to: str, body: object, *, timeout_s: float, sender: str = "") -> NodeAsked:
        """As `DoorPost.ask_nowait`; `timeout_s` counts from now and is cut to an hour."""
        timeout_s = min(timeout_s, ASK_TIMEOUT_S_MAX)
        envelope = self._asking(to, body, timeout_s, sender)
        try:
            return NodeAsked(self._deliver(envelope, timeout_s), self._count)
        except PostError as error:
            self._count(error)
            raise

    def _asking(
        self, to: str, body: object, timeout_s: float, sender: str, ask_id: str = ""
    ) -> Envelope:
        self._asked += 1
        return Envelope(
            id=ask_id,
            to=to,
            sender=sender or self.name,
            body=body,
            deadline_ns=deadline_after(self.world, timeout_s),
        )

    def _count(self, error: PostError) -> None:
        match error:
            case BusyError():
                self._busy += 1
            case AbsentError():
                self._absent += 1
            case _:
                self._unanswered += 1

    def _deliver(self, envelope: Envelope, timeout_s: float) -> Asked:
        mailbox = self._mailboxes.get(envelope.to)
        if mailbox is not None:
            waiting = AskedHere(envelope.to, timeout_s)
            envelope.reply = self.counting(waiting.answer)
            mailbox.put_nowait(envelope)
            return waiting
        peer = self._peer_for(envelope.to)
        if peer is None:
            detail = f"node {self.name} knows no way to it; nothing was delivered"
            raise AbsentError(envelope.to, detail)
        envelope.id = envelope.id or self.world.new_id()
        return peer.ask_nowait(envelope, timeout_s)

    async def _ask_here(self, mailbox: Mailbox, envelope: Envelope, timeout_s: float) -> Any:
        waiting = AskedHere(envelope.to, timeout_s)
        envelope.reply = self.counting(waiting.answer)
        if not mailbox.is_full:
            await trio.lowlevel.checkpoint_if_cancelled()
            mailbox.put_nowait(envelope)
            return await waiting.wait()
        delivered = False
        with trio.CancelScope(deadline=waiting.deadline_s):
            await mailbox.put(envelope)
            delivered = True
        if not delivered:
            raise BusyError(mailbox.address, "the mailbox stayed full; nothing was delivered")
        return await waiting.wait()

    async def pass_on(
        self,
        envelope: Envelope,
        to: str,
        body: object,
        said: Callable[[Any], object],
        *,
        sender: str = "",
    ) -> None:
        """Have an actor of this node answer an ask in place of the one that got it: the asker is
        told what `said` makes of its answer, the moment it is given. Waits for room only.
        """

        def reply(value: object) -> bool:
            return envelope.answer(value if isinstance(value, PostError) else said(value))

        mailbox = self._mailboxes.get(to)
        if mailbox is None:
            envelope.answer(AbsentError(to, f"not in node {self.name}; nothing was delivered"))
            return
        self._asked += 1
        passed = Envelope("", to, sender or self.name, body, reply, envelope.deadline_ns)
        try:
            await mailbox.put(passed)
        except AbsentError as error:
            self._count(error)
            envelope.answer(error)

    def counting(self, answer: OneShot) -> Any:
        """A reply function that settles `answer` and counts what comes twice or late."""

        def reply(value: object) -> bool:
            is_settled = answer.settle(value)
            self._late += not is_settled
            return is_settled

        return reply

    def count_late(self) -> None:
        """Count an answer that came for nobody, over a link."""
        self._late += 1

    def tell_nowait(self, to: str, body: object, *, sender: str = "") -> bool:
        """Send without waiting or answer; False where it could not be queued."""
        self._told += 1
        envelope = Envelope(id="", to=to, sender=sender or self.name, body=body)
        mailbox = self._mailboxes.get(to)
        if mailbox is None:
            peer = self._peer_for(to)
            envelope.id = self.world.new_id()
            return peer is not None and peer.tell_nowait(envelope)
        try:
            mailbox.put_nowait(envelope)
        except (BusyError, AbsentError):
            return False
        return True

    def deliver_nowait(self, envelope: Envelope) -> None:
        """Put a message that came over a link into its mailbox; it never goes on to a third node.

        Raises:
            BusyError, AbsentError: nothing was delivered.
        """
        mailbox = self._mailboxes.get(envelope.to)
        if mailbox is None:
            raise AbsentError(envelope.to, f"not in node {self.name}; nothing was delivered")
        mailbox.put_nowait(envelope)

    def statistics(self) -> NodeStatistics:
        """What the node holds and has done."""
        return NodeStatistics(
            name=self.name,
            addresses=len(self._mailboxes),
            asked=self._asked,
            told=self._told,
            busy=self._busy,
            absent=self._absent,
            unanswered=self._unanswered,
            late=self._late,
            mailboxes=tuple(self._mailboxes[a].statistics() for a in sorted(self._mailboxes)),
        )


class NodePost:
    """A `Post` that signs with its actor's address and waits for room in a full mailbox here."""

    def __init__(self, node: Node, sender: str) -> None:
        self._node = node
        self._sender = sender

    async def ask(
        self, to: str, body: object, *, timeout_s: float, ask_id: str | None = None
    ) -> Any:
        """As `Node.ask`, waiting for room."""
        return await self._node.ask(
            to, body, timeout_s=timeout_s, sender=self._sender, ask_id=ask_id, wait_for_room=True
        )

    def ask_nowait(self, to: str, body: object, *, timeout_s: float) -> Asked:
        """As `Node.ask_nowait`."""
        return self._node.ask_nowait(to, body, timeout_s=timeout_s, sender=self._sender)

    async def pass_on(
        self, envelope: Envelope, to: str, body: object, said: Callable[[Any], object]
    ) -> None:
        """As `Node.pass_on`."""
        await self._node.pass_on(envelope, to, body, said, sender=self._sender)

    def tell_nowait(self, to: str, body: object) -> bool:
        """As `Node.tell_nowait`."""
        return self._node.tell_nowait(to, body, sender=self._sender)
