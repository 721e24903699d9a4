"""Prices in parts: nothing is in force until all are here, and then all of it at once."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest

from engine import limits
from engine.image import books_from, image_of, state_hash
from engine.order.commands import AddLine
from engine.price_list import decide
from engine.price_list.decide import SetPrices
from engine.price_list.model import (
    CustomerGroup,
    ItemCost,
    PercentEntry,
    PriceEntry,
    PriceFloor,
    PriceList,
    PriceSet,
)
from engine.price_list.upload import InstallPrices, Refusal, StagePrices, joined
from engine.wire import canonical, parse
from tests.shop import Shop

TRADE = CustomerGroup("trade", "Trade")
LIST = PriceList("all", "Everybody", priority=1)


def listed(*prices: tuple[str, int], of: PriceList = LIST) -> PriceList:
    """A list with these items at so many minor units."""
    entries = tuple(PriceEntry(item, minor * 10_000) for item, minor in prices)
    return attrs.evolve(of, entries=entries)


PARTS = (
    PriceSet((TRADE,), (listed(("bread", 100)),)),
    PriceSet(lists=(listed(("milk", 90)), PriceList("trade", "T", customer_groups=("trade",)))),
    PriceSet(
        lists=(attrs.evolve(LIST, percents=(PercentEntry(100_000, ("Wine",)),)),),
        floors=(PriceFloor(10_000, "bread"),),
        costs=(ItemCost("bread", 5),),
    ),
)
WHOLE = PriceSet(
    (TRADE,),
    (
        attrs.evolve(
            listed(("bread", 100), ("milk", 90)), percents=(PercentEntry(100_000, ("Wine",)),)
        ),
        PriceList("trade", "T", customer_groups=("trade",)),
    ),
    (PriceFloor(10_000, "bread"),),
    (ItemCost("bread", 5),),
)


def stage(shop: Shop, parts: Sequence[PriceSet] = PARTS, upload: str = "u") -> None:
    for part, prices in enumerate(parts):
        answer = shop.ok(StagePrices(upload, part, prices), admin=True)
        assert {"upload": upload, "parts": part + 1} == answer


def test_parts_are_in_force_together_as_one_set_would_be() -> None:
    """Bread costs what it did until the last command; then every part counts, in order."""
    shop = Shop.selling()
    stage(shop)
    assert 350 == shop.ok(AddLine("bread"))["net_minor"]
    assert {"price_lists": 2} == shop.ok(InstallPrices("u", 3), admin=True)
    assert 100 == shop.ok(AddLine("bread"))["net_minor"]
    assert WHOLE == joined(PARTS) == shop.books.prices.prices
    once = Shop.selling()
    once.ok(SetPrices(WHOLE), admin=True)
    assert once.books.prices == shop.books.prices
    assert shop.books.price_upload is None


def test_what_was_staged_is_state_and_what_was_not_leaves_no_mark() -> None:
    """A restart in the middle goes on with the next part; without an upload the state says nothing
    of uploads."""
    shop = Shop.selling()
    assert "price_upload" not in image_of(shop.books)
    stage(shop, PARTS[:2])
    again = books_from(parse(canonical(image_of(shop.books))), None)
    assert state_hash(shop.replayed()) == state_hash(again) == state_hash(shop.books)
    shop.books = again
    shop.ok(StagePrices("u", 2, PARTS[2]), admin=True)
    shop.ok(InstallPrices("u", 3), admin=True)
    assert WHOLE == shop.books.prices.prices
    assert "price_upload" not in image_of(shop.books)
    assert state_hash(shop.replayed()) == state_hash(shop.books)


def test_a_new_upload_throws_the_one_before_away() -> None:
    """By another's first part, or by its own; then the old parts can no longer be installed."""
    shop = Shop.selling()
    stage(shop)
    stage(shop, PARTS[:1], "v")
    assert Refusal.PRICE_PARTS_MUST_FOLLOW == shop.no(InstallPrices("u", 3), admin=True)
    assert Refusal.PRICE_PARTS_MUST_FOLLOW == shop.no(StagePrices("u", 3, PriceSet()), admin=True)
    stage(shop, PARTS[:2], "v")
    shop.ok(InstallPrices("v", 2), admin=True)
    assert joined(PARTS[:2]) == shop.books.prices.prices


