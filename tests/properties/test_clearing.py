"""Clearing goes to nothing: whatever days were sold, however the files are cut, shuffled, repeated.

Each cent that terminals and providers took and no file has settled waits or is in an item, always.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.view_clearing_schema import row_of
from engine.order.commands import AddLine, AddReturnLine, CompleteOrder
from engine.paylink.commands import HearPaylink, RequestPaylink
from engine.paylink.events import PaylinkConfirmed
from engine.payment.commands import RequestPayment, ReverseTender
from engine.provider import LinkState, Told
from engine.settlement.judge import ItemKind
from engine.settlement.model import RowKind, SettlementRow
from engine.terminal import Answer, CardShown, Identity, Verdict
from tests.card_shop import card_shop, hear
from tests.clearing_shop import BANK, Clearing, paid, payout
from tests.link_shop import PROVIDER, with_provider
from tests.link_shop import hear as hear_link

BRANDS = ("Visa", "Mastercard", "amex")
ENTRIES = ("chip", "contactless", "keyed", "")
BESIDE = (ItemKind.FEE_DIFFERS.value, ItemKind.PAYOUT_DIFFERS.value)
LATE = "2027-03-01"


@define
class Days:
    """Days of selling by card, and the rows their acquirer has of them."""

    chance: random.Random
    clearing: Clearing = field(factory=lambda: Clearing(card_shop()))
    rows: list[SettlementRow] = field(factory=list)
    number: int = 0

    def sell(self) -> None:
        """One sale, some of which come to nothing or are taken back at once."""
        shop, chance = self.clearing.shop, self.chance
        for _ in range(chance.randint(1, 3)):
            shop.ok(AddLine(chance.choice(("wine", "bread", "milk", "book"))))
        shop.ok(RequestPayment())
        end = chance.choices(("approved", "declined", "reversed"), (8, 1, 2))[0]
        if end == "declined":
            self._hear(Verdict.DECLINED)
            shop.ok(RequestPayment())
        answer = self._hear(Verdict.APPROVED, tip_minor=chance.choice((0, 0, 50)))
        self._row(answer)
        if end == "reversed":
            shop.ok(ReverseTender(1))
            back = self._hear(Verdict.APPROVED)
            if chance.random() < 0.5:
                # Acquirers leave both out, or list both.
                self._row(back, goes_out=True)
            else:
                self.rows.pop()
            shop.ok(RequestPayment())
            self._row(self._hear(Verdict.APPROVED))
        shop.ok(CompleteOrder())

    def sell_by_link(self) -> None:
        """One sale by link, which some pay twice, and of which some comes back, or bounces."""
        shop, chance = self.clearing.shop, self.chance
        order = shop.ring(*(chance.choice(("wine", "bread")) for _ in range(chance.randint(1, 3))))
        self._moved(shop.ok(RequestPaylink())["paylink_id"], LinkState.PAID)
        if chance.random() < 0.2:
            paid_before = shop.events(PaylinkConfirmed)[-1].told
            again = attrs.evolve(paid_before, provider_reference=f"{self.number}-again")
            shop.ok(HearPaylink(PROVIDER, again), admin=True)
            self._link_row(again)
        if chance.random() < 0.4:
            shop.ok(AddReturnLine(order, 1, 1000, "broken"))
            refund_id = shop.ok(RequestPaylink())["paylink_id"]
            self._moved(refund_id, LinkState.REFUNDED)
            if chance.random() < 0.5:
                hear_link(shop, refund_id, LinkState.FAILED)
                # Left out, or there and back.
                back = self.rows.pop()
                if chance.random() < 0.5:
                    undone = attrs.evolve(back, kind=RowKind.CHARGEBACK, fee_minor=0)
                    self.rows += [back, attrs.evolve(undone, gross_minor=-back.gross_minor)]

    def _moved(self, paylink_id: str, state: LinkState) -> None:
        method = self.chance.choice(("wallet", "bank_transfer"))
        hear_link(self.clearing.shop, paylink_id, state, method=method)
        self._link_row(self.clearing.shop.events(PaylinkConfirmed)[-1].told)

    def _link_row(self, told: Told) -> None:
        self.number += 1
        gross = told.amount_minor if told.state is LinkState.PAID else -told.amount_minor
        name = {self.chance.choice(("reference", "own_reference")): told.provider_reference}
        self._say(gross, terminal_id="", trace=None, **name)

    def _hear(self, verdict: Verdict, tip_minor: int = 0) -> Answer:
        shop = self.clearing.shop
        self.number += 1
        (payment,) = shop.books.payments.open.values()
        card = CardShown(
            "541333******0010", self.chance.choice(BRANDS), entry=self.chance.choice(ENTRIES)
        )
        reference = f"T{self.number}.PSP{self.number}"
        name = Identity("29001234", self.number, self.number, "1126", "101500", reference)
        amount_minor = payment.asked.amount_minor + tip_minor
        told: dict[str, Any] = {"identity": name, "card": card}
        if verdict is Verdict.APPROVED:
            told |= {"amount_minor": amount_minor, "tip_minor": tip_minor}
        hear(shop, verdict, self.number, **told)
        return Answer(
            verdict, payment.asked.kind, amount_minor, amount_minor=amount_minor, identity=name
        )

    def _row(self, answer: Answer, *, goes_out: bool = False) -> None:
        gross = -answer.amount_minor if goes_out else answer.amount_minor
        by_name = {"reference": f"PSP{answer.identity.trace}", "terminal_id": "", "trace": None}
        self._say(gross, **self.chance.choice((by_name, {"trace": answer.identity.trace})))

    def _say(self, gross_minor: int, **names: Any) -> None:
        """The acquirer has a row of what was captured last, with its fee."""
        self.clearing.fold()
        last = "SELECT fee_minor FROM card_money ORDER BY rowid DESC LIMIT 1"
        (fee,) = row_of(self.clearing.db, last)
        batch = str(self.number // 7)
        self.rows.append(paid(0, gross_minor, fee, **{**names, "batch": batch}))

    def payouts(self) -> None:
        """What each batch comes to is paid out, or taken from the bank where that is below nought;
        a fee of the month is taken from the last."""
        self.rows.append(SettlementRow(RowKind.FEE, 0, 995, batch=self.rows[-1].batch))
        sums: dict[str, int] = {}
        for row in self.rows:
            sums[row.batch] = sums.get(row.batch, 0) + row.gross_minor - (row.fee_minor or 0)
        for batch, net in sums.items():
            if net or self.chance.random() < 0.5:
                self.rows.append(payout(net, batch))

    def files(self) -> Iterator[list[SettlementRow]]:
        """The rows in files, each row in one at least: cut anyhow, in any order, some again."""
        rows = list(self.rows)
        self.chance.shuffle(rows)
        while rows:
            size = self.chance.randint(1, len(rows))
            part, rows = rows[:size], rows[size:]
            again = self.chance.sample(self.rows, self.chance.randint(0, min(3, len(self.rows))))
            part += [row for row in again if row not in part]
            self.chance.shuffle(part)
            yield part


def sold(seed: int, count: int) -> Days:
    """Days with so many sales, some before the terms were known."""
    days = Days(random.Random(seed))
    with_provider(days.clearing.shop, "1")
    days.clearing.terms(attrs.evolve(BANK, terminals=("terminal/1",), providers=(PROVIDER,)))
    for at in range(count):
        days.clearing.shop.business_date = f"2026-11-{20 + at % 7}"
        days.chance.choice((days.sell, days.sell, days.sell_by_link))()
    return days


def assert_each_cent_is_somewhere(clearing: Clearing, today: str) -> None:
    """What is captured and not cleared waits or is in an item."""
    view = clearing.view(today, limit=500)
    (account,) = view.acquirers
    in_items = sum(item.difference_minor for item in view.items if item.kind not in BESIDE)
    assert account.clearing_minor == account.captured_minor - account.cleared_minor
    assert account.clearing_minor == account.waiting_minor + in_items
    by_day = clearing.view(today, days=366).days
    unknown = sum(one.theirs_minor for one in view.items if one.kind == "unknown_here")
    assert sum(day.captured_minor for day in by_day) == account.captured_minor
    assert sum(day.cleared_minor for day in by_day) + unknown == account.cleared_minor


@given(seed=st.integers(0, 2**32), count=st.integers(1, 14))
@settings(deadline=None)
def test_clearing_goes_to_nothing_when_all_agree(seed: int, count: int) -> None:
    """However the files are cut, shuffled and repeated, and whatever came first."""
    days = sold(seed, count)
    days.payouts()
    for part in days.files():
        days.clearing.settle(part)
        assert_each_cent_is_somewhere(days.clearing, LATE)
    account = days.clearing.account(LATE)
    assert (account.clearing_minor, account.waiting_minor) == (0, 0)
    assert not days.clearing.kinds(LATE)
    assert account.held_minor == 0
    total = sum(row.fee_minor or 0 for row in days.rows if row.kind is not RowKind.PAYOUT)
    assert account.fee_charged_minor == total
    assert all(day.open_minor == 0 for day in days.clearing.view(LATE).days)


@given(seed=st.integers(0, 2**32), count=st.integers(2, 10))
@settings(deadline=None)
def test_files_and_payments_in_any_order_come_to_the_same(seed: int, count: int) -> None:
    """Files cut another way, with rows that differ, are missing, are unknown or are there twice:
    the items are the same, to the cent and to the id."""
    days = sold(seed, count)
    spoil(days)
    other = sold(seed, count)
    other.rows = list(days.rows)
    other.chance = random.Random(seed + 1)
    for one in (days, other):
        for part in one.files():
            one.clearing.settle(part)
            assert_each_cent_is_somewhere(one.clearing, LATE)
    mine, theirs = (
        {(item.id, item.difference_minor) for item in one.clearing.view(LATE, limit=500).items}
        for one in (days, other)
    )
    assert mine == theirs


def spoil(days: Days) -> None:
    """A row is lost, one is more, one is twice, one is unknown, one has another fee."""
    chance = days.chance
    chance.shuffle(days.rows)
    lost = days.rows.pop()
    if days.rows:
        first = days.rows[0]
        grown = 7 if first.gross_minor > 0 else -7
        days.rows[0] = attrs.evolve(first, gross_minor=first.gross_minor + grown)
        days.rows.append(attrs.evolve(days.rows[-1], batch="again"))
    days.rows.append(attrs.evolve(lost, reference="nobody", terminal_id="", trace=None))
    if len(days.rows) > 3:
        days.rows[1] = attrs.evolve(days.rows[1], fee_minor=(days.rows[1].fee_minor or 0) + 1)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_file_that_came_before_its_payment(is_first: bool) -> None:
    """A store that was cut off tells of a payment after the acquirer did: the row finds it."""
    days = Days(random.Random(1))
    days.clearing.terms()
    days.sell()
    row = days.rows[0]
    fresh = Clearing(days.clearing.shop)
    posted = days.clearing.shop.posted
    at = next(n for n, (fact, _) in enumerate(posted) if fact.stream.startswith("payment/"))
    sales, rest = posted[at:], posted[:at]
    days.clearing.shop.posted = rest
    if is_first:
        fresh.settle([row])
        assert fresh.kinds(LATE) == ["unknown_here"]
        days.clearing.shop.posted += sales
    else:
        days.clearing.shop.posted += sales
        fresh.settle([row])
    assert "unknown_here" not in fresh.kinds(LATE)
    assert BANK.days < 30
