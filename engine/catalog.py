"""What is for sale: one content-addressed base segment and the changes made since.

A hundred thousand items are not a hundred thousand events. An import is one event that names a
segment by its hash; single edits are ordinary events merged over it.
"""

from __future__ import annotations

from typing import assert_never

import attrs
from attrs import frozen

from engine import limits
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse
from engine.measures import Measures
from engine.settings import Settings
from native import ItemRow, PriceBook

STREAM = "catalog"
UNITS = ("piece", "kg", "l", "m")

# ------------------------------------------------------------------------------------- Events


@frozen
class CodeEntry:
    """A code of an item: its pack price in micros (-1: the item's) and the pieces it stands for."""

    code: str
    unit_price_micros: int = -1
    factor_milli: int = limits.PIECE_MILLI


@frozen
class Item:
    """One sellable position. `group` joins the variations of one item; `measures` are what one has
    besides what it is sold by."""

    item_id: str
    name: str
    department: str
    tax_class: str
    unit_price_micros: int
    variation: str = ""
    unit: str = "piece"
    open_price: bool = False
    discountable: bool = True
    group: str = ""
    image: str = ""
    sort: int = 0
    codes: tuple[CodeEntry, ...] = ()
    measures: Measures | None = None


@EVENTS.name("catalog.segment_installed/1")
@frozen
class SegmentInstalled:
    """The base is now the segment with this SHA-256 (hexadecimal); earlier edits are inside it."""

    segment_hash: str
    item_count: int
    source: str


@EVENTS.name("catalog.item_changed/1")
@frozen
class ItemChanged:
    """An item is new or different from here on."""

    item: Item


@EVENTS.name("catalog.item_removed/1")
@frozen
class ItemRemoved:
    """An item is no longer for sale; what was sold keeps its words and price."""

    item_id: str


CatalogEvent = SegmentInstalled | ItemChanged | ItemRemoved

# -------------------------------------------------------------------------------------- State


@frozen
class Catalog:
    """The price book in force. `book` is native and immutable; `version` names it in line events.

    `overlay` is kept in plain form so that a snapshot can rebuild the book over its segment.
    """

    segment_hash: str = ""
    version: int = 0
    overlay: tuple[ItemChanged | ItemRemoved, ...] = ()
    book: PriceBook = attrs.field(factory=PriceBook.empty, eq=False, repr=False)


def row_of(item: Item) -> ItemRow:
    """The native row of an item."""
    return ItemRow(
        item.item_id,
        item.name,
        item.variation,
        item.department,
        item.tax_class,
        item.unit_price_micros,
        item.unit,
        item.open_price,
        item.discountable,
        item.group or item.item_id,
        item.image,
        item.sort,
        (0, 0, 0) if item.measures is None else item.measures.parts(),
    )


def _book_with(book: PriceBook, event: ItemChanged | ItemRemoved) -> PriceBook:
    match event:
        case ItemChanged():
            codes = [(c.code, c.unit_price_micros, c.factor_milli) for c in event.item.codes]
            return book.with_item(row_of(event.item), codes)
        case ItemRemoved():
            return book.without_item(event.item_id)
        case _:
            assert_never(event)


def evolve(state: Catalog, event: CatalogEvent, segment: PriceBook | None) -> Catalog:
    """The catalog after `event`; `segment` is what an installed segment's hash names."""
    version = state.version + 1
    match event:
        case SegmentInstalled():
            assert segment is not None, f"segment {event.segment_hash} was not fetched"
            return Catalog(event.segment_hash, version, (), segment)
        case ItemChanged() | ItemRemoved():
            return Catalog(
                state.segment_hash,
                version,
                (*state.overlay, event),
                _book_with(state.book, event),
            )
        case _:
            assert_never(event)


def rebuild(
    segment_hash: str,
    version: int,
    overlay: tuple[ItemChanged | ItemRemoved, ...],
    segment: bytes | None,
) -> Catalog:
    """A catalog from a snapshot's plain parts and its base segment."""
    book = PriceBook.from_segment(segment) if segment is not None else PriceBook.empty()
    for event in overlay:
        book = _book_with(book, event)
    return Catalog(segment_hash, version, overlay, book)


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("catalog.install_segment")
@frozen
class InstallSegment:
    """Make a staged segment the base. It was uploaded before and is named by its hash.

    `base_version` is the catalog version it was merged over: an edit since then would be lost.
    """

    segment_hash: str
    base_version: int
    item_count: int
    source: str


@COMMANDS.name("catalog.change_item")
@frozen
class ChangeItem:
    """Add an item or replace it whole."""

    item: Item


@COMMANDS.name("catalog.remove_item")
@frozen
class RemoveItem:
    """Take an item out of sale."""

    item_id: str


CatalogCommand = InstallSegment | ChangeItem | RemoveItem


class Refusal:
    """In precedence order."""

    SEGMENT_MUST_BE_STAGED = "segment_must_be_staged"
    CATALOG_MUST_NOT_HAVE_CHANGED = "catalog_must_not_have_changed"
    ITEM_ID_MUST_BE_SHORT = "item_id_must_be_short"
    NAME_MUST_BE_SHORT = "name_must_be_short"
    TEXT_MUST_BE_SHORT = "text_must_be_short"
    TAX_CLASS_MUST_EXIST = "tax_class_must_exist"
    UNIT_MUST_BE_KNOWN = "unit_must_be_known"
    PRICE_MUST_NOT_BE_NEGATIVE = "price_must_not_be_negative"
    SORT_MUST_BE_IN_RANGE = "sort_must_be_in_range"
    MEASURES_MUST_BE_WITHIN_LIMIT = "measures_must_be_within_limit"
    MEASURE_MUST_NOT_BE_THE_UNIT = "measure_must_not_be_the_unit"
    CODES_LIMIT_REACHED = "codes_limit_reached"
    CODE_MUST_BE_WELL_FORMED = "code_must_be_well_formed"
    CODE_MUST_BE_FREE = "code_must_be_free"
    FACTOR_MUST_BE_POSITIVE = "factor_must_be_positive"
    ITEM_MUST_EXIST = "item_must_exist"


