"""Opens the doors of a store node: HTTP with WebSocket, and nng; and runs it until told to stop."""

from __future__ import annotations

import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import trio
from attrs import define
from starlette.routing import BaseRoute

from actors.asks import Ask, Reply, Staged, StageUpload
from actors.errors import PostError
from actors.limits import CALLBACK_TIMEOUT_S
from actors.link import Publisher
from actors.messages import Failure
from actors.provider_messages import Callback, Taken
from actors.register import OFFICE
from actors.world import SystemWorld
from countertop.children import child_statistics
from countertop.config import Config
from countertop.doors_file import OpenDoors, write_doors
from countertop.ending import end_in_any_case, run_to_an_end
from countertop.logs import configure
from countertop.memory import keep_collections_short, use_large_pages
from countertop.store import Store, open_store, run_store
from engine.document import Document
from engine.wire import structure, unstructure
from protocols.front.guard import Guard
from protocols.front.hub import Hub
from protocols.front.nng import NngDoor, open_router
from protocols.front.websocket import WebSocketDoor
from protocols.http.app import make_app
from protocols.http.metrics import Sample
from protocols.http.server import Bound, serve_http
from protocols.http.settings import Health, HttpSettings, Receipt

log = structlog.get_logger()
WEB = Path(__file__).parent / "web"
STAGE_TIMEOUT_S = 120.0
RECEIPT_TIMEOUT_S = 5.0


@define(eq=False)
class Doors:
    """*Owns* nothing but the wiring of doors to a store. `bound` says where HTTP listens."""

    extra_routes: tuple[BaseRoute, ...] = ()
    bound: Bound | None = None

    async def start(self, store: Store, nursery: trio.Nursery) -> None:
        """Open every door; returns once all of them listen.

        Raises:
            PortInUseError, AddressInUseError: somebody listens there; nothing is served.
        """
        assert store.supervisor is not None
        hub = Hub()
        store.supervisor.start(lambda: hub, capacity=512)
        guard = Guard()
        websocket = WebSocketDoor(store.tokens, hub, store.node, store.world, guard)
        settings = self._settings(store)
        app = make_app(settings, store.world, guard)
        app.router.routes[0:0] = list(self.extra_routes)
        if store.config.doors.nng:
            door = NngDoor(
                open_router(store.config.nng_url),
                store.tokens,
                hub,
                store.node,
                store.world,
                Publisher(store.config.hint_url),
            )
            nursery.start_soon(door.run)
        self.bound = await nursery.start(serve_http, settings, app, guard, websocket)
        self._tell(store)

    def _tell(self, store: Store) -> None:
        """Leave word for programs beside the store."""
        assert self.bound is not None
        nng = store.config.doors.nng
        write_doors(
            store.config.run_dir,
            OpenDoors(
                self.bound.url,
                self.bound.websocket_url,
                store.config.nng_url if nng else "",
                store.config.hint_url if nng else "",
            ),
        )

    def _settings(self, store: Store) -> HttpSettings:
        return HttpSettings(
            port=store.config.doors.http_port,
            health=partial(health_of, store),
            samples=partial(samples_of, store),
            front_token=store.tokens.front,
            admin_token=store.tokens.admin,
            web=WEB if WEB.is_dir() else None,
            uploads=store.config.data / "staging",
            stage=partial(_stage, store),
            render=partial(_render, store),
            hand=partial(_hand, store) if store.config.providers else None,
            opens=partial(_opens, store),
        )


async def _stage(store: Store, path: Path, digest: str) -> dict[str, Any] | Failure:
    """Hand an upload to the catalog desk."""
    try:
        staged = await store.node.ask(
            "catalog_desk", StageUpload(str(path), digest), timeout_s=STAGE_TIMEOUT_S
        )
    except PostError as error:
        return Failure("busy", f"{error.detail}; nothing was changed; try again")
    if isinstance(staged, Failure):
        return staged
    assert isinstance(staged, Staged)
    fields: dict[str, Any] = unstructure(staged)
    return fields


