"""What the office does with the bank's files: hand one in, part by part, any of them, a second time
too, or not to its end; two registers at once may be in each other's way."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.simulation.bank import BankFile, stage, whole
from tests.simulation.facts import OPERATOR, PIN
from tests.simulation.fronts_errors import RefusedError
from tests.simulation.workloads import workload

if TYPE_CHECKING:
    from tests.simulation.fronts import Front

_WHOLE = 0.7
_KNOWN = "settlement_file_must_be_new"


@workload(6)
async def bank_file(front: Front) -> None:
    """A new one, or one that came before and may be in already."""
    bank = front.sim.bank
    if not bank.files or front.chance.random() < 0.7:
        bank.send()
    await _hand_in(front, front.chance.choice(bank.files), is_whole=front.chance.random() < _WHOLE)


async def _hand_in(front: Front, file: BankFile, *, is_whole: bool = True) -> None:
    for part in range(len(file.parts) - (not is_whole)):
        await front.do("settlement.stage", **stage(file, part))
    await front.do("settlement.import", **whole(file))


async def hand_in_all(front: Front) -> None:
    """After the last day: the bank's last file, and every one that is not in yet."""
    bank = front.sim.bank
    bank.send(is_last=True)
    await front.insist_on(partial(front.do, "staff.sign_on", operator=OPERATOR, pin=PIN))
    for file in bank.files:
        await front.insist_on(partial(_have_in, front, file))


async def ask_how_it_stands(front: Front) -> None:
    """How card money stands, once every file is counted."""
    bank = front.sim.bank
    sizes = {file.name: len(file.rows) for file in bank.files}
    while True:
        view = await front.look("clearing.state", limit=500, days=366)
        # Only the newest are shown, and they are counted one after the other.
        if all(file["rows"] == sizes[file["name"]] for file in view["files"]):
            bank.told = view
            return
        await front.sim.world.sleep_exactly(0.2)


async def _have_in(front: Front, file: BankFile) -> None:
    try:
        await _hand_in(front, file)
    except RefusedError as error:
        if error.code != _KNOWN:
            raise
