"""Price lists: which counts for a line, when prices change, and that no floor is broken."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine import limits
from engine.catalog import RemoveItem
from engine.circumstances import Circumstances, week_second
from engine.decision import Approval
from engine.image import books_from, image_of, state_hash
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    ChangeQuantity,
    ChooseChannel,
    ChooseCustomerGroup,
    CompLine,
    CompOrder,
    DiscountLine,
    DiscountOrder,
    OverridePrice,
    StartTendering,
    SuspendOrder,
    TenderCash,
)
from engine.order.events import (
    LinePriceOverridden,
    OrderCompleted,
)
from engine.order.figures import DiscountKind, LineFigures, LineItem
from engine.order.refusal import Refusal as OrderRefusal
from engine.price_list.decide import Refusal, SetPrices
from engine.price_list.model import (
    CustomerGroup,
    ItemCost,
    PercentEntry,
    PriceEntry,
    PriceFloor,
    PriceList,
    PriceSet,
    QuantityOf,
    QuantityPrice,
)
from engine.price_list.table import PriceTable, percent_price
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion, Span
from engine.settings import DefineRegister, RegisterSetup
from engine.staff import SignOn
from engine.views.build import order_view
from engine.wire import canonical, parse
from tests.shop import ITEMS, Shop

EURO = 1_000_000
GROUPS = (
    CustomerGroup("trade", "Trade"),
    CustomerGroup("staff", "Staff", employees=True),
)


def entry(item_id: str, minor: int, **more: Any) -> PriceEntry:
    """An entry at so many minor units."""
    return PriceEntry(item_id, minor * 10_000, **more)


def prices(*lists: PriceList, **more: Any) -> SetPrices:
    """These lists, with two customer groups."""
    return SetPrices(PriceSet(GROUPS, lists, **more))


def priced(*lists: PriceList, **more: Any) -> Shop:
    """An open shop with these lists in force."""
    shop = Shop.selling()
    shop.ok(prices(*lists, **more), admin=True)
    return shop


def rows(shop: Shop, order_id: str) -> tuple[LineFigures, ...]:
    """The frozen lines of an order, after tendering started."""
    shop.ok(StartTendering())
    figures = shop.order(order_id).figures
    assert figures is not None
    return figures.lines


TRADE = PriceList("trade", "Trade", (entry("bread", 300),), customer_groups=("trade",))


# ----------------------------------------------------------------------------- which list counts


def test_a_list_for_a_group_counts_once_the_group_is_chosen() -> None:
    """Choosing a customer prices what was rung up before, and choosing none prices it back."""
    shop = priced(TRADE)
    assert shop.ok(AddLine("bread"))["total_minor"] == 350
    assert shop.ok(AddLine("milk"))["total_minor"] == 479
    assert shop.ok(ChooseCustomerGroup("trade"))["total_minor"] == 429
    assert shop.ok(AddLine("bread"))["net_minor"] == 300
    assert shop.ok(ChooseCustomerGroup())["total_minor"] == 829


def test_the_figures_say_which_price_and_list_counted() -> None:
    """The line's words keep the catalog's price; the figures have the list's."""
    shop = priced(TRADE)
    order_id = shop.ring("bread", "milk")
    shop.ok(ChooseCustomerGroup("trade"))
    bread, milk = rows(shop, order_id)
    assert (bread.unit_price_micros, bread.price_list) == (3 * EURO, "trade")
    assert (milk.unit_price_micros, milk.price_list) == (1_290_000, "")
    assert shop.order(order_id).lines[0].item.unit_price_micros == 3_500_000


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, 300),
        ({"customer_groups": ("trade",)}, 300),
        ({"customer_groups": ("staff", "trade")}, 300),
        ({"customer_groups": ("staff",)}, 350),
        ({"channels": ("phone",)}, 300),
        ({"channels": ("in_store",)}, 350),
        ({"dining_options": ("takeaway",)}, 350),
        ({"stores": ("north",)}, 300),
        ({"stores": ("south",)}, 350),
        ({"starts_s": 1_795_000_000 - 60}, 300),
        ({"starts_s": 1_795_000_000 + 3600}, 350),
        ({"ends_s": 1_795_000_000}, 350),
        ({"ends_s": 1_795_000_000 + 3600}, 300),
        # The shop's clock says Wednesday, 18 November 2026, 12:06; its day ends at 4 in the night.
        ({"weekly": (Span(2 * 1440 + 12 * 60, 2 * 1440 + 13 * 60),)}, 300),
        ({"weekly": (Span(2 * 1440 + 13 * 60, 2 * 1440 + 14 * 60),)}, 350),
        ({"weekly": (Span(2 * 1440 + 8 * 60, 2 * 1440 + 9 * 60),), "business_day": True}, 300),
        ({"weekly": (Span(2 * 1440 + 12 * 60, 2 * 1440 + 13 * 60),), "business_day": True}, 350),
    ],
)
def test_a_list_counts_for_whom_and_when_it_says(condition: dict[str, Any], expected: int) -> None:
    """Group, channel, dining option, store, dates and hours, on the clock or the business day."""
    shop = Shop.selling(store_id="north")
    shop.ok(prices(PriceList("one", "One", (entry("bread", 300),), **condition)), admin=True)
    shop.ok(ChooseCustomerGroup("trade"))
    shop.ok(ChooseChannel("phone"))
    assert shop.ok(AddLine("bread"))["net_minor"] == expected


