"""A run of the tests that leaves a card number anywhere fails, and says where and by which test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.canaries import Canaries
from tests.left_behind import ROOT, LeftBehind, is_gtin, search
from tests.store.memory import dumps_to_files

CANARIES = Canaries.seeded(808)
FILE = """
import asyncio, base64, logging, resource, subprocess, sys, tempfile
from pathlib import Path
import trio
from hardware.printer.virtual import VirtualPrinter
from tests.canaries import Canaries, half_bytes
CARDS = Canaries.seeded(808).cards
SAYS = (
    "import os, sys, time; told = bytes.fromhex(sys.argv[1]);"
    "os.write(int(sys.argv[2]), told[:9]); time.sleep(0.1); os.write(int(sys.argv[2]), told[9:])"
)

def says(card, descriptor=1):
    return [sys.executable, "-c", SAYS, (b"PAN " + card.encode()).hex(), str(descriptor)]

def test_clean(tmp_path, capsys):
    (tmp_path / "journal.db").write_text("5449000000996 411111******1111 1764150000000000000")
    print("nothing here")

def test_file(tmp_path):
    below = tmp_path / "data"
    below.mkdir()
    (below / "journal.db-wal").write_bytes(b"x" * 70 + half_bytes(CARDS[3]) + b"x")

def test_deleted():
    with tempfile.TemporaryDirectory() as name:
        Path(name, "kept.json").write_bytes(base64.b64encode(CARDS[4].encode()))

def test_prints():
    print("PAN", CARDS[5], file=sys.stderr)

def test_reads_what_it_prints(capfd):
    print("PAN", CARDS[6].encode().hex())
    capfd.readouterr()

def test_logs():
    logging.getLogger("x").warning("card %s", CARDS[7])

def test_runs():
    subprocess.run(says(CARDS[8], 2), capture_output=True, check=True)

def test_runs_with_one_pipe():
    subprocess.run(says(CARDS[9]), stdout=subprocess.PIPE, check=True)

