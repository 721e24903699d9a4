"""Settlement files as acquirers send them, and as they must not be: each fault has its row."""

from __future__ import annotations

import gzip
import re
import tracemalloc
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from countertop.acquirers import read_acquirers
from countertop.errors import CommandFailedError
from countertop.importer import ImportFileError
from countertop.settlement_columns import ADYEN, OWN, Columns, columns_named
from countertop.settlement_files import ERRORS_MAX, check, rows_of
from engine.settlement.decide import is_sound
from engine.settlement.model import Acquirer, Presence, Rate, RowKind, SettlementRow
from native import mask_card_numbers
from tests.canaries import Canaries

CARDS = Canaries.seeded(20261129).cards
ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "settlement.md").read_text("utf-8")
HEAD = "kind,currency,gross,fee,batch,date,reference,own_reference,terminal_id,trace,receipt,brand"
GOOD = "payment,EUR,7.99,0.12,1,2026-11-26,,,29001234,17,9,visa"
ROWS = 10_000
MEMORY_BYTES_MAX = 400 << 10


def file_of(folder: Path, *lines: str, head: str = HEAD) -> Path:
    """A file of these lines."""
    file = folder / "file.csv"
    file.write_text("\n".join([head, *lines, ""]))
    return file


def read(file: Path, columns: Columns = OWN) -> list[SettlementRow | str]:
    """Its rows, and what is wrong with the others."""
    return [row for _, row in rows_of(file, columns, "EUR")]


def documents(language: str) -> list[str]:
    """The examples of the documentation in one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


# ---------------------------------------------------------------------------------- the formats


def test_the_example_of_our_own_format_is_read(tmp_path: Path) -> None:
    """Every kind of row of docs/settlement.md, to the last field."""
    file = tmp_path / "own.csv"
    file.write_text(next(text for text in documents("csv") if text.startswith("kind,")))
    assert read(file) == [
        SettlementRow(
            RowKind.PAYMENT, 799, 12, "B17", "2026-11-26", "", "", "52500001", 17, None, "visa"
        ),
        SettlementRow(RowKind.REFUND, -350, 0, "B17", "2026-11-26", "8PSP01", "8PSP07", brand="mc"),
        SettlementRow(RowKind.CHARGEBACK, -1200, 1500, "B17", "2026-11-27", "8PSP00"),
        SettlementRow(
            RowKind.DECLINED, 380, None, "B17", "2026-11-26", "", "", "52500001", 18, None, "mc"
        ),
        SettlementRow(RowKind.FEE, 0, 995, "B17", "2026-11-27"),
        SettlementRow(RowKind.PAYOUT, -100, None, "B17", "2026-11-28"),
    ]


def test_the_example_of_adyens_report_is_read(tmp_path: Path) -> None:
    """Credits and debits, a fee in one column or in three, and rows that only have a net amount."""
    file = tmp_path / "adyen.csv"
    file.write_text(next(text for text in documents("csv") if text.startswith("Company")))
    assert read(file, ADYEN) == [
        SettlementRow(
            RowKind.PAYMENT, 1250, 19, "42", "2026-11-26", "8815PSP1", "8815CAP1", brand="mc"
        ),
        SettlementRow(
            RowKind.REFUND, -300, 10, "42", "2026-11-27", "8815PSP1", "8815REF1", brand="mc"
        ),
        SettlementRow(RowKind.FEE, 0, 500, "42", "2026-11-28", "", "Transaction Fees"),
        SettlementRow(RowKind.OTHER, -50, None, "42", "2026-11-28"),
        SettlementRow(RowKind.PAYOUT, -371, None, "42", "2026-11-28", "", "TX 42"),
    ]


def test_a_map_of_ones_own(tmp_path: Path) -> None:
    """The example of a column map in docs/settlement.md, with the words of its acquirer."""
    place = tmp_path / "map.toml"
    place.write_text(next(text for text in documents("toml") if "[columns]" in text))
    columns = columns_named(str(place))
    file = tmp_path / "theirs.csv"
    file.write_text(
        "Vorgang;Waehrung;Brutto;Entgelt;Terminal;TraceNr;Tag;Filiale\n"
        "Umsatz;EUR;12,50;0,15;52500001;3;2026-11-26;Nord\n"
        "Umsatz;EUR;1.250;;52500001;4;2026-11-26;Nord\n"
    )
    good, bad = (row for _, row in rows_of(file, columns, "EUR"))
    assert "'1.250' is not a decimal number such as -12,34" in str(bad)
    assert [good] == [
        SettlementRow(RowKind.PAYMENT, 1250, 15, "", "2026-11-26", terminal_id="52500001", trace=3)
    ]


def test_a_map_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Some editors write one, and nobody sees it."""
    place = tmp_path / "map.toml"
    place.write_text("[columns]\nkind = 'a'\ncurrency = 'b'\ngross = 'c'", encoding="utf-8-sig")
    assert columns_named(str(place)) == Columns("a", "b", "c", kinds=OWN.kinds)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "columns"),
        ("[columns]\nkind = 'a'", "currency"),
        ("[columns]\nkind = 'a'\ncurrency = 'b'", "no column of amounts"),
        ("[columns]\nkind = ''\ncurrency = 'b'\ngross = 'c'", "no column of kinds"),
        ("[columns]\nkind = 'a'\ncurrency = ''\ngross = 'c'", "no column of kinds"),
        ("[columns]\nkind='a'\ncurrency='b'\ngross='c'\nfess='d'", "fess"),
        ("[columns]\nkind='a'\ncurrency='b'\ngross='c'\ndecimal=';'", "columns.decimal"),
        ("[columns]\nkind='a'\ncurrency='b'\ngross='c'\n[kinds]\nx='sale'", "kinds.x"),
    ],
)
def test_a_map_that_cannot_be(tmp_path: Path, text: str, words: str) -> None:
    """What is missing or not known is told by its place."""
    place = tmp_path / "map.toml"
    place.write_text(text)
    with pytest.raises(CommandFailedError, match=re.escape(words)):
        columns_named(str(place))