@pytest.mark.parametrize(
    ("dining", "expected"), [("", 350), ("eat_in", 350), ("takeaway", 300), ("delivery", 300)]
)
def test_a_list_may_be_for_taking_away(dining: str, expected: int) -> None:
    """An order that is eaten here, or of which nobody said, has the item's own price."""
    out = attrs.evolve(TRADE, customer_groups=(), dining_options=("takeaway", "delivery"))
    (bread,) = (entry for entry in ITEMS if entry.item_id == "bread")
    goods = LineItem("bread", "Bread", "", "Food", "reduced", "piece", bread.unit_price_micros,
                     "bread", 1_000, 1)  # fmt: skip
    table = PriceTable(PriceSet(GROUPS, (out,)))
    (found,) = table.resolve([(goods, 1_000, False)], Circumstances(dining=dining), 10_000)
    assert found.unit_price_micros == expected * 10_000


def test_a_night_belongs_to_the_day_before() -> None:
    """Monday 02:00 is Sunday's business: 26 hours into it, less the cut-off at four."""
    monday_2 = (4 * 86_400 + 7_200) * limits.NS_PER_S
    assert week_second(monday_2, 0) == 7_200
    assert week_second(monday_2, 0, 4 * 3_600) == 6 * 86_400 + 22 * 3_600


NARROW = {"customer_groups": ("trade",), "channels": ("phone",)}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # The narrower of equals: a group and a channel before a group.
        ({"customer_groups": ("trade",)}, NARROW, 2),
        # Priority before narrowness.
        ({"customer_groups": ("trade",), "priority": 5}, NARROW, 1),
        ({"priority": 5}, {"priority": 4, "channels": ("phone",)}, 1),
        ({}, {"weekly": (Span(0, 10_080),)}, 2),
        # One that does not fit gives way whatever its rank.
        ({"priority": 9, "customer_groups": ("staff",)}, {}, 2),
    ],
)  # fmt: skip
def test_of_two_lists_the_first_by_rank_counts(
    first: dict[str, Any], second: dict[str, Any], expected: int
) -> None:
    """Priority, then how narrow it is, whichever is written first."""
    one = PriceList("one", "One", (entry("bread", 1),), **first)
    two = PriceList("two", "Two", (entry("bread", 2),), **second)
    for lists in ((one, two), (two, one)):
        shop = priced(*lists)
        shop.ok(ChooseCustomerGroup("trade"))
        shop.ok(ChooseChannel("phone"))
        assert shop.ok(AddLine("bread"))["net_minor"] == expected


def test_a_price_by_name_goes_before_a_percentage() -> None:
    """Of one priority; a higher priority of the percentage turns it round."""
    named = PriceList("named", "Named", (entry("bread", 340),))
    percent = PriceList("ten", "Ten", percents=(PercentEntry(100_000),), channels=("in_store",))
    shop = priced(named, percent)
    assert shop.ok(AddLine("bread"))["net_minor"] == 340
    assert shop.ok(AddLine("milk"))["net_minor"] == 116
    shop = priced(named, attrs.evolve(percent, priority=1))
    assert shop.ok(AddLine("bread"))["net_minor"] == 315


