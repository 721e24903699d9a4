"""The rules of cards taken without the bank, and of the ends of terminals' days."""

from __future__ import annotations

from collections import Counter, defaultdict

from tests.simulation.auditor import Auditor, Invariant, invariant
from tests.simulation.facts import OFFLINE
from tests.simulation.model import Row
from tests.simulation.model_cards import untold
from tests.simulation.seen import Answered, Asked


@invariant("C4_within_every_ceiling")
class WithinEveryCeiling(Invariant):
    """What was taken without the bank is a tender only within the ceilings of a payment, of who
    took it, of the register and of the shop, with all that was taken so and is not known yet."""

    def after_record(self, row: Row) -> None:
        """At each payment that a terminal approved alone and that its order has."""
        if row.kind != "live" or row.name != "order.card_tendered/1":
            return
        payment_id = row.data["card"]["payment_id"]
        if payment_id not in self.model.stored.stored:
            return
        asked = self.model.cards[payment_id].asked
        every = list(self.model.stored.stored.values())
        of_register = [one for one in every if one.asked["register"] == asked["register"]]
        of_operator = [one for one in every if one.asked["operator"] == asked["operator"]]
        # What is past them is being taken back, and is no tender.
        used = {
            "payment_minor": self.model.cards[payment_id].charged_minor,
            "operator_minor": sum(one.charged_minor for one in of_operator if not one.problem),
            "register_minor": sum(one.charged_minor for one in of_register if not one.problem),
            "total_minor": sum(one.charged_minor for one in every if not one.problem),
        }
        past = {name: minor for name, minor in used.items() if minor > OFFLINE[name]}
        if past:
            self.broken(f"{payment_id} was taken without the bank, past {past} of {OFFLINE}")
        elif not asked["offline_allowed"]:
            self.broken(f"{payment_id} was taken without the bank, and was not to be")


@invariant("C5_what_is_at_risk_is_shown")
class WhatIsAtRiskIsShown(Invariant):
    """Whoever looks is shown what may turn out to be unpaid, as it was at that moment: all that was
    stored, and all that a terminal may be storing."""

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """At each look at the payments that are not settled."""
        if asked.name != "payments.open" or not answer.ok:
            return
        wanted = self.model.stored.at(answer.position)
        shown = answer.data["offline_minor"], answer.data["offline_count"]
        if shown != (wanted.minor, wanted.count):
            self.broken(f"shown are {shown}, at risk are {wanted}")


@invariant("C6_a_late_refusal_is_before_a_person")
class ALateRefusalIsBeforeAPerson(Invariant):
    """What the bank refused afterwards is on the list, with its age and what was lost, from then on
    until a person says that it is settled."""

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """At each look at the payments that are not settled."""
        if asked.name != "payments.open" or not answer.ok:
            return
        shown = {one["payment_id"]: one for one in answer.data["exceptions"]}
        for payment_id, late in self.model.stored.late.items():
            is_over = late.until is not None and late.until <= answer.position
            if late.since > answer.position or is_over:
                continue
            one = shown.get(payment_id)
            if one is None or one["problem"] != "upload_declined" or one["age_s"] < 0:
                self.broken(f"{payment_id} was refused by the bank, and shown is {one}")
                return
            lost_minor = one["amount_minor"] + one["tip_minor"]
            if lost_minor != late.payment.charged_minor:
                self.broken(f"{payment_id} lost {late.payment.charged_minor}, shown is {one}")
                return


@invariant("C7_the_bank_is_heard_in_the_end")
class TheBankIsHeardInTheEnd(Invariant):
    """Once the bank is back, nothing is at risk any more, and of each card it is known whether the
    bank paid or refused it, which the terminal's memory says too."""

    def at_end(self) -> None:
        """Of every terminal."""
        if self.model.stored.stored:
            self.broken(f"nobody knows of {sorted(self.model.stored.stored)}")
            return
        for till in self.auditor.sim.tills:
            of_it = {
                payment.answer["identity"]["receipt"]: payment_id
                for payment_id, payment in self.model.cards.items()
                if payment.asked["terminal"] == till.terminal_address
                and payment.standing == "offline_approved"
            }
            for entry in till.entries():
                payment_id = of_it.get(entry.receipt)
                if payment_id is None or entry.is_reversed or not entry.was_stored:
                    continue
                said = self.model.stored.said.get(payment_id)
                if said is not entry.is_booked:
                    self.broken(f"{payment_id}: the store was told {said}, the bank says {entry}")
                    return


