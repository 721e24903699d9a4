"""Which payment a row of a settlement file is of, by the names that both have.

The order of payments and files does not matter: a row keeps its names, and each payment that comes
with one of them has it look again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apsw
from attrs import frozen

from actors.view_clearing_schema import row_of, rows_of
from engine.settlement import fees
from engine.settlement.model import Acquirer
from engine.wire import parse, structure


@frozen
class Terms:
    """The acquirers in force, and the `former` ones: those that sent files and were left out."""

    acquirers: tuple[Acquirer, ...] = ()
    former: tuple[Acquirer, ...] = ()


def terms_of(db: apsw.Connection) -> Terms:
    """The terms that were set last."""
    row = row_of(db, "SELECT value FROM state WHERE key = 'terms'")
    return Terms() if row is None else structure(parse(str(row[0]).encode()), Terms)


def keys_of_payment(
    references: Iterable[str],
    terminal_id: str = "",
    day: str = "",
    numbers: tuple[int | None, int | None] = (None, None),
) -> list[str]:
    """Every name by which a row may mean a payment: references, and its terminal's trace and
    receipt number of an ISO date. Where it told no trace, rows that have one mean it too."""
    trace, receipt = numbers
    alone = receipt if trace is None else None
    return _keys(references, terminal_id, day, (("t", trace), ("n", receipt), ("o", alone)))


def keys_of_row(
    references: Iterable[str], terminal_id: str, day: str, numbers: tuple[int | None, int | None]
) -> list[str]:
    """The names a row has for its payment, the surest first: the acquirer's own reference, then the
    terminal's trace number and its receipt number of an ISO date, which count round.

    Receipt numbers begin anew after each end of day, so of a row with a trace they name only what
    told none: a payment that told another trace is another one.
    """
    trace, receipt = numbers
    letter = "n" if trace is None else "o"
    return _keys(references, terminal_id, day, (("t", trace), (letter, receipt)))


def _keys(
    references: Iterable[str],
    terminal_id: str,
    day: str,
    numbers: Iterable[tuple[str, int | None]],
) -> list[str]:
    found = [f"r:{reference}" for reference in references if reference]
    if terminal_id and day:
        for letter, number in numbers:
            if number is not None:
                found.append(f"{letter}:{terminal_id}:{number}:{day}")
    return list(dict.fromkeys(found))


def find_payment(db: apsw.Connection, terms: Terms, row: str) -> str:
    """Let a row find its payment; its root, or "" where no key names exactly one.

    A terminal may tell of a try that came to nothing by the number of another payment: whichever
    moved money goes before it, also where it comes after the row.
    """
    keys = rows_of(
        db,
        "SELECT key, acquirer FROM row_keys JOIN settlement_rows USING (row) WHERE row = ? "
        "ORDER BY rank",
        (row,),
    )
    found = ""
    for key, acquirer in keys:
        money = rows_of(
            db,
            "SELECT root, amount_minor > 0, acquirer, place, is_link FROM card_keys "
            "JOIN card_money USING (root) WHERE key = ?",
            (key,),
        )
        found = _meant(terms, acquirer, money)
        if found:
            break
    db.execute("UPDATE settlement_rows SET root = ?1 WHERE row = ?2 AND root <> ?1", (found, row))
    return found


def _meant(terms: Terms, acquirer: str, money: list[Any]) -> str:
    """The one account among those of a name that an acquirer's file can mean; "" where there is
    none, or more than one."""
    moved: dict[str, bool] = {}
    fits: dict[str, bool] = {}
    for root, has_moved, whose, place, is_link in money:
        moved[root] = moved.get(root, False) or bool(has_moved)
        fits[root] = fits.get(root, False) or (
            whose in ("", acquirer) or _shares(terms, acquirer, place, is_link=bool(is_link))
        )
    meant = [root for root in moved if fits[root]]
    first = [root for root in meant if moved[root]] or meant
    return first[0] if len(first) == 1 else ""


def _shares(terms: Terms, acquirer: str, place: str, *, is_link: bool) -> bool:
    """Whether an acquirer has a terminal or a provider by its terms, be it on other days: where the
    bank changes, either may settle what was taken about then."""
    for entry in terms.acquirers:
        if entry.id == acquirer:
            return fees.may_have(terms.acquirers, entry, place, is_link=is_link)
    # One that is left out had what it had, whoever has it now.
    return any(
        fees.may_have((), entry, place, is_link=is_link)
        for entry in terms.former
        if entry.id == acquirer
    )


def look_again(db: apsw.Connection, terms: Terms, root: str = "") -> tuple[str, ...]:
    """Let rows that found no payment look again where a name of theirs is known, of the account
    `root` alone where it is told; the accounts that were found."""
    which = "kind IN ('payment', 'refund', 'chargeback') AND card_keys.root = ?1"
    rows = rows_of(
        db,
        "SELECT DISTINCT row FROM settlement_rows JOIN row_keys USING (row) "
        "JOIN card_keys USING (key) WHERE settlement_rows.root = '' "
        f"AND {which if root else '?1 = ?1'} ORDER BY row",
        (root,),
    )
    found = dict.fromkeys(find_payment(db, terms, row) for (row,) in rows)
    return tuple(name for name in found if name)
