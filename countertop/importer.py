"""From a CSV file to a catalog segment: every row checked, every fault told, nothing half done."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import define, field, frozen

from actors.errors import ToldError
from engine import limits
from engine.catalog import UNITS, code_is_well_formed
from engine.measures import Measures
from engine.money import minor_digits
from native import ItemRow, SegmentBuilder

REQUIRED = ("name", "department", "tax_class")
PRICES = ("price_minor", "price")
CODES = ("code", "gtin", "barcode", "sku", "item_id")
MEASURES = ("litres", "kilograms", "degrees")
KNOWN = frozenset(
    (
        *REQUIRED,
        *PRICES,
        *CODES,
        *MEASURES,
        "codes",
        "variation",
        "unit",
        "group",
        "image",
        "sort",
        "open_price",
        "discountable",
        "case_code",
        "case_price_minor",
        "case_quantity",
    )
)
PROGRESS_EVERY = 2_000
LINE_BYTES_MAX = 65_536
LINES_PER_ROW_MAX = 20
LINES_MAX = 2_000_000
FILE_BYTES_MAX = 1 << 30  # unpacked: a small .gz can hold anything
ERRORS_MAX = 100_000
_DIGITS_MAX = 18
CheckColumns = Callable[[Path, list[str]], None]
"""Raises `ImportFileError` where a file lacks a column or has one that nobody knows."""

_OPEN = "has a quote that is not closed"
# How a file in UTF-16 begins; without these, one of the two bytes of its first letter is nought.
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class ImportFileError(ToldError, ValueError):
    """The file as a whole cannot be imported. Nothing was changed."""


@frozen
class _Header:
    """The names of the columns, of all but the last `unnamed` of `width`."""

    columns: list[str]
    delimiter: str
    width: int
    leaves_unnamed: bool


@frozen
class RowError:
    """A row that was left out: its line in the file and why."""

    row: int
    problem: str


@define
class Prepared:
    """What a file came to: a segment of its good rows and the faults of the others."""

    segment: bytes = b""
    items: int = 0
    rows: int = 0
    errors: list[RowError] = field(factory=list)


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """(number, text, problem) of each line; a line that cannot be read has a problem, no text."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        number, is_rest = 0, False
        for line in _ended(file):
            number += 0 if is_rest else 1
            _require_bounded(path, number, file.tell())
            has_end = line.endswith((b"\n", b"\r"))
            if len(line) > (LINE_BYTES_MAX if has_end else LINE_BYTES_MAX - 1):
                if not is_rest:
                    yield number, "", f"is longer than {LINE_BYTES_MAX:,} bytes"
            elif not is_rest:
                yield number, *_decoded(number, line)
            is_rest = not has_end


def _ended(file: io.BufferedIOBase) -> Iterator[bytes]:
    """The lines of a file, each with its end, and a long one in pieces.

    Some systems end a line with a carriage return alone. What stands behind one is a line of its
    own: no reader may take it for more of the one before.
    """
    rest = b""
    while read := file.readline(LINE_BYTES_MAX):
        *whole, rest = (rest + read).splitlines(keepends=True)
        yield from whole
        # Behind a carriage return that is read last the other half of its line's end may follow.
        if rest.endswith(b"\n") or (len(rest) >= LINE_BYTES_MAX and not rest.endswith(b"\r")):
            yield rest
            rest = b""
    if rest:
        yield rest


def _decoded(number: int, line: bytes) -> tuple[str, str]:
    """The text of a line and what is wrong with it, one of them empty."""
    if number == 1 and (line.startswith(_WIDE) or b"\0" in line[:2]):
        return "", "is UTF-16 text, and not UTF-8"
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8"), ""
    except UnicodeDecodeError:
        return "", "is not UTF-8 text"


def _require_bounded(path: Path, lines: int, size_bytes: int) -> None:
    if lines > LINES_MAX or size_bytes > FILE_BYTES_MAX:
        raise ImportFileError(
            f"{path.name} has more than {LINES_MAX:,} lines or {FILE_BYTES_MAX:,} bytes, which no "
            "file of a shop has. Nothing was imported. Split the file if it is one."
        )


