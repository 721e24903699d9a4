"""What must be true of the files and the paper, whatever was done to the server.

It shares no code with the engine: it reads a copy of the journal with the standard library's SQLite
and holds it against what the tills were promised and what came out of the printer. Each rule is a
function that yields what is wrong, registered with `after_each_life` or `at_the_end`.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import sqlite3
import tempfile
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from tests.crash.work import FLOAT_MINOR, PRICES, Ledger
from verifier.__main__ import main as verifier_main

FACTS = {
    "order.add_line": "order.line_added/1",
    "order.tender_cash": "order.cash_tendered/2",
    "order.complete": "order.completed/1",
    "till.pay_in": "till.paid_in/1",
    "till.pay_out": "till.paid_out/1",
}
REGISTERS = ("1", "2")
WITH_PRINTER = "1"
_RECEIPT = re.compile(r"Receipt (\d+-\d{6})")
_CUT = "- - - - "  # as the paper is shown where it was cut


@frozen
class Fact:
    """One record of the journal, as far as the rules look at it."""

    position: int
    name: str
    command_id: str
    register: str
    data: dict[str, Any]


@define
class Printed:
    """One try to print a receipt, in the order of the paper. `below` is the copy that the banner
    above it may have ended."""

    number: str = ""
    is_copy: bool = False
    is_whole: bool = False
    is_ended: bool = False
    below: Printed | None = None


@define(eq=False)
class Evidence:
    """All there is to judge by. `receipts` are texts of paper, in order; `kicks` of the drawer."""

    ledger: Ledger
    facts: list[Fact]
    answers: dict[str, dict[str, Any]]
    verdict: str
    receipts: list[str] = field(factory=list)
    kicks: int = 0
    expected_minor: dict[str, int] = field(factory=dict)

    def named(self, name: str, register: str = "") -> list[Fact]:
        """The facts of one name, of one register where it is given."""
        return [f for f in self.facts if f.name == name and register in ("", f.register)]


Rule = Callable[[Evidence], Iterator[str]]
AFTER_EACH_LIFE: list[Rule] = []
AT_THE_END: list[Rule] = []


def after_each_life(rule: Rule) -> Rule:
    """Register a rule that holds at every moment, a server being down."""
    AFTER_EACH_LIFE.append(rule)
    return rule


def at_the_end(rule: Rule) -> Rule:
    """Register a rule that holds once every command is answered and every queue is empty."""
    AT_THE_END.append(rule)
    return rule


def judge(evidence: Evidence, *, ended: bool) -> list[str]:
    """What is wrong; nothing, one hopes."""
    rules = [*AFTER_EACH_LIFE, *(AT_THE_END if ended else [])]
    return [*evidence.ledger.wrong, *(wrong for rule in rules for wrong in rule(evidence))]


# -------------------------------------------------------------------------------- gathering


@contextlib.contextmanager
def copied(journal: Path) -> Iterator[Path]:
    """A copy of the journal, its log included, as the next start will find it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "journal.db"
        for end in ("", "-wal"):
            source = journal.with_name(journal.name + end)
            if source.exists():
                shutil.copyfile(source, copy.with_name(copy.name + end))
        yield copy


def gather(journal: Path, ledger: Ledger) -> Evidence:
    """Read all of a copy of the journal, and have the verifier judge it."""
    with copied(journal) as copy:
        code, said = verify(copy, ledger.heads)
        verdict = "" if code == 0 else f"the verifier (exit {code}): {said}"
        try:
            facts, answers = _read(copy)
        except (sqlite3.Error, TypeError, ValueError) as error:
            # A lying disk leaves pages of another time: rows without what every row has.
            return Evidence(ledger, [], {}, f"{verdict}; the journal cannot be read: {error}")
    return Evidence(ledger, facts, answers, verdict)


def _read(journal: Path) -> tuple[list[Fact], dict[str, dict[str, Any]]]:
    facts = []
    with closing(sqlite3.connect(journal)) as db:
        rows = db.execute("SELECT position, name, command_id, payload FROM records")
        for position, name, command_id, payload in rows:
            body = json.loads(payload)
            facts.append(Fact(position, name, command_id, body["register"], body["data"]))
        stored = {
            row[0]: json.loads(row[1]) for row in db.execute("SELECT id, answer FROM commands")
        }
    return facts, stored