def test_the_example_of_a_rate_card_is_read(tmp_path: Path) -> None:
    """Each acquirer of docs/settlement.md, to the last field."""
    file = tmp_path / "acquirers.toml"
    file.write_text(next(text for text in documents("toml") if "[[acquirer]]" in text))
    assert read_acquirers(file, 2).acquirers == (
        Acquirer(
            "bank",
            "Harbour Card Services",
            ("terminal/1",),
            3,
            (
                Rate(Presence.IN_PERSON, 9_000, 5),
                Rate(Presence.IN_PERSON, 19_500, 8, "amex", "2026-01-01", "2026-12-31"),
                Rate(Presence.KEYED, 29_000, 30, refund_fixed_minor=10),
            ),
            "2026-06-01",
        ),
        Acquirer(
            "web",
            "Net Pay",
            rates=(
                Rate(Presence.ONLINE, 14_000, 25),
                Rate(Presence.ONLINE, 5_000, brand="bank_transfer"),
            ),
            providers=("provider/qr",),
        ),
    )
    file.write_text("[[acquirer]]\nid = 'x'\nname = 'x'\n[[acquirer.rate]]\npercent = 'much'")
    with pytest.raises(CommandFailedError, match=r"acquirer\[0\].rate\[0\].percent"):
        read_acquirers(file, 2)


