"""What is asked of a terminal with an order behind it, and what must be so when it is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import trio
from attrs import define, field, frozen

from engine.order.state import Order
from engine.payment.events import Problem, Standing
from engine.terminal import CardEntry, Kind
from engine.views.payments import payments_view
from tests.cuts.far_ends import Customer, Far, Moved
from tests.cuts.scene import LOOK_S, PATIENCE_S, Scene, WrongError

_TRIES = 5
_FOR_A_PERSON = (Problem.NOT_REVERSED, Problem.LATE)


@define(eq=False)
class Lane:
    """One register with its terminal, and the order it is at. `before` is what the terminal had
    booked when the order began; `listed` counts what a person found on the list of exceptions."""

    stage: Scene
    register: str
    order_id: str = ""
    before: Moved = field(factory=Moved)
    listed: int = 0
    paid_minor: int = 0

    @property
    def far(self) -> Far:
        """Its terminal."""
        return self.stage.fars[self.register]

    async def do(self, name: str, /, **data: Any) -> Any:
        """A command of this register."""
        return await self.stage.do(name, self.register, **data)

    async def ring_up(self) -> None:
        """An order of one bottle."""
        self.before = self.far.begin()
        self.order_id = (await self.do("order.add_line", code="wine"))["order_id"]

    async def undisturbed(self, name: str, /, **data: Any) -> None:
        """A command whose payment goes well, once the device has its terminal again."""
        for _ in range(_TRIES):
            await self.stage.idle(self.register)
            self.far.expect(Customer())
            await self.do(name, **data)
            await self.stage.settle(self.register)
            last = self.stage.books.payments.latest[self.register]
            if last.is_approved:
                return
            assert last.answer is not None
            assert last.answer.code == "not_sent", last

    @property
    def order(self) -> Order:
        """The order in hand, as the books have it."""
        return self.stage.books.live.orders[self.order_id]


Act = Callable[[Lane], Awaitable[None]]


async def _nothing(_: Lane) -> None:
    return


async def _request(lane: Lane) -> None:
    await lane.do("payment.request")


async def _sold(lane: Lane) -> None:
    await lane.ring_up()


async def _paid(lane: Lane) -> None:
    await lane.ring_up()
    await lane.undisturbed("payment.request")


async def _reverse(lane: Lane) -> None:
    (tender,) = lane.order.tenders
    await lane.do("payment.reverse_tender", tender=tender.tender)


async def _brought_back(lane: Lane) -> None:
    await _paid(lane)
    sold = lane.order_id
    await lane.do("order.complete")
    back = {"order_id": sold, "line": 1, "quantity_milli": 1000, "reason": "corked"}
    lane.before = lane.far.begin()
    lane.order_id = (await lane.do("order.add_return_line", **back))["order_id"]
    await lane.do("order.start_tendering")


async def _open_tab(lane: Lane) -> None:
    await lane.do("payment.open_tab", amount_minor=5000)


async def _on_a_tab(lane: Lane) -> None:
    await lane.ring_up()
    await lane.undisturbed("payment.open_tab", amount_minor=5000)


async def _billed(lane: Lane) -> None:
    await _on_a_tab(lane)
    await lane.do("payment.adjust_tip", tip_minor=100)
    await lane.do("order.start_tendering")


async def _capture(lane: Lane) -> None:
    await lane.do("payment.capture_tab")


async def _raise(lane: Lane) -> None:
    await lane.do("payment.raise_tab", amount_minor=8000)


async def _request_keyed(lane: Lane) -> None:
    await lane.do("payment.request", entry=CardEntry.KEYED.value)


async def _release(lane: Lane) -> None:
    await lane.do("payment.release_tab")


async def _request_and_abort(lane: Lane) -> None:
    payment_id = (await lane.do("payment.request"))["payment_id"]
    while lane.stage.may_be_open(lane.register):
        if lane.far.is_waiting:
            # It may have ended meanwhile, and is not there to be cancelled any more.
            cancel = {"payment_id": payment_id}
            said = await lane.stage.wish("payment.cancel", lane.register, **cancel)
            assert said.ok or (said.refusal or {})["code"] == "payment_must_be_open", said
            return
        if lane.far.is_broken:
            return
        await lane.stage.world.sleep(LOOK_S)


async def _until_lost(lane: Lane) -> None:
    await lane.do("payment.request")
    begun = lane.before.begun
    # Where the store dies or the cable is pulled first, the terminal may never hear of it.
    while lane.stage.may_be_open(lane.register) and not lane.far.is_broken:
        if lane.far.moved().begun > begun and lane.far.lost_its_answer:
            return
        await lane.stage.world.sleep(LOOK_S / 10)


async def _set_aside(lane: Lane) -> None:
    """Nobody waits for it: as soon as it is in doubt somebody says so, and asks for cash."""
    await _until_lost(lane)
    while lane.stage.may_be_open(lane.register):
        # It is in doubt once the device has noticed that the answer does not come; a store that was
        # killed says nothing of it before it is back.
        known = lane.stage.open_payments(lane.register) if lane.stage.has_books else []
        (payment,) = known or (None,)
        if payment is not None and payment.standing is Standing.UNKNOWN:
            aside = {"payment_id": payment.asked.payment_id, "reason": "the customer left"}
            said = await lane.stage.wish("payment.set_aside", lane.register, **aside)
            assert said.ok or (said.refusal or {})["code"] == "payment_must_be_open", said
            return
        await lane.stage.world.sleep(LOOK_S / 10)


async def _paid_again(lane: Lane) -> None:
    """Set aside, the same customer pays with another card. A terminal that tells of each payment by
    its name knows which is which."""
    await _set_aside(lane)
    lane.far.expect(Customer())
    said = await lane.stage.wish("payment.request", lane.register)
    # What was set aside may have been told already, and be going back at this moment.
    refused = (said.refusal or {}).get("code", "")
    assert said.ok or refused in ("terminal_must_be_free", "amount_must_still_be_due"), said


@frozen
class Dialogue:
    """`prepare` is undisturbed; the cut comes in `ask` and what follows, or, where the question is
    what became of an answer that was lost, only in what follows. One that `is_first` is the very
    first of its store and its terminal, so each cut has a store of its own."""

    name: str
    prepare: Act = _sold
    ask: Act = _request
    customer: Customer = field(factory=Customer)
    only_zvt: bool = False
    only_nexo: bool = False
    cut_later: bool = False
    is_first: bool = False


DIALOGUES = (
    Dialogue("very first sale", is_first=True),
    Dialogue("sale"),
    Dialogue("sale with a tip", customer=Customer(tip_minor=150)),
    Dialogue("typed at the terminal", ask=_request_keyed),
    Dialogue("approval in part", customer=Customer(partial_minor=500)),
    Dialogue("decline", customer=Customer(declined=True)),
    Dialogue("reversal", _paid, _reverse),
    Dialogue("refund", _brought_back),
    Dialogue("pre-authorisation", ask=_open_tab, only_zvt=True),
    Dialogue("higher reservation", _on_a_tab, _raise, only_zvt=True),
    Dialogue("completion", _billed, _capture, only_zvt=True),
    Dialogue("release", _on_a_tab, _release, only_zvt=True),
    Dialogue("abort by the cashier", ask=_request_and_abort, customer=Customer(nobody_comes=True)),
    Dialogue(
        "repeat of a lost answer",
        ask=_until_lost,
        customer=Customer(answer_is_lost=True),
        cut_later=True,
    ),
    Dialogue(
        "set aside",
        ask=_set_aside,
        customer=Customer(answer_is_lost=True),
        cut_later=True,
    ),
    Dialogue(
        "set aside and paid again",
        ask=_paid_again,
        customer=Customer(answer_is_lost=True),
        only_nexo=True,
        cut_later=True,
    ),
)


def dialogues_of(carrier: str) -> tuple[Dialogue, ...]:
    """Those a terminal of that kind knows: a nexo terminal has no tabs, and one that speaks ZVT
    tells only its last payment."""
    is_zvt = carrier.startswith("zvt")
    return tuple(one for one in DIALOGUES if not (one.only_nexo if is_zvt else one.only_zvt))


# --------------------------------------------------------------------------------- what must be so


def judge(lane: Lane) -> str:
    """Hold the order against the terminal's books; what the order's payment came to.

    Raises:
        WrongError: they differ, or something is neither settled nor on the list with its age.
    """
    order, moved = lane.order, lane.far.moved().since(lane.before)
    cards = [one for one in order.tenders if one.card is not None]
    payments = lane.stage.books.payments
    listed = [one for one in payments.exceptions.values() if one.asked.register == lane.register]
    # Asked back, and not taken back yet: it is with the shop, and on the list.
    late = [one.amount_minor for one in listed if one.problem is Problem.LATE]
    # A reservation that was to be given up for a higher one, and is held yet.
    tab = "" if order.tab is None else order.tab.card.payment_id
    released = [one.asked for one in listed if one.asked.kind is Kind.RELEASE]
    held = [asked for asked in released if asked.of_payment != tab]
    known = Moved(
        sum(one.amount_minor + (one.card.tip_minor if one.card else 0) for one in cards)
        + sum(late),
        sum(one.amount_minor > 0 for one in cards) + len(late),
        sum(one.amount_minor < 0 for one in cards),
        int(order.tab is not None) + len(held),
        moved.begun,
    )
    last = lane.stage.books.payments.latest[lane.register]
    if known != moved:
        raise WrongError(f"the terminal booked {moved}, the order has {known}; last: {last}")
    view = payments_view(lane.stage.books, now_ns=lane.stage.world.now_ns(), register=lane.register)
    on_list = {one.payment_id for one in view.exceptions if one.age_s >= 0}
    for payment in listed:
        if payment.asked.payment_id not in on_list or payment.problem not in _FOR_A_PERSON:
            raise WrongError(f"for a person, and not as it should be: {payment}")
    return last.standing.value


async def conclude(lane: Lane) -> None:
    """What a person does next: whatever the list says is tried again, and the order is paid in the
    way it is not yet paid, until it is completed."""
    for payment_id, payment in list(lane.stage.books.payments.exceptions.items()):
        # One try that goes well settles those before it.
        is_left = payment_id in lane.stage.books.payments.exceptions
        if is_left and payment.asked.register == lane.register:
            lane.listed += 1
            await lane.undisturbed("payment.reverse_again", payment_id=payment_id)
    if lane.order.tab is not None:
        await lane.undisturbed("payment.release_tab")
    if lane.order.phase.value == "open":
        await lane.do("order.start_tendering")
    view = await lane.stage.look("register.state", lane.register)
    if view["order"]["due_minor"] < 0:
        await lane.undisturbed("payment.request")
    elif view["order"]["due_minor"]:
        await lane.do("order.tender_cash", amount_minor=view["order"]["cash_due_minor"])
    lane.paid_minor += lane.far.moved().since(lane.before).minor
    await lane.do("order.complete")
    judge_after(lane)


def judge_after(lane: Lane) -> None:
    """Nothing is left over once a person has done what the list says.

    Raises:
        WrongError: something is.
    """
    payments = lane.stage.books.payments
    left = [
        one
        for one in (*payments.exceptions.values(), *payments.open.values())
        if one.asked.register == lane.register
    ]
    if left or lane.far.moved().reserved:
        raise WrongError(f"left over: {left}, {lane.far.moved().reserved} still reserved")


async def close(lane: Lane) -> None:
    """The end of a day: the Z has what the terminal booked, and the terminal's day balances.

    Raises:
        WrongError: they differ.
    """
    totals = lane.stage.books.live.position(lane.register).totals
    by_card = totals.tenders.get("card", 0) + sum(totals.tips.values())
    booked_minor = lane.far.moved().minor
    if by_card != booked_minor:
        raise WrongError(f"the Z has {by_card} by card, the terminal booked {booked_minor}")
    lane.far.expect(Customer())
    await lane.stage.idle(lane.register)
    asked = await lane.do("terminal.end_day")
    found: list[dict[str, Any]] = []
    with trio.fail_after(PATIENCE_S):
        while not found:
            await lane.stage.world.sleep(LOOK_S)
            await lane.stage.mended(lane.register)
            view = await lane.stage.look("clearing.state", lane.register)
            found = [one for one in view["terminals"] if one["day_id"] == asked["day_id"]]
    if found[0]["verdict"] != "approved" or found[0]["differences"]:
        raise WrongError(f"the terminal's day does not balance: {found[0]}")
