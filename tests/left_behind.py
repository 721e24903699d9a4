"""What a run of the tests leaves behind is searched for card numbers; a find fails the run.

A plugin of pytest. Folders that tests delete are kept until they were searched, and so is every
word they print: captured output and logs, what a test reads of its own output, and what
`tests/overheard.py` hears of its processes and virtual printers. At the end these are searched, the
run's temporary folder, `artefacts`, the caches and whatever memory was dumped to disk, for each
seeded number in each way of writing and, but for dumps and pictures, for runs of digits that could
be a card's.

A test that means to write one has its reason in `REASONS`. The search is grep's, which takes a
second or two for a gigabyte; where there is no GNU grep it is Python's, and slow.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

from tests.canaries import Canaries, card_like, has_grep, made
from tests.overheard import Overheard

ROOT = Path(__file__).resolve().parent.parent
REASONS = {
    "tests/test_canaries.py": "writes them to show that they are found",
    "tests/test_left_behind.py": "writes them to show that the run fails",
    "tests/fuzz/test_fuzz_decoders.py::test_spoiled_messages[catalog_csv]": "spoils codes of goods",
}
"""Tests that may leave a number, by the beginning of their names."""
COPIES = ("mutants-",)
"""Folders of the sources, whose vectors have published test numbers: inputs, not outputs."""
LANES = ("talking", "pages", "looks", "simulating", "computing")
_OF_LANES = ("{}.json", "{}.txt", "pytest-{}.log")
NAMES = ["nodeids", "lastfailed", "stepwise"]
NAMES += [name.format(lane) for lane in LANES for name in _OF_LANES]
"""Files with names of tests, and in these the codes of goods and coupons that are tried."""
FEATURE = "PAY-08"
"""What a find disproves, whichever test claimed it."""
CATALOG = ".segment"
"""Files of goods alone; a shop's own codes may be a bar code's with digits of its own behind."""
CODES = re.compile(r"40000000\d{5}")
"""Codes of made catalogs, which count up and so have every last digit."""
_SHARED = ("artefacts", ".cache", ".pytest_cache", ".hypothesis")
_PILE_BYTES_MAX = 256 << 20
_HEARD_BYTES_MAX = 4 << 20
_OVERLAP_BYTES = 256
_CANDIDATE = r"(^|[^0-9A-Za-z.])[2-6][0-9]([ -]?[0-9]){11,17}"
_AROUND = 48
_CODE = re.compile(rb"(?<![0-9])[0-9]{13,14}(?![0-9])")
_BINARY = (b"\x7fELF", b"\x89PNG")
"""How dumps of memory and pictures begin."""
_STAMP_GOES_ON = b',"utc_offset_s":'
"""Behind the time of a stamp, whose last digits begin what is left of a write torn within it."""
_OWN_RMTREE = "_rmtree"
"""What tempfile calls it by where it took it for itself, as that of Python 3.11.2 does."""


@frozen
class Find:
    """A number that was left: the file, the byte, how it is written, and the test that left it."""

    file: str
    at: int
    writing: str
    test: str

    def line(self) -> str:
        """For people."""
        return f"{self.file} at byte {self.at}: {self.writing}, left by {self.test}"


@frozen
class Hit:
    """Bytes that were looked for, in a file."""

    file: Path
    at: int
    data: bytes = field(repr=False)


# -------------------------------------------------------------------------------------- the search


def _grep(options: list[str], places: list[Path]) -> Iterator[Hit]:
    # Not through a pipe: what it found would be heard, and found once more.
    with tempfile.TemporaryFile() as found, tempfile.TemporaryFile() as missing:
        subprocess.run(
            ["grep", "-raobH", "--null", *options, "--", *map(str, places)],
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin:/usr/local/bin"},
            stdout=found,
            # One that is no file any more is no reason to stop.
            stderr=missing,
            check=False,
        )
        found.seek(0)
        told = found.read()
    for name, at, data in re.findall(rb"([^\0\n]+)\0(\d+):([^\n]*)\n", told):
        yield Hit(Path(name.decode()), int(at), data)


def is_gtin(digits: str) -> bool:
    """Whether it is a bar code of 13 or 14 digits, one in ten of which could be a card's too."""
    weighed = sum(int(one) * (3 - place % 2 * 2) for place, one in enumerate(reversed(digits[:-1])))
    return len(digits) in (13, 14) and (weighed + int(digits[-1])) % 10 == 0


