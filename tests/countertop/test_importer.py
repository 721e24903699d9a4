"""Catalog files: every row checked, every fault told by its line, nothing of a bad row kept."""

from __future__ import annotations

import csv
import gzip
import tracemalloc
from pathlib import Path

import pytest

from countertop import importer, remote
from countertop.importer import (
    LINE_BYTES_MAX,
    ImportFileError,
    Prepared,
    RowError,
    prepare,
    price_micros,
    write_errors,
)
from native import PriceBook

CLASSES = frozenset(("standard", "reduced"))
HEADER = "code,name,price_minor,department,tax_class\n"
GOOD = "100,Bread,350,Food,reduced\n"


def _prepare(folder: Path, content: str | bytes, name: str = "items.csv") -> Prepared:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return prepare(path, "EUR", CLASSES)


def _names(prepared: Prepared) -> list[str]:
    book = PriceBook.from_segment(prepared.segment)
    return sorted(row.name for row in book.items(0, 10_000))


def test_good_rows_become_items(tmp_path: Path) -> None:
    """Codes, names, prices, departments and classes are those of the file."""
    found = _prepare(tmp_path, HEADER + GOOD + '200,"Milk, fresh",129,Dairy,reduced\n')
    assert (found.items, found.rows, found.errors) == (2, 2, [])
    book = PriceBook.from_segment(found.segment)
    milk = book.find_code("200")
    assert milk is not None
    assert (milk.name, milk.unit_price_micros, milk.department) == (
        "Milk, fresh", 1_290_000, "Dairy",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",Bread,350,Food,reduced", "has no code"),
        ("200,,350,Food,reduced", "the name has 0 characters"),
        (f"200,{'x' * 121},350,Food,reduced", "the name has 121 characters"),
        ("200,Bread,-350,Food,reduced", "the price -350 is negative"),
        ("200,Bread,3.50,Food,reduced", "not a whole number"),
        ("200,Bread,,Food,reduced", "not a decimal number"),
        ("200,Bread,--5,Food,reduced", "not a whole number"),
        ("200,Bread,٣٥٠,Food,reduced", "not a whole number"),
        (f"200,Bread,{'9' * 5000},Food,reduced", "not a whole number"),
        ("200,Bread,99999999999999,Food,reduced", "too high"),
        ("200,Bread,350,Food,luxury", "'luxury' is not one of reduced, standard"),
        ("200,Bread,350,Food", "has 4 fields instead of 5"),
        ("200,Bread,350,Food,reduced,", "has 6 fields instead of 5"),
        (f"{'9' * 65},Bread,350,Food,reduced", "malformed"),
        ("20\x000,Bread,350,Food,reduced", "malformed"),
        ("200,Br\x1bead,350,Food,reduced", "cannot be printed"),
        (f"200,Bread,350,{'d' * 121},reduced", "the department is longer than 120"),
        ("100,Other,350,Food,reduced", "the code 100 is already in row 2"),
        ('200,"Bread" x,350,Food,reduced', "is no CSV"),
        (f"200,{'y' * (LINE_BYTES_MAX + 5)},350,Food,reduced", "longer than 65,536 bytes"),
    ],
)
def test_a_bad_row_is_left_out_and_told(tmp_path: Path, row: str, words: str) -> None:
    """Its line and the reason are reported; the rows before and after it are kept."""
    found = _prepare(tmp_path, HEADER + GOOD + row + "\n300,Wine,799,Drinks,standard\n")
    (error,) = found.errors
    assert error.row == 3
    assert words in error.problem
    assert _names(found) == ["Bread", "Wine"]


MEASURED = "code,name,price_minor,department,tax_class,unit,litres,kilograms,degrees\n"


