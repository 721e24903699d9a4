"""The floor by example: worked figures, refusals, and what crosses the border between languages."""

from __future__ import annotations

import sys
import threading

import pytest

import native
from benches.native import main as bench_main

SALE = (2_990_000, 1_000, 0, 0, 0, True, 0, 0)
DOCUMENT = (True, "rate_document", "half_up", 2)


def item(item_id: str = "milk", name: str = "Milk", price: int = 1_190_000) -> native.ItemRow:
    """A row."""
    return native.ItemRow(item_id, name, "", "dairy", "reduced", price)


@pytest.mark.parametrize(
    ("lines", "rates", "inclusive", "mode", "taxes"),
    [
        ([(8_990_000, 0), (11_900_000, 1)], [70_000, 190_000], True, "half_up", [59, 190]),
        ([(98, 0), (98, 0), (98, 0)], [80_000], False, "down", [23]),
        ([(98, 0), (98, 0), (98, 0)], [80_000], False, "half_up", [24]),
        ([(19_990_000, 0)], [99_750], False, "half_up", [199]),
    ],
    ids=["two rates inside", "yen invoice, down", "yen invoice, half up", "tax on top"],
)
def test_worked_taxes(
    lines: list[tuple[int, int]], rates: list[int], inclusive: bool, mode: str, taxes: list[int]
) -> None:
    """Known documents come to their known taxes, rounded once for each rate."""
    digits = 2 if lines[0][0] > 1_000 else 0
    unit = 1 if digits else 1_000_000
    order = native.price_order(
        [(price * unit, 1_000, rate, 0, 0, True, 0, 0) for price, rate in lines],
        [],
        rates,
        inclusive,
        "rate_document",
        mode,
        digits,
    )
    assert [tax.tax_minor for tax in order.taxes] == taxes


def test_line_scope_rounds_each_line() -> None:
    """Rounded by line, three yen lines are taxed 7 each; by document 23 together."""
    lines = [(98_000_000, 1_000, 0, 0, 0, True, 0, 0)] * 3
    by_line = native.price_order(lines, [], [80_000], False, "line", "down", 0)
    by_document = native.price_order(lines, [], [80_000], False, "rate_document", "down", 0)
    assert [line.tax_minor for line in by_line.lines] == [7, 7, 7]
    assert sum(line.tax_minor for line in by_document.lines) == by_document.tax_minor == 23


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lines": [(*SALE[:2], 1, *SALE[3:])]}, "tax_index"),
        ({"lines": [(*SALE[:2], -1, *SALE[3:])]}, "tax_index"),
        ({"lines": [(*SALE[:3], 3, *SALE[4:])]}, "discount kind"),
        ({"lines": [(*SALE[:3], 1, 1_000_001, *SALE[5:])]}, "percent"),
        ({"lines": [(*SALE[:3], 2, -1, *SALE[5:])]}, "amount discount"),
        ({"lines": [(-1_000_000, 1_000, 0, 2, 1, True, 0, 0)]}, "discounted line"),
        ({"lines": [(2**63 - 1, 2**63 - 1, 0, 0, 0, True, 0, 0)]}, "64 bits"),
        ({"lines": [(2**63, 1_000, 0, 0, 0, True, 0, 0)]}, "64 bits"),
        ({"lines": [(0, 0, 0, 9, 0, True, 2**63 - 1, -1)]}, "64 bits"),
        ({"discounts": [(9, 1)]}, "discount kind"),
        ({"discounts": [(1, -1)]}, "percent"),
        ({"rates": [-1]}, "tax rate"),
        ({"rates": [10_000_001]}, "tax rate"),
        ({"policy": (True, "basket", "half_up", 2)}, "line, rate_document"),
        ({"policy": (True, "line", "half_down", 2)}, "half_up, half_even, up, down"),
        ({"policy": (True, "line", "half_up", 7)}, "minor_digits"),
        ({"policy": (True, "line", "half_up", -1)}, "minor_digits"),
    ],
)
def test_bad_orders_are_refused(change: dict, message: str) -> None:
    """Each thing an order may not be is refused with its name."""
    lines, discounts = change.get("lines", [SALE]), change.get("discounts", [])
    policy = change.get("policy", DOCUMENT)
    with pytest.raises(native.CoreError, match=message):
        native.price_order(lines, discounts, change.get("rates", [190_000]), *policy)


def test_floats_and_texts_are_no_figures() -> None:
    """A float or a text where an integer belongs is a type error, never converted."""
    for wrong in (1.0, "1", None):
        with pytest.raises(TypeError):
            native.extend_amount(wrong, 1_000, 2)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            native.apportion(1, [wrong])  # type: ignore[list-item]


