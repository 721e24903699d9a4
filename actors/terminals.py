"""The desk where card terminals are looked for, paired and tried out: nothing here is a fact."""

from __future__ import annotations

from typing import Any

import attrs
import structlog
import trio
from attrs import define, field

from actors.anchor_keeper import LinkUp
from actors.asks import Committed, Reply, Submit
from actors.errors import PostError
from actors.limits import (
    ASK_TIMEOUT_S,
    LOOK_TIMEOUT_S,
    PAIR_AGAIN_S,
    PROBE_TIMEOUT_S,
    PROBES_AT_ONCE,
)
from actors.mailbox import Envelope, Mailbox
from actors.messages import Accepted
from actors.terminal_messages import Locate, Located, Look, Pairings, Probe, Probed
from actors.world import World
from engine.decision import Decision
from engine.queries import QUERIES, CancelSearch, FindTerminals, TerminalsState, TestTerminal
from engine.terminal import Condition
from engine.terminals import PairedTerminal, Refusal, search
from engine.views.terminals import (
    SearchView,
    TerminalFoundView,
    TerminalsView,
    TerminalTestView,
)
from engine.wire import structure, unstructure

log = structlog.get_logger()
FINDER = "finder"
TERMINAL_QUERIES = frozenset(("terminals.state", "terminals.find", "terminals.stop_search",
                              "terminals.test"))  # fmt: skip
_FACTS = frozenset(("terminal.paired/1", "terminal.unpaired/1"))


@define
class _Search:
    """One search; `scope` ends it."""

    total: int
    scope: trio.CancelScope = field(factory=trio.CancelScope)
    done: int = 0
    is_running: bool = True
    is_stopped: bool = False
    found: dict[str, Probed] = field(factory=dict)


def concerns(news: Committed) -> bool:
    """Whether a terminal came to be paired, or no longer is."""
    return any(record.name in _FACTS for record in news.records)