def test_what_a_piece_holds_is_read_to_the_thousandth(tmp_path: Path) -> None:
    """Litres, kilograms and degrees of one piece are the file's; an empty field says nothing."""
    rows = ("1,Cola,200,Food,reduced,piece,1.5,,\n", "2,Rum,2000,Food,standard,,0.7,,28\n")
    found = _prepare(tmp_path, MEASURED + "".join(rows) + "3,Tea,100,Food,reduced,,,0.0,\n")
    assert found.errors == []
    book = PriceBook.from_segment(found.segment)
    measures = [row.measures for row in book.items(0, 3)]
    assert measures == [(1_500, 0, 0), (700, 0, 28_000), (0, 0, 0)]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("piece,-1,,", "litres '-1' is not a decimal number"),
        ("piece,1e3,,", "litres '1e3' is not a decimal number"),
        ("piece,nan,,", "litres 'nan' is not a decimal number"),
        ("piece,inf,,", "litres 'inf' is not a decimal number"),
        ("piece,0x1F,,", "litres '0x1F' is not a decimal number"),
        ("piece,0.1000000000000000055,,", "is not a decimal number"),
        ("piece,1.5.0,,", "litres '1.5.0' is not a decimal number"),
        ("piece,.5,,", "litres '.5' is not a decimal number"),
        ("piece,+1,,", "litres '+1' is not a decimal number"),
        ("piece,١,,", "is not a decimal number"),
        ("piece,,1_0,", "kilograms '1_0' is not a decimal number"),
        ("piece,,,1 000", "degrees '1 000' is not a decimal number"),
        ("piece,100000.001,,", "litres 100000.001 is more than one piece can have"),
        (f"piece,{'9' * 19},,", "is not a decimal number"),
        ("l,1,,", "what is sold by the l has one of it"),
        ("kg,,0.5,", "what is sold by the kg has one of it"),
    ],
)
def test_a_measure_that_is_none_costs_its_row(tmp_path: Path, fields: str, words: str) -> None:
    """Negative, absurd and garbled measures are told by their row; the others are kept."""
    rows = f"1,Cola,200,Food,reduced,{fields}\n2,Rum,2000,Food,standard,,0.7,,28\n"
    found = _prepare(tmp_path, MEASURED + rows)
    (error,) = found.errors
    assert error.row == 2
    assert words in error.problem
    assert _names(found) == ["Rum"]


def test_bad_encodings_are_told(tmp_path: Path) -> None:
    """A line in another encoding is left out; a byte order mark is no part of the header."""
    latin = "200,Käse,350,Food,reduced\n".encode("latin-1")
    found = _prepare(tmp_path, b"\xef\xbb\xbf" + HEADER.encode() + latin + GOOD.encode())
    assert found.errors == [RowError(2, "is not UTF-8 text")]
    assert found.items == 1
    for wide in ("utf-16", "utf-16-le", "utf-16-be"):
        with pytest.raises(ImportFileError, match=r"line is UTF-16 text.*Save it as CSV in UTF-8"):
            _prepare(tmp_path, (HEADER + GOOD).encode(wide))
    with pytest.raises(ImportFileError, match="the first line is not UTF-8 text"):
        _prepare(tmp_path, ("é" + HEADER + GOOD).encode("latin-1"))


def test_a_stray_quote_does_not_swallow_the_file(tmp_path: Path) -> None:
    """The row with the quote is told; every row after it is still read, and quickly."""
    rows = "".join(f"{number},Item {number},100,Food,reduced\n" for number in range(1000, 6000))
    found = _prepare(tmp_path, HEADER + '200,"Bread,350,Food,reduced\n' + rows)
    assert found.errors == [RowError(2, "has a quote that is not closed")]
    assert found.items == 5000
    found = _prepare(tmp_path, HEADER + '200,"Bread,350,Food,reduced\n' + GOOD + '300,"x",1,F,a\n')
    assert [error.row for error in found.errors] == [2, 4]
    assert _names(found) == ["Bread"]


@pytest.mark.parametrize("head_end", ["\n", "\r\n", "\r"])
def test_no_row_vanishes_behind_a_carriage_return(tmp_path: Path, head_end: str) -> None:
    """A carriage return alone ends a row as any other end of a line does, and within quotes it is
    of its field."""
    rows = [f"{number},Item {number},100,Food,reduced" for number in range(1000, 1050)]
    content = HEADER.strip() + head_end + "\r".join([*rows, 'x,"Milk,\rfresh",1,F,reduced', "y\r"])
    found = _prepare(tmp_path, content)
    assert (found.items, found.rows) == (51, 52)
    assert "Milk, fresh" in _names(found)
    assert found.errors == [RowError(54, "has 1 fields instead of 5")]


@pytest.mark.parametrize("size", range(40, 75))
def test_a_line_may_end_wherever_a_part_of_the_file_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """However much is read at once, each row is read with its own number, whatever ends it."""
    monkeypatch.setattr(importer, "LINE_BYTES_MAX", size)
    ends = ("\r", "\r\n", "\r", "\r", "\n")
    rows = "".join(f"{at},Item,1,F,reduced{ends[at % 5]}" for at in range(10, 60))
    found = _prepare(tmp_path, "code,name,price,department,tax_class\r\n" + rows + "z\r\n" + rows)
    assert (found.items, found.rows, found.errors[0].row) == (50, 101, 52)
    assert [error.row for error in found.errors[1:]] == list(range(53, 103))
    assert "already in row 51" in found.errors[-1].problem


