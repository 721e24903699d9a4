"""The benches of mailbox and link run, small, and always get the same answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benches import link, mailbox


def digest_of(report: Callable[..., list[str]]) -> str:
    """The last line of a tiny run."""
    lines = report(tiny=True)
    assert all("/s" in line for line in lines[:-1])
    assert lines[-1].startswith("digest ")
    return lines[-1]


def test_the_mailbox_bench() -> None:
    """Every figure is there, and the answers of all carriers are right, run after run."""
    assert digest_of(mailbox.report) == digest_of(mailbox.report) == "digest f1e0fceccaad5b69"


def test_the_link_bench() -> None:
    """Every figure is there, and what is echoed is what was sent."""
    assert digest_of(link.report) == "digest 93b555500b026b5d"


@pytest.mark.parametrize("bench", [link, mailbox])
def test_from_the_command_line(
    bench: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--tiny` runs it tiny and prints its report."""
    sizes: list[bool] = []

    def report(*, tiny: bool) -> list[str]:
        sizes.append(tiny)
        return ["one", "two"]

    monkeypatch.setattr(bench, "report", report)
    assert bench.main(["--tiny"]) == 0  # type: ignore[attr-defined]
    assert bench.main([]) == 0  # type: ignore[attr-defined]
    assert sizes == [True, False]
    assert capsys.readouterr().out == "one\ntwo\n" * 2