def test_reads_lines():
    with subprocess.Popen(says(CARDS[10]), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline()

def test_reads_raw():
    with subprocess.Popen(says(CARDS[11]), bufsize=0, stdout=subprocess.PIPE) as process:
        while process.stdout.read(64): pass

def test_runs_in_trio():
    trio.run(lambda: trio.run_process(says(CARDS[12]), capture_stdout=True))

def test_runs_in_asyncio():
    async def run():
        process = await asyncio.create_subprocess_exec(*says(CARDS[13]), stdout=subprocess.PIPE)
        await process.communicate()
    asyncio.run(run())

def test_throws_away():
    subprocess.run(says(CARDS[14]), stdout=subprocess.DEVNULL, check=True)

def test_dumps_memory(tmp_path):
    program = "import os, sys; held = bytes.fromhex(sys.argv[1]); os.abort()"
    free = lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    words = [sys.executable, "-c", program, CARDS[2].encode().hex()]
    assert subprocess.run(words, cwd=tmp_path, preexec_fn=free).returncode == -6

def test_paper():
    VirtualPrinter().receive(b"PAN " + CARDS[15].encode() + b"\\n")

def test_unplanted(tmp_path):
    (tmp_path / "note.txt").write_text("it was 4242 4242 4242 4242, thanks")
"""
LEAKS = {
    "test_file": ("journal.db-wal at byte 70", "bcd"),
    "test_deleted": ("kept.json at byte 0", "base64 of ascii"),
    "test_prints": (".txt at byte 4", "ascii"),
    "test_reads_what_it_prints": (".txt at byte 4", "hex of ascii"),
    "test_logs": (".txt", "ascii"),
    "test_runs": (".txt at byte 4", "ascii"),
    "test_runs_with_one_pipe": (".txt at byte 4", "ascii"),
    "test_reads_lines": (".txt at byte 4", "ascii"),
    "test_reads_raw": (".txt at byte 4", "ascii"),
    "test_runs_in_trio": (".txt at byte 4", "ascii"),
    "test_runs_in_asyncio": (".txt at byte 4", "ascii"),
    "test_throws_away": ("-sink.txt at byte 4", "ascii"),
    **({"test_dumps_memory": ("core", "ascii")} if dumps_to_files() else {}),
    "test_paper": (".txt at byte 4", "ascii"),
    "test_unplanted": ("note.txt at byte", "424242******4242"),
}


def run(folder: Path, *tests: str) -> tuple[int, list[str]]:
    """Run these tests as a run of their own: how it ended, and what was found."""
    place = folder / "test_leaky.py"
    place.write_text(FILE)
    words = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "tests.left_behind", "-c", os.devnull),
        *(f"--rootdir={folder}", f"--basetemp={folder / 'base'}", "-p", "no:cacheprovider"),
    ]
    done = subprocess.run(
        [*words, *(f"{place}::{one}" for one in tests)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in done.stdout.splitlines() if ", left by " in line]
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.returncode, found


def test_what_is_left_is_found_and_named(tmp_path: Path) -> None:
    """In a file, in a folder that was deleted, in words printed, read back or logged; as it was
    planted and as nobody planted it: each is told with the test, and none of it in full."""
    code, found = run(tmp_path, *LEAKS, "test_clean")
    assert code == 1
    for test, (place, writing) in LEAKS.items():
        lines = [line for line in found if line.endswith(f"::{test}")]
        assert any(place in line and writing in line for line in lines), (test, found)
    assert {line.rpartition("::")[2] for line in found} == set(LEAKS)
    assert not any(card in "".join(found) for card in CANARIES.cards)


def test_a_run_that_leaves_none_passes(tmp_path: Path) -> None:
    """Bar codes, times and masked numbers are none."""
    assert run(tmp_path, "test_clean") == (0, [])


def test_bar_codes_are_told_from_cards() -> None:
    """Thirteen or fourteen digits with a bar code's check digit are goods."""
    assert is_gtin("4000417025005")
    assert is_gtin("05449000000996")
    assert not is_gtin("4000417025006")
    assert not is_gtin("5413330089020011")


def visa_like(count: int) -> list[str]:
    """Numbers of sixteen digits with an issuer's first digit and the right last one."""
    found = []
    for number in range(count):
        digits = f"4{number * 7_919 + 31:014d}"[:15]
        doubled = (int(one) * (2 - place % 2) for place, one in enumerate(digits))
        found.append(f"{digits}{-sum(one - 9 * (one > 9) for one in doubled) % 10}")
    return found


@pytest.mark.parametrize("before", ["", "5449000000996 ", "05449000000996,"])
def test_a_card_is_one_though_it_begins_as_a_bar_code_does(tmp_path: Path, before: str) -> None:
    """One number in five has the check digit of a code in its first digits; behind a code of goods
    one is found, too, and the code is none."""
    for number, card in enumerate(visa_like(100)):
        (tmp_path / f"{number}").write_text(f"it was {before}{card}.")
    found = {hit.file.name: written for hit, written in search([tmp_path], ())}
    wanted = {f"{at}": f"{card[:6]}******{card[-4:]}" for at, card in enumerate(visa_like(100))}
    assert found == wanted


def test_a_shops_own_code_in_its_catalog_is_none(tmp_path: Path) -> None:
    """A bar code with digits of the shop's behind it, which elsewhere is as good as a card's."""
    code = next(one for one in visa_like(100) if is_gtin(one[:13]))
    for name in ("goods.segment", "goods.txt"):
        (tmp_path / name).write_text(f'"{code}"')
    assert [hit.file.name for hit, _ in search([tmp_path], ())] == ["goods.txt"]


def test_the_rest_of_a_torn_time_is_none(tmp_path: Path) -> None:
    """A write cut within a stamp's time leaves its last digits, which may pass for a card's; the
    same digits anywhere else are one."""
    digits = "6037924618881622"
    (tmp_path / "torn").write_text(f'\0\0{digits},"utc_offset_s":3600}}')
    (tmp_path / "card").write_text(f'\0\0{digits},"card":1')
    assert [hit.file.name for hit, _ in search([tmp_path], ())] == ["card"]


def test_in_dumps_and_pictures_only_what_was_planted_is_a_card(tmp_path: Path) -> None:
    """They have any number in them; in another file the same digits are a card's."""
    unplanted, planted = "4242424242424242", Canaries(("4111111111111111",))
    for name, began, found in (
        ("dump", b"\x7fELF", ["ascii"]),
        ("picture", b"\x89PNG", ["ascii"]),
        ("other", b"text", ["411111******1111", "424242******4242", "ascii"]),
    ):
        file = tmp_path / name
        file.write_bytes(began + f"\0{unplanted},\0{planted.cards[0]}\0".encode())
        written = {text.partition(" of ")[0] for _, text in search([file], (planted,))}
        assert sorted(written) == found, name


@pytest.mark.parametrize("card", CANARIES.cards, ids=lambda card: f"{card[:2]}-{card[-4:]}")
def test_each_writing_is_found_in_a_file(card: str, tmp_path: Path) -> None:
    """What the search of memory and messages knows, the search of a whole run knows too."""
    only = Canaries((card,))
    for number, (_, data, _) in enumerate(only.patterns):
        (tmp_path / f"{number}.bin").write_bytes(b"\n.\0" + data + b"\0.\n")
    found = {hit.file.name for hit, _ in search([tmp_path], (only,))}
    assert found == {f"{number}.bin" for number in range(len(only.patterns))}


@pytest.mark.feature("PAY-08", part="what a run of the tests leaves on disk, prints and logs")
def test_this_very_run_is_searched(request: pytest.FixtureRequest) -> None:
    """What this run's tests delete is kept for the search at its end; what is found there takes
    this test's word back, and that of every other about card numbers."""
    plugin = request.config.pluginmanager.get_plugin("countertop-left-behind")
    assert isinstance(plugin, LeftBehind)
    with TemporaryDirectory(prefix="shop-") as name:
        (Path(name) / "journal.db").write_text("of a shop")
    assert not Path(name).exists()
    kept = [place for place in plugin.kept() if place.name.endswith(Path(name).name)]
    assert [(place / "journal.db").read_text() for place in kept] == ["of a shop"]