def _fields(text: str, delimiter: str) -> list[str] | str:
    """The fields of the one record that a text is, or what is wrong with it: `_OPEN` where a quote
    is not closed."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [" ".join(value.split()) for value in next(reader, [])]
    except csv.Error as error:
        return _OPEN if "unexpected end of data" in str(error) else f"is no CSV: {error}"


def _record(
    line: str,
    more: deque[tuple[int, str, str]],
    lines: Iterator[tuple[int, str, str]],
    header: _Header,
) -> dict[str, str] | str:
    """The row that begins with `line`, or its problem; lines read in vain stay in `more`. Empty
    where every cell is: spreadsheets write such rows below the last one.

    A quoted field may go on over the next lines, but a stray quote must not swallow the file.
    """
    text = line
    fields = _fields(text, header.delimiter)
    used = 0
    while fields == _OPEN and used < LINES_PER_ROW_MAX and len(text) <= LINE_BYTES_MAX:
        if used == len(more):
            following = next(lines, None)
            if following is None:
                break
            more.append(following)
        if more[used][2]:
            break
        text += more[used][1]
        used += 1
        fields = _fields(text, header.delimiter)
    if isinstance(fields, str):
        return fields
    if any(fields) and len(fields) != header.width:
        return f"has {len(fields)} fields instead of {header.width}"
    for _ in range(used):
        more.popleft()
    if not any(fields):
        return {}
    named = len(header.columns)
    for place, text in enumerate(fields[named:], named + 1):
        if text and not header.leaves_unnamed:
            return f"has something in column {place}, which has no name"
    return dict(zip(header.columns, fields[:named], strict=True))


def _header_of(path: Path, line: str, check: CheckColumns, leaves_unnamed: bool) -> _Header:
    # Spreadsheets of many countries write semicolons because their decimals have commas.
    delimiter = max(",;\t", key=line.count)
    fields = _fields(line, delimiter)
    names = [] if isinstance(fields, str) else [name.lower() for name in fields]
    width = len(names)
    # Some programs write one more delimiter behind the last column.
    while names and not names[-1]:
        names.pop()
    columns = [name or f"column {place} (no name)" for place, name in enumerate(names, 1)]
    check(path, columns)
    return _Header(columns, delimiter, width, leaves_unnamed)


def read_rows(
    path: Path, check: CheckColumns, *, leaves_unnamed: bool = False
) -> Iterator[tuple[int, dict[str, str] | str]]:
    """(line, row) for each row, or (line, problem) for one that cannot be read. A row whose cells
    are all empty is none.

    A column without a name is told to `check` by its place; the last ones are not told, and what
    stands in them is a problem of its row, unless it `leaves_unnamed` ones unread.

    Raises:
        ImportFileError: no header, or a column is missing or unknown, as `check` finds.
    """
    lines = _lines(path)
    _, first, problem = next(lines, (0, "", "is not there"))
    if problem or not first.strip():
        raise ImportFileError(
            f"{path.name} has no readable header line: the first line {problem or 'is empty'}. "
            "Nothing was imported. Save it as CSV in UTF-8, with a header, and import it again."
        )
    header = _header_of(path, first, check, leaves_unnamed)
    more: deque[tuple[int, str, str]] = deque()
    while following := more.popleft() if more else next(lines, None):
        number, line, problem = following
        if problem:
            yield number, problem
        elif line.strip() and (row := _record(line, more, lines, header)):
            yield number, row


def _check_columns(path: Path, columns: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if not any(name in columns for name in PRICES):
        missing.append("price_minor (or price)")
    if not any(name in columns for name in CODES):
        missing.append("code (or gtin, sku, item_id)")
    unknown = [name for name in columns if name not in KNOWN]
    if missing:
        raise ImportFileError(
            f"{path.name} lacks the columns {', '.join(missing)}. Nothing was imported."
        )
    if unknown:
        raise ImportFileError(
            f"{path.name} has columns nobody knows: {', '.join(unknown)}. Nothing was imported. "
            f"Known are {', '.join(sorted(KNOWN))}."
        )
    if len(set(columns)) != len(columns):
        raise ImportFileError(f"{path.name} has a column twice. Nothing was imported.")


def price_micros(row: dict[str, str], currency: str) -> int:
    """The unit price of a row in micros; text only, no binary fractions.

    Raises:
        ValueError: not a price, or negative.
    """
    digits = minor_digits(currency)
    if row.get("price_minor"):
        text = row["price_minor"]
        digits_only = text.removeprefix("-")
        if not digits_only.isdigit() or not text.isascii() or len(text) > _DIGITS_MAX:
            raise ValueError(f"price_minor {text[:40]!r} is not a whole number of sensible size")
        micros: int = int(text) * 10 ** (6 - digits)
    else:
        text = row.get("price", "")
        whole, _, fraction = text.partition(".")
        plain = whole.removeprefix("-") + fraction
        sensible = len(fraction) <= 6 and len(plain) <= _DIGITS_MAX
        if not plain.isdigit() or not plain.isascii() or not sensible:
            raise ValueError(f"price {text[:40]!r} is not a decimal number such as 3.50")
        micros = int(whole.removeprefix("-") or "0") * 1_000_000 + int(
            fraction.ljust(6, "0") or "0"
        )
        micros = -micros if whole.startswith("-") else micros
    if micros < 0:
        raise ValueError(f"the price {text} is negative")
    if micros > limits.UNIT_PRICE_MICROS_MAX:
        raise ValueError(f"the price {text} is too high")
    return micros


def _flag(text: str, default: bool) -> bool:
    if not text:
        return default
    if text.lower() in ("1", "yes", "true"):
        return True
    if text.lower() in ("0", "no", "false"):
        return False
    raise ValueError(f"{text!r} is neither yes nor no")


def _whole(text: str, name: str, default: int) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS_MAX:
        raise ValueError(f"{name} {text[:40]!r} is not a whole number of sensible size")
    return int(text)


def _measure(row: dict[str, str], name: str) -> int:
    """A measure of one piece in thousandths, 0 where the column is empty."""
    text = row.get(name, "")
    whole, _, fraction = text.partition(".")
    plain = whole + fraction
    sensible = whole and len(fraction) <= 3 and len(plain) <= _DIGITS_MAX
    if text and not (plain.isascii() and plain.isdigit() and sensible):
        raise ValueError(f"{name} {text[:40]!r} is not a decimal number such as 1.5 or 0.375")
    milli = int(whole or "0") * limits.PIECE_MILLI + int(fraction.ljust(3, "0"))
    if milli > limits.MEASURE_MILLI_MAX:
        raise ValueError(f"{name} {text} is more than one piece can have")
    return milli


def _measures(row: dict[str, str], unit: str) -> Measures:
    """What one of a row's item has besides its unit.

    Raises:
        ValueError: a measure that is none, or that the unit says already.
    """
    litres, kilograms, degrees = (_measure(row, name) for name in MEASURES)
    measures = Measures(litres, kilograms, degrees)
    if measures.repeat_the_unit(unit):
        raise ValueError(f"what is sold by the {unit} has one of it; leave its measure empty")
    return measures


@define
class _Checker:
    """Checks rows against each other and the store, and puts the good ones into a segment."""

    currency: str
    tax_classes: frozenset[str]
    builder: SegmentBuilder = field(factory=SegmentBuilder)
    seen: dict[str, int] = field(factory=dict)

    def put(self, number: int, row: dict[str, str]) -> None:
        """Put one row.

        Raises:
            ValueError: what is wrong with it; nothing of it was put.
        """
        codes = [row[name] for name in CODES if row.get(name)]
        codes += [code.strip() for code in row.get("codes", "").split("|") if code.strip()]
        codes = list(dict.fromkeys(codes))
        item_id = row.get("item_id") or row.get("sku") or (codes[0] if codes else "")
        if not item_id:
            raise ValueError("has no code")
        item = self._item(item_id, row)
        case = row.get("case_code", "")
        packs = [(code, -1, limits.PIECE_MILLI) for code in codes]
        if case:
            packs.append(self._case(case, row, item.unit_price_micros))
        if len(packs) > limits.CODES_PER_ITEM_MAX:
            raise ValueError(f"has {len(packs)} codes, more than {limits.CODES_PER_ITEM_MAX}")
        for code, _, _ in packs:
            if not code_is_well_formed(code):
                raise ValueError(f"the code {code[:40]!r} is malformed")
            if code in self.seen:
                raise ValueError(f"the code {code} is already in row {self.seen[code]}")
        # From here on nothing can fail, so that no row is put in by half.
        self.builder.put_item(item)
        for code, micros, factor in packs:
            self.builder.put_code(code, item_id, micros, factor)
            self.seen[code] = number

    def _case(self, code: str, row: dict[str, str], micros: int) -> tuple[str, int, int]:
        """A case's code, its own price in micros or -1, and how many pieces it holds."""
        factor = _whole(row.get("case_quantity", ""), "case_quantity", 0) * limits.PIECE_MILLI
        if factor <= 0:
            raise ValueError("a case_code needs a case_quantity")
        if factor > limits.QUANTITY_MILLI_MAX:
            raise ValueError("the case_quantity is too high")
        priced = row.get("case_price_minor", "")
        if priced:
            return code, price_micros({"price_minor": priced}, self.currency), factor
        if micros * factor // limits.PIECE_MILLI > limits.UNIT_PRICE_MICROS_MAX:
            raise ValueError("the price of the whole case is too high")
        return code, -1, factor

    def _item(self, item_id: str, row: dict[str, str]) -> ItemRow:
        name, tax_class = row["name"], row["tax_class"]
        if not 1 <= len(name) <= limits.NAME_LENGTH_MAX:
            raise ValueError(f"the name has {len(name)} characters, not 1 to 120")
        if tax_class not in self.tax_classes:
            known = ", ".join(sorted(self.tax_classes))
            raise ValueError(f"the tax class {tax_class!r} is not one of {known}")
        unit = row.get("unit") or "piece"
        if unit not in UNITS:
            raise ValueError(f"the unit {unit!r} is not one of {', '.join(UNITS)}")
        group = row.get("group") or item_id
        for what, key in (("item id", item_id), ("group", group)):
            if not code_is_well_formed(key):
                raise ValueError(f"the {what} {key[:40]!r} is malformed or too long")
        for what in ("name", "variation", "department"):
            if not row.get(what, "").isprintable():
                raise ValueError(f"the {what} holds characters that cannot be printed")
        for what in ("variation", "department", "image"):
            if len(row.get(what, "")) > limits.NAME_LENGTH_MAX:
                raise ValueError(f"the {what} is longer than {limits.NAME_LENGTH_MAX} characters")
        sort = _whole(row.get("sort", ""), "sort", 0)
        if sort > limits.SORT_MAX:
            raise ValueError(f"sort is more than {limits.SORT_MAX:,}")
        return ItemRow(
            item_id,
            name,
            row.get("variation", ""),
            row["department"],
            tax_class,
            price_micros(row, self.currency),
            unit,
            _flag(row.get("open_price", ""), default=False),
            _flag(row.get("discountable", ""), default=True),
            group,
            row.get("image", ""),
            sort,
            _measures(row, unit).parts(),
        )


