"""Rewards: promotions that cost a member points, as often as there are points, and back again."""

from __future__ import annotations

import attrs
import pytest

from engine import limits
from engine.catalog import ItemChanged
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    ChooseCustomerGroup,
    ChooseReward,
    PresentCoupon,
)
from engine.order.events import OrderCompleted, RewardChosen
from engine.order.figures import Figures
from engine.order.offered import why_not
from engine.order.refusal import Refusal
from engine.promotion.decide import Refusal as PromotionRefusal
from engine.promotion.decide import SetPromotions
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Off,
    OffKind,
    Promotion,
    ReturnPolicy,
    Selection,
)
from engine.promotion.rewards import points_shared
from engine.register import CloseDay
from engine.till import CloseTill, CountTill
from engine.views.build import order_view
from engine.views.offers import choices_of, promotions_view
from tests.shop import Shop, item

FREE = Off(OffKind.PERCENT, 1_000_000)
BREAD = Promotion(
    "bread",
    "Free bread",
    Benefit(BenefitKind.EACH, FREE),
    (Selection(("bread",)),),
    costs_points=100,
)
FIVE = Promotion("five", "5.00 off", Benefit(BenefitKind.CART, Off(OffKind.AMOUNT, 500)),
                 costs_points=450)  # fmt: skip


def shop_with(*promotions: Promotion, language: str = "en") -> Shop:
    """A shop that offers these."""
    shop = Shop.selling(language=language)
    shop.ok(SetPromotions(promotions), admin=True)
    return shop


def figures(shop: Shop, order_id: str) -> Figures:
    """The frozen figures of a sale."""
    found = shop.order(order_id).figures
    assert found is not None
    return found


def test_a_reward_is_given_to_whoever_chooses_it() -> None:
    """Without a member, without points and without a choice there is none; then a bread is free."""
    shop = shop_with(BREAD)
    order_id = shop.ring("bread", "wine")
    assert shop.no(ChooseReward("bread")) == Refusal.MEMBER_MUST_BE_NAMED
    assert shop.ok(ChooseCustomerGroup("", "77"))["total_minor"] == 1149
    assert shop.ok(ChooseReward("bread"))["total_minor"] == 1149
    assert shop.ok(ChooseCustomerGroup("", "77", 99))["total_minor"] == 1149
    assert shop.ok(ChooseCustomerGroup("", "77", 100))["total_minor"] == 799
    assert shop.ok(ChooseReward("bread", withdraw=True))["total_minor"] == 1149
    assert shop.ok(ChooseReward("bread"))["total_minor"] == 799
    view = order_view(shop.order(order_id), shop.books)
    assert (100, 100, ["Free bread"]) == (
        view.points, view.points_spent, [one.name for one in view.rewards],
    )  # fmt: skip
    outside = order_view(shop.order(order_id), shop.books, internal=False)
    assert (0, ()) == (outside.points, outside.rewards)
    shop.pay()
    assert [RewardChosen(order_id, "bread", "max", withdrawn=gone) for gone in (False, True, False)
            ] == shop.events(RewardChosen)  # fmt: skip
    (done,) = shop.events(OrderCompleted)
    assert ("77", 100) == (done.member, done.figures.points_spent())
    assert [[100], []] == [[e.points for e in row.promotions] for row in done.figures.lines]


@pytest.mark.parametrize(("points", "breads"), [(0, 0), (99, 0), (250, 2), (300, 3), (10_000, 3)])
def test_a_reward_applies_as_often_as_there_are_points(points: int, breads: int) -> None:
    """Each free bread costs 100: of `each` every unit is a time of its own."""
    shop = shop_with(attrs.evolve(BREAD, by_itself=True))
    shop.ok(ChooseCustomerGroup("", "77", points) if points else ChooseCustomerGroup("", "77"))
    order_id = shop.ok(AddLine("bread", quantity_milli=3000))["order_id"]
    if breads < 3:
        assert shop.pay()["total_minor"] == 350 * (3 - breads)
        assert figures(shop, order_id).points_spent() == 100 * breads
    else:
        assert order_view(shop.order(order_id), shop.books).points_spent == 300