def test_percentages_are_off_departments_with_exceptions() -> None:
    """Ten off food, less bread; drinks stay."""
    one = PriceList("ten", "Ten", percents=(PercentEntry(100_000, ("Food",), ("bread",)),))
    shop = priced(one)
    assert [shop.ok(AddLine(code))["net_minor"] for code in ("bread", "milk", "wine")] == [
        350,
        116,
        799,
    ]


@pytest.mark.parametrize(
    ("micros", "off_ppm", "per_minor", "expected"),
    [
        (1_290_000, 100_000, 10_000, 1_160_000),  # 1.161
        (3_500_000, 333_333, 10_000, 2_330_000),  # 2.3333345
        (50_000, 500_000, 10_000, 30_000),  # 0.025: halves up
        (100_000_000, 125_000, 1_000_000, 88_000_000),  # 87.5 yen
        (3_500_000, 0, 10_000, 3_500_000),
        (3_500_000, 1_000_000, 10_000, 0),
    ],
)
def test_a_percentage_leaves_whole_minor_units(
    micros: int, off_ppm: int, per_minor: int, expected: int
) -> None:
    """Sums done by hand; a price label shows no fractions of a cent."""
    assert percent_price(micros, off_ppm, per_minor) == expected


TIERS = (QuantityPrice(3_000, 3_000_000), QuantityPrice(6_000, 2_500_000))


@pytest.mark.parametrize(
    ("quantities", "by_line", "by_order"),
    [
        ((1,), 350, 350),
        ((3,), 900, 900),
        ((2, 1), 1050, 900),
        ((5, 1), 1500 + 350, 1500),
        ((6,), 1500, 1500),
    ],
)
def test_tiers_are_for_all_units_by_line_or_by_order(
    quantities: tuple[int, ...], by_line: int, by_order: int
) -> None:
    """The quantity reached prices every unit; the list says whose quantity it is."""
    for quantity_of, expected in ((QuantityOf.LINE, by_line), (QuantityOf.ORDER, by_order)):
        shop = priced(
            PriceList("t", "T", (entry("bread", 350, tiers=TIERS),), quantity_of=quantity_of)
        )
        answers = [shop.ok(AddLine("bread", "", count * 1_000)) for count in quantities]
        assert answers[-1]["total_minor"] == expected


def test_a_pack_is_priced_by_its_own_entry() -> None:
    """A case of twelve has a price in the list; a single bottle of another entry."""
    shop = priced(
        PriceList("p", "P", (entry("water", 500, factor_milli=12_000), entry("water", 55)))
    )
    assert shop.ok(AddLine("case-water"))["net_minor"] == 500
    assert shop.ok(AddLine("4000417025005"))["net_minor"] == 55
    shop = priced(PriceList("p", "P", (entry("water", 55),)))
    assert shop.ok(AddLine("case-water"))["net_minor"] == 600


def test_weighed_goods_take_the_price_of_a_list() -> None:
    """457 grams at 10.00 a kilogram."""
    shop = priced(PriceList("p", "P", (entry("cheese", 1_000),)))
    assert shop.ok(AddLine("cheese", "", 457))["net_minor"] == 457


def test_a_price_set_by_hand_stays() -> None:
    """An overridden price and an open one are no list's, before a group is chosen and after."""
    shop = priced(TRADE, PriceList("all", "All", percents=(PercentEntry(500_000),)))
    shop.ring("bread")
    shop.ok(OverridePrice(1, 2_000_000, "agreed"))
    shop.ok(AddOpenLine("Tulips", 9_990_000, "standard"))
    assert shop.ok(ChooseCustomerGroup("trade"))["total_minor"] == 200 + 999
    assert shop.ok(ChangeQuantity(1, 2_000))["net_minor"] == 400
    (event,) = shop.events(LinePriceOverridden)
    assert event.old_unit_price_micros == 1_750_000, "what was asked for before, by the list"


def test_what_is_shown_follows_the_clock_at_tendering() -> None:
    """A price is never frozen at ring-up: a list that ended does not count when money is taken."""
    shop = priced(PriceList("h", "Hour", (entry("bread", 300),), ends_s=1_795_000_060))
    assert shop.ok(AddLine("bread"))["total_minor"] == 300
    shop.now_ns += 3_600 * limits.NS_PER_S
    assert shop.ok(StartTendering())["total_minor"] == 350


