"""What an open order has of a promotion that is limited for a member, or for the whole store: it
holds that much."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from engine.promotion.model import Promotion


@frozen
class Held:
    """A promotion and what it takes off, in minor units above zero."""

    promotion: str
    amount_minor: int


class Holder(Protocol):
    """An open order, as far as others look at what it holds."""

    @property
    def id(self) -> str: ...
    @property
    def member(self) -> str: ...
    @property
    def register(self) -> str: ...
    @property
    def held(self) -> tuple[Held, ...]:
        """What it has while it is rung up."""
        ...

    @property
    def figures(self) -> object | None:
        """What it is being paid by, None while it is rung up."""
        ...

    def held_minor(self, promotion: str) -> int:
        """How much of a promotion it holds, in minor units."""
        ...


def is_held(promotion: Promotion) -> bool:
    """Whether what one open order has of it is missing to another: to any where it has a budget,
    else to those of the same member where each member has so many times, or so much, of it."""
    return bool(promotion.sales_per_member or promotion.yearly_minor or promotion.budget_minor)
