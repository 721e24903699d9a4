"""Slow and obviously right: the taxes of a document in fractions, each net found by trying.

The floor solves a straight line for the net. Here a net is proposed, everything that stands on it
is worked out from left to right, and the proposal is mended by Newton's rule until the marked
price comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple

from tests.native.twins import rounded

LineTuple = tuple[int, int, str, int, list[int], list[tuple[str, int]]]
TaxTuple = tuple[
    str,
    int,
    str,
    bool,
    bool,
    bool,
    str,
    tuple[int, bool, str, bool] | None,
    tuple[str, int, str] | None,
]
PolicyTuple = tuple[str, str, str, str, str, str, str]
ROUNDS = 60


class NoFiguresError(Exception):
    """The document has no figures."""


class Tax(NamedTuple):
    """A tax by the names of its parts."""

    kind: str
    value: int
    unit: str
    included: bool
    affects_later: bool
    affected: bool
    charge: str
    threshold: tuple[int, bool, str, bool] | None
    cap: tuple[str, int, str] | None

    @property
    def rate(self) -> Fraction:
        """As a part of one."""
        return Fraction(self.value, 10**6)

    @property
    def flags(self) -> tuple[object, ...]:
        """What neighbours must share to be one batch."""
        return (self.kind, self.included, self.affects_later, self.affected)


class Policy(NamedTuple):
    """A policy by the names of its parts."""

    level: str
    mode: str
    extract: str
    residual: str
    amounts: str
    amount_mode: str
    division_base: str


class Slope(NamedTuple):
    """A figure and how fast it grows with the net."""

    value: Fraction
    growth: Fraction

    def __add__(self, other: object) -> Slope:
        """Both parts."""
        assert isinstance(other, Slope)
        return Slope(self.value + other.value, self.growth + other.growth)

    def by(self, factor: Fraction) -> Slope:
        """Both parts, times a factor."""
        return Slope(self.value * factor, self.growth * factor)


def still(value: Fraction) -> Slope:
    """A figure that does not depend on the net."""
    return Slope(value, Fraction())


class Worked(NamedTuple):
    """A line worked out from a net: each tax, and each base a threshold or cap has changed."""

    taxes: list[Slope]
    bases: list[Fraction | None]


class Book:
    """One document and what its lines need to know of each other."""

    def __init__(
        self,
        lines: Sequence[LineTuple],
        taxes: Sequence[TaxTuple],
        policy: PolicyTuple,
        digits: int,
    ) -> None:
        """Amounts first: receipts' thresholds are measured over all of them."""
        self.lines = lines
        self.table = [Tax(*entry) for entry in taxes]
        self.policy = Policy(*policy)
        self.digits = digits
        self.amounts = [self.amount(line) for line in lines]
        self.sums = [
            sum(
                (a for a, line in zip(self.amounts, lines, strict=True) if index in line[4]),
                Fraction(),
            )
            for index in range(len(taxes))
        ]

    def amount(self, line: LineTuple) -> Fraction:
        """Unit price × quantity less the discount, in minor units."""
        full = Fraction(line[0], 10**6) * Fraction(line[1], 1_000) * 10**self.digits
        if self.policy.amounts == "rounded":
            full = Fraction(rounded(full, self.policy.amount_mode))
        return full - line[3]

    def pieces(self, line: LineTuple) -> Fraction:
        """How many items a line is."""
        return abs(Fraction(line[1], 1_000)) if line[2] == "piece" and line[1] else Fraction(1)

    def left_to_tax(self, at: int, index: int, base: Slope) -> Slope:
        """What a threshold leaves of a base."""
        threshold = self.table[index].threshold
        if threshold is None:
            return base
        limit, exempt_at, per, excess = threshold
        mine = self.amounts[at]
        if per == "receipt":
            whole, least = abs(self.sums[index]), Fraction(limit)
        else:
            whole, least = abs(mine), limit * self.pieces(self.lines[at])
        if whole < least or (whole == least and exempt_at):
            return still(Fraction())
        if not excess:
            return base
        if per == "receipt":
            return base.by(1 - least / whole) if whole else base
        return base + still(-least if mine > 0 else least if mine < 0 else Fraction())

    def work_out(self, at: int, net: Fraction) -> Worked:
        """Every tax of a line if this were its net."""
        line = self.lines[at]
        listed = [self.table[index] for index in line[4]]
        worked = Worked([], [])
        affecting = still(Fraction())
        for place, index in enumerate(line[4]):
            tax = listed[place]
            fresh = place == 0 or tax.kind != "division" or listed[place - 1].flags != tax.flags
            if fresh:
                base = Slope(net, Fraction(1))
                if tax.affected:
                    base = base + affecting
                batch = []
                for other in listed[place:]:
                    if other.flags != tax.flags:
                        break
                    batch.append(other.rate)
            if tax.kind == "division":
                if sum(batch) >= 1:
                    raise NoFiguresError
                amount = base.by(tax.rate / (1 - sum(batch)))
                worked.bases.append(None)
            elif tax.kind == "per_unit":
                amount = still(self.each(line, tax))
                worked.bases.append(None)
            else:
                taxable = self.left_to_tax(at, index, base)
                amount, taxable = self.held(line, tax, taxable)
                bent = tax.threshold is not None or tax.cap is not None
                worked.bases.append(taxable.value if bent else None)
            worked.taxes.append(amount)
            if tax.affects_later:
                affecting = affecting + amount
        return worked

    def each(self, line: LineTuple, tax: Tax) -> Fraction:
        """A tax per unit."""
        measured = dict(reversed(line[5])) | {line[2]: line[1]}
        if tax.unit not in measured:
            raise NoFiguresError
        return Fraction(tax.value, 10**6) * 10**self.digits * Fraction(measured[tax.unit], 1_000)

    def held(self, line: LineTuple, tax: Tax, taxable: Slope) -> tuple[Slope, Slope]:
        """A percent tax and its base under a cap per item."""
        amount = taxable.by(tax.rate)
        if tax.cap is None or tax.cap[2] != "item":
            return amount, taxable
        of, limit, _ = tax.cap
        most = limit * self.pieces(line)
        sign = 1 if taxable.value > 0 else -1
        if of == "base" and abs(taxable.value) > most and tax.rate:
            return still(sign * most * tax.rate), still(sign * most)
        if of == "tax" and abs(amount.value) > most:
            return still(sign * most), taxable
        return amount, taxable

    def solve(self, at: int) -> tuple[Fraction, list[Fraction], list[Fraction | None]]:
        """The net from which the marked amount comes out, and what stands on it."""
        net = Fraction()
        for _ in range(ROUNDS):
            worked = self.work_out(at, net)
            inside = Slope(net, Fraction(1))
            for index, amount in zip(self.lines[at][4], worked.taxes, strict=True):
                if self.table[index].included:
                    inside = inside + amount
            if inside.value == self.amounts[at]:
                return net, [amount.value for amount in worked.taxes], worked.bases
            net += (self.amounts[at] - inside.value) / inside.growth
        raise NoFiguresError


