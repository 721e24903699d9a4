"""The store node: the bookkeeper and its neighbours, the doors, and the links to its children."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
import trio
from attrs import define

from actors import display_feed, outbox, paylinks, payments, registrar, terminals
from actors.anchor_keeper import AnchorActor, AnchorKeeper, LinkUp
from actors.anchors import AnchorError, AnchorFile, head_of, judge_files
from actors.asks import Followers
from actors.bookkeeper import Bookkeeper
from actors.broadcast import BroadcastActor, DeviceBoard
from actors.catalog_desk import CatalogDesk
from actors.disk import Disk
from actors.display_feed import DisplayFeed
from actors.history import load_books
from actors.journal import Journal
from actors.link import RawRouter
from actors.links import LinkEvent, Links, Port
from actors.node import Node
from actors.outbox import OutboxActor
from actors.paylinks import PaylinksActor
from actors.payments import PaymentsActor
from actors.personal import Keyring
from actors.pins import Hasher, Pins
from actors.register import OFFICE, RegisterActor
from actors.registrar import Registrar
from actors.supervisor import Policy, Supervisor, supervise
from actors.terminals import TerminalDesk
from actors.views import ViewsActor
from actors.world import World
from countertop.child_nodes import DEVICE_KINDS, report_death, report_link, run_child
from countertop.children import Child
from countertop.config import ANCHORED, NODES, Config, require_short_paths
from countertop.doors_file import remove_doors
from countertop.secrets import store_secret, tokens
from engine.books import Books
from engine.personal import TOKEN, replace_tokens, seal_fields
from engine.stamp import local_time
from engine.wire import canonical, parse
from protocols.front.tokens import Tokens

log = structlog.get_logger()
_MIB = 1024 * 1024
_HINT_MARK = "~p1."
_HINT = _HINT_MARK.encode()


@define(eq=False)
class Store:
    """Everything of one running store node, for doors, health and tests."""

    config: Config
    world: World
    node: Node
    journal: Journal
    books: Books
    keyring: Keyring
    pins: Pins
    tokens: Tokens
    bookkeeper: Bookkeeper
    broadcast: BroadcastActor
    views: ViewsActor
    links: Links
    anchors: AnchorKeeper
    children: tuple[Child, ...] = ()
    supervisor: Supervisor | None = None
    started_ns: int = 0


def reveal_with(keyring: Keyring) -> Callable[[Any], Any]:
    """A function that opens every token in plain data; what holds none is returned as it is."""

    def reveal(data: Any) -> Any:
        if isinstance(data, str):
            return keyring.reveal(data) if _HINT_MARK in data and TOKEN.search(data) else data
        if isinstance(data, dict):
            return {key: reveal(value) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return [reveal(value) for value in data]
        return data

    def open_escaped(token: str) -> str:
        return canonical(keyring.reveal(token))[1:-1].decode()

    def reveal_plain(data: Any) -> Any:
        # Most of what is shown names nobody, and finding that out in its bytes is far quicker. So
        # is opening the tokens there: none of their characters is written otherwise in JSON.
        try:
            text = canonical(data)
        except TypeError:
            return reveal(data)
        if _HINT not in text:
            return data
        return parse(replace_tokens(text.decode(), open_escaped).encode())

    return reveal_plain


def subject_of(owner: object, subject_field: str) -> str:
    """Who a personal field is about, such as `operator/ana`: kinds of people share no keys."""
    return f"{subject_field.removesuffix('_id')}/{getattr(owner, subject_field)}"


def open_store(config: Config, world: World, hasher: Hasher | None = None) -> Store:
    """Open the journal and bring the books up to date; nothing listens yet.

    PINs are hashed by `hasher`, argon2id where there is none.

    Raises:
        JournalError: another server has it, it is damaged, or the disk cannot be written.
        AnchorError: it is not the journal that was anchored; see `actors/anchors.py`.
    """
    require_short_paths(config)
    world.disk.make_folder(config.data, 0o700)
    world.disk.make_folder(config.run_dir, 0o700)
    started = world.stamp("UTC", 0)
    journal = Journal.open(
        config.journal_path,
        store_id=config.store_id,
        since=f"{local_time(started.now_ns, 0)} UTC",
        reserve_bytes=config.reserve_mib * _MIB,
        disk=world.disk,
    )
    try:
        anchors = _anchors(config, journal, world.disk)
        books = load_books(journal, config.data)
        keyring = Keyring(
            config.data / "keys" / "personal.db",
            new_key=lambda: world.random_bytes(32),
            disk=world.disk,
        )
        reveal = reveal_with(keyring)
        bookkeeper = Bookkeeper(
            journal,
            books,
            config.data,
            seal=lambda event, command_id, path: seal_fields(
                event, command_id, keyring, subject_of=subject_of, path=path
            ),
            secret=store_secret(config.data, world),
            followers=_followers(books, anchors),
            first={"payments": payments.begins},
        )
        bookkeeper.lookups.started_ns = world.now_ns()
        node = Node("store", world)
        for kind in DEVICE_KINDS:
            node.route(kind, "devices")
        node.route("provider", "integrations")
        node.route("finder", "devices")
        for name in NODES:
            node.route(f"anchor/{name}", name)
        return Store(
            config,
            world,
            node,
            journal,
            books,
            keyring,
            Pins.from_file(config.data / "keys" / "pepper", world, hasher),
            tokens(config.data, world),
            bookkeeper,
            BroadcastActor(reveal),
            ViewsActor(
                config.data / "views.db", f"{config.store_id}/{journal.head().epoch}", world.disk
            ),
            Links(node, on_event=partial(_heard_of_link, node)),
            anchors,
            tuple(Child(name, config, world) for name in NODES),
            started_ns=world.now_ns(),
        )
    except BaseException:
        journal.close()
        raise


def _followers(books: Books, anchors: AnchorKeeper) -> Followers:
    """Who hears of what: waking one that has nothing to do costs who waits for the next answer."""
    return {
        "payments": payments.follows,
        "outbox": outbox.concerns,
        "paylinks": paylinks.concerns,
        "broadcast": None,
        "views": None,
        "display_feed": lambda news: display_feed.concerns(news, books.settings.registers),
        "registrar": registrar.concerns,
        "anchors": anchors.concerns,
        "terminals": terminals.concerns,
    }


def _anchors(config: Config, journal: Journal, disk: Disk) -> AnchorKeeper:
    """The keeper of the anchors, once those on this machine have nothing against the journal."""
    findings = judge_files(config.anchors, ANCHORED, journal, disk)
    against = [finding for finding in findings if finding.refuses]
    if against:
        raise AnchorError(against, config.data)
    keeper = AnchorKeeper(ANCHORED, config.data)
    keeper.note(*findings)
    return keeper


def _heard_of_link(node: Node, event: LinkEvent) -> None:
    report_link(event)
    if event.kind == "up":
        node.tell_nowait("anchors", LinkUp(event.peer))
        node.tell_nowait("terminals", LinkUp(event.peer))


def _anchor_at_stop(store: Store) -> None:
    """What was sold in the last second is anchored beside the journal at least."""
    head = head_of(store.journal)
    file = AnchorFile(store.config.anchors, "store", store.world.disk)
    try:
        file.load()
        if head is not None:
            file.keep(head)
    except OSError as error:
        log.warning("anchor_not_written", node="store", reason=str(error))
    if file.note:
        log.warning("anchor", node="store", notice=file.note)


def _start_actors(store: Store, supervisor: Supervisor) -> None:
    reveal = reveal_with(store.keyring)
    store.supervisor = supervisor
    supervisor.start(lambda: store.bookkeeper, policy=Policy.CORE, capacity=1_024)
    supervisor.start(lambda: AnchorActor(store.config.anchors, "store"))
    supervisor.start(lambda: store.anchors, policy=Policy.CORE, capacity=512)
    supervisor.start(lambda: OutboxActor(reveal), capacity=512)
    supervisor.start(lambda: PaymentsActor(store.broadcast.mark), capacity=512)
    supervisor.start(PaylinksActor, capacity=512)
    supervisor.start(lambda: store.broadcast, capacity=512)
    supervisor.start(lambda: store.views, capacity=512)
    supervisor.start(DisplayFeed, capacity=256)
    supervisor.start(TerminalDesk, capacity=256)
    supervisor.start(lambda: DeviceBoard(store.broadcast.mark), capacity=256)
    supervisor.start(lambda: CatalogDesk(store.config.data), capacity=4)

    def start_register(register: str) -> None:
        if store.node.mailbox(f"register/{register}") is None:
            supervisor.start(lambda: RegisterActor(register, store.pins, reveal))

    # Before any door opens, or the first to come in would find nobody.
    for register in (OFFICE, *sorted(store.books.settings.registers)):
        start_register(register)
    supervisor.start(
        lambda: Registrar(lambda: sorted(store.books.settings.registers), start_register),
        capacity=256,
    )


async def run_store(
    store: Store,
    *,
    doors: Callable[[Store, trio.Nursery], Any] | None = None,
    with_children: bool = True,
    port: Port | None = None,
    task_status: trio.TaskStatus[Store] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Live as the store node until cancelled; then close the journal in order.

    `doors` is awaited with the store and a nursery once the actors live; without children no
    device is reached. Other nodes link at `port`, else at a socket that nng listens on.
    """
    with contextlib.ExitStack() as ending:
        ending.callback(store.keyring.close)
        ending.callback(_anchor_at_stop, store)
        ending.callback(store.bookkeeper.close)
        ending.callback(remove_doors, store.config.run_dir)
        if port is None:
            port = router = RawRouter(store.config.link_url)
            ending.callback(router.close)
        store.links.listen(port)
        async with trio.open_nursery() as nursery:
            await nursery.start(store.links.run)
            async with supervise(store.node, on_death=report_death) as supervisor:
                _start_actors(store, supervisor)
                if doors is not None:
                    await doors(store, nursery)
                if with_children:
                    _start_children(store, nursery)
                task_status.started(store)
                await trio.sleep_forever()


def _start_children(store: Store, nursery: trio.Nursery) -> None:
    for child in store.children:
        if store.config.one_process:
            nursery.start_soon(partial(run_child, child.name, store.config, store.world))
        else:
            nursery.start_soon(child.run)
