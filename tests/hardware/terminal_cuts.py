"""The wire to a terminal, cut at every byte.

`python -m tests.hardware.terminal_cuts [--json FILE] [DIALOGUE …]`

Each dialogue runs over a real socket or pty between the production device and the simulated
terminal. The cable is pulled after so many bytes in one direction and put back; then the terminal
is asked for what became of it. What is known must be what its books say, and it must have been
asked once.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import trio
from attrs import field, frozen

from actors.terminal_messages import Heard, Request
from engine.terminal import Answer, Kind, Settlement, Verdict
from hardware.terminal.zvt.ledger import Entry
from hardware.terminal.zvt.person import Plan
from tests.arguments import new_file
from tests.hardware.terminal_rig import ADDRESS, KEEPER, Shop, open_shop, real, sale
from tests.stopping import exit_with

PLACES = ("cut_after", "deaf_after")
CARRIERS = ("tcp", "pty")
AT_ONCE = 6
PATIENCE_S = 60.0
_YES = (Verdict.APPROVED, Verdict.PARTIALLY_APPROVED)


@frozen
class Dialogue:
    """What is asked of the terminal, after what came before it, and what it is planned to do."""

    name: str
    kind: Kind | None = Kind.SALE
    plan: Plan = field(factory=Plan)
    after: Kind | None = None
    aborts: bool = False
    amount_minor: int = 1250


DIALOGUES = (
    Dialogue("payment approved"),
    Dialogue("payment tapped, nothing to print", plan=Plan("tap", prints=False)),
    Dialogue("payment declined", plan=Plan(decline=0x05)),
    Dialogue("payment aborted at the terminal", plan=Plan(decline=0x6C)),
    Dialogue("payment aborted by the register", plan=Plan("none"), aborts=True),
    Dialogue("payment approved in part", plan=Plan(partial_minor=700)),
    Dialogue("payment with a tip", plan=Plan(tip_minor=150)),
    Dialogue("refund", Kind.REFUND),
    Dialogue("reversal", Kind.REVERSAL, after=Kind.SALE),
    Dialogue("reservation", Kind.RESERVATION),
    Dialogue("capture of a reservation", Kind.CAPTURE, after=Kind.RESERVATION, amount_minor=900),
    Dialogue("release of a reservation", Kind.RELEASE, after=Kind.RESERVATION),
    Dialogue("end of day", None, after=Kind.SALE),
)


@frozen
class Wire:
    """How a cut is made: on which carrier, in which direction, at a terminal that takes back what
    was not acknowledged or keeps it."""

    carrier: str = "tcp"
    place: str = PLACES[0]
    keeps: bool = False


async def _ask(shop: Shop, request_id: str, kind: Kind, amount_minor: int, **more: Any) -> Answer:
    asked = attrs.evolve(sale(amount_minor), kind=kind, **more)
    heard = await shop.rig.post.ask(
        ADDRESS, Request(request_id, asked, KEEPER), timeout_s=PATIENCE_S
    )
    assert isinstance(heard, Heard)
    return heard.answer


async def _prepare(shop: Shop, dialogue: Dialogue) -> Answer | None:
    """What came before: always a sale, so that the terminal has a last transaction."""
    first = await _ask(shop, "first", Kind.SALE, 500)
    assert first.verdict is Verdict.APPROVED
    if dialogue.after is None:
        return None
    before = await _ask(shop, "before", dialogue.after, 1250)
    assert before.verdict is Verdict.APPROVED
    return before


async def _abort_soon(shop: Shop) -> None:
    is_asked = False
    while not is_asked:
        await trio.sleep(0.005)
        is_asked = shop.fake.shown == "insert or tap card" and await shop.device.abort()


async def _do(shop: Shop, dialogue: Dialogue, before: Answer | None) -> Answer | Settlement:
    if dialogue.kind is None:
        return await shop.device.settle()
    shop.fake.plans.append(dialogue.plan)
    more: dict[str, Any] = {"partial_allowed": dialogue.plan.partial_minor is not None}
    if before is not None:
        more["original"] = before.identity
    async with trio.open_nursery() as nursery:
        if dialogue.aborts:
            nursery.start_soon(_abort_soon, shop)
        answer = await _ask(shop, "it", dialogue.kind, dialogue.amount_minor, **more)
        nursery.cancel_scope.cancel()
    return answer


def _on(wire: Wire, folder: Path) -> Any:
    end, is_serial = real(wire.carrier, folder)
    return open_shop(end, is_serial=is_serial)


async def dialogue_bytes(dialogue: Dialogue, carrier: str, folder: Path) -> dict[str, int]:
    """How many bytes it takes in each direction, by the name of the cut."""
    async with _on(Wire(carrier), folder) as shop:
        before = await _prepare(shop, dialogue)
        sent, heard = shop.fake.sent_bytes, shop.fake.heard_bytes
        await _do(shop, dialogue, before)
        await shop.idle()
        return {PLACES[0]: shop.fake.sent_bytes - sent, PLACES[1]: shop.fake.heard_bytes - heard}
    raise AssertionError


async def cut(dialogue: Dialogue, wire: Wire, after: int, folder: Path) -> str:
    """Cut once, mend, ask, and hold what is known against the terminal's books; what is known.

    Raises:
        AssertionError: they differ, or the terminal was asked for it twice.
    """
    with trio.fail_after(PATIENCE_S):
        async with _on(wire, folder) as shop:
            before = await _prepare(shop, dialogue)
            fake, ledger = shop.fake, shop.fake.ledger
            known, moved_minor = len(ledger.entries), ledger.booked_minor
            fake.keeps_unacknowledged = wire.keeps
            setattr(fake, wire.place, after)
            answer = await _do(shop, dialogue, before)
            setattr(fake, wire.place, None)
            if not fake.is_plugged:
                await _mend(shop)
            if isinstance(answer, Settlement):
                return await _settled(shop, answer)
            if answer.verdict is Verdict.UNKNOWN:
                answer = await shop.device.inquire(answer)
            new = ledger.entries[known:]
            where = (dialogue.name, wire, after, answer, new)
            assert len(new) <= 1, where
            _hold_against(answer, new, ledger.booked_minor - moved_minor, before, where)
            return answer.verdict.value
    raise AssertionError


async def _mend(shop: Shop) -> None:
    """Put the cable back and wait until the device has noticed both."""
    was = shop.device.connections
    await shop.fake.plug()
    await shop.reconnected(was)


def _hold_against(
    answer: Answer, new: list[Entry], moved_minor: int, before: Answer | None, where: object
) -> None:
    is_paid = answer.verdict in _YES
    assert [entry.is_booked for entry in new] in ([is_paid], [] if is_paid is False else [True]), (
        where
    )
    if not is_paid:
        assert moved_minor == 0, where
        # The terminal remembers and does not know it: whoever keeps the books may abandon it.
        assert answer.verdict is not Verdict.UNKNOWN or answer.code == "not_found", where
        return
    (entry,) = new
    assert answer.amount_minor == entry.amount_minor, where
    assert answer.identity.receipt == entry.receipt, where
    match answer.kind:
        case Kind.SALE | Kind.CAPTURE:
            assert moved_minor == answer.amount_minor, where
        case Kind.REFUND:
            assert moved_minor == -answer.amount_minor, where
        case Kind.REVERSAL:
            assert before is not None
            assert moved_minor == -before.amount_minor, where
        case _:
            assert moved_minor == 0, where


async def _settled(shop: Shop, answer: Settlement) -> str:
    """An end of day cannot be asked for: a second one settles what the first did not, and nothing
    twice."""
    ledger = shop.fake.ledger
    total_minor, left_minor = 1750, sum(entry.signed_minor for entry in ledger.unsettled())
    assert left_minor in (0, total_minor)
    if answer.verdict is Verdict.APPROVED:
        assert (answer.amount_minor, left_minor) == (total_minor, 0)
    while (again := await shop.device.settle()).code in ("link_lost", "not_sent"):
        # The cut came behind the last byte that was needed.
        left_minor = sum(entry.signed_minor for entry in ledger.unsettled())
        await _mend(shop)
    assert (again.verdict, again.amount_minor) == (Verdict.APPROVED, left_minor)
    assert ledger.unsettled() == []
    return answer.verdict.value


async def cuts_of(
    dialogue: Dialogue,
    wire: Wire,
    folder: Path,
    *,
    step: int = 1,
    first: int = 1,
    told: Callable[[str], None] = lambda _: None,
) -> Counter[str]:
    """Cut a dialogue at every `step`th byte from `first` on; what was known, and how often."""
    count = (await dialogue_bytes(dialogue, wire.carrier, folder))[wire.place]
    ends: Counter[str] = Counter()
    limit = trio.CapacityLimiter(AT_ONCE)

    async def one(after: int) -> None:
        async with limit:
            place = folder / f"{wire.place}-{wire.keeps}-{after}"
            place.mkdir()
            ends[await cut(dialogue, wire, after, place)] += 1

    async with trio.open_nursery() as nursery:
        for after in range(first, count + 1, step):
            nursery.start_soon(one, after)
    told(f"{dialogue.name}, {wire.carrier}, {wire.place}, keeps={wire.keeps}: {dict(ends)}")
    return ends


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _all(names: list[str], folder: Path) -> Counter[str]:
    ends: Counter[str] = Counter()
    for number, dialogue in enumerate(DIALOGUES):
        if names and dialogue.name not in names:
            continue
        for carrier in CARRIERS:
            for place in PLACES:
                for keeps in (False, True):
                    where = folder / f"{number}-{carrier}-{place}-{keeps}"
                    where.mkdir()
                    wire = Wire(carrier, place, keeps)
                    ends += await cuts_of(dialogue, wire, where, told=_say)
    return ends


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="tests.hardware.terminal_cuts", description=__doc__)
    parser.add_argument("dialogues", nargs="*", help="names of dialogues; all where none")
    parser.add_argument("--json", type=new_file, help="where the figures go")
    options = parser.parse_args(arguments)
    known = {dialogue.name for dialogue in DIALOGUES}
    if unknown := sorted(set(options.dialogues) - known):
        parser.error(
            f"there is no dialogue {', '.join(unknown)}; nothing was cut. There are: "
            f"{', '.join(sorted(known))}."
        )
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="countertop-cuts-") as folder:
        ends = trio.run(_all, options.dialogues, Path(folder))
    row = {
        "what": "cuts of the wire to a ZVT terminal, at every byte of every dialogue, "
        "after which what is known differs from its books, or it was charged twice",
        "figure": f"0 of {ends.total():,}",
        "aim": "0",
        "ok": ends.total() > 0,
        "command": "python -m tests.hardware.terminal_cuts",
    }
    seconds = time.monotonic() - began
    sys.stdout.write(f"{ends.total()} cuts in {seconds:.0f} s: {dict(ends)}\n")
    if options.json:
        options.json.write_text(json.dumps({"part": "cuts", "seconds": seconds, "rows": [row]}))
    return 0


if __name__ == "__main__":
    exit_with(main)