# ------------------------------------------------------------------------------------- Decide


def decide(
    state: Catalog, body: CatalogCommand, settings: Settings, *, segment_staged: bool
) -> Decision:
    """Decide a change of what is for sale.

    Refuses:
        As `Refusal` lists, in that order.
    """
    match body:
        case InstallSegment():
            if not segment_staged:
                return refuse(Refusal.SEGMENT_MUST_BE_STAGED, segment_hash=body.segment_hash)
            if body.base_version != state.version:
                return refuse(Refusal.CATALOG_MUST_NOT_HAVE_CHANGED, version=state.version)
            event = SegmentInstalled(body.segment_hash, body.item_count, body.source)
            return Decision((Fact(STREAM, event),), {"item_count": body.item_count})
        case ChangeItem():
            return _change_item(state, body.item, settings)
        case RemoveItem():
            if state.book.find_item(body.item_id) is None:
                return refuse(Refusal.ITEM_MUST_EXIST, item_id=body.item_id)
            return Decision((Fact(STREAM, ItemRemoved(body.item_id)),), {})
        case _:
            assert_never(body)


def code_is_well_formed(code: str) -> bool:
    """Printable, without white space at the ends, not empty and not too long."""
    return _key_fits(code, limits.CODE_LENGTH_MAX) and code == code.strip()


def _key_fits(key: str, length_max: int) -> bool:
    """Printable, 1 to `length_max` characters, and short enough as UTF-8 for the native floor."""
    fits = 0 < len(key) <= length_max and key.isprintable()
    return fits and len(key.encode()) <= limits.KEY_BYTES_MAX


def check_digit_is_right(digits: str) -> bool:
    """The GS1 check digit of an all-digit code of length 8, 12, 13 or 14.

    Source: GS1 General Specifications, 7.9 (check digit calculations).
    """
    weighted = sum(
        int(digit) * (3 if place % 2 == 0 else 1)
        for place, digit in enumerate(reversed(digits[:-1]))
    )
    return (weighted + int(digits[-1])) % 10 == 0


def _change_item(state: Catalog, item: Item, settings: Settings) -> Decision:
    if not _key_fits(item.item_id, limits.ID_LENGTH_MAX):
        return refuse(Refusal.ITEM_ID_MUST_BE_SHORT)
    if not 1 <= len(item.name) <= limits.NAME_LENGTH_MAX:
        return refuse(Refusal.NAME_MUST_BE_SHORT, maximum=limits.NAME_LENGTH_MAX)
    texts = (item.variation, item.department, item.image)
    if any(len(text) > limits.NAME_LENGTH_MAX for text in texts):
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.NAME_LENGTH_MAX)
    if item.group and not _key_fits(item.group, limits.ID_LENGTH_MAX):
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.ID_LENGTH_MAX)
    if item.tax_class not in settings.tax_classes:
        return refuse(Refusal.TAX_CLASS_MUST_EXIST, tax_class=item.tax_class)
    if item.unit not in UNITS:
        return refuse(Refusal.UNIT_MUST_BE_KNOWN, unit=item.unit)
    if not 0 <= item.unit_price_micros <= limits.UNIT_PRICE_MICROS_MAX:
        return refuse(Refusal.PRICE_MUST_NOT_BE_NEGATIVE)
    if not 0 <= item.sort <= limits.SORT_MAX:
        return refuse(Refusal.SORT_MUST_BE_IN_RANGE, maximum=limits.SORT_MAX)
    if item.measures is not None:
        if not item.measures.are_in_range():
            return refuse(
                Refusal.MEASURES_MUST_BE_WITHIN_LIMIT, maximum_milli=limits.MEASURE_MILLI_MAX
            )
        if item.measures.repeat_the_unit(item.unit):
            return refuse(Refusal.MEASURE_MUST_NOT_BE_THE_UNIT, unit=item.unit)
    if len(item.codes) > limits.CODES_PER_ITEM_MAX:
        return refuse(Refusal.CODES_LIMIT_REACHED, maximum=limits.CODES_PER_ITEM_MAX)
    refused = _check_codes(state, item)
    return refused or Decision((Fact(STREAM, ItemChanged(item)),), {"item_id": item.item_id})


def _check_codes(state: Catalog, item: Item) -> Decision | None:
    """Why an item's codes cannot be, or None. A pack's price has the same bounds as a piece's."""
    seen: set[str] = set()
    for entry in item.codes:
        if not code_is_well_formed(entry.code):
            return refuse(Refusal.CODE_MUST_BE_WELL_FORMED, code=entry.code)
        holder = state.book.find_code(entry.code)
        if entry.code in seen or (holder is not None and holder.item_id != item.item_id):
            return refuse(Refusal.CODE_MUST_BE_FREE, code=entry.code)
        if not 0 < entry.factor_milli <= limits.QUANTITY_MILLI_MAX:
            return refuse(Refusal.FACTOR_MUST_BE_POSITIVE, code=entry.code)
        own = entry.unit_price_micros
        pack = item.unit_price_micros * entry.factor_milli // limits.PIECE_MILLI
        if own < -1 or max(own, pack if own < 0 else 0) > limits.UNIT_PRICE_MICROS_MAX:
            return refuse(Refusal.PRICE_MUST_NOT_BE_NEGATIVE, code=entry.code)
        seen.add(entry.code)
    return None
