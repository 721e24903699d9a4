"""The packs that come along: each country's rates on its days, its coins, and its sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from countertop.errors import CommandFailedError
from countertop.pack_files import FOLDER, load_pack, pack_countries, read_pack
from engine.order.coins_back import coins_for
from engine.settings import RoundingMode
from engine.tax import Certificate, LineFacts, SaleFacts, taxes_for
from engine.tax_document import DocumentLine, Level
from engine.tax_rules import Context, Window
from engine.taxation import CashStep
from tests.taxed_sale import tax_sale

WANTED = ("AT", "AU", "BR", "CA", "CH", "DE", "ES", "FR", "GB", "IT", "JP", "NL", "NO", "NZ",
          "SE", "US")  # fmt: skip
TODAY = "2026-11-26"
EAT_IN, TAKEAWAY = Context.EAT_IN, Context.TAKEAWAY

# place, category, context, day, the rates in the order they are counted
RATES = [
    ("DE", "standard", TAKEAWAY, "2020-06-30", [190_000]),
    ("DE", "standard", TAKEAWAY, "2020-07-01", [160_000]),
    ("DE", "standard", TAKEAWAY, "2020-12-31", [160_000]),
    ("DE", "standard", TAKEAWAY, "2021-01-01", [190_000]),
    ("DE", "food", EAT_IN, TODAY, [70_000]),
    ("DE", "meal", TAKEAWAY, "2025-12-31", [70_000]),
    ("DE", "meal", EAT_IN, "2023-12-31", [70_000]),
    ("DE", "meal", EAT_IN, "2025-12-31", [190_000]),
    ("DE", "meal", EAT_IN, "2026-01-01", [70_000]),
    ("AT", "standard", TAKEAWAY, TODAY, [200_000]),
    ("AT", "meal", EAT_IN, "2021-12-31", [50_000]),
    ("AT", "meal", EAT_IN, "2022-01-01", [100_000]),
    ("AT", "staple_food", TAKEAWAY, "2026-06-30", [100_000]),
    ("AT", "staple_food", TAKEAWAY, "2026-07-01", [49_000]),
    ("AT", "food", TAKEAWAY, "2026-07-01", [100_000]),
    ("AT", "plants", TAKEAWAY, TODAY, [130_000]),
    ("FR", "standard", TAKEAWAY, TODAY, [200_000]),
    ("FR", "meal", EAT_IN, TODAY, [100_000]),
    ("FR", "food", TAKEAWAY, TODAY, [55_000]),
    ("FR", "press", TAKEAWAY, TODAY, [21_000]),
    ("FR", "alcohol", EAT_IN, TODAY, [200_000]),
    ("GB", "standard", TAKEAWAY, TODAY, [200_000]),
    ("GB", "food", TAKEAWAY, TODAY, [0]),
    ("GB", "meal", EAT_IN, "2021-09-30", [50_000]),
    ("GB", "meal", EAT_IN, "2022-03-31", [125_000]),
    ("GB", "meal", EAT_IN, "2022-04-01", [200_000]),
    ("GB", "energy", TAKEAWAY, TODAY, [50_000]),
    ("ES", "standard", TAKEAWAY, TODAY, [210_000]),
    ("ES", "staple_food", TAKEAWAY, "2022-12-31", [40_000]),
    ("ES", "staple_food", TAKEAWAY, "2024-09-30", [0]),
    ("ES", "staple_food", TAKEAWAY, "2024-12-31", [20_000]),
    ("ES", "staple_food", TAKEAWAY, "2025-01-01", [40_000]),
    ("ES", "meal", EAT_IN, TODAY, [100_000]),
    ("IT", "standard", TAKEAWAY, TODAY, [220_000]),
    ("IT", "staple_food", TAKEAWAY, TODAY, [40_000]),
    ("IT", "meal", EAT_IN, TODAY, [100_000]),
    ("NL", "standard", TAKEAWAY, TODAY, [210_000]),
    ("NL", "food", TAKEAWAY, "2018-12-31", [60_000]),
    ("NL", "food", TAKEAWAY, "2019-01-01", [90_000]),
    ("NL", "lodging", EAT_IN, "2025-12-31", [90_000]),
    ("NL", "lodging", EAT_IN, "2026-01-01", [210_000]),
    ("CH", "standard", TAKEAWAY, "2023-12-31", [77_000]),
    ("CH", "standard", TAKEAWAY, "2024-01-01", [81_000]),
    ("CH", "meal", TAKEAWAY, TODAY, [26_000]),
    ("CH", "meal", EAT_IN, TODAY, [81_000]),
    ("CH", "lodging", EAT_IN, TODAY, [38_000]),
    ("SE", "standard", TAKEAWAY, TODAY, [250_000]),
    ("SE", "food", TAKEAWAY, "2026-03-31", [120_000]),
    ("SE", "food", TAKEAWAY, "2026-04-01", [60_000]),
    ("SE", "meal", EAT_IN, "2026-04-01", [120_000]),
    ("SE", "books", TAKEAWAY, TODAY, [60_000]),
    ("NO", "standard", TAKEAWAY, TODAY, [250_000]),
    ("NO", "meal", TAKEAWAY, TODAY, [150_000]),
    ("NO", "meal", EAT_IN, TODAY, [250_000]),
    ("NO", "transport", EAT_IN, "2021-09-30", [60_000]),
    ("NO", "transport", EAT_IN, "2021-10-01", [120_000]),
    ("US-NY-NYC", "standard", TAKEAWAY, TODAY, [40_000, 3_750, 45_000]),
    ("US-NY-NYC", "food", TAKEAWAY, TODAY, [0, 0, 0]),
    ("US-MA", "standard", TAKEAWAY, TODAY, [62_500]),
    ("US-RI", "standard", TAKEAWAY, TODAY, [70_000]),
    ("US-TX-HOUSTON", "standard", TAKEAWAY, TODAY, [62_500, 20_000]),
    ("US-AL", "standard", TAKEAWAY, TODAY, [40_000]),
    ("US-AL", "food", TAKEAWAY, "2023-08-31", [40_000]),
    ("US-AL", "food", TAKEAWAY, "2025-08-31", [30_000]),
    ("US-AL", "food", TAKEAWAY, "2025-09-01", [20_000]),
    ("US-OR", "standard", TAKEAWAY, TODAY, []),
    ("CA-AB", "standard", TAKEAWAY, TODAY, [50_000]),
    ("CA-BC", "standard", TAKEAWAY, TODAY, [50_000, 70_000]),
    ("CA-SK", "standard", TAKEAWAY, TODAY, [50_000, 60_000]),
    ("CA-MB", "standard", TAKEAWAY, TODAY, [50_000, 70_000]),
    ("CA-QC", "standard", TAKEAWAY, TODAY, [50_000, 99_750]),
    ("CA-QC", "groceries", TAKEAWAY, TODAY, [0, 0]),
    ("CA-ON", "standard", TAKEAWAY, TODAY, [130_000]),
    ("CA-NS", "standard", TAKEAWAY, "2025-03-31", [150_000]),
    ("CA-NS", "standard", TAKEAWAY, "2025-04-01", [140_000]),
    ("AU", "standard", TAKEAWAY, TODAY, [100_000]),
    ("AU", "food", TAKEAWAY, TODAY, [0]),
    ("NZ", "standard", TAKEAWAY, TODAY, [150_000]),
    ("JP", "standard", TAKEAWAY, "2019-09-30", [80_000]),
    ("JP", "standard", TAKEAWAY, "2019-10-01", [100_000]),
    ("JP", "meal", TAKEAWAY, TODAY, [80_000]),
    ("JP", "meal", EAT_IN, TODAY, [100_000]),
    ("JP", "alcohol", TAKEAWAY, TODAY, [100_000]),
    ("BR-SP", "standard", TAKEAWAY, TODAY, [76_000, 16_500, 180_000]),
]


def test_there_is_a_pack_for_each_country() -> None:
    """The countries Countertop says it knows are those it has packs of, and each can be read."""
    assert WANTED == pack_countries()
    assert WANTED == tuple(load_pack(country).country for country in WANTED)


@pytest.mark.parametrize(("place", "category", "context", "day", "rates"), RATES)
@pytest.mark.feature("TAX-04", part="country packs")
def test_rates_of_a_day(
    place: str, category: str, context: Context, day: str, rates: list[int]
) -> None:
    """Each rate holds from its day to the day before the next, the way it is handed over."""
    pack = load_pack(place[:2])
    sale = SaleFacts(place, day, context)
    found = taxes_for(LineFacts(category), sale, pack.rules)
    assert rates == [one.tax.value for one in found]
    assert {pack.prices_include_tax} >= {one.tax.included for one in found}


@pytest.mark.parametrize("country", WANTED)
def test_every_entry_names_its_source(country: str) -> None:
    """No rate, rounding, holiday or receipt stands there on nobody's word."""
    pack = load_pack(country)
    sources = [
        *(rule.source for rule in pack.rules.rules),
        *(holiday.source for holiday in pack.rules.holidays),
        *(entry.source for entry in pack.policies),
        *(entry.source for entry in pack.cash),
        pack.receipt.source,
    ]
    assert all(len(source) > 5 for source in sources)
    assert pack.receipt.fields
    assert pack.compiled == TODAY


