"""The native boundary as Python calls it: no panic, no `OverflowError`, sums of their parts."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

from attrs import define

from native import (
    CoreError,
    ItemRow,
    PriceBook,
    SegmentBuilder,
    TreeFrontier,
    apportion,
    cash_round,
    chain_hash,
    chained_count,
    extend_amount,
    inclusion_proof,
    leaf_hash,
    price_order,
    tax_document,
    verify_inclusion,
)
from tests.fuzz.targets import message

_NAMES = ("Sourdough loaf", "Comté", "Crème brûlée", "水", "Müsli 750 g", "ΐ", "ﬀ", "ß")
_WORDS = ("half_up", "half_even", "up", "down", "line", "rate_document", "", "Half_up")
_EDGES = (0, 1, -1, 2**31, 2**63 - 1, -(2**63), 2**63, 2**64 - 1, -(2**64), 2**200)
_UNITS = ("piece", "kg", "l", "m", "", "Kg")
_MEASURES = ("piece", "litre", "kg", "degree", "gallon")
_KINDS = ("percent", "percent", "per_unit", "division", "tithe")
_POLICIES = (
    ("unit", "line", "rate_document", "document", "shop"),
    ("half_up", "half_even", "up", "down", ""),
    ("tax_first", "net_first", "last"),
    ("largest", "first", "last", "biggest", "none"),
    ("rounded", "exact", "rough"),
    ("half_up", "half_even", "up", "down"),
    ("gross", "net"),
)


@define
class Draws:
    """Values out of bytes, one after the other; noughts and empty texts when they are used up."""

    data: bytes
    at: int = 0

    def byte(self) -> int:
        """0 to 255."""
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def number(self) -> int:
        """A small number, any of 64 bits, or one at an edge and beyond."""
        kind = self.byte()
        if kind < 0xC0:
            return kind
        if kind < 0xE0:
            return int.from_bytes(bytes(self.byte() for _ in range(8)), "big", signed=True)
        return _EDGES[kind % len(_EDGES)]

    def text(self, most: int = 40) -> str:
        """Text of any letters UTF-8 has; sometimes very long."""
        size = self.byte()
        if size == 0xFF:
            return "x" * (self.byte() * 16)
        raw = self.data[self.at : self.at + min(size, most)]
        self.at += len(raw)
        return raw.decode("utf-8", "replace")

    def word(self) -> str:
        """A word of the settings, or none of them."""
        return _WORDS[self.byte() % len(_WORDS)]

    def count(self, most: int) -> range:
        """So many times."""
        return range(self.byte() % (most + 1))


def row(item_id: str, name: str, sort: int, litres_milli: int = 0) -> ItemRow:
    """An item of the floor."""
    return ItemRow(
        item_id,
        name,
        "",
        "Food",
        "reduced",
        3_500_000,
        group="i0",
        image="🍞",
        sort=sort,
        measures=(litres_milli, 0, litres_milli),
    )


@cache
def segments() -> list[bytes]:
    """No item, one, and a few with codes, cases, variations, grid places and measures."""
    builder = SegmentBuilder()
    made = [builder.build()]
    for number, name in enumerate(_NAMES):
        builder.put_item(row(f"i{number}", name, number))
        builder.put_code(f"400041702500{number}", f"i{number}")
        builder.put_code(f"case-{number}", f"i{number}", 6_000_000, 12_000)
        made.append(builder.build())
        builder.put_item(row(f"i{number}", name, number, number * 750))
        made.append(builder.build())
    return made


def _hostile_segments() -> list[bytes]:
    head = segments()[0][:8]
    return [head + b"\xff" * 16, head + b"\xff\xff\xff\x7f" + bytes(12), head + bytes(16) + b"x",
            head[:-1] + b"\x02" + b"\xff" * 20, head[:-1] + b"\x02" + bytes(20),
            head[:-1] + b"\x02" + bytes(16) + b"\xff\xff\xff\x0f",
            b"CTSEG" + bytes(1_000_000)]  # fmt: skip


@message(segments, allowed=(CoreError,), hostile=_hostile_segments)
def native_segment(data: bytes) -> None:
    """The bytes of a catalog segment, as an upload brings them; taken only in their one form."""
    book = PriceBook.from_segment(data)
    assert book.to_segment() == data
    again = SegmentBuilder.from_segment(data)
    again.merge(data)
    assert again.build() == data
    for found in book.items(0, 5):
        assert book.find_item(found.item_id) == found
        for code, _, _ in book.codes_of(found.item_id):
            book.find_codes(code)
    for department in book.departments():
        book.grid(department, 5)


def numbers() -> list[bytes]:
    """Bytes to draw small, large and absurd numbers from, and texts."""
    text = b"\x09Sourdough"
    return [text * 12, bytes(range(256)), b"\xe0" * 64, b"\xc0" + bytes(range(64)),
            bytes([2, 5, 100, 1, 1, 10, 1, 250, 2, 1, 1, 1, 7, 3, 4, 5, 0, 1, 2])]  # fmt: skip


@message(numbers)
def native_builder(data: bytes) -> None:
    """Items and codes with hostile texts and numbers: refused by name, or built and found again."""
    draws, builder, book = Draws(data), SegmentBuilder(), PriceBook.empty()
    for _ in draws.count(6):
        try:
            item = ItemRow(
                draws.text(),
                draws.text(),
                draws.text(),
                draws.text(),
                draws.text(),
                draws.number(),
                _UNITS[draws.byte() % len(_UNITS)],
                draws.byte() % 2 == 0,
                draws.byte() % 2 == 0,
                draws.text(),
                draws.text(),
                draws.number(),
                (draws.number(), draws.number(), draws.number()),
            )
            builder.put_item(item)
            book = book.with_item(item, [(draws.text(), draws.number(), draws.number())])
            builder.put_code(draws.text(), item.item_id, draws.number(), draws.number())
        except CoreError:
            continue
        found = book.find_item(item.item_id)
        assert found is not None
        assert (found.name, found.unit_price_micros) == (item.name, item.unit_price_micros)
    for made in (builder.build(), book.to_segment()):
        assert PriceBook.from_segment(made).to_segment() == made
    builder.remove_item(draws.text())
    book.without_item(draws.text())


def searches() -> list[bytes]:
    """Names as people type them, with and without mistakes."""
    typed = (*_NAMES, "sourdoug", "brulee", "müsl", "40004170", "水", "a b c d e f", "")
    return [text.encode() for text in typed]


@cache
def _shelf() -> PriceBook:
    return PriceBook.from_segment(segments()[-1])


@message(searches, hostile=lambda: [b"a" * 500_000, "é".encode() * 200_000, b"a b " * 100_000])
def native_search(data: bytes) -> None:
    """Whatever is typed into the search or read from a label."""
    text = data.decode("utf-8", "replace")
    found = _shelf().search(text, 5)
    assert len(found) <= 5
    _shelf().find_codes(text)
    _shelf().find_code(text)
    _shelf().find_item(text)


@cache
def frontiers() -> list[bytes]:
    """The edges of trees of many sizes."""
    tree, made = TreeFrontier(), []
    for number in range(40):
        made.append(tree.to_bytes())
        tree.append(number.to_bytes(32, "big"))
    return made[::5]


@message(
    frontiers, allowed=(CoreError,), hostile=lambda: [b"\xff" * 8, b"\xff" * 2_056, bytes(1 << 20)]
)
def native_frontier(data: bytes) -> None:
    """The bytes of a tree's edge, as the journal keeps them, and of a proof against it."""
    hashes = [data[at : at + 32] for at in range(16, len(data) - 31, 32)][:64]
    size = int.from_bytes(data[8:16], "big")
    if hashes:
        verify_inclusion(hashes[0], size, int.from_bytes(data[:8], "big"), hashes, hashes[-1])
        proof = inclusion_proof(hashes, size % len(hashes))
        tree = TreeFrontier()
        for digest in hashes:
            tree.append(digest)
        at = size % len(hashes)
        assert verify_inclusion(hashes[at], at, len(hashes), proof, tree.root())
        assert len(leaf_hash(hashes[0])) == 32
    tree = TreeFrontier.from_bytes(data)
    assert tree.to_bytes() == data
    tree.append(bytes(32))
    tree.root()