async def _hand(store: Store, callback: Callback) -> Taken | Failure:
    """Give what a provider posted to whoever has it judged and journaled."""
    if all(entry.address != callback.provider for entry in store.config.providers):
        return Failure("provider_must_exist")
    try:
        answer: Taken | Failure = await store.node.ask(
            "paylinks", callback, timeout_s=CALLBACK_TIMEOUT_S
        )
    except PostError as error:
        return Failure(error.kind, error.detail)
    return answer


def _opens(store: Store, paylink_id: str) -> str:
    """What the customer of a payment by link opens while it waits."""
    link = store.books.paylinks.open.get(paylink_id)
    return link.url if link is not None and link.is_offered else ""


async def _render(store: Store, order_id: str, form: str) -> Receipt | None:
    """A receipt as a picture, a page or text; None where there is no such sale."""
    ask = Ask(
        store.world.new_id(),
        OFFICE,
        "receipt.get",
        {"order_id": order_id},
        is_query=True,
        admin=True,
    )
    try:
        reply: Reply = await store.node.ask(f"register/{OFFICE}", ask, timeout_s=RECEIPT_TIMEOUT_S)
    except PostError:
        return None
    if not reply.ok:
        return None
    document = structure(reply.data["document"], Document)
    return Receipt(*await store.world.in_thread(_picture, document, form))


def _picture(document: Document, form: str) -> tuple[str, bytes]:
    # What draws takes a tenth of a second to import: the first picture pays it, not the start.
    from countertop.pictures import render_document

    return render_document(document, form)


def health_of(store: Store) -> Health:
    """Whether the store can sell, and why not."""
    keeper = store.bookkeeper
    head = store.journal.head()
    data = {
        "store": store.config.store_id,
        "epoch": head.epoch,
        "position": head.position,
        "items": store.books.catalog.book.item_count,
        "disk_nearly_full": store.books.disk_nearly_full,
        "views_position": store.views.position,
        "views_quarantined": sorted(store.views.quarantined),
        "views_fault": store.views.fault,
        "effects_pending": len(store.books.outbox),
        "engine_faults": keeper.faults,
        "children": child_statistics(store.children),
        "anchors": {name: held.position for name, held in sorted(store.anchors.held.items())},
        "anchor_notices": list(store.anchors.notices),
    }
    return Health(ok=not store.books.disk_nearly_full and not keeper.faults, data=data)


def samples_of(store: Store) -> list[Sample]:
    """Figures for Prometheus."""
    keeper, node = store.bookkeeper, store.node.statistics()
    figures = store.journal.statistics()
    return [
        Sample("countertop_commands", "Commands decided", keeper.commands, counts=True),
        Sample("countertop_refusals", "Commands refused", keeper.refusals, counts=True),
        Sample("countertop_batches", "Batches appended", keeper.batches, counts=True),
        Sample("countertop_engine_faults", "Commands that failed", keeper.faults, counts=True),
        Sample("countertop_journal_position", "Records in the journal", figures["position"]),
        Sample("countertop_disk_free_bytes", "Free space", figures["free_bytes"]),
        Sample("countertop_orders_open", "Orders not ended", len(store.books.live.orders)),
        Sample("countertop_effects_pending", "Effects not done", len(store.books.outbox)),
        Sample("countertop_asks_busy", "Asks answered busy", node.busy, counts=True),
        *(
            Sample(
                "countertop_mailbox_waiting",
                "Messages waiting",
                box.waiting,
                labels={"address": box.address.partition("/")[0]},
            )
            for box in node.mailboxes
            if "/" not in box.address
        ),
    ]


async def until_told_to_stop(scope: trio.CancelScope) -> None:
    """Cancel `scope` at the first interrupt or termination."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()
            return


async def _serve(config: Config) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(until_told_to_stop, nursery.cancel_scope)
        store = open_store(config, SystemWorld())
        nursery.start_soon(end_in_any_case, store.world)
        doors = Doors()
        await nursery.start(partial(run_store, store, doors=doors.start))
        assert doors.bound is not None
        keep_collections_short()
        sys.stdout.write(f"countertop serves {config.store_id} at {doors.bound.url}\n")
        sys.stdout.flush()
        await store.world.in_thread(use_large_pages)


def run_server(config: Config) -> None:
    """Run a store server until it is told to stop."""
    configure("info")
    run_to_an_end(_serve, config)
