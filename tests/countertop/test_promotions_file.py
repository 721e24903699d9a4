"""A file of promotions: what a shop may write, and what is told where it may not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from countertop.errors import CommandFailedError
from countertop.promotions import exclusions, read_promotions
from engine.coupon.model import CouponKind, CouponRule
from engine.promotion.decide import SetPromotions
from engine.promotion.model import BenefitKind, Policy, ReturnPolicy, Span
from tests.shop import Shop

ROOT = Path(__file__).resolve().parents[2]
ONE = """
[[promotion]]
id = "a"
name = "A"
benefit = { kind = "each", off = { kind = "amount", value = 10 } }
"""


def read(folder: Path, text: str) -> SetPromotions:
    """What a file with this text stands for."""
    file = folder / "promotions.toml"
    file.write_text(text)
    return read_promotions(file)


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    """Each promotion of docs/promotions.md, its dates and its hours, its reward and its coupon."""
    text, reward, voucher = re.findall(
        r"```toml\n(.*?)```", (ROOT / "docs/promotions.md").read_text(), re.DOTALL
    )
    command = read(tmp_path, text)
    bread, happy, breakfast = command.promotions
    assert command.policy is Policy.BEST
    assert (bread.benefit.kind, bread.benefit.buy, bread.benefit.get) == (BenefitKind.BUY_GET, 2, 1)
    assert (happy.starts_s, happy.ends_s) == (1_796_079_600, 1_798_758_000)
    assert happy.weekly == tuple(Span(day * 1_440 + 960, day * 1_440 + 1_080) for day in range(5))
    assert [slot.selection for slot in breakfast.benefit.slots] == [0, 1]
    (bread,) = read(tmp_path, reward).promotions
    assert (bread.costs_points, bread.by_itself, bread.is_chosen()) == (100, False, True)
    (cash,) = read(tmp_path, f'{ONE}tenders = ["cash", "card:visa"]').promotions
    assert cash.tenders == ("cash", "card:visa")
    (birthday,) = read(tmp_path, voucher).promotions
    assert birthday.coupon == CouponRule("bd-2026", CouponKind.PATTERN, "BD-", 14, check_digit=True)
    assert Shop.selling().ok(read(tmp_path, voucher), admin=True) == {"promotions": 1}


@pytest.mark.parametrize(
    ("hours", "spans"),
    [
        ("Mon 00:00-24:00", [(0, 1_440)]),
        ("sun 22:00-02:00", [(10_000 - 40, 10_080), (0, 120)]),
        ("Sat-Sun 9:00-10:00", [(5 * 1_440 + 540, 5 * 1_440 + 600), (6 * 1_440 + 540, 9_240)]),
        ("Sun-Mon 09:00-10:00", [(9_180, 9_240), (540, 600)]),
    ],
)
def test_hours_of_the_week(tmp_path: Path, hours: str, spans: list[tuple[int, int]]) -> None:
    """A day or several, round the week, and past midnight."""
    (one,) = read(tmp_path, f'{ONE}weekly = ["{hours}"]').promotions
    assert [(span.from_minute, span.until_minute) for span in one.weekly] == spans


def test_promotions_that_exclude_each_other_are_told(tmp_path: Path) -> None:
    """It is lawful, and said; one alone in its group excludes nobody."""
    group = "exclusive_group = 'g'\n"
    both = ONE + group + ONE.replace('"a"', '"b"') + group
    assert exclusions(read(tmp_path, both)) == [
        "a, b exclude each other: one unit gets one of them."
    ]
    assert exclusions(read(tmp_path, ONE + group)) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("promotion = [", "is no TOML"),
        ("[[promotions]]\nid = 'a'", "the key 'promotions'"),
        ("policy = 'cheapest'", "policy"),
        ("[[promotion]]\nid = 'a'\nname = 'A'", "benefit"),
        (ONE + "colour = 'red'", "unknown field colour"),
        (ONE + "starts = 2026-12-01T00:00:00", "has no offset"),
        (ONE + "ends = 5", "has no offset"),
        (ONE + "weekly = ['Mon 16:00']", "are no hours"),
        (ONE + "weekly = ['Moo 16:00-17:00']", "are no hours"),
        (ONE + "weekly = ['Mon 16:00-24:01']", "are no hours"),
        (ONE + "weekly = ['Mon 16:00-16:00']", "are no hours"),
        (ONE + "weekly = [5]", "are no hours"),
        (ONE + "weekly = 5", "are no hours"),
        ("[promotion]\nid = 'a'", "write each promotion as"),
        ("promotion = 5", "write each promotion as"),
        ("promotion = [1]", "write each promotion as"),
        (ONE + "priority = 1.5", "priority"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, text: str, words: str) -> None:
    """The file, what is wrong with it, that nothing was changed and what to do."""
    with pytest.raises(CommandFailedError, match=re.escape(words)) as told:
        read(tmp_path, text)
    assert "promotions.toml" in str(told.value)
    assert "Nothing was changed" in str(told.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    """Both are told by name."""
    with pytest.raises(CommandFailedError, match="There is no file"):
        read_promotions(tmp_path / "gone.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CommandFailedError, match="is no TOML"):
        read_promotions(tmp_path / "binary.toml")


def test_what_goes_back_of_a_bundle_is_said_in_the_file(tmp_path: Path) -> None:
    """Parts are kept unless the file says that the rest is priced again."""
    said = read(tmp_path, ONE + 'returns = "reevaluate"\n').promotions[0].returns
    assert said is ReturnPolicy.REEVALUATE
    assert read(tmp_path, ONE).promotions[0].returns is ReturnPolicy.KEEP
