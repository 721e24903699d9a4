"""Which charges are in force: one fact sets all of them, so that a set is never half changed."""

from __future__ import annotations

from collections import Counter

from attrs import frozen

from engine import limits
from engine.charge.model import ChargeRule
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse
from engine.price_list.model import DINING_OPTIONS
from engine.settings import Settings

STREAM = "charges"

# ------------------------------------------------------------------------------------- Events


@EVENTS.name("charges.set/1")
@frozen
class ChargesSet:
    """These charges are in force from here on, and no others."""

    charges: tuple[ChargeRule, ...]


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("charges.set")
@frozen
class SetCharges:
    """Put these charges in force, in place of all there were. None: no charges."""

    charges: tuple[ChargeRule, ...]


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


# ------------------------------------------------------------------------------------- Decide


def decide(body: SetCharges, settings: Settings) -> Decision:
    """Decide a new set of charges.

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
    return Decision((Fact(STREAM, ChargesSet(body.charges)),), {"charges": len(body.charges)})


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