@message(numbers)
def native_sums(data: bytes) -> None:
    """Prices, taxes, shares and roundings of hostile figures: refused, or exact."""
    draws = Draws(data)
    lines = [
        (
            draws.number(),
            draws.number(),
            draws.number(),
            draws.byte() % 11,
            draws.number(),
            draws.byte() % 2 == 0,
            draws.number(),
            draws.number(),
        )
        for _ in draws.count(6)
    ]
    discounts = [(draws.byte() % 4, draws.number()) for _ in draws.count(3)]
    rates = [draws.number() for _ in draws.count(4)]
    amount, step, weights = draws.number(), draws.number(), [draws.number() for _ in range(4)]
    _priced(lines, discounts, rates, draws)
    with suppress(CoreError):
        extend_amount(draws.number(), draws.number(), draws.number())
    with suppress(CoreError):
        assert sum(apportion(amount, weights)) == amount
    with suppress(CoreError):
        rounded = cash_round(amount, step, draws.word())
        assert rounded % step == 0
        assert abs(rounded - amount) < step
    with suppress(CoreError):
        chain_hash(draws.text(), "live", draws.number(), draws.number(), data[:32], data)
    with suppress(CoreError):
        columns = (draws.number(), draws.number(), "live", draws.text(), draws.number(), "n", "c")
        rows = [(*columns, data, data[:32]), columns]
        assert chained_count(draws.text(), rows, draws.byte(), columns[0], data[:32]) <= 1


