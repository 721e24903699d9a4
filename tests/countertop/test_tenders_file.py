"""A file of how tenders are taken: what a shop may write, and what is told where it may not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from countertop.errors import CommandFailedError
from countertop.tenders import read_tenders
from engine.tender_rules import TenderRule

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    """Each kind of docs/tenders.md; what it leaves out is as usual for that kind."""
    found = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/tenders.md").read_text(), re.DOTALL)
    file = tmp_path / "tenders.toml"
    file.write_text(found[0])
    assert read_tenders(file, 2).rules == (
        TenderRule("cash", 10_000, gives_change=True, opens_drawer=True),
        TenderRule("foreign", None, gives_change=False, opens_drawer=True),
        TenderRule("card", None, gives_change=True, opens_drawer=True),
    )
    assert read_tenders(file, 0 + 3).rules[0].over_minor_max == 100_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[tender", "is no TOML"),
        ("rules = 1", "rules"),
        ("[[tender]]\ndrawer = true", "kind"),
        ('[[tender]]\nkind = "cash"\nover = "0.001"', "over"),
        ('[[tender]]\nkind = "cash"\nchange = "yes"', "change"),
        ('[[tender]]\nkind = "cash"\ndrawers = true', "drawers"),
    ],
)
def test_what_is_no_file_of_tenders(tmp_path: Path, text: str, words: str) -> None:
    """The words say where; nothing was changed."""
    file = tmp_path / "tenders.toml"
    file.write_text(text)
    with pytest.raises(CommandFailedError, match=words) as caught:
        read_tenders(file, 2)
    assert "Nothing was changed" in str(caught.value)
