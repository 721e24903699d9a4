"""Any day of cards that no bank has seen: what cashiers, terminals, the bank, restarts and files do
to it, what is at risk by the journal alone, and what the terminals really hold, told or not."""

from __future__ import annotations

from typing import Any

import attrs
from attrs import define, field
from hypothesis import strategies as st

from engine import limits
from engine.order.commands import AddLine, CompleteOrder
from engine.payment.commands import (
    CloseException,
    KeepPayment,
    ReportUpload,
    RequestPayment,
    SetOfflinePolicy,
    SetPaymentAside,
    TakeBack,
)
from engine.payment.events import (
    Asked,
    BrandCeiling,
    ExceptionClosed,
    OfflinePolicy,
    OfflineUploaded,
    PaymentHeard,
    PaymentKept,
    PaymentRequested,
    Problem,
    Standing,
    UploadSource,
)
from engine.payment.state import Payment
from engine.settings import DefineRegister, RegisterSetup
from engine.staff import OperatorAdded, SignedOn
from engine.terminal import CardShown, Kind, Verdict
from engine.till import OpenTill
from engine.views.payments import payments_view
from tests.card_shop import card_shop, hear, told
from tests.shop import Shop

REGISTERS = ("1", "2", "3")
PEOPLE = ("eva", "max")
BRANDS = ("Visa", "Mastercard", "Amex", "")
ITEMS = ("bread", "wine", "book")
ACTIONS = (
    *("ask", "ask", "ask", "store", "store", "store", "approve", "decline", "lose", "find"),
    *("not_found", "aside", "close", "paid", "refused", "by_file", "change", "wait", "restart"),
    *("find_aside", "back"),
)
TIPS = (0, 0, 100, 700)
WAITS_S = (20, 60, 1500)
Step = tuple[str, str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(ACTIONS),
        st.sampled_from(REGISTERS),
        st.integers(0, 11),
        st.sampled_from(TIPS),
    ),
    min_size=20,
    max_size=60,
)
BRANDED = OfflinePolicy(
    1300,
    3000,
    2600,
    4000,
    1000,
    brand_limits=(BrandCeiling("visa", 1500), BrandCeiling("amex", 900)),
    tip_minor_max=100,
)
LISTED = OfflinePolicy(1300, 2100, 1700, 2500, 400, ("visa", "mc"), tip_minor_max=700)
WITHOUT_AMEX = attrs.evolve(BRANDED, brand_limits=(BrandCeiling("amex", 0),))
POLICIES = (
    OfflinePolicy(900, 1000, 1000, 1000, 90),
    OfflinePolicy(1100, 2100, 1700, 2500, 400, tip_minor_max=700),
    LISTED,
    BRANDED,
    WITHOUT_AMEX,
    OfflinePolicy(0, 0, 0, 0, 0),
)


@define
class Risk:
    """What one payment has at risk, by the facts. `is_stored` once a terminal has it; `brand` as
    far as it was told, `any_brand` while it may be of each; `is_unwanted` while it is taken
    back."""

    asked: Asked
    amount_minor: int
    brand: str = ""
    is_stored: bool = False
    is_unwanted: bool = False
    requested_ns: int = 0
    any_brand: bool = False

    def may_be_of(self, brand: str) -> bool:
        """Whether it counts for a brand: what nobody named counts for each."""
        return self.any_brand if not self.is_stored else self.brand.casefold() in ("", brand)


