"""What the shop's later offers come to, by schoolbook arithmetic: taxes on taxes, and what comes
off pies, cakes and beer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.facts import (
    BEER,
    BEER_PPM,
    CAKE,
    CAKE_POINTS,
    LEVY_PPM,
    PIE,
    PIE_PPM,
    PRICES,
    SPIRITS_PPM,
)

if TYPE_CHECKING:
    from tests.simulation.model import Order, OrderLine

TREAT = "treat"


def part_minor(amount_minor: int, ppm: int) -> int:
    """So much of an amount that is not below zero; half a cent goes up."""
    return (2 * amount_minor * ppm + 1_000_000) // 2_000_000


def spirits_taxes(net_minor: int) -> tuple[int, int]:
    """The levy on a line of gin, and the tax on the line and its levy."""
    levy_minor = part_minor(net_minor, LEVY_PPM)
    return levy_minor, part_minor(net_minor + levy_minor, SPIRITS_PPM)


def treats(order: Order, line: OrderLine) -> int:
    """How many of a line's cakes the customer's points pay for; an order has one such line."""
    if line.item != CAKE or line.source is not None or TREAT not in order.rewards:
        return 0
    return min(line.quantity, order.points // CAKE_POINTS)


def off_minor(order: Order, line: OrderLine) -> int:
    """What comes off a sold line of pies, cakes or beer; an order has one line of each."""
    if line.source is not None:
        return 0
    if line.item == PIE:
        return part_minor(line.unit_minor * line.quantity, PIE_PPM)
    if line.item == BEER:
        ppm = BEER_PPM.get(order.chosen_tender, 0)
        return part_minor(line.unit_minor * line.quantity, ppm)
    return treats(order, line) * PRICES[CAKE]
