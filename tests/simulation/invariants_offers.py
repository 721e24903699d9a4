"""The rules of what comes back with goods, and of prices for points and for a means of payment:
T taxes, R returns, N points, M means of payment.

Their figures are the auditor's own (`model.py`, `model_offers.py`).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from attrs import define, field

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.facts import BEER, CAKE, CAKE_POINTS, GIN, PIE
from tests.simulation.invariants_prices import is_back
from tests.simulation.model import Order, Row, tax_within
from tests.simulation.model_offers import off_minor, spirits_taxes, treats


@define
class _Sold:
    """Of one line: what each tax came to, what each promotion took, and what of it came back."""

    taxes: list[int]
    promotions: Counter[str]
    points: int
    taxes_back: list[int] = field(factory=list)
    promotions_back: Counter[str] = field(factory=Counter)
    points_back: int = 0


class _OfLines(Invariant):
    """A rule that compares what was sold with what came back of it, line by line."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._sold: dict[str, dict[int, _Sold]] = {}
        self._touched: set[str] = set()

    def on_record(self, row: Row) -> None:
        """Note what was sold, and what comes back."""
        if row.kind != "live":
            return
        data = row.data
        if row.name == "order.completed/1":
            self.at_sale(self.model.orders[data["order_id"]], data["figures"])
            self._sold[data["order_id"]] = {
                entry["line"]: _sold(entry) for entry in data["figures"]["lines"]
            }
        elif row.name == "order.returned/1":
            self._touched.add(data["order_id"])
            self._back(self._sold[data["order_id"]][data["line"]], data)

    def _back(self, sold: _Sold, data: dict[str, Any]) -> None:
        taxes = [share["tax_minor"] for share in data.get("taxes", ())]
        before = sold.taxes_back or [0] * len(taxes)
        sold.taxes_back = [one + other for one, other in zip(before, taxes, strict=True)]
        for share in data.get("promotions", ()):
            sold.promotions_back[share["promotion"]] += share["amount_minor"]
            sold.points_back += share.get("points", 0)

    def on_batch(self) -> None:
        """All lines of a return are in."""
        for order_id in sorted(self._touched):
            order = self.model.orders[order_id]
            for number, sold in self._sold[order_id].items():
                self.at_return(order, number, sold)
        self._touched.clear()

    def at_sale(self, order: Order, figures: dict[str, Any]) -> None:
        """An order was completed."""

    def at_return(self, order: Order, number: int, sold: _Sold) -> None:
        """Goods of an order came back; each of its lines, the charge's too (below zero)."""


def _sold(entry: dict[str, Any]) -> _Sold:
    promotions = entry.get("promotions", ())
    took: Counter[str] = Counter()
    for one in promotions:
        took[one["promotion"]] -= one["amount_minor"]
    points = sum(one.get("points", 0) for one in promotions)
    return _Sold([tax["tax_minor"] for tax in entry.get("taxes", ())], took, points)


@invariant("T2_each_tax_comes_back")
class EachTaxComesBack(_OfLines):
    """A tax stands on its base and on the tax before it; each goes back as far as its goods do."""

    def at_sale(self, order: Order, figures: dict[str, Any]) -> None:
        """Gin has two of them, on top of its price."""
        for entry in figures["lines"]:
            line = order.lines.get(entry["line"])
            if line is None or line.item != GIN or line.source is not None:
                continue
            wanted = list(spirits_taxes(line.unit_minor * line.quantity))
            told = [tax["tax_minor"] for tax in entry["taxes"]]
            if told != wanted:
                self.broken(f"{line.quantity} gin of {order.id} are taxed {told}, not {wanted}")

    def at_return(self, order: Order, number: int, sold: _Sold) -> None:
        """Piece by piece never more than a cent off, and in the end exactly."""
        line = order.lines.get(number)
        if line is None or line.source is not None or not sold.taxes_back or line.item != GIN:
            return
        for paid, back in zip(sold.taxes, sold.taxes_back, strict=True):
            if abs(back * line.quantity - paid * line.returned) >= line.quantity:
                self.broken(
                    f"{line.returned} of {line.quantity} gin of {order.id} came back with {back} "
                    f"of {paid} tax"
                )
            if line.returned == line.quantity and back != paid:
                self.broken(f"all gin of {order.id} came back with {back} of {paid} tax")


