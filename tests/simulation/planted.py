"""Bugs that hurt shops, planted for a while: what the auditor is for is to name each of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import attrs

from actors import bookkeeper, journal, journal_batch
from actors.batch import Batch
from actors.bookkeeper import Bookkeeper
from actors.journal import Journal
from actors.journal_schema import configure
from engine import limits, till
from engine.order import foreign_notes, held_goods, offered, returns, tendering
from engine.order.circumstances import circumstances_of
from engine.order.events import (
    OrderCompleted,
)
from engine.order.pricing import price
from engine.outbox import EffectRequested
from engine.requests import effects_of
from hardware.drawer import device as drawer_device
from hardware.printer import device as printer_device
from hardware.printer.layout import lay_out
from tests.simulation.run import Plan, draw


@attrs.frozen
class Bug:
    """A planted bug: how to plant it, which rule must break, and under which faults it shows.

    `refused_with` is what the store itself may say first, as it refuses to start; `sales` is how
    many each seed needs before it shows. `seed` is tried first: it showed it when it was last
    looked for; then the others of `seeds`. `is_drawn` where it needs a mixture of faults, each as
    strong as the seed draws it.
    """

    plant: Callable[[], contextlib.AbstractContextManager[Any]]
    invariants: tuple[str, ...]
    faults: tuple[str, ...] = ()
    refused_with: str = ""
    sales: int = 20
    seed: int = 1
    seeds: range = range(1, 25)
    is_drawn: bool = False

    def plan(self, seed: int) -> Plan:
        """What a seed does to show it."""
        if self.is_drawn:
            return draw(seed, self.sales)
        return Plan(seed, self.sales, dict.fromkeys(self.faults, 1.0))


def answer_before_commit() -> contextlib.AbstractContextManager[Any]:
    """Answers are released, and then the batch is appended."""
    settle = Bookkeeper._settle

    async def hasty(self: Bookkeeper, batch: Batch, post_office: Any, world: Any) -> None:
        for entry in batch.pending:
            if entry not in batch.deferred and entry.reply is not None:
                head = self.journal.head()
                position = entry.reply.position or head.position
                entry.envelope.answer(
                    attrs.evolve(entry.reply, epoch=head.epoch, position=position)
                )
        await settle(self, batch, post_office, world)

    return mock.patch.object(Bookkeeper, "_settle", hasty)


@contextlib.contextmanager
def idempotency_dropped() -> Iterator[None]:
    """A repeated command is decided again."""
    values = "SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM commands WHERE id = ?1)"
    insert = journal_batch._INSERT_COMMAND.replace("VALUES (?, ?, ?, ?, ?)", values)
    with (
        mock.patch.object(Journal, "answer_of", return_value=None),
        mock.patch.object(journal_batch, "_INSERT_COMMAND", insert),
    ):
        yield


def receipt_number_reused() -> contextlib.AbstractContextManager[Any]:
    """The third receipt has the number of the second."""
    number = tendering.receipt_number

    def reused(register: str, sequence: int, *, training: bool) -> str:
        return number(register, 2 if sequence == 3 else sequence, training=training)

    return mock.patch.object(tendering, "receipt_number", reused)


def effect_lost() -> contextlib.AbstractContextManager[Any]:
    """What a fact asks of a printer is forgotten."""

    def without_paper(*args: Any) -> Any:
        return tuple(
            fact
            for fact in effects_of(*args)
            if not (isinstance(fact.event, EffectRequested) and "printer" in fact.event.address)
        )

    return mock.patch.object(bookkeeper, "effects_of", without_paper)


def sync_skipped() -> contextlib.AbstractContextManager[Any]:
    """SQLite does not wait for the platter."""

    def careless(db: Any) -> None:
        configure(db)
        db.execute("PRAGMA synchronous = OFF")

    return mock.patch.object(journal, "configure", careless)


def log_not_settled() -> contextlib.AbstractContextManager[Any]:
    """What a dead process left unsynced in the log is believed."""
    return mock.patch.object(journal, "settle_log")


def copy_forgotten() -> contextlib.AbstractContextManager[Any]:
    """A receipt that may have been printed is printed again as if it were the first."""

    def unmarked(document: Any, width: int, *, copy: bool = False) -> Any:
        return lay_out(document, width)

    return mock.patch.object(printer_device, "lay_out", unmarked)


def drawer_late() -> contextlib.AbstractContextManager[Any]:
    """A kick is good for an hour."""
    return mock.patch.object(limits, "DRAWER_KICK_EXPIRY_NS", 3_600_000_000_000)


def drawer_kicked_again() -> contextlib.AbstractContextManager[Any]:
    """A drawer that may have opened is kicked once more."""
    return mock.patch.object(drawer_device, "first_step", return_value=None)


def change_forgotten() -> contextlib.AbstractContextManager[Any]:
    """What a customer gave is expected in the drawer, change and all."""
    evolve = till.evolve

    def generous(state: Any, event: Any, *, now_ns: int) -> Any:
        if isinstance(event, OrderCompleted):
            event = attrs.evolve(event, cash_minor=event.cash_minor + event.change_minor)
        return evolve(state, event, now_ns=now_ns)

    return mock.patch.object(till, "evolve", generous)


def rounded_twice() -> contextlib.AbstractContextManager[Any]:
    """The total a customer pays is rounded to five cents, though the shop rounds nothing."""

    def rounded(order: Any, tariff: Any) -> Any:
        figures = price(order, tariff)
        return attrs.evolve(figures, total_minor=figures.total_minor // 5 * 5)

    return mock.patch.object(tendering, "price", rounded)


def voucher_good_again() -> contextlib.AbstractContextManager[Any]:
    """A sale uses no code up."""
    return mock.patch.object(tendering, "uses_of", return_value=())


def _figures(change: Callable[[Any], Any]) -> contextlib.AbstractContextManager[Any]:
    """Freeze figures that were tampered with."""
    return mock.patch.object(tendering, "price", lambda order, tariff: change(price(order, tariff)))


def charge_untold() -> contextlib.AbstractContextManager[Any]:
    """A charge is in the total, and no line of the figures has it."""
    return _figures(
        lambda figures: attrs.evolve(
            figures, lines=tuple(row for row in figures.lines if row.line > 0)
        )
    )


def comp_among_discounts() -> contextlib.AbstractContextManager[Any]:
    """What is given away is reported as a discount too."""
    return _figures(
        lambda figures: attrs.evolve(
            figures, discount_minor=figures.discount_minor + figures.comp_minor
        )
    )


def bundle_keeps_its_parts() -> contextlib.AbstractContextManager[Any]:
    """The rest of a bundle is not priced again."""
    return mock.patch.object(returns, "has_rest_priced_again", return_value=False)


def tax_back_twice() -> contextlib.AbstractContextManager[Any]:
    """A return counts the tax that goes back twice."""
    facts = held_goods.returned_facts

    def doubled(order: Any) -> Any:
        return [
            (original, attrs.evolve(event, tax_minor=2 * event.tax_minor))
            for original, event in facts(order)
        ]

    return mock.patch.object(tendering, "returned_facts", doubled)


def notes_at_par() -> contextlib.AbstractContextManager[Any]:
    """Notes of another currency count for their face value."""

    def par(amount_minor: int, rate_micros: int, **_: str) -> int:
        return amount_minor

    return mock.patch.object(foreign_notes, "worth_minor", par)


def notes_forgotten() -> contextlib.AbstractContextManager[Any]:
    """The drawer's notes of another currency are expected in it nowhere."""
    return mock.patch.object(till, "foreign_taken", return_value=[])


