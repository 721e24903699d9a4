"""Before its very first payment a nexo terminal shows that it remembers what it is asked.

Without that, a terminal that does not know of the payment may as well have forgotten it.
"""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from actors.messages import Accepted, Failure
from actors.terminal_messages import Abort, Heard, Inquire, Request
from engine.terminal import Answer, Condition, Identity, Kind, Transaction, Verdict
from hardware.terminal.actions import Done
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo import naming
from hardware.terminal.nexo.device import NexoDevice
from hardware.terminal.nexo.jobs import Action, Post
from hardware.terminal.nexo.play import Plan
from tests.hardware.nexo_rig import (
    ADDRESS,
    KEEPER,
    POI_ID,
    NexoShop,
    open_nexo,
    profile,
    simulated,
)
from tests.hardware.terminal_rig import sale
from tests.hardware.test_nexo_session import (
    IDLE,
    NOT_FOUND,
    WHEN,
    Walk,
    doubt,
    failure,
    inquire,
    post_in,
    remembered,
)

NAME = naming.service_id_of("w1")
REFUSED = m.ReversalTold(failure("NotFound"))


def witness(walk: Walk) -> Post:
    """Ask for one; the question that goes out."""
    return post_in(walk.session.witness("w1", walk.now_ns, when=WHEN))


def shown(actions: list[Action]) -> tuple[bool, str]:
    """Whether the terminal may be asked for money, and what it showed."""
    (done,) = [one for one in actions if isinstance(one, Done)]
    assert isinstance(done.result, Condition)
    return done.result.is_ready, done.result.code


# ------------------------------------------------------------------------------------ the session


def test_it_takes_back_what_never_was_and_knows_of_it() -> None:
    """No payment has the name that is reversed, so no money can move; known afterwards, it is what
    came before the payment that follows."""
    walk = Walk()
    post = witness(walk)
    nothing = m.PoiTransaction(f"NOTHING-{NAME}", WHEN)
    assert (NAME, m.ReversalAsk(nothing, 1, "EUR", "w1", WHEN)) == (post.service_id, post.ask)
    asked = post_in(walk.reply(post, REFUSED))
    assert m.StatusAsk("Reversal", NAME) == asked.ask
    assert (True, "remembers") == shown(walk.reply(asked, remembered(NAME, REFUSED)))
    assert naming.witness(POI_ID, NAME) == walk.session.last
    paid_for = walk.pay()
    walk.lose(paid_for)
    told = NOT_FOUND, remembered(NAME, REFUSED), IDLE
    answer, asks = inquire(doubt(before=walk.session.last), *told)
    assert "not_found" == answer.code
    assert m.StatusAsk("Reversal", NAME) == asks[-2]
    assert "memory_lost" == inquire(doubt(before=walk.session.last), NOT_FOUND, NOT_FOUND)[0].code


@pytest.mark.parametrize(
    "told",
    [
        NOT_FOUND,
        m.StatusTold(failure("NotAllowed")),
        m.StatusTold(m.Outcome("Success")),
        remembered("OTHER", REFUSED),
        remembered(NAME, m.PaymentTold(failure("NotFound"))),
    ],
)
def test_it_does_not_show_it(told: m.StatusTold) -> None:
    """A terminal that does not know of it afterwards, or tells of something else, showed nothing;
    it is paid at as ever, with nothing before it."""
    walk = Walk()
    asked = post_in(walk.reply(witness(walk), REFUSED))
    assert (True, "memory_not_seen") == shown(walk.reply(asked, told))
    assert walk.session.last is None
    walk.pay()


def test_it_is_not_answered() -> None:
    """Over a link that breaks no money is asked for. Silence, or an answer that is none, is told,
    and an approval of nothing is as good a witness as a refusal."""
    walk = Walk()
    assert (False, "not_sent") == shown(walk.lose(witness(walk), "unreachable", is_sent=False))
    swapped = walk.lose(witness(walk), "certificate_unknown", is_sent=False)
    assert (False, "certificate_unknown") == shown(swapped)
    assert (False, "not_sent") == shown(walk.lose(witness(walk)))
    assert (True, "no_reply") == shown(walk.lose(witness(walk), "no_reply"))
    assert (True, "not_delivered") == shown(walk.reply(witness(walk), m.RejectedTold("Reject")))
    told = m.DiagnosisTold(m.Outcome("Success"), "OK")
    assert (True, "other_message") == shown(walk.reply(witness(walk), told))
    asked = post_in(walk.reply(witness(walk), m.ReversalTold(m.Outcome("Success"))))
    assert (False, "not_sent") == shown(walk.lose(asked))
    assert walk.session.last is None


def test_it_is_no_transaction() -> None:
    """Nothing of it can be aborted, and while something else runs it does not begin."""
    walk = Walk()
    witness(walk)
    assert (False, []) == walk.session.abort()
    (refused,) = walk.session.witness("w2", walk.now_ns, when=WHEN)
    assert (True, "terminal_busy") == shown([refused])
    (refused,) = walk.session.transact("r1", sale(), walk.now_ns, when=WHEN)
    assert isinstance(refused, Done)
    assert isinstance(refused.result, Answer)
    assert "terminal_busy" == refused.result.code


