"""A ZVT terminal at the end of a real cable: its messages, its memory and its faults.

It is played by a `Plan` for each transaction, or by a person at its page (`played.py`).
"""

from __future__ import annotations

from collections import deque

import attrs
import trio

from actors.world import World
from engine.terminal import Kind
from hardware.carrier import Carrier
from hardware.terminal.person import CARDS, PATIENCE_S
from hardware.terminal.played import (
    APPROVED,
    CANCELLED,
    CARD,
    DECLINED,
    NO_BANK,
    NO_PAPER,
    PIN,
    READY,
    STARTING,
    TOO_MANY_PINS,
    WAIT,
    Played,
    Row,
    amount,
)
from hardware.terminal.zvt import codec, voice
from hardware.terminal.zvt.far_end import TICK_S, FarEnd, GoneError
from hardware.terminal.zvt.ledger import KEYED, NO_CARD, Entry, Ledger
from hardware.terminal.zvt.objects import find_anywhere
from hardware.terminal.zvt.person import Plan
from native import ZvtMessage

_CANCELLED, _NO_CONNECTION, _PRINTER, _REVERSED, _NO_REVERSAL = 0x6C, 0xA3, 0xCC, 0xB4, 0xB5
_DECLINED, _PIN_TRIES, _NOT_STORED, _OTHER = 0x05, 0x4B, 0xFF, 0x9A
_INSERT, _PIN, _HOST, _REVERSING, _REMOVE = 0x0A, 0xCC, 0x04, 0x05, 0x0B
_WRONG_PIN, _TOO_MANY_PINS, _TEXT = 0x15, 0x18, 0xFF
_REFUSALS = {"declined": _DECLINED, "cancelled": _CANCELLED, "nobody": _CANCELLED,
             "too_many_pins": _PIN_TRIES}  # fmt: skip
_KINDS = {
    codec.AUTHORISE: Kind.SALE,
    codec.REFUND: Kind.REFUND,
    codec.REVERSE: Kind.REVERSAL,
    codec.RESERVE: Kind.RESERVATION,
    codec.CAPTURE: Kind.CAPTURE,
    codec.RELEASE: Kind.RELEASE,
    codec.RELEASE_PART: Kind.RELEASE,
}
_ENDS = {0: APPROVED, _CANCELLED: CANCELLED, _NO_CONNECTION: NO_BANK, _PRINTER: NO_PAPER,
         _NOT_STORED: "taken back"}  # fmt: skip
_NOT_READY_S = 2.0
_BREAK_S = 2.0
_NOT_PRINTED = 0x02


