"""What an order's facts hold: what a line sells, and each amount of a document once frozen."""

from __future__ import annotations

from enum import Enum
from typing import Final

from attrs import field, frozen

from engine.charge.model import ChargeFigures
from engine.credit.ledger import CreditPaid
from engine.foreign import ForeignNotes, ForeignTotal
from engine.measures import Measures
from engine.promotion.model import LinePromotion, PromotionShare, Recorded
from engine.provider import LinkPaid
from engine.taxation import CashStep, Dining, LineTax, ReturnTax, RuleTax
from engine.tender_rules import COUNTED
from engine.terminal import CardEntry, CardShown, ForPaper, Identity, Slip

NOT_OWED: Final = "not_owed"
"""The kind of what a return leaves out, among its tenders."""


class DiscountKind(Enum):
    """How a discount's value reads: PERCENT in ppm, AMOUNT in minor units."""

    PERCENT = "percent"
    AMOUNT = "amount"


@frozen
class LineItem:
    """What a line sells, in the words and at the price of that moment.

    `factor_milli` is the stock a quantity of one stands for; `price_book` the catalog version;
    `measures` are those of one piece, not of the pack.
    """

    item_id: str
    name: str
    variation: str
    department: str
    tax_class: str
    unit: str
    unit_price_micros: int
    code: str
    factor_milli: int
    price_book: int
    discountable: bool = True
    open_price: bool = False
    measures: Measures | None = None


@frozen
class ReturnOf:
    """Where a return line comes from and the exact money that goes back, negative or zero. Goods
    that come back without a receipt have no order, and line 0.

    `taxes` are what of each tax goes back, where the sale was taxed by rules. `priced_again_by` is
    the line of this order with whose goods these, which stay, are priced again: they go back in no
    quantity, and what they cost more is above zero. 0 for goods that do go back. `promotions` are
    what of each promotion comes back with these goods, and with those priced again for them.
    """

    order_id: str
    line: int
    receipt_number: str
    rate_ppm: int
    total_minor: int
    tax_minor: int
    reason: str
    taxes: tuple[ReturnTax, ...] = ()
    priced_again_by: int = 0
    promotions: tuple[PromotionShare, ...] = ()

    def has_receipt(self) -> bool:
        """Whether the sale it comes from is known."""
        return bool(self.order_id)


@frozen
class LineFigures:
    """One line's frozen amounts in minor units. net = amount + promotions + discounts + comp;
    total = base + tax. Sales of before there were promotions have none.

    `unit_price_micros` is the price that counted (-1 in sales of before there were price lists: the
    line's own), of `price_list`, called `list_name` ("": the item's own), marked down from
    `was_micros` (0: it is not).
    `cost_minor` is what the goods cost the shop, 0 where nobody said.

    `taxes` are those that rules made, in the order they are counted; `rate_ppm` is then the sum of
    the percentages that are charged.
    """

    line: int
    amount_minor: int
    line_discount_minor: int
    order_discount_minor: int
    net_minor: int
    base_minor: int
    tax_minor: int
    total_minor: int
    rate_ppm: int
    promotions: tuple[LinePromotion, ...] = ()
    taxes: tuple[LineTax, ...] = ()
    unit_price_micros: int = -1
    price_list: str = ""
    was_micros: int = 0
    comp_minor: int = 0
    cost_minor: int = 0
    list_name: str = ""

    def promotion_minor(self) -> int:
        """What all promotions took off."""
        return sum(entry.amount_minor for entry in self.promotions)


@frozen
class TaxFigures:
    """One tax class and rate of the document, or one tax that rules made of it.

    For the latter `tax_class` is the rule's id, `rate_ppm` its percentage (nought for a tax by the
    unit) and `uncharged_minor` what it comes to where it is not charged.
    """

    tax_class: str
    rate_ppm: int
    base_minor: int
    tax_minor: int
    total_minor: int
    rule: RuleTax | None = None
    uncharged_minor: int = 0

    def key(self) -> tuple[str | int, ...]:
        """What tells it apart from every other tax, and the order reports list them in."""
        own = (self.tax_class, self.rate_ppm)
        return own if self.rule is None else (*own, *self.rule.key())

    def plus(self, other: TaxFigures) -> TaxFigures:
        """This with what the same tax comes to elsewhere."""
        return TaxFigures(
            self.tax_class,
            self.rate_ppm,
            self.base_minor + other.base_minor,
            self.tax_minor + other.tax_minor,
            self.total_minor + other.total_minor,
            self.rule,
            self.uncharged_minor + other.uncharged_minor,
        )