class Cell:
    """One tax of one line."""

    def __init__(self, line: int, index: int, exact: Fraction, base: Fraction | None) -> None:
        """Not settled yet."""
        self.line, self.index, self.exact, self.base = line, index, exact, base
        self.minor = 0


def spread(exact: Sequence[Fraction], total: int, mode: str, residual: str) -> list[int]:
    """Integers beside the exact figures that sum to the total; nought stays nought."""
    taking = [at for at, value in enumerate(exact) if value]
    if not taking:
        return [0] * len(exact)
    if residual == "largest":
        shares = [floor(value) for value in exact]
        order = sorted(taking, key=lambda at: (shares[at] - exact[at], at))
        step = 1 if sum(shares) < total else -1
        turn = 0
        while sum(shares) != total:
            # Units given go to the largest rests first, units taken come from the smallest.
            at = order[turn % len(order)] if step > 0 else order[-1 - turn % len(order)]
            shares[at] += step
            turn += 1
        return shares
    shares = [rounded(value, mode) for value in exact]
    chosen = {
        "first": taking[0],
        "last": taking[-1],
        "biggest": max(taking, key=lambda at: (abs(exact[at]), -at)),
    }[residual]
    shares[chosen] += total - sum(shares)
    return shares


def settle(cells: Sequence[Cell], total: int, policy: Policy) -> None:
    """Over the taxes first, then over each tax's lines."""
    indexes = sorted({cell.index for cell in cells})
    groups = [[cell for cell in cells if cell.index == index] for index in indexes]
    sums = [sum((cell.exact for cell in group), Fraction()) for group in groups]
    for group, share in zip(groups, spread(sums, total, policy.mode, policy.residual), strict=True):
        parts = spread([cell.exact for cell in group], share, policy.mode, policy.residual)
        for cell, part in zip(group, parts, strict=True):
            cell.minor = part if len(group) > 1 else share


