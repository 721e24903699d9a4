"""What of an order decides its taxes: how it is handed over, and who is free of them."""

from __future__ import annotations

from typing import assert_never

from engine import limits
from engine.decision import Decision, refuse
from engine.order.commands import ChooseDining, ExemptOrder
from engine.order.context import OrderContext
from engine.order.events import (
    DiningChosen,
    OrderExempted,
)
from engine.order.pricing import price
from engine.order.refusal import Refusal
from engine.order.state import Order, evolve
from engine.tax import day_of
from engine.tax_book import TaxBook
from engine.tax_rules import TaxRulesError, check_day


def tax_choice(
    order: Order, body: ChooseDining | ExemptOrder, context: OrderContext
) -> DiningChosen | OrderExempted | Decision:
    """The fact that changes what the order's taxes are, or why it cannot be.

    Refuses:
        text_must_be_short, taxes_must_be_set, certificate_must_be_complete,
        certificate_must_not_be_expired, exemption_must_fit_taxes, taxes_must_apply,
        amount_must_be_within_limit.
    """
    found: DiningChosen | OrderExempted | Decision
    match body:
        case ChooseDining():
            found = DiningChosen(order.id, body.dining, context.operator)
        case ExemptOrder():
            found = _exempted(order, body, context)
        case _:
            assert_never(body)
    if isinstance(found, Decision):
        return found
    total = price(evolve(order, found, at=context.at()), context.tariff()).total_minor
    if abs(total) > limits.AMOUNT_MINOR_MAX:
        return refuse(Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT, maximum_minor=limits.AMOUNT_MINOR_MAX)
    return found


def _exempted(order: Order, body: ExemptOrder, context: OrderContext) -> OrderExempted | Decision:
    if not body.certificate.strip() and not body.customer_class.strip():
        body = ExemptOrder()
    event = OrderExempted(
        order.id,
        body.certificate.strip(),
        body.customer,
        body.reason.strip(),
        body.valid_until,
        body.jurisdictions,
        body.tax_types,
        body.categories,
        body.customer_class.strip(),
        context.operator,
        context.approver,
    )
    if event.exemption() is None:
        return event
    for text, maximum in (
        (event.certificate, limits.ID_LENGTH_MAX),
        (event.customer, limits.NAME_LENGTH_MAX),
        (event.reason, limits.REASON_LENGTH_MAX),
        (event.customer_class, limits.ID_LENGTH_MAX),
    ):
        if len(text) > maximum:
            return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=maximum)
    if context.taxes is None:
        return refuse(Refusal.TAXES_MUST_BE_SET)
    if event.certificate and not (event.customer.strip() and event.reason):
        return refuse(Refusal.CERTIFICATE_MUST_BE_COMPLETE, certificate=event.certificate)
    if event.valid_until:
        try:
            check_day(event.valid_until, "the certificate")
        except TaxRulesError:
            return refuse(Refusal.CERTIFICATE_MUST_BE_COMPLETE, certificate=event.certificate)
        today = day_of(context.stamp.now_ns, context.stamp.utc_offset_s)
        if event.valid_until < today:
            return refuse(Refusal.CERTIFICATE_MUST_NOT_BE_EXPIRED, valid_until=event.valid_until)
    unknown = _unknown(event, context.taxes)
    if unknown:
        return refuse(Refusal.EXEMPTION_MUST_FIT_TAXES, name=unknown[: limits.ID_LENGTH_MAX])
    return event


def _unknown(event: OrderExempted, taxes: TaxBook) -> str:
    """The first name in the exemption that the rules do not know; "" where they know all.

    Such a name would free the customer of nothing, and nobody would see why.
    """
    rules = taxes.rules
    classes = {name for rule in rules.rules for name in (*rule.customers, *rule.reverse_for)}
    named = (
        (event.jurisdictions, rules.jurisdictions.keys()),
        (event.tax_types, {rule.tax_type for rule in rules.rules}),
        (event.categories, rules.categories),
        (frozenset((event.customer_class,)) - {""}, classes),
    )
    missing = [name for names, known in named for name in sorted(names - known)]
    return missing[0] if missing else ""
