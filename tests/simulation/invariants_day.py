"""The rules of a register's reports: Z what a Z and an X say happened, D what a count sheet says.

All of it is counted by the auditor: what a report leaves out, counts twice or keeps from the day
before is as wrong as a total that does not fit.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from attrs import define, field

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.facts import GIN
from tests.simulation.model import Order, Row
from tests.simulation.model_cash import rounding_minor
from tests.simulation.seen import Answered, Asked


@define
class Since:
    """What a register did since its last Z. `sums` are plain amounts and counts by the name they
    have in a report, `promotions` those of each by the name they have there."""

    sums: Counter[str] = field(factory=Counter)
    tips: Counter[str] = field(factory=Counter)
    charges: Counter[str] = field(factory=Counter)
    notes: dict[str, Counter[str]] = field(factory=dict)
    promotions: dict[str, Counter[str]] = field(factory=dict)

    def plain(self) -> dict[str, Any]:
        """As the totals of a report are looked at."""
        return {
            **{name: self.sums[name] for name in SUMS},
            "tips": _some(self.tips),
            "charges": _some(self.charges),
            "foreign": _all_some(self.notes),
            "promotions": _all_some(self.promotions),
        }


SUMS = (
    "sales", "total_minor", "gross_minor", "returned_minor", "discount_minor", "promotion_minor",
    "rounding_minor", "open_price_minor", "voided_orders", "voided_lines", "voided_minor",
    "no_sales", "paid_in_minor", "paid_out_minor", "over_short_minor", "comps", "comp_minor",
)  # fmt: skip
_OF_NOTES = ("amount_minor", "worth_minor", "over_short_minor")
_OF_A_PROMOTION = ("sales", "amount_minor", "returned_minor", "points", "points_returned")


def _some(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}


def _all_some(every: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    found = {name: _some(counts) for name, counts in sorted(every.items())}
    return {name: counts for name, counts in found.items() if counts}


def told_by(totals: dict[str, Any]) -> dict[str, Any]:
    """The totals of a report, as `Since.plain` has them."""
    return {
        **{name: totals[name] for name in SUMS},
        "tips": _some(Counter(totals["tips"])),
        "charges": _some(Counter({e["charge"]: e["amount_minor"] for e in totals["charges"]})),
        "foreign": _rows(totals["foreign"], "currency", _OF_NOTES),
        "promotions": _rows(totals["promotions"], "promotion", _OF_A_PROMOTION),
    }


def _rows(rows: list[dict[str, Any]], key: str, names: tuple[str, ...]) -> dict[str, Any]:
    return _all_some({row[key]: Counter({name: row[name] for name in names}) for row in rows})


def discount_minor(order: Order) -> int:
    """What people and promotions took off what is sold; what is given away is apart."""
    plain = [
        line for line in order.lines.values()
        if line.source is None and not line.is_given_away and line.item != GIN
    ]  # fmt: skip
    by_hand = sum(line.unit_minor * line.quantity - line.total_minor() for line in plain)
    return by_hand + order.less_minor()


@invariant("Z2_a_report_says_what_happened")
class AReportSaysWhatHappened(Invariant):
    """Every figure of a Z is what its register did since the last one, and no more; the grand total
    is all there ever was. An X says the same of the moment it is asked for, and changes nothing."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._since: dict[str, Since] = {}
        self._ever: Counter[str] = Counter()
        self._voided: Counter[str] = Counter()

    def of(self, register: str) -> Since:
        """A register's, since its last Z."""
        return self._since.setdefault(register, Since())

    def on_record(self, row: Row) -> None:
        """Count it, or hold it against what was counted."""
        if row.kind != "live":
            return
        data, sums = row.data, self.of(row.register).sums
        match row.name:
            case "order.line_voided/1":
                self._voided[data["order_id"]] += 1
            case "order.voided/1":
                sums.update(voided_orders=1, voided_minor=self._voided_minor(row))
            case "order.completed/1":
                self._completed(row.register, data)
            case "order.returned/1":
                self._returned(row.register, data)
            case "till.no_sale/1":
                sums["no_sales"] += 1
            case "till.paid_in/1":
                sums["paid_in_minor"] += data["amount_minor"]
            case "till.paid_out/1":
                sums["paid_out_minor"] += data["amount_minor"]
            case "till.closed/1":
                self._till_closed(row.register, data)
            case "register.day_closed/1":
                self._day_closed(row.register, data)

    def _voided_minor(self, row: Row) -> int:
        total = self.model.orders[row.data["order_id"]].total_minor()
        if row.data["total_minor"] != total:
            self.broken(f"{row.data} was voided, and came to {total}")
        return total

    def _completed(self, register: str, data: dict[str, Any]) -> None:
        order, since = self.model.orders[data["order_id"]], self.of(register)
        lines = order.lines.values()
        total = order.total_minor()
        returned = -sum(line.refund_minor for line in lines if line.source is not None)
        given = [line for line in lines if line.is_given_away]
        since.sums.update(
            sales=1,
            total_minor=total,
            gross_minor=total + returned,
            returned_minor=returned,
            discount_minor=discount_minor(order),
            promotion_minor=order.less_minor(),
            rounding_minor=rounding_minor(order),
            voided_lines=self._voided.pop(order.id, 0),
            comps=len(given),
            comp_minor=sum(line.unit_minor * line.quantity for line in given),
        )
        self._ever[register] += total
        since.tips[data["operator"]] += sum(order.tips.values())
        since.charges["service"] += order.service_minor()
        for currency, amount, worth in order.notes.values():
            since.notes.setdefault(currency, Counter()).update(
                amount_minor=amount, worth_minor=worth
            )
        took: dict[str, Counter[str]] = {}
        for entry in data["figures"]["lines"]:
            for share in entry.get("promotions", ()):
                took.setdefault(share["promotion"], Counter(sales=1)).update(
                    amount_minor=-share["amount_minor"], points=share.get("points", 0)
                )
        for promotion, counts in took.items():
            since.promotions.setdefault(promotion, Counter()).update(counts)

    def _returned(self, register: str, data: dict[str, Any]) -> None:
        for share in data.get("promotions", ()):
            self.of(register).promotions.setdefault(share["promotion"], Counter()).update(
                returned_minor=share["amount_minor"], points_returned=share.get("points", 0)
            )

    def _till_closed(self, register: str, data: dict[str, Any]) -> None:
        since, till = self.of(register), self.model.tills[register]
        since.sums["over_short_minor"] += (till.counted_minor or 0) - till.expected_minor()
        for entry in data["foreign"]:
            since.notes.setdefault(entry["currency"], Counter()).update(
                over_short_minor=entry["difference_minor"]
            )

    def _day_closed(self, register: str, data: dict[str, Any]) -> None:
        since = self._since.pop(register, Since())
        self._compare(f"Z {register}-{data['z_number']}", since, data)

    def _compare(self, what: str, since: Since, data: dict[str, Any]) -> None:
        told, wanted = told_by(data["totals"]), since.plain()
        for name, value in wanted.items():
            if told[name] != value:
                self.broken(f"{what} says {told[name]} of {name}, counted was {value}")
                return
        ever = self._ever[data["register"]]
        if data["grand_total_minor"] != ever:
            self.broken(f"{what} says {data['grand_total_minor']} was ever sold, it was {ever}")

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """An X, where nothing came after what it was counted from."""
        if asked.name != "report.x" or not answer.ok or answer.data["training"]:
            return
        if answer.position != self.auditor.position:
            return
        register = answer.data["register"]
        self._compare(f"the X of {register}", self.of(register), answer.data)


