"""Prices as the shop writes them down: unit prices and costs in micros, quantities in thousandths.

A price list says what goods cost for some: a customer group, a channel, a dining option, a store,
some hours. `engine/price_list/table.py` says which list counts for a line.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from engine.limits import PIECE_MILLI
from engine.promotion.model import Span


class QuantityOf(Enum):
    """Whose quantity a tier is held against."""

    LINE = "line"
    """The line's own."""
    ORDER = "order"
    """All lines of the order that sell the same item in the same pack."""


@frozen
class CustomerGroup:
    """Customers that pay alike. Only who has the right may choose one of `employees`."""

    id: str
    name: str
    employees: bool = False


@frozen
class QuantityPrice:
    """From this quantity on, all of it costs so much a unit."""

    from_milli: int
    unit_price_micros: int


@frozen
class PriceEntry:
    """What an item costs in a list. `factor_milli` is the pack: the stock one unit stands for."""

    item_id: str
    unit_price_micros: int
    factor_milli: int = PIECE_MILLI
    tiers: tuple[QuantityPrice, ...] = ()


@frozen
class PercentEntry:
    """A percentage off the catalog's prices of departments, of all goods where none is named."""

    off_ppm: int
    departments: tuple[str, ...] = ()
    except_items: tuple[str, ...] = ()


@frozen
class PriceList:
    """Prices for whom and when the fields say; an empty field asks for nothing.

    `starts_s` and `ends_s` are seconds since 1970 (0: open), the end outside; `weekly` restricts it
    to hours of the week, of the business week with `business_day`: there a day goes on until the
    store's cut-off. A `markdown` is shown as what the goods were and are now.
    """

    id: str
    name: str
    entries: tuple[PriceEntry, ...] = ()
    percents: tuple[PercentEntry, ...] = ()
    customer_groups: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    dining_options: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    starts_s: int = 0
    ends_s: int = 0
    weekly: tuple[Span, ...] = ()
    business_day: bool = False
    priority: int = 0
    markdown: bool = False
    quantity_of: QuantityOf = QuantityOf.LINE

    def conditions(self) -> int:
        """How many conditions it has: the more, the narrower."""
        return sum(
            map(
                bool,
                (
                    self.customer_groups,
                    self.channels,
                    self.dining_options,
                    self.stores,
                    self.starts_s or self.ends_s,
                    self.weekly,
                ),
            )
        )


@frozen
class PriceFloor:
    """The lowest lawful unit price of an item, or of a department where `item_id` is empty."""

    unit_price_micros: int
    item_id: str = ""
    department: str = ""


@frozen
class ItemCost:
    """What one unit of an item costs the shop."""

    item_id: str
    unit_cost_micros: int


@frozen
class PriceSet:
    """Everything of one `prices.set`."""

    customer_groups: tuple[CustomerGroup, ...] = ()
    lists: tuple[PriceList, ...] = ()
    floors: tuple[PriceFloor, ...] = ()
    costs: tuple[ItemCost, ...] = ()


@frozen
class Resolved:
    """Which unit price counts for a line, and why: the list it is of ("": the item's own), what
    the price was before a markdown (0: none), and the lowest lawful one (0: none)."""

    unit_price_micros: int
    price_list: str = ""
    was_micros: int = 0
    floor_micros: int = 0
    unit_cost_micros: int = 0
    list_name: str = ""
