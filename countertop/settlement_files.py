"""A settlement file, row by row: what is wrong is told by row, and then nothing of it counts.

The file is read twice, so that no more than a part of it is ever in memory: once to find every
fault, and once more to send it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, tzinfo
from hashlib import file_digest
from pathlib import Path
from typing import Final

from attrs import define, field

from countertop.importer import ImportFileError, RowError, read_rows
from countertop.settlement_columns import Columns
from engine import limits
from engine.fields import FieldsError, scaled
from engine.money import minor_digits
from engine.settlement.model import RowKind, SettlementRow
from native import mask_card_numbers

PROGRESS_EVERY: Final = 2_000
ERRORS_MAX: Final = 1_000
# A day, with or without a time after it, which may tell how far its clock is from UTC.
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?)"
    r" ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
# How many digits stand between the signs of thousands, and how much of a cell a fault repeats.
_THOUSANDS: Final = 3
_SHOWN: Final = 40
_CARD_DIGITS_MIN: Final = 13
# Digits that stand by themselves, as many as a card number has. Within a reference, behind a dash
# or a letter, such are part of it.
_LONG: Final = re.compile(r"(?<![0-9A-Za-z._/-])[0-9]{13,19}(?![0-9A-Za-z._/-])")
_WORDS: Final = {
    RowKind.PAYMENT: "a payment must be more than nought",
    RowKind.DECLINED: "a declined payment must have what was asked for, more than nought",
    RowKind.REFUND: "a refund must be less than nought",
    RowKind.CHARGEBACK: "a chargeback must have an amount",
}


@define
class _Batch:
    """What a batch of a file comes to, without its payouts; what these come to, and the lines of
    those above nought."""

    net_minor: int = 0
    payouts_minor: int = 0
    lines_above: list[int] = field(factory=list)

    def take(self, line: int, row: SettlementRow) -> None:
        """One row more."""
        if row.kind is RowKind.PAYOUT:
            self.payouts_minor += row.gross_minor
            self.lines_above += [line] if row.gross_minor > 0 else []
        else:
            paid_minor = 0 if row.kind is RowKind.DECLINED else row.gross_minor
            self.net_minor += paid_minor - (row.fee_minor or 0)


@define
class Checked:
    """What a file came to. `digest` is the SHA-256 of its bytes; at most `ERRORS_MAX` faults are
    kept, of `faults`."""

    digest: str
    rows: int = 0
    faults: int = 0
    errors: list[RowError] = field(factory=list)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, hexadecimal.

    Raises:
        ImportFileError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImportFileError(f"{path} cannot be read: {error}. Nothing was imported.") from None


def check(
    path: Path,
    columns: Columns,
    currency: str,
    zone: tzinfo | None = None,
    progress: Callable[[int], None] | None = None,
) -> Checked:
    """Read a file and find every fault, as `rows_of` does; `progress` counts rows.

    Raises:
        ImportFileError: the file as a whole cannot be imported.
    """
    result = Checked(digest_of(path))
    batches: dict[str, _Batch] = {}
    for number, row in rows_of(path, columns, currency, zone):
        result.rows += 1
        if isinstance(row, str):
            result.faults += 1
            if len(result.errors) < ERRORS_MAX:
                result.errors.append(RowError(number, row))
        else:
            batches.setdefault(row.batch, _Batch()).take(number, row)
        if progress is not None and result.rows % PROGRESS_EVERY == 0:
            progress(result.rows)
        if result.rows > limits.SETTLEMENT_ROWS_MAX:
            raise ImportFileError(
                f"{path.name} has more than {limits.SETTLEMENT_ROWS_MAX:,} rows. Nothing was "
                "imported. Split it by batch or by day: rows that are the same in two files count "
                "once."
            )
    if not result.rows:
        raise ImportFileError(f"{path.name} has no rows. Nothing was imported.")
    _check_payouts(batches, result)
    return result


def _check_payouts(batches: dict[str, _Batch], result: Checked) -> None:
    """A payout above nought is money that the acquirer took from the bank, as it does where more
    went back than was taken. Of a batch that comes to as much the other way, the sign is not ours;
    nor is it where no batch is named, and what the file comes to is not paid out by it."""
    net_minor = sum(batch.net_minor for batch in batches.values())
    is_even = net_minor + sum(batch.payouts_minor for batch in batches.values()) == 0
    for name, batch in batches.items():
        wrong = net_minor > 0 and not is_even
        if name:
            wrong = batch.net_minor > 0 and batch.payouts_minor == batch.net_minor
        if wrong and batch.lines_above:
            result.faults += len(batch.lines_above)
            words = (
                "a payout must be less than nought, as it leaves the acquirer, unless more went "
                f"back than was taken; here {batch.net_minor if name else net_minor} is to be paid "
                "out, in the smallest unit"
            )
            found = [RowError(line, words) for line in batch.lines_above]
            result.errors = sorted([*result.errors, *found], key=lambda fault: fault.row)
            del result.errors[ERRORS_MAX:]


def rows_of(
    path: Path, columns: Columns, currency: str, zone: tzinfo | None = None
) -> Iterator[tuple[int, SettlementRow | str]]:
    """(line, row) of each row, or (line, what is wrong with it). `zone` is the store's, whose day
    is that of a time told with its distance from UTC; without it such a time is a fault. What is
    told tells no card number.

    Raises:
        ImportFileError: the file as a whole cannot be imported.
    """

    def check_header(path: Path, header: list[str]) -> None:
        _check_columns(path, header, columns)

    try:
        is_any = "*" in columns.others
        for number, cells in read_rows(path, check_header, leaves_unnamed=is_any):
            if isinstance(cells, str):
                yield number, mask_card_numbers(cells)
                continue
            try:
                yield number, _row(cells, columns, currency, zone)
            except (ValueError, FieldsError) as error:
                yield number, mask_card_numbers(str(error))
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFileError(f"{path} cannot be read: {error}. Nothing was imported.") from None


def _check_columns(path: Path, header: list[str], columns: Columns) -> None:
    named = columns.named()
    # What a file need not have may be left out whole, a column of fees as much as any.
    needed = [columns.kind, columns.currency, columns.gross, columns.credit, columns.debit]
    missing = [name for name in needed if name and name not in header]
    unknown = [name for name in header if name not in named and name not in columns.others]
    if missing:
        raise ImportFileError(
            f"{path.name} lacks the columns {', '.join(missing)}. Nothing was imported. Is it the "
            "acquirer's settlement file, and the right --columns?"
        )
    if unknown and "*" not in columns.others:
        # A file without a header has a row's cells there.
        told = mask_card_numbers(", ".join(unknown))[:200]
        raise ImportFileError(
            f"{path.name} has columns nobody knows: {told}. Nothing was imported. Known are "
            f"{', '.join(sorted(named))}."
        )
    if len(set(header)) != len(header):
        raise ImportFileError(f"{path.name} has a column twice. Nothing was imported.")


def _row(
    cells: dict[str, str], columns: Columns, currency: str, zone: tzinfo | None
) -> SettlementRow:
    """One row.

    Raises:
        ValueError: what is wrong with it.
    """
    kind = columns.kind_of(cells[columns.kind])
    if kind is None:
        raise ValueError(f"the kind {_shown(cells[columns.kind])} is not known")
    for name in (columns.currency, columns.net_currency):
        told = cells.get(name, "")
        if told and told.upper() != currency:
            raise ValueError(f"the currency is {_shown(told, 8)}, and the store's is {currency}")
    digits = minor_digits(currency)
    how = (columns.decimal, digits)
    gross_minor = _amount(cells, (columns.gross, columns.credit, columns.debit), how)
    net_minor = _amount(cells, (columns.net, columns.net_credit, columns.net_debit), how)
    fees = [cells[name] for name in columns.fees if cells.get(name)]
    fee_minor = sum(_minor(text, how, "the fee") for text in fees) if fees else None
    if kind in (RowKind.FEE, RowKind.PAYOUT, RowKind.OTHER) and not gross_minor and net_minor:
        gross_minor = net_minor
        net_minor = None
    if kind is RowKind.FEE:
        fee_minor = _cost(gross_minor, fee_minor)
        gross_minor = 0
    if gross_minor is None:
        raise ValueError("has no amount")
    _require_sign(kind, gross_minor)
    paid_minor = 0 if kind is RowKind.DECLINED else gross_minor
    if net_minor is not None and paid_minor - (fee_minor or 0) != net_minor:
        raise ValueError(
            f"the net amount is {net_minor} in the smallest unit, and what is left of the gross "
            f"{paid_minor} after the fees is {paid_minor - (fee_minor or 0)}"
        )
    return SettlementRow(
        kind,
        gross_minor,
        fee_minor,
        _text(cells, columns.batch),
        _day(cells.get(columns.date, ""), zone),
        _text(cells, columns.reference),
        _text(cells, columns.own_reference),
        _text(cells, columns.terminal_id),
        _number(cells, columns.trace),
        _number(cells, columns.receipt),
        _text(cells, columns.brand),
    )


def _cost(gross_minor: int | None, fee_minor: int | None) -> int:
    """What a row of a fee costs, wherever the file has it: a column filled with 0.00 says nothing
    where the other one has the amount."""
    if gross_minor is None and fee_minor is None:
        raise ValueError("has no amount")
    if gross_minor and fee_minor and fee_minor != -gross_minor:
        raise ValueError(
            f"the fee is {fee_minor} in the smallest unit, and the amount {gross_minor} is another"
        )
    return fee_minor or -(gross_minor or 0)


def _require_sign(kind: RowKind, gross_minor: int) -> None:
    wrong = (
        (kind in (RowKind.PAYMENT, RowKind.DECLINED) and gross_minor <= 0)
        or (kind is RowKind.REFUND and gross_minor >= 0)
        or (kind is RowKind.CHARGEBACK and gross_minor == 0)
    )
    if wrong:
        raise ValueError(f"{_WORDS[kind]}, and it is {gross_minor} in the smallest unit")


def _amount(cells: dict[str, str], names: tuple[str, str, str], how: tuple[str, int]) -> int | None:
    """An amount with its sign, or what a column adds less what another takes; None where all are
    empty."""
    signed, credit, debit = (cells.get(name, "") for name in names)
    if signed:
        return _minor(signed, how, "the amount")
    if not credit and not debit:
        return None
    sides = [_minor(text, how, "the amount") if text else 0 for text in (credit, debit)]
    if min(sides) < 0:
        raise ValueError("a credit or a debit is below nought")
    return sides[0] - sides[1]


def _minor(text: str, how: tuple[str, int], what: str) -> int:
    """An amount, by the sign before its decimals and how many there may be."""
    decimal, digits = how
    # A currency of three decimals has them; in any other, 1.200 may well be twelve hundred.
    whole, _, fraction = text.removeprefix("-").partition(decimal)
    is_group = len(fraction) == _THOUSANDS and (whole + fraction).isdecimal()
    if digits < _THOUSANDS and is_group:
        raise ValueError(
            f"{what} {_shown(text)} has three decimals, which may be thousands: it is to be "
            f"written with nothing between thousands and with at most {digits} decimals"
        )
    try:
        # With another sign a point is none: what it stands for is not guessed at.
        minor = scaled(text.translate({ord(decimal): ".", ord("."): decimal}), digits, what)
    except FieldsError:
        raise ValueError(
            f"{what} {_shown(text)} is not a decimal number such as -12{decimal}34 with at most "
            f"{digits} decimals"
        ) from None
    if abs(minor) > limits.AMOUNT_MINOR_MAX:
        raise ValueError(f"{what} {_shown(text)} is too high")
    return minor


def _shown(text: str, size: int = _SHOWN) -> str:
    """The beginning of a cell as a fault repeats it. Masked first: half a card number is not found
    to be one."""
    return repr(mask_card_numbers(text)[:size])


def _is_card_number(text: str) -> bool:
    """Whether a text is nothing but a card number, or has one standing by itself."""
    if len(text) < _CARD_DIGITS_MIN:
        return False
    runs = _LONG.findall(text)
    whole = text.replace(" ", "").replace("-", "")
    if _LONG.fullmatch(whole):
        runs.append(whole)
    # Digits in two groups are masked only where schemes give out such numbers, and neither of
    # these is one alone. By the check digit only, each tenth reference of 16 digits would be one.
    parted = (f"{run[:7]}/{run[7:]}" for run in runs)
    return any(mask_card_numbers(run) != run for run in parted)


def _text(cells: dict[str, str], name: str) -> str:
    text = cells.get(name, "")
    if len(text) > limits.ID_LENGTH_MAX or not text.isprintable():
        raise ValueError(f"{name} is longer than {limits.ID_LENGTH_MAX} characters, or garbled")
    if _is_card_number(text):
        raise ValueError(
            f"{name} {_shown(text)} looks like a card number, which is not kept: is it the right "
            "column?"
        )
    return text


def _number(cells: dict[str, str], name: str) -> int | None:
    text = cells.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise ValueError(f"{name} {_shown(text)} is not a number")
    return int(text)


def _day(text: str, zone: tzinfo | None) -> str:
    """The day of `2026-11-25`, with or without a time after it. A time that is told by another
    clock is of the day that the store's clock had then, which is the terminal's."""
    if not text:
        return ""
    timed = _TIME.fullmatch(text)
    if timed is not None and timed[2] and zone is None:
        raise ValueError(f"the time {_shown(text)} is by another clock, and the store's is unknown")
    try:
        if timed is not None:
            at = datetime.fromisoformat(timed[1] + (timed[2] or ""))
            return (at.astimezone(zone) if timed[2] else at).date().isoformat()
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"the date {_shown(text)} is not a day such as 2026-11-25")