def test_a_line_that_is_too_long_is_told_once(tmp_path: Path) -> None:
    """Whatever ends it, the rows on either side of it are read."""
    for end in ("\n", "\r\n", "\r"):
        long = "200," + "y" * (2 * LINE_BYTES_MAX + 5)
        found = _prepare(
            tmp_path, end.join((HEADER.strip(), GOOD.strip(), long, "3,A,1,F,reduced"))
        )
        assert found.errors == [RowError(3, "is longer than 65,536 bytes")]
        assert _names(found) == ["A", "Bread"]


def test_a_row_of_empty_cells_is_none(tmp_path: Path) -> None:
    """Spreadsheets write them below the last row, of any width; they are neither good nor bad."""
    found = _prepare(tmp_path, HEADER + ',,,,\n"","","","",""\n' + GOOD + ", ,\n,,,,,,,\n")
    assert (found.items, found.rows, found.errors) == (1, 1, [])


def test_a_delimiter_behind_the_last_column_does_no_harm(tmp_path: Path) -> None:
    """What stands behind it is told, for nobody says what it is."""
    head = HEADER.replace("\n", ",\n")
    found = _prepare(tmp_path, head + GOOD.replace("\n", ",\n") + "200,Milk,1,Food,reduced,litre\n")
    assert (found.items, found.rows) == (1, 2)
    assert found.errors == [RowError(3, "has something in column 6, which has no name")]
    with pytest.raises(ImportFileError, match=r"nobody knows: column 1 \(no name\), colour\."):
        _prepare(tmp_path, "," + HEADER.replace("\n", ",colour\n"))


def test_quoted_fields_may_hold_anything(tmp_path: Path) -> None:
    """Commas, quotes and line breaks inside quotes belong to the field; inches do no harm."""
    text = HEADER + '200,"Cake ""Royal"",\nlarge",350,Food,reduced\n300,5" nail,10,Iron,standard\n'
    found = _prepare(tmp_path, text)
    assert found.errors == []
    assert _names(found) == ['5" nail', 'Cake "Royal", large']


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_recognised(tmp_path: Path, delimiter: str) -> None:
    """Files of spreadsheets with semicolons or tabs are read by their header."""
    found = _prepare(tmp_path, (HEADER + GOOD).replace(",", delimiter))
    assert (found.items, found.errors) == (1, [])


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("code,name,price_minor,department\n", "lacks the columns tax_class"),
        ("name,department,tax_class\n", "price_minor (or price), code (or gtin"),
        ("code,name,price_minor,department,tax_class,colour\n", "nobody knows: colour"),
        ("code,code,name,price_minor,department,tax_class\n", "a column twice"),
        ("", "no readable header"),
        ("\n", "no readable header"),
        ('"code,name\n', "lacks the columns"),
    ],
)
def test_a_bad_header_stops_the_import(tmp_path: Path, header: str, words: str) -> None:
    """A missing, unknown or doubled column is named, and nothing is imported."""
    with pytest.raises(ImportFileError) as refused:
        _prepare(tmp_path, header + GOOD if header.strip() else header)
    assert words in str(refused.value)
    assert "Nothing was imported" in str(refused.value)


