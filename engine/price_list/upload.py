"""Prices that are too many for one command: they come in parts, and are in force all at once.

Each part is a fact, so that the prices in force can be told from the journal alone. The parts of an
upload follow one another; the first part of another upload throws the former away, and until one is
installed the prices stay as they are. A list may go on in later parts under the same id, with the
same name and conditions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from attrs import frozen

from engine import limits
from engine.altered import altered
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse
from engine.price_list import decide as whole
from engine.price_list.decide import STREAM, Prices, SetPrices
from engine.price_list.model import PriceList, PriceSet
from engine.settings import Settings
from native import PriceBook

# ------------------------------------------------------------------------------------- Events


@EVENTS.name("prices.part_staged/1")
@frozen
class PricesPartStaged:
    """A part of prices that are not in force yet; part 0 begins the upload."""

    upload: str
    part: int
    prices: PriceSet


@EVENTS.name("prices.installed/1")
@frozen
class PricesInstalled:
    """The parts of this upload are in force from here on together, and no other prices."""

    upload: str


UploadEvent = PricesPartStaged | PricesInstalled

# -------------------------------------------------------------------------------------- State


@frozen
class Upload:
    """The parts that are here so far."""

    id: str
    parts: tuple[PriceSet, ...] = ()


def joined(parts: Iterable[PriceSet]) -> PriceSet:
    """The parts as one set: a list that goes on in a later one is one list."""
    parts = list(parts)
    pieces: dict[PriceList, list[PriceList]] = {}
    for one in (one for part in parts for one in part.lists):
        pieces.setdefault(altered(one, entries=(), percents=()), []).append(one)
    return PriceSet(
        tuple(group for part in parts for group in part.customer_groups),
        tuple(
            altered(
                head,
                entries=tuple(entry for one in lists for entry in one.entries),
                percents=tuple(entry for one in lists for entry in one.percents),
            )
            for head, lists in pieces.items()
        ),
        tuple(floor for part in parts for floor in part.floors),
        tuple(cost for part in parts for cost in part.costs),
    )


def evolve(
    prices: Prices, upload: Upload | None, event: UploadEvent
) -> tuple[Prices, Upload | None]:
    """The prices in force and the upload after `event`."""
    match event:
        case PricesPartStaged():
            before = () if upload is None or not event.part else upload.parts
            return prices, Upload(event.upload, (*before, event.prices))
        case PricesInstalled():
            assert upload is not None, "only what was staged is installed"
            return Prices(joined(upload.parts), prices.version + 1), None
        case _:
            assert_never(event)


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("prices.stage")
@frozen
class StagePrices:
    """Put a part of many prices beside those in force, which stay. Parts are counted from 0; part 0
    begins an upload, whose id is the sender's to choose."""

    upload: str
    part: int
    prices: PriceSet


@COMMANDS.name("prices.install")
@frozen
class InstallPrices:
    """Put an upload of so many parts in force, in place of all prices there were."""

    upload: str
    parts: int


UploadCommand = StagePrices | InstallPrices


class Refusal:
    """In precedence order."""

    STORE_MUST_BE_SET_UP = "store_must_be_set_up"
    TEXT_MUST_BE_SHORT = "text_must_be_short"
    PRICE_PARTS_MUST_FOLLOW = "price_parts_must_follow"
    PRICE_PARTS_LIMIT_REACHED = "price_parts_limit_reached"


# ------------------------------------------------------------------------------------- Decide


def decide(
    upload: Upload | None, body: UploadCommand, settings: Settings, book: PriceBook
) -> Decision:
    """Decide a part, or the whole.

    Refuses:
        As `Refusal` lists, in that order; then a part as `engine.price_list.decide` refuses what is
        too much or about its own items and prices, and the whole as that refuses any set.
    """
    if settings.rules is None:
        return refuse(Refusal.STORE_MUST_BE_SET_UP)
    if not 1 <= len(body.upload) <= limits.ID_LENGTH_MAX:
        return refuse(
            Refusal.TEXT_MUST_BE_SHORT,
            id=body.upload[: limits.ID_LENGTH_MAX],
            maximum=limits.ID_LENGTH_MAX,
        )
    before = () if upload is None or upload.id != body.upload else upload.parts
    match body:
        case StagePrices():
            return _stage(before, body, book)
        case InstallPrices():
            return _install(before, body, settings, book)
        case _:
            assert_never(body)


def _stage(before: tuple[PriceSet, ...], body: StagePrices, book: PriceBook) -> Decision:
    if body.part not in (0, len(before)):
        return refuse(Refusal.PRICE_PARTS_MUST_FOLLOW, upload=body.upload, parts=len(before))
    if body.part >= limits.PRICE_PARTS_MAX:
        return refuse(Refusal.PRICE_PARTS_LIMIT_REACHED, maximum=limits.PRICE_PARTS_MAX)
    parts = (*before[: body.part], body.prices)
    refused = whole.check_counts(parts) or whole.check_entries(body.prices, book)
    if refused is not None:
        return refused
    fact = Fact(STREAM, PricesPartStaged(body.upload, body.part, body.prices))
    return Decision((fact,), {"upload": body.upload, "parts": len(parts)})


def _install(
    before: tuple[PriceSet, ...], body: InstallPrices, settings: Settings, book: PriceBook
) -> Decision:
    if not before or body.parts != len(before):
        return refuse(Refusal.PRICE_PARTS_MUST_FOLLOW, upload=body.upload, parts=len(before))
    decision = whole.decide(SetPrices(joined(before)), settings, book)
    if decision.refused is not None:
        return decision
    return Decision((Fact(STREAM, PricesInstalled(body.upload)),), decision.answer)