@pytest.mark.parametrize("country", WANTED)
def test_every_category_has_an_answer_today(country: str) -> None:
    """In each place of a pack every category is taxed by rules that do not contend, or by none."""
    pack = load_pack(country)
    for place in pack.rules.jurisdictions:
        for category in sorted(pack.rules.categories):
            for context in (EAT_IN, TAKEAWAY, Context.DELIVERY):
                sale = SaleFacts(place, TODAY, context)
                found = taxes_for(LineFacts(category), sale, pack.rules)
                assert len(found) == len({(one.jurisdiction, one.tax_type) for one in found})


def taxed(place: str, category: str, price_micros: int, day: str = TODAY) -> tuple[int, int, int]:
    """(net, tax, gross) of one piece under its pack."""
    pack = load_pack(place[:2])
    line = (LineFacts(category), DocumentLine(price_micros, 1_000, ()))
    policy = pack.policy_on(day)
    done = tax_sale((line,), SaleFacts(place, day), pack.rules, policy, pack.minor_digits)
    return done.figures.net_minor, done.figures.tax_minor, done.figures.gross_minor


@pytest.mark.parametrize(
    ("place", "category", "price_micros", "figures"),
    [
        ("DE", "food", 8_990_000, (840, 59, 899)),
        ("AT", "staple_food", 1_490_000, (142, 7, 149)),
        ("US-NY-NYC", "clothing", 109_990_000, (10_999, 0, 10_999)),
        # 110.00 × 4 %, 0.375 % and 4.5 %: 4.40 + 0.41 + 4.95.
        ("US-NY-NYC", "clothing", 110_000_000, (11_000, 976, 11_976)),
        ("US-MA", "clothing", 200_000_000, (20_000, 156, 20_156)),
        ("US-RI", "clothing", 300_000_000, (30_000, 350, 30_350)),
        ("CA-QC", "standard", 19_990_000, (1_999, 299, 2_298)),
        ("JP", "meal", 500_000_000, (500, 40, 540)),
        ("GB", "standard", 990_000, (82, 17, 99)),
        # 100 less 18 is 82.00; of that 9.25 % is 7.58 (6.23 and 1.35).
        ("BR-SP", "standard", 100_000_000, (7_442, 2_558, 10_000)),
    ],
)
def test_a_pack_taxes_to_the_cent(
    place: str, category: str, price_micros: int, figures: tuple[int, int, int]
) -> None:
    """Worked examples come out under the pack's own rules and rounding."""
    assert figures == taxed(place, category, price_micros)


