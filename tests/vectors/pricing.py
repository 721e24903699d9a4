"""Making published cases of prices, whose figures are held against hand-worked ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.vectors.building import (
    ARITHMETIC,
    FOLDERS,
    Cases,
    Data,
    figures,
    inside,
    line,
)

VAT = inside("vat", "20")


def good(item: str, price: str, quantity: str = "1", **more: Any) -> Data:
    """A line of an item."""
    return line(price, quantity, more.pop("taxes", ("vat",)), item=item, **more)


def goods(prices: str, **more: Any) -> list[Data]:
    """A line for each price, of the items a, b, c and so on."""
    return [good(chr(97 + at), price, **more) for at, price in enumerate(prices.split())]


def percent(value: str) -> Data:
    """Per cent off."""
    return {"percent": value}


def amount(value: str) -> Data:
    """Money off."""
    return {"amount": value}


def price(value: str) -> Data:
    """What is left to pay."""
    return {"price": value}


def promotion(name: str, kind: str, off: Data | None = None, **more: Any) -> Data:
    """A promotion; fields of the benefit are those that benefits have."""
    fields = ("selection", "slots", "buy", "get", "get_selection", "pick", "tiers", "marginal")
    benefit: Data = {"kind": kind} | ({} if off is None else {"off": off})
    benefit |= {key: more.pop(key) for key in (*fields, "step") if key in more}
    return {"id": name, "benefit": benefit, **more}


def each(name: str, off: Data, **more: Any) -> Data:
    """Off every unit."""
    return promotion(name, "each", off, **more)


def bundle(name: str, count: int, off: Data, **more: Any) -> Data:
    """So many units together."""
    return promotion(name, "bundle", off, slots=[{"selection": 0, "count": count}], **more)


def free(name: str, buy: int, get: int, **more: Any) -> Data:
    """Some pay, others are free unless `off` says else."""
    return promotion(name, "buy_get", more.pop("off", percent("100")), buy=buy, get=get, **more)


def only(*items: str, **more: Any) -> list[Data]:
    """The selections of a promotion that names items."""
    return [{"items": list(items), **more}]


class PriceCases(Cases):
    """The cases of one file of prices."""

    folder = FOLDERS["price"]

    def price(
        self,
        rule: str,
        offers: Sequence[Data],
        lines: Sequence[Data],
        hand: Mapping[str, str],
        arithmetic: str,
        source: str = ARITHMETIC,
        code: str = "EUR",
        *,
        taxes: Sequence[Data] = (VAT,),
        discounts: Sequence[Data] = (),
        around: Data | None = None,
        totals_only: bool = False,
        **policies: Any,
    ) -> None:
        """Add a case; `hand` holds figures worked out on paper, which the fractions must find.

        Its keys are `lines` (the price that is left of each), `order` (each line's part of the
        order's discount), `off` and `off:ID` (what promotions took, and one of them by line),
        `vendor:ID`, `points` and `points:ID`, `net`, `tax`, `gross`, and `tax:ID`. Where nothing
        but a tie tells equal units apart, a case expects the sums alone (`totals_only`).
        """
        case = self._case(rule, source, code, taxes, lines, policies)
        case["promotions"] = list(offers)
        if discounts:
            case["discounts"] = list(discounts)
        if around is not None:
            case["circumstances"] = around
        case["arithmetic"] = arithmetic
        expected = case["expected"] = figures(case)
        for name, value in hand.items():
            got = _told(expected, name)
            assert got == value, (case["id"], rule, name, "by hand", value, "by search", got)
        if totals_only:
            del expected["per_line"], expected["per_tax"]
        self.cases.append(case)

    def contradict(self, rule: str, promotions: Sequence[Data], lines: Sequence[Data]) -> None:
        """Add a case whose promotions cannot be meant."""
        case = self._case(rule, ARITHMETIC, "EUR", [VAT], lines, {})
        case["promotions"] = list(promotions)
        case["expected"] = {"refused": True}
        self.cases.append(case)


def _told(expected: Data, name: str) -> str:
    lines = expected["per_line"]
    if name == "lines":
        return " ".join(row["price"] for row in lines)
    if name == "order":
        return " ".join(row["order_discount"] for row in lines)
    if name == "off":
        return " ".join(row["amount"] for row in expected["per_promotion"])
    kind, _, of = name.partition(":")
    if kind == "off":
        found = [one["amount"] for row in lines for one in row["promotions"] if one["id"] == of]
        return " ".join(found)
    if kind == "points":
        rows = expected["per_promotion"]
        return " ".join(str(row.get("points", 0)) for row in rows if not of or row["id"] == of)
    if kind == "vendor":
        return " ".join(row["vendor"] for row in expected["per_promotion"] if row["id"] == of)
    if kind == "tax" and of:
        return " ".join(row["tax"] for row in expected["per_tax"] if row["id"] == of)
    return str(expected[name])
