"""A dry run: what other promotions would have made of the baskets a store sold of late."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from actors.history import CHUNK, fact_of, following, load_books, replay_record
from actors.journal import Journal
from countertop.errors import CommandFailedError
from countertop.offline import Progress, copied_journal
from engine.books import Books, forget_archive
from engine.coupon.redeemed import Redeemed
from engine.decision import EVENTS
from engine.dry_run import Comparison, DryRun, undated
from engine.money import format_minor
from engine.order.events import (
    OrderCompleted,
)
from engine.order.offered import Tariff
from engine.order.pricing import price
from engine.order.ruled import UntaxableError
from engine.order.state import Order
from engine.order.tender_events import (
    TenderingStarted,
)
from engine.promotion import decide as promotions
from engine.promotion.decide import Promotions, SetPromotions
from engine.promotion.model import taken_by
from engine.settings import StoreRules
from engine.stamp import Stamp
from engine.wire import canonical, unstructure
from native import CoreError

Say = Callable[[str], None]
_COMPLETED: Final = EVENTS.name_of(OrderCompleted)
_BAR: Final = 24


def dry_run(
    body: SetPromotions, data_dir: Path, days: int, progress: Progress, *, keep_dates: bool
) -> tuple[DryRun, StoreRules]:
    """Price the sales of the last `days` business days under other promotions.

    The last day is that of the newest sale. Reads a copy: a store may be selling meanwhile. First
    and last days of the promotions are left out of account unless `keep_dates`.

    Raises:
        CommandFailedError: the store would not take these promotions, or it sold nothing.
        JournalError: no journal there, or it is damaged.
    """
    with copied_journal(data_dir) as journal:
        now = load_books(journal, data_dir)
        refused = promotions.decide(body, now.settings, now.catalog.book).refused
        if refused is not None:
            raise CommandFailedError(
                f"The store would refuse these promotions: {refused.code} "
                f"{canonical(refused.fields).decode()}. Nothing was tried; correct the file."
            )
        rules = now.settings.required()
        tried = body.promotions if keep_dates else undated(body.promotions)
        since = _since(journal, data_dir, days)
        found = Comparison()
        told = progress("Pricing once more", "records")
        trying = Promotions(tried, body.policy)
        used: Redeemed | None = None
        for sale, books in _sales(journal, data_dir, since, told):
            used = _used_up(books) if used is None else used
            _compare(found, sale, books, trying, used)
    return found.result(), rules


def _since(journal: Journal, data_dir: Path, days: int) -> str:
    """The first of the last `days` business days; found from the journal's end."""
    last = journal.head().position
    while last > 0:
        after = max(0, last - CHUNK)
        for sealed in reversed(journal.read_sealed(after, last - after)):
            if sealed.name == _COMPLETED and sealed.kind == "live":
                record = sealed.record()
                with following(record, data_dir):
                    newest = date.fromisoformat(record.stamp.business_date)
                return (newest - timedelta(days=days - 1)).isoformat()
        last = after
    raise CommandFailedError("The store has sold nothing yet, so there is nothing to try.")


@frozen
class _Sale:
    """A sale about to be completed: the order, when it was priced, and how it ended."""

    order: Order
    priced: Stamp
    ended: OrderCompleted
    business_date: str


def _sales(
    journal: Journal, data_dir: Path, since: str, told: Callable[[int, int], None]
) -> Iterator[tuple[_Sale, Books]]:
    """Every live sale from `since` on, with the books as they were just before it ended."""
    books = Books()
    priced_at: dict[str, Stamp] = {}
    last = journal.head().position
    while books.position < last:
        for record in journal.read(books.position, min(CHUNK, last - books.position)):
            sale = None
            with following(record, data_dir):
                event = fact_of(record).event
                if isinstance(event, TenderingStarted):
                    priced_at[event.order_id] = record.stamp
                elif isinstance(event, OrderCompleted):
                    moment = priced_at.pop(event.order_id)
                    if record.kind == "live" and record.stamp.business_date >= since:
                        order = books.live.orders[event.order_id]
                        sale = _Sale(order, moment, event, record.stamp.business_date)
            if sale is not None:
                yield sale, books
            replay_record(books, record, data_dir)
        forget_archive(books)
        told(books.position, last)


def _used_up(books: Books) -> Redeemed:
    """What was used up of budgets and limits by then, to be used up further by what is tried."""
    return Redeemed(given=dict(books.redeemed.given), to_members=dict(books.redeemed.to_members))


