"""The terms of acquirers, and the settlement files they send, as facts.

A file's rows come in parts, as many prices do, and count from the moment that it is imported whole.
What they come to against the journal's payments is told by views, which the facts alone decide; no
amount is ever adjusted. A person may explain an item: that moves no money either.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import combinations
from typing import assert_never

from attrs import define, field, frozen

from engine import limits
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse
from engine.order.state import Order
from engine.payment.state import Payments
from engine.payment.terminal_day import plain_brand
from engine.settings import Settings
from engine.settlement.model import Acquirer, PresentedRow, Rate, RowKind, SettlementRow
from engine.settlement.presented import facts_of, presented

STREAM = "settlement"

# ------------------------------------------------------------------------------------- Events


@EVENTS.name("settlement.terms_set/1")
@frozen
class TermsSet:
    """These acquirers and rate cards from here on, and no others."""

    acquirers: tuple[Acquirer, ...]


@EVENTS.name("settlement.part_staged/1")
@frozen
class SettlementPartStaged:
    """A part of a settlement file that does not count yet; part 0 begins the file. `presented` is
    what it says of payments that were taken offline, once it counts."""

    file: str
    part: int
    acquirer: str
    rows: tuple[SettlementRow, ...]
    presented: tuple[PresentedRow, ...] = ()


@EVENTS.name("settlement.imported/1")
@frozen
class SettlementImported:
    """All parts of a file count from here on. `file` is the SHA-256 of its bytes, hexadecimal."""

    file: str
    acquirer: str
    name: str
    parts: int
    rows: int


@EVENTS.name("settlement.item_explained/1")
@frozen
class ItemExplained:
    """Somebody looked into a difference and says what it is. No money moves by this."""

    item: str
    operator: str
    finding: str


SettlementEvent = TermsSet | SettlementPartStaged | SettlementImported | ItemExplained

# -------------------------------------------------------------------------------------- State


@frozen
class FileUpload:
    """A file that is not whole yet."""

    file: str
    acquirer: str
    parts: int = 0
    rows: int = 0
    presented: tuple[PresentedRow, ...] = ()


@define
class Settling:
    """The terms in force, what is on its way, and the files there were (by their SHA-256)."""

    acquirers: tuple[Acquirer, ...] = ()
    upload: FileUpload | None = None
    files: dict[str, str] = field(factory=dict)


def evolve(state: Settling, event: SettlementEvent) -> None:
    """Change `state` to what it is after `event`."""
    match event:
        case TermsSet(acquirers):
            state.acquirers = acquirers
        case SettlementPartStaged(file, part, acquirer, rows, presented_rows):
            before = state.upload if part and state.upload else FileUpload(file, acquirer)
            told = before.presented + presented_rows
            state.upload = FileUpload(file, acquirer, part + 1, before.rows + len(rows), told)
        case SettlementImported(file, acquirer):
            state.upload = None
            state.files[file] = acquirer
        case ItemExplained():
            pass
        case _:
            assert_never(event)


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("settlement.set_terms")
@frozen
class SetTerms:
    """Put these acquirers and rate cards in force, in place of all there were."""

    acquirers: tuple[Acquirer, ...]


@COMMANDS.name("settlement.stage")
@frozen
class StageSettlement:
    """Put a part of a settlement file beside those before. Parts are counted from 0; part 0 begins
    the file, named by the SHA-256 of its bytes."""

    file: str
    part: int
    acquirer: str
    rows: tuple[SettlementRow, ...]


@COMMANDS.name("settlement.import")
@frozen
class ImportSettlement:
    """Let a file of so many parts and rows count. `name` is what people call it."""

    file: str
    name: str
    parts: int
    rows: int


@COMMANDS.name("settlement.explain")
@frozen
class ExplainItem:
    """Say what a difference is; `item` is the id its list gives it."""

    item: str
    finding: str


SettlementCommand = SetTerms | StageSettlement | ImportSettlement | ExplainItem


class Refusal:
    """In precedence order."""

    STORE_MUST_BE_SET_UP = "store_must_be_set_up"
    ACQUIRERS_LIMIT_REACHED = "acquirers_limit_reached"
    TEXT_MUST_BE_SHORT = "text_must_be_short"
    ACQUIRERS_MUST_BE_DISTINCT = "acquirers_must_be_distinct"
    TERMINALS_MUST_HAVE_ONE_ACQUIRER = "terminals_must_have_one_acquirer"
    PROVIDERS_MUST_HAVE_ONE_ACQUIRER = "providers_must_have_one_acquirer"
    FEE_MUST_BE_IN_RANGE = "fee_must_be_in_range"
    FEE_DATES_MUST_EXIST = "fee_dates_must_exist"
    FEES_MUST_NOT_CONTEND = "fees_must_not_contend"
    ACQUIRER_MUST_EXIST = "acquirer_must_exist"
    SETTLEMENT_FILE_MUST_BE_NEW = "settlement_file_must_be_new"
    SETTLEMENT_PARTS_MUST_FOLLOW = "settlement_parts_must_follow"
    SETTLEMENT_ROWS_LIMIT_REACHED = "settlement_rows_limit_reached"
    SETTLEMENT_ROW_MUST_BE_SOUND = "settlement_row_must_be_sound"
    REASON_MUST_BE_GIVEN = "reason_must_be_given"


# ------------------------------------------------------------------------------------- Decide


def decide(
    state: Settling,
    body: SettlementCommand,
    settings: Settings,
    payments: Payments,
    orders: Mapping[str, Order],
    who: str,
) -> Decision:
    """Decide terms, a part of a file, the whole of it, or what `who` found. A file that counts also
    tells what became of `payments` that were taken offline, some perhaps for `orders` still open.

    Refuses:
        As `Refusal` lists, in that order.
    """
    if settings.rules is None:
        return refuse(Refusal.STORE_MUST_BE_SET_UP)
    match body:
        case SetTerms():
            refused = _check_terms(body.acquirers)
            if refused is not None:
                return refused
            answer = {"acquirers": len(body.acquirers)}
            return Decision((Fact(STREAM, TermsSet(body.acquirers)),), answer)
        case StageSettlement():
            return _stage(state, body, payments)
        case ImportSettlement():
            return _import(state, body, payments, orders)
        case ExplainItem():
            return _explain(body, who)
        case _:
            assert_never(body)


# -------------------------------------------------------------------------------------- terms


def _check_terms(acquirers: tuple[Acquirer, ...]) -> Decision | None:
    if len(acquirers) > limits.ACQUIRERS_MAX or any(
        len(entry.rates) > limits.RATES_PER_ACQUIRER_MAX
        or len(entry.terminals) + len(entry.providers) > limits.REGISTERS_MAX
        for entry in acquirers
    ):
        return refuse(Refusal.ACQUIRERS_LIMIT_REACHED, maximum=limits.ACQUIRERS_MAX)
    if not all(_is_short(entry) for entry in acquirers):
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.NAME_LENGTH_MAX)
    if len({entry.id for entry in acquirers}) != len(acquirers):
        return refuse(Refusal.ACQUIRERS_MUST_BE_DISTINCT)
    # One follows another at a terminal, or for the rest of them, from a day of its own on.
    named = [(name, entry.since) for entry in acquirers for name in entry.terminals]
    named += [("", entry.since) for entry in acquirers if entry.has_the_rest]
    if len(set(named)) != len(named):
        return refuse(Refusal.TERMINALS_MUST_HAVE_ONE_ACQUIRER)
    links = [(name, entry.since) for entry in acquirers for name in entry.providers]
    if len(set(links)) != len(links):
        return refuse(Refusal.PROVIDERS_MUST_HAVE_ONE_ACQUIRER)
    for acquirer in acquirers:
        refused = _check_rates(acquirer)
        if refused is not None:
            return refused
    return None


def _is_short(acquirer: Acquirer) -> bool:
    places = (*acquirer.terminals, *acquirer.providers)
    texts = (acquirer.name, *places, *(rate.brand for rate in acquirer.rates))
    named = 1 <= len(acquirer.id) <= limits.ID_LENGTH_MAX
    return named and all(len(text) <= limits.NAME_LENGTH_MAX for text in texts)


def _check_rates(acquirer: Acquirer) -> Decision | None:
    if not 0 <= acquirer.days <= limits.SETTLEMENT_DAYS_MAX:
        return refuse(Refusal.FEE_MUST_BE_IN_RANGE, acquirer=acquirer.id)
    for rate in acquirer.rates:
        amounts = (rate.fixed_minor, rate.refund_fixed_minor)
        sound = 0 <= rate.rate_ppm <= limits.PPM
        sound = sound and all(0 <= entry <= limits.AMOUNT_MINOR_MAX for entry in amounts)
        if not sound:
            return refuse(Refusal.FEE_MUST_BE_IN_RANGE, acquirer=acquirer.id)
    if not _is_day(acquirer.since):
        return refuse(Refusal.FEE_DATES_MUST_EXIST, acquirer=acquirer.id)
    for rate in acquirer.rates:
        exist = _is_day(rate.since) and _is_day(rate.until)
        if not exist or (rate.until and rate.until < rate.since):
            return refuse(Refusal.FEE_DATES_MUST_EXIST, acquirer=acquirer.id)
    if any(_contend(one, other) for one, other in combinations(acquirer.rates, 2)):
        return refuse(Refusal.FEES_MUST_NOT_CONTEND, acquirer=acquirer.id)
    return None


def _is_day(text: str) -> bool:
    try:
        return not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _contend(one: Rate, other: Rate) -> bool:
    """Whether both would price one payment, and neither before the other."""
    same = one.presence is other.presence and plain_brand(one.brand) == plain_brand(other.brand)
    apart = (one.until and one.until < other.since) or (other.until and other.until < one.since)
    return same and not apart


# -------------------------------------------------------------------------------------- files


def _stage(state: Settling, body: StageSettlement, payments: Payments) -> Decision:
    if all(entry.id != body.acquirer for entry in state.acquirers):
        return refuse(Refusal.ACQUIRER_MUST_EXIST, acquirer=body.acquirer[: limits.ID_LENGTH_MAX])
    if not _is_hash(body.file):
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.ID_LENGTH_MAX)
    if body.file in state.files:
        return refuse(Refusal.SETTLEMENT_FILE_MUST_BE_NEW, acquirer=state.files[body.file])
    upload = state.upload
    is_same = upload is not None and (upload.file, upload.acquirer) == (body.file, body.acquirer)
    parts = upload.parts if upload is not None and is_same else 0
    if body.part not in (0, parts):
        return refuse(Refusal.SETTLEMENT_PARTS_MUST_FOLLOW, parts=parts)
    before = upload.rows if upload is not None and body.part else 0
    if before + len(body.rows) > limits.SETTLEMENT_ROWS_MAX:
        return refuse(Refusal.SETTLEMENT_ROWS_LIMIT_REACHED, maximum=limits.SETTLEMENT_ROWS_MAX)
    for at, row in enumerate(body.rows, before + 1):
        if not is_sound(row):
            return refuse(Refusal.SETTLEMENT_ROW_MUST_BE_SOUND, row=at)
    told = presented(payments, body.rows, state.acquirers, body.acquirer)
    event = SettlementPartStaged(body.file, body.part, body.acquirer, body.rows, told)
    return Decision((Fact(STREAM, event),), {"upload": body.file, "parts": body.part + 1})


def _is_hash(text: str) -> bool:
    return len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)


def is_sound(row: SettlementRow) -> bool:
    """Whether its signs are those of its kind, and every figure and text is bounded. A payout may
    go either way: where more went back than was taken, the acquirer has the shop pay."""
    gross, fee = row.gross_minor, row.fee_minor or 0
    if abs(gross) > limits.AMOUNT_MINOR_MAX or abs(fee) > limits.AMOUNT_MINOR_MAX:
        return False
    signs_fit = (
        (row.kind not in (RowKind.PAYMENT, RowKind.DECLINED) or gross > 0)
        and (row.kind is not RowKind.REFUND or gross < 0)
        and (row.kind is not RowKind.FEE or (gross == 0 and row.fee_minor is not None))
        and (row.kind is not RowKind.CHARGEBACK or gross != 0)
    )
    texts = (row.batch, row.reference, row.own_reference, row.terminal_id, row.brand)
    short = all(len(text) <= limits.ID_LENGTH_MAX for text in texts)
    numbers = all(0 <= (entry or 0) < 10**12 for entry in (row.trace, row.receipt))
    return signs_fit and short and numbers and _is_day(row.date)


def _import(
    state: Settling, body: ImportSettlement, payments: Payments, orders: Mapping[str, Order]
) -> Decision:
    upload = state.upload
    known = {entry.id for entry in state.acquirers}
    if upload is not None and upload.file == body.file and upload.acquirer not in known:
        # Left out of the terms since its parts came: nobody would be shown what it says.
        return refuse(Refusal.ACQUIRER_MUST_EXIST, acquirer=upload.acquirer)
    if body.file in state.files:
        return refuse(Refusal.SETTLEMENT_FILE_MUST_BE_NEW, acquirer=state.files[body.file])
    if len(body.name) > limits.NAME_LENGTH_MAX:
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.NAME_LENGTH_MAX)
    if upload is None or (upload.file, upload.parts, upload.rows) != (
        body.file,
        body.parts,
        body.rows,
    ):
        parts = 0 if upload is None or upload.file != body.file else upload.parts
        return refuse(Refusal.SETTLEMENT_PARTS_MUST_FOLLOW, parts=parts)
    event = SettlementImported(body.file, upload.acquirer, body.name, body.parts, body.rows)
    facts = (Fact(STREAM, event), *facts_of(payments, orders, upload.presented))
    return Decision(facts, {"file": body.file, "rows": body.rows})


def _explain(body: ExplainItem, who: str) -> Decision:
    if not 1 <= len(body.item) <= limits.ITEM_ID_LENGTH_MAX:
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.ITEM_ID_LENGTH_MAX)
    if not 1 <= len(body.finding.strip()) <= limits.NOTE_LENGTH_MAX:
        return refuse(Refusal.REASON_MUST_BE_GIVEN)
    event = ItemExplained(body.item, who, body.finding.strip())
    return Decision((Fact(STREAM, event),), {"item": body.item})
