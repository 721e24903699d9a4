"""A line for each failure of a run, in a file that whoever reads only the end can be shown.

With `--failures-file FILE` the name of each test that failed, or of what could
not be collected, is written with the first line of why, where the folders of its run are kept if it
had any, and each card number that was left behind.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests import left_behind

_LINE_MAX = 400


class Failures:
    """Writes each failure down as it comes, so that a run that is ended has told what it knew."""

    def __init__(self, target: Path) -> None:
        self._target = target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("")

    def _note(self, what: str, why: str, kept: str = "") -> None:
        line = f"{what}: {why}"[:_LINE_MAX].replace("\n", " ")
        with self._target.open("a") as file:
            file.write(line + (f" [it left {kept}]" if kept else "") + "\n")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A test failed, or what comes before or after it did."""
        report = yield
        if report.failed:
            self._note(f"{report.nodeid} ({report.when})", _reason(report), _folders(item))
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file of tests could not be read."""
        if report.failed:
            self._note(report.nodeid, _reason(report))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """The search for card numbers is over."""
        searched = session.config.pluginmanager.get_plugin("countertop-left-behind")
        if isinstance(searched, left_behind.LeftBehind):
            for find in searched.finds:
                self._note("a card number was left behind", find.line())


def _folders(item: pytest.Item) -> str:
    """Where the folders of its run are, a store's among them; "" where it used none."""
    factory = getattr(item, "funcargs", {}).get("tmp_path_factory")
    return str(factory.getbasetemp()) if factory is not None else ""


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else report.longreprtext
    lines = [line for line in text.splitlines() if line.strip()]
    # Pytest ends a traceback with what was raised, and begins a crash's message with it.
    return lines[0 if crash is not None else -1].strip() if lines else "no reason was given"


def add_option(parser: pytest.Parser) -> None:
    """The option that names the file."""
    parser.addoption(
        "--failures-file", metavar="FILE", help="write a line for each failure to FILE"
    )


def begin(config: pytest.Config) -> None:
    """Register it, where a file was named."""
    wanted: str | None = config.getoption("--failures-file")
    if wanted:
        config.pluginmanager.register(Failures(Path(wanted)), "countertop-failures")
