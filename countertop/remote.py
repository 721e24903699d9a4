"""What the command line does with a running store: as a front end, through its doors."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trio

from actors.world import SystemWorld
from countertop import prices as price_files
from countertop.calling import Progress, Say, client_of, doors_of, run_client
from countertop.charges import read_charges
from countertop.currencies import read_currencies
from countertop.errors import CommandFailedError
from countertop.importer import FILE_BYTES_MAX, Prepared, prepare, write_errors
from countertop.price_parts import parts_of, short
from countertop.prices import read_prices, without_item
from countertop.promotions import exclusions, read_promotions
from countertop.returns import read_returns
from countertop.secrets import tokens
from countertop.tax_files import (
    pack_named,
    preview,
    setup_of,
    with_classes,
    with_dining,
    with_likes,
)
from countertop.tenders import read_tenders
from engine.limits import COUPON_CODES_PER_ISSUE_MAX
from engine.price_list.decide import SetPrices
from engine.price_list.model import PriceSet
from engine.promotion.decide import SetPromotions
from engine.settings import StoreRules, TaxClass
from engine.tax import local_day
from engine.tax_book import TaxSetup
from engine.taxation import Dining
from engine.wire import structure, unstructure
from protocols.front.client import FrontClient
from protocols.front.client_types import RefusedError

UPLOAD_TIMEOUT_S = 120
INSTALL_TRIES = 3
_COUNTED_BYTES = 1 << 20  # at once


# --------------------------------------------------------------------------------------- status


def print_status(data_dir: Path, say: Say) -> None:
    """How the store is, in a few lines."""
    run_client(partial(_status, data_dir, say))


async def _status(data_dir: Path, say: Say) -> None:
    async with client_of(data_dir) as client:
        view = (await client.query("store.status")).data
    say(f"store      {view['store']} (countertop {view['version']})")
    say(f"journal    epoch {view['epoch']}, position {view['position']}, head {view['head'][:16]}")
    say(f"items      {view['item_count']:,}")
    say(f"orders     {view['orders_open']} open")
    say(f"disk       {'nearly full: new orders are refused' if view['disk_nearly_full'] else 'ok'}")
    for device in view["devices"]:
        say(f"device     {device['address']}: {device['state']} ({device['code']})")
    for entry in view["queue"]:
        what = entry["title"] or entry["kind"]
        why = f", {entry['reason']}" if entry["reason"] else ""
        age = f"{entry['age_s']} s, tries {entry['tries']}{why}"
        say(f"waiting    {what} for {entry['address']}, {age}")


# ---------------------------------------------------------------------------------------- watch


def watch_events(data_dir: Path, after: int, say: Say) -> None:
    """Print facts after `after` (-1: from now on), then each new one, until interrupted.

    Raises:
        CommandFailedError: there is no such position yet.
    """
    run_client(partial(_watch, data_dir, after, say))


async def _watch(data_dir: Path, after: int, say: Say) -> None:
    async with client_of(data_dir, admin=True) as client:
        head: int = (await client.query("store.status")).data["position"]
        if not -1 <= after <= head:
            raise CommandFailedError(
                f"There is no record {after}: the journal of {data_dir} ends at record {head}. "
                f"Nothing was watched. Begin after one from 0 to {head}, or leave out --after."
            )
        position = head if after < 0 else after
        async with contextlib.aclosing(client.subscribe("events", position)) as updates:
            async for update in updates:
                for event in update.data["events"]:
                    mark = "T" if event["training"] else " "
                    body = json.dumps(event["data"], ensure_ascii=False)
                    say(
                        f"{event['position']:>8}{mark} {event['name']:<28} {event['stream']} {body}"
                    )


# --------------------------------------------------------------------------------------- import


def import_promotions(file: Path, data_dir: Path, *, check_only: bool, say: Say) -> None:
    """Read a file of promotions and put them in force, in place of all there were."""
    command = read_promotions(file)
    for line in exclusions(command):
        say(line)
    if check_only:
        say(f"{len(command.promotions)} promotions were read. None was put in force, as asked.")
        return
    run_client(partial(_set_promotions, command, data_dir, say))


async def _set_promotions(command: SetPromotions, data_dir: Path, say: Say) -> None:
    async with client_of(data_dir, admin=True) as client:
        answer = await client.command("promotions.set", **unstructure(command))
    say(f"{answer.data['promotions']} promotions are in force.")


def import_taxes(
    pack: str,
    jurisdiction: str,
    data_dir: Path,
    *,
    dining: Dining,
    likes: Sequence[str],
    check_only: bool,
    say: Say,
) -> None:
    """Read a pack, say what its taxes come to here, and put them in force."""
    setup = with_likes(with_dining(setup_of(pack_named(pack), jurisdiction), dining), likes)
    run_client(partial(_set_taxes, setup, data_dir, check_only, say))


async def _set_taxes(setup: TaxSetup, data_dir: Path, check_only: bool, say: Say) -> None:
    async with client_of(data_dir, admin=True) as client:
        state = (await client.query("store.state")).data
        if state["rules"] is None:
            raise CommandFailedError("The store is not set up yet. Nothing was changed.")
        rules = structure(state["rules"], StoreRules)
        classes = structure(state["tax_classes"], tuple[TaxClass, ...])
        day = local_day(SystemWorld().stamp(rules.time_zone, rules.cutoff_s))
        for line in preview(setup, classes, day):
            say(line)
        if check_only:
            say("Nothing was changed, as asked.")
            return
        wanted = with_classes(setup, classes, day)
        more = {} if wanted == classes else {"classes": unstructure(wanted)}
        try:
            answer = await client.command("taxes.set", setup=unstructure(setup), **more)
        except RefusedError as error:
            raise CommandFailedError(
                f"The store refused: {error}. Neither its tax rules nor its tax classes were "
                "changed: put the pack right, and import it again."
            ) from None
    say(f"{answer.data['rules']} entries of tax rules are in force.")


def import_prices(file: Path, data_dir: Path, *, check_only: bool, say: Say) -> None:
    """Read a file of prices, tell what is in it, and put them in force, and no others."""
    command = read_prices(file)
    for line in price_files.preview(command):
        say(line)
    if check_only:
        say(f"{len(command.prices.lists)} price lists were read. None was put in force, as asked.")
        return
    run_client(partial(_set_prices, command, data_dir, say))


async def _set_prices(command: SetPrices, data_dir: Path, say: Say) -> None:
    """Prices of items that are not for sale are left out, one by one as the store names them."""
    parts = parts_of(command.prices)
    async with client_of(data_dir, admin=True) as client:
        if len(parts) == 1:
            answer = await _send_prices(client, "prices.set", parts[0], say)
        else:
            answer = await _upload_prices(client, parts, say)
    say(f"{answer['price_lists']} price lists are in force.")


async def _upload_prices(client: FrontClient, parts: list[PriceSet], say: Say) -> dict[str, Any]:
    """Many prices part by part; those of before are in force until all are there."""
    upload = SystemWorld().new_id()
    for part, prices in enumerate(parts):
        await _send_prices(client, "prices.stage", prices, say, upload=upload, part=part)
    answer = await client.command("prices.install", upload=upload, parts=len(parts))
    installed: dict[str, Any] = answer.data
    return installed


async def _send_prices(
    client: FrontClient, name: str, prices: PriceSet, say: Say, **fields: Any
) -> dict[str, Any]:
    """Send prices, without those of items that are not for sale; the answer."""
    while True:
        try:
            answer = await client.command(name, prices=short(unstructure(prices)), **fields)
        except RefusedError as error:
            missing = error.fields.get("item_id")
            if error.code != "item_must_exist" or not missing:
                raise
            say(f"{missing} is not for sale. Its prices were left out.")
            left = without_item(prices, str(missing))
            if left == prices:
                raise
            prices = left
        else:
            told: dict[str, Any] = answer.data
            return told


def import_charges(file: Path, data_dir: Path, *, say: Say) -> None:
    """Read a file of charges, and put them in force, and no others."""
    run_client(partial(_set_charges, file, data_dir, say))


async def _set_charges(file: Path, data_dir: Path, say: Say) -> None:
    async with client_of(data_dir, admin=True) as client:
        digits = (await client.query("store.state")).data["minor_digits"]
        command = read_charges(file, digits)
        answer = await client.command("charges.set", **unstructure(command))
    charges, deposits = answer.data["charges"], answer.data["deposits"]
    say(f"{charges} charges and {deposits} deposits are in force.")


def import_currencies(file: Path, data_dir: Path, *, say: Say) -> None:
    """Read a file of foreign currencies, and take notes of these, and of no others."""
    run_client(partial(_set_currencies, file, data_dir, say))


async def _set_currencies(file: Path, data_dir: Path, say: Say) -> None:
    async with client_of(data_dir, admin=True) as client:
        command = read_currencies(file)
        await client.command("settings.set_foreign_currencies", **unstructure(command))
    say(f"Notes of {len(command.currencies)} foreign currencies are taken.")


def import_tenders(file: Path, data_dir: Path, *, say: Say) -> None:
    """Read a file of what the house allows of tenders, and put it in force."""
    run_client(partial(_set_tenders, file, data_dir, say))


async def _set_tenders(file: Path, data_dir: Path, say: Say) -> None:
    async with client_of(data_dir, admin=True) as client:
        digits = (await client.query("store.state")).data["minor_digits"]
        command = read_tenders(file, digits)
        await client.command("settings.set_tender_rules", **unstructure(command))
    say(f"Rules of {len(command.rules)} kinds of tender are in force; the others are as usual.")


def import_returns(file: Path, data_dir: Path, *, say: Say) -> None:
    """Read a file of the rules of returns, and put them in force."""
    run_client(partial(_set_returns, file, data_dir, say))


async def _set_returns(file: Path, data_dir: Path, say: Say) -> None:
    async with client_of(data_dir, admin=True) as client:
        digits = (await client.query("store.state")).data["minor_digits"]
        command = read_returns(file, digits)
        await client.command("settings.set_return_rules", **unstructure(command))
    taken = "come back for store credit" if command.rules.without_receipt else "do not come back"
    say(f"The rules of returns are in force. Goods without a receipt {taken}.")


def issue_coupons(coupon: str, file: Path, data_dir: Path, *, say: Say) -> None:
    """Issue the codes of a file, a line each."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailedError(f"{file} cannot be read: {error}. No code was issued.") from None
    codes = [line.strip() for line in lines if line.strip()]
    if not codes:
        raise CommandFailedError(f"{file} has no code in it. No code was issued.")
    run_client(partial(_issue, coupon, codes, data_dir, say))


