"""The rules of the shop: A answers, J journal, S sale, D drawer money, E effects, P paper, K kicks.

To add one, write a class with the hooks it needs and register it; nothing else knows of it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from tests.simulation.auditor import Auditor, Invariant, digest_of, invariant
from tests.simulation.facts import BUN, FLOAT_MINOR, PRICES, STORE_ID, VOUCHER_MINOR
from tests.simulation.model import KICK_NS, Row, TillSession
from tests.simulation.model_offers import off_minor
from tests.simulation.seen import Answered, Asked, Shown
from verifier.hashes import record_hash

REPLAYS_EVERY = 3
KICK_TOLERANCE_NS = 20_000_000
CARD_SLIP = "Card slip"


@invariant("A1_answers_wait_for_the_disk")
class AnswersWaitForTheDisk(Invariant):
    """No answer leaves the store before the platter holds all it was computed from."""

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """Its position is durable, and so is its own command where it was accepted."""
        if answer.position > self.auditor.durable:
            self.broken(
                f"the answer to {asked.name} ({asked.id}) was given at position {answer.position}, "
                f"the disk holds {self.auditor.durable}"
            )
        elif answer.ok and not asked.is_query and not self.auditor.is_durable(asked.id):
            self.broken(f"{asked.name} ({asked.id}) was accepted, and the disk does not know it")


@invariant("A2_same_id_same_answer")
class SameIdSameAnswer(Invariant):
    """A repeated command gets the answer it got the first time; another one under its id, none."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._asked: dict[str, Asked] = {}
        self._given: dict[str, str] = {}

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """The same as before, but for refusals, which may be taken back: they left no trace."""
        if asked.is_query or not answer.ok:
            return
        digest = digest_of(answer)
        before = self._given.setdefault(asked.id, digest)
        if before != digest:
            self.broken(f"{asked.name} ({asked.id}) was answered twice, and not the same: {answer}")
        first = self._asked.setdefault(asked.id, asked)
        if (first.name, first.data) != (asked.name, asked.data):
            self.broken(f"{asked.name} was given the answer of {first.name} ({asked.id})")


@invariant("J1_acknowledged_is_durable")
class AcknowledgedIsDurable(Invariant):
    """After any crash the journal holds every record and every answer that was given."""

    def on_store_open(self, store: Shown) -> None:
        """What was seen is still there, under the same hash."""
        auditor = self.auditor
        found = store.read("SELECT hash FROM records WHERE position = ?", (auditor.position,))
        known = {row[0] for row in store.read("SELECT id FROM commands")}
        if auditor.position and found != [(auditor.last_hash,)]:
            self.broken(
                f"record {auditor.position} was committed before the crash; now the journal ends "
                f"at {store.head()}"
            )
        for command_id in auditor.acked_ids:
            if command_id not in known:
                self.broken(f"command {command_id} was acknowledged and is gone")
                return


@invariant("J2_chain_is_whole")
class ChainIsWhole(Invariant):
    """Positions have no gap, and each hash seals the record and the one before it."""

    def on_record(self, row: Row) -> None:
        """By the verifier's own arithmetic."""
        auditor = self.auditor
        if row.position != auditor.position + 1:
            self.broken(f"record {row.position} follows record {auditor.position}")
        wanted = record_hash(STORE_ID, row.kind, 1, row.position, auditor.last_hash, row.payload)
        if wanted != row.hash:
            self.broken(f"the hash of record {row.position} ({row.name}) does not fit")


