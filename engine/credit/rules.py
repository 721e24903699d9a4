"""What the shop takes back without a receipt, at which price, and who gets store credit."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from engine import limits
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse
from engine.settings import STREAM, Settings

# ------------------------------------------------------------------------------------- Events


class PriceRule(Enum):
    """At which price goods without a receipt come back."""

    TODAY = "today"
    """What they cost anybody across the counter now, promotions taken off."""
    LOWEST = "lowest"
    """The lowest of that in the last `days` days, by the lists and promotions now in force."""


@frozen
class ReturnRules:
    """`without_receipt` lets goods come back without one, for store credit alone, up to
    `ceiling_minor` an order; `store_credit` lets what comes back with one be paid so too."""

    without_receipt: bool = False
    ceiling_minor: int = 0
    price: PriceRule = PriceRule.TODAY
    days: int = 0
    store_credit: bool = False


@EVENTS.name("settings.return_rules_set/1")
@frozen
class ReturnRulesSet:
    """How goods come back from here on."""

    rules: ReturnRules


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("settings.set_return_rules")
@frozen
class SetReturnRules:
    """Set how goods come back; nothing comes back without a receipt until it is set so."""

    rules: ReturnRules


class Refusal:
    """In precedence order."""

    STORE_MUST_BE_SET_UP = "store_must_be_set_up"
    CEILING_MUST_BE_WITHIN_LIMIT = "ceiling_must_be_within_limit"
    DAYS_MUST_BE_WITHIN_LIMIT = "days_must_be_within_limit"


# ------------------------------------------------------------------------------------- Decide


def decide(body: SetReturnRules, settings: Settings) -> Decision:
    """Decide other rules.

    Refuses:
        As `Refusal` lists, in that order.
    """
    rules = body.rules
    if settings.rules is None:
        return refuse(Refusal.STORE_MUST_BE_SET_UP)
    least = 1 if rules.without_receipt else 0
    if not least <= rules.ceiling_minor <= limits.AMOUNT_MINOR_MAX:
        return refuse(Refusal.CEILING_MUST_BE_WITHIN_LIMIT, maximum_minor=limits.AMOUNT_MINOR_MAX)
    if not 0 <= rules.days <= limits.RETURN_PRICE_DAYS_MAX:
        return refuse(Refusal.DAYS_MUST_BE_WITHIN_LIMIT, maximum=limits.RETURN_PRICE_DAYS_MAX)
    return Decision((Fact(STREAM, ReturnRulesSet(rules)),), {})