def test_rewards_share_points_in_a_currency_without_small_coins_too() -> None:
    """Yen: two breads at 350 are free for 200 of 500 points, and then 500 off is too much."""
    shop = Shop.selling(currency="JPY")
    shop.given(ItemChanged(item("bread", "Bread", 35_000)))
    rewards = [attrs.evolve(one, by_itself=True) for one in (BREAD, FIVE)]
    shop.ok(SetPromotions(tuple(rewards)), admin=True)
    shop.ok(ChooseCustomerGroup("", "77", 500))
    shop.ok(AddLine("bread", quantity_milli=2000))
    order_id = shop.ok(AddOpenLine("Tea set", 1_000 * 10**6, "standard"))["order_id"]
    assert 1_000 == shop.pay()["total_minor"]
    assert 200 == figures(shop, order_id).points_spent()


def test_no_more_rewards_than_points_for_all_of_them() -> None:
    """With 500 points either 5.00 comes off for 450 or five breads for 100 each, not both: the
    higher priority first, then the one named first."""
    for promotions, wanted in (
        ((BREAD, FIVE), 300),
        ((BREAD, attrs.evolve(FIVE, priority=1)), 450),
        ((FIVE, BREAD), 450),
    ):
        shop = shop_with(*(attrs.evolve(one, by_itself=True) for one in promotions))
        shop.ok(ChooseCustomerGroup("", "77", 500))
        shop.ok(AddLine("bread", quantity_milli=3000))
        order_id = shop.ring("wine")
        assert order_view(shop.order(order_id), shop.books).points_spent == wanted
        told = why_not(shop.order(order_id), shop.books.tariff_of(shop.order(order_id)),
                       ["bread", "five"])  # fmt: skip
        applied = ["applied" == one.code for one in told]
        assert applied == [wanted == 300, wanted == 450]


def test_points_are_shared_by_priority() -> None:
    """The rest of the points goes to the next reward, as often as it is enough for."""
    three = (BREAD, attrs.evolve(FIVE, priority=9), attrs.evolve(BREAD, id="milk", costs_points=30))
    assert points_shared(three, {0: 3, 1: 1, 2: 2}, 810) == []
    assert points_shared(three, {0: 3, 1: 1, 2: 2}, 809) == [
        (1, 1, None), (0, 3, None), (2, 1, None),
    ]  # fmt: skip
    assert points_shared(three, {0: 3, 1: 1, 2: 2}, 449) == [
        (1, 0, None), (0, 3, None), (2, 2, None),
    ]  # fmt: skip


def test_what_is_missing_is_said() -> None:
    """Not chosen, too few points: the clause, and whose it is to ask for it."""
    shop = shop_with(BREAD, FIVE)
    order_id = shop.ring("bread")
    shop.ok(ChooseCustomerGroup("", "77", 40))
    shop.ok(ChooseReward("five"))
    rows = promotions_view(shop.order(order_id), shop.books).promotions
    assert {"bread": ("coupon_missing", "member"), "five": ("too_few_points", "member")} == {
        row.promotion: (row.why, row.asked_by) for row in rows
    }
    offered = choices_of(shop.books)["rewards"]
    assert [("bread", 100, False), ("five", 450, False)] == [
        (one.promotion, one.costs_points, one.by_itself) for one in offered
    ]