def test_compressed_files_are_read(tmp_path: Path) -> None:
    """A .gz is read like the file in it; one that is cut off or no gzip at all is refused."""
    whole = gzip.compress((HEADER + GOOD * 1).encode())
    assert _prepare(tmp_path, whole, "items.csv.gz").items == 1
    big = gzip.compress((HEADER + "".join(f"{n},Item,1,F,reduced\n" for n in range(9999))).encode())
    damaged = bytearray(big)
    damaged[len(big) // 2] ^= 0xFF
    for bad in (big[:-500], bytes(damaged), b"plain text"):
        with pytest.raises(ImportFileError, match="cannot be read"):
            _prepare(tmp_path, bad, "items.csv.gz")
    with pytest.raises(ImportFileError, match="cannot be read"):
        prepare(tmp_path / "none.csv", "EUR", CLASSES)


@pytest.mark.parametrize(
    ("limit", "value", "filling", "words"),
    [
        ("LINES_MAX", 50, "\n" * 60, "more than 50 lines"),
        ("FILE_BYTES_MAX", 100_000, "\0" * 1_000_000, "100,000 bytes"),
        ("ERRORS_MAX", 5, "x\n" * 6, "the first is row 3"),
    ],
)
def test_a_small_file_that_unpacks_without_end_is_given_up(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    value: int,
    filling: str,
    words: str,
) -> None:
    """Lines, bytes and faults have limits, so that no file costs time or memory without end."""
    monkeypatch.setattr(importer, limit, value)
    packed = gzip.compress((HEADER + GOOD + filling).encode())
    with pytest.raises(ImportFileError, match=words):
        _prepare(tmp_path, packed, "items.csv.gz")
    assert _prepare(tmp_path, gzip.compress((HEADER + GOOD).encode()), "items.csv.gz").items == 1


def test_quotes_that_are_never_closed_are_not_read_again_and_again(tmp_path: Path) -> None:
    """Long lines that each begin a quoted field are each told once, and the row after is read."""
    line = '"' + "a" * 60_000 + "\n"
    found = _prepare(tmp_path, HEADER + line * 30 + GOOD)
    assert [error.row for error in found.errors] == list(range(2, 32))
    assert found.items == 1


def test_several_codes_and_cases(tmp_path: Path) -> None:
    """An item may have several codes, and a case with its own price or the pieces' together."""
    header = (
        "sku,gtin,codes,name,price,department,tax_class,case_code,case_price_minor,case_quantity"
    )
    rows = (
        "w1,4000417025005,A|B|A,Water,0.60,Drinks,reduced,case-w,320,6",
        "w2,,,Juice,1.995,Drinks,reduced,case-j,,12",
        "w3,,,Beer,1.00,Drinks,reduced,case-b,,",
        "w4,,,Cola,1.00,Drinks,reduced,case-c,,99999999",
        "w5,,,Soda,1.00,Drinks,reduced,case-w,,6",
    )
    found = _prepare(tmp_path, "\n".join((header, *rows, "")))
    assert [error.row for error in found.errors] == [4, 5, 6]
    book = PriceBook.from_segment(found.segment)
    for code in ("w1", "4000417025005", "A", "B", "case-w"):
        row = book.find_code(code)
        assert row is not None
        assert row.item_id == "w1"
    assert book.item_count == 2, "no row with a bad case is there by half"
    for code in ("w3", "w4", "w5", "case-b", "case-c"):
        assert book.find_code(code) is None


@pytest.mark.parametrize(
    ("text", "currency", "micros"),
    [
        ("3.50", "EUR", 3_500_000), ("0.125", "EUR", 125_000), ("7", "JPY", 7_000_000),
        (".5", "EUR", 500_000), ("1.234567", "EUR", 1_234_567),
    ],
)  # fmt: skip
def test_prices_are_read_exactly(text: str, currency: str, micros: int) -> None:
    """Decimal prices become micros without ever being a binary fraction."""
    assert price_micros({"price": text}, currency) == micros


def test_minor_units_follow_the_currency() -> None:
    """1 000 minor units are 10 euros, 1 000 yen or one dinar."""
    amounts = {c: price_micros({"price_minor": "1000"}, c) for c in ("EUR", "JPY", "KWD")}
    assert amounts == {"EUR": 10_000_000, "JPY": 1_000_000_000, "KWD": 1_000_000}


def test_faults_are_written_as_a_table(tmp_path: Path) -> None:
    """The error report is CSV itself: row and problem."""
    path = tmp_path / "items.errors.csv"
    write_errors(path, [RowError(3, 'the code "x", malformed'), RowError(9, "has no code")])
    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["row", "problem"], ["3", 'the code "x", malformed'], ["9", "has no code"],
        ]  # fmt: skip


def test_rows_are_counted_without_reading_a_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count for the progress line comes first, so that a small .gz that holds anything must be
    as bounded there as where its rows are read."""
    monkeypatch.setattr(remote, "FILE_BYTES_MAX", 4 << 20)
    plain, bomb = tmp_path / "plain.csv", tmp_path / "bomb.csv.gz"
    for text, rows in (("a,b\n1,2\n3,4\n", 2), ("a,b\n1,2\n3,4", 2), ("a,b\n", 0), ("", 0)):
        plain.write_text(text)
        assert remote._count_lines(plain) == rows
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        file.write(bytes(64 << 20))
    tracemalloc.start()
    try:
        remote._count_lines(bomb)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