def verify(journal: Path, heads: dict[int, str]) -> tuple[int, str]:
    """The stand-alone verifier's exit code and words; `heads` are anchored outside."""
    # It takes some thousand on its command line; the newest say most.
    newest = sorted(heads.items())[-50:]
    anchors = [word for position, head in newest for word in ("--head", f"{head}@{position}")]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = verifier_main([str(journal), *anchors])
    return code, said.getvalue().strip()


# ------------------------------------------------------------------------------ the journal


@after_each_life
def the_verifier_is_content(evidence: Evidence) -> Iterator[str]:
    """The chain is whole, and every head the store ever showed is in it."""
    if evidence.verdict:
        yield evidence.verdict


@after_each_life
def nothing_acknowledged_is_lost(evidence: Evidence) -> Iterator[str]:
    """Every yes is stored as it was given, with the fact that it was a yes to."""
    facts = Tally((fact.command_id, fact.name) for fact in evidence.facts)
    for command in evidence.ledger.acknowledged():
        stored = evidence.answers.get(command.id)
        if stored is None:
            yield f"LOST: {command.name} {command.id} was acknowledged and is not in the journal"
        elif stored["data"] != command.answer:
            yield f"{command.name} {command.id} was answered otherwise than is stored"
        elif facts[command.id, FACTS[command.name]] != 1:
            count = facts[command.id, FACTS[command.name]]
            yield f"LOST: {command.name} {command.id} has its fact {count} times"


@after_each_life
def nothing_is_doubled(evidence: Evidence) -> Iterator[str]:
    """No command has its fact twice, no order ends twice, and nothing happened unasked."""
    asked = {command.id for command in evidence.ledger.commands}
    facts = Tally((f.command_id, f.name) for f in evidence.facts if f.name in FACTS.values())
    for (command_id, name), count in facts.items():
        if count != 1:
            yield f"DOUBLED: {command_id} made {name} {count} times"
        if command_id not in asked:
            yield f"DOUBLED: {name} came from {command_id}, which no till sent"
    orders = Tally(fact.data["order_id"] for fact in evidence.named("order.completed/1"))
    yield from (f"DOUBLED: order {order} ended {n} times" for order, n in orders.items() if n > 1)


@after_each_life
def receipt_numbers_have_no_gap(evidence: Evidence) -> Iterator[str]:
    """1, 2, 3 … at each register."""
    for register in REGISTERS:
        numbers = [
            int(fact.data["receipt_number"].rpartition("-")[2])
            for fact in evidence.named("order.completed/1", register)
        ]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"register {register} has the receipt numbers {numbers}"


@after_each_life
def a_drawer_is_never_kicked_again(evidence: Evidence) -> Iterator[str]:
    """No kick is begun twice, and no more came out than were begun."""
    kicks = {
        fact.data["effect_id"]
        for fact in evidence.named("effect.requested/1")
        if fact.data["effect"]["name"] == "drawer.kick/1"
    }
    begun = Tally(
        fact.data["effect_id"]
        for fact in evidence.named("effect.started/1")
        if fact.data["effect_id"] in kicks
    )
    yield from (f"the kick {kick} began {n} times" for kick, n in begun.items() if n > 1)
    if evidence.kicks > len(begun):
        yield f"the drawer was kicked {evidence.kicks} times for {len(begun)} that were begun"


# --------------------------------------------------------------------------------- the money


@at_the_end
def everything_was_answered(evidence: Evidence) -> Iterator[str]:
    """No command is left without its answer."""
    for command in evidence.ledger.commands:
        if command.answer is None:
            yield f"{command.name} {command.id} was never answered"


