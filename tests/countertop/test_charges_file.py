"""A file of charges: what a shop may write, and what is told where it may not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from countertop.charges import read_charges
from countertop.errors import CommandFailedError
from engine.charge.model import ChargeKind, ChargeRule, Deposit

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    """Each charge of docs/prices.md, to the last field."""
    documents = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/prices.md").read_text(), re.DOTALL)
    file = tmp_path / "charges.toml"
    file.write_text(next(text for text in documents if "[[charge]]" in text))
    command = read_charges(file, 2)
    assert command.deposits == (
        Deposit("water", "bottle-deposit"),
        Deposit("cola", "bottle-deposit"),
    )
    assert command.charges == (
        ChargeRule(
            "service",
            "Service charge",
            ChargeKind.SERVICE,
            100_000,
            tax_class="standard",
            dinings=("eat_in",),
        ),
        ChargeRule(
            "party",
            "Gratuity, parties of 6 and more",
            ChargeKind.GRATUITY,
            125_000,
            guests_min=6,
        ),
        ChargeRule(
            "delivery",
            "Delivery",
            ChargeKind.FEE,
            0,
            350,
            tax_class="standard",
            channels=("phone", "web"),
        ),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[charge", "is no TOML"),
        ("charges = 1", "charges"),
        ('[[charge]]\nname = "x"', "id"),
        ('[[charge]]\nid = "a"\nname = "x"\nkind = "tip"', "kind"),
        ('[[charge]]\nid = "a"\nname = "x"\namount = "0.001"', "amount"),
        ('[[charge]]\nid = "a"\nname = "x"\nchannels = [1]', "channels"),
    ],
)
def test_what_is_no_file_of_charges(tmp_path: Path, text: str, words: str) -> None:
    """The words say where; nothing was changed."""
    file = tmp_path / "charges.toml"
    file.write_text(text)
    with pytest.raises(CommandFailedError, match=words) as caught:
        read_charges(file, 2)
    assert "Nothing was changed" in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    """One that is not there is named."""
    with pytest.raises(CommandFailedError, match="There is no file"):
        read_charges(tmp_path / "none.toml", 2)
