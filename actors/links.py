"""All links of one node: who is met, how messages cross, and what a lost peer means.

A node listens on ports and dials others; either way one connection carries messages in both
directions. A lone message leaves at once; while frames are under way, everything asked or answered
in one turn of the scheduler leaves in one frame. An ask is delivered at most once; if its peer is
lost after it was sent, and does not come back as the same process within seconds, the asker is told
that nobody knows.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Protocol

import trio
from attrs import define, field, frozen

from actors.errors import LinkProtocolError
from actors.limits import (
    HEARTBEAT_S,
    LINK_VERSION,
    NAME_LENGTH_MAX,
    NS_PER_S,
    PEERS_MAX,
    REFUSED_RETRY_S,
    STALE_S,
    TICK_S,
)
from actors.link_codec import (
    Beat,
    Data,
    Hello,
    Refused,
    Welcome,
    decode,
    encode_hello,
    encode_refused,
    encode_welcome,
)
from actors.link_peer import LinkPeer, PeerStatistics
from actors.link_session import Session
from actors.node import Node
from actors.waking import Wake

_HEARTBEAT_NS = int(HEARTBEAT_S * NS_PER_S)
_STALE_NS = int(STALE_S * NS_PER_S)
_REFUSED_NS = int(REFUSED_RETRY_S * NS_PER_S)


@frozen
class PipeIdentity:
    """What the connection itself proves: the transport (`ipc`, `tcp`, `inproc`, `tls+tcp`), the
    peer process's user and id over ipc, and the name in its certificate over mutual TLS."""

    transport: str
    same_user: bool = False
    process_id: int | None = None
    certificate_name: str | None = None


class Sink(Protocol):
    """Who is told what happens at a port; every call is synchronous and quick."""

    def pipe_up(self, pipe: int) -> None:
        """A connection stands."""

    def pipe_down(self, pipe: int) -> None:
        """A connection is gone."""

    def frame(self, pipe: int, frame: bytes) -> None:
        """A frame came."""


class Port(Protocol):
    """Moves frames, in order as long as a connection stands, and may lose them: nng or simulated.

    `dials` says that this end makes the connections and so says hello.
    """

    dials: bool

    async def run(self, sink: Sink) -> None:
        """Tell `sink` what happens until cancelled."""
        ...

    def send_nowait(self, pipe: int, frame: bytes) -> bool:
        """Hand a frame over; False where it could not be, True is no promise."""
        ...

    def identity(self, pipe: int) -> PipeIdentity:
        """What is proved about the other end."""
        ...

    def drop(self, pipe: int) -> None:
        """Cut a connection; a dialling port makes a new one by itself."""
        ...


@frozen
class LinkEvent:
    """Something for the log: `up`, `down`, `restarted`, `given_up`, `refused` or `garbage`."""

    peer: str
    kind: str
    detail: str = ""


@frozen
class Admission:
    """Who may link to this node.

    Over ipc the peer must run as this very user; a certificate must name the node; whoever proves
    neither needs the token kept under its name. Inside one process all are admitted.
    """

    tokens: Mapping[str, str] = field(factory=dict)

    def admits(self, hello: Hello, identity: PipeIdentity) -> bool:
        """Whether the one at the other end is the node it says it is."""
        if identity.transport == "inproc" or identity.same_user:
            return True
        if identity.certificate_name is not None:
            return identity.certificate_name == hello.name
        token = self.tokens.get(hello.name, "")
        return bool(token) and hmac.compare_digest(token.encode(), hello.token.encode())


@define(eq=False)
class _End:
    """One port; for a dialling one also whom it should meet and how far that has come."""

    port: Port
    links: Links
    expected: str = ""
    token: str = ""
    pipe: int | None = None
    nonce: str = ""
    hello_ns: int = 0
    refused_ns: int | None = None
    peer_of: dict[int, LinkPeer] = field(factory=dict)

    def pipe_up(self, pipe: int) -> None:
        if self.port.dials:
            self.pipe, self.nonce, self.refused_ns = pipe, self.links.node.world.new_id(), None
            self.links.say_hello(self)

    def pipe_down(self, pipe: int) -> None:
        if self.pipe == pipe:
            self.pipe = None
        peer = self.peer_of.pop(pipe, None)
        if peer is not None and peer.detach(self.port, pipe):
            self.links.note(peer.name, "down", "the connection was lost")

    def frame(self, pipe: int, frame: bytes) -> None:
        self.links.take(self, pipe, frame)