@invariant("J3_replay_is_the_books")
class ReplayIsTheBooks(Invariant):
    """The books folded anew from the disk are the books the store goes on with."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._opened = 0

    def on_store_open(self, store: Shown) -> None:
        """After a crash a snapshot and its tail are worth the same as the whole journal."""
        self._opened += 1
        if self._opened > 1 and self._opened % REPLAYS_EVERY == 0:
            self._compare(store)

    def at_end(self) -> None:
        """Live against replayed."""
        assert self.auditor.store is not None
        self._compare(self.auditor.store)

    def _compare(self, store: Shown) -> None:
        live, replayed = store.state_hashes()
        if live != replayed:
            self.broken(f"at position {store.position()} the live books differ from a replay")


@invariant("S1_total_is_the_sum")
class TotalIsTheSum(Invariant):
    """A sale's total is what its goods cost, and tenders less change are the total."""

    def on_record(self, row: Row) -> None:
        """By the auditor's own price list."""
        data = row.data
        if row.name == "order.line_added/1":
            item = data["item"]
            if item["unit_price_micros"] != PRICES[item["item_id"]] * 10_000:
                self.broken(f"{item['item_id']} was rung up at {item['unit_price_micros']} micros")
        elif row.name == "order.completed/1" and row.kind == "live":
            self._completed(data)

    def _completed(self, data: dict[str, Any]) -> None:
        order_id, total = data["order_id"], data["figures"]["total_minor"]
        wanted = self.model.expected_total_minor(order_id)
        if total != wanted:
            self.broken(f"order {order_id} came to {total}, its goods cost {wanted}")
        order = self.model.orders[order_id]
        given = sum(order.tenders.values()) + order.paid_minor()
        if given - data["change_minor"] != total + data["rounding_minor"]:
            self.broken(
                f"order {order_id}: {given} was given and {data['change_minor']} went back, "
                f"for {total}"
            )
        if sum(tender["amount_minor"] for tender in data["tenders"]) != given:
            self.broken(f"order {order_id} names other tenders than were taken")

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """The answer says what the order comes to."""
        if not answer.ok or asked.is_query or not isinstance(answer.data, dict):
            return
        if answer.data.get("order_id", "") in self.model.practice:
            return
        if asked.name == "order.complete":
            done = self.model.completions.get(asked.id)
            if done is None:
                self.broken(f"{asked.id} was told a sale that is not in the journal")
            elif (done["figures"]["total_minor"], done["receipt_number"]) != (
                answer.data["total_minor"],
                answer.data["receipt_number"],
            ):
                self.broken(f"the answer {answer.data} is not the sale in the journal: {done}")
        elif asked.name == "order.add_line":
            order = self.model.orders[answer.data["order_id"]]
            total = answer.data["total_minor"]
            # A repeat tells the old total; only the latest word on an order can be compared.
            is_latest = self.auditor.positions.get(asked.id) == order.last_position
            if is_latest and total != order.total_minor():
                self.broken(f"an added line answered {total}, the goods cost {order.total_minor()}")


@invariant("S5_no_more_back_than_sold")
class NoMoreBackThanSold(Invariant):
    """What comes back was sold, once, and is paid back at what it cost."""

    def after_record(self, row: Row) -> None:
        """Looked at whenever something went back to its original."""
        if row.name != "order.returned/1" or row.kind != "live":
            return
        if row.data["line"] < 0:
            return  # R1 looks at charges
        order = self.model.orders[row.data["order_id"]]
        line = order.lines[row.data["line"]]
        if line.item == BUN:
            return  # B1 looks at all buns together
        if order.is_exempt:
            return  # X1 looks at the whole order
        paid = line.total_minor() - off_minor(order, line)
        if line.item == "wine" and order.has_voucher_used():
            wines = [e for e in order.lines.values() if e.item == "wine" and e.source is None]
            if sum(not entry.is_given_away for entry in wines) > 1:
                return  # how a voucher is spread over several is the store's to say
            paid -= VOUCHER_MINOR
        if line.returned > line.quantity or line.returned_minor > paid:
            self.broken(
                f"{line.returned} of {line.quantity} {line.item} came back for "
                f"{line.returned_minor} of {paid}"
            )
        if line.returned == line.quantity and line.returned_minor != paid:
            self.broken(f"all {line.item} came back, for {line.returned_minor} of {paid}")