@pytest.mark.parametrize("part", [-1, 2, 4, 500])
def test_a_part_that_does_not_follow_is_refused(part: int) -> None:
    """Neither twice nor with a gap; the parts that are here stay."""
    shop = Shop.selling()
    stage(shop)
    body = StagePrices("u", part, PriceSet())
    assert Refusal.PRICE_PARTS_MUST_FOLLOW == shop.no(body, admin=True)
    shop.ok(InstallPrices("u", 3), admin=True)


@pytest.mark.parametrize("parts", [-1, 0, 2, 4])
def test_only_all_parts_are_installed(parts: int) -> None:
    """A sender that counts otherwise has lost some; with nothing staged there is nothing."""
    shop = Shop.selling()
    assert Refusal.PRICE_PARTS_MUST_FOLLOW == shop.no(InstallPrices("u", parts), admin=True)
    stage(shop)
    assert Refusal.PRICE_PARTS_MUST_FOLLOW == shop.no(InstallPrices("u", parts), admin=True)
    assert not shop.books.prices.version


def test_a_set_that_cannot_be_leaves_the_old_prices_in_force() -> None:
    """What is wrong between parts is refused at the end, as of any set; the parts stay."""
    shop = Shop.selling()
    shop.ok(SetPrices(PriceSet(lists=(listed(("bread", 300)),))), admin=True)
    renamed = listed(("milk", 90), of=attrs.evolve(LIST, name="Other"))
    for last, code in (
        (listed(("bread", 80)), decide.Refusal.ITEM_MUST_BE_NAMED_ONCE),
        (renamed, decide.Refusal.PRICE_LIST_IDS_MUST_BE_DISTINCT),
        (listed(("milk", 1), of=attrs.evolve(LIST, customer_groups=("nobody",), id="b")),
         decide.Refusal.CUSTOMER_GROUP_MUST_EXIST),
    ):  # fmt: skip
        stage(shop, (PARTS[0], PriceSet(lists=(last,))))
        assert code == shop.no(InstallPrices("u", 2), admin=True)
        assert 1 == shop.books.prices.version
        assert 300 == shop.ok(AddLine("bread"))["net_minor"]


def test_a_part_is_refused_for_what_is_in_it() -> None:
    """Items that are not for sale and prices that cannot be are named at once."""
    shop = Shop.selling()
    for prices, code in (
        (listed(("gone", 1)), decide.Refusal.ITEM_MUST_EXIST),
        (listed(("bread", -1)), decide.Refusal.PRICE_MUST_BE_WITHIN_LIMIT),
    ):
        body = StagePrices("u", 0, PriceSet(lists=(prices,)))
        assert code == shop.no(body, admin=True)
    assert shop.books.price_upload is None


def test_there_is_an_end_to_parts() -> None:
    """As many entries, lists and groups as a set may have, in a number of parts; a name is short;
    a shop comes first."""
    shop = Shop.selling()
    half = PriceSet(costs=(ItemCost("bread", 1),) * (limits.PRICE_ENTRIES_MAX // 2 + 1))
    assert decide.Refusal.ITEM_MUST_BE_NAMED_ONCE == shop.no(StagePrices("u", 0, half), admin=True)
    some = PriceSet(
        lists=tuple(
            PriceList(str(number), "L", percents=(PercentEntry(1),) * 251, priority=number)
            for number in range(100)
        )
    )
    stage(shop, (some,))
    too_many = StagePrices("u", 1, some)
    assert decide.Refusal.PRICE_ENTRIES_LIMIT_REACHED == shop.no(too_many, admin=True)
    other = tuple(PriceList(f"x{number}", "L") for number in range(limits.PRICE_LISTS_MAX))
    lists = StagePrices("u", 1, PriceSet(lists=other))
    assert decide.Refusal.PRICE_LISTS_LIMIT_REACHED == shop.no(lists, admin=True)
    stage(shop, [PriceSet()] * limits.PRICE_PARTS_MAX, "v")
    last = StagePrices("v", limits.PRICE_PARTS_MAX, PriceSet())
    assert Refusal.PRICE_PARTS_LIMIT_REACHED == shop.no(last, admin=True)
    for name in ("", "x" * 65):
        assert Refusal.TEXT_MUST_BE_SHORT == shop.no(StagePrices(name, 0, PriceSet()), admin=True)
        assert Refusal.TEXT_MUST_BE_SHORT == shop.no(InstallPrices(name, 1), admin=True)
    assert Refusal.STORE_MUST_BE_SET_UP == Shop().no(StagePrices("", 0, PriceSet()), admin=True)