class TerminalFake(FarEnd, Played):
    """A terminal that can be used, broken and looked at.

    `keeps_unacknowledged` makes one that does not take back a sale whose acknowledgement is
    missing, as some do. What it approves alone it stores, presents once the host is back, and
    tells what came of each when it is asked to send what it took offline (`06 51`, unless
    `cannot_send`) or to end its day. A capture that names another authorisation than its
    reservation had is refused, with `wants_attribute` also one that names none; one that
    `knows_no_attribute` refuses the command that has that field.
    """

    def __init__(
        self,
        carrier: Carrier,
        *,
        is_serial: bool = False,
        terminal_id: int = 52500001,
        operator: bool = False,
        world: World | None = None,
    ) -> None:
        FarEnd.__init__(self, carrier, is_serial=is_serial, world=world)
        Played.__init__(self, operator=operator)
        self.terminal_id = terminal_id
        self.ledger: Ledger = Ledger()
        self.plans: deque[Plan] = deque()
        self.keeps_unacknowledged = False
        self.cannot_send = False
        self.wants_attribute = self.knows_no_attribute = False
        self.ends_silently = False
        self.is_registered = False
        self._last_plan, self._prints_again = Plan(), False

    async def reboot(self) -> None:
        """Power off and on: the connection breaks, the memory stays, the log-on is forgotten."""
        await self.cut()
        self.is_registered = False
        self.show_here(STARTING)
        await self.plug()

    def _abort_asked(self) -> None:
        self.person.press("cancel")

    # ---------------------------------------------------------------------------- the conversation

    async def _serve(self) -> None:
        while True:
            try:
                self._talk = self._inbox
                message = await self._talk.receive()
                self._abort = False
                await self._command(message)
            except (GoneError, trio.EndOfChannel):
                self.show_here(READY)
                # A checkpoint, so that a broken line cannot spin.
                await trio.lowlevel.checkpoint()

    async def _command(self, message: ZvtMessage) -> None:
        control = message.control
        if control == codec.REGISTER:
            self.is_registered = True
            self.show_here(READY)
            await self._send(codec.ACKNOWLEDGE)
            await self._tell(codec.COMPLETION, [(0x29, self.terminal_id), (0x49, 978)])
        elif control == codec.ENQUIRE:
            await self._send(codec.ACKNOWLEDGE)
            status = _PRINTER if self.is_paper_out else 0
            await self._tell(codec.COMPLETION, [("software", b"SIM 1"), ("status", status)])
        elif control in (0x8000, *range(0x8400, 0x8500)):
            pass
        elif not self.is_registered:
            await self._send(bytes.fromhex("846B00"))
        elif control == codec.RECALL:
            self._prints_again = not message.fields.get(0x03, 0) & _NOT_PRINTED
            await self._recall()
        elif control == codec.END_OF_DAY:
            await self._end_of_day()
        elif control == codec.SEND_OFFLINE and not self.cannot_send:
            await self._send_offline()
        elif control in _KINDS:
            await self._transact(message)
        else:
            await self._send(codec.UNKNOWN_COMMAND)

    async def _show(self, status: int, text: str, lose: tuple[int, ...] = ()) -> None:
        self.shown = text
        lines = [(0x24, [(0x07, text.encode("cp437"))])]
        await self._tell(codec.INTERMEDIATE, [("status", status), ("timeout_minutes", 0),
                                              (0x06, lines)], lose)  # fmt: skip

    async def _recall(self) -> None:
        await self._send(codec.ACKNOWLEDGE)
        if not self.ledger.entries:
            await self._tell(codec.ABORTION, [("result", 0x83)])
            return
        last = self.ledger.entries[-1]
        await self._tell(codec.STATUS_INFO, voice.result(last, self.terminal_id))
        if self._prints_again and last.result == 0:
            await self._print(last, self._last_plan)
        await self._tell(codec.COMPLETION, [])

    async def _send_offline(self) -> None:
        await self._send(codec.ACKNOWLEDGE)
        if self.is_offline:
            await self._tell(codec.ABORTION, [("result", _NO_CONNECTION)])
            return
        await self._show(_HOST, "sending what was taken offline")
        await self._tell_presented()
        self.show_here(READY)
        if self._abort:
            await self._tell(codec.ABORTION, [("result", _CANCELLED)])
            return
        await self._tell(codec.COMPLETION, [])

    async def _tell_presented(self) -> None:
        """Each until the register takes it; what it does not take is told another time."""
        for entry in self.ledger.untold():
            fields = voice.presented(entry, self.terminal_id)
            if self._abort or not await self._is_taken(codec.STATUS_INFO, fields, Plan()):
                return
            entry.is_untold = False

    async def _end_of_day(self) -> None:
        await self._send(codec.ACKNOWLEDGE)
        if self.is_offline:
            await self._tell(codec.ABORTION, [("result", _NO_CONNECTION)])
            return
        count, total_minor = self.ledger.day()
        fields = voice.day(total_minor, count)
        if self.ends_silently:
            # Its day is over, and nobody hears of it.
            self.ends_silently = False
            self.ledger.settled_from = len(self.ledger.entries)
            await self.cut()
            await self.plug()
            return
        await self._tell_presented()
        await self._tell(codec.STATUS_INFO, fields)
        self.ledger.settled_from = len(self.ledger.entries)
        await self._tell(codec.COMPLETION, [])

    # ------------------------------------------------------------------------------ a transaction

    async def _transact(self, message: ZvtMessage) -> None:
        attribute = message.fields.get(0x3B)
        if attribute is not None and self.knows_no_attribute:
            await self._send(codec.UNKNOWN_COMMAND)
            return
        plan = self.plans.popleft() if self.plans else Plan(card="ask" if self.operator else "tap")
        self._last_plan = attrs.evolve(plan, lose=(), breaks=False)
        kind = _KINDS[message.control]
        if 0x8000 not in plan.lose:
            await self._send(codec.ACKNOWLEDGE)
        asked_minor = message.fields.get(0x04, 0)
        self.shown_minor = asked_minor
        if self.is_paper_out:
            self.shown = NO_PAPER
            await self._tell(codec.ABORTION, [("result", _PRINTER)], plan.lose)
            return
        tip_minor = self.shown_tip_minor = _named_tip(message)
        may_tip = bool(message.fields.get(0x19, 0) & codec.TIP)
        refusal = await self._customer(kind, plan, may_tip=may_tip)
        entry = self.ledger.open_entry(kind, asked_minor, message.fields.get(0x87))
        entry.tip_minor, entry.names_tip = tip_minor, plan.names_tip
        entry.entry = {"tap": 2, "keyed": KEYED, "none": NO_CARD, "": NO_CARD}.get(plan.card, 1)
        is_other = kind is Kind.CAPTURE and not self._is_attribute(attribute)
        entry.result = refusal or (_OTHER if is_other else self._decide(entry, plan))
        await self._result(entry, plan)

    async def _customer(self, kind: Kind, plan: Plan, *, may_tip: bool) -> int:
        """The card and the PIN; a result code where it came to nothing."""
        if kind in (Kind.REVERSAL, Kind.CAPTURE, Kind.RELEASE):
            return 0
        await self._show(_INSERT, CARD, plan.lose)
        if plan.card == "none":
            with trio.move_on_after(PATIENCE_S):
                while not self._abort:
                    self._mind_the_cable()
                    await self._world.sleep(TICK_S)
            return _CANCELLED
        is_asked = plan.card == "ask"
        if is_asked and (refusal := await self._card(plan, may_tip=may_tip)):
            return refusal
        if plan.card == "insert":
            await self._show(_PIN, PIN, plan.lose)
            if is_asked and (refusal := await self._pin()):
                return refusal
        for text in plan.shows:
            await self._show(_TEXT, text, plan.lose)
        await self._show(_HOST, WAIT, plan.lose)
        return _CANCELLED if self._abort else 0

    async def _card(self, plan: Plan, *, may_tip: bool) -> int:
        """A person decides what the customer does; a result code where there is no card."""
        keys = frozenset({*CARDS, "partial", *(("tip",) if may_tip else ())})
        choice = await self.choose(keys, self._mind_the_cable)
        plan.card = choice.card
        plan.tip_minor += choice.tip_minor
        plan.breaks = plan.breaks or choice.loses_reply
        if choice.is_partial:
            plan.partial_minor = -1
        return _REFUSALS.get(choice.refusal, 0)

    async def _pin(self) -> int:
        async def wrong(text: str) -> None:
            await self._show(_WRONG_PIN, text)

        refusal = await self.type_pin(self._mind_the_cable, wrong)
        if refusal == "too_many_pins":
            await self._show(_TOO_MANY_PINS, TOO_MANY_PINS)
        return _REFUSALS.get(refusal, 0)

    def _is_attribute(self, told: bytes | None) -> bool:
        """Whether a capture names its reservation's authorisation, or may leave it out."""
        return not self.wants_attribute if told is None else told == voice.ATTRIBUTE

    def _decide(self, entry: Entry, plan: Plan) -> int:
        """What the host says, or the terminal alone."""
        if plan.decline:
            return plan.decline
        if entry.kind in (Kind.REVERSAL, Kind.CAPTURE, Kind.RELEASE):
            original = self.ledger.find(entry.original)
            if original is None:
                return _NO_REVERSAL
            if original.is_reversed:
                return _REVERSED
        if self.is_offline:
            if entry.kind is not Kind.SALE or entry.asked_minor > self.offline_max_minor:
                return _NO_CONNECTION
            entry.is_offline = True
            entry.host_result = _DECLINED if self.refuses_next else plan.host_result
            self.refuses_next = False
        if plan.partial_minor is not None and entry.kind not in (Kind.REVERSAL, Kind.RELEASE):
            half_minor = max(1, entry.asked_minor // 2)
            entry.amount_minor = half_minor if plan.partial_minor < 0 else plan.partial_minor
        entry.tip_minor += plan.tip_minor
        entry.amount_minor += plan.tip_minor
        return 0

    async def _result(self, entry: Entry, plan: Plan) -> None:
        """Tell it; it counts once the register acknowledged the result and every receipt."""
        try:
            if plan.breaks and entry.result == 0:
                await self._break(entry)
            is_taken = await self._told(entry, plan)
        except GoneError:
            self._settle_alone(entry)
            raise
        if entry.result == 0 and is_taken:
            self._book(entry)
            await self._show(_REMOVE, "remove card", plan.lose)
            self.show_here(APPROVED, entry.amount_minor)
            await self._tell(codec.COMPLETION, [], plan.lose)
            return
        if entry.result == 0:
            entry.result = _NOT_STORED
            await self._show(_REVERSING, "reversing", plan.lose)
        self.show_here(_ENDS.get(entry.result, DECLINED), entry.amount_minor)
        end: codec.Fields = [("result", entry.result)]
        if plan.why:
            end.append((0x06, [(0x1F17, plan.why.encode("cp437"))]))
        await self._tell(codec.ABORTION, end, plan.lose)

    def _book(self, entry: Entry) -> None:
        self.ledger.book(entry)
        if entry.is_offline:
            self.ledger.store(entry)
            if not self.is_offline:
                # Its bank came back while the receipt was being printed.
                self.ledger.present()

    async def _break(self, entry: Entry) -> None:
        """Money moves, and the cable breaks for a moment before the register hears of it."""
        self._book(entry)
        await self.cut()
        await self._world.sleep(_BREAK_S)
        await self.plug()
        raise GoneError

    def _settle_alone(self, entry: Entry) -> None:
        # What its host refused meanwhile counted until then, and is that transaction still.
        if entry.was_booked or entry.result != 0:
            return
        if self.keeps_unacknowledged:
            self._book(entry)
        else:
            # Taken back: the last transaction that the terminal would tell again is none.
            entry.result = _CANCELLED

    async def _told(self, entry: Entry, plan: Plan) -> bool:
        """Whether the register took the result and every receipt."""
        fields = voice.result(entry, self.terminal_id, plan)
        if not await self._is_taken(codec.STATUS_INFO, fields, plan):
            return False
        if not (plan.prints_declined if entry.result else plan.prints):
            return True
        return await self._print(entry, plan)

    async def _print(self, entry: Entry, plan: Plan) -> bool:
        for kind in (1, 2):
            for control, fields in voice.slip(entry, kind, plan):
                if not await self._is_taken(control, fields, plan):
                    return False
        return True

    async def _is_taken(self, control: int, fields: codec.Fields, plan: Plan) -> bool:
        while (reply := await self._tell(control, fields, plan.lose)) == 0x849C:
            await self._world.sleep(_NOT_READY_S)
        return reply in (0x8000, 0x8400)

    # ---------------------------------------------------------------------------------- the page

    def _row(self, entry: Entry) -> Row:
        ended, amount_text = self._end(entry), amount(entry.amount_minor)
        return Row(entry.kind.value, amount_text, entry.receipt, ended, entry.is_booked)

    def _end(self, entry: Entry) -> str:
        if entry.is_reversed:
            return "reversed"
        if entry.is_offline and entry.result == 0 and entry.is_booked:
            return "stored" if entry.is_stored else "approved later"
        if entry.is_offline and entry.host_result and entry.result == 0 and not entry.is_stored:
            return "refused later"
        if entry.result == 0 and not entry.is_booked:
            return "running"
        return _ENDS.get(entry.result, DECLINED)


def _named_tip(message: ZvtMessage) -> int:
    """The tip within the amount it is asked for, as far as it is named."""
    named = find_anywhere(message.fields.get(0x06), codec.TIP_WITHIN)
    return int(named.hex()) if isinstance(named, bytes) else 0