@invariant("S7_receipts_have_no_gap")
class ReceiptsHaveNoGap(Invariant):
    """Each register's receipt numbers count up by one."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._last: dict[tuple[str, str], int] = {}

    def on_record(self, row: Row) -> None:
        """By register and kind."""
        if row.name != "order.completed/1":
            return
        data = row.data
        key = (row.kind, data["register"])
        wanted = self._last.get(key, 0) + 1
        mark = "T" if row.kind == "training" else ""
        number = f"{mark}{data['register']}-{wanted:06d}"
        if data["receipt_number"] != number or data["receipt_sequence"] != wanted:
            self.broken(f"receipt {data['receipt_number']} where {number} was due")
        self._last[key] = wanted


@invariant("S8_a_command_happens_once")
class ACommandHappensOnce(Invariant):
    """The facts of one command stand together, once, and an order is completed once."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._seen: set[str] = set()
        self._last = ""

    def on_record(self, row: Row) -> None:
        """A command id never comes back."""
        if row.command_id != self._last:
            if row.command_id in self._seen:
                self.broken(f"command {row.command_id} happened again: {row.name}")
            self._seen.add(row.command_id)
            self._last = row.command_id
        if row.name == "order.completed/1" and row.kind == "live":
            order = self.model.orders[row.data["order_id"]]
            if not order.is_open():
                self.broken(f"order {order.id} was completed a second time")


@invariant("S10_no_order_is_thrown_away_with_its_money")
class NoOrderIsThrownAwayWithItsMoney(Invariant):
    """Whatever was paid of an order goes back before it is voided."""

    def on_record(self, row: Row) -> None:
        """At each that is."""
        if row.name != "order.voided/1" or row.kind != "live":
            return
        order = self.model.orders[row.data["order_id"]]
        held = [*order.tenders, *order.notes, *order.cards, *order.credits, *order.links]
        if held:
            self.broken(f"{order.id} was voided with its tenders {held} on the counter")


@invariant("D1_expected_cash")
class ExpectedCash(Invariant):
    """Expected is float, cash sales less change, refunds, paid in and out; over and short once."""

    def on_record(self, row: Row) -> None:
        """At each opening, movement and closing."""
        if row.kind != "live" or not row.name.startswith("till."):
            return
        data = row.data
        till = self.model.tills.get(data["register"])
        if row.name == "till.opened/1":
            self._opened(till, data)
        elif till is None or till.is_closed or till.session != data["session"]:
            self.broken(f"{row.name} of session {data['session']}, which is not open")
        elif row.name == "till.closed/1":
            self._closed(till, data)

    def _opened(self, till: TillSession | None, data: dict[str, Any]) -> None:
        if till is not None and not till.is_closed:
            self.broken(f"till {data['register']} was opened over an open one")
        if data["session"] != (till.session if till else 0) + 1:
            self.broken(f"till {data['register']} opened session {data['session']}")
        if data["float_minor"] != FLOAT_MINOR:
            self.broken(f"the float is {data['float_minor']}")

    def _closed(self, till: TillSession, data: dict[str, Any]) -> None:
        expected, counted = till.expected_minor(), data["counted_minor"]
        if data["expected_minor"] != expected:
            self.broken(f"the drawer holds {expected}, the store expects {data['expected_minor']}")
        if counted != till.counted_minor or data["difference_minor"] != counted - expected:
            self.broken(f"counted {till.counted_minor} of {expected}: {data}")


@invariant("D3_no_sale_has_a_reason")
class NoSaleHasAReason(Invariant):
    """Whoever opens a drawer without a sale is named, with the reason."""

    def on_record(self, row: Row) -> None:
        """At each no-sale."""
        if row.name == "till.no_sale/1" and not (row.data["operator"] and row.data["reason"]):
            self.broken(f"a drawer was opened by {row.data}")


def _has_cash(completed: dict[str, Any]) -> bool:
    return any(tender["kind"] in ("cash", "foreign") for tender in completed["tenders"])


