"""At the counter: ringing up, weighing, typing a price, changing it, parking, taking out."""

from __future__ import annotations

import attrs
import pytest

from engine.catalog import ChangeItem, CodeEntry
from engine.decision import Approval
from engine.order.commands import (
    AddLine,
    AddNote,
    AddOpenLine,
    ChangeQuantity,
    DiscountLine,
    OverridePrice,
    ResumeOrder,
    SuspendOrder,
    VoidLine,
    VoidOrder,
)
from engine.order.events import (
    Audience,
    LineAdded,
    LinePriceOverridden,
    LineVoided,
    OrderOpened,
    OrderVoided,
)
from engine.order.figures import DiscountKind
from engine.order.state import Phase
from engine.receipt import z_document
from engine.register import CloseDay, DayClosed
from engine.till import CloseTill, CountTill
from engine.views.build import order_view, suspended_views
from tests.shop import Shop, item


def words(shop: Shop) -> str:
    """Everything on the last printed document."""
    return "\n".join(f"{block.left}|{block.right}" for block in shop.printed()[-1].blocks)


# -------------------------------------------------------------------------- scan, search, grid key


@pytest.mark.feature("CHK-01")
def test_a_known_code_adds_one_line_at_its_price() -> None:
    """Each scan is one line, the same article twice is two lines, the total follows."""
    shop = Shop.selling("ana")
    assert shop.ok(AddLine("bread")) == {
        "order_id": "c2",
        "line": 1,
        "name": "Bread",
        "net_minor": 350,
        "total_minor": 350,
        "due_minor": 350,
    }
    assert shop.ok(AddLine("bread"))["line"] == 2
    assert shop.ok(AddLine("wine"))["total_minor"] == 350 + 350 + 799
    assert len(shop.order("c2").lines) == len(shop.events(LineAdded)) == 3


@pytest.mark.feature("CHK-01")
def test_an_unknown_code_adds_nothing_and_says_so() -> None:
    """No line, no order, no fact; the answer names the code and the sale goes on."""
    shop = Shop.selling("ana")
    assert shop.no(AddLine("4006381333931")) == "code_must_be_known"
    assert shop.refused(AddLine("4006381333931")) == {"code": "4006381333931"}
    assert not shop.events(OrderOpened)
    shop.ring("bread")
    before = shop.order("c4")
    shop.no(AddLine("4006381333931"))
    assert shop.order("c4") == before


@pytest.mark.feature("CHK-01")
def test_what_search_and_grid_offer_rings_up_the_same() -> None:
    """Typed with a slip or touched on a tile, it is the line a scan would have made."""
    shop = Shop.selling("ana")
    shop.ok(ChangeItem(item("rye", "Rye bread", 420, sort=1)), admin=True)
    book = shop.books.catalog.book
    (found,) = book.search("rey bread", 1) or book.search("rye", 1)
    (tile,) = book.grid("", 10)
    scanned = shop.ok(AddLine("rye"))
    searched = shop.ok(AddLine(item_id=found.item_id))
    touched = shop.ok(AddLine(item_id=tile.item_id))
    assert scanned["net_minor"] == searched["net_minor"] == touched["net_minor"] == 420
    assert scanned["name"] == searched["name"] == touched["name"] == "Rye bread"


# ------------------------------------------------------------------------------------------ weight


@pytest.mark.feature("CHK-06")
def test_cheese_by_weight() -> None:
    """0.457 kg at 12.99 a kilogram is 5.94; in a 20 gram dish the scale says 0.477."""
    shop = Shop.selling("ana")
    assert shop.ok(AddLine("cheese", "", 457))["net_minor"] == 594
    tared = shop.ok(AddLine("cheese", "", 477, 20))
    assert (tared["net_minor"], tared["total_minor"]) == (594, 1188)
    shop.pay()
    assert "  0.457 kg x 12.99|" in words(shop)
    assert "  0.457 kg x 12.99 (tare 0.020 kg)|" in words(shop)


# -------------------------------------------------------------------------------------- open price