async def _issue(coupon: str, codes: list[str], data_dir: Path, say: Say) -> None:
    async with client_of(data_dir, admin=True) as client:
        for at in range(0, len(codes), COUPON_CODES_PER_ISSUE_MAX):
            some = codes[at : at + COUPON_CODES_PER_ISSUE_MAX]
            try:
                await client.command("coupons.issue", coupon=coupon, codes=some)
            except RefusedError as error:
                done = f"The first {at:,} codes of it are good now" if at else "No code was issued"
                raise CommandFailedError(
                    f"The store refused: {error}. {done}. Put the file right and import all of it "
                    "again: a code that is good already stays as it is."
                ) from None
    say(f"{len(codes):,} codes of {coupon} are good now.")


def import_catalog(
    file: Path, data_dir: Path, *, check_only: bool, say: Say, progress: Progress
) -> None:
    """Check a CSV file, put its good rows into the catalog, list the faults beside it."""
    run_client(partial(_import, file, data_dir, check_only, say, progress))


async def _import(
    file: Path, data_dir: Path, check_only: bool, say: Say, progress: Progress
) -> None:
    if not await trio.Path(file).is_file():
        raise CommandFailedError(f"There is no file {file}. Nothing was imported.")
    async with client_of(data_dir, admin=True) as client:
        state = (await client.query("store.state")).data
        if state["rules"] is None:
            raise CommandFailedError("The store is not set up yet. Nothing was imported.")
        classes = frozenset(entry["id"] for entry in state["tax_classes"])
        world = SystemWorld()
        total = await world.in_thread(_count_lines, file)
        told = progress("Checking", "rows")
        prepared = await world.in_thread(
            prepare, file, state["rules"]["currency"], classes, lambda rows: told(rows, total)
        )
        told(total, total)
        _tell_faults(file, prepared, say)
        if check_only:
            say(f"{prepared.items:,} rows are good. Nothing was imported, as asked.")
            return
        if not prepared.items:
            what = "No row is good" if prepared.rows else "There is no row below the header"
            raise CommandFailedError(
                f"{what}. Nothing was imported. Put {file} right and import it again."
            )
        count = await _install(client, data_dir, file, prepared, say)
        say(f"Imported {prepared.items:,} rows. The store sells {count:,} items now.")


