"""A shop as a schoolbook would keep it: fractions, lists and nothing of the engine's arithmetic."""

from __future__ import annotations

from fractions import Fraction

from attrs import define, field

RATES = {"standard": Fraction(19, 100), "reduced": Fraction(7, 100)}


def nearest(value: Fraction) -> int:
    """The nearest whole number, halves away from zero."""
    whole = (abs(value) + Fraction(1, 2)).__floor__()
    return whole if value >= 0 else -whole


def shared(total: int, weights: list[int]) -> list[int]:
    """`total` over weights: whole parts first, then the largest fractions, then the earliest."""
    if not sum(weights):
        return [0] * len(weights)
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [value.__floor__() for value in exact]
    by_need = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in by_need[: total - sum(parts)]:
        parts[at] += 1
    return parts


@define
class NaiveLine:
    """A line; `fixed` is the exact money of a return line, negative, and `back_before_milli` how
    much of the same sold line was back already when it was rung up."""

    code: str
    price_minor: int
    quantity_milli: int
    tax_class: str
    discountable: bool = True
    percent_ppm: int = 0
    off_minor: int = 0
    live: bool = True
    fixed: int | None = None
    fixed_tax: int = 0
    source: tuple[str, int] | None = None
    back_before_milli: int = 0

    def likeness(self) -> tuple[int, ...]:
        """What makes two lines equal to a discount."""
        kind = 1 if self.percent_ppm else 2 if self.off_minor else 0
        taxed = int(self.tax_class != "reduced")
        value = self.percent_ppm or self.off_minor
        return (self.price_minor, self.quantity_milli, taxed, kind, value)

    def net(self) -> int:
        """What it costs after its own discount."""
        amount = nearest(Fraction(self.price_minor * self.quantity_milli, 1000))
        off = nearest(Fraction(amount * self.percent_ppm, 1_000_000)) + self.off_minor
        return amount - min(off, amount)


@define
class NaiveOrder:
    """Lines, one order discount, and the cash on the counter. `back_coins` is what coins pay of it
    where money goes back, and `went` what had gone back of its sales when that was settled."""

    lines: list[NaiveLine] = field(factory=list)
    percent_ppm: int = 0
    off_minor: int = 0
    tenders: dict[int, int] = field(factory=dict)
    tendering: bool = False
    back_coins: int | None = None
    went: dict[str, tuple[int, int]] = field(factory=dict)

    def live(self) -> list[NaiveLine]:
        """Lines that count."""
        return [line for line in self.lines if line.live]

    def nets(self) -> list[int]:
        """Each live line's money on the price side, order discount taken off."""
        lines = self.live()
        nets = [line.net() if line.fixed is None else line.fixed for line in lines]
        bears = [at for at, line in enumerate(lines) if line.fixed is None and line.discountable]
        # Equal lines are alike to a discount: who comes first is settled by what they are.
        bears.sort(key=lambda at: lines[at].likeness())
        base = sum(nets[at] for at in bears)
        off = nearest(Fraction(base * self.percent_ppm, 1_000_000)) + self.off_minor
        parts = shared(min(off, base), [nets[at] for at in bears])
        for at, part in zip(bears, parts, strict=True):
            nets[at] -= part
        return nets

    def total(self, *, inclusive: bool) -> int:
        """What the customer pays before cash rounding."""
        nets = self.nets()
        if inclusive:
            return sum(nets)
        total = sum(nets)
        for tax_class, rate in RATES.items():
            base = sum(
                net
                for net, line in zip(nets, self.live(), strict=True)
                if line.fixed is None and line.tax_class == tax_class
            )
            total += nearest(base * rate)
        return total

    def taxes(self, *, inclusive: bool) -> dict[str, int]:
        """The tax of each class that is on the order, returns included."""
        pairs = list(zip(self.nets(), self.live(), strict=True))
        found = {}
        for tax_class, rate in RATES.items():
            mine = [(net, line) for net, line in pairs if line.tax_class == tax_class]
            sold = sum(net for net, line in mine if line.fixed is None)
            share = rate / (1 + rate) if inclusive else rate
            if mine:
                back = sum(line.fixed_tax for _, line in mine)
                found[tax_class] = nearest(sold * share) + back
        return found

    def rounded(self, total: int, step: int) -> int:
        """What all of it is in the coins there are."""
        if total < 0 and self.back_coins is not None:
            return -self.back_coins
        return nearest(Fraction(total, step)) * step

    def in_coins(self, total: int, step: int) -> int:
        """What is still to pay in the coins there are."""
        return self.rounded(total, step) - sum(self.tenders.values())

    def rounding(self, total: int, step: int) -> int:
        """What the coins add to the total, once they are on the counter."""
        left = self.in_coins(total, step)
        covered = left <= 0 if total > 0 else left == 0
        return self.rounded(total, step) - total if self.tenders and covered else 0

    def due(self, total: int, step: int) -> int:
        """What is still to pay."""
        return total + self.rounding(total, step) - sum(self.tenders.values())


