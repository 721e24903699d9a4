"""A nexo refund goes back by its payment: whole, in parts, in doubt, and never beyond it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio
import trio.testing

from actors.terminal_messages import Heard, Request
from engine.terminal import Answer, Identity, Kind, SettledTotal, Transaction, Verdict
from hardware.terminal.actions import Store
from hardware.terminal.limits import KEEP_AGAIN_NS
from hardware.terminal.nexo import limits, naming
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.ledger import Entry, Ledger
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.nexo.play import Plan
from tests.hardware.nexo_rig import ADDRESS, POI_ID, NexoShop, open_nexo, simulated
from tests.hardware.terminal_rig import about, sale
from tests.hardware.test_nexo_session import (
    BEFORE,
    IDLE,
    NAME,
    NOT_FOUND,
    POI,
    SUCCESS,
    WHEN,
    Walk,
    answer_in,
    ended,
    failure,
    inquire,
    paid,
    post_in,
    remembered,
)

PAID = naming.identity(POI_ID, "AB12CD34EF", POI)
BACK = m.PoiTransaction("BV0q002.REF2", "2026-11-27T10:00:00.000Z")
REFUND = about(Kind.REFUND, PAID, 400)


def told(amount: str = "4.00", **more: Any) -> m.ReversalTold:
    """A reversal that was accepted."""
    return m.ReversalTold(more.pop("outcome", SUCCESS), BACK, amount, **more)


def in_doubt(**changes: Any) -> Answer:
    """A refund whose answer was lost, after a payment."""
    walk = Walk()
    walk.session.last = naming.identity(POI_ID, BEFORE, POI)
    return attrs.evolve(answer_in(walk.lose(walk.pay(REFUND))), **changes)


# ----------------------------------------------------------------------------- the conversation


def test_it_names_its_payment() -> None:
    """The original by the terminal's name and time for it, and how much of it; its own name in the
    answer is of a refund, which nothing takes back."""
    walk = Walk()
    post = walk.pay(REFUND)
    assert m.ReversalAsk(POI, 400, "EUR", "r1", WHEN) == post.ask
    (store,) = walk.reply(post, told())
    assert isinstance(store, Store)
    assert Kind.REFUND is store.answer.kind
    answer = answer_in(walk.keep())
    assert (("approved", "ok"), 400) == (ended(answer), answer.amount_minor)
    named = Identity(POI_ID, receipt=int(post.service_id, 36), date="1127", time="100000",
                     reference="2026-11-27T10:00:00.000Z BV0q002.REF2",
                     is_of_payment=True)  # fmt: skip
    assert named == answer.identity == walk.session.last
    (done,) = walk.session.transact("r2", about(Kind.REVERSAL, named, 400), 0, when=WHEN)
    assert "original_not_named" == answer_in([done]).code


@pytest.mark.parametrize(
    "original", [None, Identity("29001234", 5, 10), Identity(POI_ID, receipt=9)]
)
def test_what_no_terminal_of_its_kind_was_paid_at_wants_the_card(original: Identity | None) -> None:
    """Paid at a terminal of another protocol, or by no name: the card is asked for, as before."""
    walk = Walk()
    post = walk.pay(attrs.evolve(REFUND, original=original))
    assert m.PaymentAsk(400, "EUR", "r1", WHEN, is_refund=True) == post.ask
    walk.reply(post, paid(400))
    answer = answer_in(walk.keep())
    assert (Kind.REFUND, POI) == (answer.kind, naming.poi_in(answer.identity))


def test_what_became_of_it_as_the_terminal_says() -> None:
    """Less than was asked, no amount told, refused, and an answer to something else."""
    seen: list[tuple[tuple[str, str], int]] = []
    for said in (
        told(""),
        told("3.00", outcome=m.Outcome("Partial")),
        told("", outcome=m.Outcome("Partial")),
        m.ReversalTold(failure("NotFound")),
        m.ReversalTold(failure("Refusal")),
        paid(400),
    ):
        walk = Walk()
        actions = walk.reply(walk.pay(REFUND), said)
        if any(isinstance(one, Store) for one in actions):
            actions = walk.keep()
        answer = answer_in(actions)
        seen.append((ended(answer), answer.amount_minor))
    assert [
        (("approved", "ok"), 400),
        (("partially_approved", "amount_differs"), 300),
        (("unknown", "amount_not_told"), 0),
        (("aborted", "original_not_found"), 0),
        (("declined", "declined"), 0),
        (("unknown", "other_message"), 0),
    ] == seen


def test_one_that_is_silent_is_asked_about_as_a_reversal() -> None:
    """While its answer may come, and after it was lost: nobody asks whether it was taken back."""
    walk = Walk()
    post = walk.pay(REFUND)
    late = post_in(walk.wait(limits.QUIET_NS))
    assert m.StatusAsk("Reversal", post.service_id, wants_receipts=True) == late.ask
    walk.reply(late, remembered(post.service_id, told()))
    assert ("approved", "ok") == ended(answer_in(walk.keep()))
    unsure = in_doubt()
    named = unsure.identity
    assert ("", True, "link_lost") == (named.reference, named.is_of_payment, unsure.code)
    answer, asks = inquire(unsure, remembered(NAME, told()))
    assert (("approved", "ok"), 400) == (ended(answer), answer.amount_minor)
    assert answer.identity.is_of_payment
    assert [m.StatusAsk("Reversal", NAME, wants_receipts=True)] == asks
    declined = remembered(NAME, m.ReversalTold(failure("Refusal")))
    assert ("declined", "declined") == ended(inquire(unsure, declined)[0])


def test_it_stands_for_a_memory() -> None:
    """Not found counts where what came before is known; a refund before is asked for as one."""
    answer, asks = inquire(in_doubt(), NOT_FOUND, remembered(BEFORE, paid()), IDLE)
    assert ("unknown", "not_found") == ended(answer)
    assert m.StatusAsk("Payment", BEFORE) == asks[-2]
    before = naming.identity(POI_ID, BEFORE, BACK, is_of_payment=True)
    answer, asks = inquire(in_doubt(before=before), NOT_FOUND, remembered(BEFORE, told()), IDLE)
    assert ("unknown", "not_found") == ended(answer)
    assert m.StatusAsk("Reversal", BEFORE) == asks[-2]


def test_it_is_not_taken_back_where_the_books_could_not_keep_it() -> None:
    """Adyen undoes no such refund, and would say yes to being asked: so nobody asks."""
    walk = Walk()
    walk.reply(walk.pay(REFUND), told())
    for _ in range(3):
        actions = walk.keep(is_kept=False)
        walk.wait(KEEP_AGAIN_NS)
    answer = answer_in(actions)
    assert (("approved", "not_taken_back"), 400) == (ended(answer), answer.amount_minor)


# ------------------------------------------------------------------------------- at a terminal


async def _back(shop: NexoShop, of: Answer, amount_minor: int) -> Answer:
    return await shop.device.request(Transaction(Kind.REFUND, amount_minor, 978, of.identity))


@pytest.mark.feature("PAY-06", part="a nexo terminal's side: to the card that paid, in parts")
async def test_parts_of_a_payment_go_back_up_to_it() -> None:
    """Three parts without a card, each by its own name; not a cent beyond, and nothing of what was
    never paid or was itself given back."""
    async with open_nexo(TcpOutlet()) as shop:
        with trio.fail_after(20):
            one = await shop.device.request(sale(1250))
            shop.fake.plans.append(Plan("none"))
            parts = [await _back(shop, one, minor) for minor in (300, 900, 50)]
            assert {(Verdict.APPROVED, "ok")} == {(part.verdict, part.code) for part in parts}
            assert [300, 900, 50] == [part.amount_minor for part in parts]
            assert 3 == len({part.identity.reference for part in parts})
            assert 0 == shop.fake.ledger.booked_minor
            more = await _back(shop, one, 1)
            assert (Verdict.ABORTED, "function_not_allowed") == (more.verdict, more.code)
            two = await shop.device.request(sale(500))
            never = attrs.evolve(two, identity=naming.identity(POI_ID, "AB12CD34EF", POI))
            assert "original_not_found" == (await _back(shop, never, 100)).code
            assert "original_not_named" == (await shop.device.reverse(parts[0])).code
            day = await shop.device.settle()
            assert (SettledTotal("mc", 2, 1750), SettledTotal("mc", 3, -1250, 3)) == day.totals
        assert {Kind.REFUND} == {part.kind for part in parts}


async def test_the_whole_goes_back_once() -> None:
    """All of it, tip and all; asked for again under its own name it is answered from memory."""
    async with open_nexo(TcpOutlet()) as shop:
        with trio.fail_after(20):
            shop.fake.plans.append(Plan(tip_minor=150))
            tipped = await shop.device.request(attrs.evolve(sale(1000), tip_allowed=True))
            back = Transaction(Kind.REFUND, 1150, 978, tipped.identity)
            for _ in range(2):
                heard = await shop.rig.post.ask(ADDRESS, Request("back", back), timeout_s=10)
                assert isinstance(heard, Heard)
                assert (Verdict.APPROVED, 1150) == (heard.answer.verdict, heard.answer.amount_minor)
        assert (0, 1) == (shop.fake.ledger.booked_minor, shop.fake.heard.count("Reversal"))


@pytest.mark.parametrize("lose", ["reply", "request"])
async def test_one_whose_answer_was_lost_is_settled_by_asking(
    lose: str, autojump_clock: trio.testing.MockClock
) -> None:
    """It went back once or not at all, and never again by itself."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        one = await shop.device.request(sale(1250))
        shop.fake.plans.append(Plan(lose=lose))
        doubt = await _back(shop, one, 400)
        assert Verdict.UNKNOWN is doubt.verdict
        answer = await shop.device.inquire(doubt)
        if lose == "reply":
            assert (Verdict.APPROVED, 400) == (answer.verdict, answer.amount_minor)
            assert answer.identity.is_of_payment
        else:
            assert (Verdict.UNKNOWN, "not_found") == (answer.verdict, answer.code)
        assert 1250 - answer.amount_minor == shop.fake.ledger.booked_minor
        assert 1 == shop.fake.heard.count("Reversal")


