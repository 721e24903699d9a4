"""What customers hold of sales under tax rules, and the Z: on 42 columns of paper.

After a wanted change: run this file with UPDATE_GOLDEN=1 in the environment,
then read the difference as a customer would.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from engine.document import Document
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    ChooseDining,
    DiscountOrder,
    ExemptOrder,
    ReprintReceipt,
)
from engine.order.figures import DiscountKind
from engine.packs import ReceiptNeeds
from engine.register import CloseDay
from engine.settings import TaxClass, TaxClassesSet
from engine.taxation import Dining
from engine.taxes import SetTaxes
from engine.till import CloseTill, CountTill
from tests.golden_paper import hold
from tests.shop import Shop
from tests.tax_shop import in_country, rule, ruled, setup


def quebec() -> list[Document]:
    """Two taxes on top of prices, coins of five cents, a certificate, and some of it back."""
    shop = in_country("CA", "CA-QC", name="Dépanneur", language="en")
    shop.ring("standard", "groceries")
    shop.ok(AddOpenLine("Maple syrup", 19_990_000, "standard", 2_000))
    order_id = shop.ok(DiscountOrder(DiscountKind.PERCENT, 100_000))["order_id"]
    shop.pay()
    shop.ok(AddOpenLine("Shelf", 149_990_000, "standard"))
    shop.ok(ExemptOrder("QC-1234", "Band council", "Status card", "2027-01-31"))
    shop.pay()
    shop.ok(AddReturnLine(order_id, 3, 1_000, "leaks"))
    shop.pay()
    return [*shop.printed(), *closed(shop)]


def tokyo() -> list[Document]:
    """A meal eaten in beside food to take home: two rates of one tax, and whole yen."""
    shop = in_country("JP", name="Bento-ya", language="en")
    shop.ok(AddOpenLine("Bento", 500_000_000, "meal"))
    shop.ok(AddOpenLine("Rice 2 kg", 980_000_000, "food"))
    shop.ok(ChooseDining(Dining.EAT_IN))
    shop.pay()
    return shop.printed()


def berlin() -> list[Document]:
    """Prices with tax; an exempt customer pays them without, and the receipt adds up."""
    shop = in_country("DE", name="Café Mitte", language="de")
    shop.ok(AddLine("meal"))
    shop.ok(AddOpenLine("Sekt", 11_900_000, "standard"))
    shop.ok(ChooseDining(Dining.EAT_IN))
    order_id = shop.ok(ExemptOrder("NATO-7", "Botschaft", "Diplomat"))["order_id"]
    shop.pay()
    shop.ok(ReprintReceipt(order_id))
    return [*shop.printed(), *closed(shop)]


def reverse() -> list[Document]:
    """A trader who accounts for the tax himself, under rules that ask for a title of their own."""
    needs = ReceiptNeeds(("seller_name",), {"title": "Facture", "tax": "TVA"}, "law")
    taxes = setup(rule("vat", 200_000, reverse_for=frozenset(("trade",))), receipt=needs)
    shop = ruled(taxes, language="fr")
    shop.given(TaxClassesSet((TaxClass("standard", "TVA", 200_000, "A"),)))
    shop.ok(AddOpenLine("Téléphone", 5_000_000_000, "standard"))
    shop.ok(ExemptOrder(customer_class="trade"))
    shop.pay()
    shop.ok(SetTaxes(attrs.evolve(taxes, receipt=ReceiptNeeds((), {}, ""))), admin=True)
    shop.ok(ReprintReceipt(next(iter(shop.books.archive))))
    return shop.printed()


def closed(shop: Shop) -> list[Document]:
    """The Z of the day."""
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    return shop.printed()[-1:]


PAPERS: dict[str, tuple[Callable[[], list[Document]], tuple[str, ...]]] = {
    "quebec": (quebec, ("sale", "exempt", "refund", "z")),
    "tokyo": (tokyo, ("eat-in",)),
    "berlin": (berlin, ("exempt", "exempt-copy", "z")),
    "reverse": (reverse, ("sale", "sale-copy")),
}


@pytest.mark.parametrize("place", sorted(PAPERS))
def test_golden_receipts_of_taxes(place: str) -> None:
    """Letters, each tax with its rate and base, who is free and why, and the words that must be."""
    make, names = PAPERS[place]
    documents = make()
    # A copy of what was printed under rules that have changed since is still what it was.
    for name, document in zip(names, documents, strict=True):
        hold(f"tax-{place}-{name}", document)