def test_promotions_come_off_the_price_that_counts() -> None:
    """Ten per cent of the trade price, and the parts add up."""
    shop = priced(TRADE)
    ten = Promotion("ten", "Ten", Benefit(BenefitKind.EACH, Off(OffKind.PERCENT, 100_000)))
    shop.ok(SetPromotions((ten,)), admin=True)
    order_id = shop.ring("bread")
    shop.ok(ChooseCustomerGroup("trade"))
    (row,) = rows(shop, order_id)
    assert (row.amount_minor, row.promotion_minor(), row.net_minor) == (300, -30, 270)


def test_goods_go_back_at_the_price_that_counted() -> None:
    """A return gives the trade price back and shows it, whatever holds by then."""
    shop = priced(TRADE)
    sold = shop.ring("bread", "bread")
    shop.ok(ChooseCustomerGroup("trade"))
    shop.ok(ChangeQuantity(1, 2_000))
    shop.pay()
    shop.ok(SetPrices(PriceSet()), admin=True)
    back = shop.ok(AddReturnLine(sold, 1, 1_000, "dry"))
    assert back["total_minor"] == -300
    order = shop.order(back["order_id"])
    assert order.lines[0].item.unit_price_micros == 3_000_000


def test_a_markdown_is_a_price_and_says_what_was() -> None:
    """Was 3.50, now 2.00, on screen and on paper; it is no discount and no promotion."""
    shop = priced(PriceList("old", "Yesterday's", (entry("bread", 200),), markdown=True))
    order_id = shop.ring("bread", "milk")
    books = shop.books
    view = order_view(shop.order(order_id), books)
    assert (view.lines[0].unit_price_micros, view.lines[0].was_micros) == (2_000_000, 3_500_000)
    assert view.lines[1].was_micros == view.saved_minor == 0
    shop.pay()
    printed = "\n".join(block.left for block in shop.printed()[-1].blocks)
    assert "Was 3.50, now 2.00" in printed
    assert shop.books.live.position("1").totals.discount_minor == 0


def test_a_list_that_marks_up_shows_no_markdown() -> None:
    """A price above the item's own is a price, never a bargain."""
    shop = priced(PriceList("up", "Up", (entry("bread", 400),), markdown=True))
    (row,) = rows(shop, shop.ring("bread"))
    assert (row.unit_price_micros, row.was_micros) == (4_000_000, 0)


# ---------------------------------------------------------------------------------- circumstances


def test_a_register_has_a_channel_of_its_own() -> None:
    """An order begun at the telephone's register is priced so, also when parked and taken up
    elsewhere."""
    shop = priced(PriceList("p", "Phone", (entry("bread", 400),), channels=("phone",)))
    shop.ok(DefineRegister(RegisterSetup("2", "Back", channel="phone")), admin=True)
    answer = shop.ok(AddLine("bread"), "2")
    assert answer["net_minor"] == 400
    shop.ok(SuspendOrder(), "2")
    assert shop.order(answer["order_id"]).channel == "phone"
    assert shop.ok(AddLine("bread"))["net_minor"] == 350


def test_staff_prices_need_the_right_or_a_manager() -> None:
    """A cashier may choose trade; staff needs somebody who may."""
    shop = priced(PriceList("s", "Staff", (entry("bread", 100),), customer_groups=("staff",)))
    shop.ok(SignOn("ana", pin_correct=True))
    shop.ring("bread")
    shop.ok(ChooseCustomerGroup("trade"))
    assert shop.no(ChooseCustomerGroup("staff", "7")) == "right_must_be_granted"
    done = shop.ok(ChooseCustomerGroup("staff", "7"), approval=Approval("max", pin_correct=True))
    assert done["total_minor"] == 100


def test_choices_are_refused_by_name() -> None:
    """No such group, too long a number, too long a channel, while money is on the counter."""
    shop = priced(TRADE)
    assert shop.no(ChooseCustomerGroup("vip")) == OrderRefusal.CUSTOMER_GROUP_MUST_EXIST
    assert shop.no(ChooseCustomerGroup("trade", "x" * 65)) == OrderRefusal.TEXT_MUST_BE_SHORT
    assert shop.no(ChooseChannel("x" * 65)) == OrderRefusal.TEXT_MUST_BE_SHORT
    assert shop.books.live.orders == {}
    shop.ring("bread")
    shop.ok(TenderCash(100))
    for body in (ChooseCustomerGroup("trade"), ChooseChannel("phone")):
        assert shop.no(body) == OrderRefusal.ORDER_MUST_NOT_BE_TENDERING