@invariant("R1_a_charge_comes_back_once")
class AChargeComesBackOnce(_OfLines):
    """The service of an order goes back once, for what it was, with the tax that was in it."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._paid_back: Counter[str] = Counter()

    def at_sale(self, order: Order, figures: dict[str, Any]) -> None:
        """The tax in it is that of a line; what is paid back for it is noted at its sale too."""
        for line in order.lines.values():
            if line.source is not None and line.source[1] < 0:
                self._paid_back[line.source[0]] -= line.refund_minor
                most = self.model.orders[line.source[0]].service_minor()
                if self._paid_back[line.source[0]] > most:
                    self.broken(
                        f"{self._paid_back[line.source[0]]} of {most} service was paid back"
                    )
        for entry in figures["lines"]:
            if entry["line"] < 0 and entry["tax_minor"] != tax_within(order.service_minor()):
                self.broken(f"service of {order.service_minor()} has {entry['tax_minor']} of tax")

    def at_return(self, order: Order, number: int, sold: _Sold) -> None:
        """All of it or nothing."""
        if number >= 0:
            return
        service_minor = order.service_minor()
        if order.service_back_minor not in (0, service_minor):
            self.broken(f"{order.service_back_minor} of {service_minor} service went back")
        if order.service_back_minor and sold.taxes_back != sold.taxes:
            self.broken(f"service of {order.id} went back with {sold.taxes_back} of {sold.taxes}")


@invariant("R2_promotions_come_back_as_they_took")
class PromotionsComeBackAsTheyTook(_OfLines):
    """What a promotion took off a line that keeps its part comes back as far as the goods do, so
    that its sum over sales and returns ends at nought."""

    def at_sale(self, order: Order, figures: dict[str, Any]) -> None:
        """What came off is what the promotion says."""
        for entry in figures["lines"]:
            line = order.lines.get(entry["line"])
            if line is None or line.item not in (PIE, BEER) or line.source is not None:
                continue
            took = -sum(one["amount_minor"] for one in entry.get("promotions", ()))
            if took != off_minor(order, line):
                self.broken(f"{took} came off {line.item} of {order.id}")

    def at_return(self, order: Order, number: int, sold: _Sold) -> None:
        """By the quantity, and in the end exactly."""
        line = order.lines.get(number)
        if line is None or line.item != PIE or line.source is not None:
            return
        took, back = sold.promotions["pies"], sold.promotions_back["pies"]
        if abs(back * line.quantity - took * line.returned) >= line.quantity:
            self.broken(
                f"{line.returned} of {line.quantity} pies of {order.id} came back, and {back} of "
                f"the {took} that came off"
            )
        if is_back(order) and back != took:
            self.broken(f"all pies of {order.id} came back, and {back} of the {took} off")


@invariant("N1_points_are_spent_as_far_as_they_go")
class PointsAreSpentAsFarAsTheyGo(_OfLines):
    """A reward costs its points for each cake, no more than there are; with all cakes back the
    member has them all again."""

    def at_sale(self, order: Order, figures: dict[str, Any]) -> None:
        """At each sale that spent some, or should have."""
        spent = sum(
            one.get("points", 0) for row in figures["lines"] for one in row.get("promotions", ())
        )
        wanted = CAKE_POINTS * sum(treats(order, line) for line in order.lines.values())
        if spent != wanted or spent > max(order.points, 0):
            self.broken(f"order {order.id} spent {spent} of {order.points} points, not {wanted}")

    def at_return(self, order: Order, number: int, sold: _Sold) -> None:
        """As far as the cakes do, and in the end exactly."""
        line = order.lines.get(number)
        if line is None or line.item != CAKE or line.source is not None:
            return
        off = abs(sold.points_back * line.quantity - sold.points * line.returned)
        ended = line.returned == line.quantity and sold.points_back != sold.points
        if off >= line.quantity or ended:
            self.broken(
                f"{line.returned} of {line.quantity} cakes of {order.id} came back, and "
                f"{sold.points_back} of {sold.points} points"
            )


@invariant("M1_a_price_is_paid_as_it_was_made")
class APriceIsPaidAsItWasMade(Invariant):
    """A price for a means of payment is paid by that alone."""

    def on_record(self, row: Row) -> None:
        """At each completed sale of beer."""
        if row.name != "order.completed/1" or row.kind != "live":
            return
        order = self.model.orders[row.data["order_id"]]
        has_beer = any(e.item == BEER and e.source is None for e in order.lines.values())
        if not (order.chosen_tender and has_beer):
            return
        kinds = {tender["kind"] for tender in row.data["tenders"]}
        if kinds != {order.chosen_tender}:
            self.broken(f"the price of {order.id} is for {order.chosen_tender}, paid by {kinds}")
