"""django-oscar's own offers over carts on standard input, run by a Python that has django-oscar.

An SQLite database in memory, one site offer. Input and output as benches/promotion_peers.py says.
"""

import json
import sys
import time

import django
from django.conf import settings
from oscar.defaults import *  # noqa: F403 - how oscar is set up

DJANGO = ("admin", "auth", "contenttypes", "sessions", "sites", "messages", "flatpages")
OSCAR = [
    "analytics",
    "checkout",
    "address",
    "shipping",
    "catalogue",
    "communication",
    "partner",
    "basket",
    "payment",
    "offer",
    "order",
    "customer",
    "search",
    "voucher",
    "wishlists",
    "dashboard",
]
DASHBOARD = [
    "reports",
    "users",
    "orders",
    "catalogue",
    "offers",
    "partners",
    "pages",
    "ranges",
    "reviews",
    "vouchers",
    "communications",
    "shipping",
]

settings.configure(
    **{name: value for name, value in globals().items() if name.isupper()},
    SECRET_KEY="bench",
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
    SITE_ID=1,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        *(f"django.contrib.{name}" for name in DJANGO),
        "oscar.config.Shop",
        "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
        *(f"oscar.apps.{name}.apps.{name.capitalize()}Config" for name in OSCAR),
        *(
            f"oscar.apps.dashboard.{name}.apps.{name.capitalize()}DashboardConfig"
            for name in DASHBOARD
        ),
        "widget_tweaks",
        "haystack",
        "treebeard",
        "django_tables2",
    ],
)
django.setup()

from decimal import Decimal  # noqa: E402

from django.core.management import call_command  # noqa: E402
from oscar import VERSION  # noqa: E402
from oscar.apps.basket.models import Basket  # noqa: E402
from oscar.apps.catalogue.models import Product, ProductClass  # noqa: E402
from oscar.apps.offer.applicator import Applicator  # noqa: E402
from oscar.apps.offer.models import Benefit, Condition, ConditionalOffer, Range  # noqa: E402
from oscar.apps.partner.models import Partner, StockRecord  # noqa: E402
from oscar.apps.partner.strategy import Default  # noqa: E402


def main() -> None:
    asked = json.load(sys.stdin)
    call_command("migrate", verbosity=0)
    partner = Partner.objects.create(name="here")
    kind = ProductClass.objects.create(name="goods", track_stock=False, requires_shipping=False)
    products: dict[tuple[int, int], Product] = {}
    some = Range.objects.create(name="some")
    for item, minor in sorted({tuple(row) for cart in asked["carts"] for row in cart}):
        made = Product.objects.create(product_class=kind, title=f"{item}-{minor}")
        StockRecord.objects.create(
            product=made,
            partner=partner,
            partner_sku=f"{item}-{minor}",
            price_currency="EUR",
            price=Decimal(minor) / 100,
            num_in_stock=10**6,
        )
        if item in asked["items"]:
            some.add_product(made)
        products[item, minor] = made
    ConditionalOffer.objects.create(
        name="tenth",
        offer_type=ConditionalOffer.SITE,
        condition=Condition.objects.create(range=some, type=Condition.COUNT, value=1),
        benefit=Benefit.objects.create(
            range=some, type=Benefit.PERCENTAGE, value=Decimal(str(asked["percent"]))
        ),
    )
    baskets = []
    for cart in asked["carts"]:
        basket = Basket.objects.create()
        basket.strategy = Default()
        for item, minor in cart:
            basket.add_product(products[item, minor], 1)
        baskets.append(basket)
    best = float("inf")
    for _ in range(asked["rounds"]):
        began = time.perf_counter_ns()
        for basket in baskets:
            basket.reset_offer_applications()
            Applicator().apply(basket)
        best = min(best, time.perf_counter_ns() - began)
    totals = [int(basket.total_excl_tax * 100) for basket in baskets]
    version = ".".join(str(part) for part in VERSION[:3])
    json.dump({"version": version, "totals": totals, "ns": best / len(baskets)}, sys.stdout)


main()