# ------------------------------------------------------------------------------------------ floors


FLOORS = (PriceFloor(3_000_000, "bread"), PriceFloor(1_000_000, department="Food"))


def test_no_promotion_goes_below_the_floor() -> None:
    """Half off bread stops at 3.00; half off milk, of a department with a floor, at 1.00."""
    shop = priced(floors=FLOORS)
    half = Promotion("half", "Half", Benefit(BenefitKind.EACH, Off(OffKind.PERCENT, 500_000)))
    shop.ok(SetPromotions((half,)), admin=True)
    bread, milk, wine = rows(shop, shop.ring("bread", "milk", "wine"))
    assert bread.net_minor >= 300
    assert milk.net_minor >= 100
    assert wine.net_minor == 399


def test_no_list_and_no_override_goes_below_the_floor() -> None:
    """A percentage stops at the floor; a price below it is refused, in a list and by hand."""
    shop = priced(PriceList("half", "Half", percents=(PercentEntry(500_000),)), floors=FLOORS)
    shop.ring("bread", "milk")
    assert [row.net_minor for row in rows(shop, next(iter(shop.books.live.orders)))] == [300, 100]
    shop = priced(floors=FLOORS)
    shop.ring("bread")
    wrong = OverridePrice(1, 2_990_000, "agreed")
    assert shop.no(wrong) == OrderRefusal.PRICE_MUST_NOT_BE_BELOW_FLOOR
    shop.ok(OverridePrice(1, 3_000_000, "agreed"))
    low = prices(PriceList("low", "Low", (entry("bread", 299),)), floors=FLOORS)
    assert shop.no(low, admin=True) == Refusal.PRICE_MUST_NOT_BE_BELOW_FLOOR


def test_a_price_by_hand_is_answered_as_it_counts() -> None:
    """A list would make it half; the cashier is told the total of what was agreed."""
    shop = priced(PriceList("half", "Half", percents=(PercentEntry(500_000),)))
    shop.ring("bread")
    assert shop.ok(OverridePrice(1, 4_000_000, "agreed"))["total_minor"] == 400


def test_discounts_that_would_break_a_floor_are_refused() -> None:
    """The line's, the order's and a comp; the refusal names the line and the floor."""
    shop = priced(floors=FLOORS)
    shop.ring("wine", "bread")
    told = shop.refused(DiscountLine(2, DiscountKind.AMOUNT, 51))
    assert told == {"line": 2, "floor_micros": 3_000_000}
    shop.ok(DiscountLine(2, DiscountKind.AMOUNT, 50))
    for body in (
        DiscountOrder(DiscountKind.PERCENT, 100_000),
        CompLine(2, "sorry"),
        CompOrder("sorry"),
    ):
        assert shop.no(body) == OrderRefusal.PRICE_MUST_NOT_BE_BELOW_FLOOR
    assert shop.ok(StartTendering())["total_minor"] == 799 + 300


def test_an_order_below_a_floor_is_mended_before_it_is_tendered() -> None:
    """A discount that was lawful is not with fewer goods: taking it off is what helps."""
    shop = priced(floors=FLOORS)
    shop.ok(AddLine("bread", "", 2_000))
    shop.ok(DiscountLine(1, DiscountKind.AMOUNT, 100))
    shop.ok(ChangeQuantity(1, 1_000))
    assert shop.no(StartTendering()) == OrderRefusal.PRICE_MUST_NOT_BE_BELOW_FLOOR
    shop.ok(DiscountLine(1, DiscountKind.AMOUNT, 0))
    assert shop.ok(StartTendering())["total_minor"] == 350


def test_a_floor_is_of_the_pack_too() -> None:
    """Twelve bottles at 0.30 are 3.60 at least."""
    table = PriceTable(PriceSet(floors=(PriceFloor(300_000, "water"),)))
    (water,) = (item for item in ITEMS if item.item_id == "water")
    shop = priced(floors=(PriceFloor(300_000, "water"),))
    shop.ring("case-water")
    assert shop.no(OverridePrice(1, 3_599_999, "x")) == OrderRefusal.PRICE_MUST_NOT_BE_BELOW_FLOOR
    shop.ok(OverridePrice(1, 3_600_000, "x"))
    assert table.own_floor_micros(water.item_id, water.department) == 300_000