# -------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("payment,EUR,-7.99,,,,,,,,,", "a payment must be more than nought"),
        ("payment,EUR,0,,,,,,,,,", "a payment must be more than nought"),
        ("refund,EUR,3.00,,,,,,,,,", "a refund must be less than nought"),
        ("payout,EUR,15.74,,1,,,,,,,", "here 1574 is to be paid out, in the smallest unit"),
        ("payout,EUR,3.00,,,,,,,,,", "a payout must be less than nought, as it leaves"),
        ("chargeback,EUR,0,,,,,,,,,", "a chargeback must have an amount"),
        ("payment,USD,7.99,,,,,,,,,", "the currency is 'USD', and the store's is EUR"),
        ("payment,EUR,7.999,,,,,,,,,", "with at most 2 decimals"),
        ('payment,EUR,"7,99",,,,,,,,,', "is not a decimal number"),
        ("payment,EUR,1e3,,,,,,,,,", "is not a decimal number"),
        ("payment,EUR,99999999999999,,,,,,,,,", "is too high"),
        ("payment,EUR,,,,,,,,,,", "has no amount"),
        ("fee,EUR,,,,,,,,,,", "has no amount"),
        ("fee,EUR,-9.95,9.94,,,,,,,,", "the fee is 994 in the smallest unit, and the amount -995"),
        ("payment,EUR,1,x,,,,,,,,", "the fee 'x' is not a decimal number"),
        ("sale,EUR,1,,,,,,,,,", "the kind 'sale' is not known"),
        ("payment,EUR,1,,,2026-02-30,,,,,,", "is not a day such as"),
        ("payment,EUR,1,,,2026-11-26garbage,,,,,,", "is not a day such as"),
        ("payment,EUR,1,,,2026-11-26T10:00:00 CET,,,,,,", "is not a day such as"),
        ("payment,EUR,1,,,2026-11-26T25:00,,,,,,", "is not a day such as"),
        ("payment,EUR,1,,,2026-W48-4,,,,,,", "is not a day such as"),
        ("payment,EUR,1,,,2026-11-26T10:00Z,,,,,,", "by another clock"),
        ("payment,EUR,1,,,,,,,x,,", "trace 'x' is not a number"),
        (f"payment,EUR,1,,,,{'x' * 65},,,,,", "longer than 64"),
        ("payment,EUR,7.99", "has 3 fields instead of 12"),
        ('payment,EUR,"7.99,,,,,,,,,', "quote that is not closed"),
    ],
)
def test_a_row_that_cannot_be_is_told_by_its_line(tmp_path: Path, line: str, words: str) -> None:
    """The rows around it are good; the file as a whole is not."""
    file = file_of(tmp_path, GOOD, line, GOOD)
    found = check(file, OWN, "EUR")
    assert (found.rows, found.faults) == (3, 1)
    assert found.errors[0].row == 3
    assert words in found.errors[0].problem


def test_a_payout_may_go_the_other_way(tmp_path: Path) -> None:
    """Where more went back than was taken the acquirer takes it from the bank; one that came back
    is paid out once more; a batch that comes to nothing pays nothing; what else a named batch comes
    to may be in another file."""
    lines = (
        "refund,EUR,-10.00,,2,2026-11-26,,,,,,visa",
        "payout,EUR,10.00,,2,2026-11-28,,,,,,",
        "payment,EUR,5.00,,3,2026-11-26,,,,,,visa",
        *("payout,EUR,-5.00,,3,2026-11-28,,,,,,", "payout,EUR,5.00,,3,2026-11-29,,,,,,"),
        "payout,EUR,-5.00,,3,2026-11-30,,,,,,",
        "payout,EUR,0.00,,4,2026-11-28,,,,,,",
        *("payment,EUR,3.00,,5,2026-11-26,,,,,,visa", "payout,EUR,7.00,,5,2026-11-28,,,,,,"),
    )
    assert check(file_of(tmp_path, *lines), OWN, "EUR").errors == []
    unnamed = ("refund,EUR,-10.00,,,,,,,,,visa", GOOD, "payout,EUR,2.13,,,,,,,,,")
    assert check(file_of(tmp_path, *unnamed), OWN, "EUR").errors == []
    rows = [row for row in read(file_of(tmp_path, *lines)) if not isinstance(row, str)]
    assert all(map(is_sound, rows))