async def test_a_refund_waits_for_the_bank() -> None:
    """What was paid online goes back by the bank alone, so not while it is away; declined by it,
    nothing moves, and it may be asked for again."""
    async with open_nexo(TcpOutlet()) as shop:
        with trio.fail_after(20):
            one = await shop.device.request(sale(1250))
            shop.fake.is_offline = True
            away = await _back(shop, one, 400)
            assert (Verdict.ABORTED, "no_connection") == (away.verdict, away.code)
            shop.fake.is_offline = False
            shop.fake.plans.append(Plan(decline="Refusal", reason="funds"))
            said = await _back(shop, one, 400)
            assert (Verdict.DECLINED, "funds") == (said.verdict, said.detail)
            assert (await _back(shop, one, 400)).verdict is Verdict.APPROVED
        assert 850 == shop.fake.ledger.booked_minor


async def test_what_another_terminal_of_the_shop_took_goes_back_here() -> None:
    """Its acquirer has it under a name that no other terminal gave; what that stored, and did not
    tell the bank of yet, it has not."""
    outlet, world = simulated()
    other = Ledger(numbers_from=100)
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.ledger.shop = [other]
        one = await shop.device.request(sale(1250))
        paid_there = _paid_there(other)
        there = attrs.evolve(one, identity=naming.identity("V400m-324688170", NAME, paid_there.poi))
        assert paid_there.poi != shop.fake.ledger.entries[-1].poi
        paid_there.is_stored = True
        refused = await _back(shop, there, 400)
        assert (Verdict.ABORTED, "original_not_found") == (refused.verdict, refused.code)
        paid_there.is_stored = False
        assert Verdict.APPROVED is (await _back(shop, there, 400)).verdict
        assert (850, 1250) == (other.booked_minor, shop.fake.ledger.booked_minor)


def _paid_there(ledger: Ledger) -> Entry:
    """1250 that was paid at another terminal."""
    header = m.Header("Payment", NAME, "register-2", "V400m-324688170", "Request", "Service")
    entry = ledger.begin(header, m.PaymentAsk(1250, "EUR", "there", WHEN))
    entry.is_booked, entry.amount_minor = True, 1250
    return entry


@pytest.mark.parametrize("given_minor", [400, 1250])
def test_what_was_stored_and_given_back_is_presented_all_the_same(given_minor: int) -> None:
    """In part or whole: the store asks what became of the payment until the terminal says."""
    ledger = Ledger()
    entry = _paid_there(ledger)
    entry.is_stored = entry.is_offline = True
    entry.told = m.PaymentTold(SUCCESS, amount_minor=1250, currency="EUR", is_online=False)
    entry.reversed_minor = given_minor
    ledger.present()
    assert not entry.is_stored
    assert isinstance(entry.told, m.PaymentTold)
    assert entry.told.is_online
