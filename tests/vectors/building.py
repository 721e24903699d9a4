"""Making published cases: figures from the fractions twin, held against what was worked by hand.

Nothing here touches the extension or the runner: a case is read into the twin in its own way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.native import tax_twin
from tests.native.twins import cash_round, rounded
from tests.vectors.reductions import Outcome, outcome

FOLDERS = {name: Path(__file__).with_name(name) for name in ("tax", "price")}
Data = dict[str, Any]
DIGITS = {"JPY": 0, "BHD": 3, "TND": 3, "CLF": 4, "KRW": 0, "XXA": 1}
ARITHMETIC = "arithmetic"
LINE_MAX = 140
VERSION = 3  # of the format: what changed stands in the README


def money(minor: int, digits: int) -> str:
    """Minor units as decimal text."""
    text = str(abs(minor)).rjust(digits + 1, "0")
    text = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return f"-{text}" if minor < 0 else text


def short(value: Fraction) -> str:
    """A fraction as a person writes it: exact where it ends within six decimals, else cut."""
    millionths = value * 10**6
    cut = int(millionths)
    text = money(cut, 6).rstrip("0").rstrip(".")
    return text if millionths == cut else text + "…"


def tax(name: str, value: str, kind: Any = "percent", **more: Any) -> Data:
    """A tax of a case."""
    return {"id": name, "kind": kind, "value": value, **more}


def inside(name: str, value: str, **more: Any) -> Data:
    """A percentage that the price has in it."""
    return tax(name, value, price_included=True, **more)


def line(price: str, quantity: str = "1", taxes: Sequence[str] = ("vat",), **more: Any) -> Data:
    """A line of a case."""
    return {"unit_price": price, "quantity": quantity, "taxes": list(taxes), **more}


def _whole(text: str, decimals: int) -> int:
    value = Fraction(text) * 10**decimals
    assert value.denominator == 1, f"{text} has more than {decimals} decimals"
    return value.numerator


def _twin_tax(entry: Data, digits: int) -> tax_twin.TaxTuple:
    per_unit = entry["kind"] == "per_unit"
    threshold, cap = entry.get("threshold"), entry.get("cap")
    charge = "reverse" if entry.get("reverse_charge") else "charged"
    return (
        entry["kind"],
        _whole(entry["value"], 6 if per_unit else 4),
        entry.get("unit", "piece") if per_unit else "",
        entry.get("price_included", False),
        entry.get("affects_later", False),
        entry.get("affected_by_previous", True),
        "exempt" if entry.get("exempt") else charge,
        threshold
        and (
            _whole(threshold["amount"], digits),
            threshold.get("exempt_at_amount", False),
            threshold.get("per", "item"),
            threshold.get("then", "whole") == "excess",
        ),
        cap and (cap.get("of", "tax"), _whole(cap["amount"], digits), cap.get("per", "item")),
    )


def _twin_line(
    entry: Data, names: Sequence[str], digits: int, taken: int | None
) -> tax_twin.LineTuple:
    """A line for the twin; `taken` is all that comes off, None where only its discounts do."""
    price, quantity = Fraction(entry["unit_price"]), Fraction(entry["quantity"])
    left = rounded(price * quantity * 10**digits, "half_up")
    off = 0
    for discount in entry.get("discounts", ()):
        if "percent" in discount:
            off += rounded((left - off) * Fraction(discount["percent"]) / 100, "half_up")
        else:
            off += _whole(discount["amount"], digits)
    return (
        _whole(entry["unit_price"], 6),
        _whole(entry["quantity"], 3),
        entry.get("unit", "piece"),
        off if taken is None else taken,
        [names.index(name) for name in entry.get("taxes", ())],
        [(unit, _whole(milli, 3)) for unit, milli in entry.get("measures", {}).items()],
    )


def figures(case: Data) -> Data:
    """What the twin makes of a case, in the shape a case expects."""
    digits = case["currency"]["minor_digits"]
    policies = case["policies"]
    names = [entry["id"] for entry in case["taxes"]]
    came_off = outcome(case) if case["promotions"] or case.get("discounts") else None
    taken = [None] * len(case["lines"]) if came_off is None else came_off.all_off()
    rows = zip(case["lines"], taken, strict=True)
    done = tax_twin.tax_document(
        [_twin_line(entry, names, digits, off) for entry, off in rows],
        [_twin_tax(entry, digits) for entry in case["taxes"]],
        (
            policies.get("rounding", "line"),
            policies.get("mode", "half_up"),
            policies.get("extract", "tax_first"),
            policies.get("residual", "largest"),
            policies.get("amounts", "rounded"),
            policies.get("amount_mode", "half_up"),
            policies.get("division_base", "gross"),
        ),
        digits,
    )

    def told(row: Data) -> Data:
        shown = {
            "id": names[row["tax_index"]],
            "base": money(row["base_minor"], digits),
            "tax": money(row["tax_minor"], digits),
            "exact": money(row["exact_e5"], 5),
        }
        if row["uncharged_minor"]:
            shown["uncharged"] = money(row["uncharged_minor"], digits)
        return shown

    def sums(row: Data) -> Data:
        return {name: money(row[f"{name}_minor"], digits) for name in ("net", "tax", "gross")}

    expected = {
        **sums(done),
        "per_tax": [told(row) for row in done["taxes"]],
        "per_line": [
            {**sums(row), "taxes": [told(entry) for entry in row["taxes"]]} for row in done["lines"]
        ],
    }
    if came_off is not None:
        _tell_offs(expected, case, came_off, done)
    if cash := policies.get("cash"):
        part = done["gross_minor"] - _whole(cash.get("other_tenders", "0"), digits)
        due = cash_round(part, _whole(cash["step"], digits), cash.get("mode", "half_up"))
        expected["cash"] = {"due": money(due, digits), "rounding": money(due - part, digits)}
    return expected


def _tell_offs(expected: Data, case: Data, found: Outcome, done: Data) -> None:
    """What each promotion and the order's discount took, and the prices they leave."""
    digits = case["currency"]["minor_digits"]
    expected["price"] = money(sum(row["price_minor"] for row in done["lines"]), digits)
    expected["per_promotion"] = [
        {
            "id": name,
            "amount": money(sum(row[name] for row in found.promotions), digits),
            "vendor": money(vendor, digits),
            **({"points": found.points[name]} if any(found.points.values()) else {}),
        }
        for name, vendor in found.vendor.items()
    ]
    for at, row in enumerate(expected["per_line"]):
        row["price"] = money(done["lines"][at]["price_minor"], digits)
        row["order_discount"] = money(found.order[at], digits)
        row["promotions"] = [
            {"id": name, "amount": money(off, digits)} for name, off in found.promotions[at].items()
        ]