def _compare(
    found: Comparison, sale: _Sale, books: Books, tried: Promotions, used: Redeemed
) -> None:
    """Price a sale under `tried`, which have as much of their limits left as `used` says, and let
    it use up its part. What other orders held then, they held of other promotions."""
    sold, moment = sale.ended.figures, sale.priced
    deals = tried.deals(books.catalog.book, books.catalog.version)
    tariff = Tariff(
        books.settings.at(sold.settings_version()),
        attrs.evolve(books.offers(), deals=deals, redeemed=used, open_orders={}),
        moment.now_ns,
        moment.utc_offset_s,
        books.taxes.book(),
    )
    try:
        now = price(sale.order, tariff)
    except (CoreError, UntaxableError):
        found.failed += 1
        return
    shares = taken_by(entry for row in now.lines for entry in row.promotions)
    used.follow_sale(
        {share.promotion: share.amount_minor for share in shares},
        uses=(),
        restored=(),
        member=sale.order.member,
        business_date=sale.business_date,
    )
    found.add(sale.ended.receipt_number, sale.business_date, sold, now)


# --------------------------------------------------------------------------------------- told


def tell(result: DryRun, rules: StoreRules, say: Say, *, keep_dates: bool) -> None:
    """The comparison in words, with a bar for what customers would have paid less or more a day."""

    def money(minor: int) -> str:
        return format_minor(minor, rules.currency)

    def moved(minor: int) -> str:
        return ("+" if minor > 0 else "") + money(minor)

    changed = result.cheaper + result.dearer
    dates = [day.business_date for day in result.days]
    span = f", {dates[0]} to {dates[-1]}," if dates else ""
    say(f"{result.baskets:,} sales{span} priced once more. Nothing was changed.")
    if not keep_dates:
        say("First and last days of the promotions were left out of account; hours were kept.")
    difference = result.tried_minor - result.sold_minor
    say("")
    say(f"  Sold for         {money(result.sold_minor):>14}")
    say(f"  Would have been  {money(result.tried_minor):>14}   {moved(difference)}")
    say(f"  Other totals     {changed:>14,}   {result.cheaper:,} lower, {result.dearer:,} higher")
    if result.failed:
        say(f"  Without a price  {result.failed:>14,}   past what promotions can be counted for")
    _tell_effects(result, say, money)
    _tell_days(result, say, moved)
    if result.largest:
        say("")
        say("The sales that would have changed most")
        for one in result.largest:
            say(
                f"  {one.receipt_number:>12}  {one.business_date}  {money(one.sold_minor):>12} -> "
                f"{money(one.tried_minor):>12}   {moved(one.tried_minor - one.sold_minor)}"
            )


def _tell_effects(result: DryRun, say: Say, money: Callable[[int], str]) -> None:
    if not result.effects:
        return
    say("")
    say(f"{'Promotion':<34} {'sold':>22} {'tried':>22}")
    for one in result.effects:
        sold = f"{money(one.sold_minor)} in {one.sold_baskets:,}"
        tried = f"{money(one.tried_minor)} in {one.tried_baskets:,}"
        say(f"  {one.name[:32]:<32} {sold:>22} {tried:>22}")


def _tell_days(result: DryRun, say: Say, moved: Callable[[int], str]) -> None:
    most = max((abs(day.tried_minor - day.sold_minor) for day in result.days), default=0)
    if most == 0:
        return
    say("")
    say("Day by day: - customers would have paid less, + more")
    for day in result.days:
        difference = day.tried_minor - day.sold_minor
        length = -(-abs(difference) * _BAR // most)
        bar = ("+" if difference > 0 else "-") * length
        say(f"  {day.business_date}  {day.baskets:>6,} sales  {moved(difference):>14}  {bar}")


def run(
    body: SetPromotions,
    data_dir: Path,
    days: int,
    say: Say,
    progress: Progress,
    *,
    keep_dates: bool,
    as_json: bool,
) -> None:
    """Make a dry run and tell what came of it.

    Raises:
        CommandFailedError, JournalError: as `dry_run`; or there are no days to look at.
    """
    if days < 1:
        raise CommandFailedError(f"{days} days are none. Nothing was tried; name at least one.")
    result, rules = dry_run(body, data_dir, days, progress, keep_dates=keep_dates)
    if as_json:
        sys.stdout.write(canonical(unstructure(result)).decode() + "\n")
    else:
        tell(result, rules, say, keep_dates=keep_dates)
