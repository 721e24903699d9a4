"""Which charges and deposits are in force: one fact sets all of them, so that a set is never half
changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property

from attrs import frozen

from engine import limits
from engine.charge.model import ChargeRule, Deposit
from engine.circumstances import DINING_OPTIONS
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse
from engine.settings import Settings
from native import PriceBook

STREAM = "charges"

# ------------------------------------------------------------------------------------- Events


@EVENTS.name("charges.set/1")
@frozen
class ChargesSet:
    """These charges and deposits are in force from here on, and no others."""

    charges: tuple[ChargeRule, ...]
    deposits: tuple[Deposit, ...] = ()


# -------------------------------------------------------------------------------------- State


@frozen
class Charges:
    """The charges and deposits in force."""

    rules: tuple[ChargeRule, ...] = ()
    deposits: tuple[Deposit, ...] = ()

    @cached_property
    def deposit_of(self) -> Mapping[str, str]:
        """The deposit's item by the item that is sold with it."""
        return {entry.item: entry.deposit for entry in self.deposits}


def evolve(event: ChargesSet) -> Charges:
    """The charges after `event`, whatever was before."""
    return Charges(event.charges, event.deposits)


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("charges.set")
@frozen
class SetCharges:
    """Put these charges and deposits in force, in place of all there were."""

    charges: tuple[ChargeRule, ...]
    deposits: tuple[Deposit, ...] = ()


class Refusal:
    """In precedence order."""

    STORE_MUST_BE_SET_UP = "store_must_be_set_up"
    CHARGES_LIMIT_REACHED = "charges_limit_reached"
    CHARGE_IDS_MUST_BE_DISTINCT = "charge_ids_must_be_distinct"
    CHARGE_NAME_MUST_BE_SHORT = "charge_name_must_be_short"
    CHARGE_MUST_BE_A_PERCENTAGE_OR_AN_AMOUNT = "charge_must_be_a_percentage_or_an_amount"
    GUESTS_MUST_BE_WITHIN_LIMIT = "guests_must_be_within_limit"
    DINING_MUST_BE_KNOWN = "dining_must_be_known"
    TAX_CLASS_MUST_EXIST = "tax_class_must_exist"
    DEPOSITS_LIMIT_REACHED = "deposits_limit_reached"
    DEPOSIT_ITEMS_MUST_EXIST = "deposit_items_must_exist"
    DEPOSITS_MUST_BE_DISTINCT = "deposits_must_be_distinct"


# ------------------------------------------------------------------------------------- Decide


def decide(body: SetCharges, settings: Settings, book: PriceBook) -> Decision:
    """Decide a new set of charges and deposits.

    Refuses:
        As `Refusal` lists, in that order.
    """
    if settings.rules is None:
        return refuse(Refusal.STORE_MUST_BE_SET_UP)
    if len(body.charges) > limits.CHARGES_MAX:
        return refuse(Refusal.CHARGES_LIMIT_REACHED, maximum=limits.CHARGES_MAX)
    for charge, count in Counter(entry.id for entry in body.charges).items():
        if count > 1 or not 1 <= len(charge) <= limits.ID_LENGTH_MAX:
            return refuse(Refusal.CHARGE_IDS_MUST_BE_DISTINCT, charge=charge[:64])
    for entry in body.charges:
        refused = _check(entry, settings)
        if refused is not None:
            return refused
    refused = _check_deposits(body.deposits, book)
    if refused is not None:
        return refused
    fact = Fact(STREAM, ChargesSet(body.charges, body.deposits))
    return Decision((fact,), {"charges": len(body.charges), "deposits": len(body.deposits)})


def _check_deposits(deposits: tuple[Deposit, ...], book: PriceBook) -> Decision | None:
    """Why these cannot be: a deposit is sold by the piece at a price of its own, and has none."""
    if len(deposits) > limits.DEPOSITS_MAX:
        return refuse(Refusal.DEPOSITS_LIMIT_REACHED, maximum=limits.DEPOSITS_MAX)
    items = Counter(entry.item for entry in deposits)
    for entry in deposits:
        for item in (entry.item, entry.deposit):
            row = book.find_item(item)
            by_piece = row is not None and row.unit == "piece" and not row.open_price
            if row is None or (item == entry.deposit and not by_piece):
                return refuse(
                    Refusal.DEPOSIT_ITEMS_MUST_EXIST, item_id=item[: limits.ID_LENGTH_MAX]
                )
        if items[entry.item] > 1 or entry.deposit in items:
            return refuse(Refusal.DEPOSITS_MUST_BE_DISTINCT, item_id=entry.item)
    return None


def _check(entry: ChargeRule, settings: Settings) -> Decision | None:
    if not 1 <= len(entry.name.strip()) <= limits.NAME_LENGTH_MAX:
        return refuse(
            Refusal.CHARGE_NAME_MUST_BE_SHORT, charge=entry.id, maximum=limits.NAME_LENGTH_MAX
        )
    whole = (
        0 <= entry.percent_ppm <= limits.PPM and 0 <= entry.amount_minor <= limits.AMOUNT_MINOR_MAX
    )
    if not whole or (entry.percent_ppm > 0) == (entry.amount_minor > 0):
        return refuse(Refusal.CHARGE_MUST_BE_A_PERCENTAGE_OR_AN_AMOUNT, charge=entry.id)
    if not 0 <= entry.guests_min <= limits.GUESTS_MAX:
        return refuse(
            Refusal.GUESTS_MUST_BE_WITHIN_LIMIT, charge=entry.id, maximum=limits.GUESTS_MAX
        )
    strange = sorted(set(entry.dinings) - set(DINING_OPTIONS))
    if strange:
        return refuse(Refusal.DINING_MUST_BE_KNOWN, charge=entry.id, dining=strange[0][:64])
    if entry.tax_class and entry.tax_class not in settings.tax_classes:
        return refuse(Refusal.TAX_CLASS_MUST_EXIST, tax_class=entry.tax_class[:64], charge=entry.id)
    return None