def _priced(
    lines: list[tuple[int, int, int, int, int, bool, int, int]],
    discounts: list[tuple[int, int]],
    rates: list[int],
    draws: Draws,
) -> None:
    inclusive, digits = draws.byte() % 2 == 0, draws.byte() % 8
    scope, mode = draws.word(), draws.word()
    try:
        order = price_order(lines, discounts, rates, inclusive, scope, mode, digits)
    except CoreError:
        return
    assert order.total_minor == sum(line.total_minor for line in order.lines)
    assert order.total_minor == sum(tax.total_minor for tax in order.taxes)
    assert order.tax_minor == sum(line.tax_minor for line in order.lines)
    assert all(line.total_minor == line.base_minor + line.tax_minor for line in order.lines)


@message(numbers)
def native_taxes(data: bytes) -> None:
    """Documents of hostile taxes, thresholds, caps, lines and policies: refused, or every sum."""
    draws = Draws(data)

    def pick(words: tuple[str, ...]) -> str:
        return words[draws.byte() % len(words)]

    def flag() -> bool:
        return draws.byte() % 2 == 0

    taxes = [
        (
            pick(_KINDS),
            draws.number(),
            pick(_MEASURES),
            flag(),
            flag(),
            flag(),
            pick(("charged", "charged", "reverse", "exempt")),
            (draws.number(), flag(), pick(("item", "receipt")), flag()) if flag() else None,
            (pick(("tax", "base")), draws.number(), pick(("item", "receipt"))) if flag() else None,
        )
        for _ in draws.count(4)
    ]
    lines = [
        (
            draws.number(),
            draws.number(),
            pick(_MEASURES),
            draws.number(),
            [draws.byte() % 5 for _ in draws.count(4)],
            [(pick(_MEASURES), draws.number()) for _ in draws.count(2)],
        )
        for _ in draws.count(5)
    ]
    level, mode, extract, residual, amounts, amount_mode, base = map(pick, _POLICIES)
    policy = (level, mode, extract, residual, amounts, amount_mode, base)
    try:
        done = tax_document(lines, taxes, policy, draws.byte() % 6)
    except CoreError:
        return
    assert done.gross_minor == done.net_minor + done.tax_minor
    assert done.gross_minor == sum(line.gross_minor for line in done.lines)
    assert done.tax_minor == sum(tax.tax_minor for tax in done.taxes)
    assert done.price_minor == sum(line.price_minor for line in done.lines)
