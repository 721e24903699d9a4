"""Which part of an amount a terminal approved is a tip."""

from __future__ import annotations

from engine.terminal import Transaction


def tip_of(transaction: Transaction, amount_minor: int, told_tip_minor: int) -> int:
    """The tip within `amount_minor`, of which the terminal named `told_tip_minor` as one.

    A terminal need not name the tip it was asked with. Where a card had less than all of it, the
    goods come first. What a customer gave at the terminal, on top of that, it names.
    """
    if told_tip_minor > transaction.tip_minor:
        return told_tip_minor
    return min(transaction.tip_minor, max(0, amount_minor - transaction.amount_minor))