@invariant("D4_cash_belongs_to_a_session")
class CashBelongsToASession(Invariant):
    """Cash of a sale goes into the till session that is open at its register."""

    def on_record(self, row: Row) -> None:
        """At each completed sale."""
        if row.name != "order.completed/1" or row.kind != "live" or not _has_cash(row.data):
            return
        till = self.model.tills.get(row.data["register"])
        if till is None or till.is_closed or row.data["till_session"] != till.session:
            self.broken(f"the cash of {row.data['receipt_number']} went into no open till")


@invariant("Z1_day_is_what_was_sold")
class DayIsWhatWasSold(Invariant):
    """A Z counts up by one and copies what the register sold since the last, how it was paid and
    the tax in it."""

    def on_record(self, row: Row) -> None:
        """At each Z."""
        if row.name != "register.day_closed/1" or row.kind != "live":
            return
        data, day = row.data, self.model.day(row.data["register"])
        totals = data["totals"]
        said = (data["z_number"], totals["sales"], totals["total_minor"])
        if said != (day.z_number + 1, day.sales, day.total_minor):
            self.broken(f"the Z says {said}, sold were {day}")
        if Counter(totals["tenders"]) != day.tenders:
            self.broken(f"the Z says {totals['tenders']} was paid, {day.tenders} was")
        taxes = sum(tax["tax_minor"] for tax in totals["taxes"])
        if not totals["tax_minor"] == taxes == day.tax_minor:
            self.broken(f"the Z says {totals['tax_minor']} ({taxes}) of tax, sold were {day}")


@invariant("E1_facts_ask_for_their_effects")
class FactsAskForTheirEffects(Invariant):
    """Every sale asks for its receipt, cash for the drawer, a Z for its paper."""

    _KICKS = frozenset(("till.opened/1", "till.paid_in/1", "till.paid_out/1", "till.no_sale/1"))

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._wanted: dict[tuple[str, str], str] = {}

    def on_record(self, row: Row) -> None:
        """Note what a fact wants, and strike it off when it is asked for."""
        if row.kind != "live":
            return
        data = row.data
        if row.name == "effect.requested/1":
            self._wanted.pop((row.command_id, data["address"]), None)
        elif row.name == "order.completed/1":
            self._wanted[row.command_id, f"printer/{row.register}"] = data["receipt_number"]
            if _has_cash(data):
                self._wanted[row.command_id, f"drawer/{row.register}"] = data["receipt_number"]
        elif row.name in ("register.day_closed/1", "order.receipt_reprinted/1"):
            self._wanted[row.command_id, f"printer/{row.register}"] = row.name
        elif row.name in self._KICKS:
            self._wanted[row.command_id, f"drawer/{row.register}"] = row.name

    def on_batch(self) -> None:
        """Facts and effects share their commit."""
        for (command_id, address), what in self._wanted.items():
            self.broken(f"{what} ({command_id}) asked nothing of {address}")
            return