def prepare(
    path: Path,
    currency: str,
    tax_classes: frozenset[str],
    progress: Callable[[int], None] | None = None,
) -> Prepared:
    """Read and check a file and build the segment of its good rows; `progress` counts rows.

    Raises:
        ImportFileError: the file as a whole cannot be imported.
    """
    checker = _Checker(currency, tax_classes)
    result = Prepared()
    try:
        for number, row in read_rows(path, _check_columns):
            result.rows += 1
            if progress is not None and result.rows % PROGRESS_EVERY == 0:
                progress(result.rows)
            try:
                if isinstance(row, str):
                    raise ValueError(row)
                checker.put(number, row)
                result.items += 1
            except ValueError as error:
                result.errors.append(RowError(number, str(error)))
            if len(result.errors) > ERRORS_MAX:
                raise ImportFileError(
                    f"{path.name} has more than {ERRORS_MAX:,} rows that cannot be imported; the "
                    f"first is row {result.errors[0].row}: {result.errors[0].problem}. Nothing "
                    "was imported. Put the file right and import it again."
                )
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFileError(f"{path} cannot be read: {error}. Nothing was imported.") from None
    result.segment = checker.builder.build()
    return result


def write_errors(path: Path, errors: list[RowError]) -> None:
    """The faults as CSV: row, problem."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("row", "problem"))
        writer.writerows((error.row, error.problem) for error in errors)