def laid_out(value: Any, indent: int = 0) -> str:
    """JSON a person can read: what fits on a line stands on one."""
    plain = json.dumps(value, ensure_ascii=False)
    if len(plain) + indent <= LINE_MAX or not isinstance(value, dict | list):
        return plain
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {laid_out(of, indent + 1)}" for key, of in value.items()]
    else:
        parts = [laid_out(of, indent + 1) for of in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    inner = ",\n".join(" " * (indent + 1) + part for part in parts)
    return f"{opening}\n{inner}\n{' ' * indent}{closing}"


class Cases:
    """The cases of one file."""

    folder = FOLDERS["tax"]

    def __init__(self, name: str, about: str) -> None:
        """`name` is the file's, and begins every id."""
        self.name, self.about = name, about
        self.cases: list[Data] = []

    def refuse(
        self, rule: str, taxes: Sequence[Data], lines: Sequence[Data], code: str = "EUR"
    ) -> None:
        """Add a case that has no figures; what it breaks stands in `rule`."""
        case = self._case(rule, ARITHMETIC, code, taxes, lines, {})
        case["expected"] = {"refused": True}
        self.cases.append(case)

    def add(
        self,
        rule: str,
        taxes: Sequence[Data],
        lines: Sequence[Data],
        hand: Mapping[str, str],
        arithmetic: str,
        source: str = ARITHMETIC,
        code: str = "EUR",
        **policies: Any,
    ) -> None:
        """Add a case; `hand` holds the figures worked out on paper, and the twin must find them.

        Its keys are `net`, `tax`, `gross`, `due`, `rounding`, the id of a tax (its sum), or
        `base:` and an id; `taxes` is every line's tax in order, parted by blanks.
        """
        case = self._case(rule, source, code, taxes, lines, policies)
        case["arithmetic"] = arithmetic
        expected = case["expected"] = figures(case)
        for name, value in hand.items():
            assert _found(expected, name) == value, (case["id"], rule, name, value, expected)
        self.cases.append(case)

    def _case(
        self,
        rule: str,
        source: str,
        code: str,
        taxes: Sequence[Data],
        lines: Sequence[Data],
        policies: Data,
    ) -> Data:
        return {
            "id": f"{self.name}-{len(self.cases) + 1:02}",
            "rule": rule,
            "source": source,
            "currency": {"code": code, "minor_digits": DIGITS.get(code, 2)},
            "taxes": list(taxes),
            "lines": list(lines),
            "promotions": [],
            "policies": policies,
        }

    def text(self) -> str:
        """The file."""
        return laid_out({"version": VERSION, "about": self.about, "cases": self.cases}) + "\n"


def _found(expected: Data, name: str) -> str:
    if name in ("net", "tax", "gross"):
        return str(expected[name])
    if name in ("due", "rounding"):
        return str(expected["cash"][name])
    if name == "taxes":
        return " ".join(row["tax"] for row in expected["per_line"])
    kind, _, of = name.rpartition(":")
    (row,) = [row for row in expected["per_tax"] if row["id"] == of]
    return str(row[kind or "tax"])
