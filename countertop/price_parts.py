"""Prices cut into parts that fit a frame, for a set that is too much for one command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from engine.price_list.model import PriceList, PriceSet
from engine.price_list.upload import joined
from engine.wire import canonical, unstructure
from protocols.limits import FRAME_BYTES_MAX

PART_BYTES_MAX: Final = FRAME_BYTES_MAX * 3 // 4
"""The rest is for the frame around it, and for what its encoding adds to names."""
_PIECE: Final = 50


def short(data: Any) -> Any:
    """Plain data without what is empty and has a default: a frame has a size."""
    if isinstance(data, dict):
        named = {key: short(value) for key, value in data.items()}
        return {key: v for key, v in named.items() if v is not False and v != [] and v != ""}
    return [short(entry) for entry in data] if isinstance(data, list | tuple) else data


def parts_of(prices: PriceSet, bytes_max: int = PART_BYTES_MAX) -> list[PriceSet]:
    """The same prices, in order, in as many parts as it takes; one at least.

    A single entry that is larger by itself is a part of its own.
    """
    parts: list[PriceSet] = []
    pending: list[PriceSet] = []
    size = 0
    for piece in _pieces(prices):
        for small in _halved(piece, bytes_max):
            own = _bytes_of(small)
            if pending and size + own > bytes_max:
                parts.append(joined(pending))
                pending, size = [], 0
            pending.append(small)
            size += own
    return [*parts, joined(pending)]


def _bytes_of(prices: PriceSet) -> int:
    return len(canonical(short(unstructure(prices))))


def _pieces(prices: PriceSet) -> Iterator[PriceSet]:
    """Some of one kind at a time; a list with nothing in it is a piece too."""
    for at in range(0, len(prices.customer_groups), _PIECE):
        yield PriceSet(customer_groups=prices.customer_groups[at : at + _PIECE])
    for one in prices.lists:
        yield PriceSet(lists=(attrs.evolve(one, entries=(), percents=one.percents),))
        for at in range(0, len(one.entries), _PIECE):
            yield PriceSet(lists=(_only(one, at, at + _PIECE),))
    for at in range(0, len(prices.floors), _PIECE):
        yield PriceSet(floors=prices.floors[at : at + _PIECE])
    for at in range(0, len(prices.costs), _PIECE):
        yield PriceSet(costs=prices.costs[at : at + _PIECE])


def _only(one: PriceList, start: int, end: int) -> PriceList:
    return attrs.evolve(one, entries=one.entries[start:end], percents=())


def _halved(piece: PriceSet, bytes_max: int) -> Iterator[PriceSet]:
    """A piece of a list in two, and those again, until each fits or is one entry."""
    count = len(piece.lists[0].entries) if piece.lists else 0
    if count < 2 or _bytes_of(piece) <= bytes_max:
        yield piece
        return
    (one,) = piece.lists
    for half in (_only(one, 0, count // 2), _only(one, count // 2, count)):
        yield from _halved(PriceSet(lists=(half,)), bytes_max)
