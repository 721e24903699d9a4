"""Settlement files and rate cards into a running store, from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import trio

from actors.world import SystemWorld
from countertop.acquirers import read_acquirers
from countertop.calling import Progress, Say, client_of, run_client
from countertop.errors import CommandFailedError
from countertop.importer import write_errors
from countertop.price_parts import PART_BYTES_MAX, short
from countertop.settlement_columns import Columns, columns_named
from countertop.settlement_files import Checked, check, digest_of, rows_of
from engine.money import format_money, minor_digits
from engine.wire import canonical, unstructure
from protocols.front.client import FrontClient
from protocols.front.client_types import Answer, RefusedError

VIEW_PATIENCE_S = 600
VIEW_AGAIN_S = 0.2
# A file, how its columns are named, and the store's currency and time zone.
_How = tuple[Path, Columns, str, tzinfo | None]


def import_acquirers(file: Path, data_dir: Path, *, say: Say) -> None:
    """Put the acquirers and rate cards of a file in force."""
    run_client(partial(_set_terms, file, data_dir, say))


async def _set_terms(file: Path, data_dir: Path, say: Say) -> None:
    async with client_of(data_dir, admin=True) as client:
        rules = await _rules(client)
        command = read_acquirers(file, minor_digits(rules["currency"]))
        answer = await client.command("settlement.set_terms", **unstructure(command))
    say(f"{answer.data['acquirers']} acquirers have terms now.")


def _zone_of(name: str) -> tzinfo | None:
    """The store's time zone, where this machine knows it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


async def _rules(client: FrontClient) -> dict[str, Any]:
    rules: dict[str, Any] | None = (await client.query("store.state")).data["rules"]
    if rules is None:
        raise CommandFailedError("The store is not set up yet. Nothing was imported.")
    return rules


def import_settlement(
    file: Path,
    acquirer: str,
    columns: str,
    data_dir: Path,
    *,
    check_only: bool,
    say: Say,
    progress: Progress,
) -> None:
    """Check a settlement file and let all of it count, or nothing."""
    mapped = columns_named(columns)
    run_client(partial(_import, file, acquirer, mapped, data_dir, check_only, say, progress))


async def _import(
    file: Path,
    acquirer: str,
    columns: Columns,
    data_dir: Path,
    check_only: bool,
    say: Say,
    progress: Progress,
) -> None:
    world = SystemWorld()
    if not await trio.Path(file).is_file():
        raise CommandFailedError(f"There is no file {file}. Nothing was imported.")
    async with client_of(data_dir, admin=True) as client:
        rules = await _rules(client)
        how = (file, columns, rules["currency"], _zone_of(rules["time_zone"]))
        told = progress("Checking", "rows")
        checked = await world.in_thread(check, *how, lambda rows: told(rows, rows))
        _require_good(file, checked, say)
        if check_only:
            say(f"{checked.rows:,} rows are good. Nothing was imported, as asked.")
            return
        try:
            position = await _send(client, how, acquirer, checked, progress)
        except RefusedError as error:
            if error.code != "settlement_file_must_be_new":
                raise
            _require_same(file, acquirer, str(error.fields.get("acquirer", acquirer)))
            say(f"{file.name} was imported before, to the byte. Nothing changed.")
            return
        await _tell(client, acquirer, checked, rules, position, say)


def _require_same(file: Path, acquirer: str, counted_as: str) -> None:
    if counted_as == acquirer:
        return
    raise CommandFailedError(
        f"{file.name} counts already, for {counted_as!r}, and a file counts once: for {acquirer!r} "
        f"nothing was imported. If it is not {counted_as}'s, explain there what differs because of "
        "it, under Card money at the register (settlement.explain), and name the right --acquirer "
        "for the next one. Import no changed copy of it, which would count besides."
    )


def _require_good(file: Path, checked: Checked, say: Say) -> None:
    if not checked.faults:
        return
    report = file.with_name(file.name + ".errors.csv")
    write_errors(report, checked.errors)
    for error in checked.errors[:5]:
        say(f"row {error.row}: {error.problem}")
    raise CommandFailedError(
        f"{checked.faults:,} of {checked.rows:,} rows have faults; the first "
        f"{len(checked.errors):,} are listed in {report}. Nothing was imported: a settlement "
        "counts whole or not at all. Ask the acquirer for the file again, or put it right."
    )


async def _send(
    client: FrontClient, how: _How, acquirer: str, checked: Checked, progress: Progress
) -> int:
    """Send the file in parts; the position at which all of it counts."""
    file = how[0]
    told = progress("Importing", "rows")
    parts, sent = 0, 0
    for rows in _parts(how):
        await client.command(
            "settlement.stage", file=checked.digest, part=parts, acquirer=acquirer, rows=rows
        )
        parts, sent = parts + 1, sent + len(rows)
        told(sent, checked.rows)
    if await SystemWorld().in_thread(digest_of, file) != checked.digest:
        raise CommandFailedError(
            f"{file.name} was changed while it was read. Nothing was imported. Import it again."
        )
    answer = await client.command(
        "settlement.import",
        file=checked.digest,
        name=file.name[:120],
        parts=parts,
        rows=checked.rows,
    )
    return int(answer.position)


def _parts(how: _How) -> Iterator[list[dict[str, Any]]]:
    """The rows as plain data, as many at once as fit a frame."""
    rows: list[dict[str, Any]] = []
    size = 0
    for number, row in rows_of(*how):
        if isinstance(row, str):
            raise CommandFailedError(f"{how[0].name} was changed: row {number} {row}.")
        plain = short(unstructure(row))
        own = len(canonical(plain)) + 1
        if rows and size + own > PART_BYTES_MAX:
            yield rows
            rows, size = [], 0
        rows.append(plain)
        size += own
    yield rows


async def _tell(
    client: FrontClient,
    acquirer: str,
    checked: Checked,
    rules: dict[str, Any],
    position: int,
    say: Say,
) -> None:
    """What the file came to, once the views have read it."""
    answer = await _caught_up(client, acquirer, position)
    if answer is None:
        say(
            f"Imported {checked.rows:,} rows. The store is still counting them, so what they come "
            "to is not told here, and nothing is to be done again. Card money at the register "
            "(clearing.state) shows the file with its rows, and the figures, once all are counted."
        )
        return
    view = answer.data
    (account,) = view["acquirers"]

    def money(amount_minor: int) -> str:
        return format_money(amount_minor, rules["currency"], rules["language"])

    seen = next((one["seen_before"] for one in view["files"] if one["file"] == checked.digest), 0)
    again = f", {seen:,} of which were in an earlier file" if seen else ""
    say(f"Imported {checked.rows:,} rows{again}.")
    say(
        f"Clearing holds {money(account['clearing_minor'])}: {money(account['waiting_minor'])} is "
        f"not due yet, the rest is in {view['item_count']:,} differences. The acquirer holds "
        f"{money(account['held_minor'])}."
    )


async def _caught_up(client: FrontClient, acquirer: str, position: int) -> Answer | None:
    """What clearing is from a position on; None where the views do not come so far in time."""
    with trio.move_on_after(VIEW_PATIENCE_S):
        while True:
            try:
                answer = await client.query("clearing.state", acquirer=acquirer, limit=1)
            except RefusedError as error:
                if error.code != "views_must_be_complete":
                    raise
            else:
                if answer.position >= position:
                    return answer
            await trio.sleep(VIEW_AGAIN_S)
    return None