@invariant("E2_nothing_is_asked_for_nothing")
class NothingIsAskedForNothing(Invariant):
    """A drawer is kicked once for cash that goes in or out and for whoever opens it, and never
    else; a receipt is asked for once by its sale, and later as a copy; a Z once. Practice opens no
    drawer."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._command = ""
        self._due: Counter[str] = Counter()

    def on_record(self, row: Row) -> None:
        """What is asked for stands in one commit with what asks for it, and after it."""
        if row.command_id != self._command:
            self._command, self._due = row.command_id, Counter()
        if row.name == "effect.requested/1":
            self._asked(row)
        elif row.kind == "live":
            self._due.update(_wanted_by(row))

    def _asked(self, row: Row) -> None:
        effect = row.data["effect"]
        what = _KICK
        if effect["name"] == "printer.print/1":
            document = effect["data"]["document"]
            if document["title"] == CARD_SLIP or row.kind != "live":
                return  # C and W look at what terminals ask for
            what = document["title"] + _COPY * bool(document["copy"])
        if not self._due[what]:
            self.broken(f"{row.command_id} asked {row.data['address']} for {what!r} unasked")
        self._due[what] -= 1


_KICK, _COPY = "a kick", ", a copy"
_OPENS = frozenset(("till.opened/1", "till.paid_in/1", "till.paid_out/1", "till.no_sale/1"))


def _wanted_by(row: Row) -> list[str]:
    """What of the world a fact may ask."""
    data = row.data
    if row.name == "order.completed/1":
        notes = [
            f"Store credit {tender['credit']['code']}"
            for tender in data["tenders"]
            if tender.get("credit") and tender["amount_minor"] < 0
        ]
        kick = [_KICK] * _has_cash(data)
        return [f"Receipt {data['receipt_number']}", *kick, *notes]
    if row.name == "order.receipt_reprinted/1":
        return [f"Receipt {data['receipt_number']}{_COPY}"]
    if row.name == "register.day_closed/1":
        return [f"Z report {data['register']}-{data['z_number']}"]
    return [_KICK] * (row.name in _OPENS)


@invariant("P1_paper_once_or_copy")
class PaperOnceOrCopy(Invariant):
    """A document comes out at least once, and unmarked at most once; the others say COPY."""

    _TITLE = re.compile(r"Receipt (T?\d+-\d{6})  |Z report (\d+-\d+)|CODE128: ([0-9A-Z]{12})\]")
    _NOTE_ENDS = re.compile(r"CODE128.*Receipt \d+-\d{6}\n", re.DOTALL)

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self.unmarked: dict[str, int] = {}
        self.whole: set[str] = set()

    def on_paper(self, register: str, text: str) -> None:
        """A slip may hold a piece that a dying printer left, and then a whole document."""
        header = "Corner Shop"
        head, *pieces = text.split(header)
        marked = "COPY" in head
        for piece in pieces:
            self._piece(piece, marked=marked)
            # The mark stands above the header and again at the end.
            marked = "COPY" in piece.rpartition("Thank you")[2]

    def _piece(self, piece: str, *, marked: bool) -> None:
        found = self._TITLE.search(piece)
        if found is None:
            return
        title = found[1] or (f"Z {found[2]}" if found[2] else f"Store credit {found[3]}")
        ends = "Thank you" in piece or "Grand total" in piece
        is_whole = ends if not found[3] else self._NOTE_ENDS.search(piece) is not None
        if is_whole:
            self.whole.add(title)
        if not marked and "COPY" not in piece:
            self.unmarked[title] = self.unmarked.get(title, 0) + 1
            if self.unmarked[title] > 1:
                self.broken(f"{title} came out a second time without COPY on it")

    def at_end(self) -> None:
        """Everything that was asked of a printer came out."""
        for effect in self.model.effects.values():
            if effect.kind == "printer.print/1" and effect.title != CARD_SLIP:
                title = effect.title.replace("Receipt ", "").replace("Z report", "Z")
                if title not in self.whole:
                    self.broken(f"{effect.title} was asked for and never came out whole")
                    return


@invariant("K1_kicked_once_and_in_time")
class KickedOnceAndInTime(Invariant):
    """A drawer opens only for a kick that was begun, once, and never after its time."""

    def on_pulse(self, register: str) -> None:
        """Which kick it was for: the latest one begun at that drawer."""
        address = f"drawer/{register}"
        effect = self.model.begun.get(address)
        if effect is None:
            self.broken(f"{address} was kicked, and no kick was begun")
            return
        effect.kicks += 1
        if effect.kicks > 1:
            self.broken(f"{address} was kicked twice for {effect.id}")
        world = self.auditor.sim.world
        # The clock of stamps may be set; the steady one is no use across a restart of the store,
        # which then takes a clock that was set back meanwhile for what it says.
        # Its time begins when the store knows that it is written, which a slow disk tells late.
        late_ns = min(
            world.now_ns() - effect.expires_ns,
            world.monotonic_ns() - world.told_ns(effect.committed_ns) - KICK_NS
            - self.auditor.sim.set_back_ns_since(effect.committed_ns),
        )  # fmt: skip
        if late_ns > KICK_TOLERANCE_NS:
            self.broken(f"{address} was kicked {late_ns // 1_000_000} ms after its time")