@frozen
class Figures:
    """Every amount of a document, computed once. `rules` names the policy that made them.

    `discount_minor` is all that came off, of which `promotion_minor` by promotions; `comp_minor`,
    what was given away, is apart from it. `tax_version` is that of the tax rules, nought where tax
    classes were used. `cash` is how cash rounds, None where tax rules do not say it and the figures
    are not frozen yet. A charge has the amounts of a line below zero; `subtotal_minor` is without
    them. `recorded` is there where goods that come back have the rest priced again.
    `promotions_back` is what of promotions of earlier sales comes back with the goods that do, one
    share a promotion. `tender` is the means of payment that the price was made for, "" where any
    pays it.
    """

    lines: tuple[LineFigures, ...]
    taxes: tuple[TaxFigures, ...]
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    rules: str
    promotion_minor: int = 0
    tax_version: int = 0
    dining: Dining | None = None
    cash: CashStep | None = None
    comp_minor: int = 0
    charges: tuple[ChargeFigures, ...] = ()
    recorded: Recorded | None = None
    promotions_back: tuple[PromotionShare, ...] = ()
    tender: str = ""

    def promotion_amount_minor(self, promotion: str) -> int:
        """What one promotion took off, zero or less."""
        entries = (entry for row in self.lines for entry in row.promotions)
        return sum(entry.amount_minor for entry in entries if entry.promotion == promotion)

    def points_spent(self) -> int:
        """What rewards cost the member."""
        return sum(entry.points for row in self.lines for entry in row.promotions)

    def points_back(self) -> int:
        """What of earlier rewards is the member's again."""
        return sum(share.points for share in self.promotions_back)

    def settings_version(self) -> int:
        """Which version of the store's settings made these figures."""
        return int(self.rules.rpartition("/")[2])


@frozen
class CardPaid:
    """What an order keeps of a card payment: enough for its receipt, and to take it back.

    `tip_minor` came on top of the tender's amount. There is no card number but a masked one.
    `entry` marks one whose number was typed at the terminal.
    """

    payment_id: str
    terminal: str
    currency_code: int
    identity: Identity
    card: CardShown
    authorisation: str
    tip_minor: int = 0
    is_offline: bool = False
    slips: tuple[Slip, ...] = ()
    entry: CardEntry = CardEntry.READ
    paper: ForPaper = field(factory=ForPaper)


@frozen
class Tab:
    """A card that an amount is reserved on until the bill is closed, with the tip written so far.

    `card.identity` names the reservation, by which it is captured or released. `opened_ns` is when
    the first of them was made, 0 in tabs from before that was kept.
    """

    reserved_minor: int
    card: CardPaid
    tip_minor: int = 0
    opened_ns: int = 0


@frozen
class Tip:
    """What the customer is asked, or was, on our own screen before their card is: a tip on
    `amount_minor`. `tip_minor` is None until they answered."""

    amount_minor: int
    tip_minor: int | None = None


@frozen
class GaveBack:
    """A part of a refund: what it gives back of one tender of an earlier order, positive.

    `tender` 0 is what that order's customer paid with goods. `coins_minor` is what a refund in cash
    paid in coins for that order, all of it on the first part; None where no cash went back, and in
    refunds from before that was kept.
    """

    order_id: str
    tender: int
    amount_minor: int
    coins_minor: int | None = None


@frozen
class CashBack:
    """A sale that goods come back from: what of it went back in cash before, and what of it may
    still go back so. To the cent, before coins.

    `coins_minor` is what was paid of the former in coins, `came_minor` what the sale brought in, so
    that no more goes back; None in facts from before these were kept.
    """

    order_id: str
    went_minor: int
    left_minor: int
    coins_minor: int | None = None
    came_minor: int | None = None


@frozen
class TenderFigures:
    """One tender of a completed order. `card` is None unless it was paid by card; `gave_back` says
    of a refund whose tenders it gives back; `foreign` is there where it was notes of another
    currency, which count for `amount_minor` in the store's; `credit` where a note of store credit
    paid, or is what goes back; `link` where it was paid by link."""

    tender: int
    kind: str
    amount_minor: int
    card: CardPaid | None = None
    gave_back: tuple[GaveBack, ...] = ()
    foreign: ForeignNotes | None = None
    credit: CreditPaid | None = None
    link: LinkPaid | None = None

    def is_cash(self) -> bool:
        """Whether it went into the drawer or came out of it, in whatever currency."""
        return self.kind in COUNTED


def foreign_taken(tenders: tuple[TenderFigures, ...]) -> list[ForeignTotal]:
    """The notes of other currencies among `tenders`, one entry for each tender."""
    return [
        ForeignTotal(entry.foreign.currency, entry.foreign.amount_minor, entry.amount_minor)
        for entry in tenders
        if entry.foreign is not None
    ]
