"""What pole displays show: two lines per register, from the same view the customer's screen has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
import trio

from actors.asks import Committed, Reply, Submit
from actors.errors import PostError
from actors.limits import ASK_TIMEOUT_S, SHOW_AGAIN_S
from actors.mailbox import Mailbox
from actors.messages import ShowLines
from actors.world import World
from engine.settings import RegisterSetup
from engine.views.pole import pole_lines
from engine.views.shapes import DisplayView
from engine.wire import structure

log = structlog.get_logger()
_CHANGES_DISPLAYS = frozenset(("settings.register_defined/1", "settings.store_configured/1"))


def _changes(news: Committed) -> bool:
    return any(record.name in _CHANGES_DISPLAYS for record in news.records)


def concerns(news: Committed, registers: Mapping[str, RegisterSetup]) -> bool:
    """Whether a display of `registers` may have something new to show."""
    changed = (registers.get(register) for register in news.registers)
    return any(setup is not None and setup.display for setup in changed) or _changes(news)


class DisplayFeed:
    """*Owns* what each display last showed. *Receives* `Committed`. *Sends* `ShowLines` to
    displays, `Submit` queries to the bookkeeper. *If it dies* the next sale shows again.
    """

    address = "display_feed"

    def __init__(self) -> None:
        self._shown: dict[str, ShowLines] = {}
        self._without: set[str] = set()

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        """After each batch, one look per register with a display; the latest wins."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._show_again, post, world)
            async for envelope in mailbox:
                registers: set[str] = set()
                for waiting in (envelope, *mailbox.drain_nowait(mailbox.capacity)):
                    match waiting.body:
                        case Committed():
                            registers |= waiting.body.registers
                            if _changes(waiting.body):
                                self._without.clear()
                        case _:
                            log.warning("message_not_understood", kind=type(waiting.body).__name__)
                for register in sorted(registers - self._without):
                    await self._show(register, post, world)

    async def _show_again(self, post: Any, world: World) -> None:
        """A display that was away, or whose node is new, learns what it should show."""
        while True:
            await world.sleep(SHOW_AGAIN_S)
            for display, lines in self._shown.items():
                post.tell_nowait(display, lines)

    async def _show(self, register: str, post: Any, world: World) -> None:
        query = Submit(world.new_id(), register, "display.state", {}, is_query=True)
        try:
            reply: Reply = await post.ask("bookkeeper", query, timeout_s=ASK_TIMEOUT_S)
        except PostError:
            return
        if not reply.ok or not reply.data["display"]:
            # Not asked about again after every scan, until registers are defined anew.
            self._without.add(register)
            return
        view = structure(reply.data, DisplayView)
        lines = ShowLines(*pole_lines(view))
        if self._shown.get(view.display) != lines:
            self._shown[view.display] = lines
            post.tell_nowait(view.display, lines)