@define
class NaiveTill:
    """One drawer: every coin that went in or out is a number in a list."""

    moves: list[int] = field(factory=list)

    def expected(self) -> int:
        """What is in it."""
        return sum(self.moves)


@define
class NaiveDay:
    """What a register did since its last Z."""

    sales: list[int] = field(factory=list)
    rounding: int = 0
    cash: int = 0
    voided_orders: int = 0
    no_sales: int = 0
    paid_in: int = 0
    paid_out: int = 0
    over_short: int = 0


@define
class NaiveCash:
    """What a completed sale brought, goods that it was paid with included: to the cent, in coins,
    and what went back of both, by the order that gave it back."""

    paid: int
    came: int
    gone: dict[str, tuple[int, int]] = field(factory=dict)

    def went(self, order_id: str) -> tuple[int, int]:
        """What other orders gave back of it: to the cent, and in coins."""
        others = [entry for by, entry in self.gone.items() if by != order_id]
        return sum(exact for exact, _ in others), sum(coins for _, coins in others)

    def coins(self, order_id: str, exact: int, step: int) -> int:
        """What coins pay of so much more: of all that is back by then, rounded once, what was not
        given before, and never more than came."""
        went, given = self.went(order_id)
        most = (self.came - given) // step
        # Cents that were given beside whole coins are nobody's to make up for.
        odd = given % step
        whole = given - odd
        fair = nearest(Fraction(went + exact - odd, step)) * step - whole
        return max(0, min(fair, most * step))


@define
class NaiveSide:
    """All that is live of two registers, or all that is practice. `sold_milli` and `back_milli`
    are by order and line: how much was sold, and how much of it came back in completed orders."""

    tills: dict[str, NaiveTill] = field(factory=dict)
    current: dict[str, tuple[str, NaiveOrder]] = field(factory=dict)
    parked: dict[str, NaiveOrder] = field(factory=dict)
    days: dict[str, NaiveDay] = field(factory=lambda: {"1": NaiveDay(), "2": NaiveDay()})
    receipts: dict[str, int] = field(factory=lambda: {"1": 0, "2": 0})
    z_numbers: dict[str, int] = field(factory=lambda: {"1": 0, "2": 0})
    grand: dict[str, int] = field(factory=lambda: {"1": 0, "2": 0})
    sold: list[str] = field(factory=list)
    sold_milli: dict[tuple[str, int], int] = field(factory=dict)
    back_milli: dict[tuple[str, int], int] = field(factory=dict)
    cash: dict[str, NaiveCash] = field(factory=dict)

    def went(self, order_id: str, order: NaiveOrder) -> dict[str, tuple[int, int]]:
        """What went back of each sale that goods of an order came from."""
        sales = [line.source[0] for line in order.live() if line.source is not None]
        return {sale: self.cash[sale].went(order_id) for sale in sales}

    def backs(
        self, order_id: str, order: NaiveOrder, total: int, step: int
    ) -> dict[str, tuple[int, int]]:
        """How much of `total`, which is below nought, is of which sale: to the cent, in coins."""
        found, rest = {}, -total
        for sale, (went, _) in self.went(order_id, order).items():
            goods = -sum(
                line.fixed or 0
                for line in order.live()
                if line.source is not None and line.source[0] == sale
            )
            exact = max(0, min(self.cash[sale].paid - went, goods, rest))
            found[sale] = (exact, self.cash[sale].coins(order_id, exact, step))
            rest -= exact
        assert rest == 0, "no more goes back than was paid"
        return found

    def settle_coins(self, order_id: str, order: NaiveOrder, total: int, step: int) -> None:
        """What coins pay of an order, as things are now."""
        order.went, order.back_coins = self.went(order_id, order), None
        if total < 0:
            backs = self.backs(order_id, order, total, step)
            order.back_coins = sum(coins for _, coins in backs.values())

    def complete(self, order_id: str, order: NaiveOrder) -> None:
        """Note what was sold and what came back."""
        self.sold.append(order_id)
        for number, line in enumerate(order.lines, 1):
            if not line.live:
                continue
            if line.source is None:
                self.sold_milli[order_id, number] = line.quantity_milli
            else:
                back = self.back_milli.get(line.source, 0)
                self.back_milli[line.source] = back + line.quantity_milli

    def too_late(self, order: NaiveOrder) -> set[str]:
        """Why the returns on an order may be refused by now: others brought the same goods back."""
        reasons = set()
        for line in order.live():
            if line.source is None:
                continue
            back = self.back_milli.get(line.source, 0)
            mine = [one.quantity_milli for one in order.live() if one.source == line.source]
            if back + sum(mine) > self.sold_milli[line.source]:
                reasons.add("return_must_be_within_sold")
            elif back != line.back_before_milli:
                # What is left of the money is not what it was; it may still be the same.
                reasons.add("return_must_be_what_was_paid")
        return reasons
