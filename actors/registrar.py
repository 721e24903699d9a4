"""Keeps one register actor alive for every register the settings name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.asks import Committed
from actors.mailbox import Mailbox
from actors.world import World
from engine.decision import EVENTS
from engine.settings import RegisterDefined
from engine.upcast import event_of

_DEFINED = EVENTS.name_of(RegisterDefined)


def concerns(news: Committed) -> bool:
    """Whether a register was defined, anew or again."""
    return any(record.name == _DEFINED for record in news.records)


class Registrar:
    """*Owns* the list of registers that have an actor. *Receives* `Committed`. *Sends* nothing:
    it starts actors. *If it dies* it knows the registers from the books again.
    """

    address = "registrar"

    def __init__(self, known: Callable[[], list[str]], start: Callable[[str], None]) -> None:
        self._known = known
        self._start = start
        self._started: set[str] = set()

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        """Start those that are known, then each new one as it is defined."""
        for register in self._known():
            self._ensure(register)
        async for envelope in mailbox:
            if isinstance(envelope.body, Committed):
                for record in envelope.body.records:
                    if record.name == _DEFINED:
                        event = event_of(record)
                        assert isinstance(event, RegisterDefined)
                        self._ensure(event.setup.id)

    def _ensure(self, register: str) -> None:
        if register not in self._started:
            self._started.add(register)
            self._start(register)
