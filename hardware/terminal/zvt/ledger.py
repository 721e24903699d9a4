"""What a simulated terminal remembers: transactions, its counters, whether money moved."""

from __future__ import annotations

from attrs import define, field

from engine.terminal import Kind
from hardware.terminal.limits import RECEIPT_NUMBERS, TRACE_NUMBERS

KEYED = -1  # typed at the terminal: tag 1F12 has no number for it
NO_CARD = -2  # nobody showed one
_OUTGOING = (Kind.REFUND,)


@define
class Entry:
    """One transaction of the terminal. `is_booked` says whether money moved in the end, and
    `was_booked` whether it ever counted: the host may refuse afterwards what was taken offline.

    `is_stored` while one taken offline was not presented to the host; `host_result` is what that
    will say, or said; `is_untold` until the register took that.
    """

    kind: Kind
    asked_minor: int
    amount_minor: int
    result: int
    trace: int
    receipt: int
    date: int = 1126
    time: int = 120000
    tip_minor: int = 0
    names_tip: bool = True
    original: int | None = None
    is_offline: bool = False
    is_booked: bool = False
    is_reversed: bool = False
    entry: int = 1
    is_stored: bool = False
    host_result: int = 0
    is_untold: bool = False
    was_booked: bool = False

    @property
    def signed_minor(self) -> int:
        """What it comes to on the merchant's account; positive is towards the store."""
        if not self.is_booked or self.is_reversed or self.kind is Kind.RESERVATION:
            return 0
        if self.kind in (Kind.REVERSAL, Kind.RELEASE):
            return 0
        return -self.amount_minor if self.kind in _OUTGOING else self.amount_minor


@define
class Ledger:
    """The terminal's memory; it survives a reboot."""

    entries: list[Entry] = field(factory=list)
    trace: int = 0
    receipt: int = 0
    settled_from: int = 0

    def open_entry(self, kind: Kind, asked_minor: int, original: int | None) -> Entry:
        """A new transaction with the next numbers; not booked."""
        self.trace = self.trace % TRACE_NUMBERS + 1
        self.receipt = self.receipt % RECEIPT_NUMBERS + 1
        entry = Entry(kind, asked_minor, asked_minor, 0, self.trace, self.receipt)
        entry.original = original
        self.entries.append(entry)
        return entry

    def find(self, receipt: int | None) -> Entry | None:
        """The newest booked transaction with that receipt number."""
        for entry in reversed(self.entries):
            if entry.receipt == receipt and entry.is_booked:
                return entry
        return None

    def book(self, entry: Entry) -> None:
        """Let it count, and undo what it reverses."""
        entry.is_booked = entry.was_booked = True
        original = self.find(entry.original)
        if entry.kind in (Kind.REVERSAL, Kind.RELEASE) and original is not None:
            original.is_reversed = True

    def store(self, entry: Entry) -> None:
        """Keep what was taken offline until the host can be asked."""
        entry.is_stored = entry.is_untold = True

    def present(self) -> None:
        """The host is there: it pays or refuses each that was stored. One that was taken back
        meanwhile is not presented."""
        for entry in self.entries:
            if entry.is_stored:
                entry.is_stored = False
                entry.is_untold = not entry.is_reversed
                entry.is_booked = entry.host_result == 0

    def untold(self) -> list[Entry]:
        """What was presented, and the register was not told what came of it."""
        return [entry for entry in self.entries if entry.is_untold and not entry.is_stored]

    def unsettled(self) -> list[Entry]:
        """What counts since the last end of day."""
        return [entry for entry in self.entries[self.settled_from :] if entry.signed_minor]

    def day(self) -> tuple[int, int]:
        """How many transactions count since the last end of day, and what they come to. What takes
        back one of an earlier day is one of this day."""
        amounts = [entry.signed_minor for entry in self.unsettled()]
        before = self.entries[: self.settled_from]
        for entry in self.entries[self.settled_from :]:
            original = next((one for one in before if one.receipt == entry.original), None)
            if entry.kind is Kind.REVERSAL and entry.is_booked and original is not None:
                gave = original.kind in _OUTGOING
                amounts.append(original.amount_minor if gave else -original.amount_minor)
        return len(amounts), sum(amounts)

    def end_day(self) -> None:
        """End its day at the terminal itself; its receipt numbers begin anew."""
        self.settled_from, self.receipt = len(self.entries), 0

    @property
    def booked_minor(self) -> int:
        """Everything that moved, together."""
        return sum(entry.signed_minor for entry in self.entries)
