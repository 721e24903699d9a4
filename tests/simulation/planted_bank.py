"""Bugs in card money on its way to the bank, planted as those of `planted.py`."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any
from unittest import mock

from actors import view_clearing_folds, view_clearing_links, view_clearing_rows
from engine.decision import Decision, Fact
from engine.settlement import decide
from engine.wire import canonical
from tests.simulation.facts import BANK
from tests.simulation.planted import Bug
from tests.simulation.planted_money import Planted


@contextlib.contextmanager
def row_counts_in_each_file() -> Iterator[None]:
    """What an earlier file said already is money once more."""
    count = itertools.count()

    def anew(value: Any) -> bytes:
        is_row = isinstance(value, list) and value[:1] == [BANK]
        return canonical([*value, next(count)]) if is_row else canonical(value)

    with mock.patch.object(view_clearing_rows, "canonical", anew):
        yield


def any_parts_will_do() -> Planted:
    """A file counts with whatever was handed in last, of another file too."""

    def careless(state: Any, body: decide.ImportSettlement, *rest: Any) -> Decision:
        if state.upload is None or body.file in state.files:
            return imported(state, body, *rest)
        acquirer = state.upload.acquirer
        event = decide.SettlementImported(body.file, acquirer, body.name, body.parts, body.rows)
        return Decision((Fact(decide.STREAM, event),), {"file": body.file, "rows": body.rows})

    imported = decide._import
    return mock.patch.object(decide, "_import", careless)


def reversal_by_itself() -> Planted:
    """What took a payment back is not seen to be about it."""
    return mock.patch.object(view_clearing_folds, "_root_of", lambda db, asked: asked.payment_id)


def second_payment_is_forgotten() -> Planted:
    """What customers paid by link a second time is in no account."""
    return mock.patch.object(view_clearing_links, "_stray", return_value=None)


BANK_BUGS: dict[str, Bug] = {
    "row_counts_in_each_file": Bug(
        row_counts_in_each_file, ("U2_clearing_is_what_the_bank_owes",), sales=60
    ),
    "any_parts_will_do": Bug(
        any_parts_will_do, ("U1_a_file_counts_whole_and_once",), sales=100, seed=15
    ),
    "reversal_by_itself": Bug(reversal_by_itself, ("U2_clearing_is_what_the_bank_owes",), sales=60),
    "second_payment_is_forgotten": Bug(
        second_payment_is_forgotten,
        ("U3_money_by_link_is_what_its_provider_holds",),
        sales=60,
        seed=3,
    ),
}
