"""From a country pack to the tax rules of one store, and what they come to in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from string import ascii_uppercase

import attrs

from countertop.errors import CommandFailedError
from countertop.pack_files import load_pack, pack_countries, read_pack
from engine.limits import PPM
from engine.money import format_micros, format_rate
from engine.packs import CountryPack
from engine.settings import TaxClass
from engine.tax_book import Chosen, TaxBook, TaxSetup, tax_book
from engine.tax_document import Charge, TaxKind
from engine.tax_rules import TaxRulesError
from engine.taxation import Dining, RuleTax


def pack_named(name: str) -> CountryPack:
    """The pack of a country's code, or of a file.

    Raises:
        CommandFailedError: there is none, or it cannot be used; the words say why.
    """
    if name.upper() in pack_countries():
        return load_pack(name.upper())
    path = Path(name)
    if path.suffix or path.exists():
        return read_pack(path)
    return load_pack(name)


def setup_of(pack: CountryPack, jurisdiction: str = "") -> TaxSetup:
    """The rules of a store that lies in a jurisdiction; where there is but one it need not be said.

    What the jurisdictions it does not lie in ask is left out: a store's facts need not hold it.

    Raises:
        CommandFailedError: the pack has no such jurisdiction, or several and none is named.
    """
    places = sorted(pack.rules.jurisdictions)
    if not jurisdiction and len(places) == 1:
        jurisdiction = places[0]
    if jurisdiction not in places:
        asked = f"has no jurisdiction {jurisdiction!r}" if jurisdiction else "has several places"
        raise CommandFailedError(
            f"The pack of {pack.name} {asked}. Nothing was changed; "
            f"choose with --jurisdiction one of {', '.join(places)}."
        )
    path = pack.rules.path(jurisdiction)
    rules = tuple(rule for rule in pack.rules.rules if rule.jurisdiction in path)
    kept = {rule.id for rule in rules}
    return TaxSetup(
        jurisdiction,
        pack.currency,
        tuple(pack.rules.jurisdictions[place] for place in path),
        pack.rules.categories,
        tuple(
            attrs.evolve(rule, after=tuple(name for name in rule.after if name in kept))
            for rule in rules
        ),
        tuple(entry for entry in pack.rules.holidays if entry.jurisdiction in path),
        pack.policies,
        tuple(entry for entry in pack.cash if entry.jurisdiction in path),
        pack.receipt,
        pack.country,
        pack.compiled,
    )


def with_classes(setup: TaxSetup, classes: Iterable[TaxClass], day: str) -> tuple[TaxClass, ...]:
    """The tax classes with one more for each category that has none, each with a free letter.

    Its rate is that of the percentages of the day together; rules decide what is charged.
    """
    held = list(classes)
    taken = {entry.letter for entry in held}
    free = [letter for letter in ascii_uppercase if letter not in taken]
    book = tax_book(setup, 0)
    missing = setup.categories - {entry.id for entry in held}
    for category in sorted(missing, key=lambda name: (name != "standard", name)):
        rows = _taxes(book, category, setup.dining, day)
        rate = sum(row.value for row in rows if row.kind is not TaxKind.PER_UNIT)
        letter = free.pop(0) if free else ""
        held.append(TaxClass(category, category, min(rate, PPM), letter))
    return tuple(held)


def preview(setup: TaxSetup, classes: Iterable[TaxClass], day: str) -> Iterator[str]:
    """What the rules come to on a day, a line a category, beside the tax class of its name."""
    book = tax_book(setup, 0)
    before = {entry.id: entry for entry in classes}
    yield f"Taxes in {setup.jurisdiction} on {day}, from {setup.pack} as of {setup.compiled}:"
    for entry in with_classes(setup, before.values(), day):
        if entry.id not in setup.categories:
            yield f"  {entry.letter:1} {entry.id}: no category of the rules; the store refuses it"
            continue
        known = before.get(entry.id)
        was = "a new tax class" if known is None else f"{format_rate(known.rate_ppm)} before"
        yield f"  {entry.letter:1} {entry.id}: {_told(book, entry.id, day)} ({was})"
    cash = book.cash(day)
    if cash is not None:
        yield f"Cash rounds to {cash.step_minor} minor units, {cash.mode.value}."


def _told(book: TaxBook, category: str, day: str) -> str:
    """The taxes of a category; those of the other ways of handing over where they differ."""
    usual = book.setup.dining
    words = {dining: _in_words(_taxes(book, category, dining, day), book) for dining in Dining}
    others = [f"{dining.value} {text}" for dining, text in words.items() if text != words[usual]]
    return "; ".join((words[usual], *others))


def _taxes(book: TaxBook, category: str, dining: Dining, day: str) -> list[RuleTax]:
    try:
        chosen: Chosen = book.chosen(frozenset((category,)), book.order_facts(day, dining, None))
    except TaxRulesError as error:
        raise CommandFailedError(
            f"The rules have no answer for {category} ({error}). Nothing was changed; correct them."
        ) from error
    return [chosen.table[at] for at in chosen.places[category]]


def _in_words(rows: list[RuleTax], book: TaxBook) -> str:
    parts = []
    for row in rows:
        rate = format_rate(row.value)
        if row.kind is TaxKind.PER_UNIT:
            rate = f"{format_micros(row.value, book.setup.currency)}/{row.unit.value}"
        free = "" if row.charge is Charge.CHARGED else f" {row.charge.value}"
        parts.append(f"{row.name} {rate}{free}")
    return " + ".join(parts) or "no tax"


def with_likes(setup: TaxSetup, likes: Iterable[str]) -> TaxSetup:
    """The same with categories of the shop's own: `reduced=food` taxes reduced wherever food is.

    Raises:
        CommandFailedError: it is not written so, or the rules have no such category.
    """
    for like in likes:
        own, _, known = like.partition("=")
        if not own or known not in setup.categories:
            raise CommandFailedError(
                f"{like!r} names no category of the rules. Nothing was changed; write it as "
                f"reduced=food, with one of {', '.join(sorted(setup.categories))}."
            )
        setup = attrs.evolve(
            setup,
            categories=setup.categories | {own},
            rules=tuple(
                attrs.evolve(rule, categories=_likened(rule.categories, own, known))
                for rule in setup.rules
            ),
            holidays=tuple(
                attrs.evolve(entry, categories=_likened(entry.categories, own, known))
                for entry in setup.holidays
            ),
        )
    return setup


def _likened(categories: frozenset[str], own: str, known: str) -> frozenset[str]:
    return categories | {own} if known in categories else categories


def with_dining(setup: TaxSetup, dining: Dining) -> TaxSetup:
    """The same for a store that hands over so unless an order says otherwise."""
    return attrs.evolve(setup, dining=dining)