# ------------------------------------------------------------------------------------ the device


async def pay(shop: NexoShop, request_id: str = "r", **more: Any) -> Answer:
    """A payment with the books behind it."""
    ask = Request(request_id, more.pop("transaction", sale()), KEEPER, **more)
    heard = await shop.rig.post.ask(ADDRESS, ask, timeout_s=120)
    assert isinstance(heard, Heard)
    return heard.answer


async def ask_again(shop: NexoShop, about: Answer) -> str:
    """What an inquiry about it comes to."""
    heard = await shop.rig.post.ask(ADDRESS, Inquire("r", about), timeout_s=30)
    assert isinstance(heard, Heard)
    return heard.answer.code


@pytest.mark.feature("NEW-07", part="a nexo terminal's very first payment")
async def test_the_very_first_payment_can_be_proven_not_to_be(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """One that never arrived is not found by a terminal that showed, before it was asked, that it
    remembers; one that forgot even that proves nothing. Whoever knew of the doubt is gone."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.plans.append(Plan(lose="request"))
        assert Verdict.UNKNOWN is (await pay(shop)).verdict
        (written,) = shop.doubts
        await shop.rig.kill(ADDRESS)
        shop.device = NexoDevice(ADDRESS, outlet, profile())
        shop.rig.start(shop.device)
        assert "not_found" == await ask_again(shop, written)
        assert 0 == shop.fake.ledger.charges
        shop.fake.forget()
        assert "memory_lost" == await ask_again(shop, written)


async def test_it_is_asked_for_once(autojump_clock: trio.testing.MockClock) -> None:
    """Once in a device's life, and not at all where something came before: what the device heard
    itself, or what the books know of this very terminal. A reversal follows a payment anyhow."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        first = await pay(shop, "r1")
        assert Verdict.APPROVED is first.verdict
        assert Verdict.APPROVED is (await pay(shop, "r2")).verdict
        assert 1 == shop.fake.heard.count("Reversal")
        for remembered_by_books, more in ((first.identity, 0), (Identity("V400m-9", receipt=1), 1)):
            before = shop.fake.heard.count("Reversal")
            await shop.rig.kill(ADDRESS)
            shop.device = NexoDevice(ADDRESS, outlet, profile())
            shop.rig.start(shop.device)
            await shop.idle()
            await pay(shop, f"r-{more}", remembered=remembered_by_books)
            assert more == shop.fake.heard.count("Reversal") - before
        await shop.rig.kill(ADDRESS)
        shop.device = NexoDevice(ADDRESS, outlet, profile())
        shop.rig.start(shop.device)
        await shop.idle()
        before = shop.fake.heard.count("Reversal")
        back = Transaction(Kind.REVERSAL, 1250, 978, first.identity)
        assert Verdict.APPROVED is (await pay(shop, "back", transaction=back)).verdict
        assert 1 == shop.fake.heard.count("Reversal") - before


async def test_a_terminal_without_reversals_is_paid_at(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """It cannot show what it remembers, and a shop must sell there all the same; of a payment in
    doubt nothing is proven then."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.reversals = False
        shop.fake.plans.append(Plan(lose="request"))
        unsure = await pay(shop)
        assert Verdict.UNKNOWN is unsure.verdict
        assert "no_identity_before" == await ask_again(shop, unsure)
        assert Verdict.APPROVED is (await pay(shop, "r2")).verdict


async def test_a_cable_that_breaks_is_not_paid_over(autojump_clock: trio.testing.MockClock) -> None:
    """Where the answer to the first question was lost, no money is asked for."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.plain.deaf_after = 1
        answer = await pay(shop)
        assert (Verdict.ABORTED, "not_sent") == (answer.verdict, answer.code)
        await shop.fake.plug()
        await shop.idle()
        assert Verdict.APPROVED is (await pay(shop)).verdict
        assert 1 == len(shop.fake.ledger.payments)


@pytest.mark.feature("PAY-09", part="called off before the terminal heard of it")
async def test_a_payment_called_off_before_it_left(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A cashier who cancels while the terminal is still asked how it is is heard: nothing is sent,
    and nothing is left that could be cancelled."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        answers: list[Answer] = []

        async def paying() -> None:
            answers.append(await pay(shop))

        async with trio.open_nursery() as nursery:
            shop.fake.hangs = True
            nursery.start_soon(paying)
            await trio.sleep(1)
            assert Accepted() == await shop.rig.post.ask(ADDRESS, Abort("r"), timeout_s=3)
            shop.fake.hangs = False
        (answer,) = answers
        assert (Verdict.ABORTED, "not_sent") == (answer.verdict, answer.code)
        assert not shop.fake.ledger.payments
        assert Failure("nothing_runs") == await shop.rig.post.ask(ADDRESS, Abort("r"), timeout_s=3)
        assert Verdict.APPROVED is (await pay(shop)).verdict