def test_the_texan_holiday_is_three_days() -> None:
    """A shirt under 100 is free of state and city tax until Sunday midnight, one of 100 is not."""
    houston = "US-TX-HOUSTON"
    assert 0 == taxed(houston, "clothing", 99_990_000, "2025-08-10")[1]
    assert 825 == taxed(houston, "clothing", 100_000_000, "2025-08-10")[1]
    assert 825 == taxed(houston, "clothing", 99_990_000, "2025-08-11")[1]
    assert 825 == taxed(houston, "clothing", 99_990_000, "2025-08-07")[1]


def test_a_reseller_in_new_york_shows_a_certificate() -> None:
    """One certificate frees from the state's, the district's and the city's tax alike."""
    pack = load_pack("US")
    paper = Certificate("NY-1", "mill", Window("2026-01-01", "2027-01-01"), "resale")
    sale = SaleFacts("US-NY-NYC", TODAY, certificates=(paper,))
    line = (LineFacts("standard"), DocumentLine(100_000_000, 1_000, ()))
    done = tax_sale((line,), sale, pack.rules, pack.policy_on(TODAY), 2)
    assert 0 == done.figures.tax_minor
    assert ["NY-1"] * 3 == [one.certificate for one in done.applied]


@pytest.mark.parametrize(
    ("place", "day", "amount_minor", "due_minor"),
    [
        ("CH", TODAY, 1_247, 1_245),
        ("CH", TODAY, 1_248, 1_250),
        ("NL", TODAY, 1_002, 1_000),
        ("IT", TODAY, 1_003, 1_005),
        ("SE", TODAY, 10_050, 10_100),
        ("SE", TODAY, 10_049, 10_000),
        ("NO", TODAY, 10_050, 10_100),
        ("CA-ON", TODAY, 2_298, 2_300),
        ("AU", TODAY, 107, 105),
        ("NZ", TODAY, 116, 120),
        ("US-AL", TODAY, 548, 550),
    ],
)
@pytest.mark.feature("TAX-06", part="country packs")
def test_cash_is_rounded_to_a_countrys_coins(
    place: str, day: str, amount_minor: int, due_minor: int
) -> None:
    """Each country's step and direction."""
    found = load_pack(place[:2]).cash_on(day, place)
    assert found is not None
    assert due_minor == coins_for(amount_minor, CashStep(found.step_minor, found.mode))