def _count_lines(file: Path) -> int:
    """How many rows there may be, for the progress line; what is wrong is told while reading, and
    no more is counted than is read then."""
    import gzip
    import zlib

    opener = gzip.open if file.suffix == ".gz" else open
    try:
        with opener(file, "rb") as text:
            count, size_bytes, last = 0, 0, b"\n"
            while size_bytes <= FILE_BYTES_MAX and (read := text.read(_COUNTED_BYTES)):
                count += read.count(b"\n")
                size_bytes += len(read)
                last = read[-1:]
            return max(0, count + (last != b"\n") - 1)
    except (OSError, EOFError, zlib.error):
        return 0


def _tell_faults(file: Path, prepared: Prepared, say: Say) -> None:
    if not prepared.errors:
        return
    report = file.with_name(file.name + ".errors.csv")
    write_errors(report, prepared.errors)
    for error in prepared.errors[:5]:
        say(f"row {error.row}: {error.problem}")
    say(f"{len(prepared.errors):,} of {prepared.rows:,} rows have faults, listed in {report}.")


async def _install(
    client: FrontClient, data_dir: Path, file: Path, prepared: Prepared, say: Say
) -> int:
    """Upload the segment and install it; again where an item was edited meanwhile."""
    for _ in range(INSTALL_TRIES):
        say("Uploading and merging …")
        staged = await SystemWorld().in_thread(_upload, data_dir, prepared.segment)
        try:
            await client.command("catalog.install_segment", **staged, source=file.name)
        except RefusedError as error:
            if error.code != "catalog_must_not_have_changed":
                raise
            continue
        count: int = staged["item_count"]
        return count
    raise CommandFailedError(
        "The catalog was edited during each try. Nothing was imported. Try again in a quiet minute."
    )


def _upload(data_dir: Path, segment: bytes) -> dict[str, Any]:
    """PUT the segment; what staging answered."""
    place = urlsplit(doors_of(data_dir).http)
    token = tokens(data_dir, SystemWorld()).admin
    connection = http.client.HTTPConnection(place.netloc, timeout=UPLOAD_TIMEOUT_S)
    try:
        connection.request(
            "PUT",
            f"/api/segments/{sha256(segment).hexdigest()}",
            segment,
            {"Authorization": f"Bearer {token}"},
        )
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise CommandFailedError(
            f"The store did not take the catalog: {error}. Nothing was imported. See that it still "
            "runs, then import it again."
        ) from None
    finally:
        connection.close()
    if response.status != 200:
        raise CommandFailedError(f"The store did not take the catalog: {body.decode()[:400]}")
    fields: dict[str, Any] = json.loads(body)
    return fields
