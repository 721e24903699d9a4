"""The rules of what people are told: A which answer is whose, S what an answer says of the money,
Y what views have, H what anchors hold, R what goes back by which tender.

An answer is held against the auditor's own sums where nothing came after it, and a view against the
records, however often the store was killed in between.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.simulation.auditor import Auditor, Invariant, digest_of, invariant
from tests.simulation.model import Order, Row
from tests.simulation.model_cash import rounding_minor
from tests.simulation.seen import Answered, Asked, Shown


@invariant("A3_an_answer_is_to_what_was_asked")
class AnAnswerIsToWhatWasAsked(Invariant):
    """What a front end hears is an answer that left the store for that very question, whatever
    became of the connection meanwhile."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._left: dict[str, dict[str, None]] = {}

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """Each that leaves; a refusal may be another the next time."""
        self._left.setdefault(asked.id, {})[digest_of(answer)] = None

    def on_heard(self, ask_id: str, answer: Answered) -> None:
        """It is one of them."""
        if digest_of(answer) not in self._left.get(ask_id, {}):
            self.broken(f"{ask_id} was answered {answer}, which did not leave the store for it")


@invariant("S9_answers_say_what_is_so")
class AnswersSayWhatIsSo(Invariant):
    """A cashier is told the right change, what is still due, and what goes back of a tender; and a
    count and a closing are answered with what is expected in the drawer."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._undone: dict[str, tuple[int, int]] = {}
        self._closed: dict[str, dict[str, Any]] = {}

    def on_record(self, row: Row) -> None:
        """Note what a tender was, which is gone once it is undone; and each closing."""
        if row.name == "order.tender_undone/1" and row.kind == "live":
            order, tender = self.model.orders[row.data["order_id"]], row.data["tender"]
            _, foreign, worth = order.notes.get(tender, ("", 0, 0))
            credit = order.credits.get(tender, ("", 0))[1]
            home = order.tenders.get(tender, 0) + worth + credit
            self._undone[row.command_id] = home, foreign
        elif row.name in ("till.closed/1", "register.day_closed/1"):
            self._closed[row.command_id] = row.data

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """By what was asked."""
        if not answer.ok or asked.is_query:
            return
        data = answer.data
        match asked.name:
            case "order.complete":
                done = self.model.completions.get(asked.id, data)
                self._agree(asked, data, done, ("change_minor", "rounding_minor"))
            case "order.tender_cash" | "order.tender_foreign":
                self._tendered(asked, data)
            case "order.undo_tender" if asked.id in self._undone:
                home, foreign = self._undone[asked.id]
                told = data["returned_minor"], data["foreign_minor"]
                if told != (home, foreign):
                    self.broken(f"{asked.id} hands {told} back, taken was {(home, foreign)}")
            case "till.close":
                names = ("expected_minor", "counted_minor", "difference_minor", "foreign")
                self._agree(asked, data, self._closed[asked.id], names)
            case "register.close_day":
                self._agree(asked, data, self._closed[asked.id], ("z_number",))

    def _agree(
        self, asked: Asked, told: Any, wanted: dict[str, Any], names: tuple[str, ...]
    ) -> None:
        wrong = [name for name in names if told[name] != wanted[name]]
        if wrong:
            self.broken(f"{asked.name} was answered {told}, and {wrong} are not as in {wanted}")

    def _tendered(self, asked: Asked, data: Any) -> None:
        order = self.model.orders.get(data["order_id"])
        # A repeat tells what was so the first time; and what it comes to is for S1 to say.
        if order is None or self.auditor.positions.get(asked.id) != order.last_position:
            return
        if data["total_minor"] != order.total_minor():
            return
        left = left_minor(order)
        is_sale = order.total_minor() > 0 or bool(order.notes)
        wanted = {
            "due_minor": max(left, 0) if is_sale else left,
            "change_minor": max(-left, 0) if is_sale else 0,
        }
        self._agree(asked, data, wanted, tuple(wanted))


def left_minor(order: Order) -> int:
    """What is still to pay of an order, below zero what goes back."""
    given = sum(order.tenders.values()) + order.paid_minor()
    return order.total_minor() + rounding_minor(order) - given


@invariant("Y2_views_have_each_fact_once")
class ViewsHaveEachFactOnce(Invariant):
    """What the office searches is every sale, every Z, every closed count and everything that
    somebody did, each once and as it was: also after the store died while it was being folded."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._sales: dict[str, tuple[Any, ...]] = {}
        self._reports: dict[tuple[str, int], int] = {}
        self._counts: dict[tuple[str, int], int] = {}
        self._did: dict[int, tuple[str, str, str]] = {}
        self._on: dict[str, str] = {}

    def on_record(self, row: Row) -> None:
        """What views should have of it."""
        data = row.data
        if not row.name.startswith("effect."):
            by_name = row.name in _NAMES_ITS_PERSON
            who = data["operator"] if by_name else row.body["operator"]
            self._did[row.position] = (who, data.get("approver", ""), row.register)
        if row.name == "staff.signed_on/1":
            self._on[data["register"]] = data["operator"]
        elif row.name == "staff.signed_off/1":
            self._on.pop(data["register"], None)
        if row.kind != "live":
            return
        if row.name == "order.completed/1":
            total = self.model.orders[data["order_id"]].total_minor()
            self._sales[data["order_id"]] = (
                data["receipt_number"], row.register, data["operator"], total, 0,
            )  # fmt: skip
        elif row.name == "register.day_closed/1":
            total = self.model.day(row.register).total_minor
            self._reports[row.register, data["z_number"]] = total
        elif row.name == "till.closed/1":
            self._counts[row.register, data["session"]] = data["expected_minor"]

    def at_end(self) -> None:
        """Table by table."""
        store = self.auditor.store
        assert store is not None, "the store lives when everything is drained"
        sales = store.view(
            "SELECT order_id, number, register, operator, total_minor, training FROM receipts "
            "WHERE training = 0"
        )
        self._agree("receipts", {one: tuple(rest) for one, *rest in sales}, self._sales)
        reports = store.view(
            "SELECT register, z_number, json_extract(CAST(body AS TEXT), '$.totals.total_minor') "
            "FROM reports WHERE training = 0"
        )
        self._agree("reports", {tuple(key): total for *key, total in reports}, self._reports)
        counts = store.view(
            "SELECT register, session, json_extract(CAST(body AS TEXT), '$.expected_minor') "
            "FROM counts WHERE training = 0 AND closed = 1"
        )
        self._agree("counts", {tuple(key): minor for *key, minor in counts}, self._counts)
        did = store.view("SELECT position, operator, approver, register FROM activity")
        self._agree("activity", {one: tuple(rest) for one, *rest in did}, self._did)
        on = dict(store.view("SELECT register, operator FROM signed_on"))
        self._agree("who is signed on", on, self._on)

    def _agree(self, what: str, told: dict[Any, Any], wanted: dict[Any, Any]) -> None:
        if told == wanted:
            return
        wrong = [key for key in {**wanted, **told} if told.get(key) != wanted.get(key)]
        first = wrong[0]
        self.broken(
            f"{len(wrong)} of {len(wanted)} {what} are wrong, first {first}: the view has "
            f"{told.get(first)}, the journal {wanted.get(first)}"
        )