@pytest.mark.parametrize(
    ("place", "day"),
    [("DE", TODAY), ("GB", TODAY), ("JP", TODAY), ("US-NY", TODAY), ("US-AL", "2026-04-16")],
)
def test_cash_is_not_rounded_where_nobody_says_so(place: str, day: str) -> None:
    """No rule for the place or the day: the cent is paid."""
    assert load_pack(place[:2]).cash_on(day, place) is None


def test_japan_rounds_once_a_rate_since_qualified_invoices() -> None:
    """The rounding in force changes with the law, by its day."""
    pack = load_pack("JP")
    assert Level.LINE == pack.policy_on("2023-09-30").level
    assert (Level.RATE_DOCUMENT, RoundingMode.DOWN) == (
        pack.policy_on("2023-10-01").level,
        pack.policy_on("2023-10-01").mode,
    )


def test_fiscal_slots_follow_the_rate() -> None:
    """An Austrian loaf moves to another field of the signed receipt with its new rate."""
    rules = load_pack("AT").rules.rules
    slots = {rule.window.start: rule.codes["rksv"] for rule in rules if rule.id == "AT-staple-food"}
    assert {
        "2016-01-01": "Betrag-Satz-Ermaessigt-1",
        "2026-07-01": "Betrag-Satz-Besonders",
    } == slots


def test_a_country_without_a_pack_is_told_in_words() -> None:
    """The answer names those there are."""
    with pytest.raises(CommandFailedError, match="AT, AU"):
        load_pack("XX")


def test_a_file_that_is_no_pack_is_told_in_words(tmp_path: Path) -> None:
    """Neither broken JSON nor a missing file ends in a traceback."""
    path = tmp_path / "xx.json"
    with pytest.raises(CommandFailedError, match="correct the file"):
        read_pack(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(CommandFailedError, match="correct the file"):
        read_pack(path)
    path.write_text((FOLDER / "nz.json").read_text("utf-8").replace('"15"', '"15.00001"'), "utf-8")
    with pytest.raises(CommandFailedError, match="decimals_must_be_at_most_4"):
        read_pack(path)