@define
class Day:
    """A shop with three registers and two people, their terminals, and the facts so far.

    `listens`: its terminals ask their bank when they are told to, as nexo has it. Others (ZVT) do
    as they like, and have each approval written down before it counts. `held` is what terminals
    really stored, by payment, whether they told it or not.
    """

    shop: Shop
    policy: OfflinePolicy
    listens: bool = True
    held: dict[str, Risk] = field(factory=dict)
    number: int = 0
    read: int = 0
    risks: dict[str, Risk] = field(factory=dict)
    asked: dict[str, Asked] = field(factory=dict)
    most_minor: int = 0
    stored: int = 0
    refused: int = 0
    told: int = 0
    secret: int = 0

    @staticmethod
    def under(policy: OfflinePolicy, *, listens: bool = True) -> Day:
        """A day under these ceilings."""
        shop = card_shop()
        third = RegisterSetup("3", "Side", terminal="terminal/3", tips=True)
        shop.ok(DefineRegister(third), admin=True)
        shop.given(OperatorAdded("eva", "Eva", "manager", "hash"), SignedOn("eva", "3"))
        for register in ("2", "3"):
            shop.ok(OpenTill(()), register)
        shop.ok(SetOfflinePolicy(policy), admin=True)
        # Nobody is asked for a tip at the second.
        second = attrs.evolve(shop.books.settings.registers["2"], tips=False)
        shop.ok(DefineRegister(second), admin=True)
        return Day(shop, policy, listens)

    # ----------------------------------------------------------------------------- what may happen

    def step(self, action: str, register: str, pick: int, tip_minor: int) -> None:
        """One thing, where it can happen now; nothing where it cannot."""
        payments = self.shop.books.payments
        payment = payments.at_terminal(f"terminal/{register}")
        is_held = payment is not None and payment.asked.payment_id in self.held
        match action:
            case "ask" if payment is None:
                self._ask(register, ITEMS[pick % 3])
            case "store" if payment is not None and not is_held:
                self._store(payment, BRANDS[pick % 4], tip_minor, pick)
            case "approve" | "decline" | "lose" if payment is not None:
                self._answer(payment, action)
            case "find" if payment is not None and payment.standing is Standing.UNKNOWN:
                self._find(payment)
            case "find_aside":
                for aside in [one for one in payments.aside() if one.is_open][:1]:
                    self._find(aside)
            case "back":
                for waiting in [one for one in payments.aside() if one.back_waits][:1]:
                    self.shop.when(TakeBack(waiting.asked.payment_id), admin=True)
            case "not_found" if payment is not None and payment.standing is Standing.UNKNOWN:
                if not is_held:
                    self._hear(payment, Verdict.UNKNOWN, is_inquiry=True, code="not_found")
            case "aside" if payment is not None and payment.standing is Standing.UNKNOWN:
                self.shop.ok(SetPaymentAside(payment.asked.payment_id, "broken"), register)
            case "close":
                for payment_id in [*payments.exceptions][:1]:
                    self.shop.ok(CloseException(payment_id, "looked"), register)
            case "paid" | "refused" | "by_file":
                self._present(pick, action)
            case "change":
                self.shop.given(SignedOn(PEOPLE[pick % 2], register))
            case "wait":
                self.shop.now_ns += WAITS_S[pick % 3] * limits.NS_PER_S
            case "restart":
                self._restart()
            case _:
                pass

    def _ask(self, register: str, item: str) -> None:
        shop = self.shop
        order = shop.books.live.current(register)
        if order is None:
            shop.ok(AddLine(item), register)
        shop.when(RequestPayment(), register)

    def _hear(self, payment: Payment, verdict: Verdict, **changes: Any) -> None:
        self.number += 1
        register = payment.asked.register
        hear(self.shop, verdict, self.number, register=register, payment=payment, **changes)
        order = self.shop.books.live.orders.get(payment.asked.order_id)
        if order is not None and self.shop.books.payments.of_order(order.id) is None:
            self.shop.when(CompleteOrder(), register)

    def _store(self, payment: Payment, brand: str, tip_minor: int, pick: int) -> None:
        """A terminal approves alone. One that listens was told that it may, else it has no
        connection; what it says of it comes at once, or half, or not at all, even once nobody waits
        for it. One that does not listen asks whether its approval counts; refused, it takes it
        back."""
        asked = payment.asked
        is_told = asked.alone_minor_max > 0
        is_waited_for = payment.standing is Standing.REQUESTED
        if asked.kind is not Kind.SALE or not (is_told or (not self.listens and is_waited_for)):
            if is_waited_for:
                self._hear(payment, Verdict.ABORTED, code="no_connection")
            return
        if not asked.tip_allowed:
            tip_minor = 0
        elif is_told and self.policy.tip_minor_max:
            tip_minor = min(tip_minor, self.policy.tip_minor_max)
        amount_minor = asked.amount_minor + tip_minor
        held = Risk(asked, amount_minor, brand, is_stored=True)
        loses = pick % 3 if is_waited_for else 2
        if loses == 2 and is_told:
            self.held[asked.payment_id] = held
            self.secret += 1
            if is_waited_for:
                self._hear(payment, Verdict.UNKNOWN, code="link_lost")
            return
        number = self.number + 1
        answer = told(payment, Verdict.APPROVED, number, **self._told_of(held))
        kept = attrs.evolve(answer, verdict=Verdict.UNKNOWN, code="not_completed_ok")
        decision = self.shop.when(KeepPayment(asked.payment_id, kept), asked.register, admin=True)
        if decision.refused is not None:
            self.refused += 1
            # What fitted in all that nobody knew can only have become too late.
            assert not is_told or self._is_late()
            self._hear(payment, Verdict.ABORTED, code="system_error")
            return
        self.held[asked.payment_id] = held
        if loses:
            self.number = number
            self._hear(payment, Verdict.UNKNOWN, code="link_lost")
        else:
            self._hear(payment, Verdict.APPROVED, **self._told_of(held))

    def _told_of(self, held: Risk) -> dict[str, Any]:
        return {
            "amount_minor": held.amount_minor,
            "tip_minor": held.amount_minor - held.asked.amount_minor,
            "card": CardShown("476173******0119", held.brand),
            "is_offline": True,
        }

    def _answer(self, payment: Payment, action: str) -> None:
        verdicts = {"approve": Verdict.APPROVED, "decline": Verdict.DECLINED}
        verdict = verdicts.get(action, Verdict.UNKNOWN)
        if payment.asked.payment_id in self.held and action != "lose":
            # What was stored is not something else once it is asked for.
            self._find(payment)
        elif payment.standing is Standing.REQUESTED or action != "lose":
            self._hear(payment, verdict, is_inquiry=payment.standing is Standing.UNKNOWN)

    def _find(self, payment: Payment) -> None:
        """Asked again, a terminal says that it took it alone, or that it did not."""
        held = self.held.get(payment.asked.payment_id)
        if held is None:
            self._hear(payment, Verdict.DECLINED, is_inquiry=True)
        else:
            self._hear(payment, Verdict.APPROVED, is_inquiry=True, **self._told_of(held))

    def _present(self, pick: int, action: str) -> None:
        """The bank pays or refuses what was stored; whoever tells it twice changes nothing."""
        stored = [*self.shop.books.payments.offline]
        if not stored:
            return
        payment_id = stored[pick % len(stored)]
        source = UploadSource.FILE if action == "by_file" else UploadSource.TERMINAL
        told_now = ReportUpload(payment_id, action != "refused", source)
        self.shop.ok(told_now, admin=True)
        self.told += 1
        assert self.shop.no(told_now, admin=True) == "payment_must_exist"

    def _restart(self) -> None:
        """The store forgets everything but its journal; whatever was asked for is unknown now."""
        self.shop.books = self.shop.replayed()
        for payment in [*self.shop.books.payments.open.values()]:
            if payment.standing is Standing.REQUESTED:
                before = payment.answer or told(payment, Verdict.UNKNOWN, self.number + 1)
                self._hear(payment, Verdict.UNKNOWN, code="restarted", before=before.before)

    # ----------------------------------------------------------------------------- what is at risk

    def look(self) -> None:
        """No ceiling is passed by the facts, and the store shows the very same."""
        for fact, stamp in self.shop.posted[self.read :]:
            self._fold(fact.event, stamp.now_ns)
        self.read = len(self.shop.posted)
        for register in REGISTERS:
            view = payments_view(self.shop.books, now_ns=self.shop.now_ns, register=register)
            operator = self.shop.books.staff.signed_on.get(register, "")
            shown = {(row.ceiling, row.brand): row for row in view.ceilings}
            assert view.offline_minor == self._sum() <= self.policy.total_minor
            if not shown:
                continue
            ours = {
                ("register", ""): (self._sum(register=register), self.policy.register_minor),
                ("operator", ""): (self._sum(operator=operator), self.policy.operator_minor),
                ("total", ""): (self._sum(), self.policy.total_minor),
                ("payment", ""): (0, self.policy.payment_minor),
            }
            for limit in self.policy.brand_limits:
                used = self._sum(brand=limit.brand)
                ours["brand", limit.brand] = (used, limit.limit_minor)
            for row, (used_minor, limit_minor) in ours.items():
                assert (shown[row].used_minor, shown[row].limit_minor) == (used_minor, limit_minor)
                assert used_minor <= limit_minor
                assert 0 <= shown[row].pending_minor <= used_minor
            assert shown["total", ""].pending_minor == self._sum(is_pending=True)
        for risk in self.risks.values():
            if risk.is_stored and not risk.is_unwanted:
                assert risk.amount_minor <= self.policy.payment_minor
        self._look_into_terminals()
        self.most_minor = max(self.most_minor, self._sum())

    def _look_into_terminals(self) -> None:
        """What terminals really hold, told or not, is within every ceiling."""
        policy, held = self.policy, [*self.held.values()]
        allowed = [entry.casefold() for entry in policy.brands]
        for risk in held:
            assert risk.amount_minor <= policy.payment_minor
            named = "mc" if risk.brand == "Mastercard" else risk.brand.casefold()
            assert not allowed or named in allowed
        assert sum(risk.amount_minor for risk in held) <= policy.total_minor
        for limit in policy.brand_limits:
            of_brand = [risk.amount_minor for risk in held if risk.may_be_of(limit.brand)]
            assert sum(of_brand) <= limit.limit_minor
        for register in REGISTERS:
            here = [risk.amount_minor for risk in held if risk.asked.register == register]
            assert sum(here) <= policy.register_minor
        for operator in PEOPLE:
            theirs = [risk.amount_minor for risk in held if risk.asked.operator == operator]
            assert sum(theirs) <= policy.operator_minor

    def _sum(
        self, *, register: str = "", operator: str = "", brand: str = "", is_pending: bool = False
    ) -> int:
        return sum(
            risk.amount_minor
            for risk in self.risks.values()
            if register in ("", risk.asked.register)
            and operator in ("", risk.asked.operator)
            and (not brand or risk.may_be_of(brand))
            and not (is_pending and risk.is_stored)
        )

    def _is_let(self, risk: Risk, now_ns: int) -> None:
        """What was let store fits in with all there is of its brand, and nothing else is too
        old."""
        self._is_young(risk, now_ns)
        for limit in self.policy.brand_limits:
            if risk.may_be_of(limit.brand):
                assert self._sum(brand=limit.brand) <= limit.limit_minor

    def _is_late(self) -> bool:
        oldest_ns = min((one.requested_ns for one in self.risks.values()), default=0)
        return self.shop.now_ns - oldest_ns > self.policy.age_s * limits.NS_PER_S

    def _is_young(self, risk: Risk, now_ns: int) -> None:
        others = [one.requested_ns for one in self.risks.values() if one.asked != risk.asked]
        assert now_ns - min(others, default=now_ns) <= self.policy.age_s * limits.NS_PER_S

    def _fold(self, event: object, now_ns: int) -> None:
        match event:
            case PaymentRequested(asked):
                self.asked[asked.payment_id] = asked
                if asked.offline_allowed:
                    most_minor = max(asked.amount_minor, asked.alone_minor_max)
                    risk = Risk(asked, most_minor, requested_ns=now_ns)
                    risk.any_brand = asked.alone_minor_max > 0
                    self.risks[asked.payment_id] = risk
                    self._is_young(risk, now_ns)
            case PaymentKept(payment_id, answer) if answer.is_offline:
                risk = self.risks[payment_id]
                assert risk.any_brand or not self.listens
                risk.amount_minor, risk.brand = answer.amount_minor, answer.card.brand
                risk.is_stored = True
                self._is_let(risk, now_ns)
            case PaymentHeard() if event.standing not in (Standing.REQUESTED, Standing.UNKNOWN):
                self._end(event, now_ns)
            case OfflineUploaded(payment_id) | ExceptionClosed(payment_id):
                self._free(event, payment_id)
            case _:
                pass

    def _end(self, event: PaymentHeard, now_ns: int) -> None:
        asked, answer = self.asked[event.payment_id], event.answer
        if event.standing is Standing.OFFLINE_APPROVED:
            self.stored += 1
            unwanted = event.problem is Problem.OFFLINE
            before = self.risks.get(event.payment_id)
            asked_ns = now_ns if before is None else before.requested_ns
            risk = Risk(asked, answer.amount_minor, answer.card.brand, True, unwanted, asked_ns)
            self.risks[event.payment_id] = risk
            # What was let store before is not too late because it is heard of late.
            if not unwanted and (before is None or not before.is_stored):
                self._is_let(risk, now_ns)
            return
        self.risks.pop(event.payment_id, None)
        if asked.kind is Kind.REVERSAL and event.standing is Standing.APPROVED:
            self.risks.pop(asked.of_payment, None)
            self.held.pop(asked.of_payment, None)

    def _free(self, event: object, payment_id: str) -> None:
        """What became of it is told; or somebody looked into one that nobody knows. What was
        stored stays at risk whatever anybody writes about it."""
        risk = self.risks.get(payment_id)
        if risk is not None and (isinstance(event, OfflineUploaded) or not self._is_ours(risk)):
            del self.risks[payment_id]
            # Whoever closes it looked into the terminal.
            self.held.pop(payment_id, None)

    def _is_ours(self, risk: Risk) -> bool:
        return risk.asked.payment_id in self.shop.books.payments.offline
