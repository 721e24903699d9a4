"""What the house allows of each kind of tender: how much over the due, whether change is given,
whether the drawer opens. Where it says nothing, what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

KINDS: Final = ("cash", "foreign", "card", "credit", "link")
"""Those there are; notes of other currencies are `foreign`, store credit is `credit`."""
# Of these more may lie on the counter than is due; the others are taken exactly.
COUNTED: Final = ("cash", "foreign")


@frozen
class TenderRule:
    """What the house decided of one kind.

    `over_minor_max` is the most that may be taken over what is due, None for any amount. Without
    `gives_change` nothing over the due is taken at all. `opens_drawer` is whether a sale that is
    paid so, if only in part, opens the drawer.
    """

    kind: str
    over_minor_max: int | None = None
    gives_change: bool = True
    opens_drawer: bool = False

    @property
    def may_be_over_minor(self) -> int | None:
        """How much over the due may be taken; None for any amount."""
        return self.over_minor_max if self.gives_change else 0


def rule_of(rules: Mapping[str, TenderRule], kind: str) -> TenderRule:
    """The house's rule for a kind; what is usual where it has none."""
    return rules.get(kind) or TenderRule(kind, opens_drawer=kind in COUNTED)
