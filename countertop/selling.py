"""A sale by the command line: codes rung up at a register, for exact cash."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from countertop.calling import Say, client_of, run_client
from countertop.errors import CommandFailedError
from engine.money import format_money
from protocols.front.client import FrontClient
from protocols.front.client_types import RefusedError

NOT_SOLD = "not sold by the command line"
"""Why an order was voided, as it stands in the journal."""


def sell_codes(
    data_dir: Path, register: str, operator: str, pin: str, codes: Sequence[str], say: Say
) -> None:
    """Sell codes for exact cash, all or none of them, and say so once they are sold.

    Raises:
        CommandFailedError: the register is in the middle of an order, or the store refused; where
            the order could not be voided then, it says so.
    """
    run_client(partial(_sell, data_dir, register, operator, pin, tuple(codes), say))


async def _sell(
    data_dir: Path, register: str, operator: str, pin: str, codes: tuple[str, ...], say: Say
) -> None:
    async with client_of(data_dir, register=register) as client:
        if operator:
            await client.command("staff.sign_on", operator=operator, pin=pin)
        if (await client.query("register.state")).data["order"] is not None:
            raise CommandFailedError(
                f"Register {register} is in the middle of an order. Nothing was sold. Complete, "
                "suspend or void it at the register, then sell again."
            )
        lines: list[str] = []
        try:
            # What is said may find no room or no reader, which must not end a sale half way.
            await _ring_up(client, codes, lines.append)
        except RefusedError as error:
            raise CommandFailedError(
                f"The store refused: {error}. {await _end(client, register)}"
            ) from None
    for line in lines:
        say(line)


async def _ring_up(client: FrontClient, codes: tuple[str, ...], say: Say) -> None:
    rules = (await client.query("store.state")).data["rules"]

    def money(amount_minor: int) -> str:
        return format_money(amount_minor, rules["currency"], rules["language"])

    for code in codes:
        line = (await client.command("order.add_line", code=code)).data
        say(f"{line['name']:<32} {money(line['net_minor']):>12}")
    due = (await client.command("order.start_tendering")).data["cash_due_minor"]
    if due:
        await client.command("order.tender_cash", amount_minor=due)
    done = (await client.command("order.complete")).data
    say(f"{'Total, receipt ' + done['receipt_number']:<32} {money(done['total_minor']):>12}")


async def _end(client: FrontClient, register: str) -> str:
    """Leave no half of a sale for the next one to be added to; what came of it."""
    if (await client.query("register.state")).data["order"] is None:
        return "Nothing was sold."
    try:
        await client.command("order.void", reason=NOT_SOLD)
    except RefusedError as error:
        return (
            f"What was rung up stands at register {register}, for its order could not be voided "
            f"({error}). Complete or void it there."
        )
    return "Nothing was sold; what was rung up was voided."
