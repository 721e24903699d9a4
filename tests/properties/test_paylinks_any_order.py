"""Payments by link in any order of words, keys, time and restarts: money is counted once."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine import limits
from engine.image import books_from, image_of
from engine.order.commands import CompleteOrder, TenderCash, UndoTendering, VoidOrder
from engine.order.events import OrderCompleted
from engine.order.tender_events import LinkTendered, TenderUndone
from engine.paylink.commands import (
    CancelPaylink,
    ExpirePaylink,
    HearPaylink,
    RequestPaylink,
    ReverseLinkTender,
    SendBackPaylink,
)
from engine.paylink.events import LinkProblem, PaylinkRequested
from engine.provider import LinkKind, LinkState, Told
from engine.wire import canonical, parse
from tests.draws import examples
from tests.link_shop import PROVIDER, link_shop

PICK = st.integers(0, 1_000)


class LinksInAnyOrder(RuleBasedStateMachine):
    """A shop and a provider that pays, ends and says so whenever it likes, as often as it likes.

    `said` is every word the provider ever had to say; any of them is heard at any time, repeatedly.
    `paid` is the money the provider took, by reference.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shop = link_shop()
        self.said: list[Told] = []
        self.paid: dict[str, int] = {}
        self.ended: set[str] = set()

    # --------------------------------------------------------------------------------- the shop

    @rule(codes=st.lists(st.sampled_from(["bread", "wine", "milk"]), min_size=1, max_size=2))
    def ring_up(self, codes: list[str]) -> None:
        """Goods; refused while the order is being paid."""
        order = self.shop.books.live.current("1")
        if order is None or order.figures is None:
            self.shop.ring(*codes)

    @rule(amount_minor=st.sampled_from([0, 1, 129, 350]))
    def ask(self, amount_minor: int) -> None:
        """A link for what is due, or a part."""
        self.shop.when(RequestPaylink(amount_minor))

    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        """Any that was ever asked for."""
        if ids := self.asked():
            self.shop.when(CancelPaylink(ids[pick % len(ids)]))

    @rule()
    def pay_cash(self) -> None:
        """Whatever is due, and the end of the sale."""
        self.shop.when(TenderCash(100_000))
        self.shop.when(CompleteOrder())

    @rule()
    def go_back(self) -> None:
        """To ringing up, or out of it altogether."""
        self.shop.when(UndoTendering())

    @rule()
    def give_up(self) -> None:
        """The customer left."""
        self.shop.when(VoidOrder("left"))

    @rule(tender=st.integers(1, 3))
    def reverse(self, tender: int) -> None:
        """Give a tender by link back."""
        self.shop.when(ReverseLinkTender(tender))

    @rule(pick=PICK)
    def send_back(self, pick: int) -> None:
        """Clear an exception."""
        if ids := list(self.shop.books.paylinks.exceptions):
            self.shop.when(SendBackPaylink(ids[pick % len(ids)]))

    @rule(minutes=st.sampled_from([1, 5, 12]), pick=PICK)
    def time_passes(self, minutes: int, pick: int) -> None:
        """And the store looks at its clock."""
        self.shop.now_ns += minutes * 60 * limits.NS_PER_S
        if ids := list(self.shop.books.paylinks.open):
            self.shop.when(ExpirePaylink(ids[pick % len(ids)]), admin=True)

    @rule()
    def restart(self) -> None:
        """Replay and snapshot give what there was."""
        replayed = self.shop.replayed()
        assert replayed.paylinks == self.shop.books.paylinks
        image = parse(canonical(image_of(self.shop.books)))
        self.shop.books = books_from(image, None)

    # ----------------------------------------------------------------------------- the provider

    def asked(self) -> list[str]:
        """Every payment that was asked for."""
        requested = self.shop.events(PaylinkRequested)
        return [e.asked.paylink_id for e in requested if e.asked.kind is LinkKind.PAYMENT]

    def word(self, reference: str, state: LinkState) -> None:
        """The provider has something to say."""
        asked = next(
            e.asked for e in self.shop.events(PaylinkRequested) if e.asked.paylink_id == reference
        )
        url = "https://pay.example/x" if state is LinkState.OPEN else ""
        told = Told(reference, state, asked.amount_minor, asked.currency, f"P-{reference}", "", url)
        self.said.append(told)

    @rule(pick=PICK)
    def offer(self, pick: int) -> None:
        """It has the question."""
        if ids := self.asked():
            self.word(ids[pick % len(ids)], LinkState.OPEN)

    @rule(pick=PICK)
    def customer_pays(self, pick: int) -> None:
        """Once, unless it ended before."""
        open_ids = [e for e in self.asked() if e not in self.paid and e not in self.ended]
        if open_ids:
            reference = open_ids[pick % len(open_ids)]
            self.word(reference, LinkState.PAID)
            self.paid[reference] = self.said[-1].amount_minor

    @rule(pick=PICK, state=st.sampled_from([LinkState.CANCELLED, LinkState.EXPIRED]))
    def provider_ends(self, pick: int, state: LinkState) -> None:
        """Unless it was paid."""
        open_ids = [e for e in self.asked() if e not in self.paid and e not in self.ended]
        if open_ids:
            reference = open_ids[pick % len(open_ids)]
            self.ended.add(reference)
            self.word(reference, state)

    @rule(pick=PICK, state=st.sampled_from([LinkState.REFUNDED, LinkState.FAILED]))
    def refund_ends(self, pick: int, state: LinkState) -> None:
        """A refund went through, or did not."""
        refunds = [
            e.asked.paylink_id
            for e in self.shop.events(PaylinkRequested)
            if e.asked.kind is LinkKind.REFUND and e.asked.paylink_id not in self.ended
        ]
        if refunds:
            reference = refunds[pick % len(refunds)]
            self.ended.add(reference)
            self.word(reference, state)

    @rule(pick=PICK, why=st.sampled_from(["not_json", "too_long"]))
    def provider_babbles(self, pick: int, why: str) -> None:
        """What nobody can read is said of a payment or a refund."""
        if every := self.shop.events(PaylinkRequested):
            reference = every[pick % len(every)].asked.paylink_id
            self.said.append(Told(reference, LinkState.UNREADABLE, code=f"unreadable 200 {why}"))

    @precondition(lambda self: self.said)
    @rule(pick=PICK, register=st.sampled_from(["1", "1", "2"]))
    def heard(self, pick: int, register: str) -> None:
        """Any word it ever said, now; a word that is repeated moves nothing."""
        told = self.said[pick % len(self.said)]
        self.shop.when(HearPaylink(PROVIDER, told), register, admin=True)
        before = len(self.shop.facts)
        self.shop.when(HearPaylink(PROVIDER, told), register, admin=True)
        assert before == len(self.shop.facts)

    # ------------------------------------------------------------------------------ what is so

    @invariant()
    def no_link_is_two_tenders(self) -> None:
        """And only paid ones are one."""
        tenders = [e for e in self.shop.events(LinkTendered) if e.amount_minor > 0]
        ids = [e.link.paylink_id for e in tenders]
        assert len(ids) == len(set(ids))
        assert set(ids) <= set(self.paid)

    @invariant()
    def completed_sales_are_paid_exactly(self) -> None:
        """Total and rounding are tenders less change, and each sale ends once."""
        done = self.shop.events(OrderCompleted)
        assert len(done) == len({e.order_id for e in done})
        for sale in done:
            given = sum(e.amount_minor for e in sale.tenders) - sale.change_minor
            assert given == sale.figures.total_minor + sale.rounding_minor

    def teardown(self) -> None:
        """Once all is said, the provider's money is tenders, or exceptions, or went back."""
        plain = [told for told in self.said if told.state is not LinkState.UNREADABLE]
        for told in plain:
            self.shop.when(HearPaylink(PROVIDER, told), admin=True)
        shop = self.shop
        unread = [
            key
            for key, entry in shop.books.paylinks.exceptions.items()
            if entry.problem is LinkProblem.UNREADABLE
        ]
        assert not {told.reference for told in plain}.intersection(unread), "read, it is off"
        kept = {e.link.paylink_id: e.amount_minor for e in shop.events(LinkTendered)}
        listed = {
            key: entry.amount_minor
            for key, entry in shop.books.paylinks.exceptions.items()
            if entry.problem is LinkProblem.LATE
        }
        sent = {
            e.asked.of_paylink: e.asked.amount_minor
            for e in shop.events(PaylinkRequested)
            if e.asked.kind is LinkKind.REFUND and e.asked.of_paylink in self.paid
        }
        assert not kept.keys() & (listed.keys() | sent.keys())
        assert not listed.keys() & sent.keys()
        assert self.paid == {**kept, **listed, **sent}
        undone = len(shop.events(TenderUndone))
        reversed_ids = [
            e.asked.original
            for e in shop.events(PaylinkRequested)
            if e.asked.kind is LinkKind.REFUND and not e.asked.of_paylink
        ]
        assert len(reversed_ids) == len(set(reversed_ids)) <= undone + len(kept)


TestLinksInAnyOrder = pytest.mark.feature(
    "PAY-13", part="any order of words, cancelling, expiry and restarts"
)(LinksInAnyOrder.TestCase)
TestLinksInAnyOrder.settings = settings(max_examples=examples(250), stateful_step_count=30)
