"""Slow and obviously right: the catalog as two dictionaries, its segment's bytes, its search."""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import native

UNITS = ("piece", "kg", "l", "m")
SPECIAL = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "ς": "σ"}


class Item(NamedTuple):
    """An item's fields, in the order of the extension's `ItemRow`."""

    item_id: str
    name: str
    variation: str = ""
    department: str = ""
    tax_class: str = ""
    unit_price_micros: int = 0
    unit: str = "piece"
    open_price: bool = False
    discountable: bool = True
    group: str = ""
    image: str = ""
    sort: int = 0
    measures: tuple[int, int, int] = (0, 0, 0)

    def row(self) -> native.ItemRow:
        """The extension's row."""
        return native.ItemRow(*self)


def plain(row: native.ItemRow) -> Item:
    """The fields of a row; a group that is the row's own id is empty, as it is given."""
    return Item(
        row.item_id,
        row.name,
        row.variation,
        row.department,
        row.tax_class,
        row.unit_price_micros,
        row.unit,
        row.open_price,
        row.discountable,
        "" if row.group == row.item_id else row.group,
        row.image,
        row.sort,
        row.measures,
    )


Sells = tuple[str, int, int]


class Catalog:
    """Items by id and codes by text; a put takes a code from whatever it sold before."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.codes: dict[str, Sells] = {}

    def with_item(self, item: Item, codes: Iterable[tuple[str, int, int]]) -> None:
        """Replace the item and all its codes."""
        self.without_item(item.item_id)
        own = "" if item.group == item.item_id else item.group
        self.items[item.item_id] = item._replace(group=own)
        for code, price, factor in codes:
            self.codes[code] = (item.item_id, price, factor)

    def without_item(self, item_id: str) -> None:
        """Take the item and its codes out."""
        self.items.pop(item_id, None)
        self.codes = {code: sells for code, sells in self.codes.items() if sells[0] != item_id}

    def codes_of(self, item_id: str) -> list[tuple[str, int, int]]:
        """An item's codes, sorted."""
        return sorted((c, s[1], s[2]) for c, s in self.codes.items() if s[0] == item_id)

    def meanings(self, code: str) -> set[Sells]:
        """What a code may sell: itself, or every code with the same 14-digit form."""
        if code in self.codes:
            return {self.codes[code]}
        gtin = _gtin14(code)
        return {s for c, s in self.codes.items() if gtin and _gtin14(c) == gtin}

    def pack_price(self, sells: Sells) -> int:
        """The code's own price, or the item's times the pieces, halves away from zero."""
        item_id, price, factor = sells
        if price >= 0:
            return price
        product = self.items[item_id].unit_price_micros * factor
        size = (2 * abs(product) + 1_000) // 2_000
        return size if product >= 0 else -size

    def grid(self, department: str) -> list[str]:
        """Ids of the items in the grid, by sort, then name."""
        rows = [i for i in self.items.values() if i.sort and department in ("", i.department)]
        rows.sort(key=lambda i: (i.sort, i.name, i.variation, i.item_id))
        return [item.item_id for item in rows]

    def segment(self) -> bytes:
        """The canonical bytes, packed by `struct` from the table in native/README.md."""
        items = [self.items[key] for key in sorted(self.items)]
        words = sorted({w for i in items for w in (i.department, i.tax_class, i.image)})
        places = {item.item_id: at for at, item in enumerate(items)}
        text = "".join(words)
        tables = b"".join(struct.pack("<H", len(word.encode())) for word in words)
        for item in items:
            own = (item.item_id, item.name, item.variation, item.group)
            text += "".join(own)
            tables += struct.pack("<4H", *(len(part.encode()) for part in own))
            shared = [words.index(w) for w in (item.department, item.tax_class, item.image)]
            tables += struct.pack("<q4I", item.unit_price_micros, *shared, item.sort)
            tables += bytes([UNITS.index(item.unit), item.open_price + 2 * item.discountable])
        for code in sorted(self.codes):
            item_id, price, factor = self.codes[code]
            text += code
            tables += struct.pack("<HIqq", len(code.encode()), places[item_id], price, factor)
        measured = [item for item in items if any(item.measures)]
        for item in measured:
            tables += struct.pack("<4I", places[item.item_id], *item.measures)
        counts = [len(words), len(items), len(self.codes), len(text.encode())]
        counts += [len(measured)] if measured else []
        head = b"CTSEG\0\0\2" if measured else b"CTSEG\0\0\1"
        return head + struct.pack(f"<{len(counts)}I", *counts) + tables + text.encode()


