"""What is asked of a terminal with an order behind it, and what must be so when it is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import trio
from attrs import define, field, frozen

from engine.order.state import Order
from engine.payment.events import Problem, Standing
from engine.payment.state import Payment
from engine.terminal import CardEntry, Kind
from engine.views.payments import listed, payments_view
from tests.cuts.far_ends import Customer, Day, Far, Moved
from tests.cuts.scene import LOOK_S, PATIENCE_S, Scene, WrongError

_TRIES = 5
_FOR_A_PERSON = (Problem.NOT_REVERSED, Problem.LATE, Problem.UPLOAD_DECLINED)


@define(eq=False)
class Lane:
    """One register with its terminal, and the order it is at. `before` is what the terminal had
    booked when the order began; `listed` counts what a person found on the list of exceptions.
    `day_id` is an end of day that was cut off, and `day` what its terminal counted before it was
    asked for."""

    stage: Scene
    register: str
    order_id: str = ""
    before: Moved = field(factory=Moved)
    listed: int = 0
    day_id: str = ""
    day: Day | None = None

    @property
    def far(self) -> Far:
        """Its terminal."""
        return self.stage.fars[self.register]

    async def do(self, name: str, /, **data: Any) -> Any:
        """A command of this register."""
        return await self.stage.do(name, self.register, **data)

    async def ring_up(self, bottles: int = 1) -> None:
        """An order of one bottle, or of more."""
        self.before = self.far.begin()
        ordered = {"code": "wine", "quantity_milli": 1000 * bottles}
        self.order_id = (await self.do("order.add_line", **ordered))["order_id"]

    async def undisturbed(
        self, name: str, /, *, customer: Customer | None = None, **data: Any
    ) -> None:
        """A command whose payment goes well, once the device has its terminal again.

        On a machine that is slower than the conversation may be (an answer within 5 s, a result
        written down within 4) one can come to nothing, and is asked for once more.
        """
        came_to = ""
        for _ in range(_TRIES):
            await self.stage.idle(self.register)
            self.far.expect(customer or Customer())
            await self.do(name, **data)
            await self.stage.settle(self.register)
            last = self.stage.books.payments.latest[self.register]
            if last.is_approved:
                return
            assert last.answer is not None
            came_to = f"{name}: {last.standing.value}, {last.answer.code}"
            assert last.standing in (Standing.ABORTED, Standing.ABANDONED), came_to
        raise AssertionError(f"{_TRIES} times in a row {came_to}")

    @property
    def order(self) -> Order:
        """The order in hand, as the books have it."""
        return self.stage.books.live.orders[self.order_id]


Act = Callable[[Lane], Awaitable[None]]


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
    await _bring_back(lane)


async def _brought_back_in_part(lane: Lane) -> None:
    await lane.ring_up(bottles=2)
    await lane.undisturbed("payment.request")
    await _bring_back(lane)


async def _bring_back(lane: Lane) -> None:
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


async def _tip_was_said(lane: Lane) -> None:
    await lane.ring_up()
    await lane.do("order.start_tendering")
    await lane.do("payment.ask_tip")
    await lane.do("payment.answer_tip", tip_minor=150)


async def _greet_and_request(lane: Lane) -> None:
    """The store greets its terminal, and asks how it is and what it did last; then a card pays."""
    await lane.far.begin_anew()
    await lane.stage.world.sleep(LOOK_S)
    await lane.stage.up(lane.register)
    await lane.do("payment.request")


async def _sold_without_the_bank(lane: Lane) -> None:
    await lane.ring_up()
    lane.far.take_bank_away()


async def _paid_without_the_bank(lane: Lane, *, refused: bool = False) -> None:
    await _sold_without_the_bank(lane)
    await lane.undisturbed("payment.request", customer=Customer(refused_later=refused))
    assert lane.far.stored_minor, "taken without the bank"


async def _refused_while_at_the_till(lane: Lane) -> None:
    await _paid_without_the_bank(lane, refused=True)


async def _stored(lane: Lane) -> None:
    await _paid_without_the_bank(lane)
    await lane.do("order.complete")
    await lane.ring_up()


async def _stored_and_refused(lane: Lane) -> None:
    await _paid_without_the_bank(lane, refused=True)
    await lane.do("order.complete")
    await lane.ring_up()


async def _bank_comes_back(lane: Lane) -> None:
    """The store asks what became of each by itself."""
    lane.far.bring_bank_back()
    while lane.stage.may_be_open(lane.register) and not lane.far.is_broken:
        await lane.stage.world.sleep(LOOK_S)


async def _reverse_untold(lane: Lane) -> None:
    """The bank has paid what the customer wants back, and the store was not told yet."""
    lane.far.bring_bank_back()
    await _reverse(lane)


async def _sold_today(lane: Lane) -> None:
    await _paid(lane)
    await lane.do("order.complete")
    await lane.ring_up()


async def _end_day(lane: Lane) -> None:
    # What was stored is presented by the bank that is back, and told before the day's totals.
    lane.far.bring_bank_back()
    lane.day = lane.far.day
    lane.day_id = (await lane.do("terminal.end_day"))["day_id"]


async def _then_without_the_bank(lane: Lane) -> None:
    await _sold_today(lane)
    lane.far.take_bank_away()


async def _told_unasked(lane: Lane) -> None:
    """The day of a terminal ends, whose bank is back, before the store knows that the terminal took
    this payment: what the bank said of it is told once, and nobody asked."""
    await _set_aside(lane)
    await lane.stage.idle(lane.register)
    lane.far.bring_bank_back()
    lane.day = lane.far.day
    said = await lane.stage.wish("terminal.end_day", lane.register)
    # The store may have asked by itself, and be having it taken back.
    assert said.ok or (said.refusal or {})["code"] == "terminal_must_be_free", said
    lane.day_id = said.data["day_id"] if said.ok else ""


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
    Dialogue("sale with a tip said before", _tip_was_said),
    Dialogue("receipts line by line", customer=Customer(by_line=True), only_zvt=True),
    Dialogue("greeting, then a sale", ask=_greet_and_request),
    Dialogue("typed at the terminal", ask=_request_keyed),
    Dialogue("approval in part", customer=Customer(partial_minor=500)),
    Dialogue("decline", customer=Customer(declined=True)),
    Dialogue("reversal", _paid, _reverse),
    Dialogue("refund", _brought_back),
    Dialogue("refund in part", _brought_back_in_part),
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
    Dialogue("taken offline", _sold_without_the_bank),
    Dialogue(
        "taken offline and refused later",
        _sold_without_the_bank,
        customer=Customer(refused_later=True),
    ),
    Dialogue("upload", _stored, _bank_comes_back),
    Dialogue("upload that is refused", _stored_and_refused, _bank_comes_back),
    Dialogue("upload refused at the till", _refused_while_at_the_till, _bank_comes_back),
    Dialogue(
        "upload told unasked",
        _then_without_the_bank,
        _told_unasked,
        Customer(answer_is_lost=True, refused_later=True),
        only_zvt=True,
    ),
    Dialogue("reversal of one taken offline", _paid_without_the_bank, _reverse_untold),
    Dialogue("reversal of one the bank refuses", _refused_while_at_the_till, _reverse_untold),
    Dialogue("end of day", _sold_today, _end_day),
    Dialogue("end of day that presents", _stored, _end_day),
    Dialogue("end of day that presents what is refused", _stored_and_refused, _end_day),
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
    left = [one for one in payments.exceptions.values() if one.asked.register == lane.register]
    # Asked back, and not taken back yet: it is with the shop, and on the list.
    late = [one.amount_minor for one in left if one.problem is Problem.LATE]
    # A reservation that was to be given up for a higher one, and is held yet.
    tab = "" if order.tab is None else order.tab.card.payment_id
    released = [one.asked for one in left if one.asked.kind is Kind.RELEASE]
    held = [asked for asked in released if asked.of_payment != tab]
    known = Moved(
        sum(one.amount_minor + (one.card.tip_minor if one.card else 0) for one in cards)
        + sum(late),
        sum(one.amount_minor > 0 for one in cards) + len(late),
        sum(one.amount_minor < 0 for one in cards),
        int(order.tab is not None) + len(held),
        moved.begun,
    )
    # Of orders before, which were paid as far as anybody knew.
    refused = [
        one
        for one in left
        if one.problem is Problem.UPLOAD_DECLINED and one.asked.order_id != lane.order_id
    ]
    known = Moved(
        known.minor - sum(one.amount_minor for one in refused),
        known.payments - len(refused),
        known.refunds,
        known.reserved,
        known.begun,
    )
    last = lane.stage.books.payments.latest[lane.register]
    if known != moved:
        raise WrongError(f"the terminal booked {moved}, the order has {known}; last: {last}")
    view = payments_view(lane.stage.books, now_ns=lane.stage.world.now_ns(), register=lane.register)
    on_list = {one.payment_id for one in view.exceptions if one.age_s >= 0}
    (at_risk,) = (one.used_minor for one in view.ceilings if one.ceiling == "register")
    if at_risk != lane.far.stored_minor:
        stored = lane.far.stored_minor
        raise WrongError(f"{at_risk} is shown to be at risk, the terminal stored {stored}")
    for payment in left:
        # What the bank refused stands for what was tried to take it back, and is one entry.
        is_told = (payment.asked.payment_id in on_list) != payments.is_moot(payment)
        if not is_told or payment.problem not in _FOR_A_PERSON:
            raise WrongError(f"for a person, and not as it should be: {payment}")
    return last.standing.value


async def conclude(lane: Lane) -> None:
    """What a person does next: whatever the list says is tried again, and the order is paid in the
    way it is not yet paid, until it is completed."""
    for payment in _on_the_list(lane):
        payment_id = payment.asked.payment_id
        # One try that goes well settles those before it.
        if payment_id not in lane.stage.books.payments.exceptions:
            continue
        lane.listed += 1
        # What the bank refused cannot be taken back, and stands for what was tried.
        if payment.problem is Problem.UPLOAD_DECLINED:
            await _looked_into(lane, payment_id)
        else:
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
    await lane.do("order.complete")
    await _told(lane)
    if lane.day_id:
        await _days_agree(lane)
    judge_after(lane)


def _on_the_list(lane: Lane) -> list[Payment]:
    """What a person at this register finds on the list of exceptions, oldest first."""
    shown = listed(lane.stage.books, lane.stage.world.now_ns())
    return [one for one in shown if one.asked.register == lane.register]


async def _looked_into(lane: Lane, payment_id: str) -> None:
    """The bank refused it afterwards, and a person knows: nothing can be taken back. Of a sale that
    is over the shop has lost it."""
    payment = lane.stage.books.payments.exceptions[payment_id]
    if payment.asked.order_id != lane.order_id:
        lane.far.lost_minor += payment.amount_minor
    found = {"payment_id": payment_id, "finding": "the customer was called"}
    await lane.do("payment.close_exception", **found)


async def _told(lane: Lane) -> None:
    """The bank is there again, and what was stored is told: the terminal and the store know the
    same of it.

    Raises:
        WrongError: what was refused is not before a person.
    """
    before = lane.far.moved().minor
    lane.far.bring_bank_back()
    refused_minor = before - lane.far.moved().minor
    await lane.stage.settle(lane.register)
    lane.order_id = ""
    left = _on_the_list(lane)
    if sum(one.amount_minor for one in left) != refused_minor:
        raise WrongError(f"the bank refused {refused_minor} afterwards, on the list are {left}")
    for payment in left:
        lane.listed += 1
        await _looked_into(lane, payment.asked.payment_id)


async def _days_agree(lane: Lane) -> None:
    """An end of day that was cut off is known as far as it was told, and the next one has what it
    left open: each transaction is in one day, and a day whose totals were lost is named.

    Raises:
        WrongError: they differ.
    """
    assert lane.day is not None
    first, before = await _day_told(lane, lane.day_id), lane.day
    lane.day_id, lane.day = "", None
    has_ended = lane.far.day.began_at != before.began_at
    if first["verdict"] == "approved":
        is_right = has_ended and not first["differences"] and _sum(first["told"]) == before.minor
    else:
        is_right = not has_ended or first["verdict"] == "unknown"
    if not is_right:
        raise WrongError(f"a day of {before}, over: {has_ended}, is told as {first}")
    is_lost = has_ended and first["verdict"] == "unknown"
    wanted = [("not_told", before.minor)] if is_lost and before.minor else []
    counted = lane.far.day.minor
    second = await _end_of_day(lane)
    found = [(one["fault"], one["ours_minor"]) for one in second["differences"]]
    is_right = second["verdict"] == "approved" and _sum(second["told"]) == counted
    if not is_right or found != wanted:
        raise WrongError(f"after {first} a day of {counted} is told as {second}, not {wanted}")


def _sum(totals: list[dict[str, Any]]) -> int:
    return sum(int(one["amount_minor"]) for one in totals)


async def _end_of_day(lane: Lane) -> dict[str, Any]:
    """End the terminal's day undisturbed; how it is told. One that never left for the terminal, as
    the devices node was just beginning anew, goes on, and is ended by asking again."""
    told: dict[str, Any] = {}
    for _ in range(_TRIES):
        lane.far.expect(Customer())
        await lane.stage.idle(lane.register)
        told = await _day_told(lane, (await lane.do("terminal.end_day"))["day_id"])
        if told["code"] != "not_sent":
            break
    return told


async def _day_told(lane: Lane, day_id: str) -> dict[str, Any]:
    """What became of an end of day, once the view has it."""
    with trio.fail_after(PATIENCE_S):
        while True:
            view = await lane.stage.look("clearing.state", lane.register)
            for one in view["terminals"]:
                if one["day_id"] == day_id:
                    told: dict[str, Any] = one
                    return told
            await lane.stage.world.sleep(LOOK_S)
            await lane.stage.mended(lane.register)


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
    booked_minor, lost_minor = lane.far.moved().minor, lane.far.lost_minor
    if by_card != booked_minor + lost_minor:
        lost = f", and the bank refused {lost_minor}" if lost_minor else ""
        raise WrongError(f"the Z has {by_card} by card, the terminal booked {booked_minor}{lost}")
    day = await _end_of_day(lane)
    if day["verdict"] != "approved" or day["differences"]:
        how = f"{day['verdict']} {day['code']}"
        raise WrongError(f"the terminal's day does not balance, {how}: {day}")
