"""The price book agrees with two dictionaries, and its segments with bytes packed by hand."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import native
from tests.native.catalog_twin import UNITS, Catalog, Item, plain, search_names, words

LIMIT = 1_000
ids = st.sampled_from([f"#{n}" for n in range(12)])
texts = st.text(st.sampled_from("abz éß0€😀"), max_size=6)
shared = st.sampled_from(["", "bakery", "dairy", "Käse", "🥐"])
micros = st.one_of(st.integers(-5_000_000, 5_000_000), st.integers(-(2**62), 2**62))

items = st.builds(
    Item,
    item_id=ids,
    name=texts,
    variation=texts,
    department=shared,
    tax_class=shared,
    unit_price_micros=micros,
    unit=st.sampled_from(UNITS),
    open_price=st.booleans(),
    discountable=st.booleans(),
    group=st.one_of(st.just(""), ids),
    image=shared,
    sort=st.one_of(st.just(0), st.integers(0, 3), st.just(2**31 - 1)),
    measures=st.one_of(
        st.just((0, 0, 0)),
        st.tuples(*[st.one_of(st.just(0), st.integers(0, 100_000_000))] * 3),
    ),
)
# Few enough that codes are taken over, and that one GTIN is written in several lengths.
codes = st.one_of(
    st.sampled_from(["A", "a1", "0", "00", "1234567", "éclair"]),
    st.builds(
        lambda number, width: number.rjust(width, "0"),
        st.sampled_from(["12345670", "96385074", "400638133393"]),
        st.integers(8, 15),
    ),
)
packs = st.tuples(
    codes,
    st.one_of(st.just(-1), st.integers(0, 9_000_000)),
    st.sampled_from([1_000, 1_000, 6_000, 500, 1_333]),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), items, st.lists(packs, max_size=4)),
        st.tuples(st.just("drop"), ids),
        st.tuples(st.just("compact")),
    ),
    max_size=14,
)


def play(story: list[tuple]) -> tuple[native.PriceBook, Catalog]:
    """The same changes to a book and to its twin."""
    book, twin = native.PriceBook.empty(), Catalog()
    for step in story:
        match step:
            case ("put", item, its_codes):
                book = book.with_item(item.row(), its_codes)
                twin.with_item(item, its_codes)
            case ("drop", item_id):
                book = book.without_item(item_id)
                twin.without_item(item_id)
            case _:
                book = native.PriceBook.from_segment(book.to_segment())
    return book, twin


def agree(book: native.PriceBook, twin: Catalog) -> None:
    """Every way to read the book gives what the dictionaries hold."""
    assert book.item_count == len(twin.items)
    assert [plain(row) for row in book.items(0, LIMIT)] == [
        twin.items[key] for key in sorted(twin.items)
    ]
    departments = {item.department for item in twin.items.values()} - {""}
    assert book.departments() == sorted(departments)
    for department in ("", "bakery", "Käse", "nowhere"):
        assert [row.item_id for row in book.grid(department, LIMIT)] == twin.grid(department)
        assert [row.item_id for row in book.grid(department, 2)] == twin.grid(department)[:2]
    for number in range(12):
        item_id = f"#{number}"
        row = book.find_item(item_id)
        assert (row and plain(row)) == twin.items.get(item_id)
        assert book.codes_of(item_id) == twin.codes_of(item_id)
    forms = {code.rjust(width, "0") for code in twin.codes for width in (1, 8, 12, 13, 14, 15)}
    for code in forms | {"A", "96385074", "none"}:
        same_code(book, twin, code)


def same_code(book: native.PriceBook, twin: Catalog, code: str) -> None:
    """A look-up by code finds what the twin says it may mean, and only a sure one alone."""
    meanings = twin.meanings(code)
    if any(abs(twin.pack_price(sells)) >= 2**63 for sells in meanings):
        with pytest.raises(native.CoreError, match="64 bits"):
            book.find_codes(code)
        return
    rows = book.find_codes(code)
    wanted = {(s[0], twin.pack_price(s), s[2]) for s in meanings}
    assert {(r.item_id, r.unit_price_micros, r.factor_milli) for r in rows} == wanted
    assert len(rows) == len(meanings)
    for row in rows:
        assert twin.codes[row.code][0] == row.item_id
        assert row.code == code or code not in twin.codes
    assert book.find_code(code) == (rows[0] if len(meanings) == 1 else None)


@given(steps)
def test_book_agrees_with_the_twin(story: list[tuple]) -> None:
    """After any changes, over a base or not, every look-up is the twin's."""
    agree(*play(story))


@given(steps)
def test_segment_has_one_form(story: list[tuple]) -> None:
    """Any history that leaves the same content gives the same bytes, packed by hand too."""
    book, twin = play(story)
    data = book.to_segment()
    assert data == twin.segment()
    again = native.PriceBook.from_segment(data)
    assert again.segment_hash == hashlib.sha256(data).digest()
    assert again.to_segment() == data
    agree(again, twin)


