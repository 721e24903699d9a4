"""Card payments that were set aside, through the whole store and a real conversation: what was paid
after all goes back without a person, and the next customer's payment is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from actors import payments
from actors.asks import Submit
from engine.payment.events import Problem
from engine.terminal import IDENTITY_TAKEN, CardShown, Identity, Verdict
from engine.wire import unstructure
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.fake import TerminalFake
from hardware.terminal.zvt.person import Plan
from tests.card_shop import told
from tests.store.harness import OwnShop, eventually
from tests.store.test_activity import log
from tests.store.test_card_payments import card_shop, payment, ring_up, terminal_ready

LOST = Plan(card="tap", lose=(codec.STATUS_INFO, codec.COMPLETION))
ACKNOWLEDGED_WITHIN_S = 0.5
"""How long this terminal waits for the word that its result arrived: nobody has to stand by."""


async def set_aside(shop: OwnShop, terminal: TerminalFake) -> str:
    """A payment that the terminal booked as the cable went, set aside and paid in cash; its id."""
    terminal.keeps_unacknowledged = True
    patient_s, terminal._reply_s = terminal._reply_s, ACKNOWLEDGED_WITHIN_S
    terminal.plans.append(LOST)
    await ring_up(shop, "wine")
    payment_id: str = (await shop.do("payment.request"))["payment_id"]

    async def is_booked() -> bool:
        return terminal.ledger.booked_minor == 799

    await eventually(is_booked, "a transaction at the terminal")
    terminal._reply_s = patient_s
    await trio.sleep(0.3)
    await terminal.cut()
    await payment(shop, "unknown")
    await shop.do("payment.set_aside", payment_id=payment_id, reason="the customer left")
    await shop.do("order.tender_cash", amount_minor=799)
    await shop.do("order.complete")
    return payment_id


async def nothing_left(shop: OwnShop) -> None:
    """Until nothing is open, and nothing is before a person."""
    known = shop.store.books.payments

    async def is_empty() -> bool:
        return not (known.open or known.exceptions)

    await eventually(is_empty, "an empty list of exceptions", patience_s=40)


def forgetful(terminal: TerminalFake, answers: int) -> None:
    """Asked for its last transaction, the terminal says so often which it is, and then that it
    cannot, as one that is used by somebody else."""
    recall, left = terminal._recall, answers

    async def some_times() -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            await recall()
            return
        await terminal._send(codec.ACKNOWLEDGE)
        await terminal._tell(codec.ABORTION, [("result", 0x6C)])

    terminal._recall = some_times  # type: ignore[method-assign]


@pytest.mark.feature("PAY-09", part="what was set aside is asked after, and goes back by itself")
async def test_what_was_set_aside_and_paid_after_all_goes_back_by_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cable comes back, the terminal is asked, and gives it back: nobody looked at the list."""
    # Nothing but the next look finds out that the terminal is there again.
    monkeypatch.setattr(payments, "LOOK_AGAIN_S", 1.0)
    async with card_shop(folder) as (shop, counter):
        terminal = counter.terminal
        payment_id = await set_aside(shop, terminal)
        assert list(shop.store.books.payments.exceptions) == [payment_id]
        assert terminal.ledger.booked_minor == 799
        await terminal.plug()
        await nothing_left(shop)
        assert terminal.ledger.booked_minor == 0
        assert shop.store.books.live.position("1").totals.tenders == {"cash": 799}
        assert len(terminal.ledger.entries) == 2, "the payment, and one reversal of it"

        async def told() -> list[tuple[str, int | None]]:
            return [
                (row["subject"], row["amount_minor"])
                for row in reversed(await log(shop))
                if row["fact"] in ("payment.requested", "payment.heard")
            ]

        async def is_all_told() -> bool:
            return (await told())[-1][0] == "reversal approved"

        await eventually(is_all_told, "the log, which follows the books")
        assert await told() == [
            ("sale", 799),
            ("sale unknown", None),
            ("sale approved", 799),
            ("reversal", 799),
            ("reversal approved", 799),
        ], "the log says what became of it, and of what nobody knows no amount"


