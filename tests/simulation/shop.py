"""The shop that every seed opens: three registers with a printer and a drawer each, a few goods.

It is set up once a process, by the store itself on a disk in memory; each seed begins with a copy
of that disk. `PRICES` is what the auditor knows of the goods, and all it needs.
"""

from __future__ import annotations

import hashlib
from functools import cache, partial
from typing import Any

import trio
from argon2.exceptions import VerificationError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from actors.asks import Ask, Reply
from actors.link_simulated import SimulatedLink
from actors.register import OFFICE
from actors.world import SimulatedWorld, run_simulated
from countertop.config import Config
from countertop.store import open_store, run_store
from engine.charge.model import ChargeKind, ChargeRule
from engine.coupon.model import CouponKind, CouponRule
from engine.credit.rules import ReturnRules
from engine.foreign import ForeignCurrency
from engine.price_list.model import CustomerGroup, PriceEntry, PriceList, PriceSet
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Off,
    OffKind,
    Promotion,
    ReturnPolicy,
    Selection,
)
from engine.settings import TaxClass, TipChoices
from engine.settlement.model import Acquirer, Presence, Rate
from engine.taxation import Dining
from engine.wire import unstructure
from tests import tax_shop
from tests.shop import EVERYTHING, TAXES, item, rules
from tests.simulation.disk import MemoryDisk
from tests.simulation.facts import (
    BANK,
    BEER,
    BEER_PPM,
    BUN,
    CAKE,
    CAKE_POINTS,
    CASHIER,
    CEILING_MINOR,
    COINS,
    CUTOFF_HOURS,
    FEE_FIXED_MINOR,
    FEE_PPM,
    FRANC,
    FRANC_MICROS,
    FRANC_NOTE_MINOR,
    GIN,
    LEVY_PPM,
    MORE_RIGHTS,
    OFFLINE,
    PARTY,
    PIE,
    PIE_PPM,
    PINS,
    PRICES,
    PROVIDER,
    REGISTERS,
    RIGHTS,
    SERVICE_PPM,
    SPIRITS_PPM,
    START_NS,
    STORE_ID,
    TAX_PPM,
    TIME_ZONE,
    TO_GO,
    TO_GO_PRICES,
    TRADE,
    TRADE_PRICES,
    VOUCHER,
    VOUCHER_MINOR,
)


def _entries(prices: dict[str, int]) -> tuple[PriceEntry, ...]:
    return tuple(PriceEntry(item_id, minor * 10_000) for item_id, minor in prices.items())


PROMOTIONS = (
    Promotion(
        "buns",
        "3 for 2",
        Benefit(BenefitKind.BUY_GET, Off(OffKind.PERCENT, 1_000_000), buy=2, get=1),
        (Selection((BUN,)),),
        returns=ReturnPolicy.REEVALUATE,
    ),
    Promotion(
        "voucher",
        "Voucher",
        Benefit(BenefitKind.CART, Off(OffKind.AMOUNT, VOUCHER_MINOR)),
        (Selection(("wine",)),),
        coupon=CouponRule("voucher", CouponKind.PATTERN, VOUCHER, 12),
    ),
    Promotion(
        "pies",
        "Pies",
        Benefit(BenefitKind.CART, Off(OffKind.PERCENT, PIE_PPM)),
        (Selection((PIE,)),),
    ),
    Promotion(
        "treat",
        "Treat",
        Benefit(BenefitKind.EACH, Off(OffKind.PERCENT, 1_000_000)),
        (Selection((CAKE,)),),
        costs_points=CAKE_POINTS,
    ),
    *(
        Promotion(
            f"by-{tender}",
            f"By {tender}",
            Benefit(BenefitKind.CART, Off(OffKind.PERCENT, ppm)),
            (Selection((BEER,)),),
            tenders=(tender,),
        )
        for tender, ppm in BEER_PPM.items()
    ),
)
SERVICE = ChargeRule(
    "service", "Service", ChargeKind.SERVICE, percent_ppm=SERVICE_PPM, tax_class="reduced",
    guests_min=PARTY,
)  # fmt: skip
PRICE_LISTS = PriceSet(
    (CustomerGroup(TRADE, "Trade"),),
    (
        PriceList("trade", "Trade", _entries(TRADE_PRICES), customer_groups=(TRADE,)),
        PriceList("to-go", "To go", _entries(TO_GO_PRICES), dining_options=(TO_GO,)),
    ),
)
RETURNS = ReturnRules(without_receipt=True, ceiling_minor=CEILING_MINOR, store_credit=True)
ACQUIRER = Acquirer(
    BANK, "Bank", days=0, rates=(Rate(Presence.IN_PERSON, FEE_PPM, FEE_FIXED_MINOR),)
)
TIPS = TipChoices((50_000, 100_000), (200,), 1_000)
_SPIRITS = frozenset(("spirits",))
RULES = tax_shop.setup(
    tax_shop.rule("vat", TAX_PPM, included=True),
    tax_shop.rule("levy", LEVY_PPM, tax_type="LEVY", categories=_SPIRITS, affects_later=True),
    tax_shop.rule("vat-spirits", SPIRITS_PPM, categories=_SPIRITS, after=("levy",)),
    categories=frozenset(("standard", "reduced", "spirits")),
    dining=Dining.EAT_IN,
)
SPIRITS = TaxClass("spirits", "VAT on spirits", SPIRITS_PPM, "C")
CONFIG = Config("/shop", STORE_ID, one_process=True, reserve_mib=1)
_KEY = CONFIG.data / "keys" / "journal.ed25519"