@invariant("C8_a_terminals_day_is_the_journals")
class ATerminalsDayIsTheJournals(Invariant):
    """Where nothing is in doubt as a terminal ends its day, its totals are what the journal says it
    took, and no difference is told; a day whose end was not heard is told by its name once. What
    was in doubt then makes a difference to that day once it is known, and to no other."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._lost: set[str] = set()
        self._unheard: dict[str, list[str]] = defaultdict(list)
        self._ended_by: dict[str, str] = {}
        self._differed: dict[str, Counter[tuple[str, int]]] = defaultdict(Counter)

    def on_record(self, row: Row) -> None:
        """At each end of day that a terminal told."""
        if row.kind != "live" or row.name != "terminal.day_heard/1":
            return
        data, name = row.data, row.data["terminal"]
        if data["verdict"] == "unknown":
            self._unheard[name].append(data["day_id"])
        if data["verdict"] != "approved":
            return
        for day_id in (*self._unheard.pop(name, ()), data["day_id"]):
            self._ended_by[day_id] = data["day_id"]
        for one in data["differences"]:
            kind = f"day_{one['fault']}"
            self._differed[data["day_id"]][kind, one["ours_minor"] - one["told_minor"]] += 1
        for day_id in data["lost"]:
            if day_id in self._lost:
                self.broken(f"{name}: that the day {day_id} was over is told twice")
            self._lost.add(day_id)
        parts = self.model.stored.days[name]
        ours = sum(one["amount_minor"] for one in data["ours"])
        if ours not in [sum(parts[start:]) for start in range(len(parts))]:
            self.broken(f"{name} ended its day, held against {ours}; the journal has {parts}")
        elif len(parts) == 1 and ours > 0 and not self._is_in_doubt(name) and data["differences"]:
            self.broken(f"{name} told {data['told']}, which is said to be wrong: {data}")

    def at_end(self) -> None:
        """Each difference is an item of card money, once, with what was found out since."""
        told = self.auditor.sim.bank.told
        assert told is not None, "files are handed in before the end"
        found: dict[str, Counter[tuple[str, int]]] = defaultdict(Counter)
        for one in told["items"]:
            kind, _, rest = one["id"].partition("/")
            if kind.startswith("day_"):
                day_id = self._ended_by[rest.partition("/")[0]]
                found[day_id][kind, one["difference_minor"]] += 1
        late = self.model.stored.late_minor
        for day_id in dict.fromkeys((*self._differed, *found, *late)):
            before, now = self._differed[day_id], found[day_id]
            is_right = now == before
            if day_id in late:
                # A terminal tells totals before it asks its bank, or after.
                known = _total(before) + late[day_id]
                refused = self.model.stored.late_refused_minor[day_id]
                is_right = _total(now) in (known, known - refused)
                is_right = is_right and (known - refused != 0 or not _total(now))
            if not is_right:
                self.broken(
                    f"the end of day {day_id} differed in {before}, known since is "
                    f"{late.get(day_id, 0)}, and listed are {now}"
                )

    def _is_in_doubt(self, name: str) -> bool:
        """Whether the store cannot know all that the terminal took, or what became of it."""
        cards = self.model.cards.values()
        of_it = [one for one in cards if one.asked["terminal"] == name]
        stored = self.model.stored.stored.values()
        if any(one.is_in_doubt for one in of_it):
            return True
        if any(one.asked["terminal"] == name for one in stored):
            return True
        (till,) = (one for one in self.auditor.sim.tills if one.terminal_address == name)
        return bool(untold(self.model.cards, name, till.entries()))


def _total(differences: Counter[tuple[str, int]]) -> int:
    return sum(minor * count for (_, minor), count in differences.items())
