"""The command line as a person uses it: a demo store in its processes, and words when it fails."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import trio
from attrs import frozen

from countertop import calling, remote
from countertop.calling import client_of
from countertop.config import Config
from countertop.doors_file import DoorsFileError, OpenDoors, read_doors, write_doors
from countertop.errors import CommandFailedError
from engine.limits import TAX_CLASSES_MAX
from tests.ports import free_port
from tests.warm import run

ROOT = Path(__file__).resolve().parents[2]
START_S = 30.0
Done = subprocess.CompletedProcess[str]
_WAY_IN = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["countertop"]
_AS_INSTALLED = "from {} import {} as run; run()".format(*_WAY_IN.split(":"))


def _well(*arguments: str | Path) -> str:
    done = run(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _told(*arguments: str | Path) -> str:
    """The words of a command that could not be carried out; never a traceback."""
    done = run(*arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("countertop: ")
    return done.stderr


@frozen
class Demo:
    """A running demo store and what it said at the start."""

    data: Path
    said: str


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """One demo store for all these tests, told to stop at the end."""
    port = free_port()
    with TemporaryDirectory(prefix="shop-") as folder:
        data = Path(folder) / "demo"
        log = (Path(folder) / "log").open("w+")
        process = subprocess.Popen(
            [sys.executable, "-m", "countertop", "demo", "--data", data, "--port", str(port)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            said = ""
            while "Stop with Ctrl-C" not in said:
                line = process.stdout.readline()
                assert line, log.name
                said += line
            yield Demo(data, said)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
            log.close()


def test_the_demo_says_where_to_look(demo: Demo) -> None:
    """Addresses of register, display and counter, and the PINs, are printed."""
    for words in ("/register/?register=1", "/display/?register=1", "/counter/", "9999 (manager)"):
        assert words in demo.said


def test_status_sell_and_history(demo: Demo) -> None:
    """A sale by command, then status, backup, replay and the verifier agree on where it is."""
    _open_till(demo)
    sold = _well(
        "sell", "2900000000032", "2900000000049", "--data", demo.data, "--register", "2"
    )  # fmt: skip
    assert "Flat white" in sold
    assert "receipt 2-000001" in sold
    status = _status_once_ready(demo)
    assert "store      demo" in status
    backup = demo.data.with_name("backup")
    assert "Its chain was verified" in _well("backup", demo.data, backup)
    replayed = _well("replay", demo.data)
    assert replayed.startswith("position ")
    assert _well("replay", backup).splitlines()[-1] == replayed.splitlines()[-1]
    report = json.loads(_well("verify", backup / "journal.db", "--json"))
    assert (report["records"], report["problems"]) == (int(replayed.split()[1]), [])
    restored = demo.data.with_name("restored")
    assert "epoch 2" in _well("restore", backup, restored, "--reason", "a trial")
    assert "No backup was made" in _told("backup", demo.data, backup)


def _status_once_ready(demo: Demo) -> str:
    """What `status` says as soon as the devices node, which the store does not wait for, has told
    of the printer."""
    ends_s = time.monotonic() + START_S
    while "printer/1: ready" not in (status := _well("status", "--data", demo.data)):
        assert time.monotonic() < ends_s, status
        time.sleep(0.1)
    return status


def _open_till(demo: Demo) -> None:
    """Sign on and open the till of register 2, which no command of the command line does."""

    async def open_till() -> None:
        async with client_of(demo.data, register="2") as client:
            await client.command("staff.sign_on", operator="mia", pin="9999")
            if not (await client.query("register.state")).data["till"]["is_open"]:
                await client.command("till.open", denominations=[])

    trio.run(open_till)


def test_an_import_by_command(demo: Demo, folder: Path) -> None:
    """Good rows go in, faults are listed beside the file; `--check` changes nothing."""
    header = "code,name,price_minor,department,tax_class\n"
    file = folder / "new.csv"
    file.write_text(header + "7771,Kite,1299,Toys,standard\n7772,Ball,-5,Toys,standard\n")
    checked = _well("import", "catalog", file, "--data", demo.data, "--check")
    assert "row 3: the price -5 is negative" in checked
    assert "Nothing was imported, as asked" in checked
    assert "Imported 1 rows" in _well("import", "catalog", file, "--data", demo.data)
    assert (folder / "new.csv.errors.csv").read_text().splitlines()[1].startswith("3,")
    packed = folder / "new.csv.gz"
    packed.write_bytes(gzip.compress((header + "7773,Top,499,Toys,standard\n").encode()))
    assert "Imported 1 rows" in _well("import", "catalog", packed, "--data", demo.data)


def _begun(*words: object) -> subprocess.Popen[str]:
    """A command that goes on while what it says is read."""
    return subprocess.Popen(
        [sys.executable, "-m", "countertop", *map(str, words)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("words", [("activity",), ("watch", "--after", "0", "--data")])
def test_whoever_has_read_enough_is_told_of_no_disk(demo: Demo, words: tuple[str, ...]) -> None:
    """`countertop activity … | head`: the reader goes first, and nothing is said about paths and
    room, least of all that nothing was started."""
    process = _begun(*words, demo.data)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == ""
    assert process.wait(20) == 141


def test_promotions_by_command(demo: Demo, folder: Path) -> None:
    """Put in force, refused with the reason while those before stay, and taken out again."""
    file = folder / "promotions.toml"
    text = """
    [[promotion]]
    id = "kites"
    name = "10 off everything"
    benefit = { kind = "each", off = { kind = "amount", value = 10 } }
    """
    file.write_text(text)
    assert "None was put in force" in _well("import", "promotions", file, "--check")
    assert "1 promotions are in force" in _well("import", "promotions", file, "--data", demo.data)
    file.write_text(text.replace("= 10 }", "= -10 }"))
    told = _told("import", "promotions", file, "--data", demo.data)
    assert "promotion_must_be_sound" in told
    assert told.endswith("Nothing of it was done. Put that right, then try again.\n")
    file.write_text("")
    assert "holds nothing to import" in _told("import", "promotions", file, "--data", demo.data)
    file.write_text("promotion = []")
    assert "0 promotions are in force" in _well("import", "promotions", file, "--data", demo.data)


def test_thousands_of_prices_by_command(demo: Demo, folder: Path) -> None:
    """More than fit a frame come in parts; an item that is not for sale is left out all the same,
    and where the whole is refused the prices of before stay."""
    catalog, prices = folder / "many.csv", folder / "many.toml"
    rows = [f"m{number:04},Many {number},Food,standard,500" for number in range(3_000)]
    catalog.write_text("\n".join(["code,name,department,tax_class,price_minor", *rows, ""]))
    _well("import", "catalog", catalog, "--data", demo.data)
    head = "[[price_list]]\nid = 'many'\nname = 'Many'\nentries = [\n"
    entries = [f"{{ item = 'm{number:04}', price = 4.5 }}," for number in range(3_000)]
    text = "\n".join([*entries[:2_000], "{ item = 'gone', price = 1 },", *entries[2_000:], "]\n"])
    prices.write_text(head + text)
    told = _well("import", "prices", prices, "--data", demo.data)
    assert "gone is not for sale. Its prices were left out." in told
    assert "1 price lists are in force" in told
    twice = "\n".join([*entries, entries[0], "]\n"])
    prices.write_text(head.replace("Many", "Other") + twice)
    assert "item_must_be_named_once" in _told("import", "prices", prices, "--data", demo.data)

    async def names() -> list[str]:
        async with client_of(demo.data) as client:
            state = (await client.query("store.state")).data
            return [one["name"] for one in state["price_lists"]]

    assert ["Many"] == trio.run(names)
    prices.write_text("price_list = []")
    assert "0 price lists are in force" in _well("import", "prices", prices, "--data", demo.data)


def test_prices_and_coupons_by_command(demo: Demo, folder: Path) -> None:
    """Told, put in force without what is not for sale, refused by name; codes are issued."""
    file = folder / "prices.toml"
    text = "[[price_list]]\nid = 'a'\nname = 'A'\nentries = [{ item = 'gone', price = 0 }]\n"
    file.write_text(text)
    told = _well("import", "prices", file, "--check")
    assert "list       a: A, 1 prices, for everybody" in told
    assert "None was put in force" in told
    told = _well("import", "prices", file, "--data", demo.data)
    assert "gone is not for sale. Its prices were left out." in told
    assert "1 price lists are in force" in told
    file.write_text(text + "priority = -1\n")
    assert "priority_must_be_in_range" in _told("import", "prices", file, "--data", demo.data)
    file.write_text("price_list = []")
    assert "0 price lists are in force" in _well("import", "prices", file, "--data", demo.data)
    file.write_text(
        """
        [[promotion]]
        id = "own"
        name = "Own"
        benefit = { kind = "cart", off = { kind = "amount", value = 10 } }
        coupon = { id = "own", kind = "issued" }
        """
    )
    _well("import", "promotions", file, "--data", demo.data)
    codes = folder / "codes.txt"
    codes.write_text("\n".join(f"CODE-{number}" for number in range(1_500)))
    issued = _well("import", "coupons", "own", codes, "--data", demo.data)
    assert "1,500 codes of own are good now" in issued
    assert "coupon_must_be_known" in _told("import", "coupons", "x", codes, "--data", demo.data)
    codes.write_text("")
    assert "no code in it" in _told("import", "coupons", "own", codes, "--data", demo.data)
    file.write_text("promotion = []")
    _well("import", "promotions", file, "--data", demo.data)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"code,name\n1,x\n", "lacks the columns"),
        (b"code,name,price_minor,department,tax_class\n1,x,-1,F,standard\n", "No row is good"),
        (b"code,name,price_minor,department,tax_class\n", "There is no row below the header"),
        (b"", "no readable header"),
        (b"\xff\xfe\x00", "no readable header"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told(
    demo: Demo, folder: Path, content: bytes, words: str
) -> None:
    """The reason is one sentence, and that nothing was imported."""
    file = folder / "bad.csv"
    file.write_bytes(content)
    said = _told("import", "catalog", file, "--data", demo.data)
    assert words in said
    assert "Nothing was imported" in said


def test_a_damaged_archive_and_a_missing_file_are_told(demo: Demo, folder: Path) -> None:
    """A .gz that is none and a path that is not there end in words too."""
    file = folder / "bad.csv.gz"
    file.write_bytes(b"no gzip")
    assert "cannot be read" in _told("import", "catalog", file, "--data", demo.data)
    assert "There is no file" in _told("import", "catalog", folder / "x.csv", "--data", demo.data)


def test_a_sale_that_is_refused_is_told(demo: Demo) -> None:
    """A wrong PIN and an unknown code are said, with the code of the refusal."""
    wrong = ("--data", demo.data, "--register", "1", "--operator", "ben", "--pin", "0000")
    assert "pin_must_be_correct" in _told("sell", "2900000000032", *wrong)
    nobody = ("--data", demo.data, "--register", "7")
    assert _told("sell", "2900000000032", *nobody)


def test_a_sale_that_is_refused_half_way_is_no_part_of_the_next(demo: Demo) -> None:
    """What was rung up before an unknown code is voided; an order that stands is left alone."""
    _open_till(demo)
    at = ("--data", demo.data, "--register", "2")
    refused = _told("sell", "2900000000032", "0000000000000", *at)
    assert "what was rung up was voided" in refused
    assert "Flat white" not in _well("sell", "2900000000049", *at)

    async def do(name: str, **data: Any) -> None:
        async with client_of(demo.data, register="2") as client:
            await client.command(name, **data)

    trio.run(partial(do, "order.add_line", code="2900000000032"))
    assert "in the middle of an order" in _told("sell", "2900000000049", *at)
    trio.run(partial(do, "order.void", reason="a trial"))


def _without_room(*words: str | Path) -> Done:
    """A command whose words go to a full disk."""
    environment = {name: value for name, value in os.environ.items() if "UNBUFFERED" not in name}
    with Path("/dev/full").open("w") as full:
        return subprocess.run(
            [sys.executable, "-m", "countertop", *words],
            cwd=ROOT,
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )


def test_a_sale_that_cannot_be_told_is_whole(demo: Demo) -> None:
    """No room for its words, or no reader: the sale is made all the same, no half of an order is
    left at the register, and nobody is told that nothing was changed."""
    _open_till(demo)
    words = ("sell", "2900000000032", "--data", demo.data, "--register", "2")

    async def sold() -> str:
        async with client_of(demo.data, register="2") as client:
            assert (await client.query("register.state")).data["order"] is None
            newest: str = (await client.query("receipts.find", limit=1)).data[0]["receipt_number"]
            return newest

    _well(*words)
    before = trio.run(sold)
    done = _without_room(*words)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "What was done before stays done" in done.stderr
    after = trio.run(sold)
    assert int(after.partition("-")[2]) == int(before.partition("-")[2]) + 1


@pytest.mark.parametrize("words", [("verify", "journal.db"), ("replay",), ("replay", "--show")])
def test_an_output_without_room_is_told_in_one_sentence(demo: Demo, words: tuple[str, ...]) -> None:
    """Nothing of it is told twice, and not as if a store had not started."""
    place = demo.data / "journal.db" if words[0] == "verify" else demo.data
    done = _without_room(words[0], place, *(word for word in words if word.startswith("--")))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "could not be written (No space left on device)" in done.stderr


@pytest.mark.usefixtures("hears_interrupts")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("replay", "--show"),
            (
                "\ncountertop: interrupted. What it had not told of may be done or "
                "not; see how things stand before running it again.\n"
            ),
        ),
        (("watch", "--after", "0", "--data"), ""),
    ],
)
def test_an_interrupted_command_says_so(demo: Demo, words: tuple[str, ...], said: str) -> None:
    """Ctrl-C in the midst: one sentence, the exit code of an interrupt, no traceback. What is meant
    to go on until then says nothing."""
    process = _begun(*words, demo.data)
    assert process.stdout is not None
    try:
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, told) == (130, said)


@pytest.mark.parametrize("words", [("-m", "countertop"), ("-c", _AS_INSTALLED)])
def test_an_interrupt_before_anything_began_is_quiet(folder: Path, words: tuple[str, ...]) -> None:
    """While the program is still read nothing can be half done: it ends without a word, as whoever
    pressed Ctrl-C meant it."""
    (folder / "cyclopts.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"
    )
    done = subprocess.run(
        [sys.executable, *words, "status"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (-signal.SIGINT, "", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("to", ["999999", "-1"])
def test_replaying_to_a_record_that_is_not_there_says_where_the_journal_ends(
    demo: Demo, to: str
) -> None:
    """A number past the end is no state of that moment, and is not shown as one."""
    said = _told("replay", demo.data, "--to", to)
    assert f"There is no record {to}: the journal of {demo.data} ends at record " in said
    assert "Nothing was replayed" in said


@pytest.mark.parametrize("after", ["999999", "-9"])
def test_watching_after_a_record_that_is_not_there_yet_says_where_the_journal_ends(
    demo: Demo, after: str
) -> None:
    """It would say nothing for ever."""
    said = _told("watch", "--data", demo.data, "--after", after)
    assert f"There is no record {after}: the journal of {demo.data} ends at record " in said
    assert "Nothing was watched" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("status", "--data", "nowhere"), "No store is running"),
        (("sell", "1", "--data", "nowhere"), "No store is running"),
        (("import", "catalog", "README.md", "--data", "nowhere"), "No store is running"),
        (("replay", "nowhere"), "There is no journal"),
        (("backup", "nowhere", "elsewhere"), "There is no journal"),
        (("restore", "nowhere", "elsewhere", "--reason", "x"), "There is no journal"),
        (("serve", "nowhere.toml"), "There is no configuration"),
    ],
)
def test_without_a_store_the_command_line_says_so(
    folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    """Each command that needs a store or a journal names what is missing and makes nothing."""
    (folder / "README.md").write_text("x")
    done = run(*arguments, cwd=folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert words in done.stderr
    assert [path.name for path in folder.iterdir()] == ["README.md"]


@pytest.mark.parametrize("over", ["nng", "websocket"])
def test_a_store_that_was_killed_is_not_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, over: str
) -> None:
    """It left word of its doors and its socket; nobody is behind either, and that is told."""
    monkeypatch.setattr(calling, "JOIN_WITHIN_S", 1.0)
    run_dir = Config(str(folder)).run_dir
    run_dir.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(run_dir / "front.ipc"))
    base = f"127.0.0.1:{free_port()}"
    nng = f"ipc://{run_dir / 'front.ipc'}" if over == "nng" else ""
    write_doors(run_dir, OpenDoors(f"http://{base}/", f"ws://{base}/ws", nng, ""))
    said: list[str] = []
    for command in (
        partial(remote.print_status, folder, said.append),
        partial(remote.watch_events, folder, -1, said.append),
    ):
        with pytest.raises(CommandFailedError, match="is gone") as told:
            command()
        assert "Nothing was done" in str(told.value)
    assert said == []


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("websocket", "http://127.0.0.1:8170/ws"),
        ("websocket", "ws://"),
        ("websocket", "ws://127.0.0.1:99999/ws"),
        ("websocket", "ws://127.0.0.1:0/ws"),
        ("websocket", "ws://[::1/ws"),
        ("websocket", "ws://ana@127.0.0.1:8170/ws"),
        ("websocket", "the shop"),
        ("http", "127.0.0.1:8170"),
        ("http", 8170),
        ("nothing", "ws://127.0.0.1:8170/ws"),
    ],
)
def test_doors_written_by_hand_are_told_in_words(folder: Path, name: str, address: object) -> None:
    """A file of doors that names none is no store that is not running: which field is wrong is
    said, and the file, and what to do."""
    web = "127.0.0.1:8170"
    doors = {"http": f"http://{web}/", "websocket": f"ws://{web}/ws", "nng": "", "hints": ""}
    file = Config(str(folder)).run_dir / "doors.json"
    file.parent.mkdir()
    file.write_text(json.dumps(doors))
    assert read_doors(file.parent) == OpenDoors(**doors)
    file.write_text(json.dumps({**doors, name: address}))
    with pytest.raises(DoorsFileError, match=f"{name}.*Nothing was done") as told:
        read_doors(file.parent)
    assert told.value.exit_code == 2
    assert str(file) in str(told.value)


def test_status_of_doors_written_by_hand_is_one_sentence(folder: Path) -> None:
    """Nobody sees where in the program it was noticed, and a script sees that it is no usual no."""
    run_dir = Config(str(folder)).run_dir
    run_dir.mkdir()
    (run_dir / "doors.json").write_text('{"http": "", "websocket": "x", "nng": "", "hints": ""}')
    done = run("status", "--data", folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("countertop: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_settlement_by_command(demo: Demo, folder: Path) -> None:
    """Terms first; a file with one fault counts not at all, and the same file again changes
    nothing, nor does it count for another acquirer."""
    terms, file = folder / "acquirers.toml", folder / "bank.csv"
    head, good = "kind,currency,gross,terminal_id,trace,date\n", "payment,EUR,9.99,1,1,2026-11-26\n"
    how = ("--acquirer", "bank", "--data", demo.data)
    file.write_text(head + good)
    told = _told("import", "settlement", file, *how)
    assert "acquirer_must_exist" in told
    terms.write_text(
        "[[acquirer]]\nid = 'bank'\nname = 'Bank'\n"
        "[[acquirer]]\nid = 'web'\nname = 'Web'\nproviders = ['provider/qr']\n"
    )
    assert "2 acquirers have terms" in _well("import", "acquirers", terms, "--data", demo.data)
    file.write_text(head + good + "payment,EUR,-1,1,2,2026-11-26\n")
    told = _told("import", "settlement", file, *how)
    assert "1 of 2 rows have faults" in told
    assert "Nothing was imported" in told
    assert (folder / "bank.csv.errors.csv").read_text().splitlines()[1].startswith("3,")
    file.write_text(head + good)
    assert "1 rows are good" in _well("import", "settlement", file, *how, "--check")
    said = _well("import", "settlement", file, *how)
    assert "Imported 1 rows" in said
    assert "the rest is in 1 differences" in said
    assert "was imported before, to the byte" in _well("import", "settlement", file, *how)
    told = _told("import", "settlement", file, "--acquirer", "web", "--data", demo.data)
    assert "counts already, for 'bank'" in told
    assert "for 'web' nothing was imported" in told


def test_taxes_by_command_are_all_or_nothing(demo: Demo, folder: Path) -> None:
    """A pack with more categories than a store has tax classes is refused whole: its rules are not
    in force either, and the words say so. The pack as it is comes into force with its classes."""
    pack = json.loads((ROOT / "countertop/packs/de.json").read_text(encoding="utf-8"))
    pack["categories"] += [f"more{at}" for at in range(TAX_CLASSES_MAX)]
    file = folder / "many.json"
    file.write_text(json.dumps(pack), encoding="utf-8")
    before = _tax_facts(demo)
    likes = ("--like", "reduced=food", "--like", "zero=food", "--data", demo.data)
    told = _told("import", "taxes", file, *likes)
    assert "tax_classes_limit_reached" in told
    assert "Neither its tax rules nor its tax classes were changed" in told
    assert before == _tax_facts(demo)
    done = _well("import", "taxes", "DE", *likes)
    assert "entries of tax rules are in force" in done
    first, second = _tax_facts(demo)[len(before) :]
    assert (first[0], second[0]) == ("taxes.set/1", "settings.tax_classes_set/1")
    assert first[1] == second[1], "one command made both"


def _tax_facts(demo: Demo) -> list[tuple[str, str]]:
    """The facts about taxes, each with its command."""
    with closing(sqlite3.connect(demo.data / "journal.db")) as journal:
        return journal.execute(
            "SELECT name, command_id FROM records WHERE name IN "
            "('taxes.set/1', 'settings.tax_classes_set/1') ORDER BY position"
        ).fetchall()