def test_a_torn_file_is_told(tmp_path: Path) -> None:
    """The transfer broke in the middle of a row, or of a packed file."""
    whole = file_of(tmp_path, *[GOOD] * 20).read_bytes()
    file = tmp_path / "torn.csv"
    file.write_bytes(whole[:-30])
    assert check(file, OWN, "EUR").faults == 1
    packed = tmp_path / "torn.csv.gz"
    packed.write_bytes(gzip.compress(whole)[:-20])
    with pytest.raises(ImportFileError, match="cannot be read"):
        check(packed, OWN, "EUR")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no readable header"),
        (HEAD.encode("utf-16"), "no readable header line: the first line is UTF-16 text"),
        (f",{HEAD}\n".encode(), r"columns nobody knows: column 1 \(no name\)\."),
        (b"kind,gross\npayment,1\n", "lacks the columns currency"),
        ((HEAD + ",colour\n").encode(), "columns nobody knows: colour"),
        ((HEAD + ",fee\n").encode(), "a column twice"),
        ((HEAD + "\n").encode(), "has no rows"),
    ],
)
def test_a_file_that_cannot_be(tmp_path: Path, content: bytes, words: str) -> None:
    """Refused as a whole, with what to do."""
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    with pytest.raises(ImportFileError, match=words) as told:
        check(file, OWN, "EUR")
    assert "Nothing was imported" in str(told.value)


def test_another_encoding_is_told_by_its_row(tmp_path: Path) -> None:
    """Letters of another encoding are not guessed at."""
    file = tmp_path / "file.csv"
    bad = GOOD.replace("visa", "Carte Bleue é").encode("latin-1")
    file.write_bytes(f"{HEAD}\n{GOOD}\n".encode() + bad + b"\n")
    (error,) = check(file, OWN, "EUR").errors
    assert (error.row, error.problem) == (3, "is not UTF-8 text")


def test_net_amounts_are_held_against_the_fees(tmp_path: Path) -> None:
    """Where a report tells all three, they agree, or the row is wrong."""
    head = (
        "Type,Gross Currency,Gross Credit (GC),Gross Debit (GC),Commission (NC),Net Credit (NC),"
        "Net Currency"
    )
    file = file_of(tmp_path, "Settled,EUR,10.00,,0.15,9.86,EUR", head=head)
    (problem,) = read(file, ADYEN)
    assert "the net amount is 986" in str(problem)
    file = file_of(tmp_path, "Settled,EUR,10.00,,0.15,9.85,GBP", head=head)
    assert "the currency is 'GBP'" in str(read(file, ADYEN)[0])


def test_a_column_filled_with_nought_does_not_hide_a_fee(tmp_path: Path) -> None:
    """A fee costs what its row has, whichever column has it, where the other says 0.00."""
    lines = (f"fee,EUR,{cells},B1,2026-11-27,,,,,," for cells in ("-9.95,0.00", "0.00,9.95", "0,0"))
    assert read(file_of(tmp_path, *lines)) == [
        SettlementRow(RowKind.FEE, 0, fee, "B1", "2026-11-27") for fee in (995, 995, 0)
    ]
    head = (
        "Type,Gross Currency,Gross Debit (GC),Gross Credit (GC),Net Debit (NC),Net Credit (NC),"
        "Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC)"
    )
    file = file_of(tmp_path, "Fee,EUR,0.00,0.00,5.00,0.00,0.00,0.00,0.00,0.00", head=head)
    assert read(file, ADYEN) == [SettlementRow(RowKind.FEE, 0, 500)]


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("2026-11-26", "2026-11-26"),
        ("2026-11-26T23:30", "2026-11-26"),
        ("2026-11-26 23:30:00.123456", "2026-11-26"),
        ("2026-11-25T23:30:00Z", "2026-11-26"),
        ("2026-07-25T22:30:00+00:00", "2026-07-26"),
        ("2026-11-26 00:30:00 +0500", "2026-11-25"),
        ("2026-11-26T23:30:00+01:00", "2026-11-26"),
    ],
)
def test_a_row_is_of_the_day_at_the_terminal(tmp_path: Path, told: str, day: str) -> None:
    """A time by another clock is of the day that the store's clock had: half past eleven at night
    in London is tomorrow in Vienna, where the terminal's numbers are of tomorrow."""
    file = file_of(tmp_path, GOOD.replace("2026-11-26", told))
    ((_, row),) = rows_of(file, OWN, "EUR", ZoneInfo("Europe/Vienna"))
    assert isinstance(row, SettlementRow)
    assert row.date == day