_NAMES_ITS_PERSON = frozenset(
    ("staff.signed_on/1", "staff.signed_off/1", "staff.pin_rejected/1", "staff.approval_given/1")
)


@invariant("H2_an_anchor_is_of_what_is_durable")
class AnAnchorIsOfWhatIsDurable(Invariant):
    """No node is told of a head that the platter does not hold, nor of another than it holds there:
    the store could not open any more, or would say that nothing is missing."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._hashes: list[str] = [""]
        self._held: dict[str, int] = {}
        self._first = 0

    def on_store_open(self, store: Shown) -> None:
        """What the shop was set up with was durable before anything was watched."""
        self._first = self._first or store.head()

    def on_record(self, row: Row) -> None:
        """Note each hash."""
        self._hashes.append(row.hash.hex())

    def on_anchor(self, path: str, anchor: dict[str, Any]) -> None:
        """As it is written down; one never goes back."""
        position = anchor["position"]
        if position > max(self.auditor.durable, self._first):
            self.broken(f"{path} holds record {position}, the disk {self.auditor.durable}")
        elif self._hashes[position] != anchor["hash"]:
            self.broken(f"{path} holds {anchor}, there is {self._hashes[position]}")
        elif position < self._held.get(path, 0):
            self.broken(f"{path} went back to record {position} from {self._held[path]}")
        self._held[path] = position


@invariant("R5_no_tender_gives_back_more_than_it_paid")
class NoTenderGivesBackMoreThanItPaid(Invariant):
    """What goes back of a sale by one of its means of payment is no more than that brought the
    shop: all cash of it is one, without what rounding added, and goods of an exchange are one. And
    it is no less: who paid all of it in cash gets all of it back so."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__(auditor)
        self._in_cash: dict[str, frozenset[int]] = {}
        self._paid: dict[str, Counter[int]] = {}
        self._back: dict[str, Counter[int]] = {}

    def on_record(self, row: Row) -> None:
        """Note what each tender of a sale brought, and hold each refund against it."""
        if row.kind != "live":
            return
        if row.name == "order.completed/1":
            order = self.model.orders[row.data["order_id"]]
            self._paid[order.id] = _brought(order)
            self._in_cash[order.id] = frozenset((0, *order.tenders, *order.notes))
        elif row.name == "order.tender_refunded/1":
            sale, tender = row.data["order_id"], row.data["tender"]
            back = self._back.setdefault(sale, Counter())
            back[tender] += row.data["amount_minor"]
            if not 0 <= back[tender] <= self._paid[sale][tender]:
                self.broken(
                    f"{back[tender]} went back by tender {tender} of {sale}, which brought "
                    f"{dict(self._paid[sale])}"
                )

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """No refund in cash is refused that there is enough of, where nothing came after it."""
        code = (answer.refusal or {}).get("code")
        if (asked.name, code) != ("order.tender_cash", "refund_must_go_to_its_tender"):
            return
        if answer.position != self.auditor.position:
            return
        for order in self.model.orders.values():
            if order.register == asked.register and order.is_open() and not order.suspended:
                self._refused(order)

    def _refused(self, order: Order) -> None:
        back: Counter[str] = Counter()
        for line in order.lines.values():
            if line.source is not None:
                back[line.source[0]] -= line.refund_minor
        for sale, minor in back.items():
            paid = self._paid.get(sale, Counter())
            if not paid or not paid.keys() <= self._in_cash[sale]:
                return
            if minor > paid.total() - self._back.get(sale, Counter()).total():
                return
        if back:
            self.broken(f"{dict(back)} of sales paid in cash was refused in cash, by {order.id}")


def _brought(order: Order) -> Counter[int]:
    """What each tender of an order that is complete brought, by number; 0 are goods."""
    brought = Counter(order.cards)
    for others in (order.credits, order.links):
        brought.update({tender: minor for tender, (_, minor) in others.items() if minor > 0})
    brought = Counter({tender: minor for tender, minor in brought.items() if minor > 0})
    in_cash = [*order.tenders, *order.notes]
    if in_cash:
        worth = sum(worth for *_, worth in order.notes.values())
        brought[min(in_cash)] = order.total_minor() - order.paid_minor() + worth
    goods = -sum(line.refund_minor for line in order.lines.values() if line.source is not None)
    if goods > 0:
        brought[0] = goods
    return brought