@given(steps, st.randoms(use_true_random=False))
def test_order_of_puts_does_not_matter(story: list[tuple], random: object) -> None:
    """A builder fed in any order, codes before items too, builds the same bytes."""
    _, twin = play(story)
    puts: list[tuple] = [(item,) for item in twin.items.values()]
    puts += [(code, *sells) for code, sells in twin.codes.items()]
    random.shuffle(puts)  # type: ignore[attr-defined]
    builder = native.SegmentBuilder()
    for put in puts:
        if len(put) == 1:
            builder.put_item(put[0].row())
        else:
            builder.put_code(*put)
    assert builder.build() == twin.segment()


@given(steps, steps)
def test_merge_puts_one_segment_on_another(first: list[tuple], second: list[tuple]) -> None:
    """Merged, the second's items and codes win and the first's others stay."""
    (below, under), (above, over) = play(first), play(second)
    builder = native.SegmentBuilder.from_segment(below.to_segment())
    builder.merge(above.to_segment())
    twin = Catalog()
    twin.items = under.items | over.items
    twin.codes = under.codes | over.codes
    assert builder.build() == twin.segment()


@given(steps, st.lists(ids, max_size=4))
def test_removed_items_take_their_codes(story: list[tuple], gone: list[str]) -> None:
    """A builder that removes items leaves none of their codes, and takes new ones after."""
    book, twin = play(story)
    builder = native.SegmentBuilder.from_segment(book.to_segment())
    for item_id in gone:
        builder.remove_item(item_id)
        twin.without_item(item_id)
    back = Item("#0", "back")
    builder.put_item(back.row())
    builder.put_code("again", "#0")
    twin.items["#0"] = back
    twin.codes["again"] = ("#0", -1, 1_000)
    assert builder.build() == twin.segment()


@given(steps, st.data())
def test_damaged_segments_are_refused_or_whole(story: list[tuple], data: st.DataObject) -> None:
    """Cut, longer or changed bytes are refused, or are another segment in its one form."""
    whole = play(story)[0].to_segment()
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        kind = data.draw(st.sampled_from(("cut", "flip", "set", "insert")))
        at = data.draw(st.integers(0, max(0, len(damaged) - 1)))
        if kind == "cut" or not damaged:
            del damaged[at:]
        elif kind == "flip":
            damaged[at] ^= 1 << data.draw(st.integers(0, 7))
        elif kind == "set":
            damaged[at] = data.draw(st.sampled_from((0, 1, 0x7F, 0xFF)))
        else:
            damaged[at:at] = data.draw(st.binary(min_size=1, max_size=8))
    try:
        book = native.PriceBook.from_segment(bytes(damaged))
    except native.CoreError:
        return
    assert book.to_segment() == bytes(damaged)
    for row in book.items(0, LIMIT):
        assert book.find_item(row.item_id) == row
        book.search(row.name, 5)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Bytes from anywhere never do more than be refused."""
    for start in (b"", b"CTSEG\0\0\1"):
        with pytest.raises(native.CoreError):
            native.PriceBook.from_segment(start + data + b"\xff")


names = st.lists(
    st.sampled_from(
        [
            "milk",
            "Milch",
            "mild",
            "Crème",
            "creme brûlée",
            "co",
            "cola",
            "Coca-Cola",
            "cocacola",
            "chocolate",
            "choc",
            "Ben's",
            "bens",
            "75CL",
            "straße",
            "strasse",
            "Œufs",
            "oeuf",
        ]
    ),
    min_size=1,
    max_size=4,
).map(" ".join)
typed = st.one_of(
    names,
    st.sampled_from(["mlik", "chocolat", "choclate", "cola coca", "coca", "brule", "strase", "c"]),
    st.text(st.sampled_from("mildkcohae "), max_size=8),
)


@given(st.lists(st.tuples(names, texts, st.booleans()), max_size=10), typed, st.integers(1, 12))
def test_search_agrees_with_the_twin(
    rows: list[tuple[str, str, bool]], text: str, limit: int
) -> None:
    """Names are found in the twin's order, whether an item lies in the base or over it."""
    twin = [Item(f"#{at}", name, variation) for at, (name, variation, _) in enumerate(rows)]
    builder = native.SegmentBuilder()
    for item, (_, _, in_base) in zip(twin, rows, strict=True):
        if in_base:
            builder.put_item(item.row())
        else:
            # Stands below the real one and must never show.
            builder.put_item(Item(item.item_id, "milk cola chocolate creme").row())
    book = native.PriceBook.from_segment(builder.build())
    for item, (_, _, in_base) in zip(twin, rows, strict=True):
        if not in_base:
            book = book.with_item(item.row(), [])
    named = [(item, words(item.name) + words(item.variation)) for item in twin]
    expected = search_names(named, text, limit) if words(text) else []
    assert [row.item_id for row in book.search(text, limit)] == expected