# ------------------------------------------------------------------------ what is easily misread


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_no_payment_vanishes_behind_a_torn_end_of_a_line(tmp_path: Path, end: str) -> None:
    """A carriage return whose other half was lost ends its row all the same."""
    file = tmp_path / "file.csv"
    torn = f"{GOOD}\r{GOOD.replace('7.99', '2.00')}"
    file.write_bytes(end.join((HEAD, GOOD, torn, GOOD, "")).encode())
    amounts = [799, 799, 200, 799]
    assert [row.gross_minor for row in read(file) if isinstance(row, SettlementRow)] == amounts
    assert (check(file, OWN, "EUR").rows, check(file, OWN, "EUR").faults) == (4, 0)


@pytest.mark.parametrize(
    ("currency", "text", "decimal"),
    [
        ("VND", "50.000", "."),
        ("ISK", "-4.000", "."),
        ("KRW", "12,000", ","),
        ("EUR", "1.200", "."),
        ("EUR", "1,200", ","),
        ("EUR", "0.120", "."),
    ],
)
def test_thousands_are_not_read_as_decimals(
    tmp_path: Path, currency: str, text: str, decimal: str
) -> None:
    """Three decimals, where the currency has fewer, may as well be thousands: nobody guesses."""
    columns = Columns("kind", "currency", "gross", fees=("fee",), decimal=decimal, kinds=OWN.kinds)
    file = tmp_path / "file.csv"
    for cells, what in ((f"{text};", "the amount"), (f"12;{text}", "the fee")):
        file.write_text(f"kind;currency;gross;fee\npayment;{currency};{cells}\n")
        ((_, problem),) = rows_of(file, columns, currency)
        assert str(problem).startswith(
            f"{what} '{text}' has three decimals, which may be thousands"
        )


@pytest.mark.parametrize(
    ("currency", "text", "minor"),
    [
        ("JPY", "1000.00", 1000),
        ("KWD", "1.200", 1200),
        ("EUR", "1.2000", 120),
        ("EUR", "1200", 120000),
    ],
)
def test_what_can_be_read_in_one_way_is_read(
    tmp_path: Path, currency: str, text: str, minor: int
) -> None:
    """Decimals that a currency has, and noughts in place of those it has not."""
    file = file_of(tmp_path, f"payment,{currency},{text}", head="kind,currency,gross")
    ((_, row),) = rows_of(file, OWN, currency)
    assert row == SettlementRow(RowKind.PAYMENT, minor, None)


def test_a_column_without_a_name_is_no_other_column(tmp_path: Path) -> None:
    """The number of the row that some programs write first is neither an amount nor a trace."""
    head = (
        ",Psp Reference,Type,Gross Currency,Gross Debit (GC),Gross Credit (GC),Net Currency,"
        "Net Debit (NC),Net Credit (NC),Creation Date"
    )
    rows = ("1,P1,Settled,EUR,,12.50,EUR,,12.50,", "2,P2,Settled,EUR,,99.00,EUR,,99.00,")
    assert read(file_of(tmp_path, *rows, head=head), ADYEN) == [
        SettlementRow(RowKind.PAYMENT, 1250, None, reference="P1"),
        SettlementRow(RowKind.PAYMENT, 9900, None, reference="P2"),
    ]


def test_a_delimiter_behind_the_last_column_of_a_settlement(tmp_path: Path) -> None:
    """It does no harm; what stands behind it is told, or left unread where any column may be."""
    few = Columns("kind", "currency", "gross", kinds=OWN.kinds)
    any_more = Columns("kind", "currency", "gross", others=("*",), kinds=OWN.kinds)
    lines = ("payment,EUR,12.50,", "payment,EUR,12.50,seen by Ann", ",,,")
    file = file_of(tmp_path, *lines, head="kind,currency,gross,")
    good = SettlementRow(RowKind.PAYMENT, 1250, None)
    assert read(file, few) == [good, "has something in column 4, which has no name"]
    assert read(file, any_more) == [good, good]


