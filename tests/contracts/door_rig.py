"""A store for doors to stand before: an actor that answers by rote, over the real node and sockets.

It keeps a journal of nothing but numbers: each accepted command is one position. A repeated id gets
its first answer again, as the bookkeeper does it.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import trio
from attrs import define, field

from actors.asks import Ask, Follow, News, Reply, Unfollow
from actors.link import Publisher
from actors.mailbox import Mailbox
from actors.node import Node
from actors.supervisor import supervise
from actors.world import SystemWorld, World
from engine.decision import COMMANDS
from engine.wire import structure
from protocols.front.guard import Guard
from protocols.front.hub import Hub
from protocols.front.nng import NngDoor, open_router
from protocols.front.tokens import Tokens
from protocols.front.websocket import WebSocketDoor
from protocols.http.app import make_app
from protocols.http.metrics import Sample
from protocols.http.server import Bound, serve_http
from protocols.http.settings import Health, HttpSettings

FRONT = "front-token-of-the-test-shop"
ADMIN = "admin-token-of-the-test-shop"
EPOCH = 3
NOT_OPEN = {"code": "till_must_be_open", "fields": {"register": "1"}}


@define(eq=False)
class Shop:
    """What the rote actors know: facts by position, answers by id, who follows what."""

    facts: list[dict[str, Any]] = field(factory=list)
    answers: dict[str, Reply] = field(factory=dict)
    asked: list[Ask] = field(factory=list)
    followers: dict[tuple[str, str], set[str]] = field(factory=dict)
    held: trio.Event | None = None
    waiting: int = 0
    filler: str = ""
    changed: trio.Event = field(factory=trio.Event)

    def change(self) -> None:
        """Wake whoever waits for something here."""
        self.changed.set()
        self.changed = trio.Event()

    @property
    def position(self) -> int:
        return len(self.facts)

    def reply(self, data: Any) -> Reply:
        return Reply(ok=True, data=data, epoch=EPOCH, position=self.position)

    def do(self, ask: Ask) -> Reply:
        """A command: `till.no_sale` is refused, `order.complete` faults, the rest happens once."""
        self.asked.append(ask)
        if ask.id in self.answers:
            return self.answers[ask.id]
        structure(ask.data, COMMANDS.class_of(ask.name))
        if ask.name == "till.no_sale":
            return Reply(ok=False, refusal=NOT_OPEN, epoch=EPOCH, position=self.position)
        if ask.name == "order.complete":
            return Reply(ok=False, fault="engine_fault", detail="it broke; nothing was done")
        self.facts.append({"name": ask.name, **ask.data})
        reply = self.reply({"order_id": "o", "total_minor": self.position, "due_minor": 0})
        self.answers[ask.id] = reply
        return reply

    def look(self, ask: Ask) -> Reply:
        self.asked.append(ask)
        match ask.name:
            case "events.since" if not ask.admin:
                refusal = {"code": "right_must_be_granted", "fields": {}}
                return Reply(ok=False, refusal=refusal, epoch=EPOCH, position=self.position)
            case "events.since":
                return self.reply(self.events(ask.data["position"], ask.data["limit"]))
            case "catalog.grid":
                return self.reply({"departments": ["x" * (2 << 20)], "items": []})
            case _:
                return self.reply(self.view(ask.register))

    def events(self, after: int, limit: int) -> dict[str, Any]:
        page = self.facts[after : after + limit]
        events = [{"position": after + n, **fact} for n, fact in enumerate(page, 1)]
        end = after + len(page)
        return {"epoch": EPOCH, "position": end, "more": end < self.position, "events": events}

    def view(self, register: str) -> dict[str, Any]:
        return {"store": "s-1", "register": register, "sold": self.position, "pad": self.filler}


@define(eq=False)
class RoteRegister:
    """Answers for `register/<id>`; while `shop.held` is set it keeps everybody waiting."""

    shop: Shop
    register: str
    address: str = ""

    def __attrs_post_init__(self) -> None:
        self.address = f"register/{self.register}"

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        async with trio.open_nursery() as nursery:
            async for envelope in mailbox:
                if isinstance(envelope.body, Ask):
                    nursery.start_soon(self._answer, envelope, post)

    async def _answer(self, envelope: Any, post: Any) -> None:
        ask = envelope.body
        if self.shop.held is not None and not ask.is_query:
            self.shop.waiting += 1
            self.shop.change()
            await self.shop.held.wait()
        before = self.shop.position
        envelope.answer(self.shop.look(ask) if ask.is_query else self.shop.do(ask))
        if self.shop.position != before:
            publish(self.shop, post, self.register)


def publish(shop: Shop, post: Any, register: str) -> None:
    """Tell followers as `broadcast` does."""
    for (topic, place), followers in shop.followers.items():
        data = None if topic == "events" else shop.view(place)
        if topic != "notice" and place in ("", register):
            for follower in followers:
                post.tell_nowait(follower, News(topic, place, EPOCH, shop.position, data))


@define(eq=False)
class RoteBroadcast:
    """Keeps the list of followers for `publish`."""

    shop: Shop
    address: str = "broadcast"

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        async for envelope in mailbox:
            match envelope.body:
                case Follow(follower=follower, topic=topic, register=register):
                    self.shop.followers.setdefault((topic, register), set()).add(follower)
                case Unfollow(follower=follower, topic=topic, register=register):
                    self.shop.followers.get((topic, register), set()).discard(follower)
            self.shop.change()


@define(eq=False)
class Rig:
    """A running shop with both doors."""

    shop: Shop
    node: Node
    world: World
    hub: Hub
    websocket: WebSocketDoor
    nng: NngDoor
    bound: Bound
    nng_url: str
    hint_url: str
    nursery: trio.Nursery
    http_scope: trio.CancelScope

    def url(self, kind: str) -> str:
        """Where a client reaches the door of a kind."""
        return self.bound.websocket_url if kind == "websocket" else self.nng_url

    async def wait_followed(self, topic: str, register: str) -> None:
        """Wait until somebody follows a topic."""
        while not self.shop.followers.get((topic, register)):
            await self.shop.changed.wait()


@contextlib.asynccontextmanager
async def open_rig(folder: Path, **http: Any) -> AsyncIterator[Rig]:
    """A shop with registers 1, 2 and the office, its doors open on free ports."""
    world = SystemWorld()
    node = Node("store", world)
    shop = Shop()
    hub, guard, tokens = Hub(), Guard(), Tokens(FRONT, ADMIN)
    websocket = WebSocketDoor(tokens, hub, node, world, guard)
    nng_url, hint_url = f"ipc://{folder}/front.sock", f"ipc://{folder}/hint.sock"
    router, publisher = open_router(nng_url), Publisher(hint_url)
    nng = NngDoor(router, tokens, hub, node, world, publisher)
    settings = HttpSettings(
        port=0,
        health=lambda: Health(True, {"position": shop.position}),
        samples=lambda: [Sample("countertop_position", "Newest.", shop.position)],
        front_token=FRONT,
        admin_token=ADMIN,
        **http,
    )
    app = make_app(settings, world, guard)
    scope = trio.CancelScope()

    async def serve(task_status: Any) -> None:
        with scope:
            await serve_http(settings, app, guard, websocket, task_status=task_status)

    try:
        async with supervise(node) as supervisor, trio.open_nursery() as nursery:
            for register in ("1", "2", "_office"):
                supervisor.start(partial(RoteRegister, shop, register))
            supervisor.start(partial(RoteBroadcast, shop))
            supervisor.start(lambda: hub, capacity=512)
            nursery.start_soon(nng.run)
            bound = await nursery.start(serve)
            yield Rig(
                shop, node, world, hub, websocket, nng, bound, nng_url, hint_url, nursery, scope
            )
            nursery.cancel_scope.cancel()
    finally:
        router.close()
        publisher.close()