@pytest.mark.feature("CHK-03")
def test_a_bunch_of_flowers_is_typed_in() -> None:
    """Name and price are typed; the chosen class taxes it, and the Z reports it apart."""
    shop = Shop.selling("ana")
    assert shop.no(AddLine("flowers")) == "price_must_be_given"
    shop.ok(AddOpenLine("Tulips", 11_900_000, "standard", 1000, "Garden"))
    order_id = shop.ring("bread")
    shop.pay()
    figures = shop.order(order_id).figures
    assert figures is not None
    assert [(row.tax_class, row.base_minor, row.tax_minor) for row in figures.taxes] == [
        ("reduced", 327, 23),
        ("standard", 1000, 190),
    ]
    assert "Tulips|11.90 A" in words(shop)
    totals = shop.books.live.position("1").totals
    assert (totals.open_price_minor, totals.total_minor) == (1190, 1540)
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    closed = shop.ok(CloseDay(), approval=Approval("max", True))
    assert closed["total_minor"] == 1540
    assert "Open-price sales|11.90" in words(shop)
    (event,) = shop.events(DayClosed)
    assert z_document(event, shop.books.settings, at=(0, 0)).title == "Z report 1-1"


# ---------------------------------------------------------------------------------- price override


@pytest.mark.feature("CHK-04")
def test_a_dented_tin_costs_less_only_with_the_right() -> None:
    """The cashier is refused and the price stays; with a manager's PIN all of it is on record."""
    shop = Shop.selling("ana")
    order_id = shop.ring("wine")
    cheaper = OverridePrice(1, 5_000_000, "label torn")
    assert shop.no(cheaper) == "right_must_be_granted"
    assert shop.order(order_id).lines[0].item.unit_price_micros == 7_990_000
    answer = shop.ok(cheaper, approval=Approval("max", True))
    assert (answer["net_minor"], answer["total_minor"]) == (500, 500)
    assert shop.events(LinePriceOverridden) == [
        LinePriceOverridden(order_id, 1, 7_990_000, 5_000_000, "ana", "max", "label torn")
    ]
    assert shop.pay()["total_minor"] == 500


@pytest.mark.feature("CHK-04")
def test_a_manager_needs_nobody_else() -> None:
    """Whoever has the right changes the price alone, still with a reason and on record."""
    shop = Shop.selling("max")
    shop.ring("wine")
    assert shop.no(OverridePrice(1, 5_000_000, "")) == "reason_must_be_given"
    shop.ok(OverridePrice(1, 5_000_000, "label torn"))
    (fact,) = shop.events(LinePriceOverridden)
    assert (fact.operator, fact.approver) == ("max", "")


# ------------------------------------------------------------------------------------- parking


@pytest.mark.feature("CHK-02")
def test_a_forgotten_purse() -> None:
    """The sale waits under a label, is listed, and goes on at another register just as it was."""
    shop = Shop.selling("ana")
    shop.ok(AddLine("cheese", "", 477, 20))
    shop.ok(DiscountLine(1, DiscountKind.PERCENT, 100_000, "regular"))
    shop.ok(AddNote(Audience.CUSTOMER, "gift wrap", 1))
    shop.ring("wine", "bread")
    shop.ok(VoidLine(2))
    order_id = shop.ok(ChangeQuantity(3, 2000))["order_id"]
    before = shop.order(order_id)
    seen = order_view(before, shop.books)
    shop.ok(SuspendOrder("blue hat"))
    (listed,) = suspended_views(shop.books, training=False)
    assert (listed.order_id, listed.label, listed.lines) == (order_id, "blue hat", 2)
    assert (listed.total_minor, listed.first_name) == (seen.total_minor, "Comté")
    shop.sell("milk")
    shop.ok(ResumeOrder(order_id), "2")
    after = shop.order(order_id)
    moved = attrs.evolve(after, register="1", label="", version=before.version)
    assert attrs.evolve(moved, touched_ns=before.touched_ns) == before
    again = order_view(after, shop.books)
    assert attrs.evolve(again, label="", version=seen.version) == seen
    assert not suspended_views(shop.books, training=False)
    assert shop.books.live.current("2") == after


@pytest.mark.feature("CHK-02")
def test_only_one_register_takes_a_parked_sale() -> None:
    """Two cashiers reach for it; one has it, the other is told where it is."""
    shop = Shop.selling("ana")
    order_id = shop.ring("bread")
    shop.ok(SuspendOrder())
    shop.ok(ResumeOrder(order_id), "2")
    assert shop.no(ResumeOrder(order_id)) == "order_must_be_suspended"
    assert shop.refused(ResumeOrder(order_id))["register"] == "2"


# ------------------------------------------------------------------------------------ taking out


@pytest.mark.feature("CHK-05", part="void line and order with reason, before any kitchen")
def test_taken_out_is_not_forgotten() -> None:
    """A line and a whole sale leave a record with person, reason and amount; the Z counts them."""
    shop = Shop.selling("ana")
    order_id = shop.ring("bread", "wine")
    shop.ok(VoidLine(2, "too dear"))
    assert shop.events(LineVoided) == [LineVoided(order_id, 2, "too dear", "ana")]
    assert shop.no(VoidOrder("left")) == "right_must_be_granted"
    shop.ok(VoidOrder("left"), approval=Approval("max", True))
    assert shop.events(OrderVoided) == [OrderVoided(order_id, "1", "left", "ana", "max", 350)]
    assert shop.order(order_id).phase is Phase.VOIDED
    totals = shop.books.live.position("1").totals
    assert (totals.voided_orders, totals.voided_minor, totals.sales) == (1, 350, 0)


