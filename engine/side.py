"""One side of the books: what is sold and counted for real, or what is practised."""

from __future__ import annotations

from attrs import define, field

from engine import register
from engine import till as tills
from engine.order.events import (
    OrderCompleted,
    OrderEvent,
    OrderOpened,
    OrderResumed,
    OrderSuspended,
    OrderVoided,
)
from engine.order.state import Order
from engine.register import Position
from engine.stamp import Stamp
from engine.till import Till


@define
class Side:
    """Live or training: the same shape, never the same money."""

    orders: dict[str, Order] = field(factory=dict)
    tills: dict[str, Till] = field(factory=dict)
    positions: dict[str, Position] = field(factory=dict)

    def till(self, register_id: str) -> Till:
        """The till at a register; a fresh one where there never was."""
        return self.tills.get(register_id, _FRESH_TILL)

    def position(self, register_id: str) -> Position:
        """The position of a register; a fresh one where there never was."""
        return self.positions.get(register_id, _FRESH_POSITION)

    def is_counting(self, *, practice: bool = False) -> bool:
        """Whether amounts stand open: of an order, a till or a day before its Z. No Z is made of
        practice."""
        if self.orders or any(till.is_open for till in self.tills.values()):
            return True
        return not practice and any(place.totals.since_ns for place in self.positions.values())

    def current(self, register_id: str) -> Order | None:
        """The order being rung up at a register."""
        return self.orders.get(self.position(register_id).current_order)

    def follow(self, event: OrderEvent, stamp: Stamp) -> None:
        """What the register and its till make of an order's event."""
        if isinstance(event, _FOLLOWED):
            position = self.position(event.register)
            self.positions[event.register] = register.follow_order(position, event, stamp)
        if isinstance(event, OrderCompleted) and event.till_session:
            before = self.till(event.register)
            self.tills[event.register] = tills.evolve(before, event, now_ns=stamp.now_ns)


_FOLLOWED = (OrderOpened, OrderResumed, OrderSuspended, OrderVoided, OrderCompleted)
_FRESH_TILL = Till()
_FRESH_POSITION = Position()