class TerminalDesk:
    """*Owns* the search for terminals. *Receives* `Submit` of the queries about them, `Committed`
    and `LinkUp`. *Sends* `Probe`, `Locate` and `Pairings` to `finder`, `Look` to terminals.
    *If it dies* a search is over; what is paired is told again.
    """

    address = "terminals"

    def __init__(self) -> None:
        self._search: _Search | None = None
        self._here = Located("")
        self._told = trio.Event()

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        """Answer each query by a task of its own; tell the devices node what is paired."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tell_pairings, post, world)
            async for envelope in mailbox:
                match envelope.body:
                    case Submit():
                        nursery.start_soon(self._query, envelope, envelope.body, nursery, post)
                    case LinkUp("devices"):
                        self._told.set()
                    case LinkUp():
                        pass
                    case Committed() as news:
                        if concerns(news):
                            self._told.set()
                    case _:
                        log.warning("message_not_understood", kind=type(envelope.body).__name__)

    async def _tell_pairings(self, post: Any, world: World) -> None:
        """At the start, whenever the devices node comes, and on each change, until it took them."""
        while True:
            self._told = trio.Event()
            submit = Submit(world.new_id(), "", "terminals.state", {}, is_query=True, admin=True)
            try:
                view = await self._view(submit, post)
                assert isinstance(view, TerminalsView), "the store's own actors may ask"
                pairings = Pairings(
                    tuple(
                        PairedTerminal(row.terminal, row.transport, row.serial, row.protocol)
                        for row in view.terminals
                        if row.protocol is not None
                    )
                )
                taken = await post.ask(FINDER, pairings, timeout_s=ASK_TIMEOUT_S)
                assert taken == Accepted()
            except PostError:
                await world.sleep(PAIR_AGAIN_S)
                continue
            await self._told.wait()

    # ------------------------------------------------------------------------------- the queries

    async def _query(
        self, envelope: Envelope, submit: Submit, nursery: trio.Nursery, post: Any
    ) -> None:
        try:
            answer = await self._answered(submit, nursery, post)
        except PostError as error:
            envelope.answer(error)
            return
        envelope.answer(answer)

    async def _answered(self, submit: Submit, nursery: trio.Nursery, post: Any) -> Reply:
        """Whoever may read what is set up may search and try out: the bookkeeper says who."""
        view = await self._view(submit, post)
        if isinstance(view, Reply):
            return view
        body: Any = structure(submit.data, QUERIES.class_of(submit.name))
        match body:
            case FindTerminals():
                refused = self._find(body.addresses, nursery, post)
                if refused is not None:
                    return refused
            case CancelSearch():
                if self._search is not None and self._search.is_running:
                    self._search.is_stopped = True
                    self._search.scope.cancel()
            case TestTerminal():
                return await self._try_out(body.terminal, view, post)
            case TerminalsState():
                await self._locate(post)
        return Reply(ok=True, data=unstructure(attrs.evolve(view, search=self._shown(view))))

    async def _view(self, submit: Submit, post: Any) -> TerminalsView | Reply:
        plain = attrs.evolve(submit, name="terminals.state", data={})
        reply: Reply = await post.ask("bookkeeper", plain, timeout_s=ASK_TIMEOUT_S)
        return structure(reply.data, TerminalsView) if reply.ok else reply

    async def _locate(self, post: Any) -> None:
        # Somebody may plug one in while the page is open.
        try:
            located = await post.ask(FINDER, Locate(), timeout_s=PROBE_TIMEOUT_S)
        except PostError:
            return
        assert isinstance(located, Located)
        self._here = located

    async def _try_out(self, terminal: str, view: TerminalsView, post: Any) -> Reply:
        """How is it? Nothing is paid and nothing printed."""
        if terminal not in {row.terminal for row in view.terminals}:
            return _no(Refusal.TERMINAL_MUST_BE_PAIRED, terminal=terminal[:40])
        try:
            condition = await post.ask(terminal, Look(), timeout_s=LOOK_TIMEOUT_S)
        except PostError as error:
            shown = TerminalTestView(terminal, False, "not_reached", error.detail)
            return Reply(ok=True, data=unstructure(shown))
        assert isinstance(condition, Condition)
        shown = TerminalTestView(terminal, condition.is_ready, condition.code, condition.detail)
        return Reply(ok=True, data=unstructure(shown))

    # -------------------------------------------------------------------------------- the search

    def _find(self, addresses: str, nursery: trio.Nursery, post: Any) -> Reply | None:
        before = self._search
        places = search(addresses, is_running=before is not None and before.is_running)
        if isinstance(places, Decision):
            assert places.refused is not None
            return _no(places.refused.code, **places.refused.fields)
        self._search = _Search(len(places))
        nursery.start_soon(self._look_around, self._search, places, post)
        return None

    async def _look_around(self, search: _Search, places: tuple[str, ...], post: Any) -> None:
        """A few places at a time, in the order they were named; cancelled, what was found so far
        stays."""
        turns = trio.Semaphore(PROBES_AT_ONCE)

        async def look_at(place: str) -> None:
            await self._probe(search, place, post)
            search.done += 1
            turns.release()

        with search.scope:
            async with trio.open_nursery() as nursery:
                for place in places:
                    await turns.acquire()
                    nursery.start_soon(look_at, place)
        search.is_running = False

    async def _probe(self, search: _Search, place: str, post: Any) -> None:
        try:
            heard = await post.ask(FINDER, Probe(place), timeout_s=PROBE_TIMEOUT_S)
        except PostError as error:
            log.info("probe_lost", place=place, reason=error.kind)
            return
        if isinstance(heard, Probed) and heard.is_told:
            search.found[heard.transport] = heard

    def _shown(self, view: TerminalsView) -> SearchView:
        search = self._search
        if search is None:
            return SearchView(network=self._here.network, ports=self._here.ports)
        by_place = {row.transport: row.terminal for row in view.terminals if row.is_paired}
        found = tuple(
            TerminalFoundView(
                place,
                heard.serial,
                heard.code,
                by_place.get(place, ""),
                heard.protocol,
                heard.is_trusted,
            )
            for place, heard in sorted(search.found.items())
        )
        return SearchView(
            search.is_running,
            search.done,
            search.total,
            search.is_stopped,
            found,
            self._here.network,
            self._here.ports,
        )


def _no(code: str, **fields: Any) -> Reply:
    return Reply(ok=False, refusal={"code": code, "fields": fields})
