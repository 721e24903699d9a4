"""What a simulated terminal remembers: messages by their ServiceID, and whether money moved."""

from __future__ import annotations

import attrs
from attrs import define, field

from engine.terminal import Kind, SettledTotal
from hardware.terminal.nexo import messages as m

_BRAND = "mc"


@define
class Entry:
    """One transaction. `told` is its answer, None while it runs; `is_booked` says whether money
    moved, `reversed_minor` how much of it moved back. `is_stored` while one taken offline was not
    presented to the host, which then refuses it with `host_refusal`, or pays where that is "";
    `is_offline` says that it was one, also after."""

    header: m.Header
    ask: m.PaymentAsk | m.ReversalAsk
    number: int
    told: m.PaymentTold | m.ReversalTold | None = None
    is_booked: bool = False
    amount_minor: int = 0
    reversed_minor: int = 0
    is_stored: bool = False
    is_offline: bool = False
    host_refusal: str = ""

    @property
    def poi(self) -> m.PoiTransaction:
        """The terminal's name for it."""
        stamp = f"2026-11-26T12:{self.number // 60 % 60:02}:{self.number % 60:02}.000Z"
        return m.PoiTransaction(f"SIM{self.number:012}.REF{self.number:06}", stamp)

    @property
    def kind(self) -> Kind:
        """What was asked for."""
        if isinstance(self.ask, m.ReversalAsk):
            return Kind.REVERSAL
        return Kind.REFUND if self.ask.is_refund else Kind.SALE

    @property
    def asked_minor(self) -> int:
        """What was asked for, with the tip that the register knew of."""
        tip_minor = self.ask.tip_minor if isinstance(self.ask, m.PaymentAsk) else 0
        return self.ask.amount_minor + tip_minor

    @property
    def shown_minor(self) -> int:
        """What a person there reads: what moved, or what was asked for where nothing did."""
        return self.amount_minor or self.asked_minor

    @property
    def signed_minor(self) -> int:
        """What it comes to on the merchant's account; positive is towards the store."""
        if not self.is_booked or isinstance(self.ask, m.ReversalAsk):
            return 0
        left_minor = self.amount_minor - self.reversed_minor
        return -left_minor if self.ask.is_refund else left_minor


@define
class Ledger:
    """The terminal's memory; it survives a reboot. Its names count up behind `numbers_from`, since
    no two terminals of one acquirer share a name; `shop` is what the others of that shop did, which
    the acquirer knows once it was asked."""

    entries: list[Entry] = field(factory=list)
    settled_from: int = 0
    numbers_from: int = 0
    shop: list[Ledger] = field(factory=list)

    def begin(self, header: m.Header, ask: m.PaymentAsk | m.ReversalAsk) -> Entry:
        """A new transaction with the next number."""
        entry = Entry(header, ask, self.numbers_from + len(self.entries) + 1)
        self.entries.append(entry)
        return entry

    def find(self, category: str, service_id: str) -> Entry | None:
        """The transaction that came under that name."""
        for entry in reversed(self.entries):
            if (entry.header.category, entry.header.service_id) == (category, service_id):
                return entry
        return None

    def named(self, poi: m.PoiTransaction) -> Entry | None:
        """The booked payment with that name, at whichever terminal of the shop; what was given back
        of one has none of its own. What another stored the acquirer has not heard of."""
        for ledger in (self, *self.shop):
            for entry in ledger.entries:
                is_known = ledger is self or not entry.is_stored
                is_paid = entry.is_booked and isinstance(entry.ask, m.PaymentAsk)
                if entry.poi == poi and is_paid and is_known:
                    return entry
        return None

    @property
    def stored_count(self) -> int:
        """How many the host was not asked about yet."""
        return sum(entry.is_stored for entry in self.entries)

    def present(self) -> None:
        """The host is there: it pays or refuses each that was stored, and that is what is
        remembered of it from here on."""
        for entry in self.entries:
            if not entry.is_stored or not isinstance(entry.told, m.PaymentTold):
                continue
            entry.is_stored = False
            # Given back in full, it comes to nothing with what gave it back, and is not refused.
            if not entry.host_refusal or entry.reversed_minor >= entry.amount_minor:
                entry.told = attrs.evolve(entry.told, is_online=True)
                continue
            entry.is_booked = False
            extra = {"refusalReason": entry.host_refusal}
            outcome = m.Outcome("Failure", "Refusal", extra)
            entry.told = m.PaymentTold(
                outcome,
                entry.told.sale_transaction_id,
                entry.poi,
                currency=entry.told.currency,
                paper=entry.told.paper,
            )

    def totals(self) -> tuple[SettledTotal, ...]:
        """What counts since the last end of day, by kind: sales, refunds, and what took one of
        these back, which is a transaction of its own whichever day it undoes something of."""
        sides: dict[tuple[bool, bool], list[Entry]] = {}
        for one in self.entries[self.settled_from :]:
            if one.is_booked:
                sides.setdefault(self._kind(one), []).append(one)
        return tuple(
            SettledTotal(
                _BRAND,
                len(side),
                sum(-one.amount_minor if goes_out else one.amount_minor for one in side),
                len(side) if takes_back else 0,
            )
            for (takes_back, goes_out), side in sorted(sides.items())
        )

    def _kind(self, entry: Entry) -> tuple[bool, bool]:
        """Whether it takes another back, and whether its money leaves the store."""
        if isinstance(entry.ask, m.PaymentAsk):
            return False, entry.ask.is_refund
        original = self.named(entry.ask.original)
        is_of_refund = (
            original is not None
            and isinstance(original.ask, m.PaymentAsk)
            and original.ask.is_refund
        )
        return True, not is_of_refund

    @property
    def payments(self) -> list[Entry]:
        """Sales and refunds, whatever became of them."""
        return [entry for entry in self.entries if isinstance(entry.ask, m.PaymentAsk)]

    def end_day(self) -> None:
        """End its day at the terminal itself."""
        self.settled_from = len(self.entries)

    @property
    def booked_minor(self) -> int:
        """Everything that moved, together."""
        return sum(entry.signed_minor for entry in self.entries)

    @property
    def charges(self) -> int:
        """How many payments moved money, whatever became of it after."""
        return sum(entry.is_booked for entry in self.payments)