@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_in_a_file_is_neither_kept_nor_told(tmp_path: Path, card: str) -> None:
    """With a map that takes the wrong column each such row is a fault, which shows what a receipt
    may show."""
    groups = " ".join(card[at : at + 4] for at in range(0, len(card), 4))
    lines = (
        f"payment,EUR,1,,,,{card},,,,,",
        f"payment,EUR,1,,,,,{groups},,,,",
        f"payment,EUR,1,,,,,,{groups.replace(' ', '-')},,,",
        f"payment,EUR,1,,,,,card {card},,,,",
        f"payment,EUR,1,,{card},,,,,,,",
        f"payment,EUR,1,,,,,,,,,{card}",
        f"payment,EUR,1,,,,,,,{card},,",
        f"payment,EUR,1,,,,,,,,{card},",
        f"payment,EUR,1,,,{card},,,,,,",
        f"payment,EUR,{card},,,,,,,,,",
        f"payment,EUR,1,{card},,,,,,,,",
        f"payment,{card},1,,,,,,,,,",
        f"{card},EUR,1,,,,,,,,,",
        f"{'x' * 28} {card},EUR,1,,,,,,,,,",
    )
    file = file_of(tmp_path, *lines)
    told = read(file)
    written = check(file, OWN, "EUR").errors
    file.write_text(f"{card},EUR,1.00\n")
    with pytest.raises(ImportFileError) as refused:
        check(file, Columns(card[:1], "eur", "1.00"), "EUR")
    # What the test wrote itself is not to be found among what was left.
    file.unlink()
    assert [problem for problem in told if not isinstance(problem, str)] == []
    assert all("looks like a card number" in str(problem) for problem in told[:6])
    shown = " ".join((*map(str, told), *(error.problem for error in written), str(refused.value)))
    for at in range(len(card) - 10):
        assert card[at : at + 11] not in re.sub("[ -]", "", shown)
    assert card[:7] not in shown
    assert mask_card_numbers(card) in shown


def test_ordinary_references_are_no_card_numbers(tmp_path: Path) -> None:
    """References of as many digits as a card has are kept where no scheme gives out such cards,
    though one in ten has a card's check digit."""
    seconds = range(1_732_500_000, 1_732_500_100)
    references = [
        # Such as Adyen's: two digits, the second it was, and four more.
        *(f"{first}{second}{second % 10_000:04}" for second in seconds for first in (83, 85, 88)),
        # Microseconds; a day and its time; an acquirer's reference number, of 23 digits.
        *(f"{second}{second % 1_000_000:06}" for second in seconds),
        *(f"202611261012{step:02}" for step in range(60)),
        *(f"7453690633{step:013}" for step in range(100)),
        *("NC6HT9CRT65ZGN82", "TX 42", "0193f5a1-4567-5512-8412-341234123412"),
    ]
    assert sum(mask_card_numbers(text) != text for text in references) > 30
    file = file_of(tmp_path, *(f"payment,EUR,1,,,,{one},{one},,,," for one in references))
    assert read(file) == [
        SettlementRow(RowKind.PAYMENT, 100, None, reference=one, own_reference=one)
        for one in references
    ]


def test_a_long_file_takes_little_memory(tmp_path: Path) -> None:
    """It is read row by row, and of its faults only so many are kept."""
    file = tmp_path / "long.csv"
    with file.open("w") as out:
        out.write(HEAD + "\n")
        for number in range(ROWS):
            out.write(GOOD.replace(",17,", f",{number},") + "\n")
    # What the first reading in a process loads and keeps is not the file's.
    short = tmp_path / "short.csv"
    short.write_text(f"{HEAD}\n{GOOD}\n")
    check(short, OWN, "EUR")
    tracemalloc.start()
    found = check(file, OWN, "EUR")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.rows, found.faults) == (ROWS, 0)
    assert peak < MEMORY_BYTES_MAX < file.stat().st_size
    file.write_text(HEAD + "\n" + "x\n" * (ERRORS_MAX + 5))
    found = check(file, OWN, "EUR")
    assert (found.faults, len(found.errors)) == (ERRORS_MAX + 5, ERRORS_MAX)