def per_unit_rounded(exact: Fraction, quantity_milli: int, mode: str) -> int:
    """Rounded for one, times the quantity, rounded."""
    quantity = abs(Fraction(quantity_milli, 1_000))
    if not quantity:
        return rounded(exact, mode)
    return rounded(rounded(exact / quantity, mode) * quantity, mode)


def settle_taxes(book: Book, cells: Sequence[Cell]) -> None:
    """Taxes that are rounded themselves."""
    policy = book.policy
    if policy.level == "unit":
        for cell in cells:
            quantity = book.lines[cell.line][1]
            cell.minor = per_unit_rounded(cell.exact, quantity, policy.mode)
    elif policy.level == "line":
        for cell in cells:
            cell.minor = rounded(cell.exact, policy.mode)
    else:

        def key(cell: Cell) -> int:
            charged = book.table[cell.index].charge == "charged"
            return -1 if policy.level == "document" and charged else cell.index

        for group in grouped(cells, key):
            whole = rounded(sum((cell.exact for cell in group), Fraction()), policy.mode)
            settle(group, whole, policy)


def grouped(cells: Sequence[Cell], key: Callable[[Cell], Any]) -> list[list[Cell]]:
    """The cells that share a key."""
    groups: dict[object, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return list(groups.values())


def settle_rests(
    book: Book, cells: Sequence[Cell], nets: Sequence[Fraction], prices: Sequence[int]
) -> None:
    """Taxes inside the price as the rest beside a rounded net."""
    policy = book.policy

    def key(line: int) -> object:
        by_list = tuple(book.lines[line][4])
        return {"document": 0, "rate_document": by_list}.get(policy.level, line)

    for group in {key(line): None for line in range(len(book.lines))}:
        members = [line for line in range(len(book.lines)) if key(line) == group]
        exact = sum((nets[line] for line in members), Fraction())
        if policy.level == "unit":
            net = per_unit_rounded(exact, book.lines[members[0]][1], policy.mode)
        else:
            net = rounded(exact, policy.mode)
        rest = sum(prices[line] for line in members) - net
        settle([cell for cell in cells if cell.line in members], rest, policy)


def receipt_caps(book: Book, cells: Sequence[Cell]) -> None:
    """What a cap over the receipt leaves, shared by all its lines alike."""
    for index, tax in enumerate(book.table):
        if tax.cap is None or tax.cap[2] != "receipt":
            continue
        of, limit, _ = tax.cap
        most = limit * tax.rate if of == "base" else Fraction(limit)
        mine = [cell for cell in cells if cell.index == index]
        whole = abs(sum((cell.exact for cell in mine), Fraction()))
        if whole > most:
            for cell in mine:
                cell.exact *= most / whole
                if of == "base" and cell.base is not None:
                    cell.base *= most / whole


def e5(book: Book, value: Fraction) -> int:
    """Minor units as hundred-thousandths of the major unit."""
    return rounded(value * 10 ** (5 - book.digits), "half_up")


def tax_document(
    lines: Sequence[LineTuple], taxes: Sequence[TaxTuple], policy: PolicyTuple, minor_digits: int
) -> dict[str, Any]:
    """The figures of a document, by the names the extension gives them."""
    book = Book(lines, taxes, policy, minor_digits)
    solved = [book.solve(at) for at in range(len(lines))]
    cells = [
        Cell(at, index, exact, base)
        for at, (_, amounts, bases) in enumerate(solved)
        for index, exact, base in zip(lines[at][4], amounts, bases, strict=True)
    ]
    receipt_caps(book, cells)
    prices = [rounded(amount, book.policy.amount_mode) for amount in book.amounts]
    if book.policy.amounts == "exact" and book.policy.level in ("rate_document", "document"):
        whole = rounded(sum(book.amounts, Fraction()), book.policy.amount_mode)
        prices = spread(book.amounts, whole, book.policy.amount_mode, book.policy.residual)
    net_first = book.policy.extract == "net_first"
    inside = [cell for cell in cells if net_first and book.table[cell.index].included]
    if net_first:
        settle_rests(book, inside, [net for net, _, _ in solved], prices)
    settle_taxes(book, [cell for cell in cells if cell not in inside])
    done = [
        line_figures(book, at, prices[at], solved[at][0], [c for c in cells if c.line == at])
        for at in range(len(lines))
    ]
    return document_figures(book, done, cells)


def line_figures(
    book: Book, at: int, price: int, exact_net: Fraction, cells: Sequence[Cell]
) -> dict[str, Any]:
    """What one line comes to."""
    table = book.table
    net = price - sum(cell.minor for cell in cells if table[cell.index].included)
    tax = sum(cell.minor for cell in cells if table[cell.index].charge == "charged")
    told = []
    for place, cell in enumerate(cells):
        rule = table[cell.index]
        charged = rule.charge == "charged"
        told.append(
            {
                "tax_index": cell.index,
                "base_minor": base_of(book, cells, place, net),
                "tax_minor": cell.minor if charged else 0,
                "uncharged_minor": 0 if charged else cell.minor,
                "exact_e5": e5(book, cell.exact),
                "residual_minor": cell.minor - rounded(cell.exact, book.policy.mode),
            }
        )
    return {
        "price_minor": price,
        "net_minor": net,
        "tax_minor": tax,
        "gross_minor": net + tax,
        "net_exact_e5": e5(book, exact_net),
        "taxes": told,
    }


def base_of(book: Book, cells: Sequence[Cell], place: int, net: int) -> int:
    """What a tax is counted on, from settled figures unless a threshold or cap changed it."""
    cell = cells[place]
    if cell.base is not None:
        return rounded(cell.base, book.policy.amount_mode)
    rules = [book.table[other.index] for other in cells]
    mine = rules[place]
    start = end = place
    if mine.kind == "division":
        while start and rules[start - 1].flags == mine.flags:
            start -= 1
        while end + 1 < len(rules) and rules[end + 1].flags == mine.flags:
            end += 1
    base = net
    if mine.affected:
        base += sum(cells[at].minor for at in range(start) if rules[at].affects_later)
    if mine.kind == "division" and book.policy.division_base == "gross":
        base += sum(cells[at].minor for at in range(start, end + 1))
    return base


def document_figures(
    book: Book, lines: list[dict[str, Any]], cells: Sequence[Cell]
) -> dict[str, Any]:
    """The sums over all lines."""
    sums = []
    for index in sorted({cell.index for cell in cells}):
        mine = [tax for line in lines for tax in line["taxes"] if tax["tax_index"] == index]
        exact = sum((cell.exact for cell in cells if cell.index == index), Fraction())
        totals = {
            name: sum(tax[name] for tax in mine)
            for name in ("base_minor", "tax_minor", "uncharged_minor")
        }
        settled = totals["tax_minor"] + totals["uncharged_minor"]
        sums.append(
            {
                "tax_index": index,
                **totals,
                "exact_e5": e5(book, exact),
                "rounding_e5": e5(book, settled - exact),
            }
        )
    charged = [row for row in sums if book.table[row["tax_index"]].charge == "charged"]
    names = ("price_minor", "net_minor", "tax_minor", "gross_minor")
    totals = {name: sum(line[name] for line in lines) for name in names}
    return {
        **totals,
        "rounding_e5": sum(row["rounding_e5"] for row in charged),
        "lines": lines,
        "taxes": sums,
    }
