"""Slow and obviously right: what the Rust floor computes, in fractions and plain recursion."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import NamedTuple

LineTuple = tuple[int, int, int, int, int, bool, int, int]

# Of a discount, as the floor takes them; 0 is none.
PERCENT, AMOUNT, FIXED = 1, 2, 9


def rounded(value: Fraction, mode: str) -> int:
    """`value` to an integer: half_up (away from zero), half_even, up (away), down (towards)."""
    below = floor(abs(value))
    rest = abs(value) - below
    half = Fraction(1, 2)
    away = {
        "half_up": rest >= half,
        "half_even": rest > half or (rest == half and below % 2 == 1),
        "up": rest > 0,
        "down": False,
    }[mode]
    size = below + 1 if away else below
    return size if value >= 0 else -size


def extend_amount(unit_price_micros: int, quantity_milli: int, minor_digits: int) -> int:
    """Unit price × quantity in minor units."""
    price = Fraction(unit_price_micros, 10**6)
    quantity = Fraction(quantity_milli, 1_000)
    return rounded(price * quantity * 10**minor_digits, "half_up")


def cash_round(amount_minor: int, step_minor: int, mode: str) -> int:
    """To the nearest, or next, multiple of the step."""
    return rounded(Fraction(amount_minor, step_minor), mode) * step_minor


def largest_remainder(exact: Sequence[Fraction], total: int) -> list[int]:
    """Each figure's floor, then one more for the largest remainder until they sum to `total`."""
    shares = [floor(value) for value in exact]
    while sum(shares) < total:
        lacking = [value - share for value, share in zip(exact, shares, strict=True)]
        shares[lacking.index(max(lacking))] += 1
    return shares