def group_unheeded() -> contextlib.AbstractContextManager[Any]:
    """Everybody pays what nobody in particular pays."""

    def anybody(*args: Any, **rest: Any) -> Any:
        return attrs.evolve(circumstances_of(*args, **rest), customer_group="")

    return mock.patch.object(offered, "circumstances_of", anybody)


def exemption_paid_back() -> contextlib.AbstractContextManager[Any]:
    """Who paid no tax gets a cent of it back with each piece."""
    facts = held_goods.returned_facts

    def generous(order: Any) -> Any:
        return [
            (original, attrs.evolve(event, total_minor=event.total_minor + is_exempt))
            for original, event in facts(order)
            # No tax on a euro or more: there was none to pay.
            for is_exempt in (event.total_minor > 100 and not event.tax_minor,)
        ]

    return mock.patch.object(tendering, "returned_facts", generous)


# A node may be told of a head before anybody is answered.
ANCHORED = "H2_an_anchor_is_of_what_is_durable"
BUGS: dict[str, Bug] = {
    "notes_at_par": Bug(notes_at_par, ("F1_notes_lie_apart",)),
    "notes_forgotten": Bug(notes_forgotten, ("F1_notes_lie_apart", "D5_a_count_sheet_adds_up")),
    "group_unheeded": Bug(group_unheeded, ("S1_total_is_the_sum",)),
    "exemption_paid_back": Bug(
        exemption_paid_back, ("X1_without_tax_in_and_out",), sales=100, seed=34
    ),
    "answer_before_commit": Bug(
        answer_before_commit,
        # A drawer is kicked on the answer that its beginning is written down.
        ("A1_answers_wait_for_the_disk", "K1_kicked_once_and_in_time", ANCHORED),
    ),
    "idempotency_dropped": Bug(
        idempotency_dropped,
        ("S8_a_command_happens_once", "A2_same_id_same_answer"),
        ("front_repeats",),
    ),
    "receipt_number_reused": Bug(receipt_number_reused, ("S7_receipts_have_no_gap",)),
    "effect_lost": Bug(effect_lost, ("E1_facts_ask_for_their_effects",)),
    "sync_skipped": Bug(sync_skipped, ("A1_answers_wait_for_the_disk", ANCHORED)),
    "log_not_settled": Bug(
        log_not_settled,
        ("A1_answers_wait_for_the_disk", "J1_acknowledged_is_durable", ANCHORED),
        ("sync_fails", "power_cut"),
        refused_with="AnchorError: The store node saw record",
        seed=3,
    ),
    "copy_forgotten": Bug(
        copy_forgotten,
        ("P1_paper_once_or_copy",),
        ("devices_kill", "printer_unplugged"),
        seed=11,
    ),
    "drawer_late": Bug(
        drawer_late, ("K1_kicked_once_and_in_time",), ("printer_unplugged", "devices_kill")
    ),
    "drawer_kicked_again": Bug(
        drawer_kicked_again,
        ("K1_kicked_once_and_in_time",),
        ("devices_link_bad", "devices_kill", "store_kill"),
        sales=80,
        seed=36,
    ),
    "change_forgotten": Bug(change_forgotten, ("D1_expected_cash",)),
    "rounded_twice": Bug(
        rounded_twice, ("S1_total_is_the_sum", "C1_lines_and_charges_are_the_total")
    ),
    "voucher_good_again": Bug(voucher_good_again, ("V1_a_voucher_is_good_once",), seed=12),
    "charge_untold": Bug(charge_untold, ("C1_lines_and_charges_are_the_total",), seed=8),
    "comp_among_discounts": Bug(comp_among_discounts, ("C2_comps_are_no_discounts",), seed=33),
    "bundle_keeps_its_parts": Bug(
        bundle_keeps_its_parts,
        ("B1_bundles_come_back_at_what_they_cost",),
        seed=8,
    ),
    "tax_back_twice": Bug(tax_back_twice, ("T1_no_more_tax_back_than_paid",)),
}