def test_refusals_are_value_errors_that_say_why() -> None:
    """`CoreError` is a `ValueError` with a sentence."""
    assert issubclass(native.CoreError, ValueError)
    with pytest.raises(native.CoreError, match=r"^step_minor must be 1 or more$"):
        native.cash_round(1, 0, "half_up")
    with pytest.raises(native.CoreError, match="zero or more"):
        native.apportion(1, [1, -1])
    with pytest.raises(native.CoreError, match="index must be zero or more"):
        native.inclusion_proof([bytes(32)], -1)
    with pytest.raises(native.CoreError, match="below the number of records"):
        native.inclusion_proof([bytes(32)], 1)
    with pytest.raises(native.CoreError, match="previous must be 32 bytes, not 3 bytes"):
        native.chain_hash("s", "live", 1, 1, b"abc", b"")
    with pytest.raises(native.CoreError, match="previous must be 32 bytes, not 3 bytes"):
        native.chained_count("s", [], 0, 1, b"abc")
    with pytest.raises(native.CoreError, match="negative"):
        native.PriceBook.empty().search("milk", -1)


def test_rows_at_the_last_position_there_is_are_counted_like_others() -> None:
    """A file that claims it brings nothing down: there is no position behind it to ask for."""
    last = 2**64 - 1
    assert native.chained_count("s", [(last,)], 0, last, bytes(32)) == 0
    assert native.chained_count("s", [(last,), (last,)], 1, last, bytes(32)) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"item_id": ""}, "item_id must be 1 to 128 bytes"),
        ({"item_id": "x" * 129}, "item_id must be 1 to 128 bytes"),
        ({"name": "é" * 513}, "name must be at most 1,024 bytes"),
        ({"unit": "lb"}, "unit must be one of piece, kg, l, m"),
        ({"sort": -1}, "sort must be"),
        ({"sort": 2**31}, "sort must be"),
        ({"unit_price_micros": 2**63}, "64 bits"),
    ],
)
def test_bad_rows_are_refused(change: dict, message: str) -> None:
    """A row that no segment could hold is refused when it is made."""
    fields = {"item_id": "a", "name": "", "variation": "", "department": "", "tax_class": ""}
    with pytest.raises(native.CoreError, match=message):
        native.ItemRow(**(fields | {"unit_price_micros": 1} | change))


def test_a_row_says_what_it_is() -> None:
    """Fields read back, a row alone is its own group, equal rows are equal, none can be changed."""
    row = item()
    assert (row.item_id, row.group, row.code, row.factor_milli) == ("milk", "milk", "", 1_000)
    assert (row.unit, row.open_price, row.discountable, row.sort) == ("piece", False, True, 0)
    assert row == item()
    assert hash(row) == hash(item())
    assert row != item(price=1)
    assert "milk" in repr(row)
    with pytest.raises(AttributeError):
        row.name = "other"


def test_codes_must_sell_something() -> None:
    """A segment with a code of a missing item is refused, and so are codes out of range."""
    builder = native.SegmentBuilder()
    builder.put_code("4000", "milk")
    with pytest.raises(native.CoreError, match='code "4000" sells item "milk", which is not'):
        builder.build()
    for wrong in (("", "milk"), ("1", ""), ("1", "milk", -2), ("1", "milk", -1, 0)):
        with pytest.raises(native.CoreError):
            builder.put_code(*wrong)
    with pytest.raises(native.CoreError):
        native.PriceBook.empty().with_item(item(), [("4000", -2, 1_000)])


def test_a_gtin_is_found_however_it_is_written() -> None:
    """UPC-A, EAN-13 and GTIN-14 forms of one number find one row; two meanings find none alone."""
    book = native.PriceBook.empty().with_item(item(), [("012345678905", -1, 12_000)])
    for form in ("012345678905", "0012345678905", "00012345678905", "12345678905"):
        found = book.find_code(form)
        assert found is not None
        assert (found.code, found.unit_price_micros) == ("012345678905", 14_280_000)
    assert book.find_code("000012345678905") is None
    two = book.with_item(item("cream", "Cream"), [("0012345678905", -1, 1_000)])
    exact = two.find_code("0012345678905")
    assert exact is not None
    assert exact.item_id == "cream"
    assert two.find_code("00012345678905") is None
    assert {row.item_id for row in two.find_codes("00012345678905")} == {"milk", "cream"}


def test_a_pack_price_past_64_bits_is_refused() -> None:
    """A pack whose price cannot be said is refused, not wrapped round."""
    book = native.PriceBook.empty().with_item(item(price=2**62), [("case", -1, 12_000)])
    with pytest.raises(native.CoreError, match="the price of a pack"):
        book.find_code("case")