def _gtin14(code: str) -> str | None:
    """The 14-digit form of a GTIN, where the code can be one."""
    return code.rjust(14, "0") if re.fullmatch("[0-9]{8,14}", code) else None


def words(text: str) -> list[str]:
    """The words of a text without case and marks: `str.lower`, NFKD, marks dropped."""
    small = "".join(SPECIAL.get(letter, letter) for letter in text.lower())
    spread = unicodedata.normalize("NFKD", small)
    bare = "".join(c for c in spread if not unicodedata.combining(c) and c not in "'’`´")
    return re.findall(r"[^\W_]+", bare)


def errors(typed: str, word: str) -> int:
    """Letters missing, too many, wrong or swapped with a neighbour, by the full table."""
    cells = {(0, column): column for column in range(len(word) + 1)}
    for row in range(1, len(typed) + 1):
        cells[row, 0] = row
        for column in range(1, len(word) + 1):
            wrong = typed[row - 1] != word[column - 1]
            options = [
                cells[row - 1, column - 1] + wrong,
                cells[row - 1, column] + 1,
                cells[row, column - 1] + 1,
            ]
            swapped = typed[row - 2 : row] == word[column - 2 : column][::-1]
            if row > 1 and column > 1 and swapped:
                options.append(cells[row - 2, column - 2] + 1)
            cells[row, column] = min(options)
    return cells[len(typed), len(word)]


def _word_score(typed: str, word: str, loose: bool) -> int | None:
    """0 the same, 4 longer, 20 for each typing error; None where it does not match.

    A typed word that ends in a space matches whole words only.
    """
    if typed.endswith(" "):
        return 0 if word == typed[:-1] else None
    if word.startswith(typed):
        return 0 if word == typed else 4
    allowed = 0 if len(typed) < 3 else 1 if len(typed) < 6 else 2
    if not loose or not allowed:
        return None
    best = min(errors(typed, word[:end]) for end in range(len(word) + 1))
    if best > allowed:
        return None
    return best * 20 + (0 if errors(typed, word) == best else 4)


def _score(typed: Sequence[str], found: Sequence[str], loose: bool) -> int | None:
    """The sum over the typed words of the best word's score and place (at most 7)."""
    total = 0
    for term in typed:
        scores = [
            score + min(place, 7)
            for place, word in enumerate(found)
            if (score := _word_score(term, word, loose)) is not None
        ]
        if not scores:
            return None
        total += min(scores)
    return total


def _rewritten(typed: Sequence[str]) -> list[list[str]]:
    """The query with two neighbours written together, or one word as a whole one and a start."""
    queries = []
    for at, term in enumerate(typed):
        before, after = list(typed[:at]), list(typed[at + 1 :])
        if after:
            queries.append([*before, term + after[0], *after[1:]])
        for cut in range(2, len(term) - 1):
            queries.append([*before, term[:cut] + " ", term[cut:], *after])
    return queries


def search_names(named: Sequence[tuple[Item, Sequence[str]]], text: str, limit: int) -> list[str]:
    """Ids by name alone: by word prefixes, then with errors or other spaces (15 more).

    Each by score, length of the name in bytes, and name. `named` are the items with the words of
    their name and variation.
    """
    typed = words(text)
    ids: list[str] = []
    for queries in ([(typed, False, 0)], _loose(typed)):
        if len(ids) >= limit:
            break
        scored = []
        for item, found in named:
            scores = [
                score + more
                for terms, loose, more in queries
                if (score := _score(terms, found, loose)) is not None
            ]
            if scores:
                key = (item.name, item.variation, item.item_id)
                scored.append((min(scores), len(item.name.encode()), *key))
        ids += [key[-1] for key in sorted(scored) if key[-1] not in ids]
    return ids[:limit]


def _loose(typed: Sequence[str]) -> list[tuple[Sequence[str], bool, int]]:
    """The query with errors allowed, and its rewritten forms without."""
    return [(typed, True, 0), *((query, False, 15) for query in _rewritten(typed))]
