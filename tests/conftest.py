"""What tests lean on: Hypothesis profiles, the feature marks, `artefacts`, `shared_data`."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests import breadth, failures, left_behind, schedules
from tests.draws import DRAWS, TIMES, USUAL

ROOT = Path(__file__).resolve().parent.parent
ARTEFACTS = ROOT / "artefacts"

# Timing is the benches' business: a slow machine must not make a true property fail.
settings.register_profile(
    "quick",
    deadline=None,
    max_examples=USUAL,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
# Run against a planted bug nobody reads the example, so it need not be made smaller.
settings.register_profile(
    "mutants",
    deadline=None,
    max_examples=20,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "draws",
    deadline=None,
    max_examples=USUAL * int(os.environ.get(DRAWS, TIMES)),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("night", deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


class FeatureRecorder:
    """Notes which test claims which feature, and how each marked test ended.

    A mark is `feature("CAT-01")` for the whole definition, or `feature("CAT-01", part="price")`.
    A test passed when its set-up, call and tear-down all did.
    """

    def __init__(self, target: Path, *, collect_only: bool) -> None:
        self._target = target
        self._collect_only = collect_only
        self._claims: dict[str, list[dict[str, str | None]]] = {}
        self._outcomes: dict[str, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read the marks of every test that will run."""
        for item in session.items:
            for mark in item.iter_markers("feature"):
                claim = {"id": str(mark.args[0]), "part": mark.kwargs.get("part")}
                self._claims.setdefault(item.nodeid, []).append(claim)
        if self._collect_only:
            self._write()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of a test's three phases."""
        if report.nodeid not in self._claims:
            return
        before = self._outcomes.get(report.nodeid)
        if before is None or (before == "passed" and report.outcome != "passed"):
            self._outcomes[report.nodeid] = report.outcome
        if report.failed:
            self._outcomes[report.nodeid] = "failed"

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what was seen where `./run features` reads it."""
        searched = session.config.pluginmanager.get_plugin("countertop-left-behind")
        if isinstance(searched, left_behind.LeftBehind) and searched.finds:
            for nodeid, claims in self._claims.items():
                if any(claim["id"] == left_behind.FEATURE for claim in claims):
                    self._outcomes[nodeid] = "failed"
        if not self._collect_only:
            self._write()

    def _write(self) -> None:
        tests = {
            nodeid: {"claims": claims, "outcome": self._outcomes.get(nodeid, "not run")}
            for nodeid, claims in self._claims.items()
        }
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._target.write_text(json.dumps({"tests": tests}, indent=1) + "\n")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option by which `./run features` asks for claims, and a full run keeps outcomes."""
    parser.addoption(
        "--features-json",
        metavar="FILE",
        help="write the feature marks of the collected tests, and their outcomes, to FILE",
    )
    failures.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Search what the run leaves, draw schedules, and record features on request."""
    config.pluginmanager.register(left_behind)
    config.pluginmanager.register(schedules)
    config.pluginmanager.register(breadth)
    failures.begin(config)
    wanted: str | None = config.getoption("--features-json")
    if wanted:
        collect_only = bool(config.getoption("collectonly"))
        recorder = FeatureRecorder(Path(wanted), collect_only=collect_only)
        config.pluginmanager.register(recorder, "countertop-features")


@pytest.fixture
def hears_interrupts() -> Iterator[None]:
    """An interrupt is heard here, and by what is begun here: a shell has its background jobs, such
    as a lane of a check, pass over it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def artefacts() -> Path:
    """Where a test leaves what a person may want to look at; never committed."""
    ARTEFACTS.mkdir(exist_ok=True)
    return ARTEFACTS


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real catalogs and transactions, kept beside the checkout; skips where they are not.

    The variable COUNTERTOP_SHARED names the folder that holds `data/`, else it is `../shared`.
    """
    place = Path(os.environ.get("COUNTERTOP_SHARED") or ROOT.parent / "shared") / "data"
    if not place.is_dir():
        pytest.skip("no real data beside the checkout; name its folder in COUNTERTOP_SHARED")
    return place
