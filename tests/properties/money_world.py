"""A shop with all its ways to pay, and who really has the money: a bank, a provider, two drawers.

The world decides by chance what terminals and providers do, and keeps it; the shop is told, late,
twice or not at first. Nothing here computes what the shop should make of it.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import attrs
from attrs import frozen

from engine import limits
from engine.credit.rules import ReturnRules, SetReturnRules
from engine.decision import Decision
from engine.foreign import ForeignCurrency
from engine.order.events import OrderCompleted
from engine.order.tender_events import CashTendered, TenderUndone
from engine.paylink.commands import HearPaylink
from engine.paylink.state import Paylink
from engine.payment.commands import HearPayment, ReportUpload, SetOfflinePolicy
from engine.payment.ending_days import EndTerminalDay, HearTerminalDay
from engine.payment.events import OfflinePolicy
from engine.payment.state import Payment
from engine.provider import LinkKind, LinkState, Told
from engine.settings import SetForeignCurrencies
from engine.terminal import ALREADY_REVERSED, UNDOING, Identity, Kind, Settlement, Verdict
from engine.till import Denomination, OpenTill
from tests.card_shop import card_shop, told
from tests.link_shop import PROVIDER, with_provider
from tests.shop import Shop

REGISTERS = ("1", "2")
FLOAT_MINOR = 10_000
_VERDICTS = {"yes": Verdict.APPROVED, "less": Verdict.PARTIALLY_APPROVED}


@frozen
class Done:
    """What a terminal really did: `how` is yes, less, no or gone (it was taken back before)."""

    how: str
    identity: Identity
    amount_minor: int = 0
    tip_minor: int = 0
    is_offline: bool = False

    @property
    def has_moved(self) -> bool:
        """Whether money moved by it."""
        return self.how in ("yes", "less")


class World:
    """`bank` and `provider` are the money the shop really has by each payment, signed; `drawers`
    what lies in them in the store's own coins, without what is on the counter."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        # On some days banks refuse much of what was stored, and terminals keep what they did.
        self.is_dark = self.chance.random() < 0.5
        self.shop = _shop(self.chance)
        self.done: dict[str, Done] = {}
        self.undoes: dict[str, str] = {}
        self.bank: dict[str, int] = {}
        self.refused: set[str] = set()
        self.links: dict[str, LinkState] = {}
        self.provider: dict[str, int] = {}
        self.drawers = dict.fromkeys(REGISTERS, FLOAT_MINOR)
        self.counter: dict[tuple[str, int], int] = {}
        self.sold: dict[str, OrderCompleted] = {}

    def do(self, body: Any, register: str = "1", *, admin: bool = False) -> Decision:
        """Send a command and see which coins change hands."""
        decision = self.shop.when(body, register, admin=admin)
        for fact in decision.facts:
            match fact.event:
                case CashTendered(order_id, tender, amount_minor):
                    self.counter[order_id, tender] = amount_minor
                case TenderUndone(order_id, tender):
                    self.counter.pop((order_id, tender), None)
                case OrderCompleted() as event:
                    self.sold[event.order_id] = event
                    keys = [(event.order_id, entry.tender) for entry in event.tenders]
                    coins = sum(self.counter.pop(key, 0) for key in keys)
                    self.drawers[event.register] += coins - event.change_minor
                case _:
                    pass
        return decision

    # ---------------------------------------------------------------------------- terminals

    def terminal_tells(self, payment: Payment, *, is_sure: bool = False) -> None:
        """Its terminal says what it did, or that nobody knows."""
        done = self._done(payment)
        asked, is_inquiry = payment.asked, payment.answer is not None
        answer = told(payment, Verdict.UNKNOWN, code="no_answer", identity=Identity())
        if is_sure or self.chance.random() < 0.85:
            code = ALREADY_REVERSED if done.how == "gone" else "ok"
            answer = attrs.evolve(
                told(payment, _VERDICTS.get(done.how, Verdict.DECLINED), code=code),
                amount_minor=done.amount_minor,
                tip_minor=done.tip_minor,
                is_offline=done.is_offline,
                identity=done.identity,
            )
        body = HearPayment(asked.payment_id, answer, is_inquiry)
        self.do(body, asked.register, admin=True)

    def bank_tells(self, payment_id: str, *, is_paid: bool) -> None:
        """What became of a payment that was taken without the bank."""
        decision = self.do(ReportUpload(payment_id, is_paid), admin=True)
        if decision.refused is None and not is_paid:
            self.refused.add(payment_id)
            self.bank[payment_id] = 0
            for reversal, undone in self.undoes.items():
                if undone == payment_id and reversal in self.bank:
                    self.bank[reversal] = 0

    def _done(self, payment: Payment) -> Done:
        asked = payment.asked
        known = self.done.get(asked.payment_id)
        if known is not None:
            return known
        number = len(self.done) + 1
        # Some terminals give back by the payment, for good.
        keeps = 0.7 if self.is_dark else 0.3
        is_final = asked.kind is Kind.REFUND and self.chance.random() < keeps
        # And some tell no number that what a card paid could be taken back by.
        has_number = asked.kind is not Kind.SALE or self.chance.random() < 0.95
        receipt = number if has_number else None
        name = Identity("29001234", number, receipt, "1126", "101500", "", is_final)
        done = self._decided(payment, name)
        self.done[asked.payment_id] = done
        if done.has_moved and asked.kind not in (Kind.RESERVATION, Kind.RELEASE):
            goes_out = asked.kind is Kind.REFUND
            if asked.kind in UNDOING:
                self.undoes[asked.payment_id] = asked.of_payment
                goes_out = not asked.of_refund
            is_nothing = asked.of_payment in self.refused and asked.kind in UNDOING
            minor = 0 if is_nothing else done.amount_minor
            self.bank[asked.payment_id] = -minor if goes_out else minor
        return done

    def _decided(self, payment: Payment, name: Identity) -> Done:
        asked, drawn = payment.asked, self.chance.random()
        whole = asked.amount_minor + asked.tip_on_top_minor
        if asked.kind in UNDOING and asked.of_payment in self.undoes.values():
            return Done("gone", name)
        if drawn > 0.8:
            return Done("no", name)
        if asked.kind is Kind.SALE:
            if drawn < 0.1 and asked.amount_minor > 1:
                return Done("less", name, asked.amount_minor // 2)
            if drawn < 0.2 and asked.tip_allowed:
                return Done("yes", name, whole + 200, asked.tip_on_top_minor + 200)
            return Done("yes", name, whole, asked.tip_on_top_minor, self._alone(payment))
        return Done("yes", name, asked.amount_minor)

    def _alone(self, payment: Payment) -> bool:
        return payment.asked.offline_allowed and self.chance.random() < (
            0.7 if self.is_dark else 0.3
        )

    def day_ends(self, register: str) -> None:
        """The terminal of a register ends its day, or nobody hears that it did: what it knows by a
        number alone it takes back no more."""
        decision = self.do(EndTerminalDay(), register)
        if decision.refused is None:
            verdict = self.chance.choice((Verdict.APPROVED, Verdict.APPROVED, Verdict.UNKNOWN))
            terminal, day_id = decision.answer["terminal"], decision.answer["day_id"]
            self.do(HearTerminalDay(terminal, day_id, Settlement(verdict)), register, admin=True)

    # ------------------------------------------------------------------------- the provider

    def provider_tells(self, link: Paylink, *, is_sure: bool = False) -> None:
        """It takes one on, does what is asked of it or not, and says so; said again, the same."""
        asked = link.asked
        state = self.links.get(asked.paylink_id)
        if state is None:
            state = LinkState.OPEN
        elif state is LinkState.OPEN:
            state = self._next(link, is_sure=is_sure)
        self.links[asked.paylink_id] = state
        if state is LinkState.PAID:
            self.provider[asked.paylink_id] = asked.amount_minor
        if state is LinkState.REFUNDED:
            self.provider[asked.paylink_id] = -asked.amount_minor
        url = f"https://pay.example/{asked.paylink_id}" if state is LinkState.OPEN else ""
        name = f"P-{asked.paylink_id}"
        money = (asked.amount_minor, asked.currency)
        word = Told(asked.paylink_id, state, *money, name, "", url)
        self.do(HearPaylink(PROVIDER, word), asked.register or "1", admin=True)

    def _next(self, link: Paylink, *, is_sure: bool) -> LinkState:
        drawn = self.chance.random()
        if link.asked.kind is LinkKind.REFUND:
            return LinkState.REFUNDED if is_sure or drawn < 0.8 else LinkState.FAILED
        if is_sure or drawn < 0.2:
            return LinkState.PAID if link.is_offered and drawn < 0.5 else LinkState.CANCELLED
        return LinkState.PAID if drawn < 0.8 else LinkState.OPEN

    # -------------------------------------------------------------------------------- sums

    def bank_minor(self) -> int:
        """What the bank has for the shop."""
        return sum(self.bank.values())

    def tendered(self) -> Counter[str]:
        """What receipts say was paid by each means, tips with their card; what no card ever paid is
        nothing."""
        paid: Counter[str] = Counter()
        for order_id, event in self.sold.items():
            unpaid = self.shop.order(order_id).unpaid
            for entry in event.tenders:
                if entry.tender not in unpaid:
                    tip_minor = 0 if entry.card is None else entry.card.tip_minor
                    sign = 1 if entry.amount_minor > 0 else -1
                    paid[entry.kind] += entry.amount_minor + sign * tip_minor
        return paid


def _shop(chance: random.Random) -> Shop:
    step = chance.choice((1, 5))
    shop = card_shop(cash_step_minor=step, prices_include_tax=chance.random() < 0.7)
    for register in REGISTERS:
        with_provider(shop, register)
    shop.ok(OpenTill((Denomination(1000, 10),)), "2")
    returns = ReturnRules(store_credit=chance.random() < 0.6)
    shop.ok(SetReturnRules(returns), admin=True)
    dollars = ForeignCurrency("USD", chance.randint(500_000, 1_500_000))
    shop.ok(SetForeignCurrencies((dollars,)), admin=True)
    most = limits.AMOUNT_MINOR_MAX
    shop.ok(SetOfflinePolicy(OfflinePolicy(5000, most, most, most, 3600)), admin=True)
    return shop