@pytest.mark.feature("CHK-05", part="void line and order with reason, before any kitchen")
def test_a_line_taken_out_of_a_sale_is_counted() -> None:
    """The completed sale says how many lines were taken out of it, and so does the Z."""
    shop = Shop.selling("ana")
    shop.ring("bread", "wine", "milk")
    shop.ok(VoidLine(2))
    assert shop.pay()["total_minor"] == 350 + 129
    assert shop.books.live.position("1").totals.voided_lines == 1
    assert "Wine" not in words(shop)


# ------------------------------------------------------------------------------------------- notes


@pytest.mark.feature("CHK-08", part="customer notes on the receipt, internal ones not")
def test_who_reads_which_note() -> None:
    """What is for the customer is printed and shown to them; what is for the house is neither."""
    shop = Shop.selling("ana")
    shop.ring("bread")
    shop.ok(AddNote(Audience.CUSTOMER, "sliced for you", 1))
    shop.ok(AddNote(Audience.INTERNAL, "is the mayor", 1))
    shop.ok(AddNote(Audience.CUSTOMER, "see you soon"))
    shop.ok(AddNote(Audience.INTERNAL, "owes a tray"))
    order = shop.books.live.current("1")
    assert order is not None
    shown = order_view(order, shop.books, internal=False)
    texts = [note.text for note in (*shown.notes, *shown.lines[0].notes)]
    assert texts == ["see you soon", "sliced for you"]
    shop.pay()
    assert "  sliced for you|" in words(shop)
    assert "  see you soon|" in words(shop)
    assert "mayor" not in words(shop)
    assert "tray" not in words(shop)


# ------------------------------------------------------------------------------ variations, packs


@pytest.mark.feature("CAT-01", part="own SKU, barcode and price")
def test_a_shirt_in_two_sizes() -> None:
    """Each size has its own number, code and price; both belong to one shirt."""
    shop = Shop.selling("ana")
    for size, price_minor, code in (("M", 1500, "4006381333931"), ("XL", 1800, "4006381333948")):
        shirt = item(
            f"shirt-{size}",
            "Shirt",
            price_minor,
            variation=size,
            group="shirt",
            codes=(CodeEntry(code), CodeEntry(f"SKU-{size}")),
        )
        shop.ok(ChangeItem(shirt), admin=True)
    assert shop.ok(AddLine("4006381333931"))["net_minor"] == 1500
    assert shop.ok(AddLine("4006381333948"))["net_minor"] == 1800
    assert shop.ok(AddLine("SKU-XL"))["net_minor"] == 1800
    items = [fact.item for fact in shop.events(LineAdded)]
    assert [(sold.item_id, sold.variation) for sold in items] == [
        ("shirt-M", "M"),
        ("shirt-XL", "XL"),
        ("shirt-XL", "XL"),
    ]
    rows = shop.books.catalog.book.search("shirt", 5)
    assert {row.group for row in rows} == {"shirt"}
    shop.pay()
    assert "Shirt XL|18.00 B" in words(shop)


@pytest.mark.feature("CAT-05", part="case and each at their own prices, pieces on record")
def test_water_by_the_bottle_and_by_the_case() -> None:
    """Two codes, one article: the case has its own price and stands for twelve bottles."""
    shop = Shop.selling("ana")
    assert shop.ok(AddLine("4000417025005"))["net_minor"] == 60
    assert shop.ok(AddLine("case-water"))["net_minor"] == 600
    bottle, case = (fact.item for fact in shop.events(LineAdded))
    assert bottle.item_id == case.item_id == "water"
    assert (bottle.factor_milli, case.factor_milli) == (1000, 12_000)


@pytest.mark.feature("CAT-05", part="case and each at their own prices, pieces on record")
def test_a_case_without_its_own_price_costs_its_pieces() -> None:
    """Where a pack has no price, it is the price of what is in it."""
    shop = Shop.selling("ana")
    six = item("cola", "Cola", 99, codes=(CodeEntry("cola"), CodeEntry("six", -1, 6000)))
    shop.ok(ChangeItem(six), admin=True)
    assert shop.ok(AddLine("six"))["net_minor"] == 594