@at_the_end
def each_sale_is_what_was_rung_up(evidence: Evidence) -> Iterator[str]:
    """Its total is the sum of its lines' prices; its receipt and change are those answered."""
    lines: dict[str, int] = {}
    for command in evidence.ledger.acknowledged("order.add_line"):
        assert command.answer is not None
        order = command.answer["order_id"]
        lines[order] = lines.get(order, 0) + PRICES[command.data["code"]]
    sold = {c.id: c.answer for c in evidence.ledger.acknowledged("order.complete") if c.answer}
    for fact in evidence.named("order.completed/1"):
        order, answer = fact.data["order_id"], sold.get(fact.command_id)
        total = fact.data["figures"]["total_minor"]
        if total != lines.get(order):
            yield f"order {order} came to {total}, its lines to {lines.get(order)}"
        paid = sum(tender["amount_minor"] for tender in fact.data["tenders"])
        if paid - fact.data["change_minor"] != total:
            yield f"order {order}: {paid} paid, {fact.data['change_minor']} back, {total} due"
        if answer is None or answer["receipt_number"] != fact.data["receipt_number"]:
            yield f"order {order} has a receipt number other than was answered"


@at_the_end
def the_drawer_sum_is_right(evidence: Evidence) -> Iterator[str]:
    """Float, sales and what was put in or taken out, by the tills' own notes."""
    for register, told in evidence.expected_minor.items():
        ledger = evidence.ledger
        expected = FLOAT_MINOR
        for command in ledger.acknowledged("order.complete", register):
            assert command.answer is not None
            expected += command.answer["total_minor"]
        expected += sum(
            command.data["amount_minor"] * (1 if command.name == "till.pay_in" else -1)
            for command in ledger.acknowledged(register=register)
            if command.name.startswith("till.pay")
        )
        if told != expected:
            yield f"drawer {register} should hold {expected}, the store says {told}"


# --------------------------------------------------------------------------------- the paper


def prints(receipts: list[str]) -> list[Printed]:
    """Every try on the paper: a header begins one, a banner above it or below makes it a copy.

    Between a whole copy and a header that follows without a cut, one banner can be either's: a kill
    takes the last lines of a copy, or only the cut behind them. Then it is the header's where the
    same receipt comes again.
    """
    found: list[Printed] = []
    banner, below = False, None
    for line in "\n".join(receipts).splitlines():
        if _CUT in line:
            below = None
        elif "COPY" in line:
            last = found[-1] if found else Printed()
            banner = not last.is_whole or not last.is_copy or last.is_ended
            below = None if banner else last
            last.is_ended = True
        elif "Corner Shop" in line:
            found.append(Printed(is_copy=banner, below=below))
            banner, below = False, None
        elif found and (number := _RECEIPT.search(line)):
            one = found[-1]
            one.number = number[1]
            one.is_copy |= one.below is not None and one.below.number == one.number
        elif found and "Thank you" in line:
            found[-1].is_whole = True
    return [one for one in found if one.number]


@at_the_end
def every_receipt_is_on_paper(evidence: Evidence) -> Iterator[str]:
    """Whole at least once."""
    whole = {one.number for one in prints(evidence.receipts) if one.is_whole}
    for fact in evidence.named("order.completed/1", WITH_PRINTER):
        if fact.data["receipt_number"] not in whole:
            yield f"receipt {fact.data['receipt_number']} was never printed whole"


@after_each_life
def a_second_print_says_copy(evidence: Evidence) -> Iterator[str]:
    """Whatever has begun to come out before is marked when it comes again."""
    seen: set[str] = set()
    for one in prints(evidence.receipts):
        if one.number in seen and not one.is_copy:
            paper = "\n".join(evidence.receipts)
            shown = paper[paper.find(one.number) :]
            yield f"receipt {one.number} was printed again without saying COPY; the paper:\n{shown}"
        seen.add(one.number)


@after_each_life
def nothing_is_printed_that_was_not_sold(evidence: Evidence) -> Iterator[str]:
    """What is on paper is in the journal."""
    sold = {fact.data["receipt_number"] for fact in evidence.named("order.completed/1")}
    for number in sorted({one.number for one in prints(evidence.receipts)} - sold):
        yield f"receipt {number} is on paper and not in the journal"