async def test_found_while_the_next_customer_pays_it_goes_back_after_that(folder: Path) -> None:
    """Told in the middle of another payment, it waits, before a person, for that to be over; the
    other one counts as ever."""
    async with card_shop(folder) as (shop, counter):
        terminal = counter.terminal
        payment_id = await set_aside(shop, terminal)
        forgetful(terminal, 1)
        await terminal.plug()
        await terminal_ready(shop)
        terminal.plans.append(Plan(card="ask"))
        await ring_up(shop, "bread")
        await shop.do("payment.request")

        async def may_tap() -> bool:
            return "tap" in terminal.person.keys

        await eventually(may_tap, "a terminal that waits for a card")
        first = terminal.ledger.entries[0]
        identity = Identity(str(terminal.terminal_id), first.trace, first.receipt)
        known = shop.store.books.payments.exceptions[payment_id]
        card = CardShown("541333******0010", "Mastercard")
        answer = told(known, Verdict.APPROVED, identity=identity, card=card)
        data = {"payment_id": payment_id, "answer": unstructure(answer), "is_inquiry": True}
        (reply,) = await shop.together(
            Submit(shop.world.new_id(), "1", "payment.hear", data, admin=True)
        )
        assert reply.data["standing"] == "approved"
        (listed,) = (await shop.look("payments.open"))["exceptions"]
        assert (listed["problem"], listed["back_waits"]) == (Problem.LATE.value, True)
        assert terminal.person.press("tap")
        await payment(shop, "approved")
        await nothing_left(shop)
        await shop.do("order.complete")
        assert terminal.ledger.booked_minor == 350
        assert shop.store.books.live.position("1").totals.tenders == {"cash": 799, "card": 350}


async def paid_again_at_once(shop: OwnShop, terminal: TerminalFake, *, recalls: int) -> str:
    """One set aside, and the next customer pays as much before the terminal is asked about it; it
    tells its last so often until then. The id of the first."""
    payment_id = await set_aside(shop, terminal)
    forgetful(terminal, recalls)
    await terminal.plug()
    await terminal_ready(shop)
    terminal.plans.append(Plan(card="tap"))
    await ring_up(shop, "wine")
    await shop.do("payment.request")
    await payment(shop, "approved")
    await shop.do("order.complete")
    del terminal._recall
    return payment_id


async def test_paid_again_at_once_only_the_first_payment_goes_back(folder: Path) -> None:
    """Both are of the same amount. The terminal tells its last alone, which is the second; what it
    told as it came back was the first, and that is remembered."""
    async with card_shop(folder) as (shop, counter):
        terminal = counter.terminal
        await paid_again_at_once(shop, terminal, recalls=1)
        await nothing_left(shop)
        first, second, reversal = terminal.ledger.entries
        assert (first.is_reversed, second.is_reversed) == (True, False)
        assert reversal.original == first.receipt
        assert terminal.ledger.booked_minor == 799
        assert shop.store.books.live.position("1").totals.tenders == {"cash": 799, "card": 799}


async def test_the_second_payment_is_never_given_back_for_the_first(folder: Path) -> None:
    """Where the terminal could not tell its last as it came back, it names the second payment, of
    the same amount, when it is asked about the first: that stays before a person, and the second
    stays paid."""
    async with card_shop(folder) as (shop, counter):
        terminal = counter.terminal
        payment_id = await paid_again_at_once(shop, terminal, recalls=0)
        known = shop.store.books.payments

        async def is_told() -> bool:
            answer = known.exceptions[payment_id].answer
            return answer is not None and answer.code == IDENTITY_TAKEN

        await eventually(is_told, "an inquiry that names the other one", patience_s=40)
        assert not known.open
        assert terminal.ledger.booked_minor == 2 * 799
        assert len(terminal.ledger.entries) == 2