# ------------------------------------------------------------------------------------------ costs


def test_a_cost_is_kept_with_the_line() -> None:
    """What the goods cost the shop, by quantity, at the moment of the sale."""
    shop = priced(costs=(ItemCost("bread", 1_200_000), ItemCost("water", 100_000)))
    shop.ok(AddLine("bread", "", 2_000))
    shop.ring("case-water", "milk")
    shop.pay()
    (done,) = shop.events(OrderCompleted)
    assert [row.cost_minor for row in done.figures.lines] == [240, 120, 0]


# ---------------------------------------------------------------------------------------- the set


ONE = PriceList("one", "One", (entry("bread", 300),))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (prices(attrs.evolve(ONE, id="")), Refusal.PRICE_LIST_IDS_MUST_BE_DISTINCT),
        (prices(ONE, ONE), Refusal.PRICE_LIST_IDS_MUST_BE_DISTINCT),
        (
            SetPrices(PriceSet((GROUPS[0], GROUPS[0]))),
            Refusal.CUSTOMER_GROUP_IDS_MUST_BE_DISTINCT,
        ),
        (prices(attrs.evolve(ONE, name=" ")), Refusal.TEXT_MUST_BE_SHORT),
        (SetPrices(PriceSet((CustomerGroup("a", "x" * 121),))), Refusal.TEXT_MUST_BE_SHORT),
        (prices(attrs.evolve(ONE, customer_groups=("vip",))), Refusal.CUSTOMER_GROUP_MUST_EXIST),
        (prices(attrs.evolve(ONE, dining_options=("sofa",))), Refusal.DINING_OPTION_MUST_BE_KNOWN),
        (prices(attrs.evolve(ONE, weekly=(Span(60, 60),))), Refusal.PRICE_LIST_MUST_OPEN),
        (prices(attrs.evolve(ONE, weekly=(Span(0, 10_081),))), Refusal.PRICE_LIST_MUST_OPEN),
        (prices(attrs.evolve(ONE, starts_s=20, ends_s=20)), Refusal.PRICE_LIST_MUST_OPEN),
        (prices(attrs.evolve(ONE, priority=-1)), Refusal.PRIORITY_MUST_BE_IN_RANGE),
        (prices(attrs.evolve(ONE, entries=(entry("gone", 1),))), Refusal.ITEM_MUST_EXIST),
        (
            prices(PriceList("p", "P", percents=(PercentEntry(1, (), ("gone",)),))),
            Refusal.ITEM_MUST_EXIST,
        ),
        (prices(floors=(PriceFloor(1, "gone"),)), Refusal.ITEM_MUST_EXIST),
        (prices(costs=(ItemCost("gone", 1),)), Refusal.ITEM_MUST_EXIST),
        (
            prices(attrs.evolve(ONE, entries=(entry("milk", 1), entry("milk", 2)))),
            Refusal.ITEM_MUST_BE_NAMED_ONCE,
        ),
        (
            prices(floors=(PriceFloor(1, department="Food"), PriceFloor(2, department="Food"))),
            Refusal.ITEM_MUST_BE_NAMED_ONCE,
        ),
        (prices(floors=(PriceFloor(1),)), Refusal.ITEM_MUST_BE_NAMED_ONCE),
        (
            prices(attrs.evolve(ONE, entries=(PriceEntry("bread", -1),))),
            Refusal.PRICE_MUST_BE_WITHIN_LIMIT,
        ),
        (
            prices(attrs.evolve(ONE, entries=(PriceEntry("bread", 10**12 + 1),))),
            Refusal.PRICE_MUST_BE_WITHIN_LIMIT,
        ),
        (
            prices(attrs.evolve(ONE, entries=(entry("bread", 1, tiers=(QuantityPrice(1, -1),)),))),
            Refusal.PRICE_MUST_BE_WITHIN_LIMIT,
        ),
        (prices(floors=(PriceFloor(-1, "bread"),)), Refusal.PRICE_MUST_BE_WITHIN_LIMIT),
        (prices(costs=(ItemCost("bread", -1),)), Refusal.PRICE_MUST_BE_WITHIN_LIMIT),
        (
            prices(attrs.evolve(ONE, entries=(entry("bread", 1, factor_milli=0),))),
            Refusal.FACTOR_MUST_BE_POSITIVE,
        ),
        (
            prices(attrs.evolve(ONE, entries=(entry("bread", 1, tiers=TIERS[::-1]),))),
            Refusal.TIERS_MUST_ASCEND,
        ),
        (
            prices(PriceList("p", "P", percents=(PercentEntry(1_000_001),))),
            Refusal.DISCOUNT_MUST_BE_WITHIN_LIMIT,
        ),
        (prices(ONE, attrs.evolve(ONE, id="two")), Refusal.PRICE_LISTS_MUST_NOT_CONTEND),
        (
            prices(
                *(PriceList(name, name, percents=(PercentEntry(1, ("Food",)),)) for name in "ab")
            ),
            Refusal.PRICE_LISTS_MUST_NOT_CONTEND,
        ),
        (
            prices(PriceList("p", "P", percents=(PercentEntry(1), PercentEntry(2, ("Food",))))),
            Refusal.PRICE_LISTS_MUST_NOT_CONTEND,
        ),
    ],
)
def test_prices_that_cannot_be_are_refused_by_name(body: SetPrices, code: str) -> None:
    """Those in force stay."""
    shop = priced(ONE)
    assert shop.no(body, admin=True) == code
    assert shop.ok(AddLine("bread"))["net_minor"] == 300


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"customer_groups": ("trade",)}, {"customer_groups": ("staff",)}),
        ({"channels": ("a",)}, {"channels": ("b",)}),
        ({"dining_options": ("eat_in",)}, {"dining_options": ("takeaway",)}),
        ({"stores": ("a",)}, {"stores": ("b",)}),
        ({"ends_s": 100}, {"starts_s": 100}),
        ({"weekly": (Span(0, 60),)}, {"weekly": (Span(60, 120),)}),
        ({"priority": 1}, {}),
        ({"channels": ("a",)}, {}),
    ],
)
def test_lists_that_never_meet_do_not_contend(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Other groups, other hours, another rank: both are taken."""
    one, two = attrs.evolve(ONE, **first), attrs.evolve(ONE, id="two", **second)
    assert Shop.selling().ok(prices(one, two), admin=True) == {"price_lists": 2}
    assert Shop.selling().ok(prices(two, one), admin=True) == {"price_lists": 2}


def test_there_are_limits_and_a_shop_comes_first() -> None:
    """Too many lists, entries, groups; no shop yet."""
    shop = Shop.selling()
    many = tuple(PriceList(str(n), "L", priority=n) for n in range(limits.PRICE_LISTS_MAX + 1))
    assert shop.no(prices(*many), admin=True) == Refusal.PRICE_LISTS_LIMIT_REACHED
    costs = (ItemCost("bread", 1),) * (limits.PRICE_ENTRIES_MAX + 1)
    assert shop.no(prices(costs=costs), admin=True) == Refusal.PRICE_ENTRIES_LIMIT_REACHED
    groups = tuple(CustomerGroup(str(n), "G") for n in range(limits.CUSTOMER_GROUPS_MAX + 1))
    crowd = SetPrices(PriceSet(groups))
    assert shop.no(crowd, admin=True) == Refusal.CUSTOMER_GROUPS_LIMIT_REACHED
    assert Shop().no(prices(), admin=True) == Refusal.STORE_MUST_BE_SET_UP


def test_an_item_that_is_no_longer_sold_leaves_its_list_harmless() -> None:
    """The other entries go on."""
    shop = priced(PriceList("p", "P", (entry("bread", 300), entry("milk", 100))))
    shop.ok(RemoveItem("milk"), admin=True)
    assert shop.ok(AddLine("bread"))["net_minor"] == 300


def test_prices_and_what_they_made_are_kept() -> None:
    """Replay and a snapshot come to the same state, to the byte, and to the same prices."""
    shop = priced(TRADE, floors=FLOORS, costs=(ItemCost("bread", 1),))
    order_id = shop.ring("bread")
    shop.ok(ChooseCustomerGroup("trade", "77"))
    replayed = shop.replayed()
    image = parse(canonical(image_of(shop.books)))
    again = books_from(image, None)
    assert state_hash(replayed) == state_hash(again) == state_hash(shop.books)
    for books in (replayed, again):
        order = books.live.orders[order_id]
        view = order_view(order, books)
        assert (view.total_minor, view.customer_group, view.member) == (300, "trade", "77")