class Links:
    """Every link of one node.

    `on_event` is called for the log. `exposes(peer, address)` says which addresses a peer may
    write to; without it, all of them. A lost peer has `grace_s` to come back as the same process
    before its asks are told that nobody knows.
    """

    def __init__(
        self,
        node: Node,
        *,
        admission: Admission | None = None,
        on_event: Callable[[LinkEvent], None] | None = None,
        exposes: Callable[[str, str], bool] | None = None,
        version: int = LINK_VERSION,
        grace_s: float = STALE_S,
    ) -> None:
        if len(node.name) > NAME_LENGTH_MAX:
            raise ValueError(f"a node's name has at most {NAME_LENGTH_MAX} characters")
        self.node = node
        self.incarnation = node.world.new_id()
        self._admission = admission or Admission()
        self._on_event = on_event
        self._exposes = exposes
        self._version = version
        self._grace_ns = int(grace_s * NS_PER_S)
        self._ends: list[_End] = []
        self._peers: dict[str, LinkPeer] = {}
        # In order, not a set: what is sent first must not depend on where objects lie in memory.
        self._dirty: dict[LinkPeer, None] = {}
        self._flusher = Wake()
        self._changed = trio.lowlevel.ParkingLot()

    # ------------------------------------------------------------------------------ composition

    def listen(self, port: Port) -> None:
        """Meet whoever is admitted at a listening port; before `run`."""
        self._ends.append(_End(port, self))

    def dial(self, port: Port, peer: str, token: str = "") -> None:
        """Meet the node called `peer` at a dialling port; before `run`."""
        self._ends.append(_End(port, self, peer, token))
        self._peer(peer)

    def _peer(self, name: str) -> LinkPeer:
        peer = self._peers.get(name)
        if peer is None:
            peer = LinkPeer(name, self.node, self._mark, self._exposes)
            self._peers[name] = peer
            self.node.add_peer(peer)
        return peer

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Carry messages until cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._flush_forever)
                nursery.start_soon(self._tick_forever)
                for end in self._ends:
                    nursery.start_soon(end.port.run, end)
                task_status.started()
        finally:
            for peer in self._peers.values():
                peer.give_up("this node is closing its links")

    async def wait_up(self, peer: str) -> None:
        """Wait until the node called `peer` is met."""
        while not (peer in self._peers and self._peers[peer].is_up):
            await self._changed.park()

    def statistics(self) -> tuple[PeerStatistics, ...]:
        """Every peer that was ever met, by name."""
        return tuple(self._peers[name].statistics() for name in sorted(self._peers))

    def note(self, peer: str, kind: str, detail: str = "") -> None:
        """Report an event, and wake who waits for a change."""
        self._changed.unpark_all()
        if self._on_event is not None:
            self._on_event(LinkEvent(peer, kind, detail))

    # --------------------------------------------------------------------------------- sending

    def _mark(self, peer: LinkPeer) -> None:
        self._dirty[peer] = None
        self._flusher.wake()

    async def _flush_forever(self) -> None:
        # Woken once for everything that was queued in a turn of the scheduler: so messages that
        # many tasks send at the same time share one frame. A lone one does not come this way.
        while True:
            if not self._dirty:
                await self._flusher.wait()
            else:
                await trio.lowlevel.checkpoint()
            dirty, self._dirty = self._dirty, {}
            for peer in dirty:
                peer.flush()

    async def _tick_forever(self) -> None:
        while True:
            await self.node.world.sleep(TICK_S)
            now_ns = self.node.world.monotonic_ns()
            for end in self._ends:
                self._tick_end(end, now_ns)
            for peer in list(self._peers.values()):
                self._tick_peer(peer, now_ns)

    def _tick_end(self, end: _End, now_ns: int) -> None:
        if end.pipe is None or end.pipe in end.peer_of:
            return
        patience_ns = _HEARTBEAT_NS if end.refused_ns is None else _REFUSED_NS
        if now_ns - end.hello_ns >= patience_ns:
            self.say_hello(end)

    def _tick_peer(self, peer: LinkPeer, now_ns: int) -> None:
        if peer.is_up:
            if now_ns - peer.heard_ns > _STALE_NS:
                port, pipe = peer.attached()
                peer.detach(port, pipe)
                self._forget_pipe(port, pipe)
                port.drop(pipe)
                self.note(peer.name, "down", f"silent for {STALE_S:g} s")
            else:
                peer.tick(now_ns)
        elif peer.session is not None and now_ns - peer.lost_ns > self._grace_ns:
            peer.give_up("its node was lost and did not come back")
            self.note(peer.name, "given_up")
            self._greet_anew(peer.name)

    def _greet_anew(self, name: str) -> None:
        """Whoever hears of a given-up session from an earlier hello would count on what is gone."""
        for end in self._ends:
            if end.expected == name:
                end.nonce = self.node.world.new_id()
                self.say_hello(end)

    def _forget_pipe(self, port: Port, pipe: int) -> None:
        for end in self._ends:
            if end.port is port:
                end.peer_of.pop(pipe, None)

    def say_hello(self, end: _End) -> None:
        """Begin, or begin again, to make oneself known on a dialled connection."""
        if end.pipe is None:
            return
        peer = self._peer(end.expected)
        session = peer.session
        end.hello_ns = self.node.world.monotonic_ns()
        hello = Hello(
            version=self._version,
            name=self.node.name,
            incarnation=self.incarnation,
            nonce=end.nonce,
            token=end.token,
            session=session.id if session else 0,
            received=session.received if session else 0,
        )
        end.port.send_nowait(end.pipe, encode_hello(hello))

    # ------------------------------------------------------------------------------- receiving

    def take(self, end: _End, pipe: int, frame: bytes) -> None:
        """Act on one frame; a connection that brings garbage is cut."""
        peer = end.peer_of.get(pipe)
        try:
            match decode(frame):
                case Data() | Beat() as message:
                    if peer is None:
                        self._refuse_stranger(end, pipe)
                    else:
                        peer.take(message)
                case Hello() as hello if not end.port.dials:
                    self._take_hello(end, pipe, hello)
                case Welcome() as welcome if end.port.dials:
                    self._take_welcome(end, pipe, welcome)
                case Refused() as refused if end.port.dials:
                    self._take_refused(end, pipe, refused)
                case _:
                    raise LinkProtocolError("a handshake frame that goes the other way")
        except LinkProtocolError as error:
            self.note(peer.name if peer else "", "garbage", str(error))
            end.pipe_down(pipe)
            end.port.drop(pipe)

    def _refuse_stranger(self, end: _End, pipe: int) -> None:
        if not end.port.dials:
            self._refuse(end, pipe, "hello_first", "say hello before anything else")

    def _refuse(self, end: _End, pipe: int, code: str, detail: str) -> None:
        end.port.send_nowait(pipe, encode_refused(Refused(self._version, code, detail)))

    def _take_hello(self, end: _End, pipe: int, hello: Hello) -> None:
        reason = self._objection(hello, end.port.identity(pipe))
        if reason is not None:
            self._refuse(end, pipe, *reason)
            self.note(hello.name, "refused", reason[1])
            return
        peer = self._peer(hello.name)
        now_ns = self.node.world.monotonic_ns()
        again = peer.nonce == hello.nonce and peer.is_attached_to(end.port, pipe)
        if not again:
            if peer.is_up:
                old_port, old_pipe = peer.attached()
                self._forget_pipe(old_port, old_pipe)
                peer.detach(old_port, old_pipe)
            goes_on = (
                peer.session is not None
                and peer.session.id == hello.session
                and peer.incarnation == hello.incarnation
            )
            if peer.session is None or not goes_on:
                self._begin(peer, self._new_session_id(), hello.incarnation)
        session = peer.session
        assert session is not None
        welcome = Welcome(
            version=self._version,
            name=self.node.name,
            incarnation=self.incarnation,
            nonce=hello.nonce,
            session=session.id,
            received=session.received,
        )
        end.port.send_nowait(pipe, encode_welcome(welcome))
        if not again:
            peer.nonce = hello.nonce
            end.peer_of[pipe] = peer
            # A new session's dialler has not received anything yet, whatever it says.
            peer.attach(end.port, pipe, hello.received if goes_on else 0, now_ns)
            self.note(peer.name, "up")

    def _objection(self, hello: Hello, identity: PipeIdentity) -> tuple[str, str] | None:
        if hello.version != self._version:
            detail = f"this node speaks link version {self._version}, not {hello.version}"
            return "version", f"{detail}; install the same release on both"
        if not self._admission.admits(hello, identity):
            return "not_admitted", "neither the connection nor the token proves who this is"
        if hello.name == self.node.name:
            return "same_name", f"this node is called {hello.name} itself; give each its own name"
        if hello.name not in self._peers and len(self._peers) >= PEERS_MAX:
            return "too_many", f"this node knows {PEERS_MAX} others already"
        return None

    def _new_session_id(self) -> int:
        return int.from_bytes(self.node.world.random_bytes(8), "big") >> 1 or 1

    def _begin(self, peer: LinkPeer, session_id: int, incarnation: str) -> None:
        if peer.session is not None:
            peer.give_up("its node began anew before it answered")
            self.note(peer.name, "restarted")
        peer.begin(Session(session_id), incarnation)

    def _take_welcome(self, end: _End, pipe: int, welcome: Welcome) -> None:
        if pipe in end.peer_of or welcome.nonce != end.nonce:
            return
        if welcome.version != self._version or welcome.name != end.expected:
            end.refused_ns = self.node.world.monotonic_ns()
            detail = f"met {welcome.name} of link version {welcome.version}"
            self._peer(end.expected).refusal = detail
            self.note(end.expected, "refused", detail)
            return
        peer = self._peer(end.expected)
        if (
            peer.session is None
            or peer.session.id != welcome.session
            or peer.incarnation != welcome.incarnation
        ):
            self._begin(peer, welcome.session, welcome.incarnation)
        end.peer_of[pipe] = peer
        peer.attach(end.port, pipe, welcome.received, self.node.world.monotonic_ns())
        self.note(peer.name, "up")

    def _take_refused(self, end: _End, pipe: int, refused: Refused) -> None:
        peer = self._peer(end.expected)
        if refused.code == "hello_first":
            if end.peer_of.pop(pipe, None) is None:
                return  # one of several frames that crossed; the hello is on its way already
            if peer.detach(end.port, pipe):
                self.note(peer.name, "down", "the other side does not know this node any more")
            end.nonce = self.node.world.new_id()
            self.say_hello(end)
            return
        end.refused_ns = self.node.world.monotonic_ns()
        peer.refusal = f"{refused.detail} ({refused.code})"
        self.note(end.expected, "refused", peer.refusal)