class QuickHasher:
    """Hashes PINs in no time; argon2 would take longer than the rest of a seed."""

    def hash(self, password: str) -> str:
        """The same hash for the same PIN."""
        return "quick$" + hashlib.sha256(password.encode()).hexdigest()

    def verify(self, hash: str, password: str) -> bool:
        """As `actors.pins.Hasher`."""
        if hash != self.hash(password):
            raise VerificationError
        return True


@cache
def prepared_image() -> dict[str, bytes]:
    """The files of the shop as it is before its first day."""
    disk = MemoryDisk("simulated-shop-prepared")
    try:
        run_simulated(0, _prepare, disk)
        # Made by the system's chance, and nothing is signed by it yet.
        pem = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return {**disk.image(), str(_KEY): pem}
    finally:
        disk.close()


async def _prepare(disk: MemoryDisk) -> None:
    world = SimulatedWorld(0, disk, START_NS - 3_600_000_000_000)
    store = open_store(CONFIG, world, QuickHasher())
    port = SimulatedLink(world).listening
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(run_store, store, with_children=False, port=port))

        async def office(name: str, /, **data: Any) -> None:
            ask = Ask(world.new_id(), OFFICE, name, data, admin=True)
            reply: Reply = await store.node.ask(f"register/{OFFICE}", ask, timeout_s=30)
            assert reply.ok, f"{name}: {reply}"

        told = rules(time_zone=TIME_ZONE, cutoff_s=CUTOFF_HOURS * 3600, cash_step_minor=COINS[0])
        await office("settings.configure_store", rules=unstructure(told))
        await office("settings.set_tax_classes", classes=unstructure((*TAXES, SPIRITS)))
        for register in REGISTERS:
            kinds = ("printer", "drawer", "terminal")
            places = {kind: f"{kind}/{register}" for kind in kinds}
            setup = {"id": register, "name": f"Register {register}", **places}
            setup |= {"display": "", "scanner": "", "tip_choices": unstructure(TIPS)}
            setup |= {"provider": PROVIDER}
            await office("settings.define_register", setup=setup)
        every = [right.value for right in EVERYTHING]
        for role, rights in (("cashier", [*RIGHTS, *MORE_RIGHTS]), ("manager", every)):
            await office("staff.define_role", role=role, rights=rights)
        for name, pin in PINS.items():
            role = "cashier" if name == CASHIER else "manager"
            await office(
                "staff.add_operator", operator=name, name=name.capitalize(), role=role, pin=pin
            )
        for code, price_minor in PRICES.items():
            tax_class = SPIRITS.id if code == GIN else "reduced"
            goods = item(code, code.capitalize(), price_minor, tax_class=tax_class)
            await office("catalog.change_item", item=unstructure(goods))
        await office("promotions.set", promotions=unstructure(PROMOTIONS))
        await office("prices.set", prices=unstructure(PRICE_LISTS))
        await office("taxes.set", setup=unstructure(RULES))
        francs = ForeignCurrency(FRANC, FRANC_MICROS, FRANC_NOTE_MINOR)
        await office("settings.set_foreign_currencies", currencies=[unstructure(francs)])
        await office("settings.set_return_rules", rules=unstructure(RETURNS))
        await office("settlement.set_terms", acquirers=unstructure((ACQUIRER,)))
        await office("payment.set_offline_policy", policy=OFFLINE)
        await office("charges.set", charges=unstructure((SERVICE,)))
        nursery.cancel_scope.cancel()
