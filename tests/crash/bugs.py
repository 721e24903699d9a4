"""Planted bugs, to see that the rig catches them: a name and what it does to a node's process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

BUGS: dict[str, Callable[[], None]] = {}


def bug(function: Callable[[], None]) -> Callable[[], None]:
    """Register a planted bug under its function's name."""
    BUGS[function.__name__] = function
    return function


def plant(name: str) -> None:
    """Plant a bug in this process; the empty name plants none.

    Raises:
        KeyError: no such bug.
    """
    if name:
        BUGS[name]()


@bug
def answer_before_commit() -> None:
    """Answers are released first, and the batch is appended afterwards."""
    from actors.batch import Batch
    from actors.bookkeeper import Bookkeeper

    settle = Bookkeeper._settle

    async def early(self: Bookkeeper, batch: Batch, post: Any, world: Any) -> None:
        for entry in batch.pending:
            source = entry if entry.joined is None else entry.joined
            if entry not in batch.deferred and source.reply is not None:
                entry.envelope.answer(source.reply)
        await world.sleep(0.003)
        await settle(self, batch, post, world)

    bookkeeper: Any = Bookkeeper
    bookkeeper._settle = early


@bug
def never_sync() -> None:
    """The journal is written and never synced."""
    from actors import journal, journal_schema

    configure = journal_schema.configure

    def lazily(db: Any) -> None:
        configure(db)
        db.execute("PRAGMA synchronous = OFF")

    for module in (journal, journal_schema):
        careless: Any = module
        careless.configure = lazily


@bug
def print_again_unmarked() -> None:
    """What may be on paper already is printed again without saying so."""
    from hardware.effects import EffectDesk

    new_job = EffectDesk._new_job
    start = EffectDesk.start

    def forgetful(self: EffectDesk, perform: Any, tries: int) -> Any:
        job = new_job(self, perform, tries)
        job.may_have_happened = False
        return job

    async def unheeding(self: EffectDesk, job: Any) -> bool:
        started = await start(self, job)
        job.may_have_happened = False
        return started

    desk: Any = EffectDesk
    desk._new_job, desk.start = forgetful, unheeding


@bug
def forget_ids() -> None:
    """A repeated command is decided again under a new id instead of being recognised."""
    from actors.batch import Batch, Pending
    from actors.bookkeeper import Bookkeeper

    prepare = Bookkeeper._prepare

    def anew(self: Bookkeeper, entry: Pending, batch: Batch) -> None:
        import attrs

        known = not entry.submit.is_query and self.journal.answer_of(entry.submit.id) is not None
        if known:
            entry.submit = attrs.evolve(entry.submit, id=f"{entry.submit.id}-{self.batches}")
        prepare(self, entry, batch)

    bookkeeper: Any = Bookkeeper
    bookkeeper._prepare = anew