def apportion(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split over the weights by largest remainder; ties go to the lower index."""
    if total_minor < 0:
        return [-share for share in apportion(-total_minor, weights)]
    whole = sum(weights)
    return largest_remainder([Fraction(total_minor * w, whole) for w in weights], total_minor)


class Line(NamedTuple):
    """What one line comes to, in the order of the extension's `PricedLine`."""

    amount: int
    line_discount: int
    order_discount: int
    net: int
    tax: int
    base: int
    total: int


class Order(NamedTuple):
    """What an order comes to."""

    lines: list[Line]
    taxes: list[tuple[int, int, int, int, int]]
    subtotal: int
    discount: int
    tax: int
    total: int


def _off(kind: int, value: int, amount: int) -> int:
    """What a discount takes from an amount of zero or more."""
    if kind == PERCENT:
        return rounded(Fraction(amount * value, 10**6), "half_up")
    return min(value, amount) if kind == AMOUNT else 0


def price_order(
    lines: Sequence[LineTuple],
    order_discounts: Sequence[tuple[int, int]],
    tax_rates_ppm: Sequence[int],
    prices_include_tax: bool,
    rounding_scope: str,
    rounding_mode: str,
    minor_digits: int,
) -> Order:
    """Price an order step by step: amounts, line discounts, order discounts, taxes, sums."""
    amounts, offs = [], []
    for price, quantity, _, kind, value, _, fixed_total, fixed_tax in lines:
        if kind == FIXED:
            amounts.append(fixed_total if prices_include_tax else fixed_total - fixed_tax)
            offs.append(0)
        else:
            amounts.append(extend_amount(price, quantity, minor_digits))
            offs.append(_off(kind, value, amounts[-1]))
    nets = [amount - off for amount, off in zip(amounts, offs, strict=True)]
    shares = [0] * len(lines)
    for kind, value in order_discounts:
        weights = [
            max(net, 0) if line[3] != FIXED and line[5] else 0
            for line, net in zip(lines, nets, strict=True)
        ]
        if sum(weights) == 0:
            continue
        for index, share in enumerate(apportion(_off(kind, value, sum(weights)), weights)):
            nets[index] -= share
            shares[index] += share
    taxes = _taxes(lines, nets, tax_rates_ppm, prices_include_tax, rounding_scope, rounding_mode)
    priced = []
    for amount, off, share, net, tax in zip(amounts, offs, shares, nets, taxes, strict=True):
        base, total = (net - tax, net) if prices_include_tax else (net, net + tax)
        priced.append(Line(amount, -off, -share, net, tax, base, total))
    return _summed(lines, priced, tax_rates_ppm)


def _taxes(
    lines: Sequence[LineTuple],
    nets: Sequence[int],
    rates: Sequence[int],
    inclusive: bool,
    scope: str,
    mode: str,
) -> list[int]:
    """Each line's tax."""
    exact = []
    for line, net in zip(lines, nets, strict=True):
        rate = Fraction(rates[line[2]], 10**6)
        exact.append(net * rate / (1 + rate) if inclusive else net * rate)
    taxes = [line[7] for line in lines]
    for index in range(len(rates)):
        group = [at for at, line in enumerate(lines) if line[2] == index and line[3] != FIXED]
        if scope == "line":
            values = [rounded(exact[at], mode) for at in group]
        else:
            whole = rounded(sum((exact[at] for at in group), Fraction()), mode)
            values = largest_remainder([exact[at] for at in group], whole)
        for at, value in zip(group, values, strict=True):
            taxes[at] = value
    return taxes


def _summed(lines: Sequence[LineTuple], priced: list[Line], rates: Sequence[int]) -> Order:
    """The document's figures from its lines'."""
    taxes = []
    for index, rate in enumerate(rates):
        of_rate = [row for row, line in zip(priced, lines, strict=True) if line[2] == index]
        if of_rate:
            sums = (sum(r.base for r in of_rate), sum(r.tax for r in of_rate))
            taxes.append((index, rate, *sums, sum(r.total for r in of_rate)))
    return Order(
        priced,
        taxes,
        sum(row.amount for row in priced),
        sum(row.line_discount + row.order_discount for row in priced),
        sum(row.tax for row in priced),
        sum(row.total for row in priced),
    )


def sha256(*parts: bytes) -> bytes:
    """SHA-256 of the parts one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def chain_hash(
    store: str, kind: str, epoch: int, position: int, previous: bytes, payload: bytes
) -> bytes:
    """The hash of a journal record, packed by `struct`."""
    names = [text.encode() for text in (store, kind)]
    packed = [struct.pack(">I", len(name)) + name for name in names]
    numbers = struct.pack(">QQ", epoch, position)
    return sha256(b"countertop.record.v1\0", *packed, numbers, previous, sha256(payload))


Row = tuple[int, int, str, str, int, str, str, bytes, bytes]
"""Position, epoch, kind, stream, stream version, name, command id, payload and hash of a record."""


def chained_count(store: str, rows: Sequence[Row], expected: int, previous: bytes) -> int:
    """How many rows follow one another from `expected` on, each payload read for its columns."""
    for count, row in enumerate(rows):
        position, epoch, kind, stream, version, name, command_id, payload, stored = row
        if position != expected + count:
            return count
        if chain_hash(store, kind, epoch, position, previous, payload) != stored:
            return count
        said = json.loads(payload)
        columns = (said["stream"], said["stream_version"], said["name"], said["command_id"])
        if columns != (stream, version, name, command_id):
            return count
        previous = stored
    return len(rows)


def _split(size: int) -> int:
    """The largest power of two below `size`. Source: RFC 6962 §2.1."""
    return 1 << (size - 1).bit_length() - 1


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash as the RFC's recursion has it. Source: RFC 6962 §2.1."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return sha256(b"\0", leaves[0])
    half = _split(len(leaves))
    return sha256(b"\1", tree_root(leaves[:half]), tree_root(leaves[half:]))


def audit_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path as the RFC's recursion has it. Source: RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    half = _split(len(leaves))
    if index < half:
        return [*audit_path(leaves[:half], index), tree_root(leaves[half:])]
    return [*audit_path(leaves[half:], index - half), tree_root(leaves[:half])]


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a path of the right length leads to, by the same recursion."""
    if size == 1:
        return sha256(b"\0", leaf)
    half = _split(size)
    if index < half:
        return sha256(b"\1", root_from_path(leaf, index, half, path[:-1]), path[-1])
    return sha256(b"\1", path[-1], root_from_path(leaf, index - half, size - half, path[:-1]))
