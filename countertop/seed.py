"""Sets a store up for the first time: rules, taxes, registers, people, catalog, as commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import structlog

from actors.asks import Ask, Reply, Staged, StageUpload
from actors.checkpoints import write_durably
from actors.messages import Failure
from actors.register import OFFICE
from countertop.charges import read_charges
from countertop.importer import prepare
from countertop.prices import read_prices
from countertop.promotions import read_promotions
from countertop.store import Store
from engine.money import minor_digits
from engine.settings import (
    RegisterSetup,
    RoundingMode,
    RoundingScope,
    StoreRules,
    TaxClass,
)
from engine.staff import Right
from engine.wire import unstructure

log = structlog.get_logger()
Do = Callable[[str, dict[str, Any]], Awaitable[Any]]

DEMO_CATALOG: Final = Path(__file__).parent / "demo_data" / "catalog.csv"
DEMO_PROMOTIONS: Final = DEMO_CATALOG.with_name("promotions.toml")
DEMO_PRICES: Final = DEMO_CATALOG.with_name("prices.toml")
DEMO_CHARGES: Final = DEMO_CATALOG.with_name("charges.toml")
DEMO_RULES: Final = StoreRules(
    name="Harbour Grocer & Café",
    address=("2 Quay Street", "20459 Hamburg"),
    tax_number="DE 000 000 000",
    currency="EUR",
    prices_include_tax=True,
    rounding_scope=RoundingScope.RATE_DOCUMENT,
    rounding_mode=RoundingMode.HALF_UP,
    cash_step_minor=1,
    cash_mode=RoundingMode.HALF_UP,
    time_zone="Europe/Berlin",
    cutoff_s=4 * 3600,
    language="en",
    receipt_footer="Thank you for your visit",
)
DEMO_TAXES: Final = (
    TaxClass("standard", "VAT", 190_000, "A"),
    TaxClass("reduced", "VAT reduced", 70_000, "B"),
    TaxClass("zero", "VAT zero", 0, "C"),
)
CASHIER: Final = (
    Right.SELL,
    Right.OPEN_PRICE,
    Right.DISCOUNT,
    Right.VOID_LINE,
    Right.TILL,
    Right.REPRINT,
    Right.X_REPORT,
)
MANAGER: Final = tuple(right for right in Right if right not in (Right.EFFECTS, Right.NONE))
ROLES: Final = {
    "cashier": CASHIER,
    "supervisor": (
        *CASHIER,
        Right.PRICE_OVERRIDE,
        Right.VOID_ORDER,
        Right.REFUND,
        Right.NO_SALE,
        Right.PAID_IN_OUT,
        Right.Z_REPORT,
        Right.TRAINING,
    ),
    "manager": MANAGER,
}
DEMO_PEOPLE: Final = (
    ("ana", "Ana", "cashier", "1111"),
    ("ben", "Ben", "supervisor", "2222"),
    ("mia", "Mia", "manager", "9999"),
)


class SeedError(RuntimeError):
    """The store could not be set up; the message says which step was refused."""


def doer(store: Store) -> Do:
    """A function that sends one command as the administrator and returns its answer."""

    async def do(name: str, data: dict[str, Any]) -> Any:
        ask = Ask(store.world.new_id(), OFFICE, name, data, admin=True)
        reply: Reply = await store.node.ask(f"register/{OFFICE}", ask, timeout_s=30)
        if not reply.ok:
            raise SeedError(f"{name}: {reply.refusal or reply.detail}")
        return reply.data

    return do


async def seed_rules(do: Do, rules: StoreRules, taxes: tuple[TaxClass, ...]) -> None:
    """Money rules, tax classes and roles."""
    await do("settings.configure_store", {"rules": unstructure(rules)})
    await do("settings.set_tax_classes", {"classes": unstructure(taxes)})
    for role, rights in ROLES.items():
        await do("staff.define_role", {"role": role, "rights": [r.value for r in rights]})


async def seed_registers(do: Do, registers: tuple[RegisterSetup, ...]) -> None:
    """Registers with their devices."""
    for setup in registers:
        await do("settings.define_register", {"setup": unstructure(setup)})


async def install_segment(store: Store, do: Do, segment: bytes, source: str) -> int:
    """Put a catalog segment over what is for sale; the number of items then."""
    digest = sha256(segment).hexdigest()
    path = store.config.data / "staging" / f"{digest}.segment"
    path.parent.mkdir(parents=True, exist_ok=True)
    await store.world.in_thread(write_durably, path, segment)
    staged = await store.node.ask("catalog_desk", StageUpload(str(path), digest), timeout_s=60)
    path.unlink(missing_ok=True)
    if isinstance(staged, Failure):
        raise SeedError(f"catalog: {staged.detail}")
    assert isinstance(staged, Staged)
    await do("catalog.install_segment", {**unstructure(staged), "source": source})
    return staged.item_count


async def seed_demo(store: Store) -> None:
    """The small grocer with a café, unless the store is set up already.

    The catalog comes last, so a set-up that was cut off is gone through again at the next start.
    """
    do = doer(store)
    if store.books.settings.rules is None or not store.books.catalog.version:
        await _seed_goods(store, do)
    if not store.books.promotions.version:
        await do("promotions.set", unstructure(read_promotions(DEMO_PROMOTIONS)))
    if not store.books.prices.version:
        await do("prices.set", unstructure(read_prices(DEMO_PRICES)))
    if not store.books.charges.rules:
        digits = minor_digits(store.books.settings.required().currency)
        await do("charges.set", unstructure(read_charges(DEMO_CHARGES, digits)))


async def _seed_goods(store: Store, do: Do) -> None:
    await seed_rules(do, DEMO_RULES, DEMO_TAXES)
    first = RegisterSetup(
        "1",
        "Front",
        "printer/1",
        "drawer/1",
        "display/1",
        "scanner/1",
        terminal="terminal/1",
        tips=True,
        provider="provider/qr",
    )
    await seed_registers(do, (first, RegisterSetup("2", "Café", provider="provider/qr")))
    for operator, name, role, pin in DEMO_PEOPLE:
        if operator not in store.books.staff.operators:
            person = {"operator": operator, "name": name, "role": role, "pin": pin}
            await do("staff.add_operator", person)
    classes = frozenset(entry.id for entry in DEMO_TAXES)
    prepared = await store.world.in_thread(prepare, DEMO_CATALOG, DEMO_RULES.currency, classes)
    if prepared.errors:
        raise SeedError(f"demo catalog: {prepared.errors[0]}")
    count = await install_segment(store, do, prepared.segment, "demo catalog")
    log.info("demo_store_ready", items=count)