@define
class _Sheet:
    """What a till session was told, by the names of its closing; `counted` are other notes."""

    sums: Counter[str] = field(factory=Counter)
    counted: Counter[str] = field(factory=Counter)


@invariant("D5_a_count_sheet_adds_up")
class ACountSheetAddsUp(Invariant):
    """The sheet of a closed till names what made up the expected cash, each part for itself, how
    often the drawer was opened for nothing, and of other notes what was counted against taken."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._sheets: dict[str, _Sheet] = {}

    def on_record(self, row: Row) -> None:
        """Count each part, and compare at the close."""
        if row.kind != "live":
            return
        data, sheet = row.data, self._sheets.setdefault(row.register, _Sheet())
        match row.name:
            case "order.completed/1":
                self._completed(sheet, self.model.orders[data["order_id"]])
            case "till.opened/1":
                self._sheets[row.register] = _Sheet(Counter(float_minor=data["float_minor"]))
            case "till.paid_in/1" | "till.paid_out/1":
                name = "paid_in_minor" if row.name == "till.paid_in/1" else "paid_out_minor"
                sheet.sums[name] += data["amount_minor"]
            case "till.no_sale/1":
                sheet.sums["no_sales"] += 1
            case "till.counted/1":
                for entry in data["foreign"]:
                    values = (e["value_minor"] * e["count"] for e in entry["denominations"])
                    sheet.counted[entry["currency"]] += sum(values)
            case "till.closed/1":
                self._closed(sheet, data)

    def _completed(self, sheet: _Sheet, order: Order) -> None:
        if not order.tenders and not order.notes:
            return
        in_cash = order.total_minor() - order.paid_minor() + rounding_minor(order)
        # Change for other notes goes out, and is of the sale all the same.
        if in_cash >= 0 or order.notes:
            sheet.sums["cash_sales_minor"] += in_cash
        else:
            sheet.sums["cash_refunds_minor"] -= in_cash

    def _closed(self, sheet: _Sheet, data: dict[str, Any]) -> None:
        names = ("float_minor", "cash_sales_minor", "cash_refunds_minor", "paid_in_minor",
                 "paid_out_minor", "no_sales")  # fmt: skip
        told = {name: data[name] for name in names}
        wanted = {name: sheet.sums[name] for name in names}
        if told != wanted:
            self.broken(f"the till of {data['register']} says {told}, counted was {wanted}")
        taken = self.model.tills[data["register"]].notes
        for entry in data["foreign"]:
            counted, held = sheet.counted[entry["currency"]], taken.get(entry["currency"], 0)
            if (entry["counted_minor"], entry["difference_minor"]) != (counted, counted - held):
                self.broken(f"{counted} of {held} {entry['currency']} were counted: {entry}")