def _unplanted(hit: Hit) -> str:
    """A number nobody planted, masked; empty where the digits are something else.

    In a dump of memory there is none such: an interpreter's has thousands of numbers of that length
    (times, hashes, sessions, rests of texts whose room was used again), one in ten of which has the
    right check digit. Nor is there in a picture, whose points may be written as digits are. There
    the planted ones must do.
    """
    with hit.file.open("rb") as file:
        if file.read(len(_BINARY[0])).startswith(_BINARY):
            return ""
        start = max(0, hit.at - _AROUND)
        file.seek(start)
        around = _CODE.sub(_without_code, file.read(hit.at - start + len(hit.data) + _AROUND))
    # A number that begins behind a code ends behind what was looked for; whole it is in both.
    at = hit.at - start
    digits = re.sub(rb"[^0-9]", b"", hit.data).decode()
    if around.startswith(_STAMP_GOES_ON, at + len(hit.data)):
        return ""
    if hit.file.suffix == CATALOG and any(is_gtin(digits[:size]) for size in (13, 14)):
        return ""
    own = around[max(0, at - 1) : at + len(hit.data) + _AROUND // 2]
    found = card_like(around)
    return next((one for one in found if one in card_like(own)), "")


def _without_code(match: re.Match[bytes]) -> bytes:
    """Blanks, where a code of goods stands by itself."""
    digits = match[0].decode()
    is_code = is_gtin(digits) or CODES.fullmatch(digits)
    return bytes(len(match[0])) if is_code else match[0]


def _patterns(planted: tuple[Canaries, ...]) -> dict[bytes, str]:
    """Every writing of every number; of hexadecimal in either letters."""
    found = {}
    for canaries in planted:
        for name, data, card in canaries.patterns:
            forms = (data,) if "base64" in name else (data, data.lower(), data.upper())
            found.update(dict.fromkeys(forms, f"{name} of the number that ends in {card[-4:]}"))
    return found


def search(places: list[Path], planted: tuple[Canaries, ...]) -> Iterator[tuple[Hit, str]]:
    """Every number in every file below these places, and how it is written."""
    places = [place for place in places if place.exists()]
    if not places:
        return
    patterns = _patterns(planted)
    if not has_grep():
        yield from _search_slowly(places, planted)
        return
    if patterns:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\n".join(patterns) + b"\n")
            file.flush()
            for hit in _grep(["-F", "-f", file.name], places):
                yield hit, patterns.get(hit.data, "a number")
    for hit in _grep(["-E", _CANDIDATE], places):
        if written := _unplanted(hit):
            yield hit, written


def _search_slowly(places: list[Path], planted: tuple[Canaries, ...]) -> Iterator[tuple[Hit, str]]:
    candidate = re.compile(_CANDIDATE.encode(), re.MULTILINE)
    for path in (one for place in places for one in _files(place)):
        for canaries in planted:
            for leak in canaries.search_file(path):
                yield Hit(path, leak.at, b""), f"{leak.encoding}, ends in {leak.ending}"
        for match in candidate.finditer(path.read_bytes()):
            hit = Hit(path, match.start(), match[0])
            if written := _unplanted(hit):
                yield hit, written


def _spent_s() -> float:
    """Seconds of a processor that this process and its children took."""
    return sum(os.times()[:4])


def _files(place: Path) -> Iterator[Path]:
    inside = [place] if place.is_file() else place.rglob("*")
    return (path for path in inside if path.is_file() and not path.is_symlink())


# -------------------------------------------------------------------------------------- the plugin


class LeftBehind:
    """Keeps what a run leaves, and searches it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._began = time.time()
        self._test = "the collection"
        self._remove = shutil.rmtree
        self._read = pytest.CaptureFixture.readouterr
        self._pile = Path(tempfile.mkdtemp(prefix="left-behind-"))
        self._sinks = Path(tempfile.mkdtemp(prefix="left-behind-"))
        self._overheard = Overheard(self._hear, self._sink)
        self._heard: dict[str, bytearray] = {}
        self._lock = threading.RLock()
        self._left_by: dict[str, str] = {}
        self._pile_bytes = 0
        self.searched_bytes = 0
        self.took_s = 0.0
        self.finds: list[Find] = []

    # ------------------------------------------------------------------------------- what is kept

    def install(self) -> None:
        """From now on what is deleted or read is kept."""
        keep, remove = self._keep_folder, self._remove
        read, keep_text = self._read, self._keep_text

        def rmtree(path: Any, *arguments: Any, **options: Any) -> None:
            if not keep(path):
                remove(path, *arguments, **options)

        def readouterr(fixture: Any) -> Any:
            result = read(fixture)
            for text in result:
                keep_text(text)
            return result

        self._overheard.install()
        shutil.rmtree = rmtree  # type: ignore[assignment]
        if hasattr(tempfile, _OWN_RMTREE):
            setattr(tempfile, _OWN_RMTREE, rmtree)
        pytest.CaptureFixture.readouterr = readouterr  # type: ignore[assignment,method-assign]

    def uninstall(self) -> None:
        """As it was; the pile goes."""
        self._overheard.uninstall()
        shutil.rmtree = self._remove
        if hasattr(tempfile, _OWN_RMTREE):
            setattr(tempfile, _OWN_RMTREE, self._remove)
        pytest.CaptureFixture.readouterr = self._read  # type: ignore[method-assign]
        if not self.finds:
            self._remove(self._pile, ignore_errors=True)
            self._remove(self._sinks, ignore_errors=True)

    def _next(self, ending: str, folder: Path | None = None) -> Path:
        place = (folder or self._pile) / f"{len(self._left_by)}{ending}"
        self._left_by[place.name] = self._test
        return place

    def _sink(self) -> Path:
        """Where a process writes what nobody wants; not in the pile, for it writes on."""
        with self._lock:
            return self._next("-sink.txt", self._sinks)

    def _hear(self, source: str, data: bytes) -> None:
        with self._lock:
            heard = self._heard.setdefault(source, bytearray())
            heard += data
            if len(heard) > _HEARD_BYTES_MAX:
                self._keep_text(bytes(heard))
                # A number may be in two pieces.
                del heard[:-_OVERLAP_BYTES]

    def _keep_heard(self) -> None:
        """Keep what was heard, as one text of each source."""
        with self._lock:
            while self._heard:
                self._keep_text(bytes(self._heard.popitem()[1]))

    def _keep_folder(self, path: Any) -> bool:
        """Move a folder to the pile that a test is done with; False where it is none of a test."""
        if not isinstance(path, str | Path):
            return False
        place, temporary = Path(path), Path(tempfile.gettempdir())
        if not place.is_relative_to(temporary) or not place.is_dir() or place.is_symlink():
            return False
        parts, others = place.relative_to(temporary).parts, ("pytest-of-", "left-behind-", *COPIES)
        if not parts or parts[0].startswith(others):
            return False
        with self._lock:
            try:
                kept = place.rename(self._next(f"-{place.name}"))
            except OSError:
                return False
            self._grew(sum(one.stat().st_size for one in _files(kept)))
        return True

    def _keep_text(self, text: str | bytes) -> None:
        if text:
            data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
            with self._lock:
                self._next(".txt").write_bytes(data)
                self._grew(len(data))

    def _grew(self, count: int) -> None:
        self._pile_bytes += count
        if self._pile_bytes > _PILE_BYTES_MAX:
            self._search_pile()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Whatever is left from now on is this test's."""
        self._keep_heard()
        self._test = nodeid

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Note whose folder it was."""
        place = getattr(item, "funcargs", {}).get("tmp_path")
        if isinstance(place, Path):
            self._left_by[place.name] = item.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test printed and logged."""
        if report.when == "teardown":
            self._keep_text("\n".join(text for _, text in report.sections))

    def kept(self) -> list[Path]:
        """What waits to be searched."""
        self._keep_heard()
        return sorted(self._pile.iterdir())

    # ------------------------------------------------------------------------------ what is found

    def _search_pile(self) -> None:
        self._search([self._pile])
        for one in list(self._pile.iterdir()):
            if not any(str(one) in find.file for find in self.finds):
                self._remove(one, ignore_errors=True) if one.is_dir() else one.unlink()
        self._pile_bytes = 0

    def _search(self, places: list[Path], *, since: float = 0) -> None:
        begun_s = _spent_s()
        self.searched_bytes += sum(one.stat().st_size for place in places for one in _files(place))
        for hit, writing in search(places, made()):
            if hit.file.stat().st_mtime < since or hit.file.name in NAMES:
                continue
            names = [self._left_by[one] for one in hit.file.parts if one in self._left_by]
            test = names[0] if names else "a test of this run"
            if not test.startswith(tuple(REASONS)):
                self.finds.append(Find(str(hit.file), hit.at, writing, test))
        self.took_s += _spent_s() - begun_s

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Search it all; a run that left a number has failed."""
        self._keep_heard()
        self._search_pile()
        self._search([self._sinks])
        factory = getattr(self._config, "_tmp_path_factory", None)
        if factory is not None and factory._basetemp is not None:
            self._search([factory._basetemp])
        dumps = [*ROOT.glob("core"), *ROOT.glob("core.[0-9]*")]
        self._search([*dumps, *(ROOT / name for name in _SHARED)], since=self._began)
        if self.finds:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was searched, and what was found."""
        if self.finds:
            terminalreporter.section("card numbers were left behind", red=True)
            for find in self.finds:
                terminalreporter.line(find.line())
            return
        searched = f"{self.searched_bytes / 1e6:.0f} MB this run left"
        cost = f"{self.took_s:.1f} s of a processor"
        terminalreporter.line(f"no card number in the {searched} ({cost})")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to keep."""
    if not config.getoption("collectonly"):
        plugin = LeftBehind(config)
        config.pluginmanager.register(plugin, "countertop-left-behind")
        plugin.install()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop."""
    plugin = config.pluginmanager.get_plugin("countertop-left-behind")
    if isinstance(plugin, LeftBehind):
        plugin.uninstall()