def test_choices_of_rewards_are_checked() -> None:
    """Points are a number within bounds and somebody's; a reward is one that is chosen."""
    shop = shop_with(BREAD, attrs.evolve(FIVE, by_itself=True))
    shop.ring("bread")
    for points in (-1, limits.POINTS_MAX + 1):
        told = ChooseCustomerGroup("", "77", points)
        assert shop.no(told) == Refusal.POINTS_MUST_BE_WITHIN_LIMIT
    assert shop.no(ChooseCustomerGroup("", " ", 5)) == Refusal.MEMBER_MUST_BE_NAMED
    shop.ok(ChooseCustomerGroup("", "77", limits.POINTS_MAX))
    for body in (ChooseReward("five"), ChooseReward("x"), ChooseReward("bread", withdraw=True)):
        assert shop.no(body) == Refusal.REWARD_MUST_BE_OFFERED
    many = tuple(attrs.evolve(BREAD, id=f"r{at}") for at in range(limits.REWARDS_PER_ORDER_MAX + 1))
    shop.ok(SetPromotions(many), admin=True)
    for one in many[:-1]:
        shop.ok(ChooseReward(one.id))
    assert shop.no(ChooseReward(many[-1].id)) == Refusal.REWARDS_LIMIT_REACHED
    shop.ok(ChooseReward(many[0].id))


@pytest.mark.parametrize(
    "bad",
    [
        attrs.evolve(BREAD, costs_points=-1),
        attrs.evolve(BREAD, costs_points=limits.POINTS_MAX + 1),
        attrs.evolve(BREAD, costs_points=0, by_itself=True),
        attrs.evolve(BREAD, manual=True),
        attrs.evolve(BREAD, employees=True),
    ],
)
def test_a_reward_must_be_sound(bad: Promotion) -> None:
    """It costs points within bounds and is nobody else's to give."""
    shop = Shop.selling()
    assert shop.no(SetPromotions((bad,)), admin=True) == PromotionRefusal.PROMOTION_MUST_BE_SOUND


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [(ReturnPolicy.KEEP, [33, 34, 33]), (ReturnPolicy.REEVALUATE, [0, 0, 100])],
)
def test_points_come_back_with_the_goods(policy: ReturnPolicy, wanted: list[int]) -> None:
    """Of 100 points for 3.00 off three breads each bread brings its part back, or, priced again,
    the last one all of it: until then the reward is still worth having."""
    reward = Promotion(
        "off",
        "3.00 off",
        Benefit(BenefitKind.CART, Off(OffKind.AMOUNT, 300)),
        returns=policy,
        costs_points=100,
        by_itself=True,
    )
    shop = shop_with(reward)
    shop.ok(ChooseCustomerGroup("", "77", 130))
    sale = shop.ok(AddLine("bread", quantity_milli=3000))["order_id"]
    shop.pay()
    got = []
    for _ in range(3):
        back = shop.ok(AddReturnLine(sale, 1, 1000, "x"))["order_id"]
        shop.pay()
        got.append(figures(shop, back).points_back())
    assert wanted == got
    (row,) = shop.books.live.position("1").totals.promotions
    assert (100, 100) == (row.points, row.points_returned)


@pytest.mark.parametrize(
    ("language", "spent", "back"),
    [
        ("en", "Points spent", "Points given back"),
        ("de", "Eingelöste Punkte", "Punkte gutgeschrieben"),
        ("fr", "Points utilisés", "Points rendus"),
    ],
)
def test_points_stand_on_paper(language: str, spent: str, back: str) -> None:
    """On the receipt of the sale and of the return, and in the Z below their promotion."""
    shop = shop_with(attrs.evolve(BREAD, by_itself=True), language=language)
    shop.ok(ChooseCustomerGroup("", "77", 100))
    sale = shop.sell("bread", "wine")

    def told() -> list[tuple[str, str]]:
        blocks = shop.printed()[-1].blocks
        return [(b.left.strip(), b.right) for b in blocks if b.left.strip() in (spent, back)]

    assert [(spent, "100")] == told()
    shop.ok(AddReturnLine(sale, 1, 1000, "x"))
    shop.ok(AddReturnLine(sale, 2, 1000, "x"))
    shop.pay()
    assert [(back, "100")] == told()
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    assert [(spent, "100"), (back, "100")] == told()


def test_a_coupon_is_no_reward() -> None:
    """A code that is no coupon stays unknown where there are rewards only."""
    shop = shop_with(BREAD)
    shop.ring("bread")
    assert shop.no(PresentCoupon("bread")) == Refusal.COUPON_MUST_BE_KNOWN
