"""From a CSV file to a catalog segment: every row checked, every fault told, nothing half done."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import define, field, frozen

from engine import limits
from engine.catalog import UNITS, code_is_well_formed
from engine.money import minor_digits
from native import ItemRow, SegmentBuilder

REQUIRED = ("name", "department", "tax_class")
PRICES = ("price_minor", "price")
CODES = ("code", "gtin", "barcode", "sku", "item_id")
KNOWN = frozenset(
    (
        *REQUIRED,
        *PRICES,
        *CODES,
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


class ImportFileError(ValueError):
    """The file as a whole cannot be imported. Nothing was changed."""


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


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines; one that is no UTF-8 comes as an empty text with its number negative."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                yield -number, ""


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, str] | str]]:
    """(line, row) for each row, or (line, problem) for one that cannot be read.

    Raises:
        ImportFileError: no header, or a column is missing or unknown.
    """
    lines = _lines(path)
    number, header = next(lines, (0, ""))
    if number <= 0:
        raise ImportFileError(f"{path.name} has no readable header line. Nothing was imported.")
    columns = [name.strip().lower() for name in next(csv.reader([header]), [])]
    _check_columns(path, columns)
    for number, line in lines:
        if number < 0:
            yield -number, "is not UTF-8 text"
            continue
        if not line.strip():
            continue
        while line.count('"') % 2:
            more = next(lines, None)
            if more is None or more[0] < 0:
                break
            line += more[1]
        values = next(csv.reader(io.StringIO(line, newline="")), [])
        if len(values) != len(columns):
            yield number, f"has {len(values)} fields instead of {len(columns)}"
            continue
        yield number, dict(zip(columns, (value.strip() for value in values), strict=True))


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
        if not text.lstrip("-").isdigit() or not text.isascii():
            raise ValueError(f"price_minor {text!r} is not a whole number")
        micros: int = int(text) * 10 ** (6 - digits)
    else:
        text = row.get("price", "")
        whole, _, fraction = text.partition(".")
        plain = whole.lstrip("-") + fraction
        if not plain.isdigit() or not plain.isascii() or len(fraction) > 6:
            raise ValueError(f"price {text!r} is not a decimal number such as 3.50")
        micros = int(whole.lstrip("-") or "0") * 1_000_000 + int(fraction.ljust(6, "0") or "0")
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
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{name} {text!r} is not a whole number")
    return int(text)


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
            factor = _whole(row.get("case_quantity", ""), "case_quantity", 0) * limits.PIECE_MILLI
            if factor <= 0:
                raise ValueError("a case_code needs a case_quantity")
            priced = row.get("case_price_minor", "")
            micros = price_micros({"price_minor": priced}, self.currency) if priced else -1
            packs.append((case, micros, factor))
        for code, _, _ in packs:
            if not code_is_well_formed(code):
                raise ValueError(f"the code {code[:40]!r} is malformed")
            if code in self.seen:
                raise ValueError(f"the code {code} is already in row {self.seen[code]}")
        self.builder.put_item(item)
        for code, micros, factor in packs:
            self.builder.put_code(code, item_id, micros, factor)
            self.seen[code] = number

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
        if len(item_id) > limits.ID_LENGTH_MAX:
            raise ValueError("the item id is too long")
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
            row.get("group") or item_id,
            row.get("image", ""),
            _whole(row.get("sort", ""), "sort", 0),
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
        for number, row in read_rows(path):
            result.rows += 1
            if progress is not None and result.rows % PROGRESS_EVERY == 0:
                progress(result.rows)
            if isinstance(row, str):
                result.errors.append(RowError(number, row))
                continue
            try:
                checker.put(number, row)
                result.items += 1
            except ValueError as error:
                result.errors.append(RowError(number, str(error)))
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        raise ImportFileError(f"{path} cannot be read: {error}. Nothing was imported.") from None
    result.segment = checker.builder.build()
    return result


def write_errors(path: Path, errors: list[RowError]) -> None:
    """The faults as CSV: row, problem."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("row", "problem"))
        writer.writerows((error.row, error.problem) for error in errors)