def test_search_puts_codes_first_and_forgives_errors() -> None:
    """A code or id comes before names; case, accents, two errors and spaces do not matter."""
    builder = native.SegmentBuilder()
    names = ["Crème brûlée", "Chocolate bar", "Coca-Cola", "Milk", "Buttermilk"]
    for number, name in enumerate(names):
        builder.put_item(item(f"A{number}", name))
        builder.put_code(f"77{number}", f"A{number}")
    builder.put_item(item("milk-1", "Something else"))
    book = native.PriceBook.from_segment(builder.build())

    def found(text: str) -> list[str]:
        return [row.name for row in book.search(text, 10)]

    assert found("772") == ["Coca-Cola"]
    assert found("a3") == ["Milk"]
    assert found("milk") == ["Something else", "Milk"]
    assert found("CREME BRULEE") == found("crème  brûl") == ["Crème brûlée"]
    assert found("chcolte") == found("chocolatebar") == ["Chocolate bar"]
    assert found("cocacola") == found("cola coca") == ["Coca-Cola"]
    assert found("77") == names
    assert found("") == found(" ") == found("?!") == found("xyzzy") == []
    assert book.search("milk", 0) == []
    assert len(book.search("m" * 100_000, 10)) == 0


def test_every_accented_latin_letter_is_found_by_its_plain_one() -> None:
    """Names in the letters of European languages are found without their marks."""
    letters = {"à": "a", "č": "c", "ď": "d", "ě": "e", "ğ": "g", "ħ": "h", "ı": "i", "ķ": "k",
               "ł": "l", "ñ": "n", "ő": "o", "ř": "r", "š": "s", "ť": "t", "ů": "u", "ŵ": "w",
               "ÿ": "y", "ž": "z", "Æ": "ae", "Œ": "oe", "ẞ": "ss", "Ø": "o", "Þ": "th",
               "Ά": "α", "Й": "и", "Ё": "е", "ệ": "e"}  # fmt: skip
    for number, (marked, bare) in enumerate(letters.items()):
        book = native.PriceBook.empty().with_item(item(f"#{number}", marked * 3), [])
        assert [row.name for row in book.search(bare * 3, 5)] == [marked * 3], marked


def test_pages_and_grid_limits() -> None:
    """Items come in pages by id, with changes in their place; past the end there is nothing."""
    builder = native.SegmentBuilder()
    for number in range(10):
        builder.put_item(item(f"i{number}"))
    book = native.PriceBook.from_segment(builder.build())
    changed = book.without_item("i4").with_item(item("i41"), []).without_item("nobody")
    for one in (book, changed):
        whole = [row.item_id for row in one.items(0, 100)]
        assert [row.item_id for at in range(0, 12, 3) for row in one.items(at, 3)] == whole
        assert one.items(len(whole), 5) == []
        assert one.items(2**60, 5) == []
    assert "i4" not in whole
    assert whole[4] == "i41"
    assert changed.grid("", 5) == []


def test_a_book_is_shared_between_threads() -> None:
    """Many threads search and change one book at once, and each keeps its own."""
    builder = native.SegmentBuilder()
    for number in range(300):
        builder.put_item(item(f"i{number:03}", f"name {number}"))
    book = native.PriceBook.from_segment(builder.build())
    counts: list[int] = []

    def work(number: int) -> None:
        mine = book
        for at in range(20):
            mine = mine.with_item(item(f"t{number}-{at}"), [(f"c{number}-{at}", -1, 1_000)])
            assert len(book.search("name", 50)) == 50
        counts.append(native.PriceBook.from_segment(mine.to_segment()).item_count)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [320] * 4
    assert book.item_count == 300


def test_known_tree_roots() -> None:
    """The empty tree's root is SHA-256 of nothing; the first leaf's is its leaf hash."""
    frontier = native.TreeFrontier()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert frontier.root().hex() == empty
    frontier.append(bytes(32))
    assert frontier.root() == native.leaf_hash(bytes(32))
    for wrong in (b"", bytes(31), bytes(33)):
        with pytest.raises(native.CoreError, match="record_hash must be 32 bytes"):
            frontier.append(wrong)
        assert not native.verify_inclusion(wrong, 0, 1, [], frontier.root())
        assert not native.verify_inclusion(bytes(32), 0, 1, [], wrong)
    assert frontier.size == 1
    assert not native.verify_inclusion(bytes(32), -1, 1, [], frontier.root())
    assert not native.verify_inclusion(bytes(32), 0, 2**200, [], frontier.root())
    assert native.verify_inclusion(bytes(32), 0, 1, [], frontier.root())


def test_rows_leave_nothing_behind() -> None:
    """A look-up holds no reference once its row is gone."""
    book = native.PriceBook.empty().with_item(item(), [("4000", -1, 1_000)])
    before = sys.getrefcount(book)
    for _ in range(100):
        book.find_code("4000")
        book.search("milk", 5)
    assert sys.getrefcount(book) == before


def test_bench_runs_tiny(capsys: pytest.CaptureFixture[str]) -> None:
    """The bench finds floor and twins agreeing and prints the same digest each time."""
    digests = set()
    for _ in range(2):
        assert bench_main(["--tiny"]) == 0
        digests.add(capsys.readouterr().out.splitlines()[-1])
    assert len(digests) == 1
    assert digests.pop().startswith("digest ")
